"""Testing the tests: every wrong answer must lose its points for the right reason, every right one must keep them.

One process, one run of the setup cells; then for each answer a fresh namespace, the cells that the exercise
needs, the answer in place of the solution, and the test cell with its hidden part.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import math
import os
import random
import re
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from course_utils.grading.cells import Ending, copied, new_namespace, run_cell, run_test
from course_utils.grading.notebook import Exercise
from course_utils.grading.paths import CoursePaths
from course_utils.grading.sandbox.loopback import Loopback
from course_utils.grading.sandbox.usual import same_random_numbers, usual_state

if TYPE_CHECKING:
    from course_utils.grading.author.generic import Generic, Watch
    from course_utils.measured import Measured

MIN_MUTANTS = 8
MIN_VARIANTS = 4
GRADING, JUPYTER, VISIBLE = "when grading", "in Jupyter", "in Jupyter, visible tests alone"
SECONDS = 10.0  # processor time for one answer, at least: an endless loop is a wrong answer too
_ENOUGH = 30  # times that for the solution itself
_SAME_NUMBER = 0.1  # relative: what is trained elsewhere comes out a little different
_TIMES = 10  # as long as the solution takes, on this machine and now, if that is more


@dataclass(frozen=True)
class Failure:
    """What stopped a run. cell: its label."""

    cell: str
    error: str
    message: str

    def __str__(self) -> str:
        return self.message if self.error == "CheckFailed" else f"{self.error}: {self.message}"


@dataclass(frozen=True)
class Mismatch:
    """Something that a person must mend. `came` is what happened instead of `wanted`."""

    exercise: str
    what: str
    wanted: str
    came: str
    place: str = ""


@dataclass(frozen=True)
class Row:
    """One exercise. Each pair is (as intended, all).

    same: the generic answers that no input of the tests tells from the solution.
    visible: mutants that the visible tests alone already reject, in Jupyter, where the student tries them;
    None: not counted. unbroken: sentences of the docstrings that no wrong answer says it breaks.
    """

    exercise: str
    mutants: tuple[int, int]
    generic: tuple[int, int]
    variants: tuple[int, int]
    same: tuple[str, ...]
    visible: int | None
    sentences: int
    unbroken: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Matrix:
    lab: str
    rows: tuple[Row, ...]
    problems: tuple[Mismatch, ...]
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
    visible: bool = True,
) -> Matrix:
    """Run a lab's catalogue, or that of one exercise (its id or its name), against the tests of its solution.

    root: the course's folder, by default the current one. minimum: wrong answers and right variants that
    each exercise must have. seconds: processor time for one answer (in the main thread, on Linux and macOS);
    an answer may always take ten times as long as the solution does here and now.
    visible: also count what the visible tests alone reject, which runs every wrong answer twice.
    Raises CourseError when the lab or the exercise does not exist, or a setup cell fails.
    """
    start = time.perf_counter()
    lab = course.lab(lab) if isinstance(lab, str) else lab
    root = Path(root or Path.cwd()).resolve()
    path = CoursePaths(root).lab(lab.name).source
    nb = nbk.read(path)
    chosen = [nbk.find_exercise(nb, exercise)] if exercise else nbk.exercises(nb)
    rows, problems = [], lacking(nb, root, lab.name, minimum, chosen)
    with _quiet_process(path.parent):
        stage = Stage(nb, seconds)
        for item in chosen:
            row, found = _verify(stage, item, root, lab.name, visible)
            rows.append(row)
            problems += found
    return Matrix(lab.name, tuple(rows), tuple(problems), time.perf_counter() - start)


def lacking(
    nb: NotebookNode,
    root: Path,
    lab: str,
    minimum: tuple[int, int] = (MIN_MUTANTS, MIN_VARIANTS),
    chosen: list[Exercise] | None = None,
) -> list[Mismatch]:
    """What is wrong with the catalogues before anything runs: one that belongs to no exercise, one that cannot
    be read, too few answers in one. chosen: the exercises whose catalogues are looked at, all without."""
    known = nbk.exercises(nb)
    names = {item.name for item in known}
    found = [
        Mismatch(path.stem, "catalogue", f"one of {', '.join(sorted(names))}", "no such exercise", path.name)
        for path in sorted((root / catalogue.FOLDER / lab).glob("*.py"))
        if path.stem not in names
    ]
    for item in known if chosen is None else chosen:
        try:
            kinds = Counter(entry.kind for entry in catalogue.load(root, lab, item))
        except CourseError as error:
            found.append(Mismatch(item.name, "catalogue", "a catalogue that can be read", str(error)))
            continue
        for kind, what, least in zip(
            ("mutant", "variant"), ("wrong answers", "right variants"), minimum, strict=True
        ):
            if kinds[kind] < least:
                found.append(Mismatch(item.name, what, f"at least {least}", str(kinds[kind])))
    return found


def submissions(lab: str | Lab, root: Path, released: NotebookNode) -> Iterator[tuple[Entry, NotebookNode]]:
    """Each entry of a lab's catalogues as a student would hand it in: everything right but this one answer.

    For graders that run whole notebooks: the cell `entry.fails` must give no points, and nothing that comes
    before it may lose any.
    """
    lab = course.lab(lab) if isinstance(lab, str) else lab
    source = nbk.read(CoursePaths(root).lab(lab.name).source)
    right = {item.id: item.solution.source for item in nbk.exercises(source)}
    for item in nbk.exercises(source):
        for entry in catalogue.load(root, lab.name, item):
            yield entry, nbk.with_answers(released, {**right, item.id: entry.source})


def show_matrix(matrix: Matrix, console: Console) -> None:
    """The table of exercises, and under it every problem with what came instead."""
    table = Table(title=f"{matrix.lab}: tests against known answers", title_justify="left")
    table.add_column("exercise")
    columns = ("wrong, right message", "generic wrong", "right variants", "visible alone", "sentences", "s")
    for column in columns:
        table.add_column(column, justify="right")
    for row in matrix.rows:
        pairs = [_pair(row.mutants), _pair(row.generic), _pair(row.variants)]
        visible = "–" if row.visible is None else str(row.visible)
        touched = _pair((row.sentences - len(row.unbroken), row.sentences))
        table.add_row(row.exercise, *pairs, visible, touched, f"{row.seconds:.1f}")
    console.print(table)
    if len(matrix.rows) == 1:
        for name in matrix.rows[0].same:
            console.print(f"No input of the tests tells from the solution  [dim]{escape(name)}[/]")
    for row in matrix.rows:
        for sentence in row.unbroken:
            console.print(f"{escape(row.exercise)}: no wrong answer breaks  [dim]{escape(sentence)}[/]")
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
    stage: Stage, item: Exercise, root: Path, lab: str, count_visible: bool
) -> tuple[Row, list[Mismatch]]:
    start = time.perf_counter()
    problems = [
        problem for problem in (_solution(stage, item), _recorded(stage, item), _stub(stage, item)) if problem
    ]
    broken = bool(problems)
    entries: list[Entry] = []
    with contextlib.suppress(CourseError):  # `lacking` says so
        entries = catalogue.load(root, lab, item)
    mutants = [entry for entry in entries if entry.kind == "mutant"]
    variants = [entry for entry in entries if entry.kind == "variant"]
    bad, visible = [], 0
    for entry in mutants:
        problem = _mutant(stage, item, entry)
        bad += [problem] if problem else []
        if count_visible and entry.fails in stage.tests:
            visible += stage.run(item, entry.source, _tests_of(item, entry), where=VISIBLE) is not None
    refused = [problem for entry in variants if (problem := _variant(stage, item, entry))]
    sentences = docstring_sentences(item.solution.source)
    unbroken, unknown = _unbroken(sentences, item, mutants)
    # Spoiling a solution that does not pass its own tests would show nothing. In an open experiment other answers
    # may be as good.
    survivors, tried, unchanged = ([], 0, []) if broken or item.open else _generic(stage, item)
    row = Row(
        exercise=item.name,
        mutants=(len(mutants) - len(bad), len(mutants)),
        generic=(tried - len(survivors), tried),
        variants=(len(variants) - len(refused), len(variants)),
        same=tuple(unchanged),
        visible=visible if count_visible else None,
        sentences=len(sentences),
        unbroken=unbroken,
        seconds=time.perf_counter() - start,
    )
    return row, problems + bad + unknown + refused + survivors


def _recorded(stage: Stage, item: Exercise) -> Mismatch | None:
    """The number that an open experiment names as the recorded one must be the solution's own."""
    if not item.open or stage.run(item, item.solution.source):
        return None
    number = stage.measured
    if number is None:
        return Mismatch(item.name, "the solution", "a number by checks.measured", "its tests note none")
    if math.isclose(number.value, number.recorded, rel_tol=_SAME_NUMBER):
        return None
    came = f"the solution has {number.value:.4g}, its tests say that {number.recorded:.4g} is recorded"
    return Mismatch(item.name, "the recorded number", "the solution's own", came)


