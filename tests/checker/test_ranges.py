"""Ranges that are not those of the places that are written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.symbolic.proving import prove
from splitspec.model.setting import Setting

Make = Callable[..., Setting]


def outcomes(setting: Setting, *, finite: bool) -> dict[str, str]:
    result = prove(setting, finite=finite, apart=False)
    return {v.property.removeprefix("m."): v.outcome.value for v in result.verdicts}


@pytest.mark.parametrize("finite", [False, True], ids=["any size", "a scope"])
def test_an_update_writes_what_its_binder_ranges_over_and_no_more(
    setting: Make, *, finite: bool
) -> None:
    made = setting("""
        var x[0..5]: bool
        action raise_some() by kernel
          x[i] := true for i: 0..3
        invariant as_one
          x[5] = x[3]
        invariant none_above
          all i: 0..5: i > 3 implies not x[i]
        step all_rise
          next(x[5])
    """)
    assert outcomes(made, finite=finite) == {
        "as_one": "unknown",
        "none_above": "holds",
        "all_rise": "unknown",
    }


@pytest.mark.parametrize("finite", [False, True], ids=["any size", "a scope"])
@pytest.mark.parametrize(
    ("update", "outcome"),
    [
        ("x := n", "unknown"),
        ("x := y", "unknown"),
        ("x := z", "unknown"),
        ("x := if n = 1 then z else none", "unknown"),
        ("x := if n = 1 then y else 0", "unknown"),
        ("x := w", None),
        ("x := if n = 1 then w else 3", None),
        ("x := none", None),
    ],
)
def test_a_number_that_may_be_absent_has_its_range_too(
    setting: Make, update: str, outcome: str | None, *, finite: bool
) -> None:
    made = setting(f"""
        var x: 0..3?
        var y: 0..5
        var z: 0..5?
        var w: 0..2?
        action put(n: 0..5) by kernel
          y := n
          z := n
        action go(n: 0..5) by kernel
          {update}
        invariant small
          all n: 0..5: n > 3 implies x != n
    """)
    found = outcomes(made, finite=finite)
    assert found.pop("go.range", None) == outcome
    assert found == {"small": "holds"}
