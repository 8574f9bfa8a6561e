"""Every way we know to get points, secrets or the machine: none works, each is noticed, nothing is left behind.

The attacks stand in attacks/: cells in percent format, and submissions.py. Each leaves its answers wrong.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell

from course_utils.grading import notebook as nbk
from course_utils.grading.book import records

FOLDER = Path(__file__).parent / "attacks"
LAB = "07_tiny"
HONEST = ("honest_anna", "honest_bert", "honest_chloe")
SETTINGS = """
c = get_config()
from course_utils.grading.configure import configure
configure(c)
c.CourseDirectory.course_id = "attacked"
c.SplitExecute.cell_seconds = 4.0  # importing torch takes two on a busy machine
c.SplitExecute.test_seconds = 2.0
c.SplitExecute.notebook_seconds = 25.0
c.SplitExecute.memory_mb = 700
c.SplitExecute.disk_mb = 40
"""


@dataclass(frozen=True)
class CellAttack:
    """One entry of attacks/cells. replaces: the solution cell that it stands for; else it runs before the first."""

    name: str
    group: str
    tries: str
    flag: str
    source: str
    replaces: str = ""


def read_cells() -> list[CellAttack]:
    found = []
    for path in sorted((FOLDER / "cells").glob("*.py")):
        for part in re.split(r"^# %% attack: ", path.read_text(), flags=re.MULTILINE)[1:]:
            name, *lines = part.split("\n")
            facts = {}
            while match := re.match(r"# (group|tries|flag|replaces): (.+)", lines[0]):
                facts[match[1]] = match[2]
                lines.pop(0)
            found.append(CellAttack(name.strip(), source="\n".join(lines).strip("\n"), **facts))
    return found


def read_submissions():
    spec = importlib.util.spec_from_file_location("attack_submissions", FOLDER / "submissions.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SUBMISSIONS = read_submissions()
ATTACKS = {attack.name: attack for attack in [*read_cells(), *SUBMISSIONS.ATTACKS]}


class Canary:
    """A server that notes who connects, by TCP, UDP and unix sockets in a folder: nobody should."""

    def __init__(self, folder: Path) -> None:
        self.visitors: list[str] = []
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.path = f"{folder}/canary"
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(self.path)
        self.unix.listen()
        self.datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.datagrams.bind(f"{self.path}-datagrams")
        for path in (self.path, f"{self.path}-datagrams"):
            os.chmod(path, 0o777)
        for listen in (self._tcp, self._udp, self._unix, self._datagrams):
            threading.Thread(target=listen, daemon=True).start()

    def _tcp(self) -> None:
        while True:
            try:
                self.visitors.append(f"tcp {self.tcp.accept()[1]}")
            except OSError:
                return

    def _unix(self) -> None:
        while True:
            try:
                self.unix.accept()
            except OSError:
                return
            self.visitors.append("unix")

    def _datagrams(self) -> None:
        while True:
            try:
                self.visitors.append(f"unix {self.datagrams.recv(100)!r}")
            except OSError:
                return

    def _udp(self) -> None:
        while True:
            try:
                self.visitors.append(f"udp {self.udp.recvfrom(100)}")
            except OSError:
                return

    def close(self) -> None:
        for one in (self.tcp, self.udp, self.unix, self.datagrams):
            one.close()


def digests(*folders: Path) -> dict[str, str]:
    """Path -> digest of every file below."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def hand_in_all(room, canary: Canary, victim: int, mark: str) -> dict[str, str]:
    """Every attack's submission, and honest ones. Returns attack -> student."""
    students = {}
    fill_in = {
        "COURSE_ROOT": str(room.paths.root),
        "CANARY_PORT": str(canary.port),
        "CANARY_SOCKET": canary.path,
        "VICTIM_PID": str(victim),
        "ATTACK_MARK": mark,
    }
    for attack in ATTACKS.values():
        nb = room.notebook(room.wrong)
        if isinstance(attack, CellAttack):
            source = attack.source
            for word, value in fill_in.items():
                source = source.replace(word, value)
            if attack.replaces:
                next(c for c in nb.cells if nbk.grade_id(c) == attack.replaces).source = source
            else:
                nb.cells.insert(2, new_code_cell(source))
            room.hand_in(attack.name, nb)
            students[attack.name] = attack.name
        else:
            desk = SUBMISSIONS.Desk(attack.student, LAB, room.paths.root, nb, mark)
            attack.prepare(desk)
            students[attack.name] = attack.student
    for student in HONEST:
        room.hand_in(student, room.notebook(after="import numpy\nnumpy.zeros(3)"))
    return students


