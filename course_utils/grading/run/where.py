"""Where a submission's code runs: decided once for a class, handed down to whoever runs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_utils.grading.sandbox.confinement import Sandbox
from course_utils.grading.sandbox.launch import Warm


@dataclass(frozen=True)
class Where:
    """Where student code runs. warm: a process to fork kernels from. send: asks another machine to run it all."""

    sandbox: Sandbox
    warm: Warm | None = None
    send: Callable[[bytes], bytes] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Where:
        """traitlets copies what is configured; a socket cannot be copied, and nothing here changes."""
        return self
