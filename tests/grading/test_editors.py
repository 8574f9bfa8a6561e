"""Labs that went through other editors: what each strips or adds, and that the copy is whole, is checked and is graded.

Colab and VS Code do not run here; what they write is told below, as their saved notebooks show it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from course_utils.course import load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.visible_tests import read_lab
from course_utils.grading.demo import through_colab
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.repair import read_submission, released_view, repair, tampering

ROOT = Path(__file__).resolve().parents[2]
ESSAY = "The prompt is given at test time."
PICTURE = {"plot.png": {"image/png": "aGVsbG8="}}


def colab(nb: NotebookNode) -> str:
    """Colab's download: format 4.0 with the cells' ids in their metadata, a badge in front, who ran what and when,
    outputs by an id of its own, the forms' state, its own keys for the notebook; strings, not lists of lines."""
    badge = {
        "cell_type": "markdown",
        "metadata": {"id": "view-in-github", "colab_type": "text"},
        "source": '<a href="https://colab.research.google.com/github/a/b" target="_parent">Open In Colab</a>',
    }
    cells = [badge]
    for number, cell in enumerate(nb.cells):
        saved = dict(cell)
        saved.pop("id", None)
        saved["metadata"] = {**cell.metadata, "id": f"colab{number:07d}"}
        if cell.cell_type == "code":
            saved["metadata"] |= {
                "outputId": f"out-{number}",
                "colab": {"base_uri": "https://localhost:8080/", "height": 35},
                "executionInfo": {"status": "ok", "user": {"displayName": "A. Student"}, "elapsed": 12},
            }
        cells.append(saved)
    metadata = {
        "accelerator": "GPU",
        "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "name": "python3"},
        "language_info": {"name": "python"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"x": {"state": {}}}},
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells})


def colab_copied(nb: NotebookNode) -> str:
    """Cells that were copied in Colab, or a notebook pasted into another: no metadata are left."""
    nb = deepcopy(nb)
    through_colab(nb)
    return nbformat.writes(nb)


def vs_code(nb: NotebookNode) -> str:
    """VS Code: the environment's name as the kernel, its language in each cell, all details of Python."""
    nb = deepcopy(nb)
    for cell in nb.cells:
        cell.metadata["vscode"] = {"languageId": "python"}
    nb.metadata.kernelspec = {"display_name": ".venv (3.11.9)", "language": "python", "name": "python3"}
    nb.metadata.language_info = {"name": "python", "version": "3.11.9", "pygments_lexer": "ipython3"}
    return nbformat.writes(nb)


def vs_code_old(nb: NotebookNode) -> str:
    """Older ones write format 4.2, without ids, and keep the notebook's own metadata to what they know."""
    content = json.loads(vs_code(nb))
    content["nbformat_minor"] = 2
    content["metadata"].pop("course", None)
    for cell in content["cells"]:
        cell.pop("id", None)
    return json.dumps(content)


def windows(nb: NotebookNode) -> str:
    """A byte order mark, and line ends of two characters."""
    return "\ufeff" + nbformat.writes(nb).replace("\n", "\r\n")


EDITORS = [colab, colab_copied, vs_code, vs_code_old, windows]
each_editor = pytest.mark.parametrize("editor", EDITORS, ids=lambda editor: editor.__name__)
each_lab = pytest.mark.parametrize("lab", [lab.name for lab in load_course().labs])


def worked_in(source: NotebookNode, released: NotebookNode) -> NotebookNode:
    """The released lab with right answers in it, an output below each, and a picture in the first text."""
    answers = {
        nbk.grade_id(cell): ESSAY if nbk.is_essay(cell) else nbk.without_marks(cell.source)
        for cell in source.cells
        if nbk.is_solution(cell) or nbk.is_essay(cell)
    }
    nb = nbk.with_answers(released, answers)
    nb.cells[0].attachments = deepcopy(PICTURE)
    for count, cell in enumerate((cell for cell in nb.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"output {count}\n")]
    return nb


def through(editor: Callable[[NotebookNode], str], nb: NotebookNode, folder: Path) -> Path:
    path = folder / "mine.ipynb"
    path.write_bytes(editor(nb).encode("utf-8"))
    return path


@each_lab
@each_editor
def test_a_copy_is_graded_as_the_notebook_it_was(lab, editor, tmp_path):
    files = CoursePaths(ROOT).lab(lab)
    source, released = nbk.read(files.source), nbk.read(files.released)
    done = worked_in(source, released)
    copy = read_submission(through(editor, done, tmp_path))
    view = released_view(source)
    assert tampering(copy, view) == []
    repair(copy, view)
    found = {nbk.grade_id(cell): cell for cell in copy.cells if nbk.grade_id(cell)}
    for cell in done.cells:
        if name := nbk.grade_id(cell):
            assert found[name].source == cell.source, name
            assert found[name].metadata["nbgrader"]["points" if nbk.is_test(cell) else "grade_id"]
    assert not [cell for cell in copy.cells if cell.source.startswith("restored-")]
    # What a person reads is all there, in its order: texts, pictures, outputs.
    kept = [cell.source for cell in copy.cells if cell.source.strip()]
    assert kept[-len(done.cells) :] == [cell.source for cell in done.cells]
    assert next(cell.attachments for cell in copy.cells if cell.get("attachments")) == PICTURE
    outputs = [output.text for cell in copy.cells for output in cell.get("outputs", ())]
    assert outputs == [output.text for cell in done.cells for output in cell.get("outputs", ())]


@each_editor
def test_a_copy_is_checked_as_the_notebook_it_was(editor, tmp_path, monkeypatch):
    lab = load_course().labs[0].name
    files = CoursePaths(ROOT).lab(lab)
    done = worked_in(nbk.read(files.source), nbk.read(files.released))
    monkeypatch.chdir(ROOT)
    nb, name = read_lab(through(editor, done, tmp_path))
    assert name == lab
    assert [exercise.solution.source for exercise in nbk.exercises(nb)] == [
        exercise.solution.source for exercise in nbk.exercises(done)
    ]
    assert [exercise.tests.source for exercise in nbk.exercises(nb)] == [
        exercise.tests.source for exercise in nbk.exercises(done)
    ]


def test_what_is_kept_and_what_is_lost_is_as_told(tmp_path):
    """The copies themselves: nothing above would say anything if an editor changed nothing."""
    lab = load_course().labs[0].name
    released = nbk.read(CoursePaths(ROOT).lab(lab).released)
    for editor in EDITORS:
        text = editor(released)
        assert text != nbformat.writes(released)
        assert ("nbgrader" in text) == (editor is not colab_copied)
        if editor in (colab, colab_copied, vs_code_old):
            assert not any("id" in cell for cell in json.loads(text)["cells"])
