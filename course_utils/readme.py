"""Keeps the numbers in README.md and docs/ equal to what they come from: `python -m course_utils.readme`.

These pages hold blocks between `<!-- numbers: NAME -->` and `<!-- end -->`; each is a Markdown table that one
function here makes from recorded results, or from the labs' own facts. Exit codes: 0 all is well; 2 it could not do
its work, and says why.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from course_utils import results, slides
from course_utils.course import course_root, load_course
from course_utils.errors import CourseError
from course_utils.markdown import table
from course_utils.models.embedded import EMBEDDED, WEIGHTS

_OPENING = "<!-- numbers: "
_BLOCK = re.compile(rf"({_OPENING}(\w+) -->\n)((?:(?!{_OPENING}).)*?)(<!-- end -->)", re.DOTALL)


def pages(root: Path) -> list[Path]:
    """The files that may hold such blocks: README.md and the documentation's pages."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def render(text: str, page: str = "README.md") -> str:
    """The text of `page` (its name) with every block of numbers made anew.

    Raises CourseError for an unknown block, one without an end, and one whose numbers were not recorded.
    """
    if text.count(_OPENING) != len(_BLOCK.findall(text)):
        raise CourseError(
            f"{page}: each `{_OPENING}NAME -->` stands on a line of its own and needs a `<!-- end -->` after it."
        )

    def block(match: re.Match) -> str:
        opening, name, _, closing = match.groups()
        if name not in BLOCKS:
            raise CourseError(f"{page} asks for the numbers {name!r}: there are only {', '.join(BLOCKS)}.")
        return f"{opening}{BLOCKS[name]()}\n{closing}"

    return _BLOCK.sub(block, text)


def _commands() -> str:
    """Seconds of the make targets in an empty clone, written by `make fresh`."""
    with _recorded("commands", "make fresh") as measured:
        rows = [
            [f"`{entry['command']}`", entry["when"], _minutes(entry["seconds"])] for entry in measured["runs"]
        ]
        return table(["command", "when", f"on {measured['cores']} cores"], rows)


def _labs() -> str:
    """Each lab's points, time and memory, written by `course solve`."""
    rows = []
    for lab in load_course().labs:
        with _recorded(lab.name, f"course solve {lab.number}") as recorded:
            run = recorded["run"]
            rows.append(
                [
                    f"[{lab.name}](labs/{lab.name}/{lab.name}.ipynb)",
                    lab.title,
                    str(lab.points),
                    _minutes(run["seconds"]),
                    f"{run['grading_seconds']:.0f} s",
                    f"{run['peak_mb'] / 1000:.1f} GB",
                ]
            )
    return table(["lab", "title", "points", "from top to bottom", "grading budget", "peak memory"], rows)


def _work() -> str:
    """Minutes and points of each lab's core, open and stretch exercises, from its source notebook."""
    rows = []
    for lab in load_course().labs:
        exercises = slides.exercises(lab.name)
        closed = [one for one in exercises if not one["open"]]
        parts = [[one for one in closed if one["core"] is core] for core in (True, False)]
        parts.append([one for one in exercises if one["open"]])
        sums = [[sum(one[what] for one in part) for what in ("minutes", "points")] for part in parts]
        essays = lab.points - sum(points for _, points in sums)
        shown = [f"{minutes} minutes, {points} points" if points else "none" for minutes, points in sums]
        rows.append([lab.name, *shown, f"{essays} points"])
    return table(["lab", "core", "stretch", "open experiment", "written answers"], rows)


def _models() -> str:
    """The embedded models: `course_utils.models.embedded`, and the records of their training."""
    rows = []
    for model in EMBEDDED.values():
        trained = json.loads((WEIGHTS / model.name / "training.json").read_text(encoding="utf-8"))
        card = f"[{model.name}](course_utils/models/weights/{model.name}/README.md)"
        rows.append(
            [
                card,
                model.purpose,
                ", ".join(model.stages) or "-",
                f"{trained['parameters']:,}",
                f"`python -m {model.package}.pretrain`",
                model.licence,
            ]
        )
    return table(["model", "what it does", "stages", "parameters", "made by", "licence"], rows)


@contextlib.contextmanager
def _recorded(name: str, command: str) -> Iterator[dict[str, Any]]:
    """The recorded results of this name. Raises CourseError that names the command which records what is missing."""
    try:
        yield results.load(name)
    except CourseError as error:
        raise CourseError(f"{error} Here that is `{command}`.") from error
    except (LookupError, TypeError, ValueError) as error:
        raise CourseError(
            f"The recorded results {name}.json lack what README.md shows ({error!r}): run `{command}` again."
        ) from error


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


BLOCKS: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "labs": _labs,
    "models": _models,
    "work": _work,
}


def main() -> int:
    """Write the pages of the course anew, from any folder inside it."""
    try:
        for path in pages(course_root()):
            if not path.is_file():
                raise CourseError(f"{path} is missing: `git checkout {path.name}` brings it back.")
            old = path.read_text(encoding="utf-8")
            if (new := render(old, path.name)) != old:
                path.write_text(new, encoding="utf-8")
    except CourseError as error:
        print(f"readme: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"readme: {error.filename} cannot be read or written: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
