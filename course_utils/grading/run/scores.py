"""Writing scores into the gradebook so that what a person decided stays decided."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import SaveAutoGrades
from traitlets import Bool, List, Unicode


class SaveScores(SaveAutoGrades):
    """nbgrader's SaveAutoGrades, for a submission that may have been graded before.

    nbgrader asks for every manual grade to be looked at again after each run. Here that is so only when the
    answer or its automatic score changed. Each cell is written in one transaction: after a kill the next run
    finds either the old state of a cell or the new one.
    """

    only = List(Unicode(), help="Ids of the cells whose scores are written; all when empty.").tag(config=True)
    same_answers = Bool(False, help="The same files were graded before.").tag(config=True)

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        if self.only and name not in self.only:
            return
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        score, _ = utils.determine_grade(cell, self.log)
        by_hand = grade.manual_score is not None
        settled = self.same_answers and by_hand and not grade.needs_manual_grade
        review = (by_hand or score is None) and not (settled and grade.auto_score == score)
        grade.auto_score, grade.needs_manual_grade = score, review
        self.gradebook.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        """None of its own: nbgrader's "No response." is shown to students as if a grader had said it."""
        name = cell.metadata["nbgrader"]["grade_id"]
        comment = self.gradebook.find_comment(name, self.notebook_id, self.assignment_id, self.student_id)
        comment.auto_comment = None
        self.gradebook.db.commit()
