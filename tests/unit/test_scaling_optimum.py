"""Compute-optimal sizes: the closed form against a search, and parabolas through equal budgets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from course_utils import scaling
from course_utils.errors import CourseError

PRINTED = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
KAPLAN = {"Nc": 8.8e13, "Dc": 5.4e13, "alpha_N": 0.076, "alpha_D": 0.095}


@pytest.mark.parametrize(("form", "params"), [("chinchilla", PRINTED), ("kaplan", KAPLAN)])
@pytest.mark.parametrize("flops", [1e18, 1e24])
def test_closed_form_is_the_lowest_point_of_the_budget(form: str, params: dict, flops: float) -> None:
    found = scaling.compute_optimal(params, flops, form)
    searched = minimize_scalar(
        lambda log_n: float(scaling.loss(params, form, n=np.exp(log_n), d=flops / 6 / np.exp(log_n))),
        bounds=(np.log(1e5), np.log(1e14)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert np.log(found.n) == pytest.approx(searched.x, abs=1e-5)
    assert found.loss == pytest.approx(searched.fun, rel=1e-12)
    assert 6 * found.n * found.d == pytest.approx(flops)
    more = scaling.compute_optimal(params, 10 * flops, form)
    assert np.log10(more.n / found.n) == pytest.approx(found.n_exponent)


@pytest.mark.parametrize(
    ("params", "tokens"),
    [
        (PRINTED, 93),
        ({"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.3392, "beta": 0.2849}, 59),
        ({"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}, 18.3),
    ],
)
def test_tokens_per_parameter_of_three_papers_constants(params: dict, tokens: float) -> None:
    """At Gopher's budget: Hoffmann et al. as printed, with the source's four digits, Besiroglu et al.'s refit."""
    assert scaling.compute_optimal(params, 5.76e23).tokens_per_parameter == pytest.approx(tokens, rel=0.01)


def test_arrays_broadcast() -> None:
    params = {name: np.full(3, value) for name, value in PRINTED.items()}
    found = scaling.compute_optimal(params, np.array([[1e20], [1e22]]))
    assert found.n.shape == found.tokens_per_parameter.shape == (2, 3)


@pytest.mark.parametrize(
    ("params", "flops", "form", "text"),
    [
        (PRINTED, 0.0, "chinchilla", "flops = 0"),
        (PRINTED | {"beta": 0.0}, 1e20, "chinchilla", "beta = 0"),
        (PRINTED | {"A": np.array([1.0, -2.0])}, 1e20, "chinchilla", "A = -2"),
        ({"E": 1.0}, 1e20, "chinchilla", "A is missing"),
        ({"A": 1.0, "alpha": 1.0}, 1e20, "power_law", "no n and d"),
    ],
)
def test_no_optimum(params: dict, flops: float, form: str, text: str) -> None:
    with pytest.raises(CourseError, match=text):
        scaling.compute_optimal(params, flops, form)


def budgets(params: dict, width: float, shift: float = 0.0) -> dict[str, np.ndarray]:
    """Nine sizes at each of four budgets, evenly from the optimum divided by `width` to it times `width`."""
    runs = []
    for flops in (1e18, 1e19, 1e20, 1e21):
        n = scaling.compute_optimal(params, flops).n * np.exp(shift) * width ** np.linspace(-1, 1, 9)
        runs.append((n, flops / 6 / n))
    n, d = (np.concatenate(columns) for columns in zip(*runs, strict=True))
    return {"n": n, "d": d, "loss": scaling.loss(params, n=n, d=d)}


def test_isoflop_meets_the_closed_form_where_sizes_are_near_the_optimum() -> None:
    found = scaling.isoflop(budgets(PRINTED, width=1.5))
    exact = scaling.compute_optimal(PRINTED, found.flops)
    assert found.flops == pytest.approx([1e18, 1e19, 1e20, 1e21])
    assert found.usable.all()
    assert found.runs.tolist() == [9] * 4
    np.testing.assert_allclose(found.n, exact.n, rtol=0.01)
    np.testing.assert_allclose(found.d, exact.d, rtol=0.01)
    np.testing.assert_allclose(found.loss, exact.loss, rtol=1e-5)
    assert found.n_exponent == pytest.approx(0.28 / 0.62, abs=1e-4)
    assert found.scale * 1e20**found.n_exponent == pytest.approx(found.n[2], rel=1e-3)
    log_n = np.log(found.n[0])
    assert np.polyval(found.coefficients[0], log_n) == pytest.approx(found.loss[0])


def test_isoflop_drifts_where_sizes_are_far_from_it() -> None:
    """The surface along a budget is no parabola: a wide sample puts the bottom elsewhere."""
    near, far = (scaling.isoflop(budgets(PRINTED, width)) for width in (1.5, 30.0))
    exact = scaling.compute_optimal(PRINTED, near.flops).n
    assert np.abs(np.log(far.n / exact)).min() > 5 * np.abs(np.log(near.n / exact)).max()


def test_isoflop_marks_a_budget_without_a_bottom() -> None:
    points = budgets(PRINTED, width=2.0)
    outside = budgets(PRINTED, width=2.0, shift=3.0)
    mixed = {name: np.where(np.arange(36) < 9, outside[name], points[name]) for name in points}
    found = scaling.isoflop(mixed)
    assert found.usable.tolist() == [False, True, True, True]
    assert np.isnan(found.n[0])
    assert np.isnan(found.loss[0])
    assert found.n_exponent == pytest.approx(0.28 / 0.62, abs=1e-3)
    hill = points | {"loss": 10 - points["loss"]}
    assert not scaling.isoflop(hill).usable.any()
    assert np.isnan(scaling.isoflop(hill).n_exponent)


def test_isoflop_needs_three_sizes() -> None:
    with pytest.raises(CourseError, match="no budget has 3 or more sizes"):
        scaling.isoflop({"n": [1e7, 1e8], "d": [1e9, 1e9], "loss": [3.0, 2.5]})


def fitted(unit_n: float, unit_d: float) -> scaling.Fit:
    n, d = (side.ravel() for side in np.meshgrid(np.geomspace(1e8, 1e10, 6), np.geomspace(1e9, 1e11, 6)))
    return scaling.fit({"n": n / unit_n, "d": d / unit_d, "loss": scaling.loss(PRINTED, n=n, d=d)})


def test_a_fit_in_billions_does_not_give_sizes_in_billions_without_a_word() -> None:
    counts = scaling.compute_optimal(fitted(1, 1), 1e23)
    for unit_n, unit_d, flops_per in ((1e9, 1e9, 6e18), (1e9, 1, 6e9)):
        found = fitted(unit_n, unit_d)
        with pytest.raises(CourseError, match=r"flops = 1e\+23 is .* times the largest run .* in billions\?"):
            scaling.compute_optimal(found, 1e23)
        told = scaling.compute_optimal(found, 1e23, flops_per=flops_per)
        assert told.n * unit_n == pytest.approx(counts.n, rel=1e-3)
