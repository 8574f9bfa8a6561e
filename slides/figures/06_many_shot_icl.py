"""Figures of deck 06. Its toy is the lab's: words whose labels mean nothing outside the prompt.

All measured figures are drawn from the recorded results. What is worked out here needs no model: ridge regression on
the tasks of the lab, the bytes and FLOPs of a published configuration, and small sums that the room checks by hand.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullFormatter, NullLocator

from course_utils.data import icl_tasks
from course_utils.models.nano_icl import behaviour
from course_utils.viz.diagrams import INK, LINE, LOOKS, QUIET, RIGHT, Canvas, plot, to_svg
from course_utils.viz.style import COLORS, CYCLE, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course_utils.slides import Recorded

DARK_BLUE, DARK_ORANGE, DARK_WRONG, DARK_RIGHT = "#00558a", "#8a5f00", "#a84a00", "#00664b"
# Qwen2.5-1.5B (Qwen team 2024): what its keys and values are made of, in bfloat16.
LAYERS, KV_HEADS, QUERY_HEADS, HEAD, BYTES = 28, 2, 12, 128, 2
EXAMPLE_TOKENS = 40

# Contextual calibration by hand: three labels, with the question and with a question that says nothing.
ASKED, NOTHING = np.array([0.6, 0.3, 0.1]), np.array([0.8, 0.1, 0.1])

Triples = list[list[float]]  # mean, low, high


def toy() -> dict[str, Any]:
    """Numbers worked out without any model."""
    quotients = ASKED / NOTHING
    per_token = 2 * LAYERS * KV_HEADS * HEAD * BYTES
    tokens = 1000 * EXAMPLE_TOKENS
    return {
        "counted_log": float(np.log(10 / 92)),
        "calibrated": [float(value) for value in quotients / quotients.sum()],
        "per_token": per_token,
        "thousand_gb": per_token * tokens / 1e9,
        "unshared_gb": per_token * tokens * QUERY_HEADS / KV_HEADS / 1e9,
        "looks_hundred": 100 * EXAMPLE_TOKENS * (100 * EXAMPLE_TOKENS + 1) // 2,
        "looks_thousand": tokens * (tokens + 1) // 2,
        "ridge": ridge_at(128),
        "ece_by_hand": 0.05 / 4 + 0.35 * 2 / 4 + 0.55 / 4,
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "prompt_dark": prompt(dark=True),
        "two_ways": two_ways(),
        "rule": rule(),
        "anatomy": anatomy(),
        "counting": counting(),
        "one_pass": one_pass(),
        "curves": curves(r),
        "against": against(r),
        "law": law(r),
        "flipped": flipped(r),
        "reinforce": reinforce(),
        "reinforced": reinforced(r),
        "unsupervised": unsupervised(r),
        "formats": formats(r),
        "order": order(r),
        "bias": bias(r),
        "calibration": calibration(r),
        "ece": ece(r),
        "triangle": triangle(),
        "cost": cost(r),
        "break_even": break_even(r),
        "circuit": circuit(),
        "cliff": cliff(r),
        "periods": periods(r),
        "heads": heads(r),
        "ablation": ablation(r),
    }


@cache
def ridge_at(shots: int, documents: int = 48) -> float:
    """Accuracy of ridge regression on planes in four dimensions after `shots` examples and a little more."""
    tasks = icl_tasks.draw("linear", documents, shots + shots // 8, 34, dimensions=4)
    return float(np.mean([behaviour.ridge(task)[shots:] for task in tasks]))


# --- helpers --------------------------------------------------------------------------------------------------------


def ticks(axes: Axes, which: str, at: list[float], words: list[str] | None = None) -> None:
    """Ticks at these places and nowhere else."""
    axis = getattr(axes, f"{which}axis")
    axis.set_ticks(at, words or [f"{value:g}" for value in at])
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def shares(axes: Axes) -> None:
    axes.set(ylim=(0, 1.05))
    axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])


def with_intervals(
    axes: Axes, x: list[float], triples: Triples, number: int, label: str = "", **options: Any
) -> None:
    """A line of means with their 95 % intervals, in the number-th colour and marker."""
    value, low, high = np.array(triples).T
    look = {"color": CYCLE[number], "marker": MARKERS[number], "capsize": 5, "elinewidth": 3, "label": label}
    axes.errorbar(x, value, [value - low, high - value], **(look | options))


def legend(axes: Axes, title: str = "", **options: Any) -> None:
    place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "labelspacing": 0.35, "title_fontsize": 23}
    axes.legend(**(place | ({"title": title} if title else {}) | options))


# --- the prompt -----------------------------------------------------------------------------------------------------

SHOTS = [("bat", "zor"), ("oak", "kip"), ("cod", "dax")]


def prompt(dark: bool) -> str:
    """The prompt as tokens: three shots and a query that waits for its label."""
    c = Canvas(130)
    words = [word for shot in SHOTS for word in (*shot, "\\n")] + ["fern", "?"]
    w, gap = 94, 12.4
    for place, word in enumerate(words):
        x = place * (w + gap)
        role = "eos" if word == "\\n" else "loss" if place % 3 == 1 else "prompt"
        if word == "?":
            c.rect(
                x, 20, w, 80, "none", "#f3b83f" if dark else COLORS["orange"], dashed=True, thick=4, radius=8
            )
            c.text(x + w / 2, 60, "?", 40, bold=True, fill="#ffffff" if dark else INK)
        else:
            look = LOOKS[role]
            c.rect(x, 20, w, 80, look.fill, look.line, radius=8, thick=3)
            c.text(x + w / 2, 60, word, 30, mono=True)
    return c.svg()


def two_ways() -> str:
    """Two ways to use examples: into the weights, or in front of every question."""
    c = Canvas(340)
    for y, name, words in [
        (20, "train", "the weights change, once"),
        (200, "show", "the weights stay, the prompt is long"),
    ]:
        c.rect(0, y, 230, 110, "#d3e8f6", COLORS["blue"], radius=10, thick=3)
        c.text(115, y + 38, "120 examples", 28, bold=True)
        c.text(115, y + 76, "with folders", 24)
        c.line(238, y + 55, 452, y + 55, INK, 5, arrow=True)
        c.text(344, y + 24, name, 30, bold=True, fill=DARK_ORANGE if name == "train" else DARK_BLUE)
        c.rect(
            460,
            y,
            236,
            110,
            "#fde3c0" if name == "train" else "#ffffff",
            COLORS["orange"] if name == "train" else LINE,
            radius=10,
            thick=4,
        )
        c.text(578, y + 38, "model", 30, bold=True)
        c.text(578, y + 76, "new weights" if name == "train" else "as it was", 24)
        c.line(704, y + 55, 790, y + 55, INK, 5, arrow=True)
        c.text(806, y + 38, "the folder of a new message", 27, anchor="start", bold=True)
        c.text(806, y + 76, words, 22, anchor="start", fill=QUIET)
    return c.svg()


RULE = [
    ("fern", "lun"),
    ("tennis", "rus"),
    ("horse", "wug"),
    ("sheep", "wug"),
    ("rugby", "rus"),
    ("oak", "lun"),
]


def rule() -> str:
    """Six shots of a task, and two queries: a word that was shown and one that was not."""
    c = Canvas(330)
    for place, (word, label) in enumerate(RULE):
        x, y = (place % 3) * 270, (place // 3) * 120
        c.token(x, y + 10, word, "prompt", w=130, h=80, size=28)
        c.token(x + 134, y + 10, label, "loss", w=100, h=80, size=28)
    for y, word in [(10, "horse"), (130, "tiger")]:
        c.token(880, y, word, "prompt", w=130, h=80, size=28)
        c.rect(1014, y, 100, 80, "#ffffff", COLORS["orange"], dashed=True, thick=4, radius=8)
        c.text(1064, y + 40, "?", 40, bold=True)
    c.brace(0, 774, 240, "six demonstrations, or shots", DARK_BLUE, 26)
    c.brace(880, 1114, 240, "two queries", DARK_ORANGE, 26)
    return c.svg()


def anatomy() -> str:
    """A prompt in the format arrows: mark, label, end, query."""
    c = Canvas(250)
    pieces = [
        ("bat", 84, "prompt"),
        (" ->", 84, "eos"),
        (" zor", 96, "loss"),
        ("\\n", 60, "padding"),
        ("oak", 84, "prompt"),
        (" ->", 84, "eos"),
        (" kip", 96, "loss"),
        ("\\n", 60, "padding"),
        ("cod", 84, "prompt"),
        (" ->", 84, "eos"),
    ]
    x, at = 0.0, []
    for number, (word, w, role) in enumerate(pieces):
        look = LOOKS[role]
        c.rect(x, 60, w, 84, look.fill, look.line, radius=8, thick=3)
        c.text(x + w / 2, 102, word.replace(" ", "·"), 28, mono=True)
        at.append((x, w))
        x += w + (26 if number in (3, 7) else 6)
    c.rect(x + 8, 60, 110, 84, "#ffffff", COLORS["orange"], dashed=True, thick=4, radius=8)
    c.text(x + 63, 102, "·dax", 28, mono=True, fill=DARK_ORANGE)
    for index, words in [(0, "input"), (1, "mark"), (2, "label"), (3, "end")]:
        left, w = at[index]
        c.text(left + w / 2, 30, words, 24, bold=True, fill=QUIET)
    c.brace(at[0][0], at[3][0] + at[3][1], 162, "a demonstration", DARK_BLUE, 26)
    c.brace(at[8][0], at[9][0] + at[9][1], 162, "the query", DARK_BLUE, 26)
    c.brace(x + 8, x + 118, 162, "not ours", DARK_ORANGE, 26)
    return c.svg()


def counting() -> str:
    """The counting model's weights for the next word after bat zor, oak kip, bat."""
    c = Canvas(300)
    words = ["bat", "zor", "\\n", "oak", "kip", "\\n", "bat"]
    for place, word in enumerate(words):
        c.token(
            place * 110,
            4,
            word,
            "eos" if word == "\\n" else "loss" if place % 3 == 1 else "prompt",
            w=100,
            h=66,
            size=28,
        )
    c.rect(7 * 110, 4, 100, 66, "#ffffff", COLORS["orange"], dashed=True, thick=4, radius=8)
    c.text(7 * 110 + 50, 37, "?", 36, bold=True)
    parts = {"zor": [1, 1, 8], "kip": [1, 1], "dax": [1]}
    for row, (word, weights) in enumerate(parts.items()):
        y, x = 112 + row * 64, 120.0
        c.text(0, y + 24, word, 30, mono=True, bold=True, anchor="start")
        for weight, fill, line in zip(
            weights, ["#eef1f4", "#d3e8f6", "#fde3c0"], [LINE, COLORS["blue"], COLORS["orange"]], strict=False
        ):
            c.rect(x, y, 44 * weight, 48, fill, line, radius=4, thick=3)
            c.text(x + 22 * weight, y + 24, str(weight), 26, mono=True)
            x += 44 * weight + 4
        c.text(x + 16, y + 24, f"= {sum(weights)}", 30, anchor="start", bold=True)
    for k, (words_, fill, line) in enumerate(
        [
            ("every word: 1", "#eef1f4", LINE),
            ("it has occurred: +1", "#d3e8f6", COLORS["blue"]),
            ("it came right after bat: +8", "#fde3c0", COLORS["orange"]),
        ]
    ):
        c.rect(760, 124 + 56 * k, 30, 30, fill, line, radius=3, thick=3)
        c.text(806, 139 + 56 * k, words_, 26, anchor="start")
    return c.svg()


