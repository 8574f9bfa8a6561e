"""Kernel-side locks that a process can put on itself without privileges: Landlock, seccomp, limits.

Only the standard library, and nothing of this package: `jail.py` runs it with a bare interpreter.
Landlock rules follow Documentation/userspace-api/landlock.rst of the Linux kernel; the seccomp filter is
classic BPF (Documentation/userspace-api/seccomp_filter.rst).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterable, Mapping

# Windows lacks both: there this is imported, and nothing of it is used.
with contextlib.suppress(ImportError):
    import fcntl
    import resource

    _libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = (
    1,
    4,
    22,
    36,
    38,
)
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
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

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# System calls that student code never needs and that have a history of getting out of sandboxes, or that
# reach other processes: by name, (x86_64, aarch64); None where the machine has no such call.
_FORBIDDEN = {
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "finit_module": (313, 273),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
}
_SOCKET, _CONNECT, _CLONE, _CLONE3 = (41, 198), (42, 203), (56, 220), (435, 435)
_KILL, _TKILL, _TGKILL, _SIGQUEUE, _TGSIGQUEUE, _PIDFD_SIGNAL = (
    (62, 129),
    (200, 130),
    (234, 131),
    (129, 138),
    (297, 240),
    (424, 424),
)
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
_NEW_NAMESPACES = sum(_NAMESPACES.values())
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38


def landlock_abi() -> int:
    """Version of Landlock in the running kernel, 0 when there is none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def has_filter() -> bool:
    """Whether `forbid_system_calls` knows this machine's system call numbers."""
    return platform.machine() in _AUDIT_ARCH


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

    Where the kernel can (ABI 4 and 6), connecting by TCP, abstract sockets and signals to processes outside
    are denied too. Raises OSError.
    """
    abi = landlock_abi()
    handled = (1 << 13) - 1
    for needed, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL)):
        if abi >= needed:
            handled |= right
    attributes = struct.pack("<Q", handled)
    if abi >= 4:
        attributes += struct.pack("<Q", 3)  # TCP bind and connect
    if abi >= 6:
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
    if abi >= 4:
        # ipykernel listens on a free TCP port of 127.0.0.1 for its own children; nobody connects to it.
        _syscall(_ADD_RULE, ruleset, 2, struct.pack("<QQ", 1, 0), 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def forbid_system_calls(own_network: bool, own_processes: bool) -> None:
    """Install the seccomp filter for this process and its children.

    own_network: the process has a network namespace of its own. Otherwise UDP and raw sockets are denied,
        and connect() where Landlock cannot deny it.
    own_processes: it has a PID namespace of its own. Otherwise, where Landlock cannot, signals to other
        processes are denied.
    Raises OSError.
    """
    program = filter_program(own_network, own_processes)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", len(program) // len(_op(0, 0, 0, 0)), ctypes.addressof(code)),
    )
    if _libc.prctl(PR_SET_SECCOMP, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0):
        _fail("seccomp")


def filter_program(own_network: bool, own_processes: bool) -> bytes:
    """The filter of `forbid_system_calls`, in BPF."""
    machine = platform.machine()
    column = list(_AUDIT_ARCH).index(machine)
    abi = landlock_abi()
    program = [_op(0x20, 0, 0, 4), _op(0x15, 1, 0, _AUDIT_ARCH[machine]), _op(0x06, 0, 0, _KILL_PROCESS)]
    program.append(_op(0x20, 0, 0, 0))
    if machine == "x86_64":  # the x32 calls have other numbers
        program += [_op(0x35, 0, 1, 0x40000000), _op(0x06, 0, 0, _ERRNO | _EPERM)]
    denied = [numbers[column] for numbers in _FORBIDDEN.values()]
    if not own_network:
        program += _filter_sockets(_SOCKET[column])
        if abi < 4:
            denied.append(_CONNECT[column])
    if not own_processes and abi < 6:
        denied += [call[column] for call in (_TKILL, _SIGQUEUE, _TGSIGQUEUE, _PIDFD_SIGNAL)]
        program += _filter_signals(_KILL[column]) + _filter_signals(_TGKILL[column])
    for number in denied:
        program += [_op(0x15, 0, 1, number), _op(0x06, 0, 0, _ERRNO | _EPERM)]
    # clone3 hides its flags behind a pointer: "not implemented" makes the C library use clone.
    program += [_op(0x15, 0, 1, _CLONE3[column]), _op(0x06, 0, 0, _ERRNO | _ENOSYS)]
    program += [
        _op(0x15, 0, 3, _CLONE[column]),
        _op(0x20, 0, 0, 16),
        _op(0x45, 0, 1, _NEW_NAMESPACES),
        _op(0x06, 0, 0, _ERRNO | _EPERM),
        _op(0x06, 0, 0, _ALLOW),
    ]
    return b"".join(program)


def limit(limits: Mapping[str, int]) -> None:
    """Set hard resource limits: names without RLIMIT_, for example {"CPU": 60} (seconds, bytes or counts)."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _filter_sockets(number: int) -> list[bytes]:
    """socket(): unix and netlink (libzmq lists interfaces) pass; IPv4 only as TCP; nothing else."""
    return [
        _op(0x15, 0, 9, number),
        _op(0x20, 0, 0, 16),
        _op(0x15, 6, 0, socket.AF_UNIX),
        _op(0x15, 5, 0, socket.AF_NETLINK),
        _op(0x15, 0, 3, socket.AF_INET),
        _op(0x20, 0, 0, 24),
        _op(0x54, 0, 0, 0xF),
        _op(0x15, 1, 0, socket.SOCK_STREAM),
        _op(0x06, 0, 0, _ERRNO | _EPERM),
        _op(0x06, 0, 0, _ALLOW),
    ]


def _filter_signals(number: int) -> list[bytes]:
    """kill() or tgkill(): only this very process (or its own group) may be the target."""
    own = os.getpid()
    return [
        _op(0x15, 0, 6, number),
        _op(0x20, 0, 0, 16),
        _op(0x15, 3, 0, own),
        _op(0x15, 2, 0, -own),
        _op(0x15, 1, 0, 0),
        _op(0x06, 0, 0, _ERRNO | _EPERM),
        _op(0x06, 0, 0, _ALLOW),
    ]


def _op(code: int, jump_true: int, jump_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, jump_true, jump_false, value & 0xFFFFFFFF)


def _syscall(number: int, *arguments: int | bytes) -> int:
    result = _libc.syscall(number, *arguments)
    if result < 0:
        _fail(f"system call {number}")
    return result


def _fail(what: str) -> None:
    code = ctypes.get_errno()
    raise OSError(code, f"{what}: {os.strerror(code)}")
