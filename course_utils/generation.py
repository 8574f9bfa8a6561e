"""Sampling completions in batches, with left padding and a KV cache (transformers' own)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Completion:
    """What the model wrote after a prompt.

    text: without special tokens, cut before a stop string.
    token_ids: the generated tokens, the end-of-sequence token included if there was one.
    stopped: whether the model ended by itself (an end token or a stop string), not by the token limit.
    """

    text: str
    token_ids: tuple[int, ...]
    stopped: bool


def end_token_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that end a completion: the generation config's, and the tokenizer's end of turn."""
    configured = model.generation_config.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return sorted({i for i in [*ids, tokenizer.eos_token_id] if i is not None})


def _cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    ends = [position for mark in stop if (position := text.find(mark)) >= 0]
    return (text[: min(ends)], True) if ends else (text, False)


@torch.inference_mode()
def generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    n: int = 1,
    temperature: float = 0.0,
    max_new_tokens: int = 128,
    stop: Sequence[str] | None = None,
    seed: int = 0,
    batch_size: int = 64,
) -> list[list[Completion]]:
    """`n` completions of each prompt, in the order of the prompts.

    prompts: complete texts; special tokens in them are recognised, none are added.
    temperature: 0 takes the most probable token; otherwise samples are drawn with a generator that `seed`
        starts, so the same call gives the same result and leaves torch's global generator alone.
    max_new_tokens: tokens per completion at most. stop: strings that end a completion; left out of its text.
    batch_size: sequences decoded side by side. Prompts of like length share a batch.
    Raises CourseError for an empty prompt, a negative temperature or n < 1.
    """
    if n < 1:
        raise CourseError(f"n={n} completions per prompt cannot be made; ask for 1 or more")
    if temperature < 0:
        raise CourseError(f"temperature={temperature} is negative; use 0 for greedy or a number like 1.0")
    if temperature == 0 and n > 1:
        raise CourseError(f"n={n} completions at temperature 0 would all be the same; raise the temperature")
    if any(not prompt for prompt in prompts):
        raise CourseError("a prompt is empty; give the model at least one token to go on from")
    stop = [stop] if isinstance(stop, str) else list(stop or ())
    encoded = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    rows = [i for i in sorted(range(len(prompts)), key=lambda i: len(encoded[i])) for _ in range(n)]
    results: list[list[Completion]] = [[] for _ in prompts]
    ends = end_token_ids(model, tokenizer)
    was_training = model.training
    model.eval()
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for start in range(0, len(rows), batch_size):
            chunk = rows[start : start + batch_size]
            for i, completion in zip(
                chunk,
                _decode(
                    model, tokenizer, [encoded[i] for i in chunk], ends, temperature, max_new_tokens, stop
                ),
                strict=True,
            ):
                results[i].append(completion)
    model.train(was_training)
    return results


def _decode(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    ends: list[int],
    temperature: float,
    max_new_tokens: int,
    stop: Sequence[str],
) -> list[Completion]:
    """One batch. Prompts are padded on the left, so that every one of them ends where generation begins."""
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
    width = max(map(len, prompts))
    input_ids = torch.tensor([[pad] * (width - len(ids)) + ids for ids in prompts])
    attention_mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts])
    sampling = (
        {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        if temperature > 0
        else {"do_sample": False}
    )
    output = model.generate(
        input_ids=input_ids.to(model.device),
        attention_mask=attention_mask.to(model.device),
        max_new_tokens=max_new_tokens,
        eos_token_id=ends,
        pad_token_id=pad,
        **({"stop_strings": list(stop), "tokenizer": tokenizer} if stop else {}),
        **sampling,
    )
    completions = []
    for row in output[:, width:].tolist():
        end = next((position for position, token in enumerate(row) if token in ends), None)
        ids = row if end is None else row[: end + 1]
        while ids and ids[-1] == pad and pad not in ends:
            ids.pop()  # padding after a stop string
        text, cut = _cut(tokenizer.decode(ids, skip_special_tokens=True), stop)
        completions.append(Completion(text, tuple(ids), end is not None or cut))
    return completions
