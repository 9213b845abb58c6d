"""Page tables beyond the kernel's own: pages of the container's pool, which pays for them."""

from __future__ import annotations

from functools import partial

from tests.impl.deployments import deployment
from tests.impl.scenes import refuse

from splitspec.impl.deployment import Function
from splitspec.impl.geometry import ENTRIES, PAGE
from splitspec.impl.kernel.records import Use
from splitspec.impl.libos.process import Process

FAR = 3 * ENTRIES + 7  # a virtual page for which the kernel has no table


def nothing(_process: Process, _event: bytes) -> bytes:
    return b""


def test_a_table_comes_from_the_pool_of_who_needs_it_and_goes_back() -> None:
    work = deployment(pool=8)
    instance, other = work.boot(b"code", pool=8), work.boot(b"code", pool=8)
    machine, container = work.machine, instance.container
    instance.reserve(FAR, 2)
    instance.store(FAR * PAGE, b"far away")
    instance.store((FAR + 1) * PAGE, b"and further")
    assert instance.load(FAR * PAGE, 8) == b"far away"
    tables = machine.kernel.memory.pool_tables(container)
    assert list(tables) == [FAR // ENTRIES]
    (table,) = tables.values()
    assert table in instance.slot
    group = machine.host.shadows.group(container)
    assert machine.host.cgroups.charged[machine.host.backing.frames[table]] == group
    assert machine.kernel.memory.pool_tables(other.container) == {}

    instance.trap()
    refuse(machine, "free", lambda: machine.kernel.spaces.map_page(container, 9, table))
    refuse(machine, "free", lambda: machine.kernel.pools.share(container, table))
    refuse(machine, "free", lambda: machine.kernel.pools.release(table))
    instance.resume()
    work.finish(instance)
    assert group not in machine.host.cgroups.charged.values()
    assert not any(row.use is Use.TABLE for row in machine.kernel.state.pages.values())


def test_a_clone_has_tables_of_its_own_for_what_it_shares() -> None:
    work = deployment(pool=10)
    zygote = work.boot(b"code", pool=10)
    zygote.reserve(FAR, 1)
    zygote.store(FAR * PAGE, b"of the image")
    work.snapshot(zygote)
    clone = work.fork(zygote, Function(nothing), pool=10)
    assert clone.load(FAR * PAGE, 12) == b"of the image"
    clone.store(FAR * PAGE, b"of the clone")
    memory = work.machine.kernel.memory
    own = [set(memory.pool_tables(c).values()) for c in (zygote.container, clone.container)]
    assert len(own[0]) == len(own[1]) == 1
    assert own[0] != own[1]
    entry = memory.entry(zygote.container, FAR)
    assert entry is not None
    assert memory.read(entry.page).startswith(b"of the image")


def test_a_directory_has_so_many_places_and_no_more() -> None:
    """What is written behind its end is the page of another's table."""
    work = deployment(pool=8)
    instance = work.boot(b"code", pool=8)
    instance.trap()
    (page,) = instance.claim_pages(1)
    for place in (-1, ENTRIES, 2 * ENTRIES):
        add = partial(work.machine.kernel.spaces.add_table, instance.container, page, place)
        refuse(work.machine, "room", add)
