"""The catalogue of answers to an exercise: wrong ones, and right ones written another way.

A catalogue is a Python file of percent cells, tests/mutants/<lab>/<exercise>.py; its README says how to
write one. The code of an entry stands in for the whole solution cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError

FOLDER = Path("tests") / "mutants"

_KEYS = {"mutant": {"misconception", "fails", "says"}, "variant": {"note"}}
_HEAD = re.compile(r"#\s*%%\s*(\w+)\s*:\s*(\S.*?)\s*$")
_KEY = re.compile(r"#\s*([a-z]+)\s*:\s*(.*?)\s*$")
_MORE = re.compile(r"#\s{2,}(\S.*?)\s*$")


@dataclass(frozen=True)
class Entry:
    """One answer.

    kind: "mutant" (wrong) or "variant" (right). name: a Python name.
    misconception: what a student who writes this believes. note: how a variant differs.
    fails: grade_id of the test cell that must fail. says: words that its message must all hold.
    source: the code. path, line: where it stands.
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


def load(root: Path, lab: str, exercise: str) -> list[Entry]:
    """The entries of one exercise, by its name. Raises CourseError if there is no file or it is malformed."""
    path = root / FOLDER / lab / f"{exercise}.py"
    if not path.is_file():
        raise CourseError(
            f"The exercise {exercise} has no catalogue: write {path} ({FOLDER}/README.md says how)."
        )
    return parse(path.read_text(encoding="utf-8"), path)


def find(root: Path, lab: str, exercise: str, name: str) -> Entry:
    """One entry by its name. Raises CourseError that lists the others."""
    entries = load(root, lab, exercise)
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise CourseError(f"The catalogue of {exercise} has no {name!r}; it has: {known}.")


def parse(text: str, path: Path) -> list[Entry]:
    """The entries of a catalogue's text. Raises CourseError that names the file and the line."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if re.match(r"#\s*%%", line)]
    ends = [*starts[1:], len(lines)]
    entries = [_entry(lines[a:b], path, a + 1) for a, b in zip(starts, ends, strict=False)]
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{path}: {', '.join(twice)} stands there twice; give each entry its own name.")
    if not entries:
        raise CourseError(
            f"{path} has no entries: each begins with `# %% mutant: name` or `# %% variant: name`."
        )
    return entries


def _entry(lines: list[str], path: Path, number: int) -> Entry:
    place = f"{path}, line {number}"
    head = _HEAD.match(lines[0])
    if head is None or head[1] not in _KEYS or not head[2].isidentifier():
        raise CourseError(f"{place}: {lines[0]!r} should be `# %% mutant: name` or `# %% variant: name`.")
    kind, name = head.groups()
    values: dict[str, list[str]] = {}
    last = ""
    used = 1
    for line in lines[1:]:
        key, more = _KEY.match(line), _MORE.match(line)
        if more and last:
            values[last][-1] += " " + more[1]
        elif key and key[1] in _KEYS[kind]:
            last = key[1]
            values.setdefault(last, []).append(key[2])
        else:
            break
        used += 1
    missing = sorted(key for key in _KEYS[kind] if not any(values.get(key, ())))
    if missing:
        raise CourseError(f"{place}: {kind} {name} lacks `# {missing[0]}:` under its head.")
    source = "\n".join(lines[used:]).strip("\n") + "\n"
    try:
        compile(source, str(path), "exec")
    except SyntaxError as error:
        raise CourseError(
            f"{place}: {name} does not compile: {error.msg}, line {error.lineno} of its code."
        ) from None
    if not source.strip():
        raise CourseError(f"{place}: {name} has no code.")
    says = tuple(values.pop("says", ()))
    return Entry(
        kind, name, source, path, number, says=says, **{key: " ".join(v) for key, v in values.items()}
    )
