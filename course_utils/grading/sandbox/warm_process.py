"""The warm process that students' kernels are forked from: it has the lab's libraries imported, and nothing else.

Importing torch and transformers takes longer than most notebooks. `serve` does it once; then each request
forks a supervisor, which opens the same sandbox that a fresh kernel would get, forks the kernel's process,
moves it in and has it give up its rights as `jail.inside` does. The process knows no submission, no test and
no secret: it starts with a student's environment, and a request's content is read by the supervisor alone.
`warm.py` is the grader's side.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pathlib
import select
import shutil
import socket
import sys
import time
import traceback
import types
from collections.abc import Iterator
from typing import Any

from course_utils.grading.sandbox import jail, landlock, seccomp, watch

# What a kernel imports while it starts, whatever the notebook.
_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.displayhook",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.history",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "course_utils.grading.sandbox.channel",
    # Not matplotlib's backend: it ties itself to IPython when it is imported.
    "ipywidgets",
    "tqdm.auto",
)
_FOLDERS = ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "HF_HOME")  # variables that libraries remember
sys.modules.update(landlock=landlock, seccomp=seccomp)  # where `jail` looks for them
_NO_THREAD = "JE_ARROW_MALLOC_CONF"  # pyarrow's: no thread may be there when this process forks
_HANDED_OVER = 4  # descriptors in a request: the supervisor's standard input, output and error; the wire


def serve(control: int, folder: str, imports: list[str]) -> types.CodeType:
    """Import, say so on standard output, then fork a kernel's process for each request. Returns only in those.

    control: a SEQPACKET socket; its end ends this process. folder: a place of its own, removed in the end.
    imports: names of modules. Prints one line of JSON: seconds, threads, and what failed by name.
    Returns the program to run in the fork.
    """
    began = time.monotonic()
    failed = _prepare(folder, imports)
    watch.remember()
    places = _find_places(folder)
    gc.collect()
    gc.freeze()  # pages that the collector does not touch stay shared
    threads = len(os.listdir("/proc/self/task"))
    facts = {"seconds": round(time.monotonic() - began, 2), "threads": threads, "failed": failed}
    os.write(1, json.dumps(facts).encode() + b"\n")
    try:
        if threads > 1:  # a fork would have only one of them, and the others' locks
            os._exit(1)
        requests = socket.socket(fileno=control)
        children: dict[int, int] = {}  # pidfd -> pid
        while True:
            ready, _, _ = select.select([control, *children], [], [])
            for ended in [one for one in ready if one != control]:
                os.waitpid(children.pop(ended), 0)
                os.close(ended)
            if control not in ready:
                continue
            message, files, _, _ = socket.recv_fds(requests, 1, _HANDED_OVER)
            if not message:
                shutil.rmtree(folder, ignore_errors=True)
                os._exit(0)
            if len(files) == _HANDED_OVER:
                child = os.fork()
                if child == 0:
                    requests.detach()
                    return _supervise(files, folder, places)
                children[os.pidfd_open(child)] = child
            for fd in files:
                os.close(fd)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _prepare(folder: str, imports: list[str]) -> dict[str, str]:
    """Import, with all that libraries write and remember in `folder`. Returns what failed and why."""
    kept = dict(os.environ)
    for name in _FOLDERS:
        os.environ[name] = f"{folder}/{name}"
        os.makedirs(os.environ[name], exist_ok=True)
    os.environ[_NO_THREAD] = "background_thread:false"
    failed = {}
    for name in (*_KERNEL, *watch.OURS, *imports):
        try:
            with _as_in_a_notebook() if name == "tqdm.auto" else contextlib.nullcontext():
                importlib.import_module(name)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"[:300]
    made = {name: value for name, value in os.environ.items() if name not in (*kept, *_FOLDERS, _NO_THREAD)}
    os.environ.clear()
    os.environ.update({**kept, **made})
    return failed


@contextlib.contextmanager
def _as_in_a_notebook() -> Iterator[None]:
    """What asks IPython while it is imported finds a kernel, as it will when the kernel runs."""
    import IPython

    real = IPython.get_ipython
    IPython.get_ipython = lambda: types.SimpleNamespace(config={"IPKernelApp": {}})
    try:
        yield
    finally:
        IPython.get_ipython = real


def _supervise(files: list[int], folder: str, places: list[tuple[Any, Any, Any]]) -> types.CodeType:
    """In the forked child: what `jail.supervise` is for a fresh kernel. Returns only in the kernel's process."""
    os.setsid()
    *standard, wire = files
    for number, fd in enumerate(standard):
        os.dup2(fd, number, inheritable=number == 2)
    with os.fdopen(os.dup(0)) as orders:
        plan = json.loads(orders.readline())
    keep = plan["wire"]
    if wire != keep:
        os.dup2(wire, keep, inheritable=False)
    os.closerange(3, keep)
    os.closerange(keep + 1, 2**20)
    landlock.prctl(landlock.PR_SET_CHILD_SUBREAPER, 1)
    locked, lock = os.pipe()  # on it the kernel's process says that it has given up its rights
    child = 0
    try:
        child = _move_in(plan) if plan["command"] else os.fork()
    except (OSError, ValueError):
        traceback.print_exc()
        child = -1
    if child == 0:
        os.close(locked)
        return _become(plan, folder, places, lock)
    os.close(lock)
    os.close(keep)
    if child > 0 and os.read(locked, 1) == b"1":
        os.close(locked)
        os.write(1, b"%d\n" % os.getpid())
        jail.watch(child, plan["folder"], wrapped=False)
    else:  # without a word: who asked starts a fresh kernel
        jail.kill_descendants()
        jail.remove(plan["folder"])
    os._exit(0)


