"""Makes the environment: .venv, with the course and its libraries. `make` runs it; without make, `python3 install.py`.

It needs Python and nothing else, and an older Python must be able to read it as far as the sentence that says so.
What may be set, as a variable or on make's command line:
    VENV         folder of the environment
    UV           the uv to install with; empty: pip
    TORCH_INDEX  package index of torch's build; empty: torch comes from where all else does
"""

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (the older one reads this line)
    sys.exit(
        "The course needs Python 3.11 or newer; this is {}.{}.{}. ".format(*sys.version_info)
        + "Name another one: make PYTHON=python3.12, or python3.12 install.py"
    )

ROOT = Path(__file__).resolve().parent
LOCK = "constraints.lock"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"  # torch for Linux without CUDA: gigabytes less
# uv installs what pip installs, in a fraction of the time. But it reads none of pip's settings, so where pip was told
# of an index, wheels or a proxy of its own, pip does it all.
OWN_SETTINGS = re.compile("index|find-links|proxy|cert|constraint|trusted")
LARGE = re.compile(r"Downloading \S+ \((\d{2,}[\d.]* ?M|[\d.]+ ?G)i?B\)")  # worth a line


class Problem(Exception):
    """What keeps the environment from being made: one sentence, with the way out."""


def main() -> int:
    """Make the environment, or bring it up to date. Returns the exit code."""
    venv = Path(os.environ.get("VENV") or ".venv")
    try:
        python = make_venv(ROOT / venv)
        command, name = installer(python, os.environ.get("UV", "auto"))
        print(f"Installing the course into {venv} with {name} (a minute or more, once)", flush=True)
        install_torch(command, os.environ.get("TORCH_INDEX"))
        run([*command, "-c", LOCK, *course()])
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    (ROOT / venv / ".installed").touch()
    if not os.environ.get("MAKELEVEL"):
        labs = f"{python.parent / 'jupyter'} lab labs"
        print(f"Installed. The labs: {labs}. What else there is: {python.parent / 'course'} --help")
    return 0


def make_venv(venv: Path) -> Path:
    """The environment's Python; the environment is made if there is none."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    home = next(folder for folder in (venv, *venv.parents) if folder.exists())
    if not os.access(home, os.W_OK):
        raise Problem(
            f"Nothing can be written to {home}: put the course into a folder of your own and install it there."
        )
    if not python.exists():
        done = subprocess.run([sys.executable, "-m", "venv", str(venv)], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            shutil.rmtree(venv, ignore_errors=True)
            root = hasattr(os, "geteuid") and os.geteuid() == 0
            debian = f"{'' if root else 'sudo '}apt-get install python3-venv"
            raise Problem(f"{done.stdout}No virtual environment can be made: on Debian and Ubuntu, {debian}")
    return python


def installer(python: Path, uv: str) -> tuple[list[str], str]:
    """The command that installs into the environment, and its name. uv: "auto", a program, or "" for pip."""
    pip = [str(python), "-m", "pip"]
    if uv == "auto":
        settings = subprocess.run([*pip, "config", "list"], stdout=subprocess.PIPE, text=True).stdout
        uv = "" if OWN_SETTINGS.search(settings) else shutil.which("uv") or bring_uv(pip, python)
    if uv:
        return [uv, "pip", "install", "--python", str(python)], "uv"
    return [*pip, "install", "--disable-pip-version-check"], "pip"


def bring_uv(pip: list[str], python: Path) -> str:
    """The uv that pip brings along, or "" if it cannot."""
    done = subprocess.run([*pip, "install", "--quiet", "--disable-pip-version-check", "uv"])
    return "" if done.returncode else str(python.with_name("uv"))


def course() -> list[str]:
    """What to install: this clone with its tests, or the wheel of a handout."""
    if (ROOT / "pyproject.toml").exists():
        return ["-e", ".[test]"]
    return [str(wheel) for wheel in ROOT.glob("adapting_llms-*.whl")]


def install_torch(command: list[str], index: str | None) -> None:
    """Install torch from an index of its own. None: on Linux without a GPU the CPU builds, if they can be reached."""
    if index is None:
        index = CPU_BUILDS if sys.platform == "linux" and not has_gpu() else ""
        if index and not reached(f"{index}/torch/"):
            print(
                f"{index} cannot be reached: torch comes from your package index. That may be the build for GPUs, "
                "several gigabytes.",
                flush=True,
            )
            return
    if index:
        pin = re.search(r"^torch==\S+", (ROOT / LOCK).read_text(encoding="utf-8"), re.MULTILINE)
        assert pin is not None, "the lock has every package"
        # What torch needs comes afterwards with all else, from the lock.
        run([*command, "--no-deps", "--index-url", index, pin[0]])


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU that torch could use."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or shutil.which("nvidia-smi") is not None


def reached(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (OSError, ValueError):
        return False
    return True


def run(command: list[str]) -> None:
    """Run an installer and pass on what it says of large downloads; all of it if it fails."""
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None, "it is a pipe"
        for line in process.stdout:
            said.append(line)
            if LARGE.search(line):
                print("  " + line.strip(), flush=True)
    if process.returncode:
        raise Problem(f"{''.join(said[-30:])}The installation failed: the lines above say why.")


if __name__ == "__main__":
    sys.exit(main())
