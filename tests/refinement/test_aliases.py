"""The machine is held to `pins` and `pointers`: pages that the kernel uses past their tables."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, run_of

from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.machine.models import aliased
from splitspec.refinement.machine.shipped import SHARED_PAGE, SHIPPED, due

KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
MODELS = pytest.mark.parametrize("model", ["pins", "pointers"])
FAMILY = {"Container": 3, "Page": 3, "Frame": 2, "Addr": 2}


@KINDS
def test_no_input_is_taken_under_copy_on_write(kind: PlatformKind) -> None:
    found = hold(aliased(kind, sizes=SHARED_PAGE, model="pins"))
    assert found.tried.refused["pins.pin_to_write.writable"] > 0


def test_the_kernel_is_pointed_at_no_page_of_the_image() -> None:
    found = hold(aliased(PlatformKind.SNP, sizes=SHARED_PAGE, model="pointers"))
    assert found.tried.refused["pointers.register.private"] > 0


@MODELS
def test_a_run_of_a_zygote_and_two_clones_conforms(model: str) -> None:
    run_of(aliased(PlatformKind.TDX, sizes=FAMILY, model=model), calls=1500)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "name", [n for n in due(Tier.NIGHTLY) if n.startswith(("pins", "pointers"))]
)
def test_what_the_kernel_uses_stays_what_it_was_at_every_shipped_size(name: str) -> None:
    hold(SHIPPED[name]())
