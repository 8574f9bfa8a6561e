# %% mutant: last_turn_only
# misconception: The last assistant message is the answer; everything before it is the prompt.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Only the last assistant turn
# breaks: every assistant turn, and nothing else
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    last = max(place for place, message in enumerate(messages) if message["role"] == "assistant")
    start = len(tokenizer.apply_chat_template(messages[:last], add_generation_prompt=True, return_dict=False))
    end = ids.index(tokenizer.eos_token_id, start) + 1
    labels = [-100] * len(ids)
    labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: first_turn_only
# misconception: One generation prompt is found, so there is one answer.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Only the first assistant turn
def build_labels_chat(messages, tokenizer):
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            ids = tokenizer.apply_chat_template(messages, return_dict=False)
            prompt = tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False)
            end = ids.index(tokenizer.eos_token_id, len(prompt)) + 1
            labels = [-100] * len(prompt) + ids[len(prompt) : end] + [-100] * (len(ids) - end)
            return torch.tensor(ids), torch.tensor(labels)
    raise ValueError("no assistant turn")


# %% mutant: no_eos
# misconception: The end token is part of the template and not of the answer.
# fails: sft_masking-labels-build_labels_chat-tests
# says: never to stop
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = start + len(tokenizer(message["content"], add_special_tokens=False)["input_ids"])
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: newline_after_eos
# misconception: An assistant turn is all that the template writes for it, up to the next header.
# fails: sft_masking-labels-build_labels_chat-tests
# says: newline after EOS is in the loss
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = len(tokenizer.apply_chat_template(messages[: turn + 1], return_dict=False))
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: header_in_the_loss
# misconception: The assistant's turn begins with its header.
# fails: sft_masking-labels-build_labels_chat-tests
# says: The header is in the loss
# breaks: are given, not learned
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: whole_assistant_message
# misconception: What one more message adds to the rendered text is what the assistant writes.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Headers and the newline after EOS
def build_labels_chat(messages, tokenizer):
    labels, before = [], 0
    for turn, message in enumerate(messages):
        ids = tokenizer.apply_chat_template(messages[: turn + 1], return_dict=False)
        new = ids[before:]
        labels += new if message["role"] == "assistant" else [-100] * len(new)
        before = len(ids)
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: everything_but_the_question
# misconception: From the first answer on, the text is the conversation that the model shall learn.
# fails: sft_masking-labels-build_labels_chat-tests
# says: From the first answer on
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    first = [message["role"] for message in messages].index("assistant")
    start = len(tokenizer.apply_chat_template(messages[:first], add_generation_prompt=True, return_dict=False))
    return torch.tensor(ids), torch.tensor([-100] * start + ids[start:])


# %% mutant: user_instead_of_assistant
# misconception: -100 marks the assistant's turns, the ones to look at.
# fails: sft_masking-labels-build_labels_chat-tests
# says: The user's turns are in the loss
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids, labels = [], []
    for message in messages:
        header = tokenizer(f"<|im_start|>{message['role']}\n", add_special_tokens=False)["input_ids"]
        body = tokenizer(message["content"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        newline = tokenizer("\n", add_special_tokens=False)["input_ids"]
        ids += header + body + newline
        kept = [-100] * len(body) if message["role"] == "assistant" else body
        labels += [-100] * len(header) + kept + [-100] * len(newline)
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: every_eos
# misconception: EOS must be learned, so every EOS gets its label back.
# fails: sft_masking-labels-build_labels_chat-tests
# says: mask by position
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = start + len(tokenizer(message["content"], add_special_tokens=False)["input_ids"])
            labels[start:end] = ids[start:end]
    ids, labels = torch.tensor(ids), torch.tensor(labels)
    return ids, torch.where(ids == tokenizer.eos_token_id, ids, labels)


# %% mutant: nothing_masked
# misconception: A conversation has no prompt, so nothing is masked.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Nothing is masked
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = torch.tensor(tokenizer.apply_chat_template(messages, return_dict=False))
    return ids, ids.clone()


# %% mutant: shifted
# misconception: Labels are the next tokens.
# fails: sft_masking-labels-build_labels_chat-tests
# says: no shift here
# breaks: Not shifted
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start - 1 : end - 1] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: opens_another_turn
# misconception: add_generation_prompt=True belongs into every call of the template.
# fails: sft_masking-labels-build_labels_chat-tests
# says: A third assistant turn was opened
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: last_exchange_only
# misconception: A training example is one question and one answer; what came before is dropped.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Only the last exchange is left
def build_labels_chat(messages, tokenizer):
    if messages[-1]["role"] != "assistant":
        raise ValueError("no assistant turn")
    pair = messages[-2:]
    ids = tokenizer.apply_chat_template(pair, return_dict=False)
    start = len(tokenizer.apply_chat_template(pair[:1], add_generation_prompt=True, return_dict=False))
    end = ids.index(tokenizer.eos_token_id, start) + 1
    return torch.tensor(ids), torch.tensor([-100] * start + ids[start:end] + [-100] * (len(ids) - end))


# %% mutant: cut_after_the_last_eos
# misconception: As with one answer, nothing may follow the last EOS.
# fails: sft_masking-labels-build_labels_chat-tests
# says: newline at the end
# breaks: the conversation through the chat template
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    text = tokenizer.apply_chat_template(messages, tokenize=False).rstrip("\n")
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: lists_instead_of_tensors
# misconception: Ids and labels are lists until the collator makes tensors of them.
# fails: sft_masking-labels-build_labels_chat-tests
# says: pair of int64 tensors
# says: Wrap lists in torch.tensor
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return ids, labels


# %% mutant: batch_dimension
# misconception: return_tensors="pt" gives the tensor that is asked for.
# fails: sft_masking-labels-build_labels_chat-tests
# says: no batch dimension
# breaks: Returns (input_ids, labels), both (T,) int64
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_tensors="pt", return_dict=False)
    labels = torch.full_like(ids, -100)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids[0].tolist().index(tokenizer.eos_token_id, start) + 1
            labels[:, start:end] = ids[:, start:end]
    return ids, labels


