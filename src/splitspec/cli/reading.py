"""Read a model in a copy of this process, while this one loads what is to be done with it.

Both take a quarter of a second of Python. What was read comes back through a pipe, which takes a
tenth of that. A copy that comes to no end was of no use, and the model is read here.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path

from splitspec.checker.parentage import end_with
from splitspec.cli.selection import Request, Selected, select
from splitspec.model.manifest import nearest_manifest


def begin_reading(request: Request) -> Callable[[], Selected]:
    """Return what gives the jobs of a request, which may be read from now on."""
    if not _is_worth_a_copy(request):
        return lambda: select(request)
    receiver, sender = os.pipe()
    original = os.getpid()
    copy = os.fork()
    if copy == 0:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # It ends with the original.
            end_with(original)
            os.close(receiver)
            with open(sender, "wb") as pipe:
                pickle.dump(select(request), pipe, pickle.HIGHEST_PROTOCOL)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(sender)

    def selected() -> Selected:
        with open(receiver, "rb") as pipe:
            content = pipe.read()
        _, status = os.waitpid(copy, 0)
        if status:
            return select(request)
        found: Selected = pickle.loads(content)
        return found

    return selected


def _is_worth_a_copy(request: Request) -> bool:
    """Whether another processor may read the model, and only one. What is said of the shipped
    specification is said by the original."""
    is_alone = (os.cpu_count() or 1) < 2
    return not is_alone and len(request.models) == 1 and nearest_manifest(Path.cwd()) is not None
