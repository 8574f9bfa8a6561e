"""Figures of deck 01. One toy runs through all of them: `2 + 3 ?`, answered `#### 5`, an EOS and one padding token.

The toy's probabilities are powers of two, so that every loss is a whole number of bits and can be checked by hand.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, MaxNLocator, MultipleLocator, PercentFormatter

from course_utils.evaluation import paired_difference, share_difference, share_interval, wilson_interval
from course_utils.real_model import recorded
from course_utils.viz.diagrams import (
    INK,
    LINE,
    LOOKS,
    QUIET,
    WIDTH,
    WRONG,
    Canvas,
    interval_bar,
    plot,
    to_svg,
)
from course_utils.viz.style import COLORS

if TYPE_CHECKING:
    from course_utils.slides import Recorded

TOKENS = ["2", "+", "3", "?", "####", "5", "EOS", "PAD"]
PARTS = ["prompt"] * 4 + ["loss"] * 2 + ["eos", "padding"]
LABELS = ["-100"] * 4 + ["####", "5", "EOS", "-100"]

# -log2 of the probability that the model gives to each token, from the second on. A first token has no prediction.
BITS = {1: 2, 2: 4, 3: 3, 4: 1, 5: 2, 6: 3}

# Two micro-batches: how many tokens are in the loss, and the loss of each of them.
MICRO_BATCHES = [(3, 2), (9, 1)]

BOX, GAP, LEFT = 126, 22, 3

# The roles' colours, dark enough for text.
DARK_PROMPT, DARK_LOSS, DARK_EOS = "#1f6f9f", "#8a5f00", "#7d3a60"
DARK_WRONG, DARK_RIGHT = "#a84a00", "#00664b"


def toy() -> dict[str, object]:
    """Numbers of the toy example, worked out exactly."""
    response = [BITS[t] for t in range(1, 7) if PARTS[t] in ("loss", "eos")]
    everything = list(BITS.values())
    tokens = sum(n for n, _ in MICRO_BATCHES)
    token_mean = Fraction(sum(n * loss for n, loss in MICRO_BATCHES), tokens)
    mean_of_means = Fraction(sum(loss for _, loss in MICRO_BATCHES), len(MICRO_BATCHES))
    return {
        "bits": response,
        "masked_bits": float(Fraction(sum(response), len(response))),
        "masked_nats": sum(response) / len(response) * log(2),
        "unmasked_bits": float(Fraction(sum(everything), len(everything))),
        "unmasked_sum": sum(everything),
        "unmasked_count": len(everything),
        "off_by_one_bits": float(Fraction(sum(response) + BITS[3], len(response) + 1)),
        "token_mean": float(token_mean),
        "mean_of_means": float(mean_of_means),
        "too_big": float(mean_of_means / token_mean - 1),
        "short_weight": str(Fraction(1, 2 * MICRO_BATCHES[0][0])),
        "long_weight": str(Fraction(1, 2 * MICRO_BATCHES[1][0])),
        "fair_weight": str(Fraction(1, tokens)),
        "short_over_long": MICRO_BATCHES[1][0] // MICRO_BATCHES[0][0],
        "real": real(),
    }


def real() -> dict[str, object]:
    """What SmolLM2 did: rates of each way with their intervals, and differences paired by problem or chat."""
    found = recorded("masking")
    arms = found["trained"]
    n = len(arms["before"]["stops"])
    parts = {part: [chat[part][1] for chat in found["losses"]] for part in ("question", "answer")}
    return {
        "steps": found["steps"],
        "problems": n,
        "chats": len(found["losses"]),
        "limit": found["max_new_tokens"],
        **{
            what: {
                arm: (sum(one[what]) / n, *wilson_interval(sum(one[what]), n)) for arm, one in arms.items()
            }
            for what in ("stops", "clean")
        },
        "end": {arm: share_interval(one["end"]) for arm, one in arms.items()},
        "lost": {
            what: share_difference(arms["by number"][what], arms["by position"][what], comparisons=6)
            for what in ("stops", "clean", "end")
        },
        "text": arms["by number"]["text"][5],
        "answers": paired_difference(arms["by number"]["answer"], arms["by position"]["answer"]),
        "question_loss": sum(parts["question"]) / len(parts["question"]),
        "answer_loss": sum(parts["answer"]) / len(parts["answer"]),
        "harder": paired_difference(parts["question"], parts["answer"]),
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "tokens": tokens(),
        "tokens_dark": tokens_only(),
        "chain": chain(),
        "bits": bits(prompt_counts=None),
        "bits_question": bits(prompt_counts=True),
        "share": share(),
        "template": template(),
        "shift": shift(),
        "off_by_one": off_by_one(),
        "turns": turns(),
        "collate": collate(),
        "pad_is_eos": pad_is_eos(),
        "micro_batches": micro_batches(),
        "weights": weights(),
        "step": step(r),
        "before_after": before_after(r),
        "masking": masking(r),
        "packing": packing(),
        "repair": repair(r),
        "truncated": truncated(),
        "real_model": real_model(),
    }


def x_of(t: int) -> float:
    return LEFT + t * (BOX + GAP)


def middle(t: int) -> float:
    return x_of(t) + BOX / 2


def row(canvas: Canvas, y: float, words: list[str], parts: list[str], height: float = 64) -> None:
    for t, (word, part) in enumerate(zip(words, parts, strict=True)):
        canvas.token(x_of(t), y, word, part, w=BOX, h=height)


def tokens() -> str:
    """The toy: eight boxes, their positions, and brackets that name the parts."""
    c = Canvas(250)
    for t in range(8):
        c.text(middle(t), 14, str(t), 22, fill=QUIET)
    row(c, 36, TOKENS, PARTS, 92)
    c.brace(x_of(0), x_of(3) + BOX, 142, "prompt: given", DARK_PROMPT, 26)
    c.brace(x_of(4), x_of(6) + BOX, 142, "response: in the loss, EOS too", DARK_LOSS, 26)
    c.brace(x_of(7), x_of(7) + BOX, 142, "padding", QUIET, 26)
    c.text(middle(5), 222, "what the model must learn to write", 23, fill=QUIET)
    c.text((x_of(0) + x_of(3) + BOX) / 2, 222, "what somebody else writes", 23, fill=QUIET)
    return c.svg()


def tokens_only() -> str:
    """The bare row, for the title: light boxes on the dark ground."""
    c = Canvas(100)
    row(c, 4, TOKENS, PARTS, 92)
    return c.svg()


def chain() -> str:
    """The chain rule as a row of factors; the response's factors are the ones that stay."""
    c = Canvas(340)
    factors = list(range(1, 7))
    w, gap = 176, 22
    for i, t in enumerate(factors):
        x = i * (w + gap)
        part = PARTS[t]
        look = LOOKS[part]
        c.rect(x, 14, w, 156, look.fill, look.line, radius=10, thick=2.5)
        c.text(x + w / 2, 66, f"P( {TOKENS[t]} |", 27, mono=True)
        before = " ".join(TOKENS[:t])
        if len(before) > 9:
            before = "… " + " ".join(TOKENS[t - 2 : t])
        c.text(x + w / 2, 118, f"{before} )", 25, mono=True)
        if i + 1 < len(factors):
            c.text(x + w + gap / 2, 92, "·", 44, bold=True)
    third = 3 * (w + gap)
    c.brace(0, third - gap, 186, "how the question was written", DARK_PROMPT, 28)
    c.brace(third, 6 * (w + gap) - gap, 186, "P( response | prompt )", DARK_LOSS, 28)
    c.text((third - gap) / 2, 272, "pre-training learns this too", 26, fill=QUIET)
    c.text(third + (3 * (w + gap) - gap) / 2, 272, "supervised fine-tuning keeps only this", 26, fill=QUIET)
    return c.svg()


