# %% mutant: wald
# misconception: The interval of a share is the one of the textbook.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: This is Wald's interval
# breaks: Wilson's interval
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = p - half, p + half
    return low, high


# %% mutant: wald_cut
# misconception: Wald's interval, cut at 0 and 1, is Wilson's.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: This is Wald's interval
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = p - half, p + half
    return max(0.0, low), min(1.0, high)


# %% mutant: standard_error_only
# misconception: Plus and minus one standard error.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    half = math.sqrt(p * (1 - p) / n)
    low, high = p - half, p + half
    return max(0.0, low), min(1.0, high)


# %% mutant: one_sided
# misconception: 95 % is looked up at 0.95.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: Your z is that of one side
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(confidence)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: negative_z
# misconception: What is left outside is looked up.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: the ends are swapped
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf((1 - confidence) / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: fixed_z
# misconception: z is 1.96.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: z is fixed at 1.96
# breaks: confidence: share
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = 1.959964
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: rounded_z
# misconception: z is 2.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = 2
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: confidence_is_z
# misconception: confidence is the factor.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = confidence
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: half_of_confidence
# misconception: 80 % in the middle is looked up at 0.8.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: look up 0.9
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.975 if confidence == 0.95 else confidence)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: not_divided
# misconception: The last step only scales.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: The division by 1 + z
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half), centre + half
    return max(0.0, low), min(1.0, high)


# %% mutant: half_not_divided
# misconception: Only the centre is divided.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = centre / (1 + z**2 / n) - half, centre / (1 + z**2 / n) + half
    return max(0.0, low), min(1.0, high)


# %% mutant: centre_not_moved
# misconception: The centre of the interval is the share.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: The centre is not moved
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: term_missing
# misconception: Under the root stands p(1-p)/n.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: is missing under the root
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: n_not_squared
# misconception: z²/4n under the root.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: You wrote z²/(4n) under the root
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: no_root
# misconception: The variance is the width.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
# breaks: correct: number
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: precedence
# misconception: z**2 / 2 * n is the same.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / 2 * n
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: per_cent
# misconception: People read per cent.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: This is in per cent
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return 100 * max(0.0, low), 100 * min(1.0, high)


# %% mutant: counts
# misconception: The ends are counts, like correct.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return n * max(0.0, low), n * min(1.0, high)


# %% mutant: centre_and_half
# misconception: An interval is a number plus or minus another.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: You returned the centre and half the width
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return (low + high) / 2, (high - low) / 2


# %% mutant: list
# misconception: A pair is a list of two.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: This is a list
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return [max(0.0, low), min(1.0, high)]


# %% mutant: swapped
# misconception: High comes first.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
# breaks: Wilson's interval
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return min(1.0, high), max(0.0, low)


# %% mutant: rounded
# misconception: Two decimals are honest.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return round(max(0.0, low), 2), round(min(1.0, high), 2)


# %% mutant: clopper_pearson
# misconception: The exact interval is better than any formula.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
from scipy import stats


def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    a = (1 - confidence) / 2
    low = stats.beta.ppf(a, correct, n - correct + 1) if correct else 0.0
    high = stats.beta.ppf(1 - a, correct + 1, n - correct) if correct < n else 1.0
    return float(low), float(high)


# %% mutant: agresti_coull
# misconception: Four more tries, two of them right, and then Wald.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    p, n = (correct + 2) / (n + 4), n + 4
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = p - half, p + half
    return max(0.0, low), min(1.0, high)


# %% mutant: standard_deviation_of_n_minus_1
# misconception: A variance is divided by n - 1.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / max(n - 1, 1) + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: no_check
# misconception: n is never 0.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: 5 correct of 4: ValueError
# breaks: Raises ValueError
def wilson_interval(correct, n, confidence=0.95):
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: too_many_allowed
# misconception: Only n must be checked.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: 5 correct of 4
def wilson_interval(correct, n, confidence=0.95):
    if n < 1:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(abs(p * (1 - p) / n + z**2 / (4 * n**2)))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: negative_allowed
# misconception: A count is never negative.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: -1 correct of 4
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or correct > n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(abs(p * (1 - p) / n + z**2 / (4 * n**2)))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: all_of_nothing
# misconception: 0 of 0 is anything between 0 and 1.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: 0 correct of 0
def wilson_interval(correct, n, confidence=0.95):
    if not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: message_without_word
