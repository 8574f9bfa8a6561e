"""Running a submission: the student's cells in a sandbox, the tests here, and only plain data between them.

Whatever the student's code does, the notebook comes out graded: a cell that hangs, floods or kills its kernel
costs its own points and leaves a reason; after a kernel that died, a new one runs the cells before again and goes
on. `steps.py` makes nbgrader do it, `remote.py` another machine.
"""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_utils import checks, course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book.records import Flag
from course_utils.grading.causes import causes, pasted
from course_utils.grading.cells import new_namespace, run_cell, run_test
from course_utils.grading.run.handed_in import look_at_files, look_at_name
from course_utils.grading.run.outcomes import Findings, Outcome
from course_utils.grading.run.repair import released_view
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.channel import Channel, StudentError, StudentGone, StudentTimeout
from course_utils.grading.sandbox.confinement import Limits
from course_utils.grading.sandbox.kernel import CellRun, KernelDied, StudentKernel
from course_utils.grading.sandbox.usual import same_random_numbers, usual_state
from course_utils.grading.sandbox.warm import imports_of

_START = 20.0  # seconds for the first words with a kernel
_RESTARTS = 3  # new kernels that a notebook may use up
_GRACE = 3.0  # seconds for an interrupted call to come back
_WORDS = 200  # letters of an error that a sentence quotes
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TELLING = 30  # letters that tell a text
_LINES = 40  # of a message that a page shows
_BUDGET_UNKNOWN = 40.0  # grading seconds of a lab that course.toml does not know


