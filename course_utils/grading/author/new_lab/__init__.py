"""`course new`: a lab that has every part, and says what is to be written in each.

The files beside this module are a complete small lab. In them NEW_LAB, NEW_SHORT, NEW_NUMBER and NEW_TITLE stand
for the new lab's name (07_my_lab), short name (my_lab), number (07) and title; TODO marks what an author writes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths

TEMPLATES = Path(__file__).resolve().parent
POINTS = 10  # of the template's cells

_NAME = re.compile(r"(\d\d)_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)")


def new_lab(name: str, title: str, root: Path) -> list[Path]:
    """Write a new lab's source notebook, catalogue, deck and figures, and its entry in course.toml.

    Returns the files. All of it or nothing: if anything fails, the folder is as before. Raises CourseError for
    a name or a title that cannot be used, a number or a name that is taken, and files that are already there.
    """
    words = _words(name, title, root)
    made = {target: _filled(template, words) for template, target in _files(name, root).items()}
    folders = (path.parent for path in made if path.parent.name == name)
    for path in (*made, *folders, *_made_later(name, root)):
        if path.exists():
            raise CourseError(
                f"{path.relative_to(root)} is there already: move it away, or take another name."
            )
    facts = root / "course.toml"
    entry = _entry(name, title, facts.read_text(encoding="utf-8"))
    try:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        _replace(facts, entry)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
            if path.parent.name == name:
                shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return [facts, *made]


def _files(name: str, root: Path) -> dict[str, Path]:
    return {
        "lab.ipynb": CoursePaths(root).lab(name).source,
        "catalogue.txt": root / "tests" / "mutants" / name / "accuracy.py",
        "deck.md": root / "slides" / f"{name}.md",
        "figures.py": root / "slides" / "figures" / f"{name}.py",
    }


def _made_later(name: str, root: Path) -> list[Path]:
    """What other commands make of the lab; from an earlier lab of this name it would be wrong."""
    results = root / "course_utils" / "results" / f"{name}.json"
    return [CoursePaths(root).lab(name).released.parent, root / "slides" / f"{name}.html", results]


def _words(name: str, title: str, root: Path) -> dict[str, str]:
    """What stands in the templates, and what for it."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise CourseError(
            f"{name!r} cannot be a lab's name: two digits, then words of small letters and digits, as in 07_my_lab."
        )
    if not title.strip() or not title.isprintable():
        raise CourseError(f"{title!r} cannot be a title: give one line of text, in quotation marks.")
    number, short = parts.groups()
    labs = [Lab(**lab) for lab in tomllib.loads((root / "course.toml").read_text(encoding="utf-8"))["labs"]]
    for lab in labs:
        if short == lab.short:
            raise CourseError(
                f"The name {short} is taken by {lab.name}: exercise ids begin with it. Take another."
            )
    last = max((lab.number for lab in labs), default=0)
    if int(number) <= last:
        raise CourseError(f"The number {number} is taken or passed: the next lab is {last + 1:02d}_{short}.")
    return {"NEW_LAB": name, "NEW_SHORT": short, "NEW_NUMBER": number, "NEW_TITLE": title.strip()}


def _filled(template: str, words: dict[str, str]) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for word, value in words.items():
        # In a notebook a text stands as a JSON string.
        text = text.replace(
            word, json.dumps(value, ensure_ascii=False)[1:-1] if template == "lab.ipynb" else value
        )
    return text


def _entry(name: str, title: str, facts: str) -> str:
    """course.toml with the lab at its end; all else stays as it is, comments included."""
    quoted = json.dumps(title.strip(), ensure_ascii=False)  # a JSON string of printable text is a TOML string
    entry = f'[[labs]]\nname = "{name}"\ntitle = {quoted}\npoints = {POINTS}\ncpu_seconds = 180\ngrading_seconds = 40\n'
    return f"{facts.rstrip()}\n\n{entry}"


def _replace(path: Path, text: str) -> None:
    scratch = path.with_suffix(".tmp")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)
