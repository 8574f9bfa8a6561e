"""How the embedded mathematics model was made: ``python -m course_utils.models.nano_math.pretrain``.

One trunk is trained at a constant learning rate. From it three branches are annealed to zero at 25, 50 and
100 % of the token budget (warmup, stable, decay: WSD, arXiv 2404.06395): weak, medium and strong. All three
thus come from one run, and each is properly finished. Interrupt it at any time; the same command goes on.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

from course_utils.models.nano_math import behaviour
from course_utils.models.nano_math.corpus import documents, rotas
from course_utils.models.nano_math.tokenizer import END_OF_TEXT, IM_END, train_tokenizer
from course_utils.seeding import seed_everything

# Share of the token budget at which each stage is finished, its decay included.
STAGES = {"weak": 0.25, "medium": 0.5, "strong": 1.0}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the machine's rounding."""

    tokens: int = 16_000_000
    seed: int = 0
    vocab_size: int = 896
    tokenizer_documents: int = 6000
    hidden_size: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 1
    mlp_size: int = 384
    embedding_std: float = 0.3
    context: int = 256
    batch_size: int = 8
    warmup_steps: int = 200
    rota_steps: int = 200
    decay_share: float = 0.2
    matrix_learning_rate: float = 0.015
    other_learning_rate: float = 3e-3
    save_every: int = 500

    @property
    def tokens_per_step(self) -> int:
        return self.batch_size * self.context

    def stage_steps(self, stage: str) -> tuple[int, int]:
        """(trunk steps before the branch, decay steps in the branch)."""
        total = round(STAGES[stage] * self.tokens / self.tokens_per_step)
        decay = max(1, round(total * self.decay_share))
        return total - decay, decay


def build_tokenizer(recipe: Recipe) -> Qwen2Tokenizer:
    stream = documents(recipe.seed)
    texts = (next(stream).text for _ in range(recipe.tokenizer_documents))
    return train_tokenizer(texts, recipe.vocab_size)


def build_model(recipe: Recipe, tokenizer: Qwen2Tokenizer) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden_size,
        num_hidden_layers=recipe.layers,
        intermediate_size=recipe.mlp_size,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.key_value_heads,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(IM_END),
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    # With Qwen2's 0.02 the embeddings of words that stand in the same places, such as first names, become
    # alike before the model has found out how to repeat them, and then it takes very long. The final norm makes
    # up for the larger embeddings, so that the first predictions are as flat as usual.
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=recipe.embedding_std)
    torch.nn.init.constant_(model.model.norm.weight, 0.1 / recipe.embedding_std)
    return model


def tokenize(texts: Iterator[str], tokenizer: Qwen2Tokenizer, tokens: int) -> np.ndarray:
    """Texts joined by <|endoftext|>: (tokens,) uint16."""
    end = tokenizer.convert_tokens_to_ids(END_OF_TEXT)
    pieces: list[int] = []
    while len(pieces) < tokens:
        batch = [next(texts) for _ in range(500)]
        # The backend is called directly: the wrapper would warn about documents longer than the context.
        for encoding in tokenizer.backend_tokenizer.encode_batch(batch):
            pieces.extend(encoding.ids)
            pieces.append(end)
    return np.array(pieces[:tokens], dtype=np.uint16)


def tokenize_corpus(recipe: Recipe, tokenizer: Qwen2Tokenizer) -> np.ndarray:
    """What the model reads, in order: rotas for the first steps, then documents. (recipe.tokens,) uint16."""
    first = recipe.rota_steps * recipe.tokens_per_step
    texts = (document.text for document in documents(recipe.seed))
    return np.concatenate(
        [
            tokenize(rotas(recipe.seed), tokenizer, first),
            tokenize(texts, tokenizer, recipe.tokens - first),
        ]
    )


