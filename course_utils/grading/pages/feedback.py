"""One page per student and lab: what each exercise got, and what a tutor would say about it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book.marks import MarkedExercise, MarkedSubmission, lateness_of, overlay, read_marks
from course_utils.grading.book.records import BROKEN, MISPLACED, UNREADABLE
from course_utils.grading.pages.own_run import Runs, read_runs
from course_utils.grading.pages.places import Place, links, read_places
from course_utils.grading.pages.rendering import folder_name, render_for, write_if_changed
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from course_utils.grading.book.records import CellRecord, Record

MOST_RUNS = 20  # cells whose numbers are shown beside an essay
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class Look:
    """How a state is shown: a sign and a word, and the class that colours them."""

    css: str
    sign: str
    word: str


LOOKS = {
    "passed": Look("passed", "✓", "passed"),
    "failed": Look("failed", "✗", "not yet right"),
    "not attempted": Look("none", "–", "not attempted"),
    "not run": Look("none", "○", "not run"),
    "waiting": Look("waiting", "…", "waits for a grader"),
    "graded": Look("graded", "✎", "graded by hand"),
}


# What a student reads when nothing was graded; a submission that was graded needs no note.
_NOTES = {
    UNREADABLE: (
        "Your notebook could not be opened, so nothing in it could be graded. Save it again in JupyterLab, or "
        "download it as .ipynb, and hand it in again."
    ),
    MISPLACED: "Your notebook was handed in under another name. Ask your teacher whether it was put right.",
    BROKEN: "Grading stopped before it was finished. That is not your fault, and it will be done again.",
}


@dataclass(frozen=True)
class Part:
    """One labelled piece of an explanation. by_course: the course's words, which may hold formulas."""

    label: str
    text: str
    is_hint: bool = False
    by_course: bool = True


def feedback_page(student: str, lab: str, paths: CoursePaths) -> Path:
    """Where the page of one student and lab lies. Raises CourseError for names that lead elsewhere."""
    student, lab = folder_name(student, "student id"), folder_name(lab, "lab name")
    return paths.feedback / student / lab / f"{lab}.html"


def write_feedback(records: Iterable[Record], paths: CoursePaths) -> list[Path]:
    """Write feedback/<student>/<lab>/<lab>.html for each record, and return the pages in the same order.

    A page holds everything it needs, formulas included, runs no script, and is written only when its content
    changed. Points and comments that a person gave, and what lateness costs, are read from the gradebook.
    Raises CourseError if a page cannot be written.
    """
    records = list(records)
    by_lab: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_lab[record.lab].append(record)
    marks = {lab: read_marks(paths.database, lab) for lab in by_lab}
    lateness = {lab: lateness_of(lab, paths) for lab in by_lab}
    places = {lab: read_places(lab, paths) for lab in by_lab}
    pages = []
    for record in records:
        page = feedback_page(record.student, record.lab, paths)
        (submission,) = overlay([record], marks[record.lab], lateness[record.lab])
        write_if_changed(page, _html(submission, places[record.lab], _runs(submission, paths)))
        pages.append(page)
    return pages


def explain(exercise: MarkedExercise) -> list[Part]:
    """What a student may read about an exercise that is not right.

    Of a hidden test only what it looks at and the hint: its message quotes inputs and expected values.
    """
    cell = exercise.cell
    number = [Part("Your number", str(cell.measured))] if cell.measured else []
    if exercise.state == "passed":
        return number
    if exercise.state == "not attempted":
        return [Part("What happened", "The cell came back as it was handed out.")]
    parts = number
    if cell.what:
        label = "What a hidden test looked at" if cell.hidden else "What was looked at"
        parts.append(Part(label, cell.what))
    found = "" if cell.hidden else found_text(cell)
    if found:
        parts.append(Part("What came", found, by_course=False))
    if cell.hint:
        parts.append(Part("Hint", cell.hint, is_hint=True))
    if cell.hidden and not parts:
        parts.append(Part("What happened", "A hidden test failed."))
    if cell.cause:
        parts.append(Part("Look there first", cell.cause))
    return parts


def found_text(cell: CellRecord) -> str:
    """The message without the two lines of it that have a place of their own."""
    lines = [line for line in cell.message.strip().splitlines() if line.strip() != f"Checked: {cell.what}"]
    text = "\n".join(lines)
    return text.removesuffix(cell.hint).strip() if cell.hint else text.strip()


def _runs(submission: MarkedSubmission, paths: CoursePaths) -> list[Runs]:
    """Cells that printed other numbers when they were handed in, if there is an essay that may be about them."""
    if not any(e.cell.state == "manual" and e.state != "not attempted" for e in submission.exercises):
        return []
    files = paths.submission(submission.record.lab, submission.record.student)
    try:
        graded = nbk.read(files.graded_notebook)
    except CourseError:
        return []
    return [
        run for run in read_runs(graded, files.notebook) if _NUMBER.search(run.own) and run.own != run.grading
    ]


def _html(submission: MarkedSubmission, places: dict[str, Place], runs: list[Runs]) -> str:
    record = submission.record
    whole = submission.max_points or 1
    return render_for(
        "feedback.html",
        record.lab,
        submission=submission,
        looks=LOOKS,
        explain=explain,
        places=places,
        links=links,
        runs=runs[:MOST_RUNS],
        more_runs=max(0, len(runs) - MOST_RUNS),
        note=_NOTES.get(record.status, ""),
        to_look_at=[e for e in submission.exercises if e.state in ("failed", "not run")],
        hidden_failed=any(e.state == "failed" and e.cell.hidden for e in submission.exercises),
        got_percent=f"{100 * submission.final / whole:.2f}",
        open_percent=f"{100 * submission.waiting_points / whole:.2f}",
        graded=record.graded_at,
        fingerprint=record.submission_sha256[:12],
    )
