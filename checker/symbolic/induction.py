"""Find a small counterexample to induction at an exact finite scope, and have the evaluator take
the step.

Scopes grow from one element a sort until there is a counterexample, the sizes of the model being
the last, and room for the numbers that the text names after that; then each sort shrinks as far as
one is left; then every place gets its first value that can have it, those outside the cone of the
claim at once.

Soundness: a counterexample is shown only if the evaluator finds every fact true in the state
before, takes the step, and finds the claim false. If it does not, an engine is wrong, and that is
an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from splitspec.checker.evidence.causes import causes_of
from splitspec.checker.evidence.execution import (
    Execution,
    given_names,
    shows,
    sizes,
    trace,
)
from splitspec.checker.evidence.explanation import explain
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Translator
from splitspec.model import ir
from splitspec.model.evaluator import Evaluator
from splitspec.model.expressions import subterms, variables_read
from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample, bounds_for
from splitspec.model.initial import ill_begun
from splitspec.model.ir import PropertyKind
from splitspec.model.passes.oblige import overflows, overlaps
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace
from splitspec.model.types import Integer, Range, Sort

ROOM_MAX = 64
"""The largest bound of numbers that is tried where nobody says one: each value is a case."""


class DisagreementError(Exception):
    """The evaluator does not see what a solver found: one of them is wrong."""


@frozen
class Found:
    """A state of the scope with the parameters of the step."""

    scope: Scope
    state: State
    binding: Mapping[str, ir.Value]


@frozen
class Asked:
    """Whether a step at a scope breaks a claim, in the words of a solver."""

    instance: Instance
    step: FiniteStep
    solver: Satisfaction


Instances = dict[tuple[tuple[str, object], ...], tuple[Instance, Translator]]
"""What was written down at each scope."""


@dataclass(frozen=True)
class InductionSearch:
    """Looks for counterexamples to induction of one setting's claims, assuming some facts.

    `instances` are those of the theory, which other searches may have made. A proof at the scope of
    the setting is one of so many `steps`, any number if they are 0; what is found needs no budget.
    """

    setting: Setting
    theory: Theory
    facts: frozenset[str]
    scope_max: int
    exact: bool = False  # at the scope of the setting alone
    instances: Instances = field(default_factory=dict)
    steps: int = 0

    def counterexample(self, action: ir.FlatAction, claim: Claim) -> InductionCounterexample | None:
        """Return the smallest one that was found, replayed; None if there is none up to
        `scope_max`, nor at the setting's own sizes where they are more."""
        found = self._smallest(action, claim)
        if found is None:
            return None
        return self._replayed(action, claim, found)

    def breaks(self, action: ir.FlatAction, claim: Claim) -> bool:
        """Whether some step of the action breaks the claim, at one of the sizes that are tried."""
        return self._first(action, claim) is not None

    def is_inductive(self, action: ir.FlatAction, claim: Claim) -> bool:
        """Return whether it is proved that no step of the action breaks the claim at the scope of
        the setting."""
        asked = self._query(action, claim, self.setting.scope, self.steps)
        return asked.solver.check() is False and _has_states(asked.instance)

    def holds_initially(self, claim: Claim) -> bool:
        """Return whether it is proved that the claim holds in every initial state of the scope of
        the setting."""
        instance = Instance(self.theory, self.setting.scope)
        solver = Satisfaction(steps=self.steps)
        solver.add(instance.legal(instance.before))
        holds = instance.holds(claim, Moment(instance.initial))
        broken = solver.check(instance.terms.negation(holds))
        return broken is False and _has_states(instance)

    def initial_violation(self, claim: Claim) -> Trace | None:
        """Return an initial state in which the claim is false, replayed, at the smallest size."""
        sizes_ = [dict.fromkeys(self._sorts, size) for size in range(1, self.scope_max + 1)]
        scopes = [self.scope(each, least) for least in self._rooms for each in sizes_]
        for scope in [self.setting.scope] if self.exact else scopes:
            instance = Instance(self.theory, scope)
            solver = Satisfaction()
            solver.add(instance.legal(instance.before))
            holds = instance.holds(claim, Moment(instance.initial))
            if solver.check(instance.terms.negation(holds)):
                found = self._initial_trace(instance, solver, claim)
                if found is not None:
                    return found
        return None

    def _initial_trace(
        self, instance: Instance, solver: Satisfaction, claim: Claim
    ) -> Trace | None:
        """Return the initial state of the constants that a solver found; None if `init` does not
        say for these how a run begins."""
        constants = {
            variable.path: solver.value(instance.before.cell(variable, ()))
            for variable in self.theory.system.variables.values()
            if variable.kind is ir.VariableKind.CONSTANT and not variable.indices
        }
        scope = replace(instance.scope, pins={**instance.scope.pins, **constants})
        evaluator = Evaluator(replace(self.setting, scope=scope))
        if ill_begun(evaluator.program, evaluator.universe) is not None:
            return None
        property_ = self.theory.properties[claim.path]
        for state in evaluator.initial_states():
            execution = Execution((state,), ())
            if shows(evaluator, property_, execution):
                explanation = explain(evaluator, property_, execution)
                return trace(evaluator, property_, execution, explanation)
        raise DisagreementError(f"the evaluator finds {claim.name} true initially")

    # Scopes

    @property
    def _sorts(self) -> tuple[str, ...]:
        return self.theory.system.sorts

    def _smallest(self, action: ir.FlatAction, claim: Claim) -> Found | None:
        if self.exact:
            asked = self._asked(action, claim, self.setting.scope)
            return None if asked is None else self._plainest(action, claim, asked)
        found = self._first(action, claim)
        if found is None:
            return None
        sizes_, asked = found
        for sort in self._sorts:
            # One element a sort was tried first, and was not enough.
            while sizes_[sort] > 1 and sum(sizes_.values()) > len(sizes_) + 1:
                smaller = {**sizes_, sort: sizes_[sort] - 1}
                less = self._asked(action, claim, replace(asked.instance.scope, sizes=smaller))
                if less is None:
                    break
                sizes_, asked = smaller, less
        return self._plainest(action, claim, asked)

    def _first(self, action: ir.FlatAction, claim: Claim) -> tuple[dict[str, int], Asked] | None:
        """Return the first sizes that have a counterexample, with the question.

        Of the sorts that neither step nor claim speaks of, one element each is enough, mostly, and
        a question of few elements is cheap.
        """
        sorts, spoken = self._sorts, _sorts_of(action, claim)
        for size in range(1, self.scope_max + 1):
            few = {sort: size if sort in spoken else 1 for sort in sorts}
            alike = dict.fromkeys(sorts, size)
            for sizes_ in (alike,) if size == 1 or few == alike else (few, alike):
                asked = self._asked(action, claim, self.scope(sizes_))
                if asked is not None:
                    return sizes_, asked
        own = {sort: self.setting.scope.sizes[sort] for sort in sorts}
        if max(own.values(), default=0) > self.scope_max:
            asked = self._asked(action, claim, self.scope(own))
            if asked is not None:
                return own, asked
        for least in self._rooms[1:]:
            for size in range(1, self.scope_max + 1):
                alike = dict.fromkeys(sorts, size)
                asked = self._asked(action, claim, self.scope(alike, least))
                if asked is not None:
                    return alike, asked
        return None

    @property
    def _rooms(self) -> tuple[int, ...]:
        """The least bounds of numbers at which a counterexample is sought: none, and one more than
        the largest number in the text, if that gives some number more room."""
        system, least = self.theory.system, _largest(self.theory) + 1
        bounds = self.scope({}).bounds
        free = (
            path for path in bounds if system.variables[path].kind is not ir.VariableKind.COUNTER
        )
        is_more = any(bounds[path] < least <= ROOM_MAX for path in free)
        return (0, least) if is_more else (0,)

    def scope(self, sizes_: Mapping[str, int], least: int = 0) -> Scope:
        """Return a scope of these sizes, with bounds and the pins on which types depend."""
        given, variables = self.setting.scope, self.theory.system.variables
        bounds = bounds_for(variables.values(), given.bounds, least)
        ends = {path: v for path, v in given.pins.items() if path in set(_ends(self.theory))}
        return Scope(dict(sizes_), bounds, {**ends, **self.theory.constants})

    def _query(self, action: ir.FlatAction, claim: Claim, scope: Scope, steps: int = 0) -> Asked:
        key = (*scope.sizes.items(), *scope.bounds.items(), *scope.pins.items())
        if key not in self.instances:
            self.instances[key] = Instance(self.theory, scope), Translator()
        instance, translator = self.instances[key]
        step = instance.step(action)
        solver = Satisfaction(translator, steps=steps)
        solver.add(instance.legal(instance.before))
        solver.add(*instance.facts(self.facts).values())
        solver.add(step.broken(claim))
        return Asked(instance, step, solver)

    def _asked(self, action: ir.FlatAction, claim: Claim, scope: Scope) -> Asked | None:
        """Return a question that has a counterexample at a scope, with its model."""
        asked = self._query(action, claim, scope)
        return asked if asked.solver.check() is True else None

    # Values

    def _plainest(self, action: ir.FlatAction, claim: Claim, asked: Asked) -> Found:
        instance, step, solver = asked.instance, asked.step, asked.solver
        cone = cone_of(self.theory, action, claim)
        outside: list[Term] = []
        inside: list[Term] = []
        for variable, indices in instance.layout:
            cell = instance.before.cell(variable, indices)
            first = instance.scope.values(variable.type, instance.scope.bound(variable))[0]
            plain = instance.algebra.equal(cell, instance.algebra.constant(first))
            (inside if variable.path in cone else outside).append(plain)
        together = instance.terms.conjunction(*outside)
        if solver.check(together):
            solver.add(together)
            outside = []
        for plain in (*inside, *outside):
            if solver.is_true(plain) or solver.check(plain):
                solver.add(plain)
        assert solver.check() is True
        state = tuple(
            solver.value(instance.before.cell(variable, indices))
            for variable, indices in instance.layout
        )
        binding = {name: solver.value(value) for name, value in step.parameters.items()}
        return Found(instance.scope, state, binding)

    # Replay

    def _replayed(
        self, action: ir.FlatAction, claim: Claim, found: Found
    ) -> InductionCounterexample:
        setting = replace(self.setting, scope=found.scope)
        evaluator = Evaluator(setting)
        paths = {c.path for c in self.theory.facts if c.name in self.facts}
        for path in sorted(paths):
            if not _is_true(evaluator, path, self.theory, found.state, self.facts):
                raise DisagreementError(f"the evaluator finds {path} false before {action.path}")
        transition = evaluator.step(found.state, action.path, found.binding)
        if transition is None:
            raise DisagreementError(f"the evaluator refuses {action.path}")
        execution = Execution((found.state,), ()).then(transition)
        property_ = self.theory.properties[claim.path]
        if not shows(evaluator, property_, execution):
            raise DisagreementError(f"the evaluator finds {claim.name} true after {action.path}")
        explanation = explain(evaluator, property_, execution)
        if explanation is not None:
            # A promise that nobody gave stands in the text, and restrains the step no more.
            explanation = replace(explanation, causes=causes_of(evaluator, execution))
        shown = trace(evaluator, property_, execution, explanation)
        cone = cone_of(self.theory, action, claim)
        pairs = zip(shown.places, evaluator.places, strict=True)
        return InductionCounterexample(
            model=setting.model,
            given=given_names(setting),
            variant=None if setting.variant is None else setting.variant.name,
            scope=sizes(found.scope),
            claim=claim.path,
            step=shown.steps[0],
            places=shown.places,
            before=shown.states[0],
            after=shown.states[1] if len(shown.states) > 1 else (),
            cone=frozenset(place for place, (v, _) in pairs if v.path in cone),
            explanation=shown.explanation,
        )


