"""Lab 01's question: which tokens does the loss see in a real chat, and what if padding is masked by its number?

The end token of this tokenizer is its padding token, too.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils import data
from course_utils.evaluation import chat_prompt, evaluate, stops_cleanly
from course_utils.real_model._chats import token_losses
from course_utils.training import build_trainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NEEDS_GSM8K = True
IGNORED = -100
PARTS = ("template", "question", "answer", "end")


@dataclass(frozen=True)
class Plan:
    """data: where the chats come from whose losses are measured. train, test: easy word problems, of 1 or 2 steps."""

    data: str = "gsm8k"
    chats: int = 16
    train: int = 32
    test: int = 24
    batch_size: int = 4
    learning_rate: float = 1e-3
    rank: int = 8
    max_length: int = 256
    max_new_tokens: int = 72


PLAN = Plan()


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, plan: Plan = PLAN) -> dict[str, Any]:
    """Returns
    `chat`: one short chat, `ids`, `texts` and `labels` of its tokens by the chat template;
    `losses`: for each chat its part -> [tokens, mean loss in nats], and no entry for a part that nothing predicts;
    `trained`: "before", and after training with padding masked "by position" and "by number": for each test problem
    `end`, the probability of the end token right after the right answer; `answer`, the mean loss of the tokens before
    it; of the model's own greedy answer `stops`, whether it ends within max_new_tokens, `clean`, whether right after
    its one answer line, and `text`.
    Raises CourseError if the data are not at hand.
    """
    chats = list(data.load(plan.data, "test", plan.chats))
    train, test = (
        list(data.load("word_problems", split, n, steps=(1, 2)))
        for split, n in (("train", plan.train), ("test", plan.test))
    )
    [ids, parts] = chat_parts(min(train, key=lambda one: len(one["answer"])), tokenizer)
    arms = {"before": model}
    for arm in ("by position", "by number"):
        arms[arm] = trained(model, tokenizer, train, plan, by_number=arm == "by number")
    return {
        "chat": {
            "ids": ids,
            "texts": [tokenizer.decode([token]) for token in ids],
            "labels": [
                token if part in ("answer", "end") else IGNORED
                for token, part in zip(ids, parts, strict=True)
            ],
            "end_token": tokenizer.eos_token_id,
            "pad_token": tokenizer.pad_token_id,
        },
        "losses": [part_losses(model, *chat_parts(one, tokenizer)) for one in chats],
        "steps": -(-plan.train // plan.batch_size),
        "examples": plan.train,
        "max_new_tokens": plan.max_new_tokens,
        "trained": {arm: endings(one, tokenizer, test, plan.max_new_tokens) for arm, one in arms.items()},
    }


def chat_parts(problem: dict[str, str], tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[str]]:
    """The ids of a question and its answer as a chat up to the end token, and the part (of PARTS) of each.

    "template" is all that neither of the two wrote: headers, and a system message where the template adds one.
    """

    def ids_of(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    prompt = chat_prompt(problem["question"], tokenizer)
    head, tail = prompt.split(problem["question"])
    pieces = (
        (head, "template"),
        (problem["question"], "question"),
        (tail, "template"),
        (problem["answer"], "answer"),
        (tokenizer.eos_token, "end"),
    )
    ids: list[int] = []
    parts: list[str] = []
    for text, part in pieces:
        ids += ids_of(text)
        parts += [part] * (len(ids) - len(parts))
    return ids, parts


def part_losses(model: PreTrainedModel, ids: list[int], parts: list[str]) -> dict[str, list[float]]:
    """part -> [tokens that something predicts, their mean loss]."""
    losses = token_losses(model, ids)
    found = {}
    for part in PARTS:
        own = losses[[one == part for one in parts[1:]]]
        if len(own):
            found[part] = [len(own), float(own.mean())]
    return found


def trained(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Sequence[dict[str, str]],
    plan: Plan,
    by_number: bool,
) -> PreTrainedModel:
    """A copy with an adapter after one epoch. by_number: every label that is the end token's number is masked."""
    trainer = build_trainer(
        copy.deepcopy(model),
        tokenizer,
        problems,
        lora={"rank": plan.rank},
        learning_rate=plan.learning_rate,
        epochs=1,
        batch_size=plan.batch_size,
        max_length=plan.max_length,
        progress=False,
    )
    if by_number:
        right = trainer.data_collator

        def wrong(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            batch = right(rows)
            labels = batch["labels"]
            return {**batch, "labels": labels.masked_fill(labels == tokenizer.eos_token_id, IGNORED)}

        trainer.data_collator = wrong
    trainer.train()
    return trainer.model.eval()


def endings(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Sequence[dict[str, str]],
    max_new_tokens: int,
) -> dict[str, list[Any]]:
    """What `measure` says of `trained`, for each problem."""
    losses = [token_losses(model, chat_parts(one, tokenizer)[0]) for one in problems]
    answers = [chat_parts(one, tokenizer)[1].count("answer") for one in problems]
    own = [
        completion
        for [completion] in evaluate(
            model, tokenizer, problems, max_new_tokens=max_new_tokens, batch_size=len(problems)
        ).completions
    ]
    return {
        "end": [float((-loss[-1]).exp()) for loss in losses],
        "answer": [float(loss[-1 - n : -1].mean()) for loss, n in zip(losses, answers, strict=True)],
        "stops": [float(completion.stopped) for completion in own],
        "clean": [float(stops_cleanly(completion)) for completion in own],
        "text": [completion.text for completion in own],
    }
