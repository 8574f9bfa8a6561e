"""check-lab: each rule that is not lint's fires on a lab broken on purpose, and all is told in one list."""

from __future__ import annotations

import io
from collections.abc import Callable

import nbformat
import pytest
from rich.console import Console

from course_utils import results
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import check_lab as module
from course_utils.grading.author.agreement import CHECKED_TAG, last_run_complaints
from course_utils.grading.author.check_lab import (
    CheckedLab,
    check_lab,
    look_at_catalogues,
    look_at_release,
    look_at_source,
    refuse,
    show_check,
)
from course_utils.grading.author.complaint import Complaint, unwritten
from course_utils.grading.author.headings import heading_complaints, write_headings
from course_utils.grading.author.release import release

LAB = Lab("01_tiny", "A tiny lab", points=10, cpu_seconds=5, grading_seconds=5)

# Headings


@pytest.fixture
def headed(tiny):
    """The tiny lab with the headings of a real one."""
    headings = {
        "tiny-scale-double": "### Exercise 1 · Double\n*4 points · 5 minutes · difficulty 1 of 5*\n\nDouble it.",
        "tiny-scale-total": "### Exercise 2 · Total\n*3 points · 5 minutes · difficulty 1 of 5 · stretch*\n\nAdd.",
        "tiny-essay-overflow": "## Essay: overflow  *(core)*\n*3 points, graded by hand · 100 words*\n\nWhen?",
    }
    tiny.cell("tiny-scale-total").metadata.course.core = False
    tiny.cell("tiny-essay-overflow").metadata.course = {"title": "Essay: overflow"}
    tiny.nb.cells[0].source = "# Lab 01 · A tiny lab\n\nIt doubles."
    for name, text in headings.items():
        cell = nbformat.v4.new_markdown_cell(text, id=f"{name}-text")
        tiny.nb.cells.insert(tiny.nb.cells.index(tiny.cell(name)), cell)
    return tiny


def test_headings_that_say_the_facts(headed):
    assert list(heading_complaints(headed.nb, LAB)) == []
    assert write_headings(headed.nb, LAB) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Lab 01 · A tiny", "Lab 02 · A tiny", "the facts are '# Lab 01 · A tiny lab'"),
        ("A tiny lab", "A small lab", "says '# Lab 01 · A small lab'"),
        ("Exercise 2", "Exercise 3", "the facts are '### Exercise 2 · Total"),
        ("· Double", "· Doubling", "the facts are '### Exercise 1 · Double"),
        ("*4 points", "*5 points", "the facts are '### Exercise 1 · Double / *4 points"),
        ("difficulty 1 of 5*", "difficulty 2 of 5*", "difficulty 1 of 5*'"),
        (" · stretch*", "*", "difficulty 1 of 5 · stretch*'"),
        ("Essay: overflow", "Essay: too much", "the facts are '## Essay: overflow"),
        ("*3 points, graded", "*2 points, graded", "the facts are '## Essay: overflow  *(core)* / *3 points"),
    ],
)
def test_a_heading_that_says_something_else_is_found_and_written_anew(headed, old, new, says):
    before = [cell.source for cell in headed.nb.cells]
    cell = next(cell for cell in headed.nb.cells if old in cell.source and cell.cell_type == "markdown")
    cell.source = cell.source.replace(old, new, 1)
    [complaint] = heading_complaints(headed.nb, LAB)
    assert complaint.place == nbk.label(headed.nb, cell)
    assert says in complaint.what
    assert write_headings(headed.nb, LAB) == [headed.nb.cells.index(cell)]
    assert [cell.source for cell in headed.nb.cells] == before


def test_an_exercise_without_a_heading_is_found(headed):
    headed.nb.cells.pop(headed.nb.cells.index(headed.cell("tiny-scale-double")) - 1)
    [complaint] = heading_complaints(headed.nb, LAB)
    assert complaint.what == "lacks its heading."
    assert "### Exercise 1 · Double / *4 points" in complaint.cure


