"""What test cells use: comparing an answer with what was expected, and saying which mistake explains it.

A test cell calls student code with plain data and looks at the plain data that come back. What needs the
student's own process (autograd, in-place change, iterators) goes through `probe`. The same cell then works
in JupyterLab, where everything is one process, and when grading, where the student's code is in a sandbox.
"""

from __future__ import annotations

import cmath
import copy
import functools
import inspect
import itertools
import math
import numbers
import re
import textwrap
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Literal

import numpy as np
import torch

from course_utils.measured import Measured, measurements

# Relative and absolute tolerance by dtype. float64, float16 and bfloat16 are the defaults of
# torch.testing.assert_close; float32 is wider than its 1.3e-6, because a mean over some thousand
# terms may be summed in any order.
TOLERANCES = {
    torch.float64: (1e-7, 1e-7),
    torch.float32: (1e-5, 1e-6),
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
}

_SHOWN = 60  # longest value, in characters, that a message prints
_ERROR_SHOWN = 200  # the same for the text of an error
# How a probe says that an error came: its kind, and perhaps its text.
_ERROR = re.compile(r"[A-Z]\w*(?:Error|Exception)(?:: |\Z)")


class CheckFailed(AssertionError):
    """An answer is not what was expected.

    what: one sentence that names what was examined (students see it even when the test is hidden).
    found: what came and what was expected.
    hint: the mistake that gives exactly this answer, or the next thing to look at; may be empty.
    """

    def __init__(self, what: str, found: str, hint: str = "") -> None:
        super().__init__(what, found, hint)
        self.what = what
        self.found = found
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"Checked: {self.what}", self.found, self.hint]
        return "\n".join(line for line in lines if line)

    def _render_traceback_(self) -> list[str]:
        """IPython calls this: the message is the help, the frames of this module are not."""
        return [str(self)]


def equal(
    actual: Any,
    expected: Any,
    what: str,
    name: str = "result",
    mistakes: Mapping[str, Any] | None = None,
    hint: str = "",
) -> None:
    """Check that `actual` equals `expected` in type, dtype, shape and every element.

    `name` is how the message calls the value ("labels[3] is 17, expected -100"). `mistakes` maps a
    tutor's sentence to the answer that this mistake gives, or to a function without arguments that
    returns it. Raises CheckFailed.
    """
    _compare(actual, expected, what, name, mistakes, hint, _difference)


def close(
    actual: Any,
    expected: Any,
    what: str,
    name: str = "result",
    rtol: float | None = None,
    atol: float | None = None,
    mistakes: Mapping[str, Any] | None = None,
    hint: str = "",
) -> None:
    """Check that numbers agree within |actual - expected| <= atol + rtol * |expected|.

    Without `rtol` and `atol` they follow from the dtype of `expected` (TOLERANCES); a Python float counts
    as float32, because it usually came out of a float32 tensor. Raises CheckFailed, see `equal`.
    """
    tolerance = (rtol, atol)
    difference = functools.partial(_difference, tolerance=tolerance)
    _compare(actual, expected, what, name, mistakes, hint, difference)


def true(condition: Any, what: str, found: str = "", hint: str = "") -> None:
    """Check that `condition` is True (Python's or numpy's bool, or a one-element torch bool)."""
    plain = condition.item() if isinstance(condition, np.bool_ | torch.Tensor) else condition
    if type(plain) is not bool:
        raise TypeError(f"checks.true needs a bool, got {_kind(condition)}")
    if not plain:
        raise CheckFailed(what, found or "This does not hold.", hint)


