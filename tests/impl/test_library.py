"""The library OS on a running container: what functions get, and that a lying host gets nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.impl.scenes import KINDS

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.delegation import records, rootfs
from splitspec.impl.delegation.mailbox import Message, Operation
from splitspec.impl.deployment import CapacityError, Deployment, Function
from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.instance import Instance
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.libos.calls import CALLS, IMPLEMENTED, Treatment
from splitspec.impl.libos.process import Process
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import HostRefusal, LibraryRefusal

SIZES = Geometry(containers=4, pages=200, frames=160, vcpus=5)
IMAGE = b"microkernel"
FILES = {"etc/limits": b"x = 1\n" * 1000, "data/empty": b"", "data/table": bytes(range(256)) * 9}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture(params=KINDS)
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    made = Deployment(Machine(SIZES, request.param))
    yield made
    for instance in list(made.instances.values()):
        instance.delegate.close()


def keyed(directory: Path | None = None) -> tuple[Instance, bytes]:
    """A container whose tenant has released a secret to it."""
    manufacturer = Manufacturer()
    machine = Machine(SIZES, image=IMAGE, chip=manufacturer.make_chip())
    instance = Deployment(machine).boot(b"code", pool=40, directory=directory)
    row = machine.kernel.state.containers[instance.container]
    root = machine.kernel.state.roots.get(instance.container, bytes(32))
    policy = Policy(manufacturer.root, expected(SIZES, IMAGE), row.measurement, rootfs=root)
    secret = b"between the tenant and its functions"
    Deployment(machine).attest(instance, Verifier(policy, secret))
    return instance, secret


class Liar(Delegate):
    """A shadow that answers what it likes."""

    def __init__(self, honest: Delegate, lie: Callable[[Message, Message], Message]) -> None:
        super().__init__(honest.directory)
        self._sockets = honest._sockets
        self.services = honest.services
        self.lie = lie

    def serve(self, request: Message) -> Message:
        return self.lie(request, super().serve(request))


def refuses(guard: str, call: Callable[[], object]) -> None:
    with pytest.raises(LibraryRefusal) as caught:
        call()
    assert caught.value.guard == guard, caught.value


# What functions get.


def test_memory_appears_is_kept_and_goes(deployment: Deployment) -> None:
    process = deployment.boot(b"code", pool=40).process
    start = process.mmap(3 * PAGE)
    assert process.load(start, 3 * PAGE) == bytes(3 * PAGE)
    process.store(start + PAGE - 3, b"across a border")
    assert process.load(start + PAGE - 3, 15) == b"across a border"
    process.munmap(start)
    refuses("reserved", lambda: process.load(start, 1))
    refuses("mapped", lambda: process.munmap(start))
    again = process.mmap(3 * PAGE)
    assert (again, process.load(again, 3 * PAGE)) == (start, bytes(3 * PAGE))


def test_the_break_moves_both_ways(deployment: Deployment) -> None:
    process = deployment.boot(b"code", pool=40).process
    start = process.brk()
    assert process.brk(start + 2 * PAGE) == start + 2 * PAGE
    process.store(start + PAGE, b"high")
    process.brk(start + PAGE)
    refuses("reserved", lambda: process.load(start + PAGE, 4))
    process.brk(start + 2 * PAGE)
    assert process.load(start + PAGE, 4) == bytes(4)
    refuses("inside", lambda: process.brk(1))


def test_code_is_read_only_and_page_zero_is_unmapped(deployment: Deployment) -> None:
    process = deployment.boot(b"code", pool=40).process
    assert process.load(16 * PAGE, 4) == b"code"
    refuses("copy_on_write", lambda: process.store(16 * PAGE, b"evil"))
    refuses("reserved", lambda: process.load(0, 1))


def test_files_of_the_image_are_read_as_they_are(deployment: Deployment, directory: Path) -> None:
    process = deployment.boot(b"code", pool=40, directory=directory).process
    for name, content in FILES.items():
        number = process.open("/" + name)
        assert process.read(number, 7) + process.read(number, 10**6) == content
        assert process.read(number, 1) == b""
        process.close(number)
        refuses("open", lambda number=number: process.read(number, 1))
    table = process.open("/data/table")
    place = process.mmap(number=table)
    assert process.load(place, len(FILES["data/table"])) == FILES["data/table"]
    refuses("exists", lambda: process.open("/etc/shadow"))
    refuses("read_only", lambda: process.open("/etc/new", create=True))
    refuses("writable", lambda: process.write(process.open("/etc/limits"), b"more"))


def test_temporary_files_stay_inside(deployment: Deployment) -> None:
    instance = deployment.boot(b"code", pool=40)
    process = instance.process
    refuses("exists", lambda: process.open("/tmp/note"))
    number = process.open("/tmp/note", create=True)
    assert process.write(number, b"first ") == 6
    assert process.write(number, b"second" * 1000) == 6000
    assert process.read(process.open("/tmp/note"), 9000) == b"first " + b"second" * 1000
    assert instance.delegate.seen == []


def test_a_clone_inherits_memory_and_files_and_keeps_its_changes(deployment: Deployment) -> None:
    def warm(process: Process, event: bytes) -> bytes:
        place = process.brk()
        process.brk(place + PAGE)
        process.store(place, b"of the zygote")
        process.write(process.open("/tmp/cache", create=True), b"cached")
        return b""

    zygote = deployment.boot(b"code", pool=40)
    zygote.run(warm, b"")
    deployment.snapshot(zygote)
    function = Function(warm)
    first, second = (deployment.fork(zygote, function, pool=40) for _ in range(2))
    place = first.process.brk() - PAGE
    first.store(place, b"of the first ")
    assert first.load(place, 13) == b"of the first "
    assert second.load(place, 13) == b"of the zygote"
    assert second.process.read(second.process.open("/tmp/cache"), 9) == b"cached"
    assert first.process.mmap(PAGE) == second.process.mmap(PAGE)


@pytest.mark.parametrize("one_to_one", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_thread_runs_while_another_waits(kind: PlatformKind, one_to_one: bool) -> None:
    deployment = Deployment(Machine(SIZES, kind, one_to_one=one_to_one))
    instance = deployment.boot(b"code", pool=40)
    process = instance.process
    word = process.mmap(4)
    on = []

    def body() -> None:
        on.append(instance.vcpu)
        process.store(word, b"\1\0\0\0")

    process.clone(body)
    process.futex_wait(word, 0)
    assert process.load(word, 4) == b"\1\0\0\0"
    assert (on == [instance.vcpu]) is not one_to_one
    refuses("progress", lambda: process.futex_wait(word, 1))
    deployment.finish(instance)
    assert deployment.machine.host.cgroups.groups == {}
    assert len(deployment.machine.host.shadows.idle) == SIZES.vcpus


def test_a_container_at_its_memory_limit_gets_no_more(deployment: Deployment) -> None:
    instance = deployment.boot(b"code", pool=40, memory_max=4)
    start = instance.process.mmap(8 * PAGE)
    instance.store(start, b"1")
    instance.store(start + PAGE, b"2")
    with pytest.raises(HostRefusal, match="limit"):
        instance.store(start + 2 * PAGE, b"3")
    assert deployment.machine.host.cgroups.groups["sc-0"].memory_current == 4
    assert instance.load(start, 1) + instance.load(start + PAGE, 1) == b"12"
    deployment.finish(instance)


def test_a_pool_that_is_used_up_is_refused_and_slots_are_counted(deployment: Deployment) -> None:
    instance = deployment.boot(b"code", pool=4)
    start = instance.process.mmap(8 * PAGE)
    instance.store(start, b"1")
    instance.store(start + PAGE, b"2")
    refuses("pool", lambda: instance.store(start + 2 * PAGE, b"3"))
    with pytest.raises(CapacityError):
        deployment.boot(b"code", pool=1000)


def test_everything_comes_back_when_containers_end(deployment: Deployment, directory: Path) -> None:
    machine = deployment.machine
    before = set(machine.host.backing.frames)
    instances = [deployment.boot(b"code", pool=30, directory=directory) for _ in range(3)]
    for instance in instances:
        instance.store(instance.process.mmap(5 * PAGE), b"data")
        instance.process.read(instance.process.open("/etc/limits"), 10)
    for instance in instances:
        deployment.finish(instance)
    assert set(machine.host.backing.frames) == before == set()
    assert machine.kernel.state.pages == machine.kernel.state.pools == {}
    assert machine.kernel.state.threads == machine.kernel.state.containers == {}
    assert machine.host.cgroups.charged == machine.host.shadows.holders == {}
    assert [machine.platform.assigned(frame) for frame in machine.geometry.pool_frames] == [
        None
    ] * SIZES.frames


def test_functions_of_a_chain_share_memory_and_others_do_not() -> None:
    manufacturer = Manufacturer()
    machine = Machine(SIZES, image=IMAGE, chip=manufacturer.make_chip())
    deployment = Deployment(machine)
    members = [deployment.boot(b"code", pool=40) for _ in range(3)]
    row = machine.kernel.state.containers[0]
    policy = Policy(manufacturer.root, expected(SIZES, IMAGE), row.measurement)
    for member, chain in zip(members, (b"a" * 16, b"a" * 16, b"b" * 16), strict=True):
        deployment.attest(member, Verifier(policy, b"secret", chain=chain))
    owner, friend, stranger = members
    channel = deployment.share(owner, 2, 1)
    deployment.join(owner, channel, friend, Right.READ, 5)
    owner.store(2 * PAGE, b"for the chain")
    assert friend.load(5 * PAGE, 13) == b"for the chain"
    refuses("copy_on_write", lambda: friend.store(5 * PAGE, b"no right to"))
    with pytest.raises(Exception, match="same_chain"):
        deployment.join(owner, channel, stranger, Right.READ, 5)
    owner.trap()
    machine.kernel.channels.revoke(owner.container, channel, friend.container, vcpu=owner.vcpu)
    owner.resume()
    machine.kernel.shootdown.acknowledge(friend.vcpu)
    refuses("reserved", lambda: friend.load(5 * PAGE, 1))
    for member in members:
        deployment.finish(member)
    assert machine.host.cgroups.charged == {}


# What a lying host gets.


def test_a_changed_a_swapped_and_a_replaced_block_are_refused(directory: Path) -> None:
    instance, _ = keyed(directory)
    process = instance.process
    number = process.open("/etc/limits")
    honest = instance.delegate
    (directory / "etc/limits").write_bytes(b"y = 2\n" * 1000)
    other = Delegate(directory)  # the image as it is after the container was measured

    def changed(request: Message, reply: Message) -> Message:
        return Message(reply.operation, reply.number, reply.data[:-1] + b"?")

    def swapped(request: Message, reply: Message) -> Message:
        return honest.serve(Message(request.operation, request.number - 1))

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

    for lie, guard in ((invented, "path"), (miscounted, "digest"), (absent, "delivered")):
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
        machine.host.backing.frames[page], 0, Message(Operation.LISTING).encode()
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


# The table of calls.


def test_the_table_has_the_calls_of_the_survey() -> None:
    """74 calls: 26 on files, 12 network, 6 memory, 3 + 3 + 4 + 5, and 15 dummies (the talk)."""
    groups: dict[str, int] = {}
    for group, _ in CALLS.values():
        groups[group] = groups.get(group, 0) + 1
    assert list(groups.values()) == [26, 12, 6, 3, 3, 4, 5, 15]
    assert len(CALLS) == 74
    assert sum(treatment is Treatment.DUMMY for _, treatment in CALLS.values()) == 15


def test_what_is_said_to_be_implemented_is() -> None:
    assert set(IMPLEMENTED) <= set(CALLS)
    assert all(callable(getattr(Process, method)) for method in IMPLEMENTED.values())
