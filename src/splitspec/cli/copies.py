"""Make many short runs at once, in copies of this process.

A short run is spent in Python, where threads do not help. Each copy takes the next group of runs
when it has finished one; runs that share a kernel are one group, so that it is compiled once. What
a copy found comes back through a pipe, and at its end the word that it has nothing left to do. A
copy that ends without it is an error, whatever its exit code: what it runs may be a user's program,
which can end the process with any. However the original ends, its copies end, too.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.checker.parentage import end_with, is_orphan

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PAUSE_SECONDS = 0.05

Groups = Sequence[Sequence[int]]
"""The numbers of runs; those of a group are made by one copy, in their order."""
Result = TypeVar("Result")


class LostCopyError(Exception):
    """A copy ended before it had made its runs."""


class Flag(Protocol):
    """A number that all copies see."""

    value: int


class _Relayed(Interruption):
    """The interruption of the original, as its copies see it."""

    def __init__(self, flag: Flag) -> None:
        super().__init__()
        self._flag = flag

    @property
    def requested(self) -> bool:
        return self._flag.value != 0


def make_all(
    groups: Groups,
    make: Callable[[int, Interruption], Result],
    copies: int,
    interruption: Interruption,
    tick: Callable[[], None],
) -> Iterator[tuple[int, Result]]:
    """Iterate over the runs by number, in the order in which they are finished.

    An interruption lets the copies end what they are doing; runs that were not begun are left out.
    `tick` is called several times a second.
    """
    # Imported here alone: a single run needs none of it.
    from multiprocessing import get_context
    from multiprocessing.connection import wait

    context = get_context("fork")
    taken, flag = context.Value("i", 0), context.RawValue("i", int(interruption.requested))

    original = os.getpid()

    def work(sender: Connection) -> None:
        end_with(original)
        # Ctrl-C goes to all processes of a terminal; the original decides what follows from it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        relayed = _Relayed(flag)
        while True:
            with taken.get_lock():
                number, taken.value = taken.value, taken.value + 1
            if number >= len(groups):
                break
            for run in groups[number]:
                if relayed.requested or is_orphan(original):
                    sender.send(None)
                    return
                sender.send((run, make(run, relayed)))
        sender.send(None)

    ends, through = {}, set()
    for _ in range(min(copies, len(groups))):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(sender,))
        process.start()
        sender.close()
        ends[receiver] = process
    try:
        while ends:
            flag.value = int(interruption.requested)
            for ready in wait(list(ends), PAUSE_SECONDS):
                receiver = next(end for end in ends if end is ready)
                try:
                    item = receiver.recv()
                except EOFError:
                    process = ends.pop(receiver)
                    process.join()
                    if process.exitcode != 0 or receiver not in through:
                        what = f"a copy ended with {process.exitcode} before its runs were made"
                        raise LostCopyError(what) from None
                    continue
                if item is None:
                    through.add(receiver)
                else:
                    yield item
            tick()
    finally:
        # Only an error, or the user who gives up, leaves some of them at work.
        for process in ends.values():
            process.kill()
            process.join()
