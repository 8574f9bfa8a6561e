"""Refit resampled points, all resamples at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from course_utils.errors import CourseError
from course_utils.scaling.fitting import DidNotConverge, Fit
from course_utils.scaling.newton import follow
from course_utils.scaling.objective import Surface
from course_utils.scaling.points import needed_values

# With fewer resamples fitted than this, intervals would leave out the hard ones.
LEAST_CONVERGED = 0.9


@dataclass(frozen=True)
class Bootstrap:
    """Parameters refitted to resampled points.

    params: name -> (R,) values of the resamples whose fit converged. resamples: how many were drawn;
    failed: how many of them are left out, because the points drawn cannot identify the parameters or the
    descent did not end. objective: (R,).
    """

    fit: Fit
    params: dict[str, np.ndarray] = field(repr=False)
    objective: np.ndarray = field(repr=False)
    resamples: int
    failed: int

    @property
    def standard_errors(self) -> dict[str, float]:
        """name -> standard deviation over resamples."""
        return {name: float(values.std(ddof=1)) for name, values in self.params.items()}

    def interval(self, confidence: float = 0.95, jointly: bool = False) -> dict[str, tuple[float, float]]:
        """name -> (low, high): percentiles. Each holds by itself; with jointly, all at once (Bonferroni)."""
        each = self.fit.each(confidence, jointly)
        return {name: _percentiles(values, each) for name, values in self.params.items()}

    def interval_of(
        self, function: Callable[[dict[str, np.ndarray]], np.ndarray], confidence: float = 0.95
    ) -> tuple[np.ndarray, np.ndarray]:
        """Percentile interval of a quantity made of the parameters.

        function: takes name -> (R,) and returns (R,) or (R, …), such as
        `lambda p: compute_optimal(p, 1e21).tokens_per_parameter`. Returns (low, high) of shape ().
        """
        return _percentiles(np.asarray(function(self.params)), confidence)

    def __str__(self) -> str:
        lines = [f"{self.resamples} resamples of {len(self.fit.points)} points, {self.failed} not fitted"]
        for name, (low, high) in self.interval().items():
            lines.append(f"  {name:8s} {self.fit.params[name]:<12.6g} [{low:.6g}, {high:.6g}]")
        return "\n".join(lines)


def bootstrap(fit: Fit, resamples: int = 4000, seed: int = 0, draws: ArrayLike | None = None) -> Bootstrap:
    """Draw the fit's points with replacement, refit each draw from the fit's optimum (Efron 1979).

    draws: (R, m) indices of points, to repeat someone else's bootstrap; then resamples and seed are not used.
    The descents share one start, so this measures how the optimum moves, not whether it is the lowest.
    Raises CourseError for fewer than 2 resamples and DidNotConverge if more than a tenth could not be fitted.
    """
    m = len(fit.points)
    if draws is not None:
        weights = _counts(np.asarray(draws), m)
        resamples = len(weights)
    if resamples < 2:
        raise CourseError(f"resamples = {resamples} give no spread; use 1000 or more")
    if draws is None:
        weights = np.random.default_rng(seed).multinomial(m, np.full(m, 1 / m), resamples).astype(np.float64)
    surface = Surface(fit.points, fit.form, fit.fixed)
    weights = weights[_identifiable(fit, weights)]
    start = surface.coordinates(np.array([[fit.params[name] for name in fit.form.params]]))
    found = follow(surface, np.repeat(start, len(weights), axis=0), weights, fit.delta)
    kept = found.converged
    if kept.sum() < LEAST_CONVERGED * resamples:
        raise DidNotConverge(
            f"{resamples - kept.sum()} of {resamples} resamples could not be fitted: the points fix the parameters "
            "too loosely for a bootstrap; add points, fix a parameter or take a larger delta"
        )
    values = surface.params(found.theta[kept])
    return Bootstrap(
        fit=fit,
        params={name: values[:, k] for k, name in enumerate(fit.form.params)},
        objective=found.value[kept],
        resamples=resamples,
        failed=resamples - int(kept.sum()),
    )


def _identifiable(fit: Fit, weights: np.ndarray) -> np.ndarray:
    """(R,) bool: whether the points drawn hold enough different values to know every free parameter."""
    drawn = weights > 0
    enough = drawn.sum(axis=1) >= len(fit.form.params) - len(fit.fixed)
    for name, needed in needed_values(fit.form, fit.fixed).items():
        _, label = np.unique(fit.points.x[name], return_inverse=True)
        membership = np.eye(label.max() + 1)[label]
        enough &= ((drawn @ membership) > 0).sum(axis=1) >= needed
    return enough


def _counts(draws: np.ndarray, m: int) -> np.ndarray:
    """(R, any) indices -> (R, m) how often each point was drawn."""
    if draws.ndim != 2 or not draws.size or draws.min() < 0 or draws.max() >= m:
        raise CourseError(f"draws of shape {draws.shape} must hold, per resample, indices of the {m} points")
    return np.stack([np.bincount(row, minlength=m) for row in draws]).astype(np.float64)


def _percentiles(values: np.ndarray, confidence: float) -> tuple:
    low, high = np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)
