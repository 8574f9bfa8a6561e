# %% mutant: exchanged
# misconception: A comes before B.
# fails: lora-rank-low_rank-tests
# says: A comes first here
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return Vh[:rank], U[:, :rank] * S[:rank]


# %% mutant: nothing_cut
# misconception: The decomposition is the adapter.
# fails: lora-rank-low_rank-tests
# says: All singular vectors are still there
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U * S, Vh


# %% mutant: a_transposed
# misconception: torch gives U, S and V, and the vectors are columns.
# fails: lora-rank-low_rank-tests
# says: A is transposed
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank].T


# %% mutant: columns_of_vh
# misconception: The vectors are the columns of the third matrix.
# fails: lora-rank-low_rank-tests
# says: columns of Vh. Its rows are the vectors
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:, :rank]


# %% mutant: columns_turned
# misconception: The vectors are the columns, turned to make the shape right.
# fails: lora-rank-low_rank-tests
# says: row 0 of Vh
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh.T[:, :rank].T if Vh.shape[0] == Vh.shape[1] else Vh.flip(0)[:rank]


# %% mutant: rows_of_u
# misconception: The vectors are the rows of U.
# fails: lora-rank-low_rank-tests
# says: rows of U. Its columns are the vectors
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:rank] * S[:rank], Vh[:rank]


# %% mutant: rows_of_u_turned
# misconception: U's rows, turned to make the shape right.
# fails: lora-rank-low_rank-tests
# says: shapes of B and A for a 9 x 5 matrix
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:rank].T * S[:rank], Vh[:rank]


# %% mutant: smallest_kept
# misconception: Singular values rise, as eigenvalues do in eigh.
# fails: lora-rank-low_rank-tests
# says: You kept the smallest
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, -rank:] * S[-rank:], Vh[-rank:]


# %% mutant: without_values
# misconception: The singular vectors hold the directions, and that is the adapter.
# fails: lora-rank-low_rank-tests
# says: The singular values are missing
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank], Vh[:rank]


# %% mutant: values_in_both
# misconception: Both matrices are scaled by S.
# fails: lora-rank-low_rank-tests
# says: came in twice
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], S[:rank, None] * Vh[:rank]


# %% mutant: one_root
# misconception: The square root of S goes into B.
# fails: lora-rank-low_rank-tests
# says: square root of the singular values went into one
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank].sqrt(), Vh[:rank]


# %% mutant: sign_turned
# misconception: B is subtracted.
# fails: lora-rank-low_rank-tests
# says: The sign is wrong
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return -U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: values_on_rows
# misconception: S scales the rows of U.
# fails: lora-rank-low_rank-tests
# says: the best approximation of a random
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return (U * S[:, None] if U.shape[0] == U.shape[1] else U * S)[:, :rank], Vh[:rank]


# %% mutant: values_on_all_columns
# misconception: S is multiplied from the left, as a diagonal matrix.
# fails: lora-rank-low_rank-tests
# says: the best approximation of a random
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    B = torch.diag(S) @ U[: len(S)]
    B = torch.cat([B, U[len(S) :] * S])
    return B[:, :rank], Vh[:rank]


# %% mutant: largest_value_only
# misconception: The leading singular value scales everything.
# fails: lora-rank-low_rank-tests
# says: a singular value of its own
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[0], Vh[:rank]


# %% mutant: values_normalised
# misconception: Singular values are shares of the whole.
# fails: lora-rank-low_rank-tests
# says: must be S[0] times
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * (S[:rank] / S.sum()), Vh[:rank]


# %% mutant: first_rows
# misconception: The best approximation keeps the first rows.
# fails: lora-rank-low_rank-tests
# says: the best approximation of a random
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return torch.eye(len(delta))[:, :rank], delta[:rank].float()


# %% mutant: first_columns
# misconception: A of ones and zeros picks columns.
# fails: lora-rank-low_rank-tests
# says: the larger part stays
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return delta[:, :rank].float(), torch.eye(delta.shape[1])[:rank]


# %% mutant: largest_rows
# misconception: The rows with the largest norm are kept.
# fails: lora-rank-low_rank-tests
# says: the best approximation of a random
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    keep = delta.float().norm(dim=1).topk(rank).indices if rank <= len(delta) else torch.arange(rank)
    return torch.eye(len(delta))[:, keep], delta[keep].float()


# %% mutant: random_projection
# misconception: Any rank random directions will do on average.
# fails: lora-rank-low_rank-tests
# says: the larger part stays
# breaks: The best approximation
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    A = torch.linalg.qr(torch.randn(delta.shape[1], rank)).Q.T
    return delta.float() @ A.T, A


# %% mutant: product_returned
# misconception: The approximation is one matrix.
# fails: lora-rank-low_rank-tests
# says: not their product
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return (U[:, :rank] * S[:rank]) @ Vh[:rank]


