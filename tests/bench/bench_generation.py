"""Tokens per second of `course_utils.generation.generate` against `model.generate`: on the embedded model, and on the
real one where it is at hand (`course model get smollm2`).

Both get the same prompts, sorted by length, at temperature 1, and as many sequences side by side. They draw
other samples, so tokens are counted: those up to the end token, which is what a caller can use. The two take
turns, several times, and the ratio is that of the summed seconds.

    python tests/bench/bench_generation.py [--threads 2] [--turns 3] [--save]

Exits with 1 if model.generate is faster anywhere.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable

import torch

from course_utils import results
from course_utils.data import word_problems
from course_utils.evaluation import chat_prompt
from course_utils.generation import end_token_ids, generate
from course_utils.models import load_base
from course_utils.models.fetched import FETCHED

# Of each model: tokens of a completion, how many side by side, samples of a prompt, and how much faster we mean to be.
EMBEDDED = ("nano-math", 128, (32, 64, 256), (1, 8), 2.5)
REAL = ("smollm2-135m", 64, (8, 32), (1, 8), 1.5)


def stock(model, tokenizer, new_tokens: int, prompts: list[str], n: int, batch_size: int, seed: int) -> int:
    """Sample with `model.generate` the usual way. Returns the number of tokens."""
    torch.manual_seed(seed)
    ends = torch.tensor(end_token_ids(model, tokenizer))
    prompts = sorted(prompts, key=lambda prompt: len(tokenizer(prompt)["input_ids"]))
    count = 0
    for start in range(0, len(prompts), batch_size // n):
        batch = tokenizer(
            prompts[start : start + batch_size // n],
            return_tensors="pt",
            padding=True,
            padding_side="left",
            add_special_tokens=False,
        )
        with torch.inference_mode():
            output = model.generate(
                **batch,
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                max_new_tokens=new_tokens,
                num_return_sequences=n,
                eos_token_id=ends.tolist(),
                pad_token_id=tokenizer.pad_token_id,
            )
        new = output[:, batch["input_ids"].shape[1] :]
        ended = torch.isin(new, ends)
        length = torch.where(ended.any(1), ended.int().argmax(1) + 1, new.shape[1])
        count += int(length.sum())
    return count


def ours(model, tokenizer, new_tokens: int, prompts: list[str], n: int, batch_size: int, seed: int) -> int:
    """The same through `generate`."""
    groups = generate(
        model,
        tokenizer,
        prompts,
        n=n,
        temperature=1.0,
        max_new_tokens=new_tokens,
        batch_size=batch_size,
        seed=seed,
    )
    return sum(len(completion.token_ids) for group in groups for completion in group)


def rates(functions: list[Callable], turns: int, *arguments) -> list[dict[str, float]]:
    """Tokens per second of wall time and of CPU time for each function, which take turns."""
    sums = [{"tokens": 0.0, "wall": 0.0, "cpu": 0.0} for _ in functions]
    for turn in range(turns):
        for function, total in zip(functions, sums, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            total["tokens"] += function(*arguments, turn)
            total["wall"] += time.perf_counter() - wall
            total["cpu"] += time.process_time() - cpu
    return [{clock: total["tokens"] / total[clock] for clock in ("wall", "cpu")} for total in sums]


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="record the numbers in course_utils/results")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows, good = [], True
    for name, new_tokens, batch_sizes, samples, aim in (EMBEDDED, REAL):
        if name == REAL[0] and not FETCHED[name].here:
            print(f"{name} is not at hand: `{FETCHED[name].command}` brings it")
            continue
        model, tokenizer = load_base(name, device="cpu", dtype="float32")
        model.eval()
        problems = word_problems.generate(512, seed=1, steps=(1, 4), split="test")
        prompts = [chat_prompt(problem["question"], tokenizer) for problem in problems]
        for function in (stock, ours):
            function(model, tokenizer, new_tokens, prompts[:8], 1, 8, 0)  # warm up
        print(f"{name}\nbatch  samples   model.generate      generate   ratio (wall)  ratio (CPU)")
        for batch_size in batch_sizes:
            for n in samples:
                used = prompts[
                    : 2 * batch_size // n if n > 1 or name == REAL[0] else min(512, 4 * batch_size)
                ]
                theirs, mine = rates(
                    [stock, ours], options.turns, model, tokenizer, new_tokens, used, n, batch_size
                )
                wall, cpu = (mine[clock] / theirs[clock] for clock in ("wall", "cpu"))
                verdict = "" if wall >= aim else "  below the aim" if wall > 1 else "  SLOWER"
                print(
                    f"{batch_size:5} {n:8} {theirs['wall']:12.0f} t/s {mine['wall']:9.0f} t/s"
                    f" {wall:10.2f} {cpu:12.2f}{verdict}",
                    flush=True,
                )
                good &= wall > 1
                rows.append(
                    {
                        "model": name,
                        "batch_size": batch_size,
                        "samples": n,
                        "stock": theirs,
                        "ours": mine,
                        "wall": wall,
                        "cpu": cpu,
                    }
                )
    if options.save:
        record = {"machine": platform.machine(), "threads": options.threads, "torch": torch.__version__}
        print("recorded in", results.save("bench_generation", {**record, "rows": rows}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
