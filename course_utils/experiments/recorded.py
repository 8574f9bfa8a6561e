"""Experiments of many runs, recorded in a file of course_utils/results that grows run by run.

Killed, an experiment goes on where it was: runs that are in the file are not repeated. Several processes may share
the work, each with other runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from course_utils import results
from course_utils.errors import CourseError
from course_utils.resuming import as_json

Settings = Mapping[str, Any]


class Recording:
    """The results file `name`: {"recipe": …, "runs": […]} and what was measured once.

    A run is its settings (one entry of the plan) and what it measured, in one dict.
    """

    def __init__(self, name: str, recipe: Any) -> None:
        """recipe: a dataclass or a mapping; `read` and all that calls it refuses a file of another one."""
        self.name, self.recipe = name, as_json(recipe)

    def read(self) -> dict[str, Any]:
        """The file as it is now, or what it begins with. Raises CourseError if another recipe made it."""
        try:
            recorded = results.load(self.name)
        except CourseError:
            return {"recipe": self.recipe, "runs": []}
        if recorded["recipe"] != self.recipe:
            raise CourseError(
                f"course_utils/results/{self.name}.json was made with another recipe; delete it to begin anew"
            )
        return recorded

    def once(self, key: str, measure: Callable[[], Any]) -> Any:
        """What the file holds under `key`; if it is not there, it is measured and saved."""
        if key not in self.read():
            value = measure()
            results.save(self.name, self.read() | {key: value})
        return self.read()[key]

    def find(self, settings: Settings) -> dict[str, Any] | None:
        """The run that was made with these settings, None if there is none."""
        return _find(self.read()["runs"], settings)

    def complete(
        self,
        plan: Sequence[Settings],
        run: Callable[[Settings], Settings],
        line: Callable[[Mapping[str, Any]], str],
        wanted: Callable[[Settings], bool] = lambda settings: True,
        console: Console | None = None,
    ) -> dict[str, Any]:
        """Make every wanted run of the plan that the file lacks, and save after each. Returns the file's content.

        run: makes one and returns what it measured. line: what is printed about a finished run. A run that fails
        or is interrupted leaves nothing in the file.
        """
        console = console or Console()
        asked = [settings for settings in plan if wanted(settings)]
        self.read()
        with Progress(
            "runs", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        ) as bar:
            task = bar.add_task("", total=len(asked))
            for settings in asked:
                if self.find(settings) is None:
                    made = {**settings, **run(settings)}
                    self._add(made, plan)
                    console.print(line(made), markup=False, highlight=False, soft_wrap=True)
                bar.advance(task)
        return self.read()

    def _add(self, run: dict[str, Any], plan: Sequence[Settings]) -> None:
        """Into the file as it is now (another process may have added its own), in the plan's order."""
        recorded = self.read()
        runs = [*recorded["runs"], run]
        found = [_find(runs, settings) for settings in plan]
        planned = [made for made in found if made is not None]
        recorded["runs"] = planned + [made for made in runs if made not in planned]
        results.save(self.name, recorded)


def _find(runs: Sequence[dict[str, Any]], settings: Settings) -> dict[str, Any] | None:
    return next((run for run in runs if settings.items() <= run.items()), None)
