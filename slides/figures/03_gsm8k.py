"""Figures of deck 03. Two things come back: the chain of six links that ends in a number, and ten problems answered
by two models, which are few enough to count by hand.

Blue is what is given or was there before, orange what is new, in every picture; markers and words say it too.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from math import comb, log, sqrt
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MultipleLocator, PercentFormatter
from scipy.stats import binomtest

from course_utils import results
from course_utils.data.answers import any_answer, is_correct, parse_answer
from course_utils.evaluation import share_difference, wilson_interval
from course_utils.models import model_path
from course_utils.real_model import recorded
from course_utils.viz.diagrams import (
    INK,
    LINE,
    LOOKS,
    PALE,
    PAPER,
    QUIET,
    WIDTH,
    Canvas,
    interval_bar,
    plot,
    to_svg,
)
from course_utils.viz.style import COLORS

if TYPE_CHECKING:
    from course_utils.slides import Recorded

LINKS = {
    "format": ("What does it see,", "what is cut off?"),
    "train": ("What is in the", "loss, for how long?"),
    "write": ("On which side", "is the padding?"),
    "read": ("What counts", "as an answer?"),
    "count": ("How sure is", "a share?"),
    "compare": ("On which", "problems?"),
}

# The expression of GSM8K's own code (openai/grade-school-math, dataset.py), and endings that models write, each
# with the number a person reads.
GSM8K_RULE = re.compile(r"#### (\-?[0-9\.\,]+)")
ENDINGS = {
    "#### 18": "18",
    "####18": "18",
    "#### $18": "18",
    "#### 18.": "18",
    "#### 1,234": "1234",
    "#### 1,234,": "1234",
}

# Ten problems, 1 for solved.
MODEL_A = [1, 1, 1, 0, 0, 1, 0, 1, 0, 1]
MODEL_B = [1, 1, 1, 1, 1, 1, 1, 0, 0, 1]

# The colleague's two numbers, on the test problems of GSM8K (Cobbe et al. 2021).
PROBLEMS = 1319
OLD, NEW = 0.618, 0.631

TRIES = ["right", "right", "wrong", "wrong"]

DARK_BLUE, DARK_ORANGE, DARK_WRONG, DARK_RIGHT = "#1f6f9f", "#8a5f00", "#a84a00", "#00664b"


def toy() -> dict[str, Any]:
    """Numbers worked out from the toys, and what the recorded curves of part 7 ran with."""
    curves = results.load("sft_curves")
    gained = sum(b and not a for a, b in zip(MODEL_A, MODEL_B, strict=True))
    lost = sum(a and not b for a, b in zip(MODEL_A, MODEL_B, strict=True))
    pairs = list(combinations(TRIES, 2))
    net = round(NEW * PROBLEMS) - round(OLD * PROBLEMS)
    z = 2  # easier by hand than 1.96
    by_hand = [(1 + z * z / 8 + sign * z * z / 8) / (1 + z * z / 4) for sign in (-1, 1)]
    return {
        "real": real(),
        "problems": PROBLEMS,
        "old": OLD,
        "new": NEW,
        "old_count": round(OLD * PROBLEMS),
        "new_count": round(NEW * PROBLEMS),
        "net": net,
        "as_it_is": sum(_found(text) == right for text, right in ENDINGS.items()),
        "without_commas": sum(_without_commas(text) == right for text, right in ENDINGS.items()),
        "endings": len(ENDINGS),
        "hand_4": by_hand,
        "half_width": _half_width(0.5, PROBLEMS),
        "gained": gained,
        "lost": lost,
        "throws": gained + lost,
        "coin": _p(gained, lost),
        "two_hundred": _p((201 + net) // 2, (201 - net) // 2),
        "uneven": sum(comb(gained + lost, i) for i in range(gained + lost + 1) if i <= lost or i >= gained),
        "all_ways": 2 ** (gained + lost),
        "pairs": len(pairs),
        "good_pairs": sum("right" in pair for pair in pairs),
        "tempting": 1 - (1 - 2 / 4) ** 2,
        "uniform": log(_vocabulary()),
        "start": curves["start"]["correct"] / curves["start"]["n"],
        "curve_problems": curves["start"]["n"],
        "curve_seeds": len(curves["recipe"]["seeds"]),
        "curve_epochs": curves["recipe"]["epochs"],
        "step": {name: curves["seconds_per_step"][name] for name in ("full", "lora")},
        "repeated_p": _repeated(curves),
        "time_p": _equal_time(curves),
    }


SETS = {"gsm8k": "GSM8K", "word_problems": "one or two steps"}
RULES = {
    "right, in the format": lambda text, stopped, gold: is_correct(text, gold),
    "right, any format": lambda text, stopped, gold: any_answer(text) == gold,
    "has an answer line": lambda text, stopped, gold: parse_answer(text) is not None,
    "stops by itself": lambda text, stopped, gold: stopped,
}


def real() -> dict[str, Any]:
    """What SmolLM2 did on each set by each rule: before and after with Wilson's interval, and the paired difference."""
    found = recorded("gsm8k_accuracy")
    shares: dict[str, Any] = {"examples": sum(found["examples"].values()), "steps": found["steps"]}
    for name, one in found["sets"].items():
        n = len(one["gold"])
        shares[name] = {"n": n, "limit": found["max_new_tokens"][name]}
        for rule, holds in RULES.items():
            kept = {
                when: [
                    holds(text, stopped, gold)
                    for (text, stopped), gold in zip(one[when], one["gold"], strict=True)
                ]
                for when in ("before", "after")
            }
            shares[name][rule] = {
                **{
                    when: (sum(values) / n, *wilson_interval(sum(values), n)) for when, values in kept.items()
                },
                "change": share_difference(kept["after"], kept["before"], comparisons=len(RULES) * len(SETS)),
            }
    return shares


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "chain_dark": chain(dark=True),
        "chain": chain(dark=False),
        "endings": endings(),
        "anatomy": anatomy(),
        "gauntlet": gauntlet(r),
        "trees": trees(),
        "annotations": annotations(r),
        "cut": cut(r),
        "padding_question": padding(answer=False),
        "padding": padding(answer=True),
        "rates": rates(r),
        "intervals": intervals(),
        "width": width(),
        "ten_question": ten(answer=False),
        "ten": ten(answer=True),
        "coin": coin(),
        "pairs": pairs(r),
        "surprise": surprise(r),
        "sizes": sizes(r),
        "equal_time": equal_time(r),
        "errors": errors(r),
        "tries": tries(r),
        "ten_dark": ten(answer=True, dark=True),
        "real_model": real_model(),
    }


