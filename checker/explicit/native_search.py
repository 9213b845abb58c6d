"""Run a setting on its native kernel, and turn what the kernel found into verdicts.

The kernel knows properties by number and states by words; here they get their names back. Traces
are rebuilt by the evaluator along the stored links, so that nothing which only the kernel believes
becomes a counterexample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from splitspec.checker.budget import Budget
from splitspec.checker.evidence.replay import counterexample
from splitspec.checker.expectation import UNDECIDED_BY_FORGETTING
from splitspec.checker.explicit.counterexample import Retracer, Translation
from splitspec.checker.explicit.judgement import Extent, blank_run, judge, undecided
from splitspec.checker.explicit.native.backward import unable_to_reach
from splitspec.checker.explicit.native.coverage import coverage_of
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.frontier import first_marking
from splitspec.checker.explicit.native.kernel import Kernel, compile_kernel
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native.symmetry import ELEMENTS_MAX, unreduced
from splitspec.checker.explicit.native.table import Bit
from splitspec.checker.result import Coverage, Engine, Phase, Progress, RunResult, Stop
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.passes.oblige import DEADLOCK, LOST
from splitspec.model.passes.vary import while_on
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, forgotten_places
from splitspec.model.trace import Trace
from splitspec.model.verdict import Verdict

Words = tuple[int, ...]


@dataclass(frozen=True)
class Subject:
    """What is explored: a setting as the evaluator knows it, its claims by path, and its own flat
    system.

    `shared` is the system that is compiled: the own one, or that of all the variants with which the
    setting's variant shares a kernel.
    """

    evaluator: Evaluator
    claims: Mapping[str, Property]
    own: System
    shared: System

    @property
    def setting(self) -> Setting:
        return self.evaluator.setting


@dataclass(frozen=True)
class Finished:
    """A search with everything that it leaves behind."""

    kernel: Kernel
    explored: Explored
    result: RunResult


def explore_natively(
    subject: Subject,
    *,
    budget: Budget,
    workers: int,
    symmetry: bool = False,
    until: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cache: Path | None = None,
) -> Finished:
    """Explore and judge; `cache` is the folder of compiled code, by default the user's own.

    Raise `BudgetSpentError` if there is no time to compile the kernel.
    """
    if on_progress is not None:
        on_progress(Progress(Phase.COMPILING, budget.seconds))
    evaluator, setting = subject.evaluator, subject.setting
    scope = evaluator.places.scope
    kernel = compile_kernel(subject.shared, scope, setting.properties, symmetry, cache, budget)
    translation = Translation(evaluator, kernel)
    exploration = Exploration(
        load_runtime(cache or cache_folder()),
        kernel.addresses,
        _order(kernel, setting, until),
        limits=budget.limits,
        workers=workers,
        on_progress=on_progress,
        budget=budget,
    )
    initial = [translation.packed(state) for state in evaluator.initial_states()]
    explored = exploration.run(initial)
    remark = _unreduced(scope) if symmetry else ""
    retracer = Retracer(translation, explored.store)
    search = _Search(subject, translation, exploration, explored, retracer, cache, remark)
    return Finished(kernel, explored, search.result())


def _order(kernel: Kernel, setting: Setting, until: str | None) -> Order:
    """Return what the search looks for, by number."""
    numbers = {bit.path: number for number, bit in enumerate(kernel.bits)}
    bits = list(enumerate(kernel.bits))
    pending = frozenset(
        n for n, b in bits if b.is_of_states and b.kind is not PropertyKind.RECOVERABLE
    )
    undecided = frozenset(n for n, b in bits if not b.is_of_states)
    mask = 0 if setting.variant is None else kernel.mask(setting.variant.name)
    target = None if until is None else numbers.get(until)
    if target is not None and kernel.bits[target].kind is PropertyKind.RECOVERABLE:
        return Order(pending, undecided, mask, None, exhaust=True)
    return Order(pending, undecided, mask, target, exhaust=target is None)


@dataclass(frozen=True)
class _Search:
    """A search that has ended. `found` says by path at which state each decided claim shows,
    `open` why a claim that needs a sweep of its own was not decided.
    """

    subject: Subject
    translation: Translation
    exploration: Exploration
    explored: Explored
    retracer: Retracer
    cache: Path | None
    remark: str
    found: dict[str, int] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)

    def result(self) -> RunResult:
        """Return the figures, and the verdicts in the order of the claims."""
        kernel, explored, setting = self.translation.kernel, self.explored, self.subject.setting
        self.found.update((kernel.bits[n].path, index) for n, index in explored.first.items())
        bounds = {bit.path for bit in kernel.bits if bit.kind is None}
        cut = tuple(p for p in setting.program.variables if p in bounds and p in self.found)
        claims = self._claims()
        stop, coverage = explored.stop, None
        is_forgetful = bool(self.subject.own.forgotten)
        if stop is Stop.DEPTH and not is_forgetful:
            stop = self._look_at_the_frontier() or stop
        if explored.complete and not is_forgetful:
            for claim in claims.values():
                if claim.kind is PropertyKind.RECOVERABLE:
                    stop = self._recover(claim, is_cut=bool(cut)) or stop
            judged = self._coverage()
            stop, coverage = (judged, None) if isinstance(judged, Stop) else (stop, judged)
        scope = self.translation.evaluator.places.scope
        extent = Extent(scope, explored.stop, explored.closed_depth, cut, explored.states)
        verdicts = tuple(self._verdict(claim, extent, coverage) for claim in claims.values())
        run = replace(
            blank_run(setting, Engine.NATIVE, self.subject.own.sliced),
            complete=explored.complete,
            stop=stop,
            seconds=self.exploration.budget.seconds,
            states=explored.states,
            transitions=explored.transitions,
            depth=explored.depth,
            symmetry=kernel.is_reduced,
            workers=len(self.exploration.workers),
            coverage=coverage,
            cut=cut,
            forgotten=forgotten_places(setting) if is_forgetful else (),
            remark=self.remark,
        )
        return RunResult(run, verdicts)

    def _claims(self) -> dict[str, Property]:
        """Return the claims, and obligations that failed although the text alone did not suggest
        it.
        """
        spans = {action.path: action.span for action in self.subject.shared.actions}
        listed = dict(self.subject.claims)
        for bit in self.translation.kernel.bits:
            if bit.kind is not None and bit.path in self.found and bit.path not in listed:
                span = spans[_action(bit.path)]
                listed[bit.path] = Property(bit.path, bit.kind, frozenset(), (), (), "", (), span)
        return listed

    def _verdict(self, claim: Property, extent: Extent, coverage: Coverage | None) -> Verdict:
        if claim.kind is PropertyKind.PROGRESS:
            return undecided(claim, "an exploration does not decide progress")
        if claim.path in self.open:
            return undecided(claim, self.open[claim.path])
        doubt = self._doubt(claim)
        if doubt:
            return undecided(claim, doubt)
        trace = None
        if claim.path in self.found:
            trace = self._trace(claim, self.found[claim.path])
        vacuous = coverage is not None and claim.path in coverage.never_met
        return judge(claim, trace, extent, vacuous=vacuous)

    def _doubt(self, claim: Property) -> str:
        """Return why a run that forgets decides nothing about a claim; "" if it does."""
        if not self.subject.own.forgotten:
            return ""
        marks = {f"{action.path}.{LOST}" for action in self.subject.own.actions}
        lost = [path for path in self.found if path in marks]
        if lost:
            return f"{_action(lost[0])} needs a value that the run forgets"
        if claim.kind in UNDECIDED_BY_FORGETTING:
            return "not decided by a run that forgets values"
        if claim.path in self.found:
            return "violated for some values of what the run forgets, perhaps of no reachable state"
        return ""

    def _recover(self, claim: Property, *, is_cut: bool) -> Stop | None:
        """Look for a state that cannot reach the goal; return what forbids to look, if so.

        Beyond a cut step anything might follow, so a state that sees one refutes nothing.
        """
        bits = self.translation.kernel.bits
        goal = bits.index(Bit(claim.path, claim.kind))
        cuts = [number for number, bit in enumerate(bits) if bit.kind is None and is_cut]
        unable = unable_to_reach(self.exploration, self.explored, goal, cuts)
        if unable is None and is_cut:
            unable = unable_to_reach(self.exploration, self.explored, goal)
            if unable is not None and not isinstance(unable, Stop):
                self.open[claim.path] = "it may become true beyond the bounds that cut the run"
                return None
        if isinstance(unable, Stop):
            self.open[claim.path] = unable.value
            return unable
        if unable is not None:
            self.found[claim.path] = unable
        return None

    def _look_at_the_frontier(self) -> Stop | None:
        """Look for a deadlock among the states that were not expanded; return what forbids to
        look, if so.
        """
        bits, deadlock = self.translation.kernel.bits, Bit(DEADLOCK, PropertyKind.DEADLOCK)
        if deadlock not in bits or DEADLOCK in self.found:
            return None
        found = first_marking(self.exploration, self.explored, bits.index(deadlock))
        if isinstance(found, Stop):
            self.open[DEADLOCK] = found.value
            return found
        if found is not None:
            self.found[DEADLOCK] = found
        return None

    def _trace(self, claim: Property, index: int) -> Trace:
        execution = self.retracer.execution_to(claim, index)
        return counterexample(self.translation.evaluator, claim, execution)

    def _coverage(self) -> Coverage | Stop:
        subject, variant = self.subject, self.subject.setting.variant
        on = frozenset() if variant is None else frozenset({variant.name})
        return coverage_of(
            while_on(subject.own, on),
            subject.shared,
            self.translation.evaluator.places.scope,
            subject.setting.claimed,
            self.exploration,
            self.explored,
            self.cache,
        )


def _unreduced(scope: Scope) -> str:
    large = unreduced(scope)
    names = ", ".join(path.rpartition(".")[2] for path in large)
    return f"symmetry of {names} not used: more than {ELEMENTS_MAX} elements" if large else ""


def _action(obligation: str) -> str:
    """Return the action of an obligation of steps, by path."""
    return obligation.rpartition(".")[0]
