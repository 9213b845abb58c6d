"""Prove what was proved again, by cvc5 alone: what is not confirmed yet.

Soundness: the second solver gets text of our own making from the same terms, so that a proof which
it confirms needs no trust in Z3 nor in our use of it. That it refutes one means that a solver, or
the printing of terms, is wrong: nothing else of the run is to be believed then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from splitspec.checker.proof import Method, Status
from splitspec.checker.symbolic.calculus import Calculus
from splitspec.checker.symbolic.consequence import recheck_consequence
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.response import Response
from splitspec.checker.symbolic.share import ALWAYS, why_open
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus


def recheck(proof: Proof, responses: Iterable[Response] = ()) -> tuple[str, ...]:
    """Mark the obligations that cvc5 proves too, those of progress as well; return those that it
    does not, in words.

    Raise `DisagreementError` if it refutes one.
    """
    open_ = list(_recheck_decisions(proof))
    for response in responses:
        if response.is_proved:
            open_ += _recheck_response(proof, response)
    proof.write()
    return tuple(open_)


def _recheck_decisions(proof: Proof) -> Iterator[str]:
    actions = {action.path: action for action in proof.theory.system.actions}
    finite: Calculus | None = None
    for (name, path), decision in list(proof.decisions.items()):
        if decision.status is not Status.PROVED:
            continue
        proof.proceed()
        archive, action = proof.archive, actions.get(path)
        if decision.outcome.confirmed:
            proof.decisions[(name, path)] = replace(decision, rechecked=True)
            continue
        calculus = proof.calculus
        if decision.outcome.method is Method.FINITE and not isinstance(calculus, FiniteCalculus):
            scope, steps = proof.setting.scope, proof.limits.steps
            finite = finite or FiniteCalculus(proof.theory, scope, 0, steps, proof.journal)
            calculus = finite
        if path == ALWAYS:
            claim, like = proof.claims[name], proof.like[name]
            answer = recheck_consequence(calculus, claim, decision.outcome, like)
        else:
            answer = calculus.recheck(proof.claims[name], action, decision.outcome)
        missed = why_open(answer, name, path)
        if missed:
            yield missed
            continue
        proof.decisions[(name, path)] = replace(decision, rechecked=True)
        if archive is not None and calculus is proof.calculus:
            confirmed = replace(decision.outcome, confirmed=True)
            always = path == ALWAYS
            archive.keep(proof.claims[name], action, proof.live, confirmed, always=always)


def _recheck_response(proof: Proof, response: Response) -> Iterator[str]:
    calculus = proof.calculus
    assert isinstance(calculus, UnboundedCalculus)
    for key, outcome in response.outcomes.items():
        if not outcome.confirmed:
            proof.proceed()
            answer = calculus.recheck_posed(response.questions[key], outcome)
            missed = why_open(answer, key[0], key[2])
            if missed:
                yield missed
                continue
            response.outcomes[key] = replace(outcome, confirmed=True)
        response.rechecked.add(key)
    if proof.archive is not None and not response.is_kept:
        proof.archive.keep_response(response, proof.live)
