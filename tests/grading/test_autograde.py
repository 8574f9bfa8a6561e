"""A class from submitted/ to gradebook and records: every submission gets a score and a reason."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.book import records
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.changes import source_digest, submission_digest

LAB = "07_tiny"
DOUBLE, TOTAL = "tiny-a-double-tests", "tiny-b-total-tests"


def cell(nb, name):
    return next(c for c in nb.cells if nbk.grade_id(c) == name)


def colab(room):
    nb = room.notebook()
    for each in nb.cells:
        each.metadata.clear()
    nb.metadata = {"colab": {"provenance": []}}
    nb.nbformat_minor = 0
    return nb


def written_essay(room):
    nb = room.notebook()
    cell(nb, "tiny-essay-why").source = "Because."
    return nb


def rewritten_test(room):
    """The test cell's text, points and marks are the student's own."""
    nb = room.notebook(room.wrong)
    for name in (DOUBLE, TOTAL):
        cell(nb, name).source = "100"
        cell(nb, name).metadata["nbgrader"].update(points=100, locked=False, solution=True)
    nb.cells.append(new_code_cell("1"))
    marks = {"grade": True, "solution": False, "locked": False, "points": 9, "grade_id": "bonus"}
    nb.cells[-1].metadata["nbgrader"] = {**marks, "schema_version": 3, "task": False, "cell_type": "code"}
    return nb


def duplicated(room):
    nb = room.notebook()
    nb.cells.insert(4, deepcopy(cell(nb, "tiny-a-double")))
    nb.cells.append(deepcopy(cell(nb, DOUBLE)))
    return nb


def without(room, *names):
    nb = room.notebook()
    nb.cells = [c for c in nb.cells if nbk.grade_id(c) not in names]
    return nb


def version_3(room):
    return nbformat.writes(nbformat.v4.convert.downgrade(room.notebook()), version=3)


def halves(room):
    """Half of an emoji wherever a student's text can stand, and where it comes out."""
    half = "\ud83d"
    nb = room.notebook(
        after=f"print('{half}', chr(0xd83d))\nraise type(chr(0xd83d), (Exception,), {{}})(chr(0xd83d))"
    )
    nb.cells.append(new_code_cell("chr(0xd83d)"))
    raw = json.loads(json.dumps(nb))
    for each in raw["cells"]:
        each["id"] += half
        each["metadata"] |= {"tags": [*each["metadata"].get("tags", []), half], half: half}
        if each["cell_type"] == "code":
            each["outputs"] = [{"output_type": "stream", "name": "stdout", "text": half}]
            each["source"] += f"\n# {half}"
    return raw


def gaps(room):
    """What other programs leave out, and cells of an old format."""
    raw = json.loads(json.dumps(room.notebook()))
    for each in raw["cells"]:
        each["id"] = "not an id"
        each["metadata"]["tags"] = None
        each.pop("outputs", None)
    old = [
        {"cell_type": "heading", "level": 2, "source": "Old", "metadata": None},
        {"cell_type": "code", "source": None},
    ]
    raw["cells"] = [*old, None, *raw["cells"]]
    return raw


NO_TEXT = os.fsdecode(b"caf\xe9")  # a folder's name that is no UTF-8
DECOMPOSED = "Jose\u0301"  # as macOS writes it


