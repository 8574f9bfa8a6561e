"""A released lab where the course is not: its first cell installs the package from the course's home, and then runs.

Slow by nature: a repository is cloned and built as pip does it in Colab.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
from elsewhere import run

from course_utils import course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.release import release
from course_utils.grading.author.released import has_work
from course_utils.grading.paths import CoursePaths

ROOT = Path(__file__).resolve().parents[2]
LAB = "01_sft_masking"
PACKED = ("course_utils", "pyproject.toml", "course.toml", "nbgrader_config.py", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> str:
    """The course as it is now in a git repository of its own: its URL."""
    folder = tmp_path_factory.mktemp("published")
    for name in PACKED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "The course"]):
        done = run("git", "-c", "user.name=T", "-c", "user.email=t@example.org", *words, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder.as_uri()


@pytest.fixture
def colab(tmp_path_factory) -> Path:
    """The Python of a new environment that has the libraries and no course, as Colab does."""
    home = tmp_path_factory.mktemp("colab") / "env"
    done = run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home.parent)
    assert done.returncode == 0, done.stderr
    python = home / "bin" / "python"
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).stdout.strip()
    lent = home / "lent"
    lent.mkdir()
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if not item.name.startswith(("adapting_llms", "course_utils", "_editable", "__editable")):
            (lent / item.name).symlink_to(item)
    Path(own, "lent.pth").write_text(f"{lent}\n")
    assert run(python, "-I", "-c", "import course_utils", cwd=home).returncode == 1
    return python


def released_setup(published: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The setup cells of the lab, released with `home` set."""
    facts = replace(course.load_course(), home=published)
    monkeypatch.setattr(course, "load_course", lambda: facts)
    shutil.copytree(ROOT / "solutions" / LAB, folder / "solutions" / LAB)
    path = release(LAB, CoursePaths(folder))
    assert not has_work(path)
    return "\n".join(cell.source for cell in nbk.setup_cells(nbk.read(path)))


def test_the_first_cell_installs_the_course_and_replaces_nothing(published, colab, tmp_path, monkeypatch):
    cell = tmp_path / "setup.py"
    cell.write_text(released_setup(published, tmp_path / "course", monkeypatch))
    before = versions(colab)
    done = run(colab, "-I", cell, cwd=tmp_path)
    assert "profile cpu: model nano-math" in done.stdout, done.stderr[-3000:]
    after = versions(colab)
    assert after.pop("adapting-llms") == "0.1.0"
    assert after == before, "torch and all else stay as they were"
    where = run(colab, "-I", "-c", "import course_utils; print(course_utils.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(colab.parents[1]))


def versions(python: Path) -> dict[str, str]:
    code = "import importlib.metadata as m\nfor d in m.distributions(): print(d.name, d.version)"
    return dict(line.split() for line in run(python, "-I", "-c", code, cwd=python.parent).stdout.splitlines())


def test_without_a_home_the_first_cell_says_what_to_do(colab, tmp_path):
    cell = tmp_path / "setup.py"
    cell.write_text(nbk.setup_cells(nbk.read(ROOT / "labs" / LAB / f"{LAB}.ipynb"))[0].source)
    done = run(colab, "-I", cell, cwd=tmp_path)
    assert done.returncode == 1
    assert "course_utils is not installed here" in done.stderr
