"""The first setup cell of every lab: one text, in which a lab has two places of its own.

Its own are what it imports and what follows `profile = get_profile()`. `course release` writes all the rest
anew into the source notebook: to change it for every lab, change it here and release.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from nbformat import NotebookNode

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk

INSTALL = """\
import importlib.metadata
import importlib.util
import subprocess
import sys

COURSE_HOME = ""
if importlib.util.find_spec("course_utils") is None:
    if not COURSE_HOME:
        raise RuntimeError(
            "course_utils is not installed here, and this copy of the lab does not say where it is published: "
            "run `python3 install.py` in the course's folder, and open the lab as it tells you."
        )
    to_install = [f"git+{COURSE_HOME}"]
    if importlib.util.find_spec("torch"):  # it fits this machine's hardware, and stays
        to_install.append(f"torch=={importlib.metadata.version('torch')}")
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", *to_install])
    importlib.invalidate_caches()

from course_utils.jupyter.apart import tests_apart
from course_utils.libraries import check_libraries

check_libraries()
"""

START = """\
seed_everything(0)
viz.style.use()
{tests_apart}profile = get_profile()
"""
_WIDTH = 110  # of a line of code; ruff formats notebooks as well

# What START uses; a lab imports it together with its own.
NEEDED = frozenset({"get_profile", "seed_everything", "viz"})


def setup_text(imports: str, own: str, students: Iterable[str] = ()) -> str:
    """The cell's text. imports: the lab's import lines, with NEEDED among them; own: its last lines; students:
    what its exercises define.

    A copy of the lab that is alone, as in Colab, installs the package from course.toml's `home`.
    """
    home = json.dumps(course.load_course().clone_url)
    install = INSTALL.replace('COURSE_HOME = ""', f"COURSE_HOME = {home}")
    start = START.replace("{tests_apart}", _tests_apart(students))
    return f"{install}\n{imports.strip()}\n\n{start}{own.strip()}\n".rstrip()


def _tests_apart(students: Iterable[str]) -> str:
    """The call that names what a lab's exercises define, in lines as ruff would break them."""
    names = [f'"{name}"' for name in sorted(students)]
    together = ", ".join(names)
    if not names or len(together) <= _WIDTH - len("tests_apart()"):
        return f"tests_apart({together})\n"
    if len(together) <= _WIDTH - len("    "):
        return f"tests_apart(\n    {together}\n)\n"
    return "tests_apart(\n" + "".join(f"    {name},\n" for name in names) + ")\n"


def filled(source: str, students: Iterable[str] = ()) -> str:
    """The canonical text around a cell's own parts: its last imports and what follows `profile = …`.

    students: as for setup_text.

    Raises CourseError that says which part is missing.
    """
    try:
        body = ast.parse(nbk.plain_python(source)).body
    except SyntaxError as error:
        raise CourseError(f"it does not compile: {error.msg}, line {error.lineno}.") from None
    profile = next((i for i, node in enumerate(body) if _binds_profile(node)), None)
    if profile is None:
        raise CourseError("it lacks the line `profile = get_profile()`, after which a lab's own lines stand.")
    last = max((i for i in range(profile) if _imports(body[i])), default=None)
    if last is None:
        raise CourseError("it imports nothing before `profile = get_profile()`.")
    first = last
    while first > 0 and _imports(body[first - 1]):
        first -= 1
    lines = source.split("\n")
    imports = "\n".join(lines[body[first].lineno - 1 : body[last].end_lineno])
    missing = NEEDED - nbk.bound_names(imports)
    if missing:
        raise CourseError(f"it does not import {', '.join(sorted(missing))}.")
    return setup_text(imports, "\n".join(lines[body[profile].end_lineno :]), students)


def fill(nb: NotebookNode) -> bool:
    """Write the canonical text into the notebook's first setup cell; whether that changed anything.

    A cell whose own parts cannot be found stays as it is: lint says what it lacks.
    """
    for cell in nbk.setup_cells(nb)[:1]:
        try:
            text = filled(cell.source, nbk.student_names(nb))
        except CourseError:
            return False
        changed, cell.source = cell.source != text, text
        return changed
    return False


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _binds_profile(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["profile"]
