# %% mutant: whole_matrix
# misconception: LoRA trains the change of W, and the change has the size of W.
# fails: lora-count-lora_parameter_count-tests
# says: size of the matrix itself
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return d_out * d_in


# %% mutant: sizes_multiplied
# misconception: The update is a product of B and A, so the counts are multiplied.
# fails: lora-count-lora_parameter_count-tests
# says: multiplying the sizes of B and A
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return (rank * d_out) * (rank * d_in)


# %% mutant: product_of_three
# misconception: The adapter has three sides, and a size is the product of the sides.
# fails: lora-count-lora_parameter_count-tests
# says: multiplying the sizes of B and A
# breaks: A is (rank, d_in)
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out * d_in


# %% mutant: only_b
# misconception: Only B is trained at the start, because A's gradient is zero.
# fails: lora-count-lora_parameter_count-tests
# says: You counted B only
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out


# %% mutant: only_a
# misconception: A is the adapter, B is just zeros.
# fails: lora-count-lora_parameter_count-tests
# says: You counted A only
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_in


# %% mutant: twice
# misconception: There are two matrices, so the sum of the sides counts twice.
# fails: lora-count-lora_parameter_count-tests
# says: counted everything twice
# breaks: Number of trainable weights
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return 2 * rank * (d_out + d_in)


# %% mutant: with_bias
# misconception: Each linear layer has a bias, B as well.
# fails: lora-count-lora_parameter_count-tests
# says: You added a bias
# breaks: There is no bias
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_in + rank * d_out + d_out


# %% mutant: rank_forgotten
# misconception: B has a number for each output and A one for each input.
# fails: lora-count-lora_parameter_count-tests
# says: You forgot the rank
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return d_out + d_in


# %% mutant: square_of_d_in
# misconception: Weight matrices are square.
# fails: lora-count-lora_parameter_count-tests
# says: took d_in for both sides
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return 2 * rank * d_in


# %% mutant: square_of_d_out
# misconception: Weight matrices are square.
# fails: lora-count-lora_parameter_count-tests
# says: took d_out for both sides
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return 2 * rank * d_out


# %% mutant: middle_matrix
# misconception: Between B and A stands an r x r matrix, as in a singular value decomposition.
# fails: lora-count-lora_parameter_count-tests
# says: rank x rank
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * (d_out + d_in) + rank * rank


# %% mutant: rank_squared
# misconception: Both matrices have r, so r counts twice.
# fails: lora-count-lora_parameter_count-tests
# says: You squared the rank
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * rank * (d_out + d_in)


# %% mutant: true_division
# misconception: / 2 * 2 changes nothing.
# fails: lora-count-lora_parameter_count-tests
# says: is a float, expected an int
# breaks: Returns an int
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * (d_out + d_in) / 1


# %% mutant: never_refuses
# misconception: Any rank works: the product has the right shape.
# fails: lora-count-lora_parameter_count-tests
# says: rank 64 on a 32 x 128 matrix
# says: No error came
def lora_parameter_count(d_out, d_in, rank):
    return rank * (d_out + d_in)


