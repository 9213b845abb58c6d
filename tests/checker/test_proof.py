"""The prover on small systems whose answer is known by thought.

Each system runs under both calculi: for any size, and at a scope. What is proved, what is not, and
why, is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from splitspec.checker.proof import Method, ObligationKind, ProofLimits, ProofResult, Status
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.proving import mutate, prove
from splitspec.model.ir import ActorKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]
HOST = frozenset({ActorKind.HOST})


@pytest.fixture(params=[False, True], ids=["any size", "a scope"])
def verdicts(request: pytest.FixtureRequest, setting: Make) -> Callable[..., dict[str, str]]:
    """Return a function from a text to outcomes with assurances, under each calculus."""

    def of(text: str, *, given: Collection[ActorKind] = (), sizes: int = 2) -> dict[str, str]:
        result = prove(setting(text, given=given, sizes=sizes), finite=request.param)
        kind = AssuranceKind.PROVED_FINITE if request.param else AssuranceKind.PROVED
        for verdict in result.verdicts:
            if verdict.outcome is Outcome.HOLDS:
                assert verdict.assurance.kind is kind
        return {v.property.removeprefix("m."): v.outcome.value for v in result.verdicts}

    return of


SEATS = """
    sort Thread
    sort Seat
    var seat[Thread]: Seat?
    action sit(t: Thread, s: Seat) by kernel
      when free: all u: Thread: seat[u] != s
      seat[t] := s
    action stand(t: Thread) by kernel
      seat[t] := none
    invariant one_a_seat
      all t, u: Thread, s: Seat: seat[t] = s and seat[u] = s implies t = u
"""


def test_an_inductive_invariant_is_proved(verdicts: Callable[..., dict[str, str]]) -> None:
    assert verdicts(SEATS) == {"one_a_seat": "holds"}


def test_without_its_guard_the_invariant_is_not_proved(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    loose = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")
    assert verdicts(loose) == {"one_a_seat": "unknown"}


# `begun` is only ever set together with `noted`, so nothing that has begun is ever unnoted and
# `lose` never happens. One step does not show that: `lose` is enabled where `noted` is false.
NEEDS_A_LEMMA = """
    sort S
    var begun[S]: bool
    var noted[S]: bool
    action begin(s: S) by kernel
      begun[s] := true
      noted[s] := true
    action lose(s: S) by kernel
      when odd: begun[s] and not noted[s]
      begun[s] := false
    step begun_stays
      all s: S: begun[s] implies next(begun[s])
"""

LEMMA = """
    sort S
    var begun[S]: bool
    var begun_too[S]: bool
    action begin(s: S) by kernel
      begun[s] := true
      begun_too[s] := true
    action drop(s: S) by kernel
      when odd: begun[s] and not begun_too[s]
      begun[s] := false
    invariant safe
      all s: S: not (begun_too[s] and not begun[s])
    step begun_stays
      all s: S: begun[s] implies next(begun[s])
"""

LEMMA = """
    lemma both
      all s: S: begun[s] implies noted[s]
"""


def test_a_true_claim_that_is_not_inductive_needs_its_lemma(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    assert verdicts(NEEDS_A_LEMMA)["begun_stays"] == "unknown"
    assert verdicts(NEEDS_A_LEMMA + LEMMA) == {"begun_stays": "holds", "both": "holds"}


def test_nothing_rests_on_a_lemma_that_is_not_proved(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    """`both` is false after `spoil`, so that what it carried falls with it."""
    spoiled = NEEDS_A_LEMMA.replace(
        "    action lose",
        "    action spoil(s: S) by kernel\n      noted[s] := false\n    action lose",
    )
    assert verdicts(spoiled + LEMMA) == {"begun_stays": "unknown", "both": "unknown"}


COUNTED = """
    sort C
    sort F
    var owner[F]: C?
    counter usage[c: C] counts f: F where owner[f] = c
    action take(c: C, f: F) by kernel
      when free: owner[f] = none
      owner[f] := c
      usage[c] += 1
    action give(c: C, f: F) by kernel
      when mine: owner[f] = c
      owner[f] := none
      usage[c] -= 1
    action hand_over(c: C, d: C, f: F) by kernel
      when mine: owner[f] = c
      when other: c != d
      owner[f] := d
      usage[c] -= 1
      usage[d] += 1
    invariant users_are_counted
      all c: C, f: F: owner[f] = c implies usage[c] > 0
    invariant the_uncounted_own_nothing
      all c: C, f: F: usage[c] = 0 implies owner[f] != c
