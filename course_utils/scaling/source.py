"""A source of tokens whose entropy is known exactly: what is left of the loss of a perfect model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from course_utils.errors import CourseError

LARGEST_VOCABULARY = 256  # the table of probabilities has vocabulary³ entries
# The stationary distribution is found when no pair's probability moves by more than this.
STATIONARY = 1e-15


class MarkovSource:
    """A Markov chain of order 2 that mixes three habits, as interpolated n-gram models do.

    P(x | a, b) = w1 · p(x) + w2 · p(x | b) + w3 · p(x | a, b): a Zipfian distribution of single tokens, one of
    successors of each token and one of successors of each pair. The first is learned at once, the second
    by any model, and the third, V² little tables, bit by bit: the more parameters and tokens, the more.

    vocabulary: V. weights: of the three habits. unigram_power, successor_power: Zipf exponents of single
    tokens and of successors. successors: how many each token and each pair has (drawn with repeats).
    Raises CourseError for a vocabulary outside 4 … 256 and weights that are not a distribution.
    """

    def __init__(
        self,
        seed: int = 0,
        vocabulary: int = 128,
        weights: tuple[float, float, float] = (0.1, 0.3, 0.6),
        unigram_power: float = 1.2,
        successor_power: float = 1.8,
        successors: int = 32,
    ) -> None:
        if not 4 <= vocabulary <= LARGEST_VOCABULARY:
            raise CourseError(
                f"vocabulary = {vocabulary} is outside 4 to {LARGEST_VOCABULARY}; the exact entropy needs a table of "
                "vocabulary³ probabilities"
            )
        if len(weights) != 3 or min(weights) < 0 or weights[0] <= 0 or abs(sum(weights) - 1) > 1e-9:
            raise CourseError(
                f"weights = {tuple(weights)} are no mixture; give three that sum to 1, the first above 0"
            )
        if successors < 1:
            raise CourseError(f"successors = {successors}: every token needs at least 1")
        self.vocabulary, self.weights = vocabulary, tuple(weights)
        rng = np.random.default_rng(seed)
        self._single = _zipf(vocabulary, unigram_power)
        self._rank = _zipf(successors, successor_power)
        self._after_one = _draw(self._single, rng.random((vocabulary, successors)))
        self._after_two = _draw(self._single, rng.random((vocabulary, vocabulary, successors)))

    @cached_property
    def conditional(self) -> np.ndarray:
        """(V, V, V) float64: P(x | a, b) at [a, b, x]."""
        v, (one, two, three) = self.vocabulary, self.weights
        after_one, after_two = np.zeros((v, v)), np.zeros((v, v, v))
        for rank, probability in enumerate(self._rank):
            # no index repeats within one rank, so a plain += is safe
            after_one[np.arange(v), self._after_one[:, rank]] += probability
            first, second = np.indices((v, v))
            after_two[first, second, self._after_two[:, :, rank]] += probability
        return one * self._single + two * after_one + three * after_two

    @cached_property
    def stationary(self) -> np.ndarray:
        """(V, V) float64: how often each pair of tokens occurs in the long run."""
        pairs = np.full((self.vocabulary, self.vocabulary), 1 / self.vocabulary**2)
        while True:
            moved = np.einsum("ab,abx->bx", pairs, self.conditional)
            if np.abs(moved - pairs).max() < STATIONARY:
                return moved / moved.sum()
            pairs = moved

    @cached_property
    def entropy(self) -> float:
        """Nats a token, exact: the entropy of the next token, averaged over stationary pairs.

        No model that sees only earlier tokens has a lower expected loss (Shannon 1948, theorem 5).
        """
        p = self.conditional
        return float(-np.einsum("ab,abx,abx->", self.stationary, p, np.log(p)))

    def sample(self, sequences: int, length: int, seed: int | Sequence[int]) -> torch.Tensor:
        """(sequences, length) int64, each sequence starting with a pair from the stationary distribution.

        seed: a number or several, as numpy.random.default_rng takes them.
        Raises CourseError for fewer than 1 sequence, a length below 2 or a negative seed.
        """
        if sequences < 1 or length < 2:
            raise CourseError(
                f"{sequences} sequences of length {length} cannot be drawn; the source needs 1 and a length of 2"
            )
        if np.min(seed) < 0:
            raise CourseError(f"seed = {seed} is negative; give 0 or more")
        v, rng = self.vocabulary, np.random.default_rng(seed)
        tokens = np.empty((sequences, length), np.int64)
        tokens[:, 0], tokens[:, 1] = divmod(_draw(self.stationary.ravel(), rng.random(sequences)), v)
        one, two, _ = np.cumsum(self.weights)
        for t in range(2, length):
            habit, u, w = rng.random((3, sequences))
            a, b, rank = tokens[:, t - 2], tokens[:, t - 1], _draw(self._rank, u)
            successor = np.where(habit < two, self._after_one[b, rank], self._after_two[a, b, rank])
            tokens[:, t] = np.where(habit < one, _draw(self._single, w), successor)
        return torch.from_numpy(tokens)

    def surprise(self, tokens: torch.Tensor) -> torch.Tensor:
        """-log P of every token given the two before it: (sequences, length) -> (sequences, length - 2) float64.

        Its mean over a long sample tends to `entropy`.
        """
        x = tokens.numpy()
        return torch.from_numpy(-np.log(self.conditional[x[:, :-2], x[:, 1:-1], x[:, 2:]]))


def _zipf(count: int, power: float) -> np.ndarray:
    weights = np.arange(1, count + 1, dtype=np.float64) ** -power
    return weights / weights.sum()


def _draw(probabilities: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Indices drawn by inverting the cumulative sum; the last absorbs its rounding."""
    return np.minimum(np.searchsorted(np.cumsum(probabilities), uniform), len(probabilities) - 1)
