"""Module `launch` in the machine: VMs that are launched and measured, and who vouches for whom.

A boot of the model is a VM of its own, all on one chip. What runs in it is read from its memory,
what was measured from the secure processor, what a zygote and a function had loaded from the pages
where they lie, and what is claimed from bytes that are signed. The first code of the model is the
microkernel, which is what the tenant trusts; any other one, as a kernel, is the host's own.

With SEV-SNP the host hands in, with an ID block, the measurement that the launch must have. The
zygote of each VM is in its first slot, the containers of the model are in the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.report import (
    NO_ROOT,
    ContainerReport,
    Evidence,
    HardwareReport,
)
from splitspec.impl.attestation.sealing import new_key, public_key
from splitspec.impl.attestation.signing import public_bytes
from splitspec.impl.attestation.verifier import is_signed
from splitspec.impl.hardware.secure_processor import SignedReport
from splitspec.impl.host.rogue import RogueKernel
from splitspec.impl.kernel.records import Phase
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import HardwareRefusal, Refusal
from splitspec.refinement.machine.fragment import Function, reason
from splitspec.refinement.machine.launches import (
    RUNTIME,
    ZYGOTE,
    Launches,
    image_of,
    strange_report,
    text,
    unsigned,
)
from splitspec.refinement.machine.network import ADDRESS, NOW, digest_of, opens
from splitspec.refinement.machine.testbed import Step, undo
from splitspec.refinement.mapping import Implementation, InexpressibleError

MADE_UP = 1000  # the identity that a kernel of the host's gives a container that it does not run

GUARDS: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {
    "boot": {"begin_launch new": "fresh", "finish_launch expected": "measured"},
    "seal_zygote": {"allocate idle": "booted", "start absent": "once"},
    "start_function": {
        "start absent": "fresh",
        "allocate idle": "forked",
        "begin_fork sealed": "forked",
    },
    "report": {"report booted": "measured", "report own_key": "own_key"},
    "sign": {"quote running": ("booted", "truthful")},
    "release_secret": {
        "release chain": "reported",
        "release no_debug": "policy",
        "release measurement": "kernel",
        "release linked": "linked",
        "release container_signature": "signed",
        "release zygote": "zygote",
        "release function": "function",
    },
}
READ = "the tenant reads of whom evidence speaks, and what it claims"
LEFT_OUT = {
    "report.blank": "a report is made, and never changed",
    "sign.blank": "evidence is made, and never changed",
    "release_secret.addressed": READ,
    "release_secret.claimed": READ,
}
OPENING = (
    ("boot", {"b": "b1", "x": "cod1", "m": "cod1", "d": "false"}),
    ("seal_zygote", {"b": "b1", "z": "cod1"}),
    ("start_function", {"c": "con1", "b": "b1", "f": "cod1"}),
    ("report", {"r": "r1", "b": "b1", "k": "b1"}),
    ("sign", {"e": "e1", "b": "b1", "c": "con1", "z": "cod1", "f": "cod1"}),
)
ACROSS = ("report.own_key", "release_secret.linked")
UNTRUSTED = (
    "boot.measured",
    *(f"release_secret.{guard}" for guard in ("kernel", "zygote", "function")),
)
STRICTER = {"release_secret.release fresh": "evidence answers one challenge, and that once"}


def launch(kind: PlatformKind, *, sizes: Mapping[str, int]) -> Implementation[Launches]:
    """Return the mapping to `launch`, in which nobody but hardware and microkernel is honest."""
    is_tdx = kind is PlatformKind.TDX
    actions: dict[str, Function] = {
        "boot": boot if is_tdx else boot_with_block,
        "seal_zygote": seal_zygote,
        "start_function": start_function,
        "report": report,
        "sign": sign,
        "release_secret": release_secret,
    }
    return Implementation(
        name=f"impl on {kind.value}",
        model="launch",
        create=partial(Launches, kind, sizes),
        observe=observe,
        actions=actions,
        refusal=Refusal,
        reason=reason,
        guards=GUARDS,
        elements={
            "Boot": range(sizes["Boot"]),
            "Code": tuple(f"code {n}".encode() for n in range(1, sizes["Code"] + 1)),
            "Container": range(1, sizes["Container"] + 1),
            "Report": range(sizes["Report"]),
            "Evidence": range(sizes["Evidence"]),
        },
        sizes=sizes,
        left_out=LEFT_OUT | _beyond(is_tdx, sizes),
        stricter=STRICTER,
        compared=("digest", "names", "signer", "subject", "forked_from", "runs"),
        opening=OPENING,
        undo=undo(),
    )


def _beyond(is_tdx: bool, sizes: Mapping[str, int]) -> dict[str, str]:
    """Return what cannot happen on a platform, and at some sizes."""
    found: dict[str, str] = {}
    if sizes["Boot"] == 1:
        found |= dict.fromkeys(ACROSS, "there is no other VM")
    if sizes["Code"] == 1:
        found |= dict.fromkeys(UNTRUSTED, "there is no code that is not trusted")
    return found | ({"boot.measured": "TDX compares no measurement"} if is_tdx else {})


# What the VMs are


def observe(launches: Launches) -> dict[str, Any]:
    """Return what runs in each VM, and what reports, evidence and messages say."""
    return {
        "trusted": {launches.codes[0]},
        **_loaded(launches),
        **_reported(launches),
        **_signed(launches),
        **_sealed(launches),
    }


def _loaded(launches: Launches) -> dict[str, Any]:
    machines = list(enumerate(launches.machines))
    kernels = {expected(launches.geometry, code): code for code in launches.codes}
    launched = {b: vm.secure_processor.launched for b, vm in machines}
    measured = {b: each.measurement for b, each in launched.items() if each}
    running = {slot: b for b, vm in machines for slot in _slots(vm, Phase.RUNNING)}
    return {
        "kernel": {b: launches.kernel(b) for b in measured},
        "digest": {b: kernels.get(digest, digest) for b, digest in measured.items()},
        "debug": {b for b, vm in machines if _is_readable(vm)},
        "launch.zygote": {b: _code(vm, ZYGOTE, RUNTIME) for b, vm in machines if _is_sealed(vm)},
        "home": running,
        "function": {c: _code(launches.machines[b], c, ADDRESS) for c, b in running.items()},
    }


def _slots(vm: Machine, phase: Phase) -> Iterator[int]:
    rows = vm.kernel.state.containers.items()
    return (slot for slot, row in rows if row.phase is phase and slot != ZYGOTE)


def _is_sealed(vm: Machine) -> bool:
    row = vm.kernel.state.containers.get(ZYGOTE)
    return row is not None and row.phase is Phase.SEALED


def _is_readable(vm: Machine) -> bool:
    """The host reads the kernel's memory as it is."""
    with suppress(HardwareRefusal):
        return vm.secure_processor.decrypt(0) == vm.kernel.memory.read(0)
    return False


