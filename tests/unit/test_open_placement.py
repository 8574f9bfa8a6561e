"""Lab 02's referee: prices, rules, and a measurement that depends on plan and seed alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_utils.errors import CourseError
from course_utils.open import placement

pytestmark = pytest.mark.slow

OUTPUT = "model.layers.{}.self_attn.o_proj"
SMALL = {OUTPUT.format(3): 2, OUTPUT.format(2): 1}


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (None, "a plan is a dict"),
        ([OUTPUT.format(0)], "a plan is a dict"),
        ({"o_proj": 1}, "there is no module 'o_proj'"),
        ({"lm_head": 1}, "there is no module 'lm_head'"),
        ({3: 1}, "there is no module 3"),
        ({OUTPUT.format(0): 1.5}, "a whole number of 0 or more, not 1.5"),
        ({OUTPUT.format(0): True}, "not True"),
        ({OUTPUT.format(0): -1}, "not -1"),
        ({OUTPUT.format(0): "1"}, "not '1'"),
        ({"model.layers.0.self_attn.k_proj": 33}, "rank 33 .* is more than 32, its smaller side"),
        ({OUTPUT.format(0): 8}, "trains 2,048 weights and the budget is 2,000"),
        ({}, "trains 0 weights"),
        ({OUTPUT.format(0): 0}, "trains 0 weights"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_in_one_sentence(plan: Any, says: str) -> None:
    with pytest.raises(CourseError, match=says) as refused:
        placement.held_out_loss(plan, 0)
    assert "\n" not in str(refused.value)
    assert ". " not in str(refused.value)


def test_prices_are_those_of_the_adapters() -> None:
    shapes = placement.shapes()
    assert len(shapes) == 28
    assert not any("lm_head" in name for name in shapes)
    assert placement.trainable(dict.fromkeys(shapes, 1)) == sum(map(sum, shapes.values()))
    assert placement.trainable({OUTPUT.format(0): np.int64(7), OUTPUT.format(1): 0}) == 7 * 256
    assert placement.trainable(placement.query_value()) == 4 * (256 + 160) <= placement.BUDGET
    placement.check({OUTPUT.format(0): 7, "model.layers.0.self_attn.v_proj": 1})  # 1,952


def test_a_loss_depends_on_plan_and_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "TRAINING_STEPS", 2)
    placement._measured.cache_clear()
    try:
        first = placement.held_out_loss(SMALL, 0)
        placement._measured.cache_clear()
        # The order of the plan, ranks of 0, torch's own seed and its switches are nobody's business.
        torch.manual_seed(7)
        drawn = torch.get_rng_state()
        with torch.no_grad():
            again = placement.held_out_loss({OUTPUT.format(0): 0, **dict(reversed(SMALL.items()))}, 0)
        assert again == pytest.approx(first, rel=1e-6)
        assert torch.equal(torch.get_rng_state(), drawn)
        other_seed, other_plan = (
            placement.held_out_losses(SMALL, [1])[0],
            placement.held_out_loss({OUTPUT.format(3): 2}, 0),
        )
        assert abs(other_seed - first) > 1e-4
        assert abs(other_plan - first) > 1e-6
    finally:
        placement._measured.cache_clear()


def test_training_lowers_the_loss() -> None:
    """The first step's learning rate makes the difference; the model itself is never changed."""
    model = placement._base()[0]
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.no_grad():
        start = float(placement._loss(model, placement._problems("test", placement.TEST_PROBLEMS, 0)))
    assert placement.held_out_loss(SMALL, 0) < start - 0.01
    assert set(model.state_dict()) == set(before)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
