"""A case for every guard of sealing, forking and copying: a situation, the guard, and the call."""

from __future__ import annotations

from tests.impl.refusal_scenes import (
    Call,
    Scene,
    Setup,
    family,
    loading,
    sharing,
    tenants,
    trapped,
)
from tests.impl.refusal_steps import (
    begun,
    code_of_zygote,
    copied,
    counted_out,
    joined,
    mapped,
    tainted,
)


def torn(scene: Scene) -> Scene:
    """Container 2 has the image, and the zygote leaves."""
    copied(scene).machine.kernel.lifecycle.exit(0)
    return scene


def prepared(scene: Scene) -> Scene:
    """The snapshot of the first container is prepared."""
    scene.machine.kernel.forks.prepare(0, vcpu=scene.first.vcpu, thread=1)
    return scene


def faulting(scene: Scene) -> Scene:
    """The first container's thread goes on, and has a page fault: it holds the lock of the pool."""
    scene.machine.kernel.threads.dispatch(1)
    scene.machine.kernel.faults.begin(scene.first.vcpu, 3)
    return scene


FORKS: list[tuple[Setup, str, Call]] = [
    (family, "unsealed", lambda s: s.machine.kernel.pools.admit(0, s.p(5))),
    (loading, "running", lambda s: s.machine.kernel.forks.seal(0)),
    (family, "original", lambda s: s.machine.kernel.forks.seal(1)),
    (family, "unsealed", lambda s: s.machine.kernel.lifecycle.stop(0, asked=True)),
    (trapped, "untainted", lambda s: tainted(s).machine.kernel.forks.seal(0)),
    (sharing, "private", lambda s: s.machine.kernel.forks.seal(0, vcpu=s.first.vcpu)),
    (loading, "running", lambda s: s.machine.kernel.generators.draw(0, 8)),
    (tenants, "length", lambda s: s.machine.kernel.generators.draw(0, -1)),
    (loading, "running", lambda s: s.machine.kernel.forks.prepare(0)),
    (tenants, "quiet", lambda s: s.machine.kernel.forks.prepare(0)),
    (trapped, "prepared", lambda s: s.machine.kernel.forks.seal(0, vcpu=s.first.vcpu, thread=1)),
    (trapped, "waiting", lambda s: prepared(s).machine.kernel.forks.seal(0, vcpu=s.first.vcpu)),
    (trapped, "unlocked", lambda s: faulting(prepared(s)).machine.kernel.forks.seal(0, thread=1)),
    (tenants, "sealed", lambda s: s.machine.kernel.forks.begin(0, 1)),
    (family, "created", lambda s: s.machine.kernel.forks.begin(0, 1)),
    (family, "original", lambda s: begun(s).machine.kernel.forks.begin(0, 2)),
    (tenants, "sealed", lambda s: s.machine.kernel.forks.fork(0, 1)),
    (family, "begun", lambda s: joined(s).machine.kernel.forks.fork(0, 2)),
    (family, "once", lambda s: copied(s).machine.kernel.forks.fork(0, 2)),
    (family, "empty", lambda s: mapped(begun(s)).machine.kernel.forks.fork(0, 2)),
    (family, "original", lambda s: copied(s).machine.kernel.lifecycle.start(2)),
    (family, "created", lambda s: s.machine.kernel.forks.activate(1)),
    (family, "copied", lambda s: begun(s).machine.kernel.forks.activate(2)),
    (family, "sealed", lambda s: torn(s).machine.kernel.forks.activate(2)),
    (family, "numbered", lambda s: copied(s).machine.kernel.forks.activate(2)),
    (family, "unused", lambda s: copied(s).machine.kernel.forks.activate(2, 1)),
    (family, "countable", lambda s: counted_out(s)),
    (tenants, "shared_copy", lambda s: s.machine.kernel.forks.copy_on_write(0, 0, s.p(1))),
    (family, "in_pool", lambda s: s.machine.kernel.forks.copy_on_write(1, 0, s.p(1))),
    (trapped, "shared_copy", lambda s: code_of_zygote(s)),
]
