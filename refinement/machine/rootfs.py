"""Module `rootfs` in the machine: blocks of an image, with real trees of hashes over them.

What the host put there is read from the shared page, what was copied from the private copy, and
what a function has read from its own pages. The model's data are contents of blocks. It leaves the
path in the tree to the host, so the host sends a path that fits wherever there is one: that of the
block which it says it serves, or of the one that is wanted if that holds the very data, and else
none. A path that does not fit is refused whatever the data are.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.impl.delegation.mailbox import REPLIES, Message, Operation, decode
from splitspec.impl.delegation.rootfs import LENGTH, Image, plant, split
from splitspec.impl.geometry import PAGE
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.journal import Table
from splitspec.impl.libos.gate import NOTHING, Stage
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.fragment import Function, reason
from splitspec.refinement.machine.library import Library
from splitspec.refinement.machine.testbed import undo
from splitspec.refinement.mapping import Implementation, InexpressibleError

CONTENTS = (b"the first content".ljust(2000, b"."), b"the second".ljust(2000, b"."))
LISTING = b'{"/file": [4000, 1]}'
# Two images: what is genuine at one place of the first is so at the other place of the second.
IMAGES = tuple(plant((LISTING, *(CONTENTS[number] for number in row))) for row in ((0, 1), (1, 1)))
BLOCKS = (1, 2)  # leaves; the listing is another
STAGES = {
    Stage.PENDING: "waiting",
    Stage.FETCHED: "copied",
    Stage.CHECKED: "verified",
    Stage.DONE: "idle",
}
PROOF = ("genuine", "in_place", "measured")
GUARDS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "want": {"request idle": "idle"},
    "copy_in": {"fetch pending": "waiting"},
    "verify": {"read fetched": "copied", "verify digest": PROOF, "verify path": PROOF},
    "refuse": {"drop fetched": "copied"},
    "deliver": {"use checked": "verified"},
}
KNOWN = "the library has wanted block and copy in one place"
ONE = "the machine has one guard for all that a digest can say"
LEFT_OUT = {
    "copy_in.there": "the machine copies what is there, were it nothing, and refuses that",
    "verify.wanted": KNOWN,
    "verify.private": KNOWN,
    "deliver.wanted": KNOWN,
    "deliver.private": KNOWN,
    "verify.in_place": ONE,
    "verify.measured": ONE,
}
HONEST_LEFT_OUT = {
    "verify.genuine": "an honest host serves what is wanted",
    "mount.right": "a shadow is started with its container's image",
    "serve.waiting": "a shadow that is asked for nothing serves nothing",
    "serve.right": "a shadow serves what it is asked for",
}


class Readers(Library):
    """Containers with the first image, and a page for each block that their function reads."""

    def __init__(self, containers: int, kind: PlatformKind) -> None:
        super().__init__(containers, kind, dict.fromkeys(range(containers), IMAGES[0]))
        self.pages = [self.buffers(c, len(BLOCKS)) for c in range(containers)]
        self.mounts: Table[int, Image] = Table(self.machine.journal)  # what the host serves
        for instance in self.instances:
            instance.process.open("/file")
        self.begin()

    def place(self, c: int, block: int) -> int:
        """Return where the function reads a block to."""
        return self.pages[c] + (block - 1) * PAGE

    def measured(self, c: int) -> Image:
        """Return the image whose root the kernel has for the container."""
        root = self.machine.kernel.state.roots[c]
        return next(image for image in IMAGES if image.root == root)


def rootfs(kind: PlatformKind, *, honest: bool, containers: int = 1) -> Implementation[Readers]:
    """Return the mapping to `rootfs`."""
    sizes = {"Container": containers, "Image": 2, "Block": 2, "Data": 2}
    actions: dict[str, Function] = {
        "mount": mount_own if honest else mount,
        "want": want,
        "serve": serve if honest else offer,
        "copy_in": lambda readers, c: readers.instances[c].gate.fetch(),
        "verify": lambda readers, c: readers.instances[c].process.files.verify(),
        "refuse": lambda readers, c: readers.instances[c].gate.drop(),
        "deliver": deliver,
    }
    return Implementation(
        name=f"impl on {kind.value}",
        model="rootfs",
        create=partial(Readers, containers, kind),
        observe=observe,
        actions=actions,
        refusal=Refusal,
        reason=reason,
        guards=GUARDS,
        elements={
            "Container": range(containers),
            "Image": IMAGES,
            "Block": BLOCKS,
            "Data": CONTENTS,
        },
        given=("host",) if honest else (),
        sizes=sizes,
        left_out=LEFT_OUT | (HONEST_LEFT_OUT if honest else {}),
        compared=("stage", "target", "mounted", "buffer", "copy", "cache"),
        undo=undo(),
    )


def observe(readers: Readers) -> dict[str, Any]:
    """Return how far reads got, and what lies where."""
    containers = range(len(readers.instances))
    latest = readers.latest()
    return {
        "root": {c: readers.measured(c) for c in containers},
        "holds": {(image, block): image.leaves[block] for image in IMAGES for block in BLOCKS},
        "stage": {c: STAGES[call.stage] for c, call in latest.items()},
        "target": {
            c: call.request.number for c, call in latest.items() if call.stage is not Stage.DONE
        },
        "mounted": {c: readers.mounts.get(c) for c in containers},
        "buffer": {c: _leaf(readers.shared(c)[REPLIES:]) for c in containers},
        "copy": {c: _leaf(call.copy) for c, call in latest.items()},
        "cache": {
            (c, block): content
            for c in containers
            for block in BLOCKS
            if (content := _read(readers, c, block)) is not None
        },
    }


def _leaf(part: bytes) -> bytes | None:
    """Return the leaf in a reply, if there is a reply."""
    return None if part == NOTHING else split(decode(part).data)[1]


def _read(readers: Readers, c: int, block: int) -> bytes | None:
    page = readers.instances[c].load(readers.place(c, block), PAGE).rstrip(b"\0")
    return page or None


def mount(readers: Readers, c: int, i: Image) -> None:
    """The host decides what it serves."""
    readers.mounts[c] = i


def mount_own(readers: Readers, c: int, i: Image) -> None:
    """An honest host has started the shadow with the container's image."""
    if readers.instances[c].delegate.image != i:
        raise InexpressibleError(HONEST_LEFT_OUT["mount.right"])
    mount(readers, c, i)


