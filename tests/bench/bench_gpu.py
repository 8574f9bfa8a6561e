"""Fine-tuning at the full shape of Qwen2.5-1.5B: packed rows against the recipe that circulates.

    python tests/bench/bench_gpu.py [--small] [--texts N] [--record MACHINE]

Both train an adapter of rank 16 on q, k, v and o in bfloat16, on the same texts of GSM8K (word problems where
it is not at hand), with the same number of tokens that are not padding. The recipe that circulates takes four
examples a step, padded to the longest; ours packs examples into rows. The weights are random, because speed and
memory do not depend on them; so the losses say only that both learn, and are compared on texts that neither saw.
Without a GPU it says so and ends. --small runs the same code with a small shape on the CPU, to try the script.
--record writes the numbers, with the machine's name, into course_utils/results/bench_gpu.json.
"""

from __future__ import annotations

import argparse
import copy
import math
import statistics
import time
from typing import Any

import torch
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from course_utils import data, results
from course_utils.data import gsm8k
from course_utils.models import model_path
from course_utils.training import build_trainer, fine_tune

FULL = {
    "vocab_size": 151936,
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}
SMALL = FULL | {"vocab_size": 896, "hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2}
ADAPTER = {"rank": 16, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}
RECIPES: dict[str, dict[str, Any]] = {
    "circulating": {"batch_size": 4, "packing": False, "max_length": 1024},
    # A row of 2,048 tokens holds about as many examples as eight steps of the other recipe's rows; the learning
    # rate grows with the square root of the examples in a step.
    "ours": {"batch_size": 4, "packing": True, "max_length": 2048},
}
LEARNING_RATE = 2e-4
WARM_UP_STEPS = 3
HELD_OUT = 64


def texts(n: int) -> tuple[str, list[dict[str, str]]]:
    """Where `n` problems come from, and the problems."""
    real = gsm8k.at_hand()
    if real is not None:
        return "gsm8k", list(real["train"].select(range(n)))
    return "word_problems", list(data.load("word_problems", "train", n))


@torch.no_grad()
def held_out_loss(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, problems: list[dict[str, str]]
) -> float:
    """Mean loss in nats per token of the completions."""
    trainer = build_trainer(copy.deepcopy(model), tokenizer, problems, max_length=1024, progress=False)
    total, tokens = 0.0, 0
    for i in range(len(problems)):
        batch = trainer.data_collator([trainer.train_dataset[i]])
        batch = {
            key: value.to(model.device) for key, value in batch.items() if isinstance(value, torch.Tensor)
        }
        count = int((batch["labels"] != -100).sum())
        total += model(**batch).loss.item() * count
        tokens += count
    return total / tokens


def measure(
    name: str, start: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, problems: list, held_out: list
) -> dict[str, Any]:
    """Tokens a second without the first steps, peak memory, and the loss on texts that were not trained on."""
    on_gpu = start.device.type == "cuda"
    recipe = RECIPES[name]
    marks: list[float] = []

    def mark(*_: Any) -> None:
        if on_gpu:
            torch.cuda.synchronize()
        marks.append(time.perf_counter())

    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    trainer = build_trainer(copy.deepcopy(start), tokenizer, problems, lora=ADAPTER, progress=False, **recipe)
    rows = trainer.train_dataset
    tokens = sum(len(row["input_ids"]) for row in rows)
    examples_per_step = len(problems) / math.ceil(len(rows) / recipe["batch_size"])
    rate = LEARNING_RATE * math.sqrt(examples_per_step / RECIPES["circulating"]["batch_size"])
    del trainer
    run = fine_tune(
        start,
        tokenizer,
        problems,
        lora=ADAPTER,
        epochs=1,
        learning_rate=rate,
        progress=False,
        on_step=mark,
        **recipe,
    )
    steps = [
        after - before
        for before, after in zip(marks[WARM_UP_STEPS:-1], marks[WARM_UP_STEPS + 1 :], strict=True)
    ]
    per_step = statistics.fmean(steps) if steps else run.seconds / run.steps
    return {
        "steps": run.steps,
        "examples_per_step": round(examples_per_step, 2),
        "tokens": tokens,
        "tokens_per_second": round(tokens / run.steps / per_step),
        "seconds": round(run.seconds, 2),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if on_gpu else None,
        "held_out_loss": round(held_out_loss(run.model.merge_and_unload(), tokenizer, held_out), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a small shape, on the CPU if there is no GPU")
    parser.add_argument("--texts", type=int, default=512, help="number of training texts")
    parser.add_argument(
        "--record", metavar="MACHINE", help="write the results file under this machine's name"
    )
    arguments = parser.parse_args()
    if not torch.cuda.is_available() and not arguments.small:
        print("no GPU here: this would measure fine-tuning at the full shape of Qwen2.5-1.5B (try --small)")
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(model_path("nano-math"))
    torch.manual_seed(0)
    config = Qwen2Config(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **(SMALL if arguments.small else FULL),
    )
    model = Qwen2ForCausalLM(config).to(device, torch.bfloat16).eval()
    source, problems = texts(arguments.texts + HELD_OUT)
    held_out = problems[arguments.texts :]
    print(
        f"{source}, {arguments.texts} texts, {sum(p.numel() for p in model.parameters()):,} random weights, {device}"
    )
    print(f"loss before training: {held_out_loss(model, tokenizer, held_out):.3f}")
    measured = {}
    for name in RECIPES:
        measured[name] = measure(name, model, tokenizer, problems[: arguments.texts], held_out)
        print(name, measured[name])
    ratio = measured["ours"]["tokens_per_second"] / measured["circulating"]["tokens_per_second"]
    print(f"ours is {ratio:.2f} times as fast, in tokens that are not padding")
    if arguments.record:
        results.save(
            "bench_gpu",
            {
                "machine": arguments.record,
                "weights": "random",
                "texts": source,
                "small": arguments.small,
                "ratio": round(ratio, 2),
            }
            | measured,
        )


if __name__ == "__main__":
    main()
