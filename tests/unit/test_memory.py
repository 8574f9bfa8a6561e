"""The peak is the worst moment of the tensors, not what is left and not what was ever allocated."""

from __future__ import annotations

import pytest
import torch

from course_utils.memory import peak_bytes, tensor_bytes


def test_the_peak_counts_what_lives_at_the_same_time() -> None:
    def one_after_the_other() -> None:
        for _ in range(5):
            torch.zeros(1000)  # 4,000 bytes, released at once

    def side_by_side() -> None:
        kept = [torch.zeros(1000) for _ in range(5)]
        kept.clear()

    assert peak_bytes(one_after_the_other) == 4000
    assert peak_bytes(side_by_side) == 20000


def test_what_was_there_before_does_not_count() -> None:
    there = torch.zeros(10_000)
    assert peak_bytes(lambda: there.add_(there)) == 0


def test_activations_of_a_backward_pass_are_seen() -> None:
    weight = torch.zeros(64, 64, requires_grad=True)
    x = torch.zeros(256, 64)
    peak = peak_bytes(lambda: (x @ weight).relu().sum().backward())
    product = 4 * 256 * 64
    assert peak >= 2 * product  # the product, or its gradient, beside what relu keeps


def test_an_error_goes_through_and_the_error_stream_is_back(capfd: pytest.CaptureFixture) -> None:
    import sys

    with pytest.raises(ZeroDivisionError):
        peak_bytes(lambda: 1 / 0)
    peak_bytes(lambda: torch.zeros(3))
    print("still here", file=sys.stderr)
    assert capfd.readouterr().err == "still here\n"


def test_tensor_bytes() -> None:
    assert tensor_bytes(torch.zeros(3), None, torch.zeros(2, 2, dtype=torch.bfloat16)) == 12 + 8
