"""Testing the tests: every wrong answer must lose its points for the right reason, every right one must keep them.

One process, one run of the setup cells; then for each answer a fresh namespace, the cells that the exercise
needs, the answer in place of the solution, and the test cell with its hidden part.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import io
import linecache
import os
import random
import re
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_utils import course
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue
from course_utils.grading.author.catalogue import Entry
from course_utils.grading.notebook import Exercise

MIN_MUTANTS = 8
MIN_VARIANTS = 4
SECONDS = 10.0  # processor time for one answer: an endless loop is a wrong answer too


@dataclass(frozen=True)
class Failure:
    """What stopped a run. cell: its label; hidden: in the hidden part of a test cell."""

    cell: str
    error: str
    message: str
    hidden: bool = False

    def __str__(self) -> str:
        return self.message if self.error == "CheckFailed" else f"{self.error}: {self.message}"


@dataclass(frozen=True)
class Problem:
    """Something that a person must mend. `came` is what happened instead of `wanted`."""

    exercise: str
    what: str
    wanted: str
    came: str
    place: str = ""


@dataclass(frozen=True)
class Row:
    """One exercise. Each pair is (as intended, all); `same` counts generic answers equal to the solution.

    visible: mutants that the visible tests alone already reject.
    """

    exercise: str
    mutants: tuple[int, int]
    generic: tuple[int, int]
    variants: tuple[int, int]
    same: int
    visible: int
    seconds: float


@dataclass(frozen=True)
class Matrix:
    lab: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_tests(
    lab: str | Lab,
    exercise: str | None = None,
    root: Path | None = None,
    minimum: tuple[int, int] = (MIN_MUTANTS, MIN_VARIANTS),
    seconds: float = SECONDS,
) -> Matrix:
    """Run a lab's catalogue, or that of one exercise (its id or its name), against the tests of its solution.

    root: the course's folder, by default the current one. minimum: wrong answers and right variants that
    each exercise must have. seconds: processor time for one answer (in the main thread, on Linux and macOS).
    Raises CourseError when the lab or the exercise does not exist, or a setup cell fails.
    """
    start = time.perf_counter()
    lab = course.lab(lab) if isinstance(lab, str) else lab
    root = Path(root or Path.cwd()).resolve()
    path = root / "solutions" / lab.name / f"{lab.name}.ipynb"
    nb = nbk.read(path)
    chosen = [nbk.find_exercise(nb, exercise)] if exercise else nbk.exercises(nb)
    rows, problems = [], list(_orphans(nb, root, lab.name))
    with _quiet_process(path.parent):
        stage = Stage(nb, seconds)
        for item in chosen:
            row, found = _verify(stage, item, root, lab.name, minimum)
            rows.append(row)
            problems += found
    return Matrix(lab.name, tuple(rows), tuple(problems), time.perf_counter() - start)


def submissions(lab: str | Lab, root: Path, released: NotebookNode) -> Iterator[tuple[Entry, NotebookNode]]:
    """Each entry of a lab's catalogues as a student would hand it in: everything right but this one answer.

    For graders that run whole notebooks: the cell `entry.fails` must give no points, and nothing that comes
    before it may lose any.
    """
    lab = course.lab(lab) if isinstance(lab, str) else lab
    source = nbk.read(root / "solutions" / lab.name / f"{lab.name}.ipynb")
    right = {item.id: item.solution.source for item in nbk.exercises(source)}
    for item in nbk.exercises(source):
        for entry in catalogue.load(root, lab.name, item):
            yield entry, nbk.with_answers(released, {**right, item.id: entry.source})


def show_matrix(matrix: Matrix, console: Console) -> None:
    """The table of exercises, and under it every problem with what came instead."""
    table = Table(title=f"{matrix.lab}: tests against known answers", title_justify="left")
    table.add_column("exercise")
    for column in ("wrong, right message", "generic wrong", "right variants", "visible alone", "s"):
        table.add_column(column, justify="right")
    for row in matrix.rows:
        pairs = [_pair(row.mutants), _pair(row.generic), _pair(row.variants)]
        table.add_row(row.exercise, *pairs, str(row.visible), f"{row.seconds:.1f}")
    console.print(table)
    for problem in matrix.problems:
        console.print(
            f"[bold red]{escape(problem.exercise)}: {escape(problem.what)}[/]  [dim]{escape(problem.place)}[/]"
        )
        console.print(f"  wanted  {escape(problem.wanted)}", highlight=False)
        console.print(f"  came    {escape(problem.came)}", highlight=False)
    verdict = "[green]all as intended[/]" if matrix.ok else f"[red]{len(matrix.problems)} to mend[/]"
    console.print(f"{verdict} in {matrix.seconds:.1f} s")


def _pair(counts: tuple[int, int]) -> str:
    good, total = counts
    return f"{good}/{total}" if good == total else f"[bold red]{good}/{total}[/]"


# One exercise


def _verify(
    stage: Stage, item: Exercise, root: Path, lab: str, minimum: tuple[int, int]
) -> tuple[Row, list[Problem]]:
    start = time.perf_counter()
    problems = [problem for problem in (_solution(stage, item), _stub(stage, item)) if problem]
    broken = bool(problems)
    try:
        entries = catalogue.load(root, lab, item)
    except CourseError as error:
        entries = []
        problems.append(Problem(item.name, "catalogue", "a catalogue that can be read", str(error)))
    mutants = [entry for entry in entries if entry.kind == "mutant"]
    variants = [entry for entry in entries if entry.kind == "variant"]
    for kind, have, least in zip(
        ("wrong answers", "right variants"), (mutants, variants), minimum, strict=True
    ):
        if entries and len(have) < least:
            problems.append(Problem(item.name, kind, f"at least {least}", str(len(have))))

    bad, visible = [], 0
    for entry in mutants:
        problem, failure = _mutant(stage, item, entry)
        bad += [problem] if problem else []
        visible += failure is not None and not failure.hidden
    refused = [problem for entry in variants if (problem := _variant(stage, item, entry))]
    # Spoiling a solution that does not pass its own tests would show nothing.
    survivors, tried, unchanged = ([], 0, 0) if broken else _generic(stage, item)
    row = Row(
        exercise=item.name,
        mutants=(len(mutants) - len(bad), len(mutants)),
        generic=(tried - len(survivors), tried),
        variants=(len(variants) - len(refused), len(variants)),
        same=unchanged,
        visible=visible,
        seconds=time.perf_counter() - start,
    )
    return row, problems + bad + refused + survivors


def _solution(stage: Stage, item: Exercise) -> Problem | None:
    return _accepted(stage, item, item.solution.source, "solution")


def _stub(stage: Stage, item: Exercise) -> Problem | None:
    failure = stage.run(item, nbk.clear_solution(item.solution.source))
    if failure and failure.error == "NotImplementedError" and failure.cell == item.id + nbk.TESTS_SUFFIX:
        return None
    came = f"{failure.cell} fails: {failure}" if failure else "the tests pass"
    return Problem(item.name, "stub", "stops at its test cell with NotImplementedError", came)


def _mutant(stage: Stage, item: Exercise, entry: Entry) -> tuple[Problem | None, Failure | None]:
    place = f"{entry.path.name}:{entry.line}"
    own = item.id + nbk.TESTS_SUFFIX
    tests = [own] if entry.fails == own else [own, entry.fails]
    if entry.fails not in stage.tests:
        came = f"there is no test cell {entry.fails}"
        return Problem(
            item.name, f"wrong answer {entry.name}", "a test cell under `fails`", came, place
        ), None
    failure = stage.run(item, entry.source, tests)
    wanted = f"{entry.fails} says {' and '.join(map(repr, entry.says))}"
    if failure is None:
        came = "it passes: every test accepts it"
    elif failure.cell != entry.fails:
        came = f"{failure.cell} fails: {failure}"
    elif missing := [words for words in entry.says if _plain(words) not in _plain(str(failure))]:
        came = f"without {missing[0]!r}: {failure}"
    else:
        return None, failure
    return Problem(item.name, f"wrong answer {entry.name}", wanted, came, place), failure


def _variant(stage: Stage, item: Exercise, entry: Entry) -> Problem | None:
    return _accepted(
        stage, item, entry.source, f"right variant {entry.name}", f"{entry.path.name}:{entry.line}"
    )


def _accepted(stage: Stage, item: Exercise, answer: str, what: str, place: str = "") -> Problem | None:
    """A right answer must pass where the teacher grades it and where the student tries it."""
    for where, apart in (("when grading", True), ("in Jupyter", False)):
        failure = stage.run(item, answer, apart=apart)
        if failure:
            return Problem(item.name, what, f"accepted {where}", f"{failure.cell} fails: {failure}", place)
    return None


def _generic(stage: Stage, item: Exercise) -> tuple[list[Problem], int, int]:
    """(problems, generic answers that differ from the solution, those that do not)."""
    from course_utils.grading.author.generic import Watch, generics

    survivors: list[Problem] = []
    tried = unchanged = 0
    stage.fresh()
    stage.execute(item, item.solution.source)
    for generic in list(generics(item.names, stage.namespace)):
        watches: list[Watch] = []
        failure = stage.run(
            item,
            item.solution.source,
            prepare=lambda ns, generic=generic, watches=watches: watches.append(generic.install(ns)),
        )
        differed = bool(watches) and watches[0].differed
        if failure is None and not differed:
            unchanged += 1
            continue
        tried += 1
        if failure is None:
            survivors.append(Problem(item.name, generic.name, "refused", "it passes: every test accepts it"))
        elif not differed:
            came = f"{failure.cell} fails: {failure}"
            survivors.append(Problem(item.name, generic.name, "accepted, as it differs in nothing", came))
    return survivors, tried, unchanged


def _orphans(nb: NotebookNode, root: Path, lab: str) -> Iterator[Problem]:
    known = {item.name for item in nbk.exercises(nb)}
    for path in sorted((root / catalogue.FOLDER / lab).glob("*.py")):
        if path.stem not in known:
            yield Problem(
                path.stem, "catalogue", f"one of {', '.join(sorted(known))}", "no such exercise", path.name
            )


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


# Running cells


class Stage:
    """The setup cells' namespace, from which every answer starts afresh."""

    def __init__(self, nb: NotebookNode, seconds: float) -> None:
        self.nb = nb
        self.seconds = seconds
        self.students = nbk.student_names(nb)
        self.tests = {nbk.grade_id(cell): i for i, cell in enumerate(nb.cells) if nbk.is_test(cell)}
        # Functions of setup cells look names up here, so the dict stays one and the same.
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "__builtins__": builtins,
            "get_ipython": _NoShell,
            "display": lambda *objects, **options: None,
        }
        for cell in nbk.setup_cells(nb):
            failure = self._run_cell(nbk.grade_id(cell), cell.source, limit=None)
            if failure:
                raise CourseError(f"The setup cell {failure.cell} fails: {failure}")
        self._start = dict(self.namespace)

    def fresh(self) -> None:
        """The state after setup: plain data and models of the setup cells are copied, the rest is shared."""
        memo: dict[int, Any] = {}
        self.namespace.clear()
        self.namespace.update({key: _copied(value, memo) for key, value in self._start.items()})
        _reseed()

    def run(
        self,
        item: Exercise,
        answer: str,
        tests: list[str] | None = None,
        prepare: Callable[[dict[str, Any]], Any] = lambda namespace: None,
        apart: bool = True,
    ) -> Failure | None:
        """Run what the exercise needs, the answer, then the test cells; the first failure, or None.

        `prepare` gets the namespace before the test cells run. `apart`: as when grading.
        """
        self.fresh()
        failure = self.execute(item, answer, tests)
        if failure is None:
            prepare(self.namespace)
        for name in tests or [item.id + nbk.TESTS_SUFFIX]:
            if failure is None:
                failure = self._test(name, apart)
        return failure

    def _test(self, name: str, apart: bool) -> Failure | None:
        """Run a test cell; `apart` as when grading, where student code is only reached through the channel."""
        source = self.nb.cells[self.tests[name]].source
        if not apart:
            return self._run_cell(name, source, self.seconds)
        from course_utils.grading.author.loopback import crossing

        used = self.students & nbk.free_names(source)
        with crossing(self.namespace, used) as seen:
            memo: dict[int, Any] = {}
            namespace = {key: _copied(value, memo) for key, value in self._start.items()} | seen
            return self._run_cell(name, source, self.seconds, namespace)

    def execute(self, item: Exercise, answer: str, tests: list[str] | None = None) -> Failure | None:
        """Run the cells that the answer and the test cells need, and the answer in the solution's place."""
        own = item.solution_index
        needed = set(nbk.needed_cells(self.nb, nbk.free_names(answer), own))
        for name in tests or [item.id + nbk.TESTS_SUFFIX]:
            index = self.tests[name]
            needed |= set(nbk.needed_cells(self.nb, nbk.free_names(self.nb.cells[index].source), index))
        for index in sorted(needed | {own}):
            cell = self.nb.cells[index]
            name = item.id if index == own else nbk.grade_id(cell) or f"cell {index}"
            failure = self._run_cell(name, answer if index == own else cell.source, self.seconds)
            if failure:
                return failure
        return None

    def _run_cell(
        self, name: str, source: str, limit: float | None, namespace: dict[str, Any] | None = None
    ) -> Failure | None:
        source = nbk.plain_python(source)
        filename = f"<{name}>"
        # Tracebacks and inspect.getsource read the lines from here, as in a notebook.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                with _time_limit(limit) as fired:
                    exec(
                        compile(source, filename, "exec", dont_inherit=True),
                        self.namespace if namespace is None else namespace,
                    )
            except (Exception, SystemExit, _TooLong) as error:
                if fired:  # whatever the answer made of it
                    return Failure(name, "TimeoutError", f"took longer than {limit:g} s")
                lines = [
                    frame.lineno
                    for frame in traceback.extract_tb(error.__traceback__)
                    if frame.filename == filename
                ]
                hidden = bool(lines) and any(
                    a <= lines[-1] - 1 <= b for a, b in nbk.regions(source, nbk.HIDDEN)
                )
                return Failure(name, type(error).__name__, str(error), hidden)
        return None


