"""The lower bounds of pyproject.toml, held against what is installed."""

from __future__ import annotations

import importlib.metadata

import pytest

from course_utils import libraries
from course_utils.errors import CourseError

ASKED = [
    "transformers>=5.0",
    "peft>=0.18",
    "torch>=2.8",
    'nbgrader>=9; extra == "grading"',
    'x; sys_platform == "no"',
]
FOUND = {"transformers": "5.0.0", "peft": "0.18.1rc1", "torch": "2.13.0+cpu"}


@pytest.fixture
def installed(monkeypatch):
    """installed(name=version, …): what is there besides FOUND; None: it is not."""

    def pretend(**other: str | None) -> None:
        found = FOUND | other

        def version(name: str) -> str:
            if found.get(name) is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return found[name]

        monkeypatch.setattr(importlib.metadata, "requires", lambda name: ASKED)
        monkeypatch.setattr(importlib.metadata, "version", version)

    return pretend


def test_new_enough(installed):
    installed()
    libraries.check_libraries()
    installed(transformers="6.1", peft="0.20", torch="2.8.0+cu126")
    libraries.check_libraries()


def test_too_old_says_what_is_there_what_is_needed_and_the_way_out(installed):
    installed(transformers="4.57.1", peft="0.17.1")
    with pytest.raises(CourseError) as told:
        libraries.check_libraries()
    said = str(told.value)
    assert "transformers 4.57.1 (needed: transformers>=5.0), peft 0.17.1 (needed: peft>=0.18):" in said
    assert "`%pip install -U 'transformers>=5.0' 'peft>=0.18'`" in said
    assert "restart the kernel" in said
    assert "torch" not in said
    assert "nbgrader" not in said


def test_missing(installed):
    installed(peft=None)
    with pytest.raises(CourseError, match=r"peft is missing \(needed: peft>=0\.18\)"):
        libraries.check_libraries()


def test_a_package_that_is_not_installed_is_not_judged(monkeypatch):
    monkeypatch.setattr(libraries, "PACKAGE", "no-such-package")
    assert libraries.unfit_libraries() == []


def test_this_environment_is_fit():
    assert importlib.metadata.requires(libraries.PACKAGE)
    assert libraries.unfit_libraries() == []
