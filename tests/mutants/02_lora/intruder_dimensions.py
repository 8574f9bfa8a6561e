# %% mutant: threshold_inverted
# misconception: An intruder is what stands above the threshold.
# fails: lora-intruders-intruder_dimensions-tests
# says: when the similarity is above the threshold
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] > threshold]


# %% mutant: least_similar
# misconception: An intruder is unlike some old vector.
# fails: lora-intruders-intruder_dimensions-tests
# says: You took the smallest similarity
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().min(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: mean_similarity
# misconception: What counts is the similarity with the old vectors on average.
# fails: lora-intruders-intruder_dimensions-tests
# says: or their average
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().mean(dim=0)
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: sign_kept
# misconception: The opposite direction is another direction.
# fails: lora-intruders-intruder_dimensions-tests
# says: singular vectors have no sign of their own
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: sign_of_maximum
# misconception: First the largest cosine, then its absolute value.
# fails: lora-intruders-intruder_dimensions-tests
# says: the largest before its absolute value
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).max(dim=0).values.abs()
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: same_number
# misconception: Vector i is compared with vector i.
# fails: lora-intruders-intruder_dimensions-tests
# says: You compared vector i with vector i
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old[:, :k] * new).sum(dim=0).abs()
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: first_k_only
# misconception: The k leading vectors before and the k leading vectors after.
# fails: lora-intruders-intruder_dimensions-tests
# says: k is for the new ones
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0][:, :k]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: right_vectors
# misconception: The directions that a matrix reads are the rows of Vh.
# fails: lora-intruders-intruder_dimensions-tests
# says: You compared right singular vectors
# breaks: that resemble no left singular vector
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[2].T
    new = torch.linalg.svd(after.float(), full_matrices=False)[2].T[:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: rows_of_u
# misconception: The vectors are the rows of U.
# fails: lora-intruders-intruder_dimensions-tests
# says: columns of U of after
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0].T
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:k].T
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: wrong_dimension
# misconception: The maximum over the second dimension.
# fails: lora-intruders-intruder_dimensions-tests
# says: the maximum over the new vectors
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=1).values
    return [i for i in range(len(nearest)) if nearest[i] < threshold]


# %% mutant: full_matrices
# misconception: svd as it is, with all vectors.
# fails: lora-intruders-intruder_dimensions-tests
# says: full_matrices=False
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float())[0]
    new = torch.linalg.svd(after.float())[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: from_the_change
# misconception: What is new is the change: its vectors are the intruders.
# fails: lora-intruders-intruder_dimensions-tests
# says: vectors of the change instead
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd((after - before).float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: exchanged
# misconception: Old vectors that have no like among the new ones.
# fails: lora-intruders-intruder_dimensions-tests
# says: columns of U of after
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(after.float(), full_matrices=False)[0]
    new = torch.linalg.svd(before.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: by_singular_value
# misconception: An intruder is a singular value that has grown.
# fails: lora-intruders-intruder_dimensions-tests
# says: Here everything is an intruder
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svdvals(before.float())
    new = torch.linalg.svdvals(after.float())[:k]
    nearest = old[:k] / new
    return [i for i in range(len(new)) if nearest[i] < threshold]


# %% mutant: smallest_vectors
# misconception: The last k vectors are the leading ones.
# fails: lora-intruders-intruder_dimensions-tests
# says: The leading ones come first
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, -k:]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: count_returned
# misconception: How many there are is the question.
# fails: lora-intruders-intruder_dimensions-tests
# says: is an int, expected a list
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return sum(bool(nearest[i] < threshold) for i in range(new.shape[1]))


# %% mutant: mask_returned
# misconception: True or False for each vector.
# fails: lora-intruders-intruder_dimensions-tests
# says: is a bool, expected an int
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [bool(cosine < threshold) for cosine in nearest]


# %% mutant: tensor_returned
# misconception: nonzero gives the numbers.
# fails: lora-intruders-intruder_dimensions-tests
# says: is a tensor of shape (1,), expected a list
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return (nearest < threshold).nonzero()[:, 0]


# %% mutant: tensors_in_list
# misconception: A list of tensors is a list of numbers.
# fails: lora-intruders-intruder_dimensions-tests
# says: is a tensor of shape ()
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return list((nearest < threshold).nonzero()[:, 0])


# %% mutant: cosines_returned
# misconception: The similarity says more than the number.
# fails: lora-intruders-intruder_dimensions-tests
# says: is a float
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [float(cosine) for cosine in nearest if cosine < threshold]


# %% mutant: counted_from_one
# misconception: The leading vector is number 1.
# fails: lora-intruders-intruder_dimensions-tests
# says: You counted from 1
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i + 1 for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: falling_order
# misconception: The strangest first.
# fails: lora-intruders-intruder_dimensions-tests
# says: rising order
# breaks: in rising order
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in nearest.argsort().tolist() if nearest[i] < threshold]


# %% mutant: squared_cosine
# misconception: The similarity is the squared cosine, the share of the length.
# fails: lora-intruders-intruder_dimensions-tests
# says: not squared
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).square().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: length_in_subspace
# misconception: A vector that lies in the span of the old ones is no intruder.
# fails: lora-intruders-intruder_dimensions-tests
# says: Compare single vectors of length 1
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).norm(dim=0)
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: scaled_vectors
# misconception: The vectors count with their singular values.
# fails: lora-intruders-intruder_dimensions-tests
# says: Compare single vectors of length 1
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    U, S, _ = torch.linalg.svd(before.float(), full_matrices=False)
    old = U * S
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: threshold_fixed
# misconception: The paper takes 0.6.
# fails: lora-intruders-intruder_dimensions-tests
# says: use the threshold that is given
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < 0.6]


