"""A small course made by code: two exercises, a probe, hidden tests, an essay; and a class to hand it in."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading import notebook as nbk
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.repair import released_view
from course_utils.grading.sandbox import machine
from course_utils.grading.sandbox.confinement import Interpreter, Sandbox

LAB = "07_tiny"

# No import of torch here: each kernel would take seconds over it.
SETUP = """\
import math

TOY = [3, 4, 5]
"""

DOUBLE = '''\
def double(values):
    """Twice each value. values: list of int. Raises ValueError for an empty list."""
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("values is empty")
    return [2 * value for value in values]
    ### END SOLUTION
'''

DOUBLE_TESTS = """\
from course_utils import checks

checks.equal(double(TOY), [6, 8, 10], what="double of 3, 4, 5", name="doubled",
             mistakes={"You added 2 instead of doubling.": [5, 6, 7]})
checks.raises(ValueError, double, [], what="double of an empty list", says="empty")

@checks.probe
def leaves_its_argument_alone(values):
    before = list(values)
    double(values)
    return values == before

checks.true(leaves_its_argument_alone([1, 2]), what="the list that was passed in", hint="Make a new list.")
### BEGIN HIDDEN TESTS
checks.equal(double([-7, 11]), [-14, 22], what="double of fresh numbers", name="doubled",
             hint="Negative numbers count too.")
### END HIDDEN TESTS
"""

TOTAL = '''\
def total(values):
    """Twice the sum of a list of int."""
    ### BEGIN SOLUTION
    return sum(double(values))
    ### END SOLUTION
'''

TOTAL_TESTS = """\
from course_utils import checks

checks.equal(total(TOY), 24, what="twice the sum of 3, 4, 5", name="total")
### BEGIN HIDDEN TESTS
checks.equal(total([10, -4]), 12, what="twice the sum of 10 and -4", name="total")
### END HIDDEN TESTS
"""

GOOD = {
    "tiny-a-double": "def double(values):\n    if not values:\n        raise ValueError('empty')\n"
    "    return [v + v for v in values]",
    "tiny-b-total": "def total(values):\n    return 2 * sum(values)",
}
# Answers that deserve nothing; what is done around them must not change that.
WRONG = {
    "tiny-a-double": "def double(values):\n    return values",
    "tiny-b-total": "def total(values):\n    return 0",
}


def _marked(cell: NotebookNode, name: str, points: float | None = None, **marks: bool) -> NotebookNode:
    meta = {"grade": False, "solution": False, "locked": False, "task": False, **marks}
    cell.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, **meta}
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    cell.id = name
    return cell


def source_notebook() -> NotebookNode:
    setup = _marked(new_code_cell(SETUP), "tiny-setup", locked=True)
    setup.metadata["tags"] = ["setup"]
    test = {"grade": True, "locked": True}
    essay = new_markdown_cell("### BEGIN MARK SCHEME\nTwo points.\n### END MARK SCHEME\n")
    cells = [
        new_markdown_cell("# Tiny", id="title"),
        setup,
        new_markdown_cell("Double the values.", id="text-a"),
        _marked(new_code_cell(DOUBLE), "tiny-a-double", solution=True),
        _marked(new_code_cell(DOUBLE_TESTS), "tiny-a-double-tests", 3, **test),
        new_markdown_cell("Add them up.", id="text-b"),
        _marked(new_code_cell(TOTAL), "tiny-b-total", solution=True),
        _marked(new_code_cell(TOTAL_TESTS), "tiny-b-total-tests", 2, **test),
        new_markdown_cell("Why is that so?", id="text-c"),
        _marked(essay, "tiny-essay-why", 2, grade=True, solution=True),
    ]
    for cell in cells:
        if name := nbk.grade_id(cell):
            cell.metadata["course"] = {"title": name.split("-")[-1].title()}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


class Classroom:
    """A course in a folder of its own, with one lab. `hand_in` makes a submission, `grade` grades."""

    good, wrong = GOOD, WRONG

    def __init__(self, root: Path, lab: str = LAB) -> None:
        self.paths = CoursePaths(root=root)
        self.lab = lab
        self.source = source_notebook()
        path = self.paths.lab(lab).source
        path.parent.mkdir(parents=True)
        nbformat.write(self.source, path)
        self.released = released_view(self.source)

    def notebook(self, answers: dict[str, str] | None = None, after: str = "") -> NotebookNode:
        """The released notebook with these answers (default: right ones); `after` is one more cell, last."""
        nb = deepcopy(self.released)
        for cell in nb.cells:
            cell.source = (GOOD if answers is None else answers).get(nbk.grade_id(cell), cell.source)
        if after:
            nb.cells.append(new_code_cell(after))
        return nb

    def hand_in(self, student: str, nb: NotebookNode | str, **files: str) -> Path:
        folder = self.paths.submission(self.lab, student).folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.lab}.ipynb"
        if isinstance(nb, str):
            path.write_text(nb)
        else:
            nbformat.write(nb, path)
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content)
        return path

    def grade(self, *students: str, **options):
        from course_utils.grading.run.grade_class import grade_class

        return {
            result.student: result
            for result in grade_class(self.lab, self.paths, students=students or None, **options)
        }


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    """The small lab: its source notebook (made anew by each call), good and wrong answers, its name."""
    return SimpleNamespace(source_notebook=source_notebook, good=GOOD, wrong=WRONG, lab=LAB)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    return Classroom(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def make_room() -> Callable[..., Classroom]:
    """A small course in a folder of one's choice; its lab may have another name."""
    return Classroom


