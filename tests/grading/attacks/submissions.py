"""Hostile submissions that are more than a cell: files beside the notebook, the notebook's own form, names.

Each function changes the submission that `desk` holds: a released notebook with wrong answers in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

DOUBLE, TOTAL = "tiny-a-double-tests", "tiny-b-total-tests"
SCRIPT = "<script>window.attacked = 'stored'</script><img src=x onerror=\"window.attacked = 'handler'\">"


@dataclass
class Desk:
    """Where a student prepares a submission. notebook: with wrong answers; write it with `save`."""

    student: str
    lab: str
    root: Path
    notebook: NotebookNode
    mark: str

    @property
    def folder(self) -> Path:
        return self.root / "submitted" / self.student / self.lab

    @property
    def path(self) -> Path:
        return self.folder / f"{self.lab}.ipynb"

    def cell(self, name: str) -> NotebookNode:
        return next(c for c in self.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.notebook, self.path)

    def put(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass(frozen=True)
class FolderAttack:
    """name, group, what it tries, words that a flag must hold, and the function that prepares it."""

    name: str
    group: str
    tries: str
    flag: str
    prepare: Callable[[Desk], None]
    student: str = ""


ATTACKS: list[FolderAttack] = []


def attack(group: str, flag: str, student: str = "") -> Callable:
    def register(function: Callable[[Desk], None]) -> Callable[[Desk], None]:
        name = function.__name__
        ATTACKS.append(FolderAttack(name, group, function.__doc__, flag, function, student or name))
        return function

    return register


# Files beside the notebook


@attack("shadowing modules", "numpy.py")
def modules_beside(desk: Desk) -> None:
    """Files beside the notebook take the place of numpy, json and the course's package."""
    desk.save()
    desk.put("numpy.py", "def array_equal(*a, **k):\n    return True\nallclose = array_equal\n")
    desk.put("json.py", "loads = dumps = lambda *a, **k: {}\n")
    desk.put("course_utils/__init__.py", "")
    desk.put(
        "course_utils/checks.py",
        "equal = close = true = raises = lambda *a, **k: None\nprobe = lambda f: f\n",
    )


@attack("shadowing modules", "sitecustomize.py")
def startup_files_beside(desk: Desk) -> None:
    """Files that Python, IPython and pytest run by themselves when they start in a folder."""
    desk.save()
    evil = f"open({desk.mark!r}, 'w').close()\n"
    for name in (
        "sitecustomize.py",
        "usercustomize.py",
        "conftest.py",
        "ipython_config.py",
        "nbgrader_config.py",
    ):
        desk.put(name, evil)
    desk.put("attack.pth", f"import os; {evil}")
    desk.put(".ipython/profile_default/startup/00.py", evil)


@attack("links and special files", "point elsewhere")
def link_to_the_solutions(desk: Desk) -> None:
    """Links in the submission lead to the solutions and to the system's files."""
    desk.save()
    (desk.folder / "answers.txt").symlink_to(desk.root / "solutions" / desk.lab / f"{desk.lab}.ipynb")
    (desk.folder / "everything").symlink_to(desk.root)
    (desk.folder / "shadow").symlink_to("/etc/shadow")


@attack("links and special files", "no notebook where it should be")
def notebook_is_a_link(desk: Desk) -> None:
    """The notebook is a link to the teacher's solution."""
    desk.folder.mkdir(parents=True)
    desk.path.symlink_to(desk.root / "solutions" / desk.lab / f"{desk.lab}.ipynb")


@attack("links and special files", "link")
def folder_is_a_link(desk: Desk) -> None:
    """The whole folder of the lab is a link to the solutions."""
    desk.folder.parent.mkdir(parents=True)
    desk.folder.symlink_to(desk.root / "solutions" / desk.lab)


@attack("links and special files", "special file")
def pipe_beside(desk: Desk) -> None:
    """A named pipe beside the notebook: whoever opens it waits for ever."""
    desk.save()
    os.mkfifo(desk.folder / "data.txt")


@attack("forged records", "nothing passed")
def planted_records(desk: Desk) -> None:
    """Brings its own result, time stamp, and configuration."""
    desk.save()
    desk.put(
        "result.json", json.dumps({"student": desk.student, "lab": desk.lab, "score": 5, "status": "graded"})
    )
    desk.put(".result.json", json.dumps({"score": 5}))
    desk.put("timestamp.txt", "the day before yesterday")


