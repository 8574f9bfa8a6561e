"""Every lab's tests reject its wrong answers, with the right message, and accept its right ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from course_utils.course import Lab, load_course
from course_utils.grading.author.verify import show_matrix, verify_tests

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_tests_of(lab: Lab) -> None:
    matrix = verify_tests(lab, root=ROOT, visible=False)
    shown = io.StringIO()
    show_matrix(matrix, Console(file=shown, width=140))
    assert matrix.ok, "\n" + shown.getvalue()
