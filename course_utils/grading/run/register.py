"""Bringing a lab's source notebook into the gradebook, and lateness up to date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import gradebook, late
from course_utils.grading.config import load_config
from course_utils.grading.log import Log
from course_utils.grading.paths import LabFiles

Registered = dict[str, tuple[str, float | None, bool]]


def register(lab: LabFiles, scratch: Path) -> None:
    """Save the lab's cells, hidden tests included, to the gradebook. Does nothing when they are there already.

    scratch: an empty folder. Raises CourseError with nbgrader's reason.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    paths = lab.paths
    gradebook.connect(paths.database).dispose()
    gradebook.make_whole(paths.database_url)
    if _registered(lab) == _to_register(nbk.read(lab.source)):
        late.set_due_date(lab.name, paths.database_url)
        return
    config = load_config(replace(paths, labs=scratch))
    config.CourseDirectory.assignment_id = lab.name
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    said = Log(paths.log, lab.name)
    converter.log = said.logger
    try:
        converter.start()
    except BaseException as error:
        why = said.error or error
        if not isinstance(why, Exception | SystemExit):
            raise why from None  # Ctrl-C and the like, which nbgrader makes an exit of
        raise CourseError(said.cause or str(error)) from why
    late.set_due_date(lab.name, paths.database_url)


def refresh_lateness(lab: LabFiles) -> None:
    """Nobody was graded, but a due date or what a day costs may have changed in course.toml."""
    facts = course.load_course()
    due = next((entry.due for entry in facts.labs if entry.name == lab.name), None)
    paths = lab.paths
    if gradebook.is_there(paths.database) and (due is not None or facts.late.percent_per_day):
        late.set_due_date(lab.name, paths.database_url)
        late.update_penalties(lab.name, paths)


def _to_register(source: nbk.NotebookNode) -> Registered:
    """grade_id -> (source, points, whether it is an answer) of the cells that grading takes from the gradebook."""
    return {
        nbk.grade_id(cell): (
            cell.source if cell.cell_type == "code" and nbk.grader(cell).get("locked") else "",
            float(nbk.grader(cell).get("points", 0)) if nbk.grader(cell).get("grade") else None,
            bool(nbk.grader(cell).get("solution")),
        )
        for cell in source.cells
        if nbk.is_marked(cell)
    }


def _registered(lab: LabFiles) -> Registered:
    """The same as the gradebook has it."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(lab.paths.database_url, course.load_course().course_id) as book:
        try:
            notebook = book.find_notebook(lab.name, lab.name)
        except MissingEntry:
            return {}
        points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        answers = {cell.name for cell in notebook.solution_cells}
        return {
            cell.name: (
                cell.source if cell.locked and cell.cell_type == "code" else "",
                points.get(cell.name),
                cell.name in answers,
            )
            for cell in notebook.source_cells
        }
