# %% mutant: alpha_is_the_slope
# misconception: alpha is the slope of the line.
# fails: scaling_laws-power-fit_power_law-tests
# says: alpha is the negative of the slope
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(slope)}


# %% mutant: alpha_without_sign
# misconception: Powers fall, so the sign of the slope does not matter.
# fails: scaling_laws-power-fit_power_law-tests
# breaks: alpha is positive
# says: a y that grows
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(abs(slope))}


# %% mutant: height_is_A
# misconception: A is where the line meets the axis.
# fails: scaling_laws-power-fit_power_law-tests
# says: ln A. A is its exponential
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(height), "alpha": float(-slope)}


# %% mutant: decades_kept
# misconception: With log10, A is the height in decades.
# fails: scaling_laws-power-fit_power_law-tests
# says: log10 A
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log10(x), np.log10(left), 1)
    return {"A": float(height), "alpha": float(-slope)}


# %% mutant: decades_and_exp
# misconception: The inverse of a logarithm is exp.
# fails: scaling_laws-power-fit_power_law-tests
# says: log10 of the points but exp
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log10(x), np.log10(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: ln_and_decades
# misconception: The inverse of np.log is 10 to the power.
# fails: scaling_laws-power-fit_power_law-tests
# says: 10 to the power of the height
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(10**height), "alpha": float(-slope)}


# %% mutant: mixed_bases
# misconception: The base of each axis is free.
# fails: scaling_laws-power-fit_power_law-tests
# says: Take both logarithms to the same base
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log10(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: only_x_logged
# misconception: A logarithmic x-axis makes it straight.
# fails: scaling_laws-power-fit_power_law-tests
# says: take the logarithm of y too
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), left, 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: only_y_logged
# misconception: An exponential decay is straight once y is logged.
# fails: scaling_laws-power-fit_power_law-tests
# says: take the logarithm of x too
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(x, np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: axes_exchanged
# misconception: polyfit takes y first.
# fails: scaling_laws-power-fit_power_law-tests
# says: x and y are exchanged
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(left), np.log(x), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: x_against_y
# misconception: A line is a line, whichever way it is fitted.
# fails: scaling_laws-power-fit_power_law-tests
# breaks: at least two different x
# says: You fitted x against y
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(left), np.log(x), 1)
    slope, height = 1 / slope, -height / slope
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: coefficients_exchanged
# misconception: polyfit gives the constant first.
# fails: scaling_laws-power-fit_power_law-tests
# says: lowest power first
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    height, slope = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: first_and_last
# misconception: Two points far apart fix the line, as by eye.
# fails: scaling_laws-power-fit_power_law-tests
# breaks: by least squares in log-log
# says: the first and the last point
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope = np.log(left[-1] / left[0]) / np.log(x[-1] / x[0])
    height = np.log(left[0]) - slope * np.log(x[0])
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: through_the_first
# misconception: The line begins in the first point.
# fails: scaling_laws-power-fit_power_law-tests
# says: the four points of the text
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    u, v = np.log(x / x[0]), np.log(left / left[0])
    slope = (u * v).sum() / (u * u).sum()
    height = np.log(left[0]) - slope * np.log(x[0])
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: least_squares_of_y
# misconception: scipy fits y itself, without logarithms.
# fails: scaling_laws-power-fit_power_law-tests
# says: weighs large y more
def fit_power_law(x, y, irreducible=0.0):
    from scipy.optimize import curve_fit

    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    (a, alpha), _ = curve_fit(lambda x, a, alpha: a * x**-alpha, x, left, p0=(left[0], 0.5))
    return {"A": float(a), "alpha": float(alpha)}


# %% mutant: irreducible_unused
# misconception: E is small, so it can be left out.
# fails: scaling_laws-power-fit_power_law-tests
# says: irreducible was not used
def fit_power_law(x, y, irreducible=0.0):
    left = y
    if (y <= irreducible).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: irreducible_added
# misconception: The irreducible loss comes on top.
# fails: scaling_laws-power-fit_power_law-tests
# breaks: the part of y that stays
# says: You added irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y + irreducible
    if (y <= irreducible).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: subtracted_after_the_logarithm
# misconception: ln(y) - E takes E away.
# fails: scaling_laws-power-fit_power_law-tests
# says: after the logarithm
def fit_power_law(x, y, irreducible=0.0):
    left = y
    if (y <= irreducible).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left) - irreducible, 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: ratio_to_irreducible
# misconception: In logarithms one subtracts the logarithm of E.
# fails: scaling_laws-power-fit_power_law-tests
# says: divides y by it
def fit_power_law(x, y, irreducible=0.0):
    left = y / irreducible if irreducible else y
    if (y <= irreducible).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: floor_guessed
# misconception: The lowest y is the floor.
# fails: scaling_laws-power-fit_power_law-tests
# says: seven points that lie on
def fit_power_law(x, y, irreducible=0.0):
    left = y - (irreducible or 0.99 * y.min())
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: irreducible_in_A
# misconception: A is the height at x = 1, floor included.
# fails: scaling_laws-power-fit_power_law-tests
# says: the same law on top
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height) + irreducible), "alpha": float(-slope)}