def grade_in_a_process(room, mode: str, interpreter, scratch: Path) -> None:
    """`grade_class` in a process of its own, with the sandbox of this mode and `scratch` for temporary files."""
    script = room.paths.root / "grade.py"
    script.write_text(
        "from course_utils.grading.paths import CoursePaths\n"
        "from course_utils.grading.run.grade_class import grade_class\n"
        "from course_utils.grading.sandbox import confinement\n"
        "from course_utils.grading.sandbox.machine import detect\n"
        "if __name__ == '__main__':\n"
        f"    if {mode!r} == 'landlock':\n"
        "        confinement._bundled_bubblewrap = lambda: None\n"
        f"    assert detect().mode == {mode!r}, detect()\n"
        f"    grade_class({LAB!r}, CoursePaths(root={str(room.paths.root)!r}), jobs=4)\n"
    )
    environment = {**os.environ, "COURSE_TEST_SECRET_TOKEN": "open-sesame", "TMPDIR": str(scratch)}
    if mode == "landlock":  # without any bubblewrap, what is next is chosen
        environment["PATH"] = str(Path(interpreter.executable).parent)
        alembic = Path(interpreter.executable).with_name("alembic")
        if not alembic.exists():
            alembic.write_text(f"#!{interpreter.executable}\nfrom alembic.config import main\nmain()\n")
            alembic.chmod(0o755)
    done = subprocess.run(
        [interpreter.executable, str(script)],
        env=environment,
        cwd=room.paths.root,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _left_in_shared_memory() -> bool:
    """Whether there is anything under the key of `leaves_answers_in_shared_memory`; it is removed."""
    libc, left = ctypes.CDLL(None), False
    for find, remove, more in (("shmget", "shmctl", [0, None]), ("msgget", "msgctl", [0, None])):
        identity = getattr(libc, find)(0x636F7573, *([0, 0] if find == "shmget" else [0]))
        left = left or identity >= 0
        if identity >= 0:
            getattr(libc, remove)(identity, *more)
    return left


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, locked, make_room, open_up):
    """The whole class graded once in each kind of sandbox, and the machine before and after."""
    where, interpreter = locked
    root = tmp_path_factory.mktemp(f"attacked-{where.mode}")
    open_up(root)
    room = make_room(root / "course")
    (room.paths.root / "nbgrader_config.py").write_text(SETTINGS)
    mark = str(root / f"attack-mark-{os.getpid()}")
    scratch = Path(tempfile.mkdtemp(prefix="attacked-", dir="/tmp"))  # short: it will hold sockets
    scratch.chmod(0o755)
    canary = Canary(scratch)
    victim = subprocess.Popen(["sleep", "900"], env={"SECRET": "open-sesame"})
    try:
        students = hand_in_all(room, canary, victim.pid, mark)
        kept = (room.paths.solutions, room.paths.submitted)
        before = digests(*kept)
        grade_in_a_process(room, where.mode, interpreter, scratch)
        results = {result.student: result for result in records.load_records(LAB, room.paths)}
        yield {
            "room": room,
            "students": students,
            "results": results,
            "mode": where.mode,
            "mark": mark,
            "visitors": canary.visitors,
            "victim": victim.poll(),
            "changed": before != digests(*kept),
            "scratch": [path.name for path in scratch.iterdir() if not path.name.startswith("canary")],
            "left": _left_in_shared_memory(),
            "priority": psutil.Process(victim.pid).nice(),
        }
    finally:
        victim.kill()
        victim.wait()
        canary.close()
        shutil.rmtree(scratch)


def test_there_are_at_least_forty():
    assert len(ATTACKS) >= 40
    assert all(attack.tries and attack.group and attack.flag for attack in ATTACKS.values())


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_nothing_and_is_noticed(attacked, name):
    result = attacked["results"][attacked["students"][name]]
    assert result.score == 0, [(cell.grade_id, cell.state) for cell in result.cells]
    assert all(cell.points == 0 for cell in result.cells)
    told = "; ".join([*(f"{flag.reason}: {flag.detail}" for flag in result.flags), *result.repairs])
    assert any(words in told for words in ATTACKS[name].flag.split(" | ")), told


def test_the_honest_keep_their_points_and_are_not_flagged(attacked):
    for student in HONEST:
        result = attacked["results"][student]
        assert (result.score, result.flags) == (5, []), student
        assert result.sandbox == attacked["mode"]


def test_the_gradebook_agrees(attacked):
    from nbgrader.api import Gradebook

    with Gradebook(attacked["room"].paths.database_url, "attacked") as gradebook:
        for student, result in attacked["results"].items():
            assert gradebook.find_submission(LAB, student).score == result.score, student


def test_the_machine_is_as_it_was(attacked):
    assert attacked["visitors"] == []
    assert attacked["victim"] is None, "a process of somebody else was ended"
    assert attacked["priority"] == 0, "a process of somebody else was slowed down"
    assert not attacked["left"], "something is left in System V shared memory"
    assert not attacked["changed"], "files of the course were changed"
    assert attacked["scratch"] == []
    marks = [
        Path(attacked["mark"]),
        *(Path(f) / "attack-mark" for f in ("/tmp", "/var/tmp", "/dev/shm", "/home")),
    ]
    assert not any(mark.exists() for mark in marks)
    left = [p.info for p in psutil.process_iter(["cmdline"]) if attacked["mark"] in str(p.info["cmdline"])]
    assert left == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 47811)) != 0


def test_no_secret_is_in_what_people_get_to_see(attacked):
    shadow = Path("/etc/shadow").read_text().split("\n")[0] if os.geteuid() == 0 else "root:*"
    for path in attacked["room"].paths.autograded.rglob("*"):
        text = path.read_text(errors="replace") if path.is_file() else ""
        assert "open-sesame" not in text, path
        assert shadow not in text, path
    for student in attacked["students"].values():
        notebook = attacked["room"].paths.autograded / student / LAB / f"{LAB}.ipynb"
        if notebook.is_file():
            outputs = [c.get("outputs") for c in nbformat.read(notebook, as_version=4).cells]
            assert "return [2 * value" not in json.dumps(outputs), student