"""


def test_a_counter_that_is_kept_is_exact_and_never_below_zero(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    assert set(verdicts(COUNTED).values()) == {"holds"}
    assert {"usage.exact", "give.range", "hand_over.range"} <= verdicts(COUNTED).keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("      when free: owner[f] = none\n", ""),  # the former owner keeps the count
        ("      usage[c] += 1\n", "      usage[c] += 2\n"),
        ("      when other: c != d\n", "      when other: c = d\n      usage[c] += 1\n"),
    ],
    ids=["guard", "amount", "self"],
)
def test_a_counter_that_is_not_kept_is_not_proved_exact(
    verdicts: Callable[..., dict[str, str]], old: str, new: str
) -> None:
    assert old in COUNTED
    assert verdicts(COUNTED.replace(old, new, 1))["usage.exact"] == "unknown"


def test_a_copy_of_a_table_is_counted_once_for_each_page_if_tables_are_injective(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    """A comprehension changes any number of entries, but one for each page."""
    shared = """
        sort C
        sort A
        sort G
        var table[C, A]: G?
        counter mappers[g: G] counts c: C, a: A where table[c, a] = g
        action map(c: C, a: A, g: G) by kernel
          when hole: table[c, a] = none
          when free: mappers[g] = 0
          table[c, a] := g
          mappers[g] += 1
        action fork(z: C, d: C) by kernel
          when other: z != d
          when empty: all a: A: table[d, a] = none
          table[d, a] := table[z, a] for a: A
          mappers[g] += 1 for g: G where some a: A: table[z, a] = g
    """
    injective = """
        lemma injective
          all c: C, a, b: A, g: G: table[c, a] = g and table[c, b] = g implies a = b
    """
    assert verdicts(shared)["mappers.exact"] == "unknown"
    assert set(verdicts(shared + injective).values()) == {"holds"}


def test_counts_in_properties_move_with_what_they_count(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    paired = """
        sort F
        sort G
        var left[F]: bool
        var right[G]: bool
        action pair(f: F, g: G) by kernel
          when new: not left[f] and not right[g]
          left[f] := true
          right[g] := true
        invariant as_many
          (count f: F where left[f]) = (count g: G where right[g])
    """
    assert verdicts(paired) == {"as_many": "holds"}
    assert verdicts(paired.replace("not left[f] and ", "")) == {"as_many": "unknown"}


def test_a_step_that_counts_two_changes_two_places(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    pairs = """
        sort F
        var on[F]: bool
        counter lit counts f: F where on[f]
        action light(f: F, h: F) by kernel
          when dark: not on[f] and not on[h]
          when two: f != h
          on[g] := true for g: F where g = f or g = h
          lit += 2
    """
    assert set(verdicts(pairs).values()) == {"holds"}
    one = pairs.replace("          when two: f != h\n", "")
    assert verdicts(one)["lit.exact"] == "unknown"


OVERLAPPING = """
    sort C
    var owner[C]: C?
    action swap(c: C, d: C) by kernel
      owner[c] := d
      owner[d] := c
