"""The comparisons that every lab's tests rest on: what must fail fails, and the message says why."""

from __future__ import annotations

import copy
import math
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_utils import checks
from course_utils.checks import CheckFailed
from course_utils.grading.sandbox.loopback import Loopback


def failure(check, *args, **kwargs) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        check(*args, **kwargs)
    return caught.value


LABELS = torch.tensor([-100, -100, 7, 8])


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (torch.zeros(4, dtype=torch.int64), "labels[0] is 0, expected -100. 3 more differ."),
        (LABELS.to(torch.int32), "dtype torch.int32, expected torch.int64"),
        (LABELS[None], "shape (1, 4), expected (4,)"),
        (LABELS[:3], "shape (3,), expected (4,)"),
        (LABELS.tolist(), "labels is a list, expected a torch.Tensor"),
        (None, "labels is None"),
    ],
)
def test_equal_rejects_and_names_the_difference(actual, says):
    assert says in str(failure(checks.equal, actual, LABELS, "labels of a toy", "labels"))


def test_equal_accepts_the_same_values():
    checks.equal(LABELS.clone(), LABELS, "labels")
    checks.equal({"a": [1, (2.5, "x")], "b": None}, {"a": [1, (2.5, "x")], "b": None}, "nested")
    checks.equal(np.int64(3), 3, "a count may be numpy's")
    checks.equal(np.array(["a", "b"]), np.array(["a", "b"]), "text arrays")
    checks.equal(1 + 2j, 1 + 2j, "complex")
    checks.equal(Decimal("0.10"), Decimal("0.10"), "decimal")


def test_a_known_mistake_is_named():
    wrong = {
        "You shifted.": torch.tensor([-100, 7, 8, -100]),
        "Off by one.": lambda: torch.tensor([-100, 5, 7, 8]),
    }
    assert (
        failure(checks.equal, torch.tensor([-100, 7, 8, -100]), LABELS, "x", mistakes=wrong).hint
        == "You shifted."
    )
    assert (
        failure(checks.equal, torch.tensor([-100, 5, 7, 8]), LABELS, "x", mistakes=wrong).hint
        == "Off by one."
    )
    assert (
        failure(checks.equal, torch.tensor([1, 5, 7, 8]), LABELS, "x", mistakes=wrong, hint="Look.").hint
        == "Look."
    )


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None
    __add__ = __radd__ = lambda self, other: other


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)


@pytest.mark.parametrize("expected", [3, 2.5, "text", [1], (1,), {"a": 1}, None, True, LABELS, np.ones(2)])
def test_an_object_that_equals_everything_equals_nothing(expected):
    failure(checks.equal, EqualToEverything(), expected, "x")
    failure(checks.close, EqualToEverything(), expected, "x")


def test_a_tensor_subclass_cannot_lie():
    liar = torch.zeros(4, dtype=torch.int64).as_subclass(LyingTensor)
    failure(checks.equal, liar, LABELS, "labels")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, 1),
        (1.0, 1),
        ("1", 1),
        (1, True),
        ([1, 2], (1, 2)),
        ([1], [1, 2]),
        ([1, 2], [1]),
        ({}, {"a": 1}),
        (1 + 2j, 1 - 2j),
        (1 + 0j, 1.0),
        (Decimal("0.1"), Decimal("0.2")),
        (0.5, Decimal("0.5")),
    ],
)
def test_equal_is_strict_about_types_and_lengths(actual, expected):
    failure(checks.equal, actual, expected, "x")


def test_close_tolerance_follows_the_dtype():
    checks.close(torch.tensor(1.0 + 5e-6), torch.tensor(1.0), "fp32")
    failure(checks.close, torch.tensor(1.0 + 5e-5), torch.tensor(1.0), "fp32")
    failure(
        checks.close,
        torch.tensor(1.0 + 5e-6, dtype=torch.float64),
        torch.tensor(1.0, dtype=torch.float64),
        "fp64",
    )
    checks.close(torch.tensor(1.0 + 5e-6), 1.0, "a 0-dimensional tensor is a number")
    assert "tolerance 0.001" in str(failure(checks.close, 2.0, 1.0, "x", rtol=0.0, atol=1e-3))
    checks.close(1 + 2j + 5e-6j, 1 + 2j, "complex")
    failure(checks.close, 1 + 2j + 1e-3j, 1 + 2j, "complex")


