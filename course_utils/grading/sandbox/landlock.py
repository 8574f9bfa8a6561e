"""Kernel-side locks that a process can put on itself without privileges: Landlock, capabilities, limits.

Only the standard library, and nothing of this package: `jail.py` runs it with a bare interpreter.
Landlock rules follow Documentation/userspace-api/landlock.rst of the Linux kernel; `seccomp.py` has the system calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable, Mapping

# Windows lacks both: there this is imported, and nothing of it is used.
with contextlib.suppress(ImportError):
    import fcntl
    import resource

    _libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
KEEPS_SIGNALS = 6  # the ABI from which signals do not leave a process and its children
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446

# Landlock's file rights by bit: execute, write, read file, read dir, remove dir, remove file, make char,
# dir, regular, socket, fifo, block, symlink, then refer (ABI 2), truncate (3) and device ioctl (5).
EXECUTE, WRITE, READ_FILE, READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK, _REFER, _TRUNCATE, _IOCTL = 1 << 6, 1 << 11, 1 << 13, 1 << 14, 1 << 15
READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
CHANGE = ((1 << 15) - 1) & ~(_MAKE_CHAR | _MAKE_BLOCK | EXECUTE)
DEVICE = READ | WRITE | _TRUNCATE
_ON_FILES = EXECUTE | WRITE | READ_FILE | _TRUNCATE | _IOCTL

_NS_GET_USERNS = 0xB701
_NAMESPACES = {
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}


def landlock_abi() -> int:
    """Version of Landlock in the running kernel, 0 when there is none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def prctl(option: int, value: int) -> None:
    """prctl(2) with one argument. Raises OSError."""
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        _fail(f"prctl {option}")


def enter_namespaces(fd: int, kinds: Iterable[str]) -> None:
    """Join namespaces: "user", "pid", "mnt", "net", "ipc", "uts", "cgroup".

    fd: a process's pidfd, or a namespace's own descriptor for the one kind. Children are born into the PID
    namespace, this process is not. Needs Linux 5.8, and to be the only thread. Raises OSError.
    """
    if _libc.setns(fd, sum(_NAMESPACES[kind] for kind in kinds)):
        _fail("setns")


def owner_of(namespace: int) -> int:
    """A descriptor of the user namespace that owns a namespace (its descriptor). Raises OSError."""
    return fcntl.ioctl(namespace, _NS_GET_USERNS)


def forbid_capabilities() -> None:
    """Empty the bounding set: no program that is started can have a capability. Raises OSError."""
    capability = 0
    while (held := _libc.prctl(_PR_CAPBSET_READ, ctypes.c_ulong(capability), 0, 0, 0)) >= 0:
        if held:
            prctl(_PR_CAPBSET_DROP, capability)
        capability += 1


def drop_capabilities() -> None:
    """Give up all capabilities of this process for good. Raises OSError."""
    header = struct.pack("<Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if _libc.capset(header, bytes(24)):
        _fail("capset")


def restrict_files(rules: Iterable[tuple[str, int]]) -> None:
    """From now on this process and its children reach only these paths: (path, rights), missing ones skipped.

    Where the kernel can (ABI 4 and 6), TCP, abstract sockets and signals to processes outside are denied too.
    Raises OSError.
    """
    abi = landlock_abi()
    handled = (1 << 13) - 1
    for needed, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL)):
        if abi >= needed:
            handled |= right
    attributes = struct.pack("<Q", handled)
    if abi >= 4:
        attributes += struct.pack("<Q", 3)  # TCP bind and connect
    if abi >= KEEPS_SIGNALS:
        attributes += struct.pack("<Q", 3)  # abstract unix sockets, signals
    ruleset = _syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    for path, rights in rules:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if not os.path.isdir(path):
            rights &= _ON_FILES
        _syscall(_ADD_RULE, ruleset, 1, struct.pack("<Qi", rights & handled, fd), 0)
        os.close(fd)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def limit(limits: Mapping[str, int]) -> None:
    """Set hard resource limits: names without RLIMIT_, for example {"CPU": 60} (seconds, bytes or counts)."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _syscall(number: int, *arguments: int | bytes) -> int:
    result = _libc.syscall(number, *arguments)
    if result < 0:
        _fail(f"system call {number}")
    return result


def _fail(what: str) -> None:
    code = ctypes.get_errno()
    raise OSError(code, f"{what}: {os.strerror(code)}")
