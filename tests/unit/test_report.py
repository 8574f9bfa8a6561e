"""The teacher's report: who comes first, what is counted, and that it is a picture for everyone."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.late import Lateness
from course_utils.grading.book.marks import Mark, overlay
from course_utils.grading.pages import charts
from course_utils.grading.pages.feedback import write_feedback
from course_utils.grading.pages.report import common_mistakes, show_table, write_report


@pytest.fixture
def class_of_five(records):
    blank = {"state": "not attempted"}
    return [
        records.result("amara_okafor"),
        records.result("ben_novak", labels=blank, chat=blank),
        records.result("chiara_rossi", labels=records.wrong()),
        records.result("daniel_kim", labels=records.wrong(found="labels[1] is 99, expected -100.")),
        records.result(
            "zoe_late",
            labels={"state": "failed", "message": "No answer within 5 s."},
            seconds=14.0,
            peak_mb=901.0,
            flags=[records.flag(reason="out of time", detail="build_labels did not come back")],
        ),
    ]


def html_of(results, folders) -> str:
    return write_report(results, folders).read_text(encoding="utf-8")


def rows_of(html: str) -> list[str]:
    body = html.split('id="class"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]+)', body)


def test_the_table_has_those_who_need_a_human_first_and_then_falls(class_of_five, folders):
    rows = rows_of(html_of(class_of_five, folders))
    assert rows == ["zoe_late", "amara_okafor", "chiara_rossi", "daniel_kim", "ben_novak"]


def test_unreadable_ones_come_before_everybody(class_of_five, records, folders):
    nothing = {"cells": [], "score": 0.0}
    lost = [
        records.result(status, status=status, **nothing)
        for status in ("misplaced", "not graded", "unreadable")
    ]
    rows = rows_of(html_of([*class_of_five, *lost], folders))
    assert rows[:4] == ["unreadable", "misplaced", "not graded", "zoe_late"]


def test_who_is_late_is_listed_with_what_it_costs(class_of_five, folders, monkeypatch):
    late = Lateness({"amara_okafor": 3 * 86_400.0}, lambda *_: 4.5)
    monkeypatch.setattr("course_utils.grading.pages.report.lateness_of", lambda *_: late)
    html = html_of(class_of_five, folders)
    first = re.sub(r"<[^>]+>", "", html.split('id="human"')[1].split("</section>")[0])
    assert "amara_okafor (3 days, −4.5)" in first
    assert rows_of(html) == ["zoe_late", "amara_okafor", "chiara_rossi", "daniel_kim", "ben_novak"]
    assert "4 to 5 points: 4" in html


def test_flags_are_told_with_their_reason(class_of_five, folders):
    first = html_of(class_of_five, folders).split('id="human"')[1].split("</section>")[0]
    assert "out of time: build_labels did not come back" in first
    assert "amara_okafor" not in first


@pytest.mark.parametrize("status", ["unreadable", "misplaced", "not graded"])
def test_a_submission_that_was_not_graded_comes_first_and_the_rest_is_drawn(
    class_of_five, records, folders, status
):
    html = html_of([*class_of_five, records.result("aziz", status=status, cells=[], score=0.0)], folders)
    assert rows_of(html)[:2] == ["aziz", "zoe_late"]
    assert status in html.split('id="human"')[1].split("</section>")[0]
    alone = html_of(
        [records.result("aziz", status=status, cells=[], score=0.0, max_score=0.0, graded_at="")], folders
    )
    assert rows_of(alone) == ["aziz"]


def test_essays_still_open_are_shown_as_points_that_nobody_has(class_of_five, folders, monkeypatch):
    wrote_nothing = {"ben_novak": {"sft_masking-essay-prompt_loss": Mark(None, False)}}
    monkeypatch.setattr("course_utils.grading.pages.report.read_marks", lambda *_: wrote_nothing)
    html = html_of(class_of_five, folders)
    assert "by hand, not given yet" in html
    assert "1 student has all 9 points given so far, 1 has none." in html
    assert "4</b> essays to grade by hand" in html


def test_equal_counts_stand_in_the_labs_order(records):
    both = records.result(labels=records.wrong(), chat={"state": "failed", "message": "NameError"})
    titles = [mistake.title for mistake in common_mistakes(overlay([both], {}))]
    assert titles == ["One question and its answer", "Mask the prompt"]


def test_what_could_not_be_graded_is_no_mistake_of_the_class(records):
    nothing = {"state": "not run", "message": "unreadable: ask for it again"}
    assert common_mistakes(overlay([records.result(status="unreadable", labels=nothing)], {})) == []


def test_names_link_to_feedback_pages_that_exist(class_of_five, folders):
    report = write_report(class_of_five, folders)
    assert "<a href" not in report.read_text()
    write_feedback(class_of_five, folders)
    report = write_report(class_of_five, folders)
    targets = set(re.findall(r'<a href="([^"]+)"', report.read_text()))
    assert len(targets) == 5
    assert all((report.parent / target).resolve().is_file() for target in targets)


def test_one_mistake_is_counted_once_however_its_numbers_differ(class_of_five):
    mistakes = common_mistakes(overlay(class_of_five, {}))
    assert [len(mistake.students) for mistake in mistakes] == [2, 1]
    assert mistakes[0].hint.startswith("You left the last prompt token in")
    assert mistakes[1].found == "No answer within 5 s."


def test_errors_without_a_hint_are_one_when_only_numbers_differ(records):
    results = [
        records.result(f"s{n}", labels={"state": "failed", "message": f"IndexError: index {n} of 3"})
        for n in (4, 55)
    ]
    (mistake,) = common_mistakes(overlay(results, {}))
    assert len(mistake.students) == 2


def test_shares_of_points_are_shown_once_everything_is_graded(class_of_five, folders):
    html = html_of(class_of_five, folders)
    shares = html.split('class="shares"')[1].split("</ol>")[0]
    words = re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", shares, flags=re.S))
    assert "One question and its answer 80 % of 4" in words
    assert "Mask the prompt 20 % of 5" in words
    assert "Why not train on the prompt? 5 to grade, up to 3" in words


def test_every_picture_has_a_text_and_is_well_formed(class_of_five, folders):
    html = html_of(class_of_five, folders)
    pictures = re.findall(r'<svg role="img".*?</svg>(?=\s*\n)', html, flags=re.S)
    assert len(pictures) == 2 + 3 + 1
    for picture in pictures:
        assert len(ElementTree.fromstring(picture).get("aria-label")) > 20
    assert "Mask the prompt: 1 passed, 3 not yet right, 1 not attempted." in html


def test_hostile_names_stay_text(records, folders):
    evil = "<script>alert(1)<img>"
    results = [
        records.result(
            evil, labels={"state": "failed", "message": evil, "title": evil}, flags=[records.flag(evil, evil)]
        ),
    ]
    html = html_of(results, folders)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_distribution_counts_everybody_once():
    svg = charts.distribution([(f"s{n}", float(n)) for n in range(41)], 40.0)
    counts = [int(n) for n in re.findall(r'class="mid strong">(\d+)<', svg)]
    assert counts == [5, 5, 5, 5, 5, 5, 5, 6]
    assert svg.count("<circle") == 41
    many = charts.distribution([(f"s{n}", 30.0) for n in range(1000)], 40.0)
    assert ">1000<" in many
    assert "<circle" not in many


def test_a_run_that_took_no_time_or_one_of_one_student_can_be_drawn():
    for runs in ([charts.RunCost("a", 0.0, 0.0, False)], [charts.RunCost("a", 5000.0, 30_000.0, True)]):
        svg = charts.cost(runs)
        assert "nan" not in svg
        positions = [float(x) for x in re.findall(r'c?x="([\d.-]+)%"', svg)]
        assert all(0 <= position <= 100 for position in positions)


def test_a_class_of_a_thousand_makes_a_page_that_opens(records, folders):
    results = [records.result(f"student{n:04}", labels=records.wrong()) for n in range(1000)]
    html = html_of(results, folders)
    assert "1000×" in html
    assert "and 992 more" in html
    assert html.split('id="mistakes"')[1].split("</section>")[0].count("student0") == 8
    assert len(html) < 3_000_000


def test_an_unchanged_report_is_left_alone(class_of_five, folders):
    page = write_report(class_of_five, folders)
    before = page.stat().st_mtime_ns
    write_report(class_of_five, folders)
    assert page.stat().st_mtime_ns == before


def test_no_records_and_records_of_two_labs_are_refused(records, folders):
    with pytest.raises(CourseError, match="course grade"):
        write_report([], folders)
    with pytest.raises(CourseError, match="one lab"):
        write_report([records.result(), records.result(lab="02_lora")], folders)


def test_the_terminal_table_says_why_and_what(class_of_five):
    out = io.StringIO()
    show_table(class_of_five, Console(file=out, width=120), {"amara_okafor": "everything right [sic]"})
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[1].startswith("zoe_late")
    assert "out of time: build_labels did not come back" in lines[1]
    assert lines[2].split() == ["amara_okafor", "9", "/", "12", "everything", "right", "[sic]"]
    assert lines[3].endswith("lost: Mask the prompt")


# Grading by hand

ESSAY = "sft_masking-essay-prompt_loss"


@pytest.fixture
def given(monkeypatch):
    """given({student: Mark}): what a person gave for the essay; everybody else waits."""

    def write(marks: dict) -> None:
        found = {student: {ESSAY: mark} for student, mark in marks.items()}
        monkeypatch.setattr("course_utils.grading.pages.report.read_marks", lambda *_: found)

    return write


def words_of(html: str, section: str) -> str:
    part = html.split(f'id="{section}"')[1].split("</section>")[0].split("</figure>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<title>.*?</title>|<[^>]+>", "", part))


def test_once_one_essay_is_graded_nothing_is_out_of_reach(class_of_five, folders, given):
    given({"amara_okafor": Mark(3.0), "ben_novak": Mark(0.0)})
    html = html_of(class_of_five, folders)
    assert "by hand, not given yet" not in html
    told = words_of(html, "spread")
    assert "1 student has all 12 points given so far, 1 has none. 3 students (hollow) still wait" in told
    assert html.count('class="hollow"') == 3
    assert "chiara_rossi: 4, up to 3 more" in html
    assert "amara_okafor: 12<" in html


def test_who_waits_while_nobody_is_graded_is_not_hollow(class_of_five, folders):
    html = html_of(class_of_five, folders)
    assert 'class="hollow"' not in html
    assert "by hand, not given yet" in html
    assert "1 student has all 9 points given so far, 1 has none." in words_of(html, "spread")


def test_when_all_are_graded_nobody_waits(class_of_five, folders, given):
    given({record.student: Mark(1.5) for record in class_of_five})
    html = html_of(class_of_five, folders)
    assert 'class="hollow"' not in html
    assert "not given yet" not in html
    assert "0</b> essays to grade by hand" in html
    assert 'id="by-hand"' not in html


def test_nobody_grades_an_essay_in_a_notebook_that_nobody_can_open(class_of_five, records, folders, given):
    html = html_of([*class_of_five, records.result("torn", status="unreadable")], folders)
    assert "5</b> essays to grade by hand" in html
    assert "torn" not in html.split('id="by-hand"')[1].split("</section>")[0]
    given({record.student: Mark(1.5) for record in class_of_five})
    html = html_of([*class_of_five, records.result("torn", status="unreadable")], folders)
    assert 'class="hollow"' not in html
    assert "not given yet" not in html


def test_each_open_essay_has_a_link_into_formgrader(class_of_five, folders, given, monkeypatch):
    ids = {record.student: f"id-of-{record.student}" for record in class_of_five}
    monkeypatch.setattr("course_utils.grading.pages.places.read_notebook_ids", lambda *_: ids)
    given({"amara_okafor": Mark(3.0), "ben_novak": Mark(2.0, True)})
    html = html_of(class_of_five, folders)
    section = html.split('id="by-hand"')[1].split("</section>")[0]
    server = "http://localhost:8888/formgrader/submissions"
    links = dict(re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', section))
    assert links == {
        f"{server}/id-of-{student}/#{ESSAY}": name
        for student, name in {
            "zoe_late": "zoe_late",
            "chiara_rossi": "chiara_rossi",
            "daniel_kim": "daniel_kim",
            "ben_novak": "ben_novak (changed since it was graded)",
        }.items()
    }
    assert "4</b> essays to grade by hand" in html


@pytest.mark.parametrize(
    ("jupyter", "server"),
    [
        ("https://hub/hub/user-redirect/lab/tree/course/labs/", "https://hub/hub/user-redirect"),
        ("http://127.0.0.1:9999/lab/tree", "http://127.0.0.1:9999"),
        ("", None),
    ],
)
def test_formgrader_is_where_jupyterlab_is(folders, monkeypatch, jupyter, server):
    from course_utils.grading.pages.places import grader_links

    facts = replace(course.load_course(), jupyter=jupyter)
    monkeypatch.setattr(course, "load_course", lambda: facts)
    monkeypatch.setattr("course_utils.grading.pages.places.read_notebook_ids", lambda *_: {"anna": "a b"})
    wanted = {"anna": f"{server}/formgrader/submissions/a%20b/"} if server else {}
    assert grader_links("01_sft_masking", folders) == wanted


def test_the_terminal_table_has_the_points_of_now(class_of_five):
    out = io.StringIO()
    marked = overlay(class_of_five, {"ben_novak": {ESSAY: Mark(2.5)}})
    show_table(marked, Console(file=out, width=120))
    assert "ben_novak     2.5 / 12" in out.getvalue()
