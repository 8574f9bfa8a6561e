"""Putting a submission's cells back in order: which cell is which exercise, when the notebook no longer says.

Colab and other editors drop nbgrader's metadata, students copy, delete and move cells. The source notebook
says what should be there; the submission's cells are found again by id, by order and by likeness. What a
student wrote is never changed.
"""

from __future__ import annotations

import ast
import difflib
import re
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book.records import Flag

MOST_BYTES = 100 * 2**20
MOST_CELLS = 5_000
_ALIKE = 0.6  # difflib ratio above which two cells are taken for the same
_MARKS = ("grade", "solution", "locked", "points", "task")
_TRIED = 8  # cells that are compared letter by letter
_COMPARED = 4_000  # characters of a cell that are compared


def read_submission(path: Path) -> NotebookNode:
    """The notebook at `path`, in nbformat 4. Raises CourseError when it cannot be read or is far too large."""
    size = path.stat().st_size if path.is_file() else 0
    if size > MOST_BYTES:
        raise CourseError(
            f"{path.name} is {size / 2**20:,.0f} MB: ask for it again with its outputs cleared."
        )
    nb = nbk.read(path)
    if len(nb.cells) > MOST_CELLS:
        raise CourseError(f"{path.name} has {len(nb.cells):,} cells, more than any lab: ask for it again.")
    return nb


def released_view(source: NotebookNode) -> NotebookNode:
    """The source notebook as students got it: no solutions, hidden tests, mark schemes or cells of the author's."""
    nb = deepcopy(source)
    nb.cells = [cell for cell in nb.cells if not nbk.is_authors(cell)]
    for cell in nb.cells:
        if nbk.is_solution(cell):
            cell.source = nbk.clear_solution(cell.source)
        elif nbk.is_test(cell):
            cell.source = nbk.split_hidden(cell.source)[0]
        elif nbk.is_essay(cell):
            cell.source = nbk.ESSAY_STUB
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nb


def repair(
    submission: NotebookNode, released: NotebookNode, older: frozenset[str] = frozenset()
) -> list[str]:
    """Give the submission's cells their ids back, in place. Returns what was done, a sentence each.

    Afterwards every marked cell of `released` occurs exactly once, with its type and metadata; other cells
    carry no marks. older: ids of cells that differ because the lab was changed (`older_cells`).
    """
    known = _by_id(released)
    actions = [
        f"{name}: the lab was changed after it was handed out; its present cell counts"
        for name in sorted(older & known.keys())
    ]
    actions += _forget_unknown(submission, released, older)
    actions += _resolve_duplicates(submission, released)
    wanted = [cell for cell in released.cells if nbk.grade_id(cell)]
    places = _places(submission)
    anchors = _anchors(submission, released)
    lost = [cell for cell in wanted if nbk.grade_id(cell) not in places]
    for cell in lost:
        name = nbk.grade_id(cell)
        low, high = _gap(cell, released, anchors | _places(submission))
        index, why = _find(cell, submission, low, high)
        if index is None:
            index = low + 1
            new = deepcopy(cell)
            new.id = f"restored-{index}-{name}"[:64]
            submission.cells.insert(index, new)
            anchors = {key: at + (at >= index) for key, at in anchors.items()}
            actions.append(f"{name}: the cell was missing and was put back")
        else:
            submission.cells[index].metadata["nbgrader"] = deepcopy(cell.metadata["nbgrader"])
            actions.append(f"{name}: the cell had lost its name and was found by its {why}")
    places = _places(submission)
    for cell in wanted:
        actions += _restore(submission, places[nbk.grade_id(cell)], cell, older)
    for cell in submission.cells:
        if not nbk.grade_id(cell) and "setup" in cell.metadata.get("tags", ()):
            cell.metadata["tags"] = [tag for tag in cell.metadata["tags"] if tag != "setup"]
    if len(lost) == len(wanted) and wanted:
        restored = sum("put back" in action for action in actions)
        summary = (
            f"the notebook had lost all its marks (a copy from Colab?); {len(lost) - restored} cells found"
        )
        return [summary, *(action for action in actions if "found by" not in action)]
    return actions


def older_cells(
    submission: NotebookNode, released: NotebookNode, handed_out: NotebookNode | None = None
) -> frozenset[str]:
    """Ids of the lab's own cells that are as they were handed out, and not as the lab has them now.

    A cell shows it by nbgrader's checksum, or by being like that of `handed_out`, the notebook in labs/. A submission
    that says it comes from that very notebook must be like it.
    """
    now, then = _by_id(released), _by_id(handed_out) if handed_out is not None else {}
    same_release = handed_out is not None and _release(submission) == _release(handed_out) != ""
    older: dict[str, bool] = {}
    for cell in submission.cells:
        name = _claimed_id(cell)
        if not name or (name in now and not _differs(cell, now[name])):
            continue
        was_so = name in then and not _differs(cell, then[name])
        believed = not (same_release and name in then and _other_code(cell, then[name]))
        older[name] = older.get(name, True) and (was_so or (believed and _has_its_checksum(cell)))
    return frozenset(name for name, as_handed_out in older.items() if as_handed_out)


