"""Accuracy with an interval, pass@k, and what a completion got right besides the number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from course_utils.data.answers import any_answer, is_correct, parse_answer
from course_utils.errors import CourseError
from course_utils.generation import Completion, generate

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# A clean end: the answer line closes the text and there is only one.
_CLEAN_END = re.compile(r"\A(?:(?!####).)*####[^\n#]*\d[^\n#]*\s*\Z", re.DOTALL)


def wilson_interval(correct: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share of `correct` out of `n` (Wilson 1927).

    Unlike the textbook interval it stays within [0, 1] and is not empty at 0 or n. `scipy.stats.binomtest` knows
    it too, but every kernel that evaluates would wait for scipy.stats, and each call a millisecond.
    Raises CourseError unless 0 <= correct <= n and n > 0.
    """
    if n <= 0 or not 0 <= correct <= n:
        raise CourseError(f"{correct} correct of {n} is not a share; need 0 <= correct <= n and n > 0")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = correct / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Rounding must not put a share of 0 or 1 outside its own interval.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def share_interval(shares: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean of one share for each cluster (a task, a document, a problem), and its interval: (mean, low, high).

    The answers of a cluster have its luck in common, so clusters are what is counted: Wilson's interval at the
    effective sample size, widened for few clusters (Korn and Graubard 1998). It stays within [0, 1] and is not empty
    where all clusters agree. Raises CourseError for fewer than two clusters and for what is no share.
    """
    values = np.asarray(shares, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise CourseError(
            f"shares of shape {values.shape} have no spread; give one share for each of two or more clusters"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise CourseError(f"a share of {values.min():g} or {values.max():g} does not lie between 0 and 1")
    m, mean = len(values), float(values.mean())
    variance = float(values.var(ddof=1)) / m
    if variance == 0 and 0 < mean < 1:
        return mean, mean, mean  # a number that does not vary, such as the share of a guess
    size = mean * (1 - mean) / variance if variance else m
    tail = 0.5 + confidence / 2
    size *= (NormalDist().inv_cdf(tail) / float(stdtrit(m - 1, tail))) ** 2
    low, high = wilson_interval(mean * size, size, confidence)
    return mean, min(low, mean), max(high, mean)


class Difference(NamedTuple):
    """A difference of two things measured on the same clusters, with its interval."""

    mean: float
    low: float
    high: float

    def say(self, above: str, below: str, neither: str = "no clear difference") -> str:
        """`above` or `below` if the interval lies on one side of zero, else `neither`."""
        return above if self.low > 0 else below if self.high < 0 else neither

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def paired_difference(
    first: ArrayLike, second: ArrayLike, comparisons: int = 1, confidence: float = 0.95
) -> Difference:
    """How much larger `first` is than `second`, by Student's t of one difference for each cluster.

    first, second: (m,) one number for each of the same clusters, m >= 2. comparisons: of how many this is one; with
    that confidence all of their intervals hold at once (Bonferroni). For shares there is `share_difference`.
    Raises CourseError for other shapes.
    """
    gap = _gaps(first, second)
    t = float(stdtrit(len(gap) - 1, 1 - (1 - confidence) / (2 * comparisons)))
    mean, half = float(gap.mean()), t * float(gap.std(ddof=1)) / math.sqrt(len(gap))
    return Difference(mean, mean - half, mean + half)


def share_difference(
    first: ArrayLike, second: ArrayLike, comparisons: int = 1, confidence: float = 0.95
) -> Difference:
    """`paired_difference` of shares, with an interval within [-1, 1] that is not empty where no cluster differs.

    There it is the largest share of clusters that may yet differ (Clopper and Pearson 1934), both ways.
    Raises CourseError for other shapes.
    """
    gap = _gaps(first, second)
    if gap.any():
        found = paired_difference(first, second, comparisons, confidence)
        return Difference(found.mean, max(found.low, -1.0), min(found.high, 1.0))
    unseen = 1 - ((1 - confidence) / (2 * comparisons)) ** (1 / len(gap))
    return Difference(0.0, -unseen, unseen)


def _gaps(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 1 or len(one) < 2:
        raise CourseError(
            f"shapes {one.shape} and {other.shape} are no pairs; give one number of each for two or more clusters"
        )
    return one - other


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that one of k samples is correct, estimated from n samples of which c are.

    1 - C(n-c, k) / C(n, k), unbiased (Chen et al. 2021, arXiv 2107.03374, equation 1).
    Raises CourseError unless 0 <= c <= n and 1 <= k <= n.
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise CourseError(
            f"pass@{k} cannot be estimated from {n} samples, {c} correct; need c <= n, 1 <= k <= n"
        )
    return 1.0 - math.comb(n - c, k) / math.comb(n, k)


def chat_prompt(question: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """The question as a user's turn in the tokenizer's chat template, ready for the assistant's."""
    messages = [{"role": "user", "content": question}]
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)


