"""README's numbers are the recorded ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils import readme
from course_utils.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]


def test_the_numbers_are_those_of_the_results_files():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- numbers: labs -->" in text
    assert text == readme.render(text), "README.md is out of date: run `make readme`"


def test_a_number_typed_by_hand_is_noticed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| [01_sft_masking]"))
    assert readme.render(text.replace(row, row.replace(" s |", "9 s |"))) == text


def test_an_unknown_block_is_named():
    with pytest.raises(CourseError, match=r"'speed'.*commands, labs"):
        readme.render("<!-- numbers: speed -->\n<!-- end -->")
