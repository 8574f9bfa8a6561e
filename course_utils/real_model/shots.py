"""Lab 06, of the real model: what examples in its prompt do on real text, and which of its heads read them.

The text is on every machine that has the course: the first sentence of a scipy function's documentation. Its label is
what the function works on, which is known from the module that holds it.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.errors import CourseError
from course_utils.evaluation import paired_difference, share_difference, share_interval

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LABELS = {
    "signal": "signals",
    "stats": "statistics",
    "linalg": "matrices",
    "ndimage": "images",
    "optimize": "optimization",
}  # module of scipy -> label
OPTIONS = 4  # labels in a task
SENTENCE = re.compile(r"[A-Z][^()`]{15,80}\.")
# The lab's formats: what stands behind an input, and behind a label.
FORMATS = {"arrows": (" ->", "\n"), "lines": ("", "\n"), "bars": ("", " | ")}
USUAL = "arrows"
CONTENT_FREE = "N/A"
COUNTS = (0, 4, 16, 64)
LOOKED_AT = 16  # shots where order, format and heads are looked at
TASKS, QUERIES, ORDERS = 8, 8, 4
STRONGEST, DRAWS = 12, 2  # heads that are ablated, and how often as many others
PERIOD, ROWS = 48, 4  # random tokens that come twice, and how many such rows


@dataclass(frozen=True)
class Task:
    """Labels to choose from, shots in their order, and queries with their right labels."""

    labels: list[str]
    shots: list[tuple[str, str]]
    queries: list[tuple[str, str]]


def sentences() -> dict[str, list[str]]:
    """label -> first sentences of the documentation of its module's functions, each once, in alphabetical order."""
    found = {}
    for module, label in LABELS.items():
        things = vars(importlib.import_module(f"scipy.{module}")).values()
        functions = [thing for thing in things if inspect.isfunction(thing)]
        firsts = {(inspect.getdoc(one) or "").split("\n\n")[0].replace("\n", " ") for one in functions}
        found[label] = sorted(first for first in firsts if SENTENCE.fullmatch(first))
    return found


def draw_tasks(tasks: int, shots: int, queries: int, seed: int = 0) -> list[Task]:
    """Tasks with OPTIONS of the labels, all labels equally often but for a remainder, no sentence twice in a task.

    Raises CourseError if scipy's documentation has too few sentences.
    """
    rng = np.random.default_rng(seed)
    texts = sentences()
    each = -(-(shots + queries) // OPTIONS)
    drawn = []
    for _ in range(tasks):
        labels = [str(label) for label in rng.permutation(list(texts))[:OPTIONS]]
        pairs = []
        for label in labels:
            if len(texts[label]) < each:
                raise CourseError(
                    f"{len(texts[label])} sentences are about {label}, {each} are needed: "
                    "ask for fewer shots or queries"
                )
            pairs += [(str(text), label) for text in rng.permutation(texts[label])[:each]]
        pairs = [pairs[i] for i in rng.permutation(len(pairs))]
        drawn.append(Task(labels, pairs[:shots], pairs[shots : shots + queries]))
    return drawn


def label_scores(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    counts: Sequence[int],
    format: str = USUAL,
) -> dict[int, torch.Tensor]:
    """Log-probabilities of the labels after so many shots: count -> (queries + 1, labels), the last row content-free.

    They are of each label's first token, and sum to one over the labels. The shots are read once: a count goes on
    from the keys and values of the one before. counts: rising. Raises CourseError if two labels begin alike.
    """
    import torch

    mark, end = FORMATS[format]

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    options = [ids(f" {label}")[0] for label in task.labels]
    if len(set(options)) < len(options):
        raise CourseError(
            f"two of the labels {', '.join(task.labels)} begin with the same token: choose others"
        )
    asked = [ids(f"{text}{mark}") for text in [*(text for text, _ in task.queries), CONTENT_FREE]]
    ends = torch.tensor([len(one) - 1 for one in asked])
    width = max(map(len, asked))
    padded = torch.tensor([one + [0] * (width - len(one)) for one in asked])
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in asked])
    cache, read, found = None, 0, {}
    with torch.no_grad():
        for before, count in zip((0, *counts), counts, strict=False):
            new = [
                token
                for text, label in task.shots[before:count]
                for token in ids(f"{text}{mark} {label}{end}")
            ]
            if new:
                out = model(
                    input_ids=torch.tensor([new]), past_key_values=cache, use_cache=True, logits_to_keep=1
                )
                cache, read = out.past_key_values, read + len(new)
            own = copy.deepcopy(cache)
            if own is not None:
                own.batch_repeat_interleave(len(asked))
            seen = torch.cat([torch.ones(len(asked), read, dtype=mask.dtype), mask], dim=1)
            logits = model(
                input_ids=padded, attention_mask=seen, past_key_values=own, use_cache=own is not None
            ).logits
            last = logits[torch.arange(len(asked)), ends].float()
            found[count] = torch.log_softmax(last[:, options], dim=-1)
    return found


