"""What is proved to happen fails to happen in no fair run, on systems that nobody chose.

The prover ranks states by what fair actions have still to do; the explicit engine looks for fair
lassos. Neither knows the other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from tests.agreement.comparison import settings_of
from tests.agreement.random_responses import HEADER, RandomResponse, random_responses

from splitspec.checker.explicit.liveness import refute
from splitspec.checker.proof import ProofLimits
from splitspec.checker.symbolic import ranking
from splitspec.checker.symbolic.proving import prove
from splitspec.model.ir import PropertyKind
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

EXAMPLES = max(settings().max_examples // 5, 1)
STATES_MAX = 1_500
STEPS = 200_000
CLAIM = "random.comes"
SCOPES = ((1, 1), (1, 2), (2, 1))
"""Elements of S and T: what is proved holds at any size, so at these."""

# Pages are given back one by one, and nothing is taken meanwhile; then the container may be done.
PROVED = RandomResponse(
    HEADER
    + """action give_(c: S, t: T) by kernel for c fair for c
  when mine: held[t] = c
  held[t] := none
action clear_(c: S) by kernel for c fair for c
  when empty: no t: T: held[t] = c
  waits[c] := false
action take_(c: S, t: T) by kernel for c
  when free: held[t] = none
  when active: not waits[c]
  held[t] := c
action ask_(c: S) by kernel for c
  waits[c] := true
progress comes(c: S)
  waits[c] leads to not (waits[c])
"""
)

# The same, but pages may be taken while others are given back: it may go on so for ever.
TAKEN_ANEW = RandomResponse(PROVED.text.replace("  when active: not waits[c]\n", ""))


def setting_of(system: RandomResponse) -> Setting:
    (setting, _) = settings_of(system.text, {"S": 1, "T": 1})[0]
    assert not setting.given
    return replace(setting, progress=(CLAIM,))


def is_proved(setting: Setting) -> bool:
    limits = ProofLimits(steps=STEPS, scope_max=1)
    verdicts = prove(setting, limits=limits, selected=frozenset({CLAIM}), apart=False).verdicts
    (verdict,) = (v for v in verdicts if v.kind is PropertyKind.PROGRESS)
    holds = verdict.outcome is Outcome.HOLDS
    return holds and verdict.assurance.kind is AssuranceKind.PROVED


def lassos(setting: Setting) -> list[tuple[int, int]]:
    """The sizes at which a fair run goes round without the answer."""
    found = []
    for sizes in SCOPES:
        scope = Scope(dict(zip(("random.S", "random.T"), sizes, strict=True)), {}, {})
        if refute(replace(setting, scope=scope), CLAIM, states_max=STATES_MAX).trace is not None:
            found.append(sizes)
    return found


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_responses())
@example(PROVED)
@example(TAKEN_ANEW)
def test_what_is_proved_to_happen_happens_in_every_fair_run(system: RandomResponse) -> None:
    note(system.text)
    setting = setting_of(system)
    if is_proved(setting):
        assert lassos(setting) == []


def test_both_answers_occur() -> None:
    assert is_proved(setting_of(PROVED))
    assert not is_proved(setting_of(TAKEN_ANEW))
    assert lassos(setting_of(TAKEN_ANEW)) == [(1, 1), (1, 2), (2, 1)]


def test_a_ranking_that_does_not_look_at_gains_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranking._Ranking, "_gains_nothing", lambda *_: True)
    setting = setting_of(TAKEN_ANEW)
    assert is_proved(setting)
    assert lassos(setting)
