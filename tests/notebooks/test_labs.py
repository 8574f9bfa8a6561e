"""labs/ is what release makes of solutions/, gives nothing away, and waits only for the student."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.check_lab import (
    CheckedLab,
    differences,
    look_at_release,
    look_at_untouched,
)

ROOT = Path(__file__).resolve().parents[2]

each_lab = pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)


@each_lab
def test_lab_is_what_release_makes_and_gives_nothing_away(lab: Lab) -> None:
    assert look_at_release(CheckedLab(lab, ROOT)) == []


@each_lab
def test_untouched_lab_waits_only_for_the_student(lab: Lab) -> None:
    assert look_at_untouched(CheckedLab(lab, ROOT)) == []


@each_lab
def test_what_only_has_to_be_run_opens_folded_and_says_what_it_is(lab: Lab) -> None:
    """Tests and figures; what is the author's is not there at all."""
    released = nbk.read(CheckedLab(lab, ROOT).released)
    drawn = [cell for cell in released.cells if "viz.show(" in cell.source]
    tests = [exercise.tests for exercise in nbk.exercises(released)]
    assert len(tests) >= 7
    assert len(drawn) >= 5
    standing_open = [
        cell.id for cell in [*tests, *drawn] if not (nbk.is_folded(cell) and nbk.title(cell.source))
    ]
    assert standing_open == []
    text = "\n".join(cell.source for cell in released.cells)
    assert "README" not in text
    assert "measured yet" not in text


def test_differences_are_noticed(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / ".ipynb_checkpoints").mkdir(parents=True)
        (folder / "same.txt").write_text("same")
    (one / ".ipynb_checkpoints" / "x").write_text("")
    assert differences(one, other) == []
    (one / "changed.txt").write_text("a")
    (other / "changed.txt").write_text("b")
    (other / "left_over.txt").write_text("")
    assert differences(one, other) == ["changed.txt", "left_over.txt"]
