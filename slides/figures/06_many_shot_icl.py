"""Figures of deck 06. Its toy is the lab's: words whose labels mean nothing outside the prompt.

All measured figures are drawn from the recorded results. What is worked out here needs no model: ridge regression on
the tasks of the lab, the bytes and FLOPs of a published configuration, and small sums that the room checks by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullFormatter, NullLocator

from course_utils import real_model, results
from course_utils.data import icl_tasks
from course_utils.evaluation import paired_difference
from course_utils.models.nano_icl import behaviour
from course_utils.open import noisy_pool
from course_utils.viz.diagrams import INK, LINE, LOOKS, PAPER, QUIET, WIDTH, Canvas, plot, to_svg
from course_utils.viz.style import COLORS, CYCLE, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course_utils.slides import Recorded

DARK_BLUE, DARK_ORANGE = "#00558a", "#8a5f00"
# The parts of the lecture: a question each, and by what it is answered. The strip over the slides shows them too.
PARTS = [
    ("What does a prompt teach?", "scores, one pass, a rule without weights"),
    ("What changes the answer?", "choice, order, format and labels"),
    ("Why does it work at all?", "Bayes, two heads, gradient descent"),
    ("When is it worth its price?", "own examples, the cache, break-even"),
]
# Qwen2.5-1.5B (Qwen team 2024): what its keys and values are made of, in bfloat16.
LAYERS, KV_HEADS, QUERY_HEADS, HEAD, BYTES = 28, 2, 12, 128, 2
EXAMPLE_TOKENS = 40

# Contextual calibration by hand: three labels, with the question and with a question that says nothing.
ASKED, NOTHING = np.array([0.6, 0.3, 0.1]), np.array([0.8, 0.1, 0.1])
# Bayes by hand: the odds against flipped labels before the first example.
AGAINST = 81
# One step of gradient descent by hand: two examples of y = 2x, and the query x = 3.
PAIRS, QUERY, ETA = [(1, 2), (2, 4)], 3, 0.1

Triples = list[list[float]]  # mean, low, high


def toy() -> dict[str, Any]:
    """What is worked out without any model, and what the recorded runs give together."""
    quotients = ASKED / NOTHING
    per_token = 2 * LAYERS * KV_HEADS * HEAD * BYTES
    r = results.load("06_many_shot_icl")
    rates = {name: accuracies(by_kind) for name, by_kind in r["formats"].items()}
    trained = np.array([rates[name][:, 0] for name in ("lines", "semicolons", "bars")])
    return {
        "real": real_model.recorded("shots"),
        "parts": [question for question, _ in PARTS],
        "map_labels": len(icl_tasks.draw("map", 1, r["one_pass"]["shots"], seed=5)[0].labels),
        "counted_log": float(np.log(10 / 92)),
        "calibrated": [float(value) for value in quotients / quotients.sum()],
        "per_token": per_token,
        "thousand_gb": per_token * 1000 * EXAMPLE_TOKENS / 1e9,
        "ridge": ridge_at(128),
        "slashed": float(rates["slashes"][:, 0].mean() - rates["lines"][:, 0].mean()),
        "apart": bool((rates["slashes"][:, 2] < rates["lines"][:, 1]).all()),
        "trained": float(np.ptp(trained, axis=0).max()),
        "plan": paired_difference(r["shots"]["accuracy"], r["shots"]["baseline"]),
        "plan_by_family": {
            family: paired_difference(plan, first, comparisons=len(noisy_pool.FAMILIES))
            for family, first, plan in by_family(r["shots"])
        },
        "strongest": strongest(r["heads"]),
        "question": {
            "each": r["cost"]["query_seconds"]["prompt read each time"][-1],
            "once": r["cost"]["query_seconds"]["prefix read once"][-1],
        },
        "believed": {odds: [believed(odds, n) for n in range(7)] for odds in (9, 4)},
        "step": ETA * sum(y * x for x, y in PAIRS),
    }


def strongest(heads: Mapping[str, Any]) -> dict[str, float]:
    """The head that looks most at the label: layer and head, counted from 1, and where its attention goes."""
    layer, head = heads["strongest"][0]
    looks = {what: heads["offsets"][f"its {what}"][layer][head] for what in ("label", "end")}
    return {"layer": layer + 1, "head": head + 1, **looks}


def accuracies(by_kind: Mapping[str, list[float]]) -> np.ndarray:
    """(kinds, 3): accuracy, low, high."""
    return np.array([by_kind[kind] for kind in by_kind])


def by_family(shots: Mapping[str, list[float]]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """For each family of the open experiment the accuracies of the first 32 shots and of the recorded plan."""
    count = len(noisy_pool.FAMILIES)
    first, plan = (np.array(shots[key]).reshape(count, -1) for key in ("baseline", "accuracy"))
    yield from zip(noisy_pool.FAMILIES, first, plan, strict=True)


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "prompt_dark": prompt(),
        "real": real(),
        "map": parts(),
        "rule": rule(),
        "counting": counting(),
        **{f"one_pass_{step}": one_pass(step) for step in (1, 2, 3)},
        "curves": curves(r),
        "against": against(r),
        "law": law(r),
        "choice": choice(r),
        "order": order(r),
        "formats": formats(r),
        "flipped": flipped(r),
        "calibration": calibration(r),
        "bayes": bayes(),
        **{f"circuit_{step}": circuit(step) for step in (1, 2, 3)},
        "cliff": cliff(r),
        "periods": periods(r),
        "heads": heads(r),
        "ablation": ablation(r),
        "descent": descent(),
        "reinforced": reinforced(r),
        "triangle": triangle(),
        "cost": cost(r),
        "two_ways": two_ways(),
        "break_even": break_even(r),
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


def prompt() -> str:
    """The prompt as tokens on a dark slide: three shots and a query that waits for its label."""
    c = Canvas(130)
    words = [word for shot in SHOTS for word in (*shot, "\\n")] + ["fern", "?"]
    w, gap = 94, 12.4
    for place, word in enumerate(words):
        x = place * (w + gap)
        if word == "?":
            c.rect(x, 20, w, 80, "none", "#f3b83f", dashed=True, thick=4, radius=8)
            c.text(x + w / 2, 60, "?", 40, bold=True, fill=PAPER)
        else:
            look = LOOKS[role_of(place, word)]
            c.rect(x, 20, w, 80, look.fill, look.line, radius=8, thick=3)
            c.text(x + w / 2, 60, word, 30, mono=True)
    return c.svg()


def role_of(place: int, word: str) -> str:
    """The look of a token in a row of input, label, end."""
    return "eos" if word == "\\n" else "loss" if place % 3 == 1 else "prompt"


def parts() -> str:
    """The four parts of the lecture, a question each."""
    c = Canvas(330)
    w, h, gap = 570, 150, 28
    for number, (question, answered_by) in enumerate(PARTS):
        x, y = (number % 2) * (w + gap), (number // 2) * (h + gap)
        c.rect(x, y + 2, w, h, "#eef5fb", COLORS["blue"], radius=14, thick=3)
        c.rect(x + 24, y + 47, 60, 60, INK, radius=30)
        c.text(x + 54, y + 77, str(number + 1), 32, bold=True, fill=PAPER)
        c.text(x + 108, y + 58, question, 33, anchor="start", bold=True)
        c.text(x + 108, y + 106, answered_by, 25, anchor="start", fill=QUIET)
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


def counting() -> str:
    """The counting model's weights for the next word after bat zor, oak kip, bat."""
    c = Canvas(300)
    words = ["bat", "zor", "\\n", "oak", "kip", "\\n", "bat"]
    for place, word in enumerate(words):
        c.token(place * 110, 4, word, role_of(place, word), w=100, h=66, size=28)
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


