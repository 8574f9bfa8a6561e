"""The sources of the decks: the committed pages are what they make, and every slide has what a lecturer needs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Event

import nbformat
import pytest

from course_utils import results, slides
from course_utils.course import Lab, load_course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author.check_lab import CheckedLab, look_at_deck, look_at_page
from course_utils.grading.author.decks import (
    built_complaints,
    deck_complaints,
    frame_complaints,
    given_away,
    overview_complaints,
    page_complaints,
    pages_of,
    slide_complaints,
)
from course_utils.viz import diagrams


@pytest.fixture
def marp(lacking: Callable) -> None:
    try:
        slides._install()
    except CourseError as error:
        lacking(f"The decks are compared by their stamp and not built anew: {error}")


each_lab = pytest.mark.parametrize("lab", load_course().labs, ids=lambda lab: lab.name)


@cache
def checked(lab: Lab) -> CheckedLab:
    """Drawing a deck's figures takes seconds: once is enough."""
    return CheckedLab(lab, slides.ROOT)


@each_lab
def test_deck_has_what_a_lecturer_needs(lab: Lab) -> None:
    assert look_at_deck(checked(lab)) == []


@each_lab
def test_committed_page_is_what_the_sources_make_and_opens_offline(lab: Lab) -> None:
    assert look_at_page(checked(lab)) == []


def test_the_pages_were_built_anew(marp: None) -> None:
    """Without marp the test above compares stamps alone."""
    assert slides.MARP.exists()


class TestOverview:
    """The first deck goes with no lab; all else that is asked of a deck is asked of it."""

    @pytest.fixture(scope="class")
    def composed(self) -> slides.Composed:
        return slides.compose(slides.OVERVIEW)

    def test_has_what_a_lecturer_needs(self, composed: slides.Composed) -> None:
        assert overview_complaints(lambda deck: composed) == []

    def test_page_is_what_the_sources_make_and_opens_offline(self, composed: slides.Composed) -> None:
        assert page_complaints(slides.OVERVIEW, lambda deck: composed) == []

    @each_lab
    def test_shows_no_solution(self, composed: slides.Composed, lab: Lab) -> None:
        source = nbk.read(checked(lab).source)
        assert list(given_away(source, pages_of(composed.markdown))) == []

    def test_reads_the_results_of_all_labs(self) -> None:
        recorded = slides._recorded(slides.OVERVIEW)
        assert recorded == {lab.name: results.load(lab.name) for lab in load_course().labs}

    def test_a_lab_that_it_does_not_know_stops_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        script = slides._figure_script(slides.OVERVIEW)
        monkeypatch.delitem(script.ANSWERED, "02_lora")
        with pytest.raises(CourseError, match="does not say what 02_lora answers: add it to ANSWERED"):
            script.labs()


def test_a_deck_for_the_course_and_one_for_each_lab() -> None:
    assert slides.decks() == [slides.OVERVIEW, *(lab.name for lab in load_course().labs)]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Hu, arXiv 2106.09685.", ["2106.09685"]),
        ("arXiv 2001.08361; 2203.15556 and 2410.21228.", ["2001.08361", "2203.15556", "2410.21228"]),
        ("arXiv 2001.08361, 2203.15556", ["2001.08361", "2203.15556"]),
        ("arXiv 0706.1234", ["0706.1234"]),
        ("It has 3407.87200 weights.", []),
        ("<!--\nSay: a -> b, arXiv 2106.09685.\n-->", []),
        ('<svg aria-label="arXiv 2106.09685"><text>arXiv 2106.09685</text></svg>', []),
        ('<a title="arXiv 2106.09685">a paper</a>', []),
        ("```python\n# arXiv 2106.09685\n```", []),
        ("`arXiv 2106.09685`", []),
        ("---\ntitle: arXiv 2106.09685\n---\n\nafter arXiv 2404.11018", ["2404.11018"]),
    ],
)  # fmt: skip
def test_numbers_of_papers_become_links(text: str, linked: list[str]) -> None:
    made = slides.link_papers(text)
    assert re.findall(r'href="https://arxiv\.org/abs/([^"]+)"', made) == linked
    assert re.sub(r'<a href="https://arxiv[^>]*>|(?<=\d)</a>', "", made) == text


