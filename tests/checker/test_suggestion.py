"""The search for lemmas: what it finds is what the proof lacked, and can be pasted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.checker.small_systems import COUNTED, LEMMA, NEEDS_A_LEMMA, SEATS

from splitspec.checker.symbolic.strengthening.suggestion import suggest, without_lemmas
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]

CHAIN = """
    sort S
    var first[S]: bool
    var second[S]: bool
    var third[S]: bool
    action one(s: S) by kernel
      first[s] := true
    action two(s: S) by kernel
      when ready: first[s]
      second[s] := true
    action three(s: S) by kernel
      when ready: second[s]
      third[s] := true
    action undo(s: S) by kernel
      when odd: third[s] and not first[s]
      third[s] := false
    step third_stays
      all s: S: third[s] implies next(third[s])
"""

# At most two are ever seen; to say so takes three variables, and lemmas have two.
PIGEONS = """
    sort S
    var seen[S]: bool
    var done: bool
    action see(s: S, t: S) by kernel
      when others: all u: S: seen[u] implies u = s
      seen[t] := true
    action finish(s: S, t: S, u: S) by kernel
      when all_seen: seen[s] and seen[t] and seen[u] and s != t and t != u and s != u
      done := true
    invariant never_three
      not done
"""


def proved(setting: Setting) -> bool:
    result = suggest(setting).result
    return all(
        v.outcome is Outcome.HOLDS and v.assurance.kind is AssuranceKind.PROVED
        for v in result.verdicts
    )


def test_a_proof_that_lacks_nothing_gets_nothing(setting: Make) -> None:
    for text in (SEATS, COUNTED, NEEDS_A_LEMMA + LEMMA):
        found = suggest(setting(text))
        assert found.lemmas == ()
        assert found.hopeless == ()


def test_the_lemma_that_somebody_wrote_is_found_without_it(setting: Make) -> None:
    found = suggest(without_lemmas(setting(NEEDS_A_LEMMA + LEMMA)))
    (lemma,) = found.lemmas
    assert lemma.splitlines()[1].strip() == "all s: S: begun[s] implies noted[s]"
    assert {v.outcome for v in found.result.verdicts} == {Outcome.HOLDS}


def test_lemmas_that_need_one_another_are_found_together(setting: Make) -> None:
    assert proved(setting(CHAIN))
    assert len(suggest(setting(CHAIN)).lemmas) == 2


def test_what_is_printed_can_be_pasted_and_proves_the_claim(setting: Make) -> None:
    found = suggest(setting(CHAIN))
    pasted = CHAIN + "".join(f"    {line}\n" for x in found.lemmas for line in x.splitlines())
    again = suggest(setting(pasted))
    assert again.lemmas == ()
    assert {v.outcome for v in again.result.verdicts} == {Outcome.HOLDS}


def test_what_two_elements_hide_is_not_taken_for_proved(setting: Make) -> None:
    found = suggest(setting(PIGEONS))
    assert found.lemmas == ()
    assert found.hopeless == ("m.never_three",)
    assert {v.outcome for v in found.result.verdicts} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("seed", [0, 1])
def test_a_false_claim_has_no_lemma(setting: Make, seed: int) -> None:
    loose = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")
    found = suggest(setting(loose), seed=seed)
    assert found.lemmas == ()
    assert found.hopeless == ("m.one_a_seat",)
    (verdict,) = found.result.verdicts
    assert verdict.outcome is Outcome.UNKNOWN
