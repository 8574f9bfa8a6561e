"""Lab 04's referee: what a plan may choose, that the number is the trained model's loss, and what the texts quote."""

from __future__ import annotations

import copy

import pytest
import torch

from course_utils import results
from course_utils.data import word_problems
from course_utils.data.answers import is_correct, parse_answer
from course_utils.data.calculator import check_calculator
from course_utils.errors import CourseError
from course_utils.experiments import own_samples
from course_utils.open import own_solutions

pytestmark = pytest.mark.slow

PROBLEMS = [{"question": "2+3?", "answer": "#### 5"}, {"question": "4*2?", "answer": "#### 8"}]
SAMPLES = [["2+3 = 5\n#### 5", "#### 6", "2+3 = 5\n#### 5"], ["4+2 = 6\n#### 6", "4*2 = 8\n#### 8"]]


def example(question, answer):
    return {"question": question, "answer": answer}


def _untrained_top():
    top = copy.deepcopy(own_solutions._base()[0])
    top.model.layers = top.model.layers[-1:]
    return top


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2+3 = 5\n#### 5\nTom has", "2+3 = 5\n#### 5"),
        (" #### 5 eggs\n#### 6", "#### 5 eggs"),
        ("2+3 = 5", None),
        ("", None),
    ],
)
def test_a_text_ends_with_its_first_answer_line(text, kept):
    assert own_samples.cut(text) == kept


def test_the_file_holds_samples_of_training_problems():
    recorded = results.load(own_samples.NAME)
    recipe = recorded["recipe"]
    made = word_problems.generate(recipe["problems"], recipe["seed"], tuple(recipe["steps"]), "train")
    assert [row["question"] for row in recorded["problems"]] == [problem["question"] for problem in made]
    assert [row["answer"] for row in recorded["problems"]] == [
        f"#### {parse_answer(problem['answer'])}" for problem in made
    ]
    texts = [text for row in recorded["problems"] for text in row["samples"]]
    assert all(own_samples.cut(text) == text for text in texts)
    assert max(len(row["samples"]) for row in recorded["problems"]) <= recipe["samples"]


def test_the_file_can_be_written_again():
    """The first problems' samples, by the same recipe: each is drawn by its place, whatever the others are."""
    recorded = results.load(own_samples.NAME)
    few = own_samples.SampleRecipe(problems=4)
    assert {**recorded["recipe"], "problems": 4} == {**vars(few), "steps": list(few.steps)}
    drawn = own_samples.draw(few)
    assert any(row["samples"] for row in drawn)
    assert drawn == recorded["problems"][:4]


def test_a_seed_draws_problems_with_their_samples():
    problems, samples = own_solutions.draw(3)
    assert len(problems) == len(samples) == own_solutions.PROBLEMS
    assert all(set(problem) == {"question", "answer"} for problem in problems)
    assert len({problem["question"] for problem in problems}) == len(problems)
    assert (problems, samples) == own_solutions.draw(3)
    assert problems != own_solutions.draw(4)[0]
    samples[0].append("not in the file")
    problems[0]["answer"] = "#### 0"
    assert own_solutions.draw(3) != (problems, samples)
    # The baseline fills its budget, so that nobody is beaten for want of examples.
    for seed in range(20):
        assert len(own_solutions.first_right(*own_solutions.draw(seed), 24)) == 24


