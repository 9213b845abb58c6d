"""The search for lemmas: what it finds is what the proof lacked, and can be pasted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import product

import pytest
from tests.checker.small_systems import COUNTED, LEMMA, NEEDS_A_LEMMA, SEATS

from splitspec.checker.proof import ProofResult
from splitspec.checker.report.proof import suggestion_text
from splitspec.checker.symbolic import proving
from splitspec.checker.symbolic.proving import mutate, prove
from splitspec.checker.symbolic.strengthening import suggestion
from splitspec.checker.symbolic.strengthening.sample import Judge
from splitspec.checker.symbolic.strengthening.suggestion import (
    suggest,
    with_lemmas,
    without_lemmas,
)
from splitspec.checker.symbolic.strengthening.vocabulary import vocabulary_of
from splitspec.checker.symbolic.strengthening.walk import walk
from splitspec.model.evaluator import Evaluator
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

# At any one scope as many pages as frames are paired, so that `backing` leads to nothing else than
# `holder` comes from; for any size a lemma has to say so.
PAIRS = """
    sort F
    sort G
    var holder[F]: G?
    var backing[G]: F?
    var paid[F]: bool
    action offer(g: G, f: F) by kernel
      when unused: holder[f] = none
      when bare: backing[g] = none
      holder[f] := g
      backing[g] := f
      paid[f] := true
    action take(g: G, f: F) by kernel
      when mine: holder[f] = g
      holder[f] := none
      backing[g] := none
      paid[f] := false
    invariant as_many
      (count f: F where paid[f]) = (count g: G where backing[g] != none)
    invariant paid_where_held
      all f: F: (holder[f] != none) = paid[f]
    invariant backed_is_paid
      all g: G, f: F: backing[g] = f implies paid[f]
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


def test_no_lemma_can_be_left_out(setting: Make) -> None:
    found = suggest(setting(CHAIN))
    for left_out in found.declared:
        rest = [lemma for lemma in found.declared if lemma is not left_out]
        (verdict,) = prove(with_lemmas(setting(CHAIN), rest)).verdicts[:1]
        assert verdict.property == "m.third_stays"
        assert verdict.outcome is Outcome.UNKNOWN


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def outcomes(result: ProofResult) -> dict[str, Outcome]:
    return {v.property: v.outcome for v in result.verdicts}


def test_a_search_that_is_cut_short_suggests_nothing_and_says_what_is_proved_without(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestion, "walk", interrupt)
    found = suggest(setting(CHAIN))
    assert found.lemmas == ()
    assert found.result.run.interrupted
    assert outcomes(found.result) == {"m.third_stays": Outcome.UNKNOWN}
    monkeypatch.setattr(suggestion, "walk", kill)
    lost = suggest(setting(CHAIN))
    assert outcomes(lost.result) == {"m.third_stays": Outcome.UNKNOWN}
    assert suggestion_text(lost, "m").endswith("nothing to paste")


def test_mutants_that_are_cut_short_leave_the_proof(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "mutants", interrupt)
    result, found = mutate(setting(SEATS))
    assert (result.run.interrupted, found) == (True, ())
    assert outcomes(result) == {"m.one_a_seat": Outcome.HOLDS}
    monkeypatch.setattr(proving, "mutants", kill)
    result, found = mutate(setting(SEATS))
    assert found == ()
    assert outcomes(result) == {"m.one_a_seat": Outcome.UNKNOWN}


def test_what_equal_numbers_say_at_a_scope_is_said_by_a_lemma(setting: Make) -> None:
    found = suggest(setting(PAIRS))
    lemmas = {lemma.splitlines()[1].strip() for lemma in found.lemmas}
    assert lemmas == {
        "all f: F, g: G: holder[f] = g implies backing[g] = f",
        "all f: F, g: G: backing[g] = f implies holder[f] = g",
    }
    assert {v.assurance.kind for v in found.result.verdicts} == {AssuranceKind.PROVED}


def test_what_was_found_before_is_not_suggested_again(setting: Make) -> None:
    first = suggest(setting(CHAIN))
    again = suggest(with_lemmas(setting(CHAIN), first.declared[:1]))
    assert again.declared
    assert not {lemma.lines for lemma in first.declared[:1]} & {x.lines for x in again.declared}
    assert not {lemma.path for lemma in first.declared[:1]} & {x.path for x in again.declared}


def test_two_processes_find_what_one_does(setting: Make) -> None:
    alone, together = suggest(setting(PAIRS)), suggest(setting(PAIRS), workers=2)
    assert together.lemmas == alone.lemmas
    assert together.questions == alone.questions


def test_a_literal_is_true_where_its_formula_is(setting: Make) -> None:
    asked = setting(PAIRS)
    evaluator = Evaluator(asked)
    vocabulary = vocabulary_of(asked.program)
    judge = Judge(vocabulary, evaluator)
    values = [evaluator.places.scope.values(p.type) for p in vocabulary.variables]
    bindings = [
        dict(zip((p.name for p in vocabulary.variables), each, strict=True))
        for each in product(*values)
    ]
    for state in walk(evaluator, states=20, depth=10, seed=0):
        truths, moment = judge.truths(state), evaluator.moment(state)
        for number, atom in enumerate(vocabulary.atoms):
            true = [moment.holds(atom.expression, binding) for binding in bindings]
            bits = sum(1 << place for place, truth in enumerate(true) if truth)
            assert truths[2 * number] == bits
            assert truths[2 * number + 1] == judge.full ^ bits


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
