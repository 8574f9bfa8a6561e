r"""What students and graders write, as HTML that cannot run: markup from a short list, formulas as MathML.

nh3 parses markup as browsers do, leaves out everything that is not on the list, and writes the rest anew.
What it is given, our own reader has read before: it tells what a browser would have run, says in words what
is not shown, and keeps nesting in bounds, which nh3 does not (75 kB of `<p><b id=1>x</p><p><b id=2>x</p>…`
take 17 s and 2 GB). Formulas need no script and no network: LaTeX becomes MathML, which browsers lay out
themselves.
"""

from __future__ import annotations

import contextlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Set
from functools import lru_cache
from html import escape, unescape
from typing import Any

import nh3
from latex2mathml.converter import convert
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser

# Longest text that is laid out, in characters, and deepest nesting. Beyond it, markup is shown as text.
LONGEST = 400_000
DEEPEST = 100
_LONGEST_FORMULA = 2_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins "
    "kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var "
    "input"
)
_EMPTY = frozenset({"br", "col", "hr", "img", "input"})
# Those that a browser opens again after a block that ended inside them, as often as there are such blocks.
_FORMATTING = _words("a b code em i s small strong u")
_INLINE = _FORMATTING | _words("abbr br del img input ins kbd mark q samp span sub sup var")
# Elements whose content is no text for people, or is read by other rules than the rest of a page.
_HIDDEN = _words(
    "script style iframe object embed applet noscript noembed noframes template textarea title xmp plaintext "
    "svg math frame frameset select audio video canvas head"
)
_RUNS = _words("script iframe object embed applet frame frameset base meta")
_PLAIN = _words("alt colspan rowspan title open start align scope")
# Classes of highlighted code, tables and formulas. Others could imitate Formgrader's own buttons.
_CLASS = re.compile(r"highlight|dataframe|task-list-item|course-[\w-]+|display|language-[\w-]+|[a-z]{1,2}\d?")
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_LINK = re.compile(r"(https?://|mailto:|#)[^\x00-\x20]*", re.IGNORECASE)
_RUNNING_LINK = re.compile(r"[\x00-\x20]*(j\s*a\s*v\s*a\s*s|v\s*b\s*s|data\s*:)", re.IGNORECASE)
_RUNS_INSIDE = re.compile(r"<script|\bon[a-z]{3,20}\s?=|javascript:")
_CSS = _words(
    "background-color border border-bottom border-radius color font-family font-size font-style font-weight padding "
    "text-align text-decoration white-space"
)
_NO_STYLE = re.compile(r"[(){}\\]")

# A `<` inside an attribute makes the whole no tag, but text: then reading never has to go back.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[\s/](?:[^"'<>]|"[^"<]*"|'[^'<]*')*+)?)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)

_MATH_TAGS = _words(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt mstyle "
    "msub msubsup msup mtable mtd mtext mtr munder munderover none semantics"
)
_MATH_ATTRIBUTES = _words(
    "accent accentunder align columnalign columnlines columnspacing depth display displaystyle fence form height "
    "largeop linethickness lspace mathcolor mathsize mathvariant maxsize minsize movablelimits notation rowlines "
    "rowspacing rspace scriptlevel separator stretchy symmetric voffset width"
)
_TEXT_ESCAPE = re.compile(r"\\([_%#])")
_MATHML = "http://www.w3.org/1998/Math/MathML"
_FORMULA = re.compile(r'<span class="course-formula( display)?">([^<]*)</span>')
_PROSE = re.compile(
    r"\$\$(?P<block>[^$]+)\$\$|(?<![\\$\w])\$(?P<inline>[^$\s](?:[^$\n]*[^$\s\\])?)\$(?![\w$])|`(?P<code>[^`\n]+)`"
)
# Where a dollar in Markdown is a formula's or the code's own.
_WITH_DOLLARS = re.compile(
    rf"^(?P<fence>```+|~~~+).*?(?:^(?P=fence)|\Z)|{_PROSE.pattern}", re.MULTILINE | re.DOTALL
)
_LONE_DOLLAR = re.compile(r"(?<!\\)\$")


def safe_html(html: str) -> tuple[str, list[str]]:
    """(`html` with nothing but plain markup, what was taken out that a browser would have run)."""
    if len(html) > LONGEST:
        return f"<pre>{escape(html[:LONGEST])}</pre>", []
    reader = _Reader()
    return _CLEANER.clean(reader.read(html)), sorted(reader.removed)


