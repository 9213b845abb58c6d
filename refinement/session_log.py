"""Write what an implementation does, call by call, as logs to replay: the steps that it took, the
calls that it refused, and the state that it shows after each.

Nothing of the specification's answer gets into a log, so that `replay` judges anew. A mapping's
names make lines of calls: elements as traces write them, guards that reasons mean. Where a reason
means several guards, or none of the run, the line says only that the call was refused; where the
mapping lets the implementation be stricter than the model, only what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from splitspec.refinement.divergence import Call
from splitspec.refinement.log_writer import LogWriter, Scalar
from splitspec.refinement.mapping import Implementation

Seen = Mapping[str, Scalar]


class SessionLog:
    """A folder of logs, one for each implementation that is begun; used as a context."""

    def __init__(self, folder: Path, name: str, mapping: Implementation[Any]) -> None:
        self.paths: list[Path] = []
        self._folder, self._name, self._mapping = folder, name, mapping
        self._stream: TextIO | None = None
        self._log: LogWriter | None = None

    def begin(self) -> None:
        """End the log of the implementation before, and begin that of a new one."""
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._name}-{len(self.paths) + 1}.ndjson"
        self.paths.append(path)
        self._stream = path.open("w", encoding="utf-8")
        mapping = self._mapping
        self._log = LogWriter(
            self._stream,
            mapping.model,
            given=mapping.given,
            sizes=mapping.sizes,
            pins=mapping.pins,
        )

    def step(self, call: Call, seen: Seen) -> None:
        """Write a call that was done."""
        self._write(call.action, dict(call.arguments), seen)

    def refusal(self, call: Call, guards: Sequence[str], seen: Seen) -> None:
        """Write a call that was refused, for a reason that means these guards."""
        refused = guards[0] if len(guards) == 1 else True
        self._write(call.action, dict(call.arguments), seen, refused)

    def look(self, seen: Seen, note: str) -> None:
        """Write what was seen, and why there is no call."""
        assert self._log is not None
        self._log.event(state=seen, note=note)

    def close(self) -> None:
        """End the last log."""
        if self._log is not None and self._stream is not None:
            self._log.close()
            self._stream.close()
        self._log = self._stream = None

    def __enter__(self) -> SessionLog:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _write(
        self, action: str, arguments: dict[str, str], seen: Seen, refused: str | bool = False
    ) -> None:
        assert self._log is not None
        self._log.event(action, arguments, seen, refused=refused)