def bits(prompt_counts: bool | None) -> str:
    """Loss per token as bars. prompt_counts: None leaves the prompt's bars hollow, True fills them."""
    c = Canvas(384)
    base, unit = 274, 50
    c.line(0, base, WIDTH, base, LINE, 2)
    for t in range(8):
        part = PARTS[t]
        if t in BITS:
            counted = part != "prompt" or prompt_counts
            look = LOOKS[part]
            height = unit * BITS[t]
            c.rect(
                x_of(t) + 14, base - height, BOX - 28, height, look.fill if counted else "none",
                look.line, dashed=not counted, radius=4, thick=3,
            )  # fmt: skip
            inside = base - height / 2
            c.text(middle(t), inside, str(BITS[t]), 36, bold=True, fill=INK if counted else QUIET)
            c.text(middle(t), base - height - 20, f"1/{2 ** BITS[t]}", 24, mono=True, fill=QUIET)
    c.text(middle(0), base - 44, "nothing", 22, fill=QUIET)
    c.text(middle(0), base - 18, "before it", 22, fill=QUIET)
    c.text(middle(7), base - 18, "no label", 22, fill=QUIET)
    row(c, 294, TOKENS, PARTS, 62)
    c.text(0, 16, "bits per token; above each bar, the probability", 23, anchor="start", fill=QUIET)
    return c.svg()


