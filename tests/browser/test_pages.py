"""Feedback and report in a real browser: nothing runs, nothing is fetched, everyone can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.grading.pages.feedback import write_feedback
from course_utils.grading.pages.report import write_report

# Each would set the title, open a dialog or fetch something if it were markup.
EVIL = (
    "<script>document.title = 'owned'; alert(1)</script>"
    "<img src=x onerror=\"document.title='owned'\">"
    "<svg onload=alert(2)></svg>"
    "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>"
    "</title></style></dd><a href='javascript:alert(3)'>click</a>"
    "<style>body{display:none}</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>"
)

# Wider than any phone.
WIDE = " $$" + " + ".join(rf"\frac{{a_{{{i}}}}}{{b_{{{i}}}}}" for i in range(40)) + "$$"

# The lowest contrast of any text on the page with what is behind it, and that text. SVG text is left out:
# what lies under it is another shape, not its ancestor.
LOWEST_CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  let lowest = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('svg, style, .sr')) continue;
    const [a, b] = [light(rgba(getComputedStyle(parent).color)), light(behind(parent))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < lowest[0]) lowest = [contrast, node.data.trim()];
  }
  return lowest;
}"""

# Pictures without a name, links without words, ids that stand twice, names that point nowhere.
UNNAMED = """() => [
  ...[...document.querySelectorAll('[role=img], svg:not(svg svg), img')]
      .filter((e) => !e.getAttribute('aria-label') && !e.getAttribute('alt')).map((e) => 'no text: ' + e.outerHTML),
  ...[...document.querySelectorAll('a')].filter((e) => !e.textContent.trim()).map((e) => 'no words: ' + e.outerHTML),
  ...[...document.querySelectorAll('[aria-labelledby]')]
      .filter((e) => !document.getElementById(e.getAttribute('aria-labelledby'))).map((e) => 'no label: ' + e.id),
  ...[...document.querySelectorAll('a[href^="#"]')]
      .filter((e) => !document.getElementById(e.getAttribute('href').slice(1))).map((e) => 'no target: ' + e.outerHTML),
  ...[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, ids) => ids.indexOf(id) !== i),
]"""


@pytest.fixture
def pages(records, folders) -> dict[str, object]:
    """A small class with every state in it, and a hostile student. The lab is the real one, so links lead to it."""
    folders = replace(folders, solutions=Path(__file__).resolve().parents[2] / "solutions")
    results = [
        records.result("amara_okafor"),
        records.result(
            "ben_novak", labels={"state": "not attempted"}, chat={"state": "not run", "message": "No time."}
        ),
        records.result(
            "chiara_rossi", labels=records.wrong(), repairs=["A test cell was missing; put back."]
        ),
        records.result(
            "mallory",
            labels={"state": "failed", "what": EVIL, "message": EVIL, "hint": EVIL, "title": EVIL},
            chat={"state": "failed", "what": "x" * 400 + WIDE, "message": "y" * 3000, "hidden": True},
            flags=[records.flag(reason=EVIL, detail=EVIL)],
            repairs=[EVIL],
        ),
    ]
    feedback = write_feedback(results, folders)
    return {"report": write_report(results, folders)} | {path.parts[-3]: path for path in feedback}


@pytest.mark.parametrize("name", ["mallory", "report"])
def test_what_a_student_wrote_is_shown_and_does_not_run(pages, look, name):
    seen = look(pages[name])
    seen.page.wait_for_timeout(200)
    assert "owned" not in seen.page.title()
    assert seen.dialogs == []
    assert seen.requests == [pages[name].as_uri()]
    assert seen.page.url == pages[name].as_uri()
    # Not only stopped by the page's policy: it never was markup.
    assert seen.page.locator("script, iframe, img, a[href^=javascript]").count() == 0
    assert seen.console == []
    assert seen.page.get_by_text("<script>document.title = 'owned'; alert(1)</script>").first.is_visible()


def test_should_markup_ever_get_through_the_policy_stops_it(pages, look):
    page = pages["mallory"]
    page.write_text(
        page.read_text().replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace("&#39;", "'")
    )
    # A policy does not stop a refresh, and after one there is nothing left to look at.
    page.write_text(page.read_text().replace("http-equiv=refresh", "name=refresh"))
    seen = look(page)
    seen.page.wait_for_timeout(200)
    assert seen.page.locator("script").count() > 0
    assert "owned" not in seen.page.title()
    assert seen.dialogs == []
    assert any("Content Security Policy" in line for line in seen.console)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("name", ["chiara_rossi", "mallory", "report"])
def test_a_page_fits_its_screen(pages, look, name, width, scheme):
    seen = look(pages[name], width, scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = seen.page.evaluate(
        "[...document.querySelectorAll('p, dd, li, td, text')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ben_novak", "chiara_rossi", "report"])
def test_text_stands_out_from_what_is_behind_it(pages, look, name, scheme):
    contrast, text = look(pages[name], scheme=scheme).page.evaluate(LOWEST_CONTRAST)
    assert contrast >= 4.5, f"{text!r}: {contrast:.2f}"


@pytest.mark.parametrize("name", ["ben_novak", "chiara_rossi", "mallory", "report"])
def test_pictures_links_and_regions_have_names(pages, look, name):
    page = look(pages[name]).page
    assert page.evaluate(UNNAMED) == []
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"


def test_dark_and_light_differ_and_print_is_light(pages, look):
    page = look(pages["report"], scheme="dark").page
    background = "getComputedStyle(document.body).backgroundColor"
    dark = json.dumps(page.evaluate(background))
    page.emulate_media(media="print")
    printed = page.evaluate(background)
    assert printed == "rgb(255, 255, 255)"
    assert dark != json.dumps(printed)


def test_a_feedback_page_leads_to_the_lab_and_asks_for_nothing(pages, look):
    seen = look(pages["chiara_rossi"], 390)
    links = seen.page.locator("a", has_text="open in JupyterLab")
    assert links.count() == 3
    address = links.nth(1).get_attribute("href")
    assert address.endswith(
        "/lab/tree/labs/01_sft_masking/01_sft_masking.ipynb#Exercise-3-%C2%B7-Mask-the-prompt"
    )
    assert seen.page.get_by_text("3 · Labels: what is in the loss").first.is_visible()
    assert seen.requests == [pages["chiara_rossi"].as_uri()]


def test_a_formula_wider_than_the_screen_scrolls_by_itself(pages, look):
    page = look(pages["mallory"], 390).page
    inside, whole = page.evaluate(
        "(e => [e.clientWidth, e.scrollWidth])(document.querySelector('math[display=block]'))"
    )
    assert inside < 390 < whole


def test_a_report_leads_to_a_feedback_page(pages, look):
    page = look(pages["report"]).page
    page.locator("tbody a", has_text="chiara_rossi").click()
    assert page.url == pages["chiara_rossi"].as_uri()
    assert page.get_by_text("not yet right").is_visible()
