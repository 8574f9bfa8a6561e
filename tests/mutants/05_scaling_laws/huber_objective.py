# %% mutant: mean
# misconception: An objective is a mean, so that it does not depend on the number of runs.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: Sum over runs
# says: This is the mean over runs
# edit:
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())
# ->
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean())

# %% mutant: torch_default
# misconception: torch has this loss.
# fails: scaling_laws-fit-huber_objective-tests
# says: This is the mean over runs
def huber_objective(theta, points, delta=1e-3):
    import torch

    log_e, log_a, log_b, alpha, beta = theta
    model = log_a - alpha * np.log(points["n"])
    data = log_b - beta * np.log(points["d"])
    predicted = torch.from_numpy(np.logaddexp(np.logaddexp(log_e, model), data))
    return float(torch.nn.functional.huber_loss(predicted, torch.from_numpy(np.log(points["loss"])), delta=delta))


# %% mutant: squares
# misconception: Least squares.
# fails: scaling_laws-fit-huber_objective-tests
# says: squared loss everywhere
# edit: np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)) -> (0.5 * size**2)

# %% mutant: absolute
# misconception: Beyond delta it is linear, and nearly all residuals are beyond.
# fails: scaling_laws-fit-huber_objective-tests
# says: absolute loss times delta everywhere
# edit: np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)) -> (delta * size)

# %% mutant: jump
# misconception: The line is delta |r|.
# fails: scaling_laws-fit-huber_objective-tests
# says: The line must meet the parabola
# edit: (size - 0.5 * delta) -> size

# %% mutant: no_half_inside
# misconception: The parabola is r squared.
# fails: scaling_laws-fit-huber_objective-tests
# says: The half is missing from the parabola
# edit: 0.5 * size** -> size**

# %% mutant: no_half_outside
# misconception: The line begins at delta.
# fails: scaling_laws-fit-huber_objective-tests
# says: The half is missing from the line
# edit: - 0.5 * delta -> - delta

# %% mutant: branches_exchanged
# misconception: np.where gives its second value where the condition fails.
# fails: scaling_laws-fit-huber_objective-tests
# says: The branches are exchanged
# edit: size <= delta -> size > delta

# %% mutant: no_absolute_value
# misconception: Residuals are compared with delta as they are.
# fails: scaling_laws-fit-huber_objective-tests
# says: |r| that is compared with delta
# edit: size = np.abs(r) -> size = r

# %% mutant: negative_losses
# misconception: A loss has the sign of its residual.
# fails: scaling_laws-fit-huber_objective-tests
# says: gets a negative loss
# edit: size - 0.5 * -> r - 0.5 *

# %% mutant: compared_with_sign
# misconception: Only the line needs the absolute value.
# fails: scaling_laws-fit-huber_objective-tests
# says: |r| that is compared with delta
# edit: size <= delta -> r <= delta

# %% mutant: pseudo_huber
# misconception: There is a smooth Huber.
# fails: scaling_laws-fit-huber_objective-tests
# says: pseudo-Huber
# edit:
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())
# ->
#   return float((delta**2 * (np.sqrt(1 + (size / delta) ** 2) - 1)).sum())

# %% mutant: smooth_l1
# misconception: smooth_l1_loss is Huber.
# fails: scaling_laws-fit-huber_objective-tests
# says: This divides by delta
def huber_objective(theta, points, delta=1e-3):
    import torch

    log_e, log_a, log_b, alpha, beta = theta
    model = log_a - alpha * np.log(points["n"])
    data = log_b - beta * np.log(points["d"])
    predicted = torch.from_numpy(np.logaddexp(np.logaddexp(log_e, model), data))
    target = torch.from_numpy(np.log(points["loss"]))
    return float(torch.nn.functional.smooth_l1_loss(predicted, target, beta=delta, reduction="sum"))


# %% mutant: scaled
# misconception: An objective should have ordinary size, so it is divided by delta squared here.
# fails: scaling_laws-fit-huber_objective-tests
# says: Leave the scaling to fit_chinchilla
# edit:
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())
# ->
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum() / delta**2)

# %% mutant: losses_compared
# misconception: A residual is predicted minus measured loss.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: points: {
# says: difference of the losses
# edit:
#   r = np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])
# ->
#   r = np.exp(np.logaddexp(np.logaddexp(log_e, model), data)) - points["loss"]

# %% mutant: relative_difference
# misconception: A difference of logarithms is a relative difference.
# fails: scaling_laws-fit-huber_objective-tests
# says: relative difference
# edit:
#   r = np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])
# ->
#   r = np.exp(np.logaddexp(np.logaddexp(log_e, model), data)) / points["loss"] - 1

