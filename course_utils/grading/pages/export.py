"""Grades for a learning management system, checked against the roster: nobody is left out in silence.

Canvas reads what lib/gradebook_importer.rb of github.com/instructure/canvas-lms accepts: a header that begins
with `Student` or `LastName,FirstName`, then `ID`, and whose student columns end with `Section`; a row `Points
Possible`, which changes the assignment's points; and an assignment as `Title (id)`, where a title without a
known id becomes a new assignment. An empty grade takes an old one away. Students are found by ID, so the
roster must be Canvas's own file (Grades, Export).

Moodle has two imports. An assignment's grading worksheet (mod/assign/gradingtable.php and
mod/assign/feedback/offline of github.com/moodle/moodle) goes back as it came, but for the grades: its columns are
named in the site's language and found by these names, in a fixed order: who, …, grade, highest grade, …. The
gradebook's import (https://docs.moodle.org/en/Grade_import) takes any columns and asks which one names the user
and which holds the grade; `-` and nothing mean no grade.

Gradescope has no import; its layout is that of the grades that it exports, for tools which read those.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.marks import MarkedSubmission, read_submissions
from course_utils.grading.book.roster import KEYS, Roster, Row, fold, match, read_roster
from course_utils.grading.pages.rendering import count, folder_name, number, plain, write_if_changed
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from rich.console import Console

    from course_utils.grading.book.records import Record

TARGETS = ("canvas", "moodle", "gradescope", "csv")
# A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NO_GRADE = ("", "-", "n/a")
_EXCUSED = "ex"
_GRADE_NAMES = ("grade", "bewertung", "note", "calificación", "valutazione", "nota", "cijfer", "karakter")
_ID = re.compile(r"\s*\((\d+)\)\s*$")  # Canvas's, behind an assignment's title
_LAB_NUMBER = re.compile(r"(?:lab|assignment|exercise|notebook)?\s*0*(\d+)\s*(?:[:.,–—-]\s*|\s|$)")


@dataclass(frozen=True)
class Change:
    """A grade that the export changes. before, after: as the file has it; before is "" if there is none."""

    student: str
    before: str
    after: str


@dataclass(frozen=True)
class Export:
    """A file with grades of so many students. problems: what a person must see to, notes: what is good to know.

    changes: against the grades in the roster, or where it has none, in the file that was there before.
    unchanged: how many students keep their grade.
    """

    path: Path
    students: int
    problems: list[str]
    notes: list[str]
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0


@dataclass
class _Sheet:
    """A table before it is a file.

    grades: student -> what is written; before: the same in the roster. Where the roster has none: who, grade:
    columns that name a student and hold the grade; called: student -> what stands in the first of them.
    """

    header: list[str]
    rows: list[list[str]]
    grades: dict[str, str]
    before: dict[str, str] | None = None
    who: str = ""
    grade: str = ""
    called: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    absent: str = "they are not in the file"  # what becomes of people without a submission
    unknown: str = "they are not in the file"  # and of submissions without a line on the roster


@dataclass(frozen=True)
class _Class:
    """All that a layout needs. matched: student -> their rows of the roster."""

    lab: course.Lab
    submissions: dict[str, MarkedSubmission]
    roster: Roster | None
    matched: dict[str, list[Row]]
    column: str

    @property
    def top(self) -> float:
        return max((s.max_points for s in self.submissions.values()), default=float(self.lab.points))

    def grade(self, student: str) -> str:
        return number(self.submissions[student].final)

    def students(self) -> dict[int, str]:
        """Line of the roster -> the student of whom it tells."""
        return {row.line: student for student, rows in self.matched.items() for row in rows}


def export(
    records: Iterable[Record],
    paths: CoursePaths,
    to: str,
    roster: Path | None = None,
    by: str = "",
    output: Path | None = None,
    column: str = "",
    dry_run: bool = False,
) -> Export:
    """Write the grades of one lab to exports/<lab>-<to>.csv, or to `output`.

    Grades are what counts: points, those of graders included, less what lateness costs. roster: a CSV of the
    people; by: its column that names students as submitted/ does, found by itself if empty; column: its column
    of this lab's grades, by name or by Canvas's id, found by itself if empty. dry_run: write nothing. Raises
    CourseError for an unknown target, a roster that cannot be read or does not fit, a lab for which two
    columns fit, and for Canvas without a roster.
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
    if column and roster is None:
        raise CourseError(f"The column {column!r} is one of the roster: name that file with --roster.")
    submissions = {s.record.student: s for s in read_submissions(records, paths)}
    lab = course.lab(records[0].lab)
    people = read_roster(roster, submissions, by) if roster else None
    matched, unknown, missing = match(submissions, people)
    known = _Class(lab, submissions, people, matched, column)
    write = {"canvas": _canvas, "moodle": _moodle, "gradescope": _gradescope, "csv": _csv}[to]
    sheet = write(known)
    target = output or paths.root / "exports" / f"{folder_name(lab.name, 'lab name')}-{to}.csv"
    before = _grades_in(target, sheet) if sheet.before is None else sheet.before
    changes = [
        Change(student, before.get(student, ""), grade)
        for student, grade in sorted(sheet.grades.items())
        if not _same(before.get(student, ""), grade)
    ]
    if not dry_run:
        # The mark makes Excel read UTF-8; systems that find a column by its name may take it for a part of it.
        mark = "\ufeff" if to == "csv" else ""
        write_if_changed(target, mark + _table(sheet.header, sheet.rows))
    problems = _problems(known, unknown, missing, sheet)
    unchanged = len(sheet.grades) - len(changes)
    return Export(target, len(sheet.grades), problems, _notes(known, sheet), changes, unchanged)


