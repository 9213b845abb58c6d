"""A whole day of a machine, recorded: boot, zygote, clones, a chain of functions, and the end.

`run_chain` returns what an observer wants to see afterwards: the time line, what each control group
paid, what the host could read, and how much memory the same containers take as VMs of their own.
"""

from __future__ import annotations

import json
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import code_pages, expected, loaded
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.delegation import records
from splitspec.impl.delegation.rootfs import build
from splitspec.impl.deployment import Body, Deployment, Function
from splitspec.impl.functions import finra
from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.instance import Instance
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.libos.layout import CHANNELS, FUNCTION
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.sources import kernel_image, library_code

POOL = 96
LIMITS = {"deviation": 0.2, "delay": 900, "position": 900, "restricted": ["S0007"]}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, when, and how long it took."""

    at: float  # seconds since the machine was switched on
    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class GroupUse:
    """What one control group paid at the height of the run."""

    name: str
    runs: str
    frames: int
    slices: int


@dataclass(frozen=True, slots=True)
class Look:
    """The same memory, or message, as its container has it and as the host sees it."""

    what: str
    inside: bytes
    outside: bytes


@dataclass(frozen=True, slots=True)
class Footprint:
    """Frames that a number of containers take: forked in one VM, and in a VM each."""

    containers: int
    split: int
    separate: int


@dataclass(slots=True)
class Record:
    """All that is shown of a run."""

    platform: str
    began: float = field(default_factory=time.perf_counter)
    events: list[Event] = field(default_factory=list)
    groups: list[GroupUse] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    kernel_frames: int = 0
    secrets_searched: int = 0  # byte strings that only the tenant knows
    secrets_found: int = 0  # of them, in what the host can read
    findings: dict[str, list[str]] = field(default_factory=dict)
    frames_left: int = 0

    def note(self, what: str, since: float) -> None:
        """Write down that something is done that began at a time."""
        now = time.perf_counter()
        self.events.append(Event(since - self.began, now - since, what))


class Customer:
    """The tenant: its verifier, its data service, and who gets the report."""

    def __init__(self, policy: Policy, trades: bytes) -> None:
        self.secret = random.SystemRandom().randbytes(32)
        self.policy = policy
        self.trades = trades
        self.report = b""
        self._threads: list[threading.Thread] = []

    def verifier(self, function: Function, zygote: bytes, root: bytes) -> Verifier:
        """Return a verifier that expects this function, forked from that zygote."""
        measurement = loaded(b"", FUNCTION, code_pages(function.code))
        policy = Policy(
            self.policy.root, self.policy.measurement, measurement, zygote, root, tcb_min=7
        )
        return Verifier(policy, self.secret, chain=b"finra-chain-0001")

    def serve(self, name: str, end: socket.socket) -> None:
        """Answer one connection, in a thread as a network peer would."""
        thread = threading.Thread(target=self._serve, args=(name, end), daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Wait until every connection is closed."""
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self, name: str, end: socket.socket) -> None:
        with end:
            salt = end.recv(records.SALT)
            connection = records.accept(self.secret, name.encode(), salt)
            connection, request = records.decrypt(connection, end.recv(PAGE))
            if name == "reports":
                self.report = request
            answer = b"received" if name == "reports" else self.trades
            _, record = records.encrypt(connection, answer)
            end.send(record)


def make_trades(count: int = 24) -> bytes:
    """Return the trades of the customer, some of which break rules."""
    numbers = random.Random(7)
    prices = random.Random(2025)
    table = [round(prices.uniform(5, 500), 2) for _ in range(finra.SYMBOLS)]
    trades = []
    for number in range(count):
        symbol = 7 if number == 9 else numbers.randrange(finra.SYMBOLS)
        price = table[symbol] * (1.5 if number % 8 == 3 else numbers.uniform(0.95, 1.05))
        when = 36_000 + 30 * number
        trades.append(
            {
                "id": f"t{number - (number == 13):03}",
                "symbol": f"S{symbol:04}",
                "side": "short" if number == 17 else numbers.choice(("buy", "sell")),
                "size": 0 if number == 20 else numbers.randrange(1, 500),
                "price": round(price, 2),
                "time": when,
                "reported": when + (3600 if number == 5 else numbers.randrange(600)),
            }
        )
    return json.dumps(trades).encode()


