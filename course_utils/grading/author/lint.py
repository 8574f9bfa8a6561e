"""What a lab's source notebook must obey before it is released. Each rule is a function that yields complaints.

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
from copy import copy

from nbformat import NotebookNode

from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import setup_cell
from course_utils.grading.author.complaint import Complaint

MAX_OUTPUT_BYTES = 500_000
MAX_CORE_MINUTES = 90
MIN_CORE_SHARE = 0.8

_NOTEBOOK = "The notebook"
_AGAIN = "Make it again: `course release`."
_ID = re.compile(r"[A-Za-z0-9_-]+")
_MARKS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


def lint(nb: NotebookNode, lab: Lab | None = None) -> list[Complaint]:
    """What is wrong with a source notebook; nothing if all is well.

    With `lab`, names and points are compared with course.toml as well.
    """
    broken = uncompiled(nb)
    if broken:
        return broken  # the other rules read the code
    rules = (
        _cells,
        _ids,
        _regions,
        _pairs,
        _facts,
        _stubs,
        _tests,
        _callables,
        _setup,
        _essays,
        _figures,
        _sizes,
    )
    problems = [problem for rule in rules for problem in rule(nb)]
    return problems + (_course(nb, lab) if lab else [])


def lint_release(source: NotebookNode, released: NotebookNode) -> list[Complaint]:
    """What a released notebook gives away of its source, or lacks of it."""
    problems = []
    text = [cell.source for cell in released.cells]
    for cell in released.cells:
        if mark := _MARKS.search(cell.source):
            what = f"still holds the mark {mark[0]!r}."
            problems.append(Complaint(nbk.label(released, cell), what, _AGAIN))
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            problems.append(Complaint(nbk.label(released, cell), "still has its output.", _AGAIN))
    for cell in source.cells:
        for what, secret in _secrets(cell):
            where = next((i for i, visible in enumerate(text) if _leaks(secret, visible)), None)
            if where is not None:
                shows = f"shows {what} of {nbk.label(source, cell)}."
                cure = "Say it in other words in the source, or move it into the region."
                problems.append(Complaint(nbk.label(released, released.cells[where]), shows, cure))
    before = [nbk.grade_id(cell) for cell in source.cells if nbk.grade_id(cell)]
    after = [nbk.grade_id(cell) for cell in released.cells if nbk.grade_id(cell)]
    if before != after:
        differ = f"has other marked cells than its source: {sorted(set(before) ^ set(after))}."
        problems.append(Complaint("The released notebook", differ, _AGAIN))
    return problems


# The notebook as a whole


def uncompiled(nb: NotebookNode) -> list[Complaint]:
    """The code cells that do not compile."""
    problems = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            try:
                ast.parse(nbk.plain_python(cell.source))
            except SyntaxError as error:
                what = f"does not compile: {error.msg}, line {error.lineno}."
                problems.append(Complaint(nbk.label(nb, cell), what))
    return problems


def _cells(nb: NotebookNode) -> Iterator[Complaint]:
    ids = Counter(cell.get("id", "") for cell in nb.cells)
    for cell_id, count in ids.items():
        if not cell_id:
            what = f"has {count} cells with no cell id."
            yield Complaint(_NOTEBOOK, what, "Save it in nbformat 4.5 or later.")
        elif count > 1:
            what = f"has {count} cells with the id {cell_id!r}: the id is used {count} times."
            yield Complaint(_NOTEBOOK, what, "Give each its own.")


def _ids(nb: NotebookNode) -> Iterator[Complaint]:
    marked = [cell for cell in nb.cells if nbk.is_marked(cell)]
    for cell in marked:
        name = nbk.grade_id(cell)
        if not _ID.fullmatch(name):
            what = f"has the grade_id {name!r}, which may hold only letters, digits, _ and -."
            yield Complaint(f"cell {nb.cells.index(cell)}", what)
    for name, count in Counter(map(nbk.grade_id, marked)).items():
        if count > 1:
            what = f"is a grade_id that is used {count} times."
            yield Complaint(name, what, "Give each cell its own.")


def _course(nb: NotebookNode, lab: Lab) -> list[Complaint]:
    problems = []
    for cell in nb.cells:
        name = nbk.grade_id(cell)
        kind = "-essay-" if nbk.is_essay(cell) else "-"
        pieces = 3 if nbk.is_solution(cell) else 2
        if name and not (name.startswith(lab.short + kind) and len(name.split("-", 2)) >= pieces):
            wanted = f"{lab.short}-<part>-<name>" if pieces == 3 else f"{lab.short}{kind}<name>"
            problems.append(Complaint(name, f"is a grade_id that should have the form {wanted}."))
    points = nbk.total_points(nb)
    if points != lab.points:
        what = f"has cells that give {points:g} points, course.toml says {lab.points}."
        problems.append(Complaint(_NOTEBOOK, what, "Change one of the two."))
    return problems


def _regions(nb: NotebookNode) -> Iterator[Complaint]:
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
                what = f"has marks that do not pair up: {error}."
                yield Complaint(nbk.label(nb, cell), what)
                continue
            if found and not is_home[home]:
                what = f"is not a cell for {mark.lower()}."
                yield Complaint(nbk.label(nb, cell), what, "Mark it, or take the region out.")


def _figures(nb: NotebookNode) -> Iterator[Complaint]:
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if re.search(r"!\[\s*\]\(", cell.source) or _bare_image(cell.source):
                yield Complaint(nbk.label(nb, cell), "has an image without alt text.")
            continue
        for output in cell.get("outputs", ()):
            kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            described = output.get("metadata", {})
            if kinds and not any(_alt(described, kind) for kind in kinds):
                what = "shows a figure that has no alt text."
                yield Complaint(nbk.label(nb, cell), what, "Show it with viz.show(fig, alt=…).")
            if _bare_image("".join(output.get("data", {}).get("text/html", ""))):
                yield Complaint(nbk.label(nb, cell), "shows HTML that has an image without alt text.")


def _alt(metadata: dict, kind: str) -> str:
    own = metadata.get(kind, {})
    return (own.get("alt") or metadata.get("alt") or "").strip()


def _bare_image(text: str) -> bool:
    return any(not re.search(r"""alt=(["'])\s*[^"'\s]""", tag) for tag in re.findall(r"<img\b[^>]*>", text))


def _sizes(nb: NotebookNode) -> Iterator[Complaint]:
    for cell in nb.cells:
        size = len(json.dumps(cell.get("outputs", [])).encode())
        if size > MAX_OUTPUT_BYTES:
            what = f"has an output of {size / 1000:.0f} kB, more than {MAX_OUTPUT_BYTES // 1000}."
            yield Complaint(nbk.label(nb, cell), what, "Print less, or draw a smaller picture.")


# Exercises, setup and essays


def _pairs(nb: NotebookNode) -> Iterator[Complaint]:
    place = {nbk.grade_id(cell): index for index, cell in enumerate(nb.cells) if nbk.is_marked(cell)}
    for index, cell in enumerate(nb.cells):
        name, meta = nbk.grade_id(cell), nbk.grader(cell)
        if nbk.is_solution(cell):
            if meta.get("locked"):
                yield Complaint(name, "is locked: a student could not write in it.")
            if "points" in meta:
                yield Complaint(name, "has points: they belong to its test cell.")
            if place.get(name + nbk.TESTS_SUFFIX, -1) < index:
                yield Complaint(name, f"has no test cell {name}{nbk.TESTS_SUFFIX} after it.")
        elif nbk.is_test(cell):
            if not meta.get("locked"):
                yield Complaint(name, "is not locked.", "Make it Autograder tests.")
            if not float(meta.get("points") or 0) > 0:
                yield Complaint(name, "gives no points.")
            if name.removesuffix(nbk.TESTS_SUFFIX) not in place or not name.endswith(nbk.TESTS_SUFFIX):
                cure = f"Its name should be that cell's and {nbk.TESTS_SUFFIX}."
                yield Complaint(name, "belongs to no solution cell.", cure)
        elif meta.get("grade") and not nbk.is_essay(cell):
            yield Complaint(name, "is graded but neither a test cell nor an essay.")
    for name, count in Counter(exercise.name for exercise in nbk.exercises(nb)).items():
        if count > 1:
            what = f"is the name of {count} exercises: their catalogues would share a file."
            yield Complaint(name, what, "Give each its own name.")


def _facts(nb: NotebookNode) -> Iterator[Complaint]:
    wanted = {"title": str, "minutes": int, "difficulty": int, "core": bool}
    for cell in nb.cells:
        if nbk.is_solution(cell):
            facts = cell.metadata.get("course", {})
            missing = [key for key, kind in wanted.items() if type(facts.get(key)) is not kind]
            if missing:
                yield Complaint(nbk.grade_id(cell), f"lacks {', '.join(missing)} in its metadata `course`.")
            elif not 1 <= facts["difficulty"] <= 5:
                what = f"has difficulty {facts['difficulty']}, which should be 1 to 5."
                yield Complaint(nbk.grade_id(cell), what)
    known = nbk.exercises(nb)
    stretch = sum(exercise.points for exercise in known if not exercise.core)
    total = nbk.total_points(nb)
    if total and (total - stretch) / total < MIN_CORE_SHARE:
        share = (total - stretch) / total
        what = f"has core parts that carry {share:.0%} of the points, less than {MIN_CORE_SHARE:.0%}."
        yield Complaint(_NOTEBOOK, what, "Move points, or make an exercise core.")
    minutes = sum(exercise.minutes for exercise in known if exercise.core and not exercise.open)
    if minutes > MAX_CORE_MINUTES:
        what = f"has core exercises that take {minutes} minutes, more than {MAX_CORE_MINUTES}."
        yield Complaint(_NOTEBOOK, what, "Make one stretch, or shorter.")


def _stubs(nb: NotebookNode) -> Iterator[Complaint]:
    for exercise in nbk.exercises(nb):
        if not _pairs_up(exercise.solution.source, nbk.SOLUTION):
            continue
        if not nbk.regions(exercise.solution.source, nbk.SOLUTION):
            yield Complaint(exercise.id, "has no solution region: the student would get no signature.")
            continue
        stub = nbk.clear_solution(exercise.solution.source)
        try:
            left = nbk.exported_names(stub)
        except SyntaxError as error:
            what = f"has a stub that does not compile: {error.msg}, line {error.lineno}."
            yield Complaint(exercise.id, what)
            continue
        gone = (nbk.free_names(exercise.tests.source) & exercise.names) - left
        if gone:
            what = f"has a stub that does not define {', '.join(sorted(gone))}, which its tests use."
            yield Complaint(exercise.id, what)


def _tests(nb: NotebookNode) -> Iterator[Complaint]:
    students = nbk.student_names(nb)
    setup = frozenset().union(*(nbk.bound_names(cell.source) for cell in nbk.setup_cells(nb)))
    for cell in nb.cells:
        if not nbk.is_test(cell) or not _pairs_up(cell.source, nbk.HIDDEN):
            continue
        name = nbk.grade_id(cell)
        visible, hidden = nbk.split_hidden(cell.source)
        for what, part in (("visible", visible), ("hidden", hidden)):
            try:
                tree = ast.parse(nbk.plain_python(part))
            except SyntaxError as error:
                yield Complaint(name, f"has {what} tests that do not compile alone: {error.msg}.")
                continue
            if not any(isinstance(node, ast.Assert) or _is_check(node) for node in ast.walk(tree)):
                yield Complaint(name, f"has no {what} tests.")
        if len(nbk.regions(cell.source, nbk.HIDDEN)) > 1:
            yield Complaint(name, "has more than one hidden region.", "Put them together at the end.")
        stray = nbk.free_names(cell.source) - students - setup
        if stray:
            what = (
                f"uses {', '.join(sorted(stray))}, which no setup cell defines: tests run without the rest."
            )
            yield Complaint(name, what)
        for problem in data_only(cell.source, students):
            yield Complaint(f"{name},", problem)


def _callables(nb: NotebookNode) -> Iterator[Complaint]:
    """A function that tests hand over takes its arguments by the names that the lab prints: students use these."""
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    for exercise in nbk.exercises(nb):
        tests = ast.parse(nbk.plain_python(exercise.tests.source))
        for function in ast.parse(nbk.plain_python(exercise.solution.source)).body:
            if not isinstance(function, ast.FunctionDef):
                continue
            for name, line, arguments in _handed_over(tests, function):
                ways = _printed(name, f"{ast.get_docstring(function)}\n{text}")
                if ways and not any(_takes(arguments, way) for way in ways):
                    shown = " or ".join(f"{name}({', '.join(way)})" for way in sorted(ways))
                    what = f"hands over a {name} in line {line} that cannot be called as {shown}."
                    yield Complaint(nbk.grade_id(exercise.tests), what, "Give it these parameters.")


def _handed_over(tests: ast.Module, function: ast.FunctionDef) -> Iterator[tuple[str, int, ast.arguments]]:
    """(parameter, line, what it takes) of each function that a test cell makes and gives to `function`."""
    made = {node.name: node.args for node in ast.walk(tests) if isinstance(node, ast.FunctionDef)}
    parameters = [one.arg for one in function.args.args]
    for call in ast.walk(tests):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == function.name:
            given = [*zip(parameters, call.args, strict=False)]
            for name, value in [*given, *((one.arg or "", one.value) for one in call.keywords)]:
                if isinstance(value, ast.Lambda):
                    yield name, value.lineno, value.args
                elif isinstance(value, ast.Name) and value.id in made:
                    yield name, value.lineno, made[value.id]


def _printed(name: str, text: str) -> set[tuple[str, ...]]:
    """The parameters with which a text shows calls of `name`, where it names nothing but parameters."""
    shown = re.findall(rf"\b{re.escape(name)}\(([^()]*)\)", text)
    ways = {tuple(part.strip() for part in inside.split(",")) for inside in shown}
    return {way for way in ways if all(part.isidentifier() for part in way)}


def _takes(arguments: ast.arguments, way: tuple[str, ...]) -> bool:
    """Whether a function with these arguments can be called with these names, in order and by keyword."""
    if arguments.vararg is not None and arguments.kwarg is not None:
        return True
    names = tuple(one.arg for one in arguments.args)
    needed = len(names) - len(arguments.defaults)
    return not arguments.posonlyargs and names[: len(way)] == way and needed <= len(way)


def data_only(source: str, students: frozenset[str]) -> list[str]:
    """Where a test cell does more with the student's names than call them, and what its probes hold.

    A student's name may be called, or be passed to a function of `checks`; inside `@checks.probe` it may be
    used freely, but there no name of the test cell may occur, nor any check.
    """
    tree = ast.parse(nbk.plain_python(source))
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
        alone = copy(probe)
        alone.decorator_list = []
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


def _setup(nb: NotebookNode) -> Iterator[Complaint]:
    known: set[str] = set()
    for cell in nb.cells:
        named = re.search(r"-setup\d*$", nbk.grade_id(cell)) is not None
        if nbk.is_setup(cell) != named:
            lacks = "the tag `setup`" if named else "a grade_id that ends in -setup"
            yield Complaint(nbk.label(nb, cell), f"is a setup cell without {lacks}.")
        if not nbk.is_setup(cell):
            continue
        meta = nbk.grader(cell)
        if not meta.get("locked") or meta.get("grade") or meta.get("solution"):
            what = "is a setup cell and should be locked and read-only."
            yield Complaint(nbk.label(nb, cell), what)
        missing = nbk.free_names(cell.source) - known
        if missing:
            what = f"needs {', '.join(sorted(missing))}, which no setup cell before it defines."
            yield Complaint(nbk.label(nb, cell), what)
        known |= nbk.bound_names(cell.source)
    if not nbk.setup_cells(nb):
        yield Complaint(_NOTEBOOK, "has no setup cell.")
    for cell in nbk.setup_cells(nb)[:1]:
        try:
            setup_cell.filled(cell.source)
        except CourseError as error:
            what = f"should begin as in every lab (author/setup_cell.py): {error}"
            yield Complaint(nbk.label(nb, cell), what)


def _essays(nb: NotebookNode) -> Iterator[Complaint]:
    for cell in nbk.essays(nb):
        if not float(nbk.grader(cell).get("points") or 0) > 0:
            yield Complaint(nbk.grade_id(cell), "gives no points.")
        if not (_pairs_up(cell.source, nbk.MARK_SCHEME) and _pairs_up(cell.source, nbk.SOLUTION)):
            continue
        schemes = nbk.regions(cell.source, nbk.MARK_SCHEME)
        if not schemes:
            yield Complaint(nbk.grade_id(cell), "has no mark scheme.")
        # nbgrader puts a stub in place of the solution region, or of the whole cell if it has none.
        answers = nbk.regions(cell.source, nbk.SOLUTION) or [(-1, len(cell.source))]
        if any(not any(a < first and last < b for a, b in answers) for first, last in schemes):
            what = "has a mark scheme that stands outside its solution region."
            yield Complaint(nbk.grade_id(cell), what)


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
