# %% mutant: unscaled_sum
# misconception: The objective is minimised as it is; scipy says success.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: Divide the objective by delta**2
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta)

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: mean
# misconception: An objective is a mean over runs.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: Divide the objective by delta**2
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / len(points["n"])

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: multiplied
# misconception: Scaling by delta squared is a multiplication.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: No descent
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) * delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: divided_by_delta
# misconception: delta is the scale of the residuals, so the objective is divided by it once.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: Divide the objective by delta**2
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: powell_out_of_the_box
# misconception: Every optimiser of scipy stops at the bottom.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: tighten the rule
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="Powell") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: few_steps
# misconception: Fifteen iterations are plenty.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: does the optimiser stop too early
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B", options={"maxiter": 15}) for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: loose_tolerance
# misconception: A tolerance of 1e-3 is precise enough.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: does the optimiser stop too early
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B", tol=1e-3) for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: no_descent
# misconception: The best start is good enough.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: it is as_params(start) for one of the starts
def fit_chinchilla(points, starts, delta=1e-3):
    return as_params(min(starts, key=lambda start: huber_objective(start, points, delta)))


# %% mutant: start_given_back
# misconception: minimize changes its start in place.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: it is as_params(start) for one of the starts
def fit_chinchilla(points, starts, delta=1e-3):
    best, lowest = None, np.inf
    for start in starts:
        theta = start.copy()
        end = minimize(lambda theta: huber_objective(theta, points, delta) / delta**2, theta, method="L-BFGS-B")
        if end.fun < lowest:
            best, lowest = theta, end.fun
    return as_params(best)


# %% mutant: first_start
# misconception: One start is enough.
# fails: scaling_laws-fit-fit_chinchilla-tests
# breaks: from many starts
# says: keep the end with the smallest objective
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts[:1]]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: last_end
# misconception: The loop leaves the last result.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: take the best of all starts
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = ends[-1]
    return as_params(best.x)


# %% mutant: highest_end
# misconception: max by mistake.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: keep the end with the smallest objective
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = max(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: fewest_steps
# misconception: The start that converged fastest was the best.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: keep the end with the smallest objective
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.nit)
    return as_params(best.x)


# %% mutant: mean_of_ends
# misconception: The ends are averaged.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: keep the end with the smallest objective
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(np.mean([end.x for end in ends], axis=0))


# %% mutant: centre_of_starts
# misconception: The starts are averaged first.
# fails: scaling_laws-fit-fit_chinchilla-tests
# breaks: starts: (S, 5)
# says: keep the end with the smallest objective
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in [np.asarray(starts).mean(axis=0) + 2]]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: logarithms
# misconception: The coordinates are the parameters.
# fails: scaling_laws-fit-fit_chinchilla-tests
# breaks: natural values
# says: return their exponentials
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return dict(zip(NAMES, map(float, best.x)))


# %% mutant: A_and_B_as_logarithms
# misconception: Only E is a logarithm.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: return their exponentials
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x) | {"A": float(best.x[1]), "B": float(best.x[2])}


# %% mutant: all_exponentials
# misconception: All five are logarithms.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: alpha and beta are no logarithms
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return dict(zip(NAMES, np.exp(best.x).tolist()))


# %% mutant: n_and_d_exchanged
# misconception: The tokens are n.
# fails: scaling_laws-fit-fit_chinchilla-tests
# breaks: points: {
# says: n and d are exchanged
def fit_chinchilla(points, starts, delta=1e-3):
    points = {"n": points["d"], "d": points["n"], "loss": points["loss"]}

    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: exponents_exchanged
# misconception: The last two are beta and alpha.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: alpha and beta are exchanged
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x[[0, 1, 2, 4, 3]])


# %% mutant: theta
# misconception: The answer is theta.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: a dict of floats with the keys
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return best.x


# %% mutant: arrays_in_the_dict
# misconception: Arrays of one element are numbers.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: a dict of floats with the keys
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return {name: np.array([value]) for name, value in as_params(best.x).items()}


# %% mutant: result_of_scipy
# misconception: minimize gives the result.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: gave back a
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return best


# %% mutant: planted_parameters
# misconception: The planted parameters are in the notebook.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: the fit must reach the lowest objective
def fit_chinchilla(points, starts, delta=1e-3):
    return dict(planted)


# %% mutant: least_squares
# misconception: Squares are as good as Huber.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: squares
def fit_chinchilla(points, starts, delta=1e-3):
    from scipy.optimize import least_squares

    def residuals(theta):
        terms = theta[1] - theta[3] * np.log(points["n"]), theta[2] - theta[4] * np.log(points["d"])
        return np.logaddexp(np.logaddexp(theta[0], terms[0]), terms[1]) - np.log(points["loss"])

    ends = [least_squares(residuals, start, max_nfev=200, xtol=1e-12, ftol=1e-12, gtol=1e-12) for start in starts[:6]]
    return as_params(min(ends, key=lambda end: end.cost).x)


# %% mutant: library
# misconception: course_utils.scaling fits surfaces.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: an answer that calls it gets no points
def fit_chinchilla(points, starts, delta=1e-3):
    return dict(scaling.fit(points, delta=delta).params)


