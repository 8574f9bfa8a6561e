"""The gradebook as a database: where it is, whether it is whole, and copies of it.

It is nbgrader's: SQLite by default, PostgreSQL by URL. A backup is always a SQLite file, whatever the gradebook
itself is, so one command puts it back, and the same command moves a gradebook from one kind to the other.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths, database_url, fits_database, sqlite_file
from course_utils.trouble import trouble

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Select, Table

KEPT = 20  # backups; older ones are removed
PATIENCE = 30.0  # seconds in which another program must give a lock back
ENVIRONMENT = "COURSE_GRADEBOOK"
_VERSION = "alembic_version"


class Damaged(CourseError):
    """The gradebook's file cannot be read as one."""


def configured() -> str:
    """URL of the gradebook that the environment or course.toml names; "" for gradebook.db in the folder."""
    return os.environ.get(ENVIRONMENT, "") or course.load_course().gradebook


def is_there(database: Path | str) -> bool:
    """Whether there is a gradebook. A look does not make one. Raises CourseError if a server does not answer."""
    if (file := sqlite_file(database)) is not None:
        return file.is_file()
    from sqlalchemy import inspect

    engine = connect(database)
    try:
        return inspect(engine).has_table("assignment")
    finally:
        engine.dispose()


def connect(database: Path | str) -> Engine:
    """An engine that has answered once. Raises CourseError that says what is missing or does not answer."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        url = make_url(database_url(database))
        shown = url.render_as_string(hide_password=True)
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise CourseError(
            f"The gradebook's URL cannot be read ({error}): it looks like postgresql://USER@HOST/DATABASE."
        ) from None
    except ModuleNotFoundError as error:
        raise CourseError(
            f"The gradebook {shown} needs the package {error.name}: pip install 'adapting-llms[postgresql]'."
        ) from None
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise CourseError(f"The gradebook {shown} does not answer: {reason}") from None
    return engine


def make_whole(url: str) -> None:
    """Make the gradebook if there is none, and finish one whose making was cut off.

    nbgrader notes the version of a new gradebook's tables only after it has made them, and never again.
    """
    from nbgrader.api import Gradebook, get_alembic_version
    from sqlalchemy import inspect, text

    put_alembic_on_path()
    with Gradebook(url, course.load_course().course_id) as book:
        if not inspect(book.engine).has_table(_VERSION):
            book.db.execute(text(f"CREATE TABLE {_VERSION} (version_num VARCHAR(32) NOT NULL)"))
        if not book.db.execute(text(f"SELECT count(*) FROM {_VERSION}")).scalar():
            statement = text(f"INSERT INTO {_VERSION} (version_num) VALUES (:version)")
            book.db.execute(statement, {"version": get_alembic_version()})
        book.db.commit()


@dataclass(frozen=True)
class Person:
    """What a roster says about a student; "" for what it does not say."""

    first_name: str
    last_name: str
    email: str = ""


def read(database: Path | str, *statements: Select[Any]) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement, over one connection."""
    engine = connect(database)
    try:
        with engine.connect() as connection:
            return [[tuple(row) for row in connection.execute(statement)] for statement in statements]
    finally:
        engine.dispose()


def students(database: Path | str) -> set[str]:
    """Ids of all students in the gradebook. Reads only."""
    if not is_there(database):
        return set()
    from nbgrader.api import Student
    from sqlalchemy import select

    (rows,) = read(database, select(Student.id))
    return {student for (student,) in rows}


def enter_people(paths: CoursePaths, people: Mapping[str, Person]) -> None:
    """Write what is known of people, by their ids, into the gradebook; what is not known stays as it is there."""
    from nbgrader.api import Gradebook

    make_whole(paths.database_url)
    with Gradebook(paths.database_url, course.load_course().course_id) as book:
        for student, person in people.items():
            if fits_database(student):
                facts = {name: value for name, value in asdict(person).items() if value}
                book.update_or_create_student(student, **facts)


def check_free(database: Path | str) -> None:
    """Raises CourseError that says why a gradebook in a file cannot be written, which may take PATIENCE to be known."""
    file = sqlite_file(database)
    if file is None or not file.is_file():
        return
    try:
        with contextlib.closing(_open(file)) as book:
            book.execute("BEGIN IMMEDIATE")
            book.execute("ROLLBACK")
    except sqlite3.Error as error:
        if said := trouble(error, file.parent):
            raise CourseError(said) from None
        raise _damaged(file, error) from None


def put_alembic_on_path() -> None:
    """nbgrader asks the program alembic for a new gradebook's version; it lies beside this Python."""
    beside = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if path.split(os.pathsep)[0] != beside:
        os.environ["PATH"] = f"{beside}{os.pathsep}{path}"


# Copies


