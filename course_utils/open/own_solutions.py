"""Lab 04: which of a model's own solutions are worth training on, at a fixed number of them.

nano-math (strong) has written to training problems once (`course_utils.experiments.own_samples`). A plan chooses
examples among these texts; `held_out_loss` trains the model's last layer on them and measures the loss of the solutions
of other problems. A seed draws the problems of both kinds.
"""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F

from course_utils import results
from course_utils.data import word_problems
from course_utils.data.answers import is_correct
from course_utils.errors import CourseError, shown
from course_utils.evaluation import chat_prompt
from course_utils.experiments.own_samples import NAME

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BUDGET = 24  # examples
PROBLEMS = 100  # that a plan chooses from
HELD_OUT_PROBLEMS = 40
STEPS = (2, 5)  # of every problem's solution
EPOCHS, BATCH_SIZE, LEARNING_RATE = 3, 8, 1e-3

Example = dict[str, str]


@functools.cache
def _recorded() -> list[dict[str, Any]]:
    return results.load(NAME)["problems"]


def draw(seed: int) -> tuple[list[Example], list[list[str]]]:
    """The problems of a seed and, for each, the model's texts in the order of drawing.

    Each problem has its `question` and, as `answer`, the right number alone ("#### 12"). Each text ends with the line
    of its first ``####``. Some problems have no text: of the eight that were drawn none had an answer line.
    """
    rows = random.Random(seed).sample(_recorded(), PROBLEMS)
    problems = [{key: row[key] for key in ("question", "answer")} for row in rows]
    return problems, [list(row["samples"]) for row in rows]


def first_right(
    problems: Sequence[Mapping[str, str]], samples: Sequence[Sequence[str]], budget: int
) -> list[Example]:
    """The plain baseline: texts whose answer is right, each once, from the first problem on."""
    right = [
        {"question": problem["question"], "answer": text}
        for problem, group in zip(problems, samples, strict=True)
        for text in dict.fromkeys(group)
        if is_correct(text, problem["answer"])
    ]
    return right[:budget]


def check(problems: Sequence[Mapping[str, str]], samples: Sequence[Sequence[str]], chosen: Any) -> None:
    """Raise CourseError, in one sentence, for a choice that breaks a rule.

    The rules: a list of 1 to BUDGET dicts with `question` and `answer`; the answer is one of the samples of that
    question, or the beginning of one. The same example may stand there more than once.
    """
    if not isinstance(chosen, list | tuple):
        raise CourseError(f"the plan gave {shown(chosen)}: give a list of examples")
    if not 1 <= len(chosen) <= BUDGET:
        raise CourseError(f"the plan gave {len(chosen)} examples: choose 1 to {BUDGET}")
    texts = {problem["question"]: group for problem, group in zip(problems, samples, strict=True)}
    for number, example in enumerate(chosen):
        if not isinstance(example, Mapping) or not all(
            isinstance(example.get(key), str) for key in ("question", "answer")
        ):
            raise CourseError(
                f'example {number} is {shown(example)}: give a dict with "question" and "answer", two texts'
            )
        if example["question"] not in texts:
            raise CourseError(
                f"example {number} has the question {shown(example['question'])}: take one of the problems'"
            )
        text = example["answer"]
        if not text.strip() or not any(sample.startswith(text) for sample in texts[example["question"]]):
            raise CourseError(
                f"example {number} has the answer {shown(text)}: take one of the samples of its question, or the "
                "beginning of one"
            )


def held_out_loss(seed: int, chosen: Sequence[Mapping[str, str]]) -> float:
    """Nats per token of other problems' solutions, after training on the examples chosen among `draw(seed)`.

    Training is EPOCHS passes of AdamW over the last layer, in batches of BATCH_SIZE and an order that the seed draws;
    the learning rate falls to 0, and the loss is on the answers and their end tokens. Measured on the solutions,
    written as the problems' own, of HELD_OUT_PROBLEMS of the test split. About a second on one core; what was measured
    once is remembered. Raises CourseError for a choice that breaks a rule (`check`).
    """
    check(*draw(seed), chosen)
    return _measured(seed, tuple((example["question"], example["answer"]) for example in chosen))


