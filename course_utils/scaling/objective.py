"""The Huber loss of log residuals, its gradient and its curvature, for many parameter vectors at once.

A row is one problem: a start, or a resample with its own weights. With z_k linear in the coordinates θ,

    r_i = c · log Σ_k exp(z_ki) - log L_i,        f = Σ_i w_i · huber(r_i, δ)      (Hoffmann et al. 2022, equation 3)

all derivatives are sums of w_i · (shares of terms) · (products of two columns), that is, products of a
(rows, points) array with a thin matrix. Nothing of size (rows, points, parameters) is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.scaling.forms import Form, Term
from course_utils.scaling.points import Points

# Rows evaluated together: few enough that the arrays of one block stay in the second-level cache.
BLOCK_NUMBERS = 8_000
EXPONENT_BOUNDS = (0.0, 10.0)
OUTER_BOUNDS = (1e-3, 10.0)
# An E this many e-folds below the smallest loss is as good as none.
E_FOLDS_BELOW = 12.0


@dataclass(frozen=True)
class Evaluation:
    """Per row: value (S,), gradient (S, p), curvature (S, p, p), and a positive scale (S, p) of each coordinate."""

    value: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray
    scale: np.ndarray


class Surface:
    """One form on given points, in the coordinates it is fitted in.

    Coordinates, in order of terms: log coefficient, exponent (if free to differ from 1); then the outer power.
    Variables are centred (log x - mean), which takes most of the correlation out of a coefficient and its
    exponent. A coefficient held fixed is not centred, so that it stays a coordinate.

    size: number of coordinates. lower, upper: (p,) bounds. held: (p,) bool, coordinates that stay as they are.
    """

    def __init__(self, points: Points, form: Form, fixed: dict[str, float]):
        self.form, self.points, self.fixed = form, points, fixed
        self.log_loss = np.log(points.loss)
        self.designs: list[np.ndarray] = []
        self.offsets: list[np.ndarray | None] = []
        self.slices: list[slice] = []
        self.centres: list[float] = []
        self.names: list[str] = []  # the parameter that each coordinate stands for
        ones = np.ones(len(points))
        for term in form.terms:
            columns, offset, centre = [ones], None, 0.0
            if term.variable:
                log_x = np.log(points.x[term.variable])
                centre = 0.0 if term.coefficient in fixed else float(log_x.mean())
                if term.exponent:
                    columns.append(centre - log_x)
                else:
                    offset = centre - log_x
            self.slices.append(slice(len(self.names), len(self.names) + len(columns)))
            self.names += [name for name in (term.coefficient, term.exponent) if name]
            self.designs.append(np.stack(columns, axis=1))
            self.offsets.append(offset)
            self.centres.append(centre)
        if form.outer:
            self.names.append(form.outer)
        self.size = len(self.names)
        self.pairs = {
            (k, j): (x[:, :, None] * y[:, None, :]).reshape(len(points), -1)
            for k, x in enumerate(self.designs)
            for j, y in enumerate(self.designs)
            if j >= k
        }
        self.squares = [x**2 for x in self.designs]
        self.held = np.array([name in fixed for name in self.names])
        self.lower, self.upper = self._bounds()

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        for term, part in zip(self.form.terms, self.slices, strict=True):
            if term.exponent:
                lower[part.stop - 1], upper[part.stop - 1] = EXPONENT_BOUNDS
                if self.form.outer:  # the power inside the bracket is a ratio of two exponents
                    upper[part.stop - 1] = EXPONENT_BOUNDS[1] / OUTER_BOUNDS[0]
            if not term.variable:
                lower[part.start] = self.log_loss.min() - E_FOLDS_BELOW
        if self.form.outer:
            lower[-1], upper[-1] = OUTER_BOUNDS
        return lower, upper

    # ---- between coordinates and parameters

    def coordinates(self, params: np.ndarray) -> np.ndarray:
        """(S, P) parameters in the form's order -> (S, p) coordinates, within their bounds."""
        values = dict(zip(self.form.params, params.T, strict=True))
        values |= {name: np.full(len(params), value) for name, value in self.fixed.items()}
        columns = []
        for term, centre in zip(self.form.terms, self.centres, strict=True):
            power = self._inner_power(term, values)
            level = np.log(values[term.coefficient])
            if self.form.outer and term.exponent:
                level = level * power  # (Nc / n) ** u = exp(u log Nc - u log n)
            columns.append(level - power * centre)
            if term.exponent:
                columns.append(power)
        if self.form.outer:
            columns.append(values[self.form.outer])
        theta = np.stack(columns, axis=1)
        return np.where(self.held, theta, np.clip(theta, self.lower, self.upper))

    def _inner_power(self, term: Term, values: dict[str, np.ndarray]) -> np.ndarray | float:
        if not term.variable:
            return 0.0
        if not term.exponent:
            return 1.0
        return values[term.exponent] / values[self.form.outer] if self.form.outer else values[term.exponent]

    def working(self, theta: np.ndarray) -> np.ndarray:
        """(S, p) coordinates -> (S, P): logarithms of coefficients, and exponents, in the form's order."""
        values: dict[str, np.ndarray] = {}
        for term, part, centre in zip(self.form.terms, self.slices, self.centres, strict=True):
            level = theta[:, part.start]
            if not term.exponent:
                values[term.coefficient] = level + centre
            elif self.form.outer:
                power = theta[:, part.stop - 1]
                values[term.coefficient] = level / np.maximum(power, 1e-12) + centre
                values[term.exponent] = power * theta[:, -1]
            else:
                values[term.exponent] = theta[:, part.stop - 1]
                values[term.coefficient] = level + values[term.exponent] * centre
        if self.form.outer:
            values[self.form.outer] = theta[:, -1]
        return np.stack([values[name] for name in self.form.params], axis=1)

    def logged(self) -> np.ndarray:
        """(P,) bool: whether `working` holds the logarithm of that parameter."""
        coefficients = {term.coefficient for term in self.form.terms}
        return np.array([name in coefficients for name in self.form.params])

    def params(self, theta: np.ndarray) -> np.ndarray:
        """(S, p) coordinates -> (S, P) parameters in the form's order. Fixed ones come back exactly."""
        working = self.working(theta)
        with np.errstate(over="ignore"):
            values = np.where(self.logged(), np.exp(np.where(self.logged(), working, 0.0)), working)
        for name, value in self.fixed.items():
            values[:, self.form.params.index(name)] = value
        return values

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """(p,) coordinates -> (P, p): how `working` moves with each coordinate."""
        steps = 1e-6 * np.maximum(np.abs(theta), 1.0)
        ahead = self.working(theta + np.diag(steps))
        behind = self.working(theta - np.diag(steps))
        return ((ahead - behind) / (2 * steps)[:, None]).T

    # ---- values and derivatives

    def residuals(self, theta: np.ndarray) -> np.ndarray:
        """(p,) coordinates -> (m,) log prediction - log loss."""
        return self._terms(theta[None])[2][0]

    def _terms(self, theta: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """Shares of the terms [(S, m)], log of their sum (S, m), residuals (S, m)."""
        z = [theta[:, part] @ design.T for part, design in zip(self.slices, self.designs, strict=True)]
        for exponents, offset in zip(z, self.offsets, strict=True):
            if offset is not None:
                exponents += offset
        top = z[0] if len(z) == 1 else np.maximum.reduce(z)
        shares = [np.exp(exponents - top) for exponents in z]
        total = sum(shares[1:], shares[0])
        log_sum = np.log(total)
        log_sum += top
        inverse = 1.0 / total
        shares = [share * inverse for share in shares]
        outer = theta[:, -1:] if self.form.outer else 1.0
        return shares, log_sum, outer * log_sum - self.log_loss

    def jacobian_of_residuals(self, theta: np.ndarray) -> np.ndarray:
        """(p,) coordinates -> (m, p)."""
        shares, log_sum, _ = self._terms(theta[None])
        outer = theta[-1] if self.form.outer else 1.0
        columns = [outer * share[0][:, None] * x for share, x in zip(shares, self.designs, strict=True)]
        if self.form.outer:
            columns.append(log_sum[0][:, None])
        return np.concatenate(columns, axis=1)

    def evaluate(self, theta: np.ndarray, weights: np.ndarray, delta: float, exact: np.ndarray) -> Evaluation:
        """Value and derivatives at (S, p) coordinates.

        weights: (m,) or (S, m). delta: where Huber's loss turns from r²/2 to δ(|r| - δ/2); inf for least squares.
        exact: (S,) bool. The curvature is the exact Hessian there; elsewhere that of reweighted least squares,
        Σ w min(1, δ/|r|) ∇r ∇rᵀ, which is never negative and never underrates Huber's loss.
        """
        rows = len(theta)
        out = Evaluation(
            np.empty(rows),
            np.empty((rows, self.size)),
            np.empty((rows, self.size, self.size)),
            np.empty((rows, self.size)),
        )
        block = max(1, BLOCK_NUMBERS // len(self.log_loss))
        for start in range(0, rows, block):
            part = slice(start, start + block)
            w = weights if weights.ndim == 1 else weights[part]
            self._evaluate_block(theta[part], w, delta, exact[part], out, part)
        return out

    def _evaluate_block(
        self,
        theta: np.ndarray,
        weights: np.ndarray,
        delta: float,
        exact: np.ndarray,
        out: Evaluation,
        rows: slice,
    ) -> None:
        shares, log_sum, r = self._terms(theta)
        size, psi = np.abs(r), np.clip(r, -delta, delta)
        out.value[rows] = ((r - 0.5 * psi) * psi * weights).sum(axis=1)
        psi *= weights
        with np.errstate(divide="ignore"):
            secant = np.minimum(1.0, delta / size) * weights
        # ∇r = c · share · design: q multiplies ∇r ∇rᵀ, and ψ multiplies ∇²r, which only the exact Hessian has.
        q = np.where(exact[:, None], (size <= delta) * weights, secant)
        inner_psi, inner_q, inner_secant = psi, q, secant
        if self.form.outer:
            outer = theta[:, -1:]
            inner_psi, inner_q, inner_secant = psi * outer, q * outer**2, secant * outer**2
        exactly = exact[:, None].astype(np.float64)
        mixed = inner_q - exactly * inner_psi
        curvature = out.curvature[rows]
        for k, (part, design, share) in enumerate(zip(self.slices, self.designs, shares, strict=True)):
            width = part.stop - part.start
            pull = inner_psi * share
            out.gradient[rows, part] = pull @ design
            out.scale[rows, part] = (inner_secant * share * share) @ self.squares[k]
            mixed_share = mixed * share
            pull *= exactly
            pull += mixed_share * share
            curvature[:, part, part] = (pull @ self.pairs[k, k]).reshape(-1, width, width)
            for j in range(k + 1, len(shares)):
                other = self.slices[j]
                cross = ((mixed_share * shares[j]) @ self.pairs[k, j]).reshape(
                    -1, width, other.stop - other.start
                )
                curvature[:, part, other] = cross
                curvature[:, other, part] = cross.transpose(0, 2, 1)
            if self.form.outer:
                cross = (q * outer * share * log_sum + exactly * psi * share) @ design
                curvature[:, part, -1] = curvature[:, -1, part] = cross
        if self.form.outer:
            out.gradient[rows, -1] = (psi * log_sum).sum(axis=1)
            out.scale[rows, -1] = (secant * log_sum**2).sum(axis=1)
            curvature[:, -1, -1] = (q * log_sum**2).sum(axis=1)
