"""The cache is held to `sharing.split`."""

from cache import Cache, Denied

from splitspec.refinement.mapping import Implementation

CACHE = Implementation(
    name="cache",
    model="sharing",
    create=lambda: Cache(pages=2),
    observe=lambda cache: {
        "held": {(who, page) for page, users in cache.users.items() for who in users},
        "holders": cache.count,
        "payer": cache.bill,
    },
    actions={
        "take": lambda cache, c, g: cache.take(c, g),
        "share": lambda cache, c, d, g: cache.share(c, d, g),
        "let_go": lambda cache, c, g: cache.drop(c, g),
    },
    refusal=Denied,
    guards={
        "take": {"in use": "free"},
        "share": {"not yours": "mine", "has it": "new"},
        "let_go": {"not yours": "mine"},
    },
    elements={"Process": ["ann", "bob"], "Page": [0, 1]},
)


def test_every_transition_and_every_refusal(splitspec):
    splitspec.conform(CACHE)


def test_long_programs(splitspec):
    splitspec.walk(CACHE, programs=20, steps=50)
