"""Batched generation: padding, seeds, ends, stop strings."""

from __future__ import annotations

import pytest
import torch

from course_utils.errors import CourseError
from course_utils.generation import end_token_ids, generate
from course_utils.models import load_base

pytestmark = pytest.mark.slow  # loads models

PROMPTS = [
    "Anna has 5 apples.",
    "12+30=",
    "Ben has $20. He spends $5 on a present. How much money does Ben have now?\n",
]


@pytest.fixture(scope="module")
def base():
    return load_base("nano-math", "weak", device="cpu", dtype="float32")


def greedy_by_hand(model, tokenizer, prompt: str, steps: int) -> list[int]:
    """One prompt, no padding, no cache: what every other way must agree with."""
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    start = ids.shape[1]
    ends = end_token_ids(model, tokenizer)
    for _ in range(steps):
        with torch.no_grad():
            token = model(ids).logits[0, -1].argmax()
        ids = torch.cat([ids, token.view(1, 1)], dim=1)
        if int(token) in ends:
            break
    return ids[0, start:].tolist()


def test_greedy_in_a_padded_batch_is_greedy_alone(base) -> None:
    completions = generate(*base, PROMPTS, max_new_tokens=12)
    for prompt, [completion] in zip(PROMPTS, completions, strict=True):
        assert list(completion.token_ids) == greedy_by_hand(*base, prompt, 12)


def test_results_come_in_the_order_of_the_prompts(base) -> None:
    forward = generate(*base, PROMPTS, max_new_tokens=6, batch_size=2)
    backward = generate(*base, PROMPTS[::-1], max_new_tokens=6, batch_size=2)
    assert forward == backward[::-1]
    assert forward[0] != forward[1]


def test_samples_depend_on_the_seed_alone(base) -> None:
    def sample(seed: int):
        return generate(*base, PROMPTS, n=3, temperature=1.0, max_new_tokens=8, seed=seed)

    torch.manual_seed(123)
    before = torch.get_rng_state()
    first = sample(1)
    assert torch.equal(torch.get_rng_state(), before)  # the caller's generator is left alone
    torch.manual_seed(456)
    assert sample(1) == first
    assert sample(2) != first
    assert [len(group) for group in first] == [3, 3, 3]
    assert len({completion.token_ids for completion in first[0]}) > 1


def test_an_end_token_ends_the_completion_and_the_limit_does_not(base) -> None:
    model, tokenizer = base
    end = tokenizer.eos_token_id
    completions = generate(model, tokenizer, PROMPTS * 20, temperature=1.5, max_new_tokens=40, seed=0)
    flat = [completion for [completion] in completions]
    ends = end_token_ids(model, tokenizer)
    assert any(completion.stopped for completion in flat)
    assert any(not completion.stopped for completion in flat)
    for completion in flat:
        assert completion.stopped == (completion.token_ids[-1] in ends)
        assert not any(token in ends for token in completion.token_ids[:-1])
        assert len(completion.token_ids) == 40 or completion.stopped
        assert "<|" not in completion.text
    assert end in ends


def test_a_stop_string_is_cut_off(base) -> None:
    model, tokenizer = base
    whole = generate(model, tokenizer, PROMPTS[:1], max_new_tokens=30)[0][0].text
    mark = whole[10:13]
    [[completion]] = generate(model, tokenizer, PROMPTS[:1], max_new_tokens=30, stop=[mark])
    assert completion.text == whole[: whole.index(mark)]
    assert completion.stopped


def test_the_mode_of_the_model_is_restored(base) -> None:
    model, tokenizer = base
    model.train()
    generate(model, tokenizer, PROMPTS[:1], max_new_tokens=1)
    assert model.training
    model.eval()
    generate(model, tokenizer, PROMPTS[:1], max_new_tokens=1)
    assert not model.training


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"prompts": ["a"], "n": 0}, "n=0"),
        ({"prompts": ["a"], "n": 4}, "n=4"),
        ({"prompts": ["a"], "temperature": -1.0}, "-1.0"),
        ({"prompts": ["a", ""]}, "empty"),
    ],
)
def test_bad_arguments_are_named(base, arguments: dict, word: str) -> None:
    with pytest.raises(CourseError, match=word):
        generate(*base, **arguments)


def test_no_prompts_give_no_completions(base) -> None:
    assert generate(*base, []) == []