def docstring_sentences(source: str) -> list[str]:
    """The sentences of the docstrings of a solution cell's public functions, classes and methods, in order."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    texts = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(nbk.plain_python(source)))
        if isinstance(node, kinds) and (node.name == "__init__" or not node.name.startswith("_"))
    ]
    return [
        " ".join(sentence.split())
        for text in texts
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Za-z(`])|\n\s*\n", text)
        if sentence.strip()
    ]


def _unbroken(
    sentences: list[str], item: Exercise, mutants: list[Entry]
) -> tuple[tuple[str, ...], list[Mismatch]]:
    """The sentences that no wrong answer says it breaks, and a problem for words that stand in none or in two."""
    broken, unknown = set(), []
    for entry in mutants:
        for words in entry.breaks:
            found = [sentence for sentence in sentences if _plain(words) in _plain(sentence)]
            broken |= set(found)
            if len(found) != 1:
                came = f"{words!r} stands in {len(found)} of them"
                place = f"{entry.path.name}:{entry.line}"
                wanted = "words of one sentence of the docstring under `breaks`"
                unknown.append(Mismatch(item.name, f"wrong answer {entry.name}", wanted, came, place))
    return tuple(sentence for sentence in sentences if sentence not in broken), unknown


def _solution(stage: Stage, item: Exercise) -> Mismatch | None:
    """The solution itself has time enough, and sets how much the others get."""
    stage.limit = _ENOUGH * stage.seconds
    start = time.process_time()
    problem = _accepted(stage, item, item.solution.source, "solution")
    stage.limit = max(stage.seconds, _TIMES * (time.process_time() - start))
    return problem


def _stub(stage: Stage, item: Exercise) -> Mismatch | None:
    failure = stage.run(item, nbk.clear_solution(item.solution.source))
    if failure and failure.error == "NotImplementedError" and failure.cell == item.id + nbk.TESTS_SUFFIX:
        return None
    came = f"{failure.cell} fails: {failure}" if failure else "the tests pass"
    return Mismatch(item.name, "stub", "stops at its test cell with NotImplementedError", came)


def _tests_of(item: Exercise, entry: Entry) -> list[str]:
    """The test cells that a wrong answer meets: the exercise's own, then the one that it fails."""
    return list(dict.fromkeys([item.id + nbk.TESTS_SUFFIX, entry.fails]))


