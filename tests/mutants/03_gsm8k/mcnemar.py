# %% mutant: swapped
# misconception: Gained is what the first model has and the second has not.
# fails: gsm8k-compare-mcnemar-tests
# says: gained and lost are swapped
# breaks: Returns {
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": lost, "lost": gained, "p_value": p_value}


# %% mutant: totals
# misconception: What each model solved is compared.
# fails: gsm8k-compare-mcnemar-tests
# says: You counted what each model solved in all
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b)
    lost = sum(1 for a, b in zip(before, after) if a)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: concordant_pairs
# misconception: Problems that both solve are throws that came up even.
# fails: gsm8k-compare-mcnemar-tests
# says: test['p_value']
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost + sum(1 for a, b in zip(before, after) if a and b)
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: whole_table
# misconception: The coin is thrown once for each problem.
# fails: gsm8k-compare-mcnemar-tests
# says: You threw the coin once for each problem
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = len(before)
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: one_tail
# misconception: The question is whether the new model is better: one tail.
# fails: gsm8k-compare-mcnemar-tests
# says: This is one tail
# breaks: Exact two-sided
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = tail
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: exactly_this
# misconception: p is the probability of what was seen.
# fails: gsm8k-compare-mcnemar-tests
# says: probability of exactly this outcome
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = math.comb(throws, gained) / 2**throws
    p_value = tail
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: twice_exactly_this
# misconception: p is twice the probability of what was seen.
# fails: gsm8k-compare-mcnemar-tests
# says: twice the probability of exactly this outcome
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = math.comb(throws, gained) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: range_stops_early
# misconception: range(k) goes up to k.
# fails: gsm8k-compare-mcnemar-tests
# says: The sum stops before min
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost))) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: larger_tail
# misconception: The tail goes up to the larger of the two.
# fails: gsm8k-compare-mcnemar-tests
# says: You summed up to the larger
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(max(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: above_one
# misconception: Twice the tail is p, whatever it is.
# fails: gsm8k-compare-mcnemar-tests
# says: A probability is at most 1
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = 2 * tail
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: chi_squared
# misconception: McNemar's statistic is chi-squared with one degree.
# fails: gsm8k-compare-mcnemar-tests
# says: This is the chi-squared approximation
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    p_value = math.erfc(math.sqrt((gained - lost) ** 2 / max(throws, 1) / 2))
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: chi_squared_corrected
# misconception: The continuity correction makes it right.
# fails: gsm8k-compare-mcnemar-tests
# says: with continuity correction
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    statistic = max(abs(gained - lost) - 1, 0) ** 2 / max(throws, 1)
    p_value = math.erfc(math.sqrt(statistic / 2))
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: chi_squared_of_the_table
# misconception: Two shares in one table: the chi-squared test of the textbook.
# fails: gsm8k-compare-mcnemar-tests
# says: test['p_value']
from scipy import stats


def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    table = [[sum(before), len(before) - sum(before)], [sum(after), len(after) - sum(after)]]
    return {"gained": gained, "lost": lost, "p_value": float(stats.chi2_contingency(table).pvalue)}


# %% mutant: two_shares
# misconception: A z-test of two shares.
# fails: gsm8k-compare-mcnemar-tests
# says: test['p_value']
# breaks: Exact two-sided
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    n = len(before)
    share = (sum(before) + sum(after)) / (2 * n)
    z = (gained - lost) / n / math.sqrt(max(share * (1 - share) * 2 / n, 1e-12))
    p_value = 2 * NormalDist().cdf(-abs(z))
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: one_minus_p
# misconception: The p-value says how sure one is.
# fails: gsm8k-compare-mcnemar-tests
# says: This is 1 - p
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = 1 - min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: greater
# misconception: Only a gain is of interest: the upper tail.
# fails: gsm8k-compare-mcnemar-tests
# says: test['p_value']
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(gained, throws + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: lower_tail_of_lost
# misconception: The lost ones are always fewer.
# fails: gsm8k-compare-mcnemar-tests
# says: 1 gained, 12 lost
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(lost + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: zero_throws_zero
# misconception: Without disagreement p is 0.
# fails: gsm8k-compare-mcnemar-tests
# says: No throws, no surprise
# breaks: p_value: the probability
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail) if throws else 0.0
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: zero_throws_nan
# misconception: Without disagreement there is no p.
# fails: gsm8k-compare-mcnemar-tests
# says: two models that never disagree
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail) if throws else float("nan")
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: half_to_the_power
# misconception: 0.5 to the power is the probability of one row of throws.
# fails: gsm8k-compare-mcnemar-tests
# says: int too large
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) * 0.5**throws for i in range(min(gained, lost) + 1))
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: normal_for_many
# misconception: For many throws the normal curve will do.
# fails: gsm8k-compare-mcnemar-tests
# says: large numbers
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    if throws > 200:
        p_value = 2 * NormalDist().cdf((min(gained, lost) - throws / 2) / math.sqrt(throws / 4))
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: log_of_half
# misconception: p can be small: rounding does no harm.
# fails: gsm8k-compare-mcnemar-tests
# says: test['p_value']
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = round(min(1.0, 2 * tail), 2)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: zip_only
# misconception: zip takes care of the lengths.
# fails: gsm8k-compare-mcnemar-tests
# says: zip stops at the shorter list
# breaks: Raises ValueError
def mcnemar(before, after):
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: cut_to_the_shorter
# misconception: What is too long is cut.
# fails: gsm8k-compare-mcnemar-tests
# says: zip stops at the shorter list
def mcnemar(before, after):
    if len(before) != len(after):
        before, after = before[: len(after)], after[: len(before)]
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: only_longer_first
# misconception: Only the first list can be too long.
# fails: gsm8k-compare-mcnemar-tests
# says: the second list is longer
def mcnemar(before, after):
    if len(before) > len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: message_without_word
