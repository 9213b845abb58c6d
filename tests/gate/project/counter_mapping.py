"""The counter in the terms of the desk."""

from dataclasses import replace

from counter import Counter, Refused

from splitspec.refinement.mapping import Implementation

COUNTER = Implementation(
    name="counter",
    model="desk",
    create=lambda: Counter([0, 1]),
    observe=lambda counter: {"holder": counter.given},
    actions={
        "hand_out": lambda counter, p, k: counter.hand_out(p, k),
        "take_back": lambda counter, p, k: counter.take_back(p, k),
    },
    refusal=Refused,
    guards={
        "hand_out": {"out already": "free", "has one already": "one"},
        "take_back": {"not theirs": "held"},
    },
    elements={"Person": ["ann", "bob"], "Key": [0, 1]},
)

SOME_CALLS = replace(COUNTER, name="counter, by some calls")