def raises(
    error: type[Exception],
    function: Callable[..., Any],
    *args: Any,
    what: str,
    says: str | tuple[str, ...] = "",
    hint: str = "",
    **kwargs: Any,
) -> None:
    """Check that `function(*args, **kwargs)` raises `error` with a text that contains `says`, or each of them.

    function: the student's, or a probe. Upper and lower case do not matter. NotImplementedError passes
    through: an exercise that was not started is not a wrong one. Raises CheckFailed.
    """
    wanted = (says,) if isinstance(says, str) else says
    try:
        returned = function(*args, **kwargs)
    except NotImplementedError:
        raise
    except error as raised:
        missing = [words for words in wanted if words.lower() not in str(raised).lower()]
        if not missing:
            return
        found = (
            f"{error.__name__} came, but its text is {_show(str(raised))}: it should mention {missing[0]!r}."
        )
        raise CheckFailed(what, found, hint) from None
    except Exception as raised:
        found = f"{type(raised).__name__} came ({_show(str(raised))}), expected {error.__name__}."
        raise CheckFailed(what, found, hint) from None
    found = f"No error came, the result was {_show(returned)}. Expected {error.__name__}."
    raise CheckFailed(what, found, hint)


def unchanged(
    function: Callable[..., Any], *args: Any, what: str = "", hint: str = "", **kwargs: Any
) -> None:
    """Check that `function(*args, **kwargs)` leaves its arguments as they were.

    function: the student's, or a probe. args, kwargs: plain data; the caller's own are copied, so they stay as
    they are. `what` is by default that sentence. What the call raises passes through. Raises CheckFailed.
    """
    probed = getattr(function, "probed", None)
    name = (probed or function).__name__
    for number, value in _numbered(args, kwargs):
        require_plain(value, f"{number} of {name}")
    runner = probe_runner.get()
    if runner is None:
        after = copy.deepcopy((args, kwargs))
        function(*after[0], **after[1])
    else:
        after = runner(_arguments_after)(name, _source(probed) if probed else "", args, kwargs)
    for (number, value), (_, now) in zip(_numbered(args, kwargs), _numbered(*after), strict=True):
        found = _difference(now, value, number)
        if found:
            raise CheckFailed(
                what or f"{name} leaves its arguments as they were", f"After the call {found}", hint
            )


def _arguments_after(name: str, source: str, args: tuple, kwargs: dict) -> tuple:
    """The arguments after a call of the student's `name`, or of the probe in `source`. Is itself a probe."""
    names = globals()
    if source:
        names = {}
        exec(source, globals(), names)
    names[name](*args, **kwargs)
    return args, kwargs


def _numbered(args: tuple, kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(what a message calls it, value) of each argument."""
    return [(f"argument {i}", value) for i, value in enumerate(args, 1)] + [
        (f"argument {key}", value) for key, value in kwargs.items()
    ]


def _source(function: Callable[..., Any]) -> str:
    """Source of a function without its decorators."""
    lines = textwrap.dedent(inspect.getsource(function)).split("\n")
    return "\n".join(itertools.dropwhile(lambda line: not line.startswith("def "), lines))


# When grading, the runner sends a probe to the student's process. Unset, a probe runs where it stands.
probe_runner: ContextVar[Callable[[Callable[..., Any]], Callable[..., Any]] | None] = ContextVar(
    "probe_runner", default=None
)


def probe(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a short function of a test cell that runs beside the student's code.

    It sees the student's names, takes plain data and returns plain data. When grading, its source goes to
    the student's process, so it must hold no expected value. Raises TypeError for data that are not plain.
    """
    runner = probe_runner.get()
    if runner is not None:
        stand_in = runner(function)
        stand_in.probed = function  # type: ignore[attr-defined]
        return stand_in

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(function).bind(*args, **kwargs)
        for key, value in bound.arguments.items():
            require_plain(value, f"argument {key!r} of probe {function.__name__}")
        result = function(*args, **kwargs)
        require_plain(result, f"result of probe {function.__name__}")
        return result

    run.probed = function  # type: ignore[attr-defined]
    return run


def measured(value: float, what: str, recorded: float, better: Literal["higher", "lower"]) -> None:
    """Note and print a number of an open experiment; of several in one cell the last counts.

    what: what it measures, with its unit. recorded: the same number of the lab's own solution. It gives no
    points: a check beside it does. Raises ValueError for a value that is no finite number.
    """
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"{what}: {_show(value)} is no finite number")
    number = Measured(what, float(value), float(recorded), better)
    print(number)
    noted = measurements.get()
    if noted is not None:
        noted.append(number)


