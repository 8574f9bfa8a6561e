"""What a student is told to look at first, from the text of a notebook alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell

from course_utils.grading import notebook as nbk
from course_utils.grading.causes import causes, pasted, used_by


def test_the_exercises_that_another_one_uses(tiny):
    double, total = nbk.exercises(tiny.nb)
    assert [other.name for other in used_by(tiny.nb, total)] == ["double"]
    assert used_by(tiny.nb, double) == []
    said = "This exercise uses `double`, whose own tests do not pass: fix that first."
    assert causes(tiny.nb, total, [double.id, total.id]) == said
    assert causes(tiny.nb, total, [total.id]) == causes(tiny.nb, double, [double.id, total.id]) == ""


def test_several_exercises_are_listed(tiny):
    cell = tiny.cell("tiny-scale-total")
    third = new_code_cell(
        "def triple(v):\n    return 3 * v", metadata=deepcopy(tiny.cell("tiny-scale-double").metadata)
    )
    tests = new_code_cell(
        "assert triple(1)", metadata=deepcopy(tiny.cell("tiny-scale-double-tests").metadata)
    )
    third.metadata.nbgrader.grade_id, tests.metadata.nbgrader.grade_id = (
        "tiny-x-triple",
        "tiny-x-triple-tests",
    )
    tiny.nb.cells[1:1] = [third, tests]
    cell.source += "\n    triple(1)\n"
    total = nbk.find_exercise(tiny.nb, "total")
    said = "This exercise uses `triple` and `double`, whose own tests do not pass: fix them first."
    assert causes(tiny.nb, total, [e.id for e in nbk.exercises(tiny.nb)]) == said


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("torch = None", ["torch"]),  # of a setup cell
        ("for sum in [1]:\n    pass", []),  # of Python, not used
        ("def int(x):\n    return x", ["int"]),
        ("import torch", []),
        ("def mine():\n    int = 3\n    return int", []),  # its own business
        ("values = 3", []),
        ("int = (", []),  # was never run
    ],
)
def test_names_that_a_cell_takes_away(tiny, source, names):
    tiny.nb.cells.insert(1, new_code_cell(source))
    total = nbk.find_exercise(tiny.nb, "total")
    lines = causes(tiny.nb, total, []).splitlines()
    assert [line.split("`")[1] for line in lines] == names
    assert all("choose another name there, and restart the kernel." in line for line in lines)


def test_a_cell_behind_the_tests_takes_nothing_away(tiny):
    tiny.nb.cells.append(new_code_cell("int = None"))
    assert causes(tiny.nb, nbk.find_exercise(tiny.nb, "total"), []) == ""


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("x = 1\n\u00a0y = 2", 2, "it holds a pasted no-break space"),
        ("x =\u200b 1", 1, "it holds a pasted zero width space"),
        ("print(“a”)", 1, "it holds the typographic quote “"),
        ("```python\nx = 1\n```", 1, "this line is a Markdown code fence"),
        ("x = 1\n```", 2, "this line is a Markdown code fence"),
        ("x = (", 1, ""),
        ("x = '`'", 1, ""),
        # What stands elsewhere is not what Python complains of.
        ("# it’s a comment\nx = (", 2, ""),
        ("x = 1", 7, ""),
    ],
)
def test_what_came_along_when_code_was_pasted(source, line, said):
    found = pasted(source, line)
    assert found.startswith(said) if said else not found