def test_the_baseline_takes_right_answers_once_and_in_order():
    right = [example("2+3?", "2+3 = 5\n#### 5"), example("4*2?", "4*2 = 8\n#### 8")]
    assert own_solutions.first_right(PROBLEMS, SAMPLES, 24) == right
    assert own_solutions.first_right(PROBLEMS, SAMPLES, 1) == right[:1]
    assert all(is_correct(one["answer"], PROBLEMS[i]["answer"]) for i, one in enumerate(right))


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        (None, "the plan gave None: give a list"),
        ("2+3?", "give a list of examples"),
        ([], "the plan gave 0 examples: choose 1 to 24"),
        ([example("2+3?", "#### 6")] * 25, "the plan gave 25 examples: choose 1 to 24"),
        ([(0, "#### 6")], r"example 0 is \(0, '#### 6'\): give a dict"),
        ([{"question": "2+3?"}], "example 0 is .*: give a dict"),
        ([example("2+3?", 5)], "give a dict"),
        ([example("2+2?", "#### 6")], "example 0 has the question '2.2.': take one of the problems'"),
        ([example("2+3?", "#### 5")], "example 0 has the answer '#### 5': take one of the samples"),
        ([example("4*2?", "#### 6")], "example 0 has the answer '#### 6'"),  # another question's
        ([example("2+3?", "")], "example 0 has the answer ''"),
        ([example("2+3?", "#### 6"), example("4*2?", "= 8")], "example 1 has the answer '= 8'"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(chosen, rule):
    with pytest.raises(CourseError, match=rule) as refused:
        own_solutions.check(PROBLEMS, SAMPLES, chosen)
    assert "\n" not in str(refused.value)


def test_samples_and_their_beginnings_may_be_chosen_more_than_once():
    own_solutions.check(
        PROBLEMS, SAMPLES, [example("2+3?", "2+3 = 5"), *[example("4*2?", SAMPLES[1][0])] * 2]
    )
    own_solutions.check(PROBLEMS, SAMPLES, (example("2+3?", "#### 6"),))


def test_a_choice_that_breaks_a_rule_is_not_measured():
    with pytest.raises(CourseError, match="take one of the problems'"):
        own_solutions.held_out_loss(0, [example("2+3?", "#### 6")])


def test_training_lowers_the_loss_of_other_problems_and_leaves_the_model():
    model = own_solutions._base()[0]
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    held_out = word_problems.generate(own_solutions.HELD_OUT_PROBLEMS, 0, own_solutions.STEPS, "test")
    problems, samples = own_solutions.draw(0)
    chosen = own_solutions.first_right(problems, samples, 8)
    torch.manual_seed(7)
    drawn = torch.get_rng_state()
    with torch.no_grad():
        start = float(own_solutions._loss(_untrained_top(), own_solutions._held_out(0)))
        loss = own_solutions.held_out_loss(0, chosen)
        own_solutions._measured.cache_clear()
        assert own_solutions.held_out_loss(0, tuple(chosen)) == pytest.approx(loss, rel=1e-6)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert loss < start - 0.01
    pairs = [(one["question"], one["answer"]) for one in chosen]
    whole = own_solutions.trained(0, pairs)
    assert not torch.equal(
        whole.model.layers[-1].mlp.up_proj.weight, model.model.layers[-1].mlp.up_proj.weight
    )
    assert torch.equal(whole.model.layers[0].mlp.up_proj.weight, model.model.layers[0].mlp.up_proj.weight)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert not {p["question"] for p in held_out} & {p["question"] for p in problems}


def test_the_loss_is_that_of_one_solution_at_a_time():
    """Answers and end tokens only, whatever the padding: with the library's own loss."""
    model, tokenizer = own_solutions._base()
    pairs = [("2+3?", "2+3 = 5\n#### 5"), ("Tom has 4 eggs and buys 2. How many?", "#### 6")]
    total = count = 0.0
    for question, answer in pairs:
        head = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
        )
        prompt, ids = (
            tokenizer(text, add_special_tokens=False)["input_ids"] for text in (head, head + answer)
        )
        ids.append(tokenizer.eos_token_id)
        labels = torch.tensor([[-100] * len(prompt) + ids[len(prompt) :]])
        with torch.no_grad():
            loss = model(input_ids=torch.tensor([ids]), labels=labels).loss
        total, count = total + float(loss) * (len(ids) - len(prompt)), count + len(ids) - len(prompt)
    with torch.no_grad():
        assert float(own_solutions._loss(_untrained_top(), own_solutions._encode(pairs))) == pytest.approx(
            total / count, rel=1e-4
        )


def test_the_numbers_of_the_model_answer(solution, model_answer):
    essay = model_answer("04_expert_iteration", "expert_iteration-essay-experiment")
    recorded = results.load("04_expert_iteration")["open"]
    assert recorded["seeds"] == 6
    means = {name: sum(found) / len(found) for name, found in recorded["losses"].items()}
    quoted = {"baseline: first right": 0.0993, "right, one of each problem": 0.0977, "your plan": 0.0949}
    assert means == pytest.approx(quoted, abs=5e-5)
    assert all(f"{number:.4f}" in essay for number in quoted.values())
    for words in ("0.0044 lower [0.0016, 0.0071]", "26 of 63", "0.08 higher [0.04, 0.12]"):
        assert words in essay
    assert recorded["gaps"]["baseline: first right"] == pytest.approx([-0.0044, -0.0071, -0.0016], abs=5e-5)
    assert recorded["gain"] == pytest.approx([0.08, 0.04, 0.12], abs=5e-3)

    right = own_solutions.first_right(*own_solutions.draw(0), 1000)
    unchecked = [one for one in right if not check_calculator(one["answer"])]
    assert (len(unchecked), len(right)) == (26, 63)

    names = {"is_correct": is_correct, "check_calculator": check_calculator}
    plan = solution("04_expert_iteration", "expert_iteration-open-choose_examples", names)["choose_examples"]
    chosen = plan(*own_solutions.draw(10), own_solutions.BUDGET)
    assert own_solutions.held_out_loss(10, chosen) == pytest.approx(
        recorded["losses"]["your plan"][0], abs=5e-4
    )
