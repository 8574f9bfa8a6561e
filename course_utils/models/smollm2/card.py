"""Measure SmolLM2-135M as the course has it and write its card: ``python -m course_utils.models.smollm2.card``.

Every number of the card comes from course_utils/results/smollm2-135m.json, which this script writes. It needs the
real GSM8K. ``--gguf FILE`` is the file of the package: with it, what storing its weights in 16 bits costs is measured.
``--original FOLDER`` holds the hub's files: with it, what 4 bits cost. With ``--render`` it only writes the card again
from the recorded numbers.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import data
from course_utils.data import word_problems
from course_utils.evaluation import chat_prompt
from course_utils.generation import generate
from course_utils.markdown import table
from course_utils.models import cards, load_base
from course_utils.models.fetched import FETCHED
from course_utils.models.fetching import unpack
from course_utils.models.smollm2 import many_shot

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MODEL = FETCHED["smollm2-135m"]
FOLDER = Path(__file__).parent
PROBLEMS = 20
QUESTIONS = (
    "What is the capital of France?",
    str(word_problems.generate(1, seed=0, steps=(2, 2), split="test")[0]["question"]),
)


def answer_losses(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, problems: Sequence[dict[str, str]]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """For each problem, of its answer's tokens and the end token: losses in nats, and the model's first choices."""
    import torch
    from torch.nn.functional import cross_entropy

    losses, choices = [], []
    for problem in problems:
        prompt = tokenizer(chat_prompt(problem["question"], tokenizer), add_special_tokens=False)["input_ids"]
        answer = tokenizer(problem["answer"] + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        losses.append(cross_entropy(logits, torch.tensor(answer), reduction="none"))
        choices.append(logits.argmax(-1))
    return losses, choices


def compare(
    model: PreTrainedModel,
    other: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Sequence[dict[str, str]],
) -> dict[str, float]:
    """How far `model` is from `other`: `difference` of the losses in nats a token, `same` share of first choices."""
    import torch

    (own, chosen), (others, others_chosen) = (
        answer_losses(one, tokenizer, problems) for one in (model, other)
    )
    return {
        "difference": float(torch.cat(own).mean() - torch.cat(others).mean()),
        "same": float((torch.cat(chosen) == torch.cat(others_chosen)).float().mean()),
    }


def measure(gguf: Path | None, original: Path | None) -> dict[str, Any]:
    """Loss and answers of the copy that is here; what 16 and 4 bits change where there is something to compare with."""
    import torch
    from transformers import AutoModelForCausalLM

    start = time.process_time()
    model, tokenizer = load_base(MODEL.name, device="cpu", dtype="float32")
    loading = time.process_time() - start
    problems = list(data.load("gsm8k", "test"))[:PROBLEMS]
    losses, _ = answer_losses(model, tokenizer, problems)
    tokens = torch.cat(losses)
    means = torch.stack([loss.mean() for loss in losses])
    start = time.process_time()
    answers = generate(model, tokenizer, [chat_prompt(q, tokenizer) for q in QUESTIONS], max_new_tokens=60)
    found: dict[str, Any] = {
        "origin": MODEL.origin(),
        "parameters": model.num_parameters(),
        "problems": PROBLEMS,
        "tokens": len(tokens),
        "loss": float(tokens.mean()),
        "standard_error": float(means.std() / len(means) ** 0.5),
        "loading_seconds": loading,
        "answering_seconds": time.process_time() - start,
        "threads": torch.get_num_threads(),
        "answers": [[question, group[0].text] for question, group in zip(QUESTIONS, answers, strict=True)],
        "many_shot": many_shot.measure(model, tokenizer),
        "stored": {},
        "original": None,
    }
    if gguf:
        exact = unpack(gguf)
        for name in ("float16", "bfloat16"):
            rounded = copy.deepcopy(exact).to(getattr(torch, name)).float()
            found["stored"][name] = compare(rounded, exact, tokenizer, problems)
    if original:
        known = AutoModelForCausalLM.from_pretrained(original, dtype=torch.float32).eval()
        found["original"] = compare(model, known, tokenizer, problems)
    return found


def render(found: dict[str, Any]) -> str:
    """The model card in Markdown."""
    stored = [
        [
            name,
            f"{found['parameters'] * 2 / 1e6:.0f} MB",
            f"{entry['difference']:+.4f}",
            f"{entry['same']:.2%}",
        ]
        for name, entry in found["stored"].items()
    ]
    stored.append(["float32", f"{found['parameters'] * 4 / 1e6:.0f} MB", "0", "100%"])
    lost = "That has not been measured: where this card was written the hub could not be reached."
    if compared := found["original"]:
        lost = (
            f"Against the original's weights, on the same answers, the loss is {compared['difference']:+.4f} nats a\n"
            f"token, and {compared['same']:.1%} of first choices are the same."
        )
    shown = "\n\n".join(
        f"> **{question}**\n>\n" + "\n".join(f"> {line}".rstrip() for line in answer.strip().splitlines())
        for question, answer in found["answers"]
    )
    shots = [f"{start} to {end - 1} shots" if end - start > 1 else "none" for start, end in many_shot.BEFORE]
    learned = [
        [name, *(f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, low, high in entries)]
        for name, entries in found["many_shot"].items()
    ]
    loss = f"{found['loss']:.2f} ± {found['standard_error']:.2f}"
    return f"""\
