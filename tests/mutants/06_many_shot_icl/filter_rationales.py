# %% mutant: no_limit
# misconception: All good ones are kept.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Everything was kept that ends right
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good]
    return kept


# %% mutant: limit_over_all
# misconception: limit counts the whole list.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: limit holds for each problem
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept[:limit]


# %% mutant: copies_kept
# misconception: A copy is a demonstration too.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The same text is there twice
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: copies_and_no_limit
# misconception: Right answers are kept, and that is all.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: A copy was kept, and more than `limit`
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            good.append(whole)
        kept += [(text, whole) for whole in good]
    return kept


# %% mutant: limit_before_the_filter
# misconception: At most limit samples are looked at.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: limit counts what was kept, not what was drawn
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions[:limit]:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: limit_of_one
# misconception: One for each problem.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: limit was not used
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:1]]
    return kept


# %% mutant: one_too_many
# misconception: Up to and including limit.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Everything was kept that ends right
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[: limit + 1]]
    return kept


# %% mutant: answers_without_rationale
# misconception: A right answer is a right answer.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: 'so kip' is an answer without a rationale
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: last_word_is_the_answer
# misconception: The answer is the last word.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# breaks: end in the right answer
# says: The last word alone is a guess
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if words[-1:] == [label] and words[0] != "so" and completion not in good:
                good.append(completion)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: nothing_filtered
# misconception: The model's samples are the demonstrations.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Nothing was filtered
def filter_rationales(problems, samples, limit=1):
    return [(text, whole) for (text, _), completions in zip(problems, samples) for whole in completions[:limit]]


# %% mutant: last_good_ones
# misconception: The last ones are the best.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The last good sample was kept
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[-limit:]]
    return kept


# %% mutant: shortest_first
# misconception: The shortest rationale is the clearest.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: or the shortest
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in sorted(good, key=len)[:limit]]
    return kept


# %% mutant: copies_removed_by_a_set
# misconception: A set has no copies; sorted puts it into an order.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: in their order
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in sorted(good, reverse=True)[:limit]]
    return kept


# %% mutant: label_left_out
# misconception: The label is added by build_prompt.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The label was left out
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 1])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: rationale_alone
# misconception: A rationale is what stands before so.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: `so` and the label were left out
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[:place])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: three_columns
# misconception: Input, rationale and label are three things.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The label stands in the text already
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole, label) for whole in good[:limit]]
    return kept


# %% mutant: lists
# misconception: A pair is a list of two.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: These are lists
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [[text, whole] for whole in good[:limit]]
    return kept


# %% mutant: texts_alone
# misconception: The demonstration is its text.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The inputs are missing
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [whole for whole in good[:limit]]
    return kept


# %% mutant: grouped
# misconception: One list for each problem.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: one flat list
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept.append([(text, whole) for whole in good[:limit]])
    return kept


# %% mutant: input_repeated_in_the_text
# misconception: A demonstration shows the input and its rationale.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The input stands in the text as well
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join([text, *words[: place + 2]])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: nothing_cut
# misconception: The completion is kept as it was written.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The model went on with another problem
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words)
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: completion_as_it_was
# misconception: The completion is kept as it was written, if it ends right.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Join the words by single spaces
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            line = completion.split("\n")[0]
            before, _, after = line.partition("so")
            if before.strip() and after.strip() == label and line not in good:
                good.append(line)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: first_line_only
# misconception: The first line is the completion; what comes after the answer on it stays.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Cut off what comes after the answer
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split("\n")[0].split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words)
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: last_so
# misconception: The last so brings the answer.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: The first `so` counts
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = len(words) - 1 - words[::-1].index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: any_so
# misconception: One of the answers is right.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: this answer is kip
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            for place in range(1, len(words) - 1):
                if words[place : place + 2] == ["so", label]:
                    whole = " ".join(words[: place + 2])
                    if whole not in good:
                        good.append(whole)
                    break
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: answer_begins_with_label
# misconception: startswith finds the label.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: zorro is another word than zor
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or not " ".join(words[place + 1 :]).startswith(label):
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: label_anywhere
# misconception: The label stands in the completion.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: this answer is kip
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or label not in completion:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: index_out_of_range
# misconception: After so there is always a word.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: IndexError
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1] != label:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: so_inside_a_word
# misconception: partition finds so.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: `also` is another word than `so`
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            before, so, after = " ".join(completion.split()).partition("so ")
            if so and before.strip() and after.split()[:1] == [label]:
                whole = f"{before}so {label}"
                if whole not in good:
                    good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: wrong_ones_kept
