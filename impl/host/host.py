"""The honest host, put together."""

from __future__ import annotations

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.host.backing import Backing
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.journal import Journal


class Host:
    """The parts of the host."""

    __slots__ = ("backing", "cgroups", "shadows")

    def __init__(
        self, journal: Journal, geometry: Geometry, *, platform: Platform, processor: Processor
    ) -> None:
        self.cgroups = Cgroups(journal)
        self.shadows = Shadows(journal, processor, self.cgroups)
        self.backing = Backing(
            journal, geometry, platform=platform, cgroups=self.cgroups, shadows=self.shadows
        )
