# %% mutant: log_size
# misconception: The lowest point is at -q / 2p.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# breaks: Returns n as a float
# says: This is ln n
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(-q / (2 * p))
    if not np.log(n).min() <= best <= np.log(n).max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: range_in_other_units
# misconception: The lowest point is compared with the sizes as it comes.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: You refused good runs
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    best = -q / (2 * p)
    if p <= 0 or best < n.min() or best > n.max():
        raise ValueError("no lowest point")
    return float(np.exp(best))


# %% mutant: parabola_in_n
# misconception: The parabola goes through (n, loss).
# fails: scaling_laws-optimum-isoflop_optimum-tests
# breaks: (ln n, loss)
# says: in ln n, not in n
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(n, loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(-q / (2 * p))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: decades_and_exp
# misconception: The inverse of a logarithm is exp.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: log10 of n but exp
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log10(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    return best


# %% mutant: lowest_loss
# misconception: The lowest point is its height.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: This is the loss
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return float(np.polyval((p, q, c), -q / (2 * p)))


# %% mutant: best_run
# misconception: The best size is that of the best run.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: the best of the runs
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(n[np.argmin(loss)])
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: best_run_only
# misconception: Where the parabola fails, the best run is the answer.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: No error came
# says: opens downwards
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    best = float(np.exp(-q / (2 * p)))
    return best if n.min() <= best <= n.max() else float(n[np.argmin(loss)])


# %% mutant: no_two
# misconception: The derivative of p x squared is p x.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: is at -q / (2p)
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / p))
    return best


# %% mutant: precedence
# misconception: -q / 2 * p is -q / (2p).
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: Write -q / (2 * p)
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / 2 * p))
    return best


# %% mutant: sign
# misconception: The lowest point is at q / 2p.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: The sign is wrong
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(q / (2 * p)))
    return best


# %% mutant: coefficients_reversed
# misconception: polyfit gives the constant first.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: polyfit gives the highest power first
def isoflop_optimum(n, loss):
    c, q, p = np.polyfit(np.log(n), loss, 2)
    best = float(np.exp(-q / (2 * p)))
    return best


# %% mutant: log_loss
# misconception: Losses are fitted in logarithms.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# breaks: loss: (m,) nats
# says: not its logarithm
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), np.log(loss), 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: no_errors
# misconception: polyfit always gives an answer.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: the parabola opens downwards
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    best = float(np.exp(-q / (2 * p)))
    return best


# %% mutant: highest_point
# misconception: -q / 2p is the extremum, whichever.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: the parabola opens downwards
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: no_range
# misconception: An answer beyond the runs is an answer.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# breaks: Raises ValueError
# says: beyond the largest size
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    return best


# %% mutant: upper_end_only
# misconception: A size can only be too large.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: below the smallest size
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    if not best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: clipped
# misconception: An answer beyond the runs is moved to the last one.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: beyond the largest size
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    best = float(np.clip(best, n.min(), n.max()))
    return best


# %% mutant: range_by_position
# misconception: n comes in order.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: not in order
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    if not n[0] <= best <= n[-1]:
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: nan
# misconception: No answer is nan.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: the parabola opens downwards
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        return float("nan")
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: assertion
# misconception: assert is the way to check.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: AssertionError
# says: expected ValueError
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    assert p > 0
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: three_points
# misconception: A parabola goes through three points.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: six runs with noise
def isoflop_optimum(n, loss):
    low = np.argsort(loss)[:3]
    p, q, c = np.polyfit(np.log(n[low]), loss[low], 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(-q / (2 * p)))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: hard_coded
# misconception: The text gives ln n = 2.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: between two runs
def isoflop_optimum(n, loss):
    p, q, c = np.polyfit(np.log(n), loss, 2)
    if p <= 0:
        raise ValueError("the parabola opens downwards")
    best = float(np.exp(2.0))
    if not n.min() <= best <= n.max():
        raise ValueError("outside the sizes that were trained")
    return best


# %% mutant: library
# misconception: scaling.isoflop draws parabolas.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: an answer that calls it gets no points
def isoflop_optimum(n, loss):
    found = scaling.isoflop({"n": n, "d": 1e20 / n, "loss": loss})
    if not found.usable[0]:
        raise ValueError("no lowest point")
    return float(found.n[0])


# %% mutant: in_place
# misconception: n = np.log(n, out=n) saves memory.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: leaves n and loss as they were
def isoflop_optimum(n, loss):
    low, high = n.min(), n.max()
    np.log(n, out=n)
    p, q, c = np.polyfit(n, loss, 2)
    best = float(np.exp(-q / (2 * p)))
    if p <= 0 or not low <= best <= high:
        raise ValueError("no lowest point")
    return best


