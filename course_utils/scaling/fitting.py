"""Fit a loss surface to measured points: Huber's loss of log residuals, least over many starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from course_utils.errors import CourseError
from course_utils.scaling.forms import Form, get_form, loss
from course_utils.scaling.newton import follow, minimise
from course_utils.scaling.objective import Surface
from course_utils.scaling.points import Points, check_identifiable, read_points

if TYPE_CHECKING:
    import pandas as pd

# Starts are followed this far; the best of them, as many as CANDIDATES, to the end.
START_ITERATIONS = 60
START_TOLERANCE = 1e-6
CANDIDATES = 24
# A fit with a standard error above this (e-folds of a coefficient, or units of an exponent) knows nothing of it.
KNOWS_NOTHING = 5.0
FLAT = 1e-9


class DidNotConverge(CourseError):
    """The descent ended before an optimum: there is no fit to return."""


@dataclass(frozen=True)
class Fit:
    """An optimum, and how well the points fix it.

    params: name -> value. objective: the sum over points of Huber's loss of log residuals. delta: Huber's δ.
    covariance: (P, P) of `params` in their order, 0 for fixed ones. Linearised at
    the optimum; `scaling.bootstrap` is not. standard_errors: name -> its root, inf
    where flat. flat: parameters that the points do not fix (the objective is level along them).
    at_bound: parameters that stopped at the edge of what is allowed (an exponent at 0, an E of nothing).
    residuals: (m,) log prediction - log loss. starts: how many; reached: the share that came within 1 % of
    the best objective.
    """

    form: Form
    params: dict[str, float]
    objective: float
    delta: float
    covariance: np.ndarray = field(repr=False)
    standard_errors: dict[str, float]
    flat: tuple[str, ...]
    at_bound: tuple[str, ...]
    fixed: dict[str, float]
    residuals: np.ndarray = field(repr=False)
    starts: int
    reached: float
    points: Points = field(repr=False)

    def predict(self, **variables: ArrayLike) -> np.ndarray:
        """The fitted loss: `fit.predict(n=1e9, d=2e10)`."""
        return loss(self.params, self.form, **variables)

    def interval(self, confidence: float = 0.95, jointly: bool = False) -> dict[str, tuple[float, float]]:
        """name -> (low, high) from the standard errors and Student's t; symmetric in log for coefficients.

        Each interval holds by itself with that confidence; with jointly, all of them do at once (Bonferroni).
        A fixed parameter's is a point, a flat one's is everything.
        """
        spare = len(self.points) - len(self.params) + len(self.fixed)
        t = float(stdtrit(max(spare, 1), 0.5 + self.each(confidence, jointly) / 2))
        logged = {term.coefficient for term in self.form.terms}
        out = {}
        for name, value in self.params.items():
            error = self.standard_errors[name]
            if math.isinf(error):
                out[name] = (0.0, math.inf)
            elif name in logged:
                factor = math.exp(min(t * error / value, 700.0))
                out[name] = (value / factor, value * factor)
            else:
                out[name] = (value - t * error, value + t * error)
        return out

    def each(self, confidence: float, jointly: bool) -> float:
        """The confidence of each free parameter's interval."""
        if not 0 < confidence < 1:
            raise CourseError(f"confidence = {confidence} is not a share between 0 and 1; use 0.95")
        return 1 - (1 - confidence) / (len(self.params) - len(self.fixed)) if jointly else confidence

    def __str__(self) -> str:
        lines = [f"{self.form.name}: L = {self.form.formula}, {len(self.points)} points"]
        for name, value in self.params.items():
            if name in self.fixed:
                note = "fixed"
            elif name in self.at_bound:
                note = "at its bound: the points give no reason for a value inside"
            elif name in self.flat:
                note = "not fixed by these points: the optimum is flat along it"
            else:
                note = f"± {self.standard_errors[name]:.3g}"
            lines.append(f"  {name:8s} {value:<12.6g} {note}")
        lines.append(
            f"objective {self.objective:.6g} (Huber, δ = {self.delta:g}); {self.reached:.0%} of {self.starts} starts"
        )
        return "\n".join(lines)


