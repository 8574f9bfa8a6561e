"""Running commands as on a machine where nobody has set up the course."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess:
    """What came of the command, without Python's and the course's variables of this process."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COURSE"))}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
