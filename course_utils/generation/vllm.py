"""Decoding through vLLM, where it is installed (`pip install 'adapting-llms[gpu]'`): many completions on a GPU.

vLLM takes the better part of a minute to start. So an engine is started for a request of at least `WORTH`
completions; it is kept, takes later requests for the same kind of model, however small, and sleeps in between,
when the GPU is training's. Before each request it takes the model's weights as they are then, and its
probabilities are compared with the model's own. It runs in this process, which makes it decode a request in the
same order each time, and lets it copy weights from GPU memory.
"""

from __future__ import annotations

import copy
import gc
import importlib.util
import math
import os
import random
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_utils.generation import weights
from course_utils.generation.request import Finished, Request, Row, StopStrings, Unknown

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WORTH = 500  # completions: about where transformers takes longer than vLLM's start and vLLM together
_SHARE = 0.5  # of the GPU memory that is free at the start; the rest is left to training
_LONGEST = 8192  # tokens of a prompt and its completion
_COMPARED = 4  # prompts
# Difference of probabilities. In 16 bits a logit of 16 is off by up to 1/16, and so is a probability, at most.
_TOLERANCE = {torch.float32: 1e-3, torch.float16: 0.1, torch.bfloat16: 0.1}
_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_NO_USAGE_STATS": "1",
}


@dataclass(frozen=True)
class _Engine:
    """vLLM, and what it was started for."""

    llm: Any
    kind: str


_kept: _Engine | None = None


def _outside(function: Callable) -> Callable:
    """`generate` works in inference mode; the tensors that vLLM makes and keeps must not be of that kind."""
    return torch.inference_mode(False)(torch.no_grad()(function))


def pays(model: PreTrainedModel, request: Request) -> bool:
    """Whether vLLM is there, and running or worth its start."""
    if not _on_gpu(model) or importlib.util.find_spec("vllm") is None:
        return False
    running = _kept is not None and _kept.kind == _kind(_base(model), request)
    return running or len(request.prompts) * request.n >= WORTH


def decode(model: PreTrainedModel, request: Request) -> Generator[Finished]:
    """Make all completions. Raises Unknown, before the first of them, where vLLM cannot or must not."""
    base = _base(model)
    _refuse_unknown(base, request)
    try:
        llm = _awake(base, request)
        _compare(llm, model, request)
    except Unknown:
        free()
        raise
    except Exception as error:  # of any kind: a driver, too little memory, an architecture it does not have
        free()
        raise Unknown(f"vLLM failed with {type(error).__name__}: {error}") from error
    except KeyboardInterrupt:
        free()
        raise
    return _completions(llm, request)


def free() -> None:
    """End the engine and give its memory back. The next request of enough completions starts one again."""
    global _kept
    engine, _kept = _kept, None
    if engine is not None:
        with suppress(Exception):  # it may be ended in the middle of a step
            _sleep(engine.llm)
        del engine
        _clean_up()


def _clean_up() -> None:
    with suppress(Exception):
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        cleanup_dist_env_and_memory()
    gc.collect()


def _base(model: PreTrainedModel) -> PreTrainedModel:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _on_gpu(model: PreTrainedModel) -> bool:
    return model.device.type == "cuda"


def _kind(base: PreTrainedModel, request: Request) -> str:
    """What one engine can serve: models that differ in nothing but the values of their weights."""
    return (
        f"{type(base).__name__} {base.dtype} {base.config.to_json_string()} {request.tokenizer.name_or_path}"
    )


def _length(base: PreTrainedModel) -> int:
    return min(getattr(base.config, "max_position_embeddings", None) or _LONGEST, _LONGEST)


def _refuse_unknown(base: PreTrainedModel, request: Request) -> None:
    if not _on_gpu(base):
        raise Unknown(f"it is on {base.device.type}, vLLM on a GPU")
    if importlib.util.find_spec("vllm") is None:
        raise Unknown("vLLM is not installed; pip install 'adapting-llms[gpu]'")
    if not type(base).__module__.startswith("transformers."):
        raise Unknown(f"{type(base).__name__} is not one of transformers' own models")
    if len({parameter.device for parameter in base.parameters()}) > 1 or base.device.index:
        raise Unknown("its weights are not all on the first GPU")
    kinds = {parameter.dtype for parameter in base.parameters()} - set(_TOLERANCE)
    if kinds:
        raise Unknown(f"it has weights in {', '.join(sorted(str(k).removeprefix('torch.') for k in kinds))}")
    if 0 < request.temperature < 0.01 or request.temperature > 2:
        raise Unknown(f"vLLM has no temperature {request.temperature}")
    if request.logprobs and request.temperature not in (0, 1):
        raise Unknown(f"vLLM gives log-probabilities of temperature 1, not of {request.temperature}")
    wanted = max(map(len, request.prompts)) + request.max_new_tokens
    if wanted > _length(base):
        raise Unknown(f"{wanted:,} tokens are more than {_length(base):,}")
    if _kept is None and torch.distributed.is_available() and torch.distributed.is_initialized():
        raise Unknown("torch.distributed is in use")


