"""Lab 04, of the real model: how much room there is above one try, and whether choosing right samples helps.

A few worked solutions teach it the format first. From there it writes its own training data, as in the lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.data import word_problems
from course_utils.data.answers import is_correct
from course_utils.errors import CourseError
from course_utils.evaluation import evaluate, pass_at_k, share_difference, share_interval
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

STEPS = (1, 1)  # longer problems it solves too seldom to say anything
TEACHING = 24  # worked solutions that show the format
POOL, SAMPLES, KS = 64, 8, (1, 2, 4, 8)  # problems that it writes its own texts for, and how many of each
BUDGET = 24  # texts that an arm is trained on
# Problems that judge the arms, and samples of each. With 48 the difference was +0.05 and unclear, and `needed` said
# 173: so these are 192 others.
HELD_OUT, TRIES = 192, 4
TOKENS = 48  # the longest solution of these problems has fewer
EFFECT = 0.05  # a difference of the arms that one would like to see
RECIPE: dict[str, Any] = {
    "learning_rate": 1e-3,
    "batch_size": 4,
    "lora": {"rank": 8, "alpha": 16},
    "seed": 0,
    "progress": False,
}


def draw_texts(
    problems: Sequence[dict[str, Any]], groups: Sequence[Sequence[str]], budget: int, right: bool
) -> list[dict[str, str]]:
    """`budget` of the texts, as question and answer: one of each problem before any second one.

    groups: for each problem the texts that were sampled; equal ones count once. right: take right ones only.
    Raises CourseError if there are fewer.
    """
    kept = [
        [
            text
            for text in dict.fromkeys(group)
            if text.strip() and (not right or is_correct(text, problem["answer"]))
        ]
        for problem, group in zip(problems, groups, strict=True)
    ]
    texts = [
        {"question": problem["question"], "answer": group[turn]}
        for turn in range(max(map(len, kept), default=0))
        for problem, group in zip(problems, kept, strict=True)
        if turn < len(group)
    ]
    if len(texts) < budget:
        raise CourseError(
            f"{len(texts)} texts are not {budget}: sample more problems, or ask for fewer texts"
        )
    return texts[:budget]


def coverage(correct: Sequence[int], samples: int) -> dict[str, list[float]]:
    """pass@k for each k of KS: mean over problems, and its interval over them. Keys are strings, as in JSON."""
    return {
        str(k): list(share_interval([pass_at_k(samples, c, k) for c in correct])) for k in KS if k <= samples
    }


def needed(gap: Sequence[float], effect: float) -> int:
    """How many such problems it takes until a paired difference of `effect` stands clear of zero, at 80 % power.

    gap: the paired differences that were measured, one for each problem; their spread is what counts.
    """
    z = 1.96 + 0.84  # two-sided 5 %, and 80 % power
    return int(np.ceil((z * float(np.std(gap, ddof=1)) / effect) ** 2))


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    teaching: int = TEACHING,
    held_out: int = HELD_OUT,
    pool: int = POOL,
    budget: int = BUDGET,
) -> dict[str, Any]:
    """pass@k of the model once it has the format, and whether training on right texts only is better than on all.

    The sizes are for tests. Both arms are trained on `budget` texts by one recipe: `right` on those whose answer is
    right, `all` on whatever came. Shares are strict (`####`); the arms' are of the same held-out problems.
    """
    test = list(word_problems.generate(held_out, seed=43, split="test", steps=STEPS))
    train = list(word_problems.generate(teaching + pool, seed=42, steps=STEPS))
    own = train[teaching:]
    sampling: dict[str, Any] = {"temperature": 1.0, "max_new_tokens": TOKENS, "batch_size": 96}
    start = fine_tune(model, tokenizer, train[:teaching], epochs=2, **RECIPE).model.merge_and_unload()
    drawn = evaluate(start, tokenizer, own, samples=SAMPLES, seed=1, **sampling)
    groups = [[completion.text for completion in group] for group in drawn.completions]
    answers = {problem["question"]: str(problem["answer"]) for problem in own}
    judged = [
        is_correct(text, str(problem["answer"]))
        for problem, group in zip(own, groups, strict=True)
        for text in dict.fromkeys(group)
    ]
    correct, right_texts = {}, {}
    for arm in ("right", "all"):
        texts = draw_texts(own, groups, budget, arm == "right")
        right_texts[arm] = sum(is_correct(one["answer"], answers[one["question"]]) for one in texts)
        trained = fine_tune(start, tokenizer, texts, epochs=1, **RECIPE).model.merge_and_unload()
        correct[arm] = evaluate(trained, tokenizer, test, samples=TRIES, seed=2, **sampling).correct
    shares = {arm: np.array(counts) / TRIES for arm, counts in correct.items()}
    return {
        "teaching": teaching,
        "problems": pool,
        "samples": SAMPLES,
        "format": drawn.format_rate,
        "correct": drawn.correct,
        "pass": coverage(drawn.correct, SAMPLES),
        "texts": len(judged),
        "right": sum(judged),
        "budget": budget,
        "right_texts": right_texts,
        "held_out": held_out,
        "tries": TRIES,
        "arms": {
            arm: {"correct": correct[arm], "share": list(share_interval(shares[arm]))} for arm in correct
        },
        "gap": list(share_difference(shares["right"], shares["all"])),
        "effect": EFFECT,
        "needed": needed(list(shares["right"] - shares["all"]), EFFECT),
    }
