"""Figures of deck 02. One toy runs through it: a column B of three numbers times a row A of four gives twelve.

Blue is what stays frozen and orange is what is trained, in every picture of the deck; the words say it too.
"""

from __future__ import annotations

from math import floor, hypot, log10, sqrt
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MultipleLocator, PercentFormatter

from course_utils import results
from course_utils.models.architectures import ARCHITECTURES
from course_utils.real_model import recorded
from course_utils.viz.diagrams import INK, LINE, LOOKS, PAPER, QUIET, WIDTH, WRONG, Canvas, plot, to_svg
from course_utils.viz.style import COLORS, CYCLE, HATCHES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course_utils.slides import Recorded

B = [1, 2, -1]
A = [3, 0, 1, 2]

# One input through a whole layer: alpha = 4, rank 2.
HAND = {
    "x": [[1], [2], [3]],
    "A": [[1, 0, 1], [0, 1, 0]],
    "B": [[1, 2], [0, 1]],
    "W": [[1, 0, 0], [0, 0, 1]],
    "b": [[0.5], [-0.5]],
    "scale": 4 / 2,
}

# A number that circulates as the count for Qwen2.5-Math-1.5B with rank 16 on q, k, v, o.
CLAIMED = 3_407_872
RANK = 16

# Hu et al. 2021, arXiv 2106.09685, table 6: adapters on the query and value matrices of GPT-3 175B.
GPT3 = {"width": 12288, "blocks": 96, "rank": 4}

PARTS = ["weights", "gradients", "optimizer", "activations"]
CARD_GB = 16

DARK_FROZEN, DARK_TRAINED, DARK_WRONG, DARK_RIGHT = "#1f6f9f", "#8a5f00", "#a84a00", "#00664b"
FROZEN, TRAINED = LOOKS["prompt"], LOOKS["loss"]


def toy() -> dict[str, Any]:
    """Numbers worked out from the toys and from published shapes, and what the recorded rank sweep ran with."""
    sweep = results.load("rank_sweep")
    up, base = _product(HAND["B"], _product(HAND["A"], HAND["x"])), _product(HAND["W"], HAND["x"])
    matrices = block_shapes("Qwen2.5-Math-1.5B")
    blocks = ARCHITECTURES["Qwen2.5-Math-1.5B"].settings["num_hidden_layers"]
    weights = ARCHITECTURES["Qwen2.5-Math-1.5B"].parameters
    llama = block_shapes("Llama-3-8B")
    return {
        "real": recorded("adapters"),
        "claimed": CLAIMED,
        "claimed_per_block": CLAIMED / blocks,
        "claimed_share": CLAIMED / weights,
        "blocks": blocks,
        "llama_rank8": ARCHITECTURES["Llama-3-8B"].settings["num_hidden_layers"]
        * sum(8 * sum(llama[name]) for name in ("q_proj", "v_proj")),
        "attention": blocks * sum(adapter(*matrices[name]) for name in attention()),
        "all_linear": blocks * sum(adapter(*shape) for shape in matrices.values()),
        "with_adapter": weights + blocks * sum(adapter(*matrices[name]) for name in attention()),
        "share": blocks * sum(adapter(*matrices[name]) for name in attention()) / weights,
        "large": adapter(4096, 4096),
        "large_times": 4096**2 // adapter(4096, 4096),
        "y": [
            value[0] * HAND["scale"] + w[0] + b[0] for value, w, b in zip(up, base, HAND["b"], strict=True)
        ],
        "gpt3": GPT3["blocks"] * 2 * GPT3["rank"] * 2 * GPT3["width"],
        "bound": 1 / sqrt(768),
        "bound_wrong": 1 / sqrt(RANK),
        "too_wide": sqrt(768 / RANK),
        "sweep_seeds": len({run["seed"] for run in sweep["runs"]}),
        "sweep_problems": sweep["start"]["new"]["n"],
        "sweep_examples": sweep["recipe"]["new_examples"],
        "sweep_rate": sweep["recipe"]["lora_learning_rate"],
        "least_forgotten": (
            sweep["start"]["old"]["correct"] - max(run["old"]["correct"] for run in sweep["runs"])
        )
        / sweep["start"]["old"]["n"],
    }


def draw(r: Recorded) -> dict[str, str]:
    """All figures of the deck. r: the recorded results."""
    return {
        "outer_dark": outer(dark=True),
        "cost": cost(r),
        "bet": bet(),
        "outer": outer(dark=False),
        "share": share(),
        "block": block(),
        "circulates": circulates(),
        "flow": flow(),
        "by_hand": by_hand(),
        "gradients": gradients(r),
        "two_lives": two_lives(),
        "digits": digits(),
        "rounding": rounding(r),
        "styles": styles(r),
        "bytes": bytes_per_weight(),
        "card": card(r),
        "bill": bill(r),
        "truncate": truncate(),
        "spectrum": spectrum(r),
        "ranks": ranks(r),
        "rates": rates(r),
        "real_model": real_model(),
    }


