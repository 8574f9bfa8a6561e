"""The commands of the documentation's pages, run in the order in which a term needs them, on a class of two."""

from __future__ import annotations

import re
import shlex
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest

from course_utils import cli
from course_utils.grading.run.take_in import take_in

DOCS = Path(__file__).resolve().parents[2] / "docs"
LAB = "01_sft_masking"
CHEAP = {"check", "export", "feedback", "grade", "report", "restore"}
BACKUP = "backups/gradebook-20260115-230502-123456.db"


def blocks(page: str) -> list[list[str]]:
    """The `course` commands of a page's fenced blocks that are cheap, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)).splitlines()
    found = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in found if words[:1] == [".venv/bin/course"] and words[1] in CHEAP]


@pytest.fixture
def term(make_room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best) -> Path:
    """A course with the documentation's names: two students, rosters, a backup, and a lab that somebody has done."""
    room = make_room(tmp_path / "course", LAB)
    root = room.paths.root
    (root / "course.toml").write_text("")
    room.hand_in("amara_okafor", room.notebook())
    room.hand_in("ben_novak", room.notebook(room.wrong))
    room.paths.lab(LAB).released.parent.mkdir(parents=True)
    done = room.notebook()
    done.metadata["course"] = {"lab": LAB}
    nbformat.write(done, room.paths.lab(LAB).released)
    (root / "canvas.csv").write_text("Student,ID,Section\nAmara,amara_okafor,1\nBen,ben_novak,1\n")
    (root / "moodle.csv").write_text("Username,First name\namara_okafor,Amara\nben_novak,Ben\n")
    monkeypatch.chdir(root)
    return root


def test_a_term_as_the_pages_tell_it(term: Path, capsys, monkeypatch) -> None:
    from nbgrader.api import Gradebook

    commands = blocks("graders.md")
    assert {words[0] for words in commands} == CHEAP - {"check"}
    commands += blocks("students.md")
    for words in commands:
        if words[0] == "restore":
            (term / BACKUP).parent.mkdir(exist_ok=True)
            (term / BACKUP).write_bytes((term / "gradebook.db").read_bytes())
        monkeypatch.setattr(sys, "argv", ["course", *words])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        said = capsys.readouterr()
        # An export ends with 1 while essays wait for a grader.
        assert exited.value.code in ((0, 1) if words[0] == "export" else (0,)), (words, said)
    [python] = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "graders.md").read_text(), re.MULTILINE | re.DOTALL
    )
    exec(python)
    with Gradebook("sqlite:///gradebook.db", "adapting_llms") as book:
        assert book.find_submission(LAB, "amara_okafor").extension == timedelta(days=3)
    made = [
        f"feedback/ben_novak/{LAB}/{LAB}.html",
        f"reports/{LAB}.html",
        *(f"exports/{LAB}-{to}.csv" for to in ("canvas", "csv", "moodle")),
    ]
    assert [name for name in made if not (term / name).is_file()] == []


ARCHIVES = {
    "Canvas": [
        ("okaforamara_4711_98765_01_sft_masking.ipynb", "their ID", "4711"),
        ("novakben_LATE_4712_98766_01_sft_masking-1.ipynb", "their ID", "4712"),
    ],
    "Moodle": [
        ("Amara Okafor_12345_assignsubmission_file/01_sft_masking.ipynb", "their full name", "Amara Okafor"),
        ("Ben Novak_12346_assignsubmission_file_/01_sft_masking.ipynb", "their full name", "Ben Novak"),
    ],
}


@pytest.mark.parametrize("system", ARCHIVES)
def test_names_in_archives_are_read_as_the_page_says(system: str, make_room, tmp_path) -> None:
    text = (DOCS / "graders.md").read_text(encoding="utf-8")
    [(asked, said)] = re.findall(rf"^\| {system} \| (the zip of .*) \| (.*) \|$", text, re.MULTILINE)
    assert asked
    room = make_room(tmp_path / "course", LAB)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as bundle:
        for name, _, _ in ARCHIVES[system]:
            bundle.writestr(name, nbformat.writes(room.notebook()))
    taken = take_in(LAB, tmp_path / "all.zip", room.paths)
    assert taken.students == [student for _, _, student in ARCHIVES[system]]
    for _, words, student in ARCHIVES[system]:
        assert said.startswith(words)
        assert room.paths.submission(LAB, student).notebook.is_file()
