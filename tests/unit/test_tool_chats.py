"""The referee of lab 01's open experiment: its chats, its rules, and the numbers that the model answer quotes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.data import word_problems
from course_utils.errors import CourseError
from course_utils.open import tool_chats

pytestmark = pytest.mark.slow  # loads the embedded model


@pytest.fixture(scope="module")
def chats():
    return tool_chats.training_chats(0)


def sampled(chats, spots):
    chosen = set(spots)
    return [[(n, t) in chosen for t in range(len(chat))] for n, chat in enumerate(chats)]


def own(chats):
    return [
        (n, t) for n, chat in enumerate(chats) for t, token in enumerate(chat) if token["role"] == "assistant"
    ]


def test_a_problem_becomes_calls_results_and_a_last_line():
    problem = {"question": "Q?", "answer": "Tom has 6*9 = $<<6*9=54>>54.\n#### 54"}
    assert [(turn["role"], turn["content"]) for turn in tool_chats.messages(problem)] == [
        ("user", "Q?"),
        ("assistant", "calc(6*9)"),
        ("tool", "54"),
        ("assistant", "#### 54"),
    ]


def test_chats_are_the_template_s_with_the_model_s_own_losses(chats):
    model, tokenizer = tool_chats._base()
    problem = word_problems.generate(1, 0)[0]
    turns = tool_chats.messages(problem)
    text = "".join(token["text"] for token in chats[0])
    assert text == tokenizer.apply_chat_template(turns, tokenize=False)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, :-1]
    expected = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
    assert [token["loss"] for token in chats[0][1:]] == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-3)
    written = "".join(token["text"] for token in chats[0] if token["role"] == "assistant")
    assert written == "".join(turn["content"] + "<|im_end|>" for turn in turns if turn["role"] == "assistant")


def test_training_and_held_out_problems_differ():
    train = {p["question"] for p in word_problems.generate(tool_chats.CHATS, 0)}
    test = {p["question"] for p in word_problems.generate(tool_chats.HELD_OUT_CHATS, 0, split="test")}
    assert not train & test


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (None, "not a NoneType"),
        ([[True, False]], "2 chats need a list of 2 lists of marks, not 1"),
        ([[True], [True, False]], "Chat 0 has 2 tokens"),
        ([True, False], "not a bool"),
        ([[True, False], [0.5, 0]], "Mark 0 of chat 1 is 0.5"),
        ([[True, False], [None, 0]], "Mark 0 of chat 1 is None"),
        ([[True, True], [True, False]], "3 tokens are in the loss, and the budget is 2"),
        ([[False, False], [False, False]], "nothing to learn"),
        ([[True, False], [True, False]], "nothing to learn"),  # nothing predicts a first token
        ([[False, True], [False, False]], ""),
        ([(0, 1), np.array([True, False])], ""),
    ],
)
def test_rules(marks, says):
    broken = tool_chats.broken_rule([[{}, {}], [{}, {}]], marks, 2)
    assert says in broken
    assert bool(says) == bool(broken)


def test_marks_that_break_a_rule_are_not_measured():
    with pytest.raises(CourseError, match="lists of marks"):
        tool_chats.held_out_loss(0, [])


def test_the_same_marks_give_the_same_loss_and_the_base_model_stays(chats):
    before = tool_chats._base()[0].lm_head.weight.detach().clone()
    marks = tool_chats.whole_text(chats, tool_chats.BUDGET)
    assert sum(map(sum, marks)) == tool_chats.BUDGET
    assert tool_chats.held_out_loss(0, marks) == tool_chats.held_out_loss(
        0, [[int(m) for m in row] for row in marks]
    )
    assert torch.equal(before, tool_chats._base()[0].lm_head.weight)


def test_the_numbers_of_the_model_answer():
    import random
    from collections import Counter

    def hardest(chats):
        return sorted(own(chats), key=lambda s: -chats[s[0]][s[1]]["loss"])[: tool_chats.BUDGET]

    def rare(chats):
        draw = random.Random(0)
        counts = Counter(chats[n][t]["text"] for n, t in own(chats))
        keys = {(n, t): draw.random() ** counts[chats[n][t]["text"]] ** 0.5 for n, t in own(chats)}
        return sorted(keys, key=lambda spot: -keys[spot])[: tool_chats.BUDGET]

    plans = {
        "hardest": hardest,
        "in order": lambda chats: own(chats)[: tool_chats.BUDGET],
        "sample": lambda chats: random.Random(0).sample(own(chats), tool_chats.BUDGET),
        "rare": rare,
    }
    losses = {name: [] for name in [*plans, "baseline"]}
    for seed in range(4):
        chats = tool_chats.training_chats(seed)
        for name, plan in plans.items():
            losses[name].append(tool_chats.held_out_loss(seed, sampled(chats, plan(chats))))
        losses["baseline"].append(
            tool_chats.held_out_loss(seed, tool_chats.whole_text(chats, tool_chats.BUDGET))
        )
    means = {name: np.mean(found) for name, found in losses.items()}
    wanted = {"hardest": 4.06, "baseline": 2.93, "in order": 1.98, "sample": 1.93, "rare": 1.84}
    assert means == pytest.approx(wanted, abs=0.02)
    for one, other in (("in order", "sample"), ("in order", "rare"), ("sample", "rare")):
        gaps = np.subtract(losses[one], losses[other])
        assert gaps.min() < 0 < gaps.max(), (one, other)
