"""Hold a run's result to what was expected of it: outcomes, counts, depth, and vacuity.

An expectation comes from `models.toml` and from the `expect` line of a variant. Nothing is met by
silence: an unknown verdict, a run without obligations and a drifted count are all misses, each with
its own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from splitspec.checker.proof import NO_MODEL, Obligation, ProofResult, Status
from splitspec.checker.result import Coverage, Engine, Run, RunResult, Stop
from splitspec.model.frozen import frozen
from splitspec.model.ir import PropertyKind, Variant
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

UNBOUNDED = (PropertyKind.WITNESS, PropertyKind.RECOVERABLE)
UNDECIDED_BY_FORGETTING = (*UNBOUNDED, PropertyKind.DEADLOCK)
"""A run that does not keep all values does more than the system: it may reach what the system does
not, and go on where the system cannot."""


@frozen
class Expectation:
    """What one run should give. Counts that are None were not recorded.

    `idle` names actions and properties whose vacuity is known, each with its reason; a witness in
    it must not be reached. `steps` is the exact shortest length of the variant's counterexample.
    `bounded` is the depth at which the run is meant to end, if it is not meant to see all;
    `is_sampled` says that it is meant to see some walks only, `is_forgetful` that it does not keep
    all values, and so decides neither what is reached nor what a state can lead to.
    """

    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    orbits: int | None = None
    violated: frozenset[str] = frozenset()
    idle: Mapping[str, str] = field(default_factory=dict)
    variant: Variant | None = None
    steps: int | None = None
    bounded: int | None = None
    is_sampled: bool = False
    is_forgetful: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether the run is not meant to see every reachable state."""
        return self.bounded is not None or self.is_sampled

    def uncounted(self) -> Expectation:
        """Return what is expected of a run that has other states than the recorded one."""
        return replace(self, states=None, transitions=None, depth=None, orbits=None)


@frozen
class Judgement:
    """A verdict beside what was expected.

    `expected` is None where nothing was: a by-catch of a variant.
    """

    verdict: Verdict
    expected: Outcome | None
    met: bool
    miss: str = ""  # why it is not met, in words


@frozen
class JudgedRun:
    """A run with its judgements. `drift` and `vacuity` are findings about the run as a whole.

    `is_deep_enough` says that it ended at a depth, and was meant to go no deeper.
    """

    result: RunResult
    judgements: tuple[Judgement, ...]
    drift: tuple[str, ...]
    vacuity: tuple[str, ...]
    is_deep_enough: bool = False


def judge(result: RunResult, expectation: Expectation) -> JudgedRun:
    """Return the result beside the expectation."""
    if expectation.variant is not None:
        judgements = _judge_variant(result, expectation.variant, expectation.steps)
        return JudgedRun(result, judgements, (), ())
    # What counts is what the run did: without slicing it forgets nothing.
    is_forgetful = expectation.is_forgetful and bool(result.run.forgotten)
    expectation = replace(expectation, is_forgetful=is_forgetful)
    return JudgedRun(
        result,
        tuple(_judge(verdict, expectation) for verdict in result.verdicts),
        _drift(result.run, expectation),
        _vacuity(result, expectation),
        _is_deep_enough(result.run, expectation),
    )


def _is_deep_enough(run: Run, expectation: Expectation) -> bool:
    bound = expectation.bounded
    return run.stop is Stop.DEPTH and bound is not None and run.depth >= bound


@frozen
class JudgedProof:
    """A proof with its judgements, and the actions that no state of its facts enables: of a proof
    for any size, at none. `advice` says in sentences what may lead on where it failed."""

    result: ProofResult
    judgements: tuple[Judgement, ...]
    vacuity: tuple[str, ...]
    advice: tuple[str, ...] = ()


def judge_proof(result: ProofResult, expectation: Expectation) -> JudgedProof:
    """Return a proof beside the expectation: everything holds, but what a variant breaks.

    What a variant breaks must not be proved; an unknown is all that a prover can say of it, but one
    for which something was refuted: that solvers gave up, or were lost, says nothing.
    """
    variant = expectation.variant
    if variant is None:
        judgements = tuple(_judge(verdict, expectation) for verdict in result.verdicts)
        known = {*expectation.idle, *result.run.idle_here}
        dead = (path for path in result.run.never_enabled if path not in known)
        vacuity = tuple(f"no state of the facts enables {path}" for path in dead)
        return JudgedProof(result, judgements, vacuity)
    if variant.violated is None:
        return JudgedProof(result, tuple(_judge(v, Expectation()) for v in result.verdicts), ())
    judgements = tuple(
        _judge_broken(verdict, variant.violated, result)
        for verdict in result.verdicts
        if verdict.property == variant.violated or verdict.outcome is not Outcome.HOLDS
    )
    if all(judgement.expected is None for judgement in judgements):
        judgements = (_undecided(variant.violated), *judgements)
    return JudgedProof(result, judgements, ())


def _judge_broken(verdict: Verdict, broken: str, result: ProofResult) -> Judgement:
    if verdict.property != broken:
        return Judgement(verdict, None, True)
    if verdict.outcome is Outcome.HOLDS:
        return Judgement(verdict, Outcome.VIOLATED, False, "expected to break")
    if verdict.outcome is Outcome.UNKNOWN and not _speaks_against(result, verdict):
        return Judgement(verdict, Outcome.VIOLATED, False, "expected to break")
    return Judgement(verdict, Outcome.VIOLATED, True)


