"""Names and texts from outside are shown, and never run: markup, control characters, other
directions of writing, and more letters than fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.explicit.liveness import refute
from splitspec.checker.explicit.oracle import explore
from splitspec.checker.report.page import Take, page
from splitspec.checker.symbolic.proving import prove
from splitspec.cli.saved import REACHABILITY_UNKNOWN, Saved, replay_in
from splitspec.cli.selection import Request, select
from splitspec.model.evaluator import Evaluator
from splitspec.model.loader import load
from splitspec.model.picture import Companion, Parting, Picture
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
Open = Callable[..., Any]

HOSTILE = [
    "</script><script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 1'>",
    '" onmouseover="window.owned = 1',
    "{{ 7 * 7 }}${7 * 7}",
    "\u202egnp.exe \u2066 \u200f",
    "\U0001f4a3" * 40,
    "long" * 2500,
    "javascript:window.owned=1",
    "\u2028\u2029\x00\x07",
]

SHARED = """
module shared

sort C
sort Page

var table[C]: Page?                          # the page that it maps
var beat: bool                               # the heart of the machine

action map(c: C, g: Page) by container[c]
  table[c] := g

action tick() by kernel fair
  beat := not beat

invariant alone
  \"\"\"%s\"\"\"
  all c, d: C, g: Page: table[c] = g and table[d] = g implies c = d

witness mapped
  some c: C: table[c] != none

progress served(c: C)
  table[c] = none leads to table[c] != none
"""


def _setting(tmp_path: Path, text: str) -> Setting:
    path = tmp_path / "shared.split"
    path.write_text(SHARED.lstrip("\n") % text)
    program = load(path).program
    assert program is not None
    claims = properties_under(program, frozenset())
    return Setting(
        "shared", program, Scope(dict.fromkeys(program.sorts, 2), {}, {}), properties=claims
    )


def _picture(tmp_path: Path, text: str, claim: str = "shared.alone") -> Picture:
    setting = _setting(tmp_path, text)
    found = next(v.trace for v in explore(setting).verdicts if v.property == claim)
    assert found is not None
    return _drawn(setting, Saved(found))


def _drawn(setting: Setting, saved: Saved) -> Picture:
    replayed = replay_in(setting, saved)
    banner = REACHABILITY_UNKNOWN if saved.inductive else ""
    return picture_of(replayed.evaluator, replayed.claim, replayed.execution, saved.trace, banner)


def _violated(tmp_path: Path) -> Take:
    return Take("run", _picture(tmp_path, "No page is mapped twice."))


def _reached(tmp_path: Path) -> Take:
    return Take("run", _picture(tmp_path, "No page is mapped twice.", "shared.mapped"))


def _induction(tmp_path: Path) -> Take:
    """A page that is mapped, and a step that maps it again: two states."""
    setting = _setting(tmp_path, "No page is mapped twice.")
    examples = (each.counterexample for each in prove(setting, apart=False).obligations)
    trace_ = next(example.trace for example in examples if example is not None)
    return Take("run", _drawn(setting, Saved(trace_, inductive=True)))


def _progress(tmp_path: Path) -> Take:
    """The heart beats for ever, and nothing is mapped: a run that goes round."""
    setting = _setting(tmp_path, "No page is mapped twice.")
    found = refute(setting, "shared.served").trace
    assert found is not None
    return Take("run", _drawn(setting, Saved(found)))


def _beside(tmp_path: Path) -> Take:
    """A run beside another one, from which it parts in the last step."""
    picture = _picture(tmp_path, "No page is mapped twice.")
    refused = ("once", "no page is taken", "ideal.split:3")
    parting = Parting("diverges", "they part", "refused", (refused,), (("seat", "a", "b"),))
    states = (("free",), ("taken",), ("taken",))
    companion = Companion("ideal", ("seat",), states, ("take(c1)", ""), parting)
    without = replace(picture, trace=replace(picture.trace, explanation=None))
    return Take("run", without, companion=companion)


MARKED = """
view cells
  column C c: C
  column Page g: Page
  mark %s c: C where table[c] != none
  mark W%s c: C where table[c] != none
"""


@pytest.mark.parametrize("width", [1440, 420])
def test_a_mark_of_any_length_stays_in_its_cell(width: int, tmp_path: Path, visit: Open) -> None:
    """The names of a user's own view, in whatever letters; the title of the cell has all of it."""
    long = "waits_at_the_near_bank_of_the_river"
    text = SHARED + MARKED % (long, "W" * 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "SHARED", text)
        take = _violated(tmp_path)
    path = tmp_path / "page.html"
    path.write_text(page([take], "", "0"), encoding="utf-8")
    opened = visit(path).page
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.locator(".cell .mark").count() > 0
    assert opened.evaluate(OUTSIDE) == []
    assert long.replace("_", " ") in opened.locator(".cell title").first.text_content()


OUTSIDE = """() => [...document.querySelectorAll('.cell')].flatMap((cell) => {
  const body = cell.querySelector('.body').getBoundingClientRect();
  return [...cell.querySelectorAll('.mark, .mark-box')].filter((part) => {
    const { left, right } = part.getBoundingClientRect();
    return left < body.left || right > body.right;
  }).map((part) => part.textContent);
})"""

KINDS = {
    "violated": _violated,
    "reached": _reached,
    "induction": _induction,
    "progress": _progress,
    "beside": _beside,
}


# What the page looks up, instead of showing it.
KEPT = {"side", "kind", "since", "values", "truths", "value"}


