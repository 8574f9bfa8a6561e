"""Keeps the measured numbers in README.md equal to the results files: `python -m course_utils.readme`.

README.md holds blocks between `<!-- numbers: NAME -->` and `<!-- end -->`; each is a Markdown table that one
function here makes from recorded results.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from course_utils import results
from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.markdown import table
from course_utils.models.embedded import EMBEDDED, WEIGHTS

_BLOCK = re.compile(r"(<!-- numbers: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(text: str) -> str:
    """README's text with every block of numbers made anew. Raises CourseError for an unknown block."""

    def block(match: re.Match) -> str:
        opening, name, closing = match.groups()
        if name not in BLOCKS:
            raise CourseError(f"README.md asks for the numbers {name!r}: there are only {', '.join(BLOCKS)}.")
        return f"{opening}{BLOCKS[name]()}\n{closing}"

    return _BLOCK.sub(block, text)


def _commands() -> str:
    """Seconds of the make targets in an empty clone, written by `make fresh`."""
    measured = results.load("commands")
    rows = [
        [f"`{entry['command']}`", entry["when"], _minutes(entry["seconds"])] for entry in measured["runs"]
    ]
    return table(["command", "when", f"on {measured['cores']} cores"], rows)


def _labs() -> str:
    """Each lab's points, time and memory, written by `course solve`."""
    rows = []
    for lab in load_course().labs:
        run = results.load(lab.name)["run"]
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


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


BLOCKS: dict[str, Callable[[], str]] = {"commands": _commands, "labs": _labs, "models": _models}


def main() -> int:
    """Write README.md anew in the current folder."""
    path = Path("README.md")
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
