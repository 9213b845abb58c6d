"""Module `objects` in the machine: slots of capability groups, and the objects that they name.

An object of the model is the one that was last made in its place; the kernel never gives a number
twice. What an object holds is read at the seal, and compared ever after.

A write needs a page, and this model has none to give. So each container has one of which the model
does not know, and the object has a part for it. It is the object's until that goes, but no walk
goes on from there: the state of the model is the same as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import SLOTS, Object
from splitspec.impl.refusal import KernelRefusal
from splitspec.refinement.machine.fragment import Fragment, Function, Setup
from splitspec.refinement.machine.lone_threads import call, stopped
from splitspec.refinement.machine.supply import NOT_GIVEN, supplied
from splitspec.refinement.machine.testbed import Testbed, mark
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

EMPTY = SLOTS - 1
"""A slot in which nobody has anything."""


def objects(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "objects",
        observe=observe,
        actions=_actions(setup),
        around={
            **dict.fromkeys(CALLS, lambda testbed, proceed, c: call(testbed, proceed, c)),
            "drop_object": drop,
            "seal": partial(remember, setup.zygote),
        },
        guards=_guards(),
        left_out={"create_object.unused": "a number is the kernel's choice, and always a new one"},
        compared=("sealed",),
        elements={"Object": range(setup.sizes["Object"])},
    )


CALLS = ("create_object", "write_object", "grow_object", "revoke_object", "begin_operation")


def _guards() -> dict[str, dict[str, tuple[str, ...]]]:
    running = stopped("running")
    written = {
        operation: {
            **running,
            f"{operation} running": ("running",),
            f"{operation} held": ("named",),
            f"{operation} right": ("allowed",),
        }
        for operation in ("write_object", "grow_object")
    }
    written["write_object"] |= {"add_slot alive": ("running",), **NOT_GIVEN}
    return {
        **written,
        "create_object": {**running, "create_object running": ("running",)},
        "drop_object": {
            **stopped("may"),
            "drop_object running": ("may",),
            "drop_object held": ("named",),
            "drop_object idle": ("idle",),
        },
        "free_object": {
            "free_object exists": ("present",),
            "free_object unreferenced": ("unreferenced",),
            "free_object calm": ("calm",),
        },
        "revoke_object": {
            **running,
            "revoke_object running": ("running",),
            "revoke_object held": ("named",),
            "revoke_object right": ("allowed",),
            "revoke_object idle": ("idle",),
        },
        "begin_operation": {
            **running,
            "begin_call running": ("running",),
            "begin_call held": ("named",),
            "begin_call idle": ("idle",),
        },
        "end_operation": {"end_call used": ("used",)},
        "begin_insertion": {
            "begin_insertion sealed": ("sealed",),
            "begin_insertion begun": ("begun",),
            "begin_insertion held": ("wanted",),
            "begin_insertion vacant": ("wanted",),
            "begin_insertion unlocked": ("unlocked",),
        },
        "finish_insertion": {"finish_insertion begun": ("begun",)},
        "abandon_insertion": {
            "abandon_insertion begun": ("begun",),
            "abandon_insertion exiting": ("killed",),
        },
        "copy_space": {"fork complete": ("complete",)},
        "finish_exit": {"retire nameless": ("nameless",), "retire unlocked": ("unlocked",)},
    }


# What the machine is


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return what there is, who names it, and who is about to."""
    state = testbed.machine.kernel.state
    rows, named = dict(there(testbed)), {number: o for o, number in testbed.objects.items()}
    slots = {(c, named[slot.object]): slot for (c, _), slot in state.slots.items()}
    calls = {(c, named[number]) for c, number in state.calls}
    begun = {(c, named[n]): row.place for (c, n), row in state.insertions.items()}
    return {
        "existing": set(rows),
        "tie": {(c, o, "slot") for c, o in slots} | {(c, o, "operation") for c, o in calls},
        "attenuated": {key for key, slot in slots.items() if Right.WRITE not in slot.rights},
        "references": {o: row.references for o, row in rows.items()},
        "inserting": set(begun),
        "outdated": {(c, o) for (c, o), place in begun.items() if _is_taken(rows[o], place)},
        "sealed": {o for o, number in testbed.objects.items() if number in testbed.contents},
        "altered": {o for o in rows if _is_altered(testbed, testbed.objects[o])},
    }


def there(testbed: Testbed) -> Iterator[tuple[int, Object]]:
    """Iterate over the objects that there are."""
    rows = testbed.machine.kernel.state.objects
    for o, number in testbed.objects.items():
        if number in rows:
            yield o, rows[number]


def _is_taken(row: Object, place: int) -> bool:
    """Somebody else is on the list where a fork found a place."""
    return place < len(row.holders) and row.holders[place] is not None


def _is_altered(testbed: Testbed, number: int) -> bool:
    return number in testbed.contents and testbed.contents[number] != _content(testbed, number)


