"""Decide whether one system refines another: at the sizes of a scope by exploration of the product,
for every size by proof; and show the first square that fails in both lanes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from splitspec.checker.explicit.search import explore
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Moment, ProofLimits, ProofResult
from splitspec.checker.result import Limits, Progress, RunResult
from splitspec.checker.store import Store
from splitspec.checker.symbolic.granting import granted
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.theory import theory_of
from splitspec.model.induction import bounds_for
from splitspec.model.ir import ActorKind, Counted, Local, PropertyKind, Read
from splitspec.model.passes.oblige import raised
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under
from splitspec.model.trace import Trace
from splitspec.model.types import Type
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.lanes import Lanes
from splitspec.refinement.product import PREFIX, permissions, product
from splitspec.refinement.square import Square

STEPS = 12_000_000
"""The solver's steps for one query of a product: that counters of the abstract half are exact,
beside those of the concrete one, may need four times those of a model."""
LEAST_TIME = 0.001
"""Seconds of a proof for which there is no time: it says so itself."""
OUTCOMES = (PropertyKind.OVERLAP, PropertyKind.RANGE)
"""Obligations that say whether a step has an outcome."""


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
    lanes = Lanes(correspondence, setting)
    squares: dict[str, Square] = {}
    verdicts = tuple(
        _shown(lanes, setting, verdict, squares)
        for verdict in result.verdicts
        if is_of_refinement(setting, verdict)
    )
    return Refinement(replace(result, verdicts=verdicts), squares)


def _shown(lanes: Lanes, setting: Setting, verdict: Verdict, squares: dict[str, Square]) -> Verdict:
    """Return a verdict with its run as one of the concrete system; add its square, if it has one.

    A step that has no outcome in the concrete system itself is no square. It may hide one whose
    abstract step has none, so it is no pass either.
    """
    if verdict.outcome is not Outcome.VIOLATED or verdict.trace is None:
        return verdict
    shown = lanes.square(setting, verdict.trace)
    if isinstance(shown, Trace):
        model, _ = lanes.correspondence.names
        reason = f"the step has no outcome in {model} itself: `splitspec check {model}` shows it"
        return replace(verdict, trace=shown, reason=reason)
    squares[verdict.property] = shown
    # The run of the product ends before a step that is not allowed, and that of a square behind it.
    return replace(verdict, trace=shown.concrete)


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

    Soundness: a proof assumes that each step of the product has an outcome. That those of the
    concrete half have one is the model's own obligation. Those of the abstract half are steps of
    the abstract system as long as all claims hold, so it is proved there, and a refinement whose
    abstract steps may have no outcome is `unknown`.
    """
    limits, began = limits or ProofLimits(steps=STEPS), time.perf_counter()
    of_one = replace(limits, steps=min(limits.steps, ProofLimits().steps))
    facts = granted(
        concrete_of(correspondence, setting),
        setting,
        limits=of_one,
        seed=seed,
        recheck=recheck,
        report=on_progress,
        interruption=interruption,
        store=store,
    )
    proving = partial(
        prove,
        seed=seed,
        recheck=recheck,
        report=on_progress,
        interruption=interruption,
        store=store,
    )
    claims = frozenset(setting.properties)
    result = proving(
        setting,
        limits=_left(limits, began),
        selected=claims,
        granted=facts,
        following={**dict.fromkeys(permissions(claims), ""), **_alike(correspondence)},
    )
    abstract = abstract_of(correspondence, setting)
    owed = _outcomes_of(abstract)
    if not owed:
        return result
    shown = proving(abstract, limits=_left(of_one, began), selected=owed)
    return _resting_on(result, shown, abstract.model)