def share() -> str:
    """The fifteen bits of the unmasked loss as one bar: whose words they are."""
    c = Canvas(190)
    unit = WIDTH / sum(BITS.values())
    x = 0.0
    for t, cost in BITS.items():
        look = LOOKS[PARTS[t]]
        c.rect(x + 2, 20, unit * cost - 4, 84, look.fill, look.line, radius=6, thick=3)
        c.text(x + unit * cost / 2, 62, TOKENS[t], 26, mono=True)
        x += unit * cost
    prompt_bits = sum(cost for t, cost in BITS.items() if PARTS[t] == "prompt")
    c.brace(2, prompt_bits * unit - 4, 114, f"the user's words: {prompt_bits} bits", DARK_PROMPT, 27)
    rest = sum(BITS.values()) - prompt_bits
    c.brace(prompt_bits * unit + 2, WIDTH - 2, 114, f"the answer: {rest} bits", DARK_LOSS, 27)
    return c.svg()


def template() -> str:
    """A chat as the tokenizer sees it: two lines of tokens, in the loss from the answer to the closing mark."""
    c = Canvas(300)
    start, end, newline = ("<|im_start|>", 236), ("<|im_end|>", 206), ("\\n", 74)
    question = [(word, 64) for word in TOKENS[:4]]
    lines = [
        [start, ("user\\n", 140), *question, end, newline],
        [start, ("assistant\\n", 222), ("####", 104), ("5", 64), end, newline],
    ]
    roles = [["prompt"] * 8, ["prompt", "prompt", "loss", "loss", "eos", "prompt"]]
    for i, (words, parts) in enumerate(zip(lines, roles, strict=True)):
        x, y = 0.0, 8 + i * 120
        for (word, width), part in zip(words, parts, strict=True):
            c.token(x, y, word, part, w=width, h=78, size=28)
            if part == "eos":
                c.line(x + width / 2, y + 128, x + width / 2, y + 82, DARK_EOS, 4, arrow=True)
                c.text(
                    x + width / 2,
                    y + 152,
                    "this is the EOS of a chat: learn to stop",
                    25,
                    bold=True,
                    fill=DARK_EOS,
                )
            x += width + 10
    return c.svg()


def shift() -> str:
    """Inputs above, labels below; each position's prediction points one place to the right."""
    c = Canvas(398)
    c.text(LEFT, 19, "input_ids", 25, anchor="start", mono=True, bold=True)
    row(c, 42, TOKENS, PARTS)
    label_parts = [part if part in ("loss", "eos") else "plain" for part in PARTS]
    row(c, 292, LABELS, label_parts)
    c.text(LEFT, 382, "labels", 25, anchor="start", mono=True, bold=True)
    for t in range(7):
        counted = PARTS[t + 1] in ("loss", "eos")
        colour = LOOKS[PARTS[t + 1]].line if counted else LINE
        with c.step(2 if counted else 1):
            c.line(middle(t), 114, middle(t + 1) - 8, 284, colour, 6 if counted else 3, arrow=True)
    with c.step(1):
        c.text(middle(2), 382, "predicted, and ignored", 25, fill=QUIET)
    with c.step(2):
        c.text(middle(5), 382, "these three are the loss", 25, bold=True, fill=DARK_LOSS)
    return c.svg()


