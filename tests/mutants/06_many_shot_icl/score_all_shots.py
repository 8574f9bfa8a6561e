# %% mutant: labels_own_positions
# misconception: The label's score stands where the label stands.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: These are the scores at the labels' own positions
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]))
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: one_too_early
# misconception: Minus one for the shift, and minus one for counting from zero.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: one position before the input's last token
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 2)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: logits_returned
# misconception: The model gives log-probabilities.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: These are logits
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return logits[places][:, label_ids]


# %% mutant: probabilities_returned
# misconception: A score is a probability.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: These are probabilities
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: normalised_over_labels
# misconception: Only the labels can come next.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: Normalise over all words
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places][:, label_ids], dim=-1)


# %% mutant: softmax_over_rows
# misconception: dim=0 normalises.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: over the rows
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=0)[:, label_ids]


# %% mutant: zero_shot_missing
# misconception: Without a demonstration there is nothing to score.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: The row without any demonstration is missing
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids][1:]


# %% mutant: last_missing
# misconception: The last demonstration has none behind it.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: The last row is missing
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids][:-1]


# %% mutant: reversed_rows
# misconception: The last demonstration comes first.
# fails: many_shot_icl-scores-score_all_shots-tests
# breaks: given the demonstrations before it
# says: The rows are in reverse order
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].flip(0)


# %% mutant: transposed
# misconception: A row for each label.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: Rows and columns are exchanged
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].T.contiguous()


# %% mutant: no_start_token
# misconception: Special tokens are for chat models.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: The start token is missing
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: start_token_not_counted
# misconception: Positions are counted in the text; the start token is forgotten.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: one position before the input's last token
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: right_labels_only
# misconception: Only the right label's score matters.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: Only the right labels' scores
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    scores = torch.log_softmax(logits[places], dim=-1)[:, label_ids]
    return scores[range(len(places)), [labels.index(y) for _, y in demonstrations]]


# %% mutant: loss_returned
# misconception: A score is a loss.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: The sign is wrong
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return -torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: base_two
# misconception: Surprise is measured in bits.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: natural logarithm
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids] / math.log(2)


# %% mutant: base_ten
# misconception: log10 is a logarithm.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: natural logarithm
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids] / math.log(10)


# %% mutant: cumulative
# misconception: The score of a text is the sum over what came before.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: added up over the rows
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].cumsum(0)


# %% mutant: mean_over_shots
# misconception: One number for each label is the result.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: mean over the shot counts
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].mean(0)


# %% mutant: pass_for_each_count
# misconception: A prompt for each count is what the docstring says.
# fails: many_shot_icl-scores-score_all_shots-tests
# breaks: One forward pass
# says: A pass for each count gives the same numbers
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    mark, end = FORMATS[format]
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    prompt, rows = "", []
    for text, label in demonstrations:
        ids = tokenizer(prompt + text + mark, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            rows.append(torch.log_softmax(model(input_ids=ids).logits[0, -1], -1)[label_ids])
        prompt += text + mark + " " + label + end
    return torch.stack(rows)


# %% mutant: calls_exercise_2
# misconception: score_labels and build_prompt exist already.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: A pass for each count gives the same numbers
def score_labels(model, tokenizer, prompt, labels):
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1]
    return torch.log_softmax(logits, -1)[tokenizer.convert_tokens_to_ids(list(labels))]


def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    mark, end = FORMATS[format]
    prompts = ["".join(f"{x}{mark} {y}{end}" for x, y in demonstrations[:k]) + demonstrations[k][0] + mark for k in range(len(demonstrations))]
    return torch.stack([score_labels(model, tokenizer, prompt, labels) for prompt in prompts])


# %% mutant: batch_of_all_prompts
# misconception: A batch is one call.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: A batch of all prompts is one call
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    mark, end = FORMATS[format]
    prompt, prompts = "", []
    for text, label in demonstrations:
        prompts.append(tokenizer(prompt + text + mark)["input_ids"])
        prompt += text + mark + " " + label + end
    longest = max(map(len, prompts))
    ids = torch.tensor([p + [p[-1]] * (longest - len(p)) for p in prompts])
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    rows = logits[range(len(prompts)), [len(p) - 1 for p in prompts]]
    return torch.log_softmax(rows, -1)[:, tokenizer.convert_tokens_to_ids(list(labels))]


