"""Grades for other systems, read back as those systems read them."""

from __future__ import annotations

import csv
import io

import pytest

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.late import Lateness
from course_utils.grading.book.marks import Mark, overlay
from course_utils.grading.pages import export as module
from course_utils.grading.pages.export import export, read_roster

TITLE = course.load_course().labs[0].title
NASTY = {
    "oneil": 'O\'Neil, "Shaq"',
    "muller": "Müller-Lüdenscheidt, Jürgen",
    "hacker": '=HYPERLINK("http://127.0.0.1","click")',
    "minus": "-2+3",
    "lines": "Two\nLines",
}
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (11),{title} (42),Current Score\n"
    "    Points Possible,,,,,5,12,(read only)\n"
    "{rows}"
    '"Student, Test",999,,abc,Section 1,,,\n'
)


@pytest.fixture
def results(records):
    made = [records.result(student) for student in NASTY]
    made[0].cells[2].points = 0.0
    made.append(records.result("anna", labels=records.wrong()))
    return made


@pytest.fixture
def canvas(tmp_path):
    """Canvas's own export of this class, and one person more."""
    out = io.StringIO()
    writer = csv.writer(out)
    for index, (login, name) in enumerate({**NASTY, "anna": "Anna", "absent": "Absent, A."}.items()):
        old = "7.5" if login == "absent" else ""
        writer.writerow([name, 100 + index, f"00{index}", login, "Section 1", 3, old, 50])
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS.format(title=TITLE, rows=out.getvalue()), encoding="utf-8-sig")
    return path


@pytest.fixture
def marks(monkeypatch):
    """Every essay graded with 3, and anna a day late, which costs half."""

    def read(results, paths):
        essay = {"sft_masking-essay-prompt_loss": Mark(3.0)}
        lateness = Lateness({"anna": 90_000.0}, lambda _, points, __: points / 2)
        return overlay(results, {result.student: essay for result in results}, lateness)

    monkeypatch.setattr(module, "read_submissions", read)


def table(path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def canvas_importer(path) -> dict[str, str]:
    """ID -> grade, by the rules of Canvas's importer."""
    header, *rows = table(path)
    assert "Student" in header[0]
    assert "ID" in header[1]
    fixed = 3
    if header[2] == "SIS Login ID":
        fixed += 1
    elif header[2:4] == ["SIS User ID", "SIS Login ID"]:
        fixed += 2
    assert header[fixed - 1] == "Section"
    assert header[fixed:] == [f"{TITLE} (42)"]
    people = [row for row in rows if "Points Possible" not in row[0]]
    assert len(people) == len(rows) - 1
    assert {len(row) for row in rows} == {len(header)}
    return {row[1]: row[fixed] for row in people}


def test_canvas_gets_its_own_columns_and_the_assignment_that_it_knows(results, folders, canvas, marks):
    made = export(results, folders, "canvas", canvas)
    grades = canvas_importer(made.path)
    assert grades == {**{str(100 + i): "12" for i in range(5)}, "105": "3.5", "106": "7.5"}
    assert made.students == 6
    assert table(made.path)[1][-1] == "12"
    names = [row[0] for row in table(made.path)[2:]]
    assert names[:3] == [NASTY["oneil"], NASTY["muller"], "'" + NASTY["hacker"]]
    assert made.problems == ["On the roster without a submission (they keep what Canvas has): absent."]
    assert "anna (−3.5)" in made.notes[1]
    assert "Student, Test" in made.notes[0]


def test_canvas_needs_its_own_file(results, folders, tmp_path):
    with pytest.raises(CourseError, match="Grades, Export"):
        export(results, folders, "canvas")
    other = tmp_path / "list.csv"
    other.write_text("student,name\nanna,Anna\n")
    with pytest.raises(CourseError, match="lacks Student, ID or Section"):
        export(results, folders, "canvas", other)


def test_moodle_gets_the_roster_s_columns(results, folders, tmp_path, marks):
    roster = tmp_path / "moodle.csv"
    lines = ['"First name";"Last name";"ID number";"Email address";"Quiz: One (Real)"']
    lines += [
        f'"{n[:2]}";"Übel";"{i:04}";"{s}";"3"' for i, (s, n) in enumerate(NASTY.items()) if s != "oneil"
    ]
    lines += ['"=A";"B";"0009";"anna";"1"', '"N";"N";"0010";"nobody";"-"']
    roster.write_text("\n".join(lines), encoding="cp1252")
    made = export(results, folders, "moodle", roster)
    header, *rows = table(made.path)
    assert header == ["First name", "Last name", "ID number", "Email address", TITLE]
    by_mail = {row[3]: row for row in rows}
    assert set(by_mail) == {"muller", "hacker", "minus", "lines", "anna"}
    assert by_mail["anna"] == ["'=A", "B", "0009", "anna", "3.5"]
    assert by_mail["minus"][1] == "Übel"
    assert made.problems == [
        "Not on the roster (they are not in the file): oneil.",
        "On the roster without a submission (they are not in the file): nobody.",
    ]


def test_moodle_without_a_roster_goes_by_user_name(results, folders, marks):
    header, *rows = table(export(results, folders, "moodle").path)
    assert header == ["Username", TITLE]
    assert dict(rows)["anna"] == "3.5"


def test_csv_holds_everything_and_everybody(results, folders, tmp_path, marks):
    roster = tmp_path / "roster.csv"
    out = io.StringIO()
    csv.writer(out).writerows([["username", "name", "email"], *[[s, n, f"{s}@x"] for s, n in NASTY.items()]])
    roster.write_text(out.getvalue() + "absent,A,a@x\n")
    made = export(results, folders, "csv", roster)
    raw = made.path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))}
    assert set(rows) == {*NASTY, "anna", "absent"}
    assert rows["hacker"]["name"] == "'" + NASTY["hacker"]
    assert rows["lines"]["name"] == NASTY["lines"]
    anna = rows["anna"]
    assert (anna["points"], anna["penalty"], anna["final"]) == ("7", "3.5", "3.5")
    assert (anna["Mask the prompt"], anna["note"]) == ("0", "not on the roster")
    assert (rows["absent"]["status"], rows["absent"]["final"]) == ("nothing handed in", "")
    assert [sentence.split(" (")[0] for sentence in made.problems] == [
        "Not on the roster",
        "On the roster without a submission",
    ]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1"])