def test_the_strip_lights_the_deck_and_names_all_lectures() -> None:
    strip = slides.where_we_are("02_lora")
    assert "The 7 lectures in a row: whole way, SFT masking, LoRA, " in strip
    assert "This one, LoRA, is lit." in strip
    assert "is lit" not in slides.where_we_are("07_made_up")
    many = diagrams.stops(["whole way", *(f"topic {n}" for n in range(1, 17))], here=3)
    assert ">topic 3<" in many  # no room for the others
    assert ">topic 4<" not in many


NOTES = "<!--\nSay: a.\nAsk: b.\nWatch: c.\n-->\n"
PLAN = "Minutes: 15 “question”, 30 “answer”, 45 “question”, 60 “answer”. When late, skip “answer”."
GOALS = '<svg aria-label="The 7 lectures in a row: a."></svg>\n\n1. a\n1. b\n1. c\n'
SECOND = f"# Goals\n{GOALS}{NOTES.replace('-->', PLAN)}\n-->\n"
LAST = f"# Last\n- [a](https://a.org)\n- [b](https://b.org)\n- [c](https://c.org)\n{NOTES}"
CODE_OF_13_LINES = "```python\n" + "x\n" * 13 + "```\n"
QUESTION, ANSWER = (f"<!-- _class: {kind} -->\n# {kind}\n{NOTES}" for kind in ("question", "answer"))
GOOD = [f"# Title\n{NOTES}", SECOND, *[QUESTION, ANSWER] * 3, LAST]


def test_slides_in_order_have_no_complaints() -> None:
    assert slide_complaints("deck", GOOD) == []
    assert frame_complaints("deck", GOOD) == []


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        (
            lambda pages: [pages[0].replace("# Title", "Title"), *pages[1:]],
            "deck, slide 1",
            "has no headline",
        ),
        (lambda pages: [pages[0].replace("Ask:", "Ask "), *pages[1:]], "deck, slide 1", "has no 'Ask:'"),
        (lambda pages: [pages[0] + CODE_OF_13_LINES, *pages[1:]], "deck, slide 1", "13 lines"),
        (
            lambda pages: [pages[0] + grown(1, 2), *pages[1:]],
            "deck, slide 1",
            "grows by 2 clicks, and its notes say",
        ),
        (
            lambda pages: [pages[0].replace("Say:", "Click: x. Say:"), *pages[1:]],
            "deck, slide 1",
            "grows by 0 clicks",
        ),
        (
            lambda pages: [pages[0] + '<div class="kind paper">Measured in the lab</div>', *pages[1:]],
            "deck, slide 1",
            "says 'Measured in the lab' over its headline",
        ),
        (lambda pages: pages[:-2], "deck, slide 7", "the next slide does not answer"),
        (lambda pages: pages[:6], "deck", "has 2 slides with a question"),
    ],
)
def test_what_a_slide_lacks_is_named(change: Callable, place: str, says: str) -> None:
    found = slide_complaints("deck", change(GOOD))
    assert any(complaint.place == place and says in complaint.what for complaint in found), found


@pytest.mark.parametrize(
    ("page", "old", "new", "place", "says"),
    [
        (1, "lectures in a row", "lectures", "deck, slide 2", "has no strip of the lectures"),
        (1, "1. c\n", "", "deck, slide 2", "has 2 learning goals, not 3"),
        (1, "Minutes: ", "When: ", "deck, slide 2", "has no plan in its notes"),
        (1, "45 “question”, ", "", "deck, slide 2", "plans the minutes (15, 30, 60)"),
        (1, " When late, skip “answer”.", "", "deck, slide 2", "does not say what to skip when late"),
        (1, "30 “answer”", "30 “an answer”", "deck, slide 2", "plans with “an answer”, which is no headline"),
        (8, "(https://c.org)", "", "deck, slide 9", "has 2 links to further reading, fewer than 3"),
    ],
)
def test_what_the_frame_lacks_is_named(page: int, old: str, new: str, place: str, says: str) -> None:
    assert old in GOOD[page]
    pages = [text.replace(old, new) if number == page else text for number, text in enumerate(GOOD)]
    [complaint] = frame_complaints("deck", pages)
    assert complaint.place == place
    assert says in complaint.what