def geometry_for(containers: int) -> Geometry:
    """Return a machine that has room for so many containers, and a vCPU for each."""
    return Geometry(
        containers=containers,
        pages=containers * POOL,
        frames=containers * POOL,
        vcpus=containers,
        image_pages=len(code_pages(kernel_image())),
    )


def run_chain(
    kind: PlatformKind,
    clones: int = len(finra.RULES),
    *,
    watch: Callable[[Machine], object] = lambda machine: None,
) -> Record:
    """Run the chain once, with a clone for each of the first rules, and record it.

    `watch` gets the machine when it has been launched, before anything runs on it.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "rules.json").write_text(json.dumps(LIMITS))
        return _Chain(kind, clones, directory, watch).run()


class _Chain:
    """The run while it lasts."""

    def __init__(
        self,
        kind: PlatformKind,
        clones: int,
        directory: Path,
        watch: Callable[[Machine], object],
    ) -> None:
        self.record = Record(kind.value)
        self.kind = kind
        self.rules = finra.RULES[:clones]
        self.directory = directory
        self.root = build(directory).root
        manufacturer = Manufacturer()
        start = time.perf_counter()
        self.geometry = geometry_for(clones + 2)
        self.machine = Machine(
            self.geometry, kind, image=kernel_image(), chip=manufacturer.make_chip()
        )
        self.record.note("confidential VM launched and measured", start)
        watch(self.machine)
        self.record.kernel_frames = self.geometry.base_pages
        self.deployment = Deployment(self.machine)
        policy = Policy(manufacturer.root, expected(self.geometry, kernel_image()), b"")
        self.customer = Customer(policy, make_trades())
        self.names: dict[int, str] = {}

    def run(self) -> Record:
        zygote, prices = self._zygote()
        fetcher = self._clone(zygote, finra.fetch, "fetch and report")
        trades = self.deployment.share(fetcher, CHANNELS, 1)
        findings = self.deployment.share(fetcher, CHANNELS + 1, len(finra.RULES))
        places = finra.Places(prices, CHANNELS * PAGE, (CHANNELS + 1) * PAGE)
        self._call(fetcher, finra.fetch, places.encode("customer 42"), "trades fetched")
        alone = self._alone()
        for number, rule in enumerate(self.rules, 1):
            clone = self._clone(zygote, finra.audit, f"audit: {rule}")
            self.deployment.join(fetcher, trades, clone, Right.READ, CHANNELS)
            self.deployment.join(fetcher, findings, clone, Right.READ | Right.WRITE, CHANNELS + 1)
            self._call(clone, finra.audit, places.encode(rule), f"audited: {rule}")
            self._measure(number, alone)
        if len(self.rules) == len(finra.RULES):
            self._call(fetcher, finra.report, places.encode(), "report sent, encrypted")
            self.record.findings = json.loads(self.customer.report)
        self._observe(fetcher, zygote, prices)
        self._end(zygote)
        return self.record

    def _zygote(self) -> tuple[Instance, int]:
        start = time.perf_counter()
        zygote = self.deployment.boot(library_code(), pool=POOL)
        self.names[zygote.container] = "zygote"
        prices = int.from_bytes(zygote.run(finra.warm_up, b""), "big")
        self.record.note("zygote booted and warm", start)
        start = time.perf_counter()
        self.deployment.snapshot(zygote)
        self.record.note("zygote sealed and measured", start)
        return zygote, prices

    def _clone(self, zygote: Instance, body: Body, name: str) -> Instance:
        start = time.perf_counter()
        function = Function(body)
        clone = self.deployment.fork(zygote, function, pool=POOL, directory=self.directory)
        self.names[clone.container] = name
        self.record.note(f"container {clone.container} forked", start)
        for service in ("trades", "reports") if body is finra.fetch else ():
            self.customer.serve(service, clone.delegate.offer(service))
        start = time.perf_counter()
        measurement = self.machine.kernel.state.containers[zygote.container].measurement
        verifier = self.customer.verifier(function, measurement, self.root)
        self.deployment.attest(clone, verifier)
        self.record.note(f"container {clone.container} attested, secret released", start)
        return clone

    def _call(self, instance: Instance, body: Body, event: bytes, what: str) -> None:
        start = time.perf_counter()
        result = instance.run(body, event)
        self.record.note(f"container {instance.container}: {what} ({result.decode()})", start)

    def _used(self) -> int:
        return sum(group.memory_current for group in self.machine.host.cgroups.groups.values())

    def _alone(self) -> int:
        """Frames of one function in a VM of its own, with all that it needs: measured."""
        machine = Machine(geometry_for(1), self.kind, image=kernel_image())
        single = Deployment(machine)
        instance = single.boot(
            library_code() + Function(finra.audit).code, pool=POOL, directory=self.directory
        )
        prices = int.from_bytes(instance.run(finra.warm_up, b""), "big")
        trades = instance.process.mmap(PAGE)
        findings = instance.process.mmap(len(finra.RULES) * PAGE)
        instance.store(trades, len(self.customer.trades).to_bytes(4, "big") + self.customer.trades)
        places = finra.Places(prices, trades, findings)
        instance.run(finra.audit, places.encode("price"))
        paid = machine.host.cgroups.groups.values()
        return machine.geometry.base_pages + sum(group.memory_current for group in paid)

    def _measure(self, clones: int, alone: int) -> None:
        split = self.record.kernel_frames + self._used()
        self.record.footprints.append(Footprint(clones, split, clones * alone))

    def _observe(self, fetcher: Instance, zygote: Instance, prices: int) -> None:
        """Look at memory and messages from both sides, and search the host's for secrets."""
        machine, record = self.machine, self.record
        for container in sorted(self.names):
            group = machine.host.cgroups.groups[machine.host.shadows.group(container)]
            record.groups.append(
                GroupUse(
                    f"sc-{container}",
                    self.names[container],
                    group.memory_current,
                    group.cpu_usage,
                )
            )
        for what, container, address in (
            ("prices, in the zygote", zygote.container, prices // PAGE),
            ("trades, in the channel", fetcher.container, CHANNELS),
        ):
            entry = machine.kernel.memory.entry(container, address)
            assert entry is not None
            inside = machine.kernel.memory.read(entry.page)
            frame = machine.host.backing.frames[entry.page]
            record.looks.append(Look(what, inside[4:], machine.hostile.peek(frame)))
        record_seen = next(data for data in fetcher.delegate.seen if len(data) > 512)
        record.looks.append(Look("trades, on the network", self.customer.trades, record_seen))
        frames = range(len(machine.memory.frames))
        visible = [machine.hostile.peek(frame) for frame in frames]
        visible += [
            data for one in self.deployment.instances.values() for data in one.delegate.seen
        ]
        trades = json.loads(self.customer.trades)
        needles = [json.dumps(trade).encode()[:40] for trade in trades] + [self.customer.secret]
        record.secrets_searched = len(needles)
        record.secrets_found = sum(needle in data for needle in needles for data in visible)

    def _end(self, zygote: Instance) -> None:
        start = time.perf_counter()
        instances = sorted(self.deployment.instances.values(), key=lambda one: -one.container)
        for instance in instances:
            self.deployment.finish(instance)
        self.customer.close()
        self.record.frames_left = len(self.machine.host.backing.frames)
        self.record.note("all containers ended, their pages scrubbed and returned", start)
