"""Pictures for the decks, as SVG: diagrams made by hand (tokens, arrows, grids) and plots of recorded results.

Lengths are CSS pixels: a figure drawn WIDTH wide fills a slide's text area at its own size, so a font size given
here is the size seen in the lecture room. Nothing is random and no font is measured: the same calls give the same
bytes everywhere.

A figure may grow by clicks: what `Canvas.step(1)` holds, or a matplotlib artist with `set_gid("step-1")`, comes with
the first. Paper and phones show all of it.
"""

from __future__ import annotations

import html
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils.viz import tokens
from course_utils.viz.style import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 1168  # of a slide's text area
SMALL = 22  # smallest text on a slide

# The decks embed the first of each; the others serve where an SVG is opened by itself.
SANS = "Course Sans, Atkinson Hyperlegible, DejaVu Sans, sans-serif"
MONO = "Course Mono, DejaVu Sans Mono, monospace"

INK = "#1b1f24"
QUIET = "#545d69"
LINE = "#b8c0c9"
PALE = "#eef1f4"
PAPER = "#ffffff"
WRONG = COLORS["vermillion"]
RIGHT = COLORS["green"]

# On top of the course's style: text as text, and large enough for the last row.
_SLIDE_PLOT: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "course",
    "font.size": 23,
    "axes.titlesize": 25,
    "axes.labelsize": 23,
    "xtick.labelsize": 23,
    "ytick.labelsize": 23,
    "legend.fontsize": 23,
    "lines.linewidth": 4,
    "lines.markersize": 14,
    "grid.linewidth": 1.2,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    # the slide's font stands taller than the one that matplotlib measures with
    "figure.constrained_layout.h_pad": 0.12,
    "figure.constrained_layout.w_pad": 0.12,
}


@dataclass(frozen=True)
class Look:
    """How a box is drawn."""

    fill: str
    line: str
    dashed: bool = False


def _as_in_notebooks(role: str) -> Look:
    """The look that the token viewer gives to this role: a student meets the same colours in both places."""
    fill, line = re.findall(r"#[0-9a-f]{6}", tokens.ROLES[role].css)[::2]
    return Look(fill, line, dashed=role in ("padding", "eos_ignored"))


LOOKS = {role: _as_in_notebooks(role) for role in tokens.ROLES} | {
    "plain": Look(PAPER, LINE),
    "wrong": Look("#fbe3d5", WRONG),
}


def plot(height: float, width: float = WIDTH, **options: Any) -> tuple[Figure, Any]:
    """A matplotlib figure in the course's style whose sizes are pixels of a slide; options go to subplots."""
    from matplotlib import pyplot as plt

    from course_utils.viz import style

    style.use()
    plt.style.use(_SLIDE_PLOT)
    return plt.subplots(figsize=(width / 72, height / 72), layout="constrained", **options)


def interval_bar(
    axes: Axes, place: float, share: Sequence[float], colour: str, marker: str, label: str | None = None
) -> None:
    """A share with its interval, (mean, low, high), as a lying bar at the height `place`; its per cent stand behind."""
    mean, low, high = share
    axes.plot(
        [low, high],
        [place, place],
        color=colour,
        linewidth=9,
        alpha=0.4,
        marker="none",
        solid_capstyle="butt",
    )
    axes.plot(mean, place, marker, color=colour, markersize=13, linestyle="", label=label)
    axes.annotate(
        f"{100 * mean:.0f} %", (high, place), (12, 0), textcoords="offset points", va="center", weight="bold"
    )


def to_svg(figure: Figure) -> str:
    """The figure as SVG with its text kept as text, the same bytes each time; closes the figure.

    An artist whose gid is "step-1" comes with the first click.
    """
    from matplotlib import pyplot as plt

    stream = io.StringIO()
    width, height = figure.get_size_inches() * 72
    # The page's size is kept as it is: a tight box would scale the text.
    figure.savefig(
        stream, format="svg", bbox_inches=figure.bbox_inches, metadata={"Date": None, "Creator": None}
    )
    plt.close(figure)
    # matplotlib counts in points, 72 to the inch, which the slide takes for pixels.
    svg = re.sub(
        r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{_n(width)}" height="{_n(height)}"', stream.getvalue()
    )
    return re.sub(r'id="(step-\d+)"', r'class="\1"', svg)  # several artists may come with one click


def css_colours() -> dict[str, str]:
    """Custom properties for the theme: the same colours in text and tables as in the figures."""
    named = {"ink": INK, "quiet": QUIET, "line": LINE, "pale": PALE, "wrong": WRONG, "right": RIGHT}
    named["wrong-text"] = "#a84a00"  # dark enough for text on every background of the theme
    for name in ("prompt", "loss", "eos", "padding"):
        named[name] = LOOKS[name].fill
        named[f"{name}-line"] = LOOKS[name].line
    return named


