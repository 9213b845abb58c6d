"""Write `observe`: which of the things that a run should show at least once does a state show?

An action that is enabled; a guard that refuses although the action's other guards hold; the
antecedent of a line of a property (as `splitspec.checker.explicit.vacuity` defines it), in a state
or in a step from it. What was seen before is not looked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import llvmlite.binding as llvm

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native.assembly import METADATA, Assembler, set_bit, signed
from splitspec.checker.explicit.native.binding import Binding
from splitspec.checker.explicit.native.circuit import Circuit, Predicate, Register
from splitspec.checker.explicit.native.compilation import compiled
from splitspec.checker.explicit.native.fingerprint import fingerprint
from splitspec.checker.explicit.native.instances import Condition, Instantiation
from splitspec.checker.explicit.native.jit import compile_object, load_object, target_machine
from splitspec.checker.explicit.native.layout import lay_out
from splitspec.checker.explicit.native.lowering import Environment, Lowering
from splitspec.checker.explicit.native.object_cache import Compiled, cache_folder
from splitspec.checker.explicit.native.properties import Refuter
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    And,
    Expression,
    Implies,
    Not,
    Property,
    PropertyKind,
    Quantifier,
    System,
)
from splitspec.model.scope import Scope

VACUOUS_KINDS = (
    PropertyKind.INVARIANT,
    PropertyKind.LEMMA,
    PropertyKind.STEP,
    PropertyKind.PROGRESS,
)


class Sight(Enum):
    """What there is to see."""

    ENABLED = "an action is enabled"
    REFUSED = "a guard alone refuses"
    MET = "an antecedent holds"


@frozen
class Observation:
    """`path` is that of an action, of a guard (action.guard), or of a property with the number of
    its line.
    """

    sight: Sight
    path: str
    line: int = 0


@dataclass(frozen=True)
class Observer:
    """A compiled `observe`; bit i is the i-th observation. `engine` owns the code."""

    observations: tuple[Observation, ...]
    address: int
    engine: llvm.ExecutionEngine

    @property
    def words(self) -> int:
        """The number of words of a set of observations."""
        return -(-len(self.observations) // 64)


def observations(system: System, properties: Collection[str]) -> tuple[Observation, ...]:
    """Return everything that a run of a system should show."""
    found = [Observation(Sight.ENABLED, action.path) for action in system.actions]
    for action in system.actions:
        found += [Observation(Sight.REFUSED, f"{action.path}.{g.name}") for g in action.guards]
    for claim in _vacuous_kinds(system, properties):
        for number in range(len(claim.lines)):
            if _met(claim, number) is not None:
                found.append(Observation(Sight.MET, claim.path, number))
    return tuple(dict.fromkeys(found))


def compile_observer(
    system: System,
    scope: Scope,
    wanted: Sequence[Observation],
    folder: Path | None = None,
    budget: Budget | None = None,
) -> Observer:
    """Return an observer that looks for the wanted observations alone.

    Code is kept in `folder`, or where the user keeps caches. Raise `BudgetSpentError` if there is
    no time to compile.
    """
    machine = target_machine()

    def make() -> Compiled:
        lowering = Lowering(Circuit(), lay_out(system.variables.values(), scope))
        text = ObserveEmitter(lowering, system, wanted).emit()
        return Compiled({}, compile_object(text + METADATA, machine))

    name = f"observer-{fingerprint(system, scope, tuple(wanted))}"
    code = compiled((folder or cache_folder()) / name, make, budget)
    engine = load_object(code.content, machine)
    return Observer(tuple(wanted), engine.get_function_address("observe"), engine)


def _vacuous_kinds(system: System, properties: Collection[str]) -> list[Property]:
    return [
        p for path, p in system.properties.items() if path in properties and p.kind in VACUOUS_KINDS
    ]


def _met(claim: Property, line: int) -> Expression | None:
    """Return a formula that says that the antecedent of a line holds; None if it has none. Of
    progress, `a leads to b`, it is a, for some value of the parameters."""
    expression = claim.lines[line].expression
    if claim.kind is not PropertyKind.PROGRESS:
        return _antecedent(expression)
    if line > 0:
        return None
    if not claim.parameters:
        return expression
    return Quantifier("some", claim.parameters, expression, expression.type, expression.span)


def _antecedent(expression: Expression) -> Expression | None:
    """Return a formula that says that the antecedent holds for some binding; None if there is no
    implication.
    """
    match expression:
        case Implies(premise, conclusion, type_, span):
            further = _antecedent(conclusion)
            return premise if further is None else And((premise, further), type_, span)
        case Quantifier("all", binders, body, type_, span):
            inner = _antecedent(body)
            return None if inner is None else Quantifier("some", binders, inner, type_, span)
        case _:
            return None


PARAMETERS = "ptr noalias readonly %state, ptr noalias %seen, i64 %mask"


class ObserveEmitter:
    """Writes `observe` for some observations, which have the bits of their order.

    Each has a function of its own: LLVM takes far more than twice the time for a function that is
    twice as long.
    """

    def __init__(self, lowering: Lowering, system: System, wanted: Sequence[Observation]) -> None:
        self.lowering = lowering
        self.system = system
        self.wanted = wanted
        self.asm = Assembler(lowering.layout)
        self._instantiation = Instantiation(lowering, system, ())
        self._refuter = Refuter(lowering, self.asm)
        self._registers = 0

    def emit(self) -> str:
        """Return the text of the functions."""
        numbers = range(len(self.wanted))
        texts = [self._emit_observation(n, each) for n, each in enumerate(self.wanted)]
        calls = [f"  call void @observe{n}(ptr %state, ptr %seen, i64 %mask)" for n in numbers]
        whole = [f"define void @observe({PARAMETERS}) {{", "entry:", *calls, "  ret void", "}"]
        return "\n".join([*texts, *whole])

    def _emit_observation(self, number: int, observation: Observation) -> str:
        asm = self.asm = Assembler(self.lowering.layout)
        self._refuter = Refuter(self.lowering, asm)
        asm.lines += [f"define internal void @observe{number}({PARAMETERS}) noinline {{", "entry:"]
        asm.load_words()
        word, shift = divmod(number, 64)
        place = asm.op(f"getelementptr i64, ptr %seen, i64 {word}")
        bit = asm.op(f"and i64 {asm.op(f'load i64, ptr {place}')}, {signed(1 << shift)}")
        look, hit, end = asm.label(), asm.label(), asm.label()
        asm.branch(asm.op(f"icmp eq i64 {bit}, 0"), look, end)
        asm.place(look)
        with asm.scope():
            self._look(observation, hit)
            asm.jump(end)
        asm.place(hit)
        with asm.scope():
            set_bit(asm, "%seen", number)
            asm.jump(end)
        asm.place(end)
        return "\n".join([*asm.lines, "  ret void", "}"])

    def _look(self, observation: Observation, hit: str) -> None:
        """Write code that jumps to `hit` if the observation is made."""
        match observation.sight:
            case Sight.ENABLED:
                for number, action in enumerate(self.system.actions):
                    if action.path == observation.path:
                        self._each_step(number, lambda _: self._leave(hit))
            case Sight.REFUSED:
                path, _, name = observation.path.rpartition(".")
                for number, action in enumerate(self.system.actions):
                    if action.path == path and any(g.name == name for g in action.guards):
                        self._each_refusal(number, name, hit)
            case Sight.MET:
                claim = self.system.properties[observation.path]
                expression = _met(claim, observation.line)
                assert expression is not None
                if claim.kind is PropertyKind.STEP:
                    self._each_met(expression, hit)
                else:
                    self._refuter.refute(_denied(expression), {}, hit)

    def _leave(self, label: str) -> None:
        """Jump away; what is written next is never reached."""
        self.asm.jump(label)
        self.asm.place(self.asm.label())

    def _each_refusal(self, number: int, name: str, hit: str) -> None:
        action = self.system.actions[number]
        conditions = self._instantiation.conditions(action)
        others = [c for c in conditions if c.guard != name]
        suspects = [c for c in conditions if c.guard == name]

        def refuse(env: Environment) -> None:
            holds = self.lowering.circuit.all([self._holds(c, env) for c in suspects])
            with self.asm.when(self.lowering.circuit.negate(holds)):
                self._leave(hit)

        with self.asm.when(self._instantiation.existence(action)):
            steps = self._instantiation.plan_of(action, without=name)
            self._nest(steps, others, {}, refuse)

    def _each_met(self, antecedent: Expression, hit: str) -> None:
        make = self.lowering.circuit
        for number in range(len(self.system.actions)):

            def meet(env: Environment, number: int = number) -> None:
                instance = self._instantiation.instance(number, (), env)
                step = self._instantiation.step(instance)
                faults = make.any(
                    (instance.overlap, instance.range, *(p for _, p in instance.cuts))
                )
                met = make.all((make.negate(faults), self.lowering.truth(antecedent, {}, step)))
                if met is not make.false:
                    with self.asm.when(met):
                        self._leave(hit)

            self._each_step(number, meet)

    def _each_step(self, number: int, leaf: Callable[[Environment], None]) -> None:
        action = self.system.actions[number]
        conditions = self._instantiation.conditions(action)
        with self.asm.when(self._instantiation.existence(action)):
            self._nest(self._instantiation.plan_of(action), conditions, {}, leaf)

    def _nest(
        self,
        steps: Sequence[Binding],
        conditions: Sequence[Condition],
        env: Environment,
        leaf: Callable[[Environment], None],
    ) -> None:
        """Write loops over the bindings under which the conditions hold, with `leaf` inside."""
        make = self.lowering.circuit
        ready = [self._holds(c, env) for c in conditions if c.needs <= env.keys()]
        waiting = [c for c in conditions if not c.needs <= env.keys()]
        holds = make.all(ready)
        if holds is make.false:
            return
        with self.asm.when(holds):
            if not steps:
                leaf(env)
                return
            step, *rest = steps
            name = step.parameter.name
            if step.source is not None:
                given, value = self.lowering.determine(step, env, self.lowering.present)
                with self.asm.when(given):
                    self._nest(rest, waiting, {**env, name: value}, leaf)
                return
            size = self.lowering.size(step.parameter.type)
            if size == 1:
                self._nest(rest, waiting, {**env, name: make.constant(0)}, leaf)
                return
            self._registers += 1
            register = make.register(f"o{self._registers}", size)
            assert isinstance(register, Register)
            with self.asm.loop((register,)):
                self._nest(rest, waiting, {**env, name: register}, leaf)

    def _holds(self, condition: Condition, env: Environment) -> Predicate:
        holds = self.lowering.truth(condition.expression, env, self.lowering.present)
        return self.lowering.circuit.any((condition.dropped, holds))


def _denied(expression: Expression) -> Expression:
    """Return the negation, inside a leading quantifier."""
    match expression:
        case Quantifier("some", binders, body, type_, span):
            return Quantifier("all", binders, Not(body, type_, span), type_, span)
        case _:
            return Not(expression, expression.type, expression.span)
