# %% mutant: no_eos
# misconception: The end of the sequence is where the tokens end; a token for it is not needed.
# fails: sft_masking-chat-render_chat-tests
# says: never learns to stop
# breaks: then one end-of-sequence token
# edit: answer_ids + [tokenizer.eos_token_id] -> answer_ids

# %% mutant: newline_after_eos
# misconception: What the chat template writes for the whole conversation is the training example.
# fails: sft_masking-chat-render_chat-tests
# says: Something follows the end-of-sequence token
# breaks: nothing after it
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(ids), len(prompt)


# %% mutant: eos_in_the_content
# misconception: The answer needs its end token before it goes through the template.
# fails: sft_masking-chat-render_chat-tests
# says: two end-of-sequence tokens
def render_chat(question, answer, tokenizer):
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer + tokenizer.eos_token},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False).rstrip("\n")
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"]), len(prompt)


# %% mutant: eos_after_the_template
# misconception: The template ends the message, and the sequence needs its own end token as well.
# fails: sft_masking-chat-render_chat-tests
# says: EOS twice
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(messages, return_dict=False) + [tokenizer.eos_token_id]
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(ids), len(prompt)


# %% mutant: no_generation_prompt
# misconception: The generation prompt is for generation; in training the answer follows the question.
# fails: sft_masking-chat-render_chat-tests
# says: pass add_generation_prompt=True
# breaks: the chat template with add_generation_prompt=True
def render_chat(question, answer, tokenizer):
    prompt_ids = tokenizer.apply_chat_template([{"role": "user", "content": question}], return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: generation_prompt_at_the_end
# misconception: add_generation_prompt=True belongs into every call of the template.
# fails: sft_masking-chat-render_chat-tests
# says: Another assistant turn was opened
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(ids), len(prompt)


# %% mutant: no_template
# misconception: The tokenizer adds what the model needs; question and answer are enough.
# fails: sft_masking-chat-render_chat-tests
# says: without the chat template
def render_chat(question, answer, tokenizer):
    prompt_ids = tokenizer(question)["input_ids"]
    answer_ids = tokenizer(answer)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: header_not_in_the_prompt
# misconception: The assistant's header belongs to the assistant, so it is part of the answer.
# fails: sft_masking-chat-render_chat-tests
# says: count it as prompt
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids = torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id])
    return ids, len(tokenizer.apply_chat_template(messages, return_dict=False))


# %% mutant: length_of_everything
# misconception: prompt_length is the length of the sequence that is put into the model.
# fails: sft_masking-chat-render_chat-tests
# says: counts the whole sequence
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids += tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids.append(tokenizer.eos_token_id)
    return torch.tensor(ids), len(ids)


# %% mutant: characters
# misconception: len(prompt) is the length of the prompt.
# fails: sft_masking-chat-render_chat-tests
# says: Count tokens
# breaks: the number of prompt tokens
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt + answer + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    return torch.tensor(ids), len(prompt)


# %% mutant: length_of_the_question
# misconception: The prompt is the question; what the template adds does not count.
# fails: sft_masking-chat-render_chat-tests
# says: only the question's own tokens
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt + answer + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    return torch.tensor(ids), len(tokenizer(question, add_special_tokens=False)["input_ids"])


# %% mutant: length_forgets_eos
# misconception: What is not answer is prompt, so prompt_length is T minus the number of answer tokens.
# fails: sft_masking-chat-render_chat-tests
# says: one too large
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids = ids + answer_ids + [tokenizer.eos_token_id]
    return torch.tensor(ids), len(ids) - len(answer_ids)


# %% mutant: last_prompt_position
# misconception: prompt_length is the index of the last prompt token.
# fails: sft_masking-chat-render_chat-tests
# says: one too small
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids = torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id])
    return ids, len(prompt_ids) - 1


# %% mutant: cut_at_the_first_eos
# misconception: There is one EOS in a conversation, and it ends the answer.
# fails: sft_masking-chat-render_chat-tests
# says: the user's turn ends with it too
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(ids[: ids.index(tokenizer.eos_token_id) + 1]), len(prompt)


# %% mutant: end_of_document
# misconception: <|endoftext|> is the end-of-sequence token of every model.
# fails: sft_masking-chat-render_chat-tests
# says: end-of-document
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer + "<|endoftext|>", add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids), len(prompt_ids)


