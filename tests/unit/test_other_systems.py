"""macOS and Windows: the labs work, grading is refused in a sentence, and no import ends in a traceback."""

from __future__ import annotations

import ast
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from course_utils import cli, doctor
from course_utils.errors import CourseError
from course_utils.grading.sandbox import landlock, machine, systems

PACKAGE = Path(cli.__file__).parent
NOT_ON_WINDOWS = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


@pytest.fixture(params=["Darwin", "Windows"])
def elsewhere(request, monkeypatch) -> Iterator[str]:
    machine._detect.cache_clear()
    monkeypatch.setattr(platform, "system", lambda: request.param)
    yield request.param
    machine._detect.cache_clear()


def imported_at_once(source: str) -> set[str]:
    """Top-level names of the modules that a module imports while it is imported itself, and does not do without."""
    found: set[str] = set()
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if later or (isinstance(node, ast.With) and "suppress(ImportError)" in ast.unparse(node.items[0])):
            continue
        todo += ast.iter_child_nodes(node)
    return found


def test_every_module_can_be_imported_without_what_windows_lacks():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 90
    found = {str(path): imported_at_once(path.read_text(encoding="utf-8")) & NOT_ON_WINDOWS for path in files}
    assert {path: names for path, names in found.items() if names} == {}


def test_an_import_that_windows_lacks_is_noticed():
    assert imported_at_once("import os\nclass A:\n    import fcntl") == {"os", "fcntl"}
    assert imported_at_once("if True:\n    from resource import getrusage") == {"resource"}
    assert (
        imported_at_once("def f():\n    import fcntl\nwith suppress(ImportError):\n    import fcntl") == set()
    )


def test_the_sandboxs_locks_can_be_imported_there():
    """As Windows does it: no fcntl, no resource, no C library of the process."""
    code = (
        "import ctypes, sys; sys.modules['fcntl'] = sys.modules['resource'] = None; ctypes.CDLL = None; "
        f"sys.path.insert(0, {str(Path(landlock.__file__).parent)!r}); import landlock; print(landlock.READ)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(landlock.READ), done.stderr


def test_grading_says_where_it_works_and_what_works_here(elsewhere, monkeypatch, capsys):
    for arguments in (["grade", "1"], ["grade", "1", "--unsafe"]):
        monkeypatch.setattr(sys, "argv", ["course", *arguments])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        assert exited.value.code == 2
        said = capsys.readouterr().err
        assert said.startswith(
            f"course: There is no sandbox for {'macOS' if elsewhere == 'Darwin' else 'Windows'}:"
        )
        assert ("WSL 2" in said) == (elsewhere == "Windows")
        assert "`course check`" in said
        assert "--unsafe" not in said


def test_student_code_is_never_run_there(elsewhere):
    assert machine.detect().mode == "none"
    for unsafe in (False, True):
        with pytest.raises(CourseError, match="Grade on Linux"):
            machine.choose(unsafe)


def test_the_doctor_names_no_command_of_another_system(elsewhere, capsys):
    findings = [
        doctor._sandbox(),
        *(doctor._program("no-such-program", *rest) for _, *rest in doctor._PROGRAMS),
    ]
    doctor.show(findings, Console(width=200))
    said = capsys.readouterr().out
    assert not any(finding.ok or finding.needed for finding in findings)
    assert "apt" not in said
    assert "sudo" not in said
    assert ("brew install node" in said) == (elsewhere == "Darwin")


def test_linux_is_not_refused():
    assert platform.system() != "Linux" or systems.refusal() == ""