# --- counting -------------------------------------------------------------------------------------------------------


def _product(left: list[list[float]], right: list[list[float]]) -> list[list[float]]:
    return [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*right, strict=True)]
        for row in left
    ]


def attention() -> list[str]:
    return ["q_proj", "k_proj", "v_proj", "o_proj"]


def adapter(rows: int, columns: int, rank: int = RANK) -> int:
    """Weights of A and B together."""
    return rank * rows + rank * columns


def block_shapes(name: str) -> dict[str, tuple[int, int]]:
    """(rows, columns) of the seven matrices of one block of a model whose heads make up its width."""
    shape = ARCHITECTURES[name].settings
    width, mlp = shape["hidden_size"], shape["intermediate_size"]
    shared = width // shape["num_attention_heads"] * shape["num_key_value_heads"]
    return {
        "q_proj": (width, width), "k_proj": (shared, width), "v_proj": (shared, width), "o_proj": (width, width),
        "gate_proj": (mlp, width), "up_proj": (mlp, width), "down_proj": (width, mlp),
    }  # fmt: skip


# --- diagrams -------------------------------------------------------------------------------------------------------


def grid(
    c: Canvas, x: float, y: float, rows: list[list[Any]], role: str, cell: float = 64, size: float = 30
) -> float:
    """A matrix of numbers in boxes, its upper left corner at (x, y). Returns the x of its right edge."""
    look = LOOKS[role]
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            c.rect(x + j * cell, y + i * cell, cell, cell, look.fill, look.line, radius=4, thick=2.5)
            words = f"{value:g}".replace("-", "−") if isinstance(value, (int, float)) else value
            c.text(x + (j + 0.5) * cell, y + (i + 0.5) * cell, words, size, mono=True)
    return x + len(rows[0]) * cell


def outer(dark: bool) -> str:
    """The toy: a column times a row. dark: for the title, without the counts."""
    cell, top = (72, 8) if dark else (88, 50)
    c = Canvas(top + 3 * cell + (8 if dark else 84))
    ink = "#ffffff" if dark else INK
    left, gap = 40, 66
    middle = top + 1.5 * cell
    right = grid(c, left, top, [[value] for value in B], "loss", cell)
    c.text(right + gap / 2, middle, "·", 56, bold=True, fill=ink)
    a_left = right + gap
    right = grid(c, a_left, middle - cell / 2, [A], "loss", cell)
    c.text(right + gap / 2, middle, "=", 44, bold=True, fill=ink)
    p_left = right + gap
    right = p_left + len(A) * cell
    for i, b in enumerate(B):
        with c.step(0 if dark else i + 1):
            grid(c, p_left, top + i * cell, [[b * a for a in A]], "plain", cell)
            words = f"{b} times A".replace("-", "−")
            c.text(right + 26, top + (i + 0.5) * cell, words, 27, anchor="start", fill=ink)
    if not dark:
        c.text(left + cell / 2, 20, "B", 30, bold=True)
        c.text(a_left + 2 * cell, 20, "A", 30, bold=True)
        c.text(p_left + 2 * cell, 20, "B A", 30, bold=True)
        below = top + 3 * cell + 12
        c.brace(left - 36, left + cell + 36, below, "3 numbers", DARK_TRAINED, 27)
        c.brace(a_left, a_left + 4 * cell, below, "4 numbers", DARK_TRAINED, 27)
        with c.step(3):
            c.brace(p_left, p_left + 4 * cell, below, "12 entries, of rank 1", QUIET, 27)
    return c.svg()


def cost(r: Recorded) -> str:
    """What full fine-tuning of Llama-2-7B in float32 keeps in memory, beside a card of 16 GB."""
    c = Canvas(330)
    kept = r.memory_table["Llama-2-7B full float32"]
    scale = WIDTH / kept.total
    words = {
        "weights": "the model",
        "gradients": "gradients",
        "optimizer": "AdamW's two averages",
        "activations": "activations",
    }
    looks = [("#d6ecfa", COLORS["blue"]), ("#ffdf9e", COLORS["orange"]), ("#cfeee3", COLORS["green"])]
    x = 0.0
    for part, (fill, line) in zip(PARTS[:3], looks, strict=True):
        w = kept[part] * scale
        c.rect(x + 2, 10, w - 4, 110, fill, line, radius=6, thick=3)
        c.text(x + w / 2, 48, words[part], 28, bold=True)
        c.text(x + w / 2, 88, f"{kept[part]:.0f} GB", 28, mono=True)
        x += w
    c.rect(x, 10, max(kept.activations * scale, 4), 110, WRONG, radius=0)
    c.line(WIDTH - 4, 172, WIDTH - 4, 128, DARK_WRONG, 3, arrow=True)
    c.text(
        WIDTH,
        194,
        f"activations of one short batch: {kept.activations:.1f} GB",
        25,
        anchor="end",
        fill=DARK_WRONG,
    )
    c.rect(2, 216, CARD_GB * scale, 96, "none", INK, radius=6, thick=4, dashed=True)
    c.text(CARD_GB * scale / 2 + 2, 264, f"{CARD_GB} GB", 30, mono=True, bold=True)
    c.text(CARD_GB * scale + 24, 264, "a small GPU, to the same scale", 27, anchor="start")
    return c.svg()


