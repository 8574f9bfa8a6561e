# %% mutant: mean_of_means
# misconception: The loss of a batch is the mean of the losses of its micro-batches.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: mean of the micro-batch means
# breaks: the mean over all labelled tokens of all pieces
def accumulated_loss(micro_batches):
    losses = [sft_loss(logits, labels) for logits, labels in micro_batches if (labels[:, 1:] != -100).any()]
    if not losses:
        raise ValueError("no token to learn")
    return torch.stack(losses).mean()


# %% mutant: sum_of_means
# misconception: Gradients of micro-batches are added, so their losses are added.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: sum of the micro-batch means
def accumulated_loss(micro_batches):
    losses = [sft_loss(logits, labels) for logits, labels in micro_batches if (labels[:, 1:] != -100).any()]
    if not losses:
        raise ValueError("no token to learn")
    return sum(losses)


# %% mutant: sum_of_tokens
# misconception: To avoid a mean of means, everything is summed and not divided at all.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: sum over all tokens
def accumulated_loss(micro_batches):
    total, count = torch.tensor(0.0), 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += (targets != -100).sum()
    if count == 0:
        raise ValueError("no token to learn")
    return total


# %% mutant: weighted_by_rows
# misconception: A micro-batch counts as often as it has examples.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: by the number of rows
def accumulated_loss(micro_batches):
    total, rows = 0.0, 0
    for logits, labels in micro_batches:
        if (labels[:, 1:] != -100).any():
            total = total + sft_loss(logits, labels) * len(labels)
            rows += len(labels)
    if rows == 0:
        raise ValueError("no token to learn")
    return total / rows


# %% mutant: sum_over_pieces
# misconception: After summing, one divides by the number of accumulation steps, as trainers do.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: divided by the number of micro-batches
def accumulated_loss(micro_batches):
    total, pieces = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        pieces += bool((targets != -100).any())
    if not pieces:
        raise ValueError("no token to learn")
    return total / pieces


# %% mutant: weighted_by_predictions
# misconception: The weight of a micro-batch is the number of its predictions.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: all predicted positions
def accumulated_loss(micro_batches):
    total, weight = 0.0, 0
    for logits, labels in micro_batches:
        if (labels[:, 1:] != -100).any():
            total = total + sft_loss(logits, labels) * labels[:, 1:].numel()
            weight += labels[:, 1:].numel()
    if weight == 0:
        raise ValueError("no token to learn")
    return total / weight


# %% mutant: weighted_by_positions
# misconception: The weight of a micro-batch is the number of its tokens, prompt and padding included.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: by all positions
def accumulated_loss(micro_batches):
    total, weight = 0.0, 0
    for logits, labels in micro_batches:
        if (labels[:, 1:] != -100).any():
            total = total + sft_loss(logits, labels) * labels.numel()
            weight += labels.numel()
    if weight == 0:
        raise ValueError("no token to learn")
    return total / weight


# %% mutant: divided_by_all_predictions
# misconception: Masked tokens have loss 0, so the mean over all predictions is the mean.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: sum over all tokens divided by all predicted positions
def accumulated_loss(micro_batches):
    losses = []
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        losses.append(F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="none"))
    if all((labels[:, 1:] == -100).all() for _, labels in micro_batches):
        raise ValueError("no token to learn")
    return torch.cat(losses).mean()


# %% mutant: mean_of_row_means
# misconception: Every example weighs the same, whatever its length.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: mean of the micro-batch means
def accumulated_loss(micro_batches):
    losses = []
    for logits, labels in micro_batches:
        for row in range(len(labels)):
            if (labels[row, 1:] != -100).any():
                losses.append(sft_loss(logits[row : row + 1], labels[row : row + 1]))
    if not losses:
        raise ValueError("no token to learn")
    return sum(losses) / len(losses)


# %% mutant: last_piece_only
# misconception: loss = ... in the loop adds up by itself, as backward() does.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: Only the last micro-batch counted
def accumulated_loss(micro_batches):
    loss = None
    for logits, labels in micro_batches:
        if (labels[:, 1:] != -100).any():
            loss = sft_loss(logits, labels)
    if loss is None:
        raise ValueError("no token to learn")
    return loss


# %% mutant: return_in_the_loop
# misconception: The return belongs to the loop's body.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: Only the first micro-batch counted
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        if (targets == -100).all():
            continue
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += (targets != -100).sum()
        return total / count
    raise ValueError("no token to learn")


# %% mutant: joined
# misconception: torch.cat puts the pieces together into one batch again.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: Sizes of tensors must match
# breaks: B_i and T_i may differ
def accumulated_loss(micro_batches):
    logits = torch.cat([logits for logits, _ in micro_batches])
    labels = torch.cat([labels for _, labels in micro_batches])
    return sft_loss(logits, labels)


# %% mutant: nan_from_an_empty_piece
# misconception: A mean times its count is the sum, also when the count is 0.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: made the result nan
# breaks: A piece without any label after position 0
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        kept = int((targets != -100).sum())
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets) * kept
        count += kept
    if count == 0:
        raise ValueError("no token to learn")
    return total / count


