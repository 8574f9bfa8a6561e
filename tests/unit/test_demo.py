"""The sample class: what each student hands in, and that grading it wrongly would be noticed."""

from __future__ import annotations

import ast
import io
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from course_utils.errors import CourseError
from course_utils.grading import demo
from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.repair import released_view
from course_utils.grading.sandbox import machine
from course_utils.grading.sandbox.confinement import Sandbox

ROOT = Path(__file__).resolve().parents[2]
LAB = demo.LAB


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A folder with the lab as students get it, made afresh so that it is the one in solutions/."""
    labs = tmp_path_factory.mktemp("labs")
    (labs / LAB).mkdir()
    source = nbk.read(ROOT / "solutions" / LAB / f"{LAB}.ipynb")
    nbformat.write(released_view(source), labs / LAB / f"{LAB}.ipynb")
    return labs


@pytest.fixture
def paths(released, tmp_path: Path) -> CoursePaths:
    """The real lab and its catalogue, and an empty folder for the class."""
    return CoursePaths(ROOT, labs=released, submitted=tmp_path / "submitted")


@pytest.fixture(scope="module")
def handed_in(released, tmp_path_factory) -> dict[str, nbformat.NotebookNode]:
    """student -> notebook, as it lies on the disk. Not to be changed."""
    paths = CoursePaths(ROOT, labs=released, submitted=tmp_path_factory.mktemp("submitted"))
    return {
        path.parts[-3]: nbformat.reads(path.read_text(), as_version=nbformat.NO_CONVERT)
        for path in demo.make_sample_class(paths, LAB)
    }


def sources(nb: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in nb.cells]


def different(one: nbformat.NotebookNode, other: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Cells of `one` whose text is not that of `other`'s."""
    return [a for a, b in zip(one.cells, other.cells, strict=True) if a.source != b.source]


def graded(records, paths) -> list:
    """Records of the class with the points that grading must give."""
    source = nbk.read(paths.solutions / LAB / f"{LAB}.ipynb")
    results = []
    for sample in demo.SAMPLES:
        lost = {name for name in sample.lost if name != demo.EVERYTHING}
        cells = []
        for exercise in nbk.exercises(source):
            ok = not (demo.EVERYTHING in sample.lost or exercise.name in lost)
            message = ""
            if sample.mutant and not ok:
                message = " ".join(catalogue.find(ROOT, LAB, exercise, sample.mutant).says)
            state = "passed" if ok else "failed"
            cells.append(
                records.cell(
                    exercise.id + "-tests", exercise.points, state, title=exercise.title, message=message
                )
            )
        results.append(records.result(sample.student, cells=cells))
    return results


def test_eight_students_hand_in_notebooks_that_can_be_read(handed_in):
    assert len(handed_in) >= 8
    for student, nb in handed_in.items():
        assert student.replace("_", "").isalpha()
        nbformat.validate(nb)


def test_no_sample_holds_what_a_student_never_sees(handed_in):
    for nb in handed_in.values():
        text = "\n".join(sources(nb))
        for mark in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
            assert mark not in text


def test_full_marks_and_blank_are_what_they_say(handed_in, paths):
    released = nbk.read(paths.labs / LAB / f"{LAB}.ipynb")
    assert sources(handed_in["ben_novak"]) == sources(released)
    changed = different(handed_in["amara_okafor"], released)
    assert all(nbk.is_solution(cell) or nbk.is_essay(cell) for cell in changed)
    assert len(changed) == len(nbk.exercises(released)) + len(nbk.essays(released))
    assert not any(nbk.STUB in cell.source for cell in changed)


@pytest.mark.parametrize("sample", [s for s in demo.SAMPLES if s.lost and s.lost != (demo.EVERYTHING,)])
def test_a_mistake_is_in_the_exercise_that_it_names_and_nowhere_else(handed_in, sample):
    changed = [
        c for c in different(handed_in[sample.student], handed_in["amara_okafor"]) if not nbk.is_essay(c)
    ]
    assert [nbk.grade_id(cell).rsplit("-", 1)[1] for cell in changed] == list(sample.lost)
    if sample.mutant:
        source = nbk.read(ROOT / "solutions" / LAB / f"{LAB}.ipynb")
        exercise = nbk.find_exercise(source, sample.lost[0])
        assert changed[0].source == catalogue.find(ROOT, LAB, exercise, sample.mutant).source


