"""Whatever cuts a run off: a sentence says so, what is graded is kept, the next run finishes, and nothing is left.

SIGKILL has a file of its own, test_killed.py.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest
from gradebooks import facts, fingerprint

from course_utils import cli
from course_utils.errors import CourseError
from course_utils.grading.book import gradebook, records
from course_utils.grading.run import changes, one_submission, scratch
from course_utils.grading.run.changes import SourceDigests, Work, submission_digest, take
from course_utils.grading.run.grade_class import waiting
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.confinement import bubblewraps
from course_utils.grading.sandbox.machine import choose

LAB = "07_tiny"
REAL = "01_sft_masking"  # the command knows the labs of course.toml alone
COURSE = [sys.executable, "-m", "course_utils.cli"]
HERE = str(Path(__file__).parent)


@pytest.fixture
def short():
    """A temporary folder with a short name, for it will hold sockets."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


# Signals


def test_a_closed_terminal_leaves_nothing_behind_and_the_next_run_goes_on(
    make_room, tmp_path, short, at_a_terminal
):
    """What the other signals do is the same, and in tests/unit/test_cli.py."""
    room = make_room(tmp_path / "course", REAL)
    (room.paths.root / "course.toml").touch()
    students = [f"s{number}" for number in range(4)]
    for student in students:
        room.hand_in(student, room.notebook(room.wrong if student == "s3" else None))
    run = subprocess.Popen(
        [*COURSE, "grade", "1", "-j", "2"],
        cwd=room.paths.root,
        env={**os.environ, "TMPDIR": str(short), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while run.poll() is None and not done(room):
        time.sleep(0.02)
    family = psutil.Process(run.pid).children(recursive=True)
    os.killpg(run.pid, signal.SIGHUP)  # as a terminal does: to all of them, and twice
    os.killpg(run.pid, signal.SIGHUP)
    said, complaint = run.communicate(timeout=120)
    assert run.returncode == 129, complaint
    assert complaint == (
        f"course: Stopped. {len(done(room))} of 4 submissions of {REAL} are graded, and kept. Run the same command "
        "again to go on.\n"
    )
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    assert list(short.iterdir()) == []
    kept = fingerprint(*done(room))
    results = room.grade()
    assert {s: r.score for s, r in results.items()} == {s: 0.0 if s == "s3" else 5.0 for s in students}
    assert fingerprint(*map(Path, kept)) == kept
    assert not list((room.paths.root / ".course").glob("scratch-*"))


def done(room) -> list[Path]:
    return sorted(room.paths.autograded.glob("*/*/result.json"))


# Folders of a run


HOLD = """
import sys, time
from course_utils.grading.run.scratch import temporary_files
import tempfile, multiprocessing.util
with temporary_files():
    multiprocessing.util.get_temp_dir()
    print(tempfile.gettempdir(), flush=True)
    if sys.argv[1] == "wait":
        time.sleep(600)
"""


def test_what_a_killed_run_left_goes_and_a_neighbours_stays(short):
    environment = {**os.environ, "TMPDIR": str(short)}

    def start(what: str) -> tuple[subprocess.Popen, Path]:
        run = subprocess.Popen(
            [sys.executable, "-c", HOLD, what], env=environment, stdout=subprocess.PIPE, text=True
        )
        return run, Path(run.stdout.readline().strip())

    (killed, left), (neighbour, held) = start("wait"), start("wait")
    with killed, neighbour:
        assert left.parent == held.parent == short
        killed.kill()
        killed.wait()
        assert list(left.glob("pymp-*"))
        (left / "deeper").mkdir()
        other = short / "course-run-of-somebody"
        other.write_text("no folder")
        next_one, _ = start("end")
        with next_one:
            assert next_one.wait() == 0
        neighbour.kill()
    assert sorted(short.iterdir()) == sorted([held, other])


def test_a_folder_that_was_taken_for_left_is_made_again(tmp_path, monkeypatch):
    """Between its making and its locking another process may remove it."""
    plain, made = scratch.tempfile.mkdtemp, []

    def make(**options) -> str:
        made.append(Path(plain(**options)))
        if len(made) == 1:
            made[0].rmdir()
        return str(made[-1])

    monkeypatch.setattr(scratch.tempfile, "mkdtemp", make)
    folder, lock = scratch._hold(tmp_path, "x-")
    os.close(lock)
    assert (folder, len(made)) == (made[1], 2)


def test_temporary_files_are_put_back_where_they_were():
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with scratch.temporary_files():
        one = tempfile.gettempdir()
        with scratch.temporary_files():
            assert tempfile.gettempdir() == one == os.environ["TMPDIR"]
    assert (tempfile.tempdir, os.environ.get("TMPDIR")) == before
    with scratch.temporary_files():
        assert tempfile.gettempdir() == one


# The server of workers


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_server_of_workers_that_dies_is_told_and_costs_nobody_anything(make_classroom, jobs):
    room = make_classroom()
    students = [f"s{number}" for number in range(4)]
    for student in students:
        room.hand_in(student, room.notebook())

    def kill(*_: object) -> None:
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)

    with pytest.raises(
        CourseError, match=r"workers are forked from has ended.*again; what is graded is kept"
    ):
        room.grade(jobs=jobs, progress=kill)
    kept = fingerprint(*done(room))
    assert 1 <= len(kept) < 4
    assert {records.read_record(Path(path)).status for path in kept} == {records.GRADED}
    assert {s: r.score for s, r in room.grade(jobs=jobs).items()} == dict.fromkeys(students, 5)
    assert fingerprint(*map(Path, kept)) == kept


# A locked gradebook


@contextlib.contextmanager
def locked(file: Path):
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_gradebook_that_is_kept_locked_is_told(make_classroom, monkeypatch):
    """Before the run, and in its middle; then all is as it would have been."""
    room = make_classroom()
    monkeypatch.setattr(gradebook, "PATIENCE", 0.2)
    # Workers wait as long as the URL says.
    room.paths = replace(room.paths, database=f"sqlite:///{room.paths.root}/gradebook.db?timeout=0.2")
    file = room.paths.root / "gradebook.db"
    for student in ("anna", "bert", "cleo"):
        room.hand_in(student, room.notebook())
    assert room.grade("anna")["anna"].score == 5
    good = gradebook.backup(room.paths)
    before = fingerprint(room.paths.autograded, file, room.paths.root / "backups")
    for attempt in (
        lambda: room.grade(),
        lambda: gradebook.backup(room.paths),
        lambda: gradebook.restore(good, room.paths),
    ):
        with locked(file), pytest.raises(CourseError, match=r"keeps the gradebook locked: close what has it"):
            attempt()
    assert fingerprint(room.paths.autograded, file, room.paths.root / "backups") == before
    with contextlib.ExitStack() as stack:

        def lock(done: int, *_: object) -> None:
            if done == 2:
                stack.enter_context(locked(file))

        with pytest.raises(CourseError, match="keeps the gradebook locked"):
            room.grade(jobs=1, progress=lock)
    results = room.grade()
    assert {r.student: (r.score, r.status) for r in results.values()} == dict.fromkeys(
        ("anna", "bert", "cleo"), (5, records.GRADED)
    )


def test_a_backup_is_not_put_back_under_a_run(make_room, tmp_path, monkeypatch, capsys):
    room = make_room(tmp_path / "course", REAL)
    (room.paths.root / "course.toml").touch()
    monkeypatch.chdir(room.paths.root)
    monkeypatch.setattr(sys, "argv", ["course", "restore", "any.db"])
    with scratch.alone(room.paths), pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "Another run is grading" in " ".join(capsys.readouterr().err.split())


# A full disk


FULL = f"""
import contextlib, sys
from pathlib import Path
sys.path.insert(0, {HERE!r})
import conftest
from course_utils.errors import CourseError

def fill(folder):
    for size in (2**20, 2**12, 1):
        with contextlib.suppress(OSError), open(folder / "filler", "ab", buffering=0) as file:
            while True:
                file.write(b"x" * size)

def main(small, jobs):
    room = conftest.Classroom(small / "course")
    for name in "abcd":
        room.hand_in(name, room.notebook())

    def progress(done, total, record):
        if done == 1:
            fill(small)

    for once in (progress, None):
        try:
            room.grade(jobs=jobs, progress=once)
            print("went through")
        except CourseError as error:
            print(error)
    (small / "filler").unlink()
    print({{name: (record.score, record.status) for name, record in room.grade(jobs=jobs).items()}})
    print(sorted(path.name for path in (small / "course" / ".course").iterdir()))

if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
"""


def on_a_small_disk(folder: Path, megabytes: int, command: list[str], lacking, **options):
    """Run a command that finds a disk of that size at `folder`."""
    if not bubblewraps():
        lacking("bubblewrap is not installed: it makes the small disk")
    size = str(megabytes * 2**20)
    small = [bubblewraps()[0], "--dev-bind", "/", "/", "--cap-add", "ALL", "--size", size]
    small += ["--tmpfs", str(folder), "--", *command]
    return subprocess.run(small, capture_output=True, text=True, timeout=300, **options)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_fills_up_is_told_by_its_name(tmp_path, lacking, jobs):
    """While a class is graded, and before; with room again all are graded as ever."""
    small, script = tmp_path / "small", tmp_path / "full.py"
    small.mkdir()
    script.write_text(FULL)
    run = on_a_small_disk(small, 16, [sys.executable, str(script), str(small), str(jobs)], lacking)
    assert run.returncode == 0, run.stderr[-3000:]
    first, second, results, left = run.stdout.splitlines()
    for said in (first, second):
        assert said.startswith("The disk is full: ")
        assert f"is on {small}, which has no room left" in said
        assert "what is finished is kept" in said
    assert results == str(dict.fromkeys("abcd", (5.0, "graded")))
    assert left in ("[]", "['grading.log']")
    assert "Traceback" not in run.stderr


def test_a_full_temporary_folder_is_told_by_its_name(make_room, tmp_path, short, lacking):
    """It has room for the few bytes by which Python finds it usable, and no more."""
    room = make_room(tmp_path / "course", REAL)
    (room.paths.root / "course.toml").touch()
    room.hand_in("anna", room.notebook())
    fill = f'head -c {2**20 - 2**15} /dev/zero > {short}/filler; exec "$@"'
    command = ["bash", "-c", fill, "bash", *COURSE, "grade", "1"]
    environment = {**os.environ, "TMPDIR": str(short), "COLUMNS": "300"}
    run = on_a_small_disk(short, 1, command, lacking, cwd=room.paths.root, env=environment)
    assert run.returncode == 2
    assert run.stderr.startswith("course: The disk is full: ")
    assert f"is on {short}, which has no room left" in run.stderr
    assert run.stderr.count("\n") == 1
    assert "bubblewrap" not in run.stdout + run.stderr
    assert not room.paths.database.exists()


def test_no_temporary_folder_at_all_is_told(make_classroom, monkeypatch):
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(room.paths.root / "nowhere")])
    with pytest.raises(CourseError, match=r"No folder for temporary files can be written.*TMPDIR"):
        room.grade()


