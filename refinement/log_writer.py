"""Write a log: what an implementation calls to have its runs replayed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TextIO

from splitspec.refinement.log import SCHEMA

Scalar = str | int | bool | None


class LogWriter:
    """Writes header, events and, when it is closed, the end. Used as a context.

    with LogWriter(stream, "granting", given=["host"]) as log:
        log.event("create", {"c": "c1"}, {"phase[c1]": "created"})
        log.event("kill", {"c": "c2"}, refused="driven")
    """

    def __init__(
        self,
        stream: TextIO,
        model: str,
        *,
        given: Sequence[str] = (),
        sizes: Mapping[str, int] | None = None,
        pins: Mapping[str, str | int | bool] | None = None,
        unlogged: Sequence[str] = (),
    ) -> None:
        self._stream = stream
        self._number = 0
        header = {"given": list(given), "sizes": dict(sizes or {}), "pins": dict(pins or {})}
        names = {"schema": SCHEMA, "model": model}
        self._write({**names, **header, "unlogged": list(unlogged)})

    def event(
        self,
        action: str | None = None,
        arguments: Mapping[str, str] | None = None,
        state: Mapping[str, Scalar] | None = None,
        *,
        refused: str | bool = False,
        note: Any = None,
    ) -> None:
        """Write one event: a step or a refused call, and what was seen after it."""
        self._number += 1
        line: dict[str, Any] = {"n": self._number}
        if action is not None:
            line |= {"action": action, "arguments": dict(arguments or {})}
        if refused:
            line["refused"] = refused
        if state:
            line["state"] = dict(state)
        if note is not None:
            line["note"] = note
        self._write(line)

    def close(self) -> None:
        """Write the end; a log without it is taken for a cut one."""
        self._write({"end": self._number})

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._stream.flush()
