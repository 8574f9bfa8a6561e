# %% mutant: same_token
# misconception: The head looks at the last occurrence.
# fails: many_shot_icl-induction-induction_score-tests
# breaks: How much each head looks
# says: there stands the same token
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period].mean(-1)


# %% mutant: two_too_late
# misconception: Off by one in the other direction.
# fails: many_shot_icl-induction-induction_score-tests
# says: one position too late
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 2].mean(-1)


# %% mutant: transposed
# misconception: Columns look at rows.
# fails: many_shot_icl-induction-induction_score-tests
# breaks: row: who looks
# says: Are rows and columns exchanged
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t - period + 1, t].mean(-1)


# %% mutant: diagonal_too_long
# misconception: The diagonal is the mean.
# fails: many_shot_icl-induction-induction_score-tests
# says: where nothing has repeated yet
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention.diagonal(-(period - 1), -2, -1).mean(-1)


# %% mutant: upper_diagonal
# misconception: A positive offset lies to the left.
# fails: many_shot_icl-induction-induction_score-tests
# says: Are rows and columns exchanged
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention.diagonal(period - 1, -2, -1)[..., 1:].mean(-1)


# %% mutant: divided_by_length
# misconception: The mean over all positions.
# fails: many_shot_icl-induction-induction_score-tests
# breaks: the mean of
# says: You divided by all positions
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].sum(-1) / length


# %% mutant: divided_by_period
# misconception: The mean over a period.
# fails: many_shot_icl-induction-induction_score-tests
# says: You divided by the period
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].sum(-1) / period


# %% mutant: sum
# misconception: The sum over the positions.
# fails: many_shot_icl-induction-induction_score-tests
# says: This is the sum
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].sum(-1)


# %% mutant: largest
# misconception: The strongest look counts.
# fails: many_shot_icl-induction-induction_score-tests
# says: This is the largest of them
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].amax(-1)


# %% mutant: last_position
# misconception: The last position has seen most.
# fails: many_shot_icl-induction-induction_score-tests
# says: This is the last position alone
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1][..., -1]


# %% mutant: first_position
# misconception: The first repeated position.
# fails: many_shot_icl-induction-induction_score-tests
# says: or the first
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1][..., 0]


# %% mutant: median
# misconception: The median is robust.
# fails: many_shot_icl-induction-induction_score-tests
# says: as the median gives it
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].median(-1).values


# %% mutant: one_position_missing
# misconception: range ends before its end, so one is taken off.
# fails: many_shot_icl-induction-induction_score-tests
# says: or the first
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length - 1)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: starts_one_late
# misconception: The first repeated token is at period + 1.
# fails: many_shot_icl-induction-induction_score-tests
# says: This is the last position alone
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period + 1, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: share_of_hits
# misconception: How often the largest weight is there.
# fails: many_shot_icl-induction-induction_score-tests
# says: how often most attention goes there
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return (attention.argmax(-1)[..., t] == t - period + 1).float().mean(-1)


# %% mutant: mean_over_heads
# misconception: One number is the result.
# fails: many_shot_icl-induction-induction_score-tests
# says: You averaged over the heads as well
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean()


# %% mutant: first_head
# misconception: Heads are alike.
# fails: many_shot_icl-induction-induction_score-tests
# says: score has shape ()
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    attention = attention.reshape(-1, length, length)[0]
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: two_dimensions_only
# misconception: attention is a table.
# fails: many_shot_icl-induction-induction_score-tests
# says: one score for each head
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return torch.stack([attention[i, i - period + 1] for i in range(period, length)]).mean(0)


# %% mutant: one_more_dimension
# misconception: Two dimensions come before the table.
# fails: many_shot_icl-induction-induction_score-tests
# says: the toy head of the text
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[:, :, t, t - period + 1].mean(-1)


# %% mutant: mean_over_layers
# misconception: dim=0 is averaged.
# fails: many_shot_icl-induction-induction_score-tests
# says: 3 layers of 2 heads each
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    picked = attention[..., t, t - period + 1]
    return picked.mean(-1) if picked.dim() < 3 else picked.mean((0, -1))


# %% mutant: block_of_positions
# misconception: Two lists of indices give a block.
# fails: many_shot_icl-induction-induction_score-tests
# says: every row with every column
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, :][..., t - period + 1].mean((-1, -2))


