"""Points that cannot be fitted: the error names the parameter and the reason."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from course_utils import scaling
from course_utils.errors import CourseError

PARAMS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
SIDE = np.logspace(0, 2, 6)
N, D = (side.ravel() for side in np.meshgrid(1e7 * SIDE, 1e9 * SIDE))


def surface(n: np.ndarray = N, d: np.ndarray = D, **changed) -> dict[str, np.ndarray]:
    """Clean points at n and d."""
    return {"n": n, "d": d, "loss": scaling.loss(PARAMS, n=n, d=d)} | changed


def with_value(name: str, value: float) -> dict[str, np.ndarray]:
    """The points with one bad value, the fourth of a column."""
    points = surface()
    points[name] = points[name].copy()
    points[name][3] = value
    return points


CASES = {
    "few": (
        {name: column[[0, 8, 16, 24]] for name, column in surface().items()},
        ["4 different points cannot identify the 5 parameters E, A, B, alpha, beta"],
    ),
    "one n": (
        surface(n=np.full(36, 1e8)),
        ["A and alpha cannot", "all points have n = 1e+08", "told from E"],
    ),
    "one d": (
        surface(d=np.full(36, 1e10)),
        ["B and beta cannot", "all points have d = 1e+10", "told from E"],
    ),
    "two n": (
        surface(n=np.where(N > 1e8, 1e9, 1e7)),
        ["A and alpha cannot", "2 different values of n", "3 unknowns, E included"],
    ),
    "isoflop": (
        surface(d=1e18 / N),
        ["A, alpha, B, beta cannot", "one isoFLOP line (n·d = 1e+18)", "d follows from n"],
    ),
    "almost isoflop": (
        surface(d=1e18 / N * np.exp(np.random.default_rng(0).uniform(-0.01, 0.01, 36))),
        ["one isoFLOP line"],
    ),
    "twenty a parameter": (surface(d=20 * N), ["A, alpha, B, beta cannot", "d in proportion to n^1)"]),
    "nan": (with_value("loss", np.nan), ["loss[3] is nan", "1 of 36"]),
    "zero loss": (with_value("loss", 0.0), ["loss[3] is 0", "above 0"]),
    "negative loss": (with_value("loss", -1.5), ["loss[3] is -1.5"]),
    "infinite n": (with_value("n", np.inf), ["n[3] is inf"]),
    "no d": ({"n": N, "loss": N}, ["needs the columns n, d, loss; d is missing"]),
    "lengths": (surface(loss=np.ones(5)), ["different lengths: 5, 36"]),
    "text": (surface(loss=["a"] * 36), ["column loss is not numbers"]),
    "empty": ({"n": [], "d": [], "loss": []}, ["column n is empty"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_points(case: str) -> None:
    points, texts = CASES[case]
    with pytest.raises(scaling.BadPoints) as error:
        scaling.fit(points)
    for text in texts:
        assert text in str(error.value)


def test_six_points_are_five_when_one_is_repeated() -> None:
    points = {name: column[[0, 8, 16, 16, 16, 24]] for name, column in surface().items()}
    with pytest.raises(scaling.BadPoints, match="4 different points"):
        scaling.fit(points)


def test_what_is_known_need_not_be_identified() -> None:
    """With the n-term given, one n is enough; with E given, two values of each will do."""
    found = scaling.fit(surface(n=np.full(36, 1e8)), fixed={"A": 406.4, "alpha": 0.34})
    assert found.params["beta"] == pytest.approx(0.28, rel=1e-4)
    two = surface(n=np.where(N > 1e8, 1e9, 1e7))
    assert scaling.fit(two, fixed={"E": 1.69}).params["alpha"] == pytest.approx(0.34, rel=1e-4)


def test_forms_of_one_variable() -> None:
    x = np.array([1.0, 10.0, 100.0])
    with pytest.raises(
        scaling.BadPoints, match=r"A and alpha cannot .* 2 different values of x .* E included"
    ):
        scaling.fit({"x": x[:2], "loss": x[:2]}, "power_law_irreducible")
    with pytest.raises(scaling.BadPoints, match=r"A and alpha cannot .* all points have x = 1,"):
        scaling.fit({"x": np.ones(3), "loss": x}, "power_law")
    with pytest.raises(scaling.BadPoints, match="one column besides loss"):
        scaling.fit({"n": x, "d": x, "loss": x}, "power_law")
    with pytest.raises(scaling.BadPoints, match=r"Nc and alpha_N cannot .* all points have n"):
        scaling.fit(surface(n=np.full(36, 1e8)), "kaplan")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"form": "cubic"}, "use one of power_law"),
        ({"delta": 0.0}, "delta = 0.0"),
        ({"delta": float("nan")}, "delta = nan"),
        ({"fixed": {"gamma": 1.0}}, "no parameter 'gamma'"),
        ({"fixed": {"E": -1.0}}, "E = -1 cannot be fixed"),
        ({"fixed": PARAMS}, "nothing to fit"),
        ({"form": "kaplan", "fixed": {"Nc": 1e13}}, "no fixed parameters"),
    ],
)
def test_bad_arguments(options: dict, text: str) -> None:
    with pytest.raises(CourseError, match=text):
        scaling.fit(surface(), **options)


def test_as_many_points_as_parameters_fit_with_a_warning() -> None:
    five = {name: column[[0, 2, 5, 18, 35]] for name, column in surface().items()}
    with pytest.warns(UserWarning, match="5 different points and as many parameters"):
        scaling.fit(five)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaling.fit(five, fixed={"E": 1.69})


def test_a_known_constant_lies_below_the_losses() -> None:
    points = {"x": [1.0, 2.0, 4.0, 8.0], "loss": [3.0, 2.5, 2.2, 2.1]}
    for floor in (3.0, 30.0):
        with pytest.raises(
            scaling.BadPoints,
            match=rf"E is fixed at {floor:g}, and no loss lies above it \(the largest is 3\)",
        ):
            scaling.fit(points, "power_law_irreducible", fixed={"E": floor})
    # noise may put single losses below it
    assert scaling.fit(points, "power_law_irreducible", fixed={"E": 2.15}).params["E"] == 2.15
