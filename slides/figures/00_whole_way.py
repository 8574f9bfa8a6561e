"""Figures of deck 00. One row runs through it: web text, a base model, instructions, rewards, your prompt.

Blue is what a model reads and orange what it is trained to write, as in the token viewer; the words say it too.
"""

from __future__ import annotations

import textwrap
from math import exp, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.models.architectures import ARCHITECTURES
from course_utils.viz.diagrams import INK, LINE, LOOKS, PALE, PAPER, QUIET, WIDTH, Canvas, Look, plot, to_svg
from course_utils.viz.style import COLORS, MARKERS

if TYPE_CHECKING:
    from course_utils.slides import Recorded

# FLOPs for a token and a weight: forward, forward and backward, backward without gradients of frozen weights.
READ, FULL, LORA = 2, 6, 4

# Hoffmann et al. 2022, arXiv 2203.15556, Chinchilla: weights and tokens.
CHINCHILLA = (70e9, 1.4e12)
# A small set for fine-tuning, made up: dialogues, tokens in each, times that each is read.
SMALL_SET = (1000, 500, 3)
# Examples for one task, made up: how many, tokens in each, times that each is read in training.
SHOTS = (100, 100, 3)
ANSWERS = 8  # to one question when a reward is trained on: num_generations of trl 1.16

# Liu et al. 2023, arXiv 2307.03172, 20 documents: accuracy in % by the place of the one that holds the answer.
MIDDLE = {"GPT-3.5-Turbo": [75.8, 57.2, 53.8, 55.4, 63.2], "Claude-1.3": [59.9, 55.9, 56.8, 57.2, 60.1]}
PLACES, CLOSED_BOOK = [1, 5, 10, 15, 20], 56.1

READS, WRITES, JUDGED = LOOKS["prompt"], LOOKS["loss"], Look("#cfeee3", COLORS["green"])
DARK_READ, DARK_WRITE, DARK_JUDGED = "#1f6f9f", "#8a5f00", "#00664b"