# %% mutant: sorted_in_place
# misconception: n.sort() puts the runs in order.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: not in order
def isoflop_optimum(n, loss):
    n.sort()
    p, q, c = np.polyfit(np.log(n), loss, 2)
    best = float(np.exp(-q / (2 * p)))
    if p <= 0 or not n[0] <= best <= n[-1]:
        raise ValueError("no lowest point")
    return best


# %% mutant: copies_left_out
# misconception: Each size stands once, with its last loss.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: Every run counts
# breaks: n: (m,) parameters
# edit:
#   square, slope, _ = np.polyfit(np.log(n), loss, 2)
# ->
#   runs = np.array(sorted(set(zip(n.tolist(), loss.tolist()))))
#   square, slope, _ = np.polyfit(np.log(runs[:, 0]), runs[:, 1], 2)


# %% mutant: a_little_room
# misconception: A little outside is inside.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: The range goes from the smallest
# edit: if not n.min() <= lowest <= n.max(): -> if not 0.9 * n.min() <= lowest <= 1.1 * n.max():


# %% mutant: ends_with_a_margin
# misconception: Near the ends the parabola is unsure, so it is refused there.
# fails: scaling_laws-optimum-isoflop_optimum-tests
# says: The range goes from the smallest
# edit: if not n.min() <= lowest <= n.max(): -> if not 1.01 * n.min() <= lowest <= 0.99 * n.max():


# %% variant: decades
# note: Decades all the way.
def isoflop_optimum(n: np.ndarray, loss: np.ndarray) -> float:
    p, q, _ = np.polyfit(np.log10(n), loss, 2)
    if p > 0 and np.log10(n).min() <= -q / (2 * p) <= np.log10(n).max():
        return float(10 ** (-q / (2 * p)))
    raise ValueError("no lowest point among these sizes")


# %% variant: centred_lstsq
# note: Centred, a design matrix.
def isoflop_optimum(n, loss):
    centre = np.log(n).mean()
    u = np.log(n) - centre
    (c, q, p), *_ = np.linalg.lstsq(np.vander(u, 3, increasing=True), loss, rcond=None)
    if p <= 0:
        raise ValueError("opens downwards")
    lowest = -q / p / 2
    if lowest < u.min() or lowest > u.max():
        raise ValueError("outside")
    return math.exp(centre + lowest)


# %% variant: polynomial_class
# note: numpy.polynomial, its derivative and its root.
def isoflop_optimum(n, loss):
    from numpy.polynomial import Polynomial

    parabola = Polynomial.fit(np.log(n), loss, 2)
    if parabola.deriv(2)(0.0) <= 0:
        raise ValueError("opens downwards")
    size = np.exp(parabola.deriv().roots()[0])
    if size > np.max(n) or size < np.min(n):
        raise ValueError("outside")
    return size


# %% variant: normal_equations
# note: Sums and Cramer, in plain Python around the mean.
def isoflop_optimum(n, loss):
    logs = [math.log(size) for size in n]
    middle = sum(logs) / len(logs)
    u = [value - middle for value in logs]
    s = [sum(value**power for value in u) for power in range(5)]
    t = [sum(y * value**power for value, y in zip(u, loss)) for power in range(3)]
    matrix = np.array([[s[4], s[3], s[2]], [s[3], s[2], s[1]], [s[2], s[1], s[0]]])
    p, q, _ = np.linalg.solve(matrix, np.array([t[2], t[1], t[0]]))
    lowest = -q / (2 * p)
    if p <= 0 or not min(u) <= lowest <= max(u):
        raise ValueError("no lowest point")
    return float(math.exp(middle + lowest))


# %% variant: completed_square
# note: QR of a centred design; the vertex form.
def _u(n):
    logs = np.log(n)
    return logs.mean(), logs - logs.mean()


def isoflop_optimum(n, loss):
    middle, x = _u(n)
    q, r = np.linalg.qr(np.vander(x, 3))
    p, s, _ = np.linalg.solve(r, q.T @ loss)
    at = middle - s / (p + p) if p > 0 else np.inf
    if at < np.log(n).min() or at > np.log(n).max():
        raise ValueError("no lowest point among these sizes")
    return math.exp(at)


# %% variant: pinv
# note: A pseudo-inverse in decades.
def isoflop_optimum(n, loss):
    u = np.log10(n)
    shift = float(np.median(u))
    c, q, p = np.linalg.pinv(np.stack([np.ones_like(u), u - shift, (u - shift) ** 2], 1)) @ loss
    if p <= 0:
        raise ValueError("opens downwards")
    at = shift - 0.5 * q / p
    if not min(u) <= at <= max(u):
        raise ValueError(f"10^{at:.2f} is out of range")
    return float(10**at)
