"""Running a solution: outputs, recorded values, times, and errors that name the cell."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.errors import CourseError
from course_utils.grading.author import solve

pytestmark = pytest.mark.slow  # starts kernels


def notebook(folder, *sources):
    cells = [new_markdown_cell("# Lab")] + [new_code_cell(source) for source in sources]
    path = folder / "lab.ipynb"
    nb = new_notebook(cells=cells)
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nb, path)
    return path


def test_a_run_keeps_outputs_and_gathers_what_was_recorded(tmp_path):
    path = notebook(
        tmp_path,
        "import os\nfrom course_utils import results\nprint(os.environ['COURSE_GRADING'])",
        "results.record(accuracy={'masked': 0.5}, seeds=[0, 1])",
        "results.record(loss=1.25)",
    )
    run = solve.execute(path, grading=True, timeout=60)
    assert run.notebook.cells[1].outputs[0].text == "1\n"
    assert solve.gather(run.notebook) == {"accuracy": {"masked": 0.5}, "seeds": [0, 1], "loss": 1.25}
    assert run.seconds > 0
    assert run.peak_mb > 10


def test_a_failing_cell_is_named(tmp_path):
    path = notebook(tmp_path, "x = 1", "x / 0")
    with pytest.raises(CourseError, match=r"lab\.ipynb: cell 2 failed with ZeroDivisionError"):
        solve.execute(path, grading=False, timeout=60)