ROW = ["bat", "zor", "\\n", "oak", "kip", "\\n", "cod", "dax"]


def one_pass(step: int) -> str:
    """One row of tokens, and the inputs whose logits are read, in three steps.

    step: 1, the prompt's end answers with two shots; 2, oak answers with one, for what follows is hidden from it;
    3, all three, each with the token that it scores.
    """
    c = Canvas(330)
    asks = {1: [6], 2: [6, 3], 3: [6, 3, 0]}[step]
    w, gap, front = 118, 13, 131.0  # front: the start token
    c.token(0, 130, "[bos]", "plain", w=w, h=70, size=28)
    for place, word in enumerate(ROW):
        x = front + place * (w + gap)
        if word != "dax" or step == 3:
            c.token(x, 130, word, role_of(place, word), w=w, h=70, size=28)
    if step < 3:
        x = front + 7 * (w + gap)
        c.rect(x, 130, w, 70, "none", COLORS["orange"], dashed=True, thick=4, radius=8)
        c.text(x + w / 2, 165, "?", 36, bold=True)
    for place in asks:
        x = front + place * (w + gap) + w / 2
        c.text(x, 24, shots_in_words(place // 3), 28, bold=True, fill=DARK_BLUE)
        c.line(x, 46, x, 124, COLORS["blue"], 5, arrow=True)
        c.line(x, 208, x, 236, COLORS["orange"], 4)
        c.line(x, 236, x + w + gap, 236, COLORS["orange"], 4)
        c.line(x + w + gap, 236, x + w + gap, 206, COLORS["orange"], 4, arrow=True)
    for place in asks if step == 3 else asks[1:]:  # what is hidden from the input
        c.rect(front + (place + 1) * (w + gap) - 8, 118, 4, 92, INK, radius=2)
    if step > 1:
        hidden = "what stands behind a bar is hidden from the input before it"
        c.text(0, 296, hidden, 27, anchor="start", bold=True, fill=DARK_ORANGE)
    return c.svg()


def shots_in_words(count: int) -> str:
    return f"{count} shot{'' if count == 1 else 's'}"


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
    figure, axes = plot(370)
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


def reinforced(r: Recorded) -> str:
    """Accuracy on parity with four kinds of demonstrations."""
    figure, axes = plot(320)
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


def choice(r: Recorded) -> str:
    """The open experiment, task by task: the first 32 of the pool, and 32 that a plan made of all 160."""
    figure, panels = plot(380, ncols=len(noisy_pool.FAMILIES), sharey=True)
    for axes, (family, first, plan) in zip(panels, by_family(r.shots), strict=True):
        for pair in zip(first, plan, strict=True):
            axes.plot([0, 1], pair, color=LINE, marker="none", linewidth=3)
        for x, values in enumerate((first, plan)):
            axes.plot([x] * len(values), values, MARKERS[x], color=CYCLE[x], linestyle="")
        axes.set_xticks([0, 1], ["first 32", "chosen"])
        axes.set(xlim=(-0.45, 1.45))
        axes.set_title(family, weight="normal")
    shares(panels[0])
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


def calibration(r: Recorded) -> str:
    """Accuracy with skewed demonstrations, plain and calibrated, and the leaning on a question that says nothing."""
    figure, axes = plot(225)
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


# --- cost -----------------------------------------------------------------------------------------------------------


def triangle() -> str:
    """Ten tokens: the looks form a triangle, the cache a row."""
    c = Canvas(300, width=460)
    n, side = 10, 24
    for row in range(n):
        for column in range(n):
            fill = "#9cc9e6" if column <= row else "#f3f5f7"
            c.rect(column * side, 4 + row * side, side - 3, side - 3, fill, radius=3)
    for column in range(n):
        c.rect(column * side, 266, side - 3, side - 3, "#fbd38b", COLORS["orange"], radius=3)
    c.text(262, 70, "work: 55 looks", 28, anchor="start", bold=True, fill=DARK_BLUE)
    c.text(262, 112, "for 10 tokens,", 26, anchor="start")
    c.text(262, 148, "210 for 20", 26, anchor="start")
    c.text(262, 276, "memory: 10", 28, anchor="start", bold=True, fill=DARK_ORANGE)
    return c.svg()


def cost(r: Recorded) -> str:
    """Milliseconds of a question by examples, with the prefix read each time or once."""
    figure, axes = plot(300, width=680)
    values = r.cost.query_seconds
    for number, name in enumerate(values):
        milliseconds = [1000 * seconds for seconds in values[name]]
        axes.plot(r.cost.prefix_shots, milliseconds, color=CYCLE[number], marker=MARKERS[number], label=name)
    axes.set(xlabel="examples")
    axes.set_title("one question, ms", weight="normal")
    axes.set_xticks([16, 64, 128, 256])
    axes.legend(loc="upper left")
    axes.set_ylim(0, 1.35 * max(1000 * s for name in values for s in values[name]))
    return to_svg(figure)


def two_ways() -> str:
    """Two ways to use the same examples, with made-up times for the room to reckon with."""
    c = Canvas(290)
    for y, name, once, each in [
        (6, "train", "8 s, once", "0.25 s a question"),
        (166, "show", "nothing before", "0.75 s a question"),
    ]:
        trained = name == "train"
        c.rect(0, y, 240, 112, "#d3e8f6", COLORS["blue"], radius=10, thick=3)
        c.text(120, y + 38, "64 examples", 29, bold=True)
        c.text(120, y + 78, "with labels", 25)
        c.line(250, y + 56, 500, y + 56, INK, 5, arrow=True)
        c.text(370, y + 24, name, 30, bold=True, fill=DARK_ORANGE if trained else DARK_BLUE)
        c.text(370, y + 88, once, 27)
        fill, line = ("#fde3c0", COLORS["orange"]) if trained else (PAPER, LINE)
        c.rect(510, y, 240, 112, fill, line, radius=10, thick=4)
        c.text(630, y + 38, "model", 30, bold=True)
        c.text(630, y + 78, "new weights" if trained else "as it was", 25)
        c.line(760, y + 56, 850, y + 56, INK, 5, arrow=True)
        c.text(870, y + 56, each, 31, anchor="start", bold=True)
    return c.svg()


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
    figure, axes = plot(290)
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


def believed(odds: int, shots: int) -> float:
    """The probability of flipped labels after so many flipped shots, each `odds` times likelier if they are."""
    return odds**shots / (odds**shots + AGAINST)


def bayes() -> str:
    """What somebody who reckons with Bayes believes about flipped labels, shot by shot."""
    figure, axes = plot(290)
    x = list(range(7))
    for number, odds in enumerate((9, 4)):
        label = f"a shot speaks {odds} to 1"
        axes.plot(x, [believed(odds, n) for n in x], color=CYCLE[number], marker=MARKERS[number], label=label)
    axes.axhline(0.5, color=INK, linestyle=":", linewidth=2)
    axes.set_xlabel("flipped shots")
    axes.set_title("probability that labels are flipped", weight="normal")
    axes.set_xticks(range(7))
    shares(axes)
    legend(axes)
    return to_svg(figure)


CIRCUIT = ["A", "B", "C", "D", "A"]


def circuit(step: int) -> str:
    """The two heads in three steps: the row; layer 1 notes what stood before; layer 2 finds the note and copies."""
    c = Canvas(430)
    w, gap, left = 120, 56, 160
    at = [left + place * (w + gap) for place in range(6)]
    for y, words, fill in [(300, "tokens", QUIET), (176, "layer 1", DARK_BLUE), (70, "layer 2", DARK_ORANGE)]:
        c.text(0, y, words, 28, bold=True, anchor="start", fill=fill)
    for x, word in zip(at, CIRCUIT, strict=False):
        c.token(x, 265, word, "prompt", w=w, h=70, size=34)
    c.rect(at[5], 265, w, 70, PAPER, COLORS["orange"], dashed=True, thick=4, radius=8)
    for place, words in enumerate(["last time", "came next", "", "", "now", "next?"]):
        if words:
            c.brace(at[place], at[place] + w, 352, words, DARK_BLUE, 26)
    for place in range(1, 5):
        noted = step >= 2
        c.rect(
            at[place] - 8, 146, w + 16, 60, "#d3e8f6" if noted else "none", COLORS["blue"], dashed=not noted
        )
        if noted:
            c.text(at[place] + w / 2, 176, f"after {CIRCUIT[place - 1]}", 25, bold=place == 1)
            c.line(at[place] - gap - w / 2, 261, at[place] + w / 2 - 8, 212, COLORS["blue"], 4, arrow=True)
    if step >= 3:
        found, right = at[1] + w / 2, at[4] + w + 26  # around the note of the second A itself
        c.line(at[4] + w + 4, 300, right, 300, COLORS["orange"], 5)
        c.line(right, 300, right, 70, COLORS["orange"], 5)
        c.line(right, 70, found, 70, COLORS["orange"], 5)
        c.line(found, 70, found, 140, COLORS["orange"], 5, arrow=True)
        asks = "who carries “after A”? copy its token"
        c.text((found + right) / 2, 38, asks, 28, bold=True, fill=DARK_ORANGE)
        c.text(at[5] + w / 2, 300, "B", 34, mono=True, bold=True, fill=DARK_ORANGE)
    return c.svg()


def descent() -> str:
    """One step of gradient descent and one linear attention layer, reckoned on the same two examples."""
    c = Canvas(300)
    sums = " + ".join(f"{y}·{x}" for x, y in PAIRS)
    step = ETA * sum(y * x for x, y in PAIRS)
    looks = " + ".join(f"{y}·({x}·{QUERY})" for x, y in PAIRS)
    attended = ETA * sum(y * x * QUERY for x, y in PAIRS)
    w, gap = 570, 28
    for column, (name, lines, fill, line) in enumerate(
        [
            (
                "one gradient step from w = 0",
                [f"w = {ETA}·({sums}) = {step:g}", f"w·{QUERY} = {step * QUERY:g}"],
                "#fde3c0",
                COLORS["orange"],
            ),
            (
                "attention without the softmax",
                ["sum of  value · (key · query)", f"{ETA}·({looks}) = {attended:g}"],
                "#d3e8f6",
                COLORS["blue"],
            ),
        ]
    ):
        x = column * (w + gap)
        c.rect(x, 84, w, 206, fill, line, radius=14, thick=3)
        c.text(x + w / 2, 122, name, 30, bold=True)
        for row, words in enumerate(lines):
            c.text(x + w / 2, 184 + 58 * row, words, 30, mono=True)
    shown = " and ".join(f"({x}, {y})" for x, y in PAIRS)
    c.text(WIDTH / 2, 34, f"examples (x, y) = {shown}; query x = {QUERY}; step size {ETA}", 30)
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
    figure, axes = plot(308, width=580)
    kinds = list(r.heads.ablation)
    for number, way in enumerate(r.heads.ablation[kinds[0]]):
        x = [place + 0.16 * (number - 1) for place in range(len(kinds))]
        with_intervals(axes, x, [r.heads.ablation[kind][way] for kind in kinds], number, way, linestyle="")
    axes.set_xticks(range(len(kinds)), [kind.replace(", ", ",\n") for kind in kinds])
    axes.set_title("NLL, 32 to 63 shots, nats", weight="normal")
    axes.set_xlim(-0.5, len(kinds) - 0.5)
    axes.legend(loc="upper right", fontsize=23)
    top = max(r.heads.ablation[kind][way][2] for kind in kinds for way in r.heads.ablation[kind])
    axes.set_ylim(-0.12 * top, 2.9 * top)  # a loss may be nearly zero
    return to_svg(figure)


def real() -> str:
    """The real model on real sentences: accuracy by shots, before and after calibration; what its heads are for."""
    asked = real_model.recorded("shots")
    figure, (left, right) = plot(360, ncols=2, width_ratios=[1.5, 1])
    counts = list(asked["accuracy"]["plain"])
    for (way, words), number in zip(
        (("plain", "as it comes"), ("calibrated", "calibrated")), (0, 1), strict=True
    ):
        means = np.array(list(asked["accuracy"][way].values()))
        left.errorbar(
            np.arange(len(counts)) + 0.08 * (number - 0.5), means[:, 0],
            [means[:, 0] - means[:, 1], means[:, 2] - means[:, 0]], color=CYCLE[number], marker=MARKERS[number],
            capsize=6, elinewidth=4, label=words,
        )  # fmt: skip
    left.axhline(1 / asked["labels"], color=INK, linewidth=2, linestyle=":")
    left.set_xticks(range(len(counts)), counts)
    left.set(ylim=(0, 1.02), xlabel="shots")
    left.set_title("accuracy", weight="normal")
    left.legend(loc="lower right", ncols=2)
    gaps = np.array(list(asked["heads"]["damage"].values()))
    right.errorbar(
        range(len(gaps)), gaps[:, 0], [gaps[:, 0] - gaps[:, 1], gaps[:, 2] - gaps[:, 0]], color=COLORS["vermillion"],
        marker="D", linestyle="", capsize=6, elinewidth=4,
    )  # fmt: skip
    right.axhline(0, color=INK, linewidth=2)
    right.set_xticks(range(len(gaps)), ["repeats", "labels"])
    right.set_xlim(-0.5, 1.5)
    right.set_title("nats lost without the heads", weight="normal")
    return to_svg(figure)
