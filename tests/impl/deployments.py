"""Deployments that the tests of the library begin from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.deployment import Deployment
from splitspec.impl.geometry import Geometry
from splitspec.impl.instance import Instance
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
