"""What seeded bugs broke, and no test, no walk and no mapping saw."""

from __future__ import annotations

import pytest
from tests.impl.scenes import KINDS, chain, page, refuse, two_tenants

from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import PlatformKind

RW = Right.READ | Right.WRITE


@pytest.mark.parametrize("kind", KINDS)
def test_a_vcpu_that_was_interrupted_is_not_one_that_was_parked(kind: PlatformKind) -> None:
    """S4: it is on the idle list iff the guest gave it back."""
    scene, first, _ = two_tenants(kind)
    scene.host.shadows.preempt(first.vcpu)
    refuse(scene, "parked", lambda: scene.host.shadows.publish(first.vcpu))


@pytest.mark.parametrize("kind", KINDS)
def test_who_leaves_takes_along_what_others_have_from_it(kind: PlatformKind) -> None:
    """chain: a capability that was handed on is worth no more than the one it came from."""
    scene = chain(kind)
    channels = scene.kernel.channels
    channel = channels.create(0, [page(scene, 1)])
    channels.grant(0, channel, 1, RW | Right.GRANT)
    channels.grant(1, channel, 2, Right.READ)
    channels.leave(1)
    assert [holder for holder, _ in channels.capabilities.table] == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_belongs_to_whoever_made_it(kind: PlatformKind) -> None:
    """chain: a channel has an owner, who closes it; here it is not the first container."""
    scene = chain(kind)
    channels = scene.kernel.channels
    channel = channels.create(1, [page(scene, 3)])
    refuse(scene, "creator", lambda: channels.shut(0, channel))
    channels.shut(1, channel)
    channels.destroy(channel)
    assert channels.created_by(1) == []
