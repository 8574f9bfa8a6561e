"""From solutions/ to labs/: nbgrader's own converter, with a lint before it and a check behind it.

The same source gives the same bytes. A released notebook carries the lab's name and a digest of its cells
(metadata `course`), so that other commands know the lab again and see whether somebody has worked in it. Beside
the labs lies what coding assistants are asked there: to teach and not to solve.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import nbformat
from traitlets.config import Config

from course_utils import course
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import setup_cell
from course_utils.grading.author.complaint import Complaint
from course_utils.grading.author.lint import lint, lint_release
from course_utils.grading.author.released import has_work
from course_utils.grading.config import load_config
from course_utils.grading.log import Log
from course_utils.grading.pages.rendering import write_if_changed
from course_utils.grading.paths import CoursePaths

# Many coding assistants read a file of this name in the folder that they work in.
FOR_ASSISTANTS = "AGENTS.md"
_ASKED = Path(__file__).with_name("assistants.md")


class LabHasWork(CourseError):
    """The notebook that a release would replace is not as it was released."""


def configure(config: Config) -> None:
    """Set what releasing needs in an nbgrader configuration; nbgrader_config.py calls this."""
    from nbgrader import preprocessors as stock
    from nbgrader.converters import GenerateAssignment

    from course_utils.grading.author.tidy import Tidy
    from course_utils.grading.book.save_cells import SaveCells

    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "labs"
    config.ClearSolutions.code_stub = {"python": nbk.STUB}
    config.ClearSolutions.text_stub = nbk.ESSAY_STUB
    steps = [SaveCells if step is stock.SaveCells else step for step in GenerateAssignment().preprocessors]
    config.GenerateAssignment.preprocessors = [*steps, Tidy]


def release(lab: str | Lab, paths: CoursePaths, force: bool = False) -> Path:
    """Make the students' notebook of a lab; returns its path in labs/.

    Before that the source notebook's setup cell gets the text that every lab has (setup_cell). If anything
    fails, labs/ stays as it was. If nothing changed, no file is touched. Raises CourseError when the source
    breaks a rule of lint, and LabHasWork when the old notebook holds work (with `force` it is moved to
    .course/replaced/ instead).
    """
    lab = course.lab(lab) if isinstance(lab, str) else lab
    files = paths.lab(lab.name)
    source = nbk.read(files.source)
    stale = setup_cell.fill(source)
    _refuse(lab, lint(source, lab))
    if stale:
        draft = files.source.with_suffix(".tmp")
        nbformat.write(source, draft)
        os.replace(draft, files.source)
    paths.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-", dir=paths.private) as folder:
        made = generate_checked(lab, paths, Path(folder))
        old = files.released
        if old.is_file() and old.read_bytes() != made.read_bytes() and has_work(old):
            if not force:
                raise LabHasWork(
                    f"{old} holds work that a release would overwrite: "
                    "move it elsewhere, or put it back with `git checkout`."
                )
            _put_aside(old, paths.private / "replaced")
        _replace_files(made.parent, old.parent)
    write_if_changed(paths.labs / FOR_ASSISTANTS, asked_of_assistants())
    return old


def asked_of_assistants() -> str:
    """The text of labs/AGENTS.md."""
    return _ASKED.read_text(encoding="utf-8")


def generate_checked(lab: Lab, paths: CoursePaths, target: Path) -> Path:
    """The same as `generate`. Raises CourseError when source or release breaks a rule of lint."""
    source = nbk.read(paths.lab(lab.name).source)
    _refuse(lab, lint(source, lab))
    made = generate(lab.name, paths, target)
    _refuse(lab, lint_release(source, nbk.read(made)))
    return made


def generate(lab: str, paths: CoursePaths, target: Path) -> Path:
    """Run nbgrader's GenerateAssignment on solutions/<lab> into `target`, a folder inside the course's.

    No gradebook is read or written. Returns the notebook's path.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    from course_utils.grading.book.save_cells import SaveCells

    there = replace(paths, labs=target)
    config = load_config(there)
    config.CourseDirectory.assignment_id = lab
    config.GenerateAssignment.no_database = True
    steps = config.GenerateAssignment.preprocessors
    config.GenerateAssignment.preprocessors = [step for step in steps if step is not SaveCells]
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    said = Log()
    converter.log = said.logger
    try:
        converter.start()
    except Exception as error:
        reason = said.cause or str(error)
        raise CourseError(f"nbgrader could not release {lab}: {reason}") from error
    return there.lab(lab).released


def _refuse(lab: Lab, problems: list[Complaint]) -> None:
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise CourseError(f"{lab.name} cannot be released until its source notebook is mended:{listed}")


def _put_aside(old: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(old, folder / f"{old.stem}-{time.strftime('%Y%m%d-%H%M%S')}.ipynb")


def _replace_files(made: Path, target: Path) -> None:
    """Move the files that changed into place, each in one step; what else lies in `target` stays."""
    for new in sorted(path for path in made.rglob("*") if path.is_file()):
        old = target / new.relative_to(made)
        if old.is_file() and old.read_bytes() == new.read_bytes():
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        os.replace(new, old)
