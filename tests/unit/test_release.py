"""Releasing a lab: the rules of lint each fire on a notebook broken on purpose, and a release is safe to repeat."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace as replace_facts
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import NotebookNode

from course_utils import course
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import release as release_module
from course_utils.grading.author import setup_cell
from course_utils.grading.author.lint import data_only, lint, lint_release
from course_utils.grading.author.release import LabHasWork, release
from course_utils.grading.author.released import has_work
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.repair import released_view

D, T, E = "tiny-scale-double", "tiny-scale-double-tests", "tiny-essay-overflow"


def test_a_good_notebook_has_nothing_to_mend(tiny):
    assert lint(tiny.nb, tiny.lab) == []


def replace(grade_id: str, old: str, new: str) -> Callable:
    def change(tiny) -> None:
        cell = tiny.cell(grade_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def meta(cell: str, /, **values) -> Callable:
    return lambda tiny: tiny.cell(cell).metadata.nbgrader.update(values)


def drop(grade_id: str) -> Callable:
    return lambda tiny: tiny.nb.cells.remove(tiny.cell(grade_id))


def show(data: dict, metadata: dict | None = None) -> Callable:
    def change(tiny) -> None:
        tiny.nb.cells[-1].outputs = [
            nbformat.v4.new_output("display_data", data=data, metadata=metadata or {})
        ]

    return change


def course_facts(grade_id: str, **values) -> Callable:
    return lambda tiny: tiny.cell(grade_id).metadata.course.update(values)


def same_cell_id(tiny) -> None:
    tiny.nb.cells[0].id = tiny.nb.cells[1].id


def no_cell_id(tiny) -> None:
    del tiny.nb.cells[0]["id"]


def two_exercises_one_name(tiny) -> None:
    tiny.cell("tiny-scale-total").metadata.nbgrader.grade_id = "tiny-other-double"
    tiny.cell("tiny-scale-total-tests").metadata.nbgrader.grade_id = "tiny-other-double-tests"


def markdown(text: str) -> Callable:
    def change(tiny) -> None:
        tiny.nb.cells[0].source = text

    return change


def move_tests_up(tiny) -> None:
    cells = tiny.nb.cells
    cells[2], cells[3] = cells[3], cells[2]


def untagged(tiny) -> None:
    tiny.cell("tiny-setup").metadata.tags = []


def tagged_without_id(tiny) -> None:
    tiny.nb.cells[4].metadata.tags = ["setup"]


BROKEN = {
    "syntax": (replace(D, "values * 2", "values *"), "does not compile"),
    "cell id twice": (same_cell_id, "is used 2 times"),
    "cell id missing": (no_cell_id, "no cell id"),
    "grade_id twice": (meta("tiny-setup", grade_id=D), f"{D} is a grade_id that is used 2 times"),
    "grade_id malformed": (meta("tiny-setup", grade_id="tiny/setup"), "may hold only letters"),
    "grade_id of another lab": (
        meta("tiny-setup", grade_id="other-setup"),
        "should have the form tiny-<name>",
    ),
    "grade_id without a part": (meta(D, grade_id="tiny-double"), "tiny-<part>-<name>"),
    "essay's grade_id": (meta(E, grade_id="tiny-overflow"), "tiny-essay-<name>"),
    "points": (meta(T, points=5), "give 11 points, course.toml says 10"),
    "no points": (meta(T, points=0), "gives no points"),
    "points on a solution": (meta(D, points=1), "has points: they belong to its test cell"),
    "locked solution": (meta(D, locked=True), "is locked"),
    "unlocked tests": (meta(T, locked=False), "is not locked"),
    "no test cell": (drop(T), f"{D} has no test cell"),
    "no solution cell": (drop(D), "belongs to no solution cell"),
    "tests before": (move_tests_up, "has no test cell"),
    "graded markdown": (meta(E, solution=False), "neither a test cell nor an essay"),
    "same name": (two_exercises_one_name, "double is the name of 2 exercises"),
    "no minutes": (course_facts(D, minutes=None), "lacks minutes"),
    "difficulty": (course_facts(D, difficulty=6), "difficulty 6"),
    "core share": (course_facts(D, core=False), "core parts that carry 60%"),
    "core minutes": (course_facts(D, minutes=100), "core exercises that take 105 minutes"),
    "solution mark unpaired": (replace(D, "### END SOLUTION", ""), "BEGIN SOLUTION has no END SOLUTION"),
    "solution mark reversed": (replace(D, "### BEGIN SOLUTION", ""), "END SOLUTION has no BEGIN SOLUTION"),
    "hidden mark nested": (replace(T, "numbers = ", "### BEGIN HIDDEN TESTS\nnumbers = "), "inside another"),
    "hidden tests elsewhere": (
        replace("tiny-setup", "import torch", "import torch\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"),
        "tiny-setup is not a cell for hidden tests",
    ),
    "no solution region": (
        lambda tiny: replace(D, "### BEGIN SOLUTION", "")(tiny) or replace(D, "### END SOLUTION", "")(tiny),
        "no solution region",
    ),
    "stub does not compile": (
        replace(D, "    ### BEGIN SOLUTION", "    if True:\n    ### BEGIN SOLUTION\n        pass"),
        f"{D} has a stub that does not compile",
    ),
    "stub lacks a name": (
        lambda tiny: setattr(
            tiny.cell(D), "source", "### BEGIN SOLUTION\ndef double(values):\n    return 1\n### END SOLUTION"
        ),
        f"{D} has a stub that does not define double",
    ),
    "no visible tests": (
        lambda tiny: setattr(
            tiny.cell(T),
            "source",
            "### BEGIN HIDDEN TESTS\nassert double(toy) is not None\n### END HIDDEN TESTS",
        ),
        "has no visible tests",
    ),
    "no hidden tests": (
        replace(T, "checks.equal(double(numbers), numbers * 2, what", "dict(a=numbers * 2, what"),
        "has no hidden tests",
    ),
    "two hidden regions": (
        replace(
            T, "### END HIDDEN TESTS", "### END HIDDEN TESTS\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"
        ),
        "more than one hidden region",
    ),
    "visible tests that need hidden ones": (
        replace(T, "### BEGIN HIDDEN TESTS\n", "if True:\n### BEGIN HIDDEN TESTS\n    pass\n"),
        "tiny-scale-double-tests has visible tests that do not compile alone",
    ),
    "visible tests that are no Python": (
        lambda tiny: setattr(
            tiny.cell(T),
            "source",
            "%%bash\ntrue\n### BEGIN HIDDEN TESTS\nassert double(1)\n### END HIDDEN TESTS",
        ),
        "has no visible tests",
    ),
    "tests use a demo's name": (replace(T, "numbers * 2", "shown * 2"), "uses shown, which no setup cell"),
    "student function handed on": (
        replace(T, "double(numbers)", "list(map(double, numbers))"),
        "other than by",
    ),
    "setup without its tag": (untagged, "is a setup cell without the tag"),
    "setup without an id": (tagged_without_id, "is a setup cell without a grade_id"),
    "setup unlocked": (meta("tiny-setup", locked=False, grade=True), "should be locked and read-only"),
    "setup needs a demo": (replace("tiny-setup", "toy = ", "toy = shown or "), "needs shown"),
    "no setup": (drop("tiny-setup"), "The notebook has no setup cell"),
    "setup without a profile": (
        replace("tiny-setup", "profile = get", "mine = get"),
        "tiny-setup should begin as in every lab (author/setup_cell.py): it lacks the line `profile =",
    ),
    "essay without points": (meta(E, points=0), f"{E} gives no points"),
    "no mark scheme": (lambda tiny: setattr(tiny.cell(E), "source", "Say why."), "has no mark scheme"),
    "mark scheme outside": (
        replace(E, "### BEGIN MARK", "### BEGIN SOLUTION\nYes.\n### END SOLUTION\n### BEGIN MARK"),
        "mark scheme that stands outside its solution region",
    ),
    "figure without alt": (
        show({"image/png": "aGVsbG8="}),
        "cell 9 ('free = toy.sum()') shows a figure that has no alt text",
    ),
    "figure with empty alt": (
        show({"image/png": "aA=="}, {"image/png": {"alt": " "}}),
        "cell 9 ('free = toy.sum()') shows a figure that has no alt text",
    ),
    "html image without alt": (
        show({"text/html": "<p><img src='x.png'></p>"}),
        "cell 9 ('free = toy.sum()') shows HTML that has an image without",
    ),
    "markdown image without alt": (markdown("![](x.png)"), "cell 0 ('![](x.png)') has an image"),
    "output too large": (show({"text/plain": "x" * 500_001}), "has an output of 500 kB, more than 500"),
}


@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN)
def test_lint_refuses(tiny, change, says):
    change(tiny)
    problems = lint(tiny.nb, tiny.lab)
    assert any(says in str(problem) for problem in problems), problems


def test_an_output_of_500_kb_and_images_with_alt_text_pass(tiny):
    html = '<img src="x" alt="a chart">'
    tiny.nb.cells[-1].outputs = [
        nbformat.v4.new_output("display_data", data={"text/plain": "x" * 400_000, "text/html": html})
    ]
    markdown("![a chart](x.png)")(tiny)
    assert lint(tiny.nb, tiny.lab) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = double(toy).shape",
        "checks.raises(ValueError, double, toy, what='w')",
        "for f in range(2): checks.equal(double([f]), 1, what='w')",
        "def outside(x): return double(x)",
        "@checks.probe\ndef p(x):\n    import math\n    g = double\n    return math.floor(g(x))",
    ],
)
def test_test_cells_may(source):
    assert data_only(source, frozenset({"double"})) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("f = double", "line 1 uses double"),
        ("double.calls", "uses double"),
        ("[double]", "uses double"),
        ("double(double)", "uses double"),
        ("checks.equal([double], 1, what='w')", "uses double"),
        ("double = 3", "rebinds double"),
        ("secret = 3\n@checks.probe\ndef p():\n    return double(1) == secret", "probe p uses secret"),
        ("import math\n@checks.probe\ndef p():\n    return math.pi", "probe p uses math"),
        ("s = 3\n@checks.probe\ndef p(x=s):\n    return x", "probe p uses s"),
        ("@checks.probe\ndef p():\n    assert double(1) == 2", "probe p checks something"),
        ("@checks.probe\ndef p():\n    checks.equal(double(1), 2, what='w')", "probe p checks something"),
    ],
)
def test_test_cells_may_not(source, says):
    problems = data_only(source, frozenset({"double"}))
    assert any(says in problem for problem in problems), problems


def test_a_test_cell_may_hold_magics_and_strings_that_look_like_them(tiny):
    replace(T, "### BEGIN", '%time\nTEXT = """\n%time\n!ls\n"""\n### BEGIN')(tiny)
    assert lint(tiny.nb, tiny.lab) == []


def paths(tiny) -> SimpleNamespace:
    return CoursePaths(tiny.root)


def test_release_hides_answers_and_keeps_the_rest(tiny):
    released = nbk.read(release(tiny.lab, paths(tiny)))
    by_id = {nbk.grade_id(cell): cell for cell in released.cells if nbk.grade_id(cell)}
    assert by_id[D].source == nbk.clear_solution(tiny.cell(D).source)
    assert nbk.STUB in by_id[D].source
    assert by_id[T].source == nbk.split_hidden(tiny.cell(T).source)[0]
    assert by_id[E].source == nbk.ESSAY_STUB
    assert by_id[D].metadata.course.minutes == 5
    assert by_id["tiny-setup"].metadata.tags == ["setup"]
    assert by_id["tiny-setup"].metadata.editable is False
    assert [cell.id for cell in released.cells] == [cell.id for cell in tiny.nb.cells]
    assert released.metadata.kernelspec.name == "python3"
    assert released.metadata.course.lab == "01_tiny"
    assert not has_work(tiny.released)
    assert lint_release(tiny.nb, released) == []


def test_folded_cells_stay_folded_in_jupyter_and_in_colab(tiny):
    titles = {"double-tests": "Tests of exercise 1 · Double", "total-tests": "Tests of exercise 2 · Total"}
    for cell in nbk.read(release(tiny.lab, paths(tiny))).cells:
        assert nbk.is_folded(cell) == (cell.id in titles)
        # Colab shows a form with its title where both are there.
        form = ("form", titles[cell.id]) if cell.id in titles else (None, "")
        assert (cell.metadata.get("cellView"), nbk.title(cell.source)) == form


def test_a_cell_for_the_author_is_not_released(tiny):
    tiny.nb.cells[-1].metadata.tags = [nbk.AUTHORS_TAG]
    tiny.write()
    released = nbk.read(release(tiny.lab, paths(tiny)))
    assert [cell.id for cell in released.cells] == [cell.id for cell in tiny.nb.cells[:-1]]
    assert lint_release(tiny.nb, released) == []
    assert not has_work(tiny.released)
    assert [cell.source for cell in released_view(nbk.read(tiny.source)).cells] == [
        cell.source for cell in released.cells
    ]


@pytest.mark.parametrize(
    ("home", "cloned", "opened"),
    [
        ("", "", ""),
        ("https://github.com/some/course", "https://github.com/some/course", "some/course/blob/main"),
        ("git@github.com:some/course.git", "https://github.com/some/course.git", "some/course/blob/main"),
        ("https://github.com/a/b@spring/27", "https://github.com/a/b@spring/27", "a/b/blob/spring/27"),
        ("https://git.example.org/some/course", "https://git.example.org/some/course", ""),
    ],
)
def test_a_published_course_is_installed_from_its_home_and_opens_in_colab(
    tiny, monkeypatch, home, cloned, opened
):
    facts = replace_facts(course.load_course(), home=home)
    monkeypatch.setattr(course, "load_course", lambda: facts)
    released = nbk.read(release(tiny.lab, paths(tiny)))
    assert f'\nCOURSE_HOME = "{cloned}"\n' in released.cells[1].source
    assert released.cells[1].source == nbk.read(tiny.source).cells[1].source, (
        "tests run beside this very cell"
    )
    title, _, badge = released.cells[0].source.partition("\n\n")
    assert title == "# A tiny lab"
    place = f"https://colab.research.google.com/github/{opened}/labs/01_tiny/01_tiny.ipynb"
    assert (f"]({place})" in badge) if opened else badge == ""
    assert not has_work(tiny.released)


def test_release_is_the_same_twice_whatever_the_editor_left(tiny):
    first = release(tiny.lab, paths(tiny))
    before = (first.read_bytes(), first.stat().st_mtime_ns)
    tiny.nb.metadata.language_info = {"name": "python", "version": "3.99"}
    for cell in tiny.nb.cells:
        cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01"}
        cell.metadata["collapsed"] = True
    tiny.write()
    again = release(tiny.lab, paths(tiny))
    assert (again.read_bytes(), again.stat().st_mtime_ns) == before
    assert list((tiny.root / ".course").iterdir()) == []


def test_release_copies_the_files_beside_the_notebook_and_leaves_others(tiny):
    (tiny.source.parent / "picture.svg").write_text("<svg/>")
    release(tiny.lab, paths(tiny))
    assert (tiny.released.parent / "picture.svg").read_text() == "<svg/>"
    (tiny.released.parent / "my_notes.txt").write_text("mine")
    tiny.nb.cells[0].source = "# Another title"
    tiny.write()
    release(tiny.lab, paths(tiny))
    assert (tiny.released.parent / "my_notes.txt").read_text() == "mine"
    assert nbk.read(tiny.released).cells[0].source == "# Another title"


def test_a_refused_release_leaves_the_old_one(tiny):
    release(tiny.lab, paths(tiny))
    before = tiny.released.read_bytes()
    tiny.cell(T).metadata.nbgrader.points = 40
    tiny.write()
    with pytest.raises(
        CourseError, match=r"01_tiny cannot be released.*\n  - The notebook has cells that give 46 points"
    ):
        release(tiny.lab, paths(tiny))
    assert tiny.released.read_bytes() == before


def test_release_brings_an_old_setup_cell_up_to_date(tiny, monkeypatch):
    release(tiny.lab, paths(tiny))
    old = tiny.source.read_bytes()
    monkeypatch.setattr(
        setup_cell, "START", setup_cell.START.replace("seed_everything(0)", "seed_everything(7)")
    )
    released = nbk.read(release(tiny.lab, paths(tiny)))
    now = nbk.read(tiny.source)
    assert "seed_everything(7)" in now.cells[1].source
    assert now.cells[1].source.endswith("toy = torch.tensor([1.0, 2.0, 3.0])")
    assert released.cells[1].source == now.cells[1].source
    assert lint(now, tiny.lab) == []
    # Nothing else of the source changed.
    assert tiny.source.read_bytes() == old.replace(b"seed_everything(0)", b"seed_everything(7)")
    assert [path.name for path in tiny.source.parent.iterdir()] == [tiny.source.name]


def test_a_refused_release_leaves_the_source(tiny, monkeypatch):
    tiny.cell(T).metadata.nbgrader.points = 40
    tiny.write()
    before = tiny.source.read_bytes()
    monkeypatch.setattr(setup_cell, "START", setup_cell.START + "viz.style.use()\n")
    with pytest.raises(CourseError, match="cannot be released"):
        release(tiny.lab, paths(tiny))
    assert tiny.source.read_bytes() == before


def test_an_error_inside_nbgrader_leaves_the_old_release(tiny, monkeypatch):
    release(tiny.lab, paths(tiny))
    before = tiny.released.read_bytes()
    tiny.cell(
        E
    ).source = "### BEGIN SOLUTION\nYes.\n### END SOLUTION\n### BEGIN MARK SCHEME\n### END MARK SCHEME"
    tiny.write()
    monkeypatch.setattr(release_module, "lint", lambda nb, lab: [])
    with pytest.raises(CourseError, match=r"nbgrader could not release 01_tiny: .*[Mm]ark scheme"):
        release(tiny.lab, paths(tiny))
    assert tiny.released.read_bytes() == before
    assert list((tiny.root / ".course").iterdir()) == []


def test_coding_assistants_are_asked_to_teach_beside_the_labs(tiny):
    release(tiny.lab, paths(tiny))
    asked = tiny.root / "labs" / "AGENTS.md"
    assert "do not solve" in asked.read_text(encoding="utf-8")
    assert nbk.STUB.partition("(")[0] in asked.read_text(encoding="utf-8")
    before = asked.stat().st_mtime_ns
    release(tiny.lab, paths(tiny))
    assert asked.stat().st_mtime_ns == before
    asked.write_text("Write all of it.")
    release(tiny.lab, paths(tiny))
    assert "do not solve" in asked.read_text(encoding="utf-8")


def test_work_in_labs_is_not_overwritten(tiny):
    release(tiny.lab, paths(tiny))
    mine = nbk.read(tiny.released)
    mine.cells[0].source = "my own note"
    nbformat.write(mine, tiny.released)
    with pytest.raises(LabHasWork, match="holds work"):
        release(tiny.lab, paths(tiny))
    assert nbk.read(tiny.released).cells[0].source == "my own note"
    release(tiny.lab, paths(tiny), force=True)
    assert not has_work(tiny.released)
    (kept,) = (tiny.root / ".course" / "replaced").iterdir()
    assert nbk.read(kept).cells[0].source == "my own note"


def test_outputs_alone_are_no_work(tiny):
    release(tiny.lab, paths(tiny))
    ran = nbk.read(tiny.released)
    ran.cells[1].execution_count = 3
    nbformat.write(ran, tiny.released)
    assert not has_work(tiny.released)


def test_a_missing_lab_has_its_own_message(tiny):
    with pytest.raises(CourseError, match=r"There is no notebook at .*02_none"):
        release(Lab("02_none", "x", 1, 1, 1), paths(tiny))
    with pytest.raises(CourseError, match="There is no lab '99'"):
        release("99", paths(tiny))


def leak(where: int, text: str) -> Callable[[NotebookNode], None]:
    def change(released: NotebookNode) -> None:
        released.cells[where].source += "\n" + text

    return change


def still_has_output(released: NotebookNode) -> None:
    released.cells[-1].execution_count = 1


def lost_a_cell(released: NotebookNode) -> None:
    del released.cells[3]


LEAKS = {
    "mark": (leak(0, "### BEGIN SOLUTION"), "still holds the mark 'BEGIN SOLUTION'"),
    "output": (still_has_output, "still has its output"),
    "solution": (
        leak(0, 'if values.numel() == 0:\n    raise ValueError("nothing to double: values is empty")'),
        "shows the solution of tiny-scale-double",
    ),
    "hidden test": (
        leak(0, 'checks.equal(total([5, 7, 11]), 46, what="the doubled sum of three numbers", name="total")'),
        "shows hidden tests of tiny-scale-total-tests",
    ),
    "mark scheme": (
        leak(7, "Two points for naming the overflow of integers, one for an example with numbers in it."),
        "shows the mark scheme of tiny-essay-overflow",
    ),
    "model answer": (
        leak(7, "Doubling overflows when the result needs more bits than the dtype has."),
        "shows the model answer of tiny-essay-overflow",
    ),
    "cell": (lost_a_cell, "has other marked cells than its source: ['tiny-scale-double-tests']"),
}


@pytest.mark.parametrize(("change", "says"), LEAKS.values(), ids=LEAKS)
def test_a_release_that_gives_something_away_is_refused(tiny, change, says):
    released = nbk.read(release(tiny.lab, paths(tiny)))
    change(released)
    assert any(says in str(problem) for problem in lint_release(tiny.nb, released))


def test_release_looks_at_what_it_made(tiny, monkeypatch):
    monkeypatch.setattr(release_module, "lint_release", lambda source, made: ["It leaks."])
    with pytest.raises(CourseError, match="It leaks"):
        release(tiny.lab, paths(tiny))
    assert not tiny.released.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{not json", "is not a notebook"),
        ("{}", "is not a notebook"),
        (json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}), "has no cells"),
    ],
)
def test_a_file_that_is_no_notebook(tmp_path, text, says):
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(CourseError, match=says):
        nbk.read(path)


@pytest.mark.parametrize(
    ("handed", "refused"),
    [
        ("lambda text, answer: True", False),
        ("lambda text, answer, strict=False: True", False),
        ("lambda *args, **kwargs: True", False),
        ("lambda t, a: True", True),
        ("lambda text: True", True),
        ("lambda text, answer, strict: True", True),
        ("lambda text, answer, /: True", True),
        ("lambda *args: True", True),
        ("judge", True),  # a function of the test cell
        ("max", False),  # none of ours
    ],
)
def test_a_function_that_tests_hand_over_takes_the_names_that_the_text_prints(tiny, handed, refused):
    """In the task's text or in the docstring; by position and by keyword."""
    solution = tiny.cell(D).source
    given = [f"double(toy, {handed})", f"double(toy, verify={handed})"]
    tiny.cell(T).source = "def judge(x, y):\n    return True\n\n" + "\n".join(
        f"assert {call}" for call in given
    )
    plain = solution.replace("(values: torch.Tensor)", "(values: torch.Tensor, verify=None)")
    told = plain.replace("Twice the values.", "Twice the values. verify: called as verify(text, answer).")
    for text, source in [
        ("Call `verify(text, answer)`.", plain),
        ("", told),
        ("`verify(f(x))` and `verify('a')` show values.", told),
    ]:
        tiny.nb.cells[0].source, tiny.cell(D).source = text, source
        found = [str(one) for one in lint(tiny.nb) if "cannot be called as verify(text, answer)" in str(one)]
        assert len(found) == (2 if refused else 0), found
