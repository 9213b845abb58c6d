"""What functions get from the library OS on a running container."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.impl.deployments import FILES, IMAGE, SIZES, keyed, refuses
from tests.impl.scenes import KINDS

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.deployment import CapacityError, Deployment, Function
from splitspec.impl.geometry import PAGE
from splitspec.impl.instance import Instance
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Phase
from splitspec.impl.libos.calls import CALLS, IMPLEMENTED, Treatment
from splitspec.impl.libos.process import Process
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import HostRefusal, NestedPageFault, Refusal


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
        refuses("open", partial(process.read, number, 1))
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


def test_threads_signal_one_another_by_a_count_that_the_exit_gives_back(
    deployment: Deployment,
) -> None:
    instance = deployment.boot(b"code", pool=40)
    process = instance.process
    event = process.eventfd2()
    process.clone(lambda: process.eventfd_write(event))
    process.clone(lambda: process.eventfd_write(event))
    assert process.eventfd_read(event) == 1  # The first thread ran while this one waited.
    assert process.eventfd_read(event) == 1
    refuses("progress", lambda: process.eventfd_read(event))
    refuses("open", lambda: process.eventfd_write(event + 1))
    process.eventfd_close(event)
    refuses("open", lambda: process.eventfd_read(event))
    process.eventfd2()
    deployment.finish(instance)
    assert not deployment.machine.kernel.state.notifications


def test_what_was_sent_is_paid_for_before_the_group_goes(deployment: Deployment) -> None:
    """A8: the slice is the sender's, though a thread of the host's has it, and has it later."""
    instance = deployment.boot(b"code", pool=40)
    host = deployment.machine.host
    work = host.work.request(instance.vcpu)
    other = deployment.boot(b"code", pool=20)
    before = {name: group.cpu_usage for name, group in host.cgroups.groups.items()}
    host.work.perform(work)
    after = {name: group.cpu_usage for name, group in host.cgroups.groups.items()}
    paid = {name: after[name] - before[name] for name in before}
    assert paid == {f"sc-{instance.container}": 1, f"sc-{other.container}": 0}
    host.work.request(instance.vcpu)
    deployment.finish(instance)
    deployment.finish(other)
    assert not host.work.requests


def test_a_container_at_its_memory_limit_ends_when_it_touches_more(deployment: Deployment) -> None:
    instance = deployment.boot(b"code", pool=40, memory_max=4)
    start = instance.process.mmap(8 * PAGE)
    instance.store(start, b"1")
    instance.store(start + PAGE, b"2")
    with pytest.raises(HostRefusal, match="limit"):
        instance.store(start + 2 * PAGE, b"3")
    assert deployment.machine.host.cgroups.groups["sc-0"].memory_current == 4
    assert_it_leaves_with_the_lock_free(deployment, instance)


def test_a_pool_that_is_used_up_is_refused_and_slots_are_counted(deployment: Deployment) -> None:
    instance = deployment.boot(b"code", pool=4)
    start = instance.process.mmap(8 * PAGE)
    instance.store(start, b"1")
    instance.store(start + PAGE, b"2")
    refuses("pool", lambda: instance.store(start + 2 * PAGE, b"3"))
    assert_it_leaves_with_the_lock_free(deployment, instance)
    with pytest.raises(CapacityError):
        deployment.boot(b"code", pool=1000)


def test_a_container_ends_when_the_host_takes_what_serves_its_fault(deployment: Deployment) -> None:
    """A page that was free and is not there any more, though the kernel still counts it as free."""
    instance = deployment.boot(b"code", pool=8)
    machine = deployment.machine
    start = instance.process.mmap(PAGE)
    instance.store(start, b"1")
    entry = machine.kernel.memory.entry(instance.container, start // PAGE)
    assert entry is not None
    instance.drop(start // PAGE, 1)
    instance.reserve(start // PAGE, 1)
    machine.hostile.interrupt(instance.vcpu)
    machine.hostile.steal(entry.page, machine.host.backing.frames[entry.page])
    machine.hostile.enter(instance.vcpu, 0)
    with pytest.raises(NestedPageFault):
        instance.store(start, b"2")
    assert_it_leaves_with_the_lock_free(deployment, instance)


def assert_it_leaves_with_the_lock_free(deployment: Deployment, instance: Instance) -> None:
    """W12: in the artifact an assertion fails with the lock held, and the exit waits for ever."""
    state = deployment.machine.kernel.state
    assert state.containers[instance.container].phase is Phase.EXITING
    assert not state.faults
    deployment.finish(instance)
    assert not any((state.containers, state.pools, state.recycling))


def test_everything_comes_back_when_containers_end(deployment: Deployment, directory: Path) -> None:
    machine = deployment.machine
    instances = [deployment.boot(b"code", pool=30, directory=directory) for _ in range(3)]
    for instance in instances:
        instance.store(instance.process.mmap(5 * PAGE), b"data")
        instance.process.read(instance.process.open("/etc/limits"), 10)
    for instance in instances:
        deployment.finish(instance)
    state, host = machine.kernel.state, machine.host
    kept = (state.pages, state.pools, state.threads, state.containers, state.quarantine)
    charged = (host.backing.frames, host.cgroups.charged, host.cgroups.groups)
    assert [len(table) for table in (*kept, *charged, host.shadows.holders)] == [0] * 9
    frames = machine.geometry.pool_frames
    assert {machine.platform.assigned(frame) for frame in frames} == {None}


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
    with pytest.raises(Refusal, match="flushed"):
        machine.kernel.threads.dispatch(owner.thread)
    owner.resume()
    owner.store(2 * PAGE, b"not for the friend")
    refuses("reserved", lambda: friend.load(5 * PAGE, 1))
    for member in members:
        deployment.finish(member)
    assert machine.host.cgroups.charged == {}


def test_the_table_has_the_calls_of_the_survey() -> None:
    """74 calls: 26 on files, 12 network, 6 memory, 3 + 3 + 4 + 5, and 15 dummies (the talk)."""
    groups: dict[str, int] = {}
    for group, _ in CALLS.values():
        groups[group] = groups.get(group, 0) + 1
    assert list(groups.values()) == [26, 12, 6, 3, 3, 4, 5, 15]
    assert len(CALLS) == 74
    assert sum(treatment is Treatment.DUMMY for _, treatment in CALLS.values()) == 15


def test_a_call_reaches_the_host_iff_the_table_says_so(directory: Path) -> None:
    """What the host has seen grows by every delegated call, and by no other."""
    instance, _ = keyed(directory)
    process, seen = instance.process, instance.delegate.seen
    far = instance.delegate.offer("peer")
    peer = process.connect("peer")
    word, count = process.mmap(PAGE), process.eventfd2()
    process.eventfd_write(count)
    calls: dict[str, Callable[[], object]] = {
        "open": lambda: process.open("/data/table"),  # The first asks for the listing.
        "read": lambda: process.read(process.open("/data/table"), 10),
        "sendto": lambda: process.send(peer, b"data"),
        "recvfrom": lambda: process.receive(peer),
        "epoll_pwait": lambda: process.epoll_wait([peer]),
        "mmap": lambda: process.mmap(PAGE),
        "munmap": lambda: process.munmap(word),
        "brk": lambda: process.brk(process.brk() + PAGE),
        "clone": lambda: process.clone(lambda: None),
        "futex": lambda: process.futex_wait(process.mmap(PAGE), 1),
        "eventfd2": lambda: process.eventfd_read(count),
        "clock_gettime": process.clock_gettime,
    }
    for name, call in calls.items():
        before = len(seen)
        call()
        is_delegated = CALLS[name][1] is not Treatment.INSIDE
        assert (len(seen) > before) == is_delegated, name
    far.close()


def test_what_is_said_to_be_implemented_is() -> None:
    assert set(IMPLEMENTED) <= set(CALLS)
    assert all(callable(getattr(Process, method)) for method in IMPLEMENTED.values())


def test_what_is_sent_is_done_at_the_next_exit_within_the_quota(deployment: Deployment) -> None:
    """Nothing piles up at the host while a container lives, and none of it is outside cpu.max."""
    instance, host = deployment.boot(b"code", pool=40, cpu_max=4), deployment.machine.host
    deployment.machine.kernel.state.secrets[instance.container] = b"secret"
    far = instance.delegate.offer("peer")
    number = instance.process.connect("peer")
    group, paid = f"sc-{instance.container}", set()
    for _ in range(20):
        before = host.cgroups.groups[group].cpu_usage
        instance.process.send(number, b"x")
        paid.add(host.cgroups.groups[group].cpu_usage - before)
        assert len(host.work.requests) == 1
        assert host.cgroups.groups[group].cpu_period <= 4
    assert paid == {2}  # A slice of the sender's own, and one for what was sent before.
    deployment.finish(instance)
    assert not host.work.requests
    far.close()
