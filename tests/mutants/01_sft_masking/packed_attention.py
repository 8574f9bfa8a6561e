# %% mutant: plain_causal
# misconception: A causal mask is enough; the end token keeps the examples apart.
# fails: sft_masking-packing-packed_attention-tests
# says: plain causal mask
# breaks: same example and j <= i
def packed_attention(lengths):
    total = sum(lengths)
    mask = torch.ones(total, total, dtype=torch.bool).tril()
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: blocks_without_causality
# misconception: Inside an example every token may see every other.
# fails: sft_masking-packing-packed_attention-tests
# says: tokens see the future
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length) for length in lengths]).bool()
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: transposed
# misconception: Rows are the tokens that are seen, columns those that look.
# fails: sft_masking-packing-packed_attention-tests
# says: transposed
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).triu() for length in lengths]).bool()
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: inverted
# misconception: True means masked out, as in masked_fill.
# fails: sft_masking-packing-packed_attention-tests
# says: The mask is inverted
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return ~mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: not_itself
# misconception: A token is predicted from those before it, so it must not see itself.
# fails: sft_masking-packing-packed_attention-tests
# says: A token may look at itself
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril(-1) for length in lengths]).bool()
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: first_example_only
# misconception: The mask is that of one example and is used for all.
# fails: sft_masking-packing-packed_attention-tests
# says: a mask for one example only
def packed_attention(lengths):
    mask = torch.ones(lengths[0], lengths[0], dtype=torch.bool).tril()
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: one_mask_each
# misconception: Each example gets a mask of its own.
# fails: sft_masking-packing-packed_attention-tests
# says: is a list, expected a torch.Tensor
def packed_attention(lengths):
    masks = [torch.ones(length, length, dtype=torch.bool).tril() for length in lengths]
    return masks, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: ones_and_zeros
# misconception: A mask of ones and zeros is as good as one of True and False.
# fails: sft_masking-packing-packed_attention-tests
# says: torch.float32, expected torch.bool
# breaks: mask: (T, T) bool
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths])
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: additive_mask
# misconception: Attention masks hold 0 and minus infinity.
# fails: sft_masking-packing-packed_attention-tests
# says: torch.float32, expected torch.bool
def packed_attention(lengths):
    keep = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    mask = torch.zeros(keep.shape).masked_fill(~keep, float("-inf"))
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: mask_only
# misconception: Positions follow from the mask, so the mask is the answer.
# fails: sft_masking-packing-packed_attention-tests
# says: returns a pair
# breaks: Returns (mask, position_ids)
def packed_attention(lengths):
    return torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()


# %% mutant: positions_go_on
# misconception: The row is one sequence, so its positions are 0 to T - 1.
# fails: sft_masking-packing-packed_attention-tests
# says: Positions go on through the row
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return mask, torch.arange(sum(lengths))


# %% mutant: positions_from_one
# misconception: Positions are counted from 1, because 0 is padding.
# fails: sft_masking-packing-packed_attention-tests
# says: Positions start at 1
# breaks: counting from 0
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return mask, torch.cat([torch.arange(1, length + 1) for length in lengths])


# %% mutant: numbers_of_the_examples
# misconception: Position ids say to which example a token belongs.
# fails: sft_masking-packing-packed_attention-tests
# says: These are the example's numbers
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return mask, torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))


# %% mutant: list_of_positions
# misconception: Position ids are a list.
# fails: sft_masking-packing-packed_attention-tests
# says: position_ids is a list
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return mask, [position for length in lengths for position in range(length)]


# %% mutant: float_positions
# misconception: cumsum of ones counts in integers.
# fails: sft_masking-packing-packed_attention-tests
# says: torch.float32, expected torch.int64
def packed_attention(lengths):
    mask = torch.block_diag(*[torch.ones(length, length).tril() for length in lengths]).bool()
    return mask, torch.cat([torch.ones(length).cumsum(0) - 1 for length in lengths])


# %% mutant: two_examples
# misconception: Packing puts two examples into one row.
# fails: sft_masking-packing-packed_attention-tests
# says: more than two examples
# breaks: packed one after another
def packed_attention(lengths):
    total, first = sum(lengths), lengths[0]
    place = torch.arange(total)
    same = (place[:, None] < first) == (place[None, :] < first)
    mask = same & (place[:, None] >= place[None, :])
    return mask, torch.where(place < first, place, place - first)


