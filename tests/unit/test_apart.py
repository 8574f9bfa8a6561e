"""Test cells in Jupyter: a namespace of their own, copies across, the usual switches, the student's own lines."""

from __future__ import annotations

import decimal
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from IPython.core.interactiveshell import InteractiveShell

from course_utils.course import load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.paths import CoursePaths
from course_utils.jupyter import apart

ROOT = Path(__file__).resolve().parents[2]

SETUP = "from course_utils import checks\ntoy = [1, 2]\n"
TITLE = "# @title Tests of exercise 1 · Twice\n"


@pytest.fixture
def shell(monkeypatch):
    """A notebook's shell in which a lab's setup cell has run; `double` is the lab's exercise."""
    made = InteractiveShell(user_ns={})
    made.colors = "nocolor"
    monkeypatch.setattr(apart, "_shell", lambda: made)
    apart.tests_apart("double")
    run(made, SETUP)
    return made


def run(shell, source: str):
    """The cell's ExecutionResult."""
    return shell.run_cell(source, store_history=False)


def verdict(shell, answer: str, tests: str) -> BaseException | None:
    """What stops the tests of the answer."""
    assert run(shell, answer).success
    return run(shell, TITLE + tests).error_in_exec


DOUBLE = "def double(values):\n    return [2 * value for value in values]\n"


def test_tests_leave_no_name_and_replace_none(shell, capsys):
    answer = "_twice = lambda x: 2 * x\ndef double(values):\n    return [_twice(value) for value in values]\n"
    tests = "_twice = None\nleft = 1\ntoy.append(3)\nassert double(toy) == [2, 4, 6]\nprint('the tests pass')"
    assert verdict(shell, answer, tests) is None
    assert capsys.readouterr().out.endswith("the tests pass\n")
    assert shell.user_ns["_twice"](4) == 8
    assert "left" not in shell.user_ns
    assert shell.user_ns["toy"] == [1, 2]


def test_a_helper_of_the_tests_does_not_stand_in_for_a_missing_one(shell):
    answer = "def double(values):\n    return [_twice(value) for value in values]\n"
    error = verdict(shell, answer, "def _twice(x):\n    return 2 * x\nassert double([1]) == [2]")
    assert isinstance(error, NameError)
    assert "_twice" in str(error)


def test_arguments_and_results_are_copies(shell):
    answer = "kept = []\ndef double(values):\n    values.append(0)\n    return kept\n"
    assert verdict(shell, answer, "mine = [1]\ndouble(mine).append(5)\nassert mine == [1]") is None
    assert shell.user_ns["kept"] == []


def test_what_cannot_cross_is_refused_as_when_grading(shell):
    answer = "def double(values):\n    return (2 * value for value in values)\n"
    error = verdict(shell, answer, "list(double([1]))")
    assert "double gave back a generator" in str(error)


def test_probes_run_beside_the_answer(shell):
    tests = """@checks.probe
def tool(count):
    seen = []
    double(map(seen.append, range(count)))
    return len(seen)

assert tool(3) == 3"""
    assert verdict(shell, DOUBLE.replace("2 * value", "value"), tests) is None


def test_other_cells_run_as_ever(shell):
    assert run(shell, "left = double = 3").success
    assert shell.user_ns["left"] == 3
    assert run(shell, "# Tests of my own\nmine = 1").success
    assert shell.user_ns["mine"] == 1


def test_an_exercise_that_is_not_written_says_so(shell):
    error = verdict(shell, "def double(values):\n    raise NotImplementedError('write')", "double([1])")
    assert isinstance(error, NotImplementedError)
    error = run(shell, f"{TITLE}double_of([1])").error_in_exec
    assert isinstance(error, NameError)


def test_an_error_shows_the_call_of_the_tests_and_the_student_s_line(shell, capsys):
    """And neither the answers that the tests expect around the call, nor the channel between the two."""
    tests = "checks.equal(\n    double(\n        [1]),\n    [2], what='double of one', hint='a spoiler')"
    verdict(shell, "def double(values):\n    return values / 0\n", tests)
    shown = capsys.readouterr().out
    assert shown.startswith("When the tests called double( [1])\n")
    assert "return values / 0" in shown
    assert "TypeError: unsupported operand" in shown
    assert "spoiler" not in shown
    assert "course_utils" not in shown


def test_an_error_in_a_probe_shows_where_the_tests_called_it(shell, capsys):
    tests = "@checks.probe\ndef tool(count):\n    return double(count)\n\nassert tool(3) == 6"
    verdict(shell, "def double(values):\n    return values / 0\n", tests)
    shown = capsys.readouterr().out
    assert shown.startswith("When the tests called tool(3)\n")
    assert "return values / 0" in shown
    assert "Could not get source" not in shown


