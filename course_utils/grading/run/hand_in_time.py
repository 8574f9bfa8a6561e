"""When a submission was handed in: what a timestamp.txt says, if there can be no doubt about it.

A time that could be read in two ways would make a student late, or not, by chance: `CEST` and `EDT` mean nothing
to Python's own parsers, and "11:00 PM" or "12" mean something else to each. Such a text is no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from course_utils.grading.book.late import is_due
from course_utils.grading.paths import TIMESTAMP, CoursePaths

_MOST_BYTES = 1000
_TIME = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<clock>\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?)\s*(?P<zone>\S*)", re.ASCII
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?", re.ASCII)
_AS_IN = (
    "write it as in 2026-01-15 22:59:58 UTC, 2026-01-15T23:59:58+01:00 or 2026-01-15 23:59:58 Europe/Berlin"
)


def read(path: Path) -> tuple[datetime | None, str]:
    """(when in UTC, without a time zone as nbgrader keeps it; what is wrong). Neither if there is no file."""
    if not path.is_file():  # opening a named pipe would wait for ever
        return None, "it is no file" if path.exists() else ""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig").strip()
        return parse(text), ""
    except UnicodeDecodeError:
        return None, "it is no text in UTF-8"
    except (OSError, ValueError) as error:
        return None, str(error)


def untimed(lab: str, paths: CoursePaths, students: Iterable[str]) -> list[str]:
    """Those of the students whose submission has no timestamp.txt, if the lab is due at some time; else nobody."""
    without = [s for s in students if not (paths.submission(lab, s).folder / TIMESTAMP).exists()]
    return without if without and is_due(lab, paths.database) else []


def parse(text: str) -> datetime:
    """A date, a time and an offset, UTC or the IANA name of a zone, as a naive datetime in UTC.

    Where a clock that is put back shows a time twice, it is the first. Raises ValueError that says what is wrong.
    """
    if not text:
        raise ValueError("it is empty")
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no date with a time: {_AS_IN}")
    try:
        moment = datetime.fromisoformat(f"{found['day']} {found['clock'].replace(',', '.')}")
        return moment.replace(tzinfo=_zone(found["zone"])).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time ({error}): {_AS_IN}") from None


def _zone(name: str) -> tzinfo:
    """Raises ValueError for what is no zone, or an abbreviation that several use."""
    if name in ("Z", "UTC", "GMT"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        size = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if int(offset["minutes"] or 0) > 59 or size > timedelta(hours=14):
            raise ValueError(f"there is no offset {name}")
        return timezone(size if offset["sign"] == "+" else -size)
    if "/" not in name:
        raise ValueError(f"{name} is no time zone that all read alike" if name else "it has no time zone")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name}") from None
