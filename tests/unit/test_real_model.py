"""Questions to a real model: asked where it is at hand, from the record elsewhere, and the line says which."""

from __future__ import annotations

import pytest

from course_utils import real_model, results
from course_utils.errors import CourseError

FOUND = {"value": 1.0, "seconds": 12.0, "threads": 2, "weights": "4 bits"}


@pytest.fixture
def course(monkeypatch, tmp_path):
    """course(seconds, here): a record of one question, and whether the model is at hand."""
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.setattr(real_model, "measure", lambda name: FOUND | {"value": 2.0, "seconds": 9.0})

    def make(seconds: float, here: bool) -> None:
        results.save(real_model.NAME, {"masking": FOUND | {"seconds": seconds}})
        monkeypatch.setattr(type(real_model.MODEL), "here", here)

    return make


@pytest.mark.parametrize(
    ("seconds", "here", "environment", "value", "says"),
    [
        (12.0, False, {}, 1.0, "From the record (12 s on 2 CPU threads). `course model get smollm2`, and it"),
        (12.0, False, {"COURSE_PROFILE": "real"}, 1.0, "`course model get smollm2`"),
        (12.0, True, {}, 2.0, "… measured here, in 9 s."),
        (12.0, True, {"COURSE_GRADING": "1"}, 1.0, "From the record (12 s on 2 CPU threads).\n"),
        (600.0, True, {}, 1.0, "From the record (10.0 min on 2 CPU threads). With COURSE_PROFILE=real it is"),
        (600.0, True, {"COURSE_PROFILE": "cpu"}, 1.0, "With COURSE_PROFILE=real"),
        (600.0, True, {"COURSE_PROFILE": "real"}, 2.0, "it took 10.0 min on 2 CPU threads when it was"),
        (600.0, True, {"COURSE_PROFILE": "real", "COURSE_GRADING": "1"}, 1.0, "From the record (10.0 min"),
    ],
)
def test_measured_or_from_the_record(course, monkeypatch, capsys, seconds, here, environment, value, says):
    course(seconds, here)
    for name, setting in environment.items():
        monkeypatch.setenv(name, setting)
    assert real_model.ask("masking")["value"] == value
    assert says in capsys.readouterr().out


def test_recording_keeps_what_else_there_is(course):
    course(12.0, True)
    real_model.record("adapters")
    assert real_model.recorded("masking")["value"] == 1.0
    assert real_model.recorded("adapters")["value"] == 2.0


def test_what_was_not_measured_is_said(course):
    course(12.0, False)
    with pytest.raises(
        CourseError, match=r"nothing about 'shots': run `python -m course_utils.real_model shots`"
    ):
        real_model.ask("shots")


def test_no_such_question():
    with pytest.raises(CourseError, match="There is no question 'nothing'"):
        real_model.measure("nothing")
