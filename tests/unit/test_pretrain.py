"""Pre-training, on a recipe so small that it takes seconds: stages, resuming, the corpus on disk."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from course_utils.errors import CourseError
from course_utils.models.nano_math import corpus, pretrain
from course_utils.models.nano_math.pretrain import STAGE_SHARES, NanoMathRecipe, NanoMathRun

pytestmark = pytest.mark.slow  # trains models

TINY = NanoMathRecipe(
    tokens=20 * 128,
    vocab_size=400,
    tokenizer_documents=50,
    hidden_size=32,
    layers=1,
    heads=2,
    mlp_size=32,
    context=32,
    batch_size=4,
    warmup_steps=2,
    rota_steps=3,
    save_every=4,
)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(file=(tmp_path / "log").open("w"))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()


def test_every_stage_gets_its_share_of_the_tokens() -> None:
    recipe = NanoMathRecipe()
    ends = []
    for stage, part in STAGE_SHARES.items():
        trunk, decay = recipe.stage_steps(stage)
        assert decay == pytest.approx((trunk + decay) * recipe.decay_share, abs=1)
        assert (trunk + decay) * recipe.tokens_per_step == pytest.approx(part * recipe.tokens, rel=1e-3)
        ends.append(trunk)
    assert ends == sorted(ends)


def test_an_interrupted_run_gives_the_same_weights(tmp_path: Path, console: Console, monkeypatch) -> None:
    NanoMathRun(TINY, tmp_path / "whole", console).run()
    real, calls = NanoMathRun.update, itertools.count()

    def dies(*args):
        if next(calls) == 13:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(NanoMathRun, "update", dies)
    with pytest.raises(KeyboardInterrupt):
        NanoMathRun(TINY, tmp_path / "parts", console).run()
    assert (tmp_path / "parts" / "weak" / "model.safetensors").exists()
    assert not (tmp_path / "parts" / "strong").exists()
    monkeypatch.setattr(NanoMathRun, "update", real)
    resumed = NanoMathRun(TINY, tmp_path / "parts", console)
    assert 0 < resumed.step < 13
    resumed.run()
    for stage in STAGE_SHARES:
        whole, parts = weights(tmp_path / "whole" / stage), weights(tmp_path / "parts" / stage)
        assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert not torch.equal(
        weights(tmp_path / "whole" / "weak")["model.norm.weight"],
        weights(tmp_path / "whole" / "strong")["model.norm.weight"],
    )
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "whole" / "weak")
    assert tokenizer.decode(tokenizer("12+3")["input_ids"]) == "12+3"


def test_a_folder_with_another_recipe_is_refused_and_kept(tmp_path: Path, console: Console) -> None:
    NanoMathRun(TINY, tmp_path, console)
    before = (tmp_path / "run" / "recipe.json").read_text()
    with pytest.raises(CourseError, match="holds a run with another recipe; give another --out or delete it"):
        NanoMathRun(replace(TINY, seed=1), tmp_path, console)
    assert (tmp_path / "run" / "recipe.json").read_text() == before


def test_the_tokenized_corpus_is_rotas_then_documents_joined_by_end_of_text() -> None:
    recipe = replace(TINY, tokens=4000, rota_steps=8)
    tokenizer = pretrain.build_tokenizer(recipe)
    tokens = pretrain.tokenize_corpus(recipe, tokenizer)
    assert tokens.dtype == np.uint16
    assert len(tokens) == 4000
    for part, stream in (
        (tokens[: 8 * 128], corpus.rotas(recipe.seed)),
        (tokens[8 * 128 :], (document.text for document in corpus.documents(recipe.seed))),
    ):
        text = tokenizer.decode(part)
        expected = "<|endoftext|>".join(itertools.islice(stream, 100))
        assert len(text) > 1000
        assert expected.startswith(text[:-10])


def test_batches_go_through_every_window_once_a_pass_and_resume_anywhere() -> None:
    """3 steps of rotas, then 13 windows of documents, 4 at a time: 3 steps a pass."""
    data = np.arange(32 * (3 * 4 + 13) + 5, dtype=np.uint16)
    stream = list(itertools.islice(pretrain.batches(data, TINY, 0), 9))
    assert torch.cat(stream[:3])[:, 0].tolist() == [32 * row for row in range(12)]
    starts = torch.cat(stream[3:6])[:, 0].tolist()
    assert len(set(starts)) == 12
    assert min(starts) >= 32 * 12
    assert starts != torch.cat(stream[6:])[:, 0].tolist()
    assert all(torch.equal(row, torch.arange(row[0], row[0] + 32)) for batch in stream for row in batch)
    for step in (1, 5, 7):
        again = list(itertools.islice(pretrain.batches(data, TINY, step), 2))
        assert all(torch.equal(a, b) for a, b in zip(stream[step:], again, strict=False))


def test_rotas_repeat_their_names() -> None:
    for text in itertools.islice(corpus.rotas(0), 50):
        lines = [line.split(": ")[1] for line in text.split("\n")]
        assert len(lines) >= 2
        assert len(set(lines)) == 1


def test_the_corpus_depends_on_the_seed_alone() -> None:
    first = [document.text for document in itertools.islice(corpus.documents(1), 20)]
    assert first == [document.text for document in itertools.islice(corpus.documents(1), 20)]
    assert first != [document.text for document in itertools.islice(corpus.documents(2), 20)]


def test_kinds_occur_as_often_as_their_weights_say() -> None:
    kinds = [document.kind for document in itertools.islice(corpus.documents(0), 2000)]
    assert sum(weight for weight, _ in corpus.KINDS.values()) == 100
    for kind, (weight, _) in corpus.KINDS.items():
        assert kinds.count(kind) / 20 == pytest.approx(weight, abs=3.5)
