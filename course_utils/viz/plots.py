"""Three small plots that the labs use again and again. Each draws on axes that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from course_utils.viz.style import CYCLE, HATCHES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bars_with_intervals(
    axes: Axes,
    groups: Sequence[str],
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    label: str = "",
    top: float = 1.0,
) -> None:
    """Grouped bars with intervals.

    groups: names under the axis. series: for each name one (value, low, high) per group. label: of the
    vertical axis. Bars differ in colour and hatching; the value stands over the interval.
    """
    width = 0.8 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = [i + (number - (len(series) - 1) / 2) * width for i in range(len(groups))]
        heights = [value for value, _, _ in values]
        errors = [[v - low for v, low, _ in values], [high - v for v, _, high in values]]
        axes.bar(
            places,
            heights,
            width * 0.92,
            yerr=errors,
            label=name,
            color=CYCLE[number],
            hatch=HATCHES[number],
            edgecolor="white",
            error_kw={"ecolor": "black", "capsize": 3, "elinewidth": 1.1},
        )
        for place, (value, _, high) in zip(places, values, strict=True):
            axes.text(place, high + 0.015 * top, f"{value:.2f}", ha="center", va="bottom", fontsize=9)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylim(0, top * 1.1)
    axes.set_ylabel(label)
    axes.grid(axis="x", visible=False)
    if len(series) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def curves(
    axes: Axes,
    lines: Mapping[str, Sequence[Sequence[float]]],
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "step",
    ylabel: str = "loss",
) -> None:
    """One line for each name: the mean of its repeats (seeds), with the range between them shaded.

    lines: for each name a list of repeats, each a list of values; longer ones are cut to the shortest.
    """
    for number, (name, repeats) in enumerate(lines.items()):
        length = min(len(repeat) for repeat in repeats)
        columns = [[repeat[i] for repeat in repeats] for i in range(length)]
        places = list(range(1, length + 1)) if x is None else list(x)[:length]
        axes.plot(
            places,
            [sum(column) / len(column) for column in columns],
            color=CYCLE[number],
            marker=MARKERS[number],
            markevery=max(1, length // 10),
            label=name,
        )
        if len(repeats) > 1:
            axes.fill_between(
                places, [min(c) for c in columns], [max(c) for c in columns], color=CYCLE[number], alpha=0.18
            )
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.legend()


def grid(
    axes: Axes,
    values: Sequence[Sequence[float]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    text: bool = True,
) -> None:
    """A matrix as shaded cells; with `text` each cell also holds its value, so that shade is not all there is."""
    table = [list(map(float, row)) for row in values]
    axes.imshow(table, cmap="Blues", vmin=0, vmax=max(max(row) for row in table) * 1.6 or 1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    if text:
        for i, row in enumerate(table):
            for j, value in enumerate(row):
                axes.text(j, i, f"{value:g}", ha="center", va="center", fontsize=9)
