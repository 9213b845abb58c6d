"""What stands in an export: what is said, under which names, and what is left out."""

from __future__ import annotations

from collections.abc import Callable

from tests.agreement.mypyvy_reader import Meaning, Structure, Value, read

from splitspec.checker.export.mypyvy import write
from splitspec.checker.export.uncounted import Uncounted, Unsayable
from splitspec.checker.export.uncounting import uncount
from splitspec.model.ir import ActorKind
from splitspec.model.setting import Setting

Make = Callable[..., Setting]
C = ("apply", "c", ())

LENDING = """
    sort C
    sort G
    const limit: nat
    var owner[G]: C?
    var level[C]: 0..2
    counter held[c: C] counts g: G where owner[g] = c
    action take(c: C, g: G) by kernel for c
      when free: owner[g] = none
      when in_limit: held[c] < limit                             @kernel
      when few: held[c] < 2                                      @kernel
      owner[g] := c
      tally: held[c] += 1
    action give(c: C, g: G) by kernel for c
      when mine: owner[g] = c
      owner[g] := none
      held[c] -= 1
    action raise(c: C, d: C) by kernel
      level[c] += 1
      level[d] := 0
    invariant limited
      all c: C: held[c] <= limit
    invariant the_empty_own_nothing
      all c: C, g: G: held[c] = 0 implies owner[g] != c
    step kept
      all g: G: unchanged owner[g] or actor = kernel
    witness taken
      some g: G: owner[g] != none
"""


def uncounted(setting: Setting) -> Uncounted:
    made = uncount(setting.program, setting.given, setting.variant)
    assert isinstance(made, Uncounted)
    return made


def written(setting: Setting) -> str:
    text = write(uncounted(setting), "m")
    assert isinstance(text, str)
    return text


def test_everything_left_out_is_named_with_its_reason(setting: Make) -> None:
    left = {f"{o.part.value} {o.path}": o.reason for o in uncounted(setting(LENDING)).omissions}
    assert left == {
        "property m.limited": "reads counter m.held",
        "property m.kept": "is about steps",
        "property m.taken": "is about runs",
        "property m.held.exact": "is about a counter",
        "property m.give.range": "is assumed of every step",
        "property m.raise.overlap": "is assumed of every step",
        "property m.raise.range": "is assumed of every step",
        "property deadlock": "is about runs",
        "update m.take.tally": "writes counter m.held",
        "update m.give.held": "writes counter m.held",
        "guard m.take.in_limit": "reads counter m.held",
    }
    text = written(setting(LENDING))
    assert all(path.partition(" ")[2] in text for path in left)


def test_a_counter_compared_with_a_number_is_said_by_quantifiers(setting: Make) -> None:
    """`held[c] < 2` is: no two different pages are c's."""
    text = written(setting(LENDING))
    assert (
        "!(exists g: G, g_2: G. owner_is_there(g) & owner(g) = c & owner_is_there(g_2) "
        "& owner(g_2) = c & g != g_2)"
    ) in text
    assert "held" not in "".join(line.partition("#")[0] for line in text.splitlines())


def test_the_file_declares_claims_and_transitions_of_the_system(setting: Make) -> None:
    file = read(written(setting(LENDING)))
    assert file.sorts == ["C", "G"]
    assert file.symbols == {
        "limit": ((), "int", False),
        "owner_is_there": (("G",), "bool", True),
        "owner": (("G",), "C", True),
        "level": (("C",), "int", True),
    }
    assert {name: word for name, (word, _) in file.claims.items()} == {
        "the_empty_own_nothing": "safety",
        "level_is_in_range": "invariant",
    }
    steps = {name: (t.parameters, t.modified) for name, t in file.transitions.items()}
    assert steps == {
        "take": ((("c", "C"), ("g", "G")), ("owner_is_there", "owner")),
        "give": ((("c", "C"), ("g", "G")), ("owner_is_there",)),
        "raise": ((("c", "C"), ("d", "C")), ("level",)),
    }


def test_a_step_that_overlaps_or_leaves_a_range_does_not_exist(setting: Make) -> None:
    step = read(written(setting(LENDING))).transitions["raise"]
    meaning = Meaning({"C": [0, 1], "G": [0]})

    def after(level: int, c: int, d: int) -> dict[tuple[Value, ...], Value] | None:
        here: Structure = {"level": {(0,): level, (1,): 2}}
        found = meaning.successor(step, here, {"c": c, "d": d})
        return None if found is None else dict(found["level"])

    assert after(1, 0, 1) == {(0,): 2, (1,): 0}
    assert after(1, 0, 0) is None  # both updates write one place
    assert after(2, 0, 1) is None  # 3 is not in the range


