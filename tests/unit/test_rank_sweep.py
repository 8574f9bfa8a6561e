"""The recorded sweep: its plan, that a run goes on where it was, and that the file says what the recipe is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course_utils import results
from course_utils.errors import CourseError
from course_utils.experiments import rank_sweep
from course_utils.models import load_base
from course_utils.resuming import as_json

pytestmark = pytest.mark.slow  # loads models

SMALL = replace(
    rank_sweep.RECIPE, old_examples=4, new_examples=4, test_problems=3, epochs=1, max_new_tokens=8
)


def test_the_recorded_file_holds_every_run_of_the_plan_once() -> None:
    recorded = results.load(rank_sweep.NAME)
    runs = [{key: run[key] for key in ("rank", "seed", "learning_rate")} for run in recorded["runs"]]
    assert sorted(map(str, runs)) == sorted(map(str, rank_sweep.plan()))
    assert recorded["recipe"] == as_json(rank_sweep.RECIPE)
    for run in recorded["runs"]:
        for task in ("new", "old"):
            assert run[task]["solved"].count("1") == run[task]["correct"]
            assert len(run[task]["solved"]) == run[task]["n"] == rank_sweep.RECIPE.test_problems


def test_the_two_tasks_differ_in_their_steps_and_test_is_not_train() -> None:
    def lines(problem: dict[str, str]) -> int:
        return problem["answer"].count("<<")

    new, old = (rank_sweep.problems(task, "test", 30) for task in ("new", "old"))
    assert {lines(p) for p in new} == {5}
    assert {lines(p) for p in old} <= {1, 2, 3, 4}
    trained = {
        p["question"] for seed in (100, 101, 102) for p in rank_sweep.problems("new", "train", 300, seed)
    }
    assert not trained & {p["question"] for p in rank_sweep.problems("new", "test", 200)}
    with pytest.raises(CourseError, match="other"):
        rank_sweep.problems("other", "test", 1)


def test_a_sweep_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    monkeypatch.setattr(rank_sweep, "RECIPE", SMALL)
    plan = [{"rank": rank, "seed": 0, "learning_rate": 1e-3} for rank in (1, "full")]
    monkeypatch.setattr(rank_sweep, "plan", lambda: plan)
    first = rank_sweep.sweep()
    assert [run["rank"] for run in first["runs"]] == [1, "full"]
    monkeypatch.setattr(rank_sweep, "learn", None)  # nothing is left to train
    assert rank_sweep.sweep() == results.load(rank_sweep.NAME) == first
    monkeypatch.setattr(rank_sweep, "RECIPE", replace(SMALL, epochs=2))
    with pytest.raises(CourseError, match="another recipe"):
        rank_sweep.sweep()


def test_an_adapter_is_merged_and_leaves_the_start_model_alone() -> None:
    start, tokenizer = load_base("nano-math", "weak", device="cpu", dtype="float32")
    before = {name: tensor.clone() for name, tensor in start.state_dict().items()}
    few_steps = replace(SMALL, new_examples=16, epochs=2)
    model, seconds = rank_sweep.learn(start, tokenizer, 2, seed=0, recipe=few_steps)
    assert seconds > 0
    after = model.state_dict()
    assert after.keys() == before.keys()
    changed = {name for name in before if not after[name].equal(before[name])}
    assert changed
    assert all(name.split(".")[-2] in SMALL.target_modules for name in changed)
    assert all(tensor.equal(before[name]) for name, tensor in start.state_dict().items())
