"""From what a machine has written to a log of `granting`: who got which page, and who paid for it.

No line of the kernel and of the host speaks of the specification. Every write of a table stands in
the machine's journal, and some writes are what completes an action: a row of the kernel's pools
grants a page, a row of the host's frames backs it, a row of the kernel's pages accepts it. What
else was written since the line before, control groups and the platform's tables, is what that line
has seen, with what there is of its page and frame.

A page that the container shares with the host has no place in `granting`. It counts as accepted
until the kernel strikes it off, and nothing is said meanwhile of what the platform has for it.
Other steps of a container, such as mapping, cloning and sealing, need no line there. A container
of the specification never comes back, so who uses a slot anew is another element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from splitspec.impl.hardware.tdx import SeptState
from splitspec.impl.host.shadow import Shadow
from splitspec.impl.kernel.records import Container, Page, Phase, Use
from splitspec.impl.machine import Machine
from splitspec.refinement.log_writer import LogWriter, Scalar
from splitspec.refinement.target import SHIPPED

Done = tuple[str, dict[str, str]]
"""An action that was completed, and its arguments."""
Event = tuple[str, dict[str, str], dict[str, Scalar]]
"""An action, its arguments, and what was seen since the event before."""

USABLE = (SeptState.MAPPED, SeptState.BLOCKED)


def watch(machine: Machine) -> None:
    """Have the machine keep what it writes from here on."""
    machine.checkpoint()


def write_log(machine: Machine, stream: TextIO, *, limit: int | None = None) -> int:
    """Write what a watched machine has done as a log; return the number of its events.

    `limit` is memory.max of its containers, in frames; without it, nothing limits them.
    """
    reader = _Reader(machine)
    events = list(reader.events())
    geometry = machine.geometry
    sizes = {
        "Container": max(1, reader.containers),
        "Page": len(geometry.pool_pages),
        "Frame": len(geometry.pool_frames),
    }
    pins = {"limit": len(geometry.pool_frames) if limit is None else limit}
    with LogWriter(stream, f"{SHIPPED}granting", given=["host"], sizes=sizes, pins=pins) as log:
        for action, arguments, seen in events:
            log.event(action, arguments, seen)
    return len(events)


class _Reader:
    """Reads the journal once, from its beginning, with a finger on what each table holds."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._pages, self._frames = machine.geometry.pool_pages, machine.geometry.pool_frames
        self._names = {id(table): name for name, table in machine.tables()}
        self.containers = 0  # elements so far
        self._elements: dict[int, str] = {}  # by slot
        self._phases: dict[int, Phase] = {}  # by slot
        self._groups: dict[str, int] = {}  # the slot whose shadow is in a control group
        self._pools: dict[int, str] = {}  # page to whose pool it is in
        self._killed: set[int] = set()  # slots whose shadow was killed
        self._behind: dict[int, int] = {}  # page to the frame behind it
        self._shared: set[int] = set()  # pages that went to the host
        self._now: dict[str, Scalar] = {}  # what every place is that was written
        self._changed: dict[str, None] = {}  # places that were written since the line before

    def events(self) -> Iterator[Event]:
        """Iterate over the actions that the writes complete."""
        for table, key, old, new in self._machine.journal.rows():
            name = self._names.get(id(table), "")
            for action, arguments in self._read(name, key, old, new):
                yield action, arguments, self._seen(arguments)

    def _read(self, table: str, key: Any, old: Any, new: Any) -> Iterator[Done]:
        """Note what a write shows; yield the action that it completes, if it does."""
        match table:
            case "Shadows.shadows":
                yield from self._shadow(key, new)
            case "State.containers":
                yield from self._container(key, new)
            case "State.pools" if key in self._pages:
                yield from self._pool(key, old, new)
            case "State.pages" if key in self._pages:
                yield from self._list(key, old, new)
            case "Backing.frames":
                yield from self._back(key, old, new)
            case "Cgroups.charged" if key in self._frames:
                payer = None if new is None else self._elements.get(self._groups[new], "?")
                self._say(f"charged[{self._frame(key)}]", payer)
            case "Cgroups.groups" if self._groups.get(key) in self._elements and new is not None:
                payer = self._elements[self._groups[key]]
                self._say(f"usage[{payer}]", new.memory_current)
            case _:
                self._platform(table, key, old, new)

    # The life of a container

    def _shadow(self, slot: int, new: Shadow | None) -> Iterator[Done]:
        name = self._elements.get(slot)
        if new is None and name is not None:
            del self._elements[slot]
            self._say(f"shadow[{name}]", False)
            yield "reap", {"c": name}
        elif new is not None:
            self._groups[new.group] = slot
            was_killed = slot in self._killed
            self._killed -= {slot}
            self._killed |= set() if new.is_alive else {slot}
            if not new.is_alive and not was_killed and self._phases.get(slot) is Phase.EXITING:
                yield self._kill(slot)  # It was on its way out already.

    def _container(self, slot: int, new: Container | None) -> Iterator[Done]:
        before = self._phases.pop(slot, None)
        if new is not None:
            self._phases[slot] = new.phase
        match before, None if new is None else new.phase:
            case None, _:
                self.containers += 1
                name = self._elements[slot] = f"c{self.containers}"
                yield self._step("create", slot, "created")
            case Phase.CREATED, Phase.RUNNING:
                yield self._step("start", slot, "running")
            case Phase.CREATED | Phase.RUNNING | Phase.SEALED, Phase.EXITING:
                name = self._elements[slot]
                self._say(f"phase[{name}]", "exiting")
                yield self._kill(slot) if slot in self._killed else ("begin_exit", {"c": name})
            case _, None:
                yield self._step("finish_exit", slot, "drained")

    def _step(self, action: str, slot: int, phase: str) -> Done:
        name = self._elements[slot]
        self._say(f"phase[{name}]", phase)
        return action, {"c": name}

    def _kill(self, slot: int) -> Done:
        self._say(f"shadow[{self._elements[slot]}]", False)
        return "kill", {"c": self._elements[slot]}

    # The life of a page

    def _pool(self, page: int, old: int | None, new: int | None) -> Iterator[Done]:
        for slot, is_in in ((old, False), (new, True)):
            if slot is not None:
                self._pools[page] = self._elements[slot]
                self._say(f"pool[{self._elements[slot]}, {self._page(page)}]", is_in)
        if new is not None:
            owner = self._pools[page]
            yield "grant_page", {"c": owner, "g": self._page(page)}

    def _list(self, page: int, old: Page | None, new: Page | None) -> Iterator[Done]:
        """The kernel's list of accepted pages; one that is shared stays on it for the model."""
        if new is not None and new.use is Use.SHARED:
            self._shared.add(page)
        if (old is None) == (new is None):
            return
        self._say(f"accepted[{self._page(page)}]", new is not None)
        owner = self._pools[page]
        call = {"c": owner, "g": self._page(page)}
        if page in self._behind:
            call["f"] = self._frame(self._behind[page])
        yield ("give_back_page" if new is None else "accept_page"), call

    def _back(self, page: int, old: int | None, new: int | None) -> Iterator[Done]:
        frame = old if new is None else new
        assert frame is not None
        call = {"g": self._page(page), "f": self._frame(frame)}
        if new is None:
            del self._behind[page]
            self._shared -= {page}
            yield "reclaim_frame", call
        else:
            self._behind[page] = frame
            yield "back_page", call

    # What the platform has

    def _platform(self, table: str, key: int, old: Any, new: Any) -> None:
        row = old if new is None else new
        match table:
            case "Snp.nested" if key in self._pages:
                self._say(f"backing[{self._page(key)}]", None if new is None else self._frame(new))
            case "Snp.rmp" if key in self._frames:
                holder, frame = None if new is None else self._page(new.page), self._frame(key)
                self._say(f"holder[{frame}]", holder)
                self._say(f"live[{frame}]", new is not None and new.validated)
            case "Tdx.sept" if key in self._pages:
                frame = self._frame(row.frame)
                self._say(f"backing[{self._page(key)}]", None if new is None else frame)
                self._say(f"live[{frame}]", new is not None and new.state in USABLE)
            case "Tdx.owner" if key in self._frames:
                self._say(f"holder[{self._frame(key)}]", None if new is None else self._page(new))

    # What a line says

    def _say(self, place: str, value: Scalar) -> None:
        self._now[place] = value
        self._changed[place] = None

    def _seen(self, arguments: Mapping[str, str]) -> dict[str, Scalar]:
        """Return what was written since the line before, and what there is of the page and frame
        that an action is about, which it may have left as they were."""
        page, frame = arguments.get("g"), arguments.get("f")
        unwritten: dict[str, Scalar] = {}
        if page is not None:
            unwritten |= {f"backing[{page}]": None, f"accepted[{page}]": False}
        if frame is not None:
            unwritten |= {f"charged[{frame}]": None, f"holder[{frame}]": None}
            unwritten[f"live[{frame}]"] = False
            unwritten |= {place: 0 for place in self._now if place.startswith("usage[")}
        hidden = set(self._hidden())
        places = [p for p in dict.fromkeys((*self._changed, *unwritten)) if p not in hidden]
        self._changed = {}
        return {place: self._now.get(place, unwritten.get(place)) for place in places}

    def _hidden(self) -> Iterator[str]:
        """Iterate over what the platform has for the pages that are shared."""
        for page in self._shared:
            yield f"backing[{self._page(page)}]"
            if page in self._behind:
                frame = self._frame(self._behind[page])
                yield from (f"holder[{frame}]", f"live[{frame}]")

    def _page(self, page: int) -> str:
        return f"p{page - self._pages.start + 1}" if page in self._pages else "?"

    def _frame(self, frame: int) -> str:
        return f"f{frame - self._frames.start + 1}" if frame in self._frames else "?"
