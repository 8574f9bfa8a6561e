"""Wall and CPU time of a command with all that it starts, whoever its parent is in the end.

Kernels are killed when a notebook is done, and what a killed process used does not reach its parent's account.
Control groups count it; where none can be made (it takes root), only wall time is known.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_V1, _V2 = Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")


@dataclass
class Account:
    """Where a control group counts. folder: its folder, or None."""

    folder: Path | None

    def seconds(self) -> float | None:
        """CPU seconds so far; None when nobody counts."""
        if self.folder is None:
            return None
        if (usage := self.folder / "cpuacct.usage").exists():
            return int(usage.read_text()) / 1e9
        facts = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(facts["usage_usec"]) / 1e6

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` on this account."""
        if self.folder is None:
            return list(argv)
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"), *argv]


@contextlib.contextmanager
def account() -> Iterator[Account]:
    """A new account, closed in the end."""
    folder: Path | None = (_V1 if _V1.is_dir() else _V2) / f"course-bench-{os.getpid()}-{time.monotonic_ns()}"
    try:
        folder.mkdir()
    except OSError:
        folder = None
    try:
        yield Account(folder)
    finally:
        if folder is not None:
            for _ in range(100):  # the last process may still be going
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.1)


def timed(argv: Sequence[str], **options) -> tuple[float, float | None]:
    """(wall seconds, CPU seconds or None) of a command. Raises RuntimeError with its output when it fails."""
    with account() as used:
        began = time.perf_counter()
        done = subprocess.run(used.command(argv), capture_output=True, text=True, **options)
        wall = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(f"{argv[:3]} failed: {done.stdout[-2000:]} {done.stderr[-4000:]}")
        return wall, used.seconds()
