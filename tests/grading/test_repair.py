"""Submissions that lost their marks are put right, and nothing that a student wrote is lost on the way."""

from __future__ import annotations

import json
import random
from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.run.repair import older_cells, read_submission, released_view, repair, tampering

ESSAY = "tiny-essay-why"
ANSWER = "It is so because twice two is four, and so on."


@pytest.fixture
def released(tiny):
    return released_view(tiny.source_notebook())


@pytest.fixture
def submission(released, tiny):
    nb = deepcopy(released)
    for cell in nb.cells:
        cell.source = {**tiny.good, ESSAY: ANSWER}.get(nbk.grade_id(cell), cell.source)
    return nb


def by_id(nb) -> dict:
    found = {}
    for cell in nb.cells:
        if name := nbk.grade_id(cell):
            assert name not in found, f"{name} occurs twice"
            found[name] = cell
    return found


def strip(nb) -> None:
    for cell in nb.cells:
        cell.metadata.clear()


def assert_whole(nb, released) -> None:
    """Every marked cell is there once, with the marks and the type of the release."""
    found, wanted = by_id(nb), by_id(released)
    assert set(found) == set(wanted)
    for name, cell in wanted.items():
        assert found[name].metadata == cell.metadata, name
        assert found[name].cell_type == cell.cell_type, name


def assert_answers(nb, tiny) -> None:
    found = by_id(nb)
    for name, source in {**tiny.good, ESSAY: ANSWER}.items():
        assert found[name].source == source, name


def test_the_released_view_holds_no_answers(released):
    text = json.dumps(released)
    for secret in ("return [2 * value", "fresh numbers", "Two points", "BEGIN"):
        assert secret not in text
    assert nbk.STUB in by_id(released)["tiny-a-double"].source


def test_a_sound_submission_is_left_alone(submission, released, tiny):
    before = deepcopy(submission)
    assert repair(submission, released) == []
    assert submission == before


def test_a_copy_that_lost_all_metadata(submission, released, tiny):
    strip(submission)
    submission.cells.insert(0, new_code_cell("!pip install something"))
    submission.cells.append(new_markdown_cell(""))
    actions = repair(submission, released)
    assert "lost all its marks" in actions[0]
    assert_whole(submission, released)
    assert_answers(submission, tiny)


def test_lost_metadata_and_other_functions_in_the_cells(submission, released, tiny):
    """Answers that share little with the stub are found by the functions that they define."""
    long = "import math\n\ndef helper(x):\n    return math.floor(x)\n\n" + "# a note\n" * 40
    cell = by_id(submission)["tiny-b-total"]
    cell.source = long + tiny.good["tiny-b-total"]
    strip(submission)
    repair(submission, released)
    assert by_id(submission)["tiny-b-total"].source.startswith("import math")
    assert_whole(submission, released)


def test_one_cell_lost_its_marks_and_its_function_was_renamed(submission, released):
    cell = by_id(submission)["tiny-b-total"]
    cell.metadata.clear()
    cell.source = "total = lambda values: sum(values) * 2"
    actions = repair(submission, released)
    assert any("tiny-b-total" in action and "place" in action for action in actions)
    assert by_id(submission)["tiny-b-total"].source.startswith("total = lambda")


def test_a_deleted_cell_comes_back(submission, released, tiny):
    names = ["tiny-setup", "tiny-a-double-tests", ESSAY]
    submission.cells = [cell for cell in submission.cells if nbk.grade_id(cell) not in names]
    actions = repair(submission, released)
    assert sorted(action.partition(":")[0] for action in actions) == sorted(names)
    assert all("put back" in action for action in actions)
    assert_whole(submission, released)
    order = [nbk.grade_id(cell) for cell in submission.cells if nbk.grade_id(cell)]
    assert order == [nbk.grade_id(cell) for cell in released.cells if nbk.grade_id(cell)]


def test_of_two_answers_the_last_that_was_worked_in_counts(submission, released, tiny):
    at = next(i for i, c in enumerate(submission.cells) if nbk.grade_id(c) == "tiny-a-double")
    older, untouched = deepcopy(submission.cells[at]), deepcopy(submission.cells[at])
    older.source = "def double(values):\n    return values"
    untouched.source = by_id(released)["tiny-a-double"].source
    submission.cells[at:at] = [older]
    submission.cells.insert(at + 2, untouched)
    actions = repair(submission, released)
    assert actions == [f"tiny-a-double: there were 3 such cells; cell {at + 2} of the notebook counts"]
    assert_whole(submission, released)
    assert_answers(submission, tiny)