def one_pass() -> str:
    """One row of tokens; the logits at each input's last token answer with 0, 1 and 2 shots."""
    c = Canvas(300)
    words = ["[bos]", "bat", "zor", "\\n", "oak", "kip", "\\n", "cod", "dax"]
    w, gap = 118, 13
    for place, word in enumerate(words):
        asks = word in ("bat", "oak", "cod")
        role = (
            "prompt"
            if asks
            else "loss"
            if word in ("zor", "kip", "dax")
            else "eos"
            if word == "\\n"
            else "plain"
        )
        x = place * (w + gap)
        c.token(x, 130, word, role, w=w, h=70, size=28)
        if asks:
            c.text(x + w / 2, 24, f"{(place - 1) // 3} shots", 28, bold=True, fill=DARK_BLUE)
            c.line(x + w / 2, 46, x + w / 2, 124, COLORS["blue"], 5, arrow=True)
            c.line(x + w / 2, 208, x + w / 2, 236, COLORS["orange"], 4)
            c.line(x + w / 2, 236, x + w / 2 + w + gap, 236, COLORS["orange"], 4)
            c.line(x + w / 2 + w + gap, 236, x + w / 2 + w + gap, 206, COLORS["orange"], 4, arrow=True)
    c.text(
        0,
        276,
        "logits at an input's last token score the token after it",
        26,
        anchor="start",
        bold=True,
        fill=DARK_ORANGE,
    )
    return c.svg()