def require_plain(value: Any, name: str) -> None:
    """Raise TypeError unless `value` is plain data: what can cross between the processes."""
    if value is None or type(value) in (bool, int, float, str):
        return
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return
    if type(value) in (list, tuple, set):
        for item in value:
            require_plain(item, name)
        return
    if type(value) is dict:
        for key, item in value.items():
            require_plain(key, name)
            require_plain(item, name)
        return
    raise TypeError(
        f"{name} is {_kind(value)}: only numbers, strings, lists, tuples, sets, dicts, arrays and tensors "
        "can cross between the processes."
    )


def _compare(
    actual: Any,
    expected: Any,
    what: str,
    name: str,
    mistakes: Mapping[str, Any] | None,
    hint: str,
    difference: Callable[[Any, Any, str], str],
) -> None:
    found = difference(actual, expected, name)
    if not found:
        return
    for sentence, wrong in (mistakes or {}).items():
        wrong = wrong() if callable(wrong) else wrong
        if not difference(actual, wrong, name):
            raise CheckFailed(what, found, sentence)
    raise CheckFailed(what, found, hint)


def _difference(
    actual: Any, expected: Any, name: str, tolerance: tuple[float | None, float | None] | None = None
) -> str:
    """One sentence about the first difference, or "" when there is none. `tolerance` None means exact."""
    if (error := _error_in(actual)) and not _error_in(expected):
        return f"{name} did not come: your code raised {_show(error, _ERROR_SHOWN)[1:-1]}."
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(actual, expected, name, tolerance)
    if isinstance(expected, np.ndarray):
        return _array_difference(actual, expected, name, tolerance)
    if isinstance(expected, dict):
        return _dict_difference(actual, expected, name, tolerance)
    if isinstance(expected, list | tuple):
        return _sequence_difference(actual, expected, name, tolerance)
    if _is_number(expected):
        return _number_difference(actual, expected, name, tolerance)
    # Exact type first: an object that claims to be equal to everything gets no further.
    if type(actual) is not type(expected):
        return f"{name} is {_kind(actual)}, expected {_kind(expected)}: {_show(expected)}."
    if actual != expected:
        if isinstance(expected, str):
            return _text_difference(actual, expected, name)
        return f"{name} is {_show(actual)}, expected {_show(expected)}."
    return ""


def _tensor_difference(actual: Any, expected: torch.Tensor, name: str, tolerance: Any) -> str:
    if not isinstance(actual, torch.Tensor):
        return f"{name} is {_kind(actual)}, expected a torch.Tensor."
    actual = actual.detach().cpu().as_subclass(torch.Tensor)
    expected = expected.detach().cpu()
    if actual.dtype != expected.dtype:
        return f"{name} has dtype {actual.dtype}, expected {expected.dtype}."
    if actual.shape != expected.shape:
        return f"{name} has shape {tuple(actual.shape)}, expected {tuple(expected.shape)}."
    if tolerance is None or not expected.dtype.is_floating_point:
        wrong = ~((actual == expected) | (actual.isnan() & expected.isnan()))
        note = ""
    else:
        rtol, atol = _tolerance(tolerance, expected.dtype)
        wrong = ~torch.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)
        note = f" (tolerance {atol:g} + {rtol:g} x |expected|)"
    if not wrong.any():
        return ""
    index = tuple(wrong.nonzero()[0].tolist())
    return _element(name, index, actual[index].item(), expected[index].item(), int(wrong.sum()), note)


def _array_difference(actual: Any, expected: np.ndarray, name: str, tolerance: Any) -> str:
    if type(actual) is not np.ndarray:
        return f"{name} is {_kind(actual)}, expected a numpy array."
    if actual.dtype != expected.dtype:
        return f"{name} has dtype {actual.dtype}, expected {expected.dtype}."
    if actual.shape != expected.shape:
        return f"{name} has shape {actual.shape}, expected {expected.shape}."
    if actual.dtype.kind not in "biuf":
        return _difference(actual.tolist(), expected.tolist(), name, tolerance)
    return _tensor_difference(
        torch.from_numpy(actual.copy()), torch.from_numpy(expected.copy()), name, tolerance
    )


