"""Prove the runs of one model, again by cvc5, and find a counterexample to induction for each proof
that is lost without a guard. Print CPU seconds as JSON for `proofs.py`.

All in this process, so that its clock has everything. It looks for garbage as seldom as a command.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

from splitspec.checker.proof import Mutant, ProofLimits, Status
from splitspec.checker.symbolic.cvc5_solver import _Talk
from splitspec.checker.symbolic.induction import InductionSearch
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.mutation import mutants
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.proving import opened, settled
from splitspec.checker.symbolic.theory import theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Answer
from splitspec.cli.application import NEW_OBJECTS_MAX
from splitspec.cli.selection import Request, select
from splitspec.model.ir import Drop, Variant
from splitspec.model.setting import Setting

MUTANTS_MAX = 12
"""So many counterexamples a run are enough."""


def main() -> None:
    """Print the sums over the runs of the model that is named."""
    gc.set_threshold(NEW_OBJECTS_MAX, *gc.get_threshold()[1:])
    proving = solving = rechecking = answering = 0.0
    unconfirmed, counterexamples = 0, []
    for job in select(Request(models=(sys.argv[1],), size=2)).jobs:
        proof, started = opened(job.setting, ProofLimits(), 0, Journal()), time.process_time()
        with _timed() as spent, _timed_answers() as answered:
            result = settled(proof, 0, recheck=True)
        proving += time.process_time() - started - sum(spent)
        solving += result.run.solving
        answering += sum(answered)
        unconfirmed += len(result.run.unconfirmed)
        rechecking += sum(spent)
        counterexamples += list(_counterexamples(job.setting, proof))
    figures = {
        "proving": proving,
        "solving": solving,
        "rechecking": rechecking,
        "answering": answering,
        "open": unconfirmed,
        "counterexamples": counterexamples,
    }
    print(msgspec.json.encode(figures).decode())


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Collect the seconds of each question to the second solver, writing it down included."""
    spent: list[float] = []
    asked = {name: getattr(UnboundedCalculus, name) for name in ("recheck", "recheck_posed")}

    def timed(ask: Callable[..., Answer]) -> Callable[..., Answer]:
        def answered(*words: object) -> Answer:
            started = time.process_time()
            answer = ask(*words)
            spent.append(time.process_time() - started)
            return answer

        return answered

    for name, ask in asked.items():
        setattr(UnboundedCalculus, name, timed(ask))
    try:
        yield spent
    finally:
        for name, ask in asked.items():
            setattr(UnboundedCalculus, name, ask)


@contextmanager
def _timed_answers() -> Iterator[list[float]]:
    """Collect the seconds that the second solver itself takes, without what is written for it."""
    spent: list[float] = []
    do = _Talk.do

    def timed(talk: _Talk, command: Any) -> str:
        started = time.process_time()
        answer = do(talk, command)
        if command.getCommandName() == "check-sat":
            spent.append(time.process_time() - started)
        return answer

    with patch.object(_Talk, "do", timed):
        yield spent


def _counterexamples(setting: Setting, proof: Proof) -> Iterator[float]:
    """Iterate over the seconds that it takes to find counterexamples in designs without a guard."""
    lossy = [mutant for mutant in mutants(proof) if mutant.lost][:MUTANTS_MAX]
    for mutant in lossy:
        found = next(_found(setting, proof, mutant), None)
        if found is not None:
            yield found


def _found(setting: Setting, proof: Proof, mutant: Mutant) -> Iterator[float]:
    """Iterate over the seconds of each counterexample in the design without the guard. Other
    conjuncts of what is lost may be kept: a search that finds nothing is none of a counterexample.
    """
    span = setting.program.actions[mutant.action].span
    difference = Drop(mutant.action, mutant.guard, span)
    variant = Variant("loose", setting.model, (difference,), None, None, (), "", span)
    loose = replace(setting, variant=variant)
    theory = theory_of(loose.program, loose.given, variant)
    action = next(a for a in theory.system.actions if a.path == mutant.action)
    claims = {claim.name: claim for claim in theory.claims}
    for (name, path), decision in proof.decisions.items():
        is_met = path == mutant.action and decision.status is Status.PROVED
        if is_met and claims[name].path in mutant.lost:
            # A search of its own, so that nothing is written down yet.
            search = InductionSearch(loose, theory, proof.live, ProofLimits().scope_max)
            started = time.process_time()
            if search.counterexample(action, claims[name]) is not None:
                yield time.process_time() - started


if __name__ == "__main__":
    main()
