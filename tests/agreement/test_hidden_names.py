"""The native engine says what the evaluator says, where a definition or a part binds a name of the
text that uses it, and where an argument leaves one branch of a choice: no text hides a name or
chooses by what is known, and what the passes make of several may.
"""

from __future__ import annotations

import pytest
from tests.agreement.comparison import assert_agreement, settings_of

HIDDEN_NAMES = """
module m
enum E = a | b | c
var r[E, E]: bool
def unheld(p: E) = (count x: E where r[x, p]) = 0
def empty(p: E) = (count x: E where r[p, x]) = 0
action tie(u: E, v: E) by kernel
  when first: u = a and v = a
  r[u, v] := true
invariant later
  all x, y: E: x != y implies unheld(y) and empty(y)
invariant earlier
  all y, x: E: x != y implies unheld(y) and empty(y)
final
  r[a, a]
"""
"""Definitions that bind a name of the text that calls them: put in its place, they hide it."""

PARTS_THAT_HIDE = """
module m
sort S
var f[S]: bool
var g[S]: bool
part fill(k: S)
  f[z] := true for z: S where g[k]
action turn(z: S, w: S) by kernel
  when unset: not g[z]
  when set_: g[w]
  f[w] := false
  do fill(w)
action begin(z: S) by kernel
  g[z] := true
invariant apart
  all s: S: f[s] implies g[s]
"""
"""A part whose update binds the name of a parameter of the action that does it."""

CHOSEN_OPTIONS = """
module m
enum E = x | y
var a: E
var b: E?
var seen: bool
part look(whole: bool)
  when there: (if whole then a else none) != none
  seen := true
  b := if whole then a else none
part miss(empty: bool)
  when gone: (if empty then none else a) = a or (if empty then b else a) = none
  seen := (if empty then a else none) = none
action turn(e: E) by kernel
  a := e
action see() by kernel
  do look(true)
action overlook() by kernel
  do miss(false)
invariant unseen
  not seen
witness kept
  b = x and seen
"""
"""Options of which an argument of a part leaves the branch that is never absent, or always."""

SYSTEMS = {
    "definitions": (HIDDEN_NAMES, {}),
    "parts": (PARTS_THAT_HIDE, {"S": 2}),
    "options": (CHOSEN_OPTIONS, {}),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_the_passes_put_together_means_what_it_meant(name: str) -> None:
    text, sizes = SYSTEMS[name]
    for setting, family in settings_of(text, sizes):
        assert assert_agreement(setting, family)
