"""A made-up class on lab 01, graded for real: what `course demo` shows.

Each sample comes with what grading must make of it; a demo that disagrees with its own class fails.
Everything lives in demo/, with a gradebook of its own: a real class is never touched.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue
from course_utils.grading.pages.rendering import number, write_if_changed
from course_utils.grading.paths import TIMESTAMP, CoursePaths

if TYPE_CHECKING:
    from rich.console import Console

    from course_utils.grading.book.records import Record

LAB = "01_sft_masking"

EVERYTHING = "*"  # in Sample.lost: all autograded exercises

_THOROUGH = """\
At test time the prompt is given and only the answer is written. The loss on the prompt asks the model to
write questions, which nobody wants from it, and with long prompts it is most of the loss. I would keep the
prompt in when there is little data, answers are short, and the prompts are the kind of text that the model
should know better, for example a new domain."""
_SHORT = "Because the model should learn to answer and not to ask. I would put it in when the prompts are useful text."
_REPORT = """\
I expected a sample over all chats to beat the first chats in order, because it sees more numbers. On two seeds it was
a little lower, which says nothing yet. I would try more seeds next."""


@dataclass(frozen=True)
class Sample:
    """One student of the class.

    lost: names of the exercises whose own cell is wrong, or EVERYTHING; what depends on them goes too.
    mutant: the wrong answer of tests/mutants that stands in the first of them; its message must come back.
    spoil: what happened to the notebook after the right answers were in it.
    """

    student: str
    story: str
    handed_in: str
    essay: str = _SHORT
    lost: tuple[str, ...] = ()
    mutant: str = ""
    spoil: Callable[[NotebookNode, str], None] | None = None


def typo(nb: NotebookNode, name: str) -> None:
    """A bracket too many at the end of exercise `name`."""
    nbk.find_exercise(nb, name).solution.source += "\n)"


def endless(nb: NotebookNode, name: str) -> None:
    """A loop that forgets to count, at the top of exercise `name`'s function."""
    cell = nbk.find_exercise(nb, name).solution
    (function,) = (node for node in ast.parse(cell.source).body if getattr(node, "name", "") == name)
    body = function.body[1:] if ast.get_docstring(function) else function.body
    lines = cell.source.split("\n")
    loop = ["    step = 0", "    while step < 10:", "        seen = step"]
    lines[body[0].lineno - 1 : body[0].lineno - 1] = loop
    cell.source = "\n".join(lines)


def through_colab(nb: NotebookNode, name: str = "") -> None:
    """What Colab saves: its own metadata and no other, ids of its own, format 4.0; and an empty cell more."""
    nb.cells.insert(1, nbformat.v4.new_code_cell(""))
    for index, cell in enumerate(nb.cells):
        cell.metadata = NotebookNode(id=hashlib.sha256(f"{index} {cell.source}".encode()).hexdigest()[:12])
        cell.pop("id", None)
    nb.metadata = NotebookNode(
        colab={"provenance": []},
        kernelspec={"display_name": "Python 3", "name": "python3"},
        language_info={"name": "python"},
    )
    nb.nbformat_minor = 0


SAMPLES = (
    Sample("amara_okafor", "everything right", "2026-01-14 18:02:11 UTC", _THOROUGH),
    Sample("ben_novak", "handed in as it was handed out", "2026-01-15 21:58:40 UTC", "", lost=(EVERYTHING,)),
    Sample(
        "chiara_rossi",
        "leaves the last prompt token in the loss",
        "2026-01-15 09:31:05 UTC",
        lost=("build_labels",),
        mutant="off_by_one",
    ),
    Sample(
        "daniel_kim",
        "masks padding by token id",
        "2026-01-15 16:20:47 UTC",
        _THOROUGH,
        lost=("collate",),
        mutant="labels_masked_by_id",
    ),
    Sample(
        "elif_demir",
        "averages the means of the micro-batches",
        "2026-01-15 19:44:19 UTC",
        lost=("accumulated_loss",),
        mutant="mean_of_means",
    ),
    Sample(
        "farid_haddad",
        "one bracket too many",
        "2026-01-15 22:59:58 UTC",
        lost=("render_chat",),
        spoil=typo,
    ),
    Sample(
        "grace_liu",
        "a loop that never ends",
        "2026-01-15 23:12:30 UTC",
        lost=("token_nll",),  # no cell but its tests calls it: the loop is waited for once
        spoil=endless,
    ),
    Sample(
        "hugo_lindqvist",
        "everything right, but Colab lost the cells' metadata",
        "2026-01-15 20:06:33 UTC",
        _THOROUGH,
        spoil=through_colab,
    ),
)


