"""One way to fine-tune: trl's SFTTrainer, full or with a LoRA adapter, set up for small runs."""

from __future__ import annotations

import copy
import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils.errors import CourseError
from course_utils.evaluation import chat_prompt

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
    from trl import SFTTrainer

    from course_utils.profiles import Profile

LOSS_ON = ("completion", "all")


@dataclass(frozen=True)
class TrainingRun:
    """A finished run. model: the trained one (a PeftModel with LoRA). losses: mean loss in nats per token
    in the loss, one per optimizer step. seconds: wall clock of the training loop alone."""

    model: Any
    losses: list[float]
    steps: int
    seconds: float


def to_prompt_completion(
    problems: Iterable[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase
) -> list[dict[str, str]]:
    """`question`/`answer` as trl's `prompt`/`completion`: the chat prompt, then the answer and the end token."""
    return [
        {
            "prompt": chat_prompt(problem["question"], tokenizer),
            "completion": problem["answer"] + tokenizer.eos_token,
        }
        for problem in problems
    ]


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Iterable[Mapping[str, Any]],
    *,
    loss_on: str = "completion",
    learning_rate: float = 1e-3,
    epochs: int = 3,
    batch_size: int = 8,
    max_length: int = 256,
    seed: int = 0,
    lora: Mapping[str, Any] | None = None,
    packing: bool = False,
    gradient_checkpointing: bool = False,
    progress: bool = True,
    on_step: Callable[[int, int, float], None] | None = None,
    **options: Any,
) -> SFTTrainer:
    """An SFTTrainer for `problems` (mappings with `question` and `answer`); `.train()` runs it.

    loss_on: "completion" leaves the prompt out of the loss, "all" does not.
    max_length: tokens per example; longer ones would be cut and lose their end, so they are refused.
    lora: rank, alpha and target_modules of an adapter; None trains every parameter. Either way `model`
        itself is changed, and trl leaves its own forward on it (see `_with_own_forward`): `fine_tune`
        is the way that cleans up.
    packing: put several examples into one row of max_length tokens, each behind its own attention mask.
        batch_size then counts rows, so a step holds more examples.
    gradient_checkpointing: compute activations again in the backward pass and do not keep them.
    on_step: called after each optimizer step with its number, the number of all steps, and its loss.
    options: further SFTConfig arguments, for what this function has no word for.
    Weights in bfloat16 or float16 compute in that type. Trained in full they are kept in float32, because
    steps smaller than the type's spacing would be lost.
    Raises CourseError for no problems, an unknown loss_on or LoRA setting, an example that is too long for
    max_length or for the model's context, a tokenizer without a padding token, and float16 weights that are
    all to be trained.
    """
    from datasets import Dataset
    from transformers import PrinterCallback, TrainingArguments
    from trl import SFTConfig, SFTTrainer

    if loss_on not in LOSS_ON:
        raise CourseError(f"loss_on={loss_on!r} is not known; use one of {', '.join(LOSS_ON)}")
    context = model.config.max_position_embeddings
    rows = to_prompt_completion(problems, tokenizer)
    if not rows:
        raise CourseError("there are no problems to train on; give at least one")
    if tokenizer.pad_token_id is None:
        raise CourseError(
            "the tokenizer has no padding token; set tokenizer.pad_token to one that is not its end token"
        )
    precision = _precision(model, lora)
    data = Dataset.from_list([_encode(row, tokenizer, max_length, context) for row in rows])
    on_cpu = model.device.type == "cpu"
    settings = {
        "output_dir": tempfile.gettempdir(),  # nothing is written: no checkpoints, no logs
        "save_strategy": "no",
        "report_to": "none",
        "logging_steps": 1,
        "disable_tqdm": True,  # our own bar is below
        "per_device_train_batch_size": batch_size,
        "num_train_epochs": epochs,
        "learning_rate": learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": 0.1,
        "max_length": max_length,
        "completion_only_loss": loss_on == "completion",
        "seed": seed,
        "packing": packing,
        "use_cpu": on_cpu,
        "bf16": precision == "bfloat16",
        "fp16": precision == "float16",
        _checkpointing(TrainingArguments): gradient_checkpointing,
        "dataloader_pin_memory": not on_cpu,
        "average_tokens_across_devices": False,
    }
    with _quiet():
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(**{**settings, **options}),
            processing_class=tokenizer,
            train_dataset=data,
            peft_config=_lora_config(lora),
        )
    trainer.remove_callback(PrinterCallback)
    if progress:
        trainer.add_callback(_progress_bar())
    if on_step:
        trainer.add_callback(_step_report(on_step))
    return trainer


def _checkpointing(arguments: type) -> str:
    """What transformers calls gradient checkpointing: it has renamed it since 5.0."""
    return next(
        name for name in ("activation_checkpointing", "gradient_checkpointing") if hasattr(arguments, name)
    )


def recipe(profile: Profile, method: str | None = None) -> dict[str, Any]:
    """The profile's settings as arguments of `fine_tune`.

    method: "full" or "lora" instead of the profile's own choice (its adapter_rank; rank 8 where it has none).
    Raises CourseError for another method.
    """
    if method not in (None, "full", "lora"):
        raise CourseError(f"method={method!r} is not known; use 'full' or 'lora', or leave it out")
    adapted = profile.adapter_rank is not None if method is None else method == "lora"
    return {
        "learning_rate": profile.lora_learning_rate if adapted else profile.learning_rate,
        "lora": {"rank": profile.adapter_rank or 8} if adapted else None,
        "epochs": profile.epochs,
        "batch_size": profile.batch_size,
        "max_length": profile.max_length,
        "packing": profile.packing,
        "gradient_checkpointing": profile.gradient_checkpointing,
    }


