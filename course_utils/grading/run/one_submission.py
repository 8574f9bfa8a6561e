"""Grading one submission, in a process of its own: from what was handed in to its record."""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import nbformat

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import records
from course_utils.grading.book.records import Flag, Record
from course_utils.grading.config import load_config
from course_utils.grading.log import Log
from course_utils.grading.paths import RECORD, TIMESTAMP, Submission, fits_database
from course_utils.grading.run import hand_in_time
from course_utils.grading.run.changes import Work, take
from course_utils.grading.run.handed_in import DEEPEST, everything_below, look_alikes, not_plain, too_deep
from course_utils.grading.run.outcomes import cell_records, now
from course_utils.grading.run.repair import read_submission
from course_utils.grading.run.scratch import scratch_folder
from course_utils.grading.run.where import Where

_DRAFT = f".{RECORD}"  # until grading has finished


def grade(submission: Submission, work: Work, where: Where, unsafe: bool) -> None:
    """Grade it, or some of its exercises, and write its record."""
    os.environ["COURSE_GRADING"] = "1"
    os.environ["COURSE_PROFILE"] = "cpu"
    with scratch_folder(submission.paths) as folder:
        taken = replace(submission, paths=replace(submission.paths, submitted=folder / "taken"))
        digest = take(submission.folder, taken.folder)
        flags, status = _look_at(submission, taken)
        if status:
            give_zero(submission, work, status, flags, digest)
            return
        old = records.read_record(submission.record)
        if work.only and old is not None and old.submission_sha256 == digest:
            scratch = replace(taken, paths=replace(taken.paths, autograded=folder / "autograded"))
            record = _convert(scratch, work, where, unsafe, digest, old)
            record.flags = flags + record.flags
            _take_over(scratch.graded_notebook, submission.graded_notebook, work.only)
            record = merged(old, record, work)
        else:
            work = replace(work, only=())
            if old is not None:
                # Should this run be cut off, the next one must not take the old record for a finished one.
                old.source_sha256 = ""
                records.write_record(submission.record, old)
            record = _convert(taken, work, where, unsafe, digest, old)
            record.flags = flags + record.flags
            work.sign(record, digest)
        _drop_links(taken)
        records.write_record(submission.record, record)


def give_zero(
    submission: Submission, work: Work, status: str, flags: list[Flag], submission_sha256: str = ""
) -> None:
    """Record a submission that cannot be graded, and the reason: no points, in the gradebook too.

    Where grading itself failed the gradebook keeps the points that it may have from before.
    """
    paths = submission.paths
    source = nbk.read(paths.lab(submission.lab).source)
    score, max_score = 0.0, nbk.total_points(source)
    if fits_database(submission.student):
        score, max_score = _zero_in_gradebook(submission, status)
    cells = cell_records(source, {}, flags[0].reason)
    for cell in cells:
        cell.state = "not run"
    _clear(submission)
    record = Record(
        submission.student,
        submission.lab,
        score,
        max_score,
        status,
        flags=flags,
        cells=cells,
        graded_at=now(),
    )
    work.sign(record, submission_sha256)
    records.write_record(submission.record, record)


def _zero_in_gradebook(submission: Submission, status: str) -> tuple[float, float]:
    """(points, most points) of a submission that cannot be graded, as the gradebook has them afterwards."""
    from nbgrader.api import Gradebook

    with Gradebook(submission.paths.database_url, course.load_course().course_id) as book:
        book.update_or_create_student(submission.student)
        entry = book.update_or_create_submission(submission.lab, submission.student)
        if status != records.BROKEN:
            for grade in (grade for notebook in entry.notebooks for grade in notebook.grades):
                grade.auto_score, grade.needs_manual_grade = 0.0, False
        book.db.commit()
        return entry.score, entry.max_score


