"""A released lab in the JupyterLab of `make lab`: what is folded, what is left out, what each button says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from course_utils.grading.pages.places import links, read_places
from course_utils.grading.paths import CoursePaths

ROOT = Path(__file__).resolve().parents[2]
LAB = "02_lora"
PATIENCE = 60_000  # milliseconds; a busy machine draws a page slowly


def small_lab() -> nbformat.NotebookNode:
    """Two exercises without torch, one of them wrong; a kernel runs it in a second."""
    marks = {"grade": False, "solution": True, "locked": False}
    tests = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "task": False,
    }
    cells = []
    for name, answer, expected in (("double", 4, 4), ("triple", 5, 6)):
        solution = {"nbgrader": {**marks, "grade_id": f"lora-a-{name}"}, "course": {"title": name.title()}}
        cells.append(new_code_cell(f"def {name}():\n    return {answer}", metadata=solution))
        check = (
            f"assert {name}() == {expected}, 'it is <b>{answer}</b>, expected {expected}'\n"
            + "# more\n" * 200
        )
        cells.append(
            new_code_cell(check, metadata={"nbgrader": {**tests, "grade_id": f"lora-a-{name}-tests"}})
        )
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The server that `make lab` starts, on what students get of one lab, and a small one."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "labs" / LAB, folder / "labs" / LAB)
    (folder / "slides").mkdir()
    shutil.copy2(ROOT / "slides" / f"{LAB}.html", folder / "slides")
    nbformat.write(small_lab(), folder / "labs" / "small.ipynb")
    home = tmp_path_factory.mktemp("jupyter")
    said = subprocess.check_output(["make", "-n", "lab"], cwd=ROOT, text=True)
    setting, _, *options = shlex.split(said[said.index("JUPYTER_CONFIG_PATH=") :].replace("\\\n", " "))
    assert setting.startswith("JUPYTER_CONFIG_PATH=")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "JUPYTER_CONFIG_PATH": setting.partition("=")[2],
        **{f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("runtime", "config", "data")},
        **{f"JUPYTERLAB_{name.upper()}_DIR": str(home / name) for name in ("settings", "workspaces")},
    }
    argv = [sys.executable, "-m", "jupyter", *options, "--no-browser", "--allow-root", "--port=0"]
    log = (home / "log").open("w")
    server = subprocess.Popen(
        [*argv, "--IdentityProvider.token=open"], cwd=folder, env=environment, stdout=log, stderr=log
    )
    try:
        deadline = time.monotonic() + 120
        while "is running at" not in (home / "log").read_text():
            assert server.poll() is None, (home / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.2)
        (found,) = (home / "runtime").glob("jpserver-*.json")
        yield json.loads(found.read_text())["url"]
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture
def open_page(address, browser) -> Iterator[object]:
    """open_page(place): a page of JupyterLab, for example open_page("tree/labs/small.ipynb")."""
    contexts = []

    def opened(place: str) -> object:
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}lab/{place}?token=open&reset")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_lab_opens_folded_without_what_only_teachers_use_and_leads_to_its_deck(open_page):
    page = open_page(f"tree/labs/{LAB}/{LAB}.ipynb")
    tests = page.locator(".jp-Cell", has_text="# @title Tests of exercise 1 · ").first
    tests.wait_for(state="attached")
    tests.scroll_into_view_if_needed()
    page.wait_for_function("cell => cell.getBoundingClientRect().height < 80", arg=tests.element_handle())
    assert "checks." not in tests.inner_text()
    tests.locator(".jp-Placeholder-contentContainer").first.click()
    tests.get_by_text("checks.").first.wait_for()
    assert page.get_by_text("Validate", exact=True).count() == 1
    for word in ("Formgrader", "Create Assignment", "Assignment List", "Nbgrader"):
        assert page.get_by_text(word).count() == 0, word
    page.locator(".jp-Cell a", has_text="deck 02").first.evaluate("link => link.click()")
    deck = page.frame_locator(".jp-HTMLViewer iframe").first
    assert "arithmetic of low rank" in deck.locator("h1").first.inner_text()


def test_a_feedback_pages_link_leads_to_its_exercise_in_a_notebook_that_was_not_open(address, open_page):
    place = read_places(LAB, CoursePaths(ROOT))["lora-intruders-intruder_dimensions"]
    _, _, anchor = links(LAB, place)[0].address.partition("#")
    page = open_page("tree/labs")  # brings the key
    page.goto(f"{address}lab/tree/labs/{LAB}/{LAB}.ipynb#{anchor}")
    page.wait_for_function(
        """words => [...document.querySelectorAll(".jp-Notebook :is(h2, h3)")].some(heading => {
            const top = heading.getBoundingClientRect().top;
            return heading.innerText.includes(words) && 0 < top && top < window.innerHeight;
        })""",
        arg="Find the intruders",
    )


def test_validate_says_what_course_check_says(open_page):
    page = open_page("tree/labs/small.ipynb")
    page.locator(".jp-Notebook .jp-Cell").nth(3).wait_for()
    page.get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog", has_text="exercises pass")
    dialog.wait_for()
    said = dialog.inner_text()
    assert "1 of 2 exercises pass their visible tests. Next: exercise 2 · Triple." in said
    assert "AssertionError: it is <b>5</b>, expected 6" in said
    assert "Double" not in said
    assert "# more" not in said
    assert len(said) < 600


def test_the_terminal_knows_course(open_page, address):
    """The terminal draws on a canvas; a file tells what it found."""
    page = open_page("tree/labs")
    page.locator(".jp-LauncherCard", has_text="Terminal").first.click()
    page.locator(".xterm-helper-textarea").wait_for(state="attached")
    page.wait_for_timeout(2000)
    page.keyboard.type("command -v course && touch found.txt\n")
    places = [f"{address}api/contents/{folder}found.txt?token=open" for folder in ("", "labs/")]
    deadline = time.monotonic() + PATIENCE / 1000
    while not any(page.request.get(place).ok for place in places):
        assert time.monotonic() < deadline
        page.wait_for_timeout(500)
