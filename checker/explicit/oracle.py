"""Explore a setting breadth first by the evaluator alone, in plain dictionaries.

It gives the same result as every other engine: for tiny models, where no native kernel can be had,
and in tests, as the judge of the others.

Soundness: states are told apart by all the values that the run reads; nothing is hashed away. What
a step is, and what is true of a state, is the evaluator's word. From the passes come the names of
the obligations alone, and a fault whose obligation is not among them is listed too. Symmetry is not
used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.evidence.replay import counterexample
from splitspec.checker.explicit.graph import Graph
from splitspec.checker.explicit.judgement import Extent, blank_run, judge, undecided
from splitspec.checker.explicit.memory import resident_memory
from splitspec.checker.explicit.recovery import unable_to_reach
from splitspec.checker.explicit.vacuity import Observer
from splitspec.checker.result import Coverage, Engine, Limits, Phase, Progress, RunResult, Stop
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.passes.oblige import DEADLOCK, obligations
from splitspec.model.pipeline import flatten
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.transition import Cut, Fault, Transition
from splitspec.model.verdict import Verdict

STATES_BETWEEN_REPORTS = 256


def explore(
    setting: Setting,
    limits: Limits | None = None,
    *,
    targets: frozenset[str] = frozenset(),
    sliced: frozenset[str] = frozenset(),
    report: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Return the figures and verdicts of a run. It ends early when all of `targets` are found."""
    limits = limits or Limits()
    variants = () if setting.variant is None else (setting.variant,)
    system = flatten(setting.program, setting.given, variants)
    search = Search(setting, claims_of(setting, system), Budget(limits), targets, sliced)
    return search.result(search.run(limits, report))


def claims_of(setting: Setting, system: System) -> dict[str, Property]:
    """Return what a run decides, by path: the selected properties, then the obligations.

    `system` is the flat form of the setting, with no other variant than its own.
    """
    return {claim.path: claim for claim in (*setting.claims, *obligations(system))}


