"""Work that can be killed at any time: files that are whole or not there, and folders that hold one recipe's work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course_utils.errors import CourseError


def write_whole(path: Path, content: str | Callable[[Path], Any]) -> None:
    """All or nothing, whoever is killed or writes at the same time. content: a text, or what writes to a path."""
    part = path.with_suffix(f".{os.getpid()}")
    if isinstance(content, str):
        part.write_text(content, encoding="utf-8")
    else:
        content(part)
    os.replace(part, path)


def as_json(settings: Any) -> dict[str, Any]:
    """A dataclass or a mapping of settings as a JSON file gives it back: plain dicts and lists."""
    plain = settings if isinstance(settings, Mapping) else asdict(settings)
    return json.loads(json.dumps(plain))


def claim(path: Path, settings: Any, refusal: str) -> None:
    """Write `settings` (as for `as_json`) to `path`, so that its folder holds the work of this recipe and no other.

    Raises CourseError with the sentence `refusal` if the file holds other settings; it stays as it is.
    """
    wanted = as_json(settings)
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != wanted:
        raise CourseError(refusal)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(wanted, indent=2) + "\n")