def stops_cleanly(completion: Completion) -> bool:
    """Whether the model ended by itself right after its one ``#### `` line."""
    return completion.stopped and bool(_CLEAN_END.match(completion.text))


@dataclass(frozen=True)
class Evaluation:
    """How a model did on n problems; with several samples a problem, rates are over all samples.

    accuracy: share of completions correct in the strict format. interval: Wilson's, over the problems if
    there is one sample each. any_accuracy: correct in whatever format. format_rate: share with a number
    after ``####``. stop_rate: share that ended before the token limit. clean_rate: share that ended right
    after the answer line. correct: per problem, the number of correct samples.
    """

    accuracy: float
    interval: tuple[float, float]
    n: int
    samples: int
    any_accuracy: float
    format_rate: float
    stop_rate: float
    clean_rate: float
    completions: list[list[Completion]] = field(repr=False)
    correct: list[int] = field(repr=False)

    def pass_at(self, k: int) -> float:
        """Mean pass@k over the problems."""
        return sum(pass_at_k(self.samples, c, k) for c in self.correct) / self.n

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.accuracy:.3f} [{low:.3f}, {high:.3f}], n = {self.n}"


def evaluate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Iterable[Mapping[str, Any]],
    *,
    prompt: Callable[[str, PreTrainedTokenizerBase], str] = chat_prompt,
    samples: int = 1,
    temperature: float = 0.0,
    max_new_tokens: int = 128,
    stop: list[str] | None = None,
    seed: int = 0,
    batch_size: int = 64,
) -> Evaluation:
    """Let the model answer `problems` (mappings with `question` and `answer`) and verify every completion.

    prompt: makes the text that the model goes on from; the chat template by default.
    The other arguments are `course_utils.generation.generate`'s. The interval covers the draw of
    completions as if they were independent; with samples > 1 those of one problem are not.
    Raises CourseError if there are no problems.
    """
    problems = list(problems)
    if not problems:
        raise CourseError("there are no problems to evaluate on; give at least one")
    completions = generate(
        model,
        tokenizer,
        [prompt(problem["question"], tokenizer) for problem in problems],
        n=samples,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        stop=stop,
        seed=seed,
        batch_size=batch_size,
    )
    golds = [parse_answer(problem["answer"]) for problem in problems]
    pairs = [(c, gold) for group, gold in zip(completions, golds, strict=True) for c in group]
    correct = [
        sum(is_correct(c.text, problem["answer"]) for c in group)
        for group, problem in zip(completions, problems, strict=True)
    ]
    total = len(pairs)
    return Evaluation(
        accuracy=sum(correct) / total,
        interval=wilson_interval(sum(correct), total),
        n=len(problems),
        samples=samples,
        any_accuracy=sum(any_answer(c.text) == gold for c, gold in pairs) / total,
        format_rate=sum(parse_answer(c.text) is not None for c, _ in pairs) / total,
        stop_rate=sum(c.stopped for c, _ in pairs) / total,
        clean_rate=sum(stops_cleanly(c) for c, _ in pairs) / total,
        completions=completions,
        correct=correct,
    )