def fit(
    points: Mapping[str, Any] | pd.DataFrame,
    form: str | Form = "chinchilla",
    starts: ArrayLike | None = None,
    delta: float = 1e-3,
    fixed: Mapping[str, float] | None = None,
) -> Fit:
    """Fit `form` to `points` by Hoffmann et al.'s approach 3 (arXiv 2203.15556, section 3.3).

    points: mapping or DataFrame with the form's columns (`n` parameters, `d` tokens; or `x`) and `loss` in nats.
    starts: (S, P) natural values in the order of the form's params; by default a grid around the points' own
    scale. `hoffmann_grid()` is the paper's. delta: Huber's δ in log loss; inf is least squares, δ -> 0 least
    absolute residuals. fixed: parameters that are known, such as {"E": entropy of the source}.
    Raises BadPoints if a parameter cannot be identified, DidNotConverge, and CourseError for bad arguments.
    """
    form = get_form(form)
    fixed = _check_fixed(form, fixed)
    if not delta > 0:
        raise CourseError(
            f"delta = {delta} is no width for Huber's loss; use 1e-3, or a small number above 0"
        )
    read = read_points(points, form)
    check_identifiable(read, form, fixed)
    surface = Surface(read, form, fixed)
    grid = _default_starts(read, form, fixed) if starts is None else _check_starts(starts, form)
    theta = np.unique(surface.coordinates(grid), axis=0)

    weights = np.ones(len(read))
    coarse = minimise(surface, theta, weights, max(delta, 1e-3), START_TOLERANCE, START_ITERATIONS)
    chosen = _best_distinct(coarse.theta, coarse.value)
    found = follow(surface, coarse.theta[chosen], weights, delta)
    best = int(np.argmin(found.value))
    if not found.converged[best]:
        raise DidNotConverge(
            f"the best of {len(theta)} starts stopped at objective {found.value[best]:.6g} short of an optimum; "
            "try other starts, a larger delta, or fix a parameter"
        )
    rounding = len(read) * 1e-20  # what "within 1 %" means for points without noise
    reached = float(np.mean(coarse.value <= 1.01 * coarse.value.min() + rounding))
    return _describe(surface, found.theta[best], float(found.value[best]), delta, len(theta), reached)


def hoffmann_grid() -> np.ndarray:
    """The 4,500 starts of Hoffmann et al. for the Chinchilla form, (4500, 5): E, A, B, alpha, beta.

    alpha, beta in {0, 0.5, … 2}, log E in {-1, -0.5, … 1}, log A, log B in {0, 5, … 25} (appendix D.3).
    """
    powers, levels, constants = np.arange(0, 2.5, 0.5), np.arange(0.0, 30, 5), np.arange(-1, 1.5, 0.5)
    grid = np.array(list(product(constants, levels, levels, powers, powers)))
    grid[:, :3] = np.exp(grid[:, :3])
    return grid


def _check_fixed(form: Form, fixed: Mapping[str, float] | None) -> dict[str, float]:
    fixed = {name: float(value) for name, value in (fixed or {}).items()}
    if fixed and form.outer:
        raise CourseError(
            f"{form.name} takes no fixed parameters ({', '.join(fixed)}): its powers are tied together"
        )
    for name, value in fixed.items():
        if name not in form.params:
            raise CourseError(
                f"{form.name} has no parameter {name!r} to fix; it has {', '.join(form.params)}"
            )
        if not (math.isfinite(value) and value > 0):
            raise CourseError(f"{name} = {value:g} cannot be fixed; use a finite number above 0")
    if len(fixed) == len(form.params):
        raise CourseError(
            f"all parameters of {form.name} are fixed, so there is nothing to fit; leave one free"
        )
    return fixed


def _check_starts(starts: ArrayLike, form: Form) -> np.ndarray:
    grid = np.atleast_2d(np.asarray(starts, np.float64))
    if grid.ndim != 2 or grid.shape[1] != len(form.params) or not len(grid):
        raise CourseError(
            f"starts have shape {np.shape(starts)}; {form.name} needs (S, {len(form.params)}): {', '.join(form.params)}"
        )
    coefficients = [form.params.index(term.coefficient) for term in form.terms]
    outer = [form.params.index(form.outer)] if form.outer else []
    if not np.isfinite(grid).all() or (grid < 0).any() or (grid[:, coefficients + outer] == 0).any():
        raise CourseError("starts must be finite, coefficients above 0 and exponents not below 0")
    return grid


def _default_starts(points: Points, form: Form, fixed: Mapping[str, float]) -> np.ndarray:
    """A grid in which every term matters at the middle of the points, whatever their units.

    E a share of the smallest loss; what is left of the typical loss shared between the terms; all exponents.
    """
    typical, least = float(np.exp(np.log(points.loss).mean())), float(points.loss.min())
    middle = {name: float(np.exp(np.log(x).mean())) for name, x in points.x.items()}
    if form.outer:
        return _kaplan_starts(typical, middle)
    powers = [term for term in form.terms if term.variable]
    constants = (
        [fixed[form.irreducible]] if form.irreducible in fixed else [s * least for s in (0.3, 0.6, 0.9)]
    )
    shares = [(s, 1 - s) for s in (0.2, 0.5, 0.8)] if len(powers) == 2 else [(1.0,)]
    grid = []
    for constant, share in product(constants if form.irreducible else [0.0], shares):
        rest = max(typical - constant, 0.01 * typical)
        for exponents in product((0.1, 0.3, 0.6, 1.0, 1.5), repeat=len(powers)):
            values = {form.irreducible: constant}
            for term, part, exponent in zip(powers, share, exponents, strict=True):
                values[term.exponent] = fixed.get(term.exponent, exponent)
                values[term.coefficient] = part * rest * middle[term.variable] ** values[term.exponent]
            grid.append([values[name] for name in form.params])
    return np.array(grid)