# %% mutant: refuses_an_empty_piece
# misconception: A micro-batch without labels is an error, as it is in sft_loss.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: refused
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    if not micro_batches:
        raise ValueError("no micro-batch")
    for logits, labels in micro_batches:
        kept = int((labels[:, 1:] != -100).sum())
        total = total + sft_loss(logits, labels) * kept
        count += kept
    return total / count


# %% mutant: zero_without_labels
# misconception: Without labels the loss is 0.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: no label in any micro-batch
# says: No error came
# breaks: Raises ValueError
def accumulated_loss(micro_batches):
    total, count = torch.tensor(0.0), 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += int((targets != -100).sum())
    return total / max(count, 1)


# %% mutant: divides_by_zero
# misconception: Python complains about a division by zero, so no check is needed.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: no label in any micro-batch
def accumulated_loss(micro_batches):
    total, count = torch.tensor(0.0), 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += int((targets != -100).sum())
    return total / count


# %% mutant: python_float
# misconception: A running total is a float.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: is a float, expected a torch.Tensor
# breaks: Returns a scalar float32 tensor
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total += F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum").item()
        count += int((targets != -100).sum())
    if count == 0:
        raise ValueError("no token to learn")
    return total / count


# %% mutant: detached
# misconception: .item() in the running total saves memory, and the result is a tensor all the same.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: cut the connection
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total += F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum").item()
        count += int((targets != -100).sum())
    if count == 0:
        raise ValueError("no token to learn")
    return torch.tensor(total / count)


# %% mutant: only_the_last_piece_learns
# misconception: Earlier pieces were dealt with already, so their losses are detached.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: pulls equally hard
# breaks: Gradients reach
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        piece = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        total = (total.detach() if count else total) + piece
        count += int((targets != -100).sum())
    if count == 0:
        raise ValueError("no token to learn")
    return total / count


# %% mutant: counted_before_the_shift
# misconception: The number of labelled tokens is the number of labels other than -100.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: Count after the shift
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += int((labels != -100).sum())
    if count == 0 or all((labels[:, 1:] == -100).all() for _, labels in micro_batches):
        raise ValueError("no token to learn")
    return total / count


# %% mutant: no_shift
# misconception: The shift was done in sft_loss, so it is not needed here.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: You did not shift
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        total = total + F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="sum")
        count += int((labels != -100).sum())
    if count == 0 or all((labels[:, 1:] == -100).all() for _, labels in micro_batches):
        raise ValueError("no token to learn")
    return total / count


# %% mutant: unbound_for_an_empty_list
# misconception: There is always at least one micro-batch.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: an empty list of micro-batches
def accumulated_loss(micro_batches):
    sums, counts = [], []
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        sums.append(F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum"))
        counts.append((targets != -100).sum())
    if torch.stack(counts).sum() == 0:
        raise ValueError("no token to learn")
    return torch.stack(sums).sum() / torch.stack(counts).sum()


# %% mutant: label_at_position_0_is_enough
# misconception: Any label other than -100 is something to learn.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: only position 0 has a label
def accumulated_loss(micro_batches):
    total, count = torch.tensor(0.0), 0
    if all((labels == -100).all() for _, labels in micro_batches):
        raise ValueError("no token to learn")
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += (targets != -100).sum()
    return total / count


# %% mutant: bfloat16_throughout
# misconception: The loss is computed in the dtype of the logits.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: bfloat16 logits
# says: Convert with logits.float()
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].flatten(0, 1), targets, reduction="sum")
        count += int((targets != -100).sum())
    if count == 0:
        raise ValueError("no token to learn")
    return (total / count).float()


# %% mutant: writes_into_labels
# misconception: The labels are used once, so they can be changed.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: leaves the labels as they were
# breaks: the tensors in it stay as they were
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        keep = labels[:, 1:] != -100
        labels[labels == -100] = 0
        losses = F.cross_entropy(logits[:, :-1].float().transpose(1, 2), labels[:, 1:], reduction="none")
        total = total + (losses * keep).sum()
        count += int(keep.sum())
    if count == 0:
        raise ValueError("no token to learn")
    return total / count


