"""Folders inside the course's for the time of a run, and the lock that keeps two runs apart."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths


@contextlib.contextmanager
def scratch_folder(paths: CoursePaths) -> Iterator[Path]:
    """A folder inside the course's, where nbgrader can write, for as long as it is needed.

    Those of processes that were killed are removed on the way.
    """
    home = paths.private
    home.mkdir(exist_ok=True)
    for old in home.glob("scratch-*-*"):
        owner = old.name.split("-")[1]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(old, ignore_errors=True)
    prefix = f"scratch-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=home, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def alone(paths: CoursePaths) -> Iterator[None]:
    """Two runs at a time would undo each other's work. The lock goes with the process, however that ends."""
    import fcntl  # not there on Windows, which does not grade

    paths.autograded.mkdir(parents=True, exist_ok=True)
    with open(paths.autograded / ".lock", "a") as lock:  # "a" leaves the file's time alone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"Another run is grading into {paths.autograded}: wait until it has finished."
            ) from None
        yield
