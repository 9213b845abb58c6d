"""A theory at one scope: its facts and steps as formulas of propositional logic, and states read
from their models.

Soundness: exact, both ways, as `splitspec.checker.symbolic.finite` is. What is found is replayed by
the evaluator all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from splitspec.checker.symbolic.algebra import Cases, Environment, Places, Value
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.finite import CellState, Finite, counted
from splitspec.checker.symbolic.successor import Lenience, Successor, initial_state, places_of
from splitspec.checker.symbolic.term import Term, Terms
from splitspec.checker.symbolic.theory import Claim, Theory, claimed_counters
from splitspec.model import ir
from splitspec.model.passes.oblige import overlaps
from splitspec.model.scope import Places as Layout
from splitspec.model.scope import Scope
from splitspec.model.types import Natural, Option, Range


class Instance:
    """The facts, claims and steps of a theory at a scope."""

    def __init__(self, theory: Theory, scope: Scope) -> None:
        self.theory = theory
        self.system = theory.system
        pins = {**scope.pins, **theory.constants}
        self.scope = Scope(scope.sizes, scope.bounds, pins)
        self.terms = Terms()
        self.algebra = Finite(self.terms, self.scope)
        self.encoder = Encoder(self.algebra, dict(self.system.variables))
        self.claimed = {counter.path for counter in claimed_counters(self.system)}
        self.before = self.state("")

    @cached_property
    def layout(self) -> Layout:
        return Layout(tuple(self.system.variables.values()), self.scope)

    def state(self, moment: str) -> CellState:
        """Return a state of which nothing is known, with all its cells."""
        state = CellState(self.encoder, self.algebra, moment)
        for variable, indices in self.layout:
            state.cell(variable, indices)
        return state

    def legal(self, state: CellState) -> Term:
        """Return that every cell has exactly one value, and that constants are as assumed."""
        moment = Moment(state)
        assumed = (
            self.encoder.holds(line.expression, {}, moment)
            for assumption in self.system.assumptions
            for line in assumption.lines
        )
        return self.terms.conjunction(*state.legal.values(), *assumed)

    def holds(self, claim: Claim, moment: Moment) -> Term:
        """Return whether a claim on states or steps is true."""
        if claim.kind is ir.PropertyKind.EXACT:
            return self._is_exact(claim.path.removesuffix(".exact"), moment)
        assert claim.expression is not None
        return self.encoder.holds(claim.expression, {}, moment)

    def _is_exact(self, path: str, moment: Moment) -> Term:
        counter = self.system.variables[path]
        assert counter.counted is not None
        keys = counter.counted.keys

        def same(env: Environment) -> Term:
            kept = moment.state.read(counter, tuple(env[key.name] for key in keys))
            return self.algebra.equal(kept, self._number(counter, env, moment))

        return self.algebra.all_of(keys, {}, same)

    def _number(self, counter: ir.Variable, env: Environment, moment: Moment) -> Value:
        of = counter.counted
        assert of is not None
        return self.algebra.count(
            self.encoder.holds(of.condition, inner, moment)
            for inner in self.algebra.bindings(of.binders, env)
        )

    def facts(self, names: frozenset[str] | None = None) -> dict[str, Term]:
        """Return the claims on states as formulas over the state before, by name."""
        return {n: fact for n, fact in self._facts.items() if names is None or n in names}

    @cached_property
    def _facts(self) -> dict[str, Term]:
        moment = Moment(self.before)
        return {claim.name: self.holds(claim, moment) for claim in self.theory.facts}

    @cached_property
    def initial(self) -> Successor:
        """The initial states: all values of the constants, counters as they count."""
        return initial_state(
            self.encoder, self.before, self.system, self._initial_number, _Counters(self)
        )

    def _initial_number(self, count: ir.Count, env: Environment) -> Value:
        return counted(self.encoder, self.algebra, count, env, Moment(self.initial))

    def step(self, action: ir.FlatAction) -> FiniteStep:
        """Return the step of an action, with parameters of which only the type is known."""
        return FiniteStep(self, action, self.before, "")


@dataclass(frozen=True)
class _Counters:
    """What an initial state has where no value is given: counters count, sorts are open."""

    instance: Instance

    def read(self, variable: ir.Variable, indices: Places) -> Value:
        if variable.counted is None:
            return self.instance.before.read(variable, indices)
        keys = (key.name for key in variable.counted.keys)
        env = dict(zip(keys, indices, strict=True))
        return self.instance._number(variable, env, Moment(self.instance.initial))

    def number(self, count: ir.Count, env: Environment) -> Value:
        return self.instance._initial_number(count, env)


class FiniteStep:
    """An arbitrary step of one action at a scope."""

    def __init__(
        self, instance: Instance, action: ir.FlatAction, before: CellState, moment: str
    ) -> None:
        self._all = instance
        self.action = action
        self.before = before
        self.parameters: dict[str, Value] = {}
        limits = []
        for parameter in action.parameters:
            values = instance.scope.values(parameter.type)
            truth = len(values) == 2 and isinstance(values[0], bool)
            name = f"{action.path} {parameter.name}{moment}"
            value, limit = instance.algebra.unknown(name, values, truth)
            self.parameters[parameter.name] = value
            limits.append(limit)
        self.limits = instance.terms.conjunction(*limits)
        self.after = Successor(
            instance.encoder,
            before,
            action.updates,
            self.parameters,
            lambda count, env: counted(
                instance.encoder, instance.algebra, count, env, Moment(self.after)
            ),
            self._lenient(),
        )

    def _lenient(self) -> dict[str, Lenience]:
        """Return how counters that the run does not claim end up: within what they can be."""
        found: dict[str, Lenience] = {}
        for variable in self._all.system.variables.values():
            if variable.counted is not None and variable.path not in self._all.claimed:
                high = self._all.scope.bound(variable)
                assert high is not None
                found[variable.path] = partial(self._clamped, high)
        return found

    def _clamped(self, high: int, _places: Places, value: Value) -> Value:
        assert isinstance(value, Cases)
        found: dict[ir.Value, list[Term]] = {}
        for number, term in value.conditions.items():
            assert number is not None
            found.setdefault(min(max(number, 0), high), []).append(term)
        return Cases({n: self._all.terms.disjunction(*terms) for n, terms in found.items()})

    @cached_property
    def guards(self) -> dict[str, Term]:
        moment = Moment(self.before)
        return {
            guard.name: self._all.terms.conjunction(
                *(
                    self._all.encoder.holds(line.expression, self.parameters, moment)
                    for line in guard.lines
                )
            )
            for guard in self.action.guards
        }

    @cached_property
    def enabled(self) -> Term:
        """That the guards hold."""
        return self._all.terms.conjunction(self.limits, *self.guards.values())

    @cached_property
    def no_overlap(self) -> Term:
        """That no two updates compete for a place."""
        terms = self._all.terms
        pairs = overlaps(self.action)
        return terms.conjunction(*(terms.negation(self.after.overlaps(a, b)) for a, b in pairs))

    @cached_property
    def in_range(self) -> Term:
        """That no new value is one that its variable cannot have."""
        return self._bounded(cut=False)

    @cached_property
    def uncut(self) -> Term:
        """That no new value is beyond a bound of the run."""
        return self._bounded(cut=True)

    def _bounded(self, *, cut: bool) -> Term:
        conditions = []
        for path in sorted(self.after.written - (set(self.after.lenient))):
            variable = self._all.system.variables[path]
            inner = variable.type.of if isinstance(variable.type, Option) else variable.type
            if isinstance(inner, Range | Natural):
                conditions.append(self._fits(variable, cut=cut))
        return self._all.terms.conjunction(*conditions)

    def _fits(self, variable: ir.Variable, *, cut: bool) -> Term:
        """Return that all values are within the variable's range; for a `nat` with a bound, that
        none is below 0, or, with `cut`, that none is above."""
        terms, algebra = self._all.terms, self._all.algebra
        values = self._all.scope.values(variable.type, self._all.scope.bound(variable))
        is_bounded = isinstance(variable.type, Natural) and variable.counted is None

        def fits(env: Environment) -> Term:
            indices = tuple(env[b.name] for b in places_of(variable))
            cases = algebra.cases(self.after.read(variable, indices))
            bad = [
                term
                for value, term in cases.items()
                if value not in values and (is_bounded and _is_above(value)) is cut
            ]
            return terms.negation(terms.disjunction(*bad))

        return algebra.all_of(places_of(variable), {}, fits)

    @cached_property
    def exists(self) -> Term:
        """That the guards hold and the step has a successor."""
        return self._all.terms.conjunction(self.enabled, self._proceeds)

    @cached_property
    def _proceeds(self) -> Term:
        """That the step has a successor, if its guards hold."""
        return self._all.terms.conjunction(self.no_overlap, self.in_range, self.uncut)

    def broken(self, claim: Claim) -> Term:
        """Return that the guards hold, and the step breaks the claim."""
        return self._all.terms.conjunction(self.enabled, self.breaks(claim))

    def breaks(self, claim: Claim) -> Term:
        """Return that the step breaks the claim, if its guards hold."""
        terms = self._all.terms
        match claim.kind:
            case ir.PropertyKind.OVERLAP:
                return terms.negation(self.no_overlap)
            case ir.PropertyKind.RANGE:
                return terms.conjunction(self.no_overlap, terms.negation(self.in_range))
            case ir.PropertyKind.STEP:
                moment = Moment(self.before, self.after, self.action.actor.kind)
            case _:
                moment = Moment(self.after)
        return terms.conjunction(self._proceeds, terms.negation(self._all.holds(claim, moment)))


def _is_above(value: ir.Value) -> bool:
    return value is not None and value > 0
