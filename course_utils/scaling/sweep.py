"""Our own sweep: losses of tiny transformers over parameters and tokens, on a source of known entropy.

    python -m course_utils.scaling.sweep

makes the recorded one, `recorded/sweep.csv` and beside it sweep.json, which says how it was made and what its
points can and cannot tell. It shows a bar, and killed and started again it goes on. `mini_sweep` is small enough
to be run live.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from course_utils.errors import CourseError
from course_utils.profiles import get_profile
from course_utils.resuming import claim, write_whole
from course_utils.scaling.description import describe
from course_utils.scaling.recordings import FOLDER, save
from course_utils.scaling.source import MarkovSource
from course_utils.scaling.transformer import Size
from course_utils.scaling.trunk import RECIPE, SCHEDULES, TrunkRecipe, train_point, train_trunk, updates

MODEL_SIZES: dict[str, Size] = {
    size.name: size
    for size in (
        Size(16, 2, 1),
        Size(24, 2, 1),
        Size(32, 2, 2),
        Size(48, 2, 3),
        Size(64, 3, 4),
        Size(96, 3, 6),
        Size(128, 4, 8),
    )
}
# 0.13M to 2.1M tokens, doubling
TOKENS = tuple(2**power for power in range(17, 22))
# How far the sizes go that are trained with two more seeds.
SEEDS_REACH = {"16x2": TOKENS[-1], "32x2": TOKENS[-2]}
# Runs that share nothing, to see what sharing a trunk does: so many with each schedule.
OWN_SIZES, OWN_TOKENS, OWN_RUNS = ("16x2", "32x2"), (2**18, 2**20), 2
# size -> token counts of the live sweep, and of the smaller one that grading runs
MINI = {"16x2": TOKENS[:4], "24x2": TOKENS[:4], "32x2": TOKENS[:4], "48x2": TOKENS[:4], "64x3": TOKENS[:3]}
MINI_GRADING = dict.fromkeys(("16x2", "24x2", "32x2"), (2**16, 2**17, 2**18))
COLUMNS = ("n", "n_total", "d", "loss", "seed", "size", "trunk", "schedule", "seconds", "cpu_seconds")
REPORT_EVERY = 16  # updates between two words to the bar


@dataclass(frozen=True)
class Job:
    """A trunk with several token counts, or a run of its own with one."""

    size: str
    seed: int
    tokens: tuple[int, ...]
    schedule: str = "wsd"

    @property
    def name(self) -> str:
        return f"{self.size}-seed{self.seed}-{self.schedule}"

    @property
    def cost(self) -> int:
        """Updates times parameters: what the bar counts."""
        return MODEL_SIZES[self.size].n_total(128) * updates(self.tokens)


def recorded_plan() -> list[Job]:
    """Every size once, two of them with two more seeds, and some runs of their own.

    Dearest first, so that the processes end together.
    """
    jobs = [Job(size, 0, TOKENS) for size in MODEL_SIZES]
    for size, reach in SEEDS_REACH.items():
        jobs += [Job(size, seed, tuple(d for d in TOKENS if d <= reach)) for seed in (1, 2)]
    kinds = product(OWN_SIZES, OWN_TOKENS, SCHEDULES, range(OWN_RUNS))
    # With the same seed two runs would share their beginning, as if on one trunk: every run has its own.
    jobs += [
        Job(size, seed, (tokens,), schedule) for seed, (size, tokens, schedule, _) in enumerate(kinds, 10)
    ]
    return sorted(jobs, key=lambda job: job.cost, reverse=True)


def mini_sweep(
    grid: Mapping[str, Sequence[int]] | None = None,
    seed: int = 0,
    source: MarkovSource | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """A sweep to watch: 19 points up to 0.15M parameters and 1M tokens in about a minute; smaller when grading.

    grid: size -> token counts; by default MINI, and MINI_GRADING under COURSE_GRADING=1. seed: of initial weights and
    of the tokens read; same seed, machine and threads, same losses. Columns as in `recorded_sweep`.
    Raises CourseError for a size that is not in MODEL_SIZES and for token counts that do not fit the recipe.
    """
    if grid is None:
        grid = MINI_GRADING if get_profile().grading else MINI
    unknown = [size for size in grid if size not in MODEL_SIZES]
    if unknown or not grid:
        raise CourseError(
            f"there is no size {unknown[0] if unknown else ''!r}; use one of {', '.join(MODEL_SIZES)}"
        )
    jobs = [Job(size, seed, tuple(sorted(tokens))) for size, tokens in grid.items()]
    source = source or MarkovSource()
    rows = []
    with _bar(jobs, disable=not progress) as advance:
        for job in jobs:
            meter = _Meter(job, advance)
            rows += train_trunk(MODEL_SIZES[job.size], job.tokens, seed, source, on_step=meter.step)
            meter.finish()
    return as_frame(rows)


def as_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of `train_trunk` as a table, small models first."""
    order = {"trunk": False, "schedule": False, "n": True, "d": True, "seed": True}
    frame = pd.DataFrame(rows)[list(COLUMNS)]
    return frame.sort_values([*order], ascending=[*order.values()], ignore_index=True)


