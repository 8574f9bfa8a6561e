# %% mutant: with_replacement
# misconception: k tries with chance c/n each.
# fails: gsm8k-samples-pass_at_k-tests
# says: as if it could be drawn twice
# breaks: The chance that one of k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - (1 - c / n) ** k


# %% mutant: all_wrong
# misconception: The formula is the fraction of binomials.
# fails: gsm8k-samples-pass_at_k-tests
# says: chance that all k are wrong
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return math.comb(n - c, k) / math.comb(n, k)


# %% mutant: all_right
# misconception: All k tries must be right.
# fails: gsm8k-samples-pass_at_k-tests
# says: it is also that all k are right
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return math.comb(c, k) / math.comb(n, k)


# %% mutant: not_all_right
# misconception: One minus the chance of right ones.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@1 is the share
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(c, k) / math.comb(n, k)


# %% mutant: pass_at_one
# misconception: The share of right tries.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@1, whatever k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return c / n


# %% mutant: k_times
# misconception: k tries have k times the chance.
# fails: gsm8k-samples-pass_at_k-tests
# says: Tries overlap
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return min(1.0, k * c / n)


# %% mutant: any_right
# misconception: If one try is right, the problem is solved.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return float(c > 0)


# %% mutant: per_cent
# misconception: People read per cent.
# fails: gsm8k-samples-pass_at_k-tests
# says: per cent
# breaks: Returns a float
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 100 * (1 - math.comb(n - c, k) / math.comb(n, k))


# %% mutant: shortcut_zero
# misconception: If fewer than k are wrong, there is nothing to take: 0.
# fails: gsm8k-samples-pass_at_k-tests
# says: no way to take only wrong ones
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(n - c, k) / math.comb(n, k) if n - c >= k else 0.0


# %% mutant: refuses_few_wrong
# misconception: If fewer than k are wrong, the formula does not hold.
# fails: gsm8k-samples-pass_at_k-tests
# says: ValueError: pass@k needs
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n or n - c < k:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: factorials
# misconception: The binomials by factorials.
# fails: gsm8k-samples-pass_at_k-tests
# says: factorial
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.factorial(n - c) * math.factorial(n - k) / (math.factorial(n) * math.factorial(n - c - k))


# %% mutant: gamma_function
# misconception: lgamma for the factorials.
# fails: gsm8k-samples-pass_at_k-tests
# says: math domain error
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.exp(
        math.lgamma(n - c + 1) + math.lgamma(n - k + 1) - math.lgamma(n + 1) - math.lgamma(n - c - k + 1)
    )


# %% mutant: one_more_in_product
# misconception: The product runs to n - c.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1.0 - float(np.prod(1.0 - k / np.arange(n - c, n + 1)))


# %% mutant: product_without_shortcut
# misconception: np.prod of the paper needs no case.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1.0 - float(np.prod(1.0 - k / np.arange(n - c, n)))


# %% mutant: whole_division
# misconception: Binomials are whole numbers, so // is exact.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return float(1 - math.comb(n - c, k) // math.comb(n, k))


# %% mutant: arguments_exchanged
# misconception: comb(k, n) is n choose k.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(k, n - c) / math.comb(k, n) if math.comb(k, n) else 1.0


# %% mutant: floats_of_binomials
# misconception: float makes the division safe.
# fails: gsm8k-samples-pass_at_k-tests
# says: large
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - float(math.comb(n - c, k)) / float(math.comb(n, k))


# %% mutant: simulation
# misconception: A thousand draws are good enough.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    draws = np.random.default_rng(0).permuted(np.tile(np.arange(n) < c, (1000, 1)), axis=1)[:, :k]
    return float(draws.any(axis=1).mean())


# %% mutant: rounded
# misconception: Two decimals are honest.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@k
# breaks: The chance that one of k
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return round(1 - math.comb(n - c, k) / math.comb(n, k), 2)


