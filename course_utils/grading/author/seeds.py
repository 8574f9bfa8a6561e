"""No graded cell passes or fails by luck: each must pass with the solution, whatever the random numbers are.

A cell that leaves random's, numpy's and torch's generators as they were does not depend on their seed: three runs
of it are enough to see that.
"""

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
SEEDS_WITHOUT_CHANCE = 3


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
            chance = False
            for count, seed in enumerate(seeds):
                if count == SEEDS_WITHOUT_CHANCE and not chance:
                    break
                _seed_all(seed)
                before = _generators()
                ending = run_test(nbk.grade_id(cell), cell.source, names)
                if ending.error is not None:
                    failed.append(f"{nbk.grade_id(cell)}, seed {seed}: {_said(ending.error)}")
                chance = chance or _generators() != before
    return failed


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _generators() -> str:
    """The state of the three generators that a seed sets."""
    kind, numbers, *place = np.random.get_state()
    return repr(
        (random.getstate(), kind, np.asarray(numbers).tolist(), place, torch.get_rng_state().tolist())
    )
