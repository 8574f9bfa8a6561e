"""Seconds for the scores of all shot counts: one forward pass against one prompt for each count.

Both are the answers of lab 06's solution (`score_all_shots`, `score_labels` with `build_prompt`), on the embedded
in-context learner and a map of 16 words. They take turns, and the ratio is that of the summed seconds.

    python tests/bench/bench_icl.py [--shots 256] [--turns 2] [--threads 1] [--save]

Exits with 1 if one pass is less than 20 times faster, or if the log-probabilities differ.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

from course_utils import results
from course_utils.data import icl_tasks
from course_utils.grading import notebook as nbk
from course_utils.models import load_base

SOLUTION = Path(__file__).resolve().parents[2] / "solutions" / "06_many_shot_icl" / "06_many_shot_icl.ipynb"
AIM = 20.0
# Matrices of other shapes are summed in another order; log-probabilities are a few units.
SAME = 1e-4


def solved() -> dict[str, Any]:
    """The names that the setup and solution cells of lab 06 define."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in nbk.read(SOLUTION).cells:
            if nbk.is_setup(cell) or nbk.is_solution(cell):
                exec(compile(cell.source, nbk.grade_id(cell), "exec"), names)
    return names


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=256)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", action="store_true", help="record the numbers in course_utils/results")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = solved()
    model, tokenizer = load_base("nano-icl", device="cpu", dtype="float32")
    [task] = icl_tasks.draw("map", 1, options.shots, seed=1)
    demonstrations = list(zip(task.inputs, task.outputs, strict=True))

    def one_pass() -> torch.Tensor:
        return names["score_all_shots"](model, tokenizer, demonstrations, task.labels)

    def a_prompt_each() -> torch.Tensor:
        prompts = [names["build_prompt"](demonstrations[:k], x) for k, x in enumerate(task.inputs)]
        return torch.stack([names["score_labels"](model, tokenizer, p, task.labels) for p in prompts])

    ways = {"one pass": one_pass, "a prompt for each count": a_prompt_each}
    one_pass()  # warm up
    clocks = {name: {"wall": 0.0, "cpu": 0.0} for name in ways}
    scores = {}
    for _ in range(options.turns):
        for name, work in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            scores[name] = work()
            clocks[name]["wall"] += (time.perf_counter() - wall) / options.turns
            clocks[name]["cpu"] += (time.process_time() - cpu) / options.turns
    difference = float((scores["one pass"] - scores["a prompt for each count"]).abs().max())
    ratio = {
        clock: clocks["a prompt for each count"][clock] / clocks["one pass"][clock]
        for clock in ("wall", "cpu")
    }
    for name, spent in clocks.items():
        print(f"{name:24} {1000 * spent['wall']:8.1f} ms wall {1000 * spent['cpu']:8.1f} ms CPU")
    print(
        f"{options.shots} shot counts: {ratio['wall']:.0f} times faster (wall), {ratio['cpu']:.0f} times (CPU)"
    )
    print(f"largest difference of two log-probabilities: {difference:.1e}")
    if options.save:
        record = {"machine": platform.machine(), "threads": options.threads, "torch": torch.__version__}
        found = {"shots": options.shots, "seconds": clocks, "ratio": ratio, "difference": difference}
        print("recorded in", results.save("bench_icl", {**record, **found}))
    return 0 if ratio["cpu"] >= AIM and difference < SAME else 1


if __name__ == "__main__":
    sys.exit(main())
