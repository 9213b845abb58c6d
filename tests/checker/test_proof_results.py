"""What comes with a proof, or with a proof that fails: pictures, cores, the second opinion, bounded
runs, and what is lost without a guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.checker.small_systems import COUNTED, LEMMA, LIGHT, NEEDS_A_LEMMA, SEATS

from splitspec.checker.expectation import Expectation, judge_proof
from splitspec.checker.gate.record import Context, proved
from splitspec.checker.proof import Method, ObligationKind, ProofLimits, ProofResult, Status
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.calculus import Outcome as Decided
from splitspec.checker.symbolic.induction import InductionSearch
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.k_induction import induct
from splitspec.checker.symbolic.proving import mutate, opened, prove, settled
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.theory import theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.ir import ActorKind
from splitspec.model.setting import Setting
from splitspec.model.tier import Tier
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]


def test_a_false_initial_state_is_a_violation(setting: Make) -> None:
    text = """
        const limit: nat
        var used: nat
        action use() by kernel
          used += 1
        invariant some_room
          used < limit
    """
    result = prove(setting(text, bounds={"m.limit": 2, "m.used": 2}))
    verdict = next(v for v in result.verdicts if v.property == "m.some_room")
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    assert verdict.trace.length == 0
    assert "limit" in verdict.trace.places


def test_a_counterexample_to_induction_is_small_and_was_replayed(setting: Make) -> None:
    loose = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")
    result = prove(setting(loose, sizes=3))
    (verdict,) = result.verdicts
    example = verdict.induction
    assert example is not None
    assert dict(example.scope) == {"m.Thread": 2, "m.Seat": 1}
    assert "reachability unknown" in verdict.reason
    (changed,) = example.changes
    assert changed[1:] == ("none", "s1")
    assert len([v for v in example.before if v != "none"]) == 1
    assert example.explanation is not None
    assert dict(example.explanation.binding).keys() == {"t", "u", "s"}


def test_cores_name_facts_and_guards_that_were_used(setting: Make) -> None:
    result = prove(setting(SEATS))
    (sit,) = (o for o in result.obligations if o.action == "m.sit")
    assert sit.kind is ObligationKind.CONSECUTION
    assert set(sit.core) == {"m.one_a_seat", "m.sit.free"}


def test_what_a_step_does_not_write_is_kept_by_the_frame_rule(setting: Make) -> None:
    result = prove(setting(SEATS))
    assert result.run.framed == 0
    more = SEATS.replace("    var seat", "    var lamp: bool\n    var seat").replace(
        "    action stand", "    action flip() by kernel\n      lamp := true\n    action stand"
    )
    assert prove(setting(more)).run.framed == 1


def test_the_lock_counts_no_obligation_of_what_a_proof_merely_used(setting: Make) -> None:
    """Which facts a proof uses may depend on proofs that were kept: the lock must not. Both actions
    write what the step speaks of, so that it has two obligations; the lemma has its own."""
    result = prove(setting(NEEDS_A_LEMMA + LEMMA), selected=frozenset({"m.begun_stays"}))
    assert len(result.obligations) > 2
    context = Context(Tier.COMMIT, "", {}, {}, {})
    block = proved(judge_proof(result, Expectation()), context, 1)
    assert (block.figures["obligations"], block.figures["framed"]) == (2, 0)


def test_every_proof_is_confirmed_by_the_second_solver(setting: Make) -> None:
    for text in (SEATS, COUNTED, NEEDS_A_LEMMA + LEMMA):
        for finite in (False, True):
            result = prove(setting(text), finite=finite, recheck=True)
            assert result.run.unconfirmed == ()
            assert all(o.rechecked for o in result.obligations if o.status is Status.PROVED)


def test_a_fact_that_is_given_up_confirms_nothing(setting: Make) -> None:
    """Whoever believes that there is no user shows that after a step there is one at most."""
    text = """
        sort C
        var uses[C]: bool
        action use(c: C) by kernel
          uses[c] := true
        invariant one_at_most
          all c, d: C: uses[c] and uses[d] implies c = d
        invariant nobody
          all c: C: not uses[c]
    """
    proof = opened(setting(text), ProofLimits(), 0, Journal())
    settled(proof, 0)
    assert "m.nobody" not in proof.live
    (use,) = proof.theory.system.actions
    from_nothing = Decided(Reply.PROVED, Method.Z3, frozenset())
    claim = proof.claims["m.one_at_most"]
    answer = proof.calculus.recheck(claim, use, from_nothing)
    assert answer.reply is not Reply.PROVED
    from_it = replace(from_nothing, core=frozenset({"m.nobody"}))
    assert proof.calculus.recheck(claim, use, from_it).reply is Reply.PROVED


def test_a_proof_is_the_same_every_time(setting: Make) -> None:
    def figures() -> list[tuple[str, str, Status, Method | None, tuple[str, ...], int]]:
        result: ProofResult = prove(setting(COUNTED))
        return [
            (o.claim, o.action, o.status, o.method, o.core, o.steps) for o in result.obligations
        ]

    assert figures() == figures()


def test_an_obligation_without_a_budget_is_one_unknown_with_a_reason(setting: Make) -> None:
    result = prove(setting(COUNTED), limits=ProofLimits(steps=1, scope_max=1))
    open_ = [o for o in result.obligations if o.status is not Status.PROVED]
    assert all(o.reason for o in open_)
    assert {o.status for o in open_} <= {Status.UNKNOWN, Status.REFUTED}


def test_an_action_that_nothing_enables_is_found(setting: Make) -> None:
    dead = """
        sort C
        var on[C]: bool
        var off[C]: bool
        action start(c: C) by kernel
          on[c] := true
        action stop(c: C) by kernel
          when odd: off[c] and not on[c]
          off[c] := false
        lemma never_off
          all c: C: not off[c]
    """
    assert prove(setting(dead)).run.never_enabled == ("m.stop",)


def test_no_action_is_dead_by_a_claim_that_was_not_tried(setting: Make) -> None:
    """That nothing is on is claimed of any host, and false; of an honest one nothing needs it."""
    switch = """
        sort C
        var on[C]: bool
        var odd[C]: bool
        action start(c: C) by host
          when allowed: not odd[c]
          on[c] := true
        action stop(c: C) by kernel
          when running: on[c]
          on[c] := false
        invariant all_off
          no c: C: on[c]
        invariant even given honest host
          no c: C: odd[c]
    """
    result = prove(setting(switch, given=frozenset({ActorKind.HOST})))
    assert {v.property: v.outcome for v in result.verdicts} == {"m.even": Outcome.HOLDS}
    assert result.run.never_enabled == ()


def test_induction_over_several_steps_proves_what_one_step_does_not(setting: Make) -> None:
    """blue has no way in, so three good states in a row cannot end in black."""
    for steps, outcome in ((1, "unknown"), (2, "unknown"), (3, "holds")):
        result = prove(setting(LIGHT), finite=True, k_induction=steps)
        assert [v.outcome.value for v in result.verdicts] == [outcome], steps


LATE_ALARM = """
    enum Place = here | there | far | farther
    var hour: 0..6
    var late: bool
    var rung: bool
    var strayed: bool
    var place: Place
    var awake: bool
    action pass_time() by kernel
      when early: hour < 6 and place = here
      hour += 1
    action strike() by kernel
      when six: hour = 6 and place = here
      late := true
    action go() by kernel
      when at: place = here
      place := there
    action come_back() by kernel
      when at: place = there
      place := here
    action come_near() by kernel
      when at: place = farther
      place := far
    action stray() by kernel
      when at: place = far and not strayed
      strayed := true
    action ring() by kernel
      when due: late and place = here
      rung := true
    action wake() by kernel
      when called: rung or strayed and place = far
      awake := true
    invariant sleeps
      not awake
    lemma never_rings
      not rung
    lemma never_late
      not late
    lemma never_strays
      not (strayed and place = far)