def test_a_step_exists_whatever_stands_where_an_option_is_absent(setting: Make) -> None:
    text = """
    var wide: 0..4?
    var narrow: 0..3?
    action fill() by kernel
      wide := 4
    action empty() by kernel
      wide := none
    action copy() by kernel
      narrow := wide
    """
    step = read(written(setting(text))).transitions["copy"]
    meaning = Meaning({"int": list(range(-1, 6)), "bool": [False, True]})

    def copied(there: bool, value: int) -> Value | None:
        here: Structure = {
            "wide_is_there": {(): there},
            "wide": {(): value},
            "narrow_is_there": {(): True},
            "narrow": {(): 0},
        }
        after = meaning.successor(step, here, {})
        return None if after is None else after["narrow_is_there"][()]

    assert copied(True, 3) is True
    assert copied(True, 4) is None  # It leaves the range.
    assert copied(False, 4) is False  # What was there once means nothing.


def test_an_update_writes_what_its_binder_ranges_over_and_no_more(setting: Make) -> None:
    text = """
        var high[0..2]: bool
        action raise_some() by kernel
          high[i] := true for i: 0..1
        invariant low
          not high[2]
    """
    step = read(written(setting(text))).transitions["raise_some"]
    numbers: Structure = {f"upto2_{n}": {(): n} for n in range(3)}
    here: Structure = {**numbers, "high": {(n,): False for n in range(3)}}
    found = Meaning({"upto2": [0, 1, 2]}).successor(step, here, {})
    assert found is not None
    assert list(found["high"].values()) == [True, True, False]


def test_an_action_of_a_promise_is_left_to_the_adversary_that_has_it(setting: Make) -> None:
    text = """
    sort C
    var up[C]: bool
    action lift(c: C) by host
      when down: not up[c]
      up[c] := true
    action lower(c: C) by host hostile
      up[c] := false
    invariant any
      all c: C: up[c] or not up[c]
    invariant kept given honest host
      all c: C: up[c] implies up[c]
    """
    weak, strong = read(written(setting(text))), setting(text, given=(ActorKind.HOST,))
    assert list(weak.transitions) == ["lift", "lower"]
    assert weak.transitions["lift"].formula[0] == "forall"  # the promise is no guard here
    assert list(weak.claims) == ["any_"]
    left = {omission.path: omission.reason for omission in uncounted(setting(text)).omissions}
    assert left["m.kept"] == "is claimed given honest host"
    honest = read(written(strong))
    assert list(honest.transitions) == ["lift"]
    assert honest.transitions["lift"].formula[:2] == ("&", ("!", ("apply", "up", (C,))))
    # What is claimed of a stronger adversary holds, too, and may be used.
    assert sorted(honest.claims) == ["any_", "kept"]


def test_a_word_of_the_other_language_is_no_name_there(setting: Make) -> None:
    text = """
    sort C
    var safety[C]: bool
    var modifies: C?
    action new_one(sort_: C, X0: C) by kernel
      when other: sort_ != X0
      safety[X0] := true
      modifies := sort_
    invariant trace
      all theorem: C: safety[theorem] implies modifies != none
    """
    file = read(written(setting(text)))
    assert {"safety_", "modifies_", "modifies_is_there"} <= set(file.symbols)
    assert file.transitions["new_one"].parameters == (("sort_", "C"), ("X0_", "C"))
    assert list(file.claims) == ["trace_"]


def test_no_two_locals_have_one_name_there(setting: Make) -> None:
    text = """
    sort C
    var up[C]: bool
    action lift(init_: C, new: C, new_: C) by kernel
      when other: new != new_ and init_ != new
      up[new] := true
    invariant any
      all X0: C, X0_: C: X0 = X0_ or up[X0] or not up[X0_]
    """
    file = read(written(setting(text)))
    step = file.transitions["lift"]
    assert len({name for name, _ in step.parameters}) == 3
    here: Structure = {"up": {(0,): False, (1,): False}}
    meaning = Meaning({"C": [0, 1]})
    names = [name for name, _ in step.parameters]
    assert meaning.successor(step, here, dict(zip(names, (1, 0, 1), strict=True))) is not None
    assert meaning.successor(step, here, dict(zip(names, (1, 0, 0), strict=True))) is None
    claim = file.claims["any_"][1]
    assert not meaning.value(claim, {"up": {(0,): False, (1,): True}}, {})


def test_what_cannot_be_said_is_refused_with_its_place(setting: Make) -> None:
    indexed = """
    sort C
    const last: nat
    var used[C, 0..last]: bool
    action use(c: C) by kernel
      used[c, 0] := true
    invariant any_at_all
      all c: C: used[c, 0] or not used[c, 0]
    """
    made = write(uncounted(setting(indexed, pins={"m.last": 1})), "m")
    assert isinstance(made, Unsayable)
    assert "m.used" in made.reason
    assert made.span.line == 5
    copied = LENDING.replace("      level[d] := 0\n", "      level[d] := held[d]\n")
    assert copied != LENDING
    there = setting(copied)
    refused = uncount(there.program, there.given)
    assert isinstance(refused, Unsayable)
    assert refused.reason == "m.raise writes what depends on counter m.held"
