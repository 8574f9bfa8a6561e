"""Hostile and broken notebooks through SplitExecute: wrong answers get no points, right ones keep theirs."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade

from course_utils.grading import notebook as nbk
from course_utils.grading.pages.formgrader import SafeDisplay
from course_utils.grading.run.execute import Budget, Job, run_submission
from course_utils.grading.run.outcomes import Findings
from course_utils.grading.run.repair import released_view
from course_utils.grading.run.where import Where
from course_utils.grading.sandbox.confinement import Interpreter

DOUBLE, TOTAL = "tiny-a-double-tests", "tiny-b-total-tests"


@pytest.fixture
def run(best, monkeypatch, tmp_path, tiny):
    """Run a submission made of these answers in a sandbox. run.good and run.wrong are answers."""
    return runner(best, monkeypatch, tmp_path, tiny)


@pytest.fixture
def run_everywhere(locked, monkeypatch, tmp_path, tiny):
    """The same in each kind of sandbox that the machine has."""
    return runner(locked, monkeypatch, tmp_path, tiny)


def runner(locked, monkeypatch, tmp_path, tiny):
    where, interpreter = locked
    source = tiny.source_notebook()
    handed_in = tmp_path / "handed_in"
    handed_in.mkdir()
    monkeypatch.setattr(Interpreter, "current", classmethod(lambda cls: interpreter))

    def start(answers=None, first="", between="", last="", files=None, **limits):
        for name, text in (files or {}).items():
            (handed_in / name).write_text(text)
        nb = released_view(source)
        trusted = {nbk.grade_id(cell): cell.source for cell in source.cells if nbk.is_test(cell)}
        cells: list[NotebookNode] = []
        for cell in nb.cells:
            name = nbk.grade_id(cell)
            cell.source = trusted.get(name) or (tiny.good if answers is None else answers).get(
                name, cell.source
            )
            cells.append(cell)
            if name == "tiny-setup" and first:
                cells.append(new_code_cell(first))
            if name == DOUBLE and between:
                cells.append(new_code_cell(between))
        if last:
            cells.append(new_code_cell(last))
        nb.cells = cells
        settings = {"cell_seconds": 2.0, "test_seconds": 4.0, "notebook_seconds": 40.0, **limits}
        job = Job("07_tiny", "s", nb, source, handed_in, Budget(**settings))
        found = run_submission(job, Where(where))
        grades = {
            nbk.grade_id(c): determine_grade(c)[0] for c in nb.cells if nbk.is_test(c) and nbk.grade_id(c)
        }
        return SimpleNamespace(
            nb=nb,
            grades=grades,
            outcomes=found.outcomes,
            states={name: outcome.state for name, outcome in found.outcomes.items()},
            flags=[flag.reason for flag in found.flags],
            details=" ".join(flag.detail for flag in found.flags),
            seconds=found.seconds,
            peak_mb=found.peak_mb,
            sandbox=found.sandbox,
        )

    start.good, start.wrong = tiny.good, tiny.wrong
    return start


# Each is put before, between or after wrong answers, or is one; none may get a point.
BEFORE = {
    "patched_json": "import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}",
    "patched_ipython": "import IPython\nshell = get_ipython()\nshell.showtraceback = lambda *a, **k: None\n"
    "shell.ast_transformers.append(type('T', (), {'visit': lambda s, n: __import__('ast').parse('')})())\n"
    "shell.run_cell = lambda *a, **k: None",
    "patched_session": "kernel = get_ipython().kernel\nkernel.session.send = lambda *a, **k: None",
    "patched_reply": "kernel = get_ipython().kernel\n"
    "async def do_execute(*a, **k): return {'status': 'ok', 'execution_count': 1, 'user_expressions': {}}\n"
    "kernel.do_execute = do_execute",
    "patched_agent": "import course_utils.grading.sandbox.channel as channel\n"
    "channel._answer = lambda question, names: {'value': True}",
    "patched_builtins": "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.isinstance = lambda *a: True\n"
    "builtins.AssertionError = builtins.Exception = type('E', (BaseException,), {})",
    "garbage_on_the_wire": "import os\n"
    "for fd in range(3, 64):\n    try:\n        os.write(fd, b'crs1' + b'x' * 50)\n    except OSError:\n        pass",
    "closed_wire": "import os\nos.closerange(3, 12)",
    "late_thread": "import threading, time, os\n"
    "def patch():\n    time.sleep(0.3)\n    g = get_ipython().user_ns\n    g['double'] = g['total'] = lambda *a: True\n"
    "threading.Thread(target=patch, daemon=True).start()",
    "new_process": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(300)",
    "flooded_stderr": "import sys\nsys.stderr.write('x' * 3_000_000)",
}


@pytest.mark.parametrize("name", BEFORE)
def test_attacks_around_wrong_answers_get_nothing(run, name):
    result = run(run.wrong, first=BEFORE[name])
    assert set(result.grades.values()) == {0}, result.outcomes
    assert "passed" not in result.states.values()
    assert result.seconds < 120


ANSWERS = {
    "equals_everything": "class Yes(list):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
    "def double(values):\n    return Yes()",
    "equal_type_lie": "class Yes:\n    __class__ = list\n    def __eq__(self, other):\n        return True\n"
    "def double(values):\n    return Yes()",
    "always_true": "def double(values):\n    return True",
    "raises_what_passes": "def double(values):\n    raise ValueError('empty')",
    "system_exit": "import sys\ndef double(values):\n    sys.exit(0)",
    "generator": "def double(values):\n    yield from values",
    "deep": "def double(values):\n    out = []\n    for _ in range(500):\n        out = [out]\n    return out",
    "huge": "def double(values):\n    return list(range(30_000_000))",
    "walks_frames": "import sys\ndef double(values):\n    frame, found = sys._getframe(), []\n    while frame:\n"
    "        found += [v for v in frame.f_locals.values() if v == [6, 8, 10]]\n        frame = frame.f_back\n"
    "    return found[0] if found else None",
    "reads_history": "def double(values):\n    text = str(get_ipython().user_ns) + str(globals())\n"
    "    return [6, 8, 10] if 'double of 3, 4, 5' in text else None",
    "syntax_error": "def double(values:\n    return [2 * v for v in values]",
    "not_callable": "double = [6, 8, 10]",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_pretend_get_nothing(run, name):
    result = run({**run.wrong, "tiny-a-double": ANSWERS[name]})
    assert set(result.grades.values()) == {0}, result.outcomes
    assert result.states[DOUBLE] == "failed"
    assert result.outcomes[DOUBLE].message


def test_right_answers_get_all_points(run_everywhere):
    result = run_everywhere(
        first="import sys, warnings\nprint('careful', file=sys.stderr)\nwarnings.warn('again')"
    )
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}
    assert result.flags == []
    assert result.peak_mb > 20
    assert not any(
        o.output_type == "execute_result" for c in result.nb.cells if nbk.is_test(c) for o in c.outputs
    )


# Lines of a string that are magics outside it.
TABLE = '''
TABLE = """
%a table
!of three
rows?
"""
%time
'''


def test_a_string_that_looks_like_magic_is_a_string_in_every_cell(best, monkeypatch, tmp_path, tiny):
    source = tiny.source_notebook()
    cells = {nbk.grade_id(cell): cell for cell in source.cells}
    cells["tiny-setup"].source += TABLE
    visible = f'{TABLE}\nchecks.equal(rows(TABLE), TABLE.split("\\n"), what="the rows of a table")\n'
    cells[DOUBLE].source = cells[DOUBLE].source.replace("### BEGIN", visible + "### BEGIN")
    cells["tiny-a-double"].source += "\n\ndef rows(table):\n    return []\n"
    cells[TOTAL].source += '\nassert TABLE == "\\n%a table\\n!of three\\nrows?\\n"\n'
    course = SimpleNamespace(**{**vars(tiny), "source_notebook": lambda: source})
    run = runner(best, monkeypatch, tmp_path, course)
    right = TABLE + run.good["tiny-a-double"] + "\n\ndef rows(table):\n    return TABLE.split(chr(10))\n"
    assert run({**run.good, "tiny-a-double": right}).grades == {DOUBLE: 3.0, TOTAL: 2.0}
    wrong = right.replace("TABLE.split(chr(10))", "[]")
    result = run({**run.good, "tiny-a-double": wrong})
    assert result.grades == {DOUBLE: 0.0, TOTAL: 2.0}
    assert "the rows of a table" in result.outcomes[DOUBLE].message


def test_a_warning_inside_the_answer_costs_nothing(run):
    noisy = run.good["tiny-a-double"].replace(
        "    if not", "    import sys\n    print('hm', file=sys.stderr)\n    if not"
    )
    assert run({**run.good, "tiny-a-double": noisy}).grades == {DOUBLE: 3.0, TOTAL: 2.0}


def test_the_message_is_the_tutors(run):
    result = run({**run.good, "tiny-a-double": "def double(values):\n    return [v + 2 for v in values]"})
    outcome = result.outcomes[DOUBLE]
    assert outcome.what == "double of 3, 4, 5"
    assert outcome.hint == "You added 2 instead of doubling."
    assert "doubled[0] is 5, expected 6" in outcome.message
    assert not outcome.hidden
    (output,) = next(c for c in result.nb.cells if nbk.grade_id(c) == DOUBLE).outputs
    assert (output.output_type, output.ename, output.evalue) == ("error", "CheckFailed", outcome.message)


def test_a_failed_hidden_test_shows_no_values(run):
    small = run.good["tiny-a-double"].replace("v + v for", "abs(v) * 2 for")
    result = run({**run.good, "tiny-a-double": small})
    outcome = result.outcomes[DOUBLE]
    assert outcome.hidden
    assert "-14" in outcome.message
    shown = str(next(c for c in result.nb.cells if nbk.grade_id(c) == DOUBLE).outputs)
    assert "double of fresh numbers" in shown
    assert "Negative numbers count too" in shown
    assert "-14" not in shown


def test_a_crash_in_a_hidden_test_tells_what_happened_and_no_values(run):
    crash = run.good["tiny-a-double"] + "\ndouble_ = double\ndef double(values):\n"
    for body, said in (
        (
            "    return double_(values)[: 10 ** 6 if values[0] > 0 else None] if values[:1] != [-7] else {}[values[0]]",
            "Your code raised KeyError.",
        ),
        ("    return double_(values) if values[:1] != [-7] else print", "Your code raised an error."),
    ):
        result = run({**run.good, "tiny-a-double": crash + body})
        outcome = result.outcomes[DOUBLE]
        assert (outcome.hidden, outcome.what) == (True, "double on a fresh input")
        assert outcome.hint == said
        shown = str(next(c for c in result.nb.cells if nbk.grade_id(c) == DOUBLE).outputs)
        assert outcome.hint in shown
        assert "-7" not in shown


def test_what_a_notebook_tries_is_flagged_and_what_libraries_do_is_not(run):
    """The watch hears of patches, frames, files and the network; an honest notebook with libraries is silent."""
    honest = (
        "import collections, gc, json, logging, subprocess, tempfile, threading\n"
        "import numpy as np\nimport matplotlib.pyplot as plt\n"
        "Point = collections.namedtuple('Point', 'x y')\nlogging.getLogger('x').warning('hm')\n"
        "class Bag(dict):\n    pass\n"
        "with tempfile.TemporaryDirectory() as folder:\n    open(folder + '/x', 'w').write('x')\n"
        "open('mine.txt', 'w').write('x')\nplt.plot([1, 2])\nplt.savefig('figure.png')\nplt.show()\n"
        "thread = threading.Thread(target=lambda: None)\nthread.start()\nthread.join()\n"
        "subprocess.run(['true'])\ngc.collect()\nimport os\nos.environ['TOKENIZERS_PARALLELISM'] = 'false'"
    )
    assert run(first=honest, cell_seconds=30.0).flags == []
    bold = (
        "import sys\nimport numpy as np\nnp.allclose = lambda *a: True\nsys._getframe()\n"
        "try:\n    open('/usr/x', 'w')\nexcept OSError:\n    pass"
    )
    assert set(run(first=bold).flags) == {
        "a changed Python",
        "searched for the tests",
        "tried to write elsewhere",
    }


def test_a_probe_sees_the_students_process(run):
    in_place = run.good["tiny-a-double"].replace(
        "    return", "    values[:] = [v + v for v in values]\n    return values\n    return"
    )
    outcome = run({**run.good, "tiny-a-double": in_place}).outcomes[DOUBLE]
    assert outcome.what == "the list that was passed in"


def test_an_untouched_exercise_is_not_attempted(run):
    result = run({})
    assert result.states == {DOUBLE: "not attempted", TOTAL: "not attempted"}
    assert set(result.grades.values()) == {0}


def test_a_missing_name_is_explained(run):
    outcome = run({**run.good, "tiny-a-double": "def double(values:\n    pass"}).outcomes[DOUBLE]
    said = "double is not defined: its cell stopped with a SyntaxError in line 1: '(' was never closed."
    assert outcome.message == said


def test_a_failure_names_the_earlier_exercise_that_fails_too(run):
    """In the record and on the page, also where the test is hidden; not where the other one passes."""
    said = "This exercise uses `double`, whose own tests do not pass: fix that first."
    uses = {"tiny-b-total": "def total(values):\n    return sum(double(values))"}
    result = run({**uses, "tiny-a-double": "def double(values):\n    return values"})
    assert result.states == {DOUBLE: "failed", TOTAL: "failed"}
    assert [result.outcomes[name].cause for name in (DOUBLE, TOTAL)] == ["", said]
    shown = next(cell for cell in result.nb.cells if nbk.grade_id(cell) == TOTAL).outputs[-1].evalue
    assert shown.endswith(said)
    alone = run({**run.good, "tiny-b-total": "def total(values):\n    return 3"})
    assert (alone.states[TOTAL], alone.outcomes[TOTAL].cause) == ("failed", "")


def test_a_missing_function_of_another_exercise_is_explained(run):
    uses = {"tiny-b-total": "def total(values):\n    return sum(double(values))"}
    result = run({**uses, "tiny-a-double": "def double(values:\n    pass"})
    said = "double is not defined: its cell stopped with a SyntaxError in line 1: '(' was never closed."
    assert result.outcomes[TOTAL].message == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x = {}\nx['key']", "its cell stopped with a KeyError in line 2: 'key'."),
        (
            "def double(values):\n\u00a0   return values",
            "in line 2: invalid non-printable character U+00A0 (it holds a pasted no-break space: "
            "type the spaces of this line again).",
        ),
        (
            "```python\ndef double(values):\n    return values",
            "(this line is a Markdown code fence: delete it).",
        ),
        ("double = “x”", "(it holds the typographic quote “: type ' or \" instead)."),
    ],
)
def test_a_cell_that_stops_is_explained_with_its_line_and_text(run, cell, said):
    assert said in run({**run.good, "tiny-a-double": cell}).outcomes[DOUBLE].message


def test_a_probe_finds_pythons_own_names_whatever_a_cell_did_to_them(run_everywhere):
    """A right answer that uses none of them keeps its points."""
    assert run_everywhere(first="list = sorted = len = [1, 2]").grades == {DOUBLE: 3.0, TOTAL: 2.0}


@pytest.mark.parametrize("name", ["print", "dict", "__import__", "E" * 500])
def test_an_error_may_be_called_whatever_the_student_likes(run, name):
    """Its name and text are data: `print` is no kind of error that anything here looks up."""
    cell = f"raise type({name!r}, (Exception,), {{}})('x' * 100_000 + ' (line 1')"
    result = run({**run.good, "tiny-a-double": cell})
    assert result.states == {DOUBLE: "failed", TOTAL: "passed"}
    assert "double is not defined: its cell stopped with a" in result.outcomes[DOUBLE].message


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("sum = 0", "`sum` is given another value in cell 2 ('sum = 0'): choose another name there"),
        ("%reset -f", "%reset in cell 2 ('%reset -f') takes every name away"),
        ("import math as sum", ""),
        ("max = 3", ""),
    ],
)
def test_tools_that_were_taken_away_are_named(run, first, said):
    """Only those that the answer uses, and not what is only imported once more."""
    uses = "def total(values):\n    return sum(double(values)) + math.floor(0.5) - 1"
    cause = run({**run.good, "tiny-b-total": uses}, first=first).outcomes[TOTAL].cause
    assert cause.startswith(said) if said else not cause


def test_a_file_beside_the_notebook_shadows_nothing_that_counts(run):
    lies = {
        "course_utils.py": "raise ImportError",
        "json.py": "loads = dumps = None",
        "checks.py": "equal = print",
    }
    assert set(run(run.wrong, files=lies).grades.values()) == {0}


def test_a_file_beside_the_notebook_can_be_used(run):
    answers = {**run.good, "tiny-a-double": "from helper import double"}
    assert run(answers, files={"helper.py": run.good["tiny-a-double"]}).grades[DOUBLE] == 3.0


def test_a_cell_that_ends_the_kernel_costs_nothing_else(run_everywhere):
    """The new kernel has what the cells before it made, its outputs stand there once, and the peak is that of both."""
    answers = {**run_everywhere.good}
    answers["tiny-a-double"] = "print('once')\n" + answers["tiny-a-double"]
    result = run_everywhere(
        answers,
        between="keep = bytearray(b'x') * 2**28\nimport os, time\ntime.sleep(1)\nos._exit(3)",
        last="double([1])",
    )
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}
    assert result.flags == ["kernel died"]
    assert "exit code 3" in result.details
    printed = [o.text for c in result.nb.cells if c.cell_type == "code" for o in c.outputs if "text" in o]
    assert printed == ["once\n"]
    assert result.nb.cells[-1].outputs[0].output_type == "execute_result"
    assert result.peak_mb > 256


@pytest.mark.parametrize("end", ["os._exit(4)", "os.kill(os.getpid(), 9)", "exit()"])
def test_an_answer_that_ends_the_kernel_costs_its_own_points_only(run, end):
    result = run({**run.good, "tiny-a-double": f"import os\ndef double(values):\n    {end}"})
    assert result.states == {DOUBLE: "failed", TOTAL: "passed"}
    assert "double" in result.outcomes[DOUBLE].message


def test_an_exercises_cell_that_ends_the_kernel_is_named_where_its_function_is_missing(run):
    result = run({**run.good, "tiny-a-double": "import os\nos._exit(5)"})
    assert result.states == {DOUBLE: "failed", TOTAL: "passed"}
    assert "double is not defined: its cell ended the kernel" in result.outcomes[DOUBLE].message
    assert "exit code 5" in result.outcomes[DOUBLE].message


def test_a_cell_that_ends_the_kernel_when_it_is_run_again_is_left_out_then(run):
    """The clock tells it: the cell after it waits, and then ends the first kernel."""
    trap = f"import os, time\nif time.time() > {time.time() + 8}:\n    os._exit(6)"
    result = run(first=trap, between="time.sleep(9)\nos._exit(3)", last="os.getpid()", cell_seconds=20.0)
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}
    assert result.nb.cells[-1].outputs[0].ename == "NameError"  # nobody imported os


def test_no_more_than_a_few_kernels_are_started(run):
    cells = {**run.good, "tiny-a-double": "import os\ndef double(values):\n    os._exit(4)"}
    ends = "import os\nos._exit(3)"
    result = run(
        {**cells, "tiny-b-total": "import os\ndef total(values):\n    os._exit(4)"}, first=ends, between=ends
    )
    assert result.states == {DOUBLE: "failed", TOTAL: "failed"}
    assert result.flags == ["kernel died"] * 4
    assert result.seconds < 120


def test_an_endless_cell_is_interrupted_and_the_rest_goes_on(run_everywhere):
    result = run_everywhere(between="while True:\n    pass")
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}
    assert result.flags == ["cell took too long"]
    assert result.seconds < 120


def test_an_endless_answer_costs_its_own_points_only(run):
    result = run({**run.good, "tiny-a-double": "def double(values):\n    while True:\n        pass"})
    assert result.states == {DOUBLE: "failed", TOTAL: "passed"}
    assert "did not answer in time" in result.outcomes[DOUBLE].message
    assert result.flags == ["answer took too long"]


def test_a_loop_that_cannot_be_interrupted_ends_with_its_kernel(run):
    stubborn = (
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass"
    )
    began = time.monotonic()
    result = run(between=stubborn)
    assert result.states == {DOUBLE: "passed", TOTAL: "passed"}
    assert "could not be interrupted" in result.details
    assert time.monotonic() - began < 120


def test_the_notebooks_time_is_limited(run):
    result = run(between="import time\ntime.sleep(1.5)", last="x = 1", notebook_seconds=1.0)
    assert "out of time" in result.flags
    assert result.nb.cells[-1].outputs[0].ename == "NotRun"


@pytest.mark.parametrize(
    "flood",
    [
        "print('x' * 500_000_000)",
        "while True:\n    print('x' * 1000)",
        "from IPython.display import display, HTML\nfor _ in range(3000):\n    display(HTML('y' * 10_000))",
        "import os\nfor _ in range(200):\n    os.write(1, b'x' * 1_000_000)",
    ],
    ids=["one_print", "endless_print", "displays", "file_descriptor"],
)
def test_output_is_cut_and_costs_nothing(run, flood):
    result = run(between=flood, cell_seconds=10.0)
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}
    size = sum(
        len(str(output)) for cell in result.nb.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert size < 1_000_000
    assert result.seconds < 120


def test_a_memory_bomb_is_an_error_of_its_cell(run):
    result = run(between="keep = bytearray(20 * 2**30)")
    assert result.grades == {DOUBLE: 3.0, TOTAL: 2.0}


def test_memory_that_grows_in_children_ends_the_kernel_with_the_reason(run_everywhere):
    bomb = (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        keep = b'x' * (120 * 2**20)\n"
    )
    result = run_everywhere(
        between=bomb + "        time.sleep(60)\ntime.sleep(60)", memory_mb=300, cell_seconds=20.0
    )
    assert result.states == {DOUBLE: "passed", TOTAL: "passed"}
    assert "more than 300 MB of memory" in result.details


def test_nothing_of_a_test_is_in_the_students_process(run):
    """The student's last cell looks for the tests: neither their text nor an expected value is there."""
    spy = (
        "import gc\n"
        "text = repr([o for o in gc.get_objects() if isinstance(o, (dict, list, tuple, set))]) + repr(globals())\n"
        "words = [''.join(reversed(word)) for word in ('srebmun hserf', '22 ,41-')]\n"  # not to find itself
        "print([word for word in words if word in text])"
    )
    result = run(run.wrong, last=spy, cell_seconds=20.0)
    assert result.nb.cells[-1].outputs[0].text == "[]\n"
    # The search itself works: what lies in a variable is found.
    found = run(run.wrong, first="keep = [[-14, 22]]", last=spy, cell_seconds=20.0).nb.cells[-1].outputs
    assert "-14, 22" in str(found)