def show_changes(made: Export, console: Console) -> None:
    """Print what an export would change."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("student", no_wrap=True)
    table.add_column("now", justify="right")
    table.add_column("then", justify="right")
    for change in made.changes:
        table.add_row(*map(Text, (plain(change.student), plain(change.before) or "–", change.after)))
    if made.changes:
        console.print(table)
    console.print(
        f"{made.path}: {count(len(made.changes), 'grade')} would change, {made.unchanged} would not. "
        "Nothing was written.",
        highlight=False,
        soft_wrap=True,
    )


# The layouts


def _canvas(known: _Class) -> _Sheet:
    roster = known.roster
    assert roster is not None
    begins = (["Student", "ID"], ["LastName", "FirstName", "ID"])
    if not any(roster.header[: len(b)] == b for b in begins) or "Section" not in roster.header:
        raise CourseError(
            f"{roster.path} is not Canvas's gradebook (it lacks Student, ID or Section): "
            "in Canvas choose Grades, Export."
        )
    width = roster.index("Section") + 1
    place = _own_column(known, roster.header, width)
    sheet = _Sheet([*roster.header[:width], known.lab.title], [], {}, {}, absent="they keep what Canvas has")
    assert sheet.before is not None
    if place is None:
        sheet.notes.append(
            f"Canvas has no column for this lab: it will make a new assignment, {known.lab.title!r}. "
            "If there is one under another name, say --column NAME."
        )
        empty = [""] * (width - 1)
        sheet.rows.append(["    Points Possible", *empty, number(known.top)])
    else:
        sheet.header[-1] = roster.header[place]
    students = known.students()
    excused = []
    for row in roster.rows:
        old = row.cells[place] if place is not None else ""
        if _is_points_possible(row):
            # Of an assignment that Canvas has: another number here would change it there.
            if place is not None:
                sheet.rows.append([*row.cells[:width], old])
                sheet.problems += _other_points(known, "Canvas", old)
            continue
        if not row.person and not any(row.cells[:width]):
            continue  # which assignments are posted by hand: Canvas does not read it
        grade = old  # who handed in nothing keeps what Canvas has
        if student := students.get(row.line):
            sheet.before[student] = "" if fold(old) in _NO_GRADE else old
            grade = old if fold(old) == _EXCUSED else known.grade(student)
            excused += [student] if fold(old) == _EXCUSED else []
            sheet.grades[student] = grade
        cells = zip(row.cells, roster.header[:width], strict=False)
        sheet.rows.append([*(_cell(cell, name) for cell, name in cells), grade])
    if excused:
        sheet.notes.append(f"Excused in Canvas, which stays: {_listed(set(excused))}.")
    return sheet


def _moodle(known: _Class) -> _Sheet:
    roster = known.roster
    if roster is None:
        grades = {student: known.grade(student) for student in sorted(known.submissions)}
        rows = [[student, grade] for student, grade in grades.items()]
        called = {student: student for student in grades}
        return _Sheet(["Username", known.lab.title], rows, grades, None, "Username", known.lab.title, called)
    if roster.participants:
        grade = _own_column(known, roster.header, 1) if known.column else _worksheet_grade(roster)
        if grade is not None:
            return _worksheet(known, roster, grade)
    people = _person_columns(roster)
    header = [*(roster.header[i] for i in people), known.lab.title]
    sheet = _Sheet(header, [], {}, who=roster.key, grade=known.lab.title)
    # Only those with a submission: an empty grade would take one away that somebody gave in Moodle.
    for student, (row, *_) in sorted(known.matched.items(), key=lambda pair: pair[1][0].line):
        sheet.grades[student] = known.grade(student)
        cells = [_cell(row.cells[i], roster.header[i]) for i in people]
        sheet.called[student] = cells[people.index(roster.index(roster.key))]
        sheet.rows.append([*cells, sheet.grades[student]])
    return sheet


def _worksheet(known: _Class, roster: Roster, place: int) -> _Sheet:
    """Moodle's own file with the grades put in: it looks for its columns and rows by what they hold."""
    sheet = _Sheet(list(roster.header), [], {}, {}, absent="their lines stay as they are")
    assert sheet.before is not None
    students = known.students()
    dates = [i for i in range(place, len(roster.header)) if _is_column_of_dates(roster, i)]
    for row in roster.rows:
        # Behind the date of the grade are comments, which Moodle takes as they stand.
        raw = {0, place, *range(max(dates, default=place), len(roster.header))}
        cells = [cell if i in raw or cell.strip() == "-" else _safe(cell) for i, cell in enumerate(row.cells)]
        if student := students.get(row.line):
            old = cells[place]
            sheet.before[student] = "" if fold(old) in _NO_GRADE else old
            sheet.grades[student] = cells[place] = known.grade(student)
        sheet.rows.append(cells)
    if place + 1 < len(roster.header) and roster.rows:
        sheet.problems += _other_points(known, "Moodle", roster.rows[0].cells[place + 1])
    return sheet


