"""Lab 01's open experiment: which tokens of chats with tool calls enter the loss, at a fixed number of them.

In each chat an assistant solves a word problem and has a calculator do the sums: it writes a call, the tool answers,
and so on up to the last line. A plan marks tokens; `held_out_loss` trains nano-math's last layer on them and looks at
other chats. The other layers stay, so their output is computed once, and training is a convex problem.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.models import load_base

CHATS = 20
BUDGET = 120
HELD_OUT_CHATS = 24
STEPS = 60
LEARNING_RATE = 1e-2
STAY_CLOSE = 1e-6

_NOTE = re.compile(r"<<(.*?)=(.*?)>>")

Chat = list[dict[str, Any]]


def messages(problem: dict[str, Any]) -> list[dict[str, str]]:
    """A word problem as a chat: question, one call and its result for each step, the last line.

    problem: with `question` and `answer`, as `course_utils.data` gives them. Returns dicts with `role` ("user",
    "assistant" or "tool") and `content`.
    """
    turns = [{"role": "user", "content": problem["question"]}]
    for line in problem["answer"].split("\n"):
        if note := _NOTE.search(line):
            turns.append({"role": "assistant", "content": f"calc({note[1]})"})
            turns.append({"role": "tool", "content": note[2]})
        else:
            turns.append({"role": "assistant", "content": line})
    return turns


@functools.cache
def _base() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    return load_base("nano-math", "strong", "cpu", "float32")


def _tokens(turns: Iterable[dict[str, str]]) -> list[tuple[int, str, int]]:
    """(id, role, number of the turn) of each token. What the template adds has the role "template"."""
    tokenizer = _base()[1]
    tokens = []
    for number, turn in enumerate(turns):
        for text, role in (
            (f"<|im_start|>{turn['role']}\n", "template"),
            (f"{turn['content']}<|im_end|>", turn["role"]),
            ("\n", "template"),
        ):
            tokens += [(i, role, number) for i in tokenizer(text, add_special_tokens=False)["input_ids"]]
    return tokens


@dataclass(frozen=True)
class _Chats:
    """Chats of one split. outputs: for each, (T, width) of the last hidden layer, whose row t predicts token t + 1."""

    tokens: list[list[tuple[int, str, int]]]
    outputs: list[torch.Tensor]


@functools.cache
def _drawn(seed: int, split: str, n: int) -> _Chats:
    model = _base()[0].model
    tokens = [_tokens(messages(problem)) for problem in word_problems.generate(n, seed, split=split)]
    outputs: dict[int, torch.Tensor] = {}
    order = sorted(range(n), key=lambda i: len(tokens[i]))  # rows of like length together: little padding
    for start in range(0, n, 8):
        rows = {i: [token for token, _, _ in tokens[i]] for i in order[start : start + 8]}
        longest = max(map(len, rows.values()))
        # Padding stands behind a row's end, where causal attention never looks.
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows.values()])
        with torch.no_grad():
            hidden = model(input_ids=ids, use_cache=False).last_hidden_state
        outputs |= {i: hidden[place, : len(row)].clone() for place, (i, row) in enumerate(rows.items())}
    return _Chats(tokens, [outputs[i] for i in range(n)])


def _pairs(chats: _Chats, chosen: list[list[bool]]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the last layer reads before each chosen token, (N, width), and the token, (N,). Not for first tokens."""
    places = [(i, t) for i, row in enumerate(chosen) for t, mark in enumerate(row) if mark and t]
    inputs = [chats.outputs[i][t - 1] for i, t in places]
    return torch.stack(inputs), torch.tensor([chats.tokens[i][t][0] for i, t in places])


