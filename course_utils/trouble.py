"""What a person can do about a machine that does not let the work go on: a full disk, a gradebook kept locked."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LITTLE = 2**20  # bytes: a disk with less is full, whatever a library calls what it ran into
_LOCK_NOT_HAD = "55P03"  # as PostgreSQL says it
_AGAIN = "and run the command again; what is finished is kept."


def trouble(error: BaseException, *places: Path) -> str:
    """A sentence for an error that concerns everything that is written, and not one file alone; "" for all others.

    places: where was written, for errors that do not tell. Looks at what the error came from, too.
    """
    places = (*places, Path.cwd(), Path(tempfile.tempdir or "/tmp"))
    for one in _origins(error):
        number = one.errno if isinstance(one, OSError) else None
        code = getattr(one, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more closely where
        named = Path(os.fsdecode(one.filename)) if isinstance(one, OSError) and one.filename else None
        if number in (errno.ENOSPC, errno.EDQUOT) or code == sqlite3.SQLITE_FULL:
            return _full(named or min(places, key=_free))
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _free(places[0]) < _LITTLE:
            return _full(places[0])
        if number == errno.EROFS:
            return (
                f"{named or places[0]} cannot be written, the file system is read-only: clone the course into a "
                "folder of your own."
            )
        if code == sqlite3.SQLITE_READONLY:
            return f"The gradebook in {places[0]} cannot be written: change its owner or rights, {_AGAIN}"
        if number == errno.EIO or code == sqlite3.SQLITE_IOERR:
            return f"The disk with {named or places[0]} fails ({one}): look at it, {_AGAIN}"
        locked = getattr(one, "sqlstate", "") == _LOCK_NOT_HAD
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or locked:
            return (
                f"Another program keeps the gradebook locked: close what has it open or wait for it, {_AGAIN}"
            )
    return ""


def _origins(error: BaseException) -> Iterator[BaseException]:
    """The error, what SQLAlchemy wraps, and the errors that it came from."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [one.__context__, one.__cause__, getattr(one, "orig", None)]


def _full(place: Path) -> str:
    disk = place = place.absolute()
    while not os.path.ismount(disk) and disk != disk.parent:
        disk = disk.parent
    return f"The disk is full: {place} is on {disk}, which has no room left. Free some there, {_AGAIN}"


def _free(place: Path) -> int:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(place).free
    return 2**63
