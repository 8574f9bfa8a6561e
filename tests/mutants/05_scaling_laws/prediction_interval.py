# %% mutant: tails_not_halved
# misconception: What is left out is 1 - confidence, on each side.
# fails: scaling_laws-sweep-prediction_interval-tests
# breaks: confidence: share
# says: on each side
# edit: tail = (1 - confidence) / 2 -> tail = 1 - confidence

# %% mutant: always_95
# misconception: An interval is a 95 % interval.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: confidence was not used
# edit: tail = (1 - confidence) / 2 -> tail = 0.025

# %% mutant: extremes
# misconception: The interval holds all forecasts.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: the lowest and the highest forecast
# edit: np.quantile(forecasts, [tail, 1 - tail]) -> forecasts.min(), forecasts.max()

# %% mutant: exchanged
# misconception: The upper tail first.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: low and high are exchanged
# edit: tail, 1 - tail -> 1 - tail, tail

# %% mutant: one_sided
# misconception: The share confidence lies below high.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: on both sides
# edit: tail, 1 - tail -> 0, confidence

# %% mutant: upper_tail
# misconception: The share confidence lies above low.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: on both sides
# edit: tail, 1 - tail -> 1 - confidence, 1

# %% mutant: percentile_of_a_share
# misconception: np.percentile takes a share.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: np.percentile counts from 0 to 100
# edit: = np.quantile -> = np.percentile

# %% mutant: confidence_in_percent
# misconception: confidence is in percent.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: confidence is a share
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = chinchilla_loss(samples, n, d)
    tail = (1 - confidence) / 2
    tail = (100 - confidence) / 2
    low, high = np.percentile(forecasts, [tail, 100 - tail])
    return float(low), float(high)


# %% mutant: bell
# misconception: Mean and standard deviation.
# fails: scaling_laws-sweep-prediction_interval-tests
# breaks: Percentile interval
# says: assumes a bell curve
def prediction_interval(samples, n, d, confidence=0.95):
    from scipy.stats import norm

    forecasts = chinchilla_loss(samples, n, d)
    width = norm.ppf(0.5 + confidence / 2) * forecasts.std()
    return float(forecasts.mean() - width), float(forecasts.mean() + width)


# %% mutant: error_of_the_mean
# misconception: The more resamples, the narrower the interval.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: standard error of the mean
def prediction_interval(samples, n, d, confidence=0.95):
    from scipy.stats import norm

    forecasts = chinchilla_loss(samples, n, d)
    width = norm.ppf(0.5 + confidence / 2) * forecasts.std() / np.sqrt(len(forecasts))
    return float(forecasts.mean() - width), float(forecasts.mean() + width)


# %% mutant: mean_surface
# misconception: The mean surface makes the forecast.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: one surface for all
def prediction_interval(samples, n, d, confidence=0.95):
    mean = {name: values.mean() for name, values in samples.items()}
    forecasts = np.array([chinchilla_loss(mean, n, d)])
    tail = (1 - confidence) / 2
    low, high = np.quantile(forecasts, [tail, 1 - tail])
    return float(low), float(high)


# %% mutant: each_parameter_by_itself
# misconception: The interval of each parameter, put into the formula.
# fails: scaling_laws-sweep-prediction_interval-tests
# breaks: entry r of all belongs
# says: percentiles of each parameter by itself
def prediction_interval(samples, n, d, confidence=0.95):
    tail = (1 - confidence) / 2
    low = {name: np.quantile(values, tail) for name, values in samples.items()}
    high = {name: np.quantile(values, 1 - tail) for name, values in samples.items()}
    return float(chinchilla_loss(low, n, d)), float(chinchilla_loss(high, n, d))


# %% mutant: worst_and_best
# misconception: The best of each parameter with the best of all others.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: percentiles of each parameter by itself
def prediction_interval(samples, n, d, confidence=0.95):
    tail = (1 - confidence) / 2
    low = {name: np.quantile(samples[name], tail if name in "EAB" else 1 - tail) for name in samples}
    high = {name: np.quantile(samples[name], 1 - tail if name in "EAB" else tail) for name in samples}
    return float(chinchilla_loss(low, n, d)), float(chinchilla_loss(high, n, d))


# %% mutant: parameters_sorted
# misconception: Every array is put in order first.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: percentiles of each parameter by itself
def prediction_interval(samples, n, d, confidence=0.95):
    samples = {name: np.sort(values) for name, values in samples.items()}
    forecasts = chinchilla_loss(samples, n, d)
    tail = (1 - confidence) / 2
    low, high = np.quantile(forecasts, [tail, 1 - tail])
    return float(low), float(high)


# %% mutant: floor_only
# misconception: The forecast is E, the rest goes away.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: the other terms are missing
# edit: forecasts = chinchilla_loss(samples, n, d) -> forecasts = samples["E"]

# %% mutant: n_and_d_exchanged
# misconception: d comes first.
# fails: scaling_laws-sweep-prediction_interval-tests
# breaks: n, d: the run to forecast
# says: n and d are exchanged
# edit: forecasts = chinchilla_loss(samples, n, d) -> forecasts = chinchilla_loss(samples, d, n)

# %% mutant: not_in_order
# misconception: The forecasts come in order.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: surfaces in no order
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = chinchilla_loss(samples, n, d)
    cut = int(len(forecasts) * (1 - confidence) / 2)
    return float(forecasts[cut]), float(forecasts[-cut - 1])


