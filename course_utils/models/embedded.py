"""The models that travel with the course, one entry each. Everything that knows them by name reads this table.

A further one is an entry here, a package `course_utils/models/<its name>` with `pretrain`, `tokenizer`, `behaviour`
and `card`, its weights in `weights/<name>/` and its measured numbers in `results/<name>.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class EmbeddedModel:
    """purpose: what it is for, as README says it. tokenizer: the class that AutoTokenizer gives.

    stages: of training, in order, each a folder of its own; the last one is meant where none is named. Empty: the
    model's own folder is the only one. licence: of the weights.
    """

    name: str
    purpose: str
    tokenizer: str
    stages: tuple[str, ...] = ()
    licence: str = "MIT"

    @property
    def package(self) -> str:
        """Where its recipe is (`pretrain`), what it is measured on (`behaviour`), and what writes its card (`card`)."""
        return f"course_utils.models.{self.name.replace('-', '_')}"

    @property
    def label(self) -> str:
        """The name and the stages, as messages list them."""
        return f"{self.name} ({', '.join(self.stages)})" if self.stages else self.name

    def folder(self, stage: str | None = None) -> Path:
        """Where the weights of `stage` are; None is the last stage.

        Raises CourseError for a stage that there is not, and if the weights are missing.
        """
        if stage is not None and not self.stages:
            raise no_stages(stage, self.name)
        path = WEIGHTS / self.name
        if self.stages:
            stage = stage or self.stages[-1]
            if stage not in self.stages:
                raise CourseError(f"{self.name} has no stage {stage!r}; use one of {', '.join(self.stages)}")
            path = path / stage
        if not (path / "model.safetensors").exists():
            raise CourseError(
                f"the weights of {path.relative_to(WEIGHTS)} are missing in {path}; install the package again"
            )
        return path

    def folders(self) -> list[Path]:
        """The folders of all stages, or the only one. Raises CourseError if weights are missing."""
        return [self.folder(stage) for stage in self.stages or (None,)]


EMBEDDED = {
    model.name: model
    for model in (
        EmbeddedModel(
            "nano-math",
            "solves arithmetic word problems, and has not been taught to answer and stop",
            tokenizer="Qwen2Tokenizer",
            stages=("weak", "medium", "strong"),
        ),
        EmbeddedModel(
            "nano-icl",
            "finds out from the examples in its prompt which task it is",
            tokenizer="PreTrainedTokenizerFast",
        ),
    )
}


def find(name: str) -> EmbeddedModel:
    """The embedded model called `name`. Raises CourseError that lists them all."""
    if name not in EMBEDDED:
        raise CourseError(f"there is no embedded model {name!r}; use one of {listed()}")
    return EMBEDDED[name]


def listed() -> str:
    """Every embedded model with its stages, for messages."""
    return ", ".join(model.label for model in EMBEDDED.values())


def no_stages(stage: str, name: str) -> CourseError:
    """The error for a stage of a model that has none."""
    staged = " and ".join(model.name for model in EMBEDDED.values() if model.stages)
    verb = "have" if " and " in staged else "has"
    return CourseError(f"only {staged} {verb} stages; leave stage={stage!r} out for {name!r}")
