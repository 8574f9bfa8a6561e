"""Feedback pages: what they say, what they must not say, and when they are written."""

from __future__ import annotations

import io
import os
import re
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from rich.console import Console

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.book.late import Lateness
from course_utils.grading.book.marks import Mark, overlay, read_marks
from course_utils.grading.pages import rendering as pages
from course_utils.grading.pages.export import export
from course_utils.grading.pages.feedback import explain, write_feedback
from course_utils.grading.pages.report import show_table, write_report


def text_of(html: str) -> str:
    """The page's words without its tags."""
    body = html.split("<body>")[1]
    body = re.sub(r"<style>.*?</style>", "", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_one_page_per_student_in_the_order_of_the_records(records, folders):
    results = [records.result("zoe"), records.result("adam")]
    written = write_feedback(results, folders)
    assert written == [
        folders.feedback / name / records.lab / f"{records.lab}.html" for name in ("zoe", "adam")
    ]
    assert all(path.is_file() for path in written)


def test_a_failed_exercise_shows_points_what_came_and_the_hint_once(records, page_of):
    html = page_of(records.result(labels=records.wrong()))
    text = text_of(html)
    assert "not yet right 0 of 5" in text
    assert "passed 4 of 4" in text
    assert text.count(records.what) == 1
    assert text.count("labels[1] is 523, expected -100.") == 1
    assert text.count("You left the last prompt token in the loss") == 1
    assert "<code>input_ids</code>" in html
    assert "4 of 12 points" in text
    assert "3 more points are graded by hand" in text


def test_a_failed_hidden_test_shows_only_what_and_hint(records, page_of):
    html = page_of(
        records.result(labels=records.wrong(found="labels[7] is 4711, expected -100.", hidden=True))
    )
    assert "4711" not in html
    assert records.what in html
    assert "You left the last prompt token in the loss" in html
    assert "What a hidden test looked at" in html


def test_a_hidden_test_without_words_of_its_own_says_that_it_failed(records, page_of):
    html = page_of(records.result(labels={"state": "failed", "hidden": True, "message": "ValueError: 4711"}))
    assert "4711" not in html
    assert "A hidden test failed." in html


def test_an_exercise_that_another_one_spoils_says_which_also_where_the_test_is_hidden(records, page_of):
    said = "This exercise uses `double`, whose own tests do not pass: fix that first."
    text = text_of(page_of(records.result(labels=records.wrong(hidden=True, cause=said))))
    assert "This exercise uses double , whose own tests do not pass: fix that first." in text


def test_an_error_in_student_code_is_shown_as_it_came(records, page_of):
    text = text_of(page_of(records.result(labels={"state": "failed", "message": "TypeError: no len()"})))
    assert "What came TypeError: no len()" in text


def test_not_attempted_and_not_run_are_told_apart(records, page_of):
    result = records.result(
        labels={"state": "not attempted", "message": "NotImplementedError: write your code here"},
        chat={"state": "not run", "message": "The lab's time was used up before this exercise."},
    )
    text = text_of(page_of(result))
    assert "not attempted 0 of 5" in text
    assert "The cell came back as it was handed out." in text
    assert "NotImplementedError" not in text
    assert "not run 0 of 4" in text
    assert "time was used up" in text


def test_a_notebook_that_nobody_can_open_gets_a_page_that_says_what_to_do(records, page_of):
    nothing = {"state": "not run", "message": "unreadable: ask for it again"}
    text = text_of(page_of(records.result(status="unreadable", labels=nothing, chat=nothing)))
    assert "0 of 12 points" in text
    assert "hand it in again" in text
    assert "Exercise by exercise" not in text


def test_cells_are_called_by_their_titles(records, page_of):
    repairs = [
        "sft_masking-labels-build_labels: the cell had lost its name",
        "sft_masking-chat-render_chat-tests: the cell was missing",
    ]
    text = text_of(page_of(records.result(repairs=repairs)))
    assert "“Mask the prompt”: the cell had lost its name" in text
    assert "“One question and its answer”: the cell was missing" in text


@pytest.mark.parametrize("place", ["what", "message", "hint", "title", "repairs", "comment"])
def test_nothing_of_a_student_is_markup(records, page_of, folders, monkeypatch, place):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> `<b>x</b>`"
    facts = {"repairs": [evil]} if place == "repairs" else {}
    cell = {place: evil} if place in ("what", "message", "hint", "title") else {}
    result = records.result(labels={"state": "failed", **cell}, **facts)
    if place == "comment":
        mark = {"amara_okafor": {"sft_masking-essay-prompt_loss": Mark(2.0, False, evil)}}
        monkeypatch.setattr("course_utils.grading.pages.feedback.read_marks", lambda *_: mark)
    html = page_of(result)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


def test_text_that_disguises_itself_or_never_ends_is_tamed(records, page_of):
    tricky = "\x1b[31mred\x1b[0m \x00 \u202egnp.exe \ud800 " + "x" * 100_000
    html = page_of(records.result(labels={"state": "failed", "message": tricky}))
    assert "red" in html
    assert not re.search("[\x00\x1b\u202e\ud800]", html)
    assert len(html) < 40_000
    assert "more characters" in html


def test_a_page_needs_nothing_from_outside_and_has_no_script(records, page_of):
    html = page_of(records.result(labels=records.wrong()))
    assert "<script" not in html
    assert not re.search(r"\bon\w+=", html)
    assert not re.search(r"""(src|href)=["'](?!#)""", html)
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert '<html lang="en">' in html


def test_an_unchanged_page_is_left_alone_and_a_changed_one_is_replaced(records, folders):
    (page,) = write_feedback([records.result()], folders)
    before = page.stat()
    write_feedback([records.result()], folders)
    assert page.stat().st_ino == before.st_ino
    assert page.stat().st_mtime_ns == before.st_mtime_ns
    write_feedback([records.result(labels=records.wrong())], folders)
    assert "not yet right" in page.read_text()


def test_a_write_that_fails_keeps_the_old_page_and_leaves_no_scratch(records, folders, monkeypatch):
    (page,) = write_feedback([records.result()], folders)
    old = page.read_text()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pages.os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_feedback([records.result(labels=records.wrong())], folders)
    assert page.read_text() == old
    assert [path.name for path in page.parent.iterdir()] == [page.name]


@pytest.mark.parametrize("student", ["../../etc", "..", "", "a/b", "a\0b"])
def test_a_student_id_cannot_lead_out_of_the_feedback_folder(records, folders, student):
    with pytest.raises(CourseError, match="student id"):
        write_feedback([records.result(student)], folders)
    assert not folders.feedback.exists()


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_marks_of_a_person_come_from_the_gradebook(records, folders, page_of, monkeypatch):
    # nbgrader makes a new gradebook with the `alembic` that stands beside this python
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    fill_gradebook(folders.database, records.lab)
    result = records.result(labels=records.wrong())
    marks = read_marks(folders.database, records.lab)["amara_okafor"]
    assert marks["sft_masking-essay-prompt_loss"] == Mark(
        2.5, False, "Good on ratios. What of <b>length</b>?"
    )
    assert marks["sft_masking-labels-build_labels-tests"] == Mark(None, False, "See me about shifts.")
    assert marks["sft_masking-chat-render_chat-tests"] == Mark(5.0, False, "")
    text = text_of(page_of(result))
    assert "graded by hand 2.5 of 3" in text
    assert "What of &lt;b&gt;length&lt;/b&gt;?" in text
    assert "See me about shifts." in text
    assert "graded by hand 5 of 4" in text
    assert "7.5 of 12 points" in text
    assert "more points are graded by hand" not in text


def test_the_gradebook_is_not_made_by_looking_for_it(folders, records):
    assert read_marks(folders.database, records.lab) == {}
    assert not folders.database.exists()


def test_an_essay_that_nobody_wrote_waits_for_no_one(records):
    essay = "sft_masking-essay-prompt_loss"
    (waits,) = overlay([records.result()], {"amara_okafor": {essay: Mark(None, True)}})
    (settled,) = overlay([records.result()], {"amara_okafor": {essay: Mark(None, False, "No response.")}})
    assert (waits.exercises[-1].state, waits.waiting_points) == ("waiting", 3)
    assert (settled.exercises[-1].state, settled.waiting_points) == ("not attempted", 0)


def test_a_passed_exercise_needs_no_explanation(records):
    (submission,) = overlay([records.result(labels={"message": "noise", "what": records.what})], {})
    assert explain(submission.exercises[1]) == []


def fill_gradebook(database: Path, lab: str) -> None:
    """A gradebook in which a person graded the essay, gave a bonus point and commented on an exercise."""
    from nbgrader.api import Gradebook

    essay, labels, chat = (
        "sft_masking-essay-prompt_loss",
        "sft_masking-labels-build_labels-tests",
        "sft_masking-chat-render_chat-tests",
    )
    with Gradebook(f"sqlite:///{database}") as book:
        book.add_assignment(lab)
        book.add_notebook(lab, lab)
        for name, kind, top in ((essay, "markdown", 3), (labels, "code", 5), (chat, "code", 4)):
            book.add_grade_cell(name, lab, lab, max_score=top, cell_type=kind)
        book.add_solution_cell(essay, lab, lab)
        book.add_solution_cell(labels.removesuffix("-tests"), lab, lab)
        book.add_student("amara_okafor")
        book.add_submission(lab, "amara_okafor")
        grade = book.find_grade(essay, lab, lab, "amara_okafor")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        grade = book.find_grade(labels, lab, lab, "amara_okafor")
        grade.auto_score, grade.needs_manual_grade = 0.0, False
        grade = book.find_grade(chat, lab, lab, "amara_okafor")
        grade.auto_score, grade.extra_credit, grade.needs_manual_grade = 4.0, 1.0, False
        book.find_comment(
            essay, lab, lab, "amara_okafor"
        ).manual_comment = "Good on ratios. What of <b>length</b>?"
        comment = book.find_comment(labels.removesuffix("-tests"), lab, lab, "amara_okafor")
        comment.manual_comment = "See me about shifts."
        book.db.commit()


# Where the exercise is, formulas, lateness


@pytest.fixture
def with_source(folders, records, tiny):
    """The record's lab has a source notebook."""
    nb = tiny.nb
    nb.cells[0].source = "# A lab\n\n## 3 · *Labels*: what is in the loss  *(core)*"
    nb.cells.insert(2, nbformat.v4.new_markdown_cell("### Exercise 3 · `Mask` the prompt"))
    for cell in nb.cells:
        if meta := cell.metadata.get("nbgrader"):
            meta["grade_id"] = meta["grade_id"].replace(
                "tiny-scale-double", "sft_masking-labels-build_labels"
            )
    nb.cells[3].id = "the-cell"
    path = folders.solutions / records.lab / f"{records.lab}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(nb, path)
    return folders


def links_of(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(http[^"]*)"', html)]


def test_each_exercise_says_where_it_is_and_leads_there(with_source, records, page_of):
    html = page_of(records.result(labels=records.wrong()))
    assert "3 · Labels: what is in the loss › Exercise 3 · Mask the prompt" in text_of(html)
    assert links_of(html) == [
        f"http://localhost:8888/lab/tree/labs/{records.lab}/{records.lab}.ipynb#Exercise-3-%C2%B7-Mask-the-prompt"
    ]


@pytest.mark.parametrize(
    "home", ["https://github.com/someone/a-course.git", "git@github.com:someone/a-course"]
)
def test_a_published_course_leads_to_colab_too(with_source, records, page_of, monkeypatch, home):
    facts = replace(course.load_course(), home=home, jupyter="https://hub/hub/user-redirect/lab/tree/labs/")
    monkeypatch.setattr(course, "load_course", lambda: facts)
    assert links_of(page_of(records.result())) == [
        f"https://hub/hub/user-redirect/lab/tree/labs/{records.lab}/{records.lab}.ipynb"
        "#Exercise-3-%C2%B7-Mask-the-prompt",
        f"https://colab.research.google.com/github/someone/a-course/blob/main/labs/{records.lab}/{records.lab}.ipynb"
        "#scrollTo=the-cell",
    ]


def test_formulas_of_the_course_and_of_graders_are_set_without_a_script(records, page_of, monkeypatch):
    mark = {"amara_okafor": {"sft_masking-essay-prompt_loss": Mark(2.0, False, r"Why not $\sum_t \ell_t$?")}}
    monkeypatch.setattr("course_utils.grading.pages.feedback.read_marks", lambda *_: mark)
    html = page_of(records.result(labels=records.wrong(hint=r"Divide by $\frac{1}{n}$, not by $5 or $7.")))
    assert html.count("<math") == 2
    assert "<mfrac>" in html
    assert "$5 or $7" in html
    assert "<script" not in html


def test_lateness_and_what_it_costs_are_told(records, page_of, monkeypatch):
    late = Lateness(
        {"amara_okafor": 1.5 * 86_400, "ben": 300.0}, lambda _, points, seconds: (seconds > 999) * 2.25
    )
    monkeypatch.setattr("course_utils.grading.pages.feedback.lateness_of", lambda *_: late)
    text = text_of(page_of(records.result()))
    assert "6.75 of 12 points" in text
    assert "36 hours late : 2.25 of the 9 points that the answers got are taken off." in text
    text = text_of(page_of(records.result("ben")))
    assert "9 of 12 points" in text
    assert "5 minutes late : no points are taken off" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "less than a minute"),
        (60, "1 minute"),
        (7_199, "120 minutes"),
        (7_200, "2 hours"),
        (216_000, "2.5 days"),
    ],
)
def test_durations_are_round(seconds, words):
    assert pages.duration(seconds) == words


# What a grader wrote

ESSAY = "sft_masking-essay-prompt_loss"


@pytest.fixture
def comment_on(records, page_of, monkeypatch):
    """The page of a student whose essay a grader commented on like this."""

    def write(text: str) -> str:
        mark = {"amara_okafor": {ESSAY: Mark(2.0, False, text)}}
        monkeypatch.setattr("course_utils.grading.pages.feedback.read_marks", lambda *_: mark)
        html = page_of(records.result())
        return html.split("Your grader's comment</dt>")[1].split("</dl>")[0]

    return write


def test_a_comment_may_be_markdown(comment_on):
    html = comment_on(
        "**Good**, but:\n\n- see [the paper](https://example.org/x)\n- `x < y`\n\n```\nfor t in y:\n    $HOME\n```\n\n"
        "first line\nsecond line\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    for part in (
        "<strong>Good</strong>",
        '<li>see <a href="https://example.org/x"',
        "<code>x &lt; y</code>",
        "    $HOME",
        "first line<br>",
        "<td>2</td>",
    ):
        assert part in html


def test_what_looks_like_markup_or_a_formula_in_a_comment_is_the_graders_text(comment_on):
    html = comment_on(
        "List<int>, a < b > c, <b>x</b>, it costs $5, not $7, but $\\frac{1}{n}$ and \\$9; `$x$`"
    )
    assert "List&lt;int&gt;, a &lt; b &gt; c, &lt;b&gt;x&lt;/b&gt;, it costs $5, not $7, but <math" in html
    assert "and $9; <code>$x$</code>" in html
    assert html.count("<math") == 1


@pytest.mark.parametrize(
    "evil",
    [
        "[x](javascript:alert(1))",
        "![x](http://example.invalid/pixel.png)",
        "<img src=x onerror=alert(1)>",
        '<https://example.org"onclick=alert(1)>',
        '[x](https://example.org "a\\" onmouseover=alert(1)")',
        "$\\href{javascript:alert(1)}{x}$",
        "<style>@import 'http://example.invalid/x.css'</style>",
    ],
)
def test_nothing_in_a_comment_runs_or_is_fetched(comment_on, evil):
    seen = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: seen.append((tag, dict(attributes)))
    reader.feed(comment_on(evil))
    assert not {tag for tag, _ in seen} & {"img", "style", "script", "link"}
    assert not [
        name for _, attributes in seen for name in attributes if name.startswith("on") or name == "src"
    ]
    assert not [a for _, a in seen if "href" in a and not a["href"].startswith("https:")]


def test_a_long_comment_is_shown_to_its_end(comment_on):
    assert "the last word." in comment_on("word " * 3000 + "the last word.")


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_nbgraders_own_words_are_no_graders_comment(folders, records, page_of, monkeypatch):
    from nbgrader.api import Gradebook

    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    fill_gradebook(folders.database, records.lab)
    for automatic, by_hand in (("No response.", None), (None, "No response.")):
        with Gradebook(f"sqlite:///{folders.database}") as book:
            comment = book.find_comment(ESSAY, records.lab, records.lab, "amara_okafor")
            comment.auto_comment, comment.manual_comment = automatic, by_hand
            book.db.commit()
        html = page_of(records.result())
        assert "No response" not in html
        assert html.count("Your grader's comment") == 1  # on the other exercise


# The numbers that an essay is about


@pytest.fixture
def two_runs(folders, records):
    """two_runs(own, graded): a notebook handed in with these outputs, and the same graded with those."""
    files = folders.submission(records.lab, "amara_okafor")

    def write(own: list, graded: list, source: str = "# @title The margin\nmargin()") -> None:
        for path, outputs in ((files.notebook, own), (files.graded_notebook, graded)):
            nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, outputs=outputs)])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(nbformat.writes(nb))

    return write


