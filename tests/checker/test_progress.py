"""Claims of progress: what a ranking proves, and what none can."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.checker.small_systems import LEAVING, SHARING

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.lasso import groups_of, refutes_progress
from splitspec.checker.evidence.replay import perform, retrace
from splitspec.checker.explicit.liveness import refute
from splitspec.checker.explicit.search import explore
from splitspec.checker.report.trace_document import decode, encode
from splitspec.checker.symbolic.proving import prove
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

Make = Callable[..., Setting]

# The buffer may be filled anew all the time, with the same thing.
BUFFERED = """
    sort C
    sort D
    const wanted[C]: D
    var waiting[C]: bool
    var buffer[C]: D?
    action want(c: C) by kernel for c
      waiting[c] := true
    action fill(c: C, d: D) by kernel fair for c
      when right: wanted[c] = d
      buffer[c] := d
    action fetch(c: C, d: D) by kernel for c fair for c
      when waiting: waiting[c]
      when there: buffer[c] = d
      waiting[c] := false
    progress served(c: C)
      waiting[c] leads to not waiting[c]
"""


def verdict(setting: Setting) -> Verdict:
    found = [v for v in prove(setting).verdicts if v.kind.value == "progress"]
    (only,) = found
    return only


def holds(setting: Setting) -> bool:
    found = verdict(setting)
    if found.outcome is Outcome.HOLDS:
        assert found.assurance.kind is AssuranceKind.PROVED
        return True
    assert found.outcome is Outcome.UNKNOWN
    assert found.reason
    return False


PAIRS = """
    sort C
    var last: C?
    action give(c: C, d: C) by kernel fair for c fair for d
      last := c
    progress some_given
      last = none leads to last != none