def test_html_output_keeps_only_text_formats(run):
    evil = (
        "from IPython.display import display\n"
        "display({'text/html': '<b>ok</b><script>alert(1)</script><img src=x onerror=alert(1)>',"
        " 'application/javascript': 'alert(1)', 'text/plain': 'x'}, raw=True)"
    )
    result = run(last=evil)
    resources = {"course": Findings()}
    nb, _ = SafeDisplay().preprocess(result.nb, resources)
    data = nb.cells[-1].outputs[0].data
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"] == "<b>ok</b>[picture: not shown]"
    (flag,) = resources["course"].flags
    assert flag.reason == "markup that a browser would run"
    assert all(word in flag.detail for word in ("<script>", "onerror=", "application/javascript"))


def test_an_essay_with_a_script_is_shown_as_it_was_typed(tiny):
    nb = tiny.source_notebook()
    essay = nb.cells[-1]
    essay.source = "Plain > *text* with $y_{<t}$\n\n```\nx < 1\n```"
    plain = essay.source
    SafeDisplay().preprocess(nb, {})
    assert essay.source == plain
    essay.source = "Now ``` <script>alert(1)</script>"
    SafeDisplay().preprocess(nb, {})
    assert essay.source == "````\nNow ``` <script>alert(1)</script>\n````"
    once = essay.source
    SafeDisplay().preprocess(nb, {})
    assert essay.source == once
