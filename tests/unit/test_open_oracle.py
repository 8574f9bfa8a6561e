"""Lab 05's referee: what it sells, what it refuses, and that nobody can look the surface up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import least_squares

from course_utils import scaling
from course_utils.errors import CourseError
from course_utils.open import oracle


def buys(*runs):
    return lambda bought, left: runs[len(bought)] if len(bought) < len(runs) else None


def says(value):
    return lambda runs, n, d: value


def test_a_run_costs_six_flops_for_a_weight_and_a_token_and_tells_its_loss():
    seen = []

    def next_run(runs, left):
        seen.append((len(runs), left))
        return (1e8, 2e9) if len(runs) < 2 else None

    game = oracle.play(next_run, says(2.0), seed=3)
    assert seen == [(0, 1e19), (1, 1e19 - 1.2e18), (2, 1e19 - 2.4e18)]
    params, _ = oracle.draw_surface(3)
    truth = float(scaling.loss(params, n=1e8, d=2e9))
    assert [(run["n"], run["d"]) for run in game.runs] == [(1e8, 2e9)] * 2
    first, second = (math.log(run["loss"] / truth) / oracle.NOISE for run in game.runs)
    assert first != second
    assert abs(first) < 5 > abs(second)
    assert game.truth == pytest.approx(scaling.loss(params, n=3e9, d=6e10))
    assert game.error == pytest.approx(abs(2.0 - game.truth))


def test_the_noise_is_what_is_said():
    game = [oracle.play(buys(*[(1e6, 1e7)] * 24), says(2.0), seed) for seed in range(30)]
    logs = np.concatenate([np.log([run["loss"] for run in one.runs]) for one in game])
    spread = np.std(logs.reshape(30, 24), axis=1, ddof=1)
    assert spread.mean() == pytest.approx(oracle.NOISE, rel=0.1)


def test_surfaces_are_drawn_from_what_the_text_says():
    for seed in range(200):
        params, _ = oracle.draw_surface(seed)
        assert 1.4 <= params["E"] <= 2.0
        assert 0.28 <= min(params["alpha"], params["beta"]) <= max(params["alpha"], params["beta"]) <= 0.42
        assert 0.4 <= params["A"] * 1e8 ** -params["alpha"] <= 0.9
        assert 0.4 <= params["B"] * 2e9 ** -params["beta"] <= 0.9
    assert oracle.draw_surface(1)[0] == oracle.draw_surface(1)[0] != oracle.draw_surface(2)[0]


def test_at_most_24_runs_are_sold():
    asked = []

    def next_run(runs, left):
        asked.append(len(runs))
        return 1e6, 1e7

    assert len(oracle.play(next_run, says(2.0), 0).runs) == 24
    assert asked == list(range(24))


@pytest.mark.parametrize(
    ("next_run", "forecast", "rule"),
    [
        (
            buys((1e9, 6e10)),
            says(2.0),
            r"run 1, n = 1e\+09 and d = 6e\+10, costs 3.6e\+20 FLOPs, and 1e\+19 are left",
        ),
        (buys((1e8, 1e10), (1e8, 1e10)), says(2.0), r"run 2, .* 4e\+18 are left"),
        (buys((1e5, 1e7)), says(2.0), r"n = 100000 and d = 1e\+07 is not on sale"),
        (buys((1e6, 9e6)), says(2.0), "not on sale"),
        (buys((math.nan, 1e7)), says(2.0), "not on sale"),
        (buys((math.inf, 1e7)), says(2.0), "not on sale"),
        (buys(1e6), says(2.0), r"give \(n, d\), two numbers, or None"),
        (buys((1e6, 1e7, 3)), says(2.0), r"give \(n, d\)"),
        (buys({"n": 1e6, "d": 1e7}), says(2.0), r"give \(n, d\)"),
        (buys(), says(2.0), "no run was bought"),
        (buys((1e6, 1e7)), says(math.nan), "the forecast is nan, which is no finite number"),
        (buys((1e6, 1e7)), says(None), "the forecast is None"),
        (buys((1e6, 1e7)), says("2.0"), "the forecast is '2.0'"),
        (buys((1e6, 1e7)), says(True), "the forecast is True"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(next_run, forecast, rule):
    with pytest.raises(CourseError, match=rule):
        oracle.play(next_run, forecast, 0)


def test_the_whole_budget_can_be_spent_and_a_plan_cannot_change_what_was_bought():
    def next_run(runs, left):
        for run in runs:
            run["loss"] = 0.0
        return (1e8, left / 6e8) if not runs else None

    seen = []
    game = oracle.play(next_run, lambda runs, n, d: seen.extend(runs) or 2.0, 0)
    assert seen[0]["loss"] == game.runs[0]["loss"] > 1
    assert 6 * game.runs[0]["n"] * game.runs[0]["d"] == pytest.approx(oracle.BUDGET)


def test_the_target_is_more_than_a_hundred_budgets_away():
    n, d = oracle.TARGET
    assert 100 < oracle.PRICE * n * d / oracle.BUDGET < 110


def test_the_numbers_of_the_model_answer(solution):
    """What it says of 20 surfaces, of its own plan and of the library's fit on the same runs."""
    names = {"math": math, "np": np, "oracle": oracle, "least_squares": least_squares}
    functions = solution("05_scaling_laws", "scaling_laws-open-forecast", names)

    def library(runs, n, d):
        fit = scaling.fit({key: np.array([run[key] for run in runs]) for key in ("n", "d", "loss")})
        return float(scaling.loss(fit.params, n=n, d=d))

    own, other = (
        np.array([oracle.play(functions["next_run"], forecast, seed).error for seed in range(20)])
        for forecast in (functions["forecast"], library)
    )
    assert own.mean() == pytest.approx(0.025, abs=0.0005)
    assert own.max() == pytest.approx(0.07, abs=0.005)
    assert other.mean() == pytest.approx(0.027, abs=0.0005)
    gaps = other - own
    assert abs(gaps.mean()) < 2.09 * gaps.std(ddof=1) / math.sqrt(20), "no clear difference"
