"""A roster: a file with the people of a course, as gradebook systems and spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.paths import plain_id

# Columns in which a roster may name students as their folders in submitted/ are named, best first.
KEYS = (
    "student",
    "student id",
    "username",
    "user name",
    "sis login id",
    "login id",
    "sis user id",
    "id number",
    "idnumber",
    "sid",
    "email address",
    "email",
    "id",
)
_SEPARATORS = ",;\t"
_TEST_STUDENT = ("student, test", "test student")  # Canvas's
# A person may have a line for each of these.
_MANY = re.compile(r"(section|group|gruppe|groupe|role)s?", re.IGNORECASE)
# Moodle names who hands in by a word of its language and a number: Participant 4711, Teilnehmer/in4711.
_PARTICIPANT = re.compile(r"(\D+?)\s*(\d+)")


@dataclass(frozen=True)
class Row:
    """A line of a roster. line: its number in the file. person: False for a line about assignments."""

    line: int
    cells: tuple[str, ...]
    person: bool = True


@dataclass
class Roster:
    """The people of a course. header: column names; key: the column that names students as submitted/ does.

    repeated: a sentence for each line that says again what another has said. participants: the first column is
    that of a Moodle grading worksheet, in whatever language.
    """

    path: Path
    header: list[str]
    rows: list[Row]
    key: str = ""
    repeated: list[str] = field(default_factory=list)
    participants: bool = False

    @property
    def people(self) -> list[Row]:
        return [row for row in self.rows if row.person]

    def index(self, name: str) -> int:
        """Of the column with this name; the first, if there are several."""
        return self.header.index(name)

    def cell(self, row: Row, name: str) -> str:
        return row.cells[self.index(name)]

    def called(self, row: Row) -> str:
        """How a message calls a person: as submitted/ would, else by line and what else is known."""
        if name := self.cell(row, self.key).strip():
            return name
        known = " ".join(cell.strip() for cell in row.cells[:3] if cell.strip())
        return f"line {row.line} ({known})" if known else f"line {row.line}"


def read_roster(path: Path, students: Iterable[str], by: str = "") -> Roster:
    """A roster with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    A first line `sep=;`, as Excel wants it, says the separator. by: the column that names students as
    submitted/ does, found by itself if empty. Raises CourseError if the file has no rows, different rows for
    one student, or no column that names any of `students`.
    """
    lines = _lines(Path(path))
    if len(lines) < 2:
        raise CourseError(
            f"The roster {path} holds no students: it needs a line of column names and a line each."
        )
    header = [name.strip() for name in lines[0][1]]
    if broad := next((line for line, cells in lines if any(cells[len(header) :])), 0):
        raise CourseError(
            f"Line {broad} of the roster {path} has more cells than there are columns: is a name with a "
            "separator in it not in quotation marks?"
        )
    rows = []
    for line, cells in lines[1:]:
        padded = (*cells, *[""] * len(header))[: len(header)]
        rows.append(Row(line, padded, _is_person(padded)))
    roster = Roster(Path(path), header, rows, participants=_are_participants(row.cells[0] for row in rows))
    roster.key = _key_column(roster, set(students), by)
    _look_for_repeated(roster)
    return roster


def match(
    students: Collection[str], roster: Roster | None
) -> tuple[dict[str, list[Row]], list[str], list[str]]:
    """(student -> their rows, students who are not on the roster, people on it of whom there is no student).

    Names are compared as they stand, then without regard to case, then without leading zeros, which
    spreadsheets take away; two that could be one are left apart.
    """
    if roster is None:
        return {}, [], []
    matched: dict[str, list[Row]] = {}
    taken: set[int] = set()
    for same in (str.strip, fold, _without_zeros):
        owners: dict[str, list[Row]] = defaultdict(list)
        for row in roster.people:
            for name in _names(roster, row, roster.key):
                owners[same(name)].append(row)
        claims = Counter(same(student) for student in students if student not in matched)
        for student in sorted(set(students) - set(matched)):
            own = [row for row in owners.get(same(student), []) if row.line not in taken]
            alone = same is not _without_zeros or (
                claims[same(student)] == 1 and len({fold(roster.cell(row, roster.key)) for row in own}) == 1
            )
            if own and alone:
                matched[student] = own
                taken |= {row.line for row in own}
    unknown = sorted(set(students) - set(matched))
    missing = dict.fromkeys(roster.called(row) for row in roster.people if row.line not in taken)
    return matched, unknown, list(missing)


def fold(text: str) -> str:
    """`text` as names are compared: as ids are, and without regard to case."""
    return plain_id(text).casefold()


def _without_zeros(text: str) -> str:
    text = fold(text)
    return text.lstrip("0") if text.isdecimal() else text


def _names(roster: Roster, row: Row, key: str) -> list[str]:
    """What the student of this row may be called in submitted/, going by the column `key`."""
    name = roster.cell(row, key).strip()
    found = _PARTICIPANT.fullmatch(name) if roster.participants and roster.index(key) == 0 else None
    return [name, found[2]] if found else [name] if name else []


def _are_participants(cells: Iterable[str]) -> bool:
    found = [_PARTICIPANT.fullmatch(cell.strip()) for cell in cells]
    return all(found) and len({match[1] for match in found if match}) == 1


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """(number, cells) of each line that is not empty. A number is that of the line on which a row ends."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"The roster {path} cannot be read: {error.strerror}.") from None
    text = _decoded(raw)
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r"\"?sep=(.)\"?", first.strip(" \r"))
    found = {sign: _split(rest if said else text, sign) for sign in (said[1] if said else _SEPARATORS)}
    best = max(found, key=lambda sign: _fits(found[sign]))
    return [(number + bool(said), cells) for number, cells in found[best] if any(map(str.strip, cells))]


