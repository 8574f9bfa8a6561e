"""Grading a class: one process a submission, nothing lost, nothing graded twice.

A server process imports the heavy libraries once and forks a worker for each submission; students' kernels
are forked from another one (`warm.py`), which knows no test. A worker runs nbgrader's own Autograde with the
course's preprocessors, so the gradebook and Formgrader are as ever. A submission is finished when its
result.json is there; a run that was killed goes on with the others.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import hashlib
import json
import logging
import multiprocessing
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import psutil
from traitlets.config import Config, PyFileConfigLoader

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import gradebook, records
from course_utils.grading.book.records import Flag, Result
from course_utils.grading.run import remote
from course_utils.grading.run.handed_in import not_plain
from course_utils.grading.run.repair import read_submission
from course_utils.grading.sandbox.machine import Sandbox, choose, remember
from course_utils.grading.sandbox.warm import Template, Warm, imports_of, use

if TYPE_CHECKING:
    from course_utils.grading.run.scheduler import Cluster

Progress = Callable[[int, int, Result], None]
_MB_PER_JOB = 3000
_MOST_JOBS = 1000  # on a cluster, which says how many it takes
_CLUSTER_TICK = 5.0  # seconds after which it is looked at whether the cluster still has workers
_MOST_TEMPLATES = 3  # in one run; where they die so often, kernels start fresh
_PRELOAD = ["course_utils.grading.run.grade_class", "course_utils.grading.run.preload"]


@dataclass(frozen=True)
class CoursePaths:
    """The folders of a course. Only `root` must be given; the others are where nbgrader looks for them.

    database: file of the gradebook, or its URL.
    """

    root: Path
    solutions: Path = None  # type: ignore[assignment]
    labs: Path = None  # type: ignore[assignment]
    submitted: Path = None  # type: ignore[assignment]
    autograded: Path = None  # type: ignore[assignment]
    feedback: Path = None  # type: ignore[assignment]
    reports: Path = None  # type: ignore[assignment]
    database: Path | str = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        root = Path(self.root).resolve()
        object.__setattr__(self, "root", root)
        for name in ("solutions", "labs", "submitted", "autograded", "feedback", "reports"):
            object.__setattr__(self, name, root / (getattr(self, name) or name))
        if self.database is None:
            object.__setattr__(self, "database", root / "gradebook.db")

    @property
    def database_url(self) -> str:
        return gradebook.url_of(self.database)


def configure(config: Config) -> None:
    """Set what grading needs in an nbgrader configuration; nbgrader_config.py calls this."""
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as stock

    from course_utils.grading.book import late
    from course_utils.grading.pages import formgrader
    from course_utils.grading.pages.formgrader import SafeDisplay, TidyFiles
    from course_utils.grading.run import collect
    from course_utils.grading.run.execute import RecordResult, SplitExecute
    from course_utils.grading.run.repair import RepairCells
    from course_utils.grading.run.scores import SaveScores

    if database := gradebook.configured():
        config.CourseDirectory.db_url = gradebook.url_of(database)
    late.configure(config)
    formgrader.configure(config)
    collect.configure(config)
    config.Autograde.sanitize_preprocessors = [
        RepairCells,
        stock.ClearOutput,
        stock.OverwriteKernelspec,
        stock.OverwriteCells,
        stock.CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        SplitExecute,
        ClearMetadataPreprocessor,
        stock.LimitOutput,
        SaveScores,
        stock.AssignLatePenalties,
        stock.CheckCellMetadata,
        SafeDisplay,  # what students display is shown in a grader's browser
        TidyFiles,
        RecordResult,
    ]
    config.GenerateFeedback.preprocessors = [
        stock.GetGrades,
        stock.ClearHiddenTests,  # feedback says what a hidden test looked at, never how
    ]
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        "feedback",
        records.FILE_NAME,
        f".{records.FILE_NAME}",
    ]


def load_config(paths: CoursePaths) -> Config:
    """The course's nbgrader_config.py (or the same settings without one), set to these folders."""
    if (paths.root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(paths.root)).load_config()
    else:
        from course_utils.grading.author import release

        config = Config()
        release.configure(config)
        configure(config)
    folders = config.CourseDirectory
    folders.course_id = course.load_course().course_id
    folders.root = str(paths.root)
    folders.db_url = paths.database_url
    folders.source_directory = _within(paths.solutions, paths.root)
    folders.release_directory = _within(paths.labs, paths.root)
    folders.submitted_directory = _within(paths.submitted, paths.root)
    folders.autograded_directory = _within(paths.autograded, paths.root)
    folders.feedback_directory = _within(paths.feedback, paths.root)
    return config


