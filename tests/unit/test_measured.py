"""Numbers of open experiments: from the test cell to the pages."""

from __future__ import annotations

import math

import pytest

from course_utils import checks
from course_utils.grading.book.marks import overlay
from course_utils.grading.book.records import read_record, write_record
from course_utils.grading.cells import new_namespace, run_test
from course_utils.grading.pages.experiments import boards
from course_utils.grading.pages.feedback import write_feedback
from course_utils.grading.pages.report import write_report
from course_utils.measured import Measured, measurements


def number(value: float, recorded: float = 0.2, better: str = "lower") -> Measured:
    return Measured("error of the forecast, in nats", value, recorded, better)


CELL = """
from course_utils import checks
checks.measured(0.5, "error", recorded=0.2, better="lower")
### BEGIN HIDDEN TESTS
checks.measured(0.25, "error", recorded=0.2, better="lower")
{then}
### END HIDDEN TESTS
"""


def test_the_last_number_of_a_cell_counts_also_when_a_check_fails_behind_it():
    for then in ("", 'checks.true(False, what="it is good enough")'):
        ending = run_test("t", CELL.format(then=then), new_namespace())
        assert ending.measured == Measured("error", 0.25, 0.2, "lower")
        assert (ending.error is None) == (then == "")
    assert measurements.get() is None
    assert run_test("t", "x = 1", new_namespace()).measured is None


def test_a_number_is_printed_in_jupyter_too(capsys):
    checks.measured(0.123456, "error, in nats", recorded=0.2, better="lower")
    assert capsys.readouterr().out == "error, in nats: yours 0.1235, recorded 0.2 (lower is better)\n"


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "0.1", True])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"error: .* is no finite number"):
        checks.measured(value, "error", recorded=0.2, better="lower")


def test_a_record_keeps_it(records, tmp_path):
    result = records.result(labels={"measured": number(0.1)})
    write_record(tmp_path / "result.json", result)
    assert read_record(tmp_path / "result.json") == result


@pytest.fixture
def four(records):
    return [
        records.result(student, labels={"measured": number(value)})
        for student, value in {"amy": 0.3, "ben": 0.1, "cleo": 0.1, "dan": 0.2}.items()
    ]


def test_places_are_shared_and_the_good_side_is_the_one_that_is_said(records, four):
    (board,) = boards(overlay(four, {}))
    assert [(p.place, p.submission.record.student, p.ahead) for p in board.places] == [
        (1, "ben", True),
        (1, "cleo", True),
        (3, "dan", False),
        (4, "amy", False),
    ]
    higher = [
        records.result(student, labels={"measured": number(value, better="higher")})
        for student, value in {"amy": 0.3, "ben": 0.1}.items()
    ]
    (board,) = boards(overlay(higher, {}))
    assert [(p.place, p.submission.record.student, p.ahead) for p in board.places] == [
        (1, "amy", True),
        (2, "ben", False),
    ]


def test_numbers_against_another_recorded_run_are_not_compared(records, four):
    later = records.result("eve", labels={"measured": number(0.01, recorded=0.02)})
    assert [len(board.places) for board in boards(overlay([*four, later], {}))] == [4, 1]


def test_the_report_has_names_and_what_the_class_is_shown_has_them_on_demand(records, four, folders):
    page = write_report(four, folders)
    shown = page.with_name(page.stem + "-results.html")
    report = page.read_text(encoding="utf-8")
    assert shown.name in report
    assert "2 of 4 hand-ins are ahead of it" in report
    assert "ben" in report.split('class="board"')[1].split("</table>")[0]
    assert "ben" not in shown.read_text(encoding="utf-8")
    assert "0.1" in shown.read_text(encoding="utf-8")
    write_report(four, folders, names=True)
    assert "ben" in shown.read_text(encoding="utf-8")
    write_report([records.result("amy")], folders)
    assert not shown.exists()


def test_a_student_reads_the_own_number_whatever_came_of_the_test(records, folders):
    passed = records.result("amy", labels={"measured": number(0.1)})
    failed = records.result("ben", labels={**records.wrong(), "measured": number(0.9)})
    for result, value in ((passed, "0.1"), (failed, "0.9")):
        (page,) = write_feedback([result], folders)
        assert f"yours {value}, recorded 0.2" in page.read_text(encoding="utf-8")
