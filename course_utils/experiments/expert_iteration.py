"""Expert iteration recorded: a model that trains on its own solutions, and what each choice of the loop does to it.

    python -m course_utils.experiments.expert_iteration

runs every arm of `ARMS` with every seed (about three quarters of an hour on one CPU core) and writes
course_utils/results/expert_iteration.json. A run that was cut off goes on where it was: finished runs are in the
file and are not repeated. Lab 04 draws the file, and runs one of its arms live with the student's own functions.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from course_utils.data import word_problems
from course_utils.data.answers import MARK, any_answer, is_correct, parse_answer
from course_utils.data.calculator import check_calculator
from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt
from course_utils.experiments.recorded import Recording
from course_utils.generation import Completion, generate
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    Loaded = tuple[PreTrainedModel, PreTrainedTokenizerBase]

NAME = "expert_iteration"
ProblemRow = Mapping[str, Any]

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_ANNOTATION = re.compile(r"<<[^<>]*>>")
ANSWER_LINE = re.compile(rf"{MARK}[^\n]*")


@dataclass(frozen=True)
class ExpertIterationRecipe:
    """What every arm shares.

    steps: numbers of steps of the questions, in training and when measured.
    questions: new ones in each round. samples: completions of a question, in training and when measured, at
        most 9.
    learning_rate, epochs, batch_size: of the training in each round and of the gold solutions.
    format_examples: one-step problems with gold solutions that teach the format and no skill, with
        format_rate and format_epochs.
    greedy_problems, sampled_problems: held out; the second are the first of the first.
    second_samples: completions of an unsolved question in a second try.
    """

    steps: tuple[int, int] = (2, 5)
    questions: int = 200
    samples: int = 8
    learning_rate: float = 3e-4
    epochs: int = 2
    batch_size: int = 16
    format_examples: int = 30
    format_rate: float = 1e-3
    format_epochs: int = 3
    greedy_problems: int = 200
    sampled_problems: int = 120
    second_samples: int = 8
    seeds: tuple[int, ...] = (0, 1, 2)
    max_length: int = 512
    max_new_tokens: int = 160


RECIPE = ExpertIterationRecipe()


@dataclass(frozen=True)
class Arm:
    """One way to run the loop.

    start: "base", or "format" for the model after the format examples. restart: train the start model anew in
    each round, on this round's solutions, instead of going on. cap: solutions kept of one question; None keeps
    all. temperature: of sampling; 0 draws one completion. verifier: a name of `VERIFIERS`. second_try:
    questions without a kept solution are asked once more, "hint" with the answer in the prompt, "again" without.
    steps: of the training questions, the recipe's if None. stage: of the embedded model.
    """

    name: str
    rounds: int = 3
    start: str = "base"
    restart: bool = False
    cap: int | None = 2
    temperature: float = 1.0
    verifier: str = "strict"
    second_try: str | None = None
    steps: tuple[int, int] | None = None
    stage: str = "strong"


ARMS = (
    Arm("continue"),
    Arm("restart", restart=True),
    Arm("format", start="format"),
    Arm("skill", rounds=4, start="format", stage="medium"),
    Arm("last number", verifier="last number"),
    Arm("hint", start="format", stage="medium", second_try="hint"),
    Arm("again", start="format", stage="medium", second_try="again"),
    Arm("cap 1", rounds=2, start="format", cap=1),
    Arm("no cap", rounds=2, start="format", cap=None),
    Arm("temperature 0", rounds=2, start="format", temperature=0.0),
    Arm("temperature 0.5", rounds=2, start="format", temperature=0.5),
    Arm("temperature 1.3", rounds=2, start="format", temperature=1.3),
    Arm("number anywhere", rounds=2, verifier="number anywhere"),
    Arm("too hard", rounds=2, start="format", steps=(5, 6)),
    Arm("weak", rounds=2, stage="weak"),
)
# Gold solutions, as many as an arm has kept in all its rounds: the name of that run -> the arm.
GOLD = {"gold": "continue", "gold skill": "skill"}


def _numbers(text: str) -> list[str | None]:
    return [parse_answer(f"{MARK} {number}") for number in _NUMBER.findall(_ANNOTATION.sub("", text))]


def last_number(text: str, gold: str) -> bool:
    """Whether the last number of the text is `gold`: lenient, whatever stands before it."""
    numbers = _numbers(text)
    return bool(numbers) and numbers[-1] == gold


def number_anywhere(text: str, gold: str) -> bool:
    """Whether any number of the text is `gold`: more lenient still."""
    return gold in _numbers(text)


def strict(text: str, gold: str) -> bool:
    """Whether the text gives `gold` in the format that was asked for."""
    return parse_answer(text) == gold


VERIFIERS: dict[str, Callable[[str, str], bool]] = {
    "strict": strict,
    "last number": last_number,
    "number anywhere": number_anywhere,
}


def training_problems(
    seed: int, number: int, arm: Arm, recipe: ExpertIterationRecipe = RECIPE
) -> list[dict[str, Any]]:
    """The questions of round `number` (0, 1, …), other ones in each round."""
    made = word_problems.generate(
        recipe.questions * (number + 1), 1000 + seed, arm.steps or recipe.steps, "train"
    )
    return made[recipe.questions * number :]


def held_out(recipe: ExpertIterationRecipe = RECIPE) -> list[dict[str, Any]]:
    """The problems that every model is measured on."""
    return word_problems.generate(recipe.greedy_problems, 0, recipe.steps, "test")


def hinted_prompt(problem: ProblemRow, tokenizer: PreTrainedTokenizerBase) -> str:
    """The question with its answer below it, for rationalization.

    Of the forms that were tried (in brackets behind the question, a sentence before it, a worked example with
    its answer) this one led to the most solutions.
    """
    return chat_prompt(f"{problem['question']}\nAnswer: {_gold(problem)}", tokenizer)


def _gold(problem: ProblemRow) -> str:
    gold = parse_answer(problem["answer"])
    if gold is None:  # it would agree with every text without an answer
        raise CourseError(f"no number after #### in the gold answer {problem['answer']!r}; mend the problem")
    return gold


def _write(
    loaded: Loaded,
    problems: Sequence[ProblemRow],
    recipe: ExpertIterationRecipe,
    n: int,
    temperature: float,
    seed: int,
    prompt: Callable[[ProblemRow, PreTrainedTokenizerBase], str] | None = None,
) -> list[list[Completion]]:
    model, tokenizer = loaded
    asked = [
        prompt(problem, tokenizer) if prompt else chat_prompt(problem["question"], tokenizer)
        for problem in problems
    ]
    return generate(
        model,
        tokenizer,
        asked,
        n=n if temperature else 1,
        temperature=temperature,
        max_new_tokens=recipe.max_new_tokens,
        seed=seed,
        batch_size=128,
    )


def accepted(
    problem: ProblemRow, completions: Iterable[Completion], verifier: str, cap: int | None
) -> list[dict[str, Any]]:
    """What is kept of one question: solutions that pass, each once, the first `cap` of them.

    The strict verifier reads up to the answer line, so what comes after it is cut off. A lenient one does not say where
    an answer ends, so the whole text is kept.
    """
    solutions: list[str] = []
    for completion in completions:
        text = completion.text
        if not VERIFIERS[verifier](text, _gold(problem)):
            continue
        if verifier == "strict" and (line := ANSWER_LINE.search(text)):
            text = text[: line.end()]
        if text.strip() not in solutions:
            solutions.append(text.strip())
    return [{**problem, "answer": solution, "gold": problem["answer"]} for solution in solutions[:cap]]


def _shares(problems: Sequence[ProblemRow], completions: Sequence[Sequence[Completion]]) -> dict[str, Any]:
    """Counts over all completions, and how many of each problem's are strictly correct.

    correct: one digit for each problem; see `right_samples`. format: a number after the mark. any: right in
    whatever format. last number, number anywhere: what the lenient verifiers accept. steps: number of steps
    -> [strictly correct, right in whatever format, all].
    """
    pairs = [(problem, c) for problem, group in zip(problems, completions, strict=True) for c in group]
    by_steps: dict[str, list[int]] = {}
    for problem, c in pairs:
        counts = by_steps.setdefault(str(problem["steps"]), [0, 0, 0])
        counts[0] += strict(c.text, _gold(problem))
        counts[1] += any_answer(c.text) == _gold(problem)
        counts[2] += 1
    return {
        "n": len(pairs),
        "correct": "".join(
            str(sum(strict(c.text, _gold(problem)) for c in group))
            for problem, group in zip(problems, completions, strict=True)
        ),
        "format": sum(parse_answer(c.text) is not None for _, c in pairs),
        "any": sum(any_answer(c.text) == _gold(p) for p, c in pairs),
        **{
            name: sum(VERIFIERS[name](c.text, _gold(p)) for p, c in pairs)
            for name in ("last number", "number anywhere")
        },
        "stopped": sum(c.stopped for _, c in pairs),
        "steps": dict(sorted(by_steps.items())),
    }


def right_samples(measured: Mapping[str, Any]) -> list[int]:
    """Of each problem the number of strictly correct completions. measured: one of `measure`'s two parts."""
    return digits(measured["correct"])