# %% mutant: decades
# misconception: Residuals in log10.
# fails: scaling_laws-fit-huber_objective-tests
# says: natural logarithms of the loss
# edit:
#   r = np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])
# ->
#   r = (np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])) / np.log(10)

# %% mutant: loss_not_logged
# misconception: Only the prediction is a logarithm.
# fails: scaling_laws-fit-huber_objective-tests
# says: two runs with residuals
# edit: np.log(points["loss"]) -> points["loss"]

# %% mutant: no_floor
# misconception: The two terms are the loss.
# fails: scaling_laws-fit-huber_objective-tests
# says: E is missing from the sum
# edit: np.logaddexp(log_e, model) -> model

# %% mutant: floor_outside
# misconception: log L is log E plus the logarithm of the rest.
# fails: scaling_laws-fit-huber_objective-tests
# says: E is missing from the sum
# edit: np.logaddexp(np.logaddexp(log_e, model), data) -> log_e + np.logaddexp(model, data)

# %% mutant: logs_added
# misconception: The logarithm of a sum is the sum of logarithms.
# fails: scaling_laws-fit-huber_objective-tests
# says: two runs with residuals
# edit: np.logaddexp(np.logaddexp(log_e, model), data) -> log_e + model + data

# %% mutant: theta_as_values
# misconception: theta holds E, A and B.
# fails: scaling_laws-fit-huber_objective-tests
# says: theta holds logarithms
# edit:
#   r = np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])
# ->
#   r = np.log(log_e + log_a * points["n"] ** -alpha + log_b * points["d"] ** -beta) - np.log(points["loss"])

# %% mutant: other_order
# misconception: theta goes term by term: E, A, alpha, B, beta.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: theta: (5,)
# says: in this order
# edit: log_e, log_a, log_b, alpha, beta = theta -> log_e, log_a, alpha, log_b, beta = theta

# %% mutant: alpha_last
# misconception: The order of the exponents does not matter.
# fails: scaling_laws-fit-huber_objective-tests
# says: alpha goes with n and beta with d
# edit: log_e, log_a, log_b, alpha, beta = theta -> log_e, log_a, log_b, beta, alpha = theta

# %% mutant: n_and_d_exchanged
# misconception: A belongs to the data.
# fails: scaling_laws-fit-huber_objective-tests
# says: n and d are exchanged
# edit: model = log_a - alpha * np.log(points["n"]) -> model = log_a - alpha * np.log(points["d"])
# edit: data = log_b - beta * np.log(points["d"]) -> data = log_b - beta * np.log(points["n"])

# %% mutant: powers_grow
# misconception: alpha is the slope.
# fails: scaling_laws-fit-huber_objective-tests
# says: The terms grow
# edit: model = log_a - alpha * np.log(points["n"]) -> model = log_a + alpha * np.log(points["n"])
# edit: data = log_b - beta * np.log(points["d"]) -> data = log_b + beta * np.log(points["d"])

# %% mutant: n_not_logged
# misconception: log A - alpha n.
# fails: scaling_laws-fit-huber_objective-tests
# says: The logarithms of n and d are missing
# edit: model = log_a - alpha * np.log(points["n"]) -> model = log_a - alpha * points["n"]
# edit: data = log_b - beta * np.log(points["d"]) -> data = log_b - beta * points["d"]

# %% mutant: n_in_decades
# misconception: n and d are large, so log10.
# fails: scaling_laws-fit-huber_objective-tests
# says: log10 of n and d
# edit: model = log_a - alpha * np.log(points["n"]) -> model = log_a - alpha * np.log10(points["n"])
# edit: data = log_b - beta * np.log(points["d"]) -> data = log_b - beta * np.log10(points["d"])

# %% mutant: delta_fixed
# misconception: delta is 0.001.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: delta: where the parabola
# says: delta was not used
# edit: size = np.abs(r) -> size, delta = np.abs(r), 1e-3

# %% mutant: overflow
# misconception: log(exp + exp + exp).
# fails: scaling_laws-fit-huber_objective-tests
# says: Do not form exp(log E)
# edit: logaddexp(np.logaddexp(log_e, model), data) -> log(np.exp(log_e) + np.exp(model) + np.exp(data))

