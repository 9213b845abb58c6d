"""Prove the selected properties of a setting, and return obligations, verdicts and figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from splitspec.checker.evidence.execution import given_names, run_id, sizes
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Moment, Mutant, ProofLimits, ProofResult, ProofRun
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic import judgement
from splitspec.checker.symbolic.archive import Archive
from splitspec.checker.symbolic.calculus import Calculus, Facts
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.k_induction import confirm, induct
from splitspec.checker.symbolic.mutation import mutants
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.ranking import respond
from splitspec.checker.symbolic.rechecking import recheck as recheck_by_cvc5
from splitspec.checker.symbolic.response import Response
from splitspec.checker.symbolic.share import OverError, why_open
from splitspec.checker.symbolic.supervision import LostWorkerError, supervise
from splitspec.checker.symbolic.theory import INDUCTIVE, PROVABLE, Theory, theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.vacuity import (
    idle_at_the_scope,
    never_enabled,
    why_nothing_starts,
)
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict


def prove(
    setting: Setting,
    *,
    limits: ProofLimits | None = None,
    seed: int = 0,
    finite: bool = False,
    recheck: bool = False,
    k_induction: int = 0,
    selected: frozenset[str] | None = None,
    report: Callable[[Moment], None] | None = None,
    interruption: Interruption | None = None,
    store: Store | None = None,
    apart: bool = True,
    workers: int = 1,
    granted: frozenset[str] = frozenset(),
    following: Mapping[str, str] | None = None,
) -> ProofResult:
    """Return what is proved of a setting: for any size of its sorts, or for those of its scope.

    `selected` are paths of properties and obligations; None selects all that the setting claims.
    An interruption, or the limit of time, ends the proof between two obligations.
    The scope of the setting is where actions are looked for that nothing enables, and where an
    obligation is tried that could not be proved for any size. Proofs are kept in the `store`. Facts
    that are `granted` are believed without a proof: they have one elsewhere. Properties that are
    `following` are tried, for any size, as consequences of the others before steps are; that a
    counter is exact, of the exactness of the counter that is named there.
    Solvers work in a process `apart`, whose end is that of one question; here, it would be the end
    of all. With two `workers` they may work in two; what is proved is the same.
    """
    limits = limits or ProofLimits()

    def work(journal: Journal, tell: Callable[[Moment], None] | None) -> ProofResult:
        proof = opened(
            setting,
            limits,
            seed,
            journal,
            finite=finite,
            store=store,
            report=tell,
            interruption=interruption,
            granted=granted,
            following=following,
        )
        result = settled(proof, seed, selected=selected, recheck=recheck)
        if k_induction and finite and not (result.run.interrupted or result.run.out_of_time):
            return _with_induction(proof, result, k_induction, recheck=recheck)
        return result

    if not apart:
        return work(Journal(), report)
    try:
        return supervise(work, limits, report, interruption, workers=workers)
    except LostWorkerError as lost:
        return nothing_known(setting, seed, selected, str(lost))


def nothing_known(
    setting: Setting, seed: int, selected: frozenset[str] | None, reason: str
) -> ProofResult:
    """Return the result of a run whose process was lost, and no question to blame."""
    proof = opened(setting, ProofLimits(), seed, Journal())
    theory, nothing = proof.theory, Assurance(AssuranceKind.NONE)
    claimed = [theory.properties[path] for path in targets(theory, setting, selected)]
    claimed += [
        theory.progress[path] for path in setting.progress if selected is None or path in selected
    ]
    verdicts = tuple(Verdict(p.path, p.kind, Outcome.UNKNOWN, nothing, reason) for p in claimed)
    return ProofResult(_run_of(proof, seed), verdicts, (), ())


def settled(
    proof: Proof, seed: int, *, selected: frozenset[str] | None = None, recheck: bool = False
) -> ProofResult:
    """Return what a proof shows of the selected properties, and of all on which that rests."""
    theory = proof.theory
    paths = targets(theory, proof.setting, selected)
    proof.confirms = recheck
    interrupted, reason = False, ""
    open_: tuple[str, ...] = ()
    responses = {
        path: Response(theory.progress[path], reason="not decided")
        for path in proof.setting.progress
        if selected is None or path in selected
    }
    try:
        reason = why_nothing_starts(proof)
        proof.settle(c.name for c in theory.claims if c.path in paths)
        _respond(proof, responses, confirmed=recheck)
        if not reason:
            _try_coherence(proof, paths)
        facts = _shown(proof, paths) | proof.granted
        idle, open_ = never_enabled(proof, facts)
        idle_here = idle_at_the_scope(proof, facts, idle)
        open_ += recheck_by_cvc5(proof, responses.values()) if recheck else ()
    except KeyboardInterrupt:
        interrupted, idle, idle_here = True, (), ()
    except OverError:
        interrupted, idle, idle_here = not proof.is_out_of_time, (), ()
    found = judgement.obligations(proof)
    found += tuple(o for r in responses.values() for o in judgement.response_obligations(r))
    run = replace(
        _run_of(proof, seed),
        framed=sum(
            proof.claims[name].path in paths
            for name, _ in proof.framed
            if name not in proof.following
        ),
        following=tuple(sorted({proof.claims[name].path for name in proof.following})),
        solving=sum(obligation.seconds for obligation in found),
        steps=sum(obligation.steps for obligation in found),
        never_enabled=idle,
        idle_here=idle_here,
        interrupted=interrupted,
        out_of_time=proof.is_out_of_time,
        rechecked=recheck and not interrupted and not proof.is_out_of_time,
        unconfirmed=open_,
        unbegun=reason,
    )
    verdicts = tuple(judgement.verdict(proof, path) for path in paths)
    verdicts += tuple(
        judgement.response_verdict(proof, response) for response in responses.values()
    )
    if reason:
        nothing = Assurance(AssuranceKind.NONE)
        verdicts = tuple(
            v
            if v.outcome is Outcome.VIOLATED
            else Verdict(v.property, v.kind, Outcome.UNKNOWN, nothing, reason)
            for v in verdicts
        )
    return ProofResult(run, verdicts, found, _rests(proof, verdicts, responses))


def _run_of(proof: Proof, seed: int) -> ProofRun:
    """Return what is known of a run whatever came of it."""
    setting, is_finite = proof.setting, isinstance(proof.calculus, FiniteCalculus)
    return ProofRun(
        id=run_id(setting),
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(setting.scope) if is_finite else (),
        solvers=proof.calculus.solvers,
        seconds=time.perf_counter() - proof.started,
        solving=0.0,
        steps=0,
        seed=seed,
        framed=0,
        remark=proof.unwritten,
        kept=len(proof.kept),
        damaged=0 if proof.archive is None else proof.archive.damaged,
        is_of_the_scope=is_finite,
    )


def _rests(
    proof: Proof, verdicts: Iterable[Verdict], responses: Mapping[str, Response]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return for each property that was proved on what its proof rests."""
    proved = {v.property: None for v in verdicts if v.outcome is Outcome.HOLDS}
    return tuple(
        (path, judgement.response_basis(proof, responses[path]))
        if path in responses
        else (path, judgement.basis(proof, path))
        for path in proved
    )


