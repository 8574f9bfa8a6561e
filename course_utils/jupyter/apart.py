"""Test cells in Jupyter, run as they are when grading: apart from the student's names, through the same channel.

A test cell has names of its own (`_expected`, `_wilson`). In the notebook's namespace they would replace those of
a student, and stay there. So the shell runs a cell that begins with `# @title Tests of exercise …` in a namespace that
ends with it: what an answer gets and gives crosses as copies of plain data, and torch's switches are as usual.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from course_utils.grading import notebook as nbk

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
    """Let IPython show the lines of the tests and of the student, without those of the channel between them."""
    if hasattr(error, "_render_traceback_") or shell.InteractiveTB is None:
        return
    frames, trace = [], error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_GRADING):
            frames.append(trace)
        trace = trace.tb_next
    for frame in reversed(frames):
        trace = TracebackType(trace, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    shown = shell.InteractiveTB.structured_traceback(type(error), error, trace)
    error._render_traceback_ = lambda: shown  # type: ignore[attr-defined]
