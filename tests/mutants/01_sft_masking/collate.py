# %% mutant: left_padding
# misconception: Causal models need padding on the left.
# fails: sft_masking-batch-collate-tests
# says: You padded on the left
# breaks: padded on the right
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    longest = max(len(example["input_ids"]) for example in examples)
    batch = {"input_ids": [], "attention_mask": [], "labels": []}
    for example in examples:
        gap = longest - len(example["input_ids"])
        batch["input_ids"].append(F.pad(example["input_ids"], (gap, 0), value=pad_token_id))
        batch["attention_mask"].append(F.pad(torch.ones_like(example["input_ids"]), (gap, 0), value=0))
        batch["labels"].append(F.pad(example["labels"], (gap, 0), value=-100))
    return {key: torch.stack(rows) for key, rows in batch.items()}


# %% mutant: cut_to_the_shortest
# misconception: Rows of a batch have one length, so the long ones are cut.
# fails: sft_masking-batch-collate-tests
# says: Pad to the longest
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    shortest = min(len(example["input_ids"]) for example in examples)
    ids = torch.stack([example["input_ids"][:shortest] for example in examples])
    labels = torch.stack([example["labels"][:shortest] for example in examples])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


# %% mutant: fixed_length
# misconception: A batch is padded to the model's maximum length.
# fails: sft_masking-batch-collate-tests
# says: longest example of this batch
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    shape = (len(examples), 512)
    ids, labels = torch.full(shape, pad_token_id), torch.full(shape, -100)
    mask = torch.zeros(shape, dtype=torch.int64)
    for row, example in enumerate(examples):
        length = len(example["input_ids"])
        ids[row, :length] = example["input_ids"]
        labels[row, :length] = example["labels"]
        mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: filled_with_zero
# misconception: Padding is 0.
# fails: sft_masking-batch-collate-tests
# says: Use pad_token_id
# breaks: the id that fills input_ids
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    ids = torch.nn.utils.rnn.pad_sequence([example["input_ids"] for example in examples], batch_first=True)
    labels = torch.nn.utils.rnn.pad_sequence(
        [example["labels"] for example in examples], batch_first=True, padding_value=-100
    )
    lengths = torch.tensor([len(example["input_ids"]) for example in examples])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: ids_filled_with_minus_100
# misconception: -100 means padding everywhere.
# fails: sft_masking-batch-collate-tests
# says: that is no token
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=-100)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    return {"input_ids": ids, "attention_mask": (ids != -100).long(), "labels": labels}


# %% mutant: labels_masked_by_id
# misconception: A label that equals pad_token_id is padding.
# fails: sft_masking-batch-collate-tests
# says: You masked by id
# breaks: It may be the same as the EOS id
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels[labels == pad_token_id] = -100
    lengths = torch.tensor([len(example["input_ids"]) for example in examples])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: labels_padded_with_the_pad_token
# misconception: Labels are padded like ids; the attention mask keeps the padding out of the loss.
# fails: sft_masking-batch-collate-tests
# says: Padding is in the loss
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=pad_token_id)
    lengths = torch.tensor([len(example["input_ids"]) for example in examples])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: labels_padded_with_zero
# misconception: pad_sequence pads with a neutral value.
# fails: sft_masking-batch-collate-tests
# says: Padding has the label 0
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True)
    mask = pad([torch.ones_like(example["input_ids"]) for example in examples], batch_first=True)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: labels_copied_from_ids
# misconception: Labels are the ids, with -100 on padding; the prompt was taken care of elsewhere.
# fails: sft_masking-batch-collate-tests
# says: The prompt's mask is lost
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    mask = pad([torch.ones_like(example["input_ids"]) for example in examples], batch_first=True)
    return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}


# %% mutant: labels_are_ids
# misconception: In a causal language model the labels of a batch are its input ids.
# fails: sft_masking-batch-collate-tests
# says: You copied input_ids, padding and all
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    mask = pad([torch.ones_like(example["input_ids"]) for example in examples], batch_first=True)
    return {"input_ids": ids, "attention_mask": mask, "labels": ids.clone()}


# %% mutant: attention_by_id
# misconception: A token that equals pad_token_id is padding.
# fails: sft_masking-batch-collate-tests
# says: The mask hides real EOS tokens
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    return {"input_ids": ids, "attention_mask": (ids != pad_token_id).long(), "labels": labels}


