"""The user's request to end a run, which every phase of it obeys at its next opportunity.

An exception would fly from wherever the program happens to be: from a search whose threads are at
work, from half a report. So the first signal is noted, and what can take long asks for it. The
second gives up what is under way, but not the report of what was judged before.
"""

from __future__ import annotations


class Interruption:
    """Whether the user asked for the end; one that nobody notifies never does."""

    def __init__(self) -> None:
        self.signals = 0
        self._is_settled = False

    @property
    def requested(self) -> bool:
        return self.signals > 0

    def settle(self) -> None:
        """Let no further signal disturb what follows, since it is short and must be whole."""
        self._is_settled = True

    def notify(self) -> None:
        """Take note of a signal; raise KeyboardInterrupt at the second."""
        self.signals += 1
        if self.signals == 2 and not self._is_settled:
            raise KeyboardInterrupt