def _gradescope(known: _Class) -> _Sheet:
    """As Gradescope exports an assignment's grades; who handed in nothing is Missing."""
    roster = known.roster
    names = {fold(name): i for i, name in enumerate(roster.header)} if roster else {}
    two = {"first name", "last name"} <= names.keys()
    who = ["First Name", "Last Name"] if two else ["Name"]
    also = {"Name": ("full name", "student"), "SID": ("student id", "id number"), "Email": ("email address",)}
    also |= {"Sections": ("section",)}
    people = [*who, "SID", "Email", "Sections"]
    questions = _questions(known)
    header = [*people, "Total Score", "Max Points", "Status", "Submission ID", "Submission Time"]
    header += ["Lateness (H:M:S)"]
    header += [f"{i}: {title} ({number(top)} pts)" for i, (title, top) in enumerate(questions.values(), 1)]
    sheet = _Sheet([_safe(name) for name in header], [], {}, who="SID", grade="Total Score")
    sheet.absent = "they are Missing in the file"
    sheet.unknown = "they are in the file by their id alone"

    def person(row: Row | None, student: str) -> list[str]:
        cells = []
        for name in people:
            at = next((names[n] for n in (fold(name), *also.get(name, ())) if n in names), None)
            found = row.cells[at] if row is not None and at is not None else ""
            cells.append(_safe(found or (student if name == "SID" else "")))
        return cells

    for student, s in sorted(known.submissions.items()):
        rows = known.matched.get(student)
        points = _points_by_exercise(s)
        late = round(s.seconds_late)
        who = person(rows[0] if rows else None, student)
        sheet.called[student] = who[people.index("SID")]
        sheet.grades[student] = known.grade(student)
        sheet.rows.append(
            [
                *who,
                sheet.grades[student],
                number(s.max_points),
                "Graded" if s.is_settled else "Ungraded",
                "",
                "",
                f"{late // 3600:02}:{late // 60 % 60:02}:{late % 60:02}",
                *[points.get(question, "") for question in questions],
            ]
        )
    for row in _without_submission(known):
        missing = ["", number(known.top), "Missing", *[""] * (3 + len(questions))]
        sheet.rows.append([*person(row, roster.called(row) if roster else ""), *missing])
    return sheet


