"""The embedded model as it is shipped: files, tokenizer, chat template, loading, behaviour."""

from __future__ import annotations

import importlib
import itertools
import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from course_utils import doctor, results
from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt, evaluate
from course_utils.models import load_base, model_path
from course_utils.models.embedded import EMBEDDED, WEIGHTS, EmbeddedModel
from course_utils.models.fetched import FETCHED
from course_utils.models.nano_math import behaviour, corpus
from course_utils.models.nano_math.pretrain import NanoMathRecipe, build_tokenizer
from course_utils.models.pretraining import PretrainingRecipe
from course_utils.models.registry import HUB_REVISIONS
from course_utils.profiles import LABS, PROFILES
from course_utils.resuming import as_json
from course_utils.training import fine_tune

pytestmark = pytest.mark.slow  # loads models

STAGES = EMBEDDED["nano-math"].stages
MESSAGES = [
    {"role": "user", "content": "2+3?"},
    {"role": "assistant", "content": "#### 5"},
    {"role": "user", "content": "And 2*3?"},
    {"role": "assistant", "content": "#### 6"},
]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(model_path("nano-math"))


@pytest.fixture(scope="module")
def strong():
    return load_base("nano-math", "strong", device="cpu", dtype="float32")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_small_plain_transformers_folder(stage: str) -> None:
    folder = model_path("nano-math", stage)
    assert (folder / "model.safetensors").stat().st_size < 2_000_000
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2_100_000
    assert not list(folder.glob("*.bin")) + list(folder.glob("*.pt"))
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Qwen2ForCausalLM"]
    assert config["num_key_value_heads"] == 1
    assert config["tie_word_embeddings"] is True


def test_plain_from_pretrained_says_nothing_and_gives_fp32() -> None:
    """In a process of its own, because notices are shown once."""
    code = f"""
import warnings
warnings.simplefilter("error")
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging
logging.disable_progress_bar()
model = AutoModelForCausalLM.from_pretrained({str(model_path("nano-math"))!r})
tokenizer = AutoTokenizer.from_pretrained({str(model_path("nano-math"))!r})
print(model.dtype, model.num_parameters(), len(tokenizer) == model.config.vocab_size)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    dtype, parameters, same_size = done.stdout.split()
    assert (dtype, same_size) == ("torch.float32", "True")
    assert 0.8e6 < int(parameters) < 0.9e6


def test_the_stages_are_three_different_models_with_one_tokenizer() -> None:
    weights = [AutoModelForCausalLM.from_pretrained(model_path("nano-math", s)).state_dict() for s in STAGES]
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(weights[0][name], weights[1][name])
    assert not torch.equal(weights[1][name], weights[2][name])
    files = {(model_path("nano-math", s) / "tokenizer.json").read_bytes() for s in STAGES}
    assert len(files) == 1


def test_the_tokenizer_that_is_loaded_is_the_one_that_was_trained(tokenizer) -> None:
    """AutoTokenizer gives every Qwen2 model Qwen2's own way to cut text, whatever the files say."""
    trained = build_tokenizer(NanoMathRecipe())
    for document in itertools.islice(corpus.documents(1), 300):
        assert tokenizer(document.text)["input_ids"] == trained(document.text)["input_ids"]
    assert type(tokenizer) is type(trained)


def test_text_survives_the_tokenizer(tokenizer) -> None:
    texts = [problem["question"] + "\n" + problem["answer"] for problem in word_problems.generate(50)]
    for text in [*texts, "naïve – 東京 \t x  y", "Annabelle and Ben's"]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_each_digit_and_each_name_is_one_token_wherever_it_stands(tokenizer) -> None:
    assert tokenizer.tokenize("1205")[-4:] == ["1", "2", "0", "5"]
    for person in word_problems.PEOPLE:
        forms = [
            tokenizer(text)["input_ids"] for text in (person.name, f" {person.name}", f"\n{person.name}")
        ]
        assert len(forms[0]) == 1
        assert all(ids[-1] == forms[0][0] for ids in forms)


def test_special_tokens(tokenizer) -> None:
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token == "<|pad|>"
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    for token in ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"):
        assert len(tokenizer(token)["input_ids"]) == 1
    model, _ = load_base("nano-math", "weak", device="cpu", dtype="float32")
    ends = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    assert sorted(model.generation_config.eos_token_id) == sorted(ends)


def test_chat_template(tokenizer) -> None:
    assert tokenizer.apply_chat_template(MESSAGES[:2], tokenize=False) == (
        "<|im_start|>user\n2+3?<|im_end|>\n<|im_start|>assistant\n#### 5<|im_end|>\n"
    )
    assert chat_prompt("2+3?", tokenizer) == "<|im_start|>user\n2+3?<|im_end|>\n<|im_start|>assistant\n"