"""


def test_two_updates_of_one_place_are_found_and_excluded_by_a_guard(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    assert verdicts(OVERLAPPING) == {"swap.overlap": "unknown"}
    apart = OVERLAPPING.replace(
        "      owner[c] := d", "      when apart: c != d\n      owner[c] := d"
    )
    assert "unknown" not in verdicts(apart).values()


def test_an_invariant_excludes_an_overlap_that_no_guard_does(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    loaded = """
        sort C
        const first: C
        const second: C
        assume apart
          first != second
        var at[C]: bool
        var owner[C]: C?
        action load(c: C) by kernel
          when is_first: c = first
          at[c] := true
        action swap(c: C, d: C) by kernel
          when loaded: at[c]
          when target: d = second
          owner[c] := d
          owner[d] := c
        lemma only_the_first
          all c: C: at[c] implies c = first
    """
    assert verdicts(loaded) == {"only_the_first": "holds", "swap.overlap": "holds"}


def test_ranges_are_kept_by_guards_alone(verdicts: Callable[..., dict[str, str]]) -> None:
    ranged = """
        sort C
        var level[C]: 0..3
        action up(c: C) by kernel
          when low: level[c] < 3
          level[c] += 1
        invariant bounded
          all c: C: level[c] <= 3
    """
    assert set(verdicts(ranged).values()) == {"holds"}
    assert verdicts(ranged.replace("< 3", "<= 3"))["up.range"] == "unknown"


def test_a_step_that_breaks_its_obligation_leads_nowhere(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    """`up` at 3 has no successor, so that the invariant holds where the range does not."""
    ranged = """
        sort C
        var level[C]: 0..3
        ghost var before[C]: 0..3
        action up(c: C) by kernel
          level[c] += 1
          before[c] := level[c]
        invariant behind
          all c: C: before[c] < 3
    """
    assert verdicts(ranged) == {"behind": "holds", "up.range": "unknown"}


def test_a_promise_counts_for_an_honest_host_alone(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    promised = """
        sort C
        var used[C]: bool
        var paid[C]: bool
        action use(c: C) by host
          when paid: paid[c]
          used[c] := true
        action pay(c: C) by host
          paid[c] := true
        invariant paid_for given honest host
          all c: C: used[c] implies paid[c]
        invariant paid_anyway
          all c: C: used[c] implies paid[c]
    """
    assert verdicts(promised) == {"paid_anyway": "unknown"}
    assert verdicts(promised, given=HOST) == {"paid_for": "holds"}


def test_a_stronger_adversarys_invariant_helps_a_weaker_ones(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    """`disjoint` is claimed of every host; `billed`, of an honest one, rests on it."""
    pooled = """
        sort C
        sort G
        var pool[C, G]: bool
        var billed[G]: C?
        action grant(c: C, g: G) by host
          when disjoint: all d: C: not pool[d, g]            @kernel
          when new: billed[g] = none
          pool[c, g] := true
          billed[g] := c
        invariant disjoint
          all c, d: C, g: G: pool[c, g] and pool[d, g] implies c = d
        invariant billed_to_the_pool given honest host
          all c, d: C, g: G: pool[c, g] and billed[g] = d implies c = d
    """
    assert verdicts(pooled, given=HOST) == {"billed_to_the_pool": "holds"}


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


def test_every_proof_is_confirmed_by_the_second_solver(setting: Make) -> None:
    for text in (SEATS, COUNTED, NEEDS_A_LEMMA + LEMMA):
        for finite in (False, True):
            result = prove(setting(text), finite=finite, recheck=True)
            assert result.run.unconfirmed == ()
            assert all(o.rechecked for o in result.obligations if o.status is Status.PROVED)


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


LIGHT = """
    enum Colour = red | green | blue | black | white
    var light: Colour
    action turn() by kernel
      when red: light = red
      light := green
    action turn_on() by kernel
      when green: light = green
      light := red
    action fade() by kernel
      when blue: light = blue
      light := black
    action fade_more() by kernel
      when black: light = black
      light := white
    invariant never_white
      light != white
    witness turned
      light = green
"""


def test_induction_over_several_steps_proves_what_one_step_does_not(setting: Make) -> None:
    """blue has no way in, so three good states in a row cannot end in black."""
    for steps, outcome in ((1, "unknown"), (2, "unknown"), (3, "holds")):
        result = prove(setting(LIGHT), finite=True, k_induction=steps)
        assert [v.outcome.value for v in result.verdicts] == [outcome], steps


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
