"""What is asked of the real model for labs 04 to 06, on models and texts whose answers can be worked out by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils.errors import CourseError
from course_utils.models import load_base
from course_utils.real_model import compute, samples, shots

# Lab 04: its own samples


def test_coverage_by_hand():
    found = samples.coverage([2, 1, 0], samples=2)
    assert list(found) == ["1", "2"]
    assert found["1"][0] == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["2"][0] == pytest.approx(2 / 3)
    assert all(low <= mean <= high for mean, low, high in found.values())


@pytest.mark.slow
def test_own_samples_of_the_small_model():
    model, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    found = samples.measure(model, tokenizer, teaching=8, pool=12, held_out=6, budget=6)
    assert all(torch.equal(weight, before[name]) for name, weight in model.named_parameters())
    means = [found["pass"][str(k)][0] for k in samples.KS]
    assert means == sorted(means)
    assert means[0] == pytest.approx(sum(found["correct"]) / 12 / samples.SAMPLES)
    assert means[-1] == pytest.approx(np.mean([c > 0 for c in found["correct"]]))
    solved = sum(c > 0 for c in found["correct"])
    assert 0 < solved <= found["right"] <= sum(found["correct"])
    assert found["right"] < found["texts"] <= 12 * samples.SAMPLES
    assert found["right_texts"]["right"] == 6 > found["right_texts"]["all"]
    shares = [np.array(found["arms"][arm]["correct"]) / samples.TRIES for arm in ("right", "all")]
    assert [found["arms"][arm]["share"][0] for arm in ("right", "all")] == pytest.approx(
        [share.mean() for share in shares]
    )
    assert found["gap"][0] == pytest.approx((shares[0] - shares[1]).mean())


def test_texts_to_train_on_one_of_each_problem_first():
    problems = [{"question": name, "answer": "#### 4"} for name in "abc"]
    groups = [["#### 4", "#### 4", "4 #### 4", "#### 5"], ["#### 6"], ["", "#### 7", "x #### 4"]]
    chosen = samples.draw_texts(problems, groups, 3, right=True)
    assert [tuple(one.values()) for one in chosen] == [("a", "#### 4"), ("c", "x #### 4"), ("a", "4 #### 4")]
    chosen = samples.draw_texts(problems, groups, 4, right=False)
    assert [tuple(one.values()) for one in chosen] == [
        ("a", "#### 4"),
        ("b", "#### 6"),
        ("c", "#### 7"),
        ("a", "4 #### 4"),
    ]
    with pytest.raises(CourseError, match="3 texts are not 4: sample more problems"):
        samples.draw_texts(problems, groups, 4, right=True)


def test_how_many_problems_a_difference_takes():
    # Spread 0.5, effect 0.1: (2.8 * 5) ** 2 = 196, the usual sample size at 80 % power.
    assert samples.needed([0.5, -0.5] * 500, 0.1) == 197  # the spread's n - 1 is a hair more than one half
    assert samples.needed([0.5, -0.5] * 500, 0.05) == pytest.approx(4 * 197, abs=4)


# Lab 05: what it costs, and what context is worth

TOY = LlamaConfig(
    vocab_size=5,
    hidden_size=4,
    intermediate_size=6,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    tie_word_embeddings=True,
    attn_implementation="eager",
)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_flops_are_counted_with_and_without_computing(device):
    """The lab's toy: 260 weights in matrices and 160 of attention, 680 forward, three times that, five tokens."""
    with torch.device(device):
        model = LlamaForCausalLM(TOY)
    assert compute.counted_flops(model, 5) == 3 * (2 * 260 + 160) * 5
    assert all(weight.grad is None for weight in model.parameters())


def test_bins_of_positions_by_hand():
    """Columns hold their own position; the second document is 2 higher throughout."""
    losses = np.array([np.arange(1, 8), np.arange(1, 8) + 2.0])
    found = compute.by_bins(losses)
    assert [entry[:3] for entry in found["bins"]] == [[1, 1, 2.0], [2, 3, 3.5], [4, 7, 6.5]]
    assert [step[0] for step in found["steps"]] == [1.5, 3.0]
    half = (
        12.706 * 1.0
    )  # t of one degree of freedom; the spread of two means that are 2 apart, over the root of 2
    assert found["bins"][0][4] - 2.0 == pytest.approx(half, rel=1e-3)


def test_a_loss_stands_at_the_position_it_belongs_to():
    """A model that says 0 always: where the next token is 0 the loss is small, elsewhere large."""

    def says_zero(input_ids):
        return SimpleNamespace(logits=20.0 * one_hot(torch.zeros_like(input_ids), 3).float())

    says_zero.device = "cpu"
    losses = compute.losses_by_position(says_zero, [[1, 0, 2, 0], [0, 0, 0, 1]])
    assert (losses < 1).tolist() == [[True, False, True], [True, True, False]]


@pytest.mark.slow
def test_what_a_small_model_costs():
    """Llama's toy with a tied matrix: N in all counts the head, as torch does; without it 6ND falls short."""
    _, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    config = LlamaConfig(**(TOY.to_dict() | {"vocab_size": len(tokenizer)}))
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    found = compute.measure(model, tokenizer, contexts=(8, 40), window=16, documents=3)
    layers, head, norms = 240, 4 * len(tokenizer), 20
    assert found["parameters"] == {"total": layers + head + norms, "non_embedding": layers + norms}
    for row in found["flops"]:
        attention = 12 * 2 * row["context"] ** 2 * 4
        assert row["flops"] == pytest.approx(6 * row["context"] * (layers + head) + attention)
        assert row["attention"] == pytest.approx(attention / row["flops"])
        assert row["six_nd"]["total"] == pytest.approx(
            6 * row["context"] * (layers + head + norms) / row["flops"]
        )
    assert found["computed"] == {"context": 8, "flops": found["flops"][0]["flops"]}
    # An untrained model knows nothing at any position.
    for _, _, mean, *_ in found["bins"]:
        assert mean == pytest.approx(math.log(len(tokenizer)), rel=0.02)
    with pytest.raises(CourseError, match="have 1000000 tokens or more, 3 are needed"):
        compute.documentation(1_000_000, tokenizer, 3)


