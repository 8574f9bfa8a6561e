"""Lab 06's referee: what the pool holds, what a plan may return, and that the number is the model's accuracy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.data import icl_tasks
from course_utils.errors import CourseError
from course_utils.models import load_base
from course_utils.open import noisy_pool

pytestmark = pytest.mark.slow


def first(pool, labels):
    return pool[:32]


@pytest.mark.parametrize("family", noisy_pool.FAMILIES)
def test_a_pool_has_160_examples_of_which_three_in_ten_are_wrong(family):
    wrong = []
    for seed in range(40):
        task = noisy_pool.draw(family, seed)
        assert (len(task.pool), len(task.queries), len(task.answers)) == (160, 32, 32)
        assert task.labels == sorted(set(task.labels))
        assert {label for _, label in task.pool} | set(task.answers) <= set(task.labels)
        again = noisy_pool.draw(family, seed)
        assert again == task
        rng = np.random.default_rng([list(noisy_pool.FAMILIES).index(family), seed])
        clean = icl_tasks.draw(family, 1, 192, seed=int(rng.integers(2**31)), **noisy_pool.FAMILIES[family])[
            0
        ].clean
        assert clean[160:] == task.answers
        wrong += [shown != true for (_, shown), true in zip(task.pool, clean[:160], strict=True)]
    assert np.mean(wrong) == pytest.approx(0.3, abs=0.02)
    assert noisy_pool.draw(family, 2**127 + 1) != noisy_pool.draw(family, 2**127)


def test_the_accuracy_is_that_of_one_question_at_a_time():
    model, tokenizer = load_base("nano-icl")
    task = noisy_pool.draw("clusters", 5)
    shots = task.pool[:20]
    right = []
    for query, answer in zip(task.queries, task.answers, strict=True):
        prompt = "".join(f"{text} {label}\n" for text, label in shots) + query
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, -1]
        scores = logits[tokenizer.convert_tokens_to_ids(task.labels)]
        right.append(task.labels[int(scores.argmax())] == answer)
    assert noisy_pool.accuracy(shots, task) == pytest.approx(np.mean(right))
    assert 0 < np.mean(right) < 1


def test_clean_labels_are_worth_more_than_the_pools():
    """Over a few tasks of each family, so that the experiment has something to find."""
    gains = []
    for family in noisy_pool.FAMILIES:
        for seed in range(2):
            task = noisy_pool.draw(family, seed)
            known = dict(zip(task.queries, task.answers, strict=True))
            clean = list(known.items())[:32]
            gains.append(noisy_pool.accuracy(clean, task) - noisy_pool.play(first, family, seed))
    assert np.mean(gains) > 0.1


def test_no_shots_are_allowed_and_say_nothing():
    assert noisy_pool.play(lambda pool, labels: [], "map", 0) < 0.6


def test_a_plan_gets_copies():
    def plan(pool, labels):
        pool.clear()
        labels.clear()
        return []

    before = noisy_pool.play(lambda pool, labels: [], "map", 0)
    assert noisy_pool.play(plan, "map", 0) == before


@pytest.mark.parametrize(
    ("shots", "rule"),
    [
        (lambda pool, labels: pool[:33], "gave 33 demonstrations: at most 32"),
        (lambda pool, labels: None, "gave None: give a list"),
        (lambda pool, labels: "oak kip", "give a list of"),
        (lambda pool, labels: [3], "demonstration 0 is 3: give"),
        (lambda pool, labels: [pool[0], ("oak", 1)], "demonstration 1 is"),
        (lambda pool, labels: [("oak", "zzz")], "has the label 'zzz': use one of"),
        (lambda pool, labels: [("", labels[0])], "has the input ''"),
        (lambda pool, labels: [("oak\n", labels[0])], "has the input"),
        (lambda pool, labels: [("notaword", labels[0])], "has the input 'notaword'"),
        (lambda pool, labels: [("1 2 3", labels[0])], "has the input '1 2 3'"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(shots, rule):
    with pytest.raises(CourseError, match=rule):
        noisy_pool.play(shots, "map", 0)


def test_the_numbers_of_the_model_answer(solution):
    plan = solution(
        "06_many_shot_icl", "many_shot_icl-open-choose_shots", {"np": np, "noisy_pool": noisy_pool}
    )["choose_shots"]

    def equal_points_vote(pool, labels):
        votes = {}
        for text, label in pool:
            votes.setdefault(text, []).append(label)
        return [(text, max(labels, key=given.count)) for text, given in votes.items()][:32]

    def accuracy(plan, *families):
        return np.array([[noisy_pool.play(plan, family, seed) for seed in range(6)] for family in families])

    own, plain = (accuracy(one, *noisy_pool.FAMILIES) for one in (plan, first))
    assert (own.mean(), plain.mean()) == pytest.approx((0.89, 0.68), abs=0.005)
    gains = dict(zip(noisy_pool.FAMILIES, (own - plain).mean(1), strict=True))
    assert gains == pytest.approx(
        {"map": 0.34, "categories": 0.17, "clusters": 0.15, "linear": 0.17}, abs=0.006
    )
    numbers = ("clusters", "linear")
    lost = (accuracy(plan, *numbers) - accuracy(equal_points_vote, *numbers)).ravel()
    half = 2.2 * lost.std(ddof=1) / np.sqrt(len(lost))  # of Student's t with 11 degrees of freedom
    assert (lost.mean(), half) == pytest.approx((0.14, 0.11), abs=0.006)
