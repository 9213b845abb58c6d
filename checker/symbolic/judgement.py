"""From the decisions of a proof to obligations and verdicts.

Soundness: `holds` is said of a property all of whose conjuncts are proved, and names the assurance
of the weakest obligation on which it rests. `violated` is said of an initial state alone; any other
failed proof is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from splitspec.checker.proof import Method, Obligation, ObligationKind, Status
from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.response import Response
from splitspec.checker.symbolic.share import ALWAYS, Decision, why_needed
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.induction import REACHABILITY_UNKNOWN
from splitspec.model.ir import PropertyKind, Variable
from splitspec.model.passes.oblige import raised
from splitspec.model.scope import Scope
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

KINDS = {
    PropertyKind.STEP: ObligationKind.STEP,
    PropertyKind.EXACT: ObligationKind.EXACTNESS,
    PropertyKind.OVERLAP: ObligationKind.OVERLAP,
    PropertyKind.RANGE: ObligationKind.RANGE,
}


def obligations(proof: Proof) -> tuple[Obligation, ...]:
    """Return what was decided, in the order of the claims and actions; what a frame keeps is left
    out."""
    return tuple(
        _obligation(claim, action, proof.decisions[(claim.name, action)])
        for claim in proof.theory.claims
        for _, action in proof.keys_of(claim)
        if (claim.name, action) in proof.decisions
    )


def _obligation(claim: Claim, action: str, decision: Decision) -> Obligation:
    kind = (
        KINDS.get(claim.kind, ObligationKind.CONSECUTION) if action else ObligationKind.INITIATION
    )
    kind = ObligationKind.CONSEQUENCE if action == ALWAYS else kind
    outcome = decision.outcome
    return Obligation(
        property=claim.path,
        claim=claim.name,
        kind=kind,
        action="" if action == ALWAYS else action,
        status=decision.status,
        method=outcome.method if decision.status is Status.PROVED else None,
        core=tuple(sorted(outcome.core)) if decision.status is Status.PROVED else (),
        steps=outcome.steps,
        seconds=outcome.seconds,
        reason=decision.reason,
        counterexample=decision.counterexample,
        rechecked=decision.rechecked,
        needs=decision.needs,
    )


def verdict(proof: Proof, path: str) -> Verdict:
    """Return what is known of a property: it holds iff all its claims are proved, and all on which
    these rest."""
    claims = [claim for claim in proof.theory.claims if claim.path == path]
    kind = proof.theory.properties[path].kind
    names = proof.basis_of(claim.name for claim in claims)
    if all(proof.is_proved(name) for name in names):
        return Verdict(path, kind, Outcome.HOLDS, _assurance(proof, names), _weakened(proof, names))
    failed = list(_failed(proof, claims))
    initial = next((d.violation for _, d in failed if d.violation is not None), None)
    if initial is not None:
        shown = Assurance(AssuranceKind.REPLAYED)
        return Verdict(path, kind, Outcome.VIOLATED, shown, trace=initial)
    nothing = Assurance(AssuranceKind.NONE)
    needs = tuple(sorted({path for _, decision in failed for path in decision.needs}))
    found = next(((a, d) for a, d in failed if d.counterexample is not None), None)
    if found is not None:
        action, decision = found
        reason = f"{action} need not keep it: counterexample to induction, {REACHABILITY_UNKNOWN}"
        example = decision.counterexample
        return Verdict(path, kind, Outcome.UNKNOWN, nothing, reason, induction=example, needs=needs)
    reason = next((f"{a or 'initially'}: {d.reason}" for a, d in failed), "not decided")
    return Verdict(path, kind, Outcome.UNKNOWN, nothing, reason, needs=needs)


def _failed(proof: Proof, claims: Iterable[Claim]) -> Iterable[tuple[str, Decision]]:
    for claim in claims:
        for name, action in proof.keys_of(claim):
            decision = proof.decisions.get((name, action))
            if decision is not None and decision.status is not Status.PROVED:
                yield action, decision


def _assurance(proof: Proof, names: list[str]) -> Assurance:
    """Return the assurance of the weakest obligation of some claims."""
    keys = (key for name in names for key in proof.keys_of(proof.claims[name]))
    decided = (proof.decisions[key] for key in keys if key in proof.decisions)
    methods = {decision.outcome.method for decision in decided}
    if Method.FINITE in methods or isinstance(proof.calculus, FiniteCalculus):
        return Assurance(AssuranceKind.PROVED_FINITE, scope_of(proof))
    return Assurance(AssuranceKind.PROVED)


def _weakened(proof: Proof, names: list[str]) -> str:
    """Return which obligation of some claims is proved at the scope only, though for any size was
    asked, and why; "" if none is."""
    keys = (key for name in names for key in proof.keys_of(proof.claims[name]))
    decided = ((key, proof.decisions[key]) for key in keys if key in proof.decisions)
    found = (
        f"for any size, {name} {f'after {action}' if action else 'initially'}: {decision.reason}"
        for (name, action), decision in decided
        if decision.outcome.method is Method.FINITE and decision.reason
    )
    return next(found, "")


def proved_for_every_size(proof: Proof, *, confirmed: bool = False) -> Facts:
    """Return the facts that are proved, with all on which they rest, at no size in particular; if
    they must be `confirmed`, those that the second solver proves, too."""
    open_ = {name for (name, _), decision in proof.decisions.items() if not decision.rechecked}
    bases = {claim.name: proof.basis_of([claim.name]) for claim in proof.theory.facts}
    return frozenset(
        name
        for name, names in bases.items()
        if all(proof.is_proved(each) for each in names)
        and _assurance(proof, names).kind is AssuranceKind.PROVED
        and not (confirmed and open_.intersection(names))
    )


def scope_of(proof: Proof) -> str:
    """Return the scope of a proof's setting in words, constants that its variant sets included."""
    scope, theory = proof.setting.scope, proof.theory
    pins = {**scope.pins, **theory.constants}
    return scope_text(replace(scope, pins=pins), theory.system.variables)