# %% mutant: pad_as_end
# misconception: The padding token ends a sequence.
# fails: sft_masking-chat-render_chat-tests
# says: padding token
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.pad_token_id]), len(prompt_ids)


# %% mutant: invented_system_message
# misconception: A conversation always begins with a system message.
# fails: sft_masking-chat-render_chat-tests
# says: system message
def render_chat(question, answer, tokenizer):
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": question},
    ]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: batch_dimension
# misconception: Models take batches, so ids have shape (1, T).
# fails: sft_masking-chat-render_chat-tests
# says: One example has no batch dimension
# breaks: input_ids: (T,) int64
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    options = {"add_special_tokens": False, "return_tensors": "pt"}
    ids = tokenizer(prompt + answer + tokenizer.eos_token, **options)["input_ids"]
    return ids, tokenizer(prompt, **options)["input_ids"].shape[1]


# %% mutant: list_of_ids
# misconception: The tokenizer returns a list of ids, and that is what a model takes.
# fails: sft_masking-chat-render_chat-tests
# says: Wrap the list in torch.tensor
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return prompt_ids + answer_ids + [tokenizer.eos_token_id], len(prompt_ids)


# %% mutant: prompt_instead_of_its_length
# misconception: The second result is the prompt.
# fails: sft_masking-chat-render_chat-tests
# says: prompt_length is an int
# breaks: Returns (input_ids, prompt_length)
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), torch.tensor(prompt_ids)


# %% mutant: template_by_hand
# misconception: The chat format is <|im_start|> and <|im_end|>; one can type it.
# fails: sft_masking-chat-render_chat-tests
# says: another chat template
# says: Take the template and the end-of-sequence token from the tokenizer
# breaks: a transformers tokenizer with a chat template
def render_chat(question, answer, tokenizer):
    prompt = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: end_token_by_hand
# misconception: The end-of-sequence token is <|im_end|>.
# fails: sft_masking-chat-render_chat-tests
# says: another EOS token
# says: write neither into the code
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}]
    prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answer_ids = tokenizer(answer + "<|im_end|>", add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids), len(prompt_ids)


# %% mutant: tokenised_as_one_text
# misconception: The first tokens of prompt + answer are the tokens of the prompt.
# fails: sft_masking-chat-render_chat-tests
# says: across the boundary
# breaks: tokenised separately
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(prompt + answer + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    return torch.tensor(ids), len(tokenizer(prompt, add_special_tokens=False)["input_ids"])


# %% mutant: conversation_cut_after_the_last_eos
# misconception: The ids of the prompt are a prefix of the ids of the conversation, because the texts are.
# fails: sft_masking-chat-render_chat-tests
# says: across the boundary
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    while ids[-1] != tokenizer.eos_token_id:
        ids.pop()
    prompt = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    return torch.tensor(ids), len(prompt)


# %% mutant: special_tokens_added_again
# misconception: tokenizer(text) gives the ids of the text and nothing more.
# fails: sft_masking-chat-render_chat-tests
# says: add_special_tokens=False
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    prompt_ids = tokenizer(prompt)["input_ids"]
    answer_ids = tokenizer(answer)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: split_at_the_answer
# misconception: Everything before the answer's text is the prompt, so the text is split there.
# fails: sft_masking-chat-render_chat-tests
# says: answer also stands in the question
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    prompt = text.split(answer)[0]
    rest = text[len(prompt) : text.rindex(tokenizer.eos_token)] + tokenizer.eos_token
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + tokenizer(rest, add_special_tokens=False)["input_ids"]), len(prompt_ids)


# %% variant: template_tokenises
# note: The template's own tokens for the prompt, EOS as text behind the answer.
def render_chat(question: str, answer: str, tokenizer) -> tuple[torch.Tensor, int]:
    prompt_ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=True, return_dict=False
    )
    rest = tokenizer(answer + tokenizer.eos_token, add_special_tokens=False).input_ids
    return torch.tensor(prompt_ids + rest), len(prompt_ids)


# %% variant: tensors_joined
# note: Tensors from the tokenizer, joined with torch.cat.
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=False
    )[0]
    reply = tokenizer(answer, add_special_tokens=False, return_tensors="pt")["input_ids"][0]
    end = torch.tensor([tokenizer.eos_token_id])
    return torch.cat([prompt, reply.long(), end]), prompt.shape[0]


