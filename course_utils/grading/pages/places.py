"""Where in a lab an exercise stands, and links that open it there.

A student reads the feedback as a file, in a mail or in a browser, and has the notebook in JupyterLab or in
Colab. A relative link would show a notebook's JSON; so the links go to the server that opens notebooks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book.marks import read_notebook_ids
from course_utils.grading.paths import CoursePaths

if TYPE_CHECKING:
    from nbformat import NotebookNode


_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$", re.MULTILINE)
_LABEL = re.compile(r"\s*\((core|stretch)\)\s*$")


@dataclass(frozen=True)
class Place:
    """part: the heading of the lab's part. heading: the nearest one above the cell. cell: its id."""

    part: str
    heading: str
    cell: str

    @property
    def words(self) -> str:
        """For a person who scrolls."""
        return self.part if _LABEL.sub("", self.heading) == self.part else f"{self.part} › {self.heading}"


@dataclass(frozen=True)
class Link:
    """A way to the exercise. words: what to click on."""

    words: str
    address: str


def read_places(lab: str, paths: CoursePaths) -> dict[str, Place]:
    """Graded cell's id -> where it stands; empty if there is no source notebook."""
    try:
        return places(nbk.read(paths.lab(lab).source))
    except CourseError:
        return {}


def places(nb: NotebookNode) -> dict[str, Place]:
    """Id of each graded cell -> the place of its exercise, which for a test is that of the cell above it."""
    found: dict[str, Place] = {}
    part = heading = ""
    for cell in nb.cells:
        if cell.cell_type == "markdown" and not nbk.is_essay(cell):
            for marks, text in _HEADING.findall(cell.source):
                heading = _without_marks(text)
                part = _LABEL.sub("", heading).strip() if len(marks) <= 2 else part
        name = nbk.grade_id(cell)
        if nbk.is_solution(cell) or nbk.is_essay(cell):
            found[name] = Place(part, heading, cell.get("id", ""))
        elif nbk.is_test(cell):
            found[name] = found.get(name.removesuffix(nbk.TESTS_SUFFIX), Place(part, heading, ""))
    return found


def links(lab: str, place: Place) -> list[Link]:
    """To the student's JupyterLab, and to Colab if the course is published on GitHub.

    JupyterLab (4) opens the notebook and, where it is open already, goes to the heading, which it names by its
    text with hyphens for spaces. Colab goes to a cell by its id.
    """
    facts = course.load_course()
    found = []
    if facts.jupyter:
        anchor = quote(place.heading.replace(" ", "-"))
        address = f"{facts.jupyter.rstrip('/')}/{lab}/{lab}.ipynb#{anchor}"
        found.append(Link("open in JupyterLab", address))
    if address := facts.in_colab(lab):
        found.append(Link("open in Colab", f"{address}#scrollTo={quote(place.cell)}"))
    return found


def grader_links(lab: str, paths: CoursePaths) -> dict[str, str]:
    """Student -> their notebook in Formgrader, on the server that `jupyter` in course.toml names; {} without a
    gradebook or without such a server. Formgrader calls a place in it by the exercise's grade_id.
    """
    server, found, _ = course.load_course().jupyter.partition("/lab/tree")
    if not found:
        return {}
    ids = read_notebook_ids(paths.database, lab)
    return {student: f"{server}/formgrader/submissions/{quote(name)}/" for student, name in ids.items()}


def _without_marks(text: str) -> str:
    """A heading without the marks of Markdown; its spaces stay, because JupyterLab counts them."""
    return re.sub(r"[*`]|\[([^\]]*)\]\([^)]*\)", r"\1", text)
