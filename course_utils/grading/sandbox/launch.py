"""Starting a program in a sandbox, watching what it uses, and ending all of it.

There are two ways to start one: a fresh interpreter, or a fork of a warm process (`warm.py`). Both are locked in
by `jail.py`. A run folder on the grader's side holds the kernel's sockets; the supervisor removes it in the end.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
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
from typing import IO, Any

import psutil

from course_utils.grading.sandbox import confinement
from course_utils.grading.sandbox.confinement import FREE_USERS, Interpreter, Limits, Sandbox
from course_utils.grading.sandbox.jail import remove

_JAIL = Path(__file__).with_name("jail.py")
_FORK_PATIENCE = 30.0  # seconds in which a warm process forks, also on a machine with too much to do
_SLOWEST = 10  # a program's time runs at least at a tenth of the wall clock's speed
DEEPEST = 100  # folders that a program may put into each other
_SOCKET_PATH = 90  # a unix socket's path has room for 107 bytes; leave some for the file name


@dataclass(frozen=True)
class Warm:
    """How to reach a warm process: what `start` needs to fork from it. It can be sent to child processes.

    packages: the folder on its sys.path that holds the course's package.
    """

    mode: str
    interpreter: Interpreter
    packages: str
    requests: socket.socket

    def fits(self, mode: str, interpreter: Interpreter) -> bool:
        """Whether it starts kernels like these."""
        return (self.mode, self.interpreter) == (mode, interpreter)


class Jail:
    """A program started in a sandbox.

    run_folder: the folder shared with it, as seen from here; inside_folder: as it sees it.
    wire: this end of a socket whose other end the program inherits as file descriptor `wire_fd`.
    reason: why the watch ended it ("memory", "disk", "depth" or "messages"), or "". peak_mb: most resident memory seen,
    in MiB.
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
        self._used: dict[int, float] = {}
        self._began = time.monotonic()
        self._waited_before = _waited("self")
        self._own_mb = _own_mb()
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
        """The same, but the supervisor is a fork of a warm process, and the program too. Raises NoWarmProcess."""
        plan = {**plan, "folder": str(self.folder), "wire": self.wire_fd}
        self._begin(_fork_supervisor(warm, self.wire_fd, errors), plan)

    def _begin(self, supervisor: _Supervisor, plan: dict[str, Any]) -> None:
        self._supervisor = supervisor
        supervisor.begin(plan)
        self._other_end.close()
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)
        self._watch.start()

    @property
    def _started(self) -> _Supervisor:
        if self._supervisor is None:
            raise RuntimeError("nothing was started in this sandbox")
        return self._supervisor

    def alive(self) -> bool:
        return self._supervisor is not None and not self._supervisor.ended(0.0)

    def clock(self) -> float:
        """Seconds that run while the program could have worked: time it waited for a processor does not count.

        On a machine with too much to do a student must not lose points to the others. What the program's own
        processes used is no such waiting, and at least a tenth of the time always counts.
        """
        for process, waited in list(self._starved.items()):
            self._starved[process] = max(waited, _waited(str(process)))
        passed = time.monotonic() - self._began
        waited = max(self._starved.values(), default=0.0) + _waited("self") - self._waited_before
        used = sum(list(self._used.values()))
        return self._began + max(passed - waited, min(passed, max(used, passed / _SLOWEST)))

    def fileno(self) -> int:
        """A descriptor that becomes readable when the program has ended (for poll)."""
        return self._started.answers.fileno()

    def wait(self, seconds: float) -> bool:
        """Whether the program ended within so many seconds."""
        return self._started.ended(seconds)

    def close(self) -> dict[str, int | None]:
        """End everything that was started and clean up. Returns {"exit": code, "signal": number}."""
        if self._ended is not None:
            return self._ended
        self._stop.set()
        if self._supervisor is not None:
            self._measure()
        self.wire.close()
        self._other_end.close()
        ended: dict[str, int | None] = {"exit": None, "signal": None}
        if self._supervisor is not None:
            with contextlib.suppress(ValueError):
                ended = json.loads(self._supervisor.finish())
        if self._watch is not None:
            self._watch.join()
        remove(str(self.folder))
        self._ended = ended
        return ended

    def _keep_watch(self) -> None:
        """Sum up memory and disk a few times a second: limits by process do not see a crowd of them."""
        while not self._stop.wait(0.2):
            used_mb = self._measure()
            if used_mb > self.limits.memory_mb:
                self._end("memory")
                continue
            if _own_mb() - self._own_mb > self.limits.memory_mb:
                self._end("messages")  # whatever it sent, this process must not keep it
                continue
            disk_mb, too_deep = _folder_mb(self.run_folder)
            if too_deep:
                self._end("depth")
            elif disk_mb > self.limits.disk_mb:
                self._end("disk")

    def _measure(self) -> float:
        """Resident memory of all processes in MiB; also keeps the peak."""
        resident = 0
        peak = 0.0
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._started.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error, OSError):
                    resident += process.memory_info().rss
                    self._starved.setdefault(process.pid, 0.0)  # `clock` reads how long it waited
                    times = process.cpu_times()
                    ended = times.children_user + times.children_system
                    self._used[process.pid] = times.user + times.system + ended
                    status = Path("/proc", str(process.pid), "status").read_text()
                    marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
                    peak = max([peak, *(int(mark) / 1024 for mark in marks)])
        self.peak_mb = max(self.peak_mb, peak, resident / 2**20)
        return resident / 2**20

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._started.end()


