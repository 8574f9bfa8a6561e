"""Lab 03's question: how many problems does it solve, before and after a small adapter, and how sure is that?

Two sets: GSM8K, which is hard for a model of this size, and easy word problems of the course. What it wrote is kept,
so that the lab's own functions can read, count and compare it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils import data
from course_utils.data.answers import parse_answer
from course_utils.evaluation import evaluate
from course_utils.real_model._chats import short
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NEEDS_GSM8K = True
EASY = (1, 2)  # steps of the easy problems


@dataclass(frozen=True)
class Asked:
    """One set: how many problems to train on and to ask, the longest example in training and the longest answer, in
    tokens. steps: of word problems; None for GSM8K."""

    name: str
    train: int
    test: int
    longest: int
    max_new_tokens: int
    steps: tuple[int, int] | None = None

    def load(self, split: str, n: int) -> list[dict[str, str]]:
        return list(data.load(self.name, split, n, seed=0, steps=self.steps))


SETS = (
    Asked("gsm8k", train=32, test=32, longest=224, max_new_tokens=160),
    Asked("word_problems", train=48, test=40, longest=160, max_new_tokens=64, steps=EASY),
)


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sets: tuple[Asked, ...] = SETS,
    rank: int = 8,
    learning_rate: float = 1e-3,
) -> dict[str, Any]:
    """What the model writes, greedily, to the test problems of each set before and after one epoch on all their
    training examples together.

    Returns `sets`: name -> `gold`, one number in a string for each problem, and `before` and `after`, for each problem
    [text, whether it stopped by itself]; `examples`, `steps` and `losses` of the training.
    Raises CourseError where GSM8K is asked for and not at hand.
    """
    asked = {one.name: one.load("test", one.test) for one in sets}
    examples = [
        example
        for one in sets
        for example in short(one.load("train", 8 * one.train), tokenizer, one.longest, one.train)
    ]

    def written(answering: PreTrainedModel) -> dict[str, list[list[Any]]]:
        found = {}
        for one in sets:
            answers = evaluate(
                answering, tokenizer, asked[one.name], max_new_tokens=one.max_new_tokens, batch_size=one.test
            )
            found[one.name] = [[c.text, c.stopped] for [c] in answers.completions]
        return found

    before = written(model)
    run = fine_tune(
        model,
        tokenizer,
        examples,
        epochs=1,
        learning_rate=learning_rate,
        lora={"rank": rank},
        max_length=max(one.longest for one in sets),
        progress=False,
    )
    after = written(run.model.merge_and_unload())
    return {
        "examples": {one.name: one.train for one in sets},
        "longest": {one.name: one.longest for one in sets},
        "max_new_tokens": {one.name: one.max_new_tokens for one in sets},
        "steps": run.steps,
        "losses": [round(loss, 4) for loss in run.losses],
        "sets": {
            one.name: {
                "gold": [parse_answer(problem["answer"]) for problem in asked[one.name]],
                "before": before[one.name],
                "after": after[one.name],
            }
            for one in sets
        },
    }
