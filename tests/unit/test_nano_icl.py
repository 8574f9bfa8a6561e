"""The embedded in-context learner as it is shipped: files, tokenizer, behaviour, card."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from course_utils import results
from course_utils.data import icl_tasks, icl_words
from course_utils.data.icl_tasks import Task
from course_utils.models import load_base, model_path
from course_utils.models.embedded import WEIGHTS
from course_utils.models.nano_icl import behaviour
from course_utils.models.nano_icl.tokenizer import build_tokenizer

pytestmark = pytest.mark.slow  # loads models

FOLDER = WEIGHTS / "nano-icl"


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(model_path("nano-icl"))


@pytest.fixture(scope="module")
def model():
    return load_base("nano-icl", device="cpu", dtype="float32")[0]


def task(inputs: list[str], outputs: list[str], family: str = "map", labels: tuple = ("kip", "zor")) -> Task:
    return Task(family, "", list(labels), inputs, outputs, outputs)


def test_the_folder_is_small_and_plain() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size < 1_000_000
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_200_000
    assert not list(FOLDER.glob("*.bin")) + list(FOLDER.glob("*.pt")) + list(FOLDER.glob("*.py"))
    config = json.loads((FOLDER / "config.json").read_text())
    assert config["architectures"] == ["Qwen2ForCausalLM"]


def test_plain_from_pretrained_says_nothing_and_gives_fp32() -> None:
    """In a process of its own, because notices are shown once."""
    code = f"""
import warnings
warnings.simplefilter("error")
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging
logging.disable_progress_bar()
model = AutoModelForCausalLM.from_pretrained({str(FOLDER)!r})
tokenizer = AutoTokenizer.from_pretrained({str(FOLDER)!r})
print(model.dtype, len(tokenizer) == model.config.vocab_size, tokenizer.tokenize("bat 12;zor"))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.strip() == "torch.float32 True ['bat', '12', ';', 'zor']"


def test_the_tokenizer_that_is_loaded_is_the_one_that_was_trained(tokenizer, model) -> None:
    """AutoTokenizer gives every Qwen2 model Qwen2's own way to cut text, if it is not told otherwise."""
    context = model.config.max_position_embeddings
    built = build_tokenizer(context)
    assert tokenizer.get_vocab() == built.get_vocab()
    assert tokenizer.model_max_length == context
    for family in icl_tasks.FAMILIES:
        text, _ = icl_tasks.render(icl_tasks.draw(family, 1, 20, seed=0)[0])
        assert tokenizer(text).input_ids == built(text).input_ids


def test_each_word_of_each_task_is_one_token(tokenizer) -> None:
    for family in icl_tasks.FAMILIES:
        for drawn in icl_tasks.draw(family, 5, 20, seed=1):
            text, predicted = icl_tasks.render(drawn, rationales=family == "parity")
            ids = tokenizer(text).input_ids
            assert ids[0] == tokenizer.bos_token_id
            assert len(ids) == 1 + len(predicted)
            assert tokenizer.convert_ids_to_tokens(ids[1:]) == text.split(" ")
    for word in icl_words.vocabulary():
        assert len(tokenizer(word, add_special_tokens=False).input_ids) == 1


def test_text_can_be_read_back_from_its_tokens(tokenizer) -> None:
    for text in ("bat zor\ncrane kip\n3 12 gam", "bat zor ; crane kip | oak"):
        assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text
    assert tokenizer("bat zor;oak\nelbow").input_ids == tokenizer("bat zor ; oak \n elbow").input_ids


def test_an_unknown_word_can_be_noticed(tokenizer) -> None:
    ids = tokenizer("bat zor\ndragon").input_ids
    assert ids[-1] == tokenizer.unk_token_id
    assert tokenizer.unk_token_id not in tokenizer("bat zor\nbat").input_ids


def test_padding_is_on_the_left_and_changes_nothing(tokenizer, model) -> None:
    texts = ["bat zor\nbat", "bat zor\noak kip\nbat zor\noak"]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    assert batch.attention_mask.tolist()[0] == [0] * 6 + [1] * 5
    with torch.no_grad():
        together = model(**batch).logits[:, -1]
        alone = torch.cat([model(**tokenizer(text, return_tensors="pt")).logits[:, -1] for text in texts])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_the_longest_prompt_fits_256_shots_of_three_or_four_words(model) -> None:
    context = model.config.max_position_embeddings
    assert behaviour.most_shots(3, context) > 256
    assert behaviour.most_shots(4, context) > 256
    assert behaviour.shot_counts(4, context)[-1] == 256
    assert behaviour.shot_counts(6, context)[-1] == 128


def test_majority_counts_what_has_been_shown() -> None:
    shown = task(["bat"] * 4, ["zor", "zor", "kip", "zor"])
    assert behaviour.majority(shown).tolist() == [0.5, 1.0, 0.0, 1.0]


def test_look_up_remembers_keys_and_knows_categories() -> None:
    shown = task(["bat", "oak", "bat", "oak"], ["zor", "kip", "zor", "kip"])
    assert behaviour.look_up(shown).tolist() == [0.5, 0.5, 1.0, 1.0]
    shown = task(["horse", "oak", "tiger"], ["zor", "kip", "zor"], "categories")
    assert behaviour.look_up(shown).tolist() == [0.5, 1.0, 1.0]


