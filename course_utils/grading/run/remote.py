"""Running one submission on another machine: what goes there, what comes back, and the process that does it.

Only the running goes away: the student's cells in a sandbox there, the tests beside it. The notebook is repaired
and the gradebook written where the teacher is, so the machines share no file and nobody writes twice. A worker
of a cluster is trusted as the teacher's own machine is: it sees the tests.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import nbformat

from course_utils.errors import CourseError
from course_utils.grading.book.records import Flag
from course_utils.grading.run import alike
from course_utils.grading.run.execute import Budget, Job, run_submission
from course_utils.grading.run.handed_in import everything_below
from course_utils.grading.run.outcomes import Findings, Outcome
from course_utils.grading.run.scratch import temporary_files
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox import landlock
from course_utils.grading.sandbox.launch import Warm
from course_utils.grading.sandbox.machine import choose, detect
from course_utils.grading.sandbox.warm import WarmProcess, imports_of
from course_utils.measured import Measured

_MOST_FILES = 64 * 2**20  # bytes of a submission's files that travel
_helpers = threading.local()


# Where the teacher is


def run_there(job: Job, send: Callable[[bytes], bytes], unsafe: bool = False) -> Findings:
    """What run_submission does, done elsewhere; the outputs come into job.notebook all the same.

    Raises CourseError with what went wrong there.
    """
    question = {
        "lab": job.lab,
        "student": job.student,
        "notebook": nbformat.writes(job.notebook),
        "source": nbformat.writes(job.source),
        "files": _pack_files(job.files),
        "budget": asdict(job.budget),
        "flags": [asdict(flag) for flag in job.flags],
        "unsafe": unsafe,
    }
    answer = json.loads(send(json.dumps(question).encode()))
    if "problem" in answer:
        raise CourseError(f"The submission could not be run on the cluster: {answer['problem']}")
    job.notebook.cells = nbformat.reads(answer["notebook"], as_version=4).cells
    found = answer["findings"]
    found["outcomes"] = {
        name: Outcome(**{**one, "measured": Measured.of(one["measured"])})
        for name, one in found["outcomes"].items()
    }
    found["flags"] = [Flag(**one) for one in found["flags"]]
    return Findings(**found)


def _pack_files(folder: Path) -> list[list[str]]:
    """[name, kind, content] of all below a submission's folder; links stay links, for the flags that they get."""
    packed, room = [], _MOST_FILES
    for path in everything_below(folder):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            packed.append([name, "link", os.readlink(path)])
        elif path.is_file() and path.suffix != ".ipynb" and path.stat().st_size <= room:
            room -= path.stat().st_size
            packed.append([name, "file", base64.b64encode(path.read_bytes()).decode()])
    return packed


# Where it is run


def problem(error: BaseException) -> bytes:
    """The answer that tells of an error."""
    return json.dumps({"problem": f"{type(error).__name__}: {error}"[:1000]}).encode()


def run_alike(question: bytes, version: str) -> bytes:
    """`run_here`, on a machine that grades as the one which asks. A worker may come after all were looked at."""
    if alike.version() != version:
        said = (
            "this worker has another version of the course or of its libraries. Install this course's there"
        )
        return problem(CourseError(said))
    return run_here(question)


def run_here(question: bytes) -> bytes:
    """The task of a worker: have a process of its own answer, one for each thread, which lives on.

    A worker's own process has threads and is a daemon: it cannot fork. Raises OSError when the other one dies.
    """
    helper: subprocess.Popen | None = getattr(_helpers, "process", None)
    if helper is None or helper.poll() is not None:
        _helpers.asker, there = Pipe()
        argv = [sys.executable, "-m", "course_utils.grading.run.remote", str(there.fileno())]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        with there:
            helper = subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()]
            )
        _helpers.process = helper
    try:
        _helpers.asker.send_bytes(question)
        return _helpers.asker.recv_bytes()
    except (EOFError, OSError) as error:
        helper.kill()
        helper.wait()
        raise OSError(f"the process that runs submissions ended ({helper.returncode})") from error


@temporary_files()
def main() -> None:
    """Answer questions over an inherited connection until it ends; each in a fork, with a warm process for the lab."""
    from course_utils.grading.run import preload  # noqa: F401

    asker = Connection(int(sys.argv[1]))
    os.set_inheritable(asker.fileno(), False)
    os.dup2(2, 1)
    imports: list[str] = []
    warm: WarmProcess | None = None
    os.environ["COURSE_GRADING"], os.environ["COURSE_PROFILE"] = "1", "cpu"
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            question = json.loads(asker.recv_bytes())
            sandbox = detect()
            wanted = imports_of(nbformat.reads(question["source"], as_version=4))
            if warm is None or imports != wanted or not warm.alive():
                if warm is not None:
                    warm.close()
                imports, warm = wanted, None
                if sandbox.mode != "none":
                    with contextlib.suppress(OSError):  # kernels start fresh
                        warm = WarmProcess(sandbox, imports)
            used = warm.warm if warm is not None and warm.ready() else None
            # Made here, because the fork may be killed.
            with tempfile.TemporaryDirectory(prefix="course-remote-") as folder:
                answer = _in_fork(question, asker, Path(folder), used)
            asker.send_bytes(answer)
    if warm is not None:
        warm.close()


def _in_fork(question: dict[str, Any], asker: Connection, folder: Path, warm: Warm | None) -> bytes:
    """The answer of a process of its own; it is ended when nobody waits for the answer any more."""
    there, here = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        landlock.prctl(landlock.PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            answer = json.dumps(_answer(question, folder, warm)).encode()
        except BaseException as error:
            traceback.print_exc()
            answer = problem(error)
        here.send_bytes(answer)
        os._exit(0)
    here.close()
    answer = b""
    with there:
        if asker in wait([there, asker]):  # its end: there is no second question before the answer
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(EOFError, OSError):  # it was ended before or while it wrote
            answer = there.recv_bytes()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        return json.dumps({"problem": "the process that ran it was ended"}).encode()
    return answer


def _answer(question: dict[str, Any], folder: Path, warm: Warm | None) -> dict[str, Any]:
    """Run one submission, whose files go into `folder`."""
    files = folder / "files"
    _unpack_files(files, question["files"])
    job = Job(
        lab=question["lab"],
        student=question["student"],
        notebook=nbformat.reads(question["notebook"], as_version=4),
        source=nbformat.reads(question["source"], as_version=4),
        files=files,
        budget=Budget(**{**question["budget"], "only": tuple(question["budget"]["only"])}),
        flags=tuple(Flag(**flag) for flag in question["flags"]),
    )
    found = run_submission(job, Where(choose(question["unsafe"]), warm))
    return {"notebook": nbformat.writes(job.notebook), "findings": asdict(found)}


def _unpack_files(folder: Path, packed: list[list[str]]) -> None:
    folder.mkdir(parents=True)
    for name, kind, content in packed:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            place.symlink_to(content)
        else:
            place.write_bytes(base64.b64decode(content))


if __name__ == "__main__":
    main()
