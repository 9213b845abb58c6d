"""Delegated calls: a shadow serves its container from the image and with real sockets.

It sees requests in the shared page and answers there. It holds the image with its tree, so that it
can prove each block, and one end of a socket pair a connection; whoever holds the other end is the
network. Nothing here needs the container's trust. Sockets are the world outside: a rollback of the
machine does not take back what was sent.
"""

from __future__ import annotations

import select
import socket
import time

from splitspec.impl.delegation.mailbox import REPLY_ROOM, Message, Operation
from splitspec.impl.delegation.rootfs import Image, proven

PATIENCE = 0.05  # seconds that a poll waits
ENOENT, EIO, EBADF, EAGAIN, EMSGSIZE = 2, 5, 9, 11, 90


class Delegate:
    """Serves the requests of one container."""

    __slots__ = ("_sockets", "image", "patience", "seen", "services")

    def __init__(self, image: Image | None = None) -> None:
        self.image = image
        self.patience = PATIENCE
        self._sockets: dict[int, socket.socket] = {}
        self.services: dict[str, socket.socket] = {}  # far ends that a connection can get
        self.seen: list[bytes] = []  # all that passed through the shared page, as the host sees it

    def serve(self, request: Message) -> Message:
        """Carry out a request and return the reply."""
        self.seen.append(request.data)
        reply = self._serve(request)
        if len(reply.data) > request.room:
            reply = Message(request.operation, -EMSGSIZE)
        self.seen.append(reply.data)
        return reply

    def close(self) -> None:
        """Close all sockets."""
        for end in (*self._sockets.values(), *self.services.values()):
            end.close()

    def offer(self, name: str) -> socket.socket:
        """Make a service that the container can connect to; return the service's own end."""
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.services[name] = near
        return far

    def knows(self, request: Message) -> bool:
        """What the request names is the container's own: a leaf of its image, or sockets that were
        opened for it."""
        match request.operation:
            case Operation.LISTING | Operation.BLOCK:
                return self.image is not None and 0 <= request.number < len(self.image.leaves)
            case Operation.SEND | Operation.RECEIVE:
                return request.number in self._sockets
            case Operation.POLL:
                return all(number in self._sockets for number in _numbers(request.data))
        return True

    def _serve(self, request: Message) -> Message:
        match request.operation:
            case Operation.LISTING if self.image is not None:
                return Message(request.operation, len(self.image.leaves), proven(self.image, 0))
            case Operation.BLOCK if self.image is not None:
                if not self.knows(request):
                    return Message(request.operation, -ENOENT)
                leaf = request.number
                size = len(self.image.leaves[leaf])
                return Message(request.operation, size, proven(self.image, leaf))
            case Operation.CONNECT:
                return Message(request.operation, self._connect(request.data))
            case Operation.SEND:
                return Message(request.operation, self._send(request))
            case Operation.RECEIVE:
                return self._receive(request)
            case Operation.POLL:
                if not self.knows(request):
                    return Message(request.operation, -EBADF)
                return Message(request.operation, data=self._poll(request.data))
            case Operation.TIME:
                return Message(request.operation, time.time_ns())
        return Message(request.operation, -EIO)

    def _connect(self, name: bytes) -> int:
        near = self.services.pop(name.decode(errors="replace"), None)
        if near is None:
            return -ENOENT
        near.setblocking(False)
        self._sockets[near.fileno()] = near
        return near.fileno()

    def _send(self, request: Message) -> int:
        end = self._sockets.get(request.number)
        try:
            return -EBADF if end is None else end.send(request.data)
        except OSError:
            return -EIO

    def _receive(self, request: Message) -> Message:
        end = self._sockets.get(request.number)
        if end is None:
            return Message(request.operation, -EBADF)
        try:
            data = end.recv(REPLY_ROOM)
        except BlockingIOError:
            return Message(request.operation, -EAGAIN)
        except OSError:
            return Message(request.operation, -EIO)
        return Message(request.operation, len(data), data)

    def _poll(self, wanted: bytes) -> bytes:
        ends = [self._sockets[number] for number in _numbers(wanted)]
        ready, _, _ = select.select(ends, [], [], self.patience)
        return b"".join(end.fileno().to_bytes(4, "big") for end in ready)


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[n : n + 4], "big") for n in range(0, len(data), 4)]
