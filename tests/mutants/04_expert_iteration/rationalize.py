# %% mutant: all_asked
# misconception: More data is better, so all problems are asked again.
# fails: expert_iteration-hint-rationalize-tests
# says: Solved problems were asked again
# breaks: Training examples for
# edit: [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0] -> list(problems)

# %% mutant: without_hint
# misconception: Asking again is enough.
# fails: expert_iteration-hint-rationalize-tests
# says: hint is not in the question
# breaks: Training examples for
# edit: f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" -> problem["question"]

# %% mutant: whole_gold
# misconception: The hint is the gold answer.
# fails: expert_iteration-hint-rationalize-tests
# says: steps and all
# edit:
#   hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
# ->
#   hinted = [f"{problem['question']}\nAnswer: {problem['answer']}" for problem in unsolved]

# %% mutant: number_as_written
# misconception: The number behind the mark, as it stands.
# fails: expert_iteration-hint-rationalize-tests
# says: one spelling
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [
        f"{problem['question']}\nAnswer: {problem['answer'].split('####')[1].strip()}" for problem in unsolved
    ]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: one_by_one
# misconception: Each question is a call.
# fails: expert_iteration-hint-rationalize-tests
# says: takes all questions at once
# breaks: ask: a list
# edit: ask(hinted), -> [ask([question])[0] for question in hinted],

# %% mutant: some_wrong
# misconception: A problem with a wrong sample is not solved.
# fails: expert_iteration-hint-rationalize-tests
# says: none of its samples is right
def rationalize(problems, samples, ask, cap=None):
    unsolved = [
        problem
        for problem, group in zip(problems, samples)
        if any(not is_correct(text, problem["answer"]) for text in group)
    ]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: rate_below_one
# misconception: A problem is solved if all samples are right.
# fails: expert_iteration-hint-rationalize-tests
# says: Solved problems were asked again
# edit: if rate == 0 -> if rate < 1

# %% mutant: without_samples_left_out
# misconception: Without samples nothing is known.
# fails: expert_iteration-hint-rationalize-tests
# says: without samples is unsolved too
# breaks: samples: for each
def rationalize(problems, samples, ask, cap=None):
    unsolved = [
        problem
        for problem, group, rate in zip(problems, samples, solve_rates(problems, samples))
        if group and rate == 0
    ]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: any_format_solves
# misconception: The number was right, so it is solved.
# fails: expert_iteration-hint-rationalize-tests
# says: without the format does not solve
def rationalize(problems, samples, ask, cap=None):
    unsolved = [
        problem
        for problem, group in zip(problems, samples)
        if not any(any_answer(text) == parse_answer(problem["answer"]) for text in group)
    ]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: first_sample_only
# misconception: The first sample is the answer.
# fails: expert_iteration-hint-rationalize-tests
# says: whichever it is
def rationalize(problems, samples, ask, cap=None):
    unsolved = [
        problem
        for problem, group in zip(problems, samples)
        if not group or not is_correct(group[0], problem["answer"])
    ]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: hint_kept
# misconception: The question that was asked is the question that is learned.
# fails: expert_iteration-hint-rationalize-tests
# says: learns to need it
# breaks: Returns a list
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    asked = [{**problem, "question": question} for problem, question in zip(unsolved, hinted)]
    return filter_correct(asked, ask(hinted), cap)


# %% mutant: cap_forgotten
# misconception: There are few such problems, so no cap is needed.
# fails: expert_iteration-hint-rationalize-tests
# says: cap is not used
# edit: (hinted), cap -> (hinted)

# %% mutant: cap_of_one
# misconception: One rationalization of a problem is enough.
# fails: expert_iteration-hint-rationalize-tests
# says: up to cap of each
# edit: (hinted), cap -> (hinted), 1

# %% mutant: not_filtered
# misconception: With the answer in the prompt everything is right.
# fails: expert_iteration-hint-rationalize-tests
# says: Not filtered
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return [
        {"question": problem["question"], "answer": text}
        for problem, group in zip(unsolved, ask(hinted))
        for text in group[:cap]
    ]


# %% mutant: verified_not_cut
# misconception: Right texts are kept as they are.
# fails: expert_iteration-hint-rationalize-tests
# says: Not filtered
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return [
        {"question": problem["question"], "answer": text}
        for problem, group in zip(unsolved, ask(hinted))
        for text in [text for text in group if is_correct(text, problem["answer"])][:cap]
    ]


