"""What students may have, in one archive: the labs, the package, and how to begin. Nothing in it holds an answer.

The labs are made from their sources anew, because somebody may have worked in labs/.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils.course import load_course
from course_utils.errors import CourseError
from course_utils.grading.author.release import FOR_ASSISTANTS, asked_of_assistants, generate_checked
from course_utils.grading.paths import CoursePaths

_START = Path(__file__).with_name("start.md")
_ALONG = ("install.py", "constraints.lock", "LICENSE")  # of the course's folder


def write_handout(paths: CoursePaths, folder: Path | None = None) -> Path:
    """Write <course_id>.zip into `folder` (the course's dist/ without); returns its path.

    Raises CourseError when a lab breaks a rule of lint, and when the wheel cannot be built.
    """
    course = load_course()
    folder = folder or paths.root / "dist"
    folder.mkdir(parents=True, exist_ok=True)
    paths.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="handout-", dir=paths.private) as scratch:
        home = Path(scratch) / course.course_id
        home.mkdir()
        for lab in course.labs:
            generate_checked(lab, paths, home / "labs")
        (home / "labs" / FOR_ASSISTANTS).write_text(asked_of_assistants(), encoding="utf-8")
        _build_wheel(paths.root, home)
        for name in _ALONG:
            shutil.copy(paths.root / name, home / name)
        first = course.labs[0].name
        text = _START.read_text(encoding="utf-8").replace("{title}", course.title).replace("{first}", first)
        (home / "START.md").write_text(text, encoding="utf-8")
        return Path(shutil.make_archive(str(folder / course.course_id), "zip", scratch, course.course_id))


def _build_wheel(root: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(root)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise CourseError(f"The package could not be packed: {done.stdout.strip()[-800:]}")
