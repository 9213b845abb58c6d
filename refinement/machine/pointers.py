"""Module `pointers` in the machine: the address at which the kernel writes for a container.

To which pages the kernel has written is seen in what they hold before and after it did.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from splitspec.impl.geometry import PAGE
from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.lone_threads import call, stopped
from splitspec.refinement.machine.testbed import Testbed

Proceed = Callable[..., object]

OFFSET = 16
TICK, TOCK = b"tick", b"tock"


def pointers(_setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "pointers",
        observe=observe,
        actions={
            "register": register,
            "withdraw_pointer": lambda testbed, c: testbed.machine.kernel.pointers.withdraw(c),
            "write_through": write_through,
        },
        around={
            "register": lambda testbed, proceed, c: call(testbed, lambda **_: proceed(), c),
            "seal": forget,
        },
        guards={
            "register": {
                **stopped("running"),
                "register_pointer running": ("running",),
                "register_pointer vacant": ("vacant",),
                "register_pointer mapped": ("mapped",),
                "register_pointer private": ("private",),
            },
            "withdraw_pointer": {"withdraw_pointer registered": ("registered",)},
            "write_through": {
                "write_pointer running": ("running",),
                "write_pointer registered": ("registered",),
            },
            "unmap_page": {"unmap_page unaimed": ("unpinned",)},
            "seal": {"seal withdrawn": ("withdrawn",)},
            "finish_exit": {"retire withdrawn": ("withdrawn",)},
        },
    )


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return where the kernel writes, and where it has written since the last seal."""
    targets = testbed.machine.kernel.state.targets.items()
    return {
        "target": {c: target.page for c, target in targets},
        "kernel_wrote": set(testbed.written),
    }


def register(testbed: Testbed, c: int, v: int) -> None:
    """A function tells the kernel where to write."""
    testbed.machine.kernel.pointers.register(c, v * PAGE + OFFSET, len(TICK))


def write_through(testbed: Testbed, c: int) -> None:
    """The event comes; what it says is not there yet, so that each page that the kernel writes
    changes."""
    before, kernel = _contents(testbed), testbed.machine.kernel
    target = kernel.state.targets.get(c)
    is_ticked = target is not None and TICK in before[target.page]
    kernel.pointers.write(c, TOCK if is_ticked else TICK)
    for page, content in _contents(testbed).items():
        if content != before[page]:
            testbed.written[page] = True


def _contents(testbed: Testbed) -> dict[int, bytes]:
    kernel = testbed.machine.kernel
    return {page: kernel.memory.read(page) for page in testbed.pages if page in kernel.state.pages}


def forget(testbed: Testbed, proceed: Proceed) -> None:
    """What was written before the seal is part of the image."""
    testbed.together(proceed, *(partial(testbed.written.discard, g) for g in testbed.pages))
