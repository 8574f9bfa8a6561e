"""The attention-only model and its repeated rows."""

from __future__ import annotations

import pytest
import torch

from course_utils.errors import CourseError
from course_utils.models import attention_only


def rows(count: int = 200, period: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    return attention_only.repeated(count, torch.Generator().manual_seed(0), period)


def test_every_row_repeats_with_its_own_period():
    tokens, periods = rows()
    assert tokens.shape == (200, attention_only.LENGTH)
    assert set(periods.tolist()) == set(range(attention_only.PERIODS[0], attention_only.PERIODS[1] + 1))
    for row, period in zip(tokens, periods.tolist(), strict=True):
        assert torch.equal(row[period:], row[:-period])
        assert len(set(row[:period].tolist())) > 2


def test_a_given_period_holds_for_every_row():
    tokens, periods = rows(5, 40)
    assert periods.tolist() == [40] * 5
    assert torch.equal(tokens[:, 40:], tokens[:, :-40])


@pytest.mark.parametrize("period", [-1, attention_only.LENGTH])
def test_a_period_that_does_not_fit_is_named(period):
    with pytest.raises(CourseError, match=str(period)):
        rows(2, period)


def test_no_layers_is_an_error():
    with pytest.raises(CourseError, match="layers = 0"):
        attention_only.AttentionOnly(0)


def test_attention_is_causal_and_sums_to_one():
    model = attention_only.AttentionOnly(2)
    attention = model.attention(rows(3)[0])
    assert attention.shape == (2, 4, attention_only.LENGTH, attention_only.LENGTH)
    assert torch.allclose(attention.sum(-1), torch.ones(attention.shape[:-1]))
    assert attention.triu(1).abs().max() == 0


def test_the_two_ways_of_attention_agree():
    model = attention_only.AttentionOnly(2)
    tokens = rows(3)[0]
    assert torch.allclose(model(tokens), model(tokens, keep=[]), atol=1e-5)


def test_a_later_token_changes_no_earlier_logits():
    model = attention_only.AttentionOnly(2)
    tokens = rows(1)[0]
    changed = tokens.clone()
    changed[0, 30] = (changed[0, 30] + 1) % attention_only.VOCABULARY
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[:, :30], after[:, :30], atol=1e-6)
    assert not torch.allclose(before[:, 30], after[:, 30], atol=1e-3)


def test_training_lowers_the_loss_and_a_seed_repeats_it():
    seen = []
    one = attention_only.train(1, 60, seed=3, on_step=lambda *what: seen.append(what))
    again = attention_only.train(1, 60, seed=3)
    assert one.losses == again.losses
    assert [step for step, total, _ in seen] == list(range(1, 61))
    assert sum(one.losses[-5:]) / 5 < one.losses[0] - 0.1
