"""What several folders of tests share: needs that a machine may lack, and a graded class made by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from course_utils.grading.book.records import CellRecord, Record
    from course_utils.grading.paths import CoursePaths

# A real class's gradebook must not be touched by a test.
os.environ.pop("COURSE_GRADEBOOK", None)

LAB = "01_sft_masking"
WHAT = "labels of a 5-token example with prompt_length=2"
HINT = "You left the last prompt token in the loss; `labels` are aligned with `input_ids`."


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], None]:
    """Call it with what the machine lacks: the test is skipped, but in CI, which has everything, it fails."""
    return pytest.fail if os.environ.get("CI") == "true" else pytest.skip


@pytest.fixture(scope="session")
def real_data(lacking) -> Callable[..., Path]:
    """real_data(folder, *names): a folder of real data, COURSE_DATA_DIR's or shared/data beside the repository."""

    def find(name: str, *files: str) -> Path:
        beside = Path(__file__).resolve().parents[2] / "shared" / "data"
        folders = [Path(home) / name for home in (os.environ.get("COURSE_DATA_DIR"), beside) if home]
        found = [folder for folder in folders if all((folder / file).is_file() for file in files)]
        if not found:
            wanted = " and ".join(f"{name}/{file}" for file in files)
            lacking(f"{wanted} is not at hand: set COURSE_DATA_DIR to the folder that holds it")
        return found[0]

    return find


def make_cell(grade_id: str, max_points: float, state: str = "passed", **facts) -> CellRecord:
    """A record of one test cell; passed unless told otherwise."""
    from course_utils.grading.book.records import CellRecord

    values = {
        "grade_id": grade_id,
        "exercise": grade_id.removesuffix("-tests"),
        "title": grade_id,
        "points": max_points if state == "passed" else 0.0,
        "max_points": max_points,
        "state": state,
        "what": "",
        "message": "",
        "hint": "",
        "hidden": False,
        "seconds": 0.1,
    }
    return CellRecord(**(values | facts))


def make_result(
    student: str = "amara_okafor", labels: dict | None = None, chat: dict | None = None, **facts
) -> Record:
    """A record of a lab of 4 + 5 + 3 points, the 3 for an essay. labels, chat: facts of the two test cells."""
    from course_utils.grading.book.records import Record

    cells = [
        make_cell(
            "sft_masking-chat-render_chat-tests",
            4.0,
            **{"title": "One question and its answer"} | (chat or {}),
        ),
        make_cell(
            "sft_masking-labels-build_labels-tests", 5.0, **{"title": "Mask the prompt"} | (labels or {})
        ),
        make_cell("sft_masking-essay-prompt_loss", 3.0, "manual", title="Why not train on the prompt?"),
    ]
    values = {
        "student": student,
        "lab": LAB,
        "score": sum(cell.points for cell in cells),
        "max_score": 12.0,
        "status": "graded",
        "seconds": 2.0,
        "peak_mb": 512.0,
        "sandbox": "bubblewrap",
        "flags": [],
        "repairs": [],
        "cells": cells,
        "submission_sha256": "ab" * 32,
        "source_sha256": "cd" * 32,
        "graded_at": "2026-01-16 08:15:00 UTC",
    }
    return Record(**(values | facts))


def wrong(hint: str = HINT, found: str = "labels[1] is 523, expected -100.", **facts) -> dict:
    """Facts of a test cell that failed with a tutor's message."""
    message = "\n".join(line for line in (f"Checked: {WHAT}", found, hint) if line)
    return {"state": "failed", "what": WHAT, "message": message, "hint": hint} | facts


@pytest.fixture
def records() -> SimpleNamespace:
    """Functions that make records."""
    from course_utils.grading.book.records import Flag

    return SimpleNamespace(
        result=make_result, cell=make_cell, wrong=wrong, flag=Flag, what=WHAT, hint=HINT, lab=LAB
    )


@pytest.fixture
def folders(tmp_path: Path) -> CoursePaths:
    """A course in an empty folder."""
    from course_utils.grading.paths import CoursePaths

    return CoursePaths(tmp_path)


@pytest.fixture
def page_of(folders: CoursePaths) -> Callable[[Record], str]:
    """Writes the feedback page of a record and returns its HTML."""
    from course_utils.grading.pages.feedback import write_feedback

    return lambda result: write_feedback([result], folders)[0].read_text(encoding="utf-8")