# misconception: ValueError is enough.
# fails: gsm8k-compare-mcnemar-tests
# says: problems
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("different lengths")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: shares
# misconception: Gained and lost are shares of all problems.
# fails: gsm8k-compare-mcnemar-tests
# says: test['gained']
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained / len(before), "lost": lost / len(before), "p_value": p_value}


# %% mutant: p_value_only
# misconception: The p-value is the result.
# fails: gsm8k-compare-mcnemar-tests
# says: expected a dict
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return p_value


# %% mutant: other_key
# misconception: The key is p.
# fails: gsm8k-compare-mcnemar-tests
# says: lacks the key 'p_value'
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and not a)
    lost = sum(1 for a, b in zip(before, after) if a and not b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p": p_value}


# %% mutant: is_true
# misconception: is True is the clean comparison.
# fails: gsm8k-compare-mcnemar-tests
# says: 1 and 0
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b is True and a is False)
    lost = sum(1 for a, b in zip(before, after) if a is True and b is False)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: numpy_bitwise
# misconception: ~ is not.
# fails: gsm8k-compare-mcnemar-tests
# says: test['gained']
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("the lists are not about the same problems")
    gained = sum(1 for a, b in zip(before, after) if b and ~a)
    lost = sum(1 for a, b in zip(before, after) if a and ~b)
    throws = gained + lost
    tail = sum(math.comb(throws, i) for i in range(min(gained, lost) + 1)) / 2**throws
    p_value = min(1.0, 2 * tail)
    return {"gained": gained, "lost": lost, "p_value": p_value}


# %% mutant: toy_answer
# misconception: The toy has three gained and one lost.
# fails: gsm8k-compare-mcnemar-tests
# says: five gained
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("not the same problems")
    return {"gained": 3, "lost": 1, "p_value": 0.625}


# %% variant: binomtest
# note: scipy's exact binomial test.
from scipy.stats import binomtest


def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError(f"{len(before)} problems are not {len(after)}")
    gained = int(sum(bool(b) > bool(a) for a, b in zip(before, after)))
    lost = int(sum(bool(b) < bool(a) for a, b in zip(before, after)))
    p = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return {"gained": gained, "lost": lost, "p_value": p}


# %% variant: numpy_and_cdf
# note: Arrays of bools; twice the distribution function.
from scipy import stats


def mcnemar(before, after):
    first, second = np.asarray(before, bool), np.asarray(after, bool)
    if first.shape != second.shape:
        raise ValueError("Problems differ")
    gained, lost = int((~first & second).sum()), int((first & ~second).sum())
    p = 2 * stats.binom.cdf(min(gained, lost), gained + lost, 0.5)
    return {"gained": gained, "lost": lost, "p_value": float(min(p, 1))}


# %% variant: all_outcomes_as_uneven
# note: All outcomes that are at least as uneven, counted in a Counter and a Fraction.
def mcnemar(before, after):
    if len(before) != len(after):
        raise ValueError("not the same number of problems")
    counts = Counter((bool(a), bool(b)) for a, b in zip(before, after))
    gained, lost = counts[False, True], counts[True, False]
    n, gap = gained + lost, abs(gained - lost)
    ways = sum(math.comb(n, heads) for heads in range(n + 1) if abs(2 * heads - n) >= gap)
    return dict(gained=gained, lost=lost, p_value=float(Fraction(ways, 2**n)))


# %% variant: in_logarithms
# note: Logarithms of the binomials, so that nothing overflows.
def mcnemar(before, after):
    if len(list(before)) != len(list(after)):
        raise ValueError("results of other problems")
    gained = lost = 0
    for a, b in zip(before, after):
        if bool(a) == bool(b):
            continue
        if b:
            gained += 1
        else:
            lost += 1
    n = gained + lost
    p = 0.0
    for i in range(min(gained, lost) + 1):
        p += 2 * math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) - n * math.log(2))
    return {"p_value": p if p < 1 else 1.0, "lost": lost, "gained": gained}


# %% variant: counted_pairs
# note: A Counter of pairs, and the row of Pascal's triangle made by multiplication.
def mcnemar(before: list[bool], after: list[bool]) -> dict:
    if len(list(before)) != len(list(after)):
        raise ValueError("Problems differ")
    table = Counter((bool(a), bool(b)) for a, b in zip(before, after))
    gained, lost = table[False, True], table[True, False]
    few, throws = sorted((gained, lost))[0], gained + lost
    ways = total = 1
    for i in range(1, few + 1):
        ways = ways * (throws - i + 1) // i
        total += ways
    p = Fraction(2 * total, 2**throws)
    return {"gained": gained, "lost": lost, "p_value": float(min(p, Fraction(1)))}
