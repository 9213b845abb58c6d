"""The 74 Linux system calls that functions use, each with how it is treated.

The classes and their sizes are those of the survey of 150 functions in the talk on CoFunc: 26 on
files, 12 on the network, 6 on memory, 3 to synchronise, 3 on threads, 4 on events, 5 others, and 15
that a function may make but that need do nothing.
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
    DUMMY = "dummy"
    """It succeeds and does nothing."""


FILES = """
    read write open close stat fstat lstat lseek pread64 pwrite64 readv writev access openat
    newfstatat readlink getdents64 getcwd chdir mkdir unlink rename ftruncate fcntl dup dup2
"""
NETWORK = """
    socket connect accept bind listen sendto recvfrom sendmsg recvmsg shutdown setsockopt getsockopt
"""
MEMORY = "mmap munmap mprotect brk mremap madvise"
SYNCHRONISATION = "futex sched_yield nanosleep"
THREADS = "clone exit exit_group"
EVENTS = "epoll_create1 epoll_ctl epoll_wait eventfd2"
OTHERS = "getrandom clock_gettime uname getpid gettid"
DUMMIES = """
    rt_sigaction rt_sigprocmask sigaltstack set_tid_address set_robust_list prlimit64 getuid geteuid
    getgid getegid sysinfo sched_getaffinity arch_prctl ioctl rseq
"""

GROUPS = {
    "files": (FILES, Treatment.VERIFIED),
    "network": (NETWORK, Treatment.ENCRYPTED),
    "memory": (MEMORY, Treatment.INSIDE),
    "synchronisation": (SYNCHRONISATION, Treatment.INSIDE),
    "threads": (THREADS, Treatment.INSIDE),
    "events": (EVENTS, Treatment.INSIDE),
    "others": (OTHERS, Treatment.INSIDE),
    "dummies": (DUMMIES, Treatment.DUMMY),
}

CALLS = {
    name: (group, treatment)
    for group, (names, treatment) in GROUPS.items()
    for name in names.split()
}

# Implemented as a method of `Process` of the name on the right.
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
    "epoll_wait": "epoll_wait",
    "eventfd2": "eventfd2",
    "getrandom": "getrandom",
}