# %% mutant: no_error
# misconception: numpy deals with logarithms of zero.
# fails: scaling_laws-power-fit_power_law-tests
# says: a y that is equal to irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: below_only
# misconception: Only a y below E has no logarithm.
# fails: scaling_laws-power-fit_power_law-tests
# says: a y that is equal to irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left < 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: points_left_out
# misconception: Points without a logarithm are skipped.
# fails: scaling_laws-power-fit_power_law-tests
# says: a y that is equal to irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    x, left = x[left > 0], left[left > 0]
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: all_below
# misconception: A fit is impossible when no y is above E.
# fails: scaling_laws-power-fit_power_law-tests
# says: a y that is equal to irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).all():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: last_checked
# misconception: y falls, so the last one is the lowest.
# fails: scaling_laws-power-fit_power_law-tests
# says: one y below irreducible
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if left[-1] <= 0:
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: assertion
# misconception: assert is the way to check arguments.
# fails: scaling_laws-power-fit_power_law-tests
# says: AssertionError
# says: expected ValueError
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    assert (left > 0).all(), "every y must be above irreducible"
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: negative_irreducible_ignored
# misconception: A loss is positive, so E is too.
# fails: scaling_laws-power-fit_power_law-tests
# says: ValueError
def fit_power_law(x, y, irreducible=0.0):
    left = y - max(irreducible, 0)
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: pair
# misconception: polyfit gives a pair.
# fails: scaling_laws-power-fit_power_law-tests
# says: a dict with the keys A and alpha
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return float(np.exp(height)), float(-slope)


# %% mutant: hard_coded
# misconception: The toy is 8 x^-0.3.
# fails: scaling_laws-power-fit_power_law-tests
# says: the four points of the text
def fit_power_law(x, y, irreducible=0.0):
    left = y - irreducible
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = -0.3, np.log(8.0)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: library
# misconception: course_utils.scaling has a power law.
# fails: scaling_laws-power-fit_power_law-tests
# says: an answer that calls it gets no points
def fit_power_law(x, y, irreducible=0.0):
    if (y <= irreducible).any():
        raise ValueError("every y must be above irreducible")
    found = scaling.fit({"x": x, "loss": y - irreducible}, form="power_law", delta=1e3)
    return {name: float(found.params[name]) for name in ("A", "alpha")}


