"""Kept proofs are those that would be made; what is not whole, or not the same, is none."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.checker.small_systems import COUNTED, LEMMA, NEEDS_A_LEMMA, SEATS

from splitspec.checker.proof import Method, ProofLimits, ProofResult, Status
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic import archive, proving
from splitspec.checker.symbolic.archive import LABEL, Archive, Shelf
from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.calculus import Outcome as Decided
from splitspec.checker.symbolic.enabling import Enabling
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.theory import Claim
from splitspec.model.ir import FlatAction
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]
Action = FlatAction | None

LOOSE = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")

# That nobody is last is proved from nobody being first, until that is given up.
GIVEN_UP = """
    sort S
    var first[S]: bool
    var last[S]: bool
    action begin(s: S) by kernel
      first[s] := true
    action end(s: S) by kernel
      when open: first[s]
      last[s] := true
    lemma nobody_is_first
      all s: S: not first[s]
    lemma nobody_is_last
      all s: S: not last[s]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "proofs", Mode.READ_WRITE, LABEL)


def prove(setting: Setting, store: Store, mode: Mode = Mode.READ_WRITE) -> ProofResult:
    return proving.prove(setting, store=Store(store.folder, mode, LABEL), apart=False)


def files(store: Store) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def shown(result: ProofResult) -> list[tuple[object, ...]]:
    """What a result says, but for what it cost."""
    obligations = [(o.claim, o.action, o.status, o.core) for o in result.obligations]
    return [*obligations, *((v.property, v.outcome, v.assurance) for v in result.verdicts)]


def made_again(text: str, changed: str, setting: Make, store: Store) -> set[tuple[str, str]]:
    """The obligations that are asked again after a change, of those that a solver is asked."""
    prove(setting(text), store)
    before = {path: path.read_bytes() for path in files(store)}
    asked: list[tuple[str, str]] = []
    real = Archive.keep

    def keep(self: Archive, claim: Claim, action: Action, live: Facts, outcome: Decided) -> None:
        asked.append((claim.name, "" if action is None else action.path))
        real(self, claim, action, live, outcome)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Archive, "keep", keep)
        prove(setting(changed), store)
    assert before
    return set(asked)


@pytest.mark.parametrize("text", [SEATS, COUNTED, NEEDS_A_LEMMA + LEMMA, LOOSE, GIVEN_UP])
def test_what_is_found_is_what_would_be_made(setting: Make, store: Store, text: str) -> None:
    fresh = proving.prove(setting(text), apart=False)
    first, second = (prove(setting(text), store) for _ in range(2))
    assert shown(first) == shown(second) == shown(fresh)
    assert first.run.kept == 0
    assert second.run.kept == sum(o.status is Status.PROVED for o in fresh.obligations)


def test_proofs_at_a_scope_are_kept_for_that_scope(setting: Make, store: Store) -> None:
    def kept(sizes: int) -> int:
        result = proving.prove(setting(COUNTED, sizes=sizes), finite=True, store=store, apart=False)
        assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
        return result.run.kept

    assert [kept(2), kept(1), kept(2) > 0, kept(1) > 0] == [0, 0, True, True]
    assert prove(setting(COUNTED), store).run.kept == 0


def test_a_changed_guard_makes_anew_what_used_it(setting: Make, store: Store) -> None:
    changed = COUNTED.replace(
        "when free: owner[f] = none", "when free: owner[f] = none and usage[c] < 5"
    )
    users = {
        (o.claim, o.action)
        for o in proving.prove(setting(COUNTED), apart=False).obligations
        if "m.take.free" in o.core
    }
    assert users
    assert made_again(COUNTED, changed, setting, store) == users


def test_a_changed_lemma_makes_anew_itself_and_what_used_it(setting: Make, store: Store) -> None:
    text = NEEDS_A_LEMMA + LEMMA
    changed = text.replace("begun[s] implies noted[s]", "noted[s] or not begun[s]")
    assert changed != text
    result = proving.prove(setting(text), apart=False)
    lemma = next(v.property for v in result.verdicts if v.kind.value == "lemma")
    users = {
        (o.claim, o.action) for o in result.obligations if lemma in o.core or o.property == lemma
    }
    everything = {(o.claim, o.action) for o in result.obligations}
    assert made_again(text, changed, setting, store) == users < everything


