"""The sources of the decks: the committed pages are what they make, and every slide has what a lecturer needs."""

from __future__ import annotations

import functools
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_utils import results, slides
from course_utils.errors import CourseError

DECKS = slides.decks()
NOTE = re.compile(r"<!--(?!\s*_)(.*?)-->", re.DOTALL)
CODE = re.compile(r"^```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)


@functools.cache
def composed(deck: str) -> slides.Composed:
    """The deck before marp; its figures are drawn once for all tests that only read it."""
    return slides.compose(deck)


def pages(deck: str) -> list[str]:
    """The Markdown of each slide, numbers and figures put in, without the front matter."""
    markdown = composed(deck).markdown
    return re.split(r"^---$", markdown.split("\n---\n", 1)[1], flags=re.MULTILINE)


def test_there_is_a_deck() -> None:
    assert "01_sft_masking" in DECKS


@pytest.mark.parametrize("deck", DECKS)
def test_committed_page_is_what_the_sources_make(deck: str) -> None:
    slides.check(deck)


@pytest.mark.parametrize("deck", DECKS)
def test_page_asks_for_nothing_outside_itself(deck: str) -> None:
    page = (slides.SLIDES / f"{deck}.html").read_text(encoding="utf-8")
    tags = r"<(?:img|script|link|iframe|source|video|audio|use|image)\b[^>]*?\b(?:src|href)="
    outside = r"""["']?(?!data:|#)([^"'\s)>]{1,80})"""
    fetched = re.findall(tags + outside, page) + re.findall(r"url\(" + outside, page)
    assert not fetched, f"{deck}.html refers to {fetched[:3]}"
    assert "@import" not in page


@pytest.mark.parametrize("deck", DECKS)
def test_every_slide_has_a_headline_and_notes(deck: str) -> None:
    for number, page in enumerate(pages(deck), start=1):
        assert re.search(r"^# \S", page, re.MULTILINE), f"slide {number} has no headline"
        notes = " ".join(NOTE.findall(page))
        for part in ("Say:", "Ask:", "Watch:"):
            assert part in notes, f"slide {number} has no {part!r} in its speaker notes"


@pytest.mark.parametrize("deck", DECKS)
def test_notes_reach_the_presenter_view(deck: str) -> None:
    page = (slides.SLIDES / f"{deck}.html").read_text(encoding="utf-8")
    notes = re.findall(r'class="bespoke-marp-note"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert len(notes) == len(pages(deck))
    assert all("Say:" in note for note in notes)


@pytest.mark.parametrize("deck", DECKS)
def test_every_question_is_answered_on_the_next_slide(deck: str) -> None:
    kinds = [re.findall(r"_class: (\w+)", page) for page in pages(deck)]
    for number, kind in enumerate(kinds):
        if "question" in kind:
            assert "answer" in kinds[number + 1], (
                f"slide {number + 1} asks; slide {number + 2} does not answer"
            )
    assert sum("question" in kind for kind in kinds) >= 3


@pytest.mark.parametrize("deck", DECKS)
def test_code_is_short(deck: str) -> None:
    for number, page in enumerate(pages(deck), start=1):
        for code in CODE.findall(page):
            assert code.count("\n") <= 12, f"slide {number} shows {code.count(chr(10))} lines of code"


@pytest.mark.parametrize("deck", DECKS)
def test_no_slide_gives_away_a_solution(deck: str) -> None:
    notebook = json.loads((slides.ROOT / "solutions" / deck / f"{deck}.ipynb").read_text(encoding="utf-8"))
    text = _squeezed("\n".join(pages(deck)))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        for body in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, re.DOTALL):
            assert _squeezed(body) not in text, f"the deck shows {cell['metadata']['nbgrader']['grade_id']}"


@pytest.mark.parametrize("deck", DECKS)
def test_every_drawn_figure_is_shown(deck: str) -> None:
    text = (slides.SLIDES / f"{deck}.md").read_text(encoding="utf-8")
    for name in composed(deck).figures:
        assert f'figure("{name}"' in text, f"{name} is drawn and not shown"


def test_a_missing_result_is_named() -> None:
    recorded = slides.Recorded({"after": {"accuracy": 0.5}}, "r")
    assert slides.percent(recorded.after.accuracy) == "50 %"
    with pytest.raises(
        CourseError, match=r"r\.after\.acuracy is not in the recorded results: it has accuracy"
    ):
        _ = recorded.after.acuracy
    with pytest.raises(CourseError, match=r"r\.after is a group of numbers"):
        str(recorded.after)


def test_a_claim_must_hold() -> None:
    assert slides.claim("Masking helps", True) == "Masking helps"
    with pytest.raises(CourseError, match="'Masking helps', and the recorded results no longer bear it out"):
        slides.claim("Masking helps", False)


def test_a_deck_without_its_number_does_not_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "07_made_up.md").write_text("# {{ r.accuracy | percent }}", encoding="utf-8")
    (tmp_path / "theme.css").write_text("/* @theme course */", encoding="utf-8")
    monkeypatch.setattr(slides, "SLIDES", tmp_path)
    assert slides.compose("07_made_up", {"accuracy": 0.25}).markdown == "# 25 %"
    with pytest.raises(CourseError, match=r"r\.accuracy is not in the recorded results"):
        slides.compose("07_made_up", {"speed": 1})
    with pytest.raises(CourseError, match=r"07_made_up\.json"):
        slides.compose("07_made_up")
    with pytest.raises(CourseError, match="There is no deck '08_none': the decks are 07_made_up"):
        slides.compose("08_none")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{{ figure("nothing", alt="one two three four") }}', "There is no figure 'nothing'"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("line\n{% if %}", "line 2"),
    ],
)
def test_a_mistake_in_a_deck_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, says: str
) -> None:
    (tmp_path / "07_made_up.md").write_text(body, encoding="utf-8")
    monkeypatch.setattr(slides, "SLIDES", tmp_path)
    with pytest.raises(CourseError) as caught:
        slides.compose("07_made_up", {})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_figure_needs_an_alt_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "07_made_up.py").write_text(
        "def draw(r): return {'x': '<svg></svg>'}", encoding="utf-8"
    )
    (tmp_path / "theme.css").write_text("", encoding="utf-8")
    monkeypatch.setattr(slides, "SLIDES", tmp_path)
    for alt, fine in (("a plot", False), ("Accuracy rises with every seed.", True)):
        (tmp_path / "07_made_up.md").write_text(f'{{{{ figure("x", alt="{alt}") }}}}', encoding="utf-8")
        if fine:
            assert f'aria-label="{alt}"' in slides.compose("07_made_up", {}).markdown
        else:
            with pytest.raises(CourseError, match="needs an alt text"):
                slides.compose("07_made_up", {})


