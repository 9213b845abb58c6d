"""Memory objects, and the slots of capability groups that name them.

Whoever makes an object has all rights on it, and has it alone. Fork is the only way to another
group, and what crosses it is for reading only; the zygote's own slot has been for reading only
since the seal. So whoever may write an object, make it larger or destroy it, shares it with nobody.
No capability is derived from another one: to revoke is to destroy the object under all that is on
its list.

An object goes when neither a slot nor a call refers to it. Fork adds a slot to the list in two
steps, on a vCPU of its own: it looks for a place, and writes it. In between the list is locked
against other forks, and the object is not freed, even if the zygote has left and nobody refers to
it any more. A slot is taken off the list meanwhile all the same: no other place changes by that.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.geometry import Geometry
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.capabilities import ALL_RIGHTS, Right
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.records import SLOTS, Container, Insertion, Object, Phase, Slot, State
from splitspec.impl.refusal import Guards, KernelRefusal


class Objects:
    """The memory objects of the VM, and who names them."""

    __slots__ = ("_geometry", "_memory", "_spaces", "_state")

    def __init__(
        self, state: State, geometry: Geometry, *, memory: DirectMap, spaces: AddressSpaces
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._memory = memory
        self._spaces = spaces

    def create(self, container: int, size: int) -> int:
        """Make an object of so many pages, with all rights; return its slot. Each takes a record of
        the kernel's, of which a container has as many as slots: when they are used up, those go to
        which nobody refers, and as there is a slot, there is such an object."""
        guards = Guards(KernelRefusal, "create_object")
        row = self._check_running(guards, container)
        guards.require("sized", size > 0, f"it would have {size} pages")
        self._check_bounded(guards, size)
        free = [n for n in range(SLOTS) if (container, n) not in self._state.slots]
        guards.require("room", bool(free), f"container {container} has {SLOTS} slots")
        made = [n for n, each in self._state.objects.items() if each.creator == row.identity]
        if len(made) >= SLOTS:
            self.sweep()
        number = self._state.next("object")
        self._state.objects[number] = Object(row.identity, size, (container,))
        self._state.slots[container, free[0]] = Slot(number, ALL_RIGHTS, place=0)
        return free[0]

    def check(self, guards: Guards, container: int, slot: int, right: Right) -> Slot:
        """Refuse unless the slot names an object, and the container may do that with it."""
        held = self._check_held(guards, container, slot)
        guards.require("right", right in held.rights, f"slot {slot} does not allow {right}")
        return held

    def check_calling(self, guards: Guards, container: int) -> None:
        """Refuse unless threads of the container can call: also those of a zygote, none of one that
        leaves."""
        row = self._state.containers.get(container)
        calling = row is not None and row.phase in (Phase.RUNNING, Phase.SEALED)
        guards.require("running", calling, f"container {container} is not")

    def grow(self, container: int, slot: int, size: int) -> None:
        """Make an object larger, as brk does with a heap."""
        guards = Guards(KernelRefusal, "grow_object")
        self.check_calling(guards, container)
        held = self.check(guards, container, slot, Right.WRITE)
        row = self._state.objects[held.object]
        guards.require("larger", size > row.size, f"it has {row.size} pages")
        self._check_bounded(guards, size)
        self._state.objects[held.object] = replace(row, size=size)

    def drop(self, container: int, slot: int) -> None:
        """Give a capability up that no call uses, and no mapping, by request or at the end."""
        guards = Guards(KernelRefusal, "drop_object")
        row = self._state.containers.get(container)
        may = row is not None and row.phase in (Phase.RUNNING, Phase.EXITING)
        guards.require("running", may, f"container {container} neither runs nor leaves")
        held = self._check_held(guards, container, slot)
        idle = (container, held.object) not in self._state.calls
        guards.require("idle", idle, f"a call of container {container} uses object {held.object}")
        self._check_unmapped(guards, container, held.object)
        self._take(container, slot)

    def revoke(self, container: int, slot: int) -> None:
        """Destroy an object, with all slots that name it, whose ever they are."""
        guards = Guards(KernelRefusal, "revoke_object")
        self._check_running(guards, container)
        held = self.check(guards, container, slot, Right.GRANT)
        row = self._state.objects[held.object]
        guards.require("idle", not row.calls, f"{row.calls} calls use object {held.object}")
        holders = sorted({holder for holder in row.holders if holder is not None})
        for holder in holders:
            self._check_unmapped(guards, holder, held.object)
        for holder in holders:
            for number, each in self._state.named(holder):
                if each.object == held.object:
                    del self._state.slots[holder, number]
        self._end(held.object)

    def free(self, number: int) -> None:
        """Free an object to which nobody refers; its pages are free, and dirty."""
        guards = Guards(KernelRefusal, "free_object")
        row = self._state.objects.get(number)
        if row is None:
            guards.fail("exists", f"there is no object {number}")
        guards.require("unreferenced", not row.references, f"it has {row.references} references")
        guards.require("calm", not self._locked(number), f"a fork is at the list of {number}")
        self._end(number)

    def sweep(self) -> None:
        """Free all objects to which nobody refers and that no fork is at."""
        for number, row in list(self._state.objects.items()):
            if not row.references and not self._locked(number):
                self.free(number)

    def begin_call(self, container: int, slot: int) -> int:
        """Have a call refer to the object that it uses, for it may sleep; return the object."""
        guards = Guards(KernelRefusal, "begin_call")
        self._check_running(guards, container)
        held = self._check_held(guards, container, slot)
        idle = (container, held.object) not in self._state.calls
        guards.require("idle", idle, f"a call of container {container} uses object {held.object}")
        row = self._state.objects[held.object]
        self._state.calls[container, held.object] = True
        self._state.objects[held.object] = replace(row, calls=row.calls + 1)
        return held.object

    def end_call(self, container: int, number: int) -> None:
        """The call has ended, or was called off because the container leaves."""
        guards = Guards(KernelRefusal, "end_call")
        used = (container, number) in self._state.calls
        guards.require("used", used, f"no call of container {container} uses object {number}")
        row = self._state.objects[number]
        del self._state.calls[container, number]
        self._state.objects[number] = replace(row, calls=row.calls - 1)

    def begin_insertion(self, zygote: int, clone: int, slot: int) -> None:
        """Begin to give a clone what the zygote has in a slot: find a place on the object's list,
        and lock it."""
        guards = Guards(KernelRefusal, "begin_insertion")
        source, row = (self._state.containers.get(each) for each in (zygote, clone))
        if source is None or source.phase is not Phase.SEALED:
            guards.fail("sealed", f"container {zygote} is no zygote")
        begun = row is not None and row.phase is Phase.CREATED and row.origin == source.identity
        copied = row is not None and bool(row.image)
        guards.require("begun", begun and not copied, f"container {clone} is not being cloned")
        held = self._check_held(guards, zygote, slot)
        vacant = (clone, slot) not in self._state.slots
        guards.require("vacant", vacant, f"container {clone} has something in slot {slot}")
        locked = self._locked(held.object)
        guards.require("unlocked", not locked, f"a fork is at the list of object {held.object}")
        holders = self._state.objects[held.object].holders
        place = next((n for n, holder in enumerate(holders) if holder is None), len(holders))
        self._state.insertions[clone, held.object] = Insertion(slot, place)

    def finish_insertion(self, clone: int, number: int) -> None:
        """Write the place that was found: from now on the clone names the object, to read it."""
        guards = Guards(KernelRefusal, "finish_insertion")
        begun = self._check_begun(guards, clone, number)
        row = self._state.objects[number]
        holders = [*row.holders, *[None] * (begun.place + 1 - len(row.holders))]
        holders[begun.place] = clone
        self._state.objects[number] = replace(row, holders=tuple(holders))
        self._state.slots[clone, begun.slot] = Slot(number, Right.READ, begun.place)
        del self._state.insertions[clone, number]

    def abandon_insertion(self, clone: int, number: int) -> None:
        """Give the list back unwritten: the clone was killed between the two."""
        guards = Guards(KernelRefusal, "abandon_insertion")
        self._check_begun(guards, clone, number)
        row = self._state.containers[clone]
        guards.require("exiting", row.phase is Phase.EXITING, f"container {clone} is cloned still")
        del self._state.insertions[clone, number]

    def leave(self, container: int) -> None:
        """Take back all that a container names that leaves, and that maps nothing any more."""
        for own, number in [key for key in self._state.insertions if key[0] == container]:
            self.abandon_insertion(own, number)
        for own, number in [key for key in self._state.calls if key[0] == container]:
            self.end_call(own, number)
        for slot, _ in self._state.named(container):
            self._take(container, slot)
        self.sweep()

    def _take(self, container: int, slot: int) -> None:
        """Empty a slot, and its place on the object's list."""
        held = self._state.slots[container, slot]
        row = self._state.objects[held.object]
        holders = list(row.holders)
        holders[held.place] = None
        self._state.objects[held.object] = replace(row, holders=tuple(holders))
        del self._state.slots[container, slot]

    def _end(self, number: int) -> None:
        for offset, page in self._state.committed(number):
            del self._state.commits[number, offset]
            self._spaces.drop(page)
        del self._state.objects[number]

    def _locked(self, number: int) -> bool:
        return any(each == number for _, each in self._state.insertions)

    def _check_running(self, guards: Guards, container: int) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        return row

    def _check_bounded(self, guards: Guards, size: int) -> None:
        """Refuse an object that no address space holds; every size is measured as eight bytes."""
        largest = len(self._geometry.addresses)
        guards.require("bounded", size <= largest, f"{size} pages are more than {largest}")

    def _check_held(self, guards: Guards, container: int, slot: int) -> Slot:
        held = self._state.slots.get((container, slot))
        if held is None:
            guards.fail("held", f"slot {slot} of container {container} is empty")
        return held

    def _check_begun(self, guards: Guards, clone: int, number: int) -> Insertion:
        begun = self._state.insertions.get((clone, number))
        if begun is None:
            guards.fail("begun", f"container {clone} is not at the list of object {number}")
        return begun

    def _check_unmapped(self, guards: Guards, container: int, number: int) -> None:
        self._memory.reach(*self._memory.tables(container))
        pages = {page for _, page in self._state.committed(number)}
        mapped = [at for at, entry in self._memory.entries(container) if entry.page in pages]
        guards.require("unmapped", not mapped, f"virtual pages {mapped} are of object {number}")