@_outside
def _awake(base: PreTrainedModel, request: Request) -> Any:
    """The engine, awake, with the weights that the model has now."""
    global _kept
    kind = _kind(base, request)
    if _kept is None or _kept.kind != kind:
        free()
        try:
            with _same_random_numbers():
                _kept = _Engine(_start(base, request), kind)
        except BaseException:
            _clean_up()  # of what had been started
            raise
    llm = _kept.llm
    torch.cuda.empty_cache()
    llm.wake_up(tags=["weights"])
    [taken] = llm.apply_model(lambda its: its.load_weights(weights.named(base)))
    [wanted] = llm.apply_model(lambda its: {name for name, _ in its.named_parameters()})
    if wanted - set(taken):
        raise Unknown(f"vLLM found no weights for {min(wanted - set(taken))}")
    llm.reset_prefix_cache()  # keys and values of earlier weights
    llm.wake_up(tags=["kv_cache"])
    return llm


def _start(base: PreTrainedModel, request: Request) -> Any:
    """vLLM for this architecture, asleep. Its weights come later, so it gets the settings and the tokenizer."""
    os.environ.update(_ENVIRONMENT)
    from vllm import LLM

    available, total = torch.cuda.mem_get_info()
    config = copy.deepcopy(base.config)
    config.architectures = [type(base).__name__]
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        request.tokenizer.save_pretrained(folder)
        llm = LLM(
            model=folder,
            load_format="dummy",
            generation_config="vllm",
            dtype=str(base.dtype).removeprefix("torch."),
            max_model_len=_length(base),
            gpu_memory_utilization=_SHARE * available / total,
            enable_sleep_mode=True,
        )
    _sleep(llm)
    return llm


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    """vLLM seeds every global generator at its start; this leaves them as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@_outside
def _compare(llm: Any, model: PreTrainedModel, request: Request) -> None:
    """Refuse an engine whose likeliest first tokens do not have the model's own probabilities."""
    from vllm import SamplingParams

    prompts = list(request.prompts[:_COMPARED])
    once = SamplingParams(temperature=0.0, max_tokens=1, logprobs=5, ignore_eos=True, detokenize=False)
    outputs = llm.generate([{"prompt_token_ids": ids} for ids in prompts], once, use_tqdm=False)
    for ids, output in zip(prompts, outputs, strict=True):
        own = model(torch.tensor([ids], device=model.device)).logits[0, -1].float().softmax(-1)
        for token, entry in output.outputs[0].logprobs[0].items():
            if not abs(math.exp(entry.logprob) - float(own[token])) <= _TOLERANCE[model.dtype]:
                raise Unknown("vLLM's probabilities are not the model's own")


def _completions(llm: Any, request: Request) -> Generator[Finished]:
    """Each completion as soon as it is finished. An engine that is interrupted is ended: it may be anywhere."""
    try:
        rows = _ask(llm, request)
        stops = StopStrings(request)
        while llm.llm_engine.has_unfinished_requests():
            for output in _step(llm):
                yield _finished(rows[int(output.request_id)], output.outputs[0], stops)
        _sleep(llm)
    except BaseException:
        free()
        raise


@_outside
def _ask(llm: Any, request: Request) -> list[Row]:
    """Put every row to the engine, which decides how many it decodes side by side. Returns them by number."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    rows = request.rows()
    for number, row in enumerate(rows):
        parameters = SamplingParams(
            temperature=request.temperature,
            seed=_seed(request, row) if request.temperature else None,
            max_tokens=request.max_new_tokens,
            logprobs=0 if request.logprobs else None,  # 0: of the token itself alone
            stop=list(request.stop),
            stop_token_ids=sorted(request.ends),
            ignore_eos=True,  # the end tokens are those of `ends`
            detokenize=bool(request.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        prompt = {"prompt_token_ids": request.prompts[row.prompt]}
        llm.llm_engine.add_request(str(number), prompt, parameters)
    return rows


@_outside
def _step(llm: Any) -> list[Any]:
    return [output for output in llm.llm_engine.step() if output.finished]


@_outside
def _sleep(llm: Any) -> None:
    llm.sleep(level=2)  # gives up weights, keys and values


def _seed(request: Request, row: Row) -> int:
    """A seed for each row, below 2**63. vLLM's own n would seed sample 1 of a prompt as sample 0 of the next."""
    sequence = np.random.SeedSequence([request.seed % 2**64, row.prompt, row.sample])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def _finished(row: Row, output: Any, stops: StopStrings) -> Finished:
    """Cut after the token that completes a stop string, as every engine does. output: vLLM's CompletionOutput."""
    ids = list(output.token_ids)
    logprobs = [step[token].logprob for token, step in zip(ids, output.logprobs or (), strict=False)]
    end = next((count for count in range(1, len(ids) + 1) if stops.hit(ids[:count])), None)
    return Finished(row, ids[:end], end is not None, logprobs[:end])