def bet() -> str:
    """W, B and A to scale for a matrix of 64 × 64 and rank 4."""
    c = Canvas(400)
    s, y = 4.6, 62
    side, thin = 64 * s, 4 * s
    middle = y + side / 2
    c.rect(0, y, side, side, FROZEN.fill, FROZEN.line, radius=4, thick=3)
    c.text(side / 2, 28, "W   64 × 64", 28, bold=True)
    c.text(side / 2, middle - 20, "frozen", 30, bold=True, fill=DARK_FROZEN)
    c.text(side / 2, middle + 22, "4,096 numbers", 27)
    c.text(side + 38, middle, "+", 50, bold=True)
    x = side + 80
    c.rect(x, y, thin, side, TRAINED.fill, TRAINED.line, radius=2, thick=3)
    c.text(x + thin / 2, 28, "B   64 × 4", 28, bold=True)
    c.text(x + thin + 36, middle, "·", 56, bold=True)
    x += thin + 86
    c.rect(x, y, side, thin, TRAINED.fill, TRAINED.line, radius=2, thick=3)
    c.text(x + side / 2, 28, "A   4 × 64", 28, bold=True)
    c.text(x + side / 2, middle - 20, "trained", 30, bold=True, fill=DARK_TRAINED)
    c.text(x + side / 2, middle + 22, "256 + 256", 27)
    c.text(x + side / 2, middle + 60, "= 512 numbers", 27)
    c.text(x + side + 38, middle, "=", 50, bold=True)
    x += side + 76
    c.rect(x, y, side, side, FROZEN.fill, TRAINED.line, radius=4, thick=6)
    c.text(x + side / 2, 28, "what the layer does", 28, bold=True)
    c.text(x + side / 2, middle, "W + B A", 34, bold=True)
    c.text(WIDTH / 2, 384, "drawn to scale, rank 4", 23, fill=QUIET)
    return c.svg()


def block() -> str:
    """The seven matrices of one block of Qwen2.5-Math-1.5B to scale, with the adapter's count for each."""
    c = Canvas(440)
    scale, room, top, left = 300 / 8960, 136, 122, 0.0
    for number, (name, (rows, columns)) in enumerate(block_shapes("Qwen2.5-Math-1.5B").items()):
        width = max(room, columns * scale + 20)
        x = left + (width - columns * scale) / 2
        thin = name[0] in "kv"
        fill, line = ("#f3d3e4", COLORS["purple"]) if thin else (FROZEN.fill, FROZEN.line)
        c.rect(x, top, columns * scale, rows * scale, fill, line, radius=2, thick=2.5)
        c.text(left + width / 2, 16, name, 24, mono=True, bold=True)
        c.text(left + width / 2, 50, f"{rows}×{columns}", 23)
        c.text(left + width / 2, 88, f"{adapter(rows, columns):,d}", 25, bold=True, fill=DARK_TRAINED)
        if number in (0, 4):
            last = left + (4 * room if number == 0 else 2 * room + 8960 * scale + 20)
            c.line(left + 8, 108, last - 8, 108, LINE, 2)
        left += width
    c.text(2 * room, 250, "attention", 27, bold=True, fill=DARK_FROZEN)
    c.text(2 * room, 290, "k and v are thin: 2 key/value heads", 25, fill="#7d3a60")
    c.text(2 * room, 324, "serve 12 query heads", 25, fill="#7d3a60")
    c.text(left - (8960 * scale + 20) / 2, 250, "MLP", 27, bold=True, fill=DARK_FROZEN)
    c.text(left - (8960 * scale + 20) / 2, 290, "most of the block", 25, fill=DARK_FROZEN)
    c.text(2 * room, 400, "bold: weights of an adapter of rank 16", 25, bold=True, fill=DARK_TRAINED)
    return c.svg()


def flow() -> str:
    """One input's two ways through a LoRA layer."""
    c = Canvas(330)
    high, low, middle = 66, 258, 162

    def box(x: float, y: float, w: float, words: str, role: str) -> None:
        look = LOOKS[role]
        c.rect(x, y - 40, w, 80, look.fill, look.line, radius=10, thick=3)
        c.text(x + w / 2, y, words, 28)

    box(0, middle, 70, "x", "plain")
    box(330, high, 400, "W x + b,  frozen", "prompt")
    box(150, low, 150, "dropout", "plain")
    box(344, low, 200, "A: d_in to r", "loss")
    box(588, low, 216, "B: r to d_out", "loss")
    box(848, low, 104, "× α / r", "plain")
    box(990, middle, 64, "+", "plain")
    box(1098, middle, 70, "y", "plain")
    for x1, y1, x2, y2 in [
        (74, middle - 14, 324, high), (74, middle + 14, 144, low - 18), (302, low, 342, low), (546, low, 586, low),
        (806, low, 846, low), (734, high, 984, middle - 16), (954, low - 10, 1000, middle + 46),
        (1056, middle, 1096, middle),
    ]:  # fmt: skip
        c.line(x1, y1, x2, y2, INK, 3, arrow=True)
    return c.svg()


