"""Testing the tests of the tests: each way in which a catalogue or a test cell can be wrong is found and named."""

from __future__ import annotations

import copy
import io
import os
import re
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue, generic
from course_utils.grading.author.generic import Call, examples, generics, same, watched
from course_utils.grading.author.verify import Matrix, _failure, show_matrix, submissions, verify_tests
from course_utils.grading.cells import new_namespace, run_cell

MUTANT = """
# %% mutant: {name}
# misconception: A test of the machinery.
# fails: {fails}
# says: {says}
{code}
"""
VARIANT = "# %% variant: {name}\n# note: a test of the machinery.\n{code}\n"
OWN = "tiny-scale-double-tests"


def run(tiny, exercise: str = "double", minimum=(2, 1), **options) -> Matrix:
    return verify_tests(tiny.lab, exercise, root=tiny.root, minimum=minimum, **options)


def with_mutant(tiny, code: str, says: str = "anything", fails: str = OWN, **options) -> str:
    """What verify says of one wrong answer: what came instead, or "" if all is as intended."""
    tiny.catalogue("double", MUTANT.format(name="it", fails=fails, says=says, code=code))
    problems = run(tiny, minimum=(1, 0), **options).problems
    assert len(problems) <= 1
    return problems[0].came if problems else ""


def test_a_good_catalogue_is_as_intended(tiny):
    matrix = run(tiny)
    assert matrix.problems == ()
    (row,) = matrix.rows
    assert (row.mutants, row.variants, row.visible) == ((2, 2), (1, 1), 2)
    assert row.generic[0] == row.generic[1] >= 7


@pytest.mark.parametrize(
    ("recorded", "came"),
    [
        ("2.0", []),
        ("2.1", []),
        ("3.0", ["the solution has 2, its tests say that 3 is recorded"]),
        ("", ["its tests note none"]),
    ],
)
def test_the_recorded_number_of_an_open_experiment_is_the_solutions_own(tiny, recorded, came):
    tiny.cell("tiny-scale-double").metadata["course"]["open"] = True
    if recorded:
        line = f"checks.measured(float(double(torch.tensor([1.0]))[0]), 'it', {recorded}, 'lower')"
        source = tiny.cell(OWN).source
        tiny.cell(OWN).source = source.replace("### END HIDDEN", f"{line}\n### END HIDDEN")
    tiny.write()
    matrix = run(tiny)
    assert [problem.came for problem in matrix.problems] == came
    assert matrix.rows[0].generic == (0, 0)  # another answer may be as good


def test_the_whole_lab_needs_every_catalogue_and_enough_in_each(tiny):
    matrix = verify_tests(tiny.lab, root=tiny.root)
    found = [(problem.exercise, problem.what, problem.wanted) for problem in matrix.problems]
    assert ("double", "wrong answers", "at least 8") in found
    assert ("double", "right variants", "at least 4") in found
    assert ("total", "catalogue", "a catalogue that can be read") in found
    assert len(matrix.rows) == 2
    assert not matrix.ok


def test_a_catalogue_without_an_exercise_is_reported(tiny):
    tiny.catalogue("dubble", "")
    assert [p.came for p in run(tiny).problems] == ["no such exercise"]


# Wrong answers


def test_a_survivor_is_reported(tiny):
    code = "def double(values):\n    if not len(values):\n        raise ValueError('empty')\n    return values + values"
    assert with_mutant(tiny, code) == "it passes: every test accepts it"


def test_a_message_that_misses_its_misconception_is_reported(tiny):
    came = with_mutant(tiny, "def double(values):\n    return values * 3", says="squared")
    assert came.startswith("without 'squared': Checked: double of a toy\ndoubled[0] is 3, expected 2")


def test_all_words_must_be_there_whatever_their_case_and_spacing(tiny):
    code = "def double(values):\n    return values ** 2"
    assert with_mutant(tiny, code, says="You SQUARED\n# says: instead  of doubling") == ""
    assert "without 'tripled'" in with_mutant(tiny, code, says="squared\n# says: tripled")


def test_an_answer_that_fails_before_the_tests_is_reported(tiny):
    came = with_mutant(tiny, "def double(values):\n    return 0\nraise RuntimeError('too early')")
    assert came == "tiny-scale-double fails: RuntimeError: too early"


def test_an_error_inside_the_answer_counts_as_its_message(tiny):
    code = "def double(values):\n    return values.twice()"
    assert with_mutant(tiny, code, says="AttributeError") == ""


def test_an_endless_loop_is_stopped(tiny):
    code = """def double(values):
    while True:
        try:
            len(values)
        except Exception:
            pass
"""
    assert with_mutant(tiny, code, says="took longer than", seconds=0.3) == ""


