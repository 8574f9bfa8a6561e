"""The loss surfaces, each a sum of falling powers and perhaps a constant.

Every form is written the way it is fitted: log L = c · log Σ_k exp(z_k), where z_k is linear in the fitted
coordinates. A term is A x^-alpha (z = log A - alpha log x) or a constant E (z = log E); c is 1 but for Kaplan's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_utils.errors import CourseError


@dataclass(frozen=True)
class Term:
    """coefficient · variable ** -exponent, or the constant coefficient if there is no variable."""

    coefficient: str
    exponent: str = ""
    variable: str = ""


@dataclass(frozen=True)
class Form:
    """A loss surface.

    params: names as people know them, in the order of every array of parameters.
    variables: the columns it needs besides `loss`. terms: the powers that it sums.
    outer: name of the power to which the sum is raised; empty for none.
    """

    name: str
    formula: str
    source: str
    params: tuple[str, ...]
    variables: tuple[str, ...]
    terms: tuple[Term, ...]
    outer: str = ""

    @property
    def irreducible(self) -> str:
        """Name of the constant that more of everything does not remove; empty if there is none."""
        return next((term.coefficient for term in self.terms if not term.variable), "")


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form(
            "power_law",
            "A x^-alpha",
            "a straight line in log-log",
            ("A", "alpha"),
            ("x",),
            (Term("A", "alpha", "x"),),
        ),
        Form(
            "power_law_irreducible",
            "E + A x^-alpha",
            "Henighan et al. 2020, arXiv 2010.14701, equation 1.1",
            ("E", "A", "alpha"),
            ("x",),
            (Term("A", "alpha", "x"), Term("E")),
        ),
        Form(
            "kaplan",
            "((Nc/n)^(alpha_N/alpha_D) + Dc/d)^alpha_D",
            "Kaplan et al. 2020, arXiv 2001.08361, equation 1.5",
            ("Nc", "Dc", "alpha_N", "alpha_D"),
            ("n", "d"),
            # Inside the bracket n has the power alpha_N/alpha_D and d the power 1.
            (Term("Nc", "alpha_N", "n"), Term("Dc", "", "d")),
            outer="alpha_D",
        ),
        Form(
            "chinchilla",
            "E + A n^-alpha + B d^-beta",
            "Hoffmann et al. 2022, arXiv 2203.15556, equation 2",
            ("E", "A", "B", "alpha", "beta"),
            ("n", "d"),
            (Term("A", "alpha", "n"), Term("B", "beta", "d"), Term("E")),
        ),
    )
}


def get_form(form: str | Form) -> Form:
    """The form of that name. Raises CourseError for an unknown one."""
    if isinstance(form, Form):
        return form
    if form not in FORMS:
        raise CourseError(f"there is no form {form!r}; use one of {', '.join(FORMS)}")
    return FORMS[form]


def loss(
    params: Mapping[str, ArrayLike], form: str | Form = "chinchilla", **variables: ArrayLike
) -> np.ndarray:
    """The loss on a surface: `loss(params, n=1e9, d=2e10)`, `loss(params, "power_law", x=k)`.

    params and variables: numbers or arrays that broadcast together. Returns float64 of the broadcast shape.
    Raises CourseError for a parameter or variable that is missing or that the form does not have.
    """
    form = get_form(form)
    _same_names(form, "parameters", form.params, params)
    _same_names(form, "variables", form.variables, variables)
    p = {name: np.asarray(value, np.float64) for name, value in params.items()}
    x = {name: np.asarray(value, np.float64) for name, value in variables.items()}
    if form.outer:
        inner = (p["Nc"] / x["n"]) ** (p["alpha_N"] / p["alpha_D"]) + p["Dc"] / x["d"]
        return inner ** p["alpha_D"]
    terms = [
        p[t.coefficient] * x[t.variable] ** -p[t.exponent] if t.variable else p[t.coefficient]
        for t in form.terms
    ]
    return sum(terms[1:], terms[0])


def _same_names(form: Form, kind: str, wanted: tuple[str, ...], given: Mapping) -> None:
    if set(given) != set(wanted):
        raise CourseError(
            f"{form.name} has the {kind} {', '.join(wanted)}, not {', '.join(map(str, given)) or 'none'}"
        )