def by_hand() -> str:
    """Numbers through the layer: alpha = 4, rank 2, three inputs, two outputs."""
    c = Canvas(420)
    cell = 50
    low = _product(HAND["A"], HAND["x"])
    up = _product(HAND["B"], low)
    base = _product(HAND["W"], HAND["x"])
    base = [[w[0] + b[0]] for w, b in zip(base, HAND["b"], strict=True)]
    scaled = [[HAND["scale"] * value[0]] for value in up]
    total = [[s[0] + w[0]] for s, w in zip(scaled, base, strict=True)]

    def sign(x: float, y: float, words: str) -> None:
        c.text(x, y, words, 36, bold=True)

    def named(x: float, y: float, name: str, rows: list[list[float]], role: str) -> float:
        """A matrix around the middle line y with its name above. Returns the x of its right edge."""
        height = len(rows) * cell
        right = grid(c, x, y - height / 2, rows, role, cell, 26)
        c.text((x + right) / 2, y - height / 2 - 22, name, 26, bold=True)
        return right

    # the frozen way
    top = 122
    x = named(0, top, "W", HAND["W"], "prompt")
    x = named(x + 24, top, "x", HAND["x"], "plain")
    sign(x + 28, top, "+")
    c.text(x + 98, top - cell - 22, "b", 26, bold=True)
    x = _column(c, x + 56, top, HAND["b"], "prompt")
    sign(x + 32, top, "=")
    frozen_end = _column(c, x + 64, top, base)
    # the trained way
    with c.step(1):
        y = 324
        x = named(0, y, "B", HAND["B"], "loss")
        x = named(x + 24, y, "A", HAND["A"], "loss")
        x = named(x + 24, y, "x", HAND["x"], "plain")
        sign(x + 28, y, "=")
        x = named(x + 56, y, "B", HAND["B"], "loss")
        x = named(x + 24, y, "A x", low, "plain")
    with c.step(2):
        sign(x + 28, y, "=")
        x = grid(c, x + 56, y - cell, up, "plain", cell, 26)
        sign(x + 60, y, f"× {HAND['scale']:g} =")
        c.text(x + 60, y - cell - 22, "α / r = 4 / 2", 25, fill=QUIET)
        trained_end = _column(c, x + 118, y, scaled)
    with c.step(3):
        middle, x = 223, 1000
        c.line(frozen_end + 14, top, x - 14, middle - 26, QUIET, 3, arrow=True)
        c.line(trained_end + 14, y, x - 14, middle + 26, QUIET, 3, arrow=True)
        c.text(x - 80, middle, "+", 36, bold=True)
        end = _column(c, x, middle, total, "eos")
        c.text(end + 24, middle, "= y", 34, bold=True, anchor="start")
    return c.svg()


def _column(c: Canvas, x: float, y: float, values: list[list[float]], role: str = "plain") -> float:
    """A column of two numbers in wide boxes around the middle line y. Returns the x of its right edge."""
    look = LOOKS[role]
    for i, (value,) in enumerate(values):
        c.rect(x, y - 50 + 50 * i, 84, 50, look.fill, look.line, radius=4, thick=2.5)
        c.text(x + 42, y - 25 + 50 * i, f"{value:g}".replace("-", "−"), 26, mono=True)
    return x + 84


def two_lives() -> str:
    """Apart: one base and adapters that can be exchanged. Merged: one matrix."""
    c = Canvas(330)
    side = 190
    c.text(0, 20, "apart", 30, anchor="start", bold=True)
    c.rect(0, 52, side, side, FROZEN.fill, FROZEN.line, radius=8, thick=3)
    c.text(side / 2, 52 + side / 2, "W", 40, bold=True)
    for i, name in enumerate(["task 1", "task 2", "task 3"]):
        x = side + 62 + i * 112
        solid = i == 0
        fill = TRAINED.fill if solid else PAPER
        c.rect(x, 52, 14, 90, fill, TRAINED.line, radius=2, thick=3, dashed=not solid)
        c.rect(x, 152, 90, 14, fill, TRAINED.line, radius=2, thick=3, dashed=not solid)
        c.text(x + 45, 196, name, 25, bold=solid)
    c.text(side + 28, 52 + side / 2 - 20, "+", 40, bold=True)
    c.text(0, 278, "two small products more in every layer;", 25, anchor="start")
    c.text(0, 312, "another task is another small file", 25, anchor="start")
    left = 660
    c.text(left, 20, "merged", 30, anchor="start", bold=True)
    c.rect(left, 52, side, side, FROZEN.fill, TRAINED.line, radius=8, thick=7)
    c.text(left + side / 2, 52 + side / 2, "W + s B A", 32, bold=True)
    c.text(left, 278, "one matrix, as fast as before;", 25, anchor="start")
    c.text(left, 312, "another task is another model", 25, anchor="start")
    return c.svg()


