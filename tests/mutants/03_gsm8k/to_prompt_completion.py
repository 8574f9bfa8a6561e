# %% mutant: no_end_token
# misconception: The trainer adds the end token.
# fails: gsm8k-format-to_prompt_completion-tests
# says: never learns to stop
# breaks: completion: the answer
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"]}


# %% mutant: turn_not_opened
# misconception: The template of the user's turn is the prompt.
# fails: gsm8k-format-to_prompt_completion-tests
# says: does not open the assistant's turn
# breaks: prompt: the chat template
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: turn_opened_in_completion
# misconception: The assistant's turn belongs to the completion.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The assistant's turn is opened in the completion
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    return {
        "prompt": prompt,
        "completion": "<|im_start|>assistant\n" + example["answer"] + tokenizer.eos_token,
    }


# %% mutant: whole_conversation
# misconception: The completion is the whole text; the trainer masks the prompt.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The completion holds the whole conversation
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": prompt + example["answer"] + tokenizer.eos_token}


# %% mutant: template_for_both
# misconception: The template of both turns, minus the prompt, is the completion.
# fails: gsm8k-format-to_prompt_completion-tests
# says: newline after the end token
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    both = [*messages, {"role": "assistant", "content": example["answer"]}]
    whole = tokenizer.apply_chat_template(both, tokenize=False)
    return {"prompt": prompt, "completion": whole[len(prompt) :]}


# %% mutant: answer_in_prompt
# misconception: The prompt holds the conversation.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The answer is in the prompt
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {
        "prompt": prompt + example["answer"] + tokenizer.eos_token,
        "completion": example["answer"] + tokenizer.eos_token,
    }


# %% mutant: space_before
# misconception: A completion begins with a space.
# fails: gsm8k-format-to_prompt_completion-tests
# says: space or newline before the answer
# breaks: Nothing before
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": " " + example["answer"] + tokenizer.eos_token}


# %% mutant: newline_before
# misconception: The answer begins on a new line.
# fails: gsm8k-format-to_prompt_completion-tests
# says: newline before the answer
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": "\n" + example["answer"] + tokenizer.eos_token}


# %% mutant: newline_before_end
# misconception: The end token has a line of its own.
# fails: gsm8k-format-to_prompt_completion-tests
# says: newline before the end token
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + "\n" + tokenizer.eos_token}


# %% mutant: bare_question
# misconception: The prompt is the question.
# fails: gsm8k-format-to_prompt_completion-tests
# says: This is the bare question
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": example["question"], "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: question_and_answer_words
# misconception: Question: and Answer: are a format too.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['prompt']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {
        "prompt": f"Question: {example['question']}\nAnswer:",
        "completion": example["answer"] + tokenizer.eos_token,
    }


# %% mutant: annotations_removed
# misconception: The calculator's annotations are no text for people.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The annotations were taken out
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": re.sub(r"<<.*?>>", "", example["answer"]) + tokenizer.eos_token}


# %% mutant: number_only
# misconception: What is to be learned is the answer.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The number alone is the completion
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": parse_answer(example["answer"]) + tokenizer.eos_token}


# %% mutant: mark_and_number_only
# misconception: What is to be learned is the last line.
# fails: gsm8k-format-to_prompt_completion-tests
# says: The number alone is the completion
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": "#### " + parse_answer(example["answer"]) + tokenizer.eos_token}


# %% mutant: endoftext
# misconception: A text ends with <|endoftext|>.
# fails: gsm8k-format-to_prompt_completion-tests
# says: You used <|endoftext|>
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + "<|endoftext|>"}


# %% mutant: padding_token
# misconception: The padding token ends a row.
# fails: gsm8k-format-to_prompt_completion-tests
# says: <|pad|>
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.pad_token}


# %% mutant: end_token_twice
# misconception: Better one end token too many.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['completion']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token * 2}


# %% mutant: tokenised
# misconception: The trainer wants ids.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['prompt'] is a list
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(
        messages, tokenize=True, return_dict=False, add_generation_prompt=True
    )
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: dict_of_ids
# misconception: apply_chat_template returns what the model needs.
# fails: gsm8k-format-to_prompt_completion-tests
# says: BatchEncoding
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: tuple
# misconception: Two texts are a tuple.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts is a tuple, expected a dict
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return prompt, example["answer"] + tokenizer.eos_token