def _has_states(instance: Instance) -> bool:
    """Whether there is a state at a scope: where no values of constants are as assumed there, what
    holds of all states says nothing."""
    solver = Satisfaction()
    solver.add(instance.legal(instance.before))
    return solver.check() is True


def _is_true(
    evaluator: Evaluator, path: str, theory: Theory, state: State, facts: frozenset[str]
) -> bool:
    """Return whether the conjuncts of a property that are among the facts hold in a state."""
    moment = evaluator.moment(state)
    for claim in theory.facts:
        if claim.path != path or claim.name not in facts:
            continue
        if claim.kind is PropertyKind.EXACT:
            if not evaluator.counter_is_exact(path.removesuffix(".exact"), state):
                return False
        elif claim.expression is not None and not moment.holds(claim.expression, {}):
            return False
    return True


def _sorts_of(action: ir.FlatAction, claim: Claim) -> frozenset[str]:
    """Return the sorts of which a step and a claim name elements."""
    named = [*action.parameters, *(binder for u in action.updates for binder in u.binders)]
    if claim.expression is not None:
        named += [
            binder
            for term in subterms(claim.expression)
            if isinstance(term, ir.Quantifier | ir.Count)
            for binder in term.binders
        ]
    return frozenset(each.type.path for each in named if isinstance(each.type, Sort))


