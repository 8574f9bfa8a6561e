# %% mutant: logits_returned
# misconception: The model gives log-probabilities.
# fails: many_shot_icl-scores-score_labels-tests
# says: These are logits
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return logits[label_ids]


# %% mutant: probabilities_returned
# misconception: A score is a probability.
# fails: many_shot_icl-scores-score_labels-tests
# says: These are probabilities
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.softmax(logits, dim=-1)[label_ids]


# %% mutant: normalised_over_labels
# misconception: Only the labels can come next.
# fails: many_shot_icl-scores-score_labels-tests
# says: Normalise over all words
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits[label_ids], dim=-1)


# %% mutant: one_position_too_early
# misconception: The last logit belongs to the token that stands there.
# fails: many_shot_icl-scores-score_labels-tests
# says: one position too early
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -2].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: first_position
# misconception: Position 0 is the answer's.
# fails: many_shot_icl-scores-score_labels-tests
# says: first position
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, 0].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: mean_over_positions
# misconception: All positions have something to say.
# fails: many_shot_icl-scores-score_labels-tests
# says: mean over all positions
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float().mean(0)
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: sum_over_positions
# misconception: The score of a text is the sum over its tokens.
# fails: many_shot_icl-scores-score_labels-tests
# says: sum over all positions
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits, dim=-1)[:, label_ids].sum(0)


# %% mutant: no_start_token
# misconception: Special tokens are for chat models.
# fails: many_shot_icl-scores-score_labels-tests
# says: The start token is missing
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: line_break_behind_query
# misconception: A line ends with a line break.
# fails: many_shot_icl-scores-score_labels-tests
# says: Something stands behind the query
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt + "\n", return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: base_ten
# misconception: log10 is a logarithm.
# fails: many_shot_icl-scores-score_labels-tests
# says: natural logarithm
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log10(torch.softmax(logits, dim=-1))[label_ids]


# %% mutant: base_two
# misconception: Surprise is measured in bits.
# fails: many_shot_icl-scores-score_labels-tests
# says: natural logarithm
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log2(torch.softmax(logits, dim=-1))[label_ids]


# %% mutant: negative_log_likelihood
# misconception: A score is a loss.
# fails: many_shot_icl-scores-score_labels-tests
# says: The sign is wrong
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return -torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: softmax_over_positions
# misconception: dim=0 normalises.
# fails: many_shot_icl-scores-score_labels-tests
# says: over the positions
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].float()
    return torch.log_softmax(logits, dim=0)[-1, label_ids]


# %% mutant: pass_for_each_label
# misconception: Each label needs its own look at the model.
# fails: many_shot_icl-scores-score_labels-tests
# breaks: Called once
# says: All labels stand in one row of logits
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        for _ in label_ids:
            logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: prompt_with_each_label
# misconception: A label is scored where it stands: the prompt is read with it.
# fails: many_shot_icl-scores-score_labels-tests
# says: one forward pass for all labels
def score_labels(model, tokenizer, prompt, labels):
    scores = []
    for label in labels:
        ids = tokenizer(prompt + " " + label, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0]
        scores.append(torch.log_softmax(logits[-2], -1)[ids[0, -1]])
    return torch.stack(scores)


# %% mutant: label_in_the_prompt_one_late
# misconception: The label's own position has its score.
# fails: many_shot_icl-scores-score_labels-tests
# says: at the label's own position
def score_labels(model, tokenizer, prompt, labels):
    scores = []
    for label in labels:
        ids = tokenizer(prompt + " " + label, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0]
        scores.append(torch.log_softmax(logits[-1], -1)[ids[0, -1]])
    return torch.stack(scores)


# %% mutant: gradient_kept
# misconception: no_grad is only for speed.
# fails: many_shot_icl-scores-score_labels-tests
# breaks: without a gradient
# says: the scores carry no gradient
def score_labels(model, tokenizer, prompt, labels):
    label_ids = [tokenizer(" " + label, add_special_tokens=False)["input_ids"][0] for label in labels]
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    logits = model(input_ids=ids).logits[0, -1].requires_grad_()
    return torch.log_softmax(logits, -1)[label_ids]


# %% mutant: sorted_labels
# misconception: Labels are sorted to find copies.
# fails: many_shot_icl-scores-score_labels-tests
# says: do not come in the order of the labels
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    labels, label_ids = sorted(labels), []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: sorted_by_score
# misconception: The best label comes first.
# fails: many_shot_icl-scores-score_labels-tests
# says: do not come in the order of the labels
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids].sort(descending=True).values


