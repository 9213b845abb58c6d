"""Keep results by the content of their inputs, so that what has not changed is not made again.

What is kept is whole, or counts as not kept (`splitspec.checker.store`). Only what was as expected
is kept, and only if it was not cut short: a failure is always found afresh.
"""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path

import msgspec

from splitspec.checker.proof import ProofResult
from splitspec.checker.result import RunResult
from splitspec.checker.store import DamagedEntryError, Mode, Store
from splitspec.model.frozen import frozen
from splitspec.model.verdict import Verdict

LABEL = "splitspec result 3"


@frozen
class Held:
    """What a walk with an implementation gave besides its claims: the digest of the sources, the
    number of refused calls, and what was not tried (`unexplained`: without a reason), was refused
    for more reasons than it should be, is not shown by the mapping, and was missed by random calls.
    See `lock.Block`. `is_blind` says that the mapping shows nothing at all."""

    implementation: str
    refusals: int
    unexplained: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    stricter: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    is_blind: bool = False


@frozen
class Kept:
    """What one run gave: of an exploration `run`, of a proof `proof`, None if nothing is claimed
    that a prover decides; of a conformance `run` and `held`.

    `system` and `texts` are the digests of what it is about; `seeds` counts the seeds of a proof,
    `unstable` names the obligations that some of them did not prove. `until` is the property at
    which an exploration ended.
    """

    system: str
    texts: dict[str, str] = field(default_factory=dict)
    run: RunResult | None = None
    proof: ProofResult | None = None
    seeds: int = 0
    unstable: tuple[str, ...] = ()
    until: str | None = None
    held: Held | None = None


@frozen
class Keeping:
    """A folder of kept results."""

    folder: Path
    mode: Mode

    @property
    def store(self) -> Store:
        return Store(self.folder, self.mode, LABEL)

    def find(self, key: str) -> Kept | None:
        """Return what is kept under a key; raise `DamagedEntryError` if it is not whole."""
        content = self.store.read(key)
        try:
            return None if content is None else msgspec.json.decode(content, type=Kept)
        except msgspec.MsgspecError as problem:
            raise DamagedEntryError from problem

    def keep(self, key: str, kept: Kept) -> None:
        """Write a result as a whole; raise `OSError` where that cannot be."""
        self.store.write(key, msgspec.json.encode(kept, order="deterministic"))


def differences(old: Kept, new: Kept) -> tuple[str, ...]:
    """Return in words how two results of the same inputs differ, but for time."""
    found = []
    if (old.system, old.texts) != (new.system, new.texts):
        found.append("the digests of the text differ")
    if _timeless_run(old) != _timeless_run(new):
        found.append("the runs differ")
    if old.held != new.held:
        found.append("what was tried of the implementation differs")
    if _timeless_proof(old.proof) != _timeless_proof(new.proof):
        found.append("the proofs differ")
    return tuple(found)


def _timeless_run(kept: Kept) -> RunResult | None:
    """Return what depends neither on the load of the machine nor on how many threads worked."""
    if kept.run is None:
        return None
    run = replace(kept.run.run, seconds=0.0, workers=1, remark="")
    if kept.until is None:
        # Which of several shortest traces is found may depend on which thread is faster.
        return RunResult(run, tuple(_without_trace(v) for v in kept.run.verdicts))
    # What a search saw besides, until it was decided, is nobody's claim.
    run = replace(run, states=0, transitions=0, depth=0, coverage=None)
    named = (v for v in kept.run.verdicts if v.property == kept.until)
    return RunResult(run, tuple(_without_trace(v) for v in named))


def _without_trace(verdict: Verdict) -> Verdict:
    length = "" if verdict.trace is None else f"{verdict.trace.length} steps"
    return replace(verdict, trace=None, reason=f"{verdict.reason}{length}")


def _timeless_proof(result: ProofResult | None) -> ProofResult | None:
    """Return what is proved, without how."""
    if result is None:
        return None
    obligations = tuple(
        replace(o, seconds=0.0, steps=0, method=None, core=()) for o in result.obligations
    )
    run = replace(result.run, seconds=0.0, solving=0.0, steps=0, kept=0, remark="")
    # A proof that was kept may be another one than that which is found now.
    return replace(result, run=run, obligations=obligations, basis=())
