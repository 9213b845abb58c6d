"""Kept proofs of progress: found where all that they speak of is the same, else made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.checker.small_systems import LEAVING, SHARING

from splitspec.checker.proof import ObligationKind, ProofLimits, ProofResult
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic import proving, ranking
from splitspec.checker.symbolic.archive import LABEL, Archive
from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.response import Response
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

PROGRESS = (ObligationKind.RESPONSE, ObligationKind.RANK, ObligationKind.HELP)

GIVE = """    action give(c: C, g: G) by kernel for c fair for c
      when leaving: phase[c] = leaving
"""
"""Of the ranking: what it says is part of every question about the set of what it may give."""

MARKED = (
    LEAVING.replace("    var owner[G]: C?\n", "    var owner[G]: C?\n    var mark[G]: bool\n")
    .replace("      owner[g] := c\n", "      owner[g] := c\n      mark[g] := true\n")
    .replace("      when mine: owner[g] = c\n", "      when mine: owner[g] = c and mark[g]\n")
    + """
    lemma owned_are_marked
      all c: C, g: G: owner[g] = c implies mark[g]
"""
)
"""Here it is enabled for all that is owned because of a lemma alone."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "proofs", Mode.READ_WRITE, LABEL)


def prove(
    setting: Setting,
    store: Store,
    mode: Mode = Mode.READ_WRITE,
    *,
    seed: int = 0,
    limits: ProofLimits | None = None,
    recheck: bool = False,
) -> ProofResult:
    kept = Store(store.folder, mode, LABEL)
    return proving.prove(
        setting, store=kept, apart=False, seed=seed, limits=limits, recheck=recheck
    )


def said(result: ProofResult) -> tuple[Outcome, str, set[tuple[str, ...]]]:
    """What a result says of its one claim of progress."""
    (verdict,) = [v for v in result.verdicts if v.kind.value == "progress"]
    obligations = {(o.claim, o.action, *o.core) for o in result.obligations if o.kind in PROGRESS}
    return verdict.outcome, verdict.reason, obligations


def is_searched(
    setting: Setting, store: Store, *, seed: int = 0, limits: ProofLimits | None = None
) -> bool:
    """Whether a ranking is looked for."""
    searched: list[str] = []
    real = ranking._Ranking.search

    def search(self: ranking._Ranking) -> str:
        searched.append(self.name)
        return real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking._Ranking, "search", search)
        prove(setting, store, seed=seed, limits=limits)
    return bool(searched)


@pytest.mark.parametrize("text", [LEAVING, SHARING, MARKED], ids=["leaving", "sharing", "marked"])
def test_a_kept_ranking_says_what_a_search_would(setting: Make, store: Store, text: str) -> None:
    fresh = proving.prove(setting(text), apart=False)
    assert said(fresh)[0] is Outcome.HOLDS
    first = prove(setting(text), store)
    second = prove(setting(text), store)
    assert said(first) == said(second) == said(fresh)
    assert second.basis == fresh.basis
    assert (first.run.kept, second.run.kept) == (0, len(fresh.obligations))
    assert not is_searched(setting(text), store)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (GIVE, GIVE.replace("phase[c] = leaving", "phase[c] = leaving and owner[g] != none")),
        (GIVE, GIVE.replace("fair for c", "strongly fair for c")),
        (GIVE, GIVE.replace(" fair for c", "")),
        ("      owner[g] := none\n", "      owner[h] := none for h: G where owner[h] = c\n"),
        ("      when running: phase[c] = running\n      when free", "      when free"),
        ("leads to phase[c] = gone", "leads to phase[c] = gone or phase[c] = running"),
        ("progress exits_end(c: C)\n", "progress exits_end_soon(c: C)\n"),
        ("sort C\n", "sort C\n    sort D\n"),
    ],
    ids=["guard of the ranking", "strong", "unfair", "update", "guard", "claim", "name", "sort"],
)
def test_a_change_of_what_a_ranking_speaks_of_has_it_searched_again(
    setting: Make, store: Store, old: str, new: str
) -> None:
    assert old in LEAVING
    prove(setting(LEAVING), store)
    changed = setting(LEAVING.replace(old, new, 1))
    assert is_searched(changed, store)
    assert said(prove(changed, store)) == said(proving.prove(changed, apart=False))


def test_what_no_proof_used_may_change(setting: Make, store: Store) -> None:
    """`leave` makes leaving ones of others alone, whatever its guard says; a claim that nobody used
    says nothing."""
    leave = "    action leave(c: C) by kernel for c\n      when running: phase[c] = running\n"
    assert leave in LEAVING
    changed = LEAVING.replace(leave, leave.replace("= running", "!= gone"))
    changed += "    lemma idle\n      all c: C: phase[c] = gone implies phase[c] != leaving\n"
    prove(setting(LEAVING), store)
    assert not is_searched(setting(changed), store)
    assert said(prove(setting(changed), store)) == said(
        proving.prove(setting(changed), apart=False)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner[g] = c implies mark[g]", "mark[g] or owner[g] != c"),
        ("owner[g] = c implies mark[g]", "owner[g] = c implies c = c"),
        ("lemma owned_are_marked", "lemma owned_have_marks"),
        ("      mark[g] := true\n", ""),
    ],
    ids=["says it otherwise", "says nothing", "has another name", "is false"],
)
def test_a_ranking_whose_lemma_changed_is_searched_again(
    setting: Make, store: Store, old: str, new: str
) -> None:
    prove(setting(MARKED), store)
    assert old in MARKED
    changed = setting(MARKED.replace(old, new, 1))
    assert is_searched(changed, store)
    assert said(prove(changed, store)) == said(proving.prove(changed, apart=False))