# Lab 06: examples in its prompt


def test_tasks_are_balanced_and_ask_nothing_they_have_shown():
    texts = shots.sentences()
    for task in shots.draw_tasks(6, 12, 8, seed=3):
        pairs = [*task.shots, *task.queries]
        assert len({text for text, _ in pairs}) == len(pairs) == 20
        assert all(text in texts[label] for text, label in pairs)
        assert {[label for _, label in pairs].count(label) for label in task.labels} == {5}
    assert shots.draw_tasks(2, 4, 4, seed=3) != shots.draw_tasks(2, 4, 4, seed=4)
    with pytest.raises(CourseError, match="ask for fewer shots or queries"):
        shots.draw_tasks(1, 4000, 8)


def test_right_and_calibrated_by_hand():
    """The model leans to the second label; without what it says to N/A the first one wins the first query."""
    task = shots.Task(["a", "b"], [], [("x", "a"), ("y", "b")])
    scores = torch.tensor([[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]]).log()
    assert shots.right(scores, task).tolist() == [False, True]
    assert shots.right(scores, task, calibrated=True).tolist() == [True, True]
    assert shots.surprise(scores, task) == pytest.approx(-(math.log(0.4) + math.log(0.9)) / 2)


@pytest.mark.slow
@pytest.mark.parametrize("format", list(shots.FORMATS))
def test_scores_of_all_counts_are_those_of_single_prompts(format):
    model, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    [task] = shots.draw_tasks(1, 5, 3)
    found = shots.label_scores(model, tokenizer, task, (0, 2, 5), format)
    mark, end = shots.FORMATS[format]

    def ids(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    options = [ids(f" {label}")[0] for label in task.labels]
    for count, scores in found.items():
        assert scores.exp().sum(-1) == pytest.approx(torch.ones(4))
        before = [token for text, label in task.shots[:count] for token in ids(f"{text}{mark} {label}{end}")]
        for row, text in zip(scores, [*(text for text, _ in task.queries), "N/A"], strict=True):
            with torch.no_grad():
                logits = model(torch.tensor([before + ids(text + mark)])).logits[0, -1, options]
            torch.testing.assert_close(row, logits.log_softmax(-1), atol=1e-4, rtol=1e-4)


def test_attention_after_a_match_by_hand():
    """Tokens 7 8 9 7 8: the fourth and the fifth have been there, and 8 and 9 came after them."""
    attention = torch.zeros(1, 2, 5, 5)
    attention[0, 0, 3, 1], attention[0, 0, 4, 2] = 0.8, 0.6  # looks at what followed
    attention[0, 1, 3, 0], attention[0, 1, 4, 1] = 1.0, 1.0  # looks at the same token

    def model(input_ids, output_attentions):
        return SimpleNamespace(attentions=(attention,))

    found = shots.attention_after_match(model, torch.tensor([[7, 8, 9, 7, 8]]))
    assert found.tolist() == [[pytest.approx(0.7), 0.0]]


def test_rows_come_twice():
    _, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    rows = shots.repeated(tokenizer, 12, 3)
    assert torch.equal(rows[:, :12], rows[:, 12:])
    assert all(len(set(row.tolist())) == 12 for row in rows)
    assert not set(rows.flatten().tolist()) & set(tokenizer.all_special_ids)


def test_a_head_is_switched_off_and_on_again():
    """Off is what zeros in its columns of the output matrix give."""
    torch.manual_seed(0)
    config = LlamaConfig(**(TOY.to_dict() | {"vocab_size": 11, "head_dim": 4, "initializer_range": 0.5}))
    model = LlamaForCausalLM(config).eval()
    ids = torch.tensor([[1, 2, 3, 1, 2]])
    with torch.no_grad():
        whole = model(ids).logits
        with shots.without(model, [(1, 1)]):
            ablated = model(ids).logits
        assert torch.equal(model(ids).logits, whole)
        model.model.layers[1].self_attn.o_proj.weight[:, 4:8] = 0
        torch.testing.assert_close(model(ids).logits, ablated)
    assert not torch.allclose(ablated, whole)


@pytest.mark.slow
def test_many_shots_of_the_small_model():
    model, tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    used = model.config._attn_implementation
    found = shots.measure(model, tokenizer, tasks=3, counts=(0, 2, 4), count=4, strongest=3)
    assert model.config._attn_implementation == used
    assert list(found["accuracy"]["plain"]) == ["0", "2", "4"]
    assert found["formats"][shots.USUAL] == found["accuracy"]["plain"]["4"]
    gain = found["accuracy"]["plain"]["4"][0] - found["accuracy"]["plain"]["2"][0]
    assert found["gains"]["4"][0] == pytest.approx(gain)
    scores = [score for _, _, score in found["heads"]["strongest"]]
    assert scores == sorted(scores, reverse=True)
    assert found["heads"]["heads"] == model.config.num_hidden_layers * model.config.num_attention_heads
