"""Sentences that numbers fill or choose: every branch is rendered, and what is fixed rests on recorded numbers."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import math
import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig

from course_utils import real_model, results, slides
from course_utils.data.answers import parse_answer
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.real_model.adapters import ADAPTERS

LAB_1, LAB_2, LAB_3 = "01_sft_masking", "02_lora", "03_gsm8k"
MINE = (LAB_1, LAB_2, LAB_3)


@cache
def cells(lab: str) -> dict[str, str]:
    nb = nbk.read(slides.ROOT / "solutions" / lab / f"{lab}.ipynb")
    return {c.id: c.source for c in nb.cells}


def cell(lab: str, cell_id: str) -> str:
    return cells(lab)[cell_id]


@cache
def toy_of(deck: str) -> dict[str, Any]:
    return slides._figure_script(deck).toy()


def run(lab: str, cell_id: str, *, only: str = "", **names: Any) -> tuple[str, dict[str, Any]]:
    """What a cell prints, and its names, when it runs with these. only: no other statements than those that hold it."""
    source = cell(lab, cell_id)
    statements = ast.parse(source).body
    if only:
        statements = [s for s in statements if only in (ast.get_source_segment(source, s) or "")]
        assert statements, f"{cell_id} says {only!r} no more"
    space = {"np": np, "results": SimpleNamespace(record=lambda **values: None), **names}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(statements, []), cell_id, "exec"), space)
    return printed.getvalue(), space


@pytest.mark.parametrize(
    ("low", "high", "printed_says", "table_says"),
    [
        (-0.1, 0.1, "no change of skill that this run can show", "form and stopping changed, skill not"),
        (0.1, 0.3, "part of the climb is new arithmetic", "differs: here skill grew too"),
        (-0.3, -0.1, "some skill was lost", "a little of it was even lost"),
    ],
)
def test_lab_1_says_how_much_of_the_climb_is_skill(
    low: float, high: float, printed_says: str, table_says: str
) -> None:
    names = {"skill": (low + high) / 2, "skill_low": low, "skill_high": high}
    printed, _ = run(LAB_1, "run-figure", only="new arithmetic", **names)
    assert printed_says in printed
    _, space = run(LAB_1, "measured-table", only="form_or_skill =", **names)
    assert table_says in space["form_or_skill"]


@pytest.mark.parametrize(
    ("low", "high", "printed_says", "table_says"),
    [
        (-0.1, 0.1, "no measurable difference", "no difference that this run can show"),
        (0.1, 0.3, "the completion did better", "the other direction than Shi et al."),
        (-0.3, -0.1, "all tokens did better", "the direction of Shi et al."),
    ],
)
def test_lab_1_says_whether_masking_helped(
    low: float, high: float, printed_says: str, table_says: str
) -> None:
    names = {"gain": (low + high) / 2, "low": low, "high": high}
    printed, _ = run(LAB_1, "masking-figure", only="The interval contains 0", **names)
    assert printed_says in printed
    _, space = run(LAB_1, "measured-table", only="verdict =", sizes="prompts of 4 tokens", **names)
    assert space["verdict"].startswith(table_says)
    assert "prompts of 4 tokens" in space["verdict"]


BELOW, AROUND, ABOVE = (-0.2, -0.3, -0.1), (0.01, -0.1, 0.1), (0.2, 0.1, 0.3)


@pytest.mark.parametrize(
    ("found", "says"),
    [(BELOW, "lower"), (AROUND, "no difference that this run can show"), (ABOVE, "higher")],
)
def test_lab_2_compares_ranks_by_the_interval(found: tuple[float, float, float], says: str) -> None:
    printed, _ = run(
        LAB_2,
        "sweep-verdict",
        only="compare(",
        bootstrap=lambda table: found,
        solved=lambda rank, task: 0,
        comparisons={},
    )
    assert all(line.endswith(says) for line in printed.splitlines())
    assert len(printed.splitlines()) == 10
    _, space = run(LAB_2, "paper-table", only="def by_interval")
    difference = dict(zip(("difference", "low", "high"), found, strict=True))
    words = space["by_interval"](difference, "higher", "lower")
    assert words == says


@pytest.mark.parametrize(
    ("lora", "other", "says"),
    [
        (0, 0, "No threshold finds an intruder anywhere"),
        (0, 0, "threshold 0.6: no intruder after any of the three"),
        (1, 1, "At none of the 2 thresholds both intervals lie above 0"),
        (3, 1, "At 2 of the 2 thresholds (0.6, 0.9) LoRA has more than both"),
    ],
)
def test_lab_2_asks_all_thresholds_for_intruders(lora: int, other: int, says: str) -> None:
    matrices = 5
    found_in = {
        kind: np.full((2, matrices), count)
        for kind, count in (("LoRA", lora), ("full", other), ("random, like LoRA", other))
    }
    printed, _ = run(
        LAB_2,
        "hunt-verdict",
        found_in=found_in,
        intruders={kind: counts.mean(axis=1).tolist() for kind, counts in found_in.items()},
        thresholds=(0.6, 0.9),
        targets=["a matrix"] * matrices,
        change_size={"LoRA": 0.04, "full": 0.02},
        live={"yours": {}},
    )
    assert says in printed


def test_lab_2_more_than_one_of_both_is_not_enough() -> None:
    """More than full fine-tuning and no more than a random change of the same size: the size explains it."""
    found_in = {
        "LoRA": np.full((1, 4), 3),
        "full": np.full((1, 4), 1),
        "random, like LoRA": np.full((1, 4), 3),
    }
    printed, space = run(
        LAB_2,
        "hunt-verdict",
        found_in=found_in,
        intruders={kind: [3.0] for kind in found_in},
        thresholds=(0.9,),
        targets=[""] * 4,
        change_size={"LoRA": 0.04, "full": 0.02},
        live={"yours": {}},
    )
    assert space["clear"] == []
    assert "does not show here" in printed


@pytest.mark.parametrize(
    ("agree", "says"), [(True, "The sign is the same at every budget."), (False, "The sign changes")]
)
def test_lab_3_says_whether_the_sign_holds(agree: bool, says: str) -> None:
    printed, _ = run(LAB_3, "time-verdict", only="The sign is", agree=agree, p_values_by_time=[0.2, 0.04])
    assert printed.startswith(says)
    assert "Of 2 tests 1 have p < 0.05." in printed


def deck(name: str, monkeypatch: pytest.MonkeyPatch, changes: dict[tuple[str, ...], Any]) -> str:
    """The Markdown of a deck when recorded numbers are changed, without its figures. A key: the way to the number."""
    recorded = copy.deepcopy(results.load(name))
    for (*way, last), value in changes.items():
        place = recorded
        for key in way:
            place = place[key]
        assert last in place
        place[last] = value
    toy = toy_of(name)
    monkeypatch.setattr(
        slides, "_figure_script", lambda deck: SimpleNamespace(draw=lambda r: {}, toy=lambda: toy)
    )
    monkeypatch.setattr(slides, "_figure_function", lambda figures: lambda name, alt: alt)
    return slides.compose(name, recorded).markdown


def ends(*way: str) -> Callable[[float, float], dict[tuple[str, ...], float]]:
    """Changes that put the interval recorded at `way` elsewhere, with its middle in the middle."""
    value = {"masking": "gain", "skill": "change"}.get(way[0], "difference")
    return lambda low, high: {(*way, "low"): low, (*way, "high"): high, (*way, value): (low + high) / 2}


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        (LAB_1, ends("masking")(0.01, 0.03), "# Did masking help? Yes, by +2.0 points"),
        (LAB_1, ends("masking")(-0.03, -0.01), "# Did masking help? No, it cost 2.0 points"),
        (LAB_1, ends("masking")(-0.01, 0.01), "# Did masking help? No difference that we can measure"),
        (LAB_1, ends("skill")(-0.03, -0.01), "says that a little was lost"),
        (LAB_1, ends("skill")(-0.01, 0.01), "contains 0: nothing of it can be seen"),
        (
            LAB_1,
            {("step", "before"): [1.0, 2.0, 3.0]},
            "# One gradient step: the highest loss is on EOS",
        ),
        (LAB_1, {("step", "before"): [3.0, 2.0, 1.0]}, "# One gradient step, watched closely"),
        (LAB_1, {("templates", "Alpaca's", "interval"): [0.1, 0.2]}, "intervals, which do not overlap"),
        (LAB_1, {("templates", "Alpaca's", "interval"): [0.1, 0.9]}, "intervals, which overlap"),
        (LAB_2, ends("rank_comparisons", "new: 64 - 1")(0.1, 0.2), "# A new skill: rank 64 beats rank 1"),
        (LAB_2, ends("rank_comparisons", "new: 64 - 1")(-0.2, -0.1), "# A new skill: rank 1 beats rank 64"),
        (LAB_2, ends("rank_comparisons", "new: 64 - 1")(-0.1, 0.1), "# A new skill: no effect of rank"),
        (LAB_2, ends("rank_best_comparisons", "64 - 1")(0.01, 0.03), "best rate: +2.0 points are left"),
        (
            LAB_2,
            ends("rank_best_comparisons", "64 - 1")(-0.03, -0.01),
            "best rate: rank 64 is 2.0 points behind",
        ),
        (LAB_2, ends("rank_best_comparisons", "64 - 1")(-0.1, 0.1), "best rate: no difference to be seen"),
        (
            LAB_3,
            {("tries", "weak stage, fine-tuned", "greedy_minus_one", "low"): 0.1},
            "Why does pass@1 lie below the greedy try of the weak stage?",
        ),
        (
            LAB_3,
            {("tries", "weak stage, fine-tuned", "greedy_minus_one", "low"): -0.1},
            "Why may pass@1 lie below the greedy try?",
        ),
    ],
)
def test_each_branch_of_a_deck(name: str, changes: dict, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert says in deck(name, monkeypatch, changes)


STRONG, WEAK = ("tries", "nano-math, fine-tuned"), ("tries", "weak stage, fine-tuned")


@pytest.mark.parametrize(
    ("name", "changes", "claim"),
    [
        (LAB_1, {("before", "stop_rate"): 0.1}, "A base model is asked a question"),
        (LAB_1, {("pad_is_eos", "stop_rate"): 0.02}, "It never stops"),
        (LAB_1, {("pad_is_eos", "accuracy"): 0.5}, "as often right as ever"),
        (LAB_1, ends("skill")(0.01, 0.03), "What changes here is format and stopping"),
        (LAB_1, {("packing_repair", "(a) position ids, no cache"): 0.2}, "Position ids alone"),
        (LAB_1, {("packing_repair", "(a) position ids, with a cache"): 0.0}, "Position ids alone"),
        (LAB_2, {("rank_comparisons", "old: 1 - full", "low"): -0.01}, "Every run forgot a great deal"),
        (LAB_2, {("rank_best_comparisons_old", "1 - full", "low"): -0.01}, "Every run forgot a great deal"),
        (LAB_3, {("real_annotations", "wrong"): 1}, "Not one is wrong"),
        (LAB_3, {("after", "stop_rate"): 0.99}, "every answer has its form"),
        (
            LAB_3,
            {("size_steps", "the first 20 less the next 80", "low"): -0.01},
            "bring more than the next eighty",
        ),
        (LAB_3, {("size_steps", "from 500 to 1,000", "low"): -0.01}, "still rising"),
        (LAB_3, {("errors", "weak stage, fine-tuned", "unchecked"): 1}, "arithmetic and plan"),
        (LAB_3, {(*WEAK, "most_minus_greedy", "low"): -0.01}, "Eight tries reach further"),
        (LAB_3, {(*STRONG, "vote"): 60}, "Eight tries reach further"),
    ],
)
def test_a_claim_that_no_longer_holds_stops_the_deck(
    name: str, changes: dict, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CourseError, match="no longer bear it out") as caught:
        deck(name, monkeypatch, changes)
    assert claim in str(caught.value)


def test_what_lab_2_says_of_forgetting_rests_on_recorded_intervals() -> None:
    text, r = cell(LAB_2, "rate-after"), results.load(LAB_2)
    assert "Rank 1 forgot less than full fine-tuning, at the common rate and with each at its best" in text
    assert r["rank_comparisons"]["old: 1 - full"]["low"] > 0
    assert r["rank_best_comparisons_old"]["1 - full"]["low"] > 0
    assert "where it had learned as much as far as this run can tell" in text
    assert r["rank_best_comparisons"]["1 - full"]["low"] < 0 < r["rank_best_comparisons"]["1 - full"]["high"]
    assert "rank 64 forgot more than rank 8" in text
    assert r["rank_comparisons"]["old: 64 - 8"]["high"] < 0
    assert "most of what full fine-tuning lost, rank 1 lost too" in text
    start, old = r["rank_start"]["old"], r["rank_curves"]["old"]
    assert start - old["1"][0] > 0.5 * (start - old["full"][0])


def test_what_lab_2_says_of_memory_rests_on_the_bill() -> None:
    table, small = results.load(LAB_2)["memory_table"], "Qwen2.5-Math-1.5B full"
    assert "fits; in mixed precision, the usual way, it needs as much as in float32" in cell(
        LAB_2, "memory-after"
    )
    assert table[f"{small} bfloat16"]["total"] < 16 < table[f"{small} mixed"]["total"]
    kinds = ("weights", "gradients", "optimizer")
    single, mixed = (sum(table[f"{small} {dtype}"][kind] for kind in kinds) for dtype in ("float32", "mixed"))
    assert mixed == pytest.approx(single)


def test_what_lab_3_says_of_the_curve_rests_on_recorded_intervals() -> None:
    text, steps = cell(LAB_3, "time-text"), results.load(LAB_3)["size_steps"]
    assert "bring more than the next eighty, for which the interval above contains 0" in text
    assert steps["the first 20 less the next 80"]["low"] > 0
    assert steps["the next 80"]["low"] < 0 < steps["the next 80"]["high"]
    assert "between 500 and 1,000 examples the curve still rises" in text
    assert steps["from 500 to 1,000"]["low"] > 0


def test_the_largest_number_of_disagreements_is_the_largest() -> None:
    r = results.load(LAB_3)["disagreements"]
    mcnemar = run(LAB_3, "gsm8k-compare-mcnemar", math=math)[1]["mcnemar"]

    def p(disagreements: int) -> float:
        gained, lost = (disagreements + r["net"]) // 2, (disagreements - r["net"]) // 2
        return mcnemar([False] * gained + [True] * lost, [True] * gained + [False] * lost)["p_value"]

    most = r["most_with_p_below_0.05"]
    assert p(most) < 0.05 <= p(most + 2)


@pytest.mark.parametrize("lab", MINE)
def test_versions_that_texts_name_are_those_that_are_pinned(lab: str) -> None:
    nb = nbk.read(slides.ROOT / "solutions" / lab / f"{lab}.ipynb")
    texts = [c.source for c in nb.cells if c.cell_type == "markdown"]
    texts.append((slides.SLIDES / f"{lab}.md").read_text(encoding="utf-8"))
    named = set(re.findall(r"\b(transformers|trl|peft) (\d+\.\d+)", "\n".join(texts)))
    assert {(library, ".".join(version(library).split(".")[:2])) for library, _ in named} == named


def test_the_vocabulary_that_lab_3_names_is_the_models() -> None:
    text = cell(LAB_3, "one-batch-after")
    size = slides._figure_script(LAB_3)._vocabulary()
    assert f"each of the {size} tokens of our vocabulary" in text
    assert rf"\ln {size} \approx 6.8" in text


def test_lab_2_what_the_text_says_of_the_real_model() -> None:
    found = real_model.recorded("adapters")
    space: dict[str, Any] = {"nn": torch.nn, "torch": torch}
    exec("from course_utils.models.architectures import meta_model", space)
    for name in ("lora-count-lora_parameter_count", "lora-count-count_lora_parameters", "lora-setup3"):
        exec(cell(LAB_2, name), space)
    exec(cell(LAB_2, "lora-memory-training_memory"), space)
    config = AutoConfig.for_model(**found["config"])
    for name, (rank, targets) in ADAPTERS.items():
        assert found["counts"][name] == space["count_lora_parameters"](config, rank, targets)
    for method, measured in found["memory"].items():
        bill = space["training_memory"](
            config, method, "float32", "adamw", rank=found["rank"], tokens=found["tokens"]
        )
        assert abs(bill["total"] / measured - 1) < 0.07, "a few per cent"
    real, small = found["merge"], results.load(LAB_2)["merge"]
    assert 0.04 < small["bfloat16"]["unnoticed"] < 0.07, "one weight in twenty"
    assert real["bfloat16"]["unnoticed"] > 0.5, "more than half"
    assert 0.08 < real["bfloat16"]["merge"] / real["bfloat16"]["adapter"] < 0.12, "a tenth"
    assert real["float32"]["merge"] < 1e-5, "nothing is lost"
    ratios = {size: one["change"]["top8"] / one["noise"]["top8"] for size, one in found["spectrum"].items()}
    assert round(ratios["real"]) in (10, 11), "ten times"
    assert round(ratios["small"]) == 3, "three times"
    for one in found["spectrum"].values():
        assert 0.17 < one["change"]["most"] < 0.27, "a fifth to a quarter"
    longer = results.load(LAB_2)["spectrum"]["rank90_share"]["ΔW"]
    assert longer > found["spectrum"]["small"]["change"]["most"], "its change needed more directions"
    assert found["steps"] == 8
    assert found["config"]["num_attention_heads"] == 3 * found["config"]["num_key_value_heads"]


def test_lab_3_what_the_text_says_of_the_real_model() -> None:
    real = slides._figure_script(LAB_3).real()
    strict, lenient, form, stops = slides._figure_script(LAB_3).RULES
    for name in ("gsm8k", "word_problems"):
        one = real[name]
        assert all(one[rule]["change"].low < 0 < one[rule]["change"].high for rule in (strict, lenient))
        assert one[form]["change"].low > 0, "brings the form"
        assert one[stops]["before"][0] < 0.5, "before training most answers were cut"
        kept = real_model.recorded("gsm8k_accuracy")["sets"][name]
        wrong = sum(
            parse_answer(text) not in (None, gold)
            for (text, _), gold in zip(kept["after"], kept["gold"], strict=True)
        )
        assert wrong > one["n"] / 2, "mostly a wrong number in good form"
    easy = real["word_problems"]
    assert min(easy[form]["after"][0], easy[stops]["after"][0]) > 0.85, "almost every answer"
    assert real["gsm8k"][strict]["after"][2] < 0.15, "near 0"
    assert real["examples"] == 80
    small = results.load(LAB_3)
    assert small["before"]["accuracy"] < 0.1, "almost nothing"
    assert small["after"]["accuracy"] > 0.75, "most of the problems"
    assert results.load(LAB_1)["before"]["any_accuracy"] > 0.6, "most of them, in another format"


def test_lab_1_what_the_text_says_of_the_real_model() -> None:
    found = real_model.recorded("masking")
    chat, arms = found["chat"], found["trained"]
    assert chat["pad_token"] == chat["end_token"]
    learned = [label for label in chat["labels"] if label != -100]
    assert 0.3 < len(learned) / len(chat["ids"]) < 0.4, "a third"
    assert [place for place, label in enumerate(learned) if label == chat["pad_token"]] == [len(learned) - 1]
    real = slides._figure_script(LAB_1).real()
    assert real["harder"].low > 0, "the question's tokens have the higher loss"
    assert real["stops"]["by number"][0] > 0.5, "in most of its answers"
    assert real["clean"]["by position"][0] > 0.85, "right after nearly every answer line"
    assert real["clean"]["by number"][0] < 0.1, "hardly ever"
    assert real["end"]["by position"][0] > 0.9
    assert real["end"]["by number"][0] < 0.1
    assert real["answers"].high < 0, "on the rest of the answer it is a little lower"
    assert real["stops"]["before"][0] < 0.5
    assert (found["steps"], found["examples"], found["max_new_tokens"], real["problems"]) == (8, 32, 72, 24)
    assert "####" in arms["by number"]["text"][5]
    assert "####" not in arms["by number"]["text"][5].splitlines()[-1], "such as the one above"
