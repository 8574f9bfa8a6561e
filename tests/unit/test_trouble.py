"""What is said when the machine does not let the work go on; other errors are not explained away."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from course_utils import trouble as module
from course_utils.trouble import trouble

Usage = namedtuple("Usage", "total used free")


def caught(statement: str, database: Path) -> OperationalError:
    """What SQLAlchemy says to a statement on a SQLite database whose locks it does not wait for."""
    engine = create_engine(f"sqlite:///{database}?timeout=0")
    try:
        with engine.begin() as connection:
            for part in statement.split(";"):
                connection.execute(text(part))
    except OperationalError as error:
        return error
    finally:
        engine.dispose()
    raise AssertionError(f"nothing is wrong with {statement}")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named(tmp_path, number):
    said = trouble(OSError(number, os.strerror(number), str(tmp_path / "file")))
    assert said.startswith(f"The disk is full: {tmp_path}/file is on /")
    assert said.endswith("run the command again; what is finished is kept.")


def test_the_fullest_is_named_when_the_error_does_not_tell(tmp_path, monkeypatch):
    room = {tmp_path: 5}
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(0, 0, room.get(place, 10**9)))
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert f": {tmp_path} is on" in trouble(error, Path("/"), tmp_path)


def test_a_full_database_is_a_full_disk(tmp_path):
    error = caught("PRAGMA max_page_count = 1;CREATE TABLE t (x)", tmp_path / "full.db")
    assert trouble(error, tmp_path).startswith("The disk is full: ")


def test_a_database_that_cannot_be_opened_on_a_full_disk(tmp_path, monkeypatch):
    error = caught("SELECT 1", tmp_path / "no folder" / "some.db")
    assert trouble(error, tmp_path) == ""
    monkeypatch.setattr(module, "_free", lambda _: 0)
    assert trouble(error, tmp_path).startswith(f"The disk is full: {tmp_path} is on")


def test_a_locked_database(tmp_path):
    file = tmp_path / "locked.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        error = caught("CREATE TABLE t (x)", file)
    assert trouble(error).startswith("Another program keeps the gradebook locked")


def test_what_another_error_came_from_counts():
    error = RuntimeError("nbgrader says something else")
    error.__cause__ = OSError(errno.EROFS, os.strerror(errno.EROFS), "labs")
    assert trouble(error).startswith("labs cannot be written, the file system is read-only")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        OSError("no number"),
        FileNotFoundError(2, "no such file", "x"),
        sqlite3.OperationalError("?"),
    ],
)
def test_other_errors_are_not_explained(error):
    assert trouble(error) == ""


def test_an_error_in_the_statement_is_not_explained(tmp_path):
    assert trouble(caught("SELECT nothing FROM nowhere", tmp_path / "some.db"), tmp_path) == ""
