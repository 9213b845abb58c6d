"""Keep compiled code on disk: a digest, one line of JSON that says what the code needs to be used,
and the object code.

What a disk or an editor changed is compiled anew: code that is run without a look at it decides
verdicts. Who may write to the folder is trusted as the user is.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from splitspec.model.frozen import frozen

KEPT = 4096
"""As many objects stay; those that were made or used last. One is some 20 kB."""


@frozen
class Compiled:
    """Object code, and what is known of it beside the code."""

    facts: dict[str, Any]
    content: bytes


def cache_folder() -> Path:
    """Return where compiled code is kept between runs."""
    root = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative one is to be ignored: it would be another folder wherever one is.
    return (root if root.is_absolute() else Path.home() / ".cache") / "splitspec"


def load(path: Path | None) -> Compiled | None:
    """Return what was kept, if it can be read and is what was written."""
    if path is None:
        return None
    try:
        compiled = read(path.read_bytes())
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)
    return compiled


def read(whole: bytes) -> Compiled | None:
    """Return what was written; None iff this is not all of it, or not as it was."""
    digest, _, rest = whole.partition(b"\n")
    head, _, content = rest.partition(b"\n")
    if not content or digest != _digest(rest):
        return None
    return Compiled(json.loads(head), content)


def written(compiled: Compiled) -> bytes:
    """Return the digest of what follows, the facts in a line of JSON, then the code."""
    rest = json.dumps(compiled.facts).encode() + b"\n" + compiled.content
    return _digest(rest) + b"\n" + rest


def _digest(rest: bytes) -> bytes:
    return hashlib.blake2b(rest, digest_size=16).hexdigest().encode()


def keep(path: Path | None, compiled: Compiled) -> None:
    """Write by renaming, so that nobody reads half a kernel; go on where that cannot be."""
    if path is None:
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(written(compiled))
        partial.replace(path)
        _drop_oldest(path.parent)
    except OSError:
        with suppress(OSError):
            partial.unlink()


def _drop_oldest(folder: Path) -> None:
    """Leave the objects that were used last; nobody asks for those of older models again."""
    with os.scandir(folder) as entries:
        # The parser keeps its tables in the same folder, as JSON.
        files = [entry for entry in entries if entry.is_file() and "." not in entry.name]
    excess = len(files) - KEPT
    if excess <= 0:
        return
    # Another process may drop the same ones at the same time.
    for entry in sorted(files, key=_last_use)[: excess + KEPT // 8]:
        with suppress(OSError):
            os.unlink(entry)


def _last_use(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0
