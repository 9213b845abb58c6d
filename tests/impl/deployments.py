"""Deployments that the tests of the library begin from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.report import ContainerReport
from splitspec.impl.attestation.sealing import seal
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.deployment import Deployment
from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.instance import Instance
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import LibraryRefusal

SIZES = Geometry(containers=4, pages=200, frames=160, vcpus=5)
IMAGE = b"microkernel"
FILES = {"etc/limits": b"x = 1\n" * 1000, "data/empty": b"", "data/table": bytes(range(256)) * 9}


def keyed(directory: Path | None = None) -> tuple[Instance, bytes]:
    """A container whose tenant has released a secret to it."""
    manufacturer = Manufacturer()
    machine = Machine(SIZES, image=IMAGE, chip=manufacturer.make_chip())
    instance = Deployment(machine).boot(b"code", pool=40, directory=directory)
    row = machine.kernel.state.containers[instance.container]
    root = machine.kernel.state.roots.get(instance.container, bytes(32))
    policy = Policy(manufacturer.root, expected(SIZES, IMAGE), row.measurement, rootfs=root)
    secret = b"between the tenant and its functions"
    Deployment(machine).attest(instance, Verifier(policy, secret))
    return instance, secret


def refuses(guard: str, call: Callable[[], object]) -> None:
    with pytest.raises(LibraryRefusal) as caught:
        call()
    assert caught.value.guard == guard, caught.value


def deployment(*, vcpus: int = 3, containers: int = 2, pool: int = 6) -> Deployment:
    pages = containers * pool
    return Deployment(Machine(Geometry(containers, pages=pages, frames=pages, vcpus=vcpus)))


def name_chain(work: Deployment, instance: Instance, name: bytes) -> None:
    """Install a secret as a verifier would who names the chain."""
    attestation = work.machine.kernel.attestation
    evidence = attestation.quote(instance.container, bytes([instance.container]) * 32)
    report = ContainerReport.decode(evidence.container)
    attestation.install(instance.container, seal(report, name + b"key"))


def chained() -> tuple[Deployment, Instance, Instance, int]:
    """Two containers of one chain; the second reads a channel of the first."""
    work = deployment()
    owner, member = work.boot(b"x", pool=6), work.boot(b"y", pool=6)
    for instance in (owner, member):
        name_chain(work, instance, b"one chain".ljust(16))
    channel = work.share(owner, 2, 1)
    work.join(owner, channel, member, Right.READ, 2)
    assert member.load(2 * PAGE, 4) == bytes(4)
    return work, owner, member, channel
