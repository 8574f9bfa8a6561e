"""The last step of a release, as a preprocessor of nbgrader's converter."""

from __future__ import annotations

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from course_utils import course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.released import digest

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# What a cell's metadata keep; editors add their own (run times, scrolling), which differ from save to save.
_KEPT = ("course", "deletable", "editable", "nbgrader", "tags")
# Folded, for JupyterLab and for Colab, which shows a cell like that as a form with its title.
_FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
_BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({})"


class Tidy(Preprocessor):
    """Metadata that depend only on the source, no cell of the author's, a way to Colab, and the release's digest."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        lab = resources.get("nbgrader", {}).get("notebook", "")
        nb.cells = [cell for cell in nb.cells if not nbk.is_authors(cell)]
        for cell in nb.cells:
            kept = {k: v for k, v in cell.metadata.items() if k in _KEPT}
            cell.metadata = NotebookNode(kept | (_FOLDED if nbk.is_folded(cell) else {}))
        if address := course.load_course().in_colab(lab):
            nb.cells[0].source += f"\n\n{_BADGE.format(address)}"
        nb.metadata = NotebookNode(
            kernelspec=NotebookNode(KERNEL),
            language_info=NotebookNode(name="python"),
            course=NotebookNode(lab=lab, release=digest(nb)),
        )
        return nb, resources