def test_what_stops_the_tests_themselves_shows_their_line(shell, capsys):
    assert isinstance(verdict(shell, DOUBLE, "doubled([1])  # a misspelt name"), NameError)
    shown = capsys.readouterr().out
    assert "doubled([1])  # a misspelt name" in shown
    assert "course_utils" not in shown


def test_a_failed_check_shows_its_message_alone(shell, capsys):
    verdict(shell, DOUBLE, "checks.equal(double([1]), [3], what='double of one', hint='Look again.')")
    assert (
        capsys.readouterr().out.strip() == "Checked: double of one\nresult[0] is 2, expected 3.\nLook again."
    )


def test_calling_it_twice_runs_the_tests_once(shell, capsys):
    apart.tests_apart("double")
    assert verdict(shell, DOUBLE, "print('once')") is None
    assert capsys.readouterr().out == "once\n"
    assert len([one for one in shell.input_transformers_post if isinstance(one, apart._Rewriting)]) == 1


def test_every_lab_s_test_cells_run_apart_and_no_other_cell_does():
    """By their titles, which a kernel sees; by their metadata, which it does not."""
    for lab in load_course().labs:
        nb = nbk.read(CoursePaths(ROOT).lab(lab.name).released)
        rewriting = apart._Rewriting(["double"])
        for cell in nb.cells:
            lines = cell.source.splitlines(keepends=True)
            assert (rewriting(lines) != lines) == nbk.is_test(cell), nbk.label(nb, cell)
        assert f'tests_apart("{min(nbk.student_names(nb))}' in nbk.setup_cells(nb)[0].source.replace(
            "(\n    ", "("
        )


def test_where_no_notebook_runs_it_does_nothing(monkeypatch):
    monkeypatch.setattr(apart, "_shell", lambda: None)
    apart.tests_apart("double")


IMPORTS = "import decimal, random, warnings\nimport numpy as np\nimport torch\n"
STATES = {
    "default dtype": ("torch.set_default_dtype(torch.float64)", "float(torch.tensor([0.1])[0])"),
    "default device": ("torch.set_default_device('meta')", "torch.ones(1).tolist()"),
    "grad mode": ("torch.set_grad_enabled(False)", "torch.ones(1, requires_grad=True).mul(2).requires_grad"),
    "deterministic": (
        "torch.use_deterministic_algorithms(True)",
        "torch.are_deterministic_algorithms_enabled()",
    ),
    "print options": ("torch.set_printoptions(precision=1)", "repr(torch.tensor([0.123]))"),
    "numpy's print options": ("np.set_printoptions(precision=1)", "repr(np.array([0.123]))"),
    "numpy's errors": ("np.seterr(all='raise')", "np.isinf(np.float64(1) / 0)"),
    "warnings": ("warnings.simplefilter('error')", "warnings.warn('loud')"),
    "decimal": ("decimal.getcontext().prec = 3", "str(decimal.Decimal(1) / 3)"),
    "transformers' words": (
        "__import__('transformers').logging.set_verbosity_debug()",
        "__import__('transformers').logging.get_verbosity()",
    ),
    "random numbers": ("random.seed(7); np.random.seed(7)", "(random.random(), np.random.rand())"),
}


@pytest.fixture
def same_afterwards():
    """The process as it was, whatever a cell has set."""
    with warnings.catch_warnings(), decimal.localcontext(), np.errstate(), np.printoptions():
        yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(False)
    torch.set_printoptions(profile="default")
    transformers.logging.set_verbosity_warning()


@pytest.mark.usefixtures("same_afterwards")
@pytest.mark.parametrize(("setting", "looked_at"), STATES.values(), ids=STATES)
def test_what_a_cell_has_set_changes_no_test(shell, capsys, setting, looked_at):
    """Neither what the answer sees nor what the tests see; and for the student's own cells it stays set."""
    run(shell, IMPORTS)
    run(shell, f"def double(values):\n    return {looked_at}\n")
    seen = []
    for cell in ("pass", setting):
        run(shell, cell)
        capsys.readouterr()
        assert run(shell, f"{TITLE}{IMPORTS}print(double([]), {looked_at})").success
        seen.append(capsys.readouterr().out)
    assert seen[0] == seen[1]
    run(shell, f"print(double([]), {looked_at})")
    assert capsys.readouterr().out != seen[0]
