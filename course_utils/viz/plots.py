"""Small plots that the labs use again and again. Each draws on axes that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course_utils.viz.style import COLORS, CYCLE, HATCHES, MARKERS
from course_utils.viz.tokens import ROLES, roles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Shade and matplotlib marker of each role in `role_grid`.
_ROLE_LOOKS = {
    "prompt": ("#d6ecfa", ""),
    "loss": (COLORS["orange"], "^"),
    "eos": (COLORS["purple"], "s"),
    "eos_ignored": ("#ffffff", ""),
    "padding": ("#eceef0", "x"),
    "padding_in_loss": (COLORS["vermillion"], "*"),
}


def bars_with_intervals(
    axes: Axes,
    groups: Sequence[str],
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    ylabel: str = "",
    top: float = 1.0,
    predicted: Mapping[str, Sequence[float | None]] | None = None,
) -> None:
    """Grouped bars with intervals.

    groups: names under the axis. series: for each name one (value, low, high) per group. Bars differ in
    colour and hatching; the value stands over the interval. predicted: for each name of `series` what the
    reader expected per group, drawn as a diamond; None where nothing was predicted.
    """
    width = 0.8 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = [i + (number - (len(series) - 1) / 2) * width for i in range(len(groups))]
        errors = [[v - low for v, low, _ in values], [high - v for v, _, high in values]]
        axes.bar(
            places,
            [value for value, _, _ in values],
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
        guesses = (predicted or {}).get(name, [])
        known = [(place, guess) for place, guess in zip(places, guesses, strict=False) if guess is not None]
        if known:
            axes.plot(
                *zip(*known, strict=True), "D", color="black", mfc="white", label=f"your prediction, {name}"
            )
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylim(0, top * 1.12)
    axes.set_ylabel(ylabel)
    axes.grid(axis="x", visible=False)
    if len(series) > 1 or predicted:
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


def interval_curves(
    axes: Axes,
    x: Sequence[float],
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """One line for each name through measured values, each with its interval.

    x: the places. series: for each name one (value, low, high) per place. Lines differ in colour and marker.
    """
    for number, (name, values) in enumerate(series.items()):
        axes.errorbar(
            list(x),
            [value for value, _, _ in values],
            [[value - low for value, low, _ in values], [high - value for value, _, high in values]],
            color=CYCLE[number],
            marker=MARKERS[number],
            capsize=3,
            elinewidth=1.1,
            label=name,
        )
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.legend()


def token_bars(
    axes: Axes, tokens: Sequence[str], series: Mapping[str, Sequence[float]], *, ylabel: str = ""
) -> None:
    """Bars side by side for each token, the tokens' texts under the axis; names in `series` tell the bars apart."""
    width = 0.84 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = [i + (number - (len(series) - 1) / 2) * width for i in range(len(tokens))]
        axes.bar(
            places,
            list(values),
            width,
            label=name,
            color=CYCLE[number],
            hatch=HATCHES[number],
            edgecolor="white",
        )
    axes.set_xticks(range(len(tokens)), tokens, rotation=90, family="monospace", fontsize=8)
    axes.set_xlim(-0.7, len(tokens) - 0.3)
    axes.set_ylabel(ylabel)
    axes.grid(axis="x", visible=False)
    if len(series) > 1:
        axes.legend()


def role_grid(axes: Axes, batch: Mapping[str, Any], eos_token_id: int) -> None:
    """A batch as a picture: one row for each example, one cell for each token, coloured and marked by its role.

    batch: "input_ids", "attention_mask" and "labels", each (B, T).
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.lines import Line2D

    table = roles(batch["input_ids"], batch["labels"], batch["attention_mask"], eos_token_id=eos_token_id)
    names = list(_ROLE_LOOKS)
    codes = [[names.index(role) for role in line] for line in table]
    shades = ListedColormap([shade for shade, _ in _ROLE_LOOKS.values()])
    axes.imshow(codes, cmap=shades, vmin=-0.5, vmax=len(names) - 0.5, aspect="auto", interpolation="nearest")
    handles = []
    for code, name in enumerate(names):
        cells = [(x, y) for y, line in enumerate(codes) for x, value in enumerate(line) if value == code]
        if not cells:
            continue
        shade, mark = _ROLE_LOOKS[name]
        axes.plot(
            *zip(*cells, strict=True), linestyle="", marker=mark, color="black", markersize=2.2, alpha=0.7
        )
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="s",
                markersize=11,
                color=shade,
                mec="#545d69",
                label=ROLES[name].word,
            )
        )
    axes.set_xlabel("position")
    axes.set_ylabel("example")
    axes.set_yticks(range(len(table)))
    axes.set_yticks([row + 0.5 for row in range(len(table) - 1)], minor=True)
    axes.grid(visible=False, which="major")
    axes.grid(visible=True, which="minor", axis="y", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(handles), fontsize=9)


def mask_grid(axes: Axes, mask: Any, *, ends: Sequence[int] = ()) -> None:
    """An attention mask (T, T) of booleans: filled where the token of the row may look at that of the column.

    ends: positions after which a new example begins, drawn as lines.
    """
    table = mask.tolist() if hasattr(mask, "tolist") else [list(row) for row in mask]
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1.6, interpolation="nearest")
    for end in ends:
        axes.axhline(end - 0.5, color=COLORS["vermillion"], linewidth=1.2)
        axes.axvline(end - 0.5, color=COLORS["vermillion"], linewidth=1.2, linestyle="--")
    axes.grid(visible=False)
    axes.set_xlabel("looks at")
    axes.set_ylabel("token")
