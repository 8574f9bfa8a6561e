"""Which sandbox this machine can offer. Each kind is really tried."""

from __future__ import annotations

import functools
import json
import os
import platform
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.sandbox import confinement, landlock, seccomp, systems
from course_utils.grading.sandbox.confinement import FREE_USERS, PACKAGE, Interpreter, Sandbox
from course_utils.grading.sandbox.escapes import bait
from course_utils.grading.sandbox.launch import sandbox_user, start

_ESCAPES = Path(__file__).with_name("escapes.py")

_INSTALL = (
    "Install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap)."
)
_NAMESPACES = (
    "bubblewrap needs namespaces: grade outside of the container or give it the right to make them, and on Ubuntu "
    "take the system's bubblewrap (sudo apt install bubblewrap), which has that right."
)


@dataclass(frozen=True)
class Escapes:
    """Ways out of a sandbox, as words that come after "could": what was tried from inside, and what went through."""

    tried: tuple[str, ...]
    reached: tuple[str, ...]


def detect(interpreter: Interpreter | None = None) -> Sandbox:
    """The best sandbox that works here. Each candidate is really tried, once per process."""
    return _detect(interpreter or Interpreter.current())


def choose(unsafe: bool = False, interpreter: Interpreter | None = None) -> Sandbox:
    """The sandbox to grade with. Raises CourseError when none works, unless `unsafe`; always where not Linux."""
    systems.refuse()
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
    if said := systems.refusal():
        return Sandbox("none", said)
    first = offer("bubblewrap", interpreter)
    if first.mode != "none":
        return Sandbox(first.mode, "bubblewrap works here.", first.program)
    second = offer("landlock", interpreter)
    if second.mode != "none":
        return Sandbox(second.mode, f"Landlock and seccomp are used, because {first.reason}.")
    mend = _NAMESPACES if confinement.bubblewraps() else _INSTALL
    return Sandbox("none", f"No sandbox works here: {first.reason}, and {second.reason}. {mend}")


def offer(mode: str, interpreter: Interpreter) -> Sandbox:
    """A sandbox of this kind that works here, or mode "none" with the reason as half a sentence."""
    if mode == "landlock":
        problem = _no_landlock(interpreter) or _try(Sandbox(mode, ""), interpreter)
        return Sandbox("none", problem) if problem else Sandbox(mode, "")
    problems = []
    for program in confinement.bubblewraps():
        candidate = Sandbox(mode, "", program)
        problem = _try(candidate, interpreter)
        if not problem:
            return candidate
        problems.append(problem)
    return Sandbox("none", problems[0] if problems else "the program bwrap is not installed")


def _no_landlock(interpreter: Interpreter) -> str:
    """Why Landlock need not be tried, or ""."""
    if not seccomp.has_filter():
        return f"Landlock is not supported on {platform.machine()}"
    if not landlock.landlock_abi():
        return "the kernel has no Landlock"
    if os.geteuid() == 0 and (hidden := _unreadable(interpreter)):
        return f"root must become another user there, who cannot read the interpreter in {hidden}"
    return ""


def escapes(sandbox: Sandbox, interpreter: Interpreter | None = None) -> Escapes:
    """Try each way out of this sandbox from inside. Raises OSError when it does not start, with what it says."""
    interpreter = interpreter or Interpreter.current()
    user = sandbox_user()
    with tempfile.TemporaryFile() as errors, bait(user) as laid_out:
        argv = [interpreter.executable, "-I", "-S", str(_ESCAPES), json.dumps(laid_out)]
        jail = start(sandbox, argv, interpreter=interpreter, errors=errors)
        jail.wait(30)
        ended = jail.close()
        errors.seek(0)
        said = errors.read(100_000).decode(errors="replace").strip().splitlines()
    last = said[-1] if said else "it says nothing"
    try:
        found = json.loads(last)
        return Escapes(tuple(found["tried"]), tuple(found["reached"]))
    except (ValueError, TypeError, KeyError):
        raise OSError(last if ended["exit"] != 0 else f"it ended without an answer: {last}") from None


def _try(sandbox: Sandbox, interpreter: Interpreter) -> str:
    """Start Python in this sandbox and try to get out. Returns "" or the reason, as half a sentence."""
    try:
        found = escapes(sandbox, interpreter)
    except OSError as error:
        return f"{sandbox.mode} is there but does not work ({error})"
    if found.reached:
        return f"{sandbox.mode} is there but does not hold (a program in it could {', '.join(found.reached)})"
    return ""


def _unreadable(interpreter: Interpreter) -> str:
    """The first folder on the way to the interpreter that other users cannot enter, or ""."""
    for folder in (*interpreter.folders, str(PACKAGE)):
        for path in (Path(folder), *Path(folder).parents):
            if not path.stat().st_mode & stat.S_IXOTH:
                return str(path)
    return ""
