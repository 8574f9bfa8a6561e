"""The safe calculator: exact, and deaf to everything that is not arithmetic."""

from __future__ import annotations

import json
import time
from fractions import Fraction

import pytest

from course_utils.data.calculator import Annotation, calculate, check_calculator


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("9*2", Fraction(18)),
        ("16-3-4", Fraction(9)),
        ("2+3*4", Fraction(14)),
        ("(2+3)*4", Fraction(20)),
        ("7/2", Fraction(7, 2)),
        ("1/3", Fraction(1, 3)),
        ("560//10", Fraction(56)),
        ("7//2", Fraction(7, 2)),
        (".5*4", Fraction(2)),
        ("3.*2", Fraction(6)),
        ("0.1+0.2", Fraction(3, 10)),
        ("-20+10", Fraction(-10)),
        ("-14+-8+1", Fraction(-21)),
        ("+5", Fraction(5)),
        (" 2 * 3 ", Fraction(6)),
        ("((9*9*9)*9)*9", Fraction(59049)),
    ],
)
def test_calculate(expression: str, value: Fraction) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        " ",
        "2+",
        "2 3",
        "x+1",
        "__import__('os').getcwd()",
        "print(1)",
        "(1).real",
        "[1][0]",
        "'a'*3",
        "True+1",
        "1j",
        "1e9",
        "1_000",
        "0x10",
        "2 if 1 else 3",
        "1<2",
        "5%3",
        "~1",
        "1/0",
        "1//0",
        "2**3",
        "9**9**9**9",
        "x:=3",
        "\x00",
        "(" * 150 + "1" + ")" * 150,
        "9" * 300,
    ],
)
def test_everything_else_is_refused_at_once_and_quoted(expression: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"arithmetic|characters|zero|more than|too large") as error:
        calculate(expression)
    assert time.process_time() - began < 1
    assert repr(expression.strip()[:20]).strip("'\"") in str(error.value)


def test_check_calculator_lists_every_annotation_in_order() -> None:
    answer = (
        "16-3 = <<16-3=13>>13, 13*2 = $<<13*2=27>>27, <<2+2>>, <<1=1=1>>, <<a=1>>, <<1/2=.50>>.5\n#### 27"
    )
    assert check_calculator(answer) == [
        Annotation("16-3=13", True),
        Annotation("13*2=27", False),
        Annotation("2+2", False),
        Annotation("1=1=1", False),
        Annotation("a=1", False),
        Annotation("1/2=.50", True),
    ]
    assert check_calculator("no annotation, 2+2=5\n#### 5") == []


def test_every_real_annotation_is_right_and_floats_would_say_otherwise(gsm8k_dir) -> None:
    texts = [
        annotation
        for split in ("train", "test")
        for line in (gsm8k_dir / f"{split}.jsonl").read_text().splitlines()
        for annotation in check_calculator(json.loads(line)["answer"])
    ]
    assert len(texts) == 27_998
    assert [text for text, right in texts if not right] == []
    sides = [text.replace("//", "/").split("=") for text, _ in texts]
    # The pattern above lets nothing through but digits and operators, so this eval is safe here.
    assert sum(eval(left) != eval(right) for left, right in sides) == 54
