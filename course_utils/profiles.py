"""Which model, which data and how many steps: the profiles.

A profile is data only. Notebooks read its fields and never ask which profile it is. What most labs read is in
`PROFILES`; what one lab needs otherwise is in that lab's section of `LABS`, and its notebook takes
`get_profile().lab("06_many_shot_icl")`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from course_utils.data import gsm8k
from course_utils.errors import CourseError


@dataclass(frozen=True)
class Profile:
    """What a notebook needs to know about the machine it runs on.

    Machine: `device`, `dtype`, and `grading`, which is True at the small budget that autograding uses.
    Model and data: `model` and `stage` go to `course_utils.models.load_base`, `dataset` to `course_utils.data.load`;
    `get_profile` puts `other_dataset`, if there is one, in its place where it is not at hand.
    Amounts: `train_examples` and `eval_problems` count problems, `samples` counts completions per problem where
    a lab samples, `seeds` are the seeds of repeated runs. `max_length` and `max_new_tokens` count tokens.
    Training (`course_utils.training.recipe` makes it arguments of `fine_tune`): `learning_rate` is for all weights,
    `lora_learning_rate` for an adapter. `adapter_rank` is the rank of the adapter that is trained; None trains
    every weight. With `packing` several examples share a row of `max_length` tokens, and `batch_size` counts rows.
    `gradient_checkpointing` saves memory and costs time.
    """

    name: str
    device: str
    dtype: str
    model: str
    stage: str | None
    dataset: str
    train_examples: int
    eval_problems: int
    samples: int
    seeds: tuple[int, ...]
    batch_size: int
    epochs: int
    learning_rate: float
    lora_learning_rate: float
    max_length: int
    max_new_tokens: int
    adapter_rank: int | None = None
    packing: bool = False
    gradient_checkpointing: bool = False
    grading: bool = False
    other_dataset: str | None = None

    def lab(self, name: str) -> Profile:
        """This profile with what the lab called `name` needs otherwise.

        Raises CourseError for a lab that has no section: it reads the profile as it is.
        """
        if name not in LABS:
            raise CourseError(
                f"{name!r} has no section in course_utils.profiles.LABS: use the profile as it is, or one of "
                f"{', '.join(LABS)}"
            )
        needs = LABS[name]
        changes = needs.get(self.name, {}) | (needs.get("grading", {}) if self.grading else {})
        return replace(self, **changes)


_CPU = Profile(
    name="cpu",
    device="cpu",
    dtype="float32",
    model="nano-math",
    stage="strong",
    dataset="word_problems",
    train_examples=100,
    eval_problems=150,
    samples=8,
    seeds=(0, 1, 2),
    batch_size=8,
    epochs=3,
    learning_rate=1e-3,
    lora_learning_rate=5e-3,
    max_length=256,
    max_new_tokens=128,
)
_COLAB = Profile(
    name="colab",
    device="cuda",
    dtype="float16",  # a T4 has no bfloat16
    model="Qwen/Qwen2.5-Math-1.5B",
    stage=None,
    dataset="gsm8k",
    train_examples=400,
    eval_problems=200,
    samples=4,
    seeds=(0,),
    batch_size=4,
    epochs=1,
    learning_rate=1e-5,
    lora_learning_rate=2e-4,
    max_length=512,
    max_new_tokens=320,
    adapter_rank=16,
    packing=True,
    gradient_checkpointing=True,
)
_GPU = replace(
    _COLAB,
    name="gpu",
    dtype="bfloat16",
    train_examples=2000,
    eval_problems=500,
    samples=8,
    seeds=(0, 1, 2),
    batch_size=16,
    gradient_checkpointing=False,
)
# A real language model on a laptop: `course model get smollm2` brings it. Never chosen by the hardware.
_REAL = replace(
    _CPU,
    name="real",
    model="smollm2-135m",
    stage=None,
    dataset="gsm8k",
    other_dataset="word_problems",
    train_examples=16,
    eval_problems=12,
    samples=4,
    seeds=(0,),
    batch_size=2,
    epochs=1,
    learning_rate=2e-5,
    lora_learning_rate=1e-3,
    max_length=512,
    max_new_tokens=160,
    adapter_rank=8,
)
PROFILES = {profile.name: profile for profile in (_CPU, _COLAB, _GPU, _REAL)}

# The small budget of autograding, of any profile.
GRADING: dict[str, Any] = {
    "train_examples": 16,
    "eval_problems": 12,
    "samples": 4,
    "seeds": (0,),
    "epochs": 1,
    "grading": True,
}

# lab -> profile, or "grading" -> the fields that this lab needs otherwise.
LABS: dict[str, dict[str, dict[str, Any]]] = {
    "06_many_shot_icl": {
        "cpu": {"model": "nano-icl", "stage": None},
        "colab": {"model": "Qwen/Qwen2.5-1.5B"},
        "gpu": {"model": "Qwen/Qwen2.5-1.5B"},
        "real": {"model": "nano-icl"},  # thousands of prompts are too many for SmolLM2 on a CPU
    },
}

_LARGE_GPU_BYTES = 30 * 2**30


def get_profile(name: str | None = None) -> Profile:
    """The profile called `name`, else the one named by COURSE_PROFILE, else the one that fits the hardware.

    COURSE_GRADING=1 asks for the smaller grading budget of the same cells, where `cpu` stands in for `real`.
    Raises CourseError for a name that is not a profile, and for a GPU profile on a machine without a GPU.
    """
    grading = os.environ.get("COURSE_GRADING") == "1"
    asked = name or os.environ.get("COURSE_PROFILE")
    if asked and asked not in PROFILES:
        raise CourseError(
            f"There is no profile {asked!r}: set COURSE_PROFILE to one of {', '.join(PROFILES)}, "
            "or unset it to let the course choose."
        )
    if grading and asked == "real":
        asked = "cpu"  # no cell of a check has the time that such a model takes
    profile = PROFILES[asked or ("cpu" if grading else _detect())]
    if profile.device == "cuda" and not _gpu_bytes():
        raise CourseError(
            f"Profile {profile.name!r} needs a CUDA GPU and torch sees none: "
            "set COURSE_PROFILE=cpu, or choose a GPU runtime."
        )
    if profile.other_dataset and not gsm8k.is_at_hand():
        profile = replace(profile, dataset=profile.other_dataset)
    if grading:
        profile = replace(profile, **GRADING)
    return profile


def _gpu_bytes() -> int:
    """Memory of the first CUDA GPU in bytes, 0 without one."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else 0


def _detect() -> str:
    memory = _gpu_bytes()
    if not memory:
        return "cpu"
    return "gpu" if memory >= _LARGE_GPU_BYTES else "colab"
