"""Lab 03's referee: what the pool holds, what a plan may return, and that the number is the trained model's loss."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest
import torch

from course_utils import results
from course_utils.data import word_problems
from course_utils.data.answers import parse_answer
from course_utils.data.calculator import check_calculator
from course_utils.data.word_problems import Line, Problem
from course_utils.errors import CourseError
from course_utils.open import training_pool

pytestmark = pytest.mark.slow

TWO_STEPS = Problem(
    ("Tom has 3 cards.", "He buys 4 more.", "Then he loses 2 cards.", "How many are left?"),
    (Line("Tom has {calc} cards.", 3, "+", 4, 7), Line("Now Tom has {calc}.", 7, "-", 2, 5)),
)


@pytest.mark.parametrize(
    ("flaw", "answer"),
    [
        (training_pool._no_annotations, "Tom has 3+4 = 7 cards.\nNow Tom has 7-2 = 5.\n#### 5"),
        (
            training_pool._no_mark,
            "Tom has 3+4 = <<3+4=7>>7 cards.\nNow Tom has 7-2 = <<7-2=5>>5.\nThe answer is 5.",
        ),
        (training_pool._no_steps, "#### 5"),
    ],
)
def test_a_flaw_is_what_its_name_says(flaw, answer):
    assert flaw(TWO_STEPS, random.Random(0)) == {"question": TWO_STEPS.question, "answer": answer}


def test_another_number_leaves_the_steps():
    for seed in range(20):
        steps, mark, number = training_pool._other_number(TWO_STEPS, random.Random(seed))["answer"].partition(
            "#### "
        )
        assert steps + mark == TWO_STEPS.answer.removesuffix("5")
        assert int(number) > 0 != int(number) - 5


def test_a_pool_holds_600_sound_problems_and_the_flaws():
    pool = training_pool.pool(3)
    assert pool == training_pool.pool(3) != training_pool.pool(4)
    assert {word_problems.split_of(example["question"]) for example in pool} == {"train"}
    answers = [example["answer"] for example in pool]
    assert len(answers) == 2000
    assert sum(parse_answer(answer) is None for answer in answers) == 300
    assert sum(not check_calculator(answer) for answer in answers) == 200 + 300
    assert sum(answer.startswith("####") for answer in answers) == 300
    wrong_number = wrong_step = 0
    for answer in answers:
        checked = check_calculator(answer)
        if checked and (number := parse_answer(answer)):
            wrong_step += not all(right for _, right in checked)
            wrong_number += number != checked[-1].text.split("=")[1]
    assert wrong_number == 200
    assert 90 < wrong_step < 190  # of the 300 careless ones, the slips
    stories = Counter(
        (tuple(w for w in example["question"].split() if w.isdigit()), example["answer"].count("\n"))
        for example in pool
        if "####" in example["answer"]
    )
    assert sum(count - 1 for count in stories.values()) >= 90


def test_a_copy_is_sound_and_told_of_somebody_else():
    example = word_problems.generate(1, 5, (3, 3))[0]
    told = training_pool._told_of_another(
        {part: example[part] for part in ("question", "answer")}, random.Random(0)
    )
    assert told["question"] != example["question"]
    assert parse_answer(told["answer"]) == parse_answer(example["answer"])
    assert all(right for _, right in check_calculator(told["answer"]))
    differ = {
        (a, b) for a, b in zip(told["question"].split(), example["question"].split(), strict=True) if a != b
    }
    assert len({(a.strip(".,'s"), b.strip(".,'s")) for a, b in differ}) == 1


def test_each_number_of_steps_is_as_common_in_the_pool_as_among_the_problems_that_count():
    whole = [example["answer"] for example in training_pool._pool(3) if "The answer is" in example["answer"]]
    steps = [len(check_calculator(answer)) for answer in whole]
    assert len(steps) == 300 == sum(steps.count(count) for count in training_pool.STEPS)
    assert all(35 < steps.count(count) < 85 for count in training_pool.STEPS)
    assert [len(rows) for rows in training_pool._held_out(3)] == [10] * 5


def test_a_plan_gets_copies():
    pool = training_pool.pool(3)
    pool[0]["answer"] = "#### 0"
    pool.reverse()
    assert training_pool.pool(3) == training_pool._pool(3) != pool


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        (None, "the plan gave None: give a list"),
        (3, "the plan gave 3: give a list"),
        ({1, 2}, "give a list of places"),
        (np.arange(3), "give a list of places"),
        ([], "nothing to learn"),
        (list(range(101)), "chose 101 examples: at most 100"),
        ([0, 1.0], "1.0 is no place"),
        ([True], "True is no place"),
        (["0"], "'0' is no place"),
        ([None], "None is no place"),
        ([0, -1], "no example -1"),
        ([2000], "no example 2000"),
        ([5, 7, 5], "example 5 is chosen more than once"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(chosen, rule):
    with pytest.raises(CourseError, match=rule) as refused:
        training_pool.held_out_loss(chosen, 0)
    assert "\n" not in str(refused.value)


def test_the_loss_is_that_of_the_solutions_one_at_a_time(monkeypatch):
    """And training changes a copy of the model, the same for the same choice in whatever order."""
    monkeypatch.setattr(training_pool, "TRAINING_STEPS", 0)
    monkeypatch.setattr(training_pool, "HELD_OUT", 3)
    training_pool._measured.cache_clear()
    try:
        model, tokenizer = training_pool._base()
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        untrained = training_pool.held_out_loss([0], 3)
        losses: list[float] = []
        for ids, prompt in itertools.chain(*training_pool._held_out(3)):
            assert tokenizer.decode(ids[-1:]) == tokenizer.eos_token
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids])).logits[0, prompt - 1 : -1]
            losses += torch.nn.functional.cross_entropy(
                logits, torch.tensor(ids[prompt:]), reduction="none"
            ).tolist()
        assert untrained == pytest.approx(np.mean(losses), rel=1e-4)
        monkeypatch.setattr(training_pool, "TRAINING_STEPS", 2)
        training_pool._measured.cache_clear()
        trained = training_pool.held_out_loss([4, 9, 2], 3)
        training_pool._measured.cache_clear()
        assert training_pool.held_out_loss((9, np.int64(2), 4), 3) == trained != untrained
        assert training_pool.held_out_loss([4, 9, 3], 3) != trained
        assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
    finally:
        training_pool._measured.cache_clear()


def test_the_numbers_of_the_model_answer_are_the_recorded_ones(model_answer):
    open_run = results.load("03_gsm8k")["open"]
    essay = model_answer("03_gsm8k", "gsm8k-essay-experiment")
    assert open_run["seeds"] == 5
    for name, found in open_run["losses"].items():
        assert f"{np.mean(found):.3f}" in essay, name
    for name, (mean, low, high) in open_run["gaps"].items():
        assert f"{abs(mean):.3f} [{-high:.3f}, {-low:.3f}]" in essay, name
    gained = np.subtract(open_run["losses"]["baseline: the first 100"], open_run["losses"]["your choice"])
    assert sorted(gained > 0.001) == [False, True, True, True, True], (
        "on one of the five it gained next to nothing"
    )
