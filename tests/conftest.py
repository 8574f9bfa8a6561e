"""What several folders of tests share: how they spread over the cores, what a machine may lack, a graded class.

A plain `pytest` uses the cores that there are. A file's tests stay on one of them, in order, so that what they
share is made once; those of a lab, and those of a kind of sandbox, are taken as a file of their own. Nothing may
be shared between two files but what is only read: folders come from tmp_path, ports and sockets from the system.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from course_utils.grading.book.records import CellRecord, Record
    from course_utils.grading.paths import CoursePaths

# A real class's gradebook must not be touched by a test; and a `make` that a test starts must not take itself for a
# part of the `make test` that started us (it would print the folder that it enters).
for name in ("COURSE_GRADEBOOK", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)
# Before anything imports torch, and for all that tests start: small tensors gain nothing from threads that fight for
# two cores.
os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

MOST_WORKERS = 8  # each holds torch, models and kernels of its own: up to 2 GB
APART = ("lab", "deck", "locked", "warm")  # parameters whose values share nothing that is dear

LAB = "01_sft_masking"
WHAT = "labels of a 5-token example with prompt_length=2"
HINT = "You left the last prompt token in the loss; `labels` are aligned with `input_ids`."


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker for each core; none for a single file, which stays in one process anyway."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    single = len(config.args) == 1 and config.args[0].split("::")[0].endswith(".py")
    return 0 if single or cores == 1 else min(cores, MOST_WORKERS)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The long ones first, so that no core waits for another at the end.
    items.sort(key=lambda item: ("unit" in item.path.parts, not item.get_closest_marker("slow")))
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(group_of(item)))


def group_of(item: pytest.Item) -> str:
    """What stays on one worker: the file, with the lab or the kind of sandbox where a test is for one."""
    chosen = item.callspec.params if hasattr(item, "callspec") else {}
    values = (getattr(chosen[name], "name", chosen[name]) for name in APART if name in chosen)
    return " ".join([item.path.stem, *map(str, values)])


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], None]:
    """Call it with what the machine lacks, and the command that brings it: the test is skipped, but in CI, which has
    everything, it fails."""
    return pytest.fail if os.environ.get("CI") == "true" else pytest.skip


@pytest.fixture
def at_a_terminal() -> Iterator[None]:
    """Ctrl-C and a hang-up do what they do there, also where `nohup` or a shell's background has them ignored."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out here and what brings it, last of all that is said."""
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", ())]
    reasons = Counter(where[2].removeprefix("Skipped: ") for where in skipped if isinstance(where, tuple))
    if reasons:
        terminalreporter.section("left out on this machine")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:4} {'test' if count == 1 else 'tests'}: {reason}")


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
