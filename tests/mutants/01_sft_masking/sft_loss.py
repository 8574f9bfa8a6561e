# %% mutant: no_shift
# misconception: logits[t] are the scores of token t, so they are compared with labels[t].
# fails: sft_masking-loss-sft_loss-tests
# says: You did not shift
# breaks: scores the token at position t + 1
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=-100)


# %% mutant: shifted_the_wrong_way
# misconception: The first logits are dropped and the last labels, as with targets that lag behind.
# fails: sft_masking-loss-sft_loss-tests
# says: shifted the wrong way
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, 1:].float().flatten(0, 1), labels[:, :-1].flatten())


# %% mutant: shifted_twice
# misconception: Labels are shifted, and then logits and labels are shifted against each other once more.
# fails: sft_masking-loss-sft_loss-tests
# says: You shifted twice
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    labels = torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], -100)], dim=1)
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten())


# %% mutant: summed
# misconception: The negative log-likelihood of an answer is the sum over its tokens.
# fails: sft_masking-loss-sft_loss-tests
# says: This is the sum
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")


# %% mutant: mean_over_all_predictions
# misconception: Masked positions have loss 0, so .mean() of the losses is the mean.
# fails: sft_masking-loss-sft_loss-tests
# says: You divided by all predictions
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="none").mean()


# %% mutant: mean_over_all_positions
# misconception: The number of tokens is the number of elements of labels.
# fails: sft_masking-loss-sft_loss-tests
# says: You divided by all positions
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum") / labels.numel()


# %% mutant: masked_before_the_shift
# misconception: The prompt's rows of logits belong to the prompt, so they are masked with it.
# fails: sft_masking-loss-sft_loss-tests
# says: masked before the shift
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    losses = F.cross_entropy(logits[:, :-1].float().transpose(1, 2), labels[:, 1:].clamp(min=0), reduction="none")
    keep = (labels[:, :-1] != -100) & (labels[:, 1:] != -100)
    return (losses * keep).sum() / keep.sum()


# %% mutant: last_token_lost
# misconception: The last position has no successor, so its label is dropped too.
# fails: sft_masking-loss-sft_loss-tests
# says: The last answer token is missing
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-2].float().flatten(0, 1), labels[:, 1:-1].flatten())


# %% mutant: wrong_sign
# misconception: The loss is the mean log-probability.
# fails: sft_masking-loss-sft_loss-tests
# says: The sign is wrong
def sft_loss(logits, labels):
    targets = labels[:, 1:]
    keep = targets != -100
    if not keep.any():
        raise ValueError("no token to learn")
    log_probabilities = logits[:, :-1].float().log_softmax(-1)
    chosen = log_probabilities.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return chosen[keep].mean()


# %% mutant: bits
# misconception: Cross-entropy is measured in bits.
# fails: sft_masking-loss-sft_loss-tests
# says: This is in bits
# breaks: in nats
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets) / math.log(2)


# %% mutant: perplexity
# misconception: The loss of a language model is its perplexity.
# fails: sft_masking-loss-sft_loss-tests
# says: perplexity
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets).exp()


# %% mutant: softmax_twice
# misconception: cross_entropy wants probabilities.
# fails: sft_masking-loss-sft_loss-tests
# says: the softmax was taken twice
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().softmax(-1).flatten(0, 1), targets)


# %% mutant: masked_labels_become_token_0
# misconception: -100 is no index, so it is replaced by 0 before the loss is taken.
# fails: sft_masking-loss-sft_loss-tests
# says: counted as token 0
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].clamp(min=0).flatten())


# %% mutant: token_0_is_ignored
# misconception: Labels that count are greater than 0.
# fails: sft_masking-loss-sft_loss-tests
# says: token 0 is a real token
# breaks: -100 where a token is not in the loss
def sft_loss(logits, labels):
    targets = labels[:, 1:]
    keep = targets > 0
    if not keep.any():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float()[keep], targets[keep])


# %% mutant: mean_of_row_means
# misconception: The loss of a batch is the mean of its examples' losses.
# fails: sft_masking-loss-sft_loss-tests
# says: You averaged each row
# breaks: all labelled tokens of the batch together
def sft_loss(logits, labels):
    losses = []
    for scores, targets in zip(logits[:, :-1].float(), labels[:, 1:]):
        if (targets != -100).any():
            losses.append(F.cross_entropy(scores, targets))
    if not losses:
        raise ValueError("no token to learn")
    return torch.stack(losses).mean()


# %% mutant: first_row_only
# misconception: A batch has one row.
# fails: sft_masking-loss-sft_loss-tests
# says: Only the first row counted
def sft_loss(logits, labels):
    if (labels[0, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[0, :-1].float(), labels[0, 1:])


# %% mutant: divided_by_the_batch_size
# misconception: The loss of a batch is the sum of the losses over the number of examples.
# fails: sft_masking-loss-sft_loss-tests
# says: This is the sum
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum") / len(labels)


# %% mutant: view_of_a_slice
# misconception: view(-1) flattens any tensor.
# fails: sft_masking-loss-sft_loss-tests
# says: reshape
def sft_loss(logits, labels):
    predictions, targets = logits[:, :-1].float(), labels[:, 1:]
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(predictions.reshape(-1, predictions.shape[-1]), targets.view(-1))


# %% mutant: nan_without_labels
# misconception: cross_entropy deals with masked batches by itself.
# fails: sft_masking-loss-sft_loss-tests
# says: every label is -100
# says: F.cross_entropy gives nan
# breaks: Raises ValueError
def sft_loss(logits, labels):
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)