def make_sample_class(paths: CoursePaths, lab: str = LAB) -> list[Path]:
    """Write submitted/<student>/<lab>/<lab>.ipynb and timestamp.txt for each sample; returns the notebooks.

    The same lab gives the same bytes, and a file that has them already is not touched, so that a second
    grading run finds nothing to do. Raises CourseError when the lab or the catalogue of wrong answers no
    longer holds what a sample is made of.
    """
    released = nbk.read(paths.lab(lab).released)
    source = nbk.read(paths.lab(lab).source)
    made = []
    for sample in SAMPLES:
        nb = _notebook(sample, released, source, paths, lab)
        submission = paths.submission(lab, sample.student)
        write_if_changed(
            submission.notebook, json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        )
        write_if_changed(submission.folder / TIMESTAMP, sample.handed_in)
        made.append(submission.notebook)
    return made


def surprises(records: Iterable[Record], paths: CoursePaths, lab: str = LAB) -> list[str]:
    """What grading made of the sample class and should not have, a sentence each; empty if all is well."""
    source = nbk.read(paths.lab(lab).source)
    by_student = {record.student: record for record in records}
    found = []
    for sample in SAMPLES:
        record = by_student.get(sample.student)
        if record is None:
            found.append(f"{sample.student} ({sample.story}) was not graded.")
            continue
        lost = all_lost(sample, source)
        cells = {cell.grade_id: cell for cell in record.cells}
        for exercise in nbk.exercises(source):
            cell = cells.get(exercise.id + nbk.TESTS_SUFFIX)
            expected = 0.0 if exercise.id in lost else exercise.points
            got = cell.points if cell else None
            if got != expected:
                found.append(
                    f"{sample.student} ({sample.story}) has {'no record' if got is None else number(got)} for "
                    f"{exercise.name}, expected {number(expected)}."
                )
        if sample.mutant:
            exercise = nbk.find_exercise(source, sample.lost[0])
            said = (
                cells[exercise.id + nbk.TESTS_SUFFIX].message
                if exercise.id + nbk.TESTS_SUFFIX in cells
                else ""
            )
            for words in catalogue.find(paths.root, lab, exercise, sample.mutant).says:
                if words.lower() not in said.lower():
                    found.append(f"{sample.student} ({sample.story}) was not told {words!r} but {said!r}.")
    return found


def _notebook(
    sample: Sample, released: NotebookNode, source: NotebookNode, paths: CoursePaths, lab: str
) -> NotebookNode:
    if EVERYTHING in sample.lost:
        return deepcopy(released)
    answers = {exercise.id: nbk.without_marks(exercise.solution.source) for exercise in nbk.exercises(source)}
    if sample.mutant:
        exercise = nbk.find_exercise(source, sample.lost[0])
        answers[exercise.id] = catalogue.find(paths.root, lab, exercise, sample.mutant).source
    for cell in nbk.essays(released):
        report = sample.essay and _REPORT
        answers[nbk.grade_id(cell)] = report if nbk.grade_id(cell).endswith("-experiment") else sample.essay
    nb = nbk.with_answers(released, answers)
    if sample.spoil:
        sample.spoil(nb, sample.lost[0] if sample.lost else "")
    return nb


