"""README's numbers are the recorded ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from course_utils import readme, results
from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading.author.check_lab import CheckedLab, look_at_readme

ROOT = Path(__file__).resolve().parents[2]


def test_the_numbers_are_those_of_the_results_files():
    assert "<!-- numbers: labs -->" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert look_at_readme(CheckedLab(load_course().labs[0], ROOT)) == []


def test_a_number_typed_by_hand_is_noticed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| [01_sft_masking]"))
    assert readme.render(text.replace(row, row.replace(" s |", "9 s |"))) == text


def test_a_readme_that_is_out_of_date_has_its_cure(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(text.replace(" GB |", " TB |", 1), encoding="utf-8")
    [complaint] = look_at_readme(CheckedLab(load_course().labs[0], tmp_path))
    assert "make readme" in complaint.cure


def test_an_unknown_block_is_named():
    with pytest.raises(CourseError, match=r"'speed'.*commands, labs"):
        readme.render("<!-- numbers: speed -->\n<!-- end -->")


def test_a_block_without_an_end_is_noticed():
    for text in ("<!-- numbers: labs -->\n| old |\n", "<!-- numbers: labs --> in a line <!-- end -->"):
        with pytest.raises(CourseError, match="needs a `<!-- end -->`"):
            readme.render(text)
    with pytest.raises(CourseError, match="needs a `<!-- end -->`"):
        readme.render("<!-- numbers: labs -->\n<!-- numbers: commands -->\n<!-- end -->\n")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course's folder, the current one, with the recorded results of the real course."""
    (tmp_path / "course.toml").write_text("")
    (tmp_path / "solutions").mkdir()
    (tmp_path / "recorded").mkdir()
    for path in results._FOLDER.glob("*.json"):
        (tmp_path / "recorded" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "README.md").write_text(
        "<!-- numbers: labs -->\n<!-- end -->\n<!-- numbers: commands -->\n<!-- end -->\n"
    )
    monkeypatch.setattr(results, "_FOLDER", tmp_path / "recorded")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def no_run(course: Path) -> None:
    path = course / "recorded" / "01_sft_masking.json"
    path.write_text(
        json.dumps({name: value for name, value in results.load("01_sft_masking").items() if name != "run"})
    )


def no_seconds(course: Path) -> None:
    (course / "recorded" / "commands.json").write_text('{"runs": [{"command": "make"}], "cores": 2}')


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no course": (lambda course: (course / "course.toml").unlink(), "is not inside a clone of the course"),
    "no README": (lambda course: (course / "README.md").unlink(), "README.md is missing"),
    "a folder for README": (
        lambda course: ((course / "README.md").unlink(), (course / "README.md").mkdir()),
        "README.md is missing",
    ),
    "an unknown block": (
        lambda course: (course / "README.md").write_text("<!-- numbers: speed -->\n<!-- end -->"),
        "'speed'",
    ),
    "no results": (
        lambda course: (course / "recorded" / "02_lora.json").unlink(),
        "no recorded results 02_lora.json: run what writes them first. Here that is `course solve 2`",
    ),
    "damaged results": (
        lambda course: (course / "recorded" / "02_lora.json").write_text("{"),
        "02_lora.json are damaged",
    ),
    "no run": (
        no_run,
        "01_sft_masking.json lack what README.md shows (KeyError('run')): run `course solve 1` again",
    ),
    "no seconds": (
        no_seconds,
        "commands.json lack what README.md shows (KeyError('when')): run `make fresh` again",
    ),
    "a list for results": (
        lambda course: (course / "recorded" / "commands.json").write_text("[]"),
        "`make fresh`",
    ),
}


@pytest.mark.parametrize(("spoil", "says"), SPOILED.values(), ids=SPOILED)
def test_what_cannot_be_done_is_one_sentence(course: Path, capsys: pytest.CaptureFixture, spoil, says: str):
    spoil(course)
    assert readme.main() == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.startswith("readme: ")
    assert said.count("\n") == 1


def test_it_is_written_from_any_folder_of_the_course(course: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(course / "solutions")
    assert readme.main() == 0
    assert "| [02_lora](labs/02_lora/02_lora.ipynb) |" in (course / "README.md").read_text(encoding="utf-8")
