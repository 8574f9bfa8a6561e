"""The system calls that a student's program may use: what a notebook's kernel needs, and nothing else.

A filter in classic BPF (Documentation/userspace-api/seccomp_filter.rst of the Linux kernel). A call that is not in
its lists fails with EPERM, one that is newer than the lists with ENOSYS, for which the C library has another way:
programs go on. Only the standard library, and nothing of this package: `jail.py` runs it with a bare interpreter.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterable

# Windows lacks it: there this is imported, and nothing of it is used.
with contextlib.suppress(TypeError):
    _libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers by name, for (x86_64, aarch64); None where the machine has no such call.
_CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, None),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "poll": (7, None),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "access": (21, None),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "select": (23, None),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "sendfile": (40, 71),
    "splice": (275, 76),
    "tee": (276, 77),
    "flock": (73, 32),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "ftruncate": (77, 46),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "creat": (85, None),
    "link": (86, None),
    "linkat": (265, 37),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "umask": (95, 166),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "openat": (257, 56),
    "openat2": (437, 437),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fallocate": (285, 47),
    "fadvise64": (221, 223),
    "readahead": (187, 213),
    "sync_file_range": (277, 84),
    "copy_file_range": (326, 285),
    "close_range": (436, 436),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "msync": (26, 227),
    "mincore": (27, 232),
    "madvise": (28, 233),
    "mlock": (149, 228),
    "mlock2": (325, 284),
    "munlock": (150, 229),
    "mlockall": (151, 230),
    "munlockall": (152, 231),
    "membarrier": (324, 283),
    "pkey_alloc": (330, 289),
    "pkey_free": (331, 290),
    "pkey_mprotect": (329, 288),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "getpgid": (121, 155),
    "getpgrp": (111, None),
    "getsid": (124, 156),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_getattr": (315, 275),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "sched_rr_get_interval": (148, 127),
    "getpriority": (140, 141),
    "ioprio_get": (252, 31),
    "getrlimit": (97, 163),
    "setrlimit": (160, 164),
    "getrusage": (98, 165),
    "times": (100, 153),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "arch_prctl": (158, None),
    "prctl": (157, 167),
    "capget": (125, 90),
    "capset": (126, 91),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "futex_wake": (454, 454),
    "futex_wait": (455, 455),
    "futex_requeue": (456, 456),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "pause": (34, None),
    "alarm": (37, None),
    "signalfd": (282, None),
    "signalfd4": (289, 74),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "timer_create": (222, 107),
    "timer_settime": (223, 110),
    "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109),
    "timer_delete": (226, 111),
    "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86),
    "timerfd_gettime": (287, 87),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "epoll_create": (213, None),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "eventfd": (284, None),
    "eventfd2": (290, 19),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "shutdown": (48, 210),
    "setsockopt": (54, 208),
    "getsockopt": (55, 209),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "recvmmsg": (299, 243),
}
_INSIDE = {
    "connect": (42, 203),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
_BY_ARGUMENT = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "sendto": (44, 206),
    "clone": (56, 220),
    "clone3": (435, 435),
    "mmap": (9, 222),
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "tgkill": (234, 131),
}
_NEWEST = 461  # calls above are newer than these lists
_X32 = 0x40000000  # calls from here on are those of x86_64's other ABI
_NEW_NAMESPACES = 0x7E020000
_SIGNALS_FROM_FILES = (8, 10, 15, 1024, 1026)  # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
# FIOSETOWN, SIOCSPGRP; TIOCSTI, TIOCLINUX; FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR
_CONTROLS = (0x8901, 0x8902, 0x5412, 0x541C, 0x40086602, 0x40046602, 0x401C5820)
_SHARED_WITHOUT_FILE = 0x21  # MAP_SHARED and MAP_ANONYMOUS
_TCP, _UDP = 6, 17
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS, _EOPNOTSUPP = 1, 38, 95
_ANY = 0xFFFFFFFF

# A condition: (word of an argument, bits to look at, value). Words are numbered from the low one of the first.
_Case = list[tuple[int, int, int]]


def has_filter() -> bool:
    """Whether this machine's system calls are known here."""
    return platform.machine() in _AUDIT_ARCH


def install(program: bytes) -> None:
    """Put a filter on this process and its children, for good. Raises OSError."""
    _prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1))
    code = ctypes.create_string_buffer(program)
    count = len(program) // len(_op(0, 0, 0, 0))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", count, ctypes.addressof(code)))
    _prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.c_void_p(ctypes.addressof(header)))