def off_by_one() -> str:
    """Labels with one prompt token left in: the loss then rewards writing the question mark."""
    c = Canvas(330)
    c.text(
        LEFT,
        19,
        "right: a prompt of 4 tokens, 4 labels of -100",
        25,
        anchor="start",
        bold=True,
        fill=DARK_RIGHT,
    )
    good = [part if part in ("loss", "eos") else "plain" for part in PARTS]
    row(c, 42, LABELS, good)
    c.text(LEFT, 146, "off by one: only 3 labels are -100", 25, anchor="start", bold=True, fill=DARK_WRONG)
    bad_labels = [*LABELS]
    bad_labels[3] = "?"
    bad = [*good]
    bad[3] = "wrong"
    row(c, 168, bad_labels, bad)
    c.line(middle(3), 292, middle(3), 242, WRONG, 4, arrow=True)
    c.text(middle(3), 314, "position 2 is now trained to write the user's  ?", 25, fill=DARK_WRONG, bold=True)
    return c.svg()


def turns() -> str:
    """A conversation of several turns as one strip."""
    c = Canvas(262)
    strip = [
        ("system", "prompt", 150), ("user", "prompt", 170), ("assistant", "loss", 232), ("EOS", "eos", 78),
        ("user", "prompt", 170), ("assistant", "loss", 232), ("EOS", "eos", 78),
    ]  # fmt: skip
    x, centres = 0.0, []
    for word, part, width in strip:
        c.token(x, 30, word, part, w=width, h=96, size=27)
        centres.append(x + width / 2)
        x += width + 9.6
    first, second = centres[2], centres[5]
    c.line(first - 40, 208, first - 40, 140, DARK_LOSS, 4, arrow=True)
    c.text(first - 40, 234, "a target", 27, bold=True, fill=DARK_LOSS)
    c.line(first + 60, 136, first + 60, 182, DARK_PROMPT, 4)
    c.line(first + 60, 182, second, 182, DARK_PROMPT, 4)
    c.line(second, 182, second, 140, DARK_PROMPT, 4, arrow=True)
    c.text(
        (first + 60 + second) / 2, 214, "and then context for what follows", 27, bold=True, fill=DARK_PROMPT
    )
    return c.svg()


def collate() -> str:
    """Two examples of unequal length become three rectangular tensors."""
    c = Canvas(432)
    label_width, w, h = 236, 110, 46
    long = ["4", "+", "8", "?", "####", "1", "2", "EOS"]
    long_parts = ["prompt"] * 4 + ["loss"] * 3 + ["eos"]

    def grid(y: float, name: str, rows: list[list[str]], parts: list[list[str]]) -> None:
        c.text(0, y + h + 4, name, 25, anchor="start", mono=True, bold=True)
        for i, (words, roles) in enumerate(zip(rows, parts, strict=True)):
            for t, (word, role) in enumerate(zip(words, roles, strict=True)):
                c.token(label_width + t * (w + 6), y + i * (h + 8), word, role, w=w, h=h, size=25)

    grid(8, "input_ids", [TOKENS, long], [PARTS, long_parts])
    plain = [["plain"] * 7 + ["padding"], ["plain"] * 8]
    grid(160, "attention_mask", [["1"] * 7 + ["0"], ["1"] * 8], plain)
    in_loss = [
        [p if p in ("loss", "eos") else "plain" for p in row_parts] for row_parts in (PARTS, long_parts)
    ]
    in_loss[0][7] = "padding"
    grid(312, "labels", [LABELS, ["-100"] * 4 + long[4:]], in_loss)
    return c.svg()