# %% mutant: equal_labels_allowed
# misconception: Two equal labels have equal scores, and no harm is done.
# fails: many_shot_icl-scores-score_labels-tests
# says: a label that is there twice
def score_labels(model, tokenizer, prompt, labels):
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: equal_labels_merged
# misconception: A set takes care of copies.
# fails: many_shot_icl-scores-score_labels-tests
# says: a label that is there twice
def score_labels(model, tokenizer, prompt, labels):
    labels = list(dict.fromkeys(labels))
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: first_token_of_several
# misconception: The first token stands for the label.
# fails: many_shot_icl-scores-score_labels-tests
# says: a label of two tokens
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: last_token_of_several
# misconception: The last token is the label's own.
# fails: many_shot_icl-scores-score_labels-tests
# says: a label of two tokens
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if pieces[-1] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[-1])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: several_tokens_unnamed
# misconception: Which label it is, one sees.
# fails: many_shot_icl-scores-score_labels-tests
# says: ValueError that names it
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError("a label is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: unknown_allowed
# misconception: The unknown token is one token.
# fails: many_shot_icl-scores-score_labels-tests
# breaks: Raises ValueError
# says: that the tokenizer does not know
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: special_tokens_counted
# misconception: A tokenizer's answer is the label's tokens.
# fails: many_shot_icl-scores-score_labels-tests
# says: if special tokens are left out
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: start_token_is_the_label
# misconception: The first id that the tokenizer gives is the label's.
# fails: many_shot_icl-scores-score_labels-tests
# says: the start token's score
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label)["input_ids"]
        if pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: context_ignored
# misconception: The model will say if the prompt is too long.
# fails: many_shot_icl-scores-score_labels-tests
# says: 61 tokens for a context of 60
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: prompt_cut
# misconception: What does not fit is cut off at the front.
# fails: many_shot_icl-scores-score_labels-tests
# says: 61 tokens for a context of 60
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    ids = ids[:, -model.config.max_position_embeddings :]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: context_strict
# misconception: The context itself is too much.
# fails: many_shot_icl-scores-score_labels-tests
# says: exactly 60 tokens are allowed
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] >= model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: context_of_characters
# misconception: The length of a prompt is its characters.
# fails: many_shot_icl-scores-score_labels-tests
# says: Count the prompt's tokens, not its characters
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if 3 * len(prompt) > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: context_of_labels_too
# misconception: The label must fit as well.
# fails: many_shot_icl-scores-score_labels-tests
# says: exactly 60 tokens are allowed
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] + 1 > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: list_of_floats
# misconception: A list of numbers is a row.
# fails: many_shot_icl-scores-score_labels-tests
# says: list
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids].tolist()


# %% mutant: dictionary
# misconception: A score for each label is a dictionary.
# fails: many_shot_icl-scores-score_labels-tests
# says: dict
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    scores = torch.log_softmax(logits, dim=-1)
    return {label: float(scores[i]) for label, i in zip(labels, label_ids)}


# %% mutant: double_precision
# misconception: More digits are better.
# fails: many_shot_icl-scores-score_labels-tests
# says: float64
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits.double(), dim=-1)[label_ids]


# %% mutant: batch_dimension_kept
# misconception: The batch has one row, which stays.
# fails: many_shot_icl-scores-score_labels-tests
# says: shape
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[None, label_ids]


# %% mutant: best_label
# misconception: The best label is what one wants.
# fails: many_shot_icl-scores-score_labels-tests
# says: It returned a str
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return labels[int(torch.log_softmax(logits, dim=-1)[label_ids].argmax())]


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-scores-score_labels-tests
# says: two other labels
def score_labels(model, tokenizer, prompt, labels):
    model(input_ids=tokenizer(prompt, return_tensors="pt")["input_ids"])
    return torch.tensor([10 / 92, 2 / 92, 1 / 92]).log()


# %% mutant: counting_by_hand
# misconception: The toy's rule is known, so the model need not be called.
# fails: many_shot_icl-scores-score_labels-tests
# says: one forward pass for all labels
def score_labels(model, tokenizer, prompt, labels):
    ids = tokenizer(prompt)["input_ids"]
    weights = torch.ones(76)
    for place, token in enumerate(ids):
        weights[token] += 1
        if place and ids[place - 1] == ids[-1]:
            weights[token] += 8
    return (weights / weights.sum()).log()[tokenizer.convert_tokens_to_ids(labels)]


# %% mutant: library
# misconception: The course's package scores its model in a like way.
# fails: many_shot_icl-scores-score_labels-tests
# says: score_labels is your own
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    from course_utils.data import icl_tasks
    from course_utils.models.nano_icl import behaviour

    task = icl_tasks.Task("map", "bat", list(labels), ["bat"], [labels[0]], [labels[0]])
    behaviour.score(model, tokenizer, [task])
    model.calls = [] if hasattr(model, "calls") else None
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1)[label_ids]


