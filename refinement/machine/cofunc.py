"""Module `cofunc` in the machine: memory, threads and attestation together.

A container's own steps are made by a thread of it that is in guest mode. For a step of its own that
takes translations away, the kernel gets every vCPU that may hold one, has it forget them, and gives
it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Function, Setup
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.machine.vcpus import Enter, any_host, driven, visit
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

ADMIT = {
    "spawn unused": ("fresh",),
    "descriptor open": ("granted",),
    "enter current": ("granted",),
    "bind vcpu_free": ("vacant",),
    "bind same_container": ("vacant",),
}
NOT_CURRENT = "nobody makes a call but a thread that runs"
INTO_THE_EXIT = "the machine lets a thread that runs into the exit use memory until it traps"
LEFT_OUT = {
    **{f"{a}.current": NOT_CURRENT for a in ("begin_exit", "seal", "write_page", "read_page")},
    "seal.measured": "the machine measures what it seals, and a verifier judges it",
    "read_page.running": INTO_THE_EXIT,
    "write_page.running": INTO_THE_EXIT,
}
SLOTS = "the last vCPU of a process is published when its memory slots are gone (W8)"
LEAVES = "a thread that still runs has to leave first"
STRICTER = {
    "seal.prepare quiet": "all other threads have to wait, and not only to be off their vCPUs",
    "park_vcpu.publish slots_removed": SLOTS,
    **{f"{a}.dispatch running": LEAVES for a in ("unmap_page", "finish_exit", "give_back_page")},
}


# A zygote writes a page, is measured and sealed; its clone runs, has a page for a copy, and shows
# what it is made of, for which it gets the secret.
ZYGOTE, CLONE = {"c": "con1", "v": "v2", "w": "v2", "t": "t1"}, {"c": "con2", "d": "con2"}
Opening = tuple[tuple[str, dict[str, str]], ...]
OPENING: Opening = (
    ("create", ZYGOTE),
    ("take_vcpu", ZYGOTE),
    ("start", ZYGOTE),
    ("enter", ZYGOTE),
    ("grant_page", {**ZYGOTE, "g": "p1"}),
    ("back_page", {**ZYGOTE, "g": "p1", "f": "f1"}),
    ("accept_page", {**ZYGOTE, "g": "p1"}),
    ("map_page", {**ZYGOTE, "v": "a1", "g": "p1"}),
    ("write_page", {**ZYGOTE, "v": "a1"}),
    ("stage_code", {**ZYGOTE, "b": "cod1"}),
    ("load_code", ZYGOTE),
    ("measure_code", ZYGOTE),
    ("seal", ZYGOTE),
    ("begin_fork", CLONE),
    ("copy_space", CLONE),
    ("take_vcpu", CLONE),
    ("activate", {**CLONE, "t": "t2", "w": "v1"}),
    ("grant_page", {**CLONE, "g": "p2"}),
    ("back_page", {**CLONE, "g": "p2", "f": "f2"}),
    ("accept_page", {**CLONE, "g": "p2"}),
    ("enter", {**CLONE, "v": "v1", "t": "t2"}),
    ("stage_code", {**CLONE, "b": "cod1"}),
    ("load_code", CLONE),
    ("measure_code", CLONE),
    ("challenge", {"n": "n1"}),
    ("quote", {**CLONE, "e": "e1", "n": "n1"}),
    ("release_secret", {"e": "e1", "n": "n1"}),
    ("install_secret", {**CLONE, "n": "n1"}),
)


def in_halves(opening: Opening) -> Opening:
    """Return the opening where a page is validated before it is accepted."""
    found: list[tuple[str, dict[str, str]]] = []
    for action, values in opening:
        if action == "accept_page":
            found.append(("pvalidate", values))
        found.append((action, values))
    return tuple(found)


def cofunc(setup: Setup, below: Sequence[Fragment], threads: Fragment) -> Fragment:
    """Return the fragment, over those of the modules below, that of `threads` among them."""
    admit, seat = threads.parts["admit"].step, threads.parts["seat"].step
    assert admit is not None
    assert seat is not None
    enter: Enter = driven if setup.is_honest else any_host
    created = [each.around["create"] for each in below if "create" in each.around]
    return Fragment(
        "cofunc",
        around={
            "start": partial(_begin, admit),
            "activate": partial(_activate, seat),
            "begin_fork": partial(_as_created, created),
            "begin_exit": call,
            "seal": partial(seal, setup.zygote, enter),
            "write_page": access,
            "read_page": access,
            "map_page": fault,
            "unmap_page": partial(shoot_down, enter),
            "cow_fault": partial(copied, enter),
            "copy_space": partial(drop_code, setup.sizes["Addr"]),
            "finish_exit": partial(leave, enter),
        },
        guards={
            "start": ADMIT,
            "activate": {**ADMIT, "activate unused": ("fresh",)},
            "seal": {
                "prepare quiet": ("quiet",),
                "seal alone": ("quiet",),
                "seal untainted": ("tenant_free",),
            },
        },
        promises=("start.granted", "activate.granted"),
        left_out=LEFT_OUT,
        stricter=STRICTER,
    )


def _begin(admit: Function, testbed: Testbed, proceed: Step, c: int, t: int, w: int) -> None:
    testbed.together(proceed, partial(admit, testbed, c, t, w))


def _activate(seat: Function, testbed: Testbed, proceed: Proceed, d: int, t: int, w: int) -> None:
    testbed.together(partial(proceed, numbers=(t,)), partial(seat, testbed, d, t, w))


def _as_created(created: Sequence[Function], testbed: Testbed, proceed: Step, d: int) -> None:
    """A clone gets what every new container gets."""
    step = proceed
    for around in created:
        step = partial(around, testbed, step, d)
    step()


def check_current(testbed: Testbed, c: int, t: int, w: int) -> None:
    """Raise unless the thread of the container runs on the vCPU."""
    machine = testbed.machine
    row = machine.kernel.state.threads.get(t)
    state = machine.processor.vcpus[w]
    in_container = state.inside and state.directory is not None
    if row is None or row.container != c or not in_container:
        raise InexpressibleError(NOT_CURRENT)
    if machine.kernel.threads.current(w) != t:
        raise InexpressibleError(NOT_CURRENT)


def call(testbed: Testbed, proceed: Step, c: int, t: int, w: int) -> None:
    """A thread of the container makes a call."""
    check_current(testbed, c, t, w)
    proceed()


def access(testbed: Testbed, proceed: Proceed, c: int, t: int, w: int) -> None:
    """A thread of the container uses memory."""
    check_current(testbed, c, t, w)
    if testbed.phase(c) == "exiting":
        raise InexpressibleError("a thread that runs into the exit is out of sight")
    proceed(vcpu=w)


def fault(testbed: Testbed, proceed: Step, c: int) -> None:
    """The kernel serves a fault, which only who runs can have."""
    if testbed.phase(c) in ("created", "cloning", "cloned"):
        raise InexpressibleError("who does not run yet has no fault")
    proceed()


def seal(zygote: int, enter: Enter, testbed: Testbed, proceed: Proceed, t: int, w: int) -> None:
    """A thread of the zygote asks for it, and goes on; other vCPUs forget the zygote."""
    check_current(testbed, zygote, t, w)
    threads, holders = testbed.machine.kernel.threads, testbed.machine.kernel.shootdown.holders
    others = [vcpu for vcpu in sorted(holders(zygote)) if vcpu != w]
    testbed.together(
        *(partial(_forget, enter, testbed, vcpu) for vcpu in others),
        partial(threads.trap, w),
        partial(testbed.network.publish, zygote),
        partial(proceed, vcpu=w, thread=t),
        partial(threads.dispatch, t),
    )


def copied(enter: Enter, testbed: Testbed, proceed: Step, c: int) -> None:
    """A write fault takes the right place of a page, and all cores forget the old one."""
    if testbed.phase(c) in ("created", "cloning", "cloned"):
        raise InexpressibleError("who does not run yet has no fault")
    shoot_down(enter, testbed, proceed, c)


def shoot_down(enter: Enter, testbed: Testbed, proceed: Step, c: int) -> None:
    """Every vCPU that may remember the container's translations forgets them."""
    if testbed.phase(c) in ("created", "cloning", "cloned"):
        raise InexpressibleError("who does not run yet asks for nothing")
    testbed.together(proceed, partial(_forget_all, enter, testbed, c))


