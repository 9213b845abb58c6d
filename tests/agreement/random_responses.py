"""A strategy for small systems with fair actions and claims of progress, as text.

Steps are drawn from those of which progress is made (something is consumed, moved on, given back)
and those that work against it (taken again, set anew), with guards that may or may not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

HEADER = """module random
sort S
sort T
enum E = red | green | blue
var waits[S]: bool
var done[S]: bool
var light[S]: E
var held[T]: S?
var locked: bool
"""

STEPS = {
    "answer": ("c: S", ["waits[c]"], ["waits[c] := false"]),
    "finish": ("c: S", ["waits[c]"], ["waits[c] := false", "done[c] := true"]),
    "begin": ("c: S", ["light[c] = red"], ["light[c] := green"]),
    "go_on": ("c: S", ["light[c] = green"], ["light[c] := blue"]),
    "return": ("c: S", ["light[c] = blue"], ["light[c] := red"]),
    "give": ("c: S, t: T", ["held[t] = c"], ["held[t] := none"]),
    "clear": ("c: S", ["no u: T: held[u] = c"], ["waits[c] := false"]),
    "take": ("c: S, t: T", ["held[t] = none"], ["held[t] := c"]),
    "ask": ("c: S", [], ["waits[c] := true"]),
    "forget": ("c: S", ["done[c]"], ["done[c] := false"]),
    "lock": ("c: S", ["waits[c]"], ["locked := true"]),
    "unlock": ("c: S", ["locked"], ["locked := false"]),
}

GUARDS = (
    "waits[c]",
    "not waits[c]",
    "not done[c]",
    "light[c] = red",
    "light[c] != blue",
    "not locked",
    "all u: T: held[u] != c",
)

STATES = (
    "waits[c]",
    "done[c]",
    "light[c] = red",
    "light[c] = green",
    "light[c] = blue",
    "waits[c] and light[c] = green",
    "(some u: T: held[u] = c)",
    "locked",
)


@dataclass(frozen=True)
class RandomResponse:
    """A module named `random` that claims progress."""

    text: str


@st.composite
def random_responses(draw: st.DrawFn) -> RandomResponse:
    """Draw a module; its state spaces at two elements a sort have some thousand states at most."""
    lines = [HEADER]
    names = draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=5, unique=True))
    for name in names:
        parameters, guards, updates = STEPS[name]
        fair = draw(st.sampled_from(("", " fair for c", " fair for c", " fair")))
        lines.append(f"action {name}_({parameters}) by kernel for c{fair}")
        more = draw(st.lists(st.sampled_from(GUARDS), max_size=1))
        labels = enumerate([*guards, *more])
        lines += [f"  when g{number}: {guard}" for number, guard in labels]
        lines += [f"  {update}" for update in updates]
    premise, answer = draw(st.sampled_from(STATES)), draw(st.sampled_from(STATES))
    denied = draw(st.sampled_from(("", "not ")))
    lines.append("progress comes(c: S)")
    lines.append(f"  {premise} leads to {denied}({answer})")
    return RandomResponse("\n".join(lines) + "\n")
