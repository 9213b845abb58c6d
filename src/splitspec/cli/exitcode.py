"""Turn what a command found into the one number that a script reads (docs/soundness.md)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes; where several apply the one that stands first in `PRECEDENCE` wins."""

    MET = 0  # Every selected obligation is met at its required assurance.
    VIOLATED = 1  # A property is violated, or a witness does not exist.
    USAGE = 2  # The command line or a specification is wrong.
    UNKNOWN = 3  # Undecided: a limit, a bound, no verdict.
    POLICY = 4  # Counts drifted, something is vacuous, or a variant does not fail as it should.
    NOTHING = 5  # Nothing was checked.
    INTERNAL = 70  # A fault of this program.
    INTERRUPTED = 130  # Stopped by the user; what is printed is partial.


PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.VIOLATED,
    ExitCode.POLICY,
    ExitCode.UNKNOWN,
    ExitCode.NOTHING,
    ExitCode.MET,
)


def combine(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that takes precedence; nothing at all is `NOTHING`."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), ExitCode.NOTHING)
