"""Minimise the same objective from many starts, or over many resamples, at once.

Why our own: scipy minimises one problem per call, and thousands of calls for five parameters are mostly
interpreter; its `optimize.elementwise` batches functions of one variable only. torch.optim.LBFGS takes a batch
for one long vector with one step length. jaxopt (no longer developed) and optimistix batch through `jax.vmap`,
which keeps every row going until the slowest is done, and would bring a second tensor library to students'
laptops. torchimize batches least squares, without weights or Huber's loss. With five parameters the Hessian is
5 × 5 and costs little more than the gradient, so this is Newton's method, not L-BFGS.

The method is Levenberg's and Marquardt's: solve (curvature + λ scale) step = -gradient, keep the step if the
objective falls, and let λ follow how well the quadratic foretold it. A row begins with the curvature of
reweighted least squares, which is safe far away, and goes over to the exact Hessian, which converges
quadratically, once progress is slow. Steps stay within bounds: a coordinate at its bound that wants to go
further is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.scaling.objective import Surface

# From this relative fall in one step on, a row uses the exact Hessian: far from an optimum, early in its basin.
SLOW, SLOW_NEARBY = 1e-5, 1e-2
# A step changes no coordinate by more: exponents are of order one, coefficients are in e-folds.
LONGEST_STEP = 5.0
LARGEST_DAMPING = 1e10
# Residuals below this are rounding; it sets when the objective of a perfect fit counts as zero.
SMALLEST_RESIDUAL = 1e-13


@dataclass(frozen=True)
class Minima:
    """theta: (S, p). value: (S,). converged: (S,) bool. iterations: the most that any row took."""

    theta: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    iterations: int


def minimise(
    surface: Surface,
    theta: np.ndarray,
    weights: np.ndarray,
    delta: float,
    tolerance: float = 1e-12,
    max_iterations: int = 300,
    slow: float = SLOW,
) -> Minima:
    """Descend from (S, p) coordinates, each row by itself. weights: (m,) or (S, m).

    A row has converged when its quadratic model, with the exact Hessian and next to no damping, promises to
    lower the objective by less than `tolerance` of its value. slow: the relative fall from which the Hessian is used.
    """
    theta = theta.copy()
    rows = len(theta)
    floor = len(surface.log_loss) * SMALLEST_RESIDUAL * min(SMALLEST_RESIDUAL, delta)
    exact, damping = np.zeros(rows, bool), np.full(rows, 1e-2)
    converged = np.zeros(rows, bool)
    left = np.arange(rows)
    now = surface.evaluate(theta, weights, delta, exact)
    identity = np.eye(surface.size)
    iteration = 0
    while len(left) and iteration < max_iterations:
        iteration += 1
        at, gradient = theta[left], now.gradient[left]
        stuck = (
            surface.held | ((at <= surface.lower) & (gradient > 0)) | ((at >= surface.upper) & (gradient < 0))
        )
        gradient = np.where(stuck, 0.0, gradient)
        curvature = np.where(stuck[:, :, None] | stuck[:, None, :], identity, now.curvature[left])
        scale = now.scale[left]
        # A term that has vanished has no curvature; a trace of the largest keeps the system solvable.
        scale = np.where(stuck, 0.0, scale + 1e-12 * scale.max(axis=1, keepdims=True) + 1e-300)
        step = _solve(curvature + (damping[left][:, None] * scale)[:, :, None] * identity, -gradient)
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        step = np.where(surface.held, 0.0, np.clip(at + step, surface.lower, surface.upper) - at)
        slope = (step * gradient).sum(axis=1)
        promised = -(slope + 0.5 * np.einsum("si,sij,sj->s", step, curvature, step))
        downhill = slope < 0

        value = now.value[left]
        trial = surface.evaluate(at + step, _of(weights, left), delta, exact[left])
        fall = value - trial.value
        better = downhill & (fall > 0)
        ratio = fall / np.where(promised > 0, promised, np.inf)
        moved = left[better]
        theta[moved] += step[better]
        for name in ("value", "gradient", "curvature", "scale"):
            getattr(now, name)[moved] = getattr(trial, name)[better]

        small = (np.abs(promised) <= tolerance * value + floor) & (downhill | (slope == 0))
        arrived = (small & exact[left] & (damping[left] <= 1e-2)) | (value <= floor)
        damping[left] = np.where(
            ~better | (ratio < 0.1),
            # A step too small to lower the value is no reason to damp.
            np.where(small, damping[left] / 6, np.maximum(damping[left] * 6, 1e-6)),
            np.where(ratio > 0.5, damping[left] / 6, damping[left]),
        )
        turning = left[~exact[left] & (small | (better & (fall < slow * value)))]
        if len(turning):
            exact[turning] = True
            fresh = surface.evaluate(theta[turning], _of(weights, turning), delta, exact[turning])
            now.curvature[turning] = fresh.curvature
        converged[left] = arrived
        left = left[~(arrived | (damping[left] > LARGEST_DAMPING))]
    return Minima(theta, now.value, converged, iteration)


def follow(
    surface: Surface, theta: np.ndarray, weights: np.ndarray, delta: float, first: float = 1e-3
) -> Minima:
    """`minimise` from nearby, and for a δ below `first` down to it in steps of √10.

    At a tiny δ the objective is all but the sum of absolute residuals: full of kinks, where Newton's method from
    afar is lost. The optimum moves little from one δ to the next.
    """
    found = minimise(surface, theta, weights, max(delta, first), slow=SLOW_NEARBY)
    current = first
    while current > delta:
        current = max(current / np.sqrt(10), delta)
        found = minimise(surface, found.theta, weights, current, slow=SLOW_NEARBY)
    return found


def _of(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return weights if weights.ndim == 1 else weights[rows]


def _solve(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(S, p, p), (S, p) -> (S, p); a row whose matrix is singular gets the right-hand side itself."""
    try:
        return np.linalg.solve(matrices, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        regular = np.linalg.matrix_rank(matrices) == matrices.shape[-1]
        out = right.copy()
        out[regular] = np.linalg.solve(matrices[regular], right[regular][:, :, None])[:, :, 0]
        return out
