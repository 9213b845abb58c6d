"""Timers of threads that wait for a while at most.

A timer is a time of the VM's clock. That of a snapshot would have passed by when a clone begins, so
a timer that is stopped keeps how much is left, and a clone's is set anew to go off after that.
"""

from __future__ import annotations

from splitspec.impl.hardware.clock import Clock
from splitspec.impl.kernel.records import State, Timer


class Timers:
    """The timers of all threads: at most one each."""

    __slots__ = ("_clock", "_state")

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def start(self, thread: int, ticks: int) -> None:
        """Set the thread's timer to go off after so many ticks."""
        self._state.timers[thread] = Timer(ticks, since=self._clock.now)

    def stop(self, thread: int) -> None:
        """Stop the thread's timer, if it has one, with the ticks that are left."""
        timer = self._state.timers.get(thread)
        if timer is not None:
            self._state.timers[thread] = Timer(self._left(timer), since=None)

    def left(self, thread: int) -> int | None:
        """Return in how many ticks the thread's timer goes off; None if none is running."""
        timer = self._state.timers.get(thread)
        return None if timer is None or timer.since is None else self._left(timer)

    def _left(self, timer: Timer) -> int:
        gone = 0 if timer.since is None else self._clock.now - timer.since
        return max(timer.ticks - gone, 0)
