"""What the runtime has to know of a kernel: sizes, and the addresses of its functions."""

from __future__ import annotations

from splitspec.model.frozen import frozen


@frozen
class Addresses:
    """A kernel's C interface. All are addresses of functions; `canonical` is 0 where states
    represent themselves.

    `successors(state, out, actions, marks, mask)` writes the successors and returns their number,
    `violated(state, action, pending, hits)` says which undecided properties of states show,
    `holds_goal(state, number)` evaluates one goal, `observe(state, seen, mask)` adds coverage bits.
    """

    words: int  # of a packed state
    bits: int  # words of a set of properties
    seen_bits: int  # words of a set of coverage bits
    fanout: int  # no state has more successors
    successors: int
    violated: int
    holds_goal: int
    canonical: int
    observe: int
