"""What feedback pages and the teacher's report share: safe HTML from templates, written only when it changed."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from course_utils import course
from course_utils.errors import CourseError
from course_utils.grading.pages.markup import comment_html, prose_html

# Longest text of a student's making that a page shows, in characters. The record keeps all of it.
LONGEST_TEXT = 4000

# Control characters, and the marks that reorder text: an answer must not disguise what it says.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ANSI = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
_CODE = re.compile("`([^`\n]+)`")


def plain(text: str) -> str:
    """`text` as a person may safely read it: no terminal colours, control or reordering characters, not endless."""
    text = _printable(text)
    if len(text) > LONGEST_TEXT:
        return text[:LONGEST_TEXT] + f"\n… ({len(text) - LONGEST_TEXT:,} more characters)"
    return text


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", _ANSI.sub("", text.replace("\r\n", "\n")))


def prose(text: str) -> Markup:
    """`text` escaped, with `names in backticks` set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain(text)))))


def words(text: str) -> Markup:
    """As `prose`, for what the course wrote: formulas between dollars are set as formulas."""
    return prose_html(plain(text))


def comment(text: str) -> Markup:
    """What a grader wrote, all of it: Markdown with formulas, and no markup of its own."""
    return comment_html(_printable(text))


def number(value: float) -> str:
    """Points without a useless ".0": 4, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """`1 student`, `2 students`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """About how long: `3 minutes`, `5 hours`, `2.5 days`."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 2 * 3_600:
        return count(round(seconds / 60), "minute")
    if seconds < 2 * 86_400:
        return count(round(seconds / 3_600), "hour")
    return f"{number(round(seconds / 86_400, 1))} days"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("course_utils.grading.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every value that is printed is made safe to read first; Markup has been through it already.
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    environment.filters.update(prose=prose, words=words, comment=comment, number=number, duration=duration)
    environment.globals["count"] = count
    return environment


def render(template: str, **values: Any) -> str:
    """The HTML of `template` (a file in templates/). Every value is escaped unless it is Markup."""
    return _environment().get_template(template).render(**values)


def render_for(template: str, name: str, **values: Any) -> str:
    """The same for a page about one lab, whose title and number it knows, and the course's title."""
    lab, course_title = course.lab(name), course.load_course().title
    return render(template, course_title=course_title, lab_title=lab.title, lab_number=lab.number, **values)


def folder_name(name: str, what: str) -> str:
    """`name` if it can name a folder and nothing outside it; CourseError otherwise."""
    if (
        name in ("", ".", "..")
        or "\0" in name
        or any(sign in name for sign in ("/", os.sep, os.altsep or "/"))
    ):
        raise CourseError(f"The {what} {name!r} cannot be a folder's name: rename it in submitted/.")
    return name


def write_if_changed(path: Path, text: str) -> bool:
    """Write `text` to `path` all or nothing; False, and the file untouched, if that is what it holds already."""
    data = text.encode("utf-8", "replace")
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return True