def filter_program(namespaces: bool, own: int = 0) -> bytes:
    """The filter, in BPF.

    namespaces: the program has a network, files and processes of its own. Without them it gets unix sockets that
    only listen, and may not change whose a file is, its mode or its times: Landlock does not look at these.
    own: a process that alone may be signalled; 0 where something else keeps signals in.
    """
    machine = platform.machine()
    column = list(_AUDIT_ARCH).index(machine)
    program = [_op(0x20, 0, 0, 4), _op(0x15, 1, 0, _AUDIT_ARCH[machine]), _op(0x06, 0, 0, _KILL_PROCESS)]
    program.append(_op(0x20, 0, 0, 0))
    for first in (_X32, _NEWEST + 1):
        program += [_op(0x35, 0, 1, first), _op(0x06, 0, 0, _ERRNO | _ENOSYS)]
    for name, numbers in {**_CALLS, **(_INSIDE if namespaces else {})}.items():
        if (number := numbers[column]) is not None and name not in _BY_ARGUMENT:
            program += [_op(0x15, 0, 1, number), _op(0x06, 0, 0, _ALLOW)]
    for name, body in _by_argument(namespaces, own).items():
        number = _BY_ARGUMENT[name][column]
        assert number is not None
        program += [_op(0x15, 0, len(body), number), *body]
    program.append(_op(0x06, 0, 0, _ERRNO | _EPERM))
    return b"".join(program)


def _by_argument(namespaces: bool, own: int) -> dict[str, list[bytes]]:
    """What becomes of the calls that depend on their arguments."""
    kinds = [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, *([socket.SOCK_DGRAM] if namespaces else [])]
    pairs = [_socket(socket.AF_UNIX, kind, 0) for kind in kinds]
    sockets = [_socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)]
    if namespaces:
        sockets = list(pairs)
        for family in (socket.AF_INET, socket.AF_INET6):
            sockets += [_socket(family, socket.SOCK_STREAM, protocol) for protocol in (0, _TCP)]
            sockets += [_socket(family, socket.SOCK_DGRAM, protocol) for protocol in (0, _UDP)]
        sockets += [_socket(socket.AF_NETLINK, kind, 0) for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM)]
    to_itself: list[_Case] = [[(0, _ANY, target)] for target in (own, -own & _ANY, 0)] if own else [[]]
    return {
        "socket": [
            # libzmq ends the process when it cannot list interfaces, but for this error.
            *([] if namespaces else _when([[(0, _ANY, socket.AF_NETLINK)]], _ERRNO | _EOPNOTSUPP)),
            *_decide(sockets, _ALLOW, _ERRNO | _EPERM),
        ],
        "socketpair": _decide(pairs, _ALLOW, _ERRNO | _EPERM),
        # An address would be another way to connect.
        "sendto": _decide([[]] if namespaces else [[(8, _ANY, 0), (9, _ANY, 0)]], _ALLOW, _ERRNO | _EPERM),
        "kill": _decide(to_itself, _ALLOW, _ERRNO | _EPERM),
        "tgkill": _decide(to_itself, _ALLOW, _ERRNO | _EPERM),
        # Nobody could count it: it stays when no process has it in view.
        "mmap": _decide([[(6, _SHARED_WITHOUT_FILE, _SHARED_WITHOUT_FILE)]], _ERRNO | _EPERM, _ALLOW),
        "prlimit64": _decide([[(0, _ANY, 0)]], _ALLOW, _ERRNO | _EPERM),
        "setpriority": _decide([[(0, _ANY, os.PRIO_PROCESS), (2, _ANY, 0)]], _ALLOW, _ERRNO | _EPERM),
        "sched_setaffinity": _decide([[(0, _ANY, 0)]], _ALLOW, _ERRNO | _EPERM),
        # libzmq sets its threads to what everything is.
        "sched_setscheduler": _decide([[(2, _ANY, os.SCHED_OTHER)]], _ALLOW, _ERRNO | _EPERM),
        "fcntl": _decide([[(2, _ANY, value)] for value in _SIGNALS_FROM_FILES], _ERRNO | _EPERM, _ALLOW),
        "ioctl": _decide([[(2, _ANY, value)] for value in _CONTROLS], _ERRNO | _EPERM, _ALLOW),
        "clone": _decide([[(0, _NEW_NAMESPACES, 0)]], _ALLOW, _ERRNO | _EPERM),
        # It hides its flags behind a pointer: "not implemented" makes the C library use clone.
        "clone3": [_op(0x06, 0, 0, _ERRNO | _ENOSYS)],
    }


def _socket(family: int, kind: int, protocol: int) -> _Case:
    """A socket of this kind, whichever of its two flags is set."""
    flags = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    return [(0, _ANY, family), (2, _ANY & ~flags, kind), (4, _ANY, protocol)]


def _decide(cases: Iterable[_Case], then: int, otherwise: int) -> list[bytes]:
    """`then` if a case holds in all its conditions, `otherwise` if none does."""
    return [*_when(cases, then), _op(0x06, 0, 0, otherwise)]


def _when(cases: Iterable[_Case], then: int) -> list[bytes]:
    code = []
    for case in cases:
        for left, (word, bits, value) in zip(range(len(case) - 1, -1, -1), case, strict=True):
            code += [_op(0x20, 0, 0, 16 + 4 * word), _op(0x54, 0, 0, bits), _op(0x15, 0, 3 * left + 1, value)]
        code.append(_op(0x06, 0, 0, then))
    return code


def _op(code: int, jump_true: int, jump_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, jump_true, jump_false, value & 0xFFFFFFFF)


def _prctl(option: int, *arguments: ctypes.c_ulong | ctypes.c_void_p) -> None:
    if _libc.prctl(option, *arguments, *[0] * (4 - len(arguments))):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
