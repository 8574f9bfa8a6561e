"""Fine-tuning through trl: what is in the loss, what is trained, what is left behind."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from trl import SFTConfig, SFTTrainer

from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt
from course_utils.models import load_base
from course_utils.training import build_trainer, fine_tune

pytestmark = pytest.mark.slow  # loads models

PROBLEMS = word_problems.generate(6, seed=0, steps=(1, 2))


@pytest.fixture(scope="module")
def base():
    return load_base("nano-math", "weak", device="cpu", dtype="float32")


@pytest.fixture
def model(base):
    return copy.deepcopy(base[0])


def rows_with_loss(trainer: SFTTrainer, tokenizer) -> list[tuple[str, str]]:
    """(what the model reads, what is in the loss) for each example of the first batch."""
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
    rows = []
    for ids, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        rows.append((tokenizer.decode(ids[mask.bool()]), tokenizer.decode(ids[labels != -100])))
    return rows


def test_the_completion_and_its_end_are_in_the_loss_and_the_prompt_is_not(base, model) -> None:
    tokenizer = base[1]
    trainer = build_trainer(model, tokenizer, PROBLEMS)
    for (text, learned), problem in zip(rows_with_loss(trainer, tokenizer), PROBLEMS, strict=False):
        assert learned == problem["answer"] + "<|im_end|>"
        assert text == chat_prompt(problem["question"], tokenizer) + learned


def test_loss_on_all_takes_the_prompt_too(base, model) -> None:
    tokenizer = base[1]
    for text, learned in rows_with_loss(build_trainer(model, tokenizer, PROBLEMS, loss_on="all"), tokenizer):
        assert learned == text


def test_the_columns_are_those_that_trl_makes(base, model) -> None:
    """Tokenising here saves time; trl must come to the same from prompt and completion texts."""
    from datasets import Dataset

    from course_utils.training import to_prompt_completion

    tokenizer = base[1]
    ours = build_trainer(copy.deepcopy(model), tokenizer, PROBLEMS).train_dataset
    theirs = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir="unused", report_to="none", use_cpu=True, bf16=False, max_length=256),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(to_prompt_completion(PROBLEMS, tokenizer)),
    ).train_dataset
    assert ours["input_ids"][:] == theirs["input_ids"][:]
    assert ours["labels"][:] == theirs["labels"][:]


def test_full_fine_tuning_lowers_the_loss_and_leaves_the_base_alone(base) -> None:
    model, tokenizer = base
    before = copy.deepcopy(model.state_dict())
    run = fine_tune(model, tokenizer, PROBLEMS, epochs=4, batch_size=3, progress=False)
    assert run.steps == len(run.losses) == 8
    assert run.losses[-1] < 0.9 * run.losses[0]
    assert run.seconds > 0
    assert not run.model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    changed = [not torch.equal(before[name], value) for name, value in run.model.state_dict().items()]
    assert all(changed)


def test_in_place_trains_the_model_itself(base, model) -> None:
    run = fine_tune(model, base[1], PROBLEMS[:2], epochs=1, progress=False, in_place=True)
    assert run.model is model


def test_a_copy_of_the_trained_model_computes_with_its_own_weights(base) -> None:
    """trl leaves a forward on the model that is bound to it; a deep copy would use the original's weights."""
    run = fine_tune(*base, PROBLEMS[:2], epochs=1, progress=False)
    twin = copy.deepcopy(run.model)
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        twin.model.embed_tokens.weight.zero_()
        assert torch.equal(twin(ids).logits, torch.zeros_like(twin(ids).logits))
        assert not torch.equal(run.model(ids).logits, twin(ids).logits)


def test_lora_trains_the_adapter_only(base) -> None:
    model, tokenizer = base
    lora = {"rank": 4, "alpha": 8, "target_modules": ["q_proj", "v_proj"]}
    run = fine_tune(model, tokenizer, PROBLEMS, epochs=2, learning_rate=5e-3, lora=lora, progress=False)
    assert isinstance(run.model, PeftModel)
    config = run.model.peft_config["default"]
    assert (config.r, config.lora_alpha, set(config.target_modules)) == (4, 8, {"q_proj", "v_proj"})
    trained = {name for name, parameter in run.model.named_parameters() if parameter.requires_grad}
    assert len(trained) == 4 * 2 * 2
    assert all("lora_" in name for name in trained)
    assert not any("lora" in name for name, _ in model.named_parameters())
    merged = run.model.merge_and_unload()
    frozen = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(merged.state_dict()[frozen], model.state_dict()[frozen])
    adapted = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(merged.state_dict()[adapted], model.state_dict()[adapted])


def test_the_same_seed_gives_the_same_losses(base) -> None:
    def losses(seed: int) -> list[float]:
        return fine_tune(*base, PROBLEMS, epochs=1, batch_size=2, seed=seed, progress=False).losses

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_a_run_prints_and_writes_nothing(base, capfd, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    fine_tune(*base, PROBLEMS[:2], epochs=1, progress=False)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_one_bar_with_the_loss(base, capfd) -> None:
    fine_tune(*base, PROBLEMS[:2], epochs=1, batch_size=1)
    captured = capfd.readouterr()
    assert "2/2" in captured.out
    assert "loss" in captured.out
    assert len(captured.out.strip().splitlines()) == 1


def test_on_step_hears_of_every_step(base) -> None:
    heard: list[tuple[int, int, float]] = []
    run = fine_tune(
        *base,
        PROBLEMS,
        epochs=1,
        batch_size=2,
        progress=False,
        on_step=lambda *facts: heard.append(facts),
    )
    assert [(step, total) for step, total, _ in heard] == [(1, 3), (2, 3), (3, 3)]
    assert [loss for _, _, loss in heard] == run.losses


def test_an_example_longer_than_the_models_context_is_refused(base) -> None:
    model, tokenizer = base
    context = model.config.max_position_embeddings
    long = [{"question": "one " * context, "answer": "#### 1"}]
    with pytest.raises(CourseError, match=f"context of {context}"):
        fine_tune(model, tokenizer, long, max_length=100_000, progress=False)


def test_a_tokenizer_without_a_padding_token_is_refused(base) -> None:
    tokenizer = copy.deepcopy(base[1])
    tokenizer.pad_token = None
    with pytest.raises(CourseError, match="padding token"):
        fine_tune(base[0], tokenizer, PROBLEMS[:2], progress=False)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"loss_on": "prompt"}, "'prompt'"),
        ({"max_length": 20}, "max_length=20"),
        ({"problems": []}, "no problems"),
        ({"lora": {"r": 4}}, "'r'"),
        ({"lora": {"alpha": 4}}, "rank"),
        ({"lora": {"rank": 0}}, "0"),
    ],
)
def test_bad_arguments_are_named(base, arguments: dict, word: str) -> None:
    with pytest.raises(CourseError, match=word):
        fine_tune(*base, **{"problems": PROBLEMS[:2], "progress": False, **arguments})
