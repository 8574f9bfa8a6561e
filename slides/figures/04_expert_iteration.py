"""Figures of deck 04. Two things come back: the loop of four boxes, and four problems with eight tries each, which are
few enough to count by hand.

Blue is what was there before, orange what the loop made, in every picture; markers and words say it too. What is
measured comes from the recorded experiment course_utils/results/expert_iteration.json.
"""

from __future__ import annotations

import functools
import html
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MultipleLocator, PercentFormatter

from course_utils import real_model, results
from course_utils.data.calculator import check_calculator
from course_utils.evaluation import (
    Difference,
    pass_at_k,
    share_difference,
    share_interval,
    wilson_interval,
)
from course_utils.experiments.expert_iteration import digits, held_out, right_samples
from course_utils.viz.diagrams import INK, LINE, LOOKS, PAPER, QUIET, WIDTH, Canvas, plot, to_svg
from course_utils.viz.style import COLORS, HATCHES, MARKERS

if TYPE_CHECKING:
    from course_utils.slides import Recorded

DARK_BLUE, DARK_ORANGE, DARK_WRONG, DARK_RIGHT = "#1f6f9f", "#8a5f00", "#a84a00", "#00664b"

BOXES = {
    "ask": ("Which problems?", "How many tries?"),
    "check": ("What counts", "as right?"),
    "keep": ("What of it, and", "how much of each?"),
    "train": ("Which model,", "for how long?"),
}

# Four problems, eight tries each, 1 for right.
TRIES = {
    "easy": [1, 1, 0, 1, 1, 1, 0, 1],
    "middling": [0, 1, 0, 0, 1, 0, 1, 0],
    "hard": [0, 0, 0, 0, 0, 1, 0, 0],
    "too hard": [0, 0, 0, 0, 0, 0, 0, 0],
}

# Six tries at one problem whose answer is 14, and the rule that stops each: none, if it is kept.
SIX = [
    ("9-5 = 4, 4+10 = 14  #### 14", None),
    ("9+5 = 14  #### 14", None),
    ("9-5 = 4  #### 4", "verify"),
    ("9-5 = 4, 4+10 = 14  #### 14  Tom has …", "once"),
    ("There are 14.", "verify"),
    ("4+10 = 14  #### 14", "cap"),
]
RULES = {"verify": 1, "cut": 2, "once": 3, "cap": 3}  # and the click with which its column comes

# Format rate and accuracy given the format, before and after.
AREA = (0.2, 0.5, 1.0, 0.6)

# STaR (Zelikman et al. 2022), table of GSM8K results, GPT-J 6B, in per cent.
STAR = [
    ("examples in the prompt, answers only", 3.0),
    ("examples in the prompt, with rationales", 3.1),
    ("fine-tuned on answers only", 5.8),
    ("STaR without hints", 10.1),
    ("STaR with hints", 10.7),
]

GSM8K = 1319  # its test problems (Cobbe et al. 2021)

ARMS = {
    "continue": "strong,\nfrom the base",
    "format": "strong,\nafter format",
    "skill": "medium,\nafter format",
}
# What differs -> the arm, what it is compared with, and after which round.
CHOICES = {
    "restart, not continue": ("restart", "continue", 3),
    "cap 1, not 2": ("cap 1", "format", 2),
    "no cap, not 2": ("no cap", "format", 2),
    "temperature 0, not 1": ("temperature 0", "format", 2),
    "temperature 0.5, not 1": ("temperature 0.5", "format", 2),
    "temperature 1.3, not 1": ("temperature 1.3", "format", 2),
}
MEASURES = {"pass8": "pass@8", "greedy": "greedy", "pass1": "pass@1"}