def digits(text: str) -> list[int]:
    """What a string of one digit for each problem says."""
    return [int(digit) for digit in text]


def measure(loaded: Loaded, recipe: ExpertIterationRecipe = RECIPE) -> dict[str, Any]:
    """The held-out problems, once greedily and then with several samples at temperature 1."""
    problems = held_out(recipe)
    few = problems[: recipe.sampled_problems]
    return {
        "greedy": _shares(problems, _write(loaded, problems, recipe, 1, 0.0, 0)),
        "sampled": _shares(few, _write(loaded, few, recipe, recipe.samples, 1.0, 1)),
    }


def knows(loaded: Loaded, recipe: ExpertIterationRecipe = RECIPE) -> str:
    """One digit for each held-out problem: 1 if the greedy answer is right in whatever format."""
    problems = held_out(recipe)
    written = _write(loaded, problems, recipe, 1, 0.0, 0)
    return "".join(str(int(any_answer(c.text) == _gold(p))) for p, [c] in zip(problems, written, strict=True))


def _false_steps(text: str) -> tuple[int, int]:
    """How many annotations there are and how many of them are false."""
    annotations = check_calculator(text)
    return len(annotations), sum(not annotation.right for annotation in annotations)


def _results_of_steps(text: str) -> list[str]:
    return [annotation.text.partition("=")[2] for annotation in check_calculator(text)]


