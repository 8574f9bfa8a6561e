"""`generate`: batched completions with a KV cache, the same for a seed whatever the batch size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from course_utils.errors import CourseError
from course_utils.generation import library, vllm
from course_utils.generation.decoder import build
from course_utils.generation.request import Finished, Request, Row, Unknown

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


ENGINES = ("decoder", "vllm", "transformers")


@dataclass(frozen=True)
class Completion:
    """What the model wrote after a prompt.

    text: without special tokens, cut before a stop string.
    token_ids: the generated tokens, the end-of-sequence token included if there was one.
    stopped: whether the model ended by itself (an end token or a stop string), not by the token limit.
    logprobs: for each token the natural log of the probability with which it was drawn, of softmax(logits /
        temperature), temperature 1 where it is 0; None unless they were asked for.
    """

    text: str
    token_ids: tuple[int, ...]
    stopped: bool
    logprobs: tuple[float, ...] | None = None


class GenerationInterrupted(KeyboardInterrupt):
    """`generate` was interrupted. completions: what is done, one list for each prompt, some of them short."""

    def __init__(self, completions: list[list[Completion]], wanted: int) -> None:
        done = sum(map(len, completions))
        super().__init__(
            f"interrupted after {done} of {wanted} completions; the exception's .completions has them"
        )
        self.completions = completions


def end_token_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that end a completion: the generation config's, and the tokenizer's end of turn."""
    configured = model.generation_config.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return sorted({i for i in [*ids, tokenizer.eos_token_id] if i is not None})


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
    progress: bool = False,
    engine: str | None = None,
    logprobs: bool = False,
) -> list[list[Completion]]:
    """`n` completions of each prompt, in the order of the prompts.

    prompts: complete texts; special tokens in them are recognised, none are added.
    temperature: 0 takes the most probable token. Otherwise each completion is drawn with random numbers of its
        own, which come from `seed`, the prompt's place and the sample's number: `batch_size` does not change it,
        up to the last bits of the logits, and no engine but vLLM does, which has random numbers of its own, from
        the same three. torch's global generator is left alone.
    max_new_tokens: tokens per completion at most. stop: strings that end a completion; left out of its text.
    batch_size: sequences decoded side by side; vLLM decides by itself. progress: show a bar.
    engine: who decodes. None, or the environment variable COURSE_ENGINE where it is None, leaves the choice to the
        course: on a CPU `decoder` for small Qwen2 and Llama models in float32; on a GPU `vllm` where it is
        installed and runs already or has 500 completions to make; else `transformers`. What is not known to the
        one that is chosen, or asked for, goes to transformers, and a warning says why.
    logprobs: also return each token's log-probability, without a second pass.
    Raises CourseError for an empty prompt, a negative temperature, n < 1 or batch_size < 1, and
    GenerationInterrupted, with what is done, on a KeyboardInterrupt.
    """
    for name, value in (("n", n), ("batch_size", batch_size), ("max_new_tokens", max_new_tokens)):
        if value < 1:
            raise CourseError(f"{name}={value} is too small; ask for 1 or more")
    if temperature < 0:
        raise CourseError(f"temperature={temperature} is negative; use 0 for greedy or a number like 1.0")
    if temperature == 0 and n > 1:
        raise CourseError(f"n={n} completions at temperature 0 would all be the same; raise the temperature")
    if any(not prompt for prompt in prompts):
        raise CourseError("a prompt is empty; give the model at least one token to go on from")
    engine = engine or os.environ.get("COURSE_ENGINE") or None
    if engine not in (None, *ENGINES):
        raise CourseError(
            f"there is no engine {engine!r}; leave it out, or choose one of {', '.join(ENGINES)}"
        )
    if not prompts:
        return []
    request = Request(
        prompts=[tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts],
        n=n,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        ends=frozenset(end_token_ids(model, tokenizer)),
        stop=tuple([stop] if isinstance(stop, str) else stop or ()),
        seed=seed,
        batch_size=batch_size,
        tokenizer=tokenizer,
        logprobs=logprobs,
    )
    done: dict[Row, Completion] = {}
    was_training = model.training
    model.eval()
    try:
        with _bar(len(prompts) * n, progress) as advance, closing(_engine(model, request, engine)) as rows:
            for finished in rows:
                done[finished.row] = _completion(request, finished)
                advance()
    except KeyboardInterrupt:
        raise GenerationInterrupted(_in_order(request, done), len(prompts) * n) from None
    finally:
        model.train(was_training)
    return _in_order(request, done)


def _engine(model: PreTrainedModel, request: Request, asked: str | None) -> Generator[Finished]:
    if asked == "vllm" or (asked is None and vllm.pays(model, request)):
        try:
            return vllm.decode(model, request)
        except Unknown as reason:
            _note(reason)
    elif asked == "decoder" or (asked is None and model.device.type == "cpu"):
        try:
            return build(model, request.prompts[0]).decode(request)
        except Unknown as reason:
            _note(reason)
    return library.decode(model, request)


def _note(reason: Unknown) -> None:
    warnings.warn(f"This model is decoded by transformers, more slowly: {reason}.", stacklevel=5)


def _completion(request: Request, finished: Finished) -> Completion:
    ids = finished.token_ids
    text = request.tokenizer.decode(ids, skip_special_tokens=True)
    found = [position for mark in request.stop if (position := text.find(mark)) >= 0]
    stopped = finished.hit or (bool(ids) and ids[-1] in request.ends)
    logprobs = tuple(finished.logprobs) if request.logprobs else None
    return Completion(text[: min(found, default=len(text))], tuple(ids), stopped, logprobs)


def _in_order(request: Request, done: dict[Row, Completion]) -> list[list[Completion]]:
    return [
        [done[row] for sample in range(request.n) if (row := Row(prompt, sample)) in done]
        for prompt in range(len(request.prompts))
    ]


@contextmanager
def _bar(total: int, shown: bool) -> Iterator[Callable[[], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("generating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not shown) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
