"""Measure the in-context learner and write its card: ``python -m course_utils.models.nano_icl.card``.

Every number of the card comes from course_utils/results/nano-icl.json, which this script writes. The model
that is shipped is measured, and with --other a second one, trained with another seed, to show the spread.
With ``--render`` it only writes the card again from the recorded numbers.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from course_utils.data.icl_tasks import BITS
from course_utils.data.icl_words import UNTRAINED_SEPARATOR, vocabulary
from course_utils.markdown import table
from course_utils.models import cards
from course_utils.models.nano_icl import behaviour
from course_utils.models.nano_icl.tokenizer import SPECIAL_TOKENS

NAME = "nano-icl"


def measure(folders: list[Path], console: Console) -> dict[str, Any]:
    """Training record and behaviour of each folder's model, by training seed; the first is the one shipped."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    seeds = {}
    for folder in folders:
        start = time.perf_counter()
        training = json.loads((folder / "training.json").read_text())
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
        measured = behaviour.measure(model, AutoTokenizer.from_pretrained(folder), behaviour.FULL)
        seed = str(training["recipe"]["seed"])
        seeds[seed] = {"training": training, **measured}
        console.print(f"seed {seed}: measured in {time.perf_counter() - start:.0f} s")
    budget = {"documents": behaviour.FULL.documents, "evaluation_seeds": list(behaviour.FULL.seeds)}
    bands = [[name, shots, *band] for (name, shots), band in behaviour.BANDS.items()]
    return {"budget": budget, "bands": bands, "seeds": seeds}


def interval(value: dict[str, float]) -> str:
    """ "0.85 ± 0.02" """
    return f"{value['value']:.2f} ± {value['high'] - value['value']:.2f}"


def _curve_rows(seeds: dict[str, Any], shots: list[str]) -> list[list[str]]:
    rows = []
    first = next(iter(seeds.values()))
    for name, curve in first["curves"].items():
        for seed, measured in seeds.items():
            own = measured["curves"][name]
            for key in ("accuracy", "nll"):
                rows.append(
                    [
                        name,
                        f"{key}, seed {seed}",
                        *(interval(own[key][s]) if s in own[key] else "" for s in shots),
                    ]
                )
        for baseline, values in curve["baselines"].items():
            rows.append(
                [name, baseline, *(f"{values[s]['value']:.2f}" if s in values else "" for s in shots)]
            )
    return rows


def _rows(seeds: dict[str, Any], key: str, part: str | None = None) -> list[list[str]]:
    """One row per training seed of a measurement that is {column: value}."""
    return [
        [f"seed {seed}", *map(interval, (measured[key][part] if part else measured[key]).values())]
        for seed, measured in seeds.items()
    ]


def _flaws(seeds: dict[str, Any]) -> list[str]:
    """Where a model stays more than 5 points below what the same shots allow, at the most shots measured."""
    lines = []
    for name in next(iter(seeds.values()))["curves"]:
        for seed, measured in seeds.items():
            curve = measured["curves"][name]
            last = list(curve["accuracy"])[-1]
            own = curve["accuracy"][last]["value"]
            reached = {key: values[last]["value"] for key, values in curve["baselines"].items()}
            best = max(reached, key=reached.__getitem__)
            if reached[best] > own + 0.05:
                lines.append(
                    f"- {name}, seed {seed}: {own:.2f} after {last} shots, where {best} has {reached[best]:.2f}."
                )
    return lines


