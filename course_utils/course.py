"""The course's facts, read from course.toml."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from course_utils.errors import CourseError

_PACKAGE = Path(__file__).resolve().parent
_HOME = re.compile(r"(?:(?:https?|ssh|git|file)://|git@)[^\s'\"\\]+")
_GITHUB = re.compile(r"https?://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?(?:@([\w./-]+))?/?")


@dataclass(frozen=True)
class Lab:
    """One lab. `points` counts every graded cell, essays included; times are budgets in seconds.

    due: when it must be handed in, with a time zone; None: there is no such date, or the gradebook has it.
    """

    name: str
    title: str
    points: int
    cpu_seconds: int
    grading_seconds: int
    due: datetime | None = None

    @property
    def number(self) -> int:
        return int(self.name.split("_")[0])

    @property
    def short(self) -> str:
        """The name without its number; exercise ids begin with it."""
        return self.name.split("_", 1)[1]

    @property
    def deck(self) -> str:
        return f"slides/{self.name}.html"


@dataclass(frozen=True)
class Late:
    """What a late submission costs: so many percent of its points for each day that has begun after the due date.

    most_percent: it never costs more. grace_minutes: after the due date, before the first day begins.
    """

    percent_per_day: float = 0.0
    most_percent: float = 100.0
    grace_minutes: float = 0.0


@dataclass(frozen=True)
class Course:
    """home: git URL of the published course; empty: it is not published. jupyter: where students' JupyterLab shows
    labs/. gradebook: URL of a gradebook on a database server; empty: gradebook.db in the course's folder."""

    title: str
    course_id: str
    home: str
    labs: tuple[Lab, ...]
    jupyter: str = "http://localhost:8888/lab/tree/labs"
    gradebook: str = ""
    late: Late = field(default_factory=Late)

    @property
    def clone_url(self) -> str:
        """`home` as anybody can clone it: git@HOST:PATH, which asks for a key, becomes https://HOST/PATH."""
        return re.sub(r"^git@([^:/]+)[:/]", r"https://\1/", self.home)

    def in_colab(self, lab: str) -> str:
        """Address at which Colab opens the released lab called `lab`; "" unless the course is on GitHub."""
        found = _GITHUB.fullmatch(self.clone_url)
        if not found:
            return ""
        owner, repository, branch = found.groups()
        place = f"{owner}/{repository}/blob/{branch or 'main'}/labs/{lab}/{lab}.ipynb"
        return f"https://colab.research.google.com/github/{place}"


@cache
def load_course() -> Course:
    """Read course.toml: beside the package in a wheel, in the repository root in a clone.

    Raises CourseError when there is none, or when it cannot be used.
    """
    for path in (_PACKAGE / "course.toml", _PACKAGE.parent / "course.toml"):
        if path.is_file():
            try:
                facts = tomllib.loads(path.read_text(encoding="utf-8"))
                labs = tuple(Lab(**lab) for lab in facts.pop("labs"))
            except (
                ValueError,
                LookupError,
                TypeError,
            ) as error:  # no TOML; no labs; an unknown or missing field
                raise CourseError(f"{path} cannot be used ({error!r}): correct it there.") from error
            if odd := [lab.name for lab in labs if not re.fullmatch(r"\d\d+_\w+", lab.name)]:
                raise CourseError(f"course.toml: a lab is called as in 01_sft_masking, not {odd[0]!r}.")
            for lab in labs:
                if lab.due is not None and getattr(lab.due, "tzinfo", None) is None:
                    raise CourseError(
                        f"course.toml: the due date of {lab.name} ({lab.due}) needs a time and a time zone, "
                        "as in 2026-01-15T23:00:00+01:00."
                    )
            made = Course(**{**facts, "late": Late(**facts.get("late", {}))}, labs=labs)
            if made.home and not _HOME.fullmatch(made.home):
                raise CourseError(
                    f"course.toml: home is a git URL, as in https://github.com/OWNER/REPOSITORY, not {made.home!r}."
                )
            return made
    raise CourseError("course.toml is missing: install the package again, or run from a complete clone.")


def lab(name: str) -> Lab:
    """The lab called `name`: its full name, its number ("1", "01") or its short name.

    Raises CourseError that lists the labs when there is none.
    """
    labs = load_course().labs
    for candidate in labs:
        if name in (candidate.name, candidate.short) or (name.isdigit() and int(name) == candidate.number):
            return candidate
    close = difflib.get_close_matches(name, [n for x in labs for n in (x.name, x.short)], n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    raise CourseError(f"There is no lab {name!r}.{guess} The labs are: {', '.join(x.name for x in labs)}.")


def course_root(start: Path | None = None) -> Path:
    """The folder of the course: the nearest one upwards that holds course.toml and solutions/.

    Raises CourseError when there is none, as in a plain installation of the package.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file() and (folder / "solutions").is_dir():
            return folder
    raise CourseError(
        f"{start} is not inside a clone of the course: go to the folder that holds course.toml."
    )
