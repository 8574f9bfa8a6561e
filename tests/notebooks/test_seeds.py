"""No graded cell passes or fails by luck: each passes with the solution for twenty different seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.check_lab import LabFiles, look_at_seeds
from course_utils.grading.author.seeds import SEEDS, run_seeds

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_graded_cells_pass_for_every_seed(lab: Lab) -> None:
    assert look_at_seeds(LabFiles(lab, ROOT)) == []


def test_a_cell_that_fails_by_luck_is_found() -> None:
    nb = nbk.read(ROOT / "solutions" / "01_sft_masking" / "01_sft_masking.ipynb")
    nb.cells = [
        cell for cell in nb.cells if nbk.is_setup(cell) or nbk.grade_id(cell).endswith("token_nll-tests")
    ]
    for cell in nb.cells:
        if nbk.is_test(cell):
            cell.source = "checks.true(torch.rand(()).item() < 0.8, what='a draw below 0.8')"
    failed = run_seeds(nb)
    assert 1 <= len(failed) < len(SEEDS)
    assert all("token_nll-tests, seed" in line and "a draw below 0.8" in line for line in failed)


def test_a_solution_that_does_not_run_is_found() -> None:
    nb = nbk.read(ROOT / "solutions" / "05_scaling_laws" / "05_scaling_laws.ipynb")
    cell = nbk.exercises(nb)[0].solution
    cell.source += "\n1 / 0"
    [failed] = run_seeds(nb)
    assert failed.startswith(f"{nbk.grade_id(cell)} stops with ZeroDivisionError")
