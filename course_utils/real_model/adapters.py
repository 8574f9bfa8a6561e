"""Lab 02's questions: does the count hold, what does a merge round away, what does a training step take, and how low
is the rank of a change?
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import data
from course_utils.data import word_problems
from course_utils.evaluation import chat_prompt
from course_utils.memory import peak_bytes, tensor_bytes
from course_utils.models import load_base
from course_utils.models.architectures import meta_model
from course_utils.real_model._chats import short
from course_utils.training import fine_tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NEEDS_GSM8K = True
FIELDS = (
    "model_type",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "vocab_size",
    "tie_word_embeddings",
)
ADAPTERS: dict[str, tuple[int, str | list[str]]] = {
    "rank 8, q and v": (8, ["q_proj", "v_proj"]),
    "rank 16, attention": (16, ["q_proj", "k_proj", "v_proj", "o_proj"]),
    "rank 16, all linear": (16, "all-linear"),
}
TYPES = ("float32", "float16", "bfloat16")
POINTS = 33  # of the curves that `spectrum` gives


@dataclass(frozen=True)
class Plan:
    """data: what all weights are trained on. examples: of each training run; the longest one in tokens.

    rank: of the adapters that are merged and whose step is measured. batch, length: of that step, in rows and tokens.
    every: of how many blocks one is looked at. learning_rate: of all weights; small_rate: of the small model's.
    """

    data: str = "gsm8k"
    examples: int = 32
    batch_size: int = 4
    longest: int = 224
    rank: int = 16
    lora_rate: float = 1e-3
    learning_rate: float = 1e-4
    small_rate: float = 1e-3
    batch: int = 4
    length: int = 64
    every: int = 3


PLAN = Plan()


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, plan: Plan = PLAN) -> dict[str, Any]:
    """Returns
    `config`: the numbers that a count needs; `counts`: peft's own count for each of ADAPTERS;
    `merge`: see `merged`, of an adapter that was trained on easy word problems;
    `memory`: method -> bytes at the worst moment of a step in float32 on `tokens` tokens, with AdamW;
    `spectrum`: see `spectrum`, of a short full training of this model and of the small one.
    Raises CourseError if the data are not at hand.
    """
    easy = word_problems.generate(plan.examples, seed=0, steps=(1, 2))
    hard = short(data.load(plan.data, "train", 8 * plan.examples), tokenizer, plan.longest, plan.examples)
    found: dict[str, Any] = {
        "config": {name: getattr(model.config, name, None) for name in FIELDS},
        "counts": {name: peft_count(model, *adapter) for name, adapter in ADAPTERS.items()},
        "examples": plan.examples,
        "steps": -(-plan.examples // plan.batch_size),
        "rank": plan.rank,
        "tokens": plan.batch * plan.length,
    }
    training: dict[str, Any] = {
        "epochs": 1,
        "batch_size": plan.batch_size,
        "max_length": 512,
        "progress": False,
    }
    adapter = {"rank": plan.rank, "alpha": 2 * plan.rank}
    run = fine_tune(model, tokenizer, easy, learning_rate=plan.lora_rate, lora=adapter, **training)
    ids = tokenizer(chat_prompt(str(easy[0]["question"]), tokenizer), add_special_tokens=False)["input_ids"]
    found["merge"] = {dtype: merged(run.model, ids, dtype) for dtype in TYPES}
    del run
    found["memory"] = {method: step_bytes(model, method, plan) for method in ("full", "lora")}
    full = fine_tune(model, tokenizer, hard, learning_rate=plan.learning_rate, **training).model
    found["spectrum"] = {"real": spectrum(model, full, plan.every)}
    del full
    small, small_tokenizer = load_base("nano-math", "strong", device="cpu", dtype="float32")
    shifted = fine_tune(small, small_tokenizer, easy, learning_rate=plan.small_rate, **training).model
    found["spectrum"]["small"] = spectrum(small, shifted, 1)
    return found


def _adapted(model: PreTrainedModel, rank: int, targets: str | Sequence[str]) -> Any:
    from peft import LoraConfig, get_peft_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings = LoraConfig(r=rank, target_modules=targets if isinstance(targets, str) else list(targets))
        return get_peft_model(model, settings)


def peft_count(model: PreTrainedModel, rank: int, targets: str | Sequence[str]) -> int:
    """Trained weights of peft's adapter, counted on the meta device, where tensors need no memory."""
    adapted = _adapted(meta_model(model.config), rank, targets)
    return sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)


