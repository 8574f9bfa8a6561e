"""What a notebook does that no answer needs, noted in its own process. An alarm, not a lock.

Points do not depend on it: the tests run elsewhere and the sandbox refuses what it must. But a person wants
to know that somebody tried. Python's audit events (PEP 578) tell what was tried while it happens; what is
left of patches, threads and processes is looked at in the end. Code that outwits this gets nothing for it.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

MOST_NOTES = 12
_LONGEST = 160

OURS = ("course_utils.by_hand",)
_LIBRARIES = frozenset(
    (
        *("course_utils", "numpy", "torch", "math", "cmath", "random", "statistics", "fractions", "decimal"),
        *("itertools", "functools", "collections", "copy", "operator", "json", "re"),
    )
)
# Large parts of torch that no answer uses.
_INTERNAL = tuple(
    f"torch.{part}"
    for part in (
        *("_dynamo", "_inductor", "_export", "_functorch", "_higher_order_ops", "_prims", "_refs", "_decomp"),
        *(
            "_C._distributed",  # its classes get their methods later, from torch.distributed
            "_subclasses",
            "_library",
            "ao",
            "distributed",
            "export",
            "fx",
            "jit",
            "onnx",
            "package",
            "profiler",
        ),
        *("testing._internal", "utils"),
    )
)

_notes: dict[str, str] = {}
_originals: dict[int, tuple[Any, dict[str, tuple[Any, Any]]]] = {}
_known: dict[str, int] = {}
_busy = threading.local()
_started = False
_work = ""
_forks = 0

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_CHANNEL = "course_utils.grading.sandbox.channel"

# Folders and files of a course that a submission has no business with.
_PRIVATE = frozenset({"solutions", "submitted", "autograded", "gradebook.db", ".course", ".ssh", "shadow"})
_OTHER_PROCESS = re.compile(r"/proc/(\d+)/")
_BEHIND = frozenset(
    "ptrace process_vm_readv process_vm_writev unshare setns mount umount pivot_root chroot bpf".split()  # noqa: SIM905
) | {"shmget", "shmat", "msgget", "semget"}
_SETTINGS = ("PYTHON", "LD_", "COURSE_")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CELL = re.compile(r"[/\\]ipykernel_\d+[/\\]")


def start(libraries: Iterable[str] = ()) -> None:
    """Begin to watch this process. Called once, before the first cell.

    libraries: names of modules that the lab's own cells import: what they hold now is what they should hold.
    """
    global _started, _work
    if _started:
        return
    _started = True
    remember(libraries)
    _work = os.getcwd()
    _known.update({name: id(value) for name, value in vars(builtins).items()})
    _known["channel"] = id(sys.modules.get(_CHANNEL))  # the kernel imports it before the first cell
    sys.addaudithook(_hear)


def note(reason: str, detail: str) -> None:
    """Remember what happened, once for each reason."""
    if len(_notes) < MOST_NOTES:
        _notes.setdefault(reason, str(detail)[:_LONGEST])


def remember(libraries: Iterable[str] = ()) -> None:
    """Import these and note what they hold, once in a process and its forks."""
    if _originals:
        return
    for name in (*OURS, *libraries):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if (
            name.partition(".")[0] in _LIBRARIES
            and not name.startswith(_INTERNAL)
            and type(module) is ModuleType
        ):
            _originals[id(module)] = (module, _functions(module))
            for value in list(vars(module).values()):
                if isinstance(value, type) and value.__module__ == name:
                    _originals.update((id(kind), (kind, _functions(kind))) for kind in value.__mro__[:-1])


def look_at_libraries() -> None:
    """Note functions of libraries that are no longer those that were there in the beginning."""
    changed = []
    for owner, before in _originals.values():
        now = vars(owner)
        where = owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__name__}"
        for name, (value, code) in before.items():
            found = now.get(name)
            same = found is value and getattr(found, "__code__", None) is code
            if callable(value) and not same and not _is_librarys(found, name, value):
                changed.append(f"{where}.{name}")
        if isinstance(owner, type) and len(now) > len(before):
            added = [name for name in now.keys() - before.keys() if callable(now[name])]
            inherited = [name for name in added if any(name in vars(kind) for kind in owner.__mro__[1:])]
            changed += [f"{where}.{name}" for name in inherited if not _is_librarys(now[name], name, None)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.startswith("course_utils.") and file and not file.startswith(_PACKAGE):
            changed.append(name)
    if changed:
        note("a changed library", f"No longer what they were: {', '.join(changed)}")


def _functions(owner: Any) -> dict[str, tuple[Any, Any]]:
    """Name -> (function, its code) of a module or class; of a class, whatever else it has, too."""
    inside = isinstance(owner, type)
    return {
        name: (value, getattr(value, "__code__", None))
        for name, value in list(vars(owner).items())
        if inside or (callable(value) and not isinstance(value, type) and not name.startswith("__"))
    }


def _is_librarys(now: Any, name: str, before: Any) -> bool:
    """Whether a library may itself have put this function there: one of the same name, or around what was there."""
    code = getattr(now, "__code__", None)
    if (
        now is None
        or now is before
        or code is None
        or not _is_below(code.co_filename, [sys.prefix, sys.base_prefix])
    ):
        return False
    return getattr(now, "__wrapped__", None) is before or getattr(now, "__name__", "") == name


def report() -> list[tuple[str, str]]:
    """(reason, detail) of all that was noted, and of what can still be seen."""
    if not _started:
        return []
    _busy.on = True  # what this looks at is not the notebook's doing
    for look in (look_at_libraries, _patches, _builtins, _hooks, _threads, _processes, _disk):
        try:
            look()
        except Exception as error:  # something is so broken that even looking at it fails
            note("a changed Python", f"{look.__name__} met {type(error).__name__}")
    _busy.on = False
    return list(_notes.items())


def look_at(answer: Any, depth: int = 0) -> None:
    """Note an answer whose class decides itself what it is equal to, or what it is."""
    kind = type(answer)
    if kind.__module__ == "__main__" and not hasattr(kind, "__dataclass_fields__"):
        own = [
            name
            for name in ("__eq__", "__class__", "__torch_function__", "__array_ufunc__", "__reduce__")
            if name in vars(kind)
        ]
        if own:
            note("an answer that pretends", f"An answer is a {kind.__name__} with a {own[0]} of its own")
    if depth < 2 and kind in (list, tuple):
        for item in answer[:20]:
            look_at(item, depth + 1)


# While it happens


def _hear(event: str, arguments: tuple) -> None:
    judge = _EVENTS.get(event)
    if judge is None or getattr(_busy, "on", False):
        return
    _busy.on = True
    try:
        judge(event, arguments, sys._getframe(1))
    except Exception as error:
        note("a changed Python", f"{event} met {type(error).__name__}")
    finally:
        _busy.on = False


def _is_students(frame: FrameType | None, depth: int = 1) -> bool:
    """Whether code of the notebook, or of a file beside it, is among the `depth` frames from here up."""
    while frame is not None and depth > 0:
        name = frame.f_code.co_filename
        if _CELL.search(name) or name == "<string>" or (_work and name.startswith(_work + os.sep)):
            return True
        frame, depth = frame.f_back, depth - 1
    return False


def _path(value: Any) -> str:
    return os.path.abspath(os.fsdecode(value)) if isinstance(value, str | bytes | os.PathLike) else ""


def _file(event: str, arguments: tuple, frame: FrameType) -> None:
    path = _path(arguments[0])
    if not path or not _is_students(frame, 8):
        return
    other = _OTHER_PROCESS.match(path)
    if _PRIVATE & set(Path(path).parts) or (other and int(other[1]) != os.getpid()):
        note("looked for what is not its own", path)
        return
    flags = arguments[2] if event == "open" else _WRITES
    reads = event in ("os.listdir", "os.scandir") or not (isinstance(flags, int) and flags & _WRITES)
    if not reads and not _is_own(path):
        note("tried to write elsewhere", path)


def _is_own(path: str) -> bool:
    # The course may be installed below a temporary folder: a clone in /tmp is still not the student's.
    if _is_below(path, [_PACKAGE, sys.prefix, sys.base_prefix]):
        return False
    own = [os.environ.get("HOME", ""), os.environ.get("TMPDIR", ""), _work, "/dev", "/run/kernel"]
    return _is_below(path, own)


def _is_below(path: str, folders: list[str]) -> bool:
    return any(folder and (path + "/").startswith(folder.rstrip("/") + "/") for folder in folders)


def _network(event: str, arguments: tuple, frame: FrameType) -> None:
    where = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[1]
    if event == "socket.getaddrinfo":
        where = arguments[:2]
    if isinstance(where, tuple) and where[0]:
        note("tried to reach the network", ":".join(str(part) for part in where[:2]))
    elif isinstance(where, str) and not where.startswith("/") and event == "socket.gethostbyname":
        note("tried to reach the network", where)


def _sockets(event: str, arguments: tuple, frame: FrameType) -> None:
    if arguments[1] in (2, 10) and _is_students(
        frame, 3
    ):  # IPv4 or 6; libraries only ask whether there is one
        note("tried to reach the network", "a socket")


def _signal(event: str, arguments: tuple, frame: FrameType) -> None:
    if _is_students(frame, 3) and (arguments[0] <= 1 or arguments[0] == os.getppid()):
        note("signals to other processes", f"Signal {arguments[1]} to process {arguments[0]}")


def _fork(event: str, arguments: tuple, frame: FrameType) -> None:
    global _forks
    if _is_students(frame):
        _forks += 1
        note("processes of its own", f"The notebook started processes ({event})")


def _behind(event: str, arguments: tuple, frame: FrameType) -> None:
    if arguments[1] in _BEHIND:
        note("calls behind Python's back", f"The notebook asked for the system call {arguments[1]}")


def _memory(event: str, arguments: tuple, frame: FrameType) -> None:
    direct = frame.f_back if frame.f_code.co_filename.endswith("inspect.py") else frame
    if _is_students(direct):
        note("searched for the tests", f"The notebook looked through its process with {event}")


def _tracing(event: str, arguments: tuple, frame: FrameType) -> None:
    if _is_students(frame, 2):
        note("a changed Python", f"The notebook used {event}")


def _setting(event: str, arguments: tuple, frame: FrameType) -> None:
    name = os.fsdecode(arguments[0])
    if name.startswith(_SETTINGS) and _is_students(frame, 4):
        note("changed the environment", f"The notebook set {name}")


def _database(event: str, arguments: tuple, frame: FrameType) -> None:
    if "gradebook" in str(arguments[0]):
        note("looked for what is not its own", str(arguments[0]))


_EVENTS: dict[str, Callable[[str, tuple, FrameType], None]] = {
    **dict.fromkeys(("open", "os.listdir", "os.scandir", "os.remove", "os.mkdir", "os.truncate"), _file),
    **dict.fromkeys(("os.rename", "os.symlink", "os.link", "os.chmod", "os.utime", "shutil.rmtree"), _file),
    **dict.fromkeys(("socket.connect", "socket.sendto", "socket.bind"), _network),
    **dict.fromkeys(("socket.getaddrinfo", "socket.gethostbyname"), _network),
    "socket.__new__": _sockets,
    **dict.fromkeys(("os.kill", "os.killpg"), _signal),
    **dict.fromkeys(("os.fork", "os.forkpty", "os.posix_spawn"), _fork),
    **dict.fromkeys(("ctypes.dlsym",), _behind),
    **dict.fromkeys(("gc.get_objects", "gc.get_referrers", "gc.get_referents"), _memory),
    **dict.fromkeys(("sys._getframe", "sys._current_frames"), _memory),
    **dict.fromkeys(("sys.settrace", "sys.setprofile", "sys.addaudithook"), _tracing),
    "os.putenv": _setting,
    "sqlite3.connect": _database,
}


# What is left of it


def _patches() -> None:
    """Functions of others that come from the notebook, in what runs cells, answers questions and compares."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    for owner in (shell, kernel, getattr(kernel, "session", None), type(shell), type(kernel)):
        _own_functions(owner, type(owner).__name__ if not isinstance(owner, type) else owner.__name__)
    if any(_is_own_thing(item) for item in getattr(shell, "ast_transformers", ())):
        note("patched IPython", "Cells are rewritten before they run (ast_transformers)")
    if id(sys.modules.get(_CHANNEL)) != _known["channel"]:
        note("a changed Python", f"The module {_CHANNEL} is another one")
    names: tuple[str, ...] = (
        "json",
        "json.encoder",
        "socket",
        "struct",
        "course_utils.checks",
        _CHANNEL,
    )
    names += (
        "numpy",
        "numpy.testing",
        "torch",
        "torch.testing",
        "jupyter_client.session",
        "torch.nn.functional",
    )
    for name in names:
        if module := sys.modules.get(name):
            _own_functions(module, name)
    for name, owner in (("torch", "Tensor"), ("jupyter_client.session", "Session"), ("socket", "socket")):
        if kind := getattr(sys.modules.get(name), owner, None):
            _own_functions(kind, f"{name}.{owner}")


