"""Figures of deck 05. One toy runs through them: a made-up laboratory whose losses lie on 1 + 4/N + 16/D.

With N and D in powers of two every loss can be checked in the head. All models with the same N · D cost the same; the
best of them has D = 4 N, so that four times the budget halves what lies above E.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullFormatter, NullLocator
from scipy.optimize import minimize_scalar

from course_utils import real_model, results, scaling
from course_utils.data.chinchilla import REFIT
from course_utils.viz.diagrams import INK, LINE, QUIET, WIDTH, WRONG, Canvas, plot, to_svg
from course_utils.viz.style import COLORS, CYCLE, MARKERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from course_utils.slides import Recorded

TOY = {"E": 1.0, "A": 4.0, "B": 16.0, "alpha": 1.0, "beta": 1.0}
SIZES = [1, 2, 4, 8, 16]
BUDGET = 64  # of the toy, as N · D

# Hoffmann et al. 2022, arXiv 2203.15556: method 3 as printed, and with the digits of the paper's LaTeX source.
PRINTED = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
UNROUNDED = {"E": 1.69337, "A": 406.4003, "B": 410.7225, "alpha": 0.33917084, "beta": 0.2849083}
# A made-up surface whose exponents differ much, for what a parabola does to it.
LOPSIDED = {"E": 1.8172, "A": 40.0, "B": 4e5, "alpha": 0.2, "beta": 0.6}
# Hoffmann et al. 2022, table 2: the exponent a of the best N and the interval printed with it, by method.
THREE_METHODS = [(0.50, 0.488, 0.502), (0.49, 0.462, 0.534), (0.46, 0.454, 0.455)]

GOPHER, CHINCHILLA = (280e9, 300e9), (70e9, 1.4e12)
# The budget for which Hoffmann et al. planned, and the range of Chinchilla's runs, in FLOPs.
PLANNED, RUNS = 5.76e23, (1.4e18, 1.3e22)

# Parameters in all, and in the matrices with a row per token. Of the last four: their published configurations.
TABLES = {
    "a tiny one, 32,000 tokens": (147_520 + 2 * 32_000 * 64, 2 * 32_000 * 64),
    "SmolLM-135M": (134_515_008, 49_152 * 576),
    "Llama-2-7B": (6_738_415_616, 2 * 32_000 * 4096),
    "Llama-3-8B": (8_030_261_248, 2 * 128_256 * 4096),
}

# Nine losses of one and the same experiment; the last run went wrong.
NINE = np.array([2.50, 2.52, 2.48, 2.51, 2.49, 2.50, 2.53, 2.47, 3.40])
NINE_DELTA = 0.02

DARK_BLUE, DARK_ORANGE, DARK_WRONG, DARK_RIGHT = "#00558a", "#8a5f00", "#a84a00", "#00664b"


def toy() -> dict[str, Any]:
    """Numbers worked out from the toy, from printed constants, or from the table of our own sweep."""
    frame = sweep()
    ends = frame.loc[[frame["n"].idxmin(), frame["n"].idxmax()]]
    line = forgotten_line()
    losses = {name: loss(REFIT, *model) for name, model in (("gopher", GOPHER), ("chinchilla", CHINCHILLA))}
    best = scaling.compute_optimal(REFIT, 6 * GOPHER[0] * GOPHER[1])
    return {
        "gopher_flops": f"{6 * GOPHER[0] * GOPHER[1] / 1e23:.1f}",
        "chinchilla_flops": f"{6 * CHINCHILLA[0] * CHINCHILLA[1] / 1e23:.1f}",
        "gopher_loss": losses["gopher"],
        "chinchilla_loss": losses["chinchilla"],
        "gap": losses["gopher"] - losses["chinchilla"],
        "best_for_gopher": float(best.n) / 1e9,
        "n": [int(value) for value in ends["n"]],
        "n_total": [int(value) for value in ends["n_total"]],
        "n_grows": ends["n"].iloc[1] / ends["n"].iloc[0],
        "n_total_grows": ends["n_total"].iloc[1] / ends["n_total"].iloc[0],
        "d": [int(frame["d"].min()), int(frame["d"].max())],
        "shortest_largest": float(frame.query("n == n.max() and d == d.min()")["loss"].mean()),
        **far_off(),
        "exponents": {
            name: _exponent(scaling.recorded_facts("sweep")["description"][key]["params"])
            for name, key in (("without", "E_given"), ("with_tables", "E_given_with_n_total"))
        },
        "kaplan_thousand": 1000**0.73,
        "hoffmann_thousand": 1000**0.50,
        "forgotten_alpha": -line[0],
        "forgotten_far": far_forecast(line),
        "true_far": 1 + 16 / FAR**0.5,
        "mean_of_nine": float(NINE.mean()),
        "huber_of_nine": huber_centre(),
        "largest_bias": 1 - parabola_bias(LOPSIDED, 12),
        "planted_bias": 1 - parabola_bias(REFIT, 12),
        "real": real_model.recorded("compute"),
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "boxes_dark": boxes(dark=True),
        "two_models": two_models(),
        "six": six(),
        "tables": tables(),
        "two_counts": two_counts(),
        "three_axes": three_axes(),
        "forgotten": forgotten(),
        "grid": grid(),
        "huber": huber(),
        "stopped": stopped(r),
        "boxes": boxes(dark=False),
        "balance": balance(),
        "map": loss_map(),
        "ratio": ratio(),
        "parabola": parabola(),
        "resample": resample(),
        "intervals": intervals(r),
        "narrow": narrow(),
        "sweep": sweep_lines(r),
        "subsets": subsets(r),
        "residuals": residuals(r),
        "forecast": forecast(r),
        "coverage": coverage(r),
        "real": real(),
    }


# --- the toy and the printed surfaces -------------------------------------------------------------------------------


def loss(params: dict[str, float], n: Any, d: Any) -> Any:
    """The loss on a Chinchilla surface, nats a token."""
    return (
        scaling.loss(params, n=n, d=d) if np.ndim(n) or np.ndim(d) else float(scaling.loss(params, n=n, d=d))
    )


@cache
def sweep() -> pd.DataFrame:
    """The rows of the recorded sweep that were fitted: those on shared trunks."""
    frame = scaling.recorded_sweep()
    return frame[frame["trunk"] == "shared"].reset_index(drop=True)


TOY_BUDGETS = np.array([4.0, 16, 64, 256, 1024, 4096])
TOY_EXCESS = 16 / TOY_BUDGETS**0.5  # of the best model for each budget
FAR = 1e6


def forgotten_line() -> np.ndarray:
    """Slope and height of a straight line through the toy's losses in log-log, E left in."""
    return np.polyfit(np.log(TOY_BUDGETS), np.log(TOY["E"] + TOY_EXCESS), 1)