@pytest.mark.parametrize(
    "change",
    [
        {"points": 100},
        {"grade": False},
        {"solution": True},
        {"locked": False},
        {"grade": False, "locked": False, "solution": False},
    ],
    ids=str,
)
def test_changed_marks_are_restored(submission, released, change):
    by_id(submission)["tiny-a-double-tests"].metadata["nbgrader"].update(change)
    actions = repair(submission, released)
    assert any("marks of the cell had been changed" in action for action in actions)
    assert_whole(submission, released)


def test_what_was_changed_in_the_labs_own_cells_is_told(submission, released):
    assert tampering(submission, released) == []
    found = by_id(submission)
    found["tiny-a-double-tests"].source += "\n# a note\nprint(double([1]))"
    assert tampering(submission, released) == [], "a print is no attack"
    found["tiny-a-double-tests"].source = "checks = None\n" + found["tiny-a-double-tests"].source
    found["tiny-b-total-tests"].metadata["nbgrader"]["points"] = 100
    extra = new_code_cell("1")
    extra.metadata["nbgrader"] = {"grade_id": "bonus", "grade": True, "points": 9}
    submission.cells.append(extra)
    told = {flag.reason: flag.detail for flag in tampering(submission, released)}
    assert "tiny-a-double-tests" in told["a test cell was changed"]
    assert "tiny-b-total-tests" in told["marks of cells were changed"]
    assert "bonus" in told["marks of cells were invented"]


def test_a_copy_from_colab_is_no_tampering(submission, released):
    strip(submission)
    assert tampering(submission, released) == []


def test_invented_marks_are_removed(submission, released):
    extra = new_code_cell("pass")
    marks = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 50,
        "grade_id": "mine",
        "schema_version": 3,
    }
    extra.metadata["nbgrader"] = marks
    extra.metadata["tags"] = ["setup", "kept"]
    odd = new_code_cell("pass")
    odd.metadata["nbgrader"] = "not a dict"
    submission.cells += [extra, odd]
    actions = repair(submission, released)
    assert actions == ["mine: this lab has no such cell; its mark was removed"]
    assert "nbgrader" not in extra.metadata
    assert extra.metadata["tags"] == ["kept"]
    assert_whole(submission, released)


def test_a_cell_that_changed_its_type(submission, released):
    at = next(i for i, c in enumerate(submission.cells) if nbk.grade_id(c) == "tiny-a-double")
    source, marks = submission.cells[at].source, submission.cells[at].metadata
    submission.cells[at] = new_markdown_cell(source, metadata=marks)
    repair(submission, released)
    assert_whole(submission, released)
    assert by_id(submission)["tiny-a-double"].source == source


@pytest.mark.parametrize("seed", range(60))
def test_any_mess_ends_whole_and_loses_no_text(submission, released, seed):
    """Cells stripped, copied, deleted, shuffled, emptied and invented, at random."""
    source = random.Random(seed)
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(submission.cells)) if submission.cells else 0
        deed = source.choice(["strip", "copy", "delete", "shuffle", "empty", "new", "swap"])
        if deed == "new" or not submission.cells:
            submission.cells.insert(at, source.choice([new_code_cell, new_markdown_cell])(f"mine {seed}"))
        elif deed == "strip":
            submission.cells[at].metadata.clear()
        elif deed == "copy":
            submission.cells.insert(source.randrange(len(submission.cells)), deepcopy(submission.cells[at]))
        elif deed == "delete":
            del submission.cells[at]
        elif deed == "shuffle":
            source.shuffle(submission.cells)
        elif deed == "empty":
            submission.cells[at].source = ""
        else:
            other = source.randrange(len(submission.cells))
            metadata = submission.cells[at].metadata
            submission.cells[at].metadata = submission.cells[other].metadata
            submission.cells[other].metadata = metadata
    written = sorted(cell.source for cell in submission.cells)
    repair(submission, released)
    assert_whole(submission, released)
    left = [cell.source for cell in submission.cells]
    for text in written:
        left.remove(text)  # raises if a text is gone
    assert repair(submission, released) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\x00\xff",
        b"[]",
        b"{}",
        b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b"[" * 9999,
    ],
    ids=["empty", "cut", "binary", "list", "object", "cells", "deep"],
)
def test_what_is_no_notebook_is_a_course_error(tmp_path, content):
    path = tmp_path / "lab.ipynb"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=r"lab\.ipynb"):
        read_submission(path)


def test_a_notebook_of_absurd_size_is_a_course_error(tmp_path, submission, monkeypatch):
    path = tmp_path / "lab.ipynb"
    cell = '{"cell_type": "markdown", "id": "x", "metadata": {}, "source": ""}'
    cells = ", ".join([cell] * 6000)
    path.write_text(f'{{"cells": [{cells}], "nbformat": 4, "nbformat_minor": 5, "metadata": {{}}}}')
    with pytest.raises(CourseError, match="6,000 cells"):
        read_submission(path)
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(CourseError, match="200 MB"):
        read_submission(path)


