"""Accuracy against rank: a model that answers problems of 1 to 4 steps learns problems of 5 steps.

    python -m course_utils.experiments.rank_sweep

trains every rank and every seed (about a quarter of an hour on one CPU core) and writes
course_utils/results/rank_sweep.json. A run that was cut off goes on where it was: finished runs are in the
file and are not repeated. Lab 02 draws the file, and trains two of its points again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils import data
from course_utils.errors import CourseError
from course_utils.evaluation import Evaluation, evaluate
from course_utils.experiments.recorded import Recording
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NAME = "rank_sweep"
FULL = "full"


@dataclass(frozen=True)
class RankSweepRecipe:
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


RECIPE = RankSweepRecipe()
RANKS = (1, 2, 4, 8, 16, 32, 64)
SEEDS = (0, 1, 2)


def problems(
    task: str, split: str, n: int, seed: int = 0, recipe: RankSweepRecipe = RECIPE
) -> list[dict[str, str]]:
    """`n` problems of the task "old" or "new". Raises CourseError for another task."""
    if task not in ("old", "new"):
        raise CourseError(f"there is no task {task!r} in the rank sweep; use 'old' or 'new'")
    steps = recipe.steps_old if task == "old" else recipe.steps_new
    return list(data.load("word_problems", split, n, seed=seed, steps=steps))


def start_model(
    base: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, recipe: RankSweepRecipe = RECIPE
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
    recipe: RankSweepRecipe = RECIPE,
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


def _rate(rank: int | str, recipe: RankSweepRecipe) -> float:
    return recipe.learning_rate if rank == FULL else recipe.lora_learning_rate


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n: int, recipe: RankSweepRecipe = RECIPE
) -> dict[str, Evaluation]:
    """Strict accuracy on `n` held-out problems of each task: {"new": …, "old": …}."""
    return {
        task: evaluate(
            model, tokenizer, problems(task, "test", n), max_new_tokens=recipe.max_new_tokens, batch_size=128
        )
        for task in ("new", "old")
    }


def plan(
    ranks: Sequence[int | str] = (*RANKS, FULL),
    seeds: Sequence[int] = SEEDS,
    recipe: RankSweepRecipe = RECIPE,
) -> list[dict[str, Any]]:
    """Every run by its rank, seed and learning_rate, seed by seed; then the other rates.

    Those take the first seed only, but for the smallest rank at the largest of them: its result moves so far
    that one seed is not enough.
    """
    runs = [(rank, seed, _rate(rank, recipe)) for seed in seeds for rank in ranks]
    tried = {RANKS[0]: recipe.other_rates, RANKS[-1]: recipe.other_rates, FULL: recipe.other_full_rates}
    runs += [(rank, seeds[0], rate) for rank in ranks for rate in tried.get(rank, ())]
    runs += [(RANKS[0], seed, max(recipe.other_rates)) for seed in seeds[1:] if RANKS[0] in ranks]
    return [{"rank": rank, "seed": seed, "learning_rate": rate} for rank, seed, rate in runs]


def sweep() -> dict[str, Any]:
    """Run what the results file lacks and save after every run. Returns the file's content."""
    from course_utils.models import load_base

    base, tokenizer = load_base("nano-math", "strong", "cpu", "float32")
    recording = Recording(NAME, RECIPE)
    recording.read()
    start = start_model(base, tokenizer, RECIPE)

    def measured(model: PreTrainedModel) -> dict[str, Any]:
        return _shares(measure(model, tokenizer, RECIPE.test_problems, RECIPE))

    def run(settings: Mapping[str, Any]) -> dict[str, Any]:
        rank, seed, rate = settings["rank"], settings["seed"], settings["learning_rate"]
        model, seconds = learn(start, tokenizer, rank, seed, RECIPE, rate)
        return {"seconds": round(seconds, 1), **measured(model)}

    recording.once("start", lambda: measured(start))
    return recording.complete(plan(), run, _line)


def _line(run: Mapping[str, Any]) -> str:
    return (
        f"rank {run['rank']}, seed {run['seed']}, rate {run['learning_rate']}: new {run['new']['correct']}, "
        f"old {run['old']['correct']} of {RECIPE.test_problems}, {run['seconds']:.0f} CPU seconds"
    )


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
