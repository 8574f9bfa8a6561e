"""Answers that stand in other cells than their own: in a new one above the stub, below it, or at the end."""

from __future__ import annotations

import ast
import re

from nbformat import NotebookNode

from course_utils.grading import notebook as nbk
from course_utils.grading.book.records import Flag
from course_utils.grading.notebook import Exercise

_SHOWN = 600  # characters of a text that a person is shown
_LONGEST_ESSAY = 50_000  # characters; whoever hands in more has not written it


def find_answers(
    submission: NotebookNode, released: NotebookNode, handed_out: NotebookNode | None = None
) -> tuple[list[str], list[Flag]]:
    """Copy answers into the cells of theirs that are as they were handed out, in place.

    submission: repaired, so each marked cell of `released` is there once. handed_out: the notebook in labs/, should
    the lab have changed since. Returns what was done, a sentence each, and flags with texts that may be answers and
    were not taken for ones.
    """
    given = [*released.cells, *(handed_out.cells if handed_out is not None else ())]
    search = _Search(submission, {cell.source.strip() for cell in given} | {""})
    own = {nbk.grade_id(cell): cell for cell in submission.cells if nbk.grade_id(cell)}
    for exercise in nbk.exercises(released):
        cell = own[exercise.id]
        if nbk.same_code(cell.source, exercise.solution.source) or nbk.same_code(cell.source, ""):
            search.code(exercise, cell)
    for essay in nbk.essays(released):
        cell = own[nbk.grade_id(essay)]
        if cell.source.strip() in ("", essay.source.strip()):
            search.essay(cell)
    return search.actions, search.flags


class _Search:
    """One notebook. known: texts of the lab's own cells. actions, flags: what was done and what a person must see."""

    def __init__(self, nb: NotebookNode, known: set[str]) -> None:
        self.actions: list[str] = []
        self.flags: list[Flag] = []
        self._nb = nb
        self._known = known
        self._place = {id(cell): index for index, cell in enumerate(nb.cells)}
        self._new = [c for c in nb.cells if not nbk.grade_id(c) and c.source.strip() not in known]
        self._defined = {
            index: nbk.names_or_none(nbk.exported_names, cell.source)
            for index, cell in enumerate(nb.cells)
            if cell.cell_type == "code"
            and (nbk.is_solution(cell) or not nbk.grade_id(cell))
            and cell.source.strip() not in known
            and nbk.STUB not in cell.source
        }

    def code(self, exercise: Exercise, cell: NotebookNode) -> None:
        """The last cell that defines what the exercise asks for; one cell may answer several."""
        if not exercise.names:
            return
        mine = self._place[id(cell)]
        defining = [at for at, names in self._defined.items() if exercise.names <= names and at != mine]
        if not defining:
            # Code in a text, or code that does not compile.
            said = [c for c in self._new if all(_is_defined(name, c.source) for name in exercise.names)]
            self._ask(exercise.id, said)
            return
        at = defining[-1]
        tests = (i for i, c in enumerate(self._nb.cells) if nbk.grade_id(c) == exercise.id + nbk.TESTS_SUFFIX)
        if mine < at < next(tests):
            return  # where it is, it runs in time
        answer = self._nb.cells[at].source
        names = nbk.names_or_none(nbk.free_names, answer)
        needed = [self._nb.cells[i] for i in nbk.needed_cells(self._nb, names, at) if i > mine]
        cell.source = "\n\n".join([*(c.source for c in needed if not nbk.grade_id(c)), answer])
        self.actions.append(f"{exercise.id}: its cell was empty; the answer in cell {at + 1} counts")

    def essay(self, cell: NotebookNode) -> None:
        """New texts directly below the cell are the essay; of texts elsewhere a person must judge."""
        below = []
        for one in self._nb.cells[self._place[id(cell)] + 1 :]:
            if nbk.grade_id(one) or (one.source.strip() and one.source.strip() in self._known):
                break
            if one.source.strip() and one.cell_type != "code":
                below.append(one.source)
        if below:
            cell.source = "\n\n".join(below)
            self.actions.append(f"{nbk.grade_id(cell)}: its cell was empty; the text below it counts")
            return
        self._ask(
            nbk.grade_id(cell), [c for c in self._new if c.cell_type != "code" or not _is_code(c.source)]
        )

    def _ask(self, name: str, cells: list[NotebookNode]) -> None:
        text = "\n\n".join(cell.source.strip() for cell in cells)
        if text:
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
            self.flags.append(
                Flag("an answer in another cell?", f"{name} is empty, but there is a new cell: {shown}")
            )


def _is_defined(name: str, text: str) -> bool:
    return bool(re.search(rf"^\s*(?:(?:async\s+)?def|class)\s+{re.escape(name)}\b", text, re.MULTILINE))


def _is_code(source: str) -> bool:
    """Whether a code cell computes something: comments, texts in quotes and what does not compile may be an essay."""
    if len(source) > _LONGEST_ESSAY:
        return True
    try:
        body = ast.parse(nbk.plain_python(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not all(_only_says(node) for node in body)


def _only_says(node: ast.stmt) -> bool:
    """A text in quotes, printed or not."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print" | "display"), args=texts, keywords=[])):
            return all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts)
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