def far_forecast(line: np.ndarray) -> float:
    return float(np.exp(np.polyval(line, np.log(FAR))))


def huber_centre() -> float:
    """The centre of NINE under the Huber loss."""

    def loss(centre: float) -> float:
        size = np.abs(NINE - centre)
        return float(np.where(size <= NINE_DELTA, size**2 / 2, NINE_DELTA * (size - NINE_DELTA / 2)).sum())

    return float(minimize_scalar(loss, bounds=(2, 4), method="bounded").x)


def equal_compute(
    params: dict[str, float], width: float, flops: float = 1e21
) -> tuple[np.ndarray, np.ndarray]:
    """Nine sizes within a factor of `width` around the best one for `flops`, and their losses."""
    sizes = float(scaling.compute_optimal(params, flops).n) * np.geomspace(1 / width, width, 9)
    return sizes, loss(params, sizes, flops / 6 / sizes)


def parabola_bias(params: dict[str, float], width: float, flops: float = 1e21) -> float:
    """N at the bottom of a parabola through nine sizes of equal compute, over the best N."""
    sizes, losses = equal_compute(params, width, flops)
    found = scaling.isoflop({"n": sizes, "d": flops / 6 / sizes, "loss": losses})
    return float(found.n[0] / scaling.compute_optimal(params, flops).n)


# --- diagrams -------------------------------------------------------------------------------------------------------


def boxes(dark: bool) -> str:
    """Five models of equal compute as boxes N wide and D high, all of the same area; with losses where not dark."""
    top, base = (8, 264) if dark else (52, 312)
    c = Canvas(base + 62)
    columns = [158, 158, 158, 176, 336]
    gap = (WIDTH - sum(columns)) / (len(columns) - 1)
    x = 0.0
    unit_n, unit_d = 20, (base - top) / BUDGET
    for n, column in zip(SIZES, columns, strict=True):
        d = BUDGET // n
        w, h, middle = unit_n * n, unit_d * d, x + column / 2
        c.rect(middle - w / 2, base - h, w, h, COLORS["sky"], "#cfe9f8" if dark else COLORS["blue"], radius=3)
        c.text(middle, base + 28, f"{n} × {d}", 30, mono=True, fill="#d5dde5" if dark else INK)
        if not dark:
            value = loss(TOY, n, d)
            best = value == min(loss(TOY, m, BUDGET / m) for m in SIZES)
            c.text(
                middle, base - h - 28, f"{value:g}", 38 if best else 32, bold=True,
                fill=DARK_ORANGE if best else INK,
            )  # fmt: skip
            if best:
                c.text(middle, base - h - 68, "lowest", 25, bold=True, fill=DARK_ORANGE)
        x += column + gap
    if not dark:
        c.text(WIDTH, 24, "above each box its loss, below it N × D", 26, anchor="end", fill=QUIET)
    return c.svg()


def two_models() -> str:
    """Gopher and Chinchilla as boxes of parameters times tokens, to scale."""
    c = Canvas(380)
    base, unit_n, unit_d = 368, 1.65, 0.245
    c.line(0, base, WIDTH, base, LINE, 2)
    for x, (n, d), fill, line in [
        (0, (280, 300), "#fde3c0", COLORS["orange"]),
        (690, (70, 1400), "#d3e8f6", COLORS["blue"]),
    ]:
        c.rect(x, base - unit_d * d, unit_n * n, unit_d * d, fill, line, radius=4, thick=3)
    c.text(0, 150, "Gopher", 36, anchor="start", bold=True)
    c.text(0, 196, "280 billion parameters", 28, anchor="start")
    c.text(0, 236, "× 300 billion tokens", 28, anchor="start")
    left = 690 + unit_n * 70 + 32
    c.text(left, 150, "Chinchilla", 36, anchor="start", bold=True)
    c.text(left, 196, "70 billion parameters", 28, anchor="start")
    c.text(left, 236, "× 1,400 billion tokens", 28, anchor="start")
    return c.svg()


