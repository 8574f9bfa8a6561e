"""Where the gradebook is, and what is said when it cannot be had."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils import cli, course
from course_utils.course import course_root
from course_utils.errors import CourseError
from course_utils.grading.book import gradebook
from course_utils.grading.paths import database_url, sqlite_file


@pytest.mark.parametrize(
    ("database", "url", "file"),
    [
        (Path("/a/gradebook.db"), "sqlite:////a/gradebook.db?timeout=60", Path("/a/gradebook.db")),
        ("sqlite:////a/b.db?timeout=5", "sqlite:////a/b.db?timeout=5", Path("/a/b.db")),
        ("postgresql://me@host/class", "postgresql+psycopg://me@host/class", None),
        ("postgres://host/class", "postgresql+psycopg://host/class", None),
        ("postgresql+psycopg://host/class", "postgresql+psycopg://host/class", None),
    ],
)
def test_a_file_and_urls_of_several_spellings(database, url, file):
    assert database_url(database) == url
    assert sqlite_file(database) == file


@pytest.mark.parametrize("url", ["mongodb://host/class", "postgresql://host:port/class", "nonsense://"])
def test_a_url_that_is_none_is_told(url):
    with pytest.raises(CourseError, match="postgresql://USER@HOST/DATABASE"):
        gradebook.connect(url)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CourseError, match=r"pip install 'adapting-llms\[postgresql\]'") as told:
        gradebook.connect("postgresql://me:secret@host/class")
    assert "secret" not in str(told.value)


def test_the_environment_goes_before_course_toml(monkeypatch):
    monkeypatch.delenv(gradebook.ENVIRONMENT, raising=False)
    assert cli._paths().database == course_root() / "gradebook.db"
    facts = replace(course.load_course(), gradebook="postgresql://host/from_file")
    monkeypatch.setattr(course, "load_course", lambda: facts)
    assert cli._paths().database == "postgresql://host/from_file"
    monkeypatch.setenv(gradebook.ENVIRONMENT, "postgresql://host/from_environment")
    assert cli._paths().database == "postgresql://host/from_environment"
