"""Names from a roster into the gradebook, where Formgrader finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.book import gradebook
from course_utils.grading.book.gradebook import Person
from course_utils.grading.book.roster import Roster, Row, match, read_roster
from course_utils.grading.paths import CoursePaths

# Columns as Canvas, Moodle (English, German, French, Spanish) and nbgrader call them.
_FIRST = ("first name", "first_name", "firstname", "given name", "vorname", "prénom", "nombre")
_LAST = (
    "last name",
    "last_name",
    "lastname",
    "surname",
    "family name",
    "nachname",
    "nom",
    "nom de famille",
    "apellido(s)",
)
_WHOLE = ("student", "full name", "fullname", "name", "vollständiger name", "nom complet", "nombre completo")
_EMAIL = ("email", "email address", "e-mail", "e-mail-adresse", "adresse de courriel", "dirección de correo")


def enter_names(roster: Path, paths: CoursePaths, by: str = "") -> tuple[list[str], list[str]]:
    """Write the names of a roster's people into the gradebook. by: its column that names students as submitted/ does.

    Returns (students who have a name now, students who are not on the roster). Raises CourseError for a roster that
    cannot be read, that names none of the class, or that has no column of names.
    """
    students = _students(paths)
    people = read_roster(roster, students, by)
    matched, unknown, _ = match(students, people)
    owner = {row.line: student for student, rows in matched.items() for row in rows}
    named = {}
    for row, person in _people(people):
        # Whoever has handed in nothing yet gets the id that the roster has for a student.
        if name := owner.get(row.line) or people.cell(row, people.key).strip():
            named[name] = person
    gradebook.enter_people(paths, named)
    return sorted(named), unknown


def _students(paths: CoursePaths) -> set[str]:
    """Whoever has a folder in submitted/ or is in the gradebook."""
    folders = paths.submitted.iterdir() if paths.submitted.is_dir() else ()
    there = {path.name for path in folders if path.is_dir() and not path.name.startswith(".")}
    return there | gradebook.students(paths.database)


def _people(roster: Roster) -> Iterator[tuple[Row, Person]]:
    columns = [_column(roster, names) for names in (_FIRST, _LAST, _WHOLE, _EMAIL)]
    if not any(columns[:3]):
        raise CourseError(
            f"The roster {roster.path} has no column of names, such as {_FIRST[0]!r}, {_LAST[0]!r} or {_WHOLE[0]!r}: "
            f"it has {', '.join(roster.header)}."
        )
    for row in roster.people:
        given, family, whole, email = (roster.cell(row, name).strip() if name else "" for name in columns)
        if not (given or family):
            family, comma, given = (part.strip() for part in whole.partition(","))
            if not comma:
                given, _, family = family.rpartition(" ")
        yield row, Person(given, family, email)


def _column(roster: Roster, names: Iterable[str]) -> str:
    """The roster's column of one of these names; "" if it has none."""
    header = {name.strip().casefold(): name for name in roster.header}
    return next((header[name] for name in names if name in header), "")
