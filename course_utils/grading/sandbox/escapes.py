"""Every way out of a sandbox that we know, tried from inside. One that leads anywhere, and the sandbox is not used.

`machine.py` lays out what a program must not reach and starts this file in the sandbox with a bare interpreter, as
`jail.py` is: only the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# For System V's calls.
_CREATE, _NEW, _OPEN_TO_ALL, _REMOVE = 0o1000, 0o2000, 0o666, 0
# Numbers of system calls that the C library has no function for, for (x86_64, others).
_NUMBERS = {
    "ioprio_set": (251, 30),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
    "userfaultfd": (282, 282),
    "getpid of x32": (0x40000000 + 39, -1),
}


# Outside


@contextlib.contextmanager
def bait(user: int | None) -> Iterator[dict[str, Any]]:
    """What a program in the sandbox must not reach, open to every user, so that nothing but the sandbox is in the way.

    user: whose the other process is; None for the present one.
    """
    libc = ctypes.CDLL(None)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-bait-", dir="/tmp")))
        folder.chmod(0o777)
        file = folder / "file"
        file.write_text("x")
        file.chmod(0o666)
        if user is not None:
            os.chown(file, user, user)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        named, datagrams, abstract = (
            stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)
        )
        named.bind(f"{folder}/socket")
        datagrams.bind(f"{folder}/datagrams")
        abstract.bind("")  # the system gives it a name
        for one in (named, abstract):
            one.listen()
        for name in ("socket", "datagrams"):
            (folder / name).chmod(0o777)
        other = subprocess.Popen(
            ["/bin/sleep", "60"], user=user, group=user, extra_groups=[] if user else None
        )
        stack.callback(other.wait)
        stack.callback(other.kill)
        memory_key, memory = _new(lambda key, flags: libc.shmget(key, mmap.PAGESIZE, flags))
        stack.callback(libc.shmctl, memory, _REMOVE, None)
        queue_key, queue = _new(libc.msgget)
        stack.callback(libc.msgctl, queue, _REMOVE, None)
        yield {
            "folder": str(folder),
            "port": tcp.getsockname()[1],
            "abstract": abstract.getsockname().lstrip(b"\0").decode(),
            "process": other.pid,
            "memory": memory_key,
            "queue": queue_key,
        }


def _new(get: Callable[[int, int], int]) -> tuple[int, int]:
    """Make something of System V's, open to all, under a key that nobody has. Two graders may do so at once, and who
    ends first removes its own."""
    for _ in range(100):
        key = secrets.randbelow(2**31 - 1) + 1
        made = get(key, _CREATE | _NEW | _OPEN_TO_ALL)
        if made >= 0:
            break
    return key, made  # -1 where the system has no such thing: then nobody gets there


# Inside


def attempts(bait: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What is tried, by the words that come after "could". Each raises OSError unless it gets there."""
    folder, other, here = bait["folder"], bait["process"], ("127.0.0.1", bait["port"])
    file = f"{folder}/file"
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: Any) -> int:
        ctypes.set_errno(0)
        if name in _NUMBERS:
            number = _NUMBERS[name][platform.machine() != "x86_64"]
            result = libc.syscall(number, *arguments)
        else:
            result = getattr(libc, name)(*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), name)
        return result

    def connect(family: int, kind: int, protocol: int, address: Any) -> None:
        with socket.socket(family, kind, protocol) as one:
            one.settimeout(2)
            one.connect(address)

    def send(family: int, kind: int, address: Any, flags: int = 0) -> None:
        with socket.socket(family, kind) as one:
            one.settimeout(2)
            one.sendto(b"x", flags, address)

    def beside(kind: int) -> None:
        one, two = socket.socketpair(socket.AF_UNIX, kind)
        with one, two:
            one.sendto(b"x", f"{folder}/datagrams")

    def listen() -> None:
        with socket.socket() as one:
            one.bind(("0.0.0.0", 0))
            one.listen()
        # In a network of its own nobody hears it: there the machine's other addresses are not.
        connect(socket.AF_INET, socket.SOCK_STREAM, 0, here)

    def open_socket(family: int, kind: int, protocol: int = 0) -> None:
        socket.socket(family, kind, protocol).close()

    stream, unix, inet = socket.SOCK_STREAM, socket.AF_UNIX, socket.AF_INET
    found: dict[str, Callable[[], Any]] = {
        "read a file": lambda: Path(file).read_text(),
        "list a folder": lambda: os.listdir(folder),
        "write a file": lambda: os.close(os.open(file, os.O_WRONLY)),
        "make a file": lambda: os.close(os.open(f"{folder}/new", os.O_WRONLY | os.O_CREAT)),
        "cut a file": lambda: os.truncate(file, 0),
        "name a file anew": lambda: os.link(file, f"{folder}/again"),
        "link a file": lambda: os.link(file, "linked"),
        "change a file's mode": lambda: os.chmod(file, 0o600),
        "change a file's times": lambda: os.utime(file, (0, 0)),
        "change a file's owner": lambda: os.chown(file, os.getuid(), os.getgid()),
        "change a file's attributes": lambda: os.setxattr(file, "user.course", b"x"),
        "remove a file": lambda: os.remove(file),
        "connect to a unix socket": lambda: connect(unix, stream, 0, f"{folder}/socket"),
        "connect to an abstract unix socket": lambda: connect(unix, stream, 0, f"\0{bait['abstract']}"),
        "send to a unix socket": lambda: send(unix, socket.SOCK_DGRAM, f"{folder}/datagrams"),
        "send to a unix socket from a pair": lambda: beside(socket.SOCK_DGRAM),
        "connect by TCP": lambda: connect(inet, stream, 0, here),
        "connect by MPTCP": lambda: connect(inet, stream, 262, here),
        "connect by TCP Fast Open": lambda: send(inet, stream, here, 0x20000000),
        "send by UDP": lambda: send(inet, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
        "send by UDP-Lite": lambda: open_socket(inet, socket.SOCK_DGRAM, 136),
        "listen for TCP": listen,
        "open a raw socket": lambda: open_socket(inet, socket.SOCK_RAW, 1),
        "ping": lambda: open_socket(inet, socket.SOCK_DGRAM, 1),
        "open a packet socket": lambda: open_socket(17, socket.SOCK_RAW),
        "open a VSOCK socket": lambda: open_socket(40, stream),
        "open a socket of the kernel's cryptography": lambda: open_socket(38, socket.SOCK_SEQPACKET),
        "listen to the kernel by netlink": lambda: open_socket(16, socket.SOCK_RAW, 15),
        "use System V shared memory": lambda: call("shmget", bait["memory"], mmap.PAGESIZE, 0),
        "use a System V message queue": lambda: call("msgget", bait["queue"], 0),
        "use System V semaphores": lambda: call("semctl", call("semget", 0, 1, _CREATE), 0, _REMOVE),
        "use a POSIX message queue": lambda: _message_queue(call, Path(folder).name),
        "signal a process": lambda: os.kill(other, 0),
        "signal a process by a descriptor": lambda: _signal_by_descriptor(call, other),
        "be a process's signal sender through a file": lambda: _own_signals(other),
        "trace a process": lambda: call("ptrace", 16, other, None, None),
        "read a process's memory": lambda: call("process_vm_readv", other, None, 0, None, 0, 0),
        "read a process's command line": lambda: Path(f"/proc/{other}/cmdline").read_text(),
        "read a process's environment": lambda: Path(f"/proc/{other}/environ").read_bytes(),
        "change a process's priority": lambda: os.setpriority(os.PRIO_PROCESS, other, 19),
        "change a process's disk priority": lambda: call("ioprio_set", 1, other, 3 << 13),
        "change a process's scheduling": lambda: _idle(other),
        "change a process's processors": lambda: os.sched_setaffinity(other, {0}),
        "change a process's limits": lambda: _no_core(other),
        "become root": lambda: os.setuid(0),
        "mount a file system": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "change its root folder": lambda: os.chroot("/usr"),
        "make a user namespace": lambda: call("unshare", 0x10000000),
        "make a process in a user namespace": lambda: _clone(call),
        "use the kernel's keys": lambda: call("keyctl", 0, -3, 1),
        "add a key": lambda: call("add_key", b"user", b"course", b"x", 1, -3),
        "use io_uring": lambda: call("io_uring_setup", 1, ctypes.create_string_buffer(120)),
        "handle its own page faults": lambda: call("userfaultfd", 1),
        "have memory in a file without a name": lambda: call("memfd_create", b"course", 0),
        "have shared memory without a file": lambda: mmap.mmap(-1, mmap.PAGESIZE).close(),
    }
    if platform.machine() == "x86_64":
        found["use calls of x32"] = lambda: call("getpid of x32")
    return found


def _message_queue(call: Callable[..., int], name: str) -> None:
    os.close(call("mq_open", name.encode(), os.O_CREAT | os.O_RDWR, 0o600, None))
    call("mq_unlink", name.encode())


def _signal_by_descriptor(call: Callable[..., int], process: int) -> None:
    signal.pidfd_send_signal(call("pidfd_open", process, 0), 0)


def _own_signals(process: int) -> None:
    """Have the system send SIGIO to a process when something arrives here."""
    import fcntl

    one, two = socket.socketpair()
    with one, two:
        fcntl.fcntl(one, fcntl.F_SETOWN, process)


def _idle(process: int) -> None:
    os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))


def _no_core(process: int) -> None:
    import resource  # not on Windows, where this file is imported as well

    resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))


def _clone(call: Callable[..., int]) -> None:
    number = 56 if platform.machine() == "x86_64" else 220
    if call("syscall", number, 0x10000000 | signal.SIGCHLD, None, None, None, None) == 0:
        os._exit(0)


def main(laid_out: dict[str, Any]) -> None:
    """Try all, and print on standard error, as JSON, the words of what went through and of all that was tried."""
    signal.alarm(15)
    tried = attempts(laid_out)
    reached = []
    for words, attempt in tried.items():
        try:
            attempt()
        except (OSError, AttributeError, ValueError):
            continue
        reached.append(words)
    sys.stderr.write(json.dumps({"tried": list(tried), "reached": reached}) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
