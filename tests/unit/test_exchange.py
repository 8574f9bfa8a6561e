"""Feedback's way back through nbgrader's exchange, by the command and by the call behind Formgrader's button."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.utils import notebook_hash

from course_utils.grading.config import load_config
from course_utils.grading.pages.feedback import write_feedback

ROOT = Path(__file__).resolve().parents[2]
STUDENTS = ("anna", "ben", "mallory", "o'brien")


@pytest.fixture
def class_of_four(records, folders, tmp_path):
    """Feedback of four students. Ben's work came by mail; Mallory's secret is a link to a file of the grader's."""
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (tmp_path / "exchange").mkdir()
    (tmp_path / "private").write_text("the grader's")
    for student in STUDENTS:
        folder = folders.submission(records.lab, student).folder
        folder.mkdir(parents=True)
        if student == "mallory":
            (folder / "submission_secret.txt").symlink_to(tmp_path / "private")
        elif student != "ben":
            (folder / "submission_secret.txt").write_text(f"secret of {student}")
    write_feedback([records.result(student) for student in STUDENTS], folders)
    return folders


def released(folders, lab: str) -> dict[str, bytes]:
    """What lies in the exchange for each student who can look for it."""
    pages = {page.name: page.read_bytes() for page in (folders.root / "exchange").glob("*/feedback/*")}
    found = {}
    for student in STUDENTS:
        name = f"{notebook_hash(secret=f'secret of {student}', notebook_id=lab)}.html"
        if name in pages:
            found[student] = pages.pop(name)
    assert not pages
    return found


def test_the_command_brings_the_pages_to_those_who_handed_in_there_and_names_the_others(
    class_of_four, records, monkeypatch, caplog
):
    from nbgrader.apps import ReleaseFeedbackApp

    monkeypatch.chdir(class_of_four.root)
    app = ReleaseFeedbackApp()
    app.initialize([records.lab, f"--Exchange.root={class_of_four.root}/exchange"])
    app.log.addHandler(caplog.handler)
    app.start()
    found = released(class_of_four, records.lab)
    assert set(found) == {"anna", "o'brien"}
    page = class_of_four.feedback / "anna" / records.lab / f"{records.lab}.html"
    assert found["anna"] == page.read_bytes()
    assert "2 students did not hand in" in caplog.text
    assert "(ben, mallory)" in caplog.text


@pytest.mark.parametrize(
    ("chosen", "left_out", "who"),
    [
        ("anna", "", {"anna"}),
        ("*", "anna,x", {"o'brien"}),
        ("ben", "", set()),
        ("*", "", {"anna", "o'brien"}),
    ],
)
def test_formgraders_button(class_of_four, records, chosen, left_out, who):
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = load_config(class_of_four)
    config.Exchange.root = str(class_of_four.root / "exchange")
    config.CourseDirectory.student_id_exclude = left_out
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    done = api.release_feedback(records.lab, None if chosen == "*" else chosen)
    assert done["success"], done
    assert set(released(class_of_four, records.lab)) == who
