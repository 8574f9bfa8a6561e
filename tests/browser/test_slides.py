"""Every slide, as a browser lays it out at 1280×720: nothing overflows, nothing is small, nothing is fetched.

And the same pages by clicks, on paper, on a phone and to a screen reader.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from course_utils import slide_pages, slides
from course_utils.slide_pages import pdf, show, turn_over


@pytest.mark.parametrize("deck", slides.decks())
def test_every_slide_fits_and_can_be_read(browser: Any, deck: str) -> None:
    count, faults, fetched = turn_over(browser, slides.SLIDES / f"{deck}.html")
    assert 20 <= count <= 36, f"{deck} has {count} slides; a lecture of 60 to 75 minutes needs 20 to 36"
    assert not faults, "\n".join(f"slide {n}: {fault}" for n, found in faults.items() for fault in found)
    assert not fetched, f"the deck fetches {fetched}"


BROKEN = {
    "slide overflows": "\n\n".join(f"Line {n} of too many." for n in range(30)),
    "text wider than its box": "```python\n" + "x = " + " + ".join(["a_long_name"] * 12) + "\n```",
    "small text": '<p style="font-size: 25px">Nobody in the last row can read this.</p>',
    "small text: A source": '<div class="source" style="font-size: 21px">A source, too small.</div>',
    "small text in a figure": '<figure class="drawn"><svg viewBox="0 0 400 100" width="360" height="90">'
    '<text x="10" y="50" font-size="24">scaled down to 21.6</text></svg></figure>',
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
    path.with_suffix(".md").write_text(markdown, encoding="utf-8")
    return path


def test_a_broken_deck_is_found_out(browser: Any, broken_deck: Path) -> None:
    _, faults, fetched = turn_over(browser, broken_deck)
    for number, fault in enumerate(BROKEN, start=1):
        assert any(text.startswith(fault) for text in faults.get(number, [])), (number, fault, faults)
    assert fetched == ["http://127.0.0.1:9/picture.png"]


def test_the_build_names_file_and_line(
    browser: Any, broken_deck: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(slide_pages, "chromium", lambda: nullcontext(browser))
    source = broken_deck.with_suffix(".md").read_text(encoding="utf-8").splitlines()
    monkeypatch.setattr(slides, "SLIDES", broken_deck.parent)
    assert slides.look(["broken"]) == 1
    said = capsys.readouterr().err.splitlines()
    [small] = [line for line in said if "Nobody in the last row" in line]
    found = re.match(r"slides/broken\.md, line (\d+): small text: ", small)
    assert found
    assert source[int(found[1])].startswith("# small text")  # the line after the empty one


@pytest.fixture
def open_deck(browser: Any) -> Any:
    """open_deck(name, width, height) gives a page with this deck."""
    pages = []

    def open_page(deck: str, width: int = 1280, height: int = 720) -> Any:
        page = browser.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.goto((slides.SLIDES / f"{deck}.html").as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()


SEEN = """() => [...document.querySelectorAll("svg.bespoke-marp-active [class^=step-]")]
  .filter((part) => getComputedStyle(part).visibility == "visible").map((part) => part.getAttribute("class"))"""


def test_a_figure_grows_click_by_click(open_deck: Any) -> None:
    page = open_deck("01_sft_masking")
    growing = "document.querySelectorAll('section:has([data-marpit-fragment=\"3\"])')[0].id"
    number = int(page.evaluate(growing))
    show(page, number)
    for click in range(4):
        assert set(page.evaluate(SEEN)) == {f"step-{n}" for n in range(1, click + 1)}
        assert page.evaluate("location.hash") == f"#{number}"
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"location.hash === '#{number + 1}'")


@pytest.mark.parametrize("deck", ["01_sft_masking", "05_scaling_laws"])
def test_on_paper_every_slide_is_a_page_and_figures_are_whole(
    browser: Any, open_deck: Any, tmp_path: Path, deck: str
) -> None:
    count = open_deck(deck).evaluate("document.querySelectorAll('svg.bespoke-marp-slide').length")
    plain, with_notes = pdf(browser, slides.SLIDES / f"{deck}.html", tmp_path)

    def boxes(path: Path) -> list[bytes]:
        return re.findall(rb"/MediaBox \[0 0 ([\d.]+ [\d.]+)\]", path.read_bytes())

    assert boxes(plain) == [b"960 540"] * count
    assert set(boxes(with_notes)) == {b"594.95996 841.91998"}  # A4
    assert count <= len(boxes(with_notes)) <= count + 2
    page = open_deck(deck)
    page.emulate_media(media="print")
    hidden = "[...document.querySelectorAll('[class^=step-]')].filter(p => getComputedStyle(p).visibility != 'visible')"
    assert page.evaluate(f"{hidden}.length") == 0


@pytest.mark.parametrize("deck", slides.decks())
def test_a_phone_shows_the_notes_below_each_slide(open_deck: Any, deck: str) -> None:
    page = open_deck(deck, 390, 844)
    page.wait_for_selector("html.article")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    found = page.evaluate(
        """[...document.querySelectorAll(".bespoke-marp-note")].map((note) => {
             const box = note.getBoundingClientRect(), slide = note.previousElementSibling.getBoundingClientRect();
             const sizes = [note, ...note.querySelectorAll("*")].map((e) => parseFloat(getComputedStyle(e).fontSize));
             const below = box.top - slide.bottom, shape = slide.width / slide.height;
             return [shape, slide.width, below, box.right, note.innerText, Math.min(...sizes)];
           })"""
    )
    assert len(found) == page.evaluate("document.querySelectorAll('svg.bespoke-marp-slide').length")
    for shape, width, below, right, words, size in found:
        assert shape == pytest.approx(16 / 9)
        assert width == 390
        assert 0 <= below < 20
        assert right <= 390
        assert "Say:" in words
        assert size >= 16
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_selector("html:not(.article) svg.bespoke-marp-active")


def test_a_screen_reader_gets_each_formula(open_deck: Any) -> None:
    page = open_deck("02_lora")
    for number, roles, words in [
        (6, {"MathMLMath", "MathMLUnder", "MathMLSub"}, {"Δ", "𝑊", "𝐵", "𝐴", "weights", "𝑟", "out", "in"}),
        (14, {"MathMLMath", "MathMLFraction"}, {"𝛼", "𝑟"}),
    ]:
        show(page, number)
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        heard = [node for node in tree if not node["ignored"]]
        assert roles <= {node["role"]["value"] for node in heard}
        assert words <= {node["name"]["value"] for node in heard if node["role"]["value"] == "StaticText"}
