"""Submissions as Moodle, Canvas and people give them land where grading looks for them, the newest of each student."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from course_utils.errors import CourseError
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.take_in import take_in

LAB = "01_sft_masking"


@pytest.fixture
def paths(tmp_path) -> CoursePaths:
    (tmp_path / "course").mkdir()
    return CoursePaths(tmp_path / "course")


def zipped(path: Path, *names: str, **times: int) -> Path:
    """Each file holds its own name; `names` may carry the year of its last change: (name, year)."""
    with zipfile.ZipFile(path, "w") as bundle:
        for entry in names:
            name, year = entry if isinstance(entry, tuple) else (entry, 2026)
            bundle.writestr(zipfile.ZipInfo(name, (year, 1, 2, 3, 4, 6)), name)
    return path


def there(paths: CoursePaths) -> dict[str, str]:
    """File below submitted/ -> what it holds."""
    files = (path for path in sorted(paths.submitted.rglob("*")) if path.is_file())
    return {path.relative_to(paths.submitted).as_posix(): path.read_text() for path in files}


def test_moodle(paths, tmp_path):
    names = (
        f"Jane Doe_123_assignsubmission_file/{LAB}.ipynb",
        f"Zoë_O'Brien_124_assignsubmission_file_/{LAB} (1).ipynb",
        "Zoë_O'Brien_124_assignsubmission_onlinetext_/onlinetext.html",
        f"Participant_125_assignsubmission_file_{LAB}.ipynb",
        "Team 1-Ann Lee_126_assignsubmission_file_/data/numbers.csv",
        f"Team 1-Ann Lee_126_assignsubmission_file_/{LAB}.ipynb",
        "__MACOSX/._x",
    )
    done = take_in(LAB, zipped(tmp_path / "moodle.zip", *names), paths)
    assert there(paths) == {
        f"Jane Doe/{LAB}/{LAB}.ipynb": names[0],
        f"Participant/{LAB}/{LAB}.ipynb": names[3],
        f"Team 1-Ann Lee/{LAB}/data/numbers.csv": names[4],
        f"Team 1-Ann Lee/{LAB}/{LAB}.ipynb": names[5],
        f"Zoë_O'Brien/{LAB}/{LAB}.ipynb": names[1],
    }
    assert (done.said, done.problems) == ([], [])


def test_two_of_one_name_and_blind_marking_are_told_apart(paths, tmp_path):
    names = [
        f"{name}_assignsubmission_file_/{LAB}.ipynb" for name in ("Jane Doe_1", "Jane Doe_2", "Participant_3")
    ]
    done = take_in(LAB, zipped(tmp_path / "moodle.zip", *names, names[2].replace("3", "4")), paths)
    assert sorted(done.students) == ["Jane Doe 1", "Jane Doe 2", "Participant 3", "Participant 4"]
    assert "2 students are called Jane Doe" in done.problems[0]


def test_canvas(paths, tmp_path):
    names = (
        f"doejane_12_901_{LAB}.ipynb",
        f"doejane_12_950_{LAB}-1.ipynb",
        f"leeann_LATE_13_902_{LAB}-2.ipynb",
        "leeann_LATE_13_903_notes.txt",
        f"anon_Ab3x9_904_{LAB}.ipynb",
        f"anon_Cd4_LATE_905_{LAB}.ipynb",
        "zhou_14_906_homework.ipynb",
        "nobook_15_907_report.pdf",
    )
    done = take_in(LAB, zipped(tmp_path / "submissions.zip", *names), paths)
    assert there(paths) == {
        f"12/{LAB}/{LAB}.ipynb": names[1],
        f"13/{LAB}/{LAB}.ipynb": names[2],
        f"13/{LAB}/notes.txt": names[3],
        f"14/{LAB}/{LAB}.ipynb": names[6],
        f"15/{LAB}/report.pdf": names[7],
        f"anon_Ab3x9/{LAB}/{LAB}.ipynb": names[4],
        f"anon_Cd4/{LAB}/{LAB}.ipynb": names[5],
    }
    assert done.said == [
        f"12: took {LAB}-1.ipynb, the newest, and not {LAB}.ipynb.",
        "13 is marked as late.",
        f"14: homework.ipynb is taken for {LAB}.ipynb.",
        "anon_Cd4 is marked as late.",
    ]
    assert done.problems == ["15 handed in no notebook, but report.pdf: ask for the .ipynb file."]


def test_a_folder_of_files(paths, tmp_path):
    files = tmp_path / "files"
    for name in (
        f"anna/{LAB}/{LAB}.ipynb",
        f"bert/{LAB}.IPYNB",
        "cleo/final/answer.ipynb",
        f"dora_{LAB}.ipynb",
        f"{LAB} - emil.ipynb",
        "fay_2.ipynb",
        f"doe_123_{LAB}.ipynb",
    ):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(name)
    zipped(
        files / "gus.zip",
        "work/old.ipynb",
        f"work/{LAB}.ipynb",
        "../../../evil",
        f".ipynb_checkpoints/{LAB}.ipynb",
    )
    (files / "link").symlink_to(tmp_path)
    done = take_in(LAB, files, paths)
    held = there(paths)
    assert {name.split("/")[0] for name in held} == {
        "anna",
        "bert",
        "cleo",
        "dora",
        "emil",
        "fay_2",
        "doe_123",
        "gus",
    }
    assert all(name.endswith(f"/{LAB}/{LAB}.ipynb") for name in held)
    assert held[f"gus/{LAB}/{LAB}.ipynb"] == f"work/{LAB}.ipynb"
    assert done.problems == ["Left out link: it is a link or a special file."]


def test_the_newest_counts_and_what_it_replaces_is_kept(paths, tmp_path):
    first = zipped(tmp_path / "1.zip", (f"Jane_1_assignsubmission_file_/{LAB}.ipynb", 2024))
    assert take_in(LAB, first, paths).students == ["Jane"]
    (paths.submission(LAB, "Jane").folder / "timestamp.txt").write_text("2024-01-02 00:00:00 UTC")
    again = take_in(LAB, first, paths)
    assert (again.students, again.said) == ([], []), "the same once more changes nothing"
    second = zipped(
        tmp_path / "2.zip",
        (f"Jane_1_assignsubmission_file_/{LAB} (10).ipynb", 2026),
        (f"Jane_1_assignsubmission_file_/{LAB} (9).ipynb", 2026),
        (f"Jane_1_assignsubmission_file_/{LAB} (11).ipynb", 2025),
    )
    done = take_in(LAB, second, paths)
    assert there(paths) == {f"Jane/{LAB}/{LAB}.ipynb": f"Jane_1_assignsubmission_file_/{LAB} (10).ipynb"}
    assert (
        done.said[0] == f"Jane: took {LAB} (10).ipynb, the newest, and not {LAB} (11).ipynb, {LAB} (9).ipynb."
    )
    (kept,) = (paths.private / "replaced" / "Jane").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == [f"{LAB}.ipynb", "timestamp.txt"]
    older = take_in(LAB, first, paths)
    assert (older.students, older.said) == ([], ["Jane: what is in submitted/ is newer and stays."])
    assert not list(paths.private.glob("scratch-*"))


def test_what_cannot_be_taken_in_is_a_sentence(paths, tmp_path):
    with pytest.raises(CourseError, match="There is no "):
        take_in(LAB, tmp_path / "gone.zip", paths)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match="There is no submission in"):
        take_in(LAB, tmp_path / "empty", paths)
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    with pytest.raises(CourseError, match=r"broken\.zip cannot be unpacked"):
        take_in(LAB, tmp_path / "broken.zip", paths)


def test_a_broken_archive_and_an_odd_name_cost_nobody_else(paths, tmp_path):
    files = tmp_path / "files"
    (files / "anna").mkdir(parents=True)
    (files / "anna" / "work.zip").write_bytes(b"no archive")
    (files / "bert.ipynb").write_text("{}")
    odd = files / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (odd / f"{LAB}.ipynb").write_text("{}")
    (files / "a\\b").mkdir()
    (files / "a\\b" / f"{LAB}.ipynb").write_text("{}")
    done = take_in(LAB, files, paths)
    assert {"bert", "anna", os.fsdecode(b"caf\xe9")} <= set(done.students)
    assert any("anna: work.zip cannot be unpacked" in sentence for sentence in done.problems)


def test_files_that_exclude_each_other_stop_nobody(paths, tmp_path):
    """One student's archives hold `data` once as a file and once as a folder."""
    for number, name in enumerate(("data", "data/numbers.csv")):
        zipped(tmp_path / f"{number}.zip", name)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as bundle:
        for number in range(2):
            bundle.write(tmp_path / f"{number}.zip", f"anna/{number}.zip")
        bundle.writestr(f"anna/{LAB}.ipynb", "book")
        bundle.writestr(f"ben/{LAB}.ipynb", "book")
    done = take_in(LAB, tmp_path / "class.zip", paths)
    assert sorted(done.students) == ["anna", "ben"]
    assert {f"anna/{LAB}/{LAB}.ipynb", f"ben/{LAB}/{LAB}.ipynb"} <= there(paths).keys()
