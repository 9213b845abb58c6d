"""The command line within this process, in a folder: a start of its own takes a second of CPU, and
is what `test_commands.py`, `test_crashes.py` and `test_interrupts.py` are about."""

from __future__ import annotations

import subprocess
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from splitspec.cli.application import application


def splitspec(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says, as if it had been a process; raise what it raises."""
    with chdir(folder):
        done = CliRunner().invoke(application, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