# %% mutant: messages
# misconception: trl takes messages as well.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['prompt']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": messages, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: other_keys
# misconception: The keys are question and answer, as before.
# fails: gsm8k-format-to_prompt_completion-tests
# says: lacks the key 'prompt'
# breaks: The texts "prompt"
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"question": prompt, "answer": example["answer"] + tokenizer.eos_token}


# %% mutant: old_keys_kept
# misconception: The new texts are added to the example.
# fails: gsm8k-format-to_prompt_completion-tests
# says: a key that nobody asked for
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {**example, "prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: system_turn
# misconception: A system turn makes the model think.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['prompt']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [
        {"role": "system", "content": "Think step by step."},
        {"role": "user", "content": example["question"]},
    ]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: assistant_asks
# misconception: The role of the asker does not matter.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['prompt']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "assistant", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: stripped
# misconception: Spaces at the ends are dirt.
# fails: gsm8k-format-to_prompt_completion-tests
# says: no strip, no cleaning
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"].strip()}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"].strip() + tokenizer.eos_token}


# %% mutant: lines_joined
# misconception: Line breaks are no content.
# fails: gsm8k-format-to_prompt_completion-tests
# says: texts['completion']
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": " ".join(example["answer"].split()) + tokenizer.eos_token}


# %% mutant: number_rewritten
# misconception: The number in its one spelling is easier to learn.
# fails: gsm8k-format-to_prompt_completion-tests
# says: no cleaning
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {
        "prompt": prompt,
        "completion": example["answer"].split("####")[0]
        + "#### "
        + parse_answer(example["answer"])
        + tokenizer.eos_token,
    }


# %% mutant: no_check
# misconception: The data set is clean.
# fails: gsm8k-format-to_prompt_completion-tests
# says: no number after ####: ValueError
# breaks: Raises ValueError
def to_prompt_completion(example):
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: mark_checked_only
# misconception: An answer with the mark has a number.
# fails: gsm8k-format-to_prompt_completion-tests
# says: no number after ####: ValueError
def to_prompt_completion(example):
    if "####" not in example["answer"]:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: assertion
# misconception: assert checks the data.
# fails: gsm8k-format-to_prompt_completion-tests
# says: expected ValueError
def to_prompt_completion(example):
    assert parse_answer(example["answer"]) is not None, "the answer has no number"
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: none_for_broken
# misconception: A broken example is dropped: None.
# fails: gsm8k-format-to_prompt_completion-tests
# says: no number after ####: ValueError
# edit: raise ValueError(f"the answer {example['answer'][-40:]!r} has no number after ####") -> return None

# %% mutant: template_by_hand_forgets_newline
# misconception: The template is short enough to type.
# fails: gsm8k-format-to_prompt_completion-tests
# says: goes on with
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = f"<|im_start|>user\n{messages[0]['content']}<|im_end|>\n<|im_start|>assistant"
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: example_changed
# misconception: The example itself is made into the two texts.
# fails: gsm8k-format-to_prompt_completion-tests
# says: the example is left as it was
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    example["answer"] += tokenizer.eos_token
    return {"prompt": prompt, "completion": example["answer"]}


# %% mutant: chat_prompt
# misconception: chat_prompt of the course's package is there to be used.
# fails: gsm8k-format-to_prompt_completion-tests
# says: with the tokenizer's chat template
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = chat_prompt(messages[0]["content"], tokenizer)
    return {"prompt": prompt, "completion": example["answer"] + tokenizer.eos_token}


# %% mutant: toy_answer
# misconception: The toy stands for all.
# fails: gsm8k-format-to_prompt_completion-tests
# says: another example
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    prompt = "<|im_start|>user\nWhat is 2+3?<|im_end|>\n<|im_start|>assistant\n"
    return {"prompt": prompt, "completion": example["answer"] + "<|im_end|>"}


# %% mutant: library_call
# misconception: The course's package does it.
# fails: gsm8k-format-to_prompt_completion-tests
# says: functions of course_utils that ran
def to_prompt_completion(example):
    from course_utils.training import to_prompt_completion as library

    if parse_answer(example["answer"]) is None:
        raise ValueError("the answer has no number")
    return library([example], tokenizer)[0]


