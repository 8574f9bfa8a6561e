# %% mutant: coverage_itself
# misconception: Coverage is a power law in k.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You fitted the coverage itself
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, coverage)


# %% mutant: failures
# misconception: What falls is the share of problems that are missed.
# fails: scaling_laws-test_time-fit_coverage-tests
# breaks: shares of problems solved
# says: You fitted 1 - coverage
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, 1 - coverage)


# %% mutant: log_of_failures
# misconception: The logarithm of the failures.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You took the logarithm of 1 - coverage
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, -np.log(1 - coverage))


# %% mutant: decades
# misconception: The base of the logarithm does not matter.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: must be natural
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, -np.log10(coverage))


# %% mutant: powers_of_two
# misconception: The base of the logarithm does not matter, and k are powers of two.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: must be natural
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, -np.log2(coverage))


# %% mutant: minus_forgotten
# misconception: The logarithm of the coverage.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You refused good coverages
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, np.log(coverage))


# %% mutant: inverse_coverage
# misconception: The inverse of the coverage.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You fitted 1 / coverage
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, 1 / coverage)


# %% mutant: logarithm_twice
# misconception: fit_power_law wants logarithms.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You refused good coverages
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, np.log(-np.log(coverage)))


# %% mutant: log_k
# misconception: k goes in as a logarithm.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: logarithms of both it takes itself
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(np.log(k), -np.log(coverage))


# %% mutant: axes_exchanged
# misconception: The law gives k.
# fails: scaling_laws-test_time-fit_coverage-tests
# breaks: k: (m,) samples
# says: k comes first
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(-np.log(coverage), k)


# %% mutant: alpha_sign
# misconception: Coverage grows, so alpha is negative.
# fails: scaling_laws-test_time-fit_coverage-tests
# breaks: Returns {
# says: alpha is positive
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    law = fit_power_law(k, -np.log(coverage))
    return {"A": law["A"], "alpha": -law["alpha"]}


# %% mutant: A_as_exponential
# misconception: A stands in an exponential.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: exp(-A)
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    law = fit_power_law(k, -np.log(coverage))
    return {**law, "A": math.exp(-law["A"])}


# %% mutant: two_points
# misconception: The first and the last point give the law.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: coverages that lie on no law
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    left = -np.log(coverage)
    alpha = math.log(left[0] / left[-1]) / math.log(k[-1] / k[0])
    return {"A": float(left[0] * k[0] ** alpha), "alpha": alpha}


# %% mutant: least_squares_of_coverage
# misconception: scipy fits the coverage itself.
# fails: scaling_laws-test_time-fit_coverage-tests
# breaks: by least squares
# says: coverages that lie on no law
def fit_coverage(k, coverage):
    from scipy.optimize import curve_fit

    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    law, _ = curve_fit(
        lambda k, a, alpha: np.exp(-a * k**-alpha), k, coverage, p0=(-np.log(coverage[0]), 0.4), xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    return {"A": float(law[0]), "alpha": float(law[1])}


# %% mutant: no_check
# misconception: fit_power_law looks at its values.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: which has no logarithm
def fit_coverage(k, coverage):
    return fit_power_law(k, -np.log(coverage))


# %% mutant: only_one_checked
# misconception: A coverage of 1 is the problem.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: which has no logarithm
def fit_coverage(k, coverage):
    if (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, -np.log(coverage))


# %% mutant: clipped
# misconception: A little more than 0 and a little less than 1 save the logarithm.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: No error came
def fit_coverage(k, coverage):
    coverage = np.clip(coverage, 1e-6, 1 - 1e-6)
    return fit_power_law(k, -np.log(coverage))


# %% mutant: points_left_out
# misconception: Points without a logarithm are skipped.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: No error came
def fit_coverage(k, coverage):
    good = (coverage > 0) & (coverage < 1)
    k, coverage = k[good], coverage[good]
    return fit_power_law(k, -np.log(coverage))


# %% mutant: assertion
# misconception: assert is the way to check.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: AssertionError
# says: expected ValueError
def fit_coverage(k, coverage):
    assert (coverage > 0).all() and (coverage < 1).all()
    return fit_power_law(k, -np.log(coverage))


# %% mutant: always_refused
# misconception: Coverage near 0 is not good either.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: You refused good coverages
def fit_coverage(k, coverage):
    if (coverage <= 0.05).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, -np.log(coverage))


# %% mutant: hard_coded
# misconception: The text gives A = 4 and alpha = 0.301.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: coverages that lie on no law
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    return {"A": 4.0, "alpha": math.log10(2)}


# %% mutant: library
# misconception: The package fits power laws.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: an answer that calls it gets no points
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    found = scaling.fit({"x": k, "loss": -np.log(coverage)}, form="power_law", delta=1e3)
    return {name: float(found.params[name]) for name in ("A", "alpha")}