def stream(text: str) -> dict:
    return nbformat.v4.new_output("stream", text=text)


def test_an_essay_has_the_numbers_of_both_runs_named(two_runs, records, page_of):
    two_runs([stream("margin +0.333\n")], [stream("margin -0.009\n")])
    text = text_of(page_of(records.result()))
    assert "judged by the numbers of your own run" in text
    assert "The margin your own run, as handed in margin +0.333 the grading run margin -0.009" in text


def test_runs_that_showed_the_same_are_not_told(two_runs, records, page_of, monkeypatch):
    two_runs([stream("<Model at 0x7f3a2b>  12")], [stream("<Model at 0x7fffff> 12\n")])
    assert "grading run" not in text_of(page_of(records.result()))
    two_runs([stream("12")], [stream("13")])
    mark = {"amara_okafor": {ESSAY: Mark(None, False)}}
    monkeypatch.setattr("course_utils.grading.pages.feedback.read_marks", lambda *_: mark)
    assert "grading run" not in text_of(page_of(records.result()))  # nobody wrote an essay


def test_whatever_was_handed_in_the_page_is_made_and_holds_none_of_it_as_markup(
    two_runs, records, page_of, folders
):
    evil = "</pre><script>alert(1)</script>7"
    two_runs([stream(evil)], [stream("8")], source="# @title <script>alert(2)</script>\nx()")
    html = page_of(records.result())
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    notebook = folders.submission(records.lab, "amara_okafor").notebook
    for text in ("", "{", '{"cells": 7}', notebook.read_text().replace('"stream"', '"odd"')):
        notebook.write_text(text)
        assert "grading run" not in page_of(records.result())
    notebook.unlink()
    notebook.symlink_to(folders.submission(records.lab, "amara_okafor").graded_notebook)
    assert "grading run" not in page_of(records.result())


ODD_NAMES = [
    "doe\\jane",
    "O'Brien",
    "Jose\u0301",
    "Jos\xe9",
    "anna ",
    os.fsdecode(b"caf\xe9"),
    "a\nb",
    "-x",
    "100%",
]


def test_odd_names_stop_no_page_for_anybody(records, folders):
    """As Linux allows a folder to be called; one of them used to stop the pages of the whole class."""
    results = [records.result(name) for name in (*ODD_NAMES, "zoe")]
    written = write_feedback(results, folders)
    assert [page.parent.parent.name for page in written] == [result.student for result in results]
    report = write_report(results, folders).read_text(encoding="utf-8")
    links = [
        unquote(link, errors="surrogateescape")
        for link in re.findall(r'href="(\.\./feedback/[^"]*)"', report)
    ]
    assert {(folders.reports / link).resolve() for link in links} == set(written)
    for to in ("csv", "moodle"):
        assert export(results, folders, to).students == len(results)
    console = Console(file=io.StringIO(), width=200)
    show_table(results, console)
    assert "zoe" in console.file.getvalue()
