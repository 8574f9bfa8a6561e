"""Reading notebooks: kinds of cells, and which names a cell makes and needs."""

from __future__ import annotations

import pytest
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("y = x + 1", {"x"}),
        ("x = x + 1", {"x"}),
        ("x += 1", {"x"}),
        ("x = 1\ny = x", set()),
        ("for i in range(3):\n    print(i)", set()),
        ("for i in items:\n    total += i", {"items", "total"}),
        ("def f(a, b=default):\n    c = a + g(b)\n    return f(c) + later\nlater = 3", {"default", "g"}),
        ("def f():\n    n = 0\n    n += 1\n    return n", set()),
        ("squares = [i * k for i in range(n)]", {"k", "n"}),
        (
            "class C(Base):\n    size = width\n    def m(self):\n        return C, other",
            {"Base", "width", "other"},
        ),
        ("import a.b as c\nfrom d import e\nc.f(e)", set()),
        ("with open('x') as f:\n    f.read()", set()),
        ("@decorate\ndef f(x: Kind) -> Kind:\n    pass", {"decorate", "Kind"}),
        ("f = lambda x: x + y", {"y"}),
        ("if (n := size()) > 3:\n    print(n)", {"size"}),
        ("%matplotlib inline\n!ls\nx?\nprint(y)", {"y"}),
    ],
)
def test_names_that_a_cell_needs(source, needs):
    assert nbk.free_names(source) == needs


def test_names_that_a_cell_makes():
    source = (
        "import a\nfrom b import c as d\nx, (y, *z) = 1\ndef f(): inner = 1\nclass C: pass\nfor i in x: pass"
    )
    assert nbk.bound_names(source) == {"a", "d", "x", "y", "z", "f", "C", "i"}
    assert nbk.exported_names(source) == {"x", "y", "z", "f", "C", "i"}


def test_a_cell_that_does_not_compile_is_a_syntax_error():
    for names in (nbk.free_names, nbk.bound_names, nbk.exported_names):
        with pytest.raises(SyntaxError):
            names("def f(:")


def test_needed_cells_are_the_nearest_ones_and_what_they_need(tiny):
    cells = tiny.nb.cells
    assert nbk.needed_cells(tiny.nb, {"total"}, len(cells)) == [2, 5]
    assert nbk.needed_cells(tiny.nb, {"shown"}, len(cells)) == [2, 4]
    assert nbk.needed_cells(tiny.nb, {"toy", "unknown"}, len(cells)) == []
    assert nbk.needed_cells(tiny.nb, {"total"}, 5) == []
    cells[9].source = "toy = toy + 1\ntoy"
    assert nbk.needed_cells(tiny.nb, {"toy"}, len(cells)) == [9]


def test_exercises_of_a_notebook(tiny):
    first, second = nbk.exercises(tiny.nb)
    assert (first.id, first.part, first.name, first.points) == ("tiny-scale-double", "scale", "double", 4.0)
    assert (first.title, first.minutes, first.difficulty, first.core) == ("Double", 5, 1, True)
    assert (first.solution_index, first.tests_index, first.names) == (2, 3, {"double"})
    assert second.name == "total"
    assert nbk.student_names(tiny.nb) == {"double", "total"}
    assert nbk.total_points(tiny.nb) == 10
    assert nbk.find_exercise(tiny.nb, "tiny-scale-total") == second
    with pytest.raises(CourseError, match="The exercises are: double, total"):
        nbk.find_exercise(tiny.nb, "triple")


def test_every_cell_has_one_kind(tiny):
    kinds = (nbk.is_solution, nbk.is_test, nbk.is_essay, nbk.is_setup)
    found = [[kind.__name__ for kind in kinds if kind(cell)] for cell in tiny.nb.cells]
    assert found == [
        [],
        ["is_setup"],
        ["is_solution"],
        ["is_test"],
        [],
        ["is_solution"],
        ["is_test"],
        [],
        ["is_essay"],
        [],
    ]


def test_stubs_and_visible_tests_are_what_nbgrader_makes(tiny):
    """The two must agree: verify-tests and repair use ours, a release uses nbgrader's."""
    clear, hide = ClearSolutions(code_stub={"python": nbk.STUB}), ClearHiddenTests()
    for exercise in nbk.exercises(tiny.nb):
        solution, tests = NotebookNode(exercise.solution), NotebookNode(exercise.tests)
        stub, visible = nbk.clear_solution(solution.source), nbk.split_hidden(tests.source)[0]
        clear.preprocess_cell(solution, {"language": "python"}, 0)
        hide.preprocess_cell(tests, {}, 0)
        assert (stub, visible) == (solution.source, tests.source)
        assert "hidden" not in visible.lower()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a\n### BEGIN SOLUTION\nb\n### END SOLUTION", [(1, 3)]),
        ("# BEGIN SOLUTION\n# END SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION", [(0, 1), (2, 3)]),
        ("a", []),
    ],
)
def test_regions(source, found):
    assert nbk.regions(source, nbk.SOLUTION) == found


@pytest.mark.parametrize(
    "source", ["BEGIN SOLUTION", "END SOLUTION", "BEGIN SOLUTION\nBEGIN SOLUTION\nEND SOLUTION"]
)
def test_regions_must_pair_up(source):
    with pytest.raises(ValueError, match="SOLUTION"):
        nbk.regions(source, nbk.SOLUTION)


def test_answers_are_put_into_a_copy(tiny):
    before = tiny.cell("tiny-scale-double").source
    copy = nbk.with_answers(
        tiny.nb, {"tiny-scale-double": "def double(x): ...", "tiny-essay-overflow": "Never."}
    )
    assert [cell.source for cell in copy.cells][2] == "def double(x): ..."
    assert [cell.source for cell in copy.cells][8] == "Never."
    assert tiny.cell("tiny-scale-double").source == before
    with pytest.raises(KeyError):
        nbk.with_answers(tiny.nb, {"tiny-scale-triple": ""})