@pytest.fixture(scope="module")
def graded(classroom):
    """The whole class, graded once."""
    room = classroom
    room.hand_in("good", room.notebook())
    room.hand_in("blank", room.notebook({}))
    room.hand_in("essay", written_essay(room))
    room.hand_in("colab", colab(room))
    room.hand_in("forged", rewritten_test(room))
    room.hand_in("duplicated", duplicated(room))
    room.hand_in("deleted", without(room, "tiny-setup", DOUBLE))
    room.hand_in("dies", room.notebook({**room.good, "tiny-b-total": "import os\nos._exit(1)"}))
    room.hand_in("version3", version_3(room))
    room.hand_in("kernelspec", room.notebook()).write_text(
        json.dumps({**room.notebook(), "metadata": {"kernelspec": {"name": "julia", "display_name": "x"}}})
    )
    room.hand_in("invalid", "{this is no JSON")
    room.hand_in("empty", "")
    room.hand_in("two", room.notebook()).with_name("Copy.ipynb").write_text("{")
    secret = room.paths.root / "secret.txt"
    secret.write_text("only for teachers")
    room.hand_in("linked", room.notebook()).with_name("data.txt").symlink_to(secret)
    (room.hand_in("misnamed", room.notebook())).rename(room.paths.submitted / "misnamed" / LAB / "mine.ipynb")
    room.hand_in("wrong_folder", room.notebook())
    (room.paths.submitted / "wrong_folder" / LAB).rename(room.paths.submitted / "wrong_folder" / "lab7")
    for student, name in {
        "capitals": f"{LAB}.IPYNB",
        "as_text": f"{LAB}.ipynb.txt",
        "zipped": "hw.zip",
    }.items():
        path = room.hand_in(student, room.notebook())
        path.rename(path.with_name(name))
    # The notebook of another lab is none of this one's.
    other = room.paths.submitted / "zipped" / load_course().labs[0].name
    other.mkdir()
    (other / "other.ipynb").write_text("{}")
    deepest = room.hand_in("bottomless", room.notebook()).parent
    for _ in range(120):  # paths of programs reach so far, their calls of themselves do not
        deepest = deepest / "again"
        deepest.mkdir()
    room.hand_in("Ünï cödé [x]", room.notebook())
    for student, content in {
        "doe\\jane": nbformat.writes(room.notebook()).encode("utf-16"),
        "O'Brien": nbformat.writes(room.notebook()).encode("utf-8-sig"),
        DECOMPOSED: nbformat.writes(room.notebook()).encode(),
        "anna ": json.dumps(halves(room)).encode(),
        NO_TEXT: nbformat.writes(room.notebook()).encode(),
        "gaps [2]": json.dumps(gaps(room)).encode(),
    }.items():
        room.hand_in(student, "").write_bytes(content)
    beside = room.paths.submission(LAB, "gaps [2]").folder
    os.mkfifo(beside / "pipe")
    for name in ("result.json", ".result.json", ".result.json.partial", "result.json.partial"):
        (beside / name).mkdir()
        (beside / name / "file").touch()
    seen = []
    results = room.grade(progress=lambda done, count, result: seen.append((done, count, result.student)))
    return results, seen


SCORES = {
    "good": 5,
    "blank": 0,
    "essay": 5,
    "colab": 5,
    "forged": 0,
    "duplicated": 5,
    "deleted": 5,
    "dies": 3,
    "version3": 5,
    "kernelspec": 5,
    "invalid": 0,
    "empty": 0,
    "two": 5,
    "linked": 5,
    "misnamed": 0,
    "wrong_folder": 0,
    "capitals": 0,
    "as_text": 0,
    "zipped": 0,
    "bottomless": 0,
    "Ünï cödé [x]": 5,
    "doe\\jane": 5,
    "O'Brien": 5,
    DECOMPOSED: 5,
    "anna ": 5,
    NO_TEXT: 0,
    "gaps [2]": 5,
}


def test_everybody_is_graded_and_progress_is_told(graded):
    results, seen = graded
    assert {student: result.score for student, result in results.items()} == SCORES
    assert [done for done, _, _ in seen] == list(range(1, len(SCORES) + 1))
    assert {count for _, count, _ in seen} == {len(SCORES)}