# %% mutant: in_place
# misconception: y -= irreducible makes a new y.
# fails: scaling_laws-power-fit_power_law-tests
# says: leaves x and y as they were
def fit_power_law(x, y, irreducible=0.0):
    y -= irreducible
    left = y
    if (left <= 0).any():
        raise ValueError("every y must be above irreducible")
    slope, height = np.polyfit(np.log(x), np.log(left), 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% mutant: check_only_if_given
# misconception: `if irreducible and ...`: with irreducible = 0 nothing is checked, and a loss of 0 gives -inf.
# fails: scaling_laws-power-fit_power_law-tests
# breaks: unless every y
# says: ValueError
def fit_power_law(x, y, irreducible=0.0):
    if irreducible and np.any(y <= irreducible):
        raise ValueError("y must be above irreducible")
    u, v = np.log(x), np.log(y - irreducible)
    slope = np.mean((u - u.mean()) * (v - v.mean())) / np.var(u)
    return {"A": float(np.exp(v.mean() - slope * u.mean())), "alpha": float(-slope)}


# %% mutant: nan_passes
# misconception: any(y <= E) is the opposite of all(y > E). Not for NaN.
# fails: scaling_laws-power-fit_power_law-tests
# says: ValueError
def fit_power_law(x, y, irreducible=0.0):
    if np.any(y <= irreducible):
        raise ValueError("y must be above irreducible")
    u, v = np.log(x), np.log(y - irreducible)
    slope = np.mean((u - u.mean()) * (v - v.mean())) / np.var(u)
    return {"A": float(np.exp(v.mean() - slope * u.mean())), "alpha": float(-slope)}


# %% mutant: copies_left_out
# misconception: The same point twice says nothing new.
# fails: scaling_laws-power-fit_power_law-tests
# says: counts twice
# edit:
#   left = np.asarray(y, dtype=np.float64) - irreducible
# ->
#   x, y = np.array(sorted(set(zip(np.ravel(x).tolist(), np.ravel(y).tolist())))).T
#   left = np.asarray(y, dtype=np.float64) - irreducible


# %% mutant: a_little_above
# misconception: A small number keeps the logarithm finite.
# fails: scaling_laws-power-fit_power_law-tests
# says: Do not round or clip
# breaks: Returns {"A": float
# edit: slope, height = np.polyfit(np.log(x), np.log(left), 1) -> slope, height = np.polyfit(np.log(x), np.log(left + 1e-12), 1)


# %% mutant: mean_at_each_x
# misconception: Runs of one x are repeats: average them first.
# fails: scaling_laws-power-fit_power_law-tests
# says: counts
# breaks: by least squares in log-log
def fit_power_law(x, y, irreducible=0.0):
    left = np.asarray(y, dtype=np.float64) - irreducible
    if not (left > 0).all():
        raise ValueError("y is not above irreducible")
    places = np.unique(x)
    means = np.array([np.log(left[x == place]).mean() for place in places])
    slope, height = np.polyfit(np.log(places), means, 1)
    return {"A": float(np.exp(height)), "alpha": float(-slope)}


# %% variant: decades
# note: log10 and powers of ten.
def fit_power_law(x: np.ndarray, y: np.ndarray, irreducible: float = 0.0) -> dict[str, float]:
    if not np.min(y) > irreducible:
        raise ValueError("not above irreducible")
    slope, height = np.polyfit(np.log10(x), np.log10(y - irreducible), 1)
    return {"alpha": -float(slope), "A": float(10**height)}


# %% variant: sums
# note: Covariance over variance, by hand.
def fit_power_law(x, y, irreducible=0.0):
    if not np.all(y > irreducible):
        raise ValueError("not above irreducible")
    u, v = np.log(x), np.log(y - irreducible)
    slope = ((u - u.mean()) * (v - v.mean())).sum() / ((u - u.mean()) ** 2).sum()
    return {"A": float(np.exp(v.mean() - slope * u.mean())), "alpha": float(-slope)}


# %% variant: plain_python
# note: math and loops; the normal equations.
def fit_power_law(x, y, irreducible=0.0):
    points = []
    for a, b in zip(x.tolist(), y.tolist()):
        if not b - irreducible > 0:
            raise ValueError(f"{b} is not above {irreducible}")
        points.append((math.log(a), math.log(b - irreducible)))
    m = len(points)
    su, sv = math.fsum(u for u, _ in points), math.fsum(v for _, v in points)
    suu, suv = math.fsum(u * u for u, _ in points), math.fsum(u * v for u, v in points)
    slope = (m * suv - su * sv) / (m * suu - su * su)
    return {"A": math.exp((sv - slope * su) / m), "alpha": -slope}


# %% variant: lstsq
# note: A design matrix; -ln x for alpha itself.
def fit_power_law(x, y, irreducible=0.0):
    left = np.subtract(y, irreducible)
    if not left.min() > 0:
        raise ValueError("not above irreducible")
    design = np.column_stack([np.ones(len(x)), -np.log(x)])
    (log_a, alpha), *_ = np.linalg.lstsq(design, np.log(left), rcond=None)
    return {"A": np.exp(log_a), "alpha": alpha}


# %% variant: linregress
# note: scipy draws the line; an error that numpy raised becomes ours.
def fit_power_law(x, y, irreducible=0.0):
    from scipy.stats import linregress

    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.log(y - irreducible)
    if not np.isfinite(heights).all():
        raise ValueError("not above irreducible")
    line = linregress(np.log(x), heights)
    return {"A": float(np.exp(line.intercept)), "alpha": float(-line.slope)}


# %% variant: with_torch
# note: torch.linalg.lstsq in float64.
def fit_power_law(x, y, irreducible=0.0):
    import torch

    left = torch.tensor(y, dtype=torch.float64) - irreducible
    if not (left > 0).all():
        raise ValueError("not above irreducible")
    u = torch.tensor(x, dtype=torch.float64).log2()
    design = torch.stack([u, torch.ones_like(u)], dim=1)
    slope, height = torch.linalg.lstsq(design, left.log2()[:, None]).solution[:, 0].tolist()
    return {"A": 2.0**height, "alpha": -slope}


# %% variant: theil_pairs
# note: The slope as a weighted mean over pairs of points.
def _fit(u, v):
    pairs = [(a, b) for a in range(len(u)) for b in range(a)]
    slope = sum((u[a] - u[b]) * (v[a] - v[b]) for a, b in pairs) / sum((u[a] - u[b]) ** 2 for a, b in pairs)
    return slope, sum(v) / len(v) - slope * sum(u) / len(u)


def fit_power_law(x, y, irreducible=0.0):
    rest = [float(value) - irreducible for value in y]
    if not all(value > 0 for value in rest):
        raise ValueError("every y must be above irreducible")
    slope, height = _fit([math.log(value) for value in x], [math.log(value) for value in rest])
    return dict(alpha=-slope, A=math.exp(height))


# %% variant: polynomial_class
# note: numpy's Polynomial in decades, its domain mapped back.
def fit_power_law(x, y, irreducible=0.0):
    above = y > irreducible
    if not np.all(above):
        raise ValueError(f"{np.sum(~above)} values are not above {irreducible}")
    line = np.polynomial.Polynomial.fit(np.log2(x), np.log2(y - irreducible), 1).convert()
    height, slope = line.coef
    return {"A": float(2.0**height), "alpha": float(0 - slope)}
