"""What grading a submission leaves behind: one result.json beside the autograded notebook.

It is written in one step when everything else is done, so a submission that has one is finished.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_utils.errors import CourseError
from course_utils.grading.paths import RECORD, CoursePaths
from course_utils.measured import Measured

GRADED = "graded"
NEEDS_MANUAL = "needs manual grading"
UNREADABLE = "unreadable"  # a notebook that nobody can open: ask for it again
MISPLACED = "misplaced"  # handed in under another name: put it right and grade again
BROKEN = "not graded"  # grading itself failed; the next run tries again


@dataclass
class Flag:
    """Something a person should look at. reason: a few words; detail: what happened and what to do."""

    reason: str
    detail: str = ""


@dataclass
class CellRecord:
    """One graded cell.

    state: "passed", "failed", "not attempted" (still raises NotImplementedError), "not run" (the kernel was
    gone) or "manual". what, message, hint: from the failed check. hidden: it stood among the hidden tests,
    so students may see only `what` and `hint`. cause: which exercises it uses that fail themselves.
    measured: its number in an open experiment.
    """

    grade_id: str
    exercise: str
    title: str
    points: float
    max_points: float
    state: str
    what: str = ""
    message: str = ""
    hint: str = ""
    hidden: bool = False
    seconds: float = 0.0
    cause: str = ""
    measured: Measured | None = None


@dataclass
class Record:
    """One student's submission of one lab.

    score: points in the gradebook when it was graded. seconds: of wall clock. peak_mb: most memory of the
    student's processes. sandbox: mode. repairs: what was put right in the notebook, a sentence each.
    submission_sha256: what was graded. source_sha256, tests_sha256: against what, without the tests and test
    by test. graded_at: UTC, as text.
    """

    student: str
    lab: str
    score: float
    max_score: float
    status: str
    seconds: float = 0.0
    peak_mb: float = 0.0
    sandbox: str = ""
    flags: list[Flag] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    cells: list[CellRecord] = field(default_factory=list)
    submission_sha256: str = ""
    source_sha256: str = ""
    tests_sha256: dict[str, str] = field(default_factory=dict)
    graded_at: str = ""

    @property
    def was_run(self) -> bool:
        """Whether the student's code was run: the notebook could be opened and grading worked."""
        return self.status not in (UNREADABLE, MISPLACED, BROKEN)


def write_record(path: Path, record: Record) -> None:
    """Write the record so that there is either the whole of it or none. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(asdict(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read_record(path: Path) -> Record | None:
    """The record at `path`; None if there is none or it is not a whole one."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        flags = [Flag(**flag) for flag in facts.pop("flags")]
        cells = [_cell(cell) for cell in facts.pop("cells")]
        return Record(**facts, flags=flags, cells=cells)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _cell(facts: dict[str, Any]) -> CellRecord:
    return CellRecord(**{**facts, "measured": Measured.of(facts.get("measured"))})


def load_records(lab: str, paths: CoursePaths) -> list[Record]:
    """All records of a lab, by student. Raises CourseError when there are none."""
    found = [read_record(path) for path in sorted(paths.autograded.glob(f"*/{lab}/{RECORD}"))]
    records = [record for record in found if record is not None]
    if not records:
        raise CourseError(
            f"Nothing of {lab} is graded in {paths.autograded}: run `course grade {lab}` first."
        )
    return records
