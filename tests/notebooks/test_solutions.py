"""The sources run, say what they said when they were committed, and obey the rules of a lab."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_utils.course import Lab, load_course
from course_utils.grading.author.agreement import CHECKED_TAG, agreement_complaints
from course_utils.grading.author.check_lab import (
    CheckedLab,
    look_at_last_run,
    look_at_outputs,
    look_at_source,
)

ROOT = Path(__file__).resolve().parents[2]

each_lab = pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)


@each_lab
def test_source_obeys_every_rule(lab: Lab) -> None:
    assert look_at_source(CheckedLab(lab, ROOT)) == []


@each_lab
def test_source_is_committed_with_the_outputs_of_one_run_and_its_times(lab: Lab) -> None:
    assert look_at_last_run(CheckedLab(lab, ROOT)) == []


@each_lab
def test_source_runs_and_its_marked_outputs_agree(lab: Lab) -> None:
    assert look_at_outputs(CheckedLab(lab, ROOT)) == []


def notebook(folder: Path, *cells: tuple[str, str, tuple[str, ...]]) -> Path:
    """A notebook of (source, committed output, tags)."""
    nb = nbformat.v4.new_notebook()
    for source, output, tags in cells:
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}, execution_count=1)
        if output:
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=output)]
        nb.cells.append(cell)
    path = folder / "some.ipynb"
    nbformat.write(nb, path)
    return path


def test_harmless_differences_pass(tmp_path):
    """The check itself: what may differ between machines, and what is not marked, is not compared."""
    path = notebook(
        tmp_path,
        ("print('loss 0.69314718')", "loss 0.69319999\n", (CHECKED_TAG,)),
        ("print('took 3.21 s')", "took 12 s\n", (CHECKED_TAG,)),
        ("print('loss 0.69')", "loss 0.70\n", ()),
        ("import os; assert os.environ['COURSE_GRADING'] == '1'", "", ()),
    )
    assert agreement_complaints(path, ROOT, cell_seconds=30) == []


@pytest.mark.parametrize(
    ("source", "output", "says"),
    [
        ("print('loss 0.69318')", "loss 0.69328\n", "loss 0.6932"),
        ("1 / 0", "", "ZeroDivisionError"),
    ],
    ids=["a marked number that changed", "an error"],
)
def test_real_differences_are_named_with_their_cell(tmp_path, source, output, says):
    path = notebook(tmp_path, ("x = 1", "", ()), (source, output, (CHECKED_TAG,)))
    nb = nbformat.read(path, as_version=4)
    nb.cells.insert(0, nbformat.v4.new_markdown_cell("Text is no code cell."))
    nbformat.write(nb, path)
    [complaint] = agreement_complaints(path, ROOT, cell_seconds=30)
    assert complaint.place == f"cell 2 ({source!r})"
    assert says in complaint.what
