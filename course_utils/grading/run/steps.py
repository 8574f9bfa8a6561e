"""The course's own steps in nbgrader's Autograde: put cells in order, run them, write down what came of it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Float, Instance, Integer, List, Unicode

from course_utils.errors import CourseError
from course_utils.grading import mend
from course_utils.grading import notebook as nbk
from course_utils.grading.book import records
from course_utils.grading.book.records import Flag, Record
from course_utils.grading.paths import RECORD
from course_utils.grading.run import remote
from course_utils.grading.run.elsewhere import find_answers
from course_utils.grading.run.execute import Budget, Job, run_submission
from course_utils.grading.run.outcomes import cell_records, now
from course_utils.grading.run.repair import older_cells, released_view, repair, tampering
from course_utils.grading.run.scratch import temporary_files
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.machine import choose

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class SubmissionExporter(NotebookExporter):
    """Reads a notebook as the course does, whatever its encoding and what is missing in it."""

    def from_file(
        self, file_stream: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        return self.from_notebook_node(nbk.read(Path(file_stream.name)), resources=resources, **kw)


class RepairCells(NbGraderPreprocessor):
    """The first pass: repairs a submission before its cells are compared with the gradebook."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        source = _source_notebook(self, resources)
        released = released_view(source)
        handed_out = _handed_out(self, resources)
        older = older_cells(nb, released, handed_out)
        flags = tampering(nb, released, older)
        actions = [*nbk.mended(nb), *repair(nb, released, older)]
        found, asked = find_answers(nb, released, handed_out)
        actions, flags = actions + found, flags + asked
        for action in actions:
            self.log.warning("Repaired %s", action)
        # Read by SplitExecute in nbgrader's second pass over the notebook; a student's own value is replaced.
        nb.metadata = NotebookNode(
            course=NotebookNode(repairs=actions, flags=[[flag.reason, flag.detail] for flag in flags]),
            kernelspec=deepcopy(source.metadata.get("kernelspec", _KERNEL)),
            language_info=NotebookNode(name="python"),
        )
        nb.nbformat, nb.nbformat_minor = 4, 5
        _, nb = nbformat.validator.normalize(nb)
        return nb, resources


class SplitExecute(Execute):
    """Takes the place of nbgrader's Execute: student code in a sandbox, tests outside of it.

    Needs a notebook that has been through RepairCells and OverwriteCells: then the test and setup cells are
    the course's own. Leaves Findings in resources["course"] for the steps after it.
    """

    cell_seconds = Float(0.0, help="Longest time of one cell; 0: from the lab's budget.").tag(config=True)
    test_seconds = Float(15.0, help="Longest time of one test cell.").tag(config=True)
    notebook_seconds = Float(0.0, help="Longest time of a notebook; 0: from the lab's budget.").tag(
        config=True
    )
    output_bytes = Integer(500_000, help="Output that is kept of a cell.").tag(config=True)
    memory_mb = Integer(4096, help="Memory of all the student's processes together.").tag(config=True)
    disk_mb = Integer(512, help="Disk that the student's code may fill.").tag(config=True)
    unsafe = Bool(False, help="Run student code without a sandbox where none works.").tag(config=True)
    only = List(Unicode(), help="Ids of the test cells that are run; all when empty.").tag(config=True)
    where = Instance(
        Where, allow_none=True, help="Where student code runs; None: in this machine's sandbox."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        noted = nb.metadata.pop("course", {})  # by RepairCells
        facts = resources["nbgrader"]
        job = Job(
            lab=facts["assignment"],
            student=facts["student"],
            notebook=nb,
            source=_source_notebook(self, resources),
            files=_submitted_folder(self, resources),
            budget=Budget(
                self.cell_seconds,
                self.test_seconds,
                self.notebook_seconds,
                self.output_bytes,
                self.memory_mb,
                self.disk_mb,
                tuple(self.only),
            ),
            flags=tuple(Flag(reason, detail) for reason, detail in noted.get("flags", [])),
        )
        with temporary_files():
            where = self.where or Where(choose(self.unsafe))
            found = (
                remote.run_there(job, where.send, self.unsafe) if where.send else run_submission(job, where)
            )
        # What a student's code prints and raises may be no text that a file can hold.
        nb.cells = mend.whole_json(nb.cells)
        found.repairs = [str(action) for action in noted.get("repairs", [])]
        resources["course"] = found
        return nb, resources


class RecordOutcomes(NbGraderPreprocessor):
    """The last preprocessor: puts what SplitExecute found and the gradebook's score into a record."""

    file_name = Unicode(RECORD, help="Name of the record beside the notebook.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        facts, found = resources["nbgrader"], resources["course"]
        with Gradebook(facts["db_url"]) as gradebook:
            submission = gradebook.find_submission(facts["assignment"], facts["student"])
            score, max_score = submission.score, submission.max_score
            manual = submission.needs_manual_grade
        cells = cell_records(_source_notebook(self, resources), found.outcomes)
        tried = [cell for cell in cells if cell.state in ("passed", "failed", "not run")]
        if len(tried) > 1 and not any(cell.state == "passed" for cell in tried) and not found.flags:
            said = f"{len(tried)} exercises were tried and none passed: is it the right notebook?"
            found.flags.append(Flag("nothing passed", said))
        record = Record(
            student=facts["student"],
            lab=facts["assignment"],
            score=score,
            max_score=max_score,
            status=records.NEEDS_MANUAL if manual else records.GRADED,
            seconds=round(found.seconds, 2),
            peak_mb=found.peak_mb,
            sandbox=found.sandbox,
            flags=found.flags,
            repairs=found.repairs,
            cells=cells,
            graded_at=now(),
        )
        records.write_record(Path(resources["metadata"]["path"]) / self.file_name, record)
        return nb, resources


def _source_notebook(step: NbGraderPreprocessor, resources: dict[str, Any]) -> NotebookNode:
    """The notebook in solutions/ that the submission belongs to."""
    directory = step.parent.parent.coursedir
    facts = resources["nbgrader"]
    folder = directory.format_path(directory.source_directory, ".", facts["assignment"])
    return nbk.read(Path(folder) / f"{facts['notebook']}.ipynb")


def _handed_out(step: NbGraderPreprocessor, resources: dict[str, Any]) -> NotebookNode | None:
    """The notebook in labs/, which may be older than the one in solutions/; None if there is none to read."""
    directory = step.parent.parent.coursedir
    facts = resources["nbgrader"]
    folder = directory.format_path(directory.release_directory, ".", facts["assignment"])
    try:
        return nbk.read(Path(folder) / f"{facts['notebook']}.ipynb")
    except CourseError:
        return None


def _submitted_folder(step: NbGraderPreprocessor, resources: dict[str, Any]) -> Path:
    """The submission as it was handed in: nbgrader's copy has followed its links."""
    directory = step.parent.parent.coursedir
    facts = resources["nbgrader"]
    return Path(directory.format_path(directory.submitted_directory, facts["student"], facts["assignment"]))