"""


def test_a_set_that_only_shrinks_is_a_rank(setting: Make) -> None:
    assert holds(setting(LEAVING))
    assert verdict(setting(LEAVING)).reason == "waits for m.give(c, _), then m.finish(c)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "by kernel for c fair for c\n      when leaving: phase[c] = leaving\n      when mine",
            "by kernel for c\n      when leaving: phase[c] = leaving\n      when mine",
        ),
        ("      when running: phase[c] = running\n      when free", "      when free"),
        ("      when mine: owner[g] = c\n", "      when mine: owner[g] = c and phase[c] = gone\n"),
        ("      phase[c] := gone\n", "      owner[g] := none for g: G where owner[g] = c\n"),
    ],
    ids=["nobody has to give", "taken anew for ever", "never enabled", "nothing reached"],
)
def test_what_may_wait_for_ever_is_not_proved(setting: Make, old: str, new: str) -> None:
    assert old in LEAVING
    assert not holds(setting(LEAVING.replace(old, new, 1)))


def test_fairness_for_some_container_is_not_fairness_for_each(setting: Make) -> None:
    assert not holds(setting(LEAVING.replace("fair for c", "fair")))


def test_a_step_that_changes_nothing_does_not_count(setting: Make) -> None:
    assert holds(setting(BUFFERED))


def test_a_step_that_undoes_another_keeps_it_waiting(setting: Make) -> None:
    spilled = (
        BUFFERED
        + """
    action spill(c: C) by host
      buffer[c] := none
    """
    )
    assert not holds(setting(spilled))


def test_waiting_that_may_end_without_an_answer_is_no_progress(setting: Make) -> None:
    lost = (
        LEAVING
        + """
    action forget(c: C) by host
      when leaving: phase[c] = leaving
      phase[c] := running
    """
    )
    found = verdict(setting(lost))
    assert found.outcome is Outcome.UNKNOWN
    assert "forget may end the waiting" in found.reason


def test_progress_rests_on_lemmas_that_are_proved_with_it(setting: Make) -> None:
    """`give` needs a mark that every owned page has; without the lemma nobody knows that."""
    marked = (
        LEAVING.replace("    var owner[G]: C?\n", "    var owner[G]: C?\n    var mark[G]: bool\n")
        .replace("      owner[g] := c\n", "      owner[g] := c\n      mark[g] := true\n")
        .replace("      when mine: owner[g] = c\n", "      when mine: owner[g] = c and mark[g]\n")
    )
    lemma = """
    lemma owned_are_marked
      all c: C, g: G: owner[g] = c implies mark[g]
    """
    assert not holds(setting(marked))
    assert holds(setting(marked + lemma))
    result = prove(setting(marked + lemma))
    assert dict(result.basis)["m.exits_end"] == ("m.owned_are_marked",)


# The explicit search: what is proved has no fair run against it, and what is wrong has one.


def lasso(setting: Setting) -> list[str] | None:
    (path,) = setting.progress
    found = refute(setting, path)
    assert found.complete
    return None if found.trace is None else [str(step) for step in found.trace.steps]


@pytest.mark.parametrize("text", [LEAVING, BUFFERED], ids=["leaving", "buffered"])
def test_what_is_proved_has_no_fair_run_against_it(setting: Make, text: str) -> None:
    assert lasso(setting(text)) is None


def test_a_run_may_stop_where_nothing_has_to_happen(setting: Make) -> None:
    unfair = LEAVING.replace(" fair for c", "")
    assert lasso(setting(unfair)) == ["leave(c1)"]


def test_it_waits_from_the_first_time_that_stays_without_an_answer(setting: Make) -> None:
    """Somebody is in need, served, and in need again; there it may stop."""
    text = """
        enum Moment = needed | served | again
        var now: Moment
        init
          now := needed
        action serve() by kernel fair
          when needed: now = needed
          now := served
        action need() by kernel
          when served: now = served
          now := again
        progress need_is_served
          now = needed or now = again leads to now = served
    """
    needy = setting(text)
    assert lasso(needy) == ["serve()", "need()"]
    trace = refute(needy, *needy.progress).trace
    assert trace is not None
    assert trace.explanation is not None
    assert trace.explanation.remark.startswith("It waits from state 2 on.")
    assert trace.explanation.facts == (("now", "again"),)


def rows(setting: Setting) -> set[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """The ledger of the run against the claim: who, in which states, and at which steps."""
    trace = refute(setting, *setting.progress).trace
    assert trace is not None
    assert trace.explanation is not None
    found = trace.explanation.fairness
    assert decode(encode(trace)).explanation == trace.explanation
    return {
        (f"{row.action}({', '.join(v for _, v in row.names)})", row.enabled, row.taken)
        for row in found
    }


def test_a_round_owes_nothing_to_whom_its_ledger_names(setting: Make) -> None:
    """By turns each `give` is enabled, and neither in both states of the round; of those for
    another G nobody is told apart, as fairness is to each `b` alone."""
    assert rows(setting(TURNS)) == {("m.give(false)", (0,), ()), ("m.give(true)", (1,), ())}


def test_a_run_that_stops_owes_nothing_where_it_stays(setting: Make) -> None:
    unfair = LEAVING.replace(" fair for c", "", 1)
    assert unfair != LEAVING
    trace = refute(setting(unfair), *setting(unfair).progress).trace
    assert trace is not None
    assert trace.explanation is not None
    for row in trace.explanation.fairness:
        assert (row.states, row.enabled, row.taken) == ((len(trace.steps),), (), ())


def test_fairness_to_one_parameter_is_none_to_another_of_its_value(setting: Make) -> None:
    """To give from c1 is owed even if something is given to c1 again and again."""
    evaluator = Evaluator(setting(PAIRS))
    steps = evaluator.steps(next(evaluator.initial_states()))
    groups = {group for step in steps for group in groups_of(evaluator, step)}
    elements = len(evaluator.universe.values(evaluator.actions["m.give"].parameters[0].type))
    assert elements > 1
    assert len(groups) == 2 * elements


def test_a_round_is_fair_to_others_and_never_answers(setting: Make) -> None:
    """While c2 takes and gives for ever, c1 need not finish if `finish` is fair to somebody."""
    loose = LEAVING.replace(
        "      when leaving: phase[c] = leaving\n      when mine", "      when mine"
    )
    assert lasso(setting(loose)) is None
    some = loose.replace("finish(c: C) by kernel for c fair for c", "finish(c: C) by kernel for c")
    steps = lasso(setting(some))
    assert steps is not None
    assert steps[0] == "leave(c1)"


def test_a_spilled_buffer_is_filled_and_spilled_for_ever(setting: Make) -> None:
    spilled = (
        BUFFERED
        + """
    action spill(c: C) by host
      buffer[c] := none
    """
    )
    found = refute(setting(spilled), "m.served")
    assert found.trace is not None
    assert found.trace.states[-1] in found.trace.states[:-1]
    calls = [step.action for step in found.trace.steps]
    assert "m.fetch" not in calls
    assert {"m.fill", "m.spill"} <= set(calls)


def test_strong_fairness_excludes_what_weak_fairness_allows(setting: Make) -> None:
    """`fetch` is enabled again and again, and never for good."""
    spilled = (
        BUFFERED
        + """
    action spill(c: C) by host
      buffer[c] := none
    """
    )
    fetch = "action fetch(c: C, d: D) by kernel for c fair for c"
    assert fetch in spilled
    strong = spilled.replace(fetch, fetch.replace("fair for", "strongly fair for"))
    assert lasso(setting(strong)) is None


# Where fairness is to instances, and none of them stays enabled.

TURNS = """
    sort G
    var odd: bool
    var left[G]: bool
    init
      left[g] := true for g: G
    action flip() by kernel
      odd := not odd
    action give(b: bool, g: G) by kernel fair for b
      when turn: odd = b
      when there: left[g]
      left[g] := false
    progress all_given
      not odd or odd leads to (all g: G: not left[g])
