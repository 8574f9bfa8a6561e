"""Experiments that are recorded: what is made, what is kept when a run dies, whose file is refused."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from course_utils import results
from course_utils.errors import CourseError
from course_utils.experiments import expert_iteration, rank_sweep, sft_curves
from course_utils.experiments.recorded import Recording


@dataclass(frozen=True)
class MadeUpRecipe:
    sizes: tuple[int, ...] = (1, 2)


PLAN = [{"size": size, "seed": seed} for seed in (0, 1) for size in (1, 2)]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    return tmp_path


def complete(recording: Recording, run, **options) -> tuple[dict, str]:
    """The file's content afterwards, and what was printed."""
    screen = io.StringIO()
    made = recording.complete(
        PLAN,
        run,
        lambda made: f"size {made['size']}: {made['loss']}",
        console=Console(file=screen),
        **options,
    )
    return made, screen.getvalue()


def asked(recorded: dict) -> list[tuple[int, int]]:
    return [(run["size"], run["seed"]) for run in recorded["runs"]]


def test_every_run_is_saved_before_the_next_and_none_is_made_twice(folder: Path) -> None:
    calls = []

    def run(settings):
        saved = json.loads((folder / "made_up.json").read_text())["runs"] if calls else []
        assert [{"size": r["size"], "seed": r["seed"]} for r in saved] == PLAN[: len(calls)]
        calls.append(settings)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"loss": len(calls)}

    with pytest.raises(KeyboardInterrupt):
        complete(Recording("made_up", MadeUpRecipe()), run)
    assert asked(results.load("made_up")) == [(1, 0), (2, 0)]
    recorded, said = complete(Recording("made_up", MadeUpRecipe()), lambda settings: {"loss": 9})
    assert asked(recorded) == [(1, 0), (2, 0), (1, 1), (2, 1)]
    assert [run["loss"] for run in recorded["runs"]] == [1, 2, 9, 9]
    assert recorded == results.load("made_up")
    assert "size 2: 9" in said
    assert "4/4" in said
    again, said = complete(Recording("made_up", MadeUpRecipe()), None)  # nothing is left to make
    assert again == recorded
    assert "size" not in said
    assert [path.name for path in folder.iterdir()] == ["made_up.json"]


def test_processes_share_the_work_and_the_file_is_in_the_plans_order(folder: Path) -> None:
    """Another process adds its own run while this one is at work."""
    recording, other = (Recording("made_up", MadeUpRecipe()) for _ in range(2))

    def run(settings):
        if settings == PLAN[3]:
            complete(other, lambda _: {"loss": 5}, wanted=lambda asked: asked == PLAN[0])
        return {"loss": 1}

    recorded, _ = complete(recording, run, wanted=lambda asked: asked["seed"] == 1)
    assert asked(recorded) == [(1, 0), (1, 1), (2, 1)]
    assert [made["loss"] for made in recorded["runs"]] == [5, 1, 1]
    assert recording.find(PLAN[0]) == {"size": 1, "seed": 0, "loss": 5}
    assert recording.find({"size": 2, "seed": 0}) is None


def test_what_is_measured_once_is_in_the_file(folder: Path) -> None:
    recording = Recording("made_up", MadeUpRecipe())
    assert recording.once("start", lambda: {"right": (3, 4)}) == {"right": [3, 4]}
    assert recording.once("start", None) == {"right": [3, 4]}
    assert results.load("made_up") == {"recipe": {"sizes": [1, 2]}, "runs": [], "start": {"right": [3, 4]}}


def test_a_file_of_another_recipe_is_refused_and_kept(folder: Path) -> None:
    complete(Recording("made_up", MadeUpRecipe()), lambda settings: {"loss": 1})
    before = (folder / "made_up.json").read_bytes()
    other = Recording("made_up", MadeUpRecipe(sizes=(1, 3)))
    sentence = "course_utils/results/made_up.json was made with another recipe; delete it to begin anew"
    for use in (lambda: complete(other, None), lambda: other.once("start", None), other.read):
        with pytest.raises(CourseError) as refused:
            use()
        assert str(refused.value) == sentence
    assert (folder / "made_up.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "recipe", "plan"),
    [
        (rank_sweep.NAME, rank_sweep.RECIPE, lambda _: rank_sweep.plan()),
        (sft_curves.NAME, sft_curves.RECIPE, lambda file: sft_curves.plan(file["seconds_per_step"])),
        (expert_iteration.NAME, expert_iteration.settings(), lambda _: expert_iteration.plan()),
    ],
)
def test_the_committed_files_are_accepted_and_complete(name: str, recipe, plan) -> None:
    before = results.load(name)
    recording = Recording(name, recipe)
    assert recording.complete(plan(before), None, None) == before
    for key in before.keys() - {"recipe", "runs"}:
        assert recording.once(key, None) == before[key]