def _csv(known: _Class) -> _Sheet:
    """Everything, for a spreadsheet: roster's columns, points by exercise, points, penalty, what counts."""
    roster, questions = known.roster, _questions(known)
    people = _person_columns(roster) if roster else []
    header = ["student", *(roster.header[i] for i in people)] if roster else ["student"]
    header += ["status", *[title for title, _ in questions.values()]]
    header += ["points", "days late", "penalty", "final", "max points", "note"]
    sheet = _Sheet([_safe(name) for name in header], [], {}, who="student", grade="final")
    sheet.absent, sheet.unknown = "they are in the file", "they are in the file, with a note"
    for student, s in sorted(known.submissions.items()):
        rows = known.matched.get(student)
        points = _points_by_exercise(s)
        sheet.called[student] = _safe(student)
        sheet.grades[student] = known.grade(student)
        sheet.rows.append(
            [
                _safe(student),
                *[_safe(rows[0].cells[i]) if rows else "" for i in people],
                s.status,
                *[points.get(question, "") for question in questions],
                number(s.points),
                number(s.seconds_late / 86_400),
                number(s.penalty),
                sheet.grades[student],
                number(s.max_points),
                "not on the roster" if roster and not rows else "",
            ]
        )
    for row in _without_submission(known):
        assert roster is not None
        who = [_safe(roster.called(row)), *[_safe(row.cells[i]) for i in people]]
        sheet.rows.append([*who, "nothing handed in", *[""] * (len(questions) + 6)])
    return sheet


# Columns


def _own_column(known: _Class, header: Sequence[str], first: int) -> int | None:
    """Index of this lab's column among those from `first` on, None if there is none.

    Raises CourseError if two fit, or if the one that was asked for is not there or there twice.
    """
    assert known.roster is not None
    wanted = fold(known.column)
    found = []
    for i, name in enumerate(header[first:], first):
        identity = _ID.search(name)
        names = {fold(name), fold(_ID.sub("", name))} | ({identity[1]} if identity else set())
        if wanted in names if wanted else _is_title_of(known.lab, _ID.sub("", name)):
            found.append(i)
    if len(found) > 1:
        fitting = ", ".join(repr(header[i]) for i in found)
        raise CourseError(
            f"{len(found)} columns of {known.roster.path} fit the lab: {fitting}. Say which one with --column, "
            "by its whole name or the number in its parentheses."
        )
    if wanted and not found:
        raise CourseError(
            f"{known.roster.path} has no column {known.column!r}. It has: {', '.join(header[first:])}."
        )
    return found[0] if found else None


def _is_title_of(lab: course.Lab, name: str) -> bool:
    """Whether a column is called as the lab is: by title or name, with or without its number, or by that alone."""
    name = fold(name)
    numbered = _LAB_NUMBER.match(name)
    own = {fold(lab.title), fold(lab.name), fold(lab.short)}
    if numbered and int(numbered[1]) == lab.number:
        own.add("")
        return name in own or name[numbered.end() :].strip() in own
    return name in own


def _worksheet_grade(roster: Roster) -> int | None:
    """The grade's column of a Moodle worksheet, whatever its name: left of one number that is the same in all
    lines, the highest grade, and with nothing or a number up to that in each. Where somebody has taken the
    highest grade out, by its name."""
    for i in reversed(range(1, len(roster.header) - 1)):
        tops = {_value(row.cells[i + 1]) for row in roster.rows}
        grades = [_value(row.cells[i]) for row in roster.rows if fold(row.cells[i]) not in _NO_GRADE]
        top = next(iter(tops))
        if len(tops) == 1 and top and all(grade is not None and grade <= top for grade in grades):
            return i
    named = [i for i, name in enumerate(roster.header) if fold(name) in _GRADE_NAMES]
    return named[0] if len(named) == 1 else None


def _person_columns(roster: Roster) -> list[int]:
    """Columns that say who somebody is, and not what grade they have.

    Names are in the site's language. Moodle and others put people first, and the address of their mail last
    of that; behind it only what is known by name, or is neither a grade nor a number, is about a person.
    """
    mail = max(
        (i for i in range(len(roster.header)) if any("@" in row.cells[i][1:] for row in roster.people)),
        default=-1,
    )
    words = "name|student|username|user name|id|sid|number|email|login|sections?|group|institution|department"

    def about_a_person(i: int) -> bool:
        name = roster.header[i]
        if i <= mail or i == roster.index(roster.key):
            return True
        texts = [row.cells[i].strip() for row in roster.people]
        tells = any(re.search(r"[^\W\d_]{2}", text) and fold(text) not in _NO_GRADE for text in texts)
        return "(" not in name and (tells or re.search(rf"\b({words})\b", fold(name)) is not None)

    return [i for i in range(len(roster.header)) if about_a_person(i)]


