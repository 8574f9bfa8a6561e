"""GSM8K (Cobbe et al. 2021, arXiv 2110.14168): 7,473 train and 1,319 test problems, MIT licence."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from datasets import Dataset

DATA_VARIABLE = "COURSE_DATA_DIR"
HUB_DATASET = "openai/gsm8k"
HUB_CONFIG = "main"
HUB_REVISION = "e53f048856ff4f594e959d75785d2c2d37b678ee"
SPLITS = ("train", "test")


def local_folder() -> Path | None:
    """The gsm8k folder inside COURSE_DATA_DIR; None if the variable is not set.

    Raises CourseError if it is set and a file is missing: falling back silently would hide a typing error.
    """
    root = os.environ.get(DATA_VARIABLE)
    if not root:
        return None
    folder = Path(root).expanduser() / "gsm8k"
    missing = [f"{split}.jsonl" for split in SPLITS if not (folder / f"{split}.jsonl").is_file()]
    if missing:
        raise CourseError(
            f"{DATA_VARIABLE}={root} has no gsm8k/{' and no gsm8k/'.join(missing)}; "
            f"put the files there or unset {DATA_VARIABLE}"
        )
    return folder


def load(split: str) -> Dataset:
    """One split with columns `question` and `answer`, from COURSE_DATA_DIR or else the hub.

    Raises CourseError for an unknown split, a folder without the files, and when neither way works.
    """
    import datasets

    if split not in SPLITS:
        raise CourseError(f"gsm8k has no split {split!r}; use one of {', '.join(SPLITS)}")
    if folder := local_folder():
        files = {split: str(folder / f"{split}.jsonl")}
        try:
            data = datasets.load_dataset("json", data_files=files, split=split)
        except Exception as error:
            raise CourseError(f"{files[split]} is not a JSONL file of problems; download it again") from error
        if missing := {"question", "answer"} - set(data.column_names):
            raise CourseError(
                f"{files[split]} has no column {' or '.join(sorted(missing))}; download it again"
            )
        return data.select_columns(["question", "answer"])
    try:
        return datasets.load_dataset(HUB_DATASET, HUB_CONFIG, split=split, revision=HUB_REVISION)
    except Exception as error:  # the hub raises a dozen kinds of error for "not reachable"
        raise CourseError(
            f"gsm8k is not at hand: set {DATA_VARIABLE} to a folder that holds gsm8k/train.jsonl and "
            f'gsm8k/test.jsonl, or connect to the hub ({HUB_DATASET}); load("word_problems") needs neither'
        ) from error


def at_hand() -> dict[str, Dataset] | None:
    """Both splits by name; None where neither the folder nor the hub has them.

    For cells that show something about the real data where they are, and go on without them where they are not.
    Raises CourseError if COURSE_DATA_DIR is set and wrong, see `local_folder`.
    """
    return {split: load(split) for split in SPLITS} if is_at_hand() else None


def is_at_hand() -> bool:
    """Whether the folder or the hub has them. Raises CourseError like `at_hand`."""
    return local_folder() is not None or hub_answers()


def hub_answers() -> bool:
    """Whether the hub can be reached at all: its own client would try for half a minute before it gives up.

    When grading it is not asked: there the network is cut, and a try counts as one of the student's.
    """
    from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE

    if HF_HUB_OFFLINE or os.environ.get("COURSE_GRADING") == "1":
        return False
    url = urlsplit(ENDPOINT)
    try:
        with socket.create_connection((url.hostname, url.port or 443), timeout=5):
            return True
    except OSError:
        return False
