"""How the tests run: two workers must collect the same, each has one thread, and `make quick` loads no model."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
SLOW = {
    "load_base",
    "from_pretrained",
    "fine_tune",
    "pretrain",
    "train_trunk",
    "check_notebook",
    "run_untouched",
    "solve",
}


def collected(*arguments: str | Path, seed: int, cwd: Path = ROOT) -> list[str]:
    """Ids of the tests that pytest finds in a process of its own, in order, where strings have these hashes."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-o", "addopts=-q --import-mode=importlib"]
    command += ["-p", "no:cacheprovider", "-p", "no:nbval", "--color=no", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**clean, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def name_of(item: pytest.Item) -> str:
    """Its id without the group that a worker of xdist may have put behind it."""
    group = item.get_closest_marker("xdist_group")
    return item.nodeid.removesuffix(f"@{group.args[0]}") if group else item.nodeid


@pytest.mark.slow  # a process that imports every test file
def test_another_process_collects_the_same_tests(request: pytest.FixtureRequest) -> None:
    """All that this run collected, in the same order, whatever the hashes are: xdist counts on it."""
    here = [name_of(item) for item in request.session.items]
    there = collected(*request.config.args, seed=1)
    assert [name for name in there if name in set(here)] == here


def test_what_belongs_together_stays_on_one_worker(tmp_path: Path) -> None:
    """xdist reads a group from a test's name. A pytest whose names it cannot change lets groups fall apart."""
    code = """
import os, pytest
@pytest.mark.xdist_group("{}")
@pytest.mark.parametrize("n", range(6))
def test_it(n, worker_id):
    open({!r}, "a").write(worker_id + "\\n")
"""
    for name in ("one", "other"):
        (tmp_path / f"test_{name}.py").write_text(code.format(name, str(tmp_path / name)))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-n2", "--dist=loadgroup", "-p", "no:cacheprovider", "."]
    subprocess.run(command, cwd=tmp_path, env=clean, check=True, capture_output=True)
    workers = [set((tmp_path / name).read_text().split()) for name in ("one", "other")]
    assert [len(one) for one in workers] == [1, 1]


def test_an_order_that_comes_from_hashes_is_noticed(tmp_path: Path) -> None:
    code = "import pytest\n@pytest.mark.parametrize('x', set('abcdefgh'))\ndef test_it(x): pass\n"
    (tmp_path / "test_set.py").write_text(code)
    one, other = (collected("test_set.py", seed=seed, cwd=tmp_path) for seed in (1, 2))
    assert sorted(one) == sorted(other)
    assert len(one) == 8
    assert one != other


def test_one_thread_each() -> None:
    assert torch.get_num_threads() == 1
    assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"


def needs_a_mark(source: str) -> bool:
    """A file of tests that loads or trains a model or runs a notebook, and does not say that it is slow."""
    tree = ast.parse(source)
    names = {getattr(node, "id", None) or getattr(node, "attr", None) for node in ast.walk(tree)}
    return bool(names & SLOW) and "pytest.mark.slow" not in source


def test_a_file_that_loads_models_or_starts_kernels_says_so() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    assert len(files) > 40
    lacking = [path.name for path in files if needs_a_mark(path.read_text(encoding="utf-8"))]
    assert not lacking, f"{lacking}: put `pytestmark = pytest.mark.slow` below the imports"


def test_a_file_without_its_mark_is_noticed() -> None:
    source = "model, tokenizer = load_base('nano-math')\n"
    assert needs_a_mark(source)
    assert needs_a_mark("model = AutoModel.from_pretrained('x')")
    assert not needs_a_mark("import pytest\npytestmark = pytest.mark.slow\n" + source)
    assert not needs_a_mark("text = 'load_base'")


@pytest.mark.parametrize(
    ("before", "first", "threads"),
    [("", "", "1"), ("", "import torch", "1"), ("3", "", "3")],
    ids=["nobody asks", "torch is there before", "somebody asks for three"],
)
def test_who_imports_the_package_has_one_thread_unless_set_otherwise(
    before: str, first: str, threads: str
) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    if before:
        clean["OMP_NUM_THREADS"] = before
    code = f"{first}\nimport course_utils, os\nprint(os.environ['OMP_NUM_THREADS'])\n"
    code += "import torch; print(torch.get_num_threads())" if first else ""
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {threads}
