"""Leave out each guard in turn, and find the obligations that no longer follow.

The cores of a proof say which obligations used a guard; only these are asked again, without it:
first at two elements a sort, where a step that breaks the claim is found soon, then for any size.
An obligation that has another proof is not lost. What is owed only without the guard is asked, too.
Of a property that is not proved with all guards nothing is asked.

Soundness: a guard is called redundant for what is proved only when every obligation of its action
has a proof from proved facts that does not use it, and so has every one that the action has only
without it. That one does *not* follow says that the proof is lost, not that a run breaks the
property.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from splitspec.checker.proof import Mutant, Status
from splitspec.checker.symbolic.calculus import Facts, StepCalculus
from splitspec.checker.symbolic.induction import InductionSearch
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.ir import PropertyKind
from splitspec.model.passes.oblige import overlaps

SIZE = 2


def mutants(proof: Proof) -> tuple[Mutant, ...]:
    """Return, for each guard of a settled proof, what is lost without it."""
    small = _Small(proof)
    return tuple(
        mutant for action in proof.theory.system.actions for mutant in _of(proof, action, small)
    )


class _Small:
    """The facts and steps of a proof at two elements a sort, in one solver."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._steps: dict[str, FiniteStep] = {}
        self.facts = Facts(name for name in proof.live if proof.is_settled(name))

    @cached_property
    def _instance(self) -> Instance:
        setting, theory = self._proof.setting, self._proof.theory
        search = InductionSearch(setting, theory, self.facts, SIZE)
        return Instance(theory, search.scope(dict.fromkeys(theory.system.sorts, SIZE)))

    @cached_property
    def _solver(self) -> Satisfaction:
        instance, solver = self._instance, Satisfaction(steps=self._proof.limits.steps)
        solver.add(instance.legal(instance.before), *instance.facts(self.facts).values())
        return solver

    def is_broken(self, action: ir.FlatAction, claim: Claim, without: str) -> bool:
        """Whether a step breaks the claim that ignores one of its guards."""

        def made() -> bool:
            if action.path not in self._steps:
                self._steps[action.path] = self._instance.step(action)
            step = self._steps[action.path]
            guards = (term for name, term in step.guards.items() if name != without)
            return self._solver.check(step.limits, *guards, step.breaks(claim)) is True

        return self._proof.journal.ask(made, lambda _: False)


def _of(proof: Proof, action: ir.FlatAction, small: _Small) -> Iterator[Mutant]:
    with proof.calculus.step(action) as step:
        for guard in action.guards:
            yield _without(proof, action, guard, step, small)


def _without(
    proof: Proof,
    action: ir.FlatAction,
    guard: ir.FlatGuard,
    step: StepCalculus,
    small: _Small,
) -> Mutant:
    name = f"{action.path}.{guard.name}"
    lost: dict[str, None] = {}
    open_: dict[str, None] = {}
    unfinished: dict[str, None] = {}
    for (claim, path), decision in proof.decisions.items():
        uses = decision.status is Status.PROVED and name in decision.outcome.core
        if path != action.path or not uses:
            continue
        if not _is_held(proof, proof.claims[claim].path):
            unfinished[proof.claims[claim].path] = None
            continue
        if small.is_broken(action, proof.claims[claim], guard.name):
            lost[proof.claims[claim].path] = None
            continue
        outcome = step.decide(proof.claims[claim], small.facts, without=name)
        if outcome.reply is Reply.REFUTED:
            lost[proof.claims[claim].path] = None
        elif outcome.reply is Reply.UNKNOWN:
            open_[proof.claims[claim].path] = None
    reply = _overlap(proof, action, guard, small.facts)
    if reply is not Reply.PROVED:
        (lost if reply is Reply.REFUTED else open_)[f"{action.path}.overlap"] = None
    undecided = tuple(path for path in open_ if path not in lost)
    return Mutant(
        action.path,
        guard.name,
        guard.kind,
        guard.origin,
        tuple(lost),
        undecided,
        tuple(unfinished),
    )


def _is_held(proof: Proof, path: str) -> bool:
    """Whether a property is proved of the design as it is: what is not cannot be lost."""
    claims = (claim for claim in proof.theory.claims if claim.path == path)
    return all(proof.is_settled(claim.name) for claim in claims)


def _overlap(proof: Proof, action: ir.FlatAction, guard: ir.FlatGuard, facts: Facts) -> Reply:
    """Decide whether no two updates write one place without a guard, if it is the guard's text that
    tells some of them apart: of these nothing was asked before."""
    rest = replace(action, guards=tuple(each for each in action.guards if each is not guard))
    if len(overlaps(rest)) == len(overlaps(action)):
        return Reply.PROVED
    path = f"{action.path}.overlap"
    claim = Claim(path, 0, PropertyKind.OVERLAP, None, "")
    with proof.calculus_of_its_own().step(rest) as step:
        outcome = step.decide(claim, facts)
    if outcome.reply is not Reply.UNKNOWN:
        return outcome.reply
    search = InductionSearch(proof.setting, proof.theory, facts, SIZE)
    found = proof.journal.ask(lambda: search.breaks(rest, claim), lambda _: False, path)
    return Reply.REFUTED if found else Reply.UNKNOWN
