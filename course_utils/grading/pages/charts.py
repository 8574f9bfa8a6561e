"""Plots of the teacher's report as hand-written SVG.

Positions are in percent and text in pixels, so a plot fills a phone or a desk without shrinking its letters;
colours are the page's own, so it follows light, dark and print. Each returns Markup with a text alternative.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from course_utils.grading.pages.rendering import count, number, plain

if TYPE_CHECKING:
    from course_utils.grading.pages.items import Item

# Columns with at most this many people show each as a dot; taller ones are bars.
MOST_DOTS = 14
_LEFT, _RIGHT = 4.0, 96.0  # percent of the width between which data lie
_LINE = '<line x1="{x1}%" x2="{x2}%" y1="{y}" y2="{y}" class="axis"/>'


@dataclass(frozen=True)
class Share:
    """One exercise: how many students are in each state, in the order drawn. state -> count."""

    title: str
    counts: dict[str, int]


@dataclass(frozen=True)
class RunCost:
    """What one submission cost: wall-clock seconds and peak memory in MB."""

    student: str
    seconds: float
    peak_mb: float
    flagged: bool


def distribution(
    points: Sequence[tuple[str, float]],
    top: float,
    still_open: float = 0.0,
    rising: Mapping[str, float] | None = None,
) -> Markup:
    """How many students have how many points.

    points: (student, points) pairs; top: the most there are; still_open: points at the top end that nobody
    can have before essays are graded, shown as a striped band; rising: student -> points that only some still
    wait for, whose dots are hollow.
    """
    rising = rising or {}
    width = _bin_width(top)
    bins = max(1, math.ceil(top / width))
    columns: list[list[tuple[str, float]]] = [[] for _ in range(bins)]
    for student, value in sorted(points, key=lambda pair: (pair[1], pair[0])):
        columns[min(bins - 1, max(0, int(value / width)))].append((student, value))
    tallest = max((len(column) for column in columns), default=0) or 1
    dots = tallest <= MOST_DOTS
    ceiling, base = 36, 256
    step = min(30.0, (base - ceiling) / tallest)
    slot = (_RIGHT - _LEFT) / bins
    marks = [_LINE.format(x1=_LEFT, x2=_RIGHT, y=base)]
    if still_open:
        x = _RIGHT - (_RIGHT - _LEFT) * still_open / (bins * width)
        marks.append(
            '<defs><pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse"'
            ' patternTransform="rotate(45)"><rect width="3" height="8" class="stripe"/></pattern></defs>'
            f'<rect x="{x:.2f}%" y="{ceiling}" width="{_RIGHT - x:.2f}%" height="{base - ceiling}"'
            f' fill="url(#stripes)"/><text x="{_RIGHT}%" y="{ceiling - 8}" class="end">by hand, not given yet</text>'
        )
    for index, column in enumerate(columns):
        left, middle = _LEFT + index * slot, _LEFT + (index + 0.5) * slot
        if dots:
            marks += [
                f'<circle cx="{middle:.2f}%" cy="{base - step * (row + 0.55):.1f}" r="{step * 0.4:.1f}"'
                f' class="{"hollow" if student in rising else "dot"}"><title>{escape(plain(student))}: {number(value)}'
                f"{f', up to {number(rising[student])} more' if student in rising else ''}</title></circle>"
                for row, (student, value) in enumerate(column)
            ]
        elif column:
            tall = step * len(column)
            marks.append(
                f'<rect x="{left + slot * 0.06:.2f}%" y="{base - tall:.1f}" width="{slot * 0.88:.2f}%"'
                f' height="{tall:.1f}" class="bar"/>'
            )
        if column:
            y = base - step * len(column) - 6
            marks.append(f'<text x="{middle:.2f}%" y="{y:.1f}" class="mid strong">{len(column)}</text>')
    edges = [index * width for index in range(bins + 1)]
    every = math.ceil(len(edges) / 10)
    marks += [
        f'<text x="{_LEFT + index * slot:.2f}%" y="{base + 18}" class="mid">{number(edge)}</text>'
        for index, edge in enumerate(edges)
        if index % every == 0
    ]
    marks.append(f'<text x="{_RIGHT}%" y="{base + 38}" class="end">points</text>')
    said = ", ".join(
        f"{number(edges[i])} to {number(edges[i + 1])} points: {len(column)}"
        for i, column in enumerate(columns)
        if column
    )
    wait = f" {len(rising)} of them wait for a grader." if rising else ""
    return _svg(300, f"Distribution of points, {count(len(points), 'student')}. {said}.{wait}", *marks)


def share_bar(share: Share, looks: dict[str, str]) -> Markup:
    """One exercise's students by state, as one bar. looks: state -> the class that colours it."""
    total = sum(share.counts.values()) or 1
    parts, x = [], 0.0
    for state, n in share.counts.items():
        if not n:
            continue
        wide = 100 * n / total
        parts.append(
            f'<rect x="{x:.2f}%" y="0" width="{wide:.2f}%" height="26" class="share {looks[state]}"/>'
            f'<text x="{x + wide / 2:.2f}%" y="18" class="mid strong on {looks[state]}">{n}</text>'
        )
        x += wide
    said = ", ".join(f"{n} {state}" for state, n in share.counts.items() if n)
    return _svg(26, f"{share.title}: {said}.", *parts)