class Search:
    """A search under way: the graph so far, and where each claim was first found false (a witness:
    true). It can go on where it stopped.
    """

    def __init__(
        self,
        setting: Setting,
        claims: dict[str, Property],
        budget: Budget,
        targets: frozenset[str] = frozenset(),
        sliced: frozenset[str] = frozenset(),
    ) -> None:
        self.setting, self.budget, self.targets, self.sliced = setting, budget, targets, sliced
        self.evaluator = Evaluator(setting, sliced)
        properties = setting.program.properties
        self.observer = Observer(self.evaluator, [properties[path] for path in setting.claimed])
        self.graph = Graph()
        self.expanded = 0
        self.claims = dict(claims)
        self.found: dict[str, tuple[int, Transition | None]] = {}
        self.transitions = 0
        self.cut: dict[str, None] = {}
        self.cut_states: set[int] = set()

    def run(self, limits: Limits, report: Callable[[Progress], None] | None = None) -> Stop | None:
        """Explore level by level; return why the search ended before its end, if it did."""
        try:
            with self._patience():
                return self._explore(limits, report)
        except BudgetSpentError as spent:
            return spent.stop

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Let no evaluation outlast the budget; what it was about is then not decided."""

        def pause() -> None:
            stop = self.budget.spent()
            if stop is not None:
                raise BudgetSpentError(stop)

        universe = self.evaluator.universe
        before, universe.pause = universe.pause, pause
        try:
            yield
        finally:
            universe.pause = before

    def _explore(self, limits: Limits, report: Callable[[Progress], None] | None) -> Stop | None:
        began = self.budget.seconds
        memory = resident_memory() if limits.memory is not None else 0
        if not self.graph.states:
            for state in self.evaluator.initial_states():
                self._reach(state, None)
        while self.expanded < len(self.graph.states):
            stop = self._reason_to_stop(limits) or self._expand(limits, began)
            if stop is Stop.DEPTH:
                stop = self._look_at_the_frontier() or stop
            if stop is not None:
                return stop
            if self.expanded % STATES_BETWEEN_REPORTS == 0:
                if report is not None:
                    report(self._progress())
                if limits.memory is not None and resident_memory() - memory > limits.memory:
                    return Stop.MEMORY
        return None

    def _look_at_the_frontier(self) -> Stop | None:
        """Look for a deadlock among the states that a depth leaves unexpanded: a run of so many
        steps ends in one of them. Return why not all were looked at, if so.
        """
        for number in range(self.expanded, len(self.graph.states)):
            if DEADLOCK in self.found:
                return None
            stop = self.budget.spent()
            if stop is not None:
                return stop
            if self.evaluator.is_deadlocked(self.graph.states[number]):
                self.found[DEADLOCK] = (number, None)
        return None

    def result(self, stop: Stop | None) -> RunResult:
        """Return the figures, and the verdicts in the order of the claims."""
        is_complete, coverage = stop is None, None
        if is_complete:
            coverage = self._coverage()
            stop = self.budget.spent() if coverage is None else None
        cut = tuple(path for path in self.setting.program.variables if path in self.cut)
        scope, states = self.evaluator.places.scope, len(self.graph.states)
        extent = Extent(scope, None if is_complete else stop, self.graph.depth, cut, states)
        verdicts = []
        for claim in tuple(self.claims.values()):
            try:
                verdicts.append(self._verdict(claim, extent, coverage))
            except BudgetSpentError as spent:
                verdicts.append(undecided(claim, spent.stop.value))
                stop = stop or spent.stop
        sliced = tuple(path for path in self.setting.program.variables if path in self.sliced)
        run = replace(
            blank_run(self.setting, Engine.EVALUATOR, sliced),
            complete=is_complete,
            stop=stop,
            seconds=self.budget.seconds,
            states=states,
            transitions=self.transitions,
            depth=self.graph.depth,
            coverage=coverage,
            cut=cut,
        )
        return RunResult(run, tuple(verdicts))

    def _coverage(self) -> Coverage | None:
        """Return what never happened in a complete search; None if the budget does not allow to
        look.

        Of part of the states nothing would follow: what they do not show may be in the others.
        """
        try:
            with self._patience():
                for state in self.graph.states:
                    if self.budget.spent() is not None:
                        return None
                    self.observer.see_state(state)
        except BudgetSpentError:
            return None
        return self.observer.coverage

    def _reason_to_stop(self, limits: Limits) -> Stop | None:
        if self.targets and self.targets <= self.found.keys():
            return Stop.DECIDED
        if limits.depth is not None and self.graph.depths[self.expanded] >= limits.depth:
            return Stop.DEPTH
        if limits.states is not None and len(self.graph.states) > limits.states:
            return Stop.STATES
        return None

    def _reach(self, state: State, parent: tuple[int, Transition] | None) -> int:
        """Return the number of a state; the first time, check the claims on it."""
        key = self.evaluator.kept(state)
        known = self.graph.numbers.get(key)
        if known is not None:
            return known
        number = self.graph.add(key, state, parent)
        for claim in self.claims.values():
            if claim.path not in self.found and self._is_shown_by_state(claim, state):
                self.found[claim.path] = (number, None)
        return number

    def _is_shown_by_state(self, claim: Property, state: State) -> bool:
        match claim.kind:
            case PropertyKind.INVARIANT | PropertyKind.LEMMA:
                return not self.evaluator.holds(claim.path, state)
            case PropertyKind.WITNESS:
                return self.evaluator.holds(claim.path, state)
            case PropertyKind.EXACT:
                return not self.evaluator.counter_is_exact(claim.path.removesuffix(".exact"), state)
            case _:
                return False

    def _expand(self, limits: Limits, began: float) -> Stop | None:
        """Take every step from the next state, and check the claims on steps.

        Where there is no time for all of them, return why: the state then counts as not expanded,
        and it does no harm to begin with it again.
        """
        number = self.expanded
        state = self.graph.states[number]
        steps, edges = [], []
        for step in self.evaluator.steps(state):
            if limits.time is not None and self.budget.seconds - began >= limits.time:
                return Stop.TIME
            stop = self.budget.spent()
            if stop is not None:
                return stop
            steps.append(step)
            self.observer.see_step(state, step)
            match step.outcome:
                case Fault() as fault:
                    self._note_fault(fault, number, step)
                case Cut(variables):
                    self.cut |= dict.fromkeys(variables)
                    self.cut_states.add(number)
                case successor:
                    self._check_step(number, step)
                    edges.append(self._reach(successor, (number, step)))
        if DEADLOCK not in self.found and self.evaluator.is_deadlocked(state, steps):
            self.found[DEADLOCK] = (number, None)
        self.graph.edges[number] = edges
        self.transitions += len(steps)
        self.expanded += 1
        return None

    def _check_step(self, number: int, step: Transition) -> None:
        for claim in self.claims.values():
            if claim.kind is not PropertyKind.STEP or claim.path in self.found:
                continue
            if not self.evaluator.step_holds(claim.path, self.graph.states[number], step):
                self.found[claim.path] = (number, step)

    def _note_fault(self, fault: Fault, number: int, step: Transition) -> None:
        self.found.setdefault(fault.obligation, (number, step))
        if fault.obligation not in self.claims:
            span = self.evaluator.actions[fault.action].span
            self.claims[fault.obligation] = Property(
                fault.obligation, fault.kind, frozenset(), (), (), "", (), span
            )

    def _verdict(self, claim: Property, extent: Extent, coverage: Coverage | None) -> Verdict:
        if claim.kind is PropertyKind.PROGRESS:
            return undecided(claim, "an exploration does not decide progress")
        if claim.kind is PropertyKind.RECOVERABLE and extent.stop is None:
            with self._patience():
                reason = self._decide_recoverable(claim)
            if reason:
                return undecided(claim, reason)
        trace = None
        if claim.path in self.found:
            execution = self.graph.execution(*self.found[claim.path])
            # What was found is not lost because the time was up before it could be shown.
            is_late = extent.stop is not None or self.budget.spent() is not None
            with nullcontext() if is_late else self._patience():
                trace = counterexample(self.evaluator, claim, execution)
        vacuous = coverage is not None and claim.path in coverage.never_met
        return judge(claim, trace, extent, vacuous=vacuous)

    def _decide_recoverable(self, claim: Property) -> str:
        """Find a state from which the claim is out of reach; return why that is unknown, if so."""
        goals = set()
        for number, state in enumerate(self.graph.states):
            stop = self.budget.spent()
            if stop is not None:
                raise BudgetSpentError(stop)
            if self.evaluator.holds(claim.path, state):
                goals.add(number)
        if not unable_to_reach(goals, self.graph.edges):
            return ""
        # Beyond a cut step anything might follow, so only states that see no cut refute the claim.
        unable = unable_to_reach(goals | self.cut_states, self.graph.edges)
        if not unable:
            return "it may become true beyond the bounds that cut the run"
        self.found[claim.path] = (unable[0], None)
        return ""

    def _progress(self) -> Progress:
        return Progress(
            Phase.EXPLORING,
            self.budget.seconds,
            depth=self.graph.depth,
            states=len(self.graph.states),
            transitions=self.transitions,
            frontier=len(self.graph.states) - self.expanded,
            memory=resident_memory(),
        )
