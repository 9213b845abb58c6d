"""Facts of a system that are proved for every size, for the proof of a larger one.

Soundness: where the larger system is the smaller one with something beside it, each of its steps is
one of the smaller one, and each of its initial states begins one of that. What holds in all
reachable states of the smaller one, by a proof of its own, so holds in all of the larger one's. Who
grants facts says that it is so; here only claims of the very same text are compared. Where proofs
are to be confirmed by the second solver, a fact is granted only if all that it rests on is.
"""

from __future__ import annotations

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import ProofLimits
from splitspec.checker.store import Store
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.judgement import proved_for_every_size
from splitspec.checker.symbolic.proving import opened
from splitspec.checker.symbolic.rechecking import recheck as recheck_by_cvc5
from splitspec.checker.symbolic.share import OverError
from splitspec.checker.symbolic.supervision import LostWorkerError, Report, supervise
from splitspec.checker.symbolic.theory import theory_of
from splitspec.checker.symbolic.vacuity import begins
from splitspec.model.setting import Setting


def granted(
    smaller: Setting,
    larger: Setting,
    *,
    limits: ProofLimits,
    seed: int = 0,
    recheck: bool = False,
    report: Report | None = None,
    interruption: Interruption | None = None,
    store: Store | None = None,
) -> frozenset[str]:
    """Return the names of the facts of a system that are proved and that a larger one has, too;
    none where the proof did not come to its end."""

    def work(journal: Journal, tell: Report | None) -> frozenset[str]:
        proof = opened(
            smaller, limits, seed, journal, store=store, report=tell, interruption=interruption
        )
        proof.confirms = recheck
        try:
            if not begins(proof):
                return frozenset()
            proof.settle(claim.name for claim in proof.theory.facts)
            if recheck:
                recheck_by_cvc5(proof)
        except (KeyboardInterrupt, OverError):
            return frozenset()
        return proved_for_every_size(proof, confirmed=recheck)

    try:
        found = supervise(work, limits, report, interruption)
    except LostWorkerError:
        return frozenset()
    said = {fact.name: fact for fact in theory_of(smaller.program, smaller.given).facts}
    facts = theory_of(larger.program, larger.given).facts
    return frozenset(fact.name for fact in facts if fact.name in found and fact == said[fact.name])
