"""The prover on small systems whose answer is known by thought.

Each system runs under both calculi: for any size, and at a scope. What is proved, what is not, and
why, is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest
from tests.checker.small_systems import COUNTED, LEMMA, NEEDS_A_LEMMA, SEATS

from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.proving import prove
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


def test_an_inductive_invariant_is_proved(verdicts: Callable[..., dict[str, str]]) -> None:
    assert verdicts(SEATS) == {"one_a_seat": "holds"}


def test_without_its_guard_the_invariant_is_not_proved(
    verdicts: Callable[..., dict[str, str]],
) -> None:
    loose = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")
    assert verdicts(loose) == {"one_a_seat": "unknown"}


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


LABELLED = """
    sort S
    var a[S]: bool
    var b[S]: bool
    action mark(s: S) by kernel
      b[s] := true
    invariant both
      all s: S:
        one: not a[s]
        two: not b[s]
"""


def test_a_label_under_all_names_its_conjunct_in_proofs(setting: Make) -> None:
    result = prove(setting(LABELLED))
    status = {o.claim: o.status.value for o in result.obligations if o.action}
    assert status == {"m.both.two": "refuted"}
    (verdict,) = result.verdicts
    assert verdict.induction is not None
    assert verdict.induction.explanation is not None
    assert verdict.induction.explanation.label == "two"


@pytest.mark.parametrize("body", ["not b[s] and not a[s]", "not a[s] and not b[s]"])
def test_no_conjunct_of_a_labelled_line_is_forgotten(setting: Make, body: str) -> None:
    text = LABELLED[: LABELLED.index("      all s")] + f"      whole: all s: S: {body}\n"
    (verdict,) = prove(setting(text)).verdicts
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "counted",
    ["owner[g] = c", "owner[g] = c and (mark[g] or owner[g] != none)"],
    ids=["by syntax", "by a solver"],
)
def test_what_follows_from_exact_counters_falls_with_them(
    verdicts: Callable[..., dict[str, str]], counted: str
) -> None:
    """A number that says how many there are is that count, element by element, if it is kept; here
    it moves alone."""
    text = f"""
        sort C
        sort G
        var owner[G]: C?
        var mark[G]: bool
        counter kept[c: C] counts g: G where {counted}
        action raise_alone(c: C) by kernel
          kept[c] += 1
        invariant equal
          all c: C: (count g: G where owner[g] = c) = kept[c]
    """
    assert verdicts(text)["equal"] == "unknown"
    assert verdicts(text.replace("kept[c] += 1", "mark[g] := true for g: G"))["equal"] == "holds"


@pytest.mark.parametrize("finite", [False, True], ids=["any size", "a scope"])
def test_a_count_that_reads_both_states_of_a_step_is_decided_at_the_scope(
    setting: Make, *, finite: bool
) -> None:
    """The two states have no count in common from which its number after the step would follow."""
    text = """
        sort S
        var on[S]: bool
        action turn(s: S) by kernel
          on[s] := not on[s]
        step one_turns
          (count s: S where next(on[s]) != on[s]) = 1
        step the_kernel_turns_none
          (count s: S where actor = kernel and next(on[s]) != on[s]) = 0
        step at_most_one_more
          next(count s: S where on[s]) <= (count s: S where on[s]) + 1
    """
    result = prove(setting(text), finite=finite)
    kinds = {v.property.removeprefix("m."): v.assurance.kind for v in result.verdicts}
    assert kinds == {
        "one_turns": AssuranceKind.PROVED_FINITE,
        "the_kernel_turns_none": AssuranceKind.NONE,
        "at_most_one_more": AssuranceKind.PROVED_FINITE if finite else AssuranceKind.PROVED,
    }
    bounded = explore_bounded(setting(text), 1)
    assert [v.property for v in bounded.verdicts if v.outcome is Outcome.VIOLATED] == [
        "m.the_kernel_turns_none"
    ]


def test_a_finite_proof_names_the_constants_for_which_it_holds(setting: Make) -> None:
    text = """
        sort C
        const first: C
        const level: 0..3
        var on[C]: bool
        action start(c: C) by kernel
          when first: c = first
          on[c] := true
        invariant low
          level <= 1
        variant higher of m
          set level = 2
          expect violated low
    """
    pins = {"m.first": 1, "m.level": 1}
    (low,) = prove(setting(text, pins=pins), finite=True).verdicts
    assert str(low.assurance) == "proved-finite(C=2, first=c2, level=1)"
    higher = text.replace("level <= 1", "level = 2")
    (low,) = prove(setting(higher, pins=pins, variant="higher"), finite=True).verdicts
    assert str(low.assurance) == "proved-finite(C=2, first=c2, level=2)"
