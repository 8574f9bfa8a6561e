"""Formgrader and nbgrader's feedback pages: nothing of a student's runs in them, and they need no network.

All through nbgrader's and nbconvert's configuration. A preprocessor takes out of a graded notebook what a
browser would run; when a page is made, Markdown is cleaned once more and formulas become MathML; and the
page itself forbids every script that is not its own.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import os
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import nbgrader
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.preprocessors import LimitOutput
from traitlets.config import Config

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book.records import Flag
from course_utils.grading.pages import markup
from course_utils.grading.pages.own_run import GRADING, OWN, read_runs
from course_utils.grading.pages.rendering import number
from course_utils.grading.paths import CoursePaths

_TEMPLATES = Path(__file__).parent / "templates" / "nbconvert"
_STOCK_TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
_TEXTS = frozenset({"text/plain", "text/latex", "application/json"})
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_NAME = re.compile(r"[\w-]{1,64}")
_SIZE = re.compile(r"\d{1,5}")


class SafeDisplay(Preprocessor):
    """Leaves nothing in a notebook that a browser would run. What it took out becomes a flag."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        removed: dict[str, None] = {}
        for cell in nb.cells:
            removed.update(dict.fromkeys(clean_cell(cell)))
        if removed and "course" in resources:
            said = f"{', '.join(list(removed)[:5])}: taken out of what the notebook shows."
            resources["course"].flags.append(Flag("markup that a browser would run", said))
        return nb, resources


class ShowFormulas(SafeDisplay):
    """The same for a page that is about to be made; LaTeX output becomes MathML.

    Adds what the page needs beside the graded notebook: what it showed when it was handed in and, for graders
    alone, the rubric above each essay.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        page = _Page.of(resources)
        if page is not None:
            show_both_runs(nb, page.paths.submission(page.lab, page.student).notebook)
            if getattr(self.parent, "template_name", "") == "formgrade":
                show_rubrics(nb, page.paths.lab(page.lab).source)
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                if "text/latex" in data and "text/html" not in data:
                    data["text/html"] = str(markup.prose_html(_text(data["text/latex"])))
        return nb, resources


@dataclass(frozen=True)
class _Page:
    """Whose notebook a page is about to show."""

    lab: str
    student: str
    paths: CoursePaths

    @classmethod
    def of(cls, resources: dict[str, Any]) -> _Page | None:
        """From what Formgrader or nbgrader's feedback say; None for another page."""
        facts = resources.get("nbgrader", {})
        lab = facts.get("assignment") or resources.get("assignment_id")
        student = facts.get("student") or resources.get("student")
        folder = Path(resources.get("metadata", {}).get("path", "")).resolve()
        if not lab or not student or folder.parts[-2:] != (student, lab):
            return None
        return cls(lab, student, CoursePaths(folder.parents[2]))


class TidyFiles(Preprocessor):
    """Removes from autograded/ what a link brought there, and pages that Formgrader would serve as its own."""

    enabled = True
    parent: Any  # the exporter, and its parent nbgrader's Autograde

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        graded = Path(resources["metadata"]["path"])
        facts, directory = resources["nbgrader"], self.parent.parent.coursedir
        handed_in = Path(
            directory.format_path(directory.submitted_directory, facts["student"], facts["assignment"])
        )
        tidy_files(handed_in, graded)
        return nb, resources


def configure(config: Config) -> None:
    """Set what pages need in an nbgrader configuration; `autograde.configure` calls this."""
    here = __name__
    config.HTMLExporter.preprocessors = [f"{here}.ShowFormulas"]
    config.HTMLExporter.filters = {
        "markdown2html": f"{here}.markdown2html",
        "page_policy": f"{here}.page_policy",
    }
    config.HTMLExporter.extra_template_basedirs = [str(_TEMPLATES), str(_STOCK_TEMPLATES)]


def clean_cell(cell: NotebookNode) -> list[str]:
    """Take out of one cell what a browser would run, in place. Returns what that was."""
    removed: list[str] = []
    tags = cell.metadata.get("tags")
    if tags is not None:
        cell.metadata["tags"] = [tag for tag in tags if isinstance(tag, str) and _NAME.fullmatch(tag)]
    for key in set(cell.metadata) - {"tags", "nbgrader", "course"}:
        del cell.metadata[key]
    if "id" in cell and not _NAME.fullmatch(str(cell.id)):
        cell.id = hashlib.sha256(str(cell.id).encode("utf-8", "replace")).hexdigest()[:8]
    if cell.cell_type == "markdown":
        if not _clean_attachments(cell):
            cell.pop("attachments", None)
        _, removed = markup.safe_markdown(cell.source, cell.get("attachments"))
        if removed:
            # Not mended but shown as it was typed: the fence is longer than any in the text.
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", cell.source)), default=0))
            cell.source = f"{fence}\n{cell.source}\n{fence}"
    elif cell.cell_type == "raw":
        cell.source = re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", cell.source)
    elif cell.cell_type == "code":
        kept = []
        for output in cell.outputs:
            removed += _clean_output(output)
            if output.get("output_type") in ("stream", "error") or output.get("data"):
                kept.append(output)
        cell.outputs = kept
    return removed


def show_both_runs(nb: NotebookNode, handed_in: Path) -> None:
    """Put what the cells showed when they were handed in above what they showed when they were graded, named."""
    limit = LimitOutput()
    for run in read_runs(nb, handed_in):
        cell = nb.cells[run.index]
        before = new_code_cell(outputs=run.outputs)
        clean_cell(before)
        limit.preprocess_cell(before, {}, run.index)
        cell.outputs = [
            _heading(f"{OWN}: judge what is written about it by these numbers."),
            *before.outputs,
            _heading(f"{GRADING}: with a smaller budget, on another machine."),
            *(cell.outputs or [_heading("It showed nothing.")]),
        ]


