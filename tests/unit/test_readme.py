"""README's numbers are the recorded ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils import readme
from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading.author.check_lab import LabFiles, look_at_readme

ROOT = Path(__file__).resolve().parents[2]


def test_the_numbers_are_those_of_the_results_files():
    assert "<!-- numbers: labs -->" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert look_at_readme(LabFiles(load_course().labs[0], ROOT)) == []


def test_a_number_typed_by_hand_is_noticed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| [01_sft_masking]"))
    assert readme.render(text.replace(row, row.replace(" s |", "9 s |"))) == text


def test_a_readme_that_is_out_of_date_has_its_cure(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(text.replace(" GB |", " TB |", 1), encoding="utf-8")
    [complaint] = look_at_readme(LabFiles(load_course().labs[0], tmp_path))
    assert "make readme" in complaint.cure


def test_an_unknown_block_is_named():
    with pytest.raises(CourseError, match=r"'speed'.*commands, labs"):
        readme.render("<!-- numbers: speed -->\n<!-- end -->")
