"""Where a student's code runs when it is graded: what this machine can offer, and starting a program in it.

Two ways to lock a process in. bubblewrap gives it namespaces of its own: no network, a file system that
holds the interpreter, the course's package and an empty work folder, no sight of other processes. Where
namespaces are forbidden, Landlock and seccomp take the rights away one by one. Both are set up by `jail.py`.
A run folder on the grader's side holds the kernel's sockets; the supervisor removes it in the end.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from course_utils.errors import CourseError
from course_utils.grading import landlock

_JAIL = Path(__file__).with_name("jail.py")
_PACKAGE = Path(__file__).resolve().parents[1]
_NOBODY = 65534
# Users that systemd sets aside for processes without an account. Each grader process takes its own, so that
# two sandboxes started by root share neither files nor process counts.
_FREE_USERS = range(61184, 65519)
_SOCKET_PATH = 90  # a unix socket's path has room for 107 bytes; leave some for the file name


@dataclass(frozen=True)
class Sandbox:
    """mode: "bubblewrap", "landlock", "none" or "unsafe"; reason: one sentence why, and what would mend it."""

    mode: str
    reason: str


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
    """A Python to start, and the folders that it and its packages live in."""

    executable: str
    folders: tuple[str, ...]

    @classmethod
    def current(cls) -> Interpreter:
        """The Python that runs this."""
        prefixes = {os.path.realpath(sys.base_prefix), sys.prefix, os.path.realpath(sys.prefix)}
        return cls(sys.executable, tuple(sorted(prefixes)))


class Jail:
    """A program started in a sandbox.

    run_folder: the folder shared with it, as seen from here; inside_folder: as it sees it.
    wire: this end of a socket whose other end the program inherits as file descriptor `wire_fd`.
    reason: why the watch ended it ("memory" or "disk"), or "". peak_mb: most resident memory seen, in MiB.
    """

    def __init__(self, mode: str, folder: Path, inside_folder: str, limits: Limits) -> None:
        self.mode = mode
        self.folder = folder
        self.run_folder = folder / "run"
        self.inside_folder = inside_folder
        self.limits = limits
        self.reason = ""
        self.peak_mb = 0.0
        self._starved: dict[int, float] = {}
        self.wire, self._other_end = socket.socketpair()
        self.wire_fd = self._other_end.fileno()
        self._process: subprocess.Popen | None = None
        self._ended: dict[str, int | None] | None = None
        self._stop = threading.Event()
        self._watch: threading.Thread | None = None

    def launch(self, command: list[str], errors: IO[bytes] | None) -> None:
        """Start the supervisor and with it the command, whose standard error goes to `errors` or nowhere."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_JAIL), "supervise"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.DEVNULL,
            pass_fds=[self.wire_fd],
            start_new_session=True,
        )
        plan = {"command": command, "folder": str(self.folder), "files": [self.wire_fd]}
        self._process.stdin.write(json.dumps(plan).encode() + b"\n")
        self._process.stdin.flush()
        self._other_end.close()
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)
        self._watch.start()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def clock(self) -> float:
        """Seconds that run while the program could have worked: time it waited for a processor does not count.

        On a machine with too much to do a student must not lose points to the others.
        """
        for process, waited in list(self._starved.items()):
            self._starved[process] = max(waited, _waited(str(process)))
        return time.monotonic() - max(self._starved.values(), default=0.0) - _waited("self")

    def fileno(self) -> int:
        """A descriptor that becomes readable when the program has ended (for poll)."""
        return self._process.stdout.fileno()

    def wait(self, seconds: float) -> bool:
        """Whether the program ended within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> dict[str, int | None]:
        """End everything that was started and clean up. Returns {"exit": code, "signal": number}."""
        if self._ended is not None:
            return self._ended
        self._stop.set()
        self._measure()
        self.wire.close()
        ended: dict[str, int | None] = {"exit": None, "signal": None}
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            line = self._process.stdout.read()
            self._process.stdout.close()
            self._process.wait()
            with contextlib.suppress(ValueError):
                ended = json.loads(line)
        if self._watch is not None:
            self._watch.join()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._ended = ended
        return ended

    def _keep_watch(self) -> None:
        """Sum up memory and disk a few times a second: limits by process do not see a crowd of them."""
        while not self._stop.wait(0.2):
            used_mb = self._measure()
            if used_mb > self.limits.memory_mb:
                self._end("memory")
            elif _folder_mb(self.run_folder) > self.limits.disk_mb:
                self._end("disk")

    def _measure(self) -> float:
        """Resident memory of all processes in MiB; also keeps the peak."""
        resident = 0
        peak = 0.0
        with contextlib.suppress(psutil.Error, AttributeError):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error, OSError):
                    resident += process.memory_info().rss
                    self._starved.setdefault(process.pid, 0.0)  # `clock` reads how long it waited
                    status = Path("/proc", str(process.pid), "status").read_text()
                    marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
                    peak = max([peak, *(int(mark) / 1024 for mark in marks)])
        self.peak_mb = max(self.peak_mb, peak, resident / 2**20)
        return resident / 2**20

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.close()


def detect(interpreter: Interpreter | None = None) -> Sandbox:
    """The best sandbox that works here. Each candidate is really tried, once per process."""
    return _detect(interpreter or Interpreter.current())


def choose(unsafe: bool = False, interpreter: Interpreter | None = None) -> Sandbox:
    """The sandbox to grade with. Raises CourseError when none works, unless `unsafe`."""
    found = detect(interpreter)
    if found.mode != "none":
        return found
    if unsafe:
        return Sandbox("unsafe", f"Student code runs with all your rights. {found.reason}")
    raise CourseError(
        f"{found.reason} Or grade with --unsafe, which lets student code do whatever you can do."
    )


@functools.cache
def _detect(interpreter: Interpreter) -> Sandbox:
    if platform.system() != "Linux":
        return Sandbox(
            "none",
            f"There is no sandbox for {platform.system()}: grade on Linux, or in a Linux virtual machine.",
        )
    without_bubblewrap = _try_once("bubblewrap", interpreter)
    if not without_bubblewrap:
        return Sandbox("bubblewrap", "bubblewrap works here.")
    without_landlock = _try_once("landlock", interpreter)
    if not without_landlock:
        return Sandbox("landlock", f"Landlock and seccomp are used, because {without_bubblewrap}.")
    return Sandbox(
        "none",
        f"No sandbox works here: {without_bubblewrap}, and {without_landlock}. "
        "Install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap).",
    )


def _try_once(mode: str, interpreter: Interpreter) -> str:
    """Start Python in this sandbox. Returns "" or the reason, as half a sentence."""
    if mode == "bubblewrap" and not shutil.which("bwrap"):
        return "the program bwrap is not installed"
    if mode == "landlock":
        if not landlock.has_filter():
            return f"Landlock is not supported on {platform.machine()}"
        if not landlock.landlock_abi():
            return "the kernel has no Landlock"
        if os.geteuid() == 0 and (hidden := _unreadable(interpreter)):
            return f"root must become another user there, who cannot read the interpreter in {hidden}"
    argv = [interpreter.executable, "-I", "-c", "import json"]
    with tempfile.TemporaryFile() as errors:
        try:
            jail = start(Sandbox(mode, ""), argv, interpreter=interpreter, errors=errors)
        except OSError as error:
            return f"{mode} cannot be started ({error})"
        jail.wait(20)
        if jail.close()["exit"] == 0:
            return ""
        errors.seek(0)
        said = errors.read(10_000).decode(errors="replace").strip().splitlines()
    return f"{mode} is there but does not work ({said[-1] if said else 'it says nothing'})"


def _unreadable(interpreter: Interpreter) -> str:
    """The first folder on the way to the interpreter that other users cannot enter, or ""."""
    for folder in (*interpreter.folders, str(_PACKAGE)):
        for path in (Path(folder), *Path(folder).parents):
            if not path.stat().st_mode & stat.S_IXOTH:
                return str(path)
    return ""


def start(
    sandbox: Sandbox,
    argv: Sequence[str],
    *,
    files: Path | None = None,
    limits: Limits | None = None,
    interpreter: Interpreter | None = None,
    run_files: dict[str, bytes] | None = None,
    errors: IO[bytes] | None = None,
) -> Jail:
    """Start a program in the sandbox and return its Jail.

    argv: the program; "{run}" in it stands for the run folder as the program sees it, "{wire}" for the
    number of the inherited socket. files: folder whose regular files (no notebooks, no links) it finds in
    its work folder. run_files: name -> content of files to put into the run folder. errors: open file for the
    program's standard error. Raises OSError.
    """
    interpreter = interpreter or Interpreter.current()
    limits = limits or Limits()
    base = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="course-", dir=base if len(base) < _SOCKET_PATH - 40 else "/tmp"))
    folder.chmod(0o711)
    locked_in = sandbox.mode == "bubblewrap"
    jail = Jail(sandbox.mode, folder, "/run/kernel" if locked_in else str(folder / "run"), limits)
    try:
        jail.run_folder.mkdir(mode=0o700)
        for name, content in (run_files or {}).items():
            (jail.run_folder / name).write_bytes(content)
        staged = folder / "files"
        staged.mkdir()
        staged.chmod(0o755)
        if files is not None:
            stage_files(files, staged, limits)
        fonts = folder / "fonts"
        _stage_fonts(fonts)
        # Python lists the folder that holds a package. Where the file system is the machine's own, this is one
        # with nothing else in it.
        packages = folder / "packages"
        packages.mkdir()
        packages.chmod(0o755)
        (packages / _PACKAGE.name).symlink_to(_PACKAGE)
        user = None
        if os.geteuid() == 0 and sandbox.mode != "unsafe":
            user = _FREE_USERS[os.getpid() % len(_FREE_USERS)]
            for path in (jail.run_folder, *jail.run_folder.iterdir()):
                os.chown(path, user, user)
        replace = {"{run}": jail.inside_folder, "{wire}": str(jail.wire_fd)}
        argv = [replace.get(word, word).replace("{run}", jail.inside_folder) for word in argv]
        home = "/home/student" if locked_in else f"{jail.run_folder}/home"
        plan = {
            "work": "/home/student/work" if locked_in else f"{jail.run_folder}/work",
            "files": "/run/files" if locked_in else str(staged),
            "fonts": "/run/fonts" if locked_in else str(fonts),
            "uid": user,
            "limits": _resource_limits(limits, sandbox.mode, user),
            "rules": _landlock_rules(jail, interpreter) if sandbox.mode == "landlock" else None,
            "own_network": locked_in,
            "own_processes": locked_in,
            "filter": sandbox.mode != "unsafe" and landlock.has_filter(),
            "argv": argv,
            "environment": _environment(
                interpreter,
                home,
                "/tmp" if locked_in else f"{jail.run_folder}/tmp",
                str(_PACKAGE.parent) if locked_in else str(packages),
            ),
        }
        launcher = [interpreter.executable, "-I", "-S", str(_JAIL), "inside", json.dumps(plan)]
        command = _bubblewrap(jail, interpreter, user, limits) + launcher if locked_in else launcher
        jail.launch(command, errors)
    except BaseException:
        jail.close()
        raise
    return jail


def stage_files(source: Path, target: Path, limits: Limits) -> list[str]:
    """Copy the plain files of a submission, without notebooks, links, hidden and over-sized ones.

    Returns the names of what was left out, except notebooks. At most 500 files and half the disk limit.
    """
    left_out: list[str] = []
    room = limits.disk_mb * 2**19
    count = 0
    for folder, subfolders, names in os.walk(source, followlinks=False):
        links = [name for name in subfolders if os.path.islink(os.path.join(folder, name))]
        left_out += [os.path.relpath(os.path.join(folder, name), source) for name in links]
        subfolders[:] = [name for name in subfolders if not name.startswith(".") and name not in links]
        for name in sorted(names):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, source)
            if name.endswith(".ipynb") or name.startswith(".") or name in ("timestamp.txt", "result.json"):
                continue
            try:
                # Opened without following a link, and without waiting for the other side of a pipe.
                with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                    facts = os.fstat(file.fileno())
                    if not stat.S_ISREG(facts.st_mode) or facts.st_size > room or count >= 500:
                        left_out.append(shown)
                        continue
                    place = target / shown
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.parent.chmod(0o755)
                    with open(place, "wb") as copy:
                        shutil.copyfileobj(file, copy)
                    place.chmod(0o644)
                    room -= facts.st_size
                    count += 1
            except OSError:
                left_out.append(shown)
    return left_out


def _stage_fonts(target: Path) -> None:
    """Copy matplotlib's list of fonts: building it anew takes seconds in each kernel."""
    target.mkdir()
    target.chmod(0o755)
    if "matplotlib" in sys.modules or (Path.home() / ".cache/matplotlib").is_dir():
        import matplotlib

        for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
            shutil.copyfile(path, target / path.name)
            (target / path.name).chmod(0o644)


