"""A student's own check: each way in which an answer, or the notebook itself, can be wrong gets its own words."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from rich.console import Console

from course_utils import course
from course_utils.course import Course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import setup_cell
from course_utils.grading.author.release import release
from course_utils.grading.author.visible_tests import (
    ExerciseCheck,
    NotebookCheck,
    check_notebook,
    show_checks,
)
from course_utils.grading.paths import CoursePaths

pytestmark = pytest.mark.slow  # starts kernels

DOUBLE = "def double(values):\n    return [2 * value for value in values]"
TOTAL = "def total(values):\n    return sum(double(values))"


def _stubbed(answer: str) -> str:
    first, body = answer.split("\n")
    return f"{first}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


def _tests(visible: str, hidden: str) -> str:
    return f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"


# The tiny lab without torch: a kernel that imports nothing starts in a second.
LIGHT = {
    "tiny-setup": "import math\nprofile = None",
    "tiny-scale-double": _stubbed(DOUBLE),
    "tiny-scale-double-tests": _tests("assert double([1, 3]) == [2, 6]", "assert double([5]) == [10]"),
    "tiny-scale-total": _stubbed(TOTAL),
    "tiny-scale-total-tests": _tests("assert total([1, 2]) == 6", "assert total([7]) == 14"),
}


@pytest.fixture
def student(tiny, tmp_path, monkeypatch, request):
    """hand_in(double=…, total=…): saves a notebook with these answers outside the course; returns its path."""
    if getattr(request, "param", "light") == "light":
        # The text of every lab imports torch as well.
        for name, text in {"INSTALL": "", "START": "profile = None\n", "NEEDED": frozenset()}.items():
            monkeypatch.setattr(setup_cell, name, text)
        for name, source in LIGHT.items():
            tiny.cell(name).source = source
        tiny.nb.cells[4].source, tiny.nb.cells[-1].source = "shown = double([7])", "free = math.pi"
        tiny.write()
    known = Course("Tiny", "tiny", "", (tiny.lab,))
    monkeypatch.setattr(course, "load_course", lambda: known)
    release(tiny.lab, CoursePaths(tiny.root))
    (tiny.root / "course.toml").write_text("")
    monkeypatch.chdir(tiny.root)

    def hand_in(double: str | None = DOUBLE, total: str | None = TOTAL, change=None) -> Path:
        answers = {"tiny-scale-double": double, "tiny-scale-total": total}
        nb = nbk.with_answers(nbk.read(tiny.released), {k: v for k, v in answers.items() if v is not None})
        if change:
            change(nb)
        path = tmp_path / "mine.ipynb"
        nbformat.write(nb, path)
        return path

    return hand_in


def states(path: Path, **options) -> dict[str, str]:
    return {item.exercise: item.state for item in check_notebook(path, **options).exercises}


def messages(path: Path, **options) -> dict[str, str]:
    return {item.exercise: item.message for item in check_notebook(path, **options).exercises}


def test_right_answers_pass_and_nothing_is_written(student):
    path = student()
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir()))
    checks = check_notebook(path).exercises
    assert checks == [
        ExerciseCheck("double", "Double", 4.0, "passed"),
        ExerciseCheck("total", "Total", 3.0, "passed"),
    ]
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before


@pytest.mark.parametrize("student", ["with torch and checks"], indirect=True)
def test_an_untouched_exercise_is_not_attempted_and_a_wrong_answer_hears_the_tutor(student):
    path = student(double="def double(values):\n    return values ** 2", total=None)
    checks = {item.exercise: item for item in check_notebook(path).exercises}
    assert checks["total"].state == "not attempted"
    assert checks["double"].state == "failed"
    assert checks["double"].message.startswith("Checked: double of a toy\ndoubled[0] is 1, expected 2")
    assert checks["double"].message.endswith("You squared instead of doubling.")


def test_an_exercise_that_needs_an_unwritten_one_says_so(student):
    path = student(double=None)
    assert states(path) == {"double": "not attempted", "total": "failed"}
    assert messages(path)["total"] == "It uses double, which is not written yet."


def test_a_syntax_error_stops_only_its_own_exercise(student):
    path = student(total="def total(values:\n    return 6")
    assert states(path) == {"double": "passed", "total": "failed"}
    assert messages(path)["total"].startswith("Its cell stops with SyntaxError")


def test_other_errors_are_shown_with_their_name(student):
    path = student(total="def total(values):\n    return undefined_thing")
    assert messages(path)["total"] == "NameError: name 'undefined_thing' is not defined"


def test_an_endless_loop_stops_only_its_own_exercise(student):
    path = student(
        double="def double(values):\n    while True:\n        pass",
        total="def total(values):\n    return 2 * sum(values)",
    )
    found = check_notebook(path, cell_seconds=5).exercises
    assert [item.state for item in found] == ["failed", "passed"]
    assert "longer than 5 s and was interrupted: does a loop never end?" in found[0].message


STUBBORN = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    pass
"""