# %% variant: answer_from_the_template
# note: The answer is what the whole conversation has after the prompt, up to the last EOS; tokenised apart.
def render_chat(question, answer, tokenizer):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    whole = tokenizer.apply_chat_template(messages, tokenize=False)
    prompt = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    end = whole.rindex(tokenizer.eos_token) + len(tokenizer.eos_token)
    prompt_ids = tokenizer.encode(prompt, add_special_tokens=False)
    return torch.tensor(prompt_ids + tokenizer.encode(whole[len(prompt) : end], add_special_tokens=False)), len(
        prompt_ids
    )


# %% variant: filled_in
# note: An empty int64 tensor, filled piece by piece.
def render_chat(question, answer, tokenizer):
    text = tokenizer.apply_chat_template(
        conversation=[dict(role="user", content=question)], tokenize=False, add_generation_prompt=True
    )
    prompt = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text))
    reply = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(answer))
    input_ids = torch.empty(len(prompt) + len(reply) + 1, dtype=torch.long)
    input_ids[: len(prompt)] = torch.tensor(prompt)
    input_ids[len(prompt) : -1] = torch.tensor(reply, dtype=torch.long)
    input_ids[-1] = tokenizer.convert_tokens_to_ids(tokenizer.eos_token)
    return input_ids, len(prompt)


# %% variant: numpy_inside
# note: The ids are joined as a numpy array.
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    reply = tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids = np.concatenate([prompt, reply, [tokenizer.eos_token_id]]).astype(np.int64)
    return torch.from_numpy(ids), len(prompt)
# %% mutant: no_end_without_answer
# misconception: An empty answer has no end, because there is nothing to end.
# fails: sft_masking-chat-render_chat-tests
# says: end
# breaks: Either may be empty
def render_chat(question, answer, tokenizer):
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    prompt_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"] if answer else []
    ids = prompt_ids + answer_ids + ([tokenizer.eos_token_id] if answer_ids else [])
    return torch.tensor(ids), len(prompt_ids)


# %% mutant: strips_the_question
# misconception: White space around a question is noise, so clean it.
# fails: sft_masking-chat-render_chat-tests
# says: text
# breaks: taken as they are
def render_chat(question, answer, tokenizer):
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": question.strip()}], add_generation_prompt=True, tokenize=False
    )
    prompt_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: cut_to_the_model_length
# misconception: The tokenizer is told to cut what is too long, for safety.
# fails: sft_masking-chat-render_chat-tests
# says: cut off
# breaks: taken as they are
def render_chat(question, answer, tokenizer):
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    prompt_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False, truncation=True, max_length=256)["input_ids"]
    return torch.tensor(prompt_ids + answer_ids + [tokenizer.eos_token_id]), len(prompt_ids)


# %% mutant: prompts_are_remembered
# misconception: Each tokenizer has one template, so one prompt for a question is enough for all tokenizers.
# fails: sft_masking-chat-render_chat-tests
# says: another chat template
# breaks: a transformers tokenizer with a chat template
_prompts = {}


def render_chat(question, answer, tokenizer):
    if question not in _prompts:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
        )
        _prompts[question] = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return torch.tensor(_prompts[question] + answer_ids + [tokenizer.eos_token_id]), len(_prompts[question])


# %% variant: pieces_in_a_dict
# note: Named pieces, all calls by keyword; the end token goes through the tokenizer as text.
def render_chat(question: str, answer: str, tokenizer):
    def _ids(text):
        return list(tokenizer(text=text, add_special_tokens=False).input_ids)

    messages = [dict(role="user", content=question)]
    pieces = {
        "prompt": _ids(
            tokenizer.apply_chat_template(conversation=messages, tokenize=False, add_generation_prompt=True)
        ),
        "answer": _ids(answer),
        "end": [tokenizer.convert_tokens_to_ids(tokenizer.eos_token)],
    }
    return torch.as_tensor(sum(pieces.values(), []), dtype=torch.long), len(pieces["prompt"])


# %% variant: generator
# note: Ids come one by one out of a generator; the answer's through encode.
def render_chat(question, answer, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"content": question, "role": "user"}], add_generation_prompt=True, tokenize=False
    )
    length = len(tokenizer.encode(prompt, add_special_tokens=False))

    def _tail():
        yield from tokenizer.encode(prompt, add_special_tokens=False)
        yield from tokenizer.encode(answer, add_special_tokens=False)
        yield tokenizer.eos_token_id

    return torch.LongTensor(list(_tail())), length
