# %% mutant: all_well
# misconception: A batch that has the right shape is fine.
# fails: sft_masking-museum-diagnose-tests
# says: Nothing was found wrong
def diagnose(batch, eos_token_id):
    return ["ok" for _ in batch["labels"]]


# %% mutant: eos_in_the_ids
# misconception: An EOS in the input is learned.
# fails: sft_masking-museum-diagnose-tests
# says: You looked for EOS in input_ids
# edit:
#   for mask, labels in zip(batch["attention_mask"], batch["labels"]):
# ->
#   for ids, mask, labels in zip(batch["input_ids"], batch["attention_mask"], batch["labels"]):
# edit: elif not (labels == eos_token_id).any(): -> elif not (ids == eos_token_id).any():

# %% mutant: position_0_counts
# misconception: Any label other than -100 is something to learn.
# fails: sft_masking-museum-diagnose-tests
# says: Nothing predicts the first token
# breaks: no label after position 0
# edit:
#   labelled = labels != -100
#   if not labelled[1:].any():
# ->
#   if (labels == -100).all():
# edit: elif (labelled & (mask == 0)).any(): -> elif ((labels != -100) & (mask == 0)).any():

# %% mutant: end_first
# misconception: The order of the questions does not matter.
# fails: sft_masking-museum-diagnose-tests
# says: The order counts
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"], batch["labels"]):
        if not (labels == eos_token_id).any():
            verdicts.append("no end")
        elif not (labels[1:] != -100).any():
            verdicts.append("nothing to learn")
        elif ((labels != -100) & (mask == 0)).any():
            verdicts.append("padding in the loss")
        else:
            verdicts.append("ok")
    return verdicts


# %% mutant: last_position_must_be_eos
# misconception: A row ends with EOS, so the last label is EOS.
# fails: sft_masking-museum-diagnose-tests
# says: last position
# edit: elif not (labels == eos_token_id).any(): -> elif labels[-1] != eos_token_id:

# %% mutant: one_verdict_for_the_batch
# misconception: A batch is either good or bad.
# fails: sft_masking-museum-diagnose-tests
# says: one verdict for each row
# breaks: What is wrong with each row
def diagnose(batch, eos_token_id):
    labels, mask = batch["labels"], batch["attention_mask"]
    if not (labels[:, 1:] != -100).any():
        return ["nothing to learn"]
    if ((labels != -100) & (mask == 0)).any():
        return ["padding in the loss"]
    if not (labels == eos_token_id).any():
        return ["no end"]
    return ["ok"]


# %% mutant: all_that_is_wrong
# misconception: All problems of a row are reported.
# fails: sft_masking-museum-diagnose-tests
# says: one verdict for each row
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"], batch["labels"]):
        found = []
        if not (labels[1:] != -100).any():
            found.append("nothing to learn")
        if ((labels != -100) & (mask == 0)).any():
            found.append("padding in the loss")
        if not (labels == eos_token_id).any():
            found.append("no end")
        verdicts += found or ["ok"]
    return verdicts


# %% mutant: only_the_bad_rows
# misconception: Only rows with a problem need a word.
# fails: sft_masking-museum-diagnose-tests
# says: one verdict for each row
# breaks: Returns B strings
# edit:
#   else:
#       verdicts.append("ok")
# ->

# %% mutant: tuple_of_verdicts
# misconception: A tuple is as good as a list.
# fails: sft_masking-museum-diagnose-tests
# says: is a tuple, expected a list
def diagnose(batch, eos_token_id):
    def verdict(mask, labels):
        if not (labels[1:] != -100).any():
            return "nothing to learn"
        if ((labels != -100) & (mask == 0)).any():
            return "padding in the loss"
        return "ok" if (labels == eos_token_id).any() else "no end"

    return tuple(verdict(mask, labels) for mask, labels in zip(batch["attention_mask"], batch["labels"]))


# %% mutant: mask_upside_down
# misconception: attention_mask is 1 on padding.
# fails: sft_masking-museum-diagnose-tests
# says: attention_mask is 1 on real tokens
# edit: elif (labelled & (mask == 0)).any(): -> elif (labelled & (mask == 1)).any():

# %% mutant: padding_is_token_0
# misconception: Padding is recognised by its token, and that is 0.
# fails: sft_masking-museum-diagnose-tests
# says: Decide by labels and attention_mask
# breaks: a position with attention_mask 0 has a label
# edit:
#   for mask, labels in zip(batch["attention_mask"], batch["labels"]):
# ->
#   for ids, labels in zip(batch["input_ids"], batch["labels"]):
# edit: elif (labelled & (mask == 0)).any(): -> elif (labelled & (ids == 0)).any():

