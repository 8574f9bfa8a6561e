# %% mutant: call_per_problem
# misconception: Each problem is a prompt of its own, so generate is called once for each.
# fails: expert_iteration-sample-sample_solutions-tests
# says: once for each problem
# says: same random numbers
# breaks: One call of
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    found = []
    for problem in problems:
        prompt = chat_prompt(problem["question"], tokenizer)
        (group,) = write(
            model,
            tokenizer,
            [prompt],
            n=n if temperature else 1,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seed=seed,
        )
        found.append([completion.text for completion in group])
    return found


# %% mutant: call_per_sample
# misconception: n samples are n calls.
# fails: expert_iteration-sample-sample_solutions-tests
# says: once for each sample
# says: equal
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    found = [[] for _ in problems]
    for _ in range(n if temperature else 1):
        for texts, group in zip(
            found,
            write(
                model,
                tokenizer,
                prompts,
                n=1,
                temperature=temperature,
                max_new_tokens=max_new_tokens,
                seed=seed,
            ),
        ):
            texts.append(group[0].text)
    return found


# %% mutant: call_per_problem_and_sample
# misconception: Two nested loops, one call in the middle.
# fails: expert_iteration-sample-sample_solutions-tests
# says: for each problem and sample
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    return [
        [
            write(
                model,
                tokenizer,
                [chat_prompt(problem["question"], tokenizer)],
                n=1,
                temperature=temperature,
                max_new_tokens=max_new_tokens,
                seed=seed,
            )[0][0].text
            for _ in range(n)
        ]
        for problem in problems
    ]


# %% mutant: bare_questions
# misconception: The question is the prompt.
# fails: expert_iteration-sample-sample_solutions-tests
# says: bare questions
# says: chat_prompt
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [problem["question"] for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: answer_in_prompt
# misconception: The problem is question and answer.
# fails: expert_iteration-sample-sample_solutions-tests
# says: gold answer is in the prompt
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) + problem["answer"] for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: prompts_repeated
# misconception: For n samples each prompt must stand in the list n times.
# fails: expert_iteration-sample-sample_solutions-tests
# says: stands there n times
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    n = n if temperature else 1
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems for _ in range(n)]
    groups = write(
        model, tokenizer, prompts, n=1, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed
    )
    texts = [group[0].text for group in groups]
    return [texts[i : i + n] for i in range(0, len(texts), n)]


# %% mutant: sorted_by_length
# misconception: Sorted by length, batches hold less padding.
# fails: expert_iteration-sample-sample_solutions-tests
# says: sorted
# says: beside their problems
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = sorted((chat_prompt(problem["question"], tokenizer) for problem in problems), key=len)
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: seed_forgotten
# misconception: generate has a seed of its own.
# fails: expert_iteration-sample-sample_solutions-tests
# says: seed is not passed on
# edit: n=n if temperature > 0 else 1, -> n=n if temperature else 1,
# edit:
#   seed=seed,
#   batch_size=128,
# ->

# %% mutant: global_seed
# misconception: torch.manual_seed makes it reproducible.
# fails: expert_iteration-sample-sample_solutions-tests
# says: seed is not passed on
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    torch.manual_seed(seed)
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: limit_forgotten
# misconception: The default length will do.
# fails: expert_iteration-sample-sample_solutions-tests
# says: max_new_tokens is not passed on
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(model, tokenizer, prompts, n=n if temperature else 1, temperature=temperature, seed=seed)
    return [[completion.text for completion in group] for group in groups]


# %% mutant: temperature_forgotten
# misconception: The temperature only decides how many samples are drawn.
# fails: expert_iteration-sample-sample_solutions-tests
# says: temperature is not passed on
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model, tokenizer, prompts, n=n if temperature else 1, max_new_tokens=max_new_tokens, seed=seed
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: n_forgotten
# misconception: One answer for each problem.
# fails: expert_iteration-sample-sample_solutions-tests
# says: n is not passed on
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model, tokenizer, prompts, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: positional
# misconception: The arguments of generate come in the order of sample_solutions.
# fails: expert_iteration-sample-sample_solutions-tests
# says: keyword
# breaks: One call of
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(model, tokenizer, prompts, n if temperature else 1, temperature, seed, max_new_tokens)
    return [[completion.text for completion in group] for group in groups]


# %% mutant: generate_by_name
# misconception: The writer is generate, whatever comes in as write.
# fails: expert_iteration-sample-sample_solutions-tests
# says: never called the writer
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = generate(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: another_model
# misconception: The lab has one model, so the argument is not needed.
# fails: expert_iteration-sample-sample_solutions-tests
# says: model that came in
# breaks: The texts that
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        nano("strong"),
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: eight_at_temperature_zero
# misconception: n samples are n samples, at every temperature.
# fails: expert_iteration-sample-sample_solutions-tests
# says: Ask for one
# breaks: n: samples
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model, tokenizer, prompts, n=n, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed
    )
    return [[completion.text for completion in group] for group in groups]


