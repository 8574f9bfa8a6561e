"""A student's own check before handing in: say, for each exercise, how its visible tests went.

Nothing is written and nothing is graded. `course check` and Validate run the notebook in a kernel of its own, in its
own folder, with the small grading budget: one exercise that fails, hangs, does not compile or ends its kernel does not
stop the others.
`%check` takes the functions that are there in the running kernel.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import mend
from course_utils.grading import notebook as nbk
from course_utils.grading.author.released import has_work
from course_utils.grading.causes import causes, pasted, used_by
from course_utils.grading.notebook import Exercise
from course_utils.grading.paths import CoursePaths

PASSED = "passed"
FAILED = "failed"
NOT_ATTEMPTED = "not attempted"
NOT_REACHED = "not reached"

_CELL_SECONDS = 60  # limit of one cell where the lab's budget is unknown
_KERNELS = 4  # that a notebook may use up


@dataclass(frozen=True)
class ExerciseCheck:
    """How the visible tests of one exercise went; `message` says why when they did not pass."""

    exercise: str
    title: str
    points: float
    state: str
    message: str = ""


@dataclass(frozen=True)
class NotebookCheck:
    """How a whole notebook went. notes: a sentence for each other cell that stopped, and each essay not written."""

    exercises: list[ExerciseCheck]
    notes: list[str]


def check_notebook(path: Path, cell_seconds: int | None = None) -> NotebookCheck:
    """Run the notebook at `path` and check every exercise by its visible tests.

    cell_seconds: limit of one cell; without it the lab's grading budget. Where the lab's released notebook is
    at hand, cells that lost their marks (a copy from Colab) are found again and the released tests are used.
    Raises CourseError if there is no such notebook, or it is none of this course.
    """
    path = Path(path).resolve()
    nb, lab = read_lab(path)
    exercises = nbk.exercises(nb)
    if cell_seconds is None:
        known = {entry.name: entry.grading_seconds for entry in course.load_course().labs}
        cell_seconds = max(_CELL_SECONDS, known.get(lab, 0))
    runner = Runner(nb, path.parent, cell_seconds)
    runner.run()
    found = _with_causes(nb, [_judge(nb, exercise, runner) for exercise in exercises])
    said = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in nbk.mended(nb)]
    return NotebookCheck(found, [*said, *_stopped(nb, exercises, runner), *_unwritten(nb)])


def check_here(nb: NotebookNode, namespace: dict[str, Any]) -> list[ExerciseCheck]:
    """Check every exercise of a lab (of `read_lab`) with the functions that are in `namespace`, a running kernel's.

    The namespace stays as it is, but for what the student's own functions do.
    """
    students = nbk.student_names(nb)
    return _with_causes(nb, [_checked_here(exercise, namespace, students) for exercise in nbk.exercises(nb)])


def read_lab(path: Path) -> tuple[NotebookNode, str]:
    """The notebook at `path` as it is checked, and its lab's name ("" if unknown).

    Test cells hold the visible tests only, as they were released where the release is at hand; there, cells that lost
    their marks are found again. Raises CourseError as `check_notebook` does.
    """
    nb = nbk.read(path)
    lab = _lab_of(nb, path)
    reference = _reference(path, lab)
    if reference is not None:
        nb = _aligned(nb, reference)
    exercises = nbk.exercises(nb)
    if not exercises:
        raise CourseError(
            f"{path.name} has no exercises of this course: "
            "check a lab's notebook, from inside the folder of the course if it went through Colab."
        )
    # The visible tests only, should somebody check a teacher's source.
    for exercise in exercises:
        exercise.tests.source = nbk.split_hidden(exercise.tests.source)[0]
    return nb, lab


def show_checks(check: NotebookCheck, console: Console) -> None:
    """A table with a line for each exercise, and the messages under it."""
    checks = check.exercises
    colours = {PASSED: "green", FAILED: "red", NOT_ATTEMPTED: "yellow", NOT_REACHED: "yellow"}
    table = Table("exercise", "visible tests")
    table.add_column("points", justify="right")
    for item in checks:
        table.add_row(escape(item.title), f"[{colours[item.state]}]{item.state}[/]", f"{item.points:g}")
    console.print(table)
    for item in checks:
        if item.message:
            console.print(f"\n[bold]{escape(item.title)}[/] ({escape(item.exercise)})")
            console.print(escape(item.message), highlight=False)
    for note in check.notes:
        console.print(f"\n{escape(note)}", highlight=False)
    console.print(
        f"\n{progress(checks)} Hidden tests check the whole docstring; essays are read by a person.",
        highlight=False,
    )


def progress(checks: list[ExerciseCheck]) -> str:
    """How many exercises pass, and which is next: the first that does not."""
    said = (
        f"{sum(item.state == PASSED for item in checks)} of {len(checks)} exercises pass their visible tests."
    )
    for number, item in enumerate(checks, start=1):
        if item.state != PASSED:
            return f"{said} Next: exercise {number} · {item.title}."
    return said


# Which lab it is


def _lab_of(nb: NotebookNode, path: Path) -> str:
    """The lab's name: as the release wrote it, by the ids of the cells, or by the functions; "" if unknown.

    Raises CourseError for a lab of another course.
    """
    labs = course.load_course().labs
    names = [lab.name for lab in labs]
    claimed = nb.metadata.get("course", {}).get("lab", "")
    prefixes = {nbk.grade_id(cell).split("-")[0] for cell in nb.cells if nbk.grade_id(cell)} - {""}
    mine = [lab.name for lab in labs if lab.short in prefixes]
    if claimed in names:
        return claimed
    if claimed or (prefixes and not mine):
        what = claimed or sorted(prefixes)[0]
        raise CourseError(
            f"{path.name} is of {what}, which this course does not have: it has {', '.join(names)}."
        )
    if mine:
        return mine[0]
    defined = frozenset().union(
        *(nbk.names_or_none(nbk.exported_names, cell.source) for cell in nb.cells if cell.cell_type == "code")
    )
    for root in _roots(path):
        shared = {
            name: len(nbk.student_names(nbk.read(file)) & defined)
            for name in names
            if (file := CoursePaths(root).lab(name).released).is_file()
        }
        best = max(shared, key=lambda name: shared[name], default="")
        if best and shared[best] > 0:
            return best
    return ""


def _roots(path: Path) -> Iterator[Path]:
    """Folders of the course that may hold the released lab: around the notebook, then around where we are."""
    for start in (path.parent, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / "course.toml").is_file():
                yield folder
                break


def _reference(path: Path, lab: str) -> NotebookNode | None:
    """The lab as it was handed out, if it is at hand; never the notebook that is being checked."""
    for root in _roots(path) if lab else ():
        files = CoursePaths(root).lab(lab)
        if files.released.is_file() and files.released.resolve() != path and not has_work(files.released):
            return nbk.read(files.released)
        if files.source.is_file() and files.source.resolve() != path:
            from course_utils.grading.run.repair import released_view

            return released_view(nbk.read(files.source))
    return None


def _aligned(nb: NotebookNode, reference: NotebookNode) -> NotebookNode:
    """A copy with every course cell in its place, and locked cells as they were handed out."""
    from course_utils.grading.run.elsewhere import find_answers
    from course_utils.grading.run.repair import repair

    nb = deepcopy(nb)
    repair(nb, reference)
    found, asked = find_answers(nb, reference)
    nbk.note(nb, [*found, *(flag.detail for flag in asked)])
    originals = {nbk.grade_id(cell): cell for cell in reference.cells}
    for cell in nb.cells:
        original = originals.get(nbk.grade_id(cell))
        if nbk.grade_id(cell) and original is not None and nbk.grader(original).get("locked"):
            cell.source = original.source
    return nb


# Running and judging


class _Client(NotebookClient):
    """Interrupts a cell that takes too long and, if that does not help, ends the kernel."""

    late: NotebookNode | None = None

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> None:
        if self.late is cell:
            assert self.km is not None
            await ensure_async(self.km.shutdown_kernel(now=True))
            raise DeadKernelError("it could not be interrupted")
        self.late = cell
        await super()._async_handle_timeout(timeout, cell)


class Runner:
    """Runs a notebook's code cells in order, past every error; after a cell that ends the kernel, in a new one.

    seconds: limit of one cell. After `run`, errors: index -> (name, text); late: indices of cells that were
    interrupted; ran: indices of cells that were run; died: indices of cells that ended a kernel.
    """

    def __init__(self, nb: NotebookNode, folder: Path, seconds: int) -> None:
        self.nb, self.folder, self.seconds = nb, folder, seconds
        self.errors: dict[int, tuple[str, str]] = {}
        self.late: set[int] = set()
        self.ran: set[int] = set()
        self.died: set[int] = set()

    def run(self, skip: Callable[[int], bool] = lambda index: False) -> None:
        """`skip` says, when a cell's turn comes, whether to leave it out."""
        todo = [i for i, cell in enumerate(self.nb.cells) if cell.cell_type == "code" and cell.source.strip()]
        kernels = 0
        while todo and kernels < _KERNELS:
            kernels += 1
            self._run_in_a_kernel(todo, skip)

    def _run_in_a_kernel(self, todo: list[int], skip: Callable[[int], bool]) -> None:
        """Run again what ran before, but for tests, and then take cells from `todo` as long as the kernel lives."""
        quiet = logging.Logger("course.check", level=logging.CRITICAL)
        client = _Client(
            self.nb,
            timeout=self.seconds,
            kernel_name="python3",
            allow_errors=True,
            interrupt_on_timeout=True,
            # A student needs none of the kernel's own warnings, and must hear of errors that hold half an emoji.
            extra_arguments=["--log-level=CRITICAL", f"--Session.packer={mend.__name__}.pack"],
            resources={"metadata": {"path": str(self.folder)}},
            log=quiet,
        )
        environment = {**os.environ, "COURSE_GRADING": "1"}
        again = [i for i in sorted(self.ran - self.late - self.died) if not nbk.is_test(self.nb.cells[i])]
        index = -1
        try:
            with client.setup_kernel(env=environment):
                for index in again:
                    client.execute_cell(deepcopy(self.nb.cells[index]), index)
                while todo:
                    index = todo.pop(0)
                    if not skip(index):
                        self._execute(client, index)
        except DeadKernelError:
            if index >= 0:  # else it never began
                self.died.add(index)

    def _execute(self, client: _Client, index: int) -> None:
        cell = self.nb.cells[index]
        try:
            client.execute_cell(cell, index)
        finally:
            if client.late is cell:
                self.late.add(index)
        self.ran.add(index)
        for output in cell.outputs:
            if output.output_type == "error":
                self.errors[index] = (mend.whole(output.ename), mend.whole(output.evalue))