def _is_column_of_dates(roster: Roster, i: int) -> bool:
    """Whether it holds times of a day, as 9:00, or nothing but dashes."""
    texts = [row.cells[i].strip() for row in roster.rows]
    return any(texts) and all(text in ("", "-") or re.search(r"\d\d?[:.]\d\d", text) for text in texts)


def _questions(known: _Class) -> dict[str, tuple[str, float]]:
    """grade_id -> (title, points) of the exercises that anybody has, in the lab's order."""
    found: dict[str, tuple[str, float]] = {}
    for submission in sorted(known.submissions.values(), key=lambda s: -len(s.exercises)):
        for exercise in submission.exercises:
            found.setdefault(exercise.cell.grade_id, (exercise.cell.title, exercise.cell.max_points))
    return found


def _points_by_exercise(submission: MarkedSubmission) -> dict[str, str]:
    return {e.cell.grade_id: number(e.points) for e in submission.exercises}


def _without_submission(known: _Class) -> Iterator[Row]:
    """The people of whom nobody handed in anything, one line each."""
    seen = set(known.students())
    names = set()
    for row in known.roster.people if known.roster else ():
        name = known.roster.called(row) if known.roster else ""
        if row.line not in seen and name not in names:
            names.add(name)
            yield row


def _is_points_possible(row: Row) -> bool:
    return row.cells[0].strip() == "Points Possible"


# Cells


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV as RFC 4180 has it; line ends are CR LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _grades_in(path: Path, sheet: _Sheet) -> dict[str, str]:
    """Student -> grade in the file that is at `path`, if it has the sheet's columns; {} without one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        old = {row[sheet.who]: row[sheet.grade] for row in csv.DictReader(io.StringIO(text, newline=""))}
    except (OSError, ValueError, KeyError, csv.Error):
        return {}
    return {student: old[cell] for student, cell in sheet.called.items() if cell in old}


def _value(text: str) -> float | None:
    """The number that a cell holds, with a decimal point or comma; None if it holds something else."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _same(one: str, other: str) -> bool:
    values = _value(one), _value(other)
    if None in values:
        return fold(one) == fold(other)
    return number(values[0] or 0.0) == number(values[1] or 0.0)


def _safe(text: str) -> str:
    """`text` so that no spreadsheet runs it: one that begins like a formula gets an apostrophe before it."""
    text = text.strip(" ")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(text: str, column: str) -> str:
    """A person's cell. What the system finds people by goes back as it came, or it would not find them."""
    return text if fold(column) in KEYS and column != "Student" else _safe(text)


# Words


def _problems(known: _Class, unknown: list[str], missing: list[str], sheet: _Sheet) -> list[str]:
    problems = []
    if unknown:
        problems.append(f"Not on the roster ({sheet.unknown}): {_listed(unknown)}.")
    if missing:
        problems.append(f"On the roster without a submission ({sheet.absent}): {_listed(missing)}.")
    if ungraded := [name for name, s in known.submissions.items() if not s.was_graded]:
        problems.append(f"Could not be graded, and count 0: {_listed(ungraded)}.")
    if essays := [name for name, s in known.submissions.items() if s.waiting_points]:
        problems.append(f"An essay waits for a grader and counts 0 until then: {_listed(essays)}.")
    if again := [name for name, s in known.submissions.items() if s.to_look_at_again]:
        problems.append(f"Changed since a person graded it, and must be looked at again: {_listed(again)}.")
    return problems + sheet.problems


def _notes(known: _Class, sheet: _Sheet) -> list[str]:
    notes = list(sheet.notes)
    if known.roster:
        others = [row for row in known.roster.rows if not row.person]
        if names := [n for row in others if (n := next((c.strip() for c in row.cells if c.strip()), ""))]:
            notes.append(f"Lines of the roster that are no people: {_listed(names)}.")
        if known.roster.repeated:
            notes.append(f"Said twice: {'; '.join(known.roster.repeated)}.")
    if late := [f"{name} (−{number(s.penalty)})" for name, s in known.submissions.items() if s.penalty]:
        notes.append(f"Less for lateness: {_listed(late)}.")
    return notes


def _other_points(known: _Class, system: str, text: str) -> list[str]:
    value = _value(text)
    if value is None or _same(text, number(known.top)):
        return []
    return [
        f"{system} gives up to {number(value)} points for this lab, which has {number(known.top)}: points are "
        f"written as they are. Change the number in {system} if that is not meant."
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