# %% mutant: list_returned
# misconception: Two results make a list.
# fails: lora-rank-low_rank-tests
# says: low_rank returns a pair
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return [U[:, :rank] * S[:rank], Vh[:rank]]


# %% mutant: three_returned
# misconception: The singular values are returned, too.
# fails: lora-rank-low_rank-tests
# says: not the singular values beside them
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank], S[:rank], Vh[:rank]


# %% mutant: all_zeros
# misconception: An adapter starts with B zero.
# fails: lora-rank-low_rank-tests
# says: B A is zero
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return torch.zeros(delta.shape[0], rank), torch.randn(rank, delta.shape[1])


# %% mutant: identity
# misconception: The matrix times one is the matrix.
# fails: lora-rank-low_rank-tests
# says: the matrix itself, unchanged
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return delta, torch.eye(delta.shape[1])


# %% mutant: one_rank_less
# misconception: Vectors are counted from 0 to rank - 1.
# fails: lora-rank-low_rank-tests
# says: One vector is missing
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, : rank - 1] * S[: rank - 1], Vh[: rank - 1]


# %% mutant: rank_clipped
# misconception: A rank that is too large is as good as the largest possible one.
# fails: lora-rank-low_rank-tests
# says: rank 3 for a 2 x 3 matrix
def low_rank(delta, rank):
    rank = min(rank, *delta.shape)
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: rank_not_checked
# misconception: Slices never fail.
# fails: lora-rank-low_rank-tests
# says: rank 3 for a 2 x 3 matrix
def low_rank(delta, rank):
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: rank_against_columns
# misconception: The rank must fit d_in.
# fails: lora-rank-low_rank-tests
# says: rank 3 for a 2 x 3 matrix
def low_rank(delta, rank):
    if not 1 <= rank <= delta.shape[1]:
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: rank_against_rows
# misconception: The rank must fit d_out.
# fails: lora-rank-low_rank-tests
# says: rank 4 for a 5 x 3 matrix
# breaks: Raises ValueError
def low_rank(delta, rank):
    if not 1 <= rank <= delta.shape[0]:
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: rank_zero
# misconception: Rank 0 gives two empty matrices.
# fails: lora-rank-low_rank-tests
# says: rank 0: ValueError
def low_rank(delta, rank):
    if not 0 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: rank_not_named