ALONE = "def total(values):\n    return 2 * sum(values)"


def test_a_loop_that_cannot_be_interrupted_costs_its_own_exercise_only(student):
    found = check_notebook(student(double=STUBBORN, total=ALONE), cell_seconds=5).exercises
    assert [item.state for item in found] == ["failed", "passed"]
    assert "could not be interrupted" in found[0].message


@pytest.mark.parametrize("double", ["import os\nos._exit(1)", "import os\ndef double(v):\n    os._exit(1)"])
def test_a_kernel_that_dies_costs_its_own_exercise_only(student, double):
    found = check_notebook(student(double=double, total=ALONE)).exercises
    assert [item.state for item in found] == ["failed", "passed"]
    assert "ended the kernel" in found[0].message


def test_a_failure_names_the_earlier_exercise_that_fails_too(student):
    """The second uses the first; if that passes, or is not used, nothing is said of it."""
    said = "This exercise uses `double`, whose own tests do not pass: fix that first."
    wrong = "def double(values):\n    return values"
    first, second = check_notebook(student(double=wrong)).exercises
    assert second.message.splitlines()[-1] == said
    assert said not in first.message
    (_, second) = check_notebook(student(total="def total(values):\n    return 3")).exercises
    assert second.state == "failed"
    assert said not in second.message


def test_a_notebook_that_ends_every_kernel_is_given_up(student):
    def add(nb: NotebookNode) -> None:
        nb.cells[1:1] = [new_code_cell("import os\nos._exit(1)") for _ in range(4)]

    found = check_notebook(student(change=add))
    assert [item.state for item in found.exercises] == ["not reached", "not reached"]
    assert "fix these first" in found.exercises[0].message
    assert found.notes[3] == "Cell 4 ('import os') ended the kernel."


def test_other_cells_that_stop_and_an_empty_essay_are_noted(student):
    def add(nb: NotebookNode) -> None:
        experiment = ["first = 1 / 0", "second = first + 1", "time.sleep(0)", "fine = 1", "double(None)"]
        nb.cells += [new_code_cell(source) for source in experiment]
        nb.cells += [new_code_cell("import os\nos._exit(1)")]

    path = student(change=add)
    found = check_notebook(path)
    (first, clock, none, gone) = found.notes[:4]
    assert "('first = 1 / 0') stops with ZeroDivisionError: division by zero." in first
    assert "NameError: name 'time' is not defined" in clock
    assert "double(None)" in none
    assert gone.endswith("ended the kernel.")
    assert found.notes[4:] == ["The essay tiny-essay-overflow (3 points) is not written yet."]


def test_it_runs_in_the_notebooks_folder_with_the_grading_budget(student, tmp_path):
    (tmp_path / "beside.txt").write_text("6")
    code = """import os
def total(values):
    assert os.environ["COURSE_GRADING"] == "1"
    return int(open("beside.txt").read())
"""
    assert states(student(total=code))["total"] == "passed"
    assert "COURSE_GRADING" not in os.environ


