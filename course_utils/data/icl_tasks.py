"""Tasks for in-context learning, as plain data: inputs, outputs, and the labels to choose from.

A task is drawn anew for each document and can be learned from its demonstrations only. Whether a task
belongs to training or to test is decided by a hash of its definition, so no test task is ever trained on.
What the definition is differs by family, and so does what "new" means:

family      the definition that is hashed               so a test task is new in
map         all pairs key=label                         the whole assignment (each single pair is known)
categories  category=label for the categories shown     the assignment of labels
            names="default": the document's inputs      its words' order alone: it is what the model knows
linear      the direction of the weights, up to sign    the direction (d=1: the threshold with its labels)
clusters    every centre and its label                  the centres and labels together
parity      the two labels and which is even            the pair of labels
homographs  the document's inputs                       its words' order alone, as with names="default"
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.data.icl_words import (
    CATEGORIES,
    DOMAINS,
    HOMOGRAPHS,
    KEYS,
    LABELS,
    NUMBERS,
    STATES,
    THEREFORE,
    WORDS,
)
from course_utils.errors import CourseError

SPLITS = ("train", "test")
NAMES = ("arbitrary", "default", "flipped")
BITS = 8
_TEST_SHARE = 5  # one definition in five is kept for test
_WEIGHT = 8  # a linear task's weights are whole numbers from -8 to 8
_SPREAD = 0.75  # standard deviation of a point around its cluster's centre


@dataclass(frozen=True)
class Task:
    """One document: demonstrations of one task, in order. All lists have one entry per shot.

    inputs: words separated by spaces. outputs: the label shown. clean: the label before noise.
    labels: the words that can be the answer. rationales: for parity the working that goes between input and
    output, else None. definition: what decides the split.
    """

    family: str
    definition: str
    labels: list[str]
    inputs: list[str]
    outputs: list[str]
    clean: list[str]
    rationales: list[str] | None = None


def split_of(definition: str) -> str:
    """ "train" or "test", from a hash of the definition: the same everywhere and for ever."""
    digest = hashlib.sha256(definition.encode()).digest()
    return "test" if digest[0] % _TEST_SHARE == 0 else "train"


def draw(
    family: str, documents: int, shots: int, seed: int, split: str = "test", **options: Any
) -> list[Task]:
    """`documents` tasks of `family`, each with `shots` demonstrations.

    options, with their defaults:
      map: keys=16, labels=4, zipf=0.0 (exponent of the keys' frequencies; 0 is uniform), noise=0.0
      categories: categories=4 (2 to 6), names="arbitrary" | "default" | "flipped", noise=0.0
      linear: dimensions=2 (1 to 8), noise=0.0
      clusters: dimensions=2 (1 to 4), clusters=8, noise=0.0
      parity: noise=0.0
      homographs: categories=3 (2 or 3), share=0.3 (of inputs that are homographs), domain=None (drawn)
    noise is the share of outputs replaced by a wrong label. Raises CourseError for an unknown family, split
    or option, and for a number out of range.
    """
    if family not in FAMILIES:
        raise CourseError(f"there is no task family {family!r}; use one of {', '.join(FAMILIES)}")
    if split not in SPLITS:
        raise CourseError(f"there is no split {split!r}; use one of {', '.join(SPLITS)}")
    if documents < 1 or shots < 1:
        raise CourseError(f"documents={documents} and shots={shots} must both be 1 or more")
    rng = np.random.default_rng([seed, list(FAMILIES).index(family), SPLITS.index(split)])
    return [draw_one(family, shots, rng, split, **options) for _ in range(documents)]


def draw_one(family: str, shots: int, rng: np.random.Generator, split: str = "test", **options: Any) -> Task:
    """One task of `family`: draws until the definition belongs to `split`. Options as in `draw`."""
    make, defaults = FAMILIES[family]
    unknown = set(options) - set(defaults)
    if unknown:
        raise CourseError(
            f"{family} has no option {sorted(unknown)[0]!r}; its options are {', '.join(defaults)}"
        )
    settings = {**defaults, **options}
    noise = settings.pop("noise", 0.0)
    if not 0 <= noise <= 1:
        raise CourseError(f"noise={noise} is no share; use a number from 0 to 1")
    for _ in range(1000):
        task = make(rng, shots, **settings)
        if split_of(task.definition) == split:
            return _with_noise(task, noise, rng) if noise else task
    raise CourseError(f"{family} has no {split} task with {settings}; change the options")


def _with_noise(task: Task, noise: float, rng: np.random.Generator) -> Task:
    outputs = list(task.clean)
    for i in np.flatnonzero(rng.random(len(outputs)) < noise):
        outputs[i] = str(rng.choice([label for label in task.labels if label != task.clean[i]]))
    return Task(task.family, task.definition, task.labels, task.inputs, outputs, task.clean, task.rationales)


def _task(
    family: str,
    definition: str,
    labels: list[str],
    inputs: list[str],
    outputs: list[str],
    rationales: list[str] | None = None,
) -> Task:
    return Task(family, f"{family} {definition}", labels, inputs, outputs, list(outputs), rationales)


def _pick(rng: np.random.Generator, words: tuple[str, ...], n: int) -> list[str]:
    return [words[i] for i in rng.permutation(len(words))[:n]]


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise CourseError(f"{name}={value} is out of range; use {low} to {high}")


def _map(rng: np.random.Generator, shots: int, keys: int, labels: int, zipf: float) -> Task:
    """Each key has a label of its own; nothing can be concluded from one key about another."""
    _check("keys", keys, 2, len(KEYS))
    _check("labels", labels, 2, len(LABELS))
    names = _pick(rng, LABELS, labels)
    of = {
        key: names[i] for key, i in zip(_pick(rng, KEYS, keys), rng.integers(labels, size=keys), strict=True)
    }
    weights = np.arange(1, keys + 1) ** -float(zipf)
    order = list(of)
    inputs = [order[i] for i in rng.choice(keys, size=shots, p=weights / weights.sum())]
    definition = " ".join(f"{key}={of[key]}" for key in sorted(of))
    return _task("map", definition, names, inputs, [of[key] for key in inputs])


def _categories(rng: np.random.Generator, shots: int, categories: int, names: str) -> Task:
    """Words of some categories; the label belongs to the category. No homographs."""
    _check("categories", categories, 2, len(CATEGORIES))
    if names not in NAMES:
        raise CourseError(f"there are no names={names!r}; use one of {', '.join(NAMES)}")
    shown = _pick(rng, CATEGORIES, categories)
    answers = {
        "arbitrary": _pick(rng, LABELS, categories),
        "default": shown,
        "flipped": shown[1:] + shown[:1],  # every category is called by another one's name
    }[names]
    of = dict(zip(shown, answers, strict=True))
    drawn = [shown[i] for i in rng.integers(categories, size=shots)]
    inputs = [WORDS[category][i] for category, i in zip(drawn, rng.integers(4, size=shots), strict=True)]
    definition = " ".join(f"{category}={of[category]}" for category in sorted(of))
    if names == "default":
        definition = " ".join(inputs)
    return _task("categories", definition, sorted(answers), inputs, [of[category] for category in drawn])


def _linear(rng: np.random.Generator, shots: int, dimensions: int) -> Task:
    """Points with whole coordinates 0 to 15; the label says on which side of a plane they lie."""
    _check("dimensions", dimensions, 1, 8)
    weights = np.zeros(dimensions, dtype=int)
    while not weights.any():
        weights = rng.integers(-_WEIGHT, _WEIGHT + 1, size=dimensions)
    # Coordinates are centred as 2x - 15, odd numbers from -15 to 15 with standard deviation 9.2.
    cut = round(float(np.clip(rng.normal(), -1.5, 1.5) * 0.3 * 9.2 * np.linalg.norm(weights)))
    points = rng.integers(len(NUMBERS), size=(shots, dimensions))
    above = (2 * points - len(NUMBERS) + 1) @ weights > cut
    names = _pick(rng, LABELS, 2)
    reduced = weights // math.gcd(*map(int, weights))
    reduced = reduced * np.sign(reduced[np.flatnonzero(reduced)[0]])
    definition = f"d={dimensions} {' '.join(map(str, reduced))}"
    if dimensions == 1:  # there is one direction only, so the sides and their labels decide
        sides = [names[int((2 * x - len(NUMBERS) + 1) * weights[0] > cut)] for x in range(len(NUMBERS))]
        definition = f"d=1 {' '.join(sides)}"
    inputs = [" ".join(map(str, point)) for point in points]
    return _task("linear", definition, sorted(names), inputs, [names[int(side)] for side in above])


def _clusters(rng: np.random.Generator, shots: int, dimensions: int, clusters: int) -> Task:
    """Points around centres; each centre has one of up to four labels."""
    _check("dimensions", dimensions, 1, 4)
    _check("clusters", clusters, 2, 16)
    names = _pick(rng, LABELS, min(clusters, 4))
    centres = rng.integers(len(NUMBERS), size=(clusters, dimensions))
    of = np.concatenate([np.arange(len(names)), rng.integers(len(names), size=clusters - len(names))])
    drawn = rng.integers(clusters, size=shots)
    points = centres[drawn] + np.rint(rng.normal(scale=_SPREAD, size=(shots, dimensions))).astype(int)
    points = np.clip(points, 0, len(NUMBERS) - 1)
    pairs = sorted(f"{' '.join(map(str, centre))}={names[k]}" for centre, k in zip(centres, of, strict=True))
    inputs = [" ".join(map(str, point)) for point in points]
    return _task("clusters", "; ".join(pairs), sorted(names), inputs, [names[of[c]] for c in drawn])


def _parity(rng: np.random.Generator, shots: int) -> Task:
    """Eight bits; the label says whether the number of ones is even. The rationale counts along."""
    names = _pick(rng, LABELS, 2)
    bits = rng.integers(2, size=(shots, BITS))
    running = bits.cumsum(1) % 2
    rationales = [" ".join([*(STATES[state] for state in row), THEREFORE]) for row in running]
    inputs = [" ".join(map(str, row)) for row in bits]
    return _task(
        "parity",
        f"even={names[0]} odd={names[1]}",
        sorted(names),
        inputs,
        [names[state] for state in running[:, -1]],
        rationales,
    )


def _homographs(
    rng: np.random.Generator, shots: int, categories: int, share: float, domain: str | None
) -> Task:
    """Words of one domain with their categories' own names; some words read otherwise in the other domain."""
    _check("categories", categories, 2, 3)
    if domain is not None and domain not in DOMAINS:
        raise CourseError(f"there is no domain {domain!r}; use one of {', '.join(DOMAINS)}, or None")
    domain = domain or str(rng.choice(list(DOMAINS)))
    shown = _pick(rng, DOMAINS[domain], categories)
    reading = list(DOMAINS).index(domain)
    double = {c: [word for word, readings in HOMOGRAPHS.items() if readings[reading] == c] for c in shown}
    outputs = [shown[i] for i in rng.integers(categories, size=shots)]
    pools = [double[c] if rng.random() < share else WORDS[c] for c in outputs]
    inputs = [str(pool[rng.integers(len(pool))]) for pool in pools]
    labels = list(CATEGORIES)
    return _task("homographs", f"{domain} {' '.join(inputs)}", labels, inputs, outputs)


# name: (how one is drawn, the options with their defaults)
FAMILIES: dict[str, tuple[Callable[..., Task], dict[str, Any]]] = {
    "map": (_map, {"keys": 16, "labels": 4, "zipf": 0.0, "noise": 0.0}),
    "categories": (_categories, {"categories": 4, "names": "arbitrary", "noise": 0.0}),
    "linear": (_linear, {"dimensions": 2, "noise": 0.0}),
    "clusters": (_clusters, {"dimensions": 2, "clusters": 8, "noise": 0.0}),
    "parity": (_parity, {"noise": 0.0}),
    "homographs": (_homographs, {"categories": 3, "share": 0.3, "domain": None}),
}


def render(
    task: Task, separator: str = "\n", rationales: bool = False, unlabelled: int = 0
) -> tuple[str, list[bool]]:
    """The task as the text that nano-icl is trained on, and for each of its words whether it is to be predicted.

    "input output SEPARATOR input output SEPARATOR …". The first `unlabelled` shots are inputs only. With
    rationales "input rationale output SEPARATOR", and all but the input is to be predicted.
    """
    if rationales and task.rationales is None:
        raise CourseError(f"{task.family} has no rationales; only parity has")
    words: list[str] = []
    predicted: list[bool] = []

    def add(text: str, answer: bool) -> None:
        pieces = text.split(" ")
        words.extend(pieces)
        predicted.extend([answer] * len(pieces))

    for i, (question, answer) in enumerate(zip(task.inputs, task.outputs, strict=True)):
        add(question, False)
        if i >= unlabelled:
            if rationales and task.rationales:
                add(task.rationales[i], True)
            add(answer, True)
        add(separator, rationales)
    return " ".join(words), predicted
