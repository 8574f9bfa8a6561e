# %% mutant: draws_unused
# misconception: Every resample is fitted; the runs are the same.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: All five resamples gave the same fit
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla(points, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: no_fit
# misconception: The fit of a resample is near the start, so it is the start.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# breaks: fit of every resample
# says: All five resamples gave the same fit
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [start for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: unscaled
# misconception: The objective as it is.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: because its objective is too small a number
def bootstrap_fit(points, draws, start):
    fits = []
    for row in draws:
        drawn = {name: column[row] for name, column in points.items()}
        fits.append(as_params(minimize(lambda theta: 1e-6 * huber_objective(theta, drawn), as_theta(start)).x))
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: first_row
# misconception: The draws of the first row are the resample.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: All five resamples gave the same fit
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[draws[0]] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: loss_only
# misconception: Luck is in the losses, so they are drawn.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# breaks: points: {
# says: a run is drawn as a whole
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({**points, "loss": points["loss"][row]}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: columns_apart
# misconception: Each column is drawn anew.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a run is drawn as a whole
def bootstrap_fit(points, draws, start):
    fits = []
    for r in range(len(draws)):
        rows = {"n": draws[r], "d": draws[r], "loss": draws[(r + 1) % len(draws)]}
        drawn = {name: points[name][rows[name]] for name in points}
        fits.append(fit_chinchilla(drawn, as_theta(start)[None]))
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: twice_is_once
# misconception: A run that is drawn twice is still one run.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: counts twice
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[np.unique(row)] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: missing_runs
# misconception: The runs that were not drawn are fitted.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: let the optimiser go on to the bottom
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[np.setdiff1d(np.arange(len(column)), row)] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: own_draws
# misconception: One draws anew inside.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: Entry r belongs to the runs draws[r]
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning) for row in np.random.default_rng(7).integers(len(points["n"]), size=draws.shape)]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: off_by_one
# misconception: Runs are numbered from 1.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# breaks: draws: (R, m)
# says: Entry r belongs to the runs draws[r]
# edit: column[row] for -> column[row - 1] for

# %% mutant: sorted_values
# misconception: The values are put in order for the percentiles.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# breaks: entry r belongs
# says: Entry r belongs to the runs draws[r]
# edit: name: np.array -> name: np.sort

# %% mutant: drawn_from_the_drawn
# misconception: points is overwritten by the runs drawn.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: Entry r belongs to the runs draws[r]
def bootstrap_fit(points, draws, start):
    fits = []
    for row in draws:
        for name in points:
            points[name] = points[name][row]
        fits.append(fit_chinchilla(points, as_theta(start)[None]))
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: noise_on_the_start
# misconception: The spread is that of noisy losses on the fitted surface.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: Entry r belongs to the runs draws[r]
def bootstrap_fit(points, draws, start):
    fitted = chinchilla_loss(start, points["n"], points["d"])
    residuals = np.log(points["loss"] / fitted)
    fits = [fit_chinchilla({**points, "loss": fitted * np.exp(residuals[row])}, as_theta(start)[None]) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: start_as_values
# misconception: fit_chinchilla begins at the parameters.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# breaks: every descent begins
# says: instead of their logarithms
# edit: as_theta(start)[None] -> np.array([[start[name] for name in NAMES]])

# %% mutant: few_steps
# misconception: The answer is near, so three steps do.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: let the optimiser go on to the bottom
def bootstrap_fit(points, draws, start):
    fits = []
    for row in draws:
        drawn = {name: column[row] for name, column in points.items()}
        end = minimize(lambda theta: huber_objective(theta, drawn) * 1e6, as_theta(start), options={"maxiter": 3})
        fits.append(as_params(end.x))
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: larger_delta
# misconception: A larger delta is easier to fit.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: let the optimiser go on to the bottom
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning, 0.05) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: logarithms
# misconception: theta is kept, as the fit works on it.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: These look like logarithms
# edit: fit[name] for -> as_theta(fit)[NAMES.index(name)] for

# %% mutant: list_of_fits
# misconception: One dict for each resample.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
# edit: {name: np.array([fit[name] for fit in fits]) for name in NAMES} -> fits

# %% mutant: lists
# misconception: Lists of numbers.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
# edit: np.array([fit[name] for fit in fits]) -> [fit[name] for fit in fits]

# %% mutant: one_table
# misconception: One array with a row for each fit.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning) for row in draws]
    return np.array([[fit[name] for name in NAMES] for fit in fits])


# %% mutant: means
# misconception: What counts is the mean over resamples.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
# edit: array([fit[name] for fit in fits]) -> mean([fit[name] for fit in fits], keepdims=True)

# %% mutant: intervals
# misconception: What counts is the interval.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
# edit: array([fit[name] for fit in fits]) -> quantile([fit[name] for fit in fits], [0.025, 0.975])

# %% mutant: single_precision
# misconception: Half the memory.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: a dict of float64 arrays
# edit: [fit[name] for fit in fits] -> [fit[name] for fit in fits], dtype=np.float32

# %% mutant: library
# misconception: scaling.bootstrap takes draws.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: an answer that calls it gets no points
def bootstrap_fit(points, draws, start):
    found = scaling.bootstrap(scaling.fit(points), draws=np.concatenate([draws, draws]))
    return {name: values[: len(draws)] for name, values in found.params.items()}


# %% mutant: start_overwritten
# misconception: start is turned into logarithms where it stands.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: leaves points, draws and start as they were
def bootstrap_fit(points, draws, start):
    for name in ("E", "A", "B"):
        start[name] = math.log(start[name])
    beginning = np.array([[start[name] for name in NAMES]])
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: draws_sorted
# misconception: The order in a draw does not matter.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: leaves points, draws and start as they were
def bootstrap_fit(points, draws, start):
    beginning = as_theta(start)[None]
    draws.sort(axis=1)
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in NAMES}


