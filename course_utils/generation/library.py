"""Decoding through transformers: any model, any device."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import LogitsProcessor, LogitsProcessorList

from course_utils.generation.request import Finished, Request, Row

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def decode(model: PreTrainedModel, request: Request) -> Generator[Finished]:
    """Make all completions, a batch at a time. Prompts are padded on the left, where generation goes on."""
    rows = request.rows()
    for start in range(0, len(rows), request.batch_size):
        yield from _batch(model, request, rows[start : start + request.batch_size])


def _batch(model: PreTrainedModel, request: Request, rows: list[Row]) -> Iterator[Finished]:
    prompts = [request.prompts[row.prompt] for row in rows]
    pad = request.tokenizer.pad_token_id
    pad = min(request.ends, default=0) if pad is None else pad
    width = max(map(len, prompts))
    input_ids = torch.tensor([[pad] * (width - len(ids)) + ids for ids in prompts])
    attention_mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts])
    chooses = request.temperature or request.logprobs
    choice = _Choice(request, rows, width)
    output = model.generate(
        input_ids=input_ids.to(model.device),
        attention_mask=attention_mask.to(model.device),
        max_new_tokens=request.max_new_tokens,
        eos_token_id=sorted(request.ends) or None,
        pad_token_id=pad,
        do_sample=False,
        repetition_penalty=1.0,  # whatever the model's own settings say
        logits_processor=LogitsProcessorList([choice] if chooses else []),
        **({"stop_strings": list(request.stop), "tokenizer": request.tokenizer} if request.stop else {}),
    )
    logprobs = torch.stack(choice.logprobs, 1).tolist() if request.logprobs else [[] for _ in rows]
    for row, ids, their in zip(rows, output[:, width:].tolist(), logprobs, strict=True):
        end = next((position for position, token in enumerate(ids) if token in request.ends), None)
        ids = ids if end is None else ids[: end + 1]
        padded = len(ids)
        while ids and ids[-1] == pad and pad not in request.ends:
            ids.pop()  # padding after a stop string
        text = request.tokenizer.decode(ids, skip_special_tokens=True) if request.stop else ""
        hit = len(ids) < padded or any(mark in text for mark in request.stop)
        yield Finished(row, ids, hit, their[: len(ids)])


class _Choice(LogitsProcessor):
    """Leaves only the token that the row's random number chooses, so that every engine draws alike.

    logprobs: of each step, those of the rows' tokens, where they are asked for.
    """

    def __init__(self, request: Request, rows: list[Row], width: int) -> None:
        self._request, self._width = request, width
        self._draws = torch.from_numpy(np.stack([request.draws(row) for row in rows]))
        self.logprobs: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        draws = self._draws[:, input_ids.shape[1] - self._width].to(scores.device)
        chosen = self._request.choose(scores, draws)
        if self._request.logprobs:
            self.logprobs.append(self._request.logprobs_of(scores, chosen))
        return torch.full_like(scores, -torch.inf).scatter_(1, chosen[:, None], 0.0)
