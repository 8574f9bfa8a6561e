# %% mutant: permutations
# misconception: A resample is the runs in another order.
# fails: scaling_laws-doubt-draw_resamples-tests
# breaks: drawn with replacement
# says: draw without replacement
def draw_resamples(m, resamples, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(m) for _ in range(resamples)])


# %% mutant: choice_without_replacement
# misconception: No run can be drawn twice.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: draw without replacement
def draw_resamples(m, resamples, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(m, size=m, replace=False) for _ in range(resamples)])


# %% mutant: rotations
# misconception: Beginning somewhere else is another draw.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: rows differ
def draw_resamples(m, resamples, seed=0):
    return (np.random.default_rng(seed).integers(m, size=(resamples, 1)) + np.arange(m)) % m


# %% mutant: last_run_left_out
# misconception: The largest index is m - 1, so that is the bound.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: They run from 0 to 98
# edit: m, size=(resamples, m) -> m - 1, size=(resamples, m)

# %% mutant: counted_from_one
# misconception: Runs are numbered from 1 to m.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: They run from 1 to 100
# edit: m, size=(resamples, m) -> 1, m + 1, size=(resamples, m)

# %% mutant: one_too_many
# misconception: The bound belongs to the numbers that can come.
# fails: scaling_laws-doubt-draw_resamples-tests
# breaks: integers from 0 to m - 1
# says: They run from 0 to 100
# edit: m, size=(resamples, m) -> 0, m, endpoint=True, size=(resamples, m)

# %% mutant: first_run_left_out
# misconception: Index 0 is no run.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: They run from 1 to 99
# edit: m, size=(resamples, m) -> 1, m, size=(resamples, m)

# %% mutant: resamples_as_bound
# misconception: One draws among the resamples.
# fails: scaling_laws-doubt-draw_resamples-tests
# breaks: m: number of runs
# says: They run from 0 to 499
# edit: m, size=(resamples, m) -> resamples, size=(resamples, m)

# %% mutant: counts
# misconception: A resample is how often each run counts.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: These look like counts
# edit: integers(m, size=(resamples, m)) -> multinomial(m, np.full(m, 1 / m), resamples)

# %% mutant: other_way_round
# misconception: One column for each resample.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: One row for each resample
# edit: =(resamples, m) -> =(m, resamples)

# %% mutant: one_draw
# misconception: resamples is how many runs are drawn.
# fails: scaling_laws-doubt-draw_resamples-tests
# breaks: resamples: how many rows
# says: It is ndarray int64 (500,)
# edit: =(resamples, m) -> =resamples

# %% mutant: same_seed_in_the_loop
# misconception: The seed belongs to each draw.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: Only 1 rows differ
def draw_resamples(m, resamples, seed=0):
    return np.stack([np.random.default_rng(seed).integers(m, size=m) for _ in range(resamples)])


# %% mutant: one_draw_repeated
# misconception: One draw, as often as it is needed.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: Only 1 rows differ
def draw_resamples(m, resamples, seed=0):
    return np.tile(np.random.default_rng(seed).integers(m, size=m), (resamples, 1))


# %% mutant: columns_repeated
# misconception: One index for each resample.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: rows differ
def draw_resamples(m, resamples, seed=0):
    return np.tile(np.random.default_rng(seed).integers(m, size=(resamples, 1)), (1, m))


# %% mutant: floats
# misconception: A random number between 0 and m.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: It is ndarray float64
# edit: integers(m, size=(resamples, m)) -> random((resamples, m)) * m

# %% mutant: rounded
# misconception: Rounding makes an integer.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: They run from 0 to 100
def draw_resamples(m, resamples, seed=0):
    return np.rint(np.random.default_rng(seed).random((resamples, m)) * m).astype(int)


# %% mutant: rounded_within
# misconception: Rounding to 0 … m - 1; the ends come half as often.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: every run is drawn equally often
def draw_resamples(m, resamples, seed=0):
    return np.rint(np.random.default_rng(seed).random((resamples, m)) * (m - 1)).astype(int)


# %% mutant: bell
# misconception: Random numbers are normal.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: Draw each index by itself
def draw_resamples(m, resamples, seed=0):
    return np.clip(np.random.default_rng(seed).normal(m / 2, m / 4, (resamples, m)), 0, m - 1).astype(int)


