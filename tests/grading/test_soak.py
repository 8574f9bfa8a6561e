"""A long class leaves the grader as it was: flat memory, no open file, process or temporary file left."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def soak_grading(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "bench"))
    yield importlib.import_module("soak_grading")
    for name in ("soak_grading", "small_class", "cpu_time"):
        sys.modules.pop(name, None)


def test_sixty_submissions_leave_nothing(soak_grading):
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:  # short: it will hold sockets
        seen = soak_grading.soak(Path(folder), students=60, jobs=2)
    assert seen["graded"] == 60
    assert soak_grading.problems(seen, soak_grading.facts(seen, jobs=2)) == []


def test_a_leak_is_noticed(soak_grading):
    """The judgement itself: growing memory, open files, wrong scores and leftovers are each named."""
    good = [[n * 1.0, n * 0.5, 300.0, 40] for n in range(50)]
    seen = {"marks": good, "graded": 50, "wrong": [], "left_files": [], "left_processes": []}

    def judge(**changes) -> str:
        now = {**seen, **changes}
        return " ".join(soak_grading.problems(now, soak_grading.facts(now, jobs=2)))

    assert judge() == ""
    assert "memory grew" in judge(marks=[[t, c, 300.0 + 2 * n, f] for n, (t, c, _, f) in enumerate(good)])
    assert "open files grew" in judge(marks=[[t, c, m, 40 + n] for n, (t, c, m, _) in enumerate(good)])
    assert "wrong scores" in judge(wrong=["anna"])
    assert "left behind" in judge(left_files=["course-abc"])
    assert "left behind" in judge(left_processes=["python -c"])
    assert "graded" in judge(graded=49)
