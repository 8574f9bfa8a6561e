"""Which sandbox this machine can offer. Each kind is really tried."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import stat
import tempfile
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.sandbox import landlock
from course_utils.grading.sandbox.confinement import FREE_USERS, PACKAGE, Interpreter, Sandbox
from course_utils.grading.sandbox.launch import start


def detect(interpreter: Interpreter | None = None) -> Sandbox:
    """The best sandbox that works here. Each candidate is really tried, once per process."""
    return _detect(interpreter or Interpreter.current())


def choose(unsafe: bool = False, interpreter: Interpreter | None = None) -> Sandbox:
    """The sandbox to grade with. Raises CourseError when none works, unless `unsafe`."""
    found = detect(interpreter)
    if found.mode != "none":
        return found
    if unsafe:
        return Sandbox("unsafe", f"Student code runs with all your rights. {found.reason}")
    raise CourseError(
        f"{found.reason} Or grade with --unsafe, which lets student code do whatever you can do."
    )


def rights(sandbox: Sandbox) -> str:
    """One sentence on whose rights student code has when root grades; "" for everybody else."""
    if os.geteuid() != 0:
        return ""
    if sandbox.mode == "unsafe":
        return "You are root, and student code runs as root: grade as another user."
    return (
        f"You are root: student code runs as a user without an account (number {FREE_USERS[0]} or above), "
        "never as root."
    )


@functools.cache
def _detect(interpreter: Interpreter) -> Sandbox:
    if platform.system() != "Linux":
        return Sandbox(
            "none",
            f"There is no sandbox for {platform.system()}: grade on Linux, or in a Linux virtual machine.",
        )
    without_bubblewrap = _try_once("bubblewrap", interpreter)
    if not without_bubblewrap:
        return Sandbox("bubblewrap", "bubblewrap works here.")
    without_landlock = _try_once("landlock", interpreter)
    if not without_landlock:
        return Sandbox("landlock", f"Landlock and seccomp are used, because {without_bubblewrap}.")
    return Sandbox(
        "none",
        f"No sandbox works here: {without_bubblewrap}, and {without_landlock}. "
        "Install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap).",
    )


def _try_once(mode: str, interpreter: Interpreter) -> str:
    """Start Python in this sandbox. Returns "" or the reason, as half a sentence."""
    if mode == "bubblewrap" and not shutil.which("bwrap"):
        return "the program bwrap is not installed"
    if mode == "landlock":
        if not landlock.has_filter():
            return f"Landlock is not supported on {platform.machine()}"
        if not landlock.landlock_abi():
            return "the kernel has no Landlock"
        if os.geteuid() == 0 and (hidden := _unreadable(interpreter)):
            return f"root must become another user there, who cannot read the interpreter in {hidden}"
    argv = [interpreter.executable, "-I", "-c", "import json"]
    with tempfile.TemporaryFile() as errors:
        try:
            jail = start(Sandbox(mode, ""), argv, interpreter=interpreter, errors=errors)
        except OSError as error:
            return f"{mode} cannot be started ({error})"
        jail.wait(20)
        if jail.close()["exit"] == 0:
            return ""
        errors.seek(0)
        said = errors.read(10_000).decode(errors="replace").strip().splitlines()
    return f"{mode} is there but does not work ({said[-1] if said else 'it says nothing'})"


def _unreadable(interpreter: Interpreter) -> str:
    """The first folder on the way to the interpreter that other users cannot enter, or ""."""
    for folder in (*interpreter.folders, str(PACKAGE)):
        for path in (Path(folder), *Path(folder).parents):
            if not path.stat().st_mode & stat.S_IXOTH:
                return str(path)
    return ""
