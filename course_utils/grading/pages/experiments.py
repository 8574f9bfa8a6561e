"""The class's numbers in a lab's open experiments, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from course_utils.grading.book.marks import MarkedSubmission
from course_utils.measured import Measured


@dataclass(frozen=True)
class Place:
    """One hand-in's place. Equal numbers share one. ahead: better than the recorded run."""

    place: int
    submission: MarkedSubmission
    value: float
    ahead: bool


@dataclass(frozen=True)
class Board:
    """One experiment's numbers, the best first. facts: what is measured, and the recorded run's number."""

    title: str
    facts: Measured
    places: tuple[Place, ...]

    @property
    def ahead(self) -> int:
        return sum(place.ahead for place in self.places)


def boards(submissions: Iterable[MarkedSubmission]) -> list[Board]:
    """One Board for each exercise that has measured somebody's answer, in the lab's order.

    Numbers that were measured against another recorded one, in a release before, stand on a board of their own.
    """
    found: dict[tuple[str, str, float, str], tuple[str, list[tuple[Measured, MarkedSubmission]]]] = {}
    for submission in submissions:
        for exercise in submission.exercises:
            if (one := exercise.cell.measured) is not None:
                key = (exercise.cell.grade_id, one.what, one.recorded, one.better)
                found.setdefault(key, (exercise.cell.title, []))[1].append((one, submission))
    made = []
    for title, numbers in found.values():
        sign = 1 if numbers[0][0].better == "lower" else -1
        numbers.sort(key=lambda pair: (sign * pair[0].value, pair[1].record.student))
        places = tuple(
            Place(
                1 + sum(sign * other.value < sign * one.value for other, _ in numbers),
                submission,
                one.value,
                sign * one.value < sign * one.recorded,
            )
            for one, submission in numbers
        )
        made.append(Board(title, numbers[0][0], places))
    return made
