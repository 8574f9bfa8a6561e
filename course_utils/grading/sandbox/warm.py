"""Warm kernels, the grader's side: one process that has a lab's libraries imported, forked for each submission.

The process (`warm_process.py`) is started once for a lab and a sandbox mode. Whoever holds its `Warm` can have
kernels from it; `start` decides between that and a fresh interpreter. It may die at any time: then
kernels start fresh, and the runner starts it anew.
"""

from __future__ import annotations

import ast
import contextlib
import json
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from course_utils.grading import notebook as nbk
from course_utils.grading.sandbox import confinement
from course_utils.grading.sandbox.confinement import Interpreter, Sandbox
from course_utils.grading.sandbox.launch import Warm

_MAIN = (
    "exec(__import__('course_utils.grading.sandbox.warm_process', fromlist=['serve']).serve({}, {!r}, {!r}))"
)


# What these libraries import only when they are used: the course's models are of the kind Qwen2.
_LATER = {
    "torch": ("torch.nn.functional", "torch.optim", "torch._dynamo"),
    "transformers": (
        "transformers.models.auto.modeling_auto",
        "transformers.models.auto.tokenization_auto",
        "transformers.models.qwen2.modeling_qwen2",
        "transformers.models.qwen2.tokenization_qwen2",
    ),
}


class WarmProcess:
    """It, running. Close it, or use it as a context manager; it ends with the process that started it."""

    def __init__(
        self, where: Sandbox, imports: Iterable[str] = (), interpreter: Interpreter | None = None
    ) -> None:
        interpreter = interpreter or Interpreter.current()
        self.facts: dict | None = None
        self.problem = ""
        self._folder = Path(tempfile.mkdtemp(prefix="course-warm-"))
        self._folder.chmod(0o711)
        (self._folder / "empty").mkdir()
        packages = (
            confinement.stage_package(self._folder)
            if where.mode == "landlock"
            else confinement.package_home()
        )
        environment = confinement.environment(where.mode, interpreter, self._folder, packages)
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.warm = Warm(where.mode, interpreter, packages, mine)
        main = _MAIN.format(other.fileno(), str(self._folder), list(imports))
        try:
            self._process = subprocess.Popen(
                [interpreter.executable, "-c", main],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                env=environment,
                cwd=self._folder / "empty",
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            other.close()
        assert self._process.stdout is not None
        self._said = self._process.stdout

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self, seconds: float = 120.0) -> bool:
        """Wait until it has imported; whether it can be forked. `problem` tells why not, `facts` what it said."""
        if self.facts is None:
            heard = select.select([self._said], [], [], seconds)[0]
            line = self._said.readline() if heard else b""
            try:
                self.facts = json.loads(line)
            except ValueError:
                self.facts = {}
            if self.facts.get("threads", 1) > 1:
                self.problem = (
                    f"the lab's imports start {self.facts['threads'] - 1} threads, and forks lose them"
                )
            elif not self.facts:
                self.problem = "the process that imports the lab's libraries died or is silent"
        return not self.problem

    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it. Kernels that it started go on: they have supervisors of their own."""
        self.warm.requests.close()
        self._said.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def imports_of(source: nbk.NotebookNode) -> list[str]:
    """Modules that the course's own cells of a lab import, and what these import later, in order.

    Cells with tests and solutions do not count: what they need is not for students to see.
    """
    found: dict[str, None] = {}
    for cell in source.cells:
        if cell.cell_type != "code" or nbk.is_test(cell) or nbk.is_solution(cell):
            continue
        with contextlib.suppress(SyntaxError):  # a cell of magics
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    found.update(dict.fromkeys(alias.name for alias in node.names))
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    below = [f"{node.module}.{alias.name}" for alias in node.names]
                    found.update(dict.fromkeys([node.module, *filter(_is_module, below)]))
    tops = {name.partition(".")[0] for name in found}
    found.update(dict.fromkeys(later for top in _LATER if top in tops for later in _LATER[top]))
    return list(found)


def _is_module(name: str) -> bool:
    """Whether an imported name of the course's package is a module of its own; for other packages, do not ask."""
    if not name.startswith("course_utils."):
        return False
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # a name of a module that is no package
        return False
