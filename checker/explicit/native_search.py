"""Run a setting on its native kernel, and turn what the kernel found into verdicts.

The kernel knows properties by number and states by words; here they get their names back. Traces
are rebuilt by the evaluator along the stored links, so that nothing which only the kernel believes
becomes a counterexample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from splitspec.checker.explicit.counterexample import Translation, execution_to
from splitspec.checker.explicit.execution import given_names, sizes
from splitspec.checker.explicit.judgement import Extent, judge, run_id, undecided
from splitspec.checker.explicit.native.backward import BackwardLimit, unable_to_reach
from splitspec.checker.explicit.native.coverage import complete_coverage
from splitspec.checker.explicit.native.exploration import Exploration, Explored, Order
from splitspec.checker.explicit.native.kernel import Kernel, compile_kernel
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.symmetry import ELEMENTS_MAX, unreduced
from splitspec.checker.explicit.native.table import Bit
from splitspec.checker.explicit.oracle import claims_of
from splitspec.checker.explicit.replay import counterexample
from splitspec.checker.explicit.vacuity import observe
from splitspec.checker.result import Coverage, Engine, Limits, Progress, Run, RunResult
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace
from splitspec.model.verdict import Verdict

Words = tuple[int, ...]
OBSERVED_MAX = 400


@dataclass(frozen=True)
class Finished:
    """A search with everything that it leaves behind."""

    kernel: Kernel
    explored: Explored
    result: RunResult


def explore_natively(
    setting: Setting,
    system: System,
    *,
    limits: Limits,
    workers: int,
    symmetry: bool,
    until: str | None,
    on_progress: Callable[[Progress], None] | None,
    cache: Path | None = None,
) -> RunResult:
    """Return the figures and verdicts of a run of `system`, the flat form of `setting`."""
    return run_natively(
        setting,
        system,
        limits=limits,
        workers=workers,
        symmetry=symmetry,
        until=until,
        on_progress=on_progress,
        cache=cache,
    ).result


def run_natively(
    setting: Setting,
    system: System,
    *,
    limits: Limits,
    workers: int,
    symmetry: bool = False,
    until: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cache: Path | None = None,
) -> Finished:
    """Explore and judge; `cache` is the folder of compiled code, by default the user's own."""
    began = time.perf_counter()
    evaluator = Evaluator(setting, frozenset(system.sliced))
    kernel = compile_kernel(system, evaluator.places.scope, setting.properties, symmetry)
    remark = _unreduced(evaluator) if symmetry else ""
    search = _Search(setting, system, evaluator, kernel, remark)
    exploration = Exploration(
        load_runtime(cache or cache_folder()),
        kernel.addresses,
        search.order(until),
        limits=limits,
        workers=workers,
        on_progress=on_progress,
    )
    explored = exploration.run(search.initial())
    result = search.result(exploration, explored, limits, workers, began)
    return Finished(kernel, explored, result)


