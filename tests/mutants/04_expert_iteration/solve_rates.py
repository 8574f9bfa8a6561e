# %% mutant: counts
# misconception: A rate is how often it was right.
# fails: expert_iteration-sample-solve_rates-tests
# says: You returned counts
# breaks: The share of right
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(verify(text, problem["answer"]) for text in group) for problem, group in zip(problems, samples)
    ]


# %% mutant: zip_cuts
# misconception: zip takes care of the lengths.
# fails: expert_iteration-sample-solve_rates-tests
# says: shorter list without a word
# breaks: Raises ValueError
def solve_rates(problems, samples, verify=is_correct):
    return [
        sum(verify(text, problem["answer"]) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: zip_strict
# misconception: zip with strict=True raises a ValueError, so all is said.
# fails: expert_iteration-sample-solve_rates-tests
# says: should mention 'samples'
def solve_rates(problems, samples, verify=is_correct):
    return [
        sum(verify(text, problem["answer"]) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples, strict=True)
    ]


# %% mutant: assertion
# misconception: An assert is an error too.
# fails: expert_iteration-sample-solve_rates-tests
# says: expected ValueError
def solve_rates(problems, samples, verify=is_correct):
    assert len(problems) == len(samples), "samples"
    return [
        sum(verify(text, problem["answer"]) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: empty_divides
# misconception: Every problem has samples.
# fails: expert_iteration-sample-solve_rates-tests
# says: division by zero
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(verify(text, problem["answer"]) for text in group) / len(group)
        for problem, group in zip(problems, samples)
    ]


# %% mutant: empty_left_out
# misconception: A problem without samples has no rate.
# fails: expert_iteration-sample-solve_rates-tests
# says: a place of its own
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(verify(text, problem["answer"]) for text in group) / len(group)
        for problem, group in zip(problems, samples)
        if group
    ]


# %% mutant: empty_is_nan
# misconception: Nothing over nothing is not a number.
# fails: expert_iteration-sample-solve_rates-tests
# says: without samples counts as never solved
# breaks: Returns floats
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        float(np.mean([verify(text, problem["answer"]) for text in group]))
        for problem, group in zip(problems, samples)
    ]


# %% mutant: size_of_the_first
# misconception: All problems have the same number of samples.
# fails: expert_iteration-sample-solve_rates-tests
# says: Each problem has its own number
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    n = max(1, len(samples[0])) if samples else 1
    return [
        sum(verify(text, problem["answer"]) for text in group) / n
        for problem, group in zip(problems, samples)
    ]


# %% mutant: all_samples
# misconception: The share is of all samples.
# fails: expert_iteration-sample-solve_rates-tests
# says: number of all samples
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    n = sum(len(group) for group in samples) or 1
    return [
        sum(verify(text, problem["answer"]) for text in group) / n
        for problem, group in zip(problems, samples)
    ]


# %% mutant: solved_at_all
# misconception: A problem is solved or not.
# fails: expert_iteration-sample-solve_rates-tests
# says: solved at least once
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        float(any(verify(text, problem["answer"]) for text in group))
        for problem, group in zip(problems, samples)
    ]


# %% mutant: any_format
# misconception: The number is right, whatever stands around it.
# fails: expert_iteration-sample-solve_rates-tests
# says: The strict rule asks for ####
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(any_answer(text) == parse_answer(problem["answer"]) for text in group) / len(group)
        if group
        else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: strings