def _move_in(plan: dict) -> int:
    """Open the sandbox with bubblewrap and fork a process into it. Returns its pid, and 0 in it. Raises OSError.

    A shell that waits for this process's end keeps it open. What it may do is next to nothing: it has the
    students' filter for system calls, no capability and no resources.
    """
    ready, ready_there = os.pipe()
    held_there, held = os.pipe()  # `held` is closed when this process ends
    facts, facts_there = os.pipe()
    rules, rules_there = os.pipe()
    os.write(rules_there, seccomp.filter_program(namespaces=True))
    os.close(rules_there)
    limits = "ulimit -c 0; ulimit -t 60; ulimit -f 0; ulimit -n 20; ulimit -d 50000"
    shell = f"{limits}; echo 1 >&{ready_there}; exec {ready_there}>&-; read held <&{held_there}"
    bubblewrap, *options = plan["command"]
    argv = [
        bubblewrap,
        "--info-fd",
        str(facts_there),
        "--seccomp",
        str(rules),
        *options,
        "/bin/sh",
        "-c",
        shell,
    ]
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (ready_there, held_there, facts_there, rules):
        os.set_inheritable(fd, True)
    # posix_spawn, because a fork would copy the page tables of all that is imported here.
    standard = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    os.posix_spawn(bubblewrap, argv, {}, file_actions=standard, setsid=True)
    for fd in (ready_there, held_there, facts_there, rules, null):
        os.close(fd)
    if os.read(ready, 1) != b"1":
        raise OSError("bubblewrap could not make the sandbox")
    with os.fdopen(facts) as file:
        pid = json.load(file)["child-pid"]  # the sandbox's process 1
    first = os.pidfd_open(pid)
    opened = [ready, first]
    last_user = None
    if plan["uid"] is None:
        # bubblewrap makes everything in one user namespace and ends in another, inside it, that has no rights.
        last_user, mounts = (os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt"))
        owner = landlock.owner_of(mounts)
        opened += [last_user, mounts, owner]
        landlock.enter_namespaces(owner, ["user"])
        if os.fstat(owner).st_ino == os.fstat(last_user).st_ino:
            last_user = None
    # This process joins the PID namespace for its children alone; the child joins the others.
    landlock.enter_namespaces(first, ["pid"])
    child = os.fork()
    if child == 0:
        try:
            landlock.enter_namespaces(first, ["mnt", "net", "ipc", "uts", "cgroup"])
            if last_user is not None:
                landlock.enter_namespaces(last_user, ["user"])
            os.close(held)
        except OSError:
            traceback.print_exc()
            os._exit(1)
    for fd in opened:
        os.close(fd)
    return child


def _become(plan: dict, folder: str, places: list[tuple[Any, Any, Any]], lock: int) -> types.CodeType:
    """In the kernel's process: give up all rights, be as a fresh interpreter is, and return the program."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        os.set_inheritable(plan["wire"], True)
        if plan["capable"]:
            landlock.forbid_capabilities()
        jail.lock(plan)
        # Another user's process could not read its own entries in /proc. Nothing is in it that it must not know.
        landlock.prctl(landlock.PR_SET_DUMPABLE, 1)
        environment = plan["environment"]
        os.environ.update(environment)  # beside it there is only what imported libraries set for themselves
        _move(places, folder, environment)
        _as_fresh(plan["argv"])
        os.write(lock, b"1")
        os.close(lock)
        return compile(plan["argv"][2], "<string>", "exec")
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _as_fresh(argv: list[str]) -> None:
    """What a new process has for itself: arguments, chance, an eye for the folders that it can see."""
    sys.argv[:] = [argv[1], *argv[3:]]
    sys.orig_argv[:] = argv
    sys.path_importer_cache.clear()
    for name in ("landlock", landlock.__name__, "seccomp", seccomp.__name__, jail.__name__, __name__):
        sys.modules.pop(name)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # Python's own generator does so by itself after a fork


def _find_places(folder: str) -> list[tuple[Any, Any, Any]]:
    """Where libraries remember a path below `folder`: (module, list or cell; name or index; value).

    They read variables like HOME while they are imported, before anybody knows whose home it will be.
    """
    places: list[tuple[Any, Any, Any]] = []
    for module in list(sys.modules.values()):
        # Exact types: some objects warn, or import more, when they are looked at.
        for name, value in list(getattr(module, "__dict__", {}).items()):
            kind = type(value)
            if kind in (str, pathlib.PosixPath) and str(value).startswith(folder):
                places.append((module, name, value))
            elif kind is list and len(value) < 50:
                places += [
                    (value, i, v) for i, v in enumerate(value) if type(v) is str and v.startswith(folder)
                ]
            elif kind is types.FunctionType:
                for cell in value.__closure__ or ():
                    with contextlib.suppress(ValueError):
                        content = cell.cell_contents
                        if type(content) is str and content.startswith(folder):
                            places.append((cell, "cell_contents", content))
    return places


def _move(places: list[tuple[Any, Any, Any]], folder: str, environment: dict[str, str]) -> None:
    """Give what `_find_places` found the student's own folders."""
    for where, name, value in places:
        variable, _, rest = str(value).removeprefix(f"{folder}/").partition("/")
        if variable in _FOLDERS:
            moved = type(value)(os.path.join(environment[variable], rest) if rest else environment[variable])
            if isinstance(where, list):
                where[name] = moved
            else:
                setattr(where, name, moved)
