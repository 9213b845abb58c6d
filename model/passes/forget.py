"""Forget values that do not matter, so that states which differ in nothing else become one.

`models.toml` names variables, and where their places are forgotten: everywhere, or while a
definition holds. Forgotten places have their resting value (`none`, false, the first). Guards are
replaced by what may hold and properties by what must (`doubt`), so the system does more than the
whole one, and claims no less of it (localization: Kurshan, "Computer-aided verification of
coordinating processes", 1994). What an equality of a guard says of a forgotten place is known from
then on. Variables whose updates might fail an obligation are to be kept.

Soundness: let N put the forgotten places of a state at rest. A condition depends on no value that
is forgotten, so it is the same in s and N(s), and all other places are, too. If s leads to t by an
instance of an action, all its guards hold in s, hence may hold in N(s). A place that is known in t
was either known in s and not written; or written, from known values; or a guard named its value.
Whatever else would make it known is marked in the action's `lost`, and a run that meets a mark
decides nothing. So N(s) leads to N(t), and by induction every reachable state t of the whole system
has N(t) among the visited ones, in which every claim that t breaks is broken. This needs no
assumption about what is forgotten: another choice finds more or less, and never too little. It says
nothing of what is reached, of deadlock, and of recovery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    And,
    Equal,
    Expression,
    FlatAction,
    FlatGuard,
    FlatUpdate,
    Forgotten,
    Line,
    Literal,
    Local,
    Next,
    Not,
    Parameter,
    Property,
    PropertyKind,
    Quantifier,
    Read,
    System,
    VariableKind,
)
from splitspec.model.passes.doubt import Doubts, at_rest, either, truth
from splitspec.model.passes.fold import fold_term, is_false, is_true
from splitspec.model.passes.oblige import overflows, overlaps
from splitspec.model.passes.substitute import fresh_name
from splitspec.model.terms import conjuncts
from splitspec.model.types import Boolean

DECIDED = frozenset({PropertyKind.INVARIANT, PropertyKind.LEMMA, PropertyKind.STEP})
"""The kinds of declared properties of which a run that forgets can say that they hold."""


def forget(system: System, forgotten: Sequence[Forgotten]) -> System:
    """Return the system that does not keep the values of forgotten places."""
    if not forgotten:
        return system
    places = known_conditions(forgotten)
    assert places is not None, "conditions that read what they make unknown"
    pass_ = _Pass(system, places)
    return replace(
        system,
        actions=tuple(pass_.action(action) for action in system.actions),
        finals=(),
        properties={p: pass_.claim(c) for p, c in system.properties.items() if c.kind in DECIDED},
        forgotten=places,
    )


def known_conditions(forgotten: Sequence[Forgotten]) -> tuple[Forgotten, ...] | None:
    """Return the places in an order in which each condition reads only what is kept, and forgotten
    places of earlier ones, where it holds whatever they are; None if there is no such order.
    """
    found: dict[str, Forgotten] = {}
    waiting = {entry.variable: entry for entry in forgotten}
    while waiting:
        ready = [e for e in waiting.values() if not variables_read([e.condition]) & set(waiting)]
        if not ready:
            return None
        doubts = Doubts(dict(found))
        for entry in ready:
            found[entry.variable] = replace(entry, condition=doubts.must(entry.condition))
            del waiting[entry.variable]
    return tuple(found.values())


class _Pass:
    """Rewrites actions and claims of one system."""

    def __init__(self, system: System, forgotten: Sequence[Forgotten]) -> None:
        self._system = system
        self._entries = {entry.variable: entry for entry in forgotten}
        self._gone = {v: entry for v, entry in self._entries.items() if is_true(entry.condition)}
        self._doubts = Doubts(self._entries)

    def claim(self, claim: Property) -> Property:
        return replace(claim, lines=tuple(self._line(line, must=True) for line in claim.lines))

    def action(self, action: FlatAction) -> FlatAction:
        fixes = tuple(self._fixes(action))
        kept = tuple(u for u in action.updates if u.variable not in self._gone)
        updates = (*kept, *fixes)
        lost = [*map(self._unknown, kept), *self._recalled(action, updates)]
        if not self._watched(action).isdisjoint(self._entries):
            lost.append(Literal(True, Boolean(), action.span))
        return replace(
            action,
            guards=tuple(self._guard(guard) for guard in action.guards),
            updates=tuple(self._update(update) for update in updates),
            lost=tuple(condition for condition in map(fold_term, lost) if not is_false(condition)),
        )

    def _watched(self, action: FlatAction) -> set[str]:
        """Return the variables whose updates might fail an obligation: they must be kept."""
        touched = [first for first, _ in overlaps(action)]
        return {u.variable for u in (*touched, *overflows(self._system, action))}

    def _guard(self, guard: FlatGuard) -> FlatGuard:
        return replace(guard, lines=tuple(self._line(line, must=False) for line in guard.lines))

    def _line(self, line: Line, *, must: bool) -> Line:
        if not self._doubts.reads(line.expression):
            return line
        bound = self._doubts.must if must else self._doubts.may
        return replace(line, expression=self._rested(bound(line.expression)))

    def _update(self, update: FlatUpdate) -> FlatUpdate:
        condition = None if update.condition is None else self._rested(update.condition)
        indices = tuple(map(self._rested, update.indices))
        return replace(
            update, indices=indices, value=self._rested(update.value), condition=condition
        )

    def _rested(self, term: Expression) -> Expression:
        return fold_term(at_rest(term, self._gone))

    # What becomes known

    def _fixes(self, action: FlatAction) -> Iterator[FlatUpdate]:
        """Iterate over updates that write what guards say of forgotten places, where the step may
        end their being forgotten. In the whole system they change nothing.
        """
        written = {update.variable for update in action.updates}
        found: list[FlatUpdate] = []
        for guard in action.guards:
            for line in guard.lines if not guard.dropped_by else ():
                for place, value in filter(None, map(_said, conjuncts(line.expression))):
                    path = place.variable
                    if path in written or not self._may_end(path, written):
                        continue
                    if not any(map(self._doubts.reads, (*place.indices, value))):
                        found.append(_fix(place, value, found, guard))
        yield from found

    def _may_end(self, path: str, written: Collection[str]) -> bool:
        """Whether writing these variables can make a forgotten place of a variable known."""
        entry = self._entries.get(path)
        return entry is not None and not variables_read([entry.condition]).isdisjoint(written)

    # What is lost

    def _unknown(self, update: FlatUpdate) -> Expression:
        """Return when an update depends on something forgotten, and writes a known place."""
        doubts, span = self._doubts, update.value
        condition = truth(span, True) if update.condition is None else update.condition
        place = either(span, [doubts.of(index) for index in update.indices])
        value = either(span, [doubts.of(update.value), doubts.of(condition)])
        if update.variable in self._entries and not self._are_moving(update.indices):
            known = Not(doubts.place(update.variable, update.indices), Boolean(), span.span)
            value = _both(span, value, Next(known, Boolean(), span.span))
        lost = _both(span, doubts.may(condition), either(span, [place, value]))
        if update.binders:
            lost = Quantifier("some", update.binders, lost, Boolean(), span.span)
        return self._rested(lost)

    def _are_moving(self, indices: Sequence[Expression]) -> bool:
        """Whether indices read what a step can change."""
        variables = self._system.variables
        read = variables_read(indices)
        return any(variables[path].kind is not VariableKind.CONSTANT for path in read)

    def _recalled(self, action: FlatAction, updates: Sequence[FlatUpdate]) -> Iterator[Expression]:
        """Iterate over the conditions under which a forgotten place becomes known, and nothing in
        the step says its value.
        """
        written = {update.variable for update in updates}
        taken = {parameter.name for parameter in action.parameters}
        taken |= {binder.name for update in updates for binder in update.binders}
        for path, entry in self._entries.items():
            if not self._may_end(path, written):
                continue
            own = {parameter.name for parameter in entry.parameters}
            binders = tuple(
                _renamed(p, taken | own) if p.name in taken else p for p in entry.parameters
            )
            here = tuple(Local(b.name, b.type, b.span) for b in binders)
            before, span = self._doubts.place(path, here), entry.condition
            known = Next(Not(before, Boolean(), span.span), Boolean(), span.span)
            said = [
                _writes(update, here)
                for update in updates
                if update.variable == path and update.operator == ":=" and not update.dropped_by
            ]
            silent = Not(either(span, said), Boolean(), span.span)
            lost = And((before, known, silent), Boolean(), span.span)
            if binders:
                yield self._rested(Quantifier("some", binders, lost, Boolean(), span.span))
            else:
                yield self._rested(lost)


def _said(term: Expression) -> tuple[Read, Expression] | None:
    """Return a place of which a condition says the value, if it is a condition of that form."""
    match term:
        case Equal(Read() as place, value):
            return place, value
        case Read():
            return term, truth(term, True)
        case Not(Read() as place):
            return place, truth(place, False)
        case _:
            return None


def _fix(
    place: Read, value: Expression, earlier: Sequence[FlatUpdate], guard: FlatGuard
) -> FlatUpdate:
    """Return the update that writes what a guard says; what an earlier one writes is left to it."""
    path, indices, span = place.variable, place.indices, place.span
    others = [_are_equal(place, indices, f.indices) for f in earlier if f.variable == path]
    condition = Not(either(place, others), Boolean(), span) if others else None
    return FlatUpdate(
        "", path, indices, ":=", value, (), condition, frozenset(), guard.origin, span
    )


def _renamed(parameter: Parameter, taken: Collection[str]) -> Parameter:
    return replace(parameter, name=fresh_name(parameter.name, taken))


def _writes(update: FlatUpdate, place: Sequence[Expression]) -> Expression:
    """Return when an update writes a place."""
    hit = _are_equal(update.value, update.indices, place)
    if update.condition is not None:
        hit = _both(update.value, update.condition, hit)
    if update.binders:
        hit = Quantifier("some", update.binders, hit, Boolean(), update.span)
    return hit


def _are_equal(
    term: Expression, left: Sequence[Expression], right: Sequence[Expression]
) -> Expression:
    equal = (Equal(a, b, Boolean(), term.span) for a, b in zip(left, right, strict=True))
    return And(tuple(equal), Boolean(), term.span)


def _both(term: Expression, first: Expression, second: Expression) -> Expression:
    return And((first, second), Boolean(), term.span)