def test_generation_marks_hold_what_the_assistant_writes_and_its_end(tokenizer) -> None:
    out = tokenizer.apply_chat_template(MESSAGES, return_dict=True, return_assistant_tokens_mask=True)
    ids, mask = torch.tensor(out["input_ids"]), torch.tensor(out["assistant_masks"])
    assert tokenizer.decode(ids[mask.bool()]) == "#### 5<|im_end|>#### 6<|im_end|>"


def test_trls_assistant_only_loss_learns_every_assistant_turn_and_nothing_else(
    tokenizer, tmp_path: Path
) -> None:
    from datasets import Dataset

    model = AutoModelForCausalLM.from_pretrained(model_path("nano-math", "weak"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(
                output_dir=str(tmp_path), report_to="none", use_cpu=True, bf16=False, assistant_only_loss=True
            ),
            processing_class=tokenizer,
            train_dataset=Dataset.from_list([{"messages": MESSAGES}]),
        )
    batch = trainer.data_collator([trainer.train_dataset[0]])
    learned = batch["input_ids"][batch["labels"] != -100]
    assert tokenizer.decode(learned) == "#### 5<|im_end|>#### 6<|im_end|>"


def test_load_base_follows_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROFILE", "cpu")
    model, tokenizer = load_base()
    named, _ = load_base("nano-math", "strong", device="cpu", dtype="float32")
    assert model.dtype == torch.float32
    assert not model.training
    assert len(tokenizer) == model.config.vocab_size
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), named.state_dict().values(), strict=True)
    )
    assert load_base("nano-math", "weak", dtype="bfloat16")[0].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"name": "nano-math", "stage": "huge"}, "'huge'"),
        ({"name": "no/such-model-here", "stage": "weak"}, "'weak'"),
        ({"name": "nano-icl", "stage": "weak"}, "only nano-math has stages; leave stage='weak' out"),
        ({"name": "/no/such/folder"}, "/no/such/folder"),
        (
            {"name": "nano-maths"},
            r"'nano-maths' cannot .* an embedded one: nano-math \(weak, medium, strong\), nano-icl$",
        ),
    ],
)
def test_load_base_names_what_is_wrong(monkeypatch, arguments: dict, word: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CourseError, match=word):
        load_base(**arguments)


def test_a_model_of_the_hub_is_pinned(monkeypatch) -> None:
    """The models that the profiles name: each has a full commit, and it is the one asked for."""
    asked = []

    def refuse(name: str, **options):
        asked.append((name, options.get("revision")))
        raise OSError("not reachable")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", refuse)
    chosen = [p for profile in PROFILES.values() for p in (profile, *map(profile.lab, LABS))]
    named = {profile.model for profile in chosen}
    here = {*EMBEDDED, *FETCHED}
    assert len(named - here) == len(HUB_REVISIONS)
    for name in named - here:
        with pytest.raises(CourseError, match="not reachable"):
            load_base(name, device="cpu", dtype="float32")
        assert asked.pop() == (name, HUB_REVISIONS[name])
        assert len(HUB_REVISIONS[name]) == 40


