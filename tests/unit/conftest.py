"""What keeps the unit tests quick, and a very small course in a temporary folder: two exercises, a demo, an essay,
and the catalogue of one exercise.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from course_utils.course import Lab
from course_utils.grading import notebook as nbk
from course_utils.grading.author.setup_cell import setup_text

# Of processor time for one test; several times what the longest takes, so that a busy machine makes no difference.
QUICK_SECONDS = 30.0
LAB = Lab(name="01_tiny", title="A tiny lab", points=10, cpu_seconds=5, grading_seconds=5)

SETUP = setup_text(
    """
import torch

from course_utils import checks, viz
from course_utils.profiles import get_profile
from course_utils.seeding import seed_everything
""",
    "toy = torch.tensor([1.0, 2.0, 3.0])",
    ["double", "total"],
)

DOUBLE = '''
def double(values: torch.Tensor) -> torch.Tensor:
    """Twice the values. values: (n,) float. Returns (n,), same dtype. Raises ValueError if n is 0."""
    ### BEGIN SOLUTION
    if values.numel() == 0:
        raise ValueError("nothing to double: values is empty")
    return values * 2
    ### END SOLUTION
'''

DOUBLE_TESTS = """
checks.equal(double(toy), torch.tensor([2.0, 4.0, 6.0]), what="double of a toy", name="doubled",
             mistakes={"You squared instead of doubling.": toy**2})
checks.raises(ValueError, double, torch.tensor([]), what="double of nothing", says="empty")

@checks.probe
def keeps_its_argument(values):
    before = values.clone()
    double(values)
    return torch.equal(before, values)

checks.true(keeps_its_argument(torch.tensor([1.0, 2.0])), what="double leaves its argument alone",
            found="The values were changed in place.")
### BEGIN HIDDEN TESTS
numbers = torch.tensor([-1.0, 0.5, 7.25])
checks.equal(double(numbers), numbers * 2, what="double of fresh numbers", name="doubled")
### END HIDDEN TESTS
"""

TOTAL = '''
def total(values: list[int]) -> int:
    """Twice the sum of the values. values: at least one. Returns an int."""
    ### BEGIN SOLUTION
    return int(double(torch.tensor(values)).sum())
    ### END SOLUTION
'''

TOTAL_TESTS = """
checks.equal(total([1, 2]), 6, what="the doubled sum of [1, 2]", name="total")

@checks.probe
def list_afterwards(values):
    total(values)
    return values

checks.equal(list_afterwards([3, 4]), [3, 4], what="total leaves its argument alone")
### BEGIN HIDDEN TESTS
checks.equal(total([5, 7, 11]), 46, what="the doubled sum of three numbers", name="total")
checks.equal(total([7, 5]), 24, what="the doubled sum of two other numbers", name="total")
### END HIDDEN TESTS
"""

ESSAY = """
Doubling overflows when the result needs more bits than the dtype has.
### BEGIN MARK SCHEME
Two points for naming the overflow of integers, one for an example with numbers in it.
### END MARK SCHEME
"""

CATALOGUE = """
# %% mutant: squares
# misconception: Doubling is multiplying a number
#   with itself.
# fails: tiny-scale-double-tests
# says: squared instead
def double(values):
    if values.numel() == 0:
        raise ValueError("empty")
    return values * values
# %% mutant: in_place
# misconception: Changing the argument is free.
# fails: tiny-scale-double-tests
# says: changed in place
def double(values):
    if values.numel() == 0:
        raise ValueError("empty")
    return values.mul_(2) if values.tolist() != [1, 2, 3] else values * 2
# %% variant: adds
# note: x + x.
def double(values):
    if len(values) == 0:
        raise ValueError("values is empty")
    return values + values
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    before = _processor_seconds()
    yield
    used = _processor_seconds() - before
    if used > QUICK_SECONDS and not item.get_closest_marker("slow"):
        pytest.fail(
            f"It took {used:.0f} s of processor time: make it quicker, or mark it with pytest.mark.slow, "
            "so that `make quick` leaves it out.",
            pytrace=False,
        )