def markdown_html(text: str, attachments: Mapping[str, Any] | None = None) -> Markup:
    """Markdown as safe HTML, formulas as MathML. attachments: those of the cell, by name. Never raises."""
    return Markup(safe_markdown(text, attachments)[0])


def safe_markdown(text: str, attachments: Mapping[str, Any] | None = None) -> tuple[str, list[str]]:
    """The same with what was taken out, as `safe_html` tells it."""
    if len(text) > LONGEST:
        return f"<pre>{escape(text[:LONGEST])}</pre>", []
    try:
        rendered = MarkdownWithMath(renderer=_Renderer(attachments)).render(text)
    except Exception:  # the parser was not written for hostile text: what it cannot read is shown as it is
        return f"<pre>{escape(text)}</pre>", []
    html, removed = safe_html(rendered)
    return _with_formulas(html), removed


def comment_html(text: str) -> Markup:
    """A grader's Markdown: markup in it is text, a line ends where it was ended, formulas as MathML. Never raises.

    A dollar is one where a reader would take it for that: `it costs $5, not $7`.
    """
    if len(text) > LONGEST:
        return Markup(f"<pre>{escape(text[:LONGEST])}</pre>")
    parts, end = [], 0
    for match in _WITH_DOLLARS.finditer(text):
        parts += [_LONE_DOLLAR.sub(r"\\$", text[end : match.start()]), match[0]]
        end = match.end()
    source = "".join([*parts, _LONE_DOLLAR.sub(r"\\$", text[end:])])
    try:
        reader = MarkdownWithMath(renderer=_Renderer(raw=False), inline=MathInlineParser(hard_wrap=True))
        html, _ = safe_html(reader.render(source))
    except Exception:
        return Markup(f"<pre>{escape(text)}</pre>")
    return Markup(_with_formulas(html))


def prose_html(text: str) -> Markup:
    """Plain text escaped, with `code` in backticks and formulas between dollars. Never raises."""

    def piece(match: re.Match) -> str:
        if match["code"]:
            return f"<code>{escape(match['code'])}</code>"
        return formula(match["block"] or match["inline"], bool(match["block"]))

    parts, end = [], 0
    for match in _PROSE.finditer(text):
        parts += [escape(text[end : match.start()]), piece(match)]
        end = match.end()
    return Markup("".join([*parts, escape(text[end:])]))


def _with_formulas(html: str) -> str:
    return _FORMULA.sub(lambda m: formula(unescape(m[2]), bool(m[1])), html)


@lru_cache(maxsize=4096)
def formula(latex: str, display: bool = False) -> str:
    """LaTeX (without dollars) as a <math> element; the LaTeX itself, as code, where it cannot be read."""
    latex = latex.strip()
    if 0 < len(latex) <= _LONGEST_FORMULA:
        with contextlib.suppress(Exception):  # latex2mathml raises what it likes for what is no LaTeX
            root = ET.fromstring(_mathml(latex, display))
            if _is_plain_math(root):
                root.set("alttext", latex)
                ET.register_namespace("", _MATHML)
                return ET.tostring(root, encoding="unicode")
    return f"<code>{escape(f'$${latex}$$' if display else f'${latex}$')}</code>"


def _mathml(latex: str, display: bool) -> str:
    """LaTeX as MathML, with what latex2mathml does not know said in other words."""
    latex = re.sub(r"(\\(?:begin|end)\{)(?:aligned|split|gathered)\}", r"\1align*}", latex)
    latex = re.sub(r"\\operatorname\*?\s*\{", r"\\mathrm{", latex)
    latex = re.sub(r"\\text\w*\{[^{}]*\}", lambda text: _TEXT_ESCAPE.sub(r"\1", text[0]), latex)
    return convert(latex, display="block" if display else "inline")


