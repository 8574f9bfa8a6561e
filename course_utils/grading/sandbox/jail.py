"""The two small programs around a student's kernel, run with a bare interpreter (`python -I -S jail.py …`).

`supervise` stays outside: it starts the sandbox, and when the kernel ends or the grader goes away (even by
SIGKILL) it ends every process that the student started and removes the run folder. `inside` is the first
thing that runs in the sandbox: it gives up its rights, one after the other, and becomes the kernel. A
kernel that is forked from a warm process goes the same way, with the same parts (`warm_process.py`).
Only the standard library: they run before anything of the course can be imported.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path
from types import ModuleType


def supervise(plan: dict) -> None:
    """Start plan["command"], wait for its end or for the end of stdin, clean up, print how it ended.

    Prints one line of JSON: {"exit": code} or {"signal": number}; both None when the grader ended it.
    """
    locks = _sibling("landlock")
    locks.prctl(locks.PR_SET_CHILD_SUBREAPER, 1)
    watch(spawn(plan["command"], plan.get("files")), plan["folder"], wrapped=True)


def watch(child: int, folder: str, wrapped: bool) -> None:
    """The second half of `supervise`: wait for the child's end or the grader's, end all, say how it ended.

    wrapped: the child is bubblewrap, which tells of a signal by its exit code.
    """
    ends = os.pidfd_open(child)
    # As long as it is open, Landlock's rule for the child's own entry holds.
    with contextlib.suppress(OSError):
        os.open(f"/proc/{child}", os.O_PATH)
    waiting = select.poll()
    waiting.register(ends, select.POLLIN)
    waiting.register(0, select.POLLIN | select.POLLHUP)
    happened = dict(waiting.poll())
    result: dict[str, int | None] = {"exit": None, "signal": None}
    if ends in happened:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            result["signal"] = os.WTERMSIG(status)
        elif wrapped and os.WEXITSTATUS(status) > 128:
            result["signal"] = os.WEXITSTATUS(status) - 128
        else:
            result["exit"] = os.WEXITSTATUS(status)
    kill_descendants()
    remove(folder)
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(result).encode() + b"\n")


def remove(folder: str) -> None:
    """Remove a folder and all below it as far as this process may, however deep it is.

    shutil.rmtree calls itself for each level, so that a thousand of them end it. Here each folder is brought up
    to the top before it is emptied.
    """
    waiting, moved, unused = [folder], 0, os.urandom(8).hex()
    while waiting:
        place = waiting.pop()
        with contextlib.suppress(OSError):
            os.chmod(place, 0o700)
            with os.scandir(place) as found:
                entries = list(found)
            for entry in entries:
                with contextlib.suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        os.unlink(entry.path)
                        continue
                    moved += 1
                    above = os.path.join(folder, f"{unused}-{moved}")
                    os.rename(entry.path, above)
                    waiting.append(above)
            if place != folder:
                os.rmdir(place)
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def kill_descendants() -> None:
    """End and reap every process below this one, those included that left their session or parent."""
    while True:
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        select.select([], [], [], 0.005)


def inside(plan: dict) -> None:
    """Give up every right that the kernel does not need, then exec plan["argv"]. Never returns."""
    lock(plan)
    os.execve(plan["argv"][0], plan["argv"], plan["environment"])


def lock(plan: dict) -> None:
    """Give up every right that a kernel does not need, for this process and all that it will start.

    plan: work, files and fonts (folders to copy there and to matplotlib's), uid (None: stay), limits, rules
    (Landlock's, or None), namespaces (whether it is in some of its own), filter (whether to use seccomp), environment.
    """
    locks = _sibling("landlock")
    locks.prctl(locks.PR_SET_PDEATHSIG, signal.SIGKILL)
    locks.limit(plan["limits"])
    become_user(plan["uid"])
    locks.drop_capabilities()
    # A change of user clears the death signal; ask again.
    locks.prctl(locks.PR_SET_PDEATHSIG, signal.SIGKILL)
    locks.prctl(locks.PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)
    environment = plan["environment"]
    for folder in (plan["work"], environment["HOME"], environment["TMPDIR"], environment["MPLCONFIGDIR"]):
        os.makedirs(folder, exist_ok=True)
    for source, target in ((plan["files"], plan["work"]), (plan["fonts"], environment["MPLCONFIGDIR"])):
        shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    os.chdir(plan["work"])
    if plan["rules"] is not None:
        locks.restrict_files([tuple(rule) for rule in plan["rules"]])
    if plan["filter"]:
        calls = _sibling("seccomp")
        kept_in = plan["namespaces"] or locks.landlock_abi() >= locks.KEEPS_SIGNALS
        calls.install(calls.filter_program(plan["namespaces"], own=0 if kept_in else os.getpid()))


def become_user(uid: int | None) -> None:
    """Become this user and group for good, without any other group. None: stay."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def spawn(command: list[str], keep: list[int] | None) -> int:
    """Start a command that has nothing of this process but the descriptors to keep; returns its pid."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        for fd in keep or []:
            os.set_inheritable(fd, True)
        # An empty environment, because /proc shows what a process was started with.
        os.execve(command[0], command, {})
    finally:
        os._exit(127)


def _descendants(root: int) -> list[int]:
    """Process ids below `root`, from one reading of /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError):
                fields = Path("/proc", entry, "stat").read_bytes().rpartition(b")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _sibling(name: str) -> ModuleType:
    """A module beside this one, imported by its place: this file runs where the package is not importable."""
    folder = os.path.dirname(os.path.abspath(__file__))
    if name not in sys.modules:
        sys.path.insert(0, folder)
        importlib.import_module(name)
        sys.path.remove(folder)
    return sys.modules[name]


if __name__ == "__main__":
    if sys.argv[1] == "supervise":
        supervise(json.loads(sys.stdin.readline()))
    else:
        inside(json.loads(sys.argv[2]))
