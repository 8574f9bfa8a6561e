"""Figures of deck NEW_NUMBER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.viz.diagrams import QUIET, Canvas

if TYPE_CHECKING:
    from course_utils.slides import Recorded

ANSWERS, REFERENCES = ["4", "7", "10", "7 "], ["4", "10", "7", "7"]


def draw(r: Recorded) -> dict[str, str]:
    """Every figure of the deck by its name. r: what the lab's notebook recorded."""
    return {"toy": _toy()}


def _toy() -> str:
    canvas = Canvas(height=300)
    for name, y in (("answer", 75), ("reference", 155)):
        canvas.text(40, y, name, anchor="start", fill=QUIET)
    for x, answer, reference in zip((320, 500, 680, 860), ANSWERS, REFERENCES, strict=True):
        for word, y in ((answer, 75), (reference, 155)):
            canvas.text(x, y, f"“{word}”", size=30, mono=True)
        (canvas.tick if answer == reference else canvas.cross)(x, 230)
    return canvas.svg()
