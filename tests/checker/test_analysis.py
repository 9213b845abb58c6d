"""Why a claim is false, what let it happen, and what would not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution, shows
from splitspec.checker.evidence.minimisation import minimise
from splitspec.checker.evidence.replay import perform
from splitspec.checker.explicit.oracle import explore
from splitspec.model.evaluator import Evaluator
from splitspec.model.setting import Setting
from splitspec.model.trace import Explanation, Truth

Make = Callable[..., Setting]

TABLES = """
    sort C
    sort Page
    var table[C]: Page?
    var open[C]: bool
    counter mappers[g: Page] counts c: C where table[c] = g
    def maps(c: C, g: Page) = table[c] = g
    action unlock(c: C) by host
      when polite: not open[c]
      open[c] := true
    action map(c: C, g: Page) by kernel for c
      when hole:     table[c] = none
      when unmapped: mappers[g] = 0
      table[c] := g
      tally: mappers[g] += 1
    action unmap(c: C, g: Page) by kernel for c
      when mapped: table[c] = g
      table[c] := none
      mappers[g] -= 1
    invariant alone
      all c, d: C, g: Page: maps(c, g) and maps(d, g) implies c = d
    invariant shut
      no c: C: open[c] and table[c] != none
    variant shared of m
      drop map.unmapped
      expect violated alone within 2 steps
    variant uncounted of m
      drop map.tally
      expect violated mappers.exact within 1 steps
    variant forced of m
      change map(c, g)
        table[c] := g
        mappers[g] += 1
      expect violated mappers.exact within 2 steps
      cites "an action with neither of its guards"
