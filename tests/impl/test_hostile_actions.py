"""All that a host does in the specification, a hostile host can do to the machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path

import pytest
from tests.impl.scenes import frame, page, two_tenants

from splitspec.impl.host.hostile import HostileHost, Liar
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import HardwareRefusal, NestedPageFault, NotValidated, Refusal
from splitspec.model import ir
from splitspec.model.loader import load

SPEC = Path(__file__).parents[2] / "spec"
OTHER_DESIGNS = ("isolation", "kata", "shared_guest", "pools")
"""The ideal, other designs, and what launches several machines or numbers one as a whole."""

BEYOND = {
    "teardown.boot": "a machine is launched once, and measured (`Machine.boot`)",
    "turns.ask_for_vcpus": "a machine is made with one mode for all its containers",
}
"""What a host does and `impl` has not, with the reason."""

# What a host does in a module: by an instruction of its own, a request to the kernel, or an answer.
METHODS: dict[str, tuple[str, ...]] = {
    "granting.grant_page": ("kernel.pools.admit",),
    "granting.back_page": ("offer",),
    "granting.reclaim_frame": ("steal",),
    "lifecycle.create": ("kernel.lifecycle.create",),
    "launch.boot": tuple(f"secure_processor.{step}" for step in ("begin", "launch", "finish")),
    "lifecycle.kill": ("kill",),
    "lifecycle.reap": ("kill",),  # A bookkeeping of its own; the guest sees the end of the process.
    "fork.begin_fork": ("kernel.forks.begin",),
    "pages.back_page": ("offer",),
    "pages.reclaim_frame": ("steal",),
    "pages.replay": ("peek", "tamper"),
    "paging.host_store": ("tamper",),
    "platform.remap": ("remap",),
    "sev.remap": ("remap", "assign"),
    "tdx.block": ("block",),
    "tdx.unblock": ("unblock", "track", "remove"),
    "threads.take_vcpu": ("enter",),
    "threads.enter": ("enter",),
    "threads.preempt": ("interrupt",),
    "threads.park_vcpu": ("enter",),
    "shootdown.enter": ("enter",),
    "shootdown.leave": ("interrupt",),
    "attestation.stage_code": ("kernel.loading.fetch",),
    "accounting.do_work": ("enter",),
    "io.serve": ("Liar",),
    "io.reply": ("Liar",),
    "rootfs.mount": ("kernel.lifecycle.mount",),
    "rootfs.serve": ("Liar",),
}


def of_hosts() -> set[str]:
    """The actions of hosts in the specification of this design."""
    found = set()
    for path in SPEC.glob("*.split"):
        program = load(path).program
        assert program is not None
        for name, action in program.actions.items():
            if action.actor.kind is ir.ActorKind.HOST and name.split(".")[0] not in OTHER_DESIGNS:
                found.add(name)
    return found


def test_the_hostile_host_has_a_way_to_do_what_any_host_does() -> None:
    assert of_hosts() == METHODS.keys() | BEYOND.keys()
    assert not METHODS.keys() & BEYOND.keys()
    machine = Machine()
    for ways in METHODS.values():
        for way in ways:
            if way == "Liar":
                assert callable(Liar.serve)
            elif "." in way:
                assert callable(attrgetter(way)(machine))
            else:
                assert callable(getattr(HostileHost, way))


def reads(scene: Machine, vcpu: int) -> bytes:
    return scene.processor.read(vcpu, 0, 16)


def refuses(kind: type[Refusal], guard: str, call: Callable[[], object]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.guard == guard


def test_a_frame_assigned_without_a_map_and_mapped_without_an_assignment() -> None:
    """RMPUPDATE and the nested table apart: whichever comes first, the access faults."""
    scene, first, second = two_tenants(PlatformKind.SNP)
    own, other = frame(scene, 0), frame(scene, 2)
    scene.hostile.assign(own, page(scene, 0))  # The same row again: not validated any more.
    scene.hostile.interrupt(first.vcpu)
    scene.hostile.enter(first.vcpu, 0)
    refuses(NotValidated, "validated", partial(reads, scene, first.vcpu))
    scene.hostile.assign(other, None)
    refuses(NestedPageFault, "assigned", partial(reads, scene, second.vcpu))
    scene.hostile.assign(other, page(scene, 0))
    refuses(NestedPageFault, "assigned", partial(reads, scene, second.vcpu))


def test_a_page_that_is_blocked_is_neither_read_afresh_nor_removed_early() -> None:
    scene, first, _ = two_tenants(PlatformKind.TDX)
    scene.hostile.block(page(scene, 0))
    refuses(HardwareRefusal, "present", partial(scene.hostile.block, page(scene, 0)))
    refuses(HardwareRefusal, "tracked", partial(scene.hostile.unblock, page(scene, 0)))
    refuses(HardwareRefusal, "tracked", partial(scene.hostile.remove, page(scene, 0)))
    scene.hostile.track()
    refuses(HardwareRefusal, "previous_epoch_left", scene.hostile.track)
    refuses(HardwareRefusal, "tracked", partial(scene.hostile.remove, page(scene, 0)))
    refuses(HardwareRefusal, "blocked", partial(scene.hostile.remove, page(scene, 1)))
    refuses(HardwareRefusal, "blocked", partial(scene.hostile.unblock, page(scene, 1)))
    scene.hostile.interrupt(first.vcpu)
    scene.hostile.enter(first.vcpu, 0)
    refuses(NestedPageFault, "accepted", partial(reads, scene, first.vcpu))


def test_what_the_processor_does_not_have_is_refused() -> None:
    snp, tdx = Machine(kind=PlatformKind.SNP), Machine(kind=PlatformKind.TDX)
    hostile = snp.hostile
    refuses(HardwareRefusal, "defined", hostile.track)
    for call in (hostile.block, hostile.unblock, hostile.remove):
        refuses(HardwareRefusal, "defined", partial(call, 0))
    refuses(HardwareRefusal, "defined", partial(tdx.hostile.assign, 0, 0))


@pytest.mark.parametrize("kind", list(PlatformKind))
def test_a_kill_that_nobody_is_told_of_gives_nothing_away(kind: PlatformKind) -> None:
    """The kernel keeps what the container had, and lets it run for no other process."""
    scene, first, _ = two_tenants(kind)
    pools, rows = dict(scene.kernel.state.pools), dict(scene.kernel.state.containers)
    scene.hostile.kill(first.shadow)
    assert not scene.processor.vcpus[first.vcpu].inside
    assert dict(scene.kernel.state.pools) == pools
    assert dict(scene.kernel.state.containers) == rows
    refuses(Refusal, "alive", partial(scene.hostile.kill, first.shadow))