def _alike(correspondence: Correspondence) -> dict[str, str]:
    """Return the claims that counters of the abstract half are exact, each with the counter of the
    concrete system that it is said to be, if they may count alike."""
    abstract, concrete = correspondence.abstract.variables, correspondence.concrete.variables
    found: dict[str, str] = {}
    for path, seen in correspondence.seen.items():
        if not isinstance(seen.value, Read):
            continue
        names = [term.name for term in seen.value.indices if isinstance(term, Local)]
        is_whole = names == [parameter.name for parameter in seen.parameters]
        other = seen.value.variable
        one, two = abstract[path].counted, concrete[other].counted
        if one is not None and two is not None and is_whole and _shape(one) == _shape(two):
            found[f"{PREFIX}{path}.exact"] = other
    return found


def _shape(counted: Counted) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
    """Return the types of a counter's keys, and of what it counts."""
    return tuple(k.type for k in counted.keys), tuple(b.type for b in counted.binders)


def _outcomes_of(setting: Setting) -> frozenset[str]:
    """Return what has to hold for every step of a system to have an outcome: a counter that grows
    must be exact, so that it is no more than what there is to count."""
    theory = theory_of(setting.program, setting.given)
    said = {claim.path for claim in theory.properties.values() if claim.kind in OUTCOMES}
    grown = {path for action in theory.system.actions for path in raised(theory.system, action)}
    return frozenset(said | {f"{path}.exact" for path in grown})


def _left(limits: ProofLimits, began: float) -> ProofLimits:
    """Return the limits of what begins now."""
    if limits.time is None:
        return limits
    return replace(limits, time=max(limits.time - (time.perf_counter() - began), LEAST_TIME))


def _resting_on(result: ProofResult, shown: ProofResult, model: str) -> ProofResult:
    """Return a result that holds only if the abstract steps have the outcomes that were shown."""
    missed = [
        verdict.property
        for verdict in shown.verdicts
        if verdict.outcome is not Outcome.HOLDS
        or verdict.assurance.kind is not AssuranceKind.PROVED
    ]
    run = replace(
        result.run,
        interrupted=result.run.interrupted or shown.run.interrupted,
        out_of_time=result.run.out_of_time or shown.run.out_of_time,
        rechecked=result.run.rechecked and shown.run.rechecked,
        unconfirmed=(*result.run.unconfirmed, *shown.run.unconfirmed),
    )
    if not missed:
        return replace(result, run=run)
    reason = f"rests on {' and '.join(missed)} of {model}, not proved for any size"
    nothing = Assurance(AssuranceKind.NONE)
    verdicts = tuple(
        replace(verdict, outcome=Outcome.UNKNOWN, assurance=nothing, reason=reason)
        if verdict.outcome is Outcome.HOLDS
        else verdict
        for verdict in result.verdicts
    )
    return replace(result, run=run, verdicts=verdicts)


def concrete_of(correspondence: Correspondence, setting: Setting) -> Setting:
    """Return the concrete system alone, as the product has it."""
    program, given = correspondence.concrete, setting.given
    properties = properties_under(program, given)
    model, _ = correspondence.names
    return Setting(model, program, setting.scope, given, None, properties)


def abstract_of(correspondence: Correspondence, setting: Setting) -> Setting:
    """Return the abstract system alone, under the adversary of the product and at its sizes."""
    program, given = correspondence.abstract, setting.given
    scope = replace(
        setting.scope,
        sizes={sort: setting.scope.sizes[sort] for sort in program.sorts},
        bounds=bounds_for(program.variables.values(), setting.scope.bounds),
        pins={k: v for k, v in setting.scope.pins.items() if k in program.variables},
    )
    _, model = correspondence.names
    return Setting(model, program, scope, given, None, properties_under(program, given))


def is_of_refinement(setting: Setting, verdict: Verdict) -> bool:
    """Whether a verdict is about the square: a claim of the refinement, or a step of the product
    that has no outcome because of an abstract update."""
    return verdict.property in setting.properties or (
        verdict.kind in OUTCOMES and verdict.outcome is not Outcome.HOLDS
    )
