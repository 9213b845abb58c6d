"""A case for every guard of a launch: a situation, the guard, and the call."""

from __future__ import annotations

from tests.impl.refusal_scenes import Call, Case, Scene, Setup, tenants
from tests.impl.scenes import SIZES

from splitspec.impl.host.shadow import Handle
from splitspec.impl.machine import Machine, PlatformKind

NOBODY = Handle(0, 0, 0)
NO_KEY = b"no key"


def off(kind: PlatformKind) -> Scene:
    """A machine that was never launched."""
    return Scene(Machine(SIZES, kind, is_booted=False), NOBODY, NOBODY)


def launching(kind: PlatformKind) -> Scene:
    """A launch with one page so far."""
    scene = off(kind)
    scene.machine.secure_processor.begin(debug=False)
    scene.machine.secure_processor.launch(0, 0, bytes(4096))
    scene.machine.checkpoint()
    return scene


LAUNCH: list[tuple[Setup, str, Call]] = [
    (tenants, "new", lambda s: s.machine.secure_processor.begin(debug=True)),
    (launching, "new", lambda s: s.machine.launch(b"microkernel")),
    (off, "begun", lambda s: s.machine.secure_processor.launch(0, 0, bytes(4096))),
    (launching, "page", lambda s: s.machine.secure_processor.launch(-1, 1, bytes(4096))),
    (launching, "frame", lambda s: s.machine.secure_processor.launch(1, -1, bytes(4096))),
    (launching, "whole", lambda s: s.machine.secure_processor.launch(1, 1, b"a piece")),
    (tenants, "begun", lambda s: s.machine.secure_processor.finish()),
    (tenants, "begun", lambda s: s.machine.secure_processor.cancel()),
    (off, "launched", lambda s: s.machine.secure_processor.report(bytes(64))),
    (launching, "launched", lambda s: s.machine.secure_processor.report(bytes(64))),
    (off, "debug", lambda s: s.machine.secure_processor.decrypt(0)),
    (tenants, "debug", lambda s: s.machine.secure_processor.decrypt(0)),
    (launching, "launched", lambda s: s.machine.hostile.enter(0, 0)),
    (off, "booted", lambda s: s.machine.kernel.attestation.report(NO_KEY)),
    (tenants, "own_key", lambda s: s.machine.kernel.attestation.report(NO_KEY)),
]
FINISHED: list[Case] = [
    (
        PlatformKind.TDX,
        launching,
        "free_entry",
        lambda s: s.machine.secure_processor.launch(0, 1, bytes(4096)),
    ),
    *(
        (kind, launching, guard, lambda s: s.machine.secure_processor.finish(bytes(48)))
        for kind, guard in ((PlatformKind.SNP, "expected"), (PlatformKind.TDX, "defined"))
    ),
]
