"""The token source: its entropy is exact, and no sample or model contradicts it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.errors import CourseError
from course_utils.scaling.source import MarkovSource


@pytest.fixture(scope="module")
def source() -> MarkovSource:
    return MarkovSource()


def test_entropy_by_hand() -> None:
    """Two habits only, and every token has one successor: with chance 1/2 the next token is fixed, else it is drawn.

    The mixture's entropy is then that of p/2 with 1/2 added at the successor, averaged over what came before.
    """
    chain = MarkovSource(seed=3, vocabulary=4, weights=(0.5, 0.5, 0.0), unigram_power=1.0, successors=1)
    p = np.array([1, 1 / 2, 1 / 3, 1 / 4]) / (25 / 12)
    after = chain.conditional[0]  # the token before last has no say
    assert np.array_equal(chain.conditional, np.broadcast_to(after, (4, 4, 4)))
    successor = (after - p / 2).argmax(axis=1)
    rows = p / 2 + 0.5 * np.eye(4)[successor]
    np.testing.assert_allclose(after, rows, atol=1e-15)
    # stationary distribution of a chain of single tokens: a left eigenvector
    values, vectors = np.linalg.eig(rows.T)
    pi = np.real(vectors[:, np.argmax(np.real(values))])
    pi /= pi.sum()
    np.testing.assert_allclose(chain.stationary.sum(axis=0), pi, atol=1e-12)
    assert chain.entropy == pytest.approx(-(pi @ (rows * np.log(rows)).sum(axis=1)), abs=1e-12)


def test_independent_tokens_have_the_entropy_of_their_distribution() -> None:
    chain = MarkovSource(vocabulary=8, weights=(1.0, 0.0, 0.0), unigram_power=0.0)
    assert chain.entropy == pytest.approx(np.log(8), abs=1e-12)


def test_probabilities_are_probabilities(source: MarkovSource) -> None:
    assert source.conditional.shape == (128, 128, 128)
    np.testing.assert_allclose(source.conditional.sum(axis=2), 1.0, atol=1e-12)
    assert source.conditional.min() > 0
    moved = np.einsum("ab,abx->bx", source.stationary, source.conditional)
    np.testing.assert_allclose(moved, source.stationary, atol=1e-14)
    assert source.stationary.sum() == pytest.approx(1.0)


def test_a_sample_is_as_surprising_as_the_entropy_says(source: MarkovSource) -> None:
    """Monte Carlo: mean surprise over 1.3M tokens within four standard errors of it, sequences being independent."""
    each = source.surprise(source.sample(20_000, 66, seed=5)).mean(dim=1)
    error = float(each.std()) / len(each) ** 0.5
    assert error < 0.003
    assert float(each.mean()) == pytest.approx(source.entropy, abs=4 * error)


def test_samples_follow_the_table() -> None:
    """Counts of three tokens in a row, at every place of the sequence, against their exact probabilities."""
    chain = MarkovSource(seed=1, vocabulary=5, successors=3)
    tokens = chain.sample(40_000, 6, seed=2).numpy()
    expected = chain.stationary[:, :, None] * chain.conditional
    for place in range(4):
        counts = np.zeros((5, 5, 5))
        np.add.at(counts, tuple(tokens[:, place : place + 3].T), 1)
        chi = ((counts - 40_000 * expected) ** 2 / (40_000 * expected)).sum()
        assert chi < 124 + 5 * (2 * 124) ** 0.5, (place, chi)


def test_samples_repeat_by_their_seed(source: MarkovSource) -> None:
    first = source.sample(4, 10, seed=(7, 1))
    assert first.shape == (4, 10)
    assert first.dtype == torch.int64
    assert torch.equal(first, MarkovSource().sample(4, 10, seed=(7, 1)))
    assert not torch.equal(first, source.sample(4, 10, seed=(7, 2)))
    assert MarkovSource(seed=1).entropy != source.entropy
    assert source.surprise(first).shape == (4, 8)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"vocabulary": 3}, "vocabulary = 3 is outside 4 to 256"),
        ({"vocabulary": 50_000}, "vocabulary = 50000"),
        ({"weights": (0.5, 0.5)}, "no mixture"),
        ({"weights": (0.0, 0.4, 0.6)}, "first above 0"),
        ({"weights": (0.3, 0.3, 0.3)}, "sum to 1"),
        ({"successors": 0}, "successors = 0"),
    ],
)
def test_bad_sources(options: dict, text: str) -> None:
    with pytest.raises(CourseError, match=text):
        MarkovSource(**options)


def test_bad_samples(source: MarkovSource) -> None:
    with pytest.raises(CourseError, match="0 sequences of length 8"):
        source.sample(0, 8, seed=0)
    with pytest.raises(CourseError, match="length 1 cannot be drawn"):
        source.sample(3, 1, seed=0)
    with pytest.raises(CourseError, match="seed = -1"):
        source.sample(3, 8, seed=-1)