def batches(corpus: np.ndarray, recipe: Recipe, first_step: int) -> Iterator[torch.Tensor]:
    """(batch, context) int64 windows without overlap, from `first_step` on.

    The rotas come first, once. The documents follow, shuffled anew in each pass.
    """
    windows = corpus[: len(corpus) // recipe.context * recipe.context].reshape(-1, recipe.context)
    rota_rows = recipe.rota_steps * recipe.batch_size
    per_pass = (len(windows) - rota_rows) // recipe.batch_size
    order, drawn_for = np.arange(0), -1
    for step in itertools.count(first_step):
        if step < recipe.rota_steps:
            rows = np.arange(step * recipe.batch_size, (step + 1) * recipe.batch_size)
        else:
            number, position = divmod(step - recipe.rota_steps, per_pass)
            if number != drawn_for:
                order = rota_rows + np.random.default_rng((recipe.seed, number)).permutation(
                    len(windows) - rota_rows
                )
                drawn_for = number
            rows = order[position * recipe.batch_size : (position + 1) * recipe.batch_size]
        yield torch.from_numpy(windows[rows].astype(np.int64))


def build_optimizers(model: Qwen2ForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and "embed" not in name
        (matrices if inner else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=recipe.matrix_learning_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(others, lr=recipe.other_learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train_step(
    model: Qwen2ForCausalLM,
    optimizers: list[torch.optim.Optimizer],
    batch: torch.Tensor,
    scale: float,
    recipe: Recipe,
) -> float:
    """One update with both learning rates multiplied by `scale`. Returns the loss in nats per token."""
    for optimizer, rate in zip(
        optimizers, (recipe.matrix_learning_rate, recipe.other_learning_rate), strict=True
    ):
        for group in optimizer.param_groups:
            group["lr"] = rate * scale
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(input_ids=batch, labels=batch, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()


def save_stage(model: Qwen2ForCausalLM, tokenizer: Qwen2Tokenizer, folder: Path) -> None:
    """A transformers folder: weights in bf16 to halve the size, declared fp32 so that they load as such."""
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.generation_config = GenerationConfig(
        eos_token_id=[tokenizer.convert_tokens_to_ids(token) for token in (IM_END, END_OF_TEXT)],
        pad_token_id=tokenizer.pad_token_id,
    )
    half.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["dtype"] = "float32"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


class Run:
    """The state of one pre-training run in a folder: corpus, trunk checkpoint, log, finished stages."""

    def __init__(self, recipe: Recipe, out: Path, console: Console) -> None:
        self.recipe, self.out, self.console = recipe, out, console
        self.state = out / "run"
        self.state.mkdir(parents=True, exist_ok=True)
        self.check_recipe()
        seed_everything(recipe.seed)
        self.tokenizer = build_tokenizer(recipe)
        self.model = build_model(recipe, self.tokenizer)
        self.optimizers = build_optimizers(self.model, recipe)
        self.step, self.seconds = 0, 0.0
        self.corpus = self.load_corpus()
        self.load_checkpoint()

    def check_recipe(self) -> None:
        path = self.state / "recipe.json"
        text = json.dumps(asdict(self.recipe), indent=2) + "\n"
        if path.exists() and path.read_text() != text:
            raise SystemExit(f"{self.out} holds a run with another recipe; give another --out or delete it.")
        path.write_text(text)

    def load_corpus(self) -> np.ndarray:
        path = self.state / "corpus.npy"
        if not path.exists():
            self.console.print("writing the corpus …")
            np.save(path, tokenize_corpus(self.recipe, self.tokenizer))
        return np.load(path, mmap_mode="r")

    def load_checkpoint(self) -> None:
        path = self.state / "trunk.pt"
        if path.exists():
            saved = torch.load(path, weights_only=True)
            self.model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.step, self.seconds = saved["step"], saved["seconds"]
            self.console.print(f"going on at step {self.step}")

    def save_checkpoint(self) -> None:
        part = self.state / "trunk.part"
        torch.save(
            {
                "model": self.model.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
                "seconds": self.seconds,
            },
            part,
        )
        part.rename(self.state / "trunk.pt")

    def train_trunk(self, until: int, progress: Progress, task: TaskID) -> None:
        stream = batches(self.corpus, self.recipe, self.step)
        losses: list[float] = []
        while self.step < until:
            start = time.perf_counter()
            scale = min(1.0, (self.step + 1) / self.recipe.warmup_steps)
            losses.append(train_step(self.model, self.optimizers, next(stream), scale, self.recipe))
            self.step += 1
            self.seconds += time.perf_counter() - start
            progress.update(task, advance=1, loss=f"{losses[-1]:.3f}")
            if self.step % self.recipe.save_every == 0 or self.step == until:
                self.save_checkpoint()
                tokens = self.step * self.recipe.tokens_per_step
                self.console.print(
                    f"step {self.step}  {tokens / 1e6:.2f}M tokens  loss {np.mean(losses):.4f}  {self.seconds:.0f} s"
                )
                losses = []

    def anneal(self, stage: str, progress: Progress, task: TaskID) -> None:
        """Decay a copy of the trunk linearly to zero and save it as `stage`."""
        _, decay = self.recipe.stage_steps(stage)
        model = copy.deepcopy(self.model)
        optimizers = build_optimizers(model, self.recipe)
        for optimizer, trunk in zip(optimizers, self.optimizers, strict=True):
            optimizer.load_state_dict(copy.deepcopy(trunk.state_dict()))
        stream = batches(self.corpus, self.recipe, self.step)
        losses = []
        start = time.perf_counter()
        for i in range(decay):
            losses.append(train_step(model, optimizers, next(stream), 1 - i / decay, self.recipe))
            progress.update(task, advance=1, loss=f"{losses[-1]:.3f}")
        seconds = self.seconds + time.perf_counter() - start
        save_stage(model.eval(), self.tokenizer, self.out / stage)
        record = {
            "tokens": (self.step + decay) * self.recipe.tokens_per_step,
            "seconds": round(seconds),
            "loss": round(float(np.mean(losses[-100:])), 4),
            "threads": torch.get_num_threads(),
        }
        (self.state / f"{stage}.json").write_text(json.dumps(record) + "\n")
        self.console.print(f"{stage}: {record}")

    def run(self) -> None:
        plan = {stage: self.recipe.stage_steps(stage) for stage in STAGES}
        total = max(trunk for trunk, _ in plan.values()) + sum(decay for _, decay in plan.values())
        columns = (
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
        )
        with Progress(*columns, TimeRemainingColumn(), console=self.console) as progress:
            task = progress.add_task("training", total=total, completed=self.step, loss="-")
            for stage, (trunk, decay) in plan.items():
                if (self.state / f"{stage}.json").exists():
                    progress.update(task, advance=decay)
                    continue
                progress.update(task, description=f"training {stage}")
                self.train_trunk(trunk, progress, task)
                self.anneal(stage, progress, task)
        stages = {stage: json.loads((self.state / f"{stage}.json").read_text()) for stage in STAGES}
        record = {"recipe": asdict(self.recipe), "parameters": self.model.num_parameters(), "stages": stages}
        (self.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path(".course/nano-math"), help="where the stages are written"
    )
    parser.add_argument(
        "--tokens", type=float, default=Recipe.tokens, help="token budget of the strong stage"
    )
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    # On a busy machine one thread is faster: two wait for each other at every small operation.
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console()
    Run(Recipe(tokens=int(arguments.tokens), seed=arguments.seed), arguments.out, console).run()
    console.print("measuring the strong stage …")
    measured = behaviour.measure_stage(arguments.out / "strong", behaviour.QUICK)
    for line in behaviour.compare_with_bands(measured):
        console.print(line)


if __name__ == "__main__":
    main()