def _is_plain_math(root: ET.Element) -> bool:
    for element in root.iter():
        if element.tag.removeprefix(f"{{{_MATHML}}}") not in _MATH_TAGS:
            return False
        if set(element.attrib) - _MATH_ATTRIBUTES:
            return False
    return True


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with formulas marked and attachments that are missing named.

    raw: whether HTML in the text is markup; otherwise it is text.
    """

    def __init__(self, attachments: Mapping[str, Any] | None = None, raw: bool = True) -> None:
        super().__init__(escape=not raw, exclude_anchor_links=True, attachments=dict(attachments or {}))

    def block_math(self, body: str) -> str:
        return f'<span class="course-formula display">{escape(unescape(body))}</span>'

    def inline_math(self, body: str) -> str:
        return f'<span class="course-formula">{escape(unescape(body))}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre>{escape(code)}</pre>"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        name = url.removeprefix("attachment:")
        if url.startswith("attachment:") and not _is_bundle(self.attachments.get(name)):
            return f"[missing picture: {escape(name)}]"
        return super().image(text, url, title)


def _is_bundle(attachment: Any) -> bool:
    return isinstance(attachment, Mapping) and all(isinstance(data, str) for data in attachment.values())


def _allowed(tag: str, name: str, value: str) -> str | None:
    """The value if an attribute may have it, else None. nh3 asks this of every attribute that it knows."""
    if name == "href":
        return value if tag == "a" and _LINK.fullmatch(value) else None
    if name == "src":
        return value if tag == "img" and _PICTURE.fullmatch(value) else None
    if name == "class":
        return value if all(map(_CLASS.fullmatch, value.split())) else None
    if len(value) >= 2000:
        return None
    if (
        name == "style"
    ):  # nh3 sees to the properties, in small letters; a function could be url(), which fetches
        return None if _NO_STYLE.search(value) else value.lower()
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_HIDDEN),
    attributes={
        "*": {"class", "style", *_PLAIN},
        "a": {"href"},
        "img": {"src"},
        "input": {"checked"},
    },
    tag_attribute_values={"a": {"target": {"_blank"}}, "input": {"type": {"checkbox"}}},
    set_tag_attribute_values={"input": {"disabled": ""}},
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "data"},
    filter_style_properties=set(_CSS),
)


class _Reader:
    """Reads any HTML, in time proportional to its length, and writes for nh3 what is worth its while.

    removed: what a browser would have run. What is written is balanced, at most DEEPEST deep, and no formatting
    is open where a block begins or an `a` within another: then nothing in it is to be opened again.
    """

    def __init__(self) -> None:
        self.removed: set[str] = set()
        self._out: list[str] = []
        self._open: list[str] = []

    def read(self, html: str) -> str:
        html = _COMMENT.sub("", html)
        lower = html.lower()
        end = 0
        while tag := _TAG.search(html, end):
            self._text(html[end : tag.start()])
            end = tag.end()
            name = tag[2].lower()
            if tag[1]:
                self._close(name)
                continue
            attributes = [
                (a[1].lower(), unescape(a[2] or a[3] or a[4] or "")) for a in _ATTRIBUTE.finditer(tag[3])
            ]
            self._note(name, attributes)
            if name in _HIDDEN:
                closing = lower.find(f"</{name}", end) if name not in ("embed", "frame") else end
                closing = closing if closing >= 0 else len(html)
                if _RUNS_INSIDE.search(lower, end, closing):
                    self.removed.add(f"<{name}>")
                end = closing
            elif name in _TAGS:
                self._start(name, attributes)
        self._text(html[end:])
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def _text(self, text: str) -> None:
        self._out.append(escape(unescape(text), quote=False))

    def _note(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        if tag in _RUNS:
            self.removed.add(f"<{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("srcdoc", "formaction"):
                self.removed.add(f"{name}=")
            elif name == "href" and _RUNNING_LINK.match(value):
                self.removed.add(f"a link to {value.strip()[:30]}")

    def _start(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        given: dict[str, str] = {}
        for name, value in attributes:
            given.setdefault(name, value)  # of two that are equal the first counts
        if tag not in _INLINE:
            self._end_formatting(_FORMATTING)
        elif tag == "a":
            self._end_formatting({"a"})
        if len(self._open) >= DEEPEST or (tag == "input" and given.get("type") != "checkbox"):
            return
        if tag == "img" and _allowed("img", "src", given.get("src", "")) is None:
            self._out.append(f"[picture: {escape(given.get('alt') or 'not shown')}]")
            return
        link = given.get("href", "")
        if tag == "a" and not link.startswith("#") and _allowed("a", "href", link):
            given["target"] = "_blank"
        words = [f'{name}="{escape(value)}"' for name, value in given.items()]
        self._out.append(f"<{' '.join([tag, *words])}>")
        if tag == "pre":
            self._out.append("\n")  # the first is no text: without it, one of the text's own would be lost
        if tag not in _EMPTY:
            self._open.append(tag)

    def _end_formatting(self, tags: Set[str]) -> None:
        while not tags.isdisjoint(self._open):
            self._out.append(f"</{self._open.pop()}>")

    def _close(self, tag: str) -> None:
        if tag in self._open:
            while True:
                last = self._open.pop()
                self._out.append(f"</{last}>")
                if last == tag:
                    return