def test_matplotlib_styles_stay_inside_their_figure() -> None:
    svg = (
        '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg width="3">\n <metadata>x</metadata>\n <defs>\n'
        '  <style type="text/css">*{stroke-linejoin: round}</style>\n </defs>\n <path id="a"/>\n</svg>\n'
    )
    assert slides.tidy_svg(svg) == '<svg width="3"> <path id="a"/> </svg>'


def test_npm_runs_once_though_two_ask_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two workers of pytest, or two people: the second waits for all of the installation, not for its first file."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho called >> calls\ntouch marp\nsleep 1\ntouch fonts\n")
    npm.chmod(0o755)
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    monkeypatch.setattr(slides, "MARP", tmp_path / "marp")
    monkeypatch.setattr(slides.shutil, "which", lambda name: str(npm))

    def whole(_: int) -> bool:
        slides._install()
        return (tmp_path / "fonts").exists()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(whole, range(3))) == [True] * 3
    assert (tmp_path / "calls").read_text() == "called\n"


class TestCheck:
    """check must see every way in which a page can be out of date. A copy of the real deck is put out of date."""

    @pytest.fixture
    def copy(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        deck = "01_sft_masking"
        recorded = results.load(deck)
        monkeypatch.setattr(slides.results, "load", lambda name: json.loads(json.dumps(recorded)))
        for path in slides.SLIDES.rglob("*"):
            if path.is_file() and path.suffix in (".md", ".html", ".css", ".mjs", ".svg", ".py"):
                target = tmp_path / path.relative_to(slides.SLIDES)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        monkeypatch.setattr(slides, "SLIDES", tmp_path)
        return tmp_path

    def refuse(self, says: str) -> None:
        with pytest.raises(CourseError, match=says):
            slides.check("01_sft_masking")

    def test_a_changed_word(self, copy: Path) -> None:
        path = copy / "01_sft_masking.md"
        path.write_text(path.read_text(encoding="utf-8").replace("loss", "Loss", 1), encoding="utf-8")
        self.refuse("made from other sources")

    def test_a_changed_theme(self, copy: Path) -> None:
        with (copy / "theme.css").open("a", encoding="utf-8") as file:
            file.write("\nh1 { color: red; }\n")
        self.refuse("made from other sources")

    def test_a_page_edited_by_hand(self, copy: Path) -> None:
        path = copy / "01_sft_masking.html"
        path.write_bytes(path.read_bytes().replace(b"Four questions", b"Five questions"))
        self.refuse("not what marp makes")

    def test_a_figure_edited_by_hand(self, copy: Path) -> None:
        path = copy / "figures" / "01_sft_masking" / "shift.svg"
        path.write_text(path.read_text(encoding="utf-8").replace("input_ids", "inputs"), encoding="utf-8")
        self.refuse("shift.svg is not what its script draws")

    def test_a_figure_that_nobody_draws(self, copy: Path) -> None:
        (copy / "figures" / "01_sft_masking" / "old.svg").write_text("<svg></svg>\n", encoding="utf-8")
        self.refuse("old.svg is not what its script draws")

    def test_a_missing_page(self, copy: Path) -> None:
        (copy / "01_sft_masking.html").unlink()
        self.refuse("is missing")

    def test_where_marp_cannot_be_had(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slides, "MARP", copy / "no" / "marp")
        monkeypatch.setattr(slides.shutil, "which", lambda name: None)
        monkeypatch.delenv("CI", raising=False)
        slides.check("01_sft_masking")
        monkeypatch.setenv("CI", "true")
        self.refuse("CI must build the decks again, and cannot: npm is missing")


def _squeezed(text: str) -> str:
    """Text without white space and comments, so that layout hides nothing."""
    return re.sub(r"\s+", "", re.sub(r"(?m)#.*$", "", text))