def _forget_all(enter: Enter, testbed: Testbed, c: int) -> None:
    """None goes on before all have forgotten."""
    machine = testbed.machine
    holders = sorted(machine.kernel.shootdown.holders(c))
    inside = [vcpu for vcpu in holders if machine.processor.vcpus[vcpu].inside]
    threads, flush = machine.kernel.threads, machine.kernel.shootdown.acknowledge
    running = [threads.current(vcpu) for vcpu in inside]
    steps: list[Step] = [
        partial(_forget, enter, testbed, vcpu) for vcpu in holders if vcpu not in inside
    ]
    for vcpu in inside:
        steps += [partial(threads.trap, vcpu), partial(flush, vcpu)]
    steps += [partial(threads.dispatch, thread) for thread in running if thread is not None]
    testbed.together(*steps)


def _forget(enter: Enter, testbed: Testbed, vcpu: int) -> None:
    flush = partial(testbed.machine.kernel.shootdown.acknowledge, vcpu)
    visit(testbed, vcpu, partial(enter, testbed, vcpu), flush)


def drop_code(addresses: int, testbed: Testbed, proceed: Step, d: int) -> None:
    """A clone has the zygote's data, and a function of its own: the zygote's is unmapped."""
    kernel = testbed.machine.kernel

    def unmap() -> None:
        code = [a for a, _ in kernel.memory.entries(d) if a >= addresses]
        testbed.together(*(partial(kernel.spaces.unmap_page, d, address) for address in code))

    testbed.together(proceed, unmap)


def leave(enter: Enter, testbed: Testbed, proceed: Step, c: int) -> None:
    """Before the last of a container goes, every vCPU forgets it."""
    if testbed.phase(c) != "exiting":
        proceed()
        return
    testbed.together(partial(_forget_all, enter, testbed, c), proceed)
