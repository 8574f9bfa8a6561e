"""Grading on a Dask cluster: two workers, one of which is killed, and addresses where nobody is."""

from __future__ import annotations

import importlib
import os
import signal
import threading
import time

import psutil
import pytest
from distributed import Client, LocalCluster
from nbgrader.api import Gradebook

from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading.run import alike, scheduler

LAB = "07_tiny"


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local:
        yield local


def test_a_killed_worker_costs_nobody_a_grade(cluster, make_classroom):
    """Each is graded once, its files and links come along, and no process is left on the workers."""
    room = make_classroom()
    slow = "import time\ntime.sleep(0.5)"
    students = [f"s{number}" for number in range(8)]
    for number, student in enumerate(students):
        room.hand_in(student, room.notebook(room.wrong if number == 3 else None, after=slow))
    room.hand_in("reader", room.notebook(after="print(open('data.txt').read())"), data__txt="came along")
    room.hand_in("unreadable", "{")
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        before = client.run(os.getpid)
    seen: list[str] = []
    killed = threading.Event()

    def mark(done, count, result) -> None:
        seen.append(result.student)
        if len(seen) == 3:
            os.kill(next(iter(before.values())), signal.SIGKILL)
            killed.set()

    results = room.grade(scheduler=cluster.scheduler_address, progress=mark)
    assert killed.is_set()
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        assert set(client.run(os.getpid).values()) != set(before.values())
    assert sorted(seen) == sorted([*students, "reader", "unreadable"])
    scores = {student: result.score for student, result in results.items()}
    assert scores == {**dict.fromkeys(students, 5), "s3": 0, "reader": 5, "unreadable": 0}
    assert all(
        result.sandbox in ("bubblewrap", "landlock") for s, result in results.items() if s != "unreadable"
    )
    nb = (room.paths.autograded / "reader" / LAB / f"{LAB}.ipynb").read_text()
    assert "came along" in nb
    with Gradebook(room.paths.database_url, load_course().course_id) as gradebook:
        found = sorted((one.student.id, one.score) for one in gradebook.assignment_submissions(LAB))
    assert found == sorted(scores.items())


def test_what_ran_on_a_killed_worker_ends_with_it(cluster, make_classroom):
    """The notebook's processes do not outlive the worker, and the run goes on with the other one."""
    room = make_classroom()
    marker = f"left-{time.monotonic_ns()}"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(8)', '{marker}'])"
    room.hand_in("anna", room.notebook(after=code))

    def running() -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or [])]

    lost, ready = [], threading.Event()

    def strike() -> None:
        """Quick, once the notebook runs: all that may take long on a busy machine comes before."""
        with Client(cluster.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)  # the test before this one killed one
            pids = client.run(os.getpid)
            ready.set()
            deadline = time.monotonic() + 120
            while not (there := running()) and time.monotonic() < deadline:
                time.sleep(0.05)
            if there:
                lost.extend(there)
                busy = [w for w, tasks in client.processing().items() if tasks]
                os.kill(pids[busy[0]], signal.SIGKILL)

    thread = threading.Thread(target=strike)
    thread.start()
    assert ready.wait(60)
    results = room.grade(scheduler=cluster.scheduler_address)
    thread.join()
    assert lost
    assert not any(process.is_running() for process in lost)
    assert results["anna"].score == 5
    assert not running()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1:port"])
def test_a_wrong_address_is_told(address, make_classroom, monkeypatch):
    monkeypatch.setattr(scheduler, "_PATIENCE", 1.0)
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    with pytest.raises(CourseError, match="No Dask scheduler answers at") as raised:
        room.grade(scheduler=address)
    assert address in str(raised.value)


def test_a_cluster_without_workers_is_told(monkeypatch):
    monkeypatch.setattr(scheduler, "_PATIENCE", 2.0)
    with (
        LocalCluster(n_workers=0, processes=True, dashboard_address=None) as empty,
        pytest.raises(CourseError, match="dask worker"),
    ):
        scheduler.Cluster(empty.scheduler_address)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("library", "torch", r"torch is \d[\d.]+ there and 1\.0 here"),
        (
            "budget",
            "grading_seconds of 01_sft_masking",
            r"grading_seconds of 01_sft_masking is \d+ there and 1\.0 here",
        ),
        ("file", "course_utils/checks.py", r"course_utils/checks\.py differs"),
    ],
)
def test_workers_that_would_grade_differently_are_refused(cluster, monkeypatch, kind, name, said):
    facts = alike.facts()
    other = {**facts, kind: {**facts[kind], name: "1.0"}}
    monkeypatch.setattr(alike, "facts", lambda: other)
    with pytest.raises(
        CourseError, match=rf"another version of the course or of its libraries: {said}\. Install"
    ):
        scheduler.Cluster(cluster.scheduler_address)


def test_workers_without_the_course_are_refused(cluster, monkeypatch):
    class Missing:
        """Is found here and not there, as a module that only this machine has."""

        def __reduce__(self):
            return importlib.import_module, ("course_utils.not_there",)

        def __call__(self): ...

    monkeypatch.setattr(alike, "examine", Missing())
    with pytest.raises(
        CourseError, match=r"cannot grade \(ModuleNotFoundError.*not_there.*install this version"
    ):
        scheduler.Cluster(cluster.scheduler_address)
