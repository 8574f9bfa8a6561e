# %% mutant: capped_mean
# misconception: On average n·p are right, so min(n·p, cap) are kept.
# fails: expert_iteration-filter-expected_kept-tests
# says: capped the mean
# breaks: The expected number
def expected_kept(rate, n, cap):
    return n * rate if cap is None else min(n * rate, cap)


# %% mutant: no_cap
# misconception: The cap changes little.
# fails: expert_iteration-filter-expected_kept-tests
# says: cap is not used
def expected_kept(rate, n, cap):
    return n * rate


# %% mutant: no_binomial
# misconception: Each number of right ones is one outcome.
# fails: expert_iteration-filter-expected_kept-tests
# says: binomial coefficient is missing
# edit: math.comb(n, c) * rate -> rate

# %% mutant: exactly_cap
# misconception: What counts is that cap of them are right.
# fails: expert_iteration-filter-expected_kept-tests
# says: exactly cap
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    return math.comb(n, cap) * rate**cap * (1 - rate) ** (n - cap)


# %% mutant: at_least_cap
# misconception: What counts is that at least cap are right.
# fails: expert_iteration-filter-expected_kept-tests
# says: at least cap
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    return sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(cap, n + 1))


# %% mutant: up_to_cap
# misconception: The sum goes to cap.
# fails: expert_iteration-filter-expected_kept-tests
# says: more than cap right ones are missing
# edit: min(c, limit) for c in range(n + 1) -> c for c in range(limit + 1)

# %% mutant: solved_at_all
# misconception: A problem is kept if it is solved once.
# fails: expert_iteration-filter-expected_kept-tests
# says: at least one right one
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    return 1 - (1 - rate) ** n


# %% mutant: cap_times_solved
# misconception: If it is solved, cap of it are kept.
# fails: expert_iteration-filter-expected_kept-tests
# says: cap times the chance
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    return cap * (1 - (1 - rate) ** n)


# %% mutant: last_outcome_missing
# misconception: range(n) goes over all outcomes.
# fails: expert_iteration-filter-expected_kept-tests
# says: all right is an outcome too
# edit: range(n + 1) -> range(n)

# %% mutant: cap_none_fails
# misconception: cap is always a number.
# fails: expert_iteration-filter-expected_kept-tests
# says: TypeError
# breaks: cap: the most
def expected_kept(rate, n, cap):
    return sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) * min(c, cap) for c in range(n + 1))


# %% mutant: none_is_one
# misconception: No cap is the smallest cap.
# fails: expert_iteration-filter-expected_kept-tests
# says: no cap keeps all
# edit: limit = n if cap is None else cap -> limit = cap or 1

# %% mutant: wrong_rate_swapped
# misconception: rate is the chance of a wrong sample.
# fails: expert_iteration-filter-expected_kept-tests
# says: chance of a wrong one
# edit: rate**c * (1 - rate) -> (1 - rate) ** c * rate

# %% mutant: simulated
# misconception: A few thousand draws give the mean.
# fails: expert_iteration-filter-expected_kept-tests
# says: not a simulation
# breaks: The expected number
def expected_kept(rate, n, cap):
    rng = np.random.default_rng(0)
    counts = rng.binomial(n, rate, 4000)
    return float(np.minimum(counts, n if cap is None else cap).mean())


# %% mutant: share
# misconception: What is kept is a share of the samples.
# fails: expert_iteration-filter-expected_kept-tests
# says: divided by n
def expected_kept(rate, n, cap):
    limit = n if cap is None else cap
    return sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) * min(c, limit) for c in range(n + 1)) / n


# %% mutant: rounded
# misconception: Two digits are enough.
# fails: expert_iteration-filter-expected_kept-tests
# says: do not round
def expected_kept(rate, n, cap):
    limit = n if cap is None else cap
    return round(
        sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) * min(c, limit) for c in range(n + 1)), 2
    )


# %% mutant: poisson
# misconception: For many samples the count is Poisson.
# fails: expert_iteration-filter-expected_kept-tests
# says: Binomial
def expected_kept(rate, n, cap):
    limit = n if cap is None else cap
    mean = n * rate
    return sum(math.exp(-mean) * mean**c / math.factorial(c) * min(c, limit) for c in range(60))


# %% mutant: cap_plus_one
# misconception: The sum of the tails goes one too far.
# fails: expert_iteration-filter-expected_kept-tests
# says: cap counts from 1
# breaks: cap: the most
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    chances = [math.comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(n + 1)]
    return sum(sum(chances[j:]) for j in range(1, cap + 2))


# %% mutant: visible_examples
# misconception: The examples are the test.
# fails: expert_iteration-filter-expected_kept-tests
# says: random rate
def expected_kept(rate, n, cap):
    known = {(0.5, 6, 2): 1.875, (0.25, 8, None): 2.0, (0.25, 8, 1): 1 - 0.75**8, (0.25, 8, 2): 1.532806}
    return known.get((rate, n, cap), 2.0 * rate)

# %% mutant: cap_above_n
# misconception: The cap is at most the number of samples.
# fails: expert_iteration-filter-expected_kept-tests
# says: ZeroDivisionError
def expected_kept(rate, n, cap):
    if cap is None:
        return n * rate
    chance = [math.comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(cap)]
    return sum(c * p for c, p in enumerate(chance)) + cap * (1 - sum(chance))

# %% mutant: poisson_for_many
# misconception: With many samples the binomial distribution is Poisson's.
# fails: expert_iteration-filter-expected_kept-tests
# says: without an approximation
def expected_kept(rate, n, cap):
    limit = n if cap is None else cap
    if n <= 100:
        chances = [math.comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(n + 1)]
    else:
        chances = [math.exp(c * math.log(n * rate) - n * rate - math.lgamma(c + 1)) for c in range(n + 1)]
    return sum(chance * min(c, limit) for c, chance in enumerate(chances))


# %% variant: tails
# note: The sum of the chances of at least 1, 2, …, cap.
def expected_kept(rate, n, cap):
    chances = [math.comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(n + 1)]
    return float(sum(sum(chances[j:]) for j in range(1, (n if cap is None else min(cap, n)) + 1)))


# %% variant: scipy
# note: The binomial distribution of scipy.
def expected_kept(rate, n, cap):
    from scipy.stats import binom

    c = np.arange(n + 1)
    return float((binom.pmf(c, n, rate) * np.minimum(c, n if cap is None else cap)).sum())


# %% variant: one_sample_at_a_time
# note: A walk over the samples that carries the distribution along.
def expected_kept(rate, n, cap):
    chances = [1.0]
    for _ in range(n):
        chances = [
            (chances[c] if c < len(chances) else 0.0) * (1 - rate) + (chances[c - 1] if c else 0.0) * rate
            for c in range(len(chances) + 1)
        ]
    return sum(chance * (c if cap is None else min(c, cap)) for c, chance in enumerate(chances))


# %% variant: shortfall
# note: The mean less what the cap takes away.
def expected_kept(rate, n, cap):
    if cap is None or cap >= n:
        return n * rate
    lost = sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) * (c - cap) for c in range(cap + 1, n + 1))
    return n * rate - lost


# %% variant: recursion
# note: The next sample is right or not.
def expected_kept(rate, n, cap):
    @functools.cache
    def left(samples, room):
        if samples == 0 or room == 0:
            return 0.0
        return rate * (1 + left(samples - 1, room - 1)) + (1 - rate) * left(samples - 1, room)

    return left(n, n if cap is None else cap)
