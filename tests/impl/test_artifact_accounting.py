"""Weaknesses of the artifact's accounting, each built in as one change: who then pays for whom.

The tests are like those of `test_artifact_memory`; what is observed is a counter of the host.
"""

from __future__ import annotations

import pytest
from tests.impl.refusal_scenes import Scene, family, tenants
from tests.impl.scenes import KINDS, join, machine, page, secret
from tests.impl.weakness import Change, Weakness, built_in, reads

from splitspec.impl.host.backing import Backing
from splitspec.impl.machine import PlatformKind


@built_in(
    Weakness(
        row="W8",
        certainty="L",
        guards=("publish.slots_removed", "grant_page.faulting"),
        guard="publish.slots_removed",
        effect="The group of the first tenant pays for {} frame of the second.",
        observed=1,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_vcpu_published_before_its_slot_is_gone_bills_the_last_holder(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact puts a vCPU on the idle list before the old shadow has removed its slot; the
    next container's faults meet that slot, and the tenant that left pays for them."""

    def left() -> Scene:
        scene = machine(kind)
        first = join(scene, 0)
        scene.host.backing.add_slot(0, page(scene, 0))
        scene.kernel.lifecycle.exit(0, vcpu=first.vcpu)
        scene.kernel.lifecycle.retire(0)
        scene.kernel.threads.park(first.vcpu)
        return Scene(scene, first, first)

    def take_over(scene: Scene) -> int:
        host = scene.machine.host
        host.shadows.publish(scene.first.vcpu)
        second = join(scene.machine, 1)
        assert second.vcpu == scene.first.vcpu
        scene.machine.kernel.pools.admit(1, scene.p(0))
        host.backing.grant_page(second.vcpu, scene.p(0), scene.f(0))
        scene.machine.kernel.pools.accept(1, scene.p(0))
        assert host.cgroups.groups["sc-1"].memory_current == 0
        return host.cgroups.groups["sc-0"].memory_current

    weakness.show(left, take_over)


@built_in(
    Weakness(
        row="W9",
        certainty="C",
        guards=("finish.vcpus_returned", "finish.slots_removed", "remove_group.unused"),
        guard="finish.vcpus_returned",
        effect="{} frames of the killed container are in use, and no group pays for them.",
        observed=2,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_shadow_that_nobody_reaps_leaves_frames_that_no_group_pays_for(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """In the artifact nothing observes the death of a shadow; its vCPU, its slot and its guest
    container stay, and its frames are lost to everybody else."""

    def killed() -> Scene:
        scene = tenants(kind)
        scene.machine.host.shadows.kill(0)
        return scene

    def forget(scene: Scene) -> int:
        host = scene.machine.host
        host.shadows.finish(0)
        assert scene.first.vcpu not in host.shadows.idle
        assert scene.machine.kernel.state.is_alive(0)
        return sum(group not in host.cgroups.groups for group in host.cgroups.charged.values())

    weakness.show(killed, forget)


def charge_current(self: Backing, vcpu: int, page: int, frame: int) -> None:
    """A fault is resolved in, and charged to, the process that runs the vCPU."""
    driver = self._shadows.driver(vcpu)
    assert driver is not None
    self._platform.offer(page, frame)
    self._cgroups.charge(self._shadows.group(driver), frame)
    self.frames[page] = frame


@built_in(
    Weakness(
        row="W11",
        certainty="L",
        changes=(Change(Backing, "grant_page", charge_current),),
        guard="grant_page.faulting",
        effect="The group of the clone pays for {} frames, one of them the zygote's.",
        observed=3,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_resolved_in_the_running_process_is_charged_to_the_wrong_group(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact looks a faulting page up in whatever process runs the vCPU; a fault on a page
    of the zygote's slot is paid for by the clone that met it."""

    def with_slot() -> Scene:
        scene = family(kind)
        scene.machine.host.backing.add_slot(0, scene.p(5))
        return scene

    def fault(scene: Scene) -> int:
        host = scene.machine.host
        host.backing.grant_page(scene.second.vcpu, scene.p(5), scene.f(6))
        assert host.backing.owner(scene.p(5)) == 0
        assert host.cgroups.groups["sc-0"].memory_current == 2
        return host.cgroups.groups["sc-1"].memory_current

    weakness.show(with_slot, fault)


def remove_any(self: Backing, shadow: int, first: int) -> None:
    """A shadow deletes the slot that its function names, whoever registered it."""
    for key in [key for key in self._shadows.slots if key[1] == first]:
        del self._shadows.slots[key]


@built_in(
    Weakness(
        row="W21",
        certainty="C",
        changes=(Change(Backing, "remove_slot", remove_any),),
        guard="remove_slot.exists",
        effect="The first tenant has deleted {} slot of the second, which still uses its frame.",
        observed=1,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_function_makes_its_shadow_delete_the_slot_of_another(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact's shadow applies requests to any descriptor that the function names, its own of
    the VM included; a function deletes the memory slot of another tenant."""

    def delete(scene: Scene) -> int:
        backing, shadows = scene.machine.host.backing, scene.machine.host.shadows
        before = len(shadows.slots_of(1))
        backing.remove_slot(0, scene.p(2))
        assert scene.p(2) in backing.frames
        assert backing.owner(scene.p(2)) is None
        return before - len(shadows.slots_of(1))

    weakness.show(lambda: tenants(kind), delete)


@built_in(
    Weakness(
        row="W22",
        certainty="C",
        guards=("enter.current",),
        guard="enter.current",
        effect="The second tenant's group is charged {} slice that the first shadow ran.",
        observed=1,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_old_handle_spends_the_time_of_the_next_tenant(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """In the artifact the descriptor of a vCPU outlives its assignment; the last holder runs a vCPU
    that is another tenant's by now, and uses that tenant's time up."""

    def reassigned() -> Scene:
        scene = machine(kind)
        old = join(scene, 0)
        scene.kernel.lifecycle.exit(0, vcpu=old.vcpu)
        scene.kernel.lifecycle.retire(0)
        scene.kernel.threads.park(old.vcpu)
        scene.host.shadows.publish(old.vcpu)
        new = join(scene, 1)
        assert new.vcpu == old.vcpu
        scene.host.shadows.preempt(new.vcpu)
        return Scene(scene, old, new)

    def run_old(scene: Scene) -> int:
        shadows = scene.machine.host.shadows
        shadows.enter(scene.first)
        shadows.tick(scene.first.vcpu)
        return scene.machine.host.cgroups.groups["sc-1"].cpu_usage

    weakness.show(reassigned, run_old)


@built_in(
    Weakness(
        row="W1'",
        certainty="C",
        guards=("bind.unbound",),
        guard="bind.unbound",
        effect="The third tenant's group is charged {} slice of the first tenant's thread.",
        observed=1,
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_thread_that_the_host_names_runs_on_the_vcpu_of_another(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact takes the host's answer for a pointer to the thread to run; a waiting thread of
    one tenant runs on the vCPU, and at the expense, of another."""

    def waiting() -> Scene:
        scene = tenants(kind)
        third = join(scene.machine, 2)
        scene.machine.kernel.threads.wait(scene.first.vcpu)
        return Scene(scene.machine, scene.first, third)

    def bring(scene: Scene) -> int:
        threads, host = scene.machine.kernel.threads, scene.machine.host
        threads.bind(scene.second.vcpu, 1)
        threads.dispatch(1)
        assert reads(scene, scene.second) == secret(1)
        host.shadows.tick(scene.second.vcpu)
        assert host.cgroups.groups["sc-0"].cpu_usage == 0
        return host.cgroups.groups["sc-2"].cpu_usage

    weakness.show(waiting, bring)
