"""What the tenant has, and what goes over the network: challenges, evidence, and sealed secrets.

The tenant's verifier trusts the first code of the model, as a runtime and as a function, on any
chip of its manufacturer, in a container of its own or in a clone of a zygote that was published.
Random numbers are derived from what they are drawn for, so that the same call makes the same bytes:
what was signed and verified once is not computed again, and is undone without a trace.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from splitspec.impl.attestation.certificate import SIGNATURE, Chip, Manufacturer
from splitspec.impl.attestation.measurement import code_pages, expected, imaged, loaded
from splitspec.impl.attestation.report import NO_DIGEST, ContainerReport, Evidence, HardwareReport
from splitspec.impl.attestation.sealing import SealingError, unseal
from splitspec.impl.attestation.verifier import Policy, Verifier, is_signed
from splitspec.impl.journal import Table
from splitspec.impl.kernel.records import ThreadState
from splitspec.impl.machine import Machine

ADDRESS = 8  # the virtual page at which functions run
NOW = datetime.datetime(2025, 1, 1)
TRUSTED = b"code 1"


class Randomness:
    """Bytes that depend on what they are drawn for alone."""

    def __init__(self) -> None:
        self.purpose = ""

    def __call__(self, size: int) -> bytes:
        return hashlib.shake_256(self.purpose.encode()).digest(size)


class Network:
    """Everything that was sent, by the model's names; nothing is lost, and anybody sends it again.

    `keys` are the private keys behind evidence, which nobody but the kernel has: with them it is
    seen who can open a message.
    """

    def __init__(self, machine: Machine) -> None:
        journal = machine.journal
        self._machine = machine
        self._random = Randomness()
        machine.kernel.attestation.draw = self._random
        self._policy = Policy(root(), expected(machine.geometry, TRUSTED), digest_of(TRUSTED))
        self.verifier = Verifier(self._policy, b"secret", b"c" * 16, journal, self._random)
        self.images: Table[bytes, bool] = Table(journal)  # of zygotes that the tenant trusts
        self.nonces: Table[int, bytes] = Table(journal)
        self.evidence: Table[int, Evidence] = Table(journal)
        self.keys: Table[int, bytes] = Table(journal)
        self.messages: Table[int, bytes] = Table(journal)

    def publish(self, zygote: int) -> None:
        """The provider says what it is about to seal, as it finds it: the tenant looks at that,
        and never asks the kernel."""
        memory, state = self._machine.kernel.memory, self._machine.kernel.state
        threads = [state.threads[thread] for thread in state.threads_of(zygote)]
        found = imaged(
            (
                (address, entry.executable, entry.writable, memory.read(entry.page))
                for address, entry in memory.entries(zygote)
            ),
            [(row.registers, row.state is ThreadState.WAITING) for row in threads],
        )
        self.images[found] = True

    # What is sent

    def challenge(self, number: int) -> None:
        """The verifier draws a nonce."""
        self._random.purpose = f"nonce {number}"
        self.nonces[number] = self.verifier.challenge()

    def quote(self, container: int, number: int, nonce: int) -> None:
        """A container answers a nonce."""
        kernel, data = self._machine.kernel, self.nonces[nonce]
        identity = kernel.state.containers.get(container)
        self._random.purpose = f"key {identity and identity.identity} {nonce}"
        self.evidence[number] = kernel.attestation.quote(container, data)
        self.keys[number] = kernel.state.keys[container, data]

    def release(self, number: int, nonce: int) -> None:
        """The verifier gets evidence in answer to a challenge; what nobody made is forged."""
        asked = self.nonces.get(nonce, bytes(32))
        evidence = self.evidence.get(number) or self._forged(asked)
        self._random.purpose = f"message {nonce}"
        image = ContainerReport.decode(evidence.container).zygote
        trusted = image if image in self.images else NO_DIGEST
        self.verifier.policy = replace(self._policy, zygote=trusted)
        self.messages[nonce] = self.verifier.release(evidence, challenge=asked, now=NOW)

    def _forged(self, nonce: bytes) -> Evidence:
        """The attacker says of a container what is hoped for, in the kernel's name; the half that
        the hardware signs is this VM's, if it was seen, and else that of another manufacturer."""
        return _forge(next(iter(self.evidence.values()), None), nonce)

    # What it says

    def statements(self) -> Iterator[tuple[int, ContainerReport, HardwareReport]]:
        """Iterate over the evidence that is signed by a kernel that the hardware speaks of."""
        for number, evidence in self.evidence.items():
            key, signature = evidence.kernel_key, evidence.container_signature
            if is_signed(key, evidence.container, signature):
                container = ContainerReport.decode(evidence.container)
                yield number, container, HardwareReport.decode(evidence.report)

    def is_drawn(self, nonce: bytes) -> bool:
        """The verifier knows the nonce."""
        return nonce in self.verifier.open or nonce in self.verifier.accepted

    def opener(self, nonce: int) -> int | None:
        """Return the evidence whose key opens the message that answers a challenge."""
        message = self.messages[nonce]
        for number, container, _ in self.statements():
            if opens(self.keys[number], container, message):
                return number
        return None


def digest_of(code: bytes) -> bytes:
    """Return the measurement of a function in a container into which nothing was loaded before."""
    return loaded(b"", ADDRESS, code_pages(code))


@lru_cache(maxsize=1)
def _manufacturer() -> Manufacturer:
    return Manufacturer()


def root() -> bytes:
    """Return the certificate that the tenant trusts."""
    return _manufacturer().root


@lru_cache(maxsize=1)
def chip() -> Chip:
    """Return the chip on which all testbeds run: one takes milliseconds to make."""
    return _manufacturer().make_chip()


@lru_cache(maxsize=256)
def _forge(genuine: Evidence | None, nonce: bytes) -> Evidence:
    other = Manufacturer().make_chip()
    boot = ContainerReport.decode(genuine.container).boot if genuine else bytes(16)
    data = ContainerReport(
        boot=boot,
        identity=1,
        zygote=bytes(48),
        function=digest_of(TRUSTED),
        rootfs=bytes(32),
        nonce=nonce,
        key=bytes(32),
    ).encode()
    signature = other.key.sign(data, SIGNATURE)
    if genuine is not None:
        return replace(genuine, container=data, container_signature=signature)
    report = HardwareReport("TDX", bytes(48), bytes(64), other.identity, other.tcb).encode()
    signed = other.key.sign(report, SIGNATURE)
    return Evidence(report, signed, other.chain, b"no key", data, signature)


@lru_cache(maxsize=4096)
def opens(key: bytes, report: ContainerReport, message: bytes) -> bool:
    """The private key is that of the container of the report, and the message is sealed to it."""
    try:
        unseal(key, report, message)
    except SealingError:
        return False
    return True
