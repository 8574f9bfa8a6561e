"""Lab 04's recorded loop: what is kept, the plan, that a run goes on where it was, and what the file holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course_utils import results
from course_utils.data.word_problems import split_of
from course_utils.errors import CourseError
from course_utils.evaluation import paired_difference
from course_utils.experiments import expert_iteration as experiment
from course_utils.experiments.expert_iteration import Arm
from course_utils.generation import Completion
from course_utils.models import load_base
from course_utils.resuming import as_json

pytestmark = pytest.mark.slow  # loads models

SMALL = replace(
    experiment.RECIPE,
    questions=4,
    samples=2,
    format_examples=2,
    format_epochs=1,
    epochs=1,
    greedy_problems=4,
    sampled_problems=3,
    second_samples=2,
    seeds=(0,),
    max_new_tokens=12,
)
PROBLEM = {
    "question": "Tom has 3 eggs and buys 4. How many?",
    "answer": "3+4 = <<3+4=7>>7\n#### 7",
    "steps": 1,
}


def written(*texts: str) -> list[Completion]:
    return [Completion(text, (1,), True) for text in texts]


@pytest.fixture(scope="module")
def base():
    return load_base("nano-math", "weak", device="cpu", dtype="float32")


@pytest.mark.parametrize(
    ("verifier", "cap", "expected"),
    [
        ("strict", 2, ["first\n#### 7", "second\n#### 7"]),
        ("strict", None, ["first\n#### 7", "second\n#### 7", "third\n#### 7"]),
        ("last number", 1, ["first\n#### 7"]),
        ("last number", None, ["first\n#### 7", "second\n#### 7", "(7)", "third\n#### 7"]),
        ("number anywhere", 2, ["first\n#### 7\nTom has 9", "first\n#### 7"]),
    ],
)
def test_what_is_kept_is_right_cut_different_and_capped(verifier: str, cap: int | None, expected) -> None:
    group = written(
        "first\n#### 7\nTom has 9",
        " first\n#### 7 ",
        "second\n#### 7",
        "(7)",
        "third\n#### 7",
        "12-5 = 8\n#### 8",
    )
    kept = experiment.accepted(PROBLEM, group, verifier, cap)
    assert [solution["answer"] for solution in kept] == expected
    assert {(solution["question"], solution["gold"]) for solution in kept} == {
        (PROBLEM["question"], PROBLEM["answer"])
    }


def test_a_gold_answer_without_a_number_makes_nothing_right() -> None:
    """None is what a text without an answer gives, too."""
    with pytest.raises(CourseError, match="many eggs"):
        experiment.accepted(
            {**PROBLEM, "answer": "#### many eggs"}, written("I do not know."), "strict", None
        )
    with pytest.raises(ValueError, match="many eggs"):
        experiment.describe([{"answer": "I do not know.", "gold": "#### many eggs"}])


def test_the_lenient_verifiers_are_lenient_and_no_more() -> None:
    assert experiment.last_number("So we get (7)", "7")
    assert experiment.last_number("it is 1,200.", "1200")
    assert not experiment.last_number("#### 7\nTom has 9 eggs", "7")
    assert experiment.number_anywhere("#### 7\nTom has 9 eggs", "7")
    assert not experiment.number_anywhere("17 eggs", "7")
    assert not experiment.last_number("none", "7")


def test_a_false_step_and_another_way_are_counted() -> None:
    kept = [
        {**PROBLEM, "gold": PROBLEM["answer"], "answer": answer}
        for answer in (
            "3+4 = <<3+4=7>>7\n#### 7",
            "4+4 = <<4+4=7>>7\n#### 7",
            "4+1 = <<4+1=5>>5\n5+2 = <<5+2=7>>7\n#### 7",
            "She has 7.\n#### 7",
            "(7)",
        )
    ]
    found = experiment.describe(kept)
    assert {key: found[key] for key in ("kept", "strict", "annotated", "false_steps", "like_gold")} == {
        "kept": 5,
        "strict": 4,
        "annotated": 3,
        "false_steps": 1,
        "like_gold": 2,  # the false step arrives at the gold result
    }
    assert found["examples"] == [
        {key: kept[1][key] for key in ("question", "answer", "gold")},
    ]


def test_the_hint_is_in_the_prompt_and_the_steps_are_not(base) -> None:
    prompt = experiment.hinted_prompt(PROBLEM, base[1])
    assert "How many?\nAnswer: 7" in prompt
    assert "3+4" not in prompt


def test_no_test_problem_is_ever_trained_on() -> None:
    asked = {problem["question"] for problem in experiment.held_out()}
    assert {split_of(question) for question in asked} == {"test"}
    for arm in experiment.ARMS:
        rounds = [experiment.training_problems(0, number, arm, SMALL) for number in range(arm.rounds)]
        questions = [problem["question"] for problems in rounds for problem in problems]
        assert len(set(questions)) == len(questions), "the rounds have questions of their own"
        assert {split_of(question) for question in questions} == {"train"}
        assert not asked & set(questions)


def test_a_round_without_a_correct_sample_leaves_the_model_as_it_is(base, monkeypatch) -> None:
    monkeypatch.setattr(experiment, "_train", None)
    monkeypatch.setattr(
        experiment, "_write", lambda loaded, problems, *_: [written("no", "idea") for _ in problems]
    )
    loaded, facts = experiment.one_round(base, base, Arm("any"), 0, 0, SMALL)
    assert loaded is base
    assert (facts["kept"], facts["passed"]) == (0, [4, 0, 0])


def test_who_samples_and_who_is_trained(monkeypatch) -> None:
    trained, sampled = [], []

    def write(loaded, problems, *_):
        sampled.append(loaded[0])
        return [written(problem["answer"], problem["answer"]) for problem in problems]

    def train(loaded, solutions, *_, **__):
        trained.append((loaded[0], len(solutions)))
        return loaded[0] + "+", None

    monkeypatch.setattr(experiment, "_write", write)
    monkeypatch.setattr(experiment, "_train", train)
    for restart, expected in ((False, [("m", 4), ("m+", 4)]), (True, [("m", 4), ("m", 4)])):
        trained.clear()
        sampled.clear()
        run = experiment.run_arm(
            ("m", None),
            Arm("any", rounds=2, restart=restart),
            0,
            lambda loaded, name: {"model": loaded[0]},
            SMALL,
        )
        assert trained == expected
        assert sampled == ["m", "m+"]
        assert [entry["model"] for entry in run["rounds"]] == (
            ["m", "m+", "m+"] if restart else ["m", "m+", "m++"]
        )
        assert [entry.get("kept") for entry in run["rounds"]] == [None, 4, 4]


def test_a_second_try_asks_only_what_is_unsolved(base, monkeypatch) -> None:
    calls = []

    def write(loaded, problems, recipe, n, temperature, seed, prompt=None):
        calls.append(([problem["question"] for problem in problems], prompt))
        if len(calls) % 2:
            return [written("no") if i else written(problem["answer"]) for i, problem in enumerate(problems)]
        return [written(problem["answer"]) for problem in problems]

    monkeypatch.setattr(experiment, "_write", write)
    monkeypatch.setattr(experiment, "_train", lambda loaded, *_, **__: loaded)
    questions = [problem["question"] for problem in experiment.training_problems(0, 0, Arm("any"), SMALL)]
    for second_try, prompt in (("hint", experiment.hinted_prompt), ("again", None)):
        calls.clear()
        _, facts = experiment.one_round(base, base, Arm("any", second_try=second_try), 0, 0, SMALL)
        assert calls == [(questions, None), (questions[1:], prompt)]
        assert (facts["kept"], facts["second_try"]["kept"], facts["second_try"]["questions"]) == (4, 3, 3)
    with pytest.raises(CourseError, match="'beg'"):
        experiment.one_round(base, base, Arm("any", second_try="beg"), 0, 0, SMALL)


def test_unknown_names_are_refused(base) -> None:
    with pytest.raises(CourseError, match="'middle'"):
        experiment.run_arm(base, Arm("any", start="middle"), 0, experiment.measure, SMALL)
    with pytest.raises(CourseError, match="'no such arm'"):
        experiment.record(["no such arm"])


def test_a_recording_goes_on_where_it_was(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(results, "_FOLDER", tmp_path)
    monkeypatch.setattr(experiment, "RECIPE", SMALL)
    monkeypatch.setattr(
        experiment, "ARMS", (Arm("continue", rounds=1, stage="weak"), Arm("other", rounds=1, stage="weak"))
    )
    monkeypatch.setattr(experiment, "GOLD", {"gold": "continue"})
    state = {"greedy": {"correct": "10"}, "sampled": {"correct": "1", "n": 2}}
    monkeypatch.setattr(experiment, "measure", lambda *_: dict(state))
    monkeypatch.setattr(
        experiment,
        "_write",
        lambda loaded, problems, *_: [written(problem["answer"]) for problem in problems],
    )
    monkeypatch.setattr(experiment, "_train", lambda loaded, *_, **__: loaded)
    with pytest.raises(CourseError, match="'gold' takes as many examples as the arm 'continue' has kept"):
        experiment.record(["gold"])
    first = experiment.record(["continue"])
    assert [run["arm"] for run in first["runs"]] == ["continue"]
    second = experiment.record()
    assert [run["arm"] for run in second["runs"]] == ["continue", "gold", "other"]
    assert second["runs"][1]["examples"] == first["runs"][0]["rounds"][1]["kept"] == 4
    monkeypatch.setattr(experiment, "run_arm", None)  # nothing is left to run
    assert experiment.record() == results.load(experiment.NAME) == second
    monkeypatch.setattr(experiment, "RECIPE", replace(SMALL, epochs=2))
    with pytest.raises(CourseError, match="another recipe"):
        experiment.record()


def test_one_real_round_counts_what_it_measured(base) -> None:
    run = experiment.run_arm(
        base,
        Arm("any", rounds=1, verifier="number anywhere"),
        0,
        lambda loaded, _: experiment.measure(loaded, SMALL),
        SMALL,
    )
    for entry in run["rounds"]:
        greedy, sampled = entry["greedy"], entry["sampled"]
        assert (len(greedy["correct"]), greedy["n"], len(sampled["correct"]), sampled["n"]) == (4, 4, 3, 6)
        assert sum(experiment.right_samples(greedy)) <= greedy["format"] <= 4
        assert sum(cell[2] for cell in sampled["steps"].values()) == 6
    assert sum(run["rounds"][1]["passed"]) == SMALL.questions


def test_the_recorded_file_holds_every_run_of_the_plan_once() -> None:
    recorded = results.load(experiment.NAME)
    assert recorded["recipe"] == as_json(experiment.settings())
    assert [{"arm": run["arm"], "seed": run["seed"]} for run in recorded["runs"]] == experiment.plan()
    rounds = {arm.name: arm.rounds for arm in experiment.ARMS}
    for run in recorded["runs"]:
        assert len(run["rounds"]) == 1 + rounds.get(run["arm"], 0)
        for entry in run["rounds"]:
            assert len(entry["greedy"]["correct"]) == experiment.RECIPE.greedy_problems
            assert len(entry["sampled"]["correct"]) == experiment.RECIPE.sampled_problems


def test_pass_at_1_climbs_for_every_seed() -> None:
    for run in results.load(experiment.NAME)["runs"]:
        if run["arm"] in ("continue", "format", "skill"):
            right = [sum(experiment.right_samples(entry["sampled"])) for entry in run["rounds"]]
            assert right == sorted(right), f"{run['arm']}, seed {run['seed']}"


def mean_over_seeds(arm: str, number: int, read) -> float:
    """The mean of `read` over the runs of an arm, after round `number`."""
    found = [
        read(run["rounds"][number]) for run in results.load(experiment.NAME)["runs"] if run["arm"] == arm
    ]
    assert len(found) == len(experiment.RECIPE.seeds)
    return sum(found) / len(found)


def greedy(key: str):
    """The share of greedy answers that a rule accepts."""

    def read(entry) -> float:
        part = entry["greedy"]
        return (sum(experiment.right_samples(part)) if key == "correct" else part[key]) / part["n"]

    return read


def test_what_lab_04_says_about_the_start_holds_in_the_record() -> None:
    assert (
        mean_over_seeds("continue", -1, greedy("correct")) - mean_over_seeds("continue", 0, greedy("correct"))
        > 0.5
    )
    assert (
        abs(mean_over_seeds("continue", -1, greedy("any")) - mean_over_seeds("continue", 0, greedy("any")))
        < 0.05
    )
    assert mean_over_seeds("skill", -1, greedy("any")) - mean_over_seeds("skill", 0, greedy("any")) > 0.1
    bases = results.load(experiment.NAME)["bases"]
    for arm, stage in (("format", "strong"), ("skill", "medium")):
        # the format examples cost arithmetic, and the loop ends above what the base knew
        base = greedy("any")(bases[stage])
        assert mean_over_seeds(arm, 0, greedy("any")) < base < mean_over_seeds(arm, -1, greedy("any"))


def test_what_the_bases_knew_was_recorded_of_each_problem() -> None:
    recorded = results.load(experiment.NAME)
    for stage, known in recorded["known"].items():
        greedy = recorded["bases"][stage]["greedy"]
        digits = experiment.digits(known)
        assert len(digits) == experiment.RECIPE.greedy_problems
        assert abs(sum(digits) - greedy["any"]) <= 2  # the count was made before the strict rule came first
        # what is right by the strict rule is right in whatever format
        assert all(one >= other for one, other in zip(digits, experiment.right_samples(greedy), strict=True))


def test_what_lab_04_says_about_new_skill_holds_problem_by_problem() -> None:
    recorded = results.load(experiment.NAME)

    def beyond(arm: str, stage: str):
        runs = [run for run in recorded["runs"] if run["arm"] == arm]
        after = np.mean([experiment.right_samples(run["rounds"][-1]["greedy"]) for run in runs], axis=0)
        return paired_difference(after, experiment.digits(recorded["known"][stage]))

    assert beyond("skill", "medium").say("new", "lost") == "new"
    assert beyond("format", "strong").say("new", "lost") == "no clear difference"


def test_most_problems_at_zero_of_eight_are_solved_later() -> None:
    """What deck 04 once called never solved."""
    runs = [run for run in results.load(experiment.NAME)["runs"] if run["arm"] == "continue"]
    start, end = (
        np.array([experiment.right_samples(run["rounds"][i]["sampled"]) for run in runs]) for i in (0, -1)
    )
    assert ((start == 0) & (end > 0)).sum() > 0.5 * (start == 0).sum()


def test_what_lab_04_says_about_five_steps_holds_in_the_record() -> None:
    def of_five(entry) -> float:
        return entry["greedy"]["steps"]["5"][1] / entry["greedy"]["steps"]["5"][2]

    assert mean_over_seeds("continue", -1, of_five) < 0.1 < 0.2 < mean_over_seeds("gold", 0, of_five)


def test_what_lab_04_says_about_lenient_verifiers_holds_in_the_record() -> None:
    assert mean_over_seeds("last number", 0, greedy("last number")) < 0.05
    assert mean_over_seeds("last number", -1, greedy("last number")) > 0.5
    assert mean_over_seeds("last number", -1, greedy("correct")) < 0.05
    assert (
        abs(
            mean_over_seeds("last number", -1, greedy("any"))
            - mean_over_seeds("last number", 0, greedy("any"))
        )
        < 0.1
    )
    assert (
        mean_over_seeds("number anywhere", -1, greedy("stopped"))
        < mean_over_seeds("number anywhere", 0, greedy("stopped")) / 2
    )
    # after the format examples the strict and the lenient rule agree: nothing to exploit
    assert (
        abs(
            mean_over_seeds("format", 0, greedy("last number"))
            - mean_over_seeds("format", 0, greedy("correct"))
        )
        < 0.02
    )


def test_what_lab_04_says_about_false_steps_holds_in_the_record() -> None:
    for arm in ("continue", "format", "skill"):
        runs = [run for run in results.load(experiment.NAME)["runs"] if run["arm"] == arm]
        false, checked = (
            sum(entry[key] for run in runs for entry in run["rounds"][1:])
            for key in ("false_steps", "annotated")
        )
        assert 0.002 < false / checked < 0.15
