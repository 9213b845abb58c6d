"""What follows from facts of the same state is proved by one question, and never from itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from splitspec.checker.expectation import Expectation, judge_proof
from splitspec.checker.gate.record import Context, proved
from splitspec.checker.proof import ObligationKind, ProofResult, Status, title_of
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic import proving
from splitspec.checker.symbolic.archive import LABEL
from splitspec.checker.symbolic.relevance import Relevance
from splitspec.checker.symbolic.theory import theory_of
from splitspec.model.setting import Setting
from splitspec.model.tier import Tier
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]

# Who is seated is lit and warm; `comfort` says no more than that.
LIGHTS = """
    sort C
    var lit[C]: bool
    var warm[C]: bool
    var seated[C]: bool
    action seat(c: C) by kernel for c
      when ready: lit[c] and warm[c]
      seated[c] := true
    action light(c: C) by kernel for c
      lit[c] := true
    action heat(c: C) by kernel for c
      warm[c] := true
    invariant seated_are_lit
      all c: C: seated[c] implies lit[c]
    invariant seated_are_warm
      all c: C: seated[c] implies warm[c]
    invariant comfort
      all c: C: seated[c] implies lit[c] = warm[c]
"""
COOLING = LIGHTS.replace(
    "    invariant seated_are_lit",
    "    action cool(c: C) by kernel for c\n      warm[c] := false\n    invariant seated_are_lit",
)
# Each of the two says what the other one says, and `spill` breaks both.
CIRCLE = """
    var dry: bool
    init
      dry := true
    action spill() by kernel
      dry := false
    invariant is_dry
      dry
    invariant is_not_wet
      not not dry
"""


def prove(made: Setting, *following: str, **others: object) -> ProofResult:
    paths = {f"m.{name}": "" for name in following}
    return proving.prove(made, following=paths, apart=False, **others)  # type: ignore[arg-type]


def outcomes(result: ProofResult) -> dict[str, Outcome]:
    return {v.property.removeprefix("m."): v.outcome for v in result.verdicts}


@pytest.mark.parametrize("recheck", [False, True], ids=["once", "rechecked"])
def test_a_consequence_is_one_obligation_for_any_size(setting: Make, *, recheck: bool) -> None:
    result = prove(setting(LIGHTS), "comfort", recheck=recheck)
    assert set(outcomes(result).values()) == {Outcome.HOLDS}
    assert {v.assurance.kind for v in result.verdicts} == {AssuranceKind.PROVED}
    (found,) = (o for o in result.obligations if o.property == "m.comfort")
    assert (found.kind, found.action) == (ObligationKind.CONSEQUENCE, "")
    assert title_of(found) == "m.comfort in every state"
    assert set(found.core) == {"m.seated_are_lit", "m.seated_are_warm"}
    assert dict(result.basis)["m.comfort"] == ("m.seated_are_lit", "m.seated_are_warm")
    assert found.rechecked is recheck
    assert result.run.unconfirmed == ()


def test_without_being_told_every_step_is_followed(setting: Make) -> None:
    kinds = {o.kind for o in prove(setting(LIGHTS)).obligations}
    assert ObligationKind.CONSEQUENCE not in kinds


def test_nothing_follows_from_itself(setting: Make) -> None:
    """Each is a consequence of the other, and both are false."""
    for following in (("is_dry", "is_not_wet"), ("is_dry",), ("is_not_wet",)):
        result = prove(setting(CIRCLE), *following)
        assert set(outcomes(result).values()) == {Outcome.UNKNOWN}, following


def test_what_follows_from_a_fact_that_is_given_up_is_shown_by_steps_or_not_at_all(
    setting: Make,
) -> None:
    """`cool` breaks one fact and so what follows from it; the picture is that of the step."""
    result = prove(setting(COOLING), "comfort")
    assert outcomes(result) == {
        "seated_are_lit": Outcome.HOLDS,
        "seated_are_warm": Outcome.UNKNOWN,
        "comfort": Outcome.UNKNOWN,
    }
    (verdict,) = (v for v in result.verdicts if v.property == "m.comfort")
    assert verdict.induction is not None
    assert verdict.induction.step.action.endswith("cool")
    kinds = {o.kind for o in result.obligations if o.property == "m.comfort"}
    assert ObligationKind.CONSEQUENCE not in kinds


def test_what_follows_from_nothing_believed_is_still_proved_by_induction(setting: Make) -> None:
    """`seated_are_lit` follows from no other claim, and every step keeps it."""
    result = prove(setting(LIGHTS), "seated_are_lit", "comfort", "seated_are_warm")
    assert set(outcomes(result).values()) == {Outcome.HOLDS}
    assert ObligationKind.CONSEQUENCE not in {o.kind for o in result.obligations}


def test_a_consequence_is_kept_and_told_from_an_initial_state(
    setting: Make, tmp_path: Path
) -> None:
    """What is kept of the initial states, of the same claim, is no consequence."""

    def with_store(mode: Mode, *following: str) -> ProofResult:
        store = Store(tmp_path / "proofs", mode, LABEL)
        return prove(setting(LIGHTS), *following, store=store)

    by_steps = with_store(Mode.READ_WRITE)
    first = with_store(Mode.READ_WRITE, "comfort")
    again = with_store(Mode.READ_WRITE, "comfort")
    assert first.run.kept == len(first.obligations) - 1 < len(by_steps.obligations)
    assert again.run.kept == len(again.obligations)
    assert [*map(title_of, again.obligations)] == [*map(title_of, first.obligations)]
    audited = with_store(Mode.AUDIT, "comfort")
    assert audited.run.kept == 0
    assert {o.status for o in audited.obligations} == {Status.PROVED}


def test_equations_are_near_what_they_say_of_a_claim(setting: Make) -> None:
    """`shown` is what `lit` and `warm` make it, so that what these read is near, and no more."""
    made = setting(
        LIGHTS
        + """
    var shown[C]: bool
    invariant shown_is_seen
      all c: C: shown[c] = (lit[c] and warm[c])
    invariant nothing_is_shown
      no c: C: shown[c]
    """
    )
    theory = theory_of(made.program, made.given)
    claims = {each.name: each for each in theory.claims}
    about = Relevance(theory).facts_about(claims["m.nothing_is_shown"])
    assert about == {"m.shown_is_seen", "m.nothing_is_shown"}
    about = Relevance(theory).facts_about(claims["m.comfort"])
    assert about == {"m.seated_are_lit", "m.seated_are_warm", "m.comfort"}


def test_the_lock_counts_what_may_follow_once_however_it_is_shown(setting: Make) -> None:
    """Whether a solver finds that it follows may depend on proofs that were kept."""

    def figures(text: str, *following: str) -> tuple[int, int]:
        judged = judge_proof(prove(setting(text), *following), Expectation())
        block = proved(judged, Context(Tier.COMMIT, "", {}, {}, {}), 1)
        return block.figures["obligations"], block.figures["framed"]

    names = ("seated_are_lit", "seated_are_warm", "comfort")
    assert figures(LIGHTS) == (10, 2)
    assert figures(LIGHTS, "comfort") == (6 + 1, 2)
    # None follows from what is not tried so itself, and each is shown by steps.
    assert figures(LIGHTS, *names) == (3, 0)


# Each page has two ledgers: one by its owner, and a copy of it that is told of every change.
LEDGERS = """
    sort P
    sort O
    var owner[P]: O?
    var copied[P]: O?
    counter pages[o: O] counts p: P where owner[p] = o
    counter known[a: O] counts b: P where copied[b] = a
    action take(p: P, o: O) by kernel
      when free: owner[p] = none
      owner[p] := o
      copied[p] := o
      pages[o] += 1
      known[o] += 1
    invariant same_owner
      all p: P, o: O: (owner[p] = o) = (copied[p] = o)
    invariant same_number
      all o: O: pages[o] = known[o]