def _content(testbed: Testbed, number: int) -> tuple[int, tuple[tuple[int, bytes], ...]]:
    """Return the size of an object, and what lies in it."""
    kernel = testbed.machine.kernel
    parts = ((at, kernel.memory.read(page)) for at, page in kernel.state.committed(number))
    return kernel.state.objects[number].size, tuple(parts)


# What is done


def _actions(setup: Setup) -> dict[str, Function]:
    pages, zygote = setup.sizes["Page"], setup.zygote

    def create_object(testbed: Testbed, c: int, *, vcpu: int) -> None:
        taken = {o for o, _ in there(testbed)}
        free = [o for o in range(setup.sizes["Object"]) if o not in taken]
        if not free:
            raise InexpressibleError("the model has no more objects")
        kernel = testbed.machine.kernel

        def make() -> None:
            slot = kernel.objects.create(c, pages + 1)
            testbed.objects[free[0]] = kernel.state.slots[c, slot].object

        testbed.together(make)

    def begin_insertion(testbed: Testbed, d: int, o: int) -> None:
        testbed.machine.kernel.objects.begin_insertion(zygote, d, slot_of(testbed, zygote, o))

    return {
        "create_object": create_object,
        "write_object": partial(_write, pages),
        "grow_object": grow_object,
        "drop_object": drop_object,
        "free_object": lambda testbed, o: testbed.machine.kernel.objects.free(number(testbed, o)),
        "revoke_object": revoke_object,
        "begin_operation": begin_operation,
        "end_operation": end_operation,
        "begin_insertion": begin_insertion,
        "finish_insertion": finish_insertion,
        "abandon_insertion": abandon_insertion,
    }


def number(testbed: Testbed, o: int) -> int:
    """Return the kernel's number of an object, or 0, which none has."""
    return testbed.objects.get(o, 0)


def slot_of(testbed: Testbed, c: int, o: int) -> int:
    """Return the slot in which a container has an object, or an empty one."""
    slots, named = testbed.machine.kernel.state.named(c), number(testbed, o)
    return next((slot for slot, row in slots if row.object == named), EMPTY)


def _write(pages: int, testbed: Testbed, c: int, o: int, *, vcpu: int) -> None:
    """A thread writes to the part of an object that was touched first, or else touches one."""
    kernel, slot = testbed.machine.kernel, slot_of(testbed, c, o)
    touched = kernel.state.committed(number(testbed, o))
    start = (touched[0][0] if touched else pages) * PAGE
    write = partial(kernel.object_memory.write, c, slot, start, mark(c))
    try:
        write()
    except KernelRefusal as refusal:
        if refusal.guard != "touched":
            raise
        page = testbed.machine.geometry.pool_pages[pages + c]
        supplied(testbed, partial(write, page), c, page)


def grow_object(testbed: Testbed, c: int, o: int, *, vcpu: int) -> None:
    """A thread asks for a page more."""
    kernel = testbed.machine.kernel
    size = next((row.size for each, row in there(testbed) if each == o), 1)
    kernel.objects.grow(c, slot_of(testbed, c, o), size + 1)


def drop_object(testbed: Testbed, c: int, o: int) -> None:
    """A capability is given up."""
    testbed.machine.kernel.objects.drop(c, slot_of(testbed, c, o))


def drop(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The container asks for it, or the kernel does it while it takes the container down."""
    if testbed.phase(c) == "exiting":
        proceed()
    else:
        call(testbed, lambda **_: proceed(), c)


def revoke_object(testbed: Testbed, c: int, o: int, *, vcpu: int) -> None:
    """A thread has an object destroyed."""
    testbed.machine.kernel.objects.revoke(c, slot_of(testbed, c, o))


def begin_operation(testbed: Testbed, c: int, o: int, *, vcpu: int) -> None:
    """A thread makes a call that may sleep."""
    testbed.machine.kernel.objects.begin_call(c, slot_of(testbed, c, o))


def end_operation(testbed: Testbed, c: int, o: int) -> None:
    """The call ends, or is called off."""
    testbed.machine.kernel.objects.end_call(c, number(testbed, o))


def finish_insertion(testbed: Testbed, d: int, o: int) -> None:
    """The fork writes the list."""
    testbed.machine.kernel.objects.finish_insertion(d, number(testbed, o))


def abandon_insertion(testbed: Testbed, d: int, o: int) -> None:
    """The fork is given up."""
    testbed.machine.kernel.objects.abandon_insertion(d, number(testbed, o))


def remember(zygote: int, testbed: Testbed, proceed: Proceed) -> None:
    """Note what every object holds that the zygote names."""

    def note() -> None:
        for _, slot in testbed.machine.kernel.state.named(zygote):
            testbed.contents[slot.object] = _content(testbed, slot.object)

    testbed.together(proceed, note)