def pad_is_eos() -> str:
    """Labels made by comparing ids with the padding id, when padding is EOS: the real EOS goes too."""
    c = Canvas(330)
    words = [*TOKENS]
    words[7] = "EOS"
    c.text(LEFT, 19, "input_ids, padded with EOS", 25, anchor="start", bold=True)
    row(c, 42, words, PARTS)
    c.text(LEFT, 146, "labels, masked where the id is the padding id", 25, anchor="start", bold=True)
    labels = [*LABELS]
    labels[6] = "-100"
    parts = [part if part == "loss" else "plain" for part in PARTS]
    parts[6] = "wrong"
    row(c, 168, labels, parts)
    c.line(middle(6), 292, middle(6), 242, WRONG, 4, arrow=True)
    c.text(
        middle(5) + 10,
        314,
        "the only place that teaches the model to stop is gone",
        25,
        fill=DARK_WRONG,
        bold=True,
    )
    return c.svg()


def micro_batches() -> str:
    """Two micro-batches as boxes that hold the loss of each token."""
    c = Canvas(270)
    size = 72
    y = 12
    for i, (count, loss) in enumerate(MICRO_BATCHES):
        c.text(0, y + size / 2, f"micro-batch {i + 1}", 28, anchor="start", bold=True)
        for k in range(count):
            c.token(
                210 + k * (size + 10),
                y,
                str(loss),
                "eos" if k == count - 1 else "loss",
                w=size,
                h=size,
                size=34,
            )
        mean_x = 210 + MICRO_BATCHES[1][0] * (size + 10) + 14
        c.text(mean_x, y + size / 2, f"mean {loss}", 30, anchor="start", bold=True)
        y += size + 30
    c.text(210, y + 6, "each box: one response token and its loss", 23, anchor="start", fill=QUIET)
    return c.svg()


def weights() -> str:
    """Weight of each token in the two averages, as bars of that height."""
    c = Canvas(330)
    base, unit = 250, 900
    panels = [
        ("mean of the means", [Fraction(1, 2 * n) for n, _ in MICRO_BATCHES], 0),
        ("mean over tokens", [Fraction(1, sum(n for n, _ in MICRO_BATCHES))] * 2, 610),
    ]
    for title, per_token, left in panels:
        c.text(left, 20, title, 28, anchor="start", bold=True)
        c.line(left, base, left + 545, base, LINE, 2)
        x = left + 6
        for (count, loss), weight in zip(MICRO_BATCHES, per_token, strict=True):
            height = float(weight) * unit
            start = x
            for _ in range(count):
                c.rect(x, base - height, 34, height, LOOKS["loss"].fill, LOOKS["loss"].line, radius=3)
                c.text(x + 17, base + 20, str(loss), 22, mono=True, fill=QUIET)
                x += 40
            c.text((start + x - 6) / 2, base - height - 20, f"{weight} each", 24, bold=True)
            x += 30
    c.text(0, 312, "height: how much a token counts; below: its loss", 23, anchor="start", fill=QUIET)
    return c.svg()


