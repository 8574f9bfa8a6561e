"""Near-identical answers: what is found, and what must not be."""

from __future__ import annotations

import random
import time

import nbformat
import pytest

from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue
from course_utils.grading.pages import copies
from course_utils.grading.pages.copies import find_copies, near_identical, nodes
from course_utils.grading.pages.feedback import write_feedback
from course_utils.grading.pages.report import write_report
from course_utils.grading.run.repair import released_view

STUB = 'def collate(examples, pad):\n    """Pad."""\n    raise NotImplementedError("write your code here")'
LONG = '''
def collate(examples, pad):
    """Pad to the longest."""
    longest = max(len(example["input_ids"]) for example in examples)  # of all
    rows, masks = [], []
    for example in examples:
        missing = longest - len(example["input_ids"])
        rows.append(list(example["input_ids"]) + [pad] * missing)
        masks.append([1] * len(example["input_ids"]) + [0] * missing)
    if not rows:
        raise ValueError("there is nothing to collate")
    return {"input_ids": torch.tensor(rows), "attention_mask": torch.tensor(masks)}
'''
DISGUISED = """
def collate(examples, pad) -> dict:
    # my own work
    n: int = max(len(e["input_ids"]) for e in examples)
    a, b = [], []


    for e in examples:
        k = (n
             - len(e["input_ids"]))
        a.append(list(e["input_ids"]) + [pad] * k)
        b.append([1] * len(e["input_ids"]) + [0] * k)
    if not a:
        raise ValueError("there is nothing to collate")
    return {"input_ids": torch.tensor(a), "attention_mask": torch.tensor(b)}
"""
SHORT = "def collate(examples, pad):\n    ids = [e + [pad] for e in examples]\n    return torch.tensor(ids)"


def honest(number: int) -> str:
    """An answer that nobody else writes: some twenty statements in an order of its own."""
    dice = random.Random(number)
    lines = [
        dice.choice(
            [
                f"value = examples[{dice.randint(0, 99)}] {dice.choice('+-*/')} pad ** {dice.randint(0, 9)}",
                f"if len(examples) > {dice.randint(0, 99)}: pad = torch.{dice.choice(['sum', 'max', 'cat'])}(examples)",
                f"rows = [torch.tensor(e[{dice.randint(0, 9)}:]) for e in examples if e.{dice.choice('abcdef')}]",
                f"while pad < {dice.randint(0, 99)}: pad += examples.count({dice.randint(0, 9)})",
            ]
        )
        for _ in range(20)
    ]
    return "def collate(examples, pad):\n    " + "\n    ".join(lines) + "\n    return value"


def crowd(n: int, **more: str) -> dict[str, str]:
    return {f"s{number}": honest(number) for number in range(n)} | more


def found(answers) -> list[set[str]]:
    return [set(group[0]) for group in near_identical(answers, STUB, {"collate"})]


def test_other_names_comments_hints_and_lines_hide_nothing():
    assert nodes(LONG, frozenset({"collate"})) == nodes(DISGUISED, frozenset({"collate"}))
    assert found(crowd(12, anna=LONG, bert=DISGUISED)) == [{"anna", "bert"}]


def test_what_was_taken_is_shown_as_it_was_written():
    ((students, likeness, n, sources),) = near_identical(
        crowd(12, anna=LONG, bert=DISGUISED), STUB, {"collate"}
    )
    assert students == ("anna", "bert")
    assert sources == (LONG, DISGUISED)
    assert likeness == 1
    assert n > copies.EVIDENCE


def test_a_line_more_is_still_near_and_another_program_is_not():
    changed = LONG.replace("rows, masks = [], []", "rows, masks = [], []\n    print(longest)")
    assert found(crowd(12, anna=LONG, bert=changed)) == [{"anna", "bert"}]
    other = LONG.replace("if not rows", "if rows == [] or masks == []").replace("torch.tensor", "torch.stack")
    other = (
        other.replace("longest - len", "-len")
        .replace("list(example[", "tuple(example[")
        .replace("[1] *", "[2] *")
    )
    assert found(crowd(12, anna=LONG, bert=other)) == []


