"""What README and the documentation say can be done: every command on these pages exists, and cheap ones are run."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from course_utils import cli
from course_utils.course import Lab, Late

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("course", "make", "nbgrader")
FENCE = re.compile(r"^( *)(```+|~~~+)(?:sh|console|bash)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`((?:\.venv/bin/)?(?:course|make|nbgrader) [^`…]+)`(?!`)")


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command on a page that we know, from fenced blocks and from spans of code in the text."""
    lines = [line for _, _, block in FENCE.findall(text) for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(FENCE.sub("", text))]:
        for part in line.removeprefix("$ ").split(" && "):
            words = shlex.split(part, comments=True)
            if words and words[0].removeprefix(".venv/bin/") in PROGRAMS:
                yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


def problem(words: list[str]) -> str:
    """What is wrong with a command, by the program's own parser; "" if nothing is."""
    return {"course": _course, "make": _make, "nbgrader": _nbgrader}[words[0]](words[1:])


def _course(words: list[str]) -> str:
    group = typer.main.get_group(cli.app)
    command = group.commands.get(words[0])
    if command is None:
        return f"course has no command {words[0]}: it has {', '.join(group.commands)}"
    if words[1:] and hasattr(command, "commands"):
        if words[1] not in command.commands:
            return f"course {words[0]} has no command {words[1]}: it has {', '.join(command.commands)}"
        command, words = command.commands[words[1]], words[1:]
    if words[1:]:  # the name alone is only a mention
        try:
            command.make_context(words[0], words[1:]).close()
        except Exception as error:
            return str(error)
    return ""


def _make(words: list[str]) -> str:
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def _nbgrader(words: list[str]) -> str:
    from nbgrader.apps.nbgraderapp import NbGraderApp

    return "" if words[0] in NbGraderApp().subcommands else f"nbgrader has no command {words[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_exists(page: Path) -> None:
    found = {shlex.join(words): problem(words) for words in commands(page.read_text(encoding="utf-8"))}
    assert {command: said for command, said in found.items() if said} == {}


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: page.name)
def test_pages_outside_the_site_link_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_facts_for_course_toml_are_ones_that_it_knows() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs" / "graders.md").read_text(), re.M | re.S)
    assert blocks
    for facts in map(tomllib.loads, blocks):
        assert Late(**facts["late"]).percent_per_day == 10
        for lab in facts["labs"]:
            assert Lab(**{"title": "", "points": 0, "cpu_seconds": 0, "grading_seconds": 0, **lab}).due.tzinfo


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```sh\n.venv/bin/course grade 1 --dry-run\n```", "No such option: --dry-run"),
        ("Run `course mark 1`.", "course has no command mark"),
        ("Run `course model fetch x`.", "course model has no command fetch"),
        ("Run `course model get x --form y`.", "--form"),
        ("- a\n\n  ```sh\n  make slide\n  ```", "slide"),
        ("```console\n$ course export 1 --to\n```", "--to"),
        ("```sh\ncd x && nbgrader autograd 1\n```", "nbgrader has no command autograd"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(text: str, says: str) -> None:
    [words] = commands(text)
    assert says in problem(words)
