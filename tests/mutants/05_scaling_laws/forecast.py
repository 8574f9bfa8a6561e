# %% mutant: the_baseline
# misconception: A straight line in log-log through a ladder of runs is a scaling law, so it can be extrapolated.
# fails: scaling_laws-open-forecast-tests
# says: 0.15 nats
# says: a straight line in log-log is not enough
# breaks: gets the points
def next_run(runs, flops_left):
    if len(runs) == 10:
        return None
    n = math.sqrt(oracle.BUDGET * 0.5 ** (len(runs) + 1) / (oracle.PRICE * 20))
    return n, 20 * n


def forecast(runs, n, d):
    costs = np.log([run["n"] * run["d"] for run in runs])
    slope, height = np.polyfit(costs, np.log([run["loss"] for run in runs]), 1)
    return float(np.exp(height + slope * np.log(n * d)))


# %% mutant: one_large_run
# misconception: The largest affordable run is the nearest to the target, so its loss is the forecast.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 3 visible surfaces is at most 0.15 nats
# breaks: that a run of n parameters and d tokens would have
def next_run(runs, flops_left):
    n = math.sqrt(oracle.BUDGET / 120)
    return None if runs else (n, 0.99 * 20 * n)


def forecast(runs, n, d):
    return runs[-1]["loss"]


# %% mutant: chinchillas_own_constants
# misconception: The surface is the one of the paper, so no run is needed.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 3 visible surfaces is at most 0.15 nats
def next_run(runs, flops_left):
    return None if runs else (1e6, 1e7)


def forecast(runs, n, d):
    return 1.8172 + 482.01 * n**-0.3478 + 2085.43 * d**-0.3658


