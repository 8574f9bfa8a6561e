"""Load a base model by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WEIGHTS = Path(__file__).parent / "weights"
NANO_MATH = "nano-math"
NANO_ICL = "nano-icl"
EMBEDDED = (NANO_MATH, NANO_ICL)
STAGES = ("weak", "medium", "strong")

# Models of the hub are pinned: a repository that changes must not change a lab.
HUB_REVISIONS = {
    "Qwen/Qwen2.5-1.5B": "8faed761d45a263340a0528343f099c05c9a4323",
    "Qwen/Qwen2.5-Math-1.5B": "4a83ca6e4526a4f2da3aa259ec36c259f66b2ab2",
}


def model_path(name: str, stage: str | None = None) -> Path:
    """The folder of an embedded model; nano-math's stage is strong if none is given.

    Raises CourseError if there is no such model or stage.
    """
    if name not in EMBEDDED:
        raise CourseError(f"there is no embedded model {name!r}; use one of {', '.join(EMBEDDED)}")
    if name != NANO_MATH and stage is not None:
        raise CourseError(f"only {NANO_MATH} has stages; leave stage={stage!r} out for {name!r}")
    path = WEIGHTS / name
    if name == NANO_MATH:
        stage = stage or "strong"
        if stage not in STAGES:
            raise CourseError(f"{name} has no stage {stage!r}; use one of {', '.join(STAGES)}")
        path = path / stage
    if not (path / "model.safetensors").exists():
        raise CourseError(
            f"the weights of {path.relative_to(WEIGHTS)} are missing in {path}; install the package again"
        )
    return path


def load_base(
    name: str | None = None,
    stage: str | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A base model, in evaluation mode, and its tokenizer.

    name, stage, device, dtype: each defaults to the profile's. `name` is "nano-math", "nano-icl", a folder
    with a transformers model, or a model of the hub; `stage` ("weak", "medium", "strong") is nano-math's only.
    Raises CourseError if there is no such model or it cannot be reached.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from course_utils.profiles import get_profile

    profile = get_profile()
    if name is None:
        name = profile.model
        stage = stage or profile.stage
    device = device or profile.device
    dtype = dtype or profile.dtype
    if isinstance(dtype, str):
        dtype = getattr(torch, dtype)
    if name in EMBEDDED:
        source, options = str(model_path(name, stage)), {}
    else:
        if stage is not None:
            raise CourseError(f"only {NANO_MATH} has stages; leave stage={stage!r} out for {name!r}")
        source = name
        options = {"revision": HUB_REVISIONS[name]} if name in HUB_REVISIONS else {}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, **options)
    except OSError as error:
        raise CourseError(
            f"the model {name!r} cannot be loaded ({str(error).splitlines()[0]}); check the name and the "
            f"connection, or use the embedded {NANO_MATH!r} or {NANO_ICL!r}"
        ) from error
    if tokenizer.pad_token_id is None:
        raise CourseError(f"the tokenizer of {name!r} has no padding token; choose another model")
    return model.to(device).eval(), tokenizer