def _stopped(nb: NotebookNode, exercises: list[Exercise], runner: Runner) -> Iterator[str]:
    """A sentence for each cell, of no exercise, that stopped by itself and not for want of an earlier one."""
    of_exercises = {i for exercise in exercises for i in (exercise.solution_index, exercise.tests_index)}
    broken = set(runner.errors) | runner.late | runner.died
    for index in sorted(broken - of_exercises):
        cell = nb.cells[index]
        if broken & set(nbk.needed_cells(nb, nbk.names_or_none(nbk.free_names, cell.source), index)):
            continue
        if index in runner.died and index not in runner.late:
            why = "ended the kernel"
        elif index in runner.late:
            why = f"took longer than {runner.seconds} s and was interrupted"
        else:
            name, text = runner.errors[index]
            if name == "NotImplementedError":
                continue
            why = f"stops with {_error_text(name, text)}"
        where = nbk.label(nb, cell)
        yield f"{where[0].upper()}{where[1:]} {why.rstrip('.')}."


def _unwritten(nb: NotebookNode) -> Iterator[str]:
    """A sentence for each essay in which nothing was written."""
    for cell in nbk.essays(nb):
        if cell.source.strip() in ("", nbk.ESSAY_STUB):
            points = nbk.grader(cell).get("points", 0)
            yield f"The essay {nbk.grade_id(cell)} ({points:g} points) is not written yet."


