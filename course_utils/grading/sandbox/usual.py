"""The state that tests rest on, whatever a student's cells have set.

`torch.set_default_dtype(torch.float64)` in a scratch cell changes what a right answer gives. Each call of a
student's function finds the state of a fresh process, and the student's own comes back afterwards.
"""

from __future__ import annotations

import contextlib
import decimal
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

SEED = 0


@contextlib.contextmanager
def usual_state() -> Iterator[None]:
    """Inside, Python's, numpy's and torch's switches are as in a fresh process, and warnings are silent.

    decimal's context; numpy's treatment of floating-point errors and its print options; torch's default dtype
    and device, grad and inference mode, deterministic algorithms and print options; transformers says nothing but
    errors. What a library that was not imported holds is not touched.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(decimal.localcontext(decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if numpy := sys.modules.get("numpy"):
            stack.enter_context(numpy.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
            stack.enter_context(numpy.printoptions(**_NUMPY_PRINTS))
        if torch := sys.modules.get("torch"):
            stack.enter_context(_usual_torch(torch))
        if logging := sys.modules.get("transformers.utils.logging"):
            stack.callback(logging.set_verbosity, logging.get_verbosity())
            logging.set_verbosity_error()
        yield


_NUMPY_PRINTS: dict[str, Any] = {
    "precision": 8,
    "threshold": 1000,
    "edgeitems": 3,
    "linewidth": 75,
    "suppress": False,
    "nanstr": "nan",
    "infstr": "inf",
    "sign": "-",
    "floatmode": "maxprec",
    "formatter": None,
}


@contextlib.contextmanager
def _usual_torch(torch: Any) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
        # torch can set these, but has no public way to ask for them
        stack.callback(torch.set_printoptions, **asdict(torch._tensor_str.PRINT_OPTS))
        torch.set_printoptions(profile="default")
        # The next two import the compiler, which takes seconds, even to set what is set already.
        if torch.get_default_device() != torch.device("cpu"):
            stack.callback(torch.set_default_device, torch.get_default_device())
            torch.set_default_device(None)
        if torch.are_deterministic_algorithms_enabled():
            warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
            stack.callback(torch.use_deterministic_algorithms, True, warn_only=warn_only)
            torch.use_deterministic_algorithms(False)
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        yield


@contextlib.contextmanager
def same_random_numbers(seed: int = SEED) -> Iterator[None]:
    """Inside, the global generators of Python, numpy and torch begin at `seed`; afterwards they go on as before.

    So a test draws the same numbers whichever tests ran before it.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        random.seed(seed)
        if numpy := sys.modules.get("numpy"):
            stack.callback(numpy.random.set_state, numpy.random.get_state())
            numpy.random.seed(seed)
        if torch := sys.modules.get("torch"):
            stack.callback(torch.set_rng_state, torch.get_rng_state())
            torch.manual_seed(seed)
        yield
