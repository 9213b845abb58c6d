"""Make a system without counters of a program under one adversary, perhaps with a variant.

What is left out: counters with their updates and claims; guards and claims that read a number of
elements and cannot be said by quantifiers (`splitspec.checker.export.thresholds`); claims on steps
and on whole runs; actions that change nothing else.

Soundness: a run of the program is a run of the result, as far as the variables go that are left,
for where counters are exact the replaced comparisons say the same, and a guard that is left out
adds steps. So an invariant of the result is one of the program. The converse fails where a guard
was left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from splitspec.checker.export.thresholds import Thresholds
from splitspec.checker.export.uncounted import Omission, Part, Uncounted, Unsayable
from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    ActorKind,
    Expression,
    FlatAction,
    FlatGuard,
    FlatUpdate,
    Line,
    Program,
    Property,
    PropertyKind,
    SetConstant,
    System,
    VariableKind,
    Variant,
)
from splitspec.model.passes.oblige import obligations
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.passes.vary import while_on
from splitspec.model.pipeline import Work, stages

FACTS = (PropertyKind.INVARIANT, PropertyKind.LEMMA)
REASONS = {
    PropertyKind.STEP: "is about steps",
    PropertyKind.WITNESS: "is about runs",
    PropertyKind.RECOVERABLE: "is about runs",
    PropertyKind.PROGRESS: "is about runs",
    PropertyKind.DEADLOCK: "is about runs",
    PropertyKind.EXACT: "is about a counter",
    PropertyKind.OVERLAP: "is assumed of every step",
    PropertyKind.RANGE: "is assumed of every step",
}


def uncount(
    program: Program, given: frozenset[ActorKind], variant: Variant | None = None
) -> Uncounted | Unsayable:
    """Return the system of a run without counters, with the claims under its adversary."""
    variants = () if variant is None else (variant,)
    systems = {step.name: work.system for step, work in stages(Work(program, given, variants))}
    whole, system = systems["compose"], systems["fold"]
    assert whole is not None
    assert system is not None
    system = while_on(system, frozenset(variant.name for variant in variants))
    return _Uncounting(system, tuple(whole.properties.values()), variant).result()


@dataclass
class _Uncounting:
    """The system on its way, with what was left out so far."""

    system: System
    declared: tuple[Property, ...]
    variant: Variant | None
    omissions: list[Omission] = field(default_factory=list)

    def __post_init__(self) -> None:
        variables = self.system.variables.values()
        counters = frozenset(v.path for v in variables if v.kind is VariableKind.COUNTER)
        exact = {v.path: v.counted for v in exact_counters(self.system) if v.counted is not None}
        self.thresholds = Thresholds(counters, exact)

    def result(self) -> Uncounted | Unsayable:
        claims = tuple(self._claims())
        actions = []
        for action in self.system.actions:
            made = self._action(action)
            if isinstance(made, Unsayable):
                return made
            if made.updates:
                actions.append(made)
            else:
                self._omit(Part.ACTION, action.path, "changes nothing of what is left")
        counters = self.thresholds.counters
        system = replace(
            self.system,
            actions=tuple(actions),
            variables={p: v for p, v in self.system.variables.items() if p not in counters},
            initial=tuple(u for u in self.system.initial if u.variable not in counters),
        )
        differences = () if self.variant is None else self.variant.differences
        constants = {d.variable: d.value for d in differences if isinstance(d, SetConstant)}
        return Uncounted(system, claims, constants, tuple(self.omissions))

    def _omit(self, part: Part, path: str, reason: str) -> None:
        self.omissions.append(Omission(part, path, reason))

    # Claims

    def _claims(self) -> Iterator[Property]:
        for claim in self.declared:
            if not claim.given <= self.system.given:
                honest = " and ".join(sorted(f"honest {kind.value}" for kind in claim.given))
                self._omit(Part.PROPERTY, claim.path, f"is claimed given {honest}")
            elif claim.kind in FACTS:
                lines = tuple(self._lines(Part.PROPERTY, claim.path, claim.lines))
                stated = tuple(line for line in lines if self._is_of_the_state(claim, line))
                if stated:
                    yield replace(claim, lines=stated)
            elif claim.given == self.system.given:
                self._omit(Part.PROPERTY, claim.path, REASONS[claim.kind])
        for obligation in obligations(self.system):
            self._omit(Part.PROPERTY, obligation.path, REASONS[obligation.kind])

    def _is_of_the_state(self, claim: Property, line: Line) -> bool:
        """Whether a line reads a variable: of constants alone nothing can be invariant."""
        read = variables_read([line.expression])
        variables = self.system.variables
        if any(variables[path].kind is not VariableKind.CONSTANT for path in read):
            return True
        self._omit(Part.PROPERTY, claim.path, "reads constants only")
        return False

    def _lines(self, part: Part, path: str, lines: tuple[Line, ...]) -> Iterator[Line]:
        """Iterate over the lines that can be said without numbers of elements."""
        for line in lines:
            term = self.thresholds.rewrite(line.expression)
            numbers = self.thresholds.numbers_in(term)
            if numbers:
                named = f"{path}.{line.label}" if line.label else path
                self._omit(part, named, f"reads {' and '.join(numbers)}")
            else:
                yield replace(line, expression=term)

    # Actions

    def _action(self, action: FlatAction) -> FlatAction | Unsayable:
        guards = tuple(self._guards(action))
        updates = []
        for update in action.updates:
            if update.variable in self.thresholds.counters:
                path = f"{action.path}.{update.name or update.variable.rpartition('.')[2]}"
                self._omit(Part.UPDATE, path, f"writes counter {update.variable}")
                continue
            made = self._update(action, update)
            if isinstance(made, Unsayable):
                return made
            updates.append(made)
        return replace(action, guards=guards, updates=tuple(updates))

    def _guards(self, action: FlatAction) -> Iterator[FlatGuard]:
        for guard in action.guards:
            path = f"{action.path}.{guard.name}"
            lines = tuple(self._lines(Part.GUARD, path, guard.lines))
            if lines:
                yield replace(guard, lines=lines)

    def _update(self, action: FlatAction, update: FlatUpdate) -> FlatUpdate | Unsayable:
        rewrite = self.thresholds.rewrite
        made = replace(
            update,
            indices=tuple(map(rewrite, update.indices)),
            value=rewrite(update.value),
            condition=None if update.condition is None else rewrite(update.condition),
        )
        terms: list[Expression] = [*made.indices, made.value]
        terms += [] if made.condition is None else [made.condition]
        numbers = [number for term in terms for number in self.thresholds.numbers_in(term)]
        if numbers:
            return Unsayable(f"{action.path} writes what depends on {numbers[0]}", update.span)
        return made
