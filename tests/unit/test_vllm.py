"""The way through vLLM, with a stand-in that has its interface and its rules, and computes with transformers.

The interface was read in vLLM 0.31.0 and 0.33.0. Where vLLM is installed the last test compares it with the stand-in.
"""

from __future__ import annotations

import dataclasses
import importlib.machinery
import importlib.util
import inspect
import random
import sys
import types
import warnings
from enum import Enum
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt
from course_utils.generation import GenerationInterrupted, free_engine, generate, sampling, vllm
from course_utils.models import load_base

pytestmark = pytest.mark.slow  # loads models

ENGINE_ARGUMENTS = {"load_format", "generation_config", "max_model_len", "enable_sleep_mode"}


class RequestOutputKind(Enum):
    CUMULATIVE = 0
    DELTA = 1
    FINAL_ONLY = 2


@dataclasses.dataclass
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    seed: int | None = None
    stop: Any = None
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    logprobs: int | None = None
    detokenize: bool = True
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE

    def __post_init__(self) -> None:
        assert self.temperature == 0 or 0.01 <= self.temperature <= 2, "vLLM refuses or changes it"
        assert self.seed is None or -1 < self.seed < 2**63, "-1 is none, and more than 64 bits do not fit"
        assert self.detokenize or not self.stop, "stop strings are only supported when detokenize is True"


@dataclasses.dataclass
class Asked:
    name: str
    prompt: list[int]
    parameters: SamplingParams
    token_ids: list[int] = dataclasses.field(default_factory=list)
    logprobs: list[dict] = dataclasses.field(default_factory=list)
    generator: torch.Generator | None = None


class LLM:
    """Holds a copy of the weights; loses them in its sleep; refuses to be used half awake."""

    started: list[LLM] = []  # noqa: RUF012

    def __init__(
        self,
        model: str,
        *,
        dtype: str = "auto",
        seed: int = 0,
        gpu_memory_utilization: float = 0.92,
        **kwargs: Any,
    ) -> None:
        assert set(kwargs) <= ENGINE_ARGUMENTS
        assert kwargs["load_format"] == "dummy"
        assert gpu_memory_utilization == pytest.approx(0.5 * 60 / 80)
        config = AutoConfig.from_pretrained(model)
        if config.architectures[0] not in ("Qwen2ForCausalLM", "LlamaForCausalLM"):
            raise ValueError(f"{config.architectures[0]} is not supported")
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        self.model = AutoModelForCausalLM.from_config(config).to(getattr(torch, dtype)).eval()
        assert not any(parameter.is_inference() for parameter in self.model.parameters())
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        self.longest = kwargs["max_model_len"]
        self.llm_engine = self
        self.awake, self.asked, self.seeds = {"weights", "kv_cache"}, [], []
        LLM.started.append(self)

    def sleep(self, level: int = 1, mode: str = "abort") -> None:
        assert level == 2
        self.awake, self.asked = set(), []
        for parameter in self.model.parameters():
            parameter.data.fill_(torch.nan)

    def wake_up(self, tags: list[str] | None = None) -> None:
        assert not self.awake & set(tags), "memory that is mapped cannot be mapped again"
        self.awake |= set(tags)

    def apply_model(self, func):
        return [func(self)]

    def load_weights(self, weights) -> set[str]:
        assert "weights" in self.awake
        own, taken, self.clean = dict(self.model.named_parameters()), set(), False
        for name, value in weights:
            own[name].data.copy_(value)
            taken.add(name)
        return taken

    def named_parameters(self):
        return self.model.named_parameters()

    def reset_prefix_cache(self, reset_running_requests: bool = False, reset_connector: bool = False) -> bool:
        self.clean = True
        return True

    def add_request(self, request_id: str, prompt: dict, params: SamplingParams) -> str:
        assert len(prompt["prompt_token_ids"]) + params.max_tokens <= self.longest
        generator = torch.Generator()
        if params.seed is not None:
            generator.manual_seed(params.seed)
            self.seeds.append(params.seed)
        else:
            assert params.temperature == 0, "vLLM would draw without a seed"
        self.asked.append(Asked(request_id, prompt["prompt_token_ids"], params, generator=generator))
        return f"{request_id}-internal"

    def has_unfinished_requests(self) -> bool:
        return bool(self.asked)

    def step(self) -> list:
        """One token of each request."""
        assert self.awake == {"weights", "kv_cache"}
        assert self.clean, "keys and values of other weights are in the cache"
        assert not torch.is_inference_mode_enabled()
        done = []
        for one in self.asked:
            logits = self.model(torch.tensor([one.prompt + one.token_ids])).logits[0, -1].float()
            settings = one.parameters
            if settings.temperature:
                noise = torch.empty_like(logits).exponential_(generator=one.generator)
                token = int(((logits / settings.temperature).softmax(-1) / noise).argmax())
            else:
                token = int(logits.argmax())
            one.token_ids.append(token)
            if settings.logprobs is not None:  # of the likeliest, and always of the token itself
                values = logits.log_softmax(-1)
                tokens = {*values.topk(settings.logprobs).indices.tolist(), token}
                one.logprobs.append({t: types.SimpleNamespace(logprob=float(values[t])) for t in tokens})
            text = self.tokenizer.decode(one.token_ids, skip_special_tokens=True)
            met = next((mark for mark in settings.stop or [] if mark in text), None)
            if met or token in (settings.stop_token_ids or []) or len(one.token_ids) == settings.max_tokens:
                done.append(one)
        self.asked = [one for one in self.asked if one not in done]
        return [
            types.SimpleNamespace(
                request_id=one.name,
                finished=True,
                outputs=[types.SimpleNamespace(token_ids=tuple(one.token_ids), logprobs=one.logprobs)],
            )
            for one in reversed(done)
        ]

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True) -> list:
        for number, prompt in enumerate(prompts):
            self.add_request(str(number), prompt, sampling_params)
        outputs = []
        while self.has_unfinished_requests():
            outputs += self.step()
        return sorted(outputs, key=lambda output: int(output.request_id))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch):
    """vLLM installed, and a GPU: as far as the course's code can see."""
    module = types.ModuleType("vllm")
    module.__spec__ = importlib.machinery.ModuleSpec("vllm", None)
    module.LLM, module.SamplingParams = LLM, SamplingParams
    params = types.ModuleType("vllm.sampling_params")
    params.RequestOutputKind = RequestOutputKind
    for name, part in (("vllm", module), ("vllm.sampling_params", params)):
        monkeypatch.setitem(sys.modules, name, part)
    monkeypatch.setattr(vllm, "_on_gpu", lambda model: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (60 * 2**30, 80 * 2**30))
    for name, value in vllm._ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    LLM.started.clear()
    yield LLM
    free_engine()


