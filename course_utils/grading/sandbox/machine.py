"""Where a student's code runs when it is graded: what this machine can offer, and starting a program in it.

There are two ways to start one: a fresh interpreter, or a fork of a warm one (`warm.py`). And two to lock it
in. bubblewrap gives it namespaces of its own: no network, a file system that holds the interpreter, the
course's package and an empty work folder, no sight of other processes. Where namespaces are forbidden, Landlock
and seccomp take the rights away one by one. Both are set up by `jail.py`.
A run folder on the grader's side holds the kernel's sockets; the supervisor removes it in the end.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import select
import shutil
import site
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
from typing import IO, TYPE_CHECKING, Any

import psutil

from course_utils.errors import CourseError
from course_utils.grading.sandbox import landlock

if TYPE_CHECKING:
    from course_utils.grading.sandbox.warm import Warm

_JAIL = Path(__file__).with_name("jail.py")
_PACKAGE = Path(__file__).resolve().parents[2]
_NOBODY = 65534
# Users that systemd sets aside for processes without an account. Each grader process takes its own, so that
# two sandboxes started by root share neither files nor process counts.
_FREE_USERS = range(61184, 65519)
_TEMPLATE_PATIENCE = 30.0  # seconds in which a template forks, also on a machine with too much to do
_SOCKET_PATH = 90  # a unix socket's path has room for 107 bytes; leave some for the file name


_remembered: dict[Interpreter, Sandbox] = {}


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
        # An environment may have its packages elsewhere, behind a link.
        packages = {os.path.realpath(folder) for folder in site.getsitepackages()}
        away = {path for path in packages if not any(path.startswith(f"{known}/") for known in prefixes)}
        return cls(sys.executable, tuple(sorted(prefixes | away)))


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
        self._supervisor: _Supervisor | None = None
        self._ended: dict[str, int | None] | None = None
        self._stop = threading.Event()
        self._watch: threading.Thread | None = None

    def launch(self, command: list[str], errors: IO[bytes] | None) -> None:
        """Start the supervisor and with it the command, whose standard error goes to `errors` or nowhere."""
        plan = {"command": command, "folder": str(self.folder), "files": [self.wire_fd]}
        self._begin(_start_supervisor(self.wire_fd, errors), plan)

    def fork(self, warm: Warm, plan: dict[str, Any], errors: IO[bytes] | None) -> None:
        """The same, but the supervisor is a fork of the template, and the program too. Raises NoTemplate."""
        plan = {**plan, "folder": str(self.folder), "wire": self.wire_fd}
        self._begin(_fork_supervisor(warm, self.wire_fd, errors), plan)

    def _begin(self, supervisor: _Supervisor, plan: dict[str, Any]) -> None:
        self._supervisor = supervisor
        supervisor.begin(plan)
        self._other_end.close()
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)
        self._watch.start()

    def alive(self) -> bool:
        return self._supervisor is not None and not self._supervisor.ended(0.0)

    def clock(self) -> float:
        """Seconds that run while the program could have worked: time it waited for a processor does not count.

        On a machine with too much to do a student must not lose points to the others.
        """
        for process, waited in list(self._starved.items()):
            self._starved[process] = max(waited, _waited(str(process)))
        return time.monotonic() - max(self._starved.values(), default=0.0) - _waited("self")

    def fileno(self) -> int:
        """A descriptor that becomes readable when the program has ended (for poll)."""
        return self._supervisor.answers.fileno()

    def wait(self, seconds: float) -> bool:
        """Whether the program ended within so many seconds."""
        return self._supervisor.ended(seconds)

    def close(self) -> dict[str, int | None]:
        """End everything that was started and clean up. Returns {"exit": code, "signal": number}."""
        if self._ended is not None:
            return self._ended
        self._stop.set()
        self._measure()
        self.wire.close()
        self._other_end.close()
        ended: dict[str, int | None] = {"exit": None, "signal": None}
        if self._supervisor is not None:
            with contextlib.suppress(ValueError):
                ended = json.loads(self._supervisor.finish())
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
            for process in psutil.Process(self._supervisor.pid).children(recursive=True):
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
        self._supervisor.end()


class NoTemplate(Exception):
    """The template does not answer: start a fresh interpreter."""


@dataclass
class _Supervisor:
    """The process around the sandbox, seen from here. It ends when `orders` is closed, and says how on `answers`.

    process: it, when it is a child of this one. pid: 0 until a template's fork has said it.
    """

    orders: IO[bytes]
    answers: IO[bytes]
    process: subprocess.Popen | None = None
    pid: int = 0

    def begin(self, plan: dict[str, Any]) -> None:
        """Give it the plan. Raises NoTemplate, from a fork that does not say its pid."""
        try:
            self.orders.write(json.dumps(plan).encode() + b"\n")
            self.orders.flush()
            if self.process is None:
                self.pid = int(self._first_line())
        except (OSError, ValueError) as error:
            if self.process is not None:
                raise
            raise NoTemplate from error

    def ended(self, seconds: float) -> bool:
        """Whether it ended within so many seconds."""
        return bool(select.select([self.answers], [], [], seconds)[0])

    def end(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.orders.close()

    def finish(self) -> bytes:
        """End it, wait for it, and return its last line."""
        self.end()
        line = self.answers.read()
        self.answers.close()
        if self.process is not None:
            self.process.wait()
        return line

    def _first_line(self) -> bytes:
        """Read no further than the first line: that more is there means that it has ended."""
        line = b""
        while not line.endswith(b"\n"):
            if not self.ended(_TEMPLATE_PATIENCE) or not (byte := os.read(self.answers.fileno(), 1)):
                raise OSError("no answer")
            line += byte
        return line


def _start_supervisor(wire_fd: int, errors: IO[bytes] | None) -> _Supervisor:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_JAIL), "supervise"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors or subprocess.DEVNULL,
        pass_fds=[wire_fd],
        start_new_session=True,
    )
    return _Supervisor(process.stdin, process.stdout, process, process.pid)


def _fork_supervisor(warm: Warm, wire_fd: int, errors: IO[bytes] | None) -> _Supervisor:
    """Ask the template for one. Raises NoTemplate."""
    orders_there, orders = os.pipe()
    answers, answers_there = os.pipe()
    supervisor = _Supervisor(os.fdopen(orders, "wb"), os.fdopen(answers, "rb", buffering=0))
    with open(os.devnull, "wb") as null:
        there = [orders_there, answers_there, (errors or null).fileno(), wire_fd]
        try:
            socket.send_fds(warm.requests, [b"k"], there, socket.MSG_DONTWAIT)
        except OSError as error:
            supervisor.end()
            supervisor.answers.close()
            raise NoTemplate from error
        finally:
            os.close(orders_there)
            os.close(answers_there)
    return supervisor


def detect(interpreter: Interpreter | None = None) -> Sandbox:
    """The best sandbox that works here. Each candidate is really tried, once per process."""
    interpreter = interpreter or Interpreter.current()
    return _remembered.get(interpreter) or _detect(interpreter)


def remember(found: Sandbox, interpreter: Interpreter | None = None) -> None:
    """Take another process's word for what works here instead of trying again."""
    _remembered[interpreter or Interpreter.current()] = found


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


