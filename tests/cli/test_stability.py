"""`stability` uses as many processes as it is told, or as there are processors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.within import splitspec

from splitspec.cli import stability


class AskedError(Exception):
    """A proof was asked for."""


@pytest.mark.parametrize(
    ("processors", "words", "expected"), [(1, (), 1), (2, (), 2), (2, ("--workers", "1"), 1)]
)
def test_stability_starts_as_many_processes_as_it_is_told_and_else_one_for_each_processor(
    processors: int,
    words: tuple[str, ...],
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
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
    with pytest.raises(AskedError):
        splitspec(tmp_path, "stability", "m.split", *words)
    assert asked == [expected]
