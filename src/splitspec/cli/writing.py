"""Write a file whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from splitspec.cli.exitcode import ExitCode


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, so that nobody ever reads half of it; raise `OSError`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        # A full disk is reported without a name; the user knows the file's.
        raise OSError(problem.errno, problem.strerror, str(path)) from None


def write_report(path: str, text: str) -> list[ExitCode]:
    """Write a report and say so on stderr; return the code of what went wrong, if something did."""
    try:
        write_whole(Path(path), text)
    except OSError as error:
        print(f"error: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return [ExitCode.INTERNAL]
    print(f"report: {path}", file=sys.stderr)
    return []
