"""The built decks in a real browser: what on a slide does not fit or is small, and PDFs with notes or without.

Needs Chromium and playwright, which the extra `test` brings; who only reads the decks needs neither.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# One string for each fault on the slide that is shown. Inside figures, sizes are those after scaling.
FAULTS = r"""
(section) => {
  // What is read from the last row; sources, labels, code and drawings may be smaller than the text.
  const smallest = 22, body = 26;
  const faults = [], slack = 1;
  // A slide itself lies in an svg; here the ones inside it are meant, which have their own checks below.
  const drawn = (element) => element.closest("figure svg, mjx-container, style, script");
  const page = section.getBoundingClientRect();
  const control = document.querySelector(".bespoke-marp-osc").getBoundingClientRect();
  const say = (what, text) => faults.push(what + ": " + text.trim().replace(/\s+/g, " ").slice(0, 60));
  const outside = (box, frame) =>
    box.left < frame.left - slack || box.top < frame.top - slack ||
    box.right > frame.right + slack || box.bottom > frame.bottom + slack;
  const meet = (a, b, by) =>
    a.left < b.right - by && b.left < a.right - by && a.top < b.bottom - by && b.top < a.bottom - by;

  if (section.scrollHeight > section.clientHeight + slack || section.scrollWidth > section.clientWidth + slack)
    say("slide overflows", `${section.scrollWidth}×${section.scrollHeight}`);

  for (const element of section.querySelectorAll("*")) {
    if (drawn(element)) continue;
    if (["PRE", "TD", "TH", "DIV"].includes(element.tagName) && element.scrollWidth > element.clientWidth + slack)
      say("text wider than its box", element.textContent);
  }
  const words = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const node = words.currentNode, parent = node.parentElement;
    if (!node.data.trim() || drawn(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (outside(box, page)) { say("text outside the slide", node.data); break; }
      if (meet(box, control, 0)) { say("text under the page control", node.data); break; }
    }
    const size = parseFloat(getComputedStyle(parent).fontSize);
    const lesser = parent.closest(".source, .kind, .runs, pre, code, .transcript");
    if (size < (lesser ? smallest : body)) say("small text", node.data);
  }
  for (const formula of section.querySelectorAll("mjx-container")) {
    if (outside(formula.getBoundingClientRect(), page)) say("formula outside the slide", formula.textContent);
    if (parseFloat(getComputedStyle(formula).fontSize) < smallest) say("small formula", formula.textContent);
  }
  for (const drawing of section.querySelectorAll("figure.drawn svg")) {
    const frame = drawing.getBoundingClientRect();
    if (outside(frame, page)) say("figure outside the slide", drawing.getAttribute("aria-label"));
    const texts = [...drawing.querySelectorAll("text")];
    const boxes = texts.map((text) => text.getBoundingClientRect());
    texts.forEach((text, i) => {
      const m = text.getScreenCTM();
      const size = parseFloat(getComputedStyle(text).fontSize) * Math.sqrt(Math.abs(m.a * m.d - m.b * m.c));
      if (size < smallest) say("small text in a figure", text.textContent);
      if (outside(boxes[i], frame)) say("text cut off by its figure", text.textContent);
      for (let j = 0; j < i; j++)
        if (meet(boxes[i], boxes[j], 3))
          say("texts on top of each other", text.textContent + " / " + texts[j].textContent);
    });
  }
  // Nothing that flows may reach the source line at the foot, nor another block.
  const blocks = [...section.children].filter((e) => e.getClientRects().length && e.tagName !== "STYLE");
  const foot = page.bottom - 18;
  blocks.forEach((block, i) => {
    const box = block.getBoundingClientRect(), name = block.textContent || block.tagName;
    if (box.bottom > foot) say("too low", name);
    for (const other of blocks.slice(0, i))
      if (meet(box, other.getBoundingClientRect(), 2)) say("blocks overlap", name);
  });
  return faults;
}
"""


class Missing(CourseError):
    """There is no browser to look with."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end. Raises Missing where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Missing("playwright is missing: run `pip install -e '.[test]'` in the clone.") from None
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise Missing("Chromium is missing: install it (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def turn_over(browser: Browser, path: Path) -> tuple[int, dict[int, list[str]], list[str]]:
    """Turn over all slides of a page: their number, the faults by slide number, and what was fetched."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    count = page.evaluate("document.querySelectorAll('svg.bespoke-marp-slide').length")
    faults: dict[int, list[str]] = {}
    for number in range(1, count + 1):
        show(page, number)
        found = page.evaluate(f"({FAULTS})(document.querySelector('svg.bespoke-marp-active section'))")
        if found:
            faults[number] = found
    page.close()
    outside = [url for url in fetched if not url.startswith(("data:", "blob:")) and url != path.as_uri()]
    return count, faults, outside


def show(page: Page, number: int) -> None:
    """Turn to this slide, counted from 1."""
    page.evaluate(f"location.hash = '#{number}'")
    page.wait_for_function(
        f"document.querySelector('svg.bespoke-marp-active section')?.id === '{number}'", timeout=30_000
    )


def pdf(browser: Browser, path: Path, folder: Path) -> list[Path]:
    """Write the slides, one a page, and the slides with their notes, on A4, into `folder`; return both files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{path.stem}.pdf", folder / f"{path.stem}_notes.pdf"]
    for file, with_notes in zip(files, (False, True), strict=True):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready")
        if with_notes:
            page.evaluate("asArticle()")
        page.pdf(path=file, prefer_css_page_size=True, print_background=True, tagged=True)
        page.close()
    return files