def grade_class(
    lab: str,
    paths: CoursePaths,
    students: Iterable[str] | None = None,
    force: bool = False,
    jobs: int | None = None,
    unsafe: bool = False,
    progress: Progress | None = None,
    exercises: Iterable[str] | None = None,
    scheduler: str | None = None,
) -> list[Result]:
    """Grade the submissions of a lab and return their records, by student.

    What is graded and unchanged is not graded again; where only the tests of some exercises changed, only
    these are run. What a person gave (points, extra credit, comments) stays in any case.

    students: only these. force: also those that are graded and unchanged. jobs: how many at a time.
    progress: called with (done, all, record) after each. exercises: run the tests of these alone, by id or
    name, for submissions that are graded; the others are left as they are, and out of the list if they have
    no record. scheduler: address of a Dask scheduler whose workers run the submissions; the gradebook is
    written here. Raises CourseError when there is nothing to grade, no sandbox works (unless `unsafe`), or the
    lab has no source notebook or no such exercise.
    """
    source = nbk.read(paths.solutions / lab / f"{lab}.ipynb")
    wanted = test_ids(source, exercises or ())
    found = find_submissions(lab, paths, students)
    where = choose(unsafe) if scheduler is None else Sandbox("elsewhere", "Workers of a cluster run it.")
    tests = Tests.of(source)
    results: dict[str, Result] = {}
    todo: dict[str, tuple[str, ...]] = {}
    for student in found:
        old = records.read_result(_record_path(paths, student, lab))
        digest = submission_digest(paths.submitted / student / lab)
        changed = tests.changed(old, digest)
        if wanted:
            if old is not None and old.was_run and old.submission_sha256 == digest:
                todo[student] = wanted
            elif old is not None:
                results[student] = old
        elif force or changed is None:
            todo[student] = ()
        elif changed:
            todo[student] = changed
        else:
            results[student] = old
    count = len(results) + len(todo)
    if progress:
        for done, student in enumerate(sorted(results), 1):
            progress(done, count, results[student])
    if todo:
        with _alone(paths):
            gradebook.backup(paths)
            with (
                _connected(scheduler, unsafe) as cluster,
                _Runner(
                    lab, paths, tests, unsafe, _time_limit(lab), todo, where, imports_of(source), cluster
                ) as runner,
            ):
                runner.register()
                for result in runner.run(list(todo), jobs or (_MOST_JOBS if cluster else _default_jobs())):
                    results[result.student] = result
                    if progress:
                        progress(len(results), count, result)
                runner.settle()
    elif not wanted:
        with _alone(paths):
            _refresh_lateness(lab, paths)
    return [results[student] for student in sorted(results)]


def _refresh_lateness(lab: str, paths: CoursePaths) -> None:
    """Nobody was graded, but a due date or what a day costs may have changed in course.toml."""
    facts = course.load_course()
    due = next((entry.due for entry in facts.labs if entry.name == lab), None)
    if not gradebook.is_there(paths.database) or (due is None and not facts.late.percent_per_day):
        return
    from course_utils.grading.book import late

    late.set_due_date(lab, paths.database_url)
    late.update_penalties(lab, paths)


def waiting(lab: str, paths: CoursePaths, students: Iterable[str] | None = None) -> list[str]:
    """Students whose submission is new or changed, or was graded against other tests than those of now."""
    tests = Tests.of(nbk.read(paths.solutions / lab / f"{lab}.ipynb"))
    stale = []
    for student in find_submissions(lab, paths, students):
        old = records.read_result(_record_path(paths, student, lab))
        if tests.changed(old, submission_digest(paths.submitted / student / lab)) != ():
            stale.append(student)
    return stale