@dataclass(frozen=True)
class Budget:
    """What one submission may use. Seconds of 0 follow from the lab's budget in course.toml.

    only: ids of the test cells that are run; all when empty.
    """

    cell_seconds: float = 0.0
    test_seconds: float = 15.0
    notebook_seconds: float = 0.0
    output_bytes: int = 500_000
    memory_mb: int = 4096
    disk_mb: int = 512
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A submission to run.

    notebook: repaired, and with the course's own test and setup cells; its outputs are filled in. source: the
    lab's source notebook. files: the folder that was handed in. flags: what was noticed before it ran.
    """

    lab: str
    student: str
    notebook: NotebookNode
    source: NotebookNode
    files: Path
    budget: Budget = Budget()
    flags: tuple[Flag, ...] = ()


def run_submission(job: Job, where: Where) -> Findings:
    """Run student cells in a sandboxed kernel, test cells in this process, setup cells in both.

    Puts the outputs into job.notebook. Raises KernelDied when no kernel starts.
    """
    return _Run(job, where).findings()


class _Run:
    """One submission while it is run."""

    def __init__(self, job: Job, where: Where) -> None:
        self._job = job
        self._where = where
        source = job.source
        self._libraries = [name for name in imports_of(source) if name in ("numpy", "torch")]
        self._student_names = nbk.student_names(source)
        self._setup_ids = {nbk.grade_id(cell) for cell in nbk.setup_cells(source)} - {""}
        self._test_ids = {nbk.grade_id(cell) for cell in source.cells if nbk.is_test(cell)}
        self._owner = {name: exercise.id for exercise in nbk.exercises(source) for name in exercise.names}
        budget = _BUDGET_UNKNOWN
        with contextlib.suppress(CourseError):
            budget = float(course.lab(job.lab).grading_seconds)
        self._cell_limit = job.budget.cell_seconds or max(20.0, budget)
        self._left = job.budget.notebook_seconds or 60.0 + 3 * budget
        self._flags: list[Flag] = []
        self._outcomes: dict[str, Outcome] = {}
        self._cell_errors: dict[str, str] = {}
        self._dead = ""
        self._restarts = 0
        self._ran: list[NotebookNode] = []  # what a new kernel runs again
        self._peak_mb = 0.0
        self._patience = 1.0
        self._trusted: dict[str, Any] | None = None

    def findings(self) -> Findings:
        began = time.monotonic()
        self._flags = look_at_name(self._job.student) + look_at_files(self._job.files)
        self._flags += self._job.flags
        self._kernel = self._start()
        try:
            for cell in self._job.notebook.cells:
                if cell.cell_type == "code":
                    self._visit(cell)
            self._ask_watch()
        finally:
            self._close()
        self._withhold()
        return Findings(
            outcomes=self._outcomes,
            flags=self._flags,
            sandbox=self._where.sandbox.mode,
            peak_mb=round(self._peak_mb, 1),
            seconds=time.monotonic() - began,
        )

    # What is run where

    def _start(self) -> StudentKernel:
        """A kernel that is watched. Raises KernelDied when two in a row do not start: that is not the
        student's doing, and the next run grades the submission again."""
        with contextlib.suppress(KernelDied):
            return self._start_once()
        return self._start_once()

    def _start_once(self) -> StudentKernel:
        limits = Limits(memory_mb=self._job.budget.memory_mb, disk_mb=self._job.budget.disk_mb)
        kernel = StudentKernel(self._where.sandbox, self._job.files, limits, warm=self._where.warm)
        self._deadline = kernel.jail.clock() + self._left
        try:
            kernel.run(_WATCH.format(self._libraries), _START, history=False)
        except KernelDied:
            kernel.close()
            raise
        return kernel

    def _close(self) -> None:
        self._kernel.close()
        self._peak_mb = max(self._peak_mb, self._kernel.jail.peak_mb)

    def _lost(self, sentence: str) -> None:
        """The kernel is gone: say so, and go on in a new one, in which the cells before are run again."""
        self._flags.append(Flag("kernel died", sentence))
        self._left = self._deadline - self._kernel.jail.clock()
        while self._left > 0 and self._restarts < _RESTARTS:
            self._restarts += 1
            self._close()
            self._kernel = self._start()
            if self._run_again():
                return
            self._left = self._deadline - self._kernel.jail.clock()
        self._dead = sentence

    def _run_again(self) -> bool:
        """Run what ran before, without its outputs. Whether the kernel lives; what ends it is left out next time."""
        for cell in list(self._ran):
            left = self._deadline - self._kernel.jail.clock()
            try:
                if (
                    left <= 0
                    or self._kernel.run(cell.source, min(self._cell_limit, left)).status == "timeout"
                ):
                    self._ran.remove(cell)
            except KernelDied:
                self._ran.remove(cell)
                return False
        return True

    def _visit(self, cell: NotebookNode) -> None:
        """Run one code cell where it belongs and put its outputs into the notebook."""
        cell.outputs, cell.execution_count = [], None
        name = nbk.grade_id(cell)
        if name in self._test_ids:
            if self._job.budget.only and name not in self._job.budget.only:
                return
            outcome = self._test(cell)
            if outcome.state == "failed":
                outcome.cause = self._cause(name)
            self._outcomes[name] = outcome
            cell.outputs = _outputs_of(outcome)
            return
        if name in self._setup_ids:
            self._set_up(cell)
        if not cell.source.strip():
            return
        if self._dead:
            cell.outputs = [_error("NotRun", self._dead)]
            return
        left = self._deadline - self._kernel.jail.clock()
        if left <= 0:
            self._dead = "The notebook used up its time; the cells from here on were not run."
            self._flags.append(Flag("out of time", self._dead))
            cell.outputs = [_error("NotRun", self._dead)]
            return
        seconds = max(1.0, min(self._cell_limit * self._patience, left))
        try:
            run = self._kernel.run(cell.source, seconds, self._job.budget.output_bytes)
        except KernelDied as error:
            cell.outputs = [_error("KernelDied", f"{error}.")]
            self._cell_errors[name] = f"its cell ended the kernel ({error})"
            self._lost(f"The kernel was gone after {_called(cell)}: {error}.")
            return
        if run.status in ("ok", "error"):
            self._ran.append(cell)
        cell.outputs = [NotebookNode(output) for output in run.outputs]
        self._note(cell, name, run, seconds)

    def _note(self, cell: NotebookNode, name: str, run: CellRun, seconds: float) -> None:
        """Remember what went wrong in a student's cell."""
        if run.status == "timeout":
            # Who hangs once gets less time from then on: otherwise ten such cells cost ten times the limit.
            self._patience = 0.25
            said = f"did not end within {seconds:.0f} seconds and was interrupted"
            cell.outputs.append(_error("TimeLimit", f"The cell {said}."))
            self._flags.append(Flag("cell took too long", f"{_called(cell)} {said}."))
        elif run.status == "flood" or (run.cut and run.error == "RuntimeError"):
            said = "printed without end and was interrupted"
            self._flags.append(Flag("too much output", f"{_called(cell)} {said}."))
        if run.error == "MemoryError":
            self._flags.append(Flag("out of memory", f"{_called(cell)} needed more memory than there is."))
        if run.status != "ok":
            self._cell_errors[name] = f"its cell stopped with {_stopped_with(run, cell.source)}"

    def _ask_watch(self) -> None:
        """Flag what the notebook did that no answer needs, as its own process tells it."""
        if self._dead:
            return
        channel = Channel(self._kernel.jail.wire, self._kernel.jail.clock)
        channel.reset(self._kernel.jail.clock() + _GRACE)
        try:
            serving = self._kernel.begin(_SERVE.format(fd=self._kernel.jail.wire_fd))
            notes = channel.watched()
            self._leave(channel, serving)
        except (KernelDied, StudentGone, StudentTimeout, StudentError):
            notes = [
                ("strange answer", "When everything was done, the kernel no longer answered as it must.")
            ]
        self._flags += [Flag(reason, f"{detail}.") for reason, detail in notes]

    def _withhold(self) -> None:
        """Take away outputs that show a hidden test: a probe among them runs in the student's process, as text."""
        secret = _hidden_pieces(self._job.source)

        def shows(text: str) -> bool:
            return any(piece in text for piece in secret)

        for cell in self._job.notebook.cells:
            if cell.cell_type != "code" or not shows(_COLOURS.sub("", "\n".join(_texts(cell.outputs)))):
                continue
            if outcome := self._outcomes.get(nbk.grade_id(cell)):
                outcome.message = outcome.printed = _WITHHELD
                cell.outputs = _outputs_of(outcome)
            else:
                cell.outputs = [_error("Withheld", _WITHHELD)]
            self._flags.append(
                Flag("text of a hidden test", f"{_called(cell)} showed it; it is not on the page.")
            )
        self._flags = [
            Flag(flag.reason, _WITHHELD) if shows(f"{flag.reason}\n{flag.detail}") else flag
            for flag in self._flags
        ]

    # The trusted side

    def _set_up(self, cell: NotebookNode) -> None:
        """Run a setup cell here; its names are what the tests find."""
        if self._trusted is None:
            self._trusted = new_namespace()
        ending = run_cell(nbk.grade_id(cell), cell.source, self._trusted)
        if ending.error is not None:
            raise ending.error

    def _test(self, cell: NotebookNode) -> Outcome:
        """Run one test cell."""
        began = time.monotonic()
        if self._dead:
            return Outcome("not run", message=self._dead)
        clock = self._kernel.jail.clock
        channel = Channel(self._kernel.jail.wire, clock)
        channel.reset(min(clock() + self._job.budget.test_seconds, max(self._deadline, clock() + 1.0)))
        fd = self._kernel.jail.wire_fd
        try:
            serving = self._kernel.begin(_SERVE.format(fd=fd))
            outcome = self._run_test(cell, channel)
            self._leave(channel, serving)
        except KernelDied as error:
            said = f"The kernel was gone when {_called(cell)} was tested: {error}."
            self._lost(said)
            outcome = Outcome("failed", message=said)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _run_test(self, cell: NotebookNode, channel: Channel) -> Outcome:
        name, namespace = nbk.grade_id(cell), self._trusted or new_namespace()
        with usual_state(), same_random_numbers():
            ending = run_test(name, cell.source, namespace, self._student_names, channel)
        outcome = Outcome()
        if ending.error is not None:
            wanted = self._student_names & nbk.names_or_none(nbk.free_names, cell.source)
            outcome = self._judge(ending.error, channel, wanted)
            outcome.hidden = ending.hidden
            if outcome.hidden and outcome.state == "failed" and not outcome.what:
                outcome.what, outcome.hint = _about_a_crash(ending.error, channel.asked)
        outcome.printed = ending.printed[:20_000]
        outcome.measured = ending.measured
        return outcome

    def _judge(self, error: BaseException, channel: Channel, wanted: frozenset[str]) -> Outcome:
        """What an exception in a test cell says about the student's answer."""
        if isinstance(error, checks.CheckFailed):
            state = "not attempted" if channel.unwritten else "failed"
            return Outcome(state, error.what, _shown(str(error)), error.hint)
        if isinstance(error, NotImplementedError) or channel.unwritten:
            return Outcome("not attempted", message="The exercise still raises NotImplementedError.")
        if isinstance(error, StudentTimeout):
            # It begins with the name of a function, which keeps its small letter, and ends with a question.
            self._flags.append(Flag("answer took too long", str(error)))
            return Outcome("failed", message=str(error))
        if isinstance(error, StudentGone):
            self._kernel.jail.wait(1.0)
            self._kernel.check()  # raises KernelDied with the reason
            self._flags.append(Flag("strange answer", f"While testing, {error}."))
            return Outcome("failed", message=f"No answer came: {error}.")
        text = str(error)
        if isinstance(error, NameError):
            # An answer may miss another exercise's function, too.
            known = wanted | self._owner.keys()
            missing = next((name for name in sorted(known) if f"'{name}'" in text), "")
            why = self._cell_errors.get(self._owner.get(missing, ""), "run its cell, and check the spelling")
            if missing:
                return Outcome("failed", message=f"{missing} is not defined: {why}.")
        mine = getattr(error, "raised_by_student", False)
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        if type(error).__name__ == "StudentError":
            said = text
        lead = "Your code raised " if mine and type(error).__name__ != "StudentError" else ""
        return Outcome("failed", message=_shown(f"{lead}{said}"))

    def _cause(self, name: str) -> str:
        """What a student should look at first when an exercise fails, as the notebook's text shows it."""
        nb = self._job.notebook
        exercise = next((e for e in nbk.exercises(nb) if e.id + nbk.TESTS_SUFFIX == name), None)
        wrong = [key for key, outcome in self._outcomes.items() if outcome.state != "passed"]
        return causes(nb, exercise, [key.removesuffix(nbk.TESTS_SUFFIX) for key in wrong]) if exercise else ""

    def _leave(self, channel: Channel, serving: str) -> None:
        """End the serving cell after a test, or what hangs in it. Raises KernelDied."""
        if channel.broken:
            self._kernel.interrupt()
            if not channel.recover(_GRACE):
                self._kernel.close()
                raise KernelDied("the answer never came and could not be interrupted")
        channel.reset(self._kernel.jail.clock() + _GRACE)
        try:
            channel.stop()
        except (StudentGone, StudentTimeout):
            self._kernel.check()
            self._kernel.close()
            raise KernelDied("it no longer answers") from None
        self._kernel.finish(serving, _GRACE)


