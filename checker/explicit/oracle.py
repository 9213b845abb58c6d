"""Explore a setting breadth first by the evaluator alone, in plain dictionaries.

It gives the same result as every other engine: for tiny models, where no native kernel can be had,
and in tests, as the judge of the others.

Soundness: states are told apart by all the values that the run reads; nothing is hashed away. What
a step is, and what is true of a state, is the evaluator's word. From the passes come the names of
the obligations alone, and a fault whose obligation is not among them is listed too. Symmetry is not
used.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from splitspec.checker.explicit.execution import given_names, sizes
from splitspec.checker.explicit.graph import Graph
from splitspec.checker.explicit.judgement import Extent, judge, run_id, undecided
from splitspec.checker.explicit.recovery import unable_to_reach
from splitspec.checker.explicit.replay import counterexample
from splitspec.checker.explicit.vacuity import observe
from splitspec.checker.result import Coverage, Engine, Limits, Progress, Run, RunResult, Stop
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.passes.oblige import obligations
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
    search = _Search(setting, limits or Limits(), targets, sliced, report)
    try:
        stop = search.run()
    except KeyboardInterrupt:
        stop = Stop.INTERRUPTED
    return search.result(stop)


def claims_of(setting: Setting) -> dict[str, Property]:
    """Return what the run decides, by path: the selected properties, then the obligations."""
    variants = () if setting.variant is None else (setting.variant,)
    system = flatten(setting.program, setting.given, variants)
    return {claim.path: claim for claim in (*setting.claims, *obligations(system))}


class _Search:
    """A search under way: the graph so far, and where each claim was first found false (a witness:
    true).
    """

    def __init__(
        self,
        setting: Setting,
        limits: Limits,
        targets: frozenset[str],
        sliced: frozenset[str],
        report: Callable[[Progress], None] | None,
    ) -> None:
        self.setting, self.limits, self.targets, self.sliced = setting, limits, targets, sliced
        self.report = report
        self.started = time.perf_counter()
        self.evaluator = Evaluator(setting, sliced)
        self.graph = Graph()
        self.claims = claims_of(setting)
        self.found: dict[str, tuple[int, Transition | None]] = {}
        self.transitions = 0
        self.cut: dict[str, None] = {}
        self.cut_states: set[int] = set()

    def run(self) -> Stop | None:
        """Explore level by level; return why the search ended before its end, if it did."""
        for state in self.evaluator.initial_states():
            self._reach(state, None)
        number = 0
        while number < len(self.graph.states):
            stop = self._reason_to_stop(number)
            if stop is not None:
                return stop
            self._expand(number)
            number += 1
            if self.report is not None and number % STATES_BETWEEN_REPORTS == 0:
                self.report(self._progress(number))
        return None

    def result(self, stop: Stop | None) -> RunResult:
        """Return the figures, and the verdicts in the order of the claims."""
        coverage = Coverage()
        if stop is None:  # What was not seen in part of the states may be in the others.
            coverage = observe(self.evaluator, self.setting.claims, self.graph.states)
        cut = tuple(self.cut)
        scope, states = self.evaluator.places.scope, len(self.graph.states)
        extent = Extent(scope, stop, self.graph.depth, cut, states)
        verdicts = tuple(
            self._verdict(claim, extent, coverage) for claim in tuple(self.claims.values())
        )
        run = Run(
            id=run_id(self.setting),
            model=self.setting.model,
            given=given_names(self.setting),
            variant=None if self.setting.variant is None else self.setting.variant.name,
            scope=sizes(scope),
            engine=Engine.EVALUATOR,
            complete=stop is None,
            stop=stop,
            seconds=time.perf_counter() - self.started,
            states=states,
            transitions=self.transitions,
            depth=self.graph.depth,
            symmetry=False,
            sliced=tuple(path for path in self.setting.program.variables if path in self.sliced),
            coverage=coverage,
            cut=cut,
        )
        return RunResult(run, verdicts)

    def _reason_to_stop(self, number: int) -> Stop | None:
        if self.targets and self.targets <= self.found.keys():
            return Stop.DECIDED
        if self.limits.depth is not None and self.graph.depths[number] >= self.limits.depth:
            return Stop.DEPTH
        if self.limits.states is not None and len(self.graph.states) >= self.limits.states:
            return Stop.STATES
        elapsed = time.perf_counter() - self.started
        if self.limits.time is not None and elapsed >= self.limits.time:
            return Stop.TIME
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

    def _expand(self, number: int) -> None:
        """Take every step from a state, and check the claims on steps."""
        state = self.graph.states[number]
        steps = tuple(self.evaluator.steps(state))
        self.transitions += len(steps)
        for step in steps:
            match step.outcome:
                case Fault() as fault:
                    self._note_fault(fault, number, step)
                case Cut(variable):
                    self.cut[variable] = None
                    self.cut_states.add(number)
                case successor:
                    self._check_step(number, step)
                    self.graph.edges[number].append(self._reach(successor, (number, step)))
        if "deadlock" not in self.found and self.evaluator.is_deadlocked(state, steps):
            self.found["deadlock"] = (number, None)

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

    def _verdict(self, claim: Property, extent: Extent, coverage: Coverage) -> Verdict:
        if claim.kind is PropertyKind.PROGRESS:
            return undecided(claim, "an exploration does not decide progress")
        if claim.kind is PropertyKind.RECOVERABLE and extent.stop is None:
            reason = self._decide_recoverable(claim)
            if reason:
                return undecided(claim, reason)
        trace = None
        if claim.path in self.found:
            execution = self.graph.execution(*self.found[claim.path])
            trace = counterexample(self.evaluator, claim, execution)
        return judge(claim, trace, extent, vacuous=claim.path in coverage.never_met)

    def _decide_recoverable(self, claim: Property) -> str:
        """Find a state from which the claim is out of reach; return why that is unknown, if so."""
        goals = {
            number
            for number, state in enumerate(self.graph.states)
            if self.evaluator.holds(claim.path, state)
        }
        if not unable_to_reach(goals, self.graph.edges):
            return ""
        # Beyond a cut step anything might follow, so only states that see no cut refute the claim.
        unable = unable_to_reach(goals | self.cut_states, self.graph.edges)
        if not unable:
            return "it may become true beyond the bounds that cut the run"
        self.found[claim.path] = (unable[0], None)
        return ""

    def _progress(self, expanded: int) -> Progress:
        return Progress(
            depth=self.graph.depth,
            states=len(self.graph.states),
            transitions=self.transitions,
            frontier=len(self.graph.states) - expanded,
            memory=0,
            seconds=time.perf_counter() - self.started,
        )
