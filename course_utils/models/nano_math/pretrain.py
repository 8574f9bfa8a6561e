"""How the embedded mathematics model was made: ``python -m course_utils.models.nano_math.pretrain``.

One trunk is trained at a constant learning rate. From it three branches are annealed to zero at 25, 50 and
100 % of the token budget (warmup, stable, decay: WSD, arXiv 2404.06395): weak, medium and strong. All three
thus come from one run, and each is properly finished. Interrupt it at any time; the same command goes on.
"""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

from course_utils.models.nano_math import behaviour
from course_utils.models.nano_math.corpus import documents, rotas
from course_utils.models.nano_math.tokenizer import END_OF_TEXT, IM_END, train_tokenizer
from course_utils.models.pretraining import (
    Bar,
    Learner,
    PretrainingRecipe,
    PretrainingRun,
    command,
    muon_and_adamw,
    one_sentence,
    save_model,
)
from course_utils.resuming import write_whole

# Share of the token budget at which each stage is finished, its decay included.
STAGE_SHARES = {"weak": 0.25, "medium": 0.5, "strong": 1.0}


@dataclass(frozen=True)
class NanoMathRecipe(PretrainingRecipe):
    """tokens: read by the strong stage; the widths and numbers are the Qwen2 config's."""

    tokens: int = 16_000_000
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

    @property
    def tokens_per_step(self) -> int:
        return self.batch_size * self.context

    def stage_steps(self, stage: str) -> tuple[int, int]:
        """(trunk steps before the branch, decay steps in the branch)."""
        total = round(STAGE_SHARES[stage] * self.tokens / self.tokens_per_step)
        decay = max(1, round(total * self.decay_share))
        return total - decay, decay


def build_tokenizer(recipe: NanoMathRecipe) -> Qwen2Tokenizer:
    stream = documents(recipe.seed)
    texts = (next(stream).text for _ in range(recipe.tokenizer_documents))
    return train_tokenizer(texts, recipe.vocab_size)


def build_model(recipe: NanoMathRecipe, tokenizer: Qwen2Tokenizer) -> Qwen2ForCausalLM:
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


def tokenize_corpus(recipe: NanoMathRecipe, tokenizer: Qwen2Tokenizer) -> np.ndarray:
    """What the model reads, in order: rotas for the first steps, then documents. (recipe.tokens,) uint16."""
    first = recipe.rota_steps * recipe.tokens_per_step
    texts = (document.text for document in documents(recipe.seed))
    return np.concatenate(
        [
            tokenize(rotas(recipe.seed), tokenizer, first),
            tokenize(texts, tokenizer, recipe.tokens - first),
        ]
    )


def batches(corpus: np.ndarray, recipe: NanoMathRecipe, first_step: int) -> Iterator[torch.Tensor]:
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


def language_loss(model: Qwen2ForCausalLM, batch: torch.Tensor) -> torch.Tensor:
    """Mean nats per token, computed in bf16 where that is safe. batch: (B, T) int64."""
    with torch.autocast("cpu", torch.bfloat16):
        return model(input_ids=batch, labels=batch, use_cache=False).loss


def save_stage(model: Qwen2ForCausalLM, tokenizer: Qwen2Tokenizer, folder: Path) -> None:
    generation = GenerationConfig(
        eos_token_id=[tokenizer.convert_tokens_to_ids(token) for token in (IM_END, END_OF_TEXT)],
        pad_token_id=tokenizer.pad_token_id,
    )
    save_model(model, folder, generation, tokenizer.save_pretrained)


class NanoMathRun(PretrainingRun):
    """The trunk, in a folder with the corpus and the finished stages."""

    recipe: NanoMathRecipe
    tokenizer: Qwen2Tokenizer

    def begin(self) -> Learner[Qwen2ForCausalLM]:
        self.tokenizer = build_tokenizer(self.recipe)
        model = build_model(self.recipe, self.tokenizer)
        self.corpus = self.load_corpus()
        return Learner(model, muon_and_adamw(model, self.recipe, betas=(0.9, 0.95)))

    def load_corpus(self) -> np.ndarray:
        path = self.state / "corpus.npy"
        if not path.exists():
            self.console.print("writing the corpus …")
            np.save(path, tokenize_corpus(self.recipe, self.tokenizer))
        return np.load(path, mmap_mode="r")

    @property
    def tokens_read(self) -> int:
        return self.step * self.recipe.tokens_per_step

    def train_step(self) -> dict[str, float]:
        scale = min(1.0, (self.step + 1) / self.recipe.warmup_steps)
        return {"loss": self.update(self.learner, next(self.stream), scale)}

    def update(self, learner: Learner[Qwen2ForCausalLM], batch: torch.Tensor, scale: float) -> float:
        """One update of the trunk or a branch. Returns the loss in nats per token."""
        loss = language_loss(learner.model, batch)
        loss.backward()
        learner.update(self.rates(scale))
        return loss.item()

    def train_trunk(self, until: int, bar: Bar) -> None:
        self.stream = batches(self.corpus, self.recipe, self.step)
        self.train(bar, lambda: self.step >= until)

    def anneal(self, stage: str, bar: Bar) -> None:
        """Decay a copy of the trunk linearly to zero and save it as `stage`."""
        _, decay = self.recipe.stage_steps(stage)
        branch = copy.deepcopy(self.learner)
        stream = batches(self.corpus, self.recipe, self.step)
        losses = []
        start = time.perf_counter()
        for i in range(decay):
            losses.append(self.update(branch, next(stream), 1 - i / decay))
            bar.advance(losses[-1])
        seconds = self.seconds + time.perf_counter() - start
        save_stage(branch.model.eval(), self.tokenizer, self.out / stage)
        record = {
            "tokens": (self.step + decay) * self.recipe.tokens_per_step,
            "seconds": round(seconds),
            "loss": round(float(np.mean(losses[-100:])), 4),
            "threads": torch.get_num_threads(),
        }
        write_whole(self.finished(stage), json.dumps(record) + "\n")
        self.console.print(f"{stage}: {record}")

    def finished(self, stage: str) -> Path:
        """Where the facts of a finished stage are."""
        return self.state / f"{stage}.json"

    def run(self) -> None:
        plan = {stage: self.recipe.stage_steps(stage) for stage in STAGE_SHARES}
        total = max(trunk for trunk, _ in plan.values()) + sum(decay for _, decay in plan.values())
        with self.bar(total) as bar:
            for stage, (trunk, decay) in plan.items():
                if self.finished(stage).exists():
                    bar.skip(decay)
                    continue
                bar.describe(f"training {stage}")
                self.train_trunk(trunk, bar)
                self.anneal(stage, bar)
        self.write_record(
            stages={stage: json.loads(self.finished(stage).read_text()) for stage in STAGE_SHARES}
        )


def main() -> None:
    parser = command(__doc__, ".course/nano-math", seed=NanoMathRecipe.seed, threads=2)
    parser.add_argument(
        "--tokens", type=float, default=NanoMathRecipe.tokens, help="token budget of the strong stage"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console()
    with one_sentence():
        NanoMathRun(
            NanoMathRecipe(tokens=int(arguments.tokens), seed=arguments.seed), arguments.out, console
        ).run()
    console.print("measuring the strong stage …")
    measured = behaviour.measure_stage(arguments.out / "strong", behaviour.QUICK)
    for line in behaviour.compare_with_bands(measured):
        console.print(line)


if __name__ == "__main__":
    main()