# %% mutant: start_by_order
# misconception: A dict's values come in the order E, A, B, alpha, beta.
# fails: scaling_laws-doubt-bootstrap_fit-tests
# says: each parameter by its name
def bootstrap_fit(points, draws, start):
    E, A, B, alpha, beta = start.values()
    beginning = np.array([[np.log(E), np.log(A), np.log(B), alpha, beta]])
    fits = [fit_chinchilla({name: column[row] for name, column in points.items()}, beginning) for row in draws]
    return {name: np.array([fit[name] for fit in fits]) for name in ("E", "A", "B", "alpha", "beta")}


# %% variant: arrays_filled
# note: Empty arrays, filled row by row.
def bootstrap_fit(points: dict, draws: np.ndarray, start: dict) -> dict[str, np.ndarray]:
    found = {name: np.empty(len(draws)) for name in NAMES}
    for r, row in enumerate(draws):
        drawn = {name: np.take(points[name], row) for name in ("n", "d", "loss")}
        for name, value in fit_chinchilla(drawn, np.array([as_theta(start)])).items():
            found[name][r] = value
    return found


# %% variant: weights
# note: Runs with counts as weights, a descent of its own with exact derivatives.
def bootstrap_fit(points, draws, start):
    log_n, log_d, log_loss = (np.log(points[name]) for name in ("n", "d", "loss"))

    def objective(theta, counts):
        terms = np.stack([np.full(len(log_n), theta[0]), theta[1] - theta[3] * log_n, theta[2] - theta[4] * log_d])
        top = terms.max(axis=0)
        parts = np.exp(terms - top)
        total = parts.sum(axis=0)
        r = top + np.log(total) - log_loss
        inside = np.clip(r, -1e-3, 1e-3)
        pull = counts * inside * parts / total
        slope = [pull[0].sum(), pull[1].sum(), pull[2].sum(), -(pull[1] * log_n).sum(), -(pull[2] * log_d).sum()]
        value = (counts * (inside**2 / 2 + 1e-3 * (np.abs(r) - np.abs(inside)))).sum()
        return value * 1e6, np.array(slope) * 1e6

    thetas = []
    for row in draws:
        counts = np.bincount(row, minlength=len(log_n))
        end = minimize(objective, as_theta(start), args=(counts,), jac=True, method="L-BFGS-B", options={"ftol": 1e-12})
        thetas.append(end.x)
    thetas = np.array(thetas)
    thetas[:, :3] = np.exp(thetas[:, :3])
    return dict(zip(NAMES, thetas.T.copy()))


# %% variant: two_starts
# note: The start and the fit before, whichever ends lower.
def bootstrap_fit(points, draws, start):
    fits = []
    for row in draws.tolist():
        drawn = {name: column[np.array(row)] for name, column in points.items()}
        begin = [as_theta(start)] + ([as_theta(fits[-1])] if fits else [])
        fits.append(fit_chinchilla(drawn, np.stack(begin)))
    return {name: np.fromiter((fit[name] for fit in fits), dtype=float) for name in NAMES}


# %% variant: sorted_draws
# note: Each draw in order; the sum is the same.
def bootstrap_fit(points, draws, start):
    def fitted(row):
        return fit_chinchilla({name: points[name][np.sort(row)] for name in points}, as_theta(start).reshape(1, 5))

    columns = zip(*([fit[name] for name in NAMES] for fit in map(fitted, draws)))
    return {name: np.array(column) for name, column in zip(NAMES, columns)}