def test_a_busy_machine_gives_an_answer_as_much_more_time_as_it_takes_from_the_solution(tiny):
    """The solution needs a fifth of a second: so may an answer, though the limit is a hundredth."""
    cell = tiny.cell("tiny-scale-double")
    slow = (
        "import time\n    end = time.process_time() + 0.2\n    while time.process_time() < end:\n        pass"
    )
    cell.source = cell.source.replace("### BEGIN SOLUTION", f"### BEGIN SOLUTION\n    {slow}")
    tiny.write()
    code = f"def double(values):\n    {slow}\n    return values * 2 if len(values) else values"
    assert with_mutant(tiny, code, says="ValueError", seconds=0.05) == ""


def test_a_long_sleep_is_stopped_too(tiny):
    code = "import time\ndef double(values):\n    time.sleep(600)"
    assert with_mutant(tiny, code, says="took longer than", seconds=0.2) == ""


def test_a_limit_that_is_reached_while_it_is_put_away_stops_nothing_more(monkeypatch):
    """The other timer is still running then; on a busy machine it once ended a whole run of the tests."""
    before, set_timer, late = signal.getsignal(signal.SIGPROF), signal.setitimer, []

    def at_the_last_moment(timer: int, seconds: float, interval: float = 0.0) -> None:
        if seconds == 0 and timer == signal.ITIMER_PROF:
            late.append(signal.raise_signal(signal.SIGALRM))
        set_timer(timer, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", at_the_last_moment)
    assert _failure(5.0, run_cell, "a cell", "1 + 1", new_namespace()) is None
    assert late == [None]
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_leaving_the_process_is_only_an_error(tiny):
    assert with_mutant(tiny, "import sys\ndef double(values):\n    sys.exit(3)", says="SystemExit") == ""


def test_the_named_test_cell_must_exist(tiny):
    assert (
        with_mutant(tiny, "def double(values):\n    return 0", fails="nowhere")
        == "there is no test cell nowhere"
    )


def test_another_exercises_test_cell_may_be_the_one_that_fails(tiny):
    code = (
        "def double(values):\n    if not len(values):\n        raise ValueError('empty')\n"
        "    return values * (2 if values.is_floating_point() else 3)"
    )
    assert with_mutant(tiny, code, fails="tiny-scale-total-tests", says="total is 9") == ""
    assert "tiny-scale-double-tests fails" in with_mutant(
        tiny, code.replace("(2 if", "(5 if"), fails="tiny-scale-total-tests", says="total"
    )


def test_the_visible_tests_are_counted_apart_from_the_hidden_ones(tiny):
    code = (
        "def double(values):\n    if not len(values):\n        raise ValueError('empty')\n"
        "    return values * 2 if values[0] == 1 else values"
    )
    assert with_mutant(tiny, code, says="double of fresh numbers") == ""
    (row,) = run(tiny, minimum=(1, 0)).rows
    assert (row.mutants, row.visible) == ((1, 1), 0)


def seen_and_refused(tiny, code: str, says: str) -> tuple[int, int]:
    """(wrong answers that the student's own tests refuse, those that all tests refuse) for one wrong answer."""
    tiny.write()
    tiny.catalogue("double", MUTANT.format(name="it", fails=OWN, says=says, code=code))
    (row,) = run(tiny, minimum=(1, 0)).rows
    return row.visible, row.mutants[0]


def test_a_hidden_input_that_fails_in_a_visible_function_is_not_seen_by_the_student(tiny):
    tiny.cell(OWN).source = """
def agrees(values):
    checks.equal(double(values), 2 * values, what=f"double of {values.tolist()}")

agrees(toy)
### BEGIN HIDDEN TESTS
agrees(torch.tensor([5.0]))
### END HIDDEN TESTS
"""
    code = "def double(values):\n    return values * 2 if values[0] == 1 else values"
    assert seen_and_refused(tiny, code, "double of [5.0]") == (0, 1)
    assert seen_and_refused(tiny, "def double(values):\n    return values", "double of [1.0, 2.0, 3.0]") == (
        1,
        1,
    )


def test_what_grading_refuses_is_seen_by_the_student(tiny):
    """A generator cannot cross between the processes, so the tests in Jupyter do not take it either."""
    tiny.cell(OWN).source = """
assert list(double([1])) == [2]
### BEGIN HIDDEN TESTS
assert list(double([4])) == [8]
### END HIDDEN TESTS
"""
    code = "def double(values):\n    return (2 * value for value in values)"
    assert seen_and_refused(tiny, code, "gave back a generator") == (1, 1)


def test_one_answer_does_not_change_what_the_next_one_sees(tiny):
    first = MUTANT.format(
        name="a",
        fails=OWN,
        says="doubled",
        code="toy.add_(5)\ntoy.sub_(5)\ntorch.set_default_dtype(torch.float64)\n"
        "left = 1\ndef double(values):\n    toy[0] = 9\n    return values * values",
    )
    second = VARIANT.format(
        name="b",
        code="assert 'left' not in globals() and toy.tolist() == [1, 2, 3]\n"
        "assert torch.get_default_dtype() == torch.float32\n"
        "def double(values):\n    if not len(values):\n        raise ValueError('empty')\n    return 2 * values",
    )
    tiny.catalogue("double", first + second)
    assert run(tiny, minimum=(1, 1)).problems == ()


def test_every_answer_gets_the_same_random_numbers(tiny):
    code = "draw = torch.rand(1).item()\ndef double(values):\n    raise RuntimeError(f'draw {draw:.6f}')"
    torch.manual_seed(0)
    says = f"draw {torch.rand(1).item():.6f}"
    entries = [MUTANT.format(name=name, fails=OWN, says=says, code=code) for name in "ab"]
    tiny.catalogue("double", "".join(entries))
    assert run(tiny, minimum=(2, 0)).problems == ()


# Right answers, solution and stub


def test_a_refused_variant_is_reported(tiny):
    tiny.catalogue("double", VARIANT.format(name="wrong", code="def double(values):\n    return values * 3"))
    (problem,) = run(tiny, minimum=(0, 1)).problems
    assert problem.what == "right variant wrong"
    assert problem.came.startswith("tiny-scale-double-tests fails: Checked: double of a toy")


def test_a_solution_that_fails_its_tests_is_reported(tiny):
    tiny.cell("tiny-scale-double").source = tiny.cell("tiny-scale-double").source.replace("* 2", "* 3")
    tiny.write()
    problems = {problem.what: problem for problem in run(tiny).problems}
    assert "tiny-scale-double-tests fails: Checked: double of a toy" in problems["solution"].came


def test_a_stub_that_does_not_stop_at_its_tests_is_reported(tiny):
    cell = tiny.cell("tiny-scale-double")
    cell.source += "\nready = double(toy)"
    tiny.write()
    problems = {problem.what: problem.came for problem in run(tiny).problems}
    assert problems["stub"].startswith("tiny-scale-double fails: NotImplementedError")


def test_tests_that_the_stub_passes_are_reported(tiny):
    tiny.cell(
        "tiny-scale-total-tests"
    ).source = (
        "checks.true(callable(len), what='x')\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"
    )
    tiny.write()
    tiny.catalogue("total", VARIANT.format(name="any", code="def total(values):\n    return 3"))
    problems = {problem.what: problem.came for problem in run(tiny, "total", (0, 1)).problems}
    assert problems == {"stub": "the tests pass"}


def test_objects_that_are_no_plain_data_do_not_cross(tiny):
    """In Jupyter such a test would pass; when grading it could not, so it is refused here."""
    cell = tiny.cell("tiny-scale-double")
    cell.source += "\n\ndef maker():\n    return (i for i in range(3))"
    tiny.cell(OWN).source += "\nassert list(maker()) == [0, 1, 2]"
    tiny.write()
    problem = next(problem for problem in run(tiny).problems if problem.what == "solution")
    assert problem.wanted == "accepted when grading"
    assert "maker gave back a generator" in problem.came


def test_a_change_in_place_is_only_seen_by_a_probe(tiny):
    """When grading, arguments cross as copies: a test that looks at its own argument afterwards sees nothing."""
    tiny.cell(OWN).source = """
given = torch.tensor([1.0, 2.0])
double(given)
checks.equal(given, torch.tensor([1.0, 2.0]), what="the argument of double")
checks.raises(ValueError, double, torch.tensor([]), what="double of nothing")
checks.equal(double(toy), toy + toy, what="double of a toy")
### BEGIN HIDDEN TESTS
checks.equal(double(given), torch.tensor([2.0, 4.0]), what="double of two")
### END HIDDEN TESTS
"""
    tiny.write()
    problems = [problem for problem in run(tiny).problems if problem.came.startswith("it passes")]
    assert [problem.what for problem in problems] == [
        "wrong answer in_place",
        "double changes its argument values",
    ]


def test_a_subclass_of_plain_data_counts_as_what_it_is_built_on(tiny):
    code = """class Floats(list):
    pass
def double(values):
    if not len(values):
        raise ValueError("empty")
    return values * 2
def pair():
    return Floats([1.0])
"""
    cell = tiny.cell("tiny-scale-double")
    cell.source += "\n\ndef pair():\n    ### BEGIN SOLUTION\n    return [1.0]\n    ### END SOLUTION"
    tiny.cell(OWN).source += "\nchecks.equal(pair(), [1.0], what='a list')"
    tiny.write()
    tiny.catalogue("double", VARIANT.format(name="subclass", code=code))
    assert "right variant subclass" not in {problem.what for problem in run(tiny, minimum=(0, 1)).problems}


def test_a_right_answer_must_pass_in_jupyter_too(tiny):
    """There the tests take from the student's notebook what setup cells left."""
    code = """toy = toy * 0
def double(values):
    if not len(values):
        raise ValueError("empty")
    return values * 2
"""
    tiny.cell(OWN).source += "\nassert toy.sum() > 0, 'nothing is left of toy'"
    tiny.write()
    tiny.catalogue("double", VARIANT.format(name="rebinds", code=code))
    problems = {problem.what: problem for problem in run(tiny, minimum=(0, 1)).problems}
    assert problems["right variant rebinds"].wanted == "accepted in Jupyter"


def test_an_exercise_gets_the_earlier_solutions_that_it_needs(tiny):
    tiny.nb.cells[4].source = "raise RuntimeError('a demo that no exercise needs')"
    tiny.write()
    tiny.catalogue(
        "total",
        VARIANT.format(name="same", code="def total(v):\n    return int(double(torch.tensor(v)).sum())"),
    )
    matrix = run(tiny, "total", (0, 1))
    assert matrix.problems == ()
    assert matrix.rows[0].variants == (1, 1)


def test_a_setup_cell_that_fails_stops_everything(tiny):
    tiny.cell("tiny-setup").source += "\nundefined_name"
    tiny.write()
    with pytest.raises(CourseError, match="The setup cell tiny-setup fails: NameError"):
        run(tiny)


def test_magics_in_setup_cells_do_nothing(tiny):
    tiny.cell("tiny-setup").source = "%matplotlib inline\n" + tiny.cell("tiny-setup").source
    tiny.write()
    assert run(tiny).problems == ()


def test_the_process_is_left_as_it_was(tiny, monkeypatch):
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    before = (os.getcwd(), dict(os.environ), torch.get_num_threads())
    tiny.catalogue(
        "double",
        MUTANT.format(
            name="env",
            fails=OWN,
            says="1",
            code="import os\ndef double(values):\n    raise RuntimeError(os.environ['COURSE_GRADING'])",
        ),
    )
    assert run(tiny, minimum=(1, 0)).problems == ()
    assert (os.getcwd(), dict(os.environ), torch.get_num_threads()) == before


def test_an_unknown_exercise_names_the_known_ones(tiny):
    with pytest.raises(CourseError, match=r"no exercise 'half'\. The exercises are: double, total"):
        run(tiny, "half")


def test_the_matrix_names_everything_that_has_to_be_mended(tiny):
    tiny.catalogue(
        "double", MUTANT.format(name="weak", fails=OWN, says="[odd]", code="def double(v):\n    return v")
    )
    shown = io.StringIO()
    show_matrix(run(tiny, minimum=(1, 0)), Console(file=shown, width=120))
    text = shown.getvalue()
    assert "0/1" in text
    assert "double: wrong answer weak" in text
    assert "double.py:2" in text
    assert "wanted  tiny-scale-double-tests says '[odd]'" in text
    assert "1 to mend" in text


# Generic wrong answers


def survivors(tiny, solution: str, tests: str) -> list[str]:
    tiny.cell("tiny-scale-double").source = solution
    tiny.cell(OWN).source = tests
    tiny.write()
    tiny.catalogue("double", VARIANT.format(name="same", code=solution.replace("###", "#")))
    return [
        problem.what for problem in run(tiny, minimum=(0, 1)).problems if problem.came.startswith("it passes")
    ]


ADD = """
def double(values: list, step: int = 1):
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("empty")
    return torch.tensor(values) + step
    ### END SOLUTION
"""


@pytest.mark.parametrize(
    ("tests", "left"),
    [
        ("assert double([1, 2]) is None or True", {"returns None", "returns zeros", "raises nothing"}),
        ("assert double([3]).tolist() == [4]", {"returns another dtype", "gives its first answer for ever"}),
        ("assert torch.equal(double([3]).squeeze(), torch.tensor(4))", {"returns one dimension more"}),
        ("assert len(double([1, 2])) == 2", {"returns its first argument", "changes its argument values"}),
    ],
)
def test_weak_tests_let_generic_wrong_answers_pass(tiny, tests, left):
    tests += "\ntry:\n    double([])\nexcept ValueError:\n    pass\n"
    tests += "double([7, 8])\n"
    found = survivors(tiny, ADD, tests + "### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS")
    assert {f"double {how}" for how in left} <= set(found)


def test_a_text_has_no_dtype_and_an_equal_answer_is_left_out(tiny):
    solution = """
def double(values: str) -> str:
    ### BEGIN SOLUTION
    return values * 2 if len(values) < 3 else values
    ### END SOLUTION
"""
    tests = """
checks.equal(double("ab"), "abab", what="w")
### BEGIN HIDDEN TESTS
checks.equal(double("xyz"), "xyz", what="w")
### END HIDDEN TESTS
"""
    assert survivors(tiny, solution, tests) == []
    (row,) = run(tiny, minimum=(0, 1)).rows
    assert row.generic == (6, 6)
    assert set(row.same) == {
        f"double {how}"
        for how in (
            "returns another dtype",
            "rounds to two digits",
            "gives nothing below 0",
            "strips its text",
            "drops what it returns twice",
            "raises nothing",
            "remembers by its first argument",
            "remembers by the lengths of its arguments",
            "strips its arguments",
            "reads only the beginning of its arguments",
            "reads only once what it is given twice",
            "changes its argument values",
        )
    }
    shown = io.StringIO()
    show_matrix(run(tiny, minimum=(0, 1)), Console(file=shown, width=120))
    assert "No input of the tests tells from the solution  double strips its text" in shown.getvalue()


def test_methods_of_classes_are_spoilt_too():
    namespace: dict = {}
    exec(
        "class Box:\n    def get(self, x):\n        return x + 1\n    def _own(self):\n        return 1",
        namespace,
    )
    found = {item.name: item for item in generics(["Box"], namespace)}
    assert {name.split(" ", 1)[0] for name in found} == {"Box.get"}
    watch = found["Box.get returns its first argument"].install(namespace)
    assert namespace["Box"]().get(3) == 3
    assert watch.differed


@pytest.mark.parametrize(
    ("change", "value", "expected"),
    [
        (
            generic.zeros,
            {"a": [1, 2.5, "x", True, torch.ones(2)]},
            {"a": [0, 0.0, "", False, torch.zeros(2)]},
        ),
        (generic.zeros, np.ones(2, dtype=np.int32), np.zeros(2, dtype=np.int32)),
        (generic.other_dtype, (torch.tensor([1]), 3), (torch.tensor([1.0]), 3)),
        (generic.other_dtype, torch.tensor([1.5]), torch.tensor([1])),
        (generic.rounded, [1.234, 2e9 + 0.001, 3], [1.23, 2e9 + 0.001, 3]),
        (generic.rounded, torch.tensor([1.234, 2e5]), torch.tensor([1.23, 2e5])),
        (generic.rounded, np.array([[0.004]]), np.array([[0.0]])),
        (generic.deeper, torch.tensor([1, 2]), torch.tensor([[1, 2]])),
        (generic.deeper, (torch.tensor([1]), 3), (torch.tensor([[1]]), 3)),
        (generic.deeper, [1, 2], [[1, 2]]),
        (generic.deeper, 5, [5]),
    ],
)
def test_spoilt_values(change: Callable, value, expected):
    assert same(change(value), expected)


@pytest.mark.parametrize(
    ("value", "expected", "changed"),
    [
        (torch.tensor([1, 2]), torch.tensor([2, 2]), True),
        (torch.tensor(True), torch.tensor(False), True),
        (torch.tensor([]), torch.tensor([]), False),
        (np.array([[1.0]]), np.array([[2.0]]), True),
        ([1, 2], [1, 2, 2], True),
        ([], [], False),
        ({"a": torch.tensor([1]), "b": 2}, {"a": torch.tensor([2]), "b": 2}, True),
        (([1],), ([1, 1],), True),
        ("text", "text", False),
    ],
)
def test_touching_arguments(value, expected, changed):
    assert generic.touch(value) is changed
    assert same(value, expected)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (True, 1),
        (torch.tensor([1]), torch.tensor([1.0])),
        (torch.tensor([1]), torch.tensor([[1]])),
        (np.array([1]), np.array([2])),
        ([1], (1,)),
        ({"a": 1}, {"a": 2}),
        (object(), object()),
    ],
)
def test_different_values_are_not_the_same(a, b):
    assert not same(a, b)


