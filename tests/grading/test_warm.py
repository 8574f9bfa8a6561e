"""Warm kernels: what a student sees there is what a fresh kernel shows, and a dead warm process costs nothing."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.grading.run import workers
from course_utils.grading.sandbox import confinement, launch, machine, warm, warm_process
from course_utils.grading.sandbox.confinement import Interpreter
from course_utils.grading.sandbox.kernel import StudentKernel

# What may differ: numbers of processes and times, never these. (Where the limit of processes counts all of the user
# who grades, `kernels` holds that count still.)
LOOK = """
import gc, json, locale, os, random, resource, signal, socket, sys, tempfile, threading
from pathlib import Path
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
names = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters")
files = {}
for fd in os.listdir("/proc/self/fd"):
    if os.path.exists("/proc/self/fd/" + fd):
        files[fd] = os.readlink("/proc/self/fd/" + fd).partition(":")[0]
print(json.dumps({
    "environment": dict(os.environ), "argv": sys.argv, "path": sys.path, "folder": os.getcwd(),
    "home": str(Path.home()), "temporary": tempfile.gettempdir(), "umask": os.umask(0o077),
    "status": {name: status[name] for name in names}, "flags": repr(sys.flags),
    "limits": [resource.getrlimit(getattr(resource, n)) for n in sorted(dir(resource)) if n.startswith("RLIMIT_")],
    "signals": {s.name: repr(signal.getsignal(s)).partition(" at ")[0] for s in signal.Signals},
    "files": sorted(set(files.values())), "threads": sorted(t.name.partition("-")[0] for t in threading.enumerate()),
    "host": socket.gethostname() if sys.argv[0] else "", "locale": locale.getlocale(),
    "modules": [name for name in sys.modules if "warm" in name and "course" in name],
    "main": sorted(name for name in globals() if not name.startswith("_")),
    "groups": os.getgroups(), "priority": os.nice(0), "affinity": sorted(os.sched_getaffinity(0)),
}))
"""


def said(kernel: StudentKernel, code: str) -> str:
    run = kernel.run(code, 60)
    assert run.status == "ok", run.outputs
    return "".join(output["text"] for output in run.outputs if output.get("name") == "stdout")


@pytest.fixture(scope="module")
def running(locked):
    """A warm process for each mode, with libraries that remember folders and chance."""
    where, interpreter = locked
    with warm.WarmProcess(where, ["numpy", "matplotlib.pyplot"], interpreter) as one:
        assert one.ready(), one.problem
        assert one.facts["failed"] == {}
        yield one


@pytest.fixture
def kernels(locked, running, monkeypatch):
    """start("fresh" or "warm"): a kernel; a warm one that fell back to a fresh start is an error."""
    where, interpreter = locked
    started = []
    plain = launch._start_supervisor
    others = confinement._own_tasks()
    monkeypatch.setattr(confinement, "_own_tasks", lambda: others)

    def start_kernel(how: str) -> StudentKernel:
        monkeypatch.setattr(launch, "_start_supervisor", None if how == "warm" else plain)
        one = running.warm if how == "warm" else None
        started.append(StudentKernel(where, interpreter=interpreter, warm=one))
        return started[-1]

    yield start_kernel
    for kernel in started:
        kernel.close()


def test_a_student_sees_what_a_fresh_kernel_shows(kernels, running):
    seen = {}
    for how in ("fresh", "warm"):
        kernel = kernels(how)
        # Folders of the run have names of their own.
        text = said(kernel, LOOK).replace(str(kernel.jail.folder), "FOLDER")
        if kernel.jail.mode == "landlock" and how == "warm":
            text = text.replace(running.warm.packages, "FOLDER/packages")
        seen[how] = json.loads(text)
    if kernel.jail.mode == "bubblewrap":
        assert seen["warm"]["environment"]["HOME"] == "/home/student"
    for name, value in seen["fresh"].items():
        assert seen["warm"][name] == value, name


def test_chance_begins_anew_in_each_fork(kernels):
    code = "import random, numpy\nprint(random.random(), numpy.random.rand(), numpy.random.default_rng().random())"
    one, other = said(kernels("warm"), code).split(), said(kernels("warm"), code).split()
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_libraries_know_the_students_own_folders(kernels):
    code = "import matplotlib, os\nprint(matplotlib.get_cachedir() == os.environ['MPLCONFIGDIR'])"
    assert said(kernels("fresh"), code) == said(kernels("warm"), code) == "True\n"


def test_a_plot_is_shown(kernels):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    for how in ("fresh", "warm"):
        kinds = [key for output in kernels(how).run(code, 60).outputs for key in output.get("data", {})]
        assert "image/png" in kinds, how


# Searches the process's own memory. Patterns of one-letter classes: a plain text would find itself.
SEARCH = """
import re
patterns, found = [re.compile(b"".join(b"[%c]" % letter for letter in bytes.fromhex(h))) for h in {texts}], set()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for area in (line.split() for line in maps):
        begin, end = (int(one, 16) for one in area[0].split("-"))
        if area[1].startswith("rw") and end - begin < 2**28:
            memory.seek(begin)
            content = memory.read(end - begin)
            found.update(i for i, pattern in enumerate(patterns) if pattern.search(content))