def _mutant(stage: Stage, item: Exercise, entry: Entry) -> Mismatch | None:
    place = f"{entry.path.name}:{entry.line}"
    if entry.fails not in stage.tests:
        came = f"there is no test cell {entry.fails}"
        return Mismatch(item.name, f"wrong answer {entry.name}", "a test cell under `fails`", came, place)
    failure = stage.run(item, entry.source, _tests_of(item, entry))
    wanted = f"{entry.fails} says {' and '.join(map(repr, entry.says))}"
    if failure is None:
        came = "it passes: every test accepts it"
    elif failure.cell != entry.fails:
        came = f"{failure.cell} fails: {failure}"
    elif missing := [words for words in entry.says if _plain(words) not in _plain(str(failure))]:
        came = f"without {missing[0]!r}: {failure}"
    else:
        return None
    return Mismatch(item.name, f"wrong answer {entry.name}", wanted, came, place)


def _variant(stage: Stage, item: Exercise, entry: Entry) -> Mismatch | None:
    return _accepted(
        stage, item, entry.source, f"right variant {entry.name}", f"{entry.path.name}:{entry.line}"
    )


def _accepted(stage: Stage, item: Exercise, answer: str, what: str, place: str = "") -> Mismatch | None:
    """A right answer must pass where the teacher grades it and where the student tries it."""
    for where in (GRADING, JUPYTER):
        failure = stage.run(item, answer, where=where)
        if failure:
            return Mismatch(item.name, what, f"accepted {where}", f"{failure.cell} fails: {failure}", place)
    return None


def _generic(stage: Stage, item: Exercise) -> tuple[list[Mismatch], int, list[str]]:
    """(problems, number of generic answers that differ from the solution, names of those that do not)."""
    from course_utils.grading.author.generic import examples, generics, watched

    seen: dict = {}
    stage.run(
        item,
        item.solution.source,
        prepare=lambda names: seen.update(examples(item.names, names)),
        where=VISIBLE,
    )
    watches: list[tuple[Generic, Watch]] = []
    stage.run(
        item,
        item.solution.source,
        prepare=lambda names: watches.extend(watched(list(generics(item.names, names, seen)), names)),
    )
    survivors = []
    for way, watch in watches:
        if watch.differed:
            failure = stage.run(item, item.solution.source, prepare=way.install)
            if failure is None:
                survivors.append(Mismatch(item.name, way.name, "refused", "it passes: every test accepts it"))
    same = [way.name for way, watch in watches if not watch.differed]
    return survivors, len(watches) - len(same), same


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


