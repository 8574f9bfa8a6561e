"""A hidden probe runs in the student's process: its text may be caught there, and is not shown again."""

from __future__ import annotations

import json

import nbformat
import pytest

from course_utils.grading.run.repair import released_view
from course_utils.grading.sandbox import machine

PROBE = """
@checks.probe
def keeps_the_order_of(values_that_are_hidden):
    return double(values_that_are_hidden) == sorted(double(values_that_are_hidden))

checks.true(keeps_the_order_of([1, 2]), what="the order")
### END HIDDEN TESTS"""
CATCH = """
from course_utils.grading.sandbox import channel
caught, plain = [], channel.receive
def receive(*a):
    question = plain(*a)
    caught.append(str(question.get("source")))
    return question
channel.receive = receive

def LINE(texts):
    return [text for text in texts if "hidden" in text][-1].splitlines()[-1].strip()
"""


def outputs(room, student: str) -> str:
    notebook = nbformat.read(room.paths.autograded / student / room.lab / f"{room.lab}.ipynb", as_version=4)
    return json.dumps([cell.get("outputs") for cell in notebook.cells])


@pytest.fixture
def room(make_classroom, lacking):
    if machine.detect().mode == "none":
        lacking(machine.detect().reason)
    room = make_classroom()
    cell = next(c for c in room.source.cells if c.id == "tiny-a-double-tests")
    cell.source = cell.source.replace("### END HIDDEN TESTS", PROBE.strip())
    nbformat.write(room.source, room.paths.lab(room.lab).source)
    room.released = released_view(room.source)
    return room


def test_the_text_of_a_hidden_probe_is_on_no_page(room):
    in_a_cell = room.notebook(after="print(caught)\nraise ValueError(caught[-1])")
    in_a_cell.cells.insert(2, nbformat.v4.new_code_cell(CATCH))
    in_a_message = room.notebook(
        {**room.good, "tiny-b-total": "def total(values):\n    raise ValueError(LINE(caught))"}
    )
    in_a_message.cells.insert(2, nbformat.v4.new_code_cell(CATCH))
    room.hand_in("a_cell", in_a_cell)
    room.hand_in("a_message", in_a_message)
    room.hand_in("honest", room.notebook(after="print(double([1, 2]))"))
    results = room.grade()
    for student, score in {"a_cell": 5, "a_message": 3}.items():
        assert results[student].score == score
        assert any(flag.reason == "text of a hidden test" for flag in results[student].flags), student
        assert "values_that_are_hidden" not in outputs(room, student), student
    assert (results["honest"].score, results["honest"].flags) == (5, [])
    assert "[2, 4]" in outputs(room, "honest")
