"""What the embedded model does when it is prompted, and after a little fine-tuning: measured, with bands.

The labs rest on these: the model must know how to solve most problems (pass@16, and accuracy after 100
examples), and must not do as asked before it is fine-tuned (format, stopping).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.data import word_problems
from course_utils.evaluation import Evaluation, chat_prompt, evaluate, wilson_interval
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SEED = 2024
STEPS = (1, 4)
LONG_STEPS = (5, 6)

# name: (smallest, largest) allowed for the strong stage.
BANDS = {
    "chat_accuracy": (0.0, 0.25),
    "chat_clean_rate": (0.0, 0.05),
    "chat_pass_at_16": (0.60, 1.0),
    "sft_accuracy": (0.80, 1.0),
}


@dataclass(frozen=True)
class Budget:
    """How many problems and seeds a measurement takes."""

    greedy_problems: int
    sampled_problems: int
    sft_seeds: tuple[int, ...]


FULL = Budget(greedy_problems=200, sampled_problems=100, sft_seeds=(0, 1, 2))
QUICK = Budget(greedy_problems=100, sampled_problems=50, sft_seeds=(0,))
SFT_EXAMPLES = 100


def held_out(n: int, steps: tuple[int, int] = STEPS) -> list[dict[str, Any]]:
    return word_problems.generate(n, seed=SEED, steps=steps, split="test")


def bare_prompt(question: str, tokenizer: PreTrainedTokenizerBase) -> str:
    return question + "\n"


def one_shot_prompt(question: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """One worked example before the question, as on a page of worked examples."""
    example = word_problems.generate(1, seed=SEED, steps=(2, 2), split="train")[0]
    return f"{example['question']}\n{example['answer']}\n\n{question}\n"


PROMPTS = {"chat": chat_prompt, "question only": bare_prompt, "one example": one_shot_prompt}


def share(correct: int, n: int, runs: int = 1) -> dict[str, float]:
    """A share with its 95 % Wilson interval and its n, as the results file keeps it.

    runs: how many runs answered the same n / runs problems. More runs draw no new problems, so the interval is as wide
    as that of one run.
    """
    low, high = wilson_interval(round(correct / runs), n // runs)
    return {"value": round(correct / n, 4), "low": round(low, 4), "high": round(high, 4), "n": n}


def _rates(result: Evaluation) -> dict[str, Any]:
    def of(rate: float) -> dict[str, float]:
        return share(round(rate * result.n), result.n)

    return {
        "accuracy": of(result.accuracy),
        "any_accuracy": of(result.any_accuracy),
        "format_rate": of(result.format_rate),
        "stop_rate": of(result.stop_rate),
        "clean_rate": of(result.clean_rate),
    }


_NAMES = {person.name for person in word_problems.PEOPLE}
_LINE = re.compile(r"^(?P<text>.*)<<(?P<sum>[^<>=]+)=(?P<value>\d+)>>", re.MULTILINE)


def name_errors(
    completions: Sequence[str], problems: Sequence[dict[str, Any]]
) -> dict[str, dict[str, float]]:
    """How often a solution names the wrong person.

    absent: share of completions that name somebody who is not in the question. swapped: of the lines with
    the same sum as the reference solution, and a name in both, the share that names somebody else.
    """
    absent = swapped = lines = 0
    for text, problem in zip(completions, problems, strict=True):
        words = set(re.findall(r"[A-Z][a-z]+", text))
        absent += bool((words & _NAMES) - set(re.findall(r"[A-Z][a-z]+", problem["question"])))
        reference = {m["sum"]: _names_in(m["text"]) for m in _LINE.finditer(problem["answer"])}
        for match in _LINE.finditer(text):
            found, expected = _names_in(match["text"]), reference.get(match["sum"])
            if found and expected:
                lines += 1
                swapped += found != expected
    return {"absent": share(absent, len(problems)), "swapped": share(swapped, max(lines, 1))}


def _names_in(text: str) -> set[str]:
    return set(re.findall(r"[A-Z][a-z]+", text)) & _NAMES


def arithmetic_errors(completions: Sequence[str]) -> dict[str, dict[str, float]]:
    """Share of wrong results among the annotated sums, for small and large numbers."""
    counts = {"up to 100": [0, 0], "above 100": [0, 0]}
    for text in completions:
        for left, operation, right, value in re.findall(r"<<(\d+)([-+*/])(\d+)=(\d+)>>", text):
            a, b = int(left), int(right)
            right_answer = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[operation]
            size = "above 100" if max(a, b, int(value)) > 100 else "up to 100"
            counts[size][0] += right_answer != int(value)
            counts[size][1] += 1
    return {size: share(wrong, max(n, 1)) for size, (wrong, n) in counts.items()}


def measure_base(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, budget: Budget
) -> dict[str, Any]:
    """Greedy rates for each prompt, pass@1 and pass@16 at temperature 1, and long problems."""
    problems = held_out(budget.greedy_problems)
    prompts = {}
    for name, prompt in PROMPTS.items():
        stop = ["\n\n"] if name == "one example" else None
        prompts[name] = _rates(evaluate(model, tokenizer, problems, prompt=prompt, stop=stop))
    sampled = evaluate(
        model, tokenizer, held_out(budget.sampled_problems), samples=16, temperature=1.0, seed=SEED
    )
    solved = sum(count > 0 for count in sampled.correct)
    long = evaluate(model, tokenizer, held_out(budget.sampled_problems, LONG_STEPS), max_new_tokens=192)
    return {
        "prompts": prompts,
        "pass_at_1": {"value": round(sampled.pass_at(1), 4), "n": sampled.n, "samples": 16},
        "pass_at_16": share(solved, sampled.n),
        "long": _rates(long),
    }


def measure_sft(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, budget: Budget) -> dict[str, Any]:
    """After 100 examples of 1 to 4 steps: accuracy by seed and by number of steps, and the flaws."""
    problems = held_out(budget.greedy_problems)
    runs, texts, correct = [], [], []
    for seed in budget.sft_seeds:
        train = word_problems.generate(SFT_EXAMPLES, seed=seed, steps=STEPS, split="train")
        run = fine_tune(model, tokenizer, train, seed=seed, progress=False)
        result = evaluate(run.model, tokenizer, problems)
        runs.append({"seed": seed, "seconds": round(run.seconds, 1), **_rates(result)})
        texts += [group[0].text for group in result.completions]
        correct += result.correct
    repeated = problems * len(runs)
    by_steps = {}
    for steps in range(STEPS[0], STEPS[1] + 1):
        group = [c for c, problem in zip(correct, repeated, strict=True) if problem["steps"] == steps]
        by_steps[str(steps)] = share(sum(group), len(group), len(runs))
    return {
        "examples": SFT_EXAMPLES,
        "accuracy": share(sum(correct), len(correct), len(runs)),
        "runs": runs,
        "by_steps": by_steps,
        "names": name_errors(texts, repeated),
        "arithmetic": arithmetic_errors(texts),
    }


def measure_stage(folder: Path, budget: Budget) -> dict[str, Any]:
    """Everything about the stage in `folder`."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    return {"base": measure_base(model, tokenizer, budget), "sft": measure_sft(model, tokenizer, budget)}


def band_values(measured: dict[str, Any]) -> dict[str, float]:
    """The measured values that BANDS speaks of."""
    base, chat = measured["base"], measured["base"]["prompts"]["chat"]
    return {
        "chat_accuracy": chat["accuracy"]["value"],
        "chat_clean_rate": chat["clean_rate"]["value"],
        "chat_pass_at_16": base["pass_at_16"]["value"],
        "sft_accuracy": measured["sft"]["accuracy"]["value"],
    }


def compare_with_bands(measured: dict[str, Any]) -> list[str]:
    """One line per band: the value, the band, and whether it holds."""
    lines = []
    for name, value in band_values(measured).items():
        low, high = BANDS[name]
        verdict = "ok" if low <= value <= high else "OUTSIDE"
        lines.append(f"{name:<16} {value:.3f}  band {low:.2f} to {high:.2f}  {verdict}")
    return lines