def training_chats(seed: int) -> list[Chat]:
    """The CHATS chats to choose from, the same for the same seed.

    Each is a list of its tokens, dicts with `text`, `role` ("user", "tool", "assistant": what the model must write
    itself, its end token too, or "template": what the chat template adds), `turn` (number of the turn, from 0) and
    `loss` (in nats, of the model before training; 0 for the first token, which nothing predicts).
    """
    model, tokenizer = _base()
    drawn = _drawn(seed, "train", CHATS)
    chats = []
    for tokens, outputs in zip(drawn.tokens, drawn.outputs, strict=True):
        with torch.no_grad():
            targets = torch.tensor([token for token, _, _ in tokens[1:]])
            losses = F.cross_entropy(model.lm_head(outputs[:-1]), targets, reduction="none")
        chats.append(
            [
                {"text": tokenizer.decode([token]), "role": role, "turn": turn, "loss": loss}
                for (token, role, turn), loss in zip(tokens, [0.0, *losses.tolist()], strict=True)
            ]
        )
    return chats


def whole_text(chats: list[Chat], budget: int) -> list[list[bool]]:
    """The plain baseline, as in pre-training: every token, from the first chat on, until the budget is spent."""
    before = 0
    marks = []
    for chat in chats:
        marks.append([before + place < budget for place in range(len(chat))])
        before += len(chat)
    return marks


def broken_rule(chats: list[Chat], marks: Any, budget: int) -> str:
    """The first rule that `marks` breaks, as a sentence, or "".

    The rules: for each chat a list, with True or False (or 1 and 0) for each token; 1 to `budget` tokens are True,
    and not only first ones, which nothing predicts.
    """
    if not isinstance(marks, list | tuple) or len(marks) != len(chats):
        got = f"{len(marks)}" if isinstance(marks, list | tuple) else f"a {type(marks).__name__}"
        return f"{len(chats)} chats need a list of {len(chats)} lists of marks, not {got}."
    for number, (chat, row) in enumerate(zip(chats, marks, strict=True)):
        row = row.tolist() if isinstance(row, np.ndarray | torch.Tensor) else row
        if not isinstance(row, list | tuple) or len(row) != len(chat):
            got = f"{len(row)}" if isinstance(row, list | tuple) else f"a {type(row).__name__}"
            return f"Chat {number} has {len(chat)} tokens and needs a list of as many marks, not {got}."
        for place, mark in enumerate(row):
            if not isinstance(mark, bool | int | float | np.generic) or mark not in (0, 1):
                return f"Mark {place} of chat {number} is {mark!r}: it must be True (in the loss) or False."
    spent = sum(int(mark) for row in marks for mark in row)
    if spent > budget:
        return f"{spent} tokens are in the loss, and the budget is {budget}: mark fewer."
    if not any(mark for row in marks for mark in row[1:]):
        return "No token that something predicts is in the loss, so there is nothing to learn: mark at least one."
    return ""


def held_out_loss(seed: int, marks: Any) -> float:
    """Train the last layer on the marked tokens of `training_chats(seed)`; the loss on other chats, in nats per token.

    marks: for each chat a list with True for each token in the loss and False for the others; at most BUDGET True.
    Training is STEPS steps of Adam on the mean loss of all marked tokens and STAY_CLOSE times the squared distance
    from the weights before; a bias is trained, too, from 0 and without that pull; the learning rate falls to 0.
    Returns the mean loss of the assistant's tokens in HELD_OUT_CHATS chats of the test split. The same chats and the
    same beginning for every plan. Raises CourseError for marks that break a rule (`broken_rule`).
    """
    drawn = _drawn(seed, "train", CHATS)
    if broken := broken_rule([[{} for _ in chat] for chat in drawn.tokens], marks, BUDGET):
        raise CourseError(broken)
    inputs, targets = _pairs(drawn, marks)
    before = _base()[0].lm_head.weight.detach()
    weight = before.clone().requires_grad_()
    bias = torch.zeros(len(before), requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=LEARNING_RATE)
    with torch.enable_grad():
        for step in range(STEPS):
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (1 - step / STEPS)
            loss = F.cross_entropy(F.linear(inputs, weight, bias), targets)
            optimizer.zero_grad()
            (loss + STAY_CLOSE * (weight - before).square().sum()).backward()
            optimizer.step()
    held_out = _drawn(seed, "test", HELD_OUT_CHATS)
    own = [[role == "assistant" for _, role, _ in chat] for chat in held_out.tokens]
    inputs, targets = _pairs(held_out, own)
    with torch.no_grad():
        return F.cross_entropy(F.linear(inputs, weight, bias), targets).item()
