"""What the points of a sweep can and cannot tell, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from course_utils.scaling.bootstrapping import bootstrap
from course_utils.scaling.fitting import DidNotConverge, fit

DIGITS = 5


def describe(frame: pd.DataFrame, entropy: float) -> dict[str, Any]:
    """Fits, residuals, spread of seeds and the price of sharing trunks of a sweep, as plain JSON data.

    Fits are of the shared trunks' points, losses in nats, residuals in log loss (log prediction - log loss).
    """
    shared = frame[frame.trunk == "shared"]
    both = frame.assign(n=frame.n_total)[frame.trunk == "shared"]
    return _rounded(
        {
            "points": len(frame),
            "points_shared": len(shared),
            "n": [int(frame.n.min()), int(frame.n.max())],
            "d": [int(frame.d.min()), int(frame.d.max())],
            "excess_over_entropy": {
                "smallest": float(frame.loss.min() - entropy),
                "largest": float(frame.loss.max() - entropy),
            },
            "free_E": describe_fit(shared, entropy),
            "E_given": describe_fit(shared, entropy, {"E": entropy}),
            "free_E_with_n_total": describe_fit(both, entropy),
            "E_given_with_n_total": describe_fit(both, entropy, {"E": entropy}),
            "seeds": seed_spread(shared),
            "own_minus_shared": {
                schedule: own_minus_shared(frame, schedule) for schedule in ("wsd", "cosine")
            },
        }
    )


def describe_fit(
    points: pd.DataFrame, entropy: float, fixed: dict[str, float] | None = None, resamples: int = 1000
) -> dict[str, Any]:
    """Parameters, intervals, residuals by size and by tokens, and whether E's interval holds the entropy.

    The bootstrap draws points, as is usual. Points of one trunk share their luck, so it is a little too sure.
    interval_95 is empty where too few resamples could be fitted.
    """
    found = fit(points, fixed=fixed)
    try:
        intervals = bootstrap(found, resamples).interval()
    except DidNotConverge:
        intervals = {}
    residual = pd.Series(found.residuals, index=points.index)
    worst = points.iloc[np.abs(found.residuals).argmax()]
    out: dict[str, Any] = {
        "params": found.params,
        "interval_95": {name: list(pair) for name, pair in intervals.items() if name not in found.fixed},
        "residual_rms": float(np.sqrt(np.mean(found.residuals**2))),
        "residual_max": float(residual.abs().max()),
        "residual_max_at": {"size": worst["size"], "d": int(worst["d"])},
        "mean_residual_by_size": residual.groupby(points["size"], sort=False).mean().to_dict(),
        "mean_residual_by_d": {str(d): r for d, r in residual.groupby(points["d"]).mean().items()},
    }
    if "E" in out["interval_95"]:
        low, high = intervals["E"]
        out["interval_holds_entropy"] = bool(low <= entropy <= high)
    return out


def seed_spread(shared: pd.DataFrame) -> dict[str, Any] | None:
    """How far seeds lie apart at the same size and tokens, and whether they keep their place along a trunk.

    sd: pooled over cells, nats. sd_by_d: the same at each token count. along_trunk: correlation of a seed's deviation
    from the cell's mean with its deviation at the next token count. With independent points of s seeds it would be 0.
    """
    cells = shared.groupby(["size", "d"]).loss
    several = shared[cells.transform("size") > 1]
    if several.empty:
        return None
    deviation = (shared.loss - cells.transform("mean")).loc[several.index]
    # dividing by seeds - 1 in each cell
    cells_at = several.groupby("d")["size"]
    freedom = cells_at.size() - cells_at.nunique()
    by_d = (deviation**2).groupby(several.d).sum() / freedom
    table = several.assign(deviation=deviation).pivot(index=["size", "seed"], columns="d", values="deviation")
    here, there = table.iloc[:, :-1].to_numpy().ravel(), table.iloc[:, 1:].to_numpy().ravel()
    both = ~(np.isnan(here) | np.isnan(there))
    return {
        "cells": int(several.groupby(["size", "d"]).ngroups),
        "sd": float(np.sqrt((deviation**2).sum() / freedom.sum())),
        "sd_by_d": {str(d): float(value) for d, value in np.sqrt(by_d).items()},
        "along_trunk": float(np.corrcoef(here[both], there[both])[0, 1]),
        "along_trunk_pairs": int(both.sum()),
    }


def own_minus_shared(frame: pd.DataFrame, schedule: str) -> dict[str, Any] | None:
    """Loss of runs of their own less loss on shared trunks, at the same sizes and tokens, with other seeds.

    difference: mean over cells, nats. Its standard error takes every run of its own as independent, but only the mean
    of every trunk, as points of one trunk are not; 95 % interval from Student's t (Welch 1947). cells: the
    difference in each.
    """
    keys = ["size", "d"]
    own = frame[(frame.trunk == "own") & (frame.schedule == schedule)]
    shared = frame[frame.trunk == "shared"].merge(own[keys].drop_duplicates(), on=keys)
    own = own.merge(shared[keys].drop_duplicates(), on=keys)
    if own.empty:
        return None
    runs = own.groupby(keys).loss
    cells = runs.mean() - shared.groupby(keys).loss.mean()
    mean = float(cells.mean())
    out = {
        "difference": mean,
        "cells": {
            f"{size} at {d}": float(value) for size, d, value in cells.reset_index().itertuples(index=False)
        },
    }
    trunks = shared.groupby(["size", "seed"]).loss.mean().groupby("size")
    (first, first_freedom), (second, second_freedom) = (_variance_of_mean(group) for group in (runs, trunks))
    if min(first, second, first_freedom, second_freedom) > 0:
        variance = first + second
        freedom = variance**2 / (first**2 / first_freedom + second**2 / second_freedom)
        reach = float(stdtrit(freedom, 0.975)) * variance**0.5
        out |= {"standard_error": variance**0.5, "interval_95": [mean - reach, mean + reach]}
    return out


def _variance_of_mean(groups: Any) -> tuple[float, int]:
    """Variance of the mean of the groups' means, the groups having one variance; and its degrees of freedom."""
    counts = groups.size()
    freedom = int((counts - 1).sum())
    pooled = float((groups.var(ddof=0) * counts).sum()) / max(freedom, 1)
    return pooled * float((1 / counts).sum()) / len(counts) ** 2, freedom


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