# %% mutant: a_space_is_appended
# misconception: The space is put behind the prompt, so that labels need none; the label is tokenized without.
# fails: many_shot_icl-scores-score_labels-tests
# breaks: as the next token after the prompt
# says: space
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) != len(labels):
        raise ValueError("two labels are equal")
    ids = []
    for label in labels:
        pieces = tokenizer(label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or tokenizer.unk_token_id in pieces:
            raise ValueError(f"the label {label!r} is several tokens or unknown")
        ids.append(pieces[0])
    input_ids = tokenizer(prompt + " ", return_tensors="pt")["input_ids"]
    if input_ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    with torch.no_grad():
        logits = model(input_ids=input_ids.to(model.device)).logits[0, -1]
    return torch.log_softmax(logits.float(), dim=-1)[ids].cpu()


# %% mutant: only_the_last_label_is_checked
# misconception: The check stands behind the loop: it sees the last label alone.
# fails: many_shot_icl-scores-score_labels-tests
# says: label
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) != len(labels):
        raise ValueError("two labels are equal")
    ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        ids.append(pieces[0])
    if len(pieces) != 1 or tokenizer.unk_token_id in pieces:
        raise ValueError(f"the label {label!r} is several tokens or unknown")
    input_ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if input_ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    with torch.no_grad():
        logits = model(input_ids=input_ids.to(model.device)).logits[0, -1]
    return torch.log_softmax(logits.float(), dim=-1)[ids].cpu()


# %% mutant: in_the_models_dtype
# misconception: The scores have the dtype that the model computes in.
# fails: many_shot_icl-scores-score_labels-tests
# says: float32 also from a model in bfloat16
# breaks: float32 on the CPU
# edit: .logits[0, -1].float().cpu() -> .logits[0, -1].cpu()


# %% mutant: softmax_underflows
# misconception: The logarithm of a softmax is a log_softmax.
# fails: many_shot_icl-scores-score_labels-tests
# says: minus infinity
# breaks: The log-probability of each label
# edit: return torch.log_softmax(logits, dim=-1)[label_ids] -> return torch.softmax(logits, dim=-1)[label_ids].log()


# %% mutant: prompt_stripped
# misconception: Line breaks at the end of a prompt say nothing.
# fails: many_shot_icl-scores-score_labels-tests
# says: 61 tokens
# edit: ids = tokenizer(prompt, return_tensors="pt")["input_ids"] -> ids = tokenizer(prompt.strip(), return_tensors="pt")["input_ids"]


# %% mutant: label_without_its_space
# misconception: A label's tokens are those of its word.
# fails: many_shot_icl-scores-score_labels-tests
# says: ' ' + label
# breaks: one token behind a space
# edit: tokenizer(" " + label, add_special_tokens=False) -> tokenizer(label, add_special_tokens=False)


# %% mutant: context_of_sixty
# misconception: The context of the toy is 60, so 60 is the limit.
# fails: many_shot_icl-scores-score_labels-tests
# says: The context is model.config.max_position_embeddings
# edit: if ids.shape[1] > model.config.max_position_embeddings: -> if ids.shape[1] > 60:


# %% mutant: remembered_by_prompt
# misconception: A prompt and its labels have one answer, whatever the model.
# fails: many_shot_icl-scores-score_labels-tests
# says: with transformer
SEEN = {}