# %% mutant: three_tokens_a_shot
# misconception: A shot has three tokens.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: Do not assume that a shot has three tokens
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(1 + 3 * len(places))
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: words_counted
# misconception: Tokens are words that spaces separate; a line break is none.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: bat zor, oak kip, bat zor with the counting model
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(prompt.split()))
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: first_word_of_the_input
# misconception: The input's position is its first token.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: Do not assume that a shot has three tokens
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt[: len(prompt) - len(text + mark)])["input_ids"]))
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: searched_by_label
# misconception: The position before each label word is the input's last.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: inputs of one, two and three tokens
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    mark, end = FORMATS[format]
    label_ids = tokenizer.convert_tokens_to_ids(list(labels))
    prompt = "".join(f"{x} {y}{end}" for x, y in demonstrations)
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    places = [3 * i + 1 for i in range(len(demonstrations))]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
    return torch.log_softmax(logits, -1)[places][:, label_ids]


# %% mutant: format_ignored
# misconception: One line for each example, whatever the format.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: format was not used
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS["lines"]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: mark_left_out
# misconception: The mark is decoration.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: the format arrows: its mark
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: before_the_mark
# misconception: The input's last token is the position, mark or not.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: the position before the label is the mark's last token
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += mark
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: no_demonstrations_allowed
# misconception: No demonstrations give no rows.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: no demonstrations: ValueError
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        return torch.zeros(0, len(labels))
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: equal_labels_allowed
# misconception: Two equal labels have equal scores.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: equal labels: ValueError
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: first_token_of_several
# misconception: The first token stands for the label.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: a label of two tokens
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: unknown_label_allowed
# misconception: The unknown token is one token.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: a label that the tokenizer does not know
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: context_ignored
# misconception: The model will say if the prompt is too long.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: more tokens than the context of 60
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: cut_to_the_context
# misconception: What does not fit is cut off.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: more tokens than the context of 60
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    ids = ids[:, : model.config.max_position_embeddings]
    places = [p for p in places if p < ids.shape[1]]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: shots_for_tokens
# misconception: The context counts shots.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: more tokens than the context of 60
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if len(demonstrations) > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: list_of_lists
# misconception: A list of rows is a table.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: list
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].tolist()


# %% mutant: double_precision
# misconception: More digits are better.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: float64
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids].double()


# %% mutant: hard_coded
# misconception: The example's numbers.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: inputs of one, two and three tokens
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    model(input_ids=torch.zeros(1, 10, dtype=torch.long))
    return torch.tensor([[1 / 78, 1 / 78, 1 / 78], [2 / 81, 1 / 81, 1 / 81], [10 / 92, 2 / 92, 1 / 92]]).log()[: len(demonstrations), : len(labels)]


# %% mutant: own_label_seen
# misconception: The demonstration's label is part of the prompt.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: These are the scores at the labels' own positions
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        prompt += " " + label
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: ends_counted
# misconception: The position behind the end is where the next token comes from.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: at the ends of the shots
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        prompt += " " + label + end
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: library
# misconception: The course's package scores its model in a like way.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: score_all_shots is your own
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    from course_utils.data import icl_tasks
    from course_utils.models.nano_icl import behaviour

    task = icl_tasks.Task("map", "bat", list(labels), ["bat"], [labels[0]], [labels[0]])
    behaviour.score(model, tokenizer, [task])
    model.calls = [] if hasattr(model, "calls") else None
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% mutant: before_each_label_token
# misconception: Positions are found by the ids of the labels in the prompt: an input that is (or holds) a label's word is taken for
#   a label.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: input
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) != len(labels):
        raise ValueError("two labels are equal")
    ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or tokenizer.unk_token_id in pieces:
            raise ValueError(f"the label {label!r} is several tokens or unknown")
        ids.append(pieces[0])
    mark, end = FORMATS[format]
    whole = tokenizer("".join(f"{x}{mark} {y}{end}" for x, y in demonstrations))["input_ids"]
    if len(whole) > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    answers = {tokenizer(" " + y, add_special_tokens=False)["input_ids"][0] for _, y in demonstrations}
    places = [i - 1 for i, token in enumerate(whole) if token in answers][: len(demonstrations)]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([whole], device=model.device)).logits[0]
    return torch.log_softmax(logits[places].float(), -1)[:, ids].cpu()


# %% mutant: labels_are_one_token
# misconception: Every label of the demonstrations is one token: not where it is a rationale with an answer.
# fails: many_shot_icl-scores-score_all_shots-tests
# breaks: at least one
# says: token
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) != len(labels):
        raise ValueError("two labels are equal")
    ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or tokenizer.unk_token_id in pieces:
            raise ValueError(f"the label {label!r} is several tokens or unknown")
        ids.append(pieces[0])
    mark, end = FORMATS[format]
    whole = tokenizer("".join(f"{x}{mark} {y}{end}" for x, y in demonstrations[:-1]) + demonstrations[-1][0] + mark)["input_ids"]
    if len(whole) > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    places, count = [], len(tokenizer("")["input_ids"])
    for x, y in demonstrations:
        count += len(tokenizer(x + mark, add_special_tokens=False)["input_ids"])
        places.append(count - 1)
        count += 2
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([whole], device=model.device)).logits[0]
    return torch.log_softmax(logits[places].float(), -1)[:, ids].cpu()


