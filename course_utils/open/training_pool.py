"""Lab 03: 100 of 2,000 word problems to fine-tune on, of which most have a flaw.

A plan names problems of the pool. `held_out_loss` trains the last of nano-math's four layers (strong) on them, and
measures the loss of sound solutions of other problems. A seed draws the pool, the order of training and the problems
that the loss is measured on.
"""

from __future__ import annotations

import copy
import functools
import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F

from course_utils.data import word_problems
from course_utils.data.word_problems import PEOPLE, Problem
from course_utils.errors import CourseError, shown

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

POOL = 2000
BUDGET = 100
STEPS = (1, 2, 3, 4, 5)  # of a problem, in the pool and among those that count: each number equally often
HELD_OUT = 10  # problems of each number of steps
TRAINING_STEPS, WARM_UP_STEPS, BATCH_SIZE = 20, 6, 5
LEARNING_RATE = 5e-3

_NOTE = re.compile(r"<<.*?>>")

Example = dict[str, str]


def _careless(problem: Problem, rng: random.Random) -> Example:
    """A step that is wrong, or the last one left out."""
    return _example(word_problems.careless(problem, rng))


def _other_number(problem: Problem, rng: random.Random) -> Example:
    """Right steps, and another number behind the mark."""
    slip = rng.choice([slip for slip in (-10, -2, -1, 1, 2, 10, 100) if problem.final + slip > 0])
    return _ending(problem, f"#### {problem.final + slip}")


def _no_annotations(problem: Problem, rng: random.Random) -> Example:
    return {"question": problem.question, "answer": _NOTE.sub("", problem.answer)}


def _no_mark(problem: Problem, rng: random.Random) -> Example:
    return _ending(problem, f"The answer is {problem.final}.")


def _no_steps(problem: Problem, rng: random.Random) -> Example:
    return {"question": problem.question, "answer": f"#### {problem.final}"}


# How solutions are made worse, and how many of the pool's.
FLAWS: dict[Callable[[Problem, random.Random], Example], int] = {
    _careless: 300,
    _other_number: 200,
    _no_annotations: 200,
    _no_mark: 300,
    _no_steps: 300,
}
COPIES = 100  # sound problems a second time, told of somebody else


def _example(problem: Problem) -> Example:
    return {"question": problem.question, "answer": problem.answer}


def _ending(problem: Problem, last: str) -> Example:
    lines = problem.answer.split("\n")[:-1]
    return {"question": problem.question, "answer": "\n".join([*lines, last])}


def _told_of_another(example: Example, rng: random.Random) -> Example:
    """The example with one person's name changed throughout."""
    words = set(re.findall(r"\w+", example["question"]))
    person = rng.choice([person for person in PEOPLE if person.name in words])
    other = rng.choice([one for one in PEOPLE if one.pronoun == person.pronoun and one.name not in words])
    return {part: re.sub(rf"\b{person.name}\b", other.name, text) for part, text in example.items()}


def pool(seed: int) -> list[Example]:
    """The POOL examples to choose from, dicts with `question` and `answer`, the same for the same seed."""
    return [dict(example) for example in _pool(seed)]


@functools.cache
def _pool(seed: int) -> list[Example]:
    rng = random.Random(f"training_pool/{seed}")

    def problem() -> Problem:
        return word_problems.draw_from(rng, "train", STEPS)

    flawed = [flaw(problem(), rng) for flaw, count in FLAWS.items() for _ in range(count)]
    sound = [_example(problem()) for _ in range(POOL - COPIES - len(flawed))]
    copies: list[Example] = []
    while len(copies) < COPIES:
        told = _told_of_another(rng.choice(sound), rng)
        # A new name makes a new question, and one of the test split must not be learned from.
        if word_problems.split_of(told["question"]) == "train":
            copies.append(told)
    examples = flawed + sound + copies
    rng.shuffle(examples)
    return examples


def as_they_come(examples: Sequence[Any]) -> list[int]:
    """The plain plan to beat: the first BUDGET of the pool, which is in no order."""
    return list(range(len(examples)))[:BUDGET]


