"""Fits recover planted parameters, say when they cannot, and never pass off a descent that did not end."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from course_utils import scaling
from course_utils.errors import CourseError
from course_utils.scaling import newton
from course_utils.scaling.objective import Surface
from course_utils.scaling.points import Points

CHINCHILLA = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
KAPLAN = {"Nc": 8.8e13, "Dc": 5.4e13, "alpha_N": 0.076, "alpha_D": 0.095}


def grid(n_from: float, d_from: float, side: int = 8) -> dict[str, np.ndarray]:
    """side × side points, three decades each way."""
    n, d = np.meshgrid(n_from * np.logspace(0, 3, side), d_from * np.logspace(0, 3, side))
    return {"n": n.ravel(), "d": d.ravel()}


def planted(rng: np.random.Generator, noise: float) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """True parameters over a wide range, every term worth 0.15 to 0.8 of E at the middle, and 64 points."""
    x = grid(10 ** rng.uniform(3, 8), 10 ** rng.uniform(5, 9))
    params = {"E": rng.uniform(0.3, 4), "alpha": rng.uniform(0.15, 0.8), "beta": rng.uniform(0.15, 0.8)}
    for coefficient, exponent, name in (("A", "alpha", "n"), ("B", "beta", "d")):
        middle = np.exp(np.log(x[name]).mean())
        params[coefficient] = rng.uniform(0.15, 0.8) * params["E"] * middle ** params[exponent]
    loss = scaling.loss(params, **x) * np.exp(noise * rng.standard_normal(64))
    return params, {**x, "loss": loss}


def worst(found: scaling.Fit, params: dict[str, float]) -> float:
    """The largest relative error of a parameter."""
    return max(abs(found.params[name] / value - 1) for name, value in params.items())


def test_surfaces_by_hand() -> None:
    assert scaling.loss({"A": 8.0, "alpha": 0.5}, "power_law", x=[4.0, 16.0]).tolist() == [4.0, 2.0]
    assert scaling.loss({"E": 1.0, "A": 8.0, "alpha": 0.5}, "power_law_irreducible", x=16.0) == 3.0
    params = {"E": 1.0, "A": 8.0, "B": 27.0, "alpha": 0.5, "beta": 1 / 3}
    assert scaling.loss(params, n=16.0, d=27.0) == pytest.approx(1 + 2 + 9)
    # (16/4)^(1/2) + 32/4 = 10, to the power 2 · 1/2
    params = {"Nc": 16.0, "Dc": 32.0, "alpha_N": 0.5, "alpha_D": 1.0}
    assert scaling.loss(params, "kaplan", n=4.0, d=4.0) == pytest.approx(10.0)
    with pytest.raises(CourseError, match="has the parameters E, A, B, alpha, beta"):
        scaling.loss({"A": 1.0}, n=1.0, d=1.0)


@pytest.mark.parametrize(
    ("form", "params"), [("chinchilla", [1.5, 3, 20, 0.3, 0.4]), ("kaplan", [1e4, 1e6, 0.08, 0.1])]
)
def test_objective_and_derivatives(form: str, params: list[float]) -> None:
    """The value is the plain formula's; gradient and Hessian are what differences of it give."""
    rng = np.random.default_rng(0)
    x = {"n": np.exp(rng.uniform(3, 9, 40)), "d": np.exp(rng.uniform(5, 12, 40))}
    named = dict(zip(scaling.FORMS[form].params, params, strict=True))
    measured = scaling.loss(named, form, **x) * np.exp(rng.normal(0, 0.05, 40))
    surface = Surface(Points(x, measured), scaling.FORMS[form], {})
    theta, weights = surface.coordinates(np.array([params])), rng.integers(0, 3, 40).astype(float)
    assert surface.params(theta)[0] == pytest.approx(params, rel=1e-12)

    def at(theta: np.ndarray):
        return surface.evaluate(theta, weights, 0.03, np.array([True]))

    here = at(theta)
    r = np.log(scaling.loss(named, form, **x)) - np.log(measured)
    huber = np.where(abs(r) <= 0.03, r**2 / 2, 0.03 * (abs(r) - 0.015))
    assert 5 < np.sum(abs(r) > 0.03) < 35  # both branches
    assert here.value[0] == pytest.approx(np.sum(weights * huber), rel=1e-12)
    step = 1e-6 * np.eye(surface.size)
    slopes = [(at(theta + s).value - at(theta - s).value)[0] / 2e-6 for s in step]
    bends = [(at(theta + s).gradient - at(theta - s).gradient)[0] / 2e-6 for s in step]
    np.testing.assert_allclose(here.gradient[0], slopes, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(here.curvature[0], bends, rtol=1e-6, atol=1e-6)


def test_planted_parameters_come_back_from_clean_points() -> None:
    for seed in range(20):
        params, points = planted(np.random.default_rng(seed), noise=0.0)
        found = scaling.fit(points)
        assert worst(found, params) < 1e-4, (seed, found)
        assert not found.flat
        assert not found.at_bound


@pytest.mark.parametrize("delta", [1e-7, 1e-3, math.inf])
def test_clean_points_at_every_delta(delta: float) -> None:
    params, points = planted(np.random.default_rng(100), noise=0.0)
    assert worst(scaling.fit(points, delta=delta), params) < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_other_forms_come_back_from_clean_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = {"x": np.logspace(0, 3, 12)}
    for form, params in (
        ("power_law", {"A": rng.uniform(0.1, 9), "alpha": rng.uniform(0.05, 2)}),
        (
            "power_law_irreducible",
            {"E": rng.uniform(0.2, 3), "A": rng.uniform(0.5, 9), "alpha": rng.uniform(0.1, 1.2)},
        ),
    ):
        assert worst(scaling.fit({**x, "loss": scaling.loss(params, form, **x)}, form), params) < 1e-4, form
    spread = {name: value * rng.uniform(0.5, 2) for name, value in KAPLAN.items()}
    x = grid(1e6, 1e8)
    assert worst(scaling.fit({**x, "loss": scaling.loss(spread, "kaplan", **x)}, "kaplan"), spread) < 1e-4


def test_planted_parameters_lie_inside_the_intervals() -> None:
    """100 noisy problems: each 95 % interval holds in at least 90, and so do the joint ones, all five at once."""
    single = {kind: dict.fromkeys(CHINCHILLA, 0) for kind in ("fit", "bootstrap")}
    joint = dict.fromkeys(single, 0)
    for seed in range(100):
        rng = np.random.default_rng(1000 + seed)
        params, points = planted(rng, noise=10 ** rng.uniform(-3, -2))
        found = scaling.fit(points)
        for kind, result in (("fit", found), ("bootstrap", scaling.bootstrap(found, 200))):
            for name, (low, high) in result.interval().items():
                single[kind][name] += low <= params[name] <= high
            joint[kind] += all(
                low <= params[name] <= high for name, (low, high) in result.interval(jointly=True).items()
            )
    assert min(min(counts.values()) for counts in single.values()) >= 90, single
    # 100 would mean intervals too wide to say anything
    assert all(count >= 90 for count in joint.values()), joint
    assert max(min(counts.values()) for counts in single.values()) < 100, single


def test_intervals_shrink_with_the_noise_and_widen_with_confidence() -> None:
    params = dict(CHINCHILLA)
    x, noise = grid(1e7, 1e9), np.random.default_rng(0).standard_normal(64)
    quiet, loud = (
        scaling.fit({**x, "loss": scaling.loss(params, **x) * np.exp(s * noise)}) for s in (0.002, 0.008)
    )
    for name in params:
        assert 2 < loud.standard_errors[name] / quiet.standard_errors[name] < 8

    def width(**options) -> float:
        low, high = quiet.interval(**options)["alpha"]
        return high - low

    assert width(confidence=0.5) < width() < width(jointly=True)
    # Bonferroni over five parameters: 95 % of all is 99 % of each
    assert width(jointly=True) == pytest.approx(width(confidence=0.99))


def test_a_few_wild_points_do_not_move_a_huber_fit() -> None:
    x = grid(1e7, 1e9)
    loss = scaling.loss(CHINCHILLA, **x)
    loss[[3, 30, 60]] *= 1.5
    assert worst(scaling.fit({**x, "loss": loss}), CHINCHILLA) < 0.02
    assert worst(scaling.fit({**x, "loss": loss}, delta=math.inf), CHINCHILLA) > 0.2


def test_known_parameters_stay_and_the_rest_is_fitted() -> None:
    x = grid(1e7, 1e9)
    points = {**x, "loss": scaling.loss(CHINCHILLA, **x)}
    for fixed in ({"E": 1.69}, {"A": 406.4}, {"beta": 0.28}, {"E": 1.69, "A": 406.4, "alpha": 0.34}):
        found = scaling.fit(points, fixed=fixed)
        assert worst(found, CHINCHILLA) < 1e-4, fixed
        for name, value in fixed.items():
            assert found.params[name] == value
            assert found.interval()[name] == pytest.approx((value, value), rel=1e-12)
    wrong = scaling.fit(points, fixed={"E": 1.0})
    assert wrong.params["E"] == 1.0
    assert wrong.objective > 1e-4


def test_the_unit_of_n_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    _, points = planted(rng, noise=0.005)
    first = scaling.fit(points)
    second = scaling.fit({**points, "n": points["n"] / 1e6})
    assert second.objective == pytest.approx(first.objective, rel=1e-9)
    for name in ("E", "B", "alpha", "beta"):
        assert second.params[name] == pytest.approx(first.params[name], rel=1e-6)
    assert second.params["A"] * 1e6 ** first.params["alpha"] == pytest.approx(first.params["A"], rel=1e-5)


def test_a_data_frame_and_any_name_for_the_one_variable() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"k": [1.0, 10.0, 100.0], "loss": [4.0, 2.0, 1.0]})
    found = scaling.fit(frame, "power_law")
    assert found.params == pytest.approx({"A": 4.0, "alpha": math.log10(2)})
    assert found.predict(x=1000.0) == pytest.approx(0.5)


