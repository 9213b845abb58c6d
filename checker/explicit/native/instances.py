"""From flat actions to guarded instances: what is enabled when, what it writes, and what it may fail.

A parameter of an action is a constant (one instance for each value), computed from an equation of its guards, or, where
there would be too many instances, a register that a loop counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

from splitspec.checker.explicit.native.binding import Binding, equations, plan
from splitspec.checker.explicit.native.circuit import (
    Integer,
    Predicate,
    Register,
)
from splitspec.checker.explicit.native.layout import Array
from splitspec.checker.explicit.native.lowering import Environment, Lowering, Moment
from splitspec.model.ir import (
    Conditional,
    Expression,
    FlatAction,
    FlatUpdate,
    Property,
    System,
    VariableKind,
)
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.terms import free_locals
from splitspec.model.types import Boolean, Natural, Nothing, Option

INSTANCES_MAX = 500
"""Above this many instances, actions become loops over their outer parameters."""


@dataclass(frozen=True, slots=True)
class Write:
    """An encoded value that a cell gets if the condition holds."""

    array: str
    index: Integer
    value: Integer
    condition: Predicate


@dataclass(frozen=True, slots=True)
class Instance:
    """An action under one binding. `guards` are conjuncts by guard name, then those that bind parameters.

    `overlap` and `range` say when the step has no successor, `cuts` when a bound of the run forbids it, `steps` when
    it violates a step property (by path).
    """

    action: int
    guards: tuple[tuple[str, Predicate], ...]
    writes: tuple[Write, ...]
    overlap: Predicate
    range: Predicate
    cuts: tuple[tuple[str, Predicate], ...]
    steps: tuple[tuple[str, Predicate], ...]


@dataclass(frozen=True, slots=True)
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


@dataclass(slots=True)
class _Target:
    """The writes of one instance to one array, by update."""

    assigned: list[tuple[int, Integer, Integer, Predicate]] = field(default_factory=list)
    added: list[tuple[int, Integer, Integer, Predicate]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
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
        """Iterate over the instances of action `number`, the first `loops` enumerated parameters as registers."""
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
        effect = _Effect(self)
        for i, update in enumerate(action.updates):
            effect.add(i, update, env)
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
        )

    def step(self, instance: Instance) -> Moment:
        """Return the moment of the step that an instance makes."""
        return self._moment(instance.action, instance.writes)

    def _moment(self, number: int, writes: Sequence[Write]) -> Moment:
        after = Moment(_After(self.lowering, writes).read)
        return Moment(self.lowering.read, after, self.system.actions[number].actor.kind)


class _After:
    """Reads the state after a step whose writes do not compete."""

    def __init__(self, lowering: Lowering, writes: Sequence[Write]) -> None:
        self._lowering = lowering
        self._writes: dict[str, list[Write]] = {}
        for write in writes:
            self._writes.setdefault(write.array, []).append(write)

    def read(self, path: str, index: Integer) -> Integer:
        """Return the encoded value of a cell after the step."""
        make = self._lowering.circuit
        value = self._lowering.read(path, index)
        for write in self._writes.get(path, ()):
            hit = make.all((make.equal(write.index, index), write.condition))
            value = make.choice(hit, write.value, value)
        return value


class _Effect:
    """Collects the updates of one instance, and what could go wrong with them."""

    def __init__(self, owner: Instantiation) -> None:
        self._owner = owner
        self._make = owner.circuit
        self._lowering = owner.lowering
        self._targets: dict[str, _Target] = {}
        self.faults: list[Predicate] = []
        self.cuts: dict[str, list[Predicate]] = {}

    def add(self, number: int, update: FlatUpdate, env: Environment) -> None:
        """Take up update `number` of the action."""
        lowering, make = self._lowering, self._make
        lasts = make.negate(self._owner.dropped(update.dropped_by))
        target = self._targets.setdefault(update.variable, _Target())
        for inner in lowering.bindings(update.binders, env):
            condition = lasts
            if update.condition is not None:
                holds = lowering.truth(update.condition, inner, lowering.present)
                condition = make.all((lasts, holds))
            if condition is make.false:
                continue
            index = lowering.index(update.variable, update.indices, inner, lowering.present)
            if update.operator == ":=":
                value = self._assigned(update, inner, condition)
                target.assigned.append((number, index, value, condition))
            else:
                value = lowering.value(update.value, inner, lowering.present)
                if update.operator == "-=":
                    value = make.plus(make.constant(0), value, -1)
                target.added.append((number, index, value, condition))

    def _assigned(self, update: FlatUpdate, env: Environment, condition: Predicate) -> Integer:
        array = self._lowering.layout.arrays[update.variable]
        return self._written(update.value, array, env, condition)

    def _written(
        self, expression: Expression, array: Array, env: Environment, condition: Predicate
    ) -> Integer:
        """Return the encoded value; note when it would leave the type while the condition holds."""
        lowering, make = self._lowering, self._make
        type_ = array.variable.type
        if isinstance(expression, Conditional) and expression.type != Boolean():
            chosen = lowering.truth(expression.condition, env, lowering.present)
            other = make.negate(chosen)
            return make.choice(
                chosen,
                self._written(expression.positive, array, env, make.all((condition, chosen))),
                self._written(expression.negative, array, env, make.all((condition, other))),
            )
        code = lowering.coded(expression, type_, env, lowering.present)
        is_given = isinstance(type_, Option) and not isinstance(expression.type, Option | Nothing)
        return self._limited(code, array, int(is_given), condition)

    def _limited(self, code: Integer, array: Array, low: int, condition: Predicate) -> Integer:
        """Return the code, limited where nobody claims a counter; else note faults and cuts."""
        make = self._make
        least, most = make.constant(low), make.constant(array.size - 1)
        below, above = make.less(code, least), make.less(most, code)
        path = array.variable.path
        if path in self._owner.lenient:
            return make.choice(below, least, make.choice(above, most, code))
        self.faults.append(make.all((condition, below)))
        over = make.all((condition, above))
        if isinstance(array.variable.type, Natural) and array.variable.counted is None:
            if over is not make.false:
                self.cuts.setdefault(path, []).append(over)
        else:
            self.faults.append(over)
        return code

    @property
    def overlaps(self) -> Iterator[Predicate]:
        """Iterate over the conditions under which two updates compete for a place."""
        for path, target in self._targets.items():
            if path in self._owner.lenient:
                continue
            pairs = [
                *combinations(target.assigned, 2),
                *((one, other) for one in target.assigned for other in target.added),
            ]
            for (first, i, _, p), (second, j, _, q) in pairs:
                if first != second:
                    yield self._make.all((self._make.equal(i, j), p, q))

    def writes(self) -> Iterator[Write]:
        """Iterate over the writes; those to one place write the same value, unless they compete."""
        make = self._make
        for path, target in self._targets.items():
            array = self._lowering.layout.arrays[path]
            for _, index, value, condition in target.assigned:
                yield Write(path, index, value, condition)
            totals: dict[Integer, list[Predicate]] = {}
            for _, index, _, condition in target.added:
                totals.setdefault(index, []).append(condition)
            for index, conditions in totals.items():
                total = self._lowering.read(path, index)
                for _, other, delta, condition in target.added:
                    hit = make.all((make.equal(index, other), condition))
                    total = make.plus(total, make.choice(hit, delta, make.constant(0)))
                written = make.any(conditions)
                value = self._limited(total, array, 0, written)
                yield Write(path, index, value, written)
