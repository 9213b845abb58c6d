"""A random generator for each container, seeded by the processor.

Its state is of the container's image like everything else, and what all clones inherit they all
draw. So a clone is seeded anew before its first instruction. What was drawn does not tell what will
be, nor what was drawn before: after each call the state goes through a hash that cannot be undone.
"""

from __future__ import annotations

import hashlib

from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.entropy import SEED, Entropy
from splitspec.impl.kernel.records import Phase, State
from splitspec.impl.refusal import Guards, KernelRefusal

DRAWN_MAX = PAGE
"""Bytes of one call, which the kernel makes in memory of its own."""


class Generators:
    """The generators of all containers."""

    __slots__ = ("_entropy", "_state")

    def __init__(self, state: State, entropy: Entropy) -> None:
        self._state = state
        self._entropy = entropy

    def seed(self, container: int) -> None:
        """Begin with what nobody else has."""
        self._state.generators[container] = self._entropy.draw()

    def inherit(self, zygote: int, clone: int) -> None:
        """A clone has the zygote's state in its image, before it runs."""
        self._state.generators[clone] = self._state.generators[zygote]

    def draw(self, container: int, length: int) -> bytes:
        """Return random bytes to a container, which has a generator once it runs."""
        guards = Guards(KernelRefusal, "draw")
        row = self._state.containers.get(container)
        running = row is not None and row.phase in (Phase.RUNNING, Phase.SEALED)
        guards.require("running", running, f"container {container} does not run")
        bounded = 0 <= length <= DRAWN_MAX
        guards.require("length", bounded, f"{length} bytes of {DRAWN_MAX}")
        state = self._state.generators[container]
        self._state.generators[container] = hashlib.blake2b(
            b"next", key=state, digest_size=SEED
        ).digest()
        return hashlib.shake_256(b"drawn" + state).digest(length)
