"""A case for every guard of work that is done later, and of notifications."""

from __future__ import annotations

from tests.impl.refusal_scenes import Call, Scene, Setup, killed, limited, loading, tenants, trapped
from tests.impl.refusal_steps import left

ROOM, THREADS = 8, 64  # notifications and threads of one container


def asked(scene: Scene) -> Scene:
    scene.machine.host.work.request(scene.first.vcpu)
    return scene


def done(scene: Scene) -> Scene:
    asked(scene).machine.host.work.perform(0)
    return scene


def notified(scene: Scene, count: int = 1) -> Scene:
    for _ in range(count):
        scene.machine.kernel.notifications.create(0)
    return scene


def crowded(scene: Scene) -> Scene:
    threads = scene.machine.kernel.threads
    while sum(t.container == 0 for t in scene.machine.kernel.state.threads.values()) < THREADS:
        threads.spawn(0, threads.unused())
    return scene


ACCOUNTING: list[tuple[Setup, str, Call]] = [
    (tenants, "held", lambda s: s.machine.host.work.request(0)),
    (killed, "alive", lambda s: s.machine.host.work.request(s.first.vcpu)),
    (tenants, "requested", lambda s: s.machine.host.work.perform(0)),
    (tenants, "requested", lambda s: done(s).machine.host.work.perform(0)),
    (limited, "quota", lambda s: asked(s).machine.host.work.perform(0)),
    (tenants, "done", lambda s: asked(s).machine.host.work.finish(0)),
    (loading, "running", lambda s: s.machine.kernel.notifications.create(0)),
    (tenants, "quota", lambda s: notified(s, ROOM).machine.kernel.notifications.create(0)),
    (tenants, "own", lambda s: notified(s).machine.kernel.notifications.signal(1, 0)),
    (tenants, "own", lambda s: notified(s).machine.kernel.notifications.take(1, 0)),
    (tenants, "own", lambda s: s.machine.kernel.notifications.close(0, 0)),
    (tenants, "quota", lambda s: crowded(s).machine.kernel.threads.spawn(0, 1000)),
    (trapped, "closed", lambda s: left(notified(s)).machine.kernel.lifecycle.retire(0)),
]