def _speaks_against(result: ProofResult, verdict: Verdict) -> bool:
    """Whether an unknown comes of an answer: something on which it rests is refuted."""
    return not result.run.unbegun and any(map(_is_refuted, _unproved_below(result, verdict)))


def _is_refuted(obligation: Obligation) -> bool:
    return obligation.status is Status.REFUTED or obligation.reason == NO_MODEL


def _unproved_below(result: ProofResult, verdict: Verdict) -> Iterator[Obligation]:
    """Iterate over what is not proved of a property, and of all those whose want it fails for."""
    unproved = [each for each in result.obligations if each.status is not Status.PROVED]
    seen: set[str] = set()
    todo = {verdict.property, *verdict.needs}
    while todo:
        path = todo.pop()
        seen.add(path)
        for obligation in unproved:
            if obligation.property == path:
                yield obligation
                todo |= {*obligation.needs} - seen


def _judge(verdict: Verdict, expectation: Expectation) -> Judgement:
    expected = _good(verdict.kind)
    if verdict.kind is PropertyKind.WITNESS and verdict.property in expectation.idle:
        expected = Outcome.UNREACHED
    if verdict.property in expectation.violated:
        expected = Outcome.VIOLATED
    # What needs every reachable state, or a state that is far away, is not promised of a part.
    is_open = verdict.outcome is Outcome.UNKNOWN and verdict.kind in UNBOUNDED
    if expectation.is_partial and is_open:
        return Judgement(verdict, None, True)
    is_undecided = verdict.outcome is Outcome.UNKNOWN and verdict.kind in UNDECIDED_BY_FORGETTING
    if expectation.is_forgetful and is_undecided:
        return Judgement(verdict, None, True)
    return Judgement(verdict, expected, verdict.outcome is expected)


def _good(kind: PropertyKind) -> Outcome:
    return Outcome.REACHED if kind is PropertyKind.WITNESS else Outcome.HOLDS


def _judge_variant(result: RunResult, variant: Variant, steps: int | None) -> tuple[Judgement, ...]:
    if variant.violated is None:
        return tuple(
            _judge_kept(verdict)
            for verdict in result.verdicts
            if verdict.kind is not PropertyKind.WITNESS
        )
    # A walk that shows it need not be a shortest one.
    is_shortest = result.run.engine is not Engine.SIMULATION
    lengths = (variant.steps, steps) if is_shortest else (None, None)
    judgements = []
    for verdict in result.verdicts:
        if verdict.property == variant.violated:
            miss = _variant_miss(verdict, *lengths)
            judgements.append(Judgement(verdict, Outcome.VIOLATED, not miss, miss))
        elif verdict.outcome is Outcome.VIOLATED:
            judgements.append(Judgement(verdict, None, True))
    if all(judgement.expected is None for judgement in judgements):
        judgements.insert(0, _undecided(variant.violated))
    return tuple(judgements)


def _judge_kept(verdict: Verdict) -> Judgement:
    """Judge a verdict of a variant that must break nothing that is claimed.

    A lemma is claimed of the design as it is, so that proofs end; a variant may break it.
    """
    if verdict.kind is PropertyKind.LEMMA and verdict.outcome is Outcome.VIOLATED:
        return Judgement(verdict, None, True)
    return Judgement(verdict, Outcome.HOLDS, verdict.outcome is Outcome.HOLDS)


def _undecided(path: str) -> Judgement:
    """The run had nothing to say of the property that a variant names: a miss, never a pass."""
    reason = "the run did not check it"
    verdict = Verdict(
        path, PropertyKind.INVARIANT, Outcome.UNKNOWN, Assurance(AssuranceKind.NONE), reason
    )
    return Judgement(verdict, Outcome.VIOLATED, False, reason)


def _variant_miss(verdict: Verdict, within: int | None, exactly: int | None) -> str:
    if verdict.outcome is not Outcome.VIOLATED or verdict.trace is None:
        return "expected to break"
    length = verdict.trace.length
    if within is not None and length > within:
        return f"the counterexample has {length} steps, expected at most {within}"
    if exactly is not None and length != exactly:
        return f"the counterexample has {length} steps, models.toml says {exactly}"
    return ""


def _drift(run: Run, expectation: Expectation) -> tuple[str, ...]:
    is_whole = run.complete or (run.stop is Stop.DEPTH and run.depth == expectation.bounded)
    if not is_whole:
        return ()
    wanted: list[tuple[str, int | None, int]] = [("depth", expectation.depth, run.depth)]
    if run.symmetry:
        wanted.append(("orbits", expectation.orbits, run.states))
    else:
        wanted.append(("states", expectation.states, run.states))
        wanted.append(("transitions", expectation.transitions, run.transitions))
    return tuple(
        f"{name}: found {found:,}, models.toml says {expected:,}"
        for name, expected, found in wanted
        if expected is not None and found != expected
    )


def _vacuity(result: RunResult, expectation: Expectation) -> tuple[str, ...]:
    if not result.run.complete:  # What some walks do not show may happen all the same.
        return ()
    coverage, idle = result.run.coverage or Coverage(), expectation.idle
    findings = [
        f"action {path} is never enabled" for path in coverage.never_enabled if path not in idle
    ]
    findings += [
        f"the antecedent of {path} never holds" for path in coverage.never_met if path not in idle
    ]
    return tuple(findings)
