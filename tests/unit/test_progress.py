"""The bar while a class is graded: it counts, and the time left comes from what is graded now."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from course_utils.grading.run import progress


@pytest.fixture
def bar(monkeypatch):
    """(what grade_class calls, the task, a clock to set)."""
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    made: list[Progress] = []

    def make(*columns, **options) -> Progress:
        made.append(Progress(*columns, **options, get_time=lambda: clock[0]))
        return made[-1]

    monkeypatch.setattr(progress, "Progress", make)
    with progress.progress_bar(Console(file=io.StringIO()), "Grading") as show:
        yield show, made[0].tasks[0], clock


def test_it_counts_and_tells_the_time_left(bar):
    show, task, clock = bar
    for done in range(1, 5):
        clock[0] = 40.0 * done
        show(done, 10, None)
    assert (task.completed, task.total) == (4, 10)
    assert task.time_remaining == pytest.approx(6 * 40, rel=0.35)


def test_what_was_graded_before_does_not_count_for_the_time_left(bar):
    show, task, clock = bar
    for done in range(1, 91):
        show(done, 100, None)
    for done in range(91, 95):
        clock[0] += 10.0
        show(done, 100, None)
    assert task.completed == 94
    assert task.time_remaining == pytest.approx(6 * 10, rel=0.35)
