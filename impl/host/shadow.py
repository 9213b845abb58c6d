"""Shadow containers and their threads: who drives which vCPU, for how long, at whose expense.

A shadow container is an ordinary process in its own control group. It takes an idle vCPU, last in
first out, and gets a handle, as a file descriptor that stays open until the process ends; the
handle dies when the vCPU is published as idle again, so that an old holder cannot run what has been
given to another. A vCPU is published only after the slots of its holder are gone. A process for
which the guest has a container ends when the guest says that the container is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.hardware.processor import Exit, Processor, Reason
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HostRefusal

IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Shadow:
    """One shadow container."""

    group: str
    is_alive: bool = True
    is_needed: bool = False  # the guest has a container for it


@dataclass(frozen=True, slots=True)
class Slot:
    """A range of guest pages that a shadow container backs, with as much of its own memory: page
    and host-virtual address differ by a constant."""

    first: int
    count: int
    base: int  # what mmap returned: the virtual page of the process at which the memory begins
    vcpu: int | None = None  # in whose stride it lies, where there are strides

    def __contains__(self, page: int) -> bool:
        return self.first <= page < self.first + self.count

    def address(self, page: int) -> int:
        """Return the process's virtual page behind a guest page of the slot."""
        return self.base + page - self.first


@dataclass(frozen=True, slots=True)
class Handle:
    """A file descriptor of a vCPU: good for one generation of it."""

    vcpu: int
    generation: int
    shadow: int