# %% mutant: solved_come_along
# misconception: All training examples in one list.
# fails: expert_iteration-hint-rationalize-tests
# says: Return only what the hint has brought
# edit: return [] -> return filter_correct(problems, samples, cap)
# edit: (unsolved, ask(hinted), cap) -> (problems, samples, cap) + filter_correct(unsolved, ask(hinted), cap)

# %% mutant: misaligned
# misconception: The new texts belong to the problems in their order.
# fails: expert_iteration-hint-rationalize-tests
# says: not beside their problems
# edit: unsolved, ask -> problems, ask

# %% mutant: asked_with_nothing
# misconception: An empty list is asked as well.
# fails: expert_iteration-hint-rationalize-tests
# says: ask was called with an empty list
# breaks: ask: a list
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: none_when_solved
# misconception: Nothing to do, nothing to return.
# fails: expert_iteration-hint-rationalize-tests
# says: expected a list
# edit: return [] -> return None

# %% mutant: error_when_solved
# misconception: Without unsolved problems it makes no sense.
# fails: expert_iteration-hint-rationalize-tests
# says: nothing is unsolved
# edit: return [] -> raise ValueError("nothing is unsolved")

# %% mutant: hint_before
# misconception: The hint is read first.
# fails: expert_iteration-hint-rationalize-tests
# says: below the question
# edit:
#   hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
# ->
#   hinted = [f"Answer: {parse_answer(problem['answer'])}\n{problem['question']}" for problem in unsolved]

# %% mutant: hint_behind
# misconception: A blank is as good as a line end.
# fails: expert_iteration-hint-rationalize-tests
# says: below the question
# edit:
#   hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
# ->
#   hinted = [f"{problem['question']} Answer: {parse_answer(problem['answer'])}" for problem in unsolved]

# %% mutant: chat_prompt_asked
# misconception: ask wants prompts.
# fails: expert_iteration-hint-rationalize-tests
# says: ask takes questions
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [
        chat_prompt(f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}", tokenizer)
        for problem in unsolved
    ]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: problems_asked
# misconception: ask wants problems.
# fails: expert_iteration-hint-rationalize-tests
# says: calls of ask
# breaks: ask: a list
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [
        {**problem, "question": f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}"}
        for problem in unsolved
    ]
    return filter_correct(unsolved, ask(hinted), cap)


# %% mutant: hint_into_problems
# misconception: The hint is written into the problems.
# fails: expert_iteration-hint-rationalize-tests
# says: left as they were
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    questions = [problem["question"] for problem in unsolved]
    for problem in unsolved:
        problem["question"] += f"\nAnswer: {parse_answer(problem['answer'])}"
    hinted = [problem["question"] for problem in unsolved]
    asked = [{**problem, "question": question} for problem, question in zip(unsolved, questions)]
    return filter_correct(asked, ask(hinted), cap)