def test_one_piece_in_common_does_not_make_two_programs_alike():
    anna, bert = (f"{LONG}\n{honest(n)}" for n in (101, 102))
    assert found(crowd(12, anna=anna, bert=bert)) == []


def test_short_answers_and_untouched_ones_are_nobodys_copy():
    assert found(crowd(12, anna=SHORT, bert=SHORT, cleo=SHORT)) == []
    assert found(crowd(12, anna=STUB, bert=STUB)) == []
    assert found({"anna": SHORT, "bert": SHORT}) == []


def test_what_many_write_counts_for_nobody():
    """A quarter of the class has the same answer of a few lines: that is what the exercise asks for."""
    assert found(crowd(30, **{f"t{n}": LONG for n in range(10)})) == []


def test_a_long_answer_that_went_round_is_told_but_not_one_that_half_the_class_has():
    long = honest(999)
    assert len(nodes(long)) > copies.LONG + 50
    ring = {f"t{n}": long for n in range(10)}
    assert found(crowd(30, **ring)) == [set(ring)]
    assert found(crowd(8, **ring)) == []


def test_a_chain_is_one_group():
    one = LONG
    two = LONG.replace("[0] * missing", "[0] * (missing)").replace("rows, masks", "masks, rows")
    three = two.replace("if not rows:", "if len(rows) < 1:")
    assert found(crowd(12, anna=one, bert=two, cleo=three)) == [{"anna", "bert", "cleo"}]


@pytest.mark.parametrize("source", ["def f(:", "x = '" + "a" * 9, "\0", "(" * 3000, "1" + "+1" * 20_000, ""])
def test_what_is_no_program_is_left_out(source):
    answers = crowd(5, anna=source, bert=source)
    assert not any({"anna", "bert"} & group for group in found(answers))


def test_a_class_of_a_thousand_takes_seconds():
    answers = crowd(996, a=LONG, b=DISGUISED, **dict.fromkeys("cdefghijkl", honest(0)))
    began = time.process_time()
    groups = found(answers)
    assert {"a", "b"} in groups
    assert len(groups) == 2
    assert time.process_time() - began < 10


def test_wrong_and_right_answers_of_the_course_are_mostly_each_its_own():
    """The catalogue's answers were derived from one solution, so a few near pairs are right to be found."""
    root = catalogue_root()
    source = nbk.read(root / "solutions" / "01_sft_masking" / "01_sft_masking.ipynb")
    groups = []
    for exercise in nbk.exercises(source):
        entries = {e.name: e.source for e in catalogue.load(root, "01_sft_masking", exercise)}
        groups += near_identical(entries, nbk.clear_solution(exercise.solution.source), exercise.names)
    assert len(groups) <= 3


def catalogue_root():
    from pathlib import Path

    return Path(__file__).resolve().parents[2]


def test_a_report_shows_two_answers_side_by_side(records, folders, tiny):
    nb = tiny.nb
    nb.cells[2].metadata["course"]["title"] = "Double <b>"
    source = folders.solutions / records.lab / f"{records.lab}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(nb, source)
    for student, text in crowd(6, anna=LONG, bert=DISGUISED + "# <script>alert(1)</script>").items():
        handed = released_view(nb)
        handed.cells[2].source = text
        path = folders.autograded / student / records.lab / f"{records.lab}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(handed, path)
    results = [records.result(student) for student in [*(f"s{n}" for n in range(6)), "anna", "bert"]]
    results.append(records.result("torn", status="unreadable", cells=[]))
    assert [g.students for g in find_copies(records.lab, [r.student for r in results], folders)] == [
        ("anna", "bert")
    ]
    write_feedback(results, folders)
    html = write_report(results, folders).read_text()
    section = html.split('id="copies"')[1].split("</section>")[0]
    assert section.count("<pre") == 2
    assert "Double &lt;b&gt;" in section
    assert "# my own work" in section
    assert "<script" not in section
    assert "anna" in section.split("</summary>")[0]
