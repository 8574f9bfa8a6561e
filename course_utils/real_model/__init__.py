"""One question a lab, asked of a real model: SmolLM2-135M (`course model get smollm2`).

Each module here asks one: `measure(model, tokenizer)` returns plain JSON data. NEEDS_GSM8K = True says that it takes
GSM8K's problems. What it found is recorded in course_utils/results/real_model.json, and shown wherever the model or
the problems are not at hand:

    python -m course_utils.real_model masking
"""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Any

from course_utils import results
from course_utils.data import gsm8k
from course_utils.errors import CourseError
from course_utils.models.fetched import FETCHED

NAME = "real_model"
MODEL = FETCHED["smollm2-135m"]
LIVE_SECONDS = 180  # what a lab's cell may take; longer ones are measured with COURSE_PROFILE=real alone


def questions() -> list[str]:
    """The names of what is asked, one for each module of this package."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def needs_gsm8k(name: str) -> bool:
    """Whether the question `name` takes GSM8K's problems."""
    return getattr(importlib.import_module(f"{__name__}.{name}"), "NEEDS_GSM8K", False)


def measure(name: str) -> dict[str, Any]:
    """Ask the question `name` of the model that is here. Returns what was found, with `seconds`, `threads` and the
    `weights` that it was asked of.

    Raises CourseError if there is no such question or no model here.
    """
    import torch

    from course_utils.models import load_base

    if name not in questions():
        raise CourseError(f"There is no question {name!r}: choose one of {', '.join(questions())}")
    weights = MODEL.origin()["weights"]
    model, tokenizer = load_base(MODEL.name, device="cpu", dtype="float32")
    started = time.perf_counter()
    found = importlib.import_module(f"{__name__}.{name}").measure(model, tokenizer)
    return found | {
        "seconds": time.perf_counter() - started,
        "threads": torch.get_num_threads(),
        "weights": weights,
    }


def record(name: str) -> dict[str, Any]:
    """Measure `name` and keep what was found in the record."""
    found = measure(name)
    try:
        kept = results.load(NAME)
    except CourseError:
        kept = {}
    results.save(NAME, dict(sorted((kept | {name: found}).items())))
    return found


def recorded(name: str) -> dict[str, Any]:
    """What the record says. Raises CourseError if `name` was not measured."""
    try:
        return results.load(NAME)[name]
    except KeyError:
        raise CourseError(
            f"The record has nothing about {name!r}: run `python -m course_utils.real_model {name}`"
        ) from None


def ask(name: str) -> dict[str, Any]:
    """What a lab shows: measured now where the model is at hand and there is time, else from the record.

    Prints one line that says which of the two. Time there is for what took LIVE_SECONDS when it was recorded, for
    anything with COURSE_PROFILE=real, and for nothing while a lab is graded.
    """
    known = recorded(name)
    minutes = f"{known['seconds'] / 60:.1f} min" if known["seconds"] >= 60 else f"{known['seconds']:.0f} s"
    how = f"{minutes} on {known['threads']} CPU thread{'s' * (known['threads'] != 1)}"
    if not MODEL.here:
        print(f"From the record ({how}). `{MODEL.command}`, and it is measured here.")
        return known
    if os.environ.get("COURSE_GRADING") == "1":
        print(f"From the record ({how}).")
        return known
    if known["seconds"] > LIVE_SECONDS and os.environ.get("COURSE_PROFILE") != "real":
        print(f"From the record ({how}). With COURSE_PROFILE=real it is measured here.")
        return known
    if needs_gsm8k(name) and not gsm8k.is_at_hand():
        print(
            f"From the record ({how}). Set {gsm8k.DATA_VARIABLE} to a folder with GSM8K, and it is measured here."
        )
        return known
    print(f"{MODEL.name} is at hand and is asked now; it took {how} when it was recorded …")
    found = measure(name)
    print(f"… measured here, in {found['seconds']:.0f} s.")
    return found
