"""What the tests of this folder want to know about a gradebook: all of it, in words that can be compared."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nbgrader.api import Gradebook

from course_utils.course import load_course


def open_book(paths) -> Gradebook:
    return Gradebook(paths.database_url, load_course().course_id)


def facts(paths, lab: str) -> dict[tuple[str, str], dict]:
    """(student, cell) -> scores and comments; no ids, which differ from one gradebook to the next."""
    found: dict[tuple[str, str], dict] = {}
    with open_book(paths) as book:
        for submission in book.assignment_submissions(lab):
            student = submission.student_id
            late = submission.late_submission_penalty
            found[student, ""] = {"score": submission.score, "at": submission.timestamp, "penalty": late}
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    assert (student, grade.name) not in found, "two grades for one cell"
                    found[student, grade.name] = {
                        "auto": grade.auto_score,
                        "manual": grade.manual_score,
                        "extra": grade.extra_credit,
                        "needs": grade.needs_manual_grade,
                    }
                for comment in notebook.comments:
                    found.setdefault((student, comment.name), {}).update(
                        said=comment.manual_comment, noted=comment.auto_comment
                    )
    return found


def mark(paths, lab: str, student: str, cell: str, points=None, extra=None, comment=None) -> None:
    """What a person does in Formgrader."""
    with open_book(paths) as book:
        if points is not None or extra is not None:
            grade = book.find_grade(cell, lab, lab, student)
            grade.needs_manual_grade = False
            grade.manual_score = points if points is not None else grade.manual_score
            grade.extra_credit = extra if extra is not None else grade.extra_credit
        if comment is not None:
            book.find_comment(cell.removesuffix("-tests"), lab, lab, student).manual_comment = comment
        book.db.commit()


def fingerprint(*places: Path) -> dict[str, str]:
    """File -> digest of its bytes and its time, for all files below some places."""
    found = {}
    for place in places:
        for path in [place, *sorted(place.rglob("*"))]:
            if path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path)] = f"{digest} {path.stat().st_mtime_ns}"
    return found
