"""Run whole processes from outside, and say what each took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its times in seconds, the most memory that it or one of its own
    processes had, in bytes, and what it wrote to stdout and stderr."""

    code: int
    wall: float
    cpu: float
    memory: int
    output: str
    errors: str


@dataclass(frozen=True)
class Spread:
    """How a figure varied over several runs."""

    least: float
    median: float
    most: float

    def __str__(self) -> str:
        return f"{self.least:.2f} to {self.most:.2f}"


def spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    return Spread(ordered[0], median(ordered), ordered[-1])


class FailedError(Exception):
    """A command ended otherwise than it must."""


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Run a command to its end."""
    environment = {**os.environ, **(variables or {})}
    # It would make every start compile what it imports, which no user's machine does.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        # The process is reaped: its object must not wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = [_content(stream) for stream in (output, errors)]
    cpu = usage.ru_utime + usage.ru_stime
    return Ended(process.returncode, wall, cpu, usage.ru_maxrss * 2**10, texts[0], texts[1])


def run_well(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Run a command that must succeed; raise `FailedError` if it does not."""
    ended = run(command, folder=folder, variables=variables)
    if ended.code != 0:
        told = (ended.output + ended.errors)[-2000:]
        raise FailedError(f"{' '.join(command)} ended with {ended.code}\n{told}")
    return ended


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")