def test_a_changed_update_makes_anew_its_action(setting: Make, store: Store) -> None:
    changed = COUNTED.replace("owner[f] := d\n", "owner[f] := d\n      owner[f] := d\n")
    asked = made_again(COUNTED, changed, setting, store)
    assert {action for _, action in asked} == {"m.hand_over"}


def test_a_proof_from_what_is_no_longer_proved_is_none(setting: Make, store: Store) -> None:
    """The kept proofs of the invariant use the lemma, which a new action breaks."""
    text = NEEDS_A_LEMMA + LEMMA
    broken = text + "    action forget(s: S) by kernel\n      noted[s] := false\n"
    prove(setting(text), store)
    result = prove(setting(broken), store)
    assert result.run.kept > 0
    assert shown(result) == shown(proving.prove(setting(broken), apart=False))
    assert Outcome.HOLDS not in {v.outcome for v in result.verdicts if v.kind.value != "overlap"}


@pytest.mark.parametrize("variant", [None, "lax"], ids=["edited", "a variant"])
def test_a_guard_that_only_its_text_uses_counts_for_an_overlap(
    setting: Make, store: Store, variant: str | None
) -> None:
    """`apart` keeps two updates apart by its text, so that no core names it; the proof that is kept
    is about the other two."""
    text = """
        sort S
        var x[S]: bool
        var y[S]: bool
        var mark[S]: bool
        var other[S]: bool
        action go(c: S, d: S, e: S) by kernel
          when apart: c != d
          when marked: mark[c]
          when other: other[e]
          x[c] := true
          x[d] := false
          y[c] := true
          y[e] := false
        action note(c: S) by kernel
          when free: not other[c]
          mark[c] := true
        invariant exclusive
          all c: S: not (mark[c] and other[c])
        variant lax of m
          drop go.apart
          expect violated go.overlap within 5 steps
    """

    def overlap(result: ProofResult) -> Outcome:
        return next(v.outcome for v in result.verdicts if v.property == "m.go.overlap")

    assert overlap(prove(setting(text), store)) is Outcome.HOLDS
    if variant is None:
        text = text.replace("          when apart: c != d\n", "").partition("        variant")[0]
    assert overlap(prove(setting(text, variant=variant), store)) is Outcome.UNKNOWN


def test_neither_refuted_nor_unknown_is_kept(setting: Make, store: Store) -> None:
    result = prove(setting(LOOSE), store)
    open_ = {o.claim for o in result.obligations if o.status is not Status.PROVED}
    assert open_
    kept = [
        proof
        for path in files(store)
        for proof in msgspec.json.decode(path.read_bytes().partition(b"\n")[2], type=Shelf).values()
    ]
    assert len(kept) == sum(o.status is Status.PROVED for o in result.obligations)


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied", "foreign", "old"])
def test_what_is_not_whole_is_made_again_with_a_warning(
    setting: Make, store: Store, damage: str
) -> None:
    prove(setting(COUNTED), store)
    whole = {path: path.read_bytes() for path in files(store)}
    for path, other in zip(whole, [*list(whole)[1:], *list(whole)[:1]], strict=True):
        content = whole[path]
        spoiled = {
            "cut": content[:-9],
            "altered": content.replace(b'"steps"', b'"stepz"'),
            "emptied": b"",
            "foreign": whole[other],
            "old": content.replace(b"proofs 2", b"proofs 1"),
        }
        path.write_bytes(spoiled[damage])
    result = prove(setting(COUNTED), store)
    assert result.run.kept == 0
    assert result.run.damaged == len(whole)
    assert shown(result) == shown(proving.prove(setting(COUNTED), apart=False))
    assert prove(setting(COUNTED), store).run.damaged == 0


def forge(store: Store, setting: Make) -> None:
    """Keep for the loose design what was proved of the other: whole entries, which are not true."""
    prove(setting(LOOSE), store)
    before = {path: path.read_bytes() for path in files(store)}
    forged = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Archive, "keep", _keep_anything)
        prove(setting(LOOSE), store)
    for path in files(store):
        forged += path.read_bytes() != before.get(path)
    assert forged


