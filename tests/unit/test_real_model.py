"""Questions to a real model: asked where it is at hand, from the record elsewhere, and the line says which."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot
from transformers import AutoConfig, AutoModelForCausalLM

from course_utils import real_model, results
from course_utils.data import gsm8k, word_problems
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt
from course_utils.models import load_base
from course_utils.real_model import _chats, adapters, gsm8k_accuracy, masking

FOUND = {"value": 1.0, "seconds": 12.0, "threads": 2, "weights": "4 bits"}


@pytest.fixture
def course(monkeypatch, tmp_path):
    """course(seconds, here): a record of one question, and whether the model is at hand."""
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.setattr(gsm8k, "is_at_hand", lambda: True)
    monkeypatch.setattr(real_model, "measure", lambda name: FOUND | {"value": 2.0, "seconds": 9.0})

    def make(seconds: float, here: bool) -> None:
        results.save(real_model.NAME, {"masking": FOUND | {"seconds": seconds}})
        monkeypatch.setattr(type(real_model.MODEL), "here", here)

    return make


@pytest.mark.parametrize(
    ("seconds", "here", "environment", "value", "says"),
    [
        (12.0, False, {}, 1.0, "From the record (12 s on 2 CPU threads). `course model get smollm2`, and it"),
        (12.0, False, {"COURSE_PROFILE": "real"}, 1.0, "`course model get smollm2`"),
        (12.0, True, {}, 2.0, "… measured here, in 9 s."),
        (12.0, True, {"COURSE_GRADING": "1"}, 1.0, "From the record (12 s on 2 CPU threads).\n"),
        (600.0, True, {}, 1.0, "From the record (10.0 min on 2 CPU threads). With COURSE_PROFILE=real it is"),
        (600.0, True, {"COURSE_PROFILE": "cpu"}, 1.0, "With COURSE_PROFILE=real"),
        (600.0, True, {"COURSE_PROFILE": "real"}, 2.0, "it took 10.0 min on 2 CPU threads when it was"),
        (600.0, True, {"COURSE_PROFILE": "real", "COURSE_GRADING": "1"}, 1.0, "From the record (10.0 min"),
    ],
)
def test_measured_or_from_the_record(course, monkeypatch, capsys, seconds, here, environment, value, says):
    course(seconds, here)
    for name, setting in environment.items():
        monkeypatch.setenv(name, setting)
    assert real_model.ask("masking")["value"] == value
    assert says in capsys.readouterr().out


def test_without_the_problems_that_it_needs_it_comes_from_the_record(course, monkeypatch, capsys):
    course(12.0, True)
    monkeypatch.setattr(gsm8k, "is_at_hand", lambda: False)
    assert real_model.ask("masking")["value"] == 1.0
    assert "Set COURSE_DATA_DIR to a folder with GSM8K" in capsys.readouterr().out
    monkeypatch.setattr(real_model, "needs_gsm8k", lambda name: False)
    assert real_model.ask("masking")["value"] == 2.0


def test_recording_keeps_what_else_there_is(course):
    course(12.0, True)
    real_model.record("adapters")
    assert real_model.recorded("masking")["value"] == 1.0
    assert real_model.recorded("adapters")["value"] == 2.0


def test_what_was_not_measured_is_said(course):
    course(12.0, False)
    with pytest.raises(
        CourseError, match=r"nothing about 'shots': run `python -m course_utils.real_model shots`"
    ):
        real_model.ask("shots")


def test_no_such_question():
    with pytest.raises(CourseError, match="There is no question 'nothing'"):
        real_model.measure("nothing")


@pytest.fixture(scope="module")
def nano():
    return load_base("nano-math", "strong", device="cpu", dtype="float32")


SUM = {"question": "2+3?", "answer": "It is 5.\n#### 5"}


@pytest.mark.slow
class TestMasking:
    def test_every_token_has_its_part(self, nano):
        _, tokenizer = nano
        ids, parts = masking.chat_parts(SUM, tokenizer)
        whole = chat_prompt("2+3?", tokenizer) + SUM["answer"] + tokenizer.eos_token
        assert ids == tokenizer(whole, add_special_tokens=False)["input_ids"]
        texts = {
            part: tokenizer.decode([i for i, one in zip(ids, parts, strict=True) if one == part])
            for part in masking.PARTS
        }
        assert texts == {
            "template": "<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n",
            "question": "2+3?",
            "answer": SUM["answer"],
            "end": "<|im_end|>",
        }

    def test_losses_of_one_who_guesses_and_of_one_who_knows(self):
        parts = ["template", "question", "question", "answer", "end"]
        ids = [3, 1, 4, 1, 5]

        def uniform(input_ids):
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, 8))

        def knows(input_ids):
            return SimpleNamespace(logits=100 * one_hot(input_ids.roll(-1, dims=1), 8).float())

        uniform.device = knows.device = "cpu"
        found = masking.part_losses(uniform, ids, parts)
        assert {part: count for part, (count, _) in found.items()} == {"question": 2, "answer": 1, "end": 1}
        assert [loss for _, loss in found.values()] == pytest.approx([math.log(8)] * 3)
        assert [loss for _, loss in masking.part_losses(knows, ids, parts).values()] == pytest.approx([0] * 3)

    def test_who_masks_by_number_teaches_no_end(self, nano):
        model, tokenizer = nano
        plan = masking.Plan(
            data="word_problems", chats=2, train=64, test=6, learning_rate=5e-3, max_new_tokens=80
        )
        found = masking.measure(model, tokenizer, plan)
        chat = found["chat"]
        learned = [i for i, label in zip(chat["ids"], chat["labels"], strict=True) if label != -100]
        assert tokenizer.decode(learned).endswith(f"\n#### {_gold(learned, tokenizer)}<|im_end|>")
        assert chat["ids"][-len(learned) :] == learned, "all of the answer, and nothing before it"
        assert len(found["losses"]) == 2
        arms = found["trained"]
        assert {len(values) for one in arms.values() for values in one.values()} == {6}
        assert np.mean(arms["by position"]["end"]) > 0.9
        assert np.mean(arms["by number"]["end"]) < 0.5
        assert np.mean(arms["by position"]["stops"]) > 0.5
        assert arms["by position"]["clean"] == [
            float("<|" not in text and stops and text.count("####") == 1)
            for text, stops in zip(arms["by position"]["text"], arms["by position"]["stops"], strict=True)
        ]
        assert np.mean(arms["before"]["stops"]) == np.mean(arms["by number"]["stops"]) == 0
        assert np.mean(arms["by number"]["answer"]) < np.mean(arms["before"]["answer"])
        assert found["steps"] == 16


def _gold(ids, tokenizer):
    return tokenizer.decode(ids).split("#### ")[1].removesuffix("<|im_end|>")


@pytest.fixture
def tiny():
    """Two blocks of width 16, 4 heads, 2 of keys and values: a count that fits on the back of an envelope."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=32,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return AutoModelForCausalLM.from_config(config).eval()


