"""Run a solution from top to bottom: its outputs, its times, and the results that it recorded.

This is what a maintainer runs after a change to a lab or a library (`course solve`).
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_utils import results
from course_utils.course import lab as find_lab
from course_utils.errors import CourseError
from course_utils.grading.author.headings import write_headings
from course_utils.grading.paths import CoursePaths

TIMES_TAG = "times"  # on the cell of a lab that prints how long the lab takes
_INSTALLED = re.compile(r"site-packages/(\w+)")
_PEAK_MEMORY = "__import__('resource').getrusage(__import__('resource').RUSAGE_SELF).ru_maxrss"


@dataclass(frozen=True)
class Execution:
    """One execution: the notebook with its outputs, seconds from top to bottom, peak memory in MB."""

    notebook: nbformat.NotebookNode
    seconds: float
    peak_mb: float


def solve(name: str, root: Path) -> tuple[Path, Path]:
    """Execute the solution of lab `name` at the full and at the grading budget.

    Writes the full run's outputs into the notebook and its recorded values, times and memory into
    course_utils/results. Returns both files. Headings are made to say the facts (see `headings`).
    Raises CourseError that names the first failing cell; nothing is written then.
    """
    if find_spec("resource") is None:
        raise CourseError(
            "Windows does not tell how much memory a run took: solve on Linux, macOS or in WSL."
        )
    lab = find_lab(name)
    path = CoursePaths(root).lab(lab.name).source
    if not path.is_file():
        raise CourseError(f"There is no solution {path}: write it, or take the lab out of course.toml.")
    with _something_to_show(lab.name):
        full = execute(path, grading=False, timeout=10 * lab.cpu_seconds)
        small = execute(path, grading=True, timeout=10 * lab.grading_seconds)
    recorded = gather(full.notebook)
    recorded["run"] = {
        "seconds": round(full.seconds, 1),
        "peak_mb": round(full.peak_mb),
        "grading_seconds": round(small.seconds, 1),
        "grading_peak_mb": round(small.peak_mb),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    results_file = results.save(lab.name, recorded)
    _show_times(full.notebook, path)
    write_headings(full.notebook, lab)
    scratch = path.with_suffix(".tmp")
    nbformat.write(full.notebook, scratch)
    os.replace(scratch, path)
    return path, results_file


@contextmanager
def _something_to_show(name: str) -> Iterator[None]:
    """Times of 0 s while a lab runs for the very first time: its cell that shows the times needs some.

    They are gone again if the run fails; `solve` writes the measured ones over them.
    """
    try:
        results.load(name)
        first = None
    except CourseError:
        first = results.save(name, {"run": dict.fromkeys(("seconds", "peak_mb", "cores"), 0)})
    try:
        yield
    except BaseException:
        if first:
            first.unlink(missing_ok=True)
        raise


def execute(path: Path, grading: bool, timeout: float) -> Execution:
    """Run the notebook at `path` in a fresh kernel.

    Raises CourseError that names the first failing cell, and the libraries that its error came through.
    """
    notebook = nbformat.read(path, as_version=4)
    environment = {**os.environ, "COURSE_GRADING": "1" if grading else "0"}
    client = _client(notebook, path, timeout)
    start = time.perf_counter()
    try:
        with client.setup_kernel(env=environment):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            seconds = time.perf_counter() - start
            peak_mb = _peak_memory(client)
    except CellExecutionError as error:
        through = _libraries(error.traceback)
        raise CourseError(
            f"{path}: cell {index} failed with {error.ename}: {error.evalue}"
            + (f" (through {', '.join(through)})" if through else "")
        ) from None
    _forget_the_run(notebook)
    return Execution(notebook, seconds, peak_mb)


def _libraries(traceback: str) -> list[str]:
    """The installed packages, with their versions, whose files a traceback names, in its order."""
    known = importlib.metadata.packages_distributions()
    modules = dict.fromkeys(_INSTALLED.findall(traceback))
    return [f"{known[m][0]} {importlib.metadata.version(known[m][0])}" for m in modules if m in known]


def gather(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Everything that the notebook's cells recorded (`results.record`), in the order of the cells."""
    recorded: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            recorded.update(output.get("data", {}).get(results.MIME_TYPE, {}))
    return recorded


def _show_times(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Run the cell tagged `times` once more, alone: it shows the times of a run that was still going on."""
    client = _client(notebook, path, timeout=60)
    with client.setup_kernel(env=dict(os.environ)):
        for index, cell in enumerate(notebook.cells):
            if TIMES_TAG in cell.metadata.get("tags", []):
                count = cell.execution_count
                client.execute_cell(cell, index)
                cell.execution_count = count
                for output in cell.outputs:
                    if "execution_count" in output:
                        output.execution_count = count
    _forget_the_run(notebook)


def _client(notebook: nbformat.NotebookNode, path: Path, timeout: float) -> NotebookClient:
    return NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=int(timeout),
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # warnings about the local connection help nobody here
        resources={"metadata": {"path": str(path.parent)}},
    )


def _peak_memory(client: NotebookClient) -> float:
    """Peak resident memory of the kernel's process in MB (Linux counts in kB, macOS in bytes)."""
    kernel: Any = client.kc  # one of jupyter_client's classes that can; nbclient's type names their base
    ask = run_sync(kernel.execute_interactive)
    reply = ask("", silent=True, user_expressions={"peak": _PEAK_MEMORY})
    peak = int(reply["content"]["user_expressions"]["peak"]["data"]["text/plain"])
    return peak / 2**20 if platform.system() == "Darwin" else peak / 2**10


def _forget_the_run(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs from run to run without telling anything."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
