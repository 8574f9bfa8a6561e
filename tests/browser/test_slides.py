"""Every slide, as a browser lays it out at 1280×720: nothing overflows, nothing is small, nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from course_utils import slides

# One string for each fault on the slide that is shown. Inside figures, sizes are those after scaling.
FAULTS = r"""
(section) => {
  const faults = [], smallest = 20, slack = 1;
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
    if (parseFloat(getComputedStyle(parent).fontSize) < smallest) say("small text", node.data);
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


def turn_over(browser: Any, path: Path) -> tuple[int, dict[int, list[str]], list[str]]:
    """Turn over all slides of a page: their number, the faults by slide number, and what was fetched."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    count = page.evaluate("document.querySelectorAll('svg.bespoke-marp-slide').length")
    faults: dict[int, list[str]] = {}
    for number in range(1, count + 1):
        page.evaluate(f"location.hash = '#{number}'")
        # Marp splits a slide into layers only for background pictures, which the decks do not use.
        section = page.wait_for_selector("svg.bespoke-marp-active section", state="visible")
        page.wait_for_function(
            f"document.querySelector('svg.bespoke-marp-active section').id === '{number}'", timeout=30_000
        )
        found = section.owner_frame().evaluate(
            f"({FAULTS})(document.querySelector('svg.bespoke-marp-active section'))"
        )
        if found:
            faults[number] = found
    page.close()
    outside = [url for url in fetched if not url.startswith(("data:", "blob:")) and url != path.as_uri()]
    return count, faults, outside


@pytest.mark.parametrize("deck", slides.decks())
def test_every_slide_fits_and_can_be_read(browser: Any, deck: str) -> None:
    count, faults, fetched = turn_over(browser, slides.SLIDES / f"{deck}.html")
    assert 20 <= count <= 35, f"{deck} has {count} slides; a lecture of 60 to 75 minutes needs 20 to 35"
    assert not faults, "\n".join(f"slide {n}: {fault}" for n, found in faults.items() for fault in found)
    assert not fetched, f"the deck fetches {fetched}"


BROKEN = {
    "slide overflows": "\n\n".join(f"Line {n} of too many." for n in range(30)),
    "text wider than its box": "```python\n" + "x = " + " + ".join(["a_long_name"] * 12) + "\n```",
    "small text": '<p style="font-size: 15px">Nobody in the last row can read this.</p>',
    "small text in a figure": '<figure class="drawn"><svg viewBox="0 0 400 100" width="200" height="50">'
    '<text x="10" y="50" font-size="24">half size</text></svg></figure>',
    "text cut off by its figure": '<figure class="drawn"><svg viewBox="0 0 300 60" width="300" height="60">'
    '<text x="10" y="40" font-size="30">longer than its picture is wide</text></svg></figure>',
    "texts on top of each other": '<figure class="drawn"><svg viewBox="0 0 400 60" width="400" height="60">'
    '<text x="10" y="40" font-size="30">first</text><text x="40" y="40" font-size="30">second</text></svg></figure>',
    "blocks overlap": '<p style="margin-top: 570px">Down to the foot.</p>\n\n<div class="source">A source.</div>',
    "text under the page control": '<p style="position: absolute; left: 500px; top: 10px">At the top.</p>',
    "text outside the slide": '<p style="position: absolute; left: 1200px; width: 400px">Over the edge.</p>',
}


@pytest.fixture(scope="module")
def broken_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slide for each fault in BROKEN, and one that fetches a picture."""
    bodies = [f"# {title}\n\n{body}" for title, body in BROKEN.items()]
    bodies.append('# Fetches\n\n<img alt="none" src="http://127.0.0.1:9/picture.png">')
    markdown = "---\nmarp: true\ntheme: course\n---\n\n" + "\n\n---\n\n".join(bodies) + "\n"
    composed = slides.Composed(markdown, slides.theme(), {})
    path = tmp_path_factory.mktemp("decks") / "broken.html"
    path.write_bytes(slides.marp(composed))
    return path


def test_a_broken_deck_is_found_out(browser: Any, broken_deck: Path) -> None:
    _, faults, fetched = turn_over(browser, broken_deck)
    for number, fault in enumerate(BROKEN, start=1):
        assert any(text.startswith(fault + ":") for text in faults.get(number, [])), (number, fault, faults)
    assert fetched == ["http://127.0.0.1:9/picture.png"]