def render(data: dict[str, Any]) -> str:
    """The model card in Markdown."""
    seeds = data["seeds"]
    shipped = next(iter(seeds.values()))
    recipe, training = shipped["training"]["recipe"], shipped["training"]
    shots = max((list(c["accuracy"]) for c in shipped["curves"].values()), key=len)
    kinds = ", ".join(f"{kind} {100 * weight:.0f} %" for kind, weight in recipe["kinds"].items())
    lengths = ", ".join(f"{length} tokens to {100 * share:.0f} %" for share, length in recipe["lengths"])
    runs = [
        [
            f"seed {seed}",
            str(m["training"]["first_steps"]),
            str(m["training"]["steps"]),
            f"{m['training']['tokens'] / 1e6:.1f} M",
            f"{m['training']['seconds']} s on {m['training']['threads']} thread(s)",
        ]
        for seed, m in seeds.items()
    ]
    parity = shipped["parity with rationales"]["answer"]
    bands = [
        [
            name,
            str(at),
            f"{low:.2f} to {high:.2f}",
            f"{shipped['curves'][name]['accuracy'][str(at)]['value']:.3f}",
        ]
        for name, at, low, high in data["bands"]
    ]
    separators = [repr(s).strip("'").replace("|", "\\|") for s in shipped["separators"]]
    documents, evaluation_seeds = data["budget"]["documents"], data["budget"]["evaluation_seeds"]
    return f"""\
# nano-icl: a model that learns from its prompt

A Qwen2-architecture language model of {
        training["parameters"]:,} parameters. It has read many-shot prompts of randomly
drawn tasks and nothing else, and has learned to find out from a prompt's demonstrations which task it is.

This page is written by `python -m course_utils.models.nano_icl.card` from `course_utils/results/nano-icl.json`.

## What it is made of
- Architecture: Qwen2, {recipe["layers"]} layers, width {recipe["hidden_size"]}, MLP {recipe["mlp_size"]}, {
        recipe["heads"]
    } heads, tied embeddings, {recipe["context"]} tokens of context.
- Tokenizer: one token for each of {len(vocabulary())} words, numbers and separators, and {
        len(SPECIAL_TOKENS)
    } special tokens. `[bos]` begins
  every prompt. A word that it does not know becomes `[unk]`.
- Data: documents "input output separator input output separator …" in `course_utils.data.icl_tasks`. Shares:
  {kinds}.
  Three in ten of the maps, categories, planes and clusters have up to 30 % wrong labels. Of the categories' documents
  60 % have arbitrary labels, 30 % their own names and 10 % exchanged names, so the model has met exchanged names,
  if not the exchanges that are tested. Three separators;
  `{UNTRAINED_SEPARATOR}` is in the vocabulary and was never trained.
- Splits: a hash of the task's definition decides between training and test, so no test task was trained on.
  What the definition is, and so what is new about a test task, stands in `icl_tasks`. The categories' own names
  (default labels, homographs) are what the model knows: there only the order of the words is new.
- Recipe: loss on the outputs alone (and on rationales). First repeated sequences, running parities, and maps of few
  keys, until the loss on the last answers is below {recipe["first_loss"]}; then the mixture, {
        lengths
    } of its steps.
  Muon {recipe["matrix_learning_rate"]} on the matrices, AdamW {recipe["other_learning_rate"]} on the rest, {
        recipe["warmup_steps"]
    } warm-up steps, constant, then linear to 2 % over the
  last {100 * (1 - recipe["flat_share"]):.0f} %; {
        recipe["tokens_per_step"]
    } tokens a step, fp32. No head is set by hand. At last {
        recipe["last_steps"]
    } steps more, half of their tokens rationales,
  in which the answer weighs {recipe["answer_weight"]:.0f} times as much as another word.
  `python -m course_utils.models.nano_icl.pretrain` does it again. The times below are those of a busy machine.
- Files: bf16 weights (loaded in fp32 by default). {len(seeds)} seeds were trained; that of seed {
        recipe["seed"]
    } is shipped, chosen
  after both were measured: what a seed does with exchanged names and after a rationale is a matter of chance.

{table(["", "steps of the first part", "steps in all", "tokens", "time"], runs)}

## What it learns in context
Held-out tasks, {documents} documents for each of {
        len(evaluation_seeds)
    } evaluation seeds; ± is half the 95 % interval over these seeds
(Student's t). At s shots: the mean over the answers after s to s + s/8 shots. Accuracy is among the task's labels,
NLL in nats over the whole vocabulary. With noise, an answer counts as right if it is the label shown.
Baselines from the same shots: the majority label; look-up, somebody who remembers every shot (and, for
categories, knows each word's category); the nearest shot (1-NN); ridge regression.

{table(["task", "", *(f"{s} shots" for s in shots)], _curve_rows(seeds, shots))}

### Parity of {BITS} bits
The rationale writes down after each bit whether the number of ones so far is even or odd, then the answer. The model
writes both itself, greedily. Right answers by shots, and right rationales; "parity, direct" above has none.

{table(["answers", *(f"{s} shots" for s in parity)], _rows(seeds, "parity with rationales", "answer"))}

{table(["rationales", *(f"{s} shots" for s in parity)], _rows(seeds, "parity with rationales", "rationale"))}

### Homographs
A word with two readings, no labelled shot, after so many bare inputs of its domain. Accuracy among all six names.

{table(["", *(f"{n} inputs" for n in shipped["homographs"])], _rows(seeds, "homographs"))}

### Separators
Categories with 4 arbitrary labels after 16 shots. `{UNTRAINED_SEPARATOR}` was never trained.

{table(["", *(f"`{s}`" for s in separators)], _rows(seeds, "separators"))}

## Bands
The model that is shipped must keep them; a unit test measures them again, more loosely, on fewer documents.

{table(["task", "shots", "band", "measured"], bands)}

## Known flaws
After the most shots measured it is more than 0.05 worse than a baseline that sees the same shots:

{chr(10).join(_flaws(seeds)) or "- nowhere by more than 0.05."}

It has read its own tasks and nothing else: {len(vocabulary())} words, no sentences. Beyond {
        recipe["context"]
    } tokens it was never trained.
Predictions at other places than outputs and rationales mean nothing.
"""


def main() -> None:
    parser = cards.command(__doc__, NAME)
    parser.add_argument("--other", type=Path, help="folder of a model trained with another seed")
    arguments = parser.parse_args()
    console = Console()
    folders = [arguments.weights, *([arguments.other] if arguments.other else [])]
    measured = None if arguments.render else measure(folders, console)
    data = cards.publish(NAME, arguments.weights, render, measured)
    for line in behaviour.compare_with_bands(next(iter(data["seeds"].values()))):
        console.print(line)


if __name__ == "__main__":
    main()
