"""Builds the decks: Marp Markdown, numbers from results files and figures become one self-contained HTML each.

A deck `slides/NN_name.md` is a jinja2 template; each goes with the lab of its name, but for the first, which goes with
the whole course. Eight names are visible in it:

- `r`: the recorded results `course_utils/results/NN_name.json`; `{{ r.after.accuracy | percent }}`.
  A key that is not there stops the build with its name. In the first deck: all labs' results, `r["02_lora"].nano`.
- `figure(name, alt)`: puts `slides/figures/NN_name/<name>.svg` into the page, with its text kept as text. Where it
  grows by clicks (`course_utils.viz.diagrams`), marp counts them as it does fragments.
- `toy`: numbers that `slides/figures/NN_name.py` works out for the toy example, when that script has a `toy()`.
- `claim(text, holds)`: the text, if the recorded numbers bear it out; else the build stops. For headlines.
- `runs(part)`: over a block of code, says in which part of the lab it runs; `check_lab` looks whether it does.
- `where_we_are`: the strip of all lectures with this one lit, for the second slide.
- `lab`: the lab's facts in course.toml: `{{ lab.title }}`, `{{ lab.number }}`, `{{ lab.name }}`.
- `exercises`: the lab's exercises in order, as its notebook has them: part, title, minutes, core, points,
  and whether it is an open experiment.

In its text, `arXiv 2106.09685` becomes a link.

The figure script's `draw(r)` returns `{name: svg text}`. The build writes these files beside the script, so that
they can be looked at and used elsewhere. Everything goes through marp-cli, pinned by package-lock.json, into
`slides/NN_name.html`, with fonts and pictures inside the file. The same sources make the same bytes: `check`
builds again and compares.

    python -m course_utils.slides build [DECK …]
    python -m course_utils.slides check [DECK …]
    python -m course_utils.slides live DECK
    python -m course_utils.slides pdf [DECK …]
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2

from course_utils import results
from course_utils.course import Lab, load_course
from course_utils.errors import CourseError
from course_utils.evaluation import Difference

ROOT = Path(__file__).resolve().parent.parent
SLIDES = ROOT / "slides"
MARP = ROOT / "node_modules" / ".bin" / "marp"
OVERVIEW = "00_whole_way"  # the deck of no lab
MOST_CLICKS = 3  # of a figure that grows, so that it has at most four states

# Family as the theme names it -> package in package.json. One variable file holds all weights.
FONTS = {
    "Course Sans": "atkinson-hyperlegible-next",
    "Course Mono": "atkinson-hyperlegible-mono",
}

# What is left alone (front matter, notes, drawings, code, tags), or papers: "arXiv 2001.08361; 2203.15556".
_PAPERS = re.compile(
    r"\A---\n.*?^---$|<!--.*?-->|<svg\b.*?</svg>|^```.*?^```|`[^`\n]*`|<[^>]*>"
    r"|(?P<papers>arXiv \d{4}\.\d{4,5}\b(?:(?:; |, | and )\d{4}\.\d{4,5}\b)*)",
    re.DOTALL | re.MULTILINE,
)
_PAPER = re.compile(r"(?:arXiv )?(\d{4}\.\d{4,5})")

_STAMP = re.compile(r'<meta name="deck-sources" content="([0-9a-f]{64})">')
# Words of a lab's name that are not written as they are there.
_SPELLED = {"sft": "SFT", "lora": "LoRA", "gsm8k": "GSM8K", "icl": "ICL"}


class Recorded:
    """Recorded results for a template: attribute access, and an error that names a key which is missing."""

    def __init__(self, data: dict[str, Any], path: str) -> None:
        self._data = data
        self._path = path

    def __getitem__(self, key: str) -> Any:
        where = f"{self._path}.{key}"
        if key not in self._data:
            raise CourseError(f"{where} is not in the recorded results: it has {', '.join(self._data)}.")
        value = self._data[key]
        return Recorded(value, where) if isinstance(value, dict) else value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):  # what copy, jinja2 and others look for on any object
            raise AttributeError(key)
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __str__(self) -> str:
        raise CourseError(f"{self._path} is a group of numbers, not a number: name one of {', '.join(self)}.")


@dataclass(frozen=True)
class Composed:
    """A deck before marp: its Markdown, its theme, its figures, and a hash of all that the HTML is made from."""

    markdown: str
    theme: str
    figures: dict[str, str] = field(repr=False)

    @property
    def stamp(self) -> str:
        lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
        config = (SLIDES / "marp.config.mjs").read_text(encoding="utf-8")
        digest = hashlib.sha256()
        for part in (self.markdown, self.theme, config, _head(), lock):
            digest.update(part.encode())
            digest.update(b"\0")
        return digest.hexdigest()


def decks() -> list[str]:
    """Names of the decks, in order, for example `01_sft_masking`."""
    return sorted(path.stem for path in SLIDES.glob("[0-9][0-9]_*.md"))


def percent(value: float, digits: int = 0) -> str:
    """0.873 -> 87 %."""
    return f"{100 * value:.{digits}f} %"


def number(value: float, digits: int = 2) -> str:
    """1.38629 -> 1.39, with thousands set apart by commas."""
    return f"{value:,.{digits}f}"


def interval(bounds: list[float]) -> str:
    """[0.61, 0.78] -> 61 to 78 %."""
    low, high = bounds
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def claim(text: str, holds: bool) -> str:
    """`text`, when `holds`. Raises CourseError otherwise: new numbers need new words."""
    if not holds:
        raise CourseError(
            f"A slide says {text!r}, and the recorded results no longer bear it out: rewrite it."
        )
    return text


def runs(part: int) -> str:
    """The mark over a block of code that stands in this part of the lab."""
    return f'<div class="runs">Runs in the lab: part {part}</div>\n'


def points(value: float, digits: int = 1, unit: str = " points", plus: str = "+") -> str:
    """-0.0123 -> −1.2 points: a difference of shares, with its sign."""
    sign = "−" if value < 0 else plus
    return f"{sign}{abs(100 * value):.{digits}f}{unit}"


def versus(difference: Sequence[float]) -> str:
    """[mean, low, high] of a paired difference -> above, below or no clear difference."""
    return Difference(*difference).say("above", "below")


def or_never(count: int | None) -> str:
    """How many questions; never, where there is no such number."""
    return "never" if count is None else number(count, 0)


def short(text: str, length: int) -> str:
    """What a model wrote, without empty lines (they would end the HTML around it) and cut at `length` characters."""
    text = re.sub(r"\n\s*\n", "\n", text.strip())
    return text if len(text) <= length else text[:length].rstrip() + " …"


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def listed(group: Recorded) -> str:
    """A group of numbers in words, for alternative texts: "(a) 1.2, (b) 0.03"."""
    return ", ".join(f"{name} {group[name]:.2g}" for name in group)


def compose(deck: str, recorded: dict[str, Any] | None = None) -> Composed:
    """Everything that goes into marp for one deck.

    recorded: results to use instead of the file under course_utils/results, for tests.
    Raises CourseError for an unknown deck, a missing result, a figure that nobody draws or that has no alt text.
    """
    source = SLIDES / f"{deck}.md"
    if not source.is_file():
        raise _unknown(deck)
    r = Recorded(_recorded(deck) if recorded is None else recorded, "r")
    figures, toy = _drawn(deck, r)

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    filters = (percent, number, interval, points, versus, or_never, short, last_line, listed)
    environment.filters |= {function.__name__: function for function in filters}
    template = source.read_text(encoding="utf-8")
    try:
        markdown = environment.from_string(template).render(
            r=r,
            toy=toy,
            figure=_figure_function(figures),
            claim=claim,
            runs=runs,
            exercises=exercises(deck),
            where_we_are=where_we_are(deck),
            lab=_lab(deck),
        )
    except (jinja2.TemplateError, CourseError) as error:
        line = _line(error, "<template>")
        what = f"{error.message}." if isinstance(error, jinja2.TemplateError) else str(error)
        raise CourseError(f"slides/{source.name}, line {line}: {what}") from error
    return Composed(link_papers(markdown), theme(), figures)


def _drawn(deck: str, r: Recorded) -> tuple[dict[str, str], dict[str, Any]]:
    """The figures of a deck and the numbers of its toy; raises CourseError with the line where its script fails."""
    try:
        script = _figure_script(deck)
        figures = {name: tidy_svg(svg) for name, svg in script.draw(r).items()} if script else {}
        return figures, script.toy() if script and hasattr(script, "toy") else {}
    except Exception as error:  # a script may raise anything
        path = SLIDES / "figures" / f"{deck}.py"
        said = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
        raise CourseError(f"slides/figures/{path.name}, line {_line(error, str(path))}: {said}") from error


def _line(error: BaseException, file: str) -> int:
    """The last line of this file on the way to the error."""
    if isinstance(error, jinja2.TemplateSyntaxError | SyntaxError):
        return error.lineno or 0
    return next(
        frame.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__)[::-1]
        if frame.filename == file
    )


def _unknown(deck: str) -> CourseError:
    return CourseError(f"There is no deck {deck!r}: the decks are {', '.join(decks()) or 'none yet'}.")


def exercises(deck: str) -> list[dict[str, Any]]:
    """The exercises of the lab that goes with `deck`, from the metadata of its source notebook.

    Each has part ("labels"), title, minutes, core, open and points. Empty while the notebook is not there.
    """
    path = ROOT / "solutions" / deck / f"{deck}.ipynb"
    if not path.is_file():
        return []
    cells = [cell["metadata"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    graded = {cell["nbgrader"]["grade_id"]: cell["nbgrader"] for cell in cells if "nbgrader" in cell}
    return [
        {
            "part": cell["nbgrader"]["grade_id"].split("-")[1],
            "points": graded[cell["nbgrader"]["grade_id"] + "-tests"]["points"],
            "open": cell["course"].get("open", False),
            **{key: cell["course"][key] for key in ("title", "minutes", "core")},
        }
        for cell in cells
        if "minutes" in cell.get("course", {})
    ]


def where_we_are(deck: str) -> str:
    """All lectures in a row, `deck` lit, as a figure: the first deck, then one for each lab of course.toml."""
    from course_utils.viz import diagrams

    stops = [OVERVIEW, *(lab.name for lab in load_course().labs)]
    words = [" ".join(_SPELLED.get(word, word) for word in stop.split("_")[1:]) for stop in stops]
    here = stops.index(deck) if deck in stops else None
    alt = f"The {len(stops)} lectures in a row: {', '.join(words)}."
    if here is not None:
        alt += f" This one, {words[here]}, is lit."
    return _figure_function({"where_we_are": diagrams.stops(words, here)})("where_we_are", alt)


def link_papers(markdown: str) -> str:
    """Numbers of papers, such as arXiv 2106.09685, as links: in the text, not in notes, code, tags or drawings."""

    def link(found: re.Match[str]) -> str:
        if found["papers"] is None:
            return found[0]
        return _PAPER.sub(r'<a href="https://arxiv.org/abs/\1">\g<0></a>', found[0])

    return _PAPERS.sub(link, markdown)


def _recorded(deck: str) -> dict[str, Any]:
    """The lab's recorded results; for the overview those of all labs, by name."""
    if deck == OVERVIEW:
        return {lab.name: results.load(lab.name) for lab in load_course().labs}
    return results.load(deck)