# %% mutant: upside_down
# misconception: A mask marks what is masked, so padding is 1.
# fails: sft_masking-batch-collate-tests
# says: The mask is upside down
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    mask = pad([torch.zeros_like(example["input_ids"]) for example in examples], batch_first=True, padding_value=1)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: everything_attended
# misconception: With padding on the right a causal model never sees it, so the mask does not matter.
# fails: sft_masking-batch-collate-tests
# says: The mask is 1 everywhere
# breaks: Padding has attention_mask 0
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


# %% mutant: attention_from_labels
# misconception: What is not in the loss is not seen.
# fails: sft_masking-batch-collate-tests
# says: You built the mask from the labels
# breaks: every real token has attention_mask 1
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    return {"input_ids": ids, "attention_mask": (labels != -100).long(), "labels": labels}


# %% mutant: boolean_mask
# misconception: A mask is a tensor of True and False.
# fails: sft_masking-batch-collate-tests
# says: torch.bool, expected torch.int64
# breaks: (B, max T_i) int64
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    lengths = torch.tensor([len(example["input_ids"]) for example in examples])
    return {"input_ids": ids, "attention_mask": torch.arange(ids.shape[1]) < lengths[:, None], "labels": labels}


# %% mutant: float_mask
# misconception: torch.zeros is a tensor of integers zero.
# fails: sft_masking-batch-collate-tests
# says: torch.float32, expected torch.int64
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    shape = (len(examples), max(len(example["input_ids"]) for example in examples))
    ids, labels, mask = torch.full(shape, pad_token_id), torch.full(shape, -100), torch.zeros(shape)
    for row, example in enumerate(examples):
        length = len(example["input_ids"])
        ids[row, :length] = example["input_ids"]
        labels[row, :length] = example["labels"]
        mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: lists_instead_of_tensors
# misconception: A batch is a list of padded lists.
# fails: sft_masking-batch-collate-tests
# says: is a list, expected a torch.Tensor
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    longest = max(len(example["input_ids"]) for example in examples)
    batch = {"input_ids": [], "attention_mask": [], "labels": []}
    for example in examples:
        length = len(example["input_ids"])
        batch["input_ids"].append(example["input_ids"].tolist() + [pad_token_id] * (longest - length))
        batch["attention_mask"].append([1] * length + [0] * (longest - length))
        batch["labels"].append(example["labels"].tolist() + [-100] * (longest - length))
    return batch


# %% mutant: positions_first
# misconception: pad_sequence returns (B, T).
# fails: sft_masking-batch-collate-tests
# says: batch_first=True
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([example["input_ids"] for example in examples], padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(example["input_ids"]) for example in examples]),
        "labels": pad([example["labels"] for example in examples], padding_value=-100),
    }


# %% mutant: no_error
# misconception: An empty list gives an empty batch.
# fails: sft_masking-batch-collate-tests
# says: an empty list of examples
# says: No error came
def collate(examples, pad_token_id):
    if not examples:
        return {key: torch.zeros(0, 0, dtype=torch.int64) for key in ("input_ids", "attention_mask", "labels")}
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([e["input_ids"] for e in examples], batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(e["input_ids"]) for e in examples], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


# %% mutant: library_error
# misconception: The library complains about an empty list by itself, so no check is needed.
# fails: sft_masking-batch-collate-tests
# says: an empty list of examples
# says: expected ValueError
# breaks: Raises ValueError
def collate(examples, pad_token_id):
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([e["input_ids"] for e in examples], batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(e["input_ids"]) for e in examples], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


# %% mutant: zero_is_never_a_token
# misconception: No real token has the id 0, so zeros mark the padding until it is replaced.
# fails: sft_masking-batch-collate-tests
# says: by position what is padding, never by id
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    mask = (ids != 0).long()
    return {"input_ids": ids.masked_fill(mask == 0, pad_token_id), "attention_mask": mask, "labels": labels}


# %% mutant: ends_with_the_last_label
# misconception: The last token of an example is always in the loss, so the labels show where padding begins.
# fails: sft_masking-batch-collate-tests
# says: last label
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([example["input_ids"] for example in examples], batch_first=True, padding_value=pad_token_id)
    labels = pad([example["labels"] for example in examples], batch_first=True, padding_value=-100)
    mask = (labels != -100).long().flip(1).cummax(1).values.flip(1)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


