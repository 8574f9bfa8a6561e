# %% mutant: not_normalised
# misconception: Subtracting is all there is to it.
# fails: many_shot_icl-scores-calibrate-tests
# breaks: sum to 1
# says: The quotients are not normalised
def calibrate(scores, content_free):
    if content_free.shape != scores.shape[-1:]:
        raise ValueError("one content-free score for each label")
    return scores - content_free


# %% mutant: added
# misconception: In logarithms a division is an addition.
# fails: many_shot_icl-scores-calibrate-tests
# breaks: bias that shows
# says: makes the bias twice as strong
def calibrate(scores, content_free):
    return torch.log_softmax(scores + content_free, -1)


# %% mutant: probabilities_subtracted
# misconception: A bias is taken out by subtracting it from the probability.
# fails: many_shot_icl-scores-calibrate-tests
# says: You subtracted probabilities
def calibrate(scores, content_free):
    return torch.log_softmax(scores.exp() - content_free.exp(), -1)


# %% mutant: logarithms_divided
# misconception: "Divide", so the scores are divided.
# fails: many_shot_icl-scores-calibrate-tests
# says: You divided one logarithm by the other
def calibrate(scores, content_free):
    return torch.log_softmax(scores / content_free, -1)


# %% mutant: probabilities_returned
# misconception: The result should be probabilities.
# fails: many_shot_icl-scores-calibrate-tests
# says: These are probabilities
def calibrate(scores, content_free):
    return torch.softmax(scores - content_free, -1)


# %% mutant: unchanged
# misconception: A log_softmax of log-probabilities changes nothing, so nothing is left to do.
# fails: many_shot_icl-scores-calibrate-tests
# says: The scores are unchanged
def calibrate(scores, content_free):
    return scores


# %% mutant: only_normalised
# misconception: Calibration is normalising over the labels.
# fails: many_shot_icl-scores-calibrate-tests
# says: nothing was subtracted
def calibrate(scores, content_free):
    return torch.log_softmax(scores, -1)


# %% mutant: wrong_way_round
# misconception: The bias minus the score.
# fails: many_shot_icl-scores-calibrate-tests
# says: the wrong way round
def calibrate(scores, content_free):
    return torch.log_softmax(content_free - scores, -1)


# %% mutant: over_the_questions
# misconception: dim=0 is the dimension.
# fails: many_shot_icl-scores-calibrate-tests
# says: You normalised over the questions
def calibrate(scores, content_free):
    return torch.log_softmax(scores - content_free, 0)


# %% mutant: over_everything
# misconception: logsumexp over all entries.
# fails: many_shot_icl-scores-calibrate-tests
# says: over everything at once
def calibrate(scores, content_free):
    quotients = scores - content_free
    return quotients - quotients.flatten().logsumexp(0)


# %% mutant: divided_by_the_sum
# misconception: To normalise is to divide, logarithms too.
# fails: many_shot_icl-scores-calibrate-tests
# says: You divided logarithms by their sum
def calibrate(scores, content_free):
    quotients = scores - content_free
    return quotients / quotients.sum(-1, keepdim=True)


# %% mutant: normalised_first
# misconception: Each side is normalised over the labels, then they are subtracted.
# fails: many_shot_icl-scores-calibrate-tests
# says: The quotients are not normalised
def calibrate(scores, content_free):
    return torch.log_softmax(scores, -1) - torch.log_softmax(content_free, -1)


# %% mutant: base_ten
# misconception: log10 is a logarithm.
# fails: many_shot_icl-scores-calibrate-tests
# says: natural logarithm
def calibrate(scores, content_free):
    return torch.log10(torch.softmax(scores - content_free, -1))


# %% mutant: base_two
# misconception: Surprise is measured in bits.
# fails: many_shot_icl-scores-calibrate-tests
# says: natural logarithm
def calibrate(scores, content_free):
    return torch.log_softmax(scores - content_free, -1) / math.log(2)


# %% mutant: broadcast_in_silence
# misconception: If torch can subtract them, the shapes are right.
# fails: many_shot_icl-scores-calibrate-tests
# breaks: Raises ValueError
# says: torch would broadcast it
def calibrate(scores, content_free):
    return torch.log_softmax(scores - content_free, -1)


# %% mutant: last_dimension_only
# misconception: It is enough to compare the last dimensions, if one of them is 1 it is broadcast.
# fails: many_shot_icl-scores-calibrate-tests
# says: torch would broadcast it
def calibrate(scores, content_free):
    if content_free.shape[-1] not in (1, scores.shape[-1]):
        raise ValueError("content_free: one score for each label")
    return torch.log_softmax(scores - content_free, -1)


# %% mutant: by_way_of_probabilities
# misconception: exp and log undo each other.
# fails: many_shot_icl-scores-calibrate-tests
# says: very small probabilities
def calibrate(scores, content_free):
    if content_free.shape != scores.shape[-1:]:
        raise ValueError("one content-free score for each label")
    quotients = scores.exp() / content_free.exp()
    return (quotients / quotients.sum(-1, keepdim=True)).log()


