"""What a run of `course grade` would change, found out on copies: the class's own files stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

from course_utils.errors import CourseError
from course_utils.grading.book import gradebook, records
from course_utils.grading.book.marks import MarkedSubmission, read_submissions
from course_utils.grading.book.records import Flag
from course_utils.grading.pages.rendering import count, number, plain
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.grade_class import grade_class
from course_utils.grading.run.scratch import scratch_folder

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Change:
    """Points of one student that would change.

    what: the exercise's title, or "all together", which counts what lateness costs. before is None for what has no
    grade yet, after for an exercise that the lab no longer has, whose points are set aside.
    """

    student: str
    what: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Preview:
    """changes: by student, in the lab's order. students: how many there are after the run.

    flags: (student, flag) of each flag that there is not yet.
    """

    changes: list[Change]
    students: int
    flags: list[tuple[str, Flag]] = field(default_factory=list)


def what_if(lab: str, paths: CoursePaths, **options: Any) -> Preview:
    """Grade into copies and compare. options: those of grade_class. Writes nothing but .course/."""
    try:
        old = records.load_records(lab, paths)
    except CourseError:
        old = []
    with scratch_folder(paths) as folder:
        database = folder / "copy.db"
        copy = replace(
            paths,
            autograded=folder / "autograded",
            feedback=folder,
            reports=folder,
            database=database,
        )
        if gradebook.is_there(paths.database):
            gradebook.copy_to_file(paths.database, database)
        for record in old:
            records.write_record(copy.submission(lab, record.student).record, record)
        new = grade_class(lab, copy, **options)
        before = {s.record.student: s for s in read_submissions(old, paths)}
        after = read_submissions(new, copy)
    known = {record.student: record.flags for record in old}
    flags = [(r.student, flag) for r in new for flag in r.flags if flag not in known.get(r.student, [])]
    return Preview([c for s in after for c in _changes(before.get(s.record.student), s)], len(after), flags)


def _changes(old: MarkedSubmission | None, new: MarkedSubmission) -> Iterable[Change]:
    student = new.record.student
    before = {e.cell.grade_id: e for e in old.exercises} if old else {}
    for exercise in new.exercises:
        was = before.pop(exercise.cell.grade_id, None)
        if old is not None and (was is None or was.points != exercise.points):
            yield Change(student, exercise.cell.title, was.points if was else None, exercise.points)
    for gone in before.values():
        yield Change(student, gone.cell.title, gone.points, None)
    if old is None or old.final != new.final:
        yield Change(student, "all together", old.final if old else None, new.final)


def show_preview(preview: Preview, console: Console) -> None:
    """Print the changes and how many students have none."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("student", "exercise", "now", "then"):
        side: Literal["left", "right"] = "right" if title in ("now", "then") else "left"
        table.add_column(title, justify=side, no_wrap=title == "student")
    last = ""
    for change in preview.changes:
        table.add_row(
            Text(plain(change.student) if change.student != last else "", style="bold"),
            Text(plain(change.what), style="bold" if change.what == "all together" else ""),
            "–" if change.before is None else number(change.before),
            Text("set aside" if change.after is None else number(change.after), style="bold"),
        )
        last = change.student
    if preview.changes:
        console.print(table)
    for student, flag in preview.flags:
        console.print(Text(f"{plain(student)} would be flagged: {plain(flag.reason)}. {plain(flag.detail)}"))
    moved = len({change.student for change in preview.changes})
    console.print(
        f"{count(moved, 'student')} would get other points, {preview.students - moved:,} would keep theirs. "
        "Nothing was changed: leave out [bold]--what-if[/] to do it.",
        highlight=False,
    )
