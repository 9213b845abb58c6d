"""Equations between counts are proved where a whole is parted, element by element."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.symbolic.proving import prove
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]

SHELF = """
    sort S
    sort G
    const place[G]: S
    var open[S]: bool
    var held[S, G]: bool
    var mark[S]: G?
    counter load[s: S] counts g: G where held[s, g]
    action unlock(s: S, g: G) by kernel
      when new: not open[s] and place[g] = s
      open[s] := true
      mark[s] := g
    action lock(s: S) by kernel
      when empty: load[s] = 0
      open[s] := false
      mark[s] := none
    action take(s: S, g: G) by kernel
      when free: open[s] and place[g] = s and mark[s] != g and not held[s, g]
      held[s, g] := true
      load[s] += 1
    invariant all_are_there
      all s: S: open[s] implies
          (count g: G where place[g] = s)
          = load[s] + 1 + (count g: G where place[g] = s and mark[s] != g and not held[s, g])
    lemma marked
      all s: S: open[s] = (mark[s] != none)
    lemma in_place
      all s: S, g: G: mark[s] = g or held[s, g] implies place[g] = s
    lemma held_when_open
      all s: S, g: G: held[s, g] implies open[s] and mark[s] != g
"""


def test_a_whole_is_the_sum_of_its_parts_however_many_a_step_moves(setting: Make) -> None:
    result = prove(setting(SHELF))
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert {v.assurance.kind for v in result.verdicts} == {AssuranceKind.PROVED}
    assert "m.load.exact" in dict(result.basis)["m.all_are_there"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("load[s] + 1 +", "load[s] +"),  # the marked one is forgotten
        ("      load[s] += 1\n", "      load[s] += 2\n"),  # the number is not that of the held
        ("and mark[s] != g and not held[s, g])", "and mark[s] != g)"),  # held ones count twice
    ],
    ids=["one missing", "miscounted", "counted twice"],
)
def test_a_whole_that_is_not_the_sum_of_its_parts_is_not_proved(
    setting: Make, old: str, new: str
) -> None:
    assert old in SHELF
    text = SHELF.replace(old, new, 1)
    found = {v.property: v.outcome for v in prove(setting(text)).verdicts}
    assert found["m.all_are_there"] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        ("all n: N: degree[n] = (count m: N where parent[m] = m)", "unknown"),
        ("all n: N: (count m: N where parent[m] = m) = degree[n]", "unknown"),
        (
            "all n, c: N: degree[c] = (count m: N where parent[m] = c and parent[n] = c)",
            "unknown",
        ),
        ("all n: N: degree[n] = (count m: N where parent[m] = n)", "holds"),
        ("all n, m: N: degree[n] = (count k: N where parent[k] = n)", "holds"),
    ],
)
def test_a_claim_may_name_its_key_as_a_counter_names_what_it_counts(
    setting: Make, claim: str, outcome: str
) -> None:
    """`n` is what `degree` counts where that is declared, and a key in the claim."""
    text = f"""
        sort N
        var parent[N]: N?
        counter degree[c: N] counts n: N where parent[n] = c
        action adopt(c: N, d: N) by kernel
          when orphan: parent[c] = none
          parent[c] := d
          degree[d] += 1
        invariant claimed
          {claim}
    """
    found = {v.property: v.outcome.value for v in prove(setting(text)).verdicts}
    assert found == {"m.claimed": outcome, "m.degree.exact": "holds"}