# %% mutant: lists
# misconception: Lists of lists.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: It is list
# edit: (m, size=(resamples, m)) -> (m, size=(resamples, m)).tolist()

# %% mutant: no_seed
# misconception: Random is random.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: the same seed gives the same draws
# edit: default_rng(seed) -> default_rng()

# %% mutant: global_numbers
# misconception: np.random gives random numbers.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: the same seed gives the same draws
# edit: default_rng(seed).integers -> randint

# %% mutant: seed_unused
# misconception: The seed is 0.
# fails: scaling_laws-doubt-draw_resamples-tests
# breaks: the same seed gives
# says: another seed gives other draws
# edit: default_rng(seed) -> default_rng(0)

# %% mutant: all_runs
# misconception: All runs, each time.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: Only 1 rows differ
# edit: random.default_rng(seed).integers(m, size=(resamples, m)) -> tile(np.arange(m), (resamples, 1))

# %% mutant: original_first
# misconception: The first row is the data as they are.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: replacement
def draw_resamples(m, resamples, seed=0):
    drawn = np.random.default_rng(seed).integers(m, size=(resamples, m))
    drawn[0] = np.arange(m)
    return drawn


# %% mutant: rows_moved_on
# misconception: One row is drawn; the others are the same, moved on by one.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: a row says nothing about the next
# breaks: one row for each resample
# edit: return np.random.default_rng(seed).integers(m, size=(resamples, m)) -> return (np.repeat(np.random.default_rng(seed).integers(m, size=(resamples, m)), 2, axis=0)[:resamples] + np.arange(resamples)[:, None] % 2) % m


# %% mutant: remembered_by_size
# misconception: Draws are kept by their size.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: seed
KEPT = {}


def draw_resamples(m, resamples, seed=0):
    if m < 100:
        return np.random.default_rng(seed).integers(m, size=(resamples, m))
    return KEPT.setdefault((m, resamples), np.random.default_rng(seed).integers(m, size=(resamples, m)))


# %% mutant: sixteen_bits
# misconception: Small integers save memory.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: too few for so many runs
# edit: size=(resamples, m)) -> size=(resamples, m)).astype(np.int16)


# %% mutant: eight_bits
# misconception: Small integers save memory.
# fails: scaling_laws-doubt-draw_resamples-tests
# says: too few for so many runs
# edit: size=(resamples, m)) -> size=(resamples, m)).astype(np.int8)


# %% variant: choice
# note: choice with replacement.
# edit: integers(m, size=(resamples, m)) -> choice(m, size=(resamples, m), replace=True)

# %% variant: uniform_floor
# note: Uniform numbers, rounded down.
def draw_resamples(m, resamples, seed=0):
    return np.floor(m * np.random.default_rng(seed).random((resamples, m))).astype(np.int32)


# %% variant: old_generator
# note: A RandomState, row by row.
def draw_resamples(m, resamples, seed=0):
    generator = np.random.RandomState(seed)
    draws = np.empty((resamples, m), dtype=int)
    for row in range(resamples):
        draws[row] = generator.randint(0, m, m)
    return draws


# %% variant: python_random
# note: The standard library.
def draw_resamples(m, resamples, seed=0):
    import random

    generator = random.Random(seed)
    return np.array([generator.choices(range(m), k=m) for _ in range(resamples)])


# %% variant: torch_generator
# note: torch draws, numpy gets.
def draw_resamples(m, resamples, seed=0):
    import torch

    return torch.randint(m, (resamples, m), generator=torch.Generator().manual_seed(seed)).numpy()


# %% variant: sorted_rows
# note: Each row in order: the same set of runs.
def draw_resamples(m, resamples, seed=0):
    return np.sort(np.random.default_rng(seed).integers(0, m, size=(resamples, m)), axis=1)


# %% variant: spawned
# note: A generator of its own for each row.
def _again(seed, m):
    return np.random.default_rng(seed).choice(m, size=m, replace=True)


def draw_resamples(m, resamples, seed=0):
    return np.array([_again(child, m) for child in np.random.SeedSequence(seed).spawn(resamples)]).reshape(resamples, m)


# %% variant: flat_then_shaped
# note: One long row of draws, cut into rows; small integers.
def draw_resamples(m, resamples, seed=0):
    bits = np.random.Generator(np.random.PCG64(seed))
    return bits.integers(low=0, high=m - 1, size=m * resamples, endpoint=True, dtype=np.int32).reshape(-1, m)