def _code(vm: Machine, slot: int, address: int) -> bytes:
    entry = vm.kernel.memory.entry(slot, address)
    assert entry is not None, "who runs has loaded its code"
    return text(vm.kernel.memory.read(entry.page))


def _runs(vm: Machine, slot: int) -> tuple[bytes, bytes]:
    """Return what a container runs: what its zygote had loaded, and its function."""
    return _code(vm, ZYGOTE, RUNTIME), _code(vm, slot, ADDRESS)


def _reported(launches: Launches) -> dict[str, Any]:
    kernels = {expected(launches.geometry, code): code for code in launches.codes}
    rows = launches.reports.items()
    reports = {r: HardwareReport.decode(signed.report) for r, signed in rows}
    return {
        "vouches": {r: kernels.get(each.measurement) for r, each in reports.items()},
        "tells_debug": {r for r, each in reports.items() if each.is_debug},
        "names": {r: launches.named(each.report_data) for r, each in reports.items()},
    }


def _signed(launches: Launches) -> dict[str, Any]:
    images = {image_of(code): code for code in launches.codes}
    functions = {digest_of(code): code for code in launches.codes}
    signers = {e: _signer(launches, each) for e, each in launches.evidence.items()}
    claims = {e: ContainerReport.decode(launches.evidence[e].container) for e in signers}
    return {
        "signer": signers,
        "subject": {e: _subject(launches, signers[e], claim) for e, claim in claims.items()},
        "forked_from": {e: images.get(claim.zygote) for e, claim in claims.items()},
        "runs": {e: functions.get(claim.function) for e, claim in claims.items()},
    }


def _signer(launches: Launches, evidence: Evidence) -> int | None:
    for b in range(len(launches.machines)):
        drawn = launches.booted(b)
        key = b"" if drawn is None else public_bytes(drawn.secret)
        if key and is_signed(key, evidence.container, evidence.container_signature):
            return b
    return None


def _subject(launches: Launches, signer: int | None, claim: ContainerReport) -> int | None:
    """Return whom the signer means: one of its own containers, or one that it made up."""
    if claim.identity >= MADE_UP or signer is None:
        return claim.identity - MADE_UP
    rows = launches.machines[signer].kernel.state.containers.items()
    return next((slot for slot, row in rows if row.identity == claim.identity), None)


def _sealed(launches: Launches) -> dict[str, Any]:
    """Return who can open the messages that were sent, by the keys that each VM holds."""
    openers = set(_openers(launches))
    return {"sent": {slot for _, slot in openers}, "holds_secret": {b for b, _ in openers}}


def _openers(launches: Launches) -> Iterator[tuple[int, int]]:
    for e, message in launches.messages.items():
        claim = ContainerReport.decode(launches.evidence[e].container)
        for b, vm in enumerate(launches.machines):
            for (slot, _), key in vm.kernel.state.keys.items():
                if opens(key, claim, message):
                    yield b, slot


# What is done


def boot_with_block(launches: Launches, b: int, x: bytes, m: bytes, d: bool) -> None:
    """The host launches what it likes, with an ID block."""
    _boot(launches, b, x, d, expected(launches.geometry, m))


def boot(launches: Launches, b: int, x: bytes, d: bool) -> None:
    """The host launches what it likes."""
    _boot(launches, b, x, d, None)