class Shadows:
    """The shadow containers of one confidential VM, and the vCPUs that they drive."""

    __slots__ = (
        "_cgroups",
        "_generations",
        "_idle",
        "_processor",
        "descriptors",
        "holders",
        "shadows",
        "slots",
    )

    def __init__(self, journal: Journal, processor: Processor, cgroups: Cgroups) -> None:
        self._processor = processor
        self._cgroups = cgroups
        self.shadows: Table[int, Shadow] = Table(journal)
        self.slots: Table[tuple[int, int], Slot] = Table(journal)  # by shadow and first page
        self.holders: Table[int, Handle] = Table(journal)
        # What each process has open, by shadow container and vCPU, whoever holds the vCPU now.
        self.descriptors: Table[tuple[int, int], Handle] = Table(journal)
        self._generations: Table[int, int] = Table(journal)
        self._idle: Table[str, tuple[int, ...]] = Table(journal)
        self._idle[IDLE] = ()

    @property
    def idle(self) -> tuple[int, ...]:
        """The idle vCPUs; the last is taken first."""
        return self._idle[IDLE]

    def is_alive(self, shadow: int) -> bool:
        """The shadow container runs."""
        return shadow in self.shadows and self.shadows[shadow].is_alive

    def is_killed(self, shadow: int) -> bool:
        """The shadow container was killed, and not all that it held has been taken back."""
        return shadow in self.shadows and not self.shadows[shadow].is_alive

    def slots_of(self, shadow: int) -> list[Slot]:
        """Return the slots that the shadow container has registered."""
        return [slot for key, slot in self.slots.items() if key[0] == shadow]

    def group(self, shadow: int) -> str:
        """Return the control group of the shadow container."""
        return self.shadows[shadow].group

    def driver(self, vcpu: int) -> int | None:
        """Return the shadow container that holds the vCPU."""
        handle = self.holders.get(vcpu)
        return None if handle is None else handle.shadow

    def start(
        self, shadow: int, *, memory_max: int | None = None, cpu_max: int | None = None
    ) -> None:
        """Start a shadow container in a control group of its own."""
        group = f"sc-{shadow}"
        guards = Guards(HostRefusal, "start")
        guards.require("absent", shadow not in self.shadows, f"shadow container {shadow} exists")
        self._cgroups.create(group, memory_max=memory_max, cpu_max=cpu_max)
        self.shadows[shadow] = Shadow(group)

    def allocate(self, shadow: int) -> Handle:
        """Take an idle vCPU for one more thread of the shadow container."""
        guards = Guards(HostRefusal, "allocate")
        guards.require("alive", self.is_alive(shadow), f"no shadow container {shadow}")
        guards.require("idle", bool(self.idle), "no vCPU is idle")
        *rest, vcpu = self.idle
        generation = self._generations.get(vcpu, 0) + 1
        handle = Handle(vcpu, generation, shadow)
        self._idle[IDLE] = tuple(rest)
        self._generations[vcpu] = generation
        self.holders[vcpu] = handle
        self.descriptors[shadow, vcpu] = handle
        return handle

    def descriptor(self, shadow: int, vcpu: int) -> Handle:
        """Return what the shadow container has open on the vCPU, which may be out of date."""
        handle = self.descriptors.get((shadow, vcpu))
        guards = Guards(HostRefusal, "descriptor")
        if handle is None:
            guards.fail("open", f"shadow container {shadow} has none of vCPU {vcpu}")
        return handle

    def enter(self, handle: Handle, answer: int = 0, *, core: int | None = None) -> None:
        """KVM_RUN: a thread of the shadow container runs its vCPU, with an answer to its exit."""
        guards = Guards(HostRefusal, "enter")
        current = self.holders.get(handle.vcpu)
        guards.require("current", current == handle, f"{handle} is not the holder")
        guards.require("alive", self.is_alive(handle.shadow), "the shadow container was killed")
        group = self.group(handle.shadow)
        guards.require("quota", self._cgroups.may_run(group), f"{group} is at cpu.max")
        self._processor.enter(handle.vcpu, answer, core=core)

    def tick(self, vcpu: int) -> None:
        """Charge a slice of the running vCPU to the group of the thread that drives it."""
        guards = Guards(HostRefusal, "tick")
        shadow = self.driver(vcpu)
        if shadow is None:
            guards.fail("held", f"nobody drives vCPU {vcpu}")
        guards.require("inside", self._processor.vcpus[vcpu].inside, f"vCPU {vcpu} does not run")
        group = self.group(shadow)
        guards.require("quota", self._cgroups.may_run(group), f"{group} is at cpu.max")
        self._cgroups.spend(group)

    def preempt(self, vcpu: int) -> None:
        """End the slice: an interrupt of the host takes the vCPU out of the guest."""
        self._processor.leave(vcpu, Exit(Reason.INTERRUPT))

    def enlist(self, vcpu: int) -> None:
        """Put a vCPU that the guest has parked for the first time on the idle list."""
        guards = Guards(HostRefusal, "enlist")
        known = vcpu in self.idle or vcpu in self.holders
        guards.require("new", not known, f"vCPU {vcpu} is known")
        guards.require("parked", self._is_parked(vcpu), f"vCPU {vcpu} did not ask for it")
        self._idle[IDLE] = (*self.idle, vcpu)

    def publish(self, vcpu: int) -> None:
        """Put a vCPU that the guest parked on the idle list, and end the handle on it.

        No slot may be left in its stride: who takes it next registers one there. Without strides
        the holder must have none at all, unless it holds another vCPU too.
        """
        guards = Guards(HostRefusal, "publish")
        handle = self.holders.get(vcpu)
        if handle is None:
            guards.fail("held", f"vCPU {vcpu} is idle already")
        guards.require("parked", self._is_parked(vcpu), f"vCPU {vcpu} did not ask for it")
        others = any(
            other.shadow == handle.shadow and key != vcpu for key, other in self.holders.items()
        )
        slots = self.slots_of(handle.shadow)
        left = [slot for slot in slots if slot.vcpu == vcpu or (slot.vcpu is None and not others)]
        guards.require("slots_removed", not left, f"{left} are registered")
        del self.holders[vcpu]
        self._idle[IDLE] = (*self.idle, vcpu)

    def keep(self, shadow: int) -> None:
        """The guest answers that it has a container for the process."""
        guards = Guards(HostRefusal, "keep")
        guards.require("alive", self.is_alive(shadow), f"no shadow container {shadow}")
        self.shadows[shadow] = replace(self.shadows[shadow], is_needed=True)

    def dismiss(self, shadow: int) -> None:
        """The guest says that the container is gone: the process, if it lives, leaves its loop."""
        guards = Guards(HostRefusal, "dismiss")
        guards.require("exists", shadow in self.shadows, f"no shadow container {shadow}")
        self.shadows[shadow] = replace(self.shadows[shadow], is_needed=False)

    def kill(self, shadow: int) -> None:
        """SIGKILL: the process is gone, its vCPUs left the guest, the rest is to be reaped."""
        guards = Guards(HostRefusal, "kill")
        guards.require("alive", self.is_alive(shadow), f"no shadow container {shadow}")
        for vcpu, handle in sorted(self.holders.items()):
            if handle.shadow == shadow and self._processor.vcpus[vcpu].inside:
                self._processor.leave(vcpu, Exit(Reason.INTERRUPT))
        self.shadows[shadow] = replace(self.shadows[shadow], is_alive=False)
        self._close(shadow)

    def reap_vcpu(self, vcpu: int, answer: int) -> None:
        """Enter the vCPU of a killed shadow container: the kernel can end what ran there."""
        guards = Guards(HostRefusal, "reap_vcpu")
        shadow = self.driver(vcpu)
        if shadow is None:
            guards.fail("held", f"vCPU {vcpu} is idle")
        guards.require("killed", self.is_killed(shadow), f"shadow container {shadow} lives")
        self._processor.enter(vcpu, answer)

    def finish(self, shadow: int) -> None:
        """End a shadow container that holds nothing any more, and remove its group."""
        guards = Guards(HostRefusal, "finish")
        guards.require("exists", shadow in self.shadows, f"no shadow container {shadow}")
        needed = self.shadows[shadow].is_needed
        guards.require("dismissed", not needed, f"the guest has container {shadow}")
        held = [vcpu for vcpu, handle in self.holders.items() if handle.shadow == shadow]
        guards.require("vcpus_returned", not held, f"vCPUs {held} are held")
        left = self.slots_of(shadow)
        guards.require("slots_removed", not left, f"{left} are registered")
        self._cgroups.remove(self.group(shadow))
        self._close(shadow)
        del self.shadows[shadow]

    def _is_parked(self, vcpu: int) -> bool:
        state = self._processor.vcpus[vcpu]
        return not state.inside and state.exit is not None and state.exit.reason is Reason.IDLE

    def _close(self, shadow: int) -> None:
        for key in [key for key in self.descriptors if key[0] == shadow]:
            del self.descriptors[key]
