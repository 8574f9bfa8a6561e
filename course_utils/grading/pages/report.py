"""The teacher's view of a graded lab: one page, and the short table that a terminal shows."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup, escape
from rich.table import Table
from rich.text import Text

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.aside import SetAside, read_set_aside
from course_utils.grading.book.marks import MarkedExercise, MarkedSubmission, lateness_of, overlay, read_marks
from course_utils.grading.book.records import UNREADABLE
from course_utils.grading.pages.charts import RunCost, Share, cost, distribution, item_plot, share_bar
from course_utils.grading.pages.copies import find_copies
from course_utils.grading.pages.experiments import Board, boards
from course_utils.grading.pages.feedback import LOOKS, feedback_page, found_text
from course_utils.grading.pages.items import Item, few, item_analysis
from course_utils.grading.pages.places import grader_links
from course_utils.grading.pages.rendering import (
    count,
    folder_name,
    number,
    plain,
    render_for,
    write_if_changed,
)
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from rich.console import Console

    from course_utils.grading.book.records import Record

# Messages shown on the page, and names listed with each.
MOST_MESSAGES = 12
MOST_NAMES = 8
# Groups of near-identical answers, and characters shown of each of two.
MOST_GROUPS = 12
MOST_CODE = 4000


@dataclass
class Mistake:
    """One failure message and the students who got it. found: what came, in the words that most of them got."""

    title: str
    what: str
    hint: str
    hidden: bool
    found: str = ""
    students: list[MarkedSubmission] = field(default_factory=list)


@dataclass
class ToGrade:
    """An exercise that a grader must look at. people: their names, each with a link to it if there is one."""

    title: str
    people: list[Markup]


def write_report(records: Iterable[Record], paths: CoursePaths, names: bool = False) -> Path:
    """Write reports/<lab>.html, one self-contained page about all records of one lab, and return it.

    Beside it, if the lab has an open experiment, reports/<lab>-results.html, which can be shown to the class;
    names: it has the students' names.
    Points that a person gave are read from the gradebook. Raises CourseError when there are no records, or
    records of several labs.
    """
    records = list(records)
    labs = sorted({record.lab for record in records})
    if not labs:
        raise CourseError("Nothing is graded yet: run `course grade` first.")
    if len(labs) > 1:
        raise CourseError(f"A report is about one lab, these records are of {', '.join(labs)}.")
    (lab,) = labs
    page = paths.reports / f"{folder_name(lab, 'lab name')}.html"
    submissions = overlay(records, read_marks(paths.database, lab), lateness_of(lab, paths))
    write_if_changed(page, _html(submissions, paths, page))
    if found := boards(submissions):
        write_if_changed(_results_page(page), _results_html(lab, found, names))
    else:
        _results_page(page).unlink(missing_ok=True)
    return page


def _results_page(page: Path) -> Path:
    return page.with_name(f"{page.stem}-results.html")


def _results_html(name: str, found: Sequence[Board], names: bool) -> str:
    link = (lambda submission: plain(submission.record.student)) if names else None
    return render_for("results.html", name, boards=found, link=link)


def show_table(
    found: Iterable[Record | MarkedSubmission], console: Console, comments: dict[str, str] | None = None
) -> None:
    """Print students and their points, those who need a human first. comments: student -> words of one's own.

    found: records as the tests left them, or submissions with what a person gave laid over.

    Without a comment for a student, the last column says why a person must look, or which exercises failed.
    """
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("student", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("")
    marked = [one if isinstance(one, MarkedSubmission) else overlay([one], {})[0] for one in found]
    for submission in _in_order(marked):
        record = submission.record
        reasons = reasons_to_look(submission)
        lost = [e.cell.title for e in submission.exercises if e.state in ("failed", "not run")]
        if comments and record.student in comments:
            told = comments[record.student]
        elif reasons:
            told = reasons[0]
        else:
            told = f"lost: {', '.join(lost)}" if lost else ""
        table.add_row(
            Text(plain(record.student), style="bold yellow" if reasons else "bold"),
            f"{number(submission.points)} / {number(submission.max_points)}",
            Text(plain(told)),
        )
    console.print(table)


def reasons_to_look(submission: MarkedSubmission) -> list[str]:
    """Why a person should look at this submission, in sentences; empty if nothing calls for it."""
    record = submission.record
    reasons = [f"{flag.reason}: {flag.detail}" if flag.detail else flag.reason for flag in record.flags]
    return [submission.titled(reason) for reason in reasons] or (
        [] if submission.was_graded else [record.status]
    )


def _in_order(submissions: Sequence[MarkedSubmission]) -> list[MarkedSubmission]:
    """Those that nobody could read, others that were not graded, others that need a human; then by points."""
    return sorted(
        submissions,
        key=lambda s: (_urgency(s), -s.final, s.record.student),
    )


def _urgency(submission: MarkedSubmission) -> int:
    if submission.record.status == UNREADABLE:
        return 0
    if not submission.was_graded:
        return 1
    return 2 if reasons_to_look(submission) else 3


def _html(submissions: Sequence[MarkedSubmission], paths: CoursePaths, page: Path) -> str:
    lab = course.lab(submissions[0].record.lab)
    ordered = _in_order(submissions)
    exercises = _exercise_order(submissions)
    top = max(submission.max_points for submission in submissions)
    points = [submission.final for submission in submissions]
    items = item_analysis(submissions, exercises)
    groups = find_copies(lab.name, [s.record.student for s in submissions], paths)
    by_student = {s.record.student: s for s in submissions}
    mistakes = common_mistakes(submissions)
    people = [s for s in ordered if reasons_to_look(s)]
    still_open = _open_for_all(submissions)
    rising = {s.record.student: s.waiting_points for s in submissions if s.waiting_points > still_open}
    to_grade = _to_grade(ordered, exercises, grader_links(lab.name, paths))

    def link(submission: MarkedSubmission) -> Markup:
        student = submission.record.student
        target = feedback_page(student, lab.name, paths)
        if not target.is_file():
            return escape(plain(student))
        address = quote(os.fsencode(Path(os.path.relpath(target, page.parent)).as_posix()))
        return Markup('<a href="{}">{}</a>').format(address, plain(student))

    return render_for(
        "report.html",
        lab.name,
        submissions=submissions,
        looks=LOOKS,
        legend=_legend(submissions),
        link=link,
        top=top,
        median=median(points),
        open_essays=sum(len(essay.people) for essay in to_grade),
        to_grade=to_grade,
        people=[{"submission": s, "reasons": reasons_to_look(s)} for s in people],
        set_aside=_set_aside(lab.name, paths),
        late=[s for s in ordered if s.seconds_late],
        spread=distribution([(s.record.student, s.final) for s in submissions], top, still_open, rising),
        spread_caption=_spread_caption(points, top - still_open, len(rising)),
        cost=cost(
            [
                RunCost(s.record.student, s.record.seconds, s.record.peak_mb, bool(reasons_to_look(s)))
                for s in submissions
            ]
        ),
        exercises=[_exercise_row(grade_id, submissions) for grade_id in exercises],
        items=items,
        items_plot=item_plot(items) if any(item.discrimination is not None for item in items) else None,
        few=few(items),
        boards=boards(submissions),
        results_page=quote(_results_page(page).name),
        judge=judge,
        groups=[
            {"group": group, "people": [by_student[student] for student in group.students]}
            for group in groups[:MOST_GROUPS]
        ],
        more_groups=max(0, len(groups) - MOST_GROUPS),
        most_code=MOST_CODE,
        mistakes=mistakes[:MOST_MESSAGES],
        more_mistakes=max(0, len(mistakes) - MOST_MESSAGES),
        most_names=MOST_NAMES,
        rows=[
            {
                "submission": s,
                "flagged": bool(reasons_to_look(s)),
                "cells": [_by_id(s).get(grade_id) for grade_id in exercises],
            }
            for s in ordered
        ],
        graded=max(s.record.graded_at for s in submissions),
    )


def _set_aside(lab: str, paths: CoursePaths) -> dict[str, list[SetAside]]:
    """Exercise -> what students had for it, for those that the lab no longer has."""
    found: dict[str, list[SetAside]] = {}
    for one in read_set_aside(lab, paths.database):
        found.setdefault(one.cell.removesuffix("-tests"), []).append(one)
    return found


def judge(item: Item) -> str:
    """What a teacher may do about an exercise, if anything."""
    if item.discrimination is not None and item.discrimination < 0.1 and 0.05 < item.difficulty < 0.95:
        return "who is good elsewhere is not better here: look at its tests"
    if item.difficulty < 0.25:
        return "hard: few have its points"
    if item.difficulty > 0.95:
        return "everybody can do it"
    return ""


def common_mistakes(submissions: Iterable[MarkedSubmission]) -> list[Mistake]:
    """Failure messages, most common first, then in the lab's order.

    Messages are one when they agree in what was examined and in the hint, or, where there is no hint, in all
    but their numbers.
    """
    submissions = list(submissions)
    groups: dict[tuple[str, str, str], Mistake] = {}
    founds: dict[tuple[str, str, str], Counter[str]] = {}
    for submission in submissions:
        for exercise in submission.exercises:
            cell = exercise.cell
            if cell.state != "failed" or not (cell.what or cell.message):
                continue
            found = found_text(cell)
            likeness = cell.hint or re.sub(r"\d+", "#", found)
            key = (cell.grade_id, cell.what, likeness)
            mistake = groups.setdefault(key, Mistake(cell.title, cell.what, cell.hint, cell.hidden))
            mistake.students.append(submission)
            founds.setdefault(key, Counter())[found] += 1
    for key, mistake in groups.items():
        mistake.found = founds[key].most_common(1)[0][0]
    place = {grade_id: index for index, grade_id in enumerate(_exercise_order(submissions))}
    keys = sorted(groups, key=lambda key: (-len(groups[key].students), place[key[0]]))
    return [groups[key] for key in keys]


def _exercise_order(submissions: Iterable[MarkedSubmission]) -> list[str]:
    """grade_ids in the lab's order, which the longest record has; those that only others have come last."""
    longest = max(submissions, key=lambda s: len(s.exercises))
    ids = dict.fromkeys(e.cell.grade_id for e in longest.exercises)
    return list(ids | dict.fromkeys(e.cell.grade_id for s in submissions for e in s.exercises))


