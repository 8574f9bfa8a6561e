"""Runs the labs with the newest libraries that there are, or the oldest that pyproject.toml allows.

`make test-latest` and `make test-oldest` call this. The environment is made anew in build/, and has what a student in
Colab has: the package without any extra. Each lab's solution runs there from top to bottom at the grading budget. What
breaks is named: the cell, and the libraries that its error came through. Further arguments hold something:
`python tests/versions.py latest torch==2.13.0`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESOLUTION = {"latest": "highest", "oldest": "lowest-direct"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=[*RESOLUTION, "here"], help="here: the environment that runs this")
    parser.add_argument("held", nargs="*", help="requirements on top of pyproject.toml's")
    asked = parser.parse_args()
    return run_labs() if asked.which == "here" else in_new_environment(asked.which, asked.held)


def in_new_environment(which: str, held: list[str]) -> int:
    if not shutil.which("uv"):
        print("uv makes the environment, and is not on the path: pip install uv", file=sys.stderr)
        return 2
    home = ROOT / "build" / which
    python = home / "bin" / "python"
    subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", python, "--resolution", RESOLUTION[which]]
    done = subprocess.run([*install, ROOT, *held])
    return done.returncode or subprocess.run([python, __file__, "here"], cwd=ROOT).returncode


def run_labs() -> int:
    """Run every lab's solution; 1 if one of them breaks."""
    from course_utils.course import load_course
    from course_utils.errors import CourseError
    from course_utils.grading.author.solve import execute
    from course_utils.grading.paths import CoursePaths
    from course_utils.libraries import PACKAGE

    names = sorted(
        re.match(r"[\w.-]+", line)[0] for line in importlib.metadata.requires(PACKAGE) if ";" not in line
    )
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names), flush=True)
    broken = 0
    for lab in load_course().labs:
        start = time.perf_counter()
        try:
            execute(CoursePaths(ROOT).lab(lab.name).source, grading=True, timeout=10 * lab.grading_seconds)
        except CourseError as error:
            broken += 1
            print(f"{lab.name}: {error}", flush=True)
        else:
            print(f"{lab.name}: runs, {time.perf_counter() - start:.0f} s", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
