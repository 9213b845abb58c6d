"""The page that a container shares with its shadow: requests out, replies in.

A message is an operation, a number and some bytes. The host can write the page at any moment, so
the container copies a whole reply into private memory once, and all is decided on that copy.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from splitspec.impl.geometry import PAGE
from splitspec.impl.refusal import Guards, LibraryRefusal

HEADER = struct.Struct(">HHIq")
ROOM = PAGE - HEADER.size


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


@dataclass(frozen=True, slots=True)
class Message:
    """A request, or a reply; `number` is an argument, or a result, negative for an error."""

    operation: int
    number: int = 0
    data: bytes = b""

    def encode(self) -> bytes:
        """Return the whole page, so that nothing of an earlier message is left in it."""
        if len(self.data) > ROOM:
            raise ValueError(f"{len(self.data)} bytes do not fit in {ROOM}")
        header = HEADER.pack(self.operation, 0, len(self.data), self.number)
        return (header + self.data).ljust(PAGE, b"\0")


def decode(page: bytes) -> Message:
    """Read a message from a private copy of the page; its length is bounded by the page."""
    operation, _, length, number = HEADER.unpack_from(page)
    guards = Guards(LibraryRefusal, "reply")
    guards.require("length", length <= ROOM, f"{length} bytes in a page")
    return Message(operation, number, page[HEADER.size : HEADER.size + length])