def want(readers: Readers, c: int, b: int) -> None:
    """The library asks for a block. If the host has offered the very data, with another path, it
    mends the path."""
    instance = readers.instances[c]
    ask = partial(instance.gate.request, "read", Message(Operation.BLOCK, b))
    readers.together(ask, partial(_mend, readers, c, b))


def _mend(readers: Readers, c: int, b: int) -> None:
    offered, image = _leaf(readers.shared(c)[REPLIES:]), readers.measured(c)
    if offered == image.leaves[b]:
        readers.write(c, _reply(image, b, offered))


def _reply(image: Image, block: int, content: bytes) -> Message:
    path = image.path(block) if image.leaves[block] == content else b""
    return Message(Operation.BLOCK, 0, len(path).to_bytes(LENGTH, "big") + path + content)


def offer(readers: Readers, c: int, b: int, i: Image, x: bytes) -> None:
    """A hostile host puts any data into the page, as a block of an image."""
    wanted, image = readers.pending(c), readers.measured(c)
    if wanted is not None and image.leaves[wanted.number] == x:
        i, b = image, wanted.number
    readers.write(c, _reply(i, b, x))


def serve(readers: Readers, c: int) -> None:
    """The shadow serves what it is asked for, of the image that it mounted."""
    readers.check_asked(c)
    image = readers.mounts.get(c)
    if image is None:
        raise InexpressibleError("nothing is mounted")
    readers.write(c, Delegate(image).serve(readers.request(c)))


def deliver(readers: Readers, c: int) -> None:
    """The function gets the block."""
    instance = readers.instances[c]
    content, call = instance.process.files.deliver(), readers.latest()[c]
    instance.store(readers.place(c, call.request.number), content.ljust(PAGE, b"\0"))
