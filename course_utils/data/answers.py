"""Find and verify the final number of a GSM8K-style answer: ``… #### 1,234``.

Scoring mistakes alone have moved published results by tens of points, so the rule is written out. After
the first ``####`` comes one number (the first, as in GSM8K's own scorer: a model that does not stop goes on
with another problem, whose answer is not asked for). Around it a currency sign, a per cent sign, thousands commas and a
closing full stop are allowed; 18, 18.0, $18 and ``18.`` are the same answer.
"""

from __future__ import annotations

import re
from decimal import Decimal

MARK = "####"

# A number: sign, digits with or without thousands commas, decimals. "1,23" is not a thousands comma.
_NUMBER = r"(?:[$€£][ ]?[-−+]|[-−+]?[ ]?[$€£]?)[ ]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?"
# What may follow the number on its line: a unit or a closing mark. A digit or a slash would change its value.
_MARKED = re.compile(rf"{MARK}[ \t]*(?P<number>{_NUMBER})(?![\d/]|,\d|\.\d)")
_ANYWHERE = re.compile(r"(?<![\w.,/])[-−]?[$€£]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_ANNOUNCED = re.compile(
    r"(?:answer(?:\s+is)?\s*:?|so we get|####|\\boxed\{)\s*\(?\s*(?P<number>[-−]?\s?[$€£]?\s?\d[\d,]*(?:\.\d+)?)",
    re.IGNORECASE,
)
_ANNOTATION = re.compile(r"<<[^<>]*>>")


def _canonical(number: str) -> str | None:
    """ "$1,234.50" -> "1234.5", "18.0" -> "18", "-0" -> "0"; None if there is no digit."""
    negative = "-" in number or "−" in number
    digits = re.sub(r"[^\d.]", "", number).rstrip(".")
    if not digits:
        return None
    value = Decimal(digits)
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if negative and value else text


def parse_answer(text: str) -> str | None:
    """The number after the first ``####``, as "1234", "-3" or "2.5"; None if there is none.

    Takes ``#### 18``, ``####18``, ``#### $1,234.00``, ``#### -3``, ``#### 18.`` and ``#### 18%``.
    A mark followed by something else than a number gives None: a later mark does not count.
    """
    position = text.find(MARK)
    if position < 0:
        return None
    match = _MARKED.match(text, position)
    return _canonical(match["number"]) if match else None


def is_correct(completion: str, gold: str) -> bool:
    """Whether the first ``####`` of `completion` is followed by the number of `gold`.

    gold: a GSM8K answer (with its own ``####``) or the bare number.
    Raises ValueError if `gold` holds no number: a broken gold answer must not count as a wrong completion.
    """
    wanted = parse_answer(gold) if MARK in gold else parse_answer(f"{MARK} {gold}")
    if wanted is None:
        raise ValueError(f"no number to compare with in the gold answer {gold!r}")
    return parse_answer(completion) == wanted


def any_answer(text: str) -> str | None:
    """The answer in whatever form it is given: a lenient reading that separates skill from format.

    What the strict rule reads comes first, so whatever is right by it is right here. Else looks for an announced
    answer ("the answer is 5", "Answer: 5", "So we get (5)", \\boxed{5}); failing that, takes the last number of the
    first paragraph. Never use it to reward a model: with this rule a lucky last number counts.
    """
    if (strict := parse_answer(text)) is not None:
        return strict
    if announced := _ANNOUNCED.search(text):
        return _canonical(announced["number"])
    paragraph = _ANNOTATION.sub("", text.strip().split("\n\n")[0])
    numbers = _ANYWHERE.findall(paragraph)
    return _canonical(numbers[-1]) if numbers else None