def show_rubrics(nb: NotebookNode, source: Path) -> None:
    """Put the rubric above each essay, and the model answer folded below it."""
    try:
        essays = {nbk.grade_id(cell): cell for cell in nbk.essays(nbk.read(source))}
    except CourseError:
        return
    cells = []
    for cell in nb.cells:
        own = essays.get(nbk.grade_id(cell)) if nbk.is_essay(cell) else None
        if own is not None:
            cells.append(new_markdown_cell(_rubric(own)))
        cells.append(cell)
    nb.cells = cells


def _rubric(essay: NotebookNode) -> str:
    """What the source notebook has for graders of an essay, as Markdown."""
    lines = essay.source.split("\n")
    rubric, inside = [], set()
    for first, last in nbk.regions(essay.source, nbk.MARK_SCHEME):
        rubric += lines[first + 1 : last]
        inside |= set(range(first, last + 1))
    answer = "\n".join(line for i, line in enumerate(lines) if i not in inside).strip()
    points = number(float(nbk.grader(essay).get("points", 0)))
    parts = [f"**Rubric, for graders alone · {points} points**", "\n".join(rubric).strip()]
    if answer:
        parts += ["<details><summary>Model answer</summary>", answer, "</details>"]
    return "\n\n".join(parts)


def _heading(text: str) -> NotebookNode:
    html = f'<p class="course-run" style="font-weight: bold; border-bottom: 1px solid">{escape(text)}</p>'
    return new_output("display_data", {"text/html": html, "text/plain": text})


def tidy_files(handed_in: Path, graded: Path) -> None:
    """Remove from `graded` the copies of links in `handed_in`, and files that a browser opens as a page."""
    for place, folders, names in os.walk(handed_in):
        for name in [*folders, *names]:
            path = Path(place, name)
            copy = graded / path.relative_to(handed_in)
            if path.is_symlink() and copy.is_file():
                copy.unlink()
    for place, _, names in os.walk(graded):
        for name in names:
            kind = mimetypes.guess_type(name)[0] or ""
            if re.search(r"html|xml|svg|script|rfc822|multipart", kind):
                Path(place, name).unlink()


@pass_context
def markdown2html(context: Context, source: str) -> Markup:
    """nbconvert's filter of this name, for hostile Markdown, with formulas as MathML."""
    cell = context.get("cell") or {}
    return markup.markdown_html(_text(source), cell.get("attachments"))


@cache
def page_policy(page: str) -> Markup:
    """The <meta> element that forbids what a page does not need. page: "formgrade" or "feedback"."""
    rules = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'"]
    if page == "formgrade":
        rules = ["default-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"]
        rules += ["object-src 'none'", "frame-src 'none'", "base-uri 'none'", "form-action 'self'"]
        rules.append(f"script-src 'unsafe-hashes' {' '.join(_own_scripts())}")
    return Markup('<meta http-equiv="Content-Security-Policy" content="{}">').format("; ".join(rules))


def _own_scripts() -> list[str]:
    """Hashes of the scripts and handlers that nbgrader's page of a submission holds after its head."""
    text = (_STOCK_TEMPLATES / "formgrade" / "formgrade_macros.html.j2").read_text(encoding="utf-8")
    body = text[text.index("{% macro nav(") :]
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", body, re.DOTALL)
    scripts += re.findall(r'onclick="([^"]*)"', body)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return [f"'sha256-{digest}'" for digest in digests]


def _clean_attachments(cell: NotebookNode) -> bool:
    """Keep only pictures among a cell's attachments; whether any is left."""
    given = cell.get("attachments")
    kept = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        pictures = {
            kind: data
            for kind, data in (bundle.items() if isinstance(bundle, dict) else ())
            if kind in _PICTURES and isinstance(data, str) and _is_base64(data)
        }
        if pictures:
            kept[str(name)] = pictures
    if kept:
        cell["attachments"] = NotebookNode(kept)
    return bool(kept)


def _clean_output(output: NotebookNode) -> list[str]:
    """Keep of one output what is text, a picture or harmless markup. Returns what a browser would have run."""
    if output.get("output_type") in ("stream", "error"):
        return []
    removed: list[str] = []
    data: dict[str, Any] = {}
    for kind, value in output.get("data", {}).items():
        text = _text(value)
        if kind in _TEXTS or (kind in _PICTURES and _is_base64(text)):
            data[kind] = text
        elif kind == "text/html":
            data[kind], found = markup.safe_html(text)
            removed += found
        elif kind == "text/markdown":
            _, found = markup.safe_markdown(text)
            removed += found
            data[kind] = f"<pre>{escape(text)}</pre>" if found else text
        elif "javascript" in kind or "ecmascript" in kind:
            removed.append(kind)
    sizes = output.get("metadata", {})
    output["data"] = NotebookNode(data)
    output["metadata"] = NotebookNode()
    for kind in _PICTURES & set(data):
        given = sizes.get(kind) if isinstance(sizes.get(kind), dict) else sizes
        facts = {k: v for k, v in given.items() if k in ("width", "height") and _SIZE.fullmatch(str(v))}
        if isinstance(given.get("alt"), str):
            facts["alt"] = given["alt"][:2000]
        if facts:
            output["metadata"][kind] = NotebookNode(facts)
    for key in set(output) - {"output_type", "data", "metadata", "execution_count"}:
        del output[key]
    return removed


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_base64(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9+/=\s]*", text) is not None