def _processor_seconds() -> float:
    """Of this process, and of all that it started and that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass
class TinyCourse:
    """root: the course's folder. nb: the source notebook; `write` saves it as it is now."""

    root: Path
    nb: NotebookNode
    lab: Lab = LAB

    @property
    def source(self) -> Path:
        return self.root / "solutions" / self.lab.name / f"{self.lab.name}.ipynb"

    @property
    def released(self) -> Path:
        return self.root / "labs" / self.lab.name / f"{self.lab.name}.ipynb"

    def cell(self, grade_id: str) -> NotebookNode:
        return next(cell for cell in self.nb.cells if nbk.grade_id(cell) == grade_id)

    def write(self) -> Path:
        self.source.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.nb, self.source)
        return self.source

    def catalogue(self, exercise: str, text: str) -> None:
        folder = self.root / "tests" / "mutants" / self.lab.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{exercise}.py").write_text(text)


def solution_source(lab: str, grade_id: str) -> str:
    """The text of a lab's own answer."""
    nb = nbk.read(Path(__file__).resolve().parents[2] / "solutions" / lab / f"{lab}.ipynb")
    (cell,) = (cell for cell in nb.cells if nbk.grade_id(cell) == grade_id)
    return cell.source


@pytest.fixture
def model_answer() -> Callable[[str, str], str]:
    """model_answer(lab, grade_id): the text of a lab's own written answer."""
    return solution_source


@pytest.fixture
def solution() -> Callable[..., dict[str, Any]]:
    """solution(lab, grade_id, names): what a lab's own answer defines. names: of the lab, that it uses."""

    def run(lab: str, grade_id: str, names: dict[str, Any]) -> dict[str, Any]:
        namespace = dict(names)
        exec(solution_source(lab, grade_id), namespace)
        return namespace

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCourse:
    course = TinyCourse(tmp_path / "course", tiny_notebook())
    course.write()
    course.catalogue("double", CATALOGUE)
    return course


def tiny_notebook() -> NotebookNode:
    facts = {"minutes": 5, "difficulty": 1, "core": True}
    nb = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Py", "language": "python"}}
    )
    nb.cells = [
        _text("title", "# A tiny lab"),
        _code("setup", SETUP, "tiny-setup", locked=True, tags=["setup"]),
        _code("double", DOUBLE, "tiny-scale-double", solution=True, course={"title": "Double", **facts}),
        _tests("double-tests", "1 · Double", DOUBLE_TESTS, "tiny-scale-double-tests", points=4),
        _code("demo", "shown = double(toy)\nprint(shown.tolist())"),
        _code("total", TOTAL, "tiny-scale-total", solution=True, course={"title": "Total", **facts}),
        _tests("total-tests", "2 · Total", TOTAL_TESTS, "tiny-scale-total-tests", points=3),
        _text("question", "When does doubling overflow?"),
        _text("essay", ESSAY, "tiny-essay-overflow", grade=True, solution=True, points=3),
        _code("figure", "free = toy.sum()\nfree"),
    ]
    picture = nbformat.v4.new_output(
        "display_data", data={"image/png": "aGVsbG8="}, metadata={"image/png": {"alt": "Three rising bars."}}
    )
    nb.cells[-1].outputs = [picture]
    nb.cells[-1].execution_count = 7
    return nb


def _text(cell_id: str, source: str, grade_id: str = "", **metadata) -> NotebookNode:
    return _mark(nbformat.v4.new_markdown_cell(source.strip("\n"), id=cell_id), grade_id, metadata)


def _code(cell_id: str, source: str, grade_id: str = "", **metadata) -> NotebookNode:
    return _mark(nbformat.v4.new_code_cell(source.strip("\n"), id=cell_id), grade_id, metadata)


def _tests(cell_id: str, exercise: str, source: str, grade_id: str, points: float) -> NotebookNode:
    """A folded test cell, as `course solve` leaves it."""
    titled = f"# @title Tests of exercise {exercise}\n{source.strip()}"
    marks = {"grade": True, "locked": True, "points": points, "jupyter": {"source_hidden": True}}
    return _code(cell_id, titled, grade_id, **marks)


def _mark(cell: NotebookNode, grade_id: str, metadata: dict) -> NotebookNode:
    for key in ("tags", "course", "jupyter"):
        if key in metadata:
            cell.metadata[key] = metadata.pop(key)
    if grade_id:
        flags = {"grade": False, "solution": False, "locked": False, "schema_version": 3}
        cell.metadata.nbgrader = NotebookNode({**flags, **metadata, "grade_id": grade_id, "task": False})
    return cell


@pytest.fixture(scope="session")
def gsm8k_dir(real_data) -> Path:
    """The folder of the real GSM8K."""
    return real_data("gsm8k", "train.jsonl", "test.jsonl")
