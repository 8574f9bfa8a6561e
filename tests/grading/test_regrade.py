"""After the tests were mended: what is graded again, and that nothing that a person did is lost."""

from __future__ import annotations

import io
import shutil
from copy import copy, deepcopy
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import nbformat
import pytest
import typer
from gradebooks import facts, fingerprint, mark, open_book
from nbformat.v4 import new_code_cell
from nbgrader.utils import compute_checksum
from rich.console import Console

from course_utils import cli, course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import aside, gradebook, records
from course_utils.grading.book.aside import SetAside, read_set_aside
from course_utils.grading.pages.report import write_report
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run import hand_in_time, one_submission
from course_utils.grading.run.changes import SourceDigests, Work
from course_utils.grading.run.grade_class import waiting
from course_utils.grading.run.register import register
from course_utils.grading.run.repair import released_view
from course_utils.grading.run.scratch import alone
from course_utils.grading.run.whatif import Change, Preview, show_preview, what_if
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.machine import choose

LAB = "07_tiny"
DOUBLE, TOTAL, ESSAY = "tiny-a-double-tests", "tiny-b-total-tests", "tiny-essay-why"


def cell(nb, name):
    return next(c for c in nb.cells if nbk.grade_id(c) == name)


def save(room) -> None:
    nbformat.write(room.source, room.paths.solutions / LAB / f"{LAB}.ipynb")


def mend(room, name, old, new) -> None:
    assert old in cell(room.source, name).source
    cell(room.source, name).source = cell(room.source, name).source.replace(old, new)
    save(room)


def hand_out(room) -> None:
    """As nbgrader does it: every cell of the lab's own carries the checksum of what was handed out."""
    room.released = released_view(room.source)
    for each in room.released.cells:
        if nbk.grade_id(each):
            each.metadata["nbgrader"]["checksum"] = compute_checksum(each)


def drop(room, *names) -> None:
    room.source.cells = [c for c in room.source.cells if nbk.grade_id(c) not in names]
    save(room)


def add_exercise(room, name="tiny-c-half", points=4) -> None:
    """Half of a number, below everything else."""
    for source, suffix, marks in (
        (
            "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION",
            "",
            {"solution": True},
        ),
        ("assert half(4) == 2", "-tests", {"grade": True, "locked": True, "points": points}),
    ):
        new = new_code_cell(source, id=name + suffix)
        meta = {"grade": False, "solution": False, "locked": False, "task": False, **marks}
        new.metadata["nbgrader"] = {"grade_id": name + suffix, "schema_version": 3, **meta}
        room.source.cells.append(new)
    save(room)


def rename(room, old, new) -> None:
    """Another id for an exercise; its function keeps its name."""
    for suffix in ("", "-tests"):
        one = cell(room.source, old + suffix)
        one.metadata["nbgrader"]["grade_id"] = one.id = new + suffix
    save(room)


def essay(room, answers=None):
    nb = room.notebook(answers)
    cell(nb, ESSAY).source = "Because."
    return nb


@pytest.fixture(scope="module")
def marked_once(classroom):
    """A graded class in which a person gave points, extra credit and comments."""
    room = classroom
    hand_out(room)
    room.hand_in("anna", essay(room))
    room.hand_in("bert", essay(room, room.wrong))
    room.hand_in("cleo", room.notebook({}))
    room.grade()
    mark(room.paths, LAB, "anna", ESSAY, points=1.5, comment="Good.")
    mark(room.paths, LAB, "anna", DOUBLE, extra=0.5)
    mark(room.paths, LAB, "bert", TOTAL, points=1.0, comment="Half right.")
    return room


@pytest.fixture
def marked(marked_once, tmp_path):
    """A copy of it for each test."""
    room = copy(marked_once)
    shutil.copytree(room.paths.root, tmp_path / "course")
    room.paths = CoursePaths(root=tmp_path / "course")
    room.source = deepcopy(room.source)
    return room


def outputs(room, student):
    nb = nbk.read(room.paths.autograded / student / LAB / f"{LAB}.ipynb")
    return {nbk.grade_id(c): c.outputs for c in nb.cells if nbk.is_test(c)}