# A lab that was changed after it was handed out


@pytest.fixture
def handed_out(released):
    """As nbgrader releases it: each cell of the lab's own with its checksum, the notebook with its digest."""
    nb = deepcopy(released)
    for cell in nb.cells:
        if nbk.grade_id(cell):
            cell.metadata["nbgrader"]["checksum"] = compute_checksum(cell)
    nb.metadata["course"] = {"lab": "07_tiny", "release": "a" * 16}
    return nb


def mended(released):
    """The lab as it is now: other tests, other points, an essay dropped."""
    now = deepcopy(released)
    now.cells = [cell for cell in now.cells if nbk.grade_id(cell) != ESSAY]
    found = by_id(now)
    found["tiny-b-total-tests"].source += "\nassert total([1]) == 2"
    found["tiny-a-double-tests"].metadata["nbgrader"]["points"] = 4
    found["tiny-setup"].source += "\nMORE = 1"
    return now


def test_a_class_is_not_accused_of_what_the_teacher_mended(handed_out, released, tiny):
    nb = deepcopy(handed_out)
    by_id(nb)[ESSAY].source = ANSWER
    now = mended(released)
    changed = {"tiny-b-total-tests", "tiny-a-double-tests", "tiny-setup", ESSAY}
    assert {flag.reason for flag in tampering(nb, now)} == {
        "a test cell was changed",
        "marks of cells were changed",
        "marks of cells were invented",
    }, "without a look at what was handed out"
    older = older_cells(nb, now)
    assert older == changed
    assert tampering(nb, now, older) == []
    actions = repair(nb, now, older)
    assert len(actions) == 4
    assert all(
        "changed after it was handed out" in action or "no longer has this cell" in action
        for action in actions
    )
    assert_whole(nb, now)


def test_labs_as_handed_out_speaks_for_cells_without_a_checksum(handed_out, released):
    nb = deepcopy(handed_out)
    for cell in nb.cells:
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
    by_id(nb)["tiny-b-total-tests"].source += "\nprint(total(TOY))"  # the student's look at it
    now = mended(released)
    assert older_cells(nb, now) == frozenset()
    assert tampering(nb, now, older_cells(nb, now, handed_out)) == []


@pytest.mark.parametrize("forged", [False, True], ids=["plain", "with its checksum"])
def test_a_changed_test_is_told_whatever_the_teacher_mended(handed_out, released, forged):
    nb, now = deepcopy(handed_out), mended(released)
    found = by_id(nb)
    found["tiny-b-total-tests"].source = "pass"
    found["tiny-a-double-tests"].metadata["nbgrader"]["points"] = 100
    extra = new_code_cell("1", metadata={"nbgrader": {"grade_id": "bonus", "grade": True, "points": 9}})
    nb.cells.append(extra)
    if forged:
        found["tiny-b-total-tests"].metadata["nbgrader"]["checksum"] = compute_checksum(
            found["tiny-b-total-tests"]
        )
    told = {flag.reason: flag.detail for flag in tampering(nb, now, older_cells(nb, now, handed_out))}
    assert "tiny-b-total-tests" in told["a test cell was changed"]
    assert "tiny-a-double-tests" in told["marks of cells were changed"]
    assert "bonus" in told["marks of cells were invented"]


def test_marks_of_any_kind_are_compared(handed_out, released):
    for odd in (3, None, [], {}, "x" * 32):
        nb = deepcopy(handed_out)
        for cell in nb.cells:
            if "nbgrader" in cell.metadata:
                cell.metadata["nbgrader"].update(checksum=odd, points=odd, schema_version=odd)
        assert older_cells(nb, mended(released), handed_out) <= by_id(handed_out).keys()
        nb.metadata["course"] = odd
        nb.cells[1].metadata["nbgrader"]["grade_id"] = odd
        older = older_cells(nb, mended(released), handed_out)
        tampering(nb, mended(released), older)
        repair(nb, mended(released), older)


def test_thousands_of_shuffled_cells_cost_no_letter_by_letter_comparisons(released, tiny, monkeypatch):
    """Cells without marks, each of them much like the stubs: only the nearest few are compared with each."""
    from course_utils.grading.run import repair as module

    compared = []
    real = module._likeness
    monkeypatch.setattr(module, "_likeness", lambda one, other: compared.append(1) or real(one, other))
    nb = deepcopy(released)
    strip(nb)
    text = by_id(released)["tiny-a-double-tests"].source
    letters = random.Random(3)
    for number in range(1_200):
        words = text.split(" ")
        letters.shuffle(words)
        nb.cells.append(new_code_cell(" ".join(words) + f" # {number}"))
    letters.shuffle(nb.cells)
    repair(nb, released)
    assert_whole(nb, released)
    assert len(compared) <= 2 * 8 * len(by_id(released))
