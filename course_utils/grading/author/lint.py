"""What a lab's source notebook must obey before it is released. Each rule is a function that returns sentences.

The most important one keeps answers safe: when grading, a test cell runs in a trusted process and the
student's functions in a sandbox, so a test cell may only call them with plain data (see DESIGN in
CONTRIBUTING.md and course_utils.checks).
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import setup_cell

MAX_OUTPUT_BYTES = 500_000
MAX_CORE_MINUTES = 90
MIN_CORE_SHARE = 0.8

_ID = re.compile(r"[A-Za-z0-9_-]+")
_MARKS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


def lint(nb: NotebookNode, lab: Lab | None = None) -> list[str]:
    """What is wrong with a source notebook: one sentence each, none if all is well.

    With `lab`, names and points are compared with course.toml as well.
    """
    broken = _syntax(nb)
    if broken:
        return broken  # the other rules read the code
    rules = (_cells, _ids, _regions, _pairs, _facts, _stubs, _tests, _setup, _essays, _figures, _sizes)
    problems = [problem for rule in rules for problem in rule(nb)]
    return problems + (_course(nb, lab) if lab else [])


def lint_release(source: NotebookNode, released: NotebookNode) -> list[str]:
    """What a released notebook gives away of its source, or lacks of it."""
    problems = []
    text = [cell.source for cell in released.cells]
    for cell in released.cells:
        if _MARKS.search(cell.source):
            problems.append(
                f"{label(released, cell)} still holds the mark {_MARKS.search(cell.source)[0]!r}."
            )
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            problems.append(f"{label(released, cell)} still has its output.")
    for cell in source.cells:
        for what, secret in _secrets(cell):
            where = next((i for i, visible in enumerate(text) if _leaks(secret, visible)), None)
            if where is not None:
                problems.append(
                    f"{label(released, released.cells[where])} shows {what} of {label(source, cell)}."
                )
    before = [nbk.grade_id(cell) for cell in source.cells if nbk.grade_id(cell)]
    after = [nbk.grade_id(cell) for cell in released.cells if nbk.grade_id(cell)]
    if before != after:
        problems.append(f"The marked cells differ: {sorted(set(before) ^ set(after))}.")
    return problems


def label(nb: NotebookNode, cell: NotebookNode) -> str:
    """How a message calls a cell: its grade_id, or its number and first line."""
    if nbk.grade_id(cell):
        return nbk.grade_id(cell)
    number = next(i for i, other in enumerate(nb.cells) if other is cell)
    first = (cell.source.strip().splitlines() or [""])[0]
    return f"cell {number} ({first[:40]!r})"


# The notebook as a whole


def _syntax(nb: NotebookNode) -> list[str]:
    problems = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            try:
                ast.parse(nbk.plain_python(cell.source))
            except SyntaxError as error:
                problems.append(f"{label(nb, cell)} does not compile: {error.msg}, line {error.lineno}.")
    return problems


def _cells(nb: NotebookNode) -> Iterator[str]:
    ids = Counter(cell.get("id", "") for cell in nb.cells)
    for cell_id, count in ids.items():
        if not cell_id:
            yield f"{count} cells have no cell id: save the notebook in nbformat 4.5 or later."
        elif count > 1:
            yield f"The cell id {cell_id!r} is used {count} times."


def _ids(nb: NotebookNode) -> Iterator[str]:
    marked = [cell for cell in nb.cells if nbk.is_marked(cell)]
    for cell in marked:
        name = nbk.grade_id(cell)
        if not _ID.fullmatch(name):
            yield f"The grade_id {name!r} of cell {nb.cells.index(cell)} may hold only letters, digits, _ and -."
    for name, count in Counter(map(nbk.grade_id, marked)).items():
        if count > 1:
            yield f"The grade_id {name} is used {count} times."


def _course(nb: NotebookNode, lab: Lab) -> list[str]:
    problems = []
    for cell in nb.cells:
        name = nbk.grade_id(cell)
        kind = "-essay-" if nbk.is_essay(cell) else "-"
        pieces = 3 if nbk.is_solution(cell) else 2
        if name and not (name.startswith(lab.short + kind) and len(name.split("-", 2)) >= pieces):
            wanted = f"{lab.short}-<part>-<name>" if pieces == 3 else f"{lab.short}{kind}<name>"
            problems.append(f"The grade_id {name} should have the form {wanted}.")
    points = nbk.total_points(nb)
    if points != lab.points:
        problems.append(f"The cells give {points:g} points, course.toml says {lab.points}.")
    return problems


def _regions(nb: NotebookNode) -> Iterator[str]:
    homes = {nbk.SOLUTION: "solution", nbk.HIDDEN: "test", nbk.MARK_SCHEME: "essay"}
    for cell in nb.cells:
        is_home = {
            "solution": nbk.is_solution(cell) or nbk.is_essay(cell),
            "test": nbk.is_test(cell),
            "essay": nbk.is_essay(cell),
        }
        for mark, home in homes.items():
            try:
                found = nbk.regions(cell.source, mark)
            except ValueError as error:
                yield f"{label(nb, cell)}: {error}."
                continue
            if found and not is_home[home]:
                yield f"{label(nb, cell)} is not a cell for {mark.lower()}: mark it, or take the region out."


def _figures(nb: NotebookNode) -> Iterator[str]:
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if re.search(r"!\[\s*\]\(", cell.source) or _bare_image(cell.source):
                yield f"{label(nb, cell)} has an image without alt text."
            continue
        for output in cell.get("outputs", ()):
            kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            described = output.get("metadata", {})
            if kinds and not any(_alt(described, kind) for kind in kinds):
                yield f"A figure of {label(nb, cell)} has no alt text: show it with viz.show(fig, alt=…)."
            if _bare_image("".join(output.get("data", {}).get("text/html", ""))):
                yield f"The HTML that {label(nb, cell)} shows has an image without alt text."


def _alt(metadata: dict, kind: str) -> str:
    own = metadata.get(kind, {})
    return (own.get("alt") or metadata.get("alt") or "").strip()


def _bare_image(text: str) -> bool:
    return any(not re.search(r"""alt=(["'])\s*[^"'\s]""", tag) for tag in re.findall(r"<img\b[^>]*>", text))


def _sizes(nb: NotebookNode) -> Iterator[str]:
    for cell in nb.cells:
        size = len(json.dumps(cell.get("outputs", [])).encode())
        if size > MAX_OUTPUT_BYTES:
            yield f"The output of {label(nb, cell)} has {size / 1000:.0f} kB, more than {MAX_OUTPUT_BYTES // 1000}."


# Exercises, setup and essays


def _pairs(nb: NotebookNode) -> Iterator[str]:
    place = {nbk.grade_id(cell): index for index, cell in enumerate(nb.cells) if nbk.is_marked(cell)}
    for index, cell in enumerate(nb.cells):
        name, meta = nbk.grade_id(cell), nbk.grader(cell)
        if nbk.is_solution(cell):
            if meta.get("locked"):
                yield f"{name} is locked: a student could not write in it."
            if "points" in meta:
                yield f"{name} has points: they belong to its test cell."
            if place.get(name + nbk.TESTS_SUFFIX, -1) < index:
                yield f"{name} has no test cell {name}{nbk.TESTS_SUFFIX} after it."
        elif nbk.is_test(cell):
            if not meta.get("locked"):
                yield f"{name} is not locked."
            if not float(meta.get("points") or 0) > 0:
                yield f"{name} gives no points."
            if name.removesuffix(nbk.TESTS_SUFFIX) not in place or not name.endswith(nbk.TESTS_SUFFIX):
                yield f"{name} belongs to no solution cell: its name should be that cell's and {nbk.TESTS_SUFFIX}."
        elif meta.get("grade") and not nbk.is_essay(cell):
            yield f"{name} is graded but neither a test cell nor an essay."
    for name, count in Counter(exercise.name for exercise in nbk.exercises(nb)).items():
        if count > 1:
            yield f"{count} exercises are called {name}: their catalogues would share a file."


def _facts(nb: NotebookNode) -> Iterator[str]:
    wanted = {"title": str, "minutes": int, "difficulty": int, "core": bool}
    for cell in nb.cells:
        if nbk.is_solution(cell):
            facts = cell.metadata.get("course", {})
            missing = [key for key, kind in wanted.items() if type(facts.get(key)) is not kind]
            if missing:
                yield f"{nbk.grade_id(cell)} lacks {', '.join(missing)} in its metadata `course`."
            elif not 1 <= facts["difficulty"] <= 5:
                yield f"{nbk.grade_id(cell)} has difficulty {facts['difficulty']}, which should be 1 to 5."
    known = nbk.exercises(nb)
    stretch = sum(exercise.points for exercise in known if not exercise.core)
    total = nbk.total_points(nb)
    if total and (total - stretch) / total < MIN_CORE_SHARE:
        yield f"Core parts carry {(total - stretch) / total:.0%} of the points, less than {MIN_CORE_SHARE:.0%}."
    minutes = sum(exercise.minutes for exercise in known if exercise.core)
    if minutes > MAX_CORE_MINUTES:
        yield f"Core exercises take {minutes} minutes, more than {MAX_CORE_MINUTES}."


def _stubs(nb: NotebookNode) -> Iterator[str]:
    for exercise in nbk.exercises(nb):
        if not _pairs_up(exercise.solution.source, nbk.SOLUTION):
            continue
        if not nbk.regions(exercise.solution.source, nbk.SOLUTION):
            yield f"{exercise.id} has no solution region: the student would get no signature."
            continue
        stub = nbk.clear_solution(exercise.solution.source)
        try:
            left = nbk.exported_names(stub)
        except SyntaxError as error:
            yield f"The stub of {exercise.id} does not compile: {error.msg}, line {error.lineno}."
            continue
        gone = (nbk.free_names(exercise.tests.source) & exercise.names) - left
        if gone:
            yield f"The stub of {exercise.id} does not define {', '.join(sorted(gone))}, which its tests use."


def _tests(nb: NotebookNode) -> Iterator[str]:
    students = nbk.student_names(nb)
    setup = frozenset().union(*(nbk.bound_names(cell.source) for cell in nbk.setup_cells(nb)))
    for cell in nb.cells:
        if not nbk.is_test(cell) or not _pairs_up(cell.source, nbk.HIDDEN):
            continue
        name = nbk.grade_id(cell)
        visible, hidden = nbk.split_hidden(cell.source)
        for what, part in (("visible", visible), ("hidden", hidden)):
            try:
                checks = any(
                    isinstance(node, ast.Assert) or _is_check(node) for node in ast.walk(ast.parse(part))
                )
            except SyntaxError as error:
                yield f"The {what} tests of {name} do not compile alone: {error.msg}."
                continue
            if not checks:
                yield f"{name} has no {what} tests."
        if len(nbk.regions(cell.source, nbk.HIDDEN)) > 1:
            yield f"{name} has more than one hidden region."
        stray = nbk.free_names(cell.source) - students - setup
        if stray:
            yield f"{name} uses {', '.join(sorted(stray))}, which no setup cell defines: tests run without the rest."
        for problem in data_only(cell.source, students):
            yield f"{name}, {problem}"


def data_only(source: str, students: frozenset[str]) -> list[str]:
    """Where a test cell does more with the student's names than call them, and what its probes hold.

    A student's name may be called, or be passed to a function of `checks`; inside `@checks.probe` it may be
    used freely, but there no name of the test cell may occur, nor any check.
    """
    tree = ast.parse(source)
    inside = {id(node) for probe in probes(tree) for node in ast.walk(probe)}
    allowed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            allowed.add(id(node.func))
            if _is_check(node):
                allowed |= {id(argument) for argument in node.args}
                allowed |= {id(keyword.value) for keyword in node.keywords}
    problems = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in students and id(node) not in inside | allowed:
            verb = "uses" if isinstance(node.ctx, ast.Load) else "rebinds"
            problems.append(
                f"line {node.lineno} {verb} {node.id} other than by calling it or passing it to checks: "
                "only plain data reach the tests, so put it into a function with @checks.probe."
            )
    local = nbk.bound_names(source)
    for probe in probes(tree):
        alone = ast.parse(ast.unparse(probe))
        alone.body[0].decorator_list = []
        text = ast.unparse(alone)
        if any(isinstance(node, ast.Assert) or _is_check(node) for node in ast.walk(alone)):
            problems.append(f"probe {probe.name} checks something: return the data and check them outside.")
        shared = (nbk.free_names(text) & local) - students
        if shared:
            problems.append(
                f"probe {probe.name} uses {', '.join(sorted(shared))} of the test cell: it runs beside the "
                "student's code, where that is unknown and must stay so. Pass data in, or import inside."
            )
    return problems


def probes(tree: ast.AST) -> list[ast.FunctionDef]:
    """The functions of a test cell that run beside the student's code."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator) == "checks.probe" for decorator in node.decorator_list)
    ]


def _setup(nb: NotebookNode) -> Iterator[str]:
    known: set[str] = set()
    for cell in nb.cells:
        named = re.search(r"-setup\d*$", nbk.grade_id(cell)) is not None
        if nbk.is_setup(cell) != named:
            lacks = "the tag `setup`" if named else "a grade_id that ends in -setup"
            yield f"{label(nb, cell)} is a setup cell without {lacks}."
        if not nbk.is_setup(cell):
            continue
        meta = nbk.grader(cell)
        if not meta.get("locked") or meta.get("grade") or meta.get("solution"):
            yield f"{label(nb, cell)} is a setup cell and should be locked and read-only."
        missing = nbk.free_names(cell.source) - known
        if missing:
            yield f"{label(nb, cell)} needs {', '.join(sorted(missing))}, which no setup cell before it defines."
        known |= nbk.bound_names(cell.source)
    if not nbk.setup_cells(nb):
        yield "There is no setup cell."
    for cell in nbk.setup_cells(nb)[:1]:
        try:
            canonical = cell.source == setup_cell.filled(cell.source)
        except CourseError as error:
            yield f"{label(nb, cell)} should begin as in every lab (author/setup_cell.py): {error}"
            continue
        if not canonical:
            yield (
                f"{label(nb, cell)} differs from the text of every lab outside its imports and what follows "
                "`profile = get_profile()`: `course release` writes it anew, author/setup_cell.py holds it."
            )


def _essays(nb: NotebookNode) -> Iterator[str]:
    for cell in nbk.essays(nb):
        if not float(nbk.grader(cell).get("points") or 0) > 0:
            yield f"{nbk.grade_id(cell)} gives no points."
        if not (_pairs_up(cell.source, nbk.MARK_SCHEME) and _pairs_up(cell.source, nbk.SOLUTION)):
            continue
        schemes = nbk.regions(cell.source, nbk.MARK_SCHEME)
        if not schemes:
            yield f"{nbk.grade_id(cell)} has no mark scheme."
        # nbgrader puts a stub in place of the solution region, or of the whole cell if it has none.
        answers = nbk.regions(cell.source, nbk.SOLUTION) or [(-1, len(cell.source))]
        if any(not any(a < first and last < b for a, b in answers) for first, last in schemes):
            yield f"The mark scheme of {nbk.grade_id(cell)} stands outside its solution region."


def _pairs_up(source: str, mark: str) -> bool:
    try:
        nbk.regions(source, mark)
    except ValueError:
        return False  # _regions says so
    return True


def _is_check(node: ast.AST) -> bool:
    """A call `checks.something(…)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "checks"
    )


# Secrets


def _secrets(cell: NotebookNode) -> Iterator[tuple[str, list[str]]]:
    """What of a source cell no student may see: (what it is, its telling lines)."""
    if nbk.is_solution(cell):
        shown = set(map(str.strip, nbk.clear_solution(cell.source).split("\n")))
        lines = [line for line in _telling(nbk.solution_text(cell.source)) if line not in shown]
        yield "the solution", lines
    elif nbk.is_test(cell):
        visible, hidden = nbk.split_hidden(cell.source)
        shown = set(map(str.strip, visible.split("\n")))
        yield "hidden tests", [line for line in _telling(hidden) if line not in shown]
    elif nbk.is_essay(cell):
        lines = cell.source.split("\n")
        for first, last in nbk.regions(cell.source, nbk.MARK_SCHEME):
            yield "the mark scheme", _telling("\n".join(lines[first + 1 : last]))
        yield "the model answer", _telling(nbk.solution_text(cell.source))


def _telling(text: str) -> list[str]:
    """Lines long enough to give something away, without comments."""
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if len(line) >= 20 and not line.startswith("#")]


def _leaks(secret: list[str], visible: str) -> bool:
    """At least half of the telling lines stand in one cell. A single common line is no leak of a long answer."""
    return bool(secret) and sum(line in visible for line in secret) * 2 >= len(secret)
