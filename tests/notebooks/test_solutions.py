"""The sources run, say what they said when they were committed, and obey the rules of a lab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils import results
from course_utils.course import Lab, load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.lint import lint
from course_utils.grading.author.solve import TIMES_TAG

ROOT = Path(__file__).resolve().parents[2]
SANITIZE = Path(__file__).with_name("sanitize.cfg")
CHECKED = "nbval-check-output"

each_lab = pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)


def source_of(lab: Lab) -> Path:
    return ROOT / "solutions" / lab.name / f"{lab.name}.ipynb"


def run_nbval(path: Path, cell_seconds: int) -> subprocess.CompletedProcess:
    """Run a notebook at the grading budget; outputs of cells with the tag `nbval-check-output` must agree."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += [f"--nbval-sanitize-with={SANITIZE}", f"--nbval-cell-timeout={cell_seconds}"]
    command += ["-q", "-x", "--color=no", "-o", "addopts=", "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, "COURSE_GRADING": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@each_lab
def test_source_obeys_every_rule(lab: Lab) -> None:
    assert lint(nbk.read(source_of(lab)), lab) == []


@each_lab
def test_source_is_committed_with_the_outputs_of_one_run_from_top_to_bottom(lab: Lab) -> None:
    cells = [
        cell for cell in nbk.read(source_of(lab)).cells if cell.cell_type == "code" and cell.source.strip()
    ]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    failed = [output.ename for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert failed == []


@each_lab
def test_source_shows_the_times_that_were_recorded(lab: Lab) -> None:
    [cell] = [c for c in nbk.read(source_of(lab)).cells if TIMES_TAG in c.metadata.get("tags", ())]
    assert f"{results.load(lab.name)['run']['seconds']:.0f} s" in cell.outputs[0].text


@each_lab
def test_source_says_which_outputs_must_agree(lab: Lab) -> None:
    cells = nbk.read(source_of(lab)).cells
    marked = [cell for cell in cells if CHECKED in cell.metadata.get("tags", ())]
    assert len(marked) >= 3, f"tag more cells with {CHECKED}: toys whose numbers must be the same everywhere"
    assert all(cell.outputs for cell in marked)


@each_lab
def test_source_runs_and_its_marked_outputs_agree(lab: Lab) -> None:
    done = run_nbval(source_of(lab), cell_seconds=10 * lab.grading_seconds)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


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
        ("print('loss 0.69314718')", "loss 0.69319999\n", (CHECKED,)),
        ("print('took 3.21 s')", "took 12 s\n", (CHECKED,)),
        ("print('loss 0.69')", "loss 0.70\n", ()),
        ("import os; assert os.environ['COURSE_GRADING'] == '1'", "", ()),
    )
    done = run_nbval(path, cell_seconds=30)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("source", "output"),
    [("print('loss 0.69318')", "loss 0.69328\n"), ("1 / 0", "")],
    ids=["a marked number that changed", "an error"],
)
def test_real_differences_fail(tmp_path, source, output):
    done = run_nbval(notebook(tmp_path, (source, output, (CHECKED,))), cell_seconds=30)
    assert done.returncode == 1, done.stdout[-3000:]
