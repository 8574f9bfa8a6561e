"""What course_utils.training passes to trl and peft is what they take: a new version that does not is named here.

Old tutorials break in silence (`tokenizer=`, `max_seq_length=`). This test asks the installed versions.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable

import peft
import pytest
import transformers
import trl

from course_utils import training
from course_utils.data import word_problems
from course_utils.models import load_base

pytestmark = pytest.mark.slow  # loads models


class Asked(Exception):
    """Carries out of `build_trainer` what it was about to pass on."""


def unknown_arguments(callable_: Callable, used: Iterable[str]) -> list[str]:
    """One sentence for each argument in `used` that `callable_` does not take."""
    known = list(inspect.signature(callable_).parameters)
    sentences = []
    for name in sorted(set(used) - set(known)):
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        perhaps = f"; perhaps it is now {' or '.join(near)}" if near else ""
        sentences.append(
            f"{callable_.__qualname__} takes no argument {name!r}, which course_utils/training.py passes{perhaps}. "
            f"Look into the changes of {callable_.__module__.split('.')[0]} and mend build_trainer, nowhere else."
        )
    return sentences


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The names of all arguments that `build_trainer` passes on, by class."""
    seen: dict[str, set[str]] = {}

    def note(module, name: str) -> None:
        real = getattr(module, name)

        def recorder(*args, **kwargs):
            assert not args, f"{name} is called with arguments without names"
            seen[name] = set(kwargs)
            if name == "SFTTrainer":
                raise Asked
            return real(**kwargs)

        monkeypatch.setattr(module, name, recorder)

    note(trl, "SFTConfig")
    note(peft, "LoraConfig")
    note(trl, "SFTTrainer")
    model, tokenizer = load_base("nano-math", "weak", device="cpu", dtype="float32")
    with pytest.raises(Asked):
        training.build_trainer(model, tokenizer, word_problems.generate(1, seed=0), lora={"rank": 2})
    return seen


def test_trl_and_peft_take_what_build_trainer_passes(passed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert set(passed) == {"SFTConfig", "LoraConfig", "SFTTrainer"}
    assert {"max_length", "completion_only_loss", "packing", "bf16"} <= passed["SFTConfig"]
    assert "processing_class" in passed["SFTTrainer"]
    classes = {
        "SFTConfig": trl.SFTConfig,
        "SFTTrainer": trl.SFTTrainer.__init__,
        "LoraConfig": peft.LoraConfig,
    }
    problems = [text for name, used in passed.items() for text in unknown_arguments(classes[name], used)]
    assert problems == []


def test_an_argument_that_is_gone_is_named_with_the_way_out() -> None:
    (sentence,) = unknown_arguments(trl.SFTConfig, ["max_seq_length", "max_length"])
    for words in ("SFTConfig", "'max_seq_length'", "max_length", "trl", "build_trainer"):
        assert words in sentence
    (sentence,) = unknown_arguments(trl.SFTTrainer.__init__, ["tokenizer", "model"])
    assert "'tokenizer'" in sentence


def test_a_setting_that_was_renamed_is_called_as_the_installed_version_calls_it():
    class Old:
        gradient_checkpointing = False

    class New:
        activation_checkpointing = False

    assert training._checkpointing(Old) == "gradient_checkpointing"
    assert training._checkpointing(New) == "activation_checkpointing"
    assert (
        training._checkpointing(transformers.TrainingArguments) in inspect.signature(trl.SFTConfig).parameters
    )