def test_the_typo_does_not_compile_and_the_loop_never_ends(handed_in):
    typo = nbk.find_exercise(handed_in["farid_haddad"], "render_chat").solution.source
    with pytest.raises(SyntaxError):
        compile(typo, "cell", "exec")
    tree = ast.parse(nbk.find_exercise(handed_in["grace_liu"], "token_nll").solution.source)
    (function,) = tree.body
    assert ast.get_docstring(function)
    loop = next(node for node in function.body if isinstance(node, ast.While))
    assert ast.unparse(loop.test) == "step < 10"
    stored = {node.id for node in ast.walk(loop) if isinstance(getattr(node, "ctx", None), ast.Store)}
    assert stored == {"seen"}


def test_the_colab_copy_is_all_text_and_no_metadata(handed_in):
    nb, full = handed_in["hugo_lindqvist"], handed_in["amara_okafor"]
    assert (nb.nbformat, nb.nbformat_minor) == (4, 0)
    assert all(set(cell.metadata) == {"id"} and "id" not in cell for cell in nb.cells)
    assert len({cell.metadata["id"] for cell in nb.cells}) == len(nb.cells) == len(full.cells) + 1
    assert sources(nb)[1] == ""
    assert [sources(nb)[0], *sources(nb)[2:]] == sources(full)


def test_a_second_run_touches_nothing_and_mends_what_was_changed(paths):
    made = demo.make_sample_class(paths, LAB)
    for path in made:
        assert path.with_name("timestamp.txt").read_text().endswith(" UTC")
    before = {path: path.stat().st_mtime_ns for path in paths.submitted.rglob("*")}
    spoiled = made[0].read_bytes()
    demo.make_sample_class(paths, LAB)
    assert {path: path.stat().st_mtime_ns for path in paths.submitted.rglob("*")} == before
    made[0].write_text(json.dumps({}))
    demo.make_sample_class(paths, LAB)
    assert made[0].read_bytes() == spoiled


def test_a_mutant_that_is_gone_is_named(paths, monkeypatch):
    gone = demo.Sample("ines_moreau", "", "", lost=("build_labels",), mutant="was_renamed")
    monkeypatch.setattr(demo, "SAMPLES", (gone,))
    with pytest.raises(CourseError, match="no 'was_renamed'"):
        demo.make_sample_class(paths, LAB)


def test_right_grades_surprise_nobody(records, paths):
    assert demo.surprises(graded(records, paths), paths, LAB) == []


def test_what_depends_on_a_spoiled_exercise_is_lost_too(tiny):
    sample = demo.Sample("a", "", "", lost=("double",))
    assert demo.all_lost(sample, tiny.nb) == {"tiny-scale-double", "tiny-scale-total"}
    assert demo.all_lost(demo.Sample("b", "", "", lost=("total",)), tiny.nb) == {"tiny-scale-total"}


def test_every_wrong_grade_is_noticed(records, paths):
    results = graded(records, paths)
    for result in results:
        for cell in result.cells:
            cell.points = 0.0 if cell.points else cell.max_points
    said = demo.surprises(results, paths, LAB)
    points = [sentence for sentence in said if ", expected " in sentence]
    assert len(set(points)) == sum(len(result.cells) for result in results)


def test_a_message_that_misses_the_mistake_is_noticed(records, paths):
    results = graded(records, paths)
    for result in results:
        for cell in result.cells:
            cell.message = "Something is wrong."
    said = demo.surprises(results, paths, LAB)
    assert [sentence.split()[0] for sentence in said] == [s.student for s in demo.SAMPLES if s.mutant]


def test_a_student_or_a_cell_without_a_record_is_noticed(records, paths):
    results = graded(records, paths)
    assert demo.surprises(results[1:], paths, LAB) == ["amara_okafor (everything right) was not graded."]
    results[0].cells.pop(0)
    (sentence,) = demo.surprises(results, paths, LAB)
    assert "no record" in sentence


