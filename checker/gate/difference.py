"""Compare two specifications as they are meant, action by action: which guards, updates, claims,
variants and demands one has and the other has not, or has otherwise.

Actions are compared flat, so that a guard of a part or of an extension is found where it acts.
Comments, places and sentences are no difference. What is not listed by itself is one of the design
as a whole, by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from splitspec.checker.gate.demanded import demanded
from splitspec.checker.gate.fingerprint import refinement_digest, system_digest
from splitspec.checker.gate.variation import guard_text, signature, variation_text
from splitspec.model.flat_text import variable_text
from splitspec.model.frozen import frozen
from splitspec.model.ir import FlatAction, Line, Program, Property, System, Variant
from splitspec.model.ir_text import Writer, writer_for
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline


class Part(Enum):
    """What differs."""

    MODEL = "model"
    DECLARATION = "declaration"
    INITIAL = "init"
    ASSUMPTION = "assumption"
    ACTION = "action"
    GUARD = "guard"
    UPDATE = "update"
    PROPERTY = "property"
    VARIANT = "variant"
    REFINEMENT = "refinement"
    DEMAND = "models.toml"


@frozen
class Change:
    """One difference; `before` is "" of what was added, and `after` of what was taken away."""

    part: Part
    path: str
    before: str
    after: str

    @property
    def word(self) -> str:
        """What was done."""
        if not self.before:
            return "added"
        return "changed" if self.after else "removed"


@frozen
class Side:
    """One model of one of the two: its text, its variants, and what `models.toml` says of it;
    `abstract` are the programs that it refines, by name."""

    program: Program
    variants: tuple[Variant, ...]
    entry: ModelEntry
    abstract: Mapping[str, Program]


@frozen
class _Flat:
    """A side without definitions, as a program and as a system, and what writes its expressions."""

    side: Side
    program: Program
    system: System
    writer: Writer


def changes(old: Side, new: Side) -> tuple[Change, ...]:
    """Return how a model differs from what it was."""
    flat = (_flat(old), _flat(new))
    designs = tuple(_design_changes(*flat))
    digests = [system_digest(each.system) for each in flat]
    if not designs and digests[0] != digests[1]:
        designs = (Change(Part.MODEL, new.entry.name, *digests),)
    return (*designs, *_demand_changes(*flat))


def _flat(side: Side) -> _Flat:
    program = inline(side.program)
    system = compose(program, ())
    return _Flat(side, program, system, writer_for(system))


def _design_changes(old: _Flat, new: _Flat) -> Iterator[Change]:
    """Iterate over the differences of what is checked: the system without its claims."""
    yield from _pairs(Part.DECLARATION, *map(_declarations, (old, new)))
    yield from _pairs(Part.INITIAL, *map(_initial, (old, new)))
    yield from _pairs(Part.ASSUMPTION, *map(_assumptions, (old, new)))
    sides = [_actions(each) for each in (old, new)]
    for path in _union(*sides):
        before, after = (side.get(path) for side in sides)
        if before is None or after is None:
            yield Change(Part.ACTION, path, _signature(before), _signature(after))
        else:
            yield from _action_changes(path, before, after)


def _demand_changes(old: _Flat, new: _Flat) -> Iterator[Change]:
    """Iterate over the differences of what is asked of it."""
    yield from _pairs(Part.PROPERTY, *map(_claims, (old, new)))
    yield from _pairs(Part.VARIANT, *(_variants(each.side) for each in (old, new)))
    yield from _pairs(Part.REFINEMENT, *map(_refinements, (old, new)))
    yield from _pairs(Part.DEMAND, *(demanded(each.side.entry) for each in (old, new)))


def _declarations(flat: _Flat) -> Mapping[str, str]:
    system = flat.system
    return {
        **{sort: f"sort {sort}" for sort in system.sorts},
        **{enum: f"enum {' | '.join(members)}" for enum, members in system.enums.items()},
        **{path: variable_text(each, flat.writer) for path, each in system.variables.items()},
    }


def _initial(flat: _Flat) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for update in flat.system.initial:
        before = found.get(update.variable)
        text = flat.writer.update(update)
        found[update.variable] = text if before is None else f"{before}; {text}"
    return found


def _assumptions(flat: _Flat) -> Mapping[str, str]:
    system = flat.system
    found = {each.path: _lines(each.lines, flat.writer) for each in system.assumptions}
    if system.finals:
        found["final"] = _lines(system.finals, flat.writer)
    return found


def _variants(side: Side) -> Mapping[str, str]:
    return {f"{v.model} with {v.name}": variation_text(side.program, v) for v in side.variants}


def _refinements(flat: _Flat) -> Mapping[str, str]:
    """Return refinements by digest, with that of what is refined, which may be no model itself:
    their lines are many, and say nothing alone."""
    abstract = flat.side.abstract
    above = {name: compose(inline(program), ()) for name, program in abstract.items()}
    return {
        f"{each.path} of {each.abstract}": refinement_digest(each, above.get(each.abstract))
        for each in flat.program.refinements
    }


Written = tuple[FlatAction, Writer]
"""An action, and what writes it as its own side does."""


def _actions(flat: _Flat) -> Mapping[str, Written]:
    return {action.path: (action, flat.writer) for action in flat.system.actions}


def _action_changes(path: str, old: Written, new: Written) -> Iterator[Change]:
    if _signature(old) != _signature(new):
        yield Change(Part.ACTION, path, _signature(old), _signature(new))
    yield from _pairs(Part.GUARD, *(_guards(path, side) for side in (old, new)))
    yield from _pairs(Part.UPDATE, *(_updates(path, side) for side in (old, new)))


def _signature(side: Written | None) -> str:
    if side is None:
        return ""
    return signature(*side)


def _guards(path: str, side: Written) -> Mapping[str, str]:
    action, writer = side
    return {f"{path}.{guard.name}": guard_text(guard, action, writer) for guard in action.guards}


def _updates(path: str, side: Written) -> Mapping[str, str]:
    """Return the updates by label; one without a label is its own name."""
    action, writer = side
    found = {}
    for update in action.updates:
        text = writer.update(update)
        found[f"{path}.{update.name or text}"] = text
    return found


def _claims(flat: _Flat) -> Mapping[str, str]:
    """Return what is claimed, without definitions: a claim says what those say that it calls."""
    properties = flat.program.properties
    return {path: _claim(claim, flat.writer) for path, claim in properties.items()}


def _claim(claim: Property, writer: Writer) -> str:
    given = "".join(f" given honest {kind.value}" for kind in sorted(claim.given, key=str))
    return f"{claim.kind.value}{given}: {_lines(claim.lines, writer)}"


def _lines(lines: Iterable[Line], writer: Writer) -> str:
    return "; ".join(writer.expression(line.expression) for line in lines)


def _pairs(part: Part, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for path in _union(old, new):
        before, after = old.get(path, ""), new.get(path, "")
        if before != after:
            yield Change(part, path, before, after)


def _union(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys((*old, *new)))
