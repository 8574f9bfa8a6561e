"""Points and comments of cells that a lab no longer has: kept in the gradebook, in a table of their own.

nbgrader's tables have no place for them: whatever lies there counts. Should a cell come back, so do they.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, inspect, select

from course_utils.grading.book import gradebook
from course_utils.grading.book.tables import SET_ASIDE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbgrader.api import BaseCell, Comment, Grade
    from sqlalchemy.orm import Session

# Rows of nbgrader's tables of grades and comments, and what of them is kept.
GRADE, COMMENT = "grade", "comment"
_VALUES = {
    GRADE: ("auto_score", "manual_score", "extra_credit", "needs_manual_grade"),
    COMMENT: ("manual_comment",),
}


@dataclass(frozen=True)
class SetAside:
    """What one student had for a cell that the lab no longer has. by_hand: a person gave the points."""

    cell: str
    student: str
    points: float
    max_points: float
    by_hand: bool
    comment: str


def read_set_aside(lab: str, database: Path | str) -> list[SetAside]:
    """All that is kept for `lab`, by cell and student. Reads only."""
    if not gradebook.is_there(database):
        return []
    engine = gradebook.connect(database)
    try:
        if not inspect(engine).has_table(SET_ASIDE.name):
            return []
        with engine.connect() as connection:
            order = (SET_ASIDE.c.cell, SET_ASIDE.c.student)
            rows = connection.execute(select(SET_ASIDE).where(SET_ASIDE.c.lab == lab).order_by(*order)).all()
    finally:
        engine.dispose()
    # The comment on an exercise is at its answer, the points at its tests.
    comments = {(row.cell, row.student): row.manual_comment for row in rows if row.kind == COMMENT}
    found = []
    for row in rows:
        if row.kind == GRADE:
            by_hand = row.manual_score is not None or bool(row.extra_credit)
            given = row.auto_score if row.manual_score is None else row.manual_score
            points = (given or 0.0) + (row.extra_credit or 0.0)
            keys = [(row.cell, row.student), (row.cell.removesuffix("-tests"), row.student)]
            comment = next((comments.pop(key) for key in keys if key in comments), "")
            found.append(SetAside(row.cell, row.student, points, row.max_score or 0.0, by_hand, comment))
    found += [SetAside(cell, student, 0.0, 0.0, True, text) for (cell, student), text in comments.items()]
    return sorted(found, key=lambda one: (one.cell, one.student))


def put(db: Session, lab: str, kind: str, cell: BaseCell, rows: Iterable[Grade | Comment]) -> None:
    """Keep what is worth it of a cell's grades or comments, and take all of them out of nbgrader's tables."""
    for row in rows:
        values = {name: getattr(row, name) for name in _VALUES[kind]}
        if any(value for name, value in values.items() if name != "needs_manual_grade") or (
            values.get("manual_score") is not None
        ):
            key = {"lab": lab, "kind": kind, "cell": cell.name, "student": row.student.id}
            db.execute(delete(SET_ASIDE).filter_by(**key))
            db.execute(SET_ASIDE.insert().values(**key, **values, max_score=getattr(cell, "max_score", None)))
        db.delete(row)


def take_back(db: Session, lab: str, kind: str, cell: str) -> dict[str, dict[str, object]]:
    """What is kept of a cell's grades or comments, student -> values, which is then kept no longer."""
    key = {"lab": lab, "kind": kind, "cell": cell}
    rows = db.execute(select(SET_ASIDE).filter_by(**key)).mappings().all()
    db.execute(delete(SET_ASIDE).filter_by(**key))
    return {row["student"]: {name: row[name] for name in _VALUES[kind]} for row in rows}
