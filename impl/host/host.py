"""The honest host, put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.host.backing import Backing
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.host.work import Work
from splitspec.impl.journal import Journal


class Host:
    """The parts of the host."""

    __slots__ = ("_processor", "backing", "cgroups", "shadows", "work")

    def __init__(
        self, journal: Journal, geometry: Geometry, *, platform: Platform, processor: Processor
    ) -> None:
        self._processor = processor
        self.cgroups = Cgroups(journal)
        self.shadows = Shadows(journal, processor, self.cgroups)
        self.backing = Backing(
            journal, geometry, platform=platform, cgroups=self.cgroups, shadows=self.shadows
        )

        self.work = Work(journal, cgroups=self.cgroups, shadows=self.shadows)

    @contextmanager
    def kicked(self) -> Iterator[None]:
        """Keep every vCPU out of the guest for a while, as reclaiming pages of a TD needs.

        A kick ends no slice: afterwards each goes on, whatever its group has used up by then,
        unless its shadow was killed.
        """
        inside = [vcpu for vcpu, state in sorted(self._processor.vcpus.items()) if state.inside]
        for vcpu in inside:
            self.shadows.preempt(vcpu)
        try:
            yield
        finally:
            for vcpu in inside:
                shadow = self.shadows.driver(vcpu)
                if shadow is not None and self.shadows.is_alive(shadow):
                    self._processor.enter(vcpu)