@functools.cache
def _base() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    from course_utils.models import load_base

    return load_base("nano-math", "strong", "cpu", "float32")


@functools.cache
def _lower() -> Any:
    """The model up to its last layer, whose input it gives. It stays, so each text goes through it once."""
    lower = copy.deepcopy(_base()[0].model)
    lower.layers, lower.norm = lower.layers[:-1], torch.nn.Identity()
    return lower


@functools.cache
def _measured(seed: int, examples: tuple[tuple[str, str], ...]) -> float:
    with torch.no_grad():
        return float(_loss(_trained_top(seed, examples), _held_out(seed)))


@functools.cache
def _held_out(seed: int) -> _Batch:
    problems: Sequence[Mapping[str, Any]] = word_problems.generate(HELD_OUT_PROBLEMS, seed, STEPS, "test")
    return _encode([(problem["question"], problem["answer"]) for problem in problems])


def trained(seed: int, examples: Sequence[tuple[str, str]]) -> PreTrainedModel:
    """The whole model after training on (question, answer) pairs, as `held_out_loss` does it."""
    model = copy.deepcopy(_base()[0])
    model.model.layers[-1] = _trained_top(seed, examples).model.layers[0]
    return model


def _trained_top(seed: int, examples: Sequence[tuple[str, str]]) -> PreTrainedModel:
    """The last layer and what follows it, trained on (question, answer) pairs."""
    top = copy.deepcopy(_base()[0]).requires_grad_(False)
    top.model.layers = top.model.layers[-1:].requires_grad_(True)
    optimizer = torch.optim.AdamW(top.model.layers.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    encoded = _encode(examples)
    rng = random.Random(seed)
    batches = [
        order[start : start + BATCH_SIZE]
        for order in (rng.sample(range(len(examples)), len(examples)) for _ in range(EPOCHS))
        for start in range(0, len(order), BATCH_SIZE)
    ]
    with torch.enable_grad():
        for step, batch in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (1 - step / len(batches))
            optimizer.zero_grad()
            _loss(top, _Batch(*(part[batch] for part in encoded))).backward()
            optimizer.step()
    return top


class _Batch(NamedTuple):
    """states: (N, T, width), what the last layer reads. ids: (N, T). answered: (N, T), True on answers and ends."""

    states: torch.Tensor
    ids: torch.Tensor
    answered: torch.Tensor


def _encode(examples: Sequence[tuple[str, str]]) -> _Batch:
    tokenizer = _base()[1]
    rows = []
    for question, answer in examples:
        prompt, completion = (
            tokenizer(text, add_special_tokens=False)["input_ids"]
            for text in (chat_prompt(question, tokenizer), answer + tokenizer.eos_token)
        )
        rows.append((prompt + completion, len(prompt)))
    length = max(len(ids) for ids, _ in rows)
    # Padding stands behind a row's end, where causal attention never looks.
    ids = torch.tensor([ids + [tokenizer.pad_token_id] * (length - len(ids)) for ids, _ in rows])
    answered = torch.tensor([[before <= at < len(ids) for at in range(length)] for ids, before in rows])
    with torch.no_grad():
        return _Batch(_lower()(input_ids=ids, use_cache=False).last_hidden_state, ids, answered)


def _loss(top: PreTrainedModel, batch: _Batch) -> torch.Tensor:
    """Mean cross-entropy, in nats, of the answers' tokens and their end tokens."""
    states = top.model(inputs_embeds=batch.states, use_cache=False).last_hidden_state
    wanted = batch.answered[:, 1:]
    return F.cross_entropy(top.lm_head(states[:, :-1][wanted]), batch.ids[:, 1:][wanted])