def right(scores: torch.Tensor, task: Task, calibrated: bool = False) -> np.ndarray:
    """Whether each query's right label has the highest score; `calibrated`, less its content-free score. (queries,)"""
    own = scores[:-1] - scores[-1] if calibrated else scores[:-1]
    return own.argmax(-1).numpy() == [task.labels.index(label) for _, label in task.queries]


def surprise(scores: torch.Tensor, task: Task) -> float:
    """Mean negative log-probability of the queries' right labels, in nats."""
    places = [task.labels.index(label) for _, label in task.queries]
    return -float(scores[range(len(places)), places].mean())


def repeated(tokenizer: PreTrainedTokenizerBase, period: int, rows: int, seed: int = 0) -> torch.Tensor:
    """Rows of `period` random tokens that come twice. (rows, 2 · period) int64, no special tokens among them."""
    import torch

    ordinary = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids))
    rng = np.random.default_rng(seed)
    first = np.array([rng.choice(ordinary, period, replace=False) for _ in range(rows)])
    return torch.from_numpy(np.concatenate([first, first], axis=1))


def attention_after_match(model: PreTrainedModel, rows: torch.Tensor) -> np.ndarray:
    """How much of each head's attention goes to what followed the same token before. (layers, heads)

    Mean over the places whose token has been there before; found by comparing tokens, so that any text will do.
    The model's attention must be "eager".
    """
    import torch

    totals, places = torch.zeros(()), 0
    for row in rows:
        same = (row[:, None] == row[None, :]).tril(-1)
        where = same.any(1).nonzero()[:, 0]
        followed = len(row) - same[where].flip(1).int().argmax(1)  # right after the last occurrence
        with torch.no_grad():
            given = model(input_ids=row[None], output_attentions=True).attentions
        totals = totals + torch.stack([layer[0, :, where, followed].sum(-1) for layer in given])
        places += len(where)
    return (totals / places).numpy()


def second_time(model: PreTrainedModel, rows: torch.Tensor) -> np.ndarray:
    """Loss in nats of the second copy of each row, but for its first token. (rows,)"""
    import torch
    from torch.nn.functional import cross_entropy

    half = rows.shape[1] // 2
    with torch.no_grad():
        logits = model(input_ids=rows).logits[:, half:-1].float()
    return cross_entropy(logits.transpose(1, 2), rows[:, half + 1 :], reduction="none").mean(1).numpy()


