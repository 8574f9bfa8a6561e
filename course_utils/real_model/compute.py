"""Lab 05, of the real model: what its training cost, by torch's count, and what context is worth to it."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from course_utils import scaling
from course_utils.data.chinchilla import REFIT
from course_utils.errors import CourseError
from course_utils.evaluation import paired_difference
from course_utils.real_model._chats import token_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOKENS_READ = 2e12  # the model card of HuggingFaceTB/SmolLM2-135M: "Pretraining tokens: 2T"
CONTEXTS = (64, 256, 1024, 8192)
CONFIG = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "tie_word_embeddings",
)
WINDOW = 512
DOCUMENTS = 24
MODULES = (
    "signal",
    "stats",
    "optimize",
    "interpolate",
    "linalg",
    "ndimage",
    "spatial",
    "integrate",
    "sparse",
)


def counted_flops(model: PreTrainedModel, context: int) -> int:
    """What torch's FlopCounterMode counts in one forward and backward pass over a row of `context` tokens.

    On a model of the device "meta" nothing is computed and the count is the same. The attention must be "eager":
    the fast ones are not counted on a CPU.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    ids = torch.zeros((1, context), dtype=torch.long, device=model.device)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=ids).loss.backward()
    model.zero_grad(set_to_none=True)
    return counter.get_total_flops()


def documentation(least: int, tokenizer: PreTrainedTokenizerBase, documents: int) -> list[list[int]]:
    """Token ids of the longest pieces of scipy's documentation, each of at least `least` tokens, longest first.

    English with formulas and examples, written by people, and on every machine that has the course. Raises
    CourseError if there are fewer than `documents`.
    """
    import importlib

    texts = {
        inspect.getdoc(thing) or ""
        for name in MODULES
        for key, thing in vars(importlib.import_module(f"scipy.{name}")).items()
        if callable(thing) and not key.startswith("_")
    }
    longest = sorted(texts, key=lambda text: (-len(text), text))[:documents]
    # A token has 8 characters at the most, nearly always; the rest of a long piece is not needed.
    ids = [tokenizer(text[: 8 * least], add_special_tokens=False)["input_ids"] for text in longest]
    kept = [row for row in ids if len(row) >= least]
    if len(kept) < documents:
        raise CourseError(
            f"{len(kept)} pieces of scipy's documentation have {least} tokens or more, {documents} are needed: "
            "ask for a smaller window or fewer documents"
        )
    return kept


def losses_by_position(model: PreTrainedModel, windows: Sequence[Sequence[int]]) -> np.ndarray:
    """Losses in nats of each window's tokens but the first, column p given p tokens before. (windows, length - 1)."""
    return np.array([token_losses(model, window).numpy() for window in windows])


def by_bins(losses: np.ndarray) -> dict[str, Any]:
    """Means over positions 1, 2–3, 4–7, … : `bins` of [first, last, mean, low, high], 95 % over documents (t).

    losses: (documents, positions), column 0 with one token before. `steps`: each bin less the one before it, on
    the same documents, all intervals at once.
    """
    documents, positions = losses.shape
    starts = [2**power for power in range(int(math.log2(positions)) + 1)]
    ends = [min(2 * start - 1, positions) for start in starts]
    means = [losses[:, start - 1 : end].mean(1) for start, end in zip(starts, ends, strict=True)]
    t = float(stdtrit(documents - 1, 0.975))
    half = [t * float(mean.std(ddof=1)) / math.sqrt(documents) for mean in means]
    return {
        "bins": [
            [start, end, float(mean.mean()), float(mean.mean()) - wide, float(mean.mean()) + wide]
            for start, end, mean, wide in zip(starts, ends, means, half, strict=True)
        ],
        "steps": [
            list(paired_difference(later, earlier, len(means) - 1))
            for earlier, later in itertools.pairwise(means)
        ],
    }


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    contexts: Sequence[int] = CONTEXTS,
    window: int = WINDOW,
    documents: int = DOCUMENTS,
) -> dict[str, Any]:
    """Its parameters and FLOPs, counted; its budget beside what the law would have bought; its loss by position.

    `flops`, for each context: FLOPs of training on one row, as torch counts them without computing; `six_nd`, what
    the rule of thumb has of them, with either N; the share of `attention`. `computed`: the same count while a pass
    over the shortest context is really computed. `steps`, `bins`: as in `by_bins`.
    """
    import copy

    import torch

    n = model.num_parameters()
    embedding = model.get_input_embeddings().weight.numel()
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    counts = {"total": n, "non_embedding": n - embedding * (1 if tied else 2)}
    eager = copy.deepcopy(model.config)
    eager._attn_implementation = "eager"
    with torch.device("meta"):
        shape = type(model)(eager)
    per_token = {context: counted_flops(shape, context) / context for context in contexts}
    short, long = min(contexts), max(contexts)
    # Everything but attention costs a token the same in any context.
    slope = (per_token[long] - per_token[short]) / (long - short)
    rows = [
        {
            "context": context,
            "flops": flops * context,
            "six_nd": {key: 6 * count / flops for key, count in counts.items()},
            "attention": slope * context / flops,
        }
        for context, flops in per_token.items()
    ]
    used = model.config._attn_implementation
    model.set_attn_implementation("eager")
    passed = counted_flops(model, short)
    model.set_attn_implementation(used)

    flops = 6 * n * TOKENS_READ
    best = scaling.compute_optimal(REFIT, flops)
    own = scaling.loss(REFIT, n=n, d=TOKENS_READ)
    texts = documentation(2 * window, tokenizer, documents)
    rng = np.random.default_rng(0)
    windows = []
    for ids in texts:  # from a random place, so that a position says nothing about the part of the text
        first = int(rng.integers(len(ids) - window + 1))
        windows.append(ids[first : first + window])
    return {
        "config": {key: getattr(model.config, key) for key in CONFIG},
        "parameters": counts,
        "flops": rows,
        "computed": {"context": short, "flops": passed},
        "budget": {
            "tokens": TOKENS_READ,
            "flops": flops,
            "tokens_per_parameter": TOKENS_READ / n,
            "best_n": float(best.n),
            "best_d": float(best.d),
            "best_ratio": float(best.tokens_per_parameter),
            "best_loss": float(best.loss),
            "own_loss": float(own),
        },
        "documents": documents,
        "window": window,
        **by_bins(losses_by_position(model, windows)),
    }
