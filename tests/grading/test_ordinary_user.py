"""The sandbox as an ordinary user has it, in a suite that root runs: what matters most is run again by such a user.

The user has no account. bubblewrap shows it the interpreter and the course where only root could go to them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils.grading.sandbox import machine
from course_utils.grading.sandbox.confinement import FREE_USERS, Interpreter

ROOT = Path(__file__).resolve().parents[2]
# Each for both kinds of sandbox, and for these ways to start a program.
SANDBOX = {
    "test_it_is_no_root_and_stays_so": ("fresh", "warm"),
    "test_the_network_is_out_of_reach": ("warm",),
    "test_secrets_are_not_readable": ("warm",),
    "test_other_processes_cannot_be_signalled": ("fresh", "warm"),
    "test_a_crowd_of_processes_is_stopped": ("fresh",),
}
TESTS = [
    "test_sandbox.py::test_no_way_out_leads_anywhere[bubblewrap]",
    "test_sandbox.py::test_no_way_out_leads_anywhere[landlock]",
    "test_sandbox.py::test_each_way_out_is_open_where_nothing_closes_it",
    *(
        f"test_sandbox.py::{name}[{mode}-{start}]"
        for mode in ("bubblewrap", "landlock")
        for name, starts in SANDBOX.items()
        for start in starts
    ),
    "test_warm.py::test_a_student_sees_what_a_fresh_kernel_shows",
    "test_ordinary_user.py::test_a_class_is_graded",
]
# Becomes the user for good, then the program.
BECOME = """
import os, sys
user = int(sys.argv[1])
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_class_is_graded(make_classroom, lacking):
    if machine.detect().mode == "none":
        lacking(machine.detect().reason)
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    room.hand_in("bert", room.notebook(room.wrong))
    assert {student: result.score for student, result in room.grade().items()} == {"anna": 5, "bert": 0}


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of the user's own: pytest's are root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-", dir="/var/tmp"))
    os.chown(folder, user(), user())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def user() -> int:
    return FREE_USERS[-1 - os.getpid() % 100]


def shown(paths: set[Path], program: str) -> list[str]:
    """The bwrap command in which any user can go to these folders: those that stop others are empty but for them."""
    closed = {folder for path in paths for folder in path.parents if not folder.stat().st_mode & 0o001}
    tops = {folder for folder in closed if not closed & set(folder.parents)}
    if not tops:
        return []
    command = [program, "--dev-bind", "/", "/"]
    for top in sorted(tops):
        inside = sorted(path for path in paths if path.is_relative_to(top))
        command += ["--perms", "0755", "--tmpfs", str(top)]
        between = {folder for path in inside for folder in path.parents if top in folder.parents}
        for folder in sorted(between):
            command += ["--perms", "0755", "--dir", str(folder)]
        for path in inside:
            command += ["--bind", str(path), str(path)]
    return [*command, "--"]


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs all of these tests anyway")
def test_what_matters_most_works_for_an_ordinary_user(home, lacking):
    interpreter = Interpreter.current()
    bubblewrap = machine.offer("bubblewrap", interpreter)
    if bubblewrap.mode == "none":
        lacking(bubblewrap.reason)
    view = shown({ROOT, *map(Path, interpreter.folders)}, bubblewrap.program)
    become = [*view, sys.executable, "-c", BECOME, str(user())]
    pytest_ = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", f"--basetemp={home}/tests"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    own = {"HOME": str(home), "USER": "student", "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*become, *pytest_, *(f"tests/grading/{name}" for name in TESTS)],
        cwd=ROOT,
        env={**clean, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= len(TESTS)
    if "skipped" in done.stdout:
        lacking(f"For an ordinary user: {done.stdout[-1000:]}")