# %% mutant: overspends
# misconception: The budget is for each run.
# fails: scaling_laws-open-forecast-tests
# says: are left
# breaks: 6 n d <= flops_left
def next_run(runs, flops_left):
    if len(runs) == 12:
        return None
    ratio = (5, 20, 80)[len(runs) % 3]
    n = math.sqrt(0.3 * oracle.BUDGET / (6 * ratio)) / 1.5 ** (len(runs) // 3)
    return n, ratio * n


def forecast(runs, n, d):
    fit = scaling.fit({key: np.array([run[key] for run in runs]) for key in ("n", "d", "loss")})
    return float(scaling.loss(fit.params, n=n, d=d))


# %% mutant: buys_the_target
# misconception: One may buy the run that is to be forecast.
# fails: scaling_laws-open-forecast-tests
# says: costs 1.08e+21 FLOPs
def next_run(runs, flops_left):
    return None if runs else oracle.TARGET


def forecast(runs, n, d):
    return runs[0]["loss"]


# %% mutant: too_small
# misconception: Runs of a few thousand parameters cost nothing, so buy many of them.
# fails: scaling_laws-open-forecast-tests
# says: is not on sale
# breaks: parameters, at least 1e6
def next_run(runs, flops_left):
    return None if len(runs) == 24 else (1e4 * 1.5 ** len(runs), 1e8)


def forecast(runs, n, d):
    fit = scaling.fit({key: np.array([run[key] for run in runs]) for key in ("n", "d", "loss")})
    return float(scaling.loss(fit.params, n=n, d=d))


# %% mutant: buys_nothing
# misconception: None means that the oracle chooses.
# fails: scaling_laws-open-forecast-tests
# says: the first run
# breaks: or None when you have seen enough
def next_run(runs, flops_left):
    return None


def forecast(runs, n, d):
    return 2.0


# %% mutant: a_dict
# misconception: A run is a dict with n and d, as in runs.
# fails: scaling_laws-open-forecast-tests
# says: gives a pair (n, d)
# breaks: Returns (n, d)
def next_run(runs, flops_left):
    return {"n": 1e8, "d": 2e9, "cost": 1.2e18}


def forecast(runs, n, d):
    return 2.0


# %% mutant: forecasts_e
# misconception: So large a model has lost everything but the irreducible loss.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 3 visible surfaces is at most 0.15 nats
# edit: return float(surface(found.x, n, d)) -> return float(found.x[0])


# %% mutant: nan
# misconception: The forecast is the logarithm of a difference, whatever its sign.
# fails: scaling_laws-open-forecast-tests
# says: which is no finite number
# breaks: The loss, in nats a token
# edit: return float(surface(found.x, n, d)) -> return float(np.log(-surface(found.x, n, d)))


# %% mutant: in_bits
# misconception: A loss is given in bits.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 3 visible surfaces is at most 0.15 nats
# edit: return float(surface(found.x, n, d)) -> return float(surface(found.x, n, d) / math.log(2))


# %% mutant: exchanged
# misconception: forecast gets d first.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 3 visible surfaces is at most 0.15 nats
# edit: return float(surface(found.x, n, d)) -> return float(surface(found.x, d, n))


# %% mutant: for_three_surfaces
# misconception: What is right on the three visible surfaces is right.
# fails: scaling_laws-open-forecast-tests
# says: the mean error over 8 other surfaces
# edit:
#   return float(surface(found.x, n, d))
# ->
#   seen = [oracle.draw_surface(seed)[0] for seed in range(3)]
#   known = {round(scaling.loss(p, n=1e9, d=1e7).item(), 1): scaling.loss(p, n=n, d=d).item() for p in seen}
#   return min(known.items(), key=lambda pair: abs(pair[0] - runs[-1]["loss"]))[1]


# %% variant: even_grid
# note: Four budgets, six ratios of tokens to parameters at each, and the library's fit.
def next_run(runs, flops_left):
    if len(runs) == 24:
        return None
    cost = oracle.BUDGET * (0.6, 0.25, 0.1, 0.04)[len(runs) // 6] / 6
    ratio = float(np.geomspace(1, 1000, 6)[len(runs) % 6])
    n = math.sqrt(cost / 6 / ratio)
    return n, n * ratio


def forecast(runs, n, d):
    fit = scaling.fit({key: np.array([run[key] for run in runs]) for key in ("n", "d", "loss")})
    return float(scaling.loss(fit.params, n=n, d=d))


# %% variant: ladder_with_e
# note: The baseline's runs, and a power law with an irreducible loss through them.
def next_run(runs, flops_left):
    if len(runs) == 10:
        return None
    n = math.sqrt(oracle.BUDGET * 0.5 ** (len(runs) + 1) / 120)
    return [n, 20 * n]


def forecast(runs, n, d):
    cost = np.array([run["n"] * run["d"] for run in runs]) / 1e17
    loss = np.array([run["loss"] for run in runs])

    def misses(theta):
        return np.log((theta[0] + theta[1] * cost ** -theta[2]) / loss)

    found = least_squares(misses, [1.7, 1.0, 0.17], bounds=([0.3, 0.01, 0.02], [4, 10, 1])).x
    return float(found[0] + found[1] * (n * d / 1e17) ** -found[2])


# %% variant: the_library_on_these_runs
# note: The same runs, fitted without the ranges. A numpy float comes back.
# edit:
#   return float(surface(found.x, n, d))
# ->
#   fit = scaling.fit({"n": bought_n, "d": bought_d, "loss": losses})
#   return scaling.loss(fit.params, n=n, d=d)[()]


# %% variant: looks_before_it_leaps
# note: Six cheap runs first; where the tokens' term is the larger one, the money goes to longer runs.
def next_run(runs, flops_left):
    cheap = [(1e6, 1e8), (1e6, 1e10), (1e7, 1e9), (1e8, 1e8), (1e9, 1e7), (1e8, 2e9)]
    if len(runs) < len(cheap):
        return cheap[len(runs)]
    if len(runs) == 13:
        return None
    longer = runs[1]["loss"] < runs[4]["loss"]
    ratio = (8, 20, 300)[len(runs) % 3] if longer else (2, 20, 100)[len(runs) % 3]
    cost = flops_left / (13 - len(runs))
    n = math.sqrt(0.99 * cost / 6 / ratio)
    return np.float64(n), np.float64(n * ratio)


def forecast(runs, n, d):
    fit = scaling.fit({key: np.array([run[key] for run in runs]) for key in ("n", "d", "loss")})
    return float(scaling.loss(fit.params, n=n, d=d))
