"""Containers that run, each with its library OS and a page that it shares with its host, as a
subject of the models of delegated calls.

These models have no pages, threads or lives: the containers are booted once, and what a step of
theirs needs of the machine is there. The host writes into the shared page as it likes, past the
library; an honest one through its own code in `impl/host/delegate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from splitspec.impl.delegation.mailbox import REPLIES, REPLY_ROOM, Message, decode
from splitspec.impl.delegation.rootfs import Image
from splitspec.impl.deployment import Deployment
from splitspec.impl.geometry import PAGE, ZEROS, Geometry
from splitspec.impl.instance import Instance
from splitspec.impl.journal import Table
from splitspec.impl.libos.gate import LATEST, Delegated, Stage
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.refinement.machine.network import chip
from splitspec.refinement.machine.testbed import Step, take_together
from splitspec.refinement.mapping import InexpressibleError

POOL = 12  # pages of each container


class Library:
    """A machine with containers that run and have not yet asked for anything."""

    def __init__(self, containers: int, kind: PlatformKind, images: Mapping[int, Image]) -> None:
        pages = POOL * containers
        geometry = Geometry(containers, pages=pages, frames=pages, vcpus=containers)
        self.machine = Machine(geometry, kind, chip=chip())
        deployment = Deployment(self.machine)
        self.instances: list[Instance] = [
            deployment.boot(b"code", pool=POOL, image=images.get(c)) for c in range(containers)
        ]
        # What a function has been given, or the host has done, as a model's ghosts remember it.
        self.happened: Table[tuple[str, Any], bool] = Table(self.machine.journal)

    def begin(self) -> None:
        """Forget the calls that were made so far, and begin to record."""
        for c, instance in enumerate(self.instances):
            instance.gate.calls.discard(LATEST)
            self.machine.platform.host_write(self.frame(c), 0, ZEROS)
        self.machine.checkpoint()

    def together(self, *steps: Step) -> None:
        """Take several steps as one: all of them, or none."""
        take_together(self.machine.journal, steps)

    # What the container has

    def latest(self) -> dict[int, Delegated]:
        """Return the delegated call of each container that has made one."""
        calls = {c: instance.gate.latest for c, instance in enumerate(self.instances)}
        return {c: call for c, call in calls.items() if call is not None}

    def pending(self, c: int) -> Message | None:
        """Return what the host is asked for and has not been seen to answer."""
        call = self.instances[c].gate.latest
        return call.request if call is not None and call.stage is Stage.PENDING else None

    def check_asked(self, c: int) -> None:
        """Raise unless the host was asked for something."""
        if self.pending(c) is None:
            raise InexpressibleError("an honest host does what it is asked for, when it is")

    # What the host has

    def frame(self, c: int) -> int:
        """Return the frame of the page that the container shares."""
        page = self.instances[c].mailbox
        assert page is not None
        return self.machine.host.backing.frames[page]

    def shared(self, c: int) -> bytes:
        """Return what the host sees in the shared page."""
        return self.machine.platform.host_read(self.frame(c))

    def request(self, c: int) -> Message:
        """Return the request that the host finds in the shared page."""
        return decode(self.shared(c)[:REPLIES])

    def write(self, c: int, reply: Message) -> None:
        """The host writes a reply into the shared page."""
        self.machine.platform.host_write(self.frame(c), REPLIES, reply.encode(REPLY_ROOM))

    def buffers(self, c: int, count: int) -> int:
        """Map pages for what the function reads, and touch them; return the address of the
        first."""
        instance = self.instances[c]
        start = instance.process.mmap(count * PAGE)
        for page in range(count):
            instance.store(start + page * PAGE, b"\0")
        return start