def six() -> str:
    """One weight and one token: two FLOPs forward, two and two backward."""
    c = Canvas(300)
    panels = [
        ("forward", "y = w · x, added to a sum", "2", COLORS["blue"], DARK_BLUE),
        ("backward, to the input", "so that it travels further down", "2", COLORS["orange"], DARK_ORANGE),
        ("backward, to the weight", "so that the weight can learn", "2", COLORS["orange"], DARK_ORANGE),
    ]
    w = 372
    for i, (title, words, flops, colour, dark) in enumerate(panels):
        x = i * (w + 26)
        c.text(x, 18, title, 28, anchor="start", bold=True, fill=dark)
        ends = (x + 34, x + 284)
        weight, y = x + 160, 92
        for end, name in zip(ends, "xy", strict=True):
            c.rect(end - 32, y - 32, 64, 64, "#ffffff", LINE, radius=32)
            c.text(end, y, name, 30, mono=True)
        c.rect(weight - 36, y - 36, 72, 72, "#eef1f4", INK, radius=8, thick=3)
        c.text(weight, y, "w", 32, mono=True, bold=True)
        if i == 0:
            c.line(ends[0] + 36, y, weight - 40, y, colour, 5, arrow=True)
            c.line(weight + 40, y, ends[1] - 36, y, colour, 5, arrow=True)
        else:
            c.line(ends[1] - 36, y, weight + 40, y, colour, 5, arrow=True)
            if i == 1:
                c.line(weight - 40, y, ends[0] + 36, y, colour, 5, arrow=True)
            else:
                c.rect(weight - 44, y - 44, 88, 88, "none", colour, radius=12, thick=5)
        c.text(x, 166, words, 24, anchor="start", fill=QUIET)
        c.text(x, 216, f"{flops} FLOPs", 34, anchor="start", bold=True)
        if i:
            c.text(x - 30, 216, "+", 34, bold=True, anchor="end")
    c.text(0, 276, "a multiplication and an addition each time: 6 FLOPs for every weight and every token", 27,
           anchor="start", bold=True)  # fmt: skip
    return c.svg()


def grid() -> str:
    """The toy's losses for five sizes and five amounts of data; models of equal compute lie on a diagonal."""
    c = Canvas(428)
    left, top, w, h = 190, 48, 128, 60
    c.text(0, top - 26, "tokens D", 25, anchor="start", bold=True)
    for column, n in enumerate(SIZES):
        for row, d in enumerate([64, 32, 16, 8, 4]):
            x, y = left + column * (w + 8), top + row * (h + 8)
            if column == 0:
                c.text(left - 30, y + h / 2, str(d), 28, mono=True, anchor="end", fill=QUIET)
            equal, value = n * d == BUDGET, loss(TOY, n, d)
            best = equal and d == 4 * n
            fill = COLORS["orange"] if best else "#fde3c0" if equal else "#ffffff"
            c.rect(x, y, w, h, fill, COLORS["orange"] if equal else LINE, radius=6, thick=4 if equal else 2)
            c.text(x + w / 2, y + h / 2, f"{value:g}", 30, bold=equal, mono=True)
    below = top + 5 * (h + 8) + 14
    for column, n in enumerate(SIZES):
        c.text(left + column * (w + 8) + w / 2, below, str(n), 28, mono=True, fill=QUIET)
    right = left + 5 * (w + 8) + 22
    c.text(0, below, "model N", 25, anchor="start", bold=True)
    for k, words in enumerate(["filled: equal compute,", "N × D = 64"]):
        c.text(right, top + 30 + 36 * k, words, 26, anchor="start", bold=True, fill=DARK_ORANGE)
    for k, words in enumerate(["by hand, N = 4, D = 16:", "1 + 4/4 + 16/16 = 3"]):
        c.text(right, top + 168 + 36 * k, words, 26, anchor="start")
    return c.svg()


def balance() -> str:
    """The five models of equal compute as stacked terms: E, the model's and the data's."""
    c = Canvas(396)
    base, unit, w = 340, 56, 150
    left, gap = 246, 34
    c.line(left - 20, base, WIDTH, base, LINE, 2)
    looks = {
        "E": ("#ffffff", LINE, "E", INK),
        "model": ("#d3e8f6", COLORS["blue"], "4 / N, model too small", DARK_BLUE),
        "data": ("#fde3c0", COLORS["orange"], "16 / D, too little data", DARK_ORANGE),
    }
    for i, n in enumerate(SIZES):
        d, x, y = BUDGET / n, left + i * (w + gap), base
        parts = {"E": TOY["E"], "model": TOY["A"] / n, "data": TOY["B"] / d}
        for name, value in parts.items():
            fill, line, _, dark = looks[name]
            c.rect(x, y - unit * value, w, unit * value, fill, line, radius=3, thick=3)
            if unit * value >= 26:
                c.text(x + w / 2, y - unit * value / 2, f"{value:g}", 26, mono=True, fill=dark, bold=True)
            y -= unit * value
        c.text(x + w / 2, y - 24, f"{sum(parts.values()):g}", 32, bold=True)
        c.text(x + w / 2, base + 30, f"{n} × {d:g}", 28, mono=True)
    c.text(0, base + 30, "N × D", 26, anchor="start", bold=True)
    for k, name in enumerate(["data", "model", "E"]):
        fill, line, words, dark = looks[name]
        first, _, second = words.partition(", ")
        c.rect(0, 40 + 88 * k, 30, 30, fill, line, radius=3, thick=3)
        c.text(44, 55 + 88 * k, first, 26, anchor="start", bold=True, fill=dark)
        c.text(44, 87 + 88 * k, second, 23, anchor="start", fill=QUIET)
    return c.svg()


def resample() -> str:
    """Five runs and three resamples of them, drawn with replacement."""
    c = Canvas(330)
    w, gap, left = 96, 14, 236
    hues = ["blue", "orange", "green", "vermillion", "purple"]
    pale = ["#d3e8f6", "#fde3c0", "#cdeee3", "#fbe3d5", "#f6e3ed"]

    def row(y: float, runs: list[int], name: str, bold: bool) -> None:
        c.text(0, y + 30, name, 27, anchor="start", bold=bold)
        for k, run in enumerate(runs):
            x = left + k * (w + gap)
            c.rect(x, y, w, 60, pale[run], COLORS[hues[run]], radius=8, thick=3)
            c.text(x + w / 2, y + 30, str(run), 32, mono=True, bold=True)

    row(6, [0, 1, 2, 3, 4], "five runs", True)
    c.line(0, 88, WIDTH, 88, LINE, 2)
    draws = [
        ([2, 2, 0, 4, 2], "run 2 counts three times"),
        ([1, 3, 3, 0, 1], "2 and 4 are missing"),
        ([4, 0, 1, 4, 3], "and so on"),
    ]
    for k, (runs, words) in enumerate(draws):
        y = 106 + 76 * k
        right = left + 5 * (w + gap)
        with c.step(k + 1):
            row(y, runs, f"resample {k + 1}", False)
            c.line(right + 4, y + 30, right + 56, y + 30, QUIET, 4, arrow=True)
            c.text(right + 72, y + 30, "a fit", 27, anchor="start", bold=True)
            c.text(right + 146, y + 30, words, 22, anchor="start", fill=QUIET)
    return c.svg()


