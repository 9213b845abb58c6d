"""Notifications: counts by which threads of a container signal one another, as eventfd has them.

Each takes a record in memory of the VM's own, which no container's pool pays for. So there is room
for so many of each container, and what one makes does not show to another.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.geometry import Geometry
from splitspec.impl.kernel.records import Notification, Phase, State
from splitspec.impl.refusal import Guards, KernelRefusal


class Notifications:
    """The notifications of all containers."""

    __slots__ = ("_geometry", "_state")

    def __init__(self, state: State, geometry: Geometry) -> None:
        self._state = state
        self._geometry = geometry

    def of(self, container: int) -> list[int]:
        """Return the notifications of the container."""
        rows = self._state.notifications.items()
        return sorted(number for number, row in rows if row.container == container)

    def create(self, container: int) -> int:
        """Make a notification for a running container, in room of its own; return its number."""
        guards = Guards(KernelRefusal, "create_notification")
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
        room = self._geometry.notifications
        numbers = range(container * room, (container + 1) * room)
        free = [number for number in numbers if number not in self._state.notifications]
        guards.require("quota", bool(free), f"container {container} has {room} of them")
        self._state.notifications[free[0]] = Notification(container)
        return free[0]

    def signal(self, container: int, number: int) -> None:
        """Count one signal."""
        row = self._own(Guards(KernelRefusal, "signal"), container, number)
        self._state.notifications[number] = replace(row, count=row.count + 1)

    def take(self, container: int, number: int) -> int:
        """Return how many signals came since the last call."""
        row = self._own(Guards(KernelRefusal, "take"), container, number)
        self._state.notifications[number] = replace(row, count=0)
        return row.count

    def close(self, container: int, number: int) -> None:
        """End a notification: its record is free."""
        self._own(Guards(KernelRefusal, "close_notification"), container, number)
        del self._state.notifications[number]

    def _own(self, guards: Guards, container: int, number: int) -> Notification:
        row = self._state.notifications.get(number)
        if row is None or row.container != container:
            guards.fail("own", f"container {container} has no notification {number}")
        return row