# %% mutant: eos_is_2
# misconception: The end token of this model is 2.
# fails: sft_masking-museum-diagnose-tests
# says: EOS = 9
# breaks: the token that ends an answer
# edit: elif not (labels == eos_token_id).any(): -> elif not (labels == 2).any():

# %% mutant: end_before_padding
# misconception: A missing end is worse than padding in the loss, so it is named first.
# fails: sft_masking-museum-diagnose-tests
# says: padding with a label and no EOS
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"], batch["labels"]):
        labelled = labels != -100
        if not labelled[1:].any():
            verdicts.append("nothing to learn")
        elif not (labels == eos_token_id).any():
            verdicts.append("no end")
        elif (labelled & (mask == 0)).any():
            verdicts.append("padding in the loss")
        else:
            verdicts.append("ok")
    return verdicts


# %% mutant: last_label_must_be_eos
# misconception: EOS must be the last label of the row.
# fails: sft_masking-museum-diagnose-tests
# says: anywhere among the row's labels
# edit: elif not (labels == eos_token_id).any(): -> elif labels[labelled][-1] != eos_token_id:

# %% mutant: writes_into_labels
# misconception: Position 0 is never learned, so its label can be masked on the way.
# fails: sft_masking-museum-diagnose-tests
# says: leaves the batch as it was
# edit:
#   labelled = labels != -100
#   if not labelled[1:].any():
# ->
#   labels[mask == 0] = labels[mask == 0].clamp(max=-1)
#   if not (labels[1:] != -100).any():
# edit: elif (labelled & (mask == 0)).any(): -> elif (labels == -1).any():

# %% mutant: sliced_once
# misconception: Position 0 predicts nothing, so it is left out of every rule.
# fails: sft_masking-museum-diagnose-tests
# says: Only the first rule
# breaks: EOS is not among the row's labels
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"][:, 1:], batch["labels"][:, 1:]):
        labelled = labels != -100
        if not labelled.any():
            verdicts.append("nothing to learn")
        elif (labelled & (mask == 0)).any():
            verdicts.append("padding in the loss")
        elif not (labels == eos_token_id).any():
            verdicts.append("no end")
        else:
            verdicts.append("ok")
    return verdicts


# %% mutant: maximum_of_nothing
# misconception: If the largest label is -100 there is none.
# fails: sft_masking-museum-diagnose-tests
# says: RuntimeError
# edit: if not labelled[1:].any(): -> if labels[1:].max() == -100:


# %% variant: whole_batch_at_once
# note: Three boolean vectors for the batch, then one pass over them.
def diagnose(batch: dict[str, torch.Tensor], eos_token_id: int) -> list[str]:
    labelled = batch["labels"] != -100
    empty = ~labelled[:, 1:].any(dim=1)
    padded = (labelled & (batch["attention_mask"] == 0)).any(dim=1)
    endless = ~(batch["labels"] == eos_token_id).any(dim=1)
    names = ["nothing to learn", "padding in the loss", "no end"]
    return [
        next((name for name, found in zip(names, row) if found), "ok")
        for row in zip(empty.tolist(), padded.tolist(), endless.tolist())
    ]


# %% variant: lists
# note: Plain Python over lists.
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"].tolist(), batch["labels"].tolist()):
        if set(labels[1:]) <= {-100}:
            verdicts.append("nothing to learn")
        elif any(label != -100 and not real for label, real in zip(labels, mask)):
            verdicts.append("padding in the loss")
        elif eos_token_id in labels:
            verdicts.append("ok")
        else:
            verdicts.append("no end")
    return verdicts


# %% variant: from_the_back
# note: Begins with ok and lets the earlier name overwrite the later one.
def diagnose(batch, eos_token_id):
    labels, mask = batch["labels"], batch["attention_mask"]
    verdicts = ["ok"] * len(labels)
    for row in range(len(labels)):
        if (labels[row] == eos_token_id).sum() == 0:
            verdicts[row] = "no end"
        if (labels[row][mask[row] == 0] != -100).any():
            verdicts[row] = "padding in the loss"
        if (labels[row, 1:] == -100).all():
            verdicts[row] = "nothing to learn"
    return verdicts


