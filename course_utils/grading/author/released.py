"""What a released notebook says about itself: whether somebody has worked in it since."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from nbformat import NotebookNode

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk


def digest(nb: NotebookNode) -> str:
    """16 hex digits that change with any cell's text, kind or order; outputs and metadata do not count."""
    text = json.dumps([[cell.cell_type, cell.source] for cell in nb.cells])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def has_work(path: Path) -> bool:
    """Whether the notebook's cells differ from the release that it came from. Unreadable counts as work."""
    try:
        nb = nbk.read(path)
    except CourseError:
        return True
    return nb.metadata.get("course", {}).get("release") != digest(nb)
