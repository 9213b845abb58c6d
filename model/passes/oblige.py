"""Derive the claims that a run has without a declaration (docs/language.md, sections 5 and 8).

`deadlock`; `NAME.exact` for every counter that the run claims to be exact; `NAME.overlap` and
`NAME.range` for every action that could fail them. What cannot fail by its text alone has no
obligation, in any engine.

A counter that an untrusted actor keeps is, in a run where it is not honest, neither exact nor in
range: its ledger is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from splitspec.model.expressions import subterms
from splitspec.model.ir import (
    Arithmetic,
    Conditional,
    Count,
    Equal,
    Expression,
    FlatAction,
    FlatUpdate,
    Line,
    Literal,
    Local,
    Property,
    PropertyKind,
    Quantifier,
    Read,
    System,
    Variable,
    VariableKind,
)
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.passes.separate import always_differ
from splitspec.model.source import Span
from splitspec.model.types import Boolean, Integer, Natural, Option, Range, Type

DEADLOCK = "deadlock"
LOST = "lost"
"""The last part of the name of an obligation: the action needs nothing that the run forgets."""


def obligations(system: System) -> tuple[Property, ...]:
    """Return the obligations of a run: exact counters as formulas, the others by name alone."""
    found = [_exact(counter) for counter in exact_counters(system)]
    overlapping = dict.fromkeys(a.path for a in system.actions if overlaps(a))
    overflowing = dict.fromkeys(a.path for a in system.actions if overflows(system, a))
    spans = {action.path: action.span for action in system.actions}
    for path, span in spans.items():
        if path in overlapping:
            found.append(_claim(f"{path}.overlap", PropertyKind.OVERLAP, span))
        if path in overflowing:
            found.append(_claim(f"{path}.range", PropertyKind.RANGE, span))
    for action in system.actions:
        if action.lost:
            found.append(_claim(f"{action.path}.{LOST}", PropertyKind.STEP, action.span))
    if system.actions:
        found.append(_claim(DEADLOCK, PropertyKind.DEADLOCK, system.actions[0].span))
    return tuple(found)


def overlaps(action: FlatAction) -> tuple[tuple[FlatUpdate, FlatUpdate], ...]:
    """Return the pairs of updates that might write one place and do not just add up."""
    return tuple(
        (first, second)
        for first, second in combinations(action.updates, 2)
        if first.variable == second.variable
        and ":=" in (first.operator, second.operator)
        and not always_differ(action, first, second)
    )


def overflows(system: System, action: FlatAction) -> tuple[FlatUpdate, ...]:
    """Return the updates that might write a value outside their variable's type."""
    claimed = {counter.path for counter in exact_counters(system)}
    return tuple(
        update
        for update in action.updates
        if _may_leave(system.variables[update.variable], update, claimed)
    )


def raised(system: System, action: FlatAction) -> frozenset[str]:
    """Return the claimed counters that the action might make larger than what there is to count."""
    claimed = {counter.path for counter in exact_counters(system)}
    return frozenset(u.variable for u in action.updates if u.variable in claimed and _may_rise(u))


def _may_leave(variable: Variable, update: FlatUpdate, claimed: set[str]) -> bool:
    if variable.kind is VariableKind.COUNTER:
        return variable.path in claimed and _may_fall(update)
    match variable.type:
        case Natural():
            return _may_fall(update)
        case Range() as range_:
            if update.operator == ":=":
                return not _stays_in(update.value, range_)
            return not (isinstance(update.value, Literal) and update.value.value == 0)
        case Option(Range() as range_):
            return not _stays_in(update.value, range_)
        case _:
            return False


def _may_fall(update: FlatUpdate) -> bool:
    """Whether an integer that only has a lower end might fall below 0."""
    return update.operator == "-=" or _subtracts(update.value)


def _may_rise(update: FlatUpdate) -> bool:
    return update.operator == "+=" or _subtracts(update.value)


def _subtracts(value: Expression) -> bool:
    """Whether a value is one that might be negative."""
    return any(isinstance(t, Arithmetic) and t.operator == "-" for t in subterms(value))


def _stays_in(value: Expression, range_: Range) -> bool:
    match value:
        case Literal(None):
            return True
        case Literal(int() as number):
            return number == 0 or (isinstance(range_.high, int) and 0 <= number <= range_.high)
        case Conditional(_, positive, negative):
            return _stays_in(positive, range_) and _stays_in(negative, range_)
        case Read() | Local():
            return _is_within(value.type, range_)
        case _:
            return False


def _is_within(type_: Type, range_: Range) -> bool:
    type_ = type_.of if isinstance(type_, Option) else type_
    if not isinstance(type_, Range):
        return False
    if isinstance(type_.high, int) and isinstance(range_.high, int):
        return type_.high <= range_.high
    return type_.high == range_.high


def _exact(counter: Variable) -> Property:
    """Return the claim that a counter is what it counts, for all keys."""
    assert counter.counted is not None
    counted, span = counter.counted, counter.span
    keys = tuple(Local(key.name, key.type, key.span) for key in counted.keys)
    kept = Read(counter.path, keys, counter.type, span)
    number = Count(counted.binders, counted.condition, Integer(), span)
    claim: Expression = Equal(kept, number, Boolean(), span)
    if counted.keys:
        claim = Quantifier("all", counted.keys, claim, Boolean(), span)
    return Property(
        path=f"{counter.path}.exact",
        kind=PropertyKind.EXACT,
        given=counted.given,
        parameters=(),
        lines=(Line("", claim, span),),
        text=counter.comment,
        asked_by=(),
        span=span,
    )


def _claim(path: str, kind: PropertyKind, span: Span) -> Property:
    return Property(path, kind, frozenset(), (), (), "", (), span)


def touched_by_obligations(system: System) -> Iterator[str]:
    """Iterate over the variables whose updates an overlap or range obligation watches."""
    for action in system.actions:
        for first, _ in overlaps(action):
            yield first.variable
        for update in overflows(system, action):
            yield update.variable
