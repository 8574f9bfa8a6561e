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
    names = 2 if header[:2] == ["LastName", "FirstName"] else 1
    assert names == 2 or "Student" in header[0]
    assert "ID" in header[names]
    fixed = names + 2
    if header[fixed - 1] == "SIS Login ID":
        fixed += 1
    elif header[fixed - 1 : fixed + 1] == ["SIS User ID", "SIS Login ID"]:
        fixed += 2
    assert header[fixed - 1] == "Section"
    assert len(header) == fixed + 1
    people = [row for row in rows if "Points Possible" not in row[0]]
    assert len(people) == len(rows) - 1
    assert {len(row) for row in rows} == {len(header)}
    return {row[names]: row[fixed] for row in people}


def test_canvas_gets_its_own_columns_and_the_assignment_that_it_knows(results, folders, canvas, marks):
    made = export(results, folders, "canvas", canvas)
    grades = canvas_importer(made.path)
    assert grades == {**{str(100 + i): "12" for i in range(5)}, "105": "3.5", "106": "7.5", "999": ""}
    assert table(made.path)[0][-1] == f"{TITLE} (42)"
    assert made.students == 6
    assert table(made.path)[1][-1] == "12"
    assert table(made.path)[-1] == ["Student, Test", "999", "", "abc", "Section 1", ""]
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


# Canvas's other shapes


