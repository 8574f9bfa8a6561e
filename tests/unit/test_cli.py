"""The `course` command: bad input gets one sentence and exit code 2; nothing shows a traceback."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys

import pytest

from course_utils import cli, doctor
from course_utils.grading.book.records import write_record


@pytest.fixture
def course(monkeypatch, capsys):
    """Run `course …` in this process; returns (exit code, what it printed)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["course", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        printed = capsys.readouterr()
        return exited.value.code, printed.out + printed.err

    return run


def test_an_unknown_lab(course):
    code, said = course("release", "02_loar")
    assert code == 2
    assert "There is no lab '02_loar'" in said
    assert "01_sft_masking" in said
    assert "Traceback" not in said


def test_outside_a_clone(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = course("report", "1")
    assert code == 2
    assert "not inside a clone" in said


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.ipynb", None, "gone.ipynb"),
        ("torn.ipynb", '{"cells": [', "torn.ipynb"),
        ("notes.txt", "hello", "notes.txt"),
        ("list.ipynb", "[1, 2]", "list.ipynb"),
    ],
)
def test_check_names_a_bad_notebook(course, tmp_path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    code, said = course("check", path)
    assert code == 2
    assert says in said.replace("\n", "")
    assert "Traceback" not in said


def test_a_message_with_brackets_is_shown_as_it_is(course, folders, records, monkeypatch):
    graded(folders, [records.result("anna")], monkeypatch)
    (folders.root / "roster.csv").write_text("[/bold] who,[link]\nx,y\n")
    code, said = course("export", "1", "--roster", "roster.csv")
    assert code == 2
    assert "Its columns are [/bold] who, [link]" in said


def test_export_shows_what_would_change_and_writes_nothing(course, folders, records, monkeypatch):
    graded(folders, [records.result("anna"), records.result("ben")], monkeypatch)
    (folders.root / "canvas.csv").write_text("Student,ID,Section,Lab 1 (7)\nA,anna,1,2.5\nB,ben,1,EX\n")
    code, said = course("export", "1", "--to", "canvas", "--roster", "canvas.csv", "--dry-run")
    assert code == 1  # their essays wait for a grader
    lines = [line.split() for line in said.splitlines()]
    assert ["anna", "2.5", "9"] in lines
    assert "1 grade would change, 1 would not. Nothing was written." in said
    assert "Excused in Canvas, which stays: ben." in said
    assert not (folders.root / "exports").exists()
    course("export", "1", "--to", "canvas", "--roster", "canvas.csv", "--column", "7")
    assert (folders.root / "exports" / "01_sft_masking-canvas.csv").is_file()
    code, said = course("export", "--column", "7")
    assert (code, "name the lab" in said) == (2, True)


def graded(folders, results, monkeypatch) -> None:
    """A course in whose folder these records lie, as the working folder."""
    (folders.root / "course.toml").write_text("")
    folders.solutions.mkdir()
    for result in results:
        write_record(folders.submission(result.lab, result.student).record, result)
    monkeypatch.chdir(folders.root)


def test_nothing_graded_yet(course, tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text("")
    (tmp_path / "solutions").mkdir()
    monkeypatch.chdir(tmp_path)
    code, said = course("report", "1")
    assert code == 2
    assert "course grade" in said


def test_doctor_names_an_unknown_profile_and_a_data_folder_without_the_files(course, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "gpuu")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    code, said = course("doctor")
    assert code == 1
    assert "'gpuu'" in said
    assert "unset COURSE_PROFILE" in said
    assert "train.jsonl" in said


def test_doctor_knows_a_read_only_folder_from_one_of_somebody_else(monkeypatch, tmp_path):
    def refuse(number):
        def open_file(**_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", open_file)
        return doctor._writable(tmp_path / "my course")

    found = refuse(errno.EROFS)
    assert (found.ok, found.mend) == (False, "")
    assert "read-only: clone the course into a folder of your own" in found.text
    found = refuse(errno.EACCES)
    assert found.mend == f"{'sudo ' if os.geteuid() else ''}chown -R $(id -un) '{tmp_path}/my course'"


def test_doctor_says_what_is_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / "lib").mkdir()
    with (tmp_path / "lib" / "torch.so").open("wb") as file:
        file.truncate(3 * 2**30)
    assert "the environment takes 3.0 GB with torch 2." in doctor._disk().text


def test_doctor_finds_nothing_wrong_here(course, monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    code, said = course("doctor")
    assert code == 0, said
    for name in ("Python", "packages", "profile", "memory", "disk", "models", "sandbox"):
        assert name in said
    assert ("never as root" in " ".join(said.split())) == (os.geteuid() == 0)


def test_no_permission_and_a_full_disk_are_one_sentence(course, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "labs")

    monkeypatch.setattr("course_utils.grading.author.release.release", refuse)
    code, said = course("release", "1")
    assert (code, "No permission to write labs" in said) == (2, True)

    def read_only(*_):
        raise OSError(30, "Read-only file system", "labs")

    monkeypatch.setattr("course_utils.grading.author.release.release", read_only)
    code, said = course("release", "1")
    assert (code, "labs cannot be written, the file system is read-only: clone the course" in said) == (
        2,
        True,
    )

    def fill(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course_utils.grading.author.release.release", fill)
    code, said = course("release", "1")
    assert (code, "disk is full" in said) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("text", ["", "3 of 4 are graded."])
def test_a_command_that_is_stopped_says_how_to_go_on(course, monkeypatch, at_a_terminal, number, text):
    """A second signal waits until all is put in order; the handlers are put back."""
    tidied = []

    def stopped(*_):
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            os.kill(os.getpid(), number)
            tidied.append(number)
            raise KeyboardInterrupt(text) from None

    monkeypatch.setattr("course_utils.grading.author.release.release", stopped)
    before = signal.getsignal(number)
    code, said = course("release", "1")
    assert code == 128 + number
    assert said.strip() == "course: Stopped. " + (
        text or "What is finished is kept: run the same command again to go on."
    )
    assert tidied == [number]
    assert signal.getsignal(number) == before


def test_what_a_closed_terminal_does_to_a_command_counts_as_its_signal(course, monkeypatch, at_a_terminal):
    def stopped(*_):
        try:
            os.kill(os.getpid(), signal.SIGHUP)
        finally:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("course_utils.grading.author.release.release", stopped)
    code, said = course("release", "1")
    assert (code, "Stopped." in said) == (129, True)


def test_a_signal_that_is_ignored_stays_ignored(course, monkeypatch):
    """As nohup starts a command."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(
            "course_utils.grading.author.release.release",
            lambda *_: os.kill(os.getpid(), signal.SIGHUP) or cli.Path("labs"),
        )
        code, said = course("release", "1")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (code, "Released labs" in said) == (0, True)


def test_a_locked_gradebook_is_one_sentence(course, monkeypatch):
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def locked(*_):
        raise error

    monkeypatch.setattr("course_utils.grading.author.release.release", locked)
    code, said = course("release", "1")
    assert (code, said.count("\n"), "Another program keeps the gradebook locked" in said) == (2, 1, True)
