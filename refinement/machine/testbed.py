"""A machine of `impl` as a subject: with the names of containers, and steps that belong together.

A container of the specification never comes back; the machine uses slots again, and never an
identity. So an element is a slot together with the identity that it was given when it was created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Protocol

from splitspec.impl.geometry import PAGE, ZEROS, Geometry
from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import SeptState, Tdx
from splitspec.impl.host.cgroup import Group
from splitspec.impl.host.shadow import Handle
from splitspec.impl.journal import Journal, Table
from splitspec.impl.kernel.records import Phase, Stage, Use
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.network import Network, chip
from splitspec.refinement.mapping import InexpressibleError, UndoLog
from splitspec.refinement.observation import UnreadableError

Step = Callable[[], object]
HEAD = 16  # bytes, as many as a mark has
SENT = b"sent by"


@cache
def mark(slot: int) -> bytes:
    """Return a page as the container fills it."""
    return f"of container{slot:>4}".encode() * (PAGE // HEAD)


def message(sender: int, creator: int) -> bytes:
    """Return a page of a channel as a container fills it: it says who sent it, and whose it is."""
    return SENT + f"{sender:>9}".encode() + mark(creator)[HEAD:]


@cache
def _known(slots: int) -> dict[bytes, int]:
    """Return whose each page is that somebody has filled."""
    own = {mark(slot): slot for slot in range(slots)}
    sent = {message(d, c): c for c in range(slots) for d in range(slots)}
    return own | sent


def marked(page: bytes, slots: int, *, is_kept: bool = False) -> int | None:
    """Return the container that has filled a page with its mark, or with a message.

    All bytes are compared. A page that holds a part of a mark is no page of anybody's: raises
    `UnreadableError`. So is one that holds anything else, if it `is_kept`: nobody has written there
    but containers that fill a page, and the kernel that clears it.
    """
    if page == ZEROS:
        return None
    writer = _known(slots).get(page)
    if writer is None:
        parts = [slot for slot in range(slots) if mark(slot)[:HEAD] in page]
        if parts:
            raise UnreadableError(f"a page holds a part of what container {parts[0]} wrote")
        if is_kept:
            raise UnreadableError("a page holds what no container has filled it with")
    return writer


def take_together(journal: Journal, steps: Iterable[Step]) -> None:
    """Take several steps as one: all of them, or none, unless one refuses and has written."""
    start = journal.mark()
    for step in steps:
        before = journal.mark()
        try:
            step()
        except (Refusal, InexpressibleError):
            if journal.mark() == before:
                journal.rollback(start)
            raise


class Testbed:
    """A machine, and the identity that each element was given."""

    __test__ = False  # It is no test, whatever its name.

    def __init__(
        self,
        geometry: Geometry,
        kind: PlatformKind,
        limit: int | None = None,
        *,
        one_to_one: bool = True,
        image: bytes = b"microkernel",
        pages: int | None = None,
        frames: int | None = None,
        is_booted: bool = True,
    ) -> None:
        self.machine = Machine(
            geometry, kind, image=image, one_to_one=one_to_one, chip=chip(), is_booted=is_booted
        )
        self.network = Network(self.machine)
        # The model has steps that end a quarantine; elsewhere the kernel does it when it can.
        self.has_quarantine = False
        self.limit = limit  # memory.max of every container, in frames
        # What the model knows of: the first pages and frames of those that can be granted.
        self.pages = geometry.pool_pages[: pages or geometry.pages]
        self.frames = geometry.pool_frames[: frames or geometry.frames]
        self.identities: Table[int, int] = Table(self.machine.journal)
        # What a container has read, as it remembers it: reader and whose mark it was.
        self.learned: Table[tuple[int, int], bool] = Table(self.machine.journal)
        self.bills: Table[int, int] = Table(self.machine.journal)  # of cgroups that were removed
        # What a frame held before it was last cleared, as the memory bus showed it.
        self.saved: Table[int, bytes] = Table(self.machine.journal)
        # Who asked for work that the host has done, and whose control group paid.
        self.done: Table[int, tuple[int, int | None]] = Table(self.machine.journal)
        # Who was charged more than one slice in a step, which is no slice of any model.
        self.overcharged: Table[int, int] = Table(self.machine.journal)
        # What pages held when they were scrubbed to be given up, and zygotes whose data all have.
        self.wiped: Table[int, bytes] = Table(self.machine.journal)
        self.published: Table[int, bool] = Table(self.machine.journal)
        # To which pages the kernel has written at an address that a container had left with it.
        self.written: Table[int, bool] = Table(self.machine.journal)
        # The kernel's number of each memory object, and what those of a zygote held at the seal.
        self.objects: Table[int, int] = Table(self.machine.journal)
        self.contents: Table[int, object] = Table(self.machine.journal)
        # How far the recycler had come with who was let go, when it was.
        self.recycled: Table[int, Stage | None] = Table(self.machine.journal)
        self.machine.checkpoint()

    def together(self, *steps: Step) -> None:
        """Take several steps of the machine as one: all of them, or none.

        A step that refuses and has written something is left as it is, so that it shows.
        """
        take_together(self.machine.journal, steps)

    # What the machine is

    def phases(self) -> Iterator[tuple[int, str]]:
        """Iterate over the elements that were created, with their phases."""
        for slot, identity in self.identities.items():
            yield slot, self._phase(slot, identity)

    def _phase(self, slot: int, identity: int) -> str:
        row = self.machine.kernel.state.containers.get(slot)
        if row is None or row.identity != identity:
            return "drained" if slot in self.machine.host.shadows.shadows else "dead"
        if row.origin is not None and row.phase is Phase.CREATED:
            return "cloned" if row.image else "cloning"
        return row.phase.value

    def phase(self, slot: int) -> str:
        """Return the phase of one element."""
        identity = self.identities.get(slot)
        return "absent" if identity is None else self._phase(slot, identity)

    def shadows(self) -> set[int]:
        """Return the containers whose shadow process runs."""
        shadows = self.machine.host.shadows
        return {slot for slot in shadows.shadows if shadows.is_alive(slot)}

    def backing(self) -> dict[int, int]:
        """Return the frame behind each grantable page, by the platform's own table."""
        pages = self.pages
        match self.machine.platform:
            case Snp() as snp:
                return {page: frame for page, frame in snp.nested.items() if page in pages}
            case Tdx() as tdx:
                return {page: entry.frame for page, entry in tdx.sept.items() if page in pages}

    def holders(self) -> dict[int, int]:
        """Return the page that each grantable frame is assigned to."""
        platform = self.machine.platform
        found = ((frame, platform.assigned(frame)) for frame in self.frames)
        return {frame: page for frame, page in found if page is not None}

    def live(self) -> set[int]:
        """Return the grantable frames that the guest has accepted."""
        frames = self.frames
        match self.machine.platform:
            case Snp() as snp:
                return {f for f, entry in snp.rmp.items() if f in frames and entry.validated}
            case Tdx() as tdx:
                usable = (SeptState.MAPPED, SeptState.BLOCKED)
                return {e.frame for e in tdx.sept.values() if e.state in usable} & {*frames}

    def data(self) -> dict[int, int]:
        """Return whose mark is in each grantable frame, as the guest would read it."""
        memory, slots = self.machine.memory, self.machine.geometry.containers
        mapped = self._mapped()
        found = {
            frame: marked(memory.load(frame, private=True), slots, is_kept=frame in mapped)
            for frame in self.frames
        }
        return {frame: slot for frame, slot in found.items() if slot is not None}

    def _mapped(self) -> set[int]:
        """Return the frames of pages that containers reach and write, and nobody executes.

        Where the host has led a second page to a frame, only the page to which it is assigned
        reaches it; and one that the kernel has not scrubbed yet holds what the host has left there.
        """
        kernel, holders = self.machine.kernel, self.holders()
        raw = {page for page, row in kernel.state.pages.items() if row.use is Use.RAW}
        tables = (kernel.memory.entries(c) for c in kernel.state.containers)
        found = {e.page for table in tables for _, e in table if not e.executable} - raw
        return {frame for frame in self.live() if holders.get(frame) in found}

    def charged(self) -> dict[int, int]:
        """Return whose control group pays for each frame."""
        cgroups, shadows = self.machine.host.cgroups, self.machine.host.shadows
        slots = {shadows.group(slot): slot for slot in shadows.shadows}
        charged = cgroups.charged.items()
        return {frame: slots[group] for frame, group in charged if frame in self.frames}

    def usage(self) -> dict[int, int]:
        """Return memory.current of each shadow's control group, in frames."""
        cgroups, shadows = self.machine.host.cgroups, self.machine.host.shadows
        return {
            slot: cgroups.groups[shadows.group(slot)].memory_current for slot in shadows.shadows
        }

    def slices(self, slot: int) -> int:
        """Return how many slices of its threads a shadow's control group has paid for: all of
        cpu.stat but the work that the host did later."""
        later = [payer for _, payer in self.done.values() if payer == slot]
        return self.paid()[slot] - len(later)

    def paid(self) -> dict[int, int]:
        """Return cpu.stat of each shadow's control group that there is, in slices."""
        groups, shadows = self.machine.host.cgroups.groups, self.machine.host.shadows.shadows
        there = ((slot, shadow.group) for slot, shadow in shadows.items())
        return {slot: groups[name].cpu_usage for slot, name in there if name in groups}

    def meter(self, before: Mapping[str, Group]) -> None:
        """Note who was charged more than one slice since the control groups were like this."""
        groups = self.machine.host.cgroups.groups
        for slot, shadow in self.machine.host.shadows.shadows.items():
            now, then = groups.get(shadow.group), before.get(shadow.group)
            if now is None or now is then:
                continue
            charged = now.cpu_usage - (0 if then is None else then.cpu_usage)
            if charged > 1:
                self.overcharged[slot] = charged

    # What every mapping does

    def handle(self, slot: int) -> Handle:
        """Return the shadow's handle of its vCPU; what has none cannot act."""
        for handle in self.machine.host.shadows.holders.values():
            if handle.shadow == slot:
                return handle
        raise InexpressibleError("it drives no vCPU")

    def kernel_on(self, slot: int) -> int | None:
        """Return a vCPU of the container's on which the kernel runs now, if there is one."""
        vcpus = self.machine.processor.vcpus
        for vcpu, handle in self.machine.host.shadows.holders.items():
            if handle.shadow == slot and vcpus[vcpu].inside and vcpus[vcpu].directory is None:
                return vcpu
        return None

    def forget_translations(self, vcpu: int) -> None:
        """Let the core drop what it has cached, as it may at any time: the models below have no
        TLB."""
        self.machine.tlb.flush_core(self.machine.processor.vcpus[vcpu].core)

    def remember(self, reader: int, page: bytes) -> None:
        """Note whose mark a container has read, if it is another one's."""
        writer = marked(page, self.machine.geometry.containers)
        if writer is not None and writer != reader:
            self.learned[reader, writer] = True

    def note(self, page: int) -> None:
        """Remember what a used page holds, before it is scrubbed."""
        record = self.machine.kernel.state.pages.get(page)
        if record is not None and not record.is_clean:
            self.wiped[page] = self.machine.kernel.memory.read(page)

    def name(self, slot: int) -> None:
        """Remember the identity that an element was given."""
        self.identities[slot] = self.machine.kernel.state.containers[slot].identity

    def kicking(self, step: Step) -> None:
        """Take a step of the host's. If TDX wants all vCPUs out of the guest first, they go out."""
        if not self.attempt("left", step):
            self.without_vcpus(step)

    def attempt(self, guard: str, step: Step) -> bool:
        """Return whether a step was taken, which that guard may refuse."""
        before = self.machine.journal.mark()
        try:
            step()
        except Refusal as refusal:
            if refusal.guard != guard or self.machine.journal.mark() != before:
                raise  # A step that has written something is not tried again: it shows.
            return False
        return True

    def insisting(self, guard: str, step: Step, *first: Step) -> None:
        """Take a step; if that guard refuses it, take what the guard asks for, and then the step.

        So the guard is met, and not only what it asks for brought about.
        """
        if not self.attempt(guard, step):
            self.together(*first, step)

    def without_vcpus(self, step: Step) -> None:
        """Take a step of the host's while no vCPU is in the guest, as TDX wants it."""
        host = self.machine.host
        inside = [v for v, state in self.machine.processor.vcpus.items() if state.inside]
        leave = [partial(host.shadows.preempt, vcpu) for vcpu in inside]
        back = [partial(self._enter, vcpu) for vcpu in inside]
        self.together(*leave, step, *back)

    def _enter(self, vcpu: int) -> None:
        shadows = self.machine.host.shadows
        handle = shadows.holders.get(vcpu)
        if handle is None or shadows.is_killed(handle.shadow):
            self.machine.hostile.enter(vcpu, 0)
        else:
            shadows.enter(handle)


