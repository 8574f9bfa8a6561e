"""What a late submission costs: the course's rule as nbgrader's late-submission plug-in, and who is late.

nbgrader writes a penalty when it grades. A person who grades an essay afterwards changes the score that the
penalty is a share of, so pages and exports work it out anew from the same plug-in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float
from traitlets.config import Config

from course_utils import course
from course_utils.grading.book import gradebook
from course_utils.grading.config import load_config
from course_utils.grading.paths import CoursePaths

Rule = Callable[[str, float, float], float]


class LatePenalty(LateSubmissionPlugin):
    """So many percent of the points for each day that has begun after the due date and the grace time."""

    percent_per_day = Float(0.0, help="Percent of the points for each day begun.").tag(config=True)
    most_percent = Float(100.0, help="A submission never loses more.").tag(config=True)
    grace_minutes = Float(0.0, help="Minutes after the due date that cost nothing.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points to take off; None for nothing. The plug-in's own `penalty_method` goes before."""
        if self.penalty_method != "none":
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        seconds = total_seconds_late - 60 * self.grace_minutes
        if seconds <= 0 or self.percent_per_day <= 0:
            return None
        percent = min(self.most_percent, self.percent_per_day * math.ceil(seconds / 86_400))
        return score * percent / 100


def configure(config: Config) -> None:
    """Set the rule of course.toml in an nbgrader configuration."""
    late = course.load_course().late
    config.AssignLatePenalties.plugin_class = LatePenalty
    config.LatePenalty.percent_per_day = float(late.percent_per_day)
    config.LatePenalty.most_percent = float(late.most_percent)
    config.LatePenalty.grace_minutes = float(late.grace_minutes)


@dataclass(frozen=True)
class Lateness:
    """Who handed in how late, in seconds after the due date (extensions counted), and what that costs."""

    seconds: dict[str, float]
    rule: Rule

    def penalty(self, student: str, points: float) -> float:
        """Points to take off, between 0 and all."""
        late = self.seconds.get(student, 0.0)
        return self.rule(student, points, late) if late > 0 else 0.0


def read_lateness(lab: str, paths: CoursePaths) -> Lateness:
    """How late the submissions of `lab` are, from the gradebook. Reads only."""
    seconds = seconds_late(lab, paths.database)
    # Reading the configuration runs nbgrader_config.py: not for nothing.
    return Lateness(seconds, _rule(paths) if seconds else lambda *_: 0.0)


def seconds_late(lab: str, database: Path | str) -> dict[str, float]:
    """student -> seconds, for those who are late at all."""
    if not gradebook.is_there(database):
        return {}
    from nbgrader import api
    from sqlalchemy import select

    handed_in, of = api.SubmittedAssignment, api.Assignment
    statement = select(handed_in.student_id, handed_in.timestamp, handed_in.extension, of.duedate)
    (rows,) = gradebook.read(
        database, statement.join(of, of.id == handed_in.assignment_id).where(of.name == lab)
    )
    found = {}
    for student, moment, extension, due in rows:
        if moment is not None and due is not None:
            late = (moment - due).total_seconds() - (extension.total_seconds() if extension else 0.0)
            if late > 0:
                found[student] = late
    return found


def set_due_date(lab: str, url: str) -> None:
    """Bring the due date of course.toml into the gradebook; one set in Formgrader stays if course.toml has none."""
    due = due_date(lab)
    if due is None:
        return
    from nbgrader.api import Gradebook

    with Gradebook(url, course.load_course().course_id) as book:
        assignment = book.find_assignment(lab)
        if assignment.duedate != due:
            assignment.duedate = due
            book.db.commit()


def due_date(lab: str) -> datetime | None:
    """The due date in course.toml in UTC, without its time zone, as nbgrader keeps it."""
    due = next((entry.due for entry in course.load_course().labs if entry.name == lab), None)
    return due and due.astimezone(UTC).replace(tzinfo=None)


def is_due(lab: str, database: Path | str) -> bool:
    """Whether the lab has a due date, in course.toml or in the gradebook. Reads only."""
    if due_date(lab) is not None:
        return True
    if not gradebook.is_there(database):
        return False
    from nbgrader import api
    from sqlalchemy import select

    (rows,) = gradebook.read(database, select(api.Assignment.duedate).where(api.Assignment.name == lab))
    return any(due is not None for (due,) in rows)


def update_penalties(lab: str, paths: CoursePaths) -> None:
    """Write into the gradebook what lateness costs now: scores, due dates and extensions may have changed."""
    lateness = read_lateness(lab, paths)
    from nbgrader.api import Gradebook

    with Gradebook(paths.database_url, course.load_course().course_id) as book:
        for submission in book.assignment_submissions(lab):
            for notebook in submission.notebooks:
                late = submission.student_id in lateness.seconds  # the score takes a query: not for everybody
                cost = (lateness.penalty(submission.student_id, notebook.score) or None) if late else None
                if notebook.late_submission_penalty != cost:
                    notebook.late_submission_penalty = cost
        book.db.commit()


def _rule(paths: CoursePaths) -> Rule:
    """The plug-in that the course is configured with, kept between 0 and the points that there are."""
    from nbgrader.preprocessors import AssignLatePenalties

    step = AssignLatePenalties(config=load_config(paths))
    step.init_plugin()

    def rule(student: str, points: float, late: float) -> float:
        wanted = step.plugin_inst.late_submission_penalty(student, points, late)
        return min(max(wanted or 0.0, 0.0), max(points, 0.0))

    return rule
