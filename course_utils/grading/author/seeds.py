"""No graded cell passes or fails by luck: each must pass with the solution, whatever the random numbers are."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable

import numpy as np
import torch
from nbformat import NotebookNode

from course_utils.grading import notebook as nbk
from course_utils.grading.cells import new_namespace, run_cell, run_test

SEEDS = range(20)


def run_seeds(source: NotebookNode, seeds: Iterable[int] = SEEDS) -> list[str]:
    """Run setup and solution cells once, then every test cell once for each seed; what failed, a sentence each."""
    names = new_namespace()
    failed = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in source.cells:
            if nbk.is_setup(cell) or nbk.is_solution(cell):
                ending = run_cell(nbk.grade_id(cell), cell.source, names)
                if ending.error is not None:
                    return [f"{nbk.grade_id(cell)} stops with {_said(ending.error)}"]
        for cell in filter(nbk.is_test, source.cells):
            for seed in seeds:
                _seed_all(seed)
                ending = run_test(nbk.grade_id(cell), cell.source, names)
                if ending.error is not None:
                    failed.append(f"{nbk.grade_id(cell)}, seed {seed}: {_said(ending.error)}")
    return failed


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