def scrubbing(testbed: Testbed, page: int) -> tuple[Step, ...]:
    """Return the step that fills a free page with zeros, if it was used since it was accepted."""
    record = testbed.machine.kernel.state.pages.get(page)
    is_dirty = record is not None and record.use is Use.FREE and not record.is_clean
    return (partial(testbed.machine.kernel.pools.scrub, page),) if is_dirty else ()


class OnMachine(Protocol):
    """A subject all of whose state is under the journal of its machine."""

    @property
    def machine(self) -> Machine:
        """The machine."""
        ...


def undo() -> UndoLog[Any]:
    """Return the machine's own journal as an undo log."""
    return UndoLog(
        checkpoint=lambda testbed: testbed.machine.checkpoint(),
        rollback=lambda testbed, mark: testbed.machine.rollback(mark),
        written=_written,
    )


def _written(testbed: OnMachine, mark: int) -> Iterable[str]:
    """Return the stores that were written since the mark."""
    if testbed.machine.journal.mark() == mark:
        return ()
    entries = testbed.machine.journal._entries[mark:]
    names: dict[int, str] = {id(table): name for name, table in testbed.machine.tables()}
    for number, cells in enumerate(testbed.machine.memory.frames):
        names[id(cells)] = f"frame {number}"
    return tuple(dict.fromkeys(_place(names, store, key) for store, key, _ in entries))


def _place(names: dict[int, str], store: Any, key: object) -> str:
    name = names.get(id(store), "another store")
    return name if name.startswith("frame") else f"{name}[{key!r}]"
