"""What nano-icl learns from its prompt: accuracy and NLL by shots on held-out tasks, against honest baselines.

One forward pass over a document scores every shot count: the answer after `s` shots is predicted from what
stands before it. At s shots we average over the answers after s to s + s/8 shots of each document.
Accuracy chooses among the task's labels, as a lab does; NLL is over the whole vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.stats import t as student_t

from course_utils.data import icl_tasks
from course_utils.data.icl_tasks import Task
from course_utils.data.icl_words import HOMOGRAPHS, SEPARATORS, THEREFORE, UNTRAINED_SEPARATOR, WORDS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SHOTS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
_CATEGORY = {word: category for category, words in WORDS.items() for word in words}


@dataclass(frozen=True)
class Measurement:
    """One line of the card: a family with its options, and the baselines that it is compared with."""

    family: str
    options: dict[str, Any] = field(default_factory=dict)
    baselines: tuple[str, ...] = ("majority",)
    words_per_shot: int = 3


def _linear(dimensions: int) -> Measurement:
    return Measurement(
        "linear", {"dimensions": dimensions}, ("majority", "nearest", "ridge"), words_per_shot=dimensions + 2
    )


def _clusters(dimensions: int) -> Measurement:
    return Measurement(
        "clusters",
        {"dimensions": dimensions},
        ("majority", "nearest", "ridge"),
        words_per_shot=dimensions + 2,
    )


_LOOK_UP = ("majority", "look-up")
MEASUREMENTS = {
    "map, 16 keys, 4 labels": Measurement("map", baselines=_LOOK_UP),
    "map, 40 keys, 8 labels": Measurement("map", {"keys": 40, "labels": 8}, _LOOK_UP),
    "map, 40 keys, 8 labels, Zipf": Measurement("map", {"keys": 40, "labels": 8, "zipf": 1.0}, _LOOK_UP),
    "categories, 4 arbitrary labels": Measurement("categories", baselines=_LOOK_UP),
    "categories, 4 arbitrary labels, 20 % noise": Measurement("categories", {"noise": 0.2}, _LOOK_UP),
    "categories, 4 default labels": Measurement("categories", {"names": "default"}, _LOOK_UP),
    "categories, 2 flipped labels": Measurement(
        "categories", {"names": "flipped", "categories": 2}, _LOOK_UP
    ),
    "categories, 4 flipped labels": Measurement("categories", {"names": "flipped"}, _LOOK_UP),
    "categories, 4 flipped labels, 20 % noise": Measurement(
        "categories", {"names": "flipped", "noise": 0.2}, _LOOK_UP
    ),
    **{f"linear, {d}-d": _linear(d) for d in (1, 2, 3, 4, 6, 8)},
    "clusters, 1-d": _clusters(1),
    "clusters, 2-d": _clusters(2),
    "clusters, 4-d": _clusters(4),
    "parity, direct": Measurement("parity", words_per_shot=icl_tasks.BITS + 2),
}
PARITY_SHOTS = (1, 2, 4, 8, 16, 32)
BARE_INPUTS = (0, 1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Budget:
    """How many documents per evaluation seed, and the seeds."""

    documents: int
    seeds: tuple[int, ...]


FULL = Budget(documents=24, seeds=(101, 102, 103, 104, 105))
QUICK = Budget(documents=24, seeds=(101,))

# (measurement, shots): (smallest, largest) accuracy allowed for the model that is shipped.
BANDS: dict[tuple[str, int], tuple[float, float]] = {
    ("map, 16 keys, 4 labels", 64): (0.93, 1.0),
    ("map, 40 keys, 8 labels", 64): (0.74, 0.92),
    ("categories, 4 arbitrary labels", 32): (0.93, 1.0),
    ("categories, 4 flipped labels", 64): (0.90, 1.0),
    ("categories, 4 flipped labels, 20 % noise", 64): (0.66, 0.88),
    ("linear, 2-d", 64): (0.83, 0.98),
    ("clusters, 2-d", 64): (0.75, 0.95),
    ("parity, direct", 32): (0.38, 0.60),
}


@torch.no_grad()
def score(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tasks: Sequence[Task], separator: str = "\n"
) -> tuple[np.ndarray, np.ndarray]:
    """(correct, nll): both (documents, shots); column s is the answer after s shots. One forward pass each."""
    correct, losses = [], []
    for task in tasks:
        text, predicted = icl_tasks.render(task, separator)
        ids = tokenizer(text, return_tensors="pt").input_ids.to(model.device)
        # The mask has no [bos]: position i of the mask is token i + 1, which token i predicts.
        before = torch.tensor(predicted, device=model.device).nonzero()[:, 0]
        log_probs = model(input_ids=ids, use_cache=False).logits[0, before].float().log_softmax(-1)
        gold = ids[0, before + 1]
        labels = torch.tensor(tokenizer.convert_tokens_to_ids(task.labels), device=model.device)
        correct.append((labels[log_probs[:, labels].argmax(-1)] == gold).float().cpu().numpy())
        losses.append(-log_probs.gather(1, gold[:, None])[:, 0].cpu().numpy())
    return np.array(correct), np.array(losses)


def at(values: np.ndarray, shots: int) -> float:
    """The mean of (documents, shots) `values` over the answers after `shots` to `shots + shots // 8` shots."""
    return float(values[:, shots : shots + max(1, shots // 8)].mean())


def majority(task: Task) -> np.ndarray:
    """(shots,) chance of being right with the label seen most often so far; ties and no shot: a fair draw."""
    counts = dict.fromkeys(task.labels, 0)
    right = []
    for output in task.outputs:
        best = [label for label, count in counts.items() if count == max(counts.values())]
        right.append((output in best) / len(best))
        counts[output] += 1
    return np.array(right)


def look_up(task: Task) -> np.ndarray:
    """(shots,) chance of being right for somebody who knows the kind of task and remembers every shot.

    A key (for categories the word's category) seen before: its label seen most often. Else a fair draw, for
    categories among the labels not yet taken.
    """
    seen: dict[str, dict[str, int]] = {}
    right = []
    for word, output in zip(task.inputs, task.outputs, strict=True):
        key = _CATEGORY[word] if task.family == "categories" else word
        counts = seen.setdefault(key, {})
        if counts:
            best = [label for label, count in counts.items() if count == max(counts.values())]
        elif task.family == "categories":
            taken = {max(c, key=c.__getitem__) for c in seen.values() if c}
            best = [label for label in task.labels if label not in taken] or task.labels
        else:
            best = task.labels
        right.append((output in best) / len(best))
        counts[output] = counts.get(output, 0) + 1
    return np.array(right)


def _points(task: Task) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[float(number) for number in text.split()] for text in task.inputs])
    return points, np.array([task.labels.index(output) for output in task.outputs])


def nearest(task: Task) -> np.ndarray:
    """(shots,) whether the nearest shot so far has the right label (ties: the latest). Shot 0: chance."""
    points, labels = _points(task)
    right = [1 / len(task.labels)]
    for s in range(1, len(points)):
        distances = ((points[:s] - points[s]) ** 2).sum(1)
        last = s - 1 - int(distances[::-1].argmin())
        right.append(float(labels[last] == labels[s]))
    return np.array(right)


def ridge(task: Task, penalty: float = 1.0) -> np.ndarray:
    """(shots,) whether ridge regression on one-hot labels, fitted to the shots so far, is right. Shot 0: chance."""
    points, labels = _points(task)
    features = np.c_[(points - 7.5) / 4.6, np.ones(len(points))]
    targets = np.eye(len(task.labels))[labels]
    moments, products = penalty * np.eye(features.shape[1]), np.zeros((features.shape[1], targets.shape[1]))
    right = [1 / len(task.labels)]
    for s in range(1, len(points)):
        moments += np.outer(features[s - 1], features[s - 1])
        products += np.outer(features[s - 1], targets[s - 1])
        right.append(float((features[s] @ np.linalg.solve(moments, products)).argmax() == labels[s]))
    return np.array(right)


BASELINES: dict[str, Callable[[Task], np.ndarray]] = {
    "majority": majority,
    "look-up": look_up,
    "nearest": nearest,
    "ridge": ridge,
}


def over_seeds(values: Sequence[float]) -> dict[str, float]:
    """Mean and 95 % interval (Student's t) of one value per evaluation seed; no interval for a single seed."""
    mean = float(np.mean(values))
    half = 0.0
    if len(values) > 1:
        half = float(student_t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return {"value": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def most_shots(words_per_shot: int, context: int) -> int:
    """How many answered shots fit into the context, [bos] included."""
    return (context - 1) // words_per_shot


def shot_counts(words_per_shot: int, context: int) -> list[int]:
    """The SHOTS that fit: after them there must be room for one answer more."""
    return [s for s in SHOTS if s < most_shots(words_per_shot, context)]


def measure_curve(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, budget: Budget
) -> dict[str, Any]:
    """{"accuracy": {shots: share}, "nll": …, "baselines": {name: {shots: share}}} of MEASUREMENTS[name]."""
    what = MEASUREMENTS[name]
    context = model.config.max_position_embeddings
    counts = shot_counts(what.words_per_shot, context)
    length = min(most_shots(what.words_per_shot, context), counts[-1] + max(1, counts[-1] // 8))
    values: dict[str, dict[int, list[float]]] = {}
    for seed in budget.seeds:
        tasks = icl_tasks.draw(what.family, budget.documents, length, seed, **what.options)
        correct, nll = score(model, tokenizer, tasks)
        arrays = {"accuracy": correct, "nll": nll}
        arrays |= {key: np.array([BASELINES[key](task) for task in tasks]) for key in what.baselines}
        for key, array in arrays.items():
            for shots in counts:
                values.setdefault(key, {}).setdefault(shots, []).append(at(array, shots))
    summary = {key: {str(s): over_seeds(v) for s, v in by.items()} for key, by in values.items()}
    return {
        "accuracy": summary.pop("accuracy"),
        "nll": summary.pop("nll"),
        "baselines": summary,
    }


@torch.no_grad()
def continuations(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], tokens: int
) -> list[list[str]]:
    """The next `tokens` words of each prompt, greedily."""
    batch = tokenizer(list(prompts), return_tensors="pt", padding=True).to(model.device)
    out = model.generate(**batch, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False)
    return [tokenizer.convert_ids_to_tokens(row) for row in out[:, batch["input_ids"].shape[1] :]]


def parity_with_rationales(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, shots: int, documents: int, seed: int
) -> dict[str, float]:
    """Shares of queries with the right answer, and with the right rationale, written by the model itself."""
    tasks = icl_tasks.draw("parity", documents, shots + 1, seed)
    prompts = []
    for task in tasks:
        lines = [
            f"{question} {working} {answer}"
            for question, working, answer in zip(
                task.inputs, task.rationales or [], task.outputs, strict=True
            )
        ]
        prompts.append("\n".join([*lines[:-1], task.inputs[-1]]))
    answers = rationales = 0
    for task, words in zip(tasks, continuations(model, tokenizer, prompts, icl_tasks.BITS + 2), strict=True):
        written = " ".join(words[: words.index(THEREFORE) + 1]) if THEREFORE in words else ""
        answer = words[words.index(THEREFORE) + 1 :][:1] if written else []
        answers += answer == [task.outputs[-1]]
        rationales += written == (task.rationales or [])[-1]
    return {"answer": answers / documents, "rationale": rationales / documents}


@torch.no_grad()
def homographs_after_inputs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, inputs: int, documents: int, seed: int
) -> float:
    """Accuracy on a homograph after `inputs` bare inputs of its domain and no labelled shot."""
    correct = 0
    for task in icl_tasks.draw("homographs", documents, inputs + 40, seed):
        query = next(i for i in range(inputs, inputs + 40) if task.inputs[i] in HOMOGRAPHS)
        text = "\n".join([*task.inputs[:inputs], task.inputs[query]])
        ids = tokenizer(text, return_tensors="pt").input_ids.to(model.device)
        scores = model(input_ids=ids, use_cache=False).logits[0, -1]
        labels = tokenizer.convert_tokens_to_ids(task.labels)
        correct += task.labels[int(scores[labels].argmax())] == task.outputs[query]
    return correct / documents


def measure_separators(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, budget: Budget, shots: int = 16
) -> dict[str, dict[str, float]]:
    """Accuracy after `shots` shots of categories with arbitrary labels, for each separator."""
    measured = {}
    for separator in (*SEPARATORS, UNTRAINED_SEPARATOR):
        values = []
        for seed in budget.seeds:
            tasks = icl_tasks.draw("categories", budget.documents, shots + shots // 8, seed)
            values.append(at(score(model, tokenizer, tasks, separator)[0], shots))
        measured[separator] = over_seeds(values)
    return measured


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, budget: Budget) -> dict[str, Any]:
    """Everything that the card shows about one model."""
    measured: dict[str, Any] = {
        "curves": {name: measure_curve(model, tokenizer, name, budget) for name in MEASUREMENTS}
    }
    parity: dict[str, dict[str, Any]] = {"answer": {}, "rationale": {}}
    for shots in PARITY_SHOTS:
        runs = [
            parity_with_rationales(model, tokenizer, shots, budget.documents, seed) for seed in budget.seeds
        ]
        for key, by_shots in parity.items():
            by_shots[str(shots)] = over_seeds([run[key] for run in runs])
    measured["parity with rationales"] = parity
    measured["homographs"] = {
        str(inputs): over_seeds(
            [
                homographs_after_inputs(model, tokenizer, inputs, budget.documents, seed)
                for seed in budget.seeds
            ]
        )
        for inputs in BARE_INPUTS
    }
    measured["separators"] = measure_separators(model, tokenizer, budget)
    return measured


def compare_with_bands(measured: dict[str, Any]) -> list[str]:
    """One line per band: the value, the band, and whether it holds."""
    lines = []
    for (name, shots), (low, high) in BANDS.items():
        value = measured["curves"][name]["accuracy"][str(shots)]["value"]
        verdict = "ok" if low <= value <= high else "OUTSIDE"
        lines.append(f"{name}, {shots} shots: {value:.3f}  band {low:.2f} to {high:.2f}  {verdict}")
    return lines
