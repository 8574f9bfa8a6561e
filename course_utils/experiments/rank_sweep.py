"""Accuracy against rank: a model that answers problems of 1 to 4 steps learns problems of 5 steps.

    python -m course_utils.experiments.rank_sweep

trains every rank and every seed (about a quarter of an hour on one CPU core) and writes
course_utils/results/rank_sweep.json. A run that was cut off goes on where it was: finished runs are in the
file and are not repeated. Lab 02 draws the file, and trains two of its points again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from course_utils import data, results
from course_utils.errors import CourseError
from course_utils.evaluation import Evaluation, evaluate
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NAME = "rank_sweep"
FULL = "full"


@dataclass(frozen=True)
class Recipe:
    """What every run shares.

    steps_old, steps_new: numbers of steps of the problems of the old task and of the new skill.
    old_examples, new_examples: what the start model and then each run is trained on.
    test_problems: of each task. lora_learning_rate: one for all ranks, tuned for none of them.
    other_rates: learning rates at which the smallest and the largest rank are tried too; other_full_rates:
        the same for full fine-tuning.
    target_modules: k_proj and v_proj are left out, because they have only 32 rows and could not take rank 64.
    """

    old_examples: int = 100
    new_examples: int = 300
    test_problems: int = 200
    epochs: int = 3
    batch_size: int = 8
    learning_rate: float = 1e-3
    lora_learning_rate: float = 3e-3
    other_rates: tuple[float, ...] = (1e-3, 1e-2)
    other_full_rates: tuple[float, ...] = (5e-4, 2e-3)
    max_length: int = 320
    max_new_tokens: int = 160
    steps_old: tuple[int, int] = (1, 4)
    steps_new: tuple[int, int] = (5, 5)
    target_modules: tuple[str, ...] = ("q_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


RECIPE = Recipe()
RANKS = (1, 2, 4, 8, 16, 32, 64)
SEEDS = (0, 1, 2)


def problems(task: str, split: str, n: int, seed: int = 0, recipe: Recipe = RECIPE) -> list[dict[str, str]]:
    """`n` problems of the task "old" or "new". Raises CourseError for another task."""
    if task not in ("old", "new"):
        raise CourseError(f"there is no task {task!r} in the rank sweep; use 'old' or 'new'")
    steps = recipe.steps_old if task == "old" else recipe.steps_new
    return list(data.load("word_problems", split, n, seed=seed, steps=steps))


def start_model(
    base: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, recipe: Recipe = RECIPE
) -> PreTrainedModel:
    """The base model after fine-tuning on the old task: it knows format and end, so only the skill is new."""
    train = problems("old", "train", recipe.old_examples)
    return fine_tune(
        base,
        tokenizer,
        train,
        learning_rate=recipe.learning_rate,
        max_length=recipe.max_length,
        progress=False,
    ).model


def learn(
    start: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rank: int | str,
    seed: int,
    recipe: Recipe = RECIPE,
    learning_rate: float | None = None,
) -> tuple[PreTrainedModel, float]:
    """A copy of `start`, trained on the new skill with an adapter of `rank` (merged), or in "full".

    learning_rate: instead of the recipe's. The seed draws the examples, their order and the adapter's start.
    Returns the model and the CPU seconds of the training.
    """
    lora = None
    if rank != FULL:
        lora = {"rank": rank, "alpha": 2 * rank, "target_modules": list(recipe.target_modules)}
    began = time.process_time()
    run = fine_tune(
        start,
        tokenizer,
        problems("new", "train", recipe.new_examples, seed=100 + seed),
        learning_rate=learning_rate or _rate(rank, recipe),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        max_length=recipe.max_length,
        seed=seed,
        lora=lora,
        progress=False,
    )
    seconds = time.process_time() - began
    return (run.model.merge_and_unload() if lora else run.model), seconds


def _rate(rank: int | str, recipe: Recipe) -> float:
    return recipe.learning_rate if rank == FULL else recipe.lora_learning_rate


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n: int, recipe: Recipe = RECIPE
) -> dict[str, Evaluation]:
    """Strict accuracy on `n` held-out problems of each task: {"new": …, "old": …}."""
    return {
        task: evaluate(
            model, tokenizer, problems(task, "test", n), max_new_tokens=recipe.max_new_tokens, batch_size=128
        )
        for task in ("new", "old")
    }


def plan(
    ranks: Sequence[int | str] = (*RANKS, FULL), seeds: Sequence[int] = SEEDS, recipe: Recipe = RECIPE
) -> list[tuple[int | str, int, float]]:
    """Every run as (rank, seed, learning rate), seed by seed; then the other rates.

    Those take the first seed only, but for the smallest rank at the largest of them: its result moves so far
    that one seed is not enough.
    """
    runs = [(rank, seed, _rate(rank, recipe)) for seed in seeds for rank in ranks]
    tried = {RANKS[0]: recipe.other_rates, RANKS[-1]: recipe.other_rates, FULL: recipe.other_full_rates}
    runs += [(rank, seeds[0], rate) for rank in ranks for rate in tried.get(rank, ())]
    return runs + [(RANKS[0], seed, max(recipe.other_rates)) for seed in seeds[1:] if RANKS[0] in ranks]


def sweep() -> dict[str, Any]:
    """Run what the results file lacks and save after every run. Returns the file's content."""
    from course_utils.models import load_base

    base, tokenizer = load_base("nano-math", "strong", "cpu", "float32")
    recipe = {
        key: list(value) if isinstance(value, tuple) else value for key, value in asdict(RECIPE).items()
    }
    try:
        recorded = results.load(NAME)
    except CourseError:
        recorded = {"recipe": recipe, "runs": []}
    if recorded["recipe"] != recipe:
        raise CourseError(
            f"course_utils/results/{NAME}.json was made with another recipe; delete it to begin anew"
        )
    start = start_model(base, tokenizer, RECIPE)
    if "start" not in recorded:
        recorded["start"] = _shares(measure(start, tokenizer, RECIPE.test_problems, RECIPE))
    done = {(run["rank"], run["seed"], run["learning_rate"]) for run in recorded["runs"]}
    for rank, seed, rate in plan():
        if (rank, seed, rate) in done:
            continue
        model, seconds = learn(start, tokenizer, rank, seed, RECIPE, rate)
        shares = _shares(measure(model, tokenizer, RECIPE.test_problems, RECIPE))
        run: dict[str, Any] = {
            "rank": rank,
            "seed": seed,
            "learning_rate": rate,
            "seconds": round(seconds, 1),
            **shares,
        }
        recorded["runs"].append(run)
        results.save(NAME, recorded)
        print(
            f"rank {rank}, seed {seed}, rate {rate}: new {run['new']['correct']}, old {run['old']['correct']} "
            f"of {RECIPE.test_problems}, {seconds:.0f} CPU seconds",
            flush=True,
        )
    return recorded


def _shares(evaluations: dict[str, Evaluation]) -> dict[str, dict[str, Any]]:
    """Counts, and which problems were solved ("1") or not, so that runs can be compared problem by problem."""
    return {
        task: {
            "correct": sum(e.correct),
            "n": e.n,
            "any_accuracy": round(e.any_accuracy, 4),
            "solved": "".join(map(str, e.correct)),
        }
        for task, e in evaluations.items()
    }


if __name__ == "__main__":
    sweep()
