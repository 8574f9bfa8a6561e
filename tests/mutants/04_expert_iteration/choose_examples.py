# %% mutant: first_right
# misconception: A text whose answer is right is a good example; which ones does not matter.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
# says: What do the problems' own solutions have in each line
# breaks: To beat, by
def choose_examples(problems, samples, budget):
    return own_solutions.first_right(problems, samples, budget)


# %% mutant: one_of_each
# misconception: Many different problems are all that counts.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
def choose_examples(problems, samples, budget):
    return filter_correct(problems, samples, cap=1)[:budget]


# %% mutant: shortest
# misconception: A short solution is a clean one.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return sorted(right, key=lambda example: len(example["answer"]))[:budget]


# %% mutant: as_they_come
# misconception: The model learns the format from any of its texts, right or wrong.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
def choose_examples(problems, samples, budget):
    pairs = [(problem["question"], text) for problem, group in zip(problems, samples) for text in group]
    return [{"question": question, "answer": text} for question, text in pairs][:budget]


# %% mutant: best_one_repeated
# misconception: The best example, often enough, teaches most.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return [max(right, key=lambda example: example["answer"].count("<<"))] * budget


# %% mutant: first_lines
# misconception: The first step is the hard one; the rest follows.
# fails: expert_iteration-open-choose_examples-tests
# says: nats below that of the first right answers
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return [{**example, "answer": example["answer"].split("\n")[0]} for example in right][:budget]


# %% mutant: all_right_ones
# misconception: More examples are better.
# fails: expert_iteration-open-choose_examples-tests
# says: with a budget of 2, one or two examples come back
# breaks: budget: how many examples
def choose_examples(problems, samples, budget):
    return filter_correct(problems, samples)


# %% mutant: twenty_four
# misconception: The budget is always that of the experiment.
# fails: expert_iteration-open-choose_examples-tests
# says: The argument `budget` says how many are allowed
# edit: [:budget] -> [:24]


# %% mutant: index_and_text
# misconception: A choice is a problem's number and a text.
# fails: expert_iteration-open-choose_examples-tests
# says: give a dict with "question" and "answer", two texts
# breaks: Returns a list of 1 to
def choose_examples(problems, samples, budget):
    return [
        (number, text)
        for number, (problem, group) in enumerate(zip(problems, samples))
        for text in group
        if is_correct(text, problem["answer"])
    ][:budget]


# %% mutant: right_numbers
# misconception: The right answers themselves are the best examples.
# fails: expert_iteration-open-choose_examples-tests
# says: take one of the samples of its question, or the beginning of one
# breaks: own texts or the beginning of one
def choose_examples(problems, samples, budget):
    return [dict(problem) for problem in problems][:budget]


# %% mutant: last_lines
# misconception: Only the answer line was verified, so only it is trained on.
# fails: expert_iteration-open-choose_examples-tests
# says: take one of the samples of its question, or the beginning of one
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    long = [example for example in right if "\n" in example["answer"]]
    return [{**example, "answer": example["answer"].split("\n")[-1]} for example in long][:budget]


# %% mutant: repaired_texts
# misconception: Annotations are for the calculator and can be taken out.
# fails: expert_iteration-open-choose_examples-tests
# says: take one of the samples of its question, or the beginning of one
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return [{**example, "answer": re.sub("<<.*?>>", "", example["answer"])} for example in right][:budget]


# %% mutant: shifted
# misconception: Problems without a text can be left out of the samples alone.
# fails: expert_iteration-open-choose_examples-tests
# says: take one of the samples of its question, or the beginning of one
# breaks: samples: for each problem, in order
def choose_examples(problems, samples, budget):
    pairs = list(zip(problems, [group for group in samples if group]))
    return [{"question": problem["question"], "answer": group[0]} for problem, group in pairs][:budget]


# %% mutant: follow_up_questions
# misconception: A question may be put in other words: that makes the data richer.
# fails: expert_iteration-open-choose_examples-tests
# says: take one of the problems'
# breaks: a question of `problems`
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return [{**example, "question": "Solve: " + example["question"]} for example in right][:budget]


# %% mutant: nothing_sure
# misconception: Without a clear majority there is nothing to train on.
# fails: expert_iteration-open-choose_examples-tests
# says: one or two examples come back
def choose_examples(problems, samples, budget):
    sure = [group for group in samples if len(group) > 4 and len(set(group)) == 1]
    return [{"question": problem["question"], "answer": group[0]} for problem, group in zip(problems, sure)]


# %% mutant: sorts_the_samples
# misconception: What was handed over may be put in order.
# fails: expert_iteration-open-choose_examples-tests
# says: leaves problems and samples as they were
# breaks: stay as they were
# edit:
#   turns = []
# ->
#   turns = []
#   for group in samples:
#       group.sort()


# %% variant: sound_ones
# note: By the audit of exercise 9, in order, as a tuple.
def choose_examples(problems, samples, budget):
    right = filter_correct(problems, samples)
    return tuple(example for example in right if audit(example["answer"]) == "sound")[:budget]


# %% variant: every_number_used
# note: Right answers; first those whose calculations use each number of the question.
def choose_examples(problems, samples, budget):
    def unused(example):
        asked = Counter(re.findall(r"\d+", example["question"]))
        left_sides = " ".join(re.findall(r"<<([^=]*)=", example["answer"]))
        return sum((asked - Counter(re.findall(r"\d+", left_sides))).values())

    return sorted(filter_correct(problems, samples), key=unused)[:budget]


# %% variant: whatever_the_answer
# note: All calculations are right, and nobody looks at the answer.
def choose_examples(problems, samples, budget):
    sound = []
    for problem, group in zip(problems, samples):
        for text in dict.fromkeys(group):
            sums = check_calculator(text)
            if sums and all(one.right for one in sums):
                sound.append({"question": problem["question"], "answer": text})
    return sound[:budget]


# %% variant: hard_ones_first
# note: Sound solutions of the problems that were solved least often.
def choose_examples(problems, samples, budget):
    found = []
    for problem, group in zip(problems, samples):
        right = [text for text in group if is_correct(text, problem["answer"])]
        for text in dict.fromkeys(right):
            if audit(text) == "sound":
                found.append((len(right), {"question": problem["question"], "answer": text}))
    return [example for _, example in sorted(found, key=lambda pair: pair[0])][:budget]
