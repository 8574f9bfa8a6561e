"""Reading course notebooks: which cell is what, which names it makes and needs, what is hidden in it.

Plain functions over nbformat notebooks, used by release, verify-tests, check and grading alike. The kind of
a cell is what nbgrader's metadata say; no other mark is needed, but for the tag `setup`.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import json
import re
import symtable
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.errors import CourseError
from course_utils.grading import mend

SOLUTION = "SOLUTION"
HIDDEN = "HIDDEN TESTS"
MARK_SCHEME = "MARK SCHEME"
TESTS_SUFFIX = "-tests"
STUB = 'raise NotImplementedError("write your code here")'
ESSAY_STUB = "*Write your answer here.*"
AUTHORS_TAG = "author"  # on cells of a source notebook that no release shows

_MENDED = "course_mended"  # metadata of a notebook that was put right while it was read
_LONGEST_COMPARED = 100_000  # characters of two cells that are compared as code

# First line of a folded cell: JupyterLab shows it in place of the code, Colab reads it as the title of a form.
_TITLE = re.compile(r"# @title (\S.*)")
TESTS_TITLE = "Tests of exercise"  # how the title of a test cell begins

# A first line under which a cell is Python as usual.
_PYTHON_INSIDE = re.compile(r"\s*%%(?:time|capture)\b[^\n]*\n")

# Names that IPython puts into every notebook.
_GIVEN = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "__file__", "In", "Out", "_", "__"}


@dataclass(frozen=True)
class Exercise:
    """One autograded exercise: a solution cell and, after it, its test cell.

    id: grade_id of the solution cell, `<lab>-<part>-<name>`; the test cell's is the same plus `-tests`.
    open: an open experiment, to which many different answers are right.
    names: what the solution cell defines at its top level.
    solution_index, tests_index: places in nb.cells.
    """

    id: str
    part: str
    name: str
    title: str
    points: float
    minutes: int
    difficulty: int
    core: bool
    open: bool
    names: frozenset[str]
    solution_index: int
    tests_index: int
    solution: NotebookNode
    tests: NotebookNode


def read(path: Path) -> NotebookNode:
    """The notebook at `path`, in nbformat 4. Raises CourseError if there is none or it is something else.

    What was put right on the way (`mend.py`) is in its metadata, see `mended`.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"There is no notebook at {path}.")
    try:
        raw, said = mend.parse(path.read_bytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id get one
            nb = nbformat.reads(json.dumps(raw), as_version=4)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:100]
        raise CourseError(
            f"{path} is not a notebook ({reason}). Save it again in Jupyter, or download it as .ipynb."
        ) from None
    if not nb.cells:
        raise CourseError(f"{path} has no cells. Save it again in Jupyter, or download it as .ipynb.")
    nb.metadata.pop(_MENDED, None)
    note(nb, said)
    return nb


def note(nb: NotebookNode, sentences: list[str]) -> None:
    """Add to what `mended` tells."""
    if sentences:
        nb.metadata[_MENDED] = [*mended(nb), *sentences]


def mended(nb: NotebookNode) -> list[str]:
    """What was put right when the notebook was read, a sentence each."""
    return [str(sentence) for sentence in nb.metadata.get(_MENDED, [])]


def grader(cell: NotebookNode) -> Mapping:
    """nbgrader's metadata of a cell; empty when it has none."""
    return cell.metadata.get("nbgrader", {})


def grade_id(cell: NotebookNode) -> str:
    """The cell's grade_id, or "" when nbgrader does not know the cell."""
    return grader(cell).get("grade_id", "") if is_marked(cell) else ""


def label(nb: NotebookNode, cell: NotebookNode) -> str:
    """How a message calls a cell: its grade_id, or its number and first line."""
    if grade_id(cell):
        return grade_id(cell)
    number = next(i for i, other in enumerate(nb.cells) if other is cell)
    first = (cell.source.strip().splitlines() or [""])[0]
    return f"cell {number} ({first[:40]!r})"


