"""Train tiny models to several token counts in one go: a trunk at a constant rate, a decay for each count.

A warmup-stable-decay schedule (Hu et al. 2024, arXiv 2404.06395): up to where its decay begins, a run of 1M tokens
is the beginning of a run of 2M tokens. So one trunk serves both, and each point costs only its decay.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from course_utils.errors import CourseError
from course_utils.models.pretraining import Learner
from course_utils.resuming import write_whole
from course_utils.scaling.source import MarkovSource
from course_utils.scaling.transformer import Size, TinyTransformer

CONTEXT = 2  # tokens before the first predicted one: what the source itself looks back at
SCHEDULES = ("wsd", "cosine")
HELD_OUT_SEED = (999_983,)  # no training stream has a seed of one number
CHUNK_STEPS = 32  # batches drawn from the source at a time


@dataclass(frozen=True)
class TrunkRecipe:
    """How every model is trained. Rates fall with the root of the width; nothing else depends on the size."""

    batch: int = 32
    length: int = 64
    rate_at_16: float = 0.012
    warmup_steps: int = 50
    decay_share: float = 0.25
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float = 1.0
    held_out: int = 2048

    @property
    def tokens_per_step(self) -> int:
        """Predicted tokens; the two that each sequence starts with are not."""
        return self.batch * self.length

    def rate(self, size: Size) -> float:
        return self.rate_at_16 * math.sqrt(16 / size.width)


RECIPE = TrunkRecipe()


class Trunk:
    """One model in training, and the stream of tokens it reads: every sequence once, in the seed's order."""

    def __init__(
        self, size: Size, seed: int, source: MarkovSource, recipe: TrunkRecipe, on_step: Callable[[], None]
    ) -> None:
        self.size, self.seed, self.source, self.recipe, self.on_step = size, seed, source, recipe, on_step
        if seed < 0:
            raise CourseError(f"seed = {seed} is negative; give 0 or more")
        model = TinyTransformer(size, source.vocabulary, seed)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=recipe.rate(size), betas=recipe.betas, weight_decay=0.0, fused=True
        )
        self.learner = Learner(model, [optimizer])
        self.step = 0

    def advance(self, step: int) -> None:
        """Train at the constant rate until `step`."""
        while self.step < step:
            self._update(self.learner, self.step, 1.0)
            self.step += 1

    def branch(self, steps: int) -> float:
        """Decay a copy linearly to zero at `steps`. Returns its held-out loss; the trunk stays as it is."""
        learner = copy.deepcopy(self.learner)
        for i in range(self.step, steps):
            self._update(learner, i, (steps - i) / (steps - self.step))
        return held_out_loss(learner.model, self.source, self.recipe)

    def cosine(self, steps: int) -> float:
        """The whole run on one cosine from the peak to zero. Returns the held-out loss."""
        for i in range(steps):
            self._update(self.learner, i, (1 + math.cos(math.pi * i / steps)) / 2)
        return held_out_loss(self.learner.model, self.source, self.recipe)

    def state(self) -> dict[str, Any]:
        return self.learner.state() | {"step": self.step}

    def load(self, state: dict[str, Any]) -> None:
        self.learner.load(state)
        self.step = state["step"]

    def _update(self, learner: Learner[TinyTransformer], step: int, scale: float) -> None:
        warm = min(1.0, (step + 1) / self.recipe.warmup_steps)
        next_token_loss(learner.model, self._batch(step)).backward()
        learner.update([self.recipe.rate(self.size) * warm * scale], self.recipe.clip)
        self.on_step()

    def _batch(self, step: int) -> torch.Tensor:
        """(batch, CONTEXT + length) of this step, the same whoever asks: chunks are drawn by their number."""
        chunk, place = divmod(step, CHUNK_STEPS)
        rows, length = self.recipe.batch * CHUNK_STEPS, CONTEXT + self.recipe.length
        tokens = _chunk(self.source, rows, length, (self.seed, chunk))
        return tokens[place * self.recipe.batch : (place + 1) * self.recipe.batch]


@lru_cache(maxsize=2)  # a trunk's and a branch's
def _chunk(source: MarkovSource, rows: int, length: int, seed: tuple[int, ...]) -> torch.Tensor:
    return source.sample(rows, length, seed)


def next_token_loss(model: TinyTransformer, tokens: torch.Tensor) -> torch.Tensor:
    """Mean nats over the tokens that have two before them. tokens: (B, T) int64."""
    logits = model(tokens[:, :-1])[:, CONTEXT - 1 :]
    return F.cross_entropy(logits.flatten(0, 1), tokens[:, CONTEXT:].flatten())


@torch.inference_mode()
def held_out_loss(model: TinyTransformer, source: MarkovSource, recipe: TrunkRecipe = RECIPE) -> float:
    """Nats a token on the held-out sequences, the same for every model.

    A finite sample is a little easier or harder than the source is on average; how much is known exactly, since the
    source's own surprise is. That constant is taken off, so that losses compare with `source.entropy`.
    """
    tokens = _held_out(source, recipe)
    parts = [next_token_loss(model, part).item() * len(part) for part in tokens.split(256)]
    luck = float(source.surprise(tokens).mean()) - source.entropy
    return sum(parts) / len(tokens) - luck


