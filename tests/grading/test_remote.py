"""The process of a worker that runs submissions: questions and answers reach each other, and a death is told."""

from __future__ import annotations

import json

import nbformat
import pytest

from course_utils.grading.run import remote

SOURCE = nbformat.writes(nbformat.v4.new_notebook())


@pytest.fixture
def question():
    """question(**facts): one without a lab, which is answered by telling so."""
    return lambda **facts: json.dumps({"source": SOURCE, "settings": {"unsafe": True}, **facts}).encode()


@pytest.fixture(autouse=True)
def helper():
    yield remote._helpers
    remote._helpers.process.kill()
    remote._helpers.process.wait()


def test_one_process_answers_questions_of_any_size(question, helper):
    first = json.loads(remote.run_here(question()))
    process = helper.process
    assert first == {"problem": "KeyError: 'facts'"}
    # Far more than a pipe holds.
    facts = {"assignment": "x" * 5_000_000, "student": "s", "notebook": "n"}
    assert "File name too long" in json.loads(remote.run_here(question(facts=facts)))["problem"]
    assert helper.process is process
    assert process.poll() is None


def test_a_process_that_died_is_told_and_replaced(question, helper):
    remote.run_here(question())
    process = helper.process
    process.kill()
    process.poll = lambda: None  # as it is between the look and the question
    with pytest.raises(OSError, match="ended"):
        remote.run_here(question())
    del process.poll
    assert process.poll() == -9
    assert json.loads(remote.run_here(question()))["problem"] == "KeyError: 'facts'"
    assert helper.process is not process
