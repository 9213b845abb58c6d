"""A desk that hands tickets out: whether a guest may have three depends on how many there are."""

from __future__ import annotations

DESK = """module desk
  \"\"\"Tickets and who has them.\"\"\"

sort Guest
sort Ticket
var holder[Ticket]: Guest?
counter held[g: Guest] counts t: Ticket where holder[t] = g

action hand_out(g: Guest, t: Ticket) by kernel for g
  when free: holder[t] = none
  holder[t] := g
  held[g] += 1

action give_back(g: Guest, t: Ticket) by kernel for g fair for g
  when mine: holder[t] = g
  holder[t] := none
  held[g] -= 1

invariant two_at_most
  all g: Guest: held[g] <= 2
"""
MODELS = """[desk]
module = "desk"
scope = { Guest = 2, Ticket = 2 }
"""