def test_nearest_and_ridge_see_only_what_came_before() -> None:
    shown = task(["0", "15", "1", "14", "1"], ["zor", "kip", "zor", "kip", "kip"], "linear")
    assert behaviour.nearest(shown).tolist() == [0.5, 0.0, 1.0, 1.0, 0.0]
    # One shot at 0 makes a plane that falls to below zero at 15: for ridge the other label is right there.
    assert behaviour.ridge(shown).tolist() == [0.5, 1.0, 1.0, 1.0, 0.0]


def test_ridge_finds_a_plane() -> None:
    drawn = icl_tasks.draw("linear", 10, 200, seed=0, dimensions=4)
    late = [behaviour.ridge(one)[150:].mean() for one in drawn]
    assert np.mean(late) > 0.9


class Oracle:
    """Plays a model: at each place it expects the word that stands one shot (3 tokens) back, with odds of 9."""

    device = "cpu"

    def __call__(self, input_ids: torch.Tensor, **_) -> SimpleNamespace:
        logits = torch.zeros(*input_ids.shape, 76)
        for place in range(2, input_ids.shape[1]):
            logits[0, place, input_ids[0, place - 2]] = np.log(9 * 75)
        return SimpleNamespace(logits=logits)


def test_score_takes_each_answer_from_what_stands_before_it(tokenizer) -> None:
    shown = task(["bat", "oak", "elbow"], ["zor", "zor", "kip"])
    correct, nll = behaviour.score(Oracle(), tokenizer, [shown])
    assert correct[0, 1:].tolist() == [1.0, 0.0]
    assert nll[0].tolist() == pytest.approx([np.log(76), -np.log(0.9), np.log(750)], abs=1e-4)


def test_at_averages_over_an_eighth() -> None:
    values = np.arange(20.0)[None]
    assert behaviour.at(values, 0) == 0.0
    assert behaviour.at(values, 4) == 4.0
    assert behaviour.at(values, 16) == 16.5


def test_over_seeds_is_students_interval() -> None:
    """1, 2, 3: mean 2, standard deviation 1, t of 2 degrees of freedom 4.303: 4.303 / sqrt(3) = 2.484."""
    found = behaviour.over_seeds([1.0, 2.0, 3.0])
    assert found == {
        "value": 2.0,
        "low": pytest.approx(-0.4842, abs=1e-3),
        "high": pytest.approx(4.4842, abs=1e-3),
    }


@pytest.mark.parametrize(("name", "shots"), list(behaviour.BANDS))
def test_the_shipped_model_keeps_its_bands(model, tokenizer, name: str, shots: int) -> None:
    """On fewer documents than the card's, so a little looser; a wrong set of weights is far outside."""
    what = behaviour.MEASUREMENTS[name]
    length = shots + max(1, shots // 8)
    drawn = icl_tasks.draw(what.family, behaviour.QUICK.documents, length, seed=7, **what.options)
    value = behaviour.at(behaviour.score(model, tokenizer, drawn)[0], shots)
    low, high = behaviour.BANDS[name, shots]
    assert low - 0.05 <= value <= high + 0.05


def test_no_band_is_below_16_shots_and_all_are_recorded() -> None:
    assert min(shots for _, shots in behaviour.BANDS) >= 16
    shipped = next(iter(results.load("nano-icl")["seeds"].values()))
    assert [line for line in behaviour.compare_with_bands(shipped) if "OUTSIDE" in line] == []


def test_a_value_outside_its_band_is_told() -> None:
    measured = json.loads(json.dumps(next(iter(results.load("nano-icl")["seeds"].values()))))
    name, shots = next(iter(behaviour.BANDS))
    measured["curves"][name]["accuracy"][str(shots)]["value"] = 0.1
    outside = [line for line in behaviour.compare_with_bands(measured) if "OUTSIDE" in line]
    assert [line.split(":")[0] for line in outside] == [f"{name}, {shots} shots"]


def test_a_rationale_helps_where_direct_answers_fail(model, tokenizer) -> None:
    """48 queries: chance is 0.5 with a standard error of 0.07."""
    written = behaviour.parity_with_rationales(model, tokenizer, shots=16, documents=48, seed=3)
    drawn = icl_tasks.draw("parity", 48, 18, seed=3)
    direct = behaviour.at(behaviour.score(model, tokenizer, drawn)[0], 16)
    assert written["rationale"] > 0.8
    assert written["answer"] > direct + 0.2


def test_bare_inputs_tell_the_domain(model, tokenizer) -> None:
    few = behaviour.homographs_after_inputs(model, tokenizer, 0, 60, seed=3)
    many = behaviour.homographs_after_inputs(model, tokenizer, 32, 60, seed=3)
    assert many > few + 0.2


def test_the_card_is_about_the_weights_that_are_shipped() -> None:
    data = results.load("nano-icl")
    assert len(data["seeds"]) >= 2
    assert len(data["budget"]["evaluation_seeds"]) >= 3
    recorded = json.loads((FOLDER / "training.json").read_text())
    assert next(iter(data["seeds"].values()))["training"] == recorded
