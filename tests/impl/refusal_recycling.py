"""A case for every guard of the boot, of page faults, and of the recycler."""

from __future__ import annotations

from tests.impl.refusal_scenes import Call, Scene, Setup, leaving, parked, tenants, trapped
from tests.impl.refusal_steps import stopped, told

from splitspec.impl.geometry import ENTRIES
from splitspec.impl.machine import Machine, PlatformKind


def unbooted(kind: PlatformKind) -> Scene:
    """Only a machine; nothing is launched."""
    whole = tenants(kind)
    return Scene(Machine(whole.machine.geometry, kind, is_booted=False), whole.first, whole.second)


def launched(kind: PlatformKind) -> Scene:
    """The kernel is launched, and no vCPU has run it; the host has entered one."""
    scene = unbooted(kind)
    scene.machine.boot()
    scene.machine.processor.enter(0)
    return scene


def entered(scene: Scene) -> Scene:
    """The kernel runs on the vCPU that stands first on the idle list."""
    scene.machine.processor.enter(scene.machine.host.shadows.idle[0])
    return scene


def faulting(kind: PlatformKind) -> Scene:
    """Container 0 looks for a page, under the lock of its pool."""
    scene = tenants(kind)
    scene.machine.kernel.faults.begin(scene.first.vcpu, 3)
    return scene


def signalled(scene: Scene) -> Scene:
    told(scene).machine.kernel.recycler.signal_threads(0)
    return scene


def threadless(scene: Scene) -> Scene:
    signalled(scene).machine.kernel.recycler.end_threads(0)
    return scene


def bare(scene: Scene) -> Scene:
    threadless(scene).machine.kernel.recycler.free_capabilities(0)
    return scene


def interrupted(scene: Scene) -> Scene:
    """Another thread of container 0, which is in no fault, is the one that runs there."""
    threads = scene.machine.kernel.threads
    handle = scene.machine.host.shadows.allocate(0)
    scene.machine.host.shadows.enter(handle)
    threads.spawn(0, 7)
    threads.bind(handle.vcpu, 7)
    threads.dispatch(7)
    return scene


RECYCLING: list[tuple[Setup, str, Call]] = [
    (unbooted, "launched", lambda s: s.machine.processor.enter(0)),
    (tenants, "new", lambda s: s.machine.boot()),
    (launched, "booted", lambda s: s.machine.kernel.lifecycle.create(0)),
    (launched, "parked", lambda s: s.machine.host.shadows.enlist(0)),
    (parked, "new", lambda s: s.machine.host.shadows.enlist(s.first.vcpu)),
    (tenants, "once", lambda s: entered(s).machine.kernel.threads.start_loop(s.first.vcpu)),
    (trapped, "in_container", lambda s: s.machine.kernel.faults.begin(s.first.vcpu, 3)),
    (tenants, "running", lambda s: told(s).machine.kernel.faults.begin(s.first.vcpu, 3)),
    (tenants, "address", lambda s: s.machine.kernel.faults.begin(s.first.vcpu, ENTRIES**2)),
    (tenants, "once", lambda s: s.machine.kernel.attestation.boot()),
    (
        faulting,
        "unlocked",
        lambda s: s.machine.kernel.faults.begin(
            interrupted(s).machine.kernel.state.threads[7].vcpu or 0, 3
        ),
    ),
    (trapped, "locked", lambda s: s.machine.kernel.faults.serve(0, s.p(1))),
    (faulting, "running", lambda s: stopped(s).machine.kernel.faults.serve(0, s.p(1))),
    (faulting, "exiting", lambda s: s.machine.kernel.faults.give_up(0)),
    (trapped, "locked", lambda s: s.machine.kernel.faults.fail(0)),
    (faulting, "unlocked", lambda s: s.machine.kernel.threads.finish(1)),
    (tenants, "exiting", lambda s: s.machine.kernel.recycler.signal_threads(0)),
    (tenants, "asleep", lambda s: signalled(s).machine.kernel.recycler.signal_threads(0)),
    (leaving, "signalled", lambda s: s.machine.kernel.recycler.end_threads(0)),
    (faulting, "unlocked", lambda s: signalled(s).machine.kernel.recycler.end_threads(0)),
    (tenants, "stopped", lambda s: signalled(s).machine.kernel.recycler.end_threads(0)),
    (trapped, "threadless", lambda s: signalled(s).machine.kernel.recycler.free_capabilities(0)),
    (trapped, "bare", lambda s: threadless(s).machine.kernel.recycler.dismantle_pool(0)),
    (trapped, "drained", lambda s: bare(s).machine.kernel.recycler.dismantle_pool(0)),
    (faulting, "unlocked", lambda s: s.machine.kernel.recycler.dismantle_pool(0)),
    (tenants, "laid_out", lambda s: s.machine.kernel.recycler.dismantle_pool(2)),
    (trapped, "recycled", lambda s: bare(s).machine.kernel.lifecycle.retire(0)),
]