print(sorted(found))
"""


def test_nothing_of_another_submission_is_in_memory(kernels):
    """A fork has the warm process's memory: the plan and the key of an earlier one must not be in it."""
    first = kernels("warm")
    others = [first._session.key, first.jail.folder.name.encode()]
    first.close()
    kernel = kernels("warm")
    texts = [text.hex() for text in (*others, kernel._session.key)]
    assert said(kernel, SEARCH.format(texts=texts)) == "[2]\n"  # its own key alone


def test_a_dead_warm_process_costs_a_warm_start_and_nothing_else(locked):
    where, interpreter = locked
    with warm.WarmProcess(where, [], interpreter) as one:
        assert one.ready()
        os.kill(one.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while one.alive():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with StudentKernel(where, interpreter=interpreter, warm=one.warm) as kernel:
            assert said(kernel, "print(6 * 7)") == "42\n"


def test_the_class_is_graded_though_warm_processes_die(make_classroom, monkeypatch):
    """Each of them is killed as soon as it has graded somebody; then no more are started."""
    room = make_classroom()
    students = [f"s{number}" for number in range(7)]
    for student in students:
        room.hand_in(student, room.notebook())
    started = []
    plain = workers.WarmProcess

    def start_one(*arguments):
        started.append(plain(*arguments))
        return started[-1]

    monkeypatch.setattr(workers, "WarmProcess", start_one)

    def kill(*_: object) -> None:
        if started[-1].alive():
            os.kill(started[-1].pid, signal.SIGKILL)

    results = room.grade(jobs=1, progress=kill)
    assert {student: result.score for student, result in results.items()} == dict.fromkeys(students, 5)
    assert len(started) == workers._MOST_WARM_PROCESSES


def test_imports_that_start_threads_are_not_forked(lacking, tmp_path):
    where, interpreter = machine.detect(), Interpreter.current()
    if where.mode == "none":
        lacking(where.reason)
    code = "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    (tmp_path / "starts_threads.py").write_text(code)
    environment = confinement.environment
    try:
        confinement.environment = lambda *a: {**environment(*a), "PYTHONPATH": f"{a[-1]}:{tmp_path}"}
        with warm.WarmProcess(where, ["starts_threads"], interpreter) as one:
            assert not one.ready()
            assert "threads" in one.problem
    finally:
        confinement.environment = environment


def test_only_what_students_get_is_imported_ahead():
    """Modules of setup and demonstration cells; not those of tests and solutions."""
    marks = {"schema_version": 3, "task": False, "locked": True}
    cells = [
        new_code_cell("import json\nfrom course_utils import checks"),
        new_code_cell("import csv"),
        new_code_cell("import wave"),
    ]
    cells[1].metadata["nbgrader"] = {
        **marks,
        "grade_id": "x-tests",
        "grade": True,
        "solution": False,
        "points": 1,
    }
    cells[2].metadata["nbgrader"] = {**marks, "grade_id": "x", "grade": False, "solution": True}
    assert warm.imports_of(new_notebook(cells=cells)) == ["json", "course_utils", "course_utils.checks"]


def test_moved_folders_are_found_and_replaced():
    """Strings, paths, lists and closures of modules; nothing else is touched."""
    module = type(sys)("remembers")
    folder = "/var/template"
    module.text, module.other = f"{folder}/HOME/.cache", f"{folder}er/HOME"
    module.names = ["a", f"{folder}/TMPDIR"]
    kept = f"{folder}/MPLCONFIGDIR"
    module.function = lambda: kept
    sys.modules["remembers"] = module
    try:
        places = [
            one
            for one in warm_process._find_places(folder)
            if "remembers" in repr(one) or one[0] is module.names or one[1] == "cell_contents"
        ]
        environment = {name: f"/home/{name.lower()}" for name in warm_process._FOLDERS}
        warm_process._move(places, folder, environment)
        assert module.text == "/home/home/.cache"
        assert module.other == f"{folder}er/HOME"
        assert module.names == ["a", "/home/tmpdir"]
        assert module.function() == "/home/mplconfigdir"
    finally:
        del sys.modules["remembers"]
