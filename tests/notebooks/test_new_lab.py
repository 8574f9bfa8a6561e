"""`course new`: what it writes is complete, and what it refuses leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from course_utils import slides
from course_utils.errors import CourseError
from course_utils.grading.author import new_lab as module
from course_utils.grading.author.new_lab import new_lab

ROOT = Path(__file__).resolve().parents[2]
NAME, TITLE = "07_trial", 'A "trial", by \\hand'
NOT_COPIED = (".*", "node_modules", "__pycache__", "labs", "submitted", "autograded", "demo", "build", "dist")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the course without its released labs. It has six labs, whatever the original has."""
    root = tmp_path / "clone"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
    facts = (root / "course.toml").read_text(encoding="utf-8")
    begin = facts.find("[[labs]]", facts.index("06_"))
    (root / "course.toml").write_text(facts if begin < 0 else facts[:begin], encoding="utf-8")
    return root


@pytest.fixture
def course(clone: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run `course …` in the clone, with the clone's own package."""

    def run(*arguments: str, module: str = "course_utils.cli") -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(clone), "COLUMNS": "1000"}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, text=True, check=False
        )

    return run


def files(root: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_new_lab_says_what_to_write_and_is_then_in_order(clone, course, lacking):
    try:
        slides._install()
    except CourseError as error:
        lacking(str(error))
    (clone / "node_modules").symlink_to(slides.ROOT / "node_modules")

    made = course("new", NAME, TITLE)
    assert made.returncode == 0, made.stderr
    first = course("check-lab", "7", "--quick")
    assert first.returncode == 1, first.stdout + first.stderr
    for sentence in (
        "Run it: `course solve 7`.",
        "trial-essay-limits is not finished: 'what a good answer says.' and 4 more",
        "slides/07_trial.md is not finished:",
        "labs/07_trial/07_trial.ipynb is missing.",
    ):
        assert sentence in first.stdout
    assert course("release", "7").returncode == 2

    notebook, deck = clone / "solutions" / NAME / f"{NAME}.ipynb", clone / "slides" / f"{NAME}.md"
    for path in (notebook, deck):
        path.write_text(path.read_text(encoding="utf-8").replace("TODO: ", ""), encoding="utf-8")
    for command in (("solve", "7"), ("build", NAME), (), ("release", "7")):
        where = {"build": "course_utils.slides", "": "course_utils.readme"}
        done = course(*command, module=where.get("".join(command[:1]), "course_utils.cli"))
        assert done.returncode == 0, done.stdout + done.stderr
    whole = course("check-lab", "7")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "07_trial: all in order" in whole.stdout


def test_the_entry_is_appended_and_all_else_stays(clone):
    before = files(clone)
    written = new_lab(NAME, TITLE, clone)
    after = files(clone)
    facts = (clone / "course.toml").read_text(encoding="utf-8")
    assert facts.startswith(before[Path("course.toml")].decode().rstrip())
    assert tomllib.loads(facts)["labs"][-1]["title"] == TITLE
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {path.relative_to(clone) for path in written}
    assert not any(b"NEW_" in after[path] for path in changed)


@pytest.mark.parametrize(
    ("name", "title", "says"),
    [
        ("7_trial", "T", "'7_trial' cannot be a lab's name"),
        ("07-trial", "T", "as in 07_my_lab"),
        ("07_Trial", "T", "small letters"),
        ("07_trial_", "T", "cannot be a lab's name"),
        ("07_../../x", "T", "cannot be a lab's name"),
        ("07_trial", " ", "' ' cannot be a title"),
        ("07_trial", "two\nlines", "cannot be a title"),
        ("02_trial", "T", "The number 02 is taken or passed: the next lab is 07_trial"),
        ("07_lora", "T", "The name lora is taken by 02_lora"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(clone, name, title, says):
    before = files(clone)
    with pytest.raises(CourseError) as caught:
        new_lab(name, title, clone)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(clone) == before


@pytest.mark.parametrize(
    "there",
    [
        "solutions/07_trial/notes.txt",
        "tests/mutants/07_trial/old.py",
        "slides/07_trial.md",
        "slides/figures/07_trial.py",
        "course_utils/results/07_trial.json",
    ],
)
def test_files_that_are_there_already_are_left_alone(clone, there):
    path = clone / there
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = files(clone)
    with pytest.raises(CourseError, match="is there already"):
        new_lab(NAME, TITLE, clone)
    assert files(clone) == before


def test_an_error_on_the_way_leaves_nothing(clone, monkeypatch):
    def full(path, text):
        raise OSError(28, "No space left on device")

    before = files(clone)
    monkeypatch.setattr(module, "_replace", full)
    with pytest.raises(OSError, match="No space left"):
        new_lab(NAME, TITLE, clone)
    assert files(clone) == before
    assert not (clone / "solutions" / NAME).exists()


@pytest.mark.parametrize("inside", [False, True], ids=["outside a clone", "in another clone"])
def test_where_no_lab_can_be_made_is_one_sentence(clone, tmp_path, inside):
    command = [sys.executable, "-P", "-m", "course_utils.cli", "new", NAME, TITLE]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "1000"}
    folder, before = clone if inside else tmp_path, files(clone)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert (
        "is not the clone that `course` was installed" if inside else "is not inside a clone"
    ) in done.stderr
    assert "Traceback" not in done.stderr
    assert files(clone) == before