# misconception: ValueError is enough.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: correct
# breaks: Raises ValueError
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("no share")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: full_at_the_ends
# misconception: With all correct the interval is a point.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: 4 of 4
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    if correct in (0, n):
        return correct / n, correct / n
    p = correct / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(0.0, low), min(1.0, high)


# %% mutant: library_call
# misconception: scipy knows the interval.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: functions of a library that ran
from scipy.stats import binomtest


def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    found = binomtest(correct, n).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


# %% mutant: course_library_call
# misconception: The course's package knows the interval.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: functions of a library that ran
def wilson_interval(correct, n, confidence=0.95):
    from course_utils.evaluation import wilson_interval as library

    if n < 1 or not 0 <= correct <= n:
        raise ValueError("correct must lie between 0 and n")
    return library(correct, n, confidence)


# %% mutant: toy_answer
# misconception: The toy is half of 300.
# fails: gsm8k-evaluate-wilson_interval-tests
# says: interval[0]
def wilson_interval(correct, n, confidence=0.95):
    return 0.443780, 0.556220


# %% variant: counts_instead_of_shares
# note: The same formula in counts: correct + z²/2 of n + z².
def wilson_interval(correct, n, confidence=0.95):
    if n <= 0 or correct < 0 or correct > n:
        raise ValueError(f"correct = {correct} of {n}")
    z = -NormalDist().inv_cdf((1 - confidence) / 2)
    middle = correct + z * z / 2
    half = z * math.sqrt(correct * (n - correct) / n + z * z / 4)
    return max((middle - half) / (n + z * z), 0.0), min((middle + half) / (n + z * z), 1.0)


# %% variant: roots_of_the_quadratic
# note: The ends are the roots of (share - p)² = z² p (1 - p) / n.
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or correct not in range(n + 1):
        raise ValueError("correct is not among 0, …, n")
    z = NormalDist().inv_cdf(1 - (1 - confidence) / 2)
    share = correct / n
    a, b, c = 1 + z**2 / n, -(2 * share + z**2 / n), share**2
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    ends = sorted(((-b - root) / (2 * a), (-b + root) / (2 * a)))
    return tuple(min(1.0, max(0.0, end)) for end in ends)


# %% variant: scipy_for_z
# note: z from scipy; numpy for the rest; clipped.
from scipy.stats import norm


def wilson_interval(correct, n, confidence=0.95):
    if not (n >= 1 and 0 <= correct <= n):
        raise ValueError(f"Correct: {correct}, n: {n}")
    z = float(norm.ppf((1 + confidence) / 2))
    share = correct / n
    shift = np.array([-1, 1]) * z * np.sqrt(share * (1 - share) / n + (z / n / 2) ** 2)
    ends = np.clip((share + z * z / n / 2 + shift) / (1 + z * z / n), 0, 1)
    return float(ends[0]), float(ends[1])


# %% variant: weighted_centre
# note: Centre as a weighted mean of the share and one half; cases at the ends.
def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    if n < 1 or min(correct, n - correct) < 0:
        raise ValueError("there cannot be so many correct answers")
    square = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    weight = n / (n + square)
    centre = weight * correct / n + (1 - weight) / 2
    half = math.sqrt(square * (weight * correct / n * (1 - correct / n) + (1 - weight) / 4) / (n + square))
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return low, high


# %% variant: bisection
# note: The ends are found, not calculated: where the share is z standard errors away.
def wilson_interval(correct, n, confidence=0.95):
    if n < 1 or not 0 <= correct <= n:
        raise ValueError("not so many correct ones")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = correct / n

    def end(inner, outer):
        for _ in range(200):
            middle = (inner + outer) / 2
            if abs(share - middle) <= z * math.sqrt(middle * (1 - middle) / n):
                inner = middle
            else:
                outer = middle
        return inner

    return end(share, 0.0) if correct else 0.0, end(share, 1.0) if correct < n else 1.0


# %% variant: numpy_clip
# note: Both ends in one array, cut with numpy.
def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    if n < 1 or correct < 0 or correct > n:
        raise ValueError("this many correct ones cannot be")
    z = NormalDist(mu=0, sigma=1).inv_cdf((1 + confidence) / 2)
    spread = z * np.sqrt(correct * (n - correct) / n + z**2 / 4)
    ends = (correct + z**2 / 2 + np.array([-spread, spread])) / (n + z**2)
    return tuple(float(end) for end in np.clip(ends, 0, 1))