def _own_functions(owner: Any, called: str) -> None:
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        if callable(value) and _is_own_thing(value):
            where = (
                "patched IPython" if "Shell" in called or "Kernel" in called or "Session" in called else ""
            )
            note(where or "a changed Python", f"{called}.{name} is the notebook's own")


def _is_own_thing(value: Any) -> bool:
    code = getattr(value, "__code__", None)
    if code is not None:
        return bool(_CELL.search(code.co_filename)) or getattr(value, "__module__", "") == "__main__"
    kind = value if isinstance(value, type) else type(value)
    return getattr(kind, "__module__", "") == "__main__"


def _builtins() -> None:
    for name, value in vars(builtins).items():
        # The kernel itself sets these for each cell.
        if (
            name not in ("_", "input")
            and _known.get(name) != id(value)
            and (name in _known or _is_own_thing(value))
        ):
            note("a changed Python", f"builtins.{name} is another one")


def _hooks() -> None:
    for name in ("meta_path", "path_hooks"):
        if any(_is_own_thing(hook) for hook in getattr(sys, name)):
            note("a changed Python", f"sys.{name} holds a hook of the notebook's")


def _threads() -> None:
    for thread in threading.enumerate():
        code = getattr(getattr(thread, "_target", None), "__code__", None)
        if code is not None and _CELL.search(code.co_filename):
            note("a thread that goes on", f"{code.co_name} still ran when everything was done")


def _processes() -> None:
    """Processes that the notebook started and that still run. Those that ended are reaped: they no longer matter."""
    with contextlib.suppress(ChildProcessError):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) is not None:
            pass
        note("processes that go on", "Processes were left running")


def _disk() -> None:
    for folder in {os.environ.get("HOME", ""), os.environ.get("TMPDIR", ""), "/dev/shm"} - {""}:
        try:
            space = os.statvfs(folder)
        except OSError:
            continue
        size = space.f_blocks * space.f_frsize
        if 0 < size < 2**32 and space.f_bavail < 0.1 * space.f_blocks:
            note("filled its disk", f"{size / 2**20:,.0f} MB in {folder} are full")