def test_a_mended_test_is_run_again_and_no_other(marked):
    room = marked
    before, notebook = facts(room.paths, LAB), outputs(room, "anna")
    old = records.read_record(room.paths.autograded / "anna" / LAB / "result.json")
    # The other test would fail now if it was run: its student's cell is not what it was graded with.
    mend(room, TOTAL, "24", "25")
    results = room.grade()
    after = facts(room.paths, LAB)
    assert results["anna"].score == 3 + 0.5 + 1.5
    assert after["anna", TOTAL] == {**before["anna", TOTAL], "auto": 0.0}
    assert after["bert", TOTAL] == before["bert", TOTAL]
    assert {k: v for k, v in after.items() if k[1] not in (TOTAL, "")} == {
        k: v for k, v in before.items() if k[1] not in (TOTAL, "")
    }
    assert after["anna", ESSAY]["manual"] == 1.5
    assert after["anna", ESSAY]["needs"] is False
    now = outputs(room, "anna")
    assert now[DOUBLE] == notebook[DOUBLE]
    assert "25" in str(now[TOTAL])
    new = {c.grade_id: c for c in results["anna"].cells}
    assert new[TOTAL].state == "failed"
    assert [c for c in results["anna"].cells if c.grade_id != TOTAL] == [
        c for c in old.cells if c.grade_id != TOTAL
    ]
    assert waiting(LAB, room.paths) == []
    assert not list((room.paths.root / ".course").glob("scratch-*"))
    again = fingerprint(room.paths.autograded)
    room.grade()
    assert fingerprint(room.paths.autograded) == again


def test_only_the_mended_test_runs(marked, monkeypatch):
    """The other tests' digests are old too, but only the one that was asked for is run."""
    room = marked
    mend(room, DOUBLE, "[6, 8, 10]", "[0]")
    mend(room, TOTAL, "24", "25")
    results = room.grade(exercises=["total"])
    states = {c.grade_id: c.state for c in results["anna"].cells}
    assert states == {DOUBLE: "passed", TOTAL: "failed", ESSAY: "manual"}
    assert facts(room.paths, LAB)["anna", DOUBLE]["auto"] == 3.0
    assert waiting(LAB, room.paths) == ["anna", "bert", "cleo"]
    assert {c.state for c in room.grade()["anna"].cells} == {"failed", "manual"}
    assert waiting(LAB, room.paths) == []


def test_one_exercise_leaves_new_submissions_alone(marked):
    room = marked
    room.hand_in("anna", essay(room, room.wrong))
    room.hand_in("dora", room.notebook())
    before = facts(room.paths, LAB)
    results = room.grade(exercises=["tiny-b-total"])
    assert "dora" not in results
    assert facts(room.paths, LAB) == before
    assert waiting(LAB, room.paths) == ["anna", "dora"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("totall", r"no exercise 'totall'\. Did you mean total\?.*double, total"),
        ("tiny-a-doubel", "Did you mean tiny-a-double"),
        ("xyz", r"'xyz'\. The exercises are: double, total"),
        (ESSAY, "graded by hand"),
    ],
)
def test_an_unknown_exercise_is_named_with_the_near_ones(marked, name, says):
    before = fingerprint(marked.paths.autograded)
    with pytest.raises(CourseError, match=says):
        marked.grade(exercises=[name])
    assert fingerprint(marked.paths.autograded) == before


def test_a_text_an_answer_or_a_mark_scheme_changes_no_grade(marked):
    room = marked
    before = fingerprint(room.paths.autograded, room.paths.database)
    next(c for c in room.source.cells if c.cell_type == "markdown").source += " More words."
    cell(room.source, "tiny-a-double").source += "\n# a better solution"
    cell(room.source, ESSAY).source = "### BEGIN MARK SCHEME\nThree.\n### END MARK SCHEME"
    save(room)
    room.grade()
    assert fingerprint(room.paths.autograded, room.paths.database) == before


def test_a_changed_setup_cell_reaches_everybody(marked):
    """nbgrader puts locked cells back from the gradebook: it must have the new ones."""
    room = marked
    mend(room, "tiny-setup", "TOY = [3, 4, 5]", "TOY = [1, 1, 1]")
    assert room.grade()["anna"].cells[0].state == "failed"
    nb = nbk.read(room.paths.autograded / "anna" / LAB / f"{LAB}.ipynb")
    assert "[1, 1, 1]" in cell(nb, "tiny-setup").source
    assert facts(room.paths, LAB)["anna", ESSAY]["manual"] == 1.5


