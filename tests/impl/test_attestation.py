"""Split attestation end to end: a secret reaches the container that was judged, and no other."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from tests.impl.refusal_attestation import fetch, measured, offered, shared
from tests.impl.scenes import KINDS, SIZES, join, page, refuse, run

from splitspec.impl.attestation.certificate import Chip, Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.report import ContainerReport, Evidence, HardwareReport
from splitspec.impl.attestation.sealing import seal
from splitspec.impl.attestation.signing import SECRET_BYTES, public_bytes
from splitspec.impl.attestation.verifier import Policy, Verifier, is_signed
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import KernelRefusal, VerifierRefusal

SECRET = b"the key of the tenant"
CODE = b"def handler(event): ..."
IMAGE = b"microkernel"


@pytest.fixture(scope="module")
def manufacturer() -> Manufacturer:
    return Manufacturer()


@pytest.fixture(scope="module")
def chip(manufacturer: Manufacturer) -> Chip:
    return manufacturer.make_chip(tcb=7)


def attested(kind: PlatformKind, chip: Chip, *, debug: bool = False) -> Machine:
    """Container 0 runs measured code; nothing is released yet."""
    scene = Machine(SIZES, kind, image=IMAGE, chip=chip, debug=debug)
    scene.checkpoint()
    handle = join(scene, 0, range(2))
    scene.kernel.lifecycle.load(0, 8, [page(scene, 0)], CODE)
    run(scene, 0, handle.vcpu, 1)
    return scene


def tenant(scene: Machine, manufacturer: Manufacturer, *, tcb_min: int = 7) -> Verifier:
    function = scene.kernel.state.containers[0].measurement
    policy = Policy(manufacturer.root, expected(SIZES, IMAGE), function, tcb_min=tcb_min)
    return Verifier(policy, SECRET)


def refused(verifier: Verifier, guard: str, evidence: Evidence, **options: object) -> None:
    """The verifier refuses by the guard, and keeps its challenges."""
    before = set(verifier.open)
    with pytest.raises(VerifierRefusal) as caught:
        verifier.release(evidence, **options)  # type: ignore[arg-type]
    assert caught.value.guard == guard, caught.value
    assert set(verifier.open) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_reaches_the_container_that_was_judged(
    kind: PlatformKind, chip: Chip, manufacturer: Manufacturer
) -> None:
    scene = attested(kind, chip)
    verifier = tenant(scene, manufacturer)
    message = verifier.release(scene.kernel.attestation.quote(0, verifier.challenge()))
    assert SECRET not in message
    scene.kernel.attestation.install(0, message)
    assert scene.kernel.attestation.secret(0) == SECRET
    refuse(scene, "once", lambda: scene.kernel.attestation.install(0, message))
    assert scene.kernel.state.containers[0].is_tainted


def test_the_measurement_is_of_content_place_and_order() -> None:
    assert expected(SIZES, b"a" * 4096) != expected(SIZES, b"b" * 4096)
    two = replace(SIZES, image_pages=2)
    first, second = b"a" * 4096, b"b" * 4096
    assert expected(two, first + second) != expected(two, second + first)


def test_replayed_evidence_is_refused(chip: Chip, manufacturer: Manufacturer) -> None:
    scene = attested(PlatformKind.SNP, chip)
    verifier = tenant(scene, manufacturer)
    evidence = scene.kernel.attestation.quote(0, verifier.challenge())
    verifier.release(evidence)
    refused(verifier, "fresh", evidence)
    verifier.challenge()
    refused(verifier, "fresh", evidence)


def test_the_kernel_answers_a_nonce_once(chip: Chip) -> None:
    scene = attested(PlatformKind.SNP, chip)
    nonce = bytes(range(32))
    scene.kernel.attestation.quote(0, nonce)
    refuse(scene, "fresh_nonce", lambda: scene.kernel.attestation.quote(0, nonce))
    refuse(scene, "nonce", lambda: scene.kernel.attestation.quote(0, nonce + b"0"))
    refuse(scene, "running", lambda: scene.kernel.attestation.quote(1, nonce))


def test_spliced_halves_are_refused(chip: Chip, manufacturer: Manufacturer) -> None:
    """The same chip boots the same image twice: each half is genuine, the pair is not."""
    honest, other = attested(PlatformKind.SNP, chip), attested(PlatformKind.SNP, chip)
    verifier = tenant(honest, manufacturer)
    nonce = verifier.challenge()
    first = honest.kernel.attestation.quote(0, nonce)
    second = other.kernel.attestation.quote(0, nonce)
    spliced = replace(
        first, container=second.container, container_signature=second.container_signature
    )
    refused(verifier, "linked", spliced)
    refused(verifier, "linked", replace(spliced, kernel_key=second.kernel_key))
    verifier.release(first)


def test_relayed_evidence_serves_only_the_container_that_made_it(
    chip: Chip, manufacturer: Manufacturer
) -> None:
    """An attacker forwards genuine evidence; with its own key in it, it is refused."""
    victim, attacker = attested(PlatformKind.SNP, chip), attested(PlatformKind.SNP, chip)
    verifier = tenant(victim, manufacturer)
    evidence = victim.kernel.attestation.quote(0, verifier.challenge())
    stolen = attacker.kernel.attestation.quote(0, bytes(32))
    report = ContainerReport.decode(evidence.container)
    attackers = ContainerReport.decode(stolen.container)
    refused(
        verifier,
        "container_signature",
        replace(evidence, container=replace(report, key=attackers.key).encode()),
    )
    message = verifier.release(evidence)
    refuse(attacker, "authentic", lambda: attacker.kernel.attestation.install(0, message))


def test_old_firmware_is_refused_even_under_a_new_number(
    chip: Chip, manufacturer: Manufacturer
) -> None:
    old = manufacturer.make_chip(tcb=3, identity=chip.identity)
    scene = attested(PlatformKind.SNP, old)
    verifier = tenant(scene, manufacturer)
    evidence = scene.kernel.attestation.quote(0, verifier.challenge())
    refused(verifier, "tcb_floor", evidence)
    report = HardwareReport.decode(evidence.report)
    claimed = replace(report, tcb=7).encode()
    refused(verifier, "report_signature", replace(evidence, report=claimed))
    signed = replace(evidence, report=claimed, report_signature=_sign(old, claimed))
    refused(verifier, "tcb_certified", signed)


def _sign(chip: Chip, data: bytes) -> bytes:
    from splitspec.impl.attestation.certificate import SIGNATURE

    return chip.key.sign(data, SIGNATURE)


def test_each_rule_of_the_verifier_refuses(chip: Chip, manufacturer: Manufacturer) -> None:
    scene = attested(PlatformKind.SNP, chip)
    verifier = tenant(scene, manufacturer)
    evidence = scene.kernel.attestation.quote(0, verifier.challenge())
    policy = verifier.policy
    wrong: list[tuple[str, Policy]] = [
        ("measurement", replace(policy, measurement=bytes(48))),
        ("zygote", replace(policy, zygote=b"z" * 48)),
        ("function", replace(policy, function=b"f" * 48)),
        ("rootfs", replace(policy, rootfs=b"r" * 32)),
        ("chain", replace(policy, root=Manufacturer().root)),
    ]
    for guard, other in wrong:
        stranger = Verifier(other, SECRET)
        for nonce in verifier.open:
            stranger.open[nonce] = True
        refused(stranger, guard, evidence)
    refused(verifier, "chain", evidence, now=datetime.datetime(2060, 1, 1))
    refused(verifier, "chain", replace(evidence, chain=evidence.chain[1:]))
    refused(verifier, "chain", replace(evidence, chain=(b"no certificate", *evidence.chain[1:])))
    refused(verifier, "well_formed", replace(evidence, report=b"short"))
    refused(verifier, "well_formed", replace(evidence, report=b"\0" * len(evidence.report)))
    refused(verifier, "well_formed", replace(evidence, container=b"\0" * len(evidence.container)))
    elsewhere = HardwareReport.decode(evidence.report)
    moved = replace(elsewhere, chip=bytes(32)).encode()
    refused(verifier, "chip", replace(evidence, report=moved, report_signature=_sign(chip, moved)))
    refused(verifier, "linked", replace(evidence, kernel_key=b"no key"))


def test_a_vm_under_debugging_is_refused(chip: Chip, manufacturer: Manufacturer) -> None:
    scene = attested(PlatformKind.SNP, chip, debug=True)
    verifier = tenant(scene, manufacturer)
    refused(verifier, "no_debug", scene.kernel.attestation.quote(0, verifier.challenge()))


def test_a_secret_for_a_container_that_ended_opens_in_none(
    chip: Chip, manufacturer: Manufacturer
) -> None:
    """The slot is taken again under a new identity; the message was sealed to the old one."""
    scene = attested(PlatformKind.SNP, chip)
    verifier = tenant(scene, manufacturer)
    message = verifier.release(scene.kernel.attestation.quote(0, verifier.challenge()))
    kernel = scene.kernel
    kernel.threads.trap(2)
    kernel.lifecycle.exit(0, vcpu=2)
    kernel.shootdown.acknowledge(2)
    for number in kernel.state.pool(0):
        if not kernel.state.pages[number].is_clean:
            kernel.pools.scrub(number)
        kernel.pools.release(number)
    kernel.lifecycle.retire(0)
    kernel.lifecycle.create(0)
    kernel.lifecycle.start(0)
    rows = kernel.state.containers
    rows[0] = replace(rows[0], measurement=b"m" * 48)
    refuse(scene, "quoted", lambda: kernel.attestation.install(0, message))
    kernel.attestation.quote(0, bytes(32))
    caught = refuse(scene, "authentic", lambda: kernel.attestation.install(0, message))
    assert isinstance(caught, KernelRefusal)
    refuse(scene, "keyed", lambda: kernel.attestation.secret(0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_answered", [False, True])
def test_no_function_comes_in_when_there_is_evidence_of_what_runs(
    kind: PlatformKind, is_answered: bool
) -> None:
    """A08: evidence states what was loaded before the start. A function that came later would have
    the secret, and nobody has judged it."""
    scene = offered(measured(shared(kind)))
    attestation = scene.machine.kernel.attestation
    report = ContainerReport.decode(attestation.quote(0, bytes(32)).container)
    if is_answered:
        attestation.install(0, seal(report, b"one chain".ljust(16) + SECRET))
        assert attestation.secret(0) == SECRET
    refuse(scene.machine, "unstated", lambda: fetch(scene))
    assert scene.machine.kernel.state.code == {}


CURVE, NO_CURVE = bytes.fromhex("06052b81040022"), bytes.fromhex("06052b8104007f")
"""P-384 as certificates and keys name it, and a name that means no curve."""


@pytest.mark.parametrize("place", [0, 1])
def test_a_certificate_of_a_curve_that_nobody_knows_is_refused(
    place: int, chip: Chip, manufacturer: Manufacturer
) -> None:
    scene = attested(PlatformKind.SNP, chip)
    verifier = tenant(scene, manufacturer)
    evidence = scene.kernel.attestation.quote(0, verifier.challenge())
    chain = list(evidence.chain)
    chain[place] = chain[place].replace(CURVE, NO_CURVE)
    assert tuple(chain) != evidence.chain
    refused(verifier, "chain", replace(evidence, chain=tuple(chain)))
    verifier.release(evidence)


def test_nothing_is_signed_by_a_key_of_a_curve_that_nobody_knows() -> None:
    key = public_bytes(bytes(SECRET_BYTES))
    assert not is_signed(key.replace(CURVE, NO_CURVE), b"data", b"signature")