@dataclass(frozen=True)
class _Search:
    """What belongs to one run: the setting, and the two that must agree about it."""

    setting: Setting
    system: System
    evaluator: Evaluator
    kernel: Kernel
    remark: str

    @property
    def translation(self) -> Translation:
        return Translation(self.evaluator, self.kernel)

    def order(self, until: str | None) -> Order:
        """Return what the search looks for, by number."""
        numbers = {bit.path: number for number, bit in enumerate(self.kernel.bits)}
        pending = frozenset(
            number
            for number, bit in enumerate(self.kernel.bits)
            if bit.is_of_states and bit.kind is not PropertyKind.RECOVERABLE
        )
        undecided = frozenset(
            number for number, bit in enumerate(self.kernel.bits) if not bit.is_of_states
        )
        variant = self.setting.variant
        mask = 0 if variant is None else self.kernel.mask(variant.name)
        target = None if until is None else numbers.get(until)
        if target is not None and self.kernel.bits[target].kind is PropertyKind.RECOVERABLE:
            return Order(pending, undecided, mask, None, exhaust=True)
        return Order(pending, undecided, mask, target, exhaust=target is None)

    def initial(self) -> list[Words]:
        return [self.translation.packed(state) for state in self.evaluator.initial_states()]

    # Verdicts ----------------------------------------------------------------------------

    def result(
        self,
        exploration: Exploration,
        explored: Explored,
        limits: Limits,
        workers: int,
        began: float,
    ) -> RunResult:
        """Return the figures, and the verdicts in the order of the claims."""
        found = self._by_path(explored.first)
        coverage = self._observed(exploration, explored) if explored.complete else Coverage()
        cut = tuple(bit.path for bit in self.kernel.bits if bit.kind is None and bit.path in found)
        scope = self.evaluator.places.scope
        extent = Extent(scope, explored.stop, explored.closed_depth, cut, explored.states)
        claims = claims_of(self.setting) | self._unlisted(found)
        verdicts = tuple(
            self._verdict(claim, found, exploration, explored, extent, coverage)
            for claim in claims.values()
        )
        run = Run(
            id=run_id(self.setting),
            model=self.setting.model,
            given=given_names(self.setting),
            variant=None if self.setting.variant is None else self.setting.variant.name,
            scope=sizes(scope),
            engine=Engine.NATIVE,
            complete=explored.complete,
            stop=explored.stop,
            seconds=time.perf_counter() - began,
            states=explored.states,
            transitions=explored.transitions,
            depth=explored.depth,
            symmetry=self.kernel.addresses.canonical != 0,
            workers=workers,
            sliced=self.system.sliced,
            coverage=coverage,
            cut=cut,
            remark=self.remark,
        )
        return RunResult(run, verdicts)

    def _by_path(self, first: Mapping[int, int]) -> dict[str, int]:
        return {self.kernel.bits[number].path: index for number, index in first.items()}

    def _unlisted(self, found: Mapping[str, int]) -> dict[str, Property]:
        """Return claims for obligations that failed although the text alone did not suggest it."""
        spans = {action.path: action.span for action in self.system.actions}
        listed = claims_of(self.setting)
        return {
            bit.path: Property(bit.path, bit.kind, frozenset(), (), (), "", (), spans[_action(bit)])
            for bit in self.kernel.bits
            if bit.kind is not None and bit.path in found and bit.path not in listed
        }

    def _verdict(
        self,
        claim: Property,
        found: dict[str, int],
        exploration: Exploration,
        explored: Explored,
        extent: Extent,
        coverage: Coverage,
    ) -> Verdict:
        if claim.kind is PropertyKind.PROGRESS:
            return undecided(claim, "an exploration does not decide progress")
        if claim.kind is PropertyKind.RECOVERABLE and explored.complete:
            try:
                index = self._unable(claim, exploration, explored, is_cut=bool(extent.cut))
            except BackwardLimit as limit:
                return undecided(claim, limit.stop.value)
            if index is not None:
                found[claim.path] = index
            elif (
                extent.cut and self._unable(claim, exploration, explored, is_cut=False) is not None
            ):
                return undecided(claim, "it may become true beyond the bounds that cut the run")
        trace = None
        if claim.path in found:
            trace = self._trace(claim, explored, found[claim.path])
        return judge(claim, trace, extent, vacuous=claim.path in coverage.never_met)

    def _unable(
        self, claim: Property, exploration: Exploration, explored: Explored, *, is_cut: bool
    ) -> int | None:
        """Return a state that cannot reach the goal; in a run that is cut, one that sees no cut.

        Beyond a cut step anything might follow, so such a state refutes nothing.
        """
        cuts = [n for n, bit in enumerate(self.kernel.bits) if bit.kind is None and is_cut]
        return unable_to_reach(exploration, explored, self._number(claim), cuts)

    def _number(self, claim: Property) -> int:
        return self.kernel.bits.index(Bit(claim.path, claim.kind))

    def _trace(self, claim: Property, explored: Explored, index: int) -> Trace:
        execution = execution_to(self.translation, claim, explored.store, index)
        return counterexample(self.evaluator, claim, execution)

    def _observed(self, exploration: Exploration, explored: Explored) -> Coverage:
        """Return what a complete run never did.

        What the evaluator sees on a sample of the states did happen. For the rest, all states are
        looked at natively.
        """
        store = explored.store
        stride = max(1, explored.end // OBSERVED_MAX)
        indices = [i for i in range(0, explored.end, stride) if not store.is_hole(i)]
        states = (self.translation.full(store.state(i)) for i in indices)
        coverage = observe(self.evaluator, self.setting.claims, states)
        unseen = (*coverage.never_enabled, *coverage.never_met)
        if stride == 1 or not (unseen or coverage.never_refused):
            return coverage
        complete = complete_coverage(
            coverage,
            self.system,
            self.evaluator.places.scope,
            self.setting.properties,
            exploration,
            explored,
        )
        if complete is None:
            raise KeyboardInterrupt
        return complete


def _unreduced(evaluator: Evaluator) -> str:
    large = unreduced(evaluator.places.scope)
    names = ", ".join(path.rpartition(".")[2] for path in large)
    return f"symmetry of {names} not used: more than {ELEMENTS_MAX} elements" if large else ""


def _action(obligation: Bit) -> str:
    """Return the action of an overlap or a range."""
    return obligation.path.rpartition(".")[0]
