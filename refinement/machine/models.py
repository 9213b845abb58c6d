"""The models that the machine is mapped to: for each, the fragments of its modules."""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine import granting as grants
from splitspec.refinement.machine.fragment import Setup, compose
from splitspec.refinement.machine.lifecycle import lifecycle
from splitspec.refinement.machine.lone_threads import lone_threads
from splitspec.refinement.machine.platform import platform
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import Implementation

TWO = {"Container": 2, "Page": 2, "Frame": 2}


def granting(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = TWO, limit: int = 1
) -> Implementation[Testbed]:
    """Return the mapping to `granting`: pools, frames and who pays, over the page machine.

    `limit` is memory.max of every container, in frames.
    """
    setup = Setup(kind, honest, sizes, {"limit": limit})
    machine = platform(setup)
    fragments = (lifecycle(setup), lone_threads(setup), machine, grants.granting(setup, machine))
    return compose("granting", setup, fragments)
