"""Compare two specifications as they are meant, action by action: which guards, updates and claims
one has and the other has not, or has otherwise.

Actions are compared flat, so that a guard of a part or of an extension is found where it acts.
Comments, places and sentences are no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from splitspec.model.flat_text import action_text
from splitspec.model.ir import FlatAction, FlatGuard, Program, Property, Variant
from splitspec.model.ir_text import Writer, writer_for
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline


class Part(Enum):
    """What differs."""

    MODEL = "model"
    ACTION = "action"
    GUARD = "guard"
    UPDATE = "update"
    PROPERTY = "property"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
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


def changes(
    old: tuple[Program, tuple[Variant, ...]], new: tuple[Program, tuple[Variant, ...]]
) -> tuple[Change, ...]:
    """Return how a model differs from what it was."""
    return tuple(_changes(old, new))


def _changes(
    old: tuple[Program, tuple[Variant, ...]], new: tuple[Program, tuple[Variant, ...]]
) -> Iterator[Change]:
    sides = [_actions(program) for program, _ in (old, new)]
    for path in _union(*sides):
        before, after = (side.get(path) for side in sides)
        if before is None or after is None:
            yield Change(Part.ACTION, path, _signature(before), _signature(after))
        else:
            yield from _action_changes(path, before, after)
    claims = [_claims(program) for program, _ in (old, new)]
    yield from _pairs(Part.PROPERTY, *claims)
    variants = [{f"{v.model} with {v.name}": _expected(v) for v in side[1]} for side in (old, new)]
    yield from _pairs(Part.VARIANT, *variants)


Written = tuple[FlatAction, Writer]
"""An action, and what writes it as its own side does."""


def _actions(program: Program) -> Mapping[str, Written]:
    system = compose(inline(program), ())
    writer = writer_for(system)
    return {action.path: (action, writer) for action in system.actions}


def _action_changes(path: str, old: Written, new: Written) -> Iterator[Change]:
    if _signature(old) != _signature(new):
        yield Change(Part.ACTION, path, _signature(old), _signature(new))
    yield from _pairs(Part.GUARD, *(_guards(path, side) for side in (old, new)))
    yield from _pairs(Part.UPDATE, *(_updates(path, side) for side in (old, new)))


def _signature(side: Written | None) -> str:
    if side is None:
        return ""
    action, writer = side
    return action_text(action, writer).splitlines()[0]


def _guards(path: str, side: Written) -> Mapping[str, str]:
    action, writer = side
    return {f"{path}.{guard.name}": _guard(guard, action, writer) for guard in action.guards}


def _guard(guard: FlatGuard, action: FlatAction, writer: Writer) -> str:
    lines = " and ".join(writer.expression(line.expression) for line in guard.lines)
    kind = "" if guard.kind is action.actor.kind else f"  @{guard.kind.value}"
    return f"{lines}{kind}"


def _updates(path: str, side: Written) -> Mapping[str, str]:
    """Return the updates by label; one without a label is its own name."""
    action, writer = side
    found = {}
    for update in action.updates:
        text = writer.update(update)
        found[f"{path}.{update.name or text}"] = text
    return found


def _claims(program: Program) -> Mapping[str, str]:
    writer = writer_for(compose(inline(program), ()))
    return {path: _claim(claim, writer) for path, claim in program.properties.items()}


def _claim(claim: Property, writer: Writer) -> str:
    given = "".join(f" given honest {kind.value}" for kind in sorted(claim.given, key=str))
    lines = "; ".join(writer.expression(line.expression) for line in claim.lines)
    return f"{claim.kind.value}{given}: {lines}"


def _expected(variant: Variant) -> str:
    if variant.violated is None:
        return "expect redundant"
    within = "" if variant.steps is None else f" within {variant.steps} steps"
    return f"expect violated {variant.violated}{within}"


def _pairs(part: Part, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for path in _union(old, new):
        before, after = old.get(path, ""), new.get(path, "")
        if before != after:
            yield Change(part, path, before, after)


def _union(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys((*old, *new)))
