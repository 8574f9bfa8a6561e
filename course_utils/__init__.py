"""Shared code of the course "Adapting Language Models"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext course_utils` calls this: `%check` is there afterwards."""
    from course_utils.jupyter.magic import register

    register(shell)