def scope_text(scope: Scope, variables: Mapping[str, Variable]) -> str:
    """Return the sizes, bounds and pins of a scope in words."""
    sizes = [f"{path.rpartition('.')[2]}={size}" for path, size in scope.sizes.items()]
    bounds = [
        f"{path.rpartition('.')[2]}<={bound}"
        for path, bound in scope.bounds.items()
        if path not in scope.pins
    ]
    pins = [
        f"{path.rpartition('.')[2]}={scope.show(value, variables[path].type)}"
        for path, value in scope.pins.items()
    ]
    return ", ".join(sizes + bounds + pins)


def basis(proof: Proof, path: str) -> tuple[str, ...]:
    """Return the assumptions and properties on which the proof of one rests, itself left out, in
    their order."""
    claims = [claim.name for claim in proof.theory.claims if claim.path == path]
    return tuple(used for used in _rests(proof, claims, Facts()) if used != path)


def _rests(proof: Proof, names: Iterable[str], core: Facts) -> tuple[str, ...]:
    """Return the assumptions and properties on which some claims rest, and what proofs with a core
    of their own rest on."""
    reached = dict.fromkeys(proof.basis_of(names))
    paths = {proof.claims[name].path for name in reached}
    used = core.union(
        *(
            decision.outcome.core
            for (name, _), decision in proof.decisions.items()
            if name in reached and decision.status is Status.PROVED
        )
    )
    assumed = [a.path for a in proof.theory.system.assumptions if a.path in used]
    return (*assumed, *(path for path in proof.theory.properties if path in paths))


# Progress


def response_obligations(response: Response) -> tuple[Obligation, ...]:
    """Return what was to be shown for a claim of progress."""
    return tuple(
        Obligation(
            property=response.claim.path,
            claim=name,
            kind=kind,
            action=action,
            status=Status.PROVED if outcome.reply is Reply.PROVED else Status.UNKNOWN,
            method=outcome.method if outcome.reply is Reply.PROVED else None,
            core=tuple(sorted(outcome.core)) if outcome.reply is Reply.PROVED else (),
            steps=outcome.steps,
            seconds=outcome.seconds,
            reason=outcome.reason,
            rechecked=(name, kind, action) in response.rechecked,
        )
        for (name, kind, action), outcome in response.outcomes.items()
    )


def response_verdict(proof: Proof, response: Response) -> Verdict:
    """Return what is known of a claim of progress: it holds if a ranking was found, and everything
    on which that rests is proved; that its helpful steps have outcomes, too."""
    path, kind, nothing = response.claim.path, PropertyKind.PROGRESS, Assurance(AssuranceKind.NONE)
    if response.reason:
        return Verdict(path, kind, Outcome.UNKNOWN, nothing, response.reason)
    names = proof.basis_of(response_needs(proof, response))
    missed = [name for name in names if not proof.is_proved(name)]
    if missed:
        needs = tuple(sorted({proof.claims[name].path for name in missed}))
        reason = why_needed(missed)
        return Verdict(path, kind, Outcome.UNKNOWN, nothing, reason, needs=needs)
    words = f"waits for {', then '.join(response.ranking)}"
    return Verdict(path, kind, Outcome.HOLDS, _assurance(proof, names), words)


def response_needs(proof: Proof, response: Response) -> list[str]:
    """Return the claims on which a ranking rests: those that its proofs used, and that helpful
    steps have outcomes."""
    helpful, system = {name.partition("(")[0] for name in response.ranking}, proof.theory.system
    owned = {f"{action}.{kind}" for action in helpful for kind in ("overlap", "range")}
    for action in system.actions:
        if action.path in helpful:
            owned |= {f"{counter}.exact" for counter in raised(system, action)}
    return [name for name in (*sorted(response.core), *sorted(owned)) if name in proof.claims]


def response_basis(proof: Proof, response: Response) -> tuple[str, ...]:
    """Return the assumptions and properties on which a ranking rests, in their order."""
    return _rests(proof, response_needs(proof, response), response.core)