def test_the_gradebook_agrees(graded, classroom):
    results, _ = graded
    with Gradebook(classroom.paths.database_url, load_course().course_id) as gradebook:
        for student, result in results.items():
            if student == NO_TEXT:
                continue  # no gradebook can hold it
            submission = gradebook.find_submission(LAB, student)
            assert (submission.score, submission.max_score) == (result.score, 7.0), student
            by_cell = {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
            for one in result.cells:
                if one.state != "manual":
                    assert by_cell[one.grade_id] == one.points, (student, one.grade_id)
        waiting = {s.student.id for s in gradebook.assignment_submissions(LAB) if s.needs_manual_grade}
    assert waiting == {"essay"}
    assert {s for s, r in results.items() if r.status == records.NEEDS_MANUAL} == {"essay"}


def test_records_hold_everything(graded, classroom):
    results, _ = graded
    path = classroom.paths.autograded / "good" / LAB / "result.json"
    good = records.read_record(path)
    assert good == results["good"]
    assert [c.grade_id for c in good.cells] == [DOUBLE, TOTAL, "tiny-essay-why"]
    first = good.cells[0]
    assert (first.title, first.exercise, first.max_points) == ("Double", "tiny-a-double", 3.0)
    assert good.submission_sha256 == submission_digest(classroom.paths.submitted / "good" / LAB)
    assert good.source_sha256 == source_digest(classroom.source)
    assert good.seconds > 0
    assert good.peak_mb > 20
    assert good.sandbox in ("bubblewrap", "landlock")
    assert good.graded_at.endswith("UTC")
    assert not list(path.parent.glob("*.partial")) + list(path.parent.glob(".*"))
    assert set(records.load_records(LAB, classroom.paths)[0].__dict__) == set(good.__dict__)


@pytest.mark.parametrize(
    ("student", "status", "says"),
    [
        ("invalid", records.UNREADABLE, "not a notebook"),
        ("empty", records.UNREADABLE, "not a notebook"),
        ("misnamed", records.MISPLACED, "rename it to misnamed/07_tiny/07_tiny.ipynb"),
        ("wrong_folder", records.MISPLACED, "wrong_folder/lab7/07_tiny.ipynb"),
        (
            "capitals",
            records.MISPLACED,
            "capitals/07_tiny/07_tiny.IPYNB: rename it to capitals/07_tiny/07_tiny.ipynb",
        ),
        ("as_text", records.MISPLACED, "as_text/07_tiny/07_tiny.ipynb.txt: rename it to"),
        ("zipped", records.MISPLACED, "zipped/07_tiny/hw.zip: unpack it"),
        ("bottomless", records.UNREADABLE, "More than 30 folders lie in each other"),
        (NO_TEXT, records.MISPLACED, "rename it to the student's id"),
        ("anna ", records.GRADED, "rename it to the student's id"),
        ("doe\\jane", records.GRADED, "rename it to the student's id"),
        ("gaps [2]", records.GRADED, "pipes and devices"),
        ("two", records.GRADED, "Copy.ipynb"),
        ("linked", records.GRADED, "data.txt"),
        ("dies", records.GRADED, "exit code 1"),
    ],
)
def test_what_a_person_must_look_at_is_flagged(graded, student, status, says):
    result = graded[0][student]
    assert result.status == status
    assert says in " ".join(flag.detail for flag in result.flags), result.flags


def test_repairs_are_told(graded):
    results, _ = graded
    assert "lost all its marks" in results["colab"].repairs[0]
    assert any("put back" in action for action in results["deleted"].repairs)
    assert any("such cells" in action for action in results["duplicated"].repairs)
    assert any("marks of the cell had been changed" in action for action in results["forged"].repairs)
    assert results["good"].repairs == []
    assert results["O'Brien"].repairs == results["doe\\jane"].repairs == []
    assert results["O'Brien"].flags == []
    assert any("half of a character" in action for action in results["anna "].repairs)
    assert any("heading of an old format" in action for action in results["gaps [2]"].repairs)


def test_a_student_is_found_however_the_name_is_typed(graded, classroom):
    from course_utils.grading.run.grade_class import find_submissions

    assert find_submissions(LAB, classroom.paths, ["Jos\xe9", "anna"]) == [DECOMPOSED, "anna "]


def test_a_link_out_of_the_submission_brings_nothing_back(graded, classroom):
    for path in classroom.paths.autograded.rglob("*"):
        assert not path.is_file() or "only for teachers" not in path.read_text(errors="replace"), path


def test_unchanged_submissions_are_not_graded_again(graded, classroom):
    before = {p: p.stat().st_mtime_ns for p in classroom.paths.autograded.rglob("result.json")}
    seen = []
    again = classroom.grade(progress=lambda done, count, result: seen.append(done))
    assert again == graded[0]
    assert before == {p: p.stat().st_mtime_ns for p in classroom.paths.autograded.rglob("result.json")}
    assert seen == list(range(1, len(SCORES) + 1))


def test_what_changed_is_graded_again(make_classroom):
    room = make_classroom()
    room.hand_in("anna", room.notebook({}))
    room.hand_in("bert", room.notebook())
    first = room.grade()
    room.hand_in("anna", room.notebook())
    second = room.grade()
    assert (first["anna"].score, second["anna"].score) == (0, 5)
    assert second["bert"].graded_at == first["bert"].graded_at

    with Gradebook(room.paths.database_url, load_course().course_id) as gradebook:
        grade = gradebook.find_grade("tiny-essay-why", LAB, LAB, "anna")
        grade.manual_score = 1.5
        gradebook.db.commit()
    # A test is mended: everybody is graded again, with the new test, and the teacher's points stay.
    tests = cell(room.source, TOTAL)
    tests.source = tests.source.replace("24", "25")
    nbformat.write(room.source, room.paths.solutions / LAB / f"{LAB}.ipynb")
    third = room.grade()
    assert third["bert"].score == 3
    assert third["anna"].score == 3 + 1.5


def test_only_some_students(make_classroom):
    room = make_classroom()
    for student in ("anna", "bert"):
        room.hand_in(student, room.notebook())
    assert set(room.grade("bert")) == {"bert"}
    with pytest.raises(CourseError, match="'nobody'"):
        room.grade("nobody")


def test_nothing_to_grade_and_no_lab_are_course_errors(make_classroom):
    room = make_classroom()
    with pytest.raises(CourseError, match=f"STUDENT/{LAB}/{LAB}.ipynb"):
        room.grade()
    from course_utils.grading.run.grade_class import grade_class

    with pytest.raises(CourseError, match="no notebook at"):
        grade_class("08_none", room.paths)


def test_a_killed_run_goes_on_where_it_was(make_classroom):
    """SIGKILL in the middle: the finished are kept, the others graded, and no process is left."""
    room = make_classroom()
    students = [f"s{number}" for number in range(5)]
    for student in students[:-1]:
        room.hand_in(student, room.notebook())
    # The last one takes so long that the run cannot end before it is killed, however fast or busy the machine.
    room.hand_in(students[-1], room.notebook(after="import time\ntime.sleep(5)"))
    script = (
        "from course_utils.grading.paths import CoursePaths\n"
        "from course_utils.grading.run.grade_class import grade_class\n"
        "if __name__ == '__main__':\n"
        f"    grade_class({LAB!r}, CoursePaths(root={str(room.paths.root)!r}), jobs=1)\n"
    )
    path = room.paths.root / "run.py"
    path.write_text(script)
    run = subprocess.Popen([sys.executable, str(path)], start_new_session=True)
    try:
        deadline = time.monotonic() + 240
        while not (finished := list(room.paths.autograded.glob("*/*/result.json"))):
            assert time.monotonic() < deadline
            assert run.poll() is None, "the run ended by itself"
            time.sleep(0.02)
        time.sleep(0.5)
    finally:
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGKILL)
        run.wait()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert not alive
    finished = {p: p.stat().st_mtime_ns for p in room.paths.autograded.glob("*/*/result.json")}
    assert 1 <= len(finished) < len(students)
    results = room.grade()
    assert [results[student].score for student in students] == [5] * 5
    assert finished == {p: p.stat().st_mtime_ns for p in finished}


