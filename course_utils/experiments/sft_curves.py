"""How much fine-tuning buys: accuracy against number of examples, and full fine-tuning against LoRA at equal time.

    python -m course_utils.experiments.sft_curves

trains every run (about a quarter of an hour on one CPU core) and writes course_utils/results/sft_curves.json.
A run that was cut off goes on where it was: finished runs are in the file and are not repeated. Lab 03 draws
the file, and trains two of its points again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils import data
from course_utils.errors import CourseError
from course_utils.evaluation import Evaluation, evaluate
from course_utils.experiments.recorded import Recording
from course_utils.training import TrainingRun, fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NAME = "sft_curves"
METHODS = ("full", "lora")


@dataclass(frozen=True)
class SftCurvesRecipe:
    """What every run shares.

    stage: of the embedded model. sizes: numbers of training examples, each run for `epochs` passes.
    repeated: (examples, epochs) of a control with little data and as many steps as the second largest size.
    budgets: CPU seconds of training for full fine-tuning against LoRA, on the largest size.
    learning_rate, lora_learning_rate: tuned for neither. other_rates: tried with the first seed at the
    budget in the middle. test_problems: the same for every run.
    """

    stage: str = "weak"
    sizes: tuple[int, ...] = (20, 50, 100, 200, 500, 1000)
    epochs: int = 3
    repeated: tuple[int, int] = (100, 15)
    budgets: tuple[int, ...] = (4, 8, 16)
    seeds: tuple[int, ...] = (0, 1, 2)
    learning_rate: float = 1e-3
    lora_learning_rate: float = 5e-3
    other_rates: tuple[tuple[str, float], ...] = (
        ("full", 5e-4),
        ("full", 2e-3),
        ("lora", 2e-3),
        ("lora", 1e-2),
    )
    rank: int = 8
    batch_size: int = 8
    test_problems: int = 300
    max_length: int = 256
    max_new_tokens: int = 128


RECIPE = SftCurvesRecipe()


def train_problems(n: int, seed: int, recipe: SftCurvesRecipe = RECIPE) -> list[dict[str, str]]:
    """The first `n` of the seed's training problems: a smaller set is part of a larger one of the same seed.

    Raises CourseError if n is more than the recipe's largest size.
    """
    pool = recipe.sizes[-1]
    if n > pool:
        raise CourseError(f"the recipe has {pool} training problems for each seed, not {n}; ask for fewer")
    return list(data.load("word_problems", "train", pool, seed=100 + seed))[:n]


def train(
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    examples: int,
    seed: int,
    method: str = "full",
    recipe: SftCurvesRecipe = RECIPE,
    learning_rate: float | None = None,
    **options: Any,
) -> TrainingRun:
    """One run. options: `fine_tune`'s, such as epochs or max_steps. Raises CourseError for an unknown method."""
    if method not in METHODS:
        raise CourseError(f"method={method!r} is not known; use one of {', '.join(METHODS)}")
    lora = {"rank": recipe.rank} if method == "lora" else None
    return fine_tune(
        base,
        tokenizer,
        train_problems(examples, seed, recipe),
        learning_rate=learning_rate or usual_rate(method, recipe),
        batch_size=recipe.batch_size,
        max_length=recipe.max_length,
        seed=seed,
        lora=lora,
        progress=False,
        **{"epochs": recipe.epochs, **options},
    )


def usual_rate(method: str, recipe: SftCurvesRecipe = RECIPE) -> float:
    """The learning rate of a method unless another one is asked for."""
    return recipe.lora_learning_rate if method == "lora" else recipe.learning_rate


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, recipe: SftCurvesRecipe = RECIPE
) -> Evaluation:
    """Greedy answers to the recipe's held-out problems."""
    problems = data.load("word_problems", "test", recipe.test_problems)
    return evaluate(model, tokenizer, problems, max_new_tokens=recipe.max_new_tokens, batch_size=128)


def seconds_per_step(
    base: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, method: str, recipe: SftCurvesRecipe = RECIPE
) -> float:
    """CPU seconds of one optimizer step. Two lengths are timed, so that what every run pays once drops out."""
    seconds = {}
    for steps in (5, 45):
        began = time.process_time()
        train(base, tokenizer, recipe.sizes[-1], 0, method, recipe, max_steps=steps)
        seconds[steps] = time.process_time() - began
    return (seconds[45] - seconds[5]) / 40


def plan(speeds: Mapping[str, float], recipe: SftCurvesRecipe = RECIPE) -> list[dict[str, Any]]:
    """Every run: a part of the experiment, the number of examples, the method, its steps and its seed.

    speeds: `seconds_per_step` of each method, from which the steps within a time budget follow.
    """
    runs = []
    for seed in recipe.seeds:
        for examples in recipe.sizes:
            runs.append({"part": "size", "examples": examples, "epochs": recipe.epochs, "seed": seed})
        examples, epochs = recipe.repeated
        runs.append({"part": "repeated", "examples": examples, "epochs": epochs, "seed": seed})
        for budget in recipe.budgets:
            for method in METHODS:
                runs.append(_timed(budget, method, seed, usual_rate(method, recipe), speeds, recipe))
    middle = recipe.budgets[len(recipe.budgets) // 2]
    for method, rate in recipe.other_rates:
        runs.append(_timed(middle, method, recipe.seeds[0], rate, speeds, recipe))
    return runs


def _timed(
    budget: int, method: str, seed: int, rate: float, speeds: Mapping[str, float], recipe: SftCurvesRecipe
) -> dict[str, Any]:
    return {
        "part": "time",
        "examples": recipe.sizes[-1],
        "budget": budget,
        "method": method,
        "max_steps": max(1, round(budget / speeds[method])),
        "learning_rate": rate,
        "seed": seed,
    }


def sweep() -> dict[str, Any]:
    """Run what the results file lacks and save after every run. Returns the file's content."""
    from course_utils.models import load_base

    base, tokenizer = load_base("nano-math", RECIPE.stage, "cpu", "float32")
    recording = Recording(NAME, RECIPE)

    def speeds() -> dict[str, float]:
        return {method: round(seconds_per_step(base, tokenizer, method), 4) for method in METHODS}

    def run(settings: Mapping[str, Any]) -> dict[str, Any]:
        options = {
            key: settings[key]
            for key in ("epochs", "max_steps", "learning_rate", "method")
            if key in settings
        }
        began = time.process_time()
        trained = train(base, tokenizer, settings["examples"], settings["seed"], **options)
        seconds = time.process_time() - began
        model = trained.model.merge_and_unload() if settings.get("method") == "lora" else trained.model
        return {
            "steps": trained.steps,
            "seconds": round(seconds, 1),
            **summary(measure(model, tokenizer)),
        }

    recording.once("start", lambda: summary(measure(base, tokenizer)))
    return recording.complete(plan(recording.once("seconds_per_step", speeds)), run, _line)


def _line(run: Mapping[str, Any]) -> str:
    return str({key: value for key, value in run.items() if key != "solved"})


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Counts and rates, and which problems were solved ("1") or not, so that runs can be compared in pairs."""
    return {
        "correct": sum(evaluation.correct),
        "n": evaluation.n,
        "format_rate": round(evaluation.format_rate, 4),
        "stop_rate": round(evaluation.stop_rate, 4),
        "solved": "".join(map(str, evaluation.correct)),
    }


if __name__ == "__main__":
    sweep()
