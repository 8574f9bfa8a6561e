"""Answers that are nearly the same program: for a teacher to look at, not a verdict.

Compared are the syntax trees of solution cells, without comments, layout, docstrings and type hints, and with
one sign for all names of the student's own. What the exercise makes everybody write must not count, so an
answer is cut into stretches of STRETCH nodes, and a stretch does not count if it stands in the handed-out
cell or in the answers of many: more than COMMON of the class, but not less than FEW and not more than MOST.
Two answers are near-identical if at least ALIKE of what counts in each is in the other, and that covers at
least EVIDENCE nodes; short answers and usual phrases never do. An answer of LONG nodes or more that many
handed in word for word is told too, unless half of the class did.

The idea of leaving out what is common and counting the rest is that of Schleimer, Wilkerson and Aiken,
"Winnowing: local algorithms for document fingerprinting", SIGMOD 2003.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.paths import CoursePaths

STRETCH = 12
COMMON, FEW, MOST = 0.05, 3, 20
ALIKE = 0.8
EVIDENCE = 60
LONG = 200
_LONGEST = 50_000  # characters of an answer that are looked at
_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


@dataclass(frozen=True)
class Group:
    """Students whose answers to one exercise are near-identical.

    likeness: of the least alike pair that joins them, 0 to 1. nodes: of syntax that the two first share and
    that counts. sources: what the two first wrote.
    """

    exercise: str
    title: str
    students: tuple[str, ...]
    likeness: float
    nodes: int
    sources: tuple[str, str]


def find_copies(lab: str, students: Iterable[str], paths: CoursePaths) -> list[Group]:
    """Groups of near-identical answers to the exercises of a lab, the most telling first.

    Reads the autograded notebooks, where cells have their ids back; who has none is left out.
    """
    try:
        source = nbk.read(paths.lab(lab).source)
    except CourseError:
        return []
    exercises = nbk.exercises(source)
    answers: dict[str, dict[str, str]] = {exercise.id: {} for exercise in exercises}
    for student in students:
        for name, text in _solution_cells(paths.submission(lab, student).graded_notebook):
            if name in answers:
                answers[name][student] = text
    groups = []
    for exercise in exercises:
        stub = nbk.clear_solution(exercise.solution.source)
        found = near_identical(answers[exercise.id], stub, exercise.names)
        groups += [Group(exercise.id, exercise.title, *facts) for facts in found]
    return sorted(groups, key=lambda g: (-g.nodes * g.likeness, g.exercise, g.students))


def near_identical(
    answers: Mapping[str, str], stub: str, given: Iterable[str] = ()
) -> list[tuple[tuple[str, ...], float, int, tuple[str, str]]]:
    """(students, likeness, nodes, sources) of each group in the answers to one exercise.

    answers: student -> source of the cell. stub: the cell as it was handed out. given: names that the
    exercise prescribes, which are not the student's own.
    """
    given = frozenset(given)
    forms: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for student in sorted(answers):
        if tree := nodes(answers[student], given):
            forms[tree].append(student)
    handed_out = set(_stretches(nodes(stub, given)))
    written = sum(map(len, forms.values()))
    many = min(MOST, max(FEW, COMMON * written))
    shapes = list(forms)
    stretches = [Counter(_stretches(shape)) for shape in shapes]
    seen: Counter[int] = Counter()
    for shape, own in zip(shapes, stretches, strict=True):
        for stretch in own:
            seen[stretch] += len(forms[shape])
    counted = [
        {stretch for stretch in own if stretch not in handed_out and seen[stretch] <= many}
        for own in stretches
    ]

    # Which pairs of forms share something that counts: by way of the stretches, each of which few have.
    holders: dict[int, list[int]] = defaultdict(list)
    for index, rare in enumerate(counted):
        for stretch in rare:
            holders[stretch].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for indices in holders.values():
        for place, one in enumerate(indices):
            for other in indices[place + 1 :]:
                shared[one, other] += 1
    links = [
        (one, other, n / max(len(counted[one]), len(counted[other])), n)
        for (one, other), n in shared.items()
        if n >= EVIDENCE - STRETCH + 1 and n >= ALIKE * max(len(counted[one]), len(counted[other]))
    ]
    for index, shape in enumerate(shapes):
        people, rare = len(forms[shape]), counted[index]
        if people < 2:
            continue
        if len(rare) >= EVIDENCE - STRETCH + 1:
            links.append((index, index, 1.0, len(rare)))
        elif many < people <= written / 2:
            new = len([stretch for stretch in stretches[index] if stretch not in handed_out])
            if new >= LONG - STRETCH + 1:
                links.append((index, index, 1.0, new))
    return [_describe(part, links, shapes, forms, answers) for part in _joined(links)]


def nodes(source: str, given: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The program as a sequence of its syntax nodes, own names all alike; () if it does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(nbk.plain_python(source[:_LONGEST]))
        own = _Names(given)
        own.visit(tree)
        return tuple(_walk(tree, own))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


class _Names(ast.NodeVisitor):
    """The names that the code makes itself: arguments, variables, helpers."""

    def __init__(self, given: frozenset[str]) -> None:
        self.given = given
        self.made: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.made.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.made.add(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.made.add(node.name)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef

    def called(self, name: str) -> str:
        return "#" if name in self.made and name not in self.given else name


def _walk(node: ast.AST, names: _Names) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield names.called(node.id)
        return
    if isinstance(node, ast.Constant):
        yield repr(node.value)[:200]
        return
    if isinstance(node, ast.Load | ast.Store | ast.Del):
        return
    kind = type(node).__name__
    if isinstance(node, ast.AnnAssign):
        kind = "Assign"
    word = ""
    if isinstance(node, ast.Attribute):
        word = node.attr
    elif isinstance(node, ast.arg):
        yield names.called(node.arg)
        return
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        word = names.called(node.name)
    elif isinstance(node, ast.keyword):
        word = node.arg or "**"
    elif isinstance(node, ast.alias):
        word = node.name
    yield f"{kind} {word}".strip()
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "type_params", "simple"):
            continue
        children = value if isinstance(value, list) else [value]
        if name == "body" and isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            children = [child for child in children if not _is_text(child)]
        for child in children:
            if isinstance(child, ast.AST):
                yield from _walk(child, names)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or a string that stands alone as a comment."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _stretches(shape: tuple[str, ...]) -> list[int]:
    return [hash(shape[at : at + STRETCH]) for at in range(len(shape) - STRETCH + 1)]


def _joined(links: list[tuple[int, int, float, int]]) -> list[set[int]]:
    """Sets of forms that links join, directly or through others."""
    parent: dict[int, int] = {}

    def root(index: int) -> int:
        while parent.setdefault(index, index) != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other, _, _ in links:
        parent[root(other)] = root(one)
    sets: dict[int, set[int]] = defaultdict(set)
    for index in list(parent):
        sets[root(index)].add(index)
    return list(sets.values())


def _describe(
    part: set[int],
    links: Sequence[tuple[int, int, float, int]],
    shapes: Sequence[tuple[str, ...]],
    forms: Mapping[tuple[str, ...], list[str]],
    answers: Mapping[str, str],
) -> tuple[tuple[str, ...], float, int, tuple[str, str]]:
    inside = [link for link in links if link[0] in part]
    # The strongest pair is shown, and two different texts rather than one twice.
    one, other, _, n = max(inside, key=lambda link: (link[0] != link[1], link[3], link[2]))
    first = forms[shapes[one]][0]
    second = forms[shapes[other]][0] if one != other else forms[shapes[one]][1]
    students = sorted(student for index in part for student in forms[shapes[index]])
    rest = [student for student in students if student not in (first, second)]
    likeness = min(link[2] for link in inside)
    return (first, second, *rest), likeness, n + STRETCH - 1, (answers[first], answers[second])


def _solution_cells(path: Path) -> Iterator[tuple[str, str]]:
    """(grade_id, source) of the cells that the student wrote. Reads JSON alone: a class has many notebooks."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        for cell in cells:
            meta = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == "code" and meta.get("solution") and not meta.get("grade"):
                text = cell["source"]
                yield meta["grade_id"], text if isinstance(text, str) else "".join(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