def _split(text: str, separator: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error:
        return []


def _fits(lines: Sequence[tuple[int, list[str]]]) -> tuple[int, int]:
    """How well a separator does: (lines with as many cells as the header, if that is more than one; cells)."""
    wide = len(next((cells for _, cells in lines if any(cells)), []))
    return (sum(len(cells) == wide for _, cells in lines) if wide > 1 else 0, wide)


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    if b"\0" in raw[:200]:  # UTF-16 without its mark: half of a letter is 0
        return raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _is_person(cells: Sequence[str]) -> bool:
    """False for lines of Canvas's export that are about assignments, and for its test student."""
    first = cells[0].strip()
    return not (
        first == "Points Possible"
        or ", ".join(cells[:2]).strip().casefold() in _TEST_STUDENT
        or first.casefold() in _TEST_STUDENT
        or all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in cells)
    )


def _key_column(roster: Roster, students: set[str], by: str) -> str:
    """The column whose cells are the names of folders in submitted/."""
    known: Mapping[str, str] = {fold(name): name for name in reversed(roster.header)}
    if by:
        if fold(by) not in known:
            raise CourseError(
                f"The roster {roster.path} has no column {by!r}. It has: {', '.join(roster.header)}."
            )
        return known[fold(by)]
    wanted = {_without_zeros(student) for student in students}

    def good(name: str) -> tuple[int, int, int]:
        names = [_names(roster, row, name) for row in roster.people]
        hits = wanted & {_without_zeros(one) for own in names for one in own}
        rank = KEYS.index(fold(name)) if fold(name) in KEYS else len(KEYS)
        return len(hits), -rank, len({fold(own[0]) for own in names if own})

    best = max(dict.fromkeys(roster.header), key=good)
    if not good(best)[0]:
        raise CourseError(
            f"No column of the roster {roster.path} names students as submitted/ does. Its columns are "
            f"{', '.join(roster.header)}; in submitted/ there is {', '.join(sorted(students)[:3])}."
        )
    return best


def _look_for_repeated(roster: Roster) -> None:
    """Leave out lines that say the same again. Raises CourseError for two that say different things of one student."""
    first: dict[str, Row] = {}
    kept = []
    for row in roster.rows:
        name = fold(roster.cell(row, roster.key))
        before = first.setdefault(name, row) if row.person and name else row
        differ = [
            column
            for column, one, other in zip(roster.header, before.cells, row.cells, strict=True)
            if one.strip() != other.strip() and not _MANY.fullmatch(column)
        ]
        if differ:
            raise CourseError(
                f"The roster {roster.path} has {name!r} twice in the column {roster.key!r}, on lines "
                f"{before.line} and {row.line}, which differ in {', '.join(differ)}: take the wrong one out."
            )
        if before is not row and before.cells == row.cells:
            roster.repeated.append(f"line {row.line} of the roster is line {before.line} again")
        else:
            kept.append(row)
    roster.rows = kept