"""


def test_fairness_for_each_is_of_no_use_to_what_is_enabled_by_turns(setting: Make) -> None:
    """Some `give` is enabled all the time, and none of the two for good."""
    turns = setting(TURNS)
    assert not holds(turns)
    steps = lasso(turns)
    assert steps is not None
    assert all(step.startswith("flip") for step in steps)
    assert holds(setting(TURNS.replace("fair for b", "fair")))


def test_who_is_enabled_again_and_again_happens_if_that_is_strongly_fair(setting: Make) -> None:
    found = verdict(setting(SHARING))
    assert found.outcome is Outcome.HOLDS
    assert found.reason == "waits for m.stop(_), then m.enter(c)"
    assert lasso(setting(SHARING)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strongly fair for c", "fair for c"),
        ("strongly fair for c", "strongly fair"),
        ("by host fair\n", "by host\n"),
        ("      runs := none\n", "      runs := c\n"),
    ],
    ids=["weakly fair", "to somebody", "nobody stops", "stopping stops nobody"],
)
def test_without_its_part_of_fairness_somebody_waits_for_ever(
    setting: Make, old: str, new: str
) -> None:
    assert old in SHARING
    unfair = setting(SHARING.replace(old, new, 1))
    assert not holds(unfair)
    assert lasso(unfair) is not None


def test_strong_fairness_is_weak_fairness_too(setting: Make) -> None:
    give = "give(c: C, g: G) by kernel for c"
    strong = LEAVING.replace(f"{give} fair", f"{give} strongly fair")
    assert strong != LEAVING
    assert holds(setting(strong))
    assert lasso(setting(strong)) is None


# A premise that no state meets: the claim is proved, and says nothing. Exploration finds it.


@pytest.mark.parametrize("evaluator_states", [0, 1_000], ids=["native", "evaluator"])
@pytest.mark.parametrize(
    ("premise", "unmet"),
    [
        ("phase[c] = leaving and owner[g] = c", ()),
        ("phase[c] = gone and owner[g] = c", ("m.exits_end",)),
    ],
    ids=["met", "never met"],
)
def test_a_premise_that_never_holds_is_found(
    setting: Make, evaluator_states: int, premise: str, unmet: tuple[str, ...]
) -> None:
    """Who is gone owns no page, so of such a state everything is claimed in vain."""
    text = LEAVING.replace("exits_end(c: C)", "exits_end(c: C, g: G)")
    made = setting(text.replace("phase[c] = leaving leads", f"{premise} leads"))
    result = explore(made, evaluator_states=evaluator_states)
    assert result.run.coverage is not None
    assert result.run.coverage.never_met == unmet
    if unmet:
        (proved,) = (v for v in prove(made).verdicts if v.property == "m.exits_end")
        assert proved.outcome is Outcome.HOLDS


def _run(setting: Setting) -> tuple[Evaluator, Property, Execution]:
    (path,) = setting.progress
    found = refute(setting, path).trace
    assert found is not None
    evaluator = Evaluator(setting)
    execution = retrace(evaluator, found)
    assert isinstance(execution, Execution)
    return evaluator, setting.program.properties[path], execution


# Who runs takes and gives for ever.
ROUND = LEAVING.replace(
    "take(c: C, g: G) by kernel for c", "take(c: C, g: G) by kernel for c fair for c"
).replace("      when leaving: phase[c] = leaving\n      when mine", "      when mine")
UNFAIR = ROUND.replace("finish(c: C) by kernel for c fair for c", "finish(c: C) by kernel for c")


def test_a_round_is_judged_again_by_the_evaluator_alone(setting: Make) -> None:
    """What the search found refutes the claim; a run that stops before it is round does not, nor
    one that is answered, nor the same round where an action that waits in it is fair."""
    evaluator, claim, execution = _run(setting(UNFAIR))
    assert execution.states[-1] in execution.states[:-1]
    assert refutes_progress(evaluator, claim, execution)
    shorter = Execution(execution.states[:-1], execution.steps[:-1])
    assert not refutes_progress(evaluator, claim, shorter)
    fair = Evaluator(setting(ROUND))
    calls = [(step.action, dict(step.binding)) for step in execution.steps]
    again = perform(fair, calls, execution.states[0])
    assert isinstance(again, Execution)
    assert not refutes_progress(fair, claim, again)
    assert not refutes_progress(evaluator, claim, Execution(execution.states[:1], ()))


def test_a_run_that_may_stop_is_judged_again(setting: Make) -> None:
    unfair = LEAVING.replace(" fair for c", "")
    evaluator, claim, execution = _run(setting(unfair))
    assert refutes_progress(evaluator, claim, execution)
    fair = Evaluator(setting(LEAVING))
    assert not refutes_progress(fair, claim, execution)
