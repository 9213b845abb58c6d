"""The page that a container shares with its shadow: requests out, replies in.

A message is an operation, a number and some bytes. Requests and replies have parts of the page of
their own, so that neither is taken for the other. The host can write the page at any moment, so the
container copies a whole reply into private memory once, and all is decided on that copy.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from splitspec.impl.geometry import PAGE
from splitspec.impl.refusal import Guards, LibraryRefusal

HEADER = struct.Struct(">HHIq")
REPLIES = 1024
"""Where in the page the part of the replies begins."""
REQUEST_ROOM = REPLIES - HEADER.size
REPLY_ROOM = PAGE - REPLIES - HEADER.size


class Operation(IntEnum):
    """What the shadow is asked to do."""

    LISTING = 1
    """The directory of the image."""
    BLOCK = 2
    """A block of the image, with its path in the tree."""
    CONNECT = 3
    SEND = 4
    RECEIVE = 5
    POLL = 6
    TIME = 7
    """The time of day, in nanoseconds: a number, and no bytes."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request, or a reply; `number` is an argument, or a result, negative for an error. `room` is
    how many bytes may be in the reply to a request."""

    operation: int
    number: int = 0
    data: bytes = b""
    room: int = 0

    def encode(self, room: int) -> bytes:
        """Return what is written into a part of the page that has so much room.

        What an earlier message leaves behind it there, the host has seen.
        """
        if len(self.data) > room:
            raise ValueError(f"{len(self.data)} bytes do not fit in {room}")
        return HEADER.pack(self.operation, self.room, len(self.data), self.number) + self.data


def stated_length(part: bytes) -> int:
    """Return how long the message in a part of the page says that it is, be it true or not."""
    length: int = HEADER.unpack_from(part)[2]
    return length


def decode(part: bytes) -> Message:
    """Read a message from a private copy of its part of the page, which bounds its length."""
    operation, wanted, length, number = HEADER.unpack_from(part)
    room = len(part) - HEADER.size
    guards = Guards(LibraryRefusal, "message")
    guards.require("length", length <= room, f"{length} bytes in {room}")
    return Message(operation, number, part[HEADER.size : HEADER.size + length], wanted)
