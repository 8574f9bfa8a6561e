"""Intervals, pass@k, clean ends, and the evaluation's bookkeeping."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from course_utils import evaluation
from course_utils.errors import CourseError
from course_utils.evaluation import (
    Difference,
    evaluate,
    paired_difference,
    pass_at_k,
    share_difference,
    share_interval,
    stops_cleanly,
    wilson_interval,
)
from course_utils.generation import Completion


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (10, 10), (1, 3), (50, 200), (660, 1319)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_interval_is_scipys(correct: int, n: int, confidence: float) -> None:
    expected = binomtest(correct, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_lies_in_its_own_interval() -> None:
    """At 0 and n rounding would put it outside by 1e-16, and an error bar of negative length is refused."""
    for n in range(1, 200):
        assert wilson_interval(0, n)[0] == 0.0
        assert wilson_interval(n, n)[1] == 1.0


def test_half_of_gsm8ks_test_problems_is_known_to_2_7_points() -> None:
    low, high = wilson_interval(660, 1319)
    assert (high - low) / 2 == pytest.approx(0.027, abs=5e-4)


@pytest.mark.parametrize(("correct", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_interval_refuses_what_is_no_share(correct: int, n: int) -> None:
    with pytest.raises(CourseError, match=str(correct)):
        wilson_interval(correct, n)


def test_pass_at_k_is_the_share_of_k_subsets_with_a_correct_one() -> None:
    for n, c in itertools.product(range(1, 7), range(7)):
        if c > n:
            continue
        for k in range(1, n + 1):
            subsets = list(itertools.combinations([True] * c + [False] * (n - c), k))
            assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, 1, 5), (4, 1, 0), (4, -1, 1)])
def test_pass_at_k_refuses_impossible_counts(n: int, c: int, k: int) -> None:
    with pytest.raises(CourseError, match=f"pass@{k}"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("text", "stopped", "expected"),
    [
        ("1+1 = 2\n#### 2", True, True),
        ("#### 2 ", True, True),
        ("#### 2", False, False),
        ("#### 2\nTom has 3 apples.", True, False),
        ("#### 2\n#### 3", True, False),
        ("2", True, False),
        ("####", True, False),
    ],
)
def test_stops_cleanly(text: str, stopped: bool, expected: bool) -> None:
    assert stops_cleanly(Completion(text, (), stopped)) is expected


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    """Replaces the model: the completions of each problem are given."""

    def script(texts: list[list[str]]) -> None:
        made = [[Completion(text, (1,), not text.endswith("…")) for text in group] for group in texts]
        monkeypatch.setattr(evaluation, "generate", lambda *args, **kwargs: made)

    return script


def test_evaluate_counts_each_rate_by_itself(scripted) -> None:
    """Right and clean; right in another format; right but running on; wrong."""
    scripted([["#### 5"], ["The answer is 5."], ["#### 5\nAnother question…"], ["#### 6"]])
    problems = [{"question": "q", "answer": "#### 5"}] * 4
    result = evaluate(None, None, problems, prompt=lambda question, _: question)
    assert result.correct == [1, 0, 1, 0]
    assert (result.accuracy, result.any_accuracy) == (0.5, 0.75)
    assert (result.format_rate, result.stop_rate, result.clean_rate) == (0.75, 0.75, 0.5)
    assert result.interval == wilson_interval(2, 4)
    assert (result.n, result.samples) == (4, 1)


def test_evaluate_counts_samples_per_problem(scripted) -> None:
    scripted([["#### 5", "#### 6", "#### 5", "x"], ["x", "x", "x", "x"]])
    problems = [{"question": "q", "answer": "#### 5"}] * 2
    result = evaluate(None, None, problems, prompt=lambda question, _: question, samples=4, temperature=1.0)
    assert result.correct == [2, 0]
    assert result.accuracy == 0.25
    assert result.pass_at(1) == 0.25
    assert result.pass_at(4) == 0.5
    assert result.pass_at(2) == pytest.approx((1 - 1 / 6) / 2)


def test_evaluate_needs_problems() -> None:
    with pytest.raises(CourseError, match="no problems"):
        evaluate(None, None, [])


@pytest.mark.parametrize("right", [0, 1, 7, 20])
def test_one_answer_a_cluster_gives_wilsons_interval_but_for_few_clusters(right: int) -> None:
    answers = [1] * right + [0] * (20 - right)
    mean, low, high = share_interval(answers)
    plain_low, plain_high = wilson_interval(right, 20)
    assert mean == pytest.approx(right / 20)
    assert plain_low - 0.03 < low <= plain_low + 1e-9
    assert plain_high - 1e-9 <= high < plain_high + 0.03


def test_a_share_interval_counts_clusters_and_not_answers() -> None:
    """Ten tasks of a hundred queries that are all right or all wrong know no more than ten answers."""
    lumps = [1.0] * 6 + [0.0] * 4
    spread = [0.62, 0.58, 0.6, 0.61, 0.59, 0.6, 0.6, 0.57, 0.63, 0.6]
    (_, low, high), (_, narrow_low, narrow_high) = share_interval(lumps), share_interval(spread)
    assert high - low > 0.5 > 0.1 > narrow_high - narrow_low


def test_a_share_interval_is_not_empty_where_all_clusters_agree() -> None:
    mean, low, high = share_interval([1.0] * 48)
    assert (mean, high) == (1.0, 1.0)
    assert 0.9 < low < 0.95
    assert share_interval([0.25] * 48) == (0.25, 0.25, 0.25)  # the share of a guess is no measurement


def test_a_share_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(16, rng.beta(9, 1, (400, 16))) / 16  # sixteen tasks near 0.9, sixteen queries each
    held = [low <= 0.9 <= high for _, low, high in map(share_interval, draws)]
    assert 0.92 < np.mean(held) < 0.98


@pytest.mark.parametrize(
    ("shares", "says"), [([0.5], "two or more"), ([[0.5, 0.5]], "two or more"), ([0.5, 1.2], "1.2")]
)
def test_a_share_interval_refuses_what_has_no_spread_and_what_is_no_share(shares: list, says: str) -> None:
    with pytest.raises(CourseError, match=says):
        share_interval(shares)


def test_a_paired_difference_is_students() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.3, 1, 12), rng.normal(0, 1, 12)
    expected = ttest_rel(one, other).confidence_interval(0.95)
    found = paired_difference(one, other)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    joint = ttest_rel(one, other).confidence_interval(1 - 0.05 / 12)
    assert paired_difference(one, other, comparisons=12)[1:] == pytest.approx((joint.low, joint.high))


def test_pairs_see_what_two_intervals_do_not() -> None:
    tasks = np.linspace(0.2, 0.9, 15)
    better = tasks + 0.05 + 0.01 * np.cos(np.arange(15))
    (_, _, high), (_, low, _) = share_interval(tasks), share_interval(better)
    assert low < high
    assert paired_difference(better, tasks).low > 0


@pytest.mark.parametrize(
    ("difference", "says"),
    [
        (Difference(0.1, 0.02, 0.18), "better"),
        (Difference(-0.1, -0.18, -0.02), "worse"),
        (Difference(0.1, -0.02, 0.22), "no clear difference"),
        (Difference(0.0, 0.0, 0.0), "no clear difference"),
    ],
)
def test_a_difference_says_one_of_three_things(difference: Difference, says: str) -> None:
    assert difference.say("better", "worse") == says


def test_a_difference_shows_its_signs() -> None:
    assert str(Difference(0.1, -0.02, 0.22)) == "+0.100 [-0.020, +0.220]"


def test_shares_that_never_differ_leave_room_for_a_difference() -> None:
    alike = [1.0] * 12 + [0.0] * 4
    seen = binomtest(0, 16).proportion_ci(0.95, method="exact")
    assert share_difference(alike, alike) == pytest.approx((0, -seen.high, seen.high))
    assert paired_difference(alike, alike) == (0, 0, 0)  # what it is there for
    assert share_difference([1.0, 0.5, 0.0], [0.5, 0.5, 0.0]) == paired_difference([1, 0.5, 0], [0.5, 0.5, 0])
    beyond = paired_difference([1.0, 1.0, 0.5], [0.0, 0.0, 0.0])
    assert beyond.high > 1
    assert share_difference([1.0, 1.0, 0.5], [0.0, 0.0, 0.0]) == (beyond.mean, beyond.low, 1.0)
    assert share_difference([0.0, 0.0, 0.0], [1.0, 1.0, 0.5]) == (-beyond.mean, -1.0, -beyond.low)


@pytest.mark.parametrize("difference", [paired_difference, share_difference])
@pytest.mark.parametrize(("one", "other"), [([1, 2], [1, 2, 3]), ([1], [2]), ([[1, 2]], [[1, 2]])])
def test_a_difference_needs_pairs(difference, one: list, other: list) -> None:
    with pytest.raises(CourseError, match="no pairs"):
        difference(one, other)
