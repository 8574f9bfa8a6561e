"""What the recipes of the embedded models share: optimizers, checkpoints, the loop, and the folder that is shipped.

A model's own `pretrain` module holds its recipe, how its model and tokenizer begin, and what one step is.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from torch import nn
from torch.optim import Optimizer

from course_utils.errors import CourseError
from course_utils.resuming import claim, write_whole
from course_utils.seeding import seed_everything

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class PretrainingRecipe:
    """Everything that decides the weights, but for the machine's rounding. A model's own recipe adds the rest.

    save_every: steps between two checkpoints.
    """

    seed: int = 0
    matrix_learning_rate: float = 0.015
    other_learning_rate: float = 3e-3
    save_every: int = 500


@dataclass
class Learner(Generic[Network]):
    """A model and the optimizers that train it. A deep copy trains on from here and leaves this one as it is."""

    model: Network
    optimizers: list[Optimizer]

    def update(self, rates: Sequence[float], clip: float = 1.0) -> None:
        """One step down the gradients that are there, at these learning rates; then there are none.

        rates: one for each optimizer. clip: largest norm of all gradients together.
        """
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate
        nn.utils.clip_grad_norm_(self.model.parameters(), clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()

    def state(self) -> dict[str, Any]:
        """For torch.save; `load` takes it back."""
        return {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def muon_and_adamw(
    model: nn.Module, recipe: PretrainingRecipe, betas: tuple[float, float]
) -> list[Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases. betas: AdamW's."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and "embed" not in name
        (matrices if inner else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=recipe.matrix_learning_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(others, lr=recipe.other_learning_rate, betas=betas, weight_decay=0.0),
    ]


def save_model(
    model: PreTrainedModel,
    folder: Path,
    generation: GenerationConfig,
    save_tokenizer: Callable[[Path], Any],
) -> None:
    """A transformers folder: weights in bf16 to halve the size, declared fp32 so that they load as such."""
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.generation_config = generation
    half.save_pretrained(folder)
    save_tokenizer(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["dtype"] = "float32"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


class Bar:
    """The progress of a run: steps done, the last loss, the time left."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, loss: float, total: int | None = None) -> None:
        """One step more. total: of all steps, where it has changed."""
        self._progress.update(self._task, advance=1, total=total, loss=f"{loss:.3f}")

    def skip(self, steps: int) -> None:
        """Steps that an earlier run has done."""
        self._progress.update(self._task, advance=steps)

    def describe(self, text: str) -> None:
        self._progress.update(self._task, description=text)


class PretrainingRun:
    """One run in a folder: out/run has its recipe and its checkpoint, out the finished model.

    Interrupted, it goes on at its last checkpoint when it is made again, and ends with the same weights: what a
    step reads must depend on the seed and the step only. A model's own run adds `begin` and `train_step`, and
    names in `kept` which of its plain attributes (numbers, lists, None) a checkpoint must hold.
    Raises CourseError if the folder holds a run with another recipe.
    """

    kept: tuple[str, ...] = ("step", "seconds")
    tokenizer: PreTrainedTokenizerBase

    def __init__(self, recipe: PretrainingRecipe, out: Path, console: Console) -> None:
        self.recipe, self.out, self.console = recipe, out, console
        self.state = out / "run"
        claim(
            self.state / "recipe.json",
            recipe,
            f"{out} holds a run with another recipe; give another --out or delete it.",
        )
        self.step, self.seconds = 0, 0.0
        seed_everything(recipe.seed)
        self.learner = self.begin()
        self._resume()

    def begin(self) -> Learner:
        """Set `tokenizer` and what else the run needs, and return the untrained model with its optimizers."""
        raise NotImplementedError

    def train_step(self) -> dict[str, float]:
        """One update. Returns losses in nats per token by name; the log shows their means."""
        raise NotImplementedError

    @property
    def tokens_read(self) -> int:
        """Tokens so far, for the log."""
        raise NotImplementedError

    @property
    def model(self) -> Any:
        return self.learner.model

    def rates(self, scale: float) -> list[float]:
        """The two learning rates multiplied by `scale`."""
        return [self.recipe.matrix_learning_rate * scale, self.recipe.other_learning_rate * scale]

    def train(self, bar: Bar, done: Callable[[], bool], total: Callable[[], int] | None = None) -> None:
        """Steps until `done`; every `save_every`, and at the end, a checkpoint and a line of the log.

        total: of all steps, where that becomes clear on the way.
        """
        seen: dict[str, list[float]] = defaultdict(list)
        while not done():
            start = time.perf_counter()
            losses = self.train_step()
            self.step += 1
            self.seconds += time.perf_counter() - start
            for name, loss in losses.items():
                seen[name].append(loss)
            bar.advance([*losses.values()][-1], total() if total else None)
            if self.step % self.recipe.save_every == 0 or done():
                self._keep()
                self._log(seen)
                seen.clear()

    @contextmanager
    def bar(self, total: int | None = None) -> Iterator[Bar]:
        columns = (
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
        )
        with Progress(*columns, TimeRemainingColumn(), console=self.console) as progress:
            yield Bar(progress, progress.add_task("training", total=total, completed=self.step, loss="-"))

    def write_record(self, **facts: Any) -> None:
        """training.json beside the model: the recipe, the number of parameters, and the run's own facts."""
        record = {"recipe": asdict(self.recipe), "parameters": self.model.num_parameters(), **facts}
        (self.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")

    def _log(self, seen: dict[str, list[float]]) -> None:
        means = "  ".join(f"{name} {np.mean(values):.3f}" for name, values in sorted(seen.items()))
        self.console.print(
            f"step {self.step}  {self.tokens_read / 1e6:.2f}M tokens  {self.seconds:.0f} s  {means}"
        )

    def _keep(self) -> None:
        state = self.learner.state() | {name: getattr(self, name) for name in self.kept}
        write_whole(self.state / "checkpoint.pt", lambda path: torch.save(state, path))

    def _resume(self) -> None:
        path = self.state / "checkpoint.pt"
        if path.exists():
            saved = torch.load(path, weights_only=True)
            self.learner.load(saved)
            for name in self.kept:
                setattr(self, name, saved[name])
            self.console.print(f"going on at step {self.step}")


def command(description: str | None, out: str, seed: int, threads: int) -> argparse.ArgumentParser:
    """The options that every recipe's command has: --out, --seed, --threads, with these defaults."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(out), help="where the model is written")
    parser.add_argument("--seed", type=int, default=seed)
    # On a busy machine one thread is faster: two wait for each other at every small operation.
    parser.add_argument("--threads", type=int, default=threads)
    return parser


@contextmanager
def one_sentence() -> Iterator[None]:
    """A command ends with what a person can put right, and no traceback."""
    try:
        yield
    except CourseError as error:
        raise SystemExit(str(error)) from error