@pytest.mark.parametrize("actual", [0.0, float("nan"), float("inf"), None, "2.0", torch.zeros(1)])
def test_close_rejects(actual):
    failure(checks.close, actual, 2.0, "loss", name="loss")


def test_true_wants_a_bool():
    checks.true(True, "x")
    checks.true(torch.tensor(True), "x")
    failure(checks.true, False, "x")
    with pytest.raises(TypeError, match="needs a bool"):
        checks.true([1], "x")


def divide(a, b):
    if b == 0:
        raise ValueError("b is 0: choose another divisor")
    return a / b


def test_raises():
    checks.raises(ValueError, divide, 1, 0, what="division by zero", says="divisor")
    assert "should mention 'seven'" in str(
        failure(checks.raises, ValueError, divide, 1, 0, what="x", says="seven")
    )
    assert "No error came" in str(failure(checks.raises, ValueError, divide, 1, 2, what="x"))
    assert "expected KeyError" in str(failure(checks.raises, KeyError, divide, 1, 0, what="x"))


def test_an_exercise_not_started_stays_not_started():
    def stub():
        raise NotImplementedError("write your code here")

    with pytest.raises(NotImplementedError):
        checks.raises(ValueError, stub, what="x")
    with pytest.raises(NotImplementedError):
        checks.raises(Exception, stub, what="x")


def test_raises_wants_every_text_that_it_is_told():
    checks.raises(ValueError, divide, 1, 0, what="x", says=("DIVISOR", "0"))
    found = failure(checks.raises, ValueError, divide, 1, 0, what="x", says=("divisor", "seven", "eight"))
    assert "it should mention 'seven'" in str(found)


# unchanged: the student's function in this process, and as it is reached when grading

KEEPERS = """
def keeps(values, more=()):
    return [value + 1 for value in values]

def writes(tensor, rows):
    tensor[1] = 7

def appends(tensor, rows):
    rows["x"].append(3)

def grows(values, more=()):
    more.append(values)

def replaces(values, more=()):
    values[0] = float(values[0])

def unwritten(values):
    raise NotImplementedError("write your code here")

def fussy(values):
    raise ValueError("no values")

def third_party(values, tool):
    tool.seen.append(values.pop())
"""

TENSOR = torch.tensor([1.0, 2.0])


@pytest.fixture(params=["in Jupyter", "when grading"])
def student(request):
    namespace = {}
    exec(KEEPERS, namespace)
    if request.param == "in Jupyter":
        yield SimpleNamespace(**namespace)
        return
    names = [name for name, value in namespace.items() if callable(value)]
    other_side = Loopback(namespace)
    runner = checks.probe_runner.set(other_side.probe)
    yield SimpleNamespace(**other_side.names(names))
    checks.probe_runner.reset(runner)


def test_unchanged_accepts_what_keeps_its_arguments(student):
    checks.unchanged(student.keeps, [1, 2])
    checks.unchanged(student.keeps, np.array([1.0, math.nan]), more=[torch.tensor([math.nan])])


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "says"),
    [
        ("writes", (TENSOR, {}), {}, "After the call argument 1[1] is 7, expected 2."),
        ("appends", (TENSOR, {"x": [1]}), {}, "After the call argument 2['x'] has 2 elements, expected 1"),
        ("grows", ([1],), {"more": []}, "After the call argument more has 1 elements, expected 0"),
        ("replaces", ([1],), {}, "After the call argument 1[0] is a float, expected an int"),
    ],
)
def test_unchanged_names_the_argument_that_changed(student, name, args, kwargs, says):
    before = copy.deepcopy((args, kwargs))
    found = failure(checks.unchanged, getattr(student, name), *args, **kwargs, hint="Copy first.")
    assert found.what == f"{name} leaves its arguments as they were"
    assert says in found.found
    assert found.hint == "Copy first."
    assert str((args, kwargs)) == str(before)  # the caller's own
    found = failure(checks.unchanged, getattr(student, name), *args, **kwargs, what="the inputs stay")
    assert found.what == "the inputs stay"


