"""What the text and `models.toml` say of a lock, whether or not the runs are made: so that at every
tier it is found that a later one would do less, and that nothing decides a claim.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import Activity, Block, Key, Lock
from splitspec.checker.gate.record import sizes_of
from splitspec.cli.demands import Demand
from splitspec.cli.judging import Judged, killers_of
from splitspec.model.manifest import FILE_NAME

OF_THE_TEXT = (Activity.EXPLORED.value, Activity.PROVED.value)


def declared_blocks(locked: Lock, demands: Iterable[Demand]) -> Mapping[Key, Block]:
    """Return the locked blocks of demands as they would be if every run gave what it gave."""
    return {
        demand.key: _declared(demand, locked.blocks[demand.key])
        for demand in demands
        if demand.key in locked.blocks
    }


def _declared(demand: Demand, block: Block) -> Block:
    setting = demand.job.setting
    # An obligation of the language has no text, and a mapping has sizes of its own.
    claims = {
        path: claim
        for path, claim in block.claims.items()
        if not claim.text or path in setting.program.properties
    }
    if demand.is_of_the_text:
        killers = killers_of(demand.model)
        claims = {
            path: replace(claim, killed_by=killers.get(path, ())) for path, claim in claims.items()
        }
    scope = sizes_of(setting.scope, setting.program) if demand.held is None else block.scope
    return replace(block, tier=demand.tier, scope=scope, claims=claims)


def fewer_seeds(locked: Lock, demands: Iterable[Demand]) -> Iterator[Finding]:
    """Iterate over the proofs that were accepted under more seeds than any tier takes."""
    for demand in demands:
        block = locked.blocks.get(demand.key)
        if block is not None and block.seeds > demand.seeds_at_most:
            most = demand.seeds_at_most
            text = f"accepted as the same under {block.seeds} seeds, no tier takes more than {most}"
            yield Finding(Kind.WEAKER, str(demand.key), "", text)


def undecided(
    demands: Sequence[Demand], judged: Iterable[Judged], locked: Lock, *, is_whole: bool
) -> Iterator[Finding]:
    """Iterate over the properties that no run decides, as far as is known before a later tier; and
    over those that `models.toml` calls undecided, and are not.

    Where only some models are looked at, those are asked about what their own modules claim.
    """
    of_the_text = [demand for demand in demands if demand.is_of_the_text]
    made = {item.demand.key: item.block for item in judged}
    later: set[str] = set()
    by_path = _deciding(locked, [key for key in locked.blocks if key not in made])
    for demand in of_the_text:
        if demand.key not in made and demand.key not in locked.blocks:
            later |= set(demand.job.setting.program.properties)
        elif (block := made.get(demand.key)) is not None:
            by_path |= dict.fromkeys(block.claims, demand.key)
    reasons = {path for demand in of_the_text for path in demand.model.entry.undecided}
    known = {*by_path, *later, *reasons}
    said: set[str] = set()
    for demand in of_the_text:
        entry, name = demand.model.entry, demand.model.entry.module.rpartition("/")[2]
        for path in demand.job.setting.program.properties:
            if path in said or not (is_whole or path.rpartition(".")[0] == name):
                continue
            said.add(path)
            if path in reasons and path in by_path:
                text = f"it is undecided in models.toml, and decided: {by_path[path]}"
                yield Finding(Kind.UNMET, str(demand.key), path, text)
            elif path not in known and path not in entry.idle:
                yield Finding(Kind.UNDECIDED, str(demand.key), path, "no run decides it")


def unheld(demands: Iterable[Demand], manifest: Path) -> tuple[str, ...]:
    """Return the modules beside a `models.toml`, and below, that nothing demanded is about; what
    is below another one is that one's."""
    had: set[Path] = set()
    for demand in demands:
        sources = [module.source for module in demand.model.modules]
        sources += [] if demand.product is None else demand.product.sources
        had |= {Path(source.name).resolve() for source in sources}
    folder = manifest.parent.resolve()
    modules = (path for path in _modules(folder) if path not in had)
    return tuple(path.relative_to(folder).as_posix() for path in sorted(modules))


def _modules(folder: Path) -> Iterator[Path]:
    """Iterate over the modules of a folder and those below; variants are none."""
    for place, folders, files in os.walk(folder):
        whole = Path(place)
        folders[:] = [
            name
            for name in folders
            if name != "variants" and name[0] != "." and not (whole / name / FILE_NAME).exists()
        ]
        yield from (whole / name for name in files if name.endswith(".split"))


def _deciding(locked: Lock, keys: Iterable[Key]) -> dict[str, Key]:
    """Return by its path which of some locked runs of a text decides a claim."""
    return {
        path: key
        for key in keys
        if key.activity in OF_THE_TEXT and key.run.split()[1:2] != ["of"]
        for path in locked.blocks[key].claims
    }
