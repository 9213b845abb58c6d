"""Turn a lock into how properties and refinements stand: what was accepted of each, and where.

The pages of `docs/` take their verdicts from here, and so change when the lock does.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.checker.gate.lock import Activity, Block, Key, Lock
from splitspec.checker.report.accepted import Accepted, Refined, Standing
from splitspec.checker.report.counting import counted


def standing(lock: Lock) -> Standing:
    """Return by the path of a property what was accepted of it, in the order of the lock."""
    kinds = (Activity.PROVED, Activity.EXPLORED, Activity.VARIANT)
    found: dict[str, list[Accepted]] = {}
    for key, block in _blocks(lock, kinds):
        if not _abstract(key):
            for path, accepted in _accepted(key, block):
                found.setdefault(path, []).append(accepted)
    return {path: tuple(each) for path, each in found.items()}


def refinements(lock: Lock) -> tuple[Refined, ...]:
    """Return what was accepted of each refinement, against each adversary."""
    found: dict[str, list[Accepted]] = {}
    for key, block in _blocks(lock, (Activity.PROVED, Activity.REFINED)):
        if _abstract(key):
            found.setdefault(key.run, []).extend(each for _, each in _accepted(key, block))
    return tuple(_refined(run, accepted) for run, accepted in found.items())


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


def _abstract(key: Key) -> str:
    """Return what the run's model is held to as a refinement, "" if it is no such run."""
    words = key.run.split()
    return words[2] if words[1:2] == ["of"] else ""


def _refined(run: str, accepted: Iterable[Accepted]) -> Refined:
    name, _, given = run.partition(" given ")
    claims: dict[str, int] = {}
    sizes = states = ""
    for each in accepted:
        claims[each.shown] = claims.get(each.shown, 0) + 1
        if each.shown == "explored":
            orbits = each.figures.get("orbits")
            count = each.figures.get("states", 0) if orbits is None else orbits
            sizes, states = each.sizes, counted(count, "state" if orbits is None else "orbit")
    return Refined(name, given, claims, sizes, states)