class _TooLong(BaseException):
    """The time limit; not an Exception, so that `except Exception` in an answer does not swallow it."""


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[list[bool]]:
    """Raises _TooLong inside after `seconds` of processor time, or ten times as long on the clock.

    Processor time, so that a busy machine makes no answer wrong. The list that it gives is filled when the
    limit was reached.
    """
    fired: list[bool] = []
    if seconds is None or not hasattr(signal, "setitimer"):
        yield fired
        return

    def stop(number: int, frame: Any) -> None:
        fired.append(True)
        raise _TooLong

    timers = [
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, 10 * seconds),
    ]
    before = [(kind, signal.signal(kind, stop)) for _, kind, _ in timers]
    try:
        for timer, _, limit in timers:
            # Repeats, in case a bare `except:` swallows the first one.
            signal.setitimer(timer, limit, 0.5)
        yield fired
    finally:
        for timer, _, _ in timers:
            signal.setitimer(timer, 0)
        for kind, handler in before:
            signal.signal(kind, handler)


class _NoShell:
    """Stands in for IPython's shell, so that magics in setup cells do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


@contextlib.contextmanager
def _quiet_process(folder: Path) -> Iterator[None]:
    """The notebook's folder, the grading budget, one thread, no windows; all put back afterwards."""
    import torch

    environment, threads = dict(os.environ), torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors of tests are tiny: threads would only wait for each other
    os.environ["COURSE_GRADING"] = "1"
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        with contextlib.chdir(folder), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)
        os.environ.clear()
        os.environ.update(environment)


def _reseed() -> None:
    """The same random numbers for every answer, and the switches of torch as they are at the start."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    kinds: tuple[type, ...] = (list, dict, set)
    kinds += (torch.Tensor, torch.nn.Module) if torch else ()
    kinds += (numpy.ndarray,) if numpy else ()
    return copy.deepcopy(value, memo) if isinstance(value, kinds) else value