def test_says_when_the_optimum_is_flat() -> None:
    """Loss that does not depend on d: nothing is known of the d-term, and the n-term is found all the same."""
    x = grid(1e7, 1e9)
    found = scaling.fit({**x, "loss": 2 + 300 * x["n"] ** -0.3})
    assert "B" in found.flat
    assert set(found.flat + found.at_bound) >= {"B", "beta"}
    assert not {"A", "alpha"} & set(found.flat + found.at_bound)
    assert found.params["alpha"] == pytest.approx(0.3, rel=1e-4)
    assert found.standard_errors["B"] == math.inf
    assert found.interval()["B"] == (0.0, math.inf)
    assert "flat along it" in str(found)


def test_says_when_a_bound_was_hit() -> None:
    x = np.logspace(0, 3, 9)
    none = scaling.fit({"x": x, "loss": 5 * x**-0.3}, "power_law_irreducible")
    assert none.at_bound == ("E",)
    assert none.params["E"] < 1e-4
    assert none.params["alpha"] == pytest.approx(0.3, rel=1e-4)
    assert "at its bound" in str(none)
    rising = scaling.fit({"x": x, "loss": 2 + 0.1 * x**0.3}, "power_law_irreducible")
    assert "alpha" in rising.at_bound
    assert rising.params["alpha"] == 0.0
    assert "A" in rising.flat