class Canvas:
    """An SVG under construction. Coordinates run right and down; text is placed by its middle line."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    @contextmanager
    def step(self, click: int) -> Iterator[None]:
        """What is drawn inside comes with this click, counted from 1; with 0 it is there from the start."""
        if click:
            self._parts.append(f'<g class="step-{click}">')
        yield
        if click:
            self._parts.append("</g>")

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, line: str = "none", **options: Any
    ) -> None:
        """options: radius, thick (outline, px), dashed, opacity."""
        dash = ' stroke-dasharray="7 5"' if options.get("dashed") else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="{_n(options.get("radius", 6))}" '
            f'fill="{fill}" stroke="{line}" stroke-width="{_n(options.get("thick", 2))}" '
            f'opacity="{_n(options.get("opacity", 1))}"{dash}/>'
        )

    def polygon(self, corners: list[tuple[float, float]], fill: str, line: str, thick: float = 2) -> None:
        places = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        self._parts.append(
            f'<polygon points="{places}" fill="{fill}" stroke="{line}" stroke-width="{_n(thick)}"/>'
        )

    def text(self, x: float, y: float, words: str, size: float = 24, **options: Any) -> None:
        """options: anchor (start, middle, end), mono, bold, fill."""
        family = MONO if options.get("mono") else SANS
        weight = 700 if options.get("bold") else 400
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-family="{family}" font-size="{_n(size)}" font-weight="{weight}" '
            f'text-anchor="{options.get("anchor", "middle")}" dominant-baseline="central" '
            f'fill="{options.get("fill", INK)}">{html.escape(words)}</text>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = INK, thick: float = 3, **options: Any
    ) -> None:
        """A straight line. options: arrow (a head at the end), dashed, opacity."""
        dash = ' stroke-dasharray="4 7"' if options.get("dashed") else ""
        if options.get("arrow"):
            length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
            ux, uy = (x2 - x1) / length, (y2 - y1) / length
            head, half = 5 + 3 * thick, 2 + 1.7 * thick
            bx, by = x2 - head * ux, y2 - head * uy
            points = [(x2, y2), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)]
            corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            fade = f' opacity="{_n(options.get("opacity", 1))}"'
            self._parts.append(f'<polygon points="{corners}" fill="{colour}"{fade}/>')
            x2, y2 = bx, by
        self._parts.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}" '
            f'stroke-width="{_n(thick)}" stroke-linecap="round" opacity="{_n(options.get("opacity", 1))}"{dash}/>'
        )

    def token(
        self, x: float, y: float, words: str, role: str, w: float = 128, h: float = 64, size: float = 30
    ) -> None:
        """One token in a box; (x, y) is its upper left corner. The mark in the corner says the role without colour."""
        look = LOOKS[role]
        self.rect(x, y, w, h, look.fill, look.line, dashed=look.dashed, thick=2.5, radius=8)
        self.rect(x + 5, y + h - 7, w - 10, 4, look.line, radius=2)
        self.text(x + w / 2, y + h / 2, words, size, mono=True, fill=QUIET if role == "padding" else INK)
        self.mark(x + w - 13, y + 13, role)

    def mark(self, x: float, y: float, role: str) -> None:
        """The token viewer's marks, drawn: dot, triangle, square, hollow square, cross."""
        colour = LOOKS[role].line
        if role == "prompt":
            self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.5" fill="{colour}"/>')
        elif role == "loss":
            points = f"{_n(x - 6)},{_n(y + 5)} {_n(x + 6)},{_n(y + 5)} {_n(x)},{_n(y - 6)}"
            self._parts.append(f'<polygon points="{points}" fill="{colour}"/>')
        elif role in ("eos", "eos_ignored"):
            self.rect(x - 5, y - 5, 10, 10, colour if role == "eos" else PAPER, colour, radius=0)
        elif role == "padding":
            self.line(x - 5, y - 5, x + 5, y + 5, colour, 2.5)
            self.line(x - 5, y + 5, x + 5, y - 5, colour, 2.5)

    def cross(self, x: float, y: float, size: float = 11, colour: str = WRONG) -> None:
        self.line(x - size, y - size, x + size, y + size, colour, 5)
        self.line(x - size, y + size, x + size, y - size, colour, 5)

    def tick(self, x: float, y: float, size: float = 11, colour: str = RIGHT) -> None:
        self.line(x - size, y, x - size / 3, y + size * 0.8, colour, 5)
        self.line(x - size / 3, y + size * 0.8, x + size, y - size, colour, 5)

    def brace(
        self, x1: float, x2: float, y: float, words: str, colour: str = QUIET, size: float = 24
    ) -> None:
        """A bracket that opens upwards under x1…x2, with words below."""
        self._parts.append(
            f'<path d="M{_n(x1)} {_n(y)} v10 H{_n(x2)} v-10" fill="none" stroke="{colour}" stroke-width="3"/>'
        )
        self.text((x1 + x2) / 2, y + 34, words, size, fill=colour, bold=True)

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'width="{_n(self.width)}" height="{_n(self.height)}">' + "".join(self._parts) + "</svg>"
        )


def stops(words: list[str], here: int | None) -> str:
    """A row of numbered stops, from 0, one lit; each has its words below, where there is room.

    words: a short name for each stop. here: the one that is lit; None: none is.
    """
    c = Canvas(132)
    step = WIDTH / len(words)
    c.line(step / 2, 28, WIDTH - step / 2, 28, LINE, 4)
    for number, name in enumerate(words):
        x, lit = (number + 0.5) * step, number == here
        c.rect(x - 26, 2, 52, 52, INK if lit else PAPER, INK if lit else LINE, radius=26, thick=4)
        c.text(x, 28, str(number), 26, bold=lit, fill=PAPER if lit else QUIET)
        for line, word in enumerate(textwrap.wrap(name, 10) if lit or step >= 140 else ()):
            c.text(x, 78 + 33 * line, word, 24, bold=lit, fill=INK if lit else QUIET)
    return c.svg()


def _n(value: float) -> str:
    """A number for SVG: at most two decimals, no trailing zeros."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