_WATCH = "__import__('course_utils.grading.sandbox.watch', fromlist=['start']).start({})"
# Runs in the student's kernel and ends when the tests of the exercise are over.
_SERVE = "__import__('course_utils.grading.sandbox.channel', fromlist=['serve']).serve({fd}, globals())"


_WITHHELD = "What was here showed the text of a hidden test."


def _hidden_pieces(source: NotebookNode) -> frozenset[str]:
    """Pieces of a lab's hidden probes, as these cross: any forty letters of a line hold one.

    The other hidden tests never cross, and what is in students' hands anyway is not among them.
    """
    lines: set[str] = set()
    for cell in source.cells:
        if nbk.is_test(cell):
            written = cell.source.splitlines()
            for first, last in nbk.regions(cell.source, nbk.HIDDEN):
                with contextlib.suppress(SyntaxError):
                    for node in ast.parse("\n".join(written[first + 1 : last])).body:
                        if isinstance(node, ast.FunctionDef) and "probe" in map(
                            _last_name, node.decorator_list
                        ):
                            node.decorator_list = []
                            lines.update(line.strip() for line in ast.unparse(node).splitlines())
    found = {
        line[at : at + _TELLING] for line in lines for at in range(0, len(line) - _TELLING + 1, _TELLING // 3)
    }
    given = "\n".join(cell.source for cell in released_view(source).cells) if found else ""
    return frozenset(piece for piece in found if piece not in given)


def _last_name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).rpartition(".")[2]