def test_a_test_cell_that_stands_open_or_untitled_is_found_and_put_right(headed):
    cell = headed.cell("tiny-scale-total-tests")
    before = cell.source
    for spoil in (
        lambda: cell.metadata.pop("jupyter"),
        lambda: cell.update(source=before.replace("exercise 2 · Total", "exercise 3 · Total")),
        lambda: cell.update(source=before.split("\n", 1)[1]),
    ):
        spoil()
        [complaint] = heading_complaints(headed.nb, LAB)
        assert complaint.place == "tiny-scale-total-tests"
        assert complaint.what == (
            "should be folded, under the first line '# @title Tests of exercise 2 · Total'."
        )
        assert write_headings(headed.nb, LAB) == [headed.nb.cells.index(cell)]
        assert cell.source == before
        assert nbk.is_folded(cell)


def test_a_folded_cell_says_what_it_is(headed):
    figure = headed.nb.cells[-1]
    figure.metadata.jupyter = {"source_hidden": True}
    [complaint] = heading_complaints(headed.nb, LAB)
    assert str(complaint).startswith("cell 12 ('free = toy.sum()') is folded and does not say what it is.")
    assert write_headings(headed.nb, LAB) == [], "nobody but a person knows"
    nbk.set_title(figure, "Figure: the sum of the toy")
    assert list(heading_complaints(headed.nb, LAB)) == []


# What is left to write


def test_what_is_left_to_write():
    assert unwritten("a cell", "All is said.") == []
    [complaint] = unwritten("a cell", "x = 1  # TODO: name it\nTODO say more")
    assert complaint.what == "is not finished: 'name it' and 1 more."


def test_what_is_left_to_write_in_a_lab_is_found_in_cells_and_catalogues(headed):
    headed.cell("tiny-essay-overflow").source += "\nTODO: the third point."
    headed.write()
    assert any(
        "'the third point.'" in str(complaint) for complaint in look_at_source(CheckedLab(LAB, headed.root))
    )
    headed.catalogue("double", "# %% mutant: x\n# TODO: say what a student believes\n")
    found = [str(complaint) for complaint in look_at_catalogues(CheckedLab(LAB, headed.root))]
    assert any("tests/mutants/01_tiny/double.py is not finished" in line for line in found)


# The last run


@pytest.fixture
def ran(tiny, monkeypatch, tmp_path):
    """The tiny lab as a run leaves it, and the times that the run recorded."""
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    results.save(LAB.name, {"run": {"seconds": 12.3}})
    times = nbformat.v4.new_code_cell("print('12 s')", metadata={"tags": ["times"]})
    tiny.nb.cells.append(times)
    code = [cell for cell in tiny.nb.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
    times.outputs = [nbformat.v4.new_output("stream", name="stdout", text="It took 12 s\n")]
    for cell in code[:3]:
        cell.metadata.tags = [*cell.metadata.get("tags", []), CHECKED_TAG]
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]
    return tiny


def test_a_run_in_order(ran):
    assert last_run_complaints(ran.nb, LAB) == []


def error(nb) -> None:
    nb.cells[4].outputs = [nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])]


def set_count(nb) -> None:
    nb.cells[4].execution_count = 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            set_count,
            "The notebook has not the outputs of one run from top to bottom. Run it: `course solve 1`.",
        ),
        (error, "cell 4 ('shown = double(toy)') shows the error ValueError."),
        (lambda nb: nb.cells[-1].metadata.update(tags=[]), "has 0 cells with the tag `times`"),
        (lambda nb: nb.cells[4].metadata.update(tags=["times"]), "has 2 cells with the tag `times`"),
        (lambda nb: nb.cells[-1].outputs[0].update(text="It took 13 s"), "does not show the recorded 12 s."),
        (lambda nb: nb.cells[-1].update(outputs=[]), "does not show the recorded 12 s."),
        (lambda nb: results.save(LAB.name, {"run": {"seconds": 9.0}}), "does not show the recorded 9 s."),
        (lambda nb: (results._FOLDER / "01_tiny.json").unlink(), "has no recorded times to show."),
        (lambda nb: nb.cells[2].metadata.update(tags=[]), "has 2 cells with the tag `nbval-check-output`"),
        (
            lambda nb: nb.cells[2].update(outputs=[]),
            "tiny-scale-double has the tag `nbval-check-output` and no",
        ),
    ],
)
def test_what_a_run_did_not_leave_is_found(ran, change: Callable, says):
    change(ran.nb)
    [complaint] = last_run_complaints(ran.nb, LAB)
    assert says in str(complaint)


