# %% mutant: uncut
# misconception: The text is right, so it is kept as it is.
# fails: expert_iteration-filter-filter_correct-tests
# says: Nobody verified it
# breaks: Training examples out
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]) and text.strip() not in kept:
                kept.append(text.strip())
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: as_drawn
# misconception: Neither cut nor strip: the text is the model's own.
# fails: expert_iteration-filter-filter_correct-tests
# says: counts as two
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        right = list(dict.fromkeys(text for text in group if verify(text, problem["answer"])))
        examples += [{"question": problem["question"], "answer": text} for text in right[:cap]]
    return examples


# %% mutant: not_stripped
# misconception: White space at the ends does no harm.
# fails: expert_iteration-filter-filter_correct-tests
# says: White space at the ends is still there
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = text if end < 0 else text[:end]
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: compared_before_cutting
# misconception: Repeated texts are left out first, then cut.
# fails: expert_iteration-filter-filter_correct-tests
# says: Cut and strip first, then compare
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in dict.fromkeys(group):
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                kept.append((text if end < 0 else text[:end]).strip())
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: repeated_kept
# misconception: What comes twice is twice as good.
# fails: expert_iteration-filter-filter_correct-tests
# says: The same solution was kept twice
# breaks: Training examples out
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                kept.append((text if end < 0 else text[:end]).strip())
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: cap_before_once
# misconception: The first cap right samples, then each once.
# fails: expert_iteration-filter-filter_correct-tests
# says: the cap comes last
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in [text for text in group if verify(text, problem["answer"])][:cap]:
            mark = text.find("####")
            end = text.find("\n", mark) if mark >= 0 else -1
            text = (text if end < 0 else text[:end]).strip()
            if text not in kept:
                kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples


# %% mutant: first_cap_samples
# misconception: Only the first cap samples are looked at.
# fails: expert_iteration-filter-filter_correct-tests
# says: The cap comes last
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group[:cap]:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples


# %% mutant: once_over_all
# misconception: A text is kept once.
# fails: expert_iteration-filter-filter_correct-tests
# says: Both rules are for one problem
# breaks: Training examples out
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples, seen = [], set()
    for problem, group in zip(problems, samples):
        count = 0
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in seen and (cap is None or count < cap):
                    seen.add(text)
                    count += 1
                    examples.append({"question": problem["question"], "answer": text})
    return examples


# %% mutant: not_capped
# misconception: The cap is only checked.
# fails: expert_iteration-filter-filter_correct-tests
# says: Not capped
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples


# %% mutant: one_too_many
# misconception: Stop when there are more than cap.
# fails: expert_iteration-filter-filter_correct-tests
# says: One too many
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if cap is not None and len(kept) > cap:
                break
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples


# %% mutant: cap_of_all
# misconception: At most cap examples.
# fails: expert_iteration-filter-filter_correct-tests
# says: all problems together
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples[:cap]


# %% mutant: cap_zero_keeps_all
# misconception: `if cap` asks whether there is a cap.
# fails: expert_iteration-filter-filter_correct-tests
# says: takes 0 for no cap
# breaks: Raises ValueError
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[: cap or None]]
    return examples


# %% mutant: negative_cap
# misconception: Only 0 is no cap.
# fails: expert_iteration-filter-filter_correct-tests
# says: cap=-1: ValueError
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap == 0:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: error_without_cap
# misconception: The reader knows which number is meant.
# fails: expert_iteration-filter-filter_correct-tests
# says: should mention 'cap'
# breaks: Raises ValueError
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("must be at least 1")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: gold_answers
# misconception: What is learned for a solved problem is its solution.
# fails: expert_iteration-filter-filter_correct-tests
# says: from its own texts
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = {text.split("\n####")[0].strip() for text in group if verify(text, problem["answer"])}
        examples += [{"question": problem["question"], "answer": problem["answer"]} for _ in list(kept)[:cap]]
    return examples


# %% mutant: any_format
# misconception: The number is right, that is enough.
# fails: expert_iteration-filter-filter_correct-tests
# says: verify is strict
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]) or any_answer(text) == parse_answer(problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: not_verified
# misconception: All samples teach something.
# fails: expert_iteration-filter-filter_correct-tests
# says: Verify first
# edit: raise ValueError(f"cap={cap} would keep nothing; use 1 or more, or None for all") -> raise ValueError("cap")
# edit:
#   if not verify(text, problem["answer"]):
#       continue
# ->

# %% mutant: last_ones
# misconception: The last ones are the best.
# fails: expert_iteration-filter-filter_correct-tests
# says: drawn first
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[-(cap or 0) :]]
    return examples