def test_a_descent_cut_short_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    _, points = planted(np.random.default_rng(3), noise=0.005)
    found = scaling.fit(points)
    monkeypatch.setattr(newton, "minimise", functools.partial(newton.minimise, max_iterations=2))
    with pytest.raises(scaling.DidNotConverge, match="225 starts"):
        scaling.fit(points, delta=1e-6)
    with pytest.raises(scaling.DidNotConverge, match="of 50 resamples"):
        scaling.bootstrap(found, 50)


def test_bootstrap_repeats_marks_and_summarises() -> None:
    _, points = planted(np.random.default_rng(7), noise=0.005)
    found = scaling.fit(points)
    first, again, other = (scaling.bootstrap(found, 200, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.params["alpha"], again.params["alpha"])
    assert not np.array_equal(first.params["alpha"], other.params["alpha"])
    assert first.failed == 0
    assert first.standard_errors["alpha"] == pytest.approx(found.standard_errors["alpha"], rel=0.6)
    low, high = first.interval_of(lambda p: scaling.compute_optimal(p, 1e21).tokens_per_parameter)
    assert low < scaling.compute_optimal(found, 1e21).tokens_per_parameter < high
    # The identity resample gives back the fit; one of two points only is left out and counted.
    whole = np.tile(np.arange(64), (20, 1))
    whole[7] = 0
    kept = scaling.bootstrap(found, draws=whole)
    assert (kept.resamples, kept.failed) == (20, 1)
    assert kept.params["alpha"] == pytest.approx(found.params["alpha"], rel=1e-6)
    with pytest.raises(CourseError, match="indices of the 64 points"):
        scaling.bootstrap(found, draws=[[64]])
    with pytest.raises(CourseError, match="resamples = 1"):
        scaling.bootstrap(found, 1)


def test_bootstrap_finds_what_separate_fits_find() -> None:
    """Each row of the batch is a fit of its own: the same as fitting the drawn points alone, from all starts."""
    _, points = planted(np.random.default_rng(11), noise=0.004)
    found = scaling.fit(points)
    draws = np.random.default_rng(0).integers(0, 64, (20, 64))
    together = scaling.bootstrap(found, draws=draws)
    alone = [scaling.fit({name: column[row] for name, column in points.items()}) for row in draws]
    np.testing.assert_allclose(together.objective, [one.objective for one in alone], rtol=1e-3)
    close = np.isclose(together.params["alpha"], [one.params["alpha"] for one in alone], rtol=1e-4)
    assert close.mean() >= 0.9


def test_starts_can_be_given() -> None:
    _, points = planted(np.random.default_rng(2), noise=0.003)
    whole = scaling.fit(points)
    values = [whole.params[name] * 1.1 for name in whole.form.params]
    near = scaling.fit(points, starts=[values])
    assert near.starts == 1
    assert near.objective == pytest.approx(whole.objective, rel=1e-6)
    assert scaling.hoffmann_grid().shape == (4500, 5)
    assert len(np.unique(scaling.hoffmann_grid(), axis=0)) == 4500
    for starts, text in (
        ([[1.0, 2.0]], "shape"),
        ([[0.0, 1, 1, 1, 1]], "above 0"),
        ([[1.0, 1, 1, -1, 1]], "below 0"),
    ):
        with pytest.raises(CourseError, match=text):
            scaling.fit(points, starts=starts)