def cone_of(theory: Theory, action: ir.FlatAction, claim: Claim) -> frozenset[str]:
    """Return the variables on which the claim after the step, or the step's guards, depend."""
    system = theory.system
    watched: set[str] = set()
    if claim.expression is not None:
        watched |= variables_read([claim.expression])
    if claim.kind is PropertyKind.OVERLAP:
        watched |= {u.variable for pair in overlaps(action) for u in pair}
    if claim.kind is PropertyKind.RANGE:
        watched |= {u.variable for u in overflows(system, action)}
    terms = [line.expression for guard in action.guards for line in guard.lines]
    for update in action.updates:
        if update.variable in watched:
            terms += [*update.indices, update.value]
            terms += [] if update.condition is None else [update.condition]
    return frozenset(watched | variables_read(terms))


def _largest(theory: Theory) -> int:
    """Return the largest number in the text of a theory, 0 if there is none."""
    system = theory.system
    terms = [line.expression for each in system.assumptions for line in each.lines]
    terms += [claim.expression for claim in theory.claims if claim.expression is not None]
    for action in system.actions:
        terms += [line.expression for guard in action.guards for line in guard.lines]
        terms += [update.value for update in action.updates]
    literals = (each for term in terms for each in subterms(term) if isinstance(each, ir.Literal))
    numbers = (each.value for each in literals if isinstance(each.type, Integer))
    return max((int(number or 0) for number in numbers), default=0)


def _ends(theory: Theory) -> Iterator[str]:
    """Iterate over the constants that ranges name: their pins are part of the types."""
    for variable in theory.system.variables.values():
        yield from _ends_in((*variable.indices, variable.type))


def _ends_in(types: Iterable[object]) -> Iterator[str]:
    for type_ in types:
        inner = getattr(type_, "of", type_)
        if isinstance(inner, Range) and isinstance(inner.high, str):
            yield inner.high