"""


def _why(setting: Setting, path: str) -> Explanation:
    verdict = next(v for v in explore(setting).verdicts if v.property == path)
    assert verdict.trace is not None
    assert verdict.trace.explanation is not None
    return verdict.trace.explanation


def _leaves(truths: tuple[Truth, ...]) -> Iterator[Truth]:
    for truth in truths:
        if truth.parts:
            yield from _leaves(truth.parts)
        else:
            yield truth


def test_every_part_that_decides_has_its_value_and_its_step(setting: Make) -> None:
    """The first step maps the page for one, the second for the other; `c = d` was never true."""
    why = _why(setting(TABLES, variant="shared"), "m.alone")
    (whole,) = why.truth
    assert (whole.text, whole.value) == ("all c: C, d: C, g: Page:", "false")
    body = whole.parts[0]
    assert dict(body.names) == {"c": "c1", "d": "c2", "g": "p1"}
    assert len(whole.parts) == 1
    assert whole.others == 1  # The same with `c` and `d` exchanged.
    leaves = {(leaf.text, leaf.value, leaf.since) for leaf in _leaves((body,))}
    assert {text for text, _, _ in leaves} == {"table[c] = g", "c = d"}
    assert {since for text, _, since in leaves if text == "table[c] = g"} == {1, 2}
    assert ("c = d", "false", 0) in leaves


def test_a_denied_quantifier_shows_what_it_denies(setting: Make) -> None:
    why = _why(setting(TABLES), "m.shut")
    (whole,) = why.truth
    assert whole.text == "no c: C:"
    assert {leaf.text for leaf in _leaves(why.truth)} == {"open[c]", "table[c] != none"}


def test_a_dropped_guard_is_the_cause_with_what_it_reads(setting: Make) -> None:
    why = _why(setting(TABLES, variant="shared"), "m.alone")
    cause = next(cause for cause in why.causes if cause.varied)
    assert (cause.name, cause.step) == ("m.map.unmapped", 2)
    assert cause.text == "mappers[g] = 0"
    assert dict(cause.places) == {"mappers[p1]": "1"}
    assert "shared" in cause.reason


def test_the_guard_that_a_variant_drops_is_what_would_have_prevented_it(setting: Make) -> None:
    """Five instances were possible and break nothing: two pages for each of two containers at
    first, then the other page for the other container. Their pages are not mapped, so that the
    guard refuses none."""
    why = _why(setting(TABLES, variant="shared"), "m.alone")
    guard = why.strengthening
    assert guard is not None
    assert (guard.action, guard.guard) == ("m.map", "mappers[g] = 0")
    assert (guard.refused, guard.instances) == (0, 5)


def test_a_dropped_update_is_no_guard(setting: Make) -> None:
    why = _why(setting(TABLES, variant="uncounted"), "m.mappers.exact")
    assert why.strengthening is None


def test_of_two_guards_that_a_variant_drops_the_later_one_is_given_back(setting: Make) -> None:
    """Nothing breaks before the second step; what was loaded can stay so."""
    text = """
        var loaded: bool
        var fired: bool
        action load() by kernel
          when safe: false
          loaded := true
        action fire() by kernel
          when ready: loaded
          when held: not loaded
          fired := true
        invariant quiet
          not fired
        variant armed of m
          drop load.safe
          drop fire.held
          expect violated quiet within 2 steps
          cites "two guards of one design"
    """
    guard = _why(setting(text, variant="armed"), "m.quiet").strengthening
    assert guard is not None
    assert (guard.action, guard.guard) == ("m.fire", "not loaded")


def test_where_no_element_is_named_a_neighbour_is_of_the_same_actor(setting: Make) -> None:
    text = """
        var used: bool
        var cleared: bool
        action use() by kernel
          used := true
        action clear() by host
          cleared := true
        invariant unused
          not used or cleared
    """
    assert _why(setting(text), "m.unused").neighbour is None
    own = text.replace("clear() by host", "clear() by kernel")
    near = _why(setting(own), "m.unused").neighbour
    assert near is not None
    assert near.action == "m.clear"


def test_a_neighbour_is_about_what_the_last_step_is_about(setting: Make) -> None:
    """Every `use` breaks the claim. Clearing the same container is a choice, too; a tick is none,
    nor is it to lock the container, which nobody asks about."""
    text = """
        sort C
        sort Clock
        var used[C]: bool
        var locked[C]: bool
        var cleared[C]: bool
        var ticked[Clock]: bool
        action use(c: C) by kernel for c
          when open: not locked[c]
          used[c] := true
        action tick(k: Clock) by kernel
          ticked[k] := true
        action lock(c: C) by host
          locked[c] := true
        action clear(c: C) by host
          cleared[c] := true
        invariant unused
          no c: C: used[c] and not cleared[c]
    """
    near = _why(setting(text), "m.unused").neighbour
    assert near is not None
    assert (near.action, dict(near.arguments)) == ("m.clear", {"c": "c1"})
    without = text.replace(" and not cleared[c]", "")
    assert _why(setting(without), "m.unused").neighbour is None


def test_a_dropped_update_is_the_cause_with_what_it_would_write(setting: Make) -> None:
    why = _why(setting(TABLES, variant="uncounted"), "m.mappers.exact")
    (cause,) = (cause for cause in why.causes if cause.varied)
    assert (cause.name, cause.text) == ("m.map.tally", "mappers[g] += 1")
    assert "mappers[p1] would be 1, not 0" in cause.reason


def test_guards_of_a_changed_action_are_causes(setting: Make) -> None:
    why = _why(setting(TABLES, variant="forced"), "m.mappers.exact")
    assert {cause.name for cause in why.causes if cause.varied} >= {"m.map.hole"}


def test_a_promise_that_nobody_gave_is_named_as_one(setting: Make) -> None:
    text = TABLES.replace("when polite: not open[c]", "when polite: open[c]")
    why = _why(setting(text), "m.shut")
    (cause,) = why.causes
    assert not cause.varied
    assert "promise of an honest host" in cause.reason


def test_the_guard_that_is_proposed_refuses_the_step_and_as_little_else_as_can_be(
    setting: Make,
) -> None:
    """Without the guard the action maps a mapped page. `mappers[g] = 0` is the one that was there,
    and no weaker condition keeps the two apart."""
    text = TABLES.replace("      when unmapped: mappers[g] = 0\n", "")
    text = text[: text.index("    variant shared")]
    why = _why(setting(text), "m.alone")
    assert why.strengthening is not None
    assert why.strengthening.action == "m.map"
    assert why.strengthening.guard in ("mappers[g] = 0", "no x: C: table[x] = g")
    assert why.strengthening.refused == 0
    assert why.strengthening.instances > 0


def test_no_guard_is_proposed_that_would_end_the_action(setting: Make) -> None:
    """Where nothing else could happen on the way, each guard refuses as little as any other; one
    that says the opposite of a guard that is there is none that anybody could want."""
    text = """
        sort K
        sort P
        var holder[K]: P?
        init
          holder[k] := none for k: K
        action hand_out(p: P, k: K) by kernel
          when free: holder[k] = none
          holder[k] := p
        invariant unheld
          all k: K: holder[k] = none
    """
    why = _why(setting(text, sizes=1), "m.unheld")
    if why.strengthening is not None:
        assert why.strengthening.guard not in ("holder[k] != none", "holder[k] = p")
    alone = """
        invariant one_each
          all k, l: K, p: P: holder[k] = p and holder[l] = p implies k = l
    """
    twice = text[: text.index("        invariant")].rstrip(" ") + alone
    why = _why(setting(twice), "m.one_each")
    assert why.strengthening is not None
    assert why.strengthening.guard == "no x: K: holder[x] = p"


@pytest.mark.parametrize(
    ("limit", "guard"),
    [("quota", "used[c] < quota"), ("2", "used[c] < 2")],
    ids=["named", "number"],
)
def test_a_limit_is_what_keeps_a_number_below_one(setting: Make, limit: str, guard: str) -> None:
    """Whoever has used two has reached the limit; no other simple condition refuses the third use
    and none of the first two, of either container."""
    text = f"""
        sort C
        const quota: 0..3
        var used[C]: 0..4
        assume small
          quota = 2
        action use(c: C) by kernel for c
          when room: used[c] < 4
          used[c] += 1
        action wait() by host
          used[c] := 0 for c: C
        invariant frugal
          all c: C: used[c] <= {limit}
    """
    why = _why(setting(text), "m.frugal")
    assert why.strengthening is not None
    assert (why.strengthening.action, why.strengthening.guard) == ("m.use", guard)
    assert why.strengthening.refused == 0
    mended = text.replace("when room: used[c] < 4", f"when room: {guard}")
    assert {v.property: v.trace for v in explore(setting(mended)).verdicts}["m.frugal"] is None


def test_the_proposed_guard_mends_the_design(setting: Make) -> None:
    text = TABLES[: TABLES.index("    variant shared")]
    broken = text.replace("      when unmapped: mappers[g] = 0\n", "")
    why = _why(setting(broken), "m.alone")
    assert why.strengthening is not None
    guard = f"      when unmapped: {why.strengthening.guard}\n"
    mended = text.replace("      when unmapped: mappers[g] = 0\n", guard)
    verdicts = {v.property: v.trace for v in explore(setting(mended)).verdicts}
    assert verdicts["m.alone"] is None


def test_the_neighbour_is_the_same_action_with_other_arguments(setting: Make) -> None:
    why = _why(setting(TABLES, variant="shared"), "m.alone")
    assert why.neighbour is not None
    assert why.neighbour.action == "m.map"
    assert dict(why.neighbour.arguments) == {"c": "c2", "g": "p2"}


@pytest.mark.parametrize("budget", [20_000, 40, 0])
def test_a_minimised_run_shows_the_claim_and_is_no_longer(setting: Make, budget: int) -> None:
    made = setting(TABLES, variant="shared")
    evaluator = Evaluator(made)
    claim = claim_named(evaluator, "m.alone")
    assert claim is not None
    calls = [
        ("m.unlock", {"c": 0}),
        ("m.map", {"c": 1, "g": 1}),
        ("m.unmap", {"c": 1, "g": 1}),
        ("m.unlock", {"c": 1}),
        ("m.map", {"c": 0, "g": 1}),
        ("m.map", {"c": 1, "g": 1}),
    ]
    whole = perform(evaluator, calls, next(evaluator.initial_states()))
    assert isinstance(whole, Execution)
    best = minimise(evaluator, claim, whole, budget)
    assert shows(evaluator, claim, best)
    if budget == 0:  # To leave out the second and third step, which cancel each other, costs none.
        assert best.steps == (whole.steps[0], *whole.steps[3:])
    elif budget == 20_000:
        # Two mappings of one page are needed; pages and containers are the first ones.
        assert [step.binding for step in best.steps] == [
            (("c", 0), ("g", 0)),
            (("c", 1), ("g", 0)),
        ]
    assert len(best.steps) <= len(whole.steps)


def test_a_run_that_cannot_be_shorter_is_left_as_it_is(setting: Make) -> None:
    evaluator = Evaluator(setting(TABLES, variant="shared"))
    claim = claim_named(evaluator, "m.alone")
    assert claim is not None
    calls = [("m.map", {"c": 1, "g": 1}), ("m.map", {"c": 0, "g": 1})]
    whole = perform(evaluator, calls, next(evaluator.initial_states()))
    assert isinstance(whole, Execution)
    assert minimise(evaluator, claim, whole) == whole