# --- plots ----------------------------------------------------------------------------------------------------------


def ticks(axes: Axes, which: str, at: list[float], words: list[str] | None = None) -> None:
    """Ticks at these places of a logarithmic axis and nowhere else."""
    axis = getattr(axes, f"{which}axis")
    axis.set_ticks(at, words or [f"{value:g}" for value in at])
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def note(axes: Axes, words: str, at: tuple[float, float], shift: tuple[float, float], **options: Any) -> None:
    """Words beside a point, shifted by pixels."""
    options = {"ha": "left", "va": "center", "weight": "bold", "color": INK} | options
    axes.annotate(words, at, shift, textcoords="offset points", annotation_clip=False, **options)


def tables() -> str:
    """Share of the parameters that sits in embedding and output head, for models of very different sizes."""
    figure, axes = plot(350)
    frame = sweep()
    ends = frame.loc[[frame["n"].idxmin(), frame["n"].idxmax()]]
    rows = {
        f"our {which}, 128 tokens": (total, total - n)
        for which, n, total in zip(("smallest", "largest"), ends["n"], ends["n_total"], strict=True)
    } | TABLES
    rows = dict(sorted(rows.items(), key=lambda row: row[1][0]))
    for y, (total, table) in enumerate(rows.values()):
        share = table / total
        axes.barh(-y, 1, height=0.66, color="#eef1f4")
        axes.barh(-y, share, height=0.66, color=COLORS["orange"], hatch="/", edgecolor="white")
        axes.annotate(
            f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1f} %", (share, -y), (10, 0),
            textcoords="offset points", va="center", weight="bold",
        )  # fmt: skip
        axes.annotate(f"of {_count(total)}", (1.13, -y), (0, 0), textcoords="offset points",
                      va="center")  # fmt: skip
    axes.set_yticks([-y for y in range(len(rows))], list(rows))
    axes.set_xlim(0, 1.42)  # the totals stand on the right
    axes.set_xticks([])
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    return to_svg(figure)