def _precision(model: PreTrainedModel, lora: Mapping[str, Any] | None) -> str:
    """The type to compute in: that of the weights. Weights that are all trained become float32."""
    name = str(model.dtype).removeprefix("torch.")
    if lora is None and name == "float16":
        raise CourseError(
            "weights in float16 cannot all be trained: small steps round to nothing; give a LoRA rank, or load "
            "the model in float32"
        )
    if lora is None and name == "bfloat16":
        model.float()
    return name


def _step_report(on_step: Callable[[int, int, float], None]) -> TrainerCallback:
    from transformers import TrainerCallback

    class Report(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                on_step(state.global_step, state.max_steps, float(logs["loss"]))

    return Report()


def _progress_bar() -> TrainerCallback:
    """One line that shows steps, loss and time left, and not a table row for every step."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from transformers import TrainerCallback

    class Bar(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]}"))
            self.bar = Progress("fine-tuning", *columns, TimeRemainingColumn())
            self.bar.start()
            self.task = self.bar.add_task("", total=state.max_steps, loss="-")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                self.bar.update(self.task, completed=state.global_step, loss=f"{logs['loss']:.3f}")

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.bar.stop()

    return Bar()


def _encode(
    row: Mapping[str, str], tokenizer: PreTrainedTokenizerBase, max_length: int, context: int
) -> dict[str, list[int]]:
    """The columns trl would make (input_ids, completion_mask), without its three passes over the data."""
    prompt = tokenizer(row["prompt"], add_special_tokens=False)["input_ids"]
    completion = tokenizer(row["completion"], add_special_tokens=False)["input_ids"]
    tokens = len(prompt) + len(completion)
    if tokens > max_length:
        raise CourseError(
            f"an example has {tokens} tokens, more than max_length={max_length}, and would lose its end; raise "
            f"max_length or leave it out: {row['completion'][:40]!r}"
        )
    if tokens > context:
        raise CourseError(
            f"an example has {tokens} tokens, more than the model's context of {context}; leave it out: "
            f"{row['completion'][:40]!r}"
        )
    return {"input_ids": prompt + completion, "completion_mask": [0] * len(prompt) + [1] * len(completion)}


def _lora_config(lora: Mapping[str, Any] | None) -> LoraConfig | None:
    if lora is None:
        return None
    known = {"rank", "alpha", "target_modules", "dropout"}
    if unknown := set(lora) - known:
        raise CourseError(
            f"lora={dict(lora)} has no setting {sorted(unknown)}; use {', '.join(sorted(known))}"
        )
    rank = lora.get("rank", 0)
    if not isinstance(rank, int) or rank < 1:
        raise CourseError(f"lora needs a rank of 1 or more, got {rank!r}")
    from peft import LoraConfig

    targets: str | Sequence[str] = lora.get("target_modules", "all-linear")
    return LoraConfig(
        r=rank,
        lora_alpha=lora.get("alpha", 2 * rank),
        lora_dropout=lora.get("dropout", 0.0),
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide notices and preparation bars that a student cannot act on."""
    import datasets

    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    loggers = [logging.getLogger(name) for name in ("transformers", "trl", "accelerate", "peft", "datasets")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            datasets.enable_progress_bars()


def _with_own_forward(*models: PreTrainedModel) -> None:
    """Take off the models what training put over their forward.

    SFTTrainer puts a forward on the instance that keeps a reference to this very model, and with 16-bit weights
    accelerate wraps it once more. A deep copy would go on computing with the original's weights, without any
    error, and the trained model would give float32 logits that no loaded one gives.
    """
    for model in models:
        model.__dict__.pop("forward", None)
        model.__dict__.pop("_original_forward", None)


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    problems: Iterable[Mapping[str, Any]],
    *,
    loss_on: str = "completion",
    learning_rate: float = 1e-3,
    epochs: int = 3,
    batch_size: int = 8,
    max_length: int = 256,
    seed: int = 0,
    lora: Mapping[str, Any] | None = None,
    packing: bool = False,
    gradient_checkpointing: bool = False,
    progress: bool = True,
    on_step: Callable[[int, int, float], None] | None = None,
    in_place: bool = False,
    **options: Any,
) -> TrainingRun:
    """Fine-tune a copy of `model` on `problems` and return it in evaluation mode.

    in_place: train `model` itself, where memory has no room for a copy.
    The other arguments are `build_trainer`'s, and so are the errors.
    """
    if not in_place:
        model = copy.deepcopy(model)
    trainer = build_trainer(
        model,
        tokenizer,
        problems,
        loss_on=loss_on,
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        max_length=max_length,
        seed=seed,
        lora=lora,
        packing=packing,
        gradient_checkpointing=gradient_checkpointing,
        progress=progress,
        on_step=on_step,
        **options,
    )
    start = time.perf_counter()
    try:
        with _quiet():
            trainer.train()
    finally:
        _with_own_forward(model, trainer.model)
    seconds = time.perf_counter() - start
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return TrainingRun(trainer.model.eval(), losses, trainer.state.global_step, seconds)
