"""Count the orbits of a model's states in two or three ways, and print the counts as JSON.

    python bench/orbits.py MODEL [--given host] [--burnside]

By canonicalising every state of the full search; by the reduced search, which meets representatives
alone; and by Burnside's lemma, which is slow: for few renamings of a few million states.
"""

from __future__ import annotations

import argparse

import msgspec
from burnside import count_by_burnside, renamings
from search import Prepared, job_of, prepare
from searched import Counted

from splitspec.checker.explicit.native.order import Explored


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--given", default="none", help="the honest actor")
    parser.add_argument("--burnside", action="store_true", help="count in the third way too")
    arguments = parser.parse_args()
    job = job_of(arguments.model, arguments.given)
    full, reduced = prepare(job, symmetry=False), prepare(job, symmetry=True)
    found = full.exploration().run(full.initial)
    layout = full.kernel.layout
    group = list(renamings(layout.places.scope, layout))
    counted = Counted(
        states=found.states,
        renamings=len(group),
        canonicalised=_representatives(reduced, found),
        reduced=reduced.exploration().run(reduced.initial).states,
        burnside=count_by_burnside(layout, found, group) if arguments.burnside else None,
    )
    print(msgspec.json.encode(counted).decode())


def _representatives(reduced: Prepared, found: Explored) -> int:
    """Return how many representatives the stored states have."""
    store = found.store
    addresses = store.states.address, store.parents.address
    return reduced.exploration().admit_only(*addresses, found.end, keep=store).states


if __name__ == "__main__":
    main()
