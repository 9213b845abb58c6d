"""Write a file whole or not at all; what is no regular file is written through, as a shell would.

A link is followed and stays. A device or a pipe cannot be replaced: who tries, puts a file where
it was, and its reader waits for ever.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from splitspec.cli.exitcode import ExitCode

INPUTS = frozenset({".split", ".toml", ".lock", ".py"})
"""How files are named that runs read, and no command is to write as a report."""
OPENED = re.compile(r"/dev/(?P<name>stdout|stderr)|(/dev|/proc/self)/fd/(?P<number>\d+)")
"""Names of what is open already: a regular file too, which others go on to write."""


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, so that nobody ever reads half of it; raise `OSError`."""
    try:
        if is_stream(path):
            with open(_opened(path) or path, "w", encoding="utf-8") as stream:
                stream.write(text)
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as problem:
        # A full disk is reported without a name; the user knows the file's.
        raise OSError(problem.errno, problem.strerror, str(path)) from None


def is_stream(path: Path) -> bool:
    """Whether what is written to a path cannot be taken back: a device, a pipe, what is open."""
    is_open = OPENED.fullmatch(str(path)) is not None
    return is_open or (path.exists() and not path.is_file() and not path.is_dir())


def _opened(path: Path) -> int | None:
    """Return another number of what a path says is open: it goes on where that has come to."""
    found = OPENED.fullmatch(str(path))
    if found is None:
        return None
    if sys.stdout is not None:
        sys.stdout.flush()
    return os.dup(int(found["number"] or ("stdout", "stderr").index(found["name"]) + 1))


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def is_input(path: Path, read: tuple[Path, ...] = ()) -> bool:
    """Whether a path names what a run reads: by its name, or one of these files, or what stands in
    one of these folders."""
    whole = Path(os.path.realpath(path))
    if not INPUTS.isdisjoint((path.suffix, whole.suffix)):
        return True
    return whole.exists() and any(whole.is_relative_to(os.path.realpath(each)) for each in read)


def write_report(path: str, text: str) -> list[ExitCode]:
    """Write a report and say so on stderr; return the code of what went wrong, if something did."""
    try:
        write_whole(Path(path), text)
    except OSError as error:
        print(f"error: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return [ExitCode.INTERNAL]
    print(f"report: {path}", file=sys.stderr)
    return []
