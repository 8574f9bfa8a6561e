"""What every engine is asked for, and how it picks a token: the same random number gives the same token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Unknown(Exception):
    """This engine does not do what is asked, so it goes through transformers; the text says why, as half a sentence."""


class Row(NamedTuple):
    """One completion to make: the `sample`-th of prompt number `prompt`."""

    prompt: int
    sample: int


class Finished(NamedTuple):
    """A completion that is done. token_ids: the end token included; hit: a stop string was met. logprobs: one for each
    token where they were asked for."""

    row: Row
    token_ids: list[int]
    hit: bool
    logprobs: list[float]


@dataclass(frozen=True)
class Request:
    """prompts: token ids, one list for each prompt. n: completions of each. ends: ids of the end tokens.

    stop: strings that end a completion. temperature: 0 is greedy. batch_size: rows side by side at most.
    logprobs: whether log-probabilities are wanted.
    """

    prompts: Sequence[list[int]]
    n: int
    temperature: float
    max_new_tokens: int
    ends: frozenset[int]
    stop: tuple[str, ...]
    seed: int
    batch_size: int
    tokenizer: PreTrainedTokenizerBase
    logprobs: bool = False

    def rows(self) -> list[Row]:
        """All rows, short prompts first, so that rows side by side have like lengths."""
        order = sorted(range(len(self.prompts)), key=lambda i: len(self.prompts[i]))
        return [Row(prompt, sample) for prompt in order for sample in range(self.n)]

    def draws(self, row: Row) -> np.ndarray:
        """Uniform numbers in [0, 1), one for each token: float32 of shape (max_new_tokens,).

        They depend on the seed and the row alone. So a completion does not change with what is beside it.
        """
        key = np.array([self.seed % 2**64, row.prompt << 32 | row.sample], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key)).random(self.max_new_tokens, dtype=np.float32)

    def choose(self, logits: Tensor, draws: Tensor) -> Tensor:
        """The next token of each row: int64 of shape (rows,).

        logits: (rows, vocabulary). draws: (rows,), used when temperature > 0 to look up the token in the
        cumulative distribution.
        """
        if self.temperature == 0:
            return logits.argmax(-1)
        cumulative = (logits.float() / self.temperature).softmax(-1).cumsum(-1)
        wanted = draws.to(cumulative)[:, None] * cumulative[:, -1:]
        return torch.searchsorted(cumulative, wanted, right=True)[:, 0].clamp(max=logits.shape[-1] - 1)

    def logprobs_of(self, logits: Tensor, tokens: Tensor) -> Tensor:
        """The log-probability with which each row's token was drawn, of all tokens where it is greedy: float32 of shape
        (rows,).

        logits: (rows, vocabulary). tokens: (rows,).
        """
        logits = logits.float() / (self.temperature or 1.0)
        return logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)


class StopStrings:
    """Looks for stop strings in a growing completion, and decodes only where one may have come to its end."""

    def __init__(self, request: Request) -> None:
        self._stop = request.stop
        self._tokenizer = request.tokenizer
        self._finals: dict[int, bool] = {}

    def hit(self, token_ids: list[int]) -> bool:
        """Whether the last token completed a stop string."""
        return bool(self._stop) and self._may_end(token_ids[-1]) and any(self._found(token_ids))

    def _found(self, token_ids: list[int]) -> Iterator[bool]:
        text = self._tokenizer.decode(token_ids, skip_special_tokens=True)
        return (mark in text for mark in self._stop)

    def _may_end(self, token: int) -> bool:
        if token not in self._finals:
            piece = self._tokenizer.decode([token])
            # Part of a character decodes to a replacement mark, and some tokenizers drop a leading space.
            unclear = "\ufffd" in piece or any(mark[-1].isspace() for mark in self._stop)
            self._finals[token] = unclear or any(mark[-1] in piece for mark in self._stop)
        return self._finals[token]