def _respond(proof: Proof, responses: dict[str, Response], *, confirmed: bool) -> None:
    """Decide claims of progress, and settle all facts on which they rest."""
    for path in responses:
        responses[path] = respond(proof, proof.theory.progress[path], confirmed=confirmed)
        proof.settle(judgement.response_needs(proof, responses[path]))


def _try_coherence(proof: Proof, paths: tuple[str, ...]) -> None:
    """Raise `DisagreementError` if what the proofs rest on is found to contradict itself."""
    if proof.calculus.contradicts_itself(_shown(proof, paths)):
        raise DisagreementError("proved facts contradict one another, yet they hold initially")


def _shown(proof: Proof, paths: tuple[str, ...]) -> Facts:
    """Return the facts that are proved, as far as the proofs of some properties needed them: others
    may be believed still, of which nothing was tried."""
    proved = [c.name for c in proof.theory.claims if c.path in paths and proof.is_proved(c.name)]
    return frozenset(name for name in proof.basis_of(proved) if name in proof.live)


def mutate(
    setting: Setting,
    *,
    limits: ProofLimits | None = None,
    seed: int = 0,
    report: Callable[[Moment], None] | None = None,
) -> tuple[ProofResult, tuple[Mutant, ...]]:
    """Return a proof for any size, and what is lost of it without each guard in turn: nothing, if
    it shows nothing of any run."""
    limits = limits or ProofLimits()

    def work(
        journal: Journal, tell: Callable[[Moment], None]
    ) -> tuple[ProofResult, tuple[Mutant, ...]]:
        proof = opened(setting, limits, seed, journal, report=tell)
        result = settled(proof, seed)
        if result.run.interrupted or result.run.unbegun:
            return result, ()
        try:
            return result, mutants(proof)
        except KeyboardInterrupt:
            return replace(result, run=replace(result.run, interrupted=True)), ()

    try:
        return supervise(work, limits, report)
    except LostWorkerError as lost:
        return nothing_known(setting, seed, None, str(lost)), ()