def _poisoned(thing: Any, poison: str) -> Any:
    """Return the same data with every text followed by a hostile one."""
    if isinstance(thing, str):
        return thing + poison
    if isinstance(thing, tuple):
        return tuple(_poisoned(part, poison) for part in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        changed = {
            field.name: _poisoned(getattr(thing, field.name), poison)
            for field in fields(thing)
            if field.name not in KEPT
        }
        return replace(thing, **changed)
    return thing


@pytest.mark.parametrize("poison", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_texts_are_shown_and_never_run(poison: str, tmp_path: Path, visit: Open) -> None:
    picture = _poisoned(_picture(tmp_path, "No page is mapped twice."), poison)
    path = tmp_path / "page.html"
    path.write_text(page([Take("run" + poison, picture)], "text" + poison, "1", poison))
    shown = visit(path).page
    assert "alone" in shown.locator("h1").text_content()
    for key in ("Home", "ArrowRight", "ArrowRight", "d", "End", "1", "m", "t"):
        shown.keyboard.press(key)
    assert shown.evaluate("() => window.owned") is None
    assert shown.locator("img, iframe, object, a[href^='javascript:']").count() == 0
    # Long names widen no more than their own box.
    assert shown.evaluate("() => document.documentElement.scrollWidth") <= 1440


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_page_shows_hostile_texts_and_runs_none(
    kind: str, tmp_path: Path, visit: Open
) -> None:
    """All of them at once, in every text of the page, in every state and with every panel open."""
    poison = "".join(HOSTILE)
    take = _poisoned(KINDS[kind](tmp_path), poison)
    path = tmp_path / "page.html"
    path.write_text(page([take], "text" + poison, "1", poison, poison))
    shown = visit(path).page
    assert HOSTILE[0] in shown.locator("h1").text_content()
    keys = ("Home", *(["ArrowRight", "d", "d"] * len(take.picture.trace.steps)), "?", "Escape", "m")
    for key in keys:
        shown.keyboard.press(key)
    for tab in shown.locator("[role=tab]").all():
        tab.click()
    assert shown.evaluate("() => window.owned") is None
    assert shown.locator("img, iframe, object, a[href^='javascript:']").count() == 0
    assert shown.evaluate("() => document.documentElement.scrollWidth") <= 1440


def test_a_hostile_specification_is_only_text(tmp_path: Path, visit: Open) -> None:
    picture = _picture(tmp_path, HOSTILE[0] + HOSTILE[1])
    path = tmp_path / "page.html"
    path.write_text(page([Take("run", picture)], "text", "1"))
    shown = visit(path).page
    assert HOSTILE[0] in shown.locator(".claim").text_content()
    assert shown.evaluate("() => window.owned") is None


def test_two_runs_stand_side_by_side(tmp_path: Path, visit: Open) -> None:
    """What a refinement sees of each step stands beside it, and where the two part is said."""
    picture = _picture(tmp_path, "No page is mapped twice.")
    trace_ = replace(picture.trace, explanation=None)
    steps = ("take(c1)", "")
    states = (("free",), ("taken",), ("taken",))
    refused = ("once", HOSTILE[0], "ideal.split:3")
    parting = Parting("diverges", HOSTILE[1], "refused", (refused,), (("seat", "a", "b"),))
    companion = Companion("ideal", ("seat",), states, steps, parting)
    path = tmp_path / "page.html"
    take = Take("run", replace(picture, trace=trace_), companion=companion)
    path.write_text(page([take], "text", "1"))
    shown = visit(path).page
    rows = shown.locator(".other")
    assert rows.nth(1).inner_text().split() == ["≙", "take(c1)"]
    assert rows.nth(2).inner_text().split() == ["✕", "stutters", "refused"]
    beside = shown.locator("#beside")
    assert HOSTILE[0] in beside.inner_text()
    shown.keyboard.press("ArrowLeft")
    assert "seat" in beside.inner_text()
    assert "taken" in beside.inner_text()
    assert HOSTILE[1] in shown.locator(".why").inner_text()
    assert HOSTILE[0] in shown.locator(".why").inner_text()
    SHOTS.mkdir(parents=True, exist_ok=True)
    shown.keyboard.press("End")
    shown.screenshot(path=SHOTS / "side-by-side-light.png", full_page=True)


def test_a_run_of_thirty_steps_fits_in_200_kilobytes(tmp_path: Path, visit: Open) -> None:
    """Thirty steps of a whole model of the specification, chosen as they come."""
    (job, *_) = select(Request(models=("memory",), given=("none",))).jobs
    evaluator = Evaluator(job.setting)
    execution = Execution((next(evaluator.initial_states()),), ())
    while len(execution.steps) < 30:
        steps = [
            step
            for step in evaluator.steps(execution.last)
            if step.successor is not None and step.successor not in execution.states
        ]
        execution = execution.then(steps[7 * len(execution.steps) % len(steps)])
    claim = claim_named(evaluator, "fork.zygote_sealed")
    assert claim is not None
    picture = picture_of(evaluator, claim, execution, trace(evaluator, claim, execution, None))
    needed = range(2, 31, 3)
    strokes = enumerate(picture.strokes, start=1)
    picture = replace(
        picture, strokes=tuple(replace(stroke, needed=n in needed) for n, stroke in strokes)
    )
    path = tmp_path / "page.html"
    path.write_text(page([Take("run", picture)], "text", "1"))
    assert path.stat().st_size < 200_000
    shown = visit(path).page
    shown.keyboard.press("End")
    SHOTS.mkdir(parents=True, exist_ok=True)
    shown.screenshot(path=SHOTS / "thirty-steps-light.png", full_page=True)
    assert shown.locator("[role=option]").count() == 31
    # Of so many steps, those that matter can be shown alone.
    shown.locator("#filter").select_option(label="steps that the claim depends on")
    rows = [int(row.get_attribute("data-step")) for row in shown.locator(".step:visible").all()]
    assert rows == [0, *needed]
