"""Difficulty and discrimination against numpy, on classes whose answer is known."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest

from course_utils.grading.book.marks import Mark, overlay
from course_utils.grading.pages import charts
from course_utils.grading.pages.items import correlation, item_analysis
from course_utils.grading.pages.report import judge

A, B, C, ESSAY = "lab-a-one-tests", "lab-a-two-tests", "lab-b-three-tests", "lab-essay-why"


@pytest.fixture
def make(records):
    """make(rows): submissions with points for A (of 4), B (of 2), C (of 1) in each row."""

    def submissions(rows, **facts):
        results = []
        for number, row in enumerate(rows):
            tops = dict(zip((A, B, C), (4.0, 2.0, 1.0), strict=True))
            cells = [
                records.cell(name, top, "passed" if points == top else "failed", points=points)
                for (name, top), points in zip(tops.items(), row, strict=True)
            ]
            cells.append(records.cell(ESSAY, 3.0, "manual", points=0.0))
            results.append(records.result(f"s{number}", cells=cells, **facts))
        return overlay(results, {})

    return submissions


def test_numbers_are_those_of_numpy(make):
    dice = random.Random(1)
    rows = [(4 * dice.randint(0, 1), 2 * dice.randint(0, 1), dice.randint(0, 1)) for _ in range(40)]
    items = item_analysis(make(rows), [A, B, C, ESSAY])
    table = np.array(rows, dtype=float)
    for place, (item, top) in enumerate(zip(items, (4, 2, 1), strict=True)):
        rest = np.delete(table, place, axis=1).sum(axis=1)
        assert item.difficulty == pytest.approx(table[:, place].mean() / top)
        assert item.discrimination == pytest.approx(np.corrcoef(table[:, place], rest)[0, 1])
        assert item.low < item.discrimination < item.high
        assert item.n == 40
    assert [item.number for item in items] == [1, 2, 3]


def test_the_exercise_itself_is_left_out_of_the_total(make):
    """A alone varies much: with itself in the total it would seem to agree with it."""
    rows = [(4, 0, 1), (4, 2, 0), (0, 0, 1), (0, 2, 0), (4, 0, 0), (0, 0, 0), (4, 2, 1), (0, 2, 1)]
    item = item_analysis(make(rows), [A, B, C])[0]
    assert abs(item.discrimination) < 0.01


def test_an_exercise_against_the_grain_is_told(make):
    rows = [(4, 2, 0)] * 10 + [(0, 0, 1)] * 10
    items = item_analysis(make(rows), [A, B, C])
    assert items[2].discrimination == pytest.approx(-1)
    assert "look at its tests" in judge(items[2])
    assert judge(items[0]) == ""


def test_nothing_is_made_up(make, records):
    assert item_analysis(make([(4, 2, 1)] * 4), [A])[0].discrimination is None  # too few
    same = item_analysis(make([(4, 2, 1)] * 20), [A])[0]
    assert (same.difficulty, same.discrimination, same.low) == (1.0, None, None)
    assert judge(same) == "everybody can do it"
    nine = item_analysis(make([(4, 2, 1), (0, 0, 0), (4, 0, 1)] * 3), [A])[0]
    assert nine.discrimination is not None
    assert nine.low is None
    assert item_analysis(make([(4, 2, 1)] * 9, status="unreadable"), [A]) == []
    assert item_analysis([], [A]) == []


def test_essays_count_once_somebody_graded_them(make):
    waiting = make([(4, 2, 1), (0, 0, 0)] * 6)
    assert [item.grade_id for item in item_analysis(waiting, [A, ESSAY])] == [A]
    # Nor while somebody's still waits: one that nobody wrote is settled at once, with 0.
    settled = overlay([s.record for s in waiting], {"s0": {ESSAY: Mark(None, False)}})
    assert [item.grade_id for item in item_analysis(settled, [A, ESSAY])] == [A]
    results = [s.record for s in waiting]
    marks = {r.student: {ESSAY: Mark(3.0 if n % 2 == 0 else 0.0)} for n, r in enumerate(results)}
    items = item_analysis(overlay(results, marks), [A, ESSAY])
    assert items[1].difficulty == 0.5
    assert items[1].discrimination == pytest.approx(1)


def by_formula(one, other) -> tuple[float, float, float]:
    """r, and r's interval, from the formulas of Pearson and of Fisher (1921, Metron 1)."""
    one, other = np.array(one, dtype=float), np.array(other, dtype=float)
    one, other = one - one.mean(), other - other.mean()
    r = max(-1.0, min(1.0, (one @ other) / math.sqrt((one @ one) * (other @ other))))
    z, half = math.atanh(max(-0.999999, min(0.999999, r))), 1.959964 / math.sqrt(len(one) - 3)
    return r, math.tanh(z - half), math.tanh(z + half)


@pytest.mark.parametrize("n", [4, 5, 10, 28, 300])
def test_an_interval_is_fishers(n):
    """Ties, opposite and equal columns, and one that a single student breaks: never a warning or a nan."""
    dice = random.Random(n)
    halves = [float(k % 2) for k in range(n)]
    columns = [halves, [1 - x for x in halves], [4 * x + 0.1 for x in halves], [0.0] * (n - 1) + [0.25]]
    columns += [[dice.choice([0, 1 / 3, 2, 4]) for _ in range(n)], [dice.random() for _ in range(n)]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in columns:
            for other in columns:
                # At r = 1 the old formula stopped at 0.999999.
                assert correlation(one, other) == pytest.approx(by_formula(one, other), abs=1e-4)


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1 + 0.2])
def test_what_does_not_vary_has_no_correlation(constant):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert correlation([constant] * 6, [1, 2, 3, 4, 5, 6]) is None
        assert correlation([1, 2, 3, 4, 5, 6], [constant] * 5 + [constant + 1e-16]) is None


def test_no_kernel_and_no_worker_waits_for_scipys_statistics():
    code = "import sys, course_utils.evaluation, course_utils.grading.pages.report; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_dots_that_cover_each_other_share_a_label(make):
    rows = [(4, 2, 1), (0, 0, 0)] * 10
    svg = charts.item_plot(item_analysis(make(rows), [A, B, C]))
    assert svg.count("<circle") == 3
    # All three are at the same place: one label with their numbers.
    assert ">1, 2, 3</text>" in svg
    assert svg.count('class="strong') == 1
    assert "discrimination of 3 exercises" in svg
