"""`stability` uses as many processes as it is told, or as there are processors, and is met by what
every seed proves."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.within import splitspec

from splitspec.checker.proof import ProofResult
from splitspec.checker.symbolic.proving import prove
from splitspec.cli import stability
from splitspec.cli.execution import _unstable
from splitspec.cli.exitcode import ExitCode
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome

SOUND = """module m

sort C
var on[C]: bool
action start(c: C) by kernel
  on[c] := true
invariant sound
  all c: C: on[c] or not on[c]
"""


def interrupted(result: ProofResult) -> ProofResult:
    return replace(result, run=replace(result.run, interrupted=True))


def lost(result: ProofResult) -> ProofResult:
    """A proof whose process died: no obligation has an answer."""
    nothing = Assurance(AssuranceKind.NONE)
    verdicts = (
        replace(v, outcome=Outcome.UNKNOWN, assurance=nothing, reason="the prover was lost")
        for v in result.verdicts
    )
    return replace(result, verdicts=tuple(verdicts), obligations=())


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
    (tmp_path / "m.split").write_text(SOUND)
    asked: list[object] = []

    def prove(*_: object, workers: int, **__: object) -> None:
        asked.append(workers)
        raise AskedError

    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    monkeypatch.setattr(stability, "prove", prove)
    with pytest.raises(AskedError):
        splitspec(tmp_path, "stability", "m.split", *words)
    assert asked == [expected]


@pytest.mark.parametrize(
    ("end", "words", "code"),
    [
        (interrupted, "m: interrupted under seed 1", ExitCode.INTERRUPTED),
        (lost, "unstable  m.sound: proved under 1; unknown under 1", ExitCode.POLICY),
    ],
)
def test_a_seed_that_comes_to_no_end_is_no_stable_proof(
    end: Callable[[ProofResult], ProofResult],
    words: str,
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "m.split").write_text(SOUND)
    made: list[ProofResult] = []

    def proved(*arguments: object, **options: object) -> ProofResult:
        result: ProofResult = prove(*arguments, **options)  # type: ignore[arg-type]
        made.append(end(result) if made else result)
        return made[-1]

    monkeypatch.setattr(stability, "prove", proved)
    done = splitspec(tmp_path, "stability", "m.split", "--seeds", "2")
    assert words in done.stdout
    assert done.returncode == code
    # The gate, which compares proofs under several seeds, too, sees the difference as well.
    assert code is ExitCode.INTERRUPTED or _unstable(made) == ("m.sound",)


def test_what_no_seed_proves_is_open_though_it_owes_nothing(tmp_path: Path) -> None:
    claim = "progress starts(c: C)\n  not on[c] leads to on[c]\n"
    (tmp_path / "m.split").write_text(SOUND + claim)
    done = splitspec(tmp_path, "stability", "m.split", "--seeds", "1")
    assert "open      m.starts: no action is fair, so that nothing has to happen" in done.stdout
    assert done.returncode == ExitCode.UNKNOWN
