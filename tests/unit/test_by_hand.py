"""What runs of a library is seen, however it is called."""

from __future__ import annotations

import sys

import pytest

from course_utils import scaling
from course_utils.by_hand import library_calls
from course_utils.scaling import loss as renamed

PARAMS = {"E": 1.0, "A": 2.0, "B": 8.0, "alpha": 0.5, "beta": 1.0}


def by_hand() -> float:
    return PARAMS["E"] + PARAMS["A"] * 4.0 ** -PARAMS["alpha"] + PARAMS["B"] * 16.0 ** -PARAMS["beta"]


def by_name() -> float:
    return float(renamed(PARAMS, n=4.0, d=16.0))


def behind_a_try() -> float:
    try:
        return float(scaling.compute_optimal(PARAMS, 6.0).n)
    except Exception:
        return 0.0


def test_an_answer_by_hand_calls_nothing() -> None:
    with library_calls("course_utils.scaling") as called:
        assert by_hand() == 2.5
    assert called == set()


@pytest.mark.parametrize(("function", "name"), [(by_name, "loss"), (behind_a_try, "compute_optimal")])
def test_a_call_is_seen(function, name) -> None:
    with library_calls("course_utils.scaling") as called:
        function()
    assert name in {entry.rpartition(".")[2] for entry in called}


def test_it_does_not_count_itself() -> None:
    with library_calls("course_utils") as called:
        by_hand()
    assert called == set()


def test_other_packages_do_not_count() -> None:
    with library_calls("course_utils.scal", "course_utils.models") as called:
        by_name()
    assert called == set()


def test_it_ends_with_the_block_and_gives_the_profiler_back() -> None:
    def mine(*_) -> None:
        pass

    before = sys.getprofile()
    sys.setprofile(mine)
    try:
        with pytest.raises(KeyError), library_calls("course_utils.scaling") as called:
            raise KeyError("inside")
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(before)
    by_name()
    assert called == set()
