"""Shared code of the course "Adapting Language Models"."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

# Small tensors gain nothing from threads that fight for two cores. This is for all that is imported and started from
# now on; where somebody set it otherwise, it stays.
if "OMP_NUM_THREADS" not in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext course_utils` calls this: `%check` is there afterwards."""
    from course_utils.jupyter.magic import register

    register(shell)