def _convert(
    submission: Submission, work: Work, where: Where, unsafe: bool, digest: str, old: Record | None
) -> Record:
    """Run nbgrader's Autograde on one submission. Returns its record, which is not written yet."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory

    class OneSubmission(CourseDirectory):
        def get_existing_timestamp(self, dest_path: str) -> datetime | None:
            return hand_in_time.read(Path(dest_path) / TIMESTAMP)[0]

    class AutogradeOne(Autograde):
        """nbgrader looks for notebooks by glob, which a folder called `anna [2]` does not match."""

        def init_notebooks(self) -> None:
            self.assignments = {str(submission.folder): [str(submission.notebook)]}
            self.notebooks: list[str] = []

        def init_destination(self, assignment_id: str, student_id: str) -> bool:
            _clear(submission)
            return True

    config = load_config(submission.paths)
    config.CourseDirectory.assignment_id = submission.lab
    config.CourseDirectory.student_id = submission.student
    # nbgrader puts the folder before each pattern without escaping it, so `anna [2]` would ignore nothing.
    here = glob.escape(str(submission.folder))
    config.CourseDirectory.ignore += [os.path.join(here, name) for name in config.CourseDirectory.ignore]
    config.CourseDirectory.ignore += not_plain(submission.folder)
    config.Autograde.force = True
    config.SplitExecute.where = where
    config.SplitExecute.unsafe = unsafe
    config.SplitExecute.only = config.SaveScores.only = list(work.only)
    config.SaveScores.same_answers = old is not None and old.submission_sha256 == digest
    config.RecordOutcomes.file_name = _DRAFT
    said = Log(submission.paths.log, submission.student)
    converter = AutogradeOne(coursedir=OneSubmission(config=config), config=config)
    converter.log = said.logger
    try:
        converter.start()
    except BaseException as error:
        raise (said.error or error) from None
    draft = submission.record.with_name(_DRAFT)
    record = records.read_record(draft)
    if record is None:
        raise CourseError(f"nbgrader's last step left no record {draft}: see {submission.paths.log}.")
    draft.unlink()
    return record


def merged(old: Record, new: Record, work: Work) -> Record:
    """The record `old` with what running the test cells `work.only` again gave."""
    ran = {cell.grade_id: cell for cell in new.cells if cell.grade_id in work.only}
    names = {name for cell in ran.values() for name in (cell.exercise, cell.exercise.split("-", 2)[-1])}

    def about_them(flag: Flag) -> bool:
        return any(re.search(rf"(?<![\w-]){re.escape(name)}", flag.detail) for name in names)

    flags = [flag for flag in old.flags if not about_them(flag)]
    flags += [flag for flag in new.flags if flag not in flags and about_them(flag)]
    return replace(
        old,
        score=new.score,
        max_score=new.max_score,
        status=new.status,
        flags=flags,
        cells=[ran.get(cell.grade_id, cell) for cell in old.cells],
        # The other exercises are as new as they were: a run that finds them old grades them.
        tests_sha256={**old.tests_sha256, **{name: work.tests.each[name] for name in work.only}},
        graded_at=new.graded_at,
    )


def _take_over(made: Path, target: Path, only: tuple[str, ...]) -> None:
    """Put the new outputs of some test cells into the autograded notebook, which Formgrader shows."""
    if not target.is_file():
        return
    outputs = {nbk.grade_id(cell): cell.outputs for cell in nbk.read(made).cells if nbk.is_test(cell)}
    sources = {nbk.grade_id(cell): cell.source for cell in nbk.read(made).cells if nbk.is_test(cell)}
    nb = nbk.read(target)
    for cell in nb.cells:
        if nbk.grade_id(cell) in only:
            cell.outputs, cell.source = outputs[nbk.grade_id(cell)], sources[nbk.grade_id(cell)]
    draft = target.with_name(f".{target.name}.partial")
    draft.unlink(missing_ok=True)
    nbformat.write(nb, draft)
    draft.chmod(stat.S_IMODE(target.stat().st_mode))
    os.replace(draft, target)


def _look_at(submission: Submission, taken: Submission) -> tuple[list[Flag], str]:
    """(flags, status) from a first look at what was handed in; status is "" when it can be graded.

    taken: the copy that is graded.
    """
    lab, student = submission.lab, submission.student
    folder, notebook = taken.folder, taken.notebook
    wanted = f"{lab}/{lab}.ipynb"
    if not student.isprintable():
        # nbgrader cannot read such a path, and no gradebook holds what is no UTF-8.
        detail = f"The folder is called {student!a}: rename it to the student's id and grade again."
        return [Flag("a strange name", detail)], records.MISPLACED
    if folder.is_symlink():
        detail = f"{student}/{lab} is a link to another folder: ask for the files themselves."
        return [Flag("a link for a submission", detail)], records.MISPLACED
    if too_deep(folder):
        detail = f"More than {DEEPEST} folders lie in each other below {student}/{lab}: ask for the notebook alone."
        return [Flag("folders without end", detail)], records.UNREADABLE
    if not notebook.is_file() or notebook.is_symlink():
        detail = f"There is no {wanted}. {_what_instead(submission, wanted)}".strip()
        return [Flag("no notebook where it should be", detail)], records.MISPLACED
    try:
        read_submission(notebook)
    except CourseError as error:
        said = str(error).replace(str(notebook), str(submission.notebook))
        return [Flag("unreadable: ask for it again", said)], records.UNREADABLE
    flags = []
    extra = [p.name for p in sorted(folder.glob("*.ipynb")) if p != notebook]
    if extra:
        flags.append(
            Flag("more than one notebook", f"Only {notebook.name} was graded, not {', '.join(extra)}.")
        )
    links = [str(p.relative_to(folder)) for p in everything_below(folder) if p.is_symlink()]
    if links:
        flags.append(
            Flag("links in the submission", f"These point elsewhere and were ignored: {', '.join(links)}.")
        )
    flags += look_alikes(student, submission.paths.submitted)
    problem = hand_in_time.read(folder / TIMESTAMP)[1]
    if problem:
        detail = f"timestamp.txt cannot be read ({problem}): nobody knows whether it was late."
        flags.append(Flag("no time of handing in", detail))
    return flags, ""


def _what_instead(submission: Submission, wanted: str) -> str:
    """What to do with the file that comes nearest to the notebook that is missing; "" if there is none."""
    home = submission.folder.parent
    others = {lab.name for lab in course.load_course().labs} - {submission.lab}
    mine = [path.relative_to(home) for path in everything_below(home) if path.is_file()]
    files = [path for path in mine if path.parts[0] not in others and not _checkpoint(path)]
    target = f"{submission.student}/{wanted}"
    for kind, cure in (
        (r"\.ipynb$", f"rename it to {target} and grade again"),
        # as browsers and mail programs save one: lab.IPYNB, lab.ipynb.txt, lab.ipynb (1)
        (r"(?i)\.ipynb", f"rename it to {target} and grade again"),
        (r"(?i)\.(zip|tar|tgz|gz|7z|rar)$", f"unpack it, put the notebook at {target} and grade again"),
        (r"(?i)\.(py|html|pdf)$", "that is no notebook: ask for the .ipynb file"),
    ):
        if found := next((path for path in files if re.search(kind, path.name)), None):
            return f"The nearest is {submission.student}/{found}: {cure}."
    return ""


def _checkpoint(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _clear(submission: Submission) -> None:
    """Remove what an earlier run left of this submission; its record stays until there is a new one."""
    folder = submission.graded_folder
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path != submission.record:
            path.unlink()


def _drop_links(submission: Submission) -> None:
    """Remove from autograded/ what nbgrader copied by following a link out of the submission."""
    for path in everything_below(submission.folder):
        if path.is_symlink():
            (submission.graded_folder / path.relative_to(submission.folder)).unlink(missing_ok=True)
