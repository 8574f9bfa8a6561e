"""Draws the pictures of the documentation into docs/figures/: `make docs` calls it."""

from __future__ import annotations

from pathlib import Path

from course_utils.viz.diagrams import INK, LINE, LOOKS, PALE, PAPER, QUIET, Canvas

FOLDER = Path(__file__).parent / "figures"


def draw() -> dict[str, str]:
    """File name without its ending -> SVG."""
    return {"submission": submission()}


def submission() -> str:
    """The way of one submission, from left to right, and which room each step belongs to."""
    canvas = Canvas(height=500)
    canvas.rect(0, 0, canvas.width, canvas.height, PAPER, radius=0)
    trusted, student = LOOKS["prompt"], LOOKS["loss"]

    canvas.rect(290, 40, 558, 420, PALE, LINE, radius=12)
    canvas.text(569, 68, "one worker process for each submission", 22, fill=QUIET)

    _box(canvas, 20, 160, 230, ("submitted/", "STUDENT/LAB"), "what was handed in", PAPER, LINE)
    _box(canvas, 310, 160, 200, ("look,", "repair"), "run/", trusted.fill, trusted.line)
    _box(canvas, 588, 110, 240, ("tests,", "hidden ones too"), "run/", trusted.fill, trusted.line)
    _box(canvas, 588, 322, 240, ("the student's", "cells"), "sandbox/", student.fill, student.line)
    _box(canvas, 898, 60, 250, ("gradebook,", "record"), "book/", trusted.fill, trusted.line)
    _box(canvas, 898, 300, 250, ("feedback, report,", "exports"), "pages/", trusted.fill, trusted.line)

    canvas.line(252, 215, 308, 215, arrow=True)
    canvas.line(512, 200, 586, 172, arrow=True)
    canvas.line(512, 230, 586, 350, arrow=True)
    canvas.line(688, 222, 688, 320, arrow=True)
    canvas.line(728, 320, 728, 222, arrow=True)
    canvas.text(676, 262, "plain data", 21, anchor="end", fill=QUIET)
    canvas.text(676, 288, "only", 21, anchor="end", fill=QUIET)
    canvas.line(830, 150, 896, 125, arrow=True)
    canvas.line(1080, 172, 1080, 298, arrow=True)
    canvas.text(1066, 222, "and what a", 21, anchor="end", fill=QUIET)
    canvas.text(1066, 248, "person gave", 21, anchor="end", fill=QUIET)
    return canvas.svg()


def _box(
    canvas: Canvas, x: float, y: float, w: float, words: tuple[str, str], room: str, fill: str, line: str
) -> None:
    canvas.rect(x, y, w, 110, fill, line, radius=10, thick=2.5)
    canvas.text(x + w / 2, y + 28, words[0], 24, bold=True, fill=INK)
    canvas.text(x + w / 2, y + 56, words[1], 24, bold=True, fill=INK)
    canvas.text(x + w / 2, y + 88, room, 21, mono=room.endswith("/"), fill=QUIET)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, svg in draw().items():
        (FOLDER / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