def packing() -> str:
    """Who may look at whom when two examples share one row: leaking on the left, separate on the right."""
    c = Canvas(412)
    names = ["2", "+", "3", "?", "4", "+", "8", "?"]
    first, cell = 4, 36
    panels = [
        (0, "one long text", [*range(8)], False),
        (610, "two examples in one row", [0, 1, 2, 3, 0, 1, 2, 3], True),
    ]
    top, below = 46, 46 + 8 * cell
    for left, title, positions, separate in panels:
        panel = 2 if separate else 0
        with c.step(panel):
            c.text(left + 62, 19, title, 27, anchor="start", bold=True)
            for q in range(8):
                c.text(left + 40, top + q * cell + cell / 2, names[q], 23, mono=True)
                c.text(left + 62 + (q + 0.5) * cell, below + 20, names[q], 23, mono=True)
        for q in range(8):
            for k in range(8):
                same = (q < first) == (k < first)
                if k > q:
                    fill, line = "#ffffff", "#e3e7eb"
                elif same:
                    fill, line = ("#56b4e9" if q < first else "#e69f00"), "#ffffff"
                else:
                    fill, line = ("#ffffff", "#e3e7eb") if separate else (WRONG, "#ffffff")
                leaks = not same and k < q and not separate
                with c.step(1 if leaks else panel):
                    c.rect(left + 62 + k * cell, top + q * cell, cell, cell, fill, line, radius=3, thick=2)
                    if leaks:
                        c.cross(left + 62 + (k + 0.5) * cell, top + (q + 0.5) * cell, 7, "#ffffff")
        side = left + 62 + 8 * cell + 16
        with c.step(3 if separate else 0):
            for k in range(8):
                reset = separate and k == first
                c.text(
                    left + 62 + (k + 0.5) * cell, below + 54, str(positions[k]), 23, mono=True,
                    bold=reset, fill=DARK_RIGHT if reset else QUIET,
                )  # fmt: skip
            c.text(side, below + 54, "position", 23, anchor="start", fill=QUIET)
        with c.step(2 if separate else 1):
            if separate:
                c.tick(side + 14, top + 6 * cell, 13)
                c.text(side + 40, top + 6 * cell, "blocks", 25, anchor="start", bold=True, fill=DARK_RIGHT)
            else:
                c.cross(side + 14, top + 6 * cell, 11)
                c.text(side + 40, top + 6 * cell, "leak", 25, anchor="start", bold=True, fill=DARK_WRONG)
    return c.svg()


def truncated() -> str:
    """max_length falls inside the prompt: no response token is left."""
    c = Canvas(170)
    words, parts = [*TOKENS], [*PARTS]
    for t in range(7):
        if t < 3:
            c.token(x_of(t), 56, words[t], parts[t], w=BOX)
        else:
            c.rect(x_of(t), 56, BOX, 64, "none", LINE, dashed=True, radius=8)
            c.text(middle(t), 88, words[t], 30, mono=True, fill="#8b949e")
    cut = x_of(3) - GAP / 2
    c.line(cut, 34, cut, 150, WRONG, 5)
    c.text(
        cut + 16,
        18,
        "max_length = 3: every label that is left is -100",
        25,
        anchor="start",
        bold=True,
        fill=DARK_WRONG,
    )
    return c.svg()


