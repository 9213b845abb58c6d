"""A case for every guard of loading and attesting: a situation, the guard, and the call."""

from __future__ import annotations

from dataclasses import replace

from tests.impl.refusal_scenes import Call, Scene, Setup, chained, loading, tenants, trapped
from tests.impl.refusal_steps import stopped

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.attestation import QUOTES_MAX
from splitspec.impl.machine import PlatformKind

NONCE = bytes(32)


def measured(scene: Scene) -> Scene:
    """Container 0 has loaded something."""
    rows = scene.machine.kernel.state.containers
    rows[0] = replace(rows[0], measurement=b"m" * 48)
    return scene


def quoted(scene: Scene, nonce: bytes = NONCE) -> Scene:
    measured(scene).machine.kernel.attestation.quote(0, nonce)
    return scene


def quoted_often(scene: Scene) -> Scene:
    for number in range(QUOTES_MAX):
        quoted(scene, bytes([number]) * 32)
    return scene


def shared(kind: PlatformKind) -> Scene:
    """Like `tenants`, with page 1 of container 0 shared, empty, and page 5 in its pool."""
    scene = tenants(kind)
    machine = scene.machine
    machine.kernel.pools.share(0, scene.p(1))
    with machine.host.kicked():
        machine.host.backing.convert_to_shared(scene.p(1))
    machine.hostile.tamper(scene.f(1), 0, bytes(PAGE))
    machine.host.backing.add_slot(0, scene.p(5))
    machine.kernel.pools.admit(0, scene.p(5))
    machine.host.backing.grant_page(scene.first.vcpu, scene.p(5), scene.f(5))
    machine.kernel.pools.accept(0, scene.p(5))
    machine.checkpoint()
    return scene


def offered(scene: Scene) -> Scene:
    scene.machine.hostile.tamper(scene.f(1), 0, b"code")
    return scene


def fetch(scene: Scene, container: int = 0, address: int = 9) -> None:
    scene.machine.kernel.loading.fetch(container, address, scene.p(5), scene.p(1))


def fetched(scene: Scene) -> Scene:
    fetch(offered(scene))
    return scene


ATTESTATION: list[tuple[Setup, str, Call]] = [
    (loading, "running", lambda s: fetch(s)),
    (shared, "once", lambda s: fetch(fetched(s))),
    (shared, "unstated", lambda s: fetch(offered(quoted(s)))),
    (tenants, "shared", lambda s: fetch(s)),
    (shared, "offered", lambda s: fetch(s)),
    (shared, "vacant", lambda s: fetch(offered(s), address=0)),
    (loading, "running", lambda s: s.machine.kernel.loading.measure(0)),
    (tenants, "fetched", lambda s: s.machine.kernel.loading.measure(0)),
    (loading, "running", lambda s: s.machine.kernel.loading.execute(0)),
    (tenants, "fetched", lambda s: s.machine.kernel.loading.execute(0)),
    (shared, "measured", lambda s: fetched(s).machine.kernel.loading.execute(0)),
    (tenants, "exiting", lambda s: s.machine.kernel.loading.forget(0)),
    (trapped, "fetched", lambda s: stopped(s).machine.kernel.loading.forget(0)),
    (loading, "running", lambda s: s.machine.kernel.attestation.quote(0, NONCE)),
    (tenants, "nonce", lambda s: s.machine.kernel.attestation.quote(0, b"short")),
    (chained, "unkeyed", lambda s: s.machine.kernel.attestation.quote(0, NONCE)),
    (tenants, "fresh_nonce", lambda s: quoted(s).machine.kernel.attestation.quote(0, NONCE)),
    (tenants, "quota", lambda s: quoted_often(s).machine.kernel.attestation.quote(0, b"n" * 32)),
    (tenants, "measured", lambda s: s.machine.kernel.attestation.quote(0, NONCE)),
    (
        shared,
        "measured",
        lambda s: fetched(measured(s)).machine.kernel.attestation.quote(0, NONCE),
    ),
    (loading, "running", lambda s: s.machine.kernel.attestation.install(0, b"")),
    (tenants, "quoted", lambda s: s.machine.kernel.attestation.install(0, b"")),
    (tenants, "authentic", lambda s: quoted(s).machine.kernel.attestation.install(0, b"no")),
    (chained, "once", lambda s: s.machine.kernel.attestation.install(0, b"")),
    (tenants, "keyed", lambda s: s.machine.kernel.attestation.secret(0)),
]