def _texts(value: Any) -> Iterator[str]:
    """All texts in outputs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _outputs_of(outcome: Outcome) -> list[NotebookNode]:
    """Outputs of a test cell. nbgrader gives points to a cell without an error, and none to one with."""
    outputs = []
    if outcome.printed:
        outputs.append(NotebookNode(output_type="stream", name="stdout", text=outcome.printed))
    if outcome.state != "passed":
        message = outcome.message
        if outcome.hidden:
            # Students see this notebook: of a hidden test only what it looked at.
            lines = (outcome.what and f"A hidden test looked at: {outcome.what}", outcome.hint)
            message = "\n".join(filter(None, lines)) or "A hidden test failed."
        message = "\n".join(filter(None, (message, outcome.cause)))
        outputs.append(_error("CheckFailed" if outcome.state == "failed" else "NotGraded", message))
    return outputs


def _error(kind: str, message: str) -> NotebookNode:
    return NotebookNode(output_type="error", ename=kind, evalue=message, traceback=message.split("\n"))


def _called(cell: NotebookNode) -> str:
    """How a sentence names a cell."""
    if name := nbk.grade_id(cell):
        return name
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return f"the cell that begins with `{lines[0][:50]}`" if lines else "a cell"


def _stopped_with(run: CellRun, source: str) -> str:
    """What ended a cell: the kind of the error, its line, its text, and what to do if the code was pasted."""
    error = next((output for output in reversed(run.outputs) if output["output_type"] == "error"), None)
    if not run.error or error is None:
        return run.error or "a time limit"
    # The student may have written all of it, the error's name too.
    said, line, cure = error["evalue"][:_WORDS].partition("\n")[0], "", ""
    if run.error in ("SyntaxError", "IndentationError", "TabError"):
        if place := re.fullmatch(r"(.*) \(.*line (\d{1,6})\)", said):
            said, line = place[1], place[2]
            cure = pasted(source, int(line))
    elif place := re.search(r"Cell In\[\d+\], line (\d+)", _COLOURS.sub("", "\n".join(error["traceback"]))):
        line = place[1]
    parts = (run.error, f" in line {line}" if line else "", f": {said}" if said else "")
    return f"{'an' if run.error[0] in 'AEIOU' else 'a'} {''.join(parts)}{f' ({cure})' if cure else ''}"


def _shown(message: str) -> str:
    lines = message.splitlines()[:_LINES]
    return "\n".join(line[:500] for line in lines)


def _about_a_crash(error: BaseException, asked: str) -> tuple[str, str]:
    """(what, hint) when a hidden test did not come to its check: neither its text nor its values."""
    what = f"{asked or 'the answer'} on a fresh input"
    kind = type(error).__name__ if type(error).__module__ == "builtins" else "an error"
    if isinstance(error, StudentTimeout):
        return what, "No answer came in time: does a loop never end?"
    if isinstance(error, StudentGone):
        return what, "Your process ended before it answered."
    if getattr(error, "raised_by_student", False):
        return what, f"Your code raised {kind}."
    return what, f"What came back could not be used ({kind}): is it of the kind that the docstring asks for?"
