"""What several questions need of a chat: the loss of its tokens, and which problems make a short one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.evaluation import chat_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def token_losses(model: PreTrainedModel, ids: Sequence[int]) -> torch.Tensor:
    """(T - 1,) loss in nats of each token but the first."""
    import torch
    from torch.nn.functional import cross_entropy

    row = torch.tensor([ids], device=model.device)
    with torch.no_grad():
        logits = model(input_ids=row).logits[0, :-1].float()
    return cross_entropy(logits, row[0, 1:], reduction="none").cpu()


def short(
    problems: Iterable[Mapping[str, str]], tokenizer: PreTrainedTokenizerBase, longest: int, n: int
) -> list[Mapping[str, str]]:
    """The first n problems that have at most `longest` tokens with their answer, prompt and end included."""

    def length(problem: Mapping[str, str]) -> int:
        text = chat_prompt(problem["question"], tokenizer) + problem["answer"] + tokenizer.eos_token
        return len(tokenizer(text, add_special_tokens=False)["input_ids"])

    return [problem for problem in problems if length(problem) <= longest][:n]
