"""SIGKILL at random moments: whatever a run was doing, starting it again finishes the class as if nothing had been.

COURSE_KILLS sets how many moments (25); they come from a seed, so that a failure can be had again. COURSE_CLASS sets
how many students there are besides those who are in every class (0).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import nbformat
import psutil
import pytest
from gradebooks import facts, fingerprint, mark

from course_utils.grading import notebook as nbk
from course_utils.grading.book import gradebook, records
from course_utils.grading.paths import RECORD, CoursePaths
from course_utils.grading.run.changes import SourceDigests, submission_digest

LAB = "07_tiny"
DOUBLE, TOTAL, ESSAY = "tiny-a-double-tests", "tiny-b-total-tests", "tiny-essay-why"
KILLS = int(os.environ.get("COURSE_KILLS", "25"))
CLASS = int(os.environ.get("COURSE_CLASS", "0"))
RUN = (
    "import sys\n"
    "from course_utils.grading.paths import CoursePaths\n"
    "from course_utils.grading.run.grade_class import grade_class\n"
    "if __name__ == '__main__':\n"
    "    grade_class(sys.argv[2], CoursePaths(root=sys.argv[1]), jobs=int(sys.argv[3]))\n"
)


def start(root: Path, jobs: int = 2, temporary: Path | None = None) -> subprocess.Popen:
    """A grading run in a process group of its own."""
    script = root / "run.py"
    script.write_text(RUN)
    log = open(root / "run.log", "ab")  # noqa: SIM115 (the process keeps it)
    argv = [sys.executable, str(script), str(root), LAB, str(jobs)]
    environment = {**os.environ, "TMPDIR": str(temporary)} if temporary else None
    return subprocess.Popen(argv, start_new_session=True, stdout=log, stderr=log, env=environment)


def finish(root: Path) -> float:
    """Run to the end; how long it took, in seconds."""
    began = time.monotonic()
    assert start(root).wait(timeout=300 + 30 * CLASS) == 0, (root / "run.log").read_text()[-2000:]
    return time.monotonic() - began


def state(paths: CoursePaths) -> dict[str, object]:
    """All that grading left, but for times and ids."""
    found: dict[str, object] = {"gradebook": facts(paths, LAB)}
    for path in sorted(paths.autograded.rglob("*")):
        name = str(path.relative_to(paths.autograded))
        if path.name == RECORD:
            facts_of = json.loads(path.read_text().replace(str(paths.root), "ROOT"))
            for timed in ("seconds", "peak_mb", "graded_at"):
                del facts_of[timed]
            for cell in facts_of["cells"]:
                del cell["seconds"]
            found[name] = facts_of
        elif path.suffix == ".ipynb":
            found[name] = [(c.source, c.get("outputs")) for c in nbk.read(path).cells]
        elif path.is_file() and path.name != ".lock":
            found[name] = path.read_bytes()
    return found


def differences(one: object, other: object, where: str = "") -> Iterator[str]:
    """What differs in two states, a line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), f"{where}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from differences(a, b, f"{where}[{index}]")
    elif one != other:
        yield f"{where}: {one!r}, expected {other!r}"


def done(paths: CoursePaths) -> dict[str, str]:
    """Records that a run need not touch any more -> their fingerprints."""
    tests = SourceDigests.of(nbk.read(paths.solutions / LAB / f"{LAB}.ipynb"))
    ready = {}
    for path in paths.autograded.glob(f"*/{LAB}/{RECORD}"):
        student = path.parts[-3]
        digest = submission_digest(paths.submitted / student / LAB)
        if tests.changed(records.read_record(path), digest) == ():
            ready |= fingerprint(path)
    return ready


def by_hand(paths: CoursePaths) -> dict:
    """What a person gave, in a gradebook that is whole at every moment."""
    if not paths.database.is_file():
        return {}
    with sqlite3.connect(paths.database) as book:
        assert book.execute("PRAGMA quick_check").fetchone() == ("ok",)
        if not book.execute("SELECT 1 FROM sqlite_master WHERE name = 'comment'").fetchone():
            return {}
    return {
        key: [value.get(name) for name in ("manual", "extra", "said")]
        for key, value in facts(paths, LAB).items()
        if any(value.get(name) is not None for name in ("manual", "extra", "said"))
    }


def wait_for_a_moment(run: subprocess.Popen, paths: CoursePaths, dice: random.Random, seconds: float) -> None:
    """Any time in the run; or, as often, about when a submission is finished and the next one is worked on."""
    if dice.random() < 0.5:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(timeout=dice.uniform(0.02, 1.0) * seconds)
        return
    already, later = len(done(paths)), dice.uniform(0.0, 0.15) * seconds
    while run.poll() is None and len(done(paths)) == already:
        time.sleep(0.02)
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.wait(timeout=later)


