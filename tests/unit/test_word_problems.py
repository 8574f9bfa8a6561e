"""The generator: right annotations, GSM8K's form, seeds, and splits that cannot overlap."""

from __future__ import annotations

import ast
import itertools
import operator
import random
import re

import pytest

from course_utils.data import load, word_problems
from course_utils.data.answers import is_correct, parse_answer
from course_utils.errors import CourseError
from course_utils.models.nano_math import corpus

EXAMPLE = "Rosa runs 4 laps of 6 km each. How far does Rosa go in the end?"
ANNOTATION = re.compile(r"(\S+) = \$?<<([^<>=]+)=(\d+)>>(\d+)")
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def calculate(expression: str) -> float:
    """The value of a sum of two numbers, read independently of the generator."""
    node = ast.parse(expression, mode="eval").body
    return OPERATIONS[type(node.op)](node.left.value, node.right.value)


@pytest.fixture(scope="module")
def many() -> list[dict]:
    return word_problems.generate(1500, seed=5, steps=(1, 6), split="test")


def test_every_annotation_is_right(many: list[dict]) -> None:
    for problem in many:
        *lines, last = problem["answer"].split("\n")
        assert len(lines) == problem["steps"]
        for line in lines:
            shown, expression, result, repeated = ANNOTATION.search(line).groups()
            assert shown == expression
            assert result == repeated
            assert calculate(expression) == int(result)
            assert line.count("<<") == 1
        assert last == f"#### {result}"
        assert parse_answer(problem["answer"]) == result


def test_every_number_of_the_first_step_is_in_the_question(many: list[dict]) -> None:
    """So a solution can be read off the question: no number falls from the sky."""
    words = {"half": "2", "twice": "2", "three": "3", "four": "4", "five": "5"}
    for problem in many:
        known = set(re.findall(r"\d+", problem["question"]))
        known |= {number for word, number in words.items() if word in problem["question"]}
        for _, expression, result, _ in ANNOTATION.findall(problem["answer"]):
            assert set(re.findall(r"\d+", expression)) <= known, problem
            known.add(result)


def test_only_people_of_the_question_are_in_the_answer(many: list[dict]) -> None:
    names = {person.name for person in word_problems.PEOPLE}
    for problem in many:
        words = {text: set(re.findall(r"[A-Z][a-z]+", problem[text])) for text in ("question", "answer")}
        assert words["answer"] & names <= words["question"]


def test_values_are_positive_and_reach_a_thousand(many: list[dict]) -> None:
    values = [int(value) for problem in many for value in re.findall(r"=(\d+)>>", problem["answer"])]
    assert min(values) >= 1
    assert 900 <= max(values) <= 1100


def test_all_step_counts_occur_equally_often(many: list[dict]) -> None:
    for steps in range(1, 7):
        assert 190 < sum(problem["steps"] == steps for problem in many) < 310


def test_the_same_seed_gives_the_same_problems_and_a_longer_list_starts_the_same() -> None:
    ten = word_problems.generate(10, seed=3)
    assert word_problems.generate(10, seed=3) == ten
    assert word_problems.generate(20, seed=3)[:10] == ten
    assert word_problems.generate(10, seed=4) != ten


def test_a_list_has_no_problem_twice() -> None:
    questions = [problem["question"] for problem in word_problems.generate(2000, seed=0, steps=(1, 1))]
    assert len(set(questions)) == len(questions)


@pytest.mark.parametrize("split", word_problems.SPLITS)
def test_each_split_gets_only_its_own(split: str) -> None:
    for problem in word_problems.generate(300, seed=0, split=split):
        assert word_problems.split_of(problem["question"]) == split


def test_split_of_does_not_change_from_one_version_to_the_next() -> None:
    """If this fails, shipped weights may have seen test problems."""
    assert [word_problems.split_of(text) for text in ("a", "e", EXAMPLE)] == ["pretrain", "train", "test"]


def test_no_corpus_document_holds_a_problem_of_another_split() -> None:
    """Every kind of document, wrong solutions and stories without a question included."""
    found = list(itertools.islice(corpus.documents(seed=0), 1500))
    assert {document.kind for document in found} == set(corpus.KINDS)
    for document in found:
        for problem in document.problems:
            assert word_problems.split_of(problem.question) == "pretrain"
            assert problem.steps <= 4
        # Nothing else in the text asks anything: the problems just checked are all there are.
        rest = document.text
        for problem in document.problems:
            rest = rest.replace(problem.question, "")
        assert not re.search(r"How (many|much|far)", rest), document.text


def test_no_test_question_is_in_the_text_of_the_corpus() -> None:
    """Looked for in the text itself, with the shortest problems, which are the likeliest to coincide."""
    found = list(itertools.islice(corpus.documents(seed=0), 1500))
    text = "\n".join(document.text for document in found)
    assert (
        sum(p.question in text for document in found[:50] for p in document.problems) > 50
    )  # the search finds
    for split in ("train", "test"):
        for problem in word_problems.generate(1500, seed=1, steps=(1, 2), split=split):
            assert problem["question"] not in text


def test_careless_solutions_are_mostly_wrong_and_keep_the_question() -> None:
    rng = random.Random(0)
    problems = list(itertools.islice(word_problems.problems(0, "pretrain", (2, 4)), 300))
    spoiled = [word_problems.careless(problem, rng) for problem in problems]
    assert all(a.question == b.question for a, b in zip(problems, spoiled, strict=True))
    assert all(a.answer != b.answer for a, b in zip(problems, spoiled, strict=True))
    wrong = sum(not is_correct(b.answer, a.answer) for a, b in zip(problems, spoiled, strict=True))
    assert wrong > 200


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n": 3, "split": "valid"}, "valid"),
        ({"n": 3, "steps": (0, 4)}, r"\(0, 4\)"),
        ({"n": 3, "steps": (4, 7)}, r"\(4, 7\)"),
        ({"n": 3, "steps": (4, 2)}, r"\(4, 2\)"),
        ({"n": -1}, "-1"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, word: str) -> None:
    with pytest.raises(CourseError, match=word):
        word_problems.generate(**arguments)


def test_load_gives_a_dataset_in_gsm8ks_schema() -> None:
    data = load("word_problems", split="test", n=5, seed=1, steps=(2, 2))
    assert data.column_names == ["question", "answer"]
    assert data["question"][:] == [p["question"] for p in word_problems.generate(5, 1, (2, 2), "test")]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"name": "gsm9k"}, "gsm9k"),
        ({"name": "word_problems", "split": "pretrain"}, "pretrain"),
        ({"name": "word_problems", "n": 0}, "n=0"),
    ],
)
def test_load_names_what_is_wrong(arguments: dict, word: str) -> None:
    with pytest.raises(CourseError, match=word):
        load(**arguments)
