"""Measure the embedded model and write its card: ``python -m course_utils.models.nano_math.card``.

Every number of the card comes from course_utils/results/nano-math.json, which this script writes. With
``--render`` it only writes the card again from the recorded numbers.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from course_utils.markdown import table
from course_utils.models import cards
from course_utils.models.embedded import EMBEDDED
from course_utils.models.nano_math import behaviour
from course_utils.models.nano_math.corpus import KINDS

NAME = "nano-math"
STAGES = EMBEDDED[NAME].stages


def measure(weights: Path, console: Console) -> dict[str, Any]:
    """The training record and every stage's behaviour."""
    record = json.loads((weights / "training.json").read_text())
    stages = {}
    for stage in STAGES:
        start = time.perf_counter()
        stages[stage] = behaviour.measure_stage(weights / stage, behaviour.FULL)
        console.print(f"{stage}: measured in {time.perf_counter() - start:.0f} s")
    return {"training": record, "stages": stages, "bands": behaviour.BANDS}


def interval(share: dict[str, float]) -> str:
    """ "0.85 [0.80, 0.89]" """
    return f"{share['value']:.2f} [{share['low']:.2f}, {share['high']:.2f}]"


def _prompt_rows(stages: dict[str, Any]) -> list[list[str]]:
    rates = ("accuracy", "any_accuracy", "format_rate", "stop_rate", "clean_rate")
    return [
        [stage, prompt, *(f"{values[rate]['value']:.3f}" for rate in rates), interval(values["accuracy"])]
        for stage in STAGES
        for prompt, values in stages[stage]["base"]["prompts"].items()
    ]


def _stage_rows(stages: dict[str, Any]) -> list[list[str]]:
    rows = []
    for stage in STAGES:
        base, sft = stages[stage]["base"], stages[stage]["sft"]
        rows.append(
            [
                stage,
                f"{base['pass_at_1']['value']:.3f}",
                interval(base["pass_at_16"]),
                interval(base["prompts"]["one example"]["accuracy"]),
                interval(base["long"]["any_accuracy"]),
                interval(sft["accuracy"]),
                " / ".join(f"{share['value']:.2f}" for share in sft["by_steps"].values()),
            ]
        )
    return rows


def _flaw_rows(stages: dict[str, Any]) -> list[list[str]]:
    rows = []
    for stage in STAGES:
        sft = stages[stage]["sft"]
        flaws = (sft["names"]["absent"], sft["names"]["swapped"], *sft["arithmetic"].values())
        rows.append([stage, *(f"{flaw['value']:.3f} (n = {flaw['n']})" for flaw in flaws)])
    return rows


