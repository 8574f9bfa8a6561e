"""What a deck must obey: every slide has what a lecturer needs, and the committed page is what its sources make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from course_utils import slides
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author.complaint import Complaint, unwritten
from course_utils.slides import Composed

MOST_CODE_LINES = 12
LEAST_QUESTIONS = 3
GOALS = 3
LEAST_READING = 3
MINUTES = (15, 30, 45, 60)

# How the words over a headline begin, by the kind that gives the slide, or them, a colour.
KINDS = {
    "question": "Quick question",
    "answer": "Answer",
    "measured": r"Measured (?:in|on)|Worked out in|And on a real model\?",
    "paper": "What (?:the )?papers (?:measured|say)",
    "wrong": "What goes wrong|Museum of silent failures|What circulates|Where the idea fails",
}

_NOTE = re.compile(r"<!--(?!\s*_)(.*?)-->", re.DOTALL)
_CODE = re.compile(r"^```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)
_RUNS = re.compile(r'class="runs">[^<]*part (\d+)</div>\s*^```\w+\n(.*?)^```', re.DOTALL | re.MULTILINE)
_STRIP = re.compile(r'<div class="kind strip">.*?<b class="(\w*)">(.*?)</b></div>')  # of a deck in parts
_OVER_HEADLINE = re.compile(r'<div class="kind ?(?!strip)(\w*)">(.*?)</div>')
_PLAN = re.compile(r"^Minutes: (.*)$", re.MULTILINE)
_HEADLINE = re.compile(r"^# (\S.*)$", re.MULTILINE)
_FETCHES = r"<(?:img|script|link|iframe|source|video|audio|use|image)\b[^>]*?\b(?:src|href)="
_OUTSIDE = r"""["']?(?!data:|#)([^"'\s)>]{1,80})"""


def deck_complaints(
    lab: Lab, source: NotebookNode, compose: Callable[[str], Composed] = slides.compose
) -> list[Complaint]:
    """What is wrong with the Markdown and the figures of a lab's deck. Nothing is built.

    compose: gives the deck of this name, or raises CourseError; for callers that have drawn it already.
    """
    place = f"slides/{lab.name}.md"
    found, composed = _drawn(lab.name, compose)
    if composed is None:
        return found
    pages = pages_of(composed.markdown)
    found += [Complaint(place, what, cure) for what, cure in _titles(lab, composed.markdown, pages)]
    found += [
        Complaint(place, f"says that part {part} of the lab runs {line!r}, and it does not.")
        for part, line in not_run(source, composed.markdown)
    ]
    return found + [
        Complaint(place, f"shows the solution of {name}.", "Show the idea in other code.")
        for name in given_away(source, pages)
    ]


def overview_complaints(compose: Callable[[str], Composed] = slides.compose) -> list[Complaint]:
    """What is wrong with the deck that goes with no lab; compose: as for deck_complaints."""
    return _drawn(slides.OVERVIEW, compose)[0]


def page_complaints(deck: str, compose: Callable[[str], Composed] = slides.compose) -> list[Complaint]:
    """What is wrong with the committed page: it is not what the sources make, or needs something from outside.

    compose: as for deck_complaints.
    """
    place = f"slides/{deck}.html"
    try:
        composed = compose(deck)
        slides.check(deck, composed)
    except CourseError as error:
        return [Complaint(place, f"is not in order: {error}")]
    page = (slides.SLIDES / f"{deck}.html").read_text(encoding="utf-8")
    return built_complaints(place, page, len(pages_of(composed.markdown)))


def _drawn(deck: str, compose: Callable[[str], Composed]) -> tuple[list[Complaint], Composed | None]:
    """What is wrong with a deck, whether it has a lab or not, and the deck itself; None where it does not build."""
    place = f"slides/{deck}.md"
    path = slides.SLIDES / f"{deck}.md"
    if not path.is_file():
        return [Complaint(place, "is missing.", "Write it; slides/ holds others.")], None
    text = path.read_text(encoding="utf-8")
    found = unwritten(place, text)
    script = f"slides/figures/{deck}.py"
    if not (slides.SLIDES / "figures" / f"{deck}.py").is_file():
        found.append(Complaint(script, "is missing: it draws the deck's figures."))
    try:
        composed = compose(deck)
    except CourseError as error:
        return [*found, Complaint(place, f"does not build: {error}")], None
    pages = pages_of(composed.markdown)
    found += slide_complaints(place, pages) + frame_complaints(place, pages)
    found += [
        Complaint(script, f"draws {name!r}, which no slide shows.")
        for name in composed.figures
        if f'figure("{name}"' not in text
    ]
    return found, composed


def pages_of(markdown: str) -> list[str]:
    """The Markdown of each slide, without the front matter."""
    return re.split(r"^---$", markdown.split("\n---\n", 1)[1], flags=re.MULTILINE)


def slide_complaints(place: str, pages: list[str]) -> list[Complaint]:
    """Slides without a headline or notes, long code, questions that are too few or not answered at once."""
    found = []
    for number, page in enumerate(pages, start=1):
        found += [Complaint(f"{place}, slide {number}", what) for what in _slide(page)]
    kinds = [re.findall(r"_class: (\w+)", page) for page in pages]
    asked = [number for number, kind in enumerate(kinds, start=1) if "question" in kind]
    for number in asked:
        if number == len(kinds) or "answer" not in kinds[number]:
            what = "asks a question that the next slide does not answer."
            found.append(Complaint(f"{place}, slide {number}", what, "Put `<!-- _class: answer -->` on it."))
    if len(asked) < LEAST_QUESTIONS:
        what = f"has {len(asked)} slides with a question, fewer than {LEAST_QUESTIONS}."
        found.append(Complaint(place, what, "Mark them `<!-- _class: question -->`."))
    return found


def frame_complaints(place: str, pages: list[str]) -> list[Complaint]:
    """The second slide says where the lecture stands, what it is for and when to be where; the last one looks back."""
    second, last = pages[1], pages[-1]
    found = []
    if "lectures in a row: " not in second:
        found.append(
            Complaint(f"{place}, slide 2", "has no strip of the lectures.", "Put `{{ where_we_are }}` on it.")
        )
    if (goals := len(re.findall(r"^\d\. ", second, re.MULTILINE))) != GOALS:
        what = f"has {goals} learning goals, not {GOALS}."
        found.append(Complaint(f"{place}, slide 2", what, "Write them as a list, `1. …`."))
    found += [Complaint(f"{place}, slide 2", what) for what in _plan(second, pages)]
    if (reading := len(re.findall(r"https?://", last))) < LEAST_READING:
        what = f"has {reading} links to further reading, fewer than {LEAST_READING}."
        found.append(Complaint(f"{place}, slide {len(pages)}", what))
    return found


def built_complaints(place: str, page: str, slide_count: int) -> list[Complaint]:
    """What a page of HTML asks for from elsewhere, and whether all speaker notes are in it."""
    found = []
    fetched = re.findall(_FETCHES + _OUTSIDE, page) + re.findall(r"url\(" + _OUTSIDE, page)
    fetched += ["@import"] * ("@import" in page)
    if fetched:
        found.append(Complaint(place, f"refers to {', '.join(fetched[:3])}: it must open offline."))
    notes = re.findall(r'class="bespoke-marp-note"[^>]*>(.*?)</div>', page, re.DOTALL)
    told = sum("Say:" in note for note in notes)
    if told != slide_count or len(notes) != slide_count:
        found.append(Complaint(place, f"has {slide_count} slides and speaker notes for {told}."))
    return found


def _slide(page: str) -> Iterator[str]:
    if not _HEADLINE.search(page):
        yield "has no headline."
    notes = " ".join(_NOTE.findall(page))
    for part in ("Say:", "Ask:", "Watch:"):
        if part not in notes:
            yield f"has no {part!r} in its speaker notes."
    for kind, said in _OVER_HEADLINE.findall(page) + _STRIP.findall(page):
        kinds = {kind} if kind else set(re.findall(r"_class: (\w+)", page)) & KINDS.keys()
        begins = {name for name, words in KINDS.items() if re.match(words, said)}
        if kinds != begins:
            yield f"says {said!r} over its headline, which is not how a slide of the kind {kind or 'it has'} begins."
    clicks, told = page.count("data-marpit-fragment"), notes.count("Click:")
    if clicks != told:
        yield f"grows by {clicks} clicks, and its notes say what comes with {told}: write `Click: …` for each."
    for code in _CODE.findall(page):
        if code.count("\n") > MOST_CODE_LINES:
            yield f"shows {code.count(chr(10))} lines of code, more than {MOST_CODE_LINES}."


def _plan(page: str, pages: list[str]) -> Iterator[str]:
    """The line of the notes that says which headline to have reached when, and which to skip."""
    plan = _PLAN.search(page)
    if plan is None:
        yield "has no plan in its notes: `Minutes: 15 “A headline”, 30 …. When late, skip “Another”.`"
        return
    when = tuple(int(minutes) for minutes in re.findall(r"(\d+) “", plan[1]))
    if when != MINUTES or "skip “" not in plan[1]:
        yield f"plans the minutes {when}, not {MINUTES}, or does not say what to skip when late."
    headlines = [headline for page in pages for headline in _HEADLINE.findall(page)]
    for name in re.findall(r"“(.*?)”", plan[1]):
        if name not in headlines:
            yield f"plans with “{name}”, which is no headline of the deck."


def _titles(lab: Lab, markdown: str, pages: list[str]) -> Iterator[tuple[str, str]]:
    """The lab's title is course.toml's; a deck repeats it in its first headline and its front matter."""
    headline = _HEADLINE.search(pages[0])
    if headline and headline[1] != lab.title:
        yield f"begins with {headline[1]!r}, course.toml says {lab.title!r}.", "Write `# {{ lab.title }}`."
    front = re.search(r"""^title: (?:"(.*)"|'(.*)')$""", markdown.split("\n---\n", 1)[0], re.MULTILINE)
    # In YAML's single quotes a title may have quotes of its own.
    title = front and (front[1] or front[2].replace("''", "'"))
    wanted = f"Lab {lab.number:02d}: {lab.title}"
    if title is None or title.casefold() != wanted.casefold():
        yield f"has the title {title!r} in its front matter, it should be {wanted!r}.", ""


def given_away(source: NotebookNode, pages: list[str]) -> Iterator[str]:
    """Exercises of a lab's source whose solution stands in the slides."""
    text = _squeezed("\n".join(pages))
    for cell in source.cells:
        lines = cell.source.split("\n")
        for first, last in nbk.regions(cell.source, nbk.SOLUTION) if nbk.is_solution(cell) else ():
            if _squeezed("\n".join(lines[first + 1 : last])) in text:
                yield nbk.grade_id(cell)


def shown_to_run(markdown: str) -> list[tuple[int, list[str]]]:
    """The part of the lab and the lines of code of each block under `runs(part)`; without output, comments, prompts."""
    return [
        (
            int(part),
            [
                line.removeprefix(">>> ")
                for line in code.splitlines()
                if _squeezed(line) and (">>>" not in code or line.startswith(">>> "))
            ],
        )
        for part, code in _RUNS.findall(markdown)
    ]


def not_run(source: NotebookNode, markdown: str) -> Iterator[tuple[int, str]]:
    """Lines that a slide says a part of the lab runs, and that stand in no cell there which the student is given."""
    given: dict[int, str] = {}
    part = 0
    for cell in source.cells:
        if cell.cell_type == "markdown" and (
            heading := re.search(r"^## (\d+) · ", cell.source, re.MULTILINE)
        ):
            part = int(heading[1])
        elif cell.cell_type == "code" and not nbk.is_solution(cell):
            given[part] = given.get(part, "") + _squeezed(cell.source)
    for part, lines in shown_to_run(markdown):
        for line in lines:
            if _squeezed(line) not in given.get(part, ""):
                yield part, line


def _squeezed(text: str) -> str:
    """Text without white space and comments, so that layout hides nothing."""
    return re.sub(r"\s+", "", re.sub(r"(?m)#.*$", "", text))