# %% mutant: sorted_by_length
# misconception: A batch should begin with its longest row; the order of examples does not matter.
# fails: sft_masking-batch-collate-tests
# says: order of the examples
# breaks: row i for example i
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    examples = sorted(examples, key=lambda example: len(example["input_ids"]), reverse=True)
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([e["input_ids"] for e in examples], batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(e["input_ids"]) for e in examples], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


# %% mutant: pads_the_examples
# misconception: Padding the examples themselves saves work in the next epoch.
# fails: sft_masking-batch-collate-tests
# says: leaves the examples as they were
# breaks: They stay as they were
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    longest = max(len(example["input_ids"]) for example in examples)
    masks = []
    for example in examples:
        length = len(example["input_ids"])
        masks.append(F.pad(torch.ones(length, dtype=torch.int64), (0, longest - length)))
        example["input_ids"] = F.pad(example["input_ids"], (0, longest - length), value=pad_token_id)
        example["labels"] = F.pad(example["labels"], (0, longest - length), value=-100)
    return {
        "input_ids": torch.stack([example["input_ids"] for example in examples]),
        "attention_mask": torch.stack(masks),
        "labels": torch.stack([example["labels"] for example in examples]),
    }


# %% mutant: view_of_a_single_example
# misconception: One example needs no padding, so a view of it is the batch.
# fails: sft_masking-batch-collate-tests
# says: leaves a single example as it was
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples is empty")
    if len(examples) == 1:
        ids, labels = examples[0]["input_ids"][None], examples[0]["labels"][None]
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([e["input_ids"] for e in examples], batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(e["input_ids"]) for e in examples], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


# %% mutant: run_of_pads_is_padding
# misconception: Of several pad ids at an example's end only the first is its own.
# fails: sft_masking-batch-collate-tests
# says: never by id
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("no examples")

    def pad(rows, value):
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=value)

    ids = pad([e["input_ids"] for e in examples], pad_token_id)
    mask = torch.zeros_like(ids)
    for row, example in enumerate(examples):
        others = (example["input_ids"] != pad_token_id).nonzero()
        length = int(others[-1]) + 1 if len(others) else 0
        mask[row, : length + (length < len(example["input_ids"]))] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": pad([e["labels"] for e in examples], -100)}


# %% variant: pad_sequence
# note: The library's pad_sequence, three times.
def collate(examples, pad_token_id):
    if len(examples) == 0:
        raise ValueError("a batch needs an example")
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": pad([e["input_ids"] for e in examples], batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad([torch.ones_like(e["labels"]) for e in examples], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


# %% variant: lists
# note: Python lists, tensors at the end; another order of keys.
def collate(examples: list[dict[str, torch.Tensor]], pad_token_id: int) -> dict[str, torch.Tensor]:
    if not examples:
        raise ValueError("no examples")
    longest = max([e["input_ids"].shape[0] for e in examples])
    labels, ids, mask = [], [], []
    for e in examples:
        gap = longest - e["input_ids"].shape[0]
        labels.append(e["labels"].tolist() + gap * [-100])
        ids.append(e["input_ids"].tolist() + gap * [pad_token_id])
        mask.append((longest - gap) * [1] + gap * [0])
    return dict(labels=torch.tensor(labels), attention_mask=torch.tensor(mask), input_ids=torch.tensor(ids))


# %% variant: padded_and_stacked
# note: F.pad for each example, then stack.
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("no examples")
    longest = max(len(e["labels"]) for e in examples)

    def padded(values, fill):
        return F.pad(values, (0, longest - len(values)), value=fill)

    return {
        "input_ids": torch.stack([padded(e["input_ids"], pad_token_id) for e in examples]),
        "attention_mask": torch.stack([padded(torch.ones_like(e["labels"]), 0) for e in examples]),
        "labels": torch.stack([padded(e["labels"], -100) for e in examples]),
    }


