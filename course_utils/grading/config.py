"""The course's nbgrader configuration, read. What is in it is set by `configure.py`."""

from __future__ import annotations

from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths, within

NAME = "nbgrader_config.py"
_PACKAGE = Path(__file__).resolve().parents[1]


def load_config(paths: CoursePaths) -> Config:
    """The folder's nbgrader_config.py, else the one that comes with the package, set to these folders."""
    for folder in (paths.root, _PACKAGE, _PACKAGE.parent):
        if (folder / NAME).is_file():
            config = PyFileConfigLoader(NAME, path=str(folder)).load_config()
            break
    else:
        raise CourseError(f"{NAME} is missing: install the package again, or run from a complete clone.")
    folders = config.CourseDirectory
    folders.course_id = course.load_course().course_id
    folders.root = str(paths.root)
    folders.db_url = paths.database_url
    folders.source_directory = within(paths.solutions, paths.root)
    folders.release_directory = within(paths.labs, paths.root)
    folders.submitted_directory = within(paths.submitted, paths.root)
    folders.autograded_directory = within(paths.autograded, paths.root)
    folders.feedback_directory = within(paths.feedback, paths.root)
    return config