def _by_id(submission: MarkedSubmission) -> dict[str, MarkedExercise]:
    return {exercise.cell.grade_id: exercise for exercise in submission.exercises}


def _exercise_row(grade_id: str, submissions: Iterable[MarkedSubmission]) -> dict[str, object]:
    """An exercise's title, points, its bar, and how many wait for a grader or else the class's share of points."""
    found = [e for s in submissions for e in s.exercises if e.cell.grade_id == grade_id]
    # As in the analysis below, the share is that of those who could be graded.
    counted = [e for s in submissions if s.was_graded for e in s.exercises if e.cell.grade_id == grade_id]
    possible = sum(e.cell.max_points for e in counted) or 1
    title = found[0].cell.title
    counts = {LOOKS[state].word: 0 for state in LOOKS}
    for exercise in found:
        counts[LOOKS[exercise.state].word] += 1
    return {
        "title": title,
        "max_points": found[0].cell.max_points,
        "waiting": sum(e.state == "waiting" for e in found),
        "share": f"{100 * sum(e.points for e in counted) / possible:.0f}",
        "bar": share_bar(Share(plain(title), counts), {look.word: look.css for look in LOOKS.values()}),
    }


def _legend(submissions: Iterable[MarkedSubmission]) -> list[object]:
    seen = {e.state for s in submissions for e in s.exercises}
    return [look for state, look in LOOKS.items() if state in seen]


