"""Connections: the host moves records between sockets, and reads none of them.

What is written is encrypted in private memory, and only the record is put before the host. It is
counted when it is made, not when the host says that it was sent: after an error the same record
goes out once more, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.delegation import records
from splitspec.impl.delegation.mailbox import REQUEST_ROOM, Message, Operation
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.runtime import Runtime
from splitspec.impl.refusal import Guards, LibraryRefusal

AGAIN = -11
DATA_MAX = records.capacity(REQUEST_ROOM)
NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Socket:
    """A connection with the number that the host knows it by, and what is on its way out."""

    host_number: int
    connection: records.Connection
    data: bytes | None = None  # written, and not encrypted yet
    record: bytes = b""  # the one that was made last
    is_due: bool = False  # it was not yet put before the host


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
        request = Message(Operation.CONNECT, data=name.encode())
        reply = self._runtime.exchange("connect", request)
        guards.require("reached", reply.number >= 0, f"the host says error {-reply.number}")
        guards.require("number", reply.number <= NUMBER_MAX, f"{reply.number} names no socket")
        salt = records.fresh_salt()
        self._deliver(guards, reply.number, salt)
        self.table[number] = Socket(reply.number, records.connect(secret, name.encode(), salt))

    def send(self, number: int, data: bytes) -> int:
        """Send bytes as one record. After an error of the host, `send_again` sends it again."""
        self.write(number, data)
        try:
            self.encrypt(number)
        except LibraryRefusal:
            self.drop(number)
            raise
        self.publish(number)
        return len(data)

    def write(self, number: int, data: bytes) -> None:
        """Take bytes that are to be sent."""
        guards = Guards(LibraryRefusal, "send")
        guards.require("length", len(data) <= DATA_MAX, f"{len(data)} bytes of {DATA_MAX}")
        socket = self._usable(guards, number)
        idle = socket.data is None and not socket.is_due
        guards.require("idle", idle, "what was written before is on its way")
        self.table[number] = replace(socket, data=data)

    def encrypt(self, number: int) -> None:
        """Make a record of what was written."""
        guards = Guards(LibraryRefusal, "encrypt")
        socket = self._usable(guards, number)
        if socket.data is None:
            guards.fail("written", "there is nothing to encrypt")
        after, record = records.encrypt(socket.connection, socket.data)
        # Counted before it is sent: whatever the host answers, the number is never used again.
        self.table[number] = Socket(socket.host_number, after, None, record, is_due=True)

    def publish(self, number: int) -> None:
        """Put the record before the host."""
        guards = Guards(LibraryRefusal, "publish")
        socket = self._usable(guards, number)
        guards.require("encrypted", socket.is_due, "no record is due")
        self.table[number] = replace(socket, is_due=False)
        self._deliver(Guards(LibraryRefusal, "send"), socket.host_number, socket.record)

    def send_again(self, number: int) -> None:
        """Put the record before the host that was made last, the same."""
        guards = Guards(LibraryRefusal, "send_again")
        socket = self._usable(guards, number)
        idle = socket.data is None and not socket.is_due
        guards.require("idle", idle, "what was written since is on its way")
        guards.require("made", socket.record != b"", "no record was made")
        self._deliver(guards, socket.host_number, socket.record)

    def drop(self, number: int) -> None:
        """Forget what was written, which cannot be sent."""
        guards = Guards(LibraryRefusal, "drop")
        socket = self._usable(guards, number)
        guards.require("written", socket.data is not None, "there is nothing to drop")
        self.table[number] = replace(socket, data=None)

    def receive(self, number: int) -> bytes | None:
        """Return what is in the next record, or None if the host says that there is none yet."""
        reply = self.ask(number)
        return None if reply.number == AGAIN else self.take(number, reply)

    def ask(self, number: int) -> Message:
        """Ask the host for a record."""
        socket = self._usable(Guards(LibraryRefusal, "receive"), number)
        request = Message(Operation.RECEIVE, socket.host_number)
        return self._runtime.exchange("recvfrom", request)

    def take(self, number: int, reply: Message) -> bytes:
        """Return what is in the record that the host has given, if it is the next one."""
        guards = Guards(LibraryRefusal, "receive")
        socket = self._usable(guards, number)
        guards.require("result", reply.number == len(reply.data), f"{reply.number} is no length")
        after, data = records.decrypt(socket.connection, reply.data)
        self.table[number] = replace(socket, connection=after)
        return data

    def poll(self, numbers: list[int]) -> list[int]:
        """Return which of these connections the host says are ready: a hint and no more."""
        guards = Guards(LibraryRefusal, "epoll_wait")
        asked = {self._usable(guards, number).host_number: number for number in numbers}
        data = b"".join(number.to_bytes(4, "big") for number in asked)
        reply = self._runtime.exchange("epoll_pwait", Message(Operation.POLL, data=data), len(data))
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
        reply = self._runtime.exchange("sendto", Message(Operation.SEND, host_number, data), 0)
        guards.require("delivered", reply.number == len(data), f"the host says {reply.number}")
