"""A folder of results that are kept by their content.

What is kept begins with a line that says what it is and how it hashes, together with the key under
which it is kept. So what is cut, altered, or stands in the place of something else is found, and
counts as not kept. Who can write the folder can still keep what is not true: an audit finds it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from enum import Enum
from pathlib import Path

from splitspec.model.frozen import frozen


class Mode(Enum):
    """How kept results are used."""

    READ_WRITE = "rw"
    READ_ONLY = "ro"
    AUDIT = "audit"  # All is made again, and compared with what was kept of it.
    OFF = "off"


class DamagedEntryError(Exception):
    """A kept result is not what was written."""


@frozen
class Store:
    """A folder; `label` is the first word of what is kept there."""

    folder: Path
    mode: Mode
    label: str

    def read(self, key: str) -> bytes | None:
        """Return what is kept under a key; raise `DamagedEntryError` if it is not whole."""
        if self.mode is Mode.OFF:
            return None
        try:
            whole = self._path(key).read_bytes()
        except OSError:
            return None
        head, _, content = whole.partition(b"\n")
        if head != self.head(key, content):
            raise DamagedEntryError
        return content

    def write(self, key: str, content: bytes) -> None:
        """Write by renaming, so that nobody reads a part; raise `OSError` where that cannot be."""
        if self.mode not in (Mode.READ_WRITE, Mode.AUDIT):
            return
        path = self._path(key)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(self.head(key, content) + b"\n" + content)
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            raise

    def head(self, key: str, content: bytes) -> bytes:
        """Return the line that tells a whole result from any other."""
        digest = hashlib.sha256(key.encode() + b"\n" + content).hexdigest()
        return f"{self.label} {digest}".encode()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]