def spoilt(source: str, how: str, calls: str) -> tuple[list, bool]:
    """What a spoilt function answers to each of the calls (errors by name), and whether it ever differed."""
    namespace: dict = {}
    exec(source, namespace)
    seen = examples(["f"], namespace)
    answers(namespace, "f('shown')")
    exec(source, namespace)
    (way,) = (way for way in generics(["f"], namespace, seen) if way.how == how)
    ((_, dry),) = watched([way], namespace)
    answers(namespace, calls)
    exec(source, namespace)
    watch = way.install(namespace)
    found = answers(namespace, calls)
    assert dry.differed is watch.differed  # a run with the true function tells as much
    return found, watch.differed


def answers(namespace: dict, calls: str) -> list:
    found = []
    for call in calls.split("; "):
        try:
            found.append(eval(call, namespace))
        except Exception as error:
            found.append(type(error).__name__)
    return found


TWICE, SHOW = "def f(x): return x + x", "def f(x, y=0): return repr(x) + str(y)"


@pytest.mark.parametrize(
    ("source", "how", "calls", "found", "differs"),
    [
        ("def f(x): return abs(x)", "gives its first answer for ever", "f(-1); f(1)", [1, 1], False),
        (TWICE, "gives its first answer for ever", "f(1); f(2)", [2, 2], True),
        (SHOW, "remembers by its first argument", "f(1); f(2); f(1, 5)", ["10", "20", "10"], True),
        (SHOW, "remembers by its first argument", "f(1); f(2); f(1, 0)", ["10", "20", "10"], False),
        (SHOW, "remembers by the lengths of its arguments", "f('ab'); f('cd')", ["'ab'0", "'ab'0"], True),
        (SHOW, "remembers by the lengths of its arguments", "f('ab'); f('abc')", ["'ab'0", "'abc'0"], False),
        (TWICE, "strips its text", "f(' a'); f([' '])", ["a a", ["", ""]], True),
        (TWICE, "strips its arguments", "f(' a')", ["aa"], True),
        (TWICE, "strips its arguments", "f('a')", ["aa"], False),
        (TWICE, "rounds to two digits", "f(1.004); f(1)", [2.01, 2], True),
        (TWICE, "gives nothing below 0", "f([-1, 2])", [[0, 2, 0, 2]], True),
        (TWICE, "drops what it returns twice", "f([1, 2])", [[1, 2]], True),
        (TWICE, "reads only once what it is given twice", "f([1, 1, 2])", [[1, 2, 1, 2]], True),
        # A duplicate that makes no difference to the answer is none to the tests either.
        ("def f(x): return max(x)", "reads only once what it is given twice", "f([1, 1])", [1], False),
        ("def f(x): return len(x)", "reads only the beginning of its arguments", "f([0] * 9)", [8], True),
        ("def f(x): return len(x)", "reads only the beginning of its arguments", "f('a' * 61)", [60], True),
        (
            "def f(x): return x[8]",
            "reads only the beginning of its arguments",
            "f([7] * 9)",
            ["IndexError"],
            True,
        ),
        ("def f(x): return x[8]", "raises nothing", "f([7] * 9); f([])", [7, 7], True),
        (SHOW, "knows the visible examples", "f('shown'); f('new')", ["'shown'0", "'shown'0"], True),
        (SHOW, "knows the visible examples", "f('shown')", ["'shown'0"], False),
    ],
)
def test_spoilt_functions(source, how, calls, found, differs):
    assert spoilt(source, how, calls) == (found, differs)


