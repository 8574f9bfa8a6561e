"""Running a solution: outputs, recorded values, times, and errors that name the cell."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils import results
from course_utils.course import Lab
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


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A lab that shows its own times and has none yet."""
    lab = Lab("07_made_up", "Made up", points=1, cpu_seconds=60, grading_seconds=60)
    monkeypatch.setattr(solve, "find_lab", lambda name: lab)
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(results, "_FOLDER", tmp_path / "results")
    folder = tmp_path / "solutions" / lab.name
    folder.mkdir(parents=True)
    load = f"import json\nrun = json.load(open({str(tmp_path / 'results' / '07_made_up.json')!r}))['run']"

    def write(*sources):
        path = notebook(folder, f"{load}\nprint(f\"{{run['seconds']:.0f}} s\")", *sources)
        nb = nbformat.read(path, as_version=4)
        nb.cells[0].source = "# Lab 06 · Something else\n\nText."
        nb.cells[1].metadata.tags = ["times"]
        path.unlink()
        nbformat.write(nb, folder / f"{lab.name}.ipynb")

    return write


def test_a_lab_that_never_ran_can_show_its_times_and_its_title(made_up, tmp_path):
    made_up()
    path, recorded = solve.solve("7", tmp_path)
    seconds = json.loads(recorded.read_text())["run"]["seconds"]
    assert seconds > 0
    cells = nbformat.read(path, as_version=4).cells
    assert cells[1].outputs[0].text == f"{seconds:.0f} s\n"
    assert cells[1].execution_count == 1
    assert cells[0].source == "# Lab 07 · Made up\n\nText."


def test_a_first_run_that_fails_leaves_no_times(made_up, tmp_path):
    made_up("1 / 0")
    with pytest.raises(CourseError, match="ZeroDivisionError"):
        solve.solve("7", tmp_path)
    assert list((tmp_path / "results").iterdir()) == []