def test_no_cell_begins_a_formula(results, folders, records, text):
    made = export([*results, records.result(text)], folders, "csv")
    assert not [
        c for row in table(made.path)[1:] for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


def test_a_penalty_never_makes_points_negative(results, folders, monkeypatch):
    greedy = Lateness({"anna": 1.0}, lambda *_: 99.0)
    monkeypatch.setattr(module, "read_submissions", lambda r, _: overlay(r, {}, greedy))
    _, *rows = table(export(results, folders, "moodle").path)
    assert dict(rows)["anna"] == "0"


def test_who_could_not_be_graded_and_whose_essay_waits_is_told(results, folders, records):
    made = export([*results, records.result("torn", status="unreadable", cells=[])], folders, "csv")
    assert made.problems[0] == "Could not be graded, and count 0: torn."
    assert "An essay waits" in made.problems[1]
    assert "anna" in made.problems[1]
    assert "torn" not in made.problems[1]


@pytest.mark.parametrize(
    ("content", "by", "says"),
    [
        ("student\n", "", "holds no students"),
        ("student,name\nx,anna b\ny,z\n", "", "No column of the roster.*student, name"),
        ("student\nanna\nAnna\n", "", "'anna' twice"),
        ("student\nanna\n", "login", "no column 'login'"),
    ],
)
def test_a_roster_that_does_not_fit_is_named(tmp_path, content, by, says):
    path = tmp_path / "roster.csv"
    path.write_text(content)
    with pytest.raises(CourseError, match=says):
        read_roster(path, ["anna"], by)


def test_no_roster_and_no_such_target(results, folders, tmp_path):
    with pytest.raises(CourseError, match=r"gone\.csv cannot be read"):
        export(results, folders, "csv", tmp_path / "gone.csv")
    with pytest.raises(CourseError, match="Did you mean canvas"):
        export(results, folders, "cnavas")


def test_two_folders_that_claim_one_person_are_told(tmp_path, results, folders, records, marks):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nanna,Anna\n")
    made = export(
        [records.result("ANNA"), records.result("anna", labels=records.wrong())], folders, "moodle", path
    )
    assert table(made.path)[1:] == [["anna", "Anna", "3.5"]]
    assert made.problems == ["Not on the roster (they are not in the file): ANNA."]


def test_the_column_can_be_named_and_case_does_not_matter(tmp_path, results, folders):
    path = tmp_path / "roster.csv"
    path.write_text("login,other\nANNA,oneil\nMuller,x\n")
    assert read_roster(path, ["anna", "muller"]).key == "login"
    assert read_roster(path, ["anna", "muller"], "Other").key == "other"
    assert export(results, folders, "moodle", path).students == 2