# %% mutant: period_not_used
# misconception: The period is 3.
# fails: many_shot_icl-induction-induction_score-tests
# says: period 2: the token after the last occurrence
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    period = 3
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: period_one_allowed
# misconception: A period of 1 looks at itself.
# fails: many_shot_icl-induction-induction_score-tests
# says: period 1 for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 1 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: period_zero_allowed
# misconception: Only the upper end needs a look.
# fails: many_shot_icl-induction-induction_score-tests
# says: for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    if period >= length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: whole_length_allowed
# misconception: The period may be the length.
# fails: many_shot_icl-induction-induction_score-tests
# breaks: Raises ValueError
# says: period 5 for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period <= length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: nan_for_no_repeats
# misconception: The mean of nothing is nan.
# fails: many_shot_icl-induction-induction_score-tests
# says: for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    if period < 2:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: no_check
# misconception: Periods are sensible.
# fails: many_shot_icl-induction-induction_score-tests
# says: for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: zero_for_no_repeats
# misconception: Without a repeat the score is 0.
# fails: many_shot_icl-induction-induction_score-tests
# says: for 5 tokens
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        return torch.zeros(attention.shape[:-2])
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1)


# %% mutant: float_returned
# misconception: A score is a float.
# fails: many_shot_icl-induction-induction_score-tests
# says: score is a float
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    score = attention[..., t, t - period + 1].mean(-1)
    return float(score) if score.ndim == 0 else score


# %% mutant: list_returned
# misconception: A list of scores.
# fails: many_shot_icl-induction-induction_score-tests
# says: score is a float
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    return attention[..., t, t - period + 1].mean(-1).tolist()


# %% mutant: in_place
# misconception: Everything else is set to zero.
# fails: many_shot_icl-induction-induction_score-tests
# says: leaves the attention as it was
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 2 <= period < length:
        raise ValueError("the period does not repeat")
    t = torch.arange(period, length)
    keep = attention[..., t, t - period + 1].clone()
    attention.zero_()
    return keep.mean(-1)


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-induction-induction_score-tests
# says: 3 layers of 2 heads each
def induction_score(attention, period):
    return torch.tensor(0.7)


# %% mutant: negative_period_allowed
# misconception: 0 and 1 are the periods that make no sense.
# fails: many_shot_icl-induction-induction_score-tests
# says: period -1
# edit: if not 2 <= period < length: -> if period in (0, 1) or period >= length:


# %% mutant: length_of_the_heads
# misconception: The first dimension is the text.
# fails: many_shot_icl-induction-induction_score-tests
# says: The last two dimensions are who looks
# edit: length = attention.shape[-1] -> length = attention.shape[0]


# %% mutant: rounded
# misconception: Three digits are enough for a share.
# fails: many_shot_icl-induction-induction_score-tests
# says: random attention
# edit: return attention[..., t, t - period + 1].mean(-1) -> return (attention[..., t, t - period + 1].mean(-1) * 1000).round() / 1000


# %% mutant: clamped
# misconception: A score of exactly 1 cannot be.
# fails: many_shot_icl-induction-induction_score-tests
# says: clipped
# edit: .mean(-1) -> .mean(-1).clamp(0, 0.99)


# %% variant: diagonal
# note: The diagonal without its first entry.
def induction_score(attention, period):
    if period < 2 or period >= attention.shape[-1]:
        raise ValueError(f"period {period}")
    return attention.diagonal(-(period - 1), -2, -1)[..., 1:].mean(-1)


# %% variant: loop
# note: A loop over positions.
def induction_score(attention, period):
    length = attention.size(-1)
    if period not in range(2, length):
        raise ValueError(f"{period} of {length}")
    total = torch.zeros(attention.shape[:-2])
    for t in range(period, length):
        total = total + attention[..., t, t - period + 1]
    return total / (length - period)


# %% variant: mask
# note: A mask of the places, einsum.
def induction_score(attention, period):
    length = attention.shape[-2]
    if period <= 1 or length <= period:
        raise ValueError("2 <= period < T")
    where = torch.zeros(length, length)
    where[range(period, length), range(1, length - period + 1)] = 1 / (length - period)
    return torch.einsum("...ts,ts->...", attention, where)


# %% variant: gather
# note: gather along the last dimension.
def induction_score(attention, period):
    length = attention.shape[-1]
    if not 1 < period < length:
        raise ValueError("period")
    rows = attention[..., period:, :]
    target = torch.arange(1, length - period + 1)[:, None].expand(*rows.shape[:-1], 1)
    return rows.gather(-1, target).squeeze(-1).mean(dim=-1)


# %% variant: numpy_diagonal
# note: numpy's diagonal, in a helper with a test's name.
def _a(table, offset):
    return np.diagonal(table, offset=-offset, axis1=-2, axis2=-1)


def induction_score(attention, period):
    if period < 2 or period >= attention.size(-1):
        raise ValueError(f"{period}")
    return torch.as_tensor(_a(attention.numpy(), period - 1)[..., 1:].mean(axis=-1))


# %% variant: shifted_rows
# note: Rows from the period on; the trace of what they see.
def induction_score(attention, period):
    T = attention.shape[-2]
    if not (period > 1 and T > period):
        raise ValueError(f"2 <= {period} < {T}")
    seen = attention[..., period:, 1 : T - period + 1]
    return torch.einsum("...tt->...", seen) / (T - period)