def describe(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the kept solutions are worth, as far as a program can tell.

    strict: right by the strict verifier. annotated: with at least one calculation to check. false_steps: of
    those, with a false one. like_gold: of those, with the gold solution's results in the gold order.
    examples: up to two with a false step.
    """
    annotated = [solution for solution in kept if _false_steps(solution["answer"])[0]]
    false = [solution for solution in annotated if _false_steps(solution["answer"])[1]]
    return {
        "kept": len(kept),
        "strict": sum(is_correct(solution["answer"], solution["gold"]) for solution in kept),
        "annotated": len(annotated),
        "false_steps": len(false),
        "like_gold": sum(
            _results_of_steps(solution["answer"]) == _results_of_steps(solution["gold"])
            for solution in annotated
        ),
        "examples": [
            {key: solution[key] for key in ("question", "answer", "gold")} for solution in false[:2]
        ],
    }


def _train(
    loaded: Loaded, solutions: Sequence[ProblemRow], seed: int, recipe: ExpertIterationRecipe, **options: Any
) -> Loaded:
    settings = {
        "learning_rate": recipe.learning_rate,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "max_length": recipe.max_length,
        **options,
    }
    model, tokenizer = loaded
    run = fine_tune(model, tokenizer, solutions, seed=seed, progress=False, **settings)
    return run.model, tokenizer


def after_format(base: Loaded, seed: int, recipe: ExpertIterationRecipe = RECIPE) -> Loaded:
    """The base model after a few one-step problems with gold solutions: it knows the format and the end."""
    examples = word_problems.generate(recipe.format_examples, 2000 + seed, (1, 1), "train")
    return _train(
        base,
        examples,
        seed,
        recipe,
        learning_rate=recipe.format_rate,
        epochs=recipe.format_epochs,
        batch_size=8,
    )


def one_round(
    loaded: Loaded, start: Loaded, arm: Arm, seed: int, number: int, recipe: ExpertIterationRecipe = RECIPE
) -> tuple[Loaded, dict[str, Any]]:
    """Sample, filter, train. Returns the new model and what happened, without the measurement.

    No solution kept: the model stays as it is.
    """
    problems = training_problems(seed, number, arm, recipe)
    began = time.process_time()
    draw = 100 * seed + number
    written = _write(loaded, problems, recipe, recipe.samples, arm.temperature, draw)
    groups = [accepted(p, group, arm.verifier, arm.cap) for p, group in zip(problems, written, strict=True)]
    verify = VERIFIERS[arm.verifier]
    passed = [
        sum(verify(c.text, _gold(p)) for c in group) for p, group in zip(problems, written, strict=True)
    ]
    facts: dict[str, Any] = {
        "questions": len(problems),
        "passed": [Counter(passed)[count] for count in range(len(written[0]) + 1)],
        "solved_by_steps": _solved(problems, groups),
    }
    if arm.second_try:
        second = _second_try(loaded, problems, groups, arm, draw, recipe)
        facts["second_try"] = {
            **describe([solution for group in second for solution in group]),
            "questions": sum(not group for group in groups),
            "solved_by_steps": _solved(problems, second),
        }
        groups = [group or more for group, more in zip(groups, second, strict=True)]
    kept = [solution for group in groups for solution in group]
    facts |= describe(kept)
    facts["sample_seconds"] = round(time.process_time() - began, 1)
    began = time.process_time()
    if kept:
        loaded = _train(start if arm.restart else loaded, kept, seed + number, recipe)
    facts["train_seconds"] = round(time.process_time() - began, 1)
    return loaded, facts


def _solved(problems: Sequence[ProblemRow], groups: Sequence[Sequence[Any]]) -> dict[str, list[int]]:
    """Number of steps -> [questions with a kept solution, questions]."""
    counts: dict[str, list[int]] = {}
    for problem, group in zip(problems, groups, strict=True):
        pair = counts.setdefault(str(problem["steps"]), [0, 0])
        pair[0] += bool(group)
        pair[1] += 1
    return dict(sorted(counts.items()))


def _second_try(
    loaded: Loaded,
    problems: Sequence[ProblemRow],
    groups: Sequence[Sequence[Any]],
    arm: Arm,
    seed: int,
    recipe: ExpertIterationRecipe,
) -> list[list[dict[str, Any]]]:
    """Solutions to the questions without one. A hint is in the prompt only, not in what is kept."""
    if arm.second_try not in ("hint", "again"):
        raise CourseError(f"second_try={arm.second_try!r} is not known; use 'hint' or 'again'")
    unsolved = [problem for problem, group in zip(problems, groups, strict=True) if not group]
    prompt = hinted_prompt if arm.second_try == "hint" else None
    written = iter(
        _write(loaded, unsolved, recipe, recipe.second_samples, arm.temperature, 50 + seed, prompt)
    )
    return [
        [] if group else accepted(problem, next(written), arm.verifier, arm.cap)
        for problem, group in zip(problems, groups, strict=True)
    ]


def run_arm(
    base: Loaded,
    arm: Arm,
    seed: int,
    measured: Callable[[Loaded, str], dict[str, Any]],
    recipe: ExpertIterationRecipe = RECIPE,
) -> dict[str, Any]:
    """One arm with one seed. measured: `measure`, given the model and a name for a start that others share."""
    if arm.start not in ("base", "format"):
        raise CourseError(f"start={arm.start!r} of arm {arm.name!r} is not known; use 'base' or 'format'")
    start = after_format(base, seed, recipe) if arm.start == "format" else base
    common = arm.stage if arm.start == "base" else f"{arm.stage}, format {seed}"
    rounds: list[dict[str, Any]] = [measured(start, common)]
    loaded = start
    for number in range(arm.rounds):
        loaded, facts = one_round(loaded, start, arm, seed, number, recipe)
        rounds.append({**facts, **measured(loaded, "")})
    return {"seed": seed, "rounds": rounds}


def run_gold(
    base: Loaded, arm: Arm, examples: int, seed: int, recipe: ExpertIterationRecipe = RECIPE
) -> dict[str, Any]:
    """The arm's start model trained on `examples` gold solutions to questions of the same kind."""
    start = after_format(base, seed, recipe) if arm.start == "format" else base
    problems = word_problems.generate(examples, 1000 + seed, arm.steps or recipe.steps, "train")
    trained = _train(start, problems, seed, recipe)
    return {"seed": seed, "examples": examples, "rounds": [measure(trained, recipe)]}


def plan(recipe: ExpertIterationRecipe = RECIPE) -> list[dict[str, Any]]:
    """Every run by its arm and seed. A gold run comes after the arm whose number of solutions it takes."""
    copies = {arm: name for name, arm in GOLD.items()}
    names = [name for arm in ARMS for name in (arm.name, copies.get(arm.name)) if name]
    return [{"arm": name, "seed": seed} for name in names for seed in recipe.seeds]


def record(only: Sequence[str] = (), name: str = NAME) -> dict[str, Any]:
    """Run what the results file lacks and save after every run. Returns the file's content.

    only: names of arms and gold runs; none means all, and at the end the base models are measured as they
        are, with what each of them knew of each problem. Two processes with other names can share the work.
    name: of the results file.
    Raises CourseError for a name that is not in the plan.
    """
    from course_utils.models import load_base

    arms = {arm.name: arm for arm in ARMS}
    if unknown := set(only) - arms.keys() - GOLD.keys():
        raise CourseError(f"there is no arm {unknown.pop()!r}; use one of {', '.join([*arms, *GOLD])}")
    recording = Recording(name, settings())
    shared: dict[str, dict[str, Any]] = {}

    def measured(loaded: Loaded, start: str) -> dict[str, Any]:
        if not start:
            return measure(loaded, RECIPE)
        if start not in shared:
            shared[start] = measure(loaded, RECIPE)
        return shared[start]

    def run(asked: Mapping[str, Any]) -> dict[str, Any]:
        label, seed = asked["arm"], asked["seed"]
        arm = arms[GOLD.get(label, label)]
        base = load_base("nano-math", arm.stage, "cpu", "float32")
        began = time.process_time()
        if label in GOLD:
            copied = recording.find({"arm": arm.name, "seed": seed})
            if copied is None:
                raise CourseError(
                    f"{label!r} takes as many examples as the arm {arm.name!r} has kept; record that one first"
                )
            examples = sum(entry["kept"] for entry in copied["rounds"][1:])
            made = run_gold(base, arm, examples, seed, RECIPE)
        else:
            made = run_arm(base, arm, seed, measured, RECIPE)
        return {**made, "seconds": round(time.process_time() - began, 1)}

    def bases() -> dict[str, Any]:
        stages = sorted({arm.stage for arm in ARMS})
        return {stage: measure(load_base("nano-math", stage, "cpu", "float32"), RECIPE) for stage in stages}

    def known() -> dict[str, str]:
        stages = sorted({arm.stage for arm in ARMS})
        return {stage: knows(load_base("nano-math", stage, "cpu", "float32"), RECIPE) for stage in stages}

    recording.complete(plan(RECIPE), run, _line, wanted=lambda asked: not only or asked["arm"] in only)
    if not only:
        recording.once("bases", bases)
        recording.once("known", known)
    return recording.read()


def settings() -> dict[str, Any]:
    """What the results file was made with: the recipe and the arms."""
    return {**asdict(RECIPE), "arms": [asdict(arm) for arm in ARMS]}


def _line(run: Mapping[str, Any]) -> str:
    greedy = ", ".join(f"{sum(right_samples(entry['greedy']))}" for entry in run["rounds"])
    sampled = ", ".join(
        f"{sum(right_samples(entry['sampled'])) / entry['sampled']['n']:.3f}" for entry in run["rounds"]
    )
    return f"{run['arm']}, seed {run['seed']}: greedy {greedy}; pass@1 {sampled}; {run['seconds']:.0f} CPU seconds"


if __name__ == "__main__":
    record(sys.argv[1:])
