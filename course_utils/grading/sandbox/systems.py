"""Which operating systems grade: Linux alone. Whoever needs more than the labs asks here before importing it."""

from __future__ import annotations

import platform

from course_utils.errors import CourseError

_NAMES = {"Darwin": "macOS"}
_LINUX_THERE = {
    "Darwin": "in a Linux virtual machine",
    "Windows": "in WSL 2, the Linux that Windows brings (`wsl --install`)",
}


def refusal() -> str:
    """Why submissions cannot be graded on this system, where they can be, and what works here; "" on Linux."""
    system = platform.system()
    if system == "Linux":
        return ""
    return (
        f"There is no sandbox for {_NAMES.get(system, system)}: what holds students' code is Linux's. "
        f"Grade on Linux, or {_LINUX_THERE.get(system, 'in a Linux virtual machine')}. "
        "The labs work here: open them in JupyterLab, and check them with `course check`."
    )


def refuse() -> None:
    """Raises CourseError on a system that cannot grade."""
    if said := refusal():
        raise CourseError(said)
