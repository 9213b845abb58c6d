"""The native engine says what the evaluator says, where random systems rarely go."""

from __future__ import annotations

import pytest
from tests.agreement.comparison import assert_agreement, natively, settings_of

from splitspec.checker.explicit import oracle

FOUR_INDICES = """
module m
sort S
enum E = x | y
var a[S, E, bool, 0..1]: E?
action put(s: S, e: E, b: bool, n: 0..1) by host
  when free: a[s, e, b, n] = none                              @kernel
  when near: n = 1 or a[s, e, b, 1] = x                        @kernel
  when few: b or e = x                                         @kernel
  a[s, e, b, n] := x
action turn(s: S, b: bool) by kernel
  a[s, e, b, k] := y for e: E, k: 0..1 where a[s, e, b, k] = x and a[s, x, not b, k] != none
invariant first
  all s: S, e: E, b: bool, n: 0..1: a[s, e, b, n] = y implies not (a[s, e, b, 0] = x)
witness both
  some s: S: a[s, x, true, 1] = x and a[s, y, true, 0] = x
"""

OPTIONS = """
module m
sort S
enum E = x | y
var a[S]: E?
var b[S]: bool?
var c[S]: 0..1?
var d: S?
action write(s: S, e: E, q: bool, n: 0..1) by host
  when free: a[s] = none or a[s] = x                           @kernel
  a[s] := e
  b[s] := q
  c[s] := n
  d := s
action clear(s: S) by kernel
  when last: d = s
  a[s] := none
  b[s] := if a[s] = x then none else b[s]
  c[t] := c[s] for t: S where b[t] = true
invariant empty
  all s: S: a[s] = none implies c[s] = none or d = s
step moved
  all s: S: unchanged a[s] or d != s or next(b[s]) = none
witness pair
  some s, t: S: s != t and b[s] = true and b[t] = false and c[s] = 1
"""

NATURALS = """
module m
sort S
var n: nat
var k[S]: nat
action rise() by host
  n += 1
action add(s: S) by kernel
  when some_: n > 0
  k[s] += 2
action fall(s: S) by kernel
  k[s] -= 1
action leap() by host
  when two: n = 2
  n := n + 3
invariant low
  n <= 3
recoverable down
  n = 0
final
  n = 4
"""

HOSTILE_CUT = """
module m
var n: nat
var a: bool
action swell() by host hostile
  n += 1
action turn() by kernel
  when small: n < 3
  a := not a
recoverable back given honest host
  not a
"""

ELEMENT_CONSTANTS = """
module m
sort S
const k: S
const l: S
const flag[S]: bool
assume sane
  k != l
  flag[k]
var at: S
var seen[S]: bool
init
  at := k
  seen[s] := true for s: S where s = l
action go(s: S) by host
  when flagged: flag[s] or at = k                              @kernel
  at := s
  seen[s] := true
invariant first
  seen[l]
witness everywhere
  all s: S: seen[s]
"""

TWO_KEYS = """
module m
sort S
enum E = x | y
var own[S, E]: S?
counter held[s: S, e: E] counts t: S where own[t, e] = s
counter all_held counts s: S, t: S where own[t, x] = s
counter kinds[t: S] counts e: E where own[t, e] != none given honest host
action take(s: S, t: S) by host
  when free: own[t, x] = none                                  @kernel
  own[t, x] := s
  held[s, x] += 1
  all_held += 1
  kinds[t] += 1
action give(s: S, t: S, e: E) by host
  when mine: own[t, e] = s                                     @kernel
  own[t, e] := none
  held[s, e] -= 1
  one: all_held -= 1
  kinds[t] -= 1
invariant little
  all s: S: held[s, x] <= 1
variant uncounted of m
  drop give.one
  expect violated all_held.exact
"""

BINDERS_THAT_MEET = """
module m
sort S
sort T
var a[S, T]: bool
var b[S]: 0..3
action spread(s: S) by host
  a[s, t] := true for t: T where not a[s, t]
  a[x, y] := false for x: S, y: T where a[x, y] and x != s
  b[x] += 1 for x: S where some t: T: a[x, t]
action both(s: S, t: T) by host
  b[s] += 1
  b[x] += 1 for x: S where a[x, t]
action reset(s: S, q: S) by host
  b[s] := 0
  b[q] += 1
action same(s: S, q: S) by host
  b[s] := 1
  b[q] := 1
"""

LOW = """module low
sort S
enum P = idle | busy | gone
var st[S]: P
var own[S]: S?
part settle(s: S)
  when busy: st[s] = busy
  st[s] := idle
part pass_on(s: S, q: S)
  when other: s != q
  pass: own[q] := s
  do settle(s)
action take(s: S) by host
  when idle: st[s] = idle
  when quiet: all q: S: st[q] != busy                          @kernel
  st[s] := busy
action leave(s: S, q: S) by kernel for s
  do pass_on(s, q)
action die(s: S) by host hostile
  when idle: st[s] = idle
  st[s] := gone
invariant one
  all s, q: S: st[s] = busy and st[q] = busy implies s = q
step never_back
  all s: S: st[s] = gone implies unchanged st[s]
"""