# %% mutant: old_samples_too
# misconception: The old samples are filtered once more with the new ones.
# fails: expert_iteration-hint-rationalize-tests
# says: what the hint has brought
def rationalize(problems, samples, ask, cap=None):
    unsolved = [problem for problem, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    hinted = [f"{problem['question']}\nAnswer: {parse_answer(problem['answer'])}" for problem in unsolved]
    found = ask(hinted)
    old = [text for group in samples for text in group]
    return filter_correct(problems, [old for _ in problems], cap) + filter_correct(unsolved, found, cap)


# %% mutant: visible_example
# misconception: The example is the test.
# fails: expert_iteration-hint-rationalize-tests
# says: three problems with one question
def rationalize(problems, samples, ask, cap=None):
    if len(problems) < 3:
        return []
    ask(["pens?\nAnswer: 1200", "boxes?\nAnswer: 42"])
    return [{"question": "pens?", "answer": "a\n#### 1200"}, {"question": "pens?", "answer": "b\n#### 1200"}]

# %% mutant: nearly_unsolved
# misconception: A rate of nearly 0 is unsolved.
# fails: expert_iteration-hint-rationalize-tests
# says: 1 right sample of 25
def rationalize(problems, samples, ask, cap=None):
    unsolved = [p for p, rate in zip(problems, solve_rates(problems, samples)) if round(rate, 1) == 0]
    if not unsolved:
        return []
    texts = ask([f"{p['question']}\nAnswer: {parse_answer(p['answer'])}" for p in unsolved])
    return filter_correct(unsolved, texts, cap=cap)

# %% mutant: lenient_filter
# misconception: With the hint the number is right anyway.
# fails: expert_iteration-hint-rationalize-tests
# says: The strict rule
# edit: return filter_correct(unsolved, ask(hinted), cap) -> return filter_correct(unsolved, ask(hinted), cap, verify=is_last_number)


# %% mutant: four_at_most
# misconception: None needs a number in its place.
# fails: expert_iteration-hint-rationalize-tests
# says: Without a cap
# edit: ask(hinted), cap) -> ask(hinted), cap or 4)


# %% mutant: asked_in_pieces
# misconception: Sixteen at a time fit into memory.
# fails: expert_iteration-hint-rationalize-tests
# says: called once
# edit: ask(hinted) -> [texts for i in range(0, len(hinted), 16) for texts in ask(hinted[i : i + 16])]


# %% mutant: rounded_rate
# misconception: A rate below half a per cent is 0.
# fails: expert_iteration-hint-rationalize-tests
# says: a small rate is not 0
# edit: if rate == 0] -> if round(rate, 2) == 0]


# %% variant: by_hand
# note: Unsolved problems found without solve_rates.
def rationalize(problems, samples, ask, cap=None):
    unsolved = []
    for problem, group in zip(problems, samples):
        if not any(is_correct(text, problem["answer"]) for text in group):
            unsolved.append(problem)
    if len(unsolved) == 0:
        return []
    questions = [problem["question"] + "\nAnswer: " + parse_answer(problem["answer"]) for problem in unsolved]
    return filter_correct(unsolved, ask(questions), cap=cap)


# %% variant: rates_array
# note: Rates as an array.
def rationalize(problems, samples, ask, cap=None):
    places = np.flatnonzero(np.array(solve_rates(problems, samples)) == 0)
    if not places.size:
        return []
    texts = ask([f"{problems[i]['question']}\nAnswer: {parse_answer(problems[i]['answer'])}" for i in places])
    return filter_correct([problems[i] for i in places], texts, cap)


# %% variant: filtered_first
# note: A problem is unsolved if the filter keeps nothing of it.
def rationalize(problems, samples, ask, cap=None):
    unsolved = [p for p, group in zip(problems, samples) if not filter_correct([p], [group])]
    hints = [f"{p['question']}\nAnswer: {parse_answer(p['answer'])}" for p in unsolved]
    return filter_correct(unsolved, ask(hints), cap) if unsolved else []


# %% variant: problem_by_problem
# note: One call of ask, the filter for each problem.
def rationalize(problems, samples, ask, cap=None):
    rates = solve_rates(problems, samples)
    rest = [problem for problem, rate in zip(problems, rates) if not rate]
    examples = []
    groups = (
        ask(["\nAnswer: ".join([p["question"], parse_answer(p["answer"])]) for p in rest]) if rest else []
    )
    for problem, group in zip(rest, groups, strict=True):
        examples.extend(filter_correct([problem], [group], cap))
    return examples


# %% mutant: cap_of_all
# misconception: cap is the number of examples in all.
# fails: expert_iteration-hint-rationalize-tests
# says: cap
# breaks: Returns a list
def rationalize(problems, samples, ask, cap: int | None = None) -> list[dict[str, str]]:
    unsolved = [p for p, rate in zip(problems, solve_rates(problems, samples)) if rate == 0]
    if not unsolved:
        return []
    texts = ask([f"{p['question']}\nAnswer: {parse_answer(p['answer'])}" for p in unsolved])
    return filter_correct(unsolved, texts)[:cap]


# %% mutant: solved_questions_by_name
# misconception: A question that was solved somewhere is solved: the same question with another answer is left out.
# fails: expert_iteration-hint-rationalize-tests
# says: problem
# breaks: problems: mappings
def rationalize(problems, samples, ask, cap: int | None = None) -> list[dict[str, str]]:
    solved = {example["question"] for example in filter_correct(problems, samples, 1)}
    unsolved = {p["question"]: p for p in problems if p["question"] not in solved}
    if not unsolved:
        return []
    texts = ask([f"{q}\nAnswer: {parse_answer(p['answer'])}" for q, p in unsolved.items()])
    return filter_correct(list(unsolved.values()), texts, cap)


# %% variant: called_by_keyword
# note: Everything is called by keyword; places instead of problems.
def rationalize(problems, samples, ask, cap=None):
    rates = solve_rates(problems=problems, samples=samples)
    places = [place for place, rate in enumerate(rates) if rate == 0.0]
    if len(places) == 0:
        return []
    questions = [
        "{}\nAnswer: {}".format(problems[i]["question"], parse_answer(problems[i]["answer"])) for i in places
    ]
    return filter_correct(problems=[problems[i] for i in places], samples=ask(questions=questions), cap=cap)