def render(data: dict[str, Any]) -> str:
    """The model card in Markdown."""
    recipe, training, stages = data["training"]["recipe"], data["training"]["stages"], data["stages"]
    chat = next(iter(stages.values()))["base"]["prompts"]["chat"]["accuracy"]
    sampled = next(iter(stages.values()))["base"]["pass_at_1"]
    seeds = len(next(iter(stages.values()))["sft"]["runs"])
    total = sum(weight for weight, _ in KINDS.values())
    kinds = ", ".join(f"{name.replace('_', ' ')} {100 * w // total} %" for name, (w, _) in KINDS.items())
    made = [
        [
            stage,
            f"{t['tokens'] / 1e6:.1f} M",
            f"{t['loss']:.3f}",
            f"{t['seconds']} s on {t['threads']} thread(s)",
        ]
        for stage, t in training.items()
    ]
    bands = [
        [name, f"{low:.2f} to {high:.2f}", f"{behaviour.band_values(stages['strong'])[name]:.3f}"]
        for name, (low, high) in data["bands"].items()
    ]
    return f"""\
# nano-math: a base model small enough to travel with the course

A Qwen2-architecture language model of {
        data["training"]["parameters"]:,} parameters, in three stages of one training run.
It has read many arithmetic word problems and their solutions and knows how to solve most of
them, but nobody has taught it to answer a question and stop. That is what the labs do.

This page is written by `python -m course_utils.models.nano_math.card` from `course_utils/results/nano-math.json`.

## What it is made of
- Architecture: Qwen2, {recipe["layers"]} layers, width {recipe["hidden_size"]}, MLP {recipe["mlp_size"]}, {
        recipe["heads"]
    } query heads, {recipe["key_value_heads"]} key/value head, tied embeddings.
- Tokenizer: byte-level BPE trained on the corpus (at most {recipe["vocab_size"]} tokens), each digit a token,
  each first name a token, ChatML template with generation marks.
- Data: generated text only, no text of other people. Word problems of 1 to 4 steps with values to about
  1,000, as they lie about on the web: {kinds}. A share of the solutions is wrong on purpose.
- Splits: a hash of the question decides whether a problem belongs to pre-training, to the labs' training
  data or to the test data. The corpus holds problems of the first kind only. The templates are the same in
  all three, so a test problem is new in its numbers, names and sentences, not in its kind.
- Recipe: Muon {recipe["matrix_learning_rate"]} on the matrices, AdamW {recipe["other_learning_rate"]} on the
  rest, {recipe["warmup_steps"]} warm-up steps, the first {recipe["rota_steps"]} steps on
  rotas alone (lists that repeat names: without them it may not learn to repeat one in this budget), constant learning
  rate, then for each stage a linear decay over
  its last {100 * recipe["decay_share"]:.0f} % of tokens; {recipe["batch_size"]} x {
        recipe["context"]
    } tokens a
  step, bf16 autocast, seed {
        recipe["seed"]
    }. `python -m course_utils.models.nano_math.pretrain` does it again.
- Files: bf16 weights (loaded in fp32 by default), about 1.7 MB a stage.

{table(["stage", "tokens", "loss, nats per token", "time from the start"], made)}

## How it behaves
Test problems of 1 to 4 steps, each number of steps equally likely, n = {chat["n"]}, greedy, at most 128 new
tokens. Strict: the number after `####`. Any format: a lenient reading. Format: a number after `####` at all.
Stops: an end token within the limit. Stops cleanly: right after the one answer line. In brackets the 95 %
Wilson interval of strict accuracy.

{
        table(
            [
                "stage",
                "prompt",
                "strict",
                "any format",
                "format",
                "stops",
                "stops cleanly",
                "strict, interval",
            ],
            _prompt_rows(stages),
        )
    }

Sampled from the chat prompt at temperature 1, {sampled["samples"]} samples, n = {sampled["n"]}; long problems
(5 and 6 steps, in any format, n = {sampled["n"]}); and after fine-tuning on {behaviour.SFT_EXAMPLES} examples
({
        seeds
    } seeds, full fine-tuning, the default arguments of `course_utils.training.fine_tune`; the interval is that
of {chat["n"]} problems, which all seeds share).

{
        table(
            [
                "stage",
                "pass@1",
                "pass@16",
                "one example, greedy",
                "5-6 steps",
                "after 100 examples",
                "of which 1 / 2 / 3 / 4 steps",
            ],
            _stage_rows(stages),
        )
    }

Bands that the strong stage must keep; a unit test measures them again, more loosely, on fewer problems.

{table(["measure", "band", "measured"], bands)}

## Known flaws
Measured after the same fine-tuning. Absent name: the solution names somebody who is not in the question.
Wrong name: a line with the right sum that names another person than the reference. Wrong results: of the
annotated sums, by the largest number in them.

{
        table(
            ["stage", "absent name", "wrong name", "wrong result, to 100", "wrong result, above 100"],
            _flaw_rows(stages),
        )
    }

- The bands are for strong. How a stage ends an answer before fine-tuning is a matter of chance: see how often
  weak stops by itself in the table above.
- It has read its own templates and nothing else: English, 24 first names, no world knowledge.
"""


def main() -> None:
    arguments = cards.command(__doc__, NAME).parse_args()
    console = Console()
    measured = None if arguments.render else measure(arguments.weights, console)
    data = cards.publish(NAME, arguments.weights, render, measured)
    for line in behaviour.compare_with_bands(data["stages"]["strong"]):
        console.print(line)


if __name__ == "__main__":
    main()