# %% mutant: clipped
# misconception: Exponents are clipped where exp would overflow.
# fails: scaling_laws-fit-huber_objective-tests
# says: the residual is 1000
def huber_objective(theta, points, delta=1e-3):
    log_e, log_a, log_b, alpha, beta = theta
    model = log_a - alpha * np.log(points["n"])
    data = log_b - beta * np.log(points["d"])
    r = np.log(np.exp(np.clip(log_e, -700, 700)) + np.exp(np.clip(model, -700, 700)) + np.exp(np.clip(data, -700, 700))) - np.log(points["loss"])
    size = np.abs(r)
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())


# %% mutant: floor_with_epsilon
# misconception: A small number under the logarithm avoids -inf.
# fails: scaling_laws-fit-huber_objective-tests
# says: on the other side
def huber_objective(theta, points, delta=1e-3):
    terms = np.stack(
        [
            np.broadcast_to(theta[0], points["n"].shape),
            theta[1] - theta[3] * np.log(points["n"]),
            theta[2] - theta[4] * np.log(points["d"]),
        ]
    )
    top = np.maximum(terms.max(axis=0), 0)
    r = top + np.log(np.exp(terms - top).sum(axis=0) + 1e-300) - np.log(points["loss"])
    size = np.abs(r)
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())


# %% mutant: floor_taken_out
# misconception: Taking out log E makes the exponentials small.
# fails: scaling_laws-fit-huber_objective-tests
# says: one term far above the others
# edit:
#   r = np.logaddexp(np.logaddexp(log_e, model), data) - np.log(points["loss"])
# ->
#   r = (log_e + np.log1p(np.exp(model - log_e) + np.exp(data - log_e))) - np.log(points["loss"])

# %% mutant: losses_of_the_runs
# misconception: One loss for each run; the optimiser adds them up.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: Returns a float
# says: is a ndarray, expected a float
# edit:
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())
# ->
#   return np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))

# %% mutant: first_run
# misconception: One run is enough to test with.
# fails: scaling_laws-fit-huber_objective-tests
# says: two runs with residuals
# edit:
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())
# ->
#   return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))[0])

# %% mutant: library
# misconception: scaling.loss knows the surface; the largest coordinate is taken out by hand.
# fails: scaling_laws-fit-huber_objective-tests
# says: an answer that calls it gets no points
def huber_objective(theta, points, delta=1e-3):
    top = max(theta[:3])
    lowered = as_params(np.concatenate([theta[:3] - top, theta[3:]]))
    r = top + np.log(scaling.loss(lowered, n=points["n"], d=points["d"])) - np.log(points["loss"])
    size = np.abs(r)
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())


# %% mutant: logs_written_back
# misconception: Logarithms are kept in points, so that they are taken once.
# fails: scaling_laws-fit-huber_objective-tests
# says: leaves theta and the points as they were
def huber_objective(theta, points, delta=1e-3):
    log_loss = np.log(points["loss"])
    points["n"] = np.log(points["n"])
    points["d"] = np.log(points["d"])
    model, data = theta[1] - theta[3] * points["n"], theta[2] - theta[4] * points["d"]
    size = np.abs(np.logaddexp(np.logaddexp(theta[0], model), data) - log_loss)
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).sum())


# %% mutant: one_maximum_for_all_runs
# misconception: The largest exponent of all runs together is taken out: where runs differ by more than e^745 the
#   others underflow to log 0.
# fails: scaling_laws-fit-huber_objective-tests
# breaks: Finite for any
# says: finite
def huber_objective(theta, points, delta=1e-3):
    terms = np.stack([np.full(len(points["loss"]), theta[0]), theta[1] - theta[3] * np.log(points["n"]), theta[2] - theta[4] * np.log(points["d"])])
    top = terms.max()
    with np.errstate(divide="ignore"):
        r = top + np.log(np.exp(terms - top).sum(0)) - np.log(points["loss"])
    return float(np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).sum())

# %% mutant: zero_times_infinity
# misconception: What is outside is multiplied by 0.
# fails: scaling_laws-fit-huber_objective-tests
# says: 0 times infinity
def huber_objective(theta, points, delta=1e-3):
    e, a, b, alpha, beta = theta
    predicted = np.logaddexp(np.logaddexp(a - alpha * np.log(points["n"]), b - beta * np.log(points["d"])), e)
    r = np.abs(predicted - np.log(points["loss"]))
    inside = (r <= delta).astype(float)
    return float((inside * 0.5 * r**2 + (1 - inside) * delta * (r - 0.5 * delta)).sum())

