"""Find the lemmas that a proof for any size lacks, and prove them with it.

Soundness: what is reported as proved is proved by `splitspec.checker.symbolic.prover` of a program
to which the lemmas were added, as if somebody had written them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice

from splitspec.checker.proof import Moment, ProofLimits, ProofResult, Status, Suggestion
from splitspec.checker.symbolic.calculus import Outcome
from splitspec.checker.symbolic.counting import counts_in
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.proving import nothing_known, opened, settled, targets
from splitspec.checker.symbolic.share import Decision
from splitspec.checker.symbolic.strengthening.candidates import Candidates, Clause
from splitspec.checker.symbolic.strengthening.consecution import Consecution
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
from splitspec.checker.symbolic.supervision import LostWorkerError, supervise
from splitspec.checker.symbolic.theory import Claim, Theory, theory_of
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import FlatAction, Property, PropertyKind
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
    workers: int = 1,
) -> Suggestion:
    """Return lemmas with which the selected properties of a setting are proved for any size.

    Solvers work in a process of their own, as those of `splitspec.checker.symbolic.proving.prove`,
    with two `workers` in two; what is found is the same.
    """
    limits = limits or ProofLimits()

    def work(journal: Journal, tell: Callable[[Moment], None]) -> Suggestion:
        search = _Search(setting, seed, selected, limits, journal, tell)
        try:
            return _suggest(search)
        except KeyboardInterrupt:
            result = search.proved(setting)
            return _nothing_found(replace(result, run=replace(result.run, interrupted=True)))

    try:
        return supervise(work, limits, report, workers=workers)
    except LostWorkerError as lost:
        return _nothing_found(nothing_known(setting, seed, selected, str(lost)))


def _nothing_found(result: ProofResult) -> Suggestion:
    """Return that there are no lemmas, since the search for them came to no end."""
    return Suggestion((), (), (), 0, 0, 0, result.run.seconds, result)


def _suggest(search: _Search) -> Suggestion:
    proof, clauses = search.begun()
    kept = search.lemmas_of(_needed(search, proof, clauses))
    basis = frozenset(proof.basis_of(search.wanted))
    result = search.proved(with_lemmas(search.setting, kept))
    writer = writer_for(search.setting.program)
    return Suggestion(
        lemmas=tuple(lemma_text(lemma, writer) for lemma in kept),
        declared=tuple(kept),
        hopeless=tuple(name for name in search.hopeless if name in basis),
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


def with_lemmas(setting: Setting, lemmas: Iterable[Property]) -> Setting:
    """Return the setting as if somebody had written lemmas of its program."""
    added = {lemma.path: lemma for lemma in lemmas}
    program = replace(setting.program, properties={**setting.program.properties, **added})
    return replace(setting, program=program, properties=(*setting.properties, *added))


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
        self.wanted = [claim.name for claim in self.theory.claims if claim.path in wanted]
        self.vocabulary: Vocabulary = vocabulary_of(setting.program)
        self.hopeless: dict[str, None] = {}
        self.questions = self.considered = 0
        self._claims: dict[Clause, Claim] = {}
        self._judges: dict[int, Judge] = {}
        self.seed, self.limits = seed, limits

    def begun(self) -> tuple[Proof, list[Clause]]:
        """Return clauses that together are inductive, at any size or at those of the search, the
        simplest first, and a proof with them, in which what the first solver proves is decided."""
        proof, open_ = self._begun({}, ())
        if not open_:
            return proof, []
        lemmas: dict[Clause, Claim] = {}
        candidates = self._candidates()
        for learner in self._learners(lemmas, candidates):
            while open_ and not learner.has_settled(open_):
                self._tell("learning")
                learner.settle(open_, proof.decisions.keys())
                if not learner.ignored:
                    self.hopeless.update(learner.failed)
                self._tell("looking for what is open")
                proof, open_ = self._begun(proof.decisions, lemmas)
            self.questions += learner.questions
            if not open_:
                break
        return proof, sorted(lemmas, key=candidates.complexity)

    def _learners(self, lemmas: dict[Clause, Claim], candidates: Candidates) -> Iterator[Learner]:
        """Iterate over learners that begin where the one before ended.

        At a scope equal numbers say more than a solver knows for any size: that what is one to one
        is also onto. So lemmas are looked for that do without, before a greater scope is tried.
        """
        theory = self.theory
        counting = frozenset(
            f.name for f in theory.facts if f.expression is not None and counts_in(f.expression)
        )
        for size in LEARNED_SIZES:
            judge = self._judge(size)
            steps = Consecution(theory, judge.evaluator, self.journal)
            for ignored in (frozenset[str](), counting) if counting else (counting,):
                yield Learner(theory, steps, judge, candidates, self._claim_of, lemmas, ignored)

    def _begun(
        self, decisions: Mapping[Key, Decision], clauses: Iterable[Clause]
    ) -> tuple[Proof, list[Key]]:
        """Return a proof with lemmas, of which is decided what was before, as far as it rests on
        none that is gone, and what the first solver proves for any size; and what that leaves open.
        """
        proof = self.opened(with_lemmas(self.setting, map(self.lemma_of, clauses)))
        gone = {claim.name for claim in self._claims.values()} - proof.claims.keys()
        proof.decisions.update(
            (key, decision)
            for key, decision in decisions.items()
            if key[0] not in gone and not decision.outcome.core & gone
        )
        open_: dict[Key, None] = {}
        while owed := self._owed(proof, open_):
            for action, claims in owed:
                with proof.calculus.step(action) as step:
                    for claim in claims:
                        outcome = step.decide(claim, proof.live, without=" ")
                        key = (claim.name, action.path)
                        if outcome.reply is Reply.PROVED:
                            proof.decisions[key] = Decision(outcome, Status.PROVED)
                        else:
                            open_[key] = None
        return proof, list(open_)

    def _owed(self, proof: Proof, open_: Collection[Key]) -> list[tuple[FlatAction, list[Claim]]]:
        """Return what is not decided of the claims that are wanted, and of what they rest on."""
        needed = [proof.claims[name] for name in proof.basis_of(self.wanted)]
        keys = [
            key for c in needed if c.name not in self.hopeless for key in keys_of(proof.theory, c)
        ]
        owed: dict[str, list[Claim]] = {}
        for name, path in keys:
            if (name, path) not in proof.decisions and (name, path) not in open_:
                owed.setdefault(path, []).append(proof.claims[name])
        return [(a, owed[a.path]) for a in proof.theory.system.actions if a.path in owed]

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

    def opened(self, setting: Setting) -> Proof:
        return opened(setting, self.limits, self.seed, self.journal, report=self.report)

    def proved(self, setting: Setting) -> ProofResult:
        return settled(self.opened(setting), self.seed, selected=self.selected)

    def consecution(self, theory: Theory) -> Consecution:
        """Return the steps of the first scope of the search."""
        return Consecution(theory, self._judge(LEARNED_SIZES[0]).evaluator, self.journal)

    def _judge(self, size: int) -> Judge:
        if size not in self._judges:
            scope = scope_of_size(self.setting.scope, self.setting.program.sorts, size)
            evaluator = Evaluator(replace(self.setting, scope=scope))
            self._judges[size] = Judge(self.vocabulary, evaluator)
        return self._judges[size]

    def lemma_of(self, clause: Clause) -> Property:
        """Return a clause as a declaration, under the name that it has in the search."""
        groups = [[literal] for literal in sorted(clause)]
        return lemma_of(self.vocabulary, self._claim_of(clause).path, self.setting.given, groups)

    def lemmas_of(self, clauses: Iterable[Clause]) -> list[Property]:
        """Return clauses as declarations, those together that say the same of several values."""
        return [
            lemma_of(self.vocabulary, self._path(number), self.setting.given, groups)
            for number, groups in enumerate(merged(self.vocabulary, clauses), start=1)
        ]

    def _claim_of(self, clause: Clause) -> Claim:
        if clause not in self._claims:
            formula = expression_of(self.vocabulary, clause)
            inlined = inline_calls(formula, self.setting.program.definitions)
            path = self._path(len(self._claims) + 1)
            self._claims[clause] = Claim(path, 0, PropertyKind.LEMMA, inlined, "")
        return self._claims[clause]

    def _path(self, number: int) -> str:
        """Return the path of a lemma: of those that no property has, the one of this number."""
        program = self.setting.program
        paths = (f"{program.name}.{PREFIX}_{each}" for each in count(1))
        free = (path for path in paths if path not in program.properties)
        return next(islice(free, number - 1, None))

    def _tell(self, current: str) -> None:
        self.report(Moment(0, 0, current, time.perf_counter() - self.started))


def _needed(search: _Search, proof: Proof, clauses: list[Clause]) -> list[Clause]:
    """Return the clauses without which something would not be proved, as far as one by one shows.

    `proof` is one with all of them.
    """
    proof.settle(search.wanted)
    consecution = search.consecution(proof.theory) if clauses else None
    names = {clause: search.lemma_of(clause).path for clause in clauses}
    for clause in reversed(clauses):
        if consecution is not None and names[clause] in proof.basis_of(search.wanted):
            _leave_out(proof, consecution, names[clause], search.wanted)
    basis = proof.basis_of(search.wanted)
    return [clause for clause in clauses if names[clause] in basis]


def _leave_out(proof: Proof, consecution: Consecution, own: str, names: list[str]) -> None:
    """Stop believing a lemma if everything that rests on it has a proof by what is settled.

    A counterexample at some scope is looked for first: none is to be had where there is a proof,
    and solvers spend all their budgets where there is none.
    """
    rest = frozenset(proof.basis_of(names)) & proof.live - {own}
    users = [
        key
        for key, decision in proof.decisions.items()
        if decision.status is Status.PROVED and own in decision.outcome.core and key[0] != own
    ]
    for name, path in users:
        pair, _ = consecution.counterexample(proof.claims[name], path, sorted(rest))
        if pair is not None and pair[0] is not None:
            return
    found: dict[Key, Outcome] = {}
    actions = {action.path: action for action in proof.theory.system.actions}
    for name, path in users:
        with proof.calculus.step(actions[path]) as step:
            outcome = step.decide(proof.claims[name], rest)
        if outcome.reply is not Reply.PROVED:
            return
        found[(name, path)] = outcome
    proof.live -= {own}
    for key, outcome in found.items():
        proof.decisions[key] = Decision(outcome, Status.PROVED)