# Running cells


class Stage:
    """The setup cells' namespace, from which every answer starts afresh."""

    def __init__(self, nb: NotebookNode, seconds: float) -> None:
        self.nb = nb
        self.seconds = seconds
        self.limit: float | None = seconds  # of the exercise at hand
        self.measured: Measured | None = None  # what the last test cell noted
        self.students = nbk.student_names(nb)
        self.tests = {nbk.grade_id(cell): i for i, cell in enumerate(nb.cells) if nbk.is_test(cell)}
        # Functions of setup cells look names up here, so the dict stays one and the same.
        self.namespace: dict[str, Any] = new_namespace()
        for cell in nbk.setup_cells(nb):
            failure = _failure(None, run_cell, nbk.grade_id(cell), cell.source, self.namespace)
            if failure:
                raise CourseError(f"The setup cell {failure.cell} fails: {failure}")
        self._start = dict(self.namespace)

    def fresh(self) -> None:
        """The state after setup: plain data and models of the setup cells are copied, the rest is shared."""
        memo: dict[int, Any] = {}
        self.namespace.clear()
        self.namespace.update({key: _copied(value, memo) for key, value in self._start.items()})
        _fresh_process()

    def run(
        self,
        item: Exercise,
        answer: str,
        tests: list[str] | None = None,
        prepare: Callable[[dict[str, Any]], Any] = lambda namespace: None,
        where: str = GRADING,
    ) -> Failure | None:
        """Run what the exercise needs, the answer, then the test cells; the first failure, or None.

        `prepare` gets the namespace before the test cells run. where: GRADING, where the tests have a namespace
        of setup cells to themselves; JUPYTER, where student code may have changed what those left; VISIBLE, the
        same without hidden tests. Student code is reached through the channel in each.
        """
        self.fresh()
        failure = self.execute(item, answer, tests)
        if failure is None:
            prepare(self.namespace)
        for name in tests or [item.id + nbk.TESTS_SUFFIX]:
            if failure is None:
                failure = self._test(name, where)
        return failure

    def _test(self, name: str, where: str) -> Failure | None:
        """Run a test cell as `where` says."""
        source = self.nb.cells[self.tests[name]].source
        if where == VISIBLE:
            source = nbk.split_hidden(source)[0]
        names = self._start if where == GRADING else self.namespace
        memo: dict[int, Any] = {}
        names = {key: _copied(value, memo) for key, value in names.items() if key not in self.students}
        self.measured = None

        def run(name: str) -> Ending:
            ending = run_test(name, source, names, self.students, Loopback(self.namespace))
            self.measured = ending.measured
            return ending

        with usual_state(), same_random_numbers():
            return _failure(self.limit, run, name)

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
            source = answer if index == own else cell.source
            failure = _failure(self.limit, run_cell, name, source, self.namespace)
            if failure:
                return failure
        return None


def _failure(limit: float | None, run: Callable[..., Ending], name: str, *arguments: Any) -> Failure | None:
    """What stopped run(name, *arguments), which may take `limit` seconds; None if nothing did."""
    ending = Ending()
    with contextlib.suppress(_TooLong), _time_limit(limit) as fired:
        ending = run(name, *arguments)
    if fired:  # whatever the answer made of it
        return Failure(name, "TimeoutError", f"took longer than {limit:g} s")
    if ending.error is None:
        return None
    return Failure(name, type(ending.error).__name__, str(ending.error))


class _TooLong(BaseException):
    """The time limit; not an Exception, so that `except Exception` in an answer does not swallow it."""


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[list[bool]]:
    """Raises _TooLong inside after `seconds` of processor time, or ten times as long on the clock.

    Processor time, so that a busy machine makes no answer wrong. The list that it gives is filled when the
    limit was reached.
    """
    fired: list[bool] = []
    over = False
    if seconds is None or not hasattr(signal, "setitimer"):
        yield fired
        return

    def stop(number: int, frame: Any) -> None:
        if not over:  # else it would end the putting back below, and fire again where nobody expects it
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
        over = True
        for timer, _, _ in timers:
            signal.setitimer(timer, 0)
        for kind, handler in before:
            signal.signal(kind, handler)


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


def _fresh_process() -> None:
    """Random numbers and switches as at the start, whatever the last answer's cell has set."""
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
    """As cells.copied, and models too: answers train them."""
    torch = sys.modules.get("torch")
    if torch and isinstance(value, torch.nn.Module):
        return copy.deepcopy(value, memo)
    return copied(value, memo)
