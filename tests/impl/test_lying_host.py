"""A host that answers delegated calls as it likes gets nothing but a refusal."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.impl.deployments import FILES, keyed, refuses

from splitspec.impl.delegation import records, rootfs
from splitspec.impl.delegation.mailbox import REPLIES, REPLY_ROOM, Message, Operation
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.host.hostile import Liar
from splitspec.impl.instance import Instance
from splitspec.impl.refusal import LibraryRefusal, NestedPageFault


def test_a_changed_a_swapped_and_a_replaced_block_are_refused(directory: Path) -> None:
    instance, _ = keyed(directory)
    process = instance.process
    number = process.open("/etc/limits")
    honest = instance.delegate
    (directory / "etc/limits").write_bytes(b"y = 2\n" * 1000)
    other = Delegate(rootfs.build(directory))  # the image as it is after the container was measured

    def changed(request: Message, reply: Message) -> Message:
        return Message(reply.operation, reply.number, reply.data[:-1] + b"?")

    def swapped(request: Message, reply: Message) -> Message:
        return honest.serve(replace(request, number=request.number - 1))

    def replaced(request: Message, reply: Message) -> Message:
        return other.serve(request)

    def shortened(request: Message, reply: Message) -> Message:
        return Message(reply.operation, reply.number, reply.data[:20])

    for lie in (changed, swapped, replaced):
        instance.delegate = Liar(honest, lie)
        refuses("digest", lambda: process.read(number, 100))
    instance.delegate = Liar(honest, shortened)
    refuses("path", lambda: process.read(number, 100))
    instance.delegate = honest
    assert process.read(number, 100) == FILES["etc/limits"][:100]


def test_the_host_cannot_hide_or_invent_a_file(directory: Path) -> None:
    instance, _ = keyed(directory)
    honest = instance.delegate

    def invented(request: Message, reply: Message) -> Message:
        listing = b'{"/etc/evil": [4, 1]}'
        return Message(reply.operation, reply.number, reply.data[:2] + listing)

    def miscounted(request: Message, reply: Message) -> Message:
        return Message(reply.operation, reply.number + 1, reply.data)

    def absent(request: Message, reply: Message) -> Message:
        return Message(reply.operation, -2)

    def pathless(request: Message, reply: Message) -> Message:
        return Message(reply.operation, reply.number, bytes(2) + b'{"/etc/evil": [4, 1]}')

    lies = (invented, "path"), (pathless, "path"), (miscounted, "digest"), (absent, "delivered")
    for lie, guard in lies:
        instance.delegate = Liar(honest, lie)
        refuses(guard, lambda: instance.process.open("/etc/limits"))
    assert instance.process.files.image == {}


def test_a_length_beyond_the_page_is_refused(directory: Path) -> None:
    instance, _ = keyed(directory)
    machine = instance.machine
    honest = instance.machine.platform.host_write

    def write(frame: int, offset: int, data: bytes) -> None:
        honest(frame, offset, data[:4] + b"\xff\xff\xff\xff" + data[8:])

    instance._answer = lambda page: write(  # type: ignore[method-assign]
        machine.host.backing.frames[page], REPLIES, Message(Operation.LISTING).encode(REPLY_ROOM)
    )
    refuses("length", lambda: instance.process.open("/etc/limits"))


def connected() -> tuple[Instance, int, socket.socket, records.Connection]:
    """A container and its peer, connected."""
    instance, secret = keyed()
    far = instance.delegate.offer("peer")
    number = instance.process.connect("peer")
    return instance, number, far, records.accept(secret, b"peer", far.recv(100))


def test_records_go_both_ways_and_the_host_reads_none() -> None:
    instance, number, far, peer = connected()
    instance.process.send(number, b"the question")
    peer, data = records.decrypt(peer, far.recv(4096))
    assert data == b"the question"
    assert instance.process.receive(number) is None
    assert instance.process.epoll_wait([number]) == []
    peer, record = records.encrypt(peer, b"the answer")
    far.send(record)
    assert instance.process.epoll_wait([number]) == [number]
    assert instance.process.receive(number) == b"the answer"
    assert not any(b"the " in data for data in instance.delegate.seen)
    far.close()


def test_a_repeated_reordered_returned_or_changed_record_is_refused() -> None:
    instance, number, far, peer = connected()
    process = instance.process
    process.send(number, b"mine")
    own = far.recv(4096)
    peer, first = records.encrypt(peer, b"first")
    peer, second = records.encrypt(peer, b"second")
    for wrong in (second, own, first[:-1] + b"?", first[:20], b""):
        before = dict(process.sockets.table)
        far.send(wrong or b"\0")
        refuses("authentic", lambda: process.receive(number))
        assert process.sockets.table == before
    far.send(first)
    assert process.receive(number) == b"first"
    far.send(first)
    refuses("authentic", lambda: process.receive(number))
    far.send(second)
    assert process.receive(number) == b"second"
    far.close()


def test_an_error_of_the_host_never_makes_a_nonce_serve_twice() -> None:
    """The host fails the send and keeps the record; the next record has another number."""
    instance, number, far, _ = connected()
    kept: list[bytes] = []

    def failed(request: Message, reply: Message) -> Message:
        kept.append(request.data)
        return Message(reply.operation, -5)

    honest = instance.delegate
    instance.delegate = Liar(honest, failed)
    refuses("delivered", lambda: instance.process.send(number, b"one"))
    refuses("delivered", lambda: instance.process.send(number, b"two"))
    assert kept[0] != kept[1]
    connection = instance.process.sockets.table[number].connection
    assert connection.sent == 2
    far.close()


def test_after_an_error_of_the_host_the_same_record_is_sent_again() -> None:
    instance, number, far, peer = connected()
    lies = [Message(Operation.SEND, -5)]

    def failed_once(request: Message, reply: Message) -> Message:
        return lies.pop() if lies else reply

    refuses("made", lambda: instance.process.send_again(number))
    instance.delegate = Liar(instance.delegate, failed_once)
    refuses("delivered", lambda: instance.process.send(number, b"one"))
    instance.process.send_again(number)
    first, second = far.recv(4096), far.recv(4096)
    assert first == second
    assert records.decrypt(peer, first)[1] == b"one"
    far.close()


def test_a_reply_that_is_longer_than_the_call_has_room_for_is_refused() -> None:
    instance, number, far, _ = connected()

    def long(request: Message, reply: Message) -> Message:
        return Message(reply.operation, 0, b"\0" * 8)

    instance.delegate = Liar(instance.delegate, long)
    refuses("bounded", lambda: instance.process.epoll_wait([number]))
    refuses("bounded", lambda: instance.process.send(number, b"one"))
    far.close()


def test_a_call_whose_reply_is_taken_away_with_its_page_is_over(directory: Path) -> None:
    """The host takes the frame of the shared page while it answers. Each later call faults by
    itself; when the page is there again, calls are answered as before."""
    instance, _ = keyed(directory)
    machine, honest, page = instance.machine, instance.delegate, instance.mailbox
    assert page is not None
    frame = machine.host.backing.frames[page]
    number = instance.process.open("/etc/limits")
    far = honest.offer("peer")
    connection = instance.process.connect("peer")

    def taken(request: Message, reply: Message) -> Message:
        machine.hostile.steal(page, frame)
        return reply

    calls: tuple[Callable[[], object], ...] = (
        lambda: instance.process.read(number, 10),
        lambda: instance.process.receive(connection),
    )
    for call in calls:
        instance.delegate = Liar(honest, taken)
        for _ in range(2):
            with pytest.raises(NestedPageFault):
                call()
        machine.hostile.remap(page, frame)
        instance.delegate = honest
        again = instance.process.open("/etc/limits")
        assert instance.process.read(again, 10) == FILES["etc/limits"][:10]
    far.close()


def test_of_the_time_whatever_the_host_says_is_believed_and_an_error_is_none() -> None:
    instance, _ = keyed()
    before = time.time_ns()
    assert before <= instance.process.clock_gettime() <= time.time_ns()
    answers = [-5, 0]
    instance.delegate = Liar(
        instance.delegate, lambda request, reply: Message(reply.operation, answers.pop())
    )
    assert instance.process.clock_gettime() == 0
    refuses("told", instance.process.clock_gettime)


def test_two_connections_never_share_a_key() -> None:
    """Clones have one secret; the salt of each connection makes the keys its own."""
    secret = b"one secret for all clones"
    ends = [records.connect(secret, b"peer", records.fresh_salt()) for _ in range(8)]
    keys = {key for end in ends for key in (end.sending, end.receiving)}
    assert len(keys) == 16


def test_the_host_names_only_connections_that_were_asked_for() -> None:
    instance, number, far, _ = connected()
    instance.delegate = Liar(
        instance.delegate, lambda request, reply: Message(reply.operation, 0, b"\0\0\0\x63")
    )
    refuses("asked", lambda: instance.process.epoll_wait([number]))
    refuses("connected", lambda: instance.process.epoll_wait([99]))
    instance.delegate = Liar(
        instance.delegate, lambda request, reply: Message(reply.operation, 5000, b"short")
    )
    refuses("result", lambda: instance.process.receive(number))
    far.close()


def test_lengths_are_padded_to_buckets() -> None:
    end = records.connect(b"secret", b"peer", bytes(16))
    assert len({len(records.encrypt(end, bytes(size))[1]) for size in range(252)}) == 1


def test_each_leaf_proves_itself_at_its_place_and_nowhere_else(directory: Path) -> None:
    image = rootfs.build(directory)
    count = len(image.leaves)
    for leaf in range(count):
        for place in range(count):
            if place == leaf:
                rootfs.check(image.root, count, place, image.leaves[leaf], image.path(leaf))
            else:
                with pytest.raises(LibraryRefusal):
                    rootfs.check(image.root, count, place, image.leaves[leaf], image.path(leaf))
