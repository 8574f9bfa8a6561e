"""Deck 06: its code runs in its lab, its figures grow step by step, and each slide says in which part it is."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
import torch

from course_utils import slides
from course_utils.data import icl_tasks
from course_utils.grading import notebook as nbk
from course_utils.grading.author.decks import pages_of
from course_utils.models import load_base
from course_utils.profiles import get_profile

DECK = "06_many_shot_icl"


@cache
def composed() -> slides.Composed:
    return slides.compose(DECK)


def cell_with(line: str) -> str:
    """The one cell of the lab's source that holds this line."""
    nb = nbk.read(slides.ROOT / "solutions" / DECK / f"{DECK}.ipynb")
    (cell,) = (cell for cell in nb.cells if cell.cell_type == "code" and line in cell.source.split("\n"))
    return cell.source


def formats_of(setup: str) -> str:
    """Without the tokenizer, which the lab loads in the same cell."""
    return setup.split("}\n", 1)[0] + "}"


@pytest.mark.slow
def test_the_code_on_the_slide_runs_in_the_lab_after_exercise_3(
    solution: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("COURSE_PROFILE", "cpu")
    names = {"torch": torch, "dataclasses": dataclasses, "icl_tasks": icl_tasks, "load_base": load_base}
    names["profile"] = get_profile().lab(DECK)
    exec(formats_of(cell_with("FORMATS = {")), names)
    for part in ("prompt-build_prompt", "scores-score_labels", "scores-score_all_shots"):
        names = solution(DECK, f"many_shot_icl-{part}", names)
    exec(cell_with("def shots_of(task):"), names)
    (code,) = re.findall(r"^```python\n(.*?)^```", composed().markdown, re.DOTALL | re.MULTILINE)
    (shown,) = re.findall(r"^```text\n(.*?)\n```", composed().markdown, re.DOTALL | re.MULTILINE)
    capsys.readouterr()
    exec(code, names)
    shape, gap = capsys.readouterr().out.strip().rsplit(" ", 1)
    assert shape == shown.rsplit(" ", 1)[0]
    assert 0 <= float(gap) < 1e-4


def words(figure: str) -> Counter[str]:
    """The texts of a figure; a question mark gives way to what it asked for."""
    return Counter(
        text for text in re.findall(r"<text[^>]*>(.*?)</text>", composed().figures[figure]) if text != "?"
    )


@pytest.mark.parametrize("stem", ["one_pass", "circuit"])
def test_a_figure_that_grows_keeps_what_it_had(stem: str) -> None:
    steps = [words(f"{stem}_{step}") for step in (1, 2, 3)]
    assert steps[0] < steps[1] < steps[2]


def test_a_strip_on_each_slide_from_the_map_to_the_lab_says_the_part() -> None:
    pages = pages_of(composed().markdown)
    lit = [re.findall(r'<span class="here">(\d) (.*?)</span>', page) for page in pages]
    inside = [number for number, found in enumerate(lit) if found]
    (lab,) = (number for number, page in enumerate(pages) if "_class: lab" in page)
    (start,) = (number for number, page in enumerate(pages) if 'aria-label="Four numbered boxes' in page)
    assert inside == list(range(start + 1, lab))
    told = [found for page in lit for found in page]
    assert list(dict.fromkeys(told)) == sorted(set(told))
    assert [question for _, question in sorted(set(told))] == slides._figure_script(DECK).toy()["parts"]
    for _, question in set(told):
        assert f">{question}</text>" in pages[start]
