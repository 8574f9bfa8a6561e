"""The verifier: what counts as the answer of a completion."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from course_utils.data.answers import any_answer, is_correct, parse_answer
from course_utils.grading import notebook


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#### 18", "18"),
        ("####18", "18"),
        ("####   18   ", "18"),
        ("#### 18.", "18"),
        ("#### 18.0", "18"),
        ("#### 18.00.", "18"),
        ("#### 2.50", "2.5"),
        ("#### .5", "0.5"),
        ("#### $18", "18"),
        ("#### $ 18", "18"),
        ("#### $29.00", "29"),
        ("#### -$5", "-5"),
        ("#### $-5", "-5"),
        ("#### −3", "-3"),
        ("#### -3", "-3"),
        ("#### +3", "3"),
        ("#### -0", "0"),
        ("#### 007", "7"),
        ("#### 18%", "18"),
        ("#### 1,234", "1234"),
        ("#### 1,234,567.50", "1234567.5"),
        ("#### 1,234.", "1234"),
        ("#### 1,234,", "1234"),
        ("#### 18,", "18"),
        ("#### 18 apples", "18"),
        ("#### 18 dollars.", "18"),
        ("#### €7", "7"),
        ("text 12\n#### 18\n", "18"),
        ("#### 18<|im_end|>", "18"),
        ("#### 5\nNext question: 6\n#### 6", "5"),
        # not an answer
        ("", None),
        ("18", None),
        ("The answer is 18", None),
        ("### 18", None),
        ("####", None),
        ("#### ", None),
        ("#### none", None),
        ("#### x = 18", None),
        ("####\n18", None),
        ("####\n#### 5", None),
        ("#### 3/4", None),
        ("#### 1,23", None),
        ("#### 1.2.3", None),
        ("#### -", None),
        ("#### $", None),
    ],
)
def test_parse_answer(text: str, expected: str | None) -> None:
    assert parse_answer(text) == expected


@pytest.mark.parametrize(
    ("completion", "gold", "expected"),
    [
        ("5*2 = 10\n#### 10", "10", True),
        ("#### 10.00", "so\n#### 10", True),
        ("#### $1,000", "#### 1000", True),
        ("#### 1000", "#### 1,000", True),
        ("#### 100", "#### 10", False),
        ("#### 10", "#### 100", False),
        ("#### -10", "#### 10", False),
        ("The answer is 10", "#### 10", False),
        ("10", "10", False),
        ("", "10", False),
        ("#### 10\n#### 11", "10", True),
        ("#### 11\n#### 10", "10", False),
    ],
)
def test_is_correct(completion: str, gold: str, expected: bool) -> None:
    assert is_correct(completion, gold) is expected


def test_is_correct_refuses_a_gold_answer_without_a_number() -> None:
    with pytest.raises(ValueError, match="no gold here"):
        is_correct("#### 3", "no gold here")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#### 12", "12"),
        ("She has 4+8 = 12 apples. The answer is 12.", "12"),
        ("4+8=12\nAnswer: 12", "12"),
        ("So we get (12)", "12"),
        ("12\nTom has 5 apples. How many?", "5"),  # the last number of the paragraph: lenient and fallible
        ("12", "12"),
        ("She has <<4+8=12>>12 apples", "12"),
        ("It costs $1,250.00\n\nNext: 7", "1250"),
        ("no number", None),
        ("Her first answer: 5 was wrong.\n5+2 = 7\n#### 7", "7"),  # right by the strict rule is right by any
    ],
)
def test_any_answer(text: str, expected: str | None) -> None:
    assert any_answer(text) == expected


def test_the_rule_is_the_one_that_lab_03_teaches() -> None:
    """Its gauntlet of endings stands in the lab's setup; students write this rule themselves."""
    path = Path(__file__).resolve().parents[2] / "labs" / "03_gsm8k" / "03_gsm8k.ipynb"
    cells = (cell.source for cell in notebook.read(path).cells if notebook.is_setup(cell))
    tree = ast.parse(next(source for source in cells if "GAUNTLET = " in source))
    table = next(node.value for node in ast.walk(tree) if isinstance(node, ast.Assign))
    endings = [pair for kind in ast.literal_eval(table).values() for pair in kind]
    assert len(endings) >= 60
    assert [(text, parse_answer(text)) for text, _ in endings] == endings


def test_every_real_gold_answer_parses_and_verifies(gsm8k_dir) -> None:
    """All 8,792; the counts of commas and negatives are GSM8K's, so nothing was skipped."""
    rows = {
        split: [json.loads(line) for line in (gsm8k_dir / f"{split}.jsonl").read_text().splitlines()]
        for split in ("train", "test")
    }
    assert {split: len(group) for split, group in rows.items()} == {"train": 7473, "test": 1319}
    commas = negatives = 0
    for row in rows["train"] + rows["test"]:
        raw = row["answer"].rsplit("####", 1)[1].strip()
        parsed = parse_answer(row["answer"])
        assert parsed == str(int(raw.replace(",", ""))), row["answer"]
        assert is_correct(row["answer"], row["answer"])
        assert is_correct(f"####${raw}.", row["answer"])
        assert not is_correct(re.sub(r"####.*", f"#### {int(parsed) + 1}", row["answer"]), row["answer"])
        commas += "," in raw
        negatives += raw.startswith("-")
    assert (commas, negatives) == (79 + 14, 3 + 2)
