"""System calls that a process that reads files has no need of: refused by the kernel, from here to the process's end.

On Linux (x86-64, ARM64) a filter refuses the network, other programs, signals to others, and every write but into what
is open. Elsewhere an audit hook refuses what Python would do of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from typing import Any, Final

_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""{machine: (its column below, its number)}"""
_NEVER: Final[tuple[tuple[int | None, int | None], ...]] = (
    *((41, 198), (53, 199), (42, 203), (49, 200), (50, 201), (46, 211), (307, 269)),  # socket … sendmmsg
    *((59, 221), (322, 281), (57, None), (58, None)),  # execve, execveat, fork, vfork
    *((62, 129), (200, 130), (234, 131), (129, 138), (424, 424)),  # kill, tkill, tgkill, rt_sigqueueinfo, pidfd
    *((101, 117), (310, 270), (311, 271), (321, 280), (298, 241), (323, 282)),  # ptrace, process_vm_*, bpf, perf
    *((85, None), (83, None), (258, 34), (84, None), (82, None), (264, 38), (316, 276)),  # creat, mkdir*, rename*
    *((87, None), (263, 35), (86, None), (265, 37), (88, None), (266, 36)),  # unlink*, link*, symlink*
    *((133, None), (259, 33), (76, 45), (90, None), (91, 52), (268, 53), (452, 452)),  # mknod*, truncate, chmod*
    *((92, None), (93, 55), (94, None), (260, 54), (280, 88), (188, 5), (189, 6), (190, 7)),  # chown*, utime, xattr
    *((165, 40), (272, 97), (308, 268), (160, 164), (302, 261)),  # mount, unshare, setns, setrlimit, prlimit64
    *((319, 279), (29, 194), (68, 186), (64, 190), (240, 180)),  # memfd_create, shmget, msgget, semget, mq_open
)
_UNKNOWN: Final = ((435, 435), (437, 437), (425, 425))
"""clone3, openat2 and io_uring_setup, whose arguments cannot be looked at: as if the kernel did not know them."""
_OPENING: Final = (((2, None), 1), ((257, 56), 2))
"""open and openat, and which argument holds the flags."""
_CLONE: Final = (56, 220)
_THREAD: Final = 0x00010000
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_EVENTS: Final = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.kill", "os.remove")
_EVENTS_OF_FILES: Final = ("os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


def refuse() -> bool:
    """Refuse them for this process; whether the kernel does it, or only Python."""
    if sys.platform == "linux" and platform.machine() in _MACHINES and _filter():
        return True
    sys.addaudithook(_hook)
    return False


def _filter() -> bool:
    column, machine = _MACHINES[platform.machine()]
    program = b"".join(struct.pack("=HBBI", *line) for line in _program(column, machine))
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER, header, 0, 0) == 0)


def _program(column: int, machine: int) -> Iterable[tuple[int, int, int, int]]:
    """The filter in the kernel's BPF: (what, steps if so, steps if not, number) a line."""
    refused = (_RETURN, 0, 0, _REFUSE | errno.EPERM)
    yield from [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), refused]
    yield from [(_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, 0x40000000), refused]  # the numbers of another ABI
    for numbers in _NEVER:
        if (number := numbers[column]) is not None:
            yield from [(_EQUAL, 0, 1, number), refused]
    for numbers in _UNKNOWN:
        yield from [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
    for names, argument in _OPENING:
        if (number := names[column]) is not None:
            yield from [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, 16 + 8 * argument), (_AND, 0, 0, _WRITING)]
            yield from [(_EQUAL, 1, 0, 0), refused, (_LOAD, 0, 0, 0)]
    yield from [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, 16), (_AND, 0, 0, _THREAD)]
    yield from [(_EQUAL, 1, 0, _THREAD), refused, (_RETURN, 0, 0, _ALLOW)]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or event.startswith((*_EVENTS, *_EVENTS_OF_FILES)):
        raise PermissionError(f"{event} in a process that reads files")
