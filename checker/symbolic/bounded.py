"""Follow all runs of a scope up to a number of steps, by one solver.

Soundness: runs are unrolled exactly (`splitspec.checker.symbolic.unrolling`). `bounded` verdicts
say how many steps were followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from splitspec.checker.evidence.execution import given_names, run_id, sizes
from splitspec.checker.proof import Moment, ProofLimits, ProofResult, ProofRun
from splitspec.checker.result import NOTHING_STARTS
from splitspec.checker.symbolic import z3_solver
from splitspec.checker.symbolic.instance import Instance
from splitspec.checker.symbolic.journal import Journal, Unguarded
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.supervision import LostWorkerError, supervise
from splitspec.checker.symbolic.theory import Claim, Theory, claims_of, theory_of
from splitspec.checker.symbolic.unrolling import Unrolling
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict


def explore_bounded(
    setting: Setting,
    depth: int,
    *,
    seed: int = 0,
    selected: frozenset[str] | None = None,
    report: Callable[[Moment], None] | None = None,
    limits: ProofLimits | None = None,
    apart: bool = True,
) -> ProofResult:
    """Return what all runs of at most `depth` steps say of the setting's properties.

    The solver works in a process `apart`, as that of `splitspec.checker.symbolic.proving.prove`;
    each of its questions has the steps of the limits, of which 0 are any number.
    """
    budgets = limits or ProofLimits(steps=0)

    def work(journal: Journal, tell: Callable[[Moment], None] | None) -> ProofResult:
        return _explore(setting, depth, seed, budgets.steps, selected, journal, tell)

    if not apart:
        return work(Unguarded(), report)
    try:
        return supervise(work, budgets, report)
    except LostWorkerError as lost:
        return _nothing_known(setting, seed, selected, str(lost))


def _nothing_known(
    setting: Setting, seed: int, selected: frozenset[str] | None, reason: str
) -> ProofResult:
    """Return the result of runs whose process was lost, and no question to blame."""
    theory = theory_of(setting.program, setting.given, setting.variant)
    claims = _claims(theory, setting, selected)
    kinds = {claim.path: claim.kind for claim in claims}
    nothing = Assurance(AssuranceKind.NONE)
    verdicts = tuple(Verdict(p, k, Outcome.UNKNOWN, nothing, reason) for p, k in kinds.items())
    return ProofResult(_run_of(setting, seed), verdicts, (), ())


def _run_of(setting: Setting, seed: int) -> ProofRun:
    """Return what is known of bounded runs whatever came of them."""
    return ProofRun(
        id=run_id(setting),
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(setting.scope),
        solvers=(z3_solver.version(),),
        seconds=0.0,
        solving=0.0,
        steps=0,
        seed=seed,
        framed=0,
        is_of_the_scope=True,
    )


def _explore(
    setting: Setting,
    depth: int,
    seed: int,
    steps: int,
    selected: frozenset[str] | None,
    journal: Journal,
    report: Callable[[Moment], None] | None,
) -> ProofResult:
    started = time.perf_counter()
    theory = theory_of(setting.program, setting.given, setting.variant)
    claims = _claims(theory, setting, selected)
    solver = Satisfaction(seed=seed, steps=steps)
    search = _Search(setting, theory, claims, solver, journal)
    interrupted, reached = False, -1
    try:
        for number in range(depth + 1):
            lost = len(search.reasons)
            search.look(number, with_steps=number < depth)
            if search.open or len(search.reasons) == lost:
                reached = number  # Else no question about this state was answered to the end.
            if report is not None:
                seconds = time.perf_counter() - started
                report(Moment(number, len(claims), f"depth {number}", seconds))
            if not search.open or number == depth:
                break
            search.extend()
            if not search.open:
                break
    except KeyboardInterrupt:
        interrupted = True
    verdicts = tuple(search.verdict(path, reached) for path in search.paths)
    more = ", and none that is longer" if search.open else ""
    run = replace(
        _run_of(setting, seed),
        seconds=time.perf_counter() - started,
        solving=search.solving,
        interrupted=interrupted,
        remark=f"all runs of up to {reached} steps{more}" if reached >= 0 else "",
    )
    return ProofResult(run, verdicts, (), ())


def is_followable(setting: Setting) -> bool:
    """Whether the setting claims anything that runs of finite length decide."""
    theory = theory_of(setting.program, setting.given, setting.variant)
    return bool(_claims(theory, setting, None))


def _claims(theory: Theory, setting: Setting, selected: frozenset[str] | None) -> tuple[Claim, ...]:
    """Return the claims that a run of finite length can decide; witnesses too."""
    witnesses = [
        claim
        for path, claimed in theory.system.properties.items()
        if claimed.kind is PropertyKind.WITNESS and path in setting.properties
        for claim in claims_of(claimed)
    ]
    declared = (PropertyKind.INVARIANT, PropertyKind.LEMMA, PropertyKind.STEP)
    return tuple(
        claim
        for claim in (*theory.claims, *witnesses)
        if (claim.path in theory.own or claim.kind is PropertyKind.WITNESS)
        and (claim.kind not in declared or claim.path in setting.properties)
        and (selected is None or claim.path in selected)
    )


class _Search:
    """Runs that are unrolled step by step, and the traces that were found on the way."""

    def __init__(
        self,
        setting: Setting,
        theory: Theory,
        claims: tuple[Claim, ...],
        solver: Satisfaction,
        journal: Journal,
    ) -> None:
        self.theory, self.journal = theory, journal
        self.instance = Instance(theory, setting.scope)
        self.solver = solver
        self.unrolling = Unrolling(self.instance, self.solver, initial=True)
        self.evaluator = Evaluator(setting)
        self.paths = tuple(dict.fromkeys(claim.path for claim in claims))
        self.open: dict[str, tuple[Claim, ...]] = {
            path: tuple(c for c in claims if c.path == path) for path in self.paths
        }
        self.found: dict[str, Trace] = {}
        self.solving = 0.0
        self.reasons: dict[str, str] = {}
        self.begun = journal.ask(lambda: self.solver.check() is not False, lambda _: True)

    def extend(self) -> None:
        """Let the solver know one step more. It may be the end of the solver, so it is a question;
        whoever comes after the one that was asked has to tell its own solver all the same.
        """
        number = self.unrolling.depth + 1

        def told() -> str:
            self.unrolling.extend()
            return ""

        reason = self.journal.ask(told, lambda why: f"depth {number}: {why}", f"depth {number}")
        if reason:
            self.reasons |= dict.fromkeys(self.open, reason)
            self.open.clear()
        elif self.unrolling.depth < number:
            self.unrolling.extend()

    def look(self, number: int, *, with_steps: bool) -> None:
        """Look for what state `number` shows; and, if asked, what a step from it shows."""
        for path, claims in list(self.open.items()):
            on_steps = claims[0].kind in (
                PropertyKind.STEP,
                PropertyKind.OVERLAP,
                PropertyKind.RANGE,
            )
            if on_steps and not with_steps:
                continue
            self._look_for(path, claims, number)

    def _look_for(self, path: str, claims: Iterable[Claim], number: int) -> None:
        terms = self.instance.terms
        shown = [self.unrolling.is_shown(claim, number) for claim in claims]
        # A witness is reached where all its lines hold; a claim is refuted where one does not.
        is_witness = self.instance.system.properties.get(path) is not None and (
            self.instance.system.properties[path].kind is PropertyKind.WITNESS
        )
        goal = terms.conjunction(*shown) if is_witness else terms.disjunction(*shown)
        claimed = self.theory.properties.get(path) or self.instance.system.properties[path]

        def seek() -> tuple[Trace | None, str]:
            started = time.perf_counter()
            is_shown = self.solver.check(goal)
            self.solving += time.perf_counter() - started
            if is_shown:
                return self.unrolling.trace(self.evaluator, claimed, number), ""
            return None, "" if is_shown is False else f"depth {number}: the solver does not know"

        found, reason = self.journal.ask(seek, lambda why: (None, f"depth {number}: {why}"))
        if found is not None:
            self.found[path] = found
        if reason:
            self.reasons[path] = reason
        if found is not None or reason:
            del self.open[path]

    def verdict(self, path: str, depth: int) -> Verdict:
        claimed = self.theory.properties.get(path) or self.instance.system.properties[path]
        kind, trace = claimed.kind, self.found.get(path)
        if not self.begun:
            return Verdict(
                path, kind, Outcome.UNKNOWN, Assurance(AssuranceKind.NONE), NOTHING_STARTS
            )
        if path in self.reasons:
            nothing = Assurance(AssuranceKind.NONE)
            return Verdict(path, kind, Outcome.UNKNOWN, nothing, self.reasons[path])
        if trace is None and depth < 0:
            nothing = Assurance(AssuranceKind.NONE)
            return Verdict(path, kind, Outcome.UNKNOWN, nothing, "not decided")
        if trace is not None:
            outcome = Outcome.REACHED if kind is PropertyKind.WITNESS else Outcome.VIOLATED
            return Verdict(path, kind, outcome, Assurance(AssuranceKind.REPLAYED), trace=trace)
        if kind is PropertyKind.WITNESS:
            reason = f"not reached within {depth} steps"
            return Verdict(path, kind, Outcome.UNKNOWN, Assurance(AssuranceKind.NONE), reason)
        return Verdict(
            path, kind, Outcome.HOLDS, Assurance(AssuranceKind.BOUNDED, f"{depth} steps")
        )
