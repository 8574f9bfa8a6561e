"""Worker processes: one for each submission, forked from a server that has the heavy libraries imported.

Students' kernels are forked from another process (`sandbox/warm.py`), which knows no test. A worker that hangs
or dies costs its own submission a record that says so, and nobody else anything.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from course_utils.errors import CourseError
from course_utils.grading.book import late, records
from course_utils.grading.book.records import Flag, Record
from course_utils.grading.log import Log
from course_utils.grading.paths import LabFiles, Submission
from course_utils.grading.run import one_submission, register
from course_utils.grading.run.changes import SourceDigests, Work
from course_utils.grading.run.scratch import scratch_folder
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox import landlock
from course_utils.grading.sandbox.confinement import Sandbox
from course_utils.grading.sandbox.warm import WarmProcess
from course_utils.trouble import trouble

if TYPE_CHECKING:
    from course_utils.grading.run.scheduler import Cluster

_MB_PER_JOB = 3000
_MOST_JOBS = 1000  # on a cluster, which says how many it takes
_CLUSTER_TICK = 5.0  # seconds after which it is looked at whether the cluster still has workers
_MOST_WARM_PROCESSES = 3  # in one run; where they die so often, kernels start fresh
_SERVER_GONE = 255  # multiprocessing's exit code for a worker whose server died; no worker ends with it
_SERVER_DIED = (
    "The process that workers are forked from has ended (did somebody end it, or was the memory full?): run the "
    "command again; what is graded is kept."
)
_PRELOAD = [one_submission.__name__, "course_utils.grading.run.preload"]


@dataclass
class _Worker:
    """One worker process. said: what stopped it, as it tells itself."""

    process: BaseProcess
    said: Connection

    def end(self, kill: bool = False) -> tuple[str, str]:
        """Wait for its end. Returns the error that stopped it, in a line and with all that is known; "" for none.

        Raises CourseError for what stops all others too.
        """
        if kill:
            self.process.kill()
        self.process.join()
        told = {"trouble": "", "error": "", "traceback": ""}
        with self.said, contextlib.suppress(EOFError, OSError, ValueError):
            if self.said.poll():
                told = json.loads(self.said.recv_bytes())
        if self.process.exitcode == _SERVER_GONE:
            time.sleep(0.2)  # a signal to all processes of the command is for this one, too, and tells more
            raise CourseError(_SERVER_DIED)
        if told["trouble"]:
            raise CourseError(told["trouble"])
        return told["error"], told["traceback"]


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
        self._asking: dict[Connection, _Worker] = {}
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
            worker = self._start(register.register, self._lab, scratch)
            error, _ = worker.end()
        if worker.process.exitcode:
            raise CourseError(
                f"nbgrader could not read the source of {self._lab.name}: {error or 'it was ended'}"
            )

    def settle(self) -> None:
        """Bring the penalties for lateness up to date with scores, due dates and extensions."""
        worker = self._start(late.update_penalties, self._lab.name, self._lab.paths)
        error, details = worker.end()
        if worker.process.exitcode:
            log = self._lab.paths.log
            Log(log, self._lab.name).logger.error("penalties could not be written: %s", details or "ended")
            raise CourseError(f"The penalties could not be written ({error or 'ended'}): {log} tells more.")

    def run(self, jobs: int | None = None) -> Generator[Record, None, None]:
        """Grade all of them, so many at a time; yields each record as soon as it is there. Close it to end them."""
        most = jobs or (_MOST_JOBS if self._cluster else _default_jobs())
        waiting = list(self._only)
        running: dict[int, tuple[str, _Worker, float]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < min(most, self._cluster.slots() if self._cluster else most):
                    student = waiting.pop(0)
                    self._warm_up()
                    self._wait_until_warm()
                    worker = self._grade(student)
                    running[worker.process.sentinel] = (student, worker, time.monotonic() + self._time_limit)
                soonest = min(deadline for _, _, deadline in running.values())
                patience = max(0.0, soonest - time.monotonic())
                if self._cluster:
                    patience = min(patience, _CLUSTER_TICK)
                ready = wait([*running, *self._asking], timeout=patience)
                if self._cluster:
                    self._pass_on(self._cluster, [one for one in ready if isinstance(one, Connection)])
                ended = [one for one in ready if isinstance(one, int)]
                overdue = [key for key, (_, _, deadline) in running.items() if deadline < time.monotonic()]
                for key in dict.fromkeys([*ended, *overdue]):
                    student, worker, _ = running.pop(key)
                    yield self._collect(student, worker, key not in ended)
        finally:
            for _, worker, _ in running.values():
                worker.process.kill()
                worker.process.join()
            for connection in self._asking:
                connection.close()

    def _pass_on(self, cluster: Cluster, connections: list[Connection]) -> None:
        """Give the cluster what workers of this machine ask; the answer goes back by itself."""
        for connection in connections:
            try:
                cluster.submit(connection.recv_bytes(), connection)
            except (EOFError, OSError):
                self._asking.pop(connection).process.join()
                connection.close()

    def _collect(self, student: str, worker: _Worker, overdue: bool) -> Record:
        error, details = worker.end(kill=overdue)
        submission, work = self._what(student)
        code = worker.process.exitcode
        record = records.read_record(submission.record)
        if record is not None and code == 0:
            return record
        why = f"stopped with {error}" if error else f"ended with code {code}"
        if overdue:
            why = f"took more than {self._time_limit:.0f} seconds"
        log = submission.paths.log
        Log(log, student).logger.error("grading %s\n%s", why, details)
        detail = f"The grader's own process {why}. Grade {student} again; {log} tells more."
        helper = self._start(
            one_submission.give_zero, submission, work, records.BROKEN, [Flag("not graded", detail)]
        )
        error, _ = helper.end()
        record = records.read_record(submission.record)
        if record is None:
            raise CourseError(f"Nothing can be written for {student} ({error or 'ended'}). See {log}.")
        return record

    def _what(self, student: str) -> tuple[Submission, Work]:
        return self._lab.paths.submission(self._lab.name, student), Work(self._tests, self._only[student])

    def _grade(self, student: str) -> _Worker:
        where = Where(self._sandbox, self._warm.warm if self._warm is not None else None)
        if self._cluster is None:
            return self._start(_grade, *self._what(student), where, self._unsafe, None)
        mine, theirs = self._context.Pipe()
        worker = self._start(_grade, *self._what(student), where, self._unsafe, theirs)
        theirs.close()
        self._asking[mine] = worker
        return worker

    def _start(self, target: Callable[..., None], *arguments: Any) -> _Worker:
        said, say = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_worker, args=(target, arguments, self._lab.paths.root, say), daemon=True
        )
        with say, _one_thread_each():
            try:
                process.start()
            except (EOFError, ConnectionError):  # multiprocessing starts a new server the next time
                raise CourseError(_SERVER_DIED) from None
        return _Worker(process, said)


# What runs in a worker


def _worker(target: Callable[..., None], arguments: tuple, home: Path, say: Connection) -> None:
    """Run one job; end when the process that asked for it is gone, or the server that this is a fork of.

    home: the course's folder. What stops the job goes to `say`. A terminal's Ctrl-C is for the process that asked.
    """
    landlock.prctl(landlock.PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    warnings.simplefilter("ignore")  # nbgrader's and SQLAlchemy's are for their developers
    try:
        target(*arguments)
    except BaseException as error:
        told = {
            "trouble": trouble(error, home),
            "error": (str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}")[
                :1000
            ],
            "traceback": traceback.format_exc()[-20_000:],  # less than a pipe holds, for nobody reads yet
        }
        with contextlib.suppress(OSError):
            say.send_bytes(json.dumps(told).encode())
        sys.exit(1)


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