# labs/


def test_a_lab_that_is_not_released_or_not_any_more(tiny):
    files = CheckedLab(LAB, tiny.root)
    assert "labs/01_tiny/01_tiny.ipynb is missing." in str(look_at_release(files)[0])
    release(LAB, files.paths)
    assert look_at_release(files) == []
    (tiny.root / "labs" / "AGENTS.md").write_text("Write all of it.")
    [complaint] = look_at_release(files)
    assert complaint.place == "labs/AGENTS.md"
    assert "course release 1" in complaint.cure
    release(LAB, files.paths)
    tiny.nb.cells[1].source = tiny.nb.cells[1].source.replace("seed_everything(0)", "seed_everything(1)")
    tiny.write()
    assert "The setup cell has another text" in str(look_at_release(files)[0])
    tiny.nb.cells[1].source = tiny.nb.cells[1].source.replace("seed_everything(1)", "seed_everything(0)")
    tiny.nb.cells[0].source = "# Another title"
    tiny.write()
    [complaint] = look_at_release(files)
    assert complaint.place == "labs/01_tiny/01_tiny.ipynb"
    assert complaint.cure == "Release the lab again: `course release 1`."
    nb = nbk.read(files.released)
    nb.cells[0].source = "my note"
    nbformat.write(nb, files.released)
    assert any("holds work" in complaint.what for complaint in look_at_release(files))


# All together


def looks(monkeypatch, **steps) -> None:
    monkeypatch.setattr(module, "SOURCES", {"one": steps["one"]})
    monkeypatch.setattr(module, "QUICK", {"one": steps["one"], "two": steps["two"]})
    monkeypatch.setattr(module, "SLOW", {"three": steps["three"]})


def fails(files: CheckedLab) -> list[Complaint]:
    raise CourseError("It cannot be read.")


def test_all_steps_are_in_one_list_and_quick_stops_early(tiny, monkeypatch):
    looks(
        monkeypatch,
        one=lambda files: [Complaint("cell 1", "is wrong.", "Mend it.")],
        two=fails,
        three=lambda files: [Complaint("cell 3", "is wrong.")],
    )
    begun: list[str] = []
    assert list(map(str, check_lab(LAB, tiny.root, begin=begun.append))) == [
        "cell 1 is wrong. Mend it.",
        "two: It cannot be read.",
        "cell 3 is wrong.",
    ]
    assert begun == ["one", "two", "three"]
    assert len(check_lab(LAB, tiny.root, quick=True)) == 2
    shown = io.StringIO()
    assert not show_check(LAB, tiny.root, Console(file=shown, width=200))
    assert "cell 1 is wrong.\n  Mend it.\n" in shown.getvalue()
    assert "01_tiny: 3 to mend" in shown.getvalue()
    with pytest.raises(CourseError, match=r"01_tiny cannot be released .*\n  - cell 1 is wrong\. Mend it\.$"):
        refuse(LAB, tiny.root)


def test_nothing_wrong(tiny, monkeypatch):
    looks(monkeypatch, one=lambda files: [], two=lambda files: [], three=lambda files: [])
    shown = io.StringIO()
    assert show_check(LAB, tiny.root, Console(file=shown))
    assert "01_tiny: all in order" in shown.getvalue()
    refuse(LAB, tiny.root)


def test_a_cell_that_does_not_compile_is_the_only_complaint(tiny, monkeypatch):
    looks(monkeypatch, one=fails, two=fails, three=fails)
    tiny.cell("tiny-scale-double").source = "def double(:"
    tiny.write()
    [complaint] = check_lab(LAB, tiny.root)
    assert str(complaint).startswith("tiny-scale-double does not compile")
    with pytest.raises(CourseError, match="does not compile"):
        refuse(LAB, tiny.root)


def test_a_lab_without_a_source_stops(tiny):
    with pytest.raises(CourseError, match="There is no notebook at"):
        check_lab(Lab("02_none", "x", 1, 1, 1), tiny.root)
