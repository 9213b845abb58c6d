"""From flat actions to guarded instances: what is enabled when, what it writes, and what it may
fail.

A parameter of an action is a constant (one instance for each value), computed from an equation of
its guards, or, where there would be too many instances, a register that a loop counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from splitspec.checker.explicit.native.binding import Binding, equations, plan
from splitspec.checker.explicit.native.circuit import (
    Integer,
    Predicate,
    Register,
)
from splitspec.checker.explicit.native.effects import After, Effect, Write
from splitspec.checker.explicit.native.lowering import Environment, Lowering, Moment
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    Expression,
    FlatAction,
    Property,
    System,
    VariableKind,
)
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.terms import free_locals

INSTANCES_MAX = 250
"""Above this many instances, actions become loops over their outer parameters."""


@frozen
class Instance:
    """An action under one binding. `guards` are conjuncts by guard name, then those that bind
    parameters.

    `overlap` and `range` say when the step has no successor, `cuts` when a bound of the run forbids
    it, `steps` when it violates a step property (by path), `lost` when it needs a value that the
    run forgets.
    """

    action: int
    guards: tuple[tuple[str, Predicate], ...]
    writes: tuple[Write, ...]
    overlap: Predicate
    range: Predicate
    cuts: tuple[tuple[str, Predicate], ...]
    steps: tuple[tuple[str, Predicate], ...]
    lost: Predicate


@frozen
class Family:
    """Instances inside the loops over `registers`."""

    registers: tuple[Register, ...]
    instances: tuple[Instance, ...]

    @property
    def count(self) -> int:
        """The number of instances that the loops make of these."""
        total = len(self.instances)
        for register in self.registers:
            total *= register.high + 1
        return total


@frozen
class Condition:
    """A line of a guard, with what must be bound before it can be lowered."""

    guard: str
    expression: Expression
    needs: frozenset[str]
    dropped: Predicate


class Instantiation:
    """Makes the instances of a system's actions."""

    def __init__(self, lowering: Lowering, system: System, steps: Sequence[Property]) -> None:
        self.lowering = lowering
        self.circuit = lowering.circuit
        self.system = system
        self.steps = steps
        self.bits = {variant.name: 1 << i for i, variant in enumerate(system.variants)}
        claimed = {counter.path for counter in exact_counters(system)}
        self.lenient = frozenset(
            path
            for path, variable in system.variables.items()
            if variable.kind is VariableKind.COUNTER and path not in claimed
        )

    def dropped(self, variants: frozenset[str]) -> Predicate:
        """Return whether one of the variants is on; variants that share no kernel never are."""
        return self.circuit.dropped(sum(self.bits.get(name, 0) for name in variants))

    def existence(self, action: FlatAction) -> Predicate:
        """Return whether the action exists under the variants that are on."""
        parts = [self.circuit.negate(self.dropped(action.absent_for))]
        if action.only_for is not None:
            parts.append(self.dropped(action.only_for))
        return self.circuit.all(parts)

    def plan_of(self, action: FlatAction, without: str = "") -> tuple[Binding, ...]:
        """Return how the parameters get their values.

        Only guards that no variant drops, and that are not the one left out, may fix one.
        """
        lasting = (
            line.expression
            for guard in action.guards
            if guard.name != without and self.dropped(guard.dropped_by) is self.circuit.false
            for line in guard.lines
        )
        sizes = [self.lowering.size(parameter.type) for parameter in action.parameters]
        return plan(action.parameters, sizes, list(equations(action.parameters, lasting)))

    def conditions(self, action: FlatAction) -> tuple[Condition, ...]:
        """Return the lines of the guards."""
        return tuple(
            Condition(
                guard.name,
                line.expression,
                free_locals(line.expression),
                self.dropped(guard.dropped_by),
            )
            for guard in action.guards
            for line in guard.lines
        )

    def all_families(self) -> tuple[Family, ...]:
        """Return the instances of all actions, with loops where there would be too many."""
        sizes = [self._enumerated(action) for action in self.system.actions]
        loops = [0] * len(sizes)
        counts = [prod(enumerated) for enumerated in sizes]
        while sum(counts) > INSTANCES_MAX:
            largest = max(range(len(counts)), key=counts.__getitem__)
            if counts[largest] == 1:
                break
            counts[largest] //= sizes[largest][loops[largest]]
            loops[largest] += 1
        return tuple(f for number, n in enumerate(loops) for f in self.families(number, n))

    def _enumerated(self, action: FlatAction) -> list[int]:
        """Return the sizes of the parameters that are enumerated, in order."""
        steps = [step for step in self.plan_of(action) if step.source is None]
        sizes = [self.lowering.size(step.parameter.type) for step in steps]
        return [size for size in sizes if size > 1]

    def families(self, number: int, loops: int = 0) -> Iterator[Family]:
        """Iterate over the instances of action `number`, the first `loops` enumerated parameters as
        registers.
        """
        action = self.system.actions[number]
        existence = self.existence(action)
        if existence is self.circuit.false:
            return
        steps = self.plan_of(action)
        registers: list[Register] = []
        env: dict[str, Integer] = {}
        for step in steps:
            size = self.lowering.size(step.parameter.type)
            if step.source is None and len(registers) < loops and size > 1:
                register = self.circuit.register(f"a{number}_{step.parameter.name}", size)
                assert isinstance(register, Register)
                registers.append(register)
                env[step.parameter.name] = register
        known = (("", existence),) if existence is not self.circuit.true else ()
        instances = tuple(self._bind(number, steps, self.conditions(action), env, known, set()))
        if instances:
            yield Family(tuple(registers), instances)

    def _bind(
        self,
        number: int,
        steps: Sequence[Binding],
        conditions: Sequence[Condition],
        env: Environment,
        guards: tuple[tuple[str, Predicate], ...],
        bound: set[str],
    ) -> Iterator[Instance]:
        ready = [c for c in conditions if c.needs <= bound]
        for condition in ready:
            holds = self.lowering.truth(condition.expression, env, self.lowering.present)
            holds = self.circuit.any((condition.dropped, holds))
            if holds is self.circuit.false:
                return
            if holds is not self.circuit.true:
                guards = (*guards, (condition.guard, holds))
        waiting = [c for c in conditions if not c.needs <= bound]
        if not steps:
            if self.circuit.all([p for _, p in guards]) is not self.circuit.false:
                yield self.instance(number, guards, env)
            return
        step, *rest = steps
        name = step.parameter.name
        now = bound | {name}
        if step.source is not None:
            given, value = self.lowering.determine(step, env, self.lowering.present)
            if given is self.circuit.false:
                return
            if given is not self.circuit.true:
                guards = (*guards, ("", given))
            yield from self._bind(number, rest, waiting, {**env, name: value}, guards, now)
        elif name in env:
            yield from self._bind(number, rest, waiting, env, guards, now)
        else:
            for element in range(self.lowering.size(step.parameter.type)):
                inner = {**env, name: self.circuit.constant(element)}
                yield from self._bind(number, rest, waiting, inner, guards, now)

    def instance(
        self, number: int, guards: tuple[tuple[str, Predicate], ...], env: Environment
    ) -> Instance:
        """Return the instance of an action under a binding."""
        action = self.system.actions[number]
        effect = Effect(self.lowering, self.lenient)
        for i, update in enumerate(action.updates):
            effect.add(i, update, env, self.dropped(update.dropped_by))
        writes = tuple(effect.writes())
        step = self._moment(number, writes)
        claims = []
        for claim in self.steps:
            holds = self.circuit.all(
                [self.lowering.truth(line.expression, {}, step) for line in claim.lines]
            )
            if holds is not self.circuit.true:
                claims.append((claim.path, self.circuit.negate(holds)))
        return Instance(
            action=number,
            guards=guards,
            writes=writes,
            overlap=self.circuit.any(effect.overlaps),
            range=self.circuit.any(effect.faults),
            cuts=tuple((path, self.circuit.any(parts)) for path, parts in effect.cuts.items()),
            steps=tuple(claims),
            lost=self.circuit.any([self.lowering.truth(e, env, step) for e in action.lost]),
        )

    def step(self, instance: Instance) -> Moment:
        """Return the moment of the step that an instance makes."""
        return self._moment(instance.action, instance.writes)

    def _moment(self, number: int, writes: Sequence[Write]) -> Moment:
        after = Moment(After(self.lowering, writes).read)
        return Moment(self.lowering.read, after, self.system.actions[number].actor.kind)
