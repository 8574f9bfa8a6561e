"""How hard each exercise is, and whether it tells those who know the subject from those who do not."""

from __future__ import annotations

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
        found = correlation(own, rest) if len(have) >= LEAST else None
        r, low, high = found or (None, None, None)
        if len(have) < INTERVAL_LEAST:
            low = high = None
        items.append(Item(grade_id, cell.title, place, difficulty, r, low, high, len(have)))
    return items


def few(items: Sequence[Item]) -> bool:
    """Whether the class is so small that discriminations say little."""
    return bool(items) and max(item.n for item in items) < FEW


def correlation(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float] | None:
    """(Pearson's r, low, high) of at least four pairs, with the 95 % interval by Fisher's z.

    None if one of the two does not vary.
    """
    if any(max(values) - min(values) < 1e-6 for values in (one, other)):
        return None
    from scipy.stats import pearsonr  # a second's import, for which only the report of a class need wait

    found = pearsonr(one, other)
    low, high = found.confidence_interval(0.95)
    return float(found.statistic), float(low), float(high)
