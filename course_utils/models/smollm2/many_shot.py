"""Lab 06's first question, asked of the real model: does it find out from the examples in its prompt which task it is?

Here one pass over each document answers it. The lab asks thousands of prompts, too many for such a model on a CPU; so
it keeps `nano-icl` in the profile `real`, and the model's card shows this in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.data import icl_tasks
from course_utils.evaluation import share_interval

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LETTERS = ("A", "B", "C", "D")  # in place of labels that the tokenizer cuts into pieces
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "map, 16 keys": ("map", {"keys": 16, "labels": len(LETTERS)}),
    "categories": ("categories", {"categories": len(LETTERS)}),
}
BEFORE = ((0, 1), (1, 4), (4, 16), (16, 64))  # shots shown before the answer, from and below
DOCUMENTS = 10


def answers(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, task: icl_tasks.Task) -> np.ndarray:
    """For each shot whether the right label comes first among the task's, given the shots before it. (shots,) bool."""
    import torch

    letter = dict(zip(task.labels, LETTERS, strict=True))
    options = [tokenizer(f" {name}", add_special_tokens=False)["input_ids"][0] for name in LETTERS]
    ids: list[int] = []
    places, gold = [], []
    for text, label in zip(task.inputs, task.outputs, strict=True):
        ids += tokenizer(text, add_special_tokens=False)["input_ids"]
        places.append(len(ids) - 1)  # where the label is predicted
        gold.append(LETTERS.index(letter[label]))
        ids += tokenizer(f" {letter[label]}\n", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids], device=model.device)).logits[0, places]
    return logits[:, options].argmax(-1).cpu().numpy() == gold


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, documents: int = DOCUMENTS
) -> dict[str, list[list[float]]]:
    """family -> for each range of BEFORE the accuracy, and its interval over documents: [mean, low, high]."""
    found = {}
    for name, (family, options) in FAMILIES.items():
        tasks = icl_tasks.draw(family, documents, BEFORE[-1][1], seed=0, **options)
        right = np.array([answers(model, tokenizer, task) for task in tasks], dtype=float)
        found[name] = [list(share_interval(right[:, start:end].mean(1))) for start, end in BEFORE]
    return found
