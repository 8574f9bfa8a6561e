"""Lab 06: the best prompt within 32 shots, made from a pool of examples of which about three in ten are labelled wrong.

A task is drawn by family and seed; the embedded nano-icl answers its queries with the student's demonstrations before
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from course_utils.data import icl_tasks
from course_utils.errors import CourseError, shown
from course_utils.models import load_base

MOST_SHOTS = 32
POOL = 160  # examples that the plan sees
QUERIES = 32  # questions that it does not see
NOISE = 0.3  # the chance of each of the pool's labels to be wrong
MOST_WORDS = 2  # in a demonstration's input: no family has more
FAMILIES: dict[str, dict[str, Any]] = {
    "map": {"keys": 24, "labels": 4},
    "categories": {"categories": 4},
    "clusters": {"dimensions": 2},
    "linear": {"dimensions": 2},
}

Plan = Callable[[list[tuple[str, str]], list[str]], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Task:
    """pool: (input, label) pairs. labels: sorted. queries, answers: what is asked, and what is right."""

    pool: list[tuple[str, str]]
    labels: list[str]
    queries: list[str]
    answers: list[str]


def draw(family: str, seed: int) -> Task:
    """The task of a family, a key of FAMILIES, and a seed, a number of any size from 0."""
    # A seed of any size: the tasks' own generator takes 32 bits.
    rng = np.random.default_rng([list(FAMILIES).index(family), seed])
    task = icl_tasks.draw(family, 1, POOL + QUERIES, seed=int(rng.integers(2**31)), **FAMILIES[family])[0]
    shown = list(task.clean[:POOL])
    for i in np.flatnonzero(rng.random(POOL) < NOISE):
        shown[i] = str(rng.choice([label for label in task.labels if label != shown[i]]))
    pool = list(zip(task.inputs[:POOL], shown, strict=True))
    return Task(pool, sorted(task.labels), task.inputs[POOL:], task.clean[POOL:])


def play(plan: Plan, family: str, seed: int) -> float:
    """The share of the task's queries that nano-icl answers correctly after the plan's demonstrations.

    plan(pool, labels): at most MOST_SHOTS (input, label) pairs, in the order of the prompt. They need not stand in
    the pool. Raises CourseError for demonstrations that are too many or that nano-icl cannot read.
    """
    task = draw(family, seed)
    shots = _checked(plan(list(task.pool), list(task.labels)), task.labels)
    return accuracy(shots, task)


def accuracy(shots: Sequence[tuple[str, str]], task: Task) -> float:
    """The share of correct answers with these demonstrations, each query by itself, in one pass."""
    model, tokenizer = _learner()
    prefix = "".join(f"{text} {label}\n" for text, label in shots)
    rows = [tokenizer(prefix + query)["input_ids"] for query in task.queries]
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for row, tokens in zip(ids, rows, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)  # what follows cannot be seen from before it
    labels = tokenizer.convert_tokens_to_ids(task.labels)
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits
    last = torch.tensor([len(tokens) - 1 for tokens in rows])
    best = logits[torch.arange(len(rows)), last][:, labels].argmax(-1)
    return float(
        np.mean([task.labels[i] == answer for i, answer in zip(best.tolist(), task.answers, strict=True)])
    )


@cache
def _learner() -> tuple[Any, Any]:
    return load_base("nano-icl")


def _checked(shots: Any, labels: Sequence[str]) -> list[tuple[str, str]]:
    if not isinstance(shots, list | tuple):
        raise CourseError(f"the plan gave {shown(shots)}: give a list of (input, label) pairs")
    if len(shots) > MOST_SHOTS:
        raise CourseError(f"the plan gave {len(shots)} demonstrations: at most {MOST_SHOTS} are allowed")
    _, tokenizer = _learner()
    for number, shot in enumerate(shots):
        pair = (
            isinstance(shot, list | tuple) and len(shot) == 2 and all(isinstance(part, str) for part in shot)
        )
        if not pair:
            raise CourseError(f"demonstration {number} is {shown(shot)}: give (input, label), two texts")
        text, label = shot
        if label not in labels:
            raise CourseError(
                f"demonstration {number} has the label {label!r}: use one of {', '.join(labels)}"
            )
        words = text.split(" ")
        known = tokenizer.convert_tokens_to_ids(words)
        if not 1 <= len(words) <= MOST_WORDS or tokenizer.unk_token_id in known:
            raise CourseError(
                f"demonstration {number} has the input {text!r}: use words as the pool has them"
            )
    return [(text, label) for text, label in shots]
