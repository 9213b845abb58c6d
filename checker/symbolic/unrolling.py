"""The steps of a scope put one after the other: states as cells, one action chosen at each step.

Soundness: exact. A model of the unrolled formulas, from the initial states on, is a run of the
scope of that many steps, and the other way round; a run that is shown was replayed by the
evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from splitspec.checker.evidence.execution import Execution, shows
from splitspec.checker.evidence.replay import Refusal, counterexample, perform
from splitspec.checker.symbolic.algebra import State, Value
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.finite import CellState, pick
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim
from splitspec.model import ir
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind
from splitspec.model.scope import State as Values
from splitspec.model.trace import Trace


@dataclass(frozen=True)
class Stage:
    """One step of the unrolling: the choice of the action, and the steps from which it chooses."""

    chosen: dict[str, Term]
    steps: tuple[FiniteStep, ...]


class Unrolling:
    """States and steps in a row, in one solver."""

    def __init__(self, instance: Instance, solver: Satisfaction, *, initial: bool) -> None:
        self._instance = instance
        self._solver = solver
        first = self._opened(0)
        self.states: list[CellState] = [first]
        self.stages: list[Stage] = []
        if initial:
            solver.add(self._starts(first))

    def _opened(self, number: int) -> CellState:
        state = self._instance.state(f"@{number}")
        self._solver.add(self._instance.legal(state))
        return state

    def _starts(self, state: CellState) -> Term:
        """Return that a state is an initial one."""
        instance = self._instance
        # The initial state reads constants and open values in `before`, which is tied to the first.
        cells = []
        for variable, indices in instance.layout:
            known = tuple(instance.algebra.constant(index) for index in indices)
            value = instance.initial.read(variable, known)
            cells.append(instance.algebra.equal(state.cell(variable, indices), value))
        return instance.terms.conjunction(instance.legal(instance.before), *cells)

    @property
    def depth(self) -> int:
        """The number of steps."""
        return len(self.stages)

    def extend(self) -> None:
        """Add one step and the state after it."""
        instance, number = self._instance, self.depth
        before = self.states[-1]
        actions = instance.system.actions
        steps = tuple(FiniteStep(instance, action, before, f"@{number}") for action in actions)
        choice, one = instance.algebra.unknown(
            f"action@{number}", tuple(range(len(actions))), truth=False
        )
        cases = instance.algebra.cases(choice)
        chosen = {a.path: cases[i] for i, a in enumerate(actions)}
        after = self._opened(number + 1)
        self._solver.add(
            one,
            *(instance.terms.implication(chosen[s.action.path], s.exists) for s in steps),
            *self._moves(before, after, steps, chosen),
        )
        self.stages.append(Stage(chosen, steps))
        self.states.append(after)

    def _moves(
        self,
        before: CellState,
        after: CellState,
        steps: tuple[FiniteStep, ...],
        chosen: dict[str, Term],
    ) -> Iterator[Term]:
        """Iterate over what ties each cell after the step to the state before."""
        instance, terms = self._instance, self._instance.terms
        for variable, indices in instance.layout:
            if variable.kind is ir.VariableKind.CONSTANT:
                continue  # Its cell is the same at every moment.
            known = tuple(instance.algebra.constant(index) for index in indices)
            writing = [s for s in steps if variable.path in s.after.written]
            others = [chosen[s.action.path] for s in steps if s not in writing]
            choices: list[tuple[Term, Value]] = [
                (chosen[s.action.path], s.after.read(variable, known)) for s in writing
            ]
            if others:
                choices.append((terms.disjunction(*others), before.cell(variable, indices)))
            value = pick(instance.algebra, choices)
            yield instance.algebra.equal(after.cell(variable, indices), value)

    # Claims

    def is_shown(self, claim: Claim, number: int) -> Term:
        """Return that state `number` refutes a claim, or reaches a witness; for claims on steps,
        that a step from it does."""
        instance = self._instance
        match claim.kind:
            case PropertyKind.STEP | PropertyKind.OVERLAP | PropertyKind.RANGE:
                return self._is_broken_by_a_step(claim, self.states[number], number)
            case PropertyKind.WITNESS:
                return instance.holds(claim, Moment(self.states[number]))
            case _:
                return instance.terms.negation(instance.holds(claim, Moment(self.states[number])))

    def _is_broken_by_a_step(self, claim: Claim, state: State, number: int) -> Term:
        assert isinstance(state, CellState)
        steps = [
            FiniteStep(self._instance, action, state, f"@{number}?")
            for action in self._instance.system.actions
            if claim.kind is PropertyKind.STEP or claim.path.rpartition(".")[0] == action.path
        ]
        return self._instance.terms.disjunction(*(step.broken(claim) for step in steps))

    # Runs

    def trace(self, evaluator: Evaluator, claim: ir.Property, number: int) -> Trace:
        """Return the run of the last model up to state `number`, replayed, as a trace of the claim.

        A claim on steps is shown by a further step, which the evaluator finds.
        """
        first = self._values(evaluator, self.states[0])
        if first not in set(evaluator.initial_states()):
            raise DisagreementError("a run begins in a state that the evaluator does not start in")
        calls = [self._call(stage) for stage in self.stages[:number]]
        execution = perform(evaluator, calls, first)
        if isinstance(execution, Refusal):
            raise DisagreementError(f"step {execution.number} of a run: {execution.reason}")
        if claim.kind in (PropertyKind.STEP, PropertyKind.OVERLAP, PropertyKind.RANGE):
            execution = _with_last_step(evaluator, claim, execution)
        return counterexample(evaluator, claim, execution)

    def _values(self, evaluator: Evaluator, state: CellState) -> Values:
        return tuple(
            self._solver.value(state.cell(variable, indices))
            for variable, indices in evaluator.places
        )

    def _call(self, stage: Stage) -> tuple[str, dict[str, ir.Value]]:
        step = next(s for s in stage.steps if self._solver.is_true(stage.chosen[s.action.path]))
        values = {name: self._solver.value(value) for name, value in step.parameters.items()}
        return step.action.path, values


def _with_last_step(evaluator: Evaluator, claim: ir.Property, execution: Execution) -> Execution:
    for step in evaluator.steps(execution.last):
        longer = execution.then(step)
        if shows(evaluator, claim, longer):
            return longer
    raise DisagreementError(f"the evaluator finds no step that breaks {claim.path}")
