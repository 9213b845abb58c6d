"""Questions whose answers are written down, so that the end of a process loses one of them.

A solver is native code: it may run out of memory, abort, or crash, and its process with it. What is
asked of a solver is therefore asked through a journal, one question after the other. Here it keeps
nothing; `splitspec.checker.symbolic.supervision` has one that outlives the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

OUT_OF_MEMORY = "out of memory"

Answer = TypeVar("Answer")
Result = TypeVar("Result")


class ExhaustedError(MemoryError):
    """A solver had not enough memory: it answers nothing, and is not to be asked again."""


@dataclass(slots=True)
class Journal:
    """Has questions answered in this process, from a moment on (of `time.perf_counter`)."""

    started: float = field(default_factory=time.perf_counter, kw_only=True)

    @property
    def is_known(self) -> bool:
        """Whether the next answer is written down already: then this was done before."""
        return False

    def ask(
        self, make: Callable[[], Answer], lost: Callable[[str], Answer], about: str = ""
    ) -> Answer:
        """Return what `make` returns; where a solver is lost over it, what `lost` makes of the
        reason.

        Both return values that can be pickled. The questions of a run, and the answers to them, are
        the same every time; by what a question is `about`, and who makes its answer, it is known
        again.
        """
        try:
            return make()
        except MemoryError:
            return lost(OUT_OF_MEMORY)

    def beside(self, work: Callable[[Journal], Result]) -> Callable[[], Result]:
        """Return what gives the result of a part of the work, which asks through a journal of its
        own. It may be done from now on, by another process, or here when the result is wanted: it
        must come to the same. The result can be pickled, and is asked for once.
        """
        return partial(work, self)


@dataclass(slots=True)
class Unguarded(Journal):
    """Within a question of another journal: what is lost here is lost of that question."""

    def ask(
        self, make: Callable[[], Answer], lost: Callable[[str], Answer], about: str = ""
    ) -> Answer:
        return make()
