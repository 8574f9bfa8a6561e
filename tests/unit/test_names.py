"""Names of a roster come into the gradebook under the ids that the class has there."""

from __future__ import annotations

import os

import pytest
from nbgrader.api import Gradebook

from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading.pages.names import enter_names

CANVAS = 'Student,ID,SIS User ID,SIS Login ID,Section\n"Doe, Jane",12,,doe\\jane,A\n"O\'Brien, Con",13,,cobrien,A\n'
MOODLE = "Vorname;Nachname;ID-Nummer;Username\nJos\u00e9;P\u00e9rez;1;jos\u00e9\nAnna;Lee;2;Anna\n"


@pytest.fixture
def course(folders):
    """A class that has handed in: accents as macOS composes them, a blank at the end, a name that is no UTF-8."""
    for student in ("12", "jose\u0301", "anna ", os.fsdecode(b"caf\xe9"), "nobody"):
        (folders.submitted / student).mkdir(parents=True)
    return folders


def names(paths) -> dict[str, tuple]:
    with Gradebook(paths.database_url, load_course().course_id) as book:
        return {one.id: (one.first_name, one.last_name, one.email) for one in book.students}


@pytest.mark.parametrize(
    ("text", "by", "found"),
    [
        (CANVAS, "ID", {"12": ("Jane", "Doe", None), "13": ("Con", "O'Brien", None)}),
        (
            MOODLE,
            "Username",
            {"jose\u0301": ("Jos\u00e9", "P\u00e9rez", None), "anna ": ("Anna", "Lee", None)},
        ),
        ("id,Full name,Email\nanna,Anna Maria Lee,a@x\n", "id", {"anna ": ("Anna Maria", "Lee", "a@x")}),
    ],
    ids=["canvas", "moodle", "full names"],
)
def test_names_of_a_roster(course, tmp_path, text, by, found):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    named, unknown = enter_names(path, course, by)
    assert named == sorted(found)
    assert "nobody" in unknown
    assert names(course) == found


def test_what_a_roster_does_not_say_stays(course, tmp_path):
    path = tmp_path / "roster.csv"
    for text in ("id,first name,last name,email\n12,Jane,Doe,j@x\n", "id,first name\n12,Janet\n"):
        path.write_text(text)
        enter_names(path, course, "id")
    assert names(course) == {"12": ("Janet", "Doe", "j@x")}


def test_a_roster_without_names_is_a_sentence(course, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("id,points\n12,3\n")
    with pytest.raises(CourseError, match=r"no column of names.*it has id, points"):
        enter_names(path, course, "id")
