"""What running a submission showed, and the part of its record that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nbformat import NotebookNode

from course_utils.grading import notebook as nbk
from course_utils.grading.book.records import CellRecord, Flag
from course_utils.measured import Measured


@dataclass
class Outcome:
    """How one test cell ended; the fields are those of records.CellRecord."""

    state: str = "passed"
    what: str = ""
    message: str = ""
    hint: str = ""
    hidden: bool = False
    seconds: float = 0.0
    printed: str = ""
    cause: str = ""
    measured: Measured | None = None


@dataclass
class Findings:
    """What running a submission showed. outcomes: test cell's id -> Outcome. sandbox: its mode."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    sandbox: str = ""
    peak_mb: float = 0.0
    seconds: float = 0.0


def cell_records(
    source: NotebookNode, outcomes: Mapping[str, Outcome], otherwise: str = "The cell was not run."
) -> list[CellRecord]:
    """One CellRecord for each graded cell of the source notebook, in its order."""
    titles = {exercise.id + nbk.TESTS_SUFFIX: exercise.title for exercise in nbk.exercises(source)}
    found = []
    for cell in source.cells:
        meta, name = nbk.grader(cell), nbk.grade_id(cell)
        if not meta.get("grade"):
            continue
        points = float(meta.get("points", 0))
        exercise = name.removesuffix(nbk.TESTS_SUFFIX)
        title = titles.get(name) or cell.metadata.get("course", {}).get("title") or exercise.split("-", 2)[-1]
        if not nbk.is_test(cell):
            found.append(CellRecord(name, exercise, title, 0.0, points, "manual"))
            continue
        outcome = outcomes.get(name) or Outcome("not run", message=otherwise)
        found.append(
            CellRecord(
                name,
                exercise,
                title,
                points if outcome.state == "passed" else 0.0,
                points,
                outcome.state,
                outcome.what,
                outcome.message,
                outcome.hint,
                outcome.hidden,
                round(outcome.seconds, 3),
                outcome.cause,
                outcome.measured,
            )
        )
    return found


def now() -> str:
    """The time that a record carries."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