# %% variant: weighted_means
# note: sft_loss of each piece, weighted by its number of labelled tokens.
def accumulated_loss(micro_batches: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    counts = [int((labels[:, 1:] != -100).sum()) for _, labels in micro_batches]
    if sum(counts) == 0:
        raise ValueError("no micro-batch has a label")
    loss = 0.0
    for (logits, labels), count in zip(micro_batches, counts):
        if count:
            loss = loss + sft_loss(logits, labels) * (count / sum(counts))
    return loss


# %% variant: all_tokens_in_one_list
# note: Collects the labelled rows of all pieces, then one mean.
def accumulated_loss(micro_batches):
    rows, targets = [], []
    for logits, labels in micro_batches:
        keep = labels[:, 1:] != -100
        rows.append(logits[:, :-1][keep].float())
        targets.append(labels[:, 1:][keep])
    if not targets or torch.cat(targets).numel() == 0:
        raise ValueError("no micro-batch has a label")
    return F.cross_entropy(torch.cat(rows), torch.cat(targets))


# %% variant: padded_to_one_batch
# note: Pads all pieces to one length and calls sft_loss once.
def accumulated_loss(micro_batches):
    if not micro_batches:
        raise ValueError("no micro-batches")
    longest = max(labels.shape[1] for _, labels in micro_batches)
    logits = [F.pad(scores, (0, 0, 0, longest - scores.shape[1])) for scores, _ in micro_batches]
    labels = [F.pad(given, (0, longest - given.shape[1]), value=-100) for _, given in micro_batches]
    return sft_loss(torch.cat(logits), torch.cat(labels))


# %% variant: losses_joined
# note: Losses without reduction, joined and picked by mask.
def accumulated_loss(micro_batches):
    losses = []
    for logits, labels in micro_batches:
        targets = labels[:, 1:].reshape(-1)
        each = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="none")
        losses.append(each[targets != -100])
    if sum(map(len, losses)) == 0:
        raise ValueError("no micro-batch has a label")
    return torch.cat(losses).mean()


# %% variant: loops
# note: Rows and positions in plain loops.
def accumulated_loss(micro_batches):
    losses = []
    for logits, labels in micro_batches:
        log_probabilities = logits.float().log_softmax(-1)
        for row, targets in enumerate(labels.tolist()):
            for position in range(1, len(targets)):
                if targets[position] != -100:
                    losses.append(-log_probabilities[row, position - 1, targets[position]])
    if not losses:
        raise ValueError("no micro-batch has a label")
    return sum(losses) / len(losses)
# %% mutant: empties_the_list
# misconception: Popping the pieces off saves memory.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: micro_batches
# breaks: The list and the tensors in it
def accumulated_loss(micro_batches):
    total, count = 0.0, 0
    while micro_batches:
        logits, labels = micro_batches.pop(0)
        targets = labels[:, 1:].flatten()
        total = total + F.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets, reduction="sum")
        count += int((targets != -100).sum())
    if count == 0:
        raise ValueError("no label")
    return total / count


# %% mutant: each_piece_once
# misconception: A piece that comes twice is an accident.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: counts twice
# breaks: the mean over all labelled tokens of all pieces
# edit:
#   total, count = 0.0, 0
# ->
#   total, count = 0.0, 0
#   micro_batches = list({str(piece): piece for piece in micro_batches}.values())

# %% mutant: only_bfloat16_is_cast
# misconception: Half precision is bfloat16.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: float16 logits
# breaks: for logits of any dtype
# edit:
#   total, count = 0.0, 0
# ->
#   total, count = 0.0, 0
#   micro_batches = [(x.float() if x.dtype == torch.bfloat16 else x, y) for x, y in micro_batches]
# edit: logits[:, :-1].float().flatten(0, 1) -> logits[:, :-1].flatten(0, 1)

# %% mutant: refuses_a_piece_with_position_0_only
# misconception: A piece in which only position 0 is labelled is broken.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: You refused it
# breaks: A piece without any label after position 0
# edit:
#   targets = labels[:, 1:]
# ->
#   targets = labels[:, 1:]
#   if (labels[:, 0] != -100).any() and (targets == -100).all():
#       raise ValueError("only position 0 is labelled")

# %% mutant: masks_position_0_in_place
# misconception: The label at position 0 never counts, so it can be masked for good.
# fails: sft_masking-accumulation-accumulated_loss-tests
# says: leaves the labels as they were
# breaks: the tensors in it stay as they were
# edit:
#   targets = labels[:, 1:]
# ->
#   labels[:, 0] = -100
#   targets = labels[:, 1:]

# %% variant: recursion
# note: The first piece and the rest, as pairs of sum and count.
def accumulated_loss(micro_batches):
    def _tail(rest):
        if not rest:
            return torch.zeros(()), 0
        (logits, labels), *others = rest
        total, count = _tail(others)
        _kept = labels[:, 1:] != -100
        losses = -logits[:, :-1].float().log_softmax(-1)[_kept]
        return total + losses.gather(-1, labels[:, 1:][_kept][:, None]).sum(), count + len(losses)

    total, count = _tail(micro_batches)
    if not count:
        raise ValueError("no piece has a label that counts")
    return total / count


# %% variant: keywords_and_numpy_counts
# note: Counts as a numpy array, sums in float64, one float32 number at the end.
def accumulated_loss(micro_batches):
    counts = np.array([int((labels[:, 1:] != -100).sum()) for _, labels in micro_batches], dtype=np.int64)
    if not counts.any():
        raise ValueError("nothing to learn in any piece")
    sums = [
        F.cross_entropy(input=x[:, :-1].double().transpose(1, 2), target=y[:, 1:], reduction="sum")
        for (x, y), number in zip(micro_batches, counts)
        if number
    ]
    return (torch.stack(sums).sum() / counts.sum().item()).float()
