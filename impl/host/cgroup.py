"""Control groups: what each shadow container uses of memory and CPU, and may use.

As in the kernel's memory controller, a charge is tried before the resource is taken, and stays with
the group that was charged until the resource is given back. The counters are numbers, as in
`memory.current` and `cpu.stat`; what is charged for a frame stands with the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HostRefusal


@dataclass(frozen=True, slots=True)
class Group:
    """Limits and counters of one group; a limit of None is `max`."""

    memory_max: int | None = None  # frames
    cpu_max: int | None = None  # slices a period
    memory_current: int = 0  # frames
    cpu_usage: int = 0  # slices
    cpu_period: int = 0  # slices in this period


class Cgroups:
    """The control groups of the host, by name."""

    __slots__ = ("charged", "groups")

    def __init__(self, journal: Journal) -> None:
        self.groups: Table[str, Group] = Table(journal)
        self.charged: Table[int, str] = Table(journal)  # frame to the group that pays for it

    def create(
        self, name: str, *, memory_max: int | None = None, cpu_max: int | None = None
    ) -> None:
        """Make a group."""
        guards = Guards(HostRefusal, "create_group")
        guards.require("new", name not in self.groups, f"group {name} exists")
        self.groups[name] = Group(memory_max, cpu_max)

    def remove(self, name: str) -> None:
        """Remove a group that pays for nothing."""
        guards = Guards(HostRefusal, "remove_group")
        guards.require("exists", name in self.groups, f"no group {name}")
        guards.require("unused", self.groups[name].memory_current == 0, f"{name} pays for frames")
        del self.groups[name]

    def has_room(self, name: str) -> bool:
        """The group may take one frame more."""
        group = self.groups[name]
        return group.memory_max is None or group.memory_current < group.memory_max

    def charge(self, name: str, frame: int) -> None:
        """Charge a frame that nobody pays for to a group that has room."""
        guards = Guards(HostRefusal, "charge")
        guards.require("uncharged", frame not in self.charged, f"frame {frame} is paid for")
        guards.require("limit", self.has_room(name), f"{name} is at memory.max")
        group = self.groups[name]
        self.groups[name] = replace(group, memory_current=group.memory_current + 1)
        self.charged[frame] = name

    def uncharge(self, frame: int) -> None:
        """Credit the group that was charged for the frame, whoever used it last."""
        guards = Guards(HostRefusal, "uncharge")
        guards.require("charged", frame in self.charged, f"nobody pays for frame {frame}")
        name = self.charged[frame]
        group = self.groups[name]
        self.groups[name] = replace(group, memory_current=group.memory_current - 1)
        del self.charged[frame]

    def may_run(self, name: str) -> bool:
        """The group has slices left in this period."""
        group = self.groups[name]
        return group.cpu_max is None or group.cpu_period < group.cpu_max

    def spend(self, name: str) -> None:
        """Count one slice of CPU time."""
        group = self.groups[name]
        self.groups[name] = replace(
            group, cpu_usage=group.cpu_usage + 1, cpu_period=group.cpu_period + 1
        )

    def begin_period(self) -> None:
        """Refill what each group may run."""
        for name, group in sorted(self.groups.items()):
            self.groups[name] = replace(group, cpu_period=0)