def _kaplan_starts(typical: float, middle: dict[str, float]) -> np.ndarray:
    grid = []
    for outer, ratio, share in product((0.03, 0.1, 0.3, 0.8), (0.3, 0.6, 1.0, 1.5, 3.0), (0.1, 0.5, 0.9)):
        # share · typical^(1/outer) = (Nc / middle n) ^ ratio, and the rest is Dc / middle d
        level = math.log(typical) / outer
        nc = middle["n"] * math.exp((math.log(share) + level) / ratio)
        dc = middle["d"] * math.exp(math.log(1 - share) + level)
        grid.append([nc, dc, outer * ratio, outer])
    return np.array(grid)


def _best_distinct(theta: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Indices of the rows to follow to the end: the best, no two of them in the same place."""
    order = np.argsort(value)
    _, first = np.unique(np.round(theta[order], 6), axis=0, return_index=True)
    return order[np.sort(first)[:CANDIDATES]]


def _describe(
    surface: Surface, theta: np.ndarray, objective: float, delta: float, starts: int, reached: float
) -> Fit:
    """Standard errors, flat directions and bounds at an optimum."""
    form = surface.form
    at_edge = ~surface.held & ((theta <= surface.lower + 1e-9) | (theta >= surface.upper - 1e-9))
    free = ~(surface.held | at_edge)
    covariance, level = _covariance(surface, theta, free, delta)
    to_working = surface.jacobian(theta)
    working = to_working @ covariance @ to_working.T
    errors = np.sqrt(np.maximum(np.diag(working), 0.0))
    # A level direction of the coordinates makes every parameter flat that it moves.
    moved = np.abs(to_working[:, level]).sum(axis=1) if level.any() else np.zeros(len(form.params))
    bounds = {surface.names[k] for k in np.flatnonzero(at_edge)}
    # Where an exponent is only "as far as allowed", its coefficient is no better known.
    dragged = {term.coefficient for term in form.terms if term.exponent in bounds}
    known = bounds | set(surface.fixed)
    flat = tuple(
        name
        for name, error, shift in zip(form.params, errors, moved, strict=True)
        if name not in known and (name in dragged or shift > 0.1 or error > KNOWS_NOTHING)
    )
    values = surface.params(theta[None])[0]
    natural = np.where(surface.logged(), values, 1.0)
    covariance = working * np.outer(natural, natural)
    standard_errors = {}
    for k, name in enumerate(form.params):
        unknown = name in flat or name in bounds
        standard_errors[name] = math.inf if unknown else float(np.sqrt(max(covariance[k, k], 0.0)))
    return Fit(
        form=form,
        params={name: float(value) for name, value in zip(form.params, values, strict=True)},
        objective=objective,
        delta=delta,
        covariance=covariance,
        standard_errors=standard_errors,
        flat=flat,
        at_bound=tuple(name for name in form.params if name in bounds),
        fixed=dict(surface.fixed),
        residuals=surface.residuals(theta),
        starts=starts,
        reached=reached,
        points=surface.points,
    )


def _covariance(
    surface: Surface, theta: np.ndarray, free: np.ndarray, delta: float
) -> tuple[np.ndarray, np.ndarray]:
    """(p, p) covariance of the coordinates, and (p,) bool: those along which the objective is level.

    The sandwich of an M-estimator, H⁻¹ (Σ ψ² ∇r ∇rᵀ) H⁻¹ with H = Σ ψ' ∇r ∇rᵀ (Huber 1967), which lets the noise
    differ from point to point. ψ' is 1 within δ; where δ is too narrow to hold enough points a wider window
    stands in for it, at the same density (Powell 1991).
    """
    jacobian, r = surface.jacobian_of_residuals(theta)[:, free], surface.residuals(theta)
    m, p = jacobian.shape
    covariance, level = np.zeros((surface.size, surface.size)), np.zeros(surface.size, bool)
    _, level[free] = _inverse(jacobian.T @ jacobian)

    spread = 1.4826 * np.median(np.abs(r)) * m / max(m - p, 1)
    window = max(delta, spread * m**-0.2)
    density = delta / window if math.isfinite(delta) else 1.0
    inside = jacobian[np.abs(r) <= window]
    bread, unseen = _inverse(density * inside.T @ inside)
    psi = np.clip(r, -delta, delta)[:, None] * jacobian
    meat = psi.T @ psi * (m / max(m - p, 1))
    covariance[np.ix_(free, free)] = bread @ meat @ bread
    level[free] |= unseen
    return covariance, level


def _inverse(information: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pseudo-inverse of a (p, p) information matrix, and (p,) bool: coordinates that it knows nothing of."""
    scale = np.sqrt(np.diag(information))
    gone = scale <= math.sqrt(FLAT) * scale.max()
    safe = np.where(gone, 1.0, scale)
    correlation = information / np.outer(safe, safe)
    correlation[gone] = correlation[:, gone] = 0.0
    correlation[gone, gone] = 1.0
    eigenvalues, vectors = np.linalg.eigh(correlation)
    weak = eigenvalues < FLAT
    inverse = (vectors[:, ~weak] / eigenvalues[~weak]) @ vectors[:, ~weak].T / np.outer(safe, safe)
    inverse[gone] = inverse[:, gone] = 0.0
    return inverse, gone | (np.abs(vectors[:, weak]) > 0.1).any(axis=1)
