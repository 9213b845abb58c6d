"""Any call of hardware, host and kernel, with any argument and in any order, is done, or refused by
a typed refusal; and what is refused has changed nothing.

Calls are drawn from the signatures: numbers of everything that exists, of nothing, below zero and
far too large, and bytes of lengths that fit and do not. Of vCPUs those that exist are drawn: the
kernel is told by the hardware on which one it runs.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.impl.refusal_attestation import shared
from tests.impl.refusal_pools import ending, pooled
from tests.impl.refusal_scenes import (
    Setup,
    chained,
    family,
    granted,
    lagging,
    leaving,
    loading,
    sharing,
    tenants,
    together,
    trapped,
)
from tests.impl.scenes import KINDS

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Pin
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

CALLS = 200
SCENES = (chained, ending, family, granted, lagging, leaving, loading, pooled, shared, sharing)
MORE_SCENES = (tenants, together, trapped)
BYTES = (b"", b"x", bytes(16), b"n" * 32, bytes(64), b"p" * PAGE, b"q" * (PAGE + 1))
RIGHTS = (Right(0), Right.READ, Right.READ | Right.WRITE, Right.GRANT)

INNER: dict[str, set[str]] = {
    "channels": {"close_all", "end", "leave", "reach_all"},
    "generators": {"inherit", "seed"},
    "pools": {"accept_metadata", "release_metadata"},
    "spaces": {"drop", "hold", "unmap_all"},
    "threads": {"are_waiting", "freeze", "images", "rouse", "thaw"},
    "objects": {"leave"},
    "shadows": {"group"},
}
"""What is part of other steps, which have checked before."""
PARTS = (
    *("allocators", "attestation", "channels", "faults", "forks", "generators", "layouts"),
    *("lifecycle", "loading", "notifications", "object_memory", "objects", "pins", "pointers"),
    *("pools", "recycler", "spaces", "threads"),
)


def parts(scene: Machine) -> Iterator[tuple[str, object]]:
    for name in PARTS:
        yield name, getattr(scene.kernel, name)
    yield from (("shadows", scene.host.shadows), ("backing", scene.host.backing))
    yield from (("hostile", scene.hostile), ("secure", scene.secure_processor))


def calls(scene: Machine) -> list[tuple[Callable[..., object], inspect.Signature]]:
    """The public steps of all parts whose arguments can be drawn."""
    found = []
    for name, part in parts(scene):
        for step, _ in inspect.getmembers(type(part), inspect.isfunction):
            is_inner = step.startswith(("_", "check")) or step in INNER.get(name, ())
            signature = inspect.signature(getattr(part, step))
            if not is_inner and all(
                str(each.annotation) in ARGUMENTS for each in signature.parameters.values()
            ):
                found.append((getattr(part, step), signature))
    return found


def number(scene: Machine, draw: random.Random) -> int:
    pages, frames = scene.geometry.pool_pages, scene.geometry.pool_frames
    near: tuple[int, ...] = (*range(-1, 6), *pages[:6], *frames[-3:])
    return draw.choice((*near, 99, 511, 512 * 512, PAGE, 10**30, -(10**30)))


Draw = Callable[[Machine, random.Random], Any]
ARGUMENTS: dict[str, Draw] = {
    "int": number,
    "int | None": lambda scene, draw: draw.choice((None, number(scene, draw))),
    "bool": lambda _, draw: draw.random() < 0.5,
    "bytes": lambda _, draw: draw.choice(BYTES),
    "bytes | None": lambda _, draw: draw.choice((None, *BYTES)),
    "list[int]": lambda scene, draw: [number(scene, draw) for _ in range(draw.randrange(4))],
    "Right": lambda _, draw: draw.choice(RIGHTS),
    "Pin": lambda _, draw: draw.choice(list(Pin)),
    "Handle": lambda scene, draw: draw.choice(list(scene.host.shadows.holders.values())),
}


def arguments(
    signature: inspect.Signature, scene: Machine, draw: random.Random
) -> tuple[list[Any], dict[str, Any]]:
    given: list[Any] = []
    named: dict[str, Any] = {}
    for name, each in signature.parameters.items():
        if name == "vcpu":
            value = draw.choice(list(scene.processor.vcpus))
        else:
            value = ARGUMENTS[str(each.annotation)](scene, draw)
        if each.kind is each.KEYWORD_ONLY:
            named[name] = value
        else:
            given.append(value)
    return given, named


def is_refused(step: Callable[..., object], given: list[Any], named: dict[str, Any]) -> bool:
    try:
        step(*given, **named)
    except Refusal:
        return True
    return False


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setup", [*SCENES, *MORE_SCENES])
def test_any_call_is_done_or_refused_and_a_refused_one_changes_nothing(
    setup: Setup, kind: PlatformKind
) -> None:
    scene = setup(kind).machine
    draw = random.Random(f"{setup.__name__} {kind.value}")
    steps = calls(scene)
    refused = 0
    for _ in range(CALLS):
        step, signature = draw.choice(steps)
        given, named = arguments(signature, scene, draw)
        mark, before = scene.checkpoint(), scene.digest()
        if is_refused(step, given, named):
            assert scene.checkpoint() == mark, (step, given, named)
            assert scene.digest() == before, (step, given, named)
            refused += 1
    assert CALLS // 2 < refused < CALLS, "some calls are done, most are refused"


def test_most_steps_of_the_kernel_are_drawn() -> None:
    """What cannot be drawn is inner, or takes what no caller has."""
    scene = tenants(PlatformKind.SNP).machine
    names = {step.__qualname__ for step, _ in calls(scene)}
    wanted = {
        *("Pools.admit", "Pools.accept", "AddressSpaces.map_page", "Channels.grant", "Forks.fork"),
        *("Loading.fetch", "Lifecycle.load", "Attestation.install", "Pins.store", "Threads.bind"),
        *("Generators.draw", "ObjectMemory.write", "HostileHost.tamper", "Backing.grant_page"),
    }
    assert wanted <= names
