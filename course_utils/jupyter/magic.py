"""`%check` in a notebook: the visible tests as `course check` runs them, with the functions of the running kernel.

%load_ext course_utils
%check                   the exercise whose cell was run last
%check build_labels      this one
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import visible_tests
from course_utils.grading.notebook import Exercise


def register(shell: InteractiveShell) -> None:
    """Give the shell its `%check`."""

    def check(line: str) -> None:
        try:
            print(checked(shell, line.strip()))
        except CourseError as error:
            print(error)

    shell.magics_manager.register_function(check, magic_name="check")


def checked(shell: InteractiveShell, name: str) -> str:
    """What `%check name` prints: how the exercise went, and how many pass. "": the one whose cell was run last.

    Raises CourseError for an unknown exercise, and where the notebook's file cannot be found.
    """
    nb = read_own_notebook(shell)
    exercise = nbk.find_exercise(nb, name) if name else _at_hand(nb, shell.user_ns.get("In", []))
    found = visible_tests.check_here(nb, shell.user_ns)
    own = next(item for item in found if item.exercise == exercise.name)
    lines = [f"{own.title}: {own.state}", own.message, visible_tests.progress(found)]
    return "\n".join(line for line in lines if line)


def read_own_notebook(shell: InteractiveShell) -> NotebookNode:
    """The notebook that the shell belongs to, as `visible_tests.read_lab` reads it.

    Jupyter and VS Code name its file; Colab has none and is asked for its content.
    """
    if "google.colab" in sys.modules:
        ask = importlib.import_module("google.colab._message").blocking_request
        content = ask("get_ipynb", timeout_sec=60)["ipynb"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "notebook.ipynb")
            path.write_text(json.dumps(content), encoding="utf-8")
            return visible_tests.read_lab(path)[0]
    path = Path(shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or "")
    if not path.is_file():
        raise CourseError(
            "%check does not find this notebook's file: save it, and run `course check` with its name in a terminal."
        )
    return visible_tests.read_lab(path)[0]


def _at_hand(nb: NotebookNode, ran: list[str]) -> Exercise:
    """The exercise whose cell was run last, of all that were run; the first exercise if none was."""
    known = nbk.exercises(nb)
    for source in reversed(ran):
        defined = nbk.names_or_none(nbk.exported_names, source)
        for exercise in known:
            if exercise.names and exercise.names <= defined:
                return exercise
    return known[0]
