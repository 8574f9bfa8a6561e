# %% mutant: unanswered_dropped
# misconception: A completion without an answer says nothing about the skill.
# fails: gsm8k-evaluate-evaluate-tests
# says: is wrong, not absent
# breaks: Returns a dict
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / sum(parse_answer(text) is not None for text, _ in completions),
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: stopped_only
# misconception: Only a completion that stopped can be right.
# fails: gsm8k-evaluate-evaluate-tests
# says: Accuracy and stop rate are counted apart
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [
        is_correct(text, problem["answer"]) and stopped
        for (text, stopped), problem in zip(completions, problems)
    ]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: format_of_right_ones
# misconception: A completion has the format if it is right.
# fails: gsm8k-evaluate-evaluate-tests
# says: right or wrong
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(correct) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: format_is_any_number
# misconception: A number is a number.
# fails: gsm8k-evaluate-evaluate-tests
# says: not numbers anywhere
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(re.search(r"\d", text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: format_is_the_mark
# misconception: The format is the mark.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['format_rate']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum("####" in text for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: stop_rate_reversed
# misconception: The stop rate is the share of those that were stopped by the limit.
# fails: gsm8k-evaluate-evaluate-tests
# says: not the share that did not
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(not stopped for _, stopped in completions) / n,
    }


# %% mutant: stop_rate_of_answers
# misconception: The stop rate is among the completions with an answer.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['stop_rate']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for text, stopped in completions if parse_answer(text)) / n,
    }


# %% mutant: per_cent
# misconception: Rates are in per cent.
# fails: gsm8k-evaluate-evaluate-tests
# says: These are per cent
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": 100 * sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": 100 * sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": 100 * sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: counts
# misconception: The counts are the result.
# fails: gsm8k-evaluate-evaluate-tests
# says: You counted
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct),
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions),
        "stop_rate": sum(stopped for _, stopped in completions),
    }


# %% mutant: lenient
# misconception: A right number in any form is right.
# fails: gsm8k-evaluate-evaluate-tests
# says: The lenient reading
# breaks: Ask `model`
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [
        parse_answer(problem["answer"]) == (parse_answer(text) or (re.findall(r"\d+", text) or [None])[-1])
        for (text, _), problem in zip(completions, problems)
    ]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: mean_of_batch_means
# misconception: The mean of the batches' accuracies is the accuracy.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['accuracy']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(
            sum(part) / len(part) for part in (correct[i : i + batch_size] for i in range(0, n, batch_size))
        )
        / math.ceil(n / batch_size),
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: last_batch_missing
# misconception: n // batch_size is the number of batches.
# fails: gsm8k-evaluate-evaluate-tests
# says: The last, smaller batch is missing
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems) // batch_size * batch_size, batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: one_batch
# misconception: generate takes all prompts.
# fails: gsm8k-evaluate-evaluate-tests
# says: All problems went in one batch
# breaks: generate: writes
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(1):
        batch = problems
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: one_by_one
# misconception: One problem after the other.
# fails: gsm8k-evaluate-evaluate-tests
# says: The problems went one by one
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(len(problems)):
        batch = problems[start : start + 1]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: bare_questions
# misconception: The question is the prompt.
# fails: gsm8k-evaluate-evaluate-tests
# says: the question in the chat template
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [problem["question"] for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: answer_in_prompt
# misconception: The prompt holds the problem, with its answer.
# fails: gsm8k-evaluate-evaluate-tests
# says: without the answer
# breaks: Ask `model`
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"] + problem["answer"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: limit_not_passed
# misconception: 128 tokens are enough.
# fails: gsm8k-evaluate-evaluate-tests
# says: max_new_tokens is passed on
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, 128)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: own_generate
# misconception: generate is the function above.
# fails: gsm8k-evaluate-evaluate-tests
# says: Error
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate_batch(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: gold_as_text
# misconception: The gold answer is what stands after its mark.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['correct']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [
        parse_answer(text) == problem["answer"].split("####")[1].strip()
        for (text, _), problem in zip(completions, problems)
    ]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: arguments_exchanged
# misconception: is_correct compares two texts.
# fails: gsm8k-evaluate-evaluate-tests
# says: ValueError
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(problem["answer"], text) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: interval_of_share
# misconception: wilson_interval takes the share.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['interval']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct) / n, n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: interval_wald
# misconception: Plus and minus two standard errors.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['interval']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": (
            sum(correct) / n - 1.96 * math.sqrt(sum(correct) / n * (1 - sum(correct) / n) / n),
            sum(correct) / n + 1.96 * math.sqrt(sum(correct) / n * (1 - sum(correct) / n) / n),
        ),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: interval_at_80