# %% mutant: zero_without_labels
# misconception: Without labels there is no loss, so it is 0.
# fails: sft_masking-loss-sft_loss-tests
# says: every label is -100
# says: some trainers log 0.0
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    total = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
    return total / (targets != -100).sum().clamp(min=1)


# %% mutant: looks_before_the_shift
# misconception: A batch has something to learn if any of its labels is not -100.
# fails: sft_masking-loss-sft_loss-tests
# says: after the shift
# breaks: The label at position 0
def sft_loss(logits, labels):
    if (labels == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten())


# %% mutant: rolled
# misconception: labels.roll(-1) is the shift.
# fails: sft_masking-loss-sft_loss-tests
# says: only label is at position 0
def sft_loss(logits, labels):
    targets = labels.roll(-1, dims=1)
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


# %% mutant: detached
# misconception: The loss is a number, and torch.tensor(number) is that number as a tensor.
# fails: sft_masking-loss-sft_loss-tests
# says: cut the connection
# breaks: gradients reach them
def sft_loss(logits, labels):
    losses = []
    for scores, targets in zip(logits.float(), labels.tolist()):
        for row, target in zip(scores[:-1], targets[1:]):
            if target != -100:
                losses.append((row.logsumexp(0) - row[target]).item())
    if not losses:
        raise ValueError("no token to learn")
    return torch.tensor(sum(losses) / len(losses))


# %% mutant: python_float
# misconception: A loss is a float.
# fails: sft_masking-loss-sft_loss-tests
# says: is a float, expected a torch.Tensor
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets).item()


# %% mutant: double_precision
# misconception: The more digits the better, so the loss stays in float64.
# fails: sft_masking-loss-sft_loss-tests
# says: torch.float64, expected torch.float32
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].double().flatten(0, 1), targets)


# %% mutant: bfloat16_throughout
# misconception: The loss is computed in the dtype of the logits.
# fails: sft_masking-loss-sft_loss-tests
# says: computed in float32
# says: Convert with logits.float()
# breaks: in float32 or more
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets)


# %% mutant: float32_too_late
# misconception: Converting the finished loss to float32 makes it a float32 computation.
# fails: sft_masking-loss-sft_loss-tests
# says: before the softmax
def sft_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    if (targets == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets).float()


# %% mutant: flattened_before_the_shift
# misconception: Flatten first, then shift: the order of the two does not matter.
# fails: sft_masking-loss-sft_loss-tests
# says: first token of the next row
def sft_loss(logits, labels):
    predictions = logits.float().flatten(0, 1)[:-1]
    targets = labels.flatten()[1:]
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token to learn")
    return F.cross_entropy(predictions, targets)


# %% mutant: writes_into_labels
# misconception: The masked labels are not needed again, so they can be set to 0 for gather.
# fails: sft_masking-loss-sft_loss-tests
# says: Do not write into labels
# breaks: Both arguments stay as they were
def sft_loss(logits, labels):
    targets = labels[:, 1:]
    keep = targets != -100
    if not keep.any():
        raise ValueError("no token to learn")
    targets[~keep] = 0
    log_probabilities = logits[:, :-1].float().log_softmax(-1)
    losses = -log_probabilities.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return (losses * keep).sum() / keep.sum()


# %% mutant: prompt_is_a_prefix
# misconception: From the first label on, everything is in the loss.
# fails: sft_masking-loss-sft_loss-tests
# says: after the first label
def sft_loss(logits, labels):
    targets = labels[:, 1:]
    keep = (targets != -100).long().cummax(1).values.bool()
    if not keep.any():
        raise ValueError("no token to learn")
    return F.cross_entropy(logits[:, :-1].float()[keep], targets[keep].clamp(min=0))


# %% variant: log_softmax_gather
# note: log_softmax and gather instead of cross_entropy.
def sft_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    targets = labels[:, 1:]
    keep = targets != -100
    if not keep.any():
        raise ValueError("no token is in the loss")
    log_probabilities = logits[:, :-1].float().log_softmax(dim=-1)
    losses = -log_probabilities.gather(-1, targets.masked_fill(~keep, 0)[..., None])[..., 0]
    return losses[keep].mean()


# %% variant: chosen_rows
# note: Picks the labelled rows first, then averages.
def sft_loss(logits, labels):
    keep = labels[:, 1:] != -100
    if int(keep.sum()) == 0:
        raise ValueError("no token is in the loss")
    return F.cross_entropy(logits[:, :-1][keep].float(), labels[:, 1:][keep])


# %% variant: transposed_classes
# note: cross_entropy with the vocabulary as second dimension.
def sft_loss(logits, labels):
    if (labels[:, 1:] == -100).all():
        raise ValueError("no token is in the loss")
    return F.cross_entropy(logits.float()[:, :-1, :].permute(0, 2, 1), labels[:, 1:])


