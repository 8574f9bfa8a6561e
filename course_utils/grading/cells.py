"""Running course cells in this process: the one reading of setup and test cells.

Grading, verify-tests and the tests of the labs all come through here, so that a cell means the same to each.
Magics are read as IPython reads them: they do nothing here, and a string that looks like one stays a string.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import io
import linecache
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from course_utils import checks
from course_utils.grading import notebook as nbk
from course_utils.measured import Measured, measurements


class OtherSide(Protocol):
    """Where the student's functions are when they are not in the namespace of the tests: a channel."""

    def names(self, names: Iterable[str]) -> Mapping[str, Any]: ...

    def probe(self, function: Callable[..., Any]) -> Callable[..., Any]: ...


@dataclass(frozen=True)
class Ending:
    """How a cell ended. error: what stopped it, None if nothing did; hidden: it stood among the hidden tests;
    printed: what went to stdout. measured: the last number that it noted (checks.measured), if any."""

    error: BaseException | None = None
    hidden: bool = False
    printed: str = ""
    measured: Measured | None = None


def new_namespace() -> dict[str, Any]:
    """What a cell finds before any other has run. Magics and display do nothing."""
    return {
        "__name__": "__main__",
        "__builtins__": builtins,
        "get_ipython": _NoShell,
        "display": lambda *objects, **options: None,
    }


def run_cell(name: str, source: str, namespace: dict[str, Any]) -> Ending:
    """Run a cell, called `name` in tracebacks, in `namespace`. Whatever it raises is in the Ending, but for
    what is no Exception (an interrupt, a time limit) and goes through."""
    printed = io.StringIO()
    error, hidden = None, False
    noted: list[Measured] = []
    outer = measurements.set(noted)
    file_name = f"<{name}>"
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            source = nbk.plain_python(source)
            # Tracebacks and probes read the lines from here, as in a notebook.
            linecache.cache[file_name] = (len(source), None, source.splitlines(keepends=True), file_name)
            exec(compile(source, file_name, "exec", dont_inherit=True), namespace)
        except (Exception, SystemExit) as raised:
            error, hidden = raised, _is_hidden(raised.__traceback__, source, file_name)
        finally:
            measurements.reset(outer)
    return Ending(error, hidden, printed.getvalue(), noted[-1] if noted else None)


def run_test(
    name: str,
    source: str,
    namespace: dict[str, Any],
    students: Iterable[str] = (),
    other_side: OtherSide | None = None,
) -> Ending:
    """Run a test cell.

    With `other_side`, as when grading: on a copy of `namespace`; those of the `students` names that the cell
    uses are asked for over there, and probes run there. Without, as in Jupyter: in `namespace` itself, which
    holds the student's own functions.
    """
    if other_side is None:
        return run_cell(name, source, namespace)
    runner = checks.probe_runner.set(other_side.probe)
    try:
        theirs = other_side.names(frozenset(students) & nbk.free_names(source))
    except (Exception, SystemExit) as error:
        return Ending(error)
    else:
        return run_cell(name, source, {**namespace, **theirs})
    finally:
        checks.probe_runner.reset(runner)


def _is_hidden(trace: TracebackType | None, source: str, file_name: str) -> bool:
    """Whether the line of the cell that failed stands among its hidden tests. A function of the visible part
    that hidden tests call counts as hidden: its message shows their inputs."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file_name:
            return any(
                first <= trace.tb_lineno - 1 <= last for first, last in nbk.regions(source, nbk.HIDDEN)
            )
        trace = trace.tb_next
    return False


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A deep copy of plain containers, arrays and tensors; anything else as it is. memo: as for copy.deepcopy."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    kinds: tuple[type, ...] = (list, dict, set)
    kinds += (torch.Tensor,) if torch else ()
    kinds += (numpy.ndarray,) if numpy else ()
    return copy.deepcopy(value, memo) if isinstance(value, kinds) else value


class _NoShell:
    """Stands in for IPython's shell."""

    def run_cell_magic(self, magic: str, line: str, body: str) -> None:
        """A whole cell that is no Python may not pass for one that ran."""
        raise RuntimeError(f"%%{magic} does not run where the tests run")

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None