def _judge(nb: NotebookNode, exercise: Exercise, runner: Runner) -> ExerciseCheck:
    state, message = _outcome(nb, exercise, runner)
    return ExerciseCheck(exercise.name, exercise.title, exercise.points, state, message)


def _outcome(nb: NotebookNode, exercise: Exercise, runner: Runner) -> tuple[str, str]:
    own, tests = exercise.solution_index, exercise.tests_index
    for index, what in ((own, "Its cell"), (tests, "Its test cell")):
        if index in runner.died:
            hung = f"took longer than {runner.seconds} s and could not be interrupted: does a loop never end?"
            return FAILED, f"{what} {hung if index in runner.late else 'ended the kernel (out of memory?).'}"
        if index in runner.late:
            return (
                FAILED,
                f"{what} took longer than {runner.seconds} s and was interrupted: does a loop never end?",
            )
    if tests not in runner.ran:
        return NOT_REACHED, "Too many cells before this one ended the kernel: fix these first."
    if tests not in runner.errors:
        return PASSED, ""
    name, text = runner.errors[tests]
    if nbk.STUB in exercise.solution.source and name == "NotImplementedError":
        return NOT_ATTEMPTED, ""
    if own in runner.errors:
        said = "Its cell stops with " + ": ".join(part for part in runner.errors[own] if part)
        line = re.search(r"line (\d{1,6})\)$", said)
        came = pasted(exercise.solution.source, int(line[1])) if line else ""
        return FAILED, f"{said}: {came}." if came else said
    if name == "NotImplementedError":
        unwritten = [other.name for other in used_by(nb, exercise) if nbk.STUB in other.solution.source]
        return FAILED, _uses(unwritten)
    return FAILED, _error_text(name, text)


