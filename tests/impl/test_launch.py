"""A VM is launched and measured, or refused and launched again; and who vouches for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.impl.scenes import KINDS, SIZES, join, page, refuse, run

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected, loaded
from splitspec.impl.attestation.report import ContainerReport, Evidence, HardwareReport
from splitspec.impl.attestation.signing import public_bytes
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.geometry import PAGE
from splitspec.impl.host.rogue import RogueKernel
from splitspec.impl.kernel.records import BOOT
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import VerifierRefusal

KERNEL, OTHER = b"microkernel", b"another kernel"
CODE = b"code".ljust(4096, b"\0")


def measurement(machine: Machine) -> bytes | None:
    launch = machine.secure_processor.launched
    return None if launch is None else launch.measurement


def test_with_an_id_block_only_what_it_names_is_launched() -> None:
    scene = Machine(SIZES, PlatformKind.SNP, is_booted=False)
    scene.checkpoint()
    known = expected(SIZES, KERNEL)
    with pytest.raises(Exception, match="expected"):
        scene.launch(OTHER, expected=known)
    assert measurement(scene) is None
    refuse(scene, "launched", lambda: scene.hostile.enter(0, 0))
    scene.launch(KERNEL, expected=known)
    assert measurement(scene) == known
    scene.hostile.enter(0, 0)


def test_a_td_is_launched_whatever_it_measures_and_the_report_says_what() -> None:
    scene = Machine(SIZES, PlatformKind.TDX, is_booted=False)
    with pytest.raises(Exception, match="defined"):
        scene.launch(KERNEL, expected=expected(SIZES, KERNEL))
    scene.launch(OTHER)
    assert measurement(scene) == expected(SIZES, OTHER)


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_that_runs_is_not_launched_over(kind: PlatformKind) -> None:
    scene = Machine(SIZES, kind)
    scene.checkpoint()
    before = dict(scene.kernel.state.boots)
    refuse(scene, "new", lambda: scene.launch(OTHER))
    assert measurement(scene) == expected(SIZES, KERNEL)
    assert dict(scene.kernel.state.boots) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_image_has_another_key_at_another_boot(kind: PlatformKind) -> None:
    first, second = Machine(SIZES, kind), Machine(SIZES, kind)
    assert measurement(first) == measurement(second)
    assert key_of(first) != key_of(second)


@pytest.mark.parametrize("kind", KINDS)
def test_the_host_reads_a_vm_for_debugging_and_its_report_says_so(kind: PlatformKind) -> None:
    scene = Machine(SIZES, kind, debug=True)
    assert scene.secure_processor.decrypt(0).startswith(KERNEL)
    signed = scene.kernel.attestation.report(key_of(scene))
    assert HardwareReport.decode(signed.report).is_debug


def key_of(machine: Machine) -> bytes:
    return public_bytes(machine.kernel.state.boots[BOOT].secret)


def attested(manufacturer: Manufacturer, image: bytes) -> Machine:
    """A VM with a measured container, which runs."""
    scene = Machine(SIZES, image=image, chip=manufacturer.make_chip())
    handle = join(scene, 0, range(1))
    scene.kernel.lifecycle.load(0, 8, [page(scene, 0)], b"code")
    run(scene, 0, handle.vcpu, 1)
    return scene


def refused(verifier: Verifier, guard: str, evidence: Evidence) -> None:
    with pytest.raises(VerifierRefusal) as caught:
        verifier.release(evidence)
    assert caught.value.guard == guard


@pytest.fixture
def manufacturer() -> Manufacturer:
    return Manufacturer()


def tenant(manufacturer: Manufacturer) -> Verifier:
    policy = Policy(manufacturer.root, expected(SIZES, KERNEL), loaded(b"", 8, [CODE]))
    return Verifier(policy, b"secret")


Forge = Callable[[Machine, Machine, RogueKernel, Evidence], Evidence]


def told_of_itself(own: Machine, _: Machine, rogue: RogueKernel, genuine: Evidence) -> Evidence:
    """All that the right kernel says, under the rogue's own key and the report of its own VM."""
    boot = own.kernel.state.boots[BOOT].identity
    claim = replace(ContainerReport.decode(genuine.container), boot=boot)
    return rogue.evidence(claim, rogue.report(boot, key_of(own)))


def told_of_another(_: Machine, right: Machine, rogue: RogueKernel, genuine: Evidence) -> Evidence:
    """Genuine evidence of the right kernel, with a report that names its key."""
    boot = right.kernel.state.boots[BOOT].identity
    signed = rogue.report(boot, key_of(right))
    return replace(genuine, report=signed.report, report_signature=signed.signature)


def beside_its_report(
    _: Machine, right: Machine, rogue: RogueKernel, genuine: Evidence
) -> Evidence:
    """What the rogue says of a container, beside the report of the right kernel's VM."""
    claim = ContainerReport.decode(genuine.container)
    return rogue.evidence(claim, right.kernel.attestation.report(key_of(right)))


@pytest.mark.parametrize(
    ("forge", "guard"),
    [
        (told_of_itself, "measurement"),
        (told_of_another, "measurement"),
        (beside_its_report, "linked"),
    ],
)
def test_a_kernel_of_the_hosts_gets_no_secret_by_whatever_it_signs(
    forge: Forge, guard: str, manufacturer: Manufacturer
) -> None:
    chip = manufacturer.make_chip()
    right = attested(manufacturer, KERNEL)
    own = Machine(SIZES, image=OTHER, chip=chip)
    rogue = RogueKernel(own.secure_processor, own.kernel.state.boots[BOOT].secret)
    verifier = tenant(manufacturer)
    genuine = right.kernel.attestation.quote(0, verifier.challenge())
    shown = forge(own, right, rogue, genuine)
    if guard == "measurement":
        shown = replace(shown, chain=chip.chain)
    refused(verifier, guard, shown)
    verifier.release(genuine)


def test_a_page_that_is_added_anew_is_whole_whatever_the_host_wrote_there_before() -> None:
    """TDX: adding a page sets the owner bit of its frame, as acceptance does."""
    scene = Machine(SIZES, PlatformKind.TDX, is_booted=False)
    processor = scene.secure_processor
    processor.begin(debug=False)
    processor.launch(0, 0, bytes(PAGE))
    scene.hostile.tamper(0, 0, b"over")
    refuse(scene, "intact", lambda: scene.platform.resolve(0, private=True))
    processor.cancel()
    scene.launch(KERNEL)
    assert scene.kernel.memory.read(0).startswith(KERNEL)
