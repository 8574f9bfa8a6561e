"""Test cells in Jupyter, run as they are when grading: apart from the student's names, through the same channel.

A test cell has names of its own (`_expected`, `_wilson`). In the notebook's namespace they would replace those of
a student, and stay there. So the shell runs a cell that begins with `# @title Tests of exercise …` in a namespace that
ends with it: what an answer gets and gives crosses as copies of plain data, and torch's switches are as usual.
"""

from __future__ import annotations

import linecache
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from course_utils.grading import notebook as nbk
from course_utils.grading.sandbox.channel import PROBE

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAME = "tests"  # of the cell in a traceback
_GRADING = str(Path(__file__).parents[1] / "grading")


def tests_apart(*students: str) -> None:
    """From now on run this shell's test cells apart. students: what the lab's exercises define.

    Does nothing where no notebook runs.
    """
    shell = _shell()
    if shell is None:
        return
    transformers: list[Callable[[list[str]], list[str]]] = shell.input_transformers_post
    transformers[:] = [one for one in transformers if not isinstance(one, _Rewriting)]
    transformers.append(_Rewriting(students))


def _shell() -> InteractiveShell | None:
    """The notebook's shell; None where no notebook runs, as beside the grader."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


class _Rewriting:
    """Turns a test cell into one call of `run`; other cells stay as they are. A cell's lines -> its lines."""

    def __init__(self, students: Iterable[str]) -> None:
        self._students = sorted(students)

    def __call__(self, lines: list[str]) -> list[str]:
        if not lines or not nbk.title(lines[0]).startswith(nbk.TESTS_TITLE):
            return lines
        call = f"__import__({__name__!r}, fromlist=['run']).run({''.join(lines)!r}, {self._students!r})"
        return [f"{call}\n"]


def run(source: str, students: list[str]) -> None:
    """Run the test cell `source` beside the shell's namespace. Raises what it raises, without our own frames."""
    from course_utils.grading.sandbox.loopback import run_beside

    shell = _shell()
    assert shell is not None  # the cell came from it
    ending = run_beside(_NAME, source, shell.user_ns, students)
    print(ending.printed, end="")
    if ending.error is not None:
        _shorten(ending.error, shell)
        raise ending.error


def _shorten(error: BaseException, shell: InteractiveShell) -> None:
    """Let IPython show what the tests called and the lines of the student's code, and nothing that lies between.

    What stopped the tests themselves, such as a function that is not there, is shown with their own line.
    """
    if hasattr(error, "_render_traceback_") or shell.InteractiveTB is None:
        return
    traces, trace = [], error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith((_GRADING, PROBE)):
            traces.append(trace)
        trace = trace.tb_next
    called = ""
    if len(traces) > 1 and traces[0].tb_frame.f_code.co_filename == f"<{_NAME}>":
        called = _called(traces.pop(0))
    for one in reversed(traces):
        trace = TracebackType(trace, one.tb_frame, one.tb_lasti, one.tb_lineno)
    shown = shell.InteractiveTB.structured_traceback(type(error), error, trace)
    if called:
        shown = [f"When the tests called {called}", *shown]
    error._render_traceback_ = lambda: shown  # type: ignore[attr-defined]


def _called(trace: TracebackType) -> str:
    """The call at which the cell stands, in one line."""
    place = traceback.extract_tb(trace, limit=1)[0]
    lines = linecache.getlines(place.filename)[(place.lineno or 1) - 1 : place.end_lineno]
    lines[-1] = lines[-1].encode()[: place.end_colno].decode()
    lines[0] = lines[0].encode()[place.colno :].decode()
    return " ".join("".join(lines).split())