def _boot(launches: Launches, b: int, x: bytes, d: bool, measurement: bytes | None) -> None:
    launches.random.purpose = f"boot {b}"
    vm = launches.machines[b]
    launches.together(*vm.launching(x, debug=d, expected=measurement), *vm.parking())


def seal_zygote(launches: Launches, b: int, z: bytes) -> None:
    """A container of the VM loads a runtime, and is sealed."""
    kernel = launches.machines[b].kernel
    page = launches.geometry.pool_pages[ZYGOTE]
    launches.together(
        *_begun(launches, b, ZYGOTE),
        partial(kernel.lifecycle.load, ZYGOTE, RUNTIME, [page], z),
        partial(kernel.lifecycle.start, ZYGOTE),
        partial(kernel.forks.prepare, ZYGOTE),
        partial(kernel.forks.seal, ZYGOTE),
    )


def start_function(launches: Launches, c: int, b: int, f: bytes) -> None:
    """A clone of the zygote of the VM loads a function, and runs."""
    others = [vm for vm in launches.machines if vm is not launches.machines[b]]
    if any(c in vm.kernel.state.containers for vm in others):
        raise InexpressibleError("a container that runs in another VM is another container")
    kernel = launches.machines[b].kernel
    page = launches.geometry.pool_pages[c]
    launches.together(
        *_begun(launches, b, c),
        partial(kernel.forks.begin, ZYGOTE, c),
        partial(kernel.forks.fork, ZYGOTE, c),
        partial(kernel.lifecycle.load, c, ADDRESS, [page], f),
        partial(kernel.forks.activate, c),
    )


def _begun(launches: Launches, b: int, slot: int) -> tuple[Step, ...]:
    """Return the steps in which a shadow starts a container of a VM, with a page in its pool."""
    vm, geometry = launches.machines[b], launches.geometry
    kernel, shadows = vm.kernel, vm.host.shadows
    page, frame = geometry.pool_pages[slot], geometry.pool_frames[slot]
    return (
        partial(shadows.start, slot),
        partial(shadows.allocate, slot),
        lambda: shadows.enter(next(h for h in shadows.holders.values() if h.shadow == slot)),
        partial(kernel.lifecycle.create, slot),
        partial(kernel.pools.admit, slot, page),
        partial(vm.hostile.offer, page, frame),
        partial(kernel.pools.accept, slot, page),
    )


def report(launches: Launches, r: int, b: int, k: int) -> None:
    """A kernel asks the hardware for a report that names a key; the microkernel is asked for it."""
    if r in launches.reports:
        raise InexpressibleError("a report is made, and never changed")
    named, rogue = launches.booted(k), launches.rogue(b)
    if rogue is None:
        key = b"no key" if named is None else public_bytes(named.secret)
        launches.reports[r] = launches.machines[b].kernel.attestation.report(key)
    elif named is None:
        raise InexpressibleError("nobody knows a key before it is drawn")
    else:
        launches.reports[r] = rogue.report(named.identity, public_bytes(named.secret))


def sign(launches: Launches, e: int, b: int, c: int, z: bytes, f: bytes) -> None:
    """A kernel signs evidence on a container."""
    if e in launches.evidence:
        raise InexpressibleError("evidence is made, and never changed")
    kernel, rogue = launches.machines[b].kernel, launches.rogue(b)
    launches.random.purpose = f"key {b} {c} {e}"
    if rogue is not None:
        launches.evidence[e] = _forged(launches, rogue, e, b, c, z, f)
        return
    if c in kernel.state.containers and _runs(launches.machines[b], c) != (z, f):
        raise InexpressibleError("the microkernel says what it has measured, and is told nothing")
    launches.evidence[e] = kernel.attestation.quote(c, launches.nonces[e])


def _forged(
    launches: Launches, rogue: RogueKernel, e: int, b: int, c: int, z: bytes, f: bytes
) -> Evidence:
    """A kernel of the host's says what the host likes, and keeps the key that it puts in."""
    drawn, state = launches.booted(b), launches.machines[b].kernel.state
    assert drawn is not None
    row, private = state.containers.get(c), new_key(launches.random)
    state.keys[c, launches.nonces[e]] = private
    claim = ContainerReport(
        boot=drawn.identity,
        identity=MADE_UP + c if row is None else row.identity,
        zygote=image_of(z),
        function=digest_of(f),
        rootfs=NO_ROOT,
        nonce=launches.nonces[e],
        key=public_key(private),
    )
    return rogue.evidence(claim, SignedReport(b"", b"", ()))


def release_secret(launches: Launches, r: int, e: int) -> None:
    """The tenant is shown a report and evidence that anybody put together, or made up."""
    signed = launches.reports.get(r) or strange_report(launches.verifier.policy.measurement)
    evidence = launches.evidence.get(e) or unsigned(launches, signed, e)
    shown = replace(
        evidence, report=signed.report, report_signature=signed.signature, chain=signed.chain
    )
    launches.random.purpose = f"message {e}"
    launches.messages[e] = launches.verifier.release(shown, now=NOW)