NOTE = '<div class="bespoke-marp-note">Say: a.</div>'


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (f'{NOTE}<img src="https://example.org/x.png">', "refers to https://example.org/x.png"),
        (f"{NOTE}<style>b {{ background: url(x.png) }}</style>", "refers to x.png"),
        (f"{NOTE}<style>@import 'x'</style>", "refers to @import"),
        ("", "has 1 slides and speaker notes for 0"),
        (NOTE + NOTE, "speaker notes for 2"),
    ],
)
def test_what_a_page_lacks_is_named(page: str, says: str) -> None:
    [complaint] = built_complaints("page", page, 1)
    assert says in complaint.what


def test_a_page_in_order_has_no_complaints() -> None:
    page = f'{NOTE}<img src="data:image/png;base64,aGk="><a href="https://example.org">source</a>'
    assert built_complaints("page", page, 1) == []


class TestDeck:
    """deck_complaints sees each way in which a deck and its lab may disagree."""

    LAB = Lab("07_made_up", "Made up", 10, 5, 5)

    @pytest.fixture
    def write(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
        (tmp_path / "figures").mkdir()
        (tmp_path / "theme.css").write_text("", encoding="utf-8")
        monkeypatch.setattr(slides, "SLIDES", tmp_path)
        monkeypatch.setattr(slides.results, "load", lambda name: {})

        def check(headline="Made up", title="Lab 07: made up", shown="x", body="", drawn=("x",)) -> list[str]:
            figure = f'{{{{ figure("{shown}", alt="One two three four.") }}}}\n' if shown else ""
            first = f"# {headline}\n{figure}{body}\n{NOTES}"
            text = f'---\ntitle: "{title}"\n---\n' + "\n---\n".join([first, *GOOD[1:]])
            (tmp_path / "07_made_up.md").write_text(text, encoding="utf-8")
            draws = dict.fromkeys(drawn, "<svg></svg>")
            script = f"def draw(r): return {draws!r}"
            (tmp_path / "figures" / "07_made_up.py").write_text(script, encoding="utf-8")
            cell = nbformat.v4.new_code_cell(
                "def f(x):\n    ### BEGIN SOLUTION\n    return x * 2  # twice\n    ### END SOLUTION",
                metadata={"nbgrader": {"grade_id": "made_up-a-f", "solution": True, "grade": False}},
            )
            part = nbformat.v4.new_markdown_cell("## 1 · A part")
            given = nbformat.v4.new_code_cell("# once\nprint(f(3))")
            source = nbformat.v4.new_notebook(cells=[part, cell, given])
            return [str(complaint) for complaint in deck_complaints(self.LAB, source)]

        return check

    def test_in_order(self, write: Callable) -> None:
        assert write() == []
        assert write(body="{{ runs(1) }}\n```python\nprint(f(3))  # twice three\n```") == []

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"headline": "Something else"}, "begins with 'Something else', course.toml says 'Made up'"),
            ({"title": "Lab 08: made up"}, "has the title 'Lab 08: made up' in its front matter"),
            ({"drawn": ("x", "y")}, "draws 'y', which no slide shows"),
            ({"shown": "z"}, "does not build: slides/07_made_up.md, line 5: There is no figure 'z'"),
            ({"body": "```python\nreturn x*2\n```"}, "shows the solution of made_up-a-f"),
            ({"body": "TODO: say why."}, "is not finished: 'say why.'"),
            ({"body": "{{ runs(2) }}\n```python\nprint(f(3))\n```"}, "part 2 of the lab runs 'print(f(3))'"),
            ({"body": "{{ runs(1) }}\n```python\nreturn x*3\n```"}, "part 1 of the lab runs 'return x*3'"),
        ],
    )
    def test_out_of_order(self, write: Callable, change: dict, says: str) -> None:
        [complaint] = write(**change)
        assert says in complaint

    def test_missing(self, write: Callable, tmp_path: Path) -> None:
        write()
        (tmp_path / "figures" / "07_made_up.py").unlink()
        found = deck_complaints(self.LAB, nbformat.v4.new_notebook())
        assert str(found[0]).startswith("slides/figures/07_made_up.py is missing")
        (tmp_path / "07_made_up.md").unlink()
        [complaint] = deck_complaints(self.LAB, nbformat.v4.new_notebook())
        assert str(complaint).startswith("slides/07_made_up.md is missing")


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