# --- what many examples do ------------------------------------------------------------------------------------------


def curves(r: Recorded) -> str:
    """Accuracy against shots for the five kinds of tasks, beside copying the nearest example."""
    names = list(r.curves)
    figure, panels = plot(430, ncols=len(names), sharey=True)
    for number, (axes, name) in enumerate(zip(panels, names, strict=True)):
        one = r.curves[name]
        x = list(range(len(one.shots)))
        with_intervals(
            axes,
            x,
            one.nearest,
            1,
            "copy the nearest example",
            linestyle="--",
            markersize=9,
            elinewidth=2,
            capsize=0,
        )
        with_intervals(axes, x, one.accuracy, 0, "the model", markersize=9, elinewidth=2, capsize=0)
        shown = [0, 2, 5, 8] if len(x) > 8 else [0, 2, 5]
        axes.set_xticks(shown, [str(one.shots[i]) for i in shown])
        axes.set_title(
            name.replace(", ", ",\n", 1) if ", " in name else name + "\n", weight="normal", fontsize=22
        )
        axes.set_xlim(-0.5, 9.5)
        if number == 2:
            axes.set_xlabel("shots")
    shares(panels[0])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2)
    return to_svg(figure)


def against(r: Recorded) -> str:
    """At the most shots: the model, and copying the nearest example; in four dimensions also ridge regression."""
    names = list(r.curves)
    figure, axes = plot(70 * len(names) + 60)
    for y, name in enumerate(names):
        one = r.curves[name]
        for number, (key, shift) in enumerate((("accuracy", 0.14), ("nearest", -0.14))):
            value, low, high = one[key][-1]
            axes.errorbar(
                [value],
                [shift - y],
                xerr=[[value - low], [high - value]],
                color=CYCLE[number],
                marker=MARKERS[number],
                capsize=6,
                elinewidth=4,
                linestyle="",
                label={"accuracy": "the model", "nearest": "copy the nearest"}[key] if y == 0 else None,
            )
        if name == "line, 4 dimensions":
            axes.plot([ridge_at(128)], [-y], "^", color=CYCLE[2], markersize=17, label="ridge regression")
    axes.set_yticks(
        [-y for y in range(len(names))], [f"{name}, {r.curves[name].shots[-1]} shots" for name in names]
    )
    axes.set(ylim=(0.5 - len(names), 0.5))
    lowest = min(r.curves[name][key][-1][1] for name in names for key in ("accuracy", "nearest"))
    axes.set_xlim(min(0.45, lowest - 0.03), 1.02)
    ticks(axes, "x", [0.5, 0.75, 1], ["50 %", "75 %", "100 %"])
    axes.grid(axis="y", visible=False)
    legend(axes)
    return to_svg(figure)