"""
ALIKE = {"m.known.exact": "m.pages"}


def of_counter(made: Setting, like: dict[str, str], recheck: bool) -> tuple[Outcome, set[str]]:
    """Whether the copied counter is shown to be exact, and by which kinds of obligations."""
    result = proving.prove(made, following=like, recheck=recheck, apart=False)
    assert result.run.unconfirmed == ()
    kinds = {o.kind.value for o in result.obligations if o.property == "m.known.exact"}
    return outcomes(result)["known.exact"], kinds


@pytest.mark.parametrize("recheck", [False, True], ids=["once", "rechecked"])
def test_a_counter_is_exact_as_another_one_is_that_counts_alike(
    setting: Make, *, recheck: bool
) -> None:
    shown = of_counter(setting(LEDGERS), ALIKE, recheck)
    assert shown == (Outcome.HOLDS, {"consequence"})
    (found,) = (
        o
        for o in proving.prove(setting(LEDGERS), following=ALIKE, apart=False).obligations
        if o.property == "m.known.exact"
    )
    assert set(found.core) == {"m.pages.exact", "m.same_owner", "m.same_number"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("where copied[b] = a", "where copied[b] != a"),
        ("      copied[p] := o\n", ""),
        ("      known[o] += 1\n", ""),
    ],
    ids=["another condition", "not told", "not counted"],
)
def test_a_counter_that_counts_otherwise_is_not_exact_by_another_one(
    setting: Make, old: str, new: str
) -> None:
    made = setting(LEDGERS.replace(old, new))
    outcome, kinds = of_counter(made, ALIKE, recheck=False)
    assert outcome is Outcome.UNKNOWN
    assert "consequence" not in kinds


def test_no_two_counters_are_exact_by_one_another(setting: Make) -> None:
    """Both miss every step, and are alike."""
    text = LEDGERS.replace("      pages[o] += 1\n      known[o] += 1\n", "")
    for like in ({**ALIKE, "m.pages.exact": "m.known"}, {"m.known.exact": "m.known"}):
        result = proving.prove(setting(text), following=like, apart=False)
        found = outcomes(result)
        assert {found["pages.exact"], found["known.exact"]} == {Outcome.UNKNOWN}, like
