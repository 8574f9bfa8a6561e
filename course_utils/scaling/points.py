"""Reading measured points, and refusing those from which a parameter cannot be known."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.errors import CourseError
from course_utils.scaling.forms import Form

if TYPE_CHECKING:
    import pandas as pd

# Points whose log d is known from their log n to within this (2 %) lie on one line for our purposes.
LINE_SPREAD = 0.02


class BadPoints(CourseError):
    """Points that cannot be fitted; says which parameter cannot be identified and why."""


@dataclass(frozen=True)
class Points:
    """Checked points. x: per variable (m,) float64 > 0; loss: (m,) float64 > 0."""

    x: dict[str, np.ndarray]
    loss: np.ndarray

    def __len__(self) -> int:
        return len(self.loss)


def read_points(points: Mapping[str, Any] | pd.DataFrame, form: Form) -> Points:
    """The columns that `form` needs, as float64.

    points: mapping or DataFrame. A form of one variable takes `x` or, lacking that, the one column besides
    `loss`. Raises BadPoints for missing columns, unequal lengths and values that are not finite and positive.
    """
    names = [str(name) for name in points]
    if form.variables == ("x",) and "x" not in names:
        others = [name for name in names if name != "loss"]
        if len(others) != 1:
            raise BadPoints(
                f"{form.name} needs one column besides loss, called x; these points have {', '.join(names) or 'none'}"
            )
        sources = {"x": others[0]}
    else:
        sources = {name: name for name in form.variables}
    missing = [name for name in (*sources.values(), "loss") if name not in names]
    if missing:
        raise BadPoints(
            f"{form.name} needs the columns {', '.join((*sources.values(), 'loss'))}; {missing[0]} is missing"
        )
    columns = {name: _column(points, source) for name, source in (*sources.items(), ("loss", "loss"))}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise BadPoints(f"the columns have different lengths: {', '.join(map(str, sorted(lengths)))}")
    return Points({name: columns[name] for name in form.variables}, columns["loss"])


def needed_values(form: Form, fixed: Mapping[str, float]) -> dict[str, int]:
    """How many different values of each variable it takes to know the free parameters of that variable's term.

    One for each free parameter, and one more to tell a power from a free constant.
    """
    constant = bool(form.irreducible) and form.irreducible not in fixed
    needed = {}
    for term in form.terms:
        free = [name for name in term_params(term) if name not in fixed]
        if form.outer and not term.exponent:
            free.append(form.outer)  # Kaplan's: d fixes Dc and the outer power
        if term.variable:
            needed[term.variable] = len(free) + constant if free else 1
    return needed


def term_params(term: Any) -> tuple[str, ...]:
    """Names of the parameters of one term."""
    return (term.coefficient, term.exponent) if term.exponent else (term.coefficient,)


def check_identifiable(points: Points, form: Form, fixed: Mapping[str, float]) -> None:
    """Raise BadPoints if some free parameter of `form` has no say in, or no single answer from, these points.

    Warns if there are only as many different points as free parameters: then nothing is left to judge the fit by.
    """
    free = [name for name in form.params if name not in fixed]
    for term in form.terms:
        if term.variable:
            _check_term(points, form, term, fixed)
    distinct = len(np.unique(np.stack([*points.x.values()], axis=1), axis=0))
    if distinct < len(free):
        raise BadPoints(
            f"{distinct} different points cannot identify the {len(free)} parameters {', '.join(free)}: "
            f"many surfaces pass through all of them; give at least {len(free)}, better three times as many, "
            "or fix some"
        )
    if distinct == len(free):
        warnings.warn(
            f"{distinct} different points and as many parameters ({', '.join(free)}): a surface may pass through all "
            "of them, so residuals and intervals say nothing; give more points, or fix a parameter",
            stacklevel=3,
        )
    if form.irreducible in fixed:
        _check_floor(points, form, fixed[form.irreducible])
    if len(form.variables) == 2:
        _check_not_a_line(points, form, fixed)


def _column(points: Mapping[str, Any] | pd.DataFrame, name: str) -> np.ndarray:
    try:
        column = np.asarray(points[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadPoints(f"column {name} is not numbers: {error}") from None
    if column.ndim != 1:
        raise BadPoints(f"column {name} has shape {column.shape}; give one number a point")
    if not len(column):
        raise BadPoints(f"column {name} is empty; give at least one point a parameter")
    wrong = np.flatnonzero(~(np.isfinite(column) & (column > 0)))
    if len(wrong):
        raise BadPoints(
            f"{name}[{wrong[0]}] is {column[wrong[0]]:g}; a power law needs finite numbers above 0 because it is "
            f"fitted in logarithms, so no parameter can be identified: drop the point or mend it "
            f"({len(wrong)} of {len(column)} points are wrong)"
        )
    return column


def _check_term(points: Points, form: Form, term: Any, fixed: Mapping[str, float]) -> None:
    values = np.unique(points.x[term.variable])
    needed = needed_values(form, fixed)[term.variable]
    if len(values) >= needed:
        return
    free = [name for name in term_params(term) if name not in fixed]
    names, variable = " and ".join(free) or form.outer, term.variable
    constant = form.irreducible if form.irreducible not in fixed else ""
    if len(values) == 1:
        other = f" and cannot be told from {constant}" if constant else ""
        why = f"all points have {variable} = {values[0]:g}, so the {variable}-term is one constant{other}"
    else:
        also = f", {constant} included" if constant else ""
        why = f"{len(values)} different values of {variable} give {len(values)} equations for {needed} unknowns{also}"
    raise BadPoints(
        f"{names} cannot be identified: {why}; measure at {needed} or more values of {variable}, or fix a parameter"
    )


def _check_floor(points: Points, form: Form, floor: float) -> None:
    if floor >= points.loss.max():
        raise BadPoints(
            f"{form.irreducible} is fixed at {floor:g}, and no loss lies above it (the largest is "
            f"{points.loss.max():g}): every other term would have to vanish; fix it below the losses, in their unit"
        )


def _check_not_a_line(points: Points, form: Form, fixed: Mapping[str, float]) -> None:
    """With d a function of n the two powers are powers of one variable, and only their sum is seen."""
    first, second = form.variables
    n, d = np.log(points.x[first]), np.log(points.x[second])
    if n.std() == 0 or d.std() == 0:
        return  # allowed only where that term is fixed
    slope = np.cov(n, d)[0, 1] / n.var(ddof=1)
    if np.std(d - d.mean() - slope * (n - n.mean())) > LINE_SPREAD:
        return
    names = [name for term in form.terms if term.variable for name in term_params(term) if name not in fixed]
    if len(names) < 3:
        return
    if abs(slope + 1) < 0.05:
        where = f"one isoFLOP line ({first}·{second} = {np.exp((n + d).mean()):.3g})"
    else:
        where = f"one line ({second} in proportion to {first}^{slope:.2g})"
    raise BadPoints(
        f"{', '.join(names)} cannot be identified: all points lie on {where}, where {second} follows from {first}, "
        f"so the loss shows only the sum of the {first}-term and the {second}-term; add points off the line"
    )