def law(r: Recorded) -> str:
    """NLL against shots in log-log: windows, the part that was fitted, the forecast's interval at the end."""
    figure, axes = plot(420, width=880)
    one = r.law
    x, y = np.array(one.shots), np.array(one.nll)
    told = one.forecast
    axes.axvspan(0.9, one.fitted_to, color=INK, alpha=0.06, linewidth=0)
    # The line through all counts, as a power law: what the exponent on the slide belongs to.
    fine = np.geomspace(1, x[-1], 40)
    axes.plot(fine, one.A * fine**-one.alpha, ":", color=QUIET, marker="none", label="power law, all counts")
    axes.plot(x, y, "o", color=COLORS["blue"], label="measured")
    low, high = told.interval
    axes.errorbar(
        [told.shots],
        [told.point],
        [[told.point - low], [high - told.point]],
        color=COLORS["orange"],
        marker="s",
        capsize=8,
        elinewidth=4,
        linestyle="",
        label="forecast from the grey part",
    )
    axes.set(xscale="log", yscale="log", xlabel="shots", xlim=(0.9, 320))
    axes.set_title("NLL of the right label, nats", weight="normal")
    ticks(axes, "x", [1, 4, 16, 64, 256])
    ticks(
        axes,
        "y",
        [
            value
            for value in (0.05, 0.1, 0.2, 0.5, 1, 2, 4)
            if min(y.min(), low) * 0.8 < value < y.max() * 1.6
        ],
    )
    axes.legend(loc="lower left")
    return to_svg(figure)


def flipped(r: Recorded) -> str:
    """Accuracy against shots for four namings of categories."""
    figure, axes = plot(380)
    shots = r.flipped.shots
    for number, name in enumerate(r.flipped.accuracy):
        with_intervals(
            axes,
            [place + 0.1 * (number - 1.5) for place in range(len(shots))],
            r.flipped.accuracy[name],
            number,
            name,
            capsize=0,
            elinewidth=2,
            markersize=11,
        )
    axes.axhline(0.5, color=INK, linestyle=":", linewidth=2)
    shown = [i for i, n in enumerate(shots) if n in (0, 2, 4, 8, 16, 32, 64, 128)]
    axes.set_xticks(shown, [str(shots[i]) for i in shown])
    axes.set_xlabel("shots")
    shares(axes)
    axes.set_ylim(-0.06, 1.06)  # a curve may lie at zero to its end
    legend(axes)
    return to_svg(figure)


