"""The CPU decoder against `model.generate`: the same tokens, for every model that it takes."""

from __future__ import annotations

import warnings

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from course_utils.data import word_problems
from course_utils.evaluation import chat_prompt
from course_utils.generation import GenerationInterrupted, decoder, end_token_ids, generate, sampling
from course_utils.generation.decoder import build
from course_utils.generation.request import Request, Row, Unknown
from course_utils.models import load_base

pytestmark = pytest.mark.slow  # loads models

SMALL = {
    "vocab_size": 888,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
}


@pytest.fixture(scope="module")
def strong():
    return load_base("nano-math", "strong", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def prompts(strong) -> list[str]:
    problems = word_problems.generate(200, seed=5, steps=(1, 5), split="test")
    return [chat_prompt(problem["question"], strong[1]) for problem in problems]


def assert_same(mine, theirs, model, tokenizer, prompts: list[str], temperature: float, seed: int) -> None:
    """The same completions, but for draws that fall on the border of two tokens as nearly as float32 can tell.

    Kernels add in another order on another CPU or for another number of rows. So where two completions part, the
    number drawn there must lie within rounding of the border that the model itself computes, and that is rare.
    """
    parted = 0
    draws = Request(
        prompts=[], n=1, temperature=temperature, max_new_tokens=200, ends=frozenset(), stop=(), seed=seed,
        batch_size=1, tokenizer=tokenizer,
    ).draws  # fmt: skip
    for i, (group, other_group) in enumerate(zip(mine, theirs, strict=True)):
        for j, (one, other) in enumerate(zip(group, other_group, strict=True)):
            if one == other:
                continue
            pairs = zip(one.token_ids, other.token_ids, strict=False)
            k, tokens = next((k, pair) for k, pair in enumerate(pairs) if pair[0] != pair[1])
            ids = tokenizer(prompts[i], add_special_tokens=False)["input_ids"] + list(one.token_ids[:k])
            with torch.no_grad():
                logits = model(torch.tensor([ids])).logits[0, -1].double()
            borders = (logits / temperature).softmax(-1).cumsum(-1)[min(tokens) : max(tokens)]
            assert (borders - draws(Row(i, j))[k]).abs().max() < 1e-5
            parted += 1
    assert parted <= max(1, sum(map(len, mine)) // 10)


@pytest.mark.parametrize("stage", ["weak", "medium", "strong"])
def test_greedy_is_model_generate_token_by_token(stage: str, prompts) -> None:
    """model.generate is called here as any user would, without the course's code around it."""
    model, tokenizer = load_base("nano-math", stage, device="cpu", dtype="float32")
    assert isinstance(build(model, [5]).layers, list)  # it is the decoder that is tested
    mine = generate(model, tokenizer, prompts, max_new_tokens=40, batch_size=48)
    batch = tokenizer(
        prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
    )
    ends = end_token_ids(model, tokenizer)
    with torch.inference_mode():
        output = model.generate(
            **batch,
            do_sample=False,
            max_new_tokens=40,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
        )
    for row, [completion] in zip(output[:, batch["input_ids"].shape[1] :].tolist(), mine, strict=True):
        end = next((i for i, token in enumerate(row) if token in ends), len(row))
        assert list(completion.token_ids) == row[: end + 1]


def random_model(kind: str):
    torch.manual_seed(0)
    if kind == "llama, own head, 2 of 4 key heads":
        model = LlamaForCausalLM(LlamaConfig(**SMALL, num_key_value_heads=2, tie_word_embeddings=False))
    elif kind == "llama, biases, every head its key":
        model = LlamaForCausalLM(
            LlamaConfig(**SMALL, num_key_value_heads=4, attention_bias=True, mlp_bias=True)
        )
    elif kind == "llama 3 rope, head dimension of its own":
        rope = {
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        }
        model = LlamaForCausalLM(
            LlamaConfig(**SMALL, num_key_value_heads=1, head_dim=16, rope_parameters=rope)
        )
    elif kind == "qwen2, tied":
        model = Qwen2ForCausalLM(Qwen2Config(**SMALL, num_key_value_heads=2, tie_word_embeddings=True))
    else:
        model = Qwen2ForCausalLM(Qwen2Config(**SMALL, num_key_value_heads=2))
        model = get_peft_model(model, LoraConfig(r=4, lora_alpha=16, target_modules="all-linear"))
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "norm" in name:
            torch.nn.init.normal_(parameter, mean=1.0, std=0.3)
        elif "lora" not in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


KINDS = [
    "llama, own head, 2 of 4 key heads",
    "llama, biases, every head its key",
    "llama 3 rope, head dimension of its own",
    "qwen2, tied",
    "qwen2 with a LoRA adapter",
]


@pytest.mark.parametrize("kind", KINDS)
def test_any_qwen2_or_llama_gives_the_same_tokens(kind: str, strong, prompts) -> None:
    model, tokenizer = random_model(kind), strong[1]
    for options in ({}, {"temperature": 0.7, "n": 3, "seed": 4}):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # no fallback
            mine = generate(model, tokenizer, prompts[:12], max_new_tokens=20, batch_size=5, **options)
        theirs = generate(model, tokenizer, prompts[:12], max_new_tokens=20, engine="transformers", **options)
        if options:
            assert_same(mine, theirs, model, tokenizer, prompts, options["temperature"], options["seed"])
        else:
            assert mine == theirs
        assert len({completion.token_ids for group in mine for completion in group}) > 6


def test_samples_are_the_same_whatever_the_batch_and_the_engine(strong, prompts) -> None:
    options = {"n": 4, "temperature": 1.0, "max_new_tokens": 40, "seed": 3, "stop": ["####"]}
    wanted = generate(*strong, prompts[:8], engine="transformers", **options)
    for batch_size in (1, 7, 64):
        mine = generate(*strong, prompts[:8], batch_size=batch_size, **options)
        assert_same(mine, wanted, *strong, prompts, 1.0, 3)
    assert any(c.stopped for group in wanted for c in group)
    assert any(not c.stopped for group in wanted for c in group)
    # The same prompt a second time gets random numbers of its own.
    twice = generate(*strong, [prompts[0]] * 2, **options)
    assert twice[0] != twice[1]


def test_samples_follow_the_models_probabilities(strong) -> None:
    """First tokens of 4,000 samples against the softmax, by Pearson's statistic."""
    model, tokenizer = strong
    prompt = "Anna has 5"
    groups = generate(model, tokenizer, [prompt], n=4000, temperature=1.0, max_new_tokens=1, batch_size=500)
    counts = torch.bincount(torch.tensor([c.token_ids[0] for c in groups[0]]), minlength=888).double()
    with torch.no_grad():
        logits = model(**tokenizer(prompt, return_tensors="pt", add_special_tokens=False)).logits[0, -1]
    expected = 4000 * logits.double().softmax(-1)
    common = expected >= 5
    observed = torch.cat((counts[common], counts[~common].sum()[None]))
    wanted = torch.cat((expected[common], expected[~common].sum()[None]))
    freedom = len(observed) - 1
    statistic = float(((observed - wanted) ** 2 / wanted).sum())
    assert freedom >= 5
    assert statistic < freedom + 4 * (2 * freedom) ** 0.5  # mean and spread of chi squared


@pytest.mark.parametrize("engine", ["decoder", "transformers"])
@pytest.mark.parametrize("temperature", [0.0, 0.6, 1.0])
def test_log_probabilities_are_those_of_the_distribution_that_was_drawn_from(
    engine: str, temperature: float, strong, prompts
) -> None:
    """Against a second pass of the model over prompt and completion."""
    model, tokenizer = strong
    options = {
        "n": 3 if temperature else 1,
        "temperature": temperature,
        "max_new_tokens": 30,
        "batch_size": 4,
        "stop": ["."],
        "engine": engine,
    }
    groups = generate(model, tokenizer, prompts[:5], logprobs=True, **options)
    for prompt, group in zip(prompts, groups, strict=False):
        ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        for one in group:
            with torch.no_grad():
                logits = model(torch.tensor([[*ids, *one.token_ids]])).logits[0, len(ids) - 1 : -1].double()
            wanted = (logits / (temperature or 1)).log_softmax(-1)
            wanted = wanted.gather(1, torch.tensor(one.token_ids)[:, None])[:, 0]
            assert one.logprobs is not None
            torch.testing.assert_close(torch.tensor(one.logprobs).double(), wanted, rtol=0, atol=1e-4)
    assert len({len(one.token_ids) for group in groups for one in group}) > 1
    plain = generate(model, tokenizer, prompts[:5], **options)
    assert [[one.token_ids for one in group] for group in plain] == [
        [one.token_ids for one in group] for group in groups
    ]
    assert plain[0][0].logprobs is None


def test_a_model_that_it_does_not_know_goes_through_transformers(strong, prompts) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=888, n_embd=32, n_layer=1, n_head=2, n_positions=256))
    with pytest.warns(UserWarning, match="GPT2LMHeadModel"):
        [[completion]] = generate(model, strong[1], prompts[:1], max_new_tokens=5)
    assert completion.token_ids


