"""Many samples of the embedded model on held-out problems, counted: the data of scaling at test time.

    python -m course_utils.scaling.coverage

makes `recorded/coverage.csv` and coverage.json in about ten minutes of one core. Coverage is the share of problems that
at least one of k samples solves (Brown et al. 2024, arXiv 2407.21787). Many of the problems take more steps than the
model has seen, so that it is far from 1 for a long time. Killed and started again, the run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from rich.progress import track

from course_utils.data import word_problems
from course_utils.data.answers import any_answer, is_correct, parse_answer
from course_utils.evaluation import chat_prompt
from course_utils.generation import generate
from course_utils.models import load_base
from course_utils.resuming import claim, write_whole
from course_utils.scaling.recordings import FOLDER, save

CHUNK = 8  # problems sampled between two savings


@dataclass(frozen=True)
class Plan:
    """Which problems, how many samples of each, by which stages of nano-math."""

    problems: int = 104
    samples: int = 200
    stages: tuple[str, ...] = ("strong", "medium")
    steps: tuple[int, int] = (2, 6)
    seed: int = 41
    temperature: float = 1.0
    max_new_tokens: int = 160  # the longest solution of six steps fits
    batch_size: int = 200

    def questions(self) -> list[dict[str, Any]]:
        return word_problems.generate(self.problems, self.seed, self.steps, split="test")


def record(plan: Plan, out: Path, state: Path, progress: bool = True) -> pd.DataFrame:
    """Sample what is not yet in `state`, and write coverage.csv and coverage.json to `out`.

    Raises CourseError if `state` holds the samples of another plan.
    """
    refusal = f"{state} holds samples of another plan; give another --state or delete it"
    claim(state / "plan.json", plan, refusal)
    chunks = [(stage, first) for stage in plan.stages for first in range(0, plan.problems, CHUNK)]
    rows, cpu, wall = [], 0.0, 0.0
    for stage, first in track(chunks, "sampling", disable=not progress):
        path = state / f"{stage}-{first}.json"
        if not path.exists():
            write_whole(path, json.dumps(sample(plan, stage, first)))
        done = json.loads(path.read_text(encoding="utf-8"))
        rows += done["rows"]
        cpu, wall = cpu + done["cpu_seconds"], wall + done["seconds"]
    frame = pd.DataFrame(rows)
    facts = {"plan": asdict(plan), "prompt": "chat", "cpu_seconds": round(cpu), "seconds": round(wall)}
    save("coverage", frame, facts, out)
    return frame


def sample(plan: Plan, stage: str, first: int) -> dict[str, Any]:
    """Rows (problem, steps, stage, n, correct, correct_any) of the CHUNK problems from `first` on, and the time."""
    model, tokenizer = load_base("nano-math", stage, "cpu", "float32")
    problems = plan.questions()[first : first + CHUNK]
    wall, cpu = time.perf_counter(), time.process_time()
    completions = generate(
        model,
        tokenizer,
        [chat_prompt(problem["question"], tokenizer) for problem in problems],
        n=plan.samples,
        temperature=plan.temperature,
        max_new_tokens=plan.max_new_tokens,
        seed=plan.seed + first,
        batch_size=plan.batch_size,
    )
    rows = [
        {
            "problem": first + k,
            "steps": problem["steps"],
            "stage": stage,
            **count([completion.text for completion in group], problem["answer"]),
        }
        for k, (problem, group) in enumerate(zip(problems, completions, strict=True))
    ]
    return {
        "rows": rows,
        "cpu_seconds": time.process_time() - cpu,
        "seconds": time.perf_counter() - wall,
    }


def count(texts: Sequence[str], answer: str) -> dict[str, int]:
    """How many texts give `answer` in the strict format, and how many in any."""
    gold = parse_answer(answer)
    return {
        "n": len(texts),
        "correct": sum(is_correct(text, answer) for text in texts),
        "correct_any": sum(is_correct(text, answer) or any_answer(text) == gold for text in texts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="where coverage.csv and .json are written")
    parser.add_argument("--state", type=Path, default=Path(".course/coverage"), help="samples counted so far")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    print(f"{len(record(Plan(), arguments.out, arguments.state))} rows in {arguments.out}")


if __name__ == "__main__":
    main()
