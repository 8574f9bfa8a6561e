"""What nano-icl is trained on: batches of many-shot documents, all of them drawn from the training split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course_utils.data import icl_tasks
from course_utils.data.icl_tasks import Task
from course_utils.data.icl_words import KEYS, LABELS, SEPARATORS

# Share of the documents that have noise, and the most noise one has.
_NOISY = 0.3
_MOST_NOISE = 0.3


@dataclass(frozen=True)
class Batch:
    """ids: (documents, length) int64. predicted: the same shape, bool: the tokens that count in the loss."""

    kind: str
    ids: torch.Tensor
    predicted: torch.Tensor


@dataclass(frozen=True)
class _Plan:
    """One kind of document: its family, words per shot, and how the options of one document are drawn."""

    family: str
    shot_length: int
    options: Callable[[np.random.Generator], dict[str, Any]]
    rationales: bool = False


def _noise(rng: np.random.Generator) -> float:
    return rng.random() * _MOST_NOISE if rng.random() < _NOISY else 0.0


def _map_options(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "keys": round(float(np.exp(rng.uniform(np.log(4), np.log(40))))),
        "labels": int(rng.integers(2, 9)),
        "zipf": float(rng.choice([0.0, 0.5, 1.0, 1.5])),
        "noise": _noise(rng),
    }


def _category_options(rng: np.random.Generator) -> dict[str, Any]:
    names = str(rng.choice(icl_tasks.NAMES, p=[0.6, 0.3, 0.1]))
    return {"categories": int(rng.integers(2, 7)), "names": names, "noise": _noise(rng)}


def _homograph_options(rng: np.random.Generator) -> dict[str, Any]:
    return {"categories": int(rng.integers(2, 4)), "share": 0.4}


def _plan(kind: str, rng: np.random.Generator) -> _Plan:
    if kind == "map":
        return _Plan("map", 3, _map_options)
    if kind == "categories":
        return _Plan("categories", 3, _category_options)
    if kind == "homographs":
        return _Plan("homographs", 3, _homograph_options)
    if kind == "linear":
        d = int(rng.choice(np.arange(1, 9), p=[0.12, 0.28, 0.17, 0.2, 0.05, 0.06, 0.05, 0.07]))
        return _Plan("linear", d + 2, lambda rng: {"dimensions": d, "noise": _noise(rng)})
    if kind == "clusters":
        d = int(rng.integers(1, 5))
        return _Plan(
            "clusters",
            d + 2,
            lambda rng: {"dimensions": d, "clusters": int(rng.integers(2, 13)), "noise": _noise(rng)},
        )
    bits = icl_tasks.BITS
    if kind == "rationales":
        return _Plan("parity", 2 * bits + 3, lambda rng: {}, rationales=True)
    return _Plan("parity", bits + 2, lambda rng: {})


class Writer:
    """Writes batches of about `tokens` tokens. `words` maps each word to its token id, `bos` begins a document."""

    def __init__(self, words: dict[str, int], bos: int) -> None:
        self.words, self.bos = words, bos

    def _encode(self, kind: str, texts: list[tuple[str, list[bool]]]) -> Batch:
        ids = [[self.bos, *(self.words[word] for word in text.split(" "))] for text, _ in texts]
        predicted = [[False, *mask] for _, mask in texts]
        return Batch(kind, torch.tensor(ids), torch.tensor(predicted))

    def mixture(self, kinds: dict[str, float], tokens: int, length: int, rng: np.random.Generator) -> Batch:
        """Documents of one kind, drawn with the weights of `kinds`, each nearly `length` tokens long."""
        weights = np.array(list(kinds.values()))
        kind = str(rng.choice(list(kinds), p=weights / weights.sum()))
        plan = _plan(kind, rng)
        shots = max(2, (length - 1) // plan.shot_length)
        # Inputs alone first, in a third of the documents of words: the model learns to read a domain from them.
        bare = kind == "homographs" and rng.random() < 0.5
        unlabelled = int(rng.integers(1, max(2, min(shots // 2, 64)))) if bare else 0
        texts = []
        for _ in range(max(1, tokens // (shots * plan.shot_length + 1))):
            task = icl_tasks.draw_one(plan.family, shots, rng, "train", **plan.options(rng))
            texts.append(self._render(task, rng, plan.rationales, unlabelled))
        return self._encode(kind, texts)

    def easy_maps(self, tokens: int, length: int, rng: np.random.Generator) -> Batch:
        """Maps of few keys without noise: what the model must find out first."""
        shots = (length - 1) // 3
        keys = int(rng.integers(2, 17))
        labels = min(keys, int(rng.integers(2, 9)))
        tasks = [
            icl_tasks.draw_one("map", shots, rng, "train", keys=keys, labels=labels)
            for _ in range(tokens // (3 * shots + 1))
        ]
        return self._encode("easy maps", [self._render(task, rng) for task in tasks])

    def repeats(self, tokens: int, length: int, rng: np.random.Generator) -> Batch:
        """Random words repeated with a random period: whoever finds the last occurrence can predict them."""
        period = int(rng.integers(8, length // 2 + 1))
        words = (*KEYS, *LABELS)
        size = int(rng.choice([8, 32, len(words)]))
        texts = []
        for _ in range(tokens // length):
            alphabet = [words[i] for i in rng.permutation(len(words))[:size]]
            segment = [alphabet[i] for i in rng.integers(size, size=period)]
            text = (segment * (length // period + 1))[: length - 1]
            texts.append((" ".join(text), [i > period for i in range(length - 1)]))
        return self._encode("repeats", texts)

    @staticmethod
    def _render(
        task: Task, rng: np.random.Generator, rationales: bool = False, unlabelled: int = 0
    ) -> tuple[str, list[bool]]:
        separator = SEPARATORS[rng.integers(len(SEPARATORS))]
        return icl_tasks.render(task, separator, rationales, unlabelled)