def test_an_object_that_is_gone_is_not_taken_for_the_next_one():
    """Python gives the id of the first to the second."""
    source = "def f(x, y=0): return y\nclass Box: pass"
    assert spoilt(source, "remembers by its first argument", "f(Box(), 1); f(Box(), 2)") == ([1, 2], False)
    assert spoilt(source, "remembers by its first argument", "f(Box, 1); f(Box, 2)") == ([1, 1], True)


def test_a_second_call_draws_the_random_numbers_of_the_first():
    """Else a function that draws would differ from itself, whatever the changed argument is for."""
    draw = "import torch\ndef f(x): return (torch.rand(1).item(), x.strip())"
    (_, differed) = spoilt(draw, "strips its arguments", "f(' a'); f('b')")
    assert not differed


def test_a_function_is_called_again_with_plain_data_only():
    calls = []

    def ask(model: object, text: str) -> str:
        calls.append(text)
        return text

    call = Call(ask, 0, (object(), " a "), {})
    assert call.again(generic.stripped) is call.outcome
    assert Call(ask, 0, ("model", " a "), {}).again(generic.stripped).value == "a"
    assert calls == [" a ", " a ", "a"]


@pytest.mark.parametrize("number", [Fraction(1, 3), 2, 0.5, float("nan"), 1j, True])
def test_a_number_is_the_same_as_an_equal_one(number):
    assert same([number], [copy.copy(number) if number == number else float("nan")])
    assert not same(number, 7)


