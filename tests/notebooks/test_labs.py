"""labs/ is what release makes of solutions/, gives nothing away, and waits only for the student."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.lint import lint, lint_release
from course_utils.grading.author.release import generate, has_work
from course_utils.grading.author.untouched import run_untouched

ROOT = Path(__file__).resolve().parents[2]

each_lab = pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)


def released(lab: Lab) -> Path:
    return ROOT / "labs" / lab.name / f"{lab.name}.ipynb"


def differences(made: Path, committed: Path) -> list[str]:
    """Names of files that are not the same in two folders; Jupyter's checkpoints do not count."""
    return sorted(
        str(name)
        for name in _files(made) | _files(committed)
        if not ((made / name).is_file() and (committed / name).is_file())
        or (made / name).read_bytes() != (committed / name).read_bytes()
    )


def _files(folder: Path) -> set[Path]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if ".ipynb_checkpoints" not in path.parts}


@each_lab
def test_lab_is_what_release_makes(lab: Lab) -> None:
    scratch = ROOT / ".course"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        made = generate(lab.name, ROOT, Path(folder))
        assert differences(made.parent, released(lab).parent) == [], "run `course release` and commit labs/"


@each_lab
def test_source_keeps_the_rules(lab: Lab) -> None:
    assert lint(nbk.read(ROOT / "solutions" / lab.name / f"{lab.name}.ipynb"), lab) == []


@each_lab
def test_lab_gives_nothing_away(lab: Lab) -> None:
    source = nbk.read(ROOT / "solutions" / lab.name / f"{lab.name}.ipynb")
    assert lint_release(source, nbk.read(released(lab))) == []
    assert not has_work(released(lab))


@each_lab
def test_untouched_lab_waits_only_for_the_student(lab: Lab) -> None:
    assert run_untouched(nbk.read(released(lab)), released(lab).parent) == []


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