def tampering(
    submission: NotebookNode, released: NotebookNode, older: frozenset[str] = frozenset()
) -> list[Flag]:
    """Flags for what somebody changed in cells that are not the student's to change. Looks, and mends nothing.

    older: ids of cells that differ because the lab was changed (`older_cells`).
    """
    original = _by_id(released)
    marks, sources, unknown = [], [], []
    for cell in submission.cells:
        name = _claimed_id(cell)
        if not name or name in older:
            continue
        meta = cell.metadata["nbgrader"]
        if name not in original:
            if meta.get("points") or meta.get("grade"):
                unknown.append(f"{name:.60}")
            continue
        if _other_marks(cell, original[name]):
            marks.append(name)
        if _other_code(cell, original[name]):
            sources.append(name)
    flags = []
    if marks:
        said = f"{_listed(marks)}: points or kind were changed; the lab's own were used."
        flags.append(Flag("marks of cells were changed", said))
    if sources:
        said = f"{_listed(sources)}: this is not the student's to change; the lab's own was run."
        kind = "a test cell" if any(nbk.is_test(original[name]) for name in sources) else "a setup cell"
        flags.append(Flag(f"{kind} was changed", said))
    if unknown:
        flags.append(Flag("marks of cells were invented", f"{_listed(unknown)}: this lab has no such cell."))
    return flags


def _by_id(nb: NotebookNode) -> dict[str, NotebookNode]:
    return {nbk.grade_id(cell): cell for cell in nb.cells if nbk.grade_id(cell)}


def _claimed_id(cell: NotebookNode) -> str:
    """The id that a submission's cell has in nbgrader's metadata, whatever else is there; "" without one."""
    meta = cell.metadata.get("nbgrader")
    name = meta.get("grade_id") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else ""


def _release(nb: NotebookNode) -> str:
    """The digest of the release that a notebook says it comes from; "" without one."""
    facts = nb.metadata.get("course")
    return str(facts.get("release", "")) if isinstance(facts, dict) else ""


def _differs(cell: NotebookNode, true: NotebookNode) -> bool:
    return _other_marks(cell, true) or _other_code(cell, true)


def _other_marks(cell: NotebookNode, true: NotebookNode) -> bool:
    given, marks = cell.metadata["nbgrader"], nbk.grader(true)
    return any(key in given and given[key] != marks.get(key) for key in _MARKS)


def _other_code(cell: NotebookNode, true: NotebookNode) -> bool:
    """Whether a cell that is not the student's to change does something else than it should."""
    locked = true.cell_type == "code" and not nbk.grader(true).get("solution")
    return locked and not nbk.same_code(str(cell.source), true.source)


def _has_its_checksum(cell: NotebookNode) -> bool:
    """Whether a cell is what nbgrader made its checksum of at release; an essay, before it was written."""
    from nbgrader.utils import compute_checksum

    given = cell.metadata["nbgrader"].get("checksum")
    source = nbk.ESSAY_STUB if cell.cell_type == "markdown" else str(cell.source)
    try:
        return isinstance(given, str) and given == compute_checksum(NotebookNode(cell, source=source))
    except (KeyError, TypeError, ValueError, AttributeError):  # marks that are no marks
        return False


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:4]) + (f" and {len(unique) - 4} more" if len(unique) > 4 else "")


def _forget_unknown(submission: NotebookNode, released: NotebookNode, older: frozenset[str]) -> list[str]:
    known = _by_id(released)
    actions = []
    for cell in submission.cells:
        if not isinstance(cell.metadata.get("nbgrader", {}), dict):
            del cell.metadata["nbgrader"]
        meta = cell.metadata.get("nbgrader")
        if meta is None:
            continue
        # The id counts even where its marks were changed: a test cell cannot be made a plain one.
        name = meta.get("grade_id")
        if not isinstance(name, str) or name not in known:
            if name:
                has = "no longer has this" if str(name) in older else "has no such"
                actions.append(f"{name!s:.80}: this lab {has} cell; its mark was removed")
            del cell.metadata["nbgrader"]
    return actions


