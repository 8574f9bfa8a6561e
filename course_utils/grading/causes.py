"""Why an exercise fails that is not wrong itself: what it uses fails, or its tools were taken away.

Everything here is read from the notebook's text; nothing is run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from nbformat import NotebookNode

from course_utils.grading import notebook as nbk
from course_utils.grading.notebook import Exercise

_RESET = re.compile(r"^\s*%reset\b", re.MULTILINE)
_FENCE = re.compile(r"\s*(```|~~~)")
_SPACES = re.compile("[\u00a0\u2007\u202f\u200b\u2060\ufeff]")
_QUOTES = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb]")


def causes(nb: NotebookNode, exercise: Exercise, wrong: Collection[str]) -> str:
    """What a student should look at first, a sentence a line; "" if the notebook shows nothing.

    wrong: ids of the exercises that do not pass.
    """
    return "\n".join([*_wrong_ones(nb, exercise, wrong), *_taken_away(nb, exercise)])


def used_by(nb: NotebookNode, exercise: Exercise) -> list[Exercise]:
    """The other exercises whose functions this one's solution or tests need, in order."""
    needed = _needed(nb, exercise)
    return [
        other for other in nbk.exercises(nb) if other.solution_index in needed and other.id != exercise.id
    ]


def pasted(source: str, number: int) -> str:
    """What stands in this line of a cell that is no Python, came along when it was pasted, and what to do; or ""."""
    line = next(iter(source.splitlines()[number - 1 : number]), "")
    if _FENCE.match(line):
        return "this line is a Markdown code fence: delete it"
    if found := _SPACES.search(line):
        return f"it holds a pasted {unicodedata.name(found[0]).lower()}: type the spaces of this line again"
    if found := _QUOTES.search(line):
        return f"it holds the typographic quote {found[0]}: type ' or \" instead"
    return ""


def _needed(nb: NotebookNode, exercise: Exercise) -> list[int]:
    """The cells that an exercise's tests rest on, its solution among them."""
    return nbk.needed_cells(nb, nbk.free_names(exercise.tests.source), exercise.tests_index)


def _wrong_ones(nb: NotebookNode, exercise: Exercise, wrong: Collection[str]) -> Iterator[str]:
    names = [f"`{other.name}`" for other in used_by(nb, exercise) if other.id in wrong]
    if len(names) == 1:
        yield f"This exercise uses {names[0]}, whose own tests do not pass: fix that first."
    elif names:
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        yield f"This exercise uses {listed}, whose own tests do not pass: fix them first."


def _taken_away(nb: NotebookNode, exercise: Exercise) -> Iterator[str]:
    """A sentence for each name of Python's or of a setup cell that a cell before gave another value."""
    setup = frozenset().union(*(nbk.bound_names(cell.source) for cell in nbk.setup_cells(nb)))
    sources = [nb.cells[index].source for index in _needed(nb, exercise)]
    used = frozenset().union(*(nbk.names_or_none(nbk.builtins_used, source) for source in sources))
    for source in (*sources, exercise.tests.source):  # what tests use of Python's own, they always find
        used |= nbk.names_or_none(nbk.free_names, source) & setup
    for cell in nb.cells[: exercise.tests_index]:
        if cell.cell_type != "code" or nbk.is_setup(cell) or nbk.is_test(cell):
            continue
        where = nbk.label(nb, cell)
        if _RESET.search(cell.source):
            yield f"%reset in {where} takes every name away: delete it, and restart the kernel."
        # What is only imported is usually the same thing once more.
        for name in sorted(used & nbk.names_or_none(nbk.exported_names, cell.source)):
            yield f"`{name}` is given another value in {where}: choose another name there, and restart the kernel."
