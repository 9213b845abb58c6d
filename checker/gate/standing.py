"""Turn a lock into how properties and refinements stand: what was accepted of each, and where.

The pages of `docs/` take their verdicts from here, and so change when the lock does.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.checker.gate.lock import Activity, Block, Key, Lock
from splitspec.checker.report.accepted import Accepted, Refined, Standing


def standing(lock: Lock) -> Standing:
    """Return by the path of a property what was accepted of it, in the order of the lock."""
    kinds = (Activity.PROVED, Activity.EXPLORED, Activity.VARIANT)
    found: dict[str, list[Accepted]] = {}
    for key, block in _blocks(lock, kinds):
        if not _is_refinement(key):
            for path, accepted in _accepted(key, block):
                found.setdefault(path, []).append(accepted)
    return {path: tuple(each) for path, each in found.items()}


def refinements(lock: Lock) -> tuple[Refined, ...]:
    """Return what was accepted of each refinement, against each adversary."""
    found: dict[str, list[Accepted]] = {}
    for key, block in _blocks(lock, (Activity.PROVED, Activity.REFINED)):
        if _is_refinement(key):
            found.setdefault(key.run, []).extend(each for _, each in _accepted(key, block))
    named = ((run.partition(" given "), accepted) for run, accepted in found.items())
    return tuple(Refined(name, given, tuple(accepted)) for (name, _, given), accepted in named)


def _blocks(lock: Lock, kinds: Iterable[Activity]) -> Iterable[tuple[Key, Block]]:
    known = {kind.value for kind in kinds}
    return ((key, block) for key, block in sorted(lock.blocks.items()) if key.activity in known)


def _accepted(key: Key, block: Block) -> Iterable[tuple[str, Accepted]]:
    variant = key.run.split()[2] if key.activity == Activity.VARIANT.value else ""
    for path, claim in block.claims.items():
        yield (
            path,
            Accepted(
                key.model, variant, claim.outcome, claim.assurance, block.scope, block.figures
            ),
        )


def _is_refinement(key: Key) -> bool:
    """Whether a run is of a product, as in "memory of isolation given host"."""
    return key.run.split()[1:2] == ["of"]
