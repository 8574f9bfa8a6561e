"""`%check`: the exercise at hand, or a named one, with the functions of the running kernel."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.jupyter import magic

DOUBLE = "def double(values):\n    return [2 * value for value in values]"
TOTAL = "def total(values):\n    return sum(double(values))"
STUB = f"\n    {nbk.STUB}"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab with two exercises and no torch, as a file that Jupyter would name."""
    nb = nbformat.v4.new_notebook(
        cells=[
            exercise("double", DOUBLE.split("\n")[0] + STUB, title="Double"),
            its_tests("double", "assert double([1, 3]) == [2, 6], 'not doubled'\nleft = 1"),
            exercise("total", TOTAL.split("\n")[0] + STUB, title="Total"),
            its_tests(
                "total", "from course_utils import checks\nchecks.equal(total([1, 2]), 6, what='a sum')"
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
    )
    path = tmp_path / "mine.ipynb"
    nbformat.write(nb, path)
    monkeypatch.chdir(tmp_path)  # no course around it, whose lab it would be taken for
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


def exercise(name: str, source: str, title: str):
    marks = {"grade": False, "solution": True, "locked": False, "grade_id": f"sft_masking-a-{name}"}
    return new_code_cell(source, metadata={"nbgrader": marks, "course": {"title": title}})


def its_tests(name: str, source: str):
    marks = {"grade": True, "solution": False, "locked": True, "points": 2}
    return new_code_cell(source, metadata={"nbgrader": marks | {"grade_id": f"sft_masking-a-{name}-tests"}})


def shell(*ran: str) -> SimpleNamespace:
    """A kernel in which these cells were run."""
    names: dict = {}
    for source in ran:
        exec(source, names)
    return SimpleNamespace(user_ns={**names, "In": ["", *ran]})


def test_the_exercise_that_was_run_last_and_what_is_next(lab):
    assert magic.checked(shell(TOTAL, DOUBLE, "x = 1"), "").split("\n") == [
        "Double: passed",
        "2 of 2 exercises pass their visible tests.",
    ]


def test_a_named_one_hears_the_message_of_its_test(lab):
    said = magic.checked(shell(DOUBLE, "def total(values):\n    return 5"), "total").split("\n")
    assert said[0] == "Total: failed"
    assert said[1:3] == ["Checked: a sum", "result is 5, expected 6."]
    assert said[-1] == "1 of 2 exercises pass their visible tests. Next: exercise 2 · Total."


def test_an_error_has_its_name(lab):
    assert "\nNameError: name 'nothing' is not defined\n" in magic.checked(
        shell("def double(values):\n    return nothing"), ""
    )


def test_what_is_not_written_or_not_run(lab):
    stub, other = DOUBLE.split("\n")[0] + STUB, TOTAL
    assert magic.checked(shell(stub), "").startswith("Double: not attempted\n0 of 2")
    assert "Total: failed\nIt uses double, which is not written yet." in magic.checked(shell(stub, other), "")
    assert "Double: not reached\nIts cell has not been run in this notebook: run it first." in magic.checked(
        shell(), "double"
    )


def test_tests_leave_no_names_behind(lab):
    kernel = shell(DOUBLE)
    magic.checked(kernel, "")
    assert "left" not in kernel.user_ns


def test_an_unknown_exercise_and_a_notebook_without_a_file_get_a_sentence(lab, monkeypatch):
    with pytest.raises(CourseError, match=r"no exercise 'duoble'\. Did you mean double"):
        magic.checked(shell(), "duoble")
    monkeypatch.setenv("JPY_SESSION_NAME", "gone.ipynb")
    with pytest.raises(CourseError, match=r"does not find this notebook's file: save it"):
        magic.checked(shell(), "")
    inside = shell(DOUBLE)
    inside.user_ns["__vsc_ipynb_file__"] = str(lab)
    assert magic.checked(inside, "").startswith("Double: passed")


def test_colab_is_asked_for_the_notebook(lab, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME")
    answer = {"ipynb": json.loads(lab.read_text())}
    message = ModuleType("google.colab._message")
    message.blocking_request = lambda kind, timeout_sec: answer if kind == "get_ipynb" else None
    for name, module in {
        "google.colab": ModuleType("google.colab"),
        "google.colab._message": message,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert magic.checked(shell(DOUBLE), "").startswith("Double: passed\n1 of 2")


@pytest.mark.slow
def test_in_a_real_kernel(lab):
    nb = nbformat.read(lab, as_version=4)
    nb.cells = [new_code_cell(text) for text in (DOUBLE, "%load_ext course_utils", "%check", "%check toal")]
    NotebookClient(nb, timeout=60, kernel_name="python3").execute()
    said = ["".join(output.text for output in cell.outputs) for cell in nb.cells]
    assert said[2] == "Double: passed\n1 of 2 exercises pass their visible tests. Next: exercise 2 · Total.\n"
    assert said[3].startswith("There is no exercise 'toal'. Did you mean total?")
