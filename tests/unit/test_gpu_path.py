"""The way that the GPU profiles go, from end to end, with a small random model of Qwen2.5's architecture.

The model lies in a folder as it would on the hub: config, safetensors, tokenizer with a chat template. It goes
through load, train (adapter, bfloat16, packing, activation checkpointing), save the adapter, merge, generate and
evaluate, on GSM8K's own text where it is at hand and on word problems everywhere. Its weights are random, so
nothing here says how well it solves anything.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt, evaluate
from course_utils.generation import generate
from course_utils.models import load_base, model_path
from course_utils.profiles import PROFILES
from course_utils.training import build_trainer, fine_tune, recipe

pytestmark = pytest.mark.slow  # loads models

# Qwen2.5-1.5B's proportions, made small: grouped-query attention 6 to 1, a wide MLP, tied embeddings.
SHAPE = {
    "hidden_size": 96,
    "intermediate_size": 560,
    "num_hidden_layers": 3,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}
GPU = replace(PROFILES["gpu"], device="cpu", batch_size=2, max_length=1024)


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Qwen") / "Qwen2.5-Math-random"
    tokenizer = AutoTokenizer.from_pretrained(model_path("nano-math"))
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **SHAPE,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def word_texts() -> list[dict[str, str]]:
    return word_problems.generate(8, seed=3)


def real_texts(gsm8k_dir: Path) -> list[dict[str, str]]:
    lines = (gsm8k_dir / "train.jsonl").read_text().splitlines()[:8]
    return [json.loads(line) for line in lines]


def go_the_whole_way(folder: Path, texts: list[dict[str, str]], adapter: Path) -> None:
    model, tokenizer = load_base(str(folder), device="cpu", dtype=GPU.dtype)
    assert model.dtype == torch.bfloat16
    before = copy.deepcopy(model.state_dict())
    settings = {**recipe(GPU), "gradient_checkpointing": True, "learning_rate": 2e-3, "epochs": 4}
    assert settings["lora"] == {"rank": 16}
    assert settings["packing"]
    run = fine_tune(model, tokenizer, texts, **settings, seed=0, progress=False)
    assert run.losses[-1] < run.losses[0]
    trained = [parameter for parameter in run.model.parameters() if parameter.requires_grad]
    assert {parameter.dtype for parameter in trained} == {torch.float32}  # small steps survive
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())

    run.model.save_pretrained(adapter)
    assert sum(file.stat().st_size for file in adapter.iterdir()) < 4 * sum(p.numel() for p in trained) * 1.2
    again = PeftModel.from_pretrained(load_base(str(folder), device="cpu", dtype=GPU.dtype)[0], adapter)
    ids = torch.tensor([tokenizer(chat_prompt(texts[0]["question"], tokenizer))["input_ids"]])
    with torch.no_grad():
        assert torch.equal(again.eval()(ids).logits, run.model(ids).logits)
        merged = again.merge_and_unload()
        # Merging rounds to bfloat16: 8 bits, and the logits are sums of many products.
        difference = (merged(ids).logits - run.model(ids).logits).abs().max()
        assert difference < 0.05 * run.model(ids).logits.abs().max()
        assert not torch.equal(merged(ids).logits, model(ids).logits)

    prompts = [chat_prompt(text["question"], tokenizer) for text in texts[:3]]
    with pytest.warns(UserWarning, match="transformers"):  # the fast decoder is for float32
        completions = generate(merged, tokenizer, prompts, max_new_tokens=6)
    with pytest.warns(UserWarning, match="transformers"):
        result = evaluate(merged, tokenizer, texts[:3], max_new_tokens=6)
    assert [len(group) for group in completions] == [1, 1, 1]
    assert result.n == 3
    assert 0 <= result.accuracy <= 1


def test_the_whole_way_on_word_problems(hub_folder: Path, tmp_path: Path) -> None:
    go_the_whole_way(hub_folder, word_texts(), tmp_path / "adapter")


def test_the_whole_way_on_gsm8k(hub_folder: Path, gsm8k_dir: Path, tmp_path: Path) -> None:
    go_the_whole_way(hub_folder, real_texts(gsm8k_dir), tmp_path / "adapter")


def test_packed_examples_cost_what_they_cost_apart(hub_folder: Path) -> None:
    """Packing is right only if an example cannot see the one before it in its row."""
    model, tokenizer = load_base(str(hub_folder), device="cpu", dtype="float32")
    texts = word_texts()[:4]
    trainer = build_trainer(
        copy.deepcopy(model), tokenizer, texts, packing=True, max_length=1024, progress=False
    )
    assert len(trainer.train_dataset) == 1
    packed = trainer.data_collator([trainer.train_dataset[0]])
    assert (packed["position_ids"] == 0).sum() == 4
    apart = build_trainer(copy.deepcopy(model), tokenizer, texts, progress=False)
    single = [apart.data_collator([apart.train_dataset[i]]) for i in range(4)]

    def price(batch) -> tuple[float, int]:
        with torch.no_grad():
            # As trl does: with a cache transformers would not look for several examples in a row.
            loss = model(**batch, use_cache=False).loss.item()
        # The loss predicts from one position for the next, so a label at position 0 is never paid.
        return loss, int((batch["labels"][:, 1:] != -100).sum())

    loss, tokens = price(packed)
    prices = [price(batch) for batch in single]
    assert tokens == sum(count for _, count in prices)
    assert loss == pytest.approx(sum(value * count for value, count in prices) / tokens, rel=1e-4)


def test_weights_in_bfloat16_are_trained_in_float32_when_all_are_trained(hub_folder: Path) -> None:
    model, tokenizer = load_base(str(hub_folder), device="cpu", dtype="bfloat16")
    settings = {**recipe(GPU, "full"), "epochs": 1}
    assert settings["lora"] is None
    assert settings["learning_rate"] == GPU.learning_rate
    run = fine_tune(model, tokenizer, word_texts(), **settings, progress=False)
    assert run.model.dtype == torch.float32
    assert model.dtype == torch.bfloat16


def test_weights_in_float16_are_not_trained_in_full(hub_folder: Path) -> None:
    model, tokenizer = load_base(str(hub_folder), device="cpu", dtype="float16")
    with pytest.raises(CourseError, match="float16"):
        fine_tune(model, tokenizer, word_texts(), progress=False)


def test_the_profiles_recipes() -> None:
    assert recipe(PROFILES["cpu"])["lora"] is None
    assert recipe(PROFILES["cpu"], "lora")["learning_rate"] == PROFILES["cpu"].lora_learning_rate
    assert recipe(PROFILES["colab"])["gradient_checkpointing"]
    with pytest.raises(CourseError, match="'prefix'"):
        recipe(PROFILES["cpu"], "prefix")
