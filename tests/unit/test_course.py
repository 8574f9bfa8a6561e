"""course.toml, profiles, results files: bad names get a sentence that helps."""

from __future__ import annotations

from dataclasses import replace

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


LAB = '[[labs]]\nname = "10_late"\ntitle = "T"\npoints = 1\ncpu_seconds = 1\ngrading_seconds = 1\n'
HEAD = 'title = "T"\ncourse_id = "c"\nhome = ""\n'


@pytest.fixture
def facts(tmp_path, monkeypatch):
    """facts(text): the course as it is with this course.toml; None: with none."""

    def read(text: str | None) -> course.Course:
        (tmp_path / "package").mkdir()
        if text is not None:
            (tmp_path / "course.toml").write_text(text)
        return course.load_course.__wrapped__()

    monkeypatch.setattr(course, "_PACKAGE", tmp_path / "package")
    return read


def test_a_tenth_lab_comes_after_the_ninth(facts):
    nine = LAB.replace("10_late", "09_early")
    assert [lab.number for lab in facts(HEAD + nine + LAB).labs] == [9, 10]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "course.toml is missing"),
        (HEAD + "title", r"course\.toml cannot be used .*Expected"),
        (HEAD, r"course\.toml cannot be used .*labs"),
        (HEAD + LAB + 'titel = "T"', r"course\.toml cannot be used .*titel"),
        (HEAD + LAB.replace("points = 1", ""), r"course\.toml cannot be used .*points"),
        (HEAD + LAB.replace("10_late", "late"), "as in 01_sft_masking, not 'late'"),
        (
            HEAD.replace('home = ""', 'home = "github.com/a/b"') + LAB,
            "home is a git URL.*not 'github.com/a/b'",
        ),
    ],
    ids=["none", "no TOML", "no labs", "a field too many", "a field too few", "no number", "no URL"],
)
def test_a_course_toml_that_cannot_be_used_is_one_sentence(facts, text, says):
    with pytest.raises(CourseError, match=says):
        facts(text)


def test_an_unknown_profile_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "cppu")
    with pytest.raises(CourseError, match=r"no profile 'cppu'.*cpu, colab, gpu, real"):
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


def test_a_lab_has_a_section_for_what_it_needs_otherwise(monkeypatch):
    section = {"cpu": {"samples": 3, "epochs": 9}, "grading": {"epochs": 2}}
    monkeypatch.setitem(profiles.LABS, "02_lora", section)
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    full = profiles.get_profile("cpu")
    assert full.lab("02_lora") == replace(full, samples=3, epochs=9)
    monkeypatch.setenv("COURSE_GRADING", "1")
    small = profiles.get_profile("cpu")
    assert small.lab("02_lora") == replace(small, samples=3, epochs=2)
    assert profiles.PROFILES["gpu"].lab("02_lora") == profiles.PROFILES["gpu"]
    with pytest.raises(
        CourseError, match=r"'01_sft_masking' has no section.*one of 06_many_shot_icl, 02_lora$"
    ):
        small.lab("01_sft_masking")


@pytest.mark.parametrize("name", profiles.LABS)
def test_a_labs_section_is_of_the_course_and_changes_what_a_profile_has(name):
    assert course.lab(name).name == name
    assert profiles.LABS[name].keys() <= {*profiles.PROFILES, "grading"}
    for profile in profiles.PROFILES.values():
        for at_budget in (profile, replace(profile, **profiles.GRADING)):
            chosen = at_budget.lab(name)
            assert (chosen.name, chosen.device, chosen.grading) == (
                at_budget.name,
                at_budget.device,
                at_budget.grading,
            )


def test_the_learner_in_context_of_every_profile():
    chosen = {name: profile.lab("06_many_shot_icl") for name, profile in profiles.PROFILES.items()}
    assert {name: (p.model, p.stage) for name, p in chosen.items()} == {
        "cpu": ("nano-icl", None),
        "colab": ("Qwen/Qwen2.5-1.5B", None),
        "gpu": ("Qwen/Qwen2.5-1.5B", None),
        "real": ("nano-icl", None),
    }


def test_missing_results_are_named():
    with pytest.raises(CourseError, match=r"nothing\.json"):
        results.load("nothing")


def test_damaged_results_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    (tmp_path / "half.json").write_text('{"run": ')
    with pytest.raises(CourseError, match=r"half\.json are damaged"):
        results.load("half")
