"""Where GSM8K comes from, and what happens when it is not there."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from course_utils.data import gsm8k, load
from course_utils.errors import CourseError


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A COURSE_DATA_DIR with three train problems and one test problem."""
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    for split, n in (("train", 3), ("test", 1)):
        rows = [{"question": f"{split} {i}?", "answer": f"#### {i}"} for i in range(n)]
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setenv(gsm8k.DATA_VARIABLE, str(tmp_path))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return folder


def refuse(*args, **kwargs):
    raise ConnectionError("no connection")


def test_the_folder_comes_first(tiny: Path) -> None:
    data = load("gsm8k", "train")
    assert data.column_names == ["question", "answer"]
    assert data["answer"][:] == ["#### 0", "#### 1", "#### 2"]


def test_n_takes_a_seeded_choice(tiny: Path) -> None:
    chosen = load("gsm8k", "train", n=2, seed=1)["answer"][:]
    assert len(chosen) == 2
    assert chosen == load("gsm8k", "train", n=2, seed=1)["answer"][:]
    with pytest.raises(CourseError, match="n=4"):
        load("gsm8k", "train", n=4)


def test_a_folder_without_the_files_is_named_and_the_hub_is_not_asked(tiny: Path, monkeypatch) -> None:
    (tiny / "test.jsonl").unlink()
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(CourseError, match=r"no gsm8k/test\.jsonl"):
        load("gsm8k", "test")


def test_a_broken_file_is_named(tiny: Path) -> None:
    (tiny / "train.jsonl").write_text("{not json")
    with pytest.raises(CourseError, match=r"train\.jsonl"):
        load("gsm8k", "train")


def test_a_file_of_something_else_is_named(tiny: Path) -> None:
    (tiny / "train.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(CourseError, match=r"no column answer or question"):
        load("gsm8k", "train")


def test_without_folder_the_pinned_hub_revision_is_asked(monkeypatch) -> None:
    monkeypatch.delenv(gsm8k.DATA_VARIABLE, raising=False)
    asked = {}

    def remember(*args, **kwargs):
        asked.update(kwargs, args=args)
        return datasets.Dataset.from_dict({"question": ["q"], "answer": ["#### 1"]})

    monkeypatch.setattr(datasets, "load_dataset", remember)
    load("gsm8k", "test")
    assert asked == {"args": ("openai/gsm8k", "main"), "split": "test", "revision": gsm8k.HUB_REVISION}
    assert len(gsm8k.HUB_REVISION) == 40


def test_with_neither_the_error_names_both_ways_and_the_embedded_data(monkeypatch) -> None:
    monkeypatch.delenv(gsm8k.DATA_VARIABLE, raising=False)
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(CourseError) as error:
        load("gsm8k", "test")
    for word in ("COURSE_DATA_DIR", "openai/gsm8k", "word_problems"):
        assert word in str(error.value)


def test_the_real_data(gsm8k_dir: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv(gsm8k.DATA_VARIABLE, str(gsm8k_dir.parent))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path))
    assert [len(load("gsm8k", split)) for split in ("train", "test")] == [7473, 1319]


def test_at_hand_gives_both_splits(tiny: Path) -> None:
    real = gsm8k.at_hand()
    assert {split: len(rows) for split, rows in real.items()} == {"train": 3, "test": 1}


def test_not_at_hand_is_none_and_takes_no_time(monkeypatch) -> None:
    monkeypatch.delenv(gsm8k.DATA_VARIABLE, raising=False)
    monkeypatch.setattr(gsm8k.socket, "create_connection", refuse)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: pytest.fail("the hub was asked"))
    assert gsm8k.at_hand() is None


def test_when_grading_the_network_is_left_alone(monkeypatch) -> None:
    monkeypatch.delenv(gsm8k.DATA_VARIABLE, raising=False)
    monkeypatch.setenv("COURSE_GRADING", "1")
    monkeypatch.setattr(gsm8k.socket, "create_connection", lambda *_, **__: pytest.fail("the hub was asked"))
    assert gsm8k.at_hand() is None


def test_not_at_hand_but_a_wrong_folder_is_an_error(tiny: Path) -> None:
    (tiny / "train.jsonl").unlink()
    with pytest.raises(CourseError, match=r"no gsm8k/train\.jsonl"):
        gsm8k.at_hand()