def is_marked(cell: NotebookNode) -> bool:
    meta = grader(cell)
    return any(meta.get(key) for key in ("grade", "solution", "locked", "task"))


def is_solution(cell: NotebookNode) -> bool:
    """A code cell that the student writes."""
    meta = grader(cell)
    return cell.cell_type == "code" and bool(meta.get("solution")) and not meta.get("grade")


def is_test(cell: NotebookNode) -> bool:
    """A code cell that gives points by itself."""
    meta = grader(cell)
    return cell.cell_type == "code" and bool(meta.get("grade")) and not meta.get("solution")


def is_essay(cell: NotebookNode) -> bool:
    """A markdown cell that a person grades."""
    meta = grader(cell)
    return cell.cell_type == "markdown" and bool(meta.get("grade")) and bool(meta.get("solution"))


def is_setup(cell: NotebookNode) -> bool:
    """A cheap, deterministic course cell that also runs where the tests run."""
    return cell.cell_type == "code" and "setup" in cell.metadata.get("tags", ())


def is_authors(cell: NotebookNode) -> bool:
    """A cell for whoever maintains the lab: students do not get it."""
    return AUTHORS_TAG in cell.metadata.get("tags", ())


def is_folded(cell: NotebookNode) -> bool:
    """A code cell that opens with its code out of sight."""
    return cell.cell_type == "code" and bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def title(source: str) -> str:
    """What a cell's source says it is, in its first line `# @title …`; "" without one."""
    found = _TITLE.match(source)
    return found[1] if found else ""


def set_title(cell: NotebookNode, text: str) -> None:
    """Put the title into the cell's first line, in place of the one that it has."""
    rest = cell.source
    if title(rest):
        rest = _TITLE.sub("", rest, count=1).removeprefix("\n")
    cell.source = f"# @title {text}\n{rest}"


def setup_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if is_setup(cell)]


def essays(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if is_essay(cell)]


def exercises(nb: NotebookNode) -> list[Exercise]:
    """The exercises in the notebook's order. A solution cell without its test cell is left out; lint says so."""
    tests = {grade_id(cell): index for index, cell in enumerate(nb.cells) if is_test(cell)}
    found = []
    for index, cell in enumerate(nb.cells):
        name = grade_id(cell)
        if not is_solution(cell) or name + TESTS_SUFFIX not in tests:
            continue
        where = tests[name + TESTS_SUFFIX]
        facts = cell.metadata.get("course", {})
        pieces = name.split("-", 2)
        found.append(
            Exercise(
                id=name,
                part=pieces[1] if len(pieces) == 3 else "",
                name=pieces[-1],
                title=facts.get("title", pieces[-1]),
                points=float(grader(nb.cells[where]).get("points", 0)),
                minutes=int(facts.get("minutes") or 0),
                difficulty=int(facts.get("difficulty") or 0),
                core=bool(facts.get("core", True)),
                open=bool(facts.get("open", False)),
                names=names_or_none(exported_names, cell.source),
                solution_index=index,
                tests_index=where,
                solution=cell,
                tests=nb.cells[where],
            )
        )
    return found