def test_changed_points_reach_the_gradebook(marked):
    room = marked
    cell(room.source, TOTAL).metadata["nbgrader"]["points"] = 4
    save(room)
    result = room.grade()["anna"]
    assert (result.score, result.max_score) == (3 + 4 + 0.5 + 1.5, 9)


def test_a_changed_answer_asks_for_the_person_again(marked):
    room = marked
    nb = essay(room)
    cell(nb, ESSAY).source = "Because of something else."
    room.hand_in("anna", nb)
    room.grade()
    kept = facts(room.paths, LAB)["anna", ESSAY]
    assert (kept["manual"], kept["needs"], kept["said"]) == (1.5, True, "Good.")


def test_force_keeps_what_a_person_gave(marked):
    room = marked
    before = facts(room.paths, LAB)
    stamps = fingerprint(room.paths.autograded)
    room.grade(force=True)
    assert facts(room.paths, LAB) == before
    assert fingerprint(room.paths.autograded) != stamps


def test_a_forced_run_that_was_cut_off_is_not_taken_for_finished(marked, monkeypatch):
    room = marked
    tests = SourceDigests.of(room.source)
    submission = room.paths.submission(LAB, "anna")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(one_submission, "_convert", killed)
    for name in ("COURSE_GRADING", "COURSE_PROFILE"):  # what a worker sets for itself must not stay here
        monkeypatch.setenv(name, "")
    with pytest.raises(KeyboardInterrupt):
        one_submission.grade(submission, Work(tests), Where(choose()), unsafe=False)
    assert waiting(LAB, room.paths) == ["anna"]
    assert [r.student for r in records.load_records(LAB, room.paths)] == ["anna", "bert", "cleo"]


def test_what_if_says_what_changes_and_changes_nothing(marked):
    room = marked
    (room.paths.feedback / "anna").mkdir(parents=True)
    (room.paths.feedback / "anna" / "page.html").write_text("as it is")
    mend(room, TOTAL, "24", "25")
    room.hand_in("dora", room.notebook())
    places = [
        room.paths.autograded,
        room.paths.feedback,
        room.paths.submitted,
        room.paths.database,
        room.paths.root / "backups",
    ]
    before = fingerprint(*places)
    preview = what_if(LAB, room.paths)
    assert fingerprint(*places) == before
    assert preview.changes == [
        Change("anna", "Total", 2.0, 0.0),
        Change("anna", "all together", 7.0, 5.0),
        Change("dora", "all together", None, 3.0),
    ]
    assert preview.students == 4
    assert not list((room.paths.root / ".course").glob("scratch-*"))
    room.grade()
    assert what_if(LAB, room.paths).changes == []


def test_two_runs_at_a_time_are_refused(marked):
    room = marked
    with alone(room.paths), pytest.raises(CourseError, match="Another run"):
        room.grade(force=True)
    room.grade(force=True)


def test_a_preview_names_what_is_set_aside_and_who_would_be_flagged():
    flag = records.Flag("a test cell was changed", "tiny-b-total-tests: this is not the student's to change.")
    console = Console(file=io.StringIO(), width=200)
    show_preview(Preview([Change("anna", "Total", 2.0, None)], 3, [("bert", flag)]), console)
    said = console.file.getvalue()
    assert "set aside" in said
    assert "bert would be flagged: a test cell was changed. tiny-b-total-tests" in said


# A lab that was changed after it was graded

ANNAS = SetAside(TOTAL, "anna", 2.0, 2.0, False, "")
BERTS = SetAside(TOTAL, "bert", 1.0, 2.0, True, "Half right.")


def kept(room):
    return read_set_aside(LAB, room.paths.database)


def bring_into_gradebook(room) -> None:
    """What `course grade` does before it grades."""
    scratch = room.paths.root / "scratch"
    scratch.mkdir()
    register(room.paths.lab(LAB), scratch)
    shutil.rmtree(scratch)