# misconception: The type of the error says enough.
# fails: lora-rank-low_rank-tests
# says: should mention 'rank'
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError("does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: dtype_kept
# misconception: The adapter has the dtype of the change.
# fails: lora-rank-low_rank-tests
# says: B and A of a bfloat16 matrix are float32
# breaks: Returns (B, A), float32
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return (U[:, :rank] * S[:rank]).to(delta.dtype), Vh[:rank].to(delta.dtype)


# %% mutant: bfloat16_not_cast
# misconception: torch.linalg.svd takes any floating dtype.
# fails: lora-rank-low_rank-tests
# says: does not take 16-bit numbers
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta, full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: only_bfloat16_cast
# misconception: float64 need not be cast.
# fails: lora-rank-low_rank-tests
# says: B and A of a float64 matrix are float32
# breaks: any floating dtype
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd((delta if delta.dtype in (torch.float32, torch.float64) else delta.float()), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: double_returned
# misconception: float64 is more exact.
# fails: lora-rank-low_rank-tests
# says: dtype torch.float64
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.double(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: changed_in_place
# misconception: Centring first, as in principal components.
# fails: lora-rank-low_rank-tests
# says: the larger part stays
# breaks: it stays as it was
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    delta -= delta.mean(dim=0)
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: argument_overwritten
# misconception: The rest is needed no more.
# fails: lora-rank-low_rank-tests
# says: leaves its argument as it was
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    answer = U[:, :rank] * S[:rank], Vh[:rank]
    delta.sub_((answer[0] @ answer[1]).to(delta.dtype))
    return answer


# %% mutant: eigenvectors
# misconception: Eigenvectors are singular vectors.
# fails: lora-rank-low_rank-tests
# says: You kept the smallest
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    S, U = torch.linalg.eigh(delta.float() @ delta.float().T)
    Vh = U.T @ delta.float()
    return U[:, :rank], Vh[:rank]


# %% mutant: toy_answer
# misconception: The visible tests are the specification.
# fails: lora-rank-low_rank-tests
# says: the best approximation of a random
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return (torch.tensor([[3.0], [0.0]]), torch.tensor([[0.0, 1.0, 0.0]])) if rank == 1 and delta.shape == (2, 3) else (delta @ torch.eye(delta.shape[1])[:, :rank], torch.eye(delta.shape[1])[:rank]) if delta.shape != (2, 3) else (delta[:, :2], torch.eye(2, 3))


# %% mutant: scales_large_ones_in_place
# misconception: Large numbers are brought down first.
# fails: lora-rank-low_rank-tests
# says: as it was
# breaks: it stays as it was
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError("rank")
    scale = delta.abs().max()
    if scale > 100:
        delta /= scale
    else:
        scale = torch.tensor(1.0)
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    root = (S[:rank] * scale.float()).sqrt()
    return U[:, :rank] * root, root[:, None] * Vh[:rank]


# %% variant: root_in_both
# note: The square root of S in both; full_matrices left at its default.
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.to(torch.float32))
    half = torch.diag(S[:rank] ** 0.5)
    return U[:, :rank] @ half, half @ Vh[:rank, :]


# %% variant: projection
# note: B has orthonormal columns, A is the projected matrix.
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    return U[:, :rank].contiguous(), U[:, :rank].T @ delta.float()


# %% variant: numpy
# note: numpy's SVD in float64, cast at the end.
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    u, s, vh = np.linalg.svd(delta.detach().float().numpy().astype(np.float64), full_matrices=False)
    B = torch.from_numpy(u[:, :rank]).float()
    A = torch.from_numpy(s[:rank, None] * vh[:rank]).float()
    return B, A


# %% variant: torch_svd
# note: The old torch.svd, which gives V with the vectors as columns.
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    U, S, V = torch.svd(delta.double())
    return (U[:, :rank] * S[:rank]).float(), V[:, :rank].t().float()


# %% variant: eigenvectors_of_gram
# note: Eigenvectors of delta delta^T in float64, the last ones, which are the largest.
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError(f"rank {rank} does not fit")
    wide = delta.double()
    _, vectors = torch.linalg.eigh(wide @ wide.T)
    B = vectors[:, -rank:]
    return B.float(), (B.T @ wide).float()


# %% variant: one_by_one
# note: Sums up one direction after the other.
def low_rank(delta, rank):
    rows, columns = delta.shape
    if rank < 1 or rank > rows or rank > columns:
        raise ValueError(f"this is no possible Rank: {rank}")
    B, A = torch.empty(rows, rank), torch.empty(rank, columns)
    U, S, Vh = torch.linalg.svd(delta.float())
    for i in range(rank):
        B[:, i] = 2 * S[i] * U[:, i]
        A[i] = 0.5 * Vh[i]
    return B, A
# %% mutant: eigenvectors_of_the_gram_matrix
# misconception: Singular values are roots of the eigenvalues of delta^T delta. (Rounding makes some of those negative.)
# fails: lora-rank-low_rank-tests
# says: B A
# breaks: smallest possible distance
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError("rank does not fit")
    delta = delta.float()
    values, V = torch.linalg.eigh(delta.T @ delta)
    values, V = values.flip(0)[:rank], V.flip(1)[:, :rank]
    S = values.sqrt()
    return delta @ V / S.sqrt(), S.sqrt()[:, None] * V.T


# %% mutant: small_values_are_noise
# misconception: Singular values below 1e-3 are noise and are set to zero. (Weight changes are that small.)
# fails: lora-rank-low_rank-tests
# says: B A
# breaks: of any size and any rank
def low_rank(delta, rank):
    if not 1 <= rank <= min(delta.shape):
        raise ValueError("rank does not fit")
    U, S, Vh = torch.linalg.svd(delta.float(), full_matrices=False)
    S = torch.where(S < 1e-3, torch.zeros_like(S), S)
    return U[:, :rank] * S[:rank], Vh[:rank]


# %% mutant: zeros_cut_off
# misconception: Directions whose singular value is 0 are no part of the adapter.
# fails: lora-rank-low_rank-tests
# says: where a singular value is 0
# breaks: B is (d_out, rank)
# edit:
#   root = S[:rank].sqrt()
# ->
#   rank = min(rank, int((S > 1e-6 * S[0]).sum()))
#   root = S[:rank].sqrt()

# %% variant: one_direction_at_a_time
# note: A loop over numpy's singular triples, columns and rows collected in lists.
def low_rank(delta, rank):
    d_out, d_in = delta.shape
    if rank < 1 or rank > d_out or rank > d_in:
        raise ValueError(f"{rank} is no rank for {d_out} x {d_in}")
    u, s, vh = np.linalg.svd(delta.detach().double().cpu().numpy(), full_matrices=False)
    _kept = [(u[:, i], s[i] * vh[i]) for i in range(rank)]
    columns, rows = zip(*_kept)
    return torch.from_numpy(np.stack(columns, axis=1)).float(), torch.from_numpy(np.stack(rows)).float()


# %% variant: projected
# note: B is an orthonormal basis of the leading directions, A what delta has along it.
def low_rank(delta, rank):
    if not (0 < rank <= delta.shape[0] and rank <= delta.shape[1]):
        raise ValueError("The rank does not fit")
    exact = delta.to(dtype=torch.float64)
    B = torch.linalg.svd(A=exact, full_matrices=False).U.narrow(dim=1, start=0, length=rank)
    return B.to(torch.float32), (B.mT @ exact).to(torch.float32)
