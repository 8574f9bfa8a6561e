"""Folders for the time of a run, and the lock that keeps two runs apart.

Each folder is locked by its process for as long as that lives, however it ends. So what a killed process left is
known by its lock being free, and the next one removes it; a neighbour's is never touched.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths
from course_utils.grading.sandbox import jail
from course_utils.trouble import trouble

with contextlib.suppress(ImportError):  # on Windows, which does not grade
    import fcntl

_TEMPORARY = "course-run-"
_LONGEST = 30  # letters of a temporary folder below which unix sockets still have room for their names
_ROOM = 4 * 2**20  # bytes that must be free: far more than a run puts there, but for what students write


@contextlib.contextmanager
def scratch_folder(paths: CoursePaths) -> Iterator[Path]:
    """A folder inside the course's, where nbgrader can write, for as long as it is needed."""
    paths.private.mkdir(exist_ok=True)
    folder, lock = _hold(paths.private, "scratch-")
    try:
        yield folder
    finally:
        jail.remove(str(folder))
        os.close(lock)


@contextlib.contextmanager
def temporary_files() -> Iterator[None]:
    """Let this process, and those that it starts meanwhile, have their temporary files in one folder.

    It goes with this process: the server of workers has its socket there, and lives as long. Raises CourseError
    when there is no room.
    """
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    try:
        base = tempfile.gettempdir()
    except FileNotFoundError:
        raise CourseError(
            "No folder for temporary files can be written, neither what TMPDIR names nor /tmp: free some room on "
            "their disks, or set TMPDIR to a folder on another one."
        ) from None
    if Path(base).name.startswith(_TEMPORARY):  # it is in force
        yield
        return
    folder = _own_folder(base if len(base) <= _LONGEST else "/tmp")
    _try_to_fill(folder)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable


@contextlib.contextmanager
def alone(paths: CoursePaths) -> Iterator[None]:
    """Two runs at a time would undo each other's work. The lock goes with the process, however that ends."""
    paths.autograded.mkdir(parents=True, exist_ok=True)
    with open(paths.autograded / ".lock", "a") as lock:  # "a" leaves the file's time alone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"Another run is grading into {paths.autograded}: wait until it has finished."
            ) from None
        _try_to_fill(paths.autograded)
        yield


@cache
def _own_folder(base: str) -> Path:
    folder, _ = _hold(Path(base), _TEMPORARY)
    folder.chmod(0o711)  # students' code may run as another user, and has its folder in it
    # After what multiprocessing itself removes at the end, which lies in it.
    Finalize(None, jail.remove, args=[str(folder)], exitpriority=-200)
    return folder


def _hold(home: Path, prefix: str) -> tuple[Path, int]:
    """A new folder in `home`, and the file descriptor that locks it. Those that nobody holds any more are removed."""
    for old in home.glob(f"{prefix}*"):
        _remove_if_left(old)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, lock
            os.close(lock)  # another process took it for a left one in the moment before


def _remove_if_left(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it is gone, somebody else's, or held
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                jail.remove(str(folder))
        finally:
            os.close(lock)


def _try_to_fill(folder: Path) -> None:
    """Raises CourseError when there is no room for a run. A quota is found by trying only."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, _ROOM)
    except OSError as error:
        # What else is wrong there is told by who writes there.
        if said := trouble(OSError(error.errno, error.strerror, str(folder))):
            raise CourseError(said) from None
