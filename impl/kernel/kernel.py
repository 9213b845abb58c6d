"""The microkernel, put together."""

from __future__ import annotations

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.clock import Clock
from splitspec.impl.hardware.entropy import Entropy
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.hardware.secure_processor import SecureProcessor
from splitspec.impl.journal import Journal
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.allocators import Allocators
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.channels import Channels
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.faults import Faults
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.layouts import Layouts
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.loading import Loading
from splitspec.impl.kernel.notifications import Notifications
from splitspec.impl.kernel.object_memory import ObjectMemory
from splitspec.impl.kernel.objects import Objects
from splitspec.impl.kernel.pins import Pins
from splitspec.impl.kernel.pointers import Pointers
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.randomness import Generators
from splitspec.impl.kernel.records import State
from splitspec.impl.kernel.recycler import Recycler
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.kernel.timers import Timers


class Kernel:
    """The parts of the microkernel, which share its tables."""

    __slots__ = (
        "allocators",
        "attestation",
        "channels",
        "faults",
        "forks",
        "generators",
        "layouts",
        "lifecycle",
        "loading",
        "memory",
        "notifications",
        "object_memory",
        "objects",
        "pins",
        "pointers",
        "pools",
        "recycler",
        "shootdown",
        "spaces",
        "state",
        "threads",
    )

    def __init__(
        self,
        journal: Journal,
        geometry: Geometry,
        *,
        platform: Platform,
        memory: Memory,
        processor: Processor,
        clock: Clock,
        entropy: Entropy,
        secure_processor: SecureProcessor,
        one_to_one: bool,
    ) -> None:
        self.state = State(journal)
        self.memory = DirectMap(geometry, platform, memory)
        self.shootdown = Shootdown(self.state, geometry, processor)
        self.pools = Pools(
            self.state,
            geometry,
            platform=platform,
            memory=self.memory,
            shootdown=self.shootdown,
        )
        self.spaces = AddressSpaces(
            self.state, memory=self.memory, pools=self.pools, shootdown=self.shootdown
        )
        self.threads = Threads(
            self.state,
            geometry,
            processor,
            shootdown=self.shootdown,
            timers=Timers(self.state, clock),
            one_to_one=one_to_one,
        )
        self.generators = Generators(self.state, entropy)
        self.pins = Pins(self.state, memory=self.memory, spaces=self.spaces)
        self.pointers = Pointers(self.state, memory=self.memory, spaces=self.spaces)
        self.forks = Forks(
            self.state,
            memory=self.memory,
            pools=self.pools,
            spaces=self.spaces,
            shootdown=self.shootdown,
            threads=self.threads,
            generators=self.generators,
        )
        self.channels = Channels(
            journal,
            self.state,
            memory=self.memory,
            pools=self.pools,
            spaces=self.spaces,
            shootdown=self.shootdown,
        )
        self.notifications = Notifications(self.state, geometry)
        self.lifecycle = Lifecycle(
            self.state,
            geometry,
            processor,
            memory=self.memory,
            pools=self.pools,
            spaces=self.spaces,
            shootdown=self.shootdown,
            channels=self.channels,
            notifications=self.notifications,
            generators=self.generators,
        )
        self.loading = Loading(self.state, memory=self.memory, pools=self.pools, spaces=self.spaces)
        self.attestation = Attestation(self.state, secure_processor)
        self._join(geometry, processor)

    def _join(self, geometry: Geometry, processor: Processor) -> None:
        """Put the parts together that take steps of several others: memory objects, pools in
        strides, page faults, and the exit."""
        self.objects = Objects(self.state, geometry, memory=self.memory, spaces=self.spaces)
        self.object_memory = ObjectMemory(
            self.state,
            memory=self.memory,
            pools=self.pools,
            spaces=self.spaces,
            objects=self.objects,
        )
        self.allocators = Allocators(self.state, memory=self.memory, shootdown=self.shootdown)
        self.layouts = Layouts(
            self.state,
            geometry,
            processor,
            pools=self.pools,
            shootdown=self.shootdown,
            allocators=self.allocators,
        )
        self.faults = Faults(
            self.state,
            memory=self.memory,
            spaces=self.spaces,
            forks=self.forks,
            threads=self.threads,
        )
        self.recycler = Recycler(
            self.state,
            memory=self.memory,
            pools=self.pools,
            layouts=self.layouts,
            spaces=self.spaces,
            channels=self.channels,
            objects=self.objects,
            notifications=self.notifications,
            loading=self.loading,
            threads=self.threads,
        )