# --- examples from the model ----------------------------------------------------------------------------------------


def reinforce() -> str:
    """Parity with its steps written out, and the way of three boxes: write, keep, show."""
    c = Canvas(380)
    bits, states = [1, 0, 0, 1, 1, 0, 1, 1], []
    ones = 0
    for bit in bits:
        ones += bit
        states.append("odd" if ones % 2 else "even")
    w, gap = 92, 10
    for place, (bit, state) in enumerate(zip(bits, states, strict=True)):
        x = place * (w + gap)
        c.token(x, 4, str(bit), "prompt", w=w, h=60, size=30)
        c.token(x, 84, state, "loss", w=w, h=60, size=26)
    c.token(8 * (w + gap), 84, "so", "plain", w=w, h=60, size=26)
    c.token(9 * (w + gap), 84, "lun", "eos", w=w, h=60, size=26)
    c.text(8 * (w + gap), 34, "even or odd number of ones?", 26, anchor="start", fill=QUIET)
    boxes = [
        ("write", "4 texts a problem", "#d3e8f6", COLORS["blue"]),
        ("keep", "right answer only", "#cdeee3", RIGHT),
        ("show", "as demonstrations", "#fde3c0", COLORS["orange"]),
        ("ask", "new problems", "#ffffff", LINE),
    ]
    wide, between = 226, 88
    for place, (name, words, fill, line) in enumerate(boxes):
        x = place * (wide + between)
        c.rect(x, 230, wide, 120, fill, line, radius=10, thick=4)
        c.text(x + wide / 2, 270, name, 34, bold=True)
        c.text(x + wide / 2, 316, words, 24)
        if place:
            c.line(x - between + 10, 290, x - 10, 290, INK, 5, arrow=True)
    return c.svg()


def reinforced(r: Recorded) -> str:
    """Accuracy on parity with four kinds of demonstrations."""
    figure, axes = plot(360)
    table = r.reinforced.accuracy
    counts = sorted({int(n) for kind in table for n in table[kind]})
    for number, kind in enumerate(table):
        x = [counts.index(int(n)) + 0.08 * (number - 1.5) for n in table[kind]]
        with_intervals(axes, x, [table[kind][n] for n in table[kind]], number, kind)
    axes.axhline(0.5, color=INK, linestyle=":", linewidth=2)
    axes.set_xticks(range(len(counts)), [str(n) for n in counts])
    axes.set(xlabel="demonstrations", xlim=(-0.3, len(counts) - 0.7))
    shares(axes)
    legend(axes)
    return to_svg(figure)


def unsupervised(r: Recorded) -> str:
    """Accuracy on homographs against earlier inputs, with labels and without."""
    figure, axes = plot(390)
    for number, kind in enumerate(("inputs with labels", "inputs only")):
        one = r.unsupervised[kind]
        counts = list(one)
        with_intervals(axes, list(range(len(counts))), [one[n] for n in counts], 1 - number, kind)
        axes.set_xticks(range(len(counts)), counts)
    axes.set_xlabel("inputs of the same domain before the query")
    shares(axes)
    legend(axes)
    return to_svg(figure)


# --- what should not matter -----------------------------------------------------------------------------------------