@functools.cache
def recorded() -> dict[str, list[dict[str, Any]]]:
    """Name of an arm -> its runs, one for each seed."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for run in results.load("expert_iteration")["runs"]:
        runs.setdefault(run["arm"], []).append(run)
    return runs


def toy() -> dict[str, Any]:
    """Numbers worked out from the toys and from the recorded experiment."""
    whole = results.load("expert_iteration")
    recipe = whole["recipe"]
    right = [sum(tries) for tries in TRIES.values()]
    n = len(TRIES["easy"])
    gaps = choice_gaps()
    low, high = wilson_interval(round(STAR[-1][1] / 100 * GSM8K), GSM8K)
    never = {arm: _never(arm) for arm in ("continue", "skill")}
    return {
        "right": right,
        "tries": n * len(right),
        "pass1": sum(right) / (n * len(right)),
        "solved": sum(count > 0 for count in right),
        "six_kept": sum(stop is None for _, stop in SIX),
        "kept_hard": {cap: _expected(1 / 8, 8, cap) for cap in (2, 8)},
        "kept_easy": {cap: _expected(6 / 8, 8, cap) for cap in (2, 8)},
        "area": dict(zip(("format", "skill"), _area_parts(), strict=True)),
        "recipe": recipe,
        "seeds": len(recipe["seeds"]),
        "minutes": sum(run["seconds"] for run in whole["runs"]) / 60,
        "arms": {arm: _curves(arm) for arm in recorded()},
        "split": {
            arm: {part: _mean(_splits(arm), part) for part in ("format", "skill", "from", "to")}
            for arm in ARMS
        },
        "steps": {name: [mean for mean, *_ in rows] for name, rows in _by_steps().items()},
        "against_gold": {
            what: share_difference(
                _table("continue", 3, what).mean(0), _table("gold", 0, what).mean(0), comparisons=2
            )
            for what in ("greedy", "pass1")
        },
        "never": never,
        "at_zero": {arm: _at_zero(arm) for arm in ("continue", "skill")},
        "beyond": {stage: _beyond(stage, arm) for stage, arm in (("strong", "format"), ("medium", "skill"))},
        "bases": {stage: _base_any(stage) for stage in ("strong", "medium")},
        "knew": _knew(),
        "longer": _longer(),
        "comparisons": 2 * len(CHOICES),
        "histogram": {
            arm: [", ".join(f"{v:.0f}" for v in _counts(arm, i).mean(0)) for i in (0, -1)]
            for arm in ("continue", "skill")
        },
        "choices": gaps,
        "lowest": min(gaps, key=lambda name: gaps[name]["pass1"][0]),
        "clear_pass8": [name for name, gap in gaps.items() if not gap["pass8"][1] < 0 < gap["pass8"][2]],
        "star_half": (high - low) / 2,
        "wrong_steps": {arm: _wrong_steps(arm) for arm in ARMS},
        "wrong_example": _wrong_example(),
        "asked": {arm: _asked(arm, 1) for arm in ("format", "temperature 0", "too hard")},
        "second": {arm: _second(arm) for arm in ("hint", "again")},
        "strict_kept": {arm: _strict_kept(arm) for arm in ("last number", "number anywhere")},
        "real": real_model.recorded("samples"),
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. They rest on the recorded experiment, not on `r`."""
    return {
        "loop_dark": loop(dark=True),
        "loop": loop(dark=False),
        "four_question": four(answer=False),
        "four": four(answer=True),
        "room": room(),
        "six_question": six(answer=False),
        "six": six(answer=True),
        "cap": cap(),
        "two_ways": two_ways(),
        "signal": signal(),
        "rounds": rounds(),
        "control": control(),
        "area": area(),
        "split": split(),
        "three": three(),
        "steps": steps(),
        "histogram": histogram(),
        "choices": choices(),
        "lenient": lenient(),
        "hard": hard(),
        "hint": hint(),
        "star": star(),
        "real": real(),
        "checked_dark": loop(dark=True, only="check"),
    }


# What was recorded


def _values(state: dict[str, Any], what: str) -> list[float]:
    """One value for each held-out problem: solved greedily, share of the tries, solved by one of them."""
    if what == "greedy":
        return right_samples(state["greedy"])
    tries = results.load("expert_iteration")["recipe"]["samples"]
    return [c / tries if what == "pass1" else float(c > 0) for c in right_samples(state["sampled"])]


def _table(arm: str, number: int, what: str) -> np.ndarray:
    """(seeds, problems) of `_values`, after round `number`."""
    return np.array([_values(run["rounds"][number], what) for run in recorded()[arm]], dtype=float)


def choice_gaps() -> dict[str, dict[str, Difference]]:
    """Differences on the same problems, mean over seeds. All of them are looked at, so all intervals hold at once."""
    return {
        name: {
            what: share_difference(
                _table(first, number, what).mean(0), _table(second, number, what).mean(0), 2 * len(CHOICES)
            )
            for what in ("pass1", "pass8")
        }
        for name, (first, second, number) in CHOICES.items()
    }


def _beyond(stage: str, arm: str) -> Difference:
    """The greedy answer after the last round, strict, less the base model's in whatever format, problem by problem."""
    return share_difference(_table(arm, -1, "greedy").mean(0), _known(stage))


def _base_any(stage: str) -> float:
    """Share of greedy answers of a base model that are right in whatever format."""
    return float(_known(stage).mean())


def _knew() -> float:
    """Of what the strong model answers correctly after the loop, the share that its base knew in whatever format."""
    right = _table("continue", -1, "greedy")
    return float((right * _known("strong")).sum() / right.sum())


def _known(stage: str) -> np.ndarray:
    """For each held-out problem whether the base model's greedy answer is right in whatever format."""
    return np.array(digits(results.load("expert_iteration")["known"][stage]), dtype=float)


def _longer() -> Difference:
    """Gold solutions less the loop at three and four steps, one greedy answer, strict."""
    longer = [problem["steps"] in (3, 4) for problem in held_out()]
    return share_difference(
        _table("gold", 0, "greedy").mean(0)[longer], _table("continue", -1, "greedy").mean(0)[longer]
    )


def _share(arm: str, number: int, key: str) -> list[float]:
    """Share of greedy answers, by seed. key: correct, any, format, stopped, or the name of a lenient verifier."""
    states = [run["rounds"][number]["greedy"] for run in recorded()[arm]]
    return [(sum(right_samples(s)) if key == "correct" else s[key]) / s["n"] for s in states]