def rights(sandbox: Sandbox) -> str:
    """One sentence on whose rights student code has when root grades; "" for everybody else."""
    if os.geteuid() != 0:
        return ""
    if sandbox.mode == "unsafe":
        return "You are root, and student code runs as root: grade as another user."
    return (
        f"You are root: student code runs as a user without an account (number {_FREE_USERS[0]} or above), "
        "never as root."
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
    warm: Warm | None = None,
) -> Jail:
    """Start a program in the sandbox and return its Jail.

    argv: the program; "{run}" in it stands for the run folder as the program sees it, "{wire}" for the
    number of the inherited socket. files: folder whose regular files (no notebooks, no links) it finds in
    its work folder. run_files: name -> content of files to put into the run folder. errors: open file for the
    program's standard error. warm: a template; a program of the form [python, "-c", source, …] is forked from
    it if it fits and is alive, all else is started fresh. Raises OSError.
    """
    interpreter = interpreter or Interpreter.current()
    limits = limits or Limits()
    if (
        warm is not None
        and warm.fits(sandbox.mode, interpreter)
        and argv[:2] == [interpreter.executable, "-c"]
    ):
        with contextlib.suppress(NoTemplate):
            return _start(sandbox, argv, files, limits, interpreter, run_files, errors, warm)
    return _start(sandbox, argv, files, limits, interpreter, run_files, errors, None)