def no_tests(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if nbk.is_test(cell):
            cell.source = "pass"


def test_changed_tests_are_replaced_by_the_released_ones(student):
    path = student(double="def double(values):\n    return values", change=no_tests)
    assert states(path) == {"double": "failed", "total": "failed"}


def through_colab(nb: NotebookNode) -> None:
    nb.metadata = NotebookNode(kernelspec=NotebookNode(name="python3", display_name="Python 3"))
    for index, cell in enumerate(nb.cells):
        cell.metadata = NotebookNode()
        cell.id = f"colab{index}"


def test_a_copy_from_colab_is_recognised(student):
    assert states(student(total=TOTAL.replace("sum", "max"), change=through_colab)) == {
        "double": "passed",
        "total": "failed",
    }


def test_work_done_in_labs_itself_is_checked(student, tiny):
    nb = nbk.with_answers(nbk.read(tiny.released), {"tiny-scale-double": DOUBLE, "tiny-scale-total": TOTAL})
    nbformat.write(nb, tiny.released)
    assert states(tiny.released) == {"double": "passed", "total": "passed"}


def test_a_teachers_source_is_checked_by_its_visible_tests(student, tiny):
    hidden = "### BEGIN HIDDEN TESTS\nassert False\n### END HIDDEN TESTS"
    for cell in tiny.nb.cells:
        if nbk.is_test(cell):
            cell.source = nbk.split_hidden(cell.source)[0] + "\n" + hidden
    assert states(tiny.write()) == {"double": "passed", "total": "passed"}


def another_lab(nb: NotebookNode) -> None:
    nb.metadata.course.lab = "09_other"


def another_prefix(nb: NotebookNode) -> None:
    del nb.metadata["course"]
    for cell in nb.cells:
        if nbk.grade_id(cell):
            cell.metadata.nbgrader.grade_id = cell.metadata.nbgrader.grade_id.replace("tiny-", "other-")


@pytest.mark.parametrize(("change", "what"), [(another_lab, "09_other"), (another_prefix, "other")])
def test_a_notebook_of_another_course_is_refused(student, change, what):
    with pytest.raises(CourseError, match=f"is of {what}, which this course does not have: it has 01_tiny"):
        check_notebook(student(change=change))


def test_a_notebook_without_exercises_is_refused(student, tmp_path):
    path = tmp_path / "other.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]), path)
    with pytest.raises(CourseError, match=r"other\.ipynb has no exercises of this course"):
        check_notebook(path)


@pytest.mark.parametrize("text", ["{", '{"a": 1}', ""])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "mine.ipynb"
    path.write_text(text)
    with pytest.raises(CourseError, match=r"mine\.ipynb is not a notebook"):
        check_notebook(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"There is no notebook at .*none\.ipynb"):
        check_notebook(tmp_path / "none.ipynb")


def test_the_table_shows_every_exercise_and_its_message():
    shown = io.StringIO()
    checks = [
        ExerciseCheck("double", "Double [twice]", 4.0, "passed"),
        ExerciseCheck("total", "Total", 3.0, "failed", "total is [3], expected 6"),
    ]
    show_checks(NotebookCheck(checks, ["A [note]."]), Console(file=shown, width=100))
    text = shown.getvalue()
    assert "Double [twice]" in text
    assert "total is [3], expected 6" in text
    assert "1 of 2 exercises pass" in text
    assert "A [note]." in text


def test_what_is_odd_about_the_file_is_said(student):
    """Half an emoji in the code and in what it raises, an id that is none, a missing text, answers in other cells."""

    def break_it(nb):
        next(cell for cell in nb.cells if nbk.grade_id(cell) == "tiny-scale-double").source += "\n# HALF"
        nb.cells.append(new_code_cell(f"HELP = 0\n\n{TOTAL} + HELP"))
        nb.cells.append(new_code_cell("print(chr(0xd83d))\nraise ValueError(chr(0xd83d))"))
        nb.cells.append(new_code_cell("SOURCE"))

    path = student(total=None, change=break_it)
    text = re.sub(r'\[\s*"SOURCE"\s*\]', "null", path.read_text().replace("HALF", "\\ud83d"))
    path.write_bytes(text.encode("utf-16"))
    found = check_notebook(path)
    assert [item.state for item in found.exercises] == ["passed", "passed"]
    said = " ".join(found.notes)
    assert "Half of a character (of an emoji?) became \ufffd." in said
    assert "has no text, but null." in said
    assert "Tiny-scale-total: its cell was empty; the answer in cell" in said
    assert "stops with ValueError: \ufffd" in said
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), width=200)
    show_checks(found, console)
