"""Intervals, pass@k, clean ends, and the evaluation's bookkeeping."""

from __future__ import annotations

import itertools

import pytest
from scipy.stats import binomtest

from course_utils import evaluation
from course_utils.errors import CourseError
from course_utils.evaluation import evaluate, pass_at_k, stops_cleanly, wilson_interval
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
