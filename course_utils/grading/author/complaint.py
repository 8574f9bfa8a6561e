"""What an author is told: where something is wrong, what it is, and what mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TODO = re.compile(r"TODO:?\s*(.*\S)")


@dataclass(frozen=True)
class Complaint:
    """Something that an author must mend.

    place: a cell, a file, a slide. what: goes on from the place to a sentence ("is locked."). cure: what to do,
    a sentence; empty where `what` says it.
    """

    place: str
    what: str
    cure: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.place, self.what, self.cure)))


def unwritten(place: str, text: str) -> list[Complaint]:
    """A complaint if a text still holds `TODO: …`, with the first of them."""
    left = _TODO.findall(text)
    if not left:
        return []
    more = f" and {len(left) - 1} more" * (len(left) > 1)
    cure = "Write what is marked TODO, and take the word out."
    return [Complaint(place, f"is not finished: {left[0]!r}{more}.", cure)]