def canvas_file(
    tmp_path, title=f"{TITLE} (42)", rows=(), possible="12", head="Student,ID,SIS Login ID,Section"
):
    path = tmp_path / "canvas.csv"
    blank = "," * head.count(",")
    lines = [f'{head},"{title}"', f"{blank},Manual Posting", f"    Points Possible{blank},{possible}", *rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_canvas_with_two_columns_for_a_name(results, folders, tmp_path, marks):
    rows = ['Okafor,"Anna, B.",7,anna,1,', "Student,Test,8,x,1,"]
    path = canvas_file(tmp_path, rows=rows, head="LastName,FirstName,ID,SIS Login ID,Section")
    made = export(results, folders, "canvas", path)
    assert canvas_importer(made.path) == {"7": "3.5", "8": ""}
    assert "Not on the roster" in made.problems[0]
    assert "Lines of the roster that are no people: Manual Posting, Points Possible, Student" in " ".join(
        made.notes
    )


def test_who_is_excused_in_canvas_stays_so(results, folders, tmp_path, marks):
    path = canvas_file(
        tmp_path, rows=["A,7,anna,1,EX", "O,8,oneil,1,ex", "M,9,minus,1,N/A", "L,10,lines,1,3"]
    )
    made = export(results, folders, "canvas", path)
    assert canvas_importer(made.path) == {"7": "EX", "8": "ex", "9": "12", "10": "12"}
    assert "Excused in Canvas, which stays: anna, oneil." in made.notes
    assert [(c.student, c.before, c.after) for c in made.changes] == [
        ("lines", "3", "12"),
        ("minus", "", "12"),
    ]
    assert made.unchanged == 2


@pytest.mark.parametrize(
    "title",
    [
        "Lab 1 (42)",
        f"Lab 1: {TITLE} (42)",
        "01_sft_masking",
        f"{TITLE.upper()} (42)",
        "Lab 01 - sft_masking (42)",
    ],
)
def test_the_column_of_a_lab_is_found_by_its_title_or_number(results, folders, tmp_path, marks, title):
    made = export(results, folders, "canvas", canvas_file(tmp_path, title, ["A,7,anna,1,2"]))
    assert table(made.path)[0][-1] == title
    assert made.changes[0].before == "2"


@pytest.mark.parametrize("title", ["Lab 1 attendance (42)", "Lab 10 (42)", "Warm-up (1)", "1 Current Score"])
def test_a_column_that_only_looks_like_the_labs_is_left_alone(results, folders, tmp_path, marks, title):
    made = export(results, folders, "canvas", canvas_file(tmp_path, title, ["A,7,anna,1,2"]))
    assert table(made.path)[0][-1] == TITLE
    assert f"it will make a new assignment, '{TITLE}'" in made.notes[0]
    assert table(made.path)[1] == ["    Points Possible", "", "", "", "12"]


@pytest.mark.parametrize("column", ["43", "Masking, once more (43)", "masking, once more"])
def test_a_column_is_named_by_its_id_or_its_title(results, folders, tmp_path, marks, column):
    path = canvas_file(tmp_path, f'{TITLE} (42)","Masking, once more (43)', ["A,7,anna,1,2,5"], "12,12")
    made = export(results, folders, "canvas", path, column=column)
    assert table(made.path)[0][-1] == "Masking, once more (43)"
    assert made.changes[0].before == "5"
    with pytest.raises(CourseError, match="no column '44'"):
        export(results, folders, "canvas", path, column="44")


def test_two_columns_that_fit_are_named_and_nothing_is_written(results, folders, tmp_path, marks):
    path = canvas_file(tmp_path, f'Lab 1 (41)","{TITLE} (42)', ["A,7,anna,1,2,5"], "12,12")
    with pytest.raises(CourseError, match=r"2 columns .*'Lab 1 \(41\)', .*\(42\)'.*--column"):
        export(results, folders, "canvas", path)
    assert not (folders.root / "exports").exists()
    with pytest.raises(CourseError, match="--roster"):
        export(results, folders, "csv", column="42")


@pytest.mark.parametrize(
    ("possible", "same"), [("12.00", True), ("12,00", True), ("100", False), ("40.5", False)]
)
def test_other_points_possible_are_told_and_not_changed(results, folders, tmp_path, marks, possible, same):
    made = export(
        results, folders, "canvas", canvas_file(tmp_path, possible=f'"{possible}"', rows=["A,7,anna,1,"])
    )
    assert table(made.path)[1][-1] == possible
    told = [sentence for sentence in made.problems if "Canvas gives up to" in sentence]
    assert len(told) == (not same)
    assert same or "which has 12" in told[0]


def test_a_student_in_two_sections_gets_the_grade_on_both_lines(results, folders, tmp_path, marks):
    made = export(results, folders, "canvas", canvas_file(tmp_path, rows=["A,7,anna,1,2", "A,7,anna,2,2"]))
    assert [row[-1] for row in table(made.path)[2:]] == ["3.5", "3.5"]
    assert made.students == 1
    assert [change.student for change in made.changes] == ["anna"]


# Moodle's grading worksheet, in the language of the site

WORKSHEETS = {
    "en": "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Online text,Last modified (grade),Feedback comments",
    "de": "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Zuletzt geändert (Abgabe),Texteingabe online,Zuletzt geändert (Bewertung),Feedback als Kommentar",
    "fr": "Identifiant,Nom complet,Numéro d’identification,Adresse de courriel,Statut,Note,Note maximale,"
    "La note peut être modifiée,Dernière modification (travail remis),Texte en ligne,Dernière modification (note),"
    "Feedback par commentaires",
    "ja": "識別子,姓 / 名,IDナンバー,メールアドレス,ステータス,評点,最大評点,評点を変更できます,最終更新日時 (提出),"
    "オンラインテキスト,最終更新日時 (評点),フィードバックコメント",
}
WHO = {"en": "Participant ", "de": "Teilnehmer/in", "fr": "Participant ", "ja": "参加者"}


def worksheet(tmp_path, language, people, top="12.00", **changes):
    """people: (name, ID number, mail, grade) each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(WORKSHEETS[language].split(","))
    when = "Thursday, 15 January 2026, 9:05 PM"
    for i, (name, number, mail, grade) in enumerate(people):
        row = [f"{WHO[language]}{4000 + i}", name, number, mail, "Submitted", grade, top, "Yes"]
        writer.writerow([*row, when, "=1+1", "-" if not grade else when, "=my <b>words</b>"])
    path = tmp_path / "worksheet.csv"
    path.write_text(out.getvalue(), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("language", WORKSHEETS)
def test_a_moodle_worksheet_comes_back_with_nothing_but_its_grades_changed(
    results, folders, tmp_path, marks, language
):
    people = [
        ("Anna Ähren", "0042", "anna", "7.00"),
        ("Shaq", "", "oneil", ""),
        ("Nobody", "3", "nobody", "5.00"),
    ]
    path = worksheet(tmp_path, language, people)
    made = export(results, folders, "moodle", path)
    before, after = table(path), table(made.path)
    assert after[0] == before[0]
    assert [row[5] for row in after[1:]] == ["3.5", "12", "5.00"]
    for old, new in zip(before[1:], after[1:], strict=True):
        old[5] = new[5]
        old[9] = "'=1+1"  # what a student typed is not for a spreadsheet to run; Moodle does not read it
        assert new == old
    assert made.students == 2
    assert "their lines stay as they are): nobody." in made.problems[1]
    assert [(c.student, c.before, c.after) for c in made.changes] == [
        ("anna", "7.00", "3.5"),
        ("oneil", "", "12"),
    ]


@pytest.mark.parametrize("name", ["Participant 4000", "4000"])
def test_students_may_be_called_by_moodles_identifier(records, folders, tmp_path, name):
    path = worksheet(tmp_path, "en", [("Anna", "", "a@x", ""), ("Ben", "", "b@x", "")])
    made = export([records.result(name)], folders, "moodle", path)
    assert [row[5] for row in table(made.path)[1:]] == ["9", ""]
    assert "Participant 4001" in " ".join(made.problems)


def test_a_worksheet_with_other_points_or_without_its_columns_of_points(results, folders, tmp_path, marks):
    made = export(results, folders, "moodle", worksheet(tmp_path, "de", [("Anna", "", "anna", "")], "100,00"))
    assert "Moodle gives up to 100 points for this lab, which has 12" in " ".join(made.problems)
    path = tmp_path / "short.csv"
    for name, column in (("Bewertung", ""), ("Punkte", "Punkte")):
        path.write_text(f"ID,Name,{name}\nTeilnehmer/in1,anna,\n")
        made = export(results, folders, "moodle", path, column=column)
        assert table(made.path) == [["ID", "Name", name], ["Teilnehmer/in1", "anna", "3.5"]]


@pytest.mark.parametrize(
    "header",
    [
        "Vorname,Nachname,ID-Nummer,Institution,Abteilung,E-Mail-Adresse",
        "Prénom,Nom,Numéro d’identification,Institution,Département,Adresse de courriel",
        "名,姓,IDナンバー,所属,部署,メールアドレス",
    ],
)
def test_the_people_of_a_moodle_in_another_language_keep_their_columns(records, folders, tmp_path, header):
    path = tmp_path / "moodle.csv"
    path.write_text(
        f"{header},Quiz: One (Punkte),Total,Kürzel\nA,Ö,0042,,,anna@x.org,3,-,42\nB,P,0043,,,ben@x.org,-,7,43\n"
    )
    made = export([records.result("0042")], folders, "moodle", path)
    assert table(made.path) == [[*header.split(","), TITLE], ["A", "Ö", "0042", "", "", "anna@x.org", "9"]]
    by_key = export([records.result("42")], folders, "moodle", path, by="Kürzel")
    assert table(by_key.path)[0] == [*header.split(","), "Kürzel", TITLE]


# Gradescope


def test_gradescope_s_layout(results, folders, tmp_path, marks):
    path = tmp_path / "roster.csv"
    path.write_text("First Name,Last Name,SID,Email,Sections\nAnna,Ä,0042,anna,A1\n=B,C,0043,absent,\n")
    made = export(results, folders, "gradescope", path)
    rows = {row["SID"]: row for row in csv.DictReader(io.StringIO(made.path.read_text(), newline=""))}
    assert list(rows["0042"])[:8] == [
        *("First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status")
    ]
    anna = rows["0042"]
    assert (anna["Total Score"], anna["Max Points"], anna["Status"]) == ("3.5", "12", "Graded")
    assert (anna["Lateness (H:M:S)"], anna["2: Mask the prompt (5 pts)"]) == ("25:00:00", "0")
    assert (rows["0043"]["Status"], rows["0043"]["Total Score"]) == ("Missing", "")
    assert rows["0043"]["First Name"] == "'=B"
    assert rows["oneil"]["Email"] == ""
    alone = table(export(results, folders, "gradescope").path)
    assert alone[0][:2] == ["Name", "SID"]
    assert len(alone) == 1 + len(results)


def test_gradescope_says_whose_essay_waits(records, folders):
    assert table(export([records.result("anna")], folders, "gradescope").path)[1][6] == "Ungraded"


# Rosters as they come


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("sep=;\nstudent;name\nanna;Ä, B\n007;C\n", "utf-8"),
        ("sep=;\r\nstudent;name\r\nanna;Ä, B\r\n007;C\r\n", "utf-16"),
        ("student\tname\nanna\tÄ, B\n007\tC\n", "utf-16-le"),
        ("student\tname\nanna\tÄ, B\n007\tC\n", "utf-16-be"),
        ('"student";"name"\r"anna";"Ä, B"\r"007";"C"\r', "cp1252"),
        ('\n\nstudent,name\n\nanna,"Ä, B"\n,\n007,C\n', "utf-8-sig"),
        ('"name, first";student;"x, y"\n"Ä, B";anna;\nC;007;\n', "utf-8"),
        ("student;name;;\nanna;Ä, B;;\n007;C;;\n", "utf-8"),
    ],
)
def test_a_roster_is_read_however_a_spreadsheet_wrote_it(records, folders, tmp_path, text, encoding):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    roster = read_roster(path, ["anna", "007"])
    assert roster.key == "student"
    assert [row.cells[roster.index("student")] for row in roster.people] == ["anna", "007"]
    assert "Ä, B" in roster.people[0].cells
    made = export([records.result("anna"), records.result("007")], folders, "moodle", path)
    assert "007" in table(made.path)[2]
    assert made.students == 2


def test_zeros_that_a_spreadsheet_took_are_found_again_where_that_is_certain(records, folders, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\n42,A\n0043,B\n44,C\n044,D\n45,E\n")
    students = ["0042", "43", "0044", "045", "45"]
    made = export([records.result(student) for student in students], folders, "moodle", path)
    assert [row[0] for row in table(made.path)[1:]] == ["42", "0043", "45"]
    assert made.problems[:2] == [
        "Not on the roster (they are not in the file): 0044, 045.",
        "On the roster without a submission (they are not in the file): 044, 44.",
    ]


def test_one_student_on_two_equal_lines_is_one_and_told(records, folders, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nanna,Anna\nben,Ben\nanna,Anna\n")
    made = export([records.result("anna"), records.result("ben")], folders, "moodle", path)
    assert [row[0] for row in table(made.path)[1:]] == ["anna", "ben"]
    assert made.notes == ["Said twice: line 4 of the roster is line 2 again."]
    path.write_text("student,name\nanna,Anna\nben,Ben\nanna,Anja\n")
    with pytest.raises(CourseError, match=r"'anna' twice .*lines 2 and 4, which differ in name"):
        read_roster(path, ["anna"])


def test_a_line_without_an_id_and_one_with_too_many_cells_are_named(records, folders, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nanna,Anna\n,Ben Novak\n,Eve\n")
    made = export([records.result("anna")], folders, "moodle", path)
    assert (
        "without a submission (they are not in the file): line 3 (Ben Novak), line 4 (Eve)."
        in made.problems[0]
    )
    assert "line 3 (Ben Novak)" in [
        row[0] for row in table(export([records.result("anna")], folders, "csv", path).path)
    ]
    path.write_text("name,student\nAnna,anna\nNovak, Ben,ben\n")
    with pytest.raises(CourseError, match=r"Line 3 .*more cells"):
        read_roster(path, ["anna"])


def test_accents_are_one_in_both_ways_to_write_them(records, folders, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nju\u0308rgen,J\n")
    assert export([records.result("j\u00fcrgen")], folders, "moodle", path).problems[0].startswith("An essay")


# What will change


@pytest.mark.parametrize("to", ["csv", "moodle", "gradescope"])
def test_a_preview_says_what_changes_and_writes_nothing(results, folders, marks, to):
    first = export(results, folders, to, dry_run=True)
    assert not first.path.exists()
    assert {change.before for change in first.changes} == {""}
    assert len(first.changes) == 6
    made = export(results, folders, to)
    assert len(made.changes) == 6
    text = made.path.read_bytes()
    assert export(results, folders, to).changes == []
    results[0].cells[0].points = 1.0
    again = export(results, folders, to, dry_run=True)
    assert [(c.student, c.before, c.after) for c in again.changes] == [("oneil", "12", "9")]
    assert again.unchanged == 5
    assert made.path.read_bytes() == text


def test_every_exercise_has_a_column_also_one_that_the_longest_record_lacks(records, folders):
    extra = records.result("ben", cells=[records.cell("sft_masking-new-thing-tests", 2.0, title="New thing")])
    header, *rows = table(export([records.result("anna"), extra], folders, "csv").path)
    assert [row[header.index("New thing")] for row in rows] == ["", "2"]


def test_the_status_is_that_of_now(records, folders, monkeypatch):
    essay = "sft_masking-essay-prompt_loss"
    found = [records.result(name, status="needs manual grading") for name in ("anna", "ben", "carl")]
    given = {"anna": {essay: Mark(2.0)}, "ben": {essay: Mark(None, True)}, "carl": {essay: Mark(2.0, True)}}
    monkeypatch.setattr(module, "read_submissions", lambda r, _: overlay(r, given))
    made = export(found, folders, "csv")
    header, *rows = table(made.path)
    status = {row[0]: row[header.index("status")] for row in rows}
    assert status == {"anna": "graded", "ben": "needs manual grading", "carl": "needs manual grading"}
    assert made.problems == [
        "An essay waits for a grader and counts 0 until then: ben.",
        "Changed since a person graded it, and must be looked at again: carl.",
    ]
