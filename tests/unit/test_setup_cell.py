"""The setup cell that all labs share: what a lab keeps of its own, and what is written anew."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from dataclasses import replace

import pytest

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.author import setup_cell

IMPORTS = """\
import math

from course_utils import checks, viz
from course_utils.profiles import get_profile
from course_utils.seeding import seed_everything"""


def test_a_lab_keeps_its_imports_and_its_last_lines():
    own = "# A note of the lab.\nx = 3\n\n\ndef f():\n    return profile"
    text = setup_cell.setup_text(IMPORTS, own)
    assert setup_cell.filled(text) == text
    assert text.startswith("import importlib.metadata\n")
    assert text.endswith(f"\nprofile = get_profile()\n{own}")
    assert f"\n\n{IMPORTS}\n\nseed_everything(0)\n" in text


def test_a_lab_may_end_with_the_profile():
    text = setup_cell.setup_text(IMPORTS, "")
    assert text.endswith("profile = get_profile()")
    assert setup_cell.filled(text) == text


def test_what_is_not_the_labs_own_is_written_anew():
    old = (
        "import sys\nif sys.version_info < (3, 8):\n    raise RuntimeError\n\n"
        f"{IMPORTS}\nseed_everything(5)\nviz.style.use()\nviz.style.use()\nprofile = get_profile()\nx = 1"
    )
    assert setup_cell.filled(old) == setup_cell.setup_text(IMPORTS, "x = 1")


def test_a_change_of_the_text_reaches_a_cell_that_has_the_old_one(monkeypatch):
    old = setup_cell.setup_text(IMPORTS, "x = 1")
    monkeypatch.setattr(
        setup_cell, "INSTALL", "import sys\nif sys.version_info < (3, 11):\n    sys.exit(1)\n"
    )
    new = setup_cell.filled(old)
    assert new != old
    assert new == setup_cell.setup_text(IMPORTS, "x = 1")
    assert setup_cell.filled(new) == new


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import math\nx = 1", "lacks the line `profile = get_profile\\(\\)`"),
        ("profile = get_profile()", "imports nothing before"),
        (f"{IMPORTS}\nprofile =", "does not compile: invalid syntax, line 6"),
        ("from course_utils import viz\nprofile = 1", "does not import get_profile, seed_everything"),
    ],
)
def test_a_cell_without_the_parts_is_refused(source, says):
    with pytest.raises(CourseError, match=says):
        setup_cell.filled(source)


@pytest.mark.parametrize(
    ("home", "written"),
    [
        ("", ""),
        ("https://git.example.org/a/b", "https://git.example.org/a/b"),
        ("git@h.org:a/b", "https://h.org/a/b"),
    ],
)
def test_the_home_of_the_course_is_written_into_the_cell(monkeypatch, home, written):
    before = setup_cell.setup_text(IMPORTS, "x = 1")
    facts = replace(course.load_course(), home=home)
    monkeypatch.setattr(course, "load_course", lambda: facts)
    assert f'\nCOURSE_HOME = "{written}"\n' in setup_cell.filled(before)


def test_without_the_package_and_without_a_home_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        RuntimeError, match=r"not installed here.*run `python3 install.py` in the course's folder"
    ):
        exec(setup_cell.setup_text(IMPORTS, ""), {})


@pytest.mark.parametrize("count", [0, 3, 9, 30])
def test_the_exercises_are_named_in_lines_that_ruff_leaves_alone(count):
    """Short, one line too long, and many."""
    names = [f"exercise_{number}" for number in range(count)]
    text = setup_cell.setup_text(IMPORTS, "", reversed(names))
    call = text[text.index("tests_apart(", text.index("viz.style.use()")) : text.index("profile =")]
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--line-length=110", "-"],
        input=call,
        capture_output=True,
        text=True,
        check=True,
    )
    assert formatted.stdout == call
    assert ast.literal_eval(f"[{call.removeprefix('tests_apart(').rstrip()[:-1]}]") == sorted(names)
    assert setup_cell.filled(text, names) == text