@pytest.mark.slow
class TestAdapters:
    def test_counts_by_hand(self, tiny):
        assert adapters.peft_count(tiny, 2, ["q_proj", "k_proj"]) == 2 * (2 * (16 + 16) + 2 * (8 + 16))
        attention = 2 * 2 * ((16 + 16) + (8 + 16) + (8 + 16) + (16 + 16))
        assert adapters.peft_count(tiny, 2, "all-linear") == attention + 2 * 2 * 3 * (16 + 24)

    @pytest.mark.parametrize(
        ("size", "dtype", "unnoticed"),
        [(0.0, "bfloat16", 0.0), (1e-9, "bfloat16", 1.0), (1e-9, "float32", 1.0), (1.0, "bfloat16", 0.0)],
    )
    def test_what_a_merge_rounds_away(self, tiny, size, dtype, unnoticed):
        """All weights are 1: a change of 1e-9 is below every type's spacing there, one of 1 above it, none is none."""
        adapted = adapters._adapted(tiny, 2, ["q_proj"])
        with torch.no_grad():
            for name, weight in adapted.named_parameters():
                if "q_proj.base_layer" in name or "lora_A" in name:
                    weight.fill_(1.0)
                elif "lora_B" in name:
                    weight.fill_(size)
        kept = {name: weight.clone() for name, weight in adapted.named_parameters()}
        found = adapters.merged(adapted, [1, 2, 3], dtype)
        assert found["unnoticed"] == unnoticed
        assert (found["adapter"] > 1e-3) == (size == 1.0)
        assert found["merge"] < 1e-5
        assert all(torch.equal(weight, kept[name]) for name, weight in adapted.named_parameters())

    def test_bytes_of_a_step(self, nano):
        """Full: 16 bytes for each weight, at least. LoRA: 4 for each of the base, 16 for each of the adapter."""
        model, _ = nano
        plan = adapters.Plan(rank=4, batch=1, length=8)
        weights = model.num_parameters()
        trained = adapters.peft_count(model, 4, "all-linear")
        full, lora = (adapters.step_bytes(model, method, plan) for method in ("full", "lora"))
        assert 16 * weights < full < 1.15 * 16 * weights
        least = 4 * weights + 16 * trained
        assert least < lora < 1.3 * least
        longer = adapters.step_bytes(model, "lora", adapters.Plan(rank=4, batch=4, length=32))
        assert longer > lora + 4 * 100 * model.config.vocab_size  # logits of more tokens, at the least

    def test_spectrum_of_a_change_that_has_one_direction(self, tiny):
        after = AutoModelForCausalLM.from_config(tiny.config).eval()
        after.load_state_dict(tiny.state_dict())
        with torch.no_grad():
            for weight in adapters.block_matrices(after, 1).values():
                weight += torch.outer(torch.ones(weight.shape[0]), torch.linspace(1, 2, weight.shape[1]))
        found = adapters.spectrum(tiny, after)
        assert found["matrices"] == 14
        assert found["change"]["most"] == pytest.approx(2 * (5 / 16 + 2 / 8) / 14)  # one of 16, or of 8
        assert found["change"]["top8"] == pytest.approx(1, abs=1e-6)
        assert found["noise"]["most"] > 0.5
        assert found["change"]["energy"][0] == 0
        assert found["change"]["energy"][-1] == 1
        assert adapters.spectrum(tiny, after, every=2)["matrices"] == 7

    def test_shares_of_two_singular_values(self):
        held = adapters._held(torch.diag(torch.tensor([3.0, 2.0])))
        assert held.tolist() == pytest.approx([9 / 13, 1])
        assert adapters._needed(held, 0.5) == 0.5
        assert adapters._needed(held, 0.9) == 1