@pytest.mark.parametrize(
    ("difference", "says"),
    [
        ([0.4, 0.2, 0.6], "above"),
        ([-0.4, -0.6, -0.2], "below"),
        ([0.2, -0.1, 0.5], "no clear difference"),
        ([0.0, 0.0, 0.0], "no clear difference"),
    ],
)
def test_a_difference_is_put_into_words(difference: list[float], says: str) -> None:
    assert slides.versus(difference) == says


def test_a_number_of_questions_may_be_none() -> None:
    assert slides.or_never(5400) == "5,400"
    assert slides.or_never(None) == "never"


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
        (
            '{{ figure("nothing", alt="one two three four") }}',
            "07_made_up.md, line 1: There is no figure 'nothing'",
        ),
        ("\n{{ nobody }}", "07_made_up.md, line 2: 'nobody' is undefined"),
        ('\n\n{{ claim("All is well", false) }}', "07_made_up.md, line 3: A slide says 'All is well'"),
        ("\n{{ r.accuracy }}", "07_made_up.md, line 2: r.accuracy is not in the recorded results"),
        ("line\n{% if %}", "07_made_up.md, line 2: "),
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


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("def draw(r):\n    return {'x': r.nothing}", "figures/07_made_up.py, line 2: r.nothing is not in"),
        ("def draw(r):\n\n    return {'x': 1 / 0}", "figures/07_made_up.py, line 3: ZeroDivisionError"),
        ("def draw(r)\n", "figures/07_made_up.py, line 1: SyntaxError"),
    ],
)
def test_a_mistake_in_a_figure_is_found_by_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, says: str
) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "07_made_up.py").write_text(script, encoding="utf-8")
    (tmp_path / "07_made_up.md").write_text("# one", encoding="utf-8")
    monkeypatch.setattr(slides, "SLIDES", tmp_path)
    with pytest.raises(CourseError) as caught:
        slides.compose("07_made_up", {})
    assert says in str(caught.value)


def grown(*clicks: int) -> str:
    """The page of a figure with one part for each click."""
    canvas = diagrams.Canvas(50)
    for click in clicks:
        with canvas.step(click):
            canvas.text(0, 0, "x")
    return slides._figure_function({"x": canvas.svg()})("x", "One two three four.")


def test_a_figure_that_grows_has_a_fragment_for_each_click() -> None:
    assert "fragment" not in grown(0)
    assert re.findall('data-marpit-fragment="(.)"', grown(0, 2, 1, 2)) == ["1", "2"]
    with pytest.raises(
        CourseError, match=r"'x' grows with the clicks 1, 3: count them from 1, without gaps, up to 3"
    ):
        grown(1, 3)
    with pytest.raises(CourseError, match="grows with the clicks 1, 2, 3, 4"):
        grown(1, 2, 3, 4)


def test_artists_of_a_plot_come_with_a_click_too() -> None:
    figure, axes = diagrams.plot(200)
    axes.plot([0, 1], [0, 1], gid="step-1")
    axes.plot([0, 1], [1, 0], gid="step-1")
    assert diagrams.to_svg(figure).count('class="step-1"') == 2


