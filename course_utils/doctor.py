"""`course doctor`: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from course_utils import profiles
from course_utils.errors import CourseError
from course_utils.libraries import unfit_libraries

_MEMORY_GB = 4  # the largest lab, its model and JupyterLab together
_DISK_GB = 1  # for a class's work; the environment is there already
# Program, what needs it, and its packages in Debian and Homebrew.
_PROGRAMS = (
    ("node", "make slides", "nodejs npm", "node"),
    ("chromium", "the browser tests of make test", "chromium", ""),
)


@dataclass(frozen=True)
class Finding:
    """One line of the examination. `needed` is False for what only some tasks use; `mend` is a command."""

    name: str
    ok: bool
    text: str
    mend: str = ""
    needed: bool = True


def examine(root: Path | None = None) -> list[Finding]:
    """Look at the machine. `root` is the course's folder; None outside a clone."""
    root = root or _clone()
    findings = [_python(), *_packages(root), _profile(), _memory(), _disk(), _weights(), _real_data()]
    if root:
        findings += [_writable(root), _sandbox()]
        findings += [_program(*program) for program in _PROGRAMS]
    return findings


def show(findings: list[Finding], console: Console) -> None:
    """Print the findings as a table, and under it the commands that mend what is wrong."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found"):
        table.add_column(heading)
    for finding in findings:
        mark = (
            "[green]ok[/]" if finding.ok else "[red]missing[/]" if finding.needed else "[yellow]optional[/]"
        )
        table.add_row(mark, finding.name, finding.text)
    console.print(table)
    for finding in findings:
        if not finding.ok and finding.mend:
            console.print(f"\n{finding.name}: to mend it, run\n    [bold]{finding.mend}[/]", highlight=False)


def _clone() -> Path | None:
    from course_utils.course import course_root

    try:
        return course_root()
    except CourseError:
        return None


def _python() -> Finding:
    version = platform.python_version()
    return Finding("Python", sys.version_info >= (3, 11), f"{version} on {platform.platform()}")


def _packages(root: Path | None) -> list[Finding]:
    """Installed versions against constraints.txt, in one line when all agree."""
    if root is None:
        unfit = unfit_libraries()
        found = "; ".join(f"{one.name} {one.found or 'missing'} (needed: {one.needed})" for one in unfit)
        newer = " ".join(f"'{one.needed}'" for one in unfit)
        mend = f"python -m pip install -U {newer}" if unfit else ""
        return [Finding("packages", not unfit, found or "new enough for the labs", mend)]
    other = []
    for line in (root / "constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = re.fullmatch(r"([\w.-]+)==([\w.]+)", line.strip())
        if not pin:
            continue
        name, wanted = pin.groups()
        try:
            # A local label (2.13.0+cpu) names the build, not another release.
            found = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = "not installed"
        if found != wanted:
            other.append(f"{name} {found} (tested: {wanted})")
    if not other:
        return [Finding("packages", True, "the versions of constraints.txt")]
    return [Finding("packages", False, "; ".join(other), "python3 install.py")]


def _profile() -> Finding:
    try:
        profile = profiles.get_profile()
    except CourseError as error:
        return Finding("profile", False, str(error), "unset COURSE_PROFILE")
    why = "COURSE_PROFILE" if os.environ.get("COURSE_PROFILE") else "the hardware"
    return Finding(
        "profile",
        True,
        f"{profile.name}, chosen by {why}: {profile.model} on {profile.device}, {profile.dataset}",
    )


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available / 2**30
    return Finding("memory", free >= _MEMORY_GB, f"{free:.1f} GB free, {_MEMORY_GB} GB are enough")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    sizes = (
        os.lstat(os.path.join(folder, name)).st_size
        for folder, _, names in os.walk(sys.prefix)
        for name in names
    )
    taken = (
        f"the environment takes {sum(sizes) / 2**30:.1f} GB with torch {importlib.metadata.version('torch')}"
    )
    return Finding("disk", free >= _DISK_GB, f"{free:.1f} GB free, {_DISK_GB} GB are enough; {taken}")


def _weights() -> Finding:
    from course_utils.models.embedded import EMBEDDED, listed
    from course_utils.models.fetched import FETCHED

    try:
        for model in EMBEDDED.values():
            model.folders()
    except CourseError as error:
        return Finding("models", False, str(error), "git checkout -- course_utils/models/weights")
    here = ", ".join(model.name for model in FETCHED.values() if model.here)
    return Finding("models", True, f"embedded: {listed()}" + (f"; fetched: {here}" if here else ""))


def _real_data() -> Finding:
    """GSM8K is optional: the embedded word problems need nothing."""
    folder = os.environ.get("COURSE_DATA_DIR")
    if not folder:
        return Finding("GSM8K", True, "COURSE_DATA_DIR is not set: from the hub when a profile asks for it")
    missing = [n for n in ("train.jsonl", "test.jsonl") if not (Path(folder) / "gsm8k" / n).is_file()]
    text = f"COURSE_DATA_DIR={folder}" + (f" lacks gsm8k/{' and gsm8k/'.join(missing)}" if missing else "")
    return Finding("GSM8K", not missing, text, "unset COURSE_DATA_DIR")


def _writable(root: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=root):
            return Finding("course folder", True, str(root))
    except OSError as error:
        if error.errno == errno.EROFS:
            return Finding(
                "course folder", False, f"{root} is read-only: clone the course into a folder of your own"
            )
        mend = f"{_sudo()}chown -R $(id -un) {shlex.quote(str(root))}"
        return Finding("course folder", False, f"{root}: {error.strerror}", mend)


def _sandbox() -> Finding:
    from course_utils.grading.sandbox import machine, systems

    found = machine.detect()
    works = found.mode != "none"
    text = f"{found.mode}: {found.reason} {machine.rights(found) if works else ''}".strip()
    if works:
        tried = machine.escapes(found).tried
        text += f" Tried from inside, and refused, each of {len(tried)} ways out: {', '.join(tried)}."
    mend = "" if shutil.which("bwrap") else _install("bubblewrap")
    return Finding("sandbox", works, text, mend, needed=not systems.refusal())


def _program(name: str, used_by: str, debian: str, homebrew: str) -> Finding:
    path = shutil.which(name)
    mend = _install(debian, homebrew)
    return Finding(name, bool(path), path or f"not found; {used_by} needs it", mend, needed=False)


def _install(debian: str, homebrew: str = "") -> str:
    """The command that installs a system's packages, or ""."""
    if platform.system() == "Darwin":
        return f"brew install {homebrew}" if homebrew else ""
    if platform.system() != "Linux":
        return ""
    return f"{_sudo()}apt-get install {debian}"


def _sudo() -> str:
    """Root needs none, and in a container there is none."""
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