# %% mutant: in_place
# misconception: -= saves memory.
# fails: many_shot_icl-scores-calibrate-tests
# says: changes the caller's tensor
def calibrate(scores, content_free):
    if content_free.shape != scores.shape[-1:]:
        raise ValueError("one content-free score for each label")
    scores -= content_free
    return torch.log_softmax(scores, -1)


# %% mutant: matrices_only
# misconception: dim=1 is the dimension of the labels.
# fails: many_shot_icl-scores-calibrate-tests
# breaks: scores: (..., L)
# says: random scores of shape (2, 3, 4)
def calibrate(scores, content_free):
    if content_free.shape != scores.shape[-1:]:
        raise ValueError("one content-free score for each label")
    return torch.log_softmax(scores - content_free, min(1, scores.dim() - 1))


# %% mutant: mean_for_sum
# misconception: Normalising takes the mean of the exponentials.
# fails: many_shot_icl-scores-calibrate-tests
# says: by their sum, not by their mean
def calibrate(scores, content_free):
    quotients = scores - content_free
    return quotients - quotients.exp().mean(-1, keepdim=True).log()


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-scores-calibrate-tests
# says: three questions at once
def calibrate(scores, content_free):
    return torch.tensor([0.75, 3.0, 1.0]).div(4.75).log()


# %% mutant: number_of_entries
# misconception: numel is compared: a column (L, 1) passes and makes a table.
# fails: many_shot_icl-scores-calibrate-tests
# says: ValueError
def calibrate(scores, content_free):
    if content_free.numel() != scores.shape[-1]:
        raise ValueError("content_free must have L entries")
    return torch.log_softmax(scores - content_free, dim=-1)


# %% mutant: softmax_underflows
# misconception: The logarithm of a softmax is a log_softmax.
# fails: many_shot_icl-scores-calibrate-tests
# says: minus infinity
# edit: return torch.log_softmax(scores - content_free, dim=-1) -> return torch.softmax(scores - content_free, dim=-1).log()


# %% mutant: last_sizes_compared
# misconception: What broadcasts into the shape of the scores is right.
# fails: many_shot_icl-scores-calibrate-tests
# says: one score for each label
# breaks: content_free: (L,)
# edit: if content_free.shape != scores.shape[-1:]: -> if content_free.shape[-1:] != scores.shape[-1:]:


# %% mutant: remembered_by_scores
# misconception: The same scores have the same calibration.
# fails: many_shot_icl-scores-calibrate-tests
# says: with another content-free input
SEEN = {}


def calibrate(scores, content_free):
    if content_free.shape != scores.shape[-1:]:
        raise ValueError("content_free must have shape (L,)")
    key = (tuple(scores.shape), tuple(scores.flatten().tolist()))
    if scores.ndim > 1 or key not in SEEN:
        SEEN[key] = torch.log_softmax(scores - content_free, dim=-1)
    return SEEN[key]


# %% variant: by_hand
# note: logsumexp with keepdim.
def calibrate(scores, content_free):
    if content_free.ndim != 1 or len(content_free) != scores.shape[-1]:
        raise ValueError("content_free needs one score for each label")
    difference = scores - content_free
    return difference - torch.logsumexp(difference, dim=-1, keepdim=True)


# %% variant: functional
# note: torch.nn.functional and expand_as.
def calibrate(scores, content_free):
    if tuple(content_free.shape) != (scores.size(-1),):
        raise ValueError(f"shape {tuple(content_free.shape)}")
    return F.log_softmax(scores.sub(content_free.expand_as(scores)), dim=scores.ndim - 1)


# %% variant: normalised_before_and_after
# note: What is normalised before does not matter.
def calibrate(scores, content_free):
    if content_free.shape != scores.shape[scores.ndim - 1 :]:
        raise ValueError("shapes")
    plain = scores.log_softmax(-1) - content_free.log_softmax(0)
    return plain.log_softmax(-1)


# %% variant: largest_taken_off
# note: A softmax by hand, in logarithms, with the largest taken off.
def calibrate(scores, content_free):
    if list(content_free.shape) != [scores.shape[-1]]:
        raise ValueError("content_free must have shape (L,)")
    difference = scores - content_free
    difference = difference - difference.amax(-1, keepdim=True)
    return difference - difference.exp().sum(-1, keepdim=True).log()


# %% variant: row_by_row
# note: Recursion down to rows, with math's functions.
def _low(row, free):
    quotients = [s - f for s, f in zip(row, free)]
    top = max(quotients)
    total = top + math.log(sum(math.exp(q - top) for q in quotients))
    return [q - total for q in quotients]


def calibrate(scores, content_free):
    if list(content_free.shape) != [scores.shape[-1]]:
        raise ValueError("one score for each label")
    rows = scores.reshape(-1, scores.shape[-1])
    out = [_low(row, content_free.tolist()) for row in rows.tolist()]
    return torch.tensor(out, dtype=scores.dtype).reshape(scores.shape)


# %% variant: numpy
# note: logaddexp of numpy along the labels.
def calibrate(scores, content_free):
    if content_free.ndim != 1 or content_free.numel() != scores.size(-1):
        raise ValueError(f"{tuple(content_free.shape)}")
    difference = scores.numpy() - content_free.numpy()
    total = np.logaddexp.reduce(difference, axis=-1, keepdims=True)
    return torch.from_numpy(difference - total)
