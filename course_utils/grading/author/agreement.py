"""What the last run of a source notebook left in it, and whether a new run says the same."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from course_utils import results
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author.complaint import Complaint
from course_utils.grading.author.solve import TIMES_TAG

CHECKED_TAG = "nbval-check-output"  # on cells whose output must be the same on every machine
LEAST_CHECKED = 3
SANITIZE = Path("tests") / "notebooks" / "sanitize.cfg"  # what may differ even there

_FAILED = re.compile(r"^_+ .*Cell (\d+) _+$", re.MULTILINE)


def last_run_complaints(nb: NotebookNode, lab: Lab) -> list[Complaint]:
    """Outputs that are not of one run from top to bottom, times that are not the recorded ones, and too few
    outputs that are marked to be compared."""
    return [*_one_run(nb, lab), *_times(nb, lab), *_marked(nb)]


def _one_run(nb: NotebookNode, lab: Lab) -> Iterator[Complaint]:
    again = f"Run it: `course solve {lab.number}`."
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        yield Complaint("The notebook", "has not the outputs of one run from top to bottom.", again)
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                yield Complaint(nbk.label(nb, cell), f"shows the error {output.ename}.", again)


def _times(nb: NotebookNode, lab: Lab) -> Iterator[Complaint]:
    cells = [cell for cell in nb.cells if TIMES_TAG in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        what = f"has {len(cells)} cells with the tag `{TIMES_TAG}`; one should print how long the lab takes."
        yield Complaint("The notebook", what)
        return
    try:
        seconds = f"{results.load(lab.name)['run']['seconds']:.0f} s"
    except CourseError:
        what = "has no recorded times to show."
        yield Complaint(nbk.label(nb, cells[0]), what, f"Measure them: `course solve {lab.number}`.")
        return
    if seconds not in "".join(output.get("text", "") for output in cells[0].outputs):
        what = f"does not show the recorded {seconds}."
        yield Complaint(nbk.label(nb, cells[0]), what, f"Run the notebook: `course solve {lab.number}`.")


def _marked(nb: NotebookNode) -> Iterator[Complaint]:
    cells = [cell for cell in nb.cells if CHECKED_TAG in cell.metadata.get("tags", ())]
    if len(cells) < LEAST_CHECKED:
        what = f"has {len(cells)} cells with the tag `{CHECKED_TAG}`, fewer than {LEAST_CHECKED}."
        cure = "Tag toys whose printed numbers must be the same everywhere."
        yield Complaint("The notebook", what, cure)
    for cell in cells:
        if not cell.outputs:
            yield Complaint(nbk.label(nb, cell), f"has the tag `{CHECKED_TAG}` and no output to compare.")


def run_again(path: Path, root: Path, cell_seconds: int) -> subprocess.CompletedProcess:
    """Run a notebook at the grading budget under nbval: marked outputs must agree, no cell may fail.

    Raises CourseError where nbval is not installed.
    """
    if importlib.util.find_spec("nbval") is None:
        raise CourseError("nbval is missing: `make course` installs what the checks need.")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += [f"--nbval-sanitize-with={root / SANITIZE}", f"--nbval-cell-timeout={cell_seconds}"]
    command += ["-q", "-x", "--color=no", "-o", "addopts=", "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, "COURSE_GRADING": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def agreement_complaints(path: Path, root: Path, cell_seconds: int) -> list[Complaint]:
    """Run the source at `path` again; the first cell that fails or says something else."""
    done = run_again(path, root, cell_seconds)
    if done.returncode == 0:
        return []
    nb = nbk.read(path)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    failed = _FAILED.search(done.stdout)
    place = nbk.label(nb, code[int(failed[1])]) if failed else "The notebook"
    said = done.stdout[failed.end() if failed else -3000 :].strip() + done.stderr[-1000:]
    cure = "If the new output is right, run `course solve`; if it differs from run to run, seed it or take the tag off."
    return [Complaint(place, f"does not run as it did:\n{said[:3000]}\n", cure)]