def step(r: Recorded) -> str:
    """Loss of the last tokens of one answer before and after one gradient step; more would not be readable."""
    figure, axes = plot(400)
    shown = slice(-20, None)
    tokens = ["EOS" if token == "<|im_end|>" else token for token in r.step.tokens[shown]]
    places = range(len(tokens))
    axes.bar([x - 0.21 for x in places], r.step.before[shown], 0.42, color=COLORS["sky"], label="before")
    axes.bar(
        [x + 0.21 for x in places], r.step.after[shown], 0.42, color=COLORS["orange"], label="after one step"
    )
    axes.set_xticks(places, tokens, family="monospace", fontsize=22)
    axes.set_xlim(-0.8, len(tokens) - 0.2)
    axes.set_title("loss of a token, in nats", weight="normal")
    axes.grid(axis="x", visible=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return to_svg(figure)


def before_after(r: Recorded) -> str:
    """Four rates on the same held-out problems, before and after; accuracies with intervals."""
    figure, axes = plot(400)
    rows = [
        ("right number, any format", "any_accuracy"),
        ("writes a  ####  line", "format_rate"),
        ("stops by itself", "stop_rate"),
        ("right, in the format", "accuracy"),
    ]
    for y, (_, key) in enumerate(reversed(rows)):
        before, after = r.before[key], r.after[key]
        axes.plot(
            [before, after], [y, y], color=LINE, linewidth=6, marker="none", zorder=1, solid_capstyle="round"
        )
        axes.plot(before, y, "o", color=COLORS["blue"], markersize=18, label="before" if y == 0 else None)
        axes.plot(after, y, "s", color=COLORS["orange"], markersize=18, label="after" if y == 0 else None)
        for value, other in ((before, after), (after, before)):
            side = -1 if value < other else 1
            axes.annotate(
                f"{100 * value:.0f} %", (value, y), (side * 18, 0), textcoords="offset points",
                ha="right" if side < 0 else "left", va="center", weight="bold",
            )  # fmt: skip
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
    axes.set_xlim(-0.12, 1.14)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return to_svg(figure)


def masking(r: Recorded) -> str:
    """Left: the two training losses. Right: accuracy per seed with Wilson intervals."""
    figure, (left, right) = plot(420, ncols=2, width_ratios=[1.05, 1])
    arms = [("masked", COLORS["orange"], "s"), ("unmasked", COLORS["blue"], "o")]
    for arm, colour, _ in arms:
        losses = r.losses[arm]
        left.plot(range(1, len(losses) + 1), losses, color=colour, marker="none")
        end = sum(losses[-6:]) / 6
        left.annotate(
            arm,
            (len(losses), end),
            (12, 0),
            textcoords="offset points",
            color=INK,
            weight="bold",
            va="center",
        )
    left.set_xlim(0, 1.5 * len(losses))
    left.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    left.set_ylim(0, None)
    left.set_xlabel("step")
    left.set_title("training loss (nats per token)", weight="normal")

    names = []
    for number, (arm, colour, marker) in enumerate(arms):
        for seed, run in zip(r.seeds, r[arm], strict=True):
            y = -len(names) - 0.6 * number
            names.append((y, f"{arm}, seed {seed}"))
            right.plot(
                run["interval"],
                [y, y],
                color=colour,
                linewidth=6,
                marker="none",
                solid_capstyle="round",
                alpha=0.6,
            )
            right.plot(run["accuracy"], y, marker, color=colour, markersize=17, markeredgecolor="white")
    right.set_yticks([y for y, _ in names], [name for _, name in names])
    right.set_ylim(names[-1][0] - 0.6, 0.6)
    lows, highs = zip(*(run["interval"] for arm, *_ in arms for run in r[arm]), strict=True)
    right.set_xlim(max(0, floor(10 * min(lows)) / 10), min(1, ceil(10 * max(highs)) / 10) + 0.01)
    right.xaxis.set_major_locator(MultipleLocator(0.1))
    right.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    right.grid(axis="y", visible=False)
    right.set_title("strict accuracy, 95 % intervals", weight="normal")
    return to_svg(figure)


def repair(r: Recorded) -> str:
    """Largest change of a token's loss when the second example is packed behind the first, by remedy."""
    figure, axes = plot(270)
    floor_of_plot = 1e-7
    ways = r.packing_repair
    for y, name in enumerate(reversed(list(ways))):
        value = max(ways[name], floor_of_plot)
        leaks = value > 1e-3
        # points: a logarithmic axis has no 0 for bars to begin at
        axes.plot(
            value, y, "s" if leaks else "o", color=COLORS["vermillion" if leaks else "green"], markersize=18
        )
        words = f"{value:.1f} nats" if leaks else "rounding error"
        axes.annotate(words, (value, y), (18, 0), textcoords="offset points", va="center", weight="bold")
    axes.set_yticks(range(len(list(ways))), list(reversed(list(ways))))
    axes.set_ylim(-0.6, len(list(ways)) - 0.4)
    axes.set_xscale("log")
    axes.set_xlim(floor_of_plot, 3000)
    axes.set_xticks([1e-6, 1e-4, 1e-2, 1], ["one millionth", "", "one hundredth", "1 nat"])
    axes.minorticks_off()
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def real_model() -> str:
    """SmolLM2 before training and after it, padding masked by position and by number: does it stop?"""
    figure, axes = plot(370)
    rows = [
        ("stops by itself", "stops"),
        ("stops right after\nits answer line", "clean"),
        ("probability of the end\nafter the right answer", "end"),
    ]
    looks = {"before": ("black", "o"), "by position": ("blue", "s"), "by number": ("vermillion", "^")}
    found = real()
    for y, (_, key) in enumerate(reversed(rows)):
        for number, (arm, (colour, marker)) in enumerate(looks.items()):
            label = arm.replace("by", "masked by") if y == 0 else None
            interval_bar(axes, y + 0.27 * (1 - number), found[key][arm], COLORS[colour], marker, label)
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
    axes.set_xlim(-0.02, 1.14)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return to_svg(figure)