def test_a_worker_that_dies_is_reported_and_tried_again(make_classroom, monkeypatch):
    """The grader's own failure costs a flag, not the class, and the next run tries again."""
    room = make_classroom()
    room.hand_in("anna", room.notebook())
    room.hand_in("bert", room.notebook())
    blocked = room.paths.autograded / "anna"
    blocked.parent.mkdir()
    blocked.write_text("a file where a folder must be")
    with pytest.raises(CourseError, match=r"grading\.log"):
        room.grade("anna")
    blocked.unlink()
    assert {s: r.score for s, r in room.grade().items()} == {"anna": 5, "bert": 5}


def test_nbgraders_own_commands_work_and_are_safe(make_classroom):
    """generate_assignment, autograde and generate_feedback in a folder with the course's nbgrader_config.py."""
    room = make_classroom()
    root = room.paths.root
    repository = Path(__file__).parents[2]
    (root / "nbgrader_config.py").write_bytes((repository / "nbgrader_config.py").read_bytes())
    small = room.good["tiny-a-double"].replace("v + v for", "abs(v) * 2 for")
    room.hand_in("anna", room.notebook({**room.good, "tiny-a-double": small}))
    room.hand_in("bert", room.notebook(after="import os\nprint(os.environ.get('COURSE_TEST_SECRET'))"))
    environment = {**os.environ, "COURSE_TEST_SECRET": "open-sesame", "PATH": "/usr/bin:/bin"}
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        argv = [sys.executable, "-m", "nbgrader", command, LAB]
        done = subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    released = (root / "labs" / LAB / f"{LAB}.ipynb").read_text()
    assert "fresh numbers" not in released
    results = {result.student: result for result in records.load_records(LAB, CoursePaths(root=root))}
    assert (results["anna"].score, results["bert"].score) == (2, 5)
    page = (root / "feedback" / "anna" / LAB / f"{LAB}.html").read_text()
    assert "double of fresh numbers" in page
    assert "[-7, 11]" not in page
    assert "-14" not in page
    assert not list((root / "feedback").rglob("result.json"))
    for path in (root / "autograded" / "bert").rglob("*.ipynb"):
        assert "open-sesame" not in path.read_text()
