"""Shapes of well-known language models, for arithmetic: nothing is downloaded and no weight is ever made.

The numbers are those of each model's config.json on the Hugging Face hub (`source`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


@dataclass(frozen=True)
class Architecture:
    """One model's shape.

    source: the hub repository whose config.json holds these numbers. kind: transformers' model_type.
    parameters: weights in all, as the sum over the built model gives them (embeddings once if tied).
    """

    source: str
    kind: str
    parameters: int
    settings: dict[str, Any]


def _llama_like(
    source: str,
    kind: str,
    parameters: int,
    hidden: int,
    layers: int,
    heads: int,
    key_value_heads: int,
    mlp: int,
    vocabulary: int,
    tied: bool = False,
    **more: Any,
) -> Architecture:
    settings = {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "intermediate_size": mlp,
        "vocab_size": vocabulary,
        "tie_word_embeddings": tied,
    }
    return Architecture(source, kind, parameters, {**settings, **more})


ARCHITECTURES = {
    "Qwen2.5-0.5B": _llama_like(
        "Qwen/Qwen2.5-0.5B", "qwen2", 494_032_768, 896, 24, 14, 2, 4864, 151936, True
    ),
    "Qwen2.5-Math-1.5B": _llama_like(
        "Qwen/Qwen2.5-Math-1.5B", "qwen2", 1_543_714_304, 1536, 28, 12, 2, 8960, 151936, True
    ),
    "Qwen2.5-7B": _llama_like("Qwen/Qwen2.5-7B", "qwen2", 7_615_616_512, 3584, 28, 28, 4, 18944, 152064),
    "Qwen3-0.6B": _llama_like(
        "Qwen/Qwen3-0.6B", "qwen3", 596_049_920, 1024, 28, 16, 8, 3072, 151936, True, head_dim=128
    ),
    "Llama-2-7B": _llama_like(
        "meta-llama/Llama-2-7b-hf", "llama", 6_738_415_616, 4096, 32, 32, 32, 11008, 32000
    ),
    "Llama-3-8B": _llama_like(
        "meta-llama/Meta-Llama-3-8B", "llama", 8_030_261_248, 4096, 32, 32, 8, 14336, 128256
    ),
    "Llama-3-70B": _llama_like(
        "meta-llama/Meta-Llama-3-70B", "llama", 70_553_706_496, 8192, 80, 64, 8, 28672, 128256
    ),
    "Mistral-7B": _llama_like(
        "mistralai/Mistral-7B-v0.1", "mistral", 7_241_732_096, 4096, 32, 32, 8, 14336, 32000
    ),
    "Gemma-2B": _llama_like(
        "google/gemma-2b", "gemma", 2_506_172_416, 2048, 18, 8, 1, 16384, 256000, True, head_dim=256
    ),
    "Phi-3-mini": _llama_like(
        "microsoft/Phi-3-mini-4k-instruct", "phi3", 3_821_079_552, 3072, 32, 32, 32, 8192, 32064
    ),
    "Mixtral-8x7B": _llama_like(
        "mistralai/Mixtral-8x7B-v0.1",
        "mixtral",
        46_702_792_704,
        4096,
        32,
        32,
        8,
        14336,
        32000,
        num_local_experts=8,
    ),
}


def architecture_config(name: str, **changes: Any) -> PretrainedConfig:
    """The transformers config of an architecture, for example "Qwen2.5-Math-1.5B"; `changes` replace settings.

    Raises CourseError for a name that is not in ARCHITECTURES.
    """
    from transformers import AutoConfig

    if name not in ARCHITECTURES:
        raise CourseError(f"there is no architecture {name!r}; use one of {', '.join(ARCHITECTURES)}")
    known = ARCHITECTURES[name]
    return AutoConfig.for_model(known.kind, **{**known.settings, **changes})


def meta_model(config: PretrainedConfig) -> PreTrainedModel:
    """A model of this shape on the meta device: all its tensors have shapes and no memory."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)
