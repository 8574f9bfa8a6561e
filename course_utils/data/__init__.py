"""Data sets by name: `word_problems` (made on the spot) and `gsm8k` (the real one)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.data import gsm8k, word_problems
from course_utils.errors import CourseError

if TYPE_CHECKING:
    from datasets import Dataset

NAMES = ("word_problems", "gsm8k")
_DEFAULT_WORD_PROBLEMS = 1000


def load(
    name: str,
    split: str = "train",
    n: int | None = None,
    seed: int = 0,
    steps: tuple[int, int] | None = None,
) -> Dataset:
    """A `datasets.Dataset` with columns `question` and `answer` in GSM8K's format.

    split: "train" or "test". n: number of problems; None is all of gsm8k, 1,000 word problems.
    seed: which word problems are made, or in which order n of gsm8k's are taken (n=None keeps the order).
    steps: (smallest, largest) number of steps of word problems, (1, 4) if not given; gsm8k has no such label.
    Raises CourseError for an unknown name, split or range, and if there are fewer than n problems.
    """
    from datasets import Dataset

    if name not in NAMES:
        raise CourseError(f"there is no data set {name!r}; use one of {', '.join(NAMES)}")
    if split not in gsm8k.SPLITS:
        raise CourseError(f"{name} has no split {split!r} for labs; use one of {', '.join(gsm8k.SPLITS)}")
    if n is not None and n < 1:
        raise CourseError(f"n={n} problems cannot be loaded; ask for 1 or more, or None for all")
    if name == "word_problems":
        made = word_problems.generate(n or _DEFAULT_WORD_PROBLEMS, seed, steps or (1, 4), split)
        return Dataset.from_dict({key: [problem[key] for problem in made] for key in ("question", "answer")})
    data = gsm8k.load(split)
    if n is None:
        return data
    if n > len(data):
        raise CourseError(f"gsm8k {split} has {len(data)} problems, not n={n}; ask for fewer")
    return data.shuffle(seed=seed).select(range(n))
