"""A transformer of attention and nothing else, small enough to watch an induction head form in seconds.

Trained on random tokens that repeat, it can lower its loss in one way only: look at what came after the last
time that it saw the present token (Olsson et al. 2022, arXiv 2209.11895).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.errors import CourseError

VOCABULARY = 64
LENGTH = 64  # tokens in a row
PERIODS = (8, 32)  # shortest and longest


class Attention(nn.Module):
    """One layer: causal attention with rotary positions, added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, keep: list | None
    ) -> torch.Tensor:
        batch, length, width = x.shape
        parts = self.qkv(self.norm(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        if keep is None:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(later, -math.inf)
            keep.append(scores.softmax(-1))
            mixed = keep[-1] @ v
        return x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class AttentionOnly(nn.Module):
    """`layers` layers of attention between an embedding and an output table; no MLP.

    Called with tokens (B, T) it gives logits (B, T, vocabulary).
    """

    def __init__(
        self, layers: int = 2, vocabulary: int = VOCABULARY, width: int = 64, heads: int = 4
    ) -> None:
        super().__init__()
        if layers < 1:
            raise CourseError(f"layers = {layers} makes no model; use 1 or more")
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head_size = width // heads
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.5 / math.sqrt(weight.shape[1]))

    def forward(self, tokens: torch.Tensor, keep: list | None = None) -> torch.Tensor:
        cos, sin = _angles(tokens.shape[1], self.head_size)
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, cos, sin, keep)
        return self.head(self.norm(x))

    @torch.no_grad()
    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attention of every head, (layers, heads, T, T), mean over the batch; row: who looks, column: at whom."""
        keep: list[torch.Tensor] = []
        self(tokens, keep)
        return torch.stack(keep).mean(1)


def repeated(
    rows: int, generator: torch.Generator, period: int | None = None, vocabulary: int = VOCABULARY
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random tokens that repeat: tokens (rows, LENGTH) and the period of each row (rows,).

    period: the same for every row; None draws one for each row from PERIODS, so that no position alone
    tells where the last occurrence was. Raises CourseError for a period that does not fit.
    """
    if period is not None and not 1 <= period < LENGTH:
        raise CourseError(f"period = {period} does not repeat within {LENGTH} tokens; use 1 to {LENGTH - 1}")
    low, high = (period, period) if period else PERIODS
    periods = torch.randint(low, high + 1, (rows, 1), generator=generator)
    segment = torch.randint(0, vocabulary, (rows, high), generator=generator)
    return segment.gather(1, torch.arange(LENGTH)[None] % periods), periods[:, 0]


@dataclass(frozen=True)
class Training:
    """A finished training. losses: nats per token on tokens that could be known (behind the first period), for
    each step. seconds: wall clock."""

    model: AttentionOnly
    losses: list[float]
    seconds: float


def train(
    layers: int,
    steps: int,
    *,
    period: int | None = None,
    seed: int = 0,
    rows: int = 32,
    learning_rate: float = 3e-3,
    on_step: Callable[[int, int, float], None] | None = None,
) -> Training:
    """Train an AttentionOnly on repeated tokens with AdamW, 50 steps of warm-up.

    period: see `repeated`. on_step: called with the step's number, the number of steps and the loss.
    """
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AttentionOnly(layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    losses, start = [], time.perf_counter()
    for step in range(1, steps + 1):
        tokens, periods = repeated(rows, generator, period)
        each = F.cross_entropy(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:], reduction="none")
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, step / 50)
        optimizer.zero_grad()
        each.mean().backward()
        optimizer.step()
        known = torch.arange(1, LENGTH)[None] >= periods[:, None]
        losses.append(float(each.detach()[known].mean()))
        if on_step:
            on_step(step, steps, losses[-1])
    return Training(model.eval(), losses, time.perf_counter() - start)


def _angles(length: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    frequencies = 10000.0 ** (-torch.arange(0, size, 2) / size)
    angles = torch.arange(length)[:, None] * frequencies
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], dim=-1) * sin
