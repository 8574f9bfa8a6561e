"""Grading a class: one process a submission, nothing lost, nothing graded twice.

A server process imports the heavy libraries once and forks a worker for each submission. A worker runs
nbgrader's own Autograde with the course's preprocessors, so the gradebook and Formgrader are as ever. A
submission is finished when its result.json is there; a run that was killed goes on with the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import multiprocessing
import os
import shutil
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import psutil
from traitlets.config import Config, PyFileConfigLoader

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading import records
from course_utils.grading.records import Flag, Result
from course_utils.grading.repair import read_submission
from course_utils.grading.sandbox import choose

Progress = Callable[[int, int, Result], None]
_MB_PER_JOB = 3000
_PRELOAD = [
    "torch",
    "transformers",
    "nbgrader.converters.autograde",
    "course_utils.checks",
    "course_utils.grading.execute",
    "course_utils.grading.autograde",
]


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
        text = str(self.database)
        # SQLite waits so many seconds for another process that is writing.
        return text if "://" in text else f"sqlite:///{text}?timeout=60"


def configure(config: Config) -> None:
    """Set what grading needs in an nbgrader configuration; nbgrader_config.py calls this."""
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbconvert.preprocessors.sanitize import SanitizeHTML
    from nbgrader import preprocessors as stock

    from course_utils.grading.execute import RecordResult, SplitExecute
    from course_utils.grading.repair import RepairCells

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
        stock.SaveAutoGrades,
        stock.AssignLatePenalties,
        stock.CheckCellMetadata,
        SanitizeHTML,  # what students display is shown in a grader's browser
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
        from course_utils.grading import release

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
) -> list[Result]:
    """Grade the submissions of a lab and return their records, by student.

    students: only these. force: also those that are graded and unchanged. jobs: how many at a time.
    progress: called with (done, all, record) after each. Raises CourseError when there is nothing to grade,
    no sandbox works (unless `unsafe`), or the lab has no source notebook.
    """
    source = nbk.read(paths.solutions / lab / f"{lab}.ipynb")
    found = find_submissions(lab, paths, students)
    choose(unsafe)
    source_sha256 = source_digest(source)
    results: dict[str, Result] = {}
    todo: list[str] = []
    for student in found:
        old = records.read_result(_record_path(paths, student, lab))
        digest = submission_digest(paths.submitted / student / lab)
        finished = old is not None and old.status != records.BROKEN and not force
        if finished and (old.submission_sha256, old.source_sha256) == (digest, source_sha256):
            results[student] = old
        else:
            todo.append(student)
    count = len(found)
    if progress:
        for done, student in enumerate(sorted(results), 1):
            progress(done, count, results[student])
    if todo:
        runner = _Runner(lab, paths, source_sha256, unsafe, _time_limit(lab))
        runner.register()
        for result in runner.run(todo, jobs or _default_jobs()):
            results[result.student] = result
            if progress:
                progress(len(results), count, result)
    return [results[student] for student in sorted(results)]


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
    """sha256 over what grading uses of the source notebook: cells and marks, not outputs."""
    cells = [[c.cell_type, c.source, dict(nbk.grader(c)), nbk.is_setup(c)] for c in source.cells]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


class _Runner:
    """Worker processes for some submissions of one lab."""

    def __init__(
        self, lab: str, paths: CoursePaths, source_sha256: str, unsafe: bool, time_limit: float
    ) -> None:
        self.lab = lab
        self.paths = paths
        self.source_sha256 = source_sha256
        self.unsafe = unsafe
        self.time_limit = time_limit
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(_PRELOAD)

    def register(self) -> None:
        """Bring the source notebook into the gradebook. Raises CourseError with nbgrader's reason."""
        (self.paths.root / ".course").mkdir(exist_ok=True)
        scratch = tempfile.mkdtemp(prefix="register-", dir=self.paths.root / ".course")
        try:
            process = self._start(_register, (self.lab, self.paths, scratch))
            process.join()
            problem = Path(scratch, "problem")
            if process.exitcode:
                reason = problem.read_text() if problem.is_file() else "it ended without a word"
                raise CourseError(f"nbgrader could not read the source of {self.lab}: {reason}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def run(self, students: list[str], jobs: int) -> Iterable[Result]:
        """Grade these; yields each record as soon as it is there."""
        waiting = list(students)
        running: dict[int, tuple[str, multiprocessing.Process, float]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    student = waiting.pop(0)
                    process = self._start(
                        _grade, (self.lab, self.paths, student, self._hashes(student), self.unsafe)
                    )
                    running[process.sentinel] = (student, process, time.monotonic() + self.time_limit)
                soonest = min(deadline for _, _, deadline in running.values())
                ready = wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
                late = [key for key, (_, _, deadline) in running.items() if deadline < time.monotonic()]
                for key in {*ready, *late}:
                    student, process, _ = running.pop(key)
                    if key not in ready:
                        process.kill()
                    process.join()
                    yield self._collect(student, process, key not in ready)
        finally:
            for _, process, _ in running.values():
                process.kill()
                process.join()

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
            self._hashes(student),
            records.BROKEN,
            [Flag("not graded", detail)],
        )
        helper = self._start(_give_zero, arguments)
        helper.join()
        result = records.read_result(_record_path(self.paths, student, self.lab))
        if result is None:
            raise CourseError(f"Nothing can be written for {student}: is the disk full? See {log}.")
        return result

    def _hashes(self, student: str) -> tuple[str, str]:
        return submission_digest(self.paths.submitted / student / self.lab), self.source_sha256

    def _start(self, target: Callable, arguments: tuple) -> multiprocessing.Process:
        process = self.context.Process(target=_worker, args=(target, arguments), daemon=True)
        with _environment():
            process.start()
        return process


# What runs in a worker


def _worker(target: Callable, arguments: tuple) -> None:
    """Run one job; end when the process that asked for it is gone."""
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

    source = nbk.read(paths.solutions / lab / f"{lab}.ipynb")
    if _registered(lab, paths) == {nbk.grade_id(c): c.source for c in source.cells if nbk.is_test(c)}:
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


def _registered(lab: str, paths: CoursePaths) -> dict[str, str]:
    """grade_id -> source of the test cells that the gradebook knows."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(paths.database_url, course.load_course().course_id) as gradebook:
        try:
            cells = gradebook.find_notebook(lab, lab).source_cells
        except MissingEntry:
            return {}
        graded = {cell.name for cell in gradebook.find_notebook(lab, lab).grade_cells}
        return {c.name: c.source for c in cells if c.name in graded and c.locked and c.cell_type == "code"}


def _grade(lab: str, paths: CoursePaths, student: str, hashes: tuple[str, str], unsafe: bool) -> None:
    """Grade one submission and write its record."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory

    class AutogradeOne(Autograde):
        """nbgrader looks for notebooks by glob, which a folder called `anna [2]` does not match."""

        def init_notebooks(self) -> None:
            folder = paths.submitted / student / lab
            self.assignments = {str(folder): [str(folder / f"{lab}.ipynb")]}
            self.notebooks = []

    os.environ["COURSE_GRADING"] = "1"
    os.environ["COURSE_PROFILE"] = "cpu"
    flags, status = _look_at(lab, paths, student)
    if status:
        _give_zero(lab, paths, student, hashes, status, flags)
        return
    config = load_config(paths)
    config.CourseDirectory.assignment_id = lab
    config.CourseDirectory.student_id = student
    config.Autograde.force = True
    config.SplitExecute.unsafe = unsafe
    config.RecordResult.file_name = f".{records.FILE_NAME}"
    said = _Log(_log_path(paths), student)
    converter = AutogradeOne(coursedir=CourseDirectory(config=config), config=config)
    converter.log = said.logger
    _forget(paths, student, lab)
    try:
        converter.start()
    except BaseException:
        said.logger.exception("grading failed")
        sys.exit(1)
    draft = _record_path(paths, student, lab).with_name(f".{records.FILE_NAME}")
    result = records.read_result(draft)
    result.flags = flags + result.flags
    result.submission_sha256, result.source_sha256 = hashes
    _drop_links(paths, student, lab)
    records.write_result(_record_path(paths, student, lab), result)
    draft.unlink()


def _look_at(lab: str, paths: CoursePaths, student: str) -> tuple[list[Flag], str]:
    """(flags, status) from a first look at what was handed in; status is "" when it can be graded."""
    folder = paths.submitted / student / lab
    wanted = f"{lab}/{lab}.ipynb"
    notebook = folder / f"{lab}.ipynb"
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
    return flags, ""


def _checkpoint(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _give_zero(
    lab: str, paths: CoursePaths, student: str, hashes: tuple[str, str], status: str, flags: list[Flag]
) -> None:
    """Record a submission that cannot be graded: no points, in the gradebook too, and the reason."""
    from nbgrader.api import Gradebook

    from course_utils.grading.execute import cell_results, now

    with Gradebook(paths.database_url, course.load_course().course_id) as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(lab, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False
        gradebook.db.commit()
        score, max_score = submission.score, submission.max_score
    cells = cell_results(nbk.read(paths.solutions / lab / f"{lab}.ipynb"), {}, flags[0].reason)
    for cell in cells:
        cell.state = "not run"
    _forget(paths, student, lab)
    result = Result(student, lab, score, max_score, status, flags=flags, cells=cells, graded_at=now())
    result.submission_sha256, result.source_sha256 = hashes
    records.write_result(_record_path(paths, student, lab), result)


def _forget(paths: CoursePaths, student: str, lab: str) -> None:
    """Remove what an earlier run left of this submission; its grades stay in the gradebook."""
    folder = paths.autograded / student / lab
    _record_path(paths, student, lab).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


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
