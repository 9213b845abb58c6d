"""Turn a correspondence into one program in which both systems run side by side, and the claims
that make the one a refinement of the other.

The product has the state of the concrete system and, beside it, that of the abstract one under the
prefix `abstract.`. Each concrete action is as it was, and does to the abstract state what its
counterpart would do there. Claims are made of it, ordinary invariants that every engine decides:

* `ACTION.allowed`: whenever the action can happen, its counterpart can (all of its guards hold);
* `VARIABLE.agrees`: the abstract variable is what the refinement says of it;
* `CONSTANT.within`: what stands for an abstract constant is a value that it can have. It is made
  only where types do not say so;
* `PROPERTY.stutters`: a step that has no counterpart, and so changes nothing, is one of which the
  step property of the abstract system is true. It is made only where that does not go by itself.

Together they say that every square commutes: a step from s to t in the concrete system leads from
what s is to what t is in the abstract one, or nowhere. This is a forward simulation with
stuttering (Lynch and Vaandrager, Forward and Backward Simulations, 1995, section 3.3).

Only what the abstract run reads is carried along: variables that none of its guards and properties
depend on are no part of what it claims, unless it refines something itself, which is seen through
them.

Soundness: guards of the counterpart are claims and not guards, so the product has the steps of the
concrete system and no fewer. By induction along a run, as long as all claims hold, the second half
is a run of the abstract system, and it is what the refinement says of the first half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from splitspec.model.expressions import map_children
from splitspec.model.ir import (
    Action,
    ActorKind,
    Counted,
    Equal,
    Expression,
    FlatAction,
    FlatUpdate,
    Guard,
    Line,
    Literal,
    Local,
    Not,
    Or,
    Parameter,
    Program,
    Property,
    PropertyKind,
    Quantifier,
    Read,
    System,
    Update,
    Variable,
    VariableKind,
)
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline, inline_calls
from splitspec.model.passes.restrict import is_in_force
from splitspec.model.passes.slice import slice_unread
from splitspec.model.passes.substitute import fresh_name, substitute, substitute_item
from splitspec.model.pipeline import flatten
from splitspec.model.source import Span
from splitspec.model.types import Boolean, Option
from splitspec.refinement.correspondence import Correspondence, Counterpart
from splitspec.refinement.ranging import lies_within
from splitspec.refinement.stuttering import stuttering

PREFIX = "abstract."
ALLOWED = ".allowed"
STUTTERS = ".stutters"
WITHIN = ".within"


@dataclass(frozen=True, slots=True)
class Product:
    """Both systems in one program, and the paths of the claims of the refinement."""

    program: Program
    claims: tuple[str, ...]


def product(correspondence: Correspondence, given: frozenset[ActorKind]) -> Product:
    """Return the product under one adversary, which both systems face."""
    return _Making(correspondence, given).product()


def carried(abstract: Program, given: frozenset[ActorKind], above: Mapping[str, Program]) -> System:
    """Return the abstract system, without what no run of it is held to, and through which nothing
    of the systems `above` it is seen. Of one that is not known all may be."""
    seen = []
    for refinement in abstract.refinements:
        top = above.get(refinement.abstract)
        rest = {name: other for name, other in above.items() if other is not top}
        needed = None if top is None else carried(top, given, rest).variables
        seen += [
            inline_calls(each.value, abstract.definitions)
            for each in refinement.abstractions
            if needed is None or each.variable in needed
        ]
    return slice_unread(flatten(abstract, given), observed=seen)


def permissions(claims: Iterable[str]) -> frozenset[str]:
    """Return those of the claims of a product that say what may happen: counterparts, and nothing.
    They follow from the other ones, and from what holds of the concrete system, in one and the same
    state."""
    return frozenset(path for path in claims if path.endswith((ALLOWED, STUTTERS)))


class _Making:
    """One product in the making."""

    def __init__(self, correspondence: Correspondence, given: frozenset[ActorKind]) -> None:
        self._pairs, self._given = correspondence, given
        self._concrete = inline(correspondence.concrete)
        self._flat: System = compose(self._concrete)
        self._abstract: System = carried(correspondence.abstract, given, correspondence.above)
        self._targets = {action.path: action for action in self._abstract.actions}
        self._carried = {
            path: variable
            for path, variable in self._abstract.variables.items()
            if variable.kind is not VariableKind.CONSTANT
        }

    def product(self) -> Product:
        claims = {claim.path: claim for claim in (*self._allowed(), *self._agree())}
        rigid = (*self._within(), *self._assumed())
        claims |= {claim.path: claim for claim in (*rigid, *self._stuttering())}
        base = self._concrete
        beside = {PREFIX + path: self._variable(v) for path, v in self._carried.items()}
        program = replace(
            base,
            sorts=tuple(dict.fromkeys((*base.sorts, *self._abstract.sorts))),
            enums={**base.enums, **self._abstract.enums},
            variables={**base.variables, **beside},
            parts={},
            actions={action.path: self._action(action) for action in self._flat.actions},
            extensions=(),
            initial=(*base.initial, *(self._update(u, "", {}) for u in self._abstract.initial)),
            properties={**base.properties, **claims},
            refinements=(),
        )
        return Product(program, tuple(claims))

    # The second half

    def _variable(self, variable: Variable) -> Variable:
        """Return the abstract variable under its name in the product."""
        counted = variable.counted
        if counted is not None:
            condition = self._renamed(counted.condition)
            counted = Counted(counted.keys, counted.binders, condition, counted.given)
        kind = variable.kind if counted is not None else VariableKind.GHOST
        return replace(variable, path=PREFIX + variable.path, kind=kind, counted=counted)

    def _action(self, action: FlatAction) -> Action:
        """Return the concrete action, which moves both halves."""
        guards = [Guard(g.name, g.lines, g.kind, g.span) for g in action.guards]
        updates = [_plain(update) for update in action.updates]
        counterpart = self._counterpart(action)
        if counterpart is not None and counterpart.action in self._targets:
            target = self._targets[counterpart.action]
            taken = {guard.label for guard in guards} | {update.label for update in updates}
            for update in target.updates:
                label = fresh_name(f"abstract_{update.name}", taken) if update.name else ""
                taken.add(label)
                updates.append(self._update(update, label, counterpart.arguments))
        return Action(
            action.path,
            action.parameters,
            action.actor,
            action.hostile,
            action.fairness,
            (*guards, *updates),
            action.text,
            action.span,
        )

    def _update(
        self, update: FlatUpdate, label: str, arguments: Mapping[str, Expression]
    ) -> Update:
        """Return an update of the abstract system, of the second half of the state."""
        rewrite = self._renamed
        renamed = replace(
            _plain(update),
            label=label,
            variable=PREFIX + update.variable,
            indices=tuple(map(rewrite, update.indices)),
            value=rewrite(update.value),
            condition=None if update.condition is None else rewrite(update.condition),
        )
        item = substitute_item(renamed, arguments)
        assert isinstance(item, Update)
        return item

    def _counterpart(self, action: FlatAction) -> Counterpart | None:
        return self._pairs.counterparts[action.path]

    def _renamed(self, term: Expression) -> Expression:
        """Return an abstract expression over the second half; constants are what they stand for."""
        term = map_children(self._renamed, term)
        if not isinstance(term, Read):
            return term
        if term.variable in self._carried:
            return replace(term, variable=PREFIX + term.variable)
        return self._seen(term.variable, term.indices)

    def _seen(self, path: str, indices: tuple[Expression, ...]) -> Expression:
        """Return what the refinement says that an abstract variable is, at a place."""
        seen = self._pairs.seen[path]
        names = (parameter.name for parameter in seen.parameters)
        return substitute(seen.value, dict(zip(names, indices, strict=True)))

    # Claims

    def _allowed(self) -> Iterator[Property]:
        """Iterate over the claims that counterparts can happen."""
        for action in self._flat.actions:
            counterpart = self._counterpart(action)
            if counterpart is None or not self._exists(action):
                continue
            lines = tuple(self._permissions(action, counterpart))
            if lines:
                text = f"Whenever {action.path} can happen, {counterpart.action} can."
                yield _claim(f"{action.path}{ALLOWED}", self._given, lines, text, action.span)

    def _permissions(self, action: FlatAction, counterpart: Counterpart) -> Iterator[Line]:
        """Iterate over the guards of the counterpart, each under the guards of the action."""
        target = self._targets.get(counterpart.action)
        if target is None:
            # An honest actor takes no hostile steps.
            impossible = Literal(False, Boolean(), action.span)
            yield self._permission(action, "exists", impossible, action.span)
            return
        for guard in target.guards:
            for line in guard.lines:
                label = guard.name if len(guard.lines) == 1 else f"{guard.name}_{line.label}"
                wanted = substitute(self._renamed(line.expression), counterpart.arguments)
                yield self._permission(action, label, wanted, line.span)

    def _permission(self, action: FlatAction, label: str, wanted: Expression, span: Span) -> Line:
        met = [
            line.expression
            for guard in action.guards
            if is_in_force(guard, self._given)
            for line in guard.lines
        ]
        # No implication: whether the action is ever enabled is asked by itself.
        refused = tuple(Not(term, Boolean(), span) for term in met)
        claim = Or((*refused, wanted), Boolean(), span) if met else wanted
        if action.parameters:
            claim = Quantifier("all", action.parameters, claim, Boolean(), span)
        return Line(label, claim, span)

    def _exists(self, action: FlatAction) -> bool:
        """Whether the action exists under the adversary."""
        return not (action.hostile and action.actor.kind in self._given)

    def _stuttering(self) -> Iterator[Property]:
        """Iterate over the claims that steps without a counterpart are steps that the step
        properties of the abstract system allow."""
        unseen = [a for a in self._flat.actions if not self._counterpart(a) and self._exists(a)]
        for claimed in self._abstract.properties.values():
            if claimed.kind is not PropertyKind.STEP:
                continue
            lines = tuple(
                self._permission(
                    action,
                    "_".join(filter(None, (action.path.replace(".", "_"), line.label))),
                    self._renamed(line.expression),
                    line.span,
                )
                for action in unseen
                for line in stuttering(claimed.lines, action.actor.kind)
            )
            if lines:
                text = f"A step that changes nothing is one that {claimed.path} allows."
                yield _claim(f"{claimed.path}{STUTTERS}", self._given, lines, text, claimed.span)

    def _agree(self) -> Iterator[Property]:
        """Iterate over the claims that abstract variables are what the refinement says."""
        for path, variable in self._carried.items():
            parameters = self._pairs.seen[path].parameters
            places = tuple(Local(p.name, p.type, p.span) for p in parameters)
            kept = Read(PREFIX + path, places, variable.type, variable.span)
            claim = self._same(variable, kept, self._seen(path, places), parameters)
            if parameters:
                claim = Quantifier("all", parameters, claim, Boolean(), variable.span)
            text = f"{path} is what the refinement says of it."
            line = Line("", claim, variable.span)
            yield _claim(f"{path}.agrees", self._given, (line,), text, variable.span)

    def _same(
        self,
        variable: Variable,
        kept: Expression,
        seen: Expression,
        parameters: Iterable[Parameter],
    ) -> Expression:
        """Return that two values are equal. Options are compared value by value."""
        span = variable.span
        if not isinstance(variable.type, Option):
            return Equal(kept, seen, Boolean(), span)
        name = fresh_name("x", {parameter.name for parameter in parameters})
        binder = Parameter(name, variable.type.of, span)
        value = Local(name, variable.type.of, span)
        left, right = (Equal(side, value, Boolean(), span) for side in (kept, seen))
        return Quantifier("all", (binder,), Equal(left, right, Boolean(), span), Boolean(), span)

    def _within(self) -> Iterator[Property]:
        """Iterate over the claims that what stands for constants is a value of theirs: nothing else
        is a constant of the abstract system, whatever it is assumed to be."""
        for path, variable in self._abstract.variables.items():
            seen = self._pairs.seen[path]
            if variable.kind is not VariableKind.CONSTANT or seen.value.type == variable.type:
                continue
            claim = lies_within(seen.value, variable.type)
            if claim is None:
                continue
            if seen.parameters:
                claim = Quantifier("all", seen.parameters, claim, Boolean(), variable.span)
            text = f"What stands for {path} is a value that it can have."
            line = Line("", claim, variable.span)
            yield _claim(f"{path}{WITHIN}", self._given, (line,), text, variable.span)

    def _assumed(self) -> Iterator[Property]:
        """Iterate over the claims that what constants stand for meets the abstract assumptions."""
        for assumption in self._abstract.assumptions:
            lines = tuple(
                replace(line, expression=self._renamed(line.expression))
                for line in assumption.lines
            )
            path = f"{assumption.path}.assumed"
            yield _claim(path, self._given, lines, assumption.text, assumption.span)


def _plain(update: FlatUpdate) -> Update:
    return Update(
        update.name,
        update.variable,
        update.indices,
        update.operator,
        update.value,
        update.binders,
        update.condition,
        update.span,
    )


def _claim(
    path: str,
    given: frozenset[ActorKind],
    lines: tuple[Line, ...],
    text: str,
    span: Span,
) -> Property:
    return Property(path, PropertyKind.INVARIANT, given, (), lines, text, (), span)
