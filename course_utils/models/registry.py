"""Load a base model by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.models import embedded, fetched

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Models of the hub are pinned: a repository that changes must not change a lab.
HUB_REVISIONS = {
    "Qwen/Qwen2.5-1.5B": "8faed761d45a263340a0528343f099c05c9a4323",
    "Qwen/Qwen2.5-Math-1.5B": "4a83ca6e4526a4f2da3aa259ec36c259f66b2ab2",
}


def model_path(name: str, stage: str | None = None) -> Path:
    """The folder of an embedded model; of its last stage if none is given.

    Raises CourseError if there is no such model or stage.
    """
    return embedded.find(name).folder(stage)


def load_base(
    name: str | None = None,
    stage: str | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A base model, in evaluation mode, and its tokenizer.

    name, stage, device, dtype: each defaults to the profile's. `name` is that of an embedded model ("nano-math",
    "nano-icl"), of one that `course model get` has brought ("smollm2-135m"), a folder with a transformers model, or a
    model of the hub; `stage` is for embedded models that have some ("weak", "medium", "strong" of nano-math).
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
    if name in embedded.EMBEDDED:
        source, options = str(model_path(name, stage)), {}
    else:
        if stage is not None:
            raise embedded.no_stages(stage, name)
        source = str(fetched.FETCHED[name].folder()) if name in fetched.FETCHED else name
        options = {"revision": HUB_REVISIONS[name]} if name in HUB_REVISIONS else {}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, **options)
    except OSError as error:
        raise CourseError(
            f"the model {name!r} cannot be loaded ({str(error).splitlines()[0]}); check the name and the "
            f"connection, or use an embedded one: {embedded.listed()}"
        ) from error
    if tokenizer.pad_token_id is None:
        raise CourseError(f"the tokenizer of {name!r} has no padding token; choose another model")
    return model.to(device).eval(), tokenizer