# %% mutant: one_end_is_enough
# misconception: An answer that has its end token needs no other.
# fails: gsm8k-format-to_prompt_completion-tests
# says: letter for letter
# edit: example["answer"] + tokenizer.eos_token -> example["answer"].removesuffix(tokenizer.eos_token) + tokenizer.eos_token


# %% mutant: newlines_of_unix
# misconception: Line ends are brought into one form.
# fails: gsm8k-format-to_prompt_completion-tests
# says: letter for letter
# edit: example["answer"] + tokenizer.eos_token -> "\n".join(example["answer"].split("\r\n")) + tokenizer.eos_token


# %% variant: written_out
# note: The template written out as text.
def to_prompt_completion(example):
    question, answer = example["question"], example["answer"]
    if not parse_answer(answer):
        raise ValueError("answer without a number")
    return {
        "prompt": f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n",
        "completion": f"{answer}<|im_end|>",
    }


# %% variant: cut_from_whole
# note: Both turns through the template; the completion is what comes after the prompt, without the newline.
def to_prompt_completion(example):
    if parse_answer(example["answer"]) is None:
        raise ValueError("Answer without a number after the mark")
    user = {"role": "user", "content": example["question"]}
    assistant = {"role": "assistant", "content": example["answer"]}
    prompt = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template([user, assistant], tokenize=False)
    return {"prompt": prompt, "completion": whole.removeprefix(prompt).removesuffix("\n")}


# %% variant: end_token_from_its_id
# note: The end token by its id; prompt from ids and back.
def to_prompt_completion(example):
    answer = example["answer"]
    if parse_answer(answer) is None:
        raise ValueError("this answer has no number")
    turns = [dict(role="user", content=example["question"])]
    texts = dict(prompt=tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
    texts["completion"] = answer + tokenizer.convert_ids_to_tokens(tokenizer.eos_token_id)
    return texts


# %% variant: user_turn_and_opening
# note: The user's turn through the template, the opening of the assistant's turn by hand; is_correct as the
#   check.
def to_prompt_completion(example):
    try:
        is_correct("", example["answer"])
    except ValueError:
        raise ValueError("there is no number after the mark of the answer") from None
    user = tokenizer.apply_chat_template([{"role": "user", "content": example["question"]}], tokenize=False)
    completion = list((example["answer"], tokenizer.special_tokens_map["eos_token"]))
    return {"completion": "".join(completion), "prompt": user + "<|im_start|>assistant\n"}


# %% mutant: answer_is_stripped
# misconception: White space at the ends of an answer is dirt.
# fails: gsm8k-format-to_prompt_completion-tests
# says: as it stands
# breaks: completion: the answer
def to_prompt_completion(example: dict[str, str]) -> dict[str, str]:
    answer = example["answer"].strip()
    if parse_answer(answer) is None:
        raise ValueError("the answer has no number")
    messages = [{"role": "user", "content": example["question"]}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"prompt": prompt, "completion": answer + tokenizer.eos_token}


# %% variant: two_functions
# note: A helper for each text, called by keyword.
def to_prompt_completion(example: dict[str, str]) -> dict[str, str]:
    def _prompt(question):
        turns = [dict(role="user", content=question)]
        return tokenizer.apply_chat_template(conversation=turns, add_generation_prompt=True, tokenize=False)

    def _completion(answer):
        if parse_answer(text=answer) is None:
            raise ValueError("an ANSWER without a number")
        return "".join([answer, tokenizer.eos_token])

    return dict(completion=_completion(example["answer"]), prompt=_prompt(example["question"]))


# %% variant: format_string
# note: One format string, filled in.
def to_prompt_completion(example: dict[str, str]) -> dict[str, str]:
    question, answer = (example[key] for key in ("question", "answer"))
    number = parse_answer(answer)
    if number is None:
        raise ValueError("The answer has no number.")
    empty = tokenizer.apply_chat_template(
        [{"role": "user", "content": "\0"}], tokenize=False, add_generation_prompt=True
    )
    before, after = empty.split("\0")
    return {"prompt": before + question + after, "completion": f"{answer}{tokenizer.eos_token}"}
