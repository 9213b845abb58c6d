"""Compile what is not in the cache, in a process that can be ended.

LLVM cannot be asked to stop, and a signal waits until it returns. So where a run has a limit of
time or a user who may interrupt it, a copy of this process compiles, and this one waits for the
object code or for the end of the budget.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.explicit.native import object_cache
from splitspec.checker.explicit.native.object_cache import Compiled
from splitspec.checker.parentage import end_with

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PAUSE_SECONDS = 0.05

Make = Callable[[], Compiled]


class CompilerError(Exception):
    """The compiler ended without object code: an error of this program, never of a model."""


def compiled(path: Path, make: Make, budget: Budget | None) -> Compiled:
    """Return the code kept at a path, else make and keep it.

    Raise `BudgetSpentError` if there is no time for that.
    """
    known = object_cache.load(path)
    if known is not None:
        return known
    made = make() if budget is None or not budget.can_end else _made_apart(make, budget)
    object_cache.keep(path, made)
    return made


def _made_apart(make: Make, budget: Budget) -> Compiled:
    """Return what a copy of this process makes."""
    # Imported here alone, since most processes find the code.
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(make, sender, os.getpid()), daemon=True)
    child.start()
    sender.close()
    try:
        content = _received(receiver, budget)
    except BaseException:
        child.kill()
        raise
    finally:
        receiver.close()
        child.join()
    made = object_cache.read(content)
    if made is None:
        raise CompilerError(f"the compiler ended with {child.exitcode}")
    return made


def _send(make: Make, sender: Connection, original: int) -> None:
    end_with(original)
    # Ctrl-C goes to all processes of a terminal; the original decides what follows from it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sender.send_bytes(object_cache.written(make()))


def _received(receiver: Connection, budget: Budget) -> bytes:
    """Return what the other process sends as a whole; nothing if it ends before."""
    while True:
        stop = budget.spent()
        if stop is not None:
            raise BudgetSpentError(stop)
        try:
            if receiver.poll(PAUSE_SECONDS):
                return receiver.recv_bytes()
        except EOFError:
            return b""
