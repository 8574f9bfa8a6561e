"""Measured numbers: each file here is written by a run and read by notebooks, README and slides.

A solution notebook calls `record` where it has measured something. The values travel in the cell's output,
and `course solve` gathers them into the lab's file, together with the times of the run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course_utils.errors import CourseError
from course_utils.resuming import write_whole

MIME_TYPE = "application/vnd.course.results+json"

_FOLDER = Path(__file__).resolve().parent


def load(name: str) -> dict[str, Any]:
    """The recorded results called `name`, for example "01_sft_masking".

    Raises CourseError that names the file when there is none, or when it is damaged.
    """
    path = _FOLDER / f"{name}.json"
    if not path.is_file():
        raise CourseError(f"There are no recorded results {path.name}: run what writes them first.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CourseError(
            f"The recorded results {path.name} are damaged ({error}): run what writes them again."
        ) from error


def save(name: str, results: dict[str, Any]) -> Path:
    """Write `results` (plain JSON data) under `name`, all or nothing, and return the file."""
    path = _FOLDER / f"{name}.json"
    write_whole(path, json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return path


def record(**values: Any) -> None:
    """Put measured `values` (plain JSON data) into this cell's output, where `course solve` finds them."""
    from IPython.display import display

    plain = json.loads(json.dumps(values))
    display({MIME_TYPE: plain}, raw=True)  # no text beside it: a reader has nothing to do with this
