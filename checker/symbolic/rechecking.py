"""Prove what was proved again, by cvc5 alone.

Soundness: the second solver gets text of our own making from the same terms, so that a proof which
it confirms needs no trust in Z3 nor in our use of it. That it refutes one means that a solver, or
the printing of terms, is wrong: nothing else of the run is to be believed then.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.checker.proof import Method, Status
from splitspec.checker.symbolic.calculus import Calculus
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.z3_solver import Reply


def recheck(proof: Proof) -> tuple[str, ...]:
    """Mark the obligations that cvc5 proves too; return those that it does not, in words.

    Raise `DisagreementError` if it refutes one.
    """
    actions = {action.path: action for action in proof.theory.system.actions}
    finite: Calculus | None = None
    open_: list[str] = []
    for (name, path), decision in list(proof.decisions.items()):
        if decision.status is not Status.PROVED:
            continue
        proof.proceed()
        calculus = proof.calculus
        if decision.outcome.method is Method.FINITE and not isinstance(calculus, FiniteCalculus):
            finite = finite or FiniteCalculus(proof.theory, proof.setting.scope, 0, 0)
            calculus = finite
        answer = calculus.recheck(proof.claims[name], actions.get(path), decision.outcome)
        words = f"{name} after {path}" if path else f"{name} initially"
        if answer.reply is Reply.REFUTED:
            raise DisagreementError(f"one solver proves {words}, and the other refutes it")
        if answer.reply is Reply.UNKNOWN:
            open_.append(f"{words}: {answer.reason or 'unknown'}")
        else:
            proof.decisions[(name, path)] = replace(decision, rechecked=True)
    return tuple(open_)
