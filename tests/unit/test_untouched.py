"""What a released lab does when nobody has written anything: each way of getting it wrong is named."""

from __future__ import annotations

import pytest

from course_utils.grading import notebook as nbk
from course_utils.grading.author.untouched import run_untouched
from course_utils.grading.run.repair import released_view

pytestmark = pytest.mark.slow  # starts kernels

DOUBLE, TESTS = "tiny-scale-double", "tiny-scale-double-tests"


@pytest.fixture
def light(tiny):
    """The tiny lab without torch, so that its kernel starts at once."""
    sources = {
        "tiny-setup": "import math",
        DOUBLE: f"def double(values):\n    {nbk.STUB}",
        TESTS: "assert double([1]) == [2]",
        "tiny-scale-total": f"def total(values):\n    {nbk.STUB}",
        "tiny-scale-total-tests": "assert total([1]) == 2",
    }
    for name, source in sources.items():
        tiny.cell(name).source = source
    tiny.nb.cells[4].source = "shown = double([7])"
    tiny.nb.cells[-1].source = "print(shown, math.pi)"
    return tiny


def problems(tiny) -> list[str]:
    return run_untouched(tiny.nb, tiny.root, cell_seconds=20)


def test_a_lab_that_waits_only_for_the_student(light):
    assert problems(light) == []


def test_the_original_waits_too(tiny):
    assert run_untouched(released_view(tiny.nb), tiny.root) == []


def test_cells_that_stop_where_they_should_not(light):
    light.nb.cells[4].source = "shown = double([7]) if False else undefined_name"
    light.nb.cells[-1].source = f"print(math.pi)\n{nbk.STUB}"
    found = problems(light)
    assert any("cell 4 (" in line and "stops with NameError: name 'undefined_name'" in line for line in found)
    assert any(
        "cell 9 (" in line and "stops with NotImplementedError but uses no exercise" in line for line in found
    )
    assert len(found) == 2


def test_a_stub_that_stops_by_itself(light):
    light.cell(DOUBLE).source += "\ndouble([1])"
    found = problems(light)
    assert f"{DOUBLE} stops by itself: a stub should only define, and stop when it is called." in found
    assert f"Run all stops first at {DOUBLE}; it should be at {TESTS}." in found


def test_a_lab_that_stops_nowhere(light):
    for name in (DOUBLE, "tiny-scale-total"):
        light.cell(name).source = light.cell(name).source.replace(nbk.STUB, "return [2]")
    light.cell("tiny-scale-total-tests").source = "assert total([1]) == [2]"
    assert problems(light) == [f"Run all stops first nowhere; it should be at {TESTS}."]


def test_a_kernel_that_dies(light):
    light.nb.cells[-1].source = "import os\nos._exit(1)"
    assert "cell 9 ('import os') ended the kernel." in problems(light)