@lru_cache(maxsize=2)
def _held_out(source: MarkovSource, recipe: TrunkRecipe) -> torch.Tensor:
    return source.sample(recipe.held_out, CONTEXT + recipe.length, HELD_OUT_SEED)


def train_trunk(
    size: Size,
    checkpoints: Sequence[int],
    seed: int = 0,
    source: MarkovSource | None = None,
    recipe: TrunkRecipe = RECIPE,
    folder: Path | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """One row (n, n_total, d, loss, seed, size, trunk, schedule, seconds, cpu_seconds) for each token count.

    checkpoints: token counts, multiples of recipe.tokens_per_step that leave room for the warm-up.
    seed: of the initial weights and of the tokens read. folder: where to keep the trunk and the rows, so that a run
    that was killed goes on there and gives the same rows. on_step: called after every update.
    seconds, cpu_seconds: what the row added, its stretch of the trunk and its decay.
    Raises CourseError for checkpoints that are no such numbers, and for a folder that holds others.
    """
    source = source or MarkovSource()
    plan = [_steps(tokens, recipe) for tokens in sorted(checkpoints)]
    if not plan or len(set(plan)) < len(plan):
        raise CourseError(f"checkpoints = {list(checkpoints)}: give one or more different token counts")
    trunk = Trunk(size, seed, source, recipe, on_step)
    rows = _resume(trunk, folder, plan) if folder else []
    for steps in plan[len(rows) :]:
        clock = _Clock()
        trunk.advance(decay_start(steps, recipe))
        loss = trunk.branch(steps)
        rows.append(_row(trunk, steps, loss, "wsd", clock))
        if folder:
            _keep(trunk, rows, folder)
    return [row | {"trunk": "shared" if len(plan) > 1 else "own"} for row in rows]


def train_point(
    size: Size,
    tokens: int,
    seed: int = 0,
    source: MarkovSource | None = None,
    schedule: str = "wsd",
    recipe: TrunkRecipe = RECIPE,
    on_step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """A run of its own to one token count, as one row of `train_trunk`.

    schedule: "wsd", or "cosine" over the whole run as Hoffmann et al. did it.
    Raises CourseError for another schedule and for a token count that does not fit the recipe.
    """
    if schedule not in SCHEDULES:
        raise CourseError(f"there is no schedule {schedule!r}; use one of {', '.join(SCHEDULES)}")
    source = source or MarkovSource()
    if schedule == "wsd":
        return train_trunk(size, [tokens], seed, source, recipe, on_step=on_step)[0]
    steps, clock = _steps(tokens, recipe), _Clock()
    trunk = Trunk(size, seed, source, recipe, on_step)
    return _row(trunk, steps, trunk.cosine(steps), "cosine", clock)


def decay_start(steps: int, recipe: TrunkRecipe = RECIPE) -> int:
    """The step at which a run of `steps` leaves the trunk."""
    return steps - round(steps * recipe.decay_share)


def updates(checkpoints: Sequence[int], recipe: TrunkRecipe = RECIPE) -> int:
    """How many updates `train_trunk` makes, decays included."""
    plan = [_steps(tokens, recipe) for tokens in checkpoints]
    on_trunk = decay_start(max(plan, default=0), recipe)
    return on_trunk + sum(steps - decay_start(steps, recipe) for steps in plan)


def _steps(tokens: int, recipe: TrunkRecipe) -> int:
    steps, rest = divmod(tokens, recipe.tokens_per_step)
    if rest or steps < 1:
        raise CourseError(
            f"{tokens} tokens are no number of updates; give a multiple of {recipe.tokens_per_step} above 0"
        )
    return steps


class _Clock:
    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {
            "seconds": round(time.perf_counter() - self.wall, 2),
            "cpu_seconds": round(time.process_time() - self.cpu, 2),
        }


def _row(trunk: Trunk, steps: int, loss: float, schedule: str, clock: _Clock) -> dict[str, Any]:
    return {
        "n": trunk.size.n(),
        "n_total": trunk.size.n_total(trunk.source.vocabulary),
        "d": steps * trunk.recipe.tokens_per_step,
        "loss": loss,
        "seed": trunk.seed,
        "size": trunk.size.name,
        "trunk": "own",
        "schedule": schedule,
        **clock.read(),
    }


def _keep(trunk: Trunk, rows: list[dict[str, Any]], folder: Path) -> None:
    """Trunk and rows in one file, all or nothing, so that the two cannot disagree."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {"rows": rows, **trunk.state()}
    write_whole(folder / "trunk.pt", lambda path: torch.save(state, path))


def _resume(trunk: Trunk, folder: Path, plan: list[int]) -> list[dict[str, Any]]:
    """The rows made so far, and the trunk where it was then. A plan may have grown at its end, or shrunk."""
    path = folder / "trunk.pt"
    if not path.exists():
        return []
    saved = torch.load(path, weights_only=True)
    rows = saved["rows"][: len(plan)]
    made = [row["d"] // trunk.recipe.tokens_per_step for row in rows]
    if made != plan[: len(made)]:
        raise CourseError(f"{path} holds a trunk with other checkpoints; give another folder or delete it")
    trunk.load(saved)
    return rows
