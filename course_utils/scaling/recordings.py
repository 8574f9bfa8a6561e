"""Measurements that travel with the package, each a table and a page of facts about how it was made."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.errors import CourseError
from course_utils.resuming import write_whole

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).resolve().parent / "recorded"
LIBRARIES = ("torch", "transformers", "numpy", "pandas")


def recorded_sweep() -> pd.DataFrame:
    """Our own sweep, one row a trained model, made by `python -m course_utils.scaling.sweep`.

    n: parameters without embedding and output matrix; n_total: all. d: tokens. loss: nats a token on held-out
    sequences, the same for all; `recorded_facts("sweep")["entropy"]` is the least possible. seed: of weights
    and data. size: width x layers. trunk: "shared" if the rows of that size and seed are decays of one run, "own" if
    nothing is shared. schedule: "wsd" or, of some runs of their own, "cosine". seconds, cpu_seconds: what the row took.
    """
    return _table("sweep")


def recorded_coverage() -> pd.DataFrame:
    """How often samples of nano-math solved held-out problems; made by `python -m course_utils.scaling.coverage`.

    One row for each problem and stage. problem: number; steps: of its solution. stage: of the model. n: samples;
    correct: how many were right in the strict format; correct_any: right in any format.
    """
    return _table("coverage")


def recorded_facts(name: str) -> dict[str, Any]:
    """How the recording called `name` ("sweep" or "coverage") was made, and what was measured on it."""
    return json.loads(_file(name, "json").read_text(encoding="utf-8"))


def save(name: str, frame: pd.DataFrame, facts: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write the table and its facts, machine and library versions added."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = facts | {
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }
    write_whole(folder / f"{name}.csv", frame.to_csv(index=False))
    write_whole(folder / f"{name}.json", json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def _table(name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(_file(name, "csv"))


def _file(name: str, kind: str) -> Path:
    path = FOLDER / f"{name}.{kind}"
    if not path.is_file():
        raise CourseError(
            f"there is no recording {path.name}; python -m course_utils.scaling.{name} makes it"
        )
    return path


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()
