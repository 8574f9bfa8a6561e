"""A real Chromium, started once, that notes whatever a page asks for or says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course_utils import slide_pages


@dataclass
class Seen:
    """An open page and what it did: addresses asked for, dialogs opened, words on its console."""

    page: object
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")  # one Playwright at a time: other modules start theirs
def browser(lacking) -> Iterator[object]:
    try:
        with slide_pages.chromium() as chromium:
            yield chromium
    except slide_pages.Missing as error:
        lacking(str(error))


@pytest.fixture
def look(browser) -> Iterator[Callable[..., Seen]]:
    """look(path, width=1280, scheme="light") opens a file as a person would by double-click."""
    contexts = []

    def open_page(path: Path, width: int = 1280, scheme: str = "light") -> Seen:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.console.append(message.text))
        seen.page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        seen.page.goto(path.as_uri())
        return seen

    yield open_page
    for context in contexts:
        context.close()