# %% mutant: in_place
# misconception: out=coverage saves memory.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: leaves k and coverage as they were
def fit_coverage(k, coverage):
    if (coverage <= 0).any() or (coverage >= 1).any():
        raise ValueError("coverage must lie strictly between 0 and 1")
    np.negative(np.log(coverage, out=coverage), out=coverage)
    return fit_power_law(k, coverage)


# %% mutant: looks_at_the_last
# misconception: Coverage grows, so only the last one can be 1; the first could be 0 and is not looked at.
# fails: scaling_laws-test_time-fit_coverage-tests
# breaks: Raises ValueError
# says: ValueError
def fit_coverage(k, coverage):
    if not 0 < coverage[-1] < 1:
        raise ValueError("coverage")
    u, v = np.log(k), np.log(-np.log(np.clip(coverage, 1e-9, 1 - 1e-9)))
    slope = np.mean((u - u.mean()) * (v - v.mean())) / np.var(u)
    return {"A": float(np.exp(v.mean() - slope * u.mean())), "alpha": float(-slope)}


# %% mutant: nan_passes
# misconception: Nothing at 0 or below, nothing at 1 or above: so all lie between. Not nan.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: nan does not
# edit:
#   if not ((coverage > 0) & (coverage < 1)).all():
#       raise ValueError("coverage must lie strictly between 0 and 1 for its law to be fitted")
#   return fit_power_law(k, -np.log(coverage))
# ->
#   if ((coverage <= 0) | (coverage >= 1)).any():
#       raise ValueError("coverage must lie strictly between 0 and 1 for its law to be fitted")
#   slope, height = np.polyfit(np.log(k), np.log(-np.log(coverage)), 1)
#   return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: far_from_the_ends
# misconception: A coverage within a millionth of 0 or 1 is as good as 0 or 1.
# fails: scaling_laws-test_time-fit_coverage-tests
# says: Do not clip or round
# edit: if not ((coverage > 0) & (coverage < 1)).all(): -> if not ((coverage > 1e-6) & (coverage < 1 - 1e-6)).all():


# %% variant: inverse
# note: ln(1 / coverage).
def fit_coverage(k: np.ndarray, coverage: np.ndarray) -> dict[str, float]:
    if not all(0 < share < 1 for share in coverage):
        raise ValueError("coverage must lie strictly between 0 and 1")
    return fit_power_law(k, np.log(1 / coverage), irreducible=0.0)


# %% variant: by_hand
# note: Without fit_power_law.
def fit_coverage(k, coverage):
    if not (np.min(coverage) > 0 and np.max(coverage) < 1):
        raise ValueError("coverage must lie strictly between 0 and 1")
    slope, height = np.polyfit(np.log10(k), np.log10(-np.log(coverage)), 1)
    return {"A": float(10**height), "alpha": float(-slope)}


# %% variant: in_decades
# note: -log10, corrected in A.
def fit_coverage(k, coverage):
    if np.any((np.asarray(coverage) <= 0) | (np.asarray(coverage) >= 1)):
        raise ValueError("coverage must lie strictly between 0 and 1")
    law = fit_power_law(k, -np.log10(coverage))
    return {"alpha": law["alpha"], "A": law["A"] * math.log(10)}


# %% variant: only_zero_checked
# note: fit_power_law refuses what is not above 0, so only 0 is left.
def fit_coverage(k, coverage):
    if (coverage == 0).any():
        raise ValueError("a coverage of 0 has no logarithm")
    return fit_power_law(np.array(k), -1 * np.log(np.array(coverage)))


# %% variant: plain_lists
# note: math.log over a list.
def fit_coverage(k, coverage):
    left = []
    for share in coverage.tolist():
        if share <= 0.0 or share >= 1.0:
            raise ValueError(f"{share} is no share that the law can hold")
        left.append(-math.log(share))
    return fit_power_law(k, np.array(left))


# %% variant: checked_one_by_one
# note: A loop with a chained comparison, then the own power law by keyword.
def _which(values):
    for value in values:
        if not 0.0 < value < 1.0:
            raise ValueError(f"coverage {value} is not strictly between 0 and 1")
        yield math.log(1 / value) if value < 0.5 else -math.log1p(value - 1)


def fit_coverage(k, coverage):
    return fit_power_law(y=np.fromiter(_which(coverage), dtype=float), x=k)


# %% variant: normal_equations
# note: Cramer's rule on the sums.
def fit_coverage(k, coverage):
    if np.count_nonzero((coverage > 0) & (coverage < 1)) < len(coverage):
        raise ValueError("coverage")
    u, v = np.log(k), np.log(-np.log(coverage))
    m, a, b, aa, ab = len(u), u.sum(), v.sum(), u @ u, u @ v
    det = m * aa - a * a
    return {"A": math.exp((aa * b - a * ab) / det), "alpha": float((a * b - m * ab) / det)}
