"""A submission as people read it: the autograder's record with the graders' points and comments laid over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.grading.book import gradebook
from course_utils.grading.book.records import GRADED, NEEDS_MANUAL
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Select

    from course_utils.grading.book.late import Lateness
    from course_utils.grading.book.records import CellRecord, Record

_NO_RESPONSE = "No response."  # nbgrader's own words, which no grader said


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds for one graded cell of one student.

    points is None unless a person gave some (extra credit included); waiting says that a person still must, or
    must again. comment: a person's.
    """

    points: float | None = None
    waiting: bool = False
    comment: str = ""


@dataclass(frozen=True)
class MarkedExercise:
    """One graded cell. state: passed, failed, not attempted, not run, waiting (for a grader) or graded (by one).

    again: a person gave points, and the answer has changed since.
    """

    cell: CellRecord
    state: str
    points: float
    comment: str
    again: bool = False

    @property
    def to_grade(self) -> bool:
        """Whether a person must look at it, for the first time or again."""
        return self.state == "waiting" or self.again

    @property
    def anchor(self) -> str:
        """Its name within a page."""
        return self.cell.grade_id


@dataclass(frozen=True)
class MarkedSubmission:
    """One student's lab. seconds_late: after the due date; penalty: points that this costs, as of now."""

    record: Record
    exercises: tuple[MarkedExercise, ...]
    seconds_late: float = 0.0
    penalty: float = 0.0

    @property
    def points(self) -> float:
        """What the answers are worth."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def final(self) -> float:
        """What counts: the points less the penalty, never below 0."""
        return max(0.0, self.points - self.penalty)

    @property
    def max_points(self) -> float:
        return self.record.max_score

    @property
    def was_graded(self) -> bool:
        """False if nobody could open the notebook, or grading itself failed."""
        return self.record.was_run

    @property
    def to_grade(self) -> list[MarkedExercise]:
        """What a person must look at; nothing, if the submission itself must be handed in or graded again."""
        return [exercise for exercise in self.exercises if exercise.to_grade and self.was_graded]

    @property
    def to_look_at_again(self) -> bool:
        """Whether something changed of what a person graded."""
        return any(exercise.again for exercise in self.exercises)

    @property
    def is_settled(self) -> bool:
        """Whether it was graded and nothing in it waits for a person."""
        return self.was_graded and not self.to_grade

    @property
    def status(self) -> str:
        """The record's, as it is now: a person may have graded since."""
        if not self.was_graded:
            return self.record.status
        return GRADED if self.is_settled else NEEDS_MANUAL

    def titled(self, text: str) -> str:
        """`text` with each cell's id replaced by its exercise's title."""
        titles = {e.cell.grade_id: e.cell.title for e in self.exercises}
        titles |= {e.cell.exercise: e.cell.title for e in self.exercises}
        # the longer first: the id of a test cell begins with that of its exercise
        for name in sorted(titles, key=len, reverse=True):
            text = text.replace(name, f"“{titles[name]}”")
        return text

    @property
    def waiting_points(self) -> float:
        """Points that a grader has still to give."""
        return sum(exercise.cell.max_points for exercise in self.to_grade if not exercise.again)


def read_marks(database: str | Path, lab: str) -> dict[str, dict[str, Mark]]:
    """Student -> grade_id -> Mark, for all that the nbgrader gradebook holds about `lab`.

    database: file, or URL as SQLAlchemy writes it. A file that is not there has no marks. Reads only.
    """
    if not gradebook.is_there(database):
        return {}
    # nbgrader takes seconds to import; pages without a gradebook do not need it.
    from nbgrader import api
    from sqlalchemy import select

    def of_lab(columns: list[Any], table: Any) -> Select[Any]:
        return (
            select(api.SubmittedAssignment.student_id, api.BaseCell.name, *columns)
            .select_from(table)
            .join(api.BaseCell, api.BaseCell.id == table.cell_id)
            .join(api.SubmittedNotebook, api.SubmittedNotebook.id == table.notebook_id)
            .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .where(api.Assignment.name == lab)
        )

    grade, comment = api.Grade, api.Comment
    scores = [grade.manual_score, grade.auto_score, grade.extra_credit, grade.needs_manual_grade]
    grades, comments = gradebook.read(
        database, of_lab(scores, grade), of_lab([comment.manual_comment], comment)
    )

    said = {
        (student, cell): text or ""
        for student, cell, text in comments
        if (text or "").strip() != _NO_RESPONSE
    }
    marks: dict[str, dict[str, Mark]] = {}
    for student, cell, by_hand, automatic, extra, waiting in grades:
        given = automatic if by_hand is None else by_hand
        points = None if by_hand is None and not extra else (given or 0.0) + (extra or 0.0)
        # An essay is one cell; an exercise's comment belongs to the solution that its tests look at.
        text = said.get((student, cell)) or said.get((student, cell.removesuffix("-tests")), "")
        marks.setdefault(student, {})[cell] = Mark(points, bool(waiting), text)
    return marks


def read_notebook_ids(database: str | Path, lab: str) -> dict[str, str]:
    """Student -> what the gradebook calls their notebook of `lab`; Formgrader's addresses hold it. Reads only."""
    if not gradebook.is_there(database):
        return {}
    from nbgrader import api
    from sqlalchemy import select

    handed_in, book = api.SubmittedAssignment, api.SubmittedNotebook
    statement = select(handed_in.student_id, book.id).join(handed_in, handed_in.id == book.assignment_id)
    (rows,) = gradebook.read(
        database,
        statement.join(api.Assignment, api.Assignment.id == handed_in.assignment_id).where(
            api.Assignment.name == lab
        ),
    )
    return {student: str(name) for student, name in rows}


def read_submissions(records: Iterable[Record], paths: CoursePaths) -> list[MarkedSubmission]:
    """The records of one lab with all that the gradebook adds to them: marks, comments, lateness. Reads only."""
    records = list(records)
    if not records:
        return []
    lab = records[0].lab
    return overlay(records, read_marks(paths.database, lab), lateness_of(lab, paths))


def lateness_of(lab: str, paths: CoursePaths) -> Lateness | None:
    """Who is late with a lab, and what it costs; None without a gradebook."""
    if not gradebook.is_there(paths.database):
        return None
    from course_utils.grading.book.late import read_lateness

    return read_lateness(lab, paths)


def overlay(
    records: Iterable[Record], marks: dict[str, dict[str, Mark]], lateness: Lateness | None = None
) -> list[MarkedSubmission]:
    """The records with the marks laid over them: what a person gave stands before what the tests gave."""
    submissions = []
    for record in records:
        own = marks.get(record.student, {})
        exercises = tuple(_exercise(cell, own.get(cell.grade_id)) for cell in record.cells)
        submission = MarkedSubmission(record, exercises)
        if lateness is not None and (seconds := lateness.seconds.get(record.student)):
            penalty = lateness.penalty(record.student, submission.points)
            submission = replace(submission, seconds_late=seconds, penalty=penalty)
        submissions.append(submission)
    return submissions


def _exercise(cell: CellRecord, mark: Mark | None) -> MarkedExercise:
    comment = mark.comment if mark else ""
    if mark and mark.points is not None:
        return MarkedExercise(cell, "graded", mark.points, comment, again=mark.waiting)
    if cell.state == "manual":
        # nbgrader settles by itself an essay that nobody wrote: 0 points, no grader needed.
        settled = mark is not None and not mark.waiting
        return MarkedExercise(cell, "not attempted" if settled else "waiting", 0.0, comment)
    return MarkedExercise(cell, cell.state, cell.points, comment)