@pytest.fixture
def clone(tmp_path: Path) -> CoursePaths:
    """A copy of what the demo needs of the course, with a real class's work in it."""
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    shutil.copytree(ROOT / "tests" / "mutants" / LAB, tmp_path / "tests" / "mutants" / LAB)
    (tmp_path / "submitted" / "real_student").mkdir(parents=True)
    (tmp_path / "gradebook.db").write_text("a real class")
    return CoursePaths(root=tmp_path)


def run(clone: CoursePaths, monkeypatch, results: list) -> tuple[str, list]:
    """Run the demo with these grades: what it printed, and the paths that grading was given."""
    asked = []

    def grade(lab, paths, unsafe, progress):
        asked.append(paths)
        progress(1, len(results), results[0])
        return results

    monkeypatch.setattr("course_utils.grading.run.grade_class.grade_class", grade)
    out = io.StringIO()
    demo.run_demo(clone, Console(file=out, width=120))
    return out.getvalue(), asked


def test_the_demo_ends_with_a_table_and_places_that_exist(clone, records, paths, monkeypatch):
    said, (used,) = run(clone, monkeypatch, graded(records, paths))
    for sample in demo.SAMPLES:
        assert any(line.startswith(sample.student) and sample.story in line for line in said.splitlines())
    places = [line.split()[-1] for line in said.splitlines() if line.endswith(".html")]
    assert len(places) == 2
    assert all((clone.root / place).is_file() for place in places)
    assert (clone.labs / LAB / f"{LAB}.ipynb").is_file()
    made = {used.submitted, used.autograded, used.feedback, used.reports, used.database}
    assert {path.parent for path in made} == {clone.root / "demo"}


def test_the_demo_leaves_a_real_class_alone(clone, records, paths, monkeypatch):
    run(clone, monkeypatch, graded(records, paths))
    assert (clone.root / "gradebook.db").read_text() == "a real class"
    assert [path.name for path in clone.submitted.iterdir()] == ["real_student"]
    assert not clone.feedback.exists()
    assert not clone.reports.exists()


def test_a_wrong_grade_ends_the_demo(clone, records, paths, monkeypatch):
    results = graded(records, paths)
    results[0].cells[0].points = 0.0
    with pytest.raises(CourseError, match=r"must get:\n  - amara_okafor"):
        run(clone, monkeypatch, results)


def test_a_lab_that_somebody_works_in_is_left_alone(clone, records, paths, monkeypatch):
    mine = clone.labs / LAB / f"{LAB}.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("my work")])))
    before = mine.read_bytes()
    said, (used,) = run(clone, monkeypatch, graded(records, paths))
    assert mine.read_bytes() == before
    assert "somebody works in it" in said
    assert used.labs == clone.root / "demo" / "labs"
    assert nbk.exercises(nbk.read(used.submitted / "ben_novak" / LAB / f"{LAB}.ipynb"))
    # the class's copy follows the source
    source = nbk.read(clone.solutions / LAB / f"{LAB}.ipynb")
    source.cells[0].source += "\n\nOne sentence more."
    nbformat.write(source, clone.solutions / LAB / f"{LAB}.ipynb")
    run(clone, monkeypatch, graded(records, paths))
    assert "One sentence more." in (used.submitted / "ben_novak" / LAB / f"{LAB}.ipynb").read_text()
    assert mine.read_bytes() == before


def test_without_a_sandbox_the_made_up_class_is_graded_all_the_same_and_no_other(
    clone, monkeypatch, records, paths
):
    none = Sandbox("none", "No sandbox works here: there is a reason.")
    monkeypatch.setattr(machine, "detect", lambda interpreter=None: none)
    results = graded(records, paths)
    unsafe = []

    def grade(lab, paths, **options):
        unsafe.append(options["unsafe"])
        return results

    monkeypatch.setattr("course_utils.grading.run.grade_class.grade_class", grade)
    out = io.StringIO()
    demo.run_demo(clone, Console(file=out, width=120))
    assert unsafe == [True]
    assert none.reason in out.getvalue()
    assert "graded without a sandbox; a real class is not" in out.getvalue()
    with pytest.raises(CourseError, match="there is a reason"):
        machine.choose()


def test_where_nothing_can_be_graded_the_demo_says_so_after_it_released_the_labs(clone, monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(CourseError, match="no sandbox for macOS"):
        demo.run_demo(clone, Console(file=io.StringIO()))
    assert (clone.labs / LAB / f"{LAB}.ipynb").is_file()