@pytest.mark.parametrize("deck", slides.decks()[:6])
def test_pictures_grow_and_code_runs(deck: str) -> None:
    """At least two figures a lecture grow, one in the first, and one block of code stands in the lab."""
    text = (slides.SLIDES / f"{deck}.md").read_text(encoding="utf-8")
    svgs = [path.read_text(encoding="utf-8") for path in (slides.SLIDES / "figures" / deck).glob("*.svg")]
    growing = sum('class="step-2"' in svg for svg in svgs)
    assert growing >= (1 if deck == slides.OVERVIEW else 2)
    assert ("{{ runs(" in text) == (deck != slides.OVERVIEW)


def test_a_screen_reader_gets_mathml(marp: None) -> None:
    page = slides.marp(
        slides.Composed("---\nmarp: true\nmath: mathjax\n---\n\n$\\frac{1}{x}$\n", "", {})
    ).decode()
    assert "<mfrac><mn>1</mn><mi>x</mi></mfrac>" in page
    assert '<svg aria-hidden="true"' in page


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
    clips = '<svg><defs><clipPath id="p{0}"/><clipPath id="p{1}"/></defs><g clip-path="url(#p{1})"/></svg>'
    tidied = slides.tidy_svg(clips.format("12ab", "34cd"))
    assert 'id="clip1"/><clipPath id="clip2"' in tidied
    assert "url(#clip2)" in tidied
    assert tidied == slides.tidy_svg(clips.format("99ff", "00aa"))  # another machine's names


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


class TestLive:
    @pytest.fixture
    def deck(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        for name in ("marp.config.mjs", "theme.css"):
            (tmp_path / name).write_bytes((slides.SLIDES / name).read_bytes())
        monkeypatch.setattr(slides, "SLIDES", tmp_path)
        monkeypatch.setattr(slides.results, "load", lambda name: {})
        return tmp_path / "07_made_up.md"

    def test_follows_the_sources_and_survives_a_mistake(
        self, deck: Path, marp: None, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture
    ) -> None:
        head, folder, done = (
            "---\nmarp: true\ntheme: course\n---\n\n",
            tmp_path_factory.mktemp("live"),
            Event(),
        )
        page, said = folder / "deck.html", []

        def becomes(holds: Callable[[], bool]) -> bool:
            until = time.monotonic() + 60
            while not holds() and time.monotonic() < until:
                time.sleep(0.1)
            return holds()

        def shows(words: str) -> bool:
            return page.is_file() and words in page.read_text(encoding="utf-8")

        def complains() -> bool:
            said.append(capfd.readouterr().err)
            return "'nobody' is undefined" in "".join(said)

        deck.write_text(f"{head}# one", encoding="utf-8")
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(slides.live, deck.stem, folder, done.is_set)
            try:
                assert becomes(lambda: shows("one</h1>"))
                deck.write_text(f"{head}# {{{{ nobody }}}}", encoding="utf-8")
                assert becomes(complains)
                assert shows("one</h1>")
                deck.write_text(f"{head}# two", encoding="utf-8")
                assert becomes(lambda: shows("two</h1>"))
            finally:
                done.set()
            assert running.result(timeout=30) is None

    def test_unknown_or_none(self, deck: Path, capsys: pytest.CaptureFixture) -> None:
        deck.write_text("# one", encoding="utf-8")
        assert slides.main(["live", "08_none"]) == 1
        assert "There is no deck '08_none': the decks are 07_made_up." in capsys.readouterr().err
        assert slides.main(["live"]) == 1
        assert "Name one deck to see live: 07_made_up." in capsys.readouterr().err


class TestCheck:
    """check must see every way in which a page can be out of date. A copy of the real deck is put out of date."""

    @pytest.fixture
    def copy(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
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

    def test_a_page_edited_by_hand(self, copy: Path, marp: None) -> None:
        path = copy / "01_sft_masking.html"
        path.write_bytes(path.read_bytes().replace(b"The toy, in full", b"The toy, in part"))
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
