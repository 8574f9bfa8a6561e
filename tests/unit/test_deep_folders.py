"""Folders in each other without end: whoever looks at them, counts or removes them comes to an end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from course_utils.grading.run.handed_in import DEEPEST, everything_below, too_deep
from course_utils.grading.sandbox import launch
from course_utils.grading.sandbox.jail import remove


def nest(folder: Path, levels: int) -> None:
    """That many folders in each other, with a file in the last; no path of a program reaches so far."""
    home = os.getcwd()
    try:
        os.chdir(folder)
        for _ in range(levels):
            os.mkdir("deeper")
            os.chdir("deeper")
        Path("file").write_bytes(b"x" * 2**20)
    finally:
        os.chdir(home)


@pytest.fixture
def deep(tmp_path: Path):
    """A folder with 1,500 others in it, which pytest could not remove."""
    folder = tmp_path / "deep"
    folder.mkdir()
    nest(folder, 1500)
    yield folder
    remove(str(folder))


def test_all_of_it_is_removed_and_nothing_else(deep, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (deep / "link").symlink_to(outside)
    (deep / "closed").mkdir(mode=0)
    (deep / "pipe").parent.joinpath("file").write_text("x")
    remove(str(deep))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside"]
    assert (outside / "kept").read_text() == "kept"
    remove(str(deep))  # what is gone is no error


def test_the_watch_counts_what_it_can_see_and_says_when_that_is_not_all(deep, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    nest(plain, launch.DEEPEST)
    assert launch._folder_mb(plain) == (1.0, False)
    assert launch._folder_mb(deep)[1]
    nest(plain / "deeper", 0)
    assert launch._folder_mb(plain) == (2.0, False)
    (tmp_path / "long").mkdir()
    name, home = "n" * 250, os.getcwd()
    os.chdir(tmp_path / "long")
    for _ in range(20):  # fewer folders, but a path that is too long
        os.mkdir(name)
        os.chdir(name)
    os.chdir(home)
    assert launch._folder_mb(tmp_path / "long")[1]
    remove(str(tmp_path / "long"))


def test_what_was_handed_in_is_looked_at_to_a_depth_that_is_said(deep, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    nest(plain, DEEPEST)
    (plain / "link").symlink_to(deep)
    found = everything_below(plain)
    assert found == sorted(plain.rglob("*"))
    assert len(found) == DEEPEST + 2
    assert not too_deep(plain)
    assert len(everything_below(deep)) == DEEPEST + 1
    assert too_deep(deep)
    assert everything_below(tmp_path / "nowhere") == []
