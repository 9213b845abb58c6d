"""Make the block of a judged run or proof: what would stand in the lock if it were accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from splitspec.checker.expectation import JudgedProof, JudgedRun, Judgement
from splitspec.checker.gate.keeping import Held
from splitspec.checker.gate.lock import WALK, Block, Claim
from splitspec.checker.result import Coverage, Engine
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, PropertyKind
from splitspec.model.scope import Scope
from splitspec.model.tier import Tier
from splitspec.model.verdict import AssuranceKind, Outcome

OF_THE_SCOPE = (AssuranceKind.EXHAUSTIVE, AssuranceKind.PROVED_FINITE)
"""Assurances whose detail is the scope, which stands in the block once."""


@frozen
class Context:
    """What the lock records of a run besides its result.

    `texts` are digests by path of a property, `killers` the variants by the property they break,
    `walk` is the number of steps of a random walk where it was made of those.
    """

    tier: Tier
    system: str
    scope: Mapping[str, str | int]
    texts: Mapping[str, str]
    killers: Mapping[str, tuple[str, ...]]
    walk: int | None = None


def sizes_of(scope: Scope, program: Program) -> dict[str, str | int]:
    """Return sizes, bounds and pins as one table, by short name where one thing has it."""
    found: dict[str, str | int] = {**scope.sizes, **scope.bounds}
    for path, value in scope.pins.items():
        shown = scope.show(value, program.variables[path].type)
        found[path] = value if type(value) is int and str(value) == shown else shown
    named = Counter(map(_short, found))
    return {
        _short(path) if named[_short(path)] == 1 else path: value for path, value in found.items()
    }


def _short(path: str) -> str:
    return path.rpartition(".")[2]


def explored(judged: JudgedRun, context: Context) -> Block:
    """Return the block of an exploration, or of a variant."""
    run = judged.result.run
    is_variant = run.variant is not None
    figures: dict[str, int] = {}
    if run.engine is not Engine.SIMULATION and not is_variant:
        figures["orbits" if run.symmetry else "states"] = run.states
        figures |= {"transitions": run.transitions, "depth": run.depth}
    if context.walk is not None:
        figures[WALK] = context.walk
    if is_variant:
        for judgement in judged.judgements:
            length = _length(judgement)
            if length is not None:
                figures["steps"] = length
    coverage = run.coverage or Coverage()
    idle = () if is_variant or not run.complete else _idle(coverage)
    return Block(
        context.tier,
        context.system,
        context.scope,
        figures,
        idle,
        claims=_claims(judged.judgements, context),
    )


def _idle(coverage: Coverage) -> tuple[str, ...]:
    return tuple(sorted({*coverage.never_enabled, *coverage.never_met}))


def _length(judgement: Judgement) -> int | None:
    trace = judgement.verdict.trace
    is_named = judgement.expected is Outcome.VIOLATED
    return trace.length if is_named and trace is not None else None


def proved(judged: JudgedProof, context: Context, seeds: int) -> Block:
    """Return the block of a proof that was made under so many seeds.

    It counts the obligations that the text alone decides: on which other facts a proof rests, and
    by which ranking, depends on the proofs that were kept from before. So may whether a claim
    follows from others or needs every step: it counts once.
    """
    result = judged.result
    asked = {v.property for v in result.verdicts if v.kind is not PropertyKind.PROGRESS}
    decided = [o for o in result.obligations if o.property in asked]
    following = set(result.run.following)
    by_steps = [o for o in decided if o.property not in following]
    at_once = {o.claim for o in decided if o.property in following}
    return Block(
        context.tier,
        context.system,
        context.scope,
        {
            "obligations": len(by_steps) + len(at_once),
            "framed": result.run.framed,
            "dearest": max((o.steps for o in decided), default=0),
        },
        tuple(sorted(result.run.never_enabled)),
        result.run.solvers,
        seeds,
        claims=_claims(judged.judgements, context),
    )


def conformed(judged: JudgedRun, held: Held, context: Context) -> Block:
    """Return the block of a conformance that ended."""
    run = judged.result.run
    return Block(
        context.tier,
        context.system,
        context.scope,
        {"states": run.states, "transitions": run.transitions, "refusals": held.refusals},
        implementation=held.implementation,
        left_out=held.left_out,
        stricter=held.stricter,
        unseen=held.unseen,
        missed=held.missed,
        claims=_claims(judged.judgements, context),
    )


def _claims(judgements: tuple[Judgement, ...], context: Context) -> dict[str, Claim]:
    return {
        judgement.verdict.property: _claim(judgement, context)
        for judgement in judgements
        if judgement.expected is not None
    }


def _claim(judgement: Judgement, context: Context) -> Claim:
    verdict = judgement.verdict
    is_of_scope = verdict.assurance.kind in OF_THE_SCOPE
    kind = verdict.assurance.kind
    shown = "" if kind in (AssuranceKind.NONE, AssuranceKind.REPLAYED) else str(verdict.assurance)
    return Claim(
        context.texts.get(verdict.property, ""),
        verdict.outcome.value,
        kind.value if is_of_scope else shown,
        context.killers.get(verdict.property, ()),
    )