# misconception: The interval of a small test is the 80 % one.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['interval']
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n, 0.8),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: correct_is_a_count
# misconception: correct is a number.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['correct']
# breaks: Returns a dict
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": sum(correct),
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: correct_as_integers
# misconception: 1 and 0 are right and wrong.
# fails: gsm8k-evaluate-evaluate-tests
# says: evaluation['correct'][0]
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [int(is_correct(text, problem["answer"])) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: key_missing
# misconception: n is known from the list.
# fails: gsm8k-evaluate-evaluate-tests
# says: lacks the key 'n'
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: completions_added
# misconception: The completions are worth keeping.
# fails: gsm8k-evaluate-evaluate-tests
# says: a key that nobody asked for
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "completions": completions,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: no_check
# misconception: There are always problems.
# fails: gsm8k-evaluate-evaluate-tests
# says: ZeroDivisionError
# breaks: Raises ValueError
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: zero_of_nothing
# misconception: Without problems the accuracy is 0.
# fails: gsm8k-evaluate-evaluate-tests
# says: no problems: ValueError
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        return {
            "n": 0,
            "correct": [],
            "accuracy": 0.0,
            "interval": (0.0, 1.0),
            "format_rate": 0.0,
            "stop_rate": 0.0,
        }
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: message_without_word
# misconception: ValueError is enough.
# fails: gsm8k-evaluate-evaluate-tests
# says: the error's text says problems
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("nothing to do")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: checked_by_wilson
# misconception: wilson_interval raises a ValueError when n is 0.
# fails: gsm8k-evaluate-evaluate-tests
# says: the error's text says problems
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    interval = wilson_interval(sum(correct), n)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": interval,
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: sorted_by_length
# misconception: Problems of like lengths go together: less padding.
# fails: gsm8k-evaluate-evaluate-tests
# says: The problems were sorted by length
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    problems = sorted(problems, key=lambda problem: len(problem["question"]))
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: prompts_sorted_only
# misconception: Short prompts first: less padding.
# fails: gsm8k-evaluate-evaluate-tests
# says: The prompts were sorted and the problems were not
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    ordered = sorted(problems, key=lambda problem: len(problem["question"]))
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = ordered[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% mutant: toy_answer
# misconception: The toy's result is known.
# fails: gsm8k-evaluate-evaluate-tests
# says: batch sizes
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if not problems:
        raise ValueError("there are no problems")
    correct = [True, False, False, True, False]
    interval = (0.117621, 0.769276)
    return dict(n=5, correct=correct, accuracy=0.4, interval=interval, format_rate=0.6, stop_rate=0.6)


# %% mutant: library_call
# misconception: The course's package evaluates.
# fails: gsm8k-evaluate-evaluate-tests
# says: functions of course_utils that ran
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    from course_utils.evaluation import wilson_interval

    if not problems:
        raise ValueError("there are no problems")
    completions = []
    for start in range(0, len(problems), batch_size):
        batch = problems[start : start + batch_size]
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        completions += generate(model, tokenizer, prompts, max_new_tokens)
    correct = [is_correct(text, problem["answer"]) for (text, _), problem in zip(completions, problems)]
    n = len(problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in completions) / n,
        "stop_rate": sum(stopped for _, stopped in completions) / n,
    }


# %% variant: counters
# note: Counters in a loop over the problems, batch by batch.
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    problems = list(problems)
    n = len(problems)
    if n == 0:
        raise ValueError("Problems are needed")
    correct, answered, ended = [], 0, 0
    while len(correct) < n:
        batch = problems[len(correct) : len(correct) + batch_size]
        written = generate(
            model, tokenizer, [chat_prompt(p["question"], tokenizer) for p in batch], max_new_tokens
        )
        for (text, stopped), problem in zip(written, batch, strict=True):
            correct.append(is_correct(text, problem["answer"]))
            answered += parse_answer(text) is not None
            ended += bool(stopped)
    right = correct.count(True)
    return dict(
        n=n,
        correct=correct,
        accuracy=right / n,
        interval=wilson_interval(right, n),
        format_rate=answered / n,
        stop_rate=ended / n,
    )


# %% variant: numpy_means
# note: numpy takes the means, made floats at the end.
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if len(problems) < 1:
        raise ValueError("no problems, no accuracy")
    prompts = np.array([chat_prompt(problem["question"], tokenizer) for problem in problems], dtype=object)
    cuts = range(batch_size, len(prompts), batch_size)
    written = sum(
        (generate(model, tokenizer, part.tolist(), max_new_tokens) for part in np.split(prompts, cuts)), []
    )
    texts, stopped = zip(*written)
    correct = [is_correct(text, problem["answer"]) for text, problem in zip(texts, problems)]
    return {
        "stop_rate": float(np.mean(stopped)),
        "format_rate": float(np.mean([parse_answer(text) is not None for text in texts])),
        "interval": wilson_interval(sum(correct), len(correct), confidence=0.95),
        "accuracy": float(np.mean(correct)),
        "correct": correct,
        "n": len(correct),
    }


# %% variant: share_helper
# note: A helper for shares; Fractions until the end.
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if problems is None or len(list(problems)) == 0:
        raise ValueError("give me problems")
    todo = [(chat_prompt(problem["question"], tokenizer), problem["answer"]) for problem in problems]

    def share(flags):
        return float(Fraction(sum(map(bool, flags)), len(todo)))

    done = []
    for i, (prompt, _) in enumerate(todo):
        if i % batch_size == 0:
            done.extend(generate(model, tokenizer, [p for p, _ in todo[i : i + batch_size]], max_new_tokens))
    correct = [parse_answer(text) == parse_answer(gold) for (text, _), (_, gold) in zip(done, todo)]
    return {
        "n": len(todo),
        "correct": correct,
        "accuracy": share(correct),
        "interval": wilson_interval(correct.count(True), len(todo)),
        "format_rate": share(parse_answer(text) for text, _ in done),
        "stop_rate": share(stopped for _, stopped in done),
    }


# %% variant: iterator_of_batches
# note: islice takes the batches from an iterator.
from itertools import islice


def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    waiting, rows = iter(problems), []
    while batch := list(islice(waiting, batch_size)):
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in batch]
        for problem, (text, stopped) in zip(batch, generate(model, tokenizer, prompts, max_new_tokens)):
            rows.append((is_correct(text, problem["answer"]), parse_answer(text) is not None, stopped))
    if not rows:
        raise ValueError("there were no problems to ask")
    correct, answered, ended = (list(column) for column in zip(*rows))
    n = len(rows)
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(answered) / n,
        "stop_rate": sum(ended) / n,
    }


