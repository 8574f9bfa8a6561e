"""Measuring how much memory tensors take at the worst moment of a computation."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


def peak_bytes(step: Callable[[], object], device: str | torch.device = "cpu") -> int:
    """Bytes of tensors that `step()` allocates on top of what was there, at the worst moment.

    On a GPU torch's own counter is read. On a CPU torch.profiler lists every allocation and release of torch's
    allocator; what numpy, Python or the operating system take is not in it. The same step gives the same
    number again, unlike a look at the process's resident memory.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        step()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    from torch.profiler import ProfilerActivity, profile

    with warnings.catch_warnings(), _silent_stderr():
        warnings.simplefilter("ignore")
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
            step()
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak


def tensor_bytes(*tensors: torch.Tensor | None) -> int:
    """Bytes that these tensors take together; None counts nothing."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep the profiler's C++ library from writing two lines for each run past Python to the error stream."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