# %% mutant: starts_at_the_previous_length
# misconception: An example starts where the one before it is long, so its start is the previous length.
# fails: sft_masking-packing-packed_attention-tests
# says: sum of all lengths before
# breaks: T is their sum
def packed_attention(lengths):
    total = sum(lengths)
    mask = torch.zeros(total, total, dtype=torch.bool)
    start = 0
    for number, length in enumerate(lengths):
        stop = min(start + length, total)
        mask[start:stop, start:stop] = torch.ones(stop - start, stop - start).tril().bool()
        start = lengths[number]
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: same_position_rules
# misconception: Positions that start again tell the examples apart: j may be seen if its position is not larger.
# fails: sft_masking-packing-packed_attention-tests
# says: The second example sees the first
def packed_attention(lengths):
    positions = torch.cat([torch.arange(length) for length in lengths])
    place = torch.arange(len(positions))
    mask = (positions[:, None] >= positions[None, :]) & (place[:, None] >= place[None, :])
    return mask, positions


# %% mutant: lengths_tell_examples_apart
# misconception: A token carries its example's length, and tokens of one length belong together.
# fails: sft_masking-packing-packed_attention-tests
# says: same length
def packed_attention(lengths):
    owner = torch.tensor([length for length in lengths for _ in range(length)])
    place = torch.arange(len(owner))
    mask = (owner[:, None] == owner[None, :]) & (place[:, None] >= place[None, :])
    return mask, torch.cat([torch.arange(length) for length in lengths])


# %% mutant: uses_up_the_lengths
# misconception: The list of lengths is the function's own.
# fails: sft_masking-packing-packed_attention-tests
# says: leaves the list of lengths as it was
# breaks: It stays as it was
def packed_attention(lengths):
    blocks, positions = [], []
    while lengths:
        length = lengths.pop(0)
        blocks.append(torch.ones(length, length).tril())
        positions.append(torch.arange(length))
    return torch.block_diag(*blocks).bool(), torch.cat(positions)


# %% mutant: numbered_in_eight_bits
# misconception: A row never holds many examples, so small numbers will do.
# fails: sft_masking-packing-packed_attention-tests
# says: Eight bits are too few
# edit: torch.arange(len(lengths)), torch.tensor(lengths)) -> torch.arange(len(lengths)).to(torch.uint8), torch.tensor(lengths))


# %% variant: block_diagonal
# note: Lower triangles on the diagonal.
def packed_attention(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    blocks = [torch.ones(length, length, dtype=torch.bool).tril() for length in lengths]
    return torch.block_diag(*blocks), torch.cat([torch.arange(length) for length in lengths])


# %% variant: filled_block_by_block
# note: Slices of a zero mask, with a running start.
def packed_attention(lengths):
    total, start = sum(lengths), 0
    mask = torch.zeros((total, total), dtype=torch.bool)
    position_ids = torch.zeros(total, dtype=torch.int64)
    for length in lengths:
        stop = start + length
        mask[start:stop, start:stop] = torch.tril(torch.ones(length, length)) == 1
        position_ids[start:stop] = torch.arange(length)
        start = stop
    return mask, position_ids


# %% variant: lists
# note: Nested lists of Python booleans.
def packed_attention(lengths):
    tokens = [(example, position) for example, length in enumerate(lengths) for position in range(length)]
    mask = [[mine == other and j <= i for other, j in tokens] for mine, i in tokens]
    return torch.tensor(mask), torch.tensor([position for _, position in tokens])


# %% variant: starts_by_cumsum
# note: The start of each example from cumsum; examples by searchsorted.
def packed_attention(lengths):
    ends = torch.cumsum(torch.tensor(lengths), 0)
    place = torch.arange(int(ends[-1]))
    example = torch.searchsorted(ends, place, right=True)
    starts = ends - torch.tensor(lengths)
    causal = torch.ones(len(place), len(place), dtype=torch.bool).tril()
    return causal & (example.unsqueeze(1) == example.unsqueeze(0)), place - starts[example]


# %% variant: numpy_inside
# note: numpy all the way.
def packed_attention(lengths):
    example = np.repeat(np.arange(len(lengths)), lengths)
    mask = np.equal.outer(example, example) & np.tri(len(example), dtype=bool)
    positions = np.concatenate([np.arange(length, dtype=np.int64) for length in lengths])
    return torch.from_numpy(mask), torch.from_numpy(positions)


# %% variant: recursion
# note: The last example and all before it, joined with block_diag.
def packed_attention(lengths):
    *before, last = lengths
    _tail = torch.tril(torch.ones(last, last, dtype=torch.int64))
    if not before:
        return _tail == 1, torch.arange(last)
    mask, position_ids = packed_attention(lengths=before)
    return torch.block_diag(mask.long(), _tail) == 1, torch.cat([position_ids, torch.arange(last)])


# %% variant: set_of_pairs
# note: All pairs that may meet as a set, written into an empty mask.
def packed_attention(lengths):
    pairs, positions, start = set(), [], 0
    for length in lengths:
        pairs |= {(start + i, start + j) for i in range(length) for j in range(i + 1)}
        positions.extend(range(length))
        start += length
    _kept = torch.tensor(sorted(pairs)).T
    mask = torch.zeros(start, start, dtype=torch.bool)
    mask[_kept[0], _kept[1]] = True
    return mask, torch.tensor(positions)
