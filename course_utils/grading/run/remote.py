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
from nbformat import NotebookNode

from course_utils.errors import CourseError

Send = Callable[[bytes], bytes]

_SETTINGS = (
    "cell_seconds",
    "test_seconds",
    "notebook_seconds",
    "output_bytes",
    "memory_mb",
    "disk_mb",
    "unsafe",
    "only",
)
_MOST_FILES = 64 * 2**20  # bytes of a submission's files that travel
_send: list[Send] = []
_helpers = threading.local()


# Where the teacher is


def use(send: Send | None) -> None:
    """Submissions that this process runs go through `send` from now on. None: they run here."""
    _send.clear()
    _send.extend([send] if send else [])


def used() -> Send | None:
    return _send[0] if _send else None


def run_there(execute: Any, nb: NotebookNode, resources: dict[str, Any], send: Send) -> NotebookNode:
    """What SplitExecute does, done elsewhere. Returns the notebook with its outputs and fills `resources`.

    Raises CourseError with what went wrong there.
    """
    from course_utils.grading.book.records import Flag
    from course_utils.grading.run.execute import Outcome, source_notebook, submitted_folder

    facts = resources["nbgrader"]
    question = {
        "notebook": nbformat.writes(nb),
        "source": nbformat.writes(source_notebook(execute, resources)),
        "facts": {name: facts[name] for name in ("assignment", "notebook", "student")},
        "files": _pack_files(submitted_folder(execute, resources)),
        "settings": {name: _plain(getattr(execute, name)) for name in _SETTINGS},
    }
    answer = json.loads(send(json.dumps(question).encode()))
    if "problem" in answer:
        raise CourseError(f"The submission could not be run on the cluster: {answer['problem']}")
    course = answer["course"]
    course["outcomes"] = {name: Outcome(**one) for name, one in course["outcomes"].items()}
    course["flags"] = [Flag(**one) for one in course["flags"]]
    resources["course"] = course
    return nbformat.reads(answer["notebook"], as_version=4)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


def _pack_files(folder: Path) -> list[list[str]]:
    """[name, kind, content] of all below a submission's folder; links stay links, for the flags that they get."""
    packed, room = [], _MOST_FILES
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
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
            files = {"stdin": subprocess.DEVNULL, "pass_fds": [there.fileno()]}
            helper = subprocess.Popen(argv, env=environment, **files)
        _helpers.process = helper
    try:
        _helpers.asker.send_bytes(question)
        return _helpers.asker.recv_bytes()
    except (EOFError, OSError) as error:
        helper.kill()
        helper.wait()
        raise OSError(f"the process that runs submissions ended ({helper.returncode})") from error


def main() -> None:
    """Answer questions over an inherited connection until it ends; each in a fork, with a warm template for the lab."""
    from course_utils.grading.run import preload  # noqa: F401
    from course_utils.grading.sandbox import warm
    from course_utils.grading.sandbox.machine import choose, remember

    asker = Connection(int(sys.argv[1]))
    os.set_inheritable(asker.fileno(), False)
    os.dup2(2, 1)
    template: tuple[list[str], warm.Template] | None = None
    os.environ["COURSE_GRADING"], os.environ["COURSE_PROFILE"] = "1", "cpu"
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            question = json.loads(asker.recv_bytes())
            imports = warm.imports_of(nbformat.reads(question["source"], as_version=4))
            if template is None or template[0] != imports or not template[1].alive():
                if template is not None:
                    template[1].close()
                template = None
                try:
                    where = choose(question["settings"]["unsafe"])
                    remember(where)
                    if where.mode != "unsafe":
                        template = (imports, warm.Template(where, imports))
                except (CourseError, OSError):
                    pass  # the fork meets it again and says it
            warm.use(template[1].warm if template and template[1].ready() else None)
            # Made here, because the fork may be killed.
            with tempfile.TemporaryDirectory(prefix="course-remote-") as folder:
                answer = _in_fork(question, asker, folder)
            asker.send_bytes(answer)
    if template is not None:
        template[1].close()


def _in_fork(question: dict[str, Any], asker: Connection, folder: str) -> bytes:
    """The answer of a process of its own; it is ended when nobody waits for the answer any more."""
    from course_utils.grading.sandbox import landlock

    there, here = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        landlock.prctl(landlock.PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            answer = json.dumps(_answer(question, folder)).encode()
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


def _answer(question: dict[str, Any], root: str) -> dict[str, Any]:
    """Run one submission in the course folder `root`, which holds it alone."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Configurable

    from course_utils.grading.run.execute import SplitExecute

    facts = question["facts"]
    lab, student = facts["assignment"], facts["student"]
    source = Path(root, "solutions", lab, f"{facts['notebook']}.ipynb")
    source.parent.mkdir(parents=True)
    source.write_text(question["source"], encoding="utf-8")
    _unpack_files(Path(root, "submitted", student, lab), question["files"])
    directory = CourseDirectory()
    directory.root, directory.source_directory, directory.submitted_directory = (
        root,
        "solutions",
        "submitted",
    )
    outer, inner = Configurable(), Configurable()
    outer.coursedir, inner.parent = directory, outer
    execute = SplitExecute(parent=inner)
    for name, value in question["settings"].items():
        setattr(execute, name, value)
    nb, resources = execute.preprocess(
        nbformat.reads(question["notebook"], as_version=4), {"nbgrader": facts, "metadata": {}}
    )
    course = resources["course"]
    course["outcomes"] = {name: asdict(one) for name, one in course["outcomes"].items()}
    course["flags"] = [asdict(one) for one in course["flags"]]
    return {"notebook": nbformat.writes(nb), "course": course}


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
