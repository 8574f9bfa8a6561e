"""Whether two machines give a submission the same points: all that decides them, as names and short texts.

That is the whole package (code, data, weights, recorded results: labs read them while they are graded), the labs'
time budgets, and the versions of Python and of the libraries that compute. Not what the teacher's machine alone
uses: due dates and addresses in course.toml. A clone and a wheel of the same commit agree.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from course_utils import course

Facts = dict[str, dict[str, str]]  # plain, so that machines whose packages differ can still compare them

PACKAGE = Path(course.__file__).resolve().parent
LIBRARIES = (
    "accelerate",
    "datasets",
    "numpy",
    "pandas",
    "peft",
    "safetensors",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
)
# A wheel carries these two; a clone has them beside the package.
_BESIDE = {Path("course.toml"), Path("nbgrader_config.py")}
_MOST = 4  # differences that a sentence names


@cache
def facts() -> Facts:
    """{"library": {name: version}, "budget": {name: seconds}, "file": {name: sha256}} of this machine."""
    return {"library": _libraries(), "budget": _budgets(), "file": _files(PACKAGE)}


@cache
def version() -> str:
    """sha256 of the facts: one word for two machines to compare."""
    return hashlib.sha256(json.dumps(facts(), sort_keys=True).encode()).hexdigest()


def examine() -> tuple[Facts, str, str]:
    """(facts, sandbox mode, reason) of the machine that this runs on."""
    from course_utils.grading.sandbox.machine import detect

    found = detect()
    return facts(), found.mode, found.reason


def differences(here: Facts, there: Facts) -> str:
    """What differs between two machines, in words for a sentence; "" if nothing does."""
    said = []
    for kind, mine in here.items():
        theirs = there[kind]
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name):
                said.append(_say(kind, name, mine, theirs))
    more = len(said) - _MOST
    return "; ".join(said[:_MOST]) + (f"; and {more} more" if more > 0 else "")


def _say(kind: str, name: str, mine: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    if kind != "file":
        return f"{name} is {theirs.get(name, 'missing')} there and {mine.get(name, 'missing')} here"
    if name not in theirs:
        return f"{name} is missing there"
    return f"{name} differs" if name in mine else f"{name} is only there"


def _libraries() -> dict[str, str]:
    """Versions without what follows a +: builds of one release for other devices count as the same."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def _budgets() -> dict[str, str]:
    return {
        f"{what} of {lab.name}": str(getattr(lab, what))
        for lab in course.load_course().labs
        for what in ("cpu_seconds", "grading_seconds")
    }


def _files(package: Path) -> dict[str, str]:
    """sha256 of each file of a package, without caches, hidden files and what only a wheel has in it."""
    found = {}
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package)
        hidden = any(part == "__pycache__" or part.startswith(".") for part in name.parts)
        if path.is_file() and not hidden and name not in _BESIDE:
            found[f"course_utils/{name.as_posix()}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