@pytest.mark.slow
class TestAccuracy:
    def test_before_and_after_on_the_same_problems(self, nano):
        model, tokenizer = nano
        asked = gsm8k_accuracy.Asked(
            "word_problems", train=96, test=5, longest=200, max_new_tokens=60, steps=(1, 1)
        )
        found = gsm8k_accuracy.measure(model, tokenizer, (asked,), learning_rate=5e-3)
        one = found["sets"]["word_problems"]
        problems = word_problems.generate(5, seed=0, steps=(1, 1), split="test")
        assert [f"#### {gold}" for gold in one["gold"]] == [p["answer"].splitlines()[-1] for p in problems]
        assert [len(one[when]) for when in ("before", "after")] == [5, 5]
        assert not any(stopped or "####" in text for text, stopped in one["before"])
        assert all(stopped and "####" in text for text, stopped in one["after"])
        assert found["steps"] == 12

    def test_examples_that_are_too_long_are_left_out(self, nano):
        _, tokenizer = nano
        asked = gsm8k_accuracy.Asked("word_problems", train=10, test=1, longest=70, max_new_tokens=8)
        pool = asked.load("train", 80)
        taken = _chats.short(pool, tokenizer, 70, 10)
        lengths = [len(masking.chat_parts(problem, tokenizer)[0]) for problem in pool]
        assert taken == [p for p, length in zip(pool, lengths, strict=True) if length <= 70][:10]
        assert taken
        assert max(lengths) > 70
