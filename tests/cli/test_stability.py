"""`stability` uses as many processes as there are processors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from splitspec.cli import stability
from splitspec.cli.selection import Request
from splitspec.cli.terminal import Choice


class AskedError(Exception):
    """A proof was asked for."""


@pytest.mark.parametrize("processors", [1, 2])
def test_stability_starts_no_more_processes_than_there_are_processors(
    processors: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "m.split").write_text(
        "module m\n\nsort C\nvar on[C]: bool\naction start(c: C) by kernel\n  on[c] := true\n"
        "invariant sound\n  all c: C: on[c] or not on[c]\n"
    )
    asked: list[object] = []

    def prove(*_: object, workers: int, **__: object) -> None:
        asked.append(workers)
        raise AskedError

    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    monkeypatch.setattr(stability, "prove", prove)
    what = Request(models=(str(tmp_path / "m.split"),), size=2)
    request = stability.StabilityRequest(what, 1, 1000, Choice.NEVER, Choice.NEVER)
    with pytest.raises(AskedError):
        stability.stabilise(request)
    assert asked == [processors]