def backup(paths: CoursePaths) -> Path | None:
    """Copy the gradebook to backups/gradebook-<UTC>.db, the state of one moment, all or nothing.

    Returns the newest backup, which is an older file when nothing changed since; None without a gradebook.
    Keeps the newest KEPT. Raises CourseError if it cannot be read.
    """
    if not is_there(paths.database):
        return None
    folder = backup_folder(paths)
    folder.mkdir(parents=True, exist_ok=True)
    for cut_off in folder.glob(".*.partial"):
        cut_off.unlink(missing_ok=True)
    draft = folder / f".{os.getpid()}.partial"
    copy_to_file(paths.database, draft)
    old = backups(paths)
    if old and _dump(old[-1]) == _dump(draft):
        draft.unlink()
        return old[-1]
    made = folder / _name()
    draft.chmod(0o600)
    os.replace(draft, made)
    others = [file for file in backups(paths) if file != made]
    for stale in others[: max(0, len(others) + 1 - KEPT)]:
        stale.unlink(missing_ok=True)
    return made


def backup_folder(paths: CoursePaths) -> Path:
    """Beside the gradebook's file; in the course's folder if the gradebook is on a server."""
    file = sqlite_file(paths.database)
    return (file.parent if file else paths.root) / "backups"


def backups(paths: CoursePaths) -> list[Path]:
    """The backups that there are, oldest first.

    Those with a name from the future come first: the clock was wrong when they were made, or goes wrong now.
    """
    now = _name()
    return sorted(backup_folder(paths).glob("gradebook-*.db"), key=lambda path: (path.name <= now, path.name))


def _name() -> str:
    return f"gradebook-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.db"


def copy_to_file(database: Path | str, target: Path) -> None:
    """Copy a gradebook as it is at this moment into a new SQLite file, also while others write to it."""
    if (file := sqlite_file(database)) is None:
        _copy_rows(database, target)
        return
    try:
        with contextlib.closing(_open(file)) as source, contextlib.closing(sqlite3.connect(target)) as copy:
            # From here on nobody can lock it. SQLite's backup would try again without end.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        if said := trouble(error, target.parent, file.parent):
            raise CourseError(said) from None
        raise _damaged(file, error) from None


def _open(file: Path) -> sqlite3.Connection:
    """A connection that waits for locks, but not for ever, and begins no transaction by itself."""
    return sqlite3.connect(
        f"file:{quote(str(file))}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
    )


def _damaged(file: Path, error: sqlite3.Error) -> Damaged:
    return Damaged(
        f"The gradebook {file} cannot be copied ({error}): nothing was graded. "
        "If it is damaged, `course restore` puts a backup back."
    )


def restore(file: Path, paths: CoursePaths) -> Path | None:
    """Put a backup in the gradebook's place, be that a file or a database on a server.

    Returns the backup of what was there before. Raises CourseError if `file` is no whole gradebook, or another
    program keeps what is there locked; then nothing is changed.
    """
    check_file(file)
    try:
        before = backup(paths)
    except Damaged:
        before = None  # that is why somebody restores
    target = sqlite_file(paths.database)
    if target is None:
        _copy_rows(file, paths.database)
        return before
    draft = target.with_name(f".{target.name}.partial")
    draft.unlink(missing_ok=True)
    copy_to_file(file, draft)
    for leftover in ("-journal", "-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    os.replace(draft, target)
    return before


def check_file(file: Path) -> None:
    """Raises CourseError unless `file` is a whole SQLite file with nbgrader's tables in it."""
    if not file.is_file():
        raise CourseError(f"There is no file {file}. Backups are in backups/.")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as book:
            (verdict,) = book.execute("PRAGMA quick_check").fetchone()
            book.execute("SELECT count(*) FROM submitted_assignment").fetchone()
    except sqlite3.Error as error:
        raise CourseError(trouble(error, file.parent) or f"{file} is not a gradebook ({error}).") from None
    if verdict != "ok":
        raise CourseError(f"{file} is damaged ({verdict}): take another backup.")


def _dump(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as book:
        return list(book.iterdump())


def _copy_rows(source: Path | str, target: Path | str) -> None:
    """Replace all rows of the gradebook `target` by those of `source`, in one transaction on each side."""
    from nbgrader.api import Base
    from sqlalchemy import inspect

    from course_utils.grading.book.tables import SET_ASIDE

    make_whole(database_url(target))
    reading, writing = connect(source), connect(target)
    try:
        # One moment of the source, whatever others write meanwhile.
        level = "REPEATABLE READ" if reading.dialect.name == "postgresql" else "SERIALIZABLE"
        with reading.connect().execution_options(isolation_level=level) as old, writing.begin() as new:
            SET_ASIDE.create(new, checkfirst=True)
            tables = [*Base.metadata.sorted_tables, SET_ASIDE]
            for table in reversed(tables):
                new.execute(table.delete())
            for table in tables:
                if inspect(old).has_table(table.name):
                    _copy_table(old, new, table)
    finally:
        reading.dispose()
        writing.dispose()


def _copy_table(old: Connection, new: Connection, table: Table) -> None:
    rows = old.execution_options(stream_results=True).execute(table.select())
    for part in rows.mappings().partitions(1000):
        new.execute(table.insert(), [dict(row) for row in part])
