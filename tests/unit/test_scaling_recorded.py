"""The recorded sweep and the recorded samples are what their pages say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils import scaling
from course_utils.errors import CourseError
from course_utils.evaluation import pass_at_k
from course_utils.scaling import coverage, recordings, sweep
from course_utils.scaling.description import describe, own_minus_shared, seed_spread
from course_utils.scaling.source import MarkovSource
from course_utils.scaling.trunk import RECIPE, train_point


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return scaling.recorded_sweep()


@pytest.fixture(scope="module")
def facts() -> dict:
    return scaling.recorded_facts("sweep")


@pytest.fixture(scope="module")
def shared(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame.trunk == "shared"]


def test_the_sweep_holds_what_its_plan_says(frame: pd.DataFrame, shared: pd.DataFrame) -> None:
    assert list(frame.columns) == [*sweep.COLUMNS]
    assert not frame.isna().any().any()
    planned = {
        (job.size, job.seed, tokens, job.schedule) for job in sweep.recorded_plan() for tokens in job.tokens
    }
    found = [*zip(frame["size"], frame.seed, frame.d, frame.schedule, strict=True)]
    assert set(found) == planned
    assert len(found) == len(planned)
    assert len(shared) >= 40
    assert len(shared[["size", "d"]].drop_duplicates()) == len(sweep.MODEL_SIZES) * len(sweep.TOKENS)
    assert shared.groupby(["size", "d"]).seed.nunique().max() >= 3
    assert (frame.trunk == "own").sum() >= 8
    for size, rows in frame.groupby("size"):
        assert set(rows.n) == {sweep.MODEL_SIZES[size].n()}
        assert set(rows.n_total) == {sweep.MODEL_SIZES[size].n_total(128)}
    assert (frame.cpu_seconds > 0).all()
    assert frame.cpu_seconds.sum() / 2 <= 20 * 60  # on two cores that have nothing else to do


def test_no_loss_is_below_the_entropy_nor_above_guessing(frame: pd.DataFrame, facts: dict) -> None:
    entropy = MarkovSource().entropy
    assert facts["entropy"] == pytest.approx(entropy, abs=1e-9)
    assert (frame.loss > entropy + 0.05).all()
    singles = MarkovSource().stationary.sum(axis=0)
    assert (frame.loss < -(singles * np.log(singles)).sum()).all()


def test_more_parameters_and_more_tokens_help(shared: pd.DataFrame, facts: dict) -> None:
    """At the mean over seeds: no step up that is more than what seeds differ by, and hardly one that is less."""
    table = shared.groupby(["n", "d"]).loss.mean().unstack()
    spread = facts["description"]["seeds"]["sd"]
    assert 0 < spread < 0.02
    for steps in (table.diff(axis=0), table.diff(axis=1)):
        steps = steps.to_numpy()[np.isfinite(steps)]
        assert (steps < spread).all()
        assert np.mean(steps < 0) > 0.95


def test_a_point_can_be_made_again(frame: pd.DataFrame, facts: dict) -> None:
    assert facts["recipe"] == json.loads(json.dumps(vars(RECIPE)))
    row = frame[(frame["size"] == "16x2") & (frame.seed == 0) & (frame.d == 2**17)].iloc[0]
    again = train_point(sweep.MODEL_SIZES["16x2"], 2**17, 0)
    # another processor sums in another order, and training makes more of it
    assert again["loss"] == pytest.approx(row.loss, abs=3 * facts["description"]["seeds"]["sd"])


def test_the_description_is_of_these_points(frame: pd.DataFrame, facts: dict) -> None:
    again = describe(frame, facts["entropy"])
    assert again["points"] == facts["description"]["points"] == len(frame)
    for name in ("cells", "sd", "along_trunk"):
        assert again["seeds"][name] == pytest.approx(facts["description"]["seeds"][name], rel=1e-3), name
    for name in ("free_E", "E_given"):
        assert again[name]["params"] == pytest.approx(facts["description"][name]["params"], rel=1e-3), name
        assert again[name]["residual_rms"] == pytest.approx(
            facts["description"][name]["residual_rms"], rel=1e-2
        )
    low, high = facts["description"]["free_E"]["interval_95"]["E"]
    assert facts["description"]["free_E"]["interval_holds_entropy"] == (low <= facts["entropy"] <= high)


def made_up(noise: float = 0.0, seeds: int = 3) -> pd.DataFrame:
    """Points on a known surface. A trunk keeps its luck; two runs of their own lie 0.1 higher in each cell."""
    rng = np.random.default_rng(0)
    params = {"E": 2.0, "A": 30.0, "B": 500.0, "alpha": 0.5, "beta": 0.5}
    rows = []
    for size, n in (("a", 1e4), ("b", 3e4), ("c", 1e5), ("d", 3e5)):
        trunks = noise * rng.standard_normal(seeds)
        for d in (1e5, 3e5, 1e6, 3e6):
            point = {"n": n, "n_total": 2 * n, "d": d, "size": size, "schedule": "wsd"}
            loss = float(scaling.loss(params, n=n, d=d))
            for seed, luck in enumerate(trunks):
                rows.append({**point, "seed": seed, "trunk": "shared", "loss": loss + luck})
            for _ in range(2):
                luck = noise * rng.standard_normal()
                rows.append({**point, "seed": 100 + len(rows), "trunk": "own", "loss": loss + 0.1 + luck})
    return pd.DataFrame(rows)


def test_descriptions_of_made_up_points() -> None:
    clean = describe(made_up(), 2.0)
    assert clean["free_E"]["params"]["alpha"] == pytest.approx(0.5, rel=1e-3)
    assert clean["free_E_with_n_total"]["params"]["A"] == pytest.approx(30 * 2**0.5, rel=1e-3)
    assert clean["E_given"]["residual_rms"] < 1e-6
    assert clean["own_minus_shared"]["wsd"]["difference"] == pytest.approx(0.1, abs=1e-6)
    assert clean["own_minus_shared"]["cosine"] is None
    assert describe(made_up(), 1.5)["free_E"]["interval_holds_entropy"] is False
    noisy = made_up(noise=0.02, seeds=40)
    spread = seed_spread(noisy[noisy.trunk == "shared"])
    assert spread["sd"] == pytest.approx(0.02, rel=0.15)
    assert spread["along_trunk"] > 0.99
    assert seed_spread(made_up(seeds=1).query("trunk == 'shared'")) is None
    compared = own_minus_shared(noisy, "wsd")
    low, high = compared["interval_95"]
    assert low < 0.1 < high
    # 32 runs of their own, but for 640 points only 160 trunks
    assert compared["standard_error"] == pytest.approx(0.02 * np.sqrt(1 / 32 + 1 / 160), rel=0.2)


def test_a_seeds_place_is_not_kept_if_points_are_independent() -> None:
    frame = made_up(seeds=40)
    frame["loss"] += 0.02 * np.random.default_rng(1).standard_normal(len(frame))
    assert abs(seed_spread(frame[frame.trunk == "shared"])["along_trunk"]) < 0.15


# ---- coverage


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    return scaling.recorded_coverage()


def test_the_samples_are_what_the_plan_says(samples: pd.DataFrame) -> None:
    plan = coverage.Plan()
    assert list(samples.columns) == ["problem", "steps", "stage", "n", "correct", "correct_any"]
    assert len(samples) == plan.problems * len(plan.stages) >= 200
    assert scaling.recorded_facts("coverage")["plan"] == json.loads(json.dumps(vars(plan)))
    assert set(samples.n) == {plan.samples}
    assert (samples.correct <= samples.correct_any).all()
    assert (samples.correct_any <= samples.n).all()
    for stage in plan.stages:
        of_stage = samples[samples.stage == stage]
        assert list(of_stage.problem) == [*range(plan.problems)]
        assert list(of_stage.steps) == [problem["steps"] for problem in plan.questions()]


def test_coverage_rises_for_as_long_as_it_is_sampled(samples: pd.DataFrame) -> None:
    """Far from 0 and from 1, still rising at the end, and the better stage is better."""
    curves = {
        (stage, kind): [
            np.mean([pass_at_k(n, c, k) for n, c in zip(rows.n, rows[kind], strict=True)])
            for k in (1, 64, 128)
        ]
        for stage, rows in samples.groupby("stage")
        for kind in ("correct", "correct_any")
    }
    for one, many, most in curves.values():
        assert 0.005 < one < 0.4
        assert 0.1 < many < most < 0.97
    assert curves["strong", "correct"][0] > curves["medium", "correct"][0]


def test_counting() -> None:
    answer = "Mia has 12+5 = <<12+5=17>>17 apples.\n#### 17"
    texts = ["12+5 = 17\n#### 17", "#### 18\n#### 17", "The answer is 17.", "no idea", "So 12+5=17"]
    assert coverage.count(texts, answer) == {"n": 5, "correct": 1, "correct_any": 3}


def test_sampling_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    plan = coverage.Plan(problems=10, samples=2, stages=("strong",), max_new_tokens=24)
    whole = coverage.record(plan, tmp_path / "whole", tmp_path / "whole", progress=False)
    sample, asked = coverage.sample, []

    def dies_at_the_second(plan: coverage.Plan, stage: str, first: int) -> dict:
        asked.append(first)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return sample(plan, stage, first)

    monkeypatch.setattr(coverage, "sample", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        coverage.record(plan, tmp_path / "killed", tmp_path / "killed", progress=False)
    again = coverage.record(plan, tmp_path / "killed", tmp_path / "killed", progress=False)
    torch.set_num_threads(threads)
    assert asked == [0, 8, 8]
    pd.testing.assert_frame_equal(again, whole)
    assert list(whole.problem) == [*range(10)]
    with pytest.raises(CourseError, match="another plan"):
        coverage.record(coverage.Plan(problems=11), tmp_path / "killed", tmp_path / "killed", progress=False)


def test_a_missing_recording(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    with pytest.raises(CourseError, match=r"no recording sweep.csv; python -m course_utils.scaling.sweep"):
        scaling.recorded_sweep()
    with pytest.raises(CourseError, match=r"no recording coverage.csv"):
        scaling.recorded_coverage()