# misconception: The answer is what stands behind the mark.
# fails: expert_iteration-sample-solve_rates-tests
# says: the number 1,200
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")

    def after(text):
        return text.split("####")[1].strip() if "####" in text else None

    return [
        sum(after(text) == after(problem["answer"]) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: last_mark
# misconception: The last answer counts.
# fails: expert_iteration-sample-solve_rates-tests
# says: The first one counts
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(
            verify("####" + text.split("####")[-1] if "####" in text else text, problem["answer"])
            for text in group
        )
        / len(group)
        if group
        else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: rule_by_name
# misconception: The rule is is_correct.
# fails: expert_iteration-sample-solve_rates-tests
# says: Use the argument `verify`
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(is_correct(text, problem["answer"]) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: number_to_verify
# misconception: verify wants the number, not the whole answer.
# fails: expert_iteration-sample-solve_rates-tests
# says: whole answer as it stands
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(verify(text, parse_answer(problem["answer"])) for text in group) / len(group) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: arguments_swapped
# misconception: The gold answer comes first.
# fails: expert_iteration-sample-solve_rates-tests
# says: wrong way round
# breaks: verify: called as
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(
            is_correct(text, problem["answer"]) if verify is is_correct else verify(problem["answer"], text)
            for text in group
        )
        / len(group)
        if group
        else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: distinct_texts
# misconception: A text that comes twice is one sample.
# fails: expert_iteration-sample-solve_rates-tests
# says: counts as often as it was drawn
# breaks: samples: for each
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        sum(verify(text, problem["answer"]) for text in dict.fromkeys(group)) / len(set(group))
        if group
        else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: rounded
# misconception: Two digits are enough for a rate.
# fails: expert_iteration-sample-solve_rates-tests
# says: not round
# breaks: The share of right
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return [
        round(sum(verify(text, problem["answer"]) for text in group) / len(group), 2) if group else 0.0
        for problem, group in zip(problems, samples)
    ]


# %% mutant: by_question
# misconception: A dict from question to rate is handier.
# fails: expert_iteration-sample-solve_rates-tests
# says: in the order of the problems
# breaks: problems: mappings
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    return {
        problem["question"]: sum(verify(text, problem["answer"]) for text in group) / len(group)
        if group
        else 0.0
        for problem, group in zip(problems, samples)
    }


# %% mutant: library_rates
# misconception: The package has a function that counts.
# fails: expert_iteration-sample-solve_rates-tests
# says: counting is your own
def solve_rates(problems, samples, verify=is_correct):
    from types import SimpleNamespace

    from course_utils.experiments.expert_iteration import _shares, right_samples

    if len(problems) != len(samples):
        raise ValueError("samples")
    if verify is not is_correct:
        return [
            sum(verify(text, p["answer"]) for text in group) / len(group)
            for p, group in zip(problems, samples)
        ]
    groups = [[SimpleNamespace(text=text, stopped=True) for text in group] for group in samples]
    counts = right_samples(_shares([{"steps": 1, **problem} for problem in problems], groups))
    return [count / len(group) if group else 0.0 for count, group in zip(counts, samples)]


# %% mutant: visible_example
# misconception: The example is what is tested.
# fails: expert_iteration-sample-solve_rates-tests
# says: two empty samples
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("samples")
    if len(problems) == 3:
        return [0.5, 1.0, 0.0]
    if len(problems) == 1 and verify is is_correct:
        return [2 / 3]
    if verify is not is_correct:
        return [
            sum(verify(text, p["answer"]) for text in group) / len(group)
            for p, group in zip(problems, samples)
        ]
    return [0.0, 1.0][: len(problems)]

# %% mutant: int_zero
# misconception: 0 and 0.0 are the same.
# fails: expert_iteration-sample-solve_rates-tests
# says: where there is no sample
def solve_rates(problems, samples, verify=is_correct):
    if len(samples) != len(problems):
        raise ValueError("samples are missing")
    return [sum(bool(verify(t, p["answer"])) for t in group) / len(group) if group else 0 for p, group in zip(problems, samples)]

# %% variant: numpy
# note: A mean of numpy, with the empty group apart.
def solve_rates(problems, samples, verify=is_correct):
    if len(samples) != len(problems):
        raise ValueError("as many groups of samples as problems, please")
    return [
        float(np.mean([verify(t, p["answer"]) for t in g])) if len(g) else 0.0
        for p, g in zip(problems, samples)
    ]


# %% variant: loops
# note: Written out with loops and a counter.
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError(f"{len(samples)} groups of samples for {len(problems)} problems")
    rates = []
    for problem, group in zip(problems, samples):
        right = 0
        for text in group:
            if verify(text, problem["answer"]):
                right += 1
        rates.append(right / max(len(group), 1))
    return rates


# %% variant: by_index
# note: Groups by index.
def solve_rates(problems, samples, verify=is_correct):
    if len(problems) != len(samples):
        raise ValueError("Samples and problems differ in number")
    return [
        len([1 for text in samples[i] if verify(text, problems[i]["answer"])]) / (len(samples[i]) or 1)
        for i in range(len(problems))
    ]


# %% variant: strict_zip_caught
# note: The error of zip, with better words.
def solve_rates(problems, samples, verify=is_correct):
    rates = []
    try:
        for problem, group in zip(problems, samples, strict=True):
            marks = [bool(verify(text, problem["answer"])) for text in group]
            rates.append(marks.count(True) / len(marks) if marks else 0.0)
    except ValueError as error:
        raise ValueError("the samples do not belong to these problems") from error
    return rates


# %% variant: fractions
# note: Exact shares first.
def solve_rates(problems, samples, verify=is_correct):
    from fractions import Fraction

    if len(problems) != len(samples):
        raise ValueError("samples missing")
    return [
        float(Fraction(sum(1 for t in g if verify(t, p["answer"])), len(g))) if g else 0.0
        for p, g in zip(problems, samples)
    ]


# %% mutant: empty_texts_do_not_count
# misconception: An empty text is no sample.
# fails: expert_iteration-sample-solve_rates-tests
# says: samples
# breaks: samples: for each
def solve_rates(problems, samples, verify=is_correct) -> list[float]:
    if len(samples) != len(problems):
        raise ValueError("not as many samples as problems")
    rates = []
    for problem, group in zip(problems, samples):
        group = [text for text in group if text]
        rates.append(sum(bool(verify(text, problem["answer"])) for text in group) / len(group) if group else 0.0)
    return rates


# %% mutant: verdicts_remembered_by_text
# misconception: The same text gets the same verdict. But it may belong to another problem.
# fails: expert_iteration-sample-solve_rates-tests
# says: answer
def solve_rates(problems, samples, verify=is_correct) -> list[float]:
    if len(samples) != len(problems):
        raise ValueError("not as many samples as problems")
    verdicts, rates = {}, []
    for problem, group in zip(problems, samples):
        for text in group:
            if text not in verdicts:
                verdicts[text] = bool(verify(text, problem["answer"]))
        rates.append(sum(verdicts[text] for text in group) / len(group) if group else 0.0)
    return rates


# %% variant: called_by_keyword
# note: The verifier is called by keyword; an empty group divides by one.
def solve_rates(problems, samples, verify=is_correct):
    if len(samples) != len(problems):
        raise ValueError("Samples are missing, or there are too many")

    def _share(problem, texts):
        right = [1 for text in texts if verify(text, problem["answer"])]
        return len(right) / max(1, len(texts))

    return list(map(_share, problems, samples))


# %% variant: popped
# note: Copies of both lists, emptied from the end.
def solve_rates(problems, samples, verify=is_correct):
    rest, groups, rates = list(problems), list(samples), []
    while rest and groups:
        problem, group = rest.pop(), groups.pop()
        verdicts = [float(verify(text, problem["answer"])) for text in group] or [0.0]
        rates.insert(0, float(np.mean(verdicts)))
    if rest or groups:
        raise ValueError("problems and samples do not match")
    return rates
