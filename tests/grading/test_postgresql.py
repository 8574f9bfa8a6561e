"""A gradebook on a PostgreSQL server, a real one that these tests start for themselves."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gradebooks import facts, fingerprint, mark

from course_utils.errors import CourseError
from course_utils.grading.book import gradebook, records
from course_utils.grading.book.marks import read_submissions
from course_utils.grading.paths import database_url
from course_utils.grading.run.grade_class import grade_class
from course_utils.grading.run.whatif import what_if

LAB = "07_tiny"
DOUBLE, ESSAY = "tiny-a-double-tests", "tiny-essay-why"


def program(name: str) -> str | None:
    """Debian keeps the server's programs out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(places[-1]) if places else None)


@pytest.fixture(scope="module")
def server(lacking) -> Iterator[str]:
    """URL of an empty database on a server of our own, which listens on a socket in a temporary folder only."""
    initdb, ctl = program("initdb"), program("pg_ctl")
    if not initdb or not ctl:
        lacking("PostgreSQL's server is not installed: on Debian, apt-get install postgresql")
    user = {}
    # The server refuses to run as root. The folder is short: a socket's path may have 107 characters.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if os.getuid() == 0:
        account = pwd.getpwnam(
            "postgres" if any(u.pw_name == "postgres" for u in pwd.getpwall()) else "nobody"
        )
        os.chown(home, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def call(*argv: str) -> None:
        done = subprocess.run(argv, capture_output=True, text=True, cwd="/", **user)
        assert done.returncode == 0, done.stdout + done.stderr

    data = home / "data"
    try:
        call(initdb, "-D", str(data), "-U", "teacher", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-k {home} -c listen_addresses='' -c fsync=off"
        call(ctl, "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
        yield f"postgresql://teacher@/postgres?host={home}"
        call(ctl, "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def room(make_classroom, server):
    """A class whose gradebook is a database of its own on the server."""
    from sqlalchemy import create_engine, text

    room = make_classroom()
    engine = create_engine(database_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS class_of_2026 WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE class_of_2026"))
    engine.dispose()
    room.paths = replace(room.paths, database=server.replace("/postgres?", "/class_of_2026?"))
    nb = room.notebook()
    nb.cells[-1].source = "Because."
    room.hand_in("anna", nb, timestamp__txt="2026-01-15 22:00:00 UTC")
    room.hand_in("Ünï", room.notebook(room.wrong))
    room.hand_in("torn", "{")
    return room


def test_a_class_is_graded_into_postgresql_as_into_sqlite(room):
    results = room.grade(jobs=2)
    assert {s: r.score for s, r in results.items()} == {"anna": 5, "Ünï": 0, "torn": 0}
    there = facts(room.paths, LAB)
    assert not list(room.paths.root.glob("*.db"))
    mark(room.paths, LAB, "anna", ESSAY, points=1.5, comment="Good.")
    mark(room.paths, LAB, "anna", DOUBLE, extra=0.5)
    (anna,) = [s for s in read_submissions(results.values(), room.paths) if s.record.student == "anna"]
    assert anna.points == 7.0
    assert anna.exercises[-1].comment == "Good."
    marked = facts(room.paths, LAB)
    room.grade(force=True)
    assert facts(room.paths, LAB) == marked
    sqlite = replace(room.paths, database=room.paths.root / "other.db", autograded=room.paths.root / "other")
    grade_class(LAB, sqlite)
    assert facts(sqlite, LAB) == there


def test_backup_what_if_and_restore_work_on_a_server(room):
    room.grade()
    mark(room.paths, LAB, "anna", ESSAY, points=1.5, comment="Good.")
    before = facts(room.paths, LAB)
    made = gradebook.backup(room.paths)
    assert made.parent == room.paths.root / "backups"
    assert facts(replace(room.paths, database=made), LAB) == before
    assert gradebook.backup(room.paths) == made

    room.hand_in("Ünï", room.notebook())
    places = (room.paths.autograded, room.paths.root / "backups")
    stamps = fingerprint(*places)
    preview = what_if(LAB, room.paths)
    assert [(c.student, c.before, c.after) for c in preview.changes][-1] == ("Ünï", 0.0, 5.0)
    assert facts(room.paths, LAB) == before
    assert fingerprint(*places) == stamps

    room.grade()
    mark(room.paths, LAB, "anna", ESSAY, points=0.0)
    assert facts(room.paths, LAB) != before
    replaced = gradebook.restore(made, room.paths)
    assert facts(room.paths, LAB) == before
    assert facts(replace(room.paths, database=replaced), LAB)["anna", ESSAY]["manual"] == 0.0


def test_a_gradebook_moves_from_sqlite_to_postgresql(room):
    sqlite = replace(room.paths, database=room.paths.root / "gradebook.db")
    results = {r.student: r for r in grade_class(LAB, sqlite)}
    mark(sqlite, LAB, "anna", ESSAY, points=1.5, comment="Good.")
    assert gradebook.restore(sqlite.database, room.paths) is None
    assert facts(room.paths, LAB) == facts(sqlite, LAB)
    # And the class goes on there: nothing is graded again.
    assert {r.student: r for r in grade_class(LAB, room.paths)} == results


def test_nbgraders_own_command_uses_the_same_gradebook(room, monkeypatch):
    repository = Path(__file__).parents[2]
    (room.paths.root / "nbgrader_config.py").write_bytes((repository / "nbgrader_config.py").read_bytes())
    environment = {**os.environ, gradebook.ENVIRONMENT: str(room.paths.database)}
    for command in (["generate_assignment", LAB], ["autograde", LAB, "--student", "anna"]):
        argv = [sys.executable, "-m", "nbgrader", *command]
        done = subprocess.run(argv, cwd=room.paths.root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    assert not list(room.paths.root.glob("*.db"))
    assert facts(room.paths, LAB)["anna", ""]["score"] == 5
    assert records.load_records(LAB, room.paths)[0].score == 5


def test_a_server_that_does_not_answer_is_named_without_its_password(room):
    silent = replace(room.paths, database="postgresql://teacher:secret@127.0.0.1:9/class")
    with pytest.raises(CourseError, match="does not answer") as told:
        grade_class(LAB, silent)
    assert "secret" not in str(told.value)
    assert "127.0.0.1:9/class" in str(told.value)
