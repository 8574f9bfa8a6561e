"""What changed since a submission was graded: its files, the tests, or what all tests share."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading import notebook as nbk
from course_utils.grading.book import records
from course_utils.grading.book.records import Record
from course_utils.grading.run.handed_in import DEEPEST, everything_below


@dataclass(frozen=True)
class SourceDigests:
    """Digests of what a submission is graded against. shared: all but the tests. each: test cell's id -> digest."""

    shared: str
    each: dict[str, str]

    @classmethod
    def of(cls, source: nbk.NotebookNode) -> SourceDigests:
        return cls(source_digest(source), test_digests(source))

    def changed(self, old: Record | None, submission_sha256: str) -> tuple[str, ...] | None:
        """Test cells that changed since `old` was recorded; None if everything must be graded again."""
        if old is None or old.status == records.BROKEN:
            return None
        if (old.submission_sha256, old.source_sha256) != (submission_sha256, self.shared):
            return None
        changed = tuple(name for name, digest in self.each.items() if old.tests_sha256.get(name) != digest)
        return changed if old.was_run or not changed else None


@dataclass(frozen=True)
class Work:
    """What a submission is graded against. only: ids of the test cells to run; all when empty."""

    tests: SourceDigests
    only: tuple[str, ...] = ()

    def sign(self, record: Record, submission_sha256: str) -> None:
        """Write down in a record what was graded."""
        record.submission_sha256 = submission_sha256
        record.source_sha256, record.tests_sha256 = self.tests.shared, dict(self.tests.each)


def submission_digest(folder: Path) -> str:
    """sha256 over names and contents of all plain files of a submission, and the names of links.

    What lies behind a link is no submission.
    """
    digest = hashlib.sha256()
    if _linked(folder):
        digest.update(b"link")
        return digest.hexdigest()
    for path in everything_below(folder):
        name = os.fsencode(path.relative_to(folder))
        if len(path.relative_to(folder).parts) > DEEPEST:
            digest.update(name + b"\0deep")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # it was taken away meanwhile
            kind = path.lstat().st_mode
            if stat.S_ISLNK(kind):
                digest.update(name + b"\0link")
            elif stat.S_ISREG(kind):
                with contextlib.suppress(PermissionError), open(path, "rb") as file:
                    digest.update(name + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def take(folder: Path, target: Path) -> str:
    """Copy a submission, as it is at this moment, to a folder that is not there yet. Returns the copy's digest.

    It may be rewritten at any time; what is graded, and is said to be, must be one and the same. Links stay links,
    and what is no file and cannot be copied becomes an empty pipe, so that it is seen.
    """
    if _linked(folder):
        target.parent.mkdir(parents=True)
        target.symlink_to(os.devnull)
        return submission_digest(target)
    target.mkdir(parents=True)
    for path in everything_below(folder):
        place = target / path.relative_to(folder)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, FileExistsError):
            kind = path.lstat().st_mode
            if stat.S_ISDIR(kind):
                place.mkdir(exist_ok=True)
            elif stat.S_ISLNK(kind):
                place.symlink_to(os.readlink(path))
            elif stat.S_ISREG(kind):
                _copy(path, place)
            else:
                os.mkfifo(place)
    return submission_digest(target)


def _linked(folder: Path) -> bool:
    return folder.is_symlink() or folder.parent.is_symlink()


def _copy(path: Path, place: Path) -> None:
    try:
        # Without following a link, and without waiting for the other side of a pipe, that it may have become.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(opened, "rb") as file, open(place, "xb") as copy:
            shutil.copyfileobj(file, copy)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO):
            raise
        place.touch(mode=0)  # it cannot be read there either


def source_digest(source: nbk.NotebookNode) -> str:
    """sha256 over what all exercises of the source notebook share when they are graded.

    That is the code which students get and cannot change, and which cells give how many points. Texts,
    answers, mark schemes and outputs change no score; the tests have digests of their own.
    """
    cells = []
    for cell in source.cells:
        if nbk.is_marked(cell):
            runs = cell.cell_type == "code" and not nbk.is_solution(cell) and not nbk.is_test(cell)
            code = cell.source if runs else ""
            cells.append([cell.cell_type, code, dict(nbk.grader(cell)), nbk.is_setup(cell)])
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def test_digests(source: nbk.NotebookNode) -> dict[str, str]:
    """Id of each test cell -> sha256 of its source."""
    tests = (cell for cell in source.cells if nbk.is_test(cell))
    return {nbk.grade_id(cell): hashlib.sha256(cell.source.encode()).hexdigest() for cell in tests}
