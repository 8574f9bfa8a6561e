"""The process of a worker that runs submissions: questions and answers reach each other, and a death is told."""

from __future__ import annotations

import json
import os
import threading
import time
from multiprocessing import Pipe
from pathlib import Path

import nbformat
import pytest

from course_utils.grading.run import alike, remote

SOURCE = nbformat.writes(nbformat.v4.new_notebook())


@pytest.fixture
def question():
    """question(**facts): one without a lab, which is answered by telling so."""
    return lambda **facts: json.dumps({"source": SOURCE, "unsafe": True, **facts}).encode()


@pytest.fixture
def helper():
    yield remote._helpers
    remote._helpers.process.kill()
    remote._helpers.process.wait()


def test_one_process_answers_questions_of_any_size(question, helper):
    first = json.loads(remote.run_here(question()))
    process = helper.process
    assert first == {"problem": "KeyError: 'files'"}
    # Far more than a pipe holds.
    files = [["x" * 5_000_000, "file", ""]]
    assert "File name too long" in json.loads(remote.run_here(question(files=files)))["problem"]
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
    assert json.loads(remote.run_here(question()))["problem"] == "KeyError: 'files'"
    assert helper.process is not process


def test_a_worker_of_another_version_refuses(question, monkeypatch):
    """It may have joined after all were looked at. An older one does not know the task at all."""
    monkeypatch.setattr(remote, "run_here", lambda question: b"an answer")
    assert remote.run_alike(question(), alike.version()) == b"an answer"
    told = json.loads(remote.run_alike(question(), "another"))["problem"]
    assert "another version of the course or of its libraries. Install this course's there" in told


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda question, folder, warm: {"notebook": "x" * 5_000_000}, "x" * 5_000_000),
        (lambda question, folder, warm: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda question, folder, warm: os.abort(), "the process that ran it was ended"),
    ],
)
def test_the_answer_of_a_fork_comes_back(monkeypatch, answer, said):
    monkeypatch.setattr(remote, "_answer", answer)
    asker, far_end = Pipe()
    with asker, far_end:
        assert list(json.loads(remote._in_fork({}, asker, Path(), None)).values()) == [said]


def test_a_fork_ends_when_nobody_waits_for_it(monkeypatch):
    asker, far_end = Pipe()

    def sleep(question, folder, warm):
        far_end.close()  # which this process has only because the test is its parent
        time.sleep(120)

    monkeypatch.setattr(remote, "_answer", sleep)
    gone = threading.Timer(0.5, far_end.close)
    began = time.monotonic()
    with asker:
        gone.start()
        assert "was ended" in json.loads(remote._in_fork({}, asker, Path(), None))["problem"]
    assert time.monotonic() - began < 100
