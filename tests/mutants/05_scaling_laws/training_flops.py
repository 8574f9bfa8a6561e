# %% mutant: forward_only
# misconception: A token passes through the model once: 2 FLOPs per weight.
# fails: scaling_laws-count-training_flops-tests
# breaks: 4 backward
# says: This is the forward pass alone
# edit: return 6 * n * d -> return 2 * n * d

# %% mutant: backward_only
# misconception: Training is going backward.
# fails: scaling_laws-count-training_flops-tests
# says: This is the backward pass alone
# edit: return 6 * n * d -> return 4 * n * d

# %% mutant: multiply_adds
# misconception: A multiplication and its addition are one operation.
# fails: scaling_laws-count-training_flops-tests
# breaks: d: number of training tokens
# says: this counts multiply-adds
# edit: return 6 * n * d -> return 3 * n * d

# %% mutant: no_six
# misconception: Each weight meets each token once.
# fails: scaling_laws-count-training_flops-tests
# says: one FLOP per weight and token
# edit: return 6 * n * d -> return n * d

# %% mutant: eight
# misconception: The forward pass is done again in the backward pass.
# fails: scaling_laws-count-training_flops-tests
# says: 8 counts the forward pass twice
# edit: return 6 * n * d -> return 8 * n * d

# %% mutant: sum_of_both
# misconception: Weights and tokens add up.
# fails: scaling_laws-count-training_flops-tests
# breaks: n: number of parameters
# says: 10 weights, 100 tokens
# edit: return 6 * n * d -> return 6 * (n + d)

# %% mutant: hard_coded
# misconception: The text says 6,000.
# fails: scaling_laws-count-training_flops-tests
# says: two runs at once
# edit: return 6 * n * d -> return 6000.0

# %% mutant: python_float
# misconception: FLOPs are one number.
# fails: scaling_laws-count-training_flops-tests
# says: arrays as well as numbers
# edit: return 6 * n * d -> return float(6 * n * d)

# %% mutant: with_math
# misconception: math.prod multiplies.
# fails: scaling_laws-count-training_flops-tests
# says: arrays as well as numbers
# edit: return 6 * n * d -> return int(math.prod([6, n, d]))

# %% mutant: all_runs_together
# misconception: The FLOPs of several runs are added up.
# fails: scaling_laws-count-training_flops-tests
# says: expected a numpy array
# edit: return 6 * n * d -> return 6 * np.sum(n * d)

# %% mutant: dot
# misconception: A product of arrays is np.dot.
# fails: scaling_laws-count-training_flops-tests
# says: expected a numpy array
# edit: return 6 * n * d -> return 6 * np.dot(n, d)

# %% mutant: outer
# misconception: Every size with every token count.
# fails: scaling_laws-count-training_flops-tests
# says: has shape (2, 2), expected (2,)
# edit: return 6 * n * d -> return 6 * np.multiply.outer(n, d)

# %% mutant: one_by_one
# misconception: Runs come in pairs: a loop with zip.
# fails: scaling_laws-count-training_flops-tests
# breaks: arrays of floats that broadcast
# says: a column of sizes against a row
def training_flops(n, d):
    if np.ndim(n) == 0:
        return 6 * n * d
    return np.array([6 * a * b for a, b in zip(n, d)])


# %% mutant: whole_numbers
# misconception: FLOPs are integers.
# fails: scaling_laws-count-training_flops-tests
# says: dtype
def training_flops(n, d):
    flops = 6 * n * d
    return flops.astype(np.int64) if isinstance(flops, np.ndarray) else int(flops)


# %% mutant: in_place
# misconception: n *= 6 makes a new n.
# fails: scaling_laws-count-training_flops-tests
# says: leaves its arguments as they were
def training_flops(n, d):
    n *= 6
    return n * d


# %% mutant: both_or_none
# misconception: Either both are numbers or both are arrays.
# fails: scaling_laws-count-training_flops-tests
# says: Let numpy broadcast
# edit: return 6 * n * d -> return 6 * n * d if np.ndim(n) == np.ndim(d) or np.ndim(n) == 2 else 6 * float(np.mean(n)) * float(np.mean(d))


# %% variant: two_and_four
# note: Forward and backward apart.
def training_flops(n: float | np.ndarray, d: float | np.ndarray) -> float | np.ndarray:
    forward = 2 * n * d
    backward = 4 * n * d
    return forward + backward


# %% variant: numpy_multiply
# note: np.multiply, in another order.
# edit: return 6 * n * d -> return np.multiply(np.multiply(d, 6.0), n)

# %% variant: halves_and_doubles
# note: Broadcast by hand, factors that cancel.
def training_flops(n, d):
    n, d = np.broadcast_arrays(np.asarray(n, float), np.asarray(d, float))
    return 6.0 * (n / 2) * (2 * d)


# %% variant: copies
# note: Copies first, then in place.
def training_flops(n, d):
    result = np.array(n, dtype=float) * d
    result *= 6
    return result


# %% variant: lambda_function
# note: A lambda.
training_flops = lambda n, d: d * n * 6  # noqa: E731


# %% variant: reduced
# note: Factors multiplied by functools.reduce.
def training_flops(n, d):
    from functools import reduce
    from operator import mul

    return reduce(mul, [2 + 4, n, d])


# %% variant: keyword_helper
# note: A helper with keyword-only parameters.
def _n(*, weights, tokens):
    return weights * tokens


def training_flops(n, d):
    forward = 2 * _n(weights=n, tokens=d)
    return forward + 2 * forward
