"""No graded cell passes or fails by luck: each passes with the solution for twenty different seeds.

A cell that leaves random's, numpy's and torch's generators as they were does not depend on their seed: three runs
of it are enough to see that.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.check_lab import CheckedLab, look_at_seeds
from course_utils.grading.author.seeds import SEEDS, SEEDS_WITHOUT_CHANCE, run_seeds

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_graded_cells_pass_for_every_seed(lab: Lab) -> None:
    assert look_at_seeds(CheckedLab(lab, ROOT)) == []


def cells_for(source: str):
    """Lab 01's setup, and one test cell of this source."""
    nb = nbk.read(ROOT / "solutions" / "01_sft_masking" / "01_sft_masking.ipynb")
    nb.cells = [
        cell for cell in nb.cells if nbk.is_setup(cell) or nbk.grade_id(cell).endswith("token_nll-tests")
    ]
    for cell in filter(nbk.is_test, nb.cells):
        cell.source = source
    return nb


@pytest.mark.parametrize(
    "draw",
    ["torch.rand(()).item()", "__import__('random').random()", "__import__('numpy').random.rand()"],
    ids=["torch", "random", "numpy"],
)
def test_a_cell_that_fails_by_luck_is_found(draw: str) -> None:
    failed = run_seeds(cells_for(f"checks.true({draw} < 0.9, what='a draw below 0.9')"))
    assert 1 <= len(failed) < len(SEEDS)
    assert all("token_nll-tests, seed" in line and "a draw below 0.9" in line for line in failed)
    failed = run_seeds(cells_for(f"checks.true({draw} > 1, what='a draw above 1')"))
    assert len(failed) == len(SEEDS)


def test_a_cell_without_chance_is_run_three_times() -> None:
    source = "checks.true(torch.rand(3, generator=torch.Generator().manual_seed(0)).min().item() > 1, what='never')"
    assert len(run_seeds(cells_for(source))) == SEEDS_WITHOUT_CHANCE


def test_a_solution_that_does_not_run_is_found() -> None:
    nb = nbk.read(ROOT / "solutions" / "05_scaling_laws" / "05_scaling_laws.ipynb")
    cell = nbk.exercises(nb)[0].solution
    cell.source += "\n1 / 0"
    [failed] = run_seeds(nb)
    assert failed.startswith(f"{nbk.grade_id(cell)} stops with ZeroDivisionError")