# %% mutant: threshold_reached
# misconception: At the threshold is below it.
# fails: lora-intruders-intruder_dimensions-tests
# says: strictly below
# breaks: is below threshold
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] <= threshold]


# %% mutant: k_fixed
# misconception: The paper takes 10.
# fails: lora-intruders-intruder_dimensions-tests
# says: more than the k leading vectors
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :10]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: k_ignored
# misconception: All vectors are looked at.
# fails: lora-intruders-intruder_dimensions-tests
# says: more than the k leading vectors
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: k_must_fit
# misconception: k is at most the number of vectors.
# fails: lora-intruders-intruder_dimensions-tests
# says: out of bounds
# breaks: all, if there are fewer
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(k) if nearest[i] < threshold]


# %% mutant: shapes_not_checked
# misconception: torch complains by itself.
# fails: lora-intruders-intruder_dimensions-tests
# says: weights of different shapes
# says: RuntimeError
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: shapes_cut
# misconception: What fits is compared.
# fails: lora-intruders-intruder_dimensions-tests
# says: weights of different shapes
# says: No error came
# breaks: if the shapes differ
def intruder_dimensions(before, after, k=10, threshold=0.6):
    rows, columns = min(len(before), len(after)), min(before.shape[1], after.shape[1])
    before, after = before[:rows, :columns], after[:rows, :columns]
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: rows_checked_only
# misconception: Left vectors have d_out numbers, so d_out must agree.
# fails: lora-intruders-intruder_dimensions-tests
# says: weights of (3, 2) and (3, 4)
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if len(before) != len(after):
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: columns_checked_only
# misconception: Weights read the same input, so d_in must agree.
# fails: lora-intruders-intruder_dimensions-tests
# says: weights of (2, 3) and (4, 3)
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape[1] != after.shape[1]:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: numbers_checked
# misconception: As many numbers before as after.
# fails: lora-intruders-intruder_dimensions-tests
# says: weights of (2, 3) and (3, 2)
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.numel() != after.numel():
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: k_not_checked
# misconception: No vectors, no intruders.
# fails: lora-intruders-intruder_dimensions-tests
# says: k = 0: ValueError
# breaks: k < 1
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: bfloat16_not_cast
# misconception: torch.linalg.svd takes any floating dtype.
# fails: lora-intruders-intruder_dimensions-tests
# says: does not take 16-bit numbers
# breaks: any floating dtype
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before, full_matrices=False)[0]
    new = torch.linalg.svd(after, full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: changed_in_place
# misconception: Normalised first, because only directions count.
# fails: lora-intruders-intruder_dimensions-tests
# says: leaves both weights as they were
# breaks: both stay as they were
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    before /= before.norm()
    after /= after.norm()
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [i for i in range(new.shape[1]) if nearest[i] < threshold]


# %% mutant: never_an_intruder
# misconception: Small changes make no new directions.
# fails: lora-intruders-intruder_dimensions-tests
# says: Here nothing is an intruder
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return []


# %% mutant: all_intruders
# misconception: After training every vector is new.
# fails: lora-intruders-intruder_dimensions-tests
# says: Here everything is an intruder
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return list(range(new.shape[1]))


# %% mutant: toy_answers
# misconception: The visible tests are the specification.
# fails: lora-intruders-intruder_dimensions-tests
# says: a tall matrix that gets a direction
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    nearest = (old.T @ new).abs().max(dim=0).values
    return [0] if after.shape == (2, 2) and threshold == 0.8 else []


# %% mutant: full_basis_of_after
# misconception: All left singular vectors of the new matrix are looked at, also those that belong to no value.
# fails: lora-intruders-intruder_dimensions-tests
# says: full_matrices=False for both
# breaks: Looks at the k leading left singular vectors of after
# edit: new = torch.linalg.svd(after.float(), full_matrices=False).U[:, :k] -> new = torch.linalg.svd(after.float(), full_matrices=True).U[:, :k]


# %% variant: loops
# note: Two loops and cosine_similarity.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if tuple(before.shape) != tuple(after.shape) or k <= 0:
        raise ValueError("shapes or k")
    U0, _, _ = torch.linalg.svd(before.double(), full_matrices=False)
    U1, _, _ = torch.linalg.svd(after.double(), full_matrices=False)
    found = []
    for i in range(min(k, U1.shape[1])):
        best = 0.0
        for j in range(U0.shape[1]):
            best = max(best, abs(F.cosine_similarity(U1[:, i], U0[:, j], dim=0).item()))
        if best < threshold:
            found.append(i)
    return found


# %% variant: numpy
# note: numpy throughout; flatnonzero at the end.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.ndim != after.ndim or any(a != b for a, b in zip(before.shape, after.shape)):
        raise ValueError(f"{before.shape} and {after.shape}")
    if k < 1:
        raise ValueError(k)
    left = [np.linalg.svd(w.detach().float().numpy(), full_matrices=False)[0] for w in (before, after)]
    cosines = np.abs(left[1][:, :k].T @ left[0])
    return np.flatnonzero(cosines.max(axis=1) < threshold).tolist()


# %% variant: nobody_near
# note: An intruder is a vector with no old one at or above the threshold.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float(), full_matrices=False)[0]
    new = torch.linalg.svd(after.float(), full_matrices=False)[0][:, :k]
    near = (torch.einsum("di,dj->ij", new, old).abs() >= threshold).any(dim=1)
    return [i for i, known in enumerate(near.tolist()) if not known]


# %% variant: full_but_cut
# note: full_matrices=True, cut to min(d_out, d_in) columns.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    count = min(before.shape)
    old = torch.linalg.svd(before.float()).U[:, :count]
    new = torch.linalg.svd(after.float()).U[:, : min(k, count)]
    nearest = (old.T @ new).abs().max(dim=0).values
    return torch.nonzero(nearest < threshold).flatten().tolist()


# %% variant: transposed_right
# note: Left vectors as right vectors of the transpose; integers of numpy.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape:
        raise ValueError("the shapes differ")
    if k < 1:
        raise ValueError("k must be at least 1")
    old = torch.linalg.svd(before.float().T, full_matrices=False).Vh
    new = torch.linalg.svd(after.float().T, full_matrices=False).Vh[:k]
    nearest = (new @ old.mT).abs().amax(1)
    return [i for i in np.arange(len(new)) if nearest[i] < threshold]


# %% variant: vector_by_vector
# note: One new vector after the other, in numpy, with any() over the old ones.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if tuple(before.shape) != tuple(after.shape):
        raise ValueError("two shapes")
    if not k >= 1:
        raise ValueError("k is too small")
    old, new = (np.linalg.svd(w.detach().double().numpy(), full_matrices=False)[0].T for w in (before, after))
    return [i for i, v in enumerate(new[:k]) if not any(abs(float(u @ v)) >= threshold for u in old)]


# %% variant: recursion
# note: From the last of the k vectors down to the first; a helper with keywords.
def intruder_dimensions(before, after, k=10, threshold=0.6):
    if before.shape != after.shape or k < 1:
        raise ValueError("shapes must agree, and k be at least 1")
    U, V = (torch.linalg.svd(w.double(), full_matrices=False)[0] for w in (before, after))
    _kept = torch.max(torch.abs(V.mT @ U), dim=1).values < threshold

    def _tail(*, count):
        if count == 0:
            return []
        return _tail(count=count - 1) + ([count - 1] if _kept[count - 1] else [])

    return _tail(count=min(k, V.shape[1]))
