"""Weaknesses of attestation and of I/O, each built in as one change: what then leaks or runs.

The tests are like those of `test_artifact_memory`; the host's program is the same in both runs.
"""

from __future__ import annotations

from dataclasses import replace

from tests.impl.refusal_scenes import Scene
from tests.impl.scenes import SIZES, clone, join, page, run
from tests.impl.weakness import Change, Weakness, built_in, reads

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import code_pages, expected, loaded
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.delegation import records
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.machine import Machine

_load, _encrypt = Lifecycle.load, records.encrypt
HONEST, EVIL = b"honest function", b"evil function"


class Staged(bytes):
    """Code that the host stages, and exchanges for another after the first look."""

    looks = 0

    def __getitem__(self, key: object) -> bytes:  # type: ignore[override]
        self.looks += 1
        return HONEST if self.looks == 1 else EVIL


def load_after_a_look(
    self: Lifecycle, container: int, address: int, pages: list[int], code: bytes
) -> None:
    """What the host has staged is measured, and then fetched again and loaded."""
    before = self._state.containers[container].measurement
    measured = loaded(before, address, code_pages(code))
    _load(self, container, address, pages, code)
    row = self._state.containers[container]
    self._state.containers[container] = replace(row, measurement=measured)


@built_in(
    Weakness(
        row="W18",
        certainty="C",
        changes=(Change(Lifecycle, "load", load_after_a_look),),
        guard="release.function",
        effect="The verifier releases the secret of the honest function to {}.",
        observed=EVIL,
    )
)
def test_code_measured_before_it_is_copied_gets_the_secret_of_other_code(
    weakness: Weakness,
) -> None:
    """The artifact measures and launches from memory that the host can still write; what runs, and
    gets the tenant's secret, is not what was measured."""
    manufacturer = Manufacturer()

    def deceive(staged: Staged) -> bytes:
        scene = Machine(SIZES, image=b"microkernel", chip=manufacturer.make_chip())
        handle = join(scene, 0, range(1))
        scene.kernel.lifecycle.load(0, 0, [page(scene, 0)], staged)
        run(scene, 0, handle.vcpu, 1)
        function = loaded(b"", 0, code_pages(HONEST))
        policy = Policy(manufacturer.root, expected(SIZES, b"microkernel"), function)
        verifier = Verifier(policy, b"for the honest")
        message = verifier.release(scene.kernel.attestation.quote(0, verifier.challenge()))
        scene.kernel.attestation.install(0, message)
        assert scene.kernel.attestation.secret(0) == b"for the honest"
        return scene.processor.read(handle.vcpu, 0, 64).rstrip(b"\0")

    staged = Staged(HONEST)
    with weakness.weakened():
        assert deceive(staged) == weakness.observed
    # The host exchanges the code before the only look: what was copied is what is measured.
    staged = Staged(HONEST)
    staged.looks = 1
    weakness.refused(lambda: deceive(staged))


def encrypt_again(connection: records.Connection, data: bytes) -> tuple[records.Connection, bytes]:
    """The number of a record, which is its nonce, is not counted."""
    _, record = _encrypt(connection, data)
    return connection, record


@built_in(
    Weakness(
        row="W20",
        certainty="D",
        changes=(Change(records, "encrypt", encrypt_again),),
        guard="receive.authentic",
        effect="From two records and the text of the first, the host computes {}.",
        observed=b"the second secret",
    )
)
def test_a_nonce_that_serves_twice_tells_the_host_the_second_text(weakness: Weakness) -> None:
    """The artifact's encryption is a stub; a real one that forgets to count its records encrypts
    two texts under one key stream, and who knows one text reads the other."""
    known = b"a greeting, known"

    def both() -> tuple[bytes, bytes]:
        sender = records.connect(b"secret", b"peer", bytes(16))
        sender, first = records.encrypt(sender, known)
        return first, records.encrypt(sender, b"the second secret")[1]

    def computed(first: bytes, second: bytes) -> bytes:
        stream = zip(first[4:], second[4:], known, strict=False)
        return bytes(a ^ b ^ c for a, b, c in stream)

    with weakness.weakened():
        repeated = both()
    assert computed(*repeated) == weakness.observed
    assert computed(*both()) != weakness.observed
    peer = records.accept(b"secret", b"peer", bytes(16))
    peer, text = records.decrypt(peer, repeated[0])
    assert text == known
    weakness.refused(lambda: records.decrypt(peer, repeated[1]))


@built_in(
    Weakness(
        row="W1",
        certainty="C",
        guards=("seal.untainted",),
        guard="seal.untainted",
        effect="The clone, of another tenant, reads {}.",
        observed=b"computed from the secret",
    )
)
def test_a_function_that_makes_itself_the_zygote_hands_its_tenants_data_on(
    weakness: Weakness,
) -> None:
    """The artifact lets any function take the snapshot from which all later clones are made; what
    it holds of its tenant is then in the clones of every other."""

    def keyed() -> Scene:
        manufacturer = Manufacturer()
        scene = Machine(SIZES, image=b"microkernel", chip=manufacturer.make_chip())
        first, second = join(scene, 0, range(2)), join(scene, 1)
        scene.kernel.lifecycle.load(0, 8, [page(scene, 0)], HONEST)
        scene.kernel.spaces.map_page(0, 0, page(scene, 1))
        run(scene, 0, first.vcpu, 1)
        function = scene.kernel.state.containers[0].measurement
        policy = Policy(manufacturer.root, expected(SIZES, b"microkernel"), function)
        verifier = Verifier(policy, b"secret")
        message = verifier.release(scene.kernel.attestation.quote(0, verifier.challenge()))
        scene.kernel.attestation.install(0, message)
        scene.processor.write(first.vcpu, 0, b"computed from the secret")
        scene.kernel.threads.trap(first.vcpu)
        scene.kernel.forks.prepare(0, vcpu=first.vcpu, thread=1)
        return Scene(scene, first, second)

    def snapshot(scene: Scene) -> bytes:
        scene.machine.kernel.forks.seal(0, vcpu=scene.first.vcpu, thread=1)
        clone(scene.machine, 1)
        run(scene.machine, 1, scene.second.vcpu, 2)
        return reads(scene, scene.second)

    weakness.show(keyed, snapshot)