@dataclass(frozen=True)
class Tests:
    """Digests of what a submission is graded against. shared: all but the tests. each: test cell's id -> digest."""

    shared: str
    each: dict[str, str]

    @classmethod
    def of(cls, source: nbk.NotebookNode) -> Tests:
        return cls(source_digest(source), test_digests(source))

    def changed(self, old: Result | None, submission_sha256: str) -> tuple[str, ...] | None:
        """Test cells that changed since `old` was recorded; None if everything must be graded again."""
        if old is None or old.status == records.BROKEN:
            return None
        if (old.submission_sha256, old.source_sha256) != (submission_sha256, self.shared):
            return None
        changed = tuple(name for name, digest in self.each.items() if old.tests_sha256.get(name) != digest)
        return changed if old.was_run or not changed else None


def test_ids(source: nbk.NotebookNode, names: Iterable[str]) -> tuple[str, ...]:
    """Ids of the test cells of the exercises with these ids or names.

    Raises CourseError that names the near ones when there is none, or when it is an essay.
    """
    known = nbk.exercises(source)
    found = []
    for name in names:
        match = [e for e in known if name.removesuffix(nbk.TESTS_SUFFIX) in (e.id, e.name)]
        if match:
            found.append(match[0].id + nbk.TESTS_SUFFIX)
            continue
        if any(name == nbk.grade_id(cell) for cell in nbk.essays(source)):
            raise CourseError(f"{name!r} is graded by hand: there is no test to run again.")
        near = difflib.get_close_matches(name, [n for e in known for n in (e.name, e.id)], n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise CourseError(
            f"There is no exercise {name!r}.{guess} The exercises are: {', '.join(e.name for e in known)}."
        )
    return tuple(dict.fromkeys(found))


def find_submissions(lab: str, paths: CoursePaths, students: Iterable[str] | None = None) -> list[str]:
    """Students who handed in something, in order. Raises CourseError if there is nobody, or an unknown one."""
    folder = paths.submitted
    there = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    there = [name for name in there if not name.startswith(".")]
    if students is not None:
        for student in students:
            if student not in there:
                raise CourseError(f"There is no submission of {student!r} in {folder}.")
        return sorted(set(students))
    # A folder for another lab alone is no submission of this one; any other content may be a misplaced one.
    others = {other.name for other in course.load_course().labs} - {lab}
    handed_in = []
    for student in there:
        content = {p.name for p in (folder / student).iterdir() if not p.name.startswith(".")}
        if lab in content or content - others:
            handed_in.append(student)
    if not handed_in:
        raise CourseError(
            f"There is nothing to grade: put the notebooks at {folder}/STUDENT/{lab}/{lab}.ipynb."
        )
    return handed_in


def submission_digest(folder: Path) -> str:
    """sha256 over names and contents of all plain files of a submission."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        name = str(path.relative_to(folder)).encode("utf-8", "surrogateescape")
        if stat.S_ISREG(facts.st_mode):
            with open(path, "rb") as file:
                digest.update(name + b"\0" + hashlib.file_digest(file, "sha256").digest())
        elif stat.S_ISLNK(facts.st_mode):
            digest.update(name + b"\0link")
    return digest.hexdigest()


def source_digest(source: nbk.NotebookNode) -> str:
    """sha256 over what all exercises of the source notebook share when they are graded.

    That is the code which students get and cannot change, and which cells give how many points. Texts,
    answers, mark schemes and outputs change no score; the tests have digests of their own.
    """
    cells = []
    for cell in source.cells:
        if nbk.is_marked(cell):
            runs = cell.cell_type == "code" and not nbk.is_solution(cell) and not nbk.is_test(cell)
            code = cell.source if runs else ""
            cells.append([cell.cell_type, code, dict(nbk.grader(cell)), nbk.is_setup(cell)])
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def test_digests(source: nbk.NotebookNode) -> dict[str, str]:
    """Id of each test cell -> sha256 of its source."""
    tests = (cell for cell in source.cells if nbk.is_test(cell))
    return {nbk.grade_id(cell): hashlib.sha256(cell.source.encode()).hexdigest() for cell in tests}


@dataclass(frozen=True)
class Work:
    """What is graded against what. only: ids of the test cells to run; all when empty."""

    submission_sha256: str
    tests: Tests
    only: tuple[str, ...] = ()

    def sign(self, result: Result) -> None:
        """Write down in a record what was graded."""
        result.submission_sha256 = self.submission_sha256
        result.source_sha256, result.tests_sha256 = self.tests.shared, dict(self.tests.each)


@contextlib.contextmanager
def _connected(scheduler: str | None, unsafe: bool) -> Iterator[Cluster | None]:
    """The Dask cluster, or None without an address."""
    if scheduler is None:
        yield None
        return
    from course_utils.grading.run.scheduler import Cluster

    cluster = Cluster(scheduler, unsafe)
    try:
        yield cluster
    finally:
        cluster.close()


class _Runner:
    """Worker processes for some submissions of one lab."""

    def __init__(
        self,
        lab: str,
        paths: CoursePaths,
        tests: Tests,
        unsafe: bool,
        time_limit: float,
        only: dict[str, tuple[str, ...]],
        where: Sandbox,
        imports: list[str],
        cluster: Cluster | None = None,
    ) -> None:
        self.lab = lab
        self.paths = paths
        self.tests = tests
        self.unsafe = unsafe
        self.time_limit = time_limit
        self.only = only
        self.where = where
        self.imports = imports
        self.template: Template | None = None
        self.templates_left = (
            _MOST_TEMPLATES if where.mode in ("bubblewrap", "landlock") and len(only) > 1 else 0
        )
        self.context = multiprocessing.get_context("forkserver")
        self.cluster = cluster
        self.asking: dict[Connection, multiprocessing.Process] = {}
        self.context.set_forkserver_preload([*(() if cluster else imports), *_PRELOAD])

    def __enter__(self) -> _Runner:
        self._warm_up()
        return self

    def __exit__(self, *_: object) -> None:
        if self.template is not None:
            self.template.close()

    def _warm_up(self) -> None:
        """See to it that there is a template, as long as there is hope. Without one kernels start fresh."""
        if self.template is not None and not self.template.alive():
            self.template.close()
            self.template = None
        if self.template is None and self.templates_left:
            self.templates_left -= 1
            with contextlib.suppress(OSError):
                self.template = Template(self.where, self.imports)

    def _wait_for_template(self) -> None:
        if self.template is not None and not self.template.ready():
            _Log(_log_path(self.paths), self.lab).logger.error(
                "kernels start fresh: %s", self.template.problem
            )
            self.template.close()
            self.template, self.templates_left = None, 0

    def register(self) -> None:
        """Bring the source notebook into the gradebook. Raises CourseError with nbgrader's reason."""
        with scratch_folder(self.paths) as scratch:
            process = self._start(_register, (self.lab, self.paths, str(scratch)))
            process.join()
            problem = scratch / "problem"
            if process.exitcode:
                reason = problem.read_text() if problem.is_file() else "it ended without a word"
                raise CourseError(f"nbgrader could not read the source of {self.lab}: {reason}")

    def settle(self) -> None:
        """Bring the penalties for lateness up to date with scores, due dates and extensions."""
        process = self._start(_settle, (self.lab, self.paths))
        process.join()
        if process.exitcode:
            raise CourseError(f"The penalties could not be written: {_log_path(self.paths)} tells more.")

    def run(self, students: list[str], jobs: int) -> Iterable[Result]:
        """Grade these; yields each record as soon as it is there."""
        waiting = list(students)
        running: dict[int, tuple[str, multiprocessing.Process, float]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < min(jobs, self.cluster.slots() if self.cluster else jobs):
                    student = waiting.pop(0)
                    self._warm_up()
                    self._wait_for_template()
                    process = self._start(
                        _grade, (self.lab, self.paths, student, self._work(student), self.unsafe)
                    )
                    running[process.sentinel] = (student, process, time.monotonic() + self.time_limit)
                soonest = min(deadline for _, _, deadline in running.values())
                patience = max(0.0, soonest - time.monotonic())
                if self.cluster:
                    patience = min(patience, _CLUSTER_TICK)
                ready = wait([*running, *self.asking], timeout=patience)
                self._pass_on([one for one in ready if one in self.asking])
                late = [key for key, (_, _, deadline) in running.items() if deadline < time.monotonic()]
                for key in {*ready, *late} & set(running):
                    student, process, _ = running.pop(key)
                    if key not in ready:
                        process.kill()
                    process.join()
                    yield self._collect(student, process, key not in ready)
        finally:
            for _, process, _ in running.values():
                process.kill()
                process.join()
            for connection in self.asking:
                connection.close()

    def _pass_on(self, connections: list[Connection]) -> None:
        """Give the cluster what workers of this machine ask; the answer goes back by itself."""
        for connection in connections:
            try:
                self.cluster.submit(connection.recv_bytes(), connection)
            except (EOFError, OSError):
                self.asking.pop(connection).join()
                connection.close()

    def _collect(self, student: str, process: multiprocessing.Process, late: bool) -> Result:
        result = records.read_result(_record_path(self.paths, student, self.lab))
        if result is not None and process.exitcode == 0:
            return result
        why = (
            f"took more than {self.time_limit:.0f} seconds" if late else f"ended with code {process.exitcode}"
        )
        log = _log_path(self.paths)
        detail = f"The grader's own process {why}. Grade {student} again; {log} tells more."
        arguments = (
            self.lab,
            self.paths,
            student,
            self._work(student),
            records.BROKEN,
            [Flag("not graded", detail)],
        )
        helper = self._start(_give_zero, arguments)
        helper.join()
        result = records.read_result(_record_path(self.paths, student, self.lab))
        if result is None:
            raise CourseError(f"Nothing can be written for {student}: is the disk full? See {log}.")
        return result

    def _work(self, student: str) -> Work:
        digest = submission_digest(self.paths.submitted / student / self.lab)
        return Work(digest, self.tests, self.only.get(student, ()))

    def _start(self, target: Callable, arguments: tuple) -> multiprocessing.Process:
        warm = self.template.warm if self.template is not None else None
        mine, theirs = self.context.Pipe() if self.cluster else (None, None)
        process = self.context.Process(
            target=_worker, args=(target, arguments, self.where, warm, theirs), daemon=True
        )
        with _environment():
            process.start()
        if self.cluster:
            theirs.close()
            self.asking[mine] = process
        return process


# What runs in a worker


def _worker(
    target: Callable, arguments: tuple, where: Sandbox, warm: Warm | None, cluster: Connection | None
) -> None:
    """Run one job; end when the process that asked for it is gone."""
    remember(where)
    use(warm)
    if cluster is not None:

        def ask(question: bytes) -> bytes:
            cluster.send_bytes(question)
            return cluster.recv_bytes()

        remote.use(ask)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's are for their developers
    target(*arguments)


def _register(lab: str, paths: CoursePaths, scratch: str) -> None:
    """Save the lab's cells, hidden tests included, to the gradebook. Does nothing when they are there already."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    from course_utils.grading.book.late import set_due_date

    gradebook.connect(paths.database).dispose()
    gradebook.make_whole(paths.database_url)
    source = nbk.read(paths.solutions / lab / f"{lab}.ipynb")
    if _registered(lab, paths) == _to_register(source):
        set_due_date(lab, paths.database_url)
        return
    config = load_config(paths)
    config.CourseDirectory.assignment_id = lab
    config.CourseDirectory.release_directory = _within(Path(scratch), paths.root)
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    said = _Log(_log_path(paths), lab)
    converter.log = said.logger
    try:
        converter.start()
    except BaseException as error:
        Path(scratch, "problem").write_text(said.cause or str(error))
        sys.exit(1)
    set_due_date(lab, paths.database_url)


def _settle(lab: str, paths: CoursePaths) -> None:
    from course_utils.grading.book.late import update_penalties

    try:
        update_penalties(lab, paths)
    except BaseException:
        _Log(_log_path(paths), lab).logger.exception("penalties could not be written")
        sys.exit(1)


Registered = dict[str, tuple[str, float]]


def _to_register(source: nbk.NotebookNode) -> Registered:
    """grade_id -> (source, points) of the cells that grading takes from the gradebook."""
    return {
        nbk.grade_id(cell): (
            cell.source if cell.cell_type == "code" and nbk.grader(cell).get("locked") else "",
            float(nbk.grader(cell).get("points", 0)) if nbk.grader(cell).get("grade") else 0.0,
        )
        for cell in source.cells
        if nbk.is_marked(cell)
    }


def _registered(lab: str, paths: CoursePaths) -> Registered:
    """The same as the gradebook has it."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(paths.database_url, course.load_course().course_id) as book:
        try:
            notebook = book.find_notebook(lab, lab)
        except MissingEntry:
            return {}
        points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        return {
            cell.name: (
                cell.source if cell.locked and cell.cell_type == "code" else "",
                points.get(cell.name, 0.0),
            )
            for cell in notebook.source_cells
        }


def _grade(lab: str, paths: CoursePaths, student: str, work: Work, unsafe: bool) -> None:
    """Grade one submission, or some of its exercises, and write its record."""
    os.environ["COURSE_GRADING"] = "1"
    os.environ["COURSE_PROFILE"] = "cpu"
    flags, status = _look_at(lab, paths, student)
    if status:
        _give_zero(lab, paths, student, work, status, flags)
        return
    record = _record_path(paths, student, lab)
    old = records.read_result(record)
    if work.only:
        with scratch_folder(paths) as folder:
            scratch = replace(paths, autograded=folder)
            result = _convert(lab, scratch, student, work, unsafe, old)
            result.flags = flags + result.flags
            _take_over(_notebook_path(scratch, student, lab), _notebook_path(paths, student, lab), work.only)
        result = merged(old, result, work)
    else:
        if old is not None:
            # Should this run be cut off, the next one must not take the old record for a finished one.
            old.source_sha256 = ""
            records.write_result(record, old)
        result = _convert(lab, paths, student, work, unsafe, old)
        result.flags = flags + result.flags
        work.sign(result)
    _drop_links(paths, student, lab)
    records.write_result(record, result)


def _convert(
    lab: str, paths: CoursePaths, student: str, work: Work, unsafe: bool, old: Result | None
) -> Result:
    """Run nbgrader's Autograde on one submission. Returns its record, which is not written yet."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory

    class OneSubmission(CourseDirectory):
        def get_existing_timestamp(self, dest_path: str) -> datetime | None:
            return _handed_in(Path(dest_path) / "timestamp.txt")[0]

    class AutogradeOne(Autograde):
        """nbgrader looks for notebooks by glob, which a folder called `anna [2]` does not match."""

        def init_notebooks(self) -> None:
            folder = paths.submitted / student / lab
            self.assignments = {str(folder): [str(folder / f"{lab}.ipynb")]}
            self.notebooks = []

        def init_destination(self, assignment_id: str, student_id: str) -> bool:
            _clear(paths, student, lab)
            return True

    config = load_config(paths)
    config.CourseDirectory.assignment_id = lab
    config.CourseDirectory.student_id = student
    config.CourseDirectory.ignore += not_plain(paths.submitted / student / lab)
    config.Autograde.force = True
    config.SplitExecute.unsafe = unsafe
    config.SplitExecute.only = config.SaveScores.only = list(work.only)
    config.SaveScores.same_answers = old is not None and old.submission_sha256 == work.submission_sha256
    config.RecordResult.file_name = f".{records.FILE_NAME}"
    said = _Log(_log_path(paths), student)
    converter = AutogradeOne(coursedir=OneSubmission(config=config), config=config)
    converter.log = said.logger
    try:
        converter.start()
    except BaseException:
        said.logger.exception("grading failed")
        sys.exit(1)
    draft = _record_path(paths, student, lab).with_name(f".{records.FILE_NAME}")
    result = records.read_result(draft)
    draft.unlink()
    return result


def merged(old: Result, new: Result, work: Work) -> Result:
    """The record `old` with what running the test cells `work.only` again gave."""
    ran = {cell.grade_id: cell for cell in new.cells if cell.grade_id in work.only}
    names = {name for cell in ran.values() for name in (cell.exercise, cell.exercise.split("-", 2)[-1])}

    def about_them(flag: Flag) -> bool:
        return any(re.search(rf"(?<![\w-]){re.escape(name)}", flag.detail) for name in names)

    flags = [flag for flag in old.flags if not about_them(flag)]
    flags += [flag for flag in new.flags if flag not in flags and about_them(flag)]
    return replace(
        old,
        score=new.score,
        max_score=new.max_score,
        status=new.status,
        flags=flags,
        cells=[ran.get(cell.grade_id, cell) for cell in old.cells],
        # The other exercises are as new as they were: a run that finds them old grades them.
        tests_sha256={**old.tests_sha256, **{name: work.tests.each[name] for name in work.only}},
        graded_at=new.graded_at,
    )


def _take_over(made: Path, target: Path, only: tuple[str, ...]) -> None:
    """Put the new outputs of some test cells into the autograded notebook, which Formgrader shows."""
    if not target.is_file():
        return
    outputs = {nbk.grade_id(cell): cell.outputs for cell in nbk.read(made).cells if nbk.is_test(cell)}
    sources = {nbk.grade_id(cell): cell.source for cell in nbk.read(made).cells if nbk.is_test(cell)}
    nb = nbk.read(target)
    for cell in nb.cells:
        if nbk.grade_id(cell) in only:
            cell.outputs, cell.source = outputs[nbk.grade_id(cell)], sources[nbk.grade_id(cell)]
    draft = target.with_name(f".{target.name}.partial")
    draft.unlink(missing_ok=True)
    nbformat.write(nb, draft)
    draft.chmod(stat.S_IMODE(target.stat().st_mode))
    os.replace(draft, target)


@contextlib.contextmanager
def scratch_folder(paths: CoursePaths) -> Iterator[Path]:
    """A folder inside the course's, where nbgrader can write, for as long as it is needed.

    Those of processes that were killed are removed on the way.
    """
    home = paths.root / ".course"
    home.mkdir(exist_ok=True)
    for old in home.glob("scratch-*-*"):
        owner = old.name.split("-")[1]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(old, ignore_errors=True)
    prefix = f"scratch-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=home, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _alone(paths: CoursePaths) -> Iterator[None]:
    """Two runs at a time would undo each other's work. The lock goes with the process, however that ends."""
    paths.autograded.mkdir(parents=True, exist_ok=True)
    with open(paths.autograded / ".lock", "a") as lock:  # "a" leaves the file's time alone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"Another run is grading into {paths.autograded}: wait until it has finished."
            ) from None
        yield


def _handed_in(path: Path) -> tuple[datetime | None, str]:
    """(when, what is wrong) according to a timestamp.txt, which collecting writes; neither if there is none."""
    from nbgrader.utils import parse_utc

    if not path.is_file():
        return None, ""
    try:
        text = path.read_text(encoding="utf-8")[:200].strip()
        return (parse_utc(text) if text else None), "" if text else "it is empty"
    except (ValueError, OverflowError, OSError):
        return None, "it holds no date"


def _look_at(lab: str, paths: CoursePaths, student: str) -> tuple[list[Flag], str]:
    """(flags, status) from a first look at what was handed in; status is "" when it can be graded."""
    folder = paths.submitted / student / lab
    wanted = f"{lab}/{lab}.ipynb"
    notebook = folder / f"{lab}.ipynb"
    if not student.isprintable():
        # nbgrader cannot read such a path either.
        detail = f"The folder is called {student!a}: rename it to the student's id and grade again."
        return [Flag("a strange name", detail)], records.MISPLACED
    if folder.is_symlink() or folder.parent.is_symlink():
        detail = f"{student}/{lab} is a link to another folder: ask for the files themselves."
        return [Flag("a link for a submission", detail)], records.MISPLACED
    if not notebook.is_file() or notebook.is_symlink():
        found = sorted((paths.submitted / student).rglob("*.ipynb"))
        found = [path.relative_to(paths.submitted / student) for path in found if not _checkpoint(path)]
        detail = f"There is no {wanted}."
        if found:
            detail = (
                f"The notebook is at {student}/{found[0]}: rename it to {student}/{wanted} and grade again."
            )
        return [Flag("no notebook where it should be", detail)], records.MISPLACED
    try:
        read_submission(notebook)
    except CourseError as error:
        return [Flag("unreadable: ask for it again", str(error))], records.UNREADABLE
    flags = []
    extra = [p.name for p in sorted(folder.glob("*.ipynb")) if p != notebook]
    if extra:
        flags.append(Flag("more than one notebook", f"Only {lab}.ipynb was graded, not {', '.join(extra)}."))
    links = [str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_symlink()]
    if links:
        flags.append(
            Flag("links in the submission", f"These point elsewhere and were ignored: {', '.join(links)}.")
        )
    problem = _handed_in(folder / "timestamp.txt")[1]
    if problem:
        detail = f"timestamp.txt cannot be read ({problem}): nobody knows whether it was late."
        flags.append(Flag("no time of handing in", detail))
    return flags, ""


def _checkpoint(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _give_zero(
    lab: str, paths: CoursePaths, student: str, work: Work, status: str, flags: list[Flag]
) -> None:
    """Record a submission that cannot be graded, and the reason: no points, in the gradebook too.

    Where grading itself failed the gradebook keeps the points that it may have from before.
    """
    from nbgrader.api import Gradebook

    from course_utils.grading.run.execute import cell_results, now

    with Gradebook(paths.database_url, course.load_course().course_id) as book:
        book.update_or_create_student(student)
        submission = book.update_or_create_submission(lab, student)
        if status != records.BROKEN:
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                grade.auto_score, grade.needs_manual_grade = 0.0, False
        book.db.commit()
        score, max_score = submission.score, submission.max_score
    cells = cell_results(nbk.read(paths.solutions / lab / f"{lab}.ipynb"), {}, flags[0].reason)
    for cell in cells:
        cell.state = "not run"
    _clear(paths, student, lab)
    result = Result(student, lab, score, max_score, status, flags=flags, cells=cells, graded_at=now())
    work.sign(result)
    records.write_result(_record_path(paths, student, lab), result)


def _clear(paths: CoursePaths, student: str, lab: str) -> None:
    """Remove what an earlier run left of this submission; its record stays until there is a new one."""
    record = _record_path(paths, student, lab)
    for path in record.parent.iterdir() if record.parent.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path != record:
            path.unlink()


def _drop_links(paths: CoursePaths, student: str, lab: str) -> None:
    """Remove from autograded/ what nbgrader copied by following a link out of the submission."""
    handed_in, graded = paths.submitted / student / lab, paths.autograded / student / lab
    for path in handed_in.rglob("*"):
        if path.is_symlink():
            (graded / path.relative_to(handed_in)).unlink(missing_ok=True)


class _Log(logging.Handler):
    """Writes nbgrader's messages to the course's log and remembers what stopped it."""

    def __init__(self, path: Path, who: str) -> None:
        super().__init__(level=logging.ERROR)
        self.cause = ""
        self._path = path
        self._who = who
        self.logger = logging.Logger("course.grading")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        lines = text.strip().splitlines()
        if len(lines) > 1 and any(line.startswith("Traceback") for line in lines):
            self.cause = lines[-1]
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            with open(self._path, "a", encoding="utf-8") as file:
                stamp = time.strftime("%Y-%m-%d %H:%M:%S")
                file.write(f"{stamp} {self._who} {record.levelname}: {text}\n")


def _log_path(paths: CoursePaths) -> Path:
    return paths.root / ".course" / "grading.log"


def _record_path(paths: CoursePaths, student: str, lab: str) -> Path:
    return paths.autograded / student / lab / records.FILE_NAME


def _notebook_path(paths: CoursePaths, student: str, lab: str) -> Path:
    return paths.autograded / student / lab / f"{lab}.ipynb"


def _within(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _time_limit(lab: str) -> float:
    """Seconds after which a worker is taken for lost: far more than SplitExecute allows on a busy machine."""
    try:
        return 10 * (3 * course.lab(lab).grading_seconds + 120.0)
    except CourseError:
        return 3000.0


def _default_jobs() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available / 2**20 / _MB_PER_JOB)))


@contextlib.contextmanager
def _environment():
    """The environment in which the server of workers starts: one thread each, and alembic on PATH."""
    wanted = {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
