"""What students use works without the extra `grading`, and what does not says which extra brings it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from course_utils.libraries import GRADING

ROOT = Path(__file__).resolve().parents[2]

# Runs first in a new process: it has what the extra brings, and must not see it.
WITHOUT = f"""
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(GRADING - {"jinja2", "markupsafe"})!r}:  # torch brings those two
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Without())
"""


def without(code: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", f"{WITHOUT}\n{code}", *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ, capture_output=True, text=True, check=False)


def course(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return without("from course_utils.cli import main\nmain()", *arguments, cwd=cwd)


def imports_of_the_labs() -> list[str]:
    """Every import of course_utils in a released lab, as a line of Python."""
    lines = set()
    for path in (ROOT / "labs").glob("*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                lines |= set(
                    re.findall(r"^\s*(from course_utils[\w.]* import [\w, ]+)$", cell.source, re.MULTILINE)
                )
    return sorted(lines)


@pytest.mark.slow
def test_all_that_labs_import_is_there():
    lines = imports_of_the_labs()
    assert len(lines) > 20
    done = without("\n".join([*lines, "import course_utils.jupyter.magic", "print('all there')"]))
    assert done.stdout == "all there\n", done.stderr


@pytest.mark.slow
def test_course_check_works(tmp_path):
    code = nbformat.v4.new_code_cell
    solution = {"grade": False, "solution": True, "locked": False, "grade_id": "sft_masking-a-b"}
    tests = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 1,
        "grade_id": "sft_masking-a-b-tests",
    }
    nb = nbformat.v4.new_notebook(
        cells=[
            code("def b():\n    return 1", metadata={"nbgrader": solution, "course": {"title": "One"}}),
            code("assert b() == 1", metadata={"nbgrader": tests}),
        ]
    )
    nbformat.write(nb, tmp_path / "mine.ipynb")
    done = course("check", "mine.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 exercises pass" in done.stdout


@pytest.mark.parametrize("command", [["grade", "1"], ["release", "1"], ["demo"], ["report", "1"]])
def test_a_command_that_needs_the_extra_says_so(command):
    done = course(*command)
    assert done.returncode == 2
    assert re.search(r"needs \w+, which is not installed here; the extra `grading` brings it", done.stderr)
    assert "pip install 'adapting-llms[grading]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_library_that_is_imported_has_its_place():
    """In the dependencies, in the extra `grading`, or in one that says so itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in project["dependencies"]}
    along = {
        "IPython",
        "cycler",
        "huggingface_hub",
        "jupyter_core",
        "tornado",
        "traitlets",
        "zmq",
    }  # with ours
    elsewhere = {"distributed", "vllm", "landlock", "google", "gguf", "playwright"}
    strays: dict[str, list[str]] = {}
    for path in (ROOT / "course_utils").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in (name.partition(".")[0] for name in names):
                if name not in sys.stdlib_module_names | own | along | elsewhere | GRADING | {"course_utils"}:
                    strays.setdefault(name, []).append(path.name)
    assert strays == {}
    brought = {
        re.match(r"[\w-]+", line)[0].replace("-", "_") for line in project["optional-dependencies"]["grading"]
    }
    assert brought - GRADING == {"jupyterlab"}, "the sentence names no library that the extra does not bring"


def test_the_blocked_libraries_are_really_out_of_sight():
    done = without("import nbgrader")
    assert "No module named 'nbgrader'" in done.stderr
    assert json.loads(without("import json, nbformat; print(json.dumps(1))").stdout) == 1