# %% mutant: no_error
# misconception: Labels that are all -100 are a valid answer for a conversation without an answer.
# fails: sft_masking-labels-build_labels_chat-tests
# says: every label would be -100
# breaks: Raises ValueError
def build_labels_chat(messages, tokenizer):
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: wrong_error
# misconception: Any error will do.
# fails: sft_masking-labels-build_labels_chat-tests
# says: AssertionError
# says: expected 'ValueError'
def build_labels_chat(messages, tokenizer):
    assert any(message["role"] == "assistant" for message in messages), "no assistant turn"
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: whoever_is_not_the_user
# misconception: There are two roles: the user and the assistant.
# fails: sft_masking-labels-build_labels_chat-tests
# says: a system message and a question
# says: Look at the roles
# breaks: "system" | "user" | "assistant"
def build_labels_chat(messages, tokenizer):
    if all(message["role"] == "user" for message in messages):
        raise ValueError("no assistant turn")
    ids, labels = [], []
    for message in messages:
        header = tokenizer(f"<|im_start|>{message['role']}\n", add_special_tokens=False)["input_ids"]
        body = tokenizer(message["content"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        newline = tokenizer("\n", add_special_tokens=False)["input_ids"]
        ids += header + body + newline
        kept = [-100] * len(body) if message["role"] == "user" else body
        labels += [-100] * len(header) + kept + [-100] * len(newline)
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: every_second_message
# misconception: User and assistant take turns, so the assistant's are the messages 1, 3, 5 and so on.
# fails: sft_masking-labels-build_labels_chat-tests
# says: a system message and a question
def build_labels_chat(messages, tokenizer):
    if len(messages) < 2:
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn in range(1, len(messages), 2):
        start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
        end = ids.index(tokenizer.eos_token_id, start) + 1
        labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: last_message_is_an_answer
# misconception: A conversation ends with an answer.
# fails: sft_masking-labels-build_labels_chat-tests
# says: a user turn at the end, not answered
def build_labels_chat(messages, tokenizer):
    roles = [message["role"] for message in messages]
    if "assistant" not in roles:
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, role in enumerate(roles):
        if role == "assistant" or (turn > 1 and turn == len(messages) - 1):
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: answer_follows_a_question
# misconception: In front of each answer stands a question, so pairs of messages are enough.
# fails: sft_masking-labels-build_labels_chat-tests
# says: two assistant turns in a row
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn in range(1, len(messages)):
        if (messages[turn - 1]["role"], messages[turn]["role"]) == ("user", "assistant"):
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: looks_for_the_words
# misconception: The answer's tokens occur once in the conversation, so one can search for them.
# fails: sft_masking-labels-build_labels_chat-tests
# says: Find turns by position
def build_labels_chat(messages, tokenizer):
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    if not answers:
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for answer in answers:
        wanted = tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        for start in range(len(ids)):
            if ids[start : start + len(wanted)] == wanted:
                labels[start : start + len(wanted)] = wanted
                break
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: looks_for_the_header
# misconception: Every model opens the assistant's turn with <|im_start|>assistant.
# fails: sft_masking-labels-build_labels_chat-tests
# says: another chat template
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    header = tokenizer("<|im_start|>assistant\n", add_special_tokens=False)["input_ids"]
    labels = [-100] * len(ids)
    for place in range(len(ids)):
        start = place + len(header)
        if ids[place:start] == header:
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: conversation_by_hand
# misconception: The chat format is ChatML; it can be put together from pieces.
# fails: sft_masking-labels-build_labels_chat-tests
# says: another chat template
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids, labels = [], []
    for message in messages:
        header = tokenizer(f"<|im_start|>{message['role']}\n", add_special_tokens=False)["input_ids"]
        body = tokenizer(message["content"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        newline = tokenizer("\n", add_special_tokens=False)["input_ids"]
        ids += header + body + newline
        kept = body if message["role"] == "assistant" else [-100] * len(body)
        labels += [-100] * len(header) + kept + [-100] * len(newline)
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: one_token_after_eos
# misconception: Each turn ends with EOS and a newline, so the turn without its last token ends with EOS.
# fails: sft_masking-labels-build_labels_chat-tests
# says: another chat template
# breaks: each turn ends with tokenizer.eos_token
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = len(tokenizer.apply_chat_template(messages[: turn + 1], return_dict=False)) - 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: takes_messages_away
# misconception: The list of messages is the function's own, so it can be used up.
# fails: sft_masking-labels-build_labels_chat-tests
# says: leaves the list of messages as it was
# breaks: messages stay as they were
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    while messages:
        if messages.pop()["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: marks_the_system_message
# misconception: A note in the message itself is the simplest place for what is trained.
# fails: sft_masking-labels-build_labels_chat-tests
# says: as they were
# edit:
#   input_ids = ids_of(messages)
# ->
#   input_ids = ids_of(messages)
#   if messages[0]["role"] == "system":
#       messages[0]["trained"] = False


# %% variant: generation_marks
# note: The template's own generation marks say what the assistant writes.
def build_labels_chat(messages, tokenizer) -> tuple[torch.Tensor, torch.Tensor]:
    if "assistant" not in {message["role"] for message in messages}:
        raise ValueError("there is no assistant turn")
    out = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    input_ids, mask = torch.tensor(out["input_ids"]), torch.tensor(out["assistant_masks"])
    return input_ids, input_ids.masked_fill(mask == 0, -100)


# %% variant: character_spans
# note: Spans in the rendered text, then the tokenizer's offsets.
def build_labels_chat(messages, tokenizer):
    spans = []
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            prompt = tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, tokenize=False)
            end = text.index(tokenizer.eos_token, len(prompt)) + len(tokenizer.eos_token)
            spans.append((len(prompt), end))
    if not spans:
        raise ValueError("there is no assistant turn")
    out = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    labels = [
        token if any(start <= left and right <= end for start, end in spans) else -100
        for token, (left, right) in zip(out["input_ids"], out["offset_mapping"])
    ]
    return torch.tensor(out["input_ids"]), torch.tensor(labels)


# %% variant: boolean_mask
# note: A mask over positions, then torch.where.
def build_labels_chat(messages, tokenizer):
    def count(part, generation):
        return len(tokenizer.apply_chat_template(part, add_generation_prompt=generation, return_dict=False))

    input_ids = torch.tensor(tokenizer.apply_chat_template(messages, return_dict=False))
    ends = (input_ids == tokenizer.eos_token_id).nonzero()[:, 0]
    place = torch.arange(len(input_ids))
    answer = torch.zeros(len(input_ids), dtype=torch.bool)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = count(messages[:turn], True)
            end = ends[ends >= start][0]
            answer |= (place >= start) & (place <= end)
    if not answer.any():
        raise ValueError("there is no assistant turn to learn from")
    return input_ids, torch.where(answer, input_ids, -100)


# %% variant: walks_through_the_tokens
# note: One pass over the tokens, switched on where a turn begins and off after EOS.
def build_labels_chat(messages, tokenizer):
    starts = {
        len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
        for turn, message in enumerate(messages)
        if message["role"] == "assistant"
    }
    if not starts:
        raise ValueError("there is no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels, learning = [], False
    for place, token in enumerate(ids):
        learning = learning or place in starts
        labels.append(token if learning else -100)
        if token == tokenizer.eos_token_id:
            learning = False
    return torch.tensor(ids), torch.tensor(labels)


# %% variant: numpy_inside
# note: numpy arrays, converted at the end.
def build_labels_chat(messages, tokenizer):
    turns = [turn for turn, message in enumerate(messages) if message["role"] == "assistant"]
    if len(turns) == 0:
        raise ValueError("there is no assistant turn")
    ids = np.array(tokenizer.apply_chat_template(messages, return_dict=False), dtype=np.int64)
    labels = np.full(ids.shape, -100, dtype=np.int64)
    for turn in turns:
        prompt = tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False)
        stop = len(prompt) + int(np.argmax(ids[len(prompt) :] == tokenizer.eos_token_id)) + 1
        labels[len(prompt) : stop] = ids[len(prompt) : stop]
    return torch.from_numpy(ids), torch.from_numpy(labels)
# %% mutant: empty_answer_skipped
# misconception: An assistant turn without text teaches nothing, not even to stop.
# fails: sft_masking-labels-build_labels_chat-tests
# says: learned
# breaks: A content may be empty
def build_labels_chat(messages, tokenizer):
    if not any(m["role"] == "assistant" for m in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    labels = [-100] * len(ids)
    for i, message in enumerate(messages):
        if message["role"] == "assistant" and message["content"]:
            start = len(
                tokenizer.apply_chat_template(
                    messages[:i], tokenize=True, add_generation_prompt=True, return_dict=False
                )
            )
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: strips_the_contents
# misconception: Messages are tidied before they are rendered.
# fails: sft_masking-labels-build_labels_chat-tests
# says: white space around each text
# breaks: it is taken as it is
def build_labels_chat(messages, tokenizer):
    messages = [{**message, "content": message["content"].strip()} for message in messages]
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: strips_in_place
# misconception: A message that is tidied once need not be tidied again.
# fails: sft_masking-labels-build_labels_chat-tests
# says: leaves messages with white space
# breaks: messages stay as they were
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    labels = [-100] * len(ids)
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            start = len(tokenizer.apply_chat_template(messages[:turn], add_generation_prompt=True, return_dict=False))
            end = ids.index(tokenizer.eos_token_id, start) + 1
            labels[start:end] = ids[start:end]
    for message in messages:
        message["content"] = message["content"].strip()
    return torch.tensor(ids), torch.tensor(labels)


# %% mutant: each_message_by_itself
# misconception: A conversation is its messages, rendered one by one and joined.
# fails: sft_masking-labels-build_labels_chat-tests
# says: rendered by itself
# breaks: input_ids: the conversation through the chat template
def build_labels_chat(messages, tokenizer):
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no assistant turn")
    opened = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=False)
    header = len(opened) - len(tokenizer.apply_chat_template(messages[:1], return_dict=False))
    ids, labels = [], []
    for message in messages:
        piece = tokenizer.apply_chat_template([message], return_dict=False)
        ids += piece
        if message["role"] == "assistant":
            end = piece.index(tokenizer.eos_token_id, header) + 1
            labels += [-100] * header + piece[header:end] + [-100] * (len(piece) - end)
        else:
            labels += [-100] * len(piece)
    return torch.tensor(ids), torch.tensor(labels)


# %% variant: from_the_back
# note: Recursion over a stack of turns; the last assistant turn is dealt with first.
def build_labels_chat(messages, tokenizer):
    ids = tokenizer.apply_chat_template(conversation=messages, tokenize=True, return_dict=False) if messages else []
    _labels = dict.fromkeys(range(len(ids)), -100)

    def _tail(turns):
        if not turns:
            return 0
        *before, last = turns
        found = last["role"] == "assistant"
        if found:
            place = len(
                tokenizer.apply_chat_template(before, tokenize=True, return_dict=False, add_generation_prompt=True)
            )
            while True:
                _labels[place] = ids[place]
                if ids[place] == tokenizer.eos_token_id:
                    break
                place += 1
        return found + _tail(before)

    if _tail(list(messages)) == 0:
        raise ValueError("nobody answers")
    return torch.tensor(ids), torch.tensor([_labels[place] for place in range(len(ids))])


# %% variant: rendered_as_text
# note: Text first, ids from the tokenizer; how many ids a prefix has is counted the same way.
def build_labels_chat(messages, tokenizer):
    def _ids(part, opened=False):
        text = tokenizer.apply_chat_template(part, tokenize=False, add_generation_prompt=opened)
        return tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"][0]

    answers = [i for i, m in enumerate(messages) if m["role"] == "assistant"]
    if not answers:
        raise ValueError("no turn of the assistant")
    input_ids = _ids(messages)
    ends = torch.cumsum(input_ids == tokenizer.eos_token_id, 0)
    labels = torch.full_like(input_ids, -100)
    for i in answers:
        start = len(_ids(messages[:i], opened=True))
        ended_before = ends[start - 1]
        _kept = torch.cat([ended_before[None], ends[:-1]])[1:] if start == 0 else ends.roll(1)
        inside = (torch.arange(len(input_ids)) >= start) & (_kept == ended_before)
        labels[inside] = input_ids[inside]
    return input_ids, labels
