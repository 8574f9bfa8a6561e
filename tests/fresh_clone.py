"""Times the two commands in an empty clone and a new environment, and records them (`make fresh`).

The clone lies in a temporary folder; nothing of this one's environment is used but Python itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = [
    ("make course", "first run, creates the environment"),
    ("make course", "again"),
    ("make test", "in that environment"),
]


def main() -> int:
    from course_utils import results

    runs = []
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        environment = {
            k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS")
        }
        for command, when in RUNS:
            start = time.perf_counter()
            done = subprocess.run(command.split(), cwd=clone, env=environment)
            seconds = time.perf_counter() - start
            print(f"{command} ({when}): {seconds:.0f} s, exit {done.returncode}", flush=True)
            if done.returncode:
                return done.returncode
            runs.append({"command": command, "when": when, "seconds": round(seconds, 1)})
    results.save("commands", {"runs": runs, "cores": os.cpu_count()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
