"""Where a course's files are: its folders, the files of one lab, and those of one submission.

Nobody else spells these paths out.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

RECORD = "result.json"  # beside an autograded notebook: what grading found, see book/records.py
TIMESTAMP = "timestamp.txt"  # in a submission: when it was handed in, as collecting writes it


@dataclass(frozen=True)
class CoursePaths:
    """The folders of a course. Only `root` must be given; the others are where nbgrader looks for them.

    Relative paths are below root. database: file of the gradebook, or its URL.
    """

    root: Path
    solutions: Path = Path("solutions")
    labs: Path = Path("labs")
    submitted: Path = Path("submitted")
    autograded: Path = Path("autograded")
    feedback: Path = Path("feedback")
    reports: Path = Path("reports")
    database: Path | str = Path("gradebook.db")

    def __post_init__(self) -> None:
        root = Path(self.root).resolve()
        object.__setattr__(self, "root", root)
        for name in ("solutions", "labs", "submitted", "autograded", "feedback", "reports"):
            object.__setattr__(self, name, root / getattr(self, name))
        if isinstance(self.database, Path):
            object.__setattr__(self, "database", root / self.database)

    @property
    def private(self) -> Path:
        """The course's own notes and scratch folders, which nobody hands out."""
        return self.root / ".course"

    @property
    def log(self) -> Path:
        """What nbgrader and the grader's processes had to say."""
        return self.private / "grading.log"

    @property
    def database_url(self) -> str:
        """The gradebook's URL as SQLAlchemy reads it."""
        return database_url(self.database)

    def lab(self, name: str) -> LabFiles:
        return LabFiles(name, self)

    def submission(self, lab: str, student: str) -> Submission:
        return Submission(lab, student, self)


@dataclass(frozen=True)
class LabFiles:
    """The notebooks of one lab: `source`, the teacher's, and `released`, the students'."""

    name: str
    paths: CoursePaths

    @property
    def source(self) -> Path:
        return self.paths.solutions / self.name / f"{self.name}.ipynb"

    @property
    def released(self) -> Path:
        return self.paths.labs / self.name / f"{self.name}.ipynb"


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab, and what grading makes of it.

    folder, notebook: as handed in. graded_folder, graded_notebook, record: in autograded/.
    """

    lab: str
    student: str
    paths: CoursePaths

    @property
    def folder(self) -> Path:
        return self.paths.submitted / self.student / self.lab

    @property
    def notebook(self) -> Path:
        return self.folder / f"{self.lab}.ipynb"

    @property
    def graded_folder(self) -> Path:
        return self.paths.autograded / self.student / self.lab

    @property
    def graded_notebook(self) -> Path:
        return self.graded_folder / f"{self.lab}.ipynb"

    @property
    def record(self) -> Path:
        return self.graded_folder / RECORD


def plain_id(student: str) -> str:
    """A student's id as people compare it: however its accents are composed, and without blanks around it.

    macOS decomposes accents in the names of folders, rosters do not.
    """
    return unicodedata.normalize("NFC", student).strip()


def fits_database(student: str) -> bool:
    """Whether a gradebook can hold the id: a folder's name may be bytes that are no UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in student)


def database_url(database: Path | str) -> str:
    """SQLAlchemy's URL of a gradebook given as a file or as a URL."""
    text = str(database)
    if "://" not in text:
        # SQLite waits so many seconds for another process that is writing.
        return f"sqlite:///{text}?timeout=60"
    kind, rest = text.split("://", 1)
    return f"postgresql+psycopg://{rest}" if kind in ("postgres", "postgresql") else text


def sqlite_file(database: Path | str) -> Path | None:
    """The file of a SQLite gradebook; None if the gradebook is on a server."""
    text = str(database)
    if "://" not in text:
        return Path(text)
    kind, _, rest = text.partition(":///")
    return Path(rest.split("?")[0]) if kind.startswith("sqlite") else None


def within(path: Path, root: Path) -> str:
    """`path` as nbgrader wants it: relative to the course's folder where it lies below."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
