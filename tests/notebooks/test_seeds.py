"""No graded cell passes or fails by luck: each passes with the solution for twenty different seeds.

A cell that leaves random's, numpy's and torch's generators as they were does not depend on their seed: three runs
of it are enough to see that.
"""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import checks
from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(20)
SEEDS_WITHOUT_CHANCE = 3


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def generators() -> str:
    """The state of the three generators that a seed sets."""
    _, numbers, *place = np.random.get_state()
    return repr((random.getstate(), numbers.tolist(), place, torch.get_rng_state().tolist()))


def run_graded_cells(nb, seeds) -> list[str]:
    """Setup and solution cells once, then every test cell once for each seed; what failed, by cell and seed."""
    names: dict[str, object] = {"__name__": "__main__"}
    failed = []
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in nb.cells:
            if nbk.is_setup(cell) or nbk.is_solution(cell):
                exec(compile(cell.source, nbk.grade_id(cell), "exec"), names)
        for cell in filter(nbk.is_test, nb.cells):
            code = compile(cell.source, nbk.grade_id(cell), "exec")
            chance = False
            for count, seed in enumerate(seeds):
                if count == SEEDS_WITHOUT_CHANCE and not chance:
                    break
                seed_all(seed)
                before = generators()
                try:
                    exec(code, names)
                except checks.CheckFailed as error:
                    failed.append(f"{nbk.grade_id(cell)}, seed {seed}: {error}")
                chance = chance or generators() != before
    return failed


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_graded_cells_pass_for_every_seed(lab: Lab) -> None:
    nb = nbk.read(ROOT / "solutions" / lab.name / f"{lab.name}.ipynb")
    assert run_graded_cells(nb, SEEDS) == []


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
    failed = run_graded_cells(cells_for(f"checks.true({draw} < 0.9, what='a draw below 0.9')"), SEEDS)
    assert 1 <= len(failed) < len(SEEDS)
    failed = run_graded_cells(cells_for(f"checks.true({draw} > 1, what='a draw above 1')"), SEEDS)
    assert len(failed) == len(SEEDS)


def test_a_cell_without_chance_is_run_three_times() -> None:
    source = "checks.true(torch.rand(3, generator=torch.Generator().manual_seed(0)).min().item() > 1, what='never')"
    assert len(run_graded_cells(cells_for(source), SEEDS)) == SEEDS_WITHOUT_CHANCE
