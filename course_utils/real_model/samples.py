"""Lab 04, of the real model: how much room there is above one try.

As it comes it does not write the format, so a few worked solutions teach it that first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from course_utils.data import word_problems
from course_utils.data.answers import is_correct
from course_utils.evaluation import evaluate, pass_at_k, share_interval
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

STEPS = (1, 1)  # longer problems it solves too seldom to say anything
TEACHING = 24  # worked solutions that show the format
PROBLEMS, SAMPLES, KS = 24, 8, (1, 2, 4, 8)
TOKENS = 48  # the longest solution of these problems has fewer
RECIPE: dict[str, Any] = {
    "learning_rate": 1e-3,
    "batch_size": 4,
    "lora": {"rank": 8, "alpha": 16},
    "seed": 0,
    "progress": False,
}


def coverage(correct: Sequence[int], samples: int) -> dict[str, list[float]]:
    """pass@k for each k of KS: mean over problems, and its interval over them. Keys are strings, as in JSON."""
    return {
        str(k): list(share_interval([pass_at_k(samples, c, k) for c in correct])) for k in KS if k <= samples
    }


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    teaching: int = TEACHING,
    problems: int = PROBLEMS,
) -> dict[str, Any]:
    """pass@k once it has the format, by the strict rule; `right`: how many of its different texts are right.

    The sizes are for tests. `model` itself is not changed.
    """
    taught = list(word_problems.generate(teaching, seed=42, steps=STEPS))
    asked = list(word_problems.generate(problems, seed=41, split="test", steps=STEPS))
    start = fine_tune(model, tokenizer, taught, epochs=2, **RECIPE).model.merge_and_unload()
    drawn = evaluate(
        start,
        tokenizer,
        asked,
        samples=SAMPLES,
        temperature=1.0,
        max_new_tokens=TOKENS,
        seed=1,
        batch_size=96,
    )
    texts = [
        (text, is_correct(text, problem["answer"]))
        for problem, group in zip(asked, drawn.completions, strict=True)
        for text in dict.fromkeys(completion.text for completion in group)
    ]
    return {
        "teaching": teaching,
        "problems": problems,
        "samples": SAMPLES,
        "format": drawn.format_rate,
        "correct": drawn.correct,
        "pass": coverage(drawn.correct, SAMPLES),
        "texts": len(texts),
        "right": sum(right for _, right in texts),
    }