def find_exercise(nb: NotebookNode, name: str) -> Exercise:
    """The exercise with this id or name, or whose test cell has this id.

    Raises CourseError that names the near ones when there is none, or when it is an essay.
    """
    known = exercises(nb)
    for exercise in known:
        if name.removesuffix(TESTS_SUFFIX) in (exercise.id, exercise.name):
            return exercise
    if any(name == grade_id(cell) for cell in essays(nb)):
        raise CourseError(f"{name!r} is graded by hand: there is no test to run.")
    near = difflib.get_close_matches(name, [n for e in known for n in (e.name, e.id)], n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise CourseError(
        f"There is no exercise {name!r}.{guess} The exercises are: {', '.join(e.name for e in known)}."
    )


def student_names(nb: NotebookNode) -> frozenset[str]:
    """Every name that the solution cells of the notebook define."""
    cells = (cell for cell in nb.cells if is_solution(cell))
    return frozenset().union(*(names_or_none(exported_names, cell.source) for cell in cells))


def total_points(nb: NotebookNode) -> float:
    return sum(float(grader(cell).get("points", 0)) for cell in nb.cells if grader(cell).get("grade"))


# Names in code


def plain_python(source: str) -> str:
    """The cell as Python: `%magic`, `!command` and `name?` become calls of get_ipython().

    Strings stay strings. The body of `%%time` and `%%capture` is Python and stays; that of any other cell
    magic is a text that get_ipython() is given.
    """
    while magic := _PYTHON_INSIDE.match(source):
        source = "\n" + source[magic.end() :]
    if not re.search(r"^\s*[%!?]|[?]\s*$|=\s*[%!]", source, re.MULTILINE):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


@lru_cache(maxsize=4096)
def bound_names(source: str) -> frozenset[str]:
    """Names that the cell binds at its top level, imports included. Raises SyntaxError."""
    return frozenset(_bound(symtable.symtable(plain_python(source), "<cell>", "exec")))


@lru_cache(maxsize=4096)
def exported_names(source: str) -> frozenset[str]:
    """Names that the cell defines at its top level: functions, classes, values; not what it imports."""
    top = symtable.symtable(plain_python(source), "<cell>", "exec")
    return frozenset(s.get_name() for s in top.get_symbols() if s.is_assigned() and not s.is_imported())


@lru_cache(maxsize=4096)
def free_names(source: str) -> frozenset[str]:
    """Names that the cell takes from elsewhere: other cells, but not builtins. Raises SyntaxError.

    A name used inside a function counts unless the cell binds it anywhere, because it is looked up when
    the function is called; one used at the top level counts unless it was bound before.
    """
    return _taken(source) - _GIVEN


@lru_cache(maxsize=4096)
def builtins_used(source: str) -> frozenset[str]:
    """Python's own names that the cell uses and does not bind. Raises SyntaxError."""
    return _taken(source) & frozenset(dir(builtins))


def _taken(source: str) -> frozenset[str]:
    bound: set[str] = set()
    now: set[str] = set()
    later: set[str] = set()
    for statement in ast.parse(plain_python(source)).body:
        table = symtable.symtable(ast.unparse(statement), "<cell>", "exec")
        binds = _bound(table)
        uses = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
        # `x = x + 1` needs an earlier x; a loop that binds x and then uses it does not.
        own = set() if isinstance(statement, ast.Assign | ast.AnnAssign) else binds
        now |= ((uses - own) | _augmented(statement)) - bound
        later |= set(_global_in_functions(table))
        bound |= binds
    return frozenset(now | (later - bound))


def needed_cells(nb: NotebookNode, names: Iterable[str], before: int) -> list[int]:
    """Cells before index `before` that must run so that `names` exist, in order, without setup cells.

    For each name it is the nearest earlier code cell that binds it, and then what that cell needs.
    """
    binds = {
        index: names_or_none(bound_names, cell.source)
        for index, cell in enumerate(nb.cells[:before])
        if cell.cell_type == "code" and not is_test(cell)
    }
    wanted = [(name, before) for name in names]
    seen = set(wanted)
    needed: set[int] = set()
    while wanted:
        name, limit = wanted.pop()
        index = max((i for i, bound in binds.items() if i < limit and name in bound), default=None)
        if index is None or is_setup(nb.cells[index]):
            continue
        needed.add(index)
        new = {(other, index) for other in names_or_none(free_names, nb.cells[index].source)} - seen
        seen |= new
        wanted.extend(new)
    return sorted(needed)


# Regions between marks


def regions(source: str, label: str) -> list[tuple[int, int]]:
    """Line numbers (first, last), from 0, of each region `### BEGIN label` to `### END label`, marks included.

    The marks are found as nbgrader finds them: anywhere in a line. Raises ValueError if they do not pair up.
    """
    found: list[tuple[int, int]] = []
    start = None
    for number, line in enumerate(source.split("\n")):
        if f"BEGIN {label}" in line:
            if start is not None:
                raise ValueError(f"BEGIN {label} stands inside another one")
            start = number
        elif f"END {label}" in line:
            if start is None:
                raise ValueError(f"END {label} has no BEGIN {label}")
            found.append((start, number))
            start = None
    if start is not None:
        raise ValueError(f"BEGIN {label} has no END {label}")
    return found


def split_hidden(source: str) -> tuple[str, str]:
    """(visible, hidden) text of a test cell, marks left out. Raises ValueError if the marks do not pair up."""
    hidden_lines = {i for first, last in regions(source, HIDDEN) for i in range(first, last + 1)}
    marks = {i for pair in regions(source, HIDDEN) for i in pair}
    lines = source.split("\n")
    visible = [line for i, line in enumerate(lines) if i not in hidden_lines]
    hidden = [line for i, line in enumerate(lines) if i in hidden_lines - marks]
    return "\n".join(visible), "\n".join(hidden)


def solution_text(source: str) -> str:
    """What stands inside the solution regions of a cell; all of it if it has none."""
    pairs = regions(source, SOLUTION)
    lines = source.split("\n")
    return "\n".join(line for first, last in pairs for line in lines[first + 1 : last]) if pairs else source


def clear_solution(source: str) -> str:
    """The cell as the student gets it: each solution region replaced by the stub, as nbgrader does it."""
    pairs = regions(source, SOLUTION)
    if not pairs:
        return STUB
    lines = source.split("\n")
    kept = []
    for number, line in enumerate(lines):
        if any(number == first for first, _ in pairs):
            kept.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif not any(first <= number <= last for first, last in pairs):
            kept.append(line)
    return "\n".join(kept)


def without_marks(source: str) -> str:
    """A cell without the lines that hold marks: a solution as a student would have written it."""
    return "\n".join(
        line for line in source.split("\n") if not line.strip().startswith(("### BEGIN", "### END"))
    )


def same_code(one: str, other: str) -> bool:
    """Whether two cells do the same: comments, spaces and lines that only print do not count."""
    if one.strip() == other.strip():
        return True
    if len(one) + len(other) > _LONGEST_COMPARED:
        return False
    try:
        return _doings(one) == _doings(other)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _doings(source: str) -> list[str]:
    tree = ast.parse(plain_python(source))
    prints = (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") in ("print", "display")
        for node in tree.body
    )
    return [ast.dump(node) for node, only_prints in zip(tree.body, prints, strict=True) if not only_prints]


def with_answers(nb: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """A copy of a released lab in which the solution cells named by their grade_id hold these answers.

    Raises KeyError for an id that is not in the notebook.
    """
    copy = deepcopy(nb)
    cells = {grade_id(cell): cell for cell in copy.cells if is_solution(cell) or is_essay(cell)}
    for name, source in answers.items():
        cells[name].source = source
    return copy


def names_or_none(names: Callable[[str], frozenset[str]], source: str) -> frozenset[str]:
    """`names` (bound_names, …) of a cell that may be unfinished: none when it does not compile."""
    try:
        return names(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def _bound(table: symtable.SymbolTable) -> set[str]:
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def _augmented(node: ast.AST) -> set[str]:
    """Targets of `name += …` outside functions and classes: they need an earlier value."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return set()
    own = {node.target.id} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else set()
    return own.union(*(_augmented(child) for child in ast.iter_child_nodes(node)))


def _global_in_functions(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (s.get_name() for s in child.get_symbols() if s.is_global() and s.is_referenced())
        yield from _global_in_functions(child)
