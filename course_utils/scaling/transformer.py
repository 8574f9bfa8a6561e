"""A transformer small enough to be trained dozens of times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.errors import CourseError

ROPE_BASE = 1000.0  # sequences are short


@dataclass(frozen=True)
class Size:
    """The shape of a model. Raises CourseError unless width is a multiple of 2 · heads, as rotations of pairs need."""

    width: int
    layers: int
    heads: int

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.heads) < 1 or self.width % (2 * self.heads):
            raise CourseError(
                f"width = {self.width} cannot be shared by {self.heads} heads in {self.layers} layers; "
                "give numbers above 0, the width a multiple of twice the heads"
            )

    @property
    def name(self) -> str:
        """Width and layers, such as "64x3"."""
        return f"{self.width}x{self.layers}"

    @cached_property
    def _blocks(self) -> int:
        with torch.device("meta"):
            return sum(p.numel() for p in Block(self).parameters()) * self.layers

    def n(self) -> int:
        """Parameters without the embedding and the output matrix, as Kaplan et al. count."""
        return self._blocks + self.width  # the last norm

    def n_total(self, vocabulary: int) -> int:
        """All parameters; embedding and output matrix are not tied."""
        return self.n() + 2 * vocabulary * self.width


class Block(nn.Module):
    """Causal attention with rotary positions, then an MLP of four times the width; norms before both."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        d = size.width
        self.heads = size.heads
        self.norm_attention, self.norm_mlp = nn.RMSNorm(d), nn.RMSNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.up, self.down = nn.Linear(d, 4 * d, bias=False), nn.Linear(4 * d, d, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x: (B, T, width); cos, sin: (T, head width)."""
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm_attention(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(
            _rotate(q, cos, sin), _rotate(k, cos, sin), v, is_causal=True
        )
        x = x + self.out(attended.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.norm_mlp(x))))


class TinyTransformer(nn.Module):
    """Decoder-only language model: (B, T) int64 tokens -> (B, T, vocabulary) logits."""

    def __init__(self, size: Size, vocabulary: int, seed: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, size.width)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.norm = nn.RMSNorm(size.width)
        self.head = nn.Linear(size.width, vocabulary, bias=False)
        self.head_width = size.width // size.heads
        self._initialise(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        """Every sublayer's output starts small, the smaller the deeper the model."""
        for parameter in self.parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.5 / math.sqrt(parameter.shape[1]), generator=generator)
        self.embed.weight.normal_(std=0.3, generator=generator)
        for block in self.modules():
            if isinstance(block, Block):
                for last in (block.out, block.down):
                    last.weight *= (2 * len(self.blocks)) ** -0.5

    def forward(self, tokens: Tensor) -> Tensor:
        cos, sin = _rotation(tokens.shape[1], self.head_width)
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.head(self.norm(x))


def _rotation(length: int, head_width: int) -> tuple[Tensor, Tensor]:
    frequency = ROPE_BASE ** -(torch.arange(0, head_width, 2) / head_width)
    angle = torch.outer(torch.arange(length), frequency).repeat(1, 2)
    return angle.cos(), angle.sin()


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021, arXiv 2104.09864)."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin
