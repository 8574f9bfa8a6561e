"""The documentation as `make docs` builds it: no warning, no dead link, and nothing asked of the network."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
ELSEWHERE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^"')\s]+""")


class Page(HTMLParser):
    """ids: what a link may lead to. links: (tag, address) of all that the page points to or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        facts = dict(attributes)
        self.ids |= {facts[name] or "" for name in ("id", "name") if name in facts}
        self.links += [(tag, facts[name] or "") for name in ("href", "src", "action") if name in facts]


def problems(site: Path) -> Iterator[str]:
    """Links of a site that lead nowhere, and what its pages would fetch from elsewhere, a sentence each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for tag, address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if tag != "a" and parts.scheme != "data":
                    yield f"{path.name} loads {address}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                yield f"{path.name} links to {address}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                yield f"{path.name} links to {address}, which has no such place"
    for sheet in site.rglob("*.css"):
        yield from (f"{sheet.name} has {found}" for found in ELSEWHERE.findall(sheet.read_text()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    argv = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(ROOT / "docs"), str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_link_leads_somewhere_and_nothing_comes_from_elsewhere(site: Path) -> None:
    assert list(problems(site)) == []


def test_every_page_is_in_the_menu(site: Path) -> None:
    menu = Page((site / "index.html").read_text(encoding="utf-8"))
    assert {f"{name}.html" for name in PAGES} - {"index.html"} <= {address for _, address in menu.links}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_by_double_click(site: Path, look, name: str) -> None:
    seen = look(site / f"{name}.html")
    assert seen.page.locator("h1").count() == 1
    assert [address for address in seen.requests if not address.startswith(("file:", "data:"))] == []
    assert seen.console == []


def test_search_needs_no_server(site: Path, look) -> None:
    page = look(site / "index.html").page
    page.goto(f"{(site / 'search.html').as_uri()}?q=landlock")
    page.locator("#search-results a", has_text="The sandbox").first.wait_for(timeout=10_000)


def test_the_pictures_are_what_their_script_draws() -> None:
    folder = ROOT / "docs" / "figures"
    drawn = runpy.run_path(str(ROOT / "docs" / "figures.py"))["draw"]()
    kept = {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in folder.glob("*.svg")}
    assert kept == drawn, "run `make docs` and commit docs/figures/"


def test_what_is_wrong_with_a_site_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<h1 id='here'>x</h1>")
    (tmp_path / "page.html").write_text(
        "<a href='other.html#here'>fine</a><a href='https://example.org/'>fine</a>"
        "<a href='gone.html'>x</a><a href='other.html#there'>x</a><a href='#nowhere'>x</a>"
        "<script src='https://example.org/x.js'></script>"
    )
    (tmp_path / "style.css").write_text("@import '//example.org/a.css'; p { background: url(local.png) }")
    assert sorted(sentence.split(" ", 1)[1].split(",")[0] for sentence in problems(tmp_path)) == [
        "has @import '//example.org/a.css",
        "links to #nowhere",
        "links to gone.html",
        "links to other.html#there",
        "loads https://example.org/x.js",
    ]
