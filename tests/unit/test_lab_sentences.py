"""Sentences that labs make of numbers: every branch is rendered once, also those that no recorded run has shown."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_utils.course import lab as find_lab
from course_utils.grading import notebook
from course_utils.grading.paths import CoursePaths

ROOT = Path(__file__).resolve().parents[2]


def written_in(lab: str, name: str) -> Callable[..., Any]:
    """The function `name` of a lab's solution, by itself."""
    path = CoursePaths(ROOT).lab(find_lab(lab).name).source
    code = [cell.source for cell in notebook.read(path).cells if cell.cell_type == "code"]
    [found] = [
        node
        for source in code
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    names: dict[str, Any] = {}
    exec(compile(ast.Module([found], []), str(path), "exec"), names)
    return names[name]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((None,), "never"), ((6,), "from 6 shots on"), ((5400, "queries"), "from 5,400 queries on")],
)
def test_from_where_on(arguments: tuple, says: str) -> None:
    assert written_in("6", "from_shots")(*arguments) == says


@pytest.mark.parametrize(
    ("count", "start", "end", "says"),
    [
        (10, 300, 400, "does not pay"),
        (350, 300, 400, "may pay"),
        (400, 300, 400, "pays"),
        (350, 300, None, "may pay"),  # the slowest clock says never
        (20_000, None, None, "does not pay"),
    ],
)
def test_whether_training_pays(count: int, start: int | None, end: int | None, says: str) -> None:
    assert written_in("6", "pays")(count, {"from": start, "median": None, "to": end}) == says