def opened(
    setting: Setting,
    limits: ProofLimits,
    seed: int,
    journal: Journal,
    *,
    finite: bool = False,
    store: Store | None = None,
    report: Callable[[Moment], None] | None = None,
    interruption: Interruption | None = None,
    granted: frozenset[str] = frozenset(),
    following: Mapping[str, str] | None = None,
) -> Proof:
    """Return a proof of which nothing is decided yet."""
    theory = theory_of(setting.program, setting.given, setting.variant)
    calculus: Calculus
    another: Callable[[Journal], Calculus] | None = None
    if finite:
        calculus = FiniteCalculus(theory, setting.scope, seed, limits.steps, journal)
    else:
        another = partial(UnboundedCalculus, theory, limits, seed)
        calculus = another(journal)
    tried = {} if finite or following is None else following
    archive = None
    if store is not None and store.mode is not Mode.OFF:
        archive = Archive(
            theory,
            store,
            limits=limits,
            seed=seed,
            solvers=calculus.solvers,
            scope=setting.scope if finite else None,
            journal=journal,
        )
    return Proof(
        setting,
        theory,
        calculus,
        limits,
        report,
        journal,
        archive,
        interruption,
        granted,
        another,
        {f.name: tried[f.path] for f in theory.facts if f.path in tried},
    )


def _with_induction(proof: Proof, result: ProofResult, steps: int, *, recheck: bool) -> ProofResult:
    """Return the result with what induction over several steps proves at the scope; if asked, what
    the second solver does not prove of it is not confirmed."""
    unknown = [v.property for v in result.verdicts if v.outcome is Outcome.UNKNOWN]
    open_: list[str] = []
    try:
        proved = induct(proof, unknown, steps)
        for path, number in proved.items() if recheck else ():
            answer = confirm(proof, path, number)
            open_ += filter(None, [why_open(answer, path, f"{number} steps")])
    except KeyboardInterrupt:
        return replace(result, run=replace(result.run, interrupted=True))
    assurance = Assurance(AssuranceKind.PROVED_FINITE, judgement.scope_of(proof))
    verdicts = tuple(
        Verdict(
            v.property,
            v.kind,
            Outcome.HOLDS,
            assurance,
            f"by induction over {proved[v.property]} steps",
        )
        if v.property in proved
        else v
        for v in result.verdicts
    )
    run = replace(result.run, unconfirmed=(*result.run.unconfirmed, *open_))
    return replace(result, verdicts=verdicts, run=run)


def is_provable(setting: Setting) -> bool:
    """Whether the setting claims anything that a prover decides."""
    declared, given = setting.program.properties, setting.given
    claimed = (declared[path] for path in setting.properties if path in declared)
    if any(each.kind in PROVABLE and each.given == given for each in claimed):
        return True
    theory = theory_of(setting.program, setting.given, setting.variant)
    return bool(targets(theory, setting, None) or setting.progress)


def targets(theory: Theory, setting: Setting, selected: frozenset[str] | None) -> tuple[str, ...]:
    """Return the properties to prove: the claimed ones of the setting, and its obligations."""
    declared = (*INDUCTIVE, PropertyKind.STEP)
    return tuple(
        path
        for path, claimed in theory.properties.items()
        if path in theory.own
        and (claimed.kind not in declared or path in setting.properties)
        and (selected is None or path in selected)
    )
