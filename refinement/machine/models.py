"""The models that the machine is mapped to: for each, the fragments of its modules."""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine import fork, lifecycle, lone_threads, platform, tables
from splitspec.refinement.machine import granting as grants
from splitspec.refinement.machine import memory as accesses
from splitspec.refinement.machine.fragment import Fragment, Setup, compose
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import Implementation

TWO = {"Container": 2, "Page": 2, "Frame": 2}
TWO_FRAMES = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1}


def granting(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = TWO, limit: int = 1
) -> Implementation[Testbed]:
    """Return the mapping to `granting`: pools, frames and who pays, over the page machine.

    `limit` is memory.max of every container, in frames.
    """
    setup = Setup(kind, honest, sizes, {"limit": limit})
    return compose("granting", setup, _granting(setup, lone_threads.lone_threads(setup)))


def memory(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = TWO_FRAMES, limit: int = 2
) -> Implementation[Testbed]:
    """Return the mapping to `memory`: granting, page tables and fork together."""
    setup = Setup(kind, honest, sizes, {"limit": limit, "zygote": "c1"})
    return compose("memory", setup, _memory(setup, lone_threads.lone_threads(setup)))


def _granting(setup: Setup, threads: Fragment) -> list[Fragment]:
    machine = platform.platform(setup)
    return [lifecycle.lifecycle(setup), threads, machine, grants.granting(setup, machine)]


def _memory(setup: Setup, threads: Fragment) -> list[Fragment]:
    granted = _granting(setup, threads)
    machine = next(each for each in granted if each.parts)
    return [*granted, tables.tables(setup), fork.fork(setup), accesses.memory(setup, machine)]
