"""The gate: system calls that leave the VM, one at a time, and what is believed of the answer.

Which calls may leave is a matter of the table in `calls`: what decides over memory or threads is
served inside, and so is the waiting of threads for one another. A reply is copied once; the copy is
checked, and the copy is used. Of a reply nothing is believed but a length that fits; what its bytes
are worth, files and sockets say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from splitspec.impl.delegation.mailbox import (
    REPLIES,
    REPLY_ROOM,
    REQUEST_ROOM,
    Message,
    decode,
    stated_length,
)
from splitspec.impl.geometry import PAGE
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.calls import CALLS, DELEGATED
from splitspec.impl.libos.layout import MAILBOX
from splitspec.impl.refusal import Guards, LibraryRefusal, Refusal

LATEST = "latest"
NOTHING = bytes(PAGE - REPLIES)


class Stage(Enum):
    """How far a delegated call got."""

    PENDING = "pending"
    """The request is in the shared page."""
    FETCHED = "fetched"
    """The reply was copied."""
    CHECKED = "checked"
    """The copy is fit for use."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Delegated:
    """A delegated call: what was asked, and the private copy of the answer, in a buffer that each
    call uses again."""

    name: str
    request: Message
    copy: bytes
    stage: Stage = Stage.PENDING


class Memory(Protocol):
    """A container's own memory, and what it shares."""

    def load(self, start: int, length: int) -> bytes:
        """Read memory."""

    def store(self, start: int, data: bytes) -> None:
        """Write memory; pages appear and are copied as they must."""


class Gate:
    """The delegated calls of one container; the latest is remembered when it is over."""

    __slots__ = ("_memory", "calls")

    def __init__(self, journal: Journal, memory: Memory) -> None:
        self._memory = memory
        self.calls: Table[str, Delegated] = Table(journal)

    @property
    def latest(self) -> Delegated | None:
        """The call that is open, or was open last."""
        return self.calls.get(LATEST)

    def request(self, name: str, request: Message, room: int = REPLY_ROOM) -> None:
        """Put a request for the system call before the host."""
        guards = Guards(LibraryRefusal, "request")
        latest = self.latest
        idle = latest is None or latest.stage is Stage.DONE
        guards.require("idle", idle, "another call is open")
        _, treatment = CALLS[name]
        guards.require("delegable", treatment in DELEGATED, f"{name} is served inside")
        fits = len(request.data) <= REQUEST_ROOM and 0 <= room <= REPLY_ROOM
        guards.require("fits", fits, f"{len(request.data)} bytes of {REQUEST_ROOM}")
        asked = replace(request, room=room)
        self._memory.store(MAILBOX * PAGE, asked.encode(REQUEST_ROOM))
        kept = NOTHING if latest is None else latest.copy
        self.calls[LATEST] = Delegated(name, asked, kept)

    def fetch(self) -> None:
        """Copy the reply, once."""
        call = self.at(Guards(LibraryRefusal, "fetch"), Stage.PENDING)
        copy = self._memory.load(MAILBOX * PAGE + REPLIES, PAGE - REPLIES)
        self.calls[LATEST] = replace(call, stage=Stage.FETCHED, copy=copy)

    def collect(self) -> None:
        """Copy the reply. Where the page cannot be read, since the host took its frame, the call
        is over."""
        try:
            self.fetch()
        except Refusal:
            self.cancel()
            raise

    def check(self) -> None:
        """Let the copy be used if it fits the request."""
        guards = Guards(LibraryRefusal, "check")
        call = self.at(guards, Stage.FETCHED)
        length, room = stated_length(call.copy), call.request.room
        guards.require("bounded", length <= room, f"{length} bytes of {room}")
        self.calls[LATEST] = replace(call, stage=Stage.CHECKED)

    def refuse(self) -> None:
        """End a call whose reply does not fit."""
        guards = Guards(LibraryRefusal, "refuse")
        call = self.at(guards, Stage.FETCHED)
        absurd = stated_length(call.copy) > call.request.room
        guards.require("absurd", absurd, "the reply fits")
        self.drop()

    def drop(self) -> None:
        """End a call whose reply is not used."""
        call = self.at(Guards(LibraryRefusal, "drop"), Stage.FETCHED)
        self.calls[LATEST] = replace(call, stage=Stage.DONE)

    def use(self) -> Message:
        """Return the reply, of the copy."""
        call = self.at(Guards(LibraryRefusal, "use"), Stage.CHECKED)
        self.calls[LATEST] = replace(call, stage=Stage.DONE)
        return decode(call.copy)

    def result(self) -> Message:
        """Copy, check and return the reply to the call that is open."""
        self.collect()
        try:
            self.check()
        except LibraryRefusal:
            self.refuse()
            raise
        return self.use()

    def cancel(self) -> None:
        """Forget a call that the host was not asked for in the end, or whose reply is not there."""
        call = self.at(Guards(LibraryRefusal, "cancel"), Stage.PENDING)
        self.calls[LATEST] = replace(call, stage=Stage.DONE)

    def at(self, guards: Guards, stage: Stage) -> Delegated:
        """Return the call that got so far, and no further; refuse if there is none."""
        call = self.latest
        if call is None or call.stage is not stage:
            guards.fail(stage.value, f"no call is {stage.value}")
        return call
