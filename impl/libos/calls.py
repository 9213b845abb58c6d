"""The 74 Linux system calls that functions use, each with how it is treated.

The classes and their sizes are those of the survey of 150 functions in the talk on CoFunc: 26 on
files, 12 on the network, 6 on memory, 3 to synchronise, 3 on threads, 4 on events, 5 others, and 15
that a function may make but that need do nothing. The talk gives no names; they are those of the
published libOS where it has them (`docs/syscalls.md` says which). Data may be left to the host, and
waiting for what comes from outside, which it can put off anyhow. Where a function's memory lies,
which of its threads runs, and what they wait for of one another may not.
"""

from __future__ import annotations

from enum import Enum


class Treatment(Enum):
    """What becomes of a call."""

    INSIDE = "inside"
    """The library or the kernel serves it; the host learns nothing."""
    VERIFIED = "delegated, verified"
    """The host reads the image; each block is checked against the measured root."""
    ENCRYPTED = "delegated, encrypted"
    """The host moves records that it can neither read nor change."""
    HINT = "delegated, a hint"
    """The host says that something may be ready; the read that follows decides."""
    BELIEVED = "delegated, believed"
    """A number that only the host has, such as the time: its word."""
    DUMMY = "dummy"
    """It succeeds and does nothing."""


DELEGATED = frozenset({Treatment.VERIFIED, Treatment.ENCRYPTED, Treatment.HINT, Treatment.BELIEVED})
"""The treatments of the calls that leave the VM."""

FILES = """
    open close read readv pread write writev lseek stat fstat lstat statx readlink getdents64 access
    getcwd rename mkdir unlink symlink chmod ftruncate sendfile fcntl ioctl dup
"""
NETWORK = """
    socket bind connect listen accept4 sendto recvfrom setsockopt getsockopt getsockname getpeername
    shutdown
"""
MEMORY = "mmap munmap mprotect brk mremap madvise"
SYNCHRONISATION = "futex eventfd2 pipe2"
THREADS = "clone exit exit_group"
EVENTS = "epoll_create1 epoll_ctl epoll_pwait poll"
MISCELLANY = "clock_gettime clock_getres times sysinfo setitimer"
DUMMIES = """
    getuid geteuid getgid getegid setuid setgid getgroups setgroups getpid capget umask mbind
    get_mempolicy sched_getaffinity sched_getattr
"""

GROUPS = {
    "filesystem": (FILES, Treatment.VERIFIED),
    "network": (NETWORK, Treatment.ENCRYPTED),
    "memory": (MEMORY, Treatment.INSIDE),
    "sync": (SYNCHRONISATION, Treatment.INSIDE),
    "thread": (THREADS, Treatment.INSIDE),
    "event": (EVENTS, Treatment.HINT),
    "miscellany": (MISCELLANY, Treatment.BELIEVED),
    "dummy": (DUMMIES, Treatment.DUMMY),
}

CALLS = {
    name: (group, treatment)
    for group, (names, treatment) in GROUPS.items()
    for name in names.split()
}

# Implemented as a method of `Process` of the name on the right. What a function gets beyond them,
# random bytes, is an instruction of the processor.
IMPLEMENTED = {
    "open": "open",
    "read": "read",
    "write": "write",
    "close": "close",
    "mmap": "mmap",
    "munmap": "munmap",
    "brk": "brk",
    "socket": "connect",
    "connect": "connect",
    "sendto": "send",
    "recvfrom": "receive",
    "clone": "clone",
    "futex": "futex_wait",
    "eventfd2": "eventfd2",
    "epoll_pwait": "epoll_wait",
    "clock_gettime": "clock_gettime",
}