def test_a_model_that_only_looks_known_is_never_decoded_wrongly(strong, prompts, monkeypatch) -> None:
    """Its parts are a Qwen2's, but what it computes is another thing."""
    model = random_model("qwen2, tied")
    handle = model.model.layers[0].register_forward_hook(lambda module, args, output: output * 0.5)
    with pytest.warns(UserWarning, match="logits are not the model's own"):
        mine = generate(model, strong[1], prompts[:3], max_new_tokens=8)
    assert mine == generate(model, strong[1], prompts[:3], max_new_tokens=8, engine="transformers")
    handle.remove()
    monkeypatch.setattr(model.model.layers[0].mlp, "gate_proj", torch.nn.Sequential(torch.nn.Linear(32, 48)))
    with pytest.raises(Unknown, match="Sequential"):
        build(model, [5])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_act": "gelu"}, "activation"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, "every layer"),
    ],
)
def test_settings_that_it_does_not_know_are_refused(change: dict, says: str) -> None:
    model = random_model("qwen2, tied")
    for name, value in change.items():
        setattr(model.config, name, value)
    with pytest.raises(Unknown, match=says):
        build(model, [5])
    with pytest.raises(Unknown, match="bfloat16"):
        build(model.to(torch.bfloat16), [5])


def test_a_model_too_large_for_a_second_copy_is_refused(monkeypatch) -> None:
    model = random_model("qwen2, tied")
    build(model, [5])
    monkeypatch.setattr(decoder, "_LARGEST", model.num_parameters() - 1)
    with pytest.raises(Unknown, match=f"it has {model.num_parameters():,} parameters"):
        build(model, [5])