# %% mutant: list
# misconception: A list of two.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: a pair: (low, high)
# edit: return float(low), float(high) -> return [float(low), float(high)]

# %% mutant: array
# misconception: np.quantile gives both.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: a pair: (low, high)
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = chinchilla_loss(samples, n, d)
    tail = (1 - confidence) / 2
    return np.quantile(forecasts, [tail, 1 - tail])


# %% mutant: width
# misconception: The width says how sure we are.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: a pair: (low, high)
# edit: return float(low), float(high) -> return float(high - low)

# %% mutant: hard_coded
# misconception: The middle goes from 10 to 90.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: all forecast 4
def prediction_interval(samples, n, d, confidence=0.95):
    return 10.0, 90.0


# %% mutant: library
# misconception: scaling.loss makes the forecasts.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: an answer that calls it gets no points
# edit: forecasts = chinchilla_loss(samples, n, d) -> forecasts = scaling.loss(samples, n=n, d=d)

# %% mutant: sum_into_E
# misconception: forecasts += is a new array.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: leaves samples as they were
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = samples["E"]
    forecasts += samples["A"] * n ** -samples["alpha"]
    forecasts += samples["B"] * d ** -samples["beta"]
    tail = (1 - confidence) / 2
    low, high = np.quantile(forecasts, [tail, 1 - tail])
    return float(low), float(high)


# %% mutant: sorted_in_place
# misconception: Sorting makes a new array.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: leaves samples as they were
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = chinchilla_loss(samples, n, d)
    for values in samples.values():
        values.sort()
    tail = (1 - confidence) / 2
    low, high = np.quantile(forecasts, [tail, 1 - tail])
    return float(low), float(high)


# %% mutant: copies_left_out
# misconception: A forecast that comes twice says nothing new.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: none is dropped
# edit: forecasts = chinchilla_loss(samples, n, d) -> forecasts = np.unique(chinchilla_loss(samples, n, d).round(12))


# %% mutant: four_digits
# misconception: Four digits are enough for a loss.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: Do not round
# breaks: Returns (low, high) as floats
# edit: return float(low), float(high) -> return round(float(low), 6), round(float(high), 6)


# %% mutant: past_the_end
# misconception: Sort, and take the places of the two shares.
# fails: scaling_laws-sweep-prediction_interval-tests
# says: IndexError
def prediction_interval(samples, n, d, confidence=0.95):
    loss = np.sort(chinchilla_loss(samples, n, d))
    low = loss[int(len(loss) * (1 - confidence) / 2)]
    high = loss[int(len(loss) * (1 + confidence) / 2)]
    return float(low), float(high)


# %% variant: percentiles
# note: np.percentile, in percent.
def prediction_interval(samples: dict, n: float, d: float, confidence: float = 0.95) -> tuple[float, float]:
    forecasts = samples["E"] + samples["A"] / n ** samples["alpha"] + samples["B"] / d ** samples["beta"]
    return float(np.percentile(forecasts, 50 - 50 * confidence)), float(np.percentile(forecasts, 50 + 50 * confidence))


# %% variant: sorted_forecasts
# note: Counting from both ends of the sorted forecasts.
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = sorted(np.ravel(chinchilla_loss(samples, n, d)).tolist())
    cut = round(len(forecasts) * (1 - confidence) / 2)
    return forecasts[cut], forecasts[-1 - cut]


# %% variant: surface_by_surface
# note: A loop over surfaces, another kind of percentile.
def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = []
    for r in range(len(samples["E"])):
        surface = {name: float(values[r]) for name, values in samples.items()}
        forecasts.append(chinchilla_loss(surface, n, d))
    low, high = np.quantile(forecasts, [0.5 - confidence / 2, 0.5 + confidence / 2], method="nearest")
    return low, high


# %% variant: with_torch
# note: torch.quantile in float64.
def prediction_interval(samples, n, d, confidence=0.95):
    import torch

    tail = (1 - confidence) / 2
    ends = torch.tensor([tail, 1 - tail], dtype=torch.float64)
    return tuple(torch.quantile(torch.from_numpy(np.asarray(chinchilla_loss(samples, n, d))), ends).tolist())


# %% variant: scipy_quantiles
# note: scipy.stats.mstats, another definition still.
def prediction_interval(samples, n, d, confidence=0.95):
    from scipy.stats.mstats import mquantiles

    low, high = mquantiles(chinchilla_loss(samples, n, d), [(1 - confidence) / 2, (1 + confidence) / 2])
    return (float(low), float(high))


# %% variant: partition
# note: The two order statistics by a partition.
def _small(values, k):
    return float(np.partition(values, k)[k])


def prediction_interval(samples, n, d, confidence=0.95):
    forecasts = chinchilla_loss(samples, n, d)
    last = forecasts.size - 1
    k = int(last * (0.5 - confidence / 2) + 0.5)
    return _small(forecasts, k), _small(forecasts, last - k)


# %% variant: statistics_module
# note: Python's statistics on a list of forecasts, and interpolation.
def prediction_interval(samples, n, d, confidence=0.95):
    rows = zip(*(samples[name].tolist() for name in ("E", "A", "B", "alpha", "beta")))
    values = sorted(e + a * n**-x + b * d**-y for e, a, b, x, y in rows)
    shares = [i / (len(values) - 1) for i in range(len(values))]
    tail = (1 - confidence) / 2
    return tuple(float(np.interp(share, shares, values)) for share in (tail, 1 - tail))
