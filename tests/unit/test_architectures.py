"""The shapes of known models: each gives the number of weights that its makers state, and nothing is made."""

from __future__ import annotations

import pytest
import torch

from course_utils.errors import CourseError
from course_utils.models.architectures import ARCHITECTURES, architecture_config, meta_model


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_shape_gives_the_stated_number_of_weights(name: str) -> None:
    model = meta_model(architecture_config(name))
    assert sum(p.numel() for p in model.parameters()) == ARCHITECTURES[name].parameters
    assert {p.device for p in model.parameters()} == {torch.device("meta")}


def test_the_kinds_that_a_count_must_get_right_are_there() -> None:
    configs = {name: architecture_config(name) for name in ARCHITECTURES}
    assert any(c.num_key_value_heads < c.num_attention_heads for c in configs.values())
    assert any(c.num_key_value_heads == c.num_attention_heads for c in configs.values())
    assert {c.tie_word_embeddings for c in configs.values()} == {True, False}
    assert any(
        (getattr(c, "head_dim", None) or 0) * c.num_attention_heads > c.hidden_size for c in configs.values()
    )
    assert {"phi3", "mixtral"} <= {c.model_type for c in configs.values()}


def test_settings_can_be_changed_and_unknown_names_are_refused() -> None:
    assert architecture_config("Llama-2-7B", num_hidden_layers=2).num_hidden_layers == 2
    with pytest.raises(CourseError, match="Llama-9"):
        architecture_config("Llama-9")
