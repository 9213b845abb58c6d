"""Pick, among candidates, the lemmas that exclude every counterexample to induction of a scope.

A counterexample to a claim is a step from a state of all facts. If a candidate is false in the
state before, it becomes a lemma, and is to be kept by every step itself. If none is, then nothing
that the vocabulary can say tells the state from a reachable one, and the state after it refutes all
candidates that are false there, lemmas too, whose weaker forms take their place. (Houdini, FME'01,
asked of what is needed alone; weakening as in the recipes for templates with quantifiers.)

Soundness: nothing is claimed. What was picked is proved afterwards like lemmas that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.strengthening.candidates import Candidates, Clause
from splitspec.checker.symbolic.strengthening.sample import Judge
from splitspec.checker.symbolic.theory import Claim, Theory, is_framed
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind
from splitspec.model.scope import Scope, State

PREFIX = "suggested"
"""The name of lemmas that were found, with a number behind it."""

Pair = tuple[State | None, State | None]
"""The states before and after a step; none before it if the solver was lost."""

Key = tuple[str, str]
"""A claim and an action."""


@dataclass
class Learner:
    """Learning at one scope. `lemmas` are the clauses picked so far, each with its claim."""

    theory: Theory
    evaluator: Evaluator
    judge: Judge
    candidates: Candidates
    claim_of: Callable[[Clause], Claim]
    lemmas: dict[Clause, Claim] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        scope: Scope = self.evaluator.places.scope
        self._instance = Instance(self.theory, scope)
        self._solver = Satisfaction()
        self._solver.add(self._instance.legal(self._instance.before))
        self._solver.add(*self._instance.facts().values())
        self._steps: dict[str, FiniteStep] = {}
        self._named: set[str] = set()
        self._uses: dict[Key, frozenset[str]] = {}
        self._todo: list[Key] = []
        self._claims: dict[str, Claim] = {}
        self.failed: dict[str, None] = {}
        self.questions = 0
        for claim in self.lemmas.values():
            self._believe(claim)

    def settle(self, targets: Iterable[Claim], keys: Iterable[Key]) -> None:
        """Pick lemmas until every step keeps the targets and the lemmas, beginning with what is
        open; `failed` are targets for which there are none."""
        self._claims.update({target.name: target for target in targets})
        self._todo += keys
        while self._todo:
            name, action = self._todo.pop()
            if name in self._claims and name not in self.failed:
                self._settle(self._claims[name], action)

    def _believe(self, claim: Claim) -> None:
        self._claims[claim.name] = claim
        if claim.name not in self._named:
            self._named.add(claim.name)
            assert claim.expression is not None
            fact = self._instance.encoder.holds(claim.expression, {}, self._moment)
            self._solver.name(claim.name, fact)

    @property
    def _moment(self) -> Moment:
        return Moment(self._instance.before)

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
                self._todo += keys_of(self.theory, lemma)
            elif claim.name.startswith(PREFIX):
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

    # Questions

    def _counterexample(self, claim: Claim, action: str) -> Pair | None:
        """Return the states around a step of the action that breaks the claim, if there is one."""
        self.questions += 1

        def lost(_: str) -> tuple[Pair | None, frozenset[str]]:
            return (None, None), frozenset()

        found, core = self.journal.ask(lambda: self._asked(claim, action), lost)
        if found is None:
            self._uses[(claim.name, action)] = core
        return found

    def _asked(self, claim: Claim, action: str) -> tuple[Pair | None, frozenset[str]]:
        step = self._step(action)
        broken = f"{claim.name} broken by {action}"
        if broken not in self._named:
            self._named.add(broken)
            self._solver.name(broken, step.broken(claim))
        lemmas = (lemma.name for lemma in self.lemmas.values())
        answer = self._solver.contradiction([broken, *lemmas])
        if answer.reply is Reply.PROVED:
            return None, answer.core
        instance, value = self._instance, self._solver.value
        before = tuple(value(instance.before.cell(v, indices)) for v, indices in instance.layout)
        binding = {name: value(parameter) for name, parameter in step.parameters.items()}
        transition = self.evaluator.step(before, action, binding)
        return (before, None if transition is None else transition.successor), frozenset()

    def _step(self, action: str) -> FiniteStep:
        if action not in self._steps:
            flat = next(a for a in self.theory.system.actions if a.path == action)
            self._steps[action] = self._instance.step(flat)
        return self._steps[action]


def keys_of(theory: Theory, claim: Claim) -> list[Key]:
    """Return the obligations of a claim on steps that the frame rule does not meet."""
    owner = claim.path.rpartition(".")[0]
    own = claim.kind in (PropertyKind.OVERLAP, PropertyKind.RANGE)
    return [
        (claim.name, action.path)
        for action in theory.system.actions
        if (not own or owner == action.path) and not is_framed(theory, action, claim)
    ]