"""


def test_a_fact_that_rests_on_what_was_never_tried_is_none_over_several_steps_either(
    setting: Make,
) -> None:
    """`sleeps` needs both `never_rings` and `never_strays` after one step. The latter is no
    invariant of one step, so that nobody asks any more whether `never_late` holds, on which
    `never_rings` rests; it does not, after eight steps."""
    made, only = setting(LATE_ALARM), frozenset({"m.sleeps"})
    result = prove(made, finite=True, k_induction=5, selected=only)
    assert [v.outcome for v in result.verdicts] == [Outcome.UNKNOWN]
    bounded = explore_bounded(made, 9, selected=only)
    assert [v.outcome for v in bounded.verdicts] == [Outcome.VIOLATED]


def test_induction_over_several_steps_obeys_a_budget(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its two halves is asked within the steps of the proof."""
    made: list[int] = []
    real = Satisfaction.__init__

    def noted(solver: Satisfaction, *more: object, steps: int = 0, **named: object) -> None:
        made.append(steps)
        real(solver, *more, steps=steps, **named)  # type: ignore[arg-type]

    limits = ProofLimits(steps=1)
    proof = opened(setting(LIGHT), limits, 0, Journal(), finite=True)
    monkeypatch.setattr(Satisfaction, "__init__", noted)
    assert induct(proof, ["m.never_white"], 3) == {}
    assert made == [1]
    proof = opened(setting(LIGHT), ProofLimits(), 0, Journal(), finite=True)
    assert induct(proof, ["m.never_white"], 3) == {"m.never_white": 3}
    assert made == [1, ProofLimits().steps, ProofLimits().steps]


