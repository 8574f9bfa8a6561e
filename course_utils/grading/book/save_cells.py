"""A lab's cells into the gradebook, also when the class has been graded with other cells before."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import api, preprocessors

from course_utils.grading.book import aside
from course_utils.grading.book.tables import SET_ASIDE


class SaveCells(preprocessors.SaveCells):
    """nbgrader's SaveCells, for a lab that may have submissions and other cells than it had.

    nbgrader refuses to add or remove cells then. Here the points and comments of what is gone are set aside, and
    every submission gets a place for what is new. All of it is one transaction.
    """

    def _create_notebook(self, nb: NotebookNode) -> None:
        db = self.gradebook.db
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except api.MissingEntry:
            notebook = None
        if notebook is not None and notebook.submissions:
            SET_ASIDE.create(db.connection(), checkfirst=True)
            graded = (aside.GRADE, "grades", api.Grade)
            said = (aside.COMMENT, "comments", api.Comment)
            self._match(notebook, notebook.grade_cells, self.new_grade_cells, api.GradeCell, graded)
            self._match(notebook, notebook.solution_cells, self.new_solution_cells, api.SolutionCell, said)
            self._match(notebook, notebook.task_cells, self.new_task_cells, api.TaskCell, graded, said)
            self._match(notebook, notebook.source_cells, self.new_source_cells, api.SourceCell)
            db.commit()
            db.expire_all()
        super()._create_notebook(nb)

    def _match(
        self,
        notebook: api.Notebook,
        old: list[Any],
        new: dict[str, dict[str, Any]],
        kind: type,
        *of_submissions: tuple[str, str, type],
    ) -> None:
        """Remove the cells of one kind that the lab no longer has, and add those that it did not have."""
        db, lab = self.gradebook.db, self.assignment_id
        for cell in list(old):
            if cell.name not in new:
                for what, rows, _ in of_submissions:
                    aside.put(db, lab, what, cell, list(getattr(cell, rows)))
                db.flush()
                db.delete(cell)
        db.flush()
        for name in new.keys() - {cell.name for cell in old}:
            cell = kind(name=name, notebook_id=notebook.id, **new[name])
            db.add(cell)
            db.flush()
            for what, _, row in of_submissions:
                kept = aside.take_back(db, lab, what, name)
                for submission in notebook.submissions:
                    values = kept.get(submission.student.id, {})
                    db.add(row(cell_id=cell.id, notebook_id=submission.id, **values))
        db.flush()