@pytest.mark.parametrize("large", [0, 2**62])
@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_to_multiply_give_the_same_tokens(
    kind: str, large: int, strong, prompts, monkeypatch
) -> None:
    """A small weight is multiplied by one library on this CPU and by the other on the next."""
    model, tokenizer = random_model(kind), strong[1]
    wanted = generate(model, tokenizer, prompts[:6], max_new_tokens=12, engine="transformers")
    monkeypatch.setattr(decoder, "_LARGE_WEIGHT", large)
    assert generate(model, tokenizer, prompts[:6], max_new_tokens=12, engine="decoder") == wanted


def test_an_interruption_keeps_what_is_done(strong, prompts, monkeypatch) -> None:
    whole = generate(*strong, prompts[:6], n=2, temperature=1.0, max_new_tokens=30, batch_size=4)
    calls = iter(range(5))
    complete = sampling._completion

    def interrupted(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return complete(*arguments)

    monkeypatch.setattr(sampling, "_completion", interrupted)
    strong[0].train()
    with pytest.raises(GenerationInterrupted, match="5 of 12") as caught:
        generate(*strong, prompts[:6], n=2, temperature=1.0, max_new_tokens=30, batch_size=4)
    assert strong[0].training
    strong[0].eval()
    kept = caught.value.completions
    assert sum(map(len, kept)) == 5
    assert all(set(some) <= set(everything) for some, everything in zip(kept, whole, strict=True))
