"""Lab 03's recorded curves: the plan, that a run goes on where it was, that the file says what the recipe is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course_utils import results
from course_utils.errors import CourseError
from course_utils.experiments import sft_curves
from course_utils.models import load_base
from course_utils.resuming import as_json

pytestmark = pytest.mark.slow  # loads models

SMALL = replace(
    sft_curves.RECIPE,
    sizes=(2, 4),
    repeated=(2, 2),
    epochs=1,
    budgets=(1,),
    seeds=(0,),
    other_rates=(("lora", 1e-3),),
    test_problems=3,
    max_new_tokens=8,
)
SPEEDS = {"full": 0.5, "lora": 1.0}


@pytest.fixture(scope="module")
def base():
    return load_base("nano-math", "weak", device="cpu", dtype="float32")


def test_the_recorded_file_holds_every_run_of_the_plan_once() -> None:
    recorded = results.load(sft_curves.NAME)
    assert recorded["recipe"] == as_json(sft_curves.RECIPE)
    planned = sft_curves.plan(recorded["seconds_per_step"])
    asked = [{key: run[key] for key in run if key in planned[i]} for i, run in enumerate(recorded["runs"])]
    assert asked == planned
    for run in [recorded["start"], *recorded["runs"]]:
        assert run["solved"].count("1") == run["correct"]
        assert len(run["solved"]) == run["n"] == sft_curves.RECIPE.test_problems


def test_a_smaller_set_is_part_of_a_larger_one_and_no_test_problem_is_trained_on() -> None:
    large = sft_curves.train_problems(200, seed=1)
    assert sft_curves.train_problems(20, seed=1) == large[:20]
    assert sft_curves.train_problems(20, seed=2) != large[:20]
    from course_utils import data

    asked = set(data.load("word_problems", "test", sft_curves.RECIPE.test_problems)["question"])
    assert not asked & {
        p["question"] for s in sft_curves.RECIPE.seeds for p in sft_curves.train_problems(1000, s)
    }
    with pytest.raises(CourseError, match="1001"):
        sft_curves.train_problems(1001, seed=0)


def test_equal_time_means_steps_in_proportion_to_their_price() -> None:
    timed = [run for run in sft_curves.plan(SPEEDS, SMALL) if run["part"] == "time"]
    assert [(run["method"], run["max_steps"], run["learning_rate"]) for run in timed] == [
        ("full", 2, SMALL.learning_rate),
        ("lora", 1, SMALL.lora_learning_rate),
        ("lora", 1, 1e-3),
    ]


def test_an_unknown_method_is_refused(base) -> None:
    with pytest.raises(CourseError, match="'prefix'"):
        sft_curves.train(*base, 2, 0, "prefix", SMALL)


def test_a_sweep_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    monkeypatch.setattr(sft_curves, "RECIPE", SMALL)
    monkeypatch.setattr(sft_curves, "seconds_per_step", lambda *_: 1.0)
    for name in ("train", "measure", "plan"):
        function = getattr(sft_curves, name)
        monkeypatch.setattr(
            sft_curves,
            name,
            lambda *args, _function=function, **options: _function(*args, **options, recipe=SMALL),
        )
    first = sft_curves.sweep()
    assert [(run["part"], run["steps"]) for run in first["runs"]] == [
        ("size", 1),
        ("size", 1),
        ("repeated", 2),
        ("time", 1),
        ("time", 1),
        ("time", 1),
    ]
    monkeypatch.setattr(sft_curves, "train", None)  # nothing is left to train
    assert sft_curves.sweep() == results.load(sft_curves.NAME) == first
    monkeypatch.setattr(sft_curves, "RECIPE", replace(SMALL, epochs=2))
    with pytest.raises(CourseError, match="another recipe"):
        sft_curves.sweep()