def _open_for_all(submissions: Sequence[MarkedSubmission]) -> float:
    """Points of the essays of which a grader has looked at none yet."""
    states: dict[str, set[str]] = defaultdict(set)
    points: dict[str, float] = {}
    for exercise in (e for s in submissions if s.was_graded for e in s.exercises):
        states[exercise.cell.grade_id].add(exercise.state)
        points[exercise.cell.grade_id] = exercise.cell.max_points
    return sum(points[name] for name, seen in states.items() if "waiting" in seen and "graded" not in seen)


def _to_grade(
    submissions: Iterable[MarkedSubmission], exercises: Iterable[str], links: dict[str, str]
) -> list[ToGrade]:
    """What waits for a grader, by exercise. links: student -> the notebook in Formgrader."""
    found = {grade_id: ToGrade("", []) for grade_id in exercises}
    for submission in submissions:
        name = submission.record.student
        for exercise in submission.to_grade:
            words = f"{name} (changed since it was graded)" if exercise.again else name
            shown = escape(plain(words))
            if name in links:
                address = f"{links[name]}#{quote(exercise.cell.grade_id)}"
                shown = Markup('<a href="{}" rel="noopener">{}</a>').format(address, plain(words))
            essay = found[exercise.cell.grade_id]
            essay.title = exercise.cell.title
            essay.people.append(shown)
    return [essay for essay in found.values() if essay.people]


def _spread_caption(points: Sequence[float], reachable: float, rising: int) -> str:
    most = sum(value >= reachable for value in points)
    none = sum(value == 0 for value in points)
    told = (
        f"{count(most, 'student has', 'students have')} all {number(reachable)} points given so far, "
        f"{count(none, 'has', 'have')} none."
    )
    if rising:
        told += f" {count(rising, 'student', 'students')} (hollow) still wait for a grader and may get more."
    return told