def toy() -> dict[str, Any]:
    """What the slides work out: FLOPs by 2, 4 and 6 for a token and a weight, and the bytes of a cache."""
    shape = ARCHITECTURES["Llama-3-8B"].settings
    head = shape["hidden_size"] // shape["num_attention_heads"]
    cache = 2 * shape["num_hidden_layers"] * shape["num_key_value_heads"] * head * 2
    weights, tokens = CHINCHILLA
    dialogues, length, epochs = SMALL_SET
    shots, each, times = SHOTS
    shown = READ * shots * each
    return {
        "pretraining": FULL * weights * tokens,
        "small_set": FULL * weights * dialogues * length * epochs,
        "small_tokens": dialogues * length * epochs,
        "times_more": tokens / (dialogues * length * epochs),
        "shot_tokens": shots * each,
        "shown": shown,
        "lora_once": LORA * shots * each * times,
        "full_once": FULL * shots * each * times,
        "lora_pays": LORA * shots * each * times // shown + 1,
        "full_pays": FULL * shots * each * times // shown + 1,
        "answers": ANSWERS,
        "reward": ANSWERS * (READ + FULL),
        "reward_times": ANSWERS * (READ + FULL) / FULL,
        "cache_kib": cache / 1024,
        "cache_gib": cache * shots * each / 1024**3,
        "preferred": [sigmoid(difference) for difference in (0, 1, 2)],
        "qwen_blocks": ARCHITECTURES["Qwen2.5-Math-1.5B"].settings["num_hidden_layers"],
        "qwen_attention": 16 * adapter("Qwen2.5-Math-1.5B", attention_only=True),
        "llama_attention": adapter("Llama-2-7B", attention_only=True),
        "llama_linear": adapter("Llama-2-7B", attention_only=False),
        "middle_drop": MIDDLE["GPT-3.5-Turbo"][0] - min(MIDDLE["GPT-3.5-Turbo"]),
        "middle_flat": max(MIDDLE["Claude-1.3"]) - min(MIDDLE["Claude-1.3"]),
        "below_closed_book": min(MIDDLE["GPT-3.5-Turbo"]) < CLOSED_BOOK,
        "closed_book": CLOSED_BOOK,
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results of all labs."""
    return {
        "way_dark": way(dark=True),
        "way": way(dark=False),
        "graded": graded(),
        "scale": scale(),
        "sources": sources(),
        "skill": skill(r),
        "preference": preference(),
        "recipes": recipes(),
        "lenient": lenient(r),
        "prompt": prompt(),
        "middle": middle(),
        "memory": memory(r),
        "pays": pays(),
        "tree": tree(),
        "labs": labs(),
    }


def adapter(name: str, attention_only: bool) -> int:
    """Weights that each rank of an adapter has, on q, k, v, o of every block, or on its MLP as well."""
    shape = ARCHITECTURES[name].settings
    width, mlp = shape["hidden_size"], shape["intermediate_size"]
    shared = width // shape["num_attention_heads"] * shape["num_key_value_heads"]
    sides = 2 * (width + width) + 2 * (width + shared)
    return shape["num_hidden_layers"] * (sides if attention_only else sides + 3 * (width + mlp))


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def box(c: Canvas, x: float, y: float, w: float, h: float, words: str, look: Look, **options: Any) -> None:
    """A box with its words in the middle, a line for each line of `words`. options: size, bold."""
    c.rect(x, y, w, h, look.fill, look.line, radius=10, thick=3, dashed=look.dashed)
    lines, size = words.split("\n"), options.get("size", 25)
    for i, line in enumerate(lines):
        place = y + h / 2 + (i - (len(lines) - 1) / 2) * size * 1.25
        c.text(x + w / 2, place, line, size, bold=options.get("bold", False))


STEPS = {
    "Pre-training": ("web text", "every token", "a base model:\nit continues texts"),
    "Instructions": ("questions with\nwritten answers", "the answer's tokens", "it answers\nand stops"),
    "Rewards": (
        "questions, and\nsomebody who judges",
        "the answer\nas a whole",
        "it answers as\npeople want, or right",
    ),
    "Use": ("your prompt", "nothing:\nno weight moves", "this one answer"),
}


def way(dark: bool) -> str:
    """The four steps from web text to an answer. dark: for the title, names alone."""
    gap = 44
    w = (WIDTH - 3 * gap) / 4
    c = Canvas(100 if dark else 452)
    ink = PAPER if dark else INK
    looks = [READS, WRITES, JUDGED, LOOKS["plain"]]
    heads = (("data", 120), ("what is graded", 238), ("what you have", 356))
    for i, ((name, cells), look) in enumerate(zip(STEPS.items(), looks, strict=True)):
        x = i * (w + gap)
        with c.step(0 if dark else i):
            box(c, x, 8, w, 76, name, look, size=30, bold=True)
            if i:
                c.line(x - gap + 6, 46, x - 6, 46, ink, 4, arrow=True)
            for (head, y), words in () if dark else zip(heads, cells, strict=True):
                c.text(x, y, head, 22, anchor="start", fill=QUIET)
                for k, line in enumerate(words.split("\n")):
                    c.text(x, y + 34 + 32 * k, line, 25, anchor="start", bold=head == "what you have")
    return c.svg()


def graded() -> str:
    """The same network three times: which tokens are graded in each kind of training."""
    c = Canvas(430)
    w, gap, left, h = 104, 9, 262, 64

    def row(y: float, name: str, below: str, words: list[str], roles: list[str]) -> None:
        c.text(0, y + 18, name, 27, anchor="start", bold=True)
        c.text(0, y + 50, below, 23, anchor="start", fill=QUIET)
        for i, (word, role) in enumerate(zip(words, roles, strict=True)):
            c.token(left + i * (w + gap), y, word, role, w, h, 24)

    said = ["2", "+", "3", "?", "####", "5", "EOS"]
    text = ["Two", "and", "three", "make", "five", ".", "EOS"]
    row(6, "Pre-training", "all but the first", text, ["prompt", *["loss"] * 5, "eos"])
    with c.step(1):
        row(134, "Instructions", "the answer only", said, ["prompt"] * 4 + ["loss"] * 2 + ["eos"])
    with c.step(2):
        row(262, "Rewards", "one number for all", said, ["prompt"] * 4 + ["plain"] * 3)
        start, end = left + 4 * (w + gap), left + 7 * (w + gap) - gap
        c.brace(start, end, 338, "written by the model. Right? 1. Wrong? 0.", DARK_JUDGED, 25)
    return c.svg()


def scale() -> str:
    """FLOPs of one pre-training and of one small fine-tuning, on a logarithmic line."""
    c = Canvas(330)
    numbers = toy()
    left, low, high = 330, 14.0, 25.0

    def place(value: float) -> float:
        return left + (log10(value) - low) / (high - low) * (WIDTH - left - 30)

    for decade in range(int(low), int(high) + 1, 2):
        x = place(10.0**decade)
        c.line(x, 14, x, 258, LINE, 1.5)
        c.text(
            x, 284, "10" + str(decade).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")), 25, fill=QUIET
        )
    c.text(place(10**19.5), 316, "FLOPs, each step a hundred times the one before", 23, fill=QUIET)
    for y, name, below, value, look in (
        (30, "Pre-training", "1,400 billion tokens", numbers["pretraining"], READS),
        (
            150,
            "Fine-tuning",
            f"{numbers['small_tokens'] / 1e6:.1f} million tokens",
            numbers["small_set"],
            WRITES,
        ),
    ):
        c.text(0, y + 28, name, 28, anchor="start", bold=True)
        c.text(0, y + 64, below, 25, anchor="start", fill=QUIET)
        x = place(value)  # a point: a logarithmic line has no 0 for a bar to begin at
        c.line(left, y + 43, place(1e25), y + 43, LINE, 1.5)
        c.rect(x - 20, y + 23, 40, 40, look.fill, look.line, radius=20, thick=4)
        power, first = int(log10(value)), value / 10 ** int(log10(value))
        raised = str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        c.text(x, y + 2, f"{first:.1f} × 10{raised}", 27, bold=True)
    return c.svg()


# Who wrote the answers: a lane, the year with its month as a share, a name, and how many or what.
LANES = ["people, for other ends", "people, as an assistant", "a model", "a model, checked"]
WRITTEN = [
    (0, 2021.7, "FLAN", "over 60 data sets, reworded"),
    (1, 2022.2, "InstructGPT", "labellers' answers"),
    (3, 2022.2, "STaR", "right answers, own steps"),
    (2, 2022.95, "Self-Instruct", "its own tasks and answers"),
    (1, 2023.4, "LIMA", "1,000, chosen by hand"),
    (3, 2025.05, "DeepSeek-R1", "samples that passed"),
]


def sources() -> str:
    """Who wrote the answers that models were fine-tuned on, by year."""
    c = Canvas(440)
    left, top, lane, first, last = 330, 46, 90, 2021.5, 2025.9
    looks = [READS, WRITES, LOOKS["eos"], JUDGED]

    def place(year: float) -> float:
        return left + (year - first) / (last - first) * (WIDTH - left)

    for year in range(2022, 2026):
        c.line(place(year), 36, place(year), top + 4 * lane, LINE, 1.5, dashed=True)
        c.text(place(year), 18, str(year), 24, fill=QUIET)
    for i, (name, look) in enumerate(zip(LANES, looks, strict=True)):
        y = top + lane * i
        c.rect(0, y + 8, 310, lane - 16, look.fill, look.line, radius=8, thick=2.5)
        c.text(155, y + lane / 2, name, 25, bold=True)
        c.line(left, y + lane, WIDTH, y + lane, LINE, 1.5)
    for row, year, name, what in WRITTEN:
        x, y = place(year), top + lane * row + lane / 2
        c.rect(x - 9, y - 9, 18, 18, looks[row].line, looks[row].line, radius=9)
        side, shift = ("end", -18) if x > WIDTH - 250 else ("start", 18)
        c.text(x + shift, y - 16, name, 25, anchor=side, bold=True)
        c.text(x + shift, y + 16, what, 22, anchor=side, fill=QUIET)
    return c.svg()


def skill(r: Recorded) -> str:
    """Lab 01: four shares before and after fine-tuning."""
    figure, axes = plot(300)
    rows = ["right number, any format", "in the format", "stops", "right, strict"]
    keys = ["any_accuracy", "format_rate", "stop_rate", "accuracy"]
    measured = r["01_sft_masking"]
    places = np.arange(len(rows))[::-1]
    for i, (when, colour) in enumerate((("before", "blue"), ("after", "vermillion"))):
        shares = [measured[when][key] for key in keys]
        axes.plot(shares, places, MARKERS[i], color=COLORS[colour], label=when, markersize=17, clip_on=False)
    for place, key in zip(places, keys, strict=True):
        axes.plot([measured.before[key], measured.after[key]], [place] * 2, color=LINE, zorder=0)
    axes.set(yticks=places, yticklabels=rows, xlim=(-0.03, 1), ylim=(-0.5, len(rows) - 0.5))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return to_svg(figure)


def preference() -> str:
    """How often the better answer is preferred, by the difference of the two rewards."""
    figure, axes = plot(330, 620)
    x = np.linspace(-4, 4, 161)
    axes.plot(x, [sigmoid(value) for value in x], color=COLORS["blue"], marker="")
    for difference in (0, 1, 2):
        share = sigmoid(difference)
        axes.plot(difference, share, "o", color=COLORS["vermillion"], markersize=15)
        axes.annotate(
            f"{100 * share:.0f} %",
            (difference, share),
            (18, -10),
            textcoords="offset points",
            fontsize=25,
            va="top",
        )
    axes.set(
        xlabel="reward of A less reward of B",
        ylabel="A is preferred",
        xticks=[-2, 0, 2],
        xlim=(-4, 4),
        ylim=(0, 1),
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return to_svg(figure)


RECIPES = {
    "InstructGPT, 2022": ["SFT, people's answers", "reward model, RL"],
    "Tülu 3, 2024": ["SFT, a mix", "DPO, pairs", "RL, checked"],
    "DeepSeek-R1-Zero, 2025": ["RL, checked"],
    "DeepSeek-R1, 2025": ["SFT, few", "RL, checked", "SFT, own samples", "RL, all prompts"],
}


def recipes() -> str:
    """Four published recipes, step by step, each from a base model."""
    c = Canvas(412)
    left, h, lane, gap = 318, 74, 106, 22
    w = (WIDTH - left - 3 * gap) / 4
    for i, (name, steps) in enumerate(RECIPES.items()):
        y = lane * i + 6
        who, year = name.split(", ")
        c.text(0, y + 20, who, 26, anchor="start", bold=True)
        c.text(0, y + 54, year, 24, anchor="start", fill=QUIET)
        for k, words in enumerate(steps):
            x = left + k * (w + gap)
            look = WRITES if words.startswith("SFT") else JUDGED if words.startswith("RL") else READS
            if words.startswith("reward"):
                look = READS
            c.line(x - gap + 2, y + h / 2, x - 3, y + h / 2, INK, 3, arrow=True)
            box(c, x, y, w, h, words.replace(", ", "\n"), look, size=23)
    return c.svg()


def lenient(r: Recorded) -> str:
    """Lab 04: what a careless checker sees over the rounds, and what the honest rule sees."""
    figure, axes = plot(330, 612)
    scores = r["04_expert_iteration"].lenient["last number"]
    for i, (key, words, colour) in enumerate(
        (
            ("what the verifier sees", "its own score", "green"),
            ("strict (honest)", "the strict rule", "vermillion"),
        )
    ):
        shares = scores[key]
        axes.plot(range(len(shares)), shares, marker=MARKERS[i], color=COLORS[colour], clip_on=False)
        axes.annotate(words, (len(shares) - 1, shares[-1]), (18, 14), textcoords="offset points", va="center")
    axes.set(xlabel="round", xticks=range(4), xlim=(0, 4.6), ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return to_svg(figure)


def prompt() -> str:
    """What may stand in front of a question, and what each piece costs."""
    c = Canvas(330)
    pieces = [
        ("instructions", "prompting", 180, READS),
        ("documents that a\nsearch has found", "retrieval: RAG", 330, JUDGED),
        ("examples with\ntheir answers", "in-context learning", 300, LOOKS["eos"]),
        ("the\nquestion", "", 130, LOOKS["plain"]),
        ("the\nanswer", "written", 130, WRITES),
    ]
    x, gap, top = 0.0, 24.5, 20
    for words, name, w, look in pieces:
        box(c, x, top, w, 120, words, look, size=26)
        c.text(x + w / 2, top + 152, name, 25, bold=True)
        x += w + gap
    end = WIDTH - 130 - gap
    c.brace(
        0, end, 214, "read before the first word is written: 2 FLOPs for each weight and token", QUIET, 25
    )
    c.text(end / 2, 300, "and kept in memory, unless it is read again for every question", 25, fill=QUIET)
    return c.svg()


def middle() -> str:
    """Accuracy by the place of the document that holds the answer."""
    figure, axes = plot(370)
    for i, (name, colour) in enumerate(zip(MIDDLE, ("vermillion", "blue"), strict=True)):
        axes.plot(PLACES, MIDDLE[name], marker=MARKERS[i], color=COLORS[colour])
        shift = 26 if i == 0 else -30
        axes.annotate(
            name, (PLACES[-1], MIDDLE[name][-1]), (20, shift / 3), textcoords="offset points", va="center"
        )
    axes.plot([0.5, 20], [CLOSED_BOOK] * 2, color=QUIET, linestyle="--", linewidth=3, marker="")
    axes.annotate(
        "GPT-3.5, no document",
        (20, CLOSED_BOOK),
        (20, -10),
        textcoords="offset points",
        color=QUIET,
        va="center",
    )
    axes.set(
        xlabel="place of the right one among 20 documents", xticks=PLACES, xlim=(0.5, 26.5), ylim=(50, 80)
    )
    axes.yaxis.set_major_formatter(PercentFormatter(100, decimals=0))
    return to_svg(figure)


def memory(r: Recorded) -> str:
    """Lab 02: memory to use and to train one 7B model."""
    c = Canvas(330)
    table = r["02_lora"].memory_table
    rows = [
        ("use it, 16 bits", table["Llama-2-7B full bfloat16"].weights, READS),
        ("QLoRA", table["Llama-2-7B qlora bfloat16"].total, WRITES),
        ("LoRA, 16 bits", table["Llama-2-7B lora bfloat16"].total, WRITES),
        ("train all weights", table["Llama-2-7B full mixed"].total, JUDGED),
    ]
    left = 290
    scale = (WIDTH - left - 130) / max(size for _, size, _ in rows)
    for i, (name, size, look) in enumerate(rows):
        y = 8 + 80 * i
        c.text(0, y + 32, name, 27, anchor="start", bold=True)
        c.rect(left, y, size * scale, 64, look.fill, look.line, radius=4, thick=3)
        c.text(left + size * scale + 16, y + 32, f"{size:.0f} GB", 28, anchor="start", mono=True)
    return c.svg()


def pays() -> str:
    """Compute of showing examples with each question, and of training on them once."""
    figure, axes = plot(370)
    numbers = toy()
    asked = np.arange(0, 16)
    unit = numbers["shown"]
    axes.plot(asked, asked, color=COLORS["blue"], marker="o", markersize=9)
    axes.annotate("show 100 examples", (15, 15), (16, 0), textcoords="offset points", va="center")
    for key, words, colour, style in (
        ("full_once", "train all weights", "green", "--"),
        ("lora_once", "train an adapter", "vermillion", "-"),
    ):
        once = numbers[key] / unit
        axes.plot([0, 15], [once, once], color=COLORS[colour], linestyle=style, marker="")
        axes.annotate(words, (15, once), (16, 0), textcoords="offset points", va="center")
        axes.plot(once, once, "s", color=COLORS[colour], markersize=16)
    axes.set(
        xlabel="questions asked",
        ylabel="compute, in prompts",
        xlim=(0, 20.5),
        ylim=(0, 16),
        xticks=range(0, 16, 3),
    )
    return to_svg(figure)


# The question, where "yes" leads, and why.
QUESTIONS = [
    ("Can it do the task, asked well?", "prompt it", "measure first"),
    ("Does it lack facts that change?", "retrieve: RAG", "quotes, updates"),
    ("Few questions, or a rule that changes?", "show examples", "ICL"),
    ("Can you write the answers down?", "fine-tune: LoRA", "in full: much data"),
    ("Can you check an answer?", "reward it: RL", "or keep what passes"),
]


def tree() -> str:
    """Five questions in order; the first yes decides."""
    c = Canvas(444)
    h, step, w, right = 64, 92, 548, 664
    looks = [LOOKS["plain"], JUDGED, LOOKS["eos"], WRITES, JUDGED]
    for i, ((question, do, why), look) in enumerate(zip(QUESTIONS, looks, strict=True)):
        y = 6 + i * step
        c.rect(0, y, w, h, PALE, LINE, radius=10, thick=2.5)
        c.text(w / 2, y + h / 2, question, 27)
        c.line(w + 6, y + h / 2, right - 8, y + h / 2, INK, 4, arrow=True)
        c.text((w + right) / 2 - 6, y + h / 2 - 20, "yes", 24, bold=True)
        c.rect(right, y, 250, h, look.fill, look.line, radius=10, thick=3)
        c.text(right + 125, y + h / 2, do, 27, bold=True)
        c.text(right + 268, y + h / 2, why, 24, anchor="start", fill=QUIET)
        if i + 1 < len(QUESTIONS):
            c.line(60, y + h + 3, 60, y + step - 3, INK, 4, arrow=True)
            c.text(80, y + h + 13, "no", 22, anchor="start", bold=True)
    return c.svg()


# The step that a lab belongs to, and what it answers.
ANSWERED = {
    "01_sft_masking": (1, "What is in the loss?"),
    "02_lora": (1, "How many weights must move?"),
    "03_gsm8k": (1, "Is it better, or luck?"),
    "04_expert_iteration": (2, "Can it teach itself?"),
    "05_scaling_laws": (0, "How large, on how much?"),
    "06_many_shot_icl": (3, "Train, or show?"),
}


def labs() -> str:
    """Under each of the four steps the labs that belong to it, with the question that each answers."""
    gap = 26
    w = (WIDTH - 3 * gap) / 4
    c = Canvas(470)
    looks = [READS, WRITES, JUDGED, LOOKS["plain"]]
    filled = [0] * len(STEPS)
    for i, (name, look) in enumerate(zip(STEPS, looks, strict=True)):
        box(c, i * (w + gap), 6, w, 66, name, look, size=29, bold=True)
        if i:
            c.line(i * (w + gap) - gap + 3, 39, i * (w + gap) - 3, 39, INK, 3, arrow=True)
    for lab in load_course().labs:
        if lab.name not in ANSWERED:
            raise CourseError(
                f"slides/figures/00_whole_way.py does not say what {lab.name} answers: add it to ANSWERED."
            )
        step, question = ANSWERED[lab.name]
        x, y = step * (w + gap), 94 + 126 * filled[step]
        filled[step] += 1
        c.rect(x, y, w, 110, PAPER, looks[step].line, radius=10, thick=2.5)
        c.text(x + 18, y + 26, f"lab {lab.number}", 24, anchor="start", fill=QUIET)
        for k, line in enumerate(textwrap.wrap(question, 19)):
            c.text(x + 18, y + 58 + 31 * k, line, 25, anchor="start", bold=True)
    return c.svg()