# %% mutant: one_answer_for_one_question
# misconception: Keep completions in a dict by question, and look the gold answer up by question too.
# fails: gsm8k-evaluate-evaluate-tests
# says: problem
def evaluate(
    model, tokenizer, problems, batch_size: int = 32, max_new_tokens: int = 128, generate=generate_batch
) -> dict:
    if not problems:
        raise ValueError("there are no problems")
    golds = {p["question"]: p["answer"] for p in problems}
    questions, pairs = list(golds), {}
    for start in range(0, len(questions), batch_size):
        batch = questions[start : start + batch_size]
        prompts = [chat_prompt(question, tokenizer) for question in batch]
        pairs.update(zip(batch, generate(model, tokenizer, prompts, max_new_tokens)))
    n = len(pairs)
    correct = [is_correct(text, golds[question]) for question, (text, _) in pairs.items()]
    return {
        "n": n,
        "correct": correct,
        "accuracy": sum(correct) / n,
        "interval": wilson_interval(sum(correct), n),
        "format_rate": sum(parse_answer(text) is not None for text, _ in pairs.values()) / n,
        "stop_rate": sum(stopped for _, stopped in pairs.values()) / n,
    }


# %% variant: called_by_keyword
# note: Every function is called by keyword; completions are collected in two lists.
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    if len(problems) == 0:
        raise ValueError("no Problems")
    texts, ended = [], []
    rest = list(problems)
    while rest:
        batch, rest = rest[:batch_size], rest[batch_size:]
        pairs = generate(
            model=model,
            tokenizer=tokenizer,
            prompts=[chat_prompt(problem["question"], tokenizer) for problem in batch],
            max_new_tokens=max_new_tokens,
        )
        for text, stopped in pairs:
            texts.append(text)
            ended.append(stopped)
    right = [is_correct(completion=t, gold=p["answer"]) for t, p in zip(texts, problems, strict=True)]
    return dict(
        correct=right,
        n=len(right),
        accuracy=float(np.mean(right)),
        interval=wilson_interval(correct=sum(right), n=len(right), confidence=0.95),
        format_rate=float(np.mean([parse_answer(text=t) is not None for t in texts])),
        stop_rate=float(np.mean(ended)),
    )


# %% variant: recursive_batches
# note: A function that calls itself on the rest of the problems.
def evaluate(model, tokenizer, problems, batch_size=32, max_new_tokens=128, generate=generate_batch):
    def _tail(start):
        if start >= len(problems):
            return []
        prompts = [chat_prompt(p["question"], tokenizer) for p in problems[start : start + batch_size]]
        return list(generate(model, tokenizer, prompts, max_new_tokens)) + _tail(start + batch_size)

    if not problems:
        raise ValueError("problems: none")
    rows = [
        (is_correct(text, problem["answer"]), parse_answer(text) is not None, bool(stopped))
        for problem, (text, stopped) in zip(problems, _tail(0))
    ]
    correct, formatted, stopped = map(list, zip(*rows))
    n = len(rows)
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct.count(True) / n,
        "interval": wilson_interval(correct.count(True), n),
        "format_rate": formatted.count(True) / n,
        "stop_rate": stopped.count(True) / n,
    }


# %% mutant: ten_batches_are_enough
# misconception: After ten batches the accuracy is known well enough.
# fails: gsm8k-evaluate-evaluate-tests
# says: 25 problems in batches of two
# edit: for start in range(0, len(prompts), batch_size): -> for start in range(0, min(len(prompts), 10 * batch_size), batch_size):