def _curves(arm: str) -> dict[str, Any]:
    """Means over seeds by round, and kept solutions (all rounds together, mean over seeds)."""
    runs = recorded()[arm]
    numbers = range(len(runs[0]["rounds"]))
    return {
        **{what: [float(_table(arm, i, what).mean()) for i in numbers] for what in MEASURES},
        **{
            name: [float(np.mean(_share(arm, i, name))) for i in numbers]
            for name in ("any", "stopped", "last number", "number anywhere")
        },
        "kept": sum(sum(r["kept"] for r in run["rounds"][1:]) for run in runs) / len(runs),
        "examples": sum(run.get("examples", 0) for run in runs) / len(runs),
    }


def _splits(arm: str) -> list[dict[str, float]]:
    """The climb of pass@1 split into format and skill, by seed; from, to: format rate at the start and end."""
    found = []
    for run in recorded()[arm]:
        ends = [run["rounds"][i]["sampled"] for i in (0, -1)]
        (f0, s0), (f1, s1) = [(e["format"] / e["n"], sum(right_samples(e)) / e["format"]) for e in ends]
        found.append(
            {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2, "from": f0, "to": f1}
        )
    return found


def _mean(rows: list[dict[str, float]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _by_steps() -> dict[str, list[tuple[float, float, float]]]:
    """Greedy answers right in whatever format, by number of steps, with intervals at one seed's sample size."""
    shown = {"base": ("continue", 0), "after the loop": ("continue", -1), "gold solutions": ("gold", 0)}
    series: dict[str, list[tuple[float, float, float]]] = {}
    for name, (arm, number) in shown.items():
        for level in ("2", "3", "4", "5"):
            cells = [run["rounds"][number]["greedy"]["steps"][level] for run in recorded()[arm]]
            right, n = np.mean([cell[1] for cell in cells]), cells[0][2]
            series.setdefault(name, []).append((float(right / n), *wilson_interval(round(right), n)))
    return series


def _counts(arm: str, number: int) -> np.ndarray:
    """(seeds, 9): how many problems have 0, 1, … 8 right tries after round `number`."""
    states = [right_samples(run["rounds"][number]["sampled"]) for run in recorded()[arm]]
    return np.array([np.bincount(counts, minlength=9) for counts in states])


def _never(arm: str) -> dict[str, int]:
    """Problems never solved by any try, in any round or seed; those with the most steps among them."""
    table = np.array(
        [[right_samples(state["sampled"]) for state in run["rounds"]] for run in recorded()[arm]]
    )
    never = (table == 0).all(axis=(0, 1))
    longest = [problem["steps"] == 5 for problem in held_out()[: table.shape[2]]]
    return {
        "all": int(never.sum()),
        "of": len(never),
        "longest": int((never & longest).sum()),
        "of_longest": sum(longest),
    }


def _at_zero(arm: str) -> dict[str, float]:
    """Problems without a right try at the start, and those of them with one after the last round; means over seeds."""
    start, end = (
        np.array([right_samples(run["rounds"][i]["sampled"]) for run in recorded()[arm]]) for i in (0, -1)
    )
    at_zero = start == 0
    return {
        "all": float(at_zero.sum(1).mean()),
        "solved": float((at_zero & (end > 0)).sum(1).mean()),
    }


def _area_parts() -> tuple[float, float]:
    """What format and skill have of the climb in AREA."""
    f0, s0, f1, s1 = AREA
    return (f1 - f0) * (s0 + s1) / 2, (s1 - s0) * (f0 + f1) / 2


def _wrong_steps(arm: str) -> dict[str, Any]:
    """Kept solutions with a false calculation, of those with one to check, all rounds and seeds."""
    rows = [entry for run in recorded()[arm] for entry in run["rounds"][1:]]
    false, checked = (sum(entry[key] for entry in rows) for key in ("false_steps", "annotated"))
    return {
        "false": false,
        "checked": checked,
        "share": false / checked,
        "interval": wilson_interval(false, checked),
    }


def _wrong_example() -> dict[str, str]:
    """The shortest recorded solution in which two false calculations lead to the right answer."""
    found = [
        example
        for arm in ("continue", "format")
        for run in recorded()[arm]
        for entry in run["rounds"][1:]
        for example in entry["examples"]
        if sum(not a.right for a in check_calculator(example["answer"])) == 2
    ]
    example = min(found, key=lambda e: (len(e["answer"]), e["answer"]))
    return {key: html.escape(text) for key, text in example.items()}


def _asked(arm: str, number: int) -> dict[str, float]:
    """Questions with a kept solution in a round: [with, all], pooled over seeds, in all and by number of steps."""
    counts: dict[str, list[int]] = {}
    for run in recorded()[arm]:
        for level, (good, total) in run["rounds"][number]["solved_by_steps"].items():
            pair = counts.setdefault(level, [0, 0])
            pair[0] += good
            pair[1] += total
    return {"steps": counts, "share": sum(g for g, _ in counts.values()) / sum(t for _, t in counts.values())}


def _second(arm: str) -> dict[str, Any]:
    """Unsolved questions that the second try solved, all rounds and seeds."""
    tried = [entry["second_try"] for run in recorded()[arm] for entry in run["rounds"][1:]]
    solved = sum(good for entry in tried for good, _ in entry["solved_by_steps"].values())
    asked = sum(entry["questions"] for entry in tried)
    return {
        "solved": solved,
        "asked": asked,
        "share": solved / asked,
        "interval": wilson_interval(solved, asked),
    }


def _strict_kept(arm: str) -> float:
    """Share of what an arm kept that is right by the strict rule."""
    rows = [entry for run in recorded()[arm] for entry in run["rounds"][1:]]
    return sum(entry["strict"] for entry in rows) / sum(entry["kept"] for entry in rows)


def _expected(rate: float, n: int, most: int) -> float:
    """Expected number of kept solutions of a problem, at most `most` of n tries."""
    return sum(comb(n, c) * rate**c * (1 - rate) ** (n - c) * min(c, most) for c in range(n + 1))


# Pictures made by hand


def loop(dark: bool, only: str = "") -> str:
    """Four boxes and the way back; on a light slide with what each box asks. only: the one box that is lit."""
    w, gap, h = 220, 94, 92
    c = Canvas(222 if dark else 320)
    ink, way = ("#ffffff", "#b4c0cb") if dark else (INK, QUIET)
    foot = 166 if dark else 262
    for i, (name, asks) in enumerate(BOXES.items()):
        x = 4 + i * (w + gap)
        look = LOOKS["loss" if name in ("check", "keep") else "prompt"]
        lit = not only or name == only
        c.rect(x, 8, w, h, look.fill if lit else "#22323f", look.line, radius=12, thick=3)
        c.text(x + w / 2, 54, name, 34, bold=True, fill=INK if lit else "#b4c0cb")
        if i:
            c.line(x - gap + 8, 54, x - 8, 54, way, 4, arrow=True)
        with c.step(0 if dark else i // 2 + 1):
            for k, words in enumerate(() if dark else asks):
                c.text(x + w / 2, 132 + 31 * k, words, 24)
    first, last = 4 + w / 2, 4 + 3 * (w + gap) + w / 2
    top = h + 14 if dark else 186
    with c.step(0 if dark else 3):
        c.line(last, top, last, foot, way, 4)
        c.line(last, foot, first, foot, way, 4)
        c.line(first, foot, first, top, way, 4, arrow=True)
        c.text(WIDTH / 2, foot + 30, "the new model asks itself in the next round", 26, bold=True, fill=ink)
    return c.svg()


def four(answer: bool) -> str:
    """Four problems, eight tries each; in the answer, with their counts."""
    c = Canvas(322)
    left, w, gap, h = 170, 84, 9, 66
    for i, (name, tries) in enumerate(TRIES.items()):
        y = 6 + i * (h + 14)
        c.text(4, y + h / 2, name, 30, anchor="start", bold=True)
        for t, mark in enumerate(tries):
            look = LOOKS["loss"]
            x = left + t * (w + gap)
            c.rect(x, y, w, h, look.fill if mark else PAPER, look.line if mark else LINE, radius=8, thick=3)
            (c.tick if mark else c.cross)(
                x + w / 2, y + h / 2, 13 if mark else 9, DARK_RIGHT if mark else LINE
            )
        if answer:
            x = left + len(tries) * (w + gap) + 16
            c.text(x, y + h / 2, f"{sum(tries)} of {len(tries)}", 30, anchor="start", bold=True)
    return c.svg()


def six(answer: bool) -> str:
    """Six tries at one problem; in the answer, with the four rules and where each try is stopped."""
    c = Canvas(390)
    h = 55
    place = {rule: 730 + 120 * i for i, rule in enumerate(RULES)}
    if answer:
        for rule, x in place.items():
            with c.step(RULES[rule]):
                c.text(x, 20, rule, 27, bold=True, fill=QUIET)
    for i, (words, stop) in enumerate(SIX):
        y = 72 + h * i
        kept = answer and stop is None
        if kept:
            with c.step(3):
                c.rect(0, y - 25, WIDTH, 50, LOOKS["loss"].fill, radius=8)
        c.text(14, y, f"{i + 1}", 25, anchor="start", fill=QUIET)
        c.text(50, y, words, 25, anchor="start", mono=True, bold=kept)
        if not answer:
            continue
        for rule, x in place.items():
            with c.step(RULES[rule]):
                if rule == stop:
                    c.cross(x, y, 11)
                elif rule == "cut" and "Tom" in words:
                    c.text(x, y, "end off", 25, bold=True, fill=DARK_ORANGE)
                else:
                    c.tick(x, y, 10)
            if rule == stop:
                break
    return c.svg()


def two_ways() -> str:
    """Continue and restart: who writes the data (dashed) and which model is trained (solid)."""
    c = Canvas(400)
    w, gap, h = 150, 150, 68
    left = 210
    for row, (name, base) in enumerate((("continue", 30), ("restart", 220))):
        c.text(4, base + h / 2, name, 31, anchor="start", bold=True)
        for i in range(4):
            x = left + i * (w + gap - 50)
            look = LOOKS["loss" if i else "prompt"]
            c.rect(x, base, w, h, look.fill, look.line, radius=12, thick=3)
            c.text(x + w / 2, base + h / 2, f"round {i}" if i else "start", 28, bold=True)
            if i:
                if row == 0:
                    c.line(x - 92, base + 22, x - 8, base + 22, DARK_BLUE, 4, arrow=True, dashed=True)
                    c.line(x - 92, base + 48, x - 8, base + 48, DARK_ORANGE, 5, arrow=True)
                else:
                    c.line(x - 92, base + h / 2, x - 8, base + h / 2, DARK_BLUE, 4, arrow=True, dashed=True)
                    c.line(x + w / 2, base + h + 46, x + w / 2, base + h + 8, DARK_ORANGE, 5, arrow=True)
        if row:
            c.line(left + w / 2, base + h + 4, left + w / 2, base + h + 46, DARK_ORANGE, 5)
            end = left + 3 * (w + gap - 50) + w / 2
            c.line(left + w / 2, base + h + 46, end, base + h + 46, DARK_ORANGE, 5)
    c.line(210, 372, 270, 372, DARK_BLUE, 4, arrow=True, dashed=True)
    c.text(286, 372, "writes the data", 26, anchor="start", fill=DARK_BLUE, bold=True)
    c.line(560, 372, 620, 372, DARK_ORANGE, 5, arrow=True)
    c.text(636, 372, "is what gets trained", 26, anchor="start", fill=DARK_ORANGE, bold=True)
    return c.svg()


# Plots


def _percent(axis: Any, step: float = 0.25) -> None:
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _above(axes: Any, columns: int) -> None:
    """The legend above the axes, out of the way of everything."""
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, columnspacing=1.4, handletextpad=0.5
    )


def room() -> str:
    """pass@k of the base model, and its greedy answer by two rules."""
    figure, axes = plot(390)
    state = recorded()["continue"][0]["rounds"][0]
    counts = right_samples(state["sampled"])
    ks = range(1, 9)
    shares = [float(np.mean([pass_at_k(8, c, k) for c in counts])) for k in ks]
    ends = [wilson_interval(round(s * len(counts)), len(counts)) for s in shares]
    axes.errorbar(
        ks,
        shares,
        _arms(shares, ends),
        color=COLORS["blue"],
        marker="o",
        capsize=6,
        label="pass@k, strict rule",
    )
    for key, mark, face, name in (
        ("correct", "s", "white", "greedy, strict rule"),
        ("any", "^", None, "greedy, any format"),
    ):
        value = _share("continue", 0, key)[0]
        axes.plot(
            0.6, value, mark, color=COLORS["vermillion"], mfc=face or COLORS["vermillion"], mew=3, label=name
        )
        axes.annotate(
            f"{100 * value:.0f} %",
            (0.6, value),
            (0, 16),
            textcoords="offset points",
            ha="center",
            weight="bold",
        )
    axes.set_xlim(0.2, 8.4)
    axes.set_ylim(0, 0.85)
    axes.set_xticks(ks)
    axes.set_xlabel("k tries at temperature 1")
    _percent(axes.yaxis)
    _above(axes, 3)
    return to_svg(figure)


def _arms(means: list[float], ends: list[tuple[float, float]]) -> list[list[float]]:
    """Lengths of error bars below and above."""
    return [
        [max(0.0, m - low) for m, (low, _) in zip(means, ends, strict=True)],
        [max(0.0, high - m) for m, (_, high) in zip(means, ends, strict=True)],
    ]


def _range(rows: list[list[float]]) -> list[list[float]]:
    """Lengths of bars from the mean to the lowest and the highest seed, row by row."""
    return _arms([float(np.mean(row)) for row in rows], [(min(row), max(row)) for row in rows])


def cap() -> str:
    """Expected number of kept solutions against the solve rate, for four caps."""
    figure, axes = plot(380)
    shares = np.linspace(0, 1, 41)
    for i, (most, name) in enumerate(((8, "no cap"), (4, "cap 4"), (2, "cap 2"), (1, "cap 1"))):
        kept = [_expected(p, 8, most) for p in shares]
        colour = (COLORS["black"], COLORS["blue"], COLORS["orange"], COLORS["green"])[i]
        axes.plot(shares, kept, color=colour, marker=MARKERS[i], markevery=8)
        axes.annotate(name, (1, kept[-1]), (14, 0), textcoords="offset points", va="center", weight="bold")
    axes.set_xlim(-0.03, 1.12)
    axes.set_ylim(-0.5, 8.4)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.yaxis.set_major_locator(MultipleLocator(2))
    axes.set_xlabel("solve rate of the problem")
    axes.set_title("examples kept of it, from eight tries", weight="normal")
    return to_svg(figure)


def signal() -> str:
    """How strongly a problem is pushed, in the smallest model there is, with the four problems marked."""
    figure, axes = plot(270)
    rates = np.linspace(0, 1, 101)
    axes.plot(rates, rates * (1 - rates), color=COLORS["blue"], marker="none")
    for name, tries in TRIES.items():
        p = sum(tries) / len(tries)
        axes.plot(p, p * (1 - p), "s", color=COLORS["orange"])
        axes.annotate(
            name,
            (p, p * (1 - p)),
            (18, -4) if p < 0.2 else (0, 14),
            textcoords="offset points",
            ha="left" if p < 0.2 else "center",
            weight="bold",
        )
    axes.set_ylim(-0.02, 0.33)
    axes.set_xlim(-0.02, 1.02)
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_title("push  p (1 − p)  against the solve rate p", weight="normal")
    return to_svg(figure)


def rounds() -> str:
    """Three measures by round with intervals and single seeds, and as many gold solutions on the right."""
    figure, axes = plot(400)
    for i, (what, name) in enumerate(MEASURES.items()):
        colour, mark = (COLORS["blue"], COLORS["orange"], COLORS["green"])[i], MARKERS[i]
        cells = [("continue", number) for number in range(4)] + [("gold", 0)]
        tables = [_table(*cell, what) for cell in cells]
        means, lows, highs = zip(*(share_interval(table.mean(0)) for table in tables), strict=True)
        places = np.array([0, 1, 2, 3, 4.1]) + 0.07 * (i - 1)
        bars = _arms(list(means), list(zip(lows, highs, strict=True)))
        look = {"color": colour, "marker": mark, "capsize": 6, "elinewidth": 3}
        axes.errorbar(places[:4], means[:4], [b[:4] for b in bars], label=name, **look)
        axes.errorbar(places[4:], means[4:], [b[4:] for b in bars], linestyle="", **look)
        for place, table in zip(places, tables, strict=True):
            axes.plot(
                [place + 0.03] * len(table), table.mean(1), mark, mfc="white", mec=colour, markersize=8, mew=2
            )
    axes.set_xticks([0, 1, 2, 3, 4.1], ["base", "round 1", "round 2", "round 3", "as many gold"])
    axes.set_xlim(-0.3, 4.5)
    axes.set_ylim(0, 1)
    _percent(axes.yaxis)
    _above(axes, 3)
    return to_svg(figure)


def control() -> str:
    """Greedy accuracy by two rules: the base, the control that was shown the format only, three rounds."""
    figure, axes = plot(330)
    rows = [
        ("base model", "continue", 0),
        ("format shown, no loop", "format", 0),
        ("three rounds of the loop", "continue", 3),
    ]
    for y, (_, arm, number) in enumerate(reversed(rows)):
        strict, loose = (float(np.mean(_share(arm, number, key))) for key in ("correct", "any"))
        axes.plot([strict, loose], [y, y], color=LINE, linewidth=6, marker="none", zorder=1)
        for value, colour, mark, size, face, name in (
            (loose, "blue", "o", 22, "white", "right in any format"),
            (strict, "orange", "s", 13, COLORS["orange"], "right by the strict rule"),
        ):
            axes.plot(
                value, y, mark, color=COLORS[colour], mfc=face, mew=4, markersize=size, label=None if y else name
            )  # fmt: skip
            left = colour == "orange"
            axes.annotate(
                f"{100 * value:.0f} %", (value, y), (-24 if left else 24, 0), textcoords="offset points",
                ha="right" if left else "left", va="center", weight="bold", color=DARK_ORANGE if left else DARK_BLUE,
            )  # fmt: skip
    axes.set_yticks(range(3), [name for name, *_ in reversed(rows)])
    axes.set_ylim(-0.5, 2.5)
    axes.set_xlim(-0.08, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", visible=False)
    _above(axes, 2)
    return to_svg(figure)


def area() -> str:
    """Accuracy as an area: format rate wide, accuracy given the format high; the climb in two trapezoids."""
    c = Canvas(304, 564)
    f0, s0, f1, s1 = AREA
    left, base, wide, high = 54, 260, 484, 400
    # The formula's terms are the areas of two trapezoids: the diagonal halves the corner.
    for corners, fill, line in (
        ([(0, 0), (f0, 0), (f0, s0), (0, s0)], LOOKS["prompt"].fill, LOOKS["prompt"].line),
        ([(f0, 0), (f1, 0), (f1, s1), (f0, s0)], LOOKS["loss"].fill, LOOKS["loss"].line),
        ([(0, s0), (f0, s0), (f1, s1), (0, s1)], "#cfeee3", COLORS["green"]),
    ):
        c.polygon([(left + wide * x, base - high * y) for x, y in corners], fill, line, thick=3)
    for x0, y0, x1, y1 in ((f0, s0, f0, s1), (f0, s0, f1, s0)):
        c.line(left + wide * x0, base - high * y0, left + wide * x1, base - high * y1, INK, 3, dashed=True)
    middle = base - high * s0 / 2
    c.text(left + wide * f0 / 2, middle, "before", 25, bold=True)
    c.text(left + wide * (f0 + f1) / 2, middle, "format", 34, bold=True, fill=DARK_ORANGE)
    c.text(left + wide * f0 / 2, base - high * (s0 + s1) / 2, "skill", 26, bold=True, fill=DARK_RIGHT)
    for x, words in ((f0, f"{f0:.1f}"), (f1, f"{f1:.0f}")):
        c.text(left + wide * x, base + 26, words, 24)
    c.text(left + wide * 0.6, base + 26, "format rate", 24, fill=QUIET)
    for y in (s0, s1):
        c.text(left - 10, base - high * y, f"{y:.1f}", 24, anchor="end")
    return c.svg()


def split() -> str:
    """The climb of pass@1 in two pieces, for three starts: mean and range over seeds."""
    figure, axes = plot(370)
    for i, (part, colour) in enumerate((("format", "orange"), ("skill", "green"))):
        for x, arm in enumerate(ARMS):
            found = [row[part] for row in _splits(arm)]
            mean = float(np.mean(found))
            axes.bar(
                x + 0.36 * i - 0.18, mean, 0.34, yerr=[[mean - min(found)], [max(found) - mean]], color=COLORS[colour],
                hatch=HATCHES[i], edgecolor="white", capsize=6, error_kw={"elinewidth": 3},
                label=("format", "accuracy given the format (“skill”)")[i] if x == 0 else None,
            )  # fmt: skip
            axes.annotate(
                f"{100 * mean:+.0f}", (x + 0.36 * i - 0.18, max(found)), (0, 8), textcoords="offset points",
                ha="center", va="bottom", weight="bold",
            )  # fmt: skip
    axes.set_xticks(range(3), list(ARMS.values()))
    axes.set_ylim(0, 0.5)
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.set_ylabel("points")
    axes.grid(axis="x", visible=False)
    _above(axes, 2)
    return to_svg(figure)


def three() -> str:
    """Greedy by two rules and pass@1, by round, for three starts."""
    figure, panels = plot(390, ncols=3, sharey=True)
    for panel, (arm, title) in zip(panels, ARMS.items(), strict=True):
        numbers = range(len(recorded()[arm][0]["rounds"]))
        series = [
            ("greedy, any format", [_share(arm, i, "any") for i in numbers], "blue", "o", ":"),
            ("greedy, strict", [_share(arm, i, "correct") for i in numbers], "orange", "s", "-"),
            ("pass@1, strict", [list(_table(arm, i, "pass1").mean(1)) for i in numbers], "green", "^", "--"),
        ]
        for name, rows, colour, mark, line in series:
            means = np.mean(rows, 1)
            panel.errorbar(
                numbers, means, _range(rows), color=COLORS[colour], marker=mark,
                linestyle=line, capsize=5, elinewidth=3, label=name,
                markersize=20 if colour == "blue" else 12, mfc="white" if colour == "blue" else None,
            )  # fmt: skip
        panel.axhline(
            _base_any("medium" if arm == "skill" else "strong"), color=COLORS["blue"], linewidth=1.5, marker="none",
            label="its base model, any format",
        )  # fmt: skip
        panel.set_title(title.replace("\n", " "), weight="bold", fontsize=23)
        panel.set_xticks(numbers)
        panel.set_xlabel("round")
        panel.set_ylim(0, 0.85)
        _percent(panel.yaxis)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, columnspacing=1.2, handletextpad=0.5)
    return to_svg(figure)


def steps() -> str:
    """Greedy answers right in whatever format, by number of steps: base, loop, gold."""
    figure, axes = plot(370)
    for i, (name, rows) in enumerate(_by_steps().items()):
        means = [row[0] for row in rows]
        axes.bar(
            np.arange(4) + 0.27 * (i - 1), means, 0.25, yerr=_arms(means, [row[1:] for row in rows]),
            color=(COLORS["blue"], COLORS["orange"], COLORS["green"])[i], hatch=HATCHES[i], edgecolor="white",
            capsize=5, error_kw={"elinewidth": 2.5}, label=name,
        )  # fmt: skip
    axes.set_xticks(range(4), [f"{k} steps" for k in range(2, 6)])
    axes.set_ylim(0, 1.05)
    _percent(axes.yaxis, 0.5)
    axes.grid(axis="x", visible=False)
    _above(axes, 3)
    return to_svg(figure)


def histogram() -> str:
    """Right tries of eight, before and after the loop, mean and range over seeds."""
    figure, panels = plot(380, ncols=2, sharey=True)
    for panel, arm in zip(panels, ("continue", "skill"), strict=True):
        for i, number in enumerate((0, -1)):
            tables = _counts(arm, number)
            middle = tables.mean(0)
            panel.bar(
                np.arange(9) + 0.42 * i - 0.21, middle, 0.4, yerr=[middle - tables.min(0), tables.max(0) - middle],
                color=(COLORS["blue"], COLORS["orange"])[i], hatch=HATCHES[i], edgecolor="white", capsize=3,
                label=("start", "after the last round")[i],
            )  # fmt: skip
        panel.set_title(ARMS[arm].replace("\n", " "), weight="bold")
        panel.set_xticks(range(9))
        panel.set_xlabel("right tries of 8")
        panel.grid(axis="x", visible=False)
    panels[0].set_ylabel("problems")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2)
    return to_svg(figure)


def choices() -> str:
    """Paired differences in pass@1 and pass@8 for each choice of the loop."""
    figure, axes = plot(420)
    for i, (what, colour) in enumerate((("pass1", "green"), ("pass8", "blue"))):
        rows = [gaps[what] for gaps in choice_gaps().values()]
        places = np.arange(len(rows))[::-1] + 0.18 * (1 - 2 * i)
        means = [row[0] for row in rows]
        axes.errorbar(
            means, places, xerr=_arms(means, [row[1:] for row in rows]), color=COLORS[colour], marker="^o"[i],
            linestyle="", capsize=6, elinewidth=4, label=MEASURES[what],
        )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=2, marker="none")
    axes.set_yticks(range(len(CHOICES)), list(CHOICES)[::-1])
    axes.set_ylim(-0.6, len(CHOICES) - 0.4)
    axes.xaxis.set_major_locator(MultipleLocator(0.05))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    axes.set_xlabel("points more (right) or fewer (left), on the same problems")
    axes.grid(axis="y", visible=False)
    _above(axes, 2)
    return to_svg(figure)


