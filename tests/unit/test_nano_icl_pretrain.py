"""Training the in-context learner, on a recipe so small that it takes seconds: documents, phases, resuming."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from course_utils.data import icl_tasks
from course_utils.data.icl_words import LABELS, SEPARATORS, STATES, THEREFORE, UNTRAINED_SEPARATOR
from course_utils.errors import CourseError
from course_utils.models.nano_icl import pretrain
from course_utils.models.nano_icl.documents import Writer
from course_utils.models.nano_icl.pretrain import NanoIclRecipe, NanoIclRun
from course_utils.models.nano_icl.tokenizer import build_tokenizer

pytestmark = pytest.mark.slow  # trains models

TINY = NanoIclRecipe(
    hidden_size=16,
    layers=1,
    heads=2,
    mlp_size=16,
    context=128,
    warmup_steps=2,
    tokens_per_step=256,
    first_steps_most=4,
    steps=6,
    last_steps=4,
    lengths=((0.5, 64), (1.0, 128)),
    save_every=3,
)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(file=(tmp_path / "log").open("w"))


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(1056)


@pytest.fixture(scope="module")
def writer(tokenizer) -> Writer:
    return Writer(tokenizer.get_vocab(), tokenizer.bos_token_id)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()


def test_an_interrupted_run_gives_the_same_weights(tmp_path: Path, console: Console, monkeypatch) -> None:
    NanoIclRun(TINY, tmp_path / "whole", console).run()
    real, calls = NanoIclRun.train_step, itertools.count()

    def dies(self):
        if next(calls) == 7:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(NanoIclRun, "train_step", dies)
    with pytest.raises(KeyboardInterrupt):
        NanoIclRun(TINY, tmp_path / "parts", console).run()
    assert not (tmp_path / "parts" / "model.safetensors").exists()
    monkeypatch.setattr(NanoIclRun, "train_step", real)
    resumed = NanoIclRun(TINY, tmp_path / "parts", console)
    assert (resumed.step, resumed.first_steps, len(resumed.recent)) == (6, 4, 4)
    resumed.run()
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    record = json.loads((tmp_path / "parts" / "training.json").read_text())
    assert record["first_steps"] == 4
    assert record["tokens"] == json.loads((tmp_path / "whole" / "training.json").read_text())["tokens"]
    assert AutoTokenizer.from_pretrained(tmp_path / "parts").tokenize("bat 12;zor") == [
        "bat",
        "12",
        ";",
        "zor",
    ]


def test_a_folder_with_another_recipe_is_refused_and_kept(tmp_path: Path, console: Console) -> None:
    NanoIclRun(TINY, tmp_path, console)
    before = (tmp_path / "run" / "recipe.json").read_text()
    with pytest.raises(CourseError, match="holds a run with another recipe; give another --out or delete it"):
        NanoIclRun(replace(TINY, seed=1), tmp_path, console)
    assert (tmp_path / "run" / "recipe.json").read_text() == before


def test_the_first_part_ends_when_answers_are_looked_up(tmp_path: Path, console: Console) -> None:
    run = NanoIclRun(replace(TINY, first_steps_most=1000), tmp_path, console)
    kinds = {batch.kind for _ in range(3) for batch in run.batches()}
    assert kinds <= {"repeats", "rationales", "easy maps"}
    run.recent.extend([0.1] * 40)
    run.train_step()
    assert run.first_steps == 1
    assert not {"repeats", "easy maps"} & {batch.kind for batch in run.batches()}


def test_the_rate_warms_up_stays_and_falls(tmp_path: Path, console: Console) -> None:
    """Steps 0 to 3 are the first part, 4 to 9 the mixture, 10 to 13 the last part."""
    run = NanoIclRun(TINY, tmp_path, console)
    rates = []
    for run.step in range(14):
        run.first_steps = 4 if run.step >= 4 else None
        rates.append(run.rate())
    assert rates[:8] == pytest.approx([0.5, *[1.0] * 7])
    assert 0.02 < rates[9] < rates[8] < 1
    assert rates[10:] == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_answers_after_rationales_weigh_more_in_the_last_part(
    tmp_path: Path, console: Console, monkeypatch
) -> None:
    """Every loss is 1 for answers and 0 elsewhere: the gradient of a scale on them shows the weight."""
    run = NanoIclRun(TINY, tmp_path, console)
    words = run.tokenizer.get_vocab()
    labels = torch.tensor([words[label] for label in LABELS])
    scale = torch.ones(1, requires_grad=True)

    def losses(model, batch):
        targets = batch.ids[batch.predicted].view(len(batch.ids), -1)
        return scale * torch.isin(targets, labels)

    monkeypatch.setattr(pretrain, "token_losses", losses)
    monkeypatch.setattr(run, "batches", lambda: [batch])
    batch = run.writer.mixture({"rationales": 1.0}, 256, 128, np.random.default_rng(0))
    gradients = []
    for run.first_steps, run.step in ((4, 6), (4, 10)):
        scale.grad = None
        run.train_step()
        gradients.append(scale.grad.item())
    assert gradients == pytest.approx([0.5 / 11, 0.5 * TINY.answer_weight / 11])


def test_the_first_loss_is_near_that_of_a_uniform_guess(tmp_path: Path, console: Console) -> None:
    run = NanoIclRun(replace(TINY, hidden_size=64, mlp_size=128, heads=4), tmp_path, console)
    batch = run.writer.easy_maps(512, 64, np.random.default_rng(0))
    loss = pretrain.token_losses(run.model, batch).mean().item()
    assert math.log(76) * 0.6 < loss < math.log(76) * 2.5


def test_training_documents_are_training_tasks_only(writer: Writer, tokenizer, monkeypatch) -> None:
    drawn = []
    real = icl_tasks.draw_one

    def watched(family, shots, rng, split="test", **options):
        drawn.append((split, real(family, shots, rng, split, **options)))
        return drawn[-1][1]

    monkeypatch.setattr(icl_tasks, "draw_one", watched)
    rng = np.random.default_rng(0)
    for _ in range(60):
        writer.mixture(NanoIclRecipe().kinds, 512, 128, rng)
    writer.easy_maps(512, 64, rng)
    assert len(drawn) > 150
    assert {split for split, _ in drawn} == {"train"}
    assert {icl_tasks.split_of(task.definition) for _, task in drawn} == {"train"}


def test_the_loss_is_on_outputs_and_rationales(writer: Writer, tokenizer) -> None:
    rng = np.random.default_rng(1)
    outputs = {*LABELS, *icl_tasks.CATEGORIES}
    marks = set(SEPARATORS)
    used = set()
    for _ in range(80):
        batch = writer.mixture(NanoIclRecipe().kinds, 512, 128, rng)
        assert batch.ids.shape == batch.predicted.shape
        assert (batch.ids[:, 0] == tokenizer.bos_token_id).all()
        words = set(tokenizer.convert_ids_to_tokens(batch.ids[batch.predicted].tolist()))
        more = {*STATES, THEREFORE} | marks if batch.kind == "rationales" else set()
        assert words <= outputs | more
        assert words & outputs
        used |= set(tokenizer.convert_ids_to_tokens(batch.ids.flatten().tolist()))
    assert marks <= used
    assert UNTRAINED_SEPARATOR not in used
    assert tokenizer.unk_token not in used


def test_no_document_is_longer_than_asked(writer: Writer) -> None:
    rng = np.random.default_rng(2)
    for length in (64, 128, 1056):
        for _ in range(30):
            assert writer.mixture(NanoIclRecipe().kinds, 2048, length, rng).ids.shape[1] <= length
    assert writer.mixture({"map": 1.0}, 2048, 1056, rng).ids.shape[1] > 1000


def test_repeats_can_be_predicted_from_one_period_back(writer: Writer) -> None:
    batch = writer.repeats(1024, 64, np.random.default_rng(3))
    for ids, predicted in zip(batch.ids, batch.predicted, strict=True):
        first = int(predicted.nonzero()[0])
        period = first - 2  # [bos], one period, and one word more that tells where the repetition is
        assert predicted[first:].all()
        assert torch.equal(ids[first:], ids[first - period : len(ids) - period])