def test_the_true_functions_are_watched_without_a_trace():
    namespace: dict = {}
    exec("def f(x): return x + [1]", namespace)
    watches = watched(list(generics(["f"], namespace)), namespace)
    given = [3]
    assert namespace["f"](given) == [3, 1]
    assert given == [3]
    differed = {way.how for way, watch in watches if watch.differed}
    assert {"changes its argument x", "returns None", "returns its first argument"} <= differed
    assert not {"strips its text", "raises nothing", "knows the visible examples"} & differed


# The catalogue's format


def test_an_entry_has_all_its_parts(tiny):
    exercise = nbk.find_exercise(tiny.nb, "double")
    first, _, last = catalogue.load(tiny.root, tiny.lab.name, exercise)
    assert (first.kind, first.name, first.line) == ("mutant", "squares", 2)
    assert first.misconception == "Doubling is multiplying a number with itself."
    assert first.says == ("squared instead",)
    assert first.source.startswith("def double(values):")
    assert last.note == "x + x."
    assert catalogue.find(tiny.root, tiny.lab.name, exercise, "adds") == last
    with pytest.raises(CourseError, match="has no 'subtracts'; it has: squares, in_place, adds"):
        catalogue.find(tiny.root, tiny.lab.name, exercise, "subtracts")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(): pass", "has no entries"),
        ("# %% mutnat: x\ny = 1", "line 1: '# %% mutnat: x' should be"),
        ("# %% mutant: two words\ny = 1", "should be"),
        ("# %% mutant: x\n# fails: t\n# says: s\ny = 1", "mutant x lacks `# misconception:`"),
        ("# %% mutant: x\n# misconception: m\n# fails: t\ny = 1", "lacks `# says:`"),
        ("# %% variant: x\ny = 1", "variant x lacks `# note:`"),
        ("# %% variant: x\n# note: n\n", "x has no code"),
        ("# %% variant: x\n# note: n\ndef f(:\n", "x does not compile"),
        ("# %% variant: x\n# note: n\ny = 1\n# %% variant: x\n# note: n\ny = 2", "x stands there twice"),
    ],
)
def test_a_malformed_catalogue_is_refused(text, says):
    with pytest.raises(CourseError, match=re.escape(says)):
        catalogue.parse(text, Path("x.py"), "y = 0")


