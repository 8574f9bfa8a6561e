"""A curve that grows while something runs."""

from __future__ import annotations

import time
from typing import Any

from course_utils.viz.figures import picture
from course_utils.viz.style import COLORS


class LiveCurve:
    """The loss of each step as a curve in the notebook, drawn again while training runs.

    Give `add` to `course_utils.training.fine_tune(on_step=…)` and call `finish` at the end: it draws the last
    points and puts the alternative text in. An interrupted run leaves what it has.
    """

    def __init__(
        self, xlabel: str = "step", ylabel: str = "loss (nats per token)", every: float = 0.5
    ) -> None:
        """every: seconds between two drawings at least."""
        self.xlabel, self.ylabel, self.every = xlabel, ylabel, every
        self.steps: list[int] = []
        self.values: list[float] = []
        self._total = 0
        self._drawn = 0.0
        self._handle: Any = None

    def add(self, step: int, total: int, value: float) -> None:
        """One more point. total: the number of steps that the run will have."""
        self.steps.append(step)
        self.values.append(value)
        self._total = total
        if time.monotonic() - self._drawn >= self.every:
            self._draw("A learning curve that is still growing.")

    def finish(self, alt: str) -> None:
        """Draw all points, with the alternative text `alt`."""
        self._draw(alt)

    def _draw(self, alt: str) -> None:
        from IPython.display import display
        from matplotlib import pyplot as plt

        fig, axes = plt.subplots()
        axes.plot(
            self.steps, self.values, color=COLORS["blue"], marker="o", markersize=3, alpha=0.45, label="step"
        )
        if len(self.values) >= 5:
            means = [
                sum(self.values[max(0, i - 4) : i + 1]) / len(self.values[max(0, i - 4) : i + 1])
                for i in range(len(self.values))
            ]
            axes.plot(self.steps, means, color=COLORS["vermillion"], marker="", label="mean of the last 5")
            axes.legend()
        axes.set(xlabel=self.xlabel, ylabel=self.ylabel, xlim=(0, self._total + 1), ylim=(0, None))
        data, metadata = picture(fig, alt)
        if self._handle is None:
            self._handle = display(data, raw=True, metadata=metadata, display_id=True)
        else:
            self._handle.update(data, raw=True, metadata=metadata)
        self._drawn = time.monotonic()