def formats(r: Recorded) -> str:
    """Accuracy from 16 shots on, by format and kind of task."""
    names = list(r.formats)
    figure, axes = plot(430)
    kinds = list(r.formats[names[0]])
    for number, kind in enumerate(kinds):
        for row, name in enumerate(names):
            value, low, high = r.formats[name][kind]
            axes.errorbar(
                [value],
                [0.22 * (1 - number) - row],
                xerr=[[value - low], [high - value]],
                color=CYCLE[number],
                marker=MARKERS[number],
                capsize=5,
                elinewidth=4,
                linestyle="",
                label=kind if row == 0 else None,
            )
    axes.axhline(-2.5, color=QUIET, linewidth=2, linestyle="--")
    axes.set_yticks(
        [-row for row in range(len(names))], ["line breaks" if name == "lines" else name for name in names]
    )
    axes.set(ylim=(0.5 - len(names), 0.5), xlim=(0, 1.03))
    ticks(axes, "x", [0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.grid(axis="y", visible=False)
    legend(axes)
    return to_svg(figure)


def order(r: Recorded) -> str:
    """Twenty orders of the same examples, as dots, for three sets of examples."""
    names = list(r.order)
    kinds = list(dict.fromkeys(name.rpartition(", ")[0] for name in names))
    figure, both = plot(380, ncols=len(kinds), sharey=True)
    rng = np.random.default_rng(1)
    for axes, kind in zip(both, kinds, strict=True):
        counts = [name.rpartition(", ")[2] for name in names if name.startswith(kind + ", ")]
        for place, n in enumerate(counts):
            rows = r.order[f"{kind}, {n}"].accuracies
            for number, row in enumerate(rows):
                x = place + 0.26 * (number - (len(rows) - 1) / 2)
                axes.plot(
                    x + rng.uniform(-0.07, 0.07, len(row)),
                    row,
                    linestyle="",
                    marker=MARKERS[number],
                    markersize=9,
                    alpha=0.55,
                    color=CYCLE[number],
                    markeredgewidth=0,
                )
        axes.set_xticks(range(len(counts)), counts)
        axes.set_title(kind, weight="normal")
        axes.set_xlabel("examples")
        shares(axes)
    return to_svg(figure)


def bias(r: Recorded) -> str:
    """Agreement with the last and with the most frequent label, above chance."""
    figure, axes = plot(370)
    for number, what in enumerate(r.bias):
        one = r.bias[what]
        counts = list(one)
        x = [place + 0.08 * (number - 0.5) for place in range(len(counts))]
        with_intervals(axes, x, [one[n] for n in counts], number, what)
        axes.set_xticks(range(len(counts)), counts)
    axes.axhline(0, color=INK, linewidth=2)
    axes.set_xlabel("shots")
    axes.set_title("agreement above chance", weight="normal")
    legend(axes)
    return to_svg(figure)


def calibration(r: Recorded) -> str:
    """Accuracy with skewed demonstrations, plain and calibrated, and the leaning on a question that says nothing."""
    figure, axes = plot(280)
    counts = list(r.calibration)
    names = {
        "leaning": "leaning, empty question",
        "plain": "accuracy, plain",
        "calibrated": "accuracy, calibrated",
    }
    for number, (key, words) in enumerate(names.items()):
        x = [place + 0.08 * (number - 1) for place in range(len(counts))]
        with_intervals(axes, x, [r.calibration[n][key] for n in counts], number, words)
    axes.set_xticks(range(len(counts)), [f"{n} of 8" for n in counts])
    axes.set_xlabel("demonstrations with the first label")
    shares(axes)
    legend(axes)
    return to_svg(figure)


def ece(r: Recorded) -> str:
    """ECE in windows of shots, with the floor that a perfectly calibrated model has."""
    kinds = list(dict.fromkeys(entry["kind"] for entry in r.ece))
    figure, panels = plot(340, ncols=len(kinds), sharey=True)
    for axes, kind in zip(panels, kinds, strict=True):
        rows = [entry for entry in r.ece if entry["kind"] == kind]
        x = list(range(len(rows)))
        with_intervals(axes, x, [[row["ece"], row["low"], row["high"]] for row in rows], 0, "the model")
        axes.plot(
            x,
            [row["floor"] for row in rows],
            "--",
            color=COLORS["orange"],
            marker="s",
            label="if calibrated perfectly",
        )
        axes.set_xticks(x, [str(row["from"]) for row in rows])
        axes.set_title(kind, weight="normal")
        axes.set_xlabel("from … shots on")
        axes.set_xlim(-0.3, 3.3)
    panels[0].set_ylim(0, None)
    panels[0].locator_params(axis="y", nbins=4)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return to_svg(figure)


# --- cost -----------------------------------------------------------------------------------------------------------


def triangle() -> str:
    """Ten tokens: the looks form a triangle, the cache a row."""
    c = Canvas(330)
    n, side = 10, 26
    for row in range(n):
        for column in range(n):
            looks = column <= row
            c.rect(
                column * side,
                10 + row * side,
                side - 3,
                side - 3,
                "#9cc9e6" if looks else "#f3f5f7",
                radius=3,
            )
    c.text(290, 70, "work: each token looks at all before it", 30, anchor="start", bold=True)
    c.text(290, 116, "10 tokens: 1 + 2 + … + 10 = 55 looks", 28, anchor="start")
    c.text(290, 160, "20 tokens: 210, almost four times as many", 28, anchor="start")
    for column in range(n):
        c.rect(column * side, 290, side - 3, side - 3, "#fbd38b", COLORS["orange"], radius=3)
    c.text(290, 250, "memory: one key and one value a token", 30, anchor="start", bold=True)
    c.text(290, 302, "20 tokens: twice as many (in every layer)", 28, anchor="start")
    c.text(900, 302, "= the KV cache", 28, anchor="start", fill=DARK_ORANGE, bold=True)
    return c.svg()


def cost(r: Recorded) -> str:
    """Milliseconds of a pass by tokens, and of a query by examples, with the prefix read each time or once."""
    figure, (left, right) = plot(310, ncols=2)
    one = r.cost
    left.plot(one.tokens, [1000 * s for s in one.pass_seconds], "o-", color=COLORS["blue"])
    left.set(xscale="log", yscale="log", xlabel="tokens")
    ticks(left, "x", [one.tokens[0], one.tokens[2], one.tokens[-1]])
    left.set_title("one pass, ms", weight="normal")
    ticks(left, "y", nice(left))
    values = one.query_seconds
    for number, name in enumerate(values):
        right.plot(
            one.prefix_shots,
            [1000 * s for s in values[name]],
            color=CYCLE[number],
            marker=MARKERS[number],
            label=name,
        )
    right.set(xlabel="examples", ylim=(0, None))
    right.set_title("one question, ms", weight="normal")
    right.set_xticks([16, 64, 128, 256])
    right.legend(loc="upper left")
    right.set_ylim(0, 1.35 * max(1000 * s for name in values for s in values[name]))
    return to_svg(figure)


def nice(axes: Axes) -> list[float]:
    """1, 2, 5, 10, … within a logarithmic axis."""
    low, high = axes.get_ylim()
    return [
        lead * 10.0**power
        for power in range(-3, 5)
        for lead in (1, 2, 5)
        if low <= lead * 10.0**power <= high
    ][::2]


def break_even(r: Recorded) -> str:
    """From how many questions on training is cheaper, with intervals; an arrow where the interval has no end."""
    figure, axes = plot(250)
    names = list(r.break_even.queries)
    for y, name in enumerate(names):
        counts = r.break_even.queries[name]
        edge = counts["to"] or 10 * counts["median"]
        axes.plot([counts["from"], edge], [-y, -y], color=CYCLE[y], linewidth=6, marker="none")
        if counts["to"] is None:
            axes.plot([edge], [-y], ">", color=CYCLE[y], markersize=20)
        axes.plot([counts["median"]], [-y], MARKERS[y], color=CYCLE[y], markersize=18)
    axes.set(
        xscale="log",
        xlabel="questions from which training is cheaper",
        ylim=(0.5 - len(names), 0.5),
        xlim=(10, 1e5),
    )
    axes.set_yticks([-y for y in range(len(names))], names)
    ticks(axes, "x", [10**k for k in range(1, 6)], [f"{10**k:,}" for k in range(1, 6)])
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


# --- where it comes from --------------------------------------------------------------------------------------------


def circuit() -> str:
    """The two heads: one writes what stood before, one looks for it and copies what came after."""
    c = Canvas(420)
    words = ["A", "B", "C", "D", "A", "?"]
    w, gap = 120, 56
    left = 160
    for place, word in enumerate(words):
        x = left + place * (w + gap)
        if word == "?":
            c.rect(x, 330, w, 70, "#ffffff", COLORS["orange"], dashed=True, thick=4, radius=8)
            c.text(x + w / 2, 365, "B", 34, mono=True, bold=True, fill=DARK_ORANGE)
        else:
            c.token(x, 330, word, "prompt", w=w, h=70, size=34)
        if 0 < place < 5:
            c.rect(x - 8, 176, w + 16, 60, "#d3e8f6", COLORS["blue"], radius=8, thick=3)
            c.text(x + w / 2, 206, f"after {words[place - 1]}", 25, bold=place == 1)
            c.line(x - gap - w / 2, 326, x + w / 2 - 8, 242, COLORS["blue"], 4, arrow=True)
    a, b = left + 4 * (w + gap) + w / 2, left + (w + gap) + w / 2
    out = a + w / 2 + 26  # around the note of the second A itself
    c.line(a + w / 2 + 4, 365, out, 365, COLORS["orange"], 5)
    c.line(out, 365, out, 90, COLORS["orange"], 5)
    c.line(out, 90, b, 90, COLORS["orange"], 5)
    c.line(b, 90, b, 170, COLORS["orange"], 5, arrow=True)
    c.text(
        (a + b) / 2,
        58,
        "A now stands last: who carries “after A”? copy its token, B",
        28,
        bold=True,
        fill=DARK_ORANGE,
    )
    c.text(0, 206, "layer 1", 28, bold=True, anchor="start", fill=DARK_BLUE)
    c.text(0, 90, "layer 2", 28, bold=True, anchor="start", fill=DARK_ORANGE)
    c.text(0, 365, "tokens", 28, bold=True, anchor="start", fill=QUIET)
    return c.svg()


RUNS = {"losses": "two layers", "one_layer": "one layer", "trapped": "two layers, one period"}


def cliff(r: Recorded) -> str:
    """Learning curves of three attention-only models on rows that repeat."""
    figure, axes = plot(400)
    one = r.induction
    for number, (key, words) in enumerate(RUNS.items()):
        line = one[key]
        axes.plot(
            [5 * i for i in range(len(line))],
            line,
            color=CYCLE[number],
            marker=MARKERS[number],
            markevery=max(1, len(line) // 7),
            label=words,
        )
    axes.axhline(one.chance, color=INK, linestyle=":", linewidth=2.5, label="guessing")
    axes.set(xlabel="step", ylim=(0, one.chance + 0.4))
    axes.set_title("loss where it can be known, nats", weight="normal")
    legend(axes)
    return to_svg(figure)


PERIODS = {
    "period drawn for each row": "two layers",
    "one layer": "one layer",
    "always period 20": "two layers, one period",
}


def periods(r: Recorded) -> str:
    """The same three models on rows of other periods."""
    figure, axes = plot(400)
    for number, (key, words) in enumerate(PERIODS.items()):
        one = r.induction.by_period[key]
        x = [int(p) for p in one]
        with_intervals(axes, x, [[m, m - half, m + half] for m, half in (one[p] for p in one)], number, words)
        axes.set_xticks([8, 12, 16, 20, 24, 28, 32])
    axes.axhline(r.induction.chance, color=INK, linestyle=":", linewidth=2.5, label="guessing")
    axes.set(xlabel="period of the test rows", ylim=(0, None))
    axes.set_title("loss where it can be known, nats", weight="normal")
    legend(axes)
    return to_svg(figure)


def heads(r: Recorded) -> str:
    """For the six heads that look most at what came with the same input: where they look."""
    offsets = r.heads.offsets
    names = list(offsets)
    table = np.array([offsets[name] for name in names])  # (places, layers, heads)
    looked = np.maximum(table[names.index("its label")], table[names.index("its end")])
    best = sorted(np.ndindex(looked.shape), key=lambda place: -looked[place])[:5]
    c = Canvas(308, width=560)
    w, h, left, top = 88, 42, 116, 74
    for column, name in enumerate(names):
        first, _, second = name.partition(" ")
        c.text(left + column * w + w / 2, 16, first, 22, fill=QUIET)
        c.text(left + column * w + w / 2, 44, second, 22, fill=QUIET)
    for row, place in enumerate(best):
        y = top + row * (h + 4)
        c.text(0, y + h / 2, f"head {place[0] + 1}.{place[1] + 1}", 24, anchor="start", bold=True)
        for column in range(len(names)):
            value = float(table[column][place])
            c.rect(
                left + column * w, y, w - 4, h, COLORS["blue"], radius=4, opacity=round(0.06 + 0.6 * value, 2)
            )
            c.text(left + column * w + w / 2 - 2, y + h / 2, f"{value:.2f}", 23, mono=True, bold=value >= 0.2)
    return c.svg()


def ablation(r: Recorded) -> str:
    """NLL with all heads, without three drawn ones, and without the three strongest."""
    figure, axes = plot(308, width=600)
    kinds = list(r.heads.ablation)
    for number, way in enumerate(r.heads.ablation[kinds[0]]):
        x = [place + 0.16 * (number - 1) for place in range(len(kinds))]
        with_intervals(axes, x, [r.heads.ablation[kind][way] for kind in kinds], number, way, linestyle="")
    axes.set_xticks(range(len(kinds)), [kind.replace(", ", ",\n") for kind in kinds])
    axes.set_title("NLL, 32 to 63 shots, nats", weight="normal")
    axes.set_xlim(-0.5, len(kinds) - 0.5)
    axes.legend(loc="upper right", fontsize=21)
    top = max(r.heads.ablation[kind][way][2] for kind in kinds for way in r.heads.ablation[kind])
    axes.set_ylim(-0.12 * top, 2.5 * top)  # a loss may be nearly zero
    return to_svg(figure)
