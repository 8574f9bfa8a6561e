"""When a submission was handed in: read in one way only, or not at all."""

from __future__ import annotations

from datetime import datetime

import pytest

from course_utils.grading.run import hand_in_time

EVENING = datetime(2026, 1, 15, 22, 0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15 22:00:00 UTC",
        "2026-01-15 22:00:00.000000 UTC",  # as nbgrader writes it
        "2026-01-15T22:00:00Z",
        "2026-01-15 22:00 GMT",
        "2026-01-15 23:00:00 +0100",
        "2026-01-15 23:00:00+01:00",
        "2026-01-15T23:00:00 +01:00",
        "2026-01-15 23:00:00 +01",
        "2026-01-15 17:00:00 -0500",
        "2026-01-16 03:30:00 +05:30",
        "2026-01-15 23:00:00 Europe/Berlin",
        "2026-01-15 17:00:00 America/New_York",
        "2026-01-15 22:00:00,000 UTC",
    ],
)
def test_the_same_evening_in_every_way_that_has_one_meaning(text):
    assert hand_in_time.parse(text) == EVENING


def test_a_zones_own_summer_counts():
    """Also in the hour that comes twice, where it is the first: nobody becomes late by it."""
    assert hand_in_time.parse("2026-07-15 23:00:00 Europe/Berlin") == datetime(2026, 7, 15, 21)
    assert hand_in_time.parse("2026-10-25 02:30:00 Europe/Berlin") == datetime(2026, 10, 25, 0, 30)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("soon", "'soon' is no date with a time"),
        ("12", "no date with a time"),
        ("11:00 PM", "no date with a time"),
        ("2026-01-15 11:00 PM", "PM is no time zone"),
        ("2026-01-15 11:00:00 PM UTC", "no date with a time"),
        ("2026-01-15", "no date with a time"),
        ("2026-01-15 22:00:00", "it has no time zone"),
        ("2026-01-15 22:00:00 CEST", "CEST is no time zone that all read alike"),
        ("2026-01-15 22:00:00 EDT", "EDT is no time zone"),
        ("2026-01-15 22:00:00 CET", "CET is no time zone"),
        ("2026-01-15 22:00:00 Mars/Olympus", "there is no time zone Mars/Olympus"),
        ("2026-01-15 22:00:00 ../../etc/passwd", "there is no time zone"),
        ("2026-01-15 22:00:00 +2500", "there is no offset +2500"),
        ("2026-01-15 22:00:00 +0160", "there is no offset +0160"),
        ("2026-02-30 22:00:00 UTC", "day"),
        ("2026-01-15 25:00:00 UTC", "hour"),
        ("0001-01-01 00:00:00 +0100", "no time"),
        ("15.01.2026 22:00 UTC", "no date with a time"),
        ("01/02/2026 22:00 UTC", "no date with a time"),
        ("٢٠٢٦-01-15 22:00:00 UTC", "no date with a time"),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_time(text, says):
    with pytest.raises(ValueError, match=r".") as error:
        hand_in_time.parse(text)
    assert says in str(error.value)


def test_a_file_is_read_or_says_what_is_wrong(tmp_path):
    path = tmp_path / "timestamp.txt"
    assert hand_in_time.read(path) == (None, "")
    path.write_bytes("\ufeff2026-01-15 22:00:00 UTC\r\n".encode())
    assert hand_in_time.read(path) == (EVENING, "")
    path.write_bytes(b"\xff\xfe2\x000\x00")
    assert hand_in_time.read(path) == (None, "it is no text in UTF-8")
    path.write_text("")
    assert hand_in_time.read(path) == (None, "it is empty")
    path.write_text("2026-01-15 22:00:00")
    assert "it has no time zone" in hand_in_time.read(path)[1]
    path.unlink()
    path.mkdir()
    when, problem = hand_in_time.read(path)
    assert when is None
    assert problem
