"""`splitspec fmt`: rewrite files in canonical form; a file with errors stays as it is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from splitspec.checker.report.diagnostics import render
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.terminal import Choice, painter
from splitspec.model.formatter import format_source
from splitspec.model.source import Source


def format_all(files: tuple[str, ...], color: Choice, *, check_only: bool) -> ExitCode:
    """Format each file; with `check_only` only say which would change."""
    return combine(_format(Path(name), color, check_only=check_only) for name in files)


def _format(path: Path, color: Choice, *, check_only: bool) -> ExitCode:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        print(f"error: {path} cannot be read: {reason}", file=sys.stderr)
        return ExitCode.USAGE
    formatted = format_source(Source(str(path), text))
    if formatted.diagnostics:
        print(render(formatted.diagnostics, painter(color, sys.stderr)), file=sys.stderr)
        return ExitCode.USAGE
    if formatted.text == text:
        return ExitCode.MET
    if check_only:
        print(f"{path} is not in canonical form")
        return ExitCode.POLICY
    try:
        _rewrite(path.resolve(), formatted.text)
    except OSError as error:
        print(f"error: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE
    print(f"{path} formatted")
    return ExitCode.MET


def _rewrite(path: Path, text: str) -> None:
    """Replace a file at once, so that nobody ever reads half of it; its mode stays."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        shutil.copymode(path, partial)
        partial.replace(path)
    except OSError:
        if partial.is_file():
            partial.unlink()
        raise
