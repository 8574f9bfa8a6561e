"""How the embedded in-context learner was made: ``python -m course_utils.models.nano_icl.pretrain``.

First repeated sequences, running parities and easy maps alone, until the model looks answers up in its prompt;
then the mixture of all tasks, in documents that grow longer; last, mostly the answers that follow a rationale.
Interrupt it at any time; the same command goes on.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch.nn import functional
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from course_utils.data.icl_tasks import BITS
from course_utils.models.nano_icl.documents import Batch, Writer
from course_utils.models.nano_icl.tokenizer import build_tokenizer, save_tokenizer
from course_utils.seeding import seed_everything


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the machine's rounding."""

    seed: int = 0
    hidden_size: int = 64
    layers: int = 4
    heads: int = 4
    mlp_size: int = 128
    context: int = 1056
    embedding_std: float = 0.3
    matrix_learning_rate: float = 0.015
    other_learning_rate: float = 3e-3
    warmup_steps: int = 100
    flat_share: float = 0.6
    tokens_per_step: int = 4096
    first_length: int = 64
    first_loss: float = 0.5
    first_steps_most: int = 2500
    steps: int = 2800
    # (share of the mixture's steps, document length)
    lengths: tuple[tuple[float, int], ...] = ((0.35, 128), (0.6, 256), (0.8, 512), (1.0, 1056))
    # The last part: half of the tokens are rationales, whose answers weigh more than their ten easy words.
    last_steps: int = 200
    last_rate: float = 0.4
    answer_weight: float = 10.0
    kinds: dict[str, float] = field(
        default_factory=lambda: {
            "map": 0.2,
            "categories": 0.13,
            "homographs": 0.12,
            "linear": 0.24,
            "clusters": 0.12,
            "rationales": 0.16,
            "parity": 0.03,
        }
    )
    save_every: int = 100


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden_size,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        intermediate_size=recipe.mlp_size,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    for name, parameter in model.named_parameters():
        if parameter.ndim < 2:
            continue
        std = recipe.embedding_std if "embed" in name else 1 / math.sqrt(parameter.shape[1])
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            std /= math.sqrt(2 * recipe.layers)
        torch.nn.init.normal_(parameter, std=std)
    return model


