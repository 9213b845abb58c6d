"""Decide whether one system refines another: at the sizes of a scope by exploration of the product,
for every size by proof; and show the first square that fails in both lanes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from splitspec.checker.explicit.search import explore
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Moment, ProofLimits, ProofResult
from splitspec.checker.result import Limits, Progress, RunResult
from splitspec.checker.store import Store
from splitspec.checker.symbolic.granting import granted
from splitspec.checker.symbolic.proving import prove
from splitspec.model.ir import ActorKind, PropertyKind
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under
from splitspec.model.verdict import Outcome, Verdict
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.lanes import Lanes
from splitspec.refinement.product import product
from splitspec.refinement.square import Square

STEPS = 12_000_000
"""The solver's steps for one query of a product. Where two ledgers move together, it needs four
times those of a model."""
LEAST_TIME = 0.001
"""Seconds of a proof for which there is no time: it says so itself."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """A run of the product, with the failing square of each violated claim by its path."""

    result: RunResult
    squares: Mapping[str, Square]


def setting_of(
    correspondence: Correspondence, scope: Scope, given: frozenset[ActorKind]
) -> Setting:
    """Return the product of both systems under one adversary, and the claims of the refinement."""
    both = product(correspondence, given)
    return Setting(correspondence.name, both.program, scope, given, None, both.claims)


def refine(
    correspondence: Correspondence,
    setting: Setting,
    *,
    limits: Limits | None = None,
    workers: int = 1,
    symmetry: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    interruption: Interruption | None = None,
) -> Refinement:
    """Return the verdicts on all claims of the refinement in the reachable states of a scope.

    `setting` is that of `setting_of`. Every violation was replayed by two evaluators, one for each
    system as it was written.
    """
    result = explore(
        setting,
        limits=limits,
        workers=workers,
        symmetry=symmetry,
        on_progress=on_progress,
        interruption=interruption,
    )
    verdicts = tuple(v for v in result.verdicts if is_of_refinement(setting, v))
    lanes = Lanes(correspondence, setting)
    squares = {
        verdict.property: lanes.square(setting, verdict.trace)
        for verdict in verdicts
        if verdict.outcome is Outcome.VIOLATED and verdict.trace is not None
    }
    return Refinement(replace(result, verdicts=verdicts), squares)


def prove_refinement(
    correspondence: Correspondence,
    setting: Setting,
    *,
    limits: ProofLimits | None = None,
    seed: int = 0,
    recheck: bool = False,
    on_progress: Callable[[Moment], None] | None = None,
    interruption: Interruption | None = None,
    store: Store | None = None,
) -> ProofResult:
    """Return what is proved of the refinement for every size. The facts are the invariants and
    lemmas of the concrete system, which are proved of it alone: the product is that system with
    another one beside it. Proofs are kept in the `store`.
    """
    limits, began = limits or ProofLimits(steps=STEPS), time.perf_counter()
    facts = granted(
        concrete_of(correspondence, setting),
        setting,
        limits=replace(limits, steps=min(limits.steps, ProofLimits().steps)),
        seed=seed,
        report=on_progress,
        interruption=interruption,
        store=store,
    )
    if limits.time is not None:
        left = limits.time - (time.perf_counter() - began)
        limits = replace(limits, time=max(left, LEAST_TIME))
    return prove(
        setting,
        limits=limits,
        seed=seed,
        recheck=recheck,
        selected=frozenset(setting.properties),
        report=on_progress,
        interruption=interruption,
        store=store,
        granted=facts,
    )


def concrete_of(correspondence: Correspondence, setting: Setting) -> Setting:
    """Return the concrete system alone, as the product has it."""
    program, given = correspondence.concrete, setting.given
    properties = properties_under(program, given)
    model = correspondence.name.partition(" of ")[0]
    return Setting(model, program, setting.scope, given, None, properties)


def is_of_refinement(setting: Setting, verdict: Verdict) -> bool:
    """Whether a verdict is about the square: a claim of the refinement, or a step of the product
    that has no outcome because of an abstract update."""
    overlaps = (PropertyKind.OVERLAP, PropertyKind.RANGE)
    return verdict.property in setting.properties or (
        verdict.kind in overlaps and verdict.outcome is not Outcome.HOLDS
    )