# %% mutant: no_check
# misconception: Nobody asks for the impossible.
# fails: gsm8k-samples-pass_at_k-tests
# says: ValueError
# breaks: Raises ValueError
def pass_at_k(n, c, k):
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: k_above_n_is_n
# misconception: More than n tries are n tries.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@5 from 4 tries
def pass_at_k(n, c, k):
    if not 0 <= c <= n or k < 1:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    k = min(k, n)
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: k_zero_is_zero
# misconception: No try, no success: 0.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@0 from 4 tries
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 0 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: too_many_right
# misconception: Only k is checked.
# fails: gsm8k-samples-pass_at_k-tests
# says: 5 right
def pass_at_k(n, c, k):
    if not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(max(n - c, 0), k) / math.comb(n, k)


# %% mutant: negative_right
# misconception: c is a count.
# fails: gsm8k-samples-pass_at_k-tests
# says: -1 right
def pass_at_k(n, c, k):
    if c > n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: assertion
# misconception: assert checks the arguments.
# fails: gsm8k-samples-pass_at_k-tests
# says: expected ValueError
def pass_at_k(n, c, k):
    assert 0 <= c <= n and 1 <= k <= n, "pass@k"
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: message_without_word
# misconception: ValueError is enough.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass
# breaks: Raises ValueError
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("0 <= c <= n and 1 <= k <= n")
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% mutant: toy_answer
# misconception: Five of six pairs.
# fails: gsm8k-samples-pass_at_k-tests
# says: pass@k
def pass_at_k(n, c, k):
    return 5 / 6


# %% mutant: library_call
# misconception: The course's package has it.
# fails: gsm8k-samples-pass_at_k-tests
# says: functions of course_utils that ran
def pass_at_k(n, c, k):
    from course_utils.evaluation import pass_at_k as library

    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k needs 0 <= c <= n and 1 <= k <= n")
    return library(n, c, k)

# %% mutant: whole_one
# misconception: 1 and 1.0 are the same.
# fails: gsm8k-samples-pass_at_k-tests
# says: also where it is 0 or 1
def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError("pass@k: these counts cannot be")
    if n - c < k:
        return 1
    return 1 - math.comb(n - c, k) / math.comb(n, k)

# %% variant: product_of_the_paper
# note: The product formula with its case for few wrong tries.
def pass_at_k(n, c, k):
    if c < 0 or c > n or k < 1 or k > n:
        raise ValueError(f"no pass@{k} from {c} of {n}")
    if n - c < k:
        return 1.0
    return 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


# %% variant: one_try_after_the_other
# note: The chance that the first, the second, … are wrong, multiplied.
def pass_at_k(n, c, k):
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError("Pass@k: impossible counts")
    wrong = 1.0
    for i in range(k):
        wrong *= max(n - c - i, 0) / (n - i)
    return 1.0 - wrong


# %% variant: as_a_fraction
# note: Exact as a Fraction, made a float at the end.
def pass_at_k(n, c, k):
    if c not in range(n + 1) or k not in range(1, n + 1):
        raise ValueError("pass@k is not defined here")
    all_ways = math.comb(n, k)
    return float(Fraction(all_ways - math.comb(n - c, k), all_ways))


# %% variant: hypergeometric
# note: scipy's hypergeometric distribution: no right try among k drawn.
from scipy.stats import hypergeom


def pass_at_k(n: int, c: int, k: int) -> float:
    if not 0 <= c <= n or not 0 < k <= n:
        raise ValueError("pass@k: check n, c and k")
    return float(hypergeom.sf(0, n, c, k))


# %% variant: sum_over_right_tries
# note: The ways with one right try, with two, … added.
def pass_at_k(n, c, k):
    if min(c, n - c, k - 1, n - k) < 0:
        raise ValueError("this pass@k cannot be estimated")
    good = sum(math.comb(c, i) * math.comb(n - c, k - i) for i in range(1, k + 1))
    return good / math.comb(n, k)


# %% variant: recursion
# note: Draw one try: right ends it, wrong leaves a smaller urn. Called on itself by keyword.
def pass_at_k(n: int, c: int, k: int) -> float:
    if c < 0 or c > n or k < 1 or k > n:
        raise ValueError("Pass@k is not defined here")
    missed = Fraction(1)
    for drawn in range(min(k, n - c + 1)):
        missed *= Fraction(n - c - drawn, n - drawn)
    return float(1 - missed)
