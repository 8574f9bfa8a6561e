"""Grading a class: nothing lost, nothing graded twice.

A submission is finished when its record is there; a run that was cut off goes on with the others. Each is graded
in a process of its own (`workers.py`) by nbgrader's Autograde with the course's steps, so the gradebook and
Formgrader are as ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import gradebook, records
from course_utils.grading.book.records import Record
from course_utils.grading.paths import CoursePaths, plain_id
from course_utils.grading.run.changes import SourceDigests, submission_digest
from course_utils.grading.run.register import refresh_lateness
from course_utils.grading.run.scratch import alone, temporary_files
from course_utils.grading.run.workers import Workers
from course_utils.grading.sandbox.confinement import Sandbox
from course_utils.grading.sandbox.machine import choose
from course_utils.grading.sandbox.warm import imports_of

if TYPE_CHECKING:
    from course_utils.grading.run.scheduler import Cluster

Progress = Callable[[int, int, Record], None]


@temporary_files()
def grade_class(
    lab: str,
    paths: CoursePaths,
    students: Iterable[str] | None = None,
    force: bool = False,
    jobs: int | None = None,
    unsafe: bool = False,
    progress: Progress | None = None,
    exercises: Iterable[str] | None = None,
    scheduler: str | None = None,
) -> list[Record]:
    """Grade the submissions of a lab and return their records, by student.

    What is graded and unchanged is not graded again; where only the tests of some exercises changed, only
    these are run. What a person gave (points, extra credit, comments) stays in any case.

    students: only these. force: also those that are graded and unchanged. jobs: how many at a time.
    progress: called with (done, all, record) after each. exercises: run the tests of these alone, by id or
    name, for submissions that are graded; the others are left as they are, and out of the list if they have
    no record. scheduler: address of a Dask scheduler whose workers run the submissions; the gradebook is
    written here. Raises CourseError when there is nothing to grade, no sandbox works (unless `unsafe`), the
    lab has no source notebook or no such exercise, or the machine does not let it go on: a full disk, a gradebook
    that is kept locked, a server of workers that died. What is graded is kept then, and the next run goes on.
    """
    files = paths.lab(lab)
    source = nbk.read(files.source)
    wanted = tuple(
        dict.fromkeys(nbk.find_exercise(source, name).id + nbk.TESTS_SUFFIX for name in exercises or ())
    )
    found = find_submissions(lab, paths, students)
    sandbox = choose(unsafe) if scheduler is None else Sandbox("elsewhere", "Workers of a cluster run it.")
    tests = SourceDigests.of(source)
    graded: dict[str, Record] = {}
    todo: dict[str, tuple[str, ...]] = {}
    for student in found:
        submission = paths.submission(lab, student)
        old = records.read_record(submission.record)
        digest = submission_digest(submission.folder)
        changed = tests.changed(old, digest)
        if wanted:
            if old is not None and old.was_run and old.submission_sha256 == digest:
                todo[student] = wanted
            elif old is not None:
                graded[student] = old
        elif force or changed is None or old is None:
            todo[student] = ()
        elif changed:
            todo[student] = changed
        else:
            graded[student] = old
    count = len(graded) + len(todo)
    if progress:
        for done, student in enumerate(sorted(graded), 1):
            progress(done, count, graded[student])
    if todo:
        with alone(paths):
            gradebook.check_free(paths.database)
            gradebook.backup(paths)
            with (
                _connected(scheduler, unsafe) as cluster,
                Workers(
                    files, tests, todo, sandbox, imports_of(source), _time_limit(lab), unsafe, cluster
                ) as workers,
            ):
                workers.register()
                with contextlib.closing(workers.run(jobs)) as run:
                    for record in run:
                        graded[record.student] = record
                        if progress:
                            progress(len(graded), count, record)
                workers.settle()
    elif not wanted:
        with alone(paths):
            gradebook.check_free(paths.database)
            refresh_lateness(files)
    return [graded[student] for student in sorted(graded)]


def waiting(lab: str, paths: CoursePaths, students: Iterable[str] | None = None) -> list[str]:
    """Students whose submission is new or changed, or was graded against other tests than those of now."""
    tests = SourceDigests.of(nbk.read(paths.lab(lab).source))
    stale = []
    for student in find_submissions(lab, paths, students):
        submission = paths.submission(lab, student)
        old = records.read_record(submission.record)
        if tests.changed(old, submission_digest(submission.folder)) != ():
            stale.append(student)
    return stale


def find_submissions(lab: str, paths: CoursePaths, students: Iterable[str] | None = None) -> list[str]:
    """Students who handed in something, in order. Raises CourseError if there is nobody, or an unknown one."""
    folder = paths.submitted
    there = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    there = [name for name in there if not name.startswith(".")]
    if students is not None:
        wanted: set[str] = set()
        for student in students:
            same = [name for name in there if plain_id(name) == plain_id(student)]
            if not same:
                raise CourseError(f"There is no submission of {student!r} in {folder}.")
            wanted |= {student} if student in same else set(same)
        return sorted(wanted)
    # A folder for another lab alone is no submission of this one; any other content may be a misplaced one.
    others = {other.name for other in course.load_course().labs} - {lab}
    handed_in = []
    for student in there:
        content = {p.name for p in (folder / student).iterdir() if not p.name.startswith(".")}
        if lab in content or content - others:
            handed_in.append(student)
    if not handed_in:
        raise CourseError(
            f"There is nothing to grade: put the notebooks at {folder}/STUDENT/{lab}/{lab}.ipynb."
        )
    return handed_in


@contextlib.contextmanager
def _connected(scheduler: str | None, unsafe: bool) -> Iterator[Cluster | None]:
    """The Dask cluster, or None without an address."""
    if scheduler is None:
        yield None
        return
    from course_utils.grading.run.scheduler import Cluster

    cluster = Cluster(scheduler, unsafe)
    try:
        yield cluster
    finally:
        cluster.close()


def _time_limit(lab: str) -> float:
    """Seconds after which a worker is taken for lost: far more than SplitExecute allows on a busy machine."""
    try:
        return 10 * (3 * course.lab(lab).grading_seconds + 120.0)
    except CourseError:
        return 3000.0
