"""The headings of a lab's Markdown, which repeat its facts for the reader.

The facts have one home each: an exercise's title, points, minutes, difficulty and whether it is core in the
metadata of its cells, the lab's title in course.toml. `course solve` writes the headings from them, lint compares.
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


def lab_heading(lab: Lab) -> str:
    return f"# Lab {lab.number:02d} · {lab.title}"


def write_headings(nb: NotebookNode, lab: Lab) -> list[int]:
    """Put the facts into the headings; the indices of the cells that changed. What has no heading stays so."""
    changed = []
    for index, pattern, wanted in _headings(nb, lab):
        source = nb.cells[index].source
        if pattern.search(source):
            nb.cells[index].source = pattern.sub(wanted.replace("\\", r"\\"), source, count=1)
        if nb.cells[index].source != source:
            changed.append(index)
    return changed


def heading_complaints(nb: NotebookNode, lab: Lab) -> Iterator[Complaint]:
    """Headings that are missing or say something else than the facts."""
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
                f"`course solve {lab.number}` writes it anew. If the facts are wrong, mend metadata or course.toml.",
            )


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