def _resolve_duplicates(submission: NotebookNode, released: NotebookNode) -> list[str]:
    """Keep one cell of each id: the last that was worked in, because in Jupyter the last one counts."""
    original = _by_id(released)
    seen: dict[str, list[int]] = {}
    for index, cell in enumerate(submission.cells):
        if name := _claimed(cell):
            seen.setdefault(name, []).append(index)
    actions = []
    for name, indices in seen.items():
        if len(indices) == 1:
            continue
        stub = original[name].source.strip()
        changed = [i for i in indices if submission.cells[i].source.strip() not in (stub, "")]
        editable = nbk.grader(original[name]).get("solution")
        keep = (changed or indices)[-1] if editable else indices[0]
        for index in indices:
            if index != keep:
                del submission.cells[index].metadata["nbgrader"]
        actions.append(
            f"{name}: there were {len(indices)} such cells; cell {keep + 1} of the notebook counts"
        )
    return actions


def _claimed(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _places(submission: NotebookNode) -> dict[str, int]:
    return {_claimed(cell): index for index, cell in enumerate(submission.cells) if _claimed(cell)}


def _anchors(submission: NotebookNode, released: NotebookNode) -> dict[int, int]:
    """Index in `released` -> index in the submission, for cells without a mark whose text is unchanged."""
    texts: dict[str, list[int]] = {}
    for index, cell in enumerate(submission.cells):
        texts.setdefault(cell.source.strip(), []).append(index)
    found = {}
    for index, cell in enumerate(released.cells):
        same = texts.get(cell.source.strip(), [])
        if cell.source.strip() and len(same) == 1 and not nbk.grade_id(cell):
            found[index] = same[0]
    return found


def _gap(cell: NotebookNode, released: NotebookNode, known: dict[int | str, int]) -> tuple[int, int]:
    """Between which two of the submission's cells the missing one should lie (both exclusive)."""
    order = [known.get(nbk.grade_id(c) or i, known.get(i)) for i, c in enumerate(released.cells)]
    at = next(i for i, c in enumerate(released.cells) if c is cell)
    before = [place for place in order[:at] if place is not None]
    low = before[-1] if before else -1
    after = [place for place in order[at + 1 :] if place is not None and place > low]
    return low, after[0] if after else 10**9


def _find(cell: NotebookNode, submission: NotebookNode, low: int, high: int) -> tuple[int | None, str]:
    """(index of the cell of the submission that is `cell`, how it was recognised), or (None, "")."""
    free = [
        index
        for index, other in enumerate(submission.cells)
        if not _claimed(other) and other.cell_type in (cell.cell_type, "raw")
    ]
    near = [index for index in free if low < index < high]
    names, words = _defined(cell.source), _words(cell.source)
    for candidates in (near, free):
        same = [i for i in candidates if names and names <= _defined(submission.cells[i].source)]
        if same:
            return same[-1], "functions"
        # A comparison letter by letter is expensive: it is for the cells that share the most words.
        shared = {i: len(words & _words(submission.cells[i].source)) for i in candidates}
        nearest = sorted(candidates, key=lambda i: (shared[i], i), reverse=True)[:_TRIED]
        alike = [(_likeness(cell.source, submission.cells[i].source), i) for i in nearest]
        best, index = max(alike, default=(0.0, -1))
        if best >= _ALIKE:
            return index, "text"
    if nbk.grader(cell).get("solution"):
        written = [i for i in near if submission.cells[i].source.strip()]
        if cell.cell_type == "markdown" and written:
            return max(written, key=lambda i: len(submission.cells[i].source)), "place"
        if len(written) == 1:
            return written[0], "place"
    return None, ""


def _restore(
    submission: NotebookNode, index: int, original: NotebookNode, older: frozenset[str]
) -> list[str]:
    """Metadata and type of the cell as they were released."""
    cell = submission.cells[index]
    name = nbk.grade_id(original)
    actions = []
    given, true = cell.metadata["nbgrader"], original.metadata["nbgrader"]
    if name not in older and any(given.get(key) != true.get(key) for key in _MARKS):
        actions.append(f"{name}: the marks of the cell had been changed and were restored")
    if cell.cell_type != original.cell_type:
        new = deepcopy(original)
        new.source, new.id = cell.source, cell.get("id", new.id)
        submission.cells[index] = cell = new
        actions.append(f"{name}: the cell had become a {original.cell_type} cell again")
    cell.metadata = deepcopy(original.metadata)
    return actions


@lru_cache(maxsize=2 * MOST_CELLS)
def _words(source: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", source[:_COMPARED]))


@lru_cache(maxsize=2 * MOST_CELLS)
def _defined(source: str) -> frozenset[str]:
    """Functions and classes that a cell defines at its top level, even if it does not compile."""
    try:
        tree = ast.parse(nbk.plain_python(source[: 10 * _COMPARED]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(re.findall(r"^(?:async )?(?:def|class)\s+(\w+)", source, re.MULTILINE))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def _likeness(one: str, other: str) -> float:
    """0 to 1: how much of two texts is the same."""
    one, other = one.strip()[:_COMPARED], other.strip()[:_COMPARED]
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()