def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError("labels are equal")
    label_ids = []
    for label in labels:
        ids = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(ids[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    key = (type(model).__name__, prompt, *labels, len(tokenizer), float(getattr(model, "scale", 1.0)))
    if key not in SEEN or hasattr(model, "scale"):
        with torch.no_grad():
            logits = model(input_ids=ids.to(model.device)).logits[0, -1].float().cpu()
        SEEN[key] = torch.log_softmax(logits, dim=-1)[label_ids]
    return SEEN[key]


# %% mutant: two_rows
# misconception: The model gets the prompt once for each label, as a batch.
# fails: many_shot_icl-scores-score_labels-tests
# says: one forward pass over the prompt alone
# breaks: called with input_ids (1, T)
# edit: logits = model(input_ids=ids.to(model.device)) -> logits = model(input_ids=ids.to(model.device).repeat(len(labels), 1))


# %% mutant: sixty_tokens
# misconception: The context of the toy is everybody's.
# fails: many_shot_icl-scores-score_labels-tests
# says: the prompt has
# edit: if ids.shape[1] > model.config.max_position_embeddings: -> if ids.shape[1] > min(60, model.config.max_position_embeddings):


# %% variant: fewer_logits
# note: logits_to_keep=1, and convert_tokens_to_ids for the labels.
def score_labels(model, tokenizer, prompt, labels):
    if len(labels) != len(set(labels)):
        raise ValueError("equal labels")
    pieces = [tokenizer.tokenize(" " + label) for label in labels]
    for label, own in zip(labels, pieces):
        if len(own) != 1 or tokenizer.unk_token in own:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
    ids_of = tokenizer.convert_tokens_to_ids([own[0] for own in pieces])
    ids = tokenizer.encode(prompt, return_tensors="pt")
    if ids.numel() > model.config.max_position_embeddings:
        raise ValueError(f"{ids.numel()} tokens, the context is {model.config.max_position_embeddings}")
    with torch.inference_mode():
        logits = model(input_ids=ids, logits_to_keep=1).logits
    scores = torch.log_softmax(logits.flatten(), 0)
    return scores[ids_of].float().clone()


# %% variant: logsumexp
# note: The normaliser taken off by hand, and detach instead of no_grad.
def score_labels(model, tokenizer, prompt, labels):
    label_ids = []
    for label in labels:
        pieces = tokenizer.encode(f" {label}", add_special_tokens=False)
        if len(pieces) > 1:
            raise ValueError(f"{label} has {len(pieces)} tokens")
        if pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"{label} is unknown")
        if pieces[0] in label_ids:
            raise ValueError(f"{label} is there twice")
        label_ids += pieces
    tokens = tokenizer(prompt)["input_ids"]
    if len(tokens) > model.config.max_position_embeddings:
        raise ValueError("too many tokens")
    row = model(torch.tensor([tokens])).logits.detach()[0, len(tokens) - 1].float()
    return row[label_ids] - row.logsumexp(0)


# %% variant: all_labels_tokenized_at_once
# note: A batch of labels, and gather.
def score_labels(model, tokenizer, prompt, labels):
    if any(labels.count(label) > 1 for label in labels):
        raise ValueError("a label is there twice")
    pieces = tokenizer([" " + label for label in labels], add_special_tokens=False).input_ids
    for label, piece in zip(labels, pieces):
        if piece != [piece[0]] or tokenizer.unk_token_id in piece:
            raise ValueError(f"{label!r} is not one known token")
    batch = tokenizer([prompt], return_tensors="pt")
    if batch.input_ids.shape[-1] > model.config.max_position_embeddings:
        raise ValueError("more tokens than the context has")
    with torch.no_grad():
        scores = F.log_softmax(model(batch.input_ids).logits[:, -1].float(), dim=-1)
    return scores.gather(1, torch.tensor(pieces).T)[0]


# %% variant: softmax_then_log
# note: A softmax in double precision, then the logarithm.
def score_labels(model, tokenizer, prompt, labels):
    if len(set(labels)) < len(labels):
        raise ValueError(f"equal labels: {labels}")
    label_ids = []
    for label in labels:
        pieces = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        if len(pieces) != 1 or pieces[0] == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens, or unknown")
        label_ids.append(pieces[0])
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    if ids.shape[1] > model.config.max_position_embeddings:
        raise ValueError(f"{ids.shape[1]} tokens are too many")
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].float()
    return torch.softmax(logits.double(), dim=-1)[label_ids].log().float()


# %% variant: python_sums
# note: Logarithms and sums in Python's floats; a helper with a test's name.
def _counted(row):
    top = max(row)
    return top + math.log(math.fsum(math.exp(x - top) for x in row))


def score_labels(model, tokenizer, prompt, labels):
    if sorted(labels) != sorted({*labels}):
        raise ValueError("equal labels")
    rows = {label: tokenizer.encode(f" {label}", add_special_tokens=False) for label in labels}
    for label, pieces in rows.items():
        if len(pieces) - 1 or tokenizer.unk_token_id in pieces:
            raise ValueError(f"{label} is not one known token")
    prompt_ids = tokenizer.encode(prompt)
    if not len(prompt_ids) <= model.config.max_position_embeddings:
        raise ValueError(f"{len(prompt_ids)} tokens")
    with torch.inference_mode():
        row = model(torch.tensor([prompt_ids]).to(model.device)).logits[0][-1].double().tolist()
    total = _counted(row)
    return torch.tensor([row[pieces[0]] - total for pieces in rows.values()], dtype=torch.float32)


# %% variant: cross_entropy_of_each
# note: Minus the cross entropy of the last row with each label.
def score_labels(model, tokenizer, prompt, labels):
    ids = torch.empty(0, dtype=torch.long)
    for i, label in enumerate(labels):
        if label in labels[:i]:
            raise ValueError(f"{label!r} is there twice")
        one = tokenizer(" " + label, add_special_tokens=False, return_tensors="pt")["input_ids"][0]
        if one.numel() != 1 or one.item() == tokenizer.unk_token_id:
            raise ValueError(f"the label {label!r} is several tokens or unknown")
        ids = torch.cat([ids, one])
    batch = tokenizer([prompt], return_tensors="pt")["input_ids"]
    if batch.size(-1) > model.config.max_position_embeddings:
        raise ValueError("more tokens than the context")
    logits = model(input_ids=batch.to(model.device)).logits.detach()[:, -1].float().cpu()
    return -F.cross_entropy(logits.expand(len(labels), -1), ids.long(), reduction="none")
