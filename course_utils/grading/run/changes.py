"""What changed since a submission was graded: its files, the tests, or what all tests share."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading import notebook as nbk
from course_utils.grading.book import records
from course_utils.grading.book.records import Record
from course_utils.grading.run.handed_in import everything_below


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
    """What is graded against what. only: ids of the test cells to run; all when empty."""

    submission_sha256: str
    tests: SourceDigests
    only: tuple[str, ...] = ()

    def sign(self, record: Record) -> None:
        """Write down in a record what was graded."""
        record.submission_sha256 = self.submission_sha256
        record.source_sha256, record.tests_sha256 = self.tests.shared, dict(self.tests.each)


def submission_digest(folder: Path) -> str:
    """sha256 over names and contents of all plain files of a submission."""
    digest = hashlib.sha256()
    for path in everything_below(folder):
        facts = path.lstat()
        name = str(path.relative_to(folder)).encode("utf-8", "surrogateescape")
        if stat.S_ISREG(facts.st_mode):
            with open(path, "rb") as file:
                digest.update(name + b"\0" + hashlib.file_digest(file, "sha256").digest())
        elif stat.S_ISLNK(facts.st_mode):
            digest.update(name + b"\0link")
    return digest.hexdigest()


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
