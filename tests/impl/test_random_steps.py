"""Random steps of every actor on small machines: what is refused changes nothing, what is done can
be undone, no secret crosses, and the honest host's ledger is exact."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from _pytest.mark import ParameterSet
from tests.impl.pooled import two_pools
from tests.impl.scenes import (
    KINDS,
    chain,
    coded_family,
    machine,
    named_family,
    two_tenants,
    zygote_and_clone,
)
from tests.impl.walk import TRIES, Walk
from tests.impl.walk_checks import CHECKS

from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

STARTS: tuple[Callable[[PlatformKind], Machine], ...] = (
    machine,
    lambda kind: two_tenants(kind)[0],
    lambda kind: zygote_and_clone(kind)[0],
    chain,
    coded_family,
    lambda kind: named_family(kind)[0],
    two_pools,
)
NAMES = ["empty", "tenants", "family", "chain", "coded family", "named family", "pools"]


def _cases() -> list[ParameterSet]:
    """All starts with both platforms and hosts; the longer list of scenes at night."""
    found = []
    for kind, hostile, (start, name) in product(KINDS, (False, True), enumerate(NAMES)):
        slow = start > 2 and (hostile or kind is not PlatformKind.SNP)
        marks = [pytest.mark.nightly] if slow else []
        text = f"{name}-{'hostile' if hostile else 'honest'}-{kind.value}"
        found.append(pytest.param(kind, hostile, start, id=text, marks=marks))
    return found


@pytest.mark.parametrize(("kind", "hostile", "start"), _cases())
def test_random_steps_keep_every_promise(kind: PlatformKind, hostile: bool, start: int) -> None:
    scene = STARTS[start](kind)
    walk = Walk(scene, start + 10, hostile=hostile)
    name = walk.name()
    for number in range(4000 if start == 0 else 2000):
        if number % TRIES == 0:
            name = walk.name()
        step = walk.draw().get(name, scene.checkpoint)
        mark = scene.checkpoint()
        before = scene.digest() if number % 20 == 0 else None
        try:
            step()
        except Refusal:
            assert scene.checkpoint() == mark, (number, name)
            assert before in (None, scene.digest()), (number, name)
            continue
        walk.reached[name] += 1
        name = walk.name()
        for check in CHECKS[:1] if hostile else CHECKS:
            check(scene)
        if before is not None:
            after = scene.digest()
            scene.rollback(mark)
            assert scene.digest() == before, (number, name)
            step()
            assert scene.digest() == after, (number, name)
    # Kinds of steps that were done once or more: from nothing, a walk gets less far in more tries.
    assert len(walk.reached) > (12 if start == 0 else 20), walk.reached
