"""A released lab must wait for the student, and for nothing else."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from course_utils.grading import notebook as nbk
from course_utils.grading.author.visible_tests import Runner

WAITS = "NotImplementedError"


def run_untouched(released: NotebookNode, folder: Path, cell_seconds: int = 120) -> list[str]:
    """Run a released notebook as it was handed out; what is wrong, one sentence each.

    "Run all" must stop first at the first exercise's test cell, with NotImplementedError. Going on past it,
    a cell that uses no exercise, also through the names of other cells, must run to its end; one that does
    may stop with NotImplementedError and nothing else. Cells that need a name which a stopped cell should
    have made are left out, as a student would never come to them.
    """
    nb = deepcopy(released)
    exercises = nbk.exercises(nb)
    solutions = {exercise.solution_index for exercise in exercises}
    uses: dict[int, set[int]] = {}
    for index, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            uses[index] = set(nbk.needed_cells(nb, nbk.free_names(cell.source), index))
    runner = Runner(nb, folder, cell_seconds)
    waiting: set[int] = set()

    def skip(index: int) -> bool:
        if uses[index] & (waiting | set(runner.errors)):
            waiting.add(index)
            return True
        return False

    runner.run(skip)
    problems = []
    for index, (error, text) in sorted(runner.errors.items()):
        where = nbk.label(nb, nb.cells[index])
        if error != WAITS:
            problems.append(f"{where} stops with {error}: {text}")
        elif index in solutions:
            problems.append(
                f"{where} stops by itself: a stub should only define, and stop when it is called."
            )
        elif not uses[index] & solutions:
            problems.append(f"{where} stops with {WAITS} but uses no exercise.")
    problems += [
        f"{nbk.label(nb, nb.cells[index])} took longer than {cell_seconds} s."
        for index in sorted(runner.late)
    ]
    problems += [f"{nbk.label(nb, nb.cells[index])} ended the kernel." for index in sorted(runner.died)]
    first = min(runner.errors, default=None)
    if exercises and first != exercises[0].tests_index:
        where = "nowhere" if first is None else f"at {nbk.label(nb, nb.cells[first])}"
        problems.append(f"Run all stops first {where}; it should be at {nbk.grade_id(exercises[0].tests)}.")
    return problems
