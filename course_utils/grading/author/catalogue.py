"""The catalogue of answers to an exercise: wrong ones, and right ones written another way.

A catalogue is a Python file of percent cells, tests/mutants/<lab>/<exercise>.py; its README says how to
write one. The code of an entry stands in for the whole solution cell: it is written out, or made from the
solution by the entry's edits.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.notebook import Exercise

FOLDER = Path("tests") / "mutants"

_KEYS = {"mutant": {"misconception", "fails", "says"}, "variant": {"note"}}
_OPTIONAL = {"mutant": {"breaks"}, "variant": set()}
_HEAD = re.compile(r"#\s*%%\s*(\w+)\s*:\s*(\S.*?)\s*$")
_KEY = re.compile(r"#\s*([a-z]+)\s*:\s*(.*?)\s*$")
_MORE = re.compile(r"#\s{2,}(\S.*?)\s*$")
_EDIT = re.compile(r"#\s*edit:\s*(.*?)\s*$")
_BECOMES = re.compile(r"#\s*->\s*$")
_ARROW = re.compile(r"(?:^|\s+)->(?:\s+|$)")


@dataclass(frozen=True)
class Entry:
    """One answer.

    kind: "mutant" (wrong) or "variant" (right). name: a Python name.
    misconception: what a student who writes this believes. note: how a variant differs.
    fails: grade_id of the test cell that must fail. says: words that its message must all hold.
    breaks: words of the docstring's sentences that it does not keep to; may be empty.
    source: the code, edits applied. path, line: where it stands.
    """

    kind: str
    name: str
    source: str
    path: Path
    line: int
    misconception: str = ""
    note: str = ""
    fails: str = ""
    says: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edit:
    """A change of the solution's text: `old`, which stands there once, becomes `new`.

    whole: both are lines of code, without the indentation that they share; else they are parts of a line.
    place: where the edit stands, for messages.
    """

    old: str
    new: str
    whole: bool
    place: str


def load(root: Path, lab: str, exercise: Exercise) -> list[Entry]:
    """The entries of one exercise. Raises CourseError if there is no file or it is malformed."""
    path = root / FOLDER / lab / f"{exercise.name}.py"
    if not path.is_file():
        raise CourseError(
            f"The exercise {exercise.name} has no catalogue: write {path} ({FOLDER}/README.md says how)."
        )
    return parse(path.read_text(encoding="utf-8"), path, exercise.solution.source)


def find(root: Path, lab: str, exercise: Exercise, name: str) -> Entry:
    """One entry by its name. Raises CourseError that lists the others."""
    entries = load(root, lab, exercise)
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise CourseError(f"The catalogue of {exercise.name} has no {name!r}; it has: {known}.")


def parse(text: str, path: Path, solution: str) -> list[Entry]:
    """The entries of a catalogue's text. solution: the source of the solution cell, which edits change.

    Raises CourseError that names the file and the line.
    """
    solution = nbk.without_marks(solution)
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if re.match(r"#\s*%%", line)]
    ends = [*starts[1:], len(lines)]
    entries = [_entry(lines[a:b], path, a + 1, solution) for a, b in zip(starts, ends, strict=False)]
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{path}: {', '.join(twice)} stands there twice; give each entry its own name.")
    if not entries:
        raise CourseError(
            f"{path} has no entries: each begins with `# %% mutant: name` or `# %% variant: name`."
        )
    return entries


def _entry(lines: list[str], path: Path, number: int, solution: str) -> Entry:
    place = f"{path}, line {number}"
    head = _HEAD.match(lines[0])
    if head is None or head[1] not in _KEYS or not head[2].isidentifier():
        raise CourseError(f"{place}: {lines[0]!r} should be `# %% mutant: name` or `# %% variant: name`.")
    kind, name = head.groups()
    values: dict[str, list[str]] = {}
    edits: list[Edit] = []
    last = ""
    used = 1
    while used < len(lines):
        line = lines[used]
        key, more = _KEY.match(line), _MORE.match(line)
        if begins := _EDIT.match(line):
            edit, taken = _edit(begins[1], lines[used:], f"{path}, line {number + used}")
            edits.append(edit)
            last = ""
            used += taken
            continue
        if more and last:
            values[last][-1] += " " + more[1]
        elif key and key[1] in _KEYS[kind] | _OPTIONAL[kind]:
            last = key[1]
            values.setdefault(last, []).append(key[2])
        else:
            break
        used += 1
    missing = sorted(key for key in _KEYS[kind] if not any(values.get(key, ())))
    if missing:
        raise CourseError(f"{place}: {kind} {name} lacks `# {missing[0]}:` under its head.")
    source = "\n".join(lines[used:]).strip("\n") + "\n"
    if edits and source.strip():
        raise CourseError(
            f"{path}, line {number + used}: {name} has edits and code: edits make its code from the solution, "
            "so leave out the one or the other."
        )
    for edit in edits:
        solution = _applied(edit, solution)
    source = solution if edits else source
    try:
        compile(source, str(path), "exec")
    except SyntaxError as error:
        raise CourseError(
            f"{place}: {name} does not compile: {error.msg}, line {error.lineno} of its code."
        ) from None
    if not source.strip():
        raise CourseError(f"{place}: {name} has no code.")
    says, breaks = (tuple(values.get(key, ())) for key in ("says", "breaks"))
    misconception, note, fails = (" ".join(values.get(key, ())) for key in ("misconception", "note", "fails"))
    return Entry(kind, name, source, path, number, misconception, note, fails, says, breaks)


def _edit(text: str, lines: list[str], place: str) -> tuple[Edit, int]:
    """The edit that begins on the first line with `text`, and how many lines it takes. Raises CourseError."""
    taken = 1
    if text:
        while taken < len(lines) and (more := _MORE.match(lines[taken])):
            text += " " + more[1]
            taken += 1
        sides = _ARROW.split(text)
        if len(sides) != 2 or not sides[0]:
            raise CourseError(
                f"{place}: {text!r} should be `# edit: old -> new` with one arrow. Whole lines, and code that "
                "holds an arrow itself, go below `# edit:`, with `# ->` between old and new."
            )
        return Edit(sides[0], sides[1], whole=False, place=place), taken
    old: list[str] = []
    new: list[str] = []
    side = old
    while taken < len(lines):
        line = lines[taken]
        if _BECOMES.match(line) and side is old:
            side = new
        elif re.match(r"#(\s{2,}\S|\s*$)", line):
            side.append(line[1:].rstrip())
        else:
            break
        taken += 1
    if side is old or not any(old):
        raise CourseError(
            f"{place}: below `# edit:` stand the old lines, `# ->` and the new lines, each behind # and two "
            "spaces."
        )
    return Edit(_dedented(old), _dedented(new), whole=True, place=place), taken


def _dedented(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n")


def _applied(edit: Edit, text: str) -> str:
    """The text with the edit made. Raises CourseError unless `old` stands there once and `new` is another."""
    if edit.old == edit.new:
        raise CourseError(f"{edit.place}: the edit changes nothing: both sides are {edit.old!r}.")
    if edit.whole:
        made = _in_lines(edit, text.split("\n"))
    else:
        pieces = text.split(edit.old)
        made = [
            edit.new.join((edit.old.join(pieces[:i]), edit.old.join(pieces[i:])))
            for i in range(1, len(pieces))
        ]
    if len(made) != 1:
        often = "does not stand" if not made else f"stands {len(made)} times"
        raise CourseError(
            f"{edit.place}: {edit.old!r} {often} in the solution: "
            "write so much of it that it stands there once."
        )
    return made[0]


def _in_lines(edit: Edit, lines: list[str]) -> list[str]:
    """The text with `new` in place of `old`, once for each place where the lines of `old` stand."""
    old = edit.old.split("\n")
    made = []
    for start in range(len(lines) - len(old) + 1):
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        if lines[start : start + len(old)] == _indented(old, indent):
            new = _indented(edit.new.split("\n"), indent) if edit.new else []
            made.append("\n".join([*lines[:start], *new, *lines[start + len(old) :]]))
    return made


def _indented(lines: list[str], indent: str) -> list[str]:
    return [indent + line if line else line for line in lines]
