"""The wheel holds all that the package needs: installed alone, away from the repository, it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from course_utils.grading.run import alike

ROOT = Path(__file__).resolve().parents[2]

# Runs in the new environment. It may use the libraries of this one, never this one's course_utils.
USE = """
import sys
from pathlib import Path
import course_utils
home = Path(course_utils.__file__).resolve()
assert home.is_relative_to(Path(sys.prefix).resolve()), f"this is not the wheel's: {home}"

from course_utils import course
from course_utils.models import load_base
from course_utils.models.embedded import EMBEDDED
from course_utils.viz import style

assert course.lab("1").points > 0
style.use()
for name in EMBEDDED:
    model, tokenizer = load_base(name)
    ids = tokenizer("2 + 3", return_tensors="pt").input_ids
    assert ids.shape[1] > 1
    assert model(ids).logits.shape == (1, ids.shape[1], model.config.vocab_size)
print("works")
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COURSE"))}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("adapting_llms-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    """A new environment with the wheel in it, and the other libraries lent by a .pth file.

    A .pth file in a lent folder is not read, so the editable installation of this one does not come along.
    """
    home = tmp_path_factory.mktemp("environment") / "env"
    done = run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home.parent)
    assert done.returncode == 0, done.stderr
    python = home / "bin" / "python"
    done = run(
        sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel, cwd=home.parent
    )
    assert done.returncode == 0, done.stderr
    own = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home.parent
    ).stdout.strip()
    (Path(own) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "course_utils").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - inside == set()
    assert "course_utils/course.toml" in inside
    strays = {name for name in inside if not name.startswith(("course_utils/", "adapting_llms-"))}
    assert strays == set()


def test_the_package_works_from_the_wheel_alone(environment, tmp_path):
    done = run(environment / "bin" / "python", "-I", "-c", USE, cwd=tmp_path)
    assert done.stdout.strip().endswith("works"), done.stderr[-3000:]


def test_a_worker_with_the_wheel_grades_as_the_clone_does(environment, tmp_path):
    code = "import json; from course_utils.grading.run import alike; print(json.dumps(alike.facts()))"
    done = run(environment / "bin" / "python", "-I", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert alike.differences(alike.facts(), json.loads(done.stdout)) == ""


def test_the_repositorys_package_would_be_noticed(tmp_path):
    done = run(sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{USE}", cwd=tmp_path)
    assert "this is not the wheel's" in done.stderr


def test_the_command_works_from_the_wheel_alone(environment, tmp_path):
    done = run(environment / "bin" / "course", "release", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not inside a clone of the course" in done.stderr