def digits() -> str:
    """Numbers of three decimal digits as marks on a line, and what two sums are rounded to."""
    c = Canvas(158)
    left, step, y = 190, 390, 92
    c.line(left - 90, y, left + 2 * step + 90, y, INK, 3)
    for k in range(3):
        x = left + k * step
        c.line(x, y - 16, x, y + 16, INK, 4)
        c.text(x, y + 44, f"{0.99 + 0.01 * k:.2f}", 28, mono=True)
    one = left + step
    for delta, colour, mark in ((0.004, DARK_WRONG, -1), (0.006, DARK_RIGHT, 1)):
        x = one + delta / 0.01 * step
        to = one if mark < 0 else one + step
        c.line(x, y - 34, to - mark * 6, y - 34, colour, 4, arrow=True)
        c.line(x, y - 34, x, y - 4, colour, 4)
        c.text((x + to) / 2, y - 66, f"1.00 + {delta}", 26, bold=True, fill=colour)
    return c.svg()


def bytes_per_weight() -> str:
    """Bytes that training keeps for one weight, as boxes of four bytes."""
    c = Canvas(400)
    looks = {
        "weight": ("#d6ecfa", COLORS["blue"]),
        "gradient": ("#ffdf9e", COLORS["orange"]),
        "average 1": ("#cfeee3", COLORS["green"]),
        "average 2": ("#cfeee3", COLORS["green"]),
    }
    rows = [
        ("full: every weight", list(looks), 1.0, "16 bytes"),
        ("LoRA: a weight of the base", ["weight"], 1.0, "4 bytes, 2 in 16 bits"),
        ("LoRA: a weight of the adapter", list(looks), 1.0, "16 bytes, few of them"),
        ("QLoRA: a weight of the base", ["weight"], 0.13, "4.13 bits: half a byte"),
    ]
    unit, left = 116, 432
    for i, (name, kept, share_, words) in enumerate(rows):
        y = 8 + i * 98
        c.text(left - 24, y + 36, name, 27, anchor="end", bold=i in (0, 2))
        x = left
        for part in kept:
            fill, line = looks[part]
            c.rect(x, y, unit * share_ - 6, 72, fill, line, radius=6, thick=3)
            if share_ == 1:
                c.text(x + unit / 2 - 3, y + 36, part, 23)
            x += unit * share_
        c.text(x + 16, y + 36, words, 25, anchor="start", fill=QUIET)
    return c.svg()


def truncate() -> str:
    """The best matrix of rank 1 for a diagonal one, and two that are worse."""
    c = Canvas(300)
    tiles = [
        ("M", [[3, 0], [0, 2]], "plain", "singular values 3, 2", ""),
        ("keep the larger", [[3, 0], [0, 0]], "loss", "distance 2", DARK_RIGHT),
        ("keep the smaller", [[0, 0], [0, 2]], "plain", "distance 3", ""),
        ("another of rank 1", [[3, 0], [3, 0]], "plain", f"distance {hypot(3, 2):.2f}", ""),
    ]
    cell, room = 84, 292
    for i, (name, matrix, role, words, colour) in enumerate(tiles):
        x = i * room + (room - 2 * cell) / 2
        c.text(x + cell, 20, name, 28, bold=True)
        grid(c, x, 50, matrix, role, cell, 36)
        c.text(x + cell, 50 + 2 * cell + 40, words, 28, bold=bool(colour), fill=colour or INK)
        if colour:
            c.tick(x + 2 * cell + 34, 50 + cell, 16)
    return c.svg()


# --- plots ----------------------------------------------------------------------------------------------------------