def test_a_lemma_that_is_not_proved_any_more_takes_the_ranking_along(
    setting: Make, store: Store
) -> None:
    """Initially everything is owned and nothing is marked. How things begin is not in the key of a
    ranking, so that the kept one is found, and its lemma is not believed."""
    begun = "    const first: C\n    init\n      owner[g] := first for g: G\n"
    head, sorts, rest = MARKED.partition("    var mark[G]: bool\n")
    good = setting(
        head
        + sorts
        + begun.replace("      owner[g]", "      mark[g] := true for g: G\n      owner[g]")
        + rest
    )
    assert said(prove(good, store))[0] is Outcome.HOLDS
    bad = setting(head + sorts + begun + rest)
    outcome, reason, _ = said(prove(bad, store))
    assert outcome is Outcome.UNKNOWN
    assert reason
    assert is_searched(bad, store)


def test_a_ranking_that_was_not_found_is_not_kept(setting: Make, store: Store) -> None:
    unfair = setting(LEAVING.replace(" fair for c", "", 1))
    assert said(prove(unfair, store))[0] is Outcome.UNKNOWN
    assert is_searched(unfair, store)


def test_seed_and_limits_are_in_the_key(setting: Make, store: Store) -> None:
    leaving = setting(LEAVING)
    prove(leaving, store)
    assert not is_searched(leaving, store)
    assert is_searched(leaving, store, seed=1)
    assert is_searched(leaving, store, limits=ProofLimits(steps=10**6))


def forge(setting: Setting, store: Store) -> None:
    """Keep whole entries that say that everything is proved."""
    real = Archive.keep_response

    def keep(self: Archive, response: Response, live: Facts) -> None:
        proved = {
            key: type(outcome)(Reply.PROVED, outcome.method)
            for key, outcome in response.outcomes.items()
        }
        real(self, Response(response.claim, proved, ("m.give(c, _)",)), live)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Archive, "keep_response", keep)
        prove(setting, store)


def test_an_audit_finds_a_ranking_that_is_whole_and_wrong(setting: Make, store: Store) -> None:
    good, unfair = setting(LEAVING), setting(LEAVING.replace(" fair for c", "", 1))
    prove(good, store)
    assert said(prove(good, store, Mode.AUDIT))[0] is Outcome.HOLDS
    forge(unfair, store)
    with pytest.raises(DisagreementError, match=r"exits_end: kept as proved, and now no ranking"):
        prove(unfair, store, Mode.AUDIT)


@pytest.mark.parametrize("mode", [Mode.AUDIT, Mode.OFF])
def test_audit_and_off_search_again(setting: Make, store: Store, mode: Mode) -> None:
    prove(setting(LEAVING), store)
    searched = prove(setting(LEAVING), store, mode)
    assert searched.run.kept == 0
    assert said(searched)[0] is Outcome.HOLDS


def test_a_damaged_ranking_is_searched_again_with_a_warning(setting: Make, store: Store) -> None:
    prove(setting(LEAVING), store)
    spoiled = 0
    for path in store.folder.rglob("*"):
        if path.is_file() and b'"ranking"' in path.read_bytes():
            path.write_bytes(path.read_bytes()[:-9])
            spoiled += 1
    assert spoiled == 1
    result = prove(setting(LEAVING), store)
    assert result.run.damaged == 1
    assert said(result) == said(proving.prove(setting(LEAVING), apart=False))
    assert not is_searched(setting(LEAVING), store)


def test_the_second_solver_proves_progress_too_and_that_is_kept(
    setting: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept without its word is made again, because questions are not kept."""
    leaving = setting(LEAVING)
    prove(leaving, store)
    result = prove(leaving, store, recheck=True)
    progress = [o for o in result.obligations if o.kind in PROGRESS]
    assert progress
    assert all(o.rechecked for o in result.obligations)
    monkeypatch.setattr(
        "splitspec.checker.symbolic.cvc5_solver._Talk.say", lambda *_: pytest.fail("asked again")
    )
    again = prove(leaving, store, recheck=True)
    assert all(o.rechecked for o in again.obligations)
    assert again.run.kept == len(again.obligations)


def test_a_second_solver_that_refutes_progress_is_an_error(
    setting: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calculus = "splitspec.checker.symbolic.unbounded_calculus.UnboundedCalculus.recheck_posed"
    refuted = Answer(Reply.REFUTED, frozenset(), "", 0, 0.0)
    monkeypatch.setattr(calculus, lambda *_: refuted)
    with pytest.raises(DisagreementError, match="the other refutes it"):
        prove(setting(LEAVING), store, recheck=True)
