"""A machine that would grade differently is noticed, and the difference is named."""

from __future__ import annotations

import copy
import importlib.metadata
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils import course
from course_utils.grading.run import alike

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def package(tmp_path) -> Path:
    """A copy of the package, and of what lies in its folder without being part of it."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(alike.PACKAGE, tmp_path / "course_utils", ignore=skip)
    return tmp_path / "course_utils"


def test_a_machine_agrees_with_itself():
    assert alike.differences(alike.facts(), copy.deepcopy(alike.facts())) == ""


@pytest.mark.parametrize(
    "name",
    [
        "checks.py",
        "evaluation.py",
        "data/word_problems.py",
        "grading/run/execute.py",
        "grading/sandbox/channel.py",
        "models/weights/nano-math/strong/model.safetensors",
        "models/weights/nano-icl/tokenizer.json",
        "scaling/recorded/sweep.csv",
        "results/sft_curves.json",
    ],
)
def test_a_file_that_differs_is_named(package, name):
    """By its last byte, for a checksum of the beginning would not do."""
    before = alike._files(package)
    content = bytearray((package / name).read_bytes())
    content[-1] ^= 1
    (package / name).write_bytes(content)
    assert (
        alike.differences({"file": before}, {"file": alike._files(package)}) == f"course_utils/{name} differs"
    )
    (package / name).unlink()
    after = alike._files(package)
    assert alike.differences({"file": before}, {"file": after}) == f"course_utils/{name} is missing there"
    assert alike.differences({"file": after}, {"file": before}) == f"course_utils/{name} is only there"


def test_caches_and_hidden_files_do_not_count(package):
    before = alike._files(package)
    assert before == alike.facts()["file"]
    for name in (
        "__pycache__/checks.cpython-311.pyc",
        ".ipynb_checkpoints/x.ipynb",
        "data/.DS_Store",
        "course.toml",
        "nbgrader_config.py",
    ):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text("x")
    assert alike._files(package) == before


@pytest.mark.parametrize("name", alike.LIBRARIES)
def test_another_version_of_a_library_is_named_with_both(name, monkeypatch):
    mine, version = alike.facts(), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda other: "0.0.7" if other == name else version(other)
    )
    said = alike.differences(mine, {**mine, "library": alike._libraries()})
    assert said == f"{name} is 0.0.7 there and {version(name).partition('+')[0]} here"
    # Another build of the same release.
    monkeypatch.setattr(
        importlib.metadata, "version", lambda other: version(other).partition("+")[0] + "+cu130"
    )
    assert alike.differences(mine, {**mine, "library": alike._libraries()}) == ""


def test_a_library_that_is_not_there_is_named(monkeypatch):
    def gone(name):
        raise importlib.metadata.PackageNotFoundError(name)

    mine = alike.facts()
    monkeypatch.setattr(importlib.metadata, "version", gone)
    said = alike.differences(mine, {**mine, "library": alike._libraries()})
    assert re.match(r"accelerate is missing there and [\d.]+ here; .*; and 7 more$", said)


@pytest.fixture
def with_facts(tmp_path, monkeypatch):
    """with_facts(old, new): the budgets that a course.toml with this replaced gives."""

    def budgets(old: str, new: str, inside: bool = False) -> dict[str, str]:
        text = (ROOT / "course.toml").read_text(encoding="utf-8")
        assert old in text
        package = tmp_path / "course_utils"
        package.mkdir(exist_ok=True)
        (package / "course.toml" if inside else tmp_path / "course.toml").write_text(
            text.replace(old, new, 1)
        )
        monkeypatch.setattr(course, "_PACKAGE", package)
        course.load_course.cache_clear()
        return alike._budgets()

    yield budgets
    monkeypatch.undo()
    course.load_course.cache_clear()


def test_budgets_count_and_due_dates_and_addresses_do_not(with_facts):
    mine = alike.facts()
    theirs = {**mine, "budget": with_facts("grading_seconds = 40", "grading_seconds = 41")}
    assert alike.differences(mine, theirs) == "grading_seconds of 01_sft_masking is 41 there and 40 here"
    for old, new in [
        ('home = ""', 'home = "https://example.org/course"'),
        ("percent_per_day = 0", "percent_per_day = 5"),
        ("points = 46\n", "points = 46\ndue = 2026-01-15T23:00:00+01:00\n"),
    ]:
        assert with_facts(old, new) == mine["budget"]
    assert with_facts("title", "title", inside=True) == mine["budget"]


def test_it_is_quick_and_read_once():
    began = time.process_time()
    alike._files(alike.PACKAGE)
    assert time.process_time() - began < 2
    assert alike.facts() is alike.facts()


def test_the_libraries_are_those_of_the_course():
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert set(alike.LIBRARIES) <= set(pinned)
    code = (
        "import sys; from course_utils.grading.run import alike; alike.facts(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