def record(
    jobs: Sequence[Job],
    out: Path,
    state: Path,
    processes: int = 2,
    console: Console | None = None,
    recipe: TrunkRecipe = RECIPE,
) -> pd.DataFrame:
    """Run what of `jobs` is not yet in `state`, `processes` side by side, and write sweep.csv and sweep.json to `out`.

    Raises CourseError if `state` holds a sweep with another recipe.
    """
    refusal = f"{state} holds points of another recipe; give another --state or delete it"
    claim(state / "recipe.json", recipe, refusal)
    with _bar(jobs, console=console) as advance:
        rows = [row for group in _run_all(jobs, state, processes, recipe, advance) for row in group]
    frame = as_frame(rows).round({"loss": 6})
    source = MarkovSource()
    save(
        "sweep",
        frame,
        {
            "recipe": asdict(recipe),
            "source": {"seed": 0, "vocabulary": source.vocabulary, "weights": source.weights},
            "entropy": source.entropy,
            "processes": processes,
            # of all points together; what was lost when a run was killed is not in it
            "cpu_seconds": round(float(frame.cpu_seconds.sum())),
            # the same by the clock, side by side, on a machine that may have had other things to do
            "seconds": round(float(frame.seconds.sum()) / processes),
            "description": describe(frame, source.entropy),
        },
        out,
    )
    return frame


def run_job(
    job: Job, state: Path, recipe: TrunkRecipe, advance: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The rows of one job; what is already in `state` is read from there."""
    size, folder, meter = MODEL_SIZES[job.size], state / job.name, _Meter(job, advance)
    if len(job.tokens) > 1:
        rows = train_trunk(size, job.tokens, job.seed, recipe=recipe, folder=folder, on_step=meter.step)
    else:
        path = folder / "row.json"
        if not path.exists():
            row = train_point(
                size, job.tokens[0], job.seed, schedule=job.schedule, recipe=recipe, on_step=meter.step
            )
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(row))
        rows = [json.loads(path.read_text(encoding="utf-8"))]
    meter.finish()
    return rows


def _run_all(
    jobs: Sequence[Job], state: Path, processes: int, recipe: TrunkRecipe, advance: Callable[[float], None]
) -> list[list[dict[str, Any]]]:
    if processes == 1:
        return [run_job(job, state, recipe, advance) for job in jobs]
    context = multiprocessing.get_context("spawn")
    words = context.Queue()
    with context.Pool(processes, _start_worker, (words, os.getpid())) as pool:
        pending = [pool.apply_async(_work, (job, state, recipe)) for job in jobs]
        while not all(result.ready() for result in pending):
            try:
                advance(words.get(timeout=1.0))
            except queue.Empty:
                continue
        return [result.get() for result in pending]


_tell: Callable[[float], None]  # in a worker: a word to the bar


def _start_worker(words: Any, parent: int) -> None:
    global _tell
    os.nice(5)
    torch.set_num_threads(1)

    def tell(done: float) -> None:
        if os.getppid() != parent:
            os._exit(1)  # nobody waits for this worker any more
        words.put(done)

    _tell = tell


def _work(job: Job, state: Path, recipe: TrunkRecipe) -> list[dict[str, Any]]:
    return run_job(job, state, recipe, _tell)


class _Meter:
    """Tells the bar now and then how far a job is."""

    def __init__(self, job: Job, advance: Callable[[float], None]) -> None:
        self.left, self.each, self.advance, self.count = (
            job.cost,
            MODEL_SIZES[job.size].n_total(128),
            advance,
            0,
        )

    def step(self) -> None:
        self.count += 1
        if self.count % REPORT_EVERY == 0:
            self.left -= self.each * REPORT_EVERY
            self.advance(self.each * REPORT_EVERY)

    def finish(self) -> None:
        """The rest, which was done in an earlier run."""
        self.advance(self.left)


@contextmanager
def _bar(
    jobs: Sequence[Job], console: Console | None = None, disable: bool = False
) -> Iterator[Callable[[float], None]]:
    columns = (
        TextColumn("sweep"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, disable=disable) as bar:
        task = bar.add_task("", total=sum(job.cost for job in jobs))
        yield lambda done: bar.advance(task, done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="where sweep.csv and sweep.json are written")
    parser.add_argument("--state", type=Path, default=Path(".course/sweep"), help="points made so far")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    console = Console()
    frame = record(recorded_plan(), arguments.out, arguments.state, arguments.processes, console)
    console.print(f"{len(frame)} points in {arguments.out}")


if __name__ == "__main__":
    main()
