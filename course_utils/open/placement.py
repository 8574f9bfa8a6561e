"""Where do 2,000 trainable weights buy most? Lab 02's plans of adapters, trained for a few steps and measured.

A plan gives modules of nano-math (strong) a rank. The referee puts the adapters there, trains them on problems of five
steps, and measures the loss of the solutions of other such problems. A seed draws the problems and the adapters' start.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import data
from course_utils.errors import CourseError, shown

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BUDGET = 2000
# Few and small steps, so that a plan is measured in about a second.
TRAINING_STEPS, BATCH_SIZE, TEST_PROBLEMS = 10, 2, 10
LEARNING_RATE = 3e-2
SCALING = 2.0
WORD_PROBLEM_STEPS = (5, 5)


def shapes() -> dict[str, tuple[int, int]]:
    """Every module that may be adapted, in the model's order: its full name -> (d_out, d_in)."""
    model, _ = _base()
    return {
        name: (module.out_features, module.in_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not model.get_output_embeddings()
    }


def query_value() -> dict[str, int]:
    """The plain plan to beat: rank 1 on every q_proj and v_proj."""
    return {name: 1 for name in shapes() if name.endswith(("q_proj", "v_proj"))}


def trainable(plan: Any) -> int:
    """How many weights the plan trains: rank (d_out + d_in), summed over its adapters.

    Raises CourseError for a plan that breaks a rule, but not for one that is above the budget.
    """
    known = shapes()
    if not isinstance(plan, Mapping):
        raise CourseError(f"a plan is a dict, module name -> rank, and this is {shown(plan)}")
    for name, rank in plan.items():
        if name not in known:
            raise CourseError(f"there is no module {shown(name)}: take the full names from `shapes`")
        if isinstance(rank, bool) or not isinstance(rank, int | np.integer) or rank < 0:
            raise CourseError(f"the rank of {name} is a whole number of 0 or more, not {shown(rank)}")
        if rank > min(known[name]):
            raise CourseError(
                f"rank {rank} of {name} is more than {min(known[name])}, its smaller side: lower it"
            )
    return int(sum(rank * sum(known[name]) for name, rank in plan.items()))


def check(plan: Any) -> None:
    """Raise CourseError, in one sentence, for a plan that breaks a rule."""
    weights = trainable(plan)
    if weights > BUDGET:
        raise CourseError(
            f"the plan trains {weights:,} weights and the budget is {BUDGET:,}: lower a rank or leave a module out"
        )
    if weights == 0:
        raise CourseError("the plan trains 0 weights: give at least one module a rank of 1 or more")


def held_out_loss(plan: Mapping[str, int], seed: int) -> float:
    """Nats per token of unseen solutions, after the plan's adapters were trained on the seed's problems.

    About a second on one core; what was measured once is remembered. Raises CourseError for a plan that breaks a rule.
    """
    check(plan)
    return _measured(tuple(sorted((name, int(rank)) for name, rank in plan.items() if rank)), seed)


def held_out_losses(plan: Mapping[str, int], seeds: Iterable[int]) -> list[float]:
    """`held_out_loss` for each seed."""
    return [held_out_loss(plan, seed) for seed in seeds]


@functools.cache
def _base() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    from course_utils.models import load_base

    return load_base("nano-math", "strong", "cpu", "float32")


@functools.cache
def _measured(adapters: tuple[tuple[str, int], ...], seed: int) -> float:
    model = copy.deepcopy(_base()[0])
    model.requires_grad_(False)
    names = list(shapes())
    trained: list[nn.Parameter] = []
    for name, rank in adapters:
        # A module's draw depends on its place in the model, never on the rest of the plan.
        draw = torch.Generator().manual_seed(1000 * seed + names.index(name))
        parent, _, last = name.rpartition(".")
        adapter = _Adapter(model.get_submodule(name), rank, draw)
        setattr(model.get_submodule(parent), last, adapter)
        trained += [adapter.A, adapter.B]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)
    problems = _problems("train", TRAINING_STEPS * BATCH_SIZE, seed)
    with torch.enable_grad():
        for step in range(TRAINING_STEPS):
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (1 - step / TRAINING_STEPS)
            optimizer.zero_grad()
            _loss(model, problems[BATCH_SIZE * step : BATCH_SIZE * (step + 1)]).backward()
            optimizer.step()
    with torch.no_grad():
        return float(_loss(model, _problems("test", TEST_PROBLEMS, seed)))


def _problems(split: str, n: int, seed: int) -> list[dict[str, str]]:
    return list(data.load("word_problems", split, n, seed=1000 + seed, steps=WORD_PROBLEM_STEPS))


class _Adapter(nn.Module):
    """base(x) + SCALING * B A x, with B = 0."""

    def __init__(self, base: Any, rank: int, draw: torch.Generator) -> None:
        super().__init__()
        self.base = base
        bound = 1 / math.sqrt(base.in_features)
        start = torch.empty(rank, base.in_features, dtype=torch.float32, device="cpu")
        self.A = nn.Parameter(start.uniform_(-bound, bound, generator=draw))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=torch.float32, device="cpu"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + SCALING * F.linear(F.linear(x, self.A), self.B)


def _loss(model: PreTrainedModel, problems: list[dict[str, str]]) -> torch.Tensor:
    """Mean cross-entropy, in nats, of the solutions' tokens."""
    from course_utils.training import to_prompt_completion

    tokenizer = _base()[1]
    rows = []
    for row in to_prompt_completion(problems, tokenizer):
        prompt, completion = (
            tokenizer(row[part], add_special_tokens=False)["input_ids"] for part in ("prompt", "completion")
        )
        rows.append((prompt + completion, len(prompt)))
    length = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [tokenizer.pad_token_id] * (length - len(ids)) for ids, _ in rows])
    solution = torch.tensor([[before <= at < len(ids) for at in range(length)] for ids, before in rows])
    present = torch.tensor([[at < len(ids) for at in range(length)] for ids, _ in rows])
    states = model.model(input_ids=ids, attention_mask=present, use_cache=False).last_hidden_state
    # Only the tokens in the loss go through the output head.
    wanted = solution[:, 1:]
    return F.cross_entropy(model.lm_head(states[:, :-1][wanted]), ids[:, 1:][wanted])