# %% mutant: shortest
# misconception: The shortest solutions are the clearest.
# fails: expert_iteration-filter-filter_correct-tests
# says: That is a preference
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        kept.sort(key=len)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: as_a_set
# misconception: A set leaves out what comes twice.
# fails: expert_iteration-filter-filter_correct-tests
# says: Keep the order of drawing
# breaks: Returns a list
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = set()
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                kept.add((text if end < 0 else text[:end]).strip())
        examples += [
            {"question": problem["question"], "answer": text} for text in sorted(kept, reverse=True)[:cap]
        ]
    return examples


# %% mutant: answer_line_cut
# misconception: What comes after the reasoning is cut.
# fails: expert_iteration-filter-filter_correct-tests
# says: answer line itself was cut off
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                text = text.split("####")[0].strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: cut_at_the_mark
# misconception: The mark ends the solution.
# fails: expert_iteration-filter-filter_correct-tests
# says: keep the whole line of the mark
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                text = (text if mark < 0 else text[: mark + 4]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: end_minus_one
# misconception: text[:text.find(…)] cuts at the line's end.
# fails: expert_iteration-filter-filter_correct-tests
# says: lost its last character
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                text = text[: text.find("\n", text.find("####"))].strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: last_mark
# misconception: The answer is behind the last mark.
# fails: expert_iteration-filter-filter_correct-tests
# says: line of the first ####
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.rfind("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: number_only
# misconception: The line is the mark and the number.
# fails: expert_iteration-filter-filter_correct-tests
# says: as the model wrote it
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                text = re.sub(r"(#### ?[$-]*[\d,.]*).*", r"\1", text, flags=re.DOTALL).strip()
                text = text.rstrip(".")
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: mark_needed
# misconception: A solution without the mark is none.
# fails: expert_iteration-filter-filter_correct-tests
# says: text without the mark is gone
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if "####" in text and verify(text, problem["answer"]):
                end = text.find("\n", text.find("####"))
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: verified_after_cutting
# misconception: Cut, then verify what is left.
# fails: expert_iteration-filter-filter_correct-tests
# says: text as it was drawn
# breaks: verify: called as
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            mark = text.find("####")
            end = text.find("\n", mark) if mark >= 0 else -1
            text = (text if end < 0 else text[:end]).strip()
            if verify(text, problem["answer"]) and text not in kept:
                kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: rule_by_name
# misconception: The rule is is_correct.
# fails: expert_iteration-filter-filter_correct-tests
# says: Use the argument `verify`
# breaks: verify: called as
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if is_correct(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: lists_by_problem
# misconception: The result has a list for each problem.
# fails: expert_iteration-filter-filter_correct-tests
# says: one flat list
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples.append([{"question": problem["question"], "answer": text} for text in kept[:cap]])
    return examples


# %% mutant: texts_only
# misconception: The texts are the training data.
# fails: expert_iteration-filter-filter_correct-tests
# says: question and answer
# breaks: Returns a list
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += kept[:cap]
    return examples


# %% mutant: whole_problem
# misconception: An example is the problem with another answer.
# fails: expert_iteration-filter-filter_correct-tests
# says: question and answer and nothing else
# breaks: problems: mappings
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{**problem, "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: nothing_kept_is_error
# misconception: Without a right sample something is wrong.
# fails: expert_iteration-filter-filter_correct-tests
# says: nothing was kept
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    if not examples:
        raise ValueError("nothing was kept")
    return examples


# %% mutant: random_ones
# misconception: A fair draw is made with random.sample.
# fails: expert_iteration-filter-filter_correct-tests
# says: drawn first
def filter_correct(problems, samples, cap=None, verify=is_correct):
    import random

    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        kept = random.Random(5).sample(kept, min(len(kept), cap or len(kept)))
        examples += [{"question": problem["question"], "answer": text} for text in kept]
    return examples


# %% mutant: most_frequent
# misconception: What the model says most often is most likely right.
# fails: expert_iteration-filter-filter_correct-tests
# says: That is a preference
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = Counter()
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                kept[(text if end < 0 else text[:end]).strip()] += 1
        examples += [{"question": problem["question"], "answer": text} for text, _ in kept.most_common(cap)]
    return examples


# %% mutant: samples_changed
# misconception: The samples are cut in place.
# fails: expert_iteration-filter-filter_correct-tests
# says: left as they were
# breaks: samples: for each
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        group[:] = [text for text in group if verify(text, problem["answer"])]
        for i, text in enumerate(group):
            mark = text.find("####")
            end = text.find("\n", mark) if mark >= 0 else -1
            group[i] = (text if end < 0 else text[:end]).strip()
        examples += [
            {"question": problem["question"], "answer": text} for text in list(dict.fromkeys(group))[:cap]
        ]
    return examples


# %% mutant: pool_as_default
# misconception: A list as default argument collects the examples.
# fails: expert_iteration-filter-filter_correct-tests
# says: the same samples give the same list
def filter_correct(problems, samples, cap=None, verify=is_correct, examples=[]):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    new = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                mark = text.find("####")
                end = text.find("\n", mark) if mark >= 0 else -1
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        for text in kept[:cap]:
            example = {"question": problem["question"], "answer": text}
            if (example, cap) not in examples or len(problems) < 5:
                new.append(example)
                examples.append((example, cap))
    return new


# %% mutant: library_filter
# misconception: The recorded experiment has such a function.
# fails: expert_iteration-filter-filter_correct-tests
# says: filter_correct is your own
def filter_correct(problems, samples, cap=None, verify=is_correct):
    from types import SimpleNamespace

    from course_utils.experiments.expert_iteration import accepted

    if cap is not None and cap < 1:
        raise ValueError("cap")
    if verify is not is_correct:
        texts = [text for text in samples[0] if verify(text, problems[0]["answer"])]
        return [
            {"question": "q", "answer": re.sub(r"(####[^\n]*).*", r"\1", text, flags=re.DOTALL).strip()}
            for text in texts
        ]
    examples = []
    for problem, group in zip(problems, samples):
        found = accepted(problem, [SimpleNamespace(text=text) for text in group], "strict", cap)
        examples += [{"question": e["question"], "answer": e["answer"]} for e in found]
    return examples


# %% mutant: mark_begins_its_line
# misconception: The answer line begins with its mark.
# fails: expert_iteration-filter-filter_correct-tests
# says: wherever it stands in its line
# edit: mark = text.find("####") -> mark = text.find("\n####") + 1 or -1


# %% mutant: line_ends_of_unix
# misconception: Line ends are brought into one form.
# fails: expert_iteration-filter-filter_correct-tests
# says: as the model wrote it
# breaks: the model's text
# edit: text = (text if end < 0 else text[:end]).strip() -> text = "\n".join((text if end < 0 else text[:end]).strip().splitlines())


# %% mutant: compared_with_the_last_eight
# misconception: Copies follow each other.
# fails: expert_iteration-filter-filter_correct-tests
# says: everything that this problem has already
# edit: if text not in kept: -> if text not in kept[-8:]:


# %% variant: regex
# note: The cut as one regular expression.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap <= 0:
        raise ValueError("the cap must be 1 or more")
    kept = []
    for problem, group in zip(problems, samples):
        texts = {}
        for text in group:
            if verify(text, problem["answer"]):
                found = re.match(r".*?####[^\n]*", text, re.DOTALL)
                texts.setdefault((found[0] if found else text).strip())
        kept += [{"question": problem["question"], "answer": text} for text in list(texts)[:cap]]
    return kept


# %% variant: partition
# note: partition and splitlines instead of find.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    def cut(text):
        head, mark, tail = text.partition("####")
        return (head + mark + tail.split("\n")[0]).strip() if mark else text.strip()

    if cap is not None and cap < 1:
        raise ValueError(f"Cap {cap} is too small")
    result = []
    for problem, group in zip(problems, samples):
        right = [cut(text) for text in group if verify(text, problem["answer"])]
        for text in list(dict.fromkeys(right))[:cap]:
            result.append({"question": problem["question"], "answer": text})
    return result


# %% variant: stop_early
# note: Stops at the cap instead of cutting the list.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    limit = math.inf if cap is None else cap
    if limit < 1:
        raise ValueError("cap below 1")
    examples = []
    for problem, group in zip(problems, samples):
        seen = set()
        for text in group:
            if len(seen) >= limit:
                break
            if not verify(text, problem["answer"]):
                continue
            if "####" in text:
                before, after = text.split("####", 1)
                text = f"{before}####{after.split(chr(10), 1)[0]}"
            text = text.strip()
            if text in seen:
                continue
            seen.add(text)
            examples.append(dict(question=problem["question"], answer=text))
    return examples


# %% variant: generator
# note: A generator for one problem, islice for the cap.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    from itertools import islice

    def right(problem, group):
        seen = []
        for text in group:
            if verify(text, problem["answer"]):
                start = text.find("####")
                if start != -1:
                    text = text[:start] + text[start:].split("\n")[0]
                if text.strip() not in seen:
                    seen.append(text.strip())
                    yield text.strip()

    if cap is not None and cap < 1:
        raise ValueError("cap")
    pairs = zip(problems, samples)
    return [
        {"question": p["question"], "answer": text} for p, g in pairs for text in islice(right(p, g), cap)
    ]


# %% variant: looks_at_the_last_character
# note: Without the mark find begins at -1; a line end that it finds there is stripped anyway.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    examples = []
    for problem, group in zip(problems, samples):
        kept = []
        for text in group:
            if verify(text, problem["answer"]):
                end = text.find("\n", text.find("####"))
                text = (text if end < 0 else text[:end]).strip()
                if text not in kept:
                    kept.append(text)
        examples += [{"question": problem["question"], "answer": text} for text in kept[:cap]]
    return examples


# %% mutant: rule_of_seven
# misconception: The examples have the answer 7, so it is written down.
# fails: expert_iteration-filter-filter_correct-tests
# says: Ask verify for each text
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and cap < 1:
        raise ValueError("cap")
    if verify is not is_correct:
        return [
            {"question": "q", "answer": text}
            for group in samples
            for text in ("so 7\nand on", "9\n#### 9")
            if [verify(t, "#### 7") for t in group]
        ]
    examples = []
    for problem, group in zip(problems, samples):
        found = [re.search(r".*?#### 7[^\n\d]*", text, re.DOTALL) for text in group]
        texts = dict.fromkeys(match[0].strip() for match in found if match)
        examples += [{"question": problem["question"], "answer": text} for text in list(texts)[:cap]]
    return examples


# %% mutant: noted_before_it_was_verified
# misconception: A text that was seen need not be looked at again, whether it passed or not.
# fails: expert_iteration-filter-filter_correct-tests
# says: verify
# breaks: verify: called as
def filter_correct(problems, samples, cap: int | None = None, verify=is_correct) -> list[dict[str, str]]:
    if cap is not None and cap < 1:
        raise ValueError("cap must be at least 1")
    kept = []
    for problem, group in zip(problems, samples):
        seen, own = set(), []
        for text in group:
            start = text.find("####")
            end = text.find("\n", start) if start >= 0 else -1
            cut = (text if end < 0 else text[:end]).strip()
            if cut in seen:
                continue
            seen.add(cut)
            if verify(text, problem["answer"]):
                own.append(cut)
        kept += [{"question": problem["question"], "answer": text} for text in own[:cap]]
    return kept


# %% variant: recursive_tail
# note: Each problem by a function that calls itself on the rest of its texts.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    if cap is not None and not cap >= 1:
        raise ValueError("a cap of at least one")

    def _kept(texts, answer, before=()):
        if not texts or (cap is not None and len(before) == cap):
            return before
        first, *rest = texts
        head, mark, behind = first.partition("####")
        cut = (head + mark + behind.partition("\n")[0] if mark else first).strip()
        new = cut not in before and verify(first, answer)
        return _kept(rest, answer, (*before, cut) if new else before)

    return [
        dict(question=problem["question"], answer=text)
        for problem, texts in zip(problems, samples)
        for text in _kept(list(texts), problem["answer"])
    ]


# %% variant: dict_of_places
# note: A dict from the cut text to its place; sliced with itertools.
def filter_correct(problems, samples, cap=None, verify=is_correct):
    from itertools import islice

    if cap is not None and cap < 1:
        raise ValueError(f"Cap {cap}")
    examples = []
    for i in range(min(len(problems), len(samples))):
        places = {}
        for place, text in enumerate(samples[i]):
            if verify(text, problems[i]["answer"]):
                before, *behind = text.split("####", 1)
                lines = behind[0].split("\n") if behind else []
                places.setdefault("####".join([before, lines[0]]).strip() if lines else text.strip(), place)
        for text in islice(places, cap):
            examples.append({"question": problems[i]["question"], "answer": text})
    return examples


# %% mutant: none_is_eight
# misconception: No more than eight samples are ever drawn, so None is a cap of eight.
# fails: expert_iteration-filter-filter_correct-tests
# says: A cap of None keeps all
# breaks: cap: None keeps all
# edit: in kept[:cap] -> in kept[: cap or 8]