# Entries that are edits of the solution

EDITED = "# %% variant: x\n# note: n\n"
SOLUTION = """def mean(values):
    ### BEGIN SOLUTION
    total = 0
    for value in values:
        total += value

    # a comment
    return total / len(values)
    ### END SOLUTION"""


def edited(text: str) -> str:
    (entry,) = catalogue.parse(EDITED + text, Path("x.py"), SOLUTION)
    return entry.source


def test_an_edit_changes_part_of_a_line():
    plain = SOLUTION.replace("    ### BEGIN SOLUTION\n", "").replace("\n    ### END SOLUTION", "")
    assert edited("# edit: total / len -> total // len") == plain.replace("/", "//")
    assert edited("# edit: / len(values) ->\n\n\n") == plain.replace("/ len(values)", "")
    assert edited("# edit: total / len(values)\n#   -> total /\n#   len(values) / 2") == plain + " / 2"


def test_edits_are_made_in_order():
    assert "return 2 * sum(values)" in edited(
        "# edit: total / len(values) -> sum(values)\n# edit: return sum -> return 2 * sum"
    )


def test_an_edit_changes_whole_lines_where_they_are_indented():
    loop = "# edit:\n#   for value in values:\n#       total += value\n#\n#   # a comment\n# ->\n"
    assert edited(loop + "#   for value in values:\n#       if value:\n#           total += value\n") == (
        "def mean(values):\n    total = 0\n    for value in values:\n        if value:\n"
        "            total += value\n    return total / len(values)"
    )
    assert edited(loop) == "def mean(values):\n    total = 0\n    return total / len(values)"
    assert edited("# edit:\n#   def mean(values):\n# ->\n#   def mean(values) -> float:").startswith(
        "def mean(values) -> float:\n    total = 0\n"
    )