COMPOSED = """
module m
import low
sort T
var tag[S, T]: bool
var n: 0..3
part mark(s: S, t: T)
  tag[s, t] := true
extend low.take(s) with t: T
  when fresh: not tag[s, t]                                    @kernel
  do mark(s, t)
extend low.leave(s, q) with t: T
  clear: tag[s, t] := false
extend low.leave(s, q)
  n += 1
witness all_tagged
  all s: S, t: T: tag[s, t]
witness dead given honest host
  some s: S: st[s] = gone
recoverable home
  all s: S: st[s] = idle
recoverable away given honest host
  all s: S, t: T: not tag[s, t]
final
  n = 3
variant noisy of m
  drop take.quiet
  expect violated one
variant marked of m
  drop take.fresh
  expect redundant
variant uncleared of m
  drop leave.clear
  expect redundant
variant kept of m
  change leave(s, q)
    when free: own[q] = none
    own[q] := q
  expect redundant
  cites "a change"
variant revived of m
  action revive(s: S) by host
    when gone: st[s] = gone
    st[s] := busy
  expect violated never_back
  cites "an action more"
variant itself of m
  drop pass_on.other
  expect redundant
"""

RANGE_TO_CONSTANT = """
module m
const K: nat
sort S
var lev[S]: 0..K
var opt[S]: 0..K?
def up(s: S) = if lev[s] = K then false else (if opt[s] = none then true else (no q: S: lev[q] = 0))
action climb(s: S) by host
  when free: up(s)                                             @kernel
  lev[s] += 1
  opt[s] := if opt[s] = none then lev[s] else (if lev[s] = 0 then none else opt[s])
action jump(s: S, n: 0..K) by kernel
  when unused: no q: S: opt[q] = n
  opt[s] := n
  lev[s] := if n < K then n + 1 else n - K
action over(s: S) by kernel
  when full: lev[s] = K
  lev[s] := lev[s] + 1
invariant apart
  no s: S: opt[s] = K and lev[s] = 0
"""

NO_PARAMETERS = """
module m
var a: bool
var b: 0..2
action tally() by hardware
  b += if a then 1 else 0
action turn() by verifier
  a := not a
invariant low
  b < 2
"""

BROKEN_AT_ONCE = """
module m
sort S
var a[S]: bool
action set_(s: S) by host
  a[s] := true
invariant somewhere
  some s: S: a[s]
witness nowhere
  all s: S: not a[s]
"""

NO_ACTIONS = """
module m
sort S
var a[S]: bool
invariant none_
  all s: S: not a[s]
recoverable here
  all s: S: not a[s]
recoverable there
  all s: S: a[s]
"""

NO_INITIAL_STATE = """
module m
const k: bool
assume odd
  k
  not k
var a: bool
action turn() by host
  a := not k
invariant wrong
  false
witness right
  true
recoverable never
  a
"""

MANY_CLAIMS = "\n".join(
    [
        "\nmodule m\nvar x: 0..80\naction next_() by kernel\n  when room: x < 80\n  x += 1",
        "action leap(n: 0..80) by kernel\n  when far: n = x + 7\n  x := n\nfinal\n  x = 80",
        *(f"invariant i{k}\n  x != {k}\nwitness w{k}\n  x = {k}" for k in range(0, 80, 2)),
    ]
)
"""More properties than a word has bits."""

SYSTEMS = {
    "four indices": (FOUR_INDICES, {"S": 1}, {}, {}),
    "options": (OPTIONS, {"S": 2}, {}, {}),
    "naturals": (NATURALS, {"S": 2}, {"n": 4, "k": 3}, {}),
    "a cut of a hostile action": (HOSTILE_CUT, {}, {"n": 3}, {}),
    "constants that are elements": (ELEMENT_CONSTANTS, {"S": 3}, {}, {}),
    "counters with two keys": (TWO_KEYS, {"S": 2}, {}, {}),
    "binders that meet": (BINDERS_THAT_MEET, {"S": 2, "T": 1}, {}, {}),
    "parts, extensions and variants": (COMPOSED, {"low.S": 2, "T": 1}, {}, {}),
    "ranges that end at a constant": (RANGE_TO_CONSTANT, {"S": 2}, {}, {"K": 2}),
    "no parameters": (NO_PARAMETERS, {}, {}, {}),
    "broken in the first state": (BROKEN_AT_ONCE, {"S": 2}, {}, {}),
    "no actions": (NO_ACTIONS, {"S": 2}, {}, {}),
    "no initial state": (NO_INITIAL_STATE, {}, {}, {}),
    "many claims": (MANY_CLAIMS, {}, {}, {}),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_native_and_evaluator_agree_in_the_corners(name: str) -> None:
    text, sizes, bounds, pins = SYSTEMS[name]
    for setting, family in settings_of(text, sizes, bounds, pins, {"low": LOW}):
        assert assert_agreement(setting, family), f"{name} has too many states"


def test_a_cut_step_is_a_transition_whoever_takes_it() -> None:
    """Four values of `n` with both of `a`; in each the host swells, and below 3 the kernel turns.

    The last swelling is cut, and counts. It does not keep a state from being a deadlock, because an
    honest host would not take it.
    """
    ((setting, _), *_) = settings_of(HOSTILE_CUT, {}, {"n": 3})
    result = oracle.explore(setting)
    assert (result.run.states, result.run.transitions) == (8, 8 + 6)
    assert {v.property for v in result.verdicts if v.trace} == {"deadlock"}


HOP = """
module m
sort S
const k: S
var at: S
init
  at := k
action hop(s: S, t: S, u: S, v: S) by kernel
  when here: at = s
  at := v
witness moved
  at != k
"""


def test_a_sort_that_is_too_large_to_be_permuted_is_explored_whole_and_said() -> None:
    """From each of n places every binding of three parameters is a step; one element is pinned."""
    for size, states, remark in ((15, 2, ""), (16, 16, "symmetry of S not used")):
        ((setting, _),) = settings_of(HOP, {"S": size}, {}, {"k": 0})
        run = natively(setting, workers=1, symmetry=True).run
        assert (run.states, run.transitions) == (states, states * size**3)
        assert run.remark.startswith(remark)
        assert bool(run.remark) is bool(remark)