@pytest.fixture(scope="session")
def open_interpreter() -> Iterator[Interpreter]:
    """A Python like this one that every user can read: Landlock as root needs it.

    The interpreter is copied; the packages are the environment's own.
    """
    base = Path(sys.base_prefix).resolve()
    home = Path(tempfile.mkdtemp(prefix="open-python-", dir="/var/tmp"))
    home.chmod(0o755)
    try:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        skip = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a")
        shutil.copytree(base / "lib" / version, home / "lib" / version, ignore=skip, symlinks=True)
        (home / "bin").mkdir()
        shutil.copy(base / "bin" / version, home / "bin" / version)
        for library in (base / "lib").glob("libpython*"):
            shutil.copy(library, home / "lib" / library.name, follow_symlinks=False)
        (home / "env" / "bin").mkdir(parents=True)
        (home / "env" / "bin" / "python").symlink_to(home / "bin" / version)
        packages = home / "env" / "lib" / version / "site-packages"
        packages.parent.mkdir(parents=True)
        packages.symlink_to(Path(sys.prefix) / "lib" / version / "site-packages")
        (home / "env" / "pyvenv.cfg").write_text(f"home = {home}/bin\nversion = 3\n")
        yield Interpreter(str(home / "env" / "bin" / "python"), (str(home), sys.prefix))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _open(mode: str, interpreter: Interpreter, lacking: Callable[[str], None]) -> tuple[Sandbox, Interpreter]:
    found = machine.offer(mode, interpreter)
    if found.mode == "none":
        lacking(f"The sandbox {mode} does not work here: {found.reason}")
    return found, interpreter


@pytest.fixture(scope="session", params=["bubblewrap", "landlock"])
def locked(request: pytest.FixtureRequest, lacking):
    """(sandbox, interpreter) for each mode; one that does not work here is skipped with the reason, or fails in CI."""
    if request.param == "landlock":
        return _open("landlock", request.getfixturevalue("open_interpreter"), lacking)
    return _open("bubblewrap", Interpreter.current(), lacking)


@pytest.fixture(scope="session")
def best(request: pytest.FixtureRequest, lacking):
    """The same for the first mode that works: what does not depend on the mode is tested once."""
    if machine.offer("bubblewrap", Interpreter.current()).mode != "none":
        return _open("bubblewrap", Interpreter.current(), lacking)
    return _open("landlock", request.getfixturevalue("open_interpreter"), lacking)


@pytest.fixture(scope="session")
def open_up() -> Callable[[Path], None]:
    """open_up(folder): every user may read it and come to it; pytest makes its folders for one user alone.

    On a worker they lie a folder deeper than in a single process, so the way is walked, not counted.
    """
    top = Path(tempfile.gettempdir()).resolve()

    def walk(folder: Path) -> None:
        folder = folder.resolve()
        for one in (folder, *folder.parents):
            if one == top or one == Path(one.anchor):
                return
            if one.stat().st_uid == os.geteuid():
                one.chmod(one.stat().st_mode | 0o055)

    return walk


@pytest.fixture
def make_classroom(tmp_path: Path) -> Callable[[], Classroom]:
    return lambda: Classroom(tmp_path / "course")