# A submission that is rewritten while it is graded


def rewriting(room, monkeypatch, before, after) -> None:
    """Grade anna in this process; her notebook is `before` when it is taken, and `after` from then on."""
    whole = room.paths.submission(LAB, "anna").notebook.read_bytes()
    notebook = room.paths.submission(LAB, "anna").notebook

    def between(folder: Path, target: Path) -> str:
        notebook.write_bytes(before or whole)
        try:
            return take(folder, target)
        finally:
            notebook.write_bytes(after or whole)

    monkeypatch.setattr(one_submission, "take", between)
    for name in ("COURSE_GRADING", "COURSE_PROFILE"):  # what a worker sets for itself must not stay here
        monkeypatch.setenv(name, "")
    work = Work(SourceDigests.of(room.source))
    one_submission.grade(room.paths.submission(LAB, "anna"), work, Where(choose()), unsafe=False)
    monkeypatch.undo()


def test_what_was_read_is_what_is_recorded(make_classroom, monkeypatch):
    room = make_classroom()
    room.hand_in("bert", room.notebook())
    room.grade()
    path = room.hand_in("anna", room.notebook(room.wrong))
    wrong = path.read_bytes()
    room.hand_in("anna", room.notebook())
    good = path.read_bytes()
    # Whole, half, whole again.
    rewriting(room, monkeypatch, good[: len(good) // 2], None)
    record = records.read_record(room.paths.submission(LAB, "anna").record)
    assert record.status == records.UNREADABLE
    assert str(path) in record.flags[0].detail
    assert waiting(LAB, room.paths) == ["anna"]
    assert room.grade()["anna"].score == 5
    # Another one, right after it was taken.
    rewriting(room, monkeypatch, wrong, good)
    record = records.read_record(room.paths.submission(LAB, "anna").record)
    assert record.score == 0
    assert waiting(LAB, room.paths) == ["anna"]
    again = room.grade()["anna"]
    assert (again.score, facts(room.paths, LAB)["anna", ""]["score"]) == (5, 5)
    assert waiting(LAB, room.paths) == []


def test_a_submission_that_changes_before_one_test_is_run_again_is_graded_as_a_whole(
    make_classroom, monkeypatch
):
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    room.grade()
    room.hand_in("anna", room.notebook(room.wrong))
    for name in ("COURSE_GRADING", "COURSE_PROFILE"):
        monkeypatch.setenv(name, "")
    work = Work(SourceDigests.of(room.source), ("tiny-b-total-tests",))
    one_submission.grade(room.paths.submission(LAB, "anna"), work, Where(choose()), unsafe=False)
    record = records.read_record(room.paths.submission(LAB, "anna").record)
    assert record.score == 0
    assert waiting(LAB, room.paths) == []


def test_a_copy_is_what_was_handed_in(tmp_path):
    """With links, pipes, empty folders and files that nobody may read; and what lies behind a link is not read."""
    folder = tmp_path / "anna" / LAB
    (folder / "sub").mkdir(parents=True)
    (folder / f"{LAB}.ipynb").write_text("{}")
    (folder / "sub" / "data.txt").write_text("1")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    digest = submission_digest(folder)
    assert take(folder, tmp_path / "copy" / LAB) == digest == submission_digest(folder)
    copy = tmp_path / "copy" / LAB
    assert sorted(p.relative_to(copy) for p in copy.rglob("*")) == sorted(
        p.relative_to(folder) for p in folder.rglob("*")
    )
    assert (copy / "link").is_symlink()
    assert (copy / "pipe").is_fifo()
    (folder / "sub" / "data.txt").write_text("2")
    assert submission_digest(folder) != digest
    linked = tmp_path / "linked" / LAB
    linked.parent.mkdir()
    linked.symlink_to("/")
    assert take(linked, tmp_path / "copy of a link" / LAB) == submission_digest(linked)
    assert (tmp_path / "copy of a link" / LAB).is_symlink()


def test_a_file_that_vanishes_or_turns_into_a_link_stops_nobody(tmp_path, monkeypatch):
    folder = tmp_path / "anna" / LAB
    folder.mkdir(parents=True)
    for name in ("gone", "linked", "stays"):
        (folder / name).write_text(name)
    listed = changes.everything_below(folder)
    (folder / "gone").unlink()
    monkeypatch.setattr(changes, "everything_below", lambda place: listed if place == folder else [])
    plain = Path.lstat

    def lstat(path: Path):
        found = plain(path)
        if path.name == "linked" and found.st_size == len("linked"):
            path.unlink()
            path.symlink_to("/etc/passwd")
        return found

    monkeypatch.setattr(Path, "lstat", lstat)
    take(folder, tmp_path / "copy" / LAB)
    monkeypatch.undo()
    copied = {path.name: path.stat().st_size for path in (tmp_path / "copy" / LAB).iterdir()}
    assert copied == {"linked": 0, "stays": 5}


def test_folders_without_end_that_are_taken_away_make_another_submission(tmp_path):
    folder = tmp_path / "anna" / LAB
    deepest = folder.joinpath(*["x"] * 40)
    deepest.mkdir(parents=True)
    digest = submission_digest(folder)
    (folder / "x").rename(tmp_path / "away")
    assert submission_digest(folder) != digest


# Clocks


def test_backups_from_the_future_do_not_push_out_the_one_just_made(make_classroom, monkeypatch):
    room = make_classroom()
    gradebook.make_whole(room.paths.database_url)
    monkeypatch.setattr(gradebook, "KEPT", 3)
    folder = gradebook.backup_folder(room.paths)
    folder.mkdir()
    future = [folder / f"gradebook-20{year}0101-000000-000000.db" for year in range(70, 76)]
    for file in future:
        file.write_bytes(room.paths.database.read_bytes())
    made = []
    for student in ("anna", "bert", "cleo"):
        with gradebook_of(room) as book:
            book.execute("INSERT INTO student (id, lms_user_id) VALUES (?, '')", (student,))
            book.commit()
        made.append(gradebook.backup(room.paths))
        assert made[-1].is_file()
        assert gradebook.backups(room.paths)[-1] == made[-1]
        assert gradebook.backup(room.paths) == made[-1]
    assert gradebook.backups(room.paths) == made


def gradebook_of(room):
    return contextlib.closing(sqlite3.connect(room.paths.database))