# {MODEL.name}: a real chat model on a laptop

SmolLM2-135M-Instruct, made by Hugging Face (Ben Allal et al. 2025, arXiv 2502.02737), licence {MODEL.licence}.
It does not travel with the course: `{MODEL.command}` brings it, once. Then `load_base("{MODEL.name}")` loads it like
any other, and `COURSE_PROFILE=real` makes labs use it. Nothing of it is ever committed.

This page is written by `python -m course_utils.models.smollm2.card` from `course_utils/results/{MODEL.name}.json`.

| | |
| --- | --- |
| parameters | {found["parameters"]:,}, embeddings counted once: input and output share them |
| architecture | Llama: 30 layers of width 576, 9 heads, 3 of keys and values, 49,152 tokens, context 8,192 |
| from | `{MODEL.package}` of the package index, file `{MODEL.gguf}` |
| or from | `{MODEL.hub}` of the hub, revision `{MODEL.revision}` |

## The weights
The package holds matrices in 4 bits (Q4_1: 32 weights share a scale and an offset) and embeddings in 8. They are
unpacked once and kept in float16. What that changes, against the unpacked values themselves, in the loss in nats a
token and in the tokens that come first:

{table(["kept in", "size", "loss", "same first choice"], stored)}

float16 keeps three bits more of each weight than bfloat16 at the same size. float32 would be exact and twice as
large, for a difference far below the standard error of the loss. `load_base` computes in the profile's type, float32
on a CPU.

What 4 bits lost when the package's author rounded is another matter.
{lost}
`{MODEL.command} --from hub` brings the original's weights.

## The tokenizer
Byte for byte the original's `tokenizer.json` (its sha256 is checked whenever the model is fetched), put together from
what the GGUF file keeps of it. transformers 5.23 reads a tokenizer from such a file, too, but does not cut before
every digit: it gives other tokens for blanks and newlines before a number. The chat template makes the original's
text, a system message of its own included, and marks what the assistant writes, as trl's `assistant_only_loss` asks.
The end token, `<|im_end|>`, is the padding token, too: whoever masks padding by its number masks the end of answers.

## What it does
On {found["problems"]} answers of GSM8K's test problems, as the assistant's turn, the loss is {loss} nats a token
({found["tokens"]:,} tokens; the standard error is over problems). It has not been taught GSM8K's format. Greedily, at
most 60 tokens:

{shown}

From the examples in its prompt, tasks of lab 06 with four letters for labels; the share right after so many shots, in
{many_shot.DOCUMENTS} documents, with its 95 % interval over them. A guess has 0.25.

{table(["task", *shots], learned)}

The lab itself asks thousands of prompts, too many for this model on a CPU: with `COURSE_PROFILE=real` it keeps
nano-icl.

Loading it, and the libraries that it needs, took {found["loading_seconds"]:.0f} s of processor time.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gguf", type=Path, help="the package's GGUF file")
    parser.add_argument("--original", type=Path, help="a folder with the hub's files")
    parser.add_argument("--render", action="store_true", help="write the card again without measuring")
    options = parser.parse_args()
    measured = None if options.render else measure(options.gguf, options.original)
    cards.publish(MODEL.name, FOLDER, render, measured)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
