"""Compute-optimal sizes without a loss surface: a parabola through each budget's runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.errors import CourseError
from course_utils.scaling.forms import FORMS
from course_utils.scaling.optimum import FLOPS_PER_PARAMETER_AND_TOKEN
from course_utils.scaling.points import read_points

if TYPE_CHECKING:
    import pandas as pd

# Runs whose compute differs by less than this in log (10 %) were meant to have the same.
SAME_BUDGET = 0.1


@dataclass(frozen=True)
class IsoFlop:
    """Per budget, in rising order (K,): flops, the parabola's lowest point (n, d, loss), and the runs it went through.

    coefficients: (K, 3) of log² n, log n and 1. usable: (K,) bool; False where the parabola has no lowest
    point among the sizes that were run (it opens downwards, or its bottom lies outside); those have n, d and
    loss NaN. n_exponent: a in n ∝ flops^a over usable budgets, and scale: n = scale · flops^a; NaN with fewer
    than two of them.
    """

    flops: np.ndarray
    n: np.ndarray
    d: np.ndarray
    loss: np.ndarray
    runs: np.ndarray
    usable: np.ndarray
    n_exponent: float
    scale: float
    coefficients: np.ndarray = field(repr=False)


def isoflop(
    points: Mapping[str, Any] | pd.DataFrame,
    spread: float = SAME_BUDGET,
    flops_per: float = FLOPS_PER_PARAMETER_AND_TOKEN,
) -> IsoFlop:
    """Hoffmann et al.'s approach 2 (arXiv 2203.15556, section 3.2): loss against log n at equal compute.

    points: mapping or DataFrame with `n`, `d`, `loss`. Runs belong to one budget while the next one's compute,
    flops_per · n · d, is within `spread` in log. A parabola is only the first terms of the surface's expansion, so
    its bottom is off the surface's unless n is sampled narrowly and evenly around it.
    Raises BadPoints for bad columns and CourseError if no budget has three sizes.
    """
    read = read_points(points, FORMS["chinchilla"])
    n, d = read.x["n"], read.x["d"]
    log_flops = np.log(flops_per * n * d)
    order = np.argsort(log_flops)
    groups = np.split(order, np.flatnonzero(np.diff(log_flops[order]) > spread) + 1)
    groups = [group for group in groups if len(np.unique(n[group])) >= 3]
    if not groups:
        raise CourseError(
            f"no budget has 3 or more sizes n among these {len(read)} points, so no parabola can be drawn; "
            f"train several sizes with the same n·d, or raise spread (now {spread:g})"
        )
    budgets, sizes, bottom, inside, coefficients = [], [], [], [], []
    for group in groups:
        log_n = np.log(n[group])
        centre = log_n.mean()
        square, slope, constant = np.polyfit(log_n - centre, read.loss[group], 2)
        lowest = centre - slope / (2 * square) if square > 0 else np.nan
        seen = bool(square > 0 and log_n.min() <= lowest <= log_n.max())
        budgets.append(np.exp(log_flops[group].mean()))
        sizes.append(np.exp(lowest) if seen else np.nan)
        bottom.append(constant - slope**2 / (4 * square) if seen else np.nan)
        inside.append(seen)
        coefficients.append(
            (square, slope - 2 * square * centre, constant - slope * centre + square * centre**2)
        )
    flops, best, usable = np.array(budgets), np.array(sizes), np.array(inside)
    exponent, scale = np.nan, np.nan
    if usable.sum() >= 2:
        exponent, level = np.polyfit(np.log(flops[usable]), np.log(best[usable]), 1)
        scale = np.exp(level)
    return IsoFlop(
        flops=flops,
        n=best,
        d=flops / flops_per / best,
        loss=np.array(bottom),
        runs=np.array([len(group) for group in groups]),
        usable=usable,
        n_exponent=float(exponent),
        scale=float(scale),
        coefficients=np.array(coefficients),
    )
