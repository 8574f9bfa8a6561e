"""Every lab's tests reject its wrong answers, with the right message, and accept its right ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from course_utils.course import Lab, load_course
from course_utils.grading.author.verify import show_matrix, verify_tests

ROOT = Path(__file__).resolve().parents[2]
# Sentences of docstrings that promise nothing: what an argument is, and where a definition comes from.
PROMISE_NOTHING = {
    "logits: (T, V) float32, one row of scores per prediction.",
    "Labels for one prompt-completion example.",
    'examples: dicts with "input_ids" and "labels", both (T_i,) int64.',
    'batch: {"input_ids", "attention_mask", "labels"}, each (B, T) int64, as collate returns it.',
    "rank: r.",
    "config: as in count_lora_parameters.",
    "(The definition of Shuttleworth et al. 2024, arXiv 2410.21228.)",
    'runs: those bought so far, in order, each {"n", "d", "loss"}; flops_left: of oracle.BUDGET.',
    "After 24 runs you are not asked again.",
    "runs: all that were bought, as for next_run.",
    "Which tokens of chats with tool calls enter the loss.",
    "budget: how many tokens may be in the loss, at least 1.",
    "To beat: `tool_chats.whole_text`.",
    'chats: for each chat its tokens, dicts with `text` (str), `role` ("user", "tool", "assistant": what the '
    'model must write itself, its end token too, or "template": what the chat template adds), `turn` (int, '
    "from 0) and `loss` "
    "(float, nats of the model before training).",
    "Which examples of a pool a model is fine-tuned on.",
    "Most have a flaw.",
    "To beat, by 0.002 nats per token: the first 100, `training_pool.as_they_come`.",
    "Which of a model's own texts to train on.",
    'problems: dicts with "question" and "answer", the right number alone, as "#### 12".',
    'pool: (input, label) pairs; an input is one word or number, or two numbers as in "7 14".',
}


@pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)
def test_tests_of(lab: Lab) -> None:
    matrix = verify_tests(lab, root=ROOT, visible=False)
    shown = io.StringIO()
    show_matrix(matrix, Console(file=shown, width=140))
    assert matrix.ok, "\n" + shown.getvalue()
    untested = {sentence for row in matrix.rows for sentence in row.unbroken} - PROMISE_NOTHING
    assert not untested, "no wrong answer says (`# breaks:`) that it does not keep to these sentences"