def all_lost(sample: Sample, source: NotebookNode) -> set[str]:
    """Ids of the exercises that cannot have points: the spoiled ones and those whose tests run them."""
    exercises = nbk.exercises(source)
    if EVERYTHING in sample.lost:
        return {exercise.id for exercise in exercises}
    spoiled = {nbk.find_exercise(source, name).solution_index for name in sample.lost}
    return {
        exercise.id
        for exercise in exercises
        if spoiled
        & {exercise.solution_index, *nbk.needed_cells(source, exercise.names, exercise.tests_index)}
    }


def run_demo(paths: CoursePaths, console: Console, unsafe: bool = False) -> list[Record]:
    """Release every lab, grade the sample class of lab 01, write its pages, and say where to look.

    paths: the course's own; of them only labs/ is written, the class lives in demo/. Where no sandbox works the
    class is graded without one: its code is the course's own. Raises CourseError if the grades are not what they
    must be, and where the system cannot grade.
    """
    from course_utils.grading.pages.feedback import feedback_page, write_feedback
    from course_utils.grading.pages.report import show_table, write_report
    from course_utils.grading.run.grade_class import grade_class
    from course_utils.grading.run.progress import progress_bar
    from course_utils.grading.sandbox import machine, systems

    class_paths = demo_paths(_release(paths, console))
    make_sample_class(class_paths, LAB)
    console.print(
        f"Made a class of {len(SAMPLES)} in {_short(class_paths.submitted, paths)}", highlight=False
    )
    systems.refuse()
    if not unsafe and (found := machine.detect()).mode == "none":
        unsafe = True
        console.print(
            f"{found.reason}\nThe made-up class is the course's own code, so it is graded without a sandbox; "
            "a real class is not, until this is mended.",
            highlight=False,
            soft_wrap=True,
        )
    with progress_bar(console, "Grading it") as progress:
        records = grade_class(LAB, class_paths, unsafe=unsafe, progress=progress)
    write_feedback(records, class_paths)
    report = write_report(records, class_paths)
    console.print()
    show_table(records, console, {sample.student: sample.story for sample in SAMPLES})
    wrong = surprises(records, class_paths, LAB)
    if wrong:
        listed = "".join(f"\n  - {sentence}" for sentence in wrong)
        raise CourseError(f"The sample class did not get the points that it must get:{listed}")
    page = feedback_page("chiara_rossi", LAB, class_paths)
    console.print("\n[bold]Where to look next[/]")
    for what, where in (
        ("the teacher's report", _short(report, paths)),
        ("a student's feedback", _short(page, paths)),
        ("do the lab yourself", "make lab"),
        ("what else there is", "README.md, course --help"),
    ):
        console.print(f"  {what:<21} [cyan]{where}[/]", highlight=False, soft_wrap=True)
    return records


def demo_paths(paths: CoursePaths) -> CoursePaths:
    """The same course with its class, gradebook and pages in demo/."""
    home = paths.root / "demo"
    return replace(
        paths,
        submitted=home / "submitted",
        autograded=home / "autograded",
        feedback=home / "feedback",
        reports=home / "reports",
        database=home / "gradebook.db",
    )


def _release(paths: CoursePaths, console: Console) -> CoursePaths:
    """Release all labs. A lab that somebody works in stays as it is, and the class gets its own copy."""
    from course_utils.grading.author.release import LabHasWork, generate, release

    for lab in course.load_course().labs:
        try:
            console.print(f"Released {_short(release(lab, paths), paths)}", highlight=False)
        except LabHasWork:
            old = paths.lab(lab.name).released
            console.print(f"Left {_short(old, paths)} alone: somebody works in it.", highlight=False)
            if lab.name == LAB:
                paths = replace(paths, labs=paths.root / "demo" / "labs")
                with tempfile.TemporaryDirectory(dir=paths.private) as folder:
                    made = generate(LAB, paths, Path(folder))
                    write_if_changed(paths.labs / LAB / made.name, made.read_text(encoding="utf-8"))
    return paths


def _short(path: Path, paths: CoursePaths) -> Path:
    return path.relative_to(paths.root)
