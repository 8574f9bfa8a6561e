"""What Formgrader shows beside a graded notebook: the run that the student saw, and the rubric."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.grading.pages.formgrader import show_both_runs, show_rubrics
from course_utils.grading.pages.own_run import LONGEST, read_runs

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def printed(text: str) -> list:
    return [new_output("stream", text=text)]


@pytest.fixture
def hand_in(tmp_path):
    """hand_in((source, outputs)…): the file of a notebook with these code cells."""

    def write(*cells) -> Path:
        nb = new_notebook(cells=[new_code_cell(source, outputs=outputs) for source, outputs in cells])
        path = tmp_path / "lab.ipynb"
        path.write_text(json.dumps(nb))
        return path

    return write


def graded(*cells) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell(source, outputs=outputs) for source, outputs in cells])


def texts(cell) -> list[str]:
    return [
        output.get("text") or output.get("data", {}).get("text/plain", "") or output.get("ename", "")
        for output in cell.outputs
    ]


def test_both_runs_are_shown_and_named_the_students_first(hand_in):
    path = hand_in(("margin()", printed("+0.333")), ("same()", printed("1")))
    nb = graded(("same()", printed("1")), ("margin()", printed("-0.009")))
    show_both_runs(nb, path)
    assert texts(nb.cells[0]) == ["1"]
    own, plus, grading, minus = texts(nb.cells[1])
    assert "student's own run, as it was handed in" in own
    assert "grading run" in grading
    assert (plus, minus) == ("+0.333", "-0.009")


@pytest.mark.parametrize(
    ("own", "grading", "differ"),
    [
        (printed("1.5"), printed("1.5\n"), False),
        (printed("<M at 0x7f00aa11>"), printed("<M at 0x55550000>"), False),
        ([], printed("1"), False),
        (printed("1"), [], True),
        ([new_output("error", ename="ValueError", evalue="x")], printed("1"), True),
        (
            [new_output("execute_result", {"text/plain": "7"})],
            [new_output("execute_result", {"text/plain": "8"})],
            True,
        ),
        (
            [new_output("display_data", {"image/png": PICTURE})],
            [new_output("display_data", {"image/png": "AAAA"})],
            True,
        ),
        (
            [new_output("display_data", {"image/png": PICTURE})],
            [new_output("display_data", {"image/png": PICTURE})],
            False,
        ),
    ],
)
def test_only_what_differs_is_shown_twice(hand_in, own, grading, differ):
    runs = read_runs(graded(("x()", grading)), hand_in(("x()", own)))
    assert [run.index for run in runs] == ([0] if differ else [])


def test_cells_that_are_alike_keep_their_order_and_changed_or_test_cells_are_left_out(hand_in):
    path = hand_in(("f()", printed("a")), ("f()", printed("b")), ("g()", printed("c")), ("t()", printed("d")))
    nb = graded(("f()", printed("a")), ("f()", printed("x")), ("g(1)", printed("y")), ("t()", printed("z")))
    nb.cells[3].metadata["nbgrader"] = {"grade": True, "solution": False, "grade_id": "t-tests"}
    runs = read_runs(nb, path)
    assert [(run.index, run.own, run.grading) for run in runs] == [(1, "b", "x")]


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    "outputs",
    [
        None,
        "text",
        [None, 7, "x", []],
        [{"output_type": "stream"}],
        [{"output_type": "stream", "name": "x", "text": [1, None, {"a": 2}]}],
        [{"output_type": "error", "traceback": "no list", "ename": None}],
        [{"output_type": "display_data", "data": [1]}],
        [
            {
                "output_type": "display_data",
                "data": {"text/html": EVIL, "image/png": '" onerror=x'},
                "metadata": 7,
            }
        ],
        [{"output_type": "display_data", "data": {"application/javascript": "x", "text/latex": "$\\x$"}}],
        [{"output_type": "execute_result", "data": {"image/svg+xml": EVIL, "text/plain": {"a": 1}}}],
        [
            {
                "output_type": "update_display_data",
                "data": {"text/markdown": EVIL},
                "metadata": {"image/png": 3},
            }
        ],
        [{"output_type": "stream", "text": "x" * 3 * LONGEST}],
        [{"output_type": "stream", "text": "\ud800 \x00"}],
    ],
)
def test_whatever_stands_for_outputs_the_page_can_be_made(tmp_path, outputs):
    path = tmp_path / "lab.ipynb"
    cell = {"cell_type": "code", "source": "f()", "metadata": {}, "execution_count": None, "id": "a"}
    path.write_text(
        json.dumps(
            {"cells": [{**cell, "outputs": outputs}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        )
    )
    nb = graded(("f()", printed("graded")))
    show_both_runs(nb, path)
    text = json.dumps(nb)
    assert "<script" not in text
    assert "<img" not in text
    assert len(text) < 2 * LONGEST
    nbformat.validate(nb)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"cells": 7}', b"\xff\xfe\x00"])
def test_a_file_that_is_no_notebook_shows_nothing_more(tmp_path, content):
    path = tmp_path / "lab.ipynb"
    nb = graded(("f()", printed("1")))
    show_both_runs(nb, path)
    path.write_bytes(content)
    show_both_runs(nb, path)
    assert texts(nb.cells[0]) == ["1"]


ANSWER = """**Model answer.** Because of $x$.
### BEGIN MARK SCHEME
- 2 points: names the ratio
- 1 point: <b>gives</b> an example
### END MARK SCHEME
"""


def essay(source: str, name: str = "lab-essay-why") -> nbformat.NotebookNode:
    marks = {
        "grade": True,
        "solution": True,
        "locked": False,
        "points": 3,
        "grade_id": name,
        "schema_version": 3,
    }
    return new_markdown_cell(source, metadata={"nbgrader": {**marks, "task": False}})


def test_the_rubric_stands_above_the_answer(tmp_path):
    source = tmp_path / "source.ipynb"
    source.write_text(json.dumps(new_notebook(cells=[essay(ANSWER), essay("", "lab-essay-other")])))
    nb = new_notebook(cells=[new_markdown_cell("Why?"), essay("I think so.")])
    show_rubrics(nb, source)
    assert len(nb.cells) == 3
    rubric = nb.cells[1]
    assert "nbgrader" not in rubric.metadata
    assert rubric.source.startswith("**Rubric, for graders alone · 3 points**\n\n- 2 points: names the ratio")
    assert "<summary>Model answer</summary>" in rubric.source
    assert "MARK SCHEME" not in rubric.source
    assert nb.cells[2].source == "I think so."


def test_without_a_source_there_is_no_rubric(tmp_path):
    nb = new_notebook(cells=[essay("I think so.")])
    show_rubrics(nb, tmp_path / "gone.ipynb")
    assert len(nb.cells) == 1
