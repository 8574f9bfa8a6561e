"""The best model for a budget of compute, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_utils.errors import CourseError
from course_utils.scaling.fitting import Fit
from course_utils.scaling.forms import Form, get_form, loss

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0
# A budget this many times the largest run's is no extrapolation: n or d are in another unit, such as billions.
ANOTHER_UNIT = 1e7


@dataclass(frozen=True)
class Allocation:
    """n parameters and d tokens that reach the lowest loss for `flops`; numbers or arrays.

    n_exponent: a in n ∝ flops^a; d grows with 1 - a.
    """

    flops: np.ndarray
    n: np.ndarray
    d: np.ndarray
    loss: np.ndarray
    n_exponent: np.ndarray

    @property
    def tokens_per_parameter(self) -> np.ndarray:
        """d / n."""
        return self.d / self.n


def compute_optimal(
    params: Fit | Mapping[str, ArrayLike],
    flops: ArrayLike,
    form: str | Form = "chinchilla",
    flops_per: float = FLOPS_PER_PARAMETER_AND_TOKEN,
) -> Allocation:
    """Least loss subject to flops_per · n · d = flops.

    Where A n^-alpha + B d^-beta is least: n = G (C/6)^a, a = beta / (alpha + beta), G = (alpha A / beta B)^(1 /
    (alpha + beta)) (Hoffmann et al. 2022, equation 4). Kaplan's bracket is of the same shape, with powers
    alpha_N / alpha_D and 1.

    params: a Fit, or name -> number or array (a bootstrap's params); flops: FLOPs that broadcast with them. n and d
    come in the unit of the points that were fitted: flops_per is 6e9 where one of them is in billions, 6e18 where both.
    Raises CourseError unless flops, coefficients and exponents are above 0, for a form without n and d, and for a
    budget so far above the runs of a Fit that its unit must be another one.
    """
    if isinstance(params, Fit):
        _check_unit(params, np.asarray(flops, np.float64), flops_per)
        form, params = params.form, params.params
    form = get_form(form)
    if form.variables != ("n", "d"):
        raise CourseError(f"{form.name} has no n and d to share compute between; use chinchilla or kaplan")
    missing = [name for name in form.params if name not in params]
    if missing:
        raise CourseError(f"{missing[0]} is missing; {form.name} has the parameters {', '.join(form.params)}")
    p = {name: np.asarray(params[name], np.float64) for name in form.params}
    compute = np.asarray(flops, np.float64)
    for name, value in (("flops", compute), ("flops_per", np.asarray(flops_per)), *p.items()):
        if name != form.irreducible and not (value > 0).all():
            raise CourseError(
                f"{name} = {value[~(value > 0)].flat[0] if value.ndim else value:g} leaves no best n and d; "
                "it must be above 0"
            )
    if form.outer:
        alpha, beta = p["alpha_N"] / p["alpha_D"], np.ones_like(p["alpha_D"])
        log_ratio = alpha * np.log(p["Nc"]) - np.log(p["Dc"])
    else:
        alpha, beta = p["alpha"], p["beta"]
        log_ratio = np.log(p["A"]) - np.log(p["B"])
    exponent = beta / (alpha + beta)
    n = np.exp((np.log(alpha / beta) + log_ratio) / (alpha + beta) + exponent * np.log(compute / flops_per))
    d = compute / flops_per / n
    return Allocation(compute, n, d, loss(p, form, n=n, d=d), exponent)


def _check_unit(fit: Fit, flops: np.ndarray, flops_per: float) -> None:
    if fit.form.variables != ("n", "d"):
        return  # refused by its form
    largest = float((flops_per * fit.points.x["n"] * fit.points.x["d"]).max())
    if flops.size and flops.max() > ANOTHER_UNIT * largest:
        raise CourseError(
            f"flops = {flops.max():.3g} is {flops.max() / largest:.1e} times the largest run of this fit "
            f"({flops_per:g}·n·d = {largest:.3g}): are its n or d in billions? Fit plain counts, or say so with "
            "flops_per (6e9 if one is in billions, 6e18 if both); n and d then come in billions, too"
        )