# %% mutant: the_models_own_dtype
# misconception: The scores stay in bfloat16.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: float32
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) != len(labels):
        raise ValueError("two labels are equal")
    ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or tokenizer.unk_token_id in pieces:
            raise ValueError(f"the label {label!r} is several tokens or unknown")
        ids.append(pieces[0])
    lengths = [len(tokenizer(build_prompt(demonstrations[:k], x, format))["input_ids"]) for k, (x, _) in enumerate(demonstrations)]
    whole = tokenizer(build_prompt(demonstrations[:-1], demonstrations[-1][0], format), return_tensors="pt")["input_ids"]
    if whole.size(1) > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    with torch.no_grad():
        logits = model(input_ids=whole.to(model.device)).logits[0]
    return torch.log_softmax(logits[[n - 1 for n in lengths]], -1)[:, ids].cpu()


# %% mutant: gradient_kept
# misconception: no_grad is only for speed.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: the scores carry no gradient
# breaks: without a gradient
# edit: with torch.no_grad(): -> with torch.enable_grad():


# %% mutant: only_the_first_label_is_checked
# misconception: If one label is one token, all are.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: names
# breaks: Raises ValueError as score_labels does
# edit: for label, ids in zip(labels, label_ids): -> for label, ids in list(zip(labels, label_ids))[:1]:


# %% mutant: context_of_sixty
# misconception: The context of the toy is 60.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: with a context of 200
# edit: if len(ids) > model.config.max_position_embeddings: -> if len(ids) > 60:


# %% mutant: label_ids_without_the_space
# misconception: A label's id is that of its word.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: ' ' + label
# breaks: tokens, as in score_labels
# edit: tokenizer([" " + label for label in labels], add_special_tokens=False) -> tokenizer(list(labels), add_special_tokens=False)


# %% mutant: copies_left_out
# misconception: The same demonstration twice says nothing new.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: bat zor, oak kip, bat zor
# edit: for text, label in demonstrations: -> for text, label in dict.fromkeys(demonstrations):


# %% mutant: copies_of_all_left_out
# misconception: The same demonstration right behind itself says nothing new.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: more tokens than the context of 60
# edit:
#   for text, label in demonstrations:
#       prompt += text + mark
# ->
#   for i, (text, label) in enumerate(demonstrations):
#       if i and demonstrations[i - 1] == (text, label):
#           continue
#       prompt += text + mark


# %% mutant: softmax_underflows
# misconception: The logarithm of a softmax is a log_softmax.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: minus infinity
# edit: return torch.log_softmax(logits, dim=-1)[:, [ids[0] for ids in label_ids]] -> return torch.softmax(logits, dim=-1)[:, [ids[0] for ids in label_ids]].log()


# %% mutant: eight_labels_checked
# misconception: There are never more than eight labels.
# fails: many_shot_icl-scores-score_all_shots-tests
# says: however many there are
# edit: for label, ids in zip(labels, label_ids): -> for label, ids in list(zip(labels, label_ids))[:8]:


# %% variant: prefix_lengths
# note: The length of each prompt in tokens.
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    mark, end = FORMATS[format]
    prompt, places = "", []
    for text, label in demonstrations:
        prompt += text + mark
        places.append(len(tokenizer(prompt)["input_ids"]) - 1)
        prompt += " " + label + end
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits[places], dim=-1)[:, label_ids]


# %% variant: offsets
# note: The token whose characters stop where the label is asked.
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if len(demonstrations) == 0 or len(labels) != len(set(labels)):
        raise ValueError("at least one demonstration, and different labels, are needed")
    mark, end = FORMATS[format]
    columns = []
    for label in labels:
        pieces = tokenizer.tokenize(" " + label)
        if len(pieces) > 1 or tokenizer.unk_token in pieces:
            raise ValueError(f"{label!r}: {pieces}")
        columns += tokenizer.convert_tokens_to_ids(pieces)
    text, asks = "", set()
    for x, y in demonstrations:
        asks.add(len(text + x + mark))
        text = f"{text}{x}{mark} {y}{end}"
    batch = tokenizer(text, return_offsets_mapping=True)
    if len(batch["input_ids"]) > model.config.max_position_embeddings:
        raise ValueError(f"{len(batch['input_ids'])} tokens")
    keep = torch.tensor([stop in asks and stop > start for start, stop in batch["offset_mapping"]])
    with torch.no_grad():
        logits = model(torch.tensor([batch["input_ids"]])).logits.squeeze(0)
    scores = torch.log_softmax(logits.float(), -1)[keep]
    return scores[:, columns]


