"""`splitspec lock`: accept what is found, and show what is thereby accepted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from splitspec.checker.gate.comparison import compare, is_loss
from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Block, Key, Lock
from splitspec.checker.gate.lock_text import DamagedLockError, load, written
from splitspec.checker.interruption import Interruption
from splitspec.cli.exclusion import BusyError, exclusively
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.gate import GateRequest, Round, gather, refuse
from splitspec.cli.models import RefusedError, own_manifest, report_problems
from splitspec.cli.summary import code_of
from splitspec.cli.terminal import painter
from splitspec.cli.writing import write_whole
from splitspec.model.manifest import LOCK_NAME
from splitspec.model.tier import Tier


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What was asked on the command line: what to run, and what to accept of it."""

    gate: GateRequest
    check: bool
    weaker: bool
    anew: bool


def accept(request: LockRequest, interruption: Interruption) -> ExitCode:
    """Make what is due, show how it differs from the lock, and write it if all is well."""
    try:
        manifest = own_manifest(request.gate.folder)
        path = manifest.with_name(LOCK_NAME)
        with exclusively(path):
            old = Lock() if request.anew else load(path) or Lock()
            round_ = gather(request.gate, manifest, interruption, anew=request.anew)
            return _accept(request, old, round_)
    except RefusedError as refusal:
        return report_problems(refusal.problems, request.gate.color)
    except BusyError as busy:
        return refuse(Kind.BUSY, str(busy), ExitCode.NOTHING)
    except DamagedLockError as damage:
        return refuse(Kind.DAMAGED, str(damage), ExitCode.USAGE)


def _accept(request: LockRequest, old: Lock, round_: Round) -> ExitCode:
    bad = [finding for finding in round_.findings if not finding.kind.is_note]
    if bad:
        _show(bad, request)
        print("nothing was accepted: only what is as expected can be")
        return combine(code_of(finding.kind) for finding in bad)
    new = _merged(old, round_, request)
    changes = compare(old, new.blocks, set(new.blocks) | _others(old, round_, request))
    _show(changes, request)
    losses = [finding for finding in changes if is_loss(finding)]
    if old == new:
        print(f"{round_.path} says it already: {_size(new)}")
        return ExitCode.MET
    if losses and not request.weaker:
        print(f"nothing was accepted: {len(losses)} losses are, with --weaker only")
        return ExitCode.POLICY
    if request.check:
        print(f"{round_.path} was not written: --check")
        return ExitCode.POLICY
    try:
        write_whole(round_.path, written(new))
    except OSError as problem:
        return refuse(Kind.UNWRITABLE, f"{round_.path}: {problem.strerror}", ExitCode.INTERNAL)
    print(f"{round_.path} was written: {_size(new)}")
    return ExitCode.MET


def _merged(old: Lock, round_: Round, request: LockRequest) -> Lock:
    """Return the old lock with what was found in place of what it had of it.

    Blocks of later tiers stay as they are; blocks that nothing declares any more go.
    """
    declared = {demand.key for demand in round_.all}
    blocks: dict[Key, Block] = {}
    others = _others(old, round_, request)
    for key, block in old.blocks.items():
        if key in declared or key in others:
            blocks[key] = block
    for demand in round_.due:
        blocks.pop(demand.key, None)
    for key, block in round_.blocks.items():
        blocks[key] = _with_figures_of(old.blocks, key, block)
    return Lock(dict(sorted(blocks.items())))


def _others(old: Lock, round_: Round, request: LockRequest) -> set[Key]:
    """Return the keys of models that were not asked for."""
    if not request.gate.models:
        return set()
    return {key for key in old.blocks if key.model not in request.gate.models}


def _with_figures_of(old: Mapping[Key, Block], key: Key, new: Block) -> Block:
    """Return a block with the seeds that an equal one was proved under before."""
    before = old.get(key)
    if before is None or (before.system, before.claims) != (new.system, new.claims):
        return new
    return replace(new, seeds=max(before.seeds, new.seeds))


def _show(findings: Iterable[Finding], request: LockRequest) -> None:
    paint = painter(request.gate.color, sys.stdout)
    shown = list(findings)
    for finding in shown:
        parts = [part for part in (finding.run, finding.claim) if part]
        style = "faint" if finding.kind.is_note else "bad" if is_loss(finding) else "title"
        print(f"  {paint(style, f'{finding.kind.value:<12}')}{' · '.join(parts)}: {finding.text}")
    for kind in dict.fromkeys(finding.kind for finding in shown):
        if kind in ADVICE and code_of(kind) is not ExitCode.POLICY:
            print(f"  {'':<12}→ {ADVICE[kind]}")


def _size(lock: Lock) -> str:
    later = sum(block.tier is not Tier.COMMIT for block in lock.blocks.values())
    return f"{len(lock.blocks):,} blocks, {lock.claims:,} claims, {later:,} blocks of later tiers"