def _count(value: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{value / size:.3g} {word}"
    return f"{value:g}"


def two_counts() -> str:
    """The sizes of our sweep on a line, counted without and with the embeddings."""
    figure, axes = plot(270)
    frame = sweep().drop_duplicates("size").sort_values("n")
    for y, (column, colour, marker) in enumerate(
        [("n_total", COLORS["orange"], "s"), ("n", COLORS["blue"], "o")]
    ):
        axes.plot(frame[column], [y] * len(frame), color=colour, marker=marker, markersize=19, linewidth=4)
        grows = frame[column].iloc[-1] / frame[column].iloc[0]
        note(axes, f"spans {grows:.0f} times", (frame[column].iloc[-1], y), (24, 0))
    axes.set_yticks([0, 1], ["with the embeddings", "without the embeddings"])
    axes.set_ylim(-0.6, 1.6)
    axes.set_xscale("log")
    axes.set_xlim(4e3, 3e6)
    ticks(axes, "x", [1e4, 1e5, 1e6], ["10 thousand", "100 thousand", "1 million"])
    axes.set_xlabel("parameters N")
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def three_axes() -> str:
    """The excess of the toy's best losses against the budget, on three pairs of axes."""
    figure, panels = plot(350, ncols=3)
    scales = [("linear", "linear"), ("log", "linear"), ("log", "log")]
    for axes, (xscale, yscale) in zip(panels, scales, strict=True):
        axes.plot(TOY_BUDGETS, TOY_EXCESS, "-o", color=COLORS["blue"])
        axes.set(xscale=xscale, yscale=yscale, xlabel="budget N · D")
        axes.set_title({"linear": "both linear", "log": "both logarithmic"}[xscale] if xscale == yscale
                       else "budget logarithmic", weight="normal")  # fmt: skip
        if xscale == "log":
            ticks(axes, "x", [4, 64, 1024])
        else:
            axes.set_xticks([0, 2000, 4000])
        if yscale == "log":
            ticks(axes, "y", [0.25, 0.5, 1, 2, 4, 8])
        else:
            axes.set_yticks([0, 2, 4, 6, 8])
    panels[0].set_ylabel("loss − E")
    return to_svg(figure)


def forgotten() -> str:
    """The toy's losses with E left in, the truth, and a straight line through the points."""
    figure, axes = plot(372)
    wide = np.geomspace(3, 2e6, 80)
    axes.plot(wide, TOY["E"] + 16 / wide**0.5, color=COLORS["blue"], marker="none")
    axes.plot(
        wide, np.exp(np.polyval(forgotten_line(), np.log(wide))), color=WRONG, marker="none", linestyle="--"
    )
    axes.plot(TOY_BUDGETS, TOY["E"] + TOY_EXCESS, "o", color=INK, markersize=15)
    axes.axhline(TOY["E"], color=INK, linestyle=":", linewidth=3)
    axes.set(
        xscale="log", yscale="log", xlabel="budget N · D", ylabel="loss", xlim=(2.5, 6e7), ylim=(0.11, 13)
    )
    ticks(axes, "x", [10, 1e3, 1e5], ["10", "1,000", "100,000"])
    ticks(axes, "y", [0.2, 0.5, 1, 2, 5, 10])
    note(axes, "the truth levels off at E = 1", (2e6, 1.01), (10, 18), color=DARK_BLUE)
    note(axes, "a straight line goes on", (2e6, far_forecast(forgotten_line())), (10, -4), color=DARK_WRONG)
    note(axes, "measured", (4, 9), (20, 4))
    return to_svg(figure)


def huber() -> str:
    """Left: three losses of a residual. Right: nine losses, one of them wrong, and what each fit makes of them."""
    figure, (left, right) = plot(330, ncols=2, width_ratios=[1, 1.3])
    r = np.linspace(-4, 4, 161)
    left.plot(r, r**2 / 2, color=WRONG, linestyle="--", marker="none")
    left.plot(r, np.where(abs(r) <= 1, r**2 / 2, abs(r) - 0.5), color=COLORS["blue"], marker="none")
    left.set(
        xlabel="residual, in units of δ", ylim=(0, 8.4), yticks=[], xticks=[-4, -2, 0, 2, 4], xlim=(-4, 4)
    )
    left.set_title("loss of a residual", weight="normal")
    note(left, "square", (-3.55, 6.3), (14, 8), color=DARK_WRONG)
    note(left, "Huber", (3.0, 2.5), (-8, -30), color=DARK_BLUE, ha="center")
    right.plot(NINE, np.zeros(len(NINE)), "o", color=INK, markersize=15, alpha=0.75)
    for value, colour, dark, style, height, words in [
        (huber_centre(), COLORS["blue"], DARK_BLUE, "-", 1.55, f"Huber {huber_centre():.2f}"),
        (float(NINE.mean()), WRONG, DARK_WRONG, "--", 0.95, f"squares {NINE.mean():.2f}"),
    ]:
        right.plot([value, value], [-0.4, height], color=colour, linestyle=style, marker="none")
        note(right, words, (value, height), (12, 0), color=dark)
    note(right, "one run went wrong", (3.4, 0), (0, 34), ha="right", weight="normal")
    right.set(xlabel="loss of nine runs", yticks=[], ylim=(-0.5, 2), xlim=(2.4, 3.5), xticks=[2.5, 3, 3.5])
    right.spines["left"].set_visible(False)
    right.grid(axis="y", visible=False)
    return to_svg(figure)


def stopped(r: Recorded) -> str:
    """Where the optimiser stopped, in the plane of the two exponents, and where the answer is."""
    figure, axes = plot(390)
    points = [
        (r.planted, "planted: the answer", "*", COLORS["green"], DARK_RIGHT, 34, (26, 0)),
        (
            r.stopped_early["sum"],
            "stopped: the sum of losses",
            "s",
            COLORS["orange"],
            DARK_ORANGE,
            20,
            (22, 0),
        ),
        (r.stopped_early["mean"], "stopped: their mean", "D", WRONG, DARK_WRONG, 20, (22, 0)),
    ]
    for params, words, marker, colour, dark, size, shift in points:
        at = (params["alpha"], params["beta"])
        axes.plot(*at, marker, color=colour, markersize=size, markeredgecolor="white")
        note(axes, f"{words}  ({at[0]:.3f}, {at[1]:.3f})", at, shift, color=dark)
    alphas, betas = zip(*((p["alpha"], p["beta"]) for p, *_ in points), strict=True)
    axes.set_xlim(min(alphas) - 0.02, max(alphas) + 0.16)
    axes.set_ylim(min(betas) - 0.03, max(betas) + 0.03)
    axes.set_xlabel("exponent α of the model")
    axes.set_ylabel("exponent β of the data")
    return to_svg(figure)


def loss_map() -> str:
    """Lines of equal loss and of equal compute on the refitted surface, with Gopher and Chinchilla."""
    figure, axes = plot(438)
    sizes = np.geomspace(1e8, 1e12, 240)
    for level in (2.6, 2.3, 2.1, 2.0, 1.95):
        spare = level - REFIT["E"] - REFIT["A"] * sizes ** -REFIT["alpha"]
        enough = spare > 1e-3
        tokens = (REFIT["B"] / spare[enough]) ** (1 / REFIT["beta"])
        inside = tokens < 1e13
        line = sizes[enough][inside], tokens[inside]
        axes.plot(*line, color=COLORS["sky"], marker="none", linewidth=3)
        note(axes, f"{level:g}", (line[0][-1], line[1][-1]), (12, 0), color=DARK_BLUE)
    for exponent in (20, 22, 24):
        tokens = 10.0**exponent / 6 / sizes
        inside = (tokens > 1e9) & (tokens < 1e13)
        axes.plot(sizes[inside], tokens[inside], color=QUIET, linestyle="--", marker="none", linewidth=2.5)
        best = scaling.compute_optimal(REFIT, 10.0**exponent)
        axes.plot(best.n, best.d, "D", color=COLORS["green"], markersize=15, markeredgecolor="white")
        note(axes, f"1e{exponent}", (float(best.n), float(best.d)), (8, 22), color=DARK_RIGHT)
    for (n, d), words, marker, shift, side in [
        (GOPHER, "Gopher", "s", (-4, -30), "right"),
        (CHINCHILLA, "Chinchilla", "o", (-18, 12), "right"),
    ]:
        axes.plot(n, d, marker, color=COLORS["orange"], markersize=19, markeredgecolor=INK, markeredgewidth=2)
        note(axes, words, (n, d), shift, ha=side, color=INK)
    axes.set(xscale="log", yscale="log", xlabel="parameters N", xlim=(8e7, 1e12), ylim=(5e8, 1e13))
    axes.set_title("tokens D", weight="normal")
    ticks(
        axes,
        "x",
        [1e8, 1e9, 1e10, 1e11, 1e12],
        ["100 million", "1 billion", "10 billion", "100 billion", "1 trillion"],
    )
    ticks(
        axes,
        "y",
        [1e9, 1e10, 1e11, 1e12, 1e13],
        ["1 billion", "10 billion", "100 billion", "1 trillion", "10 trillion"],
    )
    return to_svg(figure)


def ratio() -> str:
    """The best tokens per parameter against the budget, from three sets of constants."""
    figure, axes = plot(420)
    flops = np.geomspace(1e18, 1e25, 57)
    lines = [
        ("as printed", PRINTED, WRONG, DARK_WRONG, "--", "o"),
        ("unrounded", UNROUNDED, COLORS["orange"], DARK_ORANGE, "-.", "s"),
        ("the refit", REFIT, COLORS["blue"], DARK_BLUE, "-", "D"),
    ]
    axes.axvspan(*RUNS, color=INK, alpha=0.06, linewidth=0)
    for words, params, colour, dark, style, marker in lines:
        values = scaling.compute_optimal(params, flops).tokens_per_parameter
        axes.plot(flops, values, style, color=colour, marker=marker, markevery=8)
        note(axes, words, (flops[-1], values[-1]), (16, 0), color=dark)
    axes.plot(6 * CHINCHILLA[0] * CHINCHILLA[1], 20, "*", color=INK, markersize=30, zorder=5)
    note(axes, "Chinchilla: 20", (6 * CHINCHILLA[0] * CHINCHILLA[1], 20), (-12, -30), ha="right")
    note(axes, "the budgets of the runs", (1.3e20, 5.2), (0, 0), ha="center", weight="normal", color=QUIET)
    axes.set(xscale="log", yscale="log", xlabel="budget in FLOPs", ylim=(4, 200), xlim=(7e17, 2e26))
    axes.set_title("best tokens per parameter", weight="normal")
    ticks(axes, "x", [1e18, 1e20, 1e22, 1e24], ["1e18", "1e20", "1e22", "1e24"])
    ticks(axes, "y", [5, 10, 20, 50, 100, 200])
    return to_svg(figure)


def parabola() -> str:
    """Left: a parabola through losses of equal compute on a lopsided surface. Right: how far off its bottom is."""
    figure, (left, right) = plot(400, ncols=2, width_ratios=[1, 1.12])
    sizes, losses = equal_compute(LOPSIDED, 12)
    best = float(scaling.compute_optimal(LOPSIDED, 1e21).n)
    fine = np.geomspace(sizes[0], sizes[-1], 80)
    found = scaling.isoflop({"n": sizes, "d": 1e21 / 6 / sizes, "loss": losses})
    left.plot(
        fine / best, np.polyval(found.coefficients[0], np.log(fine)), color=COLORS["blue"], marker="none",
        gid="step-1",
    )  # fmt: skip
    left.plot(sizes / best, losses, "o", color=INK)
    left.plot(1, loss(LOPSIDED, best, 1e21 / 6 / best), "*", color=COLORS["green"], markersize=30,
              markeredgecolor="white", zorder=4, gid="step-2")  # fmt: skip
    left.plot(
        found.n[0] / best, found.loss[0], "v", color=WRONG, markersize=20, markeredgecolor="white", zorder=4,
        gid="step-1",
    )  # fmt: skip
    note(left, "the best", (1, losses[4]), (8, -34), color=DARK_RIGHT, gid="step-2")
    note(
        left, "parabola's bottom", (found.n[0] / best, found.loss[0]), (-6, -34), color=DARK_WRONG, ha="right",
        gid="step-1",
    )  # fmt: skip
    spread = losses.max() - losses.min()
    left.set(xscale="log", xlabel="N over the best N", yticks=[], xlim=(0.035, 16))
    left.set_ylim(losses.min() - 0.34 * spread, losses.max() + 0.06 * spread)
    left.set_title("loss, lopsided: α 0.2, β 0.6", weight="normal")
    ticks(left, "x", [0.1, 1, 10])
    widths = np.geomspace(2, 32, 17)
    for params, words, colour, dark, marker, shift in [
        (REFIT, "α 0.35, β 0.37", COLORS["blue"], DARK_BLUE, "o", (-6, 24)),
        (LOPSIDED, "α 0.2, β 0.6", WRONG, DARK_WRONG, "s", (-22, -6)),
    ]:
        bias = [parabola_bias(params, width) for width in widths]
        right.plot(widths, bias, color=colour, marker=marker, markevery=4)
        note(right, words, (widths[-1], bias[-1]), shift, ha="right", color=dark)
    right.axhline(1, color=INK, linewidth=2, linestyle=":")
    right.set(xscale="log", xlabel="sizes within a factor of", ylim=(0.5, 1.12))
    right.set_title("parabola's N over the best N", weight="normal")
    ticks(right, "x", [2, 4, 8, 16, 32])
    right.set_yticks([0.6, 0.8, 1.0])
    right.set_gid("step-3")
    return to_svg(figure)


def intervals(r: Recorded) -> str:
    """95 % intervals of the practice runs' bootstrap, each over its planted value."""
    figure, axes = plot(420)
    found, planted, practice = r.practice.fit, r.planted, r.practice
    names = {"E": "E", "alpha": "exponent α", "beta": "exponent β", "A": "A", "B": "B"}
    rows = [(words, practice.intervals[name], found[name], planted[name]) for name, words in names.items()]
    as_dict = [{name: params[name] for name in names} for params in (found, planted)]
    for words, key, flops in [
        ("tokens per parameter at 1e21", "ratio_1e21", 1e21),
        ("… at Chinchilla's budget", "ratio_chinchilla", PLANNED),
    ]:
        values = [float(scaling.compute_optimal(params, flops).tokens_per_parameter) for params in as_dict]
        rows.append((words, practice[key], *values))
    for y, (_, (low, high), value, truth) in enumerate(rows):
        asked = y >= len(names)
        colour = COLORS["orange"] if asked else COLORS["blue"]
        axes.plot([low / truth, high / truth], [-y, -y], color=colour, linewidth=9, alpha=0.55, marker="none",
                  solid_capstyle="round")  # fmt: skip
        axes.plot(
            value / truth, -y, "s" if asked else "o", color=colour, markersize=17, markeredgecolor="white"
        )
        digits = 0 if high > 100 else 1 if high > 10 else 2 if high > 1 else 3
        note(axes, f"{low:,.{digits}f} to {high:,.{digits}f}", (1.62, -y), (0, 0))
    axes.axvline(1, color=INK, linestyle=":", linewidth=3)
    axes.set_yticks([-y for y in range(len(rows))], [row[0] for row in rows])
    axes.set_ylim(0.6 - len(rows), 0.6)
    axes.set(xscale="log", xlim=(0.62, 2.2), xlabel="over the planted value")
    ticks(axes, "x", [0.7, 0.8, 1, 1.25, 1.5])
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def narrow() -> str:
    """The exponent a of the best N by the paper's three methods, with the intervals printed beside it."""
    figure, axes = plot(280)
    names = ["1  lowest loss of training curves", "2  parabolas", "3  the surface"]
    for y, (name, (value, low, high)) in enumerate(zip(names, THREE_METHODS, strict=True)):
        wrong = name.startswith("3")
        colour = WRONG if wrong else COLORS["blue"]
        axes.plot([low, high], [-y, -y], color=colour, linewidth=12, marker="none", solid_capstyle="butt")
        note(axes, f"{value:.2f}  ({low:.3f} to {high:.3f})", (0.545, -y), (0, 0),
             color=DARK_WRONG if wrong else INK)  # fmt: skip
    axes.set_yticks([0, -1, -2], names)
    axes.set(ylim=(-2.6, 0.6), xlim=(0.445, 0.60), xlabel="a, the exponent of the best N")
    axes.set_xticks([0.45, 0.5, 0.55])
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def by_size(values: str, frame: pd.DataFrame) -> list[tuple[int, pd.Series, str, str]]:
    """For each size, smallest first: N, the mean of a column by D, colour and marker."""
    groups = frame.groupby("n")
    return [
        (int(n), group.groupby("d")[values].mean(), colour, marker)
        for (n, group), colour, marker in zip(groups, CYCLE, MARKERS, strict=True)
    ]


def tokens_axis(axes: Axes, frame: pd.DataFrame) -> None:
    at = sorted(frame["d"].unique())
    axes.set_xscale("log")
    ticks(axes, "x", at, [f"{d / 1e6:.2g} million" for d in at])
    axes.set_xlabel("tokens D")


def legend(axes: Axes) -> None:
    axes.legend(
        title="N", loc="center left", bbox_to_anchor=(1.01, 0.5), labelspacing=0.25, title_fontsize=23
    )


def sweep_lines(r: Recorded) -> str:
    """Our sweep: the loss above the entropy against tokens, one line for each size."""
    figure, axes = plot(430)
    frame = sweep().query("seed == 0").assign(excess=lambda table: table["loss"] - r.sweep.entropy)
    for n, line, colour, marker in by_size("excess", frame):
        axes.plot(line.index, line, color=colour, marker=marker, label=_count(n))
    axes.set_yscale("log")
    axes.set_title("loss above the entropy, nats a token", weight="normal")
    tokens_axis(axes, frame)
    ticks(axes, "y", [0.1, 0.2, 0.5, 1])
    axes.set_ylim(0.085, None)
    legend(axes)
    return to_svg(figure)


SUBSETS = {
    "all runs": "all runs",
    "without the smallest D": "without the fewest tokens",
    "without the two smallest D": "… without the two fewest",
    "without the smallest N": "without the smallest model",
    "without the two smallest N": "… without the two smallest",
    "N counted with embeddings": "N counted with embeddings",
    "D that every trunk has": "the D that every trunk has",
    "the same, whole trunks drawn": "… whole trunks drawn",
}


def subsets(r: Recorded) -> str:
    """E from all runs and from subsets of them, with 95 % intervals, against the entropy."""
    figure, axes = plot(436)
    found = r.sweep.subsets_E
    shown = [name for name in SUBSETS if name in list(found)]
    for y, name in enumerate(shown):
        value, low, high = found[name]
        misses = not low <= r.sweep.entropy <= high
        colour = WRONG if misses else COLORS["blue"]
        axes.plot(
            [low, high], [-y, -y], color=colour, linewidth=8, alpha=0.5, marker="none", solid_capstyle="round"
        )
        axes.plot(value, -y, "s" if misses else "o", color=colour, markersize=17, markeredgecolor="white")
        axes.annotate("misses it" if misses else "holds it", (1, -y), (10, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", va="center", weight="bold",
                      color=DARK_WRONG if misses else DARK_BLUE)  # fmt: skip
    axes.axvline(r.sweep.entropy, color=INK, linestyle="--", linewidth=3)
    axes.set_title(f"dashed: the entropy, {r.sweep.entropy:.3f}", weight="normal", loc="right")
    axes.set_yticks([-y for y in range(len(shown))], [SUBSETS[name] for name in shown])
    axes.set_ylim(0.5 - len(shown), 0.5)
    axes.set_xlabel("E in nats, 95 % intervals")
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def left_over(free: Any) -> pd.DataFrame:
    """The sweep with what a fit leaves over, measured over fitted, in per cent. free: its parameters by name."""
    frame = sweep()
    params = {name: free[name] for name in ("E", "A", "B", "alpha", "beta")}
    fitted = loss(params, frame["n"].to_numpy(float), frame["d"].to_numpy(float))
    return frame.assign(residual=100 * np.log(frame["loss"].to_numpy() / fitted))


def _exponent(params: dict[str, float]) -> float:
    """a of the best N, which grows like the budget to the power a."""
    return params["beta"] / (params["alpha"] + params["beta"])


def far_off() -> dict[str, Any]:
    """How far the two largest models lie below the fit at the fewest tokens, and the furthest of all other means."""
    means = (
        left_over(results.load("05_scaling_laws")["sweep"]["free"]).groupby(["n", "d"])["residual"].mean()
        / 100
    )
    table = means.unstack()
    corner = table.iloc[-2:, 0]
    others = table.copy()
    others.iloc[-2:, 0] = np.nan
    return {
        "shortest_below": [float(-value) for value in corner],
        "elsewhere": float(others.abs().max().max()),
    }


def residuals(r: Recorded) -> str:
    """What the fit with E free leaves over, by size and tokens."""
    figure, axes = plot(396)
    frame = left_over(r.sweep.free)
    for n, line, colour, marker in by_size("residual", frame):
        axes.plot(line.index, line, color=colour, marker=marker, label=_count(n))
    axes.axhline(0, color=INK, linewidth=2)
    axes.set_title("measured − fitted, %", weight="normal")
    tokens_axis(axes, frame)
    legend(axes)
    return to_svg(figure)


def forecast(r: Recorded) -> str:
    """The largest run's loss, and the intervals forecast for it with E free and with E given."""
    figure, axes = plot(300)
    told = r.forecast
    noise = 1.96 * r.sweep.seed_spread[str(told.d)]
    axes.axvspan(told.measured - noise, told.measured + noise, color=COLORS["green"], alpha=0.2, linewidth=0)
    axes.axvline(told.measured, color=COLORS["green"], linewidth=4)
    note(axes, f"measured {told.measured:.3f}", (told.measured, 1.62), (12, 0), color=DARK_RIGHT)
    rows = [("E free", WRONG, "s", DARK_WRONG), ("E given", COLORS["blue"], "o", DARK_BLUE)]
    for y, (name, colour, marker, dark) in enumerate(rows):
        one = told[name]
        axes.plot([one.low, one.high], [1 - y, 1 - y], color=colour, linewidth=10, alpha=0.55, marker="none",
                  solid_capstyle="round")  # fmt: skip
        axes.plot(one.point, 1 - y, marker, color=colour, markersize=19, markeredgecolor="white")
        note(axes, f"{one.low:.3f} to {one.high:.3f}", (one.low, 1 - y), (-14, 0), color=dark, ha="right")
    axes.set_yticks([1, 0], [name for name, *_ in rows])
    axes.set_ylim(-0.5, 1.9)
    lowest = min(told[name].low for name, *_ in rows)
    axes.set_xlim(lowest - 0.08, told.measured + 0.06)
    axes.set_xlabel("loss of the largest run, nats a token")
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def coverage(r: Recorded) -> str:
    """Coverage against samples per problem, and the law fitted to ten samples at most."""
    figure, (left, right) = plot(400, ncols=2)
    fine = np.geomspace(1, 200, 60)
    looks = {"strong": (COLORS["blue"], "o", DARK_BLUE), "medium": (COLORS["orange"], "s", DARK_ORANGE)}
    for stage, (colour, marker, dark) in looks.items():
        one = r.coverage[stage]
        k, share = np.array(one.k), np.array(one.coverage)
        law = one.A * fine**-one.alpha
        left.plot(k, share, marker, color=colour)
        left.plot(fine, np.exp(-law), "--", color=colour, marker="none")
        right.plot(k, -np.log(share), marker, color=colour, label=stage)
        right.plot(fine, law, "--", color=colour, marker="none")
        place = {
            "strong": (k[3], share[3], (-16, 14), "right"),
            "medium": (k[5], share[5], (18, -12), "left"),
        }[stage]
        note(left, stage, place[:2], place[2], ha=place[3], color=dark)
    for axes in (left, right):
        axes.axvspan(0.9, 10, color=INK, alpha=0.06, linewidth=0)
        axes.set(xscale="log", xlabel="samples per problem, k", xlim=(0.9, 260))
        ticks(axes, "x", [1, 10, 100])
    left.set(ylim=(0, 1), yticks=[0, 0.5, 1])
    left.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    left.set_title("coverage", weight="normal")
    right.set_yscale("log")
    right.set_title("−ln coverage, logarithmic", weight="normal")
    ticks(right, "y", [0.2, 0.5, 1, 2, 4])
    return to_svg(figure)


def real() -> str:
    """The real model: 6ND over torch's count by context, and its loss by the number of tokens before."""
    asked = real_model.recorded("compute")
    figure, (left, right) = plot(360, ncols=2)
    contexts = [row["context"] for row in asked["flops"]]
    for (key, words), colour, marker, dark, above in (
        (("total", "N in all"), COLORS["blue"], "o", DARK_BLUE, 22),
        (("non_embedding", "N without embeddings"), COLORS["orange"], "s", DARK_ORANGE, -70),
    ):
        values = [row["six_nd"][key] for row in asked["flops"]]
        left.plot(contexts, values, color=colour, marker=marker)
        note(left, words, (contexts[0], values[0]), (0, above), color=dark)
    left.axhline(1, color=INK, linewidth=2, linestyle="--")
    left.set(xscale="log", ylim=(0, 1.25), xlabel="context, tokens")
    ticks(left, "x", contexts, [f"{context:,d}" for context in contexts])
    left.set_yticks([0, 0.5, 1])
    left.set_title("6ND / FLOPs that torch counts", weight="normal")
    middles = [np.sqrt(first * last) for first, last, *_ in asked["bins"]]
    means = np.array([entry[2:] for entry in asked["bins"]])
    right.errorbar(
        middles, means[:, 0], [means[:, 0] - means[:, 1], means[:, 2] - means[:, 0]], color=COLORS["blue"], marker="o",
        capsize=6, elinewidth=4,
    )  # fmt: skip
    right.set(xscale="log", xlabel="tokens before")
    ticks(right, "x", [1, 10, 100])
    right.set_title("loss, nats a token", weight="normal")
    return to_svg(figure)
