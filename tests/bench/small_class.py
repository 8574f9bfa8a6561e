"""A lab made for measuring, small in itself and heavy in its imports, and a class that hands it in."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading import notebook as nbk
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.repair import released_view

LAB = "07_bench"

HEAVY_SETUP = """\
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

from course_utils import checks, viz
from course_utils.models import model_path

viz.style.use()
tokenizer = AutoTokenizer.from_pretrained(model_path("nano-math", "strong"))
model = AutoModelForCausalLM.from_pretrained(model_path("nano-math", "strong"))
"""

LIGHT_SETUP = """\
import math

from course_utils import checks
"""

HEAVY = {
    "mask": (
        "def mask(ids, prompt_length):\n"
        "    labels = ids.clone()\n"
        "    labels[:prompt_length] = -100\n"
        "    return labels\n",
        "def mask(ids, prompt_length):\n    return ids\n",
        "ids = torch.tensor([5, 6, 7, 8])\n"
        'checks.equal(mask(ids, 2), torch.tensor([-100, -100, 7, 8]), what="mask of four tokens", name="labels")\n',
        'checks.equal(mask(ids, 0), ids, what="mask without a prompt", name="labels")\n',
    ),
    "nll": (
        "def nll(logits, targets):\n    return F.cross_entropy(logits, targets)\n",
        "def nll(logits, targets):\n    return logits.sum()\n",
        "logits = torch.zeros(3, 4)\n"
        "targets = torch.tensor([0, 1, 2])\n"
        'checks.close(nll(logits, targets), torch.log(torch.tensor(4.0)), what="nll of equal logits")\n',
        "random = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))\n"
        "chosen = torch.tensor([1, 0, 6, 3, 3])\n"
        'checks.close(nll(random, chosen), F.cross_entropy(random, chosen), what="nll of random logits")\n',
    ),
    "count": (
        "def count(text):\n    return len(tokenizer(text)['input_ids'])\n",
        "def count(text):\n    return len(text)\n",
        'checks.equal(count("2 + 3 = 5"), len(tokenizer("2 + 3 = 5")["input_ids"]), what="count of a sum")\n',
        'checks.equal(count(""), 0, what="count of nothing")\n',
    ),
}

LIGHT = {
    "double": (
        "def double(values):\n    return [2 * value for value in values]\n",
        "def double(values):\n    return values\n",
        'checks.equal(double([3, 4]), [6, 8], what="double of 3, 4")\n',
        'checks.equal(double([-7]), [-14], what="double of -7")\n',
    ),
    "total": (
        "def total(values):\n    return math.fsum(values)\n",
        "def total(values):\n    return 0.0\n",
        'checks.equal(total([1.0, 2.0]), 3.0, what="total of 1, 2")\n',
        'checks.equal(total([0.1] * 10), 1.0, what="total of ten tenths")\n',
    ),
}


def source_notebook(heavy: bool) -> NotebookNode:
    """The lab's source: one setup cell, then for each exercise its solution and its tests, a point each."""
    cells = [
        new_markdown_cell("# A lab for measuring"),
        _cell(HEAVY_SETUP if heavy else LIGHT_SETUP, "setup"),
    ]
    cells[1].metadata["tags"] = ["setup"]
    for name, (right, _, visible, hidden) in (HEAVY if heavy else LIGHT).items():
        cells.append(_cell(f"### BEGIN SOLUTION\n{right}### END SOLUTION\n", f"a-{name}", solution=True))
        tests = f"{visible}### BEGIN HIDDEN TESTS\n{hidden}### END HIDDEN TESTS\n"
        cells.append(_cell(tests, f"a-{name}-tests", points=1, grade=True, locked=True))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def make_class(root: Path, students: int, heavy: bool = True) -> CoursePaths:
    """A course folder with the lab and so many submissions; every fourth has one exercise wrong.

    A submission has a number of its own in each answer, so that no two are equal.
    """
    paths = CoursePaths(root=root)
    source = source_notebook(heavy)
    place = paths.solutions / LAB / f"{LAB}.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(source, place)
    released = released_view(source)
    answers = HEAVY if heavy else LIGHT
    for number in range(students):
        nb = deepcopy(released)
        for cell in nb.cells:
            exercise = nbk.grade_id(cell).removeprefix("bench-a-")
            if exercise in answers:
                right, wrong, _, _ = answers[exercise]
                bad = number % 4 == 3 and exercise == list(answers)[number // 4 % len(answers)]
                cell.source = f"# answer {number}\n{wrong if bad else right}"
        path = paths.submitted / f"student{number:04}" / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
    return paths


def expected_score(number: int, heavy: bool = True) -> float:
    """Points of student `number`."""
    return float(len(HEAVY if heavy else LIGHT) - (number % 4 == 3))


def _cell(source: str, name: str, points: float | None = None, **marks: bool) -> NotebookNode:
    cell = new_code_cell(source)
    cell.id = f"bench-{name}"
    meta = {"grade": False, "solution": False, "locked": name == "setup", "task": False, **marks}
    cell.metadata["nbgrader"] = {"grade_id": cell.id, "schema_version": 3, **meta}
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    return cell