class NoWarmProcess(Exception):
    """The warm process does not answer: start a fresh interpreter."""


@dataclass
class _Supervisor:
    """The process around the sandbox, seen from here. It ends when `orders` is closed, and says how on `answers`.

    process: it, when it is a child of this one. pid: 0 until a warm process's fork has said it.
    """

    orders: IO[bytes]
    answers: IO[bytes]
    process: subprocess.Popen | None = None
    pid: int = 0

    def begin(self, plan: dict[str, Any]) -> None:
        """Give it the plan. Raises NoWarmProcess, from a fork that does not say its pid."""
        try:
            self.orders.write(json.dumps(plan).encode() + b"\n")
            self.orders.flush()
            if self.process is None:
                self.pid = int(self._first_line())
        except (OSError, ValueError) as error:
            if self.process is not None:
                raise
            raise NoWarmProcess from error

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
            if not self.ended(_FORK_PATIENCE) or not (byte := os.read(self.answers.fileno(), 1)):
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
    assert process.stdin is not None and process.stdout is not None, "both are pipes"  # noqa: PT018
    return _Supervisor(process.stdin, process.stdout, process, process.pid)


def _fork_supervisor(warm: Warm, wire_fd: int, errors: IO[bytes] | None) -> _Supervisor:
    """Ask the warm process for one. Raises NoWarmProcess."""
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
            raise NoWarmProcess from error
        finally:
            os.close(orders_there)
            os.close(answers_there)
    return supervisor


def sandbox_user() -> int | None:
    """The user that this process's sandboxes have; None, the present one, unless that is root."""
    return FREE_USERS[os.getpid() % len(FREE_USERS)] if os.geteuid() == 0 else None


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
    program's standard error. warm: a warm process; a program of the form [python, "-c", source, …] is forked from
    it if it fits and is alive, all else is started fresh. Raises OSError.
    """
    interpreter = interpreter or Interpreter.current()
    limits = limits or Limits()
    if (
        warm is not None
        and warm.fits(sandbox.mode, interpreter)
        and argv[:2] == [interpreter.executable, "-c"]
    ):
        with contextlib.suppress(NoWarmProcess):
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
    jail = Jail(sandbox.mode, folder, confinement.INSIDE if locked_in else str(folder / "run"), limits)
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
        packages = (
            warm.packages
            if warm
            else confinement.package_home()
            if locked_in
            else confinement.stage_package(folder)
        )
        user = sandbox_user() if sandbox.mode != "unsafe" else None
        if user is not None:
            for path in (jail.run_folder, *jail.run_folder.iterdir()):
                os.chown(path, user, user)
        rules = None
        if sandbox.mode == "landlock":
            rules = confinement.landlock_rules(jail.run_folder, interpreter, packages)
        replace = {"{run}": jail.inside_folder, "{wire}": str(jail.wire_fd)}
        argv = [replace.get(word, word).replace("{run}", jail.inside_folder) for word in argv]
        plan = {
            "work": "/home/student/work" if locked_in else f"{jail.run_folder}/work",
            "files": "/run/files" if locked_in else str(staged),
            "fonts": "/run/fonts" if locked_in else str(fonts),
            "uid": user,
            "limits": confinement.resource_limits(limits, sandbox.mode, user),
            "rules": rules,
            "namespaces": locked_in,
            "filter": sandbox.mode != "unsafe",
            "argv": argv,
            "environment": confinement.environment(sandbox.mode, interpreter, jail.run_folder, packages),
        }
        wrapper = []
        if locked_in:
            program = sandbox.program or next(iter(confinement.bubblewraps()), "bwrap")
            wrapper = confinement.bubblewrap(program, folder, interpreter, user, limits, alone=not warm)
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


def _own_mb() -> float:
    """Resident memory of this process in MiB."""
    return psutil.Process().memory_info().rss / 2**20


def _waited(process: str) -> float:
    """Seconds that a process's main thread was ready to run and had no processor; 0 where Linux does not tell."""
    try:
        return int(Path("/proc", process, "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _folder_mb(folder: Path) -> tuple[float, bool]:
    """(size of the regular files below in MiB, whether folders lie in each other too deep to be looked at).

    What vanishes meanwhile does not count.
    """
    total, waiting = 0, [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEEPEST:
            return total / 2**20, True
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
                    else:
                        with contextlib.suppress(FileNotFoundError):
                            total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return total / 2**20, True
    return total / 2**20, False