@pytest.fixture(scope="module")
def strong():
    return load_base("nano-math", "strong", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def prompts(strong) -> list[str]:
    problems = word_problems.generate(6, seed=5, steps=(1, 3), split="test")
    return [chat_prompt(problem["question"], strong[1]) for problem in problems]


def by_vllm(*arguments, **options):
    """`generate` through vLLM; a note that it goes through transformers fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return generate(*arguments, engine="vllm", **options)


def test_greedy_is_model_generate_stop_strings_included(engine, strong, prompts) -> None:
    for stop in (None, ["="], ["####", "\n"]):
        mine = by_vllm(*strong, prompts, max_new_tokens=24, stop=stop)
        theirs = generate(*strong, prompts, max_new_tokens=24, stop=stop, engine="transformers")
        assert mine == theirs
        assert len({completion.token_ids for [completion] in mine}) > 3
    assert any(completion.stopped for [completion] in mine)


def test_samples_depend_on_the_seed_alone_and_each_row_has_its_own(engine, strong, prompts) -> None:
    def sample(seed: int, batch_size: int = 64):
        return by_vllm(
            *strong, prompts[:3], n=4, temperature=1.0, max_new_tokens=12, seed=seed, batch_size=batch_size
        )

    for start in (random.seed, np.random.seed, torch.manual_seed):
        start(7)
    python, numpy, torchs = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    first = sample(1)
    assert random.getstate() == python
    assert np.random.get_state()[1].tolist() == numpy
    assert torch.equal(torch.get_rng_state(), torchs)
    [llm] = engine.started
    assert len(set(llm.seeds)) == 12
    assert sample(1, batch_size=2) == first
    assert sample(2) != first
    assert all(len({c.token_ids for c in group}) > 1 for group in first)
    assert len(by_vllm(*strong, [prompts[0]] * 2, n=1, temperature=1.0, seed=-1, max_new_tokens=3)) == 2


def test_log_probabilities_come_along_where_they_are_those_of_the_draw(engine, strong, prompts) -> None:
    for options in ({}, {"temperature": 1.0, "n": 2}):
        groups = by_vllm(*strong, prompts[:3], max_new_tokens=16, stop=["="], logprobs=True, **options)
        for prompt, group in zip(prompts, groups, strict=False):
            ids = strong[1](prompt, add_special_tokens=False)["input_ids"]
            for one in group:
                with torch.no_grad():
                    logits = strong[0](torch.tensor([[*ids, *one.token_ids]])).logits[0, len(ids) - 1 : -1]
                wanted = logits.log_softmax(-1).gather(1, torch.tensor(one.token_ids)[:, None])[:, 0]
                assert one.logprobs == pytest.approx(wanted.tolist(), abs=1e-4)
    with pytest.warns(UserWarning, match=r"log-probabilities of temperature 1, not of 0\.7"):
        generate(*strong, prompts[:1], temperature=0.7, max_new_tokens=2, logprobs=True, engine="vllm")


def test_the_weights_are_those_of_the_moment_and_the_engine_is_kept_asleep(engine, prompts) -> None:
    model, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    before = by_vllm(model, tokenizer, prompts, max_new_tokens=12)
    [llm] = engine.started
    assert llm.awake == set()
    with torch.no_grad():
        for layer in model.model.layers:
            layer.mlp.down_proj.weight.mul_(-1)
    after = by_vllm(model, tokenizer, prompts, max_new_tokens=12)
    assert after != before
    assert after == generate(model, tokenizer, prompts, max_new_tokens=12, engine="transformers")

    adapted = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear"))
    torch.manual_seed(0)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    with_adapter = by_vllm(adapted, tokenizer, prompts, max_new_tokens=12)
    assert with_adapter != after
    assert with_adapter == generate(adapted, tokenizer, prompts, max_new_tokens=12, engine="transformers")
    with adapted.disable_adapter():
        assert by_vllm(adapted, tokenizer, prompts, max_new_tokens=12) == after
    assert engine.started == [llm]

    free_engine()
    by_vllm(model, tokenizer, prompts[:1], max_new_tokens=2)
    config = LlamaConfig(vocab_size=888, hidden_size=32, intermediate_size=48, num_hidden_layers=1)
    by_vllm(LlamaForCausalLM(config), tokenizer, prompts[:1], max_new_tokens=2)
    assert len(engine.started) == 3
    assert engine.started[1].awake == set()


def test_it_is_started_where_it_pays_and_used_where_it_runs(engine, strong, prompts, monkeypatch) -> None:
    generate(*strong, prompts[:2], max_new_tokens=2)
    assert not engine.started
    monkeypatch.setattr(vllm, "WORTH", 6)
    generate(*strong, prompts[:3], n=2, temperature=1.0, max_new_tokens=2)
    assert len(engine.started) == 1
    asked = len(engine.started[0].seeds)
    generate(*strong, prompts[:1], temperature=1.0, max_new_tokens=2)
    assert len(engine.started[0].seeds) == asked + 1
    generate(*strong, prompts[:1], temperature=1.0, max_new_tokens=2, engine="transformers")
    monkeypatch.setenv("COURSE_ENGINE", "decoder")
    generate(*strong, prompts[:1], temperature=1.0, max_new_tokens=2)
    assert len(engine.started[0].seeds) == asked + 1
    monkeypatch.setenv("COURSE_ENGINE", "speed")
    with pytest.raises(CourseError, match="'speed'"):
        generate(*strong, prompts[:1])


class OwnModel(LlamaForCausalLM):
    """A class that no library knows."""


def small(kind: type = LlamaForCausalLM, **settings: Any) -> torch.nn.Module:
    torch.manual_seed(0)
    shape = {"vocab_size": 888, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1}
    return kind(LlamaConfig(**shape, **settings))


def gpt2() -> torch.nn.Module:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=888, n_embd=32, n_layer=1, n_head=2, n_positions=256))


def adapted(**settings: Any) -> torch.nn.Module:
    return get_peft_model(small(), LoraConfig(r=2, target_modules=["q_proj"], **settings))


@pytest.mark.parametrize(
    ("make", "options", "says"),
    [
        (small, {"temperature": 2.5}, "temperature 2.5"),
        (small, {"temperature": 0.001}, "temperature 0.001"),
        (lambda: small().double(), {}, "float64"),
        (lambda: small(OwnModel), {}, "OwnModel"),
        (gpt2, {}, "GPT2LMHeadModel is not supported"),
        (lambda: small(max_position_embeddings=64), {}, "more than 64"),
        (lambda: adapted(modules_to_save=["lm_head"]), {}, "lm_head"),
        (lambda: adapted(use_dora=True), {}, "Linear"),
    ],
)
def test_what_it_does_not_know_goes_through_transformers(
    make, options: dict, says: str, engine, strong
) -> None:
    model, tokenizer = make().eval(), strong[1]
    texts = ["Anna has 5 apples. How many apples does Anna have, and why?"]
    with pytest.warns(UserWarning, match=says):
        mine = generate(model, tokenizer, texts, max_new_tokens=52, engine="vllm", **options)
    assert mine == generate(model, tokenizer, texts, max_new_tokens=52, engine="transformers", **options)
    assert vllm._kept is None


def test_an_engine_that_computes_something_else_is_not_used(engine, strong, prompts, monkeypatch) -> None:
    model, tokenizer = strong
    wanted = generate(model, tokenizer, prompts, max_new_tokens=8, engine="transformers")
    take = LLM.load_weights

    def wrongly(self, weights):
        return take(self, ((name, value * 0.5 if "down" in name else value) for name, value in weights))

    def half(self, weights):
        return take(self, (pair for pair in weights if "layers.1" not in pair[0]))

    for broken, says in ((wrongly, "not the model's own"), (half, "no weights for model.layers.1")):
        monkeypatch.setattr(LLM, "load_weights", broken)
        with pytest.warns(UserWarning, match=says):
            assert generate(model, tokenizer, prompts, max_new_tokens=8, engine="vllm") == wanted
    monkeypatch.setattr(LLM, "load_weights", take)
    assert by_vllm(model, tokenizer, prompts, max_new_tokens=8) == wanted


def test_without_it_the_way_to_install_it_is_named(strong, prompts, monkeypatch) -> None:
    monkeypatch.setattr(vllm, "_on_gpu", lambda model: True)
    monkeypatch.setattr(vllm.importlib.util, "find_spec", lambda name: None)
    with pytest.warns(UserWarning, match=r"adapting-llms\[gpu\]"):
        generate(*strong, prompts[:1], max_new_tokens=2, engine="vllm")
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="on cpu"):
        generate(*strong, prompts[:1], max_new_tokens=2, engine="vllm")


def test_an_interruption_keeps_what_is_done_and_ends_the_engine(engine, strong, prompts, monkeypatch) -> None:
    options = {"n": 3, "temperature": 1.0, "max_new_tokens": 16}
    whole = by_vllm(*strong, prompts[:2], **options)
    complete, calls = sampling._completion, iter(range(2))

    def interrupted(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return complete(*arguments)

    monkeypatch.setattr(sampling, "_completion", interrupted)
    with pytest.raises(GenerationInterrupted, match="2 of 6") as caught:
        generate(*strong, prompts[:2], engine="vllm", **options)
    assert all(set(some) <= set(every) for some, every in zip(caught.value.completions, whole, strict=True))
    assert vllm._kept is None
    monkeypatch.setattr(sampling, "_completion", complete)
    assert by_vllm(*strong, prompts[:2], **options) == whole
    assert len(engine.started) == 2


if importlib.util.find_spec("vllm"):

    def test_the_stand_in_has_vllms_interface() -> None:
        import vllm as real
        from vllm.engine.arg_utils import EngineArgs
        from vllm.sampling_params import RequestOutputKind as RealKind
        from vllm.v1.engine.llm_engine import LLMEngine

        assert {field.name for field in dataclasses.fields(EngineArgs)} >= ENGINE_ARGUMENTS
        assert {kind.name for kind in RequestOutputKind} <= {kind.name for kind in RealKind}
        known = inspect.signature(real.SamplingParams).parameters
        for field in dataclasses.fields(SamplingParams):
            assert field.name in known
        for owner, names in (
            (real.LLM, ("__init__", "sleep", "wake_up", "apply_model", "reset_prefix_cache", "generate")),
            (LLMEngine, ("add_request", "step", "has_unfinished_requests")),
        ):
            for name in names:
                theirs = inspect.signature(getattr(owner, name)).parameters
                mine = inspect.signature(getattr(LLM, name)).parameters
                assert set(mine) <= set(theirs), name
