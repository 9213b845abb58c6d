"""What the text and `models.toml` say of a lock, whether or not the runs are made: so that at every
tier it is found that a later one would do less, and that nothing decides a claim.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import WALK, Activity, Block, Key, Lock
from splitspec.checker.gate.record import sizes_of
from splitspec.cli.demands import Demand
from splitspec.cli.judging import Judged, killers_of
from splitspec.cli.models import Model
from splitspec.cli.refinements import is_held
from splitspec.model.ir import Refinement
from splitspec.model.manifest import FILE_NAME

_Claim = tuple[str, str]
"""A property: the file in which it stands, and its path."""

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
    figures, walks = dict(block.figures), demand.job.walks
    if demand.activity is Activity.EXPLORED and walks is not None:
        figures[WALK] = walks.steps
    return replace(block, tier=demand.tier, scope=scope, figures=figures, claims=claims)


def fewer_seeds(locked: Lock, demands: Iterable[Demand]) -> Iterator[Finding]:
    """Iterate over the proofs that were accepted under more seeds than any tier takes."""
    for demand in demands:
        block = locked.blocks.get(demand.key)
        if block is not None and block.seeds > demand.seeds_at_most:
            most = demand.seeds_at_most
            text = f"accepted as the same under {block.seeds} seeds, no tier takes more than {most}"
            yield Finding(Kind.WEAKER, str(demand.key), "", text)


def undecided(
    demands: Sequence[Demand],
    judged: Iterable[Judged],
    locked: Lock,
    beside: Iterable[Model] = (),
    *,
    is_whole: bool,
) -> Iterator[Finding]:
    """Iterate over the properties that no run decides, as far as is known before a later tier; and
    over those that `models.toml` calls undecided, and are not.

    Where only some models are looked at, those are asked about what their own modules claim, and
    the models `beside` them may decide it. A property is one of the text in which it stands: a
    module of the same name in another folder has others.

    What a refined module claims is carried over to the model that refines it, and no product
    decides it: a model of that module has to.
    """
    of_the_text = [demand for demand in demands if demand.is_of_the_text]
    made = {item.demand.key: item.block for item in judged}
    models = {demand.model.entry.name: demand.model for demand in of_the_text}
    models |= {model.entry.name: model for model in beside}
    decided: dict[_Claim, Key] = {}
    for key, block in locked.blocks.items():
        if key not in made and _is_of_the_text(key) and key.model in models:
            decided |= dict.fromkeys(_claims(models[key.model], block.claims), key)
    later: set[_Claim] = set()
    reasons: set[_Claim] = set()
    for demand in of_the_text:
        if demand.key not in made and demand.key not in locked.blocks:
            later |= set(_claims(demand.model))
        elif (block_made := made.get(demand.key)) is not None:
            decided |= dict.fromkeys(_claims(demand.model, block_made.claims), demand.key)
        reasons |= set(_claims(demand.model, demand.model.entry.undecided))
    known = {*decided, *later, *reasons}
    said: set[_Claim] = set()
    for demand in of_the_text:
        name = _name(demand.model)
        for claim in _claims(demand.model):
            path = claim[1]
            if claim in said or not (is_whole or path.rpartition(".")[0] == name):
                continue
            said.add(claim)
            if claim in reasons and claim in decided:
                text = f"it is undecided in models.toml, and decided: {decided[claim]}"
                yield Finding(Kind.UNMET, str(demand.key), path, text)
            elif claim not in known:
                yield Finding(Kind.UNDECIDED, str(demand.key), path, "no run decides it")
    for demand in demands if is_whole else ():
        for claim in _carried_over(demand):
            if claim not in known and claim not in said:
                said.add(claim)
                text = "no run decides it of what is refined: give its module a model"
                yield Finding(Kind.UNDECIDED, str(demand.key), claim[1], text)


def unrefined(demands: Iterable[Demand]) -> Iterator[Finding]:
    """Iterate over the refinements to which no model is held, all models being demanded: those of
    modules that are only imported. A model that is `unrefined` says why it is not."""
    models = {demand.model.entry.name: demand.model for demand in demands}.values()
    declared = [(model, each) for model in models for each in model.program.refinements]
    held = {_refinement(each) for model, each in declared if is_held(model, each)}
    for model, each in declared:
        if _refinement(each) not in held:
            held.add(_refinement(each))
            run, module = f"{Activity.EXPLORED.value} {model.entry.name}", each.path.split(".")[0]
            text = f"no model is held to it: give {module} a model, or put it in place by `with`"
            yield Finding(Kind.UNDECIDED, run, f"{module} of {each.abstract}", text)


def _refinement(declared: Refinement) -> tuple[str, str, str]:
    return os.path.abspath(declared.span.source.name), declared.path, declared.abstract


def deciding_beside(demands: Iterable[Demand], locked: Lock) -> frozenset[str]:
    """Return the names of other models whose locked runs decide, going by its path alone, what a
    module of the demanded models claims."""
    models = {demand.model.entry.name: demand.model for demand in demands}
    own = {
        path
        for model in models.values()
        for _, path in _claims(model)
        if path.rpartition(".")[0] == _name(model)
    }
    return frozenset(
        key.model
        for key, block in locked.blocks.items()
        if key.model not in models and _is_of_the_text(key) and not own.isdisjoint(block.claims)
    )


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
    # A name need not be text.
    names = (os.fsencode(path.relative_to(folder)) for path in sorted(modules))
    return tuple(name.decode("utf-8", "backslashreplace") for name in names)


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


def _is_of_the_text(key: Key) -> bool:
    """Whether a locked run decides what a text claims, as `Demand.is_of_the_text` has it."""
    return key.activity in OF_THE_TEXT and key.run.split()[1:2] != ["of"]


def _claims(model: Model, paths: Iterable[str] | None = None) -> Iterator[_Claim]:
    """Iterate over the properties of a model, or over those of some paths that are among them."""
    properties = model.program.properties
    for path in properties if paths is None else paths:
        if path in properties:
            yield os.path.abspath(properties[path].span.source.name), path


def _carried_over(demand: Demand) -> Iterator[_Claim]:
    """Iterate over the properties of what the demanded model refines, if it is about that."""
    if demand.product is not None:
        for path, claimed in demand.product.correspondence.abstract.properties.items():
            yield os.path.abspath(claimed.span.source.name), path


def _name(model: Model) -> str:
    """Return the name of a model's own module."""
    return model.entry.module.rpartition("/")[2]