def _vocabulary() -> int:
    """How many tokens the embedded model chooses from."""
    config = model_path("nano-math", "strong") / "config.json"
    return json.loads(config.read_text(encoding="utf-8"))["vocab_size"]


def _found(text: str) -> str | None:
    match = GSM8K_RULE.search(text)
    return match[1] if match else None


def _without_commas(text: str) -> str | None:
    found = _found(text)
    return found.replace(",", "") if found else None


def _half_width(share: float, n: int) -> float:
    low, high = wilson_interval(round(share * n), n)
    return (high - low) / 2


def _p(gained: int, lost: int) -> float:
    """How often a fair coin falls at least as unevenly, in either direction."""
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _pair(first: dict[str, Any], second: dict[str, Any]) -> float:
    """McNemar's p-value for two recorded runs on the same problems."""
    marks = list(zip(first["solved"], second["solved"], strict=True))
    return _p(marks.count(("0", "1")), marks.count(("1", "0")))


def _repeated(curves: dict[str, Any]) -> list[float]:
    """p-values of few examples shown often against more examples for as many steps, by seed."""
    few, times = curves["recipe"]["repeated"]
    more = few * times // curves["recipe"]["epochs"]
    runs = [run for run in curves["runs"] if run["part"] in ("size", "repeated")]
    return [
        _pair(
            next(x for x in runs if x["part"] == "size" and x["examples"] == more and x["seed"] == seed),
            next(x for x in runs if x["part"] == "repeated" and x["seed"] == seed),
        )
        for seed in curves["recipe"]["seeds"]
    ]


def _equal_time(curves: dict[str, Any]) -> list[float]:
    """p-values of all weights against an adapter for the same time, by budget and seed."""
    recipe = curves["recipe"]
    rate = {"full": recipe["learning_rate"], "lora": recipe["lora_learning_rate"]}
    runs = {
        (run["budget"], run["method"], run["seed"]): run
        for run in curves["runs"]
        if run["part"] == "time" and run["learning_rate"] == rate[run["method"]]
    }
    return [
        _pair(runs[budget, "full", seed], runs[budget, "lora", seed])
        for budget in recipe["budgets"]
        for seed in recipe["seeds"]
    ]


