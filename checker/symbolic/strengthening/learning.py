"""Pick, among candidates, the lemmas that exclude every counterexample to induction of a scope.

A counterexample to a claim is a step from a state of all facts. If a candidate is false in the
state before, it becomes a lemma, and is to be kept by every step itself. If none is, then nothing
that the vocabulary can say tells the state from a reachable one, and the state after it refutes all
candidates that are false there, lemmas too, whose weaker forms take their place. (Houdini, FME'01,
asked of what is needed alone; weakening as in the recipes for templates with quantifiers.)

Soundness: nothing is claimed. What was picked is proved afterwards like lemmas that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from splitspec.checker.symbolic.strengthening.candidates import Candidates, Clause
from splitspec.checker.symbolic.strengthening.consecution import Consecution, Pair
from splitspec.checker.symbolic.strengthening.sample import Judge
from splitspec.checker.symbolic.theory import Claim, Theory, is_framed
from splitspec.model import ir
from splitspec.model.ir import Expression, PropertyKind
from splitspec.model.types import Integer

PREFIX = "suggested"
"""The name of lemmas that were found, with a number behind it."""

Key = tuple[str, str]
"""A claim and an action."""


@dataclass
class Learner:
    """Learning at one scope. `lemmas` are the clauses picked so far, each with its claim; `failed`
    are claims for which there are none. Facts that are `ignored` exclude nothing, and equations
    among them are to be kept because both sides move alike."""

    theory: Theory
    consecution: Consecution
    judge: Judge
    candidates: Candidates
    claim_of: Callable[[Clause], Claim]
    lemmas: dict[Clause, Claim]
    ignored: frozenset[str] = frozenset()
    failed: dict[str, None] = field(default_factory=dict)
    questions: int = 0

    def __post_init__(self) -> None:
        self._claims = {claim.name: claim for claim in self.theory.claims}
        self._wanted: set[str] = set()
        self._known: Collection[Key] = ()
        self._uses: dict[Key, frozenset[str]] = {}
        self._todo: list[Key] = []
        for claim in self.lemmas.values():
            self._believe(claim)

    def has_settled(self, keys: Iterable[Key]) -> bool:
        """Whether these obligations are met by every step of the scope, or have failed."""
        return all(key in self._uses or key[0] in self.failed for key in keys)

    def settle(self, keys: Iterable[Key], known: Collection[Key]) -> None:
        """Pick lemmas until every step meets these obligations, and keeps the lemmas and all facts
        on which that rests; of what is `known` to be met nothing is asked."""
        self._known = known
        for key in keys:
            self._wanted.add(key[0])
            self._todo.append(key)
        while self._todo:
            name, action = self._todo.pop()
            if name in self._claims and name not in self.failed:
                self._settle(self._claims[name], action)

    def _believe(self, claim: Claim) -> None:
        self._claims[claim.name] = claim
        self.consecution.believe(claim)

    def _want(self, names: Iterable[str]) -> None:
        """See that facts are kept that something rests on."""
        for name in sorted(names):
            if name not in self._wanted and name in self._claims:
                self._wanted.add(name)
                keys = keys_of(self.theory, self._claims[name])
                self._todo += [key for key in keys if key not in self._known]

    def _settle(self, claim: Claim, action: str) -> None:
        """Exclude the counterexamples of one obligation, one after the other."""
        while True:
            found = self._counterexample(claim, action)
            if found is None:
                return
            before, after = found
            if before is None:  # The solver was lost over it: the proof will tell.
                self.failed[claim.name] = None
                return
            truths = self.judge.truths(before)
            excluding = self.candidates.refuted_in(truths, self.judge.full)
            if excluding:
                clause = excluding[0]
                lemma = self.lemmas[clause] = self.claim_of(clause)
                self._believe(lemma)
                self._want([lemma.name])
            elif claim in self.lemmas.values():
                assert after is not None
                self._give_up(self.candidates.learn(self.judge.truths(after), self.judge.full))
                return
            else:
                self.failed[claim.name] = None
                return

    def _give_up(self, gone: frozenset[Clause]) -> None:
        """Forget lemmas, and look again at what rested on them."""
        names = {self.lemmas.pop(clause).name for clause in gone if clause in self.lemmas}
        for name in names:
            del self._claims[name]
        for key, used in list(self._uses.items()):
            if used & names:
                del self._uses[key]
                self._todo.append(key)

    def _counterexample(self, claim: Claim, action: str) -> Pair | None:
        """Return the states around a step of the action that breaks the claim, if there is one."""
        self.questions += 1
        asked = moving_alike(claim) if claim.name in self.ignored else claim
        facts = (f.name for f in self.theory.facts if f is asked or f.name not in self.ignored)
        lemmas = (lemma.name for lemma in self.lemmas.values())
        pair, used = self.consecution.counterexample(asked, action, [*facts, *lemmas])
        if pair is None:
            self._uses[(claim.name, action)] = used
            self._want(used)
        return pair


def keys_of(theory: Theory, claim: Claim) -> list[Key]:
    """Return the obligations of a claim on steps that the frame rule does not meet."""
    owner = claim.path.rpartition(".")[0]
    own = claim.kind in (PropertyKind.OVERLAP, PropertyKind.RANGE)
    return [
        (claim.name, action.path)
        for action in theory.system.actions
        if (not own or owner == action.path) and not is_framed(theory, action, claim)
    ]


def moving_alike(claim: Claim) -> Claim:
    """Return that a step moves both sides of an equation between numbers alike, which keeps it; any
    other claim is returned itself."""
    moving = None if claim.expression is None else _moving(claim.expression)
    if moving is None:
        return claim
    return Claim(f"{claim.path} by moving alike", claim.number, PropertyKind.STEP, moving, "")


def _moving(term: Expression) -> Expression | None:
    match term:
        case ir.Quantifier("all", _, body):
            moving = _moving(body)
            return None if moving is None else replace(term, body=moving)
        case ir.Equal(left, right) if left.type == Integer() == right.type:
            truth, number, span = term.type, left.type, term.span
            after = [ir.Next(side, number, span) for side in (left, right)]
            one = ir.Arithmetic("+", left, after[1], number, span)
            other = ir.Arithmetic("+", after[0], right, number, span)
            return ir.Equal(one, other, truth, span)
        case _:
            return None
