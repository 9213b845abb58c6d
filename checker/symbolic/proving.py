"""Prove the selected properties of a setting, and return obligations, verdicts and figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from splitspec.checker.evidence.execution import given_names, run_id, sizes
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Moment, Mutant, ProofLimits, ProofResult, ProofRun
from splitspec.checker.result import NOTHING_STARTS
from splitspec.checker.symbolic import judgement
from splitspec.checker.symbolic.calculus import Calculus
from splitspec.checker.symbolic.enabling import never_enabled, starts
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.k_induction import induct
from splitspec.checker.symbolic.mutation import mutants
from splitspec.checker.symbolic.prover import OverError, Proof
from splitspec.checker.symbolic.ranking import Response, respond
from splitspec.checker.symbolic.rechecking import recheck as recheck_by_cvc5
from splitspec.checker.symbolic.theory import INDUCTIVE, Theory, theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
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
) -> ProofResult:
    """Return what is proved of a setting: for any size of its sorts, or for those of its scope.

    `selected` are paths of properties and obligations; None selects all that the setting claims.
    An interruption, or the limit of time, ends the proof between two obligations.
    The scope of the setting is where actions are looked for that nothing enables, and where an
    obligation is tried that could not be proved for any size.
    """
    proof = _opened(
        setting,
        limits or ProofLimits(),
        seed,
        finite=finite,
        report=report,
        interruption=interruption,
    )
    result = _settled(proof, seed, selected=selected, recheck=recheck)
    if k_induction and finite and not (result.run.interrupted or result.run.out_of_time):
        verdicts = _with_induction(proof, result.verdicts, k_induction)
        return replace(result, verdicts=verdicts)
    return result


def _settled(
    proof: Proof, seed: int, *, selected: frozenset[str] | None, recheck: bool
) -> ProofResult:
    setting, theory = proof.setting, proof.theory
    paths = targets(theory, setting, selected)
    interrupted, begun = False, True
    unconfirmed: tuple[str, ...] = ()
    responses: list[Response] = []
    try:
        begun = starts(setting, theory, sizes_max=_sizes_max(proof))
        proof.settle(c.name for c in theory.claims if c.path in paths)
        responses = _responses(proof, selected)
        if begun:
            _try_coherence(proof, paths)
        idle = never_enabled(setting, theory, proof.live)
        unconfirmed = recheck_by_cvc5(proof) if recheck else ()
    except KeyboardInterrupt:
        interrupted, idle = True, ()
    except OverError:
        interrupted, idle = not proof.is_out_of_time, ()
    found = judgement.obligations(proof)
    found += tuple(o for r in responses for o in judgement.response_obligations(r))
    run = ProofRun(
        id=run_id(setting),
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(setting.scope) if isinstance(proof.calculus, FiniteCalculus) else (),
        solvers=proof.calculus.solvers,
        seconds=time.perf_counter() - proof.started,
        solving=sum(obligation.seconds for obligation in found),
        steps=sum(obligation.steps for obligation in found),
        seed=seed,
        framed=len(proof.framed),
        never_enabled=idle,
        interrupted=interrupted,
        out_of_time=proof.is_out_of_time,
        rechecked=recheck and not interrupted and not proof.is_out_of_time,
        unconfirmed=unconfirmed,
    )
    verdicts = tuple(judgement.verdict(proof, path) for path in paths)
    verdicts += tuple(judgement.response_verdict(proof, response) for response in responses)
    if not begun:
        nothing = Assurance(AssuranceKind.NONE)
        verdicts = tuple(
            Verdict(v.property, v.kind, Outcome.UNKNOWN, nothing, NOTHING_STARTS) for v in verdicts
        )
    proved = {v.property for v in verdicts if v.outcome is Outcome.HOLDS}
    rests = tuple((path, judgement.basis(proof, path)) for path in paths if path in proved)
    rests += tuple(
        (r.claim.path, judgement.response_basis(proof, r))
        for r in responses
        if r.claim.path in proved
    )
    return ProofResult(run, verdicts, found, rests)


def _responses(proof: Proof, selected: frozenset[str] | None) -> list[Response]:
    """Return what became of the claims of progress, and settle all facts on which they rest."""
    found: list[Response] = []
    for path in proof.setting.progress:
        if selected is None or path in selected:
            found.append(respond(proof, proof.theory.progress[path]))
            proof.settle(judgement.response_needs(proof, found[-1]))
    return found


def _sizes_max(proof: Proof) -> int:
    """Return the sizes at which an initial state may be sought, besides the setting's own."""
    return 0 if isinstance(proof.calculus, FiniteCalculus) else proof.limits.scope_max


def _try_coherence(proof: Proof, paths: tuple[str, ...]) -> None:
    """Raise `DisagreementError` if what the proofs rest on is found to contradict itself."""
    proved = [c.name for c in proof.theory.claims if c.path in paths and proof.is_proved(c.name)]
    used = frozenset(name for name in proof.basis_of(proved) if name in proof.live)
    if proof.calculus.contradicts_itself(used):
        raise DisagreementError("proved facts contradict one another, yet they hold initially")


def mutate(
    setting: Setting,
    *,
    limits: ProofLimits | None = None,
    seed: int = 0,
    report: Callable[[Moment], None] | None = None,
) -> tuple[ProofResult, tuple[Mutant, ...]]:
    """Return a proof for any size, and what is lost of it without each guard in turn."""
    proof = _opened(setting, limits or ProofLimits(), seed, finite=False, report=report)
    result = _settled(proof, seed, selected=None, recheck=False)
    return result, () if result.run.interrupted else mutants(proof)


def _opened(
    setting: Setting,
    limits: ProofLimits,
    seed: int,
    *,
    finite: bool,
    report: Callable[[Moment], None] | None,
    interruption: Interruption | None = None,
) -> Proof:
    theory = theory_of(setting.program, setting.given, setting.variant)
    calculus: Calculus
    if finite:
        calculus = FiniteCalculus(theory, setting.scope, seed, limits.steps)
    else:
        calculus = UnboundedCalculus(theory, limits, seed)
    return Proof(setting, theory, calculus, limits, report, interruption)


def _with_induction(proof: Proof, verdicts: tuple[Verdict, ...], steps: int) -> tuple[Verdict, ...]:
    """Return the verdicts with what induction over several steps proves at the scope."""
    unknown = [v.property for v in verdicts if v.outcome is Outcome.UNKNOWN]
    proved = induct(proof, unknown, steps)
    assurance = Assurance(AssuranceKind.PROVED_FINITE, judgement.scope_text(proof.setting.scope))
    return tuple(
        Verdict(
            v.property,
            v.kind,
            Outcome.HOLDS,
            assurance,
            f"by induction over {proved[v.property]} steps",
        )
        if v.property in proved
        else v
        for v in verdicts
    )


def is_provable(setting: Setting) -> bool:
    """Whether the setting claims anything that a prover decides."""
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
