"""Taking in what a learning management system gives: a zip of submissions, or a folder of files, into submitted/.

Moodle's *Download all submissions* names a file `Full Name_123_assignsubmission_file/lab.ipynb`, or without folders
`Full Name_123_assignsubmission_file_lab.ipynb` (mod/assign/locallib.php: name, number of the participant; a group's
name before it, `Participant` in its place where marking is blind). Canvas's *Download submissions* names it
`doejane_LATE_123_456_lab-1.ipynb` (app/models/content_zipper.rb: name, user, attachment, and the file's name, to which
Canvas adds a number each time it is handed in again; `anon` and a code where grading is anonymous).
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths, Submission
from course_utils.grading.run.collect import ending, is_folder_name, unpack
from course_utils.grading.run.handed_in import everything_below
from course_utils.grading.run.scratch import scratch_folder

_MOST_BYTES, _MOST_FILES = 20 * 2**30, 100_000  # of a whole class
_OF_ONE, _FILES_OF_ONE = 300 * 2**20, 2_000
_MOODLE = re.compile(
    r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_?/|_)(?P<file>.+)"
)
_CANVAS = re.compile(r"[^/]*?_(?P<late>(?i:late)_)?(?P<user>\d+)_(?P<number>\d+)_(?P<file>[^/]+)")
_ANONYMOUS = re.compile(
    r"(?P<user>anon_\w+?)_(?P<late>(?i:late)_)?(?P<number>\d+)_(?P<file>[^/]+)"  # by Canvas, too
)
_JUNK = re.compile(r"(^|/)(__MACOSX|\.[^/]*|Thumbs\.db)(/|$)")


@dataclass
class TakenIn:
    """students: whose submission is new or changed. said: what is good to know. problems: what a person must see to."""

    students: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    path: Path
    name: str  # below the submission's folder
    newer: tuple[int, float]  # what was handed in later is greater
    late: bool = False


def take_in(lab: str, source: Path, paths: CoursePaths) -> TakenIn:
    """Put the submissions in `source`, an archive or a folder, at submitted/STUDENT/LAB/LAB.ipynb.

    Of several notebooks of one student the newest is taken. A submission that is replaced moves to .course/replaced/.
    Raises CourseError if there is nothing in it.
    """
    if not source.exists():
        raise CourseError(f"There is no {source}: name the archive or the folder that holds the submissions.")
    with scratch_folder(paths) as scratch:
        result, folder = TakenIn(), source
        if source.is_file():
            folder = scratch / "all"
            for name in unpack(source, folder, _MOST_BYTES, _MOST_FILES):
                if not _JUNK.search(name.strip("'")):
                    result.problems.append(f"Left out of {source.name}: {name}.")
        by_student = _sort(lab, folder, result)
        if not by_student:
            raise CourseError(f"There is no submission in {source}.")
        for number, student in enumerate(sorted(by_student)):
            _put(paths.submission(lab, student), by_student[student], scratch / str(number), result)
    return result


def from_exchange(lab: str, paths: CoursePaths) -> None:
    """Let nbgrader collect from its exchange: the newest of each student, also in place of an older one.

    Raises CourseError if it cannot; what it says is printed.
    """
    argv = [sys.executable, "-m", "nbgrader", "collect", lab, "--update"]
    if subprocess.run(argv, cwd=paths.root, check=False).returncode:
        raise CourseError(
            f"nbgrader could not collect {lab} from its exchange (what it said is above): "
            "name the archive or the folder that holds the submissions."
        )


def _sort(lab: str, folder: Path, result: TakenIn) -> dict[str, list[_File]]:
    """Student -> files. Where two people have one name, the system's number tells them apart."""
    found: dict[str, list[_File]] = defaultdict(list)
    numbers: dict[str, dict[str, list[_File]]] = defaultdict(lambda: defaultdict(list))
    for path in everything_below(folder):
        name = path.relative_to(folder).as_posix()
        if _JUNK.search(name) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            result.problems.append(f"Left out {name}: it is a link or a special file.")
            continue
        changed = path.stat().st_mtime
        if moodle := _MOODLE.search(name):
            if moodle["kind"] == "file":
                file = _File(path, moodle["file"], (0, changed))
                numbers[moodle["name"]][moodle["number"]].append(file)
            continue
        student, own, says_lab = _by_place(lab, path.relative_to(folder))
        ways = [way for way in (_CANVAS.fullmatch(name), _ANONYMOUS.fullmatch(name)) if way]
        likely = [way for way in ways if _is_the_lab(lab, way["file"])] or (ways if not says_lab else [])
        if likely:
            canvas = likely[0]
            newer = (int(canvas["number"]), changed)
            found[canvas["user"]].append(_File(path, canvas["file"], newer, bool(canvas["late"])))
            continue
        found[student].append(_File(path, own, (0, changed)))
    for name, people in numbers.items():
        for number, files in people.items():
            found[name if len(people) == 1 else f"{name} {number}"] += files
        if len(people) > 1:
            called = ", ".join(f"{name} {number}" for number in people)
            result.problems.append(f"{len(people)} students are called {name}: they are now {called}.")
    return dict(found)


