"""Numbers that a test cell has measured of a hand-in: what the class's table in `course report` compares."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Measured:
    """One number of one hand-in.

    what: what it measures, with its unit. recorded: the same number of the lab's own solution, for comparison.
    better: which side is the good one.
    """

    what: str
    value: float
    recorded: float
    better: Literal["higher", "lower"]

    @classmethod
    def of(cls, facts: dict[str, Any] | None) -> Measured | None:
        """What `asdict` made a dict of; None stays None."""
        return cls(**facts) if facts else None

    def __str__(self) -> str:
        return f"{self.what}: yours {self.value:.4g}, recorded {self.recorded:.4g} ({self.better} is better)"


# Where a cell's numbers go while it runs under a runner. Unset, as in Jupyter, they are only printed.
measurements: ContextVar[list[Measured] | None] = ContextVar("measurements", default=None)
