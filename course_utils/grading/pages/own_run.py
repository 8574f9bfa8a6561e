"""What a notebook showed when it was handed in, beside what it showed when it was graded.

A student writes about the numbers of their own run. Grading runs the notebook again, with a smaller budget and on
another machine, and its numbers may be others: who judges an essay must see both, and which is which.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk

OWN = "The student's own run, as it was handed in"
GRADING = "The grading run"
LARGEST = 64_000_000  # bytes of a notebook that is looked at
LONGEST = 100_000  # characters of an output that are shown
_CHANGES_ALWAYS = re.compile(r"\b0x[0-9a-fA-F]{4,}")  # an object's address
_FIGURE = re.compile(r"<Figure size .*>")


@dataclass(frozen=True)
class Runs:
    """A cell that showed other things when it was handed in.

    index: of the cell in the graded notebook. what: its title or first line. outputs: as handed in, of a
    notebook's form, but a student's: whoever shows them makes them safe first. own, grading: what was printed.
    """

    index: int
    what: str
    outputs: list[NotebookNode]
    own: str
    grading: str


def read_runs(graded: NotebookNode, handed_in: Path) -> list[Runs]:
    """The cells of a graded notebook that showed other things when they were handed in, in order.

    Compared are cells that hold the same code. Empty if the file at `handed_in` is a link, too large, or no
    notebook.
    """
    try:
        if handed_in.is_symlink() or handed_in.stat().st_size > LARGEST:
            return []
        before = nbk.read(handed_in)
    except (OSError, CourseError):
        return []
    by_source: dict[str, deque[NotebookNode]] = defaultdict(deque)
    for cell in before.cells:
        if cell.cell_type == "code":
            by_source[cell.source.strip()].append(cell)
    found = []
    for index, cell in enumerate(graded.cells):
        if cell.cell_type != "code" or not (same := by_source.get(cell.source.strip())):
            continue
        outputs = _well_formed(same.popleft().get("outputs"))
        if outputs and not nbk.is_test(cell) and _looks(outputs) != _looks(cell.outputs):
            found.append(Runs(index, _called(cell), outputs, printed(outputs), printed(cell.outputs)))
    return found


def _well_formed(outputs: object) -> list[NotebookNode]:
    """Outputs as nbformat has them, of whatever stands in their place."""
    found = []
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        if output.get("output_type") == "stream":
            found.append(new_output("stream", text=_text(output.get("text", ""))[:LONGEST]))
        elif output.get("output_type") == "error":
            lines = output.get("traceback")
            lines = [str(line)[:LONGEST] for line in lines] if isinstance(lines, list) else []
            name, value = str(output.get("ename", "")), str(output.get("evalue", ""))
            found.append(new_output("error", ename=name, evalue=value[:LONGEST], traceback=lines))
        elif isinstance(data := output.get("data"), dict):
            texts = {str(kind): _text(value) for kind, value in data.items()}
            texts = {k: text if k.startswith("image/") else text[:LONGEST] for k, text in texts.items()}
            facts = output.get("metadata")
            facts = facts if isinstance(facts, dict) else {}
            found.append(new_output("display_data", data=texts, metadata=facts))
    return found


def printed(outputs: list[NotebookNode]) -> str:
    """What outputs say as text, without figures and errors."""
    parts = []
    for output in outputs:
        if output.get("output_type") == "stream":
            parts.append(_text(output.get("text", "")))
        elif isinstance(data := output.get("data", {}), dict):
            text = _text(data.get("text/plain", ""))
            parts.append("" if _FIGURE.fullmatch(text.strip()) else text)
    return "\n".join(part.rstrip() for part in parts if part.strip())


def _looks(outputs: list[NotebookNode]) -> list[str]:
    """What must be the same for two runs to have shown the same. Errors count by their kind."""
    seen = [" ".join(_CHANGES_ALWAYS.sub("0x", printed(outputs)).split())]
    for output in outputs:
        data = output.get("data", {})
        if isinstance(data, dict):
            seen += [_text(data[kind]).strip() for kind in sorted(data) if kind.startswith("image/")]
        if output.get("output_type") == "error":
            seen.append(str(output.get("ename", "")))
    return seen


def _called(cell: NotebookNode) -> str:
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return nbk.title(cell.source) or (lines[0][:80] if lines else "an empty cell")


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