def _checked_here(exercise: Exercise, namespace: dict[str, Any], students: frozenset[str]) -> ExerciseCheck:
    # Imports torch: where kernels run the tests, nobody needs it.
    from course_utils.grading.sandbox.loopback import run_beside

    facts = exercise.name, exercise.title, exercise.points
    if not exercise.names <= namespace.keys():
        return ExerciseCheck(*facts, NOT_REACHED, "Its cell has not been run in this notebook: run it first.")
    error = run_beside(exercise.id, exercise.tests.source, namespace, students).error
    if error is None:
        return ExerciseCheck(*facts, PASSED)
    if isinstance(error, NotImplementedError):
        *_, (last, _) = traceback.walk_tb(error.__traceback__)
        unwritten = last.f_code.co_qualname.split(".")[0]
        if unwritten in exercise.names:
            return ExerciseCheck(*facts, NOT_ATTEMPTED)
        return ExerciseCheck(*facts, FAILED, _uses([unwritten]))
    return ExerciseCheck(*facts, FAILED, _error_text(type(error).__name__, str(error)))


def _uses(unwritten: list[str]) -> str:
    return f"It uses {', '.join(unwritten) or 'a function'}, which is not written yet."


def _error_text(name: str, text: str) -> str:
    """What a test's error says to a student. A failed check speaks for itself."""
    if name == "CheckFailed":
        return text
    return ": ".join(part for part in (name, re.sub(r"\x1b\[[\d;]*m", "", text)) if part)


def _with_causes(nb: NotebookNode, found: list[ExerciseCheck]) -> list[ExerciseCheck]:
    """The same, with what the notebook's text shows of why an exercise failed under its message."""
    exercises = nbk.exercises(nb)
    wrong = [one.id for one, item in zip(exercises, found, strict=True) if item.state == FAILED]
    return [
        replace(item, message="\n".join(filter(None, (item.message, causes(nb, one, wrong)))))
        if item.state == FAILED
        else item
        for one, item in zip(exercises, found, strict=True)
    ]
