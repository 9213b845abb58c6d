"""Walk a setting on its native kernel, and turn what the walks showed into verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from splitspec.checker.budget import Budget
from splitspec.checker.evidence.minimisation import minimise_fully
from splitspec.checker.evidence.replay import counterexample
from splitspec.checker.explicit.counterexample import Translation, execution_along
from splitspec.checker.explicit.judgement import Extent, judge, undecided
from splitspec.checker.explicit.native.coverage import unseen
from splitspec.checker.explicit.native.kernel import compile_kernel
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.observer import compile_observer, observations
from splitspec.checker.explicit.native.order import Order
from splitspec.checker.explicit.native.swarm import Swarm, Walked, walk, walk_again
from splitspec.checker.result import Coverage, Progress
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.passes.vary import while_on
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

BEYOND_WALKS = (PropertyKind.RECOVERABLE, PropertyKind.PROGRESS)


class NativeWalks:
    """The walks of one setting with one seed.

    Making it compiles, and raises `BudgetSpentError` if there is no time for that.
    """

    def __init__(
        self,
        setting: Setting,
        system: System,
        claims: Mapping[str, Property],
        budget: Budget,
        seed: int,
        depth: int,
        cache: Path | None,
    ) -> None:
        self.setting = setting
        self.claims = claims
        self.budget = budget
        self.evaluator = Evaluator(setting, frozenset(system.sliced))
        scope = self.evaluator.places.scope
        self.kernel = compile_kernel(system, scope, setting.properties, folder=cache, budget=budget)
        self.translation = Translation(self.evaluator, self.kernel)
        variant = setting.variant
        on = frozenset() if variant is None else frozenset({variant.name})
        wanted = observations(while_on(system, on), setting.claimed)
        self.observer = compile_observer(system, scope, wanted, cache, budget)
        self.swarm = Swarm(
            runtime=load_runtime(cache or cache_folder()),
            kernel=replace(
                self.kernel.addresses,
                observe=self.observer.address,
                seen_bits=max(1, self.observer.words),
            ),
            order=self._order(),
            initial=[self.translation.packed(s) for s in self.evaluator.initial_states()],
            seed=seed,
            depth=depth,
        )

    def walk(
        self,
        runs: int,
        workers: int,
        on_progress: Callable[[Progress], None] | None,
    ) -> Walked:
        """Walk until the runs or the budget are used up."""
        if not self.swarm.initial:
            return Walked(0, 0, 0, {}, frozenset(), None)
        return walk(self.swarm, runs, budget=self.budget, workers=workers, on_progress=on_progress)

    def cut(self, walked: Walked) -> tuple[str, ...]:
        """Return the bounded variables that cut some walk."""
        bits = self.kernel.bits
        return tuple(
            bit.path for n, bit in enumerate(bits) if bit.kind is None and n in walked.first
        )

    def coverage(self, walked: Walked) -> Coverage:
        """Return what no walk has shown."""
        return unseen(self.observer.observations, walked.seen)

    def figures(self, walked: Walked) -> str:
        """Return in words how much was walked, and how much of what there is to see was seen."""
        walks = f"{walked.walks:,} walk{'' if walked.walks == 1 else 's'}"
        total = len(self.observer.observations)
        return f"{walks}, {len(walked.seen)} of {total} coverage points seen"

    def verdicts(self, walked: Walked) -> tuple[Verdict, ...]:
        """Return what the walks say of each claim, in the order of the claims."""
        numbers = {bit.path: n for n, bit in enumerate(self.kernel.bits) if bit.kind is not None}
        return tuple(
            self._verdict(claim, walked, numbers.get(claim.path)) for claim in self.claims.values()
        )

    def _verdict(self, claim: Property, walked: Walked, number: int | None) -> Verdict:
        if claim.kind in BEYOND_WALKS:
            return undecided(claim, "random walks do not decide it")
        if number is not None and number in walked.first:
            return self._shown(claim, walked, *walked.first[number])
        if walked.walks == 0:
            return undecided(claim, "no walk was walked")
        if claim.kind is PropertyKind.WITNESS:
            return undecided(claim, f"not reached in {walked.walks} walks")
        runs = f"{walked.walks} run{'' if walked.walks == 1 else 's'}"
        sampled = Assurance(AssuranceKind.SAMPLED, runs)
        return Verdict(claim.path, claim.kind, Outcome.HOLDS, sampled)

    def _shown(self, claim: Property, walked: Walked, number: int, steps: int) -> Verdict:
        """Return the verdict on a claim that walk `number` decides after some steps."""
        states, actions = walk_again(self.swarm, number, steps)
        execution = execution_along(self.translation, claim, states, actions)
        shortened = minimise_fully(self.evaluator, claim, execution, self._is_over)
        trace = counterexample(self.evaluator, claim, shortened)
        scope = self.evaluator.places.scope
        extent = Extent(scope, walked.stop, walked.longest, (), len(states))
        verdict = judge(claim, trace, extent, vacuous=False)
        how = f"walk {number} of seed {self.swarm.seed}"
        if len(shortened.steps) < len(execution.steps):
            how += f", minimised from {len(execution.steps):,} steps"
        how += "; there may be shorter ones"
        return replace(verdict, reason=how)

    def _is_over(self) -> bool:
        return self.budget.spent() is not None

    def _order(self) -> Order:
        bits = list(enumerate(self.kernel.bits))
        variant = self.setting.variant
        return Order(
            pending=frozenset(
                n for n, b in bits if b.is_of_states and b.kind is not PropertyKind.RECOVERABLE
            ),
            undecided=frozenset(n for n, b in bits if not b.is_of_states),
            mask=0 if variant is None else self.kernel.mask(variant.name),
        )