def check(chosen: Any) -> None:
    """Raise CourseError, in one sentence, for a choice that breaks a rule: 1 to BUDGET different places in the pool."""
    if not isinstance(chosen, list | tuple):
        raise CourseError(f"the plan gave {shown(chosen)}: give a list of places in the pool")
    if not chosen:
        raise CourseError("the plan chose no example, and there is nothing to learn: choose at least one")
    if len(chosen) > BUDGET:
        raise CourseError(f"the plan chose {len(chosen):,} examples: at most {BUDGET} are allowed")
    for place in chosen:
        if isinstance(place, bool) or not isinstance(place, int | np.integer):
            raise CourseError(f"{shown(place)} is no place in the pool: give whole numbers")
        if not 0 <= place < POOL:
            raise CourseError(f"there is no example {place} in the pool: give numbers from 0 to {POOL - 1}")
    if len(set(chosen)) < len(chosen):
        twice = next(place for place in chosen if list(chosen).count(place) > 1)
        raise CourseError(f"example {twice} is chosen more than once: choose each at most once")


def held_out_loss(chosen: Sequence[int], seed: int) -> float:
    """Nats per token of sound solutions that were not in the pool, after training on the chosen examples.

    chosen: places in `pool(seed)`, from 0; their order does not matter. Training takes TRAINING_STEPS steps of
    BATCH_SIZE examples for every plan: BUDGET examples are seen once, fewer again and again. What was measured once is
    remembered. Raises CourseError for a choice that breaks a rule (`check`).
    """
    check(chosen)
    return _measured(tuple(sorted(map(int, chosen))), seed)


@functools.cache
def _base() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    from course_utils.models import load_base

    return load_base("nano-math", "strong", "cpu", "float32")


@functools.cache
def _measured(chosen: tuple[int, ...], seed: int) -> float:
    model = copy.deepcopy(_base()[0])
    model.requires_grad_(False)
    trained = [*model.model.layers[-1].requires_grad_().parameters()]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)
    rows = _rows([_pool(seed)[place] for place in chosen])
    random.Random(seed).shuffle(rows)
    with torch.enable_grad():
        for step in range(TRAINING_STEPS):
            for group in optimizer.param_groups:
                # Up, then down to 0. Without warm-up the first batches decide, and the loss is mostly luck.
                up, down = (step + 1) / (WARM_UP_STEPS + 1), TRAINING_STEPS - step
                group["lr"] = LEARNING_RATE * min(up, down / (TRAINING_STEPS - WARM_UP_STEPS))
            optimizer.zero_grad()
            batch = [rows[(BATCH_SIZE * step + i) % len(rows)] for i in range(BATCH_SIZE)]
            _losses(model, batch).mean().backward()
            optimizer.step()
    with torch.no_grad():
        return float(torch.cat([_losses(model, rows) for rows in _held_out(seed)]).mean())


def _held_out(seed: int) -> list[list[tuple[list[int], int]]]:
    """Rows of the problems that count, a list for each number of steps: rows of like length need little padding."""
    drawn = random.Random(f"held out/{seed}").getrandbits(31)
    return [_rows(word_problems.generate(HELD_OUT, drawn, (steps, steps), "test")) for steps in STEPS]


def _rows(examples: Iterable[Any]) -> list[tuple[list[int], int]]:
    """For each example its tokens, and how many of them are the prompt's."""
    from course_utils.training import to_prompt_completion

    tokenizer = _base()[1]
    rows = []
    for row in to_prompt_completion(examples, tokenizer):
        prompt, completion = (
            tokenizer(row[part], add_special_tokens=False)["input_ids"] for part in ("prompt", "completion")
        )
        rows.append((prompt + completion, len(prompt)))
    return rows


def _losses(model: PreTrainedModel, rows: list[tuple[list[int], int]]) -> torch.Tensor:
    """Cross-entropy, in nats, of each token of the solutions: (tokens,)."""
    length = max(len(ids) for ids, _ in rows)
    # Padding stands behind a row's end, where causal attention never looks.
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in rows])
    solution = torch.tensor([[before <= at < len(ids) for at in range(length)] for ids, before in rows])[
        :, 1:
    ]
    states = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    # Only the tokens in the loss go through the output head.
    return F.cross_entropy(model.lm_head(states[solution]), ids[:, 1:][solution], reduction="none")