def share() -> str:
    """Size of an adapter against that of its matrix, for a wide and a narrow model."""
    figure, axes = plot(390)
    counts = [1, 2, 4, 8, 16, 32, 64]
    for number, (width, words) in enumerate(
        [(128, "our embedded model: 128 × 128"), (4096, "Llama-2-7B: 4096 × 4096")]
    ):
        shares = [adapter(width, width, rank) / width**2 for rank in counts]
        axes.plot(counts, shares, color=CYCLE[number], marker=MARKERS[number], label=words)
        axes.annotate(
            f"{100 * shares[-1]:.{0 if shares[-1] >= 1 else 1}f} %",
            (64, shares[-1]),
            (18, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(counts, [str(rank) for rank in counts])
    axes.set_yticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
    axes.minorticks_off()
    axes.set_xlim(0.85, 115)
    axes.set_ylim(0.0003, 2)
    axes.set_xlabel("rank of the adapter")
    axes.set_title("weights of the adapter, as a share of its matrix", weight="normal")
    axes.legend(loc="lower right", bbox_to_anchor=(0.9, 0.0))
    return to_svg(figure)


def circulates() -> str:
    """The number that circulates beside what the architecture allows."""
    figure, axes = plot(300)
    shapes = block_shapes("Qwen2.5-Math-1.5B")
    blocks = ARCHITECTURES["Qwen2.5-Math-1.5B"].settings["num_hidden_layers"]
    bars = [
        ("q and v", blocks * sum(adapter(*shapes[name]) for name in ("q_proj", "v_proj")), "sky"),
        ("what circulates", CLAIMED, "vermillion"),
        ("q, k, v and o", blocks * sum(adapter(*shapes[name]) for name in attention()), "blue"),
        ("… if all were 1536 × 1536", blocks * 4 * adapter(1536, 1536), "orange"),
    ]
    for y, (_, count, colour) in enumerate(reversed(bars)):
        wrong = count == CLAIMED
        axes.barh(
            y, count / 1e6, height=0.64, color=COLORS[colour], hatch="xx" if wrong else "", edgecolor="white"
        )
        axes.annotate(
            f"{count:,d}", (count / 1e6, y), (12, 0), textcoords="offset points", va="center", weight="bold"
        )
    axes.set_yticks(range(len(bars)), [name for name, *_ in reversed(bars)])
    axes.set_xlim(0, 6.9)
    axes.set_xlabel("trained weights in millions: Qwen2.5-Math-1.5B, rank 16")
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def gradients(r: Recorded) -> str:
    """Norms of the gradients of A and B over the first steps."""
    figure, axes = plot(400, width=610)
    for number, name in enumerate("AB"):
        values = r.gradients[name]
        axes.plot(
            range(len(values)),
            values,
            color=CYCLE[number],
            marker=MARKERS[number],
            label=f"gradient of {name}",
        )
    axes.set_xlabel("step")
    axes.set_ylim(-0.015, None)
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.set_title("norm", weight="normal")
    axes.legend(loc="lower right")
    return to_svg(figure)


def rounding(r: Recorded) -> str:
    """The share of the weights that a merge does not change, and how far the worst is off after unmerging."""
    figure, (left, right) = plot(250, ncols=2)
    right.set_xscale("log")
    for axes, key, title, colour, ends, hatch in (
        (left, "unnoticed", "merge not noticed", "orange", (0, 0.1), "//"),
        (right, "worst", "worst change, of the largest; ×10 a tick", "blue", (2e-8, 1), None),
    ):
        values = [r.merge[dtype][key] for dtype in r.merge]
        if hatch is None:  # a logarithmic axis has no 0 for bars to begin at
            axes.plot(values[::-1], range(len(values)), "o", color=COLORS[colour], markersize=18)
        else:
            axes.barh(
                range(len(values)), values[::-1], 0.6, color=COLORS[colour], hatch=hatch, edgecolor="white"
            )
        for y, value in enumerate(values[::-1]):
            axes.annotate(
                f"{100 * value:.{1 if key == 'unnoticed' else max(1, -floor(log10(100 * value)))}f} %",
                (value, y),
                (10 if hatch else 18, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
            )
        axes.set_yticks(range(len(values)), list(r.merge)[::-1])
        axes.set_ylim(-0.6, len(values) - 0.4)
        axes.set_xlim(*ends)
        axes.set_xticks([] if hatch else [10.0**power for power in range(-7, 1)], [] if hatch else [""] * 8)
        axes.minorticks_off()
        axes.grid(visible=False)
        axes.set_title(title, weight="normal")
    return to_svg(figure)


def styles(r: Recorded) -> str:
    """Two adapters on one base: accuracy with its interval, and tokens written."""
    figure, (left, right) = plot(290, ncols=2)
    names = {"worked": "worked solution", "short": "last line only"}
    for y, (style, _) in enumerate(reversed(names.items())):
        run = r.styles[style]
        colour, marker = (CYCLE[0], MARKERS[0]) if style == "worked" else (CYCLE[1], MARKERS[1])
        left.plot(
            run.interval, [y, y], color=colour, linewidth=7, marker="none", solid_capstyle="round", alpha=0.6
        )
        left.plot(run.accuracy, y, marker, color=colour, markersize=19, markeredgecolor="white")
        beside = run.interval[1] if run.accuracy < 0.5 else run.interval[0]
        left.annotate(
            f"{100 * run.accuracy:.0f} %", (beside, y), (18 if run.accuracy < 0.5 else -18, 0),
            textcoords="offset points", va="center", ha="left" if run.accuracy < 0.5 else "right", weight="bold",
        )  # fmt: skip
        right.barh(
            y,
            run.tokens,
            height=0.5,
            color=colour,
            hatch="" if style == "worked" else "//",
            edgecolor="white",
        )
        right.annotate(
            f"{run.tokens:.0f}",
            (run.tokens, y),
            (12, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
        )
    left.set_yticks([1, 0], list(names.values()))
    left.set_ylim(-0.6, 1.6)
    left.set_xlim(-0.03, 1.03)
    left.xaxis.set_major_locator(MultipleLocator(0.25))
    left.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    left.set_title("strict accuracy, 95 % interval", weight="normal")
    right.set_yticks([1, 0], ["", ""])
    right.set_ylim(-0.6, 1.6)
    right.set_xlim(0, 1.2 * max(r.styles[style].tokens for style in names))
    right.set_title("tokens written for a problem", weight="normal")
    for axes in (left, right):
        axes.grid(axis="y", visible=False)
    return to_svg(figure)


def card(r: Recorded) -> str:
    """Bills for two models that are both called 7B, with the line of a 16 GB card."""
    figure, panels = plot(400, ncols=2, sharey=True)
    rows = [
        ("full, mixed", "full mixed"),
        ("LoRA, 32 bits", "lora float32"),
        ("LoRA, 16 bits", "lora bfloat16"),
        ("QLoRA", "qlora bfloat16"),
    ]
    colours = [COLORS[name] for name in ("blue", "orange", "green", "purple")]
    for axes, model in zip(panels, ("Llama-2-7B", "Qwen2.5-7B"), strict=True):
        for y, (_, key) in enumerate(reversed(rows)):
            kept = r.memory_table[f"{model} {key}"]
            left = 0.0
            for number, part in enumerate(PARTS):
                axes.barh(
                    y, kept[part], left=left, height=0.62, color=colours[number], hatch=HATCHES[number],
                    edgecolor="white", label=part if y == 0 else None,
                )  # fmt: skip
                left += kept[part]
            fits = kept.total < CARD_GB
            axes.annotate(
                f"{kept.total:.1f} {'fits' if fits else 'no'}", (max(kept.total, CARD_GB if fits else 0), y), (12, 0),
                textcoords="offset points", va="center", weight="bold", color=DARK_RIGHT if fits else INK,
            )  # fmt: skip
        axes.axvline(CARD_GB, color=INK, linestyle="--", linewidth=3)
        axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
        axes.set_xlim(0, 165)
        axes.set_xticks([0, CARD_GB, 50, 100], ["0", f"{CARD_GB}", "50", "100 GB"])
        axes.grid(visible=False)
        axes.set_title(
            f"{model}: {ARCHITECTURES[model].parameters / 1e9:.1f} billion weights", weight="normal"
        )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return to_svg(figure)


def bill(r: Recorded) -> str:
    """Estimate over measurement for every case that the lab measures."""
    figure, axes = plot(410)
    checks = r.memory.checks
    groups = [(dtype, [row for row in checks if row["dtype"] == dtype]) for dtype in ("float32", "bfloat16")]
    names, y = [], 0.0
    for number, (dtype, rows) in enumerate(groups):
        for row in rows:
            axes.plot([1, row["ratio"]], [y, y], color=LINE, linewidth=5, marker="none", zorder=1)
            axes.plot(row["ratio"], y, MARKERS[number], color=CYCLE[number], markersize=16)
            axes.annotate(
                f"{row['ratio']:.2f}", (row["ratio"], y), (16 if row["ratio"] >= 1 else -16, 0),
                textcoords="offset points", va="center", ha="left" if row["ratio"] >= 1 else "right",
            )  # fmt: skip
            words = f"{'LoRA' if row['method'] == 'lora' else 'full'}, {dtype}, {row['tokens']:,d} tokens"
            names.append((y, words + (", checkpointing" if row["checkpointing"] else "")))
            y -= 1
        y -= 0.4
    axes.axvspan(0.85, 1.15, color="#e9edf1", zorder=0)
    axes.axvline(1, color=INK, linewidth=2, zorder=1)
    axes.set_yticks([place for place, _ in names], [name for _, name in names], fontsize=22)
    axes.set_xlim(0.6, 1.2)
    axes.set_ylim(names[-1][0] - 0.6, 0.6)
    axes.xaxis.set_major_locator(MultipleLocator(0.1))
    axes.set_xlabel("estimate / measured peak; grey: within 15 %")
    axes.grid(axis="y", visible=False)
    return to_svg(figure)


def spectrum(r: Recorded) -> str:
    """Singular values of one matrix, its change and noise; and the share of the squared size that the first hold."""
    figure, (left, right) = plot(390, ncols=2)
    looks = {"ΔW": ("vermillion", "s"), "W": ("blue", "o"), "noise": ("black", "^")}
    for kind, (colour, marker) in looks.items():
        values = r.singular_values[kind]
        places = range(1, len(values) + 1)
        left.plot(
            places,
            [v / values[0] for v in values],
            color=COLORS[colour],
            marker=marker,
            markevery=(4, 20),
            label=kind,
        )
        held, so_far = [], 0.0
        for value in values:
            so_far += value**2
            held.append(so_far)
        right.plot(
            places,
            [h / so_far for h in held],
            color=COLORS[colour],
            marker=marker,
            markevery=(4, 20),
            label=kind,
        )
    left.set_title("singular values, the largest = 1", weight="normal")
    right.set_title("share of the squared size held", weight="normal")
    left.set_xlabel("number")
    right.set_xlabel("how many are kept")
    right.axhline(0.9, color=QUIET, linestyle=":", linewidth=2)
    right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    for axes in (left, right):
        axes.set_xticks([1, 32, 64, 96, 128])
        axes.set_ylim(0, 1.04)
    left.legend(loc="upper right")
    return to_svg(figure)


def ranks(r: Recorded) -> str:
    """Accuracy on the new and the old task by rank, and in full; and the full change cut to a rank afterwards."""
    figure, axes = plot(470)
    names = list(r.rank_curves.new)
    for number, (task, words) in enumerate((("new", "new: five steps"), ("old", "old: one to four"))):
        curve = [r.rank_curves[task][name] for name in names]
        _intervals(axes, curve, CYCLE[number], MARKERS[number], words)
        axes.axhline(r.rank_start[task], color=CYCLE[number], linestyle=":", linewidth=2.5)
        axes.annotate(
            f"{task}, before training", (len(names) - 0.45, r.rank_start[task]), (0, 3), textcoords="offset points",
            va="bottom", color=INK,
        )  # fmt: skip
    cut = [name for name in r.truncation if name in names]
    axes.plot(
        [names.index(name) for name in cut], [r.truncation[name] for name in cut], color=INK, linestyle="--",
        marker="X", linewidth=2.5, label="new: the full run, cut to this rank",
    )  # fmt: skip
    axes.axvline(len(names) - 1.5, color=LINE, linewidth=2)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.4, len(names) + 2.4)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(MultipleLocator(0.25))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("rank of the adapter", loc="left")
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper center", ncols=3, columnspacing=1.2)
    return to_svg(figure)


def _intervals(axes: Axes, curve: list[list[float]], colour: str, marker: str, words: str) -> None:
    """A curve of [mean, low, high]; the last, full fine-tuning, stands apart."""
    places = range(len(curve))
    means = [mean for mean, *_ in curve]
    axes.plot(places[:-1], means[:-1], color=colour, marker=marker, label=words)
    axes.plot(places[-1], means[-1], color=colour, marker=marker, linestyle="")
    for place, (_, low, high) in zip(places, curve, strict=True):
        axes.plot([place, place], [low, high], color=colour, linewidth=3, marker="none", alpha=0.7)


def rates(r: Recorded) -> str:
    """Both tasks at three learning rates for the smallest rank, the largest, and full fine-tuning."""
    figure, axes = plot(400)
    groups: dict[str, list[tuple[str, list[float]]]] = {}
    for key in r.rank_rates:
        rank, rate = key.split()
        groups.setdefault(rank, []).append((rate, r.rank_rates[key]))
    ticks, left = [], 0.0
    for rank, runs in groups.items():
        at = [left + i for i in range(len(runs))]
        for number, task in enumerate(("new: five steps", "old: one to four")):
            axes.plot(
                at, [shares[number] for _, shares in runs], color=CYCLE[number], marker=MARKERS[number],
                label=None if ticks else task,
            )  # fmt: skip
        words = "in full" if rank == "full" else f"rank {rank}"
        axes.text(sum(at) / len(at), 0.93, words, ha="center", va="center", weight="bold")
        ticks += [(x, f"{float(rate):g}") for x, (rate, _) in zip(at, runs, strict=True)]
        left += len(runs) + 0.6
    axes.set_xticks([x for x, _ in ticks], [name for _, name in ticks])
    axes.set_ylim(0, 1)
    axes.set_xlabel("learning rate")
    axes.yaxis.set_major_locator(MultipleLocator(0.25))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper center", ncols=2)
    return to_svg(figure)


def real_model() -> str:
    """Share of the squared size that the first singular values hold: the small model's change, and the real one's."""
    figure, both = plot(340, ncols=2, sharey=True)
    looks = {
        "change": ("ΔW", "vermillion", "s"),
        "weights": ("W", "blue", "o"),
        "noise": ("noise", "black", "^"),
    }
    found = recorded("adapters")["spectrum"]
    for axes, (size, title) in zip(
        both, {"small": "the embedded model", "real": "SmolLM2-135M"}.items(), strict=True
    ):
        for kind, (name, colour, marker) in looks.items():
            held = found[size][kind]["energy"]
            places = [place / (len(held) - 1) for place in range(len(held))]
            axes.plot(places, held, color=COLORS[colour], marker=marker, markevery=(2, 6), label=name)
        axes.axhline(0.9, color=QUIET, linestyle=":", linewidth=2)
        axes.set_title(title, weight="normal")
        axes.set_xlabel("singular values kept")
        axes.xaxis.set_major_locator(MultipleLocator(0.25))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        axes.set_ylim(0, 1.04)
    both[0].set_ylabel("squared size held")
    both[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    both[1].legend(loc="lower right")
    return to_svg(figure)