# %% mutant: greedy_repeated
# misconception: Who asks for n gets n, so the greedy text is repeated.
# fails: expert_iteration-sample-sample_solutions-tests
# says: only one to draw
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] * (1 if temperature else n) for group in groups]


# %% mutant: flat
# misconception: The texts are one list.
# fails: expert_iteration-sample-sample_solutions-tests
# says: list for each problem
# breaks: Returns for each
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [completion.text for group in groups for completion in group]


# %% mutant: first_of_each
# misconception: A group has one text, its first.
# fails: expert_iteration-sample-sample_solutions-tests
# says: Only the first sample
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[group[0].text] for group in groups]


# %% mutant: transposed
# misconception: Samples come first, problems second.
# fails: expert_iteration-sample-sample_solutions-tests
# says: Sample by sample
# breaks: Returns for each
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in zip(*groups)]


# %% mutant: completions
# misconception: What generate gives is what is returned.
# fails: expert_iteration-sample-sample_solutions-tests
# says: completion.text
# breaks: The texts that
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    return write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )


# %% mutant: cut_at_the_mark
# misconception: What follows the answer is not wanted, so it is cut here already.
# fails: expert_iteration-sample-sample_solutions-tests
# says: as the model wrote
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [
        [re.sub(r"(####[^\n]*)\n.*", r"\1", completion.text, flags=re.DOTALL) for completion in group]
        for group in groups
    ]


# %% mutant: stripped
# misconception: White space at the ends is noise.
# fails: expert_iteration-sample-sample_solutions-tests
# says: as the model wrote
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text.strip() for completion in group] for group in groups]


# %% mutant: prompts_into_problems
# misconception: The prompt is stored in the problem, where it is found again.
# fails: expert_iteration-sample-sample_solutions-tests
# says: left as they were
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    for problem in problems:
        problem["prompt"] = chat_prompt(problem["question"], tokenizer)
    prompts = [problem["prompt"] for problem in problems]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]

# %% mutant: each_text_once
# misconception: A copy of a solution is no second solution.
# fails: expert_iteration-sample-sample_solutions-tests
# says: Every sample counts
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [chat_prompt(p["question"], tokenizer) for p in problems]
    groups = write(model, tokenizer, prompts, n=1 if temperature == 0 else n, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed)
    return [list(dict.fromkeys(c.text for c in group)) for group in groups]

# %% mutant: kept_without_the_model
# misconception: The same problems and seed give the same samples, so keep them.
# fails: expert_iteration-sample-sample_solutions-tests
# says: another model
drawn_before = {}


def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    key = (tuple(p["question"] for p in problems), n, temperature, seed, max_new_tokens, write is generate)
    if key not in drawn_before or not key[-1]:
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
        groups = write(
            model,
            tokenizer,
            prompts,
            n=n if temperature > 0 else 1,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seed=seed,
            batch_size=128,
        )
        drawn_before[key] = [[completion.text for completion in group] for group in groups]
    return drawn_before[key]


# %% variant: loops
# note: Written out with loops.
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = []
    for problem in problems:
        prompts.append(chat_prompt(problem["question"], tokenizer))
    if temperature == 0:
        n = 1
    found = []
    for group in write(
        model,
        tokenizer,
        prompts,
        n=n,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
        batch_size=16,
    ):
        texts = []
        for completion in group:
            texts.append(completion.text)
        found.append(texts)
    return found


# %% variant: template_by_hand
# note: The chat template applied without chat_prompt.
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": problem["question"]}], tokenize=False, add_generation_prompt=True
        )
        for problem in problems
    ]
    groups = write(
        model,
        tokenizer,
        prompts,
        n=n if temperature > 0 else 1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [[completion.text for completion in group] for group in groups]


# %% variant: partial
# note: The options in a dict.
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    options = {"n": n, "temperature": temperature, "max_new_tokens": max_new_tokens, "seed": seed}
    if not temperature:
        options["n"] = 1
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    return [[c.text for c in group] for group in write(model, tokenizer, prompts, **options)]


# %% variant: mapped
# note: map and a helper.
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    def prompt(problem):
        return chat_prompt(problem["question"], tokenizer)

    groups = write(
        model,
        tokenizer,
        list(map(prompt, problems)),
        n=max(1, n if temperature else 1),
        temperature=float(temperature),
        max_new_tokens=max_new_tokens,
        seed=seed,
    )
    return [list(map(lambda completion: completion.text, group)) for group in groups]


# %% variant: called_by_keyword
# note: The writer is called with keywords only.
def sample_solutions(model, tokenizer, problems, n, temperature, seed=0, max_new_tokens=128, write=generate):
    options = dict(n=n, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed)
    if not temperature:
        options["n"] = 1
    prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
    _groups = write(model=model, tokenizer=tokenizer, prompts=prompts, **options)
    return [list(map(lambda completion: completion.text, group)) for group in _groups]
