"""What each worker would do anew, done once in the process that workers are forked from. Importing it does it."""

from __future__ import annotations

import gc
import importlib
import warnings
from copy import deepcopy

import nbformat
from nbconvert import exporters
from nbgrader import api
from nbgrader.converters import autograde  # noqa: F401
from nbgrader.nbgraderformat import v3
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, configure_mappers

from course_utils import checks, course  # noqa: F401
from course_utils.grading.pages import markup  # noqa: F401
from course_utils.grading.run import execute, repair  # noqa: F401


def _rehearse() -> None:
    """Schemas are compiled, mappings made, and the first of each kind of query is put into words."""
    test = nbformat.v4.new_code_cell("pass")
    marks = {
        "grade_id": "one",
        "points": 1.0,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
    }
    test.metadata["nbgrader"] = {**marks, "schema_version": 3, "cell_type": "code"}
    nb = nbformat.v4.new_notebook(cells=[test, nbformat.v4.new_markdown_cell("text")])
    for version in (4, 3):
        text = nbformat.writes(deepcopy(nb), version=version)
        nbformat.reads(text, as_version=4)
    v3.MetadataValidatorV3().validate_nb(nb)
    exporters.NotebookExporter().from_notebook_node(nb)
    configure_mappers()
    engine = create_engine("sqlite://")
    api.Base.metadata.create_all(engine)
    with Session(engine) as session:
        for table in (api.Assignment, api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade):
            session.query(table).first()
    engine.dispose()
    course.load_course()


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for _name in ("psutil", "zmq"):
        importlib.import_module(_name)
    _rehearse()
gc.collect()
gc.freeze()
