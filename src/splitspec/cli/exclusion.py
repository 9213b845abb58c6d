"""Let one gate at a time work on a lock: a second one fails at once, and says whom it found.

What the system locks is the folder of the lock, which every process finds whatever its environment;
where a file system locks no folders, a file that each user has for it. The system gives it back
when its process ends, however it ends; a copy of the process has no part in it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class BusyError(Exception):
    """Somebody else works on the lock; the message says who."""


@contextmanager
def exclusively(path: Path, *, patiently: bool = False) -> Iterator[None]:
    """Hold the right to work on a lock; raise `BusyError` if another process has it, or wait."""
    place = _locked(path, fcntl.LOCK_EX | (0 if patiently else fcntl.LOCK_NB))
    held = [place]

    def let_go() -> None:
        while held:
            os.close(held.pop())

    # A lock is that of an open file, which a copy would keep open, and so keep the lock.
    os.register_at_fork(after_in_child=let_go)
    try:
        yield
    finally:
        let_go()


def _locked(path: Path, how: int) -> int:
    """Return the number of an open file that is locked now."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    own = Path(tempfile.gettempdir()) / f"splitspec-{os.getuid()}-{name}"
    created = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    for file, flags in ((path.parent, os.O_RDONLY), (own, created)):
        with suppress(OSError):
            place = os.open(file, flags, 0o600)
            if _is_taken(place, path, how):
                return place
    raise OSError(errno.ENOLCK, "it cannot be locked", str(path))


def _is_taken(place: int, path: Path, how: int) -> bool:
    """Lock an open file; return whether its file system can, and raise `BusyError`."""
    try:
        fcntl.flock(place, how)
    except BlockingIOError:
        text = f"{_holder(place)} works on {path}: nothing was checked"
        os.close(place)
        raise BusyError(text) from None
    except OSError:
        os.close(place)
        return False
    return True


def _holder(place: int) -> str:
    """Return who has the lock of an open file, where the system tells."""
    status = os.fstat(place)
    ends = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[1:2] == ["FLOCK"] and words[5:6] == [ends]:
                return f"process {words[4]}"
    return "another process"