def _bubblewrap(jail: Jail, interpreter: Interpreter, user: int | None, limits: Limits) -> list[str]:
    """The bwrap command up to the program. Mounts only what a notebook needs, read-only but for tmpfs."""
    command = [shutil.which("bwrap"), "--die-with-parent", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]
    if user is None:
        command += ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    else:
        # As root no user namespace is made (its nobody would be root outside). The program starts with just
        # the rights to become another user, and does so first of all.
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        if os.path.islink(f"/{name}"):
            command += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            command += ["--ro-bind", f"/{name}", f"/{name}"]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"):
        command += ["--ro-bind-try", path, path]
    passwd = jail.folder / "passwd"
    passwd.write_text(f"student:x:{user or _NOBODY}:{user or _NOBODY}::/home/student:/bin/sh\n")
    passwd.chmod(0o644)
    command += ["--ro-bind", str(passwd), "/etc/passwd"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    for path, size_mb in (
        ("/tmp", limits.disk_mb),
        ("/dev/shm", limits.disk_mb),
        ("/home/student", limits.disk_mb),
    ):
        command += ["--perms", "1777", "--size", str(size_mb * 2**20), "--tmpfs", path]
    # bwrap makes the folders above a mount for root alone, so make them first: here, because the course may
    # itself lie in /tmp.
    mounted = [*_readable(interpreter), "/run/kernel", "/etc/passwd", "/sys/devices/system/cpu"]
    parents = {parent for path in mounted for parent in Path(path).parents}
    for path in sorted(map(str, parents - {Path("/")})):
        command += ["--perms", "0755", "--dir", path]
    for path in _readable(interpreter):
        command += ["--ro-bind", path, path]
    command += ["--ro-bind", str(jail.folder / "files"), "/run/files"]
    command += ["--ro-bind", str(jail.folder / "fonts"), "/run/fonts"]
    command += ["--bind", str(jail.run_folder), jail.inside_folder]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--"]


def _landlock_rules(jail: Jail, interpreter: Interpreter) -> list[tuple[str, int]]:
    """Path and rights of all that the program may touch."""
    run = ["/usr", "/bin", "/lib", "/lib32", "/lib64", *_readable(interpreter), str(jail.folder / "packages")]
    read = ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/passwd", "/proc"]
    read += ["/sys/devices/system/cpu", "/dev/random", "/dev/urandom"]
    rules = [(path, landlock.RUN) for path in run] + [(path, landlock.READ) for path in read]
    rules += [(path, landlock.DEVICE) for path in ("/dev/null", "/dev/zero")]
    return [*rules, (str(jail.run_folder), landlock.CHANGE)]


def _readable(interpreter: Interpreter) -> list[str]:
    """Interpreter, environment and the course's package: the package alone, never the folder around it."""
    facts = _PACKAGE.parent / "course.toml"
    paths = [*interpreter.folders, str(_PACKAGE), *([str(facts)] if facts.is_file() else [])]
    return [path for path in paths if not path.startswith("/usr/") and path != "/usr"]


def _environment(interpreter: Interpreter, home: str, temporary: str, packages: str) -> dict[str, str]:
    """All that the student's process finds in its environment."""
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


def _resource_limits(limits: Limits, mode: str, user: int | None) -> dict[str, int]:
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


def _waited(process: str) -> float:
    """Seconds that a process's main thread was ready to run and had no processor; 0 where Linux does not tell."""
    try:
        return int(Path("/proc", process, "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


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


def _folder_mb(folder: Path) -> float:
    """Size of the regular files below, in MiB; what vanishes meanwhile does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total / 2**20
