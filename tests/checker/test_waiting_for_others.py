"""Claims of progress of one that rest on what another has to do."""

from __future__ import annotations

from collections.abc import Callable

from splitspec.checker.explicit.liveness import refute
from splitspec.checker.symbolic.proving import prove
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome, Verdict

Make = Callable[..., Setting]

# Whoever waits for a lock waits for the one who has it, whose name the claim does not say.

LOCKS = """
    sort C
    sort L
    var wants[C, L]: bool
    var holder[L]: C?
    action ask(c: C, l: L) by container[c]
      when new: holder[l] != c     @hardware
      wants[c, l] := true
    action grant(c: C, l: L) by kernel strongly fair for c, l
      when waiting: wants[c, l]
      when free: holder[l] = none
      holder[l] := c
      wants[c, l] := false
    action give_up(c: C, l: L) by kernel fair for c, l
      when held: holder[l] = c
      holder[l] := none
    progress everybody_is_served(c: C, l: L)
      wants[c, l] leads to holder[l] = c
"""


def verdict(setting: Setting) -> Verdict:
    (only,) = [v for v in prove(setting).verdicts if v.kind.value == "progress"]
    return only


def test_a_claim_of_somebody_may_wait_for_what_another_has_to_do(setting: Make) -> None:
    found = verdict(setting(LOCKS))
    assert found.outcome is Outcome.HOLDS
    assert found.reason == "waits for m.give_up(_, l), then m.grant(c, l)"
    assert refute(setting(LOCKS), "m.everybody_is_served").trace is None
    for old, new in (("strongly fair", "fair"), ("kernel fair for c, l", "kernel fair")):
        assert verdict(setting(LOCKS.replace(old, new))).outcome is Outcome.UNKNOWN, old


# Each learns by a step of its own, which may happen to it again after it has learned.

LEARNING = """
    sort N
    enum Decision = undecided | committed | aborted
    var decision: Decision
    var outcome[N]: Decision
    action decide(d: Decision) by kernel
      when open: decision = undecided and d != undecided
      decision := d
    action learn(n: N, d: Decision) by kernel fair for n
      when decided: decision = d and d != undecided
      outcome[n] := d
    progress all_learn
      decision != undecided leads to (all n: N: outcome[n] != undecided)
"""


def test_what_happens_for_one_instance_need_do_nothing_for_another(setting: Make) -> None:
    found = verdict(setting(LEARNING))
    assert found.outcome is Outcome.HOLDS
    assert found.reason == "waits for m.learn(_, _)"
    assert refute(setting(LEARNING), "m.all_learn").trace is None
    someone = setting(LEARNING.replace("fair for n", "fair"))
    assert verdict(someone).outcome is Outcome.UNKNOWN
    assert refute(someone, "m.all_learn").trace is not None