# %% mutant: delta_forgotten
# misconception: huber_objective has its delta already.
# fails: scaling_laws-fit-fit_chinchilla-tests
# breaks: delta: Huber's
# says: Pass delta on
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: changes_the_points
# misconception: Runs are put in order of size, in the dict that holds them.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: leaves points and starts as they were
def fit_chinchilla(points, starts, delta=1e-3):
    order = np.argsort(points["n"], kind="stable")
    for name in points:
        points[name] = points[name][order]

    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    ends = [minimize(objective, start, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: end.fun)
    return as_params(best.x)


# %% mutant: starts_overwritten
# misconception: The ends are kept where the starts were.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: leaves points and starts as they were
def fit_chinchilla(points, starts, delta=1e-3):
    values = []
    for row in range(len(starts)):
        end = minimize(lambda theta: huber_objective(theta, points, delta) / delta**2, starts[row], method="L-BFGS-B")
        starts[row] = end.x
        values.append(end.fun)
    return as_params(starts[int(np.argmin(values))])


# %% mutant: log_e_not_negative
# misconception: Bounds that seem harmless: a loss is at least 1, so log E >= 0.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: no bound
def fit_chinchilla(points, starts, delta=1e-3):
    bounds = [(0, 3), (0, 25), (0, 25), (0, 2), (0, 2)]
    ends = [minimize(lambda theta: huber_objective(theta, points, delta) / delta**2, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    return as_params(min(ends, key=lambda end: end.fun).x)


# %% mutant: exponents_up_to_one
# misconception: Exponents of scaling laws lie between 0 and 1, so bound them.
# fails: scaling_laws-fit-fit_chinchilla-tests
# says: no bound
# edit: method="L-BFGS-B", -> method="L-BFGS-B", bounds=[(None, None)] * 3 + [(0, 1)] * 2,


# %% variant: loop
# note: A loop that keeps the best; a tighter rule.
def fit_chinchilla(points: dict[str, np.ndarray], starts: np.ndarray, delta: float = 1e-3) -> dict[str, float]:
    lowest, best = math.inf, None
    for start in starts:
        found = minimize(
            lambda theta: huber_objective(theta, points, delta) / delta**2, start, method="L-BFGS-B", tol=1e-10
        )
        if found.fun < lowest:
            lowest, best = found.fun, found.x
    E, A, B = np.exp(best[:3])
    return {"E": float(E), "A": float(A), "B": float(B), "alpha": float(best[3]), "beta": float(best[4])}


# %% variant: other_scale
# note: Another scale, a tighter rule.
def fit_chinchilla(points, starts, delta=1e-3):
    def scaled(theta):
        return 1e6 * huber_objective(theta, points, delta)

    ends = [minimize(scaled, start, method="L-BFGS-B", options={"ftol": 1e-12}) for start in starts]
    return as_params(sorted(ends, key=lambda end: end.fun)[0].x)


# %% variant: nelder_mead
# note: A simplex, without derivatives.
def fit_chinchilla(points, starts, delta=1e-3):
    best = None
    for start in starts:
        end = minimize(
            lambda theta: huber_objective(theta, points, delta) / delta**2,
            start,
            method="Nelder-Mead",
            options={"maxiter": 4000, "maxfev": 4000},
        )
        if best is None or end.fun < best.fun:
            best = end
    return as_params(best.x)


# %% variant: slsqp
# note: SLSQP with its own rules.
def fit_chinchilla(points, starts, delta=1e-3):
    ends = [
        minimize(lambda theta: huber_objective(theta, points, delta) / delta / delta, start, method="SLSQP")
        for start in starts
    ]
    return as_params(min(ends, key=lambda end: end.fun).x)


# %% variant: bfgs
# note: BFGS.
def fit_chinchilla(points, starts, delta=1e-3):
    ends = []
    for start in starts:
        end = minimize(lambda theta: huber_objective(theta, points, delta) / delta**2, start, method="BFGS")
        ends.append((end.fun, end.x.tolist()))
    return as_params(np.array(min(ends)[1]))


# %% variant: promising_starts
# note: The objective is computed for all starts, the better half descends.
def fit_chinchilla(points, starts, delta=1e-3):
    def objective(theta):
        return huber_objective(theta, points, delta) / delta**2

    order = sorted(range(len(starts)), key=lambda row: objective(starts[row]))
    chosen = [starts[row] for row in order[: max(3, len(order) // 2)]]
    ends = [minimize(objective, start, method="L-BFGS-B", options={"ftol": 1e-11}) for start in chosen]
    return as_params(ends[int(np.argmin([end.fun for end in ends]))].x)


# %% variant: own_derivatives
# note: Exact derivatives of the objective.
def fit_chinchilla(points, starts, delta=1e-3):
    log_n, log_d, log_loss = np.log(points["n"]), np.log(points["d"]), np.log(points["loss"])

    def objective_and_gradient(theta):
        terms = np.stack([np.full(len(log_n), theta[0]), theta[1] - theta[3] * log_n, theta[2] - theta[4] * log_d])
        top = terms.max(axis=0)
        weights = np.exp(terms - top)
        total = weights.sum(axis=0)
        r = top + np.log(total) - log_loss
        pull = np.clip(r, -delta, delta) * weights / total
        slope = [pull[0].sum(), pull[1].sum(), pull[2].sum(), -(pull[1] * log_n).sum(), -(pull[2] * log_d).sum()]
        return huber_objective(theta, points, delta) / delta**2, np.array(slope) / delta**2

    rules = {"ftol": 1e-12, "maxiter": 3000}
    ends = [minimize(objective_and_gradient, start, jac=True, method="L-BFGS-B", options=rules) for start in starts]
    return as_params(min(ends, key=lambda end: end.fun).x)