def build_optimizers(model: Qwen2ForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and "embed" not in name
        (matrices if inner else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=recipe.matrix_learning_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(others, lr=recipe.other_learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def token_losses(model: Qwen2ForCausalLM, batch: Batch) -> torch.Tensor:
    """(documents, answers) cross-entropy in nats of the predicted tokens; all documents have equally many."""
    targets = batch.predicted[:, 1:]
    hidden = model.model(input_ids=batch.ids[:, :-1], use_cache=False).last_hidden_state
    logits = functional.linear(hidden[targets], model.lm_head.weight)
    losses = functional.cross_entropy(logits, batch.ids[:, 1:][targets], reduction="none")
    return losses.view(len(batch.ids), -1)


def save_model(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A transformers folder: weights in bf16 to halve the size, declared fp32 so that they load as such."""
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    half.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["dtype"] = "float32"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


class Run:
    """The state of one training run in a folder: checkpoint, log, finished model.

    Batches depend on the seed and the step only, so a run that was interrupted goes on as if it had not been.
    """

    def __init__(self, recipe: Recipe, out: Path, console: Console) -> None:
        self.recipe, self.out, self.console = recipe, out, console
        self.state = out / "run"
        self.state.mkdir(parents=True, exist_ok=True)
        self.check_recipe()
        seed_everything(recipe.seed)
        self.tokenizer = build_tokenizer(recipe.context)
        self.writer = Writer(self.tokenizer.get_vocab(), self.tokenizer.bos_token_id)
        self.model = build_model(recipe, self.tokenizer)
        self.optimizers = build_optimizers(self.model, recipe)
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.first_steps: int | None = None  # how many steps the easy part took, once it is over
        self.recent: deque[float] = deque(maxlen=40)
        self.load_checkpoint()

    def check_recipe(self) -> None:
        path = self.state / "recipe.json"
        text = json.dumps(asdict(self.recipe), indent=2) + "\n"
        if path.exists() and path.read_text() != text:
            raise SystemExit(f"{self.out} holds a run with another recipe; give another --out or delete it.")
        path.write_text(text)

    def load_checkpoint(self) -> None:
        path = self.state / "checkpoint.pt"
        if path.exists():
            saved = torch.load(path, weights_only=True)
            self.model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]
            self.first_steps = saved["first_steps"]
            self.recent.extend(saved["recent"])
            self.console.print(f"going on at step {self.step}")

    def save_checkpoint(self) -> None:
        part = self.state / "checkpoint.part"
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "first_steps": self.first_steps,
            "recent": list(self.recent),
        }
        torch.save(state, part)
        part.rename(self.state / "checkpoint.pt")

    def progress_made(self) -> float:
        """Share of the mixture's steps that are done, 0 while the easy part lasts."""
        return 0.0 if self.first_steps is None else (self.step - self.first_steps) / self.recipe.steps

    def last_part(self) -> float | None:
        """Share of the last part that is done, None before it."""
        if self.progress_made() < 1 or self.first_steps is None:
            return None
        return (self.step - self.first_steps - self.recipe.steps) / self.recipe.last_steps

    def rate(self) -> float:
        """What both learning rates are multiplied by: warm-up, then 1, then linear to 2 %; the last part falls too."""
        recipe, done, last = self.recipe, self.progress_made(), self.last_part()
        if last is not None:
            return recipe.last_rate * (1 - last)
        fall = 1.0 if done < recipe.flat_share else 0.02 + 0.98 * (1 - done) / (1 - recipe.flat_share)
        return min(1.0, (self.step + 1) / recipe.warmup_steps) * fall

    def batches(self) -> list[Batch]:
        """The two halves of this step's tokens."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, self.step])
        tokens = recipe.tokens_per_step // 2
        if self.first_steps is None:
            length = recipe.first_length
            # Running parity takes attention to the bits as many places back as there are bits: learned early or
            # hardly at all.
            if self.step % 3 == 0:
                first = self.writer.mixture({"rationales": 1.0}, tokens, 2 * length, rng)
            else:
                first = self.writer.repeats(tokens, length, rng)
            return [first, self.writer.easy_maps(tokens, length, rng)]
        if self.last_part() is not None:
            rationales = self.writer.mixture({"rationales": 1.0}, tokens, recipe.context // 4, rng)
            return [rationales, self.writer.mixture(recipe.kinds, tokens, recipe.context, rng)]
        length = next(length for share, length in recipe.lengths if self.progress_made() < share)
        return [self.writer.mixture(recipe.kinds, tokens, length, rng) for _ in range(2)]

    def train_step(self) -> dict[str, float]:
        """One update. Returns the mean loss of each kind of document."""
        rates = (self.recipe.matrix_learning_rate, self.recipe.other_learning_rate)
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.rate()
        seen = {}
        for batch in self.batches():
            losses = token_losses(self.model, batch)
            weights = torch.ones_like(losses)
            if batch.kind == "rationales" and self.last_part() is not None:
                weights.unflatten(1, (-1, BITS + 3))[:, :, BITS + 1] = self.recipe.answer_weight
            ((losses * weights).mean() / 2).backward()
            seen[batch.kind] = losses.mean().item()
            if batch.kind == "easy maps":
                self.recent.append(losses[:, -8:].mean().item())
            self.tokens += batch.ids.numel()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        easy = len(self.recent) == 40 and np.mean(self.recent) < self.recipe.first_loss
        if self.first_steps is None and (easy or self.step == self.recipe.first_steps_most):
            self.first_steps = self.step
            self.console.print(f"easy part over at step {self.step}, loss {np.mean(self.recent):.3f}")
        return seen

    def run(self) -> None:
        columns = ("training", BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]}"))
        with Progress(*columns, TimeRemainingColumn(), console=self.console) as progress:
            task = progress.add_task("training", total=None, completed=self.step, loss="-")
            seen = defaultdict(list)
            while (self.last_part() or 0.0) < 1:
                start = time.perf_counter()
                for kind, loss in self.train_step().items():
                    seen[kind].append(loss)
                self.seconds += time.perf_counter() - start
                total = (self.first_steps or self.recipe.first_steps_most) + self.recipe.steps
                total += self.recipe.last_steps
                progress.update(task, advance=1, total=total, loss=f"{loss:.3f}")
                if self.step % self.recipe.save_every == 0 or self.last_part() == 1:
                    self.save_checkpoint()
                    means = "  ".join(
                        f"{kind} {np.mean(values):.3f}" for kind, values in sorted(seen.items())
                    )
                    self.console.print(
                        f"step {self.step}  {self.tokens / 1e6:.1f}M tokens  {self.seconds:.0f} s  {means}"
                    )
                    seen.clear()
        save_model(self.model.eval(), self.tokenizer, self.out)
        record = {
            "recipe": asdict(self.recipe),
            "parameters": self.model.num_parameters(),
            "first_steps": self.first_steps,
            "steps": self.step,
            "tokens": self.tokens,
            "seconds": round(self.seconds),
            "threads": torch.get_num_threads(),
        }
        (self.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path(".course/nano-icl"), help="where the model is written"
    )
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="steps on the mixture of tasks")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    # On a busy machine one thread is faster: two wait for each other at every small operation.
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(steps=arguments.steps, seed=arguments.seed)
    Run(recipe, arguments.out, Console()).run()


if __name__ == "__main__":
    main()
