"""Worker processes: one for each submission, forked from a server that has the heavy libraries imported.

Students' kernels are forked from another process (`sandbox/warm.py`), which knows no test. A worker that hangs
or dies costs its own submission a record that says so, and nobody else anything.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import psutil

from course_utils.errors import CourseError
from course_utils.grading.book import records
from course_utils.grading.book.records import Flag, Record
from course_utils.grading.log import Log
from course_utils.grading.paths import LabFiles, Submission
from course_utils.grading.run import one_submission, register
from course_utils.grading.run.changes import SourceDigests, Work, submission_digest
from course_utils.grading.run.scratch import scratch_folder
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.confinement import Sandbox
from course_utils.grading.sandbox.warm import WarmProcess

if TYPE_CHECKING:
    from course_utils.grading.run.scheduler import Cluster

_MB_PER_JOB = 3000
_MOST_JOBS = 1000  # on a cluster, which says how many it takes
_CLUSTER_TICK = 5.0  # seconds after which it is looked at whether the cluster still has workers
_MOST_WARM_PROCESSES = 3  # in one run; where they die so often, kernels start fresh
_PRELOAD = [one_submission.__name__, "course_utils.grading.run.preload"]


class Workers:
    """Worker processes for some submissions of one lab.

    only: student -> ids of the test cells to run, all when empty. imports: modules that the lab's cells import.
    time_limit: seconds after which a worker is taken for lost.
    """

    def __init__(
        self,
        lab: LabFiles,
        tests: SourceDigests,
        only: Mapping[str, tuple[str, ...]],
        sandbox: Sandbox,
        imports: list[str],
        time_limit: float,
        unsafe: bool = False,
        cluster: Cluster | None = None,
    ) -> None:
        self._lab = lab
        self._tests = tests
        self._only = only
        self._sandbox = sandbox
        self._imports = imports
        self._time_limit = time_limit
        self._unsafe = unsafe
        self._cluster = cluster
        self._warm: WarmProcess | None = None
        worth_it = sandbox.mode in ("bubblewrap", "landlock") and len(only) > 1
        self._warm_left = _MOST_WARM_PROCESSES if worth_it else 0
        self._asking: dict[Connection, BaseProcess] = {}
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*(() if cluster else imports), *_PRELOAD])

    def __enter__(self) -> Workers:
        self._warm_up()
        return self

    def __exit__(self, *_: object) -> None:
        if self._warm is not None:
            self._warm.close()

    def _warm_up(self) -> None:
        """See to it that there is a warm process, as long as there is hope. Without one kernels start fresh."""
        if self._warm is not None and not self._warm.alive():
            self._warm.close()
            self._warm = None
        if self._warm is None and self._warm_left:
            self._warm_left -= 1
            with contextlib.suppress(OSError):
                self._warm = WarmProcess(self._sandbox, self._imports)

    def _wait_until_warm(self) -> None:
        if self._warm is not None and not self._warm.ready():
            log = Log(self._lab.paths.log, self._lab.name)
            log.logger.error("kernels start fresh: %s", self._warm.problem)
            self._warm.close()
            self._warm, self._warm_left = None, 0

    def register(self) -> None:
        """Bring the source notebook into the gradebook. Raises CourseError with nbgrader's reason."""
        with scratch_folder(self._lab.paths) as scratch:
            process = self._start(register.register, self._lab, scratch)
            process.join()
            problem = scratch / "problem"
            if process.exitcode:
                reason = problem.read_text() if problem.is_file() else "it ended without a word"
                raise CourseError(f"nbgrader could not read the source of {self._lab.name}: {reason}")

    def settle(self) -> None:
        """Bring the penalties for lateness up to date with scores, due dates and extensions."""
        process = self._start(register.settle, self._lab)
        process.join()
        if process.exitcode:
            raise CourseError(f"The penalties could not be written: {self._lab.paths.log} tells more.")

    def run(self, jobs: int | None = None) -> Iterator[Record]:
        """Grade all of them, so many at a time; yields each record as soon as it is there."""
        most = jobs or (_MOST_JOBS if self._cluster else _default_jobs())
        waiting = list(self._only)
        running: dict[int, tuple[str, BaseProcess, float]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < min(most, self._cluster.slots() if self._cluster else most):
                    student = waiting.pop(0)
                    self._warm_up()
                    self._wait_until_warm()
                    process = self._grade(student)
                    running[process.sentinel] = (student, process, time.monotonic() + self._time_limit)
                soonest = min(deadline for _, _, deadline in running.values())
                patience = max(0.0, soonest - time.monotonic())
                if self._cluster:
                    patience = min(patience, _CLUSTER_TICK)
                ready = wait([*running, *self._asking], timeout=patience)
                if self._cluster:
                    self._pass_on(self._cluster, [one for one in ready if isinstance(one, Connection)])
                ended = [one for one in ready if isinstance(one, int)]
                late = [key for key, (_, _, deadline) in running.items() if deadline < time.monotonic()]
                for key in dict.fromkeys([*ended, *late]):
                    student, process, _ = running.pop(key)
                    if key not in ended:
                        process.kill()
                    process.join()
                    yield self._collect(student, process, key not in ended)
        finally:
            for _, process, _ in running.values():
                process.kill()
                process.join()
            for connection in self._asking:
                connection.close()

    def _pass_on(self, cluster: Cluster, connections: list[Connection]) -> None:
        """Give the cluster what workers of this machine ask; the answer goes back by itself."""
        for connection in connections:
            try:
                cluster.submit(connection.recv_bytes(), connection)
            except (EOFError, OSError):
                self._asking.pop(connection).join()
                connection.close()

    def _collect(self, student: str, process: BaseProcess, late: bool) -> Record:
        submission, work = self._what(student)
        record = records.read_record(submission.record)
        if record is not None and process.exitcode == 0:
            return record
        why = f"ended with code {process.exitcode}"
        if late:
            why = f"took more than {self._time_limit:.0f} seconds"
        log = submission.paths.log
        detail = f"The grader's own process {why}. Grade {student} again; {log} tells more."
        helper = self._start(
            one_submission.give_zero, submission, work, records.BROKEN, [Flag("not graded", detail)]
        )
        helper.join()
        record = records.read_record(submission.record)
        if record is None:
            raise CourseError(f"Nothing can be written for {student}: is the disk full? See {log}.")
        return record

    def _what(self, student: str) -> tuple[Submission, Work]:
        submission = self._lab.paths.submission(self._lab.name, student)
        return submission, Work(submission_digest(submission.folder), self._tests, self._only[student])

    def _grade(self, student: str) -> BaseProcess:
        where = Where(self._sandbox, self._warm.warm if self._warm is not None else None)
        if self._cluster is None:
            return self._start(_grade, *self._what(student), where, self._unsafe, None)
        mine, theirs = self._context.Pipe()
        process = self._start(_grade, *self._what(student), where, self._unsafe, theirs)
        theirs.close()
        self._asking[mine] = process
        return process

    def _start(self, target: Callable[..., None], *arguments: Any) -> BaseProcess:
        process = self._context.Process(target=_worker, args=(target, arguments), daemon=True)
        with _one_thread_each():
            process.start()
        return process


# What runs in a worker


def _worker(target: Callable[..., None], arguments: tuple) -> None:
    """Run one job; end when the process that asked for it is gone."""
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's are for their developers
    target(*arguments)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _grade(
    submission: Submission, work: Work, where: Where, unsafe: bool, cluster: Connection | None
) -> None:
    if cluster is not None:

        def ask(question: bytes) -> bytes:
            cluster.send_bytes(question)
            return cluster.recv_bytes()

        where = replace(where, send=ask)
    one_submission.grade(submission, work, where, unsafe)


def _default_jobs() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available / 2**20 / _MB_PER_JOB)))


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """The environment in which the server of workers starts."""
    wanted = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
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