@contextmanager
def without(model: PreTrainedModel, heads: Sequence[tuple[int, int]]) -> Iterator[None]:
    """The model with the outputs of these (layer, head) set to zero."""
    hooks = []
    for layer in sorted({layer for layer, _ in heads}):
        output = model.model.layers[layer].self_attn.o_proj
        size = output.in_features // model.config.num_attention_heads

        off = tuple(head for where, head in heads if where == layer)

        def silence(
            module: torch.nn.Module, inputs: tuple[torch.Tensor], size: int = size, off: tuple[int, ...] = off
        ) -> tuple[torch.Tensor]:
            mixed = inputs[0].clone()
            for head in off:
                mixed[..., head * size : (head + 1) * size] = 0
            return (mixed,)

        hooks.append(output.register_forward_pre_hook(silence))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def look_at_heads(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    tasks: Sequence[Task],
    count: int,
    strongest: int,
) -> dict[str, Any]:
    """The heads that look at what followed the same token, and what their loss costs on repeats and on labels.

    Others are drawn from the same layers, as many in each, so that depth cannot be the reason.
    """
    rows = repeated(tokenizer, PERIOD, ROWS)
    used = model.config._attn_implementation
    model.set_attn_implementation("eager")
    scores = attention_after_match(model, rows)
    model.set_attn_implementation(used)
    order = np.dstack(np.unravel_index(np.argsort(-scores, axis=None), scores.shape))[0]
    chosen = [(int(layer), int(head)) for layer, head in order[:strongest]]
    rng = np.random.default_rng(0)
    sets: dict[str, list[list[tuple[int, int]]]] = {
        "all heads": [[]],
        "without the strongest": [chosen],
        "without others": [],
    }
    for _ in range(DRAWS):
        others = []
        for layer in sorted({layer for layer, _ in chosen}):
            taken = [head for where, head in chosen if where == layer]
            free = [head for head in range(scores.shape[1]) if head not in taken]
            drawn = rng.permutation(free)[: min(len(taken), len(free))]
            others += [(layer, int(head)) for head in drawn]
        sets["without others"].append(others)
    found: dict[str, dict[str, np.ndarray]] = {"repeats": {}, "labels": {}, "right": {}}
    for name, groups in sets.items():
        kept: dict[str, list] = {"repeats": [], "labels": [], "right": []}
        for group in groups:
            with without(model, group):
                kept["repeats"].append(second_time(model, rows))
                answers = [label_scores(model, tokenizer, task, (count,))[count] for task in tasks]
            kept["labels"].append([surprise(one, task) for one, task in zip(answers, tasks, strict=True)])
            kept["right"].append([right(one, task).mean() for one, task in zip(answers, tasks, strict=True)])
        for what, values in kept.items():
            found[what][name] = np.mean(values, axis=0)
    pair = ("without the strongest", "without others")
    return {
        "strongest": [[layer, head, float(scores[layer, head])] for layer, head in chosen],
        "heads": int(scores.size),
        "above_half": int((scores > 0.5).sum()),
        "loss": {
            what: {name: float(values.mean()) for name, values in found[what].items()} for what in found
        },
        "damage": {
            what: list(paired_difference(found[what][pair[0]], found[what][pair[1]], 2))
            for what in ("repeats", "labels")
        },
    }


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    tasks: int = TASKS,
    counts: Sequence[int] = COUNTS,
    count: int = LOOKED_AT,
    strongest: int = STRONGEST,
) -> dict[str, Any]:
    """Accuracy by shots, before and after calibration; its spread by order and by format; the heads that read.

    counts: of shots. count: one of them, where order, format and heads are looked at. Intervals are over tasks.
    """
    drawn = draw_tasks(tasks, max(counts), QUERIES)
    answers = [label_scores(model, tokenizer, task, counts) for task in drawn]
    accuracy = {
        way: {
            str(n): np.array(
                [
                    right(one[n], task, way == "calibrated").mean()
                    for one, task in zip(answers, drawn, strict=False)
                ]
            )
            for n in counts
        }
        for way in ("plain", "calibrated")
    }
    rng = np.random.default_rng(1)
    few = [Task(task.labels, task.shots[:count], task.queries) for task in drawn]
    orders = [[right(one[count], task) for one, task in zip(answers, drawn, strict=False)]]
    for _ in range(ORDERS - 1):
        mixed = [
            Task(task.labels, [task.shots[i] for i in rng.permutation(count)], task.queries) for task in few
        ]
        orders.append([right(label_scores(model, tokenizer, task, (count,))[count], task) for task in mixed])
    by_order = np.array(orders)  # (orders, tasks, queries)
    formats = {
        format: np.array(
            [
                right(label_scores(model, tokenizer, task, (count,), format)[count], task).mean()
                for task in few
            ]
        )
        for format in FORMATS
    }
    others = [format for format in FORMATS if format != USUAL]
    return {
        "tasks": tasks,
        "queries": QUERIES,
        "labels": OPTIONS,
        "count": count,
        "examples": [list(pair) for pair in drawn[0].shots[:4]],
        "accuracy": {
            way: {n: list(share_interval(values)) for n, values in by_count.items()}
            for way, by_count in accuracy.items()
        },
        "gains": {
            str(later): list(
                share_difference(
                    accuracy["plain"][str(later)], accuracy["plain"][str(earlier)], len(counts) - 1
                )
            )
            for earlier, later in itertools.pairwise(counts)
        },
        "calibration": {
            str(n): list(
                share_difference(accuracy["calibrated"][str(n)], accuracy["plain"][str(n)], len(counts))
            )
            for n in counts
        },
        "order": {
            "orders": ORDERS,
            "range": float(np.ptp(by_order.mean(2), axis=0).mean()),
            "changing": list(share_interval((by_order.any(0) & ~by_order.all(0)).mean(1))),
        },
        "formats": {format: list(share_interval(values)) for format, values in formats.items()},
        "format_gaps": {
            format: list(share_difference(formats[format], formats[USUAL], len(others))) for format in others
        },
        "heads": look_at_heads(model, tokenizer, few, count, strongest),
    }