def chain(dark: bool) -> str:
    """Six boxes joined by arrows; on a light slide with what each link asks."""
    w, gap, h = 162, 39, 88
    c = Canvas(108 if dark else 262)
    for i, (name, asks) in enumerate(LINKS.items()):
        x = 2 + i * (w + gap)
        look = LOOKS["loss" if name in ("read", "count", "compare") else "prompt"]
        c.rect(x, 8, w, h, look.fill, look.line, radius=10, thick=3)
        c.text(x + w / 2, 52, name, 30, bold=True)
        if i:
            c.line(x - gap + 6, 52, x - 6, 52, "#b4c0cb" if dark else QUIET, 4, arrow=True)
        with c.step(0 if dark else i // 3 + 1):
            for k, words in enumerate(() if dark else asks):
                c.text(x + w / 2, 126 + 30 * k, words, 22)
    if not dark:
        third = 2 + 3 * (w + gap)
        with c.step(1):
            c.brace(2, third - gap, 186, "makes the model and its text", DARK_BLUE, 26)
        with c.step(2):
            c.brace(third, 5 * (w + gap) + 2 + w, 186, "makes the number", DARK_ORANGE, 26)
    return c.svg()


def endings() -> str:
    """What GSM8K's expression finds in six endings, as it is and with commas taken out, as its authors do."""
    c = Canvas(424)
    columns = [(4, "the model writes"), (400, "the expression finds"), (780, "and commas taken out")]
    for x, words in columns:
        c.text(x, 20, words, 25, anchor="start", bold=True, fill=QUIET)
    for i, (text, right) in enumerate(ENDINGS.items()):
        y = 72 + 62 * i
        c.line(0, y - 31, WIDTH, y - 31, LINE, 1.5)
        c.text(4, y, text, 30, anchor="start", mono=True)
        for x, found in ((400, _found(text)), (780, _without_commas(text))):
            good = found == right
            (c.tick if good else c.cross)(x + 14, y, 11)
            c.text(
                x + 46, y, found or "nothing", 30, anchor="start", mono=bool(found), bold=good,
                fill=DARK_RIGHT if good else DARK_WRONG,
            )  # fmt: skip
    return c.svg()


def anatomy() -> str:
    """One answer line taken apart, and the one spelling that it gets."""
    c = Canvas(330)
    parts = [
        ("####", 140, "prompt", "the first mark"),
        ("-$", 130, "plain", "sign, currency"),
        ("1,234", 190, "loss", "digits"),
        (".50", 130, "loss", "decimals"),
        ("per day.", 250, "padding", "changes nothing"),
    ]
    x = 70.0
    for i, (word, w, role, says) in enumerate(parts):
        look = LOOKS[role]
        c.rect(x, 10, w, 92, look.fill, look.line, radius=8, thick=3, dashed=look.dashed)
        c.text(x + w / 2, 56, word, 38, mono=True)
        c.line(x + w / 2, 110, x + w / 2, 132 + 34 * (i % 2), LINE, 3)
        c.text(
            x + w / 2,
            152 + 34 * (i % 2),
            says,
            25,
            bold=role == "loss",
            fill=QUIET if role != "loss" else INK,
        )
        x += w + 46
    c.line(584, 214, 584, 252, INK, 4, arrow=True)
    c.text(584, 288, "-1234.5", 42, mono=True, bold=True)
    c.text(720, 290, "one number, one spelling", 25, anchor="start", fill=QUIET)
    return c.svg()


def gauntlet(r: Recorded) -> str:
    """How many endings each rule reads correctly."""
    figure, axes = plot(330)
    names = {
        "yours": "the rule, written out",
        "float of the rest": "float(what follows)",
        "last number": "the last number",
        "GSM8K code": "GSM8K's own code",
    }
    total = r.gauntlet.endings
    for y, (key, _) in enumerate(reversed(names.items())):
        right = r.gauntlet.right[key]
        axes.barh(y, total, height=0.62, color=PALE, edgecolor=LINE)
        axes.barh(y, right, height=0.62, color=COLORS["green" if right == total else "orange"])
        axes.annotate(
            f"{right}",
            (right, y),
            (-12, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            weight="bold",
            color="white" if right == total else INK,
        )
    axes.set_yticks(range(len(names)), list(reversed(names.values())))
    axes.set_xlim(0, total)
    axes.set_xlabel(f"endings read correctly, of {total}")
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return to_svg(figure)


def trees() -> str:
    """Two expressions as trees: the same numbers, other brackets."""
    c = Canvas(386)
    joined = {"+": lambda a, b: a + b, "×": lambda a, b: a * b}

    def node(tree: Any, x: float, y: float, spread: float) -> int:
        if isinstance(tree, int):
            c.rect(x - 36, y - 30, 72, 60, LOOKS["prompt"].fill, LOOKS["prompt"].line, radius=8, thick=3)
            c.text(x, y, str(tree), 32, mono=True)
            return tree
        symbol, left, right = tree
        for side in (-1, 1):
            c.line(x, y, x + side * spread, y + 112, LINE, 4)
        values = [
            node(child, x + side * spread, y + 112, spread * 0.62) for child, side in ((left, -1), (right, 1))
        ]
        c.rect(x - 34, y - 34, 68, 68, LOOKS["loss"].fill, LOOKS["loss"].line, radius=34, thick=3)
        c.text(x, y, symbol, 38, bold=True)
        value = joined[symbol](*values)
        c.text(x + 48, y - 20, f"= {value}", 28, anchor="start", bold=True, fill=DARK_ORANGE)
        return value

    for left, words, tree in ((60, "2+3*4", ("+", 2, ("×", 3, 4))), (650, "(2+3)*4", ("×", ("+", 2, 3), 4))):
        c.text(left, 22, words, 34, anchor="start", mono=True, bold=True)
        node(tree, left + 230, 96, 128)
    return c.svg()


def annotations(r: Recorded) -> str:
    """Three counts over the real data set, as large numbers."""
    c = Canvas(236)
    a = r.real_annotations
    cards = [
        (f"{a.annotations:,}", ("annotations in", f"{a.solutions:,} solutions"), INK),
        (f"{a.wrong}", ("wrong, by exact", "fractions"), DARK_RIGHT),
        (f"{a.float_wrong}", ("called wrong by", "floats and  =="), DARK_WRONG),
    ]
    w, gap = 362, 41
    for i, (count, says, colour) in enumerate(cards):
        x = i * (w + gap)
        c.rect(x, 4, w, 224, PALE, radius=14)
        c.text(x + w / 2, 70, count, 72, bold=True, fill=colour)
        for k, words in enumerate(says):
            c.text(x + w / 2, 146 + 38 * k, words, 28)
    return c.svg()


def cut(r: Recorded) -> str:
    """Share of examples that lose their end, by max_length."""
    figure, axes = plot(370)
    shares = {limit: r.lengths.cut_share[limit] for limit in r.lengths.cut_share}
    for x, (_, share) in enumerate(shares.items()):
        axes.bar(x, share, 0.62, color=COLORS["vermillion"], hatch="//", edgecolor="white")
        words = f"{100 * share:.0f} %" if share == 0 or share >= 0.01 else f"{100 * share:.1f} %"
        axes.annotate(
            words, (x, share), (0, 8), textcoords="offset points", ha="center", va="bottom", weight="bold"
        )
    axes.set_xticks(range(len(shares)), list(shares))
    axes.set_xlabel("max_length, in tokens")
    axes.set_ylim(0, 1.05)
    axes.yaxis.set_major_locator(MultipleLocator(0.5))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_title("examples that lose their end", weight="normal")
    axes.grid(axis="x", visible=False)
    return to_svg(figure)


def padding(answer: bool) -> str:
    """Two prompts in a batch, padded on the right and on the left; the next token is read off the last column."""
    c = Canvas(300)
    rows = [["Tom", "has", "3", "eggs", "."], ["2", "+", "3", "="]]
    w, gap, h = 84, 7, 68
    for left, side in ((0, "right"), (WIDTH - 6 * (w + gap) + gap, "left")):
        c.text(left, 20, f"padded on the {side}", 28, anchor="start", bold=True)
        for i, words in enumerate(rows):
            fill = ["PAD"] * (5 - len(words))
            cells = [*words, *fill] if side == "right" else [*fill, *words]
            for t, word in enumerate(cells):
                c.token(
                    left + t * (w + gap),
                    52 + i * (h + 14),
                    word,
                    "padding" if word == "PAD" else "prompt",
                    w=w,
                    h=h,
                    size=26,
                )
            x = left + 5 * (w + gap)
            c.rect(x, 52 + i * (h + 14), w, h, LOOKS["loss"].fill, LOOKS["loss"].line, thick=3, radius=8)
            c.text(x + w / 2, 52 + i * (h + 14) + h / 2, "next", 26, bold=True)
        foot = left + 4 * (w + gap) + w / 2
        if answer:
            good = side == "left"
            words = "goes on from its own last word" if good else "asked to go on after padding"
            colour = DARK_RIGHT if good else DARK_WRONG
            c.line(foot, 256, foot, 222, colour, 4, arrow=True)
            c.text(left + 6 * (w + gap) - gap, 278, words, 26, anchor="end", bold=True, fill=colour)
        else:
            c.line(foot, 256, foot, 222, QUIET, 4, arrow=True)
            c.text(
                left + 6 * (w + gap) - gap,
                278,
                "the next token is read off this column",
                25,
                anchor="end",
                fill=QUIET,
            )
    return c.svg()


def rates(r: Recorded) -> str:
    """Accuracy with its interval, format and stop rate, before and after fine-tuning."""
    figure, axes = plot(380)
    rows = [
        ("right answer, in the format", "accuracy"),
        ("a number after  ####", "format_rate"),
        ("stops by itself", "stop_rate"),
    ]
    for y, (_, key) in enumerate(reversed(rows)):
        before, after = r.before[key], r.after[key]
        axes.plot([before, after], [y, y], color=LINE, linewidth=6, marker="none", zorder=1)
        if key == "accuracy":
            for result, colour in ((r.before, "blue"), (r.after, "orange")):
                axes.plot(
                    result.interval,
                    [y, y],
                    color=COLORS[colour],
                    linewidth=12,
                    alpha=0.45,
                    marker="none",
                    solid_capstyle="butt",
                    zorder=2,
                )
        axes.plot(before, y, "o", color=COLORS["blue"], markersize=18, label="before" if y == 0 else None)
        axes.plot(after, y, "s", color=COLORS["orange"], markersize=18, label="after" if y == 0 else None)
        for value, away in ((before, -1), (after, 1)):
            shift = 46 if key == "accuracy" and away > 0 else 18
            axes.annotate(
                f"{100 * value:.0f} %",
                (value, y),
                (away * shift, 0),
                textcoords="offset points",
                ha="right" if away < 0 else "left",
                va="center",
                weight="bold",
            )
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
    axes.set_xlim(-0.14, 1.14)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.xaxis.set_major_locator(MultipleLocator(0.25))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return to_svg(figure)


def intervals() -> str:
    """Wald's and Wilson's 95 % intervals for shares of few and many problems."""
    figure, axes = plot(390)
    cases = [(4, 4), (2, 4), (19, 20), (150, 300), (660, PROBLEMS)]
    for y, (correct, n) in enumerate(reversed(cases)):
        share = correct / n
        half = 1.96 * sqrt(share * (1 - share) / n)
        for up, (low, high), colour, marker, name in (
            (0.17, (share - half, share + half), COLORS["orange"], "s", "textbook (Wald)"),
            (-0.17, wilson_interval(correct, n), COLORS["blue"], "o", "Wilson"),
        ):
            axes.plot([low, high], [y + up] * 2, color=colour, linewidth=7, marker="none", alpha=0.6)
            axes.plot(
                share,
                y + up,
                marker,
                color=colour,
                markersize=13,
                markeredgecolor="white",
                label=name if y == 0 else None,
            )
    axes.axvline(1, color=INK, linewidth=2, marker="none")
    axes.set_yticks(range(len(cases)), [f"{correct} of {n:,}" for correct, n in reversed(cases)])
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return to_svg(figure)


def width() -> str:
    """Half the width of Wilson's interval at 50 % against the number of problems."""
    figure, axes = plot(250)
    counts = [20, 50, 100, 200, 500, PROBLEMS, 5000]
    halves = [_half_width(0.5, n) for n in counts]
    axes.plot(counts, halves, color=COLORS["blue"], marker="o")
    for n, half in zip(counts, halves, strict=True):
        axes.annotate(
            f"±{100 * half:.1f}",
            (n, half),
            (0, 12),
            textcoords="offset points",
            ha="left",
            va="bottom",
            weight="bold" if n == PROBLEMS else "normal",
        )
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.minorticks_off()
    axes.set_xlim(16, 9000)
    axes.set_ylim(0, 0.29)
    axes.yaxis.set_major_locator(MultipleLocator(0.1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    axes.set_title("points at 50 %, by number of problems", weight="normal")
    return to_svg(figure)


def ten(answer: bool, dark: bool = False) -> str:
    """Ten problems, two models; in the answer, the columns that disagree are named."""
    c = Canvas(230 if answer else 186)
    left, w, gap, h = 150, 92, 9, 76
    ink = "#ffffff" if dark else INK
    for i, (name, marks) in enumerate((("model A", MODEL_A), ("model B", MODEL_B))):
        y = 6 + i * (h + 12)
        c.text(4, y + h / 2, name, 29, anchor="start", bold=True, fill=ink)
        for t, mark in enumerate(marks):
            differs = MODEL_A[t] != MODEL_B[t]
            look = LOOKS["prompt"]
            fill, line = (look.fill, look.line) if mark else (PAPER, LINE)
            faded = answer and not differs
            if faded:
                fill, line = ("#22323f", "#4a5a68") if dark else ("none", LINE)
            c.rect(left + t * (w + gap), y, w, h, fill, line, radius=8, thick=3)
            c.text(
                left + t * (w + gap) + w / 2,
                y + h / 2,
                str(mark),
                36,
                mono=True,
                bold=not faded,
                fill=("#b4c0cb" if dark else QUIET) if faded else INK,
            )
    if answer:
        for t, (a, b) in enumerate(zip(MODEL_A, MODEL_B, strict=True)):
            if a != b:
                bright, dim = ("#ffd27a", "#ffab7d") if dark else (DARK_ORANGE, DARK_WRONG)
                c.text(
                    left + t * (w + gap) + w / 2,
                    204,
                    "gained" if b else "lost",
                    27,
                    bold=True,
                    fill=bright if b else dim,
                )
    return c.svg()


def coin() -> str:
    """All ways in which four throws fall; those at least as uneven as 3 to 1 are filled."""
    c = Canvas(312)
    gained, lost = 3, 1
    throws = gained + lost
    w, gap, unit, base = 150, 60, 34, 226
    left = (WIDTH - 5 * w - 4 * gap) / 2
    for heads in range(throws + 1):
        ways = comb(throws, heads)
        x = left + heads * (w + gap)
        uneven = heads <= lost or heads >= gained
        with c.step(abs(heads - throws // 2) + 1):
            c.rect(
                x,
                base - unit * ways,
                w,
                unit * ways,
                LOOKS["loss"].fill if uneven else PAPER,
                LOOKS["loss"].line if uneven else LINE,
                radius=4,
                thick=3,
                dashed=not uneven,
            )
            c.text(x + w / 2, base - unit * ways / 2, str(ways), 32 if ways > 1 else 28, bold=True)
        c.text(x + w / 2, base + 26, f"{heads} : {throws - heads}", 27)
    c.text(
        WIDTH / 2,
        base + 62,
        "gained : lost, in four throws of a fair coin; in the bars: how many of 16 ways",
        24,
        fill=QUIET,
    )
    return c.svg()


def pairs(r: Recorded) -> str:
    """Problems lost (to the left) and gained (to the right) for the two recorded comparisons."""
    figure, axes = plot(300)
    names = {"before against after": "before, after", "two seeds of one recipe": "seed 0, seed 1"}
    widest = max(max(r.comparisons[key].gained, r.comparisons[key].lost) for key in names)
    for y, key in enumerate(reversed(names)):
        test = r.comparisons[key]
        axes.barh(y, test.gained, 0.55, color=COLORS["orange"])
        axes.barh(y, -test.lost, 0.55, color=COLORS["vermillion"], hatch="//", edgecolor="white")
        axes.annotate(
            f"gained {test.gained}",
            (test.gained, y),
            (12, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
        )
        axes.annotate(
            f"lost {test.lost}",
            (-test.lost, y),
            (-12, 0),
            textcoords="offset points",
            va="center",
            ha="right",
            weight="bold",
        )
        words = (
            f"p = {test.p_value:.2f}"
            if test.p_value >= 0.01
            else "p < 0.001"
            if test.p_value < 0.001
            else f"p = {test.p_value:.3f}"
        )
        axes.annotate(words, (1.62 * widest, y), ha="right", va="center", annotation_clip=False)
    axes.axvline(0, color=INK, linewidth=2, marker="none")
    axes.set_yticks(range(len(names)), list(reversed(names.values())))
    axes.set_xlim(-0.28 * widest, 1.64 * widest)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xticks([])
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return to_svg(figure)


def surprise(r: Recorded) -> str:
    """p-value of 17 more gained than lost against the number of problems on which the models disagree."""
    figure, axes = plot(380)
    net, limit = r.disagreements.net, r.disagreements["most_with_p_below_0.05"]
    counts = list(range(net, 302, 2))
    values = [_p((m + net) // 2, (m - net) // 2) for m in counts]
    axes.plot(counts, values, color=COLORS["blue"], marker="none")
    axes.axhline(0.05, color=COLORS["vermillion"], linestyle="--", marker="none", linewidth=3)
    axes.annotate(
        "0.05",
        (300, 0.05),
        (0, -8),
        textcoords="offset points",
        ha="right",
        va="top",
        color=DARK_WRONG,
        weight="bold",
    )
    axes.plot(limit, _p((limit + net) // 2, (limit - net) // 2), "o", color=COLORS["blue"])
    axes.annotate(
        f"{limit} disagreements",
        (limit, 0.05),
        (14, -16),
        textcoords="offset points",
        va="top",
        weight="bold",
    )
    axes.set_yscale("log")
    axes.set_ylim(1e-5, 1.5)
    axes.set_yticks([1e-4, 1e-2, 1], ["0.0001", "0.01", "1"])
    axes.minorticks_off()
    axes.set_xlim(0, 305)
    axes.set_xlabel("problems on which the two models disagree (gained + lost)")
    axes.set_title("p-value", weight="normal")
    return to_svg(figure)


def sizes(r: Recorded) -> str:
    """Accuracy against number of examples, with single seeds; few examples repeated beside it."""
    figure, axes = plot(390)
    curves = results.load("sft_curves")
    counts = [int(size) for size in r.sizes]
    entries = [r.sizes[size] for size in r.sizes]
    means = [entry["mean"] for entry in entries]
    below = [entry["mean"] - entry["low"] for entry in entries]
    above = [entry["high"] - entry["mean"] for entry in entries]
    axes.errorbar(
        counts,
        means,
        [below, above],
        color=COLORS["blue"],
        marker="o",
        capsize=7,
        elinewidth=3,
        capthick=3,
        label=f"each example {curves['recipe']['epochs']} times",
    )
    for count, entry in zip(counts, entries, strict=True):
        axes.plot(
            [count * 0.91] * len(entry["seeds"]),
            entry["seeds"],
            "o",
            mfc="white",
            mec=COLORS["blue"],
            markersize=12,
            mew=2.5,
        )
    again = r.repeated
    axes.errorbar(
        [again.examples * 1.09],
        [again.mean],
        [[again.mean - again.low], [again.high - again.mean]],
        color=COLORS["orange"],
        marker="s",
        capsize=7,
        elinewidth=3,
        capthick=3,
        linestyle="",
        label=f"{again.examples} examples, {again.epochs} times each",
    )
    start = curves["start"]
    axes.axhline(start["correct"] / start["n"], color=QUIET, linestyle="--", marker="none", linewidth=3)
    axes.annotate(
        "before fine-tuning",
        (1000, start["correct"] / start["n"]),
        (0, -8),
        textcoords="offset points",
        ha="right",
        va="top",
        color=QUIET,
    )
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.set_ylim(0, 0.62)
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("training examples")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.08))
    return to_svg(figure)


def equal_time(r: Recorded) -> str:
    """Accuracy against CPU seconds for all weights and for an adapter."""
    figure, axes = plot(370)
    looks = {
        "full": ("all weights", COLORS["blue"], "o", 0.97),
        "lora": ("adapter", COLORS["orange"], "s", 1.03),
    }
    for method, (name, colour, marker, aside) in looks.items():
        budgets = [int(budget) for budget in r.equal_time[method]]
        entries = [r.equal_time[method][str(budget)] for budget in budgets]
        means = [entry["mean"] for entry in entries]
        bars = [[e["mean"] - e["low"] for e in entries], [e["high"] - e["mean"] for e in entries]]
        axes.errorbar(
            [aside * b for b in budgets],
            means,
            bars,
            color=colour,
            marker=marker,
            capsize=7,
            elinewidth=3,
            capthick=3,
            label=name,
        )
    axes.set_xscale("log")
    axes.set_xticks(budgets, [f"{budget} s" for budget in budgets])
    axes.minorticks_off()
    axes.set_xlim(3.4, 19)
    axes.set_ylim(0, 0.55)
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("CPU time of training")
    axes.set_title("accuracy", weight="normal")
    axes.legend(loc="lower right", ncols=2)
    return to_svg(figure)


KINDS = {
    "correct": (COLORS["green"], ""),
    "unchecked": ("#aab2bc", "xx"),
    "plan": (COLORS["blue"], "//"),
    "arithmetic": (COLORS["orange"], ".."),
    "format": (COLORS["purple"], "\\\\"),
    "no end": (COLORS["vermillion"], "--"),
}


def errors(r: Recorded) -> str:
    """Kinds of completions as shares, one bar for each model."""
    figure, axes = plot(400)
    names = list(r.errors)
    for y, name in enumerate(reversed(names)):
        counts, start = r.errors[name], 0.0
        total = sum(counts[kind] for kind in KINDS)
        for kind, (colour, hatch) in KINDS.items():
            share = counts[kind] / total
            axes.barh(
                y,
                share,
                0.68,
                left=start,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                label=kind if y == 0 else None,
            )
            if share >= 0.065:
                axes.text(
                    start + share / 2,
                    y,
                    f"{100 * share:.0f} %",
                    ha="center",
                    va="center",
                    fontsize=23,
                    bbox={"fc": "white", "ec": "none", "pad": 2, "alpha": 0.9},
                )
            start += share
    axes.set_yticks(
        range(len(names)), [name.replace("nano-math", "strong stage") for name in reversed(names)]
    )
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.36, 1.0),
        ncols=6,
        fontsize=22,
        columnspacing=1.0,
        handlelength=1.2,
        handletextpad=0.5,
    )
    return to_svg(figure)


def tries(r: Recorded) -> str:
    """pass@k against k for both fine-tuned models; one greedy try on the left, the vote on the right."""
    figure, axes = plot(390)
    looks = [("strong stage", COLORS["blue"], "o"), ("weak stage", COLORS["orange"], "s")]
    for name, (words, colour, marker) in zip(r.tries, looks, strict=True):
        entry = r.tries[name]
        ks = [int(k) for k in entry["pass"]]
        values = [entry["pass"][str(k)] for k in ks]
        axes.plot(ks, values, color=colour, marker=marker)
        axes.annotate(
            f"pass@k, {words}",
            (ks[1], values[1]),
            (0, 18 if values[1] > 0.6 else 24),
            textcoords="offset points",
            ha="center",
            va="bottom",
            weight="bold",
        )
        for x, what in ((0.62, "greedy"), (1.62 * ks[-1], "vote")):
            low, high = wilson_interval(entry[what], entry.n)
            share = entry[what] / entry.n
            axes.errorbar(
                [x],
                [share],
                [[share - low], [high - share]],
                color=colour,
                marker=marker,
                mfc="white",
                mew=3,
                capsize=7,
                elinewidth=3,
                capthick=3,
                linestyle="",
            )
    axes.set_xscale("log", base=2)
    axes.set_xticks([0.62, *ks, 1.62 * ks[-1]], ["greedy", *map(str, ks), f"vote of {entry.samples}"])
    axes.minorticks_off()
    axes.set_xlim(0.5, 1.62 * ks[-1] * 1.25)
    axes.set_ylim(0, 1.12)
    axes.yaxis.set_major_locator(MultipleLocator(0.5))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("k tries at temperature 0.8")
    return to_svg(figure)


def real_model() -> str:
    """SmolLM2 before and after fine-tuning on two sets: right answers and form, with intervals."""
    figure, both = plot(400, ncols=2, sharey=True)
    found = real()
    for axes, (name, title) in zip(both, SETS.items(), strict=True):
        for y, rule in enumerate(reversed(RULES)):
            for when, colour, marker, place in (
                ("before", "blue", "o", y + 0.19),
                ("after", "orange", "s", y - 0.19),
            ):
                label = when if y == 0 else None
                interval_bar(axes, place, found[name][rule][when], COLORS[colour], marker, label)
        axes.set_title(f"{title}, {found[name]['n']} problems", weight="normal")
        axes.set_xlim(-0.03, 1.24)
        axes.set_xticks([0, 0.5, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.grid(axis="y", visible=False)
    both[0].set_yticks(range(len(RULES)), list(reversed(RULES)))
    both[0].set_ylim(-0.55, len(RULES) - 0.45)
    both[0].legend(loc="upper right")
    return to_svg(figure)
