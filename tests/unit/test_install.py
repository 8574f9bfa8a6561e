"""install.py: what a first run finds is told in a sentence, and torch comes without CUDA where there is no GPU."""

from __future__ import annotations

import ast
import http.server
import importlib.util
import os
import runpy
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "install.py"


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, text: str) -> Path:
    """A shell script that stands for another program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_old_python_can_read_it_and_is_refused(monkeypatch):
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(
        SystemExit, match=r"needs Python 3\.11 or newer; this is 3\.10\.13.*make PYTHON=python3\.12"
    ):
        runpy.run_path(str(SCRIPT))


def test_a_folder_that_cannot_be_written_is_named(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install.os, "access", lambda path, mode: False)
    with pytest.raises(install.Problem, match="a folder of your own") as raised:
        install.make_venv(tmp_path / "clone" / ".venv")
    assert str(tmp_path) in str(raised.value)
    assert "python3-venv" not in str(raised.value)


def test_a_python_without_venv_is_told_what_to_install_and_leaves_nothing(install, monkeypatch, tmp_path):
    half = tmp_path / ".venv"
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3", f"mkdir {half}; exit 1")))
    with pytest.raises(install.Problem, match="apt-get install python3-venv") as raised:
        install.make_venv(half)
    assert ("sudo" in str(raised.value)) == (os.geteuid() != 0)
    assert not half.exists()


@pytest.mark.parametrize(
    ("settings", "on_path", "uv", "name"),
    [
        ("", True, "auto", "uv"),
        ("", False, "auto", "uv"),  # pip brings one along
        ("global.index-url='mirror'", True, "auto", "pip"),
        (":env:.proxy='http://proxy'", True, "auto", "pip"),
        (":env:.default-timeout='180'", True, "auto", "uv"),
        ("", True, "", "pip"),
        ("global.index-url='mirror'", True, "uv", "uv"),
    ],
)
def test_uv_installs_unless_pip_was_told_something(
    install, monkeypatch, tmp_path, settings, on_path, uv, name
):
    python = program(tmp_path / "bin" / "python", f'[ "$4" = list ] && echo "{settings}"; exit 0')
    monkeypatch.setattr(install.shutil, "which", lambda name: "/somewhere/uv" if on_path else None)
    command, chosen = install.installer(python, uv)
    assert chosen == name
    found = {"uv": uv if uv == "uv" else "/somewhere/uv" if on_path else str(python.with_name("uv"))}
    assert command[0] == found.get(name, str(python))


def test_pip_installs_where_it_cannot_bring_uv(install, monkeypatch, tmp_path):
    python = program(tmp_path / "bin" / "python", '[ "$3" = config ]')
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert install.installer(python, "auto")[1] == "pip"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A package index that has torch, on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(tmp_path), **options)

        def log_message(self, *_):
            pass

    (tmp_path / "torch").mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("system", "gpu", "index", "taken"),
    [
        ("linux", False, None, True),
        ("linux", True, None, False),
        ("darwin", False, None, False),
        ("win32", False, None, False),
        ("linux", False, "", False),
        ("linux", True, "named", True),
    ],
)
def test_where_torch_comes_from(install, monkeypatch, served, system, gpu, index, taken):
    ran = []
    monkeypatch.setattr(install, "run", ran.append)
    monkeypatch.setattr(install, "CPU_BUILDS", served)
    monkeypatch.setattr(install, "has_gpu", lambda: gpu)
    monkeypatch.setattr(install.sys, "platform", system)
    install.install_torch(["pip"], served if index == "named" else index)
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pin = next(line for line in lines if line.startswith("torch=="))
    assert ran == ([["pip", "--no-deps", "--index-url", served, pin]] if taken else [])


def test_an_index_out_of_reach_is_told_and_torch_comes_from_elsewhere(install, monkeypatch, served, capsys):
    ran = []
    monkeypatch.setattr(install, "run", ran.append)
    monkeypatch.setattr(install, "CPU_BUILDS", f"{served}/none")
    monkeypatch.setattr(install, "has_gpu", lambda: False)
    monkeypatch.setattr(install.sys, "platform", "linux")
    install.install_torch(["pip"], None)
    assert not ran
    assert "cannot be reached: torch comes from your package index" in capsys.readouterr().out


UV_SAYS = (
    "Resolved 160 packages in 1s\nDownloading torch (180.2MiB)\nDownloading rich (1.2MiB)\n + torch==2.13.0"
)
PIP_SAYS = "  Downloading torch-2.13.0-cp311-linux.whl (180.2 MB)\n  Downloading rich.whl (310 kB)\nCollecting jinja2"


@pytest.mark.parametrize("said", [UV_SAYS, PIP_SAYS])
def test_large_downloads_are_told_and_nothing_else(install, tmp_path, capsys, said):
    install.run([str(program(tmp_path / "pip", f"cat <<'END'\n{said}\nEND"))])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "torch" in lines[0]
    assert "180.2" in lines[0]


def test_an_installation_that_fails_says_all_that_was_said(install, tmp_path):
    with pytest.raises(install.Problem, match="No space left on device\nThe installation failed"):
        install.run([str(program(tmp_path / "pip", "echo No space left on device >&2; exit 1"))])


def test_a_clone_is_installed_with_its_tests_and_a_handout_by_its_wheel(install, monkeypatch, tmp_path):
    assert install.course() == ["-e", ".[test]"]
    monkeypatch.setattr(install, "ROOT", tmp_path)
    (tmp_path / "adapting_llms-0.1.0-py3-none-any.whl").touch()
    assert install.course() == [str(tmp_path / "adapting_llms-0.1.0-py3-none-any.whl")]


def test_a_problem_is_a_sentence_and_an_exit_code(install, monkeypatch, capsys):
    def refuse(_):
        raise install.Problem("Nothing can be written here.")

    monkeypatch.setattr(install, "make_venv", refuse)
    assert install.main() == 1
    assert capsys.readouterr().err == "Nothing can be written here.\n"