def merged(adapted: Any, ids: Sequence[int], dtype: str) -> dict[str, float]:
    """What a merge into weights of `dtype` rounds away. adapted: a PeftModel in float32, which stays as it is.

    Returns `unnoticed`, the share of adapted weights that come out as they were although the adapter would change
    them, and of the logits for `ids`, as shares of the largest one: `adapter`, the largest change that the adapter
    makes, and `merge`, the largest that merging it makes. All is computed in float32; only the weights are rounded.
    """
    import torch
    from peft.tuners.lora import Linear

    apart = copy.deepcopy(adapted)
    layers = [module for module in apart.modules() if isinstance(module, Linear)]
    kind = getattr(torch, dtype)
    row = torch.tensor([list(ids)])
    unnoticed = total = 0
    with torch.no_grad():
        for layer in layers:
            layer.base_layer.weight.copy_(layer.base_layer.weight.to(kind))
        with apart.disable_adapter():
            base = apart(input_ids=row).logits
        separate = apart(input_ids=row).logits
        for layer in layers:
            weight, change = layer.base_layer.weight, layer.get_delta_weight("default")
            sum_ = (weight + change).to(kind).float()
            unnoticed += int((sum_ == weight)[change != 0].sum())
            total += weight.numel()
            weight.copy_(sum_)
        with apart.disable_adapter():
            together = apart(input_ids=row).logits
    largest = separate.abs().max()
    return {
        "unnoticed": unnoticed / total,
        "adapter": float((separate - base).abs().max() / largest),
        "merge": float((together - separate).abs().max() / largest),
    }


def step_bytes(model: PreTrainedModel, method: str, plan: Plan) -> int:
    """Bytes of tensors at the worst moment of a step that finds gradients and optimizer state in place."""
    import torch

    own: Any = copy.deepcopy(model).train()
    if method == "lora":
        own = _adapted(own, plan.rank, "all-linear")
    weights = [weight for weight in own.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-5)
    ids = torch.randint(own.config.vocab_size, (plan.batch, plan.length))

    def step() -> None:
        own(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()

    step()
    state = [value for entry in optimizer.state.values() for value in entry.values()]
    standing = tensor_bytes(*own.parameters(), *(weight.grad for weight in weights), *state)
    return standing + peak_bytes(step, own.device)


def spectrum(before: PreTrainedModel, after: PreTrainedModel, every: int = 1) -> dict[str, Any]:
    """Singular values of the change of the matrices in one of `every` blocks, of those matrices, and of noise.

    Returns `matrices`, how many; `relative`, the size of the change as a share of the weights' size; and for each of
    "change", "weights" and "noise" the means over the matrices of `energy`, the share of the squared size at POINTS
    shares of the singular values from 0 to 1, `half` and `most`, the shares that hold 50 and 90 % of it, and `top8`,
    what the first 8 hold.
    """
    import torch

    old, new = block_matrices(before, every), block_matrices(after, every)
    draw = torch.Generator().manual_seed(0)
    kinds = {
        "change": [new[name] - weight for name, weight in old.items()],
        "weights": list(old.values()),
        "noise": [torch.randn(weight.shape, generator=draw) for weight in old.values()],
    }
    change, size = (sum(float(m.norm()) ** 2 for m in kinds[kind]) ** 0.5 for kind in ("change", "weights"))
    found: dict[str, Any] = {"matrices": len(old), "relative": change / size}
    for kind, matrices in kinds.items():
        held = [_held(matrix) for matrix in matrices]
        found[kind] = {
            "energy": [round(float(v), 4) for v in np.mean([_curve(one) for one in held], axis=0)],
            "half": float(np.mean([_needed(one, 0.5) for one in held])),
            "most": float(np.mean([_needed(one, 0.9) for one in held])),
            "top8": float(np.mean([one[min(7, len(one) - 1)] for one in held])),
        }
    return found


def block_matrices(model: PreTrainedModel, every: int) -> dict[str, torch.Tensor]:
    """The weights of the linear layers of one in `every` blocks, by name."""
    from torch import nn

    return {
        name: module.weight.detach()
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and ".layers." in name
        and int(name.split(".layers.")[1].split(".")[0]) % every == 0
    }


def _held(matrix: torch.Tensor) -> np.ndarray:
    """(k,) share of the squared size that the first 1, 2, … of k singular values hold."""
    import torch

    squared = torch.linalg.svdvals(matrix).double().square().numpy()
    return squared.cumsum() / squared.sum()


def _curve(held: np.ndarray) -> np.ndarray:
    return np.interp(np.linspace(0, 1, POINTS), np.linspace(0, 1, len(held) + 1), np.concatenate([[0], held]))


def _needed(held: np.ndarray, share: float) -> float:
    """The share of the singular values that hold at least this share of the squared size."""
    return (int((held < share).sum()) + 1) / len(held)
