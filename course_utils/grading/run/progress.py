"""The bar that a person watches while a class is graded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_AT_ONCE = 1.0  # seconds in which what was graded before is told


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[int, int, object], None]]:
    """Show a bar with the time left; yields what `grade_class` calls with (done, all, record)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # The speed of the last ten minutes: a notebook may take one.
    with Progress(*columns, console=console, transient=True, speed_estimate_period=600) as bar:
        task = bar.add_task(title, total=None)
        began: list[float] = []

        def show(done: int, total: int, _: object) -> None:
            began.append(time.monotonic())
            if began[-1] - began[0] < _AT_ONCE:
                # Not graded now: it says nothing about how long the others will take.
                bar.reset(task, total=total, completed=done)
            else:
                bar.update(task, completed=done, total=total)

        yield show
