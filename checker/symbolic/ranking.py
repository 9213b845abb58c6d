"""Prove that something happens, for any size: by what fair actions have still to do.

The claim is `a leads to b`, for given values of its parameters. A state is *pending* when a holds
there and b does not. The rank of a pending state is a list of finite sets, each the set of what one
fair action has still to do (`splitspec.checker.symbolic.measure`), compared lexicographically by
inclusion. To show, in any state of the facts:

* a step from a pending state leads to b or to a pending state;
* no such step makes the rank greater: a set gains nothing unless one before it has lost something;
* for each member of a set of the list, its action is enabled, for the member's instance of
  fairness, and when it happens for that one, its set loses something or b holds;
* a pending state has a set that is not empty.

Soundness: in a run that stays pending for ever the rank falls only finitely often, since sets of a
run are finite and inclusion of finite lists of them, lexicographically, is well founded. From then
on the sets stay as they are, and the action of a set that is not empty is enabled for ever; being
fair, it happens, and the rank falls: a contradiction. A run that stops while a fair action is
enabled is not fair. (Manna and Pnueli, Completing the temporal picture, 1991: rule RESP-W. Ranking
by sets instead of numbers: the numbers are those of their elements.)

Strong fairness is weak fairness, too. Besides, an action to which a run is strongly fair need not
stay enabled. Where it answers by itself, it is enough that a pending state leads to one in which it
is enabled, or to an answer: a claim of progress in its turn, which is proved with the other
actions' fairness, taken as weak. Then the action is enabled infinitely often in a run that stays
pending; being strongly fair, it happens, and answers. (Rule RESP-C there.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from splitspec.checker.proof import SPENT, ObligationKind
from splitspec.checker.symbolic.algebra import Environment, State, Value, as_term
from splitspec.checker.symbolic.calculus import Outcome
from splitspec.checker.symbolic.condition import Query, Step
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.measure import Kind, Measure, enabled, measures
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.response import Key, Posed, Response
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unbounded import kind
from splitspec.checker.symbolic.unbounded_calculus import (
    FIRST_STEPS,
    UnboundedCalculus,
    UnboundedStep,
)
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.ir import PropertyKind

SEARCHING_STEPS = 30_000
"""The budget of a question in the first search, ten times what those of a ranking need that stands.
Most sets that are tried are no rank, and to be sure of that takes many more."""


@frozen
class Fitness:
    """What was shown for a set before it is known where in the ranking it stands."""

    outcomes: Mapping[Key, Outcome]
    ranking: tuple[str, ...]


def respond(proof: Proof, claim: ir.Property, *, confirmed: bool = False) -> Response:
    """Return a ranking that proves a claim of progress from the facts that are believed: a kept
    one, or what a search finds. A kept one must be `confirmed` by the second solver, if so."""
    archive = proof.archive
    if archive is not None and not archive.is_audit:
        kept = archive.find_response(claim, proof.live)
        if kept is not None and (kept.is_confirmed or not confirmed):
            proof.kept.update((name, action) for name, _, action in kept.outcomes)
            return kept
    response = _searched(proof, claim)
    if archive is not None:
        archive.keep_response(response, proof.live)
        proof.write()
    return response


def _searched(proof: Proof, claim: ir.Property) -> Response:
    response = Response(claim)
    if not isinstance(proof.calculus, UnboundedCalculus):
        response.reason = "progress is proved for any size only"
        return response
    if not any(action.fairness for action in proof.theory.system.actions):
        response.reason = "no action is fair, so that nothing has to happen"
        return response
    for steps in (SEARCHING_STEPS, FIRST_STEPS):
        response = Response(claim)
        response.reason = _Ranking(proof, proof.calculus, response, steps).search()
        if response.is_proved:
            return response
    if response.lost:
        response.reason += f"; a question had no answer: {response.lost}"
    return response


class _Ranking:
    """The search for a ranking of one claim; or, with `awaited`, of the claim that a pending state
    leads to one in which that action is enabled."""

    def __init__(
        self,
        proof: Proof,
        calculus: UnboundedCalculus,
        response: Response,
        steps: int,
        awaited: Measure | None = None,
    ) -> None:
        self.proof, self.calculus, self.response = proof, calculus, response
        self.steps = steps
        self.claim, self.awaited = response.claim, awaited
        self.name = self.claim.path if awaited is None else f"{self.claim.path}.again"
        conditions = self.conditions = calculus.conditions
        self.terms, self.encoder = conditions.terms, conditions.encoder
        self.system = proof.theory.system
        self.values: dict[str, Value] = {
            p.name: self.terms.symbol(f"{self.claim.path} {p.name}", kind(p.type))
            for p in self.claim.parameters
        }
        self.limits = tuple(
            conditions.algebra.within(as_term(self.values[p.name]), p.type)
            for p in self.claim.parameters
        )
        self.ranking: list[Measure] = []
        self._known: dict[int, Fitness | None] = {}  # by the number of the set among all

    def search(self) -> str:
        """Look for a ranking, and return why there is none, or nothing."""
        ended = self._ended()
        if ended:
            return ended
        usable = (m for m in measures(self.system.actions, self.claim) if self._is_usable(m))
        candidates = list(enumerate(usable, start=1))
        while not self._has_something_to_do():
            found = next((m for number, m in candidates if self._is_a_rank(m, number)), None)
            if found is None:
                names = ", ".join(measure.name for measure in self.ranking) or "nothing"
                return f"no ranking was found: a pending state may wait for {names}"
            self.ranking.append(found)
            candidates = [
                (number, m)
                for number, m in candidates
                if m.name != found.name and self._known.get(number, True)
            ]
        self.response.ranking += tuple(measure.name for measure in self.ranking)
        return ""

    def _is_usable(self, measure: Measure) -> bool:
        return self.awaited is None or measure.action is not self.awaited.action

    # States

    def _premise(self, state: State) -> Term:
        return self.encoder.holds(self.claim.lines[0].expression, self.values, Moment(state))

    def _answered(self, state: State) -> Term:
        answer = self.encoder.holds(self.claim.lines[1].expression, self.values, Moment(state))
        if self.awaited is None:
            return answer
        full = enabled(self.awaited)
        able = self.conditions.algebra.some_of(full.binders, {}, self._member(full, state))
        return self.terms.disjunction(answer, able)

    def _pending(self, state: State) -> tuple[Term, ...]:
        return (self._premise(state), self.terms.negation(self._answered(state)))

    def _member(self, measure: Measure, state: State) -> Callable[[Environment], Term]:
        return lambda env: measure.holds(self.encoder, state, self.values, env)

    def _shrinks(self, measure: Measure, before: State, after: State) -> Term:
        """Return that a set gains nothing."""
        old, new = self._member(measure, before), self._member(measure, after)
        return self.conditions.algebra.all_of(
            measure.binders, {}, lambda env: self.terms.implication(new(env), old(env))
        )

    def _loses(self, measure: Measure, before: State, after: State) -> Term:
        old, new = self._member(measure, before), self._member(measure, after)
        return self.conditions.algebra.some_of(
            measure.binders,
            {},
            lambda env: self.terms.conjunction(old(env), self.terms.negation(new(env))),
        )

    # What is to be shown

    def _ended(self) -> str:
        """Return which action may end the waiting without an answer, or nothing."""
        name = f"{self.name}.pending"
        for action in self.system.actions:

            def goal(step: Step) -> Term:
                return self.terms.disjunction(self._premise(step.after), self._answered(step.after))

            if not self._shown(name, ObligationKind.RESPONSE, action, goal, {}):
                found = self.response.outcomes[(name, ObligationKind.RESPONSE, action.path)]
                words = f"{action.path} may end the waiting without an answer"
                return f"{words}: {SPENT}" if found.reason == SPENT else words
        return ""

    def _is_a_rank(self, measure: Measure, number: int) -> bool:
        """Whether a set can stand next in the ranking; what was shown for it is then noted."""
        noted = dict(self.response.outcomes), self.response.ranking
        fitness = self._fitness(measure, number)
        if fitness is not None:
            self.response.outcomes |= fitness.outcomes
            self.response.ranking += fitness.ranking
            if all(self._gains_nothing(measure, number, a) for a in self.system.actions):
                return True
        self.response.outcomes, self.response.ranking = noted
        return False

    def _fitness(self, measure: Measure, number: int) -> Fitness | None:
        """Return what was shown for a set that can stand in a ranking, wherever: it is not always
        empty, its action is enabled, and takes from it. None if it cannot."""
        if number not in self._known:
            noted = dict(self.response.outcomes), self.response.ranking
            self.response.outcomes, self.response.ranking = {}, ()
            is_fit = (
                not self._is_empty(measure)
                and self._is_enabled(measure, number)
                and self._is_helpful(measure, number)
            )
            shown = Fitness(self.response.outcomes, self.response.ranking)
            self._known[number] = shown if is_fit else None
            self.response.outcomes, self.response.ranking = noted
        return self._known[number]

    def _is_empty(self, measure: Measure) -> bool:
        """Whether the set has no member in any pending state."""
        before, algebra = self.conditions.before, self.conditions.algebra
        some = algebra.some_of(measure.binders, {}, self._member(measure, before))
        hypotheses = self._pending(before)
        return self._follows(f"{self.name}.empty", hypotheses, self.terms.negation(some))

    def _gains_nothing(self, measure: Measure, number: int, action: ir.FlatAction) -> bool:
        if not measure.reads() & {update.variable for update in action.updates}:
            return True

        def goal(step: Step) -> Term:
            before, after = self.conditions.before, step.after
            earlier = (self._loses(m, before, after) for m in self.ranking)
            gained = self._shrinks(measure, before, after)
            return self.terms.disjunction(self._answered(after), *earlier, gained)

        name = f"{self.name}.rank {number}"
        return self._shown(name, ObligationKind.RANK, action, goal, {})

    def _is_enabled(self, measure: Measure, number: int) -> bool:
        """Whether the action can happen where its set is not empty, for the member's instance of
        fairness: it must stay enabled, or, if strongly fair, become so again and again."""
        if measure.kind in (Kind.ENABLED, Kind.EFFECTIVE):
            return True
        before, algebra = self.conditions.before, self.conditions.algebra
        inside: dict[str, Value] = {
            b.name: self.terms.symbol(f"{measure.name} has {b.name}", kind(b.type))
            for b in measure.binders
        }
        full = enabled(measure)
        instance = {b.name: inside[b.name] for b in measure.instance}
        goal = algebra.some_of(full.binders, instance, self._member(full, before))
        hypotheses = (*self._pending(before), self._member(measure, before)(inside))
        if self._follows(f"{self.name}.enabled {number}", hypotheses, goal):
            return True
        return measure.kind is Kind.AWAITED and self._is_enabled_again(measure)

    def _is_enabled_again(self, measure: Measure) -> bool:
        """Whether a pending state leads to an answer, or to one in which a strongly fair action is
        enabled."""
        if self.awaited is not None or not measure.fairness.strong:
            return False
        noted = dict(self.response.outcomes), self.response.ranking
        if not _Ranking(self.proof, self.calculus, self.response, self.steps, measure).search():
            return True
        self.response.outcomes, self.response.ranking = noted
        return False

    def _is_helpful(self, measure: Measure, number: int) -> bool:
        """Whether its action, when it happens for the instance of fairness of a member, takes from
        the set: that it happens for another instance is not what is waited for."""
        before, algebra = self.conditions.before, self.conditions.algebra

        def goal(step: Step) -> Term:
            after = step.after
            own = {b.name: step.parameters[b.name] for b in measure.binders}
            old, new = self._member(measure, before), self._member(measure, after)
            taken = self.terms.conjunction(old(own), self.terms.negation(new(own)))
            lost = self._loses(measure, before, after)
            instance = {b.name: step.parameters[b.name] for b in measure.instance}
            others = tuple(b for b in measure.binders if b.name not in instance)
            some = algebra.some_of(others, instance, old)
            loss = self.terms.disjunction(self._answered(after), taken, lost)
            return self.terms.implication(some, loss)

        name = f"{self.name}.help {number}"
        return self._shown(name, ObligationKind.HELP, measure.action, goal, measure.bound)

    def _has_something_to_do(self) -> bool:
        before, algebra = self.conditions.before, self.conditions.algebra
        goal = self.terms.disjunction(
            *(algebra.some_of(m.binders, {}, self._member(m, before)) for m in self.ranking)
        )
        return self._follows(f"{self.name}.ranked", self._pending(before), goal)

    # Questions. Most sets that are tried are no rank, so the incremental solver alone is asked.

    def _shown(
        self,
        name: str,
        kind_: ObligationKind,
        action: ir.FlatAction,
        goal: Callable[[Step], Term],
        bound: Mapping[str, str],
    ) -> bool:
        """Return whether a goal follows for every step of an action from a pending state."""
        with self.calculus.step(action) as entered:
            assert isinstance(entered, UnboundedStep)
            step = entered.step
            same = (
                self.terms.equality(as_term(step.parameters[p]), as_term(self.values[q]))
                for p, q in bound.items()
            )
            pending = self._pending(self.conditions.before)
            hypotheses = (step.exists, *self.limits, *pending, *same)
            query = Query(kind_, action.path, self._named(name), 0, hypotheses, goal(step))
            key = (name, kind_, action.path)
            outcome = self._asked(key, Posed(query, step.limits, entered.guards))
        self.response.outcomes[key] = outcome
        return outcome.reply is Reply.PROVED

    def _follows(self, name: str, hypotheses: tuple[Term, ...], goal: Term) -> bool:
        """Return whether a goal follows in every pending state."""
        hypotheses = (*self.limits, *hypotheses)
        query = Query(ObligationKind.HELP, "", self._named(name), 0, hypotheses, goal)
        key = (name, ObligationKind.HELP, "")
        outcome = self._asked(key, Posed(query))
        if outcome.reply is Reply.PROVED:
            self.response.outcomes[key] = outcome
        return outcome.reply is Reply.PROVED

    def _asked(self, key: Key, posed: Posed) -> Outcome:
        response = self.response
        response.questions[key] = posed
        outcome = self.calculus.ask_once(
            (posed.query,), self.proof.live, posed.guards, steps=self.steps
        )
        if outcome.method is None:
            response.lost = response.lost or outcome.reason
        return outcome

    def _named(self, name: str) -> Claim:
        return Claim(name, 0, PropertyKind.PROGRESS, None, "")