def test_missing_weights_are_named(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("course_utils.models.embedded.WEIGHTS", tmp_path)
    with pytest.raises(CourseError, match="install the package again"):
        model_path("nano-math", "strong")
    with pytest.raises(CourseError, match="install the package again"):
        model_path("nano-icl")
    with pytest.raises(CourseError, match=r"'nano-physics'; use one of nano-math \(weak, .*\), nano-icl$"):
        model_path("nano-physics")


@pytest.mark.parametrize("entry", EMBEDDED.values(), ids=lambda entry: entry.name)
class TestEveryEntryOfTheTable:
    def test_its_weights_load_with_the_tokenizer_that_it_names(self, entry: EmbeddedModel) -> None:
        assert len(entry.folders()) == max(1, len(entry.stages))
        for folder in entry.folders():
            tokenizer = AutoTokenizer.from_pretrained(folder)
            config = json.loads((folder / "config.json").read_text())
            assert type(tokenizer) is getattr(transformers, entry.tokenizer)
            assert (len(tokenizer), config["dtype"]) == (config["vocab_size"], "float32")
            assert tokenizer.pad_token_id is not None

    def test_its_package_has_a_card_that_the_recorded_numbers_make(self, entry: EmbeddedModel) -> None:
        card = importlib.import_module(f"{entry.package}.card")
        written = (WEIGHTS / entry.name / "README.md").read_text()
        assert written == card.render(results.load(entry.name))
        assert written.startswith(f"# {entry.name}: ")

    def test_its_recipe_is_the_one_that_it_was_made_with(self, entry: EmbeddedModel) -> None:
        pretrain = importlib.import_module(f"{entry.package}.pretrain")
        recipes = [
            value
            for value in vars(pretrain).values()
            if isinstance(value, type) and issubclass(value, PretrainingRecipe)
        ]
        made_with = json.loads((WEIGHTS / entry.name / "training.json").read_text())["recipe"]
        assert made_with in [as_json(recipe()) for recipe in recipes]


def test_every_folder_of_weights_is_in_the_table() -> None:
    assert {path.name for path in WEIGHTS.iterdir()} == set(EMBEDDED)


def test_a_further_model_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads the table knows a third model at once: loading, messages, doctor, README."""
    third = EmbeddedModel("nano-third", "is only made up", "Qwen2Tokenizer", stages=("early", "late"))
    monkeypatch.setitem(EMBEDDED, third.name, third)
    with pytest.raises(CourseError, match="nano-third/late are missing"):
        load_base("nano-third")
    with pytest.raises(CourseError, match="no stage 'strong'; use one of early, late"):
        model_path("nano-third", "strong")
    with pytest.raises(CourseError, match=r"use one of .*, nano-icl, nano-third \(early, late\)$"):
        model_path("nano-fourth")
    with pytest.raises(
        CourseError, match="only nano-math and nano-third have stages; leave stage='late' out"
    ):
        model_path("nano-icl", "late")
    found = doctor._weights()
    assert (found.ok, "nano-third/early are missing" in found.text) == (False, True)


def test_the_recorded_numbers_keep_the_bands() -> None:
    measured = results.load("nano-math")["stages"]["strong"]
    assert [line for line in behaviour.compare_with_bands(measured) if "OUTSIDE" in line] == []


def test_more_runs_on_the_same_problems_make_no_narrower_interval() -> None:
    one, three = behaviour.share(180, 200), behaviour.share(540, 600, runs=3)
    assert three == {**one, "n": 600}
    recorded = results.load("nano-math")["stages"]["strong"]["sft"]
    widths = [run["accuracy"]["high"] - run["accuracy"]["low"] for run in recorded["runs"]]
    assert recorded["accuracy"]["high"] - recorded["accuracy"]["low"] >= 0.95 * min(widths)


def test_a_value_outside_its_band_is_told() -> None:
    measured = json.loads(json.dumps(results.load("nano-math")["stages"]["strong"]))
    measured["sft"]["accuracy"]["value"] = 0.5
    assert [line.split()[0] for line in behaviour.compare_with_bands(measured) if "OUTSIDE" in line] == [
        "sft_accuracy"
    ]


def test_the_base_knows_but_does_not_do_as_asked(strong) -> None:
    """A cheap part of the card, on fewer problems: the limits leave room for chance (n = 60 and 25)."""
    problems = behaviour.held_out(60)
    greedy = evaluate(*strong, problems)
    assert greedy.accuracy <= 0.35
    assert greedy.clean_rate <= 0.12
    assert greedy.any_accuracy >= greedy.accuracy + 0.15
    sampled = evaluate(*strong, problems[:25], samples=16, temperature=1.0, seed=0)
    assert sampled.pass_at(16) >= 0.40
    assert sampled.pass_at(1) <= 0.25


def test_a_hundred_examples_are_enough_to_teach_it(strong) -> None:
    train = word_problems.generate(100, seed=0)
    run = fine_tune(*strong, train, progress=False)
    tuned = evaluate(run.model, strong[1], behaviour.held_out(60))
    assert tuned.accuracy >= 0.70
    assert tuned.clean_rate >= 0.95


def test_name_errors_finds_absent_and_swapped_names() -> None:
    problem = {
        "question": "Anna has 5 apples. Ben has twice as many.",
        "answer": "Ben has 5*2 = <<5*2=10>>10 apples.\n#### 10",
    }
    right, swapped, absent = (f"{name} has 5*2 = <<5*2=10>>10 apples." for name in ("Ben", "Anna", "Leo"))
    found = behaviour.name_errors([right, swapped, absent, "#### 10"], [problem] * 4)
    assert (found["absent"]["value"], found["absent"]["n"]) == (0.25, 4)
    assert (found["swapped"]["value"], found["swapped"]["n"]) == (round(2 / 3, 4), 3)


def test_arithmetic_errors_are_sorted_by_size() -> None:
    found = behaviour.arithmetic_errors(
        ["<<5*2=10>>10 <<50+60=110>>110 <<7-2=4>>4", "<<300-1=298>>298 <<8/2=4>>4"]
    )
    assert (found["up to 100"]["value"], found["up to 100"]["n"]) == (round(1 / 3, 4), 3)
    assert (found["above 100"]["value"], found["above 100"]["n"]) == (0.5, 2)