# The form of the notebook


@attack("notebook bombs", "MB")
def hundred_megabytes(desk: Desk) -> None:
    """A notebook of more than 100 MB."""
    desk.folder.mkdir(parents=True)
    with desk.path.open("wb") as file:
        file.write(b'{"cells": [], "metadata": {"x": "')
        file.truncate(101 * 2**20)


@attack("notebook bombs", "100,000 cells")
def hundred_thousand_cells(desk: Desk) -> None:
    """A notebook of 100,000 cells."""
    cell = '{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ""}'
    cells = ",".join([cell] * 100_000)
    desk.put(desk.path.name, f'{{"cells": [{cells}], "nbformat": 4, "nbformat_minor": 5, "metadata": {{}}}}')


@attack("notebook bombs", "unreadable")
def deep_json(desk: Desk) -> None:
    """Brackets in brackets, 200,000 deep."""
    desk.put(desk.path.name, '{"cells": ' + "[" * 200_000 + "]" * 200_000 + ', "nbformat": 4}')


@attack("notebook bombs", "unreadable")
def impossible_numbers(desk: Desk) -> None:
    """Numbers of a million digits and versions that never were."""
    desk.put(
        desk.path.name,
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": ' + "9" * 1_000_000 + "}",
    )


@attack("notebook bombs", "what is no cell was left out")
def cells_of_another_shape(desk: Desk) -> None:
    """Cells that are numbers, sources that are dicts, metadata that are lists."""
    cells = [7, None, {"cell_type": "code", "source": {"a": 1}, "metadata": [], "outputs": 3}]
    desk.put(desk.path.name, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@attack("notebook bombs", "nothing passed")
def cell_of_ten_megabytes(desk: Desk) -> None:
    """Cells so long that comparing them takes for ever."""
    for index in range(3):
        desk.notebook.cells.append(new_code_cell("#" + "x = 1; " * 400_000 + f"# {index}"))
        desk.notebook.cells[-1].metadata.clear()
    desk.cell("tiny-b-total").metadata.clear()
    desk.save()


# Test cells and marks


@attack("rewritten test cells", "test cell")
def rewritten_tests(desk: Desk) -> None:
    """The test cells hold nothing but the points."""
    desk.cell(DOUBLE).source = "3"
    desk.cell(TOTAL).source = "assert True\n2"
    desk.save()


@attack("rewritten test cells", "test cell")
def disarmed_tests(desk: Desk) -> None:
    """The test cells are whole, but what they call was replaced in front of them."""
    for name in (DOUBLE, TOTAL):
        cell = desk.cell(name)
        lines = cell.source.split("\n")
        lines.insert(1, "for n in ('equal', 'raises', 'true'): setattr(checks, n, lambda *a, **k: None)")
        cell.source = "\n".join(lines)
    desk.save()


@attack("rewritten test cells", "setup")
def rewritten_setup(desk: Desk) -> None:
    """The setup cell, which also runs where the tests run, holds code of the student's."""
    desk.cell("tiny-setup").source += f"\nopen({desk.mark!r}, 'w').close()\nTOY = []\n"
    own = new_code_cell(f"open({desk.mark!r}, 'w').close()")
    own.metadata["tags"] = ["setup"]
    desk.notebook.cells.insert(0, own)
    desk.save()


@attack("metadata games", "marks")
def points_of_its_own(desk: Desk) -> None:
    """Test cells that give a hundred points each."""
    for name in (DOUBLE, TOTAL):
        desk.cell(name).metadata["nbgrader"]["points"] = 100
    desk.save()


@attack("metadata games", "marks")
def tests_that_are_answers(desk: Desk) -> None:
    """Test cells marked as answers, so that the student's text counts."""
    for name in (DOUBLE, TOTAL):
        cell = desk.cell(name)
        cell.metadata["nbgrader"].update(solution=True, locked=False, grade=False)
        cell.source = "pass"
    desk.save()


@attack("metadata games", "marks")
def answers_that_are_graded(desk: Desk) -> None:
    """Answers marked as graded by hand, with points."""
    desk.cell("tiny-a-double").metadata["nbgrader"].update(grade=True, points=3)
    desk.save()


@attack("metadata games", "no such cell")
def cells_of_its_own(desk: Desk) -> None:
    """More graded cells than the lab has."""
    for number in range(5):
        cell = new_code_cell("1")
        marks = {"grade": True, "solution": False, "locked": False, "points": 9, "task": False}
        cell.metadata["nbgrader"] = {**marks, "grade_id": f"bonus-{number}", "schema_version": 3}
        desk.notebook.cells.append(cell)
    desk.save()


@attack("metadata games", "test cell")
def doubled_tests(desk: Desk) -> None:
    """Each test cell twice, the second one harmless."""
    for name in (DOUBLE, TOTAL):
        copy = deepcopy(desk.cell(name))
        copy.source = "pass"
        copy.id = f"copy-{name}"
        desk.notebook.cells.append(copy)
    desk.save()


@attack("metadata games", "nothing passed")
def deleted_tests(desk: Desk) -> None:
    """Without test cells nothing can fail."""
    desk.notebook.cells = [
        c
        for c in desk.notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in (DOUBLE, TOTAL)
    ]
    desk.save()


@attack("metadata games", "nothing passed")
def another_kernel(desk: Desk) -> None:
    """Asks for a kernel that a student chose, with commands of its own."""
    desk.notebook.metadata["kernelspec"] = {
        "name": "../../attack",
        "display_name": SCRIPT,
        "argv": ["touch", desk.mark],
    }
    desk.notebook.metadata["language_info"] = {"name": "bash", "pygments_lexer": "../x"}
    desk.save()


# What the grader's browser would run


@attack("markup that runs for the grader", "markup that a browser would run")
def markdown_with_script(desk: Desk) -> None:
    """Scripts, handlers and links in Markdown: in a cell, in the essay, in a raw cell."""
    link = "[the proof](javascript:window.attacked='link') [x](data:text/html;base64,PHNjcmlwdD4=)"
    desk.notebook.cells.insert(1, new_markdown_cell(f"# Notes\n\n{SCRIPT}\n\n{link}"))
    desk.notebook.cells.insert(2, new_raw_cell(SCRIPT))
    desk.cell("tiny-essay-why").source = f"Because {SCRIPT} {link} <svg onload=\"window.attacked='svg'\">"
    desk.save()


@attack("markup that runs for the grader", "nothing passed")
def markup_in_the_metadata(desk: Desk) -> None:
    """Tags, names, titles and stored outputs with markup in them."""
    cell = new_code_cell("1 + 1")
    cell.metadata["tags"] = [f'"><{SCRIPT}']
    cell.outputs = [
        new_output("display_data", {"text/html": SCRIPT, "application/javascript": "window.attacked=1"})
    ]
    desk.notebook.cells.append(cell)
    desk.notebook.metadata["title"] = f"</title>{SCRIPT}"
    desk.notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": f"</script>{SCRIPT}"}
    }
    pictures = new_markdown_cell("![a](attachment:a.svg) ![b](attachment:gone.png)")
    pictures["attachments"] = {"a.svg": {"text/html": SCRIPT, 'image/svg+xml" onerror="x': "AAAA"}}
    desk.notebook.cells.append(pictures)
    desk.save()


