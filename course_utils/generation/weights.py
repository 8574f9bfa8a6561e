"""The weights that a model computes with, its adapter included, for engines that hold a copy of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from course_utils.generation.request import Unknown


def effective(module: Any) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a linear map; a LoRA adapter of peft's is added to the weight.

    Raises Unknown for another kind of module or adapter.
    """
    if type(module) is nn.Linear:
        return module.weight, module.bias
    plain = type(getattr(module, "base_layer", None)) is nn.Linear and hasattr(module, "get_delta_weight")
    if plain and not getattr(module, "lora_variant", None):
        weight = module.base_layer.weight
        if not (module.merged or module.disable_adapters):
            weight = sum((module.get_delta_weight(a) for a in module.active_adapters), weight)
        return weight, module.base_layer.bias
    raise Unknown(f"it holds a {type(module).__name__}")


def named(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """All weights of a model under the names that it has without its adapter. Raises Unknown like `effective`."""
    adapted = {name: module for name, module in model.named_modules() if hasattr(module, "base_layer")}
    for name, module in adapted.items():
        weight, bias = effective(module)
        yield f"{name}.weight", weight
        if bias is not None:
            yield f"{name}.bias", bias
    for name, parameter in model.named_parameters():
        if not any(name.startswith(f"{part}.") for part in adapted):
            yield name, parameter
