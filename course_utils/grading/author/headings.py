"""The headings of a lab's Markdown and the titles of its folded cells, which say what stands there.

The facts have one home each: an exercise's title, points, minutes, difficulty and whether it is core in the
metadata of its cells, the lab's title in course.toml. `course solve` writes the headings from them, and folds each
test cell under a title of its own; `course check-lab` compares. Other folded cells have titles that a person wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course_utils.course import Lab
from course_utils.grading import notebook as nbk
from course_utils.grading.author.complaint import Complaint
from course_utils.grading.notebook import Exercise

_EXERCISE = re.compile(r"^### Exercise .*\n\*.*$", re.MULTILINE)
_ESSAY = re.compile(r"^## Essay.*\n\*[\d.]+ points?, graded by hand", re.MULTILINE)
_LAB = re.compile(r"\A# .*")


def exercise_heading(number: int, exercise: Exercise) -> str:
    """Two lines of Markdown that stand above an exercise."""
    facts = [
        _points(exercise.points),
        f"{exercise.minutes} minute{'s' * (exercise.minutes != 1)}",
        f"difficulty {exercise.difficulty} of 5",
    ]
    stretch = [] if exercise.core else ["stretch"]
    return f"### Exercise {number} · {exercise.title}\n*{' · '.join(facts + stretch)}*"


def essay_heading(cell: NotebookNode) -> str:
    """What stands above an essay, up to what a person may say in their own words (its length)."""
    title = cell.metadata.get("course", {}).get("title", "Essay")
    return f"## {title}  *(core)*\n*{_points(float(nbk.grader(cell).get('points') or 0))}, graded by hand"


def tests_title(number: int, exercise: Exercise) -> str:
    """What stands in place of a folded test cell."""
    return f"{nbk.TESTS_TITLE} {number} · {exercise.title}"


def lab_heading(lab: Lab) -> str:
    return f"# Lab {lab.number:02d} · {lab.title}"


def write_headings(nb: NotebookNode, lab: Lab) -> list[int]:
    """Put the facts into headings and titles of tests; the indices of the cells that changed.

    What has no heading stays so.
    """
    changed = []
    for index, pattern, wanted in _headings(nb, lab):
        source = nb.cells[index].source
        if pattern.search(source):
            nb.cells[index].source = pattern.sub(wanted.replace("\\", r"\\"), source, count=1)
        if nb.cells[index].source != source:
            changed.append(index)
    for number, exercise in enumerate(nbk.exercises(nb), start=1):
        if not _titled(exercise, number):
            nbk.set_title(exercise.tests, tests_title(number, exercise))
            exercise.tests.metadata.setdefault("jupyter", {})["source_hidden"] = True
            changed.append(exercise.tests_index)
    return changed


def heading_complaints(nb: NotebookNode, lab: Lab) -> Iterator[Complaint]:
    """Headings that are missing or say something else than the facts; folded cells that do not say what they are."""
    again = f"`course solve {lab.number}` writes it anew."
    for index, pattern, wanted in _headings(nb, lab):
        cell = nb.cells[index]
        place = nbk.label(nb, cell)
        found = pattern.search(cell.source) if cell.cell_type == "markdown" else None
        shown = wanted.replace("\n", " / ")
        if found is None:
            yield Complaint(place, "lacks its heading.", f"Write: {shown}")
        elif found[0] != wanted:
            said = found[0].replace("\n", " / ")
            yield Complaint(
                place,
                f"says {said!r}, the facts are {shown!r}.",
                f"{again} If the facts are wrong, mend metadata or course.toml.",
            )
    for number, exercise in enumerate(nbk.exercises(nb), start=1):
        if not _titled(exercise, number):
            what = f"should be folded, under the first line '# @title {tests_title(number, exercise)}'."
            yield Complaint(nbk.grade_id(exercise.tests), what, again)
    for cell in nb.cells:
        if nbk.is_folded(cell) and not nbk.is_test(cell) and not nbk.title(cell.source):
            what = "is folded and does not say what it is."
            yield Complaint(
                nbk.label(nb, cell), what, "Begin it with a line like '# @title Figure: loss by step'."
            )


def _titled(exercise: Exercise, number: int) -> bool:
    cell = exercise.tests
    return nbk.is_folded(cell) and nbk.title(cell.source) == tests_title(number, exercise)


def _headings(nb: NotebookNode, lab: Lab) -> Iterator[tuple[int, re.Pattern, str]]:
    """(cell, how its heading looks, what it should be); an exercise's is in the cell right above it."""
    yield 0, _LAB, lab_heading(lab)
    for number, exercise in enumerate(nbk.exercises(nb), start=1):
        yield max(exercise.solution_index - 1, 0), _EXERCISE, exercise_heading(number, exercise)
    for index, cell in enumerate(nb.cells):
        if nbk.is_essay(cell):
            # A cell for the student's own numbers may stand between the question and the answer.
            above = (i for i in range(index - 1, -1, -1) if nb.cells[i].cell_type == "markdown")
            yield next(above, 0), _ESSAY, essay_heading(cell)


def _points(points: float) -> str:
    return f"{points:g} point{'s' * (points != 1)}"
