"""How nbgrader releases, grades and shows this course: what nbgrader_config.py calls.

Everything here is plain nbgrader configuration; `nbgrader generate_assignment`, `autograde`, `formgrader`, …
then do what `course` does.
"""

from __future__ import annotations

from traitlets.config import Config

from course_utils import course
from course_utils.grading.author import release
from course_utils.grading.book import gradebook, late
from course_utils.grading.pages import formgrader
from course_utils.grading.paths import RECORD, database_url
from course_utils.grading.run import collect


def configure(config: Config) -> None:
    """Set all that the course needs in an nbgrader configuration."""
    gradebook.put_alembic_on_path()
    config.CourseDirectory.course_id = course.load_course().course_id
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        "feedback",
        RECORD,
        f".{RECORD}",
        f"{RECORD}.partial",
        f".{RECORD}.partial",
    ]
    if database := gradebook.configured():
        config.CourseDirectory.db_url = database_url(database)
    release.configure(config)
    collect.configure(config)
    late.configure(config)
    formgrader.configure(config)
    config.ExchangeFactory.release_feedback = "course_utils.grading.pages.exchange.ReleaseFeedback"
    _configure_grading(config)


def _configure_grading(config: Config) -> None:
    """Student code runs in a sandbox, tests outside of it, and what a person gave stays."""
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as stock

    from course_utils.grading.run.scores import SaveScores
    from course_utils.grading.run.steps import (
        RecordOutcomes,
        RepairCells,
        SplitExecute,
        SubmissionExporter,
    )

    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.sanitize_preprocessors = [
        RepairCells,
        stock.ClearOutput,
        stock.OverwriteKernelspec,
        stock.OverwriteCells,
        stock.CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        SplitExecute,
        ClearMetadataPreprocessor,
        stock.LimitOutput,
        SaveScores,
        stock.AssignLatePenalties,
        stock.CheckCellMetadata,
        formgrader.SafeDisplay,  # what students display is shown in a grader's browser
        formgrader.TidyFiles,
        RecordOutcomes,
    ]
    config.GenerateFeedback.preprocessors = [
        stock.GetGrades,
        stock.ClearHiddenTests,  # feedback says what a hidden test looked at, never how
    ]