def _lab(deck: str) -> Lab | None:
    """The lab that goes with `deck`; None for a deck of no lab."""
    return next((lab for lab in load_course().labs if lab.name == deck), None)


def build(deck: str) -> Path:
    """Write slides/<deck>.html and its figures; return the HTML file."""
    composed = compose(deck)
    page = marp(composed)
    folder = SLIDES / "figures" / deck
    if composed.figures:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.svg"):
            if old.stem not in composed.figures:
                old.unlink()
        for name, svg in composed.figures.items():
            (folder / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
    target = SLIDES / f"{deck}.html"
    target.write_bytes(page)
    return target


def check(deck: str, composed: Composed | None = None) -> None:
    """Raise CourseError unless the committed HTML and figures are what the sources make.

    composed: what `compose` gave for this deck, where that is at hand.

    Where marp cannot be had (no node, no package index) the stamp of the sources is compared in place of the
    bytes; in CI (CI=true) that is not enough.
    """
    composed = composed or compose(deck)
    again = f"Run `make slides` and commit slides/{deck}.html and slides/figures/{deck}."
    target = SLIDES / f"{deck}.html"
    if not target.is_file():
        raise CourseError(f"slides/{deck}.html is missing. {again}")
    folder = SLIDES / "figures" / deck
    kept = {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in folder.glob("*.svg")}
    for name in sorted(kept.keys() | composed.figures.keys()):
        if kept.get(name) != composed.figures.get(name):
            raise CourseError(f"slides/figures/{deck}/{name}.svg is not what its script draws. {again}")
    committed = target.read_bytes()
    found = _STAMP.search(committed.decode("utf-8"))
    if found is None or found[1] != composed.stamp:
        raise CourseError(f"slides/{deck}.html was made from other sources. {again}")
    try:
        _install()
    except CourseError as error:
        if os.environ.get("CI") == "true":
            raise CourseError(f"CI must build the decks again, and cannot: {error}") from error
        return
    if marp(composed) != committed:
        raise CourseError(f"slides/{deck}.html is not what marp makes of its sources. {again}")


def tidy_svg(svg: str) -> str:
    """An SVG that can stand inside an HTML page: no prologue, no global style sheet, one line.

    matplotlib writes `<style>*{…}</style>`, which would apply to the whole page, and names clips by a hash of numbers
    whose last digits depend on the machine.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    for number, clip in enumerate(re.findall(r'<clipPath id="([^"]+)"', svg), start=1):
        svg = re.sub(rf"\b{re.escape(clip)}\b", f"clip{number}", svg)
    return re.sub(r"\s*\n\s*", " ", svg).strip()


def _figure_function(figures: dict[str, str]) -> Callable[..., str]:
    def figure(name: str, alt: str) -> str:
        if name not in figures:
            raise CourseError(
                f"There is no figure {name!r}: the script draws {', '.join(figures) or 'none'}."
            )
        if len(alt.split()) < 4:
            raise CourseError(f"Figure {name!r} needs an alt text that says what is to be seen, not {alt!r}.")
        svg = figures[name]
        svg = svg.replace(">", ">" + _clicks(name, svg), 1)
        # Several figures share a page: their ids must not meet.
        svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
        svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
        svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
        label = html.escape(alt, quote=True)
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
        return f'<figure class="drawn">{svg}</figure>'

    return figure


def _clicks(name: str, svg: str) -> str:
    """An empty fragment for each click of a figure that grows: the theme shows what comes with it.

    Marp makes a click of each fragment; what comes with one may lie in many places of a drawing.
    """
    clicks = sorted({int(click) for click in re.findall(r'class="step-(\d+)"', svg)})
    if clicks != list(range(1, len(clicks) + 1)) or len(clicks) > MOST_CLICKS:
        raise CourseError(
            f"Figure {name!r} grows with the clicks {', '.join(map(str, clicks))}: "
            f"count them from 1, without gaps, up to {MOST_CLICKS}."
        )
    return "".join(f'<g data-marpit-fragment="{click}"></g>' for click in clicks)


def _figure_script(deck: str) -> Any:
    path = SLIDES / "figures" / f"{deck}.py"
    if not path.is_file():
        return None
    loader = SourceFileLoader(f"figures_{deck}", str(path))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module


def theme() -> str:
    """The theme with the course's colours in front, so that slides and notebooks cannot drift apart."""
    from course_utils.viz import diagrams

    colours = "".join(f"--{name}: {value};" for name, value in diagrams.css_colours().items())
    text = (SLIDES / "theme.css").read_text(encoding="utf-8")
    return f"{text}\n:root {{ {colours} }}\n"


def _font_faces() -> str:
    faces = []
    for family, package in FONTS.items():
        path = ROOT / f"node_modules/@fontsource-variable/{package}/files/{package}-latin-wght-normal.woff2"
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        faces.append(
            f'@font-face {{ font-family: "{family}"; font-weight: 200 800; '
            f'src: url("data:font/woff2;base64,{data}") format("woff2"); }}'
        )
    return "\n".join(faces)


def _install() -> None:
    """`npm ci` once: what the lock says, nothing else. Whoever comes meanwhile waits until it is done."""
    try:
        import fcntl
    except ImportError:
        raise CourseError(
            "Windows reads the decks and cannot build them: do that on Linux, macOS or in WSL."
        ) from None

    with (ROOT / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if MARP.exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise CourseError(
                "npm is missing: install Node.js 20 or newer to build the decks (Debian: apt-get install nodejs npm)."
            )
        if said := _npm_ci(npm, ROOT):
            raise CourseError(f"`npm ci` failed: {said}")


@functools.cache  # where packages cannot be had, each try takes a while
def _npm_ci(npm: str, folder: Path) -> str:
    """Install what the lock says. Returns "" or what npm complained of."""
    command = [npm, "ci", "--silent", "--fetch-retries=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return (done.stderr.strip()[-400:] or f"exit code {done.returncode}") if done.returncode else ""


def marp(composed: Composed) -> bytes:
    """The finished page. marp runs in a folder of its own, so that no path of this machine gets into the file."""
    _install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = subprocess.run(_laid_out(composed, folder), cwd=folder, capture_output=True, text=True)
        if done.returncode or not (folder / "deck.html").is_file():
            raise CourseError(f"marp failed: {(done.stderr or done.stdout).strip()[-600:]}")
        page = (folder / "deck.html").read_text(encoding="utf-8")
    stamp = f'<meta name="deck-sources" content="{composed.stamp}">'
    return page.replace("<head>", f"<head>{stamp}{_head()}", 1).encode("utf-8")


def _head() -> str:
    """What each page has beside marp's own: the place of the page control, and the article for phones and paper."""
    return (SLIDES / "head.html").read_text(encoding="utf-8")


def look(names: Sequence[str]) -> int:
    """Print what on the slides of these built decks does not fit or is small, with file and line; 1 if anything is.

    Where there is no browser, say so: the tests look as well.
    """
    from course_utils import slide_pages

    found = 0
    try:
        with slide_pages.chromium() as browser:
            for deck in names:
                _, faults, _ = slide_pages.turn_over(browser, SLIDES / f"{deck}.html")
                for number, said in faults.items():
                    for fault in said:
                        print(f"slides/{deck}.md, line {line_of(deck, number)}: {fault}", file=sys.stderr)
                        found = 1
    except slide_pages.Missing as error:
        print(f"Nobody looked whether the slides fit: {error}", file=sys.stderr)
    return found


def line_of(deck: str, number: int) -> int:
    """The line of slides/<deck>.md on which this slide begins, counted from 1."""
    lines = (SLIDES / f"{deck}.md").read_text(encoding="utf-8").splitlines()
    rules = [line for line, text in enumerate(lines, start=1) if text == "---"]
    return rules[number] + 1  # the first two enclose the front matter


def pdf(names: Sequence[str]) -> None:
    """Write the committed pages as PDF into build/slides/: the slides, and the slides with their notes."""
    from course_utils import slide_pages

    with slide_pages.chromium() as browser:
        for deck in names:
            if not (SLIDES / f"{deck}.html").is_file():
                raise _unknown(deck)
            for path in slide_pages.pdf(browser, SLIDES / f"{deck}.html", ROOT / "build" / "slides"):
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} kB")


def _laid_out(composed: Composed, folder: Path) -> list[str]:
    """Write what marp reads into `folder`; return the command that makes deck.html of it there."""
    (folder / "deck.md").write_text(composed.markdown, encoding="utf-8")
    (folder / "theme.css").write_text(f"{composed.theme}\n{_font_faces()}\n", encoding="utf-8")
    command = [str(MARP), "--no-stdin", "-c", str(SLIDES / "marp.config.mjs")]
    return [*command, "--theme-set", "theme.css", "-o", "deck.html", "deck.md"]


def live(deck: str, folder: Path, done: Callable[[], bool] = lambda: False) -> None:
    """Keep deck.html in `folder` in line with the deck, its figure script and the theme; the open page reloads itself.

    Goes on until it is interrupted, or done() is true. A mistake is printed, and the page stays as it was.
    Raises CourseError for an unknown deck, or where marp cannot be had.
    """
    sources = [SLIDES / f"{deck}.md", SLIDES / "figures" / f"{deck}.py", SLIDES / "theme.css"]
    if not sources[0].is_file():
        raise _unknown(deck)
    _install()
    seen: list[int] = []
    watcher = None
    try:
        while not done():
            now = [path.stat().st_mtime_ns if path.is_file() else 0 for path in sources]
            if now != seen:
                seen = now
                try:
                    command = _laid_out(compose(deck), folder)
                except Exception as error:  # a script that is being written may raise anything
                    print(f"{type(error).__name__}: {error}", file=sys.stderr)
                else:
                    if watcher is None:
                        watcher = subprocess.Popen([*command, "--watch"], cwd=folder)
                        print(f"Open {folder / 'deck.html'} once marp watches. Ctrl-C ends this.", flush=True)
            elif watcher is not None and _left_behind(folder):
                (folder / "deck.md").touch()
            time.sleep(0.3)
    except KeyboardInterrupt:
        pass
    finally:
        if watcher is not None:
            watcher.terminate()
            watcher.wait()


def _left_behind(folder: Path) -> bool:
    """Whether the page is older than the text, three seconds after it: marp misses what changes before it watches."""
    page, text = folder / "deck.html", (folder / "deck.md").stat().st_mtime
    return time.time() - text > 3 and (not page.is_file() or page.stat().st_mtime < text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.slides", description="Build, check or preview the decks."
    )
    parser.add_argument("action", choices=["build", "check", "live", "pdf"])
    parser.add_argument("deck", nargs="*", help="names such as 01_sft_masking; all decks when none is given")
    options = parser.parse_args(arguments)
    try:
        if options.action == "live":
            if len(options.deck) != 1:
                raise CourseError(f"Name one deck to see live: {', '.join(decks())}.")
            with tempfile.TemporaryDirectory() as name:
                live(options.deck[0], Path(name))
            return 0
        chosen = options.deck or decks()
        if options.action == "check":
            for deck in chosen:
                check(deck)
                print(f"slides/{deck}.html is what its sources make.")
        elif options.action == "pdf":
            pdf(chosen)
        else:
            for deck in chosen:
                path = build(deck)
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} kB")
            return look(chosen)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