def kill(run: subprocess.Popen) -> None:
    """SIGKILL the whole group; nothing that it started may live on."""
    try:
        family = psutil.Process(run.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, [process.cmdline() for process in alive]


def torment(
    template: Path, scratch: Path, home: Path, kills: int, seed: int, seconds: float, expected: dict
) -> list[int]:
    """Kill runs on copies of `template` until there were so many kills. Returns how many each class took.

    home: where temporary files are, each class in a folder of its own. Classes have one and two workers in turn.
    """
    dice = random.Random(seed)
    taken = []
    while sum(taken) < kills:
        root = scratch / f"class-{seed}-{len(taken)}"
        # As it lies on a disk, times included.
        subprocess.run(["cp", "-a", str(template), str(root)], check=True)
        paths, temporary = CoursePaths(root=root), home / root.name.removeprefix("class-")
        temporary.mkdir()
        given, deaths, jobs = by_hand(paths), 0, 1 + (seed + len(taken)) % 2
        while True:
            before = done(paths)
            run = start(root, jobs, temporary)
            if sum(taken) + deaths >= kills:
                run.wait()
            else:
                wait_for_a_moment(run, paths, dice, seconds)
            if run.poll() is None:
                kill(run)
                deaths += 1
            else:
                assert run.returncode == 0, (root / "run.log").read_text()[-3000:]
            after = done(paths)
            assert {path: after.get(path) for path in before} == before, "what was finished was done again"
            assert by_hand(paths) == given
            for copy in gradebook.backups(paths):
                gradebook.check_file(copy)
            if run.returncode == 0:
                break
        came = state(paths)
        assert came.keys() == expected.keys()
        assert not list(differences(came, expected))
        assert not list((root / ".course").glob("scratch-*")), "scratch folders of killed runs"
        assert not list(temporary.iterdir()), "temporary files of killed runs"
        taken.append(deaths)
    return taken


@pytest.fixture(scope="module")
def templates(classroom, tmp_path_factory):
    """Two classes about to be graded: one for the first time, and one with a person's marks, a mended test,
    an answer handed in again, and a student more. With each, how it must come out and how long that takes."""
    room = classroom
    essay = room.notebook()
    next(c for c in essay.cells if nbk.grade_id(c) == ESSAY).source = "Because."
    room.hand_in("anna", essay)
    room.hand_in("bert", room.notebook(room.wrong), timestamp__txt="2026-01-15 22:00:00 UTC")
    room.hand_in("torn", "{no notebook")
    for number in range(CLASS):
        room.hand_in(f"s{number:03}", room.notebook(room.wrong if number % 4 == 3 else None))
    found = []

    def ready(name: str) -> None:
        home = tmp_path_factory.mktemp(name)
        for copy in ("template", "reference"):
            subprocess.run(["cp", "-a", str(room.paths.root), str(home / copy)], check=True)
        seconds = finish(home / "reference")
        found.append((home / "template", seconds, state(CoursePaths(root=home / "reference"))))

    ready("fresh")
    finish(room.paths.root)
    mark(room.paths, LAB, "anna", ESSAY, points=1.5, comment="Good.")
    mark(room.paths, LAB, "anna", DOUBLE, extra=0.5)
    mark(room.paths, LAB, "bert", TOTAL, points=1.0, comment="Half right.")
    source = deepcopy(room.source)
    tests = next(c for c in source.cells if nbk.grade_id(c) == TOTAL)
    tests.source = tests.source.replace("24", "25")
    nbformat.write(source, room.paths.solutions / LAB / f"{LAB}.ipynb")
    room.hand_in("bert", room.notebook(), timestamp__txt="2026-01-16 22:00:00 UTC")
    room.hand_in("cleo", room.notebook())
    ready("marked")
    return found


def test_killed_at_random_moments(templates, tmp_path):
    (_, _, fresh), (_, _, marked) = templates
    assert fresh["gradebook"]["anna", ""]["score"] == 5
    assert marked["gradebook"]["anna", ESSAY]["manual"] == 1.5
    assert marked["gradebook"]["anna", TOTAL]["auto"] == 0
    shares = (KILLS // 2, KILLS - KILLS // 2)
    # Short names, for unix sockets will lie there.
    with tempfile.TemporaryDirectory(prefix="k-", dir="/tmp") as home, ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(torment, template, tmp_path, Path(home), share, seed, seconds, expected)
            for seed, (share, (template, seconds, expected)) in enumerate(zip(shares, templates, strict=True))
        ]
        taken = [job.result() for job in jobs]
    assert sum(map(sum, taken)) == KILLS
    print("kills per class:", taken)
    # And a finished class stays as it is.
    last = max(tmp_path.glob("class-1-*"))
    before = fingerprint(last / "autograded", last / "gradebook.db")
    finish(last)
    assert fingerprint(last / "autograded", last / "gradebook.db") == before