# %% variant: lengths_compared_with_positions
# note: The mask comes first, from lengths; ids and labels are scattered into it.
def collate(examples, pad_token_id):
    lengths = torch.tensor([len(e["input_ids"]) for e in examples])
    if lengths.numel() == 0:
        raise ValueError("no examples")
    real = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
    ids = torch.full(real.shape, pad_token_id)
    labels = torch.full(real.shape, -100)
    ids[real] = torch.cat([e["input_ids"] for e in examples])
    labels[real] = torch.cat([e["labels"] for e in examples])
    return {"input_ids": ids, "attention_mask": real.to(torch.int64), "labels": labels}


# %% variant: max_complains
# note: max() of an empty list is a ValueError by itself; the rows are joined one by one.
def collate(examples, pad_token_id):
    longest = max(len(example["input_ids"]) for example in examples)
    rows = {"input_ids": [], "attention_mask": [], "labels": []}
    for example in examples:
        gap = longest - len(example["input_ids"])
        one = torch.ones(len(example["input_ids"]), dtype=torch.long)
        rows["input_ids"].append(torch.cat([example["input_ids"], torch.full((gap,), pad_token_id)])[None])
        rows["attention_mask"].append(torch.cat([one, torch.zeros(gap, dtype=torch.long)])[None])
        rows["labels"].append(torch.cat([example["labels"], torch.full((gap,), -100)])[None])
    return {key: torch.cat(value) for key, value in rows.items()}


# %% mutant: each_example_once
# misconception: An example that comes twice is an accident of sampling.
# fails: sft_masking-batch-collate-tests
# says: Each example gives one row
# breaks: row i for example i
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("no examples")
    rows = {tuple(e["input_ids"].tolist() + e["labels"].tolist()): e for e in examples}
    width = max(len(e["input_ids"]) for e in rows.values())
    batch = {
        "input_ids": torch.full((len(rows), width), pad_token_id),
        "attention_mask": torch.zeros(len(rows), width, dtype=torch.int64),
        "labels": torch.full((len(rows), width), -100),
    }
    for row, example in enumerate(rows.values()):
        length = len(example["input_ids"])
        batch["input_ids"][row, :length] = example["input_ids"]
        batch["attention_mask"][row, :length] = 1
        batch["labels"][row, :length] = example["labels"]
    return batch


# %% mutant: model_length
# misconception: No example is longer than 1024 tokens; the rest is cut off.
# fails: sft_masking-batch-collate-tests
# says: No limit on the length
# breaks: (B, max T_i) int64
# edit:
#   shape = (len(examples), max(len(example["input_ids"]) for example in examples))
# ->
#   examples = [{key: value[:1024] for key, value in example.items()} for example in examples]
#   shape = (len(examples), max(len(example["input_ids"]) for example in examples))

# %% mutant: labels_kept_where_they_match
# misconception: A label is the id or -100, so it is enough to know where it is not -100.
# fails: sft_masking-batch-collate-tests
# says: labels that you are given
# breaks: the label that it is given
# edit:
#   batch["labels"][row, :length] = example["labels"]
# ->
#   batch["labels"][row, :length] = torch.where(example["labels"] == -100, -100, example["input_ids"])

# %% variant: zip_longest
# note: Columns of the batch with itertools, transposed at the end.
def collate(examples, pad_token_id):
    import itertools

    if len(examples) == 0:
        raise ValueError("a batch of nothing")

    def _kept(rows, fill):
        return torch.tensor(list(zip(*itertools.zip_longest(*rows, fillvalue=fill))), dtype=torch.int64)

    ids = [example["input_ids"].tolist() for example in examples]
    return dict(
        labels=_kept([example["labels"].tolist() for example in examples], -100),
        input_ids=_kept(ids, pad_token_id),
        attention_mask=_kept([[1] * len(row) for row in ids], 0),
    )


# %% variant: numpy_inside
# note: numpy arrays and boolean assignment, row after row in one go.
def collate(examples, pad_token_id):
    if not examples:
        raise ValueError("examples must not be empty")
    lengths = np.array([example["input_ids"].shape[0] for example in examples])
    real = np.arange(lengths.max()) < lengths[:, None]
    batch = {}
    for key, fill in (("input_ids", pad_token_id), ("labels", -100)):
        values = np.full(real.shape, fill, dtype=np.int64)
        values[real] = np.concatenate([example[key].numpy() for example in examples])
        batch[key] = torch.from_numpy(values)
    return {**batch, "attention_mask": torch.from_numpy(real.astype(np.int64))}