def _keep_anything(self: Archive, claim: Claim, action: Action, _: Facts, __: Decided) -> None:
    proof = archive.Proved(Method.Z3, 0, 1, {}, confirmed=True)
    self._shelf(action)[self._claimed(claim)] = proof
    self._changed["" if action is None else action.path] = action


def test_an_audit_finds_a_proof_that_is_whole_and_wrong(setting: Make, store: Store) -> None:
    prove(setting(LOOSE), store)
    prove(setting(LOOSE), store, Mode.AUDIT)
    forge(store, setting)
    with pytest.raises(DisagreementError, match="kept as proved, and now it is refuted"):
        prove(setting(LOOSE), store, Mode.AUDIT)


def test_reading_alone_writes_nothing_and_off_reads_nothing(setting: Make, store: Store) -> None:
    assert prove(setting(COUNTED), store, Mode.READ_ONLY).run.kept == 0
    assert files(store) == []
    prove(setting(COUNTED), store)
    assert prove(setting(COUNTED), store, Mode.READ_ONLY).run.kept > 0
    for mode in (Mode.OFF, Mode.AUDIT):
        assert prove(setting(COUNTED), store, mode).run.kept == 0


def test_the_key_has_solver_engine_seed_and_limits(
    setting: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(seed: int = 0, limits: ProofLimits | None = None) -> int:
        found = proving.prove(setting(SEATS), seed=seed, limits=limits, store=store, apart=False)
        return found.run.kept

    kept()
    whole = kept()
    assert whole > 0
    assert kept(seed=1) == 0
    assert kept(limits=ProofLimits(steps=10**6)) == 0
    assert kept(limits=ProofLimits(memory=2**30)) == 0
    for where, name in (
        ("splitspec.checker.symbolic.z3_solver.version", "z3 0"),
        ("splitspec.checker.symbolic.cvc5_solver.version", "cvc5 0"),
        ("splitspec.checker.symbolic.archive.engines", hashlib.sha256(b"").hexdigest()),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, lambda name=name: name)
            assert kept() == 0
    assert kept() == whole


def test_a_confirmation_is_kept_with_the_proof(
    setting: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rechecked() -> ProofResult:
        return proving.prove(setting(COUNTED), recheck=True, store=store, apart=False)

    prove(setting(COUNTED), store)
    assert all(o.rechecked for o in rechecked().obligations)
    monkeypatch.setattr(
        "splitspec.checker.symbolic.cvc5_solver._Talk.say", lambda *_: pytest.fail("asked again")
    )
    assert all(o.rechecked for o in rechecked().obligations)


def test_a_disk_that_is_full_is_said_and_costs_nothing(setting: Make, store: Store) -> None:
    store.folder.parent.mkdir(exist_ok=True)
    store.folder.write_text("a file where a folder should be")
    result = prove(setting(COUNTED), store)
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert "proofs could not be kept: " in result.run.remark


FALSE = """
    sort User
    sort Seat
    var seat[User]: Seat?
    action sit(u: User, s: Seat) by kernel
      when free: all w: User: seat[w] != s
      seat[u] := s
    invariant one_each
      all u, w: User, s: Seat: seat[u] = s and seat[w] = s implies u = w
    invariant nobody_sits
      all u: User: seat[u] = none
"""


def test_what_another_worker_kept_answers_no_other_question(
    setting: Make, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A worker that is lost late has kept proofs by then, which the next one must not meet."""
    mark = tmp_path / "lost"
    real = Enabling.is_dead

    def is_dead(self: Enabling, action: FlatAction) -> bool:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, action)

    monkeypatch.setattr(Enabling, "is_dead", is_dead)
    for _ in range(2):
        result = proving.prove(setting(FALSE), store=store)
        said = {v.property: v.outcome for v in result.verdicts}
        assert said == {
            "m.one_each": Outcome.HOLDS,
            "m.nobody_sits": Outcome.UNKNOWN,
        }
    assert mark.exists()