# %% variant: numpy_select
# note: numpy.select takes the first condition that is true.
def diagnose(batch, eos_token_id):
    labels, mask = batch["labels"].numpy(), batch["attention_mask"].numpy()
    conditions = [
        (labels[:, 1:] == -100).all(axis=1),
        ((labels != -100) & (mask == 0)).any(axis=1),
        ~(labels == eos_token_id).any(axis=1),
    ]
    return np.select(conditions, ["nothing to learn", "padding in the loss", "no end"], "ok").tolist()


# %% variant: early_return
# note: A helper for one row.
def diagnose(batch, eos_token_id):
    def verdict(mask, labels):
        if torch.equal(labels[1:], torch.full_like(labels[1:], -100)):
            return "nothing to learn"
        if (labels.masked_select(~mask.bool()) != -100).sum() > 0:
            return "padding in the loss"
        return "ok" if int(eos_token_id) in labels.unique().tolist() else "no end"

    return [verdict(batch["attention_mask"][row], batch["labels"][row]) for row in range(batch["labels"].shape[0])]


# %% variant: length_from_the_mask
# note: collate pads on the right, so everything from mask.sum() on is padding.
def diagnose(batch, eos_token_id):
    verdicts = []
    for mask, labels in zip(batch["attention_mask"], batch["labels"]):
        length = int(mask.sum())
        if (labels[1:] == -100).all():
            verdicts.append("nothing to learn")
        elif (labels[length:] != -100).any():
            verdicts.append("padding in the loss")
        elif eos_token_id not in labels.tolist():
            verdicts.append("no end")
        else:
            verdicts.append("ok")
    return verdicts
# %% mutant: masks_position_0_in_place
# misconception: Writes -100 into the first column, so that position 0 does not count. It is the caller's batch.
# fails: sft_masking-museum-diagnose-tests
# says: batch
# breaks: It stays as it was
def diagnose(batch, eos_token_id):
    batch["labels"][:, 0] = -100
    verdicts = []
    for labels, mask in zip(batch["labels"], batch["attention_mask"]):
        labelled = labels != -100
        if not labelled.any():
            verdicts.append("nothing to learn")
        elif (labelled & (mask == 0)).any():
            verdicts.append("padding in the loss")
        elif not (labels == eos_token_id).any():
            verdicts.append("no end")
        else:
            verdicts.append("ok")
    return verdicts


# %% mutant: eos_is_never_0
# misconception: The id 0 is padding, so a label 0 is no end.
# fails: sft_masking-museum-diagnose-tests
# says: EOS can be any id
# breaks: any id
# edit: (labels == eos_token_id).any() -> ((labels == eos_token_id) & (labels > 0)).any()

# %% mutant: end_anywhere_in_the_batch
# misconception: A batch with an end in it teaches to stop.
# fails: sft_masking-museum-diagnose-tests
# says: verdicts
# breaks: EOS is not among the row's labels
# edit: (labels == eos_token_id).any() -> (batch["labels"] == eos_token_id).any()

# %% mutant: the_worst_first
# misconception: Verdicts are sorted, so that the worst rows are seen first.
# fails: sft_masking-museum-diagnose-tests
# says: verdicts
# breaks: for each row, in order
# edit:
#   return verdicts
# ->
#   return sorted(verdicts)

# %% variant: rules_in_a_dict
# note: A dict of rules, in order; next takes the first that is true.
def diagnose(batch, eos_token_id):
    rules = {
        "nothing to learn": lambda labels, mask: all(label == -100 for label in labels[1:]),
        "padding in the loss": lambda labels, mask: any(m == 0 and y != -100 for m, y in zip(mask, labels)),
        "no end": lambda labels, mask: eos_token_id not in labels,
        "ok": lambda labels, mask: True,
    }
    rows = zip(batch["labels"].tolist(), batch["attention_mask"].tolist())
    return [next(name for name, rule in rules.items() if rule(labels=y, mask=m)) for y, m in rows]


# %% variant: numbers_of_the_verdicts
# note: Each row gets the number of its verdict with argmax over a stack of conditions.
def diagnose(batch, eos_token_id):
    names = ("nothing to learn", "padding in the loss", "no end", "ok")
    _kept = batch["labels"].ne(-100)
    tests = [
        _kept[:, 1:].sum(1) == 0,
        (_kept & ~batch["attention_mask"].bool()).any(dim=1),
        ~batch["labels"].eq(eos_token_id).any(dim=1),
        torch.ones(len(_kept), dtype=torch.bool),
    ]
    return [names[i] for i in torch.stack(tests, dim=1).int().argmax(dim=1)]