def test_unchanged_lets_errors_of_the_call_through(student):
    with pytest.raises(NotImplementedError, match="write your code"):
        checks.unchanged(student.unwritten, [1])
    with pytest.raises(ValueError, match="no values"):
        checks.unchanged(student.fussy, [1])


def test_unchanged_takes_probes(student):
    @checks.probe
    def with_a_tool(values):
        from types import SimpleNamespace

        third_party(values, SimpleNamespace(seen=[]))  # noqa: F821

    @checks.probe
    def kept(values):
        return keeps(values)  # noqa: F821

    if checks.probe_runner.get() is None:
        with_a_tool.probed.__globals__.update(third_party=student.third_party, keeps=student.keeps)
    checks.unchanged(kept, [1, 2])
    found = failure(checks.unchanged, with_a_tool, [1, 2])
    assert found.what == "with_a_tool leaves its arguments as they were"
    assert "argument 1 has 1 elements, expected 2" in found.found


def test_unchanged_takes_plain_data_only(student):
    with pytest.raises(TypeError, match="argument 2 of keeps is an object"):
        checks.unchanged(student.keeps, [1], object())


def test_probe_lets_only_plain_data_cross():
    @checks.probe
    def double(x):
        return x * 2

    assert double(x=[1]) == [1, 1]

    @checks.probe
    def leak():
        return object()

    with pytest.raises(TypeError, match="result of probe leak"):
        leak()
    with pytest.raises(TypeError, match="argument 'x' of probe double"):
        double(object())


def test_probe_goes_to_the_runner_when_there_is_one():
    token = checks.probe_runner.set(lambda function: lambda *args: ("sent", function.__name__, args))
    try:

        @checks.probe
        def far(x):
            return x

        assert far(1) == ("sent", "far", (1,))
    finally:
        checks.probe_runner.reset(token)


def test_the_message_replaces_the_traceback_in_ipython():
    error = CheckFailed("labels of a toy", "labels[0] is 0, expected -100.", "Did you forget the prompt?")
    assert error._render_traceback_() == [str(error)]
    assert str(error).splitlines() == [
        "Checked: labels of a toy",
        "labels[0] is 0, expected -100.",
        "Did you forget the prompt?",
    ]


@pytest.mark.parametrize(
    ("came", "wanted", "found"),
    [
        ("TypeError", torch.zeros(2), "answer did not come: your code raised TypeError."),
        ("KeyError: 'tok'", 3.0, "answer did not come: your code raised KeyError: 'tok'."),
        ({"error": "ValueError: no"}, {"scores": 1}, "answer did not come: your code raised ValueError: no."),
        (["ok", "IndexError: 3"], ["ok", 3], "answer[1] did not come: your code raised IndexError: 3."),
        ({"error": "ValueError: no"}, {"error": "ValueError: yes"}, "answer['error'] differs"),
        ("TypeError", "ValueError", "answer differs from character 0"),
        ("TypeError: x", "<|im_start|>", "answer did not come: your code raised TypeError: x."),
        ("An Error: no", 3.0, "answer is a str, expected a float"),
        ({"error": "no error"}, {"scores": 1}, "answer lacks the key 'scores'"),
    ],
)
def test_an_error_that_a_probe_caught_is_told_as_one(came, wanted, found):
    with pytest.raises(CheckFailed) as caught:
        checks.equal(came, wanted, what="it", name="answer")
    assert caught.value.found.startswith(found)
