"""Hostile markup, cleaned and read again by a real browser: nothing runs, and it reads what was written."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from course_utils.grading.pages import markup

ATTACKS = json.loads(Path(__file__).parents[1].joinpath("markup_attacks.json").read_text(encoding="utf-8"))
PAGES = int(os.environ.get("MARKUP_PAGES", "2"))  # of made-up attacks; `make soak` takes many more
WAYS = {
    "html": lambda text: markup.safe_html(text)[0],
    "markdown": lambda text: markup.safe_markdown(text)[0],
    "nh3 alone": markup._CLEANER.clean,
}


@pytest.fixture
def show(look, tmp_path):
    """show(pieces): a page without any policy, each piece in a <section>."""

    def open_page(pieces):
        path = tmp_path / "page.html"
        body = "\n".join(f"<section>{piece}</section>" for piece in pieces)
        path.write_text(f'<!DOCTYPE html><html><meta charset="utf-8"><body>{body}</body></html>', "utf-8")
        return look(path)

    return open_page


def press(page) -> None:
    """Everything gets the focus and a click, but links that lead elsewhere."""
    page.evaluate(
        "[...document.querySelectorAll('body *:not(a[href^=http], a[href^=http] *)')]"
        ".forEach((e) => { e.focus?.(); e.click?.() })"
    )
    page.wait_for_timeout(300)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_runs_and_nothing_is_fetched(show, way):
    pieces = [WAYS[way](attack) for attack in ATTACKS]
    seen = show(pieces)
    press(seen.page)
    assert seen.page.evaluate("window.attacked") is None
    assert seen.page.locator("section").count() == len(ATTACKS)
    assert [url for url in seen.requests if not url.startswith("data:image/")] == [seen.requests[0]]
    assert seen.dialogs == []
    assert seen.console == []


@pytest.mark.parametrize("way", ["html", "nh3 alone"])
def test_a_browser_reads_what_was_written(show, way):
    """Else something that looked harmless could turn into something else in the second reading."""
    pieces = [WAYS[way](attack) for attack in ATTACKS]
    sections = show(pieces).page.evaluate("[...document.querySelectorAll('section')].map((e) => e.innerHTML)")
    for attack, written, read in zip(ATTACKS, pieces, sections, strict=True):
        # nh3 escapes < and > in attributes; whether a browser does that depends on its age.
        assert written.replace("&lt;", "<").replace("&gt;", ">") == read.replace("&lt;", "<").replace(
            "&gt;", ">"
        ), attack


def test_the_attacks_are_real(show):
    """Uncleaned, many of them run in this browser; one at a time, because some swallow the rest of a page."""
    ran = 0
    for attack in ATTACKS[:40]:
        seen = show([attack])
        press(seen.page)
        ran += seen.page.evaluate("window.attacked === 1") or len(seen.requests) > 2
    assert ran >= 10


def made_up(chance: random.Random) -> str:
    """An attack that nobody wrote: parts of known ones in each other, with what parsers stumble over in between."""
    odd = [
        "<",
        ">",
        '"',
        "'",
        "`",
        "&lt;",
        "&#60;",
        "\x00",
        "\t",
        "\n\n",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        "/",
        "=",
        "*",
        "[",
        "](",
    ]
    around = [
        "svg",
        "math",
        "style",
        "title",
        "noscript",
        "template",
        "table",
        "select",
        "textarea",
        "mtext",
        "foreignObject",
        "p",
        "a",
    ]
    pieces = []
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(ATTACKS)
        begin, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        pieces.append(
            text
            if chance.random() < 0.4
            else text[begin:end]
            if chance.random() < 0.5
            else text[:begin] + text[end:]
        )
        pieces += chance.choices(odd, k=chance.randint(0, 3))
    tag = chance.choice(around)
    inside = "".join(pieces)
    return chance.choice(
        [
            inside,
            f"<{tag}>{inside}</{tag}>",
            f"<{tag}>{inside}",
            f"{inside}</{tag}>",
            f"<a title='{inside}'>x</a>",
        ]
    )


@pytest.mark.parametrize("number", range(PAGES))
def test_made_up_attacks_run_nothing(show, number):
    chance = random.Random(number)
    pieces = [clean(made_up(chance)) for _ in range(40) for clean in WAYS.values()]
    seen = show(pieces)
    press(seen.page)
    assert seen.page.evaluate("window.attacked") is None
    assert seen.page.locator("section").count() == len(pieces)
    assert [url for url in seen.requests if not url.startswith("data:image/")] == [seen.requests[0]]
    assert seen.dialogs == []
