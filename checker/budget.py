"""What a run may still use: the time that it was given, and the patience of who started it.

Every phase asks the same budget, so that a limit means the run and not one of its phases: the
evaluator's tier, the compiler, the search, and the sweeps that follow it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Limits, Stop


class BudgetSpentError(Exception):
    """Ends what cannot return half a result; `stop` says why."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.value)
        self.stop = stop


@dataclass(frozen=True)
class Budget:
    """The limits of a run that began at `began`, a time of the monotonic clock."""

    limits: Limits = field(default_factory=Limits)
    interruption: Interruption | None = None
    began: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        """How long the run has been going on."""
        return monotonic() - self.began

    @property
    def can_end(self) -> bool:
        """Whether it may ever be spent."""
        return self.interruption is not None or self.limits.time is not None

    def spent(self) -> Stop | None:
        """Return why everything has to end now, None if nothing has to."""
        if self.interruption is not None and self.interruption.requested:
            return Stop.INTERRUPTED
        if self.limits.time is not None and self.seconds >= self.limits.time:
            return Stop.TIME
        return None