def cost(runs: Sequence[RunCost], named: int = 3) -> Markup:
    """Seconds (log scale) against peak memory for each submission; the `named` slowest and largest carry names."""
    height, base, top = 300, 256, 16
    seconds = [max(run.seconds, 0.01) for run in runs] or [1.0]
    ticks = _decades(min(seconds), max(seconds))
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])
    most = _round_up(max((run.peak_mb for run in runs), default=1.0))

    def across(value: float) -> float:
        return 11 + (95 - 11) * (math.log10(max(value, 0.01)) - low) / (high - low)

    def up(value: float) -> float:
        return base - (base - top) * value / most

    lines = []
    for tick in ticks:
        x = across(tick)
        lines.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{top}" y2="{base}" class="grid"/>')
        lines.append(f'<text x="{x:.2f}%" y="{base + 18}" class="mid">{number(tick)}</text>')
    for part in range(5):
        value = most * part / 4
        lines.append(f'<line x1="11%" x2="95%" y1="{up(value):.1f}" y2="{up(value):.1f}" class="grid"/>')
        lines.append(f'<text x="10%" y="{up(value) + 4:.1f}" class="end">{number(value)}</text>')
    lines.append(f'<text x="95%" y="{base + 38}" class="end">seconds</text>')
    lines.append(f'<text x="11%" y="{top - 4}">peak memory, MB</text>')

    slowest = sorted(runs, key=lambda run: run.seconds, reverse=True)[:named]
    tell = [*slowest, *sorted(runs, key=lambda run: run.peak_mb)[-1:]]
    points, names = [], []
    taken: list[tuple[float, float]] = []
    for run in runs:
        x, y = across(run.seconds), up(run.peak_mb)
        told = escape(f"{plain(run.student)}: {run.seconds:.1f} s, {run.peak_mb:.0f} MB")
        if run.flagged:
            points.append(
                f'<svg x="{x:.2f}%" y="{y:.1f}" class="at"><path d="M0-8 7 6H-7Z" class="flag"><title>{told}'
                "</title></path></svg>"
            )
        else:
            points.append(
                f'<circle cx="{x:.2f}%" cy="{y:.1f}" r="6" class="dot"><title>{told}</title></circle>'
            )
    for run in dict.fromkeys(tell):
        x, y = across(run.seconds), up(run.peak_mb)
        # Names that would cover each other are left to the table below.
        if any(abs(x - other_x) < 30 and abs(y - other_y) < 16 for other_x, other_y in taken):
            continue
        taken.append((x, y))
        side = "end" if x > 70 else "mid" if x > 30 else ""
        names.append(
            f'<svg x="{x:.2f}%" y="{y:.1f}" class="at"><text y="-12" class="{side}">{escape(plain(run.student))}'
            "</text></svg>"
        )
    middle = sorted(seconds)[len(seconds) // 2]
    alt = (
        f"Time and memory of {count(len(runs), 'submission')}: half take at most {middle:.1f} seconds, "
        f"the slowest {max(seconds):.1f} seconds; the largest uses "
        f"{max((run.peak_mb for run in runs), default=0):.0f} MB."
    )
    return _svg(height, alt, *lines, *points, *names)


def item_plot(items: Sequence[Item]) -> Markup:
    """Exercises by how much of their points the class has (across) and how well they tell students apart (up).

    A dot has the exercise's number in the lab beside it, dots that would cover each other all their numbers
    together; a line through a dot is the 95 % interval.
    """
    top, base, low = 16, 300, -0.4
    shown = [(item, item.discrimination) for item in items if item.discrimination is not None]

    def across(share: float) -> float:
        return 9 + (95 - 9) * share

    def up(r: float) -> float:
        return base - (base - top) * (max(r, low) - low) / (1 - low)

    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = across(tick)
        parts.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{top}" y2="{base}" class="grid"/>')
        parts.append(f'<text x="{x:.2f}%" y="{base + 18}" class="mid">{number(100 * tick)}</text>')
    for tick in (-0.25, 0, 0.25, 0.5, 0.75, 1):
        y = up(tick)
        kind = "axis" if tick == 0 else "grid"
        parts.append(f'<line x1="9%" x2="95%" y1="{y:.1f}" y2="{y:.1f}" class="{kind}"/>')
        parts.append(f'<text x="8%" y="{y + 4:.1f}" class="end">{number(tick).replace("-", "−")}</text>')
    parts.append(f'<text x="95%" y="{base + 38}" class="end">percent of its points that the class has</text>')
    parts.append(f'<text x="9%" y="{top - 4}">discrimination</text>')
    together: dict[tuple[float, float], list[int]] = {}
    dots = []
    for item, r in shown:
        x, y = across(item.difficulty), up(r)
        near = next((place for place in together if abs(x - place[0]) < 4 and abs(y - place[1]) < 20), (x, y))
        together.setdefault(near, []).append(item.number)
        if item.low is not None and item.high is not None:
            parts.append(
                f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{up(item.low):.1f}" y2="{up(item.high):.1f}" class="reach"/>'
            )
        told = escape(
            f"{item.number} {plain(item.title)}: {100 * item.difficulty:.0f} % of its points, "
            f"discrimination {r:.2f}"
        )
        dots.append(f'<circle cx="{x:.2f}%" cy="{y:.1f}" r="7" class="dot"><title>{told}</title></circle>')
    parts += dots
    for (x, y), numbers in together.items():
        side, shift = ("end", -12) if x > 60 else ("", 12)
        words = ", ".join(map(str, sorted(numbers)))
        label = f'<text x="{shift}" y="4.5" class="strong {side}">{words}</text>'
        parts.append(f'<svg x="{x:.2f}%" y="{y:.1f}" class="at">{label}</svg>')
    said = "; ".join(f"{item.title}: {100 * item.difficulty:.0f} percent, {r:.2f}" for item, r in shown)
    return _svg(
        base + 44, f"Share of points and discrimination of {count(len(shown), 'exercise')}. {said}.", *parts
    )


def _svg(height: float, alt: str, *parts: str) -> Markup:
    inside = "".join(parts)
    return Markup(
        f'<svg role="img" aria-label="{escape(plain(alt))}" width="100%" height="{height:.0f}">{inside}</svg>'
    )


def _bin_width(top: float) -> float:
    """A round width that gives about ten columns."""
    for width in (0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        if top / width <= 12:
            return width
    return top / 10


def _decades(low: float, high: float) -> list[float]:
    """Round ticks for a log scale that enclose low..high: 1, 2, 5, 10 … or, for a narrow range, more of them."""
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        ticks = [m * 10.0**e for e in range(-2, 5) for m in steps]
        first = max((i for i, tick in enumerate(ticks) if tick <= low), default=0)
        last = min((i for i, tick in enumerate(ticks) if tick >= high), default=len(ticks) - 1)
        found = ticks[first : max(last, first + 1) + 1]
        if len(found) > 3:
            break
    return found


def _round_up(value: float) -> float:
    """The next 1, 2, 4 or 8 times a power of ten: quarters of it are round too."""
    scale = 10.0 ** math.floor(math.log10(max(value, 1)))
    return next(m * scale for m in (1, 2, 4, 8, 10) if value <= m * scale)
