"""Find the lemmas that a proof for any size lacks, and prove them with it.

Soundness: what is reported as proved is proved by `splitspec.checker.symbolic.prover` of a program
to which the lemmas were added, as if somebody had written them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from splitspec.checker.proof import Moment, ProofLimits, ProofResult, Status, Suggestion
from splitspec.checker.symbolic.calculus import Outcome
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.proving import opened, settled, targets
from splitspec.checker.symbolic.share import Decision
from splitspec.checker.symbolic.strengthening.candidates import Candidates, Clause
from splitspec.checker.symbolic.strengthening.learning import PREFIX, Key, Learner, keys_of
from splitspec.checker.symbolic.strengthening.sample import Judge, Sample, scope_of_size
from splitspec.checker.symbolic.strengthening.vocabulary import Vocabulary, vocabulary_of
from splitspec.checker.symbolic.strengthening.walk import walk
from splitspec.checker.symbolic.strengthening.wording import (
    expression_of,
    lemma_of,
    lemma_text,
    merged,
)
from splitspec.checker.symbolic.supervision import supervise
from splitspec.checker.symbolic.theory import Claim, Theory, theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Program, Property, PropertyKind
from splitspec.model.ir_text import writer_for
from splitspec.model.passes.inline import inline_calls
from splitspec.model.setting import Setting

STATES = 600
DEPTH = 40
SAMPLED_SIZE = 3
"""Elements of a sort where states are sampled: one more than a lemma names, so that what holds only
because there are so few is not taken for a lemma."""
LEARNED_SIZES = (2, 3)


def suggest(
    setting: Setting,
    *,
    limits: ProofLimits | None = None,
    seed: int = 0,
    selected: frozenset[str] | None = None,
    report: Callable[[Moment], None] | None = None,
) -> Suggestion:
    """Return lemmas with which the selected properties of a setting are proved for any size.

    Solvers work in a process of their own, as those of `splitspec.checker.symbolic.proving.prove`.
    """
    limits = limits or ProofLimits()

    def work(journal: Journal, tell: Callable[[Moment], None]) -> Suggestion:
        return _suggest(_Search(setting, seed, selected, limits, journal, tell))

    return supervise(work, limits, report)


def _suggest(search: _Search) -> Suggestion:
    lemmas = search.lemmas()
    kept = _needed(search, lemmas)
    result = search.proved(search.strengthened(kept))
    writer = writer_for(search.setting.program)
    return Suggestion(
        lemmas=tuple(lemma_text(lemma, writer) for lemma in kept),
        hopeless=tuple(search.hopeless),
        atoms=len(search.vocabulary.atoms),
        candidates=search.considered,
        questions=search.questions,
        seconds=time.perf_counter() - search.started,
        result=result,
    )


def without_lemmas(setting: Setting) -> Setting:
    """Return the setting of the same program as if nobody had written a lemma."""
    rest = {
        path: claim
        for path, claim in setting.program.properties.items()
        if claim.kind is not PropertyKind.LEMMA
    }
    program = replace(setting.program, properties=rest)
    chosen = tuple(path for path in setting.properties if path in rest)
    return replace(setting, program=program, properties=chosen)


class _Search:
    """The search for lemmas of one setting."""

    def __init__(
        self,
        setting: Setting,
        seed: int,
        selected: frozenset[str] | None,
        limits: ProofLimits,
        journal: Journal,
        report: Callable[[Moment], None],
    ) -> None:
        self.setting, self.selected = setting, selected
        self.journal, self.report = journal, report
        self.started = time.perf_counter()
        self.theory = theory_of(setting.program, setting.given, setting.variant)
        wanted = targets(self.theory, setting, selected)
        facts = {fact.path for fact in self.theory.facts}  # proofs may rest on any of them
        self.targets = [c for c in self.theory.claims if c.path in wanted or c.path in facts]
        self.vocabulary: Vocabulary = vocabulary_of(setting.program)
        self.hopeless: dict[str, None] = {}
        self.questions = self.considered = 0
        self._claims: dict[Clause, Claim] = {}
        self._judges: dict[int, Judge] = {}
        self.seed, self.limits = seed, limits

    def lemmas(self) -> list[Property]:
        """Return lemmas that together are inductive: at any size, or at those of the search."""
        candidates = self._candidates()
        lemmas: dict[Clause, Claim] = {}
        open_ = [key for claim in self.targets for key in keys_of(self.theory, claim)]
        for size in LEARNED_SIZES:
            judge = self._judge(size)
            learner = Learner(
                self.theory,
                judge.evaluator,
                judge,
                candidates,
                self._claim_of,
                lemmas,
                self.journal,
            )
            self._tell(f"learning at size {size}")
            learner.settle(self.targets, open_)
            self.hopeless.update(learner.failed)
            self.questions += learner.questions
            self._tell("looking for what is open")
            open_ = self._open(lemmas.values())
            if not open_:
                break
        groups = merged(self.vocabulary, sorted(lemmas, key=candidates.complexity))
        program = self.setting.program
        return [
            lemma_of(self.vocabulary, _free_path(program, number), self.setting.given, group)
            for number, group in enumerate(groups, start=1)
        ]

    def _candidates(self) -> Candidates:
        """Return the clauses that no state of some walks refutes."""
        sample = Sample(2 * len(self.vocabulary.atoms))
        for size, states in ((SAMPLED_SIZE, STATES), (LEARNED_SIZES[0], STATES // 4)):
            judge = self._judge(size)
            self._tell("walking")
            walked = walk(judge.evaluator, states=states, depth=DEPTH, seed=self.seed)
            sample.add(judge, walked)
        self._tell("making candidates")
        candidates = Candidates(self.vocabulary, sample)
        self.considered = len(candidates)
        return candidates

    def _open(self, lemmas: Iterable[Claim]) -> list[Key]:
        """Return the obligations that the first solver does not prove for any size."""
        theory = replace(self.theory, claims=(*self.theory.claims, *lemmas))
        calculus = self.calculus(theory)
        live = frozenset(claim.name for claim in theory.facts)
        found: list[Key] = []
        claims = [c for c in (*self.targets, *lemmas) if c.name not in self.hopeless]
        for action in theory.system.actions:
            mine = [c for c in claims if (c.name, action.path) in keys_of(theory, c)]
            with calculus.step(action) as step:
                for claim in mine:
                    outcome = step.decide(claim, live, without=" ")
                    if outcome.reply is not Reply.PROVED:
                        found.append((claim.name, action.path))
        return found

    def calculus(self, theory: Theory) -> UnboundedCalculus:
        return UnboundedCalculus(theory, self.limits, self.seed, self.journal)

    def proved(self, setting: Setting) -> ProofResult:
        proof = opened(setting, self.limits, self.seed, self.journal, report=self.report)
        return settled(proof, self.seed, selected=self.selected)

    def strengthened(self, lemmas: Iterable[Property]) -> Setting:
        """Return the setting with lemmas added to its program."""
        setting, added = self.setting, {lemma.path: lemma for lemma in lemmas}
        program = replace(setting.program, properties={**setting.program.properties, **added})
        return replace(setting, program=program, properties=(*setting.properties, *added))

    def _judge(self, size: int) -> Judge:
        if size not in self._judges:
            scope = scope_of_size(self.setting.scope, self.setting.program.sorts, size)
            evaluator = Evaluator(replace(self.setting, scope=scope))
            self._judges[size] = Judge(self.vocabulary, evaluator)
        return self._judges[size]

    def _claim_of(self, clause: Clause) -> Claim:
        if clause not in self._claims:
            name = f"{PREFIX}_{len(self._claims) + 1}"
            formula = expression_of(self.vocabulary, clause)
            inlined = inline_calls(formula, self.setting.program.definitions)
            self._claims[clause] = Claim(name, 0, PropertyKind.LEMMA, inlined, "")
        return self._claims[clause]

    def _tell(self, current: str) -> None:
        self.report(Moment(0, 0, current, time.perf_counter() - self.started))


def _free_path(program: Program, number: int) -> str:
    path = f"{program.name}.{PREFIX}_{number}"
    while path in program.properties:
        path += "_"
    return path


def _needed(search: _Search, lemmas: list[Property]) -> list[Property]:
    """Return the lemmas without which something would not be proved, as far as one by one shows."""
    setting = search.strengthened(lemmas)
    proof = opened(setting, search.limits, search.seed, search.journal)
    theory = proof.theory
    paths = {lemma.path for lemma in lemmas}
    wanted = [p for p in targets(theory, setting, search.selected) if p not in paths]
    names = [claim.name for claim in theory.claims if claim.path in wanted]
    proof.settle(names)
    for lemma in reversed(lemmas):
        own = {claim.name for claim in theory.claims if claim.path == lemma.path}
        if own & set(proof.basis_of(names)):
            _leave_out(proof, own, names)
    basis = {proof.claims[name].path for name in proof.basis_of(names)}
    return [lemma for lemma in lemmas if lemma.path in basis]


def _leave_out(proof: Proof, own: set[str], names: list[str]) -> None:
    """Stop believing a lemma if everything that rests on it has a proof by what is settled."""
    rest = frozenset(proof.basis_of(names)) & proof.live - own
    found: dict[tuple[str, str], Outcome] = {}
    actions = {action.path: action for action in proof.theory.system.actions}
    users = [
        (name, path)
        for (name, path), decision in proof.decisions.items()
        if decision.status is Status.PROVED and decision.outcome.core & own and name not in own
    ]
    for name, path in users:
        with proof.calculus.step(actions[path]) as step:
            outcome = step.decide(proof.claims[name], rest)
        if outcome.reply is not Reply.PROVED:
            return
        found[(name, path)] = outcome
    proof.live -= own
    for key, outcome in found.items():
        proof.decisions[key] = Decision(outcome, Status.PROVED)