def _dict_difference(actual: Any, expected: dict, name: str, tolerance: Any) -> str:
    if type(actual) is not dict:
        return f"{name} is {_kind(actual)}, expected a dict with the keys {_show(list(expected))}."
    missing = [key for key in expected if key not in actual]
    extra = [key for key in actual if key not in expected]
    if missing:
        return f"{name} lacks the key {missing[0]!r}."
    if extra:
        return f"{name} has a key that nobody asked for: {_show(extra[0])}."
    for key, value in expected.items():
        found = _difference(actual[key], value, f"{name}[{key!r}]", tolerance)
        if found:
            return found
    return ""


def _sequence_difference(actual: Any, expected: list | tuple, name: str, tolerance: Any) -> str:
    if type(actual) is not type(expected):
        return f"{name} is {_kind(actual)}, expected {_kind(expected)}: {_show(expected)}."
    for index, (mine, theirs) in enumerate(zip(actual, expected, strict=False)):
        found = _difference(mine, theirs, f"{name}[{index}]", tolerance)
        if found:
            return found
    if len(actual) != len(expected):
        return f"{name} has {len(actual)} elements, expected {len(expected)}: {_show(expected)}."
    return ""


# Narrowest first: an answer that is to be real may be an integer, not the other way round.
_NUMBERS = (numbers.Integral, numbers.Real, numbers.Complex)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Complex)


def _number_difference(actual: Any, expected: Any, name: str, tolerance: Any) -> str:
    # A loss may come as a 0-dimensional tensor or a float; both are a number.
    if isinstance(actual, torch.Tensor) and actual.ndim == 0 and tolerance is not None:
        actual = actual.item()
    wanted = next(kind for kind in _NUMBERS if isinstance(expected, kind))
    if isinstance(actual, bool) or not isinstance(actual, wanted):
        return f"{name} is {_kind(actual)}, expected {_kind(expected)}: {_show(expected)}."
    actual, expected = actual + 0, expected + 0
    if tolerance is None:
        same, note = actual == expected or (actual != actual and expected != expected), ""
    else:
        rtol, atol = _tolerance(tolerance, torch.float32)
        same = cmath.isclose(actual, expected, rel_tol=0, abs_tol=atol + rtol * abs(expected)) or (
            cmath.isnan(actual) and cmath.isnan(expected)
        )
        note = f" (tolerance {atol:g} + {rtol:g} x |expected|)"
    return "" if same else f"{name} is {actual!r}, expected {expected!r}{note}."


def _text_difference(actual: str, expected: str, name: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(actual, expected, strict=False)) if a != b), None)
    if at is None:
        at = min(len(actual), len(expected))
    mine, theirs = actual[at : at + _SHOWN // 2], expected[at : at + _SHOWN // 2]
    return (
        f"{name} differs from character {at} on: it goes on with {mine!r}, expected {theirs!r}. "
        f"All of it: {_show(actual)}."
    )


def _element(name: str, index: tuple, actual: Any, expected: Any, count: int, note: str) -> str:
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    more = f" {count - 1} more differ." if count > 1 else ""
    return f"{place} is {_show(actual)}, expected {_show(expected)}{note}.{more}"


def _tolerance(tolerance: tuple[float | None, float | None], dtype: torch.dtype) -> tuple[float, float]:
    rtol, atol = TOLERANCES[dtype]
    return (
        rtol if tolerance[0] is None else tolerance[0],
        atol if tolerance[1] is None else tolerance[1],
    )


def _error_in(value: Any) -> str:
    """The error that a probe caught and returned, as a text or as {"error": text}; "" for any other value."""
    if type(value) is dict and list(value) == ["error"]:
        value = value["error"]
    return value if type(value) is str and _ERROR.match(value) else ""


def _show(value: Any, longest: int = _SHOWN) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
