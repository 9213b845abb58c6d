"""Let one gate at a time work on a lock: a second one fails at once, and says whom it found.

The system gives a file lock back when its process ends, however it ends; a copy of the process has
no part in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BusyError(Exception):
    """Somebody else works on the lock; the message says who."""


@contextmanager
def exclusively(path: Path, *, patiently: bool = False) -> Iterator[None]:
    """Hold the right to work on a lock; raise `BusyError` if another process has it, or wait."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"splitspec-{os.getuid()}-{name}"
    with place.open("a+") as file:
        # A lock is that of an open file, which a copy would keep open, and so keep the lock.
        os.register_at_fork(after_in_child=file.close)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if patiently else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise BusyError(f"process {holder} works on {path}: nothing was checked") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