def test_a_dropped_exercise_is_set_aside_and_comes_back(marked, monkeypatch):
    room = marked
    labs = course.load_course().labs
    known = replace(course.load_course(), labs=(replace(labs[0], name=LAB), *labs[1:]))
    monkeypatch.setattr(course, "load_course", lambda: known)
    before, source = facts(room.paths, LAB), deepcopy(room.source)
    drop(room, "tiny-b-total", TOTAL)
    preview = what_if(LAB, room.paths)
    assert [c for c in preview.changes if c.what == "Total"] == [
        Change("anna", "Total", 2.0, None),
        Change("bert", "Total", 1.0, None),
        Change("cleo", "Total", 0.0, None),
    ]
    assert preview.flags == []
    assert kept(room) == [], "a look changes nothing"
    results = room.grade()
    anna = results["anna"]
    assert (anna.score, anna.max_score, anna.flags) == (3 + 0.5 + 1.5, 5, [])
    assert [c.grade_id for c in anna.cells] == [DOUBLE, ESSAY]
    assert any("no longer has this cell" in action for action in anna.repairs)
    assert kept(room) == [ANNAS, BERTS]
    assert waiting(LAB, room.paths) == []
    for _ in range(2):
        bring_into_gradebook(room)
        assert kept(room) == [ANNAS, BERTS]
    page = write_report(results.values(), room.paths).read_text()
    assert "tiny-b-total" in page
    assert "Half right." in page
    room.source = source
    save(room)
    bring_into_gradebook(room)
    wanted = {k: {**v, "noted": before[k]["noted"]} if "noted" in v else v for k, v in before.items() if k[1]}
    # cleo had nothing to keep, and waits for the next run.
    wanted["cleo", TOTAL] = {"auto": None, "manual": None, "extra": None, "needs": True}
    assert {k: v for k, v in facts(room.paths, LAB).items() if k[1]} == wanted
    assert kept(room) == []


def test_a_dropped_essay_is_set_aside(marked):
    room = marked
    drop(room, ESSAY)
    bring_into_gradebook(room)
    assert kept(room) == [SetAside(ESSAY, "anna", 1.5, 2.0, True, "Good.")]
    with open_book(room.paths) as book:
        found = book.find_submission(LAB, "anna")
        assert (found.score, found.max_score, found.needs_manual_grade) == (5.5, 5, False)


def test_everything_at_once(marked):
    """An exercise renamed, one added, a test mended, the essay dropped, another essay and a setup cell added."""
    room = marked
    rename(room, "tiny-b-total", "tiny-b-sum")
    add_exercise(room)
    essay, setup = deepcopy(cell(room.source, ESSAY)), deepcopy(cell(room.source, "tiny-setup"))
    drop(room, ESSAY)
    essay.metadata["nbgrader"]["grade_id"] = essay.id = "tiny-essay-how"
    setup.metadata["nbgrader"]["grade_id"] = setup.id = "tiny-more"
    setup.source = "MORE = 7"
    room.source.cells.append(essay)
    room.source.cells.insert(2, setup)
    cell(room.source, DOUBLE).source += "\nassert double([MORE]) == [14]"
    save(room)
    results = room.grade()
    anna = results["anna"]
    assert {c.grade_id: c.state for c in anna.cells} == {
        DOUBLE: "passed",
        "tiny-b-sum-tests": "passed",
        "tiny-c-half-tests": "not attempted",
        "tiny-essay-how": "manual",
    }
    assert (anna.score, anna.max_score, anna.flags) == (5.5, 11, [])
    assert {flag.reason for flag in results["bert"].flags} <= {"nothing passed"}
    assert any("changed after it was handed out" in action for action in anna.repairs)
    assert [(one.cell, one.student) for one in kept(room)] == [
        (TOTAL, "anna"),
        (TOTAL, "bert"),
        (ESSAY, "anna"),
    ]
    assert room.grade() == results, "nothing is graded again"