# %% variant: sum_over_count
# note: Losses times mask, divided by the mask's sum.
def sft_loss(logits, labels):
    scores, targets = logits[:, :-1, :].to(torch.float32), labels[:, 1:]
    mask = (targets != -100).float()
    if mask.sum() == 0:
        raise ValueError("no token is in the loss")
    losses = F.cross_entropy(
        scores.reshape(-1, scores.size(-1)), targets.reshape(-1), ignore_index=-100, reduction="none"
    )
    return (losses * mask.reshape(-1)).sum() / mask.sum()


# %% variant: loops
# note: Two loops and a list of scalar tensors.
def sft_loss(logits, labels):
    losses = []
    for row in range(labels.shape[0]):
        for position in range(1, labels.shape[1]):
            if labels[row, position] != -100:
                scores = logits[row, position - 1].float()
                losses.append(torch.logsumexp(scores, 0) - scores[labels[row, position]])
    if not losses:
        raise ValueError("no token is in the loss")
    return torch.stack(losses).mean()


# %% variant: labels_moved_up
# note: Labels are moved and filled up with -100, as transformers does it.
def sft_loss(logits, labels):
    shifted = F.pad(labels, (0, 1), value=-100)[:, 1:]
    loss = F.nll_loss(F.log_softmax(logits.float(), -1).flatten(0, 1), shifted.flatten(), ignore_index=-100)
    if (shifted == -100).all():
        raise ValueError("no token is in the loss")
    return loss
# %% mutant: log_of_softmax
# misconception: log(softmax) is log_softmax.
# fails: sft_masking-loss-sft_loss-tests
# says: loss
# breaks: It stays finite for large logits
def sft_loss(logits, labels):
    keep = labels[:, 1:] != -100
    if not keep.any():
        raise ValueError("nothing to learn")
    p = torch.softmax(logits[:, :-1].float(), dim=-1)[keep]
    targets = labels[:, 1:][keep]
    return -p[torch.arange(len(targets)), targets].log().mean()


# %% mutant: only_bfloat16_is_cast
# misconception: The docstring names bfloat16, so the other formats may stay as they are.
# fails: sft_masking-loss-sft_loss-tests
# says: float32
# breaks: For logits of any dtype
def sft_loss(logits, labels):
    targets = labels[:, 1:]
    if not (targets != -100).any():
        raise ValueError("nothing to learn")
    if logits.dtype == torch.bfloat16:
        logits = logits.float()
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten())


# %% mutant: capped
# misconception: A loss above 100 is an outlier, so it is capped.
# fails: sft_masking-loss-sft_loss-tests
# says: without a limit
# breaks: It stays finite for large logits
# edit: F.cross_entropy(predictions.flatten(0, 1), targets.flatten(), ignore_index=-100) -> F.cross_entropy(predictions.flatten(0, 1), targets.flatten(), ignore_index=-100).clamp(max=100)

# %% mutant: masks_position_0_in_place
# misconception: The label at position 0 never counts, so it can be masked for good.
# fails: sft_masking-loss-sft_loss-tests
# says: mask position 0
# breaks: Both arguments stay as they were
# edit:
#   targets = labels[:, 1:]
# ->
#   labels[:, 0] = -100
#   targets = labels[:, 1:]

# %% mutant: each_row_once
# misconception: A row that comes twice in a batch is an accident.
# fails: sft_masking-loss-sft_loss-tests
# says: counts twice
# breaks: all labelled tokens of the batch together
def sft_loss(logits, labels):
    rows = {(tuple(a.flatten().tolist()), tuple(b.tolist())): i for i, (a, b) in enumerate(zip(logits, labels))}
    kept = list(rows.values())
    predictions, targets = logits[kept][:, :-1].float(), labels[kept][:, 1:]
    if (targets == -100).all():
        raise ValueError("nothing to learn")
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())


# %% variant: differences
# note: ln of the sum of exp(z_w - z_y), in float64, one result in float32.
def sft_loss(logits, labels):
    where = [(b, t) for b, row in enumerate(labels.tolist()) for t, label in enumerate(row) if t and label != -100]
    if not where:
        raise ValueError("no label is left after the shift")
    rows, places = (torch.tensor(each) for each in zip(*where))
    _kept = logits[rows, places - 1].double()
    right = _kept.gather(1, labels[rows, places][:, None])
    return (_kept - right).logsumexp(1).mean().to(torch.float32)


# %% variant: one_row_at_a_time
# note: A helper with keywords gives (sum, count) for each row; pairs are added at the end.
def sft_loss(logits, labels):
    def _tail(*, scores, targets):
        sums = F.cross_entropy(scores[:-1].to(torch.float32), targets[1:], reduction="sum", ignore_index=-100)
        return sums, (targets[1:] != -100).sum()

    pairs = [_tail(scores=scores, targets=targets) for scores, targets in zip(logits, labels, strict=True)]
    total, count = map(sum, zip(*pairs))
    if int(count) == 0:
        raise ValueError("the batch has no token to learn")
    return total / count
