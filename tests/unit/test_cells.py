"""Running cells: magics and strings, what is hidden, and where the student's functions are."""

from __future__ import annotations

import pytest

from course_utils import checks
from course_utils.grading import notebook as nbk
from course_utils.grading.cells import new_namespace, run_cell, run_test
from course_utils.grading.sandbox.loopback import Loopback

LOOKS_LIKE_MAGIC = '''
TEXT = """
%matplotlib inline
!rm everything
why?
"""
%matplotlib inline
listing = !ls
'''
LINES = "%matplotlib inline\n!rm everything\nwhy?\n"


def test_strings_stay_strings_and_magics_do_nothing():
    names = new_namespace()
    assert run_cell("setup", LOOKS_LIKE_MAGIC, names).error is None
    assert names["TEXT"] == "\n" + LINES
    assert names["listing"] is None


def test_names_of_a_cell_with_strings_that_look_like_magic():
    assert nbk.bound_names(LOOKS_LIKE_MAGIC) == {"TEXT", "listing"}


@pytest.mark.parametrize("magic", ["%%time", "\n%%capture out", "%%time\n%%capture"])
def test_what_stands_under_time_and_capture_is_run_and_read(magic):
    names = new_namespace()
    source = f"{magic}\nx = 1\n%time\nassert x == 2, 'not two'"
    assert str(run_cell("timed", source, names).error) == "not two"
    assert nbk.bound_names(source) == {"x"}


def test_a_cell_that_is_no_python_does_not_pass_for_one_that_ran():
    ending = run_cell("shell", "%%bash\nexit 1", new_namespace())
    assert "%%bash does not run where the tests run" in str(ending.error)


TESTS = """

def agrees(value):
    assert double(value) == 2 * value, f"double({value})"

%time agrees(1)
agrees(1)
print("seen")
### BEGIN HIDDEN TESTS
agrees(5)
### END HIDDEN TESTS
"""


@pytest.mark.parametrize(
    ("double", "says", "hidden"),
    [
        (lambda x: 2 * x, None, False),
        (lambda x: 3 * x, "double(1)", False),
        (lambda x: 2, "double(5)", True),  # the failing line is in `agrees`, its input is a hidden one
    ],
)
def test_a_failure_is_hidden_where_its_input_is(double, says, hidden):
    ending = run_test("tests", TESTS, {**new_namespace(), "double": double})
    assert (ending.error and str(ending.error)) == says
    assert ending.hidden is hidden
    assert ending.printed == ("" if says == "double(1)" else "seen\n")


PROBED = '''
@checks.probe
def where(text):
    """
%matplotlib inline
    """
    return [text, home]

assert where("a") == ["a", "over there"]
kept = 3
'''


def test_probes_run_on_the_other_side_and_nothing_is_left_here():
    here = {**new_namespace(), "checks": checks, "home": "here"}
    ending = run_test("tests", PROBED, here, {"home"}, Loopback({"home": "over there"}))
    assert ending.error is None
    assert "kept" not in here
    assert here["home"] == "here"
    assert checks.probe_runner.get() is None


def test_in_jupyter_there_is_one_namespace():
    names = {**new_namespace(), "checks": checks, "home": "over there"}
    assert run_test("tests", PROBED, names).error is None
    assert names["kept"] == 3


def test_a_side_that_does_not_answer_is_an_ending():
    class Gone:
        probe = staticmethod(lambda function: function)

        def names(self, names):
            raise EOFError("gone")

    ending = run_test("tests", "double(1)", new_namespace(), {"double"}, Gone())
    assert isinstance(ending.error, EOFError)
    assert checks.probe_runner.get() is None


def test_a_time_limit_goes_through():
    class Stop(BaseException):
        pass

    with pytest.raises(Stop):
        run_cell("slow", "raise stop", {**new_namespace(), "stop": Stop()})