def lenient() -> str:
    """Two lenient verifiers: their own score, the strict one, and what else changes, by round."""
    figure, panels = plot(400, ncols=2, sharey=True)
    for panel, arm in zip(panels, ("last number", "number anywhere"), strict=True):
        numbers = range(len(recorded()[arm][0]["rounds"]))
        for name, key, colour, mark, line in (
            ("its own score", arm, "orange", "s", "-"),
            ("strict (honest)", "correct", "vermillion", "D", "-"),
            ("right in any format", "any", "blue", "o", ":"),
            ("stops by itself", "stopped", "black", "X", ":"),
        ):
            rows = [_share(arm, i, key) for i in numbers]
            means = np.mean(rows, 1)
            panel.errorbar(
                numbers, means, _range(rows), color=COLORS[colour], marker=mark,
                linestyle=line, capsize=5, elinewidth=3, label=name,
            )  # fmt: skip
        panel.set_title(f"verifier: {arm}", weight="bold")
        panel.set_xticks(numbers)
        panel.set_xlabel("round")
        panel.set_ylim(-0.03, 1.05)
        _percent(panel.yaxis, 0.5)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, columnspacing=1.2)
    return to_svg(figure)


def hard() -> str:
    """Share of training questions with a kept solution, by number of steps, in the first round."""
    figure, axes = plot(330)
    for i, (arm, name, colour) in enumerate(
        (
            ("format", "eight tries, 2 to 5 steps", "orange"),
            ("temperature 0", "temperature 0, one try", "blue"),
            ("too hard", "eight tries, 5 and 6 steps only", "vermillion"),
        )
    ):
        cells = _asked(arm, 1)["steps"]
        shares = [good / total for good, total in cells.values()]
        places = [int(level) + 0.12 * (i - 1) for level in cells]
        ends = [wilson_interval(good, total) for good, total in cells.values()]
        axes.errorbar(
            places, shares, _arms(shares, ends), color=COLORS[colour], marker=MARKERS[i], linestyle="", capsize=6,
            elinewidth=4, label=name,
        )  # fmt: skip
    axes.set_xticks(range(2, 7), [f"{k} steps" for k in range(2, 7)])
    axes.set_xlim(1.6, 6.4)
    axes.set_ylim(-0.02, 1.04)
    _percent(axes.yaxis, 0.5)
    axes.grid(axis="x", visible=False)
    _above(axes, 3)
    return to_svg(figure)