# %% mutant: hundred_runs_at_most
# misconception: With many runs the sum is brought down to that of a hundred.
# fails: scaling_laws-fit-huber_objective-tests
# says: however many there are
# breaks: Sum over runs
# edit: (size - 0.5 * delta)).sum()) -> (size - 0.5 * delta)).sum() * min(1.0, 100 / len(size)))


# %% variant: stacked
# note: scipy.special.logsumexp over three rows; np.minimum instead of np.where.
def huber_objective(theta: np.ndarray, points: dict[str, np.ndarray], delta: float = 1e-3) -> float:
    from scipy.special import logsumexp

    terms = np.stack(
        [
            np.full(len(points["n"]), theta[0]),
            theta[1] - theta[3] * np.log(points["n"]),
            theta[2] - theta[4] * np.log(points["d"]),
        ]
    )
    r = np.log(points["loss"]) - logsumexp(terms, axis=0)
    inside = np.minimum(np.abs(r), delta)
    return float(np.sum(0.5 * inside**2 + delta * (np.abs(r) - inside)))


# %% variant: run_by_run
# note: Plain Python.
def huber_objective(theta, points, delta=1e-3):
    log_e, log_a, log_b, alpha, beta = map(float, theta)
    losses = []
    for n, d, loss in zip(points["n"], points["d"], points["loss"]):
        terms = (log_e, log_a - alpha * math.log(n), log_b - beta * math.log(d))
        top = max(terms)
        r = top + math.log(sum(math.exp(term - top) for term in terms)) - math.log(loss)
        if abs(r) < delta:
            losses.append(r * r / 2)
        else:
            losses.append(delta * abs(r) - delta * delta / 2)
    return math.fsum(losses)


# %% variant: scipy_huber
# note: scipy.special.huber.
def huber_objective(theta, points, delta=1e-3):
    from scipy.special import huber

    model = theta[1] - theta[3] * np.log(points["n"])
    data = theta[2] - theta[4] * np.log(points["d"])
    return huber(delta, np.logaddexp(theta[0], np.logaddexp(model, data)) - np.log(points["loss"])).sum()


# %% variant: torch_sum
# note: torch in float64, its Huber with reduction="sum".
def huber_objective(theta, points, delta=1e-3):
    import torch

    coordinates = torch.as_tensor(np.asarray(theta, dtype=np.float64))
    n, d, loss = (torch.tensor(points[name], dtype=torch.float64) for name in ("n", "d", "loss"))
    terms = torch.stack(
        [
            coordinates[0].expand(len(n)),
            coordinates[1] - coordinates[3] * n.log(),
            coordinates[2] - coordinates[4] * d.log(),
        ]
    )
    predicted = torch.logsumexp(terms, dim=0)
    return torch.nn.functional.huber_loss(predicted, loss.log(), reduction="sum", delta=delta).item()


# %% variant: masks
# note: Two sums, one for each branch.
def huber_objective(theta, points, delta=1e-3):
    logs = {name: np.log(column) for name, column in points.items()}
    predicted = np.logaddexp.reduce(
        np.broadcast_arrays(theta[0], theta[1] - theta[3] * logs["n"], theta[2] - theta[4] * logs["d"])
    )
    r = np.abs(predicted - logs["loss"])
    near = r[r <= delta]
    far = r[r > delta]
    return float(np.dot(near, near) / 2 + delta * far.sum() - len(far) * delta**2 / 2)


# %% variant: pairwise
# note: The larger of two and log1p, folded over the three terms.
def _wide(a, b):
    high, low = np.maximum(a, b), np.minimum(a, b)
    return high + np.log1p(np.exp(low - high))


def huber_objective(theta, points, delta=1e-3):
    n, d, loss = (np.log(points[name]) for name in ("n", "d", "loss"))
    predicted = _wide(theta[1] - theta[3] * n, _wide(theta[2] - theta[4] * d, theta[0] + 0 * n))
    size = abs(predicted - loss)
    inside = np.minimum(size, delta)
    return float(np.sum(inside * (size - inside / 2)))


# %% variant: sorted_exponents
# note: A generator over runs; exponents in order, fsum.
def huber_objective(theta, points, delta=1e-3):
    e, a, b, alpha, beta = map(float, theta)

    def losses():
        for n, d, loss in zip(*(points[name].tolist() for name in ("n", "d", "loss"))):
            *small, top = sorted([e, a - alpha * math.log(n), b - beta * math.log(d)])
            r = abs(top + math.log1p(sum(math.exp(x - top) for x in small)) - math.log(loss))
            yield r * r / 2 if r < delta else delta * r - delta**2 / 2

    return math.fsum(losses())
