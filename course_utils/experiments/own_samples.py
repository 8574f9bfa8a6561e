"""What nano-math (strong) writes to training problems, recorded for lab 04's open experiment.

    python -m course_utils.experiments.own_samples

writes course_utils/results/own_samples.json, in a minute or two on one CPU core. The model is as it comes, so most of
its texts have another form than the problems' own solutions. Of each text stands what lab 04 keeps: up to the line of
the first ``####``; a text without one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from course_utils import results
from course_utils.data import word_problems
from course_utils.data.answers import MARK, parse_answer
from course_utils.evaluation import chat_prompt
from course_utils.experiments.expert_iteration import ANSWER_LINE
from course_utils.generation import generate

NAME = "own_samples"


@dataclass(frozen=True)
class SampleRecipe:
    """problems: of the training split, with steps[0] to steps[1] steps, made with seed. samples: drawn of each."""

    problems: int = 320
    steps: tuple[int, int] = (2, 5)
    seed: int = 4000
    samples: int = 8
    temperature: float = 1.0
    max_new_tokens: int = 128


def cut(text: str) -> str | None:
    """The text up to the line of its first ``####``, without white space around it; None if it has none."""
    line = ANSWER_LINE.search(text)
    return text[: line.end()].strip() if line else None


def draw(recipe: SampleRecipe) -> list[dict[str, Any]]:
    """For each problem its question, its number as "#### 12", and the texts, cut, in the order of drawing."""
    from course_utils.models import load_base

    model, tokenizer = load_base("nano-math", "strong", "cpu", "float32")
    problems: Sequence[Mapping[str, Any]] = word_problems.generate(
        recipe.problems, recipe.seed, recipe.steps, "train"
    )
    groups = generate(
        model,
        tokenizer,
        [chat_prompt(problem["question"], tokenizer) for problem in problems],
        n=recipe.samples,
        temperature=recipe.temperature,
        max_new_tokens=recipe.max_new_tokens,
        batch_size=128,
    )
    return [
        {
            "question": problem["question"],
            "answer": f"{MARK} {parse_answer(problem['answer'])}",
            "samples": [text for completion in group if (text := cut(completion.text))],
        }
        for problem, group in zip(problems, groups, strict=True)
    ]


def main() -> None:
    recipe = SampleRecipe()
    results.save(NAME, {"recipe": asdict(recipe), "problems": draw(recipe)})


if __name__ == "__main__":
    main()