def test_a_proof_at_the_scope_obeys_a_budget(setting: Make) -> None:
    """The same question is proved without a budget, and with that of a proof."""
    made = setting(SEATS)
    theory = theory_of(made.program, made.given)
    (claim,) = [c for c in theory.claims if c.name == "m.one_a_seat"]
    (sit,) = [a for a in theory.system.actions if a.path == "m.sit"]
    facts = frozenset({claim.name})
    found = {
        steps: InductionSearch(made, theory, facts, 0, steps=steps).is_inductive(sit, claim)
        for steps in (0, 1, ProofLimits().steps)
    }
    assert found == {0: True, 1: False, ProofLimits().steps: True}


def test_bounded_runs_find_the_shortest_and_say_how_far_they_went(setting: Make) -> None:
    result = explore_bounded(setting(LIGHT), 3)
    found = {v.property: v for v in result.verdicts}
    assert found["m.never_white"].assurance.kind is AssuranceKind.BOUNDED
    assert found["m.never_white"].assurance.detail == "3 steps"
    turned = found["m.turned"]
    assert turned.outcome is Outcome.REACHED
    assert turned.trace is not None
    assert turned.trace.length == 1


def test_a_mutant_loses_what_its_guard_carries_and_nothing_else(setting: Make) -> None:
    guarded = SEATS.replace(
        "      seat[t] := none", "      when seated: seat[t] != none\n      seat[t] := none"
    )
    result, mutants = mutate(setting(guarded))
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert {m.name: m.lost for m in mutants} == {
        "m.sit.free": ("m.one_a_seat",),
        "m.stand.seated": (),
    }
    assert [m.name for m in mutants if m.is_redundant] == ["m.stand.seated"]


@pytest.mark.parametrize(
    ("marked", "lost"), [("marked[c]", ("m.go.overlap",)), ("marked[c] and not marked[d]", ())]
)
def test_a_guard_that_keeps_two_updates_apart_by_its_text_is_not_redundant(
    setting: Make, marked: str, lost: tuple[str, ...]
) -> None:
    """With `apart` the two have no obligation, so that no proof speaks of it. Another guard may
    keep them apart as well."""
    text = f"""
        sort S
        var on[S]: bool
        var marked[S]: bool
        action go(c: S, d: S) by kernel
          when apart: c != d
          when one: all e: S: e = c implies ({marked})
          on[c] := true
          on[d] := false
        action mark(c: S) by kernel
          marked[c] := not marked[c]
        step nothing_else
          actor = kernel
    """
    _, mutants = mutate(setting(text))
    assert {m.name: m.lost for m in mutants} == {"m.go.apart": lost, "m.go.one": ()}
    assert [m.name for m in mutants if m.undecided] == []


def test_what_a_mutant_loses_is_lost_in_the_design_without_the_guard(setting: Make) -> None:
    """Each mutant beside an outright proof of the same design, written without the guard."""
    _, mutants = mutate(setting(COUNTED))
    for mutant in mutants:
        lines = COUNTED.splitlines()
        start = next(i for i, t in enumerate(lines) if f"action {mutant.action[2:]}(" in t)
        guard = next(i for i in range(start, len(lines)) if f"when {mutant.guard}:" in lines[i])
        outright = prove(setting("\n".join([*lines[:guard], *lines[guard + 1 :]])))
        lost = {
            o.property
            for o in outright.obligations
            if o.action == mutant.action and o.status is not Status.PROVED
        }
        assert lost == set(mutant.lost), mutant.name


def test_nothing_is_proved_of_a_design_that_cannot_start(setting: Make) -> None:
    impossible = """
        sort C
        const first: C
        assume other
          first != first
        var on[C]: bool
        action start(c: C) by kernel
          on[c] := true
        invariant dark
          all c: C: not on[c]
    """
    for finite in (False, True):
        (verdict,) = prove(setting(impossible), finite=finite).verdicts
        assert verdict.outcome is Outcome.UNKNOWN
        assert "no initial state" in verdict.reason
    (verdict,) = explore_bounded(setting(impossible), 2).verdicts
    assert verdict.outcome is Outcome.UNKNOWN


def test_what_only_the_scope_proves_is_confirmed_with_the_guards_of_the_action(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the guard of `sit` the second solver would refute what the first one proved."""
    nothing = Decided(Reply.UNKNOWN, None, reason="not asked")
    for rung in ("_incremental", "_near", "_fresh", "_second_solver"):
        monkeypatch.setattr(UnboundedCalculus, rung, lambda *_: nothing)
    result = prove(setting(SEATS), recheck=True, apart=False)
    (sit,) = (o for o in result.obligations if o.action == "m.sit")
    assert (sit.method, sit.status, sit.rechecked) == (Method.FINITE, Status.PROVED, True)
    assert "m.sit.free" in sit.core
    assert result.run.unconfirmed == ()
