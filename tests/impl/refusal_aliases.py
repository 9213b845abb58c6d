"""A case for every guard of pins and pointers: a situation, the guard, and the call."""

from __future__ import annotations

from tests.impl.refusal_scenes import Call, Scene, Setup, family, sharing, tenants, trapped
from tests.impl.refusal_steps import stopped

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.records import Pin


def pinned(scene: Scene, use: Pin = Pin.READING) -> Scene:
    scene.machine.kernel.pins.pin(0, 0, use)
    scene.machine.checkpoint()
    return scene


def aimed(scene: Scene, start: int = 8) -> Scene:
    scene.machine.kernel.pointers.register(0, start, 4)
    scene.machine.checkpoint()
    return scene


def sealed(scene: Scene) -> None:
    scene.machine.kernel.forks.seal(0, vcpu=scene.first.vcpu)


def left(scene: Scene) -> Scene:
    """Container 0 exits, and maps nothing any more; its pointer went with the last mapping."""
    scene.machine.kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    scene.machine.checkpoint()
    return scene


ALIASES: list[tuple[Setup, str, Call]] = [
    (family, "running", lambda s: s.machine.kernel.pins.pin(0, 0, Pin.READING)),
    (tenants, "mapped", lambda s: s.machine.kernel.pins.pin(0, 9, Pin.READING)),
    (sharing, "private", lambda s: s.machine.kernel.pins.pin(0, 1, Pin.WRITING)),
    (family, "writable", lambda s: s.machine.kernel.pins.pin(1, 0, Pin.WRITING)),
    (tenants, "unpinned", lambda s: pinned(s).machine.kernel.pins.pin(0, 0, Pin.WRITING)),
    (tenants, "pinned", lambda s: s.machine.kernel.pins.load(0, s.p(0))),
    (tenants, "pinned", lambda s: s.machine.kernel.pins.unpin(0, s.p(0))),
    (tenants, "writing", lambda s: pinned(s).machine.kernel.pins.store(0, s.p(0), b"1")),
    (
        tenants,
        "fits",
        lambda s: pinned(s, Pin.WRITING).machine.kernel.pins.store(0, s.p(0), bytes(PAGE + 1)),
    ),
    (trapped, "settled", lambda s: sealed(pinned(s, Pin.WRITING))),
    (trapped, "unpinned", lambda s: left(pinned(s)).machine.kernel.lifecycle.retire(0)),
    (family, "running", lambda s: s.machine.kernel.pointers.register(0, 0, 4)),
    (tenants, "vacant", lambda s: aimed(s).machine.kernel.pointers.register(0, 8, 4)),
    (tenants, "inside", lambda s: s.machine.kernel.pointers.register(0, PAGE - 2, 4)),
    (tenants, "mapped", lambda s: s.machine.kernel.pointers.register(0, 9 * PAGE, 4)),
    (family, "private", lambda s: s.machine.kernel.pointers.register(1, 0, 4)),
    (tenants, "registered", lambda s: s.machine.kernel.pointers.write(0, b"bell")),
    (tenants, "registered", lambda s: s.machine.kernel.pointers.withdraw(0)),
    (tenants, "fits", lambda s: aimed(s).machine.kernel.pointers.write(0, b"a bell")),
    (trapped, "running", lambda s: stopped(aimed(s)).machine.kernel.pointers.write(0, b"bell")),
    (trapped, "unaimed", lambda s: aimed(s).machine.kernel.spaces.unmap_page(0, 0)),
    (trapped, "unaimed", lambda s: aimed(s).machine.kernel.spaces.protect(0, 0)),
    (
        trapped,
        "settled",
        lambda s: pinned(s, Pin.WRITING).machine.kernel.spaces.protect(0, 0),
    ),
    (trapped, "withdrawn", lambda s: sealed(aimed(s))),
    (trapped, "withdrawn", lambda s: stopped(aimed(s)).machine.kernel.lifecycle.retire(0)),
]
