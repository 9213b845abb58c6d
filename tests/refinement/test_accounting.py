"""The machine keeps every ledger as the specification does: frames, slices, records, work."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, walk_of

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine.models import accounting
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.report import conformance_text

NAMES = [name for name in SHIPPED if name.startswith("accounting")]
LEDGERS = ("granting.back_page", "threads.enter", "accounting.keep_record", "accounting.do_work")


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("-wide")])
def test_the_machine_keeps_the_ledgers_of_one_container(name: str) -> None:
    found = hold(SHIPPED[name]())
    ledgers = LEDGERS[:-1] if "hostile" in name else LEDGERS
    assert found.tried.performed.keys() >= {*ledgers}


@pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
def test_random_programs_find_no_difference_with_two_tenants(kind: PlatformKind) -> None:
    found = walk_of(accounting(kind, honest=True), programs=20, steps=30)
    assert not found.divergences, conformance_text(found)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-wide")])
def test_two_tenants_share_everything_and_pay_for_their_own(name: str) -> None:
    hold(SHIPPED[name]())
