"""Answers in other cells than their own are found and used, or a person is shown them."""

from __future__ import annotations

from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from course_utils.grading import notebook as nbk
from course_utils.grading.run.elsewhere import find_answers
from course_utils.grading.run.repair import released_view, repair

DOUBLE, TOTAL, ESSAY = "tiny-a-double", "tiny-b-total", "tiny-essay-why"


@pytest.fixture
def released(tiny):
    return released_view(tiny.source_notebook())


@pytest.fixture
def untouched(released):
    return deepcopy(released)


def place(nb, name: str) -> int:
    return next(index for index, cell in enumerate(nb.cells) if nbk.grade_id(cell) == name)


def own(nb, name: str) -> str:
    return nb.cells[place(nb, name)].source


def put(nb, at: int, *cells) -> None:
    nb.cells[at:at] = cells


def search(nb, released):
    assert repair(nb, released) == []
    found = find_answers(nb, released)
    assert find_answers(deepcopy(nb), released)[0] == [], "what was found is in its place"
    return found


def ending(nb) -> dict:
    """What a kernel holds after each test cell's turn: exercise -> whether its function answers."""
    names: dict = {}
    answers = {}
    for cell in nb.cells:
        if nbk.is_test(cell):
            name = nbk.grade_id(cell).removesuffix("-tests")
            try:
                answers[name] = names[name.split("-")[-1]]([2, 3])
            except Exception as error:
                answers[name] = type(error).__name__
        elif cell.cell_type == "code":
            exec(cell.source, names)
    return answers


def test_nothing_is_done_where_nothing_is_elsewhere(untouched, released, tiny):
    before = deepcopy(untouched)
    assert search(untouched, released) == ([], [])
    assert untouched == before
    answered = nbk.with_answers(released, {**tiny.good, ESSAY: "Because."})
    put(answered, 3, new_code_cell(tiny.wrong[DOUBLE]), new_markdown_cell("A note."))
    before = deepcopy(answered)
    assert search(answered, released) == ([], [])
    assert answered == before


@pytest.mark.parametrize("where", ["above", "between", "after its tests", "end"])
def test_an_answer_in_a_new_cell(untouched, released, tiny, where):
    at = {
        "above": place(untouched, DOUBLE),
        "between": place(untouched, DOUBLE) + 1,
        "after its tests": place(untouched, DOUBLE) + 2,
        "end": len(untouched.cells),
    }[where]
    put(untouched, at, new_code_cell(tiny.good[DOUBLE]))
    texts = [cell.source for cell in untouched.cells]
    actions, flags = search(untouched, released)
    assert ending(untouched) == {DOUBLE: [4, 6], TOTAL: "NotImplementedError"}
    assert flags == []
    assert [action.split(":")[0] for action in actions] == ([] if where == "between" else [DOUBLE])
    assert tiny.good[DOUBLE] in [cell.source for cell in untouched.cells if not nbk.grade_id(cell)]
    assert len(texts) == len(untouched.cells)


def test_all_answers_in_one_cell_at_the_end_with_what_they_need(untouched, released):
    untouched.cells += [
        new_code_cell("def helper(x, by=2):\n    return by * x"),
        new_code_cell("TWICE = helper(1)"),
        new_code_cell("def double(values):\n    return [0]"),
        new_code_cell(
            "def double(values, by=TWICE):\n    return [by * v for v in values]\n\n"
            "def total(values):\n    return sum(double(values))"
        ),
    ]
    actions, flags = search(untouched, released)
    assert ending(untouched) == {DOUBLE: [4, 6], TOTAL: 10}
    assert (len(actions), flags) == (2, [])


def test_an_emptied_cell_and_one_with_a_comment_count_as_untouched(untouched, released, tiny):
    for source in ("", "# see below"):
        nb = deepcopy(untouched)
        nb.cells[place(nb, DOUBLE)].source = source
        nb.cells.append(new_code_cell(tiny.good[DOUBLE]))
        search(nb, released)
        assert own(nb, DOUBLE) == tiny.good[DOUBLE]


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell("```python\ndef double(values):\n    return values * 2\n```"),
        new_raw_cell("def double(values):\n    return values * 2"),
        new_code_cell("def double(values)\n    return values * 2"),
    ],
    ids=["markdown", "raw", "no Python"],
)
def test_code_that_does_not_run_is_shown_to_a_person(untouched, released, cell):
    untouched.cells[place(untouched, ESSAY)].source = "Because."
    put(untouched, 5, deepcopy(cell))
    actions, (flag,) = search(untouched, released)
    assert actions == []
    assert DOUBLE in flag.detail
    assert cell.source.strip() in flag.detail


def test_an_essay_below_its_cell_is_the_essay(untouched, released):
    untouched.cells += [new_markdown_cell("Because."), new_code_cell("1 + 1"), new_raw_cell("And so on.")]
    actions, flags = search(untouched, released)
    assert own(untouched, ESSAY) == "Because.\n\nAnd so on."
    assert (len(actions), flags) == (1, [])


IN_CODE = ["# Because of that.", "Because of that.", "print('Because of that.')", '"""Because of that."""']


@pytest.mark.parametrize("source", IN_CODE)
def test_an_essay_in_a_cell_of_code_is_shown_to_a_person(untouched, released, source):
    untouched.cells.append(new_code_cell(source))
    actions, (flag,) = search(untouched, released)
    assert actions == []
    assert "Because of that." in flag.detail


@pytest.mark.parametrize(
    "source",
    [
        "print(double([1, 2]))",
        "display(TOY)",
        "print('of 3:', double([3]))",
        "1 + 1",
        "#" + "x = 1; " * 10_000,
    ],
)
def test_a_cell_that_only_tries_something_is_no_essay(untouched, released, source):
    untouched.cells.append(new_code_cell(source))
    assert search(untouched, released) == ([], [])


@pytest.mark.parametrize("at", [0, 5, 8])
def test_an_essay_anywhere_else_is_shown_to_a_person(untouched, released, at):
    put(untouched, at, new_markdown_cell("Because of that. " * 100))
    actions, (flag,) = search(untouched, released)
    assert actions == []
    assert ESSAY in flag.detail
    assert flag.detail.endswith("…")


def test_texts_of_the_lab_as_it_was_are_no_answers(untouched, released):
    """A part that was dropped after the lab was handed out leaves its text in the submissions."""
    handed_out = deepcopy(released)
    for nb in (untouched, handed_out):
        nb.cells.append(new_markdown_cell("Now a part that was dropped."))
    assert find_answers(deepcopy(untouched), released, handed_out) == ([], [])
    assert find_answers(deepcopy(untouched), released) != ([], [])


def test_the_labs_own_cells_are_no_answers(released):
    """Such as one that shows a later exercise with a result that was recorded."""
    released.cells.append(new_code_cell("double = len"))
    assert search(deepcopy(released), released) == ([], [])