def _by_place(lab: str, path: Path) -> tuple[str, str, bool]:
    """(student, file, whether its name says the lab) of a file in a folder: STUDENT/…, STUDENT_LAB.ipynb,
    LAB_STUDENT.ipynb or STUDENT.ipynb."""
    parts = path.parts
    if len(parts) > 1:
        rest = parts[2:] if len(parts) > 2 and parts[1] == lab else parts[1:]
        return parts[0], "/".join(rest), False
    end = ending(path) or path.suffix
    stem, own = path.name.removesuffix(end), path.name if end != ".ipynb" else f"{lab}.ipynb"
    for pattern in (rf"(.+?)[ _-]+{re.escape(lab)}", rf"{re.escape(lab)}[ _-]+(.+)"):
        if named := re.fullmatch(pattern, stem):
            return named[1], own, True
    return stem, own, False


def _put(submission: Submission, files: list[_File], scratch: Path, result: TakenIn) -> None:
    """Put one student's files in their place: the newest notebook as LAB.ipynb, what lies beside it as it is called."""
    student, lab = submission.student, submission.lab
    if not is_folder_name(student):
        result.problems.append(f"Left out {student!r}: it cannot be a student's id.")
        return
    scratch.mkdir()
    every = sorted(
        _with_unpacked(files, scratch, student, result), key=lambda file: (*file.newer, _number(file.name))
    )
    if any(file.late for file in files):
        result.said.append(f"{student} is marked as late.")
    books = [file for file in every if file.name.lower().endswith(".ipynb")]
    named = [file for file in books if _is_the_lab(lab, file.name)]
    chosen = (named or books)[-1:]
    new = scratch / "new"
    for file in every:
        parts = [part for part in file.name.split("/") if part]
        if file in books or not all(map(is_folder_name, parts)):
            continue
        place = new.joinpath(*parts)
        with contextlib.suppress(
            FileExistsError, NotADirectoryError
        ):  # two files of which one lies in the other
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_dir():
                shutil.copy2(file.path, place)
    new.mkdir(exist_ok=True)
    for file in chosen:
        shutil.copy2(file.path, new / f"{lab}.ipynb")
        if not named:
            result.said.append(f"{student}: {file.name} is taken for {lab}.ipynb.")
        others = [other.name for other in books if other is not file]
        if others:
            result.said.append(f"{student}: took {file.name}, the newest, and not {', '.join(others)}.")
    if not chosen:
        names = ", ".join(file.name for file in every) or "nothing"
        result.problems.append(f"{student} handed in no notebook, but {names}: ask for the .ipynb file.")
    old = submission.folder
    if _same(old, new):
        return
    if chosen and _is_newer(submission.notebook, new / f"{lab}.ipynb"):
        result.said.append(f"{student}: what is in submitted/ is newer and stays.")
        return
    if old.exists():
        aside = (
            submission.paths.private / "replaced" / student / f"{lab}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        )
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(old, aside)
        result.said.append(f"{student}: what was in submitted/ before is now in {aside}.")
    old.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(new, old)
    result.students.append(student)


def _with_unpacked(files: list[_File], scratch: Path, student: str, result: TakenIn) -> list[_File]:
    """The files, and in an archive's place what is in it."""
    found = []
    for number, file in enumerate(files):
        if not ending(file.path) or file.path.suffix == ".ipynb":
            found.append(file)
            continue
        folder = scratch / f"archive-{number}"
        try:
            unpack(file.path, folder, _OF_ONE, _FILES_OF_ONE)
        except CourseError as error:
            result.problems.append(f"{student}: {error}")
            found.append(file)
            continue
        for path in everything_below(folder):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not path.is_symlink() and not _JUNK.search(name):
                found.append(_File(path, name, (file.newer[0], path.stat().st_mtime)))
    return found


def _number(name: str) -> int:
    """The number that a browser or Canvas adds to a file that was saved again: `lab (2).ipynb`, `lab-2.ipynb`."""
    added = re.search(r"[ -]\(?(\d{1,4})\)?\.\w+$", name)
    return int(added[1]) if added else 0


def _is_the_lab(lab: str, name: str) -> bool:
    """Whether a notebook is called as the lab is, but for what browsers and Canvas add: `lab (1)`, `lab-2`."""
    pattern = rf"{re.escape(lab)}[ _-]*\(?\d*\)?\.ipynb"
    return bool(re.fullmatch(pattern, name.split("/")[-1], re.IGNORECASE))


def _same(old: Path, new: Path) -> bool:
    """Whether two folders hold the same files; when the old one was handed in does not count."""
    if not old.is_dir():
        return False
    mine, theirs = (
        {p.relative_to(home).as_posix(): p for p in everything_below(home) if p.is_file()}
        for home in (old, new)
    )
    mine.pop("timestamp.txt", None)
    return mine.keys() == theirs.keys() and all(filecmp.cmp(mine[n], theirs[n], shallow=False) for n in mine)


def _is_newer(old: Path, new: Path) -> bool:
    return old.is_file() and os.stat(old).st_mtime > os.stat(new).st_mtime + 2  # a zip counts in twos
