"""An explanation names the first false part, a binding that makes it false, and what it reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.explicit.oracle import explore
from splitspec.model.setting import Setting
from splitspec.model.trace import Explanation, Trace

Make = Callable[..., Setting]

# One step, after which held[s1] = s2 and level = 1.
ONE_STEP = """
    sort S
    var held[S]: S?
    var level: 0..1
    var on[S]: bool
    def twins(a: S, b: S) = held[a] = b implies held[b] = a
    action take(s: S, t: S) by host
      when other: s != t @kernel
      when first: level = 0 @kernel
      held[s] := t
      level := 1
    {claim}
    """


def explained(setting: Setting, path: str) -> tuple[Trace, Explanation]:
    (found,) = (v for v in explore(setting).verdicts if v.property == path)
    assert found.trace is not None
    assert found.trace.explanation is not None
    return found.trace, found.trace.explanation


def of_claim(setting: Make, claim: str) -> Explanation:
    return explained(setting(ONE_STEP.replace("{claim}", claim)), "m.p")[1]


def test_the_first_false_line_is_named_with_its_label_and_place(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      level <= 1
      nobody: all s: S: held[s] = none
      level = 0""",
    )
    assert (found.label, found.line) == ("nobody", "held[s] = none")
    # The invariant follows the module line, a blank one and the ten lines before it.
    assert found.location.endswith("m.split:15")


def test_the_least_binding_that_falsifies_it_is_given(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      all t, s: S: held[s] = t implies level = 0""",
    )
    # In the order of the binders: t = s1 would need held[s2] = s1; the step took held[s1] = s2.
    assert found.binding == (("t", "s2"), ("s", "s1"))
    assert found.facts == (("held[s1]", "s2"), ("level", "1"))


def test_a_conjunction_is_narrowed_to_its_false_part(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      all s: S: level <= 1 and (held[s] = none or on[s]) and level = 0""",
    )
    assert found.line == "held[s] = none or on[s]"
    assert found.facts == (("held[s1]", "s2"), ("on[s1]", "false"))


def test_an_implication_is_kept_whole_and_its_conclusion_is_narrowed(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      all s: S: held[s] != none implies (all t: S: on[t])""",
    )
    assert found.line == "held[s] != none implies (all t: S: on[t])"
    assert found.binding == (("s", "s1"), ("t", "s1"))
    assert found.facts == (("held[s1]", "s2"), ("on[s1]", "false"))


def test_what_must_not_exist_is_shown(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      no s, t: S: held[s] = t""",
    )
    assert found.binding == (("s", "s1"), ("t", "s2"))


def test_a_definition_is_opened(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      all s, t: S: twins(s, t)""",
    )
    assert found.line == "held[a] = b implies held[b] = a"
    assert dict(found.binding) == {"s": "s1", "t": "s2", "a": "s1", "b": "s2"}
    assert found.facts == (("held[s1]", "s2"), ("held[s2]", "none"))


def test_what_is_sought_in_vain_is_shown_in_every_place(setting: Make) -> None:
    found = of_claim(
        setting,
        """invariant p
      level = 0 or (some s: S: on[s])""",
    )
    assert found.facts == (("level", "1"), ("on[s1]", "false"), ("on[s2]", "false"))


def test_a_step_is_explained_by_both_states_and_its_actor(setting: Make) -> None:
    found = of_claim(
        setting,
        """step p
      all s: S: actor = kernel or unchanged held[s]""",
    )
    assert found.binding == (("s", "s1"),)
    assert found.facts == (
        ("actor", "host"),
        ("held[s1]", "none"),
        ("next(held[s1])", "s2"),
    )


def test_a_witness_needs_no_explanation(setting: Make) -> None:
    result = explore(setting(ONE_STEP.replace("{claim}", "witness p\n      level = 1")))
    (found,) = (v for v in result.verdicts if v.property == "m.p")
    assert found.trace is not None
    assert found.trace.explanation is None


def test_a_counter_is_held_against_what_it_counts(setting: Make) -> None:
    _, found = explained(
        setting(
            """
            sort S
            var on[S]: bool
            counter lit counts s: S where on[s]
            action light(s: S) by kernel
              when dark: not on[s]
              on[s] := true
              lit += 2
            """
        ),
        "m.lit.exact",
    )
    assert found.remark == "lit is 2, and what it counts is 1"
    assert found.facts == (("lit", "2"), ("on[s1]", "true"), ("on[s2]", "false"))


def overlapping(first: str, second: str, setting: Make) -> Explanation:
    text = f"""
        sort S
        var on[S, S]: bool
        part clear(x: S)
          on[x, x] := false
        action write(s: S, t: S) by kernel
          {first}
          {second}
        """
    return explained(setting(text), "m.write.overlap")[1]


@pytest.mark.parametrize(
    ("first", "second", "remedy"),
    [
        ("on[s, v] := true for v: S", "on[t, v] := false for v: S", "`s != t`"),
        ("on[s, t] := true", "on[t, s] := false", "`s != t`"),
        ("on[s, v] := true for v: S", "on[s, t] := false", "`where v != t`"),
        ("do clear(s)", "do clear(t)", "`s != t`"),
        ("on[s, t] := true", "on[s, t] := false", "one of them must go"),
    ],
)
def test_an_overlap_comes_with_a_remedy(
    setting: Make, first: str, second: str, remedy: str
) -> None:
    found = overlapping(first, second, setting)
    assert "two updates write on[s1, s1]" in found.remark
    assert remedy in found.remark
    assert dict(found.binding) == {"s": "s1", "t": "s1"}


def test_a_range_names_the_value_that_does_not_fit(setting: Make) -> None:
    trace, found = explained(
        setting("var level: 0..1\naction rise() by kernel\n  up: level += 1\n"), "m.rise.range"
    )
    assert (found.label, found.line) == ("up", "up: level += 1")
    assert found.remark == "level would be 2, outside 0..1"
    assert found.facts == (("level", "1"),)
    assert trace.length == 2


@pytest.mark.parametrize(
    ("final", "line"), [("", ""), ("final\n  level = 0\n", "level = 0")], ids=["none", "one"]
)
def test_a_deadlock_says_why_the_state_is_not_final(setting: Make, final: str, line: str) -> None:
    text = "var level: 0..1\naction rise() by kernel\n  when low: level = 0\n  level := 1\n"
    _, found = explained(setting(text + final), "deadlock")
    assert "no step changes this state" in found.remark
    assert found.line == line