def test_a_change_of_cells_is_one_step(marked, monkeypatch):
    """What ends it half way leaves the gradebook as it was, and the next run does it."""
    room = marked
    before = facts(room.paths, LAB)
    add_exercise(room)
    drop(room, "tiny-b-total", TOTAL)

    def fall_over(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(aside, "take_back", fall_over)
    with pytest.raises(KeyboardInterrupt):
        bring_into_gradebook(room)
    assert facts(room.paths, LAB) == before
    assert kept(room) == []
    monkeypatch.undo()
    shutil.rmtree(room.paths.root / "scratch")
    bring_into_gradebook(room)
    assert {s for s, c in facts(room.paths, LAB) if c == "tiny-c-half-tests"} == {"anna", "bert", "cleo"}
    assert kept(room) == [ANNAS, BERTS]


def test_backups_hold_what_is_set_aside(marked):
    room = marked
    drop(room, "tiny-b-total", TOTAL)
    bring_into_gradebook(room)
    made = gradebook.backup(room.paths)
    room.paths.database.unlink()
    gradebook.restore(made, room.paths)
    assert kept(room) == [ANNAS, BERTS]


# Backups


def test_each_run_begins_with_a_backup(marked):
    room = marked
    before = facts(room.paths, LAB)
    mend(room, TOTAL, "24", "25")
    room.grade()
    after = facts(room.paths, LAB)
    assert after != before
    newest = gradebook.backups(room.paths)[-1]
    assert newest.stat().st_mode & 0o77 == 0
    replaced = gradebook.restore(newest, room.paths)
    assert facts(room.paths, LAB) == before
    gradebook.restore(replaced, room.paths)
    assert facts(room.paths, LAB) == after


def test_a_backup_is_whole_while_somebody_writes(marked):
    room = marked
    with open_book(room.paths) as book:
        book.find_student("anna").first_name = "not committed"
        book.db.flush()
        made = gradebook.backup(room.paths)
        gradebook.check_file(made)
        book.db.rollback()
    assert b"not committed" not in made.read_bytes()


def test_equal_backups_are_one_and_old_ones_go(marked, monkeypatch):
    room = marked
    made = gradebook.backup(room.paths)
    assert gradebook.backup(room.paths) == made
    monkeypatch.setattr(gradebook, "KEPT", 3)
    for points in range(5):
        mark(room.paths, LAB, "anna", ESSAY, points=points / 10)
        newest = gradebook.backup(room.paths)
    kept = gradebook.backups(room.paths)
    assert len(kept) == 3
    assert kept[-1] == newest
    assert not list((room.paths.root / "backups").glob(".*"))


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\0 and then nonsense", b"hello"])
def test_what_is_no_gradebook_is_not_restored(marked, content):
    room = marked
    file = room.paths.root / "wrong.db"
    if content is not None:
        file.write_bytes(content)
    before = fingerprint(room.paths.database)
    with pytest.raises(CourseError, match=r"wrong\.db"):
        gradebook.restore(file, room.paths)
    assert fingerprint(room.paths.database) == before


def test_a_damaged_gradebook_stops_the_run_and_can_be_restored(marked):
    room = marked
    before = facts(room.paths, LAB)
    good = gradebook.backup(room.paths)
    room.paths.database.write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(CourseError, match="course restore"):
        room.grade(force=True)
    gradebook.restore(good, room.paths)
    assert facts(room.paths, LAB) == before


def test_a_gradebook_whose_making_was_cut_off_is_finished(make_classroom):
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    from nbgrader.api import Base
    from sqlalchemy import create_engine, text

    engine = create_engine(room.paths.database_url)
    Base.metadata.create_all(engine, tables=Base.metadata.sorted_tables[:3])
    engine.dispose()
    assert room.grade()["anna"].score == 5
    with engine.connect() as connection:
        assert len(connection.execute(text("SELECT version_num FROM alembic_version")).all()) == 1
    engine.dispose()


# Lateness


@pytest.fixture
def late_class(make_classroom):
    room = make_classroom()
    config = "c.LatePenalty.percent_per_day = 20\nc.LatePenalty.most_percent = 50\n"
    config += "c.LatePenalty.grace_minutes = 10\n"
    lead = "from course_utils.grading.configure import configure\nc = get_config()\nconfigure(c)\n"
    (room.paths.root / "nbgrader_config.py").write_text(lead + config)
    for student, at in {
        "in_time": "2026-01-15 22:00:00 UTC",
        "grace": "2026-01-15 23:05:00 UTC",
        "one_day": "2026-01-15 23:11:00 UTC",
        "two_days": "2026-01-17 00:11:00 Europe/Berlin",
        "a_day_by_its_offset": "2026-01-17 00:09:00 +0100",
        "abbreviated": "2026-02-15 23:11:00 CEST",
        "weeks": "2026-02-15 23:11:00 UTC",
        "no_date": "soon",
    }.items():
        room.hand_in(student, essay(room), timestamp__txt=at)
    room.hand_in("wrong_and_late", room.notebook(room.wrong), timestamp__txt="2026-01-17 00:00:00 UTC")
    room.grade("in_time")
    with open_book(room.paths) as book:
        book.find_assignment(LAB).duedate = datetime(2026, 1, 15, 23, 0)
        book.db.commit()
    return room


def penalties(room):
    return {s: v["penalty"] for (s, c), v in facts(room.paths, LAB).items() if not c}


def test_lateness_costs_what_the_course_says(late_class):
    room = late_class
    results = room.grade()
    expected = {"one_day": 1.0, "a_day_by_its_offset": 1.0, "two_days": 2.0, "weeks": 2.5}
    assert {s: p for s, p in penalties(room).items() if p} == expected
    assert "no date" in results["no_date"].flags[0].detail
    assert "CEST is no time zone that all read alike" in results["abbreviated"].flags[0].detail
    assert results["no_date"].score == 5
    # An essay that is graded afterwards is worth less too, everywhere.
    mark(room.paths, LAB, "two_days", ESSAY, points=2.0)
    (submission,) = [s for s in autograde_submissions(room) if s.record.student == "two_days"]
    assert (submission.points, submission.penalty) == (7.0, pytest.approx(2.8))
    assert submission.final == pytest.approx(4.2)
    room.grade(force=True)
    assert penalties(room)["two_days"] == pytest.approx(2.8)


def test_a_due_date_without_any_time_of_handing_in_is_said_once(late_class, monkeypatch, capsys):
    """And not for those who have a time, however strange, nor for a lab that is never due."""
    room = late_class
    room.hand_in("untimed", room.notebook())
    assert hand_in_time.untimed(LAB, room.paths, ["in_time", "no_date", "untimed"]) == ["untimed"]
    monkeypatch.setattr(cli, "_labs", lambda lab: [lab])
    monkeypatch.setattr(cli, "_paths", lambda: room.paths)
    monkeypatch.setattr(cli, "console", Console(width=200))
    with pytest.raises(typer.Exit):
        cli.grade(LAB, student=["in_time", "untimed"])
    said = "1 of 2 submissions have no timestamp.txt: nobody knows whether they were late"
    assert capsys.readouterr().out.count(said) == 1
    with open_book(room.paths) as book:
        book.find_assignment(LAB).duedate = None
        book.db.commit()
    assert hand_in_time.untimed(LAB, room.paths, ["untimed"]) == []


def test_an_extension_counts_without_grading_anything_again(late_class):
    room = late_class
    room.grade()
    with open_book(room.paths) as book:
        book.grant_extension(LAB, "weeks", days=60)
    by_student = {s.record.student: s for s in autograde_submissions(room)}
    assert by_student["weeks"].penalty == 0
    assert by_student["one_day"].final == 4


def test_a_new_due_date_counts_without_grading_anything_again(late_class, monkeypatch):
    room = late_class
    room.grade()
    stamps = fingerprint(room.paths.autograded)
    due = datetime(2026, 1, 1, 23, 0, tzinfo=timezone(timedelta(hours=1)))
    facts_now = course.load_course()
    lab = replace(facts_now.labs[0], name=LAB, due=due)
    monkeypatch.setattr(course, "load_course", lambda: replace(facts_now, labs=(lab,)))
    room.grade()
    assert fingerprint(room.paths.autograded) == stamps
    assert penalties(room)["in_time"] == 2.5
    with open_book(room.paths) as book:
        assert book.find_assignment(LAB).duedate == datetime(2026, 1, 1, 22, 0)


def autograde_submissions(room):
    from course_utils.grading.book.marks import read_submissions

    return read_submissions(records.load_records(LAB, room.paths), room.paths)