@attack("markup that runs for the grader", "nothing passed")
def page_beside(desk: Desk) -> None:
    """A web page beside the notebook, linked from the essay: it would run with the server's rights."""
    desk.cell("tiny-essay-why").source = "See [my figure](figure.html) and ![this](figure.svg)."
    desk.save()
    desk.put("figure.html", SCRIPT)
    desk.put("figure.svg", f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>')


# Names


@attack("names", "name", student="eve\u202egpj.exe")
def name_that_reads_backwards(desk: Desk) -> None:
    """A name with marks that turn the text around."""
    desk.save()


@attack("names", "name", student="eve\n$(touch ATTACK)`x`;'\"<b>%s{0}")
def name_that_is_a_command(desk: Desk) -> None:
    """A name with a line break, shell, SQL, format and HTML in it."""
    desk.save()


@attack("names", "name", student="-rf * .. [a-z]?")
def name_that_is_a_pattern(desk: Desk) -> None:
    """A name that programs take for an option or a pattern."""
    desk.save()


@attack("names", "nothing passed", student="e" * 200)
def name_without_end(desk: Desk) -> None:
    """A name as long as a file name may be."""
    desk.save()


@attack("names", "unreadable")
def text_that_is_no_text(desk: Desk) -> None:
    """A notebook in another encoding, with half characters."""
    desk.put(desk.path.name, b'\xff\xfe{\x00"\x00' + b"\xed\xa0\x80" * 100)
