"""How the embedded in-context learner was made: ``python -m course_utils.models.nano_icl.pretrain``.

First repeated sequences, running parities and easy maps alone, until the model looks answers up in its prompt;
then the mixture of all tasks, in documents that grow longer; last, mostly the answers that follow a rationale.
Interrupt it at any time; the same command goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch.nn import functional
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from course_utils.data.icl_tasks import BITS
from course_utils.models.nano_icl.documents import Batch, Writer
from course_utils.models.nano_icl.tokenizer import build_tokenizer, save_tokenizer
from course_utils.models.pretraining import (
    Learner,
    PretrainingRecipe,
    PretrainingRun,
    command,
    muon_and_adamw,
    one_sentence,
    save_model,
)

RECENT = 40  # steps whose mean loss on the last answers ends the easy part


@dataclass(frozen=True)
class NanoIclRecipe(PretrainingRecipe):
    """The three parts: how long, how fast, on which documents. Lengths count tokens, losses nats per token."""

    hidden_size: int = 64
    layers: int = 4
    heads: int = 4
    mlp_size: int = 128
    context: int = 1056
    embedding_std: float = 0.3
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


def build_model(recipe: NanoIclRecipe, tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
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


def token_losses(model: Qwen2ForCausalLM, batch: Batch) -> torch.Tensor:
    """(documents, answers) cross-entropy in nats of the predicted tokens; all documents have equally many."""
    targets = batch.predicted[:, 1:]
    hidden = model.model(input_ids=batch.ids[:, :-1], use_cache=False).last_hidden_state
    logits = functional.linear(hidden[targets], model.lm_head.weight)
    losses = functional.cross_entropy(logits, batch.ids[:, 1:][targets], reduction="none")
    return losses.view(len(batch.ids), -1)


def save(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    generation = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    save_model(model, folder, generation, partial(save_tokenizer, tokenizer))


class NanoIclRun(PretrainingRun):
    """The three parts one after the other.

    first_steps: how many the easy part took, None while it lasts. recent: its last losses.
    """

    kept = (*PretrainingRun.kept, "tokens", "first_steps", "recent")
    recipe: NanoIclRecipe
    tokenizer: PreTrainedTokenizerFast

    def begin(self) -> Learner[Qwen2ForCausalLM]:
        self.tokens = 0
        self.first_steps: int | None = None
        self.recent: list[float] = []
        self.tokenizer = build_tokenizer(self.recipe.context)
        self.writer = Writer(self.tokenizer.get_vocab(), self.tokenizer.bos_token_id)
        model = build_model(self.recipe, self.tokenizer)
        return Learner(model, muon_and_adamw(model, self.recipe, betas=(0.9, 0.98)))

    @property
    def tokens_read(self) -> int:
        return self.tokens

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
        seen = {}
        for batch in self.batches():
            losses = token_losses(self.model, batch)
            weights = torch.ones_like(losses)
            if batch.kind == "rationales" and self.last_part() is not None:
                weights.unflatten(1, (-1, BITS + 3))[:, :, BITS + 1] = self.recipe.answer_weight
            ((losses * weights).mean() / 2).backward()
            seen[batch.kind] = losses.mean().item()
            if batch.kind == "easy maps":
                self.recent = [*self.recent, losses[:, -8:].mean().item()][-RECENT:]
            self.tokens += batch.ids.numel()
        self.learner.update(self.rates(self.rate()))
        steps = self.step + 1
        easy = len(self.recent) == RECENT and np.mean(self.recent) < self.recipe.first_loss
        if self.first_steps is None and (easy or steps == self.recipe.first_steps_most):
            self.first_steps = steps
            self.console.print(f"easy part over at step {steps}, loss {np.mean(self.recent):.3f}")
        return seen

    def all_steps(self) -> int:
        """Steps of all parts; while the easy one lasts, the most there may be."""
        first = self.first_steps or self.recipe.first_steps_most
        return first + self.recipe.steps + self.recipe.last_steps

    def run(self) -> None:
        with self.bar() as bar:
            self.train(bar, lambda: (self.last_part() or 0.0) >= 1, self.all_steps)
        save(self.model.eval(), self.tokenizer, self.out)
        self.write_record(
            first_steps=self.first_steps,
            steps=self.step,
            tokens=self.tokens,
            seconds=round(self.seconds),
            threads=torch.get_num_threads(),
        )


def main() -> None:
    parser = command(__doc__, ".course/nano-icl", seed=NanoIclRecipe.seed, threads=1)
    parser.add_argument(
        "--steps", type=int, default=NanoIclRecipe.steps, help="steps on the mixture of tasks"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = NanoIclRecipe(steps=arguments.steps, seed=arguments.seed)
    with one_sentence():
        NanoIclRun(recipe, arguments.out, Console()).run()


if __name__ == "__main__":
    main()