def _start(
    sandbox: Sandbox,
    argv: Sequence[str],
    files: Path | None,
    limits: Limits,
    interpreter: Interpreter,
    run_files: dict[str, bytes] | None,
    errors: IO[bytes] | None,
    warm: Warm | None,
) -> Jail:
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
        packages = warm.packages if warm else package_home() if locked_in else stage_package(folder)
        user = None
        if os.geteuid() == 0 and sandbox.mode != "unsafe":
            user = _FREE_USERS[os.getpid() % len(_FREE_USERS)]
            for path in (jail.run_folder, *jail.run_folder.iterdir()):
                os.chown(path, user, user)
        replace = {"{run}": jail.inside_folder, "{wire}": str(jail.wire_fd)}
        argv = [replace.get(word, word).replace("{run}", jail.inside_folder) for word in argv]
        plan = {
            "work": "/home/student/work" if locked_in else f"{jail.run_folder}/work",
            "files": "/run/files" if locked_in else str(staged),
            "fonts": "/run/fonts" if locked_in else str(fonts),
            "uid": user,
            "limits": _resource_limits(limits, sandbox.mode, user),
            "rules": _landlock_rules(jail, interpreter, packages) if sandbox.mode == "landlock" else None,
            "own_network": locked_in,
            "own_processes": locked_in,
            "filter": sandbox.mode != "unsafe" and landlock.has_filter(),
            "argv": argv,
            "environment": environment(sandbox.mode, interpreter, jail.run_folder, packages),
        }
        wrapper = _bubblewrap(jail, interpreter, user, limits, alone=not warm) if locked_in else []
        launcher = [interpreter.executable, "-I", "-S", str(_JAIL)]
        if warm:
            forked = {"command": wrapper, "capable": locked_in or user is not None}
            jail.fork(warm, {**plan, **forked}, errors)
        else:
            jail.launch([*wrapper, *launcher, "inside", json.dumps(plan)], errors)
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


def _bubblewrap(
    jail: Jail, interpreter: Interpreter, user: int | None, limits: Limits, alone: bool
) -> list[str]:
    """The bwrap command up to the program. Mounts only what a notebook needs, read-only but for tmpfs.

    alone: the program that it starts gives up root's rights itself; otherwise it has none.
    """
    command = [shutil.which("bwrap"), "--die-with-parent", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]
    if user is None:
        command += ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    else:
        # As root no user namespace is made (its nobody would be root outside). The program starts with just
        # the rights to become another user, and does so first of all.
        command += ["--cap-drop", "ALL"]
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if alone else []
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


def package_home() -> str:
    """The folder that holds the course's package."""
    return str(_PACKAGE.parent)


def stage_package(folder: Path) -> str:
    """A folder below `folder` that holds the package and nothing else: Python lists such a folder, and where the
    file system is the machine's own that one would be the whole course."""
    packages = folder / "packages"
    packages.mkdir()
    packages.chmod(0o755)
    (packages / _PACKAGE.name).symlink_to(_PACKAGE)
    return str(packages)


def _landlock_rules(jail: Jail, interpreter: Interpreter, packages: str) -> list[tuple[str, int]]:
    """Path and rights of all that the program may touch."""
    run = ["/usr", "/bin", "/lib", "/lib32", "/lib64", *_readable(interpreter), packages]
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