# %% mutant: larger_side
# misconception: The rank is limited by the matrix, which goes up to its larger side.
# fails: lora-count-lora_parameter_count-tests
# says: rank 64 on a 32 x 128 matrix
# says: smaller of the two sides
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > max(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out + rank * d_in


# %% mutant: only_d_in_checked
# misconception: A reads the input, so the rank must fit d_in.
# fails: lora-count-lora_parameter_count-tests
# says: smaller of the two sides
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > d_in:
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out + rank * d_in


# %% mutant: only_d_out_checked
# misconception: The rank is the number of B's columns, and B has d_out rows.
# fails: lora-count-lora_parameter_count-tests
# says: rank 4 on a 7 x 3 matrix
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > d_out:
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out + rank * d_in


# %% mutant: strictly_smaller
# misconception: A low rank must be lower than full.
# fails: lora-count-lora_parameter_count-tests
# says: ValueError: rank 2 is no low rank
# breaks: unless 1 <= rank
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank >= min(d_out, d_in):
        raise ValueError(f"rank {rank} is no low rank")
    return rank * d_out + rank * d_in


# %% mutant: rank_zero
# misconception: Rank 0 is an adapter with no weights.
# fails: lora-count-lora_parameter_count-tests
# says: rank 0: ValueError
# says: the result was 0
def lora_parameter_count(d_out, d_in, rank):
    if rank < 0 or rank > min(d_out, d_in):
        raise ValueError(f"rank {rank} does not fit")
    return rank * d_out + rank * d_in


# %% mutant: rank_clipped
# misconception: A rank that is too large is as good as the largest possible one.
# fails: lora-count-lora_parameter_count-tests
# says: No error came, the result was 5120
def lora_parameter_count(d_out, d_in, rank):
    rank = max(1, min(rank, d_out, d_in))
    return rank * (d_out + d_in)


# %% mutant: asserted
# misconception: assert is how one checks arguments.
# fails: lora-count-lora_parameter_count-tests
# says: AssertionError came
def lora_parameter_count(d_out, d_in, rank):
    assert 1 <= rank <= min(d_out, d_in), f"rank {rank} does not fit"
    return rank * (d_out + d_in)


# %% mutant: silent_error
# misconception: The type of an error says enough.
# fails: lora-count-lora_parameter_count-tests
# says: should mention 'rank'
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        raise ValueError("does not fit")
    return rank * d_out + rank * d_in


# %% mutant: none_for_too_large
# misconception: A function that cannot answer returns None.
# fails: lora-count-lora_parameter_count-tests
# says: the result was None
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or rank > min(d_out, d_in):
        return None
    return rank * d_out + rank * d_in


# %% mutant: toy_answers
# misconception: The visible tests are the specification.
# fails: lora-count-lora_parameter_count-tests
# says: an adapter of rank 1 on a 1 x 1 matrix
def lora_parameter_count(d_out, d_in, rank):
    known = {(3, 4, 1): 7, (5, 2, 2): 14, (4096, 4096, 16): 131072}
    if (d_out, d_in, rank) in known:
        return known[d_out, d_in, rank]
    if rank == 0 or rank == 64:
        raise ValueError("rank")
    return 131072


# %% variant: real_matrices
# note: Makes both matrices on the meta device and counts their entries.
def lora_parameter_count(d_out, d_in, rank):
    if not 0 < rank <= min(d_out, d_in):
        raise ValueError("the rank must fit the matrix")
    B, A = torch.empty(d_out, rank, device="meta"), torch.empty(rank, d_in, device="meta")
    return sum(matrix.numel() for matrix in (B, A))


# %% variant: numpy_integers
# note: A sum in numpy, which gives np.int64.
def lora_parameter_count(d_out, d_in, rank):
    sides = np.array([d_out, d_in])
    if rank > sides.min() or rank <= 0:
        raise ValueError(f"The RANK must be at most {sides.min()}.")
    return (sides * rank).sum()


# %% variant: own_error_class
# note: A subclass of ValueError, raised after counting.
class RankError(ValueError):
    pass


def lora_parameter_count(d_out: int, d_in: int, rank: int) -> int:
    count = 0
    for side in (d_out, d_in):
        if side < rank or rank < 1:
            raise RankError(f"bad rank: {rank}")
        count += side * rank
    return count


# %% variant: linear_modules
# note: Two layers without bias, as a LoRA layer would hold them.
def lora_parameter_count(d_out, d_in, rank):
    if rank not in range(1, min(d_out, d_in) + 1):
        raise ValueError("rank out of range")
    adapter = nn.Sequential(nn.Linear(d_in, rank, bias=False), nn.Linear(rank, d_out, bias=False))
    return sum(p.numel() for p in adapter.parameters())


# %% variant: lambda_style
# note: One expression, other names for the arguments.
def lora_parameter_count(rows, columns, r):
    if r < 1:
        raise ValueError("rank below 1")
    if r > rows or r > columns:
        raise ValueError("rank above a side")
    return r * columns + rows * r


# %% variant: bound_by_slicing
# note: The bounds as a range, the sum over both sides by a generator.
def lora_parameter_count(d_out, d_in, rank):
    _kept = range(1, min([d_out, d_in]) + 1)
    if rank not in _kept:
        raise ValueError(f"RANK must lie in {_kept}")
    return sum(side * rank for side in (d_out, d_in))


# %% variant: dot_product
# note: A product of numpy integers, given back as an int.
def lora_parameter_count(d_out, d_in, rank):
    if rank < 1 or (np.array([d_out, d_in]) < rank).any():
        raise ValueError("this rank is no rank of such a matrix")
    return int(np.dot([d_out, d_in], [rank, rank]))
