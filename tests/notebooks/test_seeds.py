"""No graded cell passes or fails by luck: each passes with the solution for twenty different seeds."""

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


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


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
            for seed in seeds:
                seed_all(seed)
                try:
                    exec(code, names)
                except checks.CheckFailed as error:
                    failed.append(f"{nbk.grade_id(cell)}, seed {seed}: {error}")
    return failed


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_graded_cells_pass_for_every_seed(lab: Lab) -> None:
    nb = nbk.read(ROOT / "solutions" / lab.name / f"{lab.name}.ipynb")
    assert run_graded_cells(nb, SEEDS) == []


def test_a_cell_that_fails_by_luck_is_found() -> None:
    nb = nbk.read(ROOT / "solutions" / "01_sft_masking" / "01_sft_masking.ipynb")
    nb.cells = [
        cell for cell in nb.cells if nbk.is_setup(cell) or nbk.grade_id(cell).endswith("token_nll-tests")
    ]
    for cell in nb.cells:
        if nbk.is_test(cell):
            cell.source = "checks.true(torch.rand(()).item() < 0.8, what='a draw below 0.8')"
    failed = run_graded_cells(nb, SEEDS)
    assert 1 <= len(failed) < len(SEEDS)