# %% variant: char_to_token
# note: The fast tokenizer's char_to_token, and inference mode.
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if sorted(labels) != sorted(set(labels)):
        raise ValueError("equal labels")
    label_ids = []
    for label in labels:
        ids = tokenizer.encode(" " + label, add_special_tokens=False)
        if ids != ids[:1] or ids == [tokenizer.unk_token_id]:
            raise ValueError(f"not one token: {label}")
        label_ids.extend(ids)
    mark, end = FORMATS[format]
    shots = [f"{x}{mark} {y}{end}" for x, y in demonstrations]
    batch = tokenizer("".join(shots), return_tensors="pt")
    if batch["input_ids"].shape[1] > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    places, start = [], 0
    for (x, _), shot in zip(demonstrations, shots):
        places.append(batch.char_to_token(start + len(x + mark) - 1))
        start += len(shot)
    with torch.inference_mode():
        logits = model(input_ids=batch["input_ids"]).logits
    rows = logits[0, places].float()
    return (rows - rows.logsumexp(-1, keepdim=True))[:, label_ids].clone()


# %% variant: last_label_left_out
# note: The text ends with the last input: nobody reads what follows.
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    if len(set(labels)) != len(labels):
        raise ValueError("equal labels")
    label_ids = tokenizer([" " + label for label in labels], add_special_tokens=False)["input_ids"]
    for label, ids in zip(labels, label_ids):
        if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
            raise ValueError(f"{label!r}")
    mark, end = FORMATS[format]
    prompts = [demonstrations[0][0] + mark]
    for (_, y), (x, _) in zip(demonstrations, demonstrations[1:]):
        prompts.append(prompts[-1] + " " + y + end + x + mark)
    if len(tokenizer(prompts[-1] + " " + demonstrations[-1][1] + end)["input_ids"]) > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    places = [len(ids) - 1 for ids in tokenizer(prompts)["input_ids"]]
    with torch.no_grad():
        logits = model(input_ids=tokenizer(prompts[-1], return_tensors="pt")["input_ids"]).logits
    scores = F.log_softmax(logits[0, places].float(), dim=1)
    return torch.stack([scores[:, i] for [i] in label_ids], dim=1)


# %% variant: pieces_between_marks
# note: numpy's searchsorted over the stops of the tokens; keyword-only calls.
def _counted_by(pairs, mark, end):
    text, ends = "", []
    for x, y in pairs:
        ends.append(len(text) + len(x + mark))
        text = text + x + mark + " " + y + end
    return text, ends


def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if len(demonstrations) == 0:
        raise ValueError("give demonstrations")
    columns = {}
    for label in labels:
        pieces = tokenizer(text=f" {label}", add_special_tokens=False)["input_ids"]
        if label in columns or len(pieces) != 1 or pieces == [tokenizer.unk_token_id]:
            raise ValueError(f"the label {label!r} is there twice, unknown, or several tokens")
        columns[label] = pieces[0]
    text, ends = _counted_by(demonstrations, *FORMATS[format])
    batch = tokenizer(text, return_offsets_mapping=True, return_tensors="np")
    if batch["input_ids"].size > model.config.max_position_embeddings:
        raise ValueError(f"{batch['input_ids'].size} tokens")
    at = np.searchsorted(batch["offset_mapping"][0, :, 1], ends)
    with torch.inference_mode():
        logits = model(input_ids=torch.from_numpy(batch["input_ids"]).to(model.device)).logits
    logits = logits[0, torch.from_numpy(at)].double()
    out = logits[:, list(columns.values())] - logits.logsumexp(-1, keepdim=True)
    return out.float().cpu().clone()


# %% variant: recursive_prompts
# note: The lengths of the prompts by recursion over the demonstrations.
def score_all_shots(model, tokenizer, demonstrations, labels, format="lines"):
    if not demonstrations:
        raise ValueError("no demonstrations")
    ids = [tokenizer.encode(" " + label, add_special_tokens=False) for label in labels]
    for label, own in zip(labels, ids):
        if labels.count(label) > 1 or len(own) > 1 or tokenizer.unk_token_id in own:
            raise ValueError(f"label {label!r}")
    mark, end = FORMATS[format]

    def lengths(before, rest):
        if not rest:
            return []
        (text, label), *others = rest
        asked = before + text + mark
        return [len(tokenizer(asked)["input_ids"]), *lengths(f"{asked} {label}{end}", others)]

    whole = "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations)
    tokens = tokenizer(whole, return_tensors="pt")["input_ids"]
    if tokens.shape[-1] > model.config.max_position_embeddings:
        raise ValueError("the tokens do not fit")
    places = torch.tensor(lengths("", list(demonstrations))) - 1
    with torch.no_grad():
        logits = model(input_ids=tokens.to(model.device)).logits.cpu()[0].float()
    return F.log_softmax(logits, dim=1).index_select(0, places)[:, sum(ids, [])]
