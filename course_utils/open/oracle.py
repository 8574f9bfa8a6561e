"""Lab 05: an oracle of training runs. Each run costs its FLOPs; in the end stands a forecast of a run too large to buy.

The surface is drawn by seed, so nobody knows it; only the prices and the noise are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils import scaling
from course_utils.errors import CourseError

BUDGET = 1e19  # FLOPs, at 6 per weight and token
TARGET = (3e9, 6e10)  # parameters and tokens of the run to forecast: more than a hundred budgets
MOST_RUNS = 24
SMALLEST = (1e6, 1e7)  # parameters and tokens of the smallest run on sale
NOISE = 0.01  # standard deviation of the log of a run's loss
PRICE = 6.0  # FLOPs for a weight and a token
_ROUNDING = 1 + 1e-9  # who spends all in equal shares is off by some last digits


@dataclass(frozen=True)
class Game:
    """What a plan came to. runs: [{"n", "d", "loss"}], as bought. error: |forecast - truth| in nats a token."""

    runs: tuple[dict[str, float], ...]
    forecast: float
    truth: float

    @property
    def error(self) -> float:
        return abs(self.forecast - self.truth)


def play(
    next_run: Callable[[list[dict[str, float]], float], Sequence[float] | None],
    forecast: Callable[[list[dict[str, float]], float, float], float],
    seed: int,
) -> Game:
    """Buy runs until `next_run` gives None or MOST_RUNS are bought, then ask for the forecast.

    next_run(runs, flops_left): the size and tokens (n, d) of the next run, or None. forecast(runs, n, d): the loss
    at TARGET. Both get copies. Raises CourseError for a run that is not on sale or not affordable, and for a forecast
    that is no finite number.
    """
    params, noise = draw_surface(seed)
    runs: list[dict[str, float]] = []
    left = BUDGET
    while len(runs) < MOST_RUNS:
        wanted = next_run([dict(run) for run in runs], left)
        if wanted is None:
            break
        n, d = _checked(wanted)
        if PRICE * n * d > left * _ROUNDING:
            raise CourseError(
                f"run {len(runs) + 1}, n = {n:g} and d = {d:g}, costs {PRICE * n * d:.3g} FLOPs, "
                f"and {left:.3g} are left"
            )
        left = max(0.0, left - PRICE * n * d)
        loss = scaling.loss(params, n=n, d=d) * np.exp(NOISE * noise.standard_normal())
        runs.append({"n": n, "d": d, "loss": float(loss)})
    if not runs:
        raise CourseError("no run was bought: next_run gave None at once")
    n, d = TARGET
    value = forecast([dict(run) for run in runs], n, d)
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise CourseError(f"the forecast is {value!r}, which is no finite number")
    return Game(tuple(runs), float(value), float(scaling.loss(params, n=n, d=d)))


def draw_surface(seed: int) -> tuple[dict[str, float], np.random.Generator]:
    """The planted surface of a seed, E + A / n**alpha + B / d**beta, and the generator of its runs' noise.

    Drawn around Chinchilla's: E from 1.4 to 2.0, alpha and beta from 0.28 to 0.42; A and B follow from what the two
    terms are worth at 1e8 parameters and 2e9 tokens, 0.4 to 0.9 nats each.
    """
    noise = np.random.default_rng(seed)
    draw = noise.uniform
    floor, alpha, beta = draw(1.4, 2.0), draw(0.28, 0.42), draw(0.28, 0.42)
    at_n, at_d = draw(0.4, 0.9), draw(0.4, 0.9)
    params = {"E": floor, "A": at_n * 1e8**alpha, "B": at_d * 2e9**beta, "alpha": alpha, "beta": beta}
    return {name: float(value) for name, value in params.items()}, noise


def _checked(wanted: Any) -> tuple[float, float]:
    try:
        n, d = (float(value) for value in wanted)
    except (TypeError, ValueError):
        raise CourseError(f"next_run gave {wanted!r}: give (n, d), two numbers, or None") from None
    if not (SMALLEST[0] <= n < np.inf and SMALLEST[1] <= d < np.inf):
        raise CourseError(
            f"a run with n = {n:g} and d = {d:g} is not on sale: at least {SMALLEST[0]:g} parameters and "
            f"{SMALLEST[1]:g} tokens"
        )
    return n, d
