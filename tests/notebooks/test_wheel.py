"""What students get: the wheel works alone, away from the repository, and nothing in the handout is an answer."""

from __future__ import annotations

import json
import re
import shutil
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from elsewhere import run

from course_utils.course import load_course
from course_utils.grading import notebook as nbk
from course_utils.grading.author.handout import write_handout
from course_utils.grading.paths import CoursePaths
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


@pytest.fixture(scope="module")
def handout(tmp_path_factory) -> Path:
    """The unpacked handout of a copy of the course in which somebody did a lab: that must not be in it."""
    copy = tmp_path_factory.mktemp("course") / "course"
    skip = shutil.ignore_patterns(
        ".*", "node_modules", "__pycache__", "tests", "slides", "demo", "dist", "build"
    )
    shutil.copytree(ROOT, copy, ignore=skip)
    for source in (copy / "solutions").glob("*/*.ipynb"):
        shutil.copy(source, copy / "labs" / source.parent.name)
    archive = write_handout(CoursePaths(copy))
    assert archive == copy / "dist" / "adapting_llms.zip"
    folder = tmp_path_factory.mktemp("handout")
    shutil.unpack_archive(archive, folder)
    return folder / "adapting_llms"


@pytest.fixture(scope="module")
def wheel(handout) -> Path:
    (found,) = handout.glob("adapting_llms-*.whl")
    return found


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


def secrets(source: Path) -> dict[str, str]:
    """What students must not see of a lab: answers, hidden tests, mark schemes, without blanks. Place -> text.

    What is too short to be told from other code is left out.
    """
    found = {}
    for number, cell in enumerate(nbk.read(source).cells):
        for kind in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
            for part in re.findall(f"### BEGIN {kind}\n(.*?)### END {kind}", cell.source, re.DOTALL):
                if len(tight(part)) > 60:
                    found[f"{source.stem}, cell {number}, {kind}"] = tight(part)
        if nbk.is_essay(cell):
            found[f"{source.stem}, cell {number}, essay"] = tight(cell.source.partition("### BEGIN")[0])
    return found


def tight(text: str) -> str:
    return "".join(text.split())


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, text without blanks) of every file below; those of archives too."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb":
            yield str(path), tight("\n".join(cell.source for cell in nbk.read(path).cells))
        elif path.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as unpacked:
                archive.extractall(unpacked)
                yield from contents(Path(unpacked))
        elif path.is_file():
            yield str(path), tight(path.read_text(encoding="utf-8", errors="ignore"))


def leaks(folder: Path) -> list[str]:
    known = {
        place: text
        for path in sorted(ROOT.glob("solutions/*/*.ipynb"))
        for place, text in secrets(path).items()
    }
    assert len(known) > 100
    return [f"{name}: {place}" for name, text in contents(folder) for place in known if known[place] in text]


def test_nothing_in_the_handout_is_an_answer(handout):
    assert leaks(handout) == []


def test_an_answer_would_be_noticed_wherever_it_is(tmp_path):
    source = next(ROOT.glob("solutions/01*/*.ipynb"))
    shutil.copy(source, tmp_path / "lab.ipynb")
    place, secret = next(iter(secrets(source).items()))
    with zipfile.ZipFile(tmp_path / "package.whl", "w") as archive:
        archive.writestr("module.py", f"def answer():\n    {secret}")
    found = leaks(tmp_path)
    assert {line.partition(": ")[2] for line in found} == set(secrets(source))
    assert [line for line in found if "module.py" in line and place in line]


def test_the_handout_holds_every_lab_and_how_to_begin(handout):
    assert sorted(path.name for path in handout.iterdir() if path.suffix != ".whl") == [
        "LICENSE",
        "START.md",
        "constraints.lock",
        "install.py",
        "labs",
    ]
    for lab in load_course().labs:
        released = ROOT / "labs" / lab.name / f"{lab.name}.ipynb"
        assert (handout / "labs" / lab.name / released.name).read_bytes() == released.read_bytes()
    assert (handout / "labs" / "AGENTS.md").read_bytes() == (ROOT / "labs" / "AGENTS.md").read_bytes()
    text = (handout / "START.md").read_text(encoding="utf-8")
    assert text.startswith("# Adapting Language Models: how to begin")
    assert "{" not in text
    for named in re.findall(r"labs/\S+\.ipynb|install\.py", text):
        assert (handout / named).is_file()


def test_a_student_checks_a_lab_with_the_handout_alone(handout, environment, tmp_path):
    """Of the lab only what leads to its first exercise, because the rest takes its time."""
    (released,) = handout.glob("labs/01_*/*.ipynb")
    nb = nbk.read(released)
    nb.cells = nb.cells[: nbk.exercises(nb)[0].tests_index + 1]
    (tmp_path / "labs").mkdir()
    nbformat.write(nb, tmp_path / "labs" / released.name)
    done = run(environment / "bin" / "course", "check", f"labs/{released.name}", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "not attempted" in done.stdout
    assert "0 of 1 exercises" in done.stdout