def test_other_keys_may_follow_an_edit():
    text = "# %% variant: x\n# edit: total = 0 -> total = 0.0\n# note: n,\n#   and more."
    (entry,) = catalogue.parse(text, Path("x.py"), SOLUTION)
    assert entry.note == "n, and more."
    assert "total = 0.0" in entry.source


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# edit: totals -> total", "x.py, line 3: 'totals' does not stand in the solution"),
        ("# edit: total -> sum", "line 3: 'total' stands 3 times in the solution"),
        ("# edit: total = 0 -> total = 0", "line 3: the edit changes nothing: both sides are 'total = 0'"),
        ("# edit: total = 0 -> n = 0\n# edit: total = 0 -> n = 1", "line 4: 'total = 0' does not stand"),
        ("# edit: total = 0 -> total = (", "line 1: x does not compile: '(' was never closed, line 2 of"),
        ("# edit: total = 0", "line 3: 'total = 0' should be `# edit: old -> new` with one arrow"),
        ("# edit: total -> a -> b", "with one arrow"),
        ("# edit: -> b", "with one arrow"),
        ("# edit: ### BEGIN SOLUTION -> pass", "'### BEGIN SOLUTION' does not stand"),
        ("# edit:\n#   total = 0", "line 3: below `# edit:` stand the old lines"),
        ("# edit:\n# ->\n#   total = 0", "below `# edit:` stand the old lines"),
        ("# edit:\n#   total = \n# ->\n#   n = 0", "line 3: 'total =' does not stand"),
        ("# edit:\n#   for value in values:\n#   total += value\n# ->", "does not stand"),
        ("# edit:\n#   total = 0\n# ->\n#   total = 0", "changes nothing"),
        ("# edit: total = 0 -> total = 1\ndef mean(v):\n    pass", "line 4: x has edits and code"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(text, says):
    with pytest.raises(CourseError, match=re.escape(says)):
        edited(text)


def test_an_edited_answer_is_verified_and_handed_in_like_any_other(tiny):
    head = "# misconception: m\n# fails: tiny-scale-double-tests\n# says: double of a toy\n"
    tiny.catalogue("double", f"# %% mutant: thrice\n{head}# edit: values * 2 -> values * 3\n")
    (row,) = verify_tests(tiny.lab, "double", root=tiny.root, minimum=(1, 0)).rows
    assert row.mutants == (1, 1)
    tiny.catalogue("total", VARIANT.format(name="same", code="def total(v):\n    return 2 * sum(v)"))
    (_, nb), _ = submissions(tiny.lab, tiny.root, tiny.nb)
    handed_in = next(cell.source for cell in nb.cells if nbk.grade_id(cell) == "tiny-scale-double")
    assert "return values * 3" in handed_in
    assert "BEGIN SOLUTION" not in handed_in
    tiny.catalogue("double", f"# %% mutant: thrice\n{head}# edit: values * 4 -> values * 3\n")
    (problem, *_) = verify_tests(tiny.lab, "double", root=tiny.root).problems
    assert "line 5: 'values * 4' does not stand in the solution" in problem.came


def test_whole_notebooks_for_graders_that_run_them(tiny):
    tiny.catalogue("total", VARIANT.format(name="same", code="def total(v):\n    return 2 * sum(v)"))
    made = list(submissions(tiny.lab, tiny.root, tiny.nb))
    assert [entry.name for entry, _ in made] == ["squares", "in_place", "adds", "same"]
    entry, nb = made[0]
    cells = {nbk.grade_id(cell): cell.source for cell in nb.cells}
    assert cells["tiny-scale-double"] == entry.source
    assert cells["tiny-scale-total"] == tiny.cell("tiny-scale-total").source


# Which sentences of the docstring are tested


BREAKS = MUTANT.replace("# says", "# breaks: {breaks}\n# says")


def test_the_sentences_that_no_wrong_answer_breaks_are_listed(tiny):
    def matrix(breaks: str) -> Matrix:
        code = "def total(values):\n    return sum(values)"
        tests = "tiny-scale-total-tests"
        tiny.catalogue("total", BREAKS.format(name="it", fails=tests, says="6", code=code, breaks=breaks))
        return run(tiny, "total", (1, 0))

    one, two, three = "Twice the sum of the values.", "values: at least one.", "Returns an int."
    for breaks, left in [("twice the  SUM", (two, three)), ("Returns an", (one, two))]:
        found = matrix(breaks)
        assert found.problems == ()
        assert (found.rows[0].sentences, found.rows[0].unbroken) == (3, left)
    shown = io.StringIO()
    show_matrix(found, Console(file=shown, width=120))
    assert f"total: no wrong answer breaks  {one}" in shown.getvalue()
    # In two sentences, and in none: a sentence that was changed leaves no mark behind.
    assert [problem.came for problem in matrix("values").problems] == ["'values' stands in 2 of them"]
    assert [problem.came for problem in matrix("three times").problems] == [
        "'three times' stands in 0 of them"
    ]
