"""course.toml, profiles, results files: bad names get a sentence that helps."""

from __future__ import annotations

import pytest

from course_utils import course, profiles, results
from course_utils.errors import CourseError


@pytest.mark.parametrize("name", ["01_sft_masking", "sft_masking", "1", "01"])
def test_a_lab_has_several_names(name):
    assert course.lab(name).name == "01_sft_masking"


def test_an_unknown_lab_is_named_with_the_way_out():
    with pytest.raises(CourseError, match=r"no lab 'sft_maskin'.*Did you mean sft_masking.*01_sft_masking"):
        course.lab("sft_maskin")


def test_labs_are_numbered_in_order():
    numbers = [lab.number for lab in course.load_course().labs]
    assert numbers == sorted(set(numbers))


def test_an_unknown_profile_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "cppu")
    with pytest.raises(CourseError, match=r"no profile 'cppu'.*cpu, colab, gpu"):
        profiles.get_profile()


def test_grading_budget_is_smaller(monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    full = profiles.get_profile("cpu")
    monkeypatch.setenv("COURSE_GRADING", "1")
    small = profiles.get_profile()
    assert small.grading
    assert not full.grading
    assert small.train_examples < full.train_examples
    assert small.model == full.model


def test_a_gpu_profile_needs_a_gpu(monkeypatch):
    monkeypatch.setattr(profiles, "_gpu_bytes", lambda: 0)
    with pytest.raises(CourseError, match="needs a CUDA GPU"):
        profiles.get_profile("gpu")


@pytest.mark.parametrize(("gigabytes", "name"), [(0, "cpu"), (16, "colab"), (80, "gpu")])
def test_the_hardware_chooses_the_profile(monkeypatch, gigabytes, name):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    monkeypatch.setattr(profiles, "_gpu_bytes", lambda: gigabytes * 2**30)
    assert profiles.get_profile().name == name


def test_missing_results_are_named():
    with pytest.raises(CourseError, match=r"nothing\.json"):
        results.load("nothing")