# misconception: The condition is turned round.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: These end in the wrong answer
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] == [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: copies_over_all_problems
# misconception: The same rationale is kept once in the whole list.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# breaks: without copies of
# says: two problems with the same rationale
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept, seen = [], set()
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in seen:
                seen.add(whole)
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: lengths_not_compared
# misconception: zip takes care of it.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: three problems and one list of samples
def filter_rationales(problems, samples, limit=1):
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: rationales_added
# misconception: The right label is put behind a wrong answer: the rationale is kept.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: came to another answer
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        for completion in completions:
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or False:
                continue
            whole = " ".join([*words[: place + 1], label])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: samples_popped
# misconception: pop takes the samples one by one.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# breaks: the completions that were drawn
# says: leaves its arguments as they were
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("one list of samples for each problem")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = []
        while completions:
            completion = completions.pop(0)
            words = completion.split()
            if "so" not in words:
                continue
            place = words.index("so")
            if place == 0 or words[place + 1 : place + 2] != [label]:
                continue
            whole = " ".join(words[: place + 2])
            if whole not in good:
                good.append(whole)
        kept += [(text, whole) for whole in good[:limit]]
    return kept


# %% mutant: hard_coded
# misconception: The example is the task.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: at most two each
def filter_rationales(problems, samples, limit=1):
    return [("0 1", "even odd so zor"), ("0 0", "even even so kip")]


# %% mutant: copies_before_cutting
# misconception: Copies are looked for among the raw completions: two that differ in spaces, or behind the answer, are the same demonstration.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: same
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    out = []
    for (text, label), completions in zip(problems, samples):
        kept = []
        for completion in dict.fromkeys(completions):
            words = completion.split()
            if "so" in words[:-1]:
                place = words.index("so")
                if place > 0 and words[place + 1] == label:
                    kept.append((text, " ".join(words[: place + 2])))
        out += kept[:limit]
    return out


# %% mutant: neighbours_only
# misconception: A copy is compared with the one kept last.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: copy
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    out = []
    for (text, label), completions in zip(problems, samples):
        kept = []
        for completion in completions:
            words = completion.split()
            if "so" in words[:-1]:
                place = words.index("so")
                pair = (text, " ".join(words[: place + 2]))
                if place > 0 and words[place + 1] == label and (not kept or kept[-1] != pair):
                    kept.append(pair)
        out += kept[:limit]
    return out


# %% mutant: punctuation_is_stripped
# misconception: "zor." is zor: punctuation is taken off the answer.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: whole words
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    out = []
    for (text, label), completions in zip(problems, samples):
        kept = []
        for completion in completions:
            words = [word.strip(".,;:!") for word in completion.split()]
            if "so" in words[:-1]:
                place = words.index("so")
                pair = (text, " ".join(words[: place + 2]))
                if place > 0 and words[place + 1] == label and pair not in kept and len(kept) < limit:
                    kept.append(pair)
        out += kept
    return out


# %% mutant: upper_and_lower_case
# misconception: Completions are made lower case first.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# breaks: letter by letter
# says: words
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError("lengths")
    out = []
    for (text, label), completions in zip(problems, samples):
        kept = []
        for completion in completions:
            words = completion.lower().split()
            if "so" in words[:-1]:
                place = words.index("so")
                pair = (text, " ".join(words[: place + 2]))
                if place > 0 and words[place + 1] == label.lower() and pair not in kept and len(kept) < limit:
                    kept.append(pair)
        out += kept
    return out


# %% mutant: only_fewer_lists_refused
# misconception: A list too many does no harm: zip drops it.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: More of either is an error
# breaks: unless there is one
# edit: if len(problems) != len(samples): -> if len(problems) > len(samples):


# %% mutant: limit_of_zero_is_none
# misconception: "limit or None" takes all if there is no limit.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: At most 0 is none
# edit: good[:limit] -> good[: limit or None]


# %% mutant: input_tidied
# misconception: The input is joined by single spaces, too.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: kept[0][0]
# breaks: problems: (input, right label)
# edit: kept += [(text, whole) for whole in good[:limit]] -> kept += [(" ".join(text.split()), whole) for whole in good[:limit]]


# %% mutant: same_pair_once_in_all
# misconception: The same pair twice in the list is a copy.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: Look for copies within a problem
# edit: return kept -> return list(dict.fromkeys(kept))


# %% mutant: split_at_single_spaces
# misconception: Words are separated by spaces.
# fails: many_shot_icl-reinforced-filter_rationales-tests
# says: completion
# edit: words = completion.split() -> words = [word for word in completion.split(" ") if word]


# %% variant: dict_without_copies
# note: dict.fromkeys keeps the first of equals.
def filter_rationales(problems, samples, limit=1):
    if len(problems) != len(samples):
        raise ValueError(f"{len(problems)} and {len(samples)}")
    kept = []
    for (text, label), completions in zip(problems, samples):
        good = {}
        for words in map(str.split, completions):
            place = words.index(THEREFORE) if THEREFORE in words else -1
            if place >= 1 and len(words) > place + 1 and words[place + 1] == label:
                good[" ".join(words[:place] + [THEREFORE, label])] = None
        kept.extend((text, whole) for whole in list(good)[:limit])
    return kept


# %% variant: padded_partition
# note: Single spaces on both sides, then partition.
def end_of(completion, label):
    before, so, after = f" {' '.join(completion.split())} ".partition(" so ")
    if not so or not before.strip() or not after.startswith(label + " "):
        return None
    return f"{before.strip()} so {label}"


def filter_rationales(problems, samples, limit=1):
    if len(samples) - len(problems):
        raise ValueError("as many lists as problems")
    kept = []
    for (text, label), completions in zip(problems, samples):
        ends = [end_of(completion, label) for completion in completions]
        ends = [e for i, e in enumerate(ends) if e is not None and e not in ends[:i]]
        kept += [(text, e) for e in ends[:limit]]
    return kept


# %% variant: regular_expression
# note: A pattern that reads words up to the first so.
def filter_rationales(problems, samples, limit=1):
    import re

    if len(problems) != len(samples):
        raise ValueError("lengths")
    pattern = re.compile(r"\s*((?:(?!so\s)\S+\s+)+)so\s+(\S+)(?:\s|$)")
    kept = []
    for (text, label), completions in zip(problems, samples):
        count, seen = 0, set()
        for completion in completions:
            match = pattern.match(completion)
            if match is None or match[2] != label or count == limit:
                continue
            whole = " ".join(match[1].split()) + " so " + label
            if whole not in seen:
                seen.add(whole)
                count += 1
                kept.append((text, whole))
    return kept


# %% variant: stops_at_the_limit
# note: A loop that ends when enough are found.
def filter_rationales(problems, samples, limit=1):
    kept = []
    for (text, label), completions in zip(problems, samples, strict=True):
        mine = []
        for completion in completions:
            if len(mine) == limit:
                break
            rationale, words = [], completion.split()
            while words and words[0] != THEREFORE:
                rationale.append(words.pop(0))
            if rationale and len(words) >= 2 and words[1] == label:
                demonstration = (text, " ".join(rationale + words[:2]))
                if demonstration not in mine:
                    mine.append(demonstration)
        kept += mine
    return kept


# %% variant: generator_of_pairs
# note: A generator with takewhile and islice, in a helper with a test's name.
def _filtered(label, completions):
    seen = set()
    for words in map(str.split, completions):
        if THEREFORE not in words:
            continue
        at = words.index(THEREFORE)
        text = " ".join([*words[:at], THEREFORE, label])
        if at and words[at + 1 :][:1] == [label] and text not in seen:
            seen.add(text)
            yield text


def filter_rationales(problems, samples, limit=1):
    from itertools import islice

    if len(samples) != len(problems):
        raise ValueError("one list for each problem")
    pairs = zip(problems, samples)
    return [(text, whole) for (text, label), group in pairs for whole in islice(_filtered(label, group), limit)]


# %% variant: indices_and_while
# note: Indices everywhere, a dictionary for each problem.
def filter_rationales(problems, samples, limit=1):
    if not len(problems) == len(samples):
        raise ValueError(str(len(samples)))
    out = []
    for i in range(len(problems)):
        found = {}
        for completion in samples[i]:
            words, j = completion.split(), 0
            while j < len(words) and words[j] != "so":
                j += 1
            if 0 < j < len(words) - 1 and words[j + 1] == problems[i][1]:
                found.setdefault(" ".join(words[: j + 2]), len(found))
        out.extend((problems[i][0], text) for text, place in found.items() if place < limit)
    return out
