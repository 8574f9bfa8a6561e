"""Grades for a learning management system, checked against the roster: nobody is left out in silence.

Canvas reads what lib/gradebook_importer.rb of github.com/instructure/canvas-lms accepts: a header that begins
with `Student` and `ID` and whose student columns end with `Section` (between them `SIS User ID`, `SIS Login
ID`, and `Integration ID` and `Root Account` where the school has them), an optional row `Points Possible`,
and an assignment as `Title (id)`; a title without a known id becomes a new assignment. An empty grade takes
an old one away. Students are found by ID, so the roster must be Canvas's own file (Grades, Export).

Moodle's grade import (https://docs.moodle.org/en/Grade_import) takes any columns and asks which one names the
user (email, username, ID number or id) and which holds the grade; `-` and nothing mean no grade
(grade/import/csv/classes/load_data.php of github.com/moodle/moodle).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.marks import MarkedSubmission, read_submissions
from course_utils.grading.pages.rendering import folder_name, number, write_if_changed
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from course_utils.grading.book.records import Record

TARGETS = ("canvas", "moodle", "csv")
_CANVAS_FIXED = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
# A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Columns in which a roster may name students as their folders in submitted/ are named, best first.
_KEYS = (
    "student",
    "student id",
    "username",
    "user name",
    "sis login id",
    "login id",
    "sis user id",
    "id number",
    "idnumber",
    "email address",
    "email",
    "id",
)


@dataclass
class Roster:
    """The people of a course. header: column names; rows: column -> text; key: the column that names students."""

    path: Path
    header: list[str]
    rows: list[dict[str, str]]
    key: str = ""
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Export:
    """A file with grades of so many students. problems: what a person must see to, notes: what is good to know."""

    path: Path
    students: int
    problems: list[str]
    notes: list[str]


def export(
    records: Iterable[Record],
    paths: CoursePaths,
    to: str,
    roster: Path | None = None,
    by: str = "",
    output: Path | None = None,
) -> Export:
    """Write the grades of one lab to exports/<lab>-<to>.csv, or to `output`.

    Grades are what counts: points, those of graders included, less what lateness costs. roster: a CSV of the
    people; by: its column that names students as submitted/ does, found by itself if empty. Raises CourseError
    for an unknown target, a roster that cannot be read or does not fit, and for Canvas without one.
    """
    records = list(records)
    if to not in TARGETS:
        near = difflib.get_close_matches(to, TARGETS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise CourseError(f"There is no export to {to!r}.{guess} There is: {', '.join(TARGETS)}.")
    if to == "canvas" and roster is None:
        raise CourseError(
            "Canvas knows students by numbers of its own: export its gradebook (Grades, Export) "
            "and name that file with --roster."
        )
    submissions = {s.record.student: s for s in read_submissions(records, paths)}
    lab = course.lab(records[0].lab)
    people = read_roster(roster, submissions, by) if roster else None
    matched, unknown, missing = match(submissions, people)
    # Canvas's wants a roster, and has one.
    write: Callable[..., str] = {"canvas": _canvas, "moodle": _moodle, "csv": _csv}[to]
    text = write(lab, submissions, people, matched)
    target = output or paths.root / "exports" / f"{folder_name(lab.name, 'lab name')}-{to}.csv"
    write_if_changed(target, text)
    told = {
        "canvas": "they keep what Canvas has",
        "moodle": "they are not in the file",
        "csv": "they are in the file",
    }
    problems = _problems(submissions, unknown, missing, told[to], to == "csv")
    in_file = len(matched) if people and to != "csv" else len(submissions)
    return Export(target, in_file, problems, _notes(submissions, people))


def read_roster(path: Path, students: Iterable[str], by: str = "") -> Roster:
    """A roster with commas, semicolons or tabs, in UTF-8 or Windows-1252.

    Canvas's rows that are no people (Points Possible, posting, its test student) are left out. Raises
    CourseError if it has no rows, two rows for one student, or no column that names any of `students`.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise CourseError(f"The roster {path} cannot be read: {error.strerror}.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    lines = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
    if len(lines) < 2:
        raise CourseError(
            f"The roster {path} holds no students: it needs a line of column names and a line each."
        )
    header = [name.strip() for name in lines[0]]
    rows = [dict(zip(header, [*line, *[""] * len(header)], strict=False)) for line in lines[1:]]
    people = [row for row in rows if not _no_person(row)]
    ignored = [row[header[0]].strip() for row in rows if _no_person(row) and row[header[0]].strip()]
    roster = Roster(Path(path), header, people, ignored=ignored)
    roster.key = _key_column(roster, set(students), by)
    twice = [name for name, n in Counter(_fold(row[roster.key]) for row in people).items() if name and n > 1]
    if twice:
        raise CourseError(f"The roster {path} has {twice[0]!r} twice in the column {roster.key!r}.")
    return roster


def match(
    submissions: dict[str, MarkedSubmission], roster: Roster | None
) -> tuple[dict[str, int], list[str], list[str]]:
    """(student -> row of the roster, students who are not on it, people on it without a submission)."""
    if roster is None:
        return {}, [], []
    exact = {row[roster.key].strip(): i for i, row in enumerate(roster.rows)}
    folded = {_fold(row[roster.key]): i for i, row in enumerate(roster.rows)}
    matched: dict[str, int] = {}
    taken: set[int] = set()
    for student in sorted(submissions, key=lambda name: (name not in exact, name)):
        row = exact.get(student, folded.get(_fold(student)))
        if row is not None and row not in taken:
            matched[student] = row
            taken.add(row)
    unknown = sorted(set(submissions) - set(matched))
    missing = [row[roster.key].strip() for i, row in enumerate(roster.rows) if i not in taken]
    return matched, unknown, missing


# The three layouts


def _canvas(lab: course.Lab, submissions: dict, roster: Roster, matched: dict[str, int]) -> str:
    if not {"Student", "ID", "Section"} <= set(roster.header):
        raise CourseError(
            f"{roster.path} is not Canvas's gradebook (it lacks Student, ID or Section): "
            "in Canvas choose Grades, Export."
        )
    fixed = [name for name in _CANVAS_FIXED if name in roster.header]
    title = next((name for name in roster.header if _is_column_of(lab, name)), lab.title)
    top = max((s.max_points for s in submissions.values()), default=lab.points)
    rows = [["    Points Possible", *[""] * (len(fixed) - 1), number(top)]]
    students = {row: student for student, row in matched.items()}
    for index, person in enumerate(roster.rows):
        grade = person.get(title, "")  # who handed in nothing keeps what Canvas has
        if index in students:
            grade = number(submissions[students[index]].final)
        rows.append([*[_cell(person[name], name) for name in fixed], grade])
    return _table([*fixed, title], rows)


def _moodle(lab: course.Lab, submissions: dict, roster: Roster | None, matched: dict[str, int]) -> str:
    if roster is None:
        rows = [[student, number(s.final)] for student, s in sorted(submissions.items())]
        return _table(["Username", lab.title], rows)
    people = [name for name in roster.header if _describes_a_person(name)]
    rows = []
    # Only those with a submission: an empty grade would take one away that somebody gave in Moodle.
    for student, index in sorted(matched.items(), key=lambda pair: pair[1]):
        person = [_cell(roster.rows[index][name], name) for name in people]
        rows.append([*person, number(submissions[student].final)])
    return _table([*people, lab.title], rows)


def _csv(lab: course.Lab, submissions: dict, roster: Roster | None, matched: dict[str, int]) -> str:
    """Everything, for a spreadsheet: roster's columns, points by exercise, points, penalty, what counts."""
    longest = max(submissions.values(), key=lambda s: len(s.exercises), default=None)
    exercises = [e.cell for e in longest.exercises] if longest else []
    people = [name for name in roster.header if _describes_a_person(name)] if roster else []
    header = ["student", *people, "status", *[cell.title for cell in exercises]]
    header += ["points", "days late", "penalty", "final", "max points", "note"]
    rows = []
    for student, s in sorted(submissions.items()):
        person = roster.rows[matched[student]] if roster and student in matched else {}
        own = {e.cell.grade_id: e for e in s.exercises}
        points = [number(own[c.grade_id].points) if c.grade_id in own else "" for c in exercises]
        note = "not on the roster" if roster and student not in matched else ""
        rows.append(
            [
                _safe(student),
                *[_safe(person.get(name, "")) for name in people],
                s.record.status,
                *points,
                number(s.points),
                number(s.seconds_late / 86_400),
                number(s.penalty),
                number(s.final),
                number(s.max_points),
                note,
            ]
        )
    taken = set(matched.values())
    if roster:
        for index, person in enumerate(roster.rows):
            if index not in taken:
                known = [_safe(person[roster.key]), *[_safe(person.get(name, "")) for name in people]]
                rows.append([*known, "nothing handed in", *[""] * (len(exercises) + 6)])
    return "\ufeff" + _table([_safe(name) for name in header], rows)  # the mark makes Excel read UTF-8


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV as RFC 4180 has it; line ends are CR LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _safe(text: str) -> str:
    """`text` so that no spreadsheet runs it: one that begins like a formula gets an apostrophe before it."""
    text = text.strip(" ")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(text: str, column: str) -> str:
    """A person's cell. What the system finds people by goes back as it came, or it would not find them."""
    return text if _fold(column) in _KEYS and column != "Student" else _safe(text)


def _problems(
    submissions: dict[str, MarkedSubmission],
    unknown: list[str],
    missing: list[str],
    told: str,
    unknown_kept: bool,
) -> list[str]:
    problems = []
    if unknown:
        where = "they are in the file, with a note" if unknown_kept else "they are not in the file"
        problems.append(f"Not on the roster ({where}): {_listed(unknown)}.")
    if missing:
        problems.append(f"On the roster without a submission ({told}): {_listed(missing)}.")
    if ungraded := [name for name, s in submissions.items() if not s.was_graded]:
        problems.append(f"Could not be graded, and count 0: {_listed(ungraded)}.")
    if essays := [name for name, s in submissions.items() if s.waiting_points]:
        problems.append(f"An essay waits for a grader and counts 0 until then: {_listed(essays)}.")
    return problems


def _notes(submissions: dict[str, MarkedSubmission], roster: Roster | None) -> list[str]:
    notes = []
    if roster and roster.ignored:
        notes.append(f"Lines of the roster that are no people: {_listed(roster.ignored)}.")
    if late := [f"{name} (−{number(s.penalty)})" for name, s in submissions.items() if s.penalty]:
        notes.append(f"Less for lateness: {_listed(late)}.")
    return notes


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _key_column(roster: Roster, students: set[str], by: str) -> str:
    """The column whose cells are the names of folders in submitted/."""
    names = {_fold(name): name for name in roster.header}
    if by:
        if _fold(by) not in names:
            raise CourseError(
                f"The roster {roster.path} has no column {by!r}. It has: {', '.join(roster.header)}."
            )
        return names[_fold(by)]
    wanted = {_fold(student) for student in students}
    hits = {
        name: len(wanted & {_fold(row[name]) for row in roster.rows}) for name in dict.fromkeys(roster.header)
    }
    rank = {names[key]: -place for place, key in enumerate(_KEYS) if key in names}
    best = max(hits, key=lambda name: (hits[name], rank.get(name, -len(_KEYS))))
    if not hits[best]:
        raise CourseError(
            f"No column of the roster {roster.path} names students as submitted/ does. Its columns are "
            f"{', '.join(roster.header)}; in submitted/ there is {', '.join(sorted(students)[:3])}."
        )
    return best


def _no_person(row: dict[str, str]) -> bool:
    """Lines of Canvas's export that are about assignments, and its test student."""
    first = next(iter(row.values())).strip()
    return first in ("Points Possible", "Student, Test") or all(
        re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in row.values()
    )


def _is_column_of(lab: course.Lab, name: str) -> bool:
    title = re.sub(r"\s*\(\d+\)\s*$", "", name)
    return _fold(title) in {_fold(lab.title), _fold(lab.name), _fold(lab.short)}


def _describes_a_person(name: str) -> bool:
    words = "name|student|username|user name|id|number|email|login|section|group|institution|department"
    return re.search(rf"\b({words})\b", _fold(name)) is not None and "(" not in name


def _fold(text: str) -> str:
    return text.strip().casefold()