def hint() -> str:
    """Unsolved questions that a second try solved, with and without the hint."""
    figure, axes = plot(250)
    rows = {"with the answer as a hint": _second("hint"), "asked again without it": _second("again")}
    for y, (row, colour) in enumerate(zip(reversed(rows.values()), ("blue", "orange"), strict=True)):
        low, high = row["interval"]
        axes.barh(
            y, row["share"], 0.6, xerr=[[row["share"] - low], [high - row["share"]]], color=COLORS[colour],
            hatch=HATCHES[y], edgecolor="white", capsize=8, error_kw={"elinewidth": 3},
        )  # fmt: skip
        axes.annotate(
            f"{row['solved']} of {row['asked']}", (high, y), (16, 0), textcoords="offset points", va="center",
            weight="bold",
        )  # fmt: skip
    axes.set_yticks(range(2), list(reversed(rows)))
    axes.set_xlim(0, 1.5 * max(row["interval"][1] for row in rows.values()))
    axes.xaxis.set_major_locator(MultipleLocator(0.05))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def star() -> str:
    """The published table: five ways to use GPT-J 6B on GSM8K."""
    figure, axes = plot(350)
    for y, (name, value) in enumerate(reversed(STAR)):
        loops = name.startswith("STaR")
        axes.barh(
            y,
            value,
            0.62,
            color=COLORS["orange" if loops else "blue"],
            hatch=HATCHES[int(loops)],
            edgecolor="white",
        )
        axes.annotate(
            f"{value:.1f} %", (value, y), (12, 0), textcoords="offset points", va="center", weight="bold"
        )
    axes.set_yticks(range(len(STAR)), [name for name, _ in reversed(STAR)])
    axes.set_xlim(0, 12.5)
    axes.set_xticks([0, 5, 10], ["0 %", "5 %", "10 %"])
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    return to_svg(figure)


def real() -> str:
    """pass@k of the real model on problems of one step."""
    asked = real_model.recorded("samples")
    figure, axes = plot(370)
    ks = [int(k) for k in asked["pass"]]
    means = [mean for mean, *_ in asked["pass"].values()]
    axes.errorbar(
        ks, means, _arms(means, [(low, high) for _, low, high in asked["pass"].values()]), color=COLORS["blue"],
        marker=MARKERS[0], capsize=6, elinewidth=4,
    )  # fmt: skip
    for k, mean in zip(ks, means, strict=True):
        axes.annotate(
            f"{100 * mean:.0f} %",
            (k, mean),
            (14, 16),
            textcoords="offset points",
            va="center",
            weight="bold",
        )
    axes.set_xticks(ks, [f"k = {k}" for k in ks])
    axes.set_xlim(0.7, 8.8)
    axes.set_ylim(0, 0.6)
    _percent(axes.yaxis, 0.25)
    axes.grid(axis="x", visible=False)
    return to_svg(figure)
