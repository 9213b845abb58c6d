"""Connections: the host moves records between sockets, and reads none of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.delegation import records
from splitspec.impl.delegation.mailbox import ROOM, Message, Operation
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.runtime import Runtime
from splitspec.impl.refusal import Guards, LibraryRefusal

AGAIN = -11
DATA_MAX = ROOM - 512
NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Socket:
    """A connection with the number that the host knows it by."""

    host_number: int
    connection: records.Connection


class Sockets:
    """The connections of one process."""

    __slots__ = ("_runtime", "table")

    def __init__(self, journal: Journal, runtime: Runtime) -> None:
        self._runtime = runtime
        self.table: Table[int, Socket] = Table(journal)

    def connect(self, name: str, number: int) -> None:
        """Open a connection to a service by name, with keys from the tenant's secret."""
        guards = Guards(LibraryRefusal, "connect")
        secret = self._runtime.secret()
        reply = self._runtime.exchange(Message(Operation.CONNECT, data=name.encode()))
        guards.require("reached", reply.number >= 0, f"the host says error {-reply.number}")
        guards.require("number", reply.number <= NUMBER_MAX, f"{reply.number} names no socket")
        salt = records.fresh_salt()
        self._deliver(guards, reply.number, salt)
        self.table[number] = Socket(reply.number, records.connect(secret, name.encode(), salt))

    def send(self, number: int, data: bytes) -> int:
        """Send bytes as one record. After an error of the host the connection is of no use."""
        guards = Guards(LibraryRefusal, "send")
        guards.require("length", len(data) <= DATA_MAX, f"{len(data)} bytes of {DATA_MAX}")
        socket = self._usable(guards, number)
        after, record = records.encrypt(socket.connection, data)
        # Counted before it is sent: whatever the host answers, the number is never used again.
        self.table[number] = replace(socket, connection=after)
        self._deliver(guards, socket.host_number, record)
        return len(data)

    def receive(self, number: int) -> bytes | None:
        """Return what is in the next record, or None if the host says that there is none yet."""
        guards = Guards(LibraryRefusal, "receive")
        socket = self._usable(guards, number)
        reply = self._runtime.exchange(Message(Operation.RECEIVE, socket.host_number))
        if reply.number == AGAIN:
            return None
        guards.require("result", reply.number == len(reply.data), f"{reply.number} is no length")
        after, data = records.decrypt(socket.connection, reply.data)
        self.table[number] = replace(socket, connection=after)
        return data

    def poll(self, numbers: list[int]) -> list[int]:
        """Return which of these connections the host says are ready: a hint and no more."""
        guards = Guards(LibraryRefusal, "epoll_wait")
        asked = {self._usable(guards, number).host_number: number for number in numbers}
        data = b"".join(number.to_bytes(4, "big") for number in asked)
        reply = self._runtime.exchange(Message(Operation.POLL, data=data))
        told = [
            int.from_bytes(reply.data[start : start + 4], "big")
            for start in range(0, len(reply.data), 4)
        ]
        guards.require("asked", set(told) <= set(asked), "it names what was not asked for")
        return sorted(asked[number] for number in told)

    def _usable(self, guards: Guards, number: int) -> Socket:
        socket = self.table.get(number)
        if socket is None:
            guards.fail("connected", f"{number} is no connection")
        return socket

    def _deliver(self, guards: Guards, host_number: int, data: bytes) -> None:
        reply = self._runtime.exchange(Message(Operation.SEND, host_number, data))
        guards.require("delivered", reply.number == len(data), f"the host says {reply.number}")
