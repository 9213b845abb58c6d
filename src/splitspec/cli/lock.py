"""`splitspec lock`: accept what is found, and show what is thereby accepted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from splitspec.checker.gate.comparison import compare, is_loss, with_settled_cost
from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Block, Key, Lock
from splitspec.checker.gate.lock_text import DamagedLockError, load, written
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.counting import counted
from splitspec.cli.declared import fewer_seeds
from splitspec.cli.demands import Demand
from splitspec.cli.exclusion import BusyError, exclusively
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.gate import GateRequest, Round, gather, refuse
from splitspec.cli.models import RefusedError, own_manifest, report_problems, wrong
from splitspec.cli.summary import code_of
from splitspec.cli.terminal import painter
from splitspec.cli.writing import write_whole
from splitspec.model.frozen import frozen
from splitspec.model.manifest import LOCK_NAME
from splitspec.model.tier import Tier


@frozen
class LockRequest:
    """What was asked on the command line: what to run, and what to accept of it."""

    gate: GateRequest
    check: bool
    weaker: bool
    anew: bool


def accept(request: LockRequest, interruption: Interruption) -> ExitCode:
    """Make what is due, show how it differs from the lock, and write it if all is well."""
    try:
        if request.anew and request.gate.models:
            raise wrong("--anew begins with an empty lock, so that it is of all models: name none")
        manifest = own_manifest(request.gate.folder)
        path = manifest.with_name(LOCK_NAME)
        with exclusively(path):
            old = _readable(path) if request.anew else load(path) or Lock()
            round_ = gather(request.gate, manifest, interruption, anew=request.anew)
            return _accept(request, old, round_)
    except RefusedError as refusal:
        return report_problems(refusal.problems, request.gate.color)
    except BusyError as busy:
        return refuse(Kind.BUSY, str(busy), ExitCode.NOTHING)
    except DamagedLockError as damage:
        return refuse(Kind.DAMAGED, str(damage), ExitCode.USAGE)
    except OSError as problem:
        text = f"{problem.filename}: {problem.strerror}"
        return refuse(Kind.UNWRITABLE, text, ExitCode.INTERNAL)


def _readable(path: Path) -> Lock:
    """Return a lock, an empty one if it is damaged: what is made anew needs none, and shows how it
    differs from one that is whole."""
    try:
        return load(path) or Lock()
    except DamagedLockError:
        return Lock()


def _accept(request: LockRequest, old: Lock, round_: Round) -> ExitCode:
    bad = [finding for finding in round_.findings if not finding.kind.is_note]
    if bad:
        _show(bad, request)
        print("nothing was accepted: only what is as expected can be")
        return combine(code_of(finding.kind) for finding in bad)
    new = _merged(Lock() if request.anew else old, round_, request)
    changes = [*compare(old, new.blocks, new.blocks), *fewer_seeds(old, round_.all)]
    losses = [finding for finding in changes if is_loss(finding)]
    if losses or request.check or not request.gate.quiet:
        _show(changes, request)
    if old == new:
        print(f"{round_.path} says it already: {_size(new)}")
        return ExitCode.MET
    if losses and not request.weaker:
        what = "1 loss is" if len(losses) == 1 else f"{len(losses):,} losses are"
        print(f"nothing was accepted: {what}, with --weaker only")
        return ExitCode.POLICY
    if request.check:
        print(f"{round_.path} was not written: --check")
        return ExitCode.POLICY
    write_whole(round_.path, written(new))
    print(f"{round_.path} was written: {_size(new)}")
    return ExitCode.MET


def _merged(old: Lock, round_: Round, request: LockRequest) -> Lock:
    """Return the old lock with what was found in place of what it had of it.

    Blocks of later tiers stay as they are; blocks that nothing declares any more go.
    """
    declared = {demand.key for demand in round_.all}
    blocks: dict[Key, Block] = {}
    others = _others(old, request)
    for key, block in old.blocks.items():
        if key in declared or key in others:
            blocks[key] = block
    for demand in round_.all:
        if demand.key in blocks:
            # When a run is due, and under how many seeds, needs no run to be accepted.
            old_block = blocks[demand.key]
            seeds = min(old_block.seeds, demand.seeds_at_most)
            blocks[demand.key] = replace(old_block, tier=demand.tier, seeds=seeds)
    for demand in round_.due:
        blocks.pop(demand.key, None)
    for item in round_.judged:
        if item.block is not None:
            before = old.blocks.get(item.demand.key)
            blocks[item.demand.key] = _settled(before, item.demand, item.block)
    return Lock(dict(sorted(blocks.items())))


def _others(old: Lock, request: LockRequest) -> set[Key]:
    """Return the keys of models that were not asked for."""
    if not request.gate.models:
        return set()
    return {key for key in old.blocks if key.model not in request.gate.models}


def _settled(before: Block | None, demand: Demand, new: Block) -> Block:
    """Return a block with what of the accepted one a run need not say again: a cost that differs
    little, and the seeds under which an equal one was proved, if some tier still takes as many."""
    if before is None:
        return new
    new = with_settled_cost(before, new)
    if (before.system, before.claims) != (new.system, new.claims):
        return new
    return replace(new, seeds=max(new.seeds, min(before.seeds, demand.seeds_at_most)))


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
    """Return how much a lock says, and when it is due: "7 blocks, 2 due at commit and 5 at pr"."""
    due = Counter(block.tier for block in lock.blocks.values())
    tiers = [f"{due[tier]:,} at {tier.value}" for tier in Tier if due[tier]]
    named = f", due {' and '.join(tiers)}" if tiers else ""
    return f"{counted(len(lock.blocks), 'block')} with {counted(lock.claims, 'claim')}{named}"
