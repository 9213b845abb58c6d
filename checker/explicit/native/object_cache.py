"""Keep compiled code on disk: the object code behind one line of JSON that says what it needs to
be used.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Compiled:
    """Object code, and what is known of it beside the code."""

    facts: dict[str, Any]
    content: bytes


def cache_folder() -> Path:
    """Return where compiled code is kept between runs."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if root else Path.home() / ".cache") / "splitspec"


def load(path: Path | None) -> Compiled | None:
    """Return what was kept, if it can be read."""
    try:
        return None if path is None else read(path.read_bytes())
    except OSError:
        return None


def read(whole: bytes) -> Compiled | None:
    """Return what was written, None if it was not written whole."""
    head, _, content = whole.partition(b"\n")
    try:
        return Compiled(json.loads(head), content) if content else None
    except ValueError:
        return None


def written(compiled: Compiled) -> bytes:
    """Return the facts in a line of JSON, then the code."""
    return json.dumps(compiled.facts).encode() + b"\n" + compiled.content


def keep(path: Path | None, compiled: Compiled) -> None:
    """Write by renaming, so that nobody reads half a kernel; go on where that cannot be."""
    if path is None:
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(written(compiled))
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()
