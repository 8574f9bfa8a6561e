"""What lies beside a notebook and what it is called: things that a person should know of before they trust it."""

from __future__ import annotations

import glob
import os
import stat
import sys
from pathlib import Path

from course_utils.grading.book.records import Flag
from course_utils.grading.paths import plain_id

# Names that notebooks of the course import; those of Python itself come on top.
_LIBRARIES = {"IPython", "course_utils", "datasets", "ipykernel", "jupyter_client", "matplotlib", "nbgrader"}
_LIBRARIES |= {"numpy", "pandas", "peft", "scipy", "torch", "traitlets", "transformers", "trl", "zmq"}
_STARTUP = {"sitecustomize.py", "usercustomize.py", "conftest.py", "ipython_config.py", "nbgrader_config.py"}
_ODD = set('\n\r\t/\\"`$<>|;&*?[]{}%')
DEEPEST = 30  # folders in each other
_MOST = 8  # names that a flag lists


def everything_below(folder: Path) -> list[Path]:
    """What lies in a submission's folder, at any depth up to DEEPEST, in order. Links are not followed.

    Path.rglob and os.walk call themselves for each level: a thousand of them would end the run for the class.
    """
    found: list[Path] = []
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        try:
            inside = list(place.iterdir())
        except OSError:
            continue
        found += inside
        if depth < DEEPEST:
            waiting += [(path, depth + 1) for path in inside if path.is_dir() and not path.is_symlink()]
    return sorted(found)


def too_deep(folder: Path) -> bool:
    """Whether a submission's folders lie in each other deeper than is looked at."""
    return any(
        len(path.relative_to(folder).parts) > DEEPEST and path.is_dir() for path in everything_below(folder)
    )


def look_at_files(folder: Path) -> list[Flag]:
    """Flags for files that hide a module, that programs run by themselves, or that are no plain files."""
    hiding, startup, special = [], [], []
    for place, folders, names in os.walk(folder):
        top = Path(place) == folder
        folders[:] = [name for name in folders if not os.path.islink(os.path.join(place, name))]
        if top:
            hiding += [
                f"{name}/" for name in folders if name in _LIBRARIES or name in sys.stdlib_module_names
            ]
        for name in names:
            path = Path(place, name)
            shown = str(path.relative_to(folder))
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
                special.append(shown)
            elif name in _STARTUP or name.endswith(".pth") or ".ipython" in path.parts:
                startup.append(shown)
            elif top and name.endswith(".py") and (name[:-3] in _LIBRARIES | sys.stdlib_module_names):
                hiding.append(shown)
    flags = []
    if hiding:
        said = f"{_listed(hiding)}: an import finds these files instead of the library. Ask for other names."
        flags.append(Flag("a file hides a module", said))
    if startup:
        said = f"{_listed(startup)}: programs run such files by themselves when they start."
        flags.append(Flag("files that run by themselves", said))
    if special:
        flags.append(
            Flag("a special file", f"{_listed(special)}: pipes and devices are no part of an answer.")
        )
    return flags


def not_plain(folder: Path) -> list[str]:
    """Patterns for the paths of pipes, devices and links in a submission: copying them would wait, or follow."""
    found = []
    for path in everything_below(folder):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            found.append(glob.escape(str(path)))
    return found


def look_alikes(student: str, submitted: Path) -> list[Flag]:
    """A flag for a folder whose name looks like that of another student's."""
    for other in submitted.iterdir():
        if other.name != student and plain_id(other.name) == plain_id(student):
            said = (
                f"The folders {student!a} and {other.name!a} look the same: if it is one student, keep one."
            )
            return [Flag("two folders of one name", said)]
    return []


def look_at_name(student: str) -> list[Flag]:
    """A flag for a name with signs that programs or readers take for something else."""
    if (
        not student.isprintable()
        or student.startswith("-")
        or student != student.strip()
        or _ODD & set(student)
    ):
        said = f"The folder is called {student!a}: rename it to the student's id."
        return [Flag("a strange name", said)]
    return []


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(sorted(names)[:_MOST]) + more
