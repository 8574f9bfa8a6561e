"""How hard each exercise is, and whether it tells those who know the subject from those who do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from course_utils.grading.book.marks import MarkedSubmission

LEAST = 5  # submissions below which no correlation is worth a number
INTERVAL_LEAST = 10  # and below which no interval is
FEW = 30


@dataclass(frozen=True)
class Item:
    """One exercise. difficulty: mean share of its points that the class has, 0 to 1 (1 is easy).

    discrimination: corrected item-total correlation, -1 to 1, None if it cannot be had; low, high: its 95 %
    interval by Fisher's z. n: submissions that count.
    """

    grade_id: str
    title: str
    number: int
    difficulty: float
    discrimination: float | None
    low: float | None
    high: float | None
    n: int


def item_analysis(submissions: Iterable[MarkedSubmission], order: Sequence[str]) -> list[Item]:
    """The exercises in this order, without those for which a grader has still to give somebody points.

    Counted are submissions that were graded. The total that an exercise is compared with leaves the exercise
    itself out (Henrysson 1963, "Correction of item-total correlations in item analysis", Psychometrika 28).
    """
    graded = [submission.exercises for submission in submissions if submission.was_graded]
    open_still = {e.cell.grade_id for exercises in graded for e in exercises if e.state == "waiting"}
    rows = [
        {e.cell.grade_id: e for e in exercises if e.cell.grade_id not in open_still and e.cell.max_points}
        for exercises in graded
    ]
    items = []
    for place, grade_id in enumerate(order, 1):
        have = [row for row in rows if grade_id in row]
        if not have:
            continue
        own = [row[grade_id].points for row in have]
        rest = [sum(e.points for name, e in row.items() if name != grade_id) for row in have]
        cell = have[0][grade_id].cell
        difficulty = fmean(min(1.0, points / cell.max_points) for points in own)
        r = correlation(own, rest) if len(have) >= LEAST else None
        low, high = interval(r, len(have)) if r is not None and len(have) >= INTERVAL_LEAST else (None, None)
        items.append(Item(grade_id, cell.title, place, difficulty, r, low, high, len(have)))
    return items


def few(items: Sequence[Item]) -> bool:
    """Whether the class is so small that discriminations say little."""
    return bool(items) and max(item.n for item in items) < FEW


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's r; None if one of them does not vary."""
    mean_one, mean_other = fmean(one), fmean(other)
    spread_one = sum((x - mean_one) ** 2 for x in one)
    spread_other = sum((y - mean_other) ** 2 for y in other)
    if spread_one < 1e-12 or spread_other < 1e-12:
        return None
    together = sum((x - mean_one) * (y - mean_other) for x, y in zip(one, other, strict=True))
    return max(-1.0, min(1.0, together / math.sqrt(spread_one * spread_other)))


def interval(r: float, n: int) -> tuple[float, float]:
    """95 % interval of a correlation from n pairs, by Fisher's z (Fisher 1921, Metron 1)."""
    z = math.atanh(max(-0.999999, min(0.999999, r)))
    half = 1.959964 / math.sqrt(n - 3)
    return math.tanh(z - half), math.tanh(z + half)
